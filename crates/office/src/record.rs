//! Any record of any kind: the one path by which data enters the ledger, and the one by which it is shown.
//!
//! `Draft` → [`catalogue::Checked`] → [`Stored`]: only what the catalogue has checked can be appended, and only this file appends.

use std::collections::BTreeSet;
use std::time::Duration;

use catalogue::{Audience, Checked, Fault, Field, FieldType, Kind};
use exchange::ledger_shelf::{ERASURES, LAST_ERASED};
use ledger::{LeafHash, LedgerError, Projection, Put, Reader, RecordId, Version, Writer};
use serde_json::Value;

use crate::attached_file::files_named;
use crate::audit::{AuditEntry, write_audit};
use crate::body::Body;
use crate::error::{OfficeError, label};
use crate::held_record::{HeldRecord, Holding};
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, Decision, Subject, decide};
use crate::returned::Return;

/// How long an erasure waits for the views.
const ERASURE_SETTLES: Duration = Duration::from_secs(60);

/// What somebody wants to save.
#[derive(Debug, Clone)]
pub struct Draft {
    /// None for a new record; new ones that refer to each other bring their ids.
    pub id: Option<RecordId>,
    /// The kind, e.g. `directive`.
    pub kind: String,
    /// The data as the catalogue declares it.
    pub data: Value,
    /// The version that was on screen; required for a change.
    pub previous: Option<LeafHash>,
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The record.
    pub id: RecordId,
    /// Its version, from 1.
    pub version: u64,
    /// The leaf hash: the `previous` of the next change.
    pub leaf: LeafHash,
    /// The change in the node's sequence; pages wait for it.
    pub seq: u64,
}

/// A record as the asking person may see it.
#[derive(Debug, Clone)]
pub struct RecordView {
    /// The record.
    pub id: RecordId,
    /// The kind.
    pub kind: String,
    /// The version of the form it was made with; 0 for a held record whose form this program does not know, or that does not fit it.
    pub form: u64,
    /// The widest projection this person may see.
    pub audience: Audience,
    /// The version of that projection's record.
    pub version: u64,
    /// The leaf of the inside version: what an edit names as `previous`.
    pub leaf: LeafHash,
    /// When it was saved, microseconds since 1970.
    pub at: i64,
    /// The data; none when the payload has been erased.
    pub data: Option<Value>,
    /// The body whose record it is.
    pub owner: Option<RecordId>,
    /// Whether this person may change it, and why (not).
    pub edit: Decision,
    /// Whose it is, when it is a record of another node.
    pub held: Option<Holding>,
    /// That this version was sent back: to those who may change it, and at the node that did.
    pub returned: Option<Return>,
}

/// Checked data together with what the permission decision and the ledger need.
pub(crate) struct Prepared {
    pub(crate) id: RecordId,
    pub(crate) checked: Checked,
    pub(crate) previous: Option<LeafHash>,
}

impl Office {
    /// Saves one record: permission, check, references, workflow, then one durable transaction with its audit entry.
    ///
    /// # Errors
    /// `Denied`, `Invalid` (one fault per field), `Changed` (somebody was faster), `DiskFull`; nothing is written then.
    pub fn submit(&self, who: &Identity, draft: Draft) -> Result<Stored, OfficeError> {
        let action = if draft.id.is_none() { "create" } else { "change" };
        let name = format!("{}.{action}", draft.kind);
        let prepared = self.prepare(who, draft, Action::Edit)?;
        let entry = AuditEntry::of(self, who, &name).record(prepared.id);
        self.store(vec![prepared], vec![entry])?.pop().ok_or_else(|| OfficeError::Data("nothing stored".to_owned()))
    }

    /// Like [`Office::submit`], by a certain version of the form: the one the record has, or the one in force, to which it then moves.
    ///
    /// # Errors
    /// As [`Office::submit`]; `Refused` (`form_gone`) when the version is neither, so that nobody saves by a form that has been withdrawn meanwhile.
    pub fn submit_by_form(&self, who: &Identity, draft: Draft, form: u64) -> Result<Stored, OfficeError> {
        let action = if draft.id.is_none() { "create" } else { "change" };
        let name = format!("{}.{action}", draft.kind);
        let prepared = self.prepare_among(who, draft, Action::Edit, &BTreeSet::new(), Some(form))?;
        let entry = AuditEntry::of(self, who, &name).record(prepared.id);
        self.store(vec![prepared], vec![entry])?.pop().ok_or_else(|| OfficeError::Data("nothing stored".to_owned()))
    }

