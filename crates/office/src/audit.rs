//! The audit trail: who did what when. Written in the same transaction as the deed, never changed, read by administrators.

use ledger::{RecordId, Writer};
use serde::{Deserialize, Serialize};

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

const AUDIT: &str = "audit";

/// One deed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditEntry {
    /// UUIDv7 text: sorts by time.
    pub id: String,
    /// Microseconds since 1970.
    pub at: i64,
    /// The account's id; empty for the public.
    pub account: String,
    /// The account's name at that time.
    pub name: String,
    /// What was done, e.g. `directive.issue`.
    pub action: String,
    /// The record, when it was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// A few words: a login, a title, a reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl AuditEntry {
    pub(crate) fn of(office: &Office, who: &Identity, action: &str) -> AuditEntry {
        AuditEntry {
            id: RecordId::new().to_string(),
            at: office.clock().now(),
            account: who.account().unwrap_or_default().to_owned(),
            name: who.name().to_owned(),
            action: action.to_owned(),
            record: None,
            note: String::new(),
        }
    }

    pub(crate) fn note(mut self, note: &str) -> AuditEntry {
        self.note = note.chars().take(200).collect();
        self
    }

    pub(crate) fn record(mut self, record: RecordId) -> AuditEntry {
        self.record = Some(record.to_string());
        self
    }
}

pub(crate) fn write_audit(w: &mut Writer, entry: AuditEntry) -> Result<(), OfficeError> {
    let key = entry.id.clone();
    w.cabinet_put(AUDIT, &key, serde_json::to_value(entry)?)?;
    Ok(())
}

impl Office {
    /// A page of the trail, newest first: at most 1,000 entries older than `before`.
    pub fn audit_trail(&self, who: &Identity, before: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.ledger().read(|r| {
            let mut entries = Vec::new();
            for (_, value) in r.cabinet_list(AUDIT, before, limit.min(1_000), true)? {
                entries.push(serde_json::from_value(value)?);
            }
            Ok(entries)
        })
    }
}
