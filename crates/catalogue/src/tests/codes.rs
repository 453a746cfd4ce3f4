//! Code lists: the counts the law gives, validity and editions, looking up, and what took the place of what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::{catalogue, files};
use crate::{Catalogue, Code, CodeList, Lang, Share};

fn list(catalogue: &Catalogue, name: &str) -> CodeList {
    catalogue.list(name).unwrap().clone()
}

/// How many codes of each form are valid on a day.
fn forms(list: &CodeList, day: &str) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for code in list.valid_on(day) {
        *count.entry(code.form.clone().unwrap()).or_default() += 1;
    }
    count
}

fn stored<'a>(codes: impl IntoIterator<Item = &'a Code>) -> Vec<&'a str> {
    codes.into_iter().map(|code| code.code.as_str()).collect()
}

#[test]
fn provinces_are_counted_as_the_law_counts_them() {
    let provinces = list(&catalogue(), "provinces");
    assert_eq!(provinces.codes.len(), 91);
    for (day, provincial, municipal) in [
        ("2008-07-31", 59, 5),
        ("2019-06-21", 58, 5),
        ("2025-01-11", 57, 6),
        ("2025-06-30", 57, 6),
        ("2025-07-01", 28, 6),
        ("2026-04-29", 28, 6),
        ("2026-04-30", 27, 7),
        ("2026-09-01", 26, 8),
        ("2026-09-20", 25, 9),
        ("2026-11-23", 25, 9),
    ] {
        let expected = BTreeMap::from([("tỉnh".to_owned(), provincial), ("thành phố".to_owned(), municipal)]);
        assert_eq!(forms(&provinces, day), expected, "{day}");
    }
}

#[test]
fn communes_are_counted_as_the_law_counts_them_and_lie_in_the_provinces_of_their_day() {
    let catalogue = catalogue();
    let communes = list(&catalogue, "communes");
    assert_eq!(communes.codes.len(), 3343);
    for (day, xa, phuong) in [
        ("2025-07-01", 2621, 687),
        ("2026-04-29", 2621, 687),
        ("2026-04-30", 2611, 697),
        ("2026-09-20", 2599, 709),
        ("2026-11-23", 2599, 709),
    ] {
        let expected = BTreeMap::from([("xã".to_owned(), xa), ("phường".to_owned(), phuong), ("đặc khu".to_owned(), 13)]);
        assert_eq!(forms(&communes, day), expected, "{day}");
        let provinces: BTreeSet<&str> = communes
            .valid_on(day)
            .into_iter()
            .map(|commune| {
                assert_eq!(commune.level, 2);
                let province = catalogue.parent_on("communes", &commune.code, day).unwrap();
                assert!(province.is_valid_on(day));
                province.code.as_str()
            })
            .collect();
        assert_eq!(provinces.len(), 34, "every province has communes on {day}");
    }
    let province_of = |code: &str| catalogue.parent_on("communes", code, "2026-11-23").unwrap().label.vi.clone();
    assert_eq!(province_of("20333"), "thành phố Đà Nẵng", "Hoàng Sa");
    assert_eq!(province_of("22736"), "tỉnh Khánh Hòa", "Trường Sa");
    assert_eq!(communes.official_on("06970", "2026-11-23").unwrap().name(), "Ba Chẽ");
}

