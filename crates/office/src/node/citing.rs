//! Records sent back to their owners: what this node says of the logs it holds, and what the nodes above say of its own (LV-Log/1 §7).
//!
//! A return means one version. It stands in the owner's inbox until the record has another one, whatever that says.

use exchange::cite::{CITE, Returned};
use exchange::ledger_shelf::{LedgerShelf, LedgerView};
use exchange::log::{CheckedEntry, append};
use exchange::shelf::ShelfRead;
use ledger::{Entry, Held, LeafHash, LedgerError, Op, Origin, RecordId, Writer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Exchange, Known};
use crate::error::OfficeError;
use crate::record::reference;

/// Own records that were returned, by their identifier.
pub(crate) const RETURNED: &str = "returned";
/// The same by the body whose they are and the time: `<body>/<seconds, hexadecimal>-<record>`.
pub(crate) const RETURNED_OF: &str = "returned_of";
/// What this node has returned, by the log and leaf of the version, see [`said_of`].
pub(crate) const RETURNED_HERE: &str = "returned_here";
/// Returns of versions that this node does not have (yet): it may have been restored from a backup and not have taken back its own log.
const WAITING: &str = "returned_waiting";
/// How far each citing log was read, the own one too.
const READ_TO: &str = "exchange_cites_read";
/// Citations read in one transaction.
const PAGE: usize = 256;

/// A return as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptReturn {
    /// The node that returned it.
    pub(crate) by: String,
    /// When, seconds since 1970 by that node's clock.
    pub(crate) at: i64,
    /// The audience whose log it was in.
    pub(crate) audience: String,
    /// Leaf hash of the version meant, hexadecimal.
    pub(crate) leaf: String,
    /// Why.
    pub(crate) codes: Vec<String>,
    /// Its key in [`RETURNED_OF`].
    pub(crate) place: String,
}

/// Where it is kept that a version was returned. The leaf alone does not do: another node may copy an entry byte for byte.
pub(crate) fn said_of(node: &str, audience: &str, leaf: &LeafHash) -> String {
    format!("{node}/{audience}/{}", leaf.to_hex())
}

/// Says into the node's own citing log that a version is returned, once for each version. Returns whether it was said now.
pub(crate) fn cite_returned(w: &mut Writer<'_>, held: &Held, codes: &[String], at_micros: i64) -> Result<bool, OfficeError> {
    let own = Origin::of(w.node(), CITE)?;
    read_own_returns(w, &own)?;
    if w.cabinet_get(RETURNED_HERE, &said_of(held.origin.node().as_str(), held.origin.audience(), &held.version.leaf))?.is_some() {
        return Ok(false);
    }
    let log = LedgerShelf::over(w).log(&held.origin)?;
    let signed = log.and_then(|log| log.checkpoint).map(|signed| (signed.checkpoint.size, signed.checkpoint.root));
    let Some((size, root)) = signed else { return Ok(false) };
    let (rec, leaf) = (held.version.rec, held.version.leaf);
    let returned = Returned { origin: held.origin.clone(), size, root, rec, leaf, codes: codes.to_vec() };
    let bytes = Entry::new(at_micros, returned.to_op()).to_bytes().map_err(LedgerError::from)?;
    let checked = CheckedEntry::read(&bytes, None).map_err(|refusal| OfficeError::Data(refusal.to_string()))?;
    append(&mut LedgerShelf::over(w), &own, checked)?;
    read_own_returns(w, &own)?;
    Ok(true)
}

/// Remembers what the own citing log says, from where it was read last. After a restore the log comes back from the node above, and what it says counts.
fn read_own_returns(w: &mut Writer<'_>, own: &Origin) -> Result<(), OfficeError> {
    loop {
        let from = w.cabinet_get(READ_TO, own.as_str())?.as_ref().and_then(Value::as_u64).unwrap_or(0);
        let shelf = LedgerShelf::over(w);
        let size = shelf.log(own)?.map_or(0, |log| log.size);
        let rows = if from < size { shelf.entries(own, from, PAGE, usize::MAX)? } else { Vec::new() };
        let Some(last) = rows.last().map(|row| row.index) else { return Ok(()) };
        for row in rows {
            let Ok(entry) = Entry::from_bytes(&row.bytes) else { continue };
            let Some(returned) = Returned::from_op(&entry.op) else { continue };
            let (node, audience) = (returned.origin.node(), returned.origin.audience().to_owned());
            let key = said_of(node.as_str(), &audience, &returned.leaf);
            let kept = KeptReturn {
                by: w.node().as_str().to_owned(),
                at: entry.at,
                audience,
                leaf: returned.leaf.to_hex(),
                codes: returned.codes,
                place: String::new(),
            };
            w.cabinet_put(RETURNED_HERE, &key, serde_json::to_value(kept)?)?;
        }
        w.cabinet_put(READ_TO, own.as_str(), Value::from(last + 1))?;
    }
}

