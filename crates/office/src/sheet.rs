//! A spreadsheet as rows of cells: .xlsx, .xlsm, .xlsb, .xls, .ods and .csv, recognised by content. Formulas give their last value, macros are never run,
//! a merged area gives its value to each of its rows, and cells of before Unicode are read (`sheet_encoding`).

use std::io::Cursor;

use calamine::{CellErrorType, Data, DataRef, ExcelDateTime, Ods, Reader, Sheets, Xls, Xlsb, Xlsx};
use catalogue::Label;
use jiff::civil::Date;

use crate::error::{OfficeError, label};
use crate::foreign_file::{foreign, foreign_old};

/// The largest file, in bytes.
pub const LARGEST_FILE: usize = 200_000_000;
/// The most that the parts of a file may grow to when they are unpacked, in bytes.
const LARGEST_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;
/// Most rows with content.
const MOST_ROWS: usize = 250_000;
/// Most columns that are looked at.
const MOST_COLUMNS: u32 = 500;
/// Longest text of all cells together, in bytes.
const LONGEST_TEXT: usize = 400 * 1024 * 1024;

/// A cell as it stands in the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum SheetCell {
    /// Nothing, or only blanks.
    #[default]
    Empty,
    /// Words.
    Text(String),
    /// A number that carries no date format.
    Number(f64),
    /// A day by its date format, whichever epoch the file counts from.
    Day(Date),
    /// TRUE or FALSE.
    Bool(bool),
    /// An error value of a formula, e.g. `#REF!`.
    Error(&'static str),
}

impl SheetCell {
    /// The cell as a person would have typed it: `1500,5`, `21/06/2019`; empty for nothing and for error values.
    pub fn typed(&self) -> String {
        match self {
            SheetCell::Empty | SheetCell::Error(_) => String::new(),
            SheetCell::Text(text) => text.clone(),
            SheetCell::Number(number) => format!("{number}").replace('.', ","),
            SheetCell::Day(day) => viet::format_day(*day),
            SheetCell::Bool(yes) => if *yes { "có" } else { "không" }.to_owned(),
        }
    }
}

/// A row with its number in the file, from 1 as the spreadsheet shows it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetRow {
    /// Row number.
    pub number: u32,
    /// Cells from column A.
    pub cells: Vec<SheetCell>,
}

/// One sheet.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its name; the file's name for CSV.
    pub name: String,
    /// Rows that have any content.
    pub rows: Vec<SheetRow>,
    /// Whether serial numbers of days count from 1904.
    pub from_1904: bool,
    /// Cells that stood in an old Vietnamese encoding and were converted: address and encoding.
    pub converted: Vec<(String, String)>,
    /// What the person should know: other sheets, merged cells.
    pub notes: Vec<Label>,
}

impl Sheet {
    /// Puts words into a cell by its address, as if they stood there in the file. An address outside the rows with content is left alone.
    pub(crate) fn mend(&mut self, address: &str, words: &str) {
        let Some((column, row)) = place_of_address(address) else { return };
        let Ok(at) = self.rows.binary_search_by_key(&row, |row| row.number) else { return };
        let Some(row) = self.rows.get_mut(at) else { return };
        if row.cells.len() <= column {
            row.cells.resize(column + 1, SheetCell::Empty);
        }
        if let Some(cell) = row.cells.get_mut(column) {
            let words = viet::nfc(words.trim());
            *cell = if words.is_empty() { SheetCell::Empty } else { SheetCell::Text(words.into_owned()) };
        }
    }
}

/// The column from 0 and the row from 1 of an address like `C17`; none when it is none or lies outside of what a spreadsheet can hold.
pub(crate) fn place_of_address(address: &str) -> Option<(usize, u32)> {
    let digits = address.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = address.split_at(digits);
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let column = letters.bytes().fold(0_usize, |column, byte| column * 26 + usize::from(byte - b'A') + 1);
    let row: u32 = row.parse().ok().filter(|row| (1..=1_048_576).contains(row))?;
    (column <= 16_384).then_some((column - 1, row))
}

/// SHA-256 of a file in hexadecimal digits, as the journal of imports keeps it.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The address of a cell: column from 0, row from 1 → `C17`.
pub fn cell_address(column: usize, row: u32) -> String {
    format!("{}{row}", column_letters(column))
}

/// The letters of a column from 0: A … Z, AA …
pub fn column_letters(column: usize) -> String {
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        letters.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters
}

