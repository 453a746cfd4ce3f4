//! A node: what lies on its disk, and what a crash takes away.

use std::collections::BTreeMap;

use exchange::directory::{CATALOGUE, DIRECTORY, Directory, KeyChange, Statement};
use exchange::key::{NodeKey, PublicKey};
use exchange::memory::MemoryShelf;
use exchange::owner::{Owner, Voice};
use exchange::parent::Parent;
use exchange::reader::ReaderLoop;
use exchange::shelf::ShelfRead;
use exchange::view::{Placed, View};
use ledger::{Entry, LeafHash, NodeName, Origin};

use crate::world::Sabotage;

/// A loop of a node: a log it brings up to, or reads from, a peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoopKey {
    pub origin: Origin,
    pub peer: NodeName,
    pub is_up: bool,
}

/// The machine of a loop and the number of its request in flight.
#[derive(Debug, Clone)]
pub struct LoopState {
    pub machine: Machine,
    pub nonce: u64,
}

#[derive(Debug, Clone)]
pub enum Machine {
    Up(Owner),
    Down(ReaderLoop),
}

/// A node. `shelf` is its disk; `loops` and `directory` are lost when it is killed.
#[derive(Debug, Clone)]
pub struct Node {
    pub parent: Parent,
    /// Where its logs go.
    pub above: Option<NodeName>,
    /// Audiences of its own logs.
    pub writes: &'static [&'static str],
    /// Logs it follows.
    pub reads: Vec<(Origin, NodeName)>,
    pub shelf: MemoryShelf,
    /// What a lying disk has really written (deliberate fault "fsync").
    pub synced: MemoryShelf,
    /// Up to where its own logs may go up, as far as its head has let them go; on the disk beside the logs. None when everything goes by itself.
    pub release: Option<BTreeMap<Origin, u64>>,
    /// What a lying disk has really written of it.
    pub synced_release: Option<BTreeMap<Origin, u64>>,
    pub backups: Vec<(MemoryShelf, Option<BTreeMap<Origin, u64>>)>,
    pub loops: BTreeMap<LoopKey, LoopState>,
    pub directory: Directory,
    directory_sizes: BTreeMap<Origin, u64>,
    anchor: (NodeName, PublicKey),
    /// A rule of the directory taken away on purpose.
    pub sabotage: Option<Sabotage>,
    /// Offset of its clock in seconds.
    pub skew: i64,
    pub is_cut_off: bool,
    pub is_liar: bool,
    pub is_merged: bool,
    next_nonce: u64,
}

impl Node {
    pub fn new(name: NodeName, key: NodeKey, above: Option<NodeName>, anchor: (NodeName, PublicKey)) -> Node {
        Node {
            parent: Parent { name, key, standby_for: None },
            above,
            writes: &[],
            reads: Vec::new(),
            shelf: MemoryShelf::new(),
            synced: MemoryShelf::new(),
            release: None,
            synced_release: None,
            backups: Vec::new(),
            loops: BTreeMap::new(),
            directory: Directory::of(&anchor.0, anchor.1, &BTreeMap::new()),
            directory_sizes: BTreeMap::new(),
            anchor,
            sabotage: None,
            skew: 0,
            is_cut_off: false,
            is_liar: false,
            is_merged: false,
            next_nonce: 0,
        }
    }

    pub fn name(&self) -> &NodeName {
        &self.parent.name
    }

    /// How many entries of a log count for this node: all of its own, the signed ones of others.
    pub fn counted_size(&self, origin: &Origin) -> u64 {
        let log = self.shelf.log(origin).ok().flatten();
        log.map_or(0, |log| if origin.node() == self.parent.name { log.size } else { log.signed_size() })
    }

    /// Whether an entry of a directory log counts for this node.
    pub fn knows(&self, leaf: &LeafHash) -> bool {
        self.place_of(leaf).is_some()
    }

    /// Where an entry of a directory log stands that counts for this node.
    pub fn place_of(&self, leaf: &LeafHash) -> Option<(&Origin, u64)> {
        self.shelf.origins().filter(|origin| origin.audience() == DIRECTORY).find_map(|origin| {
            let size = self.counted_size(origin);
            let row = self.shelf.rows(origin).iter().find(|row| row.leaf == *leaf && row.index < size)?;
            Some((origin, row.index))
        })
    }

