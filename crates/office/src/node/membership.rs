//! How a node gets its key and its place: the Centre founds, a node above invites with a one-time code, a node below joins.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use exchange::directory::{DIRECTORY, Statement};
use exchange::key::{NodeKey, PublicKey};
use exchange::ledger_shelf::LedgerShelf;
use exchange::log::{CheckedEntry, append};
use ledger::{Entry, NodeName, Origin, Writer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Exchange;
use crate::audit::{AuditEntry, write_audit};
use crate::clock::{HOUR, SECOND};
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};
use crate::session::{digest, new_token};

const DRAWER: &str = "exchange";
const MEMBERSHIP: &str = "membership";
const INVITATIONS: &str = "exchange_invitation";
/// An invitation is good for a week.
const INVITATION_LIFE: i64 = 7 * 24 * HOUR;
/// Longest name of a body in the directory, in characters.
const LONGEST_TITLE: usize = 200;

/// A node's place: the Centre that everybody trusts, and the node above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The node's own name.
    pub name: NodeName,
    /// The Centre.
    pub centre: NodeName,
    /// The Centre's first key, on which all trust rests.
    pub centre_key: PublicKey,
    /// The node above; none for the Centre.
    pub above: Option<Above>,
}

/// The node above and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Above {
    /// Its name.
    pub name: NodeName,
    /// Its public address, e.g. `https://lienvung.example.gov.vn`, without a slash at the end.
    pub address: String,
}

/// An invitation to join, made by the node above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The code, told to the operator of the node below; only its SHA-256 is kept.
    pub code: String,
    /// Until when it is good, microseconds since 1970.
    pub until: i64,
}

/// What a node that joins hands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinForm {
    /// The one-time code.
    pub code: String,
    /// The node's name, as invited.
    pub name: String,
    /// Its public key as a verifier key line under `lv1/<name>`.
    pub vkey: String,
}

/// What it gets back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinAnswer {
    /// Name of the Centre.
    pub centre: String,
    /// The Centre's key as a verifier key line.
    pub centre_vkey: String,
    /// Name of the node that took it in.
    pub parent: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptInvitation {
    name: String,
    title: String,
    until: i64,
    /// The key that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_by: Option<String>,
}

/// The key name of a node in the directory.
fn key_name(node: &NodeName) -> String {
    format!("lv1/{}", node.as_str())
}

/// Reads the key file.
pub(super) fn read_key(file: &Path) -> Result<NodeKey, OfficeError> {
    let missing = || {
        OfficeError::refused(
            "key_missing",
            format!("Không đọc được khóa của nút ({}). Hãy chép lại tệp từ bản cất giữ, hoặc xin nút trên đổi khóa.", file.display()),
            format!(
                "The node's key cannot be read ({}). Copy the file back from where it is kept safe, or have the node above change the key.",
                file.display()
            ),
        )
    };
    let text = std::fs::read_to_string(file).map_err(|_| missing())?;
    let line = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    let seed = ledger::LeafHash::from_hex(line.trim()).ok_or_else(missing)?;
    Ok(NodeKey::from_seed(&seed.0))
}

/// The key in the file; a fresh one is made and written when there is none.
fn key_of(file: &Path) -> Result<NodeKey, OfficeError> {
    if file.exists() {
        return read_key(file);
    }
    let key = NodeKey::generate();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let beside = file.with_extension("key.new");
    // What a broken attempt left behind was never used.
    let _ = std::fs::remove_file(&beside);
    let mut written = options.open(&beside)?;
    writeln!(written, "# Liên Vùng: khóa bí mật của nút, không gửi cho ai, giữ thêm một bản nơi an toàn – the node's secret key")?;
    writeln!(written, "{}", ledger::LeafHash(key.seed()).to_hex())?;
    written.sync_all()?;
    std::fs::rename(&beside, file)?;
    Ok(key)
}

impl Exchange {
    /// The node's place; none when it has not joined.
    pub(super) fn membership(&self) -> Result<Option<Membership>, OfficeError> {
        let kept = self.ledger.read(|r| r.cabinet_get(DRAWER, MEMBERSHIP))?;
        let Some(kept) = kept else { return Ok(None) };
        let broken = || OfficeError::Data("membership".to_owned());
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (centre, centre_key) = read_vkey(&text(&kept, "centre").ok_or_else(broken)?).ok_or_else(broken)?;
        let above = match kept.get("above").filter(|above| !above.is_null()) {
            None => None,
            Some(above) => {
                let name = NodeName::parse(&text(above, "name").ok_or_else(broken)?)?;
                Some(Above { name, address: text(above, "address").ok_or_else(broken)? })
            }
        };
        Ok(Some(Membership { name: self.ledger.node().clone(), centre, centre_key, above }))
    }
}

