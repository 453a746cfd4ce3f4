//! What the machines need of a store. All calls of one step run in one transaction: it is kept whole and durable before any answer leaves, or not at all.

use ledger::tree::Frontier;
use ledger::{EntryRow, LeafHash, LedgerError, Origin, RecordId};

use crate::checkpoint::SignedCheckpoint;

/// State of a log at a holder (LV-Log/1 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Growing.
    Following,
    /// It has a `seal`: nothing but erasures may follow.
    Sealed,
    /// Two signed trees that cannot be reconciled: frozen, evidence kept.
    Forked,
    /// Stopped by the operator: it takes nothing, neither from its owner nor by reading, until it may go on.
    Suspended,
}

/// A log as a holder has it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldLog {
    /// Number of entries held, signed or not.
    pub size: u64,
    /// The tree over them.
    pub frontier: Frontier,
    /// Whether it goes on.
    pub standing: Standing,
    /// The newest checkpoint that was verified against the entries held. Entries below its size count, later ones are provisional.
    pub checkpoint: Option<SignedCheckpoint>,
    /// The newest checkpoint that carries the cosignature of the node above: the receipt. Older than `checkpoint` when something is still on its way up.
    pub receipt: Option<SignedCheckpoint>,
    /// Bytes of the entries and payloads beyond the checkpoint.
    pub provisional_bytes: u64,
}

impl HeldLog {
    /// An empty log.
    pub fn empty() -> HeldLog {
        HeldLog { size: 0, frontier: Frontier::new(), standing: Standing::Following, checkpoint: None, receipt: None, provisional_bytes: 0 }
    }

    /// Entries under a verified checkpoint.
    pub fn signed_size(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, |signed| signed.checkpoint.size)
    }

    /// Entries that the node above has acknowledged.
    pub fn received_size(&self) -> u64 {
        self.receipt.as_ref().map_or(0, |signed| signed.checkpoint.size)
    }
}

/// The last version of a record in a log, whether put or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// Version number.
    pub ver: u64,
    /// Leaf hash of its entry.
    pub leaf: LeafHash,
    /// Whether the record was withdrawn.
    pub dropped: bool,
}

/// Rows beside a log while its own unsigned tail is being put behind entries that the parent still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aside {
    /// Entries fetched from the parent.
    Incoming,
    /// Own entries taken off the log.
    Parked,
}

/// A snapshot of the store, for reading.
pub trait ShelfRead {
    /// A log; none when nothing of it is held.
    fn log(&self, origin: &Origin) -> Result<Option<HeldLog>, LedgerError>;
    /// Entries from `from` on, at most `limit` and at most about `bytes` long together, yet at least one.
    fn entries(&self, origin: &Origin, from: u64, limit: usize, bytes: usize) -> Result<Vec<EntryRow>, LedgerError>;
    /// Hashes of full subtrees of 256^`level` leaves, `count` from the subtree `from` on (C2SP tlog-tiles); fewer when there are fewer.
    fn hashes(&self, origin: &Origin, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError>;
    /// The last version of a record.
    fn latest(&self, origin: &Origin, rec: RecordId) -> Result<Option<Latest>, LedgerError>;
    /// Entries below `below` whose payload is lacking and was not erased, at most `limit`, in order.
    fn gaps(&self, origin: &Origin, below: u64, limit: usize) -> Result<Vec<u64>, LedgerError>;
    /// Whether the payload with this commitment was erased in the log.
    fn is_erased(&self, origin: &Origin, pay: &LeafHash) -> Result<bool, LedgerError>;
}

/// A transaction on the store.
pub trait Shelf: ShelfRead {
    /// Appends an entry at the log's end, opening the log when there is none. `row.index` is the log's size; `lacks_payload` notes a gap.
    fn append(&mut self, origin: &Origin, row: EntryRow, lacks_payload: bool) -> Result<(), LedgerError>;
    /// Takes the entries from `size` on off the log.
    fn cut(&mut self, origin: &Origin, size: u64) -> Result<(), LedgerError>;
    /// Gives an entry the payload it lacked.
    fn fill(&mut self, origin: &Origin, index: u64, payload: Vec<u8>) -> Result<(), LedgerError>;
    /// Destroys the payloads with this commitment, closes their gaps and remembers it.
    fn destroy(&mut self, origin: &Origin, pay: &LeafHash) -> Result<(), LedgerError>;
    /// Keeps standing, checkpoint, receipt and the count of provisional bytes; size and frontier follow from the entries.
    fn keep(&mut self, origin: &Origin, log: &HeldLog) -> Result<(), LedgerError>;
    /// Keeps what proves a misdeed: signed texts that contradict each other or the entries held.
    fn keep_evidence(&mut self, origin: &Origin, text: &str) -> Result<(), LedgerError>;

    /// Adds rows to those aside.
    fn aside_push(&mut self, origin: &Origin, aside: Aside, rows: Vec<EntryRow>) -> Result<(), LedgerError>;
    /// Rows aside from place `from` on, at most `limit`.
    fn aside(&self, origin: &Origin, aside: Aside, from: usize, limit: usize) -> Result<Vec<EntryRow>, LedgerError>;
    /// Forgets the rows aside.
    fn aside_clear(&mut self, origin: &Origin, aside: Aside) -> Result<(), LedgerError>;
}
