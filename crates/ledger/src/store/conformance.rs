//! What every store promises, written once against [`Store`] and run on each engine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::bed::Bed;
use super::table::TABLES;
use super::{ChangeRow, EntryRow, LogRow, Store, StoreRead, StoreWrite, VersionRow};
use crate::error::LedgerError;
use crate::ledger::append_bytes;
use crate::names::{LeafHash, NodeName, Origin, RecordId};
use crate::payload::commitment;
use crate::tree::{Frontier, leaf_hash};

/// Runs each behaviour on each engine; one without a server to run on says so and passes.
macro_rules! on_every_store {
    ($($behaviour:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $behaviour() { super::$behaviour(&super::Bed::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $behaviour() {
                if let Some(bed) = super::Bed::postgres() {
                    super::$behaviour(&bed);
                }
            })*
        }
    };
}

on_every_store!(
    a_new_store_answers_with_nothing,
    a_work_reads_what_it_wrote_and_others_only_after_it_has_ended,
    a_work_that_fails_or_panics_undoes_all_it_did,
    works_of_one_group_stand_or_fall_each_by_itself,
    a_snapshot_does_not_move,
    cabinet_keys_come_in_the_order_of_their_bytes,
    a_cabinet_document_is_replaced_removed_and_comes_back_as_it_was,
    keys_have_a_limit_and_one_beyond_it_changes_nothing,
    records_of_a_kind_come_in_the_order_of_their_ids,
    versions_come_newest_first,
    changes_come_in_the_order_of_writing,
    entries_of_one_log_end_where_it_ends,
    destroyed_payloads_are_gone_everywhere_and_hashes_stand,
    the_largest_payload_and_the_latest_time_come_back_whole,
    many_writers_get_each_his_own_number,
    two_stores_on_one_database_never_write_the_same_place,
    what_was_stored_is_there_when_opened_again,
    every_table_of_the_engine_is_known_with_its_columns,
);

mod claim;
mod holding;

fn write<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnOnce(&mut dyn StoreWrite) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    let (give, take) = std::sync::mpsc::channel();
    store.transact(Box::new(move |w| {
        let value = work(w)?;
        give.send(value).map_err(|_| LedgerError::Closed)
    }))?;
    take.recv().map_err(|_| LedgerError::Closed)
}

fn read<T>(store: &dyn Store, mut work: impl FnMut(&dyn StoreRead) -> Result<T, LedgerError>) -> T {
    let mut value = None;
    store
        .snapshot(&mut |r| {
            value = Some(work(r)?);
            Ok(())
        })
        .unwrap();
    value.unwrap()
}

fn open_log(w: &mut dyn StoreWrite, audience: &str) -> Result<LogRow, LedgerError> {
    w.open_log(&Origin::of(&NodeName::parse("sokhcn.daklak")?, audience)?, audience)
}

fn rec(number: u8) -> RecordId {
    RecordId::from_slice(&[number; 16]).unwrap()
}

/// Appends an entry that says nothing, and notes a version for it.
fn put(w: &mut dyn StoreWrite, audience: &str, rec: RecordId, kind: &str, ver: u64, payload: &[u8]) -> Result<u64, LedgerError> {
    let mut log = open_log(w, audience)?;
    let row = append_bytes(w, &mut log, format!("{audience} {rec} {ver}").into_bytes(), Some(payload.to_vec()))?;
    w.note_version(log.id, &version(rec, "put", kind, ver, &row))
}

fn drop_record(w: &mut dyn StoreWrite, audience: &str, rec: RecordId, kind: &str, ver: u64) -> Result<u64, LedgerError> {
    let mut log = open_log(w, audience)?;
    let row = append_bytes(w, &mut log, format!("{audience} {rec} {ver} drop").into_bytes(), None)?;
    w.note_version(log.id, &version(rec, "drop", kind, ver, &row))
}

fn version(rec: RecordId, op: &str, kind: &str, ver: u64, row: &EntryRow) -> VersionRow {
    let (op, kind) = (op.to_owned(), kind.to_owned());
    VersionRow { rec, ver, op, kind, cat: 3, at: 1_700_000_000_000_000, seq: 0, index: row.index, leaf: row.leaf, payload: None }
}

