//! Tiles (C2SP tlog-tiles): a log as static pieces of 256; paths, and the bundles of entries and payloads. Roots and proofs from the hashes of tiles.

use ledger::tree::{Frontier, empty_root, node_hash, root_of};
use ledger::{EntryRow, LeafHash, LedgerError, Origin};

use crate::batch::{push_payload, take_payload, take_slice};
use crate::protocol::Refusal;
use crate::shelf::ShelfRead;

/// Entries or hashes of a whole tile.
pub const WIDTH: u64 = 256;
/// Highest level of a tile: 256^7 entries lie below 2^63.
const HIGHEST: u8 = 6;

/// Place of a tile: its number and how much of it is there, 1 to 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TilePlace {
    /// Number of the tile.
    pub number: u64,
    /// How many of its 256 places are filled.
    pub width: u64,
}

impl TilePlace {
    /// The tile that holds place `at` of a row of `size` places.
    pub fn holding(at: u64, size: u64) -> TilePlace {
        let number = at / WIDTH;
        TilePlace { number, width: (size - number * WIDTH).min(WIDTH) }
    }

    /// First place of the tile.
    pub fn start(&self) -> u64 {
        self.number.saturating_mul(WIDTH)
    }

    /// Place behind its last.
    pub fn end(&self) -> u64 {
        self.start().saturating_add(self.width)
    }

    /// `x001/x234/067` and, for a tile that is not whole, `.p/12`.
    pub fn path(&self) -> String {
        let mut groups = vec![format!("{:03}", self.number % 1000)];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let partial = if self.width == WIDTH { String::new() } else { format!(".p/{}", self.width) };
        groups.join("/") + &partial
    }

    /// Reads [`TilePlace::path`]; none when it is anything else.
    pub fn parse(path: &str) -> Option<TilePlace> {
        let (number_part, width) = match path.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..WIDTH).contains(width))?),
            None => (path, WIDTH),
        };
        let mut number: u64 = 0;
        for group in number_part.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            number = number.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let place = TilePlace { number, width };
        (number <= u64::MAX / WIDTH && place.path() == path).then_some(place)
    }
}

/// Whether there are tiles of this level.
pub(crate) fn is_level(level: u8) -> bool {
    level <= HIGHEST
}

/// A bundle of entries: each a length of two bytes and the entry.
pub fn entry_bundle(rows: &[EntryRow]) -> Vec<u8> {
    let mut bundle = Vec::new();
    for row in rows {
        bundle.extend(u16::try_from(row.bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        bundle.extend(&row.bytes);
    }
    bundle
}

/// Reads a bundle of entries.
pub fn read_entry_bundle(bundle: &[u8]) -> Result<Vec<&[u8]>, Refusal> {
    let mut rest = bundle;
    let mut entries = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        rest = tail;
        entries.push(take_slice(&mut rest, usize::from(u16::from_be_bytes(*length)))?);
    }
    if rest.is_empty() { Ok(entries) } else { Err(Refusal::Body) }
}

/// A bundle of payloads: each a length of four bytes and the payload, or the mark for none.
pub fn payload_bundle(rows: &[EntryRow]) -> Vec<u8> {
    let mut bundle = Vec::new();
    for row in rows {
        push_payload(&mut bundle, row.payload.as_deref());
    }
    bundle
}

/// Reads a bundle of payloads.
pub fn read_payload_bundle(bundle: &[u8]) -> Result<Vec<Option<&[u8]>>, Refusal> {
    let mut rest = bundle;
    let mut payloads = Vec::new();
    while !rest.is_empty() {
        payloads.push(take_payload(&mut rest)?);
    }
    Ok(payloads)
}

/// The frontier of the tree over the first `size` entries, out of at most a tile of hashes for each level.
///
/// # Errors
/// `Damaged` when the shelf holds fewer.
pub fn frontier_at(shelf: &dyn ShelfRead, origin: &Origin, size: u64) -> Result<Frontier, LedgerError> {
    let mut bytes = Vec::new();
    let mut start = 0;
    for bit in (0..64_u32).rev().filter(|bit| size >> bit & 1 == 1) {
        bytes.extend(subtree(shelf, origin, start, bit)?.0);
        start += 1 << bit;
    }
    Frontier::from_parts(size, &bytes).ok_or_else(|| LedgerError::Damaged(format!("tree of {origin}")))
}

/// Root of the tree over the first `size` entries.
///
/// # Errors
/// As [`frontier_at`].
pub fn root_at(shelf: &dyn ShelfRead, origin: &Origin, size: u64) -> Result<LeafHash, LedgerError> {
    range_root(shelf, origin, 0, size)
}

/// Audit path of entry `index` in the tree over the first `size` (RFC 6962 §2.1.1).
///
/// # Errors
/// `Damaged` when the shelf holds fewer, or `index` is not below `size`.
pub fn inclusion_proof(shelf: &dyn ShelfRead, origin: &Origin, index: u64, size: u64) -> Result<Vec<LeafHash>, LedgerError> {
    if index >= size {
        return Err(LedgerError::Damaged(format!("no entry {index} among {size} of {origin}")));
    }
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + (to - from).next_power_of_two() / 2;
        if index < middle {
            path.push(range_root(shelf, origin, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(shelf, origin, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proof that the tree over the first `old` entries is a prefix of that over the first `size` (RFC 6962 §2.1.2).
///
/// # Errors
/// `Damaged` when the shelf holds fewer, or `old` is 0 or above `size`.
pub fn consistency_proof(shelf: &dyn ShelfRead, origin: &Origin, old: u64, size: u64) -> Result<Vec<LeafHash>, LedgerError> {
    if old == 0 || old > size {
        return Err(LedgerError::Damaged(format!("no tree of {old} in one of {size} of {origin}")));
    }
    let (mut from, mut to, mut is_whole) = (0, size, true);
    let mut proof = Vec::new();
    while old != to {
        let middle = from + (to - from).next_power_of_two() / 2;
        if old <= middle {
            proof.push(range_root(shelf, origin, middle, to)?);
            to = middle;
        } else {
            proof.push(range_root(shelf, origin, from, middle)?);
            from = middle;
            is_whole = false;
        }
    }
    if !is_whole {
        proof.push(range_root(shelf, origin, from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Root over the entries `from..to`, where `from` is a multiple of the largest power of two below their number, as in every RFC 6962 subtree.
fn range_root(shelf: &dyn ShelfRead, origin: &Origin, from: u64, to: u64) -> Result<LeafHash, LedgerError> {
    let length = to - from;
    let mut start = from;
    let mut edge = Vec::new();
    for bit in (0..64_u32).rev().filter(|bit| length >> bit & 1 == 1) {
        edge.push(subtree(shelf, origin, start, bit)?);
        start += 1 << bit;
    }
    let mut edge = edge.into_iter().rev();
    let Some(mut root) = edge.next() else { return Ok(empty_root()) };
    for left in edge {
        root = node_hash(&left, &root);
    }
    Ok(root)
}

/// Root of the full subtree of 2^`bit` entries that begins at `start`.
fn subtree(shelf: &dyn ShelfRead, origin: &Origin, start: u64, bit: u32) -> Result<LeafHash, LedgerError> {
    let level = bit / 8;
    let count = 1_usize << (bit % 8);
    let hashes = shelf.hashes(origin, u8::try_from(level).unwrap_or(u8::MAX), start >> (8 * level), count)?;
    if hashes.len() == count { Ok(root_of(&hashes)) } else { Err(LedgerError::Damaged(format!("hashes of {origin} from {start}"))) }
}
