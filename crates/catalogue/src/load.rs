//! Loads the files, checks them against each other and refuses what does not fit, with file, line and reason.

mod body_file;
mod code_file;
mod example_file;
mod kind_file;
mod table_file;
mod workflow_file;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::example_file::Example;
use crate::calendar::Calendar;
use crate::code_list::{Code, CodeList};
use crate::commune_map::CommuneMap;
use crate::error::{CatalogueError, Problem, reason, unread};
use crate::kind::{Field, FieldType, Kind};
use crate::label::Label;
use crate::paper_form::PaperForm;
use crate::process::Process;
use crate::reference::{GazetteerWords, ReferenceBody};
use crate::score_sheet::{BallotForm, BallotWord, ScoreSheet};
use crate::search_words::SearchWords;
use crate::sheet_map::SheetMap;
use crate::workflow::Workflow;

/// The folders, in the order they are read: kinds refer to lists and workflows, bodies and examples to kinds.
const FOLDERS: [&str; 12] = [
    "text/",
    "words/",
    "calendar/",
    "processes/",
    "codes/",
    "scores/",
    "workflows/",
    "kinds/",
    "reference/",
    "examples/",
    "maps/",
    "papers/",
];

/// A loaded and checked catalogue.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    kinds: Vec<Kind>,
    /// Versions of kinds that are not current: earlier ones, and later ones that were withdrawn.
    other_versions: Vec<Kind>,
    lists: BTreeMap<String, CodeList>,
    communes: CommuneMap,
    workflows: BTreeMap<String, Workflow>,
    bodies: Vec<ReferenceBody>,
    gazetteer: GazetteerWords,
    examples: Vec<Example>,
    texts: BTreeMap<String, String>,
    pub(crate) calendar: Calendar,
    pub(crate) processes: Vec<Process>,
    maps: Vec<SheetMap>,
    papers: Vec<PaperForm>,
    scores: Vec<ScoreSheet>,
    words: SearchWords,
}

