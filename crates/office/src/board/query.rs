//! Reading the board. One filter serves the page, the API and every export; lists are keyset-paged, counts are of the whole filter.

use jiff::civil::Date;
use ledger::RecordId;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;

use super::Board;
use super::rows::{Clear, DeadlineChange};
use crate::error::OfficeError;
use crate::status::{Counts, Status, days_late, status_on};

/// The longest page.
pub const LONGEST_PAGE: usize = 1_000;

/// What to show. Empty fields do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardFilter {
    /// Directives of one conference.
    pub conference: Option<RecordId>,
    /// Directives of one document.
    pub document: Option<RecordId>,
    /// Directives issued to, or led by, any of these bodies.
    pub bodies: Vec<RecordId>,
    /// One status.
    pub status: Option<Status>,
}

/// One directive as the board shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardRow {
    /// The record.
    pub id: RecordId,
    /// The conference.
    pub conference: Option<RecordId>,
    /// The document.
    pub document: Option<RecordId>,
    /// Item number.
    pub item: String,
    /// The exact words.
    pub text: String,
    /// The body whose record it is.
    pub owner: Option<RecordId>,
    /// Who assigns.
    pub assigner: Option<RecordId>,
    /// Lead bodies.
    pub leads: Vec<RecordId>,
    /// Co-operating bodies.
    pub co_operators: Vec<RecordId>,
    /// The class addressed.
    pub class: Option<RecordId>,
    /// The addressee as written.
    pub addressee_raw: Option<String>,
    /// `dated`, `periodic`, `standing`.
    pub kind: String,
    /// The deadline as written.
    pub due_raw: Option<String>,
    /// Whether the deadline was inferred ("suy ra") and not stated for this clause itself.
    pub due_inferred: bool,
    /// The last day as first stated.
    pub stated_last: Option<Date>,
    /// The last day in force, after changes.
    pub last_day: Option<Date>,
    /// The receiving side's own deadline.
    pub internal_due: Option<Date>,
    /// Whether that is illustrative.
    pub internal_illustrative: bool,
    /// The status today.
    pub status: Status,
    /// Status against the receiving side's own deadline, when no deadline was stated.
    pub internal_status: Option<Status>,
    /// Days late: of the evidence when done, of today when overdue.
    pub days_late: i64,
    /// The day the last evidence shows, when all is done and accepted.
    pub done_day: Option<Date>,
    /// The day by which all bodies reported done with evidence.
    pub reported_day: Option<Date>,
    /// Bodies that owe an answer.
    pub bodies: u64,
    /// Bodies that reported done with evidence.
    pub reported: u64,
    /// Bodies whose report the assigner accepted.
    pub verified: u64,
    /// Whether any answer is illustrative.
    pub illustrative_answers: bool,
    /// "Rõ người, rõ việc, rõ thời gian, rõ sản phẩm".
    pub clear: Clear,
    /// Whether the directive itself is illustrative.
    pub illustrative: bool,
    /// The day it was issued.
    pub issued_day: Option<Date>,
}

/// Counts against the receiving side's own deadlines, for directives without a stated one.
pub type InternalCounts = Counts;

/// A page of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardPage {
    /// Rows, in the order: open by last day, done by last day, without deadline.
    pub rows: Vec<BoardRow>,
    /// Counts over the filter without its status.
    pub counts: Counts,
    /// The same against own deadlines, for directives without a stated one; those without either stand under `standing`.
    pub internal: InternalCounts,
    /// Rows of the whole filter.
    pub total: u64,
    /// Directives of the filter reported done by all bodies.
    pub reported: u64,
    /// Directives of the filter accepted for all bodies.
    pub verified: u64,
    /// Opaque: pass it as `after` for the next page.
    pub next: Option<String>,
}

/// A conference on the filter list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConferenceRow {
    /// The record.
    pub id: RecordId,
    /// Its title.
    pub title: String,
    /// "XV".
    pub ordinal: Option<String>,
    /// ISO partial date.
    pub day: Option<String>,
}