    /// Saves many records in one transaction, all or nothing, each with the permission and checks of [`Office::submit`]. New records bring their
    /// own ids, so that they may refer to each other.
    pub fn submit_all(&self, who: &Identity, drafts: Vec<Draft>, note: &str) -> Result<Vec<Stored>, OfficeError> {
        let together: BTreeSet<RecordId> = drafts.iter().filter_map(|draft| draft.id).collect();
        let mut prepared = Vec::with_capacity(drafts.len());
        for draft in drafts {
            prepared.push(self.prepare_among(who, draft, Action::Edit, &together, None)?);
        }
        let entry = AuditEntry::of(self, who, "records.submit").note(&format!("{} × {note}", prepared.len()));
        self.store(prepared, vec![entry])
    }

    /// Permission and checks for one record; reads only.
    pub(crate) fn prepare(&self, who: &Identity, draft: Draft, action: Action) -> Result<Prepared, OfficeError> {
        self.prepare_among(who, draft, action, &BTreeSet::new(), None)
    }

    /// A record keeps the form it was made with unless `form` moves it; a new one takes the form in force.
    pub(crate) fn prepare_among(
        &self,
        who: &Identity,
        draft: Draft,
        action: Action,
        together: &BTreeSet<RecordId>,
        form: Option<u64>,
    ) -> Result<Prepared, OfficeError> {
        let current = self.kind(&draft.kind)?;
        let old = match draft.id {
            Some(id) => {
                let (old, held) = self.ledger().read(|r| -> Result<_, OfficeError> {
                    let old = r.current("private", id)?;
                    let held = if old.is_none() && r.holds_records()? { HeldRecord::read(r, id)? } else { None };
                    Ok((old, held))
                })?;
                self.refuse_held(who, id, held)?;
                old
            }
            None => None,
        };
        if let (Some(id), None) = (draft.id, &old)
            && draft.previous.is_some()
        {
            return Err(OfficeError::NotFound(id.to_string()));
        }
        let own = old.as_ref().and_then(|version| self.form_shelf().kind_of(version)).unwrap_or(current);
        let kind = match form {
            None => own,
            Some(form) => [own, current].into_iter().find(|kind| kind.version == form).ok_or_else(|| form_gone(current))?,
        };
        let mut data = draft.data;
        normalise(&mut data, &kind.fields);
        let old_data = old.as_ref().and_then(|version| version.data.as_ref());
        if kind.name == "directive" {
            crate::directive::complete(&mut data, old_data);
        }
        if let Some(old) = old_data {
            decide(who, action_for(kind, action), &self.subject(who, kind, old, Role::Officer)).require()?;
        }
        decide(who, action_for(kind, action), &self.subject(who, kind, &data, Role::Officer)).require()?;
        let checked = self.catalogue().check_under(kind, &data).map_err(OfficeError::Invalid)?;
        let mut faults = self.check_references(kind, &data, together)?;
        faults.extend(self.check_transition(who, kind, old_data, &data));
        if let Some(id) = draft.id
            && kind.name == "body"
        {
            faults.extend(self.directory().lineage_faults(&Body::from_data(id, &data)?));
        }
        if kind.name == "directive" {
            faults.extend(crate::directive::check_deadline_kept(old_data, &data));
        }
        if kind.name == "council" {
            faults.extend(self.check_council(draft.id, action, old_data, &data));
        }
        if !faults.is_empty() {
            return Err(OfficeError::Invalid(faults));
        }
        Ok(Prepared { id: draft.id.unwrap_or_default(), checked, previous: draft.previous })
    }

    /// Appends checked records and audit entries in one transaction, then wakes the followers.
    pub(crate) fn store(&self, records: Vec<Prepared>, audit: Vec<AuditEntry>) -> Result<Vec<Stored>, OfficeError> {
        self.store_with(records, audit, |_, _| Ok(()))
    }

