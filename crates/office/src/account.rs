//! Accounts: who may sign in, with which roles in which bodies. Kept in the cabinet, never in the log.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use ledger::RecordId;
use serde::{Deserialize, Serialize};

use crate::audit::{AuditEntry, write_audit};
use crate::clock::{HOUR, SECOND};
use crate::error::OfficeError;
use crate::identity::{Grant, Identity, Role};
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

pub(crate) const ACCOUNTS: &str = "account";
pub(crate) const LOGINS: &str = "login";
/// Wrong passwords in a row before the account is locked.
const FAILURES_BEFORE_LOCK: u32 = 5;
/// First lock; it doubles with each further failure, up to a day.
const FIRST_LOCK: i64 = 15 * 60 * SECOND;

/// One account as the administrator's page shows it. The password is kept only as an Argon2id hash and never leaves this crate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// UUIDv7 text.
    pub id: String,
    /// What is typed to sign in: lower case letters, digits, `.`, `-`, `_`, `@`; 3 to 64.
    pub login: String,
    /// The name shown on screen and in the audit trail.
    pub name: String,
    /// Roles by body.
    pub grants: Vec<Grant>,
    /// Whether signing in is allowed.
    pub active: bool,
    /// When it was made, microseconds since 1970.
    pub created: i64,
    /// Locked until this instant after too many wrong passwords; 0 when not locked.
    #[serde(default)]
    pub locked_until: i64,
    #[serde(default)]
    pub(crate) failures: u32,
    #[serde(default)]
    pub(crate) password: Option<String>,
}

impl Account {
    /// Whether a password has been set.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::signed_in(self.id.clone(), self.name.clone(), self.grants.clone())
    }
}

/// What an administrator types to make or change an account.
#[derive(Debug, Clone)]
pub struct AccountForm {
    /// See [`Account::login`].
    pub login: String,
    /// See [`Account::name`].
    pub name: String,
    /// Roles by body; at least one.
    pub grants: Vec<Grant>,
    /// Whether signing in is allowed.
    pub active: bool,
}

impl Office {
    /// The person at the machine's console: an administrator without an account. For the command line and the demo only.
    pub fn console(&self) -> Identity {
        Identity::signed_in(
            "console".to_owned(),
            "Quản trị tại máy chủ".to_owned(),
            vec![Grant { body: self.body(), role: Role::Administrator }],
        )
    }

    /// The operator at the machine's console who brings data in for the node's own body. Whoever holds the folder could do as much; the trail says who did.
    pub fn console_officer(&self) -> Identity {
        Identity::signed_in(
            "console".to_owned(),
            "Nhập dữ liệu tại máy chủ".to_owned(),
            vec![Grant { body: self.body(), role: Role::Administrator }, Grant { body: self.body(), role: Role::Officer }],
        )
    }

    /// The identity of an account for a command at the machine's console; the trail says so.
    pub fn act_as(&self, who: &Identity, login: &str) -> Result<Identity, OfficeError> {
        let account = self.account_by_login(who, login)?;
        if !account.active {
            return Err(OfficeError::refused("closed", "Tài khoản đã khóa.", "The account is closed."));
        }
        let entry = AuditEntry::of(self, who, "account.act_as").note(&account.login);
        self.ledger().write(move |w| write_audit(w, entry))?;
        Ok(account.identity())
    }

