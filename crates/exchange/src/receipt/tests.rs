//! Receipts against the published implementations, against every change of a byte, and at the size of a log of a million.

use std::collections::BTreeMap;
use std::time::Instant;

use ledger::tree::leaf_hash;
use ledger::{Entry, EntryRow, LeafHash, Op, RecordId};
use proptest::prelude::*;

use super::*;
use crate::checkpoint::Checkpoint;
use crate::directory::{KeyChange, Statement};
use crate::key::NodeKey;
use crate::memory::MemoryShelf;
use crate::shelf::{HeldLog, Shelf, ShelfRead};
use crate::tests::{bring_up, name, origin, pair, shelf_of, write};
use crate::tile::root_at;

/// The keys of [`pair`].
fn keys() -> Vec<TrustedKey> {
    [(2, "lv1/sokhcn.daklak"), (1, "lv1/bo.khcn")].map(|(seed, name)| trusted(seed, name)).to_vec()
}

fn trusted(seed: u8, name: &str) -> TrustedKey {
    TrustedKey::parse(&NodeKey::from_seed(&[seed; 32]).public().vkey(name)).unwrap()
}

/// A log of `count` entries that the node above has acknowledged.
fn acknowledged(count: u64) -> MemoryShelf {
    let (mut pair, mut below, mut above) = (pair(), shelf_of(count), MemoryShelf::new());
    assert_eq!(bring_up(&mut pair, &mut below, &mut above).0, vec![count]);
    below
}

fn made(shelf: &MemoryShelf, index: u64, with_all: bool) -> Receipt {
    let receipt = Receipt::make(shelf, &origin(), index).unwrap().unwrap();
    if !with_all {
        return receipt;
    }
    let payload = shelf.entries(&origin(), index, 1, usize::MAX).unwrap().remove(0).payload.unwrap();
    receipt.with_keys(&keys()).with_payload(payload).unwrap()
}

/// A cosigner as C2SP tlog-cosignature describes it, for the published reader of notes: nothing of ours but the key.
struct Witness {
    name: &'static str,
    key: ed25519_dalek::VerifyingKey,
}

impl signed_note::Verifier for Witness {
    fn name(&self) -> &str {
        self.name
    }

    fn key_id(&self) -> u32 {
        signed_note::key_id(self.name, &[&[0x04], self.key.as_bytes().as_slice()].concat())
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let (time, signature) = signature.split_first_chunk::<8>().unwrap();
        let head = format!("cosignature/v1\ntime {}\n", u64::from_be_bytes(*time));
        let signature = ed25519_dalek::Signature::from_slice(signature).unwrap();
        self.key.verify_strict(&[head.as_bytes(), message].concat(), &signature).is_ok()
    }
}

/// What a verifier that knows C2SP and nothing of ours reads: the leaf hash is what it was asked for, the keys of log and witness what it trusts.
fn stands_for_others(text: &str, leaf: LeafHash, vkey: &str, witness: &NodeKey) -> bool {
    let (head, note) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let mut line = lines.next().unwrap();
    if line.starts_with("extra ") {
        line = lines.next().unwrap();
    }
    let index: u64 = line.strip_prefix("index ").unwrap().parse().unwrap();
    let path: Vec<tlog_tiles::Hash> = lines.map(|line| tlog_tiles::Hash::parse_hash(line).unwrap()).collect();
    let note = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
    let verifier = signed_note::StandardVerifier::new(vkey).unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(witness.public().as_bytes()).unwrap();
    let all = signed_note::VerifierList::new(vec![Box::new(verifier), Box::new(Witness { name: "lv1/bo.khcn", key })]);
    let (verified, unknown) = note.verify(&all).unwrap();
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    let by_tlog = tlog_tiles::check_record(&path, checkpoint.size(), *checkpoint.hash(), index, tlog_tiles::Hash(leaf.0)).is_ok();
    (verified.len(), unknown.len()) == (2, 0) && by_tlog
}

#[test]
fn the_published_implementations_accept_the_whole_file_as_it_is() {
    use ct_merkle::{InclusionProof, RootHash};
    let (owner, above) = (NodeKey::from_seed(&[2; 32]).public().vkey(origin().as_str()), NodeKey::from_seed(&[1; 32]));
    for count in [1, 2, 3, 256, 700] {
        let shelf = acknowledged(count);
        for index in [0, count / 3, count - 1] {
            for with_all in [false, true] {
                let receipt = made(&shelf, index, with_all);
                let leaf = tlog_tiles::record_hash(&shelf.rows(&origin())[usize::try_from(index).unwrap()].bytes);
                assert_eq!(receipt.leaf().0, leaf.0);
                assert!(stands_for_others(&receipt.to_string(), receipt.leaf(), &owner, &above));
                assert!(!stands_for_others(&receipt.to_string(), leaf_hash(b"other"), &owner, &above));
                let root = RootHash::<sha2::Sha256>::new(receipt.checkpoint().root.0.into(), receipt.checkpoint().size);
                let path = InclusionProof::from_bytes(receipt.proof.iter().flat_map(|hash| hash.0).collect());
                root.verify_inclusion(&receipt.bytes, index, &path).unwrap();
            }
        }
    }
}