#[test]
fn the_lists_of_2008_are_whole_and_every_code_knows_what_is_above_it() {
    let catalogue = catalogue();
    for (name, levels) in [("research-fields", vec![6, 46, 322]), ("objectives", vec![14, 122]), ("activity-types", vec![3, 14])] {
        let list = list(&catalogue, name);
        let mut counted = vec![0; levels.len()];
        for code in &list.codes {
            counted[usize::from(code.level) - 1] += 1;
            assert_eq!(code.code, format!("{}.2008", code.official));
            assert_eq!(code.edition.as_deref(), Some("2008"));
            match &code.parent {
                Some(parent) => {
                    let parent = list.get(parent).unwrap();
                    assert!(parent.level + 1 == code.level && code.official.starts_with(&parent.official), "{}", code.code);
                }
                None => assert_eq!(code.level, 1),
            }
        }
        assert_eq!(counted, levels, "{name}");
    }
    let fields = list(&catalogue, "research-fields");
    for code in fields.codes.iter().filter(|code| code.level < 3) {
        assert_ne!(code.label.get(Lang::En), code.label.get(Lang::Vi), "{} has an English name", code.code);
    }
    let deep = fields.get("10101.2008").unwrap();
    assert_eq!((deep.label.vi.as_str(), deep.label.en.as_str()), ("Toán học cơ bản", "Toán học cơ bản"));
}

#[test]
fn a_list_that_ended_without_a_successor_goes_on_with_a_note() {
    let catalogue = catalogue();
    for name in ["research-fields", "objectives", "activity-types"] {
        let list = list(&catalogue, name);
        let before = list.choices_on("2025-12-14");
        assert!(before.note.is_none() && before.codes.len() == list.codes.len());
        assert!(list.valid_on("2025-12-15").is_empty());
        for day in ["2025-12-15", "2031-01-01"] {
            let after = list.choices_on(day);
            assert_eq!(after.codes, before.codes, "{name} on {day}");
            let note = after.note.unwrap();
            assert!(note.vi.starts_with("cơ sở pháp lý hết hiệu lực từ 15/12/2025, chưa có bảng thay thế"), "{}", note.vi);
            assert!(note.en.contains("15/12/2025"), "{}", note.en);
            assert_eq!(list.edition_of(&list.codes[0].code).unwrap().note, Some(note));
        }
        let first = &list.codes[0];
        assert_eq!(list.official_on(&first.official, "2026-11-23"), Some(first), "an official code is still understood");
        assert_eq!(list.find_by_name(&first.label.vi, "2026-11-23"), vec![first]);
        assert_eq!(list.official_on(&first.official, "2008-09-03"), None, "not before the list began");
        let early = list.choices_on("2001-01-01");
        assert!(early.codes.len() == list.codes.len() && early.note.unwrap().vi.contains("04/09/2008"));
    }
    let provinces = list(&catalogue, "provinces");
    assert!(provinces.choices_on("2031-01-01").note.is_none(), "a list that goes on has nothing to say");
}

const NEXT_EDITION: &str = "code,name_vi,parent,valid_from,valid_to,source\r\n\
    1,Khoa học tự nhiên (minh họa),,2025-12-15,,TT 24/2025/TT-BKHCN\r\n\
    101,Toán học và thống kê (minh họa),1,2025-12-15,,TT 24/2025/TT-BKHCN\r\n\
    10101,Toán lý thuyết (minh họa),101,2025-12-15,,TT 24/2025/TT-BKHCN\r\n\
    1010101,Đại số (minh họa),10101,2025-12-15,,TT 24/2025/TT-BKHCN\r\n";

