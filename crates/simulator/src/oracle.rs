//! What is true, and whether the nodes keep their promises.

mod acts;

use std::collections::{BTreeMap, BTreeSet};

use exchange::checkpoint::SignedCheckpoint;
use exchange::directory::Sizes;
use exchange::shelf::{ShelfRead, Standing};
use exchange::tile::{inclusion_proof, root_at};
use ledger::tree::{root_of, verify_inclusion};
use ledger::{Entry, LeafHash, NodeName, Op, Origin};

pub use acts::{Revocation, Split};

use crate::node::Node;
use crate::world::erasures;

/// What the world has seen happen.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    /// The longest tree that each holder has cosigned.
    acknowledged: BTreeMap<(NodeName, Origin), (u64, LeafHash)>,
    /// What each holder has last said to hold: an owner may have signed on its word.
    words: BTreeMap<(NodeName, Origin), (u64, LeafHash)>,
    /// The longest tree that each honest owner has signed.
    signed: BTreeMap<Origin, Vec<LeafHash>>,
    /// Receipts that owners got, with an entry under each.
    receipts: Vec<(SignedCheckpoint, NodeName, LeafHash, u64)>,
    /// Entries that somebody wrote about a record that is not his.
    pub forged: BTreeSet<LeafHash>,
    /// Mergers: who into whom.
    pub mergers: BTreeMap<NodeName, NodeName>,
    /// Nodes that were put back to a backup and do not yet hold again what they had acknowledged.
    pub healing: BTreeMap<NodeName, BTreeMap<Origin, (u64, LeafHash)>>,
    /// Two signed trees of a liar reached one holder.
    pub saw_fork: bool,
    /// The entries of the merger, and from which sizes on the heir's entries count.
    pub merger_starts: Vec<(LeafHash, Sizes)>,
    /// A key that was revoked.
    pub revocation: Option<Revocation>,
    /// Records that were moved.
    pub split: Option<Split>,
    /// Logs that a holder has stopped, with the entries held and signed then.
    pub suspended: BTreeMap<(NodeName, Origin), (u64, u64)>,
}

impl Oracle {
    /// A holder's cosignature leaves it.
    pub fn note_acknowledged(&mut self, holder: &NodeName, origin: &Origin, size: u64, root: LeafHash) {
        let known = self.acknowledged.entry((holder.clone(), origin.clone())).or_insert((0, root));
        if size >= known.0 {
            *known = (size, root);
        }
    }

    /// A holder says to an owner what it holds.
    pub fn note_word(&mut self, holder: &NodeName, origin: &Origin, size: u64, root: LeafHash) {
        self.words.insert((holder.clone(), origin.clone()), (size, root));
    }

    /// An honest owner's signature leaves it (promise I6).
    pub fn note_signed(&mut self, node: &Node, signed: &SignedCheckpoint) -> Result<(), String> {
        let checkpoint = &signed.checkpoint;
        let size = usize::try_from(checkpoint.size).unwrap_or(usize::MAX);
        let leaves: Vec<LeafHash> = node.shelf.rows(&checkpoint.origin).iter().take(size).map(|row| row.leaf).collect();
        if leaves.len() != size || root_of(&leaves) != checkpoint.root {
            return Err(format!("I6: {} signs size {size} of {} which it does not hold", node.name().as_str(), checkpoint.origin));
        }
        let known = self.signed.entry(checkpoint.origin.clone()).or_default();
        if known.iter().zip(&leaves).any(|(known, now)| known != now) {
            return Err(format!("I6: {} signs two trees of {} that contradict each other", node.name().as_str(), checkpoint.origin));
        }
        if leaves.len() > known.len() {
            *known = leaves;
        }
        Ok(())
    }

    /// Whether a merged node leaves nothing in the log of its former unit but what the unit has signed.
    pub fn gives_back(&self, who: &NodeName, origin: &Origin, size: u64, root: LeafHash) -> bool {
        self.mergers.contains_key(who) && self.has_signed(origin, size, root)
    }

    /// Whether the honest owner of a log has signed so much of it.
    pub fn has_signed(&self, origin: &Origin, size: u64, root: LeafHash) -> bool {
        let signed = self.signed.get(origin).and_then(|leaves| leaves.get(..usize::try_from(size).unwrap_or(usize::MAX)));
        signed.is_some_and(|leaves| root_of(leaves) == root)
    }

