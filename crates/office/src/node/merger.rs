//! Mergers and changes of keys: what a node says before it closes, and what the node above writes into the directory (LV-Log/1 §6).

use exchange::directory::{KeyChange, Sizes, Statement};
use exchange::key::PublicKey;
use exchange::ledger_shelf::{LedgerShelf, LedgerView};
use exchange::log::{CheckedEntry, append};
use exchange::shelf::{ShelfRead, Standing};
use ledger::{Entry, LedgerError, NodeName, Op, Origin, Reader, StoreRead, Writer};
use serde_json::{Map, Value};

use super::membership::{alone, state};
use super::{Known, TRAVELLING};
use crate::audit::{AuditEntry, write_audit};
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

const DRAWER: &str = "exchange";
/// Says into which node this one was closed.
const CLOSED: &str = "closed_into";
/// Longest number of a document.
const LONGEST_BASIS: usize = 120;

/// Into which node this one has closed; none when it is open.
pub(super) fn closed(store: &dyn StoreRead) -> Result<Option<String>, LedgerError> {
    Ok(store.cabinet_get(DRAWER, CLOSED)?.and_then(|value| value.as_str().map(str::to_owned)))
}

/// Refuses to write records in a node that has closed for a merger.
pub(crate) fn require_open(w: &Writer<'_>) -> Result<(), OfficeError> {
    match w.cabinet_get(DRAWER, CLOSED)? {
        None => Ok(()),
        Some(heir) => {
            let heir = heir.as_str().unwrap_or_default().to_owned();
            Err(OfficeError::refused(
                "node_closed",
                format!("Nút này đã khép để sáp nhập vào “{heir}”; chưa lưu gì. Hãy làm việc tại nút ấy."),
                format!("This node has closed to merge into “{heir}”; nothing was saved. Work at that node."),
            ))
        }
    }
}

impl Office {
    /// Into which node this one has closed; none when it is open.
    pub fn closed_into(&self) -> Result<Option<String>, OfficeError> {
        Ok(self.ledger().read(|r| closed(r.store()))?)
    }

