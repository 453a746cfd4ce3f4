//! The archive is sound: parts, relations, well-formed XML, equal bytes for equal documents.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use official::write::{AdministrativeDocument, Block, Column, Regime, Row, Run, Table, WriteError};
use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

use crate::samples;

/// Name and content of each part.
fn parts(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut part = archive.by_index(at).unwrap();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            (part.name().unwrap().into_owned(), text)
        })
        .collect()
}

/// Values of an attribute on elements of a name; panics where the XML is not well-formed.
fn values(xml: &str, element: &str, attribute: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let (mut found, mut depth) = (Vec::new(), 0_i32);
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
        if let Event::Start(start) | Event::Empty(start) = &event
            && start.name().as_ref() == element
        {
            for held in start.attributes() {
                let held = held.unwrap();
                if held.key.as_ref() == attribute {
                    found.push(held.value.to_string());
                }
            }
        }
    }
    assert_eq!(depth, 0, "every element is closed");
    found
}

fn every_sample() -> Vec<Vec<u8>> {
    vec![
        samples::report(60).to_docx().unwrap(),
        samples::minutes().to_docx().unwrap(),
        samples::letter().to_docx().unwrap(),
        samples::register(5).to_docx().unwrap(),
    ]
}

#[test]
fn parts_are_well_formed_and_every_relation_leads_to_one() {
    for bytes in every_sample() {
        let parts = parts(&bytes);
        let names: BTreeSet<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(parts[0].0, "[Content_Types].xml", "the types come first");
        for (name, xml) in &parts {
            values(xml, "", "");
            let base = match name.as_str() {
                "_rels/.rels" => "",
                "word/_rels/document.xml.rels" => "word/",
                _ => continue,
            };
            for target in values(xml, "Relationship", "Target") {
                assert!(names.contains(format!("{base}{target}").as_str()), "{target}");
            }
        }
        let part = |wanted: &str| &parts.iter().find(|(name, _)| name == wanted).unwrap().1;
        for typed in values(part("[Content_Types].xml"), "Override", "PartName") {
            assert!(names.contains(typed.trim_start_matches('/')), "{typed}");
        }
        let related: BTreeSet<String> = values(part("word/_rels/document.xml.rels"), "Relationship", "Id").into_iter().collect();
        for id in values(part("word/document.xml"), "w:headerReference", "r:id") {
            assert!(related.contains(&id), "{id}");
        }
        let styles: BTreeSet<String> = values(part("word/styles.xml"), "w:style", "w:styleId").into_iter().collect();
        for (name, element) in [
            ("word/document.xml", "w:pStyle"),
            ("word/document.xml", "w:tblStyle"),
            ("word/header1.xml", "w:pStyle"),
            ("word/styles.xml", "w:basedOn"),
        ] {
            for style in values(part(name), element, "w:val") {
                assert!(styles.contains(&style), "{style}");
            }
        }
    }
}

#[test]
fn equal_documents_have_equal_bytes() {
    assert_eq!(every_sample(), every_sample());
}

#[test]
fn pages_are_a4_with_the_margins_of_the_decree_and_the_wide_table_lies_across() {
    let parts = parts(&samples::report(3).to_docx().unwrap());
    let document = &parts.iter().find(|(name, _)| name == "word/document.xml").unwrap().1;
    assert_eq!(values(document, "w:pgSz", "w:w"), ["11906", "16838", "11906"], "upright, across, upright");
    let twips_of = |millimetres: f64| millimetres * 1440.0 / 25.4;
    for (side, least, most) in [("w:top", 20.0, 25.0), ("w:bottom", 20.0, 25.0), ("w:left", 30.0, 35.0), ("w:right", 15.0, 20.0)] {
        for margin in values(document, "w:pgMar", side) {
            let margin: f64 = margin.parse().unwrap();
            assert!((twips_of(least)..=twips_of(most)).contains(&margin), "{side} {margin}");
        }
    }
    assert_eq!(document.matches("<w:titlePg/>").count(), 1, "only the very first page has no number");
    assert_eq!(document.matches("<w:tblHeader/>").count(), 4, "two tables, each with a header row and numbered columns");
}

