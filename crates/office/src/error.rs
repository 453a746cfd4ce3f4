//! What an office call can answer instead of doing the work.

use catalogue::{Fault, Label};
use ledger::{AddressFault, LedgerError};

/// Every way in which a call of this crate fails. [`OfficeError::code`] is stable; [`OfficeError::message`] is for the person at the screen, the
/// `Display` text for the operator's log.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// There is no such record, or the caller may not know that there is.
    #[error("not found: {0}")]
    NotFound(String),
    /// The permission decision was no.
    #[error("denied: {}", .0.en)]
    Denied(Label),
    /// The record breaks rules of its kind; one fault per field.
    #[error("{} faults in the data", .0.len())]
    Invalid(Vec<Fault>),
    /// Somebody saved a newer version meanwhile.
    #[error("changed meanwhile: current version is {current}")]
    Changed {
        /// The number of the version that is current now.
        current: u64,
    },
    /// The request is understood and cannot be carried out; the label says why and what to do.
    #[error("refused ({code}): {}", .message.en)]
    Refused {
        /// Stable code, e.g. `body_ended`.
        code: &'static str,
        /// For the person who asked.
        message: Label,
    },
    /// The disk is full; nothing was written.
    #[error("disk full")]
    DiskFull,
    /// The ledger failed.
    #[error("ledger: {0}")]
    Ledger(LedgerError),
    /// A view (board, register) failed; it can be rebuilt.
    #[error("view: {0}")]
    View(#[from] rusqlite::Error),
    /// The search index failed; it can be rebuilt.
    #[error("finder: {0}")]
    Finder(#[from] finder::FinderError),
    /// The catalogue is broken.
    #[error("catalogue: {0}")]
    Catalogue(#[from] catalogue::CatalogueError),
    /// Reading or writing a file failed.
    #[error("file: {0}")]
    File(std::io::Error),
    /// A stored document does not have the expected shape, or a writer failed.
    #[error("data: {0}")]
    Data(String),
}

impl From<LedgerError> for OfficeError {
    fn from(error: LedgerError) -> OfficeError {
        match error {
            LedgerError::ChangedMeanwhile { current, .. } => OfficeError::Changed { current },
            LedgerError::DiskFull => OfficeError::DiskFull,
            other => OfficeError::Ledger(other),
        }
    }
}

impl From<std::io::Error> for OfficeError {
    fn from(error: std::io::Error) -> OfficeError {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => OfficeError::DiskFull,
            _ => OfficeError::File(error),
        }
    }
}

impl From<serde_json::Error> for OfficeError {
    fn from(error: serde_json::Error) -> OfficeError {
        OfficeError::Data(error.to_string())
    }
}

impl OfficeError {
    /// Shorthand for [`OfficeError::Refused`].
    pub fn refused(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> OfficeError {
        OfficeError::Refused { code, message: label(vi, en) }
    }

    /// This folder's views are kept by another running program.
    pub(crate) fn kept_elsewhere() -> OfficeError {
        OfficeError::refused(
            "kept_elsewhere",
            "Một chương trình lienvung khác đang chạy trên thư mục này. Hãy dừng nó rồi làm lại.",
            "Another lienvung is running on this folder. Stop it and try again.",
        )
    }

    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            OfficeError::NotFound(_) => "not_found",
            OfficeError::Denied(_) => "denied",
            OfficeError::Invalid(_) => "invalid",
            OfficeError::Changed { .. } => "changed_meanwhile",
            OfficeError::Refused { code, .. } => code,
            OfficeError::DiskFull => "disk_full",
            OfficeError::Ledger(LedgerError::Unreachable(_) | LedgerError::OutcomeUnknown(_)) => "database_away",
            OfficeError::Ledger(LedgerError::BackedUpElsewhere) => "backed_up_elsewhere",
            OfficeError::Ledger(_) | OfficeError::View(_) | OfficeError::Finder(_) | OfficeError::Catalogue(_) => "internal",
            OfficeError::File(_) | OfficeError::Data(_) => "internal",
        }
    }

    /// What the person who asked should read: what is wrong and what to do.
    pub fn message(&self) -> Label {
        match self {
            OfficeError::NotFound(_) => label(
                "Không tìm thấy, hoặc anh/chị không được xem. Hãy kiểm tra lại đường dẫn hoặc đăng nhập.",
                "Not found, or you may not see it. Check the address or sign in.",
            ),
            OfficeError::Denied(why) => why.clone(),
            OfficeError::Invalid(faults) => label(
                format!("Có {} chỗ chưa đúng; chưa lưu gì. Hãy sửa các ô được đánh dấu rồi gửi lại.", faults.len()),
                format!("{} places need correcting; nothing was saved. Mend the marked fields and send again.", faults.len()),
            ),
            OfficeError::Changed { current } => label(
                format!(
                    "Bản ghi vừa được người khác sửa (nay là phiên bản {current}); chưa lưu gì. Hãy mở lại, xem thay đổi rồi sửa tiếp."
                ),
                format!(
                    "Somebody else has just changed this record (now version {current}); nothing was saved. Open it again, look at the change, then go on."
                ),
            ),
            OfficeError::Refused { message, .. } => message.clone(),
            OfficeError::DiskFull => label(
                "Máy chủ hết chỗ trên đĩa; chưa lưu gì. Hãy báo quản trị viên, sau đó gửi lại.",
                "The server's disk is full; nothing was saved. Tell the administrator, then send again.",
            ),
            OfficeError::Ledger(LedgerError::Unreachable(_)) => label(
                "Chưa kết nối được máy chủ cơ sở dữ liệu; chưa lưu gì. Hệ thống tự kết nối lại; hãy gửi lại sau ít phút, nếu vẫn lỗi thì báo quản trị viên.",
                "The database server cannot be reached; nothing was saved. The system connects again by itself; send again in a few minutes, and tell the administrator if it stays.",
            ),
            OfficeError::Ledger(LedgerError::OutcomeUnknown(_)) => label(
                "Mất kết nối với máy chủ cơ sở dữ liệu đúng lúc đang lưu, chưa biết đã lưu hay chưa. Hãy mở lại để xem trước khi gửi lại.",
                "The connection to the database server was lost while saving; it is not known whether it was saved. Open it again and look before you send again.",
            ),
            OfficeError::Ledger(LedgerError::BackedUpElsewhere) => label(
                "Dữ liệu nằm trong PostgreSQL; chưa sao lưu gì. Hãy sao lưu cơ sở dữ liệu bằng pg_dump hoặc pgBackRest, và chép thư mục “files” cùng tệp lienvung.toml.",
                "The data lies in PostgreSQL; nothing was backed up. Back the database up with pg_dump or pgBackRest, and copy the folder “files” and the file lienvung.toml.",
            ),
            _ => label(
                "Hệ thống gặp lỗi; chưa lưu gì. Hãy thử lại; nếu vẫn lỗi, báo quản trị viên kèm mã yêu cầu.",
                "Something went wrong; nothing was saved. Try again; if it stays, tell the administrator the request code.",
            ),
        }
    }
}