/// One body's part in a directive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AssignmentRow {
    /// The directive.
    pub directive: RecordId,
    /// The body.
    pub body: RecordId,
    /// The last day for this body.
    pub last_day: Option<Date>,
    /// The answer record.
    pub answer: Option<RecordId>,
    /// Its version.
    pub answer_version: u64,
    /// `doing`, `done`, `blocked`.
    pub answer_state: Option<String>,
    /// 0 to 100.
    pub percent: Option<i64>,
    /// The day of the evidence.
    pub done_day: Option<Date>,
    /// Evidence items.
    pub evidence: u64,
    /// `accepted` or `returned`, on the answer's current version.
    pub verdict: Option<String>,
    /// The assigner's remark.
    pub verdict_remark: Option<String>,
    /// When it was judged.
    pub verdict_day: Option<Date>,
    /// Whether the assigner accepted it as done.
    pub closed: bool,
    /// Whether the answer is illustrative.
    pub illustrative: bool,
    /// The status of this part.
    pub status: Status,
    /// Days late of this part.
    pub days_late: i64,
}

/// One line of the history of a deadline.
#[derive(Debug, Clone)]
pub struct DeadlineRow {
    /// The record.
    pub id: RecordId,
    /// The change.
    pub change: DeadlineChange,
}

pub(super) const COLUMNS: &str = "d.id, d.conference, d.document, d.item, d.text, d.owner, d.assigner, d.leads, d.co_operators, d.class, d.addressee_raw, d.kind, d.due_raw, \
    d.due_inferred, d.stated_last, d.last_day, d.internal_due, d.internal_illustrative, d.done_day, d.reported_day, d.bodies, d.reported, d.verified, \
    d.illustrative_answers, d.clear, d.illustrative, d.issued_day, d.days_late, d.ord_group, d.sort_day, d.ord";

impl Board {
    /// A page of the board on `today`: at most [`LONGEST_PAGE`] rows after `after`.
    pub fn page(&self, filter: &BoardFilter, today: Date, after: Option<&str>, limit: usize) -> Result<BoardPage, OfficeError> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        self.views.read(|connection| {
            let rows = rows_after(connection, filter, today, after, limit + 1)?;
            let more = rows.len() > limit;
            let kept: Vec<(BoardRow, String)> = rows.into_iter().take(limit).collect();
            let next = if more { kept.last().map(|(_, key)| key.clone()) } else { None };
            let tally = tally(connection, filter, today)?;
            let total = match filter.status {
                Some(status) => tally.counts.of(status),
                None => tally.counts.total(),
            };
            Ok(BoardPage {
                rows: kept.into_iter().map(|(row, _)| row).collect(),
                counts: tally.counts,
                internal: tally.internal,
                total,
                reported: tally.reported,
                verified: tally.verified,
                next,
            })
        })
    }

    /// Every row of the filter in the board's order, in one snapshot, for exports.
    pub fn each(
        &self,
        filter: &BoardFilter,
        today: Date,
        row_out: &mut dyn FnMut(BoardRow) -> Result<(), OfficeError>,
    ) -> Result<(), OfficeError> {
        self.views.read(|connection| {
            let mut values = Vec::new();
            let condition = condition(filter, today, &mut values);
            let query = format!("SELECT {COLUMNS} FROM directive d WHERE {condition} ORDER BY d.ord_group, d.sort_day, d.ord, d.id");
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            while let Some(row) = rows.next()? {
                row_out(board_row(row, today)?)?;
            }
            Ok(())
        })
    }

    /// One directive; none when it is not issued.
    pub fn row(&self, id: RecordId, today: Date) -> Result<Option<BoardRow>, OfficeError> {
        self.views.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM directive d WHERE d.id = ?1"))?;
            let mut rows = statement.query([id.to_string()])?;
            rows.next()?.map(|row| board_row(row, today)).transpose()
        })
    }

    /// The parts of a directive, in the order of the bodies' ids.
    pub fn assignments(&self, directive: RecordId, today: Date) -> Result<Vec<AssignmentRow>, OfficeError> {
        self.views.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM assignment WHERE directive = ?1 ORDER BY body LIMIT 2000")?;
            let mut rows = statement.query([directive.to_string()])?;
            let mut parts = Vec::new();
            while let Some(row) = rows.next()? {
                parts.push(assignment_row(row, 0, today)?);
            }
            Ok(parts)
        })
    }

    /// The history of a directive's deadline, oldest first.
    pub fn deadline_changes(&self, directive: RecordId) -> Result<Vec<DeadlineRow>, OfficeError> {
        self.views.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, data FROM deadline_change WHERE directive = ?1 AND maker = IFNULL((SELECT maker FROM directive WHERE id = ?1), '') ORDER BY seq LIMIT 200")?;
            let mut rows = statement.query([directive.to_string()])?;
            let mut changes = Vec::new();
            while let Some(row) = rows.next()? {
                changes.push(DeadlineRow { id: id_of(row, 0)?, change: serde_json::from_str(&row.get::<_, String>(1)?)? });
            }
            Ok(changes)
        })
    }

    /// Conferences, latest first: at most 200.
    pub fn conferences(&self) -> Result<Vec<ConferenceRow>, OfficeError> {
        self.views.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, title, ordinal, day FROM conference ORDER BY day DESC, id LIMIT 200")?;
            let mut rows = statement.query([])?;
            let mut conferences = Vec::new();
            while let Some(row) = rows.next()? {
                conferences.push(ConferenceRow { id: id_of(row, 0)?, title: row.get(1)?, ordinal: row.get(2)?, day: row.get(3)? });
            }
            Ok(conferences)
        })
    }
}