    /// An owner keeps a receipt.
    pub fn note_receipt(&mut self, node: &Node, origin: &Origin, by: &NodeName) {
        let Some(receipt) = node.shelf.log(origin).ok().flatten().and_then(|log| log.receipt) else { return };
        let index = receipt.checkpoint.size.saturating_sub(1);
        if let Some(row) = node.shelf.rows(origin).get(usize::try_from(index).unwrap_or(usize::MAX))
            && self.receipts.len() < 200
        {
            self.receipts.push((receipt, by.clone(), row.leaf, index));
        }
    }

    /// What a node must hold again after it was put back: all it has cosigned, all it has signed, and all that others may have signed on its
    /// word.
    pub fn note_restored(&mut self, node: &Node, nodes: &BTreeMap<NodeName, Node>) {
        let mut goals: BTreeMap<Origin, (u64, LeafHash)> = BTreeMap::new();
        // What a liar has handed in and does not hand in again is lost, to the liar's own harm.
        self.acknowledged
            .retain(|(holder, origin), _| holder != node.name() || nodes.get(&origin.node()).is_none_or(|owner| !owner.is_liar));
        for ((holder, origin), goal) in &self.acknowledged {
            if holder == node.name() {
                goals.insert(origin.clone(), *goal);
            }
        }
        for ((holder, origin), (size, root)) in &self.words {
            // Only while the owner has these entries too: it may have its signature under way. If it had others, it would ask again first.
            let owner_has_it = nodes.get(&origin.node()).is_some_and(|owner| root_at(&owner.shelf, origin, *size).ok() == Some(*root));
            let is_honest = nodes.get(&origin.node()).is_some_and(|owner| !owner.is_liar);
            if holder == node.name() && is_honest && owner_has_it && goals.get(origin).is_none_or(|(known, _)| known < size) {
                goals.insert(origin.clone(), (*size, *root));
            }
        }
        for (origin, leaves) in &self.signed {
            if origin.node() == *node.name() {
                goals.insert(origin.clone(), (leaves.len() as u64, root_of(leaves)));
            }
        }
        self.healing.insert(node.name().clone(), goals);
    }

    /// What a node that was put back still lacks.
    pub fn what_lacks(&self, node: &Node) -> Option<String> {
        let goals = self.healing.get(node.name())?;
        goals.iter().find_map(|(origin, (size, root))| Oracle::lacks(node, origin, *size, *root))
    }

    /// Whether every log of the node still reaches what it has acknowledged.
    fn lacks(node: &Node, origin: &Origin, size: u64, root: LeafHash) -> Option<String> {
        let held = node.shelf.log(origin).ok().flatten().map_or(0, |log| log.size);
        if held < size {
            return Some(format!("{} holds {held} of {size} acknowledged entries of {origin}", node.name().as_str()));
        }
        match root_at(&node.shelf, origin, size) {
            Ok(found) if found == root => {}
            _ => return Some(format!("{} holds another tree of {origin} than the one acknowledged", node.name().as_str())),
        }
        let gaps = exchange_gaps(node, origin, size);
        (!gaps.is_empty()).then(|| format!("{} lacks the payloads {gaps:?} of {origin}", node.name().as_str()))
    }

