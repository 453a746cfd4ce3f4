//! Entries go up only as far as they are released, whatever is restored meanwhile.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::owner::ERASURE_HELD_BACK;

/// The disk of an owner: its log, and up to where it may go up.
#[derive(Clone)]
struct Disk {
    shelf: MemoryShelf,
    release: u64,
    /// Identifiers of the entries that were released, as this disk knows it.
    released: BTreeSet<RecordId>,
}

impl Disk {
    fn new() -> Disk {
        Disk { shelf: MemoryShelf::new(), release: 0, released: BTreeSet::new() }
    }

    fn write(&mut self, entries: u64) {
        for _ in 0..entries {
            write(&mut self.shelf, 7);
        }
    }

    fn release(&mut self) {
        self.release = self.shelf.rows(&origin()).len() as u64;
        self.released = ids(&self.shelf).into_iter().collect();
    }
}

fn ids(shelf: &MemoryShelf) -> Vec<RecordId> {
    shelf.rows(&origin()).iter().map(|row| Entry::from_bytes(&row.bytes).unwrap().id).collect()
}

/// Runs the loop until it rests; the alarms.
fn bring_up(pair: &mut Pair, disk: &mut Disk, above: &mut MemoryShelf) -> Vec<&'static str> {
    let (mut event, mut alarms) = (Event::Wake, Vec::new());
    loop {
        pair.owner.release_up_to(Some(disk.release));
        let effects = pair.owner.step(&mut disk.shelf, &pair.directory, event, Moment { now: 0, id: RecordId::new() }).unwrap();
        disk.release = pair.owner.released().unwrap();
        let mut next = None;
        for effect in effects {
            match effect {
                Effect::Send(request) => {
                    let call = Call { origin: origin(), caller: Some(name("sokhcn.daklak")), request };
                    next = Some(Event::Answer(pair.parent.answer(above, &pair.directory, &call, 0).unwrap()));
                }
                Effect::Alarm(why) => alarms.push(why),
                _ => {}
            }
        }
        match next {
            Some(answer) => event = answer,
            None => return alarms,
        }
    }
}

#[test]
fn what_is_not_released_stays_and_what_is_released_is_signed_for() {
    let (mut pair, mut disk, mut above) = (pair(), Disk::new(), MemoryShelf::new());
    disk.write(5);
    bring_up(&mut pair, &mut disk, &mut above);
    assert_eq!(above.rows(&origin()).len(), 0);
    disk.release();
    disk.write(300);
    bring_up(&mut pair, &mut disk, &mut above);
    assert_eq!(above.rows(&origin()).len(), 5);
    assert_eq!(disk.shelf.log(&origin()).unwrap().unwrap().received_size(), 5);
    disk.release();
    bring_up(&mut pair, &mut disk, &mut above);
    assert_eq!((ids(&above), disk.shelf.log(&origin()).unwrap().unwrap().received_size()), (ids(&disk.shelf), 305));
    // Without a release of its own the loop brings everything up, as ever.
    disk.write(1);
    pair.owner.release_up_to(None);
    super::bring_up(&mut pair, &mut disk.shelf, &mut above);
    assert_eq!(above.rows(&origin()).len(), 306);
}

#[test]
fn a_release_is_of_entries_and_moves_with_them_when_they_are_put_behind_others() {
    let (mut one, mut disk, mut above) = (pair(), Disk::new(), MemoryShelf::new());
    disk.write(5);
    disk.release();
    bring_up(&mut one, &mut disk, &mut above);
    let first = disk.clone();
    disk.write(2);
    disk.release();
    let second = disk.clone();
    // Put back to the first copy, it goes another way.
    (one, disk) = (pair(), first);
    disk.write(3);
    disk.release();
    bring_up(&mut one, &mut disk, &mut above);
    assert_eq!(above.rows(&origin()).len(), 8);
    // And then to the second, whose two released entries never went up, with one more that is not released.
    (one, disk) = (pair(), second);
    disk.write(1);
    bring_up(&mut one, &mut disk, &mut above);
    assert_eq!((disk.shelf.rows(&origin()).len(), disk.release, above.rows(&origin()).len()), (11, 10, 10));
    assert!(disk.released.iter().all(|id| ids(&above).contains(id)));
}

#[test]
fn an_erased_payload_whose_erasure_is_held_back_stops_the_log_with_a_reason_until_it_is_released() {
    let (mut pair, mut disk, mut above) = (pair(), Disk::new(), MemoryShelf::new());
    disk.write(2);
    disk.release();
    let pay = match Entry::from_bytes(&disk.shelf.rows(&origin())[1].bytes).unwrap().op {
        Op::Put { pay, .. } => pay,
        other => panic!("{other:?}"),
    };
    disk.write(1);
    let op = Op::Erase { pays: vec![pay], why: "law".into(), basis: "1/QĐ".into() };
    let bytes = Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap();
    append(&mut disk.shelf, &origin(), CheckedEntry::read(&bytes, None).unwrap()).unwrap();
    for _ in 0..3 {
        assert_eq!(bring_up(&mut pair, &mut disk, &mut above), [ERASURE_HELD_BACK]);
        assert_eq!((disk.shelf.rows(&origin()).len(), above.rows(&origin()).len()), (4, 2), "nothing is written, nothing goes");
    }
    disk.release();
    assert!(bring_up(&mut pair, &mut disk, &mut above).is_empty());
    assert_eq!(disk.shelf.log(&origin()).unwrap().unwrap().received_size(), 4);
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Write(u64),
    Release,
    BringUp,
    Copy,
    PutBack(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (1_u64..4).prop_map(Deed::Write),
        2 => Just(Deed::Release),
        3 => Just(Deed::BringUp),
        1 => Just(Deed::Copy),
        1 => any::<usize>().prop_map(Deed::PutBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn nothing_unreleased_goes_up_and_everything_released_does_whatever_is_restored(deeds in prop::collection::vec(deed(), 1..60)) {
        let (mut one, mut disk, mut above) = (pair(), Disk::new(), MemoryShelf::new());
        let mut copies = vec![disk.clone()];
        // What people have let go, on whichever disk they did.
        let mut ever_released = BTreeSet::new();
        for deed in deeds.into_iter().chain([Deed::BringUp]) {
            match deed {
                Deed::Write(entries) => disk.write(entries),
                Deed::Release => {
                    disk.release();
                    ever_released.extend(disk.released.iter().copied());
                }
                Deed::BringUp => {
                    prop_assert_eq!(bring_up(&mut one, &mut disk, &mut above), Vec::<&str>::new());
                    let held: BTreeSet<RecordId> = ids(&above).into_iter().collect();
                    prop_assert!(held.is_subset(&ever_released));
                    prop_assert!(disk.released.is_subset(&held));
                    prop_assert_eq!(above.rows(&origin()).len() as u64, disk.release);
                }
                Deed::Copy => copies.push(disk.clone()),
                Deed::PutBack(which) => (one, disk) = (pair(), copies[which % copies.len()].clone()),
            }
        }
    }
}
