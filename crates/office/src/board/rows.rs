//! How the board turns records into rows: pure functions over typed views, and the SQL that stores them.

use jiff::civil::Date;
use ledger::RecordId;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Deserialize;
use serde_json::Value;

use crate::error::OfficeError;
use crate::status::days_between;

/// Shape of the tables; a file of another shape is rebuilt.
pub(crate) const SHAPE: i64 = 5;

/// `ord_group`: 0 open with a deadline, 1 done with a deadline, 2 without a deadline. `sort_day`: earliest last day among bodies still open (group 0),
/// else the last day. So "overdue" is a range of an index and nothing has to be recomputed at midnight.
pub(crate) const SCHEMA: &str = "
CREATE TABLE conference (id TEXT PRIMARY KEY, title TEXT NOT NULL, ordinal TEXT, day TEXT, illustrative INTEGER NOT NULL);
CREATE TABLE directive (
  id TEXT PRIMARY KEY, conference TEXT, document TEXT, item TEXT NOT NULL, ord INTEGER NOT NULL, text TEXT NOT NULL,
  owner TEXT, assigner TEXT, class TEXT, addressee_raw TEXT, kind TEXT NOT NULL, period TEXT, leads TEXT NOT NULL, co_operators TEXT NOT NULL, issued_to TEXT NOT NULL,
  due_raw TEXT, due_inferred INTEGER NOT NULL, stated_last TEXT, internal_due TEXT, internal_illustrative INTEGER NOT NULL, issued_day TEXT,
  clear TEXT NOT NULL, illustrative INTEGER NOT NULL,
  last_day TEXT, bodies INTEGER NOT NULL, reported INTEGER NOT NULL, verified INTEGER NOT NULL, illustrative_answers INTEGER NOT NULL,
  reported_day TEXT, done_day TEXT, days_late INTEGER NOT NULL, ord_group INTEGER NOT NULL, sort_day TEXT NOT NULL,
  -- The node that made the record; empty for one of this node's own. So in the tables below.
  maker TEXT NOT NULL);
CREATE INDEX directive_order ON directive (ord_group, sort_day, ord, id);
CREATE INDEX directive_conference ON directive (conference, ord_group, sort_day, ord, id);
CREATE INDEX directive_document ON directive (document, ord, id);
CREATE INDEX directive_internal ON directive (internal_due, reported_day) WHERE ord_group = 2 AND internal_due IS NOT NULL;
-- How many directives of each sort fall on a day, so that the four cells of 100,000 directives are summed from a few thousand rows.
CREATE TABLE tally (conference TEXT NOT NULL, ord_group INTEGER NOT NULL, late INTEGER NOT NULL, sort_day TEXT NOT NULL, n INTEGER NOT NULL, reported INTEGER NOT NULL,
  verified INTEGER NOT NULL, PRIMARY KEY (conference, ord_group, late, sort_day)) WITHOUT ROWID;
CREATE TRIGGER directive_in AFTER INSERT ON directive BEGIN
  INSERT INTO tally VALUES (IFNULL(NEW.conference, ''), NEW.ord_group, NEW.days_late > 0, NEW.sort_day, 1,
      NEW.bodies > 0 AND NEW.reported = NEW.bodies, NEW.bodies > 0 AND NEW.verified = NEW.bodies)
    ON CONFLICT (conference, ord_group, late, sort_day) DO UPDATE SET n = n + 1, reported = reported + excluded.reported, verified = verified + excluded.verified;
END;
CREATE TRIGGER directive_out AFTER DELETE ON directive BEGIN
  UPDATE tally SET n = n - 1, reported = reported - (OLD.bodies > 0 AND OLD.reported = OLD.bodies), verified = verified - (OLD.bodies > 0 AND OLD.verified = OLD.bodies)
    WHERE conference = IFNULL(OLD.conference, '') AND ord_group = OLD.ord_group AND late = (OLD.days_late > 0) AND sort_day = OLD.sort_day;
