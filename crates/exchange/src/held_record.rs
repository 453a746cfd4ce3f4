//! Records of other nodes, counted out of their logs into versions that the node can show: the [view](crate::view) kept up to date in the ledger.
//!
//! Entries between what was counted so far and the verified checkpoint become claims on records; those in an owner's stretch are versions. Counting is bounded in a
//! step and goes on where it stopped; doing it again changes nothing. Whatever the order in which logs, checkpoints and statements of the directory arrive, the
//! versions stored are those of [`View::of`](crate::view::View::of) over the same entries.

use std::collections::BTreeMap;

use ledger::{
    ClaimRow, Entry, EntryRow, HeldRow, LeafHash, LedgerError, LogRow, NodeName, Op, Origin, RecordId, StoreRead, StoreWrite, VersionRow,
    Writer, tell_standing,
};

use crate::checkpoint::SignedCheckpoint;
use crate::directory::{CATALOGUE, Directory, holds_records};

/// Most entries counted in one step.
pub const LONGEST_STEP: u64 = 2_048;
/// Entries read at a time: payloads of at most 64 MiB come with them.
const PAGE: usize = 64;
/// Claims read at a time.
const CLAIMS: usize = 256;
/// Longest name of a kind that is kept; names of ours have at most 40 letters.
const LONGEST_KIND: usize = 64;

/// How far a log has been counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries counted.
    pub counted: u64,
    /// Entries that count: those under the verified checkpoint, in an own log all.
    pub of: u64,
}

impl Progress {
    /// Whether nothing is left to count.
    pub fn is_done(&self) -> bool {
        self.counted >= self.of
    }
}

/// Counts entries of a log, at most [`LONGEST_STEP`], in the transaction of the writer: after a step of the machines over the same log, or alone until it is done.
/// A log whose rule of ownership has changed is counted again from its beginning.
///
/// An own log makes no claims; it is counted because entries elsewhere may wait for a version in it.
///
/// # Errors
/// Those of the store; `Damaged` for an entry or checkpoint that cannot be read.
pub fn count_entries(writer: &mut Writer<'_>, directory: &Directory, origin: &Origin) -> Result<Progress, LedgerError> {
    count_some(writer, directory, origin, LONGEST_STEP)
}

