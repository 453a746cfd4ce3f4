//! Entries of a log: canonical JSON (RFC 8785) of at most 4,096 bytes. The bytes are what is hashed; nothing is ever written again before hashing.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::names::{LeafHash, RecordId};

/// The longest entry in bytes.
pub const LONGEST: usize = 4096;
/// Integers stay below 2^53 (I-JSON, RFC 7493).
const LARGEST_INTEGER: u64 = 1 << 53;

/// What an entry does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A new version of a record.
    Put {
        /// The record.
        rec: RecordId,
        /// Name of the type.
        typ: String,
        /// Index of the type in the catalogue log.
        cat: u64,
        /// Version in this log, from 1.
        ver: u64,
        /// Leaf hash of the version before; none for version 1.
        prev: Option<LeafHash>,
        /// Commitment of the payload.
        pay: LeafHash,
        /// Length of the payload in bytes.
        len: u64,
    },
    /// The record is withdrawn from this audience; its history stays.
    Drop {
        /// The record.
        rec: RecordId,
        /// Version in this log.
        ver: u64,
        /// Leaf hash of the version before.
        prev: LeafHash,
    },
    /// Payloads that must be destroyed everywhere.
    Erase {
        /// Their commitments.
        pays: Vec<LeafHash>,
        /// `law`, `error` or `lost`.
        why: String,
        /// Number of the document that is the ground; no personal data.
        basis: String,
    },
    /// Anything this version does not know: stored, passed on and counted, without effect.
    Other(Map<String, Value>),
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Fresh UUIDv7, so that no two entries of a log are equal.
    pub id: RecordId,
    /// The owner's clock, whole seconds since 1970; information only.
    pub at: i64,
    /// What it does.
    pub op: Op,
}

/// Why bytes are no entry, or an entry cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// More than 4,096 bytes.
    #[error("entry of {0} bytes, at most 4,096 are allowed")]
    TooLong(usize),
    /// Not JSON, not canonical, with a floating-point number or an integer of 2^53 or more.
    #[error("entry is not canonical: {0}")]
    Form(String),
    /// A member is missing or wrong.
    #[error("entry lacks a proper member: {0}")]
    Member(&'static str),
}