/// The day of a serial number; none outside 1900–9999.
pub(crate) fn day_of_serial(serial: f64, from_1904: bool) -> Option<Date> {
    if !(1.0..2_958_466.0).contains(&serial) {
        return None;
    }
    day_of(&ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, from_1904))
}

fn day_of(instant: &ExcelDateTime) -> Option<Date> {
    let (year, month, day, ..) = instant.to_ymd_hms_milli();
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Reads the sheet called `wanted`, else the first that has content.
///
/// # Errors
/// `Refused` with code `sheet_unreadable`, `sheet_password`, `file_too_large`, `sheet_too_long`, `sheet_empty` or `sheet_missing`, in words that say what
/// to do.
pub fn read_sheet(name: &str, bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, OfficeError> {
    if bytes.len() > LARGEST_FILE {
        return Err(too_large());
    }
    if let Some(refused) = foreign(bytes) {
        return Err(refused);
    }
    let sheet = if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        if bytes.starts_with(b"PK") {
            refuse_bombs(bytes)?;
        }
        read_workbook(bytes, wanted)?
    } else {
        read_csv(name, bytes)?
    };
    if sheet.rows.is_empty() {
        return Err(OfficeError::refused(
            "sheet_empty",
            "Tệp không có dòng dữ liệu nào. Hãy mở tệp kiểm tra lại, lưu rồi tải lên lần nữa.",
            "The file has no rows with data. Open and check it, save it and upload it again.",
        ));
    }
    Ok(sheet)
}

pub(crate) fn too_large() -> OfficeError {
    OfficeError::refused(
        "file_too_large",
        "Tệp lớn hơn 200 MB. Hãy bỏ hình ảnh, trang tính không dùng, hoặc chia thành nhiều tệp.",
        "The file is larger than 200 MB. Remove pictures and unused sheets, or split it into several files.",
    )
}

/// What an archive says of its sizes is not believed by the reader of a part, but an honest bomb is refused here, before anything is unpacked.
fn refuse_bombs(bytes: &[u8]) -> Result<(), OfficeError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let mut unpacked: u64 = 0;
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(|error| unreadable(&error))?;
        unpacked = unpacked.saturating_add(part.size());
    }
    if unpacked > LARGEST_UNPACKED { Err(too_long()) } else { Ok(()) }
}