struct Tally {
    counts: Counts,
    internal: Counts,
    reported: u64,
    verified: u64,
}

fn tally(connection: &Connection, filter: &BoardFilter, today: Date) -> Result<Tally, OfficeError> {
    let mut values = Vec::new();
    let condition = condition(&BoardFilter { status: None, ..filter.clone() }, today, &mut values);
    let query = if filter.document.is_none() && filter.bodies.is_empty() {
        format!(
            "SELECT d.ord_group, d.late, d.ord_group = 0 AND d.sort_day < '{today}', SUM(d.n), SUM(d.reported), SUM(d.verified) FROM tally d
             WHERE {condition} GROUP BY 1, 2, 3"
        )
    } else {
        format!(
            "SELECT d.ord_group, d.days_late > 0, d.ord_group = 0 AND d.sort_day < '{today}', COUNT(*), SUM(d.bodies > 0 AND d.reported = d.bodies),
               SUM(d.bodies > 0 AND d.verified = d.bodies) FROM directive d WHERE {condition} GROUP BY 1, 2, 3"
        )
    };
    let mut tally = Tally { counts: Counts::default(), internal: Counts::default(), reported: 0, verified: 0 };
    let mut statement = connection.prepare_cached(&query)?;
    let mut rows = statement.query(params_from_iter(values.iter()))?;
    while let Some(row) = rows.next()? {
        let (group, late, overdue): (i64, bool, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let status = match (group, late, overdue) {
            (0, _, true) => Status::Overdue,
            (0, _, false) => Status::WithinTerm,
            (1, true, _) => Status::DoneLate,
            (1, false, _) => Status::DoneOnTime,
            _ => Status::Standing,
        };
        tally.counts.add(status, number(row, 3)?);
        tally.reported += number(row, 4)?;
        tally.verified += number(row, 5)?;
    }
    drop(rows);
    // Own deadlines are summed apart, for directives without a stated one.
    let query = format!(
        "SELECT d.internal_due IS NULL, COALESCE(d.reported_day, '') , d.internal_due, COUNT(*) FROM directive d
         WHERE {condition} AND d.ord_group = 2 AND d.internal_due IS NOT NULL GROUP BY 1, 2, 3"
    );
    let mut statement = connection.prepare_cached(&query)?;
    let mut rows = statement.query(params_from_iter(values.iter()))?;
    while let Some(row) = rows.next()? {
        let reported: Option<Date> = row.get::<_, String>(1)?.parse().ok();
        tally.internal.add(status_on(today, day_of(row, 2)?, reported), number(row, 3)?);
    }
    tally.internal.standing = tally.counts.standing.saturating_sub(tally.internal.total());
    Ok(tally)
}

fn condition(filter: &BoardFilter, today: Date, values: &mut Vec<Sql>) -> String {
    let mut parts = Vec::new();
    if let Some(conference) = filter.conference {
        parts.push("d.conference = ?".to_owned());
        values.push(Sql::Text(conference.to_string()));
    }
    if let Some(document) = filter.document {
        parts.push("d.document = ?".to_owned());
        values.push(Sql::Text(document.to_string()));
    }
    if !filter.bodies.is_empty() {
        let marks = vec!["?"; filter.bodies.len()].join(",");
        parts.push(format!("d.id IN (SELECT directive FROM addressee WHERE body IN ({marks}))"));
        values.extend(filter.bodies.iter().map(|body| Sql::Text(body.to_string())));
    }
    match filter.status {
        None => {}
        Some(Status::Overdue) => parts.push(format!("d.ord_group = 0 AND d.sort_day < '{today}'")),
        Some(Status::WithinTerm) => parts.push(format!("d.ord_group = 0 AND d.sort_day >= '{today}'")),
        Some(Status::DoneLate) => parts.push("d.ord_group = 1 AND d.days_late > 0".to_owned()),
        Some(Status::DoneOnTime) => parts.push("d.ord_group = 1 AND d.days_late = 0".to_owned()),
        Some(Status::Standing) => parts.push("d.ord_group = 2".to_owned()),
    }
    if parts.is_empty() { "1".to_owned() } else { parts.join(" AND ") }
}

fn rows_after(
    connection: &Connection,
    filter: &BoardFilter,
    today: Date,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(BoardRow, String)>, OfficeError> {
    let mut values = Vec::new();
    let mut condition = condition(filter, today, &mut values);
    if let Some(after) = after {
        let key = read_key(after)?;
        condition.push_str(" AND (d.ord_group, d.sort_day, d.ord, d.id) > (?, ?, ?, ?)");
        values.extend(key);
    }
    values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    let query = format!("SELECT {COLUMNS} FROM directive d WHERE {condition} ORDER BY d.ord_group, d.sort_day, d.ord, d.id LIMIT ?");
    let mut statement = connection.prepare_cached(&query)?;
    let mut rows = statement.query(params_from_iter(values.iter()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key =
            format!("{}_{}_{}_{}", row.get::<_, i64>(28)?, row.get::<_, String>(29)?, row.get::<_, i64>(30)?, row.get::<_, String>(0)?);
        found.push((board_row(row, today)?, key));
    }
    Ok(found)
}

fn read_key(text: &str) -> Result<[Sql; 4], OfficeError> {
    let mut parts = text.splitn(4, '_');
    let (group, day, ord, id) = (parts.next(), parts.next(), parts.next(), parts.next());
    match (group.and_then(|text| text.parse().ok()), day, ord.and_then(|text| text.parse().ok()), id) {
        (Some(group), Some(day), Some(ord), Some(id)) => {
            Ok([Sql::Integer(group), Sql::Text(day.to_owned()), Sql::Integer(ord), Sql::Text(id.to_owned())])
        }
        _ => Err(OfficeError::refused(
            "bad_cursor",
            "Vị trí trang (after) không hợp lệ. Hãy mở lại danh sách từ trang đầu.",
            "The page position (after) is not valid. Open the list again from its first page.",
        )),
    }
}

pub(super) fn board_row(row: &Row<'_>, today: Date) -> Result<BoardRow, OfficeError> {
    let last_day = day_of(row, 15)?;
    let internal_due = day_of(row, 16)?;
    let done_day = day_of(row, 18)?;
    let reported_day = day_of(row, 19)?;
    let group: i64 = row.get(28)?;
    let open_last = if group == 0 { day_of(row, 29)? } else { last_day };
    let stored_late: i64 = row.get(27)?;
    let status = match (group, done_day) {
        // Late when any one body was late, so the stored delay decides and not the latest day of all.
        (1, Some(_)) if stored_late > 0 => Status::DoneLate,
        (1, Some(_)) => Status::DoneOnTime,
        _ => status_on(today, open_last, None),
    };
    let late = match status {
        Status::DoneLate => stored_late,
        Status::Overdue => days_late(today, open_last, None),
        _ => 0,
    };
    Ok(BoardRow {
        id: id_of(row, 0)?,
        conference: optional_id(row, 1)?,
        document: optional_id(row, 2)?,
        item: row.get(3)?,
        text: row.get(4)?,
        owner: optional_id(row, 5)?,
        assigner: optional_id(row, 6)?,
        leads: ids_of(&row.get::<_, String>(7)?),
        co_operators: ids_of(&row.get::<_, String>(8)?),
        class: optional_id(row, 9)?,
        addressee_raw: row.get(10)?,
        kind: row.get(11)?,
        due_raw: row.get(12)?,
        due_inferred: row.get(13)?,
        stated_last: day_of(row, 14)?,
        last_day,
        internal_due,
        internal_illustrative: row.get(17)?,
        status,
        internal_status: (status == Status::Standing && internal_due.is_some()).then(|| status_on(today, internal_due, reported_day)),
        days_late: late,
        done_day,
        reported_day,
        bodies: number(row, 20)?,
        reported: number(row, 21)?,
        verified: number(row, 22)?,
        illustrative_answers: row.get(23)?,
        clear: serde_json::from_str(&row.get::<_, String>(24)?)?,
        illustrative: row.get(25)?,
        issued_day: day_of(row, 26)?,
    })
}

pub(super) fn assignment_row(row: &Row<'_>, from: usize, today: Date) -> Result<AssignmentRow, OfficeError> {
    let last_day = day_of(row, from + 2)?;
    let done_day = day_of(row, from + 7)?;
    let closed: bool = row.get(from + 12)?;
    let accepted = done_day.filter(|_| closed);
    let status = status_on(today, last_day, accepted);
    Ok(AssignmentRow {
        directive: id_of(row, from)?,
        body: id_of(row, from + 1)?,
        last_day,
        answer: optional_id(row, from + 3)?,
        answer_version: number(row, from + 4)?,
        answer_state: row.get(from + 5)?,
        percent: row.get(from + 6)?,
        done_day,
        evidence: number(row, from + 8)?,
        verdict: row.get(from + 9)?,
        verdict_remark: row.get(from + 10)?,
        verdict_day: day_of(row, from + 11)?,
        closed,
        illustrative: row.get(from + 13)?,
        status,
        days_late: if matches!(status, Status::DoneLate | Status::Overdue) { days_late(today, last_day, accepted) } else { 0 },
    })
}

pub(super) fn day_of(row: &Row<'_>, column: usize) -> Result<Option<Date>, OfficeError> {
    Ok(row.get::<_, Option<String>>(column)?.and_then(|text| text.parse().ok()))
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64, OfficeError> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

pub(super) fn id_of(row: &Row<'_>, column: usize) -> Result<RecordId, OfficeError> {
    let text: String = row.get(column)?;
    RecordId::parse(&text).map_err(|_| OfficeError::Data(format!("not a record id: {text}")))
}

fn optional_id(row: &Row<'_>, column: usize) -> Result<Option<RecordId>, OfficeError> {
    Ok(row.get::<_, Option<String>>(column)?.and_then(|text| RecordId::parse(&text).ok()))
}

/// Reads the ids out of a comma-separated column.
pub(crate) fn ids_of(list: &str) -> Vec<RecordId> {
    list.split(',').filter_map(|text| RecordId::parse(text).ok()).collect()
}
