//! What an operator has to know of a node beside its records: when it was last backed up, and whether the machine's clock can be right.

use ledger::{Entry, LedgerError, Reader};
use serde::{Deserialize, Serialize};

use crate::clock::SECOND;
use crate::error::OfficeError;
use crate::office::Office;

/// Drawer and key of the note about the last backup.
const PLACE: (&str, &str) = ("node", "backup");

/// The last backup that this node knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupNote {
    /// When it was finished, microseconds since 1970 (UTC).
    pub at: i64,
    /// Where it was put, as the operator wrote it.
    pub place: String,
}

impl Office {
    /// Keeps in mind that a backup has just been finished at `place`.
    pub fn note_backup(&self, place: &str) -> Result<(), OfficeError> {
        let note = serde_json::to_value(BackupNote { at: self.clock().now(), place: place.to_owned() })?;
        self.ledger().write(move |w| -> Result<(), LedgerError> { w.cabinet_put(PLACE.0, PLACE.1, note) })?;
        Ok(())
    }

    /// The last backup, if there was one.
    pub fn last_backup(&self) -> Result<Option<BackupNote>, OfficeError> {
        let note = self.ledger().read(|r| r.cabinet_get(PLACE.0, PLACE.1))?;
        Ok(note.map(serde_json::from_value).transpose()?)
    }

    /// When the first and the latest entry of the node's own logs were written, microseconds since 1970 (UTC); none while they are empty. A clock before the
    /// latest entry is wrong, now or when that was written.
    pub fn written_between(&self) -> Result<Option<(i64, i64)>, OfficeError> {
        self.ledger().read(|r| {
            let mut between: Option<(i64, i64)> = None;
            for log in r.logs()? {
                let Some(last) = log.size.checked_sub(1) else { continue };
                for index in [0, last] {
                    if let Some(at) = instant_of(r, &log.audience, index)? {
                        between = Some(between.map_or((at, at), |(first, latest)| (first.min(at), latest.max(at))));
                    }
                }
            }
            Ok(between)
        })
    }
}

fn instant_of(reader: &Reader<'_>, audience: &str, index: u64) -> Result<Option<i64>, OfficeError> {
    let Some(row) = reader.entries(audience, index, 1)?.into_iter().next() else { return Ok(None) };
    let entry = Entry::from_bytes(&row.bytes).map_err(LedgerError::from)?;
    Ok(Some(entry.at.saturating_mul(SECOND)))
}
