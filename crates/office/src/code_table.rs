//! Code lists as tables: the codes a person looks for, page by page, and the same codes as a file. Code lists are facts of law, open to everybody.

use std::io::Write;

use catalogue::{Catalogue, Code, CodeList, Lang};
use jiff::civil::Date;

use crate::error::{OfficeError, label};
use crate::export::{Cell, Column, FileForm, write_table};
use crate::office::Office;

/// Which codes of a list.
#[derive(Debug, Clone, Default)]
pub struct CodeFilter {
    /// Words in the name, with or without marks, or the beginning of the official code.
    pub words: Option<String>,
    /// Only codes valid on this day.
    pub day: Option<Date>,
    /// Only codes right below this stored code: of the same list, or of the list the parents stand in.
    pub under: Option<String>,
    /// Only codes at the top.
    pub top_only: bool,
}

/// A page of a code list.
#[derive(Debug, Clone)]
pub struct CodePage {
    /// Codes in the order of the list.
    pub codes: Vec<Code>,
    /// Codes of the whole filter.
    pub total: u64,
    /// The stored code to pass as `after` for the next page.
    pub next: Option<String>,
}

impl Office {
    /// One page of a code list.
    ///
    /// # Errors
    /// `not_found` for a list that is unknown; `bad_cursor` for an `after` that is no code of it.
    pub fn code_page(&self, list: &str, filter: &CodeFilter, after: Option<&str>, limit: usize) -> Result<CodePage, OfficeError> {
        let list = self.code_list(list)?;
        if after.is_some_and(|after| list.get(after).is_none()) {
            return Err(OfficeError::refused(
                "bad_cursor",
                "Vị trí trang (after) không hợp lệ. Hãy mở lại bảng mã từ trang đầu.",
                "The page position (after) is not valid. Open the code list again from its first page.",
            ));
        }
        let found = filter.codes(self.catalogue(), list);
        // By place in the list, so that the page begins rightly even when the code named no longer fits the filter.
        let begin = after.and_then(|after| list.codes.iter().position(|code| code.code == after)).map_or(0, |at| at + 1);
        let passed = found.partition_point(|(place, _)| *place < begin);
        let rest = found.get(passed..).unwrap_or_default();
        let codes: Vec<Code> = rest.iter().take(limit).map(|(_, code)| (*code).clone()).collect();
        let next = if rest.len() > limit { codes.last().map(|code| code.code.clone()) } else { None };
        Ok(CodePage { codes, total: found.len() as u64, next })
    }

    /// Writes all codes of the filter as a file and returns how many.
    ///
    /// # Errors
    /// `not_found` for a list that is unknown; otherwise what writing brings.
    pub fn export_codes(
        &self,
        list: &str,
        filter: &CodeFilter,
        lang: Lang,
        form: FileForm,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, OfficeError> {
        let list = self.code_list(list)?;
        let column = |vi: &str, en: &str, width: f64| Column { label: label(vi, en), width };
        let columns = [
            column("Mã lưu", "Stored code", 20.0),
            column("Mã chính thức", "Official code", 14.0),
            column("Tên", "Name", 50.0),
            column("Tên tiếng Anh", "English name", 50.0),
            column("Mã cấp trên", "Parent", 20.0),
            column("Hiệu lực từ", "Valid from", 14.0),
            column("Hiệu lực đến", "Valid to", 14.0),
            column("Mã thay thế", "Successor", 20.0),
            column("Phiên bản", "Edition", 12.0),
        ];
        let day = |text: Option<&String>| text.and_then(|text| text.parse().ok()).map_or(Cell::Empty, Cell::Day);
        let words = |text: Option<&String>| Cell::text(text.cloned().unwrap_or_default());
        let title = label(&list.name, &list.name);
        write_table(&title, &columns, lang, form, out, &mut |row_out| {
            for (_, code) in filter.codes(self.catalogue(), list) {
                row_out(vec![
                    Cell::text(&code.code),
                    Cell::text(&code.official),
                    Cell::text(&code.label.vi),
                    Cell::text(&code.label.en),
                    words(code.parent.as_ref()),
                    day(code.valid_from.as_ref()),
                    day(code.valid_to.as_ref()),
                    words(code.successor.as_ref()),
                    words(code.edition.as_ref()),
                ])?;
            }
            Ok(())
        })
    }

    fn code_list(&self, name: &str) -> Result<&CodeList, OfficeError> {
        self.catalogue().list(name).ok_or_else(|| OfficeError::NotFound(format!("code list {name}")))
    }
}

impl CodeFilter {
    /// The codes that fit, each with its place in the list.
    fn codes<'a>(&self, catalogue: &Catalogue, list: &'a CodeList) -> Vec<(usize, &'a Code)> {
        let words = self.words.as_deref().map(viet::fold);
        let day = self.day.map(|day| day.to_string());
        let mut found = Vec::new();
        for (place, code) in list.codes.iter().enumerate() {
            if let Some(words) = &words
                && !code.official.starts_with(words.as_str())
                && !viet::fold(&code.label.vi).contains(words.as_str())
                && !viet::fold(&code.label.en).contains(words.as_str())
            {
                continue;
            }
            if day.as_deref().is_some_and(|day| !code.is_valid_on(day)) || (self.top_only && code.parent.is_some()) {
                continue;
            }
            if let Some(under) = &self.under
                && !lies_under(catalogue, list, code, under)
            {
                continue;
            }
            found.push((place, code));
        }
        found
    }
}

/// Whether a code stands right below another. Where the parents are dated units of another list (the provinces of communes), every row of the same unit
/// serves: the commune of a province that became a municipality stays below it.
fn lies_under(catalogue: &Catalogue, list: &CodeList, code: &Code, under: &str) -> bool {
    let Some(parent) = code.parent.as_deref() else { return false };
    if parent == under {
        return true;
    }
    let Some(above) = list.parents.as_deref().and_then(|above| catalogue.list(above)) else { return false };
    let later = above.get(under).and_then(|under| under.valid_from.as_deref());
    later.and_then(|day| above.now_of(parent, day)).is_some_and(|code| code.code == under)
}
