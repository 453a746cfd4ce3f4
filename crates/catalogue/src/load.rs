//! Loads the files, checks them against each other and refuses what does not fit, with file, line and reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::calendar::Calendar;
use crate::code_list::{Code, CodeList};
use crate::error::{CatalogueError, Problem};
use crate::kind::{Audience, Field, FieldType, Kind, Rule, Section};
use crate::label::Label;
use crate::process::Process;
use crate::reference::{GazetteerWords, ReferenceBody};
use crate::workflow::{State, Transition, Workflow};

/// The folders, in the order they are read: kinds refer to lists and workflows, bodies and examples to kinds.
const FOLDERS: [&str; 8] = ["text/", "calendar/", "processes/", "codes/", "workflows/", "kinds/", "reference/", "examples/"];

/// A loaded and checked catalogue.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    kinds: Vec<Kind>,
    lists: BTreeMap<String, CodeList>,
    workflows: BTreeMap<String, Workflow>,
    bodies: Vec<ReferenceBody>,
    gazetteer: GazetteerWords,
    examples: Vec<Example>,
    texts: BTreeMap<String, String>,
    pub(crate) calendar: Calendar,
    pub(crate) processes: Vec<Process>,
}

/// An example of a kind: valid when it has no faults, else with the faults it must give.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The kind.
    pub kind: String,
    /// What it shows.
    pub name: String,
    /// The data.
    pub data: Value,
    /// (path, rule) of each fault expected.
    pub faults: Vec<(String, String)>,
}

