//! What every store promises of the verbs for the exchange.

use crate::entry::{Entry, Op};
use crate::error::LedgerError;
use crate::ledger::append_bytes;
use crate::names::{LeafHash, NodeName, Origin};
use crate::payload::commitment;
use crate::store::bed::Bed;
use crate::store::conformance::{assert_whole, drop_record, log_of, open_log, put, read, rec, write};
use crate::store::holding::HoldingRow;
use crate::store::{EntryRow, LogRow, Store, StoreWrite};
use crate::tree::{Frontier, leaf_hash, root_of};

on_every_store!(
    a_log_of_another_node_is_held_beside_the_own_ones_and_changes_nothing_there,
    what_is_known_of_a_log_comes_back_and_a_failed_work_leaves_it,
    hashes_of_subtrees_follow_appending_and_cutting,
    records_of_entries_taken_off_stand_as_before_and_followers_are_told,
    gaps_and_erasures_of_a_log_are_its_own,
    a_commitment_leads_to_its_places_and_no_longer_after_a_cut,
    rows_aside_come_in_the_order_in_which_they_were_put_there,
    evidence_is_kept_once,
    a_database_of_step_2_learns_subtrees_and_erasures_from_its_entries,
);

fn other(node: &str) -> Origin {
    Origin::of(&NodeName::parse(node).unwrap(), "public").unwrap()
}

/// Appends entries to a log, opened when there is none.
fn hold(w: &mut dyn StoreWrite, origin: &Origin, from: u64, to: u64) -> Result<LogRow, LedgerError> {
    let mut log = w.hold_log(origin)?;
    for number in from..to {
        append_bytes(w, &mut log, format!("entry {number}").into_bytes(), Some(number.to_be_bytes().to_vec()))?;
    }
    Ok(log)
}

/// A log without its entries from `size` on.
fn shorter(log: &LogRow, leaves: &[LeafHash], size: u64) -> LogRow {
    let mut frontier = Frontier::new();
    for leaf in leaves.iter().take(usize::try_from(size).unwrap()) {
        frontier.push(*leaf);
    }
    LogRow { size: frontier.size(), frontier: frontier.to_bytes(), ..log.clone() }
}

fn a_log_of_another_node_is_held_beside_the_own_ones_and_changes_nothing_there(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| put(w, "public", rec(1), "task", 1, b"mot")).unwrap();
    let own = read(&*store, |r| Ok((r.logs()?, r.log("public")?, r.count(1, None)?, r.changes(0, 10)?, r.last_seq()?)));
    let (first, second) =
        write(&*store, |w| Ok((hold(w, &other("sokhcn.kontum"), 0, 3)?, hold(w, &other("sokhcn.gialai"), 0, 2)?))).unwrap();
    assert_eq!(read(&*store, |r| Ok((r.logs()?, r.log("public")?, r.count(1, None)?, r.changes(0, 10)?, r.last_seq()?))), own);
    assert_eq!(read(&*store, |r| r.held_logs()), [first.clone(), second.clone()]);
    assert!(!first.own && own.1.as_ref().unwrap().own);
    // In another transaction, whether it knows the log or not.
    let grown = write(&*store, |w| hold(w, &other("sokhcn.kontum"), 3, 5)).unwrap();
    assert_eq!((grown.id, grown.size), (first.id, 5));
    let mut known = second;
    write(&*store, move |w| append_bytes(w, &mut known, b"entry 2".to_vec(), None).map(|_| ())).unwrap();
    for (node, size) in [("sokhcn.kontum", 5), ("sokhcn.gialai", 3)] {
        let (log, leaves) = read(&*store, |r| {
            let log = r.log_of(&other(node))?.unwrap();
            Ok((log.clone(), r.leaves(log.id, 100)?))
        });
        assert_eq!((log.size, leaves.len() as u64), (size, size));
        assert_eq!(log.frontier, shorter(&log, &leaves, size).frontier);
    }
    assert_eq!(read(&*store, |r| r.log_of(&own.0[0].origin)), own.1);
    assert_eq!(read(&*store, |r| r.log_of(&other("sokhcn.daknong"))), None);
    // A log opened after those of others has a number of its own.
    write(&*store, |w| put(w, "private", rec(1), "task", 1, b"mot")).unwrap();
    assert_whole(&*store, "private");
    assert_whole(&*store, "public");
}

