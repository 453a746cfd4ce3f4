//! A whole call: every proposal of a round compared with everything there is and with the others, in the background.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use catalogue::Label;
use ledger::RecordId;
use serde_json::Value;

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::overlap::{FoundOverlap, OverlapForm};
use crate::permission::{Action, Subject, decide};
use crate::register::{Order, RegisterFilter};

/// Proposals of one call.
const MOST: usize = 5_000;
/// Proposals read from the list at once.
const PAGE: usize = 500;
/// Records kept for each proposal.
const KEPT: usize = 3;

/// Which proposals belong to the call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverlapCallForm {
    /// Only those in this workflow state.
    pub state: Option<String>,
    /// Only those received in this year.
    pub year: Option<i32>,
}

/// A proposal with what overlaps with it most.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlapCallRow {
    /// The proposal.
    pub proposal: RecordId,
    /// Its title.
    pub title: String,
    /// The records that say most of it, the weightiest first.
    pub found: Vec<FoundOverlap>,
}

impl OverlapCallRow {
    /// Whether any of the records deserves a look.
    pub fn is_strong(&self) -> bool {
        self.found.iter().any(|found| found.overlap.is_strong)
    }

    fn weight(&self) -> (bool, f64) {
        (self.is_strong(), self.found.iter().map(|found| found.overlap.share).fold(0.0, f64::max))
    }
}

/// How far the comparison of a call is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OverlapCall {
    /// Which proposals.
    pub form: OverlapCallForm,
    /// Proposals compared so far.
    pub done: usize,
    /// Proposals of the call.
    pub of: usize,
    /// Whether it goes on.
    pub is_running: bool,
    /// What stopped it.
    pub failed: Option<Label>,
    /// The proposals, those that deserve a look first; complete only at the end.
    pub rows: Vec<OverlapCallRow>,
}

/// The calls under way and done, one for each person; gone when the program stops.
#[derive(Debug, Default)]
pub(crate) struct OverlapCallDesk(Mutex<HashMap<String, Arc<OverlapCall>>>);

impl OverlapCallDesk {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<OverlapCall>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, account: &str) -> Option<Arc<OverlapCall>> {
        self.lock().get(account).cloned()
    }

    fn set(&self, account: &str, call: OverlapCall) {
        self.lock().insert(account.to_owned(), Arc::new(call));
    }

    /// Whether the caller is the one who begins.
    fn begin(&self, account: &str, form: &OverlapCallForm) -> bool {
        let mut calls = self.lock();
        if calls.get(account).is_some_and(|call| call.is_running) {
            return false;
        }
        let call = OverlapCall { form: form.clone(), is_running: true, ..OverlapCall::default() };
        calls.insert(account.to_owned(), Arc::new(call));
        true
    }
}

impl Office {
    /// Begins to compare the proposals of a call that this person may see; one that is under way goes on.
    ///
    /// # Errors
    /// `Denied` for those who work for no body.
    pub fn begin_overlap_call(self: &Arc<Office>, who: &Identity, form: OverlapCallForm) -> Result<(), OfficeError> {
        self.may_compare_calls(who)?;
        let account = who.account().unwrap_or_default().to_owned();
        if !self.overlap_calls.begin(&account, &form) {
            return Ok(());
        }
        let (office, who) = (self.clone(), who.clone());
        std::thread::spawn(move || {
            let end = office.compare_call(&who, &form, &mut |done, of| {
                let call = OverlapCall { form: form.clone(), done, of, is_running: true, ..OverlapCall::default() };
                office.overlap_calls.set(&account, call);
            });
            let end =
                end.unwrap_or_else(|error| OverlapCall { form: form.clone(), failed: Some(error.message()), ..OverlapCall::default() });
            office.overlap_calls.set(&account, end);
        });
        Ok(())
    }

    /// How far this person's call is; none before the first since the program began.
    ///
    /// # Errors
    /// `Denied` for those who work for no body.
    pub fn overlap_call(&self, who: &Identity) -> Result<Option<Arc<OverlapCall>>, OfficeError> {
        self.may_compare_calls(who)?;
        Ok(self.overlap_calls.get(who.account().unwrap_or_default()))
    }

    fn may_compare_calls(&self, who: &Identity) -> Result<(), OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        self.may_create(who, "overlap_check")?.require()
    }

    /// Compares the proposals of a call one after the other; tells how many are done, and of how many.
    ///
    /// # Errors
    /// Those of the lists and of the index.
    pub fn compare_call(
        &self,
        who: &Identity,
        form: &OverlapCallForm,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<OverlapCall, OfficeError> {
        let filter = RegisterFilter {
            kind: Some("proposal".to_owned()),
            state: form.state.clone(),
            order: Order::default(),
            ..RegisterFilter::default()
        };
        let mut proposals = Vec::new();
        let mut after = None;
        loop {
            let page = self.register_page(who, &filter, after.as_deref(), PAGE)?;
            for row in page.rows {
                let Ok(view) = self.view(who, row.id) else { continue };
                let Some(data) = view.data else { continue };
                let received = data.get("received_day").and_then(Value::as_str).and_then(|day| day.get(..4)?.parse::<i32>().ok());
                if form.year.is_none_or(|year| received == Some(year)) && proposals.len() < MOST {
                    proposals.push((row.id, row.title, view.form, data));
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let of = proposals.len();
        let mut rows = Vec::with_capacity(of);
        for (done, (id, title, version, data)) in proposals.into_iter().enumerate() {
            progress(done, of);
            let form = OverlapForm { limit: KEPT, ..OverlapForm::of(self.form("proposal", version)?, &data, Some(id)) };
            rows.push(OverlapCallRow { proposal: id, title, found: self.overlaps(who, &form)? });
        }
        rows.sort_by(|one, two| {
            let (one_weight, two_weight) = (one.weight(), two.weight());
            two_weight.0.cmp(&one_weight.0).then(two_weight.1.total_cmp(&one_weight.1)).then(one.proposal.cmp(&two.proposal))
        });
        Ok(OverlapCall { form: form.clone(), done: of, of, rows, ..OverlapCall::default() })
    }
}
