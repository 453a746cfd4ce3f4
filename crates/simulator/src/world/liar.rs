//! The unit that lies.

use exchange::batch::push_entry;
use exchange::checkpoint::{Checkpoint, SignedCheckpoint};
use exchange::protocol::{Answer, Refusal, Request};
use exchange::shelf::ShelfRead;
use exchange::signature::sign;
use exchange::wire::{read_answer, write_request};
use ledger::{LeafHash, NodeName, Origin, RecordId};
use rand::RngExt;

use super::{PROVINCES, UNITS, World, named};
use crate::network::ReplyTo;
use crate::node::LoopKey;

impl World {
    /// The lying unit tries something.
    pub(super) fn lie(&mut self) -> Result<(), String> {
        let liar = named(UNITS[1]);
        let Some(node) = self.nodes.get(&liar).filter(|node| node.is_liar) else { return Ok(()) };
        let Some(above) = node.above.clone() else { return Ok(()) };
        let (key, clock) = (node.parent.key.clone(), u64::try_from(self.now + node.skew).unwrap_or(0));
        let Ok(own) = Origin::of(&liar, "public") else { return Ok(()) };
        let received = node.shelf.log(&own).ok().flatten().map_or(0, |log| log.received_size());
        let held = self.nodes.get(&above).and_then(|holder| holder.shelf.log(&own).ok().flatten()).map_or(0, |log| log.size);
        self.count("lies");
        let (origin, request) = match self.rng.random_range(0..6_u32) {
            5 => return self.withhold_payloads(&liar, &above, &own),
            0 | 1 => {
                // A version of somebody else's record, or a record under somebody else's identifier, in the own log.
                let others: Vec<(RecordId, u64, LeafHash)> = self.records_of(&named(PROVINCES[0]));
                let Some((rec, ver, leaf)) = self.pick(&others).copied() else { return Ok(()) };
                let before = self.rng.random_bool(0.5).then_some((ver, leaf));
                if let Some(leaf) = self.put(&liar, "public", rec, before) {
                    self.oracle.forged.insert(leaf);
                }
                return self.changed(&liar);
            }
            2 => {
                let Ok(other) = Origin::of(&named(PROVINCES[0]), "public") else { return Ok(()) };
                let mut body = Vec::new();
                push_entry(&mut body, br#"{"at":"2027-01-01T00:00:00Z","id":"0193a100-0000-7000-8000-000000000001","op":"x","v":1}"#, None);
                (other, Request::Append { from: 0, body })
            }
            3 => {
                if received == 0 {
                    return Ok(());
                }
                let checkpoint = Checkpoint { origin: own.clone(), size: received, root: LeafHash([7; 32]) };
                (own, Request::Checkpoint { note: SignedCheckpoint::sign(checkpoint, &key).to_string() })
            }
            _ => {
                let mut body = Vec::new();
                push_entry(
                    &mut body,
                    br#"{"v":1, "at":"2027-01-01T00:00:00Z","id":"0193a100-0000-7000-8000-000000000001","op":"x"}"#,
                    None,
                );
                (own, Request::Append { from: held, body })
            }
        };
        let wire = write_request(&origin, &request);
        let fields = sign(wire.target(), &liar, &key, clock);
        let is_fork = matches!(request, Request::Checkpoint { .. });
        let reply_to =
            ReplyTo { node: liar.clone(), key: LoopKey { origin: origin.clone(), peer: above.clone(), is_up: true }, nonce: 0, request };
        let reachable = self.nodes.get(&above).is_some_and(|node| !node.is_cut_off);
        if reachable {
            let answer = self.answer(&above, &wire, Some(&fields), &reply_to)?;
            self.oracle.saw_fork |= is_fork && read_answer(&reply_to.request, &answer) == Some(Answer::Refused(Refusal::Root));
        }
        Ok(())
    }

    /// The liar asks for a receipt of entries whose payloads it keeps to itself.
    pub(super) fn withhold_payloads(&mut self, liar: &NodeName, above: &NodeName, own: &Origin) -> Result<(), String> {
        let rec = self.fresh_id();
        self.put(liar, "public", rec, None);
        let (Some(node), Some(holder)) = (self.nodes.get(liar), self.nodes.get(above)) else { return Ok(()) };
        let held = holder.shelf.rows(own).len();
        let rows = node.shelf.rows(own);
        let mut body = Vec::new();
        for row in rows.iter().skip(held) {
            push_entry(&mut body, &row.bytes, None);
        }
        let Some(log) = node.shelf.log(own).ok().flatten().filter(|log| log.size > held as u64) else { return Ok(()) };
        let checkpoint = Checkpoint { origin: own.clone(), size: log.size, root: log.frontier.root() };
        let (key, clock, is_reachable) = (node.parent.key.clone(), u64::try_from(self.now + node.skew).unwrap_or(0), !holder.is_cut_off);
        let note = SignedCheckpoint::sign(checkpoint, &key).to_string();
        for request in [Request::Append { from: held as u64, body }, Request::Checkpoint { note }] {
            let wire = write_request(own, &request);
            let fields = sign(wire.target(), liar, &key, clock);
            let key = LoopKey { origin: own.clone(), peer: above.clone(), is_up: true };
            if is_reachable {
                self.answer(above, &wire, Some(&fields), &ReplyTo { node: liar.clone(), key, nonce: 0, request })?;
            }
        }
        Ok(())
    }

    pub(super) fn records_of(&self, name: &NodeName) -> Vec<(RecordId, u64, LeafHash)> {
        let Some(node) = self.nodes.get(name) else { return Vec::new() };
        let view = node.view(|origin| origin.audience() == "public");
        view.records.iter().filter_map(|(key, versions)| versions.last().map(|last| (key.rec, last.ver, last.leaf))).collect()
    }
}
