//! Search as people use it: any spelling, nobody's secrets, and an index that says what it holds.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::{Among, CollectedText, Collection, Entry, Finder, FinderError, How, Proposal, Query, TitleWords, Vocabulary};

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
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
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
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
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
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
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
    let first = Finder::open(folder.path(), Vocabulary::default()).unwrap();
    first.put(&[entry(1, "Cà phê", &["public"])]).unwrap();
    first.commit(1).unwrap();
    assert!(matches!(Finder::open(folder.path(), Vocabulary::default()), Err(FinderError::Damaged(_))), "one writer only");
    let second = Finder::open_to_read(folder.path(), Vocabulary::default()).unwrap();
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
        let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
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
        let (first, second) = (Finder::open(one.path(), Vocabulary::default()).unwrap(), Finder::open(two.path(), Vocabulary::default()).unwrap());
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
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
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

#[test]
fn abbreviations_are_their_words_whichever_of_the_two_is_written_or_typed() {
    let folder = tempfile::tempdir().unwrap();
    let pair = |short: &str, long: &str| (short.to_owned(), long.to_owned());
    let vocabulary = Vocabulary::new(&[pair("KH&CN", "khoa học và công nghệ"), pair("ĐMST", "đổi mới sáng tạo")], &[], &[]);
    let finder = Finder::open(folder.path(), vocabulary).unwrap();
    finder
        .put(&[
            entry(1, "Sở Khoa học và Công nghệ Huế", &["public"]),
            entry(2, "Sở KH&CN Huế", &["public"]),
            entry(3, "Sở Nội vụ Huế", &["public"]),
        ])
        .unwrap();
    finder.commit(1).unwrap();
    for text in ["Sở Khoa học và Công nghệ Huế", "Sở KH&CN Huế", "so khcn hue", "KHCN", "KH&amp;CN"] {
        let found = finder.search(&query(text, &["public"])).unwrap();
        let first: BTreeSet<&str> = found.hits.iter().take(2).map(|hit| hit.id.as_str()).collect();
        assert_eq!(first, BTreeSet::from(["0001", "0002"]), "{text}");
    }
}

#[test]
fn an_abbreviation_that_a_record_explains_is_known_to_those_who_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
    let explains = Entry {
        text: "Trung tâm ươm tạo doanh nghiệp (TTƯTDN) thành lập năm 2018.".into(),
        ..entry(1, "Quyết định", &["body:1"])
    };
    finder.put(&[explains, entry(2, "Hoạt động của trung tâm ươm tạo doanh nghiệp", &["public"])]).unwrap();
    finder.commit(1).unwrap();
    let ids = |keys: &[&str]| finder.search(&query("TTƯTDN", keys)).unwrap().hits.into_iter().map(|hit| hit.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(&["public", "body:1"]), BTreeSet::from(["0001".to_owned(), "0002".to_owned()]));
    assert_eq!(ids(&["public"]), BTreeSet::new());
}

#[test]
fn words_for_the_same_find_each_other_behind_the_word_itself() {
    let folder = tempfile::tempdir().unwrap();
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let vocabulary = Vocabulary::new(&[], &[words(&["heo", "lợn"]), words(&["sạt lở", "trượt lở"])], &words(&["đề tài", "về"]));
    let finder = Finder::open(folder.path(), vocabulary).unwrap();
    finder
        .put(&[entry(1, "Chăn nuôi lợn", &["public"]), entry(2, "Chăn nuôi heo", &["public"]), entry(3, "Trượt lở đất", &["public"])])
        .unwrap();
    finder.commit(1).unwrap();
    let ids = |text: &str| finder.search(&query(text, &["public"])).unwrap().hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>();
    assert_eq!(ids("nuôi heo")[..2], ["0002", "0001"]);
    assert_eq!(ids("nuôi lợn")[..2], ["0001", "0002"]);
    assert_eq!(ids("đề tài về sạt lở đất").first().map(String::as_str), Some("0003"));
}

#[test]
fn a_hit_says_why_it_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
    finder.put(&[entry(1, "Nghiên cứu nuôi tôm sú", &["public"])]).unwrap();
    finder.commit(1).unwrap();
    let why = |text: &str| finder.search(&query(text, &["public"])).unwrap().hits[0].why.clone();
    let how = |text: &str, word: &str| why(text).into_iter().find(|why| why.word == word).map(|why| (why.found, why.how, why.in_title));
    assert_eq!(how("nuôi tôm", "tôm"), Some(("tôm".to_owned(), How::AsTyped, true)));
    assert_eq!(how("nuoi tom", "tom"), Some(("tôm".to_owned(), How::WithoutMarks, true)));
    assert_eq!(how("nghiin cứu tôm", "nghiin"), Some(("Nghiên".to_owned(), How::Corrected, true)));
    assert_eq!(how("nuôitôm", "nuôitôm"), Some(("nuôi".to_owned(), How::Corrected, true)));
}