fn read_workbook(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, OfficeError> {
    // Some programs give an .xls the suffix .xlsx and the other way round: the content decides.
    let opened = if bytes.starts_with(b"PK") {
        match Xlsx::new(Cursor::new(bytes)) {
            Ok(workbook) => Ok(Sheets::Xlsx(workbook)),
            Err(xlsx) => match (Xlsb::new(Cursor::new(bytes)), Ods::new(Cursor::new(bytes))) {
                (Ok(workbook), _) => Ok(Sheets::Xlsb(workbook)),
                (_, Ok(workbook)) => Ok(Sheets::Ods(workbook)),
                (_, Err(calamine::OdsError::Password)) => Err(password()),
                _ => Err(unreadable(&xlsx)),
            },
        }
    } else if is_encrypted(bytes) {
        Err(password())
    } else {
        match Xls::new(Cursor::new(bytes)) {
            Ok(workbook) => Ok(Sheets::Xls(workbook)),
            Err(calamine::XlsError::Password) => Err(password()),
            Err(error) => Err(foreign_old(bytes).unwrap_or_else(|| unreadable(&error))),
        }
    };
    let mut workbook = opened?;
    let names = workbook.sheet_names();
    if let Some(wanted) = wanted
        && !names.iter().any(|name| name == wanted)
    {
        return Err(OfficeError::refused(
            "sheet_missing",
            format!("Tệp không có trang tính “{wanted}”. Có: {}.", names.join(", ")),
            format!("The file has no sheet “{wanted}”. It has: {}.", names.join(", ")),
        ));
    }
    let from_1904 = match &workbook {
        Sheets::Xlsx(workbook) => workbook.has_1904_epoch(),
        Sheets::Xls(workbook) => workbook.has_1904_epoch(),
        _ => false,
    };
    for name in names.iter().filter(|name| wanted.is_none_or(|wanted| wanted == *name)) {
        let mut sheet = match &mut workbook {
            Sheets::Xlsx(workbook) => read_xlsx(workbook, name)?,
            other => whole_range(other.worksheet_range(name).map_err(|error| unreadable(&error))?)?,
        };
        if sheet.rows.is_empty() {
            continue;
        }
        sheet.name.clone_from(name);
        sheet.from_1904 = from_1904;
        sheet.read_old_encodings();
        if wanted.is_none() && names.len() > 1 {
            let others: Vec<&str> = names.iter().filter(|other| *other != name).map(String::as_str).collect();
            sheet.notes.push(label(
                format!("Đã đọc trang tính “{name}”; không đọc: {}.", others.join(", ")),
                format!("Read the sheet “{name}”; not read: {}.", others.join(", ")),
            ));
        }
        return Ok(sheet);
    }
    Ok(Sheet::default())
}

/// An encrypted .xlsx is an OLE file with a stream of this name, in UTF-16.
fn is_encrypted(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(name.len()).any(|part| part == name.as_slice())
}

/// Cell by cell, so that a sheet formatted down to row 1,048,576 takes no memory for its empty cells.
fn read_xlsx(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Sheet, OfficeError> {
    let merged = workbook.merge_cells_by_sheet_name(name).unwrap_or_default();
    let mut rows = RowCollector::default();
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|error| unreadable(&error))?;
    while let Some(cell) = reader.next_cell().map_err(|error| unreadable(&error))? {
        let (row, column) = cell.get_position();
        rows.put(row, column, cell_of_ref(cell.get_value()))?;
    }
    let mut sheet = rows.finish();
    spread_merged(&mut sheet, &merged);
    Ok(sheet)
}

fn whole_range(range: calamine::Range<Data>) -> Result<Sheet, OfficeError> {
    let (first_row, first_column) = range.start().unwrap_or((0, 0));
    let mut rows = RowCollector::default();
    for (row, column, value) in range.used_cells() {
        let row = first_row.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
        let column = first_column.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
        rows.put(row, column, cell_of(value))?;
    }
    Ok(rows.finish())
}

fn cell_of_ref(value: &DataRef<'_>) -> SheetCell {
    match value {
        DataRef::SharedString(text) => text_cell(text),
        DataRef::String(text) | DataRef::DurationIso(text) => text_cell(text),
        DataRef::DateTimeIso(text) => iso_cell(text),
        DataRef::Int(number) => SheetCell::Number(*number as f64),
        DataRef::Float(number) => SheetCell::Number(*number),
        DataRef::Bool(yes) => SheetCell::Bool(*yes),
        DataRef::DateTime(instant) => instant_cell(instant),
        DataRef::Error(error) => SheetCell::Error(error_words(error)),
        DataRef::Empty => SheetCell::Empty,
    }
}

fn cell_of(value: &Data) -> SheetCell {
    match value {
        Data::String(text) | Data::DurationIso(text) => text_cell(text),
        Data::DateTimeIso(text) => iso_cell(text),
        Data::Int(number) => SheetCell::Number(*number as f64),
        Data::Float(number) => SheetCell::Number(*number),
        Data::Bool(yes) => SheetCell::Bool(*yes),
        Data::DateTime(instant) => instant_cell(instant),
        Data::Error(error) => SheetCell::Error(error_words(error)),
        Data::Empty => SheetCell::Empty,
    }
}

fn instant_cell(instant: &ExcelDateTime) -> SheetCell {
    match (instant.is_duration(), day_of(instant)) {
        (false, Some(day)) => SheetCell::Day(day),
        _ => SheetCell::Number(instant.as_f64()),
    }
}

fn text_cell(text: &str) -> SheetCell {
    let plain = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'));
    if plain.is_empty() {
        return SheetCell::Empty;
    }
    SheetCell::Text(plain.to_owned())
}

/// A day of an .ods cell, with or without a time.
fn iso_cell(text: &str) -> SheetCell {
    match text.get(..10).unwrap_or(text).parse::<Date>() {
        Ok(day) => SheetCell::Day(day),
        Err(_) => text_cell(text),
    }
}

fn error_words(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        _ => "#…",
    }
}

/// Puts cells into rows; refuses what is too long before memory does.
#[derive(Default)]
struct RowCollector {
    rows: Vec<SheetRow>,
    text: usize,
}

impl RowCollector {
    fn put(&mut self, row: u32, column: u32, cell: SheetCell) -> Result<(), OfficeError> {
        if cell == SheetCell::Empty || column >= MOST_COLUMNS {
            return Ok(());
        }
        if let SheetCell::Text(text) = &cell {
            self.text += text.len();
        }
        let number = row.saturating_add(1);
        if self.rows.last().is_none_or(|last| last.number != number) {
            self.rows.push(SheetRow { number, cells: Vec::new() });
        }
        if self.rows.len() > MOST_ROWS || self.text > LONGEST_TEXT {
            return Err(too_long());
        }
        if let Some(last) = self.rows.last_mut() {
            put_at(&mut last.cells, column as usize, cell);
        }
        Ok(())
    }

