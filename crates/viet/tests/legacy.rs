//! Old encodings: every table against the published facts, and the detector on good and bad text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs, reason = "tests")]

use proptest::prelude::*;
use viet::{LegacyEncoding, decode_column, decode_text};

const SENTENCES: [&str; 8] = [
    "Nghiên cứu ứng dụng công nghệ nhân giống và trồng gấc tại huyện Krông Bông, tỉnh Đắk Lắk",
    "Xây dựng mô hình liên kết sản xuất, chế biến và tiêu thụ sâm dây theo chuỗi giá trị",
    "Đánh giá thực trạng và đề xuất giải pháp nâng cao hiệu quả quản lý nhà nước về khoa học",
    "Hoàn thiện quy trình kỹ thuật canh tác cà phê thích ứng với biến đổi khí hậu ở Tây Nguyên",
    "Bảo tồn và phát triển nguồn gen lan rừng bản địa của tỉnh Kon Tum",
    "Thử nghiệm thuốc bảo vệ thực vật sinh học phòng trừ sâu bệnh hại hồ tiêu",
    "Điều tra, khảo sát nguồn nước ngầm phục vụ sản xuất nông nghiệp bền vững",
    "Ứng dụng viễn thám và hệ thống thông tin địa lý trong quản lý tài nguyên rừng",
];

fn tables() -> Option<serde_json::Value> {
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/legacy-encodings.json");
    match std::fs::read_to_string(place) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            println!("skipped: no shared data");
            None
        }
    }
}

fn by_name(name: &str) -> LegacyEncoding {
    match name {
        "TCVN3" => LegacyEncoding::Tcvn3,
        "VNI-Windows" => LegacyEncoding::Vni,
        "VPS" => LegacyEncoding::Vps,
        "VISCII" => LegacyEncoding::Viscii,
        "BKHCM1" => LegacyEncoding::Bkhcm1,
        "BKHCM2" => LegacyEncoding::Bkhcm2,
        "VIETWARE_F" => LegacyEncoding::VietwareF,
        "VIQR" => LegacyEncoding::Viqr,
        "CP1258" => LegacyEncoding::Cp1258,
        other => panic!("{other}"),
    }
}

#[test]
fn every_letter_of_every_published_table_comes_back_from_its_code() {
    let Some(tables) = tables() else { return };
    let mut checked = 0;
    for (name, table) in tables["encodings"].as_object().unwrap() {
        let encoding = by_name(name);
        for part in ["decode", "alternates"] {
            for (code, letter) in table[part].as_object().unwrap() {
                let letter = letter.as_str().unwrap();
                // A lone letter of VIQR is no syllable; in VIQR a mark counts only in one.
                let (code, letter) = if encoding == LegacyEncoding::Viqr && "đĐ".contains(letter) {
                    (format!("{code}i"), format!("{letter}i"))
                } else {
                    (code.clone(), letter.to_owned())
                };
                if encoding == LegacyEncoding::Viqr && encoding.decode(&code) == code {
                    continue;
                }
                assert_eq!(encoding.decode(&code), letter, "{name} {code:?}");
                checked += 1;
            }
        }
        for (letter, code) in table["decode"].as_object().unwrap().iter().map(|(code, letter)| (letter.as_str().unwrap(), code)) {
            assert_eq!(encoding.encode(letter), *code, "{name} {letter}");
        }
        for (letter, code) in table["shared"].as_object().unwrap() {
            if !table["decode"].as_object().unwrap().values().any(|own| own.as_str() == Some(letter)) {
                assert_eq!(encoding.encode(letter), code.as_str().unwrap(), "{name} {letter}");
            }
        }
    }
    assert!(checked > 1_200, "{checked}");
}

#[test]
fn a_sentence_comes_back_from_each_encoding_and_is_recognised() {
    for encoding in LegacyEncoding::ALL {
        for sentence in SENTENCES {
            let written = encoding.encode(sentence);
            let read = decode_text(&written).unwrap_or_else(|| panic!("{encoding:?}: {written}"));
            assert_eq!(read.text.to_lowercase(), sentence.to_lowercase(), "{encoding:?} as {:?}: {written}", read.encoding);
        }
    }
}

#[test]
fn capitals_typed_in_a_capitals_font_come_back_as_capitals() {
    assert_eq!(LegacyEncoding::Tcvn3.decode("NGHIªN CøU KHOA HäC Vµ C¤NG NGHÖ"), "NGHIÊN CỨU KHOA HỌC Và CÔNG NGHỆ");
    assert_eq!(LegacyEncoding::Tcvn3.decode("Hµ Néi"), "Hà Nội");
}