/// Takes a record out of the inbox when what was returned is no longer its present version, or was erased.
pub(crate) fn forget_answered_return(w: &mut Writer<'_>, rec: RecordId) -> Result<(), OfficeError> {
    let key = rec.to_string();
    let Some(kept) = w.cabinet_get(RETURNED, &key)? else { return Ok(()) };
    let kept: KeptReturn = serde_json::from_value(kept)?;
    if w.current(&kept.audience, rec)?.is_some_and(|version| version.leaf.to_hex() == kept.leaf && version.data.is_some()) {
        return Ok(());
    }
    w.cabinet_remove(RETURNED_OF, &kept.place)?;
    Ok(w.cabinet_remove(RETURNED, &key)?)
}

impl Exchange {
    /// Puts what the nodes above have returned of this node's records into the inbox: from where it stopped, in each citing log that is held.
    pub(super) fn take_returns(&self, known: &Known) -> Result<(), OfficeError> {
        let own = &known.membership.name;
        let (held, waits) = self
            .ledger
            .read(|r| -> Result<_, LedgerError> { Ok((r.store().held_logs()?, !r.cabinet_list(WAITING, None, 1, false)?.is_empty())) })?;
        if waits {
            self.ledger.write(try_waiting)?;
        }
        for log in held {
            let node = log.origin.node();
            if log.origin.audience() == CITE && node != *own && known.directory.is_under(own, &node) {
                while self.take_some_returns(log.origin.clone())? {}
            }
        }
        Ok(())
    }

    /// Whether there may be more.
    fn take_some_returns(&self, origin: Origin) -> Result<bool, OfficeError> {
        let read_to = |kept: Option<Value>| kept.as_ref().and_then(Value::as_u64).unwrap_or(0);
        let (from, signed) = self.ledger.read(|r| -> Result<_, LedgerError> {
            let signed = LedgerView::over(r).log(&origin)?.map_or(0, |log| log.signed_size());
            Ok((read_to(r.cabinet_get(READ_TO, origin.as_str())?), signed))
        })?;
        if from >= signed {
            return Ok(false);
        }
        self.ledger.write(move |w| -> Result<bool, OfficeError> {
            // Another thread may have been here.
            let from = read_to(w.cabinet_get(READ_TO, origin.as_str())?);
            let most = usize::try_from(signed.saturating_sub(from)).unwrap_or(PAGE).min(PAGE);
            let rows = LedgerShelf::over(w).entries(&origin, from, most, usize::MAX)?;
            let Some(last) = rows.last().map(|row| row.index) else { return Ok(false) };
            for row in rows {
                let Ok(entry) = Entry::from_bytes(&row.bytes) else { continue };
                if let Some(returned) = Returned::from_op(&entry.op) {
                    keep_return(w, origin.node().as_str(), returned, entry.at)?;
                }
            }
            w.cabinet_put(READ_TO, origin.as_str(), Value::from(last + 1))?;
            Ok(last + 1 < signed)
        })
    }
}

/// Looks again at the returns of versions that were not here.
fn try_waiting(w: &mut Writer<'_>) -> Result<(), OfficeError> {
    for (key, value) in w.cabinet_list(WAITING, None, PAGE, false)? {
        let (by, at, bytes): (String, i64, Map<String, Value>) = serde_json::from_value(value)?;
        w.cabinet_remove(WAITING, &key)?;
        if let Some(returned) = Returned::from_op(&Op::Other(bytes)) {
            keep_return(w, &by, returned, at)?;
        }
    }
    Ok(())
}

/// Keeps a return that means the present version of one of this node's records.
fn keep_return(w: &mut Writer<'_>, by: &str, returned: Returned, at: i64) -> Result<(), OfficeError> {
    if returned.origin.node() != *w.node() {
        return Ok(());
    }
    let (rec, audience) = (returned.rec, returned.origin.audience().to_owned());
    let is_present = w.current(&audience, rec)?.is_some_and(|version| version.leaf == returned.leaf);
    if !is_present {
        let is_known = match w.store().log(&audience)? {
            Some(log) => w.store().is_version(log.id, rec, &returned.leaf)?,
            None => false,
        };
        // A version that another has followed is answered already.
        if !is_known && let Op::Other(members) = returned.to_op() {
            w.cabinet_put(WAITING, &format!("{rec}/{}", returned.leaf.to_hex()), json!([by, at, members]))?;
        }
        return Ok(());
    }
    let inside = w.current("private", rec)?;
    let named = |field: &str| inside.as_ref().and_then(|version| reference(version.data.as_ref()?, field));
    let body = if inside.as_ref().is_some_and(|version| version.kind == "answer") { named("body") } else { named("owner") };
    let place = format!("{}/{:016x}-{rec}", body.map(|body| body.to_string()).unwrap_or_default(), at.max(0));
    // The last word counts, of whichever node above.
    if let Some(before) = w.cabinet_get(RETURNED, &rec.to_string())? {
        let before: KeptReturn = serde_json::from_value(before)?;
        w.cabinet_remove(RETURNED_OF, &before.place)?;
    }
    let kept = KeptReturn { by: by.to_owned(), at, audience, leaf: returned.leaf.to_hex(), codes: returned.codes, place: place.clone() };
    w.cabinet_put(RETURNED, &rec.to_string(), serde_json::to_value(kept)?)?;
    Ok(w.cabinet_put(RETURNED_OF, &place, Value::from(rec.to_string()))?)
}