END;
CREATE TRIGGER directive_moved AFTER UPDATE OF ord_group, days_late, sort_day, bodies, reported, verified ON directive BEGIN
  UPDATE tally SET n = n - 1, reported = reported - (OLD.bodies > 0 AND OLD.reported = OLD.bodies), verified = verified - (OLD.bodies > 0 AND OLD.verified = OLD.bodies)
    WHERE conference = IFNULL(OLD.conference, '') AND ord_group = OLD.ord_group AND late = (OLD.days_late > 0) AND sort_day = OLD.sort_day;
  INSERT INTO tally VALUES (IFNULL(NEW.conference, ''), NEW.ord_group, NEW.days_late > 0, NEW.sort_day, 1,
      NEW.bodies > 0 AND NEW.reported = NEW.bodies, NEW.bodies > 0 AND NEW.verified = NEW.bodies)
    ON CONFLICT (conference, ord_group, late, sort_day) DO UPDATE SET n = n + 1, reported = reported + excluded.reported, verified = verified + excluded.verified;
END;
CREATE TABLE addressee (directive TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (body, directive)) WITHOUT ROWID;
CREATE INDEX addressee_directive ON addressee (directive);
CREATE TABLE assignment (directive TEXT NOT NULL, body TEXT NOT NULL, last_day TEXT, answer TEXT, answer_version INTEGER, answer_state TEXT, percent INTEGER,
  done_day TEXT, evidence INTEGER NOT NULL, verdict TEXT, verdict_remark TEXT, verdict_day TEXT, closed INTEGER NOT NULL, illustrative INTEGER NOT NULL, PRIMARY KEY (directive, body)) WITHOUT ROWID;
CREATE INDEX assignment_open ON assignment (body, closed, last_day);
CREATE TABLE answer (id TEXT PRIMARY KEY, directive TEXT NOT NULL, body TEXT NOT NULL, version INTEGER NOT NULL, seq INTEGER NOT NULL, data TEXT NOT NULL,
  maker TEXT NOT NULL);
CREATE INDEX answer_directive ON answer (directive, body, seq);
CREATE TABLE verdict (id TEXT PRIMARY KEY, answer TEXT NOT NULL, seq INTEGER NOT NULL, data TEXT NOT NULL, maker TEXT NOT NULL);
CREATE INDEX verdict_answer ON verdict (answer, seq);
CREATE TABLE deadline_change (id TEXT PRIMARY KEY, directive TEXT NOT NULL, seq INTEGER NOT NULL, data TEXT NOT NULL, maker TEXT NOT NULL);
CREATE INDEX deadline_change_directive ON deadline_change (directive, seq);
";

/// Typed view of the kind `directive`: what services and the board read of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Directive {
    /// The document it stands in.
    pub document: Option<RecordId>,
    /// The conference, when it came of one.
    pub conference: Option<RecordId>,
    /// Item number, e.g. `2.c`.
    pub item: String,
    /// Order within the document.
    pub order: i64,
    /// The exact words.
    pub text: String,
    /// Byte offset of the first byte in the document's text.
    pub start: Option<u64>,
    /// Byte offset after the last byte.
    pub end: Option<u64>,
    /// Verb as written.
    pub verb: String,
    /// Who assigns.
    pub assigner: Option<RecordId>,
    /// The body whose record this is.
    pub owner: Option<RecordId>,
    /// Lead bodies.
    pub leads: Vec<RecordId>,
    /// Co-operating bodies.
    pub with: Vec<RecordId>,
    /// The class it is addressed to.
    pub class: Option<RecordId>,
    /// The addressee as written, when it is no known body.
    pub addressee_raw: Option<String>,
    /// Bodies it was issued to; each owes an answer.
    pub issued_to: Vec<RecordId>,
    /// `dated`, `periodic` or `standing`.
    pub kind: String,
    /// The deadline as written.
    pub due_raw: Option<String>,
    /// The deadline with its precision, ISO partial date.
    pub due: Option<String>,
    /// "trước": the named day itself is too late.
    pub due_strict: bool,
    /// The computed last day.
    pub due_last: Option<Date>,
    /// `stated` or `inferred`.
    pub due_origin: Option<String>,
    /// A deadline the receiving side set for itself.
    pub internal_due: Option<Date>,
    /// Whether that internal deadline is illustrative.
    pub internal_due_illustrative: bool,
    /// `monthly`, `quarterly`, `half_yearly`, `yearly`.
    pub period: Option<String>,
    /// Product expected.
    pub product: Option<String>,
    /// The four questions of the lint.
    pub clear: Clear,
    /// `draft`, `issued`, `withdrawn`.
    pub state: String,
    /// The day it was issued.
    pub issued_day: Option<Date>,
    /// Whether it is illustrative.
    pub illustrative: bool,
}