fn read_vkey(text: &str) -> Option<(NodeName, PublicKey)> {
    let (name, key) = PublicKey::parse_vkey(text)?;
    Some((NodeName::parse(name.strip_prefix("lv1/")?).ok()?, key))
}

fn keep(w: &mut Writer<'_>, membership: &Membership) -> Result<(), OfficeError> {
    let above = membership.above.as_ref().map(|above| json!({"name": above.name.as_str(), "address": above.address}));
    let value = json!({"centre": membership.centre_key.vkey(&key_name(&membership.centre)), "above": above});
    Ok(w.cabinet_put(DRAWER, MEMBERSHIP, value)?)
}

/// Writes statements into the node's own directory log.
pub(super) fn state(w: &mut Writer<'_>, statements: &[Statement], at_micros: i64) -> Result<(), OfficeError> {
    let origin = Origin::of(w.node(), DIRECTORY)?;
    for statement in statements {
        let bytes = Entry::new(at_micros, statement.to_op()).to_bytes().map_err(ledger::LedgerError::from)?;
        let checked = CheckedEntry::read(&bytes, None).map_err(|refusal| OfficeError::Data(refusal.to_string()))?;
        append(&mut LedgerShelf::over(w), &origin, checked)?;
    }
    Ok(())
}

impl Office {
    /// The node's place among the others; none when it stands alone.
    pub fn membership(&self) -> Result<Option<Membership>, OfficeError> {
        self.exchange().membership()
    }