#[test]
fn completion_goes_on_with_words_that_may_be_seen_those_beside_the_word_before_first() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
    finder
        .put(&[
            entry(1, "Cà phê Đắk Lắk", &["public"]),
            entry(2, "Phương pháp, phương tiện", &["public"]),
            entry(3, "Cà phụng", &["body:1"]),
        ])
        .unwrap();
    finder.commit(1).unwrap();
    let complete = |text: &str, keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        finder.complete(text, &keys, 10).unwrap()
    };
    assert_eq!(complete("cà ph", &["public"]).first().map(String::as_str), Some("cà phe"));
    assert!(complete("cà ph", &["public"]).iter().all(|words| !words.contains("phung")));
    assert!(complete("cà ph", &["body:1"]).iter().any(|words| words.contains("phung")));
}

#[test]
fn a_question_that_few_records_answer_shows_those_with_some_of_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
    finder.put(&[entry(1, "Ảnh hưởng của cơn bão số 9", &["public"]), entry(2, "Trồng ngô", &["public"])]).unwrap();
    finder.commit(1).unwrap();
    let found = finder.search(&query("phòng chống thiên tai bão lũ", &["public"])).unwrap();
    assert!(found.is_loose);
    assert_eq!(found.hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(), ["0001"]);
}

#[test]
fn words_that_many_records_share_are_no_overlap_and_a_copied_passage_is() {
    let folder = tempfile::tempdir().unwrap();
    let form_of_words =
        "Các đơn vị có trách nhiệm phối hợp thực hiện nhiệm vụ theo đúng quy định của pháp luật hiện hành về khoa học và công nghệ";
    let passage = "khảo nghiệm ba giống gấc trên đất bazan ở độ cao sáu trăm mét, đo tỷ lệ sống sau chín mươi ngày giâm hom trong nhà lưới";
    let mut texts: Vec<CollectedText> = (0..60)
        .map(|number| CollectedText {
            id: format!("{number}"),
            title: String::new(),
            parts: vec![("text".to_owned(), format!("Việc thứ {number} của mục {}. {form_of_words}.", number * 7 + 3))],
        })
        .collect();
    texts.push(CollectedText {
        id: "copied".into(), title: "Gấc".into(), parts: vec![("text".to_owned(), format!("Năm đầu {passage}."))]
    });
    let collection = Collection::index(folder.path(), Vocabulary::default(), &texts, |_| {}).unwrap();
    let found = |text: &str| {
        let text = CollectedText { id: String::new(), title: String::new(), parts: vec![("content".to_owned(), text.to_owned())] };
        collection.overlaps(&text, 5).unwrap()
    };
    let common = found(&format!("Nuôi ong lấy mật dưới tán rừng tràm. {form_of_words}."));
    assert!(common.iter().all(|overlap| !overlap.is_strong), "{common:?}");
    let text = format!("Nuôi ong lấy mật dưới tán rừng tràm. {form_of_words}. Sau đó {passage}.");
    let copied = found(&text);
    assert_eq!(copied[0].id, "copied");
    assert!(copied[0].is_strong);
    assert!(text[copied[0].spans[0].mine.clone()].contains("bazan ở độ cao sáu trăm mét"));
}

/// Titles as a task has them; each is its own id.
fn titles(folder: &std::path::Path, titles: &[&str]) -> Collection {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let roles = TitleWords {
        frames: words(&["nghiên cứu", "xây dựng", "mô hình", "tại", "cho", "sản phẩm", "tỉnh"]),
        provinces: words(&["Lào Cai", "Đắk Lắk"]),
        before_places: words(&["huyện", "tại"]),
        classifiers: words(&["cây"]),
        aims: vec![words(&["trồng"]), words(&["nhân giống"]), words(&["nhãn hiệu"])],
        ..TitleWords::default()
    };
    let vocabulary = Vocabulary::new(&[], &[words(&["heo", "lợn"])], &[]).with_titles(&roles);
    let texts: Vec<CollectedText> =
        titles.iter().map(|title| CollectedText { id: (*title).to_owned(), title: (*title).to_owned(), parts: Vec::new() }).collect();
    Collection::index(folder, vocabulary, &texts, |_| {}).unwrap()
}