fn log_of(store: &dyn Store, audience: &str) -> LogRow {
    read(store, |r| r.log(audience)).unwrap()
}

/// Entries in the log have the places 0, 1, 2 …, and size and frontier are theirs.
fn assert_whole(store: &dyn Store, audience: &str) {
    let (log, entries) = read(store, |r| {
        let log = r.log(audience)?.ok_or(LedgerError::NoRecord)?;
        let entries = r.entries(log.id, 0, 100_000)?;
        Ok((log, entries))
    });
    let mut frontier = Frontier::new();
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!((entry.index, entry.leaf), (index as u64, leaf_hash(&entry.bytes)));
        frontier.push(entry.leaf);
    }
    assert_eq!((log.size, log.frontier), (frontier.size(), frontier.to_bytes()));
}

fn a_new_store_answers_with_nothing(bed: &Bed) {
    let store = bed.open();
    read(&*store, |r| {
        assert_eq!(r.meta("node")?, None);
        assert_eq!(r.logs()?, []);
        assert_eq!(r.log("private")?, None);
        assert_eq!(r.entries(1, 0, 10)?, []);
        assert_eq!(r.leaves(1, 10)?, []);
        assert_eq!(r.latest(1, rec(1))?, None);
        assert_eq!(r.versions(1, rec(1), None, 10)?, []);
        assert_eq!(r.list(1, "task", None, 10)?, []);
        assert_eq!((r.count(1, None)?, r.count(1, Some("task"))?, r.last_seq()?), (0, 0, 0));
        assert_eq!(r.changes(0, 10)?, []);
        assert_eq!(r.cabinet_get("node", "x")?, None);
        assert_eq!(r.cabinet_list("node", "", None, 10, true)?, []);
        assert!(r.metas()?.is_empty() && r.drawers()?.is_empty());
        Ok(())
    });
    store.scrub().unwrap();
}

fn a_work_reads_what_it_wrote_and_others_only_after_it_has_ended(bed: &Bed) {
    let store = bed.open();
    let beside = store.clone();
    write(&*store, move |w| {
        let seq = put(w, "private", rec(1), "task", 1, b"mot")?;
        w.set_meta("a", "b")?;
        w.cabinet_put("node", "x", &json!(1))?;
        let log = w.log("private")?.unwrap();
        assert_eq!((log.size, w.logs()?.len(), w.last_seq()?), (1, 1, seq));
        assert_eq!(w.latest(log.id, rec(1))?.unwrap().payload.unwrap(), b"mot");
        assert_eq!(w.list(log.id, "task", None, 10)?.len(), 1);
        assert_eq!((w.count(log.id, None)?, w.entries(log.id, 0, 10)?.len(), w.changes(0, 10)?.len()), (1, 1, 1));
        assert_eq!(w.leaves(log.id, 1)?.len(), 1);
        assert_eq!((w.meta("a")?.as_deref(), w.cabinet_get("node", "x")?), (Some("b"), Some(json!(1))));
        assert_eq!(w.cabinet_list("node", "", None, 10, false)?.len(), 1);
        read(&*beside, |r| {
            assert_eq!((r.logs()?.len(), r.last_seq()?, r.meta("a")?, r.cabinet_get("node", "x")?), (0, 0, None, None));
            Ok(())
        });
        Ok(())
    })
    .unwrap();
    assert_eq!(log_of(&*store, "private").size, 1);
    assert_eq!(read(&*store, |r| r.meta("a")).as_deref(), Some("b"));
}

