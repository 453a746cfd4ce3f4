//! Why a document is not written, in words for the person who asked for it.

use super::Regime;

/// Every refusal. Nothing is written before all of them have been looked for, except [`WriteError::Output`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A document of the Party or a normative document: another head, another numbering, another law.
    #[error("not an administrative document: {0:?}")]
    Regime(Regime),
    /// A year in the symbol, as only normative documents have it (`2025/TT-BKHCN`).
    #[error("the symbol carries a year: {0}")]
    YearInSymbol(String),
    /// A cell of the head that Decree 30 demands is blank.
    #[error("blank: {0}")]
    Blank(&'static str),
    /// A table without columns or with more than Word can hold.
    #[error("table {table} has {columns} columns; 1 to {MOST_COLUMNS} are possible")]
    Columns {
        /// Which table, from 1.
        table: usize,
        /// How many columns it has.
        columns: usize,
    },
    /// A row that does not fit its table.
    #[error("table {table}, row {row}: {cells} cells for {columns} columns")]
    Row {
        /// Which table, from 1.
        table: usize,
        /// Which row, from 1, the header not counted.
        row: usize,
        /// How many cells the row has.
        cells: usize,
        /// How many columns the table has.
        columns: usize,
    },
    /// The place that the bytes go to failed (full disk, closed connection).
    #[error("cannot write: {0}")]
    Output(String),
}

/// The most columns a table of Word can have.
pub(super) const MOST_COLUMNS: usize = 63;

impl WriteError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            WriteError::Regime(_) => "document_regime",
            WriteError::YearInSymbol(_) => "document_symbol_year",
            WriteError::Blank(_) => "document_blank",
            WriteError::Columns { .. } => "table_columns",
            WriteError::Row { .. } => "table_row",
            WriteError::Output(_) => "document_output",
        }
    }

    /// In Vietnamese.
    pub fn message_vi(&self) -> String {
        match self {
            WriteError::Regime(Regime::Party) => {
                "Văn bản của Đảng trình bày theo Hướng dẫn 05-HD/VPTW, không theo Nghị định 30/2020/NĐ-CP. Hãy soạn trên mẫu của cấp ủy.".to_owned()
            }
            WriteError::Regime(_) => {
                "Văn bản quy phạm pháp luật trình bày theo Nghị định 78/2025/NĐ-CP, không theo Nghị định 30/2020/NĐ-CP. Hãy soạn trên mẫu của nghị định đó."
                    .to_owned()
            }
            WriteError::YearInSymbol(symbol) => {
                format!("Ký hiệu “{symbol}” có năm, là cách ghi của văn bản quy phạm pháp luật. Hãy bỏ năm khỏi ký hiệu của văn bản hành chính.")
            }
            WriteError::Blank(field) => format!("Chưa có {}. Hãy điền rồi xuất lại.", field_vi(field)),
            WriteError::Columns { table, columns } => {
                format!("Bảng {table} có {columns} cột; Word chỉ nhận từ 1 đến {MOST_COLUMNS} cột. Hãy chọn lại cột.")
            }
            WriteError::Row { table, row, cells, columns } => {
                format!("Bảng {table}, dòng {row} có {cells} ô nhưng bảng có {columns} cột. Hãy sửa dòng đó.")
            }
            WriteError::Output(_) => "Không ghi được tệp. Hãy kiểm tra ổ đĩa còn chỗ rồi thử lại.".to_owned(),
        }
    }

    /// In English.
    pub fn message_en(&self) -> String {
        match self {
            WriteError::Regime(Regime::Party) => {
                "Documents of the Party follow Hướng dẫn 05-HD/VPTW, not Decree 30/2020. Use the Party committee's own form.".to_owned()
            }
            WriteError::Regime(_) => "Normative documents follow Decree 78/2025, not Decree 30/2020. Use that decree's form.".to_owned(),
            WriteError::YearInSymbol(symbol) => {
                format!("The symbol “{symbol}” carries a year, as only normative documents do. Take the year out of it.")
            }
            WriteError::Blank(field) => format!("The {field} is missing. Fill it in and try again."),
            WriteError::Columns { table, columns } => {
                format!("Table {table} has {columns} columns; Word takes 1 to {MOST_COLUMNS}. Choose the columns again.")
            }
            WriteError::Row { table, row, cells, columns } => {
                format!("Table {table}, row {row} has {cells} cells, but the table has {columns} columns. Correct that row.")
            }
            WriteError::Output(_) => "The file cannot be written. Check that the disk has room and try again.".to_owned(),
        }
    }
}

fn field_vi(field: &str) -> &str {
    match field {
        "issuer" => "tên cơ quan ban hành",
        "place" => "địa danh",
        "kind" => "tên loại văn bản",
        "summary" => "trích yếu nội dung",
        "position" => "chức vụ người ký",
        other => other,
    }
}

impl From<std::io::Error> for WriteError {
    fn from(error: std::io::Error) -> WriteError {
        WriteError::Output(error.to_string())
    }
}

impl From<zip::result::ZipError> for WriteError {
    fn from(error: zip::result::ZipError) -> WriteError {
        WriteError::Output(error.to_string())
    }
}