impl From<AddressFault> for OfficeError {
    fn from(fault: AddressFault) -> OfficeError {
        let (vi, en) = match fault {
        AddressFault::Scheme => (
            "phải bắt đầu bằng postgres://, ví dụ postgres://lienvung@localhost/lienvung".to_owned(),
            "it begins with postgres://, e.g. postgres://lienvung@localhost/lienvung".to_owned(),
        ),
        AddressFault::Form(why) => (format!("không đọc được ({why}); hãy sửa rồi chạy lại"), format!("it cannot be read ({why}); mend it and start again")),
        AddressFault::NoRoots => (
            "sslmode=verify-full cần thêm sslrootcert=/đường/dẫn/goc.pem là chứng thư của nơi cấp chứng thư cho máy chủ cơ sở dữ liệu".to_owned(),
            "sslmode=verify-full needs sslrootcert=/path/roots.pem, the certificate of the body that certifies the database server".to_owned(),
        ),
        AddressFault::Roots(file, why) => (
            format!("không dùng được tệp chứng thư sslrootcert={} ({why}); hãy ghi đường dẫn tới tệp PEM đọc được", file.display()),
            format!("the file of certificates sslrootcert={} cannot be used ({why}); name a PEM file that can be read", file.display()),
        ),
        AddressFault::InClear => (
            "máy chủ ở máy khác; hãy thêm sslmode=verify-full&sslrootcert=/đường/dẫn/goc.pem để mã hóa đường truyền, hoặc sslmode=disable nếu mạng giữa hai \
             máy là mạng riêng"
                .to_owned(),
            "the server is on another machine; add sslmode=verify-full&sslrootcert=/path/roots.pem to encrypt the way to it, or sslmode=disable when the \
             network between them is private"
                .to_owned(),
        ),
    };
        OfficeError::refused("database_address", format!("Địa chỉ cơ sở dữ liệu: {vi}."), format!("Address of the database: {en}."))
    }
}

/// Makes a bilingual text.
pub(crate) fn label(vi: impl Into<String>, en: impl Into<String>) -> Label {
    Label { vi: vi.into(), en: en.into() }
}
