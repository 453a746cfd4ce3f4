//! Lists as files: CSV and XLSX with every row of the filter, iCal where there are dates. The same filter as on screen, the same rows as counted.

use std::io::Write;

use catalogue::{Label, Lang};
use jiff::civil::Date;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};
use serde_json::Value;

use crate::board::{BoardFilter, BoardRow};
use crate::error::{OfficeError, label};
use crate::identity::Identity;
use crate::office::Office;
use crate::register::RegisterFilter;

/// A column of an exported table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Heading.
    pub label: Label,
    /// Width in characters, for XLSX.
    pub width: f64,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words; never read as a formula.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A day.
    Day(Date),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    }

    fn day(day: Option<Date>) -> Cell {
        day.map_or(Cell::Empty, Cell::Day)
    }

    fn count(number: u64) -> Cell {
        Cell::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// UTF-8 with a byte order mark, so that Excel reads Vietnamese; commas; CRLF (RFC 4180).
    Csv,
    /// Office Open XML.
    Xlsx,
    /// One JSON object a line, as stored; for records only.
    Jsonl,
}

impl Office {
    /// Writes the whole board of `filter` and returns the number of rows.
    pub fn export_board(&self, filter: &BoardFilter, lang: Lang, form: FileForm, out: &mut (dyn Write + Send)) -> Result<u64, OfficeError> {
        let today = self.clock().today();
        let columns = board_columns();
        let title = label("Chỉ đạo", "Directives");
        write_table(&title, &columns, lang, form, out, &mut |row_out| {
            self.board().each(filter, today, &mut |row| row_out(self.board_cells(&row, lang)))
        })
    }

    /// Writes the whole board of `filter` as the follow-up register of Appendix IV of Decree 30/2020, an editable Word file.
    pub fn export_board_register(&self, filter: &BoardFilter, lang: Lang, out: &mut (dyn Write + Send)) -> Result<u64, OfficeError> {
        let today = self.clock().today();
        let mut rows = Vec::new();
        let mut titles = std::collections::BTreeMap::new();
        self.board().each(filter, today, &mut |row| {
            let document = match row.document {
                None => String::new(),
                Some(id) => match titles.get(&id) {
                    Some(title) => String::clone(title),
                    None => {
                        let title = self.titles(&Identity::public(), &[id])?.into_iter().next().map(|row| row.title).unwrap_or_default();
                        titles.insert(id, title.clone());
                        title
                    }
                },
            };
            let late = if row.days_late > 0 { format!(" (+{})", row.days_late) } else { String::new() };
            rows.push([
                row.item.clone(),
                format!("{document}: {}", row.text).trim_start_matches(": ").to_owned(),
                self.leads_of(&row),
                row.last_day.map(viet::format_day).or_else(|| row.due_raw.clone()).unwrap_or_default(),
                format!("{}{late}", row.status.label().get(lang)),
                String::new(),
                illustrative_words(&row, lang).to_owned(),
            ]);
            Ok(())
        })?;
        let count = rows.len() as u64;
        let issuer = self.directory().get(self.body()).map(|body| body.name_on(today).to_owned()).unwrap_or_default();
        let register = official::write::FollowUpRegister { issuer, year: Some(today.year()), rows, ..Default::default() };
        out.write_all(&register.to_docx().map_err(|error| OfficeError::Data(error.to_string()))?)?;
        Ok(count)
    }

