//! How a node gets its key and its place: the Centre founds, a node above invites with a one-time code, a node below joins.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use catalogue::Label;
use exchange::directory::{DIRECTORY, Statement};
use exchange::key::{NodeKey, PublicKey};
use exchange::ledger_shelf::LedgerShelf;
use exchange::log::{CheckedEntry, append};
use exchange::signature::{SignatureFields, Target, claimed_caller, sign};
use exchange::wire::{Coding, Wire, WireAnswer};
use ledger::{Entry, NodeName, Origin, Writer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Exchange, Line};
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
    /// The Centre's second site, which takes the Centre's own logs as a node above would.
    pub second_site: Option<Above>,
    /// Whether this node is that second site.
    pub is_second_site: bool,
}

impl Membership {
    /// Who takes this node's logs: the node above, or the second site of the Centre; none of a Centre without one.
    pub fn holder(&self) -> Option<&Above> {
        self.above.as_ref().or(self.second_site.as_ref())
    }
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

/// What a node that joins hands in; the call is signed with its key.
#[derive(Debug, Serialize, Deserialize)]
struct JoinForm {
    /// The one-time code; empty of a node that is in the directory and only asks for its place again, after its disk was lost.
    code: String,
    /// Its public key as a verifier key line under `lv1/<name>`.
    vkey: String,
}

/// What it gets back.
#[derive(Debug, Serialize, Deserialize)]
struct JoinAnswer {
    /// The Centre's key as a verifier key line under `lv1/<name>`.
    centre: String,
    /// Name of the node that took it in.
    parent: String,
}

/// A refusal in words.
#[derive(Debug, Serialize, Deserialize)]
struct JoinRefusal {
    code: String,
    vi: String,
    en: String,
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
        let node_at = |place: &str| -> Result<Option<Above>, OfficeError> {
            let Some(node) = kept.get(place).filter(|node| !node.is_null()) else { return Ok(None) };
            let name = NodeName::parse(&text(node, "name").ok_or_else(broken)?)?;
            Ok(Some(Above { name, address: text(node, "address").ok_or_else(broken)? }))
        };
        let (above, second_site) = (node_at("above")?, node_at("second_site")?);
        let is_second_site = kept.get("is_second_site").and_then(Value::as_bool).unwrap_or(false);
        Ok(Some(Membership { name: self.ledger.node().clone(), centre, centre_key, above, second_site, is_second_site }))
    }
}

fn read_vkey(text: &str) -> Option<(NodeName, PublicKey)> {
    let (name, key) = PublicKey::parse_vkey(text)?;
    Some((NodeName::parse(name.strip_prefix("lv1/")?).ok()?, key))
}

