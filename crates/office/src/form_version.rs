//! Versions of forms that a node receives when a circular changes: seen, compared, tried on the records there are, adopted, withdrawn. A record keeps the
//! version it was made with; only new records, and those that somebody moves, use the version in force.

use std::collections::BTreeMap;

use catalogue::{Catalogue, FormChange, Kind, Label, Lang, Problem};
use ledger::{LedgerError, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::{AuditEntry, write_audit};
use crate::clock::day_of;
use crate::error::{OfficeError, label};
use crate::form_shelf::NodeForm;
use crate::identity::Identity;
use crate::incoming_form::FormOrigin;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

/// The drawer of the cabinet; the key is kind and version.
pub(crate) const FORMS: &str = "form";
/// Records tried in one call.
const TRIED_AT_ONCE: usize = 20_000;
/// Sorts of faults that a trial lists.
const MOST_FAULTS: usize = 50;
/// The longest file of a form, in bytes: it has to fit a payload of 1 MiB, where quotes and ends of lines take two.
pub(crate) const LONGEST_FILE: usize = 500_000;
/// Kinds whose fields the program itself reads and fills in: their form changes with the program, not beside it.
const FORMS_OF_THE_PROGRAM: [&str; 10] =
    ["answer", "article", "body", "conference", "council", "deadline_change", "directive", "document", "person", "verdict"];

/// What has become of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormState {
    /// Received; waits for somebody to adopt or decline it.
    Incoming,
    /// In force, unless a later one is.
    Adopted,
    /// Was in force; records made with it keep it.
    Withdrawn,
    /// Came from the Centre and is not wanted here so far.
    Declined,
}

