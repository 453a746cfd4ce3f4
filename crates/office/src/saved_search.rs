//! Searches that somebody keeps an eye on: how much of what they find is new or changed since it was last looked at. Kept in the cabinet, never in the log.

use finder::Order as SearchOrder;
use ledger::RecordId;
use serde::{Deserialize, Serialize};

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};
use crate::search::SearchForm;

const SAVED: &str = "saved_search";
/// Searches that one person keeps.
const MOST: usize = 30;
/// Characters of a question that are kept.
const LONGEST: usize = 2_000;

/// A search that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSearch {
    /// Its id.
    pub id: String,
    /// What it asks for.
    pub form: SearchForm,
    /// How far the index was when it was last looked at.
    pub seen: u64,
}

impl Office {
    /// Keeps a search for this person; one that is kept already stays as it is.
    ///
    /// # Errors
    /// `Refused` when nothing is asked for, or when the person keeps as many as can be.
    pub fn save_search(&self, who: &Identity, form: &SearchForm) -> Result<(), OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let asked = [&form.kind, &form.body, &form.status, &form.province];
        if form.text.trim().is_empty() && form.year.is_none() && asked.iter().all(|filter| filter.is_none()) {
            return Err(OfficeError::refused(
                "search_empty",
                "Hãy ghi từ cần tìm hoặc chọn một điều kiện rồi mới theo dõi.",
                "Type what to look for or choose a filter first.",
            ));
        }
        let kept = SearchForm {
            text: form.text.trim().chars().take(LONGEST).collect(),
            changed_after: None,
            order: SearchOrder::default(),
            after: None,
            limit: 0,
            ..form.clone()
        };
        let saved = SavedSearch { id: RecordId::new().to_string(), form: kept, seen: self.search_cursor() };
        self.change_saved_searches(who, move |all| {
            if all.iter().any(|known| known.form == saved.form) {
                return Ok(());
            }
            if all.len() >= MOST {
                return Err(OfficeError::refused(
                    "saved_searches_full",
                    format!("Mỗi người theo dõi nhiều nhất {MOST} tìm kiếm. Hãy bỏ bớt ở trang Việc của tôi."),
                    format!("One person follows {MOST} searches at most. Remove some under My work."),
                ));
            }
            all.push(saved);
            Ok(())
        })
    }

    /// The searches that this person keeps, each with how many records are new or changed since it was last looked at; only records that the person may see.
    pub fn saved_searches(&self, who: &Identity) -> Result<Vec<(SavedSearch, u64)>, OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let mut found = Vec::new();
        for saved in self.read_saved_searches(who)? {
            let form = SearchForm { changed_after: Some(saved.seen), limit: 1, ..saved.form.clone() };
            let fresh = self.search(who, &form)?.results.total;
            found.push((saved, fresh));
        }
        Ok(found)
    }

    /// Notes that a search was looked at: what is there now is no longer new.
    pub fn see_saved_search(&self, who: &Identity, id: &str) -> Result<(), OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let seen = self.search_cursor();
        let id = id.to_owned();
        self.change_saved_searches(who, move |all| {
            let saved = all.iter_mut().find(|saved| saved.id == id).ok_or(OfficeError::NotFound(id))?;
            saved.seen = saved.seen.max(seen);
            Ok(())
        })
    }

    /// Keeps a search no longer.
    pub fn remove_saved_search(&self, who: &Identity, id: &str) -> Result<(), OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let id = id.to_owned();
        self.change_saved_searches(who, move |all| {
            let before = all.len();
            all.retain(|saved| saved.id != id);
            if all.len() == before { Err(OfficeError::NotFound(id)) } else { Ok(()) }
        })
    }

    fn read_saved_searches(&self, who: &Identity) -> Result<Vec<SavedSearch>, OfficeError> {
        let account = who.account().unwrap_or_default().to_owned();
        let kept = self.ledger().read(|r| r.cabinet_get(SAVED, &account))?;
        Ok(kept.map(serde_json::from_value).transpose()?.unwrap_or_default())
    }

    fn change_saved_searches(
        &self,
        who: &Identity,
        change: impl FnOnce(&mut Vec<SavedSearch>) -> Result<(), OfficeError> + Send + 'static,
    ) -> Result<(), OfficeError> {
        let account = who.account().unwrap_or_default().to_owned();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let mut all: Vec<SavedSearch> = w.cabinet_get(SAVED, &account)?.map(serde_json::from_value).transpose()?.unwrap_or_default();
            change(&mut all)?;
            w.cabinet_put(SAVED, &account, serde_json::to_value(&all)?)?;
            Ok(())
        })
    }
}