    /// Like [`Office::store`], with more work in the same transaction after the records are in.
    pub(crate) fn store_with(
        &self,
        records: Vec<Prepared>,
        audit: Vec<AuditEntry>,
        and: impl FnOnce(&mut Writer, &[Stored]) -> Result<(), OfficeError> + Send + 'static,
    ) -> Result<Vec<Stored>, OfficeError> {
        let mut puts = Vec::with_capacity(records.len());
        for record in records {
            let claim = (record.checked.kind() == "answer").then(|| crate::answer::Claim::of(record.checked.data())).flatten();
            let source = source_key(record.checked.kind(), record.checked.data());
            puts.push((self.put_of(record)?, claim, source));
        }
        let stored = self.ledger().write(move |w| -> Result<Vec<Stored>, OfficeError> {
            crate::node::require_open(w)?;
            let mut stored = Vec::with_capacity(puts.len());
            for (put, claim, source) in puts {
                if let Some(claim) = claim {
                    claim.take(w, put.rec)?;
                }
                if let Some(source) = source {
                    claim_source(w, &source, put.rec)?;
                }
                let rec = put.rec;
                stored.push(append(w, put)?);
                crate::node::forget_answered_return(w, rec)?;
            }
            and(w, &stored)?;
            for entry in audit {
                write_audit(w, entry)?;
            }
            Ok(stored)
        })?;
        self.wake_followers();
        Ok(stored)
    }

    /// Everything the ledger needs for one version: the whole record inside, and a projection for each wider audience that differs from the next wider.
    fn put_of(&self, record: Prepared) -> Result<Put, OfficeError> {
        let (kind, form) = (record.checked.kind().to_owned(), record.checked.form());
        let cat = self.form_shelf().place(&kind, form)?;
        let projections = self.projections(self.form(&kind, form)?, record.checked.data())?;
        Ok(Put { rec: record.id, kind, cat, previous: record.previous, projections })
    }

    /// The whole record inside, and what each wider audience sees of it.
    pub(crate) fn projections(&self, kind: &Kind, data: &Value) -> Result<Vec<Projection>, OfficeError> {
        let mut projections = Vec::new();
        let mut wider: Option<Value> = None;
        for audience in [Audience::Public, Audience::Region, Audience::Ministry] {
            let projection = self.catalogue().project(kind, data, audience);
            if let Some(projection) = projection
                && wider.as_ref() != Some(&projection)
            {
                projections.push(Projection::seal(audience.as_str(), &projection, &files_named(kind, &projection))?);
                wider = Some(projection);
            }
        }
        projections.push(Projection::seal("private", data, &files_named(kind, data))?);
        projections.reverse();
        Ok(projections)
    }

    /// The record as this person may see it.
    pub fn view(&self, who: &Identity, id: RecordId) -> Result<RecordView, OfficeError> {
        let found = self.ledger().read(|r| -> Result<_, OfficeError> {
            match r.current("private", id)? {
                Some(inside) => Ok(Ok(inside)),
                None => Ok(Err(HeldRecord::read(r, id)?)),
            }
        })?;
        let inside = match found {
            Ok(own) => own,
            Err(Some(held)) => return self.view_held(who, id, held),
            Err(None) => return self.view_without_inside(who, id),
        };
        let kind = self.form_shelf().kind_of(&inside).ok_or_else(|| OfficeError::NotFound(format!("kind {}", inside.kind)))?;
        let subject = match &inside.data {
            Some(data) => self.subject(who, kind, data, Role::Reader),
            None => Subject::node(),
        };
        let edit = decide(who, action_for(kind, Action::Edit), &subject);
        let owner = inside.data.as_ref().and_then(|data| owner_of(kind, data));
        let leaf = inside.leaf;
        // Who may change a record sees all of it: a form filled from a projection would wipe what the projection leaves out.
        let shown = if edit.allowed || decide(who, Action::ReadInside, &subject).allowed {
            Some((Audience::Private, inside))
        } else {
            self.projection_seen(who, id)?
        };
        let Some((audience, version)) = shown else { return Err(OfficeError::NotFound(id.to_string())) };
        let mut view = RecordView {
            id,
            kind: version.kind,
            form: kind.version,
            audience,
            version: version.ver,
            leaf,
            at: version.at_micros,
            data: version.data,
            owner,
            edit,
            held: None,
            returned: None,
        };
        view.returned = self.return_of(&view)?;
        Ok(view)
    }

