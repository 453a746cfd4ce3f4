//! Why a file cannot be read, in words for the person who brought it.

/// Every refusal. [`ReadError::message_vi`] says what the file is and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No text at all.
    #[error("the file is empty")]
    Empty,
    /// More than the limit.
    #[error("the text has more than {most} bytes")]
    TooLarge {
        /// The limit in bytes.
        most: usize,
    },
    /// A format that is not read.
    #[error("not readable: {0}")]
    Format(&'static str),
    /// A DOCX or ZIP that is damaged, cut off or swollen.
    #[error("damaged file: {0}")]
    Damaged(String),
    /// Text in an encoding before Unicode.
    #[error("text in an old encoding ({0})")]
    OldEncoding(&'static str),
    /// Marked MẬT, TỐI MẬT or TUYỆT MẬT.
    #[error("classified document: {0}")]
    Classified(String),
}

impl ReadError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ReadError::Empty => "file_empty",
            ReadError::TooLarge { .. } => "file_too_large",
            ReadError::Format(_) => "file_format",
            ReadError::Damaged(_) => "file_damaged",
            ReadError::OldEncoding(_) => "old_encoding",
            ReadError::Classified(_) => "classified",
        }
    }

    /// In Vietnamese.
    pub fn message_vi(&self) -> String {
        match self {
            ReadError::Empty => "Tệp không có chữ nào. Nếu là bản quét, hãy nhận dạng chữ (OCR) rồi nhập lại.".to_owned(),
            ReadError::TooLarge { most } => {
                format!("Tệp quá lớn: phần chữ vượt {} MB. Một kết luận chỉ vài trang; hãy kiểm tra lại tệp.", most / 1_000_000)
            }
            ReadError::Format(what) => {
                format!("Không đọc được: đây là {what}. Hãy lưu thành .docx, .html hoặc .txt (Unicode) rồi nhập lại.")
            }
            ReadError::Damaged(_) => "Tệp hỏng hoặc tải về chưa đủ. Hãy mở bằng Word, lưu lại thành .docx rồi nhập lại.".to_owned(),
            ReadError::OldEncoding(name) => {
                format!(
                    "Chữ trong tệp dùng bảng mã cũ ({name}), chưa phải Unicode. Hãy chuyển sang Unicode (ví dụ bằng công cụ chuyển mã của bộ gõ) rồi nhập lại."
                )
            }
            ReadError::Classified(mark) => format!(
                "Văn bản đóng dấu “{mark}”: tài liệu bí mật nhà nước không được đưa vào hệ thống này (Luật 117/2025/QH15). Không lưu gì."
            ),
        }
    }

    /// In English.
    pub fn message_en(&self) -> String {
        match self {
            ReadError::Empty => "The file holds no text. If it is a scan, recognise its text (OCR) first.".to_owned(),
            ReadError::TooLarge { most } => {
                format!("The file is too large: more than {} MB of text. A conclusion has a few pages; check the file.", most / 1_000_000)
            }
            ReadError::Format(what) => format!("This cannot be read ({what}). Save it as .docx, .html or .txt (Unicode) and try again."),
            ReadError::Damaged(_) => {
                "The file is damaged or was not downloaded completely. Open it in Word, save it as .docx and try again.".to_owned()
            }
            ReadError::OldEncoding(name) => {
                format!("The text is in an old encoding ({name}) and not in Unicode. Convert it to Unicode and try again.")
            }
            ReadError::Classified(mark) => {
                format!("The document is marked “{mark}”: state secrets may not enter this system (Law 117/2025/QH15). Nothing was kept.")
            }
        }
    }
}
