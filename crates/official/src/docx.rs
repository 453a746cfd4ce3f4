//! The words of a .docx file (ECMA-376): paragraphs, tabs, breaks, table cells, automatic numbers; deleted tracked changes are left out.

use std::io::{Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::error::ReadError;
use crate::original::LONGEST_TEXT;

/// The most that the main part may grow to when it is unpacked.
const LONGEST_PART: u64 = 40_000_000;
/// The most parts a file may have.
const MOST_PARTS: usize = 5_000;

/// Takes the text out of the main part.
pub(crate) fn docx_text(bytes: &[u8]) -> Result<String, ReadError> {
    let damaged = |error: &dyn std::fmt::Display| ReadError::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(ReadError::Damaged("too many parts".to_owned()));
    }
    let part = match archive.by_name("word/document.xml") {
        Ok(part) => part,
        Err(zip::result::ZipError::FileNotFound) => return Err(ReadError::Format("tệp nén, không phải .docx (archive, not .docx)")),
        Err(error) => return Err(damaged(&error)),
    };
    let mut xml = Vec::new();
    // What the archive says of its size is not believed: reading stops at the limit.
    part.take(LONGEST_PART + 1).read_to_end(&mut xml).map_err(|error| damaged(&error))?;
    if xml.len() as u64 > LONGEST_PART {
        return Err(ReadError::TooLarge { most: LONGEST_TEXT });
    }
    words(&xml)
}

fn words(xml: &[u8]) -> Result<String, ReadError> {
    let damaged = |error: &dyn std::fmt::Display| ReadError::Damaged(error.to_string());
    let mut reader = Reader::from_reader(xml);
    let mut text = String::new();
    let (mut in_text, mut in_tab_stops, mut deleted) = (false, false, 0_usize);
    let mut numbers = Numbers::default();
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Eof => break,
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => in_text = true,
                "tabs" => in_tab_stops = true,
                "del" | "moveFrom" => deleted += 1,
                "numPr" => numbers.begin(),
                _ => {}
            },
            Event::Empty(element) => match element.local_name().as_ref() {
                "tab" if !in_tab_stops => text.push('\t'),
                "br" | "cr" => text.push('\n'),
                "ilvl" => numbers.level = value(&element),
                "numId" => numbers.list = value(&element),
                "noBreakHyphen" => text.push('-'),
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => in_text = false,
                "tabs" => in_tab_stops = false,
                "p" => text.push('\n'),
                "tc" => {
                    if text.ends_with('\n') {
                        text.pop();
                    }
                    text.push('\t');
                }
                "tr" => text.push('\n'),
                "del" | "moveFrom" => deleted = deleted.saturating_sub(1),
                "pPr" => text.push_str(&numbers.take()),
                _ => {}
            },
            Event::Text(words) if in_text && deleted == 0 => text.push_str(&words),
            Event::GeneralRef(reference) if in_text && deleted == 0 => {
                if let Some(c) = reference.resolve_char_ref().map_err(|error| damaged(&error))? {
                    text.push(c);
                } else if let Some(named) = quick_xml::escape::resolve_predefined_entity(&reference) {
                    text.push_str(named);
                }
            }
            Event::CData(words) if in_text && deleted == 0 => text.push_str(&words),
            _ => {}
        }
        if text.len() > LONGEST_TEXT {
            return Err(ReadError::TooLarge { most: LONGEST_TEXT });
        }
        buffer.clear();
    }
    Ok(text)
}

/// Automatic numbers, printed as 1. / a) / - by level; the list's own format is not looked up, so that a missing numbering part does no harm.
#[derive(Default)]
struct Numbers {
    active: bool,
    level: Option<usize>,
    list: Option<usize>,
    counts: std::collections::BTreeMap<(usize, usize), usize>,
}

impl Numbers {
    fn begin(&mut self) {
        self.active = true;
        self.level = None;
        self.list = None;
    }

    fn take(&mut self) -> String {
        let (true, Some(list)) = (std::mem::take(&mut self.active), self.list.filter(|list| *list > 0)) else { return String::new() };
        let level = self.level.unwrap_or(0);
        self.counts.retain(|(other, deeper), _| *other != list || *deeper <= level);
        let count = self.counts.entry((list, level)).or_insert(0);
        *count += 1;
        match level {
            0 => format!("{count}. "),
            1 => format!("{}) ", char::from(b'a' + u8::try_from((*count - 1) % 26).unwrap_or(0))),
            _ => "- ".to_owned(),
        }
    }
}

fn value(element: &BytesStart<'_>) -> Option<usize> {
    element
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == "val")
        .and_then(|attribute| attribute.value.parse().ok())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Write;

    /// A .docx with one paragraph a line.
    pub(crate) fn docx_of(text: &str) -> Vec<u8> {
        let mut xml = String::from("<?xml version=\"1.0\"?><w:document xmlns:w=\"x\"><w:body>");
        for line in text.lines() {
            let line = line.replace('&', "&amp;").replace('<', "&lt;");
            xml.push_str(&format!("<w:p><w:r><w:t xml:space=\"preserve\">{line}</w:t></w:r></w:p>"));
        }
        xml.push_str("</w:body></w:document>");
        packed("word/document.xml", xml.as_bytes())
    }

    fn packed(name: &str, content: &[u8]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated)).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn words_numbers_and_deletions_are_as_on_paper() {
        let xml = "<w:document xmlns:w=\"x\"><w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"3\"/></w:numPr></w:pPr><w:r><w:t>KH&amp;CN</w:t></w:r></w:p>\
            <w:p><w:r><w:t>Giao </w:t></w:r><w:del><w:r><w:delText>cũ</w:delText></w:r></w:del><w:r><w:t>Sở</w:t></w:r></w:p></w:document>";
        assert_eq!(docx_text(&packed("word/document.xml", xml.as_bytes())).unwrap(), "1. KH&CN\nGiao Sở\n");
    }

    #[test]
    fn tab_stops_of_a_paragraph_are_not_tabs_in_its_words() {
        let xml = "<w:document xmlns:w=\"x\"><w:p><w:pPr><w:tabs><w:tab w:val=\"right\" w:pos=\"9000\"/></w:tabs></w:pPr>\
            <w:r><w:t>Họ và tên:</w:t><w:tab/><w:t>(minh họa)</w:t></w:r></w:p></w:document>";
        assert_eq!(docx_text(&packed("word/document.xml", xml.as_bytes())).unwrap(), "Họ và tên:\t(minh họa)\n");
    }

    #[test]
    fn damaged_and_swollen_files_are_refused() {
        let whole = docx_of("Giao Sở Tài chính.");
        assert!(docx_text(&whole).is_ok());
        for cut in [4, 30, whole.len() / 2, whole.len() - 5] {
            assert!(docx_text(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let bomb = packed("word/document.xml", &vec![b' '; 60_000_000]);
        assert!(bomb.len() < 200_000);
        assert!(matches!(docx_text(&bomb), Err(ReadError::TooLarge { .. })));
        assert!(matches!(docx_text(&packed("a.txt", b"x")), Err(ReadError::Format(_))));
    }
}