#[test]
fn the_operator_adds_the_next_edition_as_one_file() {
    let file = "codes/research-fields-2025.csv".to_owned();
    // Spreadsheets put a byte order mark before the text.
    let catalogue = Catalogue::builtin_with(vec![(file.clone(), format!("\u{feff}{NEXT_EDITION}"))]).unwrap();
    let fields = list(&catalogue, "research-fields");
    assert_eq!(fields.editions.iter().map(|edition| edition.edition.as_str()).collect::<Vec<_>>(), ["2008", "2025"]);
    assert_eq!(fields.editions[1].source, "TT 24/2025/TT-BKHCN");
    assert_eq!(fields.editions[1].note, None);
    assert_eq!(fields.editions[0].note.as_ref().unwrap().vi, "cơ sở pháp lý hết hiệu lực từ 15/12/2025, thay bằng bảng 2025");
    let choices = fields.choices_on("2026-11-23");
    assert_eq!(stored(choices.codes.iter().copied()), ["1.2025", "101.2025", "10101.2025", "1010101.2025"]);
    assert!(choices.note.is_none());
    assert_eq!(fields.get("1010101.2025").unwrap().level, 4);
    assert_eq!(fields.get("10101.2025").unwrap().parent.as_deref(), Some("101.2025"));
    // The same number, two meanings; old records keep theirs.
    assert_eq!(fields.official_on("10101", "2025-12-14").unwrap().code, "10101.2008");
    assert_eq!(fields.official_on("10101", "2025-12-15").unwrap().code, "10101.2025");
    assert_eq!(fields.label("10101.2008").unwrap().vi, "Toán học cơ bản");
    assert_eq!(fields.choices_on("2025-12-14").codes.len(), 374);

    let refused = |file: &str, text: &str| Catalogue::builtin_with(vec![(file.to_owned(), text.to_owned())]).unwrap_err();
    for (from, to, line, reason) in [
        ("code,name_vi", "ma,ten", 1, "the header is “ma,ten"),
        ("code,name_vi,parent", "code;name_vi;parent", 1, "with commas between"),
        ("10101,Toán", "10.101,Toán", 4, "code “10.101”"),
        (",101,2025-12-15", ",102,2025-12-15", 4, "the parent 102"),
        ("1,Khoa học tự nhiên (minh họa),,2025-12-15", "1,Khoa học tự nhiên (minh họa),,2025-12-14", 2, "valid twice"),
        ("10101,2025-12-15", "10101,2025-12", 5, "is no day"),
        ("10101,2025-12-15,", "10101,2025-12-15,2025-12-14", 5, "lies after"),
        ("Đại số (minh họa)", "", 5, "empty"),
        ("101,Toán học", "1,Toán học", 3, "valid twice"),
        ("1,Khoa học tự nhiên (minh họa),,", "1,Khoa học tự nhiên (minh họa),10101,", 3, "lies above itself"),
        (",101,2025-12-15", ",101,x,2025-12-15", 4, "fields"),
    ] {
        assert!(NEXT_EDITION.contains(from), "{from}");
        let error = refused(&file, &NEXT_EDITION.replacen(from, to, 1));
        let said = error.problems.iter().any(|problem| problem.file == file && problem.line == line && problem.reason.en.contains(reason));
        assert!(said, "{to}: {error}");
    }
    for stray in ["codes/linh-vuc.csv", "codes/research-fields-moi.csv", "codes/provinces-2030.csv"] {
        assert!(refused(stray, NEXT_EDITION).to_string().contains(stray));
    }
    assert!(refused("codes/research-fields-2008.csv", NEXT_EDITION).to_string().contains("nothing built in is replaced"));
}

#[test]
fn a_broken_table_is_refused_with_file_line_and_reason() {
    for (file, from, to, reason) in [
        ("codes/provinces.csv", "02,Hà Giang,Ha Giang,tỉnh,,2025-06-30,08", "02,Hà Giang,Ha Giang,tỉnh,,2025-06-30,03", "the successor 03"),
        ("codes/provinces.csv", "28,Hà Tây,Ha Tay,tỉnh,,2008-07-31,01", "28,Hà Tây,Ha Tay,tỉnh,,,01", "the successor 01"),
        ("codes/communes.csv", "Ba Đình,phường,01", "Ba Đình,phường,03", "the parent 03"),
        ("codes/commune-map.csv", "00001,00097,whole,", "00001,00001,whole,", "00001 is no commune"),
        ("codes/commune-map.csv", "00001,00097,whole,", "00001,00097,all,", "whole or part"),
        ("codes/tables.toml", "\"68\"]", "\"68.2025-07-01\"]", "68.2025-07-01"),
        ("codes/tables.toml", "edition = \"2008\"", "edition = \"2007\"", "2007"),
        ("codes/tables.toml", "parents = \"provinces\"", "parents = \"tinh\"", "tinh"),
        ("codes/tables.toml", "name = \"objectives\"", "name = \"muc-tieu\"", "muc-tieu has no file"),
    ] {
        let mut broken = files();
        let (_, text) = broken.iter_mut().find(|(path, _)| path == file).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        *text = text.replacen(from, to, 1);
        let error = Catalogue::load(broken).expect_err(to);
        let said = error.problems.iter().any(|problem| problem.file == file && problem.line > 0 && problem.reason.en.contains(reason));
        assert!(said, "{to}: {error}");
    }
}

