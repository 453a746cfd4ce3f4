//! From cells to the inputs of a form: dates with their serial numbers, amounts with their units, codes and records by name. Nothing is guessed: what
//! fits nothing, or several things, is an error of that cell.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{Catalogue, CodeList, Field, FieldType, Kind, Label};

use crate::error::{OfficeError, label};
use crate::identity::Identity;
use crate::lookup::{Found, keys};
use crate::office::Office;
use crate::sheet::{SheetCell, day_of_serial};
use crate::sheet_names::{NamedRow, SheetNames, names_own_kind};

/// What a cell says for a field.
pub(crate) enum CellInput {
    /// These texts, as a person would type them into the form; several for a repeated field.
    Typed(Vec<String>),
    /// No record has this name: it goes as words into the field beside it (`lead_org` → `lead_org_text`).
    Words(String),
    /// Wrong, in words.
    Wrong(Label),
}

/// How the cells of a column are read in a row.
pub(crate) struct Reading<'a> {
    /// The unit that the heading gives to amounts.
    pub(crate) factor: i64,
    /// Words and the codes they stand for.
    pub(crate) values: &'a BTreeMap<String, String>,
    /// Whether dots begin decimals.
    pub(crate) decimal_points: bool,
    /// The ISO day of the row, when it has one.
    pub(crate) day: Option<&'a str>,
}

/// Remembers what was looked up: a column of 100,000 cells names a few hundred bodies.
pub(crate) struct CellReader<'a> {
    office: &'a Office,
    who: &'a Identity,
    kind: &'a Kind,
    from_1904: bool,
    codes: BTreeMap<String, CodeNames>,
    records: BTreeMap<(String, String), Found>,
    /// Rows of the same sheet, by name.
    pub(crate) within: SheetNames,
}