fn a_work_that_fails_or_panics_undoes_all_it_did(bed: &Bed) {
    let store = bed.open();
    let first = write(&*store, |w| put(w, "private", rec(1), "task", 1, b"mot")).unwrap();
    let spoil = |w: &mut dyn StoreWrite| -> Result<(), LedgerError> {
        put(w, "private", rec(1), "task", 2, b"hai")?;
        put(w, "public", rec(2), "task", 1, b"hai")?;
        let log = w.log("private")?.unwrap();
        w.destroy_payloads(log.id, rec(1))?;
        w.note_erase(log.id, rec(1), "task", 0)?;
        drop_record(w, "private", rec(1), "task", 3)?;
        w.set_meta("a", "b")?;
        w.cabinet_put("node", "x", &json!(1))
    };
    let failed = store.transact(Box::new(move |w| spoil(w).and(Err(LedgerError::NoRecord))));
    assert!(matches!(failed, Err(LedgerError::NoRecord)), "{failed:?}");
    let panicked = store.transact(Box::new(move |w| {
        spoil(w)?;
        panic!("on purpose")
    }));
    assert!(matches!(panicked, Err(LedgerError::Aborted)), "{panicked:?}");
    read(&*store, |r| {
        let log = r.log("private")?.unwrap();
        assert_eq!((log.size, r.logs()?.len(), r.last_seq()?), (1, 1, first));
        let latest = r.latest(log.id, rec(1))?.unwrap();
        assert_eq!((latest.ver, latest.payload.as_deref()), (1, Some(&b"mot"[..])));
        assert_eq!((r.count(log.id, None)?, r.meta("a")?, r.cabinet_get("node", "x")?), (1, None, None));
        Ok(())
    });
    // The log opened by the works that failed is opened anew, and the sequence goes on.
    let second = write(&*store, |w| put(w, "public", rec(2), "task", 1, b"hai")).unwrap();
    assert!(second > first);
    assert_whole(&*store, "private");
    assert_whole(&*store, "public");
}

fn works_of_one_group_stand_or_fall_each_by_itself(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| open_log(w, "private")).unwrap();
    std::thread::scope(|scope| {
        for number in 0..32_u8 {
            let store = &store;
            scope.spawn(move || {
                for turn in 1..=8 {
                    let done = store.transact(Box::new(move |w| {
                        put(w, "private", rec(number), "task", turn, &[number])?;
                        if number % 2 == 0 { Ok(()) } else { Err(LedgerError::NoRecord) }
                    }));
                    assert_eq!(done.is_ok(), number % 2 == 0, "{done:?}");
                }
            });
        }
    });
    assert_eq!(log_of(&*store, "private").size, 16 * 8);
    assert_whole(&*store, "private");
    let changes = read(&*store, |r| r.changes(0, 1_000));
    assert_eq!(changes.len(), 16 * 8);
}

fn a_snapshot_does_not_move(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| put(w, "private", rec(1), "task", 1, b"mot")).unwrap();
    read(&*store, |r| {
        let log = r.log("private")?.unwrap();
        let seq = r.last_seq()?;
        write(&*store, |w| {
            put(w, "private", rec(2), "task", 1, b"hai")?;
            w.destroy_payloads(1, rec(1))?;
            w.cabinet_put("node", "x", &json!(1))
        })?;
        assert_eq!((r.log("private")?.unwrap(), r.last_seq()?, r.count(log.id, None)?), (log.clone(), seq, 1));
        assert_eq!(r.latest(log.id, rec(1))?.unwrap().payload.unwrap(), b"mot");
        assert_eq!((r.latest(log.id, rec(2))?, r.cabinet_get("node", "x")?), (None, None));
        Ok(())
    });
    assert_eq!(log_of(&*store, "private").size, 2);
    assert_eq!(read(&*store, |r| r.cabinet_get("node", "x")), Some(json!(1)));
}

