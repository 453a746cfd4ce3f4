//! Directives: their deadline computed, issued to bodies, the deadline changed with its paper, reminders ordered.

use catalogue::Fault;
use jiff::civil::Date;
use ledger::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::audit::{AuditEntry, write_audit};
use crate::board::{Answer, AssignmentRow, BoardRow, DeadlineRow, Directive, Evidence};
use crate::error::OfficeError;
use crate::held_record::Holding;
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, Decision, decide};
use crate::record::{Draft, RecordView, Stored, inside};

const NOTICES: &str = "notice";

/// Everything the page of one directive shows.
#[derive(Debug, Clone)]
pub struct DirectivePage {
    /// The record.
    pub id: RecordId,
    /// The directive as this person may see it.
    pub directive: Directive,
    /// Its row on the board; none while it is a draft.
    pub row: Option<BoardRow>,
    /// The bodies' parts.
    pub parts: Vec<AssignmentRow>,
    /// The evidence of each answer that this person may see.
    pub evidence: Vec<(RecordId, Vec<Evidence>)>,
    /// The history of the deadline.
    pub deadlines: Vec<DeadlineRow>,
    /// The version on screen, for edits.
    pub leaf: ledger::LeafHash,
    /// May this person edit or issue it?
    pub edit: Decision,
    /// May this person change the deadline?
    pub change_deadline: Decision,
    /// May this person accept or return answers?
    pub verify: Decision,
    /// Whose it is, when it is a record of another node.
    pub held: Option<Holding>,
}

/// A new deadline with the paper that allowed it.
#[derive(Debug, Clone, Default)]
pub struct DeadlineForm {
    /// Only for this body; for all when none.
    pub body: Option<RecordId>,
    /// As typed, in any form of [`viet::PartialDate::parse`].
    pub new_due: String,
    /// "trước": the named day itself is too late.
    pub strict: bool,
    /// Number of the document that allowed it. Required.
    pub document_number: String,
    /// Its date as typed; may be empty.
    pub document_day: String,
    /// Its address; may be empty.
    pub document_url: String,
    /// Why; may be empty.
    pub reason: String,
}

/// An in-app notice to a body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    /// When, microseconds since 1970.
    pub at: i64,
    /// Who ordered it.
    pub from: String,
    /// What it is about.
    pub record: RecordId,
    /// The words.
    pub text: String,
}

/// The last day on which a directive is still on time. "Trước tháng 10/2019" ends on 30/09/2019, "trong tháng 10/2019" on 31/10/2019.
pub fn last_day(due: &viet::PartialDate, strict: bool) -> Option<Date> {
    if strict { due.first_day().yesterday().ok() } else { Some(due.last_day()) }
}

/// Computes what is never typed: the last day, the kind when it is not given, and that a deadline is no longer the one the document states.
pub(crate) fn complete(data: &mut Value, before: Option<&Value>) {
    let due = data.get("due").and_then(Value::as_str).and_then(|text| viet::PartialDate::from_iso(text).ok());
    let strict = data.get("due_strict").and_then(Value::as_bool).unwrap_or(false);
    let Some(members) = data.as_object_mut() else { return };
    let last = due.as_ref().and_then(|due| last_day(due, strict));
    match last {
        Some(day) => members.insert("due_last".to_owned(), Value::String(day.to_string())),
        None => members.remove("due_last"),
    };
    let has_period = members.get("period").is_some_and(|value| !value.is_null());
    let kind = if has_period {
        "periodic"
    } else if last.is_some() {
        "dated"
    } else {
        "standing"
    };
    members.insert("kind".to_owned(), Value::String(kind.to_owned()));
    let changed =
        |field: &str, members: &serde_json::Map<String, Value>| before.is_some_and(|before| before.get(field) != members.get(field));
    if members.contains_key("due_raw") && (changed("due", members) || changed("due_last", members)) {
        members.insert("due_origin".to_owned(), Value::String("corrected".to_owned()));
    }
}

/// The deadline of an issued directive changes only with the paper that allows it, so that the old date stays in the history.
pub(crate) fn check_deadline_kept(before: Option<&Value>, data: &Value) -> Option<Fault> {
    let before = before.filter(|before| before.get("state").and_then(Value::as_str) == Some("issued"))?;
    let kept = before.get("due_last") == data.get("due_last") && before.get("due") == data.get("due");
    (!kept).then(|| {
        fault(
            "due",
            "issued_deadline",
            "Hạn: nội dung đã giao nên không sửa hạn ở đây. Dùng “Đổi hạn” và ghi số văn bản cho phép.",
            "Deadline: this directive is issued. Use “Change the deadline” and name the document that allows it.",
        )
    })
}

