//! Logs written again elsewhere, entry by entry with the same bytes: what an archive or another node hands over.

use serde_json::Value;

use crate::entry::{Entry, Op};
use crate::error::LedgerError;
use crate::ledger::{CATALOGUE, Reader, Writer, append_bytes};
use crate::payload::{Payload, commitment};
use crate::store::{EntryRow, VersionRow};

impl Reader<'_> {
    /// Entries of an audience's log with their payloads, at most `limit` from `from` on; a payload that was erased is none.
    pub fn entries(&self, audience: &str, from: u64, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        match self.store.log(audience)? {
            Some(log) => self.store.entries(log.id, from, limit),
            None => Ok(Vec::new()),
        }
    }
}

impl Writer<'_> {
    /// Appends an entry as it is, with the payload it commits to, and makes its version current as the writing of it did.
    ///
    /// # Errors
    /// `Damaged` when the bytes are no entry, the payload is not the one committed to, or the version does not follow the one before it.
    pub fn replay(&mut self, audience: &str, bytes: &[u8], payload: Option<Vec<u8>>) -> Result<(), LedgerError> {
        let damaged = |what: String| LedgerError::Damaged(format!("{audience}: {what}"));
        let entry = Entry::from_bytes(bytes).map_err(|error| damaged(error.to_string()))?;
        let mut log = self.open(audience)?;
        // An entry tells its time in whole seconds.
        let at = entry.at.saturating_mul(1_000_000);
        let version = |rec, ver, op: &str, kind, cat, row: EntryRow| VersionRow {
            rec,
            ver,
            op: op.to_owned(),
            kind,
            cat,
            at,
            seq: 0,
            index: row.index,
            leaf: row.leaf,
            payload: None,
        };
        match entry.op {
            Op::Put { rec, typ, cat, ver, prev, pay, len } => {
                if let Some(payload) = &payload
                    && (commitment(payload) != pay || payload.len() as u64 != len)
                {
                    return Err(damaged(format!("the payload of entry {} is not the one it commits to", log.size)));
                }
                let published = match (&payload, audience == CATALOGUE) {
                    (Some(payload), true) => Some(Payload::data(payload)?),
                    _ => None,
                };
                if let Some(payload) = &payload {
                    self.note_files(&log.origin, log.size, payload)?;
                }
                let row = append_bytes(self.store, &mut log, bytes.to_vec(), payload)?;
                if audience == CATALOGUE {
                    return self.remember_type(published, row.index);
                }
                let before = self.store.latest(log.id, rec)?;
                if before.as_ref().map_or(ver != 1 || prev.is_some(), |before| ver != before.ver + 1 || prev != Some(before.leaf)) {
                    return Err(damaged(format!("entry {} does not follow the version before it", row.index)));
                }
                self.store.note_version(log.id, &version(rec, ver, "put", typ, cat, row)).map(|_| ())
            }
            Op::Drop { rec, ver, prev } => {
                let before =
                    self.store.latest(log.id, rec)?.filter(|before| before.op == "put" && before.leaf == prev && ver == before.ver + 1);
                let Some(before) = before else { return Err(damaged(format!("entry {} withdraws what is not there", log.size))) };
                let row = append_bytes(self.store, &mut log, bytes.to_vec(), None)?;
                self.store.note_version(log.id, &version(rec, ver, "drop", before.kind, 0, row)).map(|_| ())
            }
            Op::Erase { .. } | Op::Other(_) => append_bytes(self.store, &mut log, bytes.to_vec(), None).map(|_| ()),
        }
    }

    fn remember_type(&mut self, published: Option<Value>, index: u64) -> Result<(), LedgerError> {
        let Some(published) = published else { return Ok(()) };
        if let (Some(name), Some(definition)) = (published.get("name").and_then(Value::as_str), published.get("definition")) {
            self.note_type(name, definition, index)?;
        }
        Ok(())
    }
}