impl Catalogue {
    /// Loads files given as (path, text); paths begin with `kinds/`, `codes/`, `workflows/`, `reference/`, `examples/`, `calendar/`, `processes/` or `text/`.
    ///
    /// # Errors
    /// All problems found, each with file, line and reason; nothing is loaded then.
    pub fn load(mut files: Vec<(String, String)>) -> Result<Catalogue, CatalogueError> {
        files.sort();
        let mut loading = Loading { catalogue: Catalogue::default(), problems: Vec::new(), places: BTreeMap::new() };
        for folder in FOLDERS {
            for (path, text) in files.iter().filter(|(path, _)| path.starts_with(folder)) {
                loading.file(path, text);
            }
            if folder == "kinds/" {
                loading.cross_check();
            }
        }
        for (path, _) in &files {
            if !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
                loading.problem(path, 0, "the file lies in no known folder");
            }
        }
        loading.problems.extend(Process::check_periods(&loading.catalogue.processes));
        loading.check_bodies();
        if loading.problems.is_empty() { Ok(loading.catalogue) } else { Err(CatalogueError { problems: loading.problems }) }
    }

    /// Kinds in the order of their names.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// A kind by name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// A code list by name; `workflow:<name>` lists the states of a workflow.
    pub fn list(&self, name: &str) -> Option<&CodeList> {
        self.lists.get(name)
    }

    /// Code lists by name.
    pub fn lists(&self) -> impl Iterator<Item = &CodeList> {
        self.lists.values()
    }

    /// A workflow by name.
    pub fn workflow(&self, name: &str) -> Option<&Workflow> {
        self.workflows.get(name)
    }

    /// Reference bodies in the order of the file.
    pub fn bodies(&self) -> &[ReferenceBody] {
        &self.bodies
    }

    /// Words for reading official documents.
    pub fn gazetteer(&self) -> &GazetteerWords {
        &self.gazetteer
    }

    /// Examples of all kinds.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// A data file of the folder `text/`, e.g. frequencies of syllable pairs.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindFile {
    kind: Spanned<String>,
    version: u64,
    valid_from: String,
    valid_to: Option<String>,
    vi: String,
    en: String,
    plural_vi: String,
    plural_en: String,
    source: String,
    term: Option<String>,
    title_field: Spanned<String>,
    owner_field: Option<Spanned<String>>,
    state_field: Option<Spanned<String>>,
    workflow: Option<Spanned<String>>,
    #[serde(default)]
    section: Vec<SectionFile>,
    field: Vec<Spanned<FieldFile>>,
    #[serde(default)]
    rule: Vec<Spanned<RuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionFile {
    name: String,
    vi: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    name: String,
    #[serde(rename = "type")]
    of: String,
    vi: String,
    en: String,
    help_vi: Option<String>,
    help_en: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    repeated: bool,
    #[serde(default)]
    min_items: usize,
    max_items: Option<usize>,
    max: Option<usize>,
    min: Option<i64>,
    max_value: Option<i64>,
    list: Option<String>,
    kinds: Option<Vec<String>>,
    #[serde(default)]
    fields: Vec<Spanned<FieldFile>>,
    #[serde(default)]
    rule: Vec<Spanned<RuleFile>>,
    audience: Option<Audience>,
    #[serde(default)]
    stage_audience: BTreeMap<String, Audience>,
    source: Option<String>,
    term: Option<String>,
    example: Option<String>,
    section: Option<String>,
    #[serde(default)]
    personal: bool,
    #[serde(default)]
    verbatim: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    rule: String,
    field: String,
    other: Option<String>,
    equals: Option<String>,
    #[serde(default)]
    then: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListsFile {
    list: Vec<Spanned<ListFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    name: String,
    source: String,
    codes: Vec<Spanned<CodeFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    code: String,
    vi: String,
    en: String,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

#[derive(Deserialize)]
struct ProvinceRow {
    key: String,
    code: String,
    name_vi: String,
    name_en: String,
    form: String,
    valid_from: String,
    valid_to: String,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodiesFile {
    body: Vec<Spanned<BodyFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyFile {
    id: String,
    data: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    name: String,
    data: Value,
    #[serde(default)]
    faults: Vec<ExampleFault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFault {
    path: String,
    rule: String,
}

struct Loading {
    catalogue: Catalogue,
    problems: Vec<Problem>,
    /// Where a kind or body was declared: (file, line).
    places: BTreeMap<String, (String, usize)>,
}

impl Loading {
    fn problem(&mut self, file: &str, line: usize, reason: impl Into<String>) {
        self.problems.push(Problem { file: file.to_owned(), line, reason: reason.into() });
    }

    fn file(&mut self, path: &str, text: &str) {
        let (folder, name) = path.split_once('/').unwrap_or(("", path));
        match folder {
            "text" => {
                self.catalogue.texts.insert(name.to_owned(), text.to_owned());
            }
            "calendar" => match Calendar::read(path, text) {
                Ok(calendar) => self.catalogue.calendar = calendar,
                Err(problems) => self.problems.extend(problems),
            },
            "processes" => match Process::read(path, text) {
                Ok(process) => self.catalogue.processes.push(process),
                Err(problems) => self.problems.extend(problems),
            },
            "codes" if name.ends_with(".csv") => self.provinces(path, text),
            "codes" => self.lists(path, text),
            "workflows" => self.workflow(path, text),
            "kinds" => self.kind(path, text),
            "reference" if name.starts_with("gazetteer") => {
                if let Some(words) = self.read::<GazetteerWords>(path, text) {
                    self.catalogue.gazetteer = words;
                }
            }
            "reference" => self.bodies(path, text),
            _ => self.examples(path, text),
        }
    }

    fn read<T: for<'a> Deserialize<'a>>(&mut self, path: &str, text: &str) -> Option<T> {
        match toml::from_str(text) {
            Ok(read) => Some(read),
            Err(error) => {
                let line = error.span().map_or(0, |span| line_of(text, span.start));
                self.problem(path, line, error.message().to_owned());
                None
            }
        }
    }

    fn lists(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<ListsFile>(path, text) else { return };
        for list in file.list {
            let line = line_of(text, list.span().start);
            let list = list.into_inner();
            let mut codes: Vec<Code> = Vec::new();
            for code in list.codes {
                let line = line_of(text, code.span().start);
                let code = code.into_inner();
                self.labels(path, line, &[&code.vi, &code.en]);
                self.dates(path, line, &[code.valid_from.as_deref(), code.valid_to.as_deref()]);
                if codes.iter().any(|other| other.code == code.code) {
                    self.problem(path, line, format!("code “{}” stands twice in list {}", code.code, list.name));
                }
                codes.push(Code {
                    official: code.code.clone(),
                    code: code.code,
                    label: Label::new(code.vi, code.en),
                    valid_from: code.valid_from,
                    valid_to: code.valid_to,
                });
            }
            self.add_list(path, line, CodeList { name: list.name, source: list.source, codes });
        }
    }

    fn add_list(&mut self, path: &str, line: usize, list: CodeList) {
        if list.source.trim().is_empty() {
            self.problem(path, line, format!("list {} names no source", list.name));
        }
        if self.catalogue.lists.contains_key(&list.name) {
            self.problem(path, line, format!("list {} is declared twice", list.name));
        }
        self.catalogue.lists.insert(list.name.clone(), list);
    }

    fn provinces(&mut self, path: &str, text: &str) {
        let mut codes = Vec::new();
        let mut periods: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (at, row) in csv::Reader::from_reader(text.as_bytes()).deserialize::<ProvinceRow>().enumerate() {
            let line = at + 2;
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.problem(path, line, error.to_string());
                    continue;
                }
            };
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            self.dates(path, line, &[some(&row.valid_from).as_deref(), some(&row.valid_to).as_deref()]);
            let until = if row.valid_to.is_empty() { "9999-12-31" } else { row.valid_to.as_str() };
            let known = periods.entry(row.code.clone()).or_default();
            if known.iter().any(|(from, to)| row.valid_from.as_str() <= to.as_str() && from.as_str() <= until) {
                self.problem(path, line, format!("code {} is valid twice on some day", row.code));
            }
            periods.entry(row.code.clone()).or_default().push((row.valid_from.clone(), until.to_owned()));
            let label = Label::new(format!("{} {}", row.form, row.name_vi), row.name_en);
            codes.push(Code { code: row.key, official: row.code, label, valid_from: some(&row.valid_from), valid_to: some(&row.valid_to) });
        }
        let source = "QĐ 19/2025/QĐ-TTg; NQ 202/2025/QH15, 30/2026/QH16, 36/2026/QH16, 39/2026/QH16".to_owned();
        self.add_list(path, 1, CodeList { name: "provinces".to_owned(), source, codes });
    }

    fn workflow(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<WorkflowFile>(path, text) else { return };
        let name_line = line_of(text, file.name.span().start);
        let name = file.name.into_inner();
        let mut states: Vec<State> = Vec::new();
        for state in file.states {
            let line = line_of(text, state.span().start);
            let state = state.into_inner();
            self.labels(path, line, &[&state.vi, &state.en, &state.public_vi, &state.public_en]);
            if states.iter().any(|other| other.state == state.state) {
                self.problem(path, line, format!("state {} stands twice", state.state));
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
                    self.problem(path, line, format!("there is no state {end}"));
                }
            }
            transitions.push(Transition { from: step.from, to: step.to, label: Label::new(step.vi, step.en), who: step.who });
        }
        let codes = states
            .iter()
            .map(|state| Code {
                code: state.state.clone(),
                official: state.state.clone(),
                label: state.label.clone(),
                valid_from: None,
                valid_to: None,
            })
            .collect();
        self.add_list(path, name_line, CodeList { name: format!("workflow:{name}"), source: file.source.clone(), codes });
        self.catalogue.workflows.insert(name.clone(), Workflow { name, source: file.source, states, transitions });
    }

    fn kind(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<KindFile>(path, text) else { return };
        let line = line_of(text, file.kind.span().start);
        let name = file.kind.into_inner();
        self.labels(path, line, &[&file.vi, &file.en, &file.plural_vi, &file.plural_en, &file.source]);
        self.dates(path, line, &[Some(&file.valid_from), file.valid_to.as_deref()]);
        let sections: Vec<Section> =
            file.section.into_iter().map(|section| Section { name: section.name, label: Label::new(section.vi, section.en) }).collect();
        let fields = self.fields(path, text, file.field, &file.source);
        let rules = self.rules(path, text, file.rule, &fields);
        for field in &fields {
            if let Some(section) = &field.section
                && !sections.iter().any(|known| known.name == *section)
            {
                self.problem(path, line, format!("field {} names the unknown section {section}", field.name));
            }
        }
        for named in [Some(&file.title_field), file.owner_field.as_ref(), file.state_field.as_ref()].into_iter().flatten() {
            if !fields.iter().any(|field| field.name == *named.get_ref()) {
                self.problem(path, line_of(text, named.span().start), format!("there is no field {}", named.get_ref()));
            }
        }
        if let Some(workflow) = &file.workflow
            && !self.catalogue.workflows.contains_key(workflow.get_ref())
        {
            self.problem(path, line_of(text, workflow.span().start), format!("there is no workflow {}", workflow.get_ref()));
        }
        if file.workflow.is_some() != file.state_field.is_some() {
            self.problem(path, line, "workflow and state_field go together");
        }
        if self.catalogue.kind(&name).is_some() {
            self.problem(path, line, format!("kind {name} is declared twice"));
        }
        self.places.insert(name.clone(), (path.to_owned(), line));
        self.catalogue.kinds.push(Kind {
            name,
            version: file.version,
            label: Label::new(file.vi, file.en),
            plural: Label::new(file.plural_vi, file.plural_en),
            valid_from: file.valid_from,
            valid_to: file.valid_to,
            source: file.source,
            term: file.term,
            title_field: file.title_field.into_inner(),
            owner_field: file.owner_field.map(Spanned::into_inner),
            state_field: file.state_field.map(Spanned::into_inner),
            workflow: file.workflow.map(Spanned::into_inner),
            sections,
            fields,
            rules,
        });
    }

    fn fields(&mut self, path: &str, text: &str, files: Vec<Spanned<FieldFile>>, source: &str) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for file in files {
            let line = line_of(text, file.span().start);
            let mut file = file.into_inner();
            self.labels(path, line, &[&file.vi, &file.en]);
            if file.name.is_empty() || !file.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
                self.problem(path, line, format!("field name “{}” must be small ASCII letters, digits and _", file.name));
            }
            if fields.iter().any(|field| field.name == file.name) {
                self.problem(path, line, format!("field {} stands twice", file.name));
            }
            let inner = std::mem::take(&mut file.fields);
            let inner_rules = std::mem::take(&mut file.rule);
            let of = match self.field_type(path, text, line, &file, inner, inner_rules, source) {
                Some(of) => of,
                None => continue,
            };
            fields.push(Field {
                name: file.name,
                label: Label::new(file.vi, file.en),
                help: match (file.help_vi, file.help_en) {
                    (Some(vi), Some(en)) => Some(Label::new(vi, en)),
                    (None, None) => None,
                    _ => {
                        self.problem(path, line, "help is given in one language only");
                        None
                    }
                },
                of,
                required: file.required,
                repeated: file.repeated,
                min_items: file.min_items,
                max_items: file.max_items.unwrap_or(200),
                audience: file.audience.unwrap_or(Audience::Public),
                stage_audience: file.stage_audience,
                source: file.source.unwrap_or_else(|| source.to_owned()),
                term: file.term,
                example: file.example,
                section: file.section,
                personal: file.personal,
                verbatim: file.verbatim,
            });
        }
        fields
    }

    #[expect(clippy::too_many_arguments, reason = "one place of one file, seen from its parts")]
    fn field_type(
        &mut self,
        path: &str,
        text: &str,
        line: usize,
        file: &FieldFile,
        inner: Vec<Spanned<FieldFile>>,
        inner_rules: Vec<Spanned<RuleFile>>,
        source: &str,
    ) -> Option<FieldType> {
        let max = |usual: usize| file.max.unwrap_or(usual);
        Some(match file.of.as_str() {
            "text" => FieldType::Text { max: max(300) },
            "long_text" => FieldType::LongText { max: max(4000) },
            "markdown" => FieldType::Markdown { max: max(100_000) },
            "day" => FieldType::Day,
            "date" => FieldType::Date,
            "instant" => FieldType::Instant,
            "integer" => FieldType::Integer { min: file.min.unwrap_or(0), max: file.max_value.unwrap_or(9_007_199_254_740_991) },
            "decimal" => FieldType::Decimal,
            "money" => FieldType::Money,
            "bool" => FieldType::Bool,
            "link" => FieldType::Link,
            "sha256" => FieldType::Sha256,
            "code" => match &file.list {
                Some(list) => FieldType::Code { list: list.clone() },
                None => {
                    self.problem(path, line, format!("field {} names no list", file.name));
                    return None;
                }
            },
            "ref" => match &file.kinds {
                Some(kinds) => FieldType::Ref { kinds: kinds.clone() },
                None => {
                    self.problem(path, line, format!("field {} names no kinds (an empty list allows all)", file.name));
                    return None;
                }
            },
            "group" => {
                let fields = self.fields(path, text, inner, source);
                if fields.is_empty() {
                    self.problem(path, line, format!("group {} has no fields", file.name));
                }
                let rules = self.rules(path, text, inner_rules, &fields);
                FieldType::Group { fields, rules }
            }
            other => {
                self.problem(path, line, format!("field {} has the unknown type {other}", file.name));
                return None;
            }
        })
    }

    fn rules(&mut self, path: &str, text: &str, files: Vec<Spanned<RuleFile>>, fields: &[Field]) -> Vec<Rule> {
        let mut rules = Vec::new();
        for file in files {
            let line = line_of(text, file.span().start);
            let file = file.into_inner();
            for name in std::iter::once(&file.field).chain(&file.other).chain(&file.then) {
                if !fields.iter().any(|field| field.name == *name) {
                    self.problem(path, line, format!("rule {} names the unknown field {name}", file.rule));
                }
            }
            match (file.rule.as_str(), file.other, file.equals) {
                ("not_before", Some(other), None) => rules.push(Rule::NotBefore { field: file.field, other }),
                ("unique_items", None, None) => rules.push(Rule::UniqueItems { field: file.field }),
                ("required_when", None, Some(equals)) if !file.then.is_empty() => {
                    rules.push(Rule::RequiredWhen { field: file.field, equals, then: file.then });
                }
                (other, _, _) => self.problem(path, line, format!("rule {other} is unknown or lacks a part")),
            }
        }
        rules
    }

    /// What can be checked only when all kinds, lists and workflows are there.
    fn cross_check(&mut self) {
        let kinds: BTreeSet<String> = self.catalogue.kinds.iter().map(|kind| kind.name.clone()).collect();
        let mut found = Vec::new();
        for kind in &self.catalogue.kinds {
            let (file, line) = self.places.get(&kind.name).cloned().unwrap_or_default();
            let workflow = kind.workflow.as_ref().and_then(|name| self.catalogue.workflows.get(name));
            check_fields(&self.catalogue, &kinds, workflow, &kind.fields, &kind.name, &mut |reason| {
                found.push((file.clone(), line, reason))
            });
        }
        for (file, line, reason) in found {
            self.problem(&file, line, reason);
        }
    }

    fn bodies(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<BodiesFile>(path, text) else { return };
        for body in file.body {
            let line = line_of(text, body.span().start);
            let body = body.into_inner();
            if self.places.insert(body.id.clone(), (path.to_owned(), line)).is_some() {
                self.problem(path, line, format!("body {} is declared twice", body.id));
            }
            self.catalogue.bodies.push(ReferenceBody { id: body.id, data: body.data });
        }
    }

    /// Bodies keep the rules of their kind, refer only to each other, and no body is above itself.
    fn check_bodies(&mut self) {
        let mut found = Vec::new();
        let known: BTreeMap<&str, &Value> = self.catalogue.bodies.iter().map(|body| (body.id.as_str(), &body.data)).collect();
        for body in &self.catalogue.bodies {
            if let Err(faults) = self.catalogue.check("body", &body.data) {
                found.extend(faults.into_iter().map(|fault| (body.id.clone(), format!("{}: {}", fault.path, fault.message.en))));
            }
            for group in ["parents", "successors", "members"] {
                for other in references(&body.data, group) {
                    if !known.contains_key(other) {
                        found.push((body.id.clone(), format!("{group} names the unknown body {other}")));
                    }
                }
            }
            let mut above: Vec<&str> = references(&body.data, "parents");
            let mut seen = BTreeSet::new();
            while let Some(next) = above.pop() {
                if next == body.id {
                    found.push((body.id.clone(), "the body is above itself".to_owned()));
                    break;
                }
                if seen.insert(next)
                    && let Some(data) = known.get(next)
                {
                    above.extend(references(data, "parents"));
                }
            }
        }
        for (id, reason) in found {
            let (file, line) = self.places.get(&id).cloned().unwrap_or_default();
            self.problem(&file, line, reason);
        }
    }

    fn examples(&mut self, path: &str, text: &str) {
        let kind = path.trim_start_matches("examples/").trim_end_matches(".json").to_owned();
        if self.catalogue.kind(&kind).is_none() && !self.problems.is_empty() {
            // The kind's own file is broken, which has been said.
            return;
        }
        let files: Vec<ExampleFile> = match serde_json::from_str(text) {
            Ok(files) => files,
            Err(error) => {
                self.problem(path, error.line(), error.to_string());
                return;
            }
        };
        for file in files {
            let mut expected: Vec<(String, String)> = file.faults.into_iter().map(|fault| (fault.path, fault.rule)).collect();
            expected.sort();
            let mut given: Vec<(String, String)> = match self.catalogue.check(&kind, &file.data) {
                Ok(_) => Vec::new(),
                Err(faults) => faults.into_iter().map(|fault| (fault.path, fault.rule)).collect(),
            };
            given.sort();
            if given != expected {
                let line = text.lines().position(|line| line.contains(&file.name)).map_or(1, |at| at + 1);
                self.problem(path, line, format!("the example “{}” gives the faults {given:?} and not {expected:?}", file.name));
            }
            self.catalogue.examples.push(Example { kind: kind.clone(), name: file.name, data: file.data, faults: expected });
        }
    }

    fn labels(&mut self, path: &str, line: usize, texts: &[&str]) {
        if texts.iter().any(|text| text.trim().is_empty()) {
            self.problem(path, line, "a label or source is empty");
        }
    }

    fn dates(&mut self, path: &str, line: usize, texts: &[Option<&str>]) {
        for text in texts.iter().flatten() {
            if viet::PartialDate::from_iso(text).is_err() {
                self.problem(path, line, format!("“{text}” is no date"));
            }
        }
        if let [Some(from), Some(to)] = texts
            && from > to
        {
            self.problem(path, line, format!("{from} lies after {to}"));
        }
    }
}

fn check_fields(
    catalogue: &Catalogue,
    kinds: &BTreeSet<String>,
    workflow: Option<&Workflow>,
    fields: &[Field],
    above: &str,
    say: &mut dyn FnMut(String),
) {
    for field in fields {
        let name = format!("{above}.{}", field.name);
        for state in field.stage_audience.keys() {
            if workflow.is_none_or(|workflow| workflow.state(state).is_none()) {
                say(format!("field {name} names the unknown state {state}"));
            }
        }
        match &field.of {
            FieldType::Code { list } if catalogue.list(list).is_none() => say(format!("field {name} names the unknown list {list}")),
            FieldType::Ref { kinds: named } => {
                for kind in named.iter().filter(|kind| !kinds.contains(*kind)) {
                    say(format!("field {name} names the unknown kind {kind}"));
                }
            }
            FieldType::Group { fields, .. } => check_fields(catalogue, kinds, workflow, fields, &name, say),
            _ => {}
        }
    }
}

fn references<'a>(data: &'a Value, group: &str) -> Vec<&'a str> {
    data.get(group).and_then(Value::as_array).into_iter().flatten().filter_map(|row| row.get("body").and_then(Value::as_str)).collect()
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
