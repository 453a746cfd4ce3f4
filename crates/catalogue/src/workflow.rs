//! Workflows: states with their public wording, and who may go from one to the next.

use crate::kind::Audience;
use crate::label::Label;

/// A state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its code.
    pub state: String,
    /// Name for those inside.
    pub label: Label,
    /// Wording for the public.
    pub public_label: Label,
    /// The widest audience that sees any field in this state.
    pub audience: Audience,
}

/// A step from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Name of the step.
    pub label: Label,
    /// Role that may take it.
    pub who: String,
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// Legal source.
    pub source: String,
    /// States in order; the first is where a record begins.
    pub states: Vec<State>,
    /// Steps.
    pub transitions: Vec<Transition>,
}

impl Workflow {
    /// A state by code.
    pub fn state(&self, code: &str) -> Option<&State> {
        self.states.iter().find(|state| state.state == code)
    }

    /// Whether a step leads from one state to another.
    pub fn allows(&self, from: &str, to: &str) -> bool {
        self.transitions.iter().any(|step| step.from == from && step.to == to)
    }

    /// The name of a state; its code when unknown.
    pub fn state_label(&self, code: &str) -> Label {
        self.state(code).map_or_else(|| Label::new(code, code), |state| state.label.clone())
    }
}
