//! Records that are sent back to their owners: by a person at a node above, or by the node itself when one does not fit its form; and the owner's inbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use catalogue::{Fault, Label};
use exchange::cite::{CITE, MOST_CODES, Returned, is_code};
use exchange::ledger_shelf::LedgerView;
use exchange::shelf::ShelfRead;
use ledger::{Change, Entry, FollowError, Follower, Held, LeafHash, Ledger, LedgerError, Origin, RecordId};
use serde_json::Value;

use crate::audit::{AuditEntry, write_audit};
use crate::clock::{Clock, SECOND};
use crate::error::{OfficeError, label};
use crate::form_shelf::FormShelf;
use crate::held_record::HeldRecord;
use crate::identity::Identity;
use crate::node::{Exchange, KeptReturn, RETURNED, RETURNED_HERE, RETURNED_OF, cite_returned, require_open, said_of};
use crate::office::Office;
use crate::permission::{Action, Decision, Subject, decide};
use crate::record::RecordView;

/// The closed list of reasons that a person gives.
const REASONS: &str = "return-reasons";
/// Words for the rules of forms.
const RULES: &str = "form-faults";
/// Where the judge keeps how far it has looked.
const DRAWER: &str = "exchange";
const JUDGED_TO: &str = "judged_to";
/// Changes after which that is kept although nothing of others was among them.
const KEEP_EVERY: u64 = 100_000;

/// That a version was sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The body that sent it back, or its node where the directory does not name it; the Centre is called so.
    pub by: Label,
    /// When, microseconds since 1970.
    pub at: i64,
    /// Why.
    pub reasons: Vec<Label>,
}

/// A record that was sent back, in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedRow {
    /// The record.
    pub id: RecordId,
    /// Its title as this person may see it; empty when he may not.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// The return; `by` is the owner's node in the list of what this node has sent back.
    pub returned: Return,
}

