//! Search as people use it: any spelling, nobody's secrets, and an index that says what it holds.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::{Entry, Finder, FinderError, Query};

fn entry(id: usize, title: &str, visible_to: &[&str]) -> Entry {
    Entry {
        id: format!("{id:04}"),
        visible_to: visible_to.iter().map(|key| (*key).to_owned()).collect(),
        kind: if id.is_multiple_of(2) { "article".into() } else { "directive".into() },
        title: title.into(),
        text: format!("Nội dung số {id} của {title}"),
        year: Some(2019 + i32::try_from(id % 4).unwrap_or(0)),
        at: i64::try_from(id).unwrap_or(0),
        ..Entry::default()
    }
}

fn query(text: &str, visible_to: &[&str]) -> Query {
    Query { text: text.into(), visible_to: visible_to.iter().map(|key| (*key).to_owned()).collect(), limit: 100, ..Query::default() }
}

#[test]
fn every_way_of_typing_finds_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path()).unwrap();
    finder.put(&[entry(1, "Chương trình hợp tác KH&CN Khánh Hòa", &["public"]), entry(2, "Sâm Ngọc Linh Kon Tum", &["public"])]).unwrap();
    finder.commit(1).unwrap();
    for text in [
        "Khánh Hòa",
        "Khánh Hoà",
        "khanh hoa",
        "KHÁNH HÒA",
        "Kha\u{301}nh Ho\u{300}a",
        "chuong trinh hop tac",
        "“hợp tác”",
        "KH&CN",
        "  khanh   hoa  ",
        "hợp tác khánh hòa!",
    ] {
        let found = finder.search(&query(text, &["public"])).unwrap();
        assert_eq!(found.hits.first().map(|hit| hit.id.as_str()), Some("0001"), "{text}");
    }
    assert!(finder.search(&query("zzzz qqqq", &["public"])).unwrap().hits.is_empty());
}

#[test]
fn odd_questions_get_an_answer_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path()).unwrap();
    finder.put(&[entry(1, "Cà phê", &["public"])]).unwrap();
    finder.commit(1).unwrap();
    let long = "cà phê ".repeat(150_000);
    for text in [
        "",
        " ",
        "\"",
        "“",
        "AND OR NOT ()",
        "title:*",
        "a*b?c[",
        "'; DROP TABLE x; --",
        "😀☕",
        "مرحبا",
        "\u{0}\u{7f}",
        "-",
        "+cà -phê",
        &long,
    ] {
        finder.search(&query(text, &["public"])).unwrap();
    }
}

#[test]
fn an_entry_put_again_replaces_itself_and_a_removed_one_is_gone_after_purging() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path()).unwrap();
    finder.put(&[entry(1, "Tên cũ", &["public"])]).unwrap();
    finder.commit(1).unwrap();
    finder.put(&[entry(1, "Tên mới", &["public"])]).unwrap();
    finder.commit(2).unwrap();
    assert_eq!(finder.search(&query("", &["public"])).unwrap().total, 1);
    assert!(finder.search(&query("“tên cũ”", &["public"])).unwrap().hits.is_empty());
    finder.remove(&["0001".into()]).unwrap();
    finder.commit(3).unwrap();
    finder.purge().unwrap();
    assert_eq!(finder.search(&query("", &["public"])).unwrap().total, 0);
    assert_eq!(finder.cursor(), 3);
}

#[test]
fn a_second_program_reads_beside_the_first_and_may_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let first = Finder::open(folder.path()).unwrap();
    first.put(&[entry(1, "Cà phê", &["public"])]).unwrap();
    first.commit(1).unwrap();
    assert!(matches!(Finder::open(folder.path()), Err(FinderError::Damaged(_))), "one writer only");
    let second = Finder::open_to_read(folder.path()).unwrap();
    assert_eq!(second.search(&query("ca phe", &["public"])).unwrap().total, 1);
    first.put(&[entry(2, "Cà phê hai", &["public"])]).unwrap();
    first.commit(2).unwrap();
    second.refresh().unwrap();
    assert_eq!(second.search(&query("ca phe", &["public"])).unwrap().total, 2);
    assert!(matches!(second.put(&[entry(3, "x", &["public"])]), Err(FinderError::ReadOnly)));
    assert!(matches!(second.commit(3), Err(FinderError::ReadOnly)));
}