impl Catalogue {
    /// Loads files given as (path, text); paths begin with `kinds/`, `codes/`, `workflows/`, `reference/`, `examples/`, `calendar/`, `processes/`,
    /// `scores/`, `maps/`, `papers/`, `words/` or `text/`.
    ///
    /// # Errors
    /// All problems found, each with file, line and reason; nothing is loaded then.
    pub fn load(mut files: Vec<(String, String)>) -> Result<Catalogue, CatalogueError> {
        files.sort();
        let mut loading = Loading::into(Catalogue::default());
        for folder in FOLDERS {
            for (path, text) in files.iter().filter(|(path, _)| path.starts_with(folder)) {
                loading.file(path, text);
            }
            match folder {
                "processes/" => loading.step_lists(),
                "codes/" => loading.tables(&files),
                "scores/" => loading.score_lists(),
                "kinds/" => loading.cross_check(),
                _ => {}
            }
        }
        let mut last = "";
        for (path, _) in &files {
            if path == last {
                loading.problem(path, 0, reason!("tệp có hai lần", "the file is given twice"));
            }
            last = path;
            if !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
                loading.problem(path, 0, reason!("tệp không nằm trong thư mục nào của danh mục", "the file lies in no known folder"));
            }
        }
        loading.problems.extend(Process::check_periods(&loading.catalogue.processes));
        loading.check_bodies();
        if loading.problems.is_empty() {
            loading.problems.extend(PaperForm::missing(&loading.catalogue));
        }
        if loading.problems.is_empty() { Ok(loading.catalogue) } else { Err(CatalogueError { problems: loading.problems }) }
    }

    /// Kinds in the order of their names, each in its current version.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// A kind by name, in its current version.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// A certain version of a kind, current or not.
    pub fn kind_version(&self, name: &str, version: u64) -> Option<&Kind> {
        self.kinds.iter().chain(&self.other_versions).find(|kind| kind.name == name && kind.version == version)
    }

    /// The versions of a kind that are not current, in the order they came.
    pub fn other_versions(&self) -> impl Iterator<Item = &Kind> {
        self.other_versions.iter()
    }

    /// A kind with the fields of all its versions, those of the current one first: what a table needs that holds records of each of them. Checks go by the
    /// version of the record, never by this one.
    pub fn kind_of_all_versions(&self, name: &str) -> Option<Kind> {
        let mut all = self.kind(name)?.clone();
        for other in self.other_versions.iter().filter(|kind| kind.name == name) {
            add_missing_fields(&mut all.fields, &other.fields);
        }
        Some(all)
    }

    /// A code list by name; `workflow:<name>` lists the states of a workflow, `process:<family>` the steps of
    /// a family of processes.
    pub fn list(&self, name: &str) -> Option<&CodeList> {
        self.lists.get(name)
    }

    /// Code lists by name.
    pub fn lists(&self) -> impl Iterator<Item = &CodeList> {
        self.lists.values()
    }

    /// The code above a code on an ISO day: the province of a commune, whichever row of the province is valid then.
    pub fn parent_on(&self, list: &str, code: &str, day: &str) -> Option<&Code> {
        let list = self.list(list)?;
        let parent = list.get(code)?.parent.as_deref()?;
        match &list.parents {
            Some(above) => self.list(above)?.now_of(parent, day),
            None => list.get(parent),
        }
    }

    /// The province that a province lies in on a later ISO day, itself included: Kon Tum (`62`) lies in Quảng Ngãi (`51.2025-07-01`) since 1 July 2025.
    /// None when the key is unknown or begins after the day.
    pub fn province_now(&self, key: &str, day: &str) -> Option<&str> {
        self.list("provinces")?.now_of(key, day).map(|code| code.code.as_str())
    }

    /// The provinces that stand in the place of a province on any ISO day, as [`CodeList::as_of`] says: Lâm Đồng of today was Lâm Đồng, Đắk Nông and Bình
    /// Thuận in 2019.
    pub fn province_as_of(&self, key: &str, day: &str) -> Vec<&str> {
        let found = self.list("provinces").map(|list| list.as_of(key, day)).unwrap_or_default();
        found.into_iter().map(|code| code.code.as_str()).collect()
    }

    /// Communes before 1 July 2025 and what they lie in since.
    pub fn commune_map(&self) -> &CommuneMap {
        &self.communes
    }

    /// A workflow by name.
    pub fn workflow(&self, name: &str) -> Option<&Workflow> {
        self.workflows.get(name)
    }

    /// Ready maps of spreadsheets.
    pub fn sheet_maps(&self) -> &[SheetMap] {
        &self.maps
    }

    /// The form of a paper by its code.
    pub fn paper_form(&self, code: &str) -> Option<&PaperForm> {
        self.papers.iter().find(|form| form.code == code)
    }

    /// The forms of papers, in the order of their files.
    pub fn paper_forms(&self) -> &[PaperForm] {
        &self.papers
    }

    /// Sheets of councils in the order of their names.
    pub fn score_sheets(&self) -> &[ScoreSheet] {
        &self.scores
    }

    /// A sheet of a council by name.
    pub fn score_sheet(&self, name: &str) -> Option<&ScoreSheet> {
        self.scores.iter().find(|sheet| sheet.name == name)
    }

    /// Reference bodies in the order of the file.
    pub fn bodies(&self) -> &[ReferenceBody] {
        &self.bodies
    }

    /// Words that searching knows.
    pub fn search_words(&self) -> &SearchWords {
        &self.words
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

pub(crate) struct Loading {
    pub(crate) catalogue: Catalogue,
    pub(crate) problems: Vec<Problem>,
    /// Whether a newer version of a kind becomes the current one.
    pub(crate) adopting: bool,
    /// Where a kind or body was declared: (file, line).
    places: BTreeMap<String, (String, usize)>,
}

impl Loading {
    pub(crate) fn into(catalogue: Catalogue) -> Loading {
        Loading { catalogue, problems: Vec::new(), adopting: true, places: BTreeMap::new() }
    }

    fn problem(&mut self, file: &str, line: usize, reason: Label) {
        self.problems.push(Problem { file: file.to_owned(), line, reason });
    }

    /// For each family of processes the list `process:<family>` of the steps of all its definitions.
    fn step_lists(&mut self) {
        let mut steps: BTreeMap<String, (String, Vec<Code>)> = BTreeMap::new();
        for process in &self.catalogue.processes {
            let (source, codes) = steps.entry(process.family.clone()).or_default();
            if source.is_empty() {
                source.clone_from(&process.source);
            }
            for step in &process.steps {
                if !codes.iter().any(|code| code.code == step.code) {
                    codes.push(Code::plain(step.code.clone(), step.label.clone()));
                }
            }
        }
        for (family, (source, codes)) in steps {
            self.add_list("processes/", 0, CodeList::new(format!("process:{family}"), source, codes, Vec::new()));
        }
    }

    /// A sheet names a type of council and roles that exist.
    fn score(&mut self, path: &str, sheet: ScoreSheet) {
        let roles = sheet.quorum.iter().flat_map(|quorum| &quorum.roles).map(|role| ("council-roles", role));
        let unknown: Vec<Label> = roles
            .chain([("council-types", &sheet.council)])
            .filter(|(list, code)| self.catalogue.list(list).is_none_or(|list| list.get(code).is_none()))
            .map(|(list, code)| reason!("danh mục {list} không có mã {code}", "the list {list} has no code {code}"))
            .collect();
        for reason in unknown {
            self.problem(path, 0, reason);
        }
        if self.catalogue.score_sheet(&sheet.name).is_some() {
            self.problem(path, 0, reason!("có hai phiếu tên {}", "there are two sheets {}", sheet.name));
        }
        self.catalogue.scores.push(sheet);
    }

    /// The lists `score:sheets`, `score:choices`, `score:outcomes` and `score:criteria` of all sheets; a code means the same in each of them.
    fn score_lists(&mut self) {
        let mut lists: [(&str, Vec<BallotWord>); 4] = [
            ("sheets", Vec::new()),
            ("choices", Vec::new()),
            ("outcomes", crate::council_rule::points_outcomes().into()),
            ("criteria", Vec::new()),
        ];
        let [(_, sheets), (_, choices), (_, outcomes), (_, criteria)] = &mut lists;
        for sheet in &self.catalogue.scores {
            sheets.push(BallotWord { code: sheet.name.clone(), label: sheet.label.clone() });
            match &sheet.ballot {
                BallotForm::Choice { choices: those, outcomes: these } => {
                    choices.extend(those.iter().cloned());
                    outcomes.extend(these.iter().map(|outcome| outcome.word.clone()));
                }
                BallotForm::Points { criteria: those, .. } => criteria.extend(those.iter().map(|criterion| criterion.word.clone())),
            }
        }
        let mut problems = Vec::new();
        let mut made = Vec::new();
        for (name, words) in lists {
            let mut known: Vec<Code> = Vec::new();
            for word in words {
                match known.iter().find(|code| code.code == word.code) {
                    Some(code) if code.label != word.label => {
                        problems.push(reason!("{name}: {} có hai nghĩa", "{name}: {} has two meanings", word.code))
                    }
                    Some(_) => {}
                    None => known.push(Code::plain(word.code, word.label)),
                }
            }
            made.push(CodeList::new(format!("score:{name}"), "Danh mục Liên Vùng".to_owned(), known, Vec::new()));
        }
        for reason in problems {
            self.problem("scores/", 0, reason);
        }
        for list in made {
            self.add_list("scores/", 0, list);
        }
    }

    fn file(&mut self, path: &str, text: &str) {
        let (folder, name) = path.split_once('/').unwrap_or(("", path));
        match folder {
            "calendar" => match Calendar::read(path, text) {
                Ok(calendar) => self.catalogue.calendar = calendar,
                Err(problems) => self.problems.extend(problems),
            },
            "processes" => match Process::read(path, text) {
                Ok(process) => self.catalogue.processes.push(process),
                Err(problems) => self.problems.extend(problems),
            },
            "scores" => match ScoreSheet::read(path, text) {
                Ok(sheet) => self.score(path, sheet),
                Err(problems) => self.problems.extend(problems),
            },
            "maps" => match SheetMap::read(path, text, &self.catalogue) {
                Ok(map) => self.catalogue.maps.push(map),
                Err(problems) => self.problems.extend(problems),
            },
            "papers" => match PaperForm::read(path, text, &self.catalogue) {
                Ok(forms) => self.catalogue.papers.extend(forms),
                Err(problems) => self.problems.extend(problems),
            },
            "words" => {
                if let Err(problems) = self.catalogue.words.read(path, text) {
                    self.problems.extend(problems);
                }
            }
            "text" => {
                self.catalogue.texts.insert(name.to_owned(), text.to_owned());
            }
            // Tables refer to each other, so they are read together.
            "codes" if name == "tables.toml" || name.ends_with(".csv") => {}
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
                self.problem(path, line, unread(error.message()));
                None
            }
        }
    }

    fn labels(&mut self, path: &str, line: usize, texts: &[&str]) {
        if texts.iter().any(|text| text.trim().is_empty()) {
            self.problem(path, line, reason!("nhãn hoặc nguồn để trống", "a label or source is empty"));
        }
    }

    fn dates(&mut self, path: &str, line: usize, texts: &[Option<&str>]) {
        for text in texts.iter().flatten() {
            if viet::PartialDate::from_iso(text).is_err() {
                self.problem(path, line, reason!("“{text}” không phải ngày", "“{text}” is no date"));
            }
        }
        if let [Some(from), Some(to)] = texts
            && from > to
        {
            self.problem(path, line, reason!("{from} ở sau {to}", "{from} lies after {to}"));
        }
    }
}

fn add_missing_fields(fields: &mut Vec<Field>, others: &[Field]) {
    for other in others {
        match fields.iter_mut().find(|field| field.name == other.name) {
            None => fields.push(Field { required: false, section: None, ..other.clone() }),
            Some(Field { of: FieldType::Group { fields, .. }, .. }) => {
                if let FieldType::Group { fields: others, .. } = &other.of {
                    add_missing_fields(fields, others);
                }
            }
            Some(_) => {}
        }
    }
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
