//! Records as versions in append-only logs (LV-Log/1): RFC 6962 trees of small entries, payloads beside the tree behind salted commitments, one log for
//! each audience, all in one database (a SQLite file, or PostgreSQL); followers that turn the log into views.
//!
//! Start from [`Ledger::open`] or [`Ledger::open_postgres`], write with [`Ledger::write`] (one durable transaction), read with [`Ledger::read`] (one snapshot), follow with
//! [`Reader::changes`]. Nothing here knows what a record means.
//!
//! ```
//! use ledger::{Ledger, NodeName, Projection, Put, RecordId};
//! use serde_json::json;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let ledger = Ledger::open(&folder.path().join("l.sqlite"), &NodeName::parse("sokhcn.daklak").unwrap()).unwrap();
//! let rec = RecordId::new();
//! let inside = Projection::seal("private", &json!({"title": "Sổ"}), &[]).unwrap();
//! let put = Put { rec, kind: "article".to_owned(), cat: 0, previous: None, projections: vec![inside] };
//! let stored = ledger.write(move |w| w.put(put)).unwrap();
//! assert_eq!(stored.ver, 1);
//! let current = ledger.read(|r| r.current("private", rec)).unwrap().unwrap();
//! assert_eq!(current.data, Some(json!({"title": "Sổ"})));
//! ```

mod backup;
mod entry;
mod error;
mod files;
mod follower;
mod held;
mod inside;
mod lead;
mod ledger;
mod names;
mod payload;
mod postgres;
mod put;
mod replay;
mod sqlite;
mod store;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;
mod transfer;
pub mod tree;
mod verify;

pub use entry::{Entry, EntryError, Op};
pub use error::LedgerError;
pub use files::{FileGap, FileRef, LONGEST_FILE};
pub use follower::{FollowError, Follower};
pub use held::{Held, Published};
pub use ledger::{Change, Ledger, LogState, Reader, Version, Writer};
pub use names::{LeafHash, NodeName, Origin, RecordId};
pub use payload::{Payload, PayloadError};
pub use postgres::{AddressFault, DatabaseAddress, PostgresStore};
pub use put::{Inherited, Projection, Put, Stored};
pub use sqlite::SqliteStore;
pub use store::claim::{ClaimRead, ClaimRow, ClaimWrite, Counting, HeldRow, tell_standing};
pub use store::holding::{HoldingRead, HoldingRow, HoldingWrite};
pub use store::table::{Cell, ColumnType, Table};
pub use store::{ChangeRow, EntryRow, LogRow, Store, StoreRead, StoreWrite, VersionRow};
pub use verify::Report;
