//! What an entry does to the log that holds it, the same at its owner, at a parent and at a reader.

use ledger::tree::leaf_hash;
use ledger::{Entry, EntryRow, LeafHash, LedgerError, Op, Origin};
use sha2::{Digest, Sha256};

use crate::protocol::Refusal;
use crate::shelf::{HeldLog, Shelf, Standing};

/// An entry that was read and whose payload is the one it commits to.
#[derive(Debug, Clone)]
pub struct CheckedEntry {
    /// What it says.
    pub entry: Entry,
    bytes: Vec<u8>,
    payload: Option<Vec<u8>>,
}

impl CheckedEntry {
    /// Reads an entry as it came.
    ///
    /// # Errors
    /// [`Refusal::Entry`] or [`Refusal::Payload`].
    pub fn read(bytes: &[u8], payload: Option<&[u8]>) -> Result<CheckedEntry, Refusal> {
        let entry = Entry::from_bytes(bytes).map_err(|_| Refusal::Entry)?;
        if let Some(payload) = payload
            && !is_payload_of(&entry, payload)
        {
            return Err(Refusal::Payload);
        }
        Ok(CheckedEntry { entry, bytes: bytes.to_vec(), payload: payload.map(<[u8]>::to_vec) })
    }

    /// Whether nothing may follow it.
    pub fn is_seal(&self) -> bool {
        matches!(&self.entry.op, Op::Other(members) if members.get("op").and_then(serde_json::Value::as_str) == Some("seal"))
    }
}

/// Whether the payload is the one that the entry commits to.
pub fn is_payload_of(entry: &Entry, payload: &[u8]) -> bool {
    match &entry.op {
        Op::Put { pay, len, .. } => payload.len() as u64 == *len && commitment(payload) == *pay,
        _ => false,
    }
}

/// SHA-256 of payload bytes.
pub fn commitment(payload: &[u8]) -> LeafHash {
    LeafHash(Sha256::digest(payload).into())
}

/// Appends an entry and does what it says about payloads: an `erase` destroys them, a payload that was erased before it came is not kept.
pub fn append(shelf: &mut dyn Shelf, origin: &Origin, checked: CheckedEntry) -> Result<(), LedgerError> {
    append_all(shelf, origin, [checked])
}

/// Appends entries one after another, as [`append`] each.
pub fn append_all(shelf: &mut dyn Shelf, origin: &Origin, entries: impl IntoIterator<Item = CheckedEntry>) -> Result<(), LedgerError> {
    let mut log = shelf.log(origin)?.unwrap_or_else(HeldLog::empty);
    let before = log.size;
    for checked in entries {
        append_to(shelf, origin, &mut log, checked)?;
    }
    if log.size > before { shelf.keep(origin, &log) } else { Ok(()) }
}

fn append_to(shelf: &mut dyn Shelf, origin: &Origin, log: &mut HeldLog, checked: CheckedEntry) -> Result<(), LedgerError> {
    let is_seal = checked.is_seal();
    let CheckedEntry { entry, bytes, mut payload } = checked;
    let mut lacks_payload = false;
    if let Op::Put { pay, .. } = &entry.op {
        if shelf.is_erased(origin, pay)? {
            payload = None;
        } else {
            lacks_payload = payload.is_none();
        }
    }
    log.provisional_bytes += (bytes.len() + payload.as_ref().map_or(0, Vec::len)) as u64;
    let row = EntryRow { index: log.size, leaf: leaf_hash(&bytes), bytes, payload };
    shelf.append(origin, row, lacks_payload)?;
    log.size += 1;
    if let Op::Erase { pays, .. } = &entry.op {
        for pay in pays {
            shelf.destroy(origin, pay)?;
        }
    }
    if is_seal {
        log.standing = Standing::Sealed;
    }
    Ok(())
}