impl FormState {
    /// The name for people.
    pub fn label(self) -> Label {
        match self {
            FormState::Incoming => label("mới nhận, chưa áp dụng", "received, not adopted"),
            FormState::Adopted => label("đã áp dụng", "adopted"),
            FormState::Withdrawn => label("đã thu hồi", "withdrawn"),
            FormState::Declined => label("không áp dụng", "declined"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptForm {
    pub(crate) kind: String,
    pub(crate) version: u64,
    pub(crate) text: String,
    pub(crate) state: FormState,
    /// Where it came from, when not from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<FormOrigin>,
    /// What this node, as the Centre, has said last of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) announced: Option<FormState>,
    received_at: i64,
    received_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
}

impl KeptForm {
    /// One that has come from the Centre.
    pub(crate) fn arrived(kind: String, version: u64, text: String, origin: FormOrigin, now: i64) -> KeptForm {
        let received_by = origin.node.clone();
        let origin = Some(origin);
        KeptForm {
            kind,
            version,
            text,
            state: FormState::Incoming,
            origin,
            announced: None,
            received_at: now,
            received_by,
            decided_at: None,
            decided_by: None,
        }
    }

    pub(crate) fn file(&self) -> String {
        format!("{}-{}.toml", self.kind, self.version)
    }
}

/// A version of a form that this node received.
#[derive(Debug, Clone)]
pub struct FormVersion {
    /// The kind with its fields as this version declares them.
    pub kind: Kind,
    /// What has become of it.
    pub state: FormState,
    /// Where it came from; none when from a file.
    pub origin: Option<FormOrigin>,
    /// When it came, microseconds since 1970, and who brought it.
    pub received: (i64, String),
    /// When and by whom it was adopted or withdrawn.
    pub decided: Option<(i64, String)>,
    /// The file as it was received.
    pub text: String,
}

/// A version beside the one in force.
#[derive(Debug, Clone)]
pub struct FormComparison {
    /// The version looked at.
    pub version: FormVersion,
    /// The version in force.
    pub in_force: u64,
    /// What it changes.
    pub changes: Vec<FormChange>,
    /// Why it cannot be adopted today; none when it can.
    pub hindrance: Option<Label>,
}

/// What would become of the records there are under another version; they keep their own.
#[derive(Debug, Clone, Default)]
pub struct FormTrial {
    /// Records tried.
    pub tried: usize,
    /// Records that fit as they are.
    pub fitting: usize,
    /// Sorts of faults, most frequent first.
    pub faults: Vec<TrialFault>,
    /// Where to go on when there are more records.
    pub next: Option<RecordId>,
}

/// One sort of fault.
#[derive(Debug, Clone)]
pub struct TrialFault {
    /// The field.
    pub field: Label,
    /// What is wrong.
    pub what: Label,
    /// In how many records.
    pub records: usize,
    /// Some of these records.
    pub examples: Vec<RecordId>,
}

impl Office {
    /// The versions this node received, by kind and version.
    pub fn form_versions(&self, who: &Identity) -> Result<Vec<FormVersion>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let mut versions = Vec::new();
        for kept in kept_forms(self.ledger())? {
            // What waits from above need not wait when it has come with the program meanwhile.
            if kept.state == FormState::Incoming && self.form_shelf().came_with_program(&kept.kind, kept.version) {
                continue;
            }
            // One that does not fit the program is named on the page by its problem.
            if let Ok(version) = self.form_version_of(kept) {
                versions.push(version);
            }
        }
        Ok(versions)
    }

    /// Receives a file of `kinds/`. It changes nothing until it is adopted; the same version received again replaces the one that waits.
    ///
    /// # Errors
    /// `Refused` (`form_faulty`) with every problem and its line, (`form_of_the_program`), (`form_decided`) when this version was adopted before, (`form_above`)
    /// when the Centre's waits.
    pub fn receive_form(&self, who: &Identity, text: &str) -> Result<FormVersion, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        if text.len() > LONGEST_FILE {
            return Err(OfficeError::refused(
                "form_faulty",
                "Tệp mẫu dài quá 500 KB; chưa nhận.",
                "The file is longer than 500 KB; it was not received.",
            ));
        }
        let text = viet::nfc(text.trim_start_matches('\u{feff}')).into_owned();
        let kind = self.read_form_file(&text)?;
        refuse_form_of_program(&kind)?;
        let kept = KeptForm {
            kind: kind.name.clone(),
            version: kind.version,
            text,
            state: FormState::Incoming,
            origin: None,
            announced: None,
            received_at: self.clock().now(),
            received_by: who.name().to_owned(),
            decided_at: None,
            decided_by: None,
        };
        let entry = AuditEntry::of(self, who, "form.receive").note(&kept.file());
        let (key, value) = (form_key(&kept.kind, kept.version), serde_json::to_value(&kept)?);
        let version = self.form_version_of(kept)?;
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let known: Option<KeptForm> = w.cabinet_get(FORMS, &key)?.map(serde_json::from_value).transpose()?;
            if let Some(origin) = known.as_ref().and_then(|known| known.origin.as_ref()) {
                let node = &origin.node;
                return Err(OfficeError::refused(
                    "form_above",
                    format!("Phiên bản này đã đến từ Trung ương ({node}); hãy dùng bản ấy trong danh sách. Mẫu riêng phải mang số phiên bản khác."),
                    format!("This version has come from the Centre ({node}); use that one in the list. A form of your own needs another version number."),
                ));
            }
            if known.is_some_and(|known| known.state != FormState::Incoming) {
                return Err(OfficeError::refused(
                    "form_decided",
                    "Phiên bản này đã được áp dụng trước đây; mẫu sửa lại phải mang số phiên bản mới.",
                    "This version was adopted before; a mended form needs a new version number.",
                ));
            }
            w.cabinet_put(FORMS, &key, value)?;
            write_audit(w, entry)
        })?;
        Ok(version)
    }

