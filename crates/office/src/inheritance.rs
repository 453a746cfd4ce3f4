//! Records of a node that was merged into this one: taken over, so that work on them goes on here. The directory has handed all of them over at once
//! (LV-Log/1 §6); a record gets its first version here, behind the last one of the old node, when somebody takes it over.

use std::sync::{Arc, Mutex, PoisonError};

use catalogue::{Audience, Label};
use ledger::{Inherited, LedgerError, Put, RecordId, Version};

use crate::answer::Claim;
use crate::audit::{AuditEntry, write_audit};
use crate::error::{OfficeError, label};
use crate::held_record::HeldRecord;
use crate::identity::{Identity, Role};
use crate::node::require_open;
use crate::office::Office;
use crate::permission::{Action, Decision, Subject, decide};
use crate::record::{Stored, action_for, claim_source, source_key, stored};

/// Records taken over in one transaction.
const TOGETHER: usize = 256;
/// Refused records that are named.
const MOST_NAMED: usize = 50;

/// How far the taking over of all inherited records is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakingOver {
    /// Whether it is under way.
    pub is_running: bool,
    /// Records taken over.
    pub taken: u64,
    /// Records looked at.
    pub seen: u64,
    /// Inherited records that could not be taken over.
    pub refused: u64,
    /// The first of these with the reasons.
    pub reasons: Vec<(RecordId, Label)>,
    /// What stopped it.
    pub failed: Option<Label>,
}

/// What the thread that takes over says; none before the first time.
#[derive(Debug, Default)]
pub(crate) struct InheritanceDesk(Mutex<Option<TakingOver>>);

impl InheritanceDesk {
    fn set(&self, state: TakingOver) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    fn get(&self) -> Option<TakingOver> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the caller is the one who begins.
    fn begin(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.as_ref().is_some_and(|state| state.is_running) {
            return false;
        }
        *state = Some(TakingOver { is_running: true, ..TakingOver::default() });
        true
    }
}

/// The first version here of an inherited record.
struct FirstVersion {
    put: Put,
    after: Vec<Inherited>,
    claim: Option<Claim>,
    source: Option<String>,
}

impl Office {
    /// May this person take the held record over? None when it is not inherited.
    pub(crate) fn may_take_over(&self, who: &Identity, id: RecordId, held: &HeldRecord) -> Result<Option<Decision>, OfficeError> {
        match self.exchange().inherits(&held.maker, id)? {
            true => Ok(Some(self.decide_taking_over(who, held))),
            false => Ok(None),
        }
    }

    fn decide_taking_over(&self, who: &Identity, held: &HeldRecord) -> Decision {
        let Some((_, kind, version)) = held.fullest(self.form_shelf()) else {
            return Decision { allowed: false, why: form_missing() };
        };
        let subject = version.data.as_ref().map_or_else(Subject::node, |data| self.subject(who, kind, data, Role::Officer));
        decide(who, action_for(kind, Action::Edit), &subject)
    }

    /// Takes one inherited record over: its first version here says what the fullest projection held says. Fields that the old node kept inside are not in it.
    ///
    /// # Errors
    /// `NotFound`; `not_inherited`; `Denied`; `inheritance_incomplete` while the logs of the old node are still arriving; `Changed` when somebody was faster.
    pub fn take_over(&self, who: &Identity, id: RecordId) -> Result<Stored, OfficeError> {
        let held = self.ledger().read(|r| -> Result<_, LedgerError> {
            if r.current("private", id)?.is_some() {
                return Ok(None);
            }
            HeldRecord::read(r, id)
        })?;
        let held = held.ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
        let Some(decision) = self.may_take_over(who, id, &held)? else {
            return Err(OfficeError::refused(
                "not_inherited",
                "Bản ghi này thuộc nút khác và chưa được giao cho nút này; không tiếp nhận được.",
                "This record belongs to another node and was not handed over to this one; it cannot be taken over.",
            ));
        };
        decision.require()?;
        let first = self.first_version(id, &held)?.ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
        let entry = AuditEntry::of(self, who, "record.take_over").record(id).note(held.maker.as_str());
        let kept = self.ledger().write(move |w| -> Result<Stored, OfficeError> {
            require_open(w)?;
            if let Some(claim) = first.claim {
                claim.take(w, id)?;
            }
            if let Some(source) = first.source {
                claim_source(w, &source, id)?;
            }
            let kept = stored(w.put_after(first.put, &first.after))?;
            write_audit(w, entry)?;
            Ok(kept)
        })?;
        self.wake_followers();
        Ok(kept)
    }

    /// None when no projection held fits a form that is known here.
    fn first_version(&self, rec: RecordId, held: &HeldRecord) -> Result<Option<FirstVersion>, OfficeError> {
        let after = self.exchange().inherited_versions(rec, held)?;
        let Some((_, kind, version)) = held.fullest(self.form_shelf()) else { return Ok(None) };
        let Some(data) = &version.data else { return Ok(None) };
        let cat = self.form_shelf().place(&kind.name, kind.version)?;
        let put = Put { rec, kind: kind.name.clone(), cat, previous: None, projections: self.projections(kind, data)? };
        let claim = (kind.name == "answer").then(|| Claim::of(data)).flatten();
        Ok(Some(FirstVersion { put, after, claim, source: source_key(&kind.name, data) }))
    }

