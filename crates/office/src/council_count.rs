//! The count of a council: out of an urn or typed from paper, checked the same way, and what follows from it.

use std::collections::BTreeMap;

use catalogue::{BallotForm, ChoiceCount, Decided, Fault, Label, PointsCount, ScoreSheet};
use ledger::RecordId;
use serde_json::{Value, json};

use crate::ballot::{Tally, check_points};
use crate::council::{BallotState, ballot_open, counted_before};
use crate::error::{OfficeError, label};
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::Action;

/// The fields that the page of the council writes.
const COUNT: [&str; 10] = [
    "counted_how",
    "ballots_issued",
    "ballots_returned",
    "ballots_invalid",
    "votes",
    "ballots_deviating",
    "mean_hundredths",
    "marks",
    "outcome",
    "count_note",
];
/// Below this many ballots it is easily guessed who voted how.
const FEW_BALLOTS: u64 = 5;
/// What a count rests on: unchangeable once it is there.
const BASIS: [&str; 5] = ["members", "sheet", "council_type", "subject", "meeting_day"];

/// The count of paper ballots as the secretary types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperCount {
    /// Ballots handed out.
    pub issued: u64,
    /// Ballots returned.
    pub returned: u64,
    /// Invalid ballots among them.
    pub invalid: u64,
    /// The valid ones.
    pub ballots: PaperBallots,
    /// A note; may be empty.
    pub note: String,
}

/// Valid paper ballots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaperBallots {
    /// Ballots for each choice, in the order of the sheet.
    Choices(Vec<u64>),
    /// Every sheet: points in the order of the criteria.
    Sheets(Vec<Vec<u64>>),
}

impl Office {
    /// Keeps a count of paper ballots. It may be typed anew to correct a slip of the pen; the history keeps both.
    ///
    /// # Errors
    /// `not_decidable` without a quorum, `ballot_open`, `counted_before` after a ballot on this system, `Invalid` when the numbers do not fit together.
    pub fn type_count(&self, who: &Identity, id: RecordId, count: PaperCount) -> Result<(), OfficeError> {
        let page = self.council_to_hold(who, id)?;
        match &page.ballot {
            BallotState::Open { .. } => return Err(ballot_open()),
            BallotState::Counted(how) if how == "slips" => return Err(counted_before()),
            _ => page.require_decidable()?,
        }
        if count.issued > page.voters {
            return Err(OfficeError::Invalid(vec![too_many_issued(count.issued, page.voters)]));
        }
        let mut data = page.data;
        let mut tally = Tally { issued: count.issued, blank: count.invalid, ..Tally::default() };
        match (&page.sheet.ballot, count.ballots) {
            (BallotForm::Choice { choices, .. }, PaperBallots::Choices(numbers)) => {
                tally.choices = choices.iter().map(|choice| choice.code.clone()).zip(numbers).collect();
            }
            (BallotForm::Points { criteria, .. }, PaperBallots::Sheets(sheets)) => {
                for sheet in &sheets {
                    check_points(criteria, sheet)?;
                }
                tally.sheets = sheets;
            }
            _ => return Err(OfficeError::Data("the count does not fit the sheet".to_owned())),
        }
        if tally.returned() != count.returned {
            let sum = tally.returned();
            return Err(OfficeError::Invalid(vec![sum_differs(count.returned, sum)]));
        }
        write_tally(&page.sheet, &tally, &mut data);
        put(&mut data, "counted_how", json!("paper"));
        let note = viet::nfc(count.note.trim()).into_owned();
        put(&mut data, "count_note", if note.is_empty() { Value::Null } else { json!(note) });
        self.store_count(who, id, page.leaf, data, "council.count", format!("{}/{}", count.returned, count.issued))
    }

    /// What [`Office::submit`] asks of a council beyond its fields: the count fits together and to its sheet, nothing changes while a ballot is open, and a
    /// count is written by the page of the council only.
    pub(crate) fn check_council(&self, id: Option<RecordId>, action: Action, old: Option<&Value>, new: &Value) -> Vec<Fault> {
        let mut faults = self.check_count(new);
        if action == Action::HoldBallot {
            return faults;
        }
        if id.is_some_and(|id| self.ballots.state(id).is_some()) {
            faults.push(fault(
                "title",
                "ballot_open",
                "Cuộc bỏ phiếu của hội đồng đang mở nên chưa sửa được. Hãy đóng hoặc hủy cuộc bỏ phiếu trước.",
                "The ballot of this council is open, so nothing can be changed. Close or cancel it first.",
            ));
        }
        let Some(old) = old else { return faults };
        for field in COUNT {
            if old.get(field) != new.get(field) {
                faults.push(fault(
                    field,
                    "count_kept",
                    "Kết quả kiểm phiếu chỉ ghi được tại trang hội đồng. Hãy để nguyên mục này.",
                    "The count is written on the page of the council only. Leave this as it is.",
                ));
            }
        }
        for field in BASIS {
            if old.get("counted_how").is_some() && without_no(old.get(field)) != without_no(new.get(field)) {
                faults.push(fault(
                    field,
                    "count_basis",
                    "Đã có kết quả kiểm phiếu nên không sửa được mục này.",
                    "There is a count that rests on this, so it cannot be changed.",
                ));
            }
        }
        faults
    }

