//! A node gets a new key, its old one is revoked, and a thief has the old one.

use exchange::batch::push_entry;
use exchange::checkpoint::{Checkpoint, SignedCheckpoint};
use exchange::directory::{KeyChange, Sizes, Statement};
use exchange::key::NodeKey;
use exchange::owner::Event;
use exchange::protocol::{Answer, Refusal, Request};
use exchange::shelf::ShelfRead;
use exchange::signature::sign;
use exchange::wire::{read_answer, write_request};
use ledger::{LeafHash, NodeName, Origin};
use rand::RngExt;

use super::{PROVINCES, UNITS, World, named};
use crate::network::{Packet, ReplyTo};
use crate::node::LoopKey;
use crate::oracle::Revocation;

/// A change of a node's key. Keys lie apart from the disk that is put back: an operator who restores a node gives it the key that counts.
#[derive(Debug, Clone)]
pub struct Rekeying {
    node: NodeName,
    old: NodeKey,
    new: NodeKey,
    /// The log and the entry that add the new key.
    added: (Origin, LeafHash),
    is_turned: bool,
}

impl World {
    /// The next thing in the life of a key: the node above adds a new one, the node turns to it, the old one is revoked, a thief tries the old one.
    pub(super) fn go_on_with_the_key(&mut self) -> Result<(), String> {
        match (self.rekeying.clone(), self.oracle.revocation.clone()) {
            (None, _) => self.add_key(),
            (Some(rekeying), None) if rekeying.is_turned => self.revoke_key(&rekeying),
            (Some(rekeying), None) => self.turn_to_key(rekeying),
            (Some(rekeying), Some(revocation)) => {
                if self.rng.random_bool(0.5) {
                    self.call_with_the_old_key(&rekeying)
                } else {
                    self.answer_with_the_old_key(&rekeying, &revocation)
                }
            }
        }
    }

    fn add_key(&mut self) -> Result<(), String> {
        let Some(name) = self.pick(&[PROVINCES[1], UNITS[0]]).copied().map(named) else { return Ok(()) };
        let Some(node) = self.nodes.get(&name) else { return Ok(()) };
        let (Some(writer), old, new) = (node.above.clone(), node.parent.key.clone(), NodeKey::from_seed(&[100; 32])) else { return Ok(()) };
        let statement = Statement::Key { node: name.clone(), key: new.public(), change: KeyChange::Add, from: Sizes::new() };
        let Ok(origin) = Origin::of(&writer, "directory") else { return Ok(()) };
        if !self.is_under_in_its_own_eyes(&name, &writer) {
            return Ok(());
        }
        if let Some(leaf) = self.write(&writer, "directory", statement.to_op(), None) {
            self.rekeying = Some(Rekeying { node: name, old, new, added: (origin, leaf), is_turned: false });
            self.count("keys added");
        }
        self.changed(&writer)
    }

    /// Whether a node already knows that another is its child; an heir learns it from the Centre's directory, and its program refuses to speak for it before.
    fn is_under_in_its_own_eyes(&self, node: &NodeName, above: &NodeName) -> bool {
        self.nodes.get(above).is_some_and(|above| above.directory.parent_of(node).as_ref() == Some(above.name()))
    }

    /// The node turns to its new key once the entry that adds it outlives the disk of its writer.
    fn turn_to_key(&mut self, rekeying: Rekeying) -> Result<(), String> {
        let (origin, leaf) = &rekeying.added;
        let Some(writer) = self.nodes.get(&origin.node()) else { return Ok(()) };
        let received = writer.shelf.log(origin).ok().flatten().map_or(0, |log| log.received_size());
        if !writer.shelf.rows(origin).iter().any(|row| row.leaf == *leaf && row.index < received) {
            return Ok(());
        }
        let name = rekeying.node.clone();
        let Some(node) = self.nodes.get_mut(&name) else { return Ok(()) };
        node.parent.key = rekeying.new.clone();
        node.crash();
        self.rekeying = Some(Rekeying { is_turned: true, ..rekeying });
        self.count("keys changed");
        self.tell(|| format!("{} turns to its new key", name.as_str()));
        self.changed(&name)
    }

