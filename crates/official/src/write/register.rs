//! The register that follows incoming documents up (Nghị định 30/2020/NĐ-CP, Appendix IV: sổ theo dõi giải quyết văn bản đến).

use std::io::{Cursor, Seek, Write};

use jiff::civil::Date;

use super::block::{Align, Column, Row, Table};
use super::error::WriteError;
use super::sheet::Orientation;
use super::{body, letterhead, package};

/// The seven columns of Appendix IV: what stands at their heads, how wide they are, how their cells stand.
const COLUMNS: [(&str, u16, Align); 7] = [
    ("Số đến", 7, Align::Centre),
    ("Tên loại, số và ký hiệu, ngày tháng và tác giả văn bản", 30, Align::Left),
    ("Đơn vị hoặc người nhận", 17, Align::Left),
    ("Thời hạn giải quyết", 11, Align::Centre),
    ("Tiến độ giải quyết", 17, Align::Left),
    ("Số, ký hiệu văn bản trả lời", 12, Align::Left),
    ("Ghi chú", 12, Align::Left),
];

/// The table of the register, with numbered columns. Each row has the texts of the seven columns in their order: number of arrival; kind, number, day and
/// issuer of the document; unit or person; deadline; progress; number of the reply; note.
pub fn register_table(rows: impl IntoIterator<Item = [String; 7]>) -> Table {
    let columns = COLUMNS.into_iter().map(|(title, share, align)| Column::new(title, share, align)).collect();
    Table { columns, numbered: true, rows: rows.into_iter().map(|cells| Row::Cells(cells.into())).collect() }
}

/// The register as a file of its own, on landscape pages, to be printed and bound.
///
/// ```
/// use official::write::FollowUpRegister;
///
/// let register = FollowUpRegister {
///     issuer: "Sở Khoa học và Công nghệ".into(),
///     year: Some(2026),
///     rows: vec![["15", "Thông báo 123/TB-UBND (minh họa)", "Phòng Quản lý khoa học", "30/9/2026", "Đang làm", "", ""].map(String::from)],
///     ..FollowUpRegister::default()
/// };
/// assert!(register.to_docx().unwrap().starts_with(b"PK"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FollowUpRegister {
    /// The body above the issuer.
    pub superior: Option<String>,
    /// The body or unit that keeps the register.
    pub issuer: String,
    /// The year; dots when `None`.
    pub year: Option<i16>,
    /// First and last day; dots when `None`.
    pub days: Option<(Date, Date)>,
    /// First and last number of arrival; dots when `None`.
    pub numbers: Option<(u32, u32)>,
    /// Which volume; dots when `None`.
    pub volume: Option<u32>,
    /// The rows, as in [`register_table`].
    pub rows: Vec<[String; 7]>,
}

impl FollowUpRegister {
    /// The register as a .docx file.
    ///
    /// # Errors
    /// [`WriteError::Blank`] without an issuer.
    pub fn to_docx(&self) -> Result<Vec<u8>, WriteError> {
        let mut bytes = Cursor::new(Vec::new());
        self.write_docx(&mut bytes)?;
        Ok(bytes.into_inner())
    }

    /// Writes the .docx file to a place that can be sought.
    ///
    /// # Errors
    /// As [`FollowUpRegister::to_docx`], and [`WriteError::Output`] when the place fails.
    pub fn write_docx(&self, out: impl Write + Seek) -> Result<(), WriteError> {
        if self.issuer.trim().is_empty() {
            return Err(WriteError::Blank("issuer"));
        }
        let dots = || "……".to_owned();
        let day = |day: Date| format!("{:02}/{:02}/{}", day.day(), day.month(), day.year());
        let (from_day, to_day) = self.days.map_or_else(|| (dots(), dots()), |(from, to)| (day(from), day(to)));
        let (from, to) = self.numbers.map_or_else(|| (dots(), dots()), |(from, to)| (from.to_string(), to.to_string()));
        let year = self.year.map_or_else(dots, |year| year.to_string());
        let volume = self.volume.map_or_else(dots, |volume| volume.to_string());
        let title = format!("Sổ theo dõi giải quyết văn bản đến {year}");
        package::pack(out, &title, Orientation::Landscape, |sheet| {
            let half = sheet.text_width() / 2;
            sheet.begin_layout_table(&[half, half])?;
            sheet.begin_row(false)?;
            sheet.begin_cell(half)?;
            letterhead::issuer(sheet, self.superior.as_deref(), &self.issuer, half)?;
            sheet.end_cell()?;
            sheet.begin_cell(half)?;
            sheet.line("BodyRight", &format!("Quyển số: {volume}"))?;
            sheet.end_cell()?;
            sheet.end_row()?;
            sheet.end_table()?;
            sheet.line("Title", "SỔ THEO DÕI GIẢI QUYẾT VĂN BẢN ĐẾN")?;
            sheet.line("Subtitle", &format!("Năm: {year}"))?;
            sheet.line("BodyCentre", &format!("Từ ngày {from_day} đến ngày {to_day}. Từ số {from} đến số {to}"))?;
            body::table(sheet, &register_table(self.rows.iter().cloned()))
        })
    }
}
