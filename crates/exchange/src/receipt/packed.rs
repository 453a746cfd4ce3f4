//! An entry in the few bytes of a receipt: what its JSON spells out in base64 and hexadecimal, as bytes. Every entry comes back byte for byte.

use ledger::{Entry, LeafHash, Op, RecordId};

/// The entry's own bytes follow.
const AS_IT_IS: u8 = 0;
/// A `put` that makes a record.
const FIRST_PUT: u8 = 1;
/// A `put` that follows a version.
const NEXT_PUT: u8 = 2;

/// Packs the bytes of an entry.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let packed = Entry::from_bytes(bytes).ok().and_then(|entry| pack_put(&entry));
    packed.filter(|packed| unpack(packed).as_deref() == Some(bytes)).unwrap_or_else(|| [&[AS_IT_IS], bytes].concat())
}

/// The bytes of the entry; none when nothing packs to this.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (form, mut rest) = packed.split_first()?;
    if *form == AS_IT_IS {
        return Some(rest.to_vec());
    }
    if !matches!(*form, FIRST_PUT | NEXT_PUT) {
        return None;
    }
    let id = RecordId::from_bytes(take(&mut rest)?);
    let at = made_at(&id).checked_add(unfold(take_number(&mut rest)?))?;
    let rec = RecordId::from_bytes(take(&mut rest)?);
    let (cat, ver, len) = (take_number(&mut rest)?, take_number(&mut rest)?, take_number(&mut rest)?);
    let pay = LeafHash(take(&mut rest)?);
    let prev = if *form == NEXT_PUT { Some(LeafHash(take(&mut rest)?)) } else { None };
    let typ = std::str::from_utf8(rest).ok()?.to_owned();
    Entry { id, at, op: Op::Put { rec, typ, cat, ver, prev, pay, len } }.to_bytes().ok()
}

fn pack_put(entry: &Entry) -> Option<Vec<u8>> {
    let Op::Put { rec, typ, cat, ver, prev, pay, len } = &entry.op else { return None };
    let mut packed = vec![if prev.is_some() { NEXT_PUT } else { FIRST_PUT }];
    packed.extend(entry.id.as_bytes());
    push_number(&mut packed, fold(entry.at.checked_sub(made_at(&entry.id))?));
    packed.extend(rec.as_bytes());
    for number in [*cat, *ver, *len] {
        push_number(&mut packed, number);
    }
    packed.extend(pay.0);
    packed.extend(prev.iter().flat_map(|prev| prev.0));
    packed.extend(typ.as_bytes());
    Some(packed)
}

/// The second in which an identifier was made (RFC 9562 §5.7): nearly always that of the entry.
fn made_at(id: &RecordId) -> i64 {
    let [a, b, c, d, e, f, ..] = *id.as_bytes();
    i64::from_be_bytes([0, 0, a, b, c, d, e, f]) / 1000
}

/// A number with a sign, small ones of either sign small.
fn fold(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unfold(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Writes a number in groups of seven bits, the lowest first; all but the last have the highest bit set.
pub(super) fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads [`push_number`].
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let group = u64::from(byte & 0x7f);
        if group << shift >> shift != group {
            return None;
        }
        number |= group << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Takes so many bytes off the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, json};

    proptest! {
        #[test]
        fn every_entry_comes_back_byte_for_byte(id in any::<[u8; 16]>(), at in -60_000_000_000_i64..200_000_000_000, typ in "[a-z_]{1,20}|\\PC{0,5}", cat in 0_u64..1 << 53,
            ver in 0_u64..1 << 53, len in 0_u64..2_000_000, prev in proptest::option::of(any::<[u8; 32]>()), pay in any::<[u8; 32]>()) {
            let rec = RecordId::from_bytes(pay[..16].try_into().unwrap());
            for op in [
                Op::Put { rec, typ: typ.clone(), cat, ver, prev: prev.map(LeafHash), pay: LeafHash(pay), len },
                Op::Drop { rec, ver, prev: LeafHash(pay) },
                Op::Erase { pays: vec![LeafHash(pay)], why: "law".into(), basis: typ },
                Op::Other(Map::from_iter([("op".to_owned(), json!("future"))])),
            ] {
                if let Ok(bytes) = (Entry { id: RecordId::from_bytes(id), at, op }).to_bytes() {
                    prop_assert_eq!(unpack(&pack(&bytes)), Some(bytes));
                }
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..160), form in 0_u8..4) {
            let _ = unpack(&[&[form], bytes.as_slice()].concat());
            let _ = unpack(&pack(&bytes));
        }
    }

    #[test]
    fn a_put_with_an_unknown_member_is_kept_as_it_is() {
        let put =
            Entry::new(0, Op::Put { rec: RecordId::nil(), typ: "task".into(), cat: 1, ver: 1, prev: None, pay: LeafHash([1; 32]), len: 3 });
        let text = String::from_utf8(put.to_bytes().unwrap()).unwrap();
        let more = text.replace(r#","v":1,"#, r#","u":true,"v":1,"#).into_bytes();
        assert!(Entry::from_bytes(&more).is_ok());
        assert_eq!(pack(&more).first(), Some(&AS_IT_IS));
        assert_eq!(unpack(&pack(&more)), Some(more));
    }
}
