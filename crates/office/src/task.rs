//! Where a task stands in the process that the law prescribes: what comes next, what blocks it, and every term with its last day.

use std::collections::BTreeMap;

use catalogue::{DueState, Happened, Label, Matter, Warning};
use jiff::civil::Date;
use serde_json::Value;

use crate::error::{OfficeError, label};
use crate::office::Office;

/// The family of processes of tasks.
const FAMILY: &str = "vn-task";

/// Steps after which a task does not go on.
const STOPS: [&str; 2] = ["suspended", "terminated"];

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskProgress {
    /// The process, which the task keeps from its beginning to its end.
    pub process: Label,
    /// What is to be known of the definition.
    pub note: Option<Label>,
    /// The steps of the main line that happened last.
    pub current: Vec<Label>,
    /// What may come next: the step, who acts, and what is missing.
    pub next: Vec<NextTaskStep>,
    /// Terms: those that are not done yet first, each part by last day.
    pub terms: Vec<TaskTerm>,
    /// The step that stopped the task, when one did.
    pub stopped: Option<TaskStop>,
}

/// The step that suspended or terminated a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskStop {
    /// The step.
    pub step: Label,
    /// The day.
    pub day: Date,
    /// The article.
    pub source: String,
}

/// A step that may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextTaskStep {
    /// The step.
    pub step: Label,
    /// Who acts.
    pub actor: Label,
    /// What has to be there first.
    pub missing: Vec<Label>,
}

/// One term of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskTerm {
    /// The code of the step in its process.
    pub code: String,
    /// What has to happen.
    pub step: Label,
    /// The last day.
    pub last_day: Date,
    /// When it happened.
    pub happened: Option<Date>,
    /// How it stands.
    pub state: DueState,
    /// Calendar days left; negative when late.
    pub days_left: i64,
    /// The article.
    pub source: String,
    /// Whether the calendar holds the years it was reckoned with.
    pub covered: bool,
    /// Whether it runs for certain; else it depends on something that the record does not say.
    pub certain: bool,
}

impl Office {
    /// Where the task of this data stands today; none when it has no step with a day yet.
    ///
    /// # Errors
    /// `Data` when a step is recorded that the process of the task does not have.
    pub fn task_progress(&self, data: &Value) -> Result<Option<TaskProgress>, OfficeError> {
        let mut events = Vec::new();
        for step in data.get("steps").and_then(Value::as_array).into_iter().flatten() {
            let text = |field: &str| step.get(field).and_then(Value::as_str);
            if let (Some(code), Some(Ok(day))) = (text("step"), text("day").map(str::parse)) {
                events.push(Happened { step: code.to_owned(), day });
            }
        }
        // Days that the form asks for on their own are steps too.
        for (field, step) in [("contract_day", "contract"), ("accepted_day", "accepted")] {
            let day = data.get(field).and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
            if let Some(day) = day
                && !events.iter().any(|event| event.step == step)
            {
                events.push(Happened { step: step.to_owned(), day });
            }
        }
        // What was accepted is no longer under way: its contract ended with its term.
        let planned_end = data.get("planned_end").and_then(Value::as_str).and_then(|text| viet::PartialDate::from_iso(text).ok());
        let accepted = events.iter().filter(|event| event.step == "accepted").map(|event| event.day).min();
        if let (Some(end), Some(accepted)) = (planned_end.map(|date| date.last_day()), accepted)
            && !events.iter().any(|event| event.step == "contract_ended")
        {
            events.push(Happened { step: "contract_ended".to_owned(), day: end.min(accepted) });
        }
        let Some(begun) = events.iter().map(|event| event.day).min() else { return Ok(None) };
        let catalogue = self.catalogue();
        let Some(process) = catalogue.process_begun_on(FAMILY, begun) else { return Ok(None) };
        events.retain(|event| process.step(&event.step).is_some());
        let mut facts = BTreeMap::new();
        for (fact, field) in [("level", "level"), ("has_ip", "files_ip")] {
            if let Some(value) = data.get(field).and_then(Value::as_str) {
                facts.insert(fact.to_owned(), value.to_owned());
            }
        }
        facts.retain(|name, value| {
            process.facts.iter().any(|fact| fact.name == *name && fact.values.iter().any(|(known, _)| known == value))
        });
        let stops = events.iter().filter(|event| STOPS.contains(&event.step.as_str())).max_by_key(|event| event.day);
        let stopped = stops.and_then(|event| {
            let step = process.step(&event.step)?;
            Some(TaskStop { step: step.label.clone(), day: event.day, source: step.source.clone() })
        });
        let matter = Matter { events, papers: BTreeMap::new(), facts };
        let standing = process
            .stand(&matter, catalogue.calendar(), self.clock().today(), Warning::default())
            .map_err(|error| OfficeError::Data(error.to_string()))?;
        let is_done = |due: &catalogue::Due<'_>| !matches!(due.state, DueState::Running | DueState::Near | DueState::Late);
        let mut terms = standing.due;
        terms.sort_by_key(|due| (is_done(due), due.last_day));
        Ok(Some(TaskProgress {
            process: process.label.clone(),
            stopped,
            note: process.note.clone(),
            current: standing.current.iter().map(|step| step.label.clone()).collect(),
            next: standing
                .next
                .iter()
                .map(|next| NextTaskStep {
                    step: next.step.label.clone(),
                    actor: next.actor.clone(),
                    missing: next.blocks.iter().map(|block| block.text.clone()).collect(),
                })
                .collect(),
            terms: terms
                .iter()
                .map(|due| TaskTerm {
                    code: due.step.code.clone(),
                    step: due.step.label.clone(),
                    last_day: due.last_day,
                    happened: due.happened,
                    state: due.state,
                    days_left: due.days_left,
                    source: due.deadline.source.clone(),
                    covered: due.covered,
                    certain: due.certain,
                })
                .collect(),
        }))
    }
}

impl TaskTerm {
    /// How the term stands, in words.
    pub fn state_label(&self) -> Label {
        let days = self.days_left.abs();
        match self.state {
            DueState::Running => label(format!("còn {days} ngày"), format!("{days} days left")),
            DueState::Near => label(format!("sắp đến hạn, còn {days} ngày"), format!("near, {days} days left")),
            DueState::Late => label(format!("quá hạn {days} ngày"), format!("{days} days late")),
            DueState::Done => label("đã làm, đúng hạn", "done in time"),
            DueState::DoneLate => label(format!("đã làm, quá hạn {days} ngày"), format!("done, {days} days late")),
            DueState::Lapsed => label("đã qua, không thực hiện quyền", "lapsed, the right was not used"),
        }
    }
}
