//! Answers of bodies to directives, and the assigner's verdicts on them.

use jiff::civil::Date;
use ledger::{RecordId, Writer};
use serde_json::{Value, json};

use crate::audit::AuditEntry;
use crate::board::{Answer, Directive, Evidence};
use crate::directive::{fault, put_text};
use crate::error::OfficeError;
use crate::held_record::public_of;
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, Decision, decide};
use crate::record::{Draft, Stored, inside, reference};

/// Which answer record a body keeps for a directive: one per pair, its versions are the reports.
const ANSWER_OF: &str = "answer_of";

/// What an officer types to answer.
#[derive(Debug, Clone, Default)]
pub struct AnswerForm {
    /// `doing`, `done` or `blocked`.
    pub answer_state: String,
    /// 0 to 100.
    pub percent: Option<i64>,
    /// The day the evidence shows; needed for `done`.
    pub done_day: Option<Date>,
    /// What was done.
    pub text: String,
    /// What is in the way; the Ministry sees it, the public does not.
    pub difficulties: String,
    /// Evidence; at least one item for `done`.
    pub evidence: Vec<Evidence>,
    /// Whether to mark it as illustrative (demo).
    pub illustrative: bool,
}

/// An answer with what is around it.
#[derive(Debug, Clone)]
pub struct AnswerPage {
    /// The directive.
    pub directive: RecordId,
    /// The directive's content.
    pub directive_data: Directive,
    /// The body that answers.
    pub body: RecordId,
    /// The answer so far.
    pub answer: Option<(RecordId, u64, Answer)>,
    /// May this person answer for the body?
    pub may_answer: Decision,
    /// May this person accept or return it?
    pub may_verify: Decision,
}