impl<'a> CellReader<'a> {
    pub(crate) fn new(office: &'a Office, who: &'a Identity, kind: &'a Kind, from_1904: bool, within: SheetNames) -> CellReader<'a> {
        CellReader { office, who, kind, from_1904, codes: BTreeMap::new(), records: BTreeMap::new(), within }
    }

    /// Reads a cell for the field at the end of a path, as its column says. `day` is the ISO day of the row, by which names of units are understood.
    pub(crate) fn read(&mut self, field: &Field, cell: &SheetCell, column: &Reading<'_>) -> Result<CellInput, OfficeError> {
        if let SheetCell::Error(error) = cell {
            return Ok(CellInput::Wrong(label(
                format!("ô có lỗi công thức {error}; hãy sửa công thức trong tệp"),
                format!("the formula gives {error}; mend it in the file"),
            )));
        }
        let text = cell.typed();
        if let Some(code) = column.values.iter().find(|(words, _)| keys(words) == keys(&text)).map(|(_, code)| code) {
            return Ok(CellInput::Typed(vec![code.clone()]));
        }
        if !field.repeated {
            return self.read_one(field, cell, column);
        }
        let mut typed = Vec::new();
        for part in parts(&text) {
            let single = if text == part { cell.clone() } else { SheetCell::Text(part) };
            match self.read_one(field, &single, column)? {
                CellInput::Typed(one) => typed.extend(one),
                // One name that is not known keeps the whole cell as words.
                CellInput::Words(_) => return Ok(CellInput::Words(text)),
                other => return Ok(other),
            }
        }
        Ok(CellInput::Typed(typed))
    }

    fn read_one(&mut self, field: &Field, cell: &SheetCell, column: &Reading<'_>) -> Result<CellInput, OfficeError> {
        let text = cell.typed();
        let text = if column.decimal_points { text.replace('.', ",") } else { text };
        Ok(match &field.of {
            FieldType::Day | FieldType::Date => self.day(field, cell, text),
            FieldType::Money => money(cell, &text, column.factor),
            FieldType::Bool => yes_or_no(&text),
            FieldType::Code { list } => self.code(field, list, &text, column.day),
            FieldType::Ref { kinds } => self.record(field, kinds, &text)?,
            // A number typed into a cell for words, e.g. a code, comes as it is written; money never gets here.
            _ => CellInput::Typed(vec![text]),
        })
    }

    fn day(&self, field: &Field, cell: &SheetCell, text: String) -> CellInput {
        let SheetCell::Number(number) = cell else { return CellInput::Typed(vec![text]) };
        // A year stands as a number; so does a day whose cell has lost its date format.
        if field.of == FieldType::Date && number.fract() == 0.0 && (1900.0..=2200.0).contains(number) {
            return CellInput::Typed(vec![text]);
        }
        match day_of_serial(*number, self.from_1904) {
            Some(day) if *number >= 10_000.0 => CellInput::Typed(vec![viet::format_day(day)]),
            _ => CellInput::Typed(vec![text]),
        }
    }

    fn code(&mut self, field: &Field, list: &str, text: &str, day: Option<&str>) -> CellInput {
        let catalogue = self.office.catalogue();
        if !self.codes.contains_key(list) {
            let names = catalogue.list(list).map(CodeNames::of).unwrap_or_default();
            self.codes.insert(list.to_owned(), names);
        }
        let Some(names) = self.codes.get(list) else { return CellInput::Typed(vec![text.to_owned()]) };
        let mut found = names.find(text);
        if found.len() > 1
            && let (Some(list), Some(day)) = (catalogue.list(list), day)
        {
            // A name that several units have had means the one of the row's day.
            found.retain(|code| list.get(code).is_some_and(|code| code.is_valid_on(day)));
        }
        if found.len() > 1
            && self.words_beside(field).is_none()
            && let Some(list) = catalogue.list(list)
        {
            // Without a day the name means what bears it now: a unit that was enlarged holds the one that it was.
            let today = self.office.clock().today().to_string();
            let now: Vec<String> =
                found.iter().filter(|code| list.get(code).is_some_and(|code| code.is_valid_on(&today))).cloned().collect();
            if now.len() == 1 {
                found = now;
            }
        }
        match found.as_slice() {
            [one] => CellInput::Typed(vec![one.clone()]),
            _ if self.words_beside(field).is_some() => CellInput::Words(text.to_owned()),
            [] => CellInput::Wrong(label(
                format!("“{}” không có trong danh mục; có: {}", shown(text), names.samples(catalogue, list, true)),
                format!("“{}” is not in the list; it has: {}", shown(text), names.samples(catalogue, list, false)),
            )),
            several => CellInput::Wrong(label(
                format!("“{}” khớp nhiều mã: {}; hãy ghi mã", shown(text), several.join(", ")),
                format!("“{}” fits several codes: {}; write the code", shown(text), several.join(", ")),
            )),
        }
    }

    fn record(&mut self, field: &Field, kinds: &[String], text: &str) -> Result<CellInput, OfficeError> {
        let key = (field.name.clone(), text.to_owned());
        if !self.records.contains_key(&key) {
            let found = self.office.look_up(self.who, kinds, text)?;
            self.records.insert(key.clone(), found);
        }
        Ok(match self.records.get(&key) {
            Some(Found::One(id)) => CellInput::Typed(vec![id.to_string()]),
            Some(Found::Several(rows)) => {
                let choices: Vec<String> = rows.iter().map(|row| format!("{} [{}]", row.title, row.id)).collect();
                CellInput::Wrong(label(
                    format!("“{}” khớp nhiều bản ghi: {}. Hãy chép một trong các tên kèm mã đó vào ô", shown(text), choices.join("; ")),
                    format!("“{}” fits several records: {}. Copy one of them, with its id, into the cell", shown(text), choices.join("; ")),
                ))
            }
            _ => self.record_within(field, text),
        })
    }

    /// A record that is not there yet can be a row of the same sheet.
    fn record_within(&self, field: &Field, text: &str) -> CellInput {
        let row = if names_own_kind(self.kind, Some(&field.of)) { self.within.find(text) } else { NamedRow::Nothing };
        match row {
            NamedRow::One(id) => CellInput::Typed(vec![id.to_string()]),
            NamedRow::Several(rows) => {
                let rows = rows.iter().take(10).map(u32::to_string).collect::<Vec<_>>().join(", ");
                CellInput::Wrong(label(
                    format!("“{}” là tên của nhiều dòng trong tệp: {rows}; hãy đặt tên phân biệt", shown(text)),
                    format!("“{}” is the name of several rows of the file: {rows}; give them names that differ", shown(text)),
                ))
            }
            NamedRow::Nothing if self.words_beside(field).is_some() => CellInput::Words(text.to_owned()),
            NamedRow::Nothing => CellInput::Wrong(label(
                format!("không có bản ghi nào tên “{}”; hãy nhập bản ghi đó trước hoặc sửa tên", shown(text)),
                format!("there is no record called “{}”; enter it first or mend the name", shown(text)),
            )),
        }
    }

    /// The field for the name of a record that is not known, e.g. `lead_org_text` beside `lead_org`.
    pub(crate) fn words_beside(&self, field: &Field) -> Option<&'a Field> {
        let name = format!("{}_text", field.name);
        self.kind.fields.iter().find(|beside| beside.name == name)
    }
}

