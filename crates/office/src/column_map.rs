//! Which column of a spreadsheet is which field: headings are understood by legal label, English label or field key, with a unit in brackets.

use std::collections::BTreeMap;

use catalogue::{Field, FieldType, Kind, Label, SheetMap};
use serde::{Deserialize, Serialize};

use crate::error::{OfficeError, label};
use crate::identity::Identity;
use crate::lookup::keys;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};
use crate::sheet::{Sheet, SheetCell, SheetRow, column_letters};

/// The heading of the column with the record's id, in exports and imports.
pub(crate) const RECORD: (&str, &str) = ("Mã bản ghi", "Record");
/// The heading of the column with the version that was exported.
pub(crate) const VERSION: (&str, &str) = ("Phiên bản", "Version");
/// Rows looked at for a sample of a column.
const SAMPLED_ROWS: usize = 200;
/// Where the cabinet keeps remembered maps: `kind/name`.
const MAPS: &str = "column_map";
/// The heading row stands among the first rows.
const HEADING_WITHIN: usize = 30;

/// Where the cells of a column go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Nowhere.
    Ignored,
    /// They name the record that the row changes.
    Record,
    /// They say which version of the record the row was made from.
    Version,
    /// Into a field.
    Field {
        /// The path of the form input, e.g. `names.0.text`.
        path: String,
        /// What amounts are multiplied by: 1, or what the heading's unit stands for.
        factor: i64,
        /// Words of the spreadsheet and the code that each stands for.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        values: BTreeMap<String, String>,
    },
}

impl Destination {
    /// Into a field as it stands.
    pub fn field(path: impl Into<String>) -> Destination {
        Destination::Field { path: path.into(), factor: 1, values: BTreeMap::new() }
    }
}

/// A remembered or ready map of the columns of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ColumnMap {
    /// Headings with their destination.
    pub columns: BTreeMap<String, Destination>,
    /// Inputs that are the same for every row: path and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constants: Vec<(String, String)>,
}

impl ColumnMap {
    fn of(map: &SheetMap) -> ColumnMap {
        let mut columns = BTreeMap::new();
        for column in &map.columns {
            for heading in &column.heading {
                let to = Destination::Field { path: column.path.clone(), factor: column.unit, values: column.values.clone() };
                columns.insert(heading.clone(), to);
            }
        }
        ColumnMap { columns, constants: map.constants.clone() }
    }
}

/// A column of the sheet with its destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedColumn {
    /// From 0.
    pub column: usize,
    /// The heading as it stands in the file.
    pub heading: String,
    /// Where its cells go.
    pub to: Destination,
    /// The first cell below it that is not empty, for people who map.
    pub sample: String,
    /// Whether a dot begins the decimals in this column: some of its cells can be read in no other way, and none the Vietnamese way only.
    pub decimal_points: bool,
}

/// A field that a column can be mapped to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The path of its first place, e.g. `names.0.text`.
    pub path: String,
    /// Its name, with that of its group: "Tên gọi / Tên đầy đủ".
    pub label: Label,
    /// Whether the field must be there.
    pub required: bool,
}

/// Everything of a kind that a column can be mapped to, in the order of the form.
pub fn targets(kind: &Kind) -> Vec<Target> {
    let mut targets = Vec::new();
    for field in &kind.fields {
        match &field.of {
            FieldType::Group { fields, .. } => {
                for inner in fields.iter().filter(|inner| !matches!(inner.of, FieldType::Group { .. })) {
                    targets.push(Target {
                        path: inner_path(field, 0, &inner.name),
                        label: inner_label(field, inner, 0),
                        required: field.required && inner.required,
                    });
                }
            }
            _ => targets.push(Target { path: field.name.clone(), label: field.label.clone(), required: field.required }),
        }
    }
    targets
}

/// The path of a field inside a group: `names.2.text`, or `clear.who` when the group does not repeat.
pub(crate) fn inner_path(group: &Field, place: usize, inner: &str) -> String {
    if group.repeated { format!("{}.{place}.{inner}", group.name) } else { format!("{}.{inner}", group.name) }
}

/// The heading of a field inside a group, e.g. "Tên gọi qua các thời kỳ [2] / Tên đầy đủ".
pub(crate) fn inner_label(group: &Field, inner: &Field, place: usize) -> Label {
    let number = if place == 0 { String::new() } else { format!(" [{}]", place + 1) };
    label(format!("{}{number} / {}", group.label.vi, inner.label.vi), format!("{}{number} / {}", group.label.en, inner.label.en))
}