    fn finish(self) -> Sheet {
        Sheet { rows: self.rows, ..Sheet::default() }
    }
}

fn put_at(cells: &mut Vec<SheetCell>, column: usize, cell: SheetCell) {
    if cells.len() <= column {
        cells.resize(column + 1, SheetCell::Empty);
    }
    if let Some(place) = cells.get_mut(column) {
        *place = cell;
    }
}

/// What a merged area shows holds for each row of it. Across columns nothing is repeated: a wide heading is one heading.
fn spread_merged(sheet: &mut Sheet, merged: &[calamine::Dimensions]) {
    let mut areas = Vec::new();
    for area in merged.iter().filter(|area| area.end.0 > area.start.0).take(20_000) {
        let column = area.start.1 as usize;
        // Rows stand in the order of their numbers, so an area costs what it covers.
        let from = sheet.rows.partition_point(|row| row.number < area.start.0 + 1);
        let to = sheet.rows.partition_point(|row| row.number <= area.end.0 + 1);
        let Some((first, below)) = sheet.rows.get_mut(from..to).and_then(<[SheetRow]>::split_first_mut) else { continue };
        let value = first.cells.get(column).filter(|value| first.number == area.start.0 + 1 && **value != SheetCell::Empty).cloned();
        let Some(value) = value else { continue };
        for row in below {
            put_at(&mut row.cells, column, value.clone());
        }
        areas.push(format!("{}:{}", cell_address(column, area.start.0 + 1), cell_address(area.end.1 as usize, area.end.0 + 1)));
    }
    if !areas.is_empty() {
        let shown = areas.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
        let more = areas.len().saturating_sub(10);
        let (vi, en) = if more > 0 { (format!(" và {more} vùng khác"), format!(" and {more} more")) } else { Default::default() };
        sheet.notes.push(label(
            format!("Ô gộp: giá trị được dùng cho mọi dòng trong vùng {shown}{vi}."),
            format!("Merged cells: the value was used for each row of {shown}{en}."),
        ));
    }
}

fn read_csv(name: &str, bytes: &[u8]) -> Result<Sheet, OfficeError> {
    let (text, of_bytes) = csv_text(bytes)?;
    let delimiter = delimiter_of(&text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut rows = RowCollector::default();
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(|error| unreadable(&error))?;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        for (column, text) in record.iter().enumerate() {
            // Our own export guards words that look like a formula with an apostrophe.
            let plain = match text.strip_prefix('\'') {
                Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) => rest,
                _ => text,
            };
            rows.put(number, u32::try_from(column).unwrap_or(u32::MAX), text_cell(plain))?;
        }
    }
    let mut sheet = rows.finish();
    name.clone_into(&mut sheet.name);
    sheet.read_old_encodings();
    if of_bytes {
        sheet.read_rest_of_bytes()?;
    }
    Ok(sheet)
}

/// The text of a .csv, and whether its bytes were no Unicode: then each character is one byte.
fn csv_text(bytes: &[u8]) -> Result<(String, bool), OfficeError> {
    let (text, of_bytes) = match viet::utf16_text(bytes) {
        Some(text) => (text.map_err(|error| unreadable(&error))?, false),
        None => match std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (bytes.iter().map(|byte| char::from(*byte)).collect(), true),
        },
    };
    if text.contains('\0') { Err(unreadable(&"a binary file")) } else { Ok((text, of_bytes)) }
}

/// The sign that stands most often outside quotes in the first lines.
fn delimiter_of(text: &str) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let (mut quoted, mut lines) = (false, 0);
    for byte in text.bytes().take(64 * 1024) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                lines += 1;
                if lines == 5 {
                    break;
                }
            }
            _ if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(sign, _)| *sign == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // The first of equals: max_by_key would take the last.
    let mut best = (b',', 0);
    for (sign, count) in counts {
        if count > best.1 {
            best = (sign, count);
        }
    }
    best.0
}

fn unreadable(detail: &dyn std::fmt::Display) -> OfficeError {
    let detail: String = detail.to_string().chars().take(200).collect();
    OfficeError::refused(
        "sheet_unreadable",
        format!(
            "Không đọc được tệp bảng tính (hỏng hoặc không phải .xlsx, .xls, .ods, .csv): {detail}. Hãy mở bằng Excel, lưu lại rồi tải lên."
        ),
        format!(
            "The spreadsheet cannot be read (damaged, or not .xlsx, .xls, .ods, .csv): {detail}. Open it in Excel, save it again and upload."
        ),
    )
}

