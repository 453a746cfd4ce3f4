//! The board of directives: a view over the *public* projections of directives, answers, verdicts and deadline changes, in a SQLite file of its own.
//!
//! A row holds only what follows from the records; what follows from today (overdue or within term, days late) is computed when the board is read,
//! so the same query gives page, API, CSV, XLSX and iCal, and nothing changes at midnight.

mod desk;
mod query;
mod rows;

use std::path::Path;
use std::sync::Arc;

use ledger::{Change, Follower, Ledger};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

pub use desk::{Desk, DeskRow, OverdueByBody};
pub use query::{AssignmentRow, BoardFilter, BoardPage, BoardRow, ConferenceRow, DeadlineRow, InternalCounts};
pub use rows::{Answer, Clear, DeadlineChange, Directive, Evidence, Verdict};

use crate::error::OfficeError;
use crate::form_shelf::FormShelf;
use crate::held_record::public_of;
use crate::view_file::{digest_rows, set_cursor};
use crate::view_pool::ViewPool;

/// Kinds of records that the board is made of.
const KINDS: [&str; 5] = ["conference", "directive", "answer", "verdict", "deadline_change"];

/// The board. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Board {
    pub(crate) views: ViewPool,
    forms: Arc<FormShelf>,
    ledger: Arc<Ledger>,
}

impl Board {
    /// Opens or makes the view at `path`, or only reads the one another program `keeps`; a damaged one is made anew and fills again from the ledger.
    pub(crate) fn open(path: &Path, forms: Arc<FormShelf>, ledger: Arc<Ledger>, keeps: bool) -> Result<Board, OfficeError> {
        Ok(Board { views: ViewPool::open(path, rows::SHAPE, rows::SCHEMA, keeps)?, forms, ledger })
    }

    fn apply_batch(&self, batch: &[Change]) -> Result<(), OfficeError> {
        let Some(last) = batch.last() else { return Ok(()) };
        let holds_records = self.ledger.read(|r| r.holds_records())?;
        let mut writer = self.views.writer();
        let transaction = writer.transaction()?;
        for change in batch {
            if change.own && change.audience == "public" {
                apply(&transaction, change, "")?;
            }
            if holds_records && concerns_held(change) {
                self.look_again(&transaction, change)?;
            }
        }
        set_cursor(&transaction, last.seq)?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes the record that stands under the identifier now, whosever it is, in place of whatever stood there.
    fn look_again(&self, connection: &Connection, change: &Change) -> Result<(), OfficeError> {
        for kind in KINDS {
            apply(connection, &Change { kind: kind.to_owned(), data: None, ..change.clone() }, "")?;
        }
        let Some((maker, kind, version)) = public_of(&self.ledger, &self.forms, change.rec)? else { return Ok(()) };
        let Some(data) = version.data else { return Ok(()) };
        // What another node has written may fit its form and still not be readable here.
        if maker.is_empty() || rows::is_readable(&kind.name, &data) {
            let standing = Change { kind: kind.name.clone(), ver: version.ver, data: Some(data), ..change.clone() };
            apply(connection, &standing, &maker)?;
        }
        Ok(())
    }
}

impl Follower for Board {
    fn name(&self) -> &str {
        "board"
    }

    fn cursor(&self) -> Result<u64, ledger::FollowError> {
        Ok(self.views.cursor()?)
    }

    fn apply(&self, batch: &[Change]) -> Result<(), ledger::FollowError> {
        Ok(self.apply_batch(batch)?)
    }

    fn rebuild(&self) -> Result<(), ledger::FollowError> {
        Ok(self.views.clear(&[
            "tally",
            "conference",
            "directive",
            "addressee",
            "assignment",
            "answer",
            "verdict",
            "deadline_change",
            "tally",
        ])?)
    }

    fn digest(&self) -> Result<String, ledger::FollowError> {
        Ok(self.views.read(|connection| {
            let parts = [
                digest_rows(connection, "SELECT * FROM conference ORDER BY id")?,
                digest_rows(connection, "SELECT * FROM directive ORDER BY id")?,
                digest_rows(connection, "SELECT * FROM addressee ORDER BY directive, body")?,
                digest_rows(connection, "SELECT * FROM assignment ORDER BY directive, body")?,
                digest_rows(connection, "SELECT id, directive, body, version, data FROM answer ORDER BY id")?,
                digest_rows(connection, "SELECT id, answer, data FROM verdict ORDER BY id")?,
                digest_rows(connection, "SELECT id, directive, data FROM deadline_change ORDER BY id")?,
            ];
            Ok(crate::session::digest(&parts.join("\n")))
        })?)
    }
}

/// Whether after this change another record may stand under the identifier than before: one of another node's, or one's own in its place.
fn concerns_held(change: &Change) -> bool {
    let begins_or_ends = change.audience == "private" && (change.ver == 1 || change.data.is_none());
    if change.own { begins_or_ends } else { change.audience == "public" }
}

/// Applies a record's public data as they are now; `maker` is empty for one of one's own.
fn apply(connection: &Connection, change: &Change, maker: &str) -> Result<(), OfficeError> {
    let id = change.rec.to_string();
    match change.kind.as_str() {
        "conference" => apply_conference(connection, &id, change.data.as_ref()),
        "directive" => apply_directive(connection, &id, change.data.as_ref(), maker),
        "answer" => apply_part(connection, change, &id, "answer", maker),
        "verdict" => apply_part(connection, change, &id, "verdict", maker),
        "deadline_change" => apply_part(connection, change, &id, "deadline_change", maker),
        _ => Ok(()),
    }
}

fn text<'a>(data: &'a Value, field: &str) -> Option<&'a str> {
    data.get(field).and_then(Value::as_str)
}

