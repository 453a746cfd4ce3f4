//! Erasures that a node takes back from the node above after a restore say nothing of the log that never left it.

use crate::error::LedgerError;
use crate::ledger::{Reader, Writer};
use crate::names::RecordId;
use crate::{Entry, Op};

/// The log that stays in the node.
const INSIDE: &str = "private";
/// Entries read at a time.
const PAGE: usize = 64;

impl Reader<'_> {
    /// Records that a law had erased in a log that travels and whose payloads inside are older and still there, with the ground of the erasure.
    pub fn still_inside(&self) -> Result<Vec<(RecordId, String)>, LedgerError> {
        let mut found = Vec::new();
        let logs = self.store.logs()?;
        let Some(inside) = logs.iter().find(|log| log.audience == INSIDE) else { return Ok(found) };
        for log in logs.iter().filter(|log| log.id != inside.id) {
            let mut next = 0;
            while next < log.size {
                let page = self.store.entries(log.id, next, PAGE)?;
                let Some(last) = page.last() else { break };
                next = last.index + 1;
                for row in page {
                    let Entry { op: Op::Erase { pays, why, basis }, at, .. } = Entry::from_bytes(&row.bytes)? else { continue };
                    if why != "law" {
                        continue;
                    }
                    for rec in self.named(log.id, &pays)? {
                        // A version written after the erasure is none of its matter.
                        let latest = self.store.latest(inside.id, rec)?;
                        let is_older = latest.is_some_and(|version| version.payload.is_some() && version.at / 1_000_000 <= at);
                        if is_older && !found.iter().any(|(known, _)| *known == rec) {
                            found.push((rec, basis.clone()));
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    /// Records whose payloads have these commitments.
    fn named(&self, log: i64, pays: &[crate::LeafHash]) -> Result<Vec<RecordId>, LedgerError> {
        let mut records = Vec::new();
        for pay in pays {
            for index in self.store.places_of(log, pay)? {
                let Some(row) = self.store.entries(log, index, 1)?.pop() else { continue };
                if let Op::Put { rec, pay: committed, .. } = Entry::from_bytes(&row.bytes)?.op
                    && committed == *pay
                {
                    records.push(rec);
                }
            }
        }
        Ok(records)
    }
}

impl Writer<'_> {
    /// Erases a record inside alone, as [`Writer::erase`] does everywhere.
    pub fn erase_inside(&mut self, rec: RecordId, basis: &str, at: i64) -> Result<(), LedgerError> {
        let Some(mut log) = self.store.log(INSIDE)? else { return Ok(()) };
        let Some(latest) = self.store.latest(log.id, rec)? else { return Ok(()) };
        self.erase_in(&mut log, rec, &latest.kind, "law", basis, at)?;
        Ok(())
    }
}