/// "Rõ người, rõ việc, rõ thời gian, rõ sản phẩm."
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Clear {
    /// A body is named.
    pub who: bool,
    /// The work is named.
    pub what: bool,
    /// A time is named.
    pub when: bool,
    /// A product is named.
    pub product: bool,
}

/// Typed view of the kind `answer`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The directive.
    pub directive: Option<RecordId>,
    /// The answering body.
    pub body: Option<RecordId>,
    /// `doing`, `done` or `blocked`.
    pub answer_state: String,
    /// 0 to 100.
    pub percent: Option<i64>,
    /// The day the evidence shows.
    pub done_day: Option<Date>,
    /// What was done.
    pub text: String,
    /// What is in the way.
    pub difficulties: Option<String>,
    /// Evidence items.
    pub evidence: Vec<Evidence>,
    /// `draft` or `sent`.
    pub state: String,
    /// Whether it is illustrative.
    pub illustrative: bool,
}

/// One item of evidence: a document, a link or a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Evidence {
    /// `document`, `link` or `record`.
    pub evidence_kind: String,
    /// Document number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Date of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    /// A note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where this is known from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Typed view of the kind `verdict`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// The answer judged.
    pub answer: Option<RecordId>,
    /// The version of the answer that was judged.
    pub answer_version: u64,
    /// `accepted` or `returned`.
    pub verdict: String,
    /// The day.
    pub day: Option<Date>,
    /// Why.
    pub remark: Option<String>,
}

/// Typed view of the kind `deadline_change`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DeadlineChange {
    /// The directive.
    pub directive: Option<RecordId>,
    /// Only for this body; for all when absent.
    pub body: Option<RecordId>,
    /// The last day before.
    pub old_last: Option<Date>,
    /// The last day from now on.
    pub new_last: Option<Date>,
    /// The paper that allowed it.
    pub document_number: String,
    /// Its date.
    pub document_day: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Whether the data of a record can be read as the typed view of its kind.
pub(crate) fn is_readable(kind: &str, data: &Value) -> bool {
    match kind {
        "directive" => Directive::deserialize(data).is_ok(),
        "answer" => Answer::deserialize(data).is_ok(),
        "verdict" => Verdict::deserialize(data).is_ok(),
        "deadline_change" => DeadlineChange::deserialize(data).is_ok(),
        _ => true,
    }
}