/// The columns of a sheet as far as they are understood, and the rows below the heading.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Index of the heading row among the sheet's rows.
    pub heading_row: usize,
    /// Index of the first row with data.
    pub first_row: usize,
    /// One for each column with a heading.
    pub columns: Vec<MappedColumn>,
}

/// Finds the heading row — the one among the first thirty with most headings that are understood — and maps its columns. `known` are headings given by a
/// remembered or ready map (heading → destination); they come before everything else. `usual` are headings that offices use beside those of the law; they
/// come last.
pub(crate) fn understand(
    kind: &Kind,
    sheet: &Sheet,
    known: &BTreeMap<String, Destination>,
    usual: &BTreeMap<String, Destination>,
) -> Columns {
    let headings = Headings::of(kind, known, usual);
    let mut best = (0, 0);
    for (at, row) in sheet.rows.iter().take(HEADING_WITHIN).enumerate() {
        let understood = row.cells.iter().filter(|cell| headings.destination(&cell.typed()) != Destination::Ignored).count();
        if understood > best.1 {
            best = (at, understood);
        }
    }
    let heading_row = best.0;
    let columns = sheet.rows.get(heading_row).map(|row| map_row(&headings, row)).unwrap_or_default();
    let mut first_row = heading_row + 1;
    // Forms of the law number their columns in a row of its own: (1) (2) (3) …
    while sheet.rows.get(first_row).is_some_and(is_numbering) {
        first_row += 1;
    }
    let mut columns = columns;
    for column in &mut columns {
        let below = sheet.rows.get(first_row..).unwrap_or_default().iter().take(SAMPLED_ROWS);
        let sample = below.filter_map(|row| row.cells.get(column.column)).find(|cell| **cell != SheetCell::Empty);
        column.decimal_points = matches!(&column.to, Destination::Field { path, .. } if is_numeric(kind, path))
            && has_decimal_points(below_of(sheet, first_row, column.column));
        column.sample = sample.map(|cell| crate::directive::shorten(&cell.typed(), 60)).unwrap_or_default();
    }
    Columns { heading_row, first_row, columns }
}

fn is_numeric(kind: &Kind, path: &str) -> bool {
    kind.field_at(path).is_some_and(|field| matches!(field.of, FieldType::Money | FieldType::Decimal | FieldType::Integer { .. }))
}