    fn check_count(&self, data: &Value) -> Vec<Fault> {
        let text = |field: &str| data.get(field).and_then(Value::as_str);
        let Some(sheet) = text("sheet").and_then(|name| self.catalogue().score_sheet(name)) else { return Vec::new() };
        let mut faults = Vec::new();
        if text("council_type") != Some(sheet.council.as_str()) {
            faults.push(fault(
                "sheet",
                "sheet_of_council",
                "Phiếu đánh giá: không dùng cho loại hội đồng đã chọn. Hãy chọn phiếu của loại hội đồng đó.",
                "Sheet: not one of this type of council. Choose a sheet of that type.",
            ));
        }
        if text("counted_how").is_none() {
            if let Some(field) = COUNT.iter().find(|field| data.get(**field).is_some()) {
                faults.push(fault(
                    field,
                    "count_way",
                    "Cách bỏ phiếu: cần ghi khi có kết quả kiểm phiếu.",
                    "How was voted: needed when there is a count.",
                ));
            }
            return faults;
        }
        let number = |field: &str| data.get(field).and_then(Value::as_u64).unwrap_or(0);
        let (issued, returned, invalid) = (number("ballots_issued"), number("ballots_returned"), number("ballots_invalid"));
        let present = present(data);
        if issued > present {
            faults.push(too_many_issued(issued, present));
        }
        if returned > issued {
            faults.push(fault(
                "ballots_returned",
                "more_returned",
                format!("Số phiếu thu về: {returned} nhiều hơn {issued} phiếu phát ra. Hãy kiểm lại."),
                format!("Ballots returned: {returned} are more than the {issued} handed out. Count again."),
            ));
        }
        let sum = match &sheet.ballot {
            BallotForm::Choice { .. } => invalid + votes(data).values().sum::<u64>(),
            // Sheets that count are what remains, so only too many void ones can be wrong.
            BallotForm::Points { .. } => returned.max(invalid + number("ballots_deviating")),
        };
        if sum != returned {
            faults.push(sum_differs(returned, sum));
        }
        let outcome = decided(sheet, data).and_then(|decided| decided.outcome).map(|word| word.code);
        if outcome.as_deref() != text("outcome") {
            faults.push(fault(
                "outcome",
                "outcome_differs",
                "Kết quả: không đúng với số phiếu đã kiểm theo quy định của phiếu đánh giá.",
                "Outcome: not what follows from the ballots by the rule of the sheet.",
            ));
        }
        faults
    }

    /// The numbers of a count with their names; empty when there is none.
    pub(crate) fn count_in_words(&self, sheet: &ScoreSheet, data: &Value) -> Vec<(Label, String)> {
        if data.get("counted_how").is_none() {
            return Vec::new();
        }
        let number = |field: &str| data.get(field).and_then(Value::as_u64).unwrap_or(0);
        let mut lines = vec![
            (label("Số phiếu phát ra", "Ballots handed out"), number("ballots_issued").to_string()),
            (label("Số phiếu thu về", "Ballots returned"), number("ballots_returned").to_string()),
            (label("Số phiếu không hợp lệ", "Invalid ballots"), number("ballots_invalid").to_string()),
        ];
        match &sheet.ballot {
            BallotForm::Choice { choices, .. } => {
                let votes = votes(data);
                for choice in choices {
                    lines.push((choice.label.clone(), votes.get(&choice.code).copied().unwrap_or(0).to_string()));
                }
            }
            BallotForm::Points { criteria, .. } => {
                let count = points(data);
                lines.push((
                    label("Số phiếu bị loại vì lệch điểm trung bình", "Sheets void because far from the mean"),
                    count.deviating.to_string(),
                ));
                for (criterion, (mean, _)) in criteria.iter().zip(&count.marks) {
                    let Label { vi, en } = &criterion.word.label;
                    lines.push((label(format!("{vi}: điểm trung bình"), format!("{en}: mean")), in_points(*mean)));
                }
                lines.push((label("Điểm trung bình", "Mean"), in_points(count.mean_hundredths)));
            }
        }
        lines
    }
}

/// What follows from the count in the data; none when there is no count.
pub(crate) fn decided(sheet: &ScoreSheet, data: &Value) -> Option<Decided> {
    data.get("counted_how")?;
    let returned = data.get("ballots_returned").and_then(Value::as_u64).unwrap_or(0);
    match &sheet.ballot {
        BallotForm::Choice { .. } => sheet.decide_choices(&ChoiceCount { present: present(data), returned, ballots: votes(data) }),
        BallotForm::Points { .. } => sheet.decide_points(&points(data)),
    }
}

