//! What `lienvung read` finds.

use catalogue::Catalogue;
use serde_json::Value;

use crate::shared::shared;

fn read(name: &str, bytes: &[u8]) -> Value {
    let catalogue = Catalogue::builtin().unwrap();
    office::read_document(&catalogue, name, bytes).unwrap().to_json()
}

#[test]
fn the_published_conclusion_gives_its_directives_and_only_item_four_names_a_body_and_a_date() {
    let Some(bytes) = shared("data/conclusion-xv.txt") else { return };
    let found = read("conclusion-xv.txt", &bytes);
    let directives = found["directives"].as_array().unwrap();
    assert!(directives.len() >= 25, "{}", directives.len());
    for directive in directives {
        let (start, end) = (directive["start"].as_u64().unwrap() as usize, directive["end"].as_u64().unwrap() as usize);
        assert_eq!(std::str::from_utf8(&bytes[start..end]).unwrap(), directive["text"].as_str().unwrap());
        assert!(!directive["item"].as_str().unwrap().is_empty());
    }
    let dated: Vec<&Value> = directives
        .iter()
        .filter(|one| !one["lead"].as_array().unwrap().is_empty() && one["class"] == false && !one["due"].is_null())
        .collect();
    assert!(dated.iter().all(|one| one["item"] == "4"));
    let of = |raw: &str, lead: &str| {
        dated
            .iter()
            .find(|one| one["due"]["raw"] == raw && one["lead"][0] == lead && one["due"]["inferred"] == false)
            .map(|one| one["due"]["date"].clone())
    };
    assert_eq!(of("vào năm 2021", "tỉnh Đắk Lắk"), Some("2021-12-31".into()));
    assert_eq!(of("trước tháng 10/2019", "Sở KH&CN Đắk Lắk"), Some("2019-09-30".into()));
}

#[test]
fn the_slips_of_the_published_conclusion_are_suggested_and_hardly_anything_else() {
    let Some(bytes) = shared("data/conclusion-xv.txt") else { return };
    let found = read("conclusion-xv.txt", &bytes);
    let suggestions = found["suggestions"].as_array().unwrap();
    let true_slips = [
        "54/2017/NĐ-CP",
        "quyết quyết",
        "20- NQ/TW",
        "tệp tục",
        "phối họp",
        "đối vói",
        "nguôn",
        "phát triên",
        "anh ninh",
        "Đối Với",
        "”",
        "ủy ban nhân dân",
        "Nam Trung bộ",
        "Tây nguyên",
        "KC4.0",
    ];
    let is_true = |raw: &str| true_slips.iter().any(|slip| raw.contains(slip));
    let hits = true_slips.iter().filter(|slip| suggestions.iter().any(|one| one["raw"].as_str().unwrap().contains(**slip))).count();
    let wrong: Vec<&str> = suggestions.iter().map(|one| one["raw"].as_str().unwrap()).filter(|raw| !is_true(raw)).collect();
    assert!(hits >= 12, "{hits}");
    assert!(wrong.len() <= 3, "{wrong:?}");
    let decree = suggestions.iter().find(|one| one["raw"] == "54/2017/NĐ-CP").unwrap();
    assert_eq!(decree["proposal"], "54/2016/NĐ-CP");
}

#[test]
fn labelled_sentences_have_exactly_their_leads_co_operators_and_deadlines() {
    let Some(bytes) = shared("data/directives-labelled.jsonl") else { return };
    for line in String::from_utf8(bytes).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let found = read("cau.txt", case["text"].as_str().unwrap().as_bytes());
        let directives = found["directives"].as_array().unwrap();
        assert!(!directives.is_empty(), "{case}");
        for directive in directives {
            assert_eq!((&directive["lead"], &directive["with"]), (&case["lead"], &case["with"]), "{}", case["id"]);
        }
        let stated = directives.iter().map(|one| &one["due"]).find(|due| !due.is_null()).cloned().unwrap_or(Value::Null);
        let (raw, precision, date) = (&stated["raw"], &stated["precision"], &stated["date"]);
        assert_eq!(
            (raw, precision, date),
            (&case["deadline"]["raw"], &case["deadline"]["precision"], &case["deadline"]["due"]),
            "{}",
            case["id"]
        );
    }
}

