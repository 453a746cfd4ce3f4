//! Steps of a workflow: what a record may become next, who may decide it, what has to be there first.

use catalogue::{Fault, Field, FieldType, Kind, Label, Rule, Transition};
use ledger::{LeafHash, RecordId};
use serde_json::{Map, Value};

use crate::audit::AuditEntry;
use crate::error::{OfficeError, label};
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, Decision, decide};
use crate::record::{Draft, RecordView, Stored};
use crate::register::{Order, RegisterFilter};

/// Kinds whose steps have pages of their own, with more to them than a state.
const STEPS_ELSEWHERE: [&str; 5] = ["answer", "deadline_change", "directive", "document", "verdict"];

/// A step that leads on from where a record stands.
#[derive(Debug, Clone)]
pub struct NextStep {
    /// The state it leads to.
    pub to: String,
    /// Its name, e.g. "Phê duyệt".
    pub label: Label,
    /// Whether it is a leader's.
    pub leaders: bool,
    /// Whether this person may take it, and why (not).
    pub decision: Decision,
}

/// What somebody sees before he takes a step.
#[derive(Debug, Clone)]
pub struct StepForm {
    /// The record.
    pub view: RecordView,
    /// Its form.
    pub kind: Kind,
    /// The step.
    pub step: NextStep,
    /// Fields to fill in with the step.
    pub asked: Vec<Field>,
    /// What has to be mended in the record first.
    pub faults: Vec<Fault>,
}

/// Records of one kind and body that wait for a leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The kind.
    pub kind: String,
    /// The state in which they wait.
    pub state: String,
    /// The body.
    pub body: RecordId,
    /// How many.
    pub total: u64,
}

impl Office {
    /// The steps that lead on from where a record stands.
    pub fn next_steps(&self, who: &Identity, view: &RecordView) -> Result<Vec<NextStep>, OfficeError> {
        if view.held.is_some() {
            return Ok(Vec::new());
        }
        let kind = self.form(&view.kind, view.form)?;
        let Some(data) = view.data.as_ref() else { return Ok(Vec::new()) };
        let Some((_, state, workflow)) = self.state_of(kind, data).filter(|_| !STEPS_ELSEWHERE.contains(&kind.name.as_str())) else {
            return Ok(Vec::new());
        };
        let steps = workflow.transitions.iter().filter(|step| step.from == state);
        Ok(steps.map(|step| self.next_step(who, kind, data, step)).collect())
    }

    fn next_step(&self, who: &Identity, kind: &Kind, data: &Value, step: &Transition) -> NextStep {
        NextStep {
            to: step.to.clone(),
            label: step.label.clone(),
            leaders: needs_leader(step),
            decision: self.may_take(who, kind, data, needs_leader(step)),
        }
    }

    fn may_take(&self, who: &Identity, kind: &Kind, data: &Value, leaders: bool) -> Decision {
        if leaders {
            decide(who, Action::LeadersStep, &self.subject(who, kind, data, Role::Leader))
        } else {
            decide(who, crate::record::action_for(kind, Action::Edit), &self.subject(who, kind, data, Role::Officer))
        }
    }