/// Whether a count itself tells how each voted: all valid ballots are alike, or there are very few.
pub(crate) fn is_telling(data: &Value) -> bool {
    let returned = data.get("ballots_returned").and_then(Value::as_u64);
    let chosen = votes(data).values().filter(|ballots| **ballots > 0).count();
    returned.is_some_and(|returned| returned < FEW_BALLOTS || chosen == 1)
}

/// Writes the sums of an urn, and what follows from them, into the data of a council.
pub(crate) fn write_tally(sheet: &ScoreSheet, tally: &Tally, data: &mut Value) {
    for field in COUNT {
        put(data, field, Value::Null);
    }
    put(data, "counted_how", json!("slips"));
    put(data, "ballots_issued", json!(tally.issued));
    put(data, "ballots_returned", json!(tally.returned()));
    put(data, "ballots_invalid", json!(tally.blank));
    match &sheet.ballot {
        BallotForm::Choice { choices, .. } => {
            let votes: Vec<Value> = choices
                .iter()
                .map(|choice| json!({"choice": choice.code, "ballots": tally.choices.get(&choice.code).copied().unwrap_or(0)}))
                .collect();
            put(data, "votes", json!(votes));
        }
        BallotForm::Points { criteria, .. } => {
            let count = sheet.count_points(&tally.sheets).unwrap_or_default();
            let marks: Vec<Value> = criteria
                .iter()
                .zip(&count.marks)
                .map(|(criterion, (mean, zeros))| json!({"criterion": criterion.word.code, "mean_hundredths": mean, "zeros": zeros}))
                .collect();
            put(data, "ballots_deviating", json!(count.deviating));
            put(data, "mean_hundredths", json!(count.mean_hundredths));
            put(data, "marks", json!(marks));
        }
    }
    if let Some(outcome) = decided(sheet, data).and_then(|decided| decided.outcome) {
        put(data, "outcome", json!(outcome.code));
    }
}

/// Sets a field, or removes it when the value is null.
pub(crate) fn put(data: &mut Value, field: &str, value: Value) {
    let Value::Object(members) = data else { return };
    if value.is_null() {
        members.remove(field);
    } else {
        members.insert(field.to_owned(), value);
    }
}

/// A value without "no": a box that is not ticked is the same as one that was never asked for.
fn without_no(value: Option<&Value>) -> Option<Value> {
    match value? {
        Value::Bool(false) => None,
        Value::Object(members) => Some(
            members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), without_no(Some(member))?)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        ),
        Value::Array(items) => Some(items.iter().filter_map(|item| without_no(Some(item))).collect()),
        other => Some(other.clone()),
    }
}

fn rows<'a>(data: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    data.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn present(data: &Value) -> u64 {
    rows(data, "members").filter(|member| member.get("present").and_then(Value::as_bool) == Some(true)).count() as u64
}

fn votes(data: &Value) -> BTreeMap<String, u64> {
    let mut votes = BTreeMap::new();
    for row in rows(data, "votes") {
        if let (Some(choice), Some(ballots)) = (row.get("choice").and_then(Value::as_str), row.get("ballots").and_then(Value::as_u64)) {
            *votes.entry(choice.to_owned()).or_insert(0) += ballots;
        }
    }
    votes
}

fn points(data: &Value) -> PointsCount {
    let number = |row: &Value, field: &str| row.get(field).and_then(Value::as_u64).unwrap_or(0);
    let void = number(data, "ballots_invalid").saturating_add(number(data, "ballots_deviating"));
    PointsCount {
        sheets: number(data, "ballots_returned").saturating_sub(void),
        deviating: number(data, "ballots_deviating"),
        mean_hundredths: number(data, "mean_hundredths"),
        marks: rows(data, "marks").map(|row| (number(row, "mean_hundredths"), number(row, "zeros"))).collect(),
    }
}

fn in_points(hundredths: u64) -> String {
    format!("{},{:02}", hundredths / 100, hundredths % 100)
}

fn fault(path: &str, rule: &str, vi: impl Into<String>, en: impl Into<String>) -> Fault {
    Fault { path: path.to_owned(), rule: rule.to_owned(), message: label(vi, en) }
}

fn too_many_issued(issued: u64, voters: u64) -> Fault {
    fault(
        "ballots_issued",
        "more_issued",
        format!("Số phiếu phát ra: {issued} nhiều hơn {voters} thành viên có mặt được bỏ phiếu. Hãy kiểm lại."),
        format!("Ballots handed out: {issued} are more than the {voters} members present who may vote. Count again."),
    )
}

fn sum_differs(returned: u64, sum: u64) -> Fault {
    fault(
        "ballots_returned",
        "sum_differs",
        format!("Số phiếu thu về: {returned}, nhưng phiếu các mức và phiếu không hợp lệ cộng lại là {sum}. Hãy kiểm lại."),
        format!("Ballots returned: {returned}, but the ballots of all choices and the invalid ones add up to {sum}. Count again."),
    )
}