#[test]
fn provinces_are_found_however_their_name_is_typed() {
    let provinces = list(&catalogue(), "provinces");
    for (typed, day, expected) in [
        ("tỉnh Đắk Lắk", "2026-11-23", "66.2025-07-01"),
        ("Đắk Lắk", "2026-11-23", "66.2025-07-01"),
        ("Đắk Lắk", "2019-06-21", "66"),
        ("Dak Lak", "2026-11-23", "66.2025-07-01"),
        ("tỉnh Dak Lak", "2026-11-23", "66.2025-07-01"),
        ("ĐĂK LĂK", "2026-11-23", "66.2025-07-01"),
        ("Đa\u{306}\u{301}k La\u{306}\u{301}k", "2026-11-23", "66.2025-07-01"),
        ("TP. Đà Nẵng", "2026-11-23", "48.2025-07-01"),
        ("TP.Đà Nẵng", "2019-06-21", "48"),
        ("Thành phố Đà Nẵng", "2026-11-23", "48.2025-07-01"),
        ("Khánh Hoà", "2026-11-23", "56.2025-07-01"),
        ("tỉnh Quảng Ninh", "2026-11-23", "22.2026-09-01"),
        ("Gia Lai", "2019-06-21", "64"),
        ("Gia Lai", "2026-11-23", "52.2025-07-01"),
        ("Bà Rịa – Vũng Tàu", "2024-01-01", "77"),
        ("Hanoi", "2026-11-23", "01"),
        ("Thừa Thiên Huế", "2019-06-21", "46"),
        // Nothing bears the name on the day: what stands in its place.
        ("Thừa Thiên - Huế", "2026-11-23", "46.2025-01-01"),
        ("Huế", "2019-06-21", "46"),
        ("Kon Tum", "2026-11-23", "51.2025-07-01"),
        ("Hà Tây", "2026-11-23", "01"),
    ] {
        assert_eq!(stored(provinces.find_by_name(typed, day)), [expected], "{typed} on {day}");
    }
    for nothing in ["", "tỉnh", "Hà", "Tp", "Sài Gòn"] {
        assert!(provinces.find_by_name(nothing, "2026-11-23").is_empty(), "{nothing}");
    }
}

#[test]
fn namesakes_are_all_shown_unless_marks_form_or_province_tell_them_apart() {
    let catalogue = catalogue();
    let communes = list(&catalogue, "communes");
    let day = "2026-11-23";
    // 787 communes of 2025 share their name with one in another province, and none with one in the same.
    let mut bearers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut shared = 0;
    for commune in communes.valid_on("2025-07-01") {
        let provinces = bearers.entry(commune.name()).or_default();
        assert!(provinces.insert(commune.parent.as_deref().unwrap()), "{}", commune.label.vi);
    }
    for (name, provinces) in &bearers {
        let found = communes.find_by_name(name, "2025-07-01");
        assert_eq!(found.iter().filter(|code| code.name() == *name).count(), provinces.len(), "{name}");
        shared += if provinces.len() > 1 { provinces.len() } else { 0 };
    }
    assert_eq!(shared, 787);

    for (typed, day) in [("xã Hòa Bình", day), ("Hoà Bình", day), ("p. Hòa Bình", day)] {
        let found = communes.find_by_name(typed, day);
        assert!(!found.is_empty() && found.iter().all(|code| code.name() == "Hòa Bình"), "{typed}");
    }
    assert!(communes.find_by_name("xã Hòa Bình", day).iter().all(|code| code.form.as_deref() == Some("xã")));
    let unmarked = communes.find_by_name("Tan Hoa", day);
    let marked = communes.find_by_name("Tân Hòa", day);
    assert!(!marked.is_empty() && marked.iter().all(|code| unmarked.contains(code)));
    // A xã that became a phường under its code.
    assert_eq!(stored(communes.find_by_name("xã Yên Phong", "2026-09-19").into_iter().filter(|code| code.official == "09193")), ["09193"]);
    assert_eq!(
        stored(communes.find_by_name("phường Yên Phong", day).into_iter().filter(|code| code.official == "09193")),
        ["09193.2026-09-20"]
    );
    assert!(communes.find_by_name("Ba Đình", "2019-06-21").is_empty(), "the list says nothing of communes before 1 July 2025");
}