fn what_is_known_of_a_log_comes_back_and_a_failed_work_leaves_it(bed: &Bed) {
    let store = bed.open();
    let log = write(&*store, |w| hold(w, &other("sokhcn.kontum"), 0, 2)).unwrap();
    let none = HoldingRow { standing: "following".to_owned(), checkpoint: None, receipt: None, provisional: 0 };
    assert_eq!(read(&*store, |r| r.holding(log.id)), none);
    let kept = HoldingRow {
        standing: "forked".to_owned(),
        checkpoint: Some("đ\n\n—".to_owned()),
        receipt: Some("b".to_owned()),
        provisional: 1 << 40,
    };
    let row = kept.clone();
    write(&*store, move |w| w.keep_holding(log.id, &row)).unwrap();
    assert_eq!(read(&*store, |r| r.holding(log.id)), kept);
    let failed = write(&*store, move |w| -> Result<(), LedgerError> {
        w.keep_holding(log.id, &none)?;
        let log = hold(w, &other("sokhcn.kontum"), 2, 300)?;
        hold(w, &other("sokhcn.gialai"), 0, 300)?;
        w.note_gap(log.id, 1)?;
        w.note_erased(log.id, &LeafHash([1; 32]))?;
        w.cut(&LogRow { size: 0, frontier: Vec::new(), ..log })?;
        Err(LedgerError::NoRecord)
    });
    assert!(matches!(failed, Err(LedgerError::NoRecord)), "{failed:?}");
    read(&*store, |r| {
        assert_eq!((r.holding(log.id)?, r.held_logs()?, r.leaves(log.id, 9)?.len()), (kept.clone(), vec![log.clone()], 2));
        assert_eq!((r.gaps(log.id, 9, 9)?, r.is_erased(log.id, &LeafHash([1; 32]))?), (vec![], false));
        assert_eq!(r.subtrees(log.id, 1, 0, 9)?, []);
        Ok(())
    });
}

fn hashes_of_subtrees_follow_appending_and_cutting(bed: &Bed) {
    let store = bed.open();
    let expected: Vec<LeafHash> = (0..1000_u64).map(|number| leaf_hash(format!("entry {number}").as_bytes())).collect();
    let tiles = |size: usize| -> Vec<LeafHash> { expected[..size].chunks_exact(256).map(root_of).collect() };
    write(&*store, |w| hold(w, &other("sokhcn.kontum"), 0, 700)).unwrap();
    let log = write(&*store, |w| hold(w, &other("sokhcn.kontum"), 700, 1000)).unwrap();
    read(&*store, |r| {
        assert_eq!(r.subtrees(log.id, 0, 0, 5000)?, expected);
        assert_eq!(r.subtrees(log.id, 0, 998, 1)?, expected[998..999]);
        assert_eq!(r.subtrees(log.id, 1, 0, 256)?, tiles(1000));
        assert_eq!(r.subtrees(log.id, 1, 1, 1)?, tiles(1000)[1..2]);
        assert_eq!((r.subtrees(log.id, 2, 0, 256)?, r.subtrees(log.id, 1, 3, 9)?), (vec![], vec![]));
        Ok(())
    });
    for size in [800, 768, 767, 0] {
        let cut = shorter(&log, &expected, size);
        let kept = cut.clone();
        assert_eq!(write(&*store, move |w| w.cut(&kept)).unwrap(), []);
        read(&*store, |r| {
            assert_eq!(r.log_of(&log.origin)?.as_ref(), Some(&cut));
            assert_eq!(r.subtrees(log.id, 1, 0, 256)?, tiles(usize::try_from(size).unwrap()));
            assert_eq!(r.entries(log.id, 0, 5000)?.len() as u64, size);
            Ok(())
        });
    }
    write(&*store, |w| hold(w, &other("sokhcn.kontum"), 0, 520)).unwrap();
    assert_eq!(read(&*store, |r| r.subtrees(log.id, 1, 0, 256)), tiles(520));
}

