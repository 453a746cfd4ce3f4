//! Some records of one province go to the other while both write.

use std::collections::BTreeSet;

use exchange::directory::{Sizes, Statement};
use ledger::{Origin, RecordId};
use rand::RngExt;

use super::{Merger, PROVINCES, World, named};
use crate::oracle::Split;

/// Most records that go at once.
const MOST_MOVED: usize = 4;

impl World {
    /// Records are moved, and then both ends go on with them as far as they know.
    pub(super) fn go_on_with_the_split(&mut self) -> Result<(), String> {
        match self.oracle.split.clone() {
            None => self.move_records(),
            Some(split) => {
                let Some(name) = self.pick(&[split.of.clone(), split.by.clone()]).cloned() else { return Ok(()) };
                let Ok(origin) = Origin::of(&name, "public") else { return Ok(()) };
                if let Some((rec, ver, leaf)) = self.known_record(&name, &origin, |rec| split.recs.contains(&rec))
                    && self.put(&name, "public", rec, Some((ver, leaf))).is_some()
                {
                    self.count(if name == split.by { "changes by the gainer" } else { "changes by the loser" });
                }
                self.changed(&name)
            }
        }
    }

    /// The Centre moves some public records, once in a run and in either direction. The entry is not written again when it is lost with the Centre's disk
    /// before anybody else had it: then nothing was moved.
    fn move_records(&mut self) -> Result<(), String> {
        if self.merger != Merger::NotYet {
            return Ok(());
        }
        let [one, two] = PROVINCES.map(named);
        let (of, by) = if self.rng.random_bool(0.5) { (one, two) } else { (two, one) };
        let (Ok(losing), Ok(gaining)) = (Origin::of(&of, "public"), Origin::of(&by, "public")) else { return Ok(()) };
        let Some(top) = self.nodes.get(&self.centre) else { return Ok(()) };
        let (cut, start) = (top.counted_size(&losing), top.counted_size(&gaining));
        let view = top.view(|origin| *origin == losing);
        let recs: BTreeSet<RecordId> = view.records.keys().filter(|key| key.maker == of).map(|key| key.rec).take(MOST_MOVED).collect();
        if recs.is_empty() {
            return Ok(());
        }
        let statement = Statement::Transfer {
            recs: Some(recs.clone()),
            of: of.clone(),
            by: by.clone(),
            cut: Sizes::from([(losing, cut)]),
            start: Sizes::from([(gaining, start)]),
            basis: "1/NQ".to_owned(),
        };
        let centre = self.centre.clone();
        if let Some(leaf) = self.write(&centre, "directory", statement.to_op(), None) {
            self.oracle.split = Some(Split { recs, of, by, cut, start, leaf });
            self.count("splits");
        }
        self.changed(&centre)
    }
}