    /// The promises that must hold at every moment, for a node that has just changed.
    pub fn check(&mut self, node: &Node) -> Result<(), String> {
        let name = node.name().clone();
        if let Some(goals) = self.healing.get(&name) {
            if goals.iter().all(|(origin, (size, root))| Oracle::lacks(node, origin, *size, *root).is_none()) {
                self.healing.remove(&name);
            }
        } else {
            for ((holder, origin), (size, root)) in &self.acknowledged {
                if *holder == name
                    && let Some(lack) = Oracle::lacks(node, origin, *size, *root)
                {
                    return Err(format!("I1: {lack}"));
                }
            }
        }
        self.check_suspended(node)?;
        for origin in node.shelf.origins() {
            let Some(log) = node.shelf.log(origin).ok().flatten() else { continue };
            if let Some(signed) = &log.checkpoint
                && origin.node() != name
            {
                let checkpoint = &signed.checkpoint;
                if root_at(&node.shelf, origin, checkpoint.size).ok() != Some(checkpoint.root) {
                    return Err(format!(
                        "I4: {} counts {} entries of {origin} that are not under the signed root",
                        name.as_str(),
                        checkpoint.size
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks that cost more: every entry, every payload, every view.
    pub fn check_whole(&self, node: &Node) -> Result<(), String> {
        let name = node.name().as_str();
        for origin in node.shelf.origins() {
            let erased = erasures(node.shelf.rows(origin));
            for row in node.shelf.rows(origin) {
                let Ok(entry) = Entry::from_bytes(&row.bytes) else {
                    return Err(format!("I10: {name} holds entry {} of {origin}, which is not canonical", row.index));
                };
                if let (Op::Put { pay, .. }, Some(_)) = (&entry.op, &row.payload)
                    && erased.contains(pay)
                {
                    return Err(format!("I9: {name} still has the erased payload of entry {} of {origin}", row.index));
                }
            }
        }
        let view = node.view(Node::has_records);
        for (key, versions) in &view.records {
            for version in versions {
                let writer = version.origin.node();
                match self.is_in_place(node, &key.maker, key.rec, &version.origin, version.index) {
                    Some(true) => continue,
                    Some(false) => {
                        return Err(format!(
                            "I2: {name} counts entry {} of {} outside the time when the record was its writer's",
                            version.index, version.origin
                        ));
                    }
                    None => {}
                }
                let mut owner = key.maker.clone();
                while owner != writer {
                    match self.mergers.get(&owner) {
                        Some(heir) => owner = heir.clone(),
                        None => {
                            return Err(format!(
                                "I2: {name} counts entry {} of {} for a record of {}",
                                version.index,
                                version.origin,
                                key.maker.as_str()
                            ));
                        }
                    }
                }
                if self.forged.contains(&version.leaf) && key.maker != writer {
                    return Err(format!("I2: {name} counts the forged entry {} of {}", version.index, version.origin));
                }
            }
        }
        Ok(())
    }

    /// After everything has healed: all is up, all agree, old receipts verify, and what was erased is gone.
    pub fn check_end(&self, nodes: &BTreeMap<NodeName, Node>, centre: &NodeName) -> Result<(), String> {
        let Some(top) = nodes.get(centre) else { return Err("no Centre".to_owned()) };
        let mut frozen = BTreeSet::new();
        for node in nodes.values() {
            for origin in node.shelf.origins() {
                if node.shelf.log(origin).ok().flatten().is_some_and(|log| log.standing == Standing::Forked) {
                    frozen.insert(origin.clone());
                }
            }
        }
        for node in nodes.values().filter(|node| !node.is_liar) {
            self.check_whole(node)?;
            for ((holder, origin), (size, root)) in &self.acknowledged {
                if holder == node.name()
                    && let Some(lack) = Oracle::lacks(node, origin, *size, *root)
                {
                    return Err(format!("I1: at the end {lack}"));
                }
            }
            for origin in node.shelf.origins() {
                let is_own = origin.node() == *node.name();
                let goes_up = is_own && origin.node() != *centre && !frozen.contains(origin);
                if goes_up && top.shelf.rows(origin) != node.shelf.rows(origin) {
                    let (above, below) = (top.shelf.rows(origin), node.shelf.rows(origin));
                    let differing: Vec<u64> =
                        above.iter().zip(below).filter(|(above, below)| above != below).map(|(above, _)| above.index).collect();
                    return Err(format!(
                        "I8: at the end the Centre holds {} of {} entries of {origin}; {differing:?} differ",
                        above.len(),
                        below.len()
                    ));
                }
            }
        }
        self.check_split(top)?;
        let wanted = |origin: &Origin| origin.audience() == "public" && !frozen.contains(origin);
        let digest = top.view(wanted).digest();
        for node in nodes.values().filter(|node| !node.is_liar) {
            let holds_all =
                top.shelf.origins().filter(|origin| wanted(origin)).all(|origin| node.counted_size(origin) == top.counted_size(origin));
            if holds_all && node.directory == top.directory && node.view(wanted).digest() != digest {
                return Err(format!("I10: {} and the Centre hold the same logs and see different records", node.name().as_str()));
            }
        }
        for (receipt, by, leaf, index) in &self.receipts {
            let checkpoint = &receipt.checkpoint;
            if frozen.contains(&checkpoint.origin) {
                continue;
            }
            if !top.directory.is_cosigned_by(receipt, by) {
                return Err(format!("I12: an old receipt of {} is not known any more", checkpoint.origin));
            }
            let Some(holder) = nodes.get(by) else { continue };
            let verifies = inclusion_proof(&holder.shelf, &checkpoint.origin, *index, checkpoint.size)
                .is_ok_and(|path| verify_inclusion(*leaf, *index, checkpoint.size, &path, &checkpoint.root));
            if !verifies {
                return Err(format!("I12: entry {index} of {} cannot be proven under its old receipt", checkpoint.origin));
            }
        }
        if self.saw_fork && nodes.values().all(|node| node.shelf.evidence().is_empty()) {
            return Err("I5: two signed trees were shown and nobody kept them".to_owned());
        }
        Ok(())
    }
}

fn exchange_gaps(node: &Node, origin: &Origin, size: u64) -> Vec<u64> {
    node.shelf.gaps(origin, size, 10).unwrap_or_default()
}
