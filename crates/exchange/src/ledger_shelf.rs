//! The shelf in a node's ledger: its own logs and those of others, in the one transaction in which records change too.
//!
//! Entries that come into an own log (after a disk was lost, from the node above) become versions as when they were written; entries taken off it take their
//! versions along, and whoever follows the changes is told what stands instead. Of the logs of others entries and payloads are kept; which of them are versions
//! of records is counted afterwards ([`held_record`]), in the same transaction or a later one.

use ledger::tree::{Frontier, leaf_hash};
use ledger::{Entry, EntryRow, HoldingRow, LeafHash, LedgerError, LogRow, Op, Origin, Reader, RecordId, StoreRead, StoreWrite, Writer};

use crate::checkpoint::SignedCheckpoint;
use crate::directory::CATALOGUE;
use crate::held_record;
use crate::shelf::{Aside, HeldLog, Latest, Shelf, ShelfRead, Standing};
use crate::tile::frontier_at;

/// Drawer of the cabinet that notes the last erasure, for whoever cleans the disk behind it.
pub const ERASURES: &str = "erasures";
/// The key in it: a text that is another one after each erasure that destroyed something.
pub const LAST_ERASED: &str = "last";

/// Entries read at a time: payloads of at most 64 MiB come with them.
const PAGE: usize = 64;

/// A snapshot of the ledger as the machines see it.
pub struct LedgerView<'a> {
    store: &'a dyn StoreRead,
}

impl<'a> LedgerView<'a> {
    /// Over a snapshot of a ledger.
    pub fn over(reader: &Reader<'a>) -> LedgerView<'a> {
        LedgerView { store: reader.store() }
    }
}

/// A transaction on the ledger as the machines see it.
pub struct LedgerShelf<'a, 'b> {
    writer: &'a mut Writer<'b>,
}

impl<'a, 'b> LedgerShelf<'a, 'b> {
    /// Over a transaction of a ledger, which keeps or undoes all of it.
    pub fn over(writer: &'a mut Writer<'b>) -> LedgerShelf<'a, 'b> {
        LedgerShelf { writer }
    }

    fn store(&self) -> &dyn StoreRead {
        self.writer.store()
    }

    fn view(&self) -> LedgerView<'_> {
        LedgerView { store: self.writer.store() }
    }

    fn store_mut(&mut self) -> &mut dyn StoreWrite {
        self.writer.store_mut()
    }

    /// The log of an origin, opened when there is none.
    fn open(&mut self, origin: &Origin) -> Result<LogRow, LedgerError> {
        if let Some(log) = self.store().log_of(origin)? {
            return Ok(log);
        }
        if origin.node() != *self.writer.node() {
            return self.store_mut().hold_log(origin);
        }
        if Origin::of(&origin.node(), origin.audience())? != *origin {
            return Err(LedgerError::NotYet("a second epoch of a log of one's own"));
        }
        self.store_mut().open_log(origin, origin.audience())
    }

    /// Notes where the commitments of the log stand that were not noted yet.
    fn note_places(&mut self, log: &LogRow) -> Result<(), LedgerError> {
        let mut sought = self.store().sought(log.id)?;
        while sought < log.size {
            let rows = self.store().entries(log.id, sought, PAGE)?;
            let Some(last) = rows.last() else { break };
            sought = last.index + 1;
            let mut places = Vec::new();
            for row in &rows {
                if let Ok(Entry { op: Op::Put { pay, .. }, .. }) = Entry::from_bytes(&row.bytes) {
                    places.push((pay, row.index));
                }
            }
            self.store_mut().note_places(log.id, &places, sought)?;
        }
        Ok(())
    }

    /// Says again what stands of a record of an own log, for the views.
    fn tell_followers(&mut self, log: &LogRow, rec: RecordId, kind: &str) -> Result<(), LedgerError> {
        let standing = self.store().latest(log.id, rec)?;
        self.store_mut().note_again(log.id, rec, kind, standing.as_ref()).map(|_| ())
    }

    /// Says again what stands of a record in a log of another node, where something stands.
    fn tell_of_held(&mut self, log: &LogRow, rec: RecordId) -> Result<(), LedgerError> {
        for row in self.store().standings(&log.audience, rec)? {
            if row.log == log.id {
                self.store_mut().note_again(log.id, rec, &row.version.kind, Some(&row.version))?;
            }
        }
        Ok(())
    }
}

