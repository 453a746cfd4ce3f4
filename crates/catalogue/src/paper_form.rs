//! Forms of papers: what a paper of a process takes from the record, what people fill in by hand, who issues and signs it.

use serde::Deserialize;
use toml::Spanned;

use crate::error::{Problem, reason, unread};
use crate::label::Label;
use crate::load::{Catalogue, line_of};

/// Who makes a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperIssuer {
    /// The organisation or person that proposes.
    Proposer,
    /// The organisation that leads the task.
    Lead,
    /// The office that keeps the record.
    Agency,
    /// A council of that office.
    Council,
}

/// Who signs at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperClose {
    /// The proposer.
    Proposer,
    /// The principal investigator and the head of the lead organisation.
    Lead,
    /// The head of the lead organisation alone, as under a letter.
    LeadHead,
    /// The principal investigator.
    Principal,
    /// The head of the office.
    Agency,
    /// Secretary and chair of the council.
    Council,
    /// One member of the council.
    Member,
    /// Both parties.
    Parties,
}

/// A part of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperPart {
    /// Its heading; none for a paper of one part.
    pub vi: Option<String>,
    /// Fields of the record, in order.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Lines to fill in by hand, each with its colon.
    #[serde(default)]
    pub lines: Vec<String>,
}

/// The form of a paper. Papers are documents of the Vietnamese administration, so their words are Vietnamese.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperForm {
    /// Its code, as the steps of a process name it.
    pub code: String,
    /// The kind of document, e.g. "Biên bản"; none for an official letter.
    pub kind: Option<String>,
    /// What it is about.
    pub summary: String,
    /// The kind of record it is filled from.
    pub record: String,
    /// Who makes it.
    pub by: PaperIssuer,
    /// Who signs.
    pub close: PaperClose,
    /// The symbol behind its number, dots where the clerk puts the body's own; empty for papers that are not numbered.
    #[serde(default)]
    pub symbol: String,
    /// "Kính gửi".
    #[serde(default)]
    pub addressed_to: Vec<String>,
    /// Its parts.
    pub parts: Vec<PaperPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaperFile {
    paper: Vec<Spanned<PaperForm>>,
}

impl PaperForm {
    /// Reads a file of forms and checks their fields against the kinds.
    pub(crate) fn read(path: &str, text: &str, catalogue: &Catalogue) -> Result<Vec<PaperForm>, Vec<Problem>> {
        let problem = |line: usize, reason: Label| Problem { file: path.to_owned(), line, reason };
        let file: PaperFile = toml::from_str(text)
            .map_err(|error| vec![problem(error.span().map_or(0, |span| line_of(text, span.start)), unread(error.message()))])?;
        let (mut forms, mut problems) = (Vec::new(), Vec::new());
        for form in file.paper {
            let line = line_of(text, form.span().start);
            let form: PaperForm = form.into_inner();
            match catalogue.kind(&form.record) {
                None => {
                    problems.push(problem(line, reason!("{}: không có loại bản ghi {}", "{}: there is no kind {}", form.code, form.record)))
                }
                Some(kind) => {
                    for field in form.parts.iter().flat_map(|part| &part.fields).filter(|field| kind.field(field).is_none()) {
                        problems.push(problem(
                            line,
                            reason!("{}: loại {} không có trường {field}", "{}: kind {} has no field {field}", form.code, kind.name),
                        ));
                    }
                }
            }
            if form.summary.trim().is_empty() || form.kind.as_ref().is_some_and(|kind| kind.trim().is_empty()) {
                problems.push(problem(line, reason!("{}: loại hoặc trích yếu để trống", "{}: kind or summary is empty", form.code)));
            }
            if form.parts.iter().all(|part| part.fields.is_empty() && part.lines.is_empty()) {
                problems.push(problem(line, reason!("{} để trống", "{} is empty", form.code)));
            }
            if forms.iter().any(|known: &PaperForm| known.code == form.code) || catalogue.paper_form(&form.code).is_some() {
                problems.push(problem(line, reason!("{} khai hai lần", "{} is declared twice", form.code)));
            }
            forms.push(form);
        }
        if problems.is_empty() { Ok(forms) } else { Err(problems) }
    }

    /// Papers of processes that are known whole and have no form.
    pub(crate) fn missing(catalogue: &Catalogue) -> Vec<Problem> {
        let mut problems = Vec::new();
        for process in catalogue.processes().iter().filter(|process| !process.incomplete) {
            for paper in process.steps.iter().flat_map(|step| &step.papers) {
                if catalogue.paper_form(&paper.code).is_none() {
                    let reason = reason!(
                        "giấy tờ {} của {} không có mẫu trong papers/",
                        "the paper {} of {} has no form in papers/",
                        paper.code,
                        process.name
                    );
                    problems.push(Problem { file: format!("processes/{}.toml", process.name), line: 0, reason });
                }
            }
        }
        problems.dedup();
        problems
    }
}
