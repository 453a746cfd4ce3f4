//! Writes administrative documents as Word files that an officer goes on editing: the layout of Nghị định 30/2020/NĐ-CP, Appendix I, on A4, in Times New
//! Roman, with named styles and nothing locked. The number and the day are the clerk's (văn thư): without them the gaps are left open.
//!
//! The same document always gives the same bytes. Tables are written row by row: time and memory grow with their length and no faster.
//!
//! ```
//! use official::write::{AdministrativeDocument, Align, Block, Column, Dateline, Level, Signature, Table};
//!
//! let report = AdministrativeDocument {
//!     superior: Some("Ủy ban nhân dân tỉnh Đắk Lắk".into()),
//!     issuer: "Sở Khoa học và Công nghệ".into(),
//!     symbol: "BC-SKHCN".into(),
//!     dateline: Some(Dateline { place: "Đắk Lắk".into(), day: None }),
//!     kind: Some("Báo cáo".into()),
//!     summary: "Kết quả thực hiện nhiệm vụ khoa học và công nghệ năm 2025".into(),
//!     body: vec![
//!         Block::heading(Level::Section, "Kết quả"),
//!         Block::text("Đã nghiệm thu 12 nhiệm vụ (minh họa)."),
//!         Block::Table(Table {
//!             columns: vec![Column::new("TT", 1, Align::Centre), Column::new("Nhiệm vụ", 9, Align::Left)],
//!             numbered: true,
//!             rows: vec![vec!["1".to_owned(), "Nhân giống gấc (minh họa)".to_owned()].into()],
//!         }),
//!     ],
//!     recipients: vec!["UBND tỉnh (báo cáo)".into(), "Lưu: VT, QLKH".into()],
//!     signature: Some(Signature { authority: vec![], position: "Giám đốc".into(), signer_name: None }),
//!     ..AdministrativeDocument::default()
//! };
//! let bytes = report.to_docx().unwrap();
//! let text = official::read("bao-cao.docx", &bytes, &official::Gazetteer::default()).unwrap().text;
//! assert!(text.contains("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"));
//! assert!(text.contains("Số:      /BC-SKHCN"));
//! assert!(text.contains("I. Kết quả"));
//! ```

mod block;
mod body;
mod closing;
mod error;
mod letterhead;
mod package;
mod register;
mod sheet;

use std::io::{Cursor, Seek, Write};

use jiff::civil::Date;

pub use block::{Align, Block, Column, Level, Row, Run, Signatory, Table, Tick};
pub use error::WriteError;
pub use register::{FollowUpRegister, register_table};

use sheet::Orientation;

/// A document in the form of Nghị định 30/2020/NĐ-CP, Appendix I. Cells that the decree sets in capitals are printed so whatever their case here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdministrativeDocument {
    /// Under which rules it is written; only [`Regime::Administrative`] is.
    pub regime: Regime,
    /// The body above the issuer (cơ quan chủ quản trực tiếp), cell 2.
    pub superior: Option<String>,
    /// The issuing body, cell 2.
    pub issuer: String,
    /// The number, cell 3; numbers below 10 get their zero. `None` leaves the gap for the clerk: "Số:      /BC-SKHCN".
    pub number: Option<u32>,
    /// The symbol after the number: `BC-SKHCN`; for a công văn issuer and drafting unit: `SKHCN-QLKH`. Empty for forms and requests, which have no number.
    pub symbol: String,
    /// Place and day, cell 4. `None` for minutes, which tell both in their body.
    pub dateline: Option<Dateline>,
    /// The kind ("Báo cáo", "Biên bản", "Tờ trình" …), cell 5a. `None` for a công văn, whose summary stands below its number (cell 5b).
    pub kind: Option<String>,
    /// What it is about (trích yếu), without "V/v".
    pub summary: String,
    /// "Kính gửi", cell 9a; empty for most kinds.
    pub addressed_to: Vec<String>,
    /// The content, cell 6. A full stop with a slash ("./.") at its end is the writer's own.
    pub body: Vec<Block>,
    /// "Nơi nhận", cell 9b, the file copy ("Lưu: VT, …") last. Dashes and semicolons are put by the program.
    pub recipients: Vec<String>,
    /// Who signs, cells 7a–7c. `None` when the body ends with [`Block::Signatures`].
    pub signature: Option<Signature>,
}

