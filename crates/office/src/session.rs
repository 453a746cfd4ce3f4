//! Sessions and one-time sign-in links: 32 random bytes for the holder, their SHA-256 for us.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::Writer;
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::account::{Account, account_in};
use crate::audit::{AuditEntry, write_audit};
use crate::clock::{HOUR, SECOND};
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

const SESSIONS: &str = "session";
const LINKS: &str = "sign_in_link";
/// A session ends this long after signing in …
const LONGEST: i64 = 12 * HOUR;
/// … or after this long without a request.
const IDLE: i64 = 4 * HOUR;
/// The last request is written down at most this often.
const NOTED_EVERY: i64 = 300 * SECOND;
/// A one-time link is good for a week.
const LINK_LIFE: i64 = 7 * 24 * HOUR;

/// What the browser keeps in its cookie. Never stored or logged here.
#[derive(Debug, Clone)]
pub struct SessionToken(String);

impl SessionToken {
    /// The text for the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One open session, for "my devices".
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The account.
    pub account: String,
    /// When it began, microseconds since 1970.
    pub began: i64,
    /// The last request, to within five minutes.
    pub seen: i64,
    /// What the browser called itself, cut to 200 characters.
    pub agent: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Link {
    account: String,
    until: i64,
}

impl Office {
    /// Signs in with login and password.
    ///
    /// # Errors
    /// `wrong_credentials`, or `locked` after five failures in a row.
    pub fn sign_in(&self, login: &str, password: &str, agent: &str) -> Result<SessionToken, OfficeError> {
        let account = self.check_credentials(login, password)?;
        self.open_session(&account, agent, None)
    }

    /// Signs in with a one-time link; the link is used up in the same transaction.
    pub fn sign_in_once(&self, token: &str, agent: &str) -> Result<SessionToken, OfficeError> {
        let key = digest(token);
        let now = self.clock().now();
        let account = self.ledger().read(|r| -> Result<Option<Account>, OfficeError> {
            let Some(value) = r.cabinet_get(LINKS, &key)? else { return Ok(None) };
            let link: Link = serde_json::from_value(value)?;
            if link.until < now {
                return Ok(None);
            }
            Ok(Some(account_in(r.cabinet_get(crate::account::ACCOUNTS, &link.account)?)?))
        })?;
        match account {
            Some(account) if account.active => self.open_session(&account, agent, Some(key)),
            _ => Err(OfficeError::refused(
                "link_used",
                "Liên kết đăng nhập đã dùng hoặc hết hạn. Hãy đăng nhập bằng mật khẩu hoặc xin quản trị viên liên kết mới.",
                "This sign-in link has been used or has expired. Sign in with your password or ask the administrator for a new link.",
            )),
        }
    }

    /// Makes a one-time sign-in link for an account; returns the token that goes into `/dang-nhap/mot-lan/<token>`.
    pub fn sign_in_link(&self, who: &Identity, account: &str) -> Result<String, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let account = self.account(account)?;
        let token = new_token();
        let key = digest(&token);
        let link = serde_json::to_value(Link { account: account.id, until: self.clock().now() + LINK_LIFE })?;
        let entry = AuditEntry::of(self, who, "account.link").note(&account.login);
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            w.cabinet_put(LINKS, &key, link)?;
            write_audit(w, entry)
        })?;
        Ok(token)
    }

    /// Who holds this session token; the public when it is unknown, expired, or the account is closed.
    pub fn identify(&self, token: &str) -> Result<Identity, OfficeError> {
        let key = digest(token);
        let now = self.clock().now();
        let found = self.ledger().read(|r| -> Result<Option<(Session, Account)>, OfficeError> {
            let Some(value) = r.cabinet_get(SESSIONS, &key)? else { return Ok(None) };
            let session: Session = serde_json::from_value(value)?;
            if session.began + LONGEST < now || session.seen + IDLE < now {
                return Ok(None);
            }
            let Some(value) = r.cabinet_get(crate::account::ACCOUNTS, &session.account)? else { return Ok(None) };
            Ok(Some((session, account_in(Some(value))?)))
        })?;
        let Some((mut session, account)) = found else { return Ok(Identity::public()) };
        if !account.active {
            return Ok(Identity::public());
        }
        if session.seen + NOTED_EVERY < now {
            session.seen = now;
            let value = serde_json::to_value(&session)?;
            self.ledger().write(move |w| -> Result<(), OfficeError> {
                if w.cabinet_get(SESSIONS, &key)?.is_some() {
                    w.cabinet_put(SESSIONS, &key, value)?;
                }
                Ok(())
            })?;
        }
        Ok(account.identity())
    }

    /// Ends one session.
    pub fn sign_out(&self, token: &str) -> Result<(), OfficeError> {
        let key = digest(token);
        self.ledger().write(move |w| -> Result<(), OfficeError> { Ok(w.cabinet_remove(SESSIONS, &key)?) })
    }

    /// Ends every session of the person asking.
    pub fn sign_out_everywhere(&self, who: &Identity) -> Result<(), OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let account = who.account().unwrap_or_default().to_owned();
        self.ledger().write(move |w| -> Result<(), OfficeError> { end_sessions_of(w, &account) })
    }

    fn open_session(&self, account: &Account, agent: &str, used_link: Option<String>) -> Result<SessionToken, OfficeError> {
        let now = self.clock().now();
        let token = new_token();
        let session = Session { account: account.id.clone(), began: now, seen: now, agent: agent.chars().take(200).collect() };
        let (key, value) = (digest(&token), serde_json::to_value(&session)?);
        let entry = AuditEntry::of(self, &account.identity(), "sign_in").note(&account.login);
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            if let Some(link) = used_link {
                // Gone when two requests used the same link at once: the second finds nothing and gets no session.
                if w.cabinet_get(LINKS, &link)?.is_none() {
                    return Err(OfficeError::refused("link_used", "Liên kết đăng nhập đã được dùng.", "This sign-in link has been used."));
                }
                w.cabinet_remove(LINKS, &link)?;
            }
            w.cabinet_put(SESSIONS, &key, value)?;
            write_audit(w, entry)
        })?;
        Ok(SessionToken(token))
    }
}

pub(crate) fn end_sessions_of(w: &mut Writer, account: &str) -> Result<(), OfficeError> {
    let mut after: Option<String> = None;
    loop {
        let page = w.cabinet_list(SESSIONS, after.as_deref(), 500, false)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        for (key, value) in page {
            if value.get("account").and_then(|value| value.as_str()) == Some(account) {
                w.cabinet_remove(SESSIONS, &key)?;
            }
        }
    }
}

/// 32 random bytes in letters that an address takes. None begins with a hyphen: a code is typed into a command too, which would take it for an option.
pub(crate) fn new_token() -> String {
    let mut bytes = [0_u8; 32];
    loop {
        rand::rng().fill_bytes(&mut bytes);
        let token = URL_SAFE_NO_PAD.encode(bytes);
        if !token.starts_with('-') {
            return token;
        }
    }
}

pub(crate) fn digest(token: &str) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(token.as_bytes()) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_begins_with_a_hyphen() {
        // One in 64 would.
        assert!((0..2_000).all(|_| !new_token().starts_with('-')));
    }
}
