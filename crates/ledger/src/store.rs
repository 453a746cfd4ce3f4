//! What a store must do, in our own verbs: whole transactions as closures, object-safe, no row-by-row calls across threads. What every store promises
//! is written down as tests in `store/conformance.rs`.

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
pub(crate) mod bed;
pub(crate) mod claim;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod conformance;
pub(crate) mod holding;
pub(crate) mod number;
pub(crate) mod queue;
pub(crate) mod table;

use std::path::Path;

use serde_json::Value;

use crate::error::LedgerError;
use crate::names::{LeafHash, NodeName, Origin, RecordId};
use claim::{ClaimRead, ClaimWrite};
use holding::{HoldingRead, HoldingWrite};
use table::{Cell, Table};

/// Most bytes of a cabinet key.
pub(crate) const LONGEST_KEY: usize = 1024;

/// A log as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Number within the store.
    pub id: i64,
    /// Its origin.
    pub origin: Origin,
    /// Its audience.
    pub audience: String,
    /// Whether it is this node's own, and not one of another node that is held here.
    pub own: bool,
    /// Number of entries.
    pub size: u64,
    /// Frontier hashes, see [`crate::tree::Frontier`].
    pub frontier: Vec<u8>,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Place in the log.
    pub index: u64,
    /// Leaf hash.
    pub leaf: LeafHash,
    /// The canonical bytes.
    pub bytes: Vec<u8>,
    /// Payload bytes; none when erased or when the entry has none.
    pub payload: Option<Vec<u8>>,
}

/// A version of a record in one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// The record.
    pub rec: RecordId,
    /// Version in this log.
    pub ver: u64,
    /// `put` or `drop`.
    pub op: String,
    /// The kind.
    pub kind: String,
    /// Index of the kind's definition in the catalogue log; 0 when dropped.
    pub cat: u64,
    /// When it was written, microseconds since 1970.
    pub at: i64,
    /// Change sequence of the node.
    pub seq: u64,
    /// Place in the log.
    pub index: u64,
    /// Leaf hash of its entry.
    pub leaf: LeafHash,
    /// Payload bytes; none when dropped or erased.
    pub payload: Option<Vec<u8>>,
}

/// One change of the node's sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// The sequence number, from 1, with gaps.
    pub seq: u64,
    /// The node whose log it is.
    pub node: NodeName,
    /// Whether that is this node, and not one whose log is held here.
    pub own: bool,
    /// The log's audience.
    pub audience: String,
    /// `put`, `drop` or `erase`.
    pub op: String,
    /// The record.
    pub rec: RecordId,
    /// The kind.
    pub kind: String,
    /// Version in that log.
    pub ver: u64,
    /// Payload bytes; none when dropped or erased (also when erased later).
    pub payload: Option<Vec<u8>>,
}

