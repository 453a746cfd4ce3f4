//! The ledger on a real disk: what callers are promised, and what happens when something is wrong.

use std::path::Path;

use serde_json::{Value, json};

use crate::{Ledger, LedgerError, NodeName, Projection, Put, RecordId, Stored};

fn node() -> NodeName {
    NodeName::parse("sokhcn.daklak").unwrap()
}

fn open(folder: &Path) -> Ledger {
    Ledger::open(&folder.join("lienvung.sqlite"), &node()).unwrap()
}

fn put(ledger: &Ledger, rec: RecordId, previous: Option<&Stored>, projections: &[(&str, Value)]) -> Result<Stored, LedgerError> {
    let projections = projections.iter().map(|(audience, data)| Projection::seal(audience, data, &[]).unwrap()).collect();
    let put = Put { rec, kind: "article".into(), cat: 0, previous: previous.map(|stored| stored.leaf), projections };
    ledger.write(move |w| w.put(put))
}

fn problems(ledger: &Ledger) -> Vec<String> {
    ledger.verify(&mut |_, _| {}).unwrap().problems
}

#[test]
fn of_two_who_change_the_same_version_the_second_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let rec = RecordId::new();
    let first = put(&ledger, rec, None, &[("private", json!({"title": "Một"}))]).unwrap();
    let second = put(&ledger, rec, Some(&first), &[("private", json!({"title": "Hai"}))]).unwrap();
    assert_eq!((first.ver, second.ver), (1, 2));
    let before = ledger.digest().unwrap();
    for previous in [Some(&first), None] {
        let refused = put(&ledger, rec, previous, &[("private", json!({"title": "Ba"})), ("public", json!({"title": "Ba"}))]);
        assert!(matches!(refused, Err(LedgerError::ChangedMeanwhile { current: 2 })), "{refused:?}");
    }
    assert_eq!(ledger.digest().unwrap(), before);
    let titles: Vec<Value> = ledger
        .read(|r| r.versions("private", rec, None, 10))
        .unwrap()
        .into_iter()
        .map(|version| version.data.unwrap()["title"].clone())
        .collect();
    assert_eq!(titles, ["Hai", "Một"]);
    assert!(problems(&ledger).is_empty());
}

#[test]
fn a_failing_work_undoes_all_it_did_and_leaves_the_works_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let kept = RecordId::new();
    put(&ledger, kept, None, &[("private", json!({"title": "Giữ"}))]).unwrap();
    let lost = RecordId::new();
    let failed: Result<(), LedgerError> = ledger.write(move |w| {
        w.put(Put {
            rec: lost,
            kind: "article".into(),
            cat: 0,
            previous: None,
            projections: vec![Projection::seal("private", &json!({"title": "Mất"}), &[])?],
        })?;
        w.cabinet_put("node", "x", json!(1))?;
        Err(LedgerError::NoRecord)
    });
    assert!(matches!(failed, Err(LedgerError::NoRecord)));
    let panicked: Result<(), LedgerError> = ledger.write(|_| panic!("on purpose"));
    assert!(matches!(panicked, Err(LedgerError::Aborted | LedgerError::Closed)), "{panicked:?}");
    ledger
        .read(|r| -> Result<(), LedgerError> {
            assert!(r.current("private", kept)?.is_some());
            assert!(r.current("private", lost)?.is_none());
            assert_eq!(r.cabinet_get("node", "x")?, None);
            Ok(())
        })
        .unwrap();
    put(&ledger, RecordId::new(), None, &[("private", json!({"title": "Tiếp"}))]).unwrap();
    assert!(problems(&ledger).is_empty());
}