    /// Takes all inherited records over, a few hundred in a transaction; `progress` hears of each. Done again it goes on where it stopped. Records that cannot be
    /// taken over stay as they are and are counted with their reasons.
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator; `inheritance_incomplete`; those of the ledger.
    pub fn take_over_all(&self, who: &Identity, progress: &mut dyn FnMut(&TakingOver)) -> Result<TakingOver, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let mut state = TakingOver { is_running: true, ..TakingOver::default() };
        let kinds: Vec<String> = self.catalogue().kinds().map(|kind| kind.name.clone()).collect();
        for kind in kinds {
            let mut after = None;
            loop {
                let ids = self.ledger().read(|r| r.held_of_kind(&kind, after, TOGETHER))?;
                let Some(last) = ids.last() else { break };
                after = Some(*last);
                self.take_over_some(who, &ids, &mut state)?;
                progress(&state);
            }
        }
        state.is_running = false;
        Ok(state)
    }

    fn take_over_some(&self, who: &Identity, ids: &[RecordId], state: &mut TakingOver) -> Result<(), OfficeError> {
        let mut firsts = Vec::new();
        for id in ids {
            state.seen += 1;
            let held = self.ledger().read(|r| -> Result<_, LedgerError> {
                if r.current("private", *id)?.is_some() {
                    return Ok(None);
                }
                HeldRecord::read(r, *id)
            })?;
            let Some(held) = held else { continue };
            if !self.exchange().inherits(&held.maker, *id)? {
                continue;
            }
            match self.first_version(*id, &held)? {
                Some(first) => firsts.push((*id, first)),
                None => state.refuse(*id, form_missing()),
            }
        }
        if firsts.is_empty() {
            return Ok(());
        }
        let entry = AuditEntry::of(self, who, "records.take_over").note(&firsts.len().to_string());
        let (taken, refused) = self.ledger().write(move |w| -> Result<_, OfficeError> {
            require_open(w)?;
            let (mut taken, mut refused) = (0, Vec::new());
            for (id, first) in firsts {
                // Somebody may have taken it over in between.
                if w.current("private", id)?.is_some() {
                    continue;
                }
                let claimed = first.claim.map_or(Ok(()), |claim| claim.take(w, id));
                let claimed = claimed.and_then(|()| first.source.map_or(Ok(()), |source| claim_source(w, &source, id)));
                match claimed {
                    Ok(()) => {
                        stored(w.put_after(first.put, &first.after))?;
                        taken += 1;
                    }
                    Err(error) => refused.push((id, error.message())),
                }
            }
            if taken > 0 {
                write_audit(w, entry)?;
            }
            Ok((taken, refused))
        })?;
        state.taken += taken;
        for (id, why) in refused {
            state.refuse(id, why);
        }
        self.wake_followers();
        Ok(())
    }

    /// Begins [`Office::take_over_all`] in the background; when it is under way already, that goes on.
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator.
    pub fn begin_taking_over(self: &Arc<Office>, who: &Identity) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        if !self.inheritance_desk.begin() {
            return Ok(());
        }
        let (office, who) = (self.clone(), who.clone());
        std::thread::spawn(move || {
            let mut last = TakingOver::default();
            let done = office.take_over_all(&who, &mut |state| {
                last = state.clone();
                office.inheritance_desk.set(state.clone());
            });
            let end = done.unwrap_or_else(|error| TakingOver { is_running: false, failed: Some(error.message()), ..last });
            office.inheritance_desk.set(end);
        });
        Ok(())
    }

    /// The nodes whose records were handed over to this one: name and body.
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator.
    pub fn inherited_from(&self, who: &Identity) -> Result<Vec<(String, String)>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.exchange().merged_into_this()
    }

    /// The newest versions of a taken over record at its former nodes, newest first, at most `limit`; none of other records.
    pub fn former_history(&self, who: &Identity, id: RecordId, limit: usize) -> Result<Vec<Version>, OfficeError> {
        let view = self.view(who, id)?;
        if view.held.is_some() {
            return Ok(Vec::new());
        }
        let Some(held) = self.ledger().read(|r| HeldRecord::read(r, id))? else { return Ok(Vec::new()) };
        if !self.exchange().inherits(&held.maker, id)? {
            return Ok(Vec::new());
        }
        // The fullest projection that this person sees of the record as it is now.
        let seen = |audience: Audience| view.audience == Audience::Private || self.audiences_of(who).contains(&audience);
        let Some(audience) = held.versions().iter().map(|(audience, _)| *audience).find(|audience| seen(*audience)) else {
            return Ok(Vec::new());
        };
        let versions = self.ledger().read(|r| r.held_versions(audience.as_str(), id, &held.maker, None, limit))?;
        Ok(versions.into_iter().map(|held| held.version).collect())
    }

    /// How far it is; none before the first time since the program began.
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator.
    pub fn taking_over(&self, who: &Identity) -> Result<Option<TakingOver>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        Ok(self.inheritance_desk.get())
    }
}

fn form_missing() -> Label {
    label(
        "Chưa có biểu mẫu của bản ghi này ở đây, hoặc nội dung không khớp biểu mẫu, nên chưa tiếp nhận được. Hãy cập nhật chương trình hoặc nhận biểu mẫu trước.",
        "The form of this record is not here, or the contents do not fit it, so it cannot be taken over. Update the program or receive the form first.",
    )
}

impl TakingOver {
    fn refuse(&mut self, id: RecordId, why: Label) {
        self.refused += 1;
        if self.reasons.len() < MOST_NAMED {
            self.reasons.push((id, why));
        }
    }
}