fn cabinet_keys_come_in_the_order_of_their_bytes(bed: &Bed) {
    let store = bed.open();
    // A collation of a language would put these otherwise: capitals beside small letters, marks beside plain, signs nowhere.
    let mut keys =
        ["b", "a", "B", "A", "a-b", "ab", "a b", "aB", "á", "ă", "đ", "d", "Đ", "e", "a/1", "a/10", "a/2", "_", "~", "\u{1f}", "ｚ", "𝄞"];
    write(&*store, move |w| {
        for (place, key) in keys.iter().enumerate() {
            w.cabinet_put("drawer", key, &json!(place))?;
            w.cabinet_put("drawer2", key, &json!("other"))?;
        }
        Ok(())
    })
    .unwrap();
    keys.sort_unstable();
    let list = |prefix: &str, after: Option<&str>, limit: usize, descending: bool| -> Vec<String> {
        read(&*store, |r| r.cabinet_list("drawer", prefix, after, limit, descending)).into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(read(&*store, |r| r.drawers()), ["drawer", "drawer2"]);
    assert_eq!(list("", None, 100, false), keys);
    let mut backwards = keys;
    backwards.reverse();
    assert_eq!(list("", None, 100, true), backwards);
    assert_eq!(list("a", None, 100, false), ["a", "a b", "a-b", "a/1", "a/10", "a/2", "aB", "ab"]);
    assert_eq!(list("a/", None, 2, true), ["a/2", "a/10"]);
    assert_eq!(list("a/", Some("a/1"), 1, false), ["a/10"]);
    for descending in [false, true] {
        let mut paged = Vec::new();
        loop {
            let page = list("", paged.last().map(String::as_str), 3, descending);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, if descending { backwards } else { keys });
    }
}

fn a_cabinet_document_is_replaced_removed_and_comes_back_as_it_was(bed: &Bed) {
    let store = bed.open();
    let document =
        json!({"z": 1, "a": ["Đắk Lắk", null, true, -5, u64::MAX], "nul": "\u{0}", "quote": "'\"\\", "big": "ừ".repeat(100_000)});
    let kept = document.clone();
    write(&*store, move |w| {
        w.cabinet_put("node", "x", &json!("first"))?;
        w.cabinet_put("node", "x", &kept)?;
        w.cabinet_remove("node", "none")
    })
    .unwrap();
    assert_eq!(read(&*store, |r| r.cabinet_get("node", "x")), Some(document));
    write(&*store, |w| w.cabinet_remove("node", "x")).unwrap();
    assert_eq!(read(&*store, |r| r.cabinet_get("node", "x")), None);
}

fn keys_have_a_limit_and_one_beyond_it_changes_nothing(bed: &Bed) {
    let store = bed.open();
    let longest = "ả".repeat(super::LONGEST_KEY / 3);
    let key = longest.clone();
    write(&*store, move |w| w.cabinet_put("node", &key, &json!(1))).unwrap();
    assert_eq!(read(&*store, |r| r.cabinet_get("node", &longest)), Some(json!(1)));
    for bad in [format!("{longest}xyz"), "a\u{0}b".to_owned()] {
        let refused = write(&*store, move |w| {
            w.cabinet_put("node", "beside", &json!(1))?;
            w.cabinet_put("node", &bad, &json!(1))
        });
        assert!(matches!(refused, Err(LedgerError::Name(_))), "{refused:?}");
    }
    assert_eq!(read(&*store, |r| r.cabinet_get("node", "beside")), None);
    // Asking for what cannot be there is no error either.
    write(&*store, |w| w.cabinet_remove("node", "a\0b")).unwrap();
    assert_eq!(read(&*store, |r| r.cabinet_get("node", "a\0b")), None);
    assert!(read(&*store, |r| r.cabinet_list("node", "a\0", None, 10, false)).is_empty());
}

fn records_of_a_kind_come_in_the_order_of_their_ids(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| {
        for number in [200, 3, 127, 128, 1, 50] {
            put(w, "private", rec(number), "task", 1, &[number])?;
            put(w, "public", rec(number), "task", 1, &[0])?;
        }
        put(w, "private", rec(50), "task", 2, &[51])?;
        put(w, "private", rec(4), "article", 1, &[4])?;
        drop_record(w, "private", rec(127), "task", 2)?;
        Ok(())
    })
    .unwrap();
    let log = log_of(&*store, "private").id;
    let list = |after: Option<RecordId>, limit: usize| -> Vec<(RecordId, u64, Vec<u8>)> {
        read(&*store, |r| r.list(log, "task", after, limit)).into_iter().map(|row| (row.rec, row.ver, row.payload.unwrap())).collect()
    };
    let all = [(1, 1, 1), (3, 1, 3), (50, 2, 51), (128, 1, 128), (200, 1, 200)].map(|(number, ver, byte)| (rec(number), ver, vec![byte]));
    assert_eq!(list(None, 10), all);
    assert_eq!(list(Some(rec(3)), 2), all[2..4]);
    assert!(list(Some(rec(200)), 2).is_empty());
    read(&*store, |r| {
        assert_eq!((r.count(log, Some("task"))?, r.count(log, Some("article"))?, r.count(log, None)?), (5, 1, 6));
        let gone = r.latest(log, rec(127))?.unwrap();
        assert_eq!((gone.op.as_str(), gone.ver, gone.kind.as_str()), ("drop", 2, "task"));
        Ok(())
    });
    write(&*store, |w| put(w, "private", rec(127), "task", 3, &[127])).unwrap();
    assert_eq!(list(None, 10).len(), 6);
}