    /// Makes an account without a password: hand its owner a one-time link ([`Office::sign_in_link`]).
    pub fn add_account(&self, who: &Identity, form: AccountForm) -> Result<Account, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let form = self.check_account(form)?;
        let account = Account {
            id: RecordId::new().to_string(),
            login: form.login,
            name: form.name,
            grants: form.grants,
            active: form.active,
            created: self.clock().now(),
            locked_until: 0,
            failures: 0,
            password: None,
        };
        let entry = AuditEntry::of(self, who, "account.add").note(&account.login);
        let stored = account.clone();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            if w.cabinet_get(LOGINS, &stored.login)?.is_some() {
                return Err(OfficeError::refused(
                    "login_taken",
                    format!("Tên đăng nhập “{}” đã có người dùng. Hãy chọn tên khác.", stored.login),
                    format!("The login “{}” is taken. Choose another.", stored.login),
                ));
            }
            w.cabinet_put(LOGINS, &stored.login, serde_json::Value::String(stored.id.clone()))?;
            w.cabinet_put(ACCOUNTS, &stored.id, serde_json::to_value(&stored)?)?;
            write_audit(w, entry)
        })?;
        Ok(account)
    }

    /// Changes name, roles and whether signing in is allowed; ends all sessions when it is not. The login stays.
    pub fn change_account(&self, who: &Identity, id: &str, form: AccountForm) -> Result<Account, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let form = self.check_account(form)?;
        if who.account() == Some(id) && (!form.active || !form.grants.iter().any(|grant| grant.role == Role::Administrator)) {
            return Err(OfficeError::refused(
                "own_account",
                "Không thể tự khóa hoặc tự bỏ vai trò quản trị của chính mình. Hãy nhờ một quản trị viên khác.",
                "You cannot lock yourself out or give up your own administrator role. Ask another administrator.",
            ));
        }
        let entry = AuditEntry::of(self, who, "account.change").note(&form.login);
        let id = id.to_owned();
        self.ledger().write(move |w| -> Result<Account, OfficeError> {
            let mut account = account_in(w.cabinet_get(ACCOUNTS, &id)?)?;
            account.name = form.name;
            account.grants = form.grants;
            account.active = form.active;
            w.cabinet_put(ACCOUNTS, &id, serde_json::to_value(&account)?)?;
            if !account.active {
                crate::session::end_sessions_of(w, &id)?;
            }
            write_audit(w, entry)?;
            Ok(account)
        })
    }

    /// One account, for its administrator.
    pub fn account_of(&self, who: &Identity, id: &str) -> Result<Account, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.account(id)
    }

    /// Closes an account, or reopens a closed one.
    pub fn toggle_account(&self, who: &Identity, id: &str) -> Result<Account, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let account = self.account(id)?;
        self.change_account(
            who,
            id,
            AccountForm { login: account.login, name: account.name, grants: account.grants, active: !account.active },
        )
    }

    /// Sets a password. The owner gives the old one (when there is one); an administrator need not. Ends other sessions of the account.
    pub fn set_password(&self, who: &Identity, id: &str, old: Option<&str>, new: &str) -> Result<(), OfficeError> {
        let own = who.account() == Some(id);
        if !own {
            decide(who, Action::Administer, &Subject::node()).require()?;
        }
        let account = self.account(id)?;
        if own && let Some(hash) = &account.password {
            let old = old.unwrap_or_default();
            if !self.verify_password(old, hash) {
                return Err(OfficeError::refused(
                    "wrong_password",
                    "Mật khẩu hiện tại không đúng; chưa đổi gì.",
                    "The current password is wrong; nothing was changed.",
                ));
            }
        }
        check_password(new, &account.login)?;
        let hash = self.hash_password(new)?;
        let entry = AuditEntry::of(self, who, "account.password").note(&account.login);
        let id = id.to_owned();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let mut account = account_in(w.cabinet_get(ACCOUNTS, &id)?)?;
            account.password = Some(hash);
            account.failures = 0;
            account.locked_until = 0;
            w.cabinet_put(ACCOUNTS, &id, serde_json::to_value(&account)?)?;
            crate::session::end_sessions_of(w, &id)?;
            write_audit(w, entry)
        })
    }

    /// One account by id.
    pub(crate) fn account(&self, id: &str) -> Result<Account, OfficeError> {
        self.ledger().read(|r| account_in(r.cabinet_get(ACCOUNTS, id)?))
    }

    /// One account by login, for the command line.
    pub fn account_by_login(&self, who: &Identity, login: &str) -> Result<Account, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let login = login_key(login);
        self.ledger().read(|r| {
            let id = r.cabinet_get(LOGINS, &login)?.and_then(|value| value.as_str().map(str::to_owned));
            account_in(match id {
                Some(id) => r.cabinet_get(ACCOUNTS, &id)?,
                None => None,
            })
        })
    }

    /// A page of accounts in the order they were made: at most 100 after `after`.
    pub fn accounts(&self, who: &Identity, after: Option<&str>, limit: usize) -> Result<Vec<Account>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.ledger().read(|r| {
            let mut accounts = Vec::new();
            for (_, value) in r.cabinet_list(ACCOUNTS, after, limit.min(100), false)? {
                accounts.push(account_in(Some(value))?);
            }
            Ok(accounts)
        })
    }

    /// Checks login and password. Counts failures and locks; the answer does not tell a wrong login from a wrong password.
    pub(crate) fn check_credentials(&self, login: &str, password: &str) -> Result<Account, OfficeError> {
        let login = login_key(login);
        let account = self.ledger().read(|r| -> Result<Option<Account>, OfficeError> {
            let id = r.cabinet_get(LOGINS, &login)?.and_then(|value| value.as_str().map(str::to_owned));
            match id {
                Some(id) => Ok(Some(account_in(r.cabinet_get(ACCOUNTS, &id)?)?)),
                None => Ok(None),
            }
        })?;
        let now = self.clock().now();
        let Some(account) = account else {
            // As slow as a known login, so that time does not tell which logins exist.
            let _ = self.hash_password("khong-co-tai-khoan-nay");
            return Err(wrong_credentials());
        };
        if account.locked_until > now {
            let minutes = (account.locked_until - now) / (60 * SECOND) + 1;
            return Err(OfficeError::refused(
                "locked",
                format!("Tài khoản tạm khóa vì nhập sai nhiều lần. Hãy thử lại sau {minutes} phút hoặc liên hệ quản trị viên."),
                format!("The account is locked after too many wrong tries. Try again in {minutes} minutes or ask the administrator."),
            ));
        }
        let right = account.active && account.password.as_deref().is_some_and(|hash| self.verify_password(password, hash));
        let id = account.id.clone();
        if !right {
            let entry = AuditEntry::of(self, &Identity::public(), "sign_in.failed").note(&account.login);
            self.ledger().write(move |w| -> Result<(), OfficeError> {
                let mut account = account_in(w.cabinet_get(ACCOUNTS, &id)?)?;
                account.failures = account.failures.saturating_add(1);
                if account.failures >= FAILURES_BEFORE_LOCK {
                    let doublings = (account.failures - FAILURES_BEFORE_LOCK).min(7);
                    account.locked_until = now + (FIRST_LOCK << doublings).min(24 * HOUR);
                }
                w.cabinet_put(ACCOUNTS, &id, serde_json::to_value(&account)?)?;
                write_audit(w, entry)
            })?;
            return Err(wrong_credentials());
        }
        if account.failures > 0 {
            self.ledger().write(move |w| -> Result<(), OfficeError> {
                let mut account = account_in(w.cabinet_get(ACCOUNTS, &id)?)?;
                account.failures = 0;
                account.locked_until = 0;
                w.cabinet_put(ACCOUNTS, &id, serde_json::to_value(&account)?)?;
                Ok(())
            })?;
        }
        Ok(account)
    }

    fn check_account(&self, form: AccountForm) -> Result<AccountForm, OfficeError> {
        let login = login_key(&form.login);
        let length = login.chars().count();
        if !(3..=64).contains(&length) || !login.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c)) {
            return Err(OfficeError::refused(
                "login_form",
                "Tên đăng nhập gồm 3–64 chữ thường không dấu, chữ số hoặc . - _ @.",
                "The login is 3 to 64 lower-case letters without marks, digits or . - _ @.",
            ));
        }
        let name = viet::nfc(form.name.trim()).into_owned();
        if name.is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
            return Err(OfficeError::refused(
                "name_form",
                "Tên hiển thị phải có, không quá 120 ký tự.",
                "The display name is required, at most 120 characters.",
            ));
        }
        if form.grants.is_empty() {
            return Err(OfficeError::refused(
                "no_grant",
                "Hãy chọn ít nhất một vai trò tại một cơ quan.",
                "Choose at least one role in one body.",
            ));
        }
        for grant in &form.grants {
            self.body_summary(grant.body)?;
        }
        Ok(AccountForm { login, name, ..form })
    }

    fn hash_password(&self, password: &str) -> Result<String, OfficeError> {
        let _one_at_a_time = self.hashing();
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| OfficeError::Data(error.to_string()))
    }

    fn verify_password(&self, password: &str, hash: &str) -> bool {
        let _one_at_a_time = self.hashing();
        PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

/// The rules for a password: at least 8 characters with lower case, upper case, and a digit or special character (Thông tư 05/2021/TT-BKHCN, Art. 6.4);
/// at most 200; not containing the login; not one of the first guesses.
pub fn check_password(password: &str, login: &str) -> Result<(), OfficeError> {
    const FIRST_GUESSES: [&str; 8] = ["password", "matkhau", "12345678", "qwerty", "abc123", "admin123", "skhcn123", "lienvung"];
    let folded = viet::fold(password);
    let length = password.chars().count();
    let mixed = password.chars().any(char::is_lowercase)
        && password.chars().any(char::is_uppercase)
        && password.chars().any(|c| !c.is_alphabetic());
    if !(8..=200).contains(&length) || !mixed {
        return Err(OfficeError::refused(
            "password_form",
            "Mật khẩu cần ít nhất 8 ký tự, có chữ thường, chữ hoa và chữ số hoặc ký tự đặc biệt.",
            "A password needs at least 8 characters with lower case, upper case, and a digit or special character.",
        ));
    }
    let guessable = FIRST_GUESSES.iter().any(|guess| folded.contains(guess)) || (login.len() >= 4 && folded.contains(&viet::fold(login)));
    if guessable {
        return Err(OfficeError::refused(
            "password_guessable",
            "Mật khẩu dễ đoán (chứa tên đăng nhập hoặc chuỗi quen thuộc). Hãy chọn mật khẩu khác.",
            "The password is easy to guess (it contains the login or a common word). Choose another.",
        ));
    }
    Ok(())
}

pub(crate) fn account_in(value: Option<serde_json::Value>) -> Result<Account, OfficeError> {
    let value = value.ok_or_else(|| OfficeError::NotFound("account".to_owned()))?;
    Ok(serde_json::from_value(value)?)
}

fn login_key(login: &str) -> String {
    viet::nfc(login.trim()).to_lowercase()
}

fn wrong_credentials() -> OfficeError {
    OfficeError::refused(
        "wrong_credentials",
        "Tên đăng nhập hoặc mật khẩu không đúng. Hãy thử lại; sau 5 lần sai, tài khoản tạm khóa 15 phút.",
        "Wrong login or password. Try again; after 5 wrong tries the account is locked for 15 minutes.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_with_the_reason() {
        for (password, code) in [
            ("Ab1", "password_form"),
            ("chỉtoànchữthường", "password_form"),
            ("KhôngCóChữSố", "password_form"),
            ("Matkhau2026", "password_guessable"),
            ("Daklak.sk1x", "password_guessable"),
        ] {
            assert_eq!(check_password(password, "daklak.sk").err().map(|error| error.code()), Some(code), "{password}");
        }
        assert!(check_password("Cà phê 2026", "daklak.sk").is_ok());
    }
}