/// A page of such a list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReturnedPage {
    /// The rows.
    pub rows: Vec<ReturnedRow>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Office {
    /// The reasons that a person may give: code and words.
    pub fn return_reasons(&self) -> Vec<(String, Label)> {
        let list = self.catalogue().list(REASONS);
        list.map(|list| list.codes.iter().map(|code| (code.code.clone(), code.label.clone())).collect()).unwrap_or_default()
    }

    /// May this person send the held record back? Officers of the body that runs this node may, when the owner's node is under it.
    pub(crate) fn may_return(&self, who: &Identity, held: &Held) -> Result<Decision, OfficeError> {
        if !self.exchange().is_below(&held.origin.node())? {
            return Ok(Decision {
                allowed: false,
                why: label(
                    "Nút của bản ghi này không thuộc nút này nên không trả lại được.",
                    "The record's node is not under this one, so it cannot be returned.",
                ),
            });
        }
        let name = self.directory().short_name(self.body(), self.clock().today());
        Ok(decide(who, Action::ReturnRecord, &Subject::body(self.body(), name)))
    }

    /// Sends the version `leaf` of a held record, the one that this person has seen, back to its owner for reasons out of [`Office::return_reasons`].
    ///
    /// # Errors
    /// `NotFound`; `not_held` for one's own record; `Denied`; `reason_missing`; `returned_already`; `Changed` when a newer version has come in.
    pub fn return_record(&self, who: &Identity, id: RecordId, leaf: LeafHash, codes: &[String]) -> Result<(), OfficeError> {
        let view = self.view(who, id)?;
        if view.held.is_none() {
            return Err(OfficeError::refused(
                "not_held",
                "Bản ghi này của chính nút này; hãy sửa hoặc rút lại thay vì trả lại.",
                "The record is this node's own; change or withdraw it instead of returning it.",
            ));
        }
        let held = self.ledger().read(|r| HeldRecord::read(r, id))?;
        let held =
            held.and_then(|held| held.versions().iter().find(|(_, held)| held.version.leaf == view.leaf).map(|(_, held)| held.clone()));
        let held = held.ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
        self.may_return(who, &held)?.require()?;
        let known = self.return_reasons();
        if codes.is_empty() || !codes.iter().all(|code| known.iter().any(|(known, _)| known == code)) {
            return Err(OfficeError::refused(
                "reason_missing",
                "Lý do: hãy chọn ít nhất một lý do trong danh sách; chưa trả lại gì.",
                "Reason: choose at least one from the list; nothing was returned.",
            ));
        }
        if view.leaf != leaf {
            return Err(OfficeError::Changed { current: view.version });
        }
        let entry = AuditEntry::of(self, who, "record.return").record(id).note(&codes.join(", "));
        let (codes, now) = (codes.to_vec(), self.clock().now());
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            require_open(w)?;
            if !cite_returned(w, &held, &codes, now)? {
                return Err(OfficeError::refused(
                    "returned_already",
                    "Phiên bản này đã được trả lại; hãy đợi đơn vị gửi phiên bản mới.",
                    "This version was returned already; wait for the owner's next one.",
                ));
            }
            write_audit(w, entry)
        })?;
        self.exchange().wake();
        Ok(())
    }

    /// Whether the version shown was sent back: by a node above, or by this node.
    pub(crate) fn return_of(&self, view: &RecordView) -> Result<Option<Return>, OfficeError> {
        let (drawer, key) = match &view.held {
            None if view.edit.allowed => (RETURNED, view.id.to_string()),
            None => return Ok(None),
            Some(held) => (RETURNED_HERE, said_of(&held.node, view.audience.as_str(), &view.leaf)),
        };
        let Some(kept) = self.ledger().read(|r| r.cabinet_get(drawer, &key))? else { return Ok(None) };
        let kept: KeptReturn = serde_json::from_value(kept)?;
        if view.held.is_none() && !self.is_present(view.id, &kept)? {
            return Ok(None);
        }
        Ok(Some(self.words_of_return(&view.kind, kept)?))
    }

    /// Whether what was returned is still the present version: an own log may have been taken back from the node above since.
    fn is_present(&self, id: RecordId, kept: &KeptReturn) -> Result<bool, OfficeError> {
        let version = self.ledger().read(|r| r.current(&kept.audience, id))?;
        Ok(version.is_some_and(|version| version.leaf.to_hex() == kept.leaf))
    }

    fn words_of_return(&self, kind: &str, kept: KeptReturn) -> Result<Return, OfficeError> {
        let reasons = kept.codes.iter().map(|code| self.reason_words(kind, code)).collect();
        Ok(Return { by: self.body_of_node(&kept.by)?, at: kept.at.saturating_mul(SECOND), reasons })
    }

    fn body_of_node(&self, node: &str) -> Result<Label, OfficeError> {
        if self.membership()?.is_some_and(|membership| membership.centre.as_str() == node) {
            return Ok(label("Trung ương", "The Centre"));
        }
        let name = ledger::NodeName::parse(node).map_err(OfficeError::from)?;
        let title = self.exchange().title_of(&name)?.unwrap_or_else(|| node.to_owned());
        Ok(label(title.clone(), title))
    }

    /// A code of the list, or a rule with the field that breaks it.
    fn reason_words(&self, kind: &str, code: &str) -> Label {
        let Some((rule, path)) = code.split_once(':') else { return self.word(REASONS, code) };
        let rule = self.word(RULES, rule);
        let name = path.split('.').next().unwrap_or_default();
        let field = self.catalogue().kind_of_all_versions(kind).and_then(|kind| kind.field(name).map(|field| field.label.clone()));
        match field {
            Some(field) => label(format!("{}: {}", field.vi, rule.vi), format!("{}: {}", field.en, rule.en)),
            None if name.is_empty() => rule,
            None => label(format!("{name}: {}", rule.vi), format!("{name}: {}", rule.en)),
        }
    }

    /// Records of the bodies this person works for that were sent back and have no newer version yet; at most `limit` after `after`.
    pub fn returned_to(&self, who: &Identity, after: Option<&str>, limit: usize) -> Result<ReturnedPage, OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let mut bodies: Vec<String> = self.bodies_answered_for(who).iter().map(|body| format!("{body}/")).collect();
        if who.is_administrator() {
            // Records that belong to no body are the administrator's.
            bodies.push("/".to_owned());
        }
        bodies.sort_unstable();
        self.returned_under(who, &bodies, after, limit)
    }

    /// All own records that were sent back, body by body, for the administrator.
    pub fn returned_to_node(&self, who: &Identity, after: Option<&str>, limit: usize) -> Result<ReturnedPage, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.returned_under(who, &[String::new()], after, limit)
    }

    fn returned_under(&self, who: &Identity, prefixes: &[String], after: Option<&str>, limit: usize) -> Result<ReturnedPage, OfficeError> {
        let limit = limit.clamp(1, 200);
        let found = self.ledger().read(|r| -> Result<_, LedgerError> {
            let mut found = Vec::new();
            for prefix in prefixes {
                let left = limit + 1 - found.len();
                // Pages go through the bodies in order; one that lies before the place was shown.
                let begins = match after {
                    Some(after) if after.starts_with(prefix.as_str()) => Some(after),
                    Some(after) if prefix.as_str() < after => continue,
                    _ => None,
                };
                for (place, rec) in r.store().cabinet_list(RETURNED_OF, prefix, begins, left, true)? {
                    let rec = rec.as_str().unwrap_or_default().to_owned();
                    let kept = r.cabinet_get(RETURNED, &rec)?;
                    found.push((place, rec, kept));
                }
                if found.len() > limit {
                    break;
                }
            }
            Ok(found)
        })?;
        let has_more = found.len() > limit;
        let mut page = ReturnedPage::default();
        for (place, rec, kept) in found.into_iter().take(limit) {
            if has_more {
                page.next = Some(place);
            }
            let (Ok(id), Some(kept)) = (RecordId::parse(&rec), kept) else { continue };
            let kept: KeptReturn = serde_json::from_value(kept)?;
            if self.is_present(id, &kept)? {
                page.rows.push(self.returned_row(id, kept)?);
            }
        }
        self.name_rows(who, &mut page)?;
        Ok(page)
    }

    fn returned_row(&self, id: RecordId, kept: KeptReturn) -> Result<ReturnedRow, OfficeError> {
        let kind = self.ledger().read(|r| r.current("private", id))?.map(|version| version.kind).unwrap_or_default();
        let returned = self.words_of_return(&kind, kept)?;
        Ok(ReturnedRow { id, title: String::new(), kind, returned })
    }

    fn name_rows(&self, who: &Identity, page: &mut ReturnedPage) -> Result<(), OfficeError> {
        let ids: Vec<RecordId> = page.rows.iter().map(|row| row.id).collect();
        for named in self.titles(who, &ids)? {
            for row in page.rows.iter_mut().filter(|row| row.id == named.id) {
                row.title = named.title.clone();
            }
        }
        Ok(())
    }

    /// What this node has sent back, for the administrator: at most `limit` before place `before` of its citing log.
    pub fn returned_here(&self, who: &Identity, before: Option<u64>, limit: usize) -> Result<ReturnedPage, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let own = Origin::of(self.ledger().node(), CITE)?;
        let (from, rows) = self.ledger().read(|r| -> Result<_, LedgerError> {
            let view = LedgerView::over(r);
            let size = view.log(&own)?.map_or(0, |log| log.size);
            let until = before.unwrap_or(size).min(size);
            let from = until.saturating_sub(limit.clamp(1, 200) as u64);
            let most = usize::try_from(until - from).unwrap_or(0);
            Ok((from, if most == 0 { Vec::new() } else { view.entries(&own, from, most, usize::MAX)? }))
        })?;
        let mut page = ReturnedPage { rows: Vec::new(), next: (from > 0).then(|| from.to_string()) };
        for row in rows.into_iter().rev() {
            let Ok(entry) = Entry::from_bytes(&row.bytes) else { continue };
            let Some(returned) = Returned::from_op(&entry.op) else { continue };
            let kind = self.ledger().read(|r| HeldRecord::read(r, returned.rec))?.and_then(|held| held.kind().map(str::to_owned));
            let kind = kind.unwrap_or_default();
            let reasons = returned.codes.iter().map(|code| self.reason_words(&kind, code)).collect();
            let by = self.body_of_node(returned.origin.node().as_str())?;
            let returned_to = Return { by, at: entry.at.saturating_mul(SECOND), reasons };
            page.rows.push(ReturnedRow { id: returned.rec, title: String::new(), kind, returned: returned_to });
        }
        self.name_rows(who, &mut page)?;
        Ok(page)
    }
}