/// Amounts from here on, in đồng, that come of a unit in the heading are asked about: 1,000 billion.
const MOST_IN_UNITS: i64 = 1_000_000_000_000;

fn money(cell: &SheetCell, text: &str, factor: i64) -> CellInput {
    let product = match cell {
        SheetCell::Number(number) => {
            let product = number * factor as f64;
            // Fractions of a đồng come from sums in floating point; a real fraction is refused.
            if (product - product.round()).abs() < 0.01 && product.abs() < 9.0e15 { Some(product.round() as i64) } else { None }
        }
        // A unit in the cell itself beats the heading's.
        _ if factor == 1 || text.chars().any(char::is_alphabetic) => viet::Dong::parse(text).ok().map(|dong| dong.0),
        _ => viet::parse_number(text).ok().and_then(|number| {
            let unit = 10_i128.checked_pow(number.scale)?;
            let product = number.mantissa.checked_mul(factor.into())?;
            (product % unit == 0).then_some(product / unit).and_then(|whole| i64::try_from(whole).ok())
        }),
    };
    match product {
        None => CellInput::Wrong(label(
            format!("“{}” không phải số tiền; viết ví dụ 1.500.000, 850 triệu hoặc 1,2 tỷ", shown(text)),
            format!("“{}” is no amount; write for example 1.500.000, 850 triệu or 1,2 tỷ", shown(text)),
        )),
        // No budget is 850 đồng: a unit was forgotten, and which one is not ours to guess.
        Some(dong) if factor == 1 && dong != 0 && dong.abs() < 1_000 && !text.chars().any(char::is_alphabetic) => CellInput::Wrong(label(
            format!("{} đồng? Nếu là triệu đồng, ghi “(triệu đồng)” vào tiêu đề cột hoặc “{} triệu” vào ô", shown(text), shown(text)),
            format!("{} đồng? If million, write “(triệu đồng)” into the heading or “{} triệu” into the cell", shown(text), shown(text)),
        )),
        // Nor is one a thousand billion in a column of millions: đồng were typed under the wrong heading.
        Some(dong) if factor > 1 && dong.abs() >= MOST_IN_UNITS && !text.chars().any(char::is_alphabetic) => CellInput::Wrong(label(
            format!(
                "{} nhân với đơn vị của cột là {}? Nếu ô ghi bằng đồng, ghi “{} đồng” vào ô hoặc bỏ đơn vị khỏi tiêu đề",
                shown(text),
                in_millions(dong),
                shown(text)
            ),
            format!(
                "{} times the unit of the column is {}? If the cell is in đồng, write “{} đồng” into it or take the unit out of the heading",
                shown(text),
                in_millions(dong),
                shown(text)
            ),
        )),
        Some(dong) => CellInput::Typed(vec![dong.to_string()]),
    }
}

/// An amount in words for a message.
fn in_millions(dong: i64) -> String {
    format!("{} triệu đồng", viet::Dong(dong).in_millions())
}

fn yes_or_no(text: &str) -> CellInput {
    match viet::fold(text).to_lowercase().trim() {
        "co" | "x" | "dung" | "yes" | "true" | "1" => CellInput::Typed(vec!["true".to_owned()]),
        "khong" | "sai" | "no" | "false" | "0" => CellInput::Typed(Vec::new()),
        _ => CellInput::Wrong(label(
            format!("“{}”: ghi “có” hoặc “không”", shown(text)),
            format!("“{}”: write “có” (yes) or “không” (no)", shown(text)),
        )),
    }
}