fn password() -> OfficeError {
    OfficeError::refused(
        "sheet_password",
        "Tệp có mật khẩu. Hãy bỏ mật khẩu mở tệp (Tệp › Thông tin › Bảo vệ) rồi tải lên.",
        "The file is protected by a password. Remove it (File › Info › Protect) and upload again.",
    )
}

fn too_long() -> OfficeError {
    OfficeError::refused(
        "sheet_too_long",
        format!(
            "Trang tính có hơn {} dòng có dữ liệu hoặc quá nhiều chữ. Hãy chia thành nhiều tệp.",
            viet::format_number(MOST_ROWS as i64)
        ),
        format!("The sheet has more than {MOST_ROWS} rows with data, or too much text. Split it into several files."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_those_of_a_spreadsheet() {
        assert_eq!(cell_address(2, 17), "C17");
        assert_eq!(column_letters(25), "Z");
        assert_eq!(column_letters(26), "AA");
        assert_eq!(column_letters(701), "ZZ");
        assert_eq!(column_letters(702), "AAA");
        for (column, row) in [(0, 1), (25, 9), (26, 17), (702, 1_048_576), (16_383, 2)] {
            assert_eq!(place_of_address(&cell_address(column, row)), Some((column, row)));
        }
        for none in ["", "A", "17", "A0", "XFE1", "AAAA1", "a1", "A1048577", "A1B", "Ă1"] {
            assert_eq!(place_of_address(none), None, "{none}");
        }
    }

    #[test]
    fn serial_numbers_count_from_1900_or_1904() {
        assert_eq!(day_of_serial(43_637.0, false), Some(jiff::civil::date(2019, 6, 21)));
        assert_eq!(day_of_serial(43_637.0 - 1_462.0, true), Some(jiff::civil::date(2019, 6, 21)));
        assert_eq!(day_of_serial(-5.0, false), None);
    }

    #[test]
    fn semicolons_tabs_and_utf_16_are_recognised() {
        let sheet = read_sheet("a.csv", "Tên;Kinh phí\n\"Gấc; GACP\";\"1.500\"\n".as_bytes(), None).unwrap();
        assert_eq!(sheet.rows[1].cells, vec![SheetCell::Text("Gấc; GACP".into()), SheetCell::Text("1.500".into())]);
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend("Tên\tNăm\nĐề tài\t2019\n".encode_utf16().flat_map(u16::to_le_bytes));
        let sheet = read_sheet("a.txt", &bytes, None).unwrap();
        assert_eq!(sheet.rows[1].number, 2);
        assert_eq!(sheet.rows[1].cells[0], SheetCell::Text("Đề tài".into()));
    }

    #[test]
    fn what_is_no_spreadsheet_is_refused_in_words() {
        for bytes in [&b""[..], b"   \n", b"PK\x03\x04junk", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x00\x01\x02"] {
            let error = read_sheet("a.xlsx", bytes, None).unwrap_err();
            assert!(matches!(error, OfficeError::Refused { .. }), "{error:?}");
        }
    }

    #[test]
    fn what_is_another_kind_of_file_is_called_by_its_name() {
        let packed = |member: &str| {
            let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
            archive.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
            archive.finish().unwrap().into_inner()
        };
        let old_word = [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], b"W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0"].concat();
        for (bytes, words) in [
            (packed("word/document.xml"), "văn bản Word"),
            (old_word, "văn bản Word"),
            (b"{\\rtf1".to_vec(), "văn bản Word"),
            (packed("ppt/presentation.xml"), "PowerPoint"),
            (packed("danh-sach.xlsx"), "tệp nén"),
            (b"Rar!\x1a\x07".to_vec(), "tệp nén"),
            (b"%PDF-1.7".to_vec(), "tệp PDF"),
            (b"\x89PNG\r\n".to_vec(), "ảnh"),
            ("\u{feff}\r\n<HTML><table>".into(), "trang HTML"),
            (b"<?xml version=\"1.0\"?><Workbook>".to_vec(), "tệp XML"),
        ] {
            let error = read_sheet("a.xlsx", &bytes, None).unwrap_err();
            assert!(error.code() == "sheet_foreign" && error.message().vi.contains(words), "{words}: {error:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), magic in 0..3) {
            let mut file = match magic { 0 => b"PK\x03\x04".to_vec(), 1 => b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), _ => Vec::new() };
            file.extend(bytes);
            let _ = read_sheet("x", &file, None);
        }
    }
}
