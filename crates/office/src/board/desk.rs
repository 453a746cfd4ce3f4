//! What waits for somebody, and whose parts are overdue: the board read for one person's desk and for the leader's red list.

use jiff::civil::Date;
use ledger::RecordId;
use rusqlite::params_from_iter;

use super::Board;
use super::query::{AssignmentRow, BoardRow, COLUMNS, assignment_row, board_row, day_of, id_of, number};
use crate::error::OfficeError;
use crate::status::days_between;

/// What lies on somebody's desk.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// Past the last day and not accepted as done.
    pub overdue: Vec<DeskRow>,
    /// Due within the next fourteen days.
    pub soon: Vec<DeskRow>,
    /// Returned by the assigner.
    pub returned: Vec<DeskRow>,
    /// Open, later or without a deadline.
    pub open: Vec<DeskRow>,
    /// Answered, the assigner's verdict is awaited.
    pub waiting: Vec<DeskRow>,
    /// Answers of others that wait for this person's verdict.
    pub to_judge: Vec<DeskRow>,
}

/// One line on a desk.
#[derive(Debug, Clone)]
pub struct DeskRow {
    /// The directive.
    pub directive: BoardRow,
    /// The body's part.
    pub part: AssignmentRow,
    /// The day that counts: the stated last day, else the own one.
    pub due: Option<Date>,
}

/// One body's overdue parts, for the leader's red list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueByBody {
    /// The body.
    pub body: RecordId,
    /// How many of its parts are overdue.
    pub overdue: u64,
    /// The longest delay in days.
    pub longest: i64,
}

impl Board {
    /// What lies on the desk of somebody who answers for `bodies` and judges for `assigners`; each heap holds at most 100.
    pub fn desk(&self, bodies: &[RecordId], assigners: &[RecordId], today: Date) -> Result<Desk, OfficeError> {
        let mut desk = Desk::default();
        let soon = today.checked_add(jiff::Span::new().days(14)).unwrap_or(today);
        let rows = self.desk_rows("a.body IN", bodies, "a.closed = 0", today)?;
        for row in rows {
            let waits = row.part.answer_state.as_deref() == Some("done") && row.part.verdict.is_none();
            let heap = if row.part.verdict.as_deref() == Some("returned") {
                &mut desk.returned
            } else if waits {
                &mut desk.waiting
            } else if row.due.is_some_and(|due| due < today) {
                &mut desk.overdue
            } else if row.due.is_some_and(|due| due <= soon) {
                &mut desk.soon
            } else {
                &mut desk.open
            };
            if heap.len() < 100 {
                heap.push(row);
            }
        }
        desk.to_judge =
            self.desk_rows("d.assigner IN", assigners, "a.answer_state = 'done' AND a.verdict IS NULL AND a.evidence > 0", today)?;
        desk.to_judge.truncate(100);
        Ok(desk)
    }

    fn desk_rows(&self, whose: &str, bodies: &[RecordId], condition: &str, today: Date) -> Result<Vec<DeskRow>, OfficeError> {
        if bodies.is_empty() {
            return Ok(Vec::new());
        }
        let marks = vec!["?"; bodies.len()].join(",");
        let query = format!(
            "SELECT {COLUMNS}, a.* FROM assignment a JOIN directive d ON d.id = a.directive WHERE {whose} ({marks}) AND {condition}
             ORDER BY COALESCE(a.last_day, d.internal_due, '9999'), d.ord, d.id LIMIT 600"
        );
        self.views.read(|connection| {
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query(params_from_iter(bodies.iter().map(ToString::to_string)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let directive = board_row(row, today)?;
                let part = assignment_row(row, 31, today)?;
                let due = part.last_day.or(directive.internal_due);
                found.push(DeskRow { directive, part, due });
            }
            Ok(found)
        })
    }

    /// Bodies with overdue parts, the most first: at most 100.
    pub fn overdue_by_body(&self, today: Date) -> Result<Vec<OverdueByBody>, OfficeError> {
        self.views.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT a.body, COUNT(*), MIN(a.last_day) FROM assignment a WHERE a.closed = 0 AND a.last_day < ?1 GROUP BY a.body ORDER BY 2 DESC, 3, 1 LIMIT 100",
            )?;
            let mut rows = statement.query([today.to_string()])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let earliest = day_of(row, 2)?;
                found.push(OverdueByBody {
                    body: id_of(row, 0)?,
                    overdue: number(row, 1)?,
                    longest: earliest.map_or(0, |day| days_between(day, today)),
                });
            }
            Ok(found)
        })
    }
}
