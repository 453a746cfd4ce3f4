//! The loops of the nodes: woken, given answers, and what they want done.

use exchange::batch::{push_entry, read_entries};
use exchange::checkpoint::SignedCheckpoint;
use exchange::owner::{ERASURE_HELD_BACK, Effect, Event, Moment};
use exchange::protocol::{Answer, Head, Request};
use exchange::shelf::{HeldLog, ShelfRead};
use exchange::signature::sign;
use exchange::wire::{write_answer, write_request};
use ledger::NodeName;
use rand::RngExt;

use super::{AUDITOR, Sabotage, World};
use crate::network::{Packet, ReplyTo};
use crate::node::{LoopKey, Machine};

impl World {
    /// A loop of a node takes a step, in one transaction.
    pub(super) fn step_loop(&mut self, name: &NodeName, key: &LoopKey, event: Event) -> Result<(), String> {
        let moment = Moment { now: self.now, id: self.fresh_id() };
        let release = self.release_of(name, &key.origin).filter(|_| key.is_up);
        let Some(node) = self.nodes.get_mut(name) else { return Ok(()) };
        let before = node.shelf.log(&key.origin).ok().flatten().and_then(|log| log.checkpoint);
        let Some(state) = node.loops.get_mut(key) else { return Ok(()) };
        let effects = match &mut state.machine {
            Machine::Up(owner) => {
                owner.release_up_to(release);
                let effects = owner.step(&mut node.shelf, &node.directory, event, moment);
                if let (Some(now), Some(kept)) = (owner.released(), &mut node.release) {
                    kept.insert(key.origin.clone(), now);
                }
                effects
            }
            Machine::Down(reader) => reader.step(&mut node.shelf, &node.directory, event),
        }
        .map_err(|error| format!("shelf of {}: {error}", name.as_str()))?;
        if !key.is_up {
            self.oracle.check_key(node, &key.origin, before.as_ref())?;
        }
        self.changed(name)?;
        for effect in effects {
            match effect {
                Effect::Send(request) => self.send(name, key, request)?,
                Effect::Received(size) => {
                    self.tell(|| {
                        format!("{} has {size} of {} {}", name.as_str(), key.origin, if key.is_up { "received above" } else { "read" })
                    });
                    if key.is_up
                        && key.origin.node() == *name
                        && let Some(node) = self.nodes.get(name)
                        && !node.is_liar
                    {
                        self.oracle.note_receipt(node, &key.origin, &key.peer);
                    }
                }
                Effect::Alarm(why) => {
                    // A damaged answer may raise one; when all is well again nothing but a liar does.
                    let owner_lies = self.nodes.get(&key.origin.node()).is_some_and(|owner| owner.is_liar);
                    self.count("alarms");
                    if self.is_healing && !owner_lies && why != ERASURE_HELD_BACK {
                        return Err(format!("I6: {} is alarmed at {}: {why}", name.as_str(), key.origin));
                    }
                }
                Effect::PutBehind(records) => {
                    self.count("entries put behind");
                    self.tell(|| format!("{} puts its entries of {} behind; {} changed by both", name.as_str(), key.origin, records.len()));
                }
                Effect::Pause(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn send(&mut self, name: &NodeName, key: &LoopKey, mut request: Request) -> Result<(), String> {
        let is_lazy = !self.is_healing && self.rng.random_ratio(1, 8);
        let Some(node) = self.nodes.get_mut(name) else { return Ok(()) };
        let nonce = node.fresh_nonce();
        if let Some(state) = node.loops.get_mut(key) {
            state.nonce = nonce;
        }
        let is_own = key.is_up && key.origin.node() == *name;
        if let (Request::Checkpoint { note }, true, false) = (&request, is_own, node.is_liar)
            && let Ok(signed) = SignedCheckpoint::parse(note)
        {
            self.oracle.note_signed(node, &signed)?;
        }
        // A client may send payloads later than entries.
        if let (Request::Append { body, .. }, true) = (&mut request, is_lazy)
            && let Ok(rows) = read_entries(body)
        {
            let mut without = Vec::new();
            for (at, (entry, payload)) in rows.into_iter().enumerate() {
                push_entry(&mut without, &entry, payload.filter(|_| at % 2 == 0));
            }
            *body = without;
        }
        let reply_to = ReplyTo { node: name.clone(), key: key.clone(), nonce, request: request.clone() };
        if let (Some(Sabotage::SignRule), Request::Head, true) = (self.options.sabotage, &request, is_own) {
            let log = node.shelf.log(&key.origin).ok().flatten().unwrap_or_else(HeldLog::empty);
            let head = Head { next: log.size, root: log.frontier.root(), checkpoint: 0, missing: Vec::new() };
            if self.rng.random_ratio(1, 2) {
                self.packets.push(Packet::Answer { answer: write_answer(&Answer::Head(head)), reply_to });
                return Ok(());
            }
        }
        let wire = write_request(&key.origin, &request);
        let clock = u64::try_from(self.now + node.skew).unwrap_or(0);
        let fields = (name.as_str() != AUDITOR).then(|| sign(wire.target(), name, &node.parent.key, clock));
        self.packets.push(Packet::Call { to: key.peer.clone(), wire, fields, sent: self.now, reply_to });
        Ok(())
    }

    pub(super) fn wake_any(&mut self) -> Result<(), String> {
        // Mostly those that have something to send.
        let only_busy = self.rng.random_bool(0.7);
        let mut loops: Vec<(NodeName, LoopKey)> = Vec::new();
        for (name, node) in &self.nodes {
            for key in node.loops.keys() {
                let log = node.shelf.log(&key.origin).ok().flatten().unwrap_or_else(HeldLog::empty);
                if !only_busy || key.is_up && log.received_size() < node.counted_size(&key.origin) {
                    loops.push((name.clone(), key.clone()));
                }
            }
        }
        match self.pick(&loops).cloned() {
            Some((name, key)) => self.wake(&name, &key),
            None => Ok(()),
        }
    }

    /// Wakes a loop; when the answer it waits for can never come, tells it so, as a time-out does.
    pub(super) fn wake(&mut self, name: &NodeName, key: &LoopKey) -> Result<(), String> {
        let Some(nonce) = self.nodes.get(name).and_then(|node| node.loops.get(key)).map(|state| state.nonce) else { return Ok(()) };
        let is_on_its_way = self.packets.iter().any(|packet| match packet {
            Packet::Call { reply_to, .. } | Packet::Answer { reply_to, .. } => {
                reply_to.node == *name && reply_to.key == *key && reply_to.nonce == nonce
            }
        });
        if is_on_its_way {
            // While an append is on its way, more entries may have come.
            if let Some(node) = self.nodes.get_mut(name)
                && let Some(Machine::Up(owner)) = node.loops.get_mut(key).map(|state| &mut state.machine)
            {
                owner.look_ahead(&node.shelf).map_err(|error| format!("shelf of {}: {error}", name.as_str()))?;
            }
        } else {
            self.step_loop(name, key, Event::Failed)?;
            self.step_loop(name, key, Event::Wake)?;
        }
        Ok(())
    }
}