    /// Writes the whole list of `filter` as this person may see it, with every simple field of the kind, and returns the number of rows.
    pub fn export_register(
        &self,
        who: &Identity,
        filter: &RegisterFilter,
        lang: Lang,
        form: FileForm,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, OfficeError> {
        if let Some(name) = &filter.kind {
            return self.export_records(who, name, filter, lang, form, out);
        }
        let columns = vec![
            column("Mã bản ghi", "Record", 38.0),
            column("Loại", "Kind", 16.0),
            column("Tên", "Title", 60.0),
            column("Cơ quan", "Body", 30.0),
        ];
        let today = self.clock().today();
        write_table(&label("Bản ghi", "Records"), &columns, lang, form, out, &mut |row_out| {
            let mut after: Option<String> = None;
            loop {
                let page = self.register_page(who, filter, after.as_deref(), 500)?;
                for row in &page.rows {
                    row_out(vec![
                        Cell::text(row.id.to_string()),
                        Cell::text(self.kind(&row.kind)?.label.get(lang)),
                        Cell::text(row.title.clone()),
                        Cell::text(row.owner.map(|owner| self.directory().short_name(owner, today)).unwrap_or_default()),
                    ])?;
                }
                after = page.next;
                if after.is_none() {
                    return Ok(());
                }
            }
        })
    }

    /// Writes last days as an iCal calendar (RFC 5545), one all-day event a directive; `base` is the public address of the node.
    pub fn export_calendar(&self, filter: &BoardFilter, lang: Lang, base: &str, out: &mut dyn Write) -> Result<u64, OfficeError> {
        let today = self.clock().today();
        let mut rows = 0;
        calendar_head(out, lang)?;
        let stamp = stamp(self.clock().now());
        self.board().each(filter, today, &mut |row| {
            let Some(day) = row.last_day.or(row.internal_due) else { return Ok(()) };
            rows += 1;
            self.event(&row, day, lang, base, &stamp, out)
        })?;
        out.write_all(b"END:VCALENDAR\r\n")?;
        Ok(rows)
    }

    pub(crate) fn event(
        &self,
        row: &BoardRow,
        day: Date,
        lang: Lang,
        base: &str,
        stamp: &str,
        out: &mut dyn Write,
    ) -> Result<(), OfficeError> {
        let status = row.status.label();
        let next = day.tomorrow().unwrap_or(day);
        let plain = |day: Date| format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
        let place = if lang == Lang::En { "/en" } else { "" };
        let title = crate::directive::shorten(&row.text, 90);
        let lines = [
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}@lienvung", row.id),
            format!("DTSTAMP:{stamp}"),
            format!("DTSTART;VALUE=DATE:{}", plain(day)),
            format!("DTEND;VALUE=DATE:{}", plain(next)),
            format!("SUMMARY:{}", escape(&format!("{} – {title}", row.item))),
            format!("DESCRIPTION:{}", escape(&format!("{}\n{}", status.get(lang), row.text))),
            format!("URL:{base}{place}/chi-dao/{}", row.id),
            "END:VEVENT".to_owned(),
        ];
        for line in lines {
            write_folded(out, &line)?;
        }
        Ok(())
    }

    /// Who leads, by the names of the day of issue; the class, or the words of the document, when no body is named.
    fn leads_of(&self, row: &BoardRow) -> String {
        let day = row.issued_day.unwrap_or_else(|| self.clock().today());
        let name = |id: &ledger::RecordId| self.directory().short_name(*id, day);
        match (row.leads.as_slice(), &row.class) {
            ([], Some(class)) => name(class),
            ([], None) => row.addressee_raw.clone().unwrap_or_default(),
            (leads, _) => leads.iter().map(name).collect::<Vec<_>>().join("; "),
        }
    }

    fn board_cells(&self, row: &BoardRow, lang: Lang) -> Vec<Cell> {
        let day = row.issued_day.unwrap_or_else(|| self.clock().today());
        let names =
            |bodies: &[ledger::RecordId]| bodies.iter().map(|id| self.directory().short_name(*id, day)).collect::<Vec<_>>().join("; ");
        vec![
            Cell::text(row.item.clone()),
            Cell::text(row.text.clone()),
            Cell::text(self.leads_of(row)),
            Cell::text(names(&row.co_operators)),
            Cell::text(row.due_raw.clone().unwrap_or_default()),
            Cell::day(row.last_day),
            Cell::text(row.status.label().get(lang)),
            Cell::Number(row.days_late),
            Cell::day(row.done_day),
            Cell::count(row.reported),
            Cell::count(row.verified),
            Cell::count(row.bodies),
            Cell::day(row.internal_due),
            Cell::text(illustrative_words(row, lang)),
            Cell::text(row.id.to_string()),
        ]
    }
}