/// The items of a repeated field: separated by semicolons or line breaks; `;;` is a semicolon of the words.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let doubled = sign == ';' && signs.next_if_eq(&';').is_some();
        match parts.last_mut() {
            Some(last) if doubled || !matches!(sign, ';' | '\n') => last.push(sign),
            _ => parts.push(String::new()),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn shown(text: &str) -> String {
    crate::directive::shorten(text, 80)
}

/// The codes of a list by everything people write for them.
#[derive(Default)]
pub(crate) struct CodeNames {
    by_name: BTreeMap<String, Vec<String>>,
    by_fold: BTreeMap<String, Vec<String>>,
    stored: BTreeSet<String>,
}

impl CodeNames {
    pub(crate) fn of(list: &CodeList) -> CodeNames {
        let mut names = CodeNames::default();
        for code in &list.codes {
            names.stored.insert(code.code.clone());
            for text in [code.code.as_str(), &code.official, &code.label.vi, &code.label.en, code.name()] {
                let (exact, fold) = keys(text);
                for (map, key) in [(&mut names.by_name, exact), (&mut names.by_fold, fold)] {
                    let codes = map.entry(key).or_default();
                    if !codes.contains(&code.code) {
                        codes.push(code.code.clone());
                    }
                }
            }
        }
        names
    }

    pub(crate) fn find(&self, text: &str) -> Vec<String> {
        // Exports write `name [code]` where a name alone would not do; in brackets stands what is stored.
        if let Some((_, code)) = text.strip_suffix(']').and_then(|rest| rest.rsplit_once('['))
            && let Some(code) = self.stored.get(code)
        {
            return vec![code.clone()];
        }
        let (exact, fold) = keys(text);
        let found = self.by_name.get(&exact).or_else(|| self.by_fold.get(&fold));
        // "TP. Hồ Chí Minh": the short form of "thành phố".
        let without_form = || ["tp ", "t p "].iter().find_map(|form| self.by_fold.get(fold.strip_prefix(form)?));
        found.or_else(without_form).cloned().unwrap_or_default()
    }

    fn samples(&self, catalogue: &Catalogue, list: &str, vi: bool) -> String {
        let codes = catalogue.list(list).map(|list| list.codes.as_slice()).unwrap_or_default();
        let mut words: Vec<&str> = codes.iter().take(12).map(|code| if vi { &code.label.vi } else { &code.label.en }.as_str()).collect();
        if codes.len() > words.len() {
            words.push("…");
        }
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The đồng of a cell under a heading whose unit stands for `factor`; none when it is asked about.
    fn dong(text: &str, factor: i64) -> Option<String> {
        match money(&SheetCell::Text(text.to_owned()), text, factor) {
            CellInput::Typed(values) => values.into_iter().next(),
            _ => None,
        }
    }

    #[test]
    fn an_amount_that_cannot_be_in_the_unit_of_its_column_is_asked_about_and_not_guessed() {
        for (text, factor, expected) in [
            ("850", 1_000_000, Some("850000000")),
            ("1.250,5", 1_000_000, Some("1250500000")),
            ("1.500.000.000", 1, Some("1500000000")),
            // A unit in the cell beats the heading's, also a large one.
            ("1.500.000.000 đồng", 1_000_000, Some("1500000000")),
            ("1.200 tỷ", 1_000_000, Some("1200000000000")),
            // Đồng under a heading of millions, millions under a heading of đồng.
            ("1.500.000.000", 1_000_000, None),
            ("1.500.000", 1_000_000, None),
            ("850", 1, None),
        ] {
            assert_eq!(dong(text, factor).as_deref(), expected, "{text} × {factor}");
        }
    }

    #[test]
    fn a_number_of_a_spreadsheet_is_asked_about_too() {
        let number = |number: f64| matches!(money(&SheetCell::Number(number), &number.to_string(), 1_000_000), CellInput::Typed(_));
        assert!(number(850.0) && !number(1_500_000_000.0));
    }
}