fn apply_conference(connection: &Connection, id: &str, data: Option<&Value>) -> Result<(), OfficeError> {
    connection.execute("DELETE FROM conference WHERE id = ?1", [id])?;
    if let Some(data) = data {
        let illustrative = data.get("illustrative").and_then(Value::as_bool).unwrap_or(false);
        connection.execute(
            "INSERT INTO conference VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, text(data, "title").unwrap_or_default(), text(data, "ordinal"), text(data, "day"), illustrative],
        )?;
    }
    Ok(())
}

fn apply_directive(connection: &Connection, id: &str, data: Option<&Value>, maker: &str) -> Result<(), OfficeError> {
    connection.prepare_cached("DELETE FROM directive WHERE id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM addressee WHERE directive = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM assignment WHERE directive = ?1")?.execute([id])?;
    let Some(data) = data.filter(|data| rows::is_issued(data)) else { return Ok(()) };
    let directive: Directive = serde_json::from_value(data.clone())?;
    let ids = |list: &[ledger::RecordId]| -> String { list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",") };
    connection
        .prepare_cached(
            "INSERT INTO directive VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
               NULL, 0, 0, 0, 0, NULL, NULL, 0, 2, '', ?24)",
        )?
        .execute(params![
            id,
            directive.conference.map(|id| id.to_string()),
            directive.document.map(|id| id.to_string()),
            directive.item,
            directive.order,
            directive.text,
            directive.owner.map(|id| id.to_string()),
            directive.assigner.map(|id| id.to_string()),
            directive.class.map(|id| id.to_string()),
            directive.addressee_raw,
            directive.kind,
            directive.period,
            ids(&directive.leads),
            ids(&directive.with),
            ids(&directive.issued_to),
            directive.due_raw,
            directive.due_origin.as_deref() == Some("inferred"),
            directive.due_last.map(|day| day.to_string()),
            directive.internal_due.map(|day| day.to_string()),
            directive.internal_due_illustrative,
            directive.issued_day.map(|day| day.to_string()),
            serde_json::to_string(&directive.clear)?,
            directive.illustrative,
            maker,
        ])?;
    for body in directive.issued_to.iter().chain(&directive.leads) {
        connection.prepare_cached("INSERT OR IGNORE INTO addressee VALUES (?1, ?2)")?.execute(params![id, body.to_string()])?;
    }
    rows::recompute(connection, id, &directive, maker)
}

/// Answers, verdicts and deadline changes: keep the record's public data, then recompute the directive it belongs to.
fn apply_part(connection: &Connection, change: &Change, id: &str, table: &str, maker: &str) -> Result<(), OfficeError> {
    let mut touched = Vec::new();
    touched.extend(directive_of(connection, table, id)?);
    connection.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?.execute([id])?;
    if let Some(data) = &change.data {
        let seq = i64::try_from(change.seq).unwrap_or(i64::MAX);
        match table {
            "answer" => {
                let (Some(directive), Some(body)) = (text(data, "directive"), text(data, "body")) else { return Ok(()) };
                let version = i64::try_from(change.ver).unwrap_or(i64::MAX);
                connection.prepare_cached("INSERT INTO answer VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
                    id,
                    directive,
                    body,
                    version,
                    seq,
                    data.to_string(),
                    maker
                ])?;
            }
            "verdict" => {
                let Some(answer) = text(data, "answer") else { return Ok(()) };
                connection.prepare_cached("INSERT INTO verdict VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
                    id,
                    answer,
                    seq,
                    data.to_string(),
                    maker
                ])?;
            }
            _ => {
                let Some(directive) = text(data, "directive") else { return Ok(()) };
                connection.prepare_cached("INSERT INTO deadline_change VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
                    id,
                    directive,
                    seq,
                    data.to_string(),
                    maker
                ])?;
            }
        }
        touched.extend(directive_of(connection, table, id)?);
    }
    touched.dedup();
    for directive in touched {
        recompute_stored(connection, &directive)?;
    }
    Ok(())
}

fn directive_of(connection: &Connection, table: &str, id: &str) -> Result<Option<String>, OfficeError> {
    let query = match table {
        "verdict" => "SELECT answer.directive FROM verdict JOIN answer ON answer.id = verdict.answer WHERE verdict.id = ?1",
        "answer" => "SELECT directive FROM answer WHERE id = ?1",
        _ => "SELECT directive FROM deadline_change WHERE id = ?1",
    };
    Ok(connection.prepare_cached(query)?.query_row([id], |row| row.get(0)).optional()?)
}

fn recompute_stored(connection: &Connection, id: &str) -> Result<(), OfficeError> {
    let found = connection
        .prepare_cached("SELECT kind, period, stated_last, issued_day, issued_to, maker FROM directive WHERE id = ?1")?
        .query_row([id], |row| {
            let directive = Directive {
                kind: row.get(0)?,
                period: row.get(1)?,
                due_last: row.get::<_, Option<String>>(2)?.and_then(|text| text.parse().ok()),
                issued_day: row.get::<_, Option<String>>(3)?.and_then(|text| text.parse().ok()),
                issued_to: query::ids_of(&row.get::<_, String>(4)?),
                ..Directive::default()
            };
            Ok((directive, row.get::<_, String>(5)?))
        })
        .optional()?;
    match found {
        Some((directive, maker)) => rows::recompute(connection, id, &directive, &maker),
        None => Ok(()),
    }
}
