//! The words of what is written, as our own reader sees them.

use official::write::{AdministrativeDocument, Align, Block, Column, Level, Row, Run, Signatory, Table, Tick};
use official::{Gazetteer, ReadError};
use proptest::prelude::*;

use crate::samples;

fn read_back(bytes: &[u8]) -> String {
    official::read("tệp.docx", bytes, &Gazetteer::default()).unwrap().text
}

/// The words and the order they stand in, whatever spaces lie between.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn the_cells_of_the_head_are_there_and_the_clerk_has_the_gaps() {
    let text = read_back(&samples::report(2).to_docx().unwrap());
    for cell in [
        "ỦY BAN NHÂN DÂN TỈNH ĐẮK LẮK",
        "SỞ KHOA HỌC VÀ CÔNG NGHỆ",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số:      /BC-SKHCN",
        "Đắk Lắk, ngày … tháng … năm …",
        "BÁO CÁO\nKết quả thực hiện nhiệm vụ",
        "Kính gửi:\n- Bộ Khoa học và Công nghệ;\n- Ủy ban nhân dân tỉnh Đắk Lắk.",
        "I. KẾT QUẢ THỰC HIỆN",
        "1. Nhiệm vụ khoa học",
        "2. Kinh phí theo tháng",
        "II. PHƯƠNG HƯỚNG",
        "b) Kết nối",
        "Nơi nhận:\n- Như trên;",
        "- Lưu: VT, QLKH.",
        "KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC",
    ] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
}

#[test]
fn a_letter_has_its_summary_below_the_number_and_no_kind() {
    let text = read_back(&samples::letter().to_docx().unwrap());
    assert!(text.contains("Số: 128/SKHCN-KHTC\nV/v đôn đốc thực hiện kết luận hội nghị vùng"));
    assert!(text.contains("Kính gửi: Trung tâm Ứng dụng tiến bộ khoa học và công nghệ"));
    assert!(text.contains("TL. GIÁM ĐỐC\nCHÁNH VĂN PHÒNG\nChánh Văn phòng (minh họa)"));
}

#[test]
fn our_own_reader_finds_number_and_day_of_a_notice() {
    let mut notice = samples::letter();
    notice.kind = Some("Thông báo".into());
    notice.symbol = "TB-SKHCN".into();
    let bytes = notice.to_docx().unwrap();
    let head = official::read("thong-bao.docx", &bytes, &Gazetteer::default()).unwrap().document;
    assert_eq!(head.number.as_deref(), Some("128/TB-SKHCN"));
    assert_eq!(head.issued_date.as_deref(), Some("2026-02-05"));
}

#[test]
fn a_register_has_the_seven_columns_of_appendix_iv() {
    let text = read_back(&samples::register(3).to_docx().unwrap());
    let head = "Số đến\tTên loại, số và ký hiệu, ngày tháng và tác giả văn bản\tĐơn vị hoặc người nhận\tThời hạn giải quyết\tTiến độ giải quyết\t\
        Số, ký hiệu văn bản trả lời\tGhi chú\t\n(1)\t(2)\t(3)\t(4)\t(5)\t(6)\t(7)\t\n1\tThông báo kết luận số 1/TB-UBND";
    assert!(text.contains(head), "{text}");
    assert!(text.contains("Từ ngày 01/01/2026 đến ngày 30/06/2026. Từ số 1 đến số 3"));
}

#[test]
fn ten_thousand_rows_stay_small_and_complete() {
    let bytes = samples::report(10_000).to_docx().unwrap();
    assert!(bytes.len() < 4_000_000, "{} bytes", bytes.len());
    let text = read_back(&bytes);
    assert!(text.contains("giai đoạn 10000 (minh họa)"));
    assert_eq!(text.matches("Trung tâm Ứng dụng").count(), 10_000);
}