#[test]
fn a_receipt_says_which_record_when_and_who_holds_it() {
    let shelf = acknowledged(20);
    let receipt = Receipt::parse(&made(&shelf, 7, true).to_string()).unwrap();
    let verified = receipt.verify(&keys()).unwrap();
    let row = &shelf.rows(&origin())[7];
    let Op::Put { rec, ver, .. } = Entry::from_bytes(&row.bytes).unwrap().op else { panic!("a put") };
    assert_eq!((verified.record, verified.at), (Some((rec, ver)), 1_700_000_000));
    assert_eq!(verified.owner, trusted(2, "lv1/sokhcn.daklak"));
    let given = &verified.acknowledgements[0];
    assert_eq!((given.node.as_str(), given.at, &given.key), ("bo.khcn", 1_700_000_100, &trusted(1, "lv1/bo.khcn")));
    assert_eq!((receipt.index(), receipt.checkpoint().size, receipt.payload()), (7, 20, row.payload.as_deref()));
    assert_eq!(receipt.carried_keys(), keys().iter().map(TrustedKey::vkey).collect::<Vec<_>>());
}

#[test]
fn only_keys_that_are_given_count_and_each_must_have_signed() {
    let receipt = made(&acknowledged(20), 7, true);
    let (owner, above) = (trusted(2, "lv1/sokhcn.daklak"), trusted(1, "lv1/bo.khcn"));
    assert_eq!(receipt.verify(&[]), Err(Doubt::NoOwner(name("sokhcn.daklak"))), "the keys in the file do not count");
    assert_eq!(receipt.verify(std::slice::from_ref(&owner)), Err(Doubt::NoHolder));
    assert_eq!(receipt.verify(std::slice::from_ref(&above)), Err(Doubt::NoOwner(name("sokhcn.daklak"))));
    for false_key in [
        trusted(3, "lv1/bo.khcn"),
        trusted(1, "lv1/so.khac"),
        trusted(1, "lv1/sokhcn.daklak"),
        trusted(2, "lv1/bo.khcn"),
        trusted(2, "lv1/sokhcn.daklak/region"),
        trusted(1, "lv1/bo.khcn/public"),
    ] {
        let others = keys().into_iter().filter(|key| key.node != false_key.node);
        let given: Vec<TrustedKey> = others.chain([false_key.clone()]).collect();
        assert_eq!(receipt.verify(&given), Err(Doubt::Silent(false_key.vkey())));
    }
    // After a change of keys both are given, and one of them has signed.
    let both = [owner, trusted(9, "lv1/sokhcn.daklak"), above, trusted(9, "lv1/bo.khcn")];
    assert!(receipt.verify(&both).is_ok());
    assert_eq!(receipt.verify(&both), receipt.verify(&both[..3]));
    let for_one_log = [trusted(2, "lv1/sokhcn.daklak/public"), both[2].clone()];
    assert!(receipt.verify(&for_one_log).is_ok());
    assert_eq!(receipt.clone().with_keys(&[trusted(9, "lv1/bo.khcn")]), receipt);
}

#[test]
fn a_directory_says_whose_keys_count_for_the_log_at_its_size() {
    let receipt = made(&acknowledged(20), 7, false);
    let (centre, unit) = (NodeKey::from_seed(&[1; 32]).public(), NodeKey::from_seed(&[2; 32]).public());
    let join = Statement::Node { name: name("sokhcn.daklak"), key: unit, title: "Sở KH&CN Đắk Lắk (minh họa)".into() };
    let ended = |change, size| {
        let from = BTreeMap::from([(origin(), size)]);
        let key = Statement::Key { node: name("sokhcn.daklak"), key: unit, change, from };
        Directory::of(&name("bo.khcn"), centre, &BTreeMap::from([(name("bo.khcn"), vec![join.clone(), key])]))
    };
    let kept = ended(KeyChange::Retire, 20);
    assert_eq!(receipt.keys_in(&kept), keys());
    assert_eq!(receipt.verify(&receipt.keys_in(&kept)).unwrap().owner, keys()[0]);
    let stolen = ended(KeyChange::Revoke, 19);
    assert_eq!(receipt.verify(&receipt.keys_in(&stolen)), Err(Doubt::NoOwner(name("sokhcn.daklak"))));
    let strange = Directory::of(&name("bo.khac"), centre, &BTreeMap::new());
    assert_eq!(receipt.keys_in(&strange), []);
}

