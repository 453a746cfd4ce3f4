//! Processes prescribed by law, as data: steps, who acts, papers, deadlines, and the days on which a definition is valid.
//!
//! A process differs from a [`crate::Workflow`]: a workflow says what an officer may do with one record, a process what the law demands of a matter over
//! years. Where a matter stands is computed from what has happened ([`Process::stand`](crate::Process::stand)); nothing of it is stored.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::calendar::TermUnit;
use crate::label::Label;
use crate::load::Catalogue;

/// Facts about a matter that conditions ask for, by name, e.g. `level` → `CT`.
pub type Facts = BTreeMap<String, String>;

/// A definition of a process, valid for matters that begin between two days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its name, e.g. `vn-task-2014`.
    pub name: String,
    /// What its successive definitions have in common, e.g. `vn-task`.
    pub family: String,
    /// Name for people.
    pub label: Label,
    /// First day on which a matter begins under this definition.
    pub valid_from: Date,
    /// Last such day; still valid when none.
    pub valid_to: Option<Date>,
    /// Legal source.
    pub source: String,
    /// Whether the law is known only in part; [`Process::note`] says what is missing.
    pub incomplete: bool,
    /// What a reader has to know about the definition.
    pub note: Option<Label>,
    /// Facts that conditions may ask for.
    pub facts: Vec<Fact>,
    /// Who acts.
    pub actors: Vec<Actor>,
    /// Steps in the order of the law.
    pub steps: Vec<Step>,
}

/// A fact that conditions ask for, with the values it can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// Name for people.
    pub label: Label,
    /// (value, name for people).
    pub values: Vec<(String, Label)>,
}

/// Somebody who acts in a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Code used in the steps.
    pub actor: String,
    /// Name for people.
    pub label: Label,
    /// Other names under a condition, e.g. the Chairman instead of the Minister at provincial level; the first that holds is taken.
    pub variants: Vec<(Condition, Label)>,
}

/// A condition on one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The fact.
    pub fact: String,
    /// The condition holds when the fact has one of these values.
    pub is: Vec<String>,
}

impl Condition {
    /// Whether it holds; none when the fact is not known.
    pub fn holds(&self, facts: &Facts) -> Option<bool> {
        facts.get(&self.fact).map(|value| self.is.contains(value))
    }
}

/// A step: an event of the process. Its occurrence on a day leads to the state of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its code.
    pub code: String,
    /// The number of the step in the law's sequence; several steps may share one.
    pub number: u32,
    /// What happens, for those inside.
    pub label: Label,
    /// Wording of the state for the public.
    pub public_label: Label,
    /// Who acts: an [`Actor`] of the process.
    pub actor: String,
    /// Article and act.
    pub source: String,
    /// What the law demands beyond papers and deadlines: quorum, majorities, marks.
    pub rule: Option<Label>,
    /// Steps of which one must have been the last; empty for the beginning.
    pub after: Vec<String>,
    /// Steps that must all have happened.
    pub requires: Vec<String>,
    /// Steps after whose occurrence this one is no longer due.
    pub unless: Vec<String>,
    /// A duty beside the main line: it does not change where the matter stands.
    pub beside: bool,
    /// Whether the main line ends here.
    pub end: bool,
    /// Only under this condition.
    pub when: Option<Condition>,
    /// Papers of this step.
    pub papers: Vec<Paper>,
    /// Deadlines for it.
    pub deadlines: Vec<Deadline>,
}

/// A paper of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Code of the form, with the circular where the code alone is not unique, e.g. `Mẫu 1 (TT 14/2014)`.
    pub code: String,
    /// Its name.
    pub name: Label,
    /// Whether the step cannot be taken without it.
    pub required: bool,
    /// The earlier step whose paper it is; looked for there.
    pub from: Option<String>,
    /// Only under this condition.
    pub when: Option<Condition>,
}

/// By when something must happen, counted from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// What must happen: any of these steps satisfies it.
    pub of: Vec<String>,
    /// How many units.
    pub within: u32,
    /// The unit.
    pub unit: TermUnit,
    /// The step from whose day it is counted; every occurrence starts the term again.
    pub counted_from: String,
    /// Whether an end on a rest day moves to the next working day (Civil Code 2015, Art. 148.5); always false for terms in working days.
    pub moves_to_working_day: bool,
    /// Runs only when this step happened after the day it is counted from.
    pub given: Option<String>,
    /// Runs only under this condition.
    pub when: Option<Condition>,
    /// It comes again and again.
    pub recurs: Option<Recurrence>,
    /// A right that lapses rather than a duty that is broken.
    pub right: bool,
    /// Article and act.
    pub source: String,
}

/// How a deadline recurs: the k-th ends k terms after the event and is satisfied by the k-th occurrence of what must happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// How many times; without end when none.
    pub times: Option<u32>,
    /// It stops with the first of these steps.
    pub until: Vec<String>,
}

impl Process {
    /// A step by code.
    pub fn step(&self, code: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.code == code)
    }

    /// Name of an actor for a matter with these facts; the code when the actor is unknown.
    pub fn actor_label(&self, actor: &str, facts: &Facts) -> Label {
        let Some(actor) = self.actors.iter().find(|known| known.actor == actor) else { return Label::new(actor, actor) };
        let variant = actor.variants.iter().find(|(condition, _)| condition.holds(facts) == Some(true));
        variant.map_or_else(|| actor.label.clone(), |(_, label)| label.clone())
    }

    /// Whether a matter that begins on a day begins under this definition.
    pub fn valid_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Deadlines with their steps, in the order of the steps.
    pub fn deadlines(&self) -> impl Iterator<Item = (&Step, &Deadline)> {
        self.steps.iter().flat_map(|step| step.deadlines.iter().map(move |deadline| (step, deadline)))
    }

    /// Steps that follow a step directly.
    pub(crate) fn followers<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(move |step| step.after.iter().any(|before| before == code))
    }

    /// Steps that can be reached from some steps without passing through others, or through steps that require those.
    pub(crate) fn reachable(&self, from: &[&str], without: &[String]) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<String> = from.iter().map(|code| (*code).to_owned()).collect();
        while let Some(code) = open.pop() {
            let required = self.step(&code).is_some_and(|step| step.requires.iter().any(|required| without.contains(required)));
            if required || without.contains(&code) || !reached.insert(code.clone()) {
                continue;
            }
            open.extend(self.followers(&code).map(|step| step.code.clone()));
        }
        reached
    }
}

impl Catalogue {
    /// A definition by its name, e.g. `vn-task-2014`.
    pub fn process(&self, name: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.name == name)
    }

    /// All definitions in the order of their names.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The definition under which a matter that began on `day` runs to its end, whatever became law later.
    ///
    /// `family` is what successive definitions have in common, e.g. `vn-task`. Transition rules: Circular 06/2023/TT-BKHCN, Art. 23; Circular
    /// 20/2023/TT-BKHCN, Art. 25; Circular 25/2026/TT-BCT, Art. 24.3.
    pub fn process_begun_on(&self, family: &str, day: Date) -> Option<&Process> {
        self.processes.iter().find(|process| process.family == family && process.valid_on(day))
    }
}