impl ShelfRead for LedgerView<'_> {
    fn log(&self, origin: &Origin) -> Result<Option<HeldLog>, LedgerError> {
        let Some(log) = self.store.log_of(origin)? else { return Ok(None) };
        let holding = self.store.holding(log.id)?;
        let note = |text: Option<String>| -> Result<Option<SignedCheckpoint>, LedgerError> {
            let parsed = text.map(|text| SignedCheckpoint::parse(&text)).transpose();
            parsed.map_err(|error| LedgerError::Damaged(format!("checkpoint of {origin}: {error}")))
        };
        Ok(Some(HeldLog {
            size: log.size,
            frontier: frontier_of(&log)?,
            standing: standing_of(&holding.standing).ok_or_else(|| LedgerError::Damaged(format!("standing of {origin}")))?,
            checkpoint: note(holding.checkpoint)?,
            receipt: note(holding.receipt)?,
            provisional_bytes: holding.provisional,
        }))
    }

    fn entries(&self, origin: &Origin, from: u64, limit: usize, bytes: usize) -> Result<Vec<EntryRow>, LedgerError> {
        let Some(log) = self.store.log_of(origin)? else { return Ok(Vec::new()) };
        let mut found: Vec<EntryRow> = Vec::new();
        let (mut length, mut next) = (0, from);
        while found.len() < limit && next < log.size {
            let page = self.store.entries(log.id, next, PAGE.min(limit - found.len()))?;
            let Some(last) = page.last() else { break };
            next = last.index + 1;
            for row in page {
                length += row.bytes.len() + row.payload.as_ref().map_or(0, Vec::len);
                if length > bytes && !found.is_empty() {
                    return Ok(found);
                }
                found.push(row);
            }
        }
        Ok(found)
    }

    fn hashes(&self, origin: &Origin, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError> {
        match self.store.log_of(origin)? {
            Some(log) if from < log.size => self.store.subtrees(log.id, level, from, count),
            _ => Ok(Vec::new()),
        }
    }

    /// # Errors
    /// `NotYet` for the logs of others and for catalogues: their machines ask for no version.
    fn latest(&self, origin: &Origin, rec: RecordId) -> Result<Option<Latest>, LedgerError> {
        let Some(log) = self.store.log_of(origin)? else { return Ok(None) };
        if !log.own || log.audience == CATALOGUE {
            return Err(LedgerError::NotYet("versions of records in the logs of other nodes and in catalogues"));
        }
        let latest = self.store.latest(log.id, rec)?;
        Ok(latest.map(|version| Latest { ver: version.ver, leaf: version.leaf, dropped: version.op == "drop" }))
    }

    fn gaps(&self, origin: &Origin, below: u64, limit: usize) -> Result<Vec<u64>, LedgerError> {
        match self.store.log_of(origin)? {
            Some(log) => self.store.gaps(log.id, below, limit),
            None => Ok(Vec::new()),
        }
    }

    fn is_erased(&self, origin: &Origin, pay: &LeafHash) -> Result<bool, LedgerError> {
        match self.store.log_of(origin)? {
            Some(log) => self.store.is_erased(log.id, pay),
            None => Ok(false),
        }
    }
}

impl ShelfRead for LedgerShelf<'_, '_> {
    fn log(&self, origin: &Origin) -> Result<Option<HeldLog>, LedgerError> {
        self.view().log(origin)
    }

    fn entries(&self, origin: &Origin, from: u64, limit: usize, bytes: usize) -> Result<Vec<EntryRow>, LedgerError> {
        self.view().entries(origin, from, limit, bytes)
    }

    fn hashes(&self, origin: &Origin, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError> {
        self.view().hashes(origin, level, from, count)
    }

    fn latest(&self, origin: &Origin, rec: RecordId) -> Result<Option<Latest>, LedgerError> {
        self.view().latest(origin, rec)
    }

    fn gaps(&self, origin: &Origin, below: u64, limit: usize) -> Result<Vec<u64>, LedgerError> {
        self.view().gaps(origin, below, limit)
    }

    fn is_erased(&self, origin: &Origin, pay: &LeafHash) -> Result<bool, LedgerError> {
        self.view().is_erased(origin, pay)
    }
}

impl Shelf for LedgerShelf<'_, '_> {
    /// # Errors
    /// In an own log also `Damaged`, as [`Writer::replay`]: a version that does not follow the one before it.
    fn append(&mut self, origin: &Origin, row: EntryRow, lacks_payload: bool) -> Result<(), LedgerError> {
        let mut log = self.open(origin)?;
        let EntryRow { index, leaf, bytes, payload } = row;
        if index != log.size || leaf != leaf_hash(&bytes) {
            return Err(LedgerError::Damaged(format!("entry {index} at the end of {} of {origin}", log.size)));
        }
        if log.own {
            self.writer.replay(&log.audience, &bytes, payload)?;
        } else {
            if let Some(payload) = &payload {
                self.writer.note_files(origin, index, payload)?;
            }
            let mut frontier = frontier_of(&log)?;
            frontier.push(leaf);
            log.size = frontier.size();
            log.frontier = frontier.to_bytes();
            self.store_mut().append(&log, &EntryRow { index, leaf, bytes, payload })?;
        }
        if lacks_payload {
            self.store_mut().note_gap(log.id, index)?;
        }
        Ok(())
    }