#[test]
fn nobody_acknowledges_to_himself() {
    let mut shelf = shelf_of(3);
    let (key, owner) = (NodeKey::from_seed(&[2; 32]), name("sokhcn.daklak"));
    let checkpoint = Checkpoint { origin: origin(), size: 3, root: root_at(&shelf, &origin(), 3).unwrap() };
    let mut signed = SignedCheckpoint::sign(checkpoint, &key);
    signed.add(&[signed.cosignature(&owner, &key, 5)]);
    let log = shelf.log(&origin()).unwrap().unwrap();
    shelf.keep(&origin(), &HeldLog { receipt: Some(signed), ..log }).unwrap();
    assert_eq!(made(&shelf, 0, false).verify(&[trusted(2, "lv1/sokhcn.daklak")]), Err(Doubt::NoHolder));
}

#[test]
fn what_was_not_acknowledged_has_no_receipt_and_a_damaged_log_makes_none() {
    let mut shelf = shelf_of(5);
    assert_eq!(Receipt::make(&shelf, &origin(), 4).unwrap(), None);
    assert_eq!(Receipt::make(&MemoryShelf::new(), &origin(), 0).unwrap(), None);
    shelf = acknowledged(5);
    write(&mut shelf, 5);
    assert!(Receipt::make(&shelf, &origin(), 4).unwrap().is_some());
    assert_eq!(Receipt::make(&shelf, &origin(), 5).unwrap(), None);
    let mut other = shelf_of(5);
    let log = HeldLog { receipt: shelf.log(&origin()).unwrap().unwrap().receipt, ..other.log(&origin()).unwrap().unwrap() };
    other.keep(&origin(), &log).unwrap();
    assert!(matches!(Receipt::make(&other, &origin(), 4), Err(LedgerError::Damaged(_))));
}

#[test]
fn an_entry_that_is_no_version_has_a_receipt_too() {
    let mut shelf = shelf_of(2);
    let op = Op::Erase { pays: vec![LeafHash([9; 32])], why: "law".into(), basis: "12/QĐ".into() };
    let bytes = Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap();
    crate::log::append(&mut shelf, &origin(), crate::log::CheckedEntry::read(&bytes, None).unwrap()).unwrap();
    bring_up(&mut pair(), &mut shelf, &mut MemoryShelf::new());
    let receipt = Receipt::parse(&made(&shelf, 2, false).to_string()).unwrap();
    assert_eq!((receipt.entry(), receipt.verify(&keys()).unwrap().record), (&Entry::from_bytes(&bytes).unwrap(), None));
    assert_eq!(receipt.with_payload(b"{}".to_vec()), Err(ReceiptError::Payload));
}

#[test]
fn another_content_is_refused_and_the_right_one_fits() {
    let shelf = acknowledged(3);
    let payload = shelf.rows(&origin())[1].payload.clone().unwrap();
    let receipt = made(&shelf, 1, false);
    assert_eq!(receipt.clone().with_payload(shelf.rows(&origin())[2].payload.clone().unwrap()), Err(ReceiptError::Payload));
    assert_eq!(receipt.with_payload(payload.clone()).unwrap().payload(), Some(payload.as_slice()));
}

/// Every byte of a receipt with all its parts, each changed in several ways.
#[test]
fn every_change_of_a_byte_is_refused_or_changes_nothing_that_was_claimed() {
    let shelf = acknowledged(300);
    for index in [0, 77, 299] {
        for with_all in [false, true] {
            let receipt = made(&shelf, index, with_all);
            let text = receipt.to_string();
            let claimed = receipt.verify(&keys()).unwrap();
            for at in 0..text.len() {
                for change in [1, 2, 0x10, 0x20, 0x80] {
                    let mut bytes = text.clone().into_bytes();
                    bytes[at] ^= change;
                    assert!(!claims_otherwise(&bytes, &receipt, &claimed), "byte {at} of receipt {index} changed by {change:#x}");
                }
            }
            for at in 0..text.len() {
                assert!(
                    !claims_otherwise(&[&text.as_bytes()[..at], &text.as_bytes()[at + 1..]].concat(), &receipt, &claimed),
                    "byte {at} lost"
                );
                assert!(!claims_otherwise(&text.as_bytes()[..at], &receipt, &claimed), "cut at {at}");
            }
        }
    }
}

