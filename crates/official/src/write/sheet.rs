//! The main part of a .docx while it is written: paragraphs, runs, table cells, and sections of portrait and landscape pages (WordprocessingML, ECMA-376
//! part 1). Sizes are twips, 1/1440 inch.

use std::borrow::Cow;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::block::Run;

const NAMESPACE: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
/// A4.
const SHORT_SIDE: u32 = 11_906;
const LONG_SIDE: u32 = 16_838;
/// Margins of 20 mm above and below, 30 mm left, 15 mm right; the page number stands 10 mm from the edge.
const ABOVE_AND_BELOW: &str = "1134";
const LEFT: u32 = 1701;
const RIGHT: u32 = 851;
const PAGE_NUMBER: &str = "567";

/// How the paper lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orientation {
    Portrait,
    Landscape,
}

impl Orientation {
    /// The width between the margins.
    pub(super) fn text_width(self) -> u32 {
        match self {
            Orientation::Portrait => SHORT_SIDE - LEFT - RIGHT,
            Orientation::Landscape => LONG_SIDE - LEFT - RIGHT,
        }
    }
}

type Attributes<'a> = &'a [(&'a str, &'a str)];

/// The body as far as it is written.
pub(super) struct Sheet<'a> {
    writer: Writer<&'a mut dyn Write>,
    orientation: Orientation,
    first_section: bool,
}