#[test]
fn a_record_made_narrower_leaves_the_wider_log_and_its_words_there_are_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let rec = RecordId::new();
    let wide = put(&ledger, rec, None, &[("private", json!({"title": "Tin", "note": "x"})), ("public", json!({"title": "Tin"}))]).unwrap();
    let narrow = put(&ledger, rec, Some(&wide), &[("private", json!({"title": "Tin", "note": "x"}))]).unwrap();
    ledger
        .read(|r| -> Result<(), LedgerError> {
            assert!(r.current("public", rec)?.is_none());
            assert_eq!(r.count("public", None)?, 0);
            assert!(r.versions("public", rec, None, 10)?.iter().all(|version| version.data.is_none()));
            assert!(r.current("private", rec)?.is_some());
            Ok(())
        })
        .unwrap();
    assert!(problems(&ledger).is_empty());
    // It can be widened again, and the chain goes on.
    put(&ledger, rec, Some(&narrow), &[("private", json!({"title": "Tin"})), ("public", json!({"title": "Tin"}))]).unwrap();
    assert_eq!(ledger.read(|r| r.current("public", rec)).unwrap().unwrap().ver, 3);
    assert!(problems(&ledger).is_empty());
}

#[test]
fn a_wider_audience_learns_nothing_of_a_change_it_may_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let rec = RecordId::new();
    let first = put(&ledger, rec, None, &[("private", json!({"title": "Tin", "note": "a"})), ("public", json!({"title": "Tin"}))]).unwrap();
    put(&ledger, rec, Some(&first), &[("private", json!({"title": "Tin", "note": "b"})), ("public", json!({"title": "Tin"}))]).unwrap();
    let sizes = ledger.read(|r| r.logs()).unwrap();
    let size = |audience: &str| sizes.iter().find(|log| log.audience == audience).unwrap().size;
    assert_eq!((size("private"), size("public")), (2, 1));
}

/// Whether any file of the folder holds the bytes.
fn on_disk(folder: &Path, needle: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        path.is_file() && std::fs::read(path).unwrap().windows(needle.len()).any(|part| part == needle.as_bytes())
    })
}

#[test]
fn what_is_erased_is_gone_from_the_disk_and_the_proofs_stand() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let secret = "so-dien-thoai-0912345678-minh-hoa";
    let rec = RecordId::new();
    let mut last =
        put(&ledger, rec, None, &[("private", json!({"title": "A", "note": secret})), ("public", json!({"title": secret}))]).unwrap();
    for turn in 0..5 {
        last = put(&ledger, rec, Some(&last), &[("private", json!({"title": turn, "note": secret})), ("public", json!({"title": secret}))])
            .unwrap();
    }
    for _ in 0..50 {
        put(&ledger, RecordId::new(), None, &[("private", json!({"title": "Khác"}))]).unwrap();
    }
    assert!(on_disk(folder.path(), secret), "the test would see the bytes");
    let before = ledger.read(|r| r.leaves("private", 6)).unwrap();
    ledger.write(move |w| w.erase(rec, "law", "12/QĐ-SKHCN")).unwrap();
    ledger.scrub().unwrap();
    assert!(!on_disk(folder.path(), secret));
    assert_eq!(ledger.read(|r| r.leaves("private", 6)).unwrap(), before, "entries and hashes stay");
    let current = ledger.read(|r| r.current("private", rec)).unwrap().unwrap();
    assert_eq!((current.ver, current.data), (6, None));
    assert!(problems(&ledger).is_empty());
}

#[test]
fn files_of_newer_programs_other_programs_and_other_nodes_are_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lienvung.sqlite");
    put(&open(folder.path()), RecordId::new(), None, &[("private", json!({"title": "A"}))]).unwrap();
    let other = Ledger::open(&path, &NodeName::parse("sokhcn.kontum").unwrap());
    assert!(matches!(other, Err(LedgerError::OtherNode { .. })), "{other:?}");

    let change = |statement: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(statement).unwrap();
    change("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99;");
    let before = std::fs::read(&path).unwrap();
    let newer = Ledger::open(&path, &node());
    assert!(matches!(newer, Err(LedgerError::Newer { found: 99, .. })), "{newer:?}");
    assert!(newer.unwrap_err().to_string().contains("install the newer version"));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let foreign = folder.path().join("foreign.sqlite");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let before = std::fs::read(&foreign).unwrap();
    assert!(matches!(Ledger::open(&foreign, &node()), Err(LedgerError::Foreign(_))));
    assert_eq!(std::fs::read(&foreign).unwrap(), before);

    let text = folder.path().join("text.sqlite");
    std::fs::write(&text, "Đây không phải cơ sở dữ liệu. ".repeat(100)).unwrap();
    assert!(matches!(Ledger::open(&text, &node()), Err(LedgerError::Foreign(_))));
}