    /// The node's verifier key line, made when it has no key yet.
    pub fn node_key(&self, who: &Identity) -> Result<String, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let key = key_of(&self.exchange().key_file)?;
        Ok(key.public().vkey(&key_name(self.ledger().node())))
    }

    /// Makes this node the Centre: everybody under it trusts its key. Nothing happens when it is the Centre already.
    ///
    /// # Errors
    /// `node_joined` when it belongs to another Centre.
    pub fn found_centre(&self, who: &Identity) -> Result<Membership, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let key = key_of(&self.exchange().key_file)?;
        let name = self.ledger().node().clone();
        if let Some(membership) = self.membership()? {
            return if membership.centre == name { Ok(membership) } else { Err(joined_already(&membership)) };
        }
        let membership = Membership { name: name.clone(), centre: name, centre_key: key.public(), above: None };
        let (kept, entry) = (membership.clone(), AuditEntry::of(self, who, "node.found"));
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            keep(w, &kept)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        Ok(membership)
    }

    /// Invites a node to join under this one. The name is the node's for ever; the title is its body's name, no person's.
    ///
    /// # Errors
    /// `node_alone`, `node_name_bad`, `node_name_taken`, `title_missing`.
    pub fn invite_node(&self, who: &Identity, name: &str, title: &str) -> Result<Invitation, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let known = self.exchange().known()?.ok_or_else(alone)?;
        let name = NodeName::parse(name.trim()).map_err(|_| {
            OfficeError::refused(
                "node_name_bad",
                format!("Tên nút “{name}” không hợp lệ. Dùng 3–64 ký tự: chữ thường không dấu, chữ số, “.”, “-”, ví dụ sokhcn.kontum."),
                format!("The node name “{name}” is not valid. Use 3–64 characters: small letters without marks, digits, “.”, “-”, e.g. sokhcn.kontum."),
            )
        })?;
        if known.directory.member(&name).is_some() {
            return Err(OfficeError::refused(
                "node_name_taken",
                format!("Nút “{}” đã có trong danh bạ; tên nút không dùng lại. Hãy chọn tên khác.", name.as_str()),
                format!("The node “{}” is in the directory already; names are never reused. Choose another.", name.as_str()),
            ));
        }
        let title = viet::nfc(title.trim()).into_owned();
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return Err(OfficeError::refused(
                "title_missing",
                format!("Hãy ghi tên cơ quan của nút, tối đa {LONGEST_TITLE} ký tự."),
                format!("Give the name of the node's body, at most {LONGEST_TITLE} characters."),
            ));
        }
        let (code, until) = (new_token(), self.clock().now() + INVITATION_LIFE);
        let kept = serde_json::to_value(KeptInvitation { name: name.as_str().to_owned(), title, until, used_by: None })?;
        let (place, entry) = (digest(&code), AuditEntry::of(self, who, "node.invite").note(name.as_str()));
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            w.cabinet_put(INVITATIONS, &place, kept)?;
            write_audit(w, entry)
        })?;
        Ok(Invitation { code, until })
    }

    /// Takes a node in that shows a code: its name and key go into the directory in the transaction that uses the code up. The same node may ask again with the
    /// same key, should the answer have been lost.
    ///
    /// # Errors
    /// `node_alone`; `code_unknown`, `code_used`, `code_late`; `node_name_other`; `key_bad`.
    pub fn take_node_in(&self, form: &JoinForm) -> Result<JoinAnswer, OfficeError> {
        let membership = self.membership()?.ok_or_else(alone)?;
        let answer = JoinAnswer {
            centre: membership.centre.as_str().to_owned(),
            centre_vkey: membership.centre_key.vkey(&key_name(&membership.centre)),
            parent: membership.name.as_str().to_owned(),
        };
        let Some((name, key)) = read_vkey(&form.vkey).filter(|(name, _)| name.as_str() == form.name) else {
            return Err(OfficeError::refused("key_bad", "Khóa gửi kèm không đọc được.", "The key sent along cannot be read."));
        };
        let (place, vkey, now) = (digest(&form.code), form.vkey.clone(), self.clock().now());
        let mut entry = AuditEntry::of(self, &Identity::public(), "node.join").note(name.as_str());
        entry.name = name.as_str().to_owned();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let kept = w.cabinet_get(INVITATIONS, &place)?.ok_or_else(|| {
                OfficeError::refused(
                    "code_unknown",
                    "Mã mời không đúng. Hãy chép lại cả mã, hoặc xin nút trên mã mới.",
                    "The code is not right. Copy the whole code again, or ask the node above for a new one.",
                )
            })?;
            let mut invitation: KeptInvitation = serde_json::from_value(kept)?;
            if let Some(used_by) = &invitation.used_by {
                if *used_by == vkey {
                    return Ok(());
                }
                return Err(OfficeError::refused(
                    "code_used",
                    "Mã mời này đã được một nút khác dùng. Hãy xin nút trên mã mới.",
                    "Another node has used this code. Ask the node above for a new one.",
                ));
            }
            if invitation.until < now {
                return Err(OfficeError::refused(
                    "code_late",
                    "Mã mời đã quá 7 ngày. Hãy xin nút trên mã mới.",
                    "The code is older than 7 days. Ask the node above for a new one.",
                ));
            }
            if invitation.name != name.as_str() {
                return Err(OfficeError::refused(
                    "node_name_other",
                    format!("Mã mời này dành cho nút “{}”, không phải “{}”.", invitation.name, name.as_str()),
                    format!("This code is for the node “{}”, not “{}”.", invitation.name, name.as_str()),
                ));
            }
            state(w, &[Statement::Node { name, key, title: invitation.title.clone() }], now)?;
            invitation.used_by = Some(vkey);
            w.cabinet_put(INVITATIONS, &place, serde_json::to_value(invitation)?)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        self.exchange().wake();
        Ok(answer)
    }

    /// What this node hands in to join with a code.
    pub fn join_form(&self, who: &Identity, code: &str) -> Result<JoinForm, OfficeError> {
        let vkey = self.node_key(who)?;
        Ok(JoinForm { code: code.trim().to_owned(), name: self.ledger().node().as_str().to_owned(), vkey })
    }

    /// Keeps the place that the node above at `address` has given. From then on the node's logs go up.
    ///
    /// # Errors
    /// `node_joined` when it belongs to another Centre; `answer_bad` when the answer makes no sense.
    pub fn keep_place(&self, who: &Identity, address: &str, answer: &JoinAnswer) -> Result<Membership, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let bad = || OfficeError::refused("answer_bad", "Nút trên trả lời không đọc được.", "The answer of the node above cannot be read.");
        let (centre, centre_key) = read_vkey(&answer.centre_vkey).filter(|(name, _)| name.as_str() == answer.centre).ok_or_else(bad)?;
        let above = Above { name: NodeName::parse(&answer.parent).map_err(|_| bad())?, address: address.trim_end_matches('/').to_owned() };
        let membership = Membership { name: self.ledger().node().clone(), centre, centre_key, above: Some(above) };
        if let Some(before) = self.membership()?
            && (&before.centre, before.centre_key) != (&membership.centre, membership.centre_key)
        {
            return Err(joined_already(&before));
        }
        let (kept, entry) = (membership.clone(), AuditEntry::of(self, who, "node.join").note(address));
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            keep(w, &kept)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        Ok(membership)
    }
}

fn alone() -> OfficeError {
    OfficeError::refused(
        "node_alone",
        "Nút này chưa nối với nút nào. Hãy chạy “lienvung node init --centre” tại Trung ương, hoặc “lienvung node join”.",
        "This node is not connected. Run “lienvung node init --centre” at the Centre, or “lienvung node join”.",
    )
}

fn joined_already(membership: &Membership) -> OfficeError {
    let centre = membership.centre.as_str();
    OfficeError::refused(
        "node_joined",
        format!("Nút này đã thuộc hệ thống của “{centre}”; không đổi được."),
        format!("This node belongs to the Centre “{centre}” already; that cannot be changed."),
    )
}

/// Whole seconds since 1970.
pub(super) fn seconds(micros: i64) -> i64 {
    micros.div_euclid(SECOND)
}
