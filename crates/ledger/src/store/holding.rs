//! What a store keeps for the exchange between nodes: logs of others, hashes of subtrees, receipts, gaps and erasures. The node's own logs have all of it too.

use crate::entry::{Entry, Op};
use crate::error::LedgerError;
use crate::names::{LeafHash, Origin, RecordId};
use crate::store::{EntryRow, LogRow, StoreWrite, VersionRow};
use crate::tree::{Frontier, Subtree};

/// Entries read at a time: payloads of at most 64 MiB come with them.
const PAGE: usize = 64;

/// What is known of a log beside its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldingRow {
    /// `following`, `sealed`, `forked` or `suspended` (LV-Log/1 §5).
    pub standing: String,
    /// The newest verified checkpoint, a signed note.
    pub checkpoint: Option<String>,
    /// The newest checkpoint that the node above has cosigned, a signed note.
    pub receipt: Option<String>,
    /// Bytes of entries and payloads beyond the checkpoint.
    pub provisional: u64,
}

/// Reading, beside [`StoreRead`](crate::StoreRead).
pub trait HoldingRead {
    /// A log by its origin, the node's own or one of another node.
    fn log_of(&self, origin: &Origin) -> Result<Option<LogRow>, LedgerError>;
    /// The logs of other nodes, in the order they were opened.
    fn held_logs(&self) -> Result<Vec<LogRow>, LedgerError>;
    /// What is known of a log beside its entries.
    fn holding(&self, log: i64) -> Result<HoldingRow, LedgerError>;
    /// Roots of full subtrees of 256^`level` leaves, at most `count` from the subtree `from` on; those of level 0 are the leaf hashes.
    fn subtrees(&self, log: i64, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError>;
    /// Places below `below` whose payload is lacking and was not erased, at most `limit`, in order.
    fn gaps(&self, log: i64, below: u64, limit: usize) -> Result<Vec<u64>, LedgerError>;
    /// Whether the payload with this commitment was erased in the log.
    fn is_erased(&self, log: i64, pay: &LeafHash) -> Result<bool, LedgerError>;
    /// Below which place the commitments of a log have been noted.
    fn sought(&self, log: i64) -> Result<u64, LedgerError>;
    /// Places below [`HoldingRead::sought`] whose commitment begins with the same 8 bytes, in order.
    fn places_of(&self, log: i64, pay: &LeafHash) -> Result<Vec<u64>, LedgerError>;
    /// Rows of a pile beside the log from number `from` on, at most `limit`.
    fn aside(&self, log: i64, pile: &str, from: usize, limit: usize) -> Result<Vec<EntryRow>, LedgerError>;
    /// What was kept as evidence about a log, oldest first, at most `limit`.
    fn evidence(&self, origin: &Origin, limit: usize) -> Result<Vec<String>, LedgerError>;
}

/// Writing, beside [`StoreWrite`]. Entries of logs of others are appended with [`StoreWrite::append`]; nothing changes for them until they are counted
/// ([`ClaimWrite`](crate::ClaimWrite)).
pub trait HoldingWrite: HoldingRead {
    /// Opens a log of another node; returns the one there is when it is open already.
    fn hold_log(&mut self, origin: &Origin) -> Result<LogRow, LedgerError>;
    /// Keeps what is known of a log beside its entries.
    fn keep_holding(&mut self, log: i64, holding: &HoldingRow) -> Result<(), LedgerError>;
    /// Keeps the root of a full subtree.
    fn keep_subtree(&mut self, log: i64, subtree: &Subtree) -> Result<(), LedgerError>;
    /// Takes off all entries from `log.size` on, with their gaps, subtrees, versions and changes; `log.frontier` is what remains. Returns record and kind of the
    /// versions taken off: for each, [`HoldingWrite::note_again`] has to follow.
    fn cut(&mut self, log: &LogRow) -> Result<Vec<(RecordId, String)>, LedgerError>;
    /// Makes the version that stands current, or withdrawn, and says so in a new change, `drop` when no version is left; returns its sequence number.
    fn note_again(&mut self, log: i64, rec: RecordId, kind: &str, standing: Option<&VersionRow>) -> Result<u64, LedgerError>;
    /// Notes that a payload is lacking.
    fn note_gap(&mut self, log: i64, index: u64) -> Result<(), LedgerError>;
    /// Gives an entry its payload and closes the gap.
    fn fill(&mut self, log: i64, index: u64, payload: &[u8]) -> Result<(), LedgerError>;
    /// Destroys the payload of one entry and closes the gap.
    fn destroy(&mut self, log: i64, index: u64) -> Result<(), LedgerError>;
    /// Remembers that the payload with this commitment was erased in the log.
    fn note_erased(&mut self, log: i64, pay: &LeafHash) -> Result<(), LedgerError>;
    /// Notes where commitments stand, for all entries below `sought`.
    fn note_places(&mut self, log: i64, places: &[(LeafHash, u64)], sought: u64) -> Result<(), LedgerError>;
    /// Adds rows to a pile beside the log.
    fn aside_push(&mut self, log: i64, pile: &str, rows: &[EntryRow]) -> Result<(), LedgerError>;
    /// Forgets a pile.
    fn aside_clear(&mut self, log: i64, pile: &str) -> Result<(), LedgerError>;
    /// Keeps a text as evidence about a log, once.
    fn keep_evidence(&mut self, origin: &Origin, text: &str) -> Result<(), LedgerError>;
}

/// Subtrees and erasures of logs that were written before they were kept.
pub(crate) fn learn_from_entries(store: &mut dyn StoreWrite) -> Result<(), LedgerError> {
    for log in store.logs()? {
        let mut frontier = Frontier::new();
        loop {
            let page = store.entries(log.id, frontier.size(), PAGE)?;
            // Beyond an entry that is missing there is nothing to learn; it is for the check of the ledger to say so.
            if page.first().is_none_or(|row| row.index != frontier.size()) {
                break;
            }
            for row in page {
                if row.index != frontier.size() {
                    break;
                }
                for subtree in frontier.completed_by(row.leaf) {
                    store.keep_subtree(log.id, &subtree)?;
                }
                frontier.push(row.leaf);
                if let Ok(Entry { op: Op::Erase { pays, .. }, .. }) = Entry::from_bytes(&row.bytes) {
                    for pay in pays {
                        store.note_erased(log.id, &pay)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The first 8 bytes of a commitment: enough to find an entry by.
pub(crate) fn head_of(pay: &LeafHash) -> &[u8] {
    pay.0.first_chunk::<8>().map_or(&[], |head| head)
}