#[test]
fn two_titles_are_alike_when_thing_and_aim_are_the_same_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let collection = titles(
        folder.path(),
        &[
            "Nghiên cứu xây dựng mô hình trồng cây atiso tại huyện Sa Pa, tỉnh Lào Cai",
            "Trồng atiso",
            "Nghiên cứu xây dựng mô hình trồng cây gấc tại huyện Sa Pa, tỉnh Lào Cai",
            "Xây dựng nhãn hiệu cho sản phẩm atiso",
            "Nuôi heo rừng lai",
        ],
    );
    let likeness = |title: &str, other: &str| {
        let asked = CollectedText { id: String::new(), title: title.to_owned(), parts: Vec::new() };
        let found = collection.overlaps(&asked, 10).unwrap();
        found.into_iter().find(|overlap| overlap.id == other).map_or(0.0, |overlap| overlap.share)
    };
    let asked = "Xây dựng mô hình trồng cây atiso ở Đắk Lắk";
    let same = likeness(asked, "Trồng atiso");
    let same_place = likeness(asked, "Nghiên cứu xây dựng mô hình trồng cây gấc tại huyện Sa Pa, tỉnh Lào Cai");
    let same_thing = likeness(asked, "Xây dựng nhãn hiệu cho sản phẩm atiso");
    assert!(same > 2.0 * same_thing && same > 2.0 * same_place, "{same} {same_thing} {same_place}");
    assert!(likeness("xay dung mo hinh trong cay atiso", "Trồng atiso") > 0.2, "without marks too");
    assert!(likeness("Nuôi lợn rừng lai", "Nuôi heo rừng lai") > 0.99, "words for the same are the same");
    assert!((likeness("Trồng atiso", "Trồng atiso") - 1.0).abs() < 1e-9);
    assert_eq!(likeness("Mô hình tại tỉnh Lào Cai", "Trồng atiso"), 0.0);
}

#[test]
fn related_records_share_rare_words_which_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
    let mut entries: Vec<Entry> = (0..40).map(|number| entry(number, &format!("Báo cáo kết quả năm {number}"), &["public"])).collect();
    entries.push(Entry { text: "Màng gấc sấy lạnh giữ lycopen".into(), ..entry(100, "Máy sấy gấc", &["public"]) });
    entries.push(entry(101, "Chiết lycopen từ màng gấc", &["public"]));
    entries.push(entry(102, "Màng gấc của đơn vị khác", &["body:1"]));
    finder.put(&entries).unwrap();
    finder.commit(1).unwrap();
    let text = Proposal { parts: vec![("title".into(), "Giữ lycopen của màng gấc khi sấy; báo cáo kết quả năm".into())] };
    let related = |keys: &[&str], less: &[&str]| {
        let strings = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let among = Among { visible_to: strings(keys), except: Some("0100"), ..Among::default() };
        finder.related(&text, &strings(less), &among, 5).unwrap()
    };
    let found = related(&["public"], &[]);
    assert_eq!(
        found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
        ["0101"],
        "not itself, nothing private, nothing for words that all have"
    );
    assert_eq!(found[0].words, ["màng gấc"]);
    assert_eq!(related(&["body:1"], &[])[0].id, "0102");
    assert!(related(&[], &[]).is_empty());
    assert!(related(&["public"], &["màng gấc"])[0].share < found[0].share, "what was turned down counts less");
}

#[test]
fn only_what_changed_after_a_cursor_is_found_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
    let at = |number: usize, changed: u64| Entry { changed, ..entry(number, "Nuôi tôm", &["public"]) };
    finder.put(&[at(1, 5), at(2, 9)]).unwrap();
    finder.commit(9).unwrap();
    let digest = finder.digest().unwrap();
    let ids = |after: Option<u64>| -> Vec<String> {
        let asked = Query { changed_after: after, ..query("tôm", &["public"]) };
        finder.search(&asked).unwrap().hits.into_iter().map(|hit| hit.id).collect()
    };
    assert_eq!(ids(Some(5)), ["0002"]);
    assert_eq!(ids(Some(9)).len(), 0);
    assert_eq!(ids(None).len(), 2);
    finder.put(&[at(1, 12)]).unwrap();
    finder.commit(12).unwrap();
    assert_eq!(ids(Some(9)), ["0001"]);
    assert_eq!(digest, finder.digest().unwrap(), "when it was indexed is no part of what it says");
}
