//! Forms that come down from the Centre (LV-Log/1 §8): the Centre says in its catalogue log which versions it adopts and withdraws, and another node takes them
//! in as versions that wait for its administrator. Nothing comes in force by arriving.

use catalogue::Label;
use ledger::{Ledger, LedgerError, NodeName, Published, Writer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::audit::{AuditEntry, write_audit};
use crate::error::{OfficeError, label};
use crate::form_version::{FORMS, FormState, KeptForm, LONGEST_FILE, form_key, kept_forms};
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

/// The sort of such entries in the catalogue log.
const SORT: &str = "form";
/// How far the Centre's catalogue log has been taken in; the key is its node.
const SEEN: &str = "form_seen";
/// Entries that could not be taken in; the key is their place.
const TROUBLES: &str = "form_trouble";
/// Entries taken in at a time; each has at most 1 MiB.
const PAGE: usize = 16;
/// Troubles shown at most, the newest.
const MOST_TROUBLES: usize = 50;
/// Characters kept of something that is no form.
const LONGEST_RAW: usize = 4_000;

/// Where a version came from, when not from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormOrigin {
    /// The Centre's node.
    pub node: String,
    /// Place in its catalogue log.
    pub index: u64,
    /// When the Centre adopted it, by its clock, microseconds since 1970.
    pub at: i64,
    /// When the Centre withdrew it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<i64>,
}

/// Something in the Centre's catalogue log that is no form this node can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormTrouble {
    /// Where it stands.
    pub origin: FormOrigin,
    /// Kind and version, when it has them in form.
    pub form: Option<(String, u64)>,
    /// What is wrong, and what that means here.
    pub why: Label,
    /// As it came.
    pub raw: String,
}

/// What the Centre says of a version.
#[derive(Debug, Serialize, Deserialize)]
struct Announcement {
    kind: String,
    version: u64,
    state: FormState,
    /// The file of `kinds/`; with an adoption only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Erased,
    Unread,
    Differs,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptTrouble {
    origin: FormOrigin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<(String, u64)>,
    reason: Reason,
    raw: String,
}

impl KeptForm {
    /// Says in the catalogue log of this node, the Centre, what has become of the version, unless that has been said.
    pub(crate) fn announce(&mut self, w: &mut Writer<'_>) -> Result<(), OfficeError> {
        if let Some(said) = self.to_say() {
            w.publish(SORT, &serde_json::to_value(&said)?)?;
            self.announced = Some(self.state);
        }
        Ok(())
    }