fn records_of_entries_taken_off_stand_as_before_and_followers_are_told(bed: &Bed) {
    let store = bed.open();
    let (log, leaves, seq) = write(&*store, |w| {
        put(w, "private", rec(1), "task", 1, b"1.1")?;
        put(w, "private", rec(2), "task", 1, b"2.1")?;
        put(w, "private", rec(3), "task", 1, b"3.1")?;
        put(w, "private", rec(1), "task", 2, b"1.2")?;
        drop_record(w, "private", rec(2), "task", 2)?;
        put(w, "private", rec(4), "article", 1, b"4.1")?;
        put(w, "public", rec(4), "article", 1, b"4.1")?;
        let log = w.log("private")?.unwrap();
        let leaves = w.leaves(log.id, 3)?;
        Ok((log, leaves, w.last_seq()?))
    })
    .unwrap();
    let cut = shorter(&log, &leaves, 3);
    write(&*store, move |w| {
        let mut taken = w.cut(&cut)?;
        taken.sort();
        assert_eq!(taken, [(rec(1), "task".to_owned()), (rec(2), "task".to_owned()), (rec(4), "article".to_owned())]);
        for (rec, kind) in taken {
            let standing = w.latest(cut.id, rec)?;
            w.note_again(cut.id, rec, &kind, standing.as_ref())?;
        }
        Ok(())
    })
    .unwrap();
    assert_whole(&*store, "private");
    read(&*store, |r| {
        let id = log.id;
        assert_eq!((r.count(id, Some("task"))?, r.count(id, Some("article"))?, r.count(2, None)?), (3, 0, 1));
        let standing: Vec<(u64, Vec<u8>)> = r.list(id, "task", None, 9)?.into_iter().map(|row| (row.ver, row.payload.unwrap())).collect();
        assert_eq!(standing, [(1, b"1.1".to_vec()), (1, b"2.1".to_vec()), (1, b"3.1".to_vec())]);
        assert_eq!(r.latest(id, rec(4))?, None);
        // Of the changes before only those that still have an entry are left, and new ones bring everybody who had followed to what stands.
        let changes = r.changes(0, 100)?;
        let told: Vec<(&str, u64, Option<&[u8]>)> = changes
            .iter()
            .filter(|change| change.seq > seq)
            .map(|change| (change.op.as_str(), change.ver, change.payload.as_deref()))
            .collect();
        assert_eq!(told, [("put", 1, Some(&b"1.1"[..])), ("put", 1, Some(&b"2.1"[..])), ("drop", 0, None)]);
        assert_eq!(changes.iter().filter(|change| change.seq <= seq).count(), 4);
        Ok(())
    });
    let next = write(&*store, |w| put(w, "private", rec(4), "article", 1, b"again")).unwrap();
    assert!(next > seq + 3, "numbers are never given twice");
}

fn gaps_and_erasures_of_a_log_are_its_own(bed: &Bed) {
    let store = bed.open();
    let pay = LeafHash([5; 32]);
    let (one, two) = write(&*store, |w| Ok((hold(w, &other("sokhcn.kontum"), 0, 9)?, hold(w, &other("sokhcn.gialai"), 0, 9)?))).unwrap();
    let (first, second) = (one.id, two.id);
    write(&*store, move |w| {
        for index in [7, 2, 5, 2] {
            w.note_gap(first, index)?;
        }
        w.note_gap(second, 1)?;
        w.note_erased(first, &pay)?;
        w.note_erased(first, &pay)
    })
    .unwrap();
    read(&*store, |r| {
        assert_eq!((r.gaps(first, 100, 100)?, r.gaps(first, 7, 100)?, r.gaps(first, 100, 1)?), (vec![2, 5, 7], vec![2, 5], vec![2]));
        assert_eq!((r.gaps(second, 100, 100)?, r.is_erased(first, &pay)?, r.is_erased(second, &pay)?), (vec![1], true, false));
        Ok(())
    });
    write(&*store, move |w| {
        w.fill(first, 2, b"came")?;
        w.destroy(first, 5)?;
        w.destroy(first, 0)
    })
    .unwrap();
    read(&*store, |r| {
        let payloads: Vec<Option<Vec<u8>>> = r.entries(first, 0, 6)?.into_iter().map(|row| row.payload).collect();
        let number = |number: u64| Some(number.to_be_bytes().to_vec());
        assert_eq!(payloads, [None, number(1), Some(b"came".to_vec()), number(3), number(4), None]);
        assert_eq!((r.gaps(first, 100, 100)?, r.entries(second, 0, 9)?.iter().all(|row| row.payload.is_some())), (vec![7], true));
        Ok(())
    });
    // What is erased by the record is remembered by the commitment.
    write(&*store, |w| {
        put(w, "private", rec(1), "task", 1, b"secret")?;
        let log = w.log("private")?.unwrap().id;
        w.destroy_payloads(log, rec(1)).map(|_| ())
    })
    .unwrap();
    let log = log_of(&*store, "private").id;
    assert!(read(&*store, |r| r.is_erased(log, &commitment(b"secret"))));
    assert!(!read(&*store, |r| r.is_erased(first, &commitment(b"secret"))));
}

fn a_commitment_leads_to_its_places_and_no_longer_after_a_cut(bed: &Bed) {
    let store = bed.open();
    let log = write(&*store, |w| hold(w, &other("sokhcn.kontum"), 0, 9)).unwrap();
    let (id, beside) = (log.id, write(&*store, |w| hold(w, &other("sokhcn.gialai"), 0, 9)).unwrap().id);
    let (one, two) = (LeafHash([1; 32]), LeafHash([2; 32]));
    write(&*store, move |w| {
        w.note_places(id, &[(two, 4), (one, 8), (one, 3)], 9)?;
        w.note_places(beside, &[(one, 1)], 2)
    })
    .unwrap();
    read(&*store, |r| {
        assert_eq!((r.places_of(id, &one)?, r.places_of(id, &two)?, r.places_of(id, &LeafHash([3; 32]))?), (vec![3, 8], vec![4], vec![]));
        assert_eq!((r.sought(id)?, r.sought(beside)?, r.places_of(beside, &one)?), (9, 2, vec![1]));
        Ok(())
    });
    let leaves = read(&*store, |r| r.leaves(id, 5));
    let cut = shorter(&log, &leaves, 5);
    write(&*store, move |w| w.cut(&cut)).unwrap();
    read(&*store, |r| {
        assert_eq!((r.places_of(id, &one)?, r.sought(id)?, r.sought(beside)?), (vec![3], 5, 2));
        Ok(())
    });
}

