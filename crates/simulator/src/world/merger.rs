//! One province goes into the other.

use exchange::directory::{Sizes, Statement};
use exchange::shelf::ShelfRead;
use ledger::{Op, Origin};

use super::{CENTRE, Merger, PROVINCES, START, UNITS, World, named};

impl World {
    /// One province goes into the other: it seals its logs; when the Centre has all of it, one entry of the directory hands everything over.
    pub(super) fn go_on_with_the_merger(&mut self) -> Result<(), String> {
        let (old, heir) = (named(PROVINCES[0]), named(PROVINCES[1]));
        match self.merger {
            Merger::NotYet if self.oracle.healing.is_empty() && self.now > START + 1500 => {
                let (Some(top), Some(leaving)) = (self.nodes.get(&self.centre), self.nodes.get(&old)) else { return Ok(()) };
                // What the units have handed in must have gone up before the node closes: it takes nothing from them afterwards.
                let mut units =
                    leaving.shelf.origins().filter(|origin| origin.node() != old && leaving.directory.is_under(&origin.node(), &old));
                let is_behind = units.any(|origin| top.counted_size(origin) < leaving.shelf.rows(origin).len() as u64);
                drop(units);
                if is_behind {
                    return Ok(());
                }
                for audience in ["public", "region", "directory"] {
                    let mut members = serde_json::Map::new();
                    members.insert("op".to_owned(), "seal".into());
                    members.insert("to".to_owned(), heir.as_str().into());
                    self.write(&old, audience, Op::Other(members), None);
                }
                if let Some(node) = self.nodes.get_mut(&old) {
                    node.is_merged = true;
                    node.backups.clear();
                }
                self.merger = Merger::Sealed;
                self.count("mergers begun");
                self.changed(&old)
            }
            Merger::Sealed if ![&self.centre, &old, &heir].into_iter().any(|name| self.oracle.healing.contains_key(name)) => {
                let (Some(top), Some(leaving)) = (self.nodes.get(&self.centre), self.nodes.get(&old)) else { return Ok(()) };
                let mut cut = Sizes::new();
                for origin in leaving.shelf.origins() {
                    let is_handed_over = origin.node() == old || leaving.directory.is_under(&origin.node(), &old);
                    if !is_handed_over {
                        continue;
                    }
                    let wanted = if origin.node() == old { leaving.shelf.rows(origin).len() as u64 } else { leaving.counted_size(origin) };
                    if top.counted_size(origin) < wanted {
                        return Ok(());
                    }
                    cut.insert(origin.clone(), top.counted_size(origin));
                }
                let mut start = Sizes::new();
                for origin in top.shelf.origins().filter(|origin| origin.node() == heir) {
                    start.insert(origin.clone(), top.counted_size(origin));
                }
                let handed_from = start.clone();
                let handed =
                    Statement::Transfer { recs: None, of: old.clone(), by: heir.clone(), cut, start, basis: "202/2025/QH15".to_owned() };
                let centre = self.centre.clone();
                if let Some(leaf) = self.write(&centre, "directory", handed.to_op(), None) {
                    self.oracle.mergers.insert(old, heir);
                    self.oracle.merger_starts.push((leaf, handed_from));
                    self.merger = Merger::Written(leaf);
                }
                self.changed(&centre)
            }
            Merger::Written(leaf) => {
                let Ok(origin) = Origin::of(&self.centre, "directory") else { return Ok(()) };
                let Some(top) = self.nodes.get(&self.centre) else { return Ok(()) };
                let received = top.shelf.log(&origin).ok().flatten().map_or(0, |log| log.received_size());
                match top.shelf.rows(&origin).iter().find(|row| row.leaf == leaf).map(|row| row.index) {
                    None => {
                        // The disk was lost before anybody else had the entry: it has to be written again.
                        self.merger = Merger::Sealed;
                        return Ok(());
                    }
                    Some(index) if index >= received => return Ok(()),
                    Some(_) => {}
                }
                self.read_from(PROVINCES[1], CENTRE, &[(UNITS[0], "public")]);
                self.read_from(UNITS[0], PROVINCES[1], &[(CENTRE, "directory"), (PROVINCES[0], "directory"), (PROVINCES[1], "directory")]);
                if let Some(unit) = self.nodes.get_mut(&named(UNITS[0])) {
                    unit.above = Some(heir.clone());
                    unit.refresh();
                }
                self.merger = Merger::Done;
                self.count("mergers");
                self.changed(&heir)
            }
            _ => Ok(()),
        }
    }
}