impl Entry {
    /// A new entry at `at_micros`.
    pub fn new(at_micros: i64, op: Op) -> Entry {
        Entry { id: RecordId::new(), at: at_micros.div_euclid(1_000_000), op }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        if let Op::Put { rec, typ, cat, ver, prev, pay, len } = &self.op
            && typ.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            && [*cat, *ver, *len].iter().all(|number| *number < LARGEST_INTEGER)
        {
            // Nearly every entry: the members in their canonical order, none of which needs escaping. A test holds it against the general way.
            let prev = prev.map(|prev| format!(r#""prev":"{}","#, prev.to_b64())).unwrap_or_default();
            let (at, id, pay) = (print_time(self.at)?, self.id, pay.to_b64());
            return Ok(format!(
                r#"{{"at":"{at}","cat":{cat},"id":"{id}","len":{len},"op":"put","pay":"{pay}",{prev}"rec":"{rec}","typ":"{typ}","v":1,"ver":{ver}}}"#
            )
            .into_bytes());
        }
        self.to_bytes_by_members()
    }

    fn to_bytes_by_members(&self) -> Result<Vec<u8>, EntryError> {
        let mut members = match &self.op {
            Op::Put { rec, typ, cat, ver, prev, pay, len } => {
                let mut members =
                    object(json!({"op": "put", "rec": rec, "typ": typ, "cat": cat, "ver": ver, "pay": pay.to_b64(), "len": len}));
                if let Some(prev) = prev {
                    members.insert("prev".to_owned(), json!(prev.to_b64()));
                }
                members
            }
            Op::Drop { rec, ver, prev } => object(json!({"op": "drop", "rec": rec, "ver": ver, "prev": prev.to_b64()})),
            Op::Erase { pays, why, basis } => {
                let pays: Vec<String> = pays.iter().map(LeafHash::to_b64).collect();
                object(json!({"op": "erase", "pays": pays, "why": why, "basis": basis}))
            }
            Op::Other(members) => members.clone(),
        };
        members.insert("id".to_owned(), json!(self.id));
        members.insert("at".to_owned(), json!(print_time(self.at)?));
        members.insert("v".to_owned(), json!(1));
        let bytes = canonical(&Value::Object(members))?;
        if bytes.len() > LONGEST {
            return Err(EntryError::TooLong(bytes.len()));
        }
        Ok(bytes)
    }

    /// Reads bytes as they came; refuses what is not exactly JCS of itself.
    pub fn from_bytes(bytes: &[u8]) -> Result<Entry, EntryError> {
        if bytes.len() > LONGEST {
            return Err(EntryError::TooLong(bytes.len()));
        }
        if let Some(entry) = read_plain_put(bytes) {
            return Ok(entry);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| EntryError::Form(error.to_string()))?;
        if canonical(&value)? != bytes {
            return Err(EntryError::Form("bytes differ from their canonical form".to_owned()));
        }
        let Value::Object(mut members) = value else { return Err(EntryError::Form("not an object".to_owned())) };
        if members.remove("v") != Some(json!(1)) {
            return Err(EntryError::Member("v"));
        }
        let id = members
            .remove("id")
            .as_ref()
            .and_then(Value::as_str)
            .and_then(|text| RecordId::parse(text).ok())
            .ok_or(EntryError::Member("id"))?;
        let at = members.remove("at").as_ref().and_then(Value::as_str).and_then(read_time).ok_or(EntryError::Member("at"))?;
        let op = match members.get("op").and_then(Value::as_str).ok_or(EntryError::Member("op"))? {
            "put" => Op::Put {
                rec: record(&members)?,
                typ: text(&members, "typ")?,
                cat: number(&members, "cat")?,
                ver: number(&members, "ver")?,
                prev: match members.get("prev") {
                    Some(_) => Some(hash(&members, "prev")?),
                    None => None,
                },
                pay: hash(&members, "pay")?,
                len: number(&members, "len")?,
            },
            "drop" => Op::Drop { rec: record(&members)?, ver: number(&members, "ver")?, prev: hash(&members, "prev")? },
            "erase" => {
                let mut pays = Vec::new();
                for item in members.get("pays").and_then(Value::as_array).ok_or(EntryError::Member("pays"))? {
                    pays.push(item.as_str().and_then(LeafHash::from_b64).ok_or(EntryError::Member("pays"))?);
                }
                Op::Erase { pays, why: text(&members, "why")?, basis: text(&members, "basis")? }
            }
            _ => Op::Other(members),
        };
        Ok(Entry { id, at, op })
    }
}

/// A `put` with nothing else in it, as nearly every entry is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainPut<'a> {
    at: &'a str,
    cat: u64,
    id: &'a str,
    len: u64,
    op: &'a str,
    pay: &'a str,
    #[serde(default)]
    prev: Option<&'a str>,
    rec: &'a str,
    typ: &'a str,
    v: u64,
    ver: u64,
}

/// The short way for a `put`: what it would be written as is canonical, so that it need not be brought into canonical form to be compared.
fn read_plain_put(bytes: &[u8]) -> Option<Entry> {
    let put: PlainPut<'_> = serde_json::from_slice(bytes).ok().filter(|put: &PlainPut<'_>| put.op == "put" && put.v == 1)?;
    let prev = match put.prev {
        Some(prev) => Some(LeafHash::from_b64(prev)?),
        None => None,
    };
    let (rec, pay) = (RecordId::parse(put.rec).ok()?, LeafHash::from_b64(put.pay)?);
    let op = Op::Put { rec, typ: put.typ.to_owned(), cat: put.cat, ver: put.ver, prev, pay, len: put.len };
    let entry = Entry { id: RecordId::parse(put.id).ok()?, at: read_time(put.at)?, op };
    (entry.to_bytes().ok()? == bytes).then_some(entry)
}

/// RFC 8785 bytes of JSON without floating-point numbers.
pub(crate) fn canonical(value: &Value) -> Result<Vec<u8>, EntryError> {
    check_numbers(value)?;
    serde_jcs::to_vec(value).map_err(|error| EntryError::Form(error.to_string()))
}