fn illustrative_words(row: &BoardRow, lang: Lang) -> &'static str {
    match (row.illustrative || row.illustrative_answers, lang) {
        (false, _) => "",
        (true, Lang::Vi) => "minh họa",
        (true, Lang::En) => "illustrative",
    }
}

fn column(vi: &str, en: &str, width: f64) -> Column {
    Column { label: label(vi, en), width }
}

fn board_columns() -> Vec<Column> {
    vec![
        column("Mục", "Item", 8.0),
        column("Nội dung", "Content", 70.0),
        column("Chủ trì", "Lead", 28.0),
        column("Phối hợp", "With", 28.0),
        column("Hạn (nguyên văn)", "Deadline (as written)", 20.0),
        column("Ngày cuối của hạn", "Last day", 14.0),
        column("Trạng thái", "Status", 20.0),
        column("Số ngày quá hạn", "Days late", 12.0),
        column("Ngày hoàn thành", "Done on", 14.0),
        column("Đã báo cáo xong", "Reported done", 12.0),
        column("Đã xác minh", "Verified", 12.0),
        column("Số cơ quan", "Bodies", 10.0),
        column("Hạn nội bộ", "Own deadline", 14.0),
        column("Ghi chú", "Note", 12.0),
        column("Mã bản ghi", "Record", 38.0),
    ]
}

pub(crate) type RowSink<'a> = dyn FnMut(Vec<Cell>) -> Result<(), OfficeError> + 'a;

pub(crate) fn write_table(
    title: &Label,
    columns: &[Column],
    lang: Lang,
    form: FileForm,
    out: &mut (dyn Write + Send),
    rows: &mut dyn FnMut(&mut RowSink<'_>) -> Result<(), OfficeError>,
) -> Result<u64, OfficeError> {
    match form {
        FileForm::Csv => write_csv(columns, lang, out, rows),
        FileForm::Xlsx => write_xlsx(title, columns, lang, out, rows),
        FileForm::Jsonl => write_lines(columns, out, rows),
    }
}

fn write_csv(
    columns: &[Column],
    lang: Lang,
    out: &mut (dyn Write + Send),
    rows: &mut dyn FnMut(&mut RowSink<'_>) -> Result<(), OfficeError>,
) -> Result<u64, OfficeError> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let broken = |error: csv::Error| OfficeError::Data(error.to_string());
    writer.write_record(columns.iter().map(|column| column.label.get(lang))).map_err(broken)?;
    let mut count = 0;
    rows(&mut |cells| {
        count += 1;
        writer.write_record(cells.iter().map(csv_text)).map_err(broken)
    })?;
    writer.flush()?;
    Ok(count)
}

/// A table without fields of its own: one object a line with the English headings as keys.
fn write_lines(
    columns: &[Column],
    out: &mut (dyn Write + Send),
    rows: &mut dyn FnMut(&mut RowSink<'_>) -> Result<(), OfficeError>,
) -> Result<u64, OfficeError> {
    let mut count = 0;
    rows(&mut |cells| {
        count += 1;
        let mut line = serde_json::Map::new();
        for (column, cell) in columns.iter().zip(cells) {
            let value = match cell {
                Cell::Empty => continue,
                Cell::Text(text) => Value::from(text),
                Cell::Number(number) => Value::from(number),
                Cell::Day(day) => Value::from(day.to_string()),
            };
            line.insert(column.label.en.clone(), value);
        }
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
        Ok(())
    })?;
    Ok(count)
}

/// Spreadsheets run a cell that begins like a formula; an apostrophe keeps it words (OWASP, CSV injection).
fn csv_text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Number(number) => number.to_string(),
        Cell::Day(day) => viet::format_day(*day),
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) => format!("'{text}"),
        Cell::Text(text) => text.clone(),
    }
}