    /// # Errors
    /// `NotYet` when entries would go from the node's own catalogue: records name their types by place.
    fn cut(&mut self, origin: &Origin, size: u64) -> Result<(), LedgerError> {
        let log = self.open(origin)?;
        if size >= log.size {
            return Ok(());
        }
        if log.own && log.audience == CATALOGUE {
            return Err(LedgerError::NotYet("entries taken off one's own catalogue"));
        }
        if !log.own && log.audience != CATALOGUE {
            held_record::uncount(self.store_mut(), &log, size)?;
        }
        let counting = self.store().counting(log.id)?;
        if counting.counted > size {
            self.store_mut().keep_counting(log.id, &ledger::Counting { counted: size, ..counting })?;
        }
        let frontier = frontier_at(self, origin, size)?;
        let shorter = LogRow { size, frontier: frontier.to_bytes(), ..log };
        for (rec, kind) in self.store_mut().cut(&shorter)? {
            self.tell_followers(&shorter, rec, &kind)?;
        }
        Ok(())
    }

    fn fill(&mut self, origin: &Origin, index: u64, payload: Vec<u8>) -> Result<(), LedgerError> {
        let log = self.open(origin)?;
        let Some(row) = self.entries(origin, index, 1, usize::MAX)?.pop() else { return Ok(()) };
        self.writer.note_files(origin, index, &payload)?;
        self.store_mut().fill(log.id, index, &payload)?;
        let Op::Put { rec, typ, .. } = Entry::from_bytes(&row.bytes)?.op else { return Ok(()) };
        if is_of_records(&log) {
            self.tell_followers(&log, rec, &typ)?;
        } else if held_record::is_counted(self.store(), &log, index)? {
            self.tell_of_held(&log, rec)?;
        }
        Ok(())
    }

    fn destroy(&mut self, origin: &Origin, pay: &LeafHash) -> Result<(), LedgerError> {
        let log = self.open(origin)?;
        self.store_mut().note_erased(log.id, pay)?;
        self.note_places(&log)?;
        for index in self.store().places_of(log.id, pay)? {
            let Some(row) = self.entries(origin, index, 1, usize::MAX)?.pop() else { continue };
            let Op::Put { rec, typ, pay: committed, .. } = Entry::from_bytes(&row.bytes)?.op else { continue };
            if committed != *pay {
                continue;
            }
            self.store_mut().destroy(log.id, index)?;
            if row.payload.is_some() {
                self.writer.cabinet_put(ERASURES, LAST_ERASED, serde_json::Value::from(RecordId::new().to_string()))?;
            }
            if row.payload.is_some() && held_record::is_counted(self.store(), &log, index)? {
                self.tell_of_held(&log, rec)?;
            }
            if row.payload.is_some() && is_of_records(&log) {
                self.store_mut().note_erase(log.id, rec, &typ, 0)?;
                // An erasure empties the views of the whole record; a later version of it that was not erased comes back.
                if self.store().latest(log.id, rec)?.is_some_and(|version| version.payload.is_some()) {
                    self.tell_followers(&log, rec, &typ)?;
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, origin: &Origin, kept: &HeldLog) -> Result<(), LedgerError> {
        let log = self.open(origin)?;
        let holding = HoldingRow {
            standing: standing_name(kept.standing).to_owned(),
            checkpoint: kept.checkpoint.as_ref().map(SignedCheckpoint::to_string),
            receipt: kept.receipt.as_ref().map(SignedCheckpoint::to_string),
            provisional: kept.provisional_bytes,
        };
        self.store_mut().keep_holding(log.id, &holding)
    }

    fn keep_evidence(&mut self, origin: &Origin, text: &str) -> Result<(), LedgerError> {
        self.store_mut().keep_evidence(origin, text)
    }

    fn aside_push(&mut self, origin: &Origin, aside: Aside, rows: Vec<EntryRow>) -> Result<(), LedgerError> {
        let log = self.open(origin)?;
        self.store_mut().aside_push(log.id, pile(aside), &rows)
    }

    fn aside(&self, origin: &Origin, aside: Aside, from: usize, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        match self.store().log_of(origin)? {
            Some(log) => self.store().aside(log.id, pile(aside), from, limit),
            None => Ok(Vec::new()),
        }
    }

    fn aside_clear(&mut self, origin: &Origin, aside: Aside) -> Result<(), LedgerError> {
        let log = self.open(origin)?;
        self.store_mut().aside_clear(log.id, pile(aside))
    }
}

/// Whether the entries of the log are versions of records here.
fn is_of_records(log: &LogRow) -> bool {
    log.own && log.audience != CATALOGUE
}

fn frontier_of(log: &LogRow) -> Result<Frontier, LedgerError> {
    Frontier::from_parts(log.size, &log.frontier).ok_or_else(|| LedgerError::Damaged(format!("frontier of {}", log.origin)))
}

fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Following => "following",
        Standing::Sealed => "sealed",
        Standing::Forked => "forked",
        Standing::Suspended => "suspended",
    }
}

fn standing_of(name: &str) -> Option<Standing> {
    let all = [Standing::Following, Standing::Sealed, Standing::Forked, Standing::Suspended];
    all.into_iter().find(|standing| standing_name(*standing) == name)
}

fn pile(aside: Aside) -> &'static str {
    match aside {
        Aside::Incoming => "incoming",
        Aside::Parked => "parked",
    }
}

#[cfg(test)]
pub(crate) mod tests;