    /// A record that was saved after the backup this node was put back to: what had gone up came back, what was inside did not.
    fn view_without_inside(&self, who: &Identity, id: RecordId) -> Result<RecordView, OfficeError> {
        let Some((audience, version)) = self.projection_seen(who, id)? else { return Err(OfficeError::NotFound(id.to_string())) };
        let kind = self.form_shelf().kind_of(&version).ok_or_else(|| OfficeError::NotFound(format!("kind {}", version.kind)))?;
        let why = label(
            "Bản ghi này lấy lại được từ nút trên sau khi khôi phục; phần nội bộ đã mất nên chưa sửa được. Hãy khôi phục từ bản sao lưu mới hơn nếu có.",
            "This record came back from the node above after a restore; what was inside is lost, so it cannot be changed. Restore from a newer backup if there is one.",
        );
        Ok(RecordView {
            id,
            form: kind.version,
            audience,
            version: version.ver,
            leaf: version.leaf,
            at: version.at_micros,
            owner: version.data.as_ref().and_then(|data| owner_of(kind, data)),
            kind: version.kind,
            data: version.data,
            edit: Decision { allowed: false, why },
            held: None,
            returned: None,
        })
    }

    /// The projection for the fewest readers that this person is among.
    fn projection_seen(&self, who: &Identity, id: RecordId) -> Result<Option<(Audience, Version)>, OfficeError> {
        let audiences = self.audiences_of(who);
        self.ledger().read(|r| {
            for audience in [Audience::Ministry, Audience::Region, Audience::Public] {
                if audiences.contains(&audience)
                    && let Some(version) = r.current(audience.as_str(), id)?
                {
                    return Ok(Some((audience, version)));
                }
            }
            Ok(None)
        })
    }

    /// Older versions of what this person may see, newest first: at most 100 before version `before`.
    pub fn history(&self, who: &Identity, id: RecordId, before: Option<u64>, limit: usize) -> Result<Vec<Version>, OfficeError> {
        let view = self.view(who, id)?;
        if view.held.is_some() {
            return self.held_history(&view, before, limit.min(100));
        }
        Ok(self.ledger().read(|r| r.versions(view.audience.as_str(), id, before, limit.min(100)))?)
    }

    /// The record, when this person may change it.
    pub fn view_to_edit(&self, who: &Identity, id: RecordId) -> Result<RecordView, OfficeError> {
        let view = self.view(who, id)?;
        view.edit.clone().require()?;
        Ok(view)
    }

    /// May this person make a record of a kind, for whichever body?
    pub fn may_create(&self, who: &Identity, kind: &str) -> Result<Decision, OfficeError> {
        let action = action_for(self.kind(kind)?, Action::Edit);
        let mut bodies = who.acting_bodies().into_iter();
        let subject = match bodies.next() {
            Some(body) => self.subject_of_body(who, body, Role::Officer),
            None => Subject::node(),
        };
        Ok(decide(who, action, &subject))
    }