#[test]
fn the_same_words_in_another_unicode_form_give_the_same_directives() {
    use unicode_normalization::UnicodeNormalization;
    let text = include_str!("../../demo/conclusion-xv.txt");
    let decomposed: String = text.nfd().collect();
    let (one, two) = (read("a.txt", text.as_bytes()), read("b.txt", decomposed.as_bytes()));
    let texts = |found: &Value| -> Vec<String> {
        found["directives"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().nfc().collect()).collect()
    };
    assert_eq!(texts(&one), texts(&two));
    assert_eq!(texts(&one).len(), 25);
}

#[test]
fn a_provincial_notice_in_parts_and_letters_gives_its_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let office = crate::people::open(folder.path());
    let text = "ỦY BAN NHÂN DÂN TỈNH GIA LAI\nSố: 215/TB-UBND\nGia Lai, ngày 12 tháng 8 năm 2024\nTHÔNG BÁO\nKết luận tại cuộc họp về khoa học và công nghệ (minh họa)\n\
        Ngày 07/8/2024, tại Trụ sở UBND tỉnh, lãnh đạo UBND tỉnh đã chủ trì cuộc họp nghe báo cáo tình hình triển khai. Tham dự cuộc họp có lãnh đạo các Sở: Tài chính, Nông nghiệp.\n\
        Sau khi nghe báo cáo, kết luận như sau:\nI. Đánh giá chung\nThời gian qua, Sở Khoa học và Công nghệ đã triển khai nhiều nhiệm vụ.\nII. Nhiệm vụ thời gian tới\n\
        1. Giao Sở Khoa học và Công nghệ:\na) Chủ trì, phối hợp với Sở Tài chính rà soát, tham mưu UBND tỉnh ban hành Quyết định sửa đổi, hoàn thành trước ngày 30/9/2024.\n\
        b) Khẩn trương thẩm định kinh phí; báo cáo kết quả trong tháng 10/2024.\nc) Định kỳ hằng quý báo cáo tiến độ thực hiện.\n\
        2. Yêu cầu UBND các huyện, thị xã, thành phố bố trí kinh phí sự nghiệp năm 2025 đúng quy định.\nNơi nhận:\n- Như trên.";
    let reading = office::read_document(office.catalogue(), "a.txt", text.as_bytes()).unwrap();
    let found: Vec<(String, Vec<String>, Option<String>)> = reading
        .directives
        .iter()
        .map(|one| {
            (
                one.item.clone(),
                one.lead.iter().map(|lead| lead.text.clone()).collect(),
                one.due.as_ref().and_then(|due| due.last_day).map(|day| day.to_string()),
            )
        })
        .collect();
    let department = vec!["Sở Khoa học và Công nghệ".to_owned()];
    let expected = [
        ("II.1.a", department.clone(), Some("2024-09-29")),
        ("II.1.b", department.clone(), None),
        ("II.1.b", department.clone(), Some("2024-10-31")),
        ("II.1.c", department, None),
        ("II.2", vec!["UBND các huyện, thị xã, thành phố".to_owned()], None),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(item, lead, due)| (item.to_owned(), lead, due.map(str::to_owned))).collect();
    assert_eq!(found, expected);
    assert_eq!(reading.directives[0].with[0].text, "Sở Tài chính");
    assert!(reading.directives[3].due.as_ref().is_some_and(|due| due.period.is_some()), "every quarter");
    assert_eq!((reading.document.number.as_deref(), reading.document.place.as_deref()), (Some("215/TB-UBND"), Some("Trụ sở UBND tỉnh")));
    assert!(reading.document.attendees.as_deref().is_some_and(|words| words.starts_with("Tham dự cuộc họp")));
    assert!(reading.citations.is_empty(), "{:?}", reading.citations);
    assert!(reading.suggestions.is_empty(), "{:?}", reading.suggestions);
}