/// Recomputes one directive's row and its assignments from the records behind it. Nothing here depends on today.
///
/// `maker` is the node that made the directive, empty for this one: only its verdicts and changes of deadlines count, as only the assigner may give them. Of
/// several answers in the name of a body one of this node's own goes first.
pub(crate) fn recompute(connection: &Connection, id: &str, directive: &Directive, maker: &str) -> Result<(), OfficeError> {
    let (for_all, for_body) = deadlines(connection, id, directive, maker)?;
    connection.prepare_cached("DELETE FROM assignment WHERE directive = ?1")?.execute([id])?;
    let mut totals = Totals::default();
    let base = match directive.kind.as_str() {
        "standing" => None,
        _ => for_all,
    };
    for body in &directive.issued_to {
        let own_deadline = for_body.iter().rev().find(|(other, _)| other == body).map(|(_, day)| *day);
        let assignment = assignment(connection, id, *body, directive, own_deadline.or(base), maker)?;
        totals.add(&assignment);
        store_assignment(connection, id, *body, &assignment)?;
    }
    let done = (totals.bodies > 0 && totals.verified == totals.bodies).then_some(totals.done_day).flatten();
    let last_day = if directive.kind == "periodic" { totals.open_last } else { base };
    let (ord_group, sort_day) = match (last_day, done) {
        (None, _) => (2, String::new()),
        (Some(last), Some(_)) => (1, last.to_string()),
        (Some(last), None) => (0, totals.open_last.unwrap_or(last).to_string()),
    };
    let reported_day = (totals.bodies > 0 && totals.reported == totals.bodies).then_some(totals.reported_day).flatten();
    connection
        .prepare_cached(
            "UPDATE directive SET last_day = ?2, bodies = ?3, reported = ?4, verified = ?5, reported_day = ?6, done_day = ?7, days_late = ?8, ord_group = ?9,
               sort_day = ?10, illustrative_answers = ?11 WHERE id = ?1",
        )?
        .execute(params![
            id,
            last_day.map(|day| day.to_string()),
            totals.bodies,
            totals.reported,
            totals.verified,
            reported_day.map(|day| day.to_string()),
            done.map(|day| day.to_string()),
            if done.is_some() { totals.days_late } else { 0 },
            ord_group,
            sort_day,
            totals.illustrative,
        ])?;
    Ok(())
}

#[derive(Debug, Default)]
struct Totals {
    bodies: i64,
    reported: i64,
    verified: i64,
    illustrative: bool,
    done_day: Option<Date>,
    reported_day: Option<Date>,
    days_late: i64,
    open_last: Option<Date>,
}

impl Totals {
    fn add(&mut self, one: &Assignment) {
        self.bodies += 1;
        self.illustrative |= one.illustrative;
        if one.reported {
            self.reported += 1;
            self.reported_day = self.reported_day.max(one.done_day);
        }
        if one.verified {
            self.verified += 1;
            self.done_day = self.done_day.max(one.done_day);
            if let (Some(last), Some(done)) = (one.last_day, one.done_day) {
                self.days_late = self.days_late.max(days_between(last, done));
            }
        } else if let Some(last) = one.last_day {
            self.open_last = Some(self.open_last.map_or(last, |earliest| earliest.min(last)));
        }
    }
}

#[derive(Debug, Default)]
struct Assignment {
    last_day: Option<Date>,
    answer: Option<String>,
    answer_version: i64,
    answer_state: Option<String>,
    percent: Option<i64>,
    done_day: Option<Date>,
    evidence: i64,
    verdict: Option<Verdict>,
    reported: bool,
    verified: bool,
    illustrative: bool,
}

