//! The bodies of the write calls: streams of entries with their payloads, and of single payloads. Integers are big-endian.
//!
//! An entry that goes with its payload goes without its commitment, which the other end computes: 32 bytes that no compression makes shorter (ADR 0027).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::log::commitment;
use crate::protocol::Refusal;

/// Most entries in one append.
pub const MOST_ENTRIES: usize = 8_192;
/// Longest body of one append in bytes, uncompressed.
pub const LONGEST: usize = 32 << 20;
/// Stands for the length of a payload that is not sent: erased, or absent by rule.
const NONE: u32 = u32::MAX;
/// What stands before the commitment in a canonical entry, and what stands there instead of it. No text of an entry can hold it: quotes in a text are escaped.
const BEFORE: &[u8] = br#""pay":""#;
const LEFT_OUT: &[u8] = br#""pay":"""#;

/// An entry and its payload, if any.
pub type EntryAndPayload<'a> = (Cow<'a, [u8]>, Option<&'a [u8]>);

/// Adds an entry and its payload to a body.
pub fn push_entry(body: &mut Vec<u8>, entry: &[u8], payload: Option<&[u8]>) {
    let entry = payload.and_then(|payload| leave_out(entry, payload)).map_or(Cow::Borrowed(entry), Cow::Owned);
    // An entry has at most 4,096 bytes, a payload at most 2^20: ledger never stores longer ones.
    body.extend(u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes());
    body.extend(entry.as_ref());
    push_payload(body, payload);
}

/// The entry without its commitment; none when it commits to something else.
fn leave_out(entry: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    let from = place_of(BEFORE, entry)? + BEFORE.len();
    let until = from + entry.get(from..)?.iter().position(|byte| *byte == b'"')?;
    let (head, tail) = (entry.get(..from)?, entry.get(until..)?);
    (entry.get(from..until)? == commitment_text(payload).as_bytes()).then(|| [head, tail].concat())
}

/// The entry with the commitment to its payload; none when it was not left out.
fn put_in(entry: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    let at = place_of(LEFT_OUT, entry)? + BEFORE.len();
    Some([entry.get(..at)?, commitment_text(payload).as_bytes(), entry.get(at..)?].concat())
}

fn commitment_text(payload: &[u8]) -> String {
    STANDARD.encode(commitment(payload).0)
}

fn place_of(part: &[u8], whole: &[u8]) -> Option<usize> {
    whole.windows(part.len()).position(|window| window == part)
}

/// Adds a payload for the entry at `index` to a body.
pub fn push_filling(body: &mut Vec<u8>, index: u64, payload: &[u8]) {
    body.extend(index.to_be_bytes());
    push_payload(body, Some(payload));
}

/// Adds a payload, or the mark for none.
pub(crate) fn push_payload(body: &mut Vec<u8>, payload: Option<&[u8]>) {
    match payload {
        Some(payload) => {
            body.extend(u32::try_from(payload.len()).unwrap_or(NONE).to_be_bytes());
            body.extend(payload);
        }
        None => body.extend(NONE.to_be_bytes()),
    }
}

/// Reads a body of entries and payloads.
///
/// # Errors
/// [`Refusal`] when it ends early or holds more than [`MOST_ENTRIES`].
pub fn read_entries(body: &[u8]) -> Result<Vec<EntryAndPayload<'_>>, Refusal> {
    let mut rest = body;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        if entries.len() == MOST_ENTRIES {
            return Err(Refusal::Count);
        }
        let length = u16::from_be_bytes(take(&mut rest)?);
        let entry = take_slice(&mut rest, usize::from(length))?;
        let payload = take_payload(&mut rest)?;
        let whole = payload.and_then(|payload| put_in(entry, payload));
        entries.push((whole.map_or(Cow::Borrowed(entry), Cow::Owned), payload));
    }
    Ok(entries)
}

/// Reads a body of payloads for single entries.
///
/// # Errors
/// As [`read_entries`].
pub fn read_fillings(body: &[u8]) -> Result<Vec<(u64, &[u8])>, Refusal> {
    let mut rest = body;
    let mut fillings = Vec::new();
    while !rest.is_empty() {
        if fillings.len() == MOST_ENTRIES {
            return Err(Refusal::Count);
        }
        let index = u64::from_be_bytes(take(&mut rest)?);
        fillings.push((index, take_payload(&mut rest)?.ok_or(Refusal::Body)?));
    }
    Ok(fillings)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Refusal> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(Refusal::Body)?;
    *rest = tail;
    Ok(*head)
}

/// Takes `length` bytes off the front.
pub(crate) fn take_slice<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Refusal> {
    let (head, tail) = rest.split_at_checked(length).ok_or(Refusal::Body)?;
    *rest = tail;
    Ok(head)
}

/// Takes a payload, or the mark for none, off the front.
pub(crate) fn take_payload<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Refusal> {
    match u32::from_be_bytes(take(rest)?) {
        NONE => Ok(None),
        length => take_slice(rest, usize::try_from(length).map_err(|_| Refusal::Body)?).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_body_comes_back_as_it_was_and_no_part_of_it_panics(rows in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..50),
            proptest::option::of(proptest::collection::vec(any::<u8>(), 0..50))), 0..10), cut in 0_usize..400) {
            let mut body = Vec::new();
            for (entry, payload) in &rows {
                push_entry(&mut body, entry, payload.as_deref());
            }
            let read = read_entries(&body).unwrap();
            prop_assert_eq!(read.len(), rows.len());
            for ((entry, payload), (wanted, wanted_payload)) in read.iter().zip(&rows) {
                prop_assert_eq!(entry.as_ref(), wanted.as_slice());
                prop_assert_eq!(*payload, wanted_payload.as_deref());
            }
            let part = body.get(..cut.min(body.len())).unwrap();
            let _ = read_entries(part);
            let _ = read_fillings(part);
        }
    }

    #[test]
    fn an_entry_goes_without_the_commitment_to_its_payload_and_comes_back_whole() {
        let payload = br#"{"data":{"title":"x"},"files":[],"salt":"c2FsdA=="}"#;
        let entry = format!(r#"{{"id":"i","len":47,"op":"put","pay":"{}","typ":"\"pay\":\"\""}}"#, commitment_text(payload));
        let other = entry.replace(&commitment_text(payload), &commitment_text(b"other"));
        let length_with = |entry: &str, payload: Option<&[u8]>| {
            let mut body = Vec::new();
            push_entry(&mut body, entry.as_bytes(), payload);
            assert_eq!(read_entries(&body), Ok(vec![(Cow::Borrowed(entry.as_bytes()), payload)]));
            body.len()
        };
        let whole = length_with(&other, Some(payload));
        assert_eq!(length_with(&entry, Some(payload)), whole - 44, "what commits to another payload goes as it is");
        assert_eq!(length_with(&entry, None), whole - payload.len(), "so does what goes without its payload");
    }

    #[test]
    fn too_many_entries_and_a_body_that_ends_early_are_refused() {
        let mut body = Vec::new();
        for _ in 0..=MOST_ENTRIES {
            push_entry(&mut body, b"x", None);
        }
        assert_eq!(read_entries(&body), Err(Refusal::Count));
        body.truncate(8);
        assert_eq!(read_entries(&body), Err(Refusal::Body));
    }
}