fn versions_come_newest_first(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| {
        for ver in 1..=12 {
            put(w, "private", rec(1), "task", ver, &[u8::try_from(ver).unwrap_or(0)])?;
            put(w, "private", rec(2), "task", ver, b"other")?;
        }
        Ok(())
    })
    .unwrap();
    let log = log_of(&*store, "private").id;
    let versions = |before: Option<u64>, limit: usize| -> Vec<u64> {
        read(&*store, |r| r.versions(log, rec(1), before, limit)).into_iter().map(|row| row.ver).collect()
    };
    assert_eq!(versions(None, 3), [12, 11, 10]);
    assert_eq!(versions(Some(10), 100), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(versions(Some(u64::MAX), 1), [12]);
    assert!(versions(Some(1), 5).is_empty());
    let latest = read(&*store, |r| r.latest(log, rec(1))).unwrap();
    assert_eq!((latest.ver, latest.cat, latest.index, latest.payload), (12, 3, 22, Some(vec![12])));
    assert_eq!(latest.at, 1_700_000_000_000_000);
}

fn changes_come_in_the_order_of_writing(bed: &Bed) {
    let store = bed.open();
    let seqs = write(&*store, |w| {
        let first = put(w, "private", rec(9), "task", 1, b"mot")?;
        let second = put(w, "public", rec(9), "task", 1, b"mot")?;
        let third = drop_record(w, "public", rec(9), "task", 2)?;
        let log = w.log("public")?.unwrap();
        w.destroy_payloads(log.id, rec(9))?;
        let fourth = w.note_erase(log.id, rec(9), "task", 0)?;
        Ok([first, second, third, fourth])
    })
    .unwrap();
    assert!(seqs[0] > 0 && seqs.is_sorted_by(|before, after| before < after), "{seqs:?}");
    let change = |place: usize, audience: &str, op: &str, ver: u64, payload: Option<&[u8]>| ChangeRow {
        seq: seqs[place],
        node: NodeName::parse("sokhcn.daklak").unwrap(),
        own: true,
        audience: audience.to_owned(),
        op: op.to_owned(),
        rec: rec(9),
        kind: "task".to_owned(),
        ver,
        payload: payload.map(<[u8]>::to_vec),
    };
    let all = [
        change(0, "private", "put", 1, Some(b"mot")),
        change(1, "public", "put", 1, None),
        change(2, "public", "drop", 2, None),
        change(3, "public", "erase", 0, None),
    ];
    assert_eq!(read(&*store, |r| r.changes(0, 100)), all);
    assert_eq!(read(&*store, |r| r.changes(seqs[0], 2)), all[1..3]);
    assert_eq!(read(&*store, |r| r.changes(u64::MAX, 2)), []);
    assert_eq!(read(&*store, |r| r.last_seq()), seqs[3]);
    let later = write(&*store, |w| put(w, "private", rec(8), "task", 1, b"hai")).unwrap();
    assert!(later > seqs[3]);
}

