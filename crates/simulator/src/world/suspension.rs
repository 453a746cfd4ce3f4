//! A holder's operator stops a log, and lets it go on.

use exchange::shelf::{Shelf, ShelfRead, Standing};
use ledger::{NodeName, Origin};
use rand::RngExt;

use super::{CENTRE, PROVINCES, Sabotage, World, named};

impl World {
    /// The operator of the Centre or of a province stops a log of somebody below, or lets one go on.
    pub(super) fn suspend_or_lift(&mut self) -> Result<(), String> {
        let stopped: Vec<(NodeName, Origin)> = self.oracle.suspended.keys().cloned().collect();
        if self.rng.random_bool(0.6)
            && let Some((name, origin)) = self.pick(&stopped).cloned()
        {
            return self.lift(&name, &origin);
        }
        let mut growing = Vec::new();
        for name in [CENTRE, PROVINCES[0], PROVINCES[1]].map(named) {
            let Some(node) = self.nodes.get(&name) else { continue };
            for origin in node.shelf.origins().filter(|origin| origin.node() != name && node.directory.is_under(&origin.node(), &name)) {
                if node.shelf.log(origin).ok().flatten().is_some_and(|log| log.standing == Standing::Following) {
                    growing.push((name.clone(), origin.clone()));
                }
            }
        }
        let Some((name, origin)) = self.pick(&growing).cloned() else { return Ok(()) };
        if self.options.sabotage != Some(Sabotage::Suspension) {
            self.set_standing(&name, &origin, Standing::Suspended)?;
        }
        if let Some(node) = self.nodes.get(&name) {
            self.oracle.note_suspended(node, &origin);
        }
        self.count("logs suspended");
        self.tell(|| format!("{} suspends {origin}", name.as_str()));
        self.changed(&name)
    }

    /// Every log goes on: the end of the faults.
    pub(super) fn lift_all(&mut self) -> Result<(), String> {
        let stopped: Vec<(NodeName, Origin)> = self.oracle.suspended.keys().cloned().collect();
        for (name, origin) in stopped {
            self.lift(&name, &origin)?;
        }
        Ok(())
    }

    fn lift(&mut self, name: &NodeName, origin: &Origin) -> Result<(), String> {
        self.oracle.suspended.remove(&(name.clone(), origin.clone()));
        self.tell(|| format!("{} lets {origin} go on", name.as_str()));
        let standing = self.nodes.get(name).and_then(|node| node.shelf.log(origin).ok().flatten()).map(|log| log.standing);
        if standing == Some(Standing::Suspended) {
            self.set_standing(name, origin, Standing::Following)?;
        }
        self.changed(name)
    }

    fn set_standing(&mut self, name: &NodeName, origin: &Origin, standing: Standing) -> Result<(), String> {
        let failed = |error: ledger::LedgerError| error.to_string();
        let Some(node) = self.nodes.get_mut(name) else { return Ok(()) };
        let Some(mut log) = node.shelf.log(origin).map_err(failed)? else { return Ok(()) };
        log.standing = standing;
        node.shelf.keep(origin, &log).map_err(failed)
    }
}