impl Office {
    /// The answer of one body to a directive, and what this person may do with it.
    pub fn answer_page(&self, who: &Identity, directive: RecordId, body: RecordId) -> Result<AnswerPage, OfficeError> {
        let page = self.directive_page(who, directive)?;
        if !page.directive.issued_to.contains(&body) {
            return Err(OfficeError::NotFound(format!("{directive} was not issued to {body}")));
        }
        let place = self.subject_of_body(who, body, Role::Officer);
        let mut may_answer = decide(who, Action::Answer, &place);
        let found = self.ledger().read(|r| r.cabinet_get(ANSWER_OF, &pair(directive, body)))?;
        let own = found.as_ref().and_then(Value::as_str).and_then(|text| RecordId::parse(text).ok());
        let on_board = page.parts.iter().find(|part| part.body == body).and_then(|part| part.answer);
        let answer = match own.or(on_board) {
            Some(id) => match self.view(who, id) {
                Ok(view) if view.held.is_some() => {
                    may_answer = view.edit;
                    self.held_answer(id)?.map(|(version, answer)| (id, version, answer))
                }
                Ok(view) => match view.data {
                    Some(data) => Some((id, view.version, serde_json::from_value(data)?)),
                    None => None,
                },
                Err(OfficeError::NotFound(_)) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        Ok(AnswerPage { directive, directive_data: page.directive, body, answer, may_answer, may_verify: page.verify })
    }

    /// Answers a directive in the name of a body: makes the body's answer record, or its next version.
    pub fn answer(&self, who: &Identity, directive: RecordId, body: RecordId, form: AnswerForm) -> Result<Stored, OfficeError> {
        let page = self.answer_page(who, directive, body)?;
        page.may_answer.require()?;
        if page.directive_data.state != "issued" {
            return Err(OfficeError::refused(
                "not_issued",
                "Nội dung này chưa giao hoặc đã rút.",
                "This directive is not issued or was withdrawn.",
            ));
        }
        if let Some(day) = form.done_day
            && day > self.clock().today()
        {
            return Err(OfficeError::Invalid(vec![fault(
                "done_day",
                "not_in_future",
                "Ngày hoàn thành: không được sau hôm nay.",
                "Day of completion: may not lie after today.",
            )]));
        }
        let mut data = json!({
            "directive": directive.to_string(),
            "body": body.to_string(),
            "answer_state": form.answer_state,
            "state": "sent",
            "evidence": evidence_data(&form.evidence)?,
        });
        put_text(&mut data, "text", Some(form.text));
        put_text(&mut data, "difficulties", Some(form.difficulties));
        put_text(&mut data, "done_day", form.done_day.filter(|_| form.answer_state == "done").map(|day| day.to_string()));
        if let Some(members) = data.as_object_mut() {
            if let Some(percent) = form.percent {
                members.insert("percent".to_owned(), json!(percent));
            }
            if form.illustrative {
                members.insert("illustrative".to_owned(), json!(true));
            }
            if form.evidence.is_empty() {
                members.remove("evidence");
            }
        }
        let id = page.answer.as_ref().map(|(id, _, _)| *id);
        let previous = match id {
            Some(id) => Some(self.ledger().read(|r| inside(r, id))?.0.leaf),
            None => None,
        };
        let prepared = self.prepare(who, Draft { id, kind: "answer".to_owned(), data, previous }, Action::Answer)?;
        let entry = AuditEntry::of(self, who, "directive.answer").record(directive).note(&form.answer_state);
        self.store(vec![prepared], vec![entry])?.pop().ok_or_else(|| OfficeError::Data("nothing stored".to_owned()))
    }

    /// Accepts (`accepted`) or returns (`returned`, with a remark) the answer's version that was on screen.
    pub fn judge(&self, who: &Identity, answer: RecordId, version: u64, verdict: &str, remark: &str) -> Result<Stored, OfficeError> {
        let missing = || OfficeError::NotFound(answer.to_string());
        let (current, content) = match self.ledger().read(|r| inside(r, answer)) {
            Ok((current, data)) if current.kind == "answer" => (current.ver, serde_json::from_value(data)?),
            Ok(_) => return Err(missing()),
            Err(OfficeError::NotFound(_)) => self.held_answer(answer)?.ok_or_else(missing)?,
            Err(error) => return Err(error),
        };
        let content: Answer = content;
        let (Some(directive), Some(body)) = (content.directive, content.body) else {
            return Err(OfficeError::NotFound(answer.to_string()));
        };
        let page = self.directive_page(who, directive)?;
        page.verify.require()?;
        if current != version {
            return Err(OfficeError::Changed { current });
        }
        if verdict == "accepted" && (content.answer_state != "done" || content.evidence.is_empty()) {
            return Err(OfficeError::refused(
                "no_evidence",
                "Chưa chấp nhận được: báo cáo chưa ghi hoàn thành hoặc chưa có minh chứng (số văn bản, liên kết hoặc bản ghi).",
                "It cannot be accepted: the answer is not done or has no evidence (document number, link or record).",
            ));
        }
        let owner = page.directive.assigner.or(page.directive.owner);
        let mut data = json!({
            "answer": answer.to_string(),
            "answer_version": version,
            "directive": directive.to_string(),
            "body": body.to_string(),
            "verdict": verdict,
            "day": self.clock().today().to_string(),
        });
        put_text(&mut data, "owner", owner.map(|id| id.to_string()));
        put_text(&mut data, "remark", Some(remark.to_owned()));
        if content.illustrative
            && let Some(members) = data.as_object_mut()
        {
            members.insert("illustrative".to_owned(), json!(true));
        }
        let prepared = self.prepare(who, Draft { id: None, kind: "verdict".to_owned(), data, previous: None }, Action::Verify)?;
        let entry = AuditEntry::of(self, who, "answer.judge").record(answer).note(verdict);
        self.store(vec![prepared], vec![entry])?.pop().ok_or_else(|| OfficeError::Data("nothing stored".to_owned()))
    }
}

impl Office {
    /// An answer in the log of another node: what the board shows of it, and the number of that version.
    fn held_answer(&self, id: RecordId) -> Result<Option<(u64, Answer)>, OfficeError> {
        let found = public_of(self.ledger(), self.form_shelf(), id)?.filter(|(maker, kind, _)| !maker.is_empty() && kind.name == "answer");
        Ok(found.and_then(|(_, _, version)| Some((version.ver, serde_json::from_value(version.data?).ok()?))))
    }
}

/// Where the cabinet keeps which record answers for a body: `<directive>/<body>`.
fn pair(directive: RecordId, body: RecordId) -> String {
    format!("{directive}/{body}")
}

/// One answer record per directive and body: two officers may press "send" at the same moment, and the second must not make a second record.
pub(crate) struct Claim(String);

impl Claim {
    pub(crate) fn of(data: &Value) -> Option<Claim> {
        Some(Claim(pair(reference(data, "directive")?, reference(data, "body")?)))
    }

    /// Takes the place for the record `id`, or says that another has it.
    pub(crate) fn take(self, w: &mut Writer, id: RecordId) -> Result<(), OfficeError> {
        match w.cabinet_get(ANSWER_OF, &self.0)? {
            Some(Value::String(other)) if other != id.to_string() => Err(OfficeError::refused(
                "answer_exists",
                "Cơ quan này đã có báo cáo cho nội dung này; chưa lưu gì. Hãy mở báo cáo đó và sửa tiếp.",
                "This body has an answer to this directive already; nothing was saved. Open that answer and go on from it.",
            )),
            Some(_) => Ok(()),
            None => Ok(w.cabinet_put(ANSWER_OF, &self.0, Value::String(id.to_string()))?),
        }
    }
}

fn evidence_data(evidence: &[Evidence]) -> Result<Value, OfficeError> {
    let mut items = Vec::new();
    for item in evidence {
        let mut data = serde_json::to_value(item)?;
        if let Some(members) = data.as_object_mut() {
            members.retain(|_, value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
        }
        items.push(data);
    }
    Ok(Value::Array(items))
}
