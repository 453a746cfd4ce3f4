//! What can go wrong in the ledger.

use crate::entry::EntryError;
use crate::payload::PayloadError;

/// Every failure of a ledger call. Nothing is written when one is returned from [`crate::Ledger::write`].
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The version named as the previous one is not the current one.
    #[error("changed meanwhile: the current version is {current}")]
    ChangedMeanwhile {
        /// The number of the version that is current now; 0 when the record does not exist.
        current: u64,
    },
    /// No room on the disk.
    #[error("the disk is full")]
    DiskFull,
    /// The file was written by a newer version of the program.
    #[error("the database is of format {found}, this program knows up to {known}: install the newer version")]
    Newer {
        /// Format of the file.
        found: i64,
        /// Format of this program.
        known: i64,
    },
    /// The file is no ledger.
    #[error("{0} is not a ledger of this program")]
    Foreign(String),
    /// The database belongs to another node.
    #[error("the database belongs to node {found}, not {asked}")]
    OtherNode {
        /// The node in the file.
        found: String,
        /// The node asked for.
        asked: String,
    },
    /// Something that this version does not do, so that nothing is done by halves.
    #[error("not possible yet: {0}")]
    NotYet(&'static str),
    /// A copy would go into a database that is in use.
    #[error("the database holds a ledger already")]
    NotEmpty,
    /// A name has not the required form.
    #[error("bad name: {0}")]
    Name(String),
    /// An entry cannot be made.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A payload cannot be made.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Stored bytes are damaged.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The record does not exist.
    #[error("no such record")]
    NoRecord,
    /// The work gave up; its own error says why.
    #[error("given up")]
    Aborted,
    /// The writing thread has ended.
    #[error("the store is closed")]
    Closed,
    /// A file could not be read or written.
    #[error("file: {0}")]
    File(std::io::Error),
    /// The database failed.
    #[error("database: {0}")]
    Database(rusqlite::Error),
    /// The database is backed up by its server's own tools.
    #[error("a PostgreSQL database is backed up with the server's own tools (pg_dump, pgBackRest), not by this program")]
    BackedUpElsewhere,
    /// The database server refused or failed.
    #[error("database: {0}")]
    Server(String),
    /// The database server is away. Nothing was written; the program connects again by itself.
    #[error("the database server cannot be reached, nothing was written: {0}")]
    Unreachable(String),
    /// The database server went away while it stored the work, and could not be asked since.
    #[error("the database server went away while it stored this and could not be asked whether it did, look before doing it again: {0}")]
    OutcomeUnknown(String),
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> LedgerError {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => LedgerError::DiskFull,
            Some(ErrorCode::SystemIoFailure) if error.to_string().contains("full") => LedgerError::DiskFull,
            Some(ErrorCode::NotADatabase) => LedgerError::Foreign("the file".to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => LedgerError::Damaged(error.to_string()),
            _ => LedgerError::Database(error),
        }
    }
}

impl From<std::io::Error> for LedgerError {
    fn from(error: std::io::Error) -> LedgerError {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => LedgerError::DiskFull,
            _ => LedgerError::File(error),
        }
    }
}