    /// Nodes beside this one under the same node above that could take it over: name and body.
    pub fn possible_heirs(&self, who: &Identity) -> Result<Vec<(String, String)>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let Some(known) = self.exchange().known()? else { return Ok(Vec::new()) };
        let own = &known.membership.name;
        let above = known.directory.parent_of(own);
        let mut heirs = Vec::new();
        for (node, member) in known.directory.members() {
            let is_beside = above.is_some() && known.directory.parent_of(node) == above;
            if node != own && is_beside && known.directory.successor(node) == *node {
                heirs.push((node.as_str().to_owned(), member.title.clone()));
            }
        }
        Ok(heirs)
    }

    /// Closes this node before it is merged into another: its logs get their last entry, and no record is written here any more. Everything that it and the nodes
    /// below it have must be at the node above before, because nothing is taken from them afterwards. It cannot be undone.
    ///
    /// # Errors
    /// `node_alone`, `heir_unknown`, `not_all_above` with the logs that still wait.
    pub fn close_node(&self, who: &Identity, heir: &str) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let known = self.exchange().known()?.ok_or_else(alone)?;
        let heir = member(&known, heir)?;
        let own = known.membership.name.clone();
        if heir == own || known.membership.above.is_none() {
            return Err(heir_unknown(heir.as_str()));
        }
        let entry = AuditEntry::of(self, who, "node.close").note(heir.as_str());
        let now = self.clock().now();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            if w.cabinet_get(DRAWER, CLOSED)?.is_some() {
                return Ok(());
            }
            let waiting = waiting_logs(w, &known)?;
            if !waiting.is_empty() {
                let waiting = waiting.join(", ");
                return Err(OfficeError::refused(
                    "not_all_above",
                    format!("Nút trên chưa nhận đủ: {waiting}. Hãy đợi gửi xong rồi khép lại; nếu còn mục chờ lãnh đạo gửi thì gửi lên trước."),
                    format!("The node above has not received everything: {waiting}. Wait until it has, then close; what waits for the head has to be sent first."),
                ));
            }
            let mut members = Map::new();
            members.insert("op".to_owned(), Value::from("seal"));
            members.insert("to".to_owned(), Value::from(heir.as_str()));
            for audience in TRAVELLING {
                let origin = Origin::of(&own, audience)?;
                if LedgerShelf::over(w).log(&origin)?.is_none() {
                    continue;
                }
                let bytes = Entry::new(now, Op::Other(members.clone())).to_bytes().map_err(ledger::LedgerError::from)?;
                let checked = CheckedEntry::read(&bytes, None).map_err(|refusal| OfficeError::Data(refusal.to_string()))?;
                append(&mut LedgerShelf::over(w), &origin, checked)?;
            }
            w.cabinet_put(DRAWER, CLOSED, Value::from(heir.as_str()))?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        self.exchange().wake();
        Ok(())
    }

    /// Hands everything of a node below over to another node below: one entry of the directory, whatever the number of records. `is_lost` says that the machine
    /// of the old node is gone and its logs will never be closed; then what was signed last counts.
    ///
    /// # Errors
    /// `node_alone`, `heir_unknown`, `basis_missing`, `merged_already`, `not_closed` with the logs that are still open.
    pub fn merge_node(&self, who: &Identity, of: &str, by: &str, basis: &str, is_lost: bool) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let known = self.exchange().known()?.ok_or_else(alone)?;
        let (of, by) = (member(&known, of)?, member(&known, by)?);
        let own = &known.membership.name;
        if of == by || [&of, &by].into_iter().any(|node| known.directory.parent_of(node).as_ref() != Some(own)) {
            return Err(OfficeError::refused(
                "heir_unknown",
                "Hai nút phải khác nhau và đều trực thuộc nút này.",
                "The two nodes must be different and both directly under this one.",
            ));
        }
        if known.directory.successor(&of) != of || known.directory.successor(&by) != by {
            return Err(OfficeError::refused(
                "merged_already",
                "Một trong hai nút đã sáp nhập trước đó.",
                "One of the two nodes was merged before.",
            ));
        }
        let basis = viet::nfc(basis.trim()).into_owned();
        if basis.is_empty() || basis.chars().count() > LONGEST_BASIS {
            return Err(OfficeError::refused(
                "basis_missing",
                format!("Hãy ghi số văn bản làm căn cứ sáp nhập, ví dụ 202/2025/QH15, tối đa {LONGEST_BASIS} ký tự."),
                format!(
                    "Give the number of the document that is the ground of the merger, e.g. 202/2025/QH15, at most {LONGEST_BASIS} characters."
                ),
            ));
        }
        let entry = AuditEntry::of(self, who, "node.merge").note(&format!("{} → {}: {basis}", of.as_str(), by.as_str()));
        let now = self.clock().now();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let (mut cut, mut start, mut open) = (Sizes::new(), Sizes::new(), Vec::new());
            {
                let held = held_origins(w)?;
                let shelf = LedgerShelf::over(w);
                for origin in &held {
                    let Some(log) = shelf.log(origin)? else { continue };
                    let owner = origin.node();
                    if owner == by {
                        start.insert(origin.clone(), log.signed_size());
                    }
                    if known.directory.is_under(&owner, &of) {
                        cut.insert(origin.clone(), log.signed_size());
                    }
                    if owner == of && (log.standing != Standing::Sealed || log.signed_size() < log.size) {
                        open.push(origin.as_str().to_owned());
                    }
                }
            }
            if !is_lost && !open.is_empty() {
                let open = open.join(", ");
                return Err(OfficeError::refused(
                    "not_closed",
                    format!(
                        "Nút cũ chưa khép: {open}. Tại nút ấy hãy chạy “lienvung node close”; nếu máy ấy đã mất, đánh dấu “máy đã mất”."
                    ),
                    format!(
                        "The old node has not closed: {open}. Run “lienvung node close” there; if its machine is gone, mark it as lost."
                    ),
                ));
            }
            state(w, &[Statement::Transfer { recs: None, of, by, cut, start, basis }], now)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        self.exchange().wake();
        Ok(())
    }

    /// Gives a node below another key. `is_stolen` says that the old one was lost or is in wrong hands: nothing that it signs from now on counts anywhere; else it
    /// is retired. What it has signed stays good.
    ///
    /// # Errors
    /// `node_alone`, `heir_unknown` when it is not under this node, `key_bad`.
    pub fn change_node_key(&self, who: &Identity, node: &str, vkey: &str, is_stolen: bool) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let known = self.exchange().known()?.ok_or_else(alone)?;
        let node = member(&known, node)?;
        if known.directory.parent_of(&node).as_ref() != Some(&known.membership.name) {
            return Err(heir_unknown(node.as_str()));
        }
        let named = format!("lv1/{}", node.as_str());
        let Some(key) = PublicKey::parse_vkey(vkey.trim()).filter(|(name, _)| *name == named).map(|(_, key)| key) else {
            return Err(OfficeError::refused(
                "key_bad",
                format!("Khóa phải là một dòng dạng {named}+…+…, do nút ấy in bằng “lienvung node key”."),
                format!("The key must be a line like {named}+…+…, as that node prints it with “lienvung node key”."),
            ));
        };
        let entry = AuditEntry::of(self, who, "node.key").note(node.as_str());
        let now = self.clock().now();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let mut from = Sizes::new();
            for origin in held_origins(w)?.into_iter().filter(|origin| origin.node() == node) {
                let size = LedgerShelf::over(w).log(&origin)?.map_or(0, |log| log.signed_size());
                from.insert(origin, size);
            }
            let mut statements = vec![Statement::Key { node: node.clone(), key, change: KeyChange::Add, from: Sizes::new() }];
            let change = if is_stolen { KeyChange::Revoke } else { KeyChange::Retire };
            for old in known.directory.present_keys(&node).into_iter().filter(|old| *old != key) {
                statements.push(Statement::Key { node: node.clone(), key: old, change, from: from.clone() });
            }
            state(w, &statements, now)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        Ok(())
    }
}