#[test]
fn a_file_of_the_first_schema_learns_from_its_entries_under_which_definition_each_version_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let (first, second) = ledger
        .write(|w| -> Result<(u64, u64), LedgerError> {
            Ok((w.publish_type("article", json!({"version": 1}))?, w.publish_type("article", json!({"version": 2}))?))
        })
        .unwrap();
    assert_ne!(first, second);
    let (name, definition) = ledger.read(|r| r.type_definition(second)).unwrap().unwrap();
    assert_eq!((name.as_str(), definition), ("article", json!({"version": 2})));
    assert_eq!(ledger.read(|r| r.type_definition(99)).unwrap(), None);
    let again: u64 = ledger.write(|w| w.publish_type("article", json!({"version": 1}))).unwrap();
    assert_eq!(again, first, "an earlier definition is not published anew");
    let mut records = Vec::new();
    for cat in [first, second] {
        let rec = RecordId::new();
        let projections = vec![Projection::seal("private", &json!({"title": cat}), &[]).unwrap()];
        ledger.write(move |w| w.put(Put { rec, kind: "article".into(), cat, previous: None, projections })).unwrap();
        records.push((rec, cat));
    }
    drop(ledger);
    let old = rusqlite::Connection::open(folder.path().join("lienvung.sqlite")).unwrap();
    old.execute_batch(crate::store::bed::SQLITE_BACK_TO_STEP_2).unwrap();
    old.execute_batch("ALTER TABLE version DROP COLUMN cat; PRAGMA user_version = 1;").unwrap();
    drop(old);
    let ledger = open(folder.path());
    for (rec, cat) in records {
        assert_eq!(ledger.read(|r| r.current("private", rec)).unwrap().unwrap().cat, cat);
    }
    assert!(problems(&ledger).is_empty());
}

#[test]
fn verify_finds_a_changed_byte_a_changed_payload_a_missing_entry_and_a_changed_root() {
    for damage in [
        "UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"ver\":1', '\"ver\":7') AS BLOB) WHERE place IN (SELECT place FROM entry ORDER BY place LIMIT 1 OFFSET 3)",
        "UPDATE entry SET payload = x'00112233' WHERE place IN (SELECT place FROM entry ORDER BY place LIMIT 1 OFFSET 3)",
        "UPDATE entry SET payload = NULL WHERE place IN (SELECT place FROM entry ORDER BY place LIMIT 1 OFFSET 3)",
        "DELETE FROM entry WHERE place IN (SELECT place FROM entry ORDER BY place LIMIT 1 OFFSET 3)",
        "UPDATE log SET size = size - 1",
        "DELETE FROM version WHERE ver = 1 AND rec IN (SELECT rec FROM version LIMIT 1)",
        "DELETE FROM current WHERE rec IN (SELECT rec FROM current LIMIT 1)",
        "UPDATE version SET cat = cat + 1 WHERE rec IN (SELECT rec FROM version LIMIT 1)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        for turn in 0..8 {
            put(&ledger, RecordId::new(), None, &[("private", json!({"title": turn}))]).unwrap();
        }
        assert!(problems(&ledger).is_empty());
        drop(ledger);
        let changed = rusqlite::Connection::open(folder.path().join("lienvung.sqlite")).unwrap().execute(damage, []).unwrap();
        assert!(changed > 0, "{damage}");
        let found = problems(&open(folder.path()));
        assert!(!found.is_empty(), "{damage}");
        assert!(found.iter().all(|problem| problem.contains("private")), "{found:?}");
    }
}