const KEYS: [&str; 4] = ["public", "region", "body:1", "body:2"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whoever asks, for whatever, sees, counts and pages through exactly what is visible to him.
    #[test]
    fn nobody_sees_or_counts_what_is_not_his(audiences in proptest::collection::vec(proptest::collection::btree_set(0_usize..4, 0..3), 1..25),
        asking in proptest::collection::btree_set(0_usize..4, 0..3), text in prop_oneof![Just(""), Just("hội nghị"), Just("hoi nghi"), Just("nội dung số")], size in 1_usize..7) {
        let folder = tempfile::tempdir().unwrap();
        let finder = Finder::open(folder.path()).unwrap();
        let mut entries = Vec::new();
        for (id, keys) in audiences.iter().enumerate() {
            let keys: Vec<&str> = keys.iter().map(|key| KEYS[*key]).collect();
            entries.push(entry(id, "Hội nghị vùng", &keys));
        }
        finder.put(&entries).unwrap();
        finder.commit(1).unwrap();
        let keys: Vec<&str> = asking.iter().map(|key| KEYS[*key]).collect();
        let expected: BTreeSet<String> = entries.iter().filter(|entry| entry.visible_to.iter().any(|key| keys.contains(&key.as_str()))).map(|entry| entry.id.clone()).collect();
        let mut seen = Vec::new();
        let mut asked = Query { limit: size, ..query(text, &keys) };
        loop {
            let found = finder.search(&asked).unwrap();
            prop_assert_eq!(found.total as usize, expected.len());
            prop_assert_eq!(found.kinds.iter().map(|(_, count)| *count as usize).sum::<usize>(), expected.len());
            prop_assert_eq!(found.years.iter().map(|(_, count)| *count as usize).sum::<usize>(), expected.len());
            seen.extend(found.hits.into_iter().map(|hit| hit.id));
            match found.next {
                Some(next) => asked.after = Some(next),
                None => break,
            }
        }
        prop_assert_eq!(seen.len(), expected.len(), "no hit twice");
        prop_assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    }

    /// However the entries came in, equal contents have equal digests.
    #[test]
    fn the_digest_is_of_the_contents_and_not_of_the_way(ids in proptest::collection::vec(0_usize..12, 1..30)) {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (first, second) = (Finder::open(one.path()).unwrap(), Finder::open(two.path()).unwrap());
        for (turn, id) in ids.iter().enumerate() {
            first.put(&[entry(*id, "Tin", &["public"])]).unwrap();
            if turn % 3 == 0 {
                first.commit(turn as u64).unwrap();
            }
        }
        first.commit(100).unwrap();
        let all: BTreeSet<usize> = ids.iter().copied().collect();
        second.put(&all.iter().rev().map(|id| entry(*id, "Tin", &["public"])).collect::<Vec<_>>()).unwrap();
        second.commit(7).unwrap();
        prop_assert_eq!(first.digest().unwrap(), second.digest().unwrap());
    }
}

#[test]
fn a_slip_is_mended_as_its_neighbours_say_and_a_rare_word_is_not_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path()).unwrap();
    let entry = |id: &str, title: &str| Entry { id: id.into(), visible_to: vec!["public".into()], title: title.into(), ..Entry::default() };
    let mut entries = Vec::new();
    for at in 0..4 {
        entries.push(entry(&format!("n{at}"), "nghiên cứu giống sâm"));
        entries.push(entry(&format!("c{at}"), "cấu trúc của đất, cưu mang"));
    }
    entries.push(entry("rare", "cây xạ đen"));
    finder.put(&entries).unwrap();
    finder.commit(1).unwrap();
    let ask =
        |text: &str| finder.search(&Query { text: text.into(), visible_to: vec!["public".into()], limit: 10, ..Query::default() }).unwrap();
    // “cuw” is one letter from cau, cua and cuu; only cuu stands behind nghien.
    let found = ask("nghien cuw giong sam");
    assert_eq!(found.did_you_mean.as_deref(), Some("nghien cuu giong sam"));
    assert!(found.hits[0].id.starts_with('n'));
    assert_eq!(ask("cay xa den").did_you_mean, None);
    assert_eq!(ask("cay xa den").hits[0].id, "rare");
}