fn write_xlsx(
    title: &Label,
    columns: &[Column],
    lang: Lang,
    out: &mut (dyn Write + Send),
    rows: &mut dyn FnMut(&mut RowSink<'_>) -> Result<(), OfficeError>,
) -> Result<u64, OfficeError> {
    let broken = |error: XlsxError| OfficeError::Data(error.to_string());
    let mut workbook = Workbook::new();
    // Rows go to a temporary file as they come, so that 100,000 rows take no memory.
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(broken)?;
    let head = Format::new().set_bold().set_text_wrap();
    let wrap = Format::new().set_text_wrap();
    let day_form = Format::new().set_num_format("dd/mm/yyyy");
    sheet.set_name(title.get(lang).chars().filter(|c| !"[]:*?/\\".contains(*c)).take(31).collect::<String>()).map_err(broken)?;
    for (at, column) in columns.iter().enumerate() {
        sheet.set_column_width(column_number(at), column.width).map_err(broken)?;
    }
    for (at, column) in columns.iter().enumerate() {
        sheet.write_string_with_format(0, column_number(at), column.label.get(lang), &head).map_err(broken)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(broken)?;
    let mut count: u32 = 0;
    rows(&mut |cells| {
        count = count.saturating_add(1);
        for (at, cell) in cells.iter().enumerate() {
            let at = column_number(at);
            match cell {
                Cell::Empty => {}
                Cell::Number(number) => {
                    sheet.write_number(count, at, *number as f64).map_err(broken)?;
                }
                Cell::Day(day) => {
                    let year = u16::try_from(day.year()).unwrap_or(0);
                    let (month, number) = (day.month().unsigned_abs(), day.day().unsigned_abs());
                    match ExcelDateTime::from_ymd(year, month, number) {
                        Ok(date) => sheet.write_datetime_with_format(count, at, &date, &day_form).map_err(broken)?,
                        // Excel knows no day before 1900.
                        Err(_) => sheet.write_string(count, at, viet::format_day(*day)).map_err(broken)?,
                    };
                }
                Cell::Text(text) => {
                    // A cell holds at most 32,767 characters.
                    let text: String = text.chars().take(32_767).collect();
                    sheet.write_string_with_format(count, at, text, &wrap).map_err(broken)?;
                }
            }
        }
        Ok(())
    })?;
    let bytes = workbook.save_to_buffer().map_err(broken)?;
    out.write_all(&bytes)?;
    Ok(count.into())
}

fn column_number(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

pub(crate) fn calendar_head(out: &mut dyn Write, lang: Lang) -> Result<(), OfficeError> {
    let name = if lang == Lang::Vi { "Liên Vùng – hạn chỉ đạo" } else { "Liên Vùng – deadlines" };
    for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Lien Vung//VI", "CALSCALE:GREGORIAN"] {
        write_folded(out, line)?;
    }
    write_folded(out, &format!("X-WR-CALNAME:{}", escape(name)))
}

/// `20261123T100000Z`.
pub(crate) fn stamp(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| "19700101T000000Z".to_owned(), |instant| instant.strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// Lines are at most 75 octets; a longer one goes on after a break and a blank (RFC 5545 §3.1). Characters are not cut.
fn write_folded(out: &mut dyn Write, line: &str) -> Result<(), OfficeError> {
    let mut length = 0;
    let mut folded = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        if length + c.len_utf8() > 73 {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(c);
        length += c.len_utf8();
    }
    folded.push_str("\r\n");
    out.write_all(folded.as_bytes())?;
    Ok(())
}

/// Text values escape backslash, semicolon, comma and line breaks (RFC 5545 §3.3.11).
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\\n").replace(['\n', '\r'], "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_lines_are_at_most_75_octets_and_unfold_to_the_same_text() {
        let line = format!("SUMMARY:{}", escape(&"Đẩy nhanh việc xây dựng, kết nối; cơ sở dữ liệu ".repeat(9)));
        let mut out = Vec::new();
        write_folded(&mut out, &line).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.split("\r\n").all(|part| part.len() <= 75));
        assert_eq!(text.replace("\r\n ", "").trim_end_matches("\r\n"), line);
    }

    #[test]
    fn a_cell_that_looks_like_a_formula_stays_words() {
        assert_eq!(csv_text(&Cell::Text("=HYPERLINK(1)".into())), "'=HYPERLINK(1)");
        assert_eq!(csv_text(&Cell::Number(-5)), "-5");
    }
}