fn rows_aside_come_in_the_order_in_which_they_were_put_there(bed: &Bed) {
    let store = bed.open();
    let log = write(&*store, |w| hold(w, &other("sokhcn.kontum"), 0, 1)).unwrap().id;
    let row = |index: u64, payload: Option<&[u8]>| EntryRow {
        index,
        leaf: leaf_hash(&index.to_be_bytes()),
        bytes: index.to_be_bytes().to_vec(),
        payload: payload.map(<[u8]>::to_vec),
    };
    let rows = [row(9, Some(b"a")), row(3, None), row(9, Some(b"")), row(4, None)];
    let kept = rows.clone();
    write(&*store, move |w| {
        w.aside_push(log, "incoming", &kept[..2])?;
        w.aside_push(log, "parked", &kept[3..])?;
        w.aside_push(log, "incoming", &kept[2..])
    })
    .unwrap();
    read(&*store, |r| {
        assert_eq!((r.aside(log, "incoming", 0, 9)?, r.aside(log, "incoming", 1, 2)?), (rows.to_vec(), rows[1..3].to_vec()));
        assert_eq!((r.aside(log, "parked", 0, 9)?, r.aside(log, "parked", 1, 9)?), (rows[3..].to_vec(), vec![]));
        Ok(())
    });
    write(&*store, move |w| w.aside_clear(log, "incoming")).unwrap();
    read(&*store, |r| {
        assert_eq!((r.aside(log, "incoming", 0, 9)?, r.aside(log, "parked", 0, 9)?.len()), (vec![], 1));
        Ok(())
    });
}

fn evidence_is_kept_once(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| {
        for text in ["b", "a", "b", &"x".repeat(10_000)] {
            w.keep_evidence(&other("sokhcn.kontum"), text)?;
        }
        w.keep_evidence(&other("sokhcn.gialai"), "b")
    })
    .unwrap();
    let kept = read(&*store, |r| r.evidence(&other("sokhcn.kontum"), 9));
    assert_eq!(kept, ["b".to_owned(), "a".to_owned(), "x".repeat(10_000)]);
    assert_eq!(
        read(&*store, |r| Ok((r.evidence(&other("sokhcn.gialai"), 9)?.len(), r.evidence(&other("sokhcn.kontum"), 1)?.len()))),
        (1, 1)
    );
}

fn a_database_of_step_2_learns_subtrees_and_erasures_from_its_entries(bed: &Bed) {
    let store = bed.open();
    let pay = commitment(b"secret");
    let erase = Entry::new(0, Op::Erase { pays: vec![pay], why: "law".into(), basis: "12/QĐ".into() }).to_bytes().unwrap();
    write(&*store, move |w| {
        put(w, "public", rec(1), "task", 1, b"mot")?;
        put(w, "private", rec(1), "task", 1, b"secret")?;
        let mut log = w.log("private")?.unwrap();
        w.destroy_payloads(log.id, rec(1))?;
        append_bytes(w, &mut log, erase, None)?;
        for number in 0..599_u64 {
            append_bytes(w, &mut log, number.to_be_bytes().to_vec(), None)?;
        }
        Ok(())
    })
    .unwrap();
    let log = log_of(&*store, "private").id;
    let all = |store: &dyn Store| read(store, |r| Ok((r.logs()?, r.subtrees(log, 1, 0, 9)?, r.is_erased(log, &pay)?, r.changes(0, 9)?)));
    let before = all(&*store);
    assert!(before.1.len() == 2 && before.2);
    drop(store);
    bed.back_to_step_2();
    let store = bed.open();
    assert_eq!(all(&*store), before);
    // What is written from now on goes on from there, and logs of others find room.
    write(&*store, |w| {
        hold(w, &other("sokhcn.kontum"), 0, 1)?;
        let mut log = open_log(w, "private")?;
        for number in 0..300_u64 {
            append_bytes(w, &mut log, number.to_le_bytes().to_vec(), None)?;
        }
        Ok(())
    })
    .unwrap();
    let (subtrees, leaves) = read(&*store, |r| Ok((r.subtrees(log, 1, 0, 9)?, r.leaves(log, 900)?)));
    assert_eq!(subtrees, leaves.chunks_exact(256).map(root_of).collect::<Vec<_>>());
    assert_whole(&*store, "private");
}