    /// Destroys the payloads of a record in every audience and version; the log keeps its proofs.
    pub fn erase(&self, who: &Identity, id: RecordId, basis: &str) -> Result<(), OfficeError> {
        self.view_to_edit(who, id)?;
        self.require_keeper()?;
        let basis = viet::nfc(basis.trim()).into_owned();
        if basis.is_empty() || basis.chars().count() > 120 {
            return Err(OfficeError::refused(
                "basis_missing",
                "Hãy ghi số văn bản làm căn cứ xóa (không ghi dữ liệu cá nhân), tối đa 120 ký tự.",
                "Give the number of the document that is the ground for erasing (no personal data), at most 120 characters.",
            ));
        }
        let entry = AuditEntry::of(self, who, "record.erase").record(id).note(&basis);
        let note = RecordId::new().to_string();
        let noted = note.clone();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            w.erase(id, "law", &basis)?;
            crate::node::forget_answered_return(w, id)?;
            w.cabinet_put(ERASURES, LAST_ERASED, Value::from(noted))?;
            write_audit(w, entry)
        })?;
        // Views and search forget it too; then nothing of it may be left in their files.
        self.settle(ERASURE_SETTLES);
        if let Err(error) = self.scrub(&note) {
            // It is erased and noted: the scrubber tries again until the disk is clean.
            tracing::warn!(%error, "what was erased is still in a file of the disk; it is tried again");
        }
        Ok(())
    }

    /// A kind as a version of its form declares it: that of [`RecordView::form`] for a record.
    pub fn form(&self, kind: &str, form: u64) -> Result<&Kind, OfficeError> {
        let found = self.catalogue().kind_version(kind, form);
        found.ok_or_else(|| OfficeError::NotFound(format!("kind {kind} version {form}")))
    }

    pub(crate) fn kind(&self, name: &str) -> Result<&Kind, OfficeError> {
        self.catalogue().kind(name).ok_or_else(|| OfficeError::NotFound(format!("kind {name}")))
    }

    /// The body whose matter the data is, as the permission decision wants it.
    pub(crate) fn subject(&self, who: &Identity, kind: &Kind, data: &Value, needed: Role) -> Subject {
        let Some(owner) = owner_of(kind, data) else { return Subject::node() };
        self.subject_of_body(who, owner, needed)
    }

    /// The subject for one body; a successor when the body has ended.
    pub(crate) fn subject_of_body(&self, who: &Identity, body: RecordId, needed: Role) -> Subject {
        let place = self.acting_place(who, body, needed);
        Subject::body(place, self.directory().short_name(place, self.clock().today()))
    }

    /// Audiences whose projections this person may see besides the inside of the own bodies.
    pub(crate) fn audiences_of(&self, who: &Identity) -> Vec<Audience> {
        let mut audiences = vec![Audience::Public];
        for body in who.bodies() {
            // What another node says of a body must not give anybody a right here.
            let Some(body) = self.directory().get(body).filter(|body| !body.held) else { continue };
            if matches!(body.form.as_str(), "ministry" | "ministry_unit") && !audiences.contains(&Audience::Ministry) {
                audiences.push(Audience::Ministry);
                audiences.push(Audience::Region);
            }
            if body.form == "department" && !audiences.contains(&Audience::Region) {
                audiences.push(Audience::Region);
            }
        }
        audiences
    }

    fn check_references(&self, kind: &Kind, data: &Value, together: &BTreeSet<RecordId>) -> Result<Vec<Fault>, OfficeError> {
        let mut references = Vec::new();
        collect_references(&kind.fields, data, "", &mut references);
        if references.is_empty() {
            return Ok(Vec::new());
        }
        self.ledger().read(|r| {
            let mut faults = Vec::new();
            for (path, field, kinds, target) in &references {
                let found = match RecordId::parse(target) {
                    Ok(id) if together.contains(&id) => continue,
                    Ok(id) => match r.current("private", id)? {
                        Some(version) => Some(version.kind),
                        None => HeldRecord::read(r, id)?.and_then(|held| held.kind().map(str::to_owned)),
                    },
                    Err(_) => None,
                };
                let fits = found.as_ref().is_some_and(|kind| kinds.is_empty() || kinds.contains(kind));
                if !fits {
                    faults.push(Fault {
                        path: path.clone(),
                        rule: "reference".to_owned(),
                        message: label(
                            format!("{}: không có bản ghi phù hợp với “{target}”. Hãy chọn lại từ danh sách.", field.label.vi),
                            format!("{}: no fitting record for “{target}”. Choose again from the list.", field.label.en),
                        ),
                    });
                }
            }
            Ok(faults)
        })
    }
}

fn form_gone(current: &Kind) -> OfficeError {
    let (name, version) = (&current.label, current.version);
    OfficeError::refused(
        "form_gone",
        format!(
            "Mẫu “{}” đã đổi trong lúc anh/chị nhập, nay dùng phiên bản {version}; chưa lưu gì. Hãy xem lại các ô rồi bấm Lưu.",
            name.vi
        ),
        format!(
            "The form “{}” changed while you were typing, version {version} is in force now; nothing was saved. Look the fields over and press Save.",
            name.en
        ),
    )
}

/// The current inside version, for services that work on one record.
pub(crate) fn inside(r: &Reader, id: RecordId) -> Result<(Version, Value), OfficeError> {
    let version = r.current("private", id)?.ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
    let data = version.data.clone().ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
    Ok((version, data))
}

/// The body that owns a record, by the field the kind names.
pub(crate) fn owner_of(kind: &Kind, data: &Value) -> Option<RecordId> {
    let field = kind.owner_field.as_deref()?;
    data.get(field).and_then(Value::as_str).and_then(|text| RecordId::parse(text).ok())
}