/// The logs of other nodes that are held at this moment: what is said of their sizes counts for ever, so none may be missed.
fn held_origins(w: &Writer<'_>) -> Result<Vec<Origin>, OfficeError> {
    Ok(w.store().held_logs()?.into_iter().map(|log| log.origin).collect())
}

/// Logs of this node and those below it of which the node above lacks something.
fn waiting_logs(w: &mut Writer<'_>, known: &Known) -> Result<Vec<String>, OfficeError> {
    let own = &known.membership.name;
    let mut origins = held_origins(w)?;
    origins.retain(|origin| known.directory.is_under(&origin.node(), own));
    for audience in TRAVELLING {
        origins.push(Origin::of(own, audience)?);
    }
    let shelf = LedgerShelf::over(w);
    let mut waiting = Vec::new();
    for origin in origins {
        if shelf.log(&origin)?.is_some_and(|log| log.received_size() < log.size) {
            waiting.push(origin.as_str().to_owned());
        }
    }
    Ok(waiting)
}

pub(super) fn member(known: &Known, name: &str) -> Result<NodeName, OfficeError> {
    let found = NodeName::parse(name.trim()).ok().filter(|name| known.directory.member(name).is_some());
    found.ok_or_else(|| heir_unknown(name))
}

pub(super) fn heir_unknown(name: &str) -> OfficeError {
    OfficeError::refused(
        "heir_unknown",
        format!("Không có nút “{name}” phù hợp trong danh bạ. Hãy kiểm tra tên nút."),
        format!("There is no fitting node “{name}” in the directory. Check its name."),
    )
}

impl Known {
    /// Logs that have to be read at the node above: those of a node that was merged into this one, up to where they were cut, and of nodes under this one what it
    /// must have taken over from the node it follows, or has lost.
    pub(super) fn to_take_over(&self, r: &Reader<'_>) -> Result<Vec<Origin>, OfficeError> {
        let view = LedgerView::over(r);
        let own = &self.membership.name;
        let mut origins = Vec::new();
        for origin in self.origins.values() {
            let owner = origin.node();
            let needed = if owner == *own {
                continue;
            } else if self.directory.successor(&owner) == *own {
                self.directory.cut_of(origin).unwrap_or(0)
            } else if self.directory.is_under(&owner, own) {
                self.directory.floor(origin, own)
            } else {
                continue;
            };
            let held = view.log(origin)?.map_or(0, |log| log.size);
            if held < needed {
                origins.push(origin.clone());
            }
        }
        Ok(origins)
    }
}
