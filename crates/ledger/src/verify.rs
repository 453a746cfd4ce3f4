//! Checks everything that can be checked: bytes, hashes, commitments, chains, roots.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
    /// Recomputes every log from its bytes, the node's own and those of other nodes that it holds. `progress` gets (done, of) in entries.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, LedgerError> {
        self.read(|r| {
            let mut report = Report::default();
            let (logs, held) = (r.store.logs()?, r.store.held_logs()?);
            let of: u64 = logs.iter().chain(&held).map(|log| log.size).sum();
            let mut done = 0;
            for log in logs.iter().chain(&held) {
                let check = if log.own { check_log } else { check_held_log };
                check(r.store, log, &mut report, &mut |checked| progress(done + checked, of))?;
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
    let signed = signed_roots(store, log)?;
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
            check_signed(&signed, &frontier, &mut say);
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

/// Checks a log of another node: that its entries have their hashes and lead to the root that is kept and to those that were signed, that payloads fit, and that one
/// is lacking only where that is known. What the entries say of records is the other node's; how it counts here is decided elsewhere.
fn check_held_log(store: &dyn StoreRead, log: &LogRow, report: &mut Report, progress: &mut dyn FnMut(u64)) -> Result<(), LedgerError> {
    let mut say = |problem: String| {
        if report.problems.len() < MOST_PROBLEMS {
            report.problems.push(format!("{}: {problem}", log.origin));
        }
    };
    let mut frontier = Frontier::new();
    let signed = signed_roots(store, log)?;
    let mut gaps = store.gaps(log.id, u64::MAX, usize::MAX)?.into_iter().peekable();
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
            check_signed(&signed, &frontier, &mut say);
            while gaps.peek().is_some_and(|gap| *gap < index) {
                gaps.next();
            }
            // Others may write what this version does not read.
            let Ok(Entry { op: Op::Put { pay, len, .. }, .. }) = Entry::from_bytes(&row.bytes) else { continue };
            match &row.payload {
                Some(bytes) if commitment(bytes) != pay || bytes.len() as u64 != len => {
                    say(format!("payload of entry {index} does not fit its commitment"))
                }
                Some(_) => {}
                None if gaps.peek() == Some(&index) || store.is_erased(log.id, &pay)? => {}
                None => say(format!("payload of entry {index} is missing, was not erased and is not known to be lacking")),
            }
        }
        progress(frontier.size());
    }
    if frontier.size() != log.size || frontier.to_bytes() != log.frontier {
        say(format!("size or root differ from what is kept: {} entries found, {} expected", frontier.size(), log.size));
    }
    report.logs.push(LogState { origin: log.origin.clone(), audience: log.audience.clone(), size: frontier.size(), root: frontier.root() });
    Ok(())
}

/// The trees of a log that were signed: (size, root in base64), by its owner and by the node above.
fn signed_roots(store: &dyn StoreRead, log: &LogRow) -> Result<Vec<(u64, String)>, LedgerError> {
    let holding = store.holding(log.id)?;
    let mut roots = Vec::new();
    for note in [holding.checkpoint, holding.receipt].into_iter().flatten() {
        let mut lines = note.lines().skip(1);
        let size = lines.next().and_then(|size| size.parse().ok());
        roots.extend(size.zip(lines.next().map(str::to_owned)));
    }
    Ok(roots)
}

/// Whether the tree so far is the one that was signed at its size.
fn check_signed(signed: &[(u64, String)], frontier: &Frontier, say: &mut impl FnMut(String)) {
    for (size, root) in signed.iter().filter(|(size, _)| *size == frontier.size()) {
        if STANDARD.encode(frontier.root().0) != *root {
            say(format!("the first {size} entries do not have the root that was signed"));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::store::bed::Bed;
    use crate::transfer::tests::filled;

    #[test]
    fn a_log_of_another_node_is_checked_for_its_bytes_its_payloads_and_what_was_signed() {
        for (spoil, why) in [
            (
                "UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"ver\":3', '\"ver\":4') AS BLOB) WHERE place = HELD + 2",
                "does not have its hash",
            ),
            ("UPDATE entry SET payload = x'00' WHERE place = HELD", "does not fit its commitment"),
            ("DELETE FROM gap WHERE log = HELD >> 40", "payload of entry 1 is missing, was not erased and is not known to be lacking"),
            ("DELETE FROM erased WHERE log = HELD >> 40", "payload of entry 2 is missing"),
            ("DELETE FROM entry WHERE place = HELD + 1", "entry 1 is missing"),
            ("DELETE FROM entry WHERE place = HELD + 2", "2 entries found, 3 expected"),
            ("UPDATE log SET receipt = replace(receipt, '=', 'A=') WHERE own = 0", "the root that was signed"),
        ] {
            let bed = Bed::sqlite();
            let ledger = filled(&bed);
            assert_eq!(ledger.verify(&mut |_, _| {}).unwrap().problems, Vec::<String>::new());
            let place = "(SELECT id << 40 FROM log WHERE own = 0)";
            let changed = rusqlite::Connection::open(bed.address()).unwrap().execute(&spoil.replace("HELD", place), []).unwrap();
            assert!(changed > 0, "{spoil}");
            let problems = ledger.verify(&mut |_, _| {}).unwrap().problems;
            assert!(problems.iter().any(|problem| problem.contains("sokhcn.phuyen") && problem.contains(why)), "{spoil}: {problems:?}");
        }
    }
}