/// Whether the bytes are accepted as a receipt that says anything else.
fn claims_otherwise(bytes: &[u8], receipt: &Receipt, claimed: &Verified) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(read) = Receipt::parse(text) else { return false };
    let Ok(verified) = read.verify(&keys()) else { return false };
    (verified, read.bytes, read.index, read.payload, read.keys, read.signed.checkpoint)
        != (
            claimed.clone(),
            receipt.bytes.clone(),
            receipt.index,
            receipt.payload.clone(),
            receipt.keys.clone(),
            receipt.signed.checkpoint.clone(),
        )
}

proptest! {
    #[test]
    fn rubbish_never_panics(text in "(c2sp.org/tlog-proof@v1\n(extra [A-Za-z0-9+/=]{0,40}\n)?(index [0-9]{1,22}\n)?([A-Za-z0-9+/=]{0,46}\n){0,3}\n)?\\PC{0,40}(\n\\PC{0,10}){0,6}\n?") {
        let _ = Receipt::parse(&text);
    }

    #[test]
    fn a_receipt_put_together_from_two_never_claims_what_neither_said(cut in 0_usize..2000, other in 0_u64..40) {
        static SHELF: std::sync::OnceLock<MemoryShelf> = std::sync::OnceLock::new();
        let shelf = SHELF.get_or_init(|| acknowledged(40));
        let (one, two) = (made(shelf, 5, true), made(shelf, other, true));
        let (text, tail) = (one.to_string(), two.to_string());
        let cut = cut % text.len();
        if text.is_char_boundary(cut) && tail.is_char_boundary(cut) {
            let mixed = format!("{}{}", &text[..cut], &tail[cut..]);
            if let Ok(read) = Receipt::parse(&mixed) {
                prop_assert!(read == one || read == two);
            }
        }
    }
}

/// `cargo test -p exchange a_receipt_out_of_a_million -- --nocapture` prints size and time; time is for people, never for a test.
#[test]
fn a_receipt_out_of_a_million_is_small() {
    const SIZE: u64 = 1_000_000;
    let mut shelf = MemoryShelf::new();
    let put = Op::Put {
        rec: RecordId::new(),
        typ: "task".into(),
        cat: 41,
        ver: 3,
        prev: Some(LeafHash([7; 32])),
        pay: LeafHash([9; 32]),
        len: 1834,
    };
    let now = jiff::Timestamp::now().as_microsecond();
    let entry = Entry::new(now, put).to_bytes().unwrap();
    // Only one entry is asked for; the others are leaves of the tree like any.
    let place = 611_111;
    for index in 0..SIZE {
        let bytes = if index == place { entry.clone() } else { index.to_be_bytes().to_vec() };
        shelf.append(&origin(), EntryRow { index, leaf: leaf_hash(&bytes), bytes, payload: None }, false).unwrap();
    }
    let (key, above) = (NodeKey::from_seed(&[2; 32]), NodeKey::from_seed(&[1; 32]));
    let log = shelf.log(&origin()).unwrap().unwrap();
    let mut signed = SignedCheckpoint::sign(Checkpoint { origin: origin(), size: SIZE, root: log.frontier.root() }, &key);
    signed.add(&[signed.cosignature(&name("bo.khcn"), &above, 1_795_824_000)]);
    shelf.keep(&origin(), &HeldLog { receipt: Some(signed), ..log }).unwrap();
    let bare = made(&shelf, place, false);
    let text = bare.clone().with_keys(&keys()).to_string();
    println!("a receipt out of {SIZE}: {} bytes, with both keys {}", bare.to_string().len(), text.len());
    assert!(text.len() <= 1500, "{text}");
    let (begin, rounds) = (Instant::now(), 200);
    for _ in 0..rounds {
        Receipt::parse(&text).unwrap().verify(&keys()).unwrap();
    }
    let taken = begin.elapsed() / rounds;
    // The limit: the four signatures alone, two of the keys given and two of the keys carried.
    let (message, begin) = (bare.checkpoint().text(), Instant::now());
    let signature = key.sign(message.as_bytes());
    for _ in 0..4 * rounds {
        assert!(key.public().verify(message.as_bytes(), &signature));
    }
    let limit = begin.elapsed() / rounds;
    println!("read and verified in {taken:?}, {:.2} times its four signatures alone", taken.as_secs_f64() / limit.as_secs_f64());
}