#[test]
fn provinces_are_followed_through_time_in_both_directions() {
    let catalogue = catalogue();
    for (key, day, expected) in [
        ("62", "2026-11-23", Some("51.2025-07-01")),
        ("62", "2019-06-21", Some("62")),
        ("28", "2008-07-31", Some("28")),
        ("28", "2008-08-01", Some("01")),
        ("28", "2026-11-23", Some("01")),
        ("27", "2025-07-01", Some("24.2025-07-01")),
        ("27", "2026-11-23", Some("24.2026-09-20")),
        ("46", "2026-11-23", Some("46.2025-01-01")),
        ("68.2025-07-01", "2019-06-21", None),
        ("03", "2026-11-23", None),
    ] {
        assert_eq!(catalogue.province_now(key, day), expected, "{key} on {day}");
    }
    assert_eq!(catalogue.province_as_of("68.2025-07-01", "2019-06-21"), ["60", "67", "68"]);
    assert_eq!(catalogue.province_as_of("24.2026-09-20", "2019-06-21"), ["24", "27"]);
    assert_eq!(catalogue.province_as_of("60", "2026-11-23"), ["68.2025-07-01"]);
    assert!(catalogue.province_as_of("03", "2026-11-23").is_empty());
    // Nothing is lost on the way: every province of any day lies in exactly one of today's.
    let provinces = list(&catalogue, "provinces");
    for code in &provinces.codes {
        let now = catalogue.province_now(&code.code, "2026-11-23").unwrap();
        assert!(provinces.get(now).unwrap().is_valid_on("2026-11-23"), "{}", code.code);
        let first = code.valid_from.as_deref().unwrap_or("2008-01-01");
        assert_eq!(
            catalogue.province_as_of(now, first).contains(&code.code.as_str()),
            now == code.code || code.code != "28",
            "{}",
            code.code
        );
    }
}

#[test]
fn the_twelve_members_of_2019_lie_in_six_provinces_and_lam_dong_took_in_one_that_was_no_member() {
    let catalogue = catalogue();
    let today = "2026-11-23";
    let class = catalogue.bodies().iter().find(|body| body.id.ends_with("000000000002")).unwrap();
    let members: BTreeSet<&str> = class.data["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| {
            let body = catalogue.bodies().iter().find(|body| body.id == member["body"]).unwrap();
            body.data["province"].as_str().unwrap()
        })
        .collect();
    let region = list(&catalogue, "provinces").set("region-ntb-tn-2019").unwrap().clone();
    assert_eq!(members, region.codes.iter().map(String::as_str).collect(), "departments and set name the same provinces");
    assert_eq!(members.len(), 12);
    let now: BTreeSet<&str> = members.iter().map(|key| catalogue.province_now(key, today).unwrap()).collect();
    assert_eq!(
        now.into_iter().collect::<Vec<_>>(),
        ["48.2025-07-01", "51.2025-07-01", "52.2025-07-01", "56.2025-07-01", "66.2025-07-01", "68.2025-07-01"]
    );
    let strangers: Vec<&str> = catalogue
        .list("provinces")
        .unwrap()
        .valid_on(&region.day)
        .into_iter()
        .filter(|code| !members.contains(code.code.as_str()))
        .filter(|code| members.iter().any(|member| catalogue.province_now(member, today) == catalogue.province_now(&code.code, today)))
        .map(Code::name)
        .collect();
    assert_eq!(strangers, ["Bình Thuận"]);
}

