//! A row of a sheet as inputs of the form, read cell by cell.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{FieldType, Kind, Label};
use ledger::RecordId;

use crate::cell_value::{CellInput, CellReader, Reading};
use crate::column_map::{Destination, MappedColumn};
use crate::directive::shorten;
use crate::error::{OfficeError, label};
use crate::sheet::{SheetCell, SheetRow, cell_address};
use crate::sheet_plan::{CellError, SheetPlan, TOO_LONG_FOR_CELL};

/// One pass over the rows of a sheet.
pub(crate) struct SheetPass<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) mapped: Vec<MappedColumn>,
    pub(crate) reader: CellReader<'a>,
    /// What the rows may become, so that they can refer to each other.
    pub(crate) promised: BTreeSet<RecordId>,
    /// Records and sources already met, with their row.
    pub(crate) seen: BTreeMap<String, u32>,
    /// How many names of a field have no record.
    pub(crate) kept_as_words: BTreeMap<String, usize>,
}

/// The cells of a row as inputs of the form.
#[derive(Default)]
pub(crate) struct RowInputs {
    pub(crate) pairs: Vec<(String, String)>,
    /// Fields of the kind that have a column.
    pub(crate) touched: BTreeSet<String>,
    /// Fields whose cell says that it does not hold the whole text.
    pub(crate) kept: BTreeSet<String>,
    /// Column and text of each path.
    pub(crate) cells: BTreeMap<String, (usize, String)>,
    /// The record named in the row, and in which column.
    pub(crate) record: Option<(RecordId, usize)>,
    pub(crate) version: Option<u64>,
    pub(crate) anything: bool,
}

impl SheetPass<'_> {
    /// The inputs that the cells of a row make; what is wrong with a cell goes into the plan.
    pub(crate) fn inputs(&mut self, row: &SheetRow, plan: &mut SheetPlan) -> Result<RowInputs, OfficeError> {
        let mut inputs = RowInputs::default();
        for (path, text) in &plan.form.map.constants {
            inputs.touched.insert(path.split('.').next().unwrap_or_default().to_owned());
            inputs.pairs.push((path.clone(), text.clone()));
        }
        let day = self.day_of(row);
        for mapped in &self.mapped {
            let cell = row.cells.get(mapped.column).unwrap_or(&SheetCell::Empty);
            let text = cell.typed();
            let wrong = |field: &str, message: Label| CellError {
                cell: cell_address(mapped.column, row.number),
                field: field.to_owned(),
                value: if let SheetCell::Error(error) = cell { (*error).to_owned() } else { shorten(&text, 200) },
                message: label(format!("{}: {}.", mapped.heading, message.vi), format!("{}: {}.", mapped.heading, message.en)),
            };
            let (path, factor, values) = match &mapped.to {
                Destination::Ignored => continue,
                Destination::Record if text.is_empty() => continue,
                Destination::Record => {
                    match crate::lookup::record_named_in(&text) {
                        Some(record) => inputs.record = Some((record, mapped.column)),
                        None => plan.fault(wrong("", label("không phải mã bản ghi", "is not a record id"))),
                    }
                    continue;
                }
                Destination::Version if text.is_empty() => continue,
                Destination::Version => {
                    match text.parse() {
                        Ok(version) => inputs.version = Some(version),
                        Err(_) => plan.fault(wrong("", label(
                            "dòng này xuất từ bản không đầy đủ (không có trường nội bộ), không nhập lại được; hãy đăng nhập rồi xuất lại",
                            "this row was exported without the inner fields and cannot come back; sign in and export again",
                        ))),
                    }
                    continue;
                }
                Destination::Field { path, factor, values } => (path, *factor, values),
            };
            let Some(field) = self.kind.field_at(path) else { continue };
            let top = path.split('.').next().unwrap_or_default().to_owned();
            inputs.touched.insert(top.clone());
            if *cell == SheetCell::Empty {
                continue;
            }
            inputs.anything = true;
            if text == TOO_LONG_FOR_CELL {
                inputs.kept.insert(top);
                continue;
            }
            let reading = Reading { factor, values, decimal_points: mapped.decimal_points, day: day.as_deref() };
            match self.reader.read(field, cell, &reading)? {
                CellInput::Typed(typed) if field.repeated => {
                    let prefix = format!("{path}.");
                    let place = inputs.pairs.iter().filter(|(name, _)| name.starts_with(&prefix)).count();
                    for (at, one) in typed.into_iter().enumerate() {
                        inputs.pairs.push((format!("{path}.{}", place + at), one));
                    }
                }
                CellInput::Typed(typed) => inputs.pairs.extend(typed.into_iter().map(|one| (path.clone(), one))),
                CellInput::Words(words) => {
                    if let Some(beside) = self.reader.words_beside(field) {
                        *self.kept_as_words.entry(field.name.clone()).or_default() += 1;
                        inputs.touched.insert(beside.name.clone());
                        inputs.pairs.push((beside.name.clone(), words));
                    }
                }
                CellInput::Wrong(message) => plan.fault(wrong(path, message)),
            }
            inputs.cells.insert(path.clone(), (mapped.column, text));
        }
        Ok(inputs)
    }

    /// The first day that the row itself names, ISO: names of units are those of that day.
    fn day_of(&self, row: &SheetRow) -> Option<String> {
        for mapped in &self.mapped {
            let Destination::Field { path, .. } = &mapped.to else { continue };
            let is_day = self.kind.field_at(path).is_some_and(|field| matches!(field.of, FieldType::Day | FieldType::Date));
            let cell = row.cells.get(mapped.column).filter(|cell| is_day && **cell != SheetCell::Empty);
            if let Some(date) = cell.and_then(|cell| viet::PartialDate::parse(&cell.typed()).ok()) {
                return Some(date.first_day().to_string());
            }
        }
        None
    }

    /// Two rows that mean one record: which of them would count is not for us to say.
    pub(crate) fn refuse_doubled(&mut self, row: u32, record: Option<RecordId>, source: Option<&str>, plan: &mut SheetPlan) {
        let (key, words) = match (record, source) {
            (Some(record), _) => (record.to_string(), record.to_string()),
            (None, Some(source)) => (source.to_owned(), source_words(source)),
            (None, None) => return,
        };
        if let Some(first) = self.seen.insert(key, row) {
            plan.fault(CellError::at(
                0,
                row,
                &words,
                label(
                    format!("dòng {first} và dòng {row} cùng là “{words}”; hãy bỏ một dòng."),
                    format!("rows {first} and {row} are both “{words}”; remove one."),
                ),
            ));
        }
    }
}