    /// The old key is revoked; what it signed counts up to the last sizes that anybody has seen.
    fn revoke_key(&mut self, rekeying: &Rekeying) -> Result<(), String> {
        let Some(writer) = self.nodes.get(&rekeying.node).and_then(|node| node.above.clone()) else { return Ok(()) };
        if !self.oracle.healing.is_empty() || !self.is_under_in_its_own_eyes(&rekeying.node, &writer) {
            return Ok(());
        }
        let mut last = Sizes::new();
        for node in self.nodes.values() {
            for origin in node.shelf.origins().filter(|origin| origin.node() == rekeying.node) {
                let signed = node.shelf.log(origin).ok().flatten().map_or(0, |log| log.signed_size());
                let known = last.entry(origin.clone()).or_default();
                *known = signed.max(*known);
            }
        }
        last.retain(|_, size| *size > 0);
        let (node, key) = (rekeying.node.clone(), rekeying.old.public());
        let statement = Statement::Key { node, key, change: KeyChange::Revoke, from: last.clone() };
        if let Some(leaf) = self.write(&writer, "directory", statement.to_op(), None) {
            let is_by_heir = self.oracle.mergers.values().any(|heir| *heir == writer) && rekeying.node == named(UNITS[0]);
            self.oracle.revocation = Some(Revocation { key, last, leaf, is_by_heir });
            self.count("keys revoked");
            self.tell(|| format!("{} revokes the old key of {}", writer.as_str(), rekeying.node.as_str()));
        }
        self.changed(&writer)
    }

    /// The thief calls the node above in the name of the node. One that does not know of the revocation cannot notice: theft before it is not covered, and
    /// a node put back to a backup knows of it again only when the directories have come down.
    fn call_with_the_old_key(&mut self, rekeying: &Rekeying) -> Result<(), String> {
        let Some(above) = self.nodes.get(&rekeying.node).and_then(|node| node.above.clone()) else { return Ok(()) };
        let Some(holder) = self.nodes.get(&above).filter(|holder| self.oracle.has_revoked(holder) && !holder.is_cut_off) else {
            return Ok(());
        };
        let Ok(origin) = Origin::of(&rekeying.node, "public") else { return Ok(()) };
        let Some(log) = holder.shelf.log(&origin).ok().flatten() else { return Ok(()) };
        let clock = u64::try_from(self.now + holder.skew).unwrap_or(0);
        let request = if self.rng.random_bool(0.5) {
            let mut body = Vec::new();
            push_entry(&mut body, br#"{"at":"2027-01-01T00:00:00Z","id":"0193a100-0000-7000-8000-000000000002","op":"x","v":1}"#, None);
            Request::Append { from: log.size, body }
        } else {
            let checkpoint = Checkpoint { origin: origin.clone(), size: log.size, root: log.frontier.root() };
            Request::Checkpoint { note: SignedCheckpoint::sign(checkpoint, &rekeying.old).to_string() }
        };
        let wire = write_request(&origin, &request);
        let fields = sign(wire.target(), &rekeying.node, &rekeying.old, clock);
        let key = LoopKey { origin, peer: above.clone(), is_up: true };
        let reply_to = ReplyTo { node: rekeying.node.clone(), key, nonce: 0, request };
        let answer = self.answer(&above, &wire, Some(&fields), &reply_to)?;
        self.count("tries with a revoked key");
        if read_answer(&reply_to.request, &answer) == Some(Answer::Refused(Refusal::Unsigned)) {
            Ok(())
        } else {
            Err(format!("I2: {} takes a call of {} under a revoked key", above.as_str(), rekeying.node.as_str()))
        }
    }

    /// The thief sits on the line of a reader and shows it a checkpoint beyond the last size that counts, over the entries that are really there.
    fn answer_with_the_old_key(&mut self, rekeying: &Rekeying, revocation: &Revocation) -> Result<(), String> {
        let mut asked = Vec::new();
        for (at, packet) in self.packets.iter().enumerate() {
            let (Packet::Call { reply_to, .. } | Packet::Answer { reply_to, .. }) = packet;
            let knows = self.nodes.get(&reply_to.node).is_some_and(|reader| self.oracle.has_revoked(reader));
            if matches!(reply_to.request, Request::ReadCheckpoint { .. }) && reply_to.key.origin.node() == rekeying.node && knows {
                asked.push((at, reply_to.clone()));
            }
        }
        let Some((at, reply_to)) = self.pick(&asked).cloned() else { return Ok(()) };
        let origin = reply_to.key.origin.clone();
        let Some(log) = self.nodes.get(&rekeying.node).and_then(|node| node.shelf.log(&origin).ok().flatten()) else { return Ok(()) };
        if log.size <= revocation.last.get(&origin).copied().unwrap_or(0) {
            return Ok(());
        }
        let checkpoint = Checkpoint { origin, size: log.size, root: log.frontier.root() };
        let note = SignedCheckpoint::sign(checkpoint, &rekeying.old).to_string();
        self.packets.swap_remove(at);
        self.count("tries with a revoked key");
        let is_awaited = self.nodes.get(&reply_to.node).and_then(|node| node.loops.get(&reply_to.key));
        if is_awaited.is_some_and(|state| state.nonce == reply_to.nonce) {
            return self.step_loop(&reply_to.node, &reply_to.key, Event::Answer(Answer::Note(note)));
        }
        Ok(())
    }
}