fn below_of(sheet: &Sheet, first_row: usize, column: usize) -> impl Iterator<Item = &str> {
    sheet.rows.get(first_row..).unwrap_or_default().iter().filter_map(move |row| match row.cells.get(column) {
        Some(SheetCell::Text(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// "14.7" and "68818.52" have a decimal point; "1.500.000" and "12,5" are written the Vietnamese way; "1.500" alone says nothing.
fn has_decimal_points<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let mut points = 0;
    for text in cells {
        let text = text.trim().trim_start_matches(['-', '+']);
        if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
            continue;
        }
        if text.contains(',') || text.matches('.').count() > 1 {
            return false;
        }
        if let Some((whole, part)) = text.split_once('.')
            && (part.len() != 3 || whole.len() > 3 || whole == "0")
        {
            points += 1;
        }
    }
    points > 0
}

fn map_row(headings: &Headings<'_>, row: &SheetRow) -> Vec<MappedColumn> {
    let mut columns = Vec::new();
    for (column, cell) in row.cells.iter().enumerate() {
        let heading = cell.typed();
        if !heading.is_empty() {
            columns.push(MappedColumn {
                column,
                to: headings.destination(&heading),
                heading,
                sample: String::new(),
                decimal_points: false,
            });
        }
    }
    columns
}

fn is_numbering(row: &SheetRow) -> bool {
    let mut numbers = 0;
    for cell in &row.cells {
        let text = cell.typed();
        if text.is_empty() {
            continue;
        }
        let bare = text.trim_start_matches('(').trim_end_matches(')');
        if bare.len() > 3 || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        numbers += 1;
    }
    // One number alone may be data; a form numbers every column.
    numbers >= 2 && row.cells.iter().any(|cell| matches!(cell, SheetCell::Text(text) if text.starts_with('(')))
        || numbers >= 3
            && row
                .cells
                .iter()
                .filter(|cell| **cell != SheetCell::Empty)
                .enumerate()
                .all(|(at, cell)| cell.typed().trim_matches(['(', ')']) == (at + 1).to_string())
}

/// Two columns with one destination, by their letters: which of them would count is not for us to say.
pub(crate) fn doubled(kind: &Kind, columns: &[MappedColumn]) -> Vec<(String, String, String)> {
    let mut doubled = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let several = match &column.to {
            Destination::Ignored => continue,
            Destination::Field { path, .. } => kind.field_at(path).is_some_and(|field| field.repeated),
            _ => false,
        };
        let same = |other: &&MappedColumn| match (&other.to, &column.to) {
            (Destination::Field { path, .. }, Destination::Field { path: own, .. }) => path == own,
            (other, own) => other == own,
        };
        if !several && let Some(before) = columns.iter().take(at).find(same) {
            doubled.push((column_letters(before.column), column_letters(column.column), column.heading.clone()));
        }
    }
    doubled
}

impl Office {
    /// A map by name: one that somebody has remembered for the kind, else a ready one of the catalogue.
    ///
    /// # Errors
    /// `Refused` (`map_unknown`) when there is none of that name for the kind.
    pub fn column_map(&self, who: &Identity, kind: &str, name: &str) -> Result<ColumnMap, OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        if let Some(value) = self.ledger().read(|r| r.cabinet_get(MAPS, &format!("{kind}/{name}")))? {
            return Ok(serde_json::from_value(value)?);
        }
        let ready = self.catalogue().sheet_maps().iter().find(|map| map.kind == kind && map.name == name);
        ready.map(ColumnMap::of).ok_or_else(|| {
            OfficeError::refused(
                "map_unknown",
                format!("Chưa có bản đồ cột “{name}” cho loại này. Hãy nhập một lần trên trang “Nhập Excel” và ghi nhớ cách ghép cột."),
                format!(
                    "There is no column map “{name}” for this kind. Import once on the page “Import Excel” and let it remember the columns."
                ),
            )
        })
    }

    /// Headings of the ready maps of a kind. The id in a source means nothing without the name of the source, so it needs the map itself.
    pub(crate) fn usual_headings(&self, kind: &str) -> BTreeMap<String, Destination> {
        let mut usual = BTreeMap::new();
        for map in self.catalogue().sheet_maps().iter().filter(|map| map.kind == kind) {
            usual.extend(ColumnMap::of(map).columns);
        }
        usual.retain(|_, to| !matches!(to, Destination::Field { path, .. } if path == "source_id"));
        usual
    }

    /// The maps for a kind, remembered ones first: name and what people read.
    pub fn column_maps(&self, who: &Identity, kind: &str) -> Result<Vec<(String, Label)>, OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let prefix = format!("{kind}/");
        let found = self.ledger().read(|r| r.cabinet_list_prefix(MAPS, &prefix, 200))?;
        let mut names: Vec<String> = found.into_iter().filter_map(|(key, _)| key.strip_prefix(&prefix).map(str::to_owned)).collect();
        names.sort_by(|left, right| viet::compare(left, right));
        let mut maps: Vec<(String, Label)> = names.into_iter().map(|name| (name.clone(), label(name.clone(), name))).collect();
        for map in self.catalogue().sheet_maps().iter().filter(|map| map.kind == kind) {
            if !maps.iter().any(|(name, _)| *name == map.name) {
                maps.push((map.name.clone(), map.label.clone()));
            }
        }
        Ok(maps)
    }

    /// Remembers how the headings of a file were mapped, under a name that the next import can give.
    pub fn remember_columns(&self, who: &Identity, kind: &str, name: &str, map: &ColumnMap) -> Result<(), OfficeError> {
        self.may_create(who, kind)?.require()?;
        let name = viet::nfc(name.trim()).into_owned();
        if name.is_empty() || name.chars().count() > 80 || name.contains('/') {
            return Err(OfficeError::refused(
                "map_name",
                "Tên bản đồ cột: từ 1 đến 80 ký tự, không có dấu “/”.",
                "The name of a column map has 1 to 80 characters and no “/”.",
            ));
        }
        let (key, value) = (format!("{kind}/{name}"), serde_json::to_value(map)?);
        self.ledger().write(move |w| -> Result<(), OfficeError> { Ok(w.cabinet_put(MAPS, &key, value)?) })
    }
}

/// Every way in which headings of a kind are written.
struct Headings<'a> {
    kind: &'a Kind,
    known: BTreeMap<String, &'a Destination>,
    usual: BTreeMap<String, &'a Destination>,
    exact: BTreeMap<String, Option<String>>,
    fold: BTreeMap<String, Option<String>>,
}

