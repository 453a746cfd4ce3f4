//! Checks everything that can be checked: bytes, hashes, commitments, chains, roots.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::entry::{Entry, Op};
use crate::error::LedgerError;
use crate::ledger::{Ledger, LogState};
use crate::names::{LeafHash, RecordId, hex};
use crate::payload::commitment;
use crate::store::{LogRow, StoreRead};
use crate::tree::{Frontier, leaf_hash};

/// What a check found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The logs with recomputed size and root.
    pub logs: Vec<LogState>,
    /// What is wrong, in plain words; empty when all is well.
    pub problems: Vec<String>,
}

/// Entries read at a time.
const PAGE: usize = 2048;
/// More problems are not listed: the first tell enough.
const MOST_PROBLEMS: usize = 100;

impl Ledger {
    /// Recomputes every log from its bytes. `progress` gets (done, of) in entries.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, LedgerError> {
        self.read(|r| {
            let mut report = Report::default();
            let logs = r.store.logs()?;
            let of: u64 = logs.iter().map(|log| log.size).sum();
            let mut done = 0;
            for log in logs {
                check_log(r.store, &log, &mut report, &mut |checked| progress(done + checked, of))?;
                done += log.size;
            }
            Ok(report)
        })
    }

    /// SHA-256 over the sorted (record, version, leaf) of all audiences: equal on every holder of the same logs (promise I10).
    pub fn digest(&self) -> Result<String, LedgerError> {
        self.read(|r| {
            let mut lines = Vec::new();
            for log in r.store.logs()? {
                let mut from = 0;
                loop {
                    let page = r.store.entries(log.id, from, 4096)?;
                    let Some(last) = page.last() else { break };
                    from = last.index + 1;
                    for row in page {
                        if let Op::Put { rec, ver, .. } | Op::Drop { rec, ver, .. } = Entry::from_bytes(&row.bytes)?.op {
                            lines.push(format!("{} {rec} {ver} {}\n", log.audience, row.leaf.to_hex()));
                        }
                    }
                }
            }
            lines.sort_unstable();
            let mut hash = Sha256::new();
            for line in lines {
                hash.update(line.as_bytes());
            }
            Ok(hex(&hash.finalize()))
        })
    }
}

fn check_log(store: &dyn StoreRead, log: &LogRow, report: &mut Report, progress: &mut dyn FnMut(u64)) -> Result<(), LedgerError> {
    let mut say = |problem: String| {
        if report.problems.len() < MOST_PROBLEMS {
            report.problems.push(format!("{}: {problem}", log.origin));
        }
    };
    let mut frontier = Frontier::new();
    // The last version of each record, and the definition of its kind while it is current.
    let mut heads: BTreeMap<RecordId, (u64, LeafHash, Option<u64>)> = BTreeMap::new();
    // A payload may be missing only when an erase names its commitment; the erase may come later.
    let mut missing: BTreeMap<LeafHash, u64> = BTreeMap::new();
    loop {
        let page = store.entries(log.id, frontier.size(), PAGE)?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let index = frontier.size();
            if row.index != index {
                say(format!("entry {index} is missing"));
                return Ok(());
            }
            if leaf_hash(&row.bytes) != row.leaf {
                say(format!("entry {index} does not have its hash"));
            }
            frontier.push(leaf_hash(&row.bytes));
            let entry = match Entry::from_bytes(&row.bytes) {
                Ok(entry) => entry,
                Err(error) => {
                    say(format!("entry {index}: {error}"));
                    continue;
                }
            };
            match entry.op {
                Op::Put { rec, cat, ver, prev, pay, len, .. } => {
                    match &row.payload {
                        Some(bytes) if commitment(bytes) != pay || bytes.len() as u64 != len => {
                            say(format!("payload of entry {index} does not fit its commitment"))
                        }
                        Some(_) => {}
                        None => {
                            missing.insert(pay, index);
                        }
                    }
                    let before = heads.insert(rec, (ver, row.leaf, Some(cat)));
                    let fits = before.map_or(ver == 1 && prev.is_none(), |(last, leaf, _)| ver == last + 1 && prev == Some(leaf));
                    if !fits {
                        say(format!("entry {index} does not follow the version before it"));
                    }
                }
                Op::Drop { rec, ver, prev } => {
                    let before = heads.insert(rec, (ver, row.leaf, None));
                    if !before.is_some_and(|(last, leaf, _)| ver == last + 1 && prev == leaf) {
                        say(format!("entry {index} does not follow the version before it"));
                    }
                }
                Op::Erase { pays, .. } => {
                    for pay in pays {
                        missing.remove(&pay);
                    }
                }
                Op::Other(_) => {}
            }
        }
        progress(frontier.size());
    }
    for index in missing.values() {
        say(format!("payload of entry {index} is missing and was not erased"));
    }
    if frontier.size() != log.size || frontier.to_bytes() != log.frontier {
        say(format!("size or root differ from what is kept: {} entries found, {} expected", frontier.size(), log.size));
    }
    if log.audience != "catalogue" {
        for (rec, (ver, leaf, live)) in &heads {
            let latest = store.latest(log.id, *rec)?;
            if !latest.is_some_and(|row| row.ver == *ver && row.leaf == *leaf && (row.op == "put").then_some(row.cat) == *live) {
                say(format!("the current version of {rec} is not the last in the log"));
            }
        }
        let live = heads.values().filter(|(_, _, live)| live.is_some()).count() as u64;
        if store.count(log.id, None)? != live {
            say("the list of current records differs from the log".to_owned());
        }
    }
    report.logs.push(LogState { origin: log.origin.clone(), audience: log.audience.clone(), size: frontier.size(), root: frontier.root() });
    Ok(())
}
