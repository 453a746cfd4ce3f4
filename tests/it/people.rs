//! An office in a folder, and the people who work in it.

use std::path::Path;

use office::{AccountForm, Clock, Grant, Identity, Office, RecordId, Role, Settings};

pub const MINISTRY: &str = "Bộ Khoa học và Công nghệ";
pub const DAK_LAK: &str = "Sở KH&CN Đắk Lắk";
pub const TWELVE: &str = "12 Sở KH&CN vùng Nam Trung Bộ và Tây Nguyên";

/// An office of the Ministry whose calendar stands at 23/11/2026.
pub fn open(folder: &Path) -> Office {
    let ministry = RecordId::parse("0193a000-0000-7000-8000-000000000001").unwrap();
    let clock = Clock::standing_at(jiff::civil::date(2026, 11, 23));
    Office::open(folder, Settings { node: "bo.khcn".into(), body: ministry, clock, database: None }).unwrap()
}

/// A body by its name or short name.
pub fn body(office: &Office, name: &str) -> RecordId {
    let wanted = viet::fold(name);
    let found = office.directory().all().into_iter().find(|body| {
        body.names.iter().any(|one| viet::fold(&one.text) == wanted || one.short.as_deref().map(viet::fold) == Some(wanted.clone()))
    });
    found.unwrap_or_else(|| panic!("{name}")).id
}

/// A new account with one role at one body.
pub fn person(office: &Office, login: &str, name: &str, role: Role) -> Identity {
    let console = office.console();
    let grants = vec![Grant { body: body(office, name), role }];
    office.add_account(&console, AccountForm { login: login.into(), name: login.into(), grants, active: true }).unwrap();
    office.act_as(&console, login).unwrap()
}

/// The officer of Đắk Lắk, made at the first call.
pub fn officer(office: &Office) -> Identity {
    office.act_as(&office.console(), "daklak.cv").unwrap_or_else(|_| person(office, "daklak.cv", DAK_LAK, Role::Officer))
}