/// Looks at every version that comes in from the nodes right under this one, and returns those that do not fit their form: replication never judges what it
/// carries, so a record that fails is kept, stands in no list, and goes back with the reason (LV-Log/1 §1.1).
pub(crate) struct FormJudge {
    exchange: Arc<Exchange>,
    ledger: Arc<Ledger>,
    forms: Arc<FormShelf>,
    clock: Clock,
    cursor: AtomicU64,
    /// The cursor as it was kept last.
    kept: AtomicU64,
}

impl FormJudge {
    pub(crate) fn open(
        exchange: Arc<Exchange>,
        ledger: Arc<Ledger>,
        forms: Arc<FormShelf>,
        clock: Clock,
    ) -> Result<FormJudge, OfficeError> {
        let kept = ledger.read(|r| r.cabinet_get(DRAWER, JUDGED_TO))?.and_then(|value| value.as_u64()).unwrap_or(0);
        Ok(FormJudge { exchange, ledger, forms, clock, cursor: AtomicU64::new(kept), kept: AtomicU64::new(kept) })
    }

    /// The versions of the batch that go back, with their codes.
    fn failing(&self, batch: &[Change]) -> Result<Vec<(Held, Vec<String>)>, OfficeError> {
        let mut failing = Vec::new();
        for change in batch {
            if change.own || change.op != "put" || !self.exchange.is_right_below(&change.node)? {
                continue;
            }
            for held in self.ledger.read(|r| r.held(&change.audience, change.rec))? {
                if held.origin.node() != change.node {
                    continue;
                }
                let faults = self.forms.held_faults(&held).unwrap_or_default();
                if !faults.is_empty() {
                    failing.push((held, codes_of(&faults)));
                }
            }
        }
        Ok(failing)
    }