    /// A received version beside the one in force.
    ///
    /// # Errors
    /// `NotFound`; `Refused` (`form_unfit`) when one that came from the Centre is no form that this program can use.
    pub fn compare_form(&self, who: &Identity, kind: &str, version: u64) -> Result<FormComparison, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let version = self.form_version_of(kept_form(self.ledger(), kind, version)?)?;
        let in_force = self.kind(kind)?;
        let changes = in_force.form_changes(&version.kind);
        let hindrance = self.hindrance(&version);
        Ok(FormComparison { in_force: in_force.version, changes, hindrance, version })
    }

    /// Checks the records there are, `TRIED_AT_ONCE` from `after` on, by a received version. Writes nothing, and names fields, not contents: an
    /// administrator need not be one who may read them.
    pub fn try_form(&self, who: &Identity, kind: &str, version: u64, after: Option<RecordId>) -> Result<FormTrial, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let version = self.form_version_of(kept_form(self.ledger(), kind, version)?)?;
        let mut trial = FormTrial::default();
        let mut found: BTreeMap<(String, String), TrialFault> = BTreeMap::new();
        let mut place = after;
        while trial.tried < TRIED_AT_ONCE {
            let page = self.ledger().read(|r| r.list("private", kind, place, 500))?;
            let Some(last) = page.last() else { break };
            place = Some(last.rec);
            for record in page {
                let Some(data) = &record.data else { continue };
                trial.tried += 1;
                match self.catalogue().check_under(&version.kind, data) {
                    Ok(_) => trial.fitting += 1,
                    Err(faults) => note_faults(&version.kind, record.rec, &faults, &mut found),
                }
            }
            trial.next = place;
        }
        if trial.tried < TRIED_AT_ONCE {
            trial.next = None;
        }
        trial.faults = found.into_values().collect();
        trial.faults.sort_by_key(|fault| std::cmp::Reverse(fault.records));
        trial.faults.truncate(MOST_FAULTS);
        Ok(trial)
    }

    /// The file of a version: as it was received, or as it came with the program.
    pub fn form_file(&self, who: &Identity, kind: &str, version: u64) -> Result<String, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        match kept_form(self.ledger(), kind, version) {
            Ok(kept) => Ok(kept.text),
            Err(OfficeError::NotFound(what)) => {
                let builtin = self.catalogue().kind_version(kind, version).and_then(|_| Catalogue::builtin_form(kind));
                builtin.ok_or(OfficeError::NotFound(what))
            }
            Err(other) => Err(other),
        }
    }

    /// Puts a received version in force: new records use it from now on, records made before keep theirs.
    ///
    /// # Errors
    /// `Refused` (`form_hindered`) when it is not valid yet or a later one is in force, (`form_unfit`) when it does not fit the program.
    pub fn adopt_form(&self, who: &Identity, kind: &str, version: u64) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let comparison = self.compare_form(who, kind, version)?;
        if let Some(why) = comparison.hindrance {
            return Err(OfficeError::Refused { code: "form_hindered", message: why });
        }
        self.decide_form(who, kind, version, FormState::Adopted, "form.adopt")
    }

    /// Takes a version back: one that waits is forgotten, or, when it came from the Centre, declined; one in force gives way to the version before it, and records made with it keep it.
    pub fn withdraw_form(&self, who: &Identity, kind: &str, version: u64) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let kept = kept_form(self.ledger(), kind, version)?;
        match kept.state {
            FormState::Incoming if kept.origin.is_some() => self.decline_form(who, kept),
            FormState::Incoming => {
                let entry = AuditEntry::of(self, who, "form.decline").note(&kept.file());
                let key = form_key(kind, version);
                self.ledger().write(move |w| -> Result<(), OfficeError> {
                    w.cabinet_remove(FORMS, &key)?;
                    write_audit(w, entry)
                })
            }
            FormState::Adopted => self.decide_form(who, kind, version, FormState::Withdrawn, "form.withdraw"),
            FormState::Withdrawn | FormState::Declined => Ok(()),
        }
    }

    /// Keeps that a version from the Centre is not wanted: it stays in the list, and can be adopted later.
    fn decline_form(&self, who: &Identity, mut kept: KeptForm) -> Result<(), OfficeError> {
        kept.state = FormState::Declined;
        kept.decided_at = Some(self.clock().now());
        kept.decided_by = Some(who.name().to_owned());
        let entry = AuditEntry::of(self, who, "form.decline").note(&kept.file());
        let (key, value) = (form_key(&kept.kind, kept.version), serde_json::to_value(&kept)?);
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            w.cabinet_put(FORMS, &key, value)?;
            write_audit(w, entry)
        })
    }

    /// Stores the decision, then lets it take effect. The forms are tried on the program first, so what is stored can be loaded.
    fn decide_form(&self, who: &Identity, kind: &str, version: u64, state: FormState, action: &str) -> Result<(), OfficeError> {
        let _one_at_a_time = self.forms_changing();
        let mut forms = kept_forms(self.ledger())?;
        let Some(form) = forms.iter_mut().find(|form| form.kind == kind && form.version == version) else {
            return Err(no_such_form(kind, version));
        };
        form.state = state;
        form.decided_at = Some(self.clock().now());
        form.decided_by = Some(who.name().to_owned());
        let entry = AuditEntry::of(self, who, action).note(&form.file());
        let (key, mut kept, is_centre) = (form_key(kind, version), form.clone(), self.is_centre()?);
        self.form_shelf().try_on(&in_use(&forms), &kept.file())?;
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            if is_centre {
                kept.announce(w)?;
            }
            w.cabinet_put(FORMS, &key, serde_json::to_value(&kept)?)?;
            write_audit(w, entry)
        })?;
        self.form_shelf().renew(&in_use(&forms))?;
        if state == FormState::Adopted {
            self.tell_of_form(kind, version)?;
        }
        self.wake_followers();
        Ok(())
    }

    fn hindrance(&self, version: &FormVersion) -> Option<Label> {
        let today = day_of(self.clock().now());
        if let Some(at) = version.origin.as_ref().and_then(|origin| origin.withdrawn_at) {
            let day = viet::format_day(day_of(at));
            return Some(label(
                format!("Trung ương đã thu hồi phiên bản này ngày {day}."),
                format!("The Centre withdrew this version on {day}."),
            ));
        }
        let current = self.catalogue().kind(&version.kind.name)?;
        if version.kind.version <= current.version {
            let number = current.version;
            return Some(label(
                format!("Phiên bản {number} đang áp dụng không cũ hơn phiên bản này."),
                format!("Version {number}, which is in force, is not older than this one."),
            ));
        }
        match viet::PartialDate::from_iso(&version.kind.valid_from) {
            Ok(from) if from.first_day() > today => {
                let day = viet::format_day(from.first_day());
                Some(label(
                    format!("Mẫu có hiệu lực từ {day}; áp dụng được từ ngày đó."),
                    format!("The form is valid from {day} and can be adopted from that day."),
                ))
            }
            _ => None,
        }
    }

    /// Reads the file of one kind as a version beside those in force.
    fn read_form_file(&self, text: &str) -> Result<Kind, OfficeError> {
        let faulty = |vi: String, en: String| {
            OfficeError::refused(
                "form_faulty",
                format!("Tệp mẫu có lỗi, chưa nhận. Hãy sửa các dòng sau rồi tải lên lại: {vi}"),
                format!("The file has faults and was not received. Mend these lines and upload it again: {en}"),
            )
        };
        let before = self.catalogue();
        let with = before.with_form("", text, true).map_err(|error| {
            let lines = |lang| {
                let lines: Vec<String> =
                    error.problems.iter().map(|problem| format!("{}: {}", problem.line, problem.reason.get(lang))).collect();
                lines.join("; ")
            };
            faulty(lines(Lang::Vi), lines(Lang::En))
        })?;
        let new = with.kinds().find(|kind| before.kind(&kind.name).is_none_or(|known| known.version != kind.version)).cloned();
        new.ok_or_else(|| faulty("1: —".to_owned(), "1: —".to_owned()))
    }

    /// # Errors
    /// `Refused` (`form_unfit`, `form_of_the_program`) when the file is none that this program can use.
    pub(crate) fn form_version_of(&self, kept: KeptForm) -> Result<FormVersion, OfficeError> {
        let known = self.catalogue().kind_version(&kept.kind, kept.version).cloned();
        let kind = match known {
            Some(kind) => kind,
            None => {
                let with = self.catalogue().with_form(&kept.file(), &kept.text, false).map_err(|error| form_unfit(&error.problems))?;
                let other = || {
                    form_unfit(&[Problem {
                        file: kept.file(),
                        line: 0,
                        reason: label("tệp là của mẫu hoặc phiên bản khác", "the file is of another form or version"),
                    }])
                };
                with.kind_version(&kept.kind, kept.version).cloned().ok_or_else(other)?
            }
        };
        if kept.origin.is_some() {
            refuse_form_of_program(&kind)?;
        }
        Ok(FormVersion {
            kind,
            state: kept.state,
            origin: kept.origin,
            received: (kept.received_at, kept.received_by),
            decided: kept.decided_at.zip(kept.decided_by),
            text: kept.text,
        })
    }
}