fn entries_of_one_log_end_where_it_ends(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| {
        for number in 0..5 {
            for audience in ["private", "ministry", "public"] {
                put(w, audience, rec(number), "task", 1, &[number])?;
            }
        }
        Ok(())
    })
    .unwrap();
    let logs = read(&*store, |r| r.logs());
    let names: Vec<&str> = logs.iter().map(|log| log.audience.as_str()).collect();
    assert_eq!(names, ["private", "ministry", "public"], "in the order in which they were opened");
    for log in &logs {
        read(&*store, |r| {
            let entries = r.entries(log.id, 0, 100)?;
            assert_eq!(entries.len(), 5);
            assert!(entries.iter().all(|entry| entry.bytes.starts_with(log.audience.as_bytes())));
            assert_eq!(r.entries(log.id, 3, 100)?, entries[3..]);
            assert_eq!(r.entries(log.id, 1, 2)?, entries[1..3]);
            assert_eq!(r.entries(log.id, 5, 2)?, []);
            let leaves: Vec<LeafHash> = entries.iter().map(|entry| entry.leaf).collect();
            assert_eq!((r.leaves(log.id, 5)?, r.leaves(log.id, 2)?), (leaves.clone(), leaves[..2].to_vec()));
            assert_eq!(r.log(&log.audience)?.as_ref(), Some(log));
            Ok(())
        });
        assert_whole(&*store, &log.audience);
    }
}

fn destroyed_payloads_are_gone_everywhere_and_hashes_stand(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| {
        for ver in 1..=3 {
            put(w, "private", rec(1), "task", ver, format!("secret {ver}").as_bytes())?;
        }
        put(w, "private", rec(2), "task", 1, b"stays").map(|_| ())
    })
    .unwrap();
    let log = log_of(&*store, "private");
    let leaves = read(&*store, |r| r.leaves(log.id, log.size));
    let mut destroyed = write(&*store, move |w| w.destroy_payloads(log.id, rec(1))).unwrap();
    destroyed.sort_unstable();
    let mut expected: Vec<LeafHash> = (1..=3).map(|ver| commitment(format!("secret {ver}").as_bytes())).collect();
    expected.sort_unstable();
    assert_eq!(destroyed, expected);
    assert_eq!(write(&*store, move |w| w.destroy_payloads(log.id, rec(1))).unwrap(), [], "nothing is left to destroy");
    read(&*store, |r| {
        assert!(r.versions(log.id, rec(1), None, 10)?.iter().all(|row| row.payload.is_none()));
        assert!(r.list(log.id, "task", None, 1)?.iter().all(|row| row.payload.is_none()));
        assert!(r.changes(0, 3)?.iter().all(|row| row.payload.is_none()));
        let payloads: Vec<Option<Vec<u8>>> = r.entries(log.id, 0, 10)?.into_iter().map(|row| row.payload).collect();
        assert_eq!(payloads, [None, None, None, Some(b"stays".to_vec())]);
        assert_eq!(r.leaves(log.id, log.size)?, leaves);
        Ok(())
    });
    store.scrub().unwrap();
    assert_whole(&*store, "private");
}

fn the_largest_payload_and_the_latest_time_come_back_whole(bed: &Bed) {
    let store = bed.open();
    let payload: Vec<u8> = (0..crate::payload::LONGEST).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
    let kept = payload.clone();
    write(&*store, move |w| {
        let mut log = open_log(w, "private")?;
        let row = append_bytes(w, &mut log, vec![0xff, 0, b'\''], Some(kept))?;
        let mut version = version(rec(0xff), "put", "task", 1 << 53, &row);
        (version.at, version.cat) = (i64::MAX, 1 << 39);
        w.note_version(log.id, &version)?;
        // A payload without bytes is not the same as none.
        append_bytes(w, &mut log, b"empty".to_vec(), Some(Vec::new()))?;
        append_bytes(w, &mut log, b"none".to_vec(), None).map(|_| ())
    })
    .unwrap();
    let log = log_of(&*store, "private").id;
    let latest = read(&*store, |r| r.latest(log, rec(0xff))).unwrap();
    assert!(latest.payload.as_ref() == Some(&payload));
    assert_eq!((latest.ver, latest.at, latest.cat), (1 << 53, i64::MAX, 1 << 39));
    let rows = read(&*store, |r| r.entries(log, 0, 10));
    assert_eq!(rows[0].bytes, [0xff, 0, b'\'']);
    assert_eq!((rows[1].payload.as_deref(), rows[2].payload.as_deref()), (Some(&[][..]), None));
}