#[test]
fn a_backup_made_while_others_write_is_whole_and_restores() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let ledger = open(&data);
    let file = ledger.put_file("a.txt", "text/plain", b"minh hoa").unwrap();
    for turn in 0..300 {
        put(&ledger, RecordId::new(), None, &[("private", json!({"title": turn, "text": "x".repeat(2_000)}))]).unwrap();
    }
    let stop = std::sync::atomic::AtomicBool::new(false);
    let copy = folder.path().join("copy");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                put(&ledger, RecordId::new(), None, &[("private", json!({"title": count}))]).unwrap();
                count += 1;
            }
            count
        });
        let mut steps = 0;
        ledger.backup(&copy, &mut |_, _| steps += 1).unwrap();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0 && steps > 0);
    });
    let back = folder.path().join("back");
    std::fs::create_dir(&back).unwrap();
    Ledger::restore(&copy, &back.join("lienvung.sqlite"), &mut |_, _| {}).unwrap();
    let restored = open(&back);
    assert!(problems(&restored).is_empty());
    assert!(restored.read(|r| r.count("private", None)).unwrap() >= 300);
    assert_eq!(restored.get_file(&file.sha256).unwrap().unwrap(), b"minh hoa");
    assert!(Ledger::restore(&copy, &back.join("lienvung.sqlite"), &mut |_, _| {}).is_err(), "never overwrites");

    // A damaged backup is refused and leaves nothing.
    rusqlite::Connection::open(copy.join("lienvung.sqlite"))
        .unwrap()
        .execute("UPDATE entry SET payload = x'00' WHERE place % 2 = 0", [])
        .unwrap();
    let third = folder.path().join("third");
    std::fs::create_dir(&third).unwrap();
    let refused = Ledger::restore(&copy, &third.join("lienvung.sqlite"), &mut |_, _| {});
    assert!(matches!(refused, Err(LedgerError::Damaged(_))), "{refused:?}");
    assert!(std::fs::read_dir(&third).unwrap().all(|file| file.unwrap().path().is_dir()));
}

#[test]
fn a_file_with_a_changed_byte_is_reported_and_never_given_out() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let file = ledger.put_file("a.txt", "text/plain", b"nguyen van").unwrap();
    assert_eq!(ledger.put_file("b.txt", "text/plain", b"nguyen van").unwrap().sha256, file.sha256);
    let path = folder.path().join("files").join(&file.sha256[..2]).join(&file.sha256[2..]);
    std::fs::write(&path, b"nguyen vaN").unwrap();
    assert!(matches!(ledger.get_file(&file.sha256), Err(LedgerError::Damaged(_))));
    assert_eq!(ledger.get_file("../../etc/passwd").unwrap(), None);
}

#[test]
fn a_closed_ledger_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let rec = RecordId::new();
    put(&ledger, rec, None, &[("private", json!({"title": "A"}))]).unwrap();
    assert!(ledger.read(|r| r.current("private", rec)).unwrap().is_some());
    drop(ledger);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["lienvung.sqlite"]);
}

#[test]
fn groups_of_writers_share_commits_and_each_gets_his_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    std::thread::scope(|scope| {
        for writer in 0..16 {
            let ledger = &ledger;
            scope.spawn(move || {
                let mut last = None;
                let rec = RecordId::new();
                for turn in 0..20 {
                    last = Some(put(ledger, rec, last.as_ref(), &[("private", json!({"title": format!("{writer}.{turn}")}))]).unwrap());
                    assert!(put(ledger, rec, None, &[("private", json!({"title": "không"}))]).is_err());
                }
            });
        }
    });
    assert_eq!(ledger.read(|r| r.count("private", None)).unwrap(), 16);
    assert_eq!(ledger.read(|r| r.logs()).unwrap()[0].size, 320);
    assert!(ledger.groups_committed() <= 640);
    assert!(problems(&ledger).is_empty());
}