impl<'a> Headings<'a> {
    fn of(kind: &'a Kind, known: &'a BTreeMap<String, Destination>, usual: &'a BTreeMap<String, Destination>) -> Headings<'a> {
        let known = known.iter().map(|(heading, to)| (keys(heading).0, to)).collect();
        let usual = usual.iter().map(|(heading, to)| (keys(heading).0, to)).collect();
        let mut headings = Headings { kind, known, usual, exact: BTreeMap::new(), fold: BTreeMap::new() };
        for field in &kind.fields {
            match &field.of {
                FieldType::Group { .. } => {}
                _ => headings.add(&field.label, &field.name),
            }
        }
        for target in targets(kind).iter().filter(|target| target.path.contains('.')) {
            headings.add(&target.label, &target.path);
        }
        // The name of a field alone, where only one group has it and no field of the kind itself.
        let mut alone: Vec<(Label, String)> = Vec::new();
        for field in &kind.fields {
            if let FieldType::Group { fields, .. } = &field.of {
                for inner in fields {
                    alone.push((inner.label.clone(), inner_path(field, 0, &inner.name)));
                }
            }
        }
        let taken: Vec<String> = headings.exact.keys().cloned().collect();
        let mut of_groups =
            Headings { kind, known: BTreeMap::new(), usual: BTreeMap::new(), exact: BTreeMap::new(), fold: BTreeMap::new() };
        for (label, path) in alone {
            of_groups.add(&label, &path);
        }
        for (key, path) in of_groups.exact {
            if !taken.contains(&key) {
                headings.exact.insert(key, path);
            }
        }
        for (key, path) in of_groups.fold {
            headings.fold.entry(key).or_insert(path);
        }
        headings
    }

    /// A heading that two fields have means neither.
    fn add(&mut self, label: &Label, path: &str) {
        // A label that names its unit, "Số tiền (đồng)", is meant by a heading with another unit too.
        let (vi, en) = (without_unit(&label.vi).0, without_unit(&label.en).0);
        let mut written = vec![label.vi.clone(), label.en.clone()];
        written.extend([vi, en].into_iter().filter(|words| *words != label.vi && *words != label.en));
        for words in &written {
            let (exact, fold) = keys(words);
            for (map, key) in [(&mut self.exact, exact), (&mut self.fold, fold)] {
                map.entry(key)
                    .and_modify(|known| {
                        if known.as_deref() != Some(path) {
                            *known = None
                        }
                    })
                    .or_insert_with(|| Some(path.to_owned()));
            }
        }
    }

    fn destination(&self, heading: &str) -> Destination {
        let heading = heading.trim();
        if heading.is_empty() {
            return Destination::Ignored;
        }
        if let Some(known) = self.known.get(&keys(heading).0) {
            return (*known).clone();
        }
        let is = |words: (&str, &str)| [words.0, words.1].iter().any(|word| keys(word) == keys(heading));
        if is(RECORD) {
            return Destination::Record;
        }
        if is(VERSION) && self.kind.field("version").is_none() {
            return Destination::Version;
        }
        if let Some(path) = self.by_key(heading) {
            return Destination::field(path);
        }
        let (words, factor) = without_unit(heading);
        let known_whole = |words: &str| self.exact.contains_key(&keys(&without_place(words).0).0);
        // Brackets that are part of a label stay: "Kỳ báo cáo (năm thứ 1 đến 5)".
        let words = if known_whole(heading) { heading.to_owned() } else { words };
        let (words, place) = without_place(&words);
        let (exact, fold) = keys(&words);
        let path = match (self.exact.get(&exact), self.fold.get(&fold)) {
            (Some(Some(path)), _) | (None, Some(Some(path))) => path.clone(),
            _ => return self.usual.get(&keys(heading).0).map_or(Destination::Ignored, |usual| (*usual).clone()),
        };
        let path = if place > 0 { path.replacen(".0.", &format!(".{place}."), 1) } else { path };
        Destination::Field { path, factor, values: BTreeMap::new() }
    }

    /// A field key: `title`, `names.0.text`, or `names.text` for the first place.
    fn by_key(&self, heading: &str) -> Option<String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
        if !heading.bytes().all(plain) {
            return None;
        }
        self.kind.field_at(heading)?;
        let mut parts = heading.split('.');
        let first = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        let group = self.kind.field(first)?;
        match rest.as_slice() {
            [] => Some(first.to_owned()),
            [place, inner] => Some(inner_path(group, place.parse().ok()?, inner)),
            [inner] => Some(inner_path(group, 0, inner)),
            _ => None,
        }
    }
}

