//! What is due, for the person's own calendar: an iCal feed behind an address that only they know. No mail server is needed.

use std::io::Write;

use catalogue::Lang;
use ledger::RecordId;
use serde_json::Value;

use crate::audit::{AuditEntry, write_audit};
use crate::board::Desk;
use crate::error::OfficeError;
use crate::export::{calendar_head, stamp};
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};
use crate::session::{digest, new_token};

const CALENDARS: &str = "calendar";

impl Office {
    /// What lies on this person's desk: parts of the bodies answered for, and answers waiting for the person's verdict.
    pub fn desk(&self, who: &Identity) -> Result<Desk, OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let bodies = self.bodies_answered_for(who);
        let assigners: Vec<RecordId> =
            who.bodies().into_iter().filter(|body| who.role_in(*body) >= Some(crate::identity::Role::Leader)).collect();
        self.board().desk(&bodies, &assigners, self.clock().today())
    }

    /// Makes the secret address of this person's calendar anew; the old one stops working. Returns the token that goes into `/lich/<token>.ics`.
    pub fn new_calendar(&self, who: &Identity) -> Result<String, OfficeError> {
        decide(who, Action::OwnDesk, &Subject::node()).require()?;
        let account = who.account().unwrap_or_default().to_owned();
        let token = new_token();
        let key = digest(&token);
        let entry = AuditEntry::of(self, who, "calendar.new");
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let slot = format!("of/{account}");
            if let Some(old) = w.cabinet_get(CALENDARS, &slot)?.as_ref().and_then(Value::as_str) {
                w.cabinet_remove(CALENDARS, old)?;
            }
            w.cabinet_put(CALENDARS, &slot, Value::String(key.clone()))?;
            w.cabinet_put(CALENDARS, &key, Value::String(account))?;
            write_audit(w, entry)
        })?;
        Ok(token)
    }

    /// Writes the calendar of the person whose token this is: open parts with their last days.
    pub fn calendar(&self, token: &str, lang: Lang, base: &str, out: &mut dyn Write) -> Result<u64, OfficeError> {
        let key = digest(token);
        let account = self.ledger().read(|r| r.cabinet_get(CALENDARS, &key))?;
        let account = account.as_ref().and_then(Value::as_str).ok_or_else(|| OfficeError::NotFound("calendar".to_owned()))?;
        let account = self.account(account)?;
        if !account.active {
            return Err(OfficeError::NotFound("calendar".to_owned()));
        }
        let desk = self.desk(&account.identity())?;
        calendar_head(out, lang)?;
        let stamp = stamp(self.clock().now());
        let mut events = 0;
        for row in desk.overdue.iter().chain(&desk.soon).chain(&desk.returned).chain(&desk.open) {
            if let Some(day) = row.due {
                self.event(&row.directive, day, lang, base, &stamp, out)?;
                events += 1;
            }
        }
        out.write_all(b"END:VCALENDAR\r\n")?;
        Ok(events)
    }
}