fn assignment(
    connection: &Connection,
    directive_id: &str,
    body: RecordId,
    directive: &Directive,
    last_day: Option<Date>,
    maker: &str,
) -> Result<Assignment, OfficeError> {
    let periodic = directive.kind == "periodic";
    let found = connection
        .prepare_cached("SELECT id, version, data FROM answer WHERE directive = ?1 AND body = ?2 ORDER BY maker > '', seq DESC LIMIT 1")?
        .query_row(params![directive_id, body.to_string()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let mut assignment = Assignment { last_day, ..Assignment::default() };
    if let Some((id, version, data)) = found {
        let answer: Answer = serde_json::from_str(&data)?;
        let verdict = connection
            .prepare_cached("SELECT data FROM verdict WHERE answer = ?1 AND maker = ?2 ORDER BY seq DESC LIMIT 1")?
            .query_row([id.as_str(), maker], |row| row.get::<_, String>(0))
            .optional()?;
        let verdict: Option<Verdict> = verdict.map(|data| serde_json::from_str(&data)).transpose()?;
        // A verdict is on one version: what was changed afterwards has to be judged again.
        let verdict = verdict.filter(|verdict| i64::try_from(verdict.answer_version) == Ok(version));
        assignment.reported = answer.answer_state == "done" && !answer.evidence.is_empty() && answer.done_day.is_some();
        assignment.verified = assignment.reported && verdict.as_ref().is_some_and(|verdict| verdict.verdict == "accepted");
        assignment.answer = Some(id);
        assignment.answer_version = version;
        assignment.answer_state = Some(answer.answer_state);
        assignment.percent = answer.percent;
        assignment.done_day = answer.done_day;
        assignment.evidence = i64::try_from(answer.evidence.len()).unwrap_or(i64::MAX);
        assignment.illustrative = answer.illustrative;
        assignment.verdict = verdict;
    }
    if periodic {
        let reported = assignment.done_day.filter(|_| assignment.verified);
        assignment.last_day = directive.period.as_deref().and_then(|period| next_period_end(period, reported, directive.issued_day?));
        assignment.verified = false;
    }
    Ok(assignment)
}

fn store_assignment(connection: &Connection, id: &str, body: RecordId, one: &Assignment) -> Result<(), OfficeError> {
    connection.prepare_cached("INSERT INTO assignment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")?.execute(
        params![
            id,
            body.to_string(),
            one.last_day.map(|day| day.to_string()),
            one.answer,
            one.answer_version,
            one.answer_state,
            one.percent,
            one.done_day.map(|day| day.to_string()),
            one.evidence,
            one.verdict.as_ref().map(|verdict| verdict.verdict.clone()),
            one.verdict.as_ref().and_then(|verdict| verdict.remark.clone()),
            one.verdict.as_ref().and_then(|verdict| verdict.day).map(|day| day.to_string()),
            one.verified,
            one.illustrative,
        ],
    )?;
    Ok(())
}

type BodyDeadlines = Vec<(RecordId, Date)>;

/// The last day for all bodies after the changes so far, and the changes for single bodies in order.
fn deadlines(connection: &Connection, id: &str, directive: &Directive, maker: &str) -> Result<(Option<Date>, BodyDeadlines), OfficeError> {
    let mut for_all = directive.due_last;
    let mut for_body = Vec::new();
    let mut statement = connection.prepare_cached("SELECT data FROM deadline_change WHERE directive = ?1 AND maker = ?2 ORDER BY seq")?;
    let mut rows = statement.query([id, maker])?;
    while let Some(row) = rows.next()? {
        let change: DeadlineChange = serde_json::from_str(&row.get::<_, String>(0)?)?;
        match (change.body, change.new_last) {
            (Some(body), Some(day)) => for_body.push((body, day)),
            (None, Some(day)) => {
                for_all = Some(day);
                // A change for all replaces what single bodies had been granted before it.
                for_body.clear();
            }
            (_, None) => {}
        }
    }
    Ok((for_all, for_body))
}

/// The last day of the first period not yet reported: of the one in which the directive was issued, or the one after the last accepted report.
pub(crate) fn next_period_end(period: &str, reported: Option<Date>, issued: Date) -> Option<Date> {
    let months = match period {
        "monthly" => 1,
        "quarterly" => 3,
        "half_yearly" => 6,
        "yearly" => 12,
        _ => return None,
    };
    let end = |day: Date| -> Option<Date> {
        let month = (day.month() - 1) / months * months + months;
        Date::new(day.year(), month, 1).ok().map(Date::last_of_month)
    };
    match reported {
        None => end(issued),
        Some(day) => end(end(day)?.tomorrow().ok()?),
    }
}

/// Whether a public projection lets the board show the directive.
pub(crate) fn is_issued(data: &Value) -> bool {
    data.get("state").and_then(Value::as_str) == Some("issued")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_periodic_report_is_due_at_the_end_of_the_first_unreported_period() {
        let issued = date(2026, 1, 10);
        assert_eq!(next_period_end("monthly", None, issued), Some(date(2026, 1, 31)));
        assert_eq!(next_period_end("monthly", Some(date(2026, 1, 25)), issued), Some(date(2026, 2, 28)));
        assert_eq!(next_period_end("quarterly", None, date(2026, 5, 2)), Some(date(2026, 6, 30)));
        assert_eq!(next_period_end("half_yearly", Some(date(2026, 12, 1)), issued), Some(date(2027, 6, 30)));
        assert_eq!(next_period_end("yearly", None, issued), Some(date(2026, 12, 31)));
        assert_eq!(next_period_end("weekly", None, issued), None);
    }
}