fn keep(w: &mut Writer<'_>, membership: &Membership) -> Result<(), OfficeError> {
    let node = |node: &Option<Above>| node.as_ref().map(|node| json!({"name": node.name.as_str(), "address": node.address}));
    let value = json!({
        "centre": membership.centre_key.vkey(&key_name(&membership.centre)),
        "above": node(&membership.above),
        "second_site": node(&membership.second_site),
        "is_second_site": membership.is_second_site,
    });
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
        if let Some(membership) = self.membership()?.filter(|membership| membership.centre == name) {
            return Ok(membership);
        }
        let place = Membership {
            name: name.clone(),
            centre: name,
            centre_key: key.public(),
            above: None,
            second_site: None,
            is_second_site: false,
        };
        let membership = self.keep_place(who, "node.found", place)?;
        self.announce_forms()?;
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

    /// Takes a node in that shows a code: its name and key go into the directory in the transaction that uses the code up. A node that is in the directory under
    /// the key that signs the call is told its place again. The answer is JSON: the place, or why not.
    ///
    /// # Errors
    /// Those of the ledger: the caller is told to come back later, nothing was kept.
    pub fn take_node_in(&self, target: Target<'_>, fields: Option<&SignatureFields>) -> Result<WireAnswer, OfficeError> {
        match self.place_for(target, fields) {
            Ok(answer) => Ok(WireAnswer { status: 200, body: serde_json::to_vec(&answer)? }),
            Err(error @ OfficeError::Refused { .. }) => {
                let Label { vi, en } = error.message();
                Ok(WireAnswer { status: 403, body: serde_json::to_vec(&JoinRefusal { code: error.code().to_owned(), vi, en })? })
            }
            Err(error) => Err(error),
        }
    }

    fn place_for(&self, target: Target<'_>, fields: Option<&SignatureFields>) -> Result<JoinAnswer, OfficeError> {
        let known = self.exchange().known()?.ok_or_else(alone)?;
        let answer = JoinAnswer {
            centre: known.membership.centre_key.vkey(&key_name(&known.membership.centre)),
            parent: known.membership.name.as_str().to_owned(),
        };
        let form: JoinForm = serde_json::from_slice(target.body)
            .map_err(|_| OfficeError::refused("form_bad", "Đơn nối nút không đọc được.", "The form of the node cannot be read."))?;
        let now = self.clock().now();
        let claimed = read_vkey(&form.vkey).filter(|(name, key)| {
            let caller = fields.and_then(|fields| claimed_caller(target, fields, key, u64::try_from(seconds(now)).unwrap_or(0)));
            caller.as_ref() == Some(name)
        });
        let Some((name, key)) = claimed else {
            return Err(OfficeError::refused(
                "unsigned",
                "Đơn nối nút không có chữ ký đúng: hãy kiểm tra giờ máy của nút (không lệch quá 1 giờ).",
                "The form of the node is not rightly signed: check the node's clock (not more than an hour off).",
            ));
        };
        if known.directory.parent_of(&name).as_ref() == Some(&known.membership.name) && known.directory.present_keys(&name).contains(&key) {
            return Ok(answer);
        }
        let mut entry = AuditEntry::of(self, &Identity::public(), "node.join").note(name.as_str());
        entry.name = name.as_str().to_owned();
        let place = digest(&form.code);
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let invitation: KeptInvitation = match w.cabinet_get(INVITATIONS, &place)? {
                Some(kept) => serde_json::from_value(kept)?,
                None => return Err(code_unknown()),
            };
            invitation.check(&name, &form.vkey, now)?;
            state(w, &[Statement::Node { name, key, title: invitation.title.clone() }], now)?;
            let used = KeptInvitation { used_by: Some(form.vkey), ..invitation };
            w.cabinet_put(INVITATIONS, &place, serde_json::to_value(used)?)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        self.exchange().wake();
        Ok(answer)
    }

    /// Joins the node above at `address`, with the code it gave, or without one when it knows this node's key. From then on the node's logs go up.
    ///
    /// # Errors
    /// `node_joined` when the node belongs to another Centre; `line` when no answer came; `refused_above` in the words of the node above.
    pub fn join(&self, who: &Identity, line: &dyn Line, address: &str, code: &str) -> Result<Membership, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let address = address.trim().trim_end_matches('/').to_owned();
        let (name, key) = (self.ledger().node().clone(), key_of(&self.exchange().key_file)?);
        let form = JoinForm { code: code.trim().to_owned(), vkey: key.public().vkey(&key_name(&name)) };
        let wire = Wire {
            method: "POST",
            path: "/join".to_owned(),
            query: String::new(),
            body: serde_json::to_vec(&form)?,
            coding: Coding::Identity,
        };
        let fields = sign(wire.target(), &name, &key, u64::try_from(seconds(self.clock().now())).unwrap_or(0));
        let answer = line.carry(&address, &wire, &fields).map_err(|fault| OfficeError::Refused { code: "line", message: fault.0 })?;
        let stranger = || {
            let status = answer.status;
            OfficeError::refused(
                "line",
                format!("Tại {address} không có nút Liên Vùng (trả lời mã {status}). Hãy kiểm tra địa chỉ của nút trên."),
                format!("There is no Liên Vùng node at {address} (it answers {status}). Check the address of the node above."),
            )
        };
        if answer.status != 200 {
            let refusal: JoinRefusal = serde_json::from_slice(&answer.body).map_err(|_| stranger())?;
            return Err(OfficeError::refused("refused_above", refusal.vi, refusal.en));
        }
        let place: JoinAnswer = serde_json::from_slice(&answer.body).map_err(|_| stranger())?;
        let (centre, centre_key) = read_vkey(&place.centre).ok_or_else(stranger)?;
        let above = Above { name: NodeName::parse(&place.parent).map_err(|_| stranger())?, address };
        let is_second_site = self.membership()?.is_some_and(|before| before.is_second_site && above.name == centre);
        let place = Membership { name, centre, centre_key, above: Some(above), second_site: None, is_second_site };
        self.keep_place(who, "node.join", place)
    }

    /// Keeps the node's place, which is for ever under one Centre.
    pub(super) fn keep_place(&self, who: &Identity, action: &str, membership: Membership) -> Result<Membership, OfficeError> {
        if let Some(before) = self.membership()?
            && (&before.centre, before.centre_key) != (&membership.centre, membership.centre_key)
        {
            return Err(joined_already(&before));
        }
        let address = membership.holder().map(|holder| holder.address.clone()).unwrap_or_default();
        let (kept, entry) = (membership.clone(), AuditEntry::of(self, who, action).note(&address));
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            keep(w, &kept)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        Ok(membership)
    }
}

impl KeptInvitation {
    /// Refuses a code that was used, is late, or is another node's.
    fn check(&self, name: &NodeName, vkey: &str, now: i64) -> Result<(), OfficeError> {
        if self.name != name.as_str() {
            return Err(OfficeError::refused(
                "node_name_other",
                format!("Mã mời này dành cho nút “{}”, không phải “{}”.", self.name, name.as_str()),
                format!("This code is for the node “{}”, not “{}”.", self.name, name.as_str()),
            ));
        }
        if self.used_by.as_deref().is_some_and(|used_by| used_by != vkey) {
            return Err(OfficeError::refused(
                "code_used",
                "Mã mời này đã được dùng với một khóa khác. Hãy xin nút trên mã mới.",
                "This code has been used with another key. Ask the node above for a new one.",
            ));
        }
        if self.until < now {
            return Err(OfficeError::refused(
                "code_late",
                "Mã mời đã quá 7 ngày. Hãy xin nút trên mã mới.",
                "The code is older than 7 days. Ask the node above for a new one.",
            ));
        }
        Ok(())
    }
}

fn code_unknown() -> OfficeError {
    OfficeError::refused(
        "code_unknown",
        "Mã mời không đúng. Hãy chép lại cả mã, hoặc xin nút trên mã mới.",
        "The code is not right. Copy the whole code again, or ask the node above for a new one.",
    )
}

pub(super) fn alone() -> OfficeError {
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