    fn is_passed_over(&self, statement: &Statement) -> bool {
        match statement {
            Statement::Key { change: KeyChange::Revoke, .. } => self.sabotage == Some(Sabotage::Revocation),
            Statement::Transfer { recs: Some(_), .. } => self.sabotage == Some(Sabotage::Ownership),
            _ => false,
        }
    }

    /// Everything volatile is gone.
    pub fn crash(&mut self) {
        self.loops.clear();
        self.directory_sizes.clear();
        self.refresh();
    }

    /// Reads the directory again when one of its logs has grown, and makes the loops that are due.
    pub fn refresh(&mut self) {
        let mut sizes = BTreeMap::new();
        for origin in self.shelf.origins() {
            if origin.audience() == DIRECTORY {
                sizes.insert(origin.clone(), self.counted_size(origin));
            }
        }
        if sizes != self.directory_sizes {
            let mut statements: BTreeMap<NodeName, Vec<Statement>> = BTreeMap::new();
            for (origin, size) in &sizes {
                let said = statements.entry(origin.node()).or_default();
                for row in self.shelf.rows(origin).iter().take(usize::try_from(*size).unwrap_or(usize::MAX)) {
                    if let Some(statement) = Entry::from_bytes(&row.bytes).ok().and_then(|entry| Statement::from_op(&entry.op))
                        && !self.is_passed_over(&statement)
                    {
                        said.push(statement);
                    }
                }
            }
            self.directory = Directory::of(&self.anchor.0, self.anchor.1, &statements);
            self.directory_sizes = sizes;
        }
        let mut due = Vec::new();
        if let Some(above) = &self.above {
            // Also logs of which nothing is left on the disk: the parent may have them.
            for audience in self.writes {
                if let Ok(origin) = Origin::of(&self.parent.name, audience) {
                    due.push(LoopKey { origin, peer: above.clone(), is_up: true });
                }
            }
            for origin in self.shelf.origins() {
                let is_relayed = origin.node() != self.parent.name && self.directory.relays(&self.parent.name, origin);
                if is_relayed && self.counted_size(origin) > 0 {
                    due.push(LoopKey { origin: origin.clone(), peer: above.clone(), is_up: true });
                }
            }
        }
        for (origin, peer) in &self.reads {
            due.push(LoopKey { origin: origin.clone(), peer: peer.clone(), is_up: false });
        }
        self.loops.retain(|key, _| due.contains(key));
        for key in due {
            let (parent, is_up) = (&self.parent, key.is_up);
            self.loops.entry(key.clone()).or_insert_with(|| {
                let machine = if is_up {
                    let is_own = key.origin.node() == parent.name;
                    let voice = if is_own { Voice::Owner(Box::new(parent.key.clone())) } else { Voice::Relay };
                    Machine::Up(Owner::new(key.origin.clone(), key.peer.clone(), voice))
                } else if key.origin.node() == key.peer {
                    Machine::Down(ReaderLoop::at_owner(key.origin.clone()))
                } else {
                    Machine::Down(ReaderLoop::new(key.origin.clone()))
                };
                LoopState { machine, nonce: 0 }
            });
        }
    }

    pub fn fresh_nonce(&mut self) -> u64 {
        self.next_nonce += 1;
        self.next_nonce
    }

    /// The entries of the logs that count here, for the view.
    pub fn placed(&self, wanted: impl Fn(&Origin) -> bool) -> BTreeMap<Origin, Vec<Placed>> {
        let mut logs = BTreeMap::new();
        for origin in self.shelf.origins().filter(|origin| wanted(origin)) {
            let size = usize::try_from(self.counted_size(origin)).unwrap_or(usize::MAX);
            let mut placed = Vec::new();
            for row in self.shelf.rows(origin).iter().take(size) {
                if let Ok(entry) = Entry::from_bytes(&row.bytes) {
                    placed.push(Placed { index: row.index, leaf: row.leaf, op: entry.op });
                }
            }
            logs.insert(origin.clone(), placed);
        }
        logs
    }

    /// The view over the logs wanted.
    pub fn view(&self, wanted: impl Fn(&Origin) -> bool) -> View {
        View::of(&self.directory, &self.placed(wanted))
    }

    /// Whether a log carries records.
    pub fn has_records(origin: &Origin) -> bool {
        !matches!(origin.audience(), DIRECTORY | CATALOGUE)
    }
}
