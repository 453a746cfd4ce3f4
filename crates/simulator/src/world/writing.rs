//! People at work: records made, changed, withdrawn and erased.

use exchange::log::{CheckedEntry, append, commitment};
use exchange::shelf::{ShelfRead, Standing};
use ledger::tree::leaf_hash;
use ledger::{Entry, LeafHash, NodeName, Op, Origin, RecordId};
use rand::RngExt;

use super::{AUDITOR, PROVINCES, STANDBY, World, pay_of};
use crate::node::Node;

impl World {
    /// Somebody saves something. It always succeeds, whatever the state of the network (promise I11).
    pub(super) fn write_any(&mut self) -> Result<(), String> {
        let writers: Vec<NodeName> = self
            .nodes
            .iter()
            .filter(|(name, node)| !node.is_merged && ![STANDBY, AUDITOR].contains(&name.as_str()))
            .map(|(name, _)| name.clone())
            .collect();
        let Some(name) = self.pick(&writers).cloned() else { return Ok(()) };
        let audience = if PROVINCES.contains(&name.as_str()) && self.rng.random_ratio(1, 3) { "region" } else { "public" };
        let Ok(origin) = Origin::of(&name, audience) else { return Ok(()) };
        match self.rng.random_range(0..20_u32) {
            0..11 => {
                let rec = self.fresh_id();
                self.put(&name, audience, rec, None);
            }
            11..17 => {
                if let Some((rec, ver, leaf)) = self.known_record(&name, &origin, |_| true) {
                    self.put(&name, audience, rec, Some((ver, leaf)));
                }
            }
            17 => {
                if let Some((rec, ver, leaf)) = self.known_record(&name, &origin, |_| true) {
                    self.write(&name, audience, Op::Drop { rec, ver: ver + 1, prev: leaf }, None);
                }
            }
            _ => {
                let pays = self.nodes.get(&name).and_then(|node| {
                    let rows = node.shelf.rows(&origin);
                    (!rows.is_empty()).then(|| rows.iter().filter_map(|row| pay_of(&row.bytes)).collect::<Vec<_>>())
                });
                if let Some(pay) = pays.and_then(|pays| self.pick(&pays).copied()) {
                    self.write(&name, audience, Op::Erase { pays: vec![pay], why: "law".to_owned(), basis: "1/QĐ".to_owned() }, None);
                }
            }
        }
        self.changed(&name)
    }

    /// A record among those wanted that the node may change: its own, or one that it has inherited; with the version that stands.
    pub(super) fn known_record(
        &mut self,
        name: &NodeName,
        origin: &Origin,
        wanted: impl Fn(RecordId) -> bool,
    ) -> Option<(RecordId, u64, LeafHash)> {
        let node = self.nodes.get(name)?;
        let mut known = Vec::new();
        for (key, versions) in node.view(Node::has_records).records {
            let heir = node.directory.tenures(&key.maker, key.rec).pop().map(|tenure| tenure.node);
            if key.audience == origin.audience()
                && wanted(key.rec)
                && heir.as_ref() == Some(name)
                && let Some(last) = versions.last().filter(|last| !last.is_drop)
            {
                known.push((key.rec, last.ver, last.leaf));
            }
        }
        // An heir that has not read all of its predecessor's log yet does not go on with the records.
        let lacks = node.directory.members().any(|(member, _)| {
            member != name
                && node.directory.successor(member) == *name
                && Origin::of(member, origin.audience()).is_ok_and(|old| node.counted_size(&old) < node.directory.cut_of(&old).unwrap_or(0))
        });
        if lacks { None } else { self.pick(&known).copied() }
    }

    pub(super) fn put(&mut self, name: &NodeName, audience: &str, rec: RecordId, before: Option<(u64, LeafHash)>) -> Option<LeafHash> {
        let salt: u64 = self.rng.random();
        let payload = format!(r#"{{"data":{},"files":[],"salt":"{salt:016x}"}}"#, self.entries).into_bytes();
        let op = Op::Put {
            rec,
            typ: "task".to_owned(),
            cat: 0,
            ver: before.map_or(1, |(ver, _)| ver + 1),
            prev: before.map(|(_, leaf)| leaf),
            pay: commitment(&payload),
            len: payload.len() as u64,
        };
        self.write(name, audience, op, Some(payload))
    }

    /// An entry in a node's own log; its leaf hash, or none when the log is sealed.
    pub(super) fn write(&mut self, name: &NodeName, audience: &str, op: Op, payload: Option<Vec<u8>>) -> Option<LeafHash> {
        let origin = Origin::of(name, audience).ok()?;
        let id = self.fresh_id();
        let node = self.nodes.get_mut(name)?;
        if node.shelf.log(&origin).ok().flatten().is_some_and(|log| log.standing == Standing::Sealed) {
            return None;
        }
        let bytes = Entry { id, at: self.now + node.skew, op }.to_bytes().ok()?;
        let checked = CheckedEntry::read(&bytes, payload.as_deref()).ok()?;
        append(&mut node.shelf, &origin, checked).ok()?;
        self.entries += 1;
        self.tell(|| format!("{} writes in {origin}", name.as_str()));
        Some(leaf_hash(&bytes))
    }
}