impl AdministrativeDocument {
    /// The document as a .docx file.
    ///
    /// # Errors
    /// See [`WriteError`]: another regime, a blank cell of the head, a table whose rows do not fit.
    pub fn to_docx(&self) -> Result<Vec<u8>, WriteError> {
        let mut bytes = Cursor::new(Vec::new());
        self.write_docx(&mut bytes)?;
        Ok(bytes.into_inner())
    }

    /// Writes the .docx file to a place that can be sought, without holding it in memory.
    ///
    /// # Errors
    /// As [`AdministrativeDocument::to_docx`], and [`WriteError::Output`] when the place fails. Everything else is refused before the first byte.
    pub fn write_docx(&self, out: impl Write + Seek) -> Result<(), WriteError> {
        self.check()?;
        let title = match &self.kind {
            Some(kind) => format!("{} {}", kind.trim(), self.summary.trim()),
            None => self.summary.trim().to_owned(),
        };
        package::pack(out, &title, Orientation::Portrait, |sheet| {
            letterhead::write(sheet, self)?;
            let closes = self.signature.is_some() || !self.recipients.is_empty();
            body::write(sheet, &self.body, closes)?;
            if closes {
                closing::write(sheet, &self.recipients, self.signature.as_ref())?;
            }
            Ok(())
        })
    }

    fn check(&self) -> Result<(), WriteError> {
        if self.regime != Regime::Administrative {
            return Err(WriteError::Regime(self.regime));
        }
        let year = self.symbol.trim_start_matches('/').split('/').next().unwrap_or_default();
        if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(WriteError::YearInSymbol(self.symbol.clone()));
        }
        let place = self.dateline.as_ref().map(|dateline| dateline.place.as_str());
        let position = self.signature.as_ref().map(|signature| signature.position.as_str());
        for (field, words) in [
            ("issuer", Some(self.issuer.as_str())),
            ("place", place),
            ("kind", self.kind.as_deref()),
            ("summary", Some(self.summary.as_str())),
            ("position", position),
        ] {
            if words.is_some_and(|words| words.trim().is_empty()) {
                return Err(WriteError::Blank(field));
            }
        }
        body::check(&self.body)
    }
}

/// The three sets of rules for documents. Their heads and numbers differ and are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Regime {
    /// Nghị định 30/2020/NĐ-CP: written here.
    #[default]
    Administrative,
    /// Normative documents (Nghị định 78/2025/NĐ-CP, 187/2025/NĐ-CP): the number carries the year. Refused.
    Normative,
    /// Documents of the Party (Hướng dẫn 05-HD/VPTW): no Quốc hiệu, a hyphen after the number. Refused.
    Party,
}

/// "Đắk Lắk, ngày 05 tháng 02 năm 2026".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dateline {
    /// The place whose name the issuer bears.
    pub place: String,
    /// The day of issue; "ngày … tháng … năm …" when `None`.
    pub day: Option<Date>,
}

/// Who signs and by what right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// By what right, outermost first: a deputy chair who signs for a people's committee has TM. and KT.
    pub authority: Vec<Authority>,
    /// The signer's own position.
    pub position: String,
    /// The signer's name; room is left when `None`.
    pub signer_name: Option<String>,
}

/// The right to sign for another (Nghị định 30/2020/NĐ-CP, Article 13 and Appendix I).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// TM. (thay mặt): for a body that decides together, named here.
    Collective(String),
    /// KT. (ký thay): a deputy for the head whose position is named.
    ForHead(String),
    /// TL. (thừa lệnh): by order of the head whose position is named.
    ByOrder(String),
    /// TUQ. (thừa ủy quyền): delegated by the head whose position is named.
    Delegated(String),
    /// Q. (quyền): acting in the position that the signature names; printed before it.
    Acting,
}