#[test]
fn every_old_commune_lies_in_new_ones_and_every_new_one_is_reached() {
    let catalogue = catalogue();
    let (communes, map) = (list(&catalogue, "communes"), catalogue.commune_map());
    let (mut whole, mut part, mut split, mut districts) = (0, 0, 0, 0);
    let mut reached = BTreeSet::new();
    for (old, successors) in map.iter() {
        assert_eq!(map.now_of(old), successors);
        whole += successors.iter().filter(|successor| successor.share == Share::Whole).count();
        part += successors.iter().filter(|successor| successor.share == Share::Part).count();
        districts += usize::from(old.starts_with("district:"));
        if successors.len() > 1 {
            split += 1;
            assert_eq!(successors.iter().filter(|successor| successor.default).count(), 1, "{old} has one suggestion");
        }
        for successor in successors {
            assert!(communes.get(&successor.code).unwrap().is_valid_on("2025-07-01"));
            assert!(communes.now_of(&successor.code, "2026-11-23").is_some());
            reached.insert(successor.code.as_str());
        }
    }
    assert_eq!((whole, part, split, districts), (9569, 1033, 471, 5));
    assert_eq!(reached, stored(communes.valid_on("2025-07-01")).into_iter().collect());
    let kept = communes.valid_on("2025-07-01").into_iter().filter(|code| !map.now_of(&code.official).is_empty()).count();
    assert_eq!(kept, 3316, "codes used again");
    assert_eq!(stored(map.now_of("district:498").iter().filter_map(|successor| communes.get(&successor.code))), ["20333"]);
    assert!(map.now_of("99999").is_empty());
    assert_eq!(communes.as_of("07294", "2026-11-23"), vec![communes.get("07294.2026-09-20").unwrap()]);
    assert_eq!(communes.as_of("07294.2026-09-20", "2025-07-01"), vec![communes.get("07294").unwrap()]);
}

#[test]
fn a_large_list_stands_once_in_a_schema_and_checks_the_same_codes() {
    let mut with_places = files();
    let field = |name: &str, list: &str| {
        format!("  {{ name = \"{name}\", type = \"code\", list = \"{list}\", vi = \"{name}\", en = \"{name}\" }},\n")
    };
    let fields: String = (0..20).map(|number| field(&format!("place_{number}"), "communes")).collect();
    let kind = format!(
        "kind = \"place_test\"\nversion = 1\nvalid_from = \"2026-01-01\"\nvi = \"x\"\nen = \"x\"\nplural_vi = \"x\"\nplural_en = \"x\"\nsource = \"minh họa\"\n\
         title_field = \"place_0\"\nfield = [\n{fields}{}]\n",
        field("field", "research-fields")
    );
    with_places.push(("kinds/place_test.toml".to_owned(), kind));
    let catalogue = Catalogue::load(with_places).unwrap();
    let schema = catalogue.schema(catalogue.kind("place_test").unwrap());
    assert_eq!(schema.to_string().matches("\"22736\"").count(), 1);
    assert!(schema.to_string().len() < 80_000, "{}", schema.to_string().len());
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let kind = catalogue.kind("place_test").unwrap();
    for (data, fits) in [
        (json!({"place_0": "00004", "place_19": "07294.2026-09-20", "field": "10101.2008"}), true),
        (json!({"field": "10101"}), false),
        (json!({"place_3": "10101.2008"}), false),
        (json!({"place_3": 4}), false),
        (json!({"place_3": "99999"}), false),
    ] {
        assert_eq!(validator.is_valid(&data), fits, "{data}");
        assert_eq!(catalogue.check_structure(kind, &data).is_empty(), fits, "{data}");
    }
}