    /// What the Centre has not said of it so far.
    fn to_say(&self) -> Option<Announcement> {
        let text = match self.state {
            FormState::Adopted if self.text.len() <= LONGEST_FILE => Some(self.text.clone()),
            // Of what was never said to be in force nobody needs to know that it is not.
            FormState::Withdrawn if self.announced.is_some() => None,
            _ => return None,
        };
        let is_said = self.announced == Some(self.state);
        (!is_said).then(|| Announcement { kind: self.kind.clone(), version: self.version, state: self.state, text })
    }
}

/// Takes in what the Centre's catalogue log says since the last time. Each entry has its effect once: how far the log was taken in is kept with it.
pub(crate) fn take_in(ledger: &Ledger, centre: &NodeName, now: i64) -> Result<(), OfficeError> {
    loop {
        let centre = centre.clone();
        let is_done = ledger.write(move |w| -> Result<bool, OfficeError> {
            let from = w.cabinet_get(SEEN, centre.as_str())?.and_then(|value| value.as_u64()).unwrap_or(0);
            let published = w.published_by(&centre, from, PAGE)?;
            let Some(last) = published.last().map(|last| last.index) else { return Ok(true) };
            for entry in published {
                if entry.sort == SORT {
                    take_entry(w, &centre, entry, now)?;
                }
            }
            w.cabinet_put(SEEN, centre.as_str(), json!(last + 1))?;
            Ok(false)
        })?;
        if is_done {
            return Ok(());
        }
    }
}

fn take_entry(w: &mut Writer<'_>, centre: &NodeName, entry: Published, now: i64) -> Result<(), OfficeError> {
    let origin = FormOrigin { node: centre.as_str().to_owned(), index: entry.index, at: entry.at_micros, withdrawn_at: None };
    let Some(said) = entry.said else { return keep_trouble(w, origin, None, Reason::Erased, String::new()) };
    let Some(announced) = Announcement::read(&said) else {
        let raw = serde_json::to_string_pretty(&said)?.chars().take(LONGEST_RAW).collect();
        return keep_trouble(w, origin, None, Reason::Unread, raw);
    };
    let key = form_key(&announced.kind, announced.version);
    let known: Option<KeptForm> = w.cabinet_get(FORMS, &key)?.map(serde_json::from_value).transpose()?;
    let (kept, action) = match (announced.text, known) {
        (Some(text), Some(mut known)) if known.text == text => {
            known.origin = Some(origin);
            (known, "")
        }
        // A version that somebody decided on here stays what it is.
        (Some(text), Some(known)) if !matches!(known.state, FormState::Incoming | FormState::Declined) => {
            return keep_trouble(w, origin, Some((known.kind, known.version)), Reason::Differs, text);
        }
        (Some(text), _) => (KeptForm::arrived(announced.kind, announced.version, text, origin, now), "form.arrive"),
        (None, Some(mut known)) => {
            let Some(before) = &mut known.origin else { return Ok(()) };
            before.withdrawn_at = Some(origin.at);
            (known, "form.withdrawn_above")
        }
        (None, None) => return Ok(()),
    };
    if !action.is_empty() {
        let mut entry = AuditEntry::of_program(now, centre.as_str(), action);
        entry.note = kept.file();
        write_audit(w, entry)?;
    }
    Ok(w.cabinet_put(FORMS, &key, serde_json::to_value(&kept)?)?)
}

fn keep_trouble(
    w: &mut Writer<'_>,
    origin: FormOrigin,
    form: Option<(String, u64)>,
    reason: Reason,
    raw: String,
) -> Result<(), OfficeError> {
    let key = format!("{:012}", origin.index);
    Ok(w.cabinet_put(TROUBLES, &key, serde_json::to_value(KeptTrouble { origin, form, reason, raw })?)?)
}

impl Announcement {
    /// Reads what another node has written; none when it is no announcement in form. Whether the text is a form is judged when it is shown: a later program may
    /// know what this one does not.
    fn read(said: &Value) -> Option<Announcement> {
        let announced = Announcement::deserialize(said).ok()?;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let has_name = (1..=64).contains(&announced.kind.len()) && announced.kind.bytes().all(is_name);
        let is_whole = match announced.state {
            FormState::Adopted => announced.text.as_ref().is_some_and(|text| text.len() <= LONGEST_FILE),
            FormState::Withdrawn => announced.text.is_none(),
            FormState::Incoming | FormState::Declined => false,
        };
        (has_name && is_whole && (1..1_000_000_000).contains(&announced.version)).then_some(announced)
    }
}

impl Reason {
    fn words(self) -> Label {
        match self {
            Reason::Erased => label("nội dung đã được xóa tại Trung ương", "its content has been erased at the Centre"),
            Reason::Unread => label(
                "không đúng dạng của một mẫu, nên không dùng; hãy báo Trung ương",
                "not in the form of a form, so it is not used; tell the Centre",
            ),
            Reason::Differs => label(
                "nút này đã quyết định về một mẫu khác mang cùng số phiên bản; mẫu tại đây giữ nguyên. Hãy so hai tệp và hỏi Trung ương",
                "this node has decided on another form with the same version number; the one here stays. Compare the two files and ask the Centre",
            ),
        }
    }
}

impl Office {
    /// What has come down from the Centre and cannot be used here, newest first: it is kept as it came and changes nothing.
    pub fn form_troubles(&self, who: &Identity) -> Result<Vec<FormTrouble>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let mut troubles = Vec::new();
        for kept in kept_forms(self.ledger())? {
            if let Err(trouble) = self.usable(kept)? {
                troubles.push(trouble);
            }
        }
        for (_, value) in self.ledger().read(|r| r.cabinet_list(TROUBLES, None, MOST_TROUBLES, true))? {
            let KeptTrouble { origin, form, reason, raw } = serde_json::from_value(value)?;
            troubles.push(FormTrouble { origin, form, why: reason.words(), raw });
        }
        troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.origin.index));
        Ok(troubles)
    }

    /// How many versions from the Centre wait for a decision of this administrator; none for others.
    pub fn forms_to_decide(&self, who: &Identity) -> Result<usize, OfficeError> {
        if !decide(who, Action::Administer, &Subject::node()).allowed {
            return Ok(0);
        }
        let forms = kept_forms(self.ledger())?;
        let waits = |form: &&KeptForm| {
            form.state == FormState::Incoming
                && form.origin.as_ref().is_some_and(|origin| origin.withdrawn_at.is_none())
                && !self.form_shelf().came_with_program(&form.kind, form.version)
        };
        Ok(forms.iter().filter(waits).count())
    }

    /// A version, or why one that came from the Centre cannot be used.
    fn usable(&self, kept: KeptForm) -> Result<Result<(), FormTrouble>, OfficeError> {
        let Some(origin) = kept.origin.clone() else { return Ok(Ok(())) };
        let (form, raw) = ((kept.kind.clone(), kept.version), kept.text.clone());
        match self.form_version_of(kept) {
            Ok(_) => Ok(Ok(())),
            Err(OfficeError::Refused { message, .. }) => Ok(Err(FormTrouble { origin, form: Some(form), why: message, raw })),
            Err(other) => Err(other),
        }
    }

    /// As the Centre, says which forms it has adopted and withdrawn, as far as it has not said so.
    pub(crate) fn announce_forms(&self) -> Result<(), OfficeError> {
        if !self.is_centre()? {
            return Ok(());
        }
        let _one_at_a_time = self.forms_changing();
        let mut forms = kept_forms(self.ledger())?;
        forms.retain(|form| form.to_say().is_some());
        if forms.is_empty() {
            return Ok(());
        }
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            for mut form in forms {
                form.announce(w)?;
                w.cabinet_put(FORMS, &form_key(&form.kind, form.version), serde_json::to_value(&form)?)?;
            }
            Ok(())
        })
    }

    /// Whether this node is the Centre of others.
    pub(crate) fn is_centre(&self) -> Result<bool, OfficeError> {
        Ok(self.membership()?.is_some_and(|membership| membership.centre == membership.name))
    }

    /// After a form is known that was not: followers are told again of the records of other nodes that were made with it.
    pub(crate) fn tell_of_form(&self, kind: &str, form: u64) -> Result<(), OfficeError> {
        let known = Some((kind.to_owned(), form));
        let mut after = None;
        loop {
            let (page, mut standing) = self.ledger().read(|r| -> Result<_, LedgerError> {
                let page = r.held_of_kind(kind, after, 500)?;
                let mut standing = Vec::new();
                for rec in &page {
                    for audience in ["ministry", "region", "public"] {
                        standing.extend(r.store().standings(audience, *rec)?);
                    }
                }
                Ok((page, standing))
            })?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            standing
                .retain(|row| row.version.op == "put" && self.form_shelf().foreign_version(&row.origin.node(), row.version.cat) == known);
            self.ledger().write(move |w| -> Result<(), LedgerError> {
                for row in standing {
                    let now = w.store().standings(row.origin.audience(), row.version.rec)?;
                    if now.iter().any(|now| (now.log, now.version.index) == (row.log, row.version.index)) {
                        w.store_mut().note_again(row.log, row.version.rec, &row.version.kind, Some(&row.version))?;
                    }
                }
                Ok(())
            })?;
        }
    }
}