#[test]
fn what_reads_well_as_it_stands_is_left_alone() {
    for good in [
        "Hà Nội",
        "Cà Mau",
        "Trà Vinh",
        "Quý I/2020",
        "5 µm",
        "10 m²",
        "25 °C ± 0,5",
        "½ năm",
        "© 2020",
        "Coca-Cola®",
        "Müller & Söhne",
        "São Paulo",
        "Étude géologique du café",
        "Ångström",
        "naïve Bayes",
        "Noël",
        "10 €",
        "“trích dẫn” – gạch…",
        "Nghị quyết số 57-NQ/TW",
        "a+b^2 (x)",
        "what? why? who?",
        "GACP-WHO (2018)",
        "Sở KH&CN Đắk Lắk",
        "Krông Pắc",
        "¥100",
        "£5",
        "«Bắc»",
        "TCVN 5712:1993",
        "",
        " ",
        "123",
        "pH 6,5-7",
        "N'Trang Lơng",
    ] {
        assert_eq!(decode_text(good), None, "{good}");
    }
}

#[test]
fn short_cells_of_old_lists_are_read_by_the_evidence_in_them_or_by_their_column() {
    for (cell, unicode) in
        [("Hµ Néi", "Hà Nội"), ("§¾k L¾k", "Đắk Lắk"), ("Ñaék Laék", "Đắk Lắk"), ("LÇn 1", "Lần 1"), ("Nghiên cứu", "Nghiên cứu")]
    {
        let read = decode_text(cell).map(|read| read.text).unwrap_or_else(|| cell.to_owned());
        assert_eq!(read, unicode);
    }
    let column = ["TØnh", "Hµ Nam", "§µ N½ng", "Néi", "Qu¶ng TrÞ"];
    let read: Vec<String> =
        decode_column(&column).into_iter().zip(column).map(|(read, cell)| read.map_or(cell.to_owned(), |read| read.text)).collect();
    assert_eq!(read, ["Tỉnh", "Hà Nam", "Đà Nẵng", "Nội", "Quảng Trị"]);
    let mixed = ["Hµ Nam", "Hà Nội", "Ñaø Naüng", "Cà Mau"];
    let read: Vec<String> =
        decode_column(&mixed).into_iter().zip(mixed).map(|(read, cell)| read.map_or(cell.to_owned(), |read| read.text)).collect();
    assert_eq!(read, ["Hà Nam", "Hà Nội", "Đà Nẵng", "Cà Mau"]);
}

#[test]
fn of_fragments_of_thirty_characters_hardly_any_is_read_wrong() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for encoding in LegacyEncoding::ALL {
        for sentence in SENTENCES {
            let words: Vec<&str> = sentence.split(' ').collect();
            for start in 0..words.len().saturating_sub(6) {
                let fragment = words[start..start + 6].join(" ");
                let written = encoding.encode(&fragment);
                if written == fragment {
                    continue;
                }
                tried += 1;
                let read = decode_text(&written).map_or_else(|| written.clone(), |read| read.text);
                if read.to_lowercase() != fragment.to_lowercase() {
                    wrong.push(format!("{encoding:?} {written} → {read}"));
                }
            }
        }
    }
    println!("{} of {tried} fragments wrong: {wrong:#?}", wrong.len());
    assert!(tried > 500 && wrong.len() * 50 <= tried, "{} of {tried}: {wrong:#?}", wrong.len());
}

proptest! {
    #[test]
    fn text_of_letters_and_signs_comes_back_from_every_encoding_but_for_case(picked in proptest::collection::vec(0..8_usize, 1..4), upper in any::<bool>()) {
        let text = picked.iter().map(|at| SENTENCES[*at]).collect::<Vec<_>>().join(" ");
        let text = if upper { text.to_uppercase() } else { text };
        for encoding in LegacyEncoding::ALL {
            prop_assert_eq!(encoding.decode(&encoding.encode(&text)).to_lowercase(), text.to_lowercase(), "{:?}", encoding);
        }
    }

    #[test]
    fn good_unicode_is_never_converted(picked in proptest::collection::vec(0..8_usize, 1..6), skip in 0..10_usize, take in 1..12_usize) {
        let words: Vec<&str> = picked.iter().flat_map(|at| SENTENCES[*at].split(' ')).skip(skip).take(take).collect();
        let text = words.join(" ");
        prop_assert_eq!(decode_text(&text), None, "{}", &text);
        prop_assert_eq!(decode_column(&[&text, "Cà Mau", "10 µm"]), vec![None, None, None]);
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        decode_text(&text);
        for encoding in LegacyEncoding::ALL {
            encoding.decode(&encoding.encode(&text));
        }
    }
}