/// Counts entries of all logs, own and held, at most [`LONGEST_STEP`] together. Returns whether nothing is left: to be called after a change of the directory, and
/// when a node starts.
///
/// # Errors
/// Those of [`count_entries`].
pub fn count_all(writer: &mut Writer<'_>, directory: &Directory) -> Result<bool, LedgerError> {
    let mut logs = writer.store().logs()?;
    logs.extend(writer.store().held_logs()?);
    let mut left = LONGEST_STEP;
    for log in logs {
        let before = writer.store().counting(log.id)?.counted;
        let progress = count_some(writer, directory, &log.origin, left)?;
        if !progress.is_done() {
            return Ok(false);
        }
        // A log that was counted again has taken the whole of it.
        left = left.saturating_sub(if progress.counted >= before { progress.counted - before } else { progress.counted });
        if left == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn count_some(writer: &mut Writer<'_>, directory: &Directory, origin: &Origin, most: u64) -> Result<Progress, LedgerError> {
    let own = writer.node().clone();
    let store = writer.store_mut();
    let Some(log) = store.log_of(origin)? else { return Ok(Progress { counted: 0, of: 0 }) };
    let of = if log.own { log.size } else { signed_size(store, &log)?.min(log.size) };
    let before = store.counting(log.id)?;
    let mut counting = before.clone();
    let has_records = holds_records(origin.audience());
    if !has_records || (log.own && !store.has_claims()?) {
        counting.counted = of;
    } else {
        if !log.own {
            let ruling = Some(directory.ruling(&origin.node()));
            if counting.ruling != ruling {
                counting.counted = 0;
                counting.ruling = ruling;
            }
        }
        let until = of.min(counting.counted.saturating_add(most));
        let catalogue = match store.log_of(&Origin::of(&origin.node(), CATALOGUE)?)? {
            Some(catalogue) => store.counting(catalogue.id)?.counted,
            None => 0,
        };
        let mut counter = Counter { store: &mut *store, directory, own, catalogue, origins: BTreeMap::new() };
        while counting.counted < until {
            let limit = usize::try_from(until - counting.counted).unwrap_or(PAGE).min(PAGE);
            let rows = counter.store.entries(log.id, counting.counted, limit)?;
            let Some(last) = rows.last() else { break };
            counting.counted = last.index + 1;
            counter.count_page(&log, &rows)?;
        }
    }
    if counting != before {
        store.keep_counting(log.id, &counting)?;
    }
    if origin.audience() == CATALOGUE && !log.own && !tell_of_definitions(store, &log, of, most)? {
        return Ok(Progress { counted: of.saturating_sub(1), of });
    }
    Ok(Progress { counted: counting.counted, of })
}

/// When definitions of another node have come, followers are told of the versions that lacked theirs, at most `most`. Returns whether that is all.
fn tell_of_definitions(store: &mut dyn StoreWrite, catalogue: &LogRow, of: u64, most: u64) -> Result<bool, LedgerError> {
    let mut left = usize::try_from(most).unwrap_or(usize::MAX);
    for log in store.held_logs()? {
        if log.origin.node() != catalogue.origin.node() {
            continue;
        }
        loop {
            let lacking = store.claims_lacking(log.id, of, CLAIMS.min(left))?;
            for claim in &lacking {
                store.lacks_no_longer(claim)?;
                let stands = store.standings(&claim.audience, claim.version.rec)?.into_iter().find(|row| {
                    Some(&row.maker) == claim.maker.as_ref() && (row.log, row.version.index) == (claim.log, claim.version.index)
                });
                if let Some(row) = stands {
                    store.note_again(row.log, claim.version.rec, &row.version.kind, Some(&row.version))?;
                }
            }
            left = left.saturating_sub(lacking.len());
            if left == 0 {
                return Ok(false);
            }
            if lacking.len() < CLAIMS {
                break;
            }
        }
    }
    Ok(true)
}

/// Forgets what was counted from the place `size` on, because the entries are about to be taken off the log; what remains is counted anew. How far the log was
/// counted says nothing of that: after a cut it begins again, and claims of before stand until then.
pub(crate) fn uncount(store: &mut dyn StoreWrite, log: &LogRow, size: u64) -> Result<(), LedgerError> {
    let (mut at, mut is_forgotten) = (size, false);
    while at < log.size {
        let rows = store.entries(log.id, at, PAGE)?;
        let Some(last) = rows.last() else { break };
        at = last.index + 1;
        for row in rows {
            // What cannot be read has never been counted.
            let Ok(Some(claim)) = claim_of(log, &row) else { continue };
            let rec = claim.version.rec;
            if store.is_claimed(&log.audience, rec, &row.leaf, log.id, row.index)? {
                let before = store.standings(&log.audience, rec)?;
                store.forget_claims(&log.audience, rec)?;
                tell_standing(store, &log.audience, rec, &before)?;
                is_forgotten = true;
            }
        }
    }
    if !is_forgotten {
        return Ok(());
    }
    for other in store.held_logs()? {
        if other.audience == log.audience {
            let counting = store.counting(other.id)?;
            store.keep_counting(other.id, &ledger::Counting { counted: 0, ..counting })?;
        }
    }
    Ok(())
}

/// Whether an entry of another node's log has been counted: then followers know it.
pub(crate) fn is_counted(store: &dyn StoreRead, log: &LogRow, index: u64) -> Result<bool, LedgerError> {
    Ok(!log.own && holds_records(&log.audience) && index < store.counting(log.id)?.counted)
}

fn signed_size(store: &dyn StoreRead, log: &LogRow) -> Result<u64, LedgerError> {
    let Some(text) = store.holding(log.id)?.checkpoint else { return Ok(0) };
    let signed = SignedCheckpoint::parse(&text);
    Ok(signed.map_err(|error| LedgerError::Damaged(format!("checkpoint of {}: {error}", log.origin)))?.checkpoint.size)
}

/// What an entry claims, under no maker so far; none when it says nothing about a record.
fn claim_of(log: &LogRow, row: &EntryRow) -> Result<Option<ClaimRow>, LedgerError> {
    let entry = Entry::from_bytes(&row.bytes)?;
    let (rec, ver, prev, op, kind, cat) = match entry.op {
        Op::Put { rec, typ, cat, ver, prev, .. } => (rec, ver, prev, "put", typ, cat),
        Op::Drop { rec, ver, prev } => (rec, ver, Some(prev), "drop", String::new(), 0),
        Op::Erase { .. } | Op::Other(_) => return Ok(None),
    };
    // A name that no kind can have is of no use to anybody, and not every engine could hold it.
    let is_name = kind.len() <= LONGEST_KIND && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let version = VersionRow {
        rec,
        ver,
        op: op.to_owned(),
        kind: if is_name { kind } else { String::new() },
        cat,
        at: entry.at.saturating_mul(1_000_000),
        seq: 0,
        index: row.index,
        leaf: row.leaf,
        payload: None,
    };
    let (audience, epoch) = (log.audience.clone(), log.origin.epoch());
    Ok(Some(ClaimRow { audience, log: log.id, epoch, maker: None, stretch: None, prev, lacks: false, version }))
}

/// Counts in one transaction.
struct Counter<'a, 'b> {
    store: &'a mut dyn StoreWrite,
    directory: &'b Directory,
    /// The node itself.
    own: NodeName,
    /// How many definitions of the node whose log it is are held.
    catalogue: u64,
    /// Origins of the logs of others, by number; read when first asked for.
    origins: BTreeMap<i64, Origin>,
}

impl Counter<'_, '_> {
    fn count_page(&mut self, log: &LogRow, rows: &[EntryRow]) -> Result<(), LedgerError> {
        let mut touched: BTreeMap<RecordId, Vec<HeldRow>> = BTreeMap::new();
        for row in rows {
            let Some(mut claim) = claim_of(log, row)? else { continue };
            claim.lacks = claim.version.op == "put" && claim.version.cat >= self.catalogue;
            let rec = claim.version.rec;
            if let std::collections::btree_map::Entry::Vacant(vacant) = touched.entry(rec) {
                vacant.insert(self.store.standings(&log.audience, rec)?);
            }
            if log.own {
                self.spread(&log.audience, rec, claim.version.leaf, vec![self.own.clone()])?;
            } else {
                self.count(&log.origin, claim)?;
            }
        }
        for (rec, before) in touched {
            tell_standing(self.store, &log.audience, rec, &before)?;
        }
        Ok(())
    }

    fn count(&mut self, origin: &Origin, claim: ClaimRow) -> Result<(), LedgerError> {
        let makers = match &claim.prev {
            None => vec![origin.node()],
            Some(prev) => self.makers(&claim.audience, claim.version.rec, prev)?,
        };
        if makers.is_empty() {
            return self.store.put_claim(&claim).map(|_| ());
        }
        let new = self.put_under(origin, &claim, &makers)?;
        self.spread(&claim.audience, claim.version.rec, claim.version.leaf, new)
    }

    /// The makers of the record of which this entry, in whichever log, is a version.
    fn makers(&self, audience: &str, rec: RecordId, leaf: &LeafHash) -> Result<Vec<NodeName>, LedgerError> {
        let mut makers = self.store.makers(audience, rec, leaf)?;
        if !makers.contains(&self.own)
            && let Some(own) = self.store.log(audience)?
            && self.store.is_version(own.id, rec, leaf)?
        {
            makers.push(self.own.clone());
        }
        Ok(makers)
    }

    /// Keeps the claim under these makers; returns those under which it was not known.
    fn put_under(&mut self, origin: &Origin, claim: &ClaimRow, makers: &[NodeName]) -> Result<Vec<NodeName>, LedgerError> {
        let mut new = Vec::new();
        for maker in makers {
            let tenures = self.directory.tenures(maker, claim.version.rec);
            let stretch = tenures.iter().position(|tenure| tenure.covers(origin, claim.version.index));
            let stretch = stretch.and_then(|stretch| u32::try_from(stretch).ok());
            if self.store.put_claim(&ClaimRow { maker: Some(maker.clone()), stretch, ..claim.clone() })? {
                new.push(maker.clone());
            }
        }
        Ok(new)
    }

    /// Tells the versions after an entry under which makers it is known now.
    fn spread(&mut self, audience: &str, rec: RecordId, leaf: LeafHash, makers: Vec<NodeName>) -> Result<(), LedgerError> {
        let mut open = vec![(leaf, makers, None)];
        while let Some((leaf, makers, after)) = open.pop() {
            if makers.is_empty() {
                continue;
            }
            let page = self.store.claims_on(audience, rec, &leaf, after, CLAIMS)?;
            let last = page.last().map(|claim| (claim.log, claim.version.index));
            if page.len() == CLAIMS {
                open.push((leaf, makers.clone(), last));
            }
            for claim in page {
                let Some(origin) = self.origin_of(claim.log)? else { continue };
                let new = self.put_under(&origin, &claim, &makers)?;
                open.push((claim.version.leaf, new, None));
            }
        }
        Ok(())
    }

    fn origin_of(&mut self, log: i64) -> Result<Option<Origin>, LedgerError> {
        if self.origins.is_empty() {
            self.origins = self.store.held_logs()?.into_iter().map(|log| (log.id, log.origin)).collect();
        }
        Ok(self.origins.get(&log).cloned())
    }
}

#[cfg(test)]
mod tests;