impl Office {
    /// The page of one directive.
    pub fn directive_page(&self, who: &Identity, id: RecordId) -> Result<DirectivePage, OfficeError> {
        let view = self.view(who, id)?;
        if view.kind != "directive" || view.form == 0 {
            return Err(OfficeError::NotFound(id.to_string()));
        }
        let data = view.data.ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
        let directive: Directive = serde_json::from_value(data)?;
        let today = self.clock().today();
        let place = |body: Option<RecordId>, needed| body.map(|body| self.subject_of_body(who, body, needed)).unwrap_or_default();
        // Deadlines and verdicts of a directive held here are given where it belongs.
        let (change_deadline, verify) = match view.held {
            Some(_) => (view.edit.clone(), view.edit.clone()),
            None => (
                self.may_change_deadline(who, &directive),
                decide(who, Action::Verify, &place(directive.assigner.or(directive.owner), Role::Leader)),
            ),
        };
        let parts = self.board().assignments(id, today)?;
        let mut evidence = Vec::new();
        for answer in parts.iter().filter_map(|part| part.answer) {
            match self.view(who, answer) {
                Ok(RecordView { data: Some(data), held, .. }) => match serde_json::from_value::<Answer>(data) {
                    Ok(found) => evidence.push((answer, found.evidence)),
                    Err(_) if held.is_some() => {}
                    Err(error) => return Err(error.into()),
                },
                Ok(_) | Err(OfficeError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(DirectivePage {
            id,
            row: self.board().row(id, today)?,
            parts,
            evidence,
            deadlines: self.board().deadline_changes(id)?,
            leaf: view.leaf,
            edit: view.edit,
            held: view.held,
            change_deadline,
            verify,
            directive,
        })
    }

    /// Issues drafts to the bodies named on them: to `issued_to` when given, else to the members of the class on the day of the document, else to the
    /// lead bodies. All or nothing.
    ///
    /// # Errors
    /// `addressee_missing`, `class_unknown`, `body_ended` name the item; nothing is issued then.
    pub fn issue(&self, who: &Identity, directives: &[RecordId], issued_day: Option<Date>) -> Result<Vec<Stored>, OfficeError> {
        let plain: Vec<(RecordId, Option<RecordId>)> = directives.iter().map(|id| (*id, None)).collect();
        self.issue_with(who, &plain, issued_day)
    }

    /// Like [`Office::issue`]; a directive with a class beside it gets that class first.
    pub(crate) fn issue_with(
        &self,
        who: &Identity,
        directives: &[(RecordId, Option<RecordId>)],
        issued_day: Option<Date>,
    ) -> Result<Vec<Stored>, OfficeError> {
        if directives.is_empty() {
            return Err(OfficeError::refused(
                "nothing_chosen",
                "Chưa chọn nội dung nào để giao. Hãy đánh dấu ít nhất một.",
                "Nothing is chosen. Mark at least one directive.",
            ));
        }
        let today = self.clock().today();
        let mut records = Vec::new();
        let mut audit = Vec::new();
        for (id, class) in directives {
            let (version, mut data) = self.ledger().read(|r| inside(r, *id))?;
            if let (Some(class), Some(members)) = (class, data.as_object_mut()) {
                members.insert("class".to_owned(), Value::String(class.to_string()));
            }
            if version.kind != "directive" {
                return Err(OfficeError::NotFound(id.to_string()));
            }
            let directive: Directive = serde_json::from_value(data.clone())?;
            if directive.state == "issued" {
                return Err(OfficeError::refused(
                    "already_issued",
                    format!("Mục {} đã được giao trước đó.", directive.item),
                    format!("Item {} has been issued already.", directive.item),
                ));
            }
            let as_of = self.day_of_document(&directive)?.unwrap_or(today);
            let bodies = self.addressees(&directive, as_of)?;
            if let Some(members) = data.as_object_mut() {
                members.insert("issued_to".to_owned(), Value::Array(bodies.iter().map(|body| Value::String(body.to_string())).collect()));
                members.insert("state".to_owned(), json!("issued"));
                members.insert("issued_day".to_owned(), Value::String(issued_day.unwrap_or(today).to_string()));
            }
            records.push(self.prepare(
                who,
                Draft { id: Some(*id), kind: version.kind.clone(), data, previous: Some(version.leaf) },
                Action::Issue,
            )?);
            audit.push(AuditEntry::of(self, who, "directive.issue").record(*id).note(&format!("{} → {}", directive.item, bodies.len())));
            // The document is published with its first issued directive, so that the words can be looked up.
            if let Some(document) = directive.document
                && !records.iter().any(|record| record.id == document)
                && let Some(record) = self.publishing(who, document)?
            {
                records.push(record);
            }
        }
        self.store(records, audit)
    }

    fn publishing(&self, who: &Identity, document: RecordId) -> Result<Option<crate::record::Prepared>, OfficeError> {
        let (version, mut data) = self.ledger().read(|r| inside(r, document))?;
        if data.get("state").and_then(Value::as_str) != Some("draft") {
            return Ok(None);
        }
        if let Some(members) = data.as_object_mut() {
            members.insert("state".to_owned(), json!("published"));
        }
        Ok(Some(self.prepare(
            who,
            Draft { id: Some(document), kind: version.kind.clone(), data, previous: Some(version.leaf) },
            Action::Edit,
        )?))
    }

    /// The bodies a directive goes to, as they were on `as_of`.
    pub fn addressees(&self, directive: &Directive, as_of: Date) -> Result<Vec<RecordId>, OfficeError> {
        let item = if directive.item.is_empty() { "?" } else { &directive.item };
        let mut bodies = Vec::new();
        let named = if directive.issued_to.is_empty() && directive.class.is_none() { &directive.leads } else { &directive.issued_to };
        for id in named {
            let Some(body) = self.directory().get(*id) else { return Err(OfficeError::NotFound(format!("body {id}"))) };
            if body.is_class() {
                bodies.extend(self.members(&body, as_of, item)?);
            } else {
                bodies.push(*id);
            }
        }
        if directive.issued_to.is_empty()
            && let Some(class) = directive.class
        {
            let Some(class) = self.directory().get(class) else { return Err(OfficeError::NotFound(format!("body {class}"))) };
            bodies.extend(self.members(&class, as_of, item)?);
        }
        if bodies.is_empty() {
            let raw = directive.addressee_raw.as_deref().unwrap_or("—");
            return Err(OfficeError::refused(
                "addressee_missing",
                format!("Mục {item}: chưa rõ giao cho ai (văn bản ghi: “{raw}”). Hãy chọn cơ quan chủ trì hoặc nhóm cơ quan rồi giao lại."),
                format!("Item {item}: no addressee (the document says “{raw}”). Choose lead bodies or a class, then issue again."),
            ));
        }
        let mut seen = Vec::new();
        for id in bodies {
            if seen.contains(&id) {
                continue;
            }
            self.check_not_ended(id, as_of, item)?;
            seen.push(id);
        }
        Ok(seen)
    }

    fn members(&self, class: &crate::body::Body, as_of: Date, item: &str) -> Result<Vec<RecordId>, OfficeError> {
        let members = class.members_on(as_of);
        if members.is_empty() {
            let (name, day) = (class.name_on(as_of), viet::format_day(as_of));
            return Err(OfficeError::refused(
                "class_unknown",
                format!(
                    "Mục {item}: chưa biết “{name}” gồm những cơ quan nào vào ngày {day}. Hãy bổ sung thành viên của nhóm hoặc chọn từng cơ quan."
                ),
                format!(
                    "Item {item}: it is not known which bodies “{name}” was made of on {day}. Add members to the class or choose the bodies one by one."
                ),
            ));
        }
        Ok(members)
    }

    fn check_not_ended(&self, id: RecordId, as_of: Date, item: &str) -> Result<(), OfficeError> {
        let Some(body) = self.directory().get(id) else { return Err(OfficeError::NotFound(format!("body {id}"))) };
        if body.is_valid_on(as_of) {
            return Ok(());
        }
        let name = body.short_on(as_of);
        let successor = body.successors.first().map(|successor| self.directory().short_name(successor.body, as_of));
        let (vi, en) = match successor {
            Some(successor) => (format!("đơn vị kế thừa là {successor}"), format!("its successor is {successor}")),
            None => ("chưa ghi đơn vị kế thừa".to_owned(), "no successor is recorded".to_owned()),
        };
        Err(OfficeError::refused(
            "body_ended",
            format!("Mục {item}: {name} không hoạt động vào ngày {}; {vi}. Hãy chọn lại cơ quan.", viet::format_day(as_of)),
            format!("Item {item}: {name} did not exist on {}; {en}. Choose another body.", viet::format_day(as_of)),
        ))
    }

    fn day_of_document(&self, directive: &Directive) -> Result<Option<Date>, OfficeError> {
        let Some(document) = directive.document else { return Ok(None) };
        let (_, data) = self.ledger().read(|r| inside(r, document))?;
        Ok(["event_day", "issued_day", "published_day"]
            .iter()
            .find_map(|field| data.get(*field).and_then(Value::as_str))
            .and_then(|text| viet::PartialDate::from_iso(text).ok())
            .map(|date| date.last_day()))
    }

    fn may_change_deadline(&self, who: &Identity, directive: &Directive) -> Decision {
        let place = |body: Option<RecordId>| body.map(|body| self.subject_of_body(who, body, Role::Officer)).unwrap_or_default();
        let by_owner = decide(who, Action::Issue, &place(directive.owner));
        if by_owner.allowed { by_owner } else { decide(who, Action::Issue, &place(directive.assigner)) }
    }

    /// Changes a deadline. The old one and the paper that allowed the change stay on record.
    pub fn change_deadline(&self, who: &Identity, directive: RecordId, form: DeadlineForm) -> Result<Stored, OfficeError> {
        let page = self.directive_page(who, directive)?;
        page.change_deadline.require()?;
        let due = viet::PartialDate::parse(&form.new_due).map_err(|error| {
            OfficeError::Invalid(vec![fault(
                "new_due",
                "date",
                format!("Hạn mới: {}", error.message_vi()),
                format!("New deadline: {}", error.message_en()),
            )])
        })?;
        let document_day = match form.document_day.trim() {
            "" => None,
            text => Some(viet::PartialDate::parse(text).map_err(|error| {
                OfficeError::Invalid(vec![fault(
                    "document_day",
                    "date",
                    format!("Ngày văn bản: {}", error.message_vi()),
                    format!("Date of the document: {}", error.message_en()),
                )])
            })?),
        };
        if form.document_number.trim().is_empty() {
            return Err(OfficeError::Invalid(vec![fault(
                "document_number",
                "required",
                "Số văn bản cho phép đổi hạn: chưa nhập. Không có văn bản thì không đổi được hạn.",
                "Number of the document that allows the change: missing. Without a document a deadline cannot be changed.",
            )]));
        }
        if let Some(body) = form.body
            && !page.directive.issued_to.contains(&body)
        {
            return Err(OfficeError::Invalid(vec![fault(
                "body",
                "reference",
                "Cơ quan: không nằm trong danh sách được giao.",
                "Body: not among those it was issued to.",
            )]));
        }
        let old = match form.body {
            Some(body) => page.parts.iter().find(|part| part.body == body).and_then(|part| part.last_day),
            None => page.row.as_ref().and_then(|row| row.last_day),
        };
        let owner = page.directive.assigner.filter(|assigner| who.role_in(*assigner) >= Some(Role::Officer)).or(page.directive.owner);
        let mut data = json!({
            "directive": directive.to_string(),
            "new_due": due.to_iso(),
            "new_strict": form.strict,
            "new_last": last_day(&due, form.strict).map(|day| day.to_string()),
            "document_number": form.document_number,
        });
        put_text(&mut data, "owner", owner.map(|id| id.to_string()));
        put_text(&mut data, "body", form.body.map(|id| id.to_string()));
        put_text(&mut data, "old_last", old.map(|day| day.to_string()));
        put_text(&mut data, "document_day", document_day.map(|day| day.to_iso()));
        put_text(&mut data, "document_url", Some(form.document_url));
        put_text(&mut data, "reason", Some(form.reason));
        let draft = Draft { id: None, kind: "deadline_change".to_owned(), data, previous: None };
        let prepared = self.prepare(who, draft, Action::Issue)?;
        let entry = AuditEntry::of(self, who, "directive.deadline").record(directive).note(&due.to_iso());
        self.store(vec![prepared], vec![entry])?.pop().ok_or_else(|| OfficeError::Data("nothing stored".to_owned()))
    }

    /// Orders a reminder to a body: a notice on its desk. For leaders and officers of the assigner or of the body that keeps the directive.
    pub fn remind(&self, who: &Identity, directive: RecordId, body: RecordId) -> Result<(), OfficeError> {
        let page = self.directive_page(who, directive)?;
        page.change_deadline.require()?;
        if !page.directive.issued_to.contains(&body) {
            return Err(OfficeError::NotFound(format!("{directive} was not issued to {body}")));
        }
        let today = self.clock().today();
        let notice = Notice {
            at: self.clock().now(),
            from: who.name().to_owned(),
            record: directive,
            text: format!("Đôn đốc mục {}: {}", page.directive.item, shorten(&page.directive.text, 120)),
        };
        let key = format!("{body}/{}", RecordId::new());
        let value = serde_json::to_value(&notice)?;
        let entry = AuditEntry::of(self, who, "directive.remind").record(directive).note(&self.directory().short_name(body, today));
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            w.cabinet_put(NOTICES, &key, value)?;
            write_audit(w, entry)
        })
    }

    /// Notices to the bodies this person answers for, newest first: at most 50.
    pub fn notices(&self, who: &Identity) -> Result<Vec<(RecordId, Notice)>, OfficeError> {
        let bodies = self.bodies_answered_for(who);
        self.ledger().read(|r| {
            let mut notices = Vec::new();
            for body in bodies {
                for (_, value) in r.cabinet_list_prefix(NOTICES, &format!("{body}/"), 50)? {
                    notices.push((body, serde_json::from_value::<Notice>(value)?));
                }
            }
            notices.sort_by_key(|(_, notice)| std::cmp::Reverse(notice.at));
            notices.truncate(50);
            Ok(notices)
        })
    }
}

/// A name as it stands within a sentence: "Nhiệm vụ KH&CN" → "nhiệm vụ KH&CN"; "S&T task" stays.
pub fn within_a_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(name.chars().skip(1)).collect(),
        _ => name.to_owned(),
    }
}

