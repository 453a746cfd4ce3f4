//! Numbers as databases hold them: 64 bits with a sign.

/// Bits of a place that hold the index.
const INDEX_BITS: u32 = 40;

/// Where an entry lies among those of all logs: `log << 40 | index`.
pub(crate) fn place(log: i64, index: u64) -> i64 {
    (log << INDEX_BITS) | signed(index)
}

/// The index in a place.
pub(crate) fn index_of(place: i64) -> u64 {
    unsigned(place & ((1 << INDEX_BITS) - 1))
}

/// The log in a place.
pub(crate) fn log_of(place: i64) -> i64 {
    place >> INDEX_BITS
}

/// A number for the database; the largest it can hold stands for all beyond.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from the database; none that we write is negative.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A limit for the database.
pub(crate) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