#[test]
fn two_landscape_blocks_in_a_row_share_their_section() {
    let wide = || Block::Landscape(vec![Block::text("Bảng rộng")]);
    let document = AdministrativeDocument { body: vec![wide(), wide(), Block::Landscape(vec![wide()])], ..samples::letter() };
    let parts = parts(&document.to_docx().unwrap());
    let xml = &parts.iter().find(|(name, _)| name == "word/document.xml").unwrap().1;
    assert_eq!(values(xml, "w:pgSz", "w:w"), ["11906", "16838", "11906"]);
}

#[test]
fn the_properties_name_the_title_and_no_author() {
    let parts = parts(&samples::report(1).to_docx().unwrap());
    let core = &parts.iter().find(|(name, _)| name == "docProps/core.xml").unwrap().1;
    assert!(core.contains("<dc:title>Báo cáo Kết quả thực hiện"));
    assert!(!core.contains("creator") && !core.contains("lastModifiedBy"));
}

#[test]
fn other_regimes_and_documents_without_a_head_are_refused_with_a_reason() {
    let refusal = |change: fn(&mut AdministrativeDocument)| {
        let mut document = samples::letter();
        change(&mut document);
        document.to_docx().unwrap_err()
    };
    assert_eq!(refusal(|document| document.regime = Regime::Party), WriteError::Regime(Regime::Party));
    assert_eq!(refusal(|document| document.regime = Regime::Normative), WriteError::Regime(Regime::Normative));
    assert_eq!(refusal(|document| document.symbol = "2025/TT-BKHCN".into()), WriteError::YearInSymbol("2025/TT-BKHCN".into()));
    assert_eq!(refusal(|document| document.issuer = " ".into()), WriteError::Blank("issuer"));
    assert_eq!(refusal(|document| document.summary.clear()), WriteError::Blank("summary"));
    assert_eq!(refusal(|document| document.kind = Some(String::new())), WriteError::Blank("kind"));
    for error in [refusal(|document| document.regime = Regime::Party), refusal(|document| document.issuer.clear())] {
        assert!(!error.message_vi().is_empty() && !error.message_en().is_empty() && !error.code().is_empty());
    }
    assert_eq!(WriteError::Blank("place").message_vi(), "Chưa có địa danh. Hãy điền rồi xuất lại.");
}

#[test]
fn a_row_that_does_not_fit_is_named() {
    let columns = || vec![Column::new("TT", 1, Default::default()), Column::new("Tên", 1, Default::default())];
    let good = Table { columns: columns(), numbered: false, rows: vec![Row::Group("Nhóm".into())] };
    let bad = Table { columns: columns(), numbered: false, rows: vec![Row::Group("Nhóm".into()), vec!["1".to_owned()].into()] };
    let document =
        AdministrativeDocument { body: vec![Block::Table(good), Block::Landscape(vec![Block::Table(bad)])], ..samples::letter() };
    assert_eq!(document.to_docx().unwrap_err(), WriteError::Row { table: 2, row: 2, cells: 1, columns: 2 });
    let none = AdministrativeDocument { body: vec![Block::Table(Table::default())], ..samples::letter() };
    assert_eq!(none.to_docx().unwrap_err(), WriteError::Columns { table: 1, columns: 0 });
}

#[test]
fn bold_and_italic_words_keep_their_look_and_line_breaks() {
    let runs = vec![Run::bold("đậm\ndòng hai"), Run::italic("nghiêng"), Run::plain("thường")];
    let parts = parts(&AdministrativeDocument { body: vec![Block::paragraph(runs)], ..samples::letter() }.to_docx().unwrap());
    let xml = &parts.iter().find(|(name, _)| name == "word/document.xml").unwrap().1;
    for written in [
        "<w:r><w:rPr><w:b/><w:bCs/></w:rPr><w:t xml:space=\"preserve\">đậm</w:t><w:br/><w:t xml:space=\"preserve\">dòng hai</w:t></w:r>",
        "<w:r><w:rPr><w:i/><w:iCs/></w:rPr><w:t xml:space=\"preserve\">nghiêng</w:t></w:r>",
        "<w:r><w:t xml:space=\"preserve\">thường</w:t></w:r>",
    ] {
        assert!(xml.contains(written), "{written}");
    }
}
