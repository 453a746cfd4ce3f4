//! A shelf that sees no gaps, for the deliberate fault "payload check".

use exchange::memory::MemoryShelf;
use exchange::shelf::{Aside, HeldLog, Latest, Shelf, ShelfRead};
use ledger::{EntryRow, LeafHash, LedgerError, Origin, RecordId};

pub struct Blind<'a>(pub &'a mut MemoryShelf);

impl ShelfRead for Blind<'_> {
    fn gaps(&self, _: &Origin, _: u64, _: usize) -> Result<Vec<u64>, LedgerError> {
        Ok(Vec::new())
    }
    fn log(&self, origin: &Origin) -> Result<Option<HeldLog>, LedgerError> {
        self.0.log(origin)
    }
    fn entries(&self, origin: &Origin, from: u64, limit: usize, bytes: usize) -> Result<Vec<EntryRow>, LedgerError> {
        self.0.entries(origin, from, limit, bytes)
    }
    fn hashes(&self, origin: &Origin, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError> {
        self.0.hashes(origin, level, from, count)
    }
    fn latest(&self, origin: &Origin, rec: RecordId) -> Result<Option<Latest>, LedgerError> {
        self.0.latest(origin, rec)
    }
    fn is_erased(&self, origin: &Origin, pay: &LeafHash) -> Result<bool, LedgerError> {
        self.0.is_erased(origin, pay)
    }
}

impl Shelf for Blind<'_> {
    fn append(&mut self, origin: &Origin, row: EntryRow, lacks_payload: bool) -> Result<(), LedgerError> {
        self.0.append(origin, row, lacks_payload)
    }
    fn cut(&mut self, origin: &Origin, size: u64) -> Result<(), LedgerError> {
        self.0.cut(origin, size)
    }
    fn fill(&mut self, origin: &Origin, index: u64, payload: Vec<u8>) -> Result<(), LedgerError> {
        self.0.fill(origin, index, payload)
    }
    fn destroy(&mut self, origin: &Origin, pay: &LeafHash) -> Result<(), LedgerError> {
        self.0.destroy(origin, pay)
    }
    fn keep(&mut self, origin: &Origin, log: &HeldLog) -> Result<(), LedgerError> {
        self.0.keep(origin, log)
    }
    fn keep_evidence(&mut self, origin: &Origin, text: &str) -> Result<(), LedgerError> {
        self.0.keep_evidence(origin, text)
    }
    fn aside_push(&mut self, origin: &Origin, aside: Aside, rows: Vec<EntryRow>) -> Result<(), LedgerError> {
        self.0.aside_push(origin, aside, rows)
    }
    fn aside(&self, origin: &Origin, aside: Aside, from: usize, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        self.0.aside(origin, aside, from, limit)
    }
    fn aside_clear(&mut self, origin: &Origin, aside: Aside) -> Result<(), LedgerError> {
        self.0.aside_clear(origin, aside)
    }
}