/// The forms of the node as they are kept, and as the shelf takes them.
#[derive(PartialEq, Eq)]
pub(crate) struct KeptForms(Vec<KeptForm>);

impl KeptForms {
    /// Reads them from the cabinet.
    pub(crate) fn read(ledger: &ledger::Ledger) -> Result<KeptForms, OfficeError> {
        Ok(KeptForms(kept_forms(ledger)?))
    }

    /// Those that records may have been made with, in the order of their versions.
    pub(crate) fn in_use(&self) -> Vec<NodeForm<'_>> {
        in_use(&self.0)
    }
}

fn in_use(forms: &[KeptForm]) -> Vec<NodeForm<'_>> {
    let used = forms.iter().filter(|form| matches!(form.state, FormState::Adopted | FormState::Withdrawn));
    used.map(|form| NodeForm { file: form.file(), text: &form.text, adopted: form.state == FormState::Adopted }).collect()
}

pub(crate) fn kept_forms(ledger: &ledger::Ledger) -> Result<Vec<KeptForm>, OfficeError> {
    let mut forms = Vec::new();
    for (_, value) in ledger.read(|r| r.cabinet_list(FORMS, None, 1_000, false))? {
        forms.push(serde_json::from_value(value)?);
    }
    Ok(forms)
}

fn kept_form(ledger: &ledger::Ledger, kind: &str, version: u64) -> Result<KeptForm, OfficeError> {
    let key = form_key(kind, version);
    let kept = ledger.read(|r| -> Result<Option<Value>, LedgerError> { r.cabinet_get(FORMS, &key) })?;
    kept.map(serde_json::from_value).transpose()?.ok_or_else(|| no_such_form(kind, version))
}