fn check_numbers(value: &Value) -> Result<(), EntryError> {
    match value {
        Value::Number(number) => {
            let small = number.as_u64().is_some_and(|number| number < LARGEST_INTEGER)
                || number.as_i64().is_some_and(|number| number.unsigned_abs() < LARGEST_INTEGER);
            if small { Ok(()) } else { Err(EntryError::Form(format!("number {number}"))) }
        }
        Value::Array(items) => items.iter().try_for_each(check_numbers),
        Value::Object(members) => members.values().try_for_each(check_numbers),
        _ => Ok(()),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn print_time(seconds: i64) -> Result<String, EntryError> {
    jiff::Timestamp::from_second(seconds).map(|instant| instant.to_string()).map_err(|_| EntryError::Member("at"))
}

fn read_time(text: &str) -> Option<i64> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    (instant.to_string() == text && instant.subsec_nanosecond() == 0).then(|| instant.as_second())
}

fn record(members: &Map<String, Value>) -> Result<RecordId, EntryError> {
    members.get("rec").and_then(Value::as_str).and_then(|text| RecordId::parse(text).ok()).ok_or(EntryError::Member("rec"))
}

fn text(members: &Map<String, Value>, name: &'static str) -> Result<String, EntryError> {
    members.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(EntryError::Member(name))
}

fn number(members: &Map<String, Value>, name: &'static str) -> Result<u64, EntryError> {
    members.get(name).and_then(Value::as_u64).ok_or(EntryError::Member(name))
}

fn hash(members: &Map<String, Value>, name: &'static str) -> Result<LeafHash, EntryError> {
    members.get(name).and_then(Value::as_str).and_then(LeafHash::from_b64).ok_or(EntryError::Member(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(ver: u64, prev: Option<LeafHash>) -> Entry {
        Entry::new(
            1_700_000_000_123_456,
            Op::Put { rec: RecordId::new(), typ: "task".into(), cat: 41, ver, prev, pay: LeafHash([7; 32]), len: 1834 },
        )
    }

    #[test]
    fn the_form_is_that_of_the_specification() {
        let mut entry = put(3, Some(LeafHash([1; 32])));
        entry.id = RecordId::parse("0193a100-0000-7000-8000-000000000001").unwrap();
        if let Op::Put { rec, .. } = &mut entry.op {
            *rec = RecordId::parse("0193a100-0000-7000-8000-000000000002").unwrap();
        }
        let text = String::from_utf8(entry.to_bytes().unwrap()).unwrap();
        let expected = concat!(
            r#"{"at":"2023-11-14T22:13:20Z","cat":41,"id":"0193a100-0000-7000-8000-000000000001","len":1834,"op":"put","#,
            r#""pay":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","prev":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","#,
            r#""rec":"0193a100-0000-7000-8000-000000000002","typ":"task","v":1,"ver":3}"#
        );
        assert_eq!(text, expected);
    }

    proptest! {
        #[test]
        fn the_short_way_of_writing_a_put_gives_the_same_bytes(ver in 1_u64..1 << 60, cat in 0_u64..1 << 20, len in any::<u64>(), typ in "[a-z_]{1,20}|[A-Zđ\"]{1,5}",
            prev in proptest::option::of(any::<[u8; 32]>()), pay in any::<[u8; 32]>(), at in 0_i64..4_000_000_000) {
            let op = Op::Put { rec: RecordId::new(), typ, cat, ver, prev: prev.map(LeafHash), pay: LeafHash(pay), len };
            let entry = Entry { id: RecordId::new(), at, op };
            prop_assert_eq!(entry.to_bytes().ok(), entry.to_bytes_by_members().ok());
        }
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        let bytes = put(1, None).to_bytes().unwrap();
        assert!(Entry::from_bytes(&bytes).is_ok());
        let spaced = String::from_utf8(bytes).unwrap().replacen(':', ": ", 1);
        assert!(matches!(Entry::from_bytes(spaced.as_bytes()), Err(EntryError::Form(_))));
        for bad in [r#"{"a":1,"a":1}"#, r#"{"x":1e400}"#, r#"{"x":1.5}"#, "[]", "", "{}", r#"{"v":1}"#, r#"{"x":9007199254740993}"#] {
            assert!(Entry::from_bytes(bad.as_bytes()).is_err(), "{bad}");
        }
        let long = Entry::new(0, Op::Erase { pays: vec![], why: "law".into(), basis: "x".repeat(5000) });
        assert!(matches!(long.to_bytes(), Err(EntryError::TooLong(_))));
    }

    #[test]
    fn an_unknown_operation_is_kept_as_it_came() {
        let mut members = Map::new();
        members.insert("op".into(), json!("future"));
        members.insert("x".into(), json!([1, "é"]));
        let entry = Entry::new(0, Op::Other(members));
        let bytes = entry.to_bytes().unwrap();
        let read = Entry::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes().unwrap(), bytes);
    }

    proptest! {
        #[test]
        fn entries_come_back_as_they_were(ver in 1_u64..1000, cat in 0_u64..1000, len in 0_u64..1_000_000, at in 0_i64..4_000_000_000, why in "[a-z]{1,10}", count in 0_usize..40) {
            for op in [
                Op::Put { rec: RecordId::new(), typ: why.clone(), cat, ver, prev: (ver > 1).then_some(LeafHash([9; 32])), pay: LeafHash([3; 32]), len },
                Op::Drop { rec: RecordId::new(), ver, prev: LeafHash([4; 32]) },
                Op::Erase { pays: vec![LeafHash([5; 32]); count], why: why.clone(), basis: "12/QĐ".into() },
            ] {
                let entry = Entry::new(at * 1_000_000, op);
                prop_assert_eq!(Entry::from_bytes(&entry.to_bytes().unwrap()).unwrap(), entry);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::from_bytes(&bytes);
        }
    }
}
