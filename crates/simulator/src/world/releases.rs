//! Heads who let the data of their nodes go by hand: those of one unit and of one province.

use std::collections::BTreeMap;

use ledger::{Entry, NodeName, Origin, RecordId};

use super::{PROVINCES, UNITS, World, named};
use crate::node::Node;

impl World {
    /// Two nodes hold back what their heads have not let go. Neither lies or closes.
    pub(super) fn hold_back(&mut self) {
        for name in [UNITS[0], PROVINCES[1]] {
            if let Some(node) = self.nodes.get_mut(&named(name)) {
                node.release = Some(BTreeMap::new());
            }
        }
    }

    /// A head lets everything go that his node has written.
    pub(super) fn let_go_any(&mut self) {
        let names: Vec<NodeName> = self.nodes.iter().filter(|(_, node)| node.release.is_some()).map(|(name, _)| name.clone()).collect();
        let Some(name) = self.pick(&names).cloned() else { return };
        let Some(node) = self.nodes.get_mut(&name) else { return };
        let own: Vec<Origin> = node.shelf.origins().filter(|origin| origin.node() == name && Node::has_records(origin)).cloned().collect();
        for origin in own {
            let rows = node.shelf.rows(&origin);
            self.let_go.extend(rows.iter().filter_map(|row| id_of(&row.bytes)));
            let size = rows.len() as u64;
            if let Some(release) = &mut node.release {
                release.insert(origin, size);
            }
        }
        self.count("releases by hand");
        self.tell(|| format!("the head of {} lets everything go", name.as_str()));
    }

    /// Up to where an own log of a node may go up; none when all of it may.
    pub(super) fn release_of(&self, name: &NodeName, origin: &Origin) -> Option<u64> {
        let held_back = self.nodes.get(name)?.release.as_ref().filter(|_| !self.all_goes)?;
        let is_own = origin.node() == *name && Node::has_records(origin);
        is_own.then(|| held_back.get(origin).copied().unwrap_or(0))
    }

    /// Nobody holds an entry that its head has not let go, on whichever of his disks he did.
    pub(super) fn check_let_go(&self, holder: &NodeName, origin: &Origin) -> Result<(), String> {
        if self.release_of(&origin.node(), origin).is_none() {
            return Ok(());
        }
        let Some(node) = self.nodes.get(holder) else { return Ok(()) };
        match node.shelf.rows(origin).iter().find(|row| id_of(&row.bytes).is_none_or(|id| !self.let_go.contains(&id))) {
            Some(row) => Err(format!("held back: {} has entry {} of {origin}, which nobody let go", holder.as_str(), row.index)),
            None => Ok(()),
        }
    }
}

fn id_of(bytes: &[u8]) -> Option<RecordId> {
    Entry::from_bytes(bytes).ok().map(|entry| entry.id)
}