/// Takes a unit of money in brackets, or a star for "required", from the end of a heading.
fn without_unit(heading: &str) -> (String, i64) {
    let bare = heading.trim().trim_end_matches('*').trim_end();
    if let Some((words, unit)) = bare.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        let factor = match viet::fold(unit).to_lowercase().trim().trim_end_matches('.') {
            "dong" | "d" | "vnd" => Some(1),
            "nghin dong" | "ngan dong" | "1.000 dong" | "1000 dong" => Some(1_000),
            "trieu dong" | "trieu" | "trd" | "tr.d" | "million vnd" => Some(1_000_000),
            "ty dong" | "ti dong" | "ty" | "billion vnd" => Some(1_000_000_000),
            "bat buoc" | "required" => Some(1),
            _ => None,
        };
        if let Some(factor) = factor {
            return (words.trim_end().to_owned(), factor);
        }
    }
    (bare.to_owned(), 1)
}

/// Takes the place of a repeated group, `[2]`, out of a heading; from 0.
fn without_place(heading: &str) -> (String, usize) {
    if let Some((before, rest)) = heading.split_once('[')
        && let Some((number, after)) = rest.split_once(']')
        && let Ok(number) = number.trim().parse::<usize>()
        && (1..=2_000).contains(&number)
    {
        return (format!("{}{after}", before.trim_end()), number - 1);
    }
    (heading.to_owned(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalogue::Catalogue;

    fn destination(kind: &str, heading: &str) -> Destination {
        let catalogue = Catalogue::builtin().unwrap();
        let none = BTreeMap::new();
        Headings::of(catalogue.kind(kind).unwrap(), &none, &none).destination(heading)
    }

    fn field(path: &str) -> Destination {
        Destination::field(path)
    }

    #[test]
    fn headings_are_understood_by_label_english_label_and_key() {
        assert_eq!(destination("person", "Họ và tên"), field("name"));
        assert_eq!(destination("person", "HO VA TEN *"), field("name"));
        assert_eq!(destination("person", "Full name"), field("name"));
        assert_eq!(destination("person", "name"), field("name"));
        assert_eq!(destination("body", "Tên gọi qua các thời kỳ / Tên đầy đủ"), field("names.0.text"));
        assert_eq!(destination("body", "Tên gọi qua các thời kỳ [3] / Tên đầy đủ"), field("names.2.text"));
        assert_eq!(destination("body", "Tên đầy đủ"), field("names.0.text"));
        assert_eq!(destination("body", "names.text"), field("names.0.text"));
        assert_eq!(destination("body", "Mã bản ghi"), Destination::Record);
        assert_eq!(destination("body", "STT"), Destination::Ignored);
    }

    #[test]
    fn a_name_that_several_groups_have_means_none_of_them() {
        // "Từ ngày" stands in names, codes, parents and members.
        assert_eq!(destination("body", "Từ ngày"), Destination::Ignored);
    }

    #[test]
    fn units_in_brackets_multiply() {
        assert_eq!(without_unit("Kinh phí (triệu đồng)"), ("Kinh phí".to_owned(), 1_000_000));
        assert_eq!(without_unit("Kinh phí (tỷ đồng) *"), ("Kinh phí".to_owned(), 1_000_000_000));
        assert_eq!(without_unit("Ngày (nếu có)"), ("Ngày (nếu có)".to_owned(), 1));
    }

    #[test]
    fn a_column_shows_whether_its_dots_are_decimal_points() {
        assert!(has_decimal_points(["106.522", "14.7", "1000"].into_iter()));
        assert!(has_decimal_points(["68818.52"].into_iter()));
        assert!(!has_decimal_points(["1.500", "28.704"].into_iter()));
        assert!(!has_decimal_points(["1.500.000", "14.7"].into_iter()));
        assert!(!has_decimal_points(["12,5", "14.7"].into_iter()));
    }

    #[test]
    fn the_row_that_numbers_the_columns_is_no_data() {
        let row = |texts: &[&str]| SheetRow { number: 3, cells: texts.iter().map(|text| SheetCell::Text((*text).to_owned())).collect() };
        assert!(is_numbering(&row(&["(1)", "(2)", "(3)"])));
        assert!(is_numbering(&row(&["1", "2", "3"])));
        assert!(!is_numbering(&row(&["1", "Đề tài gấc", "2019"])));
        assert!(!is_numbering(&row(&["7", "7", "7"])));
    }
}