/// Letters, marks, quotes, angle brackets, ampersands, control characters, decomposed letters, other scripts, and now and then a word without end.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĐẮẶỘỮ ,.;:/()-]{0,40}",
        2 => "[<>&'\"“”‘’«»\\]\\[!?%…–—]{1,8}",
        1 => "[a\u{300}\u{301}\u{302}\u{306}\u{31b}\u{323}ouO]{1,6}",
        1 => any::<char>().prop_map(String::from),
        1 => "[\u{0}-\u{1f}\u{7f}-\u{9f}]{1,3}",
        1 => "\\PC{0,12}",
        1 => "[đắ]{200,600}",
        1 => Just("]]></w:t>&amp;&#0;".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn any_block() -> impl Strategy<Value = Block> {
    let run = (any_text(), any::<bool>(), any::<bool>()).prop_map(|(text, bold, italic)| Run { text, bold, italic });
    let align = prop_oneof![Just(Align::Left), Just(Align::Centre), Just(Align::Right), Just(Align::Both)];
    let level = prop_oneof![Just(Level::Part), Just(Level::Section), Just(Level::Clause), Just(Level::Point)];
    let table = (1_usize..5, any::<bool>()).prop_flat_map(|(columns, numbered)| {
        let cells = || prop::collection::vec(any_text(), columns);
        let row = prop_oneof![cells().prop_map(Row::Cells), cells().prop_map(Row::Total), any_text().prop_map(Row::Group)];
        (cells(), prop::collection::vec(row, 0..4)).prop_map(move |(titles, rows)| Table {
            columns: titles.into_iter().map(|title| Column::new(title, 3, Align::Left)).collect(),
            numbered,
            rows,
        })
    });
    let signatory = || (any_text(), prop::option::of(any_text())).prop_map(|(role, name)| Signatory { role, name });
    let block = prop_oneof![
        3 => (align, prop::collection::vec(run, 0..4)).prop_map(|(align, runs)| Block::Paragraph { align, runs }),
        2 => (level, any_text()).prop_map(|(level, text)| Block::Heading { level, text }),
        2 => table.prop_map(Block::Table),
        1 => (signatory(), signatory()).prop_map(|(left, right)| Block::Signatures { left, right }),
        1 => (any_text(), prop::option::of(any_text())).prop_map(|(label, value)| Block::FormLine { label, value }),
        1 => prop::collection::vec((any_text(), any::<bool>()).prop_map(|(text, ticked)| Tick { text, ticked }), 0..3).prop_map(Block::Ticks),
        1 => Just(Block::PageBreak),
    ];
    block.prop_recursive(2, 8, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Block::Landscape))
}

/// What a person would read out, with a space at each end of a line or cell; numbers of headings are left out, for they are the writer's.
fn spoken(blocks: &[Block], out: &mut String) {
    for block in blocks {
        match block {
            Block::Heading { level: Level::Part, text } => line(out, &format!("# {}", text.to_uppercase())),
            Block::Heading { text, .. } => line(out, &format!("# {text}")),
            Block::Paragraph { runs, .. } => line(out, &runs.iter().map(|run| on_paper(&run.text)).collect::<String>()),
            Block::Table(table) => {
                for column in &table.columns {
                    line(out, &column.title);
                }
                if table.numbered {
                    for at in 1..=table.columns.len() {
                        line(out, &format!("({at})"));
                    }
                }
                for row in &table.rows {
                    match row {
                        Row::Cells(cells) | Row::Total(cells) => cells.iter().for_each(|cell| line(out, cell)),
                        Row::Group(words) => line(out, words),
                    }
                }
            }
            Block::Signatures { left, right } => {
                for signatory in [left, right] {
                    line(out, &signatory.role.to_uppercase());
                    if !signatory.role.trim().is_empty() {
                        line(out, "(Chữ ký, họ và tên)");
                    }
                    line(out, signatory.name.as_deref().unwrap_or_default());
                }
            }
            Block::FormLine { label, value } => {
                line(out, label);
                line(out, value.as_deref().unwrap_or_default());
            }
            Block::Ticks(ticks) => {
                for tick in ticks {
                    line(out, if tick.ticked { "☒" } else { "☐" });
                    line(out, &tick.text);
                }
            }
            Block::PageBreak => {}
            Block::Landscape(inner) => spoken(inner, out),
        }
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(&on_paper(text));
    out.push('\n');
}

/// NFC without characters that cannot be printed.
fn on_paper(text: &str) -> String {
    let kept: String =
        text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    viet::nfc(&kept).into_owned()
}

/// Takes the numbers of headings out of the read text where the expected one has its sign.
fn same_words(read: &str, expected: &str) -> Result<(), String> {
    let mut read = words(read).into_iter();
    for want in words(expected) {
        let have = read.next();
        match (want, have) {
            ("#", Some("Phần")) => {
                read.next();
            }
            ("#", Some(number)) if number.ends_with(['.', ')']) => {}
            (want, Some(have)) if want == have => {}
            (want, have) => return Err(format!("{want:?} is read as {have:?}")),
        }
    }
    match read.next() {
        Some(more) => Err(format!("{more:?} was never written")),
        None => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_is_written_is_read_in_the_same_words_and_order(body in prop::collection::vec(any_block(), 0..7)) {
        let document = AdministrativeDocument {
            issuer: "Sở Khoa học và Công nghệ".into(),
            symbol: "BB-SKHCN".into(),
            kind: Some("Biên bản".into()),
            summary: "họp (minh họa)".into(),
            recipients: vec!["Lưu: VT".into()],
            ..AdministrativeDocument::default()
        };
        let mut expected = String::from(
            "SỞ KHOA HỌC VÀ CÔNG NGHỆ CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc Số: /BB-SKHCN BIÊN BẢN họp (minh họa)\n");
        spoken(&body, &mut expected);
        expected.push_str("Nơi nhận: - Lưu: VT.");
        let bytes = AdministrativeDocument { body, ..document }.to_docx().unwrap();
        match official::read("tệp.docx", &bytes, &Gazetteer::default()) {
            // Where two runs meet, a mark of the second may join a letter of the first.
            Ok(reading) => prop_assert_eq!(same_words(&viet::nfc(&reading.text), &expected), Ok(())),
            // May come up by chance, and is refused on purpose.
            Err(ReadError::Classified(_) | ReadError::OldEncoding(_)) => {}
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
