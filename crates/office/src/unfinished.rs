//! Forms that somebody has begun and not saved: kept for him alone, in the cabinet, until he saves or discards them.

use ledger::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;

/// The drawer of the cabinet; the key is account, kind and record.
const UNFINISHED: &str = "unfinished";
/// Forms kept for one account.
const MOST_OF_AN_ACCOUNT: usize = 100;
/// The longest form, in bytes of names and inputs.
const LONGEST: usize = 1_000_000;

/// A form as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfinishedForm {
    /// The kind.
    pub kind: String,
    /// The record that is being changed; none for a new one.
    pub record: Option<RecordId>,
    /// What stood in the inputs: name and text.
    pub inputs: Vec<(String, String)>,
    /// When it was kept, microseconds since 1970.
    pub at: i64,
}

impl Office {
    /// Keeps a form as it stands; what was kept for the same record before is replaced.
    ///
    /// # Errors
    /// `Denied` when this person may not enter or change such a record; `Refused` (`draft_too_long`, `too_many_drafts`) when there is no room, what was kept
    /// before stays then.
    pub fn keep_unfinished(
        &self,
        who: &Identity,
        kind: &str,
        record: Option<RecordId>,
        inputs: Vec<(String, String)>,
    ) -> Result<UnfinishedForm, OfficeError> {
        self.may_fill_in(who, kind, record)?;
        let length: usize = inputs.iter().map(|(name, text)| name.len() + text.len()).sum();
        if length > LONGEST {
            return Err(OfficeError::refused(
                "draft_too_long",
                "Biểu mẫu dài quá 1 MB nên chưa lưu nháp được; hãy rút ngắn hoặc lưu bản ghi.",
                "The form is longer than 1 MB and was not kept; shorten it, or save the record.",
            ));
        }
        let form = UnfinishedForm { kind: kind.to_owned(), record, inputs, at: self.clock().now() };
        let (key, own, value) = (key_of(who, kind, record), prefix_of(who), serde_json::to_value(&form)?);
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let is_new = w.cabinet_get(UNFINISHED, &key)?.is_none();
            if is_new && w.cabinet_list_prefix(UNFINISHED, &own, MOST_OF_AN_ACCOUNT)?.len() >= MOST_OF_AN_ACCOUNT {
                return Err(OfficeError::refused(
                    "too_many_drafts",
                    format!("Đã có {MOST_OF_AN_ACCOUNT} bản nháp; hãy hoàn thành hoặc bỏ bớt ở trang Việc của tôi."),
                    format!("There are {MOST_OF_AN_ACCOUNT} drafts already; finish or discard some on the page My work."),
                ));
            }
            Ok(w.cabinet_put(UNFINISHED, &key, value)?)
        })?;
        Ok(form)
    }

    /// The form that was left for a record, or for a new one of the kind.
    pub fn unfinished(&self, who: &Identity, kind: &str, record: Option<RecordId>) -> Result<Option<UnfinishedForm>, OfficeError> {
        self.may_fill_in(who, kind, record)?;
        let kept = self.ledger().read(|r| r.cabinet_get(UNFINISHED, &key_of(who, kind, record)))?;
        Ok(kept.map(serde_json::from_value).transpose()?)
    }

    /// All forms that this person left, latest first.
    pub fn all_unfinished(&self, who: &Identity) -> Result<Vec<UnfinishedForm>, OfficeError> {
        if who.account().is_none() {
            return Ok(Vec::new());
        }
        let kept = self.ledger().read(|r| r.cabinet_list_prefix(UNFINISHED, &prefix_of(who), MOST_OF_AN_ACCOUNT))?;
        let mut forms = Vec::new();
        for (_, value) in kept {
            forms.push(serde_json::from_value::<UnfinishedForm>(value)?);
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.at));
        Ok(forms)
    }

    /// Forgets a form, because it was saved or is not wanted.
    pub fn forget_unfinished(&self, who: &Identity, kind: &str, record: Option<RecordId>) -> Result<(), OfficeError> {
        if who.account().is_none() {
            return Ok(());
        }
        let key = key_of(who, kind, record);
        let there = self.ledger().read(|r| -> Result<Option<Value>, OfficeError> { Ok(r.cabinet_get(UNFINISHED, &key)?) })?;
        if there.is_none() {
            return Ok(());
        }
        self.ledger().write(move |w| -> Result<(), OfficeError> { Ok(w.cabinet_remove(UNFINISHED, &key)?) })
    }

    fn may_fill_in(&self, who: &Identity, kind: &str, record: Option<RecordId>) -> Result<(), OfficeError> {
        match record {
            Some(record) => self.view_to_edit(who, record).map(|_| ()),
            None => self.may_create(who, kind)?.require(),
        }
    }
}

fn prefix_of(who: &Identity) -> String {
    format!("{}\u{1f}", who.account().unwrap_or_default())
}

fn key_of(who: &Identity, kind: &str, record: Option<RecordId>) -> String {
    let record = record.map(|record| record.to_string()).unwrap_or_default();
    format!("{}{kind}\u{1f}{record}", prefix_of(who))
}
