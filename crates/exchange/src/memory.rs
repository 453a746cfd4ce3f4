//! A shelf in memory: for tests and for the simulation, where a "disk" is a value that can be copied and put back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger::tree::{Frontier, node_hash};
use ledger::{Entry, EntryRow, LeafHash, LedgerError, Op, Origin, RecordId};

use crate::shelf::{Aside, HeldLog, Latest, Shelf, ShelfRead};
use crate::tile::WIDTH;

/// Logs in memory. Copies share their rows.
#[derive(Debug, Clone, Default)]
pub struct MemoryShelf {
    logs: BTreeMap<Origin, Arc<MemoryLog>>,
    evidence: Vec<(Origin, String)>,
}

#[derive(Debug, Clone)]
struct MemoryLog {
    head: HeldLog,
    rows: Vec<Arc<EntryRow>>,
    /// Hashes of full subtrees, level by level.
    levels: Vec<Vec<LeafHash>>,
    latest: BTreeMap<RecordId, Latest>,
    places: BTreeMap<LeafHash, Vec<u64>>,
    gaps: BTreeSet<u64>,
    erased: BTreeSet<LeafHash>,
    aside: BTreeMap<Aside, Vec<EntryRow>>,
}

impl MemoryLog {
    fn new() -> MemoryLog {
        MemoryLog {
            head: HeldLog::empty(),
            rows: Vec::new(),
            levels: vec![Vec::new()],
            latest: BTreeMap::new(),
            places: BTreeMap::new(),
            gaps: BTreeSet::new(),
            erased: BTreeSet::new(),
            aside: BTreeMap::new(),
        }
    }

    fn push(&mut self, row: Arc<EntryRow>, lacks_payload: bool) {
        match Entry::from_bytes(&row.bytes).map(|entry| entry.op) {
            Ok(Op::Put { rec, ver, pay, .. }) => {
                self.latest.insert(rec, Latest { ver, leaf: row.leaf, dropped: false });
                self.places.entry(pay).or_default().push(row.index);
            }
            Ok(Op::Drop { rec, ver, .. }) => {
                self.latest.insert(rec, Latest { ver, leaf: row.leaf, dropped: true });
            }
            // A disk keeps what it is given; it is the machines that refuse what cannot be read.
            Ok(Op::Erase { .. } | Op::Other(_)) | Err(_) => {}
        }
        if lacks_payload {
            self.gaps.insert(row.index);
        }
        self.head.frontier.push(row.leaf);
        self.head.size = self.head.frontier.size();
        self.push_hash(0, row.leaf);
        self.rows.push(row);
    }

    fn push_hash(&mut self, level: usize, hash: LeafHash) {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        let Some(hashes) = self.levels.get_mut(level) else { return };
        hashes.push(hash);
        let width = WIDTH as usize;
        if hashes.len().is_multiple_of(width) {
            let mut layer: Vec<LeafHash> = hashes.iter().skip(hashes.len() - width).copied().collect();
            while layer.len() > 1 {
                layer =
                    layer.chunks(2).filter_map(|pair| pair.first().zip(pair.last()).map(|(left, right)| node_hash(left, right))).collect();
            }
            if let Some(root) = layer.first().copied() {
                self.push_hash(level + 1, root);
            }
        }
    }
}

impl MemoryShelf {
    /// An empty shelf.
    pub fn new() -> MemoryShelf {
        MemoryShelf::default()
    }

    /// The logs held.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.logs.keys()
    }

    /// All rows of a log.
    pub fn rows(&self, origin: &Origin) -> &[Arc<EntryRow>] {
        self.logs.get(origin).map_or(&[], |log| &log.rows)
    }

    /// What was kept as evidence.
    pub fn evidence(&self) -> &[(Origin, String)] {
        &self.evidence
    }

    fn open(&mut self, origin: &Origin) -> &mut MemoryLog {
        Arc::make_mut(self.logs.entry(origin.clone()).or_insert_with(|| Arc::new(MemoryLog::new())))
    }
}

impl ShelfRead for MemoryShelf {
    fn log(&self, origin: &Origin) -> Result<Option<HeldLog>, LedgerError> {
        Ok(self.logs.get(origin).map(|log| log.head.clone()))
    }

    fn entries(&self, origin: &Origin, from: u64, limit: usize, bytes: usize) -> Result<Vec<EntryRow>, LedgerError> {
        let mut rows = Vec::new();
        let mut length = 0;
        for row in self.rows(origin).iter().skip(usize::try_from(from).unwrap_or(usize::MAX)).take(limit) {
            length += row.bytes.len() + row.payload.as_ref().map_or(0, Vec::len);
            if length > bytes && !rows.is_empty() {
                break;
            }
            rows.push(EntryRow::clone(row));
        }
        Ok(rows)
    }

