//! Files of workflows.

use serde::Deserialize;
use toml::Spanned;

use super::{Loading, line_of};
use crate::code_list::{Code, CodeList};
use crate::error::reason;
use crate::kind::Audience;
use crate::label::Label;
use crate::workflow::{State, Transition, Workflow};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkflowFile {
    name: Spanned<String>,
    source: String,
    states: Vec<Spanned<StateFile>>,
    transitions: Vec<Spanned<TransitionFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    state: String,
    vi: String,
    en: String,
    public_vi: String,
    public_en: String,
    audience: Audience,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransitionFile {
    from: String,
    to: String,
    vi: String,
    en: String,
    who: String,
}

impl Loading {
    pub(super) fn workflow(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<WorkflowFile>(path, text) else { return };
        let name_line = line_of(text, file.name.span().start);
        let name = file.name.into_inner();
        let mut states: Vec<State> = Vec::new();
        for state in file.states {
            let line = line_of(text, state.span().start);
            let state = state.into_inner();
            self.labels(path, line, &[&state.vi, &state.en, &state.public_vi, &state.public_en]);
            if states.iter().any(|other| other.state == state.state) {
                self.problem(path, line, reason!("trạng thái {} ghi hai lần", "state {} stands twice", state.state));
            }
            states.push(State {
                state: state.state,
                label: Label::new(state.vi, state.en),
                public_label: Label::new(state.public_vi, state.public_en),
                audience: state.audience,
            });
        }
        let mut transitions = Vec::new();
        for step in file.transitions {
            let line = line_of(text, step.span().start);
            let step = step.into_inner();
            self.labels(path, line, &[&step.vi, &step.en]);
            for end in [&step.from, &step.to] {
                if !states.iter().any(|state| state.state == *end) {
                    self.problem(path, line, reason!("không có trạng thái {end}", "there is no state {end}"));
                }
            }
            if !["officer", "leader"].contains(&step.who.as_str()) {
                self.problem(
                    path,
                    line,
                    reason!(
                        "“{}” không chuyển bước được: chỉ officer hoặc leader",
                        "“{}” takes no steps: officer or leader does",
                        step.who
                    ),
                );
            }
            transitions.push(Transition { from: step.from, to: step.to, label: Label::new(step.vi, step.en), who: step.who });
        }
        let codes = states.iter().map(|state| Code::plain(state.state.clone(), state.label.clone())).collect();
        self.add_list(path, name_line, CodeList::new(format!("workflow:{name}"), file.source.clone(), codes, Vec::new()));
        self.catalogue.workflows.insert(name.clone(), Workflow { name, source: file.source, states, transitions });
    }
}
