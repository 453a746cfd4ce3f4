//! What goes wrong by itself: on the line, with processes, disks and clocks.

use std::collections::BTreeSet;

use exchange::shelf::{HeldLog, Shelf, ShelfRead};
use ledger::{LeafHash, NodeName, Origin};
use rand::RngExt;

use super::{Merger, PROVINCES, Sabotage, World, erasures, named};
use crate::network::Packet;

impl World {
    pub(super) fn lose(&mut self) -> Result<(), String> {
        if !self.packets.is_empty() {
            let at = self.rng.random_range(0..self.packets.len());
            self.packets.swap_remove(at);
            self.count("messages lost");
        }
        Ok(())
    }

    pub(super) fn double(&mut self) -> Result<(), String> {
        if let Some(packet) = self.pick(&self.packets.clone()).cloned() {
            self.packets.push(packet);
            self.count("messages doubled");
        }
        Ok(())
    }

    /// A body arrives cut, or with another byte.
    pub(super) fn damage(&mut self) -> Result<(), String> {
        if self.packets.is_empty() {
            return Ok(());
        }
        let (at, cut, byte) = (self.rng.random_range(0..self.packets.len()), self.rng.random::<u16>(), self.rng.random::<u8>());
        if let Some(packet) = self.packets.get_mut(at) {
            let body = match packet {
                Packet::Call { wire, .. } => &mut wire.body,
                Packet::Answer { answer, .. } => &mut answer.body,
            };
            if !body.is_empty() {
                let place = usize::from(cut) % body.len();
                if byte % 2 == 0 {
                    body.truncate(place);
                } else if let Some(there) = body.get_mut(place) {
                    *there = byte;
                }
            }
        }
        self.count("messages damaged");
        Ok(())
    }

    pub(super) fn kill_any(&mut self) -> Result<(), String> {
        let names: Vec<NodeName> = self.nodes.keys().cloned().collect();
        match self.pick(&names).cloned() {
            Some(name) => self.kill(&name),
            None => Ok(()),
        }
    }

    pub(super) fn kill(&mut self, name: &NodeName) -> Result<(), String> {
        self.count("kills");
        self.tell(|| format!("{} is killed", name.as_str()));
        if let Some(node) = self.nodes.get_mut(name) {
            if self.options.sabotage == Some(Sabotage::Fsync) {
                node.shelf = node.synced.clone();
                node.release = node.synced_release.clone();
            }
            node.crash();
        }
        self.changed(name)
    }

    pub(super) fn back_up_any(&mut self) -> Result<(), String> {
        let names: Vec<NodeName> = self.nodes.keys().cloned().collect();
        if let Some(node) = self.pick(&names).cloned().and_then(|name| self.nodes.get_mut(&name)) {
            node.backups.push((node.shelf.clone(), node.release.clone()));
        }
        Ok(())
    }

    /// A node is put back to one of its backups: one site at a time, and what was erased since is destroyed again before anybody is served.
    pub(super) fn put_back_any(&mut self) -> Result<(), String> {
        if !self.oracle.healing.is_empty() {
            return Ok(());
        }
        // While a province closes, it and the Centre are not put back: what the units have handed in lies with them alone.
        let is_closing = matches!(self.merger, Merger::Sealed | Merger::Written(_));
        let (centre, closing) = (self.centre.clone(), named(PROVINCES[0]));
        let names: Vec<NodeName> = self
            .nodes
            .iter()
            .filter(|(name, node)| !node.backups.is_empty() && !node.is_liar && !(is_closing && (**name == centre || **name == closing)))
            .map(|(name, _)| name.clone())
            .collect();
        let Some(name) = self.pick(&names).cloned() else { return Ok(()) };
        let Some(node) = self.nodes.get_mut(&name) else { return Ok(()) };
        let at = self.rng.random_range(0..node.backups.len());
        let Some((backup, release)) = node.backups.get(at).cloned() else { return Ok(()) };
        node.release = release;
        let before = std::mem::replace(&mut node.shelf, backup);
        if !before.evidence().is_empty() {
            // What the disk held as evidence is gone with it.
            self.oracle.saw_fork = false;
        }
        // What others hold of the erasures is applied before anybody is served; an erasure that nobody else had seen is lost with the disk.
        let held: Vec<Origin> = node.shelf.origins().cloned().collect();
        let mut erased: BTreeSet<(Origin, LeafHash)> = BTreeSet::new();
        for other in self.nodes.values().filter(|other| *other.name() != name) {
            for origin in &held {
                // An erasure that its owner has told to nobody may still be lost with the owner's disk.
                let log = other.shelf.log(origin).ok().flatten().unwrap_or_else(HeldLog::empty);
                let told = if origin.node() == *other.name() { log.received_size() } else { log.signed_size() };
                let rows = other.shelf.rows(origin);
                let rows = rows.get(..usize::try_from(told).unwrap_or(usize::MAX).min(rows.len())).unwrap_or_default();
                erased.extend(erasures(rows).into_iter().map(|pay| (origin.clone(), pay)));
            }
        }
        let Some(node) = self.nodes.get_mut(&name) else { return Ok(()) };
        for (origin, pay) in &erased {
            node.shelf.destroy(origin, pay).map_err(|error| error.to_string())?;
        }
        node.crash();
        let node = node.clone();
        self.oracle.note_restored(&node, &self.nodes);
        self.oracle.note_suspensions_of_backup(&node);
        self.count("restores of old backups");
        self.tell(|| format!("{} is put back to an old backup", name.as_str()));
        self.changed(&name)
    }

    pub(super) fn cut_off_any(&mut self) -> Result<(), String> {
        let mut names: Vec<NodeName> = self.nodes.iter().filter(|(_, node)| node.is_cut_off).map(|(name, _)| name.clone()).collect();
        if names.is_empty() || self.rng.random_ratio(1, 5) {
            names = self.nodes.keys().cloned().collect();
        }
        if let Some(node) = self.pick(&names).cloned().and_then(|name| self.nodes.get_mut(&name)) {
            node.is_cut_off = !node.is_cut_off;
            self.count("cuts of the line");
        }
        Ok(())
    }

    pub(super) fn turn_a_clock(&mut self) -> Result<(), String> {
        let mut skew = self.pick(&[600, -600, 86_400, -86_400]).copied().unwrap_or(0);
        let mut names: Vec<NodeName> = self.nodes.iter().filter(|(_, node)| node.skew != 0).map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            names = self.nodes.keys().cloned().collect();
        } else {
            skew = 0;
        }
        if let Some(node) = self.pick(&names).cloned().and_then(|name| self.nodes.get_mut(&name)) {
            node.skew = skew;
            self.count("clocks turned");
        }
        Ok(())
    }

    /// A recorded call comes again.
    pub(super) fn replay(&mut self) -> Result<(), String> {
        match self.pick(&self.recorded.clone()).cloned() {
            Some(packet) => {
                self.count("calls replayed");
                self.packets.push(packet);
                Ok(())
            }
            None => Ok(()),
        }
    }
}