    fn hashes(&self, origin: &Origin, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError> {
        let hashes = self.logs.get(origin).and_then(|log| log.levels.get(usize::from(level)));
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(hashes.map(|hashes| hashes.iter().skip(from).take(count).copied().collect()).unwrap_or_default())
    }

    fn latest(&self, origin: &Origin, rec: RecordId) -> Result<Option<Latest>, LedgerError> {
        Ok(self.logs.get(origin).and_then(|log| log.latest.get(&rec)).copied())
    }

    fn gaps(&self, origin: &Origin, below: u64, limit: usize) -> Result<Vec<u64>, LedgerError> {
        Ok(self.logs.get(origin).map(|log| log.gaps.range(..below).take(limit).copied().collect()).unwrap_or_default())
    }

    fn is_erased(&self, origin: &Origin, pay: &LeafHash) -> Result<bool, LedgerError> {
        Ok(self.logs.get(origin).is_some_and(|log| log.erased.contains(pay)))
    }
}

impl Shelf for MemoryShelf {
    fn append(&mut self, origin: &Origin, row: EntryRow, lacks_payload: bool) -> Result<(), LedgerError> {
        let log = self.open(origin);
        if row.index != log.head.size {
            return Err(LedgerError::Damaged(format!("entry {} at the end of {} of {origin}", row.index, log.head.size)));
        }
        log.push(Arc::new(row), lacks_payload);
        Ok(())
    }

    fn cut(&mut self, origin: &Origin, size: u64) -> Result<(), LedgerError> {
        let log = self.open(origin);
        let mut shorter = MemoryLog::new();
        for row in log.rows.iter().take(usize::try_from(size).unwrap_or(usize::MAX)) {
            let is_gap = log.gaps.contains(&row.index);
            shorter.push(row.clone(), is_gap);
        }
        let (frontier, size): (Frontier, u64) = (shorter.head.frontier.clone(), shorter.head.size);
        shorter.head = HeldLog { frontier, size, ..log.head.clone() };
        shorter.erased = std::mem::take(&mut log.erased);
        shorter.aside = std::mem::take(&mut log.aside);
        *log = shorter;
        Ok(())
    }

    fn fill(&mut self, origin: &Origin, index: u64, payload: Vec<u8>) -> Result<(), LedgerError> {
        let log = self.open(origin);
        if let Some(row) = log.rows.get_mut(usize::try_from(index).unwrap_or(usize::MAX)) {
            Arc::make_mut(row).payload = Some(payload);
            log.gaps.remove(&index);
        }
        Ok(())
    }

    fn destroy(&mut self, origin: &Origin, pay: &LeafHash) -> Result<(), LedgerError> {
        let log = self.open(origin);
        log.erased.insert(*pay);
        for index in log.places.get(pay).cloned().unwrap_or_default() {
            log.gaps.remove(&index);
            if let Some(row) = log.rows.get_mut(usize::try_from(index).unwrap_or(usize::MAX)) {
                Arc::make_mut(row).payload = None;
            }
        }
        Ok(())
    }

    fn keep(&mut self, origin: &Origin, kept: &HeldLog) -> Result<(), LedgerError> {
        let head = &mut self.open(origin).head;
        head.standing = kept.standing;
        head.checkpoint.clone_from(&kept.checkpoint);
        head.receipt.clone_from(&kept.receipt);
        head.provisional_bytes = kept.provisional_bytes;
        Ok(())
    }

    fn keep_evidence(&mut self, origin: &Origin, text: &str) -> Result<(), LedgerError> {
        let piece = (origin.clone(), text.to_owned());
        if !self.evidence.contains(&piece) {
            self.evidence.push(piece);
        }
        Ok(())
    }

    fn aside_push(&mut self, origin: &Origin, aside: Aside, rows: Vec<EntryRow>) -> Result<(), LedgerError> {
        self.open(origin).aside.entry(aside).or_default().extend(rows);
        Ok(())
    }

    fn aside(&self, origin: &Origin, aside: Aside, from: usize, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        let rows = self.logs.get(origin).and_then(|log| log.aside.get(&aside));
        Ok(rows.map(|rows| rows.iter().skip(from).take(limit).cloned().collect()).unwrap_or_default())
    }

    fn aside_clear(&mut self, origin: &Origin, aside: Aside) -> Result<(), LedgerError> {
        self.open(origin).aside.remove(&aside);
        Ok(())
    }
}
