//! The head: Quốc hiệu and Tiêu ngữ, issuer, number, place and day, kind and summary, "Kính gửi".

use std::io;

use super::sheet::{Orientation, Sheet, bold_width};
use super::{AdministrativeDocument, Dateline, Run};

/// The columns of the head: issuer | Quốc hiệu. The right one holds Quốc hiệu at 12 points (87.5 mm) in one line, the left one most names of provinces' bodies.
pub(super) const LEFT: u32 = 4139;
/// The same when the place is so long that its line would not fit: room for "Thành phố Hồ Chí Minh, ngày 05 tháng 02 năm 2026" (98.7 mm).
const LEFT_OF_A_LONG_PLACE: u32 = 3685;
const LONGEST_PLACE: usize = 16;
const MOTTO: &str = "Độc lập - Tự do - Hạnh phúc";

pub(super) fn write(sheet: &mut Sheet<'_>, document: &AdministrativeDocument) -> io::Result<()> {
    let long = document.dateline.as_ref().is_some_and(|dateline| dateline.place.trim().chars().count() > LONGEST_PLACE);
    let left = if long { LEFT_OF_A_LONG_PLACE } else { LEFT };
    let right = Orientation::Portrait.text_width() - left;
    sheet.begin_layout_table(&[left, right])?;
    sheet.begin_row(false)?;
    sheet.begin_cell(left)?;
    issuer(sheet, document.superior.as_deref(), &document.issuer, left)?;
    sheet.end_cell()?;
    sheet.begin_cell(right)?;
    sheet.line("Nation", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")?;
    sheet.line("Motto", MOTTO)?;
    sheet.rule(right, bold_width(MOTTO, 13))?;
    sheet.end_cell()?;
    sheet.end_row()?;

    sheet.begin_row(false)?;
    sheet.begin_cell(left)?;
    sheet.line("Number", &number(document))?;
    if document.kind.is_none() {
        let summary = document.summary.trim();
        sheet.line("SubjectLine", &format!("V/v {}", summary.strip_prefix("V/v ").unwrap_or(summary)))?;
    }
    sheet.end_cell()?;
    sheet.begin_cell(right)?;
    sheet.line("Dateline", &document.dateline.as_ref().map(place_and_day).unwrap_or_default())?;
    sheet.end_cell()?;
    sheet.end_row()?;
    sheet.end_table()?;

    if let Some(kind) = &document.kind {
        sheet.line("Title", &kind.trim().to_uppercase())?;
        sheet.line("Subtitle", document.summary.trim())?;
        let across = Orientation::Portrait.text_width();
        sheet.rule(across, third(bold_width(document.summary.trim(), 14).min(across)))?;
        sheet.gap()?;
    }
    addressed_to(sheet, &document.addressed_to)
}

/// The issuer below the body above it, with a line of a third to a half of the issuer's.
pub(super) fn issuer(sheet: &mut Sheet<'_>, superior: Option<&str>, issuer: &str, across: u32) -> io::Result<()> {
    if let Some(superior) = superior.map(str::trim).filter(|superior| !superior.is_empty()) {
        sheet.line("Superior", &superior.to_uppercase())?;
    }
    let issuer = issuer.trim().to_uppercase();
    sheet.line("Issuer", &issuer)?;
    sheet.rule(across, third(bold_width(&issuer, 12).min(across)))
}

/// "a third to a half" of a line whose width is an estimate: 0.42 of it stays within both.
fn third(width: u32) -> u32 {
    width * 42 / 100
}

fn number(document: &AdministrativeDocument) -> String {
    let symbol = document.symbol.trim().trim_start_matches('/');
    // Forms and requests are not numbered; the cell keeps its line.
    if symbol.is_empty() {
        return String::new();
    }
    match document.number {
        Some(number) => format!("Số: {number:02}/{symbol}"),
        None => format!("Số:      /{symbol}"),
    }
}

/// Days below 10 and the months 1 and 2 get a zero (Appendix I, cell 4).
fn place_and_day(dateline: &Dateline) -> String {
    let place = dateline.place.trim();
    match dateline.day {
        Some(day) if day.month() <= 2 => format!("{place}, ngày {:02} tháng {:02} năm {}", day.day(), day.month(), day.year()),
        Some(day) => format!("{place}, ngày {:02} tháng {} năm {}", day.day(), day.month(), day.year()),
        None => format!("{place}, ngày … tháng … năm …"),
    }
}

/// One addressee stands behind the colon; several stand below it, with dashes, semicolons and a full stop.
fn addressed_to(sheet: &mut Sheet<'_>, bodies: &[String]) -> io::Result<()> {
    match bodies {
        [] => Ok(()),
        [body] => sheet.paragraph("Addressee", &[Run::plain(format!("Kính gửi: {}", body.trim()))]),
        several => {
            sheet.line("AddresseeHead", "Kính gửi:")?;
            for line in dashed(several) {
                sheet.line("AddresseeItem", &line)?;
            }
            sheet.gap()
        }
    }
}

/// "- A;", "- B." whatever marks the words came with.
pub(super) fn dashed(entries: &[String]) -> Vec<String> {
    let mut lines = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let words = entry.trim().trim_start_matches(['-', '–']).trim_start().trim_end_matches([';', '.', ',']).trim_end();
        let end = if at + 1 == entries.len() { '.' } else { ';' };
        lines.push(format!("- {words}{end}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_have_zeros_where_the_decree_wants_them() {
        let of = |day| place_and_day(&Dateline { place: "Đắk Lắk".into(), day });
        assert_eq!(of(Some(date(2026, 2, 5))), "Đắk Lắk, ngày 05 tháng 02 năm 2026");
        assert_eq!(of(Some(date(2026, 3, 15))), "Đắk Lắk, ngày 15 tháng 3 năm 2026");
        assert_eq!(of(None), "Đắk Lắk, ngày … tháng … năm …");
    }

    #[test]
    fn the_clerk_gets_a_gap_and_small_numbers_a_zero() {
        let of = |number, symbol: &str| number_of(number, symbol);
        assert_eq!(of(None, "BC-SKHCN"), "Số:      /BC-SKHCN");
        assert_eq!(of(Some(5), "/BC-SKHCN"), "Số: 05/BC-SKHCN");
        assert_eq!(of(Some(123), "SKHCN-QLKH"), "Số: 123/SKHCN-QLKH");
        assert_eq!(of(None, ""), "", "a form has no number");
    }

    fn number_of(value: Option<u32>, symbol: &str) -> String {
        number(&AdministrativeDocument { number: value, symbol: symbol.into(), ..AdministrativeDocument::default() })
    }

    #[test]
    fn recipients_get_their_marks_once() {
        let entries = ["- UBND tỉnh;".to_owned(), "Lưu: VT, QLKH".to_owned()];
        assert_eq!(dashed(&entries), ["- UBND tỉnh;", "- Lưu: VT, QLKH."]);
    }
}