fn many_writers_get_each_his_own_number(bed: &Bed) {
    let store = bed.open();
    let stop = AtomicBool::new(false);
    let mut seqs = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            // Whoever follows along never finds a number that comes in before one he has seen.
            let mut seen: Vec<u64> = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let last = seen.last().copied().unwrap_or(0);
                seen.extend(read(&*store, |r| r.changes(last, 50)).into_iter().map(|change| change.seq));
            }
            let last = seen.last().copied().unwrap_or(0);
            seen.extend(read(&*store, |r| r.changes(last, 1_000)).into_iter().map(|change| change.seq));
            seen
        });
        let mut writers = Vec::new();
        for number in 0..16_u8 {
            let store = &store;
            writers.push(scope.spawn(move || {
                let audience = if number % 2 == 0 { "private" } else { "public" };
                let mut seqs = Vec::new();
                for ver in 1..=20 {
                    seqs.push(write(&**store, move |w| put(w, audience, rec(number), "task", ver, &[number])).unwrap());
                }
                seqs
            }));
        }
        let mut seqs = Vec::new();
        for writer in writers {
            seqs.extend(writer.join().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
        seqs.sort_unstable();
        assert_eq!(reader.join().unwrap(), seqs, "nobody who follows misses a change");
        seqs
    });
    seqs.dedup();
    assert_eq!(seqs.len(), 320);
    assert!(store.groups_committed() <= 321);
    assert_whole(&*store, "private");
    assert_whole(&*store, "public");
}

fn two_stores_on_one_database_never_write_the_same_place(bed: &Bed) {
    let stores = [bed.open(), bed.open()];
    std::thread::scope(|scope| {
        for (number, store) in (0_u8..).zip([&stores[0], &stores[1], &stores[0], &stores[1]]) {
            scope.spawn(move || {
                for ver in 1..=25 {
                    write(&**store, move |w| put(w, "private", rec(number), "task", ver, &[number])).unwrap();
                }
            });
        }
    });
    for store in &stores {
        assert_eq!(log_of(&**store, "private").size, 100);
        assert_whole(&**store, "private");
        let seqs: Vec<u64> = read(&**store, |r| r.changes(0, 1_000)).into_iter().map(|change| change.seq).collect();
        assert_eq!(seqs.len(), 100);
    }
}

fn every_table_of_the_engine_is_known_with_its_columns(bed: &Bed) {
    let known: BTreeSet<String> = TABLES.iter().map(|table| format!("{}: {}", table.name, sorted(&table.names()))).collect();
    assert_eq!(bed.tables(), known, "a column that is not in store/table.rs stays behind when a node moves to another engine");
}

fn sorted(names: &str) -> String {
    let mut names: Vec<&str> = names.split(", ").collect();
    names.sort_unstable();
    names.join(", ")
}

fn what_was_stored_is_there_when_opened_again(bed: &Bed) {
    let all = |store: &Arc<dyn Store>| -> (Vec<LogRow>, Vec<ChangeRow>, Option<String>, Option<Value>) {
        read(&**store, |r| Ok((r.logs()?, r.changes(0, 100)?, r.meta("node")?, r.cabinet_get("node", "x")?)))
    };
    let store = bed.open();
    write(&*store, |w| {
        put(w, "private", rec(1), "task", 1, b"mot")?;
        put(w, "public", rec(1), "task", 1, b"mot")?;
        w.set_meta("node", "a")?;
        w.set_meta("node", "sokhcn.daklak")?;
        w.cabinet_put("node", "x", &json!({"Đ": 1}))
    })
    .unwrap();
    let before = all(&store);
    assert_eq!(before.2.as_deref(), Some("sokhcn.daklak"));
    drop(store);
    let store = bed.open();
    assert_eq!(all(&store), before);
    let log = write(&*store, |w| {
        let log = open_log(w, "public")?;
        put(w, "public", rec(2), "task", 1, b"hai")?;
        Ok(log)
    })
    .unwrap();
    assert_eq!(Some(&log), before.0.get(1));
    assert_whole(&*store, "public");
    assert!(read(&*store, |r| r.last_seq()) > before.1.last().unwrap().seq);
}