/// Sorts by kind and version.
pub(crate) fn form_key(kind: &str, version: u64) -> String {
    format!("{kind}:{version:010}")
}

/// A form whose kind the program itself reads and fills in changes with the program only.
fn refuse_form_of_program(kind: &Kind) -> Result<(), OfficeError> {
    if !FORMS_OF_THE_PROGRAM.contains(&kind.name.as_str()) {
        return Ok(());
    }
    Err(OfficeError::refused(
        "form_of_the_program",
        format!("Mẫu “{}” gắn với chương trình, chỉ đổi cùng phiên bản mới của chương trình; chưa nhận tệp.", kind.label.vi),
        format!("The form “{}” belongs to the program and changes with it only; the file was not received.", kind.label.en),
    ))
}

/// What is wrong with a file that was kept.
pub(crate) fn form_unfit(problems: &[Problem]) -> OfficeError {
    let said =
        |lang| problems.iter().map(|problem| format!("{}: {}", problem.line, problem.reason.get(lang))).collect::<Vec<_>>().join("; ");
    let (vi, en) = (said(Lang::Vi), said(Lang::En));
    OfficeError::refused(
        "form_unfit",
        format!("Mẫu không khớp với chương trình, chưa thay đổi gì: dòng {vi}."),
        format!("The form does not fit the program, nothing was changed: line {en}."),
    )
}

fn no_such_form(kind: &str, version: u64) -> OfficeError {
    OfficeError::NotFound(format!("form {kind} version {version}"))
}

fn note_faults(kind: &Kind, record: RecordId, faults: &[catalogue::Fault], found: &mut BTreeMap<(String, String), TrialFault>) {
    for fault in faults {
        let path: Vec<&str> = fault.path.split('.').filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit())).collect();
        let path = path.join(".");
        let entry = found.entry((path.clone(), fault.rule.clone())).or_insert_with(|| TrialFault {
            field: kind.field_at(&path).map_or_else(|| label(path.clone(), path.clone()), |field| field.label.clone()),
            what: fault_words(&fault.rule),
            records: 0,
            examples: Vec::new(),
        });
        // A record may have the same fault in several rows of a group.
        if entry.examples.last() == Some(&record) {
            continue;
        }
        entry.records += 1;
        if entry.examples.len() < 5 {
            entry.examples.push(record);
        }
    }
}

fn fault_words(rule: &str) -> Label {
    match rule {
        "required" => label("chưa có, mẫu mới bắt buộc", "is missing, and required by the new form"),
        "unknown_field" => label("có giá trị, mẫu mới không còn trường này", "has a value, and the new form has no such field"),
        "code" => label("có mã không thuộc danh mục của mẫu mới", "has a code that is not in the new form's list"),
        other => label(format!("không hợp lệ theo mẫu mới ({other})"), format!("does not fit the new form ({other})")),
    }
}