    fn state_of<'a>(&'a self, kind: &'a Kind, data: &'a Value) -> Option<(&'a str, &'a str, &'a catalogue::Workflow)> {
        let field = kind.state_field.as_deref()?;
        let state = data.get(field).and_then(Value::as_str)?;
        Some((field, state, self.catalogue().workflow(kind.workflow.as_deref()?)?))
    }

    /// What a step asks for.
    ///
    /// # Errors
    /// `NotFound` when no such step leads on from here; `Denied` when it is somebody else's.
    pub fn step_form(&self, who: &Identity, id: RecordId, to: &str) -> Result<StepForm, OfficeError> {
        let view = self.view_to_edit(who, id)?;
        let step = self.next_steps(who, &view)?.into_iter().find(|step| step.to == to);
        let step = step.ok_or_else(|| OfficeError::NotFound(format!("{id}: step to {to}")))?;
        step.decision.clone().require()?;
        let kind = self.form(&view.kind, view.form)?.clone();
        let data = view.data.clone().unwrap_or_default();
        let asked = asked_by(&kind, &data, to, step.leaders);
        let mut then = data;
        set_state(&kind, &mut then, to);
        let mut faults = self.catalogue().check_under(&kind, &then).err().unwrap_or_default();
        faults.retain(|fault| !asked.iter().any(|field| field.name == fault.path));
        Ok(StepForm { view, kind, step, asked, faults })
    }

    /// Takes a step with what was filled in for it; `previous` is the version that was on screen.
    ///
    /// # Errors
    /// As [`Office::submit`] and [`Office::step_form`]; nothing is written then.
    pub fn take_step(
        &self,
        who: &Identity,
        id: RecordId,
        to: &str,
        given: Map<String, Value>,
        previous: Option<LeafHash>,
    ) -> Result<Stored, OfficeError> {
        let form = self.step_form(who, id, to)?;
        let mut data = form.view.data.unwrap_or_default();
        if let Some(members) = data.as_object_mut() {
            // What was emptied is missing, not as it was.
            members.retain(|name, _| !form.asked.iter().any(|field| field.name == *name));
            for (name, value) in given.into_iter().filter(|(name, _)| form.asked.iter().any(|field| field.name == *name)) {
                members.insert(name, value);
            }
        }
        set_state(&form.kind, &mut data, to);
        let draft = Draft { id: Some(id), kind: form.kind.name.clone(), data, previous };
        let prepared = self.prepare(who, draft, Action::Edit)?;
        let entry = AuditEntry::of(self, who, "record.step").record(id).note(&form.step.label.vi);
        self.store(vec![prepared], vec![entry])?.pop().ok_or_else(|| OfficeError::Data("nothing stored".to_owned()))
    }

    /// What waits for this leader, by body and kind; empty heaps are left out.
    pub fn waiting_for(&self, who: &Identity) -> Result<Vec<Waiting>, OfficeError> {
        decide(who, Action::LeadersPage, &crate::permission::Subject::node()).require()?;
        let mut waiting = Vec::new();
        for grant in who.grants().iter().filter(|grant| grant.role == Role::Leader) {
            for (kind, state) in self.leaders_states() {
                let total = self.register_page(who, &waiting_filter(&kind, &state, grant.body), None, 1)?.total;
                if total > 0 {
                    waiting.push(Waiting { kind, state, body: grant.body, total });
                }
            }
        }
        Ok(waiting)
    }

    /// Kinds and states from which a leader's step leads on.
    fn leaders_states(&self) -> Vec<(String, String)> {
        let mut states = Vec::new();
        for kind in self.catalogue().kinds().filter(|kind| !STEPS_ELSEWHERE.contains(&kind.name.as_str())) {
            let Some(workflow) = kind.workflow.as_deref().and_then(|name| self.catalogue().workflow(name)) else { continue };
            for step in workflow.transitions.iter().filter(|step| needs_leader(step)) {
                let found = (kind.name.clone(), step.from.clone());
                if !states.contains(&found) {
                    states.push(found);
                }
            }
        }
        states
    }

    /// Whether the step from one version to the next exists and is this person's.
    pub(crate) fn check_transition(&self, who: &Identity, kind: &Kind, old: Option<&Value>, new: &Value) -> Option<Fault> {
        let (state_field, to, workflow) = self.state_of(kind, new)?;
        let from = old.and_then(|data| data.get(state_field)).and_then(Value::as_str);
        if from == Some(to) {
            return None;
        }
        // A new record may begin anywhere, as old lists do; but not where only a leader's decision leads.
        let steps: Vec<&Transition> =
            workflow.transitions.iter().filter(|step| step.to == to && from.is_none_or(|from| step.from == from)).collect();
        let fault = |rule: &str, message: Label| Some(Fault { path: state_field.to_owned(), rule: rule.to_owned(), message });
        if let (Some(from), true) = (from, steps.is_empty()) {
            let (from, to) = (workflow.state_label(from), workflow.state_label(to));
            return fault(
                "workflow",
                label(
                    format!("Không chuyển được từ “{}” sang “{}”.", from.vi, to.vi),
                    format!("Cannot go from “{}” to “{}”.", from.en, to.en),
                ),
            );
        }
        if steps.is_empty() || steps.iter().any(|step| !needs_leader(step)) || STEPS_ELSEWHERE.contains(&kind.name.as_str()) {
            return None;
        }
        let decision = self.may_take(who, kind, new, true);
        if decision.allowed {
            return None;
        }
        let state = workflow.state_label(to);
        fault(
            "workflow_role",
            label(format!("Trạng thái “{}”: {}", state.vi, decision.why.vi), format!("State “{}”: {}", state.en, decision.why.en)),
        )
    }
}

/// The filter of a heap that waits.
pub fn waiting_filter(kind: &str, state: &str, body: RecordId) -> RegisterFilter {
    RegisterFilter {
        kind: Some(kind.to_owned()),
        state: Some(state.to_owned()),
        owner: Some(body),
        order: Order::Latest,
        ..RegisterFilter::default()
    }
}

fn needs_leader(step: &Transition) -> bool {
    step.who == Role::Leader.code()
}

fn set_state(kind: &Kind, data: &mut Value, to: &str) {
    if let (Some(field), Some(members)) = (&kind.state_field, data.as_object_mut()) {
        members.insert(field.clone(), Value::from(to));
    }
}

/// Fields that the rules require in the state: for a leader's step each of them, because a new decision has a new number and remark; else those that are
/// missing. What does not fit on one line or paragraph is filled in on the form.
fn asked_by(kind: &Kind, data: &Value, to: &str, leaders: bool) -> Vec<Field> {
    let mut asked = Vec::new();
    for rule in &kind.rules {
        let Rule::RequiredWhen { field, equals, then } = rule else { continue };
        if Some(field) != kind.state_field.as_ref() || equals != to {
            continue;
        }
        for name in then {
            let Some(field) = kind.field(name) else { continue };
            let simple = !field.repeated && !matches!(field.of, FieldType::Group { .. });
            if simple && (leaders || data.get(name).is_none()) {
                asked.push(Field { required: true, ..field.clone() });
            }
        }
    }
    asked
}