/// The reference out of a field, e.g. `reference(&data, "conference")`.
pub(crate) fn reference(data: &Value, field: &str) -> Option<RecordId> {
    data.get(field).and_then(Value::as_str).and_then(|text| RecordId::parse(text).ok())
}

fn append(w: &mut Writer, put: Put) -> Result<Stored, OfficeError> {
    stored(w.put(put))
}

pub(crate) fn stored(written: Result<ledger::Stored, LedgerError>) -> Result<Stored, OfficeError> {
    let stored = written.map_err(|error| match error {
        LedgerError::ChangedMeanwhile { current, .. } => OfficeError::Changed { current },
        other => other.into(),
    })?;
    Ok(Stored { id: stored.rec, version: stored.ver, leaf: stored.leaf, seq: stored.seq })
}

/// Where the cabinet keeps which record came from where.
pub(crate) const SOURCES: &str = "source";

/// Harvesting is idempotent on (kind, source system, id there); none when the record names no source.
pub(crate) fn source_key(kind: &str, data: &Value) -> Option<String> {
    let part = |field: &str| data.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    Some(format!("{kind}\u{1f}{}\u{1f}{}", part("source_system")?, part("source_id")?))
}

pub(crate) fn claim_source(w: &mut Writer, key: &str, id: RecordId) -> Result<(), OfficeError> {
    let name = key.rsplit('\u{1f}').next().unwrap_or_default();
    match w.cabinet_get(SOURCES, key)? {
        Some(Value::String(other)) if other != id.to_string() => Err(OfficeError::refused(
            "source_taken",
            format!("Mã nguồn “{name}” đã thuộc bản ghi khác (/r/{other}); chưa lưu gì. Hãy sửa bản ghi đó."),
            format!("The source id “{name}” belongs to another record already (/r/{other}); nothing was saved. Change that one."),
        )),
        Some(_) => Ok(()),
        None => Ok(w.cabinet_put(SOURCES, key, Value::String(id.to_string()))?),
    }
}

pub(crate) fn action_for(kind: &Kind, action: Action) -> Action {
    // Reference data belongs to the node, not to one body's matter.
    if matches!(kind.name.as_str(), "body" | "person" | "conference") && action == Action::Edit { Action::EditReference } else { action }
}

/// NFC at every door, except where the exact words are kept.
fn normalise(data: &mut Value, fields: &[Field]) {
    let Value::Object(members) = data else { return };
    for (name, value) in members.iter_mut() {
        let field = fields.iter().find(|field| field.name == *name);
        if field.is_some_and(|field| field.verbatim) {
            continue;
        }
        match (field.map(|field| &field.of), value) {
            (_, Value::String(text)) => *text = viet::nfc(text.trim()).into_owned(),
            (Some(FieldType::Group { fields, .. }), Value::Array(rows)) => rows.iter_mut().for_each(|row| normalise(row, fields)),
            (Some(FieldType::Group { fields, .. }), group @ Value::Object(_)) => normalise(group, fields),
            (_, Value::Array(items)) => {
                for item in items {
                    if let Value::String(text) = item {
                        *text = viet::nfc(text.trim()).into_owned();
                    }
                }
            }
            _ => {}
        }
    }
}

type FoundReference<'a> = (String, &'a Field, &'a [String], String);

/// Path and target of every reference in the data.
pub(crate) fn references_of(kind: &Kind, data: &Value) -> Vec<(String, String)> {
    let mut references = Vec::new();
    collect_references(&kind.fields, data, "", &mut references);
    references.into_iter().map(|(path, _, _, target)| (path, target)).collect()
}

fn collect_references<'a>(fields: &'a [Field], data: &Value, prefix: &str, found: &mut Vec<FoundReference<'a>>) {
    for field in fields {
        let Some(value) = data.get(&field.name) else { continue };
        let path = if prefix.is_empty() { field.name.clone() } else { format!("{prefix}.{}", field.name) };
        let items: Vec<(String, &Value)> = match value {
            Value::Array(items) => items.iter().enumerate().map(|(index, item)| (format!("{path}.{index}"), item)).collect(),
            one => vec![(path, one)],
        };
        for (path, item) in items {
            match (&field.of, item) {
                (FieldType::Ref { kinds }, Value::String(target)) => found.push((path, field, kinds, target.clone())),
                (FieldType::Group { fields, .. }, row) => collect_references(fields, row, &path, found),
                _ => {}
            }
        }
    }
}
