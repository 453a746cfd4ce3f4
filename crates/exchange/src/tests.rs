//! The formats against independent implementations, and the machines against each other without faults; faults are the simulator's matter.

use std::collections::BTreeMap;

use ledger::{Entry, LeafHash, NodeName, Op, Origin, RecordId};
use proptest::prelude::*;

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::directory::{Directory, Statement};
use crate::key::NodeKey;
use crate::log::{CheckedEntry, append, commitment};
use crate::memory::MemoryShelf;
use crate::owner::{Effect, Event, Moment, Owner, Voice};
use crate::parent::Parent;
use crate::protocol::{Answer, Call, Possession, Refusal, Request};
use crate::reader::ReaderLoop;
use crate::shelf::{Shelf, ShelfRead, Standing};
use crate::tile::{TilePlace, consistency_proof, inclusion_proof, root_at};

mod public_log;
mod release;
mod reminder;

pub(crate) fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

pub(crate) fn origin() -> Origin {
    Origin::parse("lv1/sokhcn.daklak/public").unwrap()
}

pub(crate) fn write(shelf: &mut MemoryShelf, number: u64) {
    let payload = format!(r#"{{"data":{number},"files":[],"salt":"AAAA"}}"#).into_bytes();
    let op = Op::Put {
        rec: RecordId::new(),
        typ: "task".into(),
        cat: 1,
        ver: 1,
        prev: None,
        pay: commitment(&payload),
        len: payload.len() as u64,
    };
    let bytes = Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap();
    append(shelf, &origin(), CheckedEntry::read(&bytes, Some(&payload)).unwrap()).unwrap();
}

pub(crate) fn shelf_of(count: u64) -> MemoryShelf {
    let mut shelf = MemoryShelf::new();
    for number in 0..count {
        write(&mut shelf, number);
    }
    shelf
}

pub(crate) struct Pair {
    owner: Owner,
    parent: Parent,
    directory: Directory,
}

pub(crate) fn pair() -> Pair {
    let (centre, child) = (NodeKey::from_seed(&[1; 32]), NodeKey::from_seed(&[2; 32]));
    let join = Statement::Node { name: name("sokhcn.daklak"), key: child.public(), title: "Sở KH&CN Đắk Lắk (minh họa)".into() };
    let directory = Directory::of(&name("bo.khcn"), centre.public(), &BTreeMap::from([(name("bo.khcn"), vec![join])]));
    let owner = Owner::new(origin(), name("bo.khcn"), Voice::Owner(Box::new(child)));
    Pair { owner, parent: Parent { name: name("bo.khcn"), key: centre, standby_for: None }, directory }
}

/// Runs the owner's loop against the parent until it rests; the sizes acknowledged and the number of requests.
pub(crate) fn bring_up(pair: &mut Pair, below: &mut MemoryShelf, above: &mut MemoryShelf) -> (Vec<u64>, usize) {
    let (mut received, mut requests) = (Vec::new(), 0);
    let mut event = Event::Wake;
    loop {
        let moment = Moment { now: 1_700_000_000, id: RecordId::new() };
        let effects = pair.owner.step(below, &pair.directory, event, moment).unwrap();
        let mut next = None;
        for effect in effects {
            match effect {
                Effect::Send(request) => {
                    requests += 1;
                    let call = Call { origin: origin(), caller: Some(name("sokhcn.daklak")), request };
                    next = Some(Event::Answer(pair.parent.answer(above, &pair.directory, &call, 1_700_000_100).unwrap()));
                }
                Effect::Received(size) => received.push(size),
                Effect::Pause(_) | Effect::PutBehind(_) => {}
                Effect::Alarm(why) => panic!("{why}"),
            }
        }
        match next {
            Some(answer) => event = answer,
            None => return (received, requests),
        }
    }
}

#[test]
fn roots_and_proofs_equal_those_of_ct_merkle() {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    let shelf = shelf_of(700);
    let mut theirs: MemoryBackedTree<sha2::Sha256, Vec<u8>> = MemoryBackedTree::new();
    for (at, row) in shelf.rows(&origin()).iter().enumerate() {
        theirs.push(row.bytes.clone());
        let size = at as u64 + 1;
        if size.is_power_of_two() || size.is_multiple_of(61) {
            assert_eq!(root_at(&shelf, &origin(), size).unwrap().0.as_slice(), theirs.root().as_bytes().as_slice());
            let index = size / 3;
            let ours: Vec<u8> = inclusion_proof(&shelf, &origin(), index, size).unwrap().iter().flat_map(|hash| hash.0).collect();
            assert_eq!(ours, theirs.prove_inclusion(usize::try_from(index).unwrap()).as_bytes());
        }
    }
}

#[test]
fn checkpoints_are_read_by_the_independent_implementations() {
    let key = NodeKey::from_seed(&[3; 32]);
    let checkpoint = Checkpoint { origin: origin(), size: 1204, root: LeafHash([5; 32]) };
    let signed = SignedCheckpoint::sign(checkpoint, &key);
    let note = signed_note::Note::from_bytes(signed.to_string().as_bytes()).unwrap();
    let verifier = signed_note::StandardVerifier::new(&key.public().vkey(origin().as_str())).unwrap();
    let (verified, unknown) = note.verify(&signed_note::VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    let read = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((read.origin(), read.size(), read.hash().0), (origin().as_str(), 1204, [5; 32]));
}

proptest! {
    #[test]
    fn tile_paths_are_those_of_the_standard(number in prop_oneof![0_u64..5000, any::<u32>().prop_map(u64::from)], width in 1_u64..=256) {
        let place = TilePlace { number, width };
        // The crate writes the height of its tiles too.
        let theirs = tlog_tiles::Tile::new(8, 0, number, u32::try_from(width).unwrap(), false).path();
        prop_assert_eq!(format!("tile/8/0/{}", place.path()), theirs);
        prop_assert_eq!(TilePlace::parse(&place.path()), Some(place));
    }

    #[test]
    fn no_text_panics_as_a_tile_path(text in "[x0-9/.p]{0,30}") {
        if let Some(place) = TilePlace::parse(&text) {
            prop_assert_eq!(place.path(), text);
        }
    }

    #[test]
    fn proofs_out_of_tiles_verify(size in 1_u64..600, index in 0_u64..600, old in 1_u64..600) {
        let shelf = shelf_of(size);
        let (index, old) = (index % size, (old - 1) % size + 1);
        let root = root_at(&shelf, &origin(), size).unwrap();
        let path = inclusion_proof(&shelf, &origin(), index, size).unwrap();
        let leaf = shelf.rows(&origin())[usize::try_from(index).unwrap()].leaf;
        prop_assert!(ledger::tree::verify_inclusion(leaf, index, size, &path, &root));
        let proof = consistency_proof(&shelf, &origin(), old, size).unwrap();
        let old_root = root_at(&shelf, &origin(), old).unwrap();
        prop_assert!(ledger::tree::verify_consistency(old, &old_root, size, &root, &proof));
    }
}

#[test]
fn a_log_goes_up_and_its_receipt_verifies() {
    let (mut pair, mut below, mut above) = (pair(), shelf_of(150), MemoryShelf::new());
    assert_eq!(bring_up(&mut pair, &mut below, &mut above), (vec![150], 3));
    let receipt = below.log(&origin()).unwrap().unwrap().receipt.unwrap();
    assert!(receipt.cosigned_at(&name("bo.khcn"), &pair.parent.key.public()) == Some(1_700_000_100));
    assert_eq!(receipt.checkpoint.root, root_at(&above, &origin(), 150).unwrap());
    assert_eq!(bring_up(&mut pair, &mut below, &mut above), (vec![], 1), "nothing new: one question");
}

/// Steps of a loop against a holder, in the name of `caller`, until it rests.
fn run_against(holder: &Parent, above: &mut MemoryShelf, owner: &mut Owner, below: &mut MemoryShelf, directory: &Directory, caller: &str) {
    let mut event = Event::Wake;
    loop {
        let effects = owner.step(below, directory, event, Moment { now: 0, id: RecordId::new() }).unwrap();
        let Some(Effect::Send(request)) = effects.into_iter().find(|effect| matches!(effect, Effect::Send(_))) else { break };
        let call = Call { origin: owner.origin().clone(), caller: Some(name(caller)), request };
        event = Event::Answer(holder.answer(above, directory, &call, 0).unwrap());
    }
}

#[test]
fn a_merged_node_gives_back_what_it_has_handed_over_and_adds_nothing() {
    let [centre, old, heir, unit] = [1, 2, 3, 4].map(|number| NodeKey::from_seed(&[number; 32]));
    let join = |node: &str, key: &NodeKey| Statement::Node { name: name(node), key: key.public(), title: "minh họa".into() };
    let mut said = BTreeMap::from([
        (name("bo.khcn"), vec![join("sokhcn.kontum", &old), join("sokhcn.quangngai", &heir)]),
        (name("sokhcn.kontum"), vec![join("sokhcn.daklak", &unit)]),
    ]);
    let before = Directory::of(&name("bo.khcn"), centre.public(), &said);
    let (mut own, mut at_old, mut at_centre) = (shelf_of(3), MemoryShelf::new(), MemoryShelf::new());
    let holder = Parent { name: name("sokhcn.kontum"), key: old, standby_for: None };
    let mut loop_of_unit = Owner::new(origin(), holder.name.clone(), Voice::Owner(Box::new(unit)));
    run_against(&holder, &mut at_old, &mut loop_of_unit, &mut own, &before, "sokhcn.daklak");
    assert_eq!(at_old.log(&origin()).unwrap().unwrap().signed_size(), 3);
    // The province is merged, and the Centre, which had all of it, is put back to a backup without it before the heir has read it.
    said.entry(name("bo.khcn")).or_default().push(Statement::Transfer {
        recs: None,
        of: name("sokhcn.kontum"),
        by: name("sokhcn.quangngai"),
        cut: BTreeMap::from([(origin(), 3)]),
        start: BTreeMap::new(),
        basis: "202/2025/QH15".into(),
    });
    let after = Directory::of(&name("bo.khcn"), centre.public(), &said);
    let top = Parent { name: name("bo.khcn"), key: centre, standby_for: None };
    let mut relay = Owner::new(origin(), top.name.clone(), Voice::Relay);
    run_against(&top, &mut at_centre, &mut relay, &mut at_old, &after, "sokhcn.kontum");
    assert_eq!(at_centre.rows(&origin()), own.rows(&origin()));
    assert_eq!(at_centre.log(&origin()).unwrap().unwrap().signed_size(), 3);
    write(&mut own, 3);
    let row = own.rows(&origin()).last().unwrap();
    let mut body = Vec::new();
    crate::batch::push_entry(&mut body, &row.bytes, row.payload.as_deref());
    for (caller, is_taken) in [("sokhcn.kontum", false), ("sokhcn.quangngai", true)] {
        let call = Call { origin: origin(), caller: Some(name(caller)), request: Request::Append { from: 3, body: body.clone() } };
        let answer = top.answer(&mut at_centre, &after, &call, 0).unwrap();
        assert_eq!(answer == Answer::Refused(Refusal::NotYours), !is_taken, "{caller}: {answer:?}");
    }
}

#[test]
fn an_owner_restored_from_a_backup_takes_back_what_it_lost_and_keeps_what_it_wrote_since() {
    let (mut one, mut below, mut above) = (pair(), shelf_of(300), MemoryShelf::new());
    let backup = below.clone();
    for number in 300..1000 {
        write(&mut below, number);
    }
    bring_up(&mut one, &mut below, &mut above);
    let mut restored = backup;
    write(&mut restored, 5000);
    write(&mut restored, 5001);
    let mut two = pair();
    let (received, _) = bring_up(&mut two, &mut restored, &mut above);
    assert_eq!(received, vec![1002]);
    assert_eq!(restored.rows(&origin())[..1000], below.rows(&origin())[..1000]);
    assert_eq!(restored.rows(&origin()), above.rows(&origin()));
}

/// Bodies of the appends that bring 3,000 entries up when each is answered after so many seconds.
fn appends_when_each_takes(seconds: i64) -> Vec<usize> {
    let (mut one, mut below, mut above) = (pair(), shelf_of(3000), MemoryShelf::new());
    let (mut event, mut now, mut lengths) = (Event::Wake, 1_700_000_000, Vec::new());
    loop {
        let effects = one.owner.step(&mut below, &one.directory, event, Moment { now, id: RecordId::new() }).unwrap();
        let Some(request) = effects.into_iter().find_map(|effect| if let Effect::Send(request) = effect { Some(request) } else { None })
        else {
            assert_eq!(above.rows(&origin()), below.rows(&origin()));
            return lengths;
        };
        if let Request::Append { body, .. } = &request {
            lengths.push(body.len());
            now += seconds;
        }
        let call = Call { origin: origin(), caller: Some(name("sokhcn.daklak")), request };
        event = Event::Answer(one.parent.answer(&mut above, &one.directory, &call, 1_700_000_100).unwrap());
    }
}

#[test]
fn appends_grow_on_a_quick_line_and_stay_short_on_a_slow_one() {
    let quick = appends_when_each_takes(0);
    assert!(quick.windows(2).take(2).all(|pair| pair[1] > pair[0] * 3 / 2), "{quick:?}");
    let slow = appends_when_each_takes(20);
    assert!(slow.iter().all(|length| *length < 80 << 10), "{slow:?}");
    assert!(slow.len() > quick.len());
}

#[test]
fn a_parent_that_shows_another_tree_than_the_one_acknowledged_is_not_followed() {
    let (mut one, mut below, mut above) = (pair(), shelf_of(5), MemoryShelf::new());
    bring_up(&mut one, &mut below, &mut above);
    let before = below.rows(&origin()).to_vec();
    let mut other = shelf_of(7);
    let mut event = Event::Wake;
    let mut alarmed = false;
    for _ in 0..10 {
        let effects = one.owner.step(&mut below, &one.directory, event.clone(), Moment { now: 0, id: RecordId::new() }).unwrap();
        for effect in effects {
            match effect {
                Effect::Send(request) => {
                    let call = Call { origin: origin(), caller: Some(name("sokhcn.daklak")), request };
                    event = Event::Answer(one.parent.answer(&mut other, &one.directory, &call, 0).unwrap());
                }
                Effect::Alarm(_) => alarmed = true,
                _ => {}
            }
        }
    }
    assert!(alarmed);
    assert_eq!(below.rows(&origin()), before.as_slice());
}

/// Steps of a reader against a holder until it rests.
fn read_at(pair: &Pair, above: &mut MemoryShelf, reader: &mut ReaderLoop, shelf: &mut MemoryShelf) {
    let mut event = Event::Wake;
    loop {
        let effects = reader.step(shelf, &pair.directory, event.clone()).unwrap();
        let Some(Effect::Send(request)) = effects.into_iter().find(|effect| matches!(effect, Effect::Send(_))) else { break };
        let call = Call { origin: origin(), caller: None, request };
        event = Event::Answer(pair.parent.answer(above, &pair.directory, &call, 0).unwrap());
    }
}

#[test]
fn a_suspended_log_takes_nothing_by_reading_until_it_goes_on() {
    let (mut pair, mut below, mut above) = (pair(), shelf_of(3), MemoryShelf::new());
    bring_up(&mut pair, &mut below, &mut above);
    let (mut reader, mut shelf) = (ReaderLoop::new(origin()), MemoryShelf::new());
    read_at(&pair, &mut above, &mut reader, &mut shelf);
    write(&mut below, 3);
    bring_up(&mut pair, &mut below, &mut above);
    for (standing, size) in [(Standing::Suspended, 3), (Standing::Following, 4)] {
        let mut log = shelf.log(&origin()).unwrap().unwrap();
        log.standing = standing;
        shelf.keep(&origin(), &log).unwrap();
        read_at(&pair, &mut above, &mut reader, &mut shelf);
        let log = shelf.log(&origin()).unwrap().unwrap();
        assert_eq!((log.size, log.signed_size(), log.standing), (size, size, standing));
    }
}

#[test]
fn a_reader_follows_and_a_stranger_reads_nothing_beyond_the_public() {
    let (mut pair, mut below, mut above) = (pair(), shelf_of(700), MemoryShelf::new());
    bring_up(&mut pair, &mut below, &mut above);
    let (mut reader, mut shelf) = (ReaderLoop::new(origin()), MemoryShelf::new());
    read_at(&pair, &mut above, &mut reader, &mut shelf);
    assert_eq!(shelf.rows(&origin()), above.rows(&origin()));
    let region = Origin::parse("lv1/sokhcn.daklak/region").unwrap();
    for (origin, request) in [
        (region.clone(), Request::ReadCheckpoint { after: 0 }),
        (origin(), Request::Head),
        (origin(), Request::Append { from: 0, body: Vec::new() }),
        (region, Request::EntryTile { place: TilePlace { number: 0, width: 1 } }),
    ] {
        for caller in [None, Some(name("sokhcn.kontum"))] {
            let call = Call { origin: origin.clone(), caller, request: request.clone() };
            let answer = pair.parent.answer(&mut above, &pair.directory, &call, 0).unwrap();
            assert!(matches!(answer, Answer::Refused(Refusal::NotYours)), "{call:?}");
        }
    }
}

/// Appends an `erase` of a commitment.
fn erase(shelf: &mut MemoryShelf, pay: LeafHash) {
    let op = Op::Erase { pays: vec![pay], why: "law".into(), basis: "12/QĐ".into() };
    let bytes = Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap();
    append(shelf, &origin(), CheckedEntry::read(&bytes, None).unwrap()).unwrap();
}

fn commitments(shelf: &MemoryShelf) -> Vec<LeafHash> {
    let ops = shelf.rows(&origin()).iter().map(|row| Entry::from_bytes(&row.bytes).unwrap().op);
    ops.filter_map(|op| if let Op::Put { pay, .. } = op { Some(pay) } else { None }).collect()
}

fn possessions(pair: &Pair, above: &MemoryShelf, indices: &[u64]) -> Vec<Possession> {
    let request = Request::Prove { nonce: b"hom nay".to_vec(), indices: indices.to_vec() };
    let call = Call { origin: origin(), caller: Some(name("sokhcn.daklak")), request };
    match pair.parent.read(above, &pair.directory, &call).unwrap() {
        Answer::Possessions(possessions) => possessions,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_holder_proves_what_it_has_and_says_erased_of_what_was_erased() {
    let (mut pair, mut below, mut above) = (pair(), shelf_of(3), MemoryShelf::new());
    bring_up(&mut pair, &mut below, &mut above);
    assert!(possessions(&pair, &above, &[0, 1, 2]).iter().all(|one| matches!(one, Possession::Held(_))));
    let pay = commitments(&below)[1];
    erase(&mut below, pay);
    bring_up(&mut pair, &mut below, &mut above);
    let said = possessions(&pair, &above, &[0, 1, 2, 3, 4]);
    assert!(matches!(said[0], Possession::Held(_)) && matches!(said[2], Possession::Held(_)), "{said:?}");
    assert_eq!((said[1], said[3], said[4]), (Possession::Erased, Possession::None, Possession::Lacking));
    // A payload sent again is not taken back, whoever sends it.
    let payload = shelf_of(2).rows(&origin())[1].payload.clone().unwrap();
    assert_eq!(commitment(&payload), pay, "the same content under the same salt");
    let mut body = Vec::new();
    crate::batch::push_filling(&mut body, 1, &payload);
    let call = Call { origin: origin(), caller: Some(name("sokhcn.daklak")), request: Request::Payloads { body } };
    assert!(matches!(pair.parent.answer(&mut above, &pair.directory, &call, 1_700_000_200).unwrap(), Answer::Head(_)));
    assert_eq!(possessions(&pair, &above, &[1]), [Possession::Erased]);
}

#[test]
fn an_erasure_that_stands_before_its_put_holds_for_it_at_owner_and_holder() {
    let (mut pair, mut below, mut above) = (pair(), MemoryShelf::new(), MemoryShelf::new());
    let pay = commitments(&shelf_of(1))[0];
    erase(&mut below, pay);
    write(&mut below, 0);
    assert_eq!(below.rows(&origin())[1].payload, None);
    let (received, _) = bring_up(&mut pair, &mut below, &mut above);
    assert_eq!(received, [2], "the holder misses nothing");
    assert_eq!(possessions(&pair, &above, &[0, 1]), [Possession::None, Possession::Erased]);
    // The same in one call with the payload, as a child sends it that has not applied its own erasure.
    let mut other = MemoryShelf::new();
    let mut body = Vec::new();
    for row in below.rows(&origin()) {
        let payload = (row.index == 1).then(|| shelf_of(1).rows(&origin())[0].payload.clone().unwrap());
        crate::batch::push_entry(&mut body, &row.bytes, payload.as_deref());
    }
    let call = Call { origin: origin(), caller: Some(name("sokhcn.daklak")), request: Request::Append { from: 0, body } };
    assert!(matches!(pair.parent.answer(&mut other, &pair.directory, &call, 1_700_000_200).unwrap(), Answer::Head(_)));
    assert_eq!((other.rows(&origin())[1].payload.clone(), possessions(&pair, &other, &[1])), (None, vec![Possession::Erased]));
}
