//! What those above have done, and whether the nodes that know of it keep to it: keys revoked, records moved, logs suspended.

use std::collections::{BTreeMap, BTreeSet};

use exchange::checkpoint::SignedCheckpoint;
use exchange::directory::Sizes;
use exchange::key::PublicKey;
use exchange::shelf::{ShelfRead, Standing};
use ledger::{Entry, LeafHash, NodeName, Op, Origin, RecordId};

use super::Oracle;
use crate::node::Node;

/// A key that was revoked.
#[derive(Debug, Clone)]
pub struct Revocation {
    pub key: PublicKey,
    /// Last sizes that it may have signed.
    pub last: Sizes,
    /// The entry that says so; it counts for those who know it.
    pub leaf: LeafHash,
    /// Its writer speaks for the node as the heir of a merged one, so it counts for those who know of the merger too.
    pub is_by_heir: bool,
}

/// Public records that went from one node to another.
#[derive(Debug, Clone)]
pub struct Split {
    pub recs: BTreeSet<RecordId>,
    pub of: NodeName,
    pub by: NodeName,
    /// Entries of the loser from here on do not count.
    pub cut: u64,
    /// Entries of the gainer count from here on.
    pub start: u64,
    /// The entry that says so.
    pub leaf: LeafHash,
}

impl Oracle {
    /// A holder's operator has stopped a log.
    pub fn note_suspended(&mut self, node: &Node, origin: &Origin) {
        self.suspended.insert((node.name().clone(), origin.clone()), sizes_of(node, origin));
    }

    /// With the disk of a node its suspensions are put back too.
    pub fn note_suspensions_of_backup(&mut self, node: &Node) {
        self.suspended.retain(|(holder, _), _| holder != node.name());
        for origin in node.shelf.origins() {
            if node.shelf.log(origin).ok().flatten().is_some_and(|log| log.standing == Standing::Suspended) {
                self.note_suspended(node, origin);
            }
        }
    }

    /// A suspended log takes neither entries nor checkpoints.
    pub(super) fn check_suspended(&self, node: &Node) -> Result<(), String> {
        for ((holder, origin), sizes) in &self.suspended {
            if holder == node.name() && sizes_of(node, origin) != *sizes {
                return Err(format!("§5: {} lets {origin} grow while it is suspended", holder.as_str()));
            }
        }
        Ok(())
    }

    /// Whether a key is revoked as far as a node can know.
    pub fn has_revoked(&self, node: &Node) -> bool {
        self.revocation.as_ref().is_some_and(|revocation| {
            let knows_writer = !revocation.is_by_heir || self.merger_starts.iter().any(|(leaf, _)| node.knows(leaf));
            knows_writer && node.knows(&revocation.leaf)
        })
    }

    /// A checkpoint that a node has just taken is not signed with a key that it knows to be revoked (promise I2).
    pub fn check_key(&self, node: &Node, origin: &Origin, before: Option<&SignedCheckpoint>) -> Result<(), String> {
        let Some(revocation) = &self.revocation else { return Ok(()) };
        let Some(signed) = node.shelf.log(origin).ok().flatten().and_then(|log| log.checkpoint) else { return Ok(()) };
        let last = revocation.last.get(origin).copied().unwrap_or(0);
        let is_beyond = signed.checkpoint.size > last && signed.is_signed_by(&revocation.key);
        if is_beyond && before != Some(&signed) && self.has_revoked(node) {
            return Err(format!("I2: {} counts {} entries of {origin} under a revoked key", node.name().as_str(), signed.checkpoint.size));
        }
        Ok(())
    }

    /// The split, for a node that knows of it. A Centre put back to an old backup puts a statement of the abandoned time behind what it has signed since;
    /// when the two nodes have become one meanwhile, it moves nothing.
    fn split_known_to(&self, node: &Node) -> Option<&Split> {
        let split = self.split.as_ref()?;
        let (origin, index) = node.place_of(&split.leaf)?;
        let mut mergers = self.merger_starts.iter().filter_map(|(leaf, _)| node.place_of(leaf));
        let is_too_late = mergers.any(|(log, place)| log == origin && place < index);
        (!is_too_late).then_some(split)
    }

    /// Whether an entry about a record of `maker` stands where its writer was the owner, for a node that knows of the split; none when the split says
    /// nothing about the record.
    pub(super) fn is_in_place(&self, node: &Node, maker: &NodeName, rec: RecordId, origin: &Origin, index: u64) -> Option<bool> {
        let split = self.split_known_to(node)?;
        if split.of != *maker || !split.recs.contains(&rec) || origin.audience() != "public" {
            return None;
        }
        let writer = origin.node();
        // A merger of the gainer into the loser brings the records back.
        let back = self.merger_starts.iter().filter(|(leaf, _)| self.mergers.get(&split.by) == Some(&split.of) && node.knows(leaf));
        let back = back.filter_map(|(_, start)| start.get(origin)).min();
        Some(if writer == split.of {
            index < split.cut || back.is_some_and(|start| index >= *start)
        } else {
            writer == split.by && index >= split.start
        })
    }

    /// At the end exactly those entries count for the records moved that stand where their writer was the owner (promises I2, I12).
    pub(super) fn check_split(&self, top: &Node) -> Result<(), String> {
        let Some(split) = self.split_known_to(top) else { return Ok(()) };
        let mut due: BTreeMap<RecordId, BTreeSet<LeafHash>> = BTreeMap::new();
        for origin in top.shelf.origins().filter(|origin| [&split.of, &split.by].contains(&&origin.node())) {
            let size = usize::try_from(top.counted_size(origin)).unwrap_or(usize::MAX);
            for row in top.shelf.rows(origin).iter().take(size) {
                if let Ok(Op::Put { rec, .. } | Op::Drop { rec, .. }) = Entry::from_bytes(&row.bytes).map(|entry| entry.op)
                    && self.is_in_place(top, &split.of, rec, origin, row.index) == Some(true)
                {
                    due.entry(rec).or_default().insert(row.leaf);
                }
            }
        }
        let mut counted: BTreeMap<RecordId, BTreeSet<LeafHash>> = BTreeMap::new();
        for (key, versions) in top.view(|origin| origin.audience() == "public").records {
            if key.maker == split.of && split.recs.contains(&key.rec) {
                counted.insert(key.rec, versions.into_iter().map(|version| version.leaf).collect());
            }
        }
        if due == counted { Ok(()) } else { Err("I12: of the records moved not exactly the owners' entries count".to_owned()) }
    }
}

/// Entries held, and entries under a checkpoint.
fn sizes_of(node: &Node, origin: &Origin) -> (u64, u64) {
    node.shelf.log(origin).ok().flatten().map_or((0, 0), |log| (log.size, log.signed_size()))
}