/// Cuts a text at a word after at most `most` characters and marks the cut.
pub fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most).collect();
    let at_word = cut.rfind(' ').and_then(|at| cut.get(..at)).unwrap_or(&cut);
    format!("{}…", at_word.trim_end_matches([',', ';', '.', ' ']))
}

pub(crate) fn put_text(data: &mut Value, field: &str, text: Option<String>) {
    if let (Some(members), Some(text)) = (data.as_object_mut(), text.filter(|text| !text.trim().is_empty())) {
        members.insert(field.to_owned(), Value::String(text));
    }
}

pub(crate) fn fault(path: &str, rule: &str, vi: impl Into<String>, en: impl Into<String>) -> catalogue::Fault {
    catalogue::Fault { path: path.to_owned(), rule: rule.to_owned(), message: crate::error::label(vi, en) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn before_october_ends_on_the_last_of_september() {
        let october = viet::PartialDate::parse("tháng 10/2019").unwrap();
        assert_eq!(last_day(&october, true), Some(date(2019, 9, 30)));
        assert_eq!(last_day(&october, false), Some(date(2019, 10, 31)));
        assert_eq!(last_day(&viet::PartialDate::parse("2021").unwrap(), false), Some(date(2021, 12, 31)));
    }

    #[test]
    fn kind_and_last_day_are_computed_and_not_taken_from_the_form() {
        let mut data = json!({"due": "2019-10", "due_strict": true, "due_last": "2030-01-01", "kind": "standing"});
        complete(&mut data, None);
        assert_eq!((data["due_last"].as_str(), data["kind"].as_str()), (Some("2019-09-30"), Some("dated")));
        let mut data = json!({"due_last": "2030-01-01"});
        complete(&mut data, None);
        assert_eq!((data.get("due_last"), data["kind"].as_str()), (None, Some("standing")));
    }

    #[test]
    fn a_long_text_is_cut_at_a_word() {
        assert_eq!(shorten("Đẩy nhanh việc xây dựng, kết nối", 25), "Đẩy nhanh việc xây dựng…");
        assert_eq!(shorten("ngắn", 25), "ngắn");
    }
}