    fn judge(&self, batch: &[Change]) -> Result<(), OfficeError> {
        let failing = self.failing(batch)?;
        let Some(last) = batch.last().map(|change| change.seq) else { return Ok(()) };
        let is_far = last.saturating_sub(self.kept.load(Ordering::Relaxed)) >= KEEP_EVERY;
        if !failing.is_empty() || is_far || batch.iter().any(|change| !change.own) {
            let now = self.clock.now();
            self.ledger.write(move |w| -> Result<(), OfficeError> {
                // A node that has closed for a merger says nothing more.
                let is_open = require_open(w).is_ok();
                for (held, codes) in failing.iter().filter(|_| is_open) {
                    cite_returned(w, held, codes, now)?;
                }
                Ok(w.cabinet_put(DRAWER, JUDGED_TO, Value::from(last))?)
            })?;
            self.kept.store(last, Ordering::Relaxed);
            self.exchange.wake();
        }
        self.cursor.store(last, Ordering::Relaxed);
        Ok(())
    }
}

impl Follower for FormJudge {
    fn name(&self) -> &str {
        "returned"
    }

    fn cursor(&self) -> Result<u64, FollowError> {
        Ok(self.cursor.load(Ordering::Relaxed))
    }

    fn apply(&self, batch: &[Change]) -> Result<(), FollowError> {
        Ok(self.judge(batch)?)
    }

    /// Looks at everything again; what was returned is not returned twice.
    fn rebuild(&self) -> Result<(), FollowError> {
        self.cursor.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// It has no contents of its own: what it says stands in the ledger.
    fn digest(&self) -> Result<String, FollowError> {
        Ok(String::new())
    }
}

/// Rule and field of each fault; never a value, because entries are read beyond the audience of the record.
fn codes_of(faults: &[Fault]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for fault in faults {
        // The name of a field that the form does not have is the sender's own word.
        let path = if fault.rule == "unknown_field" { fault.path.rsplit_once('.').map_or("", |(path, _)| path) } else { &fault.path };
        let code = format!("{}:{path}", fault.rule);
        if is_code(&code) && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes.truncate(MOST_CODES);
    if codes.is_empty() {
        codes.push("object:".to_owned());
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_rule_and_field_and_never_a_word_of_the_sender() {
        let fault = |path: &str, rule: &str| Fault { path: path.into(), rule: rule.into(), message: label("", "") };
        let faults = [
            fault("names.0.valid_to", "date"),
            fault("names.0.nguyen_van_a", "unknown_field"),
            fault("Nguyễn Văn A", "unknown_field"),
            fault("", "object"),
            fault("names.0.valid_to", "date"),
        ];
        assert_eq!(codes_of(&faults), ["date:names.0.valid_to", "unknown_field:names.0", "unknown_field:", "object:"]);
    }
}