/// Reading, within one snapshot. Logs and versions are the node's own; those of other nodes are read through [`HoldingRead`] and [`ClaimRead`]. Changes are those
/// of both.
pub trait StoreRead: HoldingRead + ClaimRead {
    /// A value about the store itself.
    fn meta(&self, key: &str) -> Result<Option<String>, LedgerError>;
    /// All values about the store itself, by key.
    fn metas(&self) -> Result<Vec<(String, String)>, LedgerError>;
    /// The node's own logs in the order they were opened.
    fn logs(&self) -> Result<Vec<LogRow>, LedgerError>;
    /// The node's own log of an audience.
    fn log(&self, audience: &str) -> Result<Option<LogRow>, LedgerError>;
    /// Entries `from..from+limit` of a log.
    fn entries(&self, log: i64, from: u64, limit: usize) -> Result<Vec<EntryRow>, LedgerError>;
    /// Leaf hashes of the first `size` entries.
    fn leaves(&self, log: i64, size: u64) -> Result<Vec<LeafHash>, LedgerError>;
    /// The latest version of a record in a log, whether put or dropped.
    fn latest(&self, log: i64, rec: RecordId) -> Result<Option<VersionRow>, LedgerError>;
    /// Versions of a record before `before`, newest first.
    fn versions(&self, log: i64, rec: RecordId, before: Option<u64>, limit: usize) -> Result<Vec<VersionRow>, LedgerError>;
    /// Current records of a kind after `after`, by id.
    fn list(&self, log: i64, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<VersionRow>, LedgerError>;
    /// How many records of a kind are current in a log; of all kinds when none.
    fn count(&self, log: i64, kind: Option<&str>) -> Result<u64, LedgerError>;
    /// Changes after `seq` in order.
    fn changes(&self, seq: u64, limit: usize) -> Result<Vec<ChangeRow>, LedgerError>;
    /// The last change.
    fn last_seq(&self) -> Result<u64, LedgerError>;
    /// A cabinet document.
    fn cabinet_get(&self, drawer: &str, key: &str) -> Result<Option<Value>, LedgerError>;
    /// The drawers of the cabinet that hold something, in order.
    fn drawers(&self) -> Result<Vec<String>, LedgerError>;
    /// Rows of a table as they are, in the order of its key, after a key; at most `limit`.
    fn rows(&self, table: &Table, after: Option<&[Cell]>, limit: usize) -> Result<Vec<Vec<Cell>>, LedgerError>;
    /// Cabinet documents in key order (or backwards) after (before) `after`, whose key begins with `prefix`.
    fn cabinet_list(
        &self,
        drawer: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        descending: bool,
    ) -> Result<Vec<(String, Value)>, LedgerError>;
}

/// Writing, within one transaction.
pub trait StoreWrite: StoreRead + HoldingWrite + ClaimWrite {
    /// Keeps a value about the store.
    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), LedgerError>;
    /// Opens a log of the node's own; returns the one there is when it is open already.
    fn open_log(&mut self, origin: &Origin, audience: &str) -> Result<LogRow, LedgerError>;
    /// Appends one entry to a log, whosever it is, and keeps the log's new frontier and the subtrees that the entry completes.
    fn append(&mut self, log: &LogRow, entry: &EntryRow) -> Result<(), LedgerError>;
    /// Notes a version of a record and makes it current (or no longer current for `drop`); returns its change sequence.
    fn note_version(&mut self, log: i64, version: &VersionRow) -> Result<u64, LedgerError>;
    /// Notes an erasure as a change.
    fn note_erase(&mut self, log: i64, rec: RecordId, kind: &str, at: i64) -> Result<u64, LedgerError>;
    /// Destroys the payloads of all versions of a record in a log and remembers it; returns the bytes' commitments.
    fn destroy_payloads(&mut self, log: i64, rec: RecordId) -> Result<Vec<LeafHash>, LedgerError>;
    /// Puts rows into a table of an empty store as they came from [`StoreRead::rows`] of another one.
    fn put_rows(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), LedgerError>;
    /// Keeps a cabinet document. Keys have at most 1,024 bytes and no NUL: what an index of every engine can hold.
    fn cabinet_put(&mut self, drawer: &str, key: &str, value: &Value) -> Result<(), LedgerError>;
    /// Removes a cabinet document; nothing happens when there is none.
    fn cabinet_remove(&mut self, drawer: &str, key: &str) -> Result<(), LedgerError>;
}

/// The work of one transaction.
pub type WriteWork = Box<dyn FnOnce(&mut dyn StoreWrite) -> Result<(), LedgerError> + Send>;

/// A store: durable transactions and consistent snapshots.
pub trait Store: std::fmt::Debug + Send + Sync {
    /// Runs the work in one transaction and returns when it is on stable storage. An error of the work undoes all it did.
    fn transact(&self, work: WriteWork) -> Result<(), LedgerError>;
    /// Runs the work on one snapshot.
    fn snapshot(&self, work: &mut dyn FnMut(&dyn StoreRead) -> Result<(), LedgerError>) -> Result<(), LedgerError>;
    /// Makes what was destroyed unreadable on disk too, as far as the engine can: SQLite overwrites it and empties its write-ahead log; of PostgreSQL see
    /// [`PostgresStore`](crate::PostgresStore).
    fn scrub(&self) -> Result<(), LedgerError>;
    /// Copies the database as of one moment into a new file while others write. `progress` gets (done, of) in pages.
    ///
    /// # Errors
    /// [`LedgerError::BackedUpElsewhere`] when the database is not a file of ours.
    fn copy_to(&self, file: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LedgerError>;
    /// Asks to lead among the programs on the database: for work that one of them does for all. The lead is kept until the program ends or its connection does,
    /// then the next one that asks has it. None when another program has it; otherwise a number that is another one each time the lead was taken anew.
    ///
    /// A program that has just lost the lead may not know it yet: what is done under it has to be safe when two do it.
    fn lead(&self) -> Result<Option<u64>, LedgerError>;
    /// Gives the lead up, if the program has it, for the next one that asks.
    fn give_up_lead(&self);
    /// Whether a commit waits until a second machine has it too; none where the engine knows of no second one.
    fn has_standby(&self) -> Result<Option<bool>, LedgerError>;
    /// Groups of writes committed since the start: what one wait for the disk is shared by.
    fn groups_committed(&self) -> u64;
}

/// Refuses a cabinet key that not every engine can hold.
pub(crate) fn check_key(key: &str) -> Result<(), LedgerError> {
    if key.len() > LONGEST_KEY || key.contains('\0') {
        let start: String = key.chars().take(80).collect();
        return Err(LedgerError::Name(format!("cabinet key {start:?}: at most {LONGEST_KEY} bytes and no NUL")));
    }
    Ok(())
}