#[test]
fn the_shared_lists_and_ours_say_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/codes");
    let catalogue = catalogue();
    for (file, name) in [
        ("research-fields-2008.csv", "research-fields"),
        ("socio-economic-objectives-2008.csv", "objectives"),
        ("activity-types-2008.csv", "activity-types"),
        ("provinces.csv", "provinces"),
        ("communes-2026.csv", "communes"),
    ] {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
            println!("skipped: no shared data");
            return;
        };
        let list = list(&catalogue, name);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let mut rows = 0;
        for (row, code) in reader.records().zip(&list.codes) {
            let row = row.unwrap();
            let cell = |column: &str| headers.iter().position(|header| header == column).and_then(|at| row.get(at)).unwrap_or_default();
            let name = if code.form.is_some() { code.name() } else { &code.label.vi };
            assert_eq!((cell("code"), cell("name_vi")), (code.official.as_str(), name), "{file}");
            assert_eq!(cell("kind"), code.form.as_deref().unwrap_or_default());
            assert_eq!(cell("valid_from"), code.valid_from.as_deref().unwrap_or_default());
            assert_eq!(cell("valid_to"), code.valid_to.as_deref().unwrap_or_default());
            if let Some(region) = list.set("region-ntb-tn-2019") {
                // The mark stands on the rows of 2019 only.
                assert_eq!(cell("region_ntb_tn_2019") == "x", region.codes.contains(&code.code), "{}", code.code);
            }
            rows += 1;
        }
        assert_eq!(rows, list.codes.len(), "{file}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// The indexes answer as a look through the whole list does.
    #[test]
    fn looking_up_is_the_same_as_looking_through(pick in any::<proptest::sample::Index>(), name in proptest::sample::select(vec!["provinces", "communes", "research-fields"]),
        year in 2000u32..2030, month in 1u32..13, day in 1u32..29) {
        thread_local! {
            static READY: Catalogue = Catalogue::builtin().unwrap();
        }
        READY.with(|catalogue| {
            let list = catalogue.list(name).unwrap();
            let code = pick.get(&list.codes);
            let day = format!("{year:04}-{month:02}-{day:02}");
            prop_assert_eq!(list.get(&code.code), Some(code));
            prop_assert_eq!(list.get(&format!("{}x", code.code)), None);
            let by_official: Vec<&Code> = list.valid_on(&day).into_iter().filter(|other| other.official == code.official).collect();
            prop_assert!(by_official.len() <= 1);
            if !list.valid_on(&day).is_empty() {
                prop_assert_eq!(list.official_on(&code.official, &day), by_official.first().copied());
                let by_name: BTreeSet<&str> = list.valid_on(&day).into_iter().filter(|other| viet::key(other.name()) == viet::key(code.name())).map(|other| other.code.as_str()).collect();
                let found: BTreeSet<&str> = list.find_by_name(&code.label.vi, &day).into_iter().map(|other| other.code.as_str()).collect();
                if code.is_valid_on(&day) {
                    prop_assert!(found.contains(code.code.as_str()));
                    if !code.name().is_ascii() {
                        prop_assert!(found.is_subset(&by_name), "{:?} {:?}", found, by_name);
                    }
                }
            }
            for other in list.as_of(&code.code, &day) {
                prop_assert!(other.is_valid_on(&day));
            }
            Ok(())
        })?;
    }

    /// No name a person can type makes the look-up fail.
    #[test]
    fn any_text_may_be_looked_up(text in "(TP|tỉnh|xã|p)?[. ]?\\PC{0,20}") {
        thread_local! {
            static READY: Catalogue = Catalogue::builtin().unwrap();
        }
        READY.with(|catalogue| {
            for name in ["provinces", "communes"] {
                for code in catalogue.list(name).unwrap().find_by_name(&text, "2026-11-23") {
                    assert!(code.is_valid_on("2026-11-23"));
                }
            }
        });
    }
}