/// The source id of a claim's key, as it stands in the cell.
pub(crate) fn source_words(key: &str) -> String {
    key.rsplit('\u{1f}').next().unwrap_or_default().to_owned()
}

impl SheetRow {
    /// Whether the row adds others up: "Tổng cộng", "Tổng số: 12 nhiệm vụ", "Cộng | | 4.000". Its one text says so and nothing else; a title that begins with
    /// these words goes on with others.
    pub(crate) fn is_total(&self) -> bool {
        let mut texts = self.cells.iter().filter_map(|cell| match cell {
            SheetCell::Text(text) if text.chars().any(char::is_alphabetic) => Some(viet::fold(text).to_lowercase()),
            _ => None,
        });
        let (Some(text), None) = (texts.next(), texts.next()) else { return false };
        ["tong cong", "tong so", "tong", "cong"].iter().any(|word| {
            let Some(rest) = text.trim().strip_prefix(word) else { return false };
            let rest = rest.trim_start();
            rest.is_empty() || rest.starts_with([':', '(', '-', '–', '='])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_totals_is_told_from_a_title_that_begins_like_one() {
        let row = |texts: &[&str]| {
            let cell = |text: &&str| if text.is_empty() { SheetCell::Empty } else { SheetCell::Text((*text).into()) };
            SheetRow { number: 1, cells: texts.iter().map(cell).collect() }
        };
        for total in [&["Tổng cộng"][..], &["TỔNG SỐ: 12 nhiệm vụ"], &["", "Cộng:", "4.000"], &["Tổng (triệu đồng)", "", "1,5"]]
        {
            assert!(row(total).is_total(), "{total:?}");
        }
        for other in
            [&["Tổng số hóa dữ liệu đất đai"][..], &["Cộng đồng làng nghề", "2019"], &["Tổng cộng", "Sở Công Thương"], &[""], &["12"]]
        {
            assert!(!row(other).is_total(), "{other:?}");
        }
    }
}