impl<'a> Sheet<'a> {
    /// Opens the document; its first page lies as told.
    pub(super) fn begin(out: &'a mut dyn Write, first_page: Orientation) -> io::Result<Sheet<'a>> {
        let mut sheet = Sheet { writer: Writer::new(out), orientation: first_page, first_section: true };
        sheet.writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), Some("yes"))))?;
        sheet.open("w:document", &[("xmlns:w", NAMESPACE), ("xmlns:r", RELATIONSHIPS)])?;
        sheet.open("w:body", &[])?;
        Ok(sheet)
    }

    /// Closes the document with its last section.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.section()?;
        self.close("w:body")?;
        self.close("w:document")
    }

    /// The width between the margins of the page that is written on.
    pub(super) fn text_width(&self) -> u32 {
        self.orientation.text_width()
    }

    /// Goes on on a new page when the paper has to lie otherwise.
    pub(super) fn turn(&mut self, to: Orientation) -> io::Result<()> {
        if self.orientation == to {
            return Ok(());
        }
        self.open("w:p", &[])?;
        self.open("w:pPr", &[])?;
        self.empty("w:pStyle", &[("w:val", "Gap")])?;
        self.section()?;
        self.close("w:pPr")?;
        self.close("w:p")?;
        self.orientation = to;
        Ok(())
    }

    /// A paragraph of plain words in a style of `parts/styles.xml`.
    pub(super) fn line(&mut self, style: &str, words: &str) -> io::Result<()> {
        self.begin_paragraph(style, &[])?;
        self.run(words, false, false)?;
        self.close("w:p")
    }

    /// A paragraph of runs.
    pub(super) fn paragraph(&mut self, style: &str, runs: &[Run]) -> io::Result<()> {
        self.begin_paragraph(style, &[])?;
        for run in runs {
            self.run(&run.text, run.bold, run.italic)?;
        }
        self.close("w:p")
    }

    /// The same, on the page of what follows.
    pub(super) fn paragraph_kept_with_next(&mut self, style: &str, runs: &[Run]) -> io::Result<()> {
        self.begin_paragraph(style, &[("w:keepNext", &[])])?;
        for run in runs {
            self.run(&run.text, run.bold, run.italic)?;
        }
        self.close("w:p")
    }

    /// The words of a table cell.
    pub(super) fn cell_text(&mut self, style: &str, words: &str, bold: bool) -> io::Result<()> {
        self.begin_paragraph(style, &[])?;
        self.run(words, bold, false)?;
        self.close("w:p")
    }

    /// A line of the given length in the middle of a space: the upper border of an empty paragraph, so that it moves with the words above it.
    pub(super) fn rule(&mut self, across: u32, length: u32) -> io::Result<()> {
        let side = (across.saturating_sub(length) / 2).to_string();
        self.begin_paragraph("Rule", &[("w:ind", &[("w:left", &side), ("w:right", &side)])])?;
        self.close("w:p")
    }

    /// Six points of nothing; also keeps two tables apart, which Word would join.
    pub(super) fn gap(&mut self) -> io::Result<()> {
        self.begin_paragraph("Gap", &[])?;
        self.close("w:p")
    }

    /// What follows begins on a new page.
    pub(super) fn page_break(&mut self) -> io::Result<()> {
        self.begin_paragraph("Gap", &[])?;
        self.open("w:r", &[])?;
        self.empty("w:br", &[("w:type", "page")])?;
        self.close("w:r")?;
        self.close("w:p")
    }

    /// A box, ticked or not, and its words. Times New Roman has no boxes; the font of Word's own check boxes is named.
    pub(super) fn tick(&mut self, words: &str, ticked: bool) -> io::Result<()> {
        self.begin_paragraph("Tick", &[])?;
        self.open("w:r", &[])?;
        self.open("w:rPr", &[])?;
        let font = "MS Gothic";
        self.empty("w:rFonts", &[("w:ascii", font), ("w:hAnsi", font), ("w:eastAsia", font), ("w:cs", font)])?;
        self.close("w:rPr")?;
        self.text_element(if ticked { "☒" } else { "☐" })?;
        self.empty("w:tab", &[])?;
        self.close("w:r")?;
        self.run(words, false, false)?;
        self.close("w:p")
    }

    /// A table without lines, to set things side by side.
    pub(super) fn begin_layout_table(&mut self, widths: &[u32]) -> io::Result<()> {
        self.begin_table("TableNormal", "0", widths)
    }

    /// A table with lines.
    pub(super) fn begin_grid(&mut self, widths: &[u32]) -> io::Result<()> {
        self.begin_table("TableGrid", "85", widths)
    }

    /// Closes a table, with the paragraph that Word wants behind it.
    pub(super) fn end_table(&mut self) -> io::Result<()> {
        self.close("w:tbl")?;
        self.gap()
    }

    /// A row that stays on one page; a `header` is printed again on each.
    pub(super) fn begin_row(&mut self, header: bool) -> io::Result<()> {
        self.open("w:tr", &[])?;
        self.open("w:trPr", &[])?;
        self.empty("w:cantSplit", &[])?;
        if header {
            self.empty("w:tblHeader", &[])?;
        }
        self.close("w:trPr")
    }

    pub(super) fn end_row(&mut self) -> io::Result<()> {
        self.close("w:tr")
    }

    /// A cell; at least one paragraph has to follow in it.
    pub(super) fn begin_cell(&mut self, width: u32) -> io::Result<()> {
        self.cell(width, &[])
    }

    /// A cell over all of so many columns.
    pub(super) fn begin_cell_over(&mut self, width: u32, columns: usize) -> io::Result<()> {
        self.cell(width, &[("w:gridSpan", &[("w:val", &columns.to_string())])])
    }

    /// A cell whose words stand in the middle of its height.
    pub(super) fn begin_head_cell(&mut self, width: u32) -> io::Result<()> {
        self.cell(width, &[("w:vAlign", &[("w:val", "center")])])
    }

    pub(super) fn end_cell(&mut self) -> io::Result<()> {
        self.close("w:tc")
    }

    /// Cells keep their words the `margin` away from their sides; said here too, for LibreOffice does not look for it in the style.
    fn begin_table(&mut self, style: &str, margin: &str, widths: &[u32]) -> io::Result<()> {
        self.open("w:tbl", &[])?;
        self.open("w:tblPr", &[])?;
        self.empty("w:tblStyle", &[("w:val", style)])?;
        self.empty("w:tblW", &[("w:w", &widths.iter().sum::<u32>().to_string()), ("w:type", "dxa")])?;
        self.empty("w:tblLayout", &[("w:type", "fixed")])?;
        self.open("w:tblCellMar", &[])?;
        self.empty("w:left", &[("w:w", margin), ("w:type", "dxa")])?;
        self.empty("w:right", &[("w:w", margin), ("w:type", "dxa")])?;
        self.close("w:tblCellMar")?;
        self.close("w:tblPr")?;
        self.open("w:tblGrid", &[])?;
        for width in widths {
            self.empty("w:gridCol", &[("w:w", &width.to_string())])?;
        }
        self.close("w:tblGrid")
    }

    fn cell(&mut self, width: u32, properties: &[(&str, Attributes<'_>)]) -> io::Result<()> {
        self.open("w:tc", &[])?;
        self.open("w:tcPr", &[])?;
        self.empty("w:tcW", &[("w:w", &width.to_string()), ("w:type", "dxa")])?;
        for (name, attributes) in properties {
            self.empty(name, attributes)?;
        }
        self.close("w:tcPr")
    }

    /// The properties of the section that ends here. Only the first section has a page without number: its first.
    fn section(&mut self) -> io::Result<()> {
        let (short, long) = (SHORT_SIDE.to_string(), LONG_SIDE.to_string());
        self.open("w:sectPr", &[])?;
        self.empty("w:headerReference", &[("w:type", "default"), ("r:id", "rId3")])?;
        match self.orientation {
            Orientation::Portrait => self.empty("w:pgSz", &[("w:w", &short), ("w:h", &long)])?,
            Orientation::Landscape => self.empty("w:pgSz", &[("w:w", &long), ("w:h", &short), ("w:orient", "landscape")])?,
        }
        self.empty(
            "w:pgMar",
            &[
                ("w:top", ABOVE_AND_BELOW),
                ("w:right", &RIGHT.to_string()),
                ("w:bottom", ABOVE_AND_BELOW),
                ("w:left", &LEFT.to_string()),
                ("w:header", PAGE_NUMBER),
                ("w:footer", PAGE_NUMBER),
                ("w:gutter", "0"),
            ],
        )?;
        if std::mem::take(&mut self.first_section) {
            self.empty("w:titlePg", &[])?;
        }
        self.close("w:sectPr")
    }

    fn begin_paragraph(&mut self, style: &str, properties: &[(&str, Attributes<'_>)]) -> io::Result<()> {
        self.open("w:p", &[])?;
        self.open("w:pPr", &[])?;
        self.empty("w:pStyle", &[("w:val", style)])?;
        for (name, attributes) in properties {
            self.empty(name, attributes)?;
        }
        self.close("w:pPr")
    }

    fn run(&mut self, words: &str, bold: bool, italic: bool) -> io::Result<()> {
        let words = clean(words);
        if words.is_empty() {
            return Ok(());
        }
        self.open("w:r", &[])?;
        if bold || italic {
            self.open("w:rPr", &[])?;
            if bold {
                self.empty("w:b", &[])?;
                self.empty("w:bCs", &[])?;
            }
            if italic {
                self.empty("w:i", &[])?;
                self.empty("w:iCs", &[])?;
            }
            self.close("w:rPr")?;
        }
        for piece in words.split_inclusive(['\n', '\t']) {
            if let Some(before) = piece.strip_suffix('\n') {
                self.text_element(before)?;
                self.empty("w:br", &[])?;
            } else if let Some(before) = piece.strip_suffix('\t') {
                self.text_element(before)?;
                self.empty("w:tab", &[])?;
            } else {
                self.text_element(piece)?;
            }
        }
        self.close("w:r")
    }

    fn text_element(&mut self, words: &str) -> io::Result<()> {
        if words.is_empty() {
            return Ok(());
        }
        self.open("w:t", &[("xml:space", "preserve")])?;
        self.writer.write_event(Event::Text(BytesText::new(words)))?;
        self.close("w:t")
    }

    fn open(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.writer.write_event(Event::Start(BytesStart::new(name).with_attributes(attributes.iter().copied())))
    }

    fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.writer.write_event(Event::Empty(BytesStart::new(name).with_attributes(attributes.iter().copied())))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }
}

/// About how wide a line of bold Times New Roman is, by the mean widths of capitals, small letters and signs; within a twentieth for the lines of a head.
pub(super) fn bold_width(words: &str, points: u32) -> u32 {
    let mut hundredths_of_em: u32 = 0;
    for c in words.chars() {
        hundredths_of_em += match c {
            c if c.is_whitespace() => 25,
            c if c.is_uppercase() => 72,
            c if c.is_alphanumeric() => 51,
            _ => 33,
        };
    }
    // An em is as many points as the font, a point 20 twips.
    hundredths_of_em * points * 20 / 100
}

/// What of a text can stand in XML and on paper: NFC, without control characters other than line break and tab.
pub(super) fn clean(words: &str) -> Cow<'_, str> {
    let unfit = |c: char| (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{fffe}' | '\u{ffff}');
    if words.chars().any(unfit) {
        let kept: String = words.chars().filter(|c| !unfit(*c)).collect();
        Cow::Owned(viet::nfc(&kept).into_owned())
    } else {
        viet::nfc(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_near_those_of_the_font() {
        // Measured with metrics of Times New Roman Bold, in twips.
        for (words, points, measured) in [
            ("SỞ KHOA HỌC VÀ CÔNG NGHỆ", 12, 3611_u32),
            ("Độc lập - Tự do - Hạnh phúc", 13, 3141),
            ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, 4961),
        ] {
            let width = bold_width(words, points);
            assert!(width.abs_diff(measured) * 20 < measured, "{words}: {width} for {measured}");
        }
    }

    #[test]
    fn text_is_nfc_without_control_characters() {
        assert_eq!(clean("a\u{0}b\u{8}\r\n\tc\u{85}\u{ffff}"), "ab\n\tc");
        assert_eq!(clean("Đa\u{306}\u{301}k"), "Đắk");
        assert!(matches!(clean("Đắk Lắk"), Cow::Borrowed(_)));
    }
}
