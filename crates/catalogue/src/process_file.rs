//! Reads `processes/*.toml` and refuses what does not fit, with file, line and reason.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::calendar::TermUnit;
use crate::error::{Problem, reason, unread};
use crate::label::Label;
use crate::load::line_of;
use crate::process::{Actor, Condition, Deadline, Fact, Paper, Process, Recurrence, Step};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessFile {
    name: Spanned<String>,
    family: String,
    vi: String,
    en: String,
    valid_from: String,
    valid_to: Option<String>,
    source: String,
    #[serde(default)]
    incomplete: bool,
    note_vi: Option<String>,
    note_en: Option<String>,
    #[serde(default)]
    fact: Vec<Spanned<FactFile>>,
    actor: Vec<Spanned<ActorFile>>,
    step: Vec<Spanned<StepFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactFile {
    name: String,
    vi: String,
    en: String,
    values: Vec<ValueFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueFile {
    value: String,
    vi: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActorFile {
    actor: String,
    vi: String,
    en: String,
    #[serde(default)]
    variants: Vec<VariantFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantFile {
    when: ConditionFile,
    vi: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionFile {
    fact: String,
    is: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    code: String,
    number: u32,
    vi: String,
    en: String,
    public_vi: String,
    public_en: String,
    actor: String,
    source: String,
    rule_vi: Option<String>,
    rule_en: Option<String>,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    beside: bool,
    #[serde(default)]
    end: bool,
    when: Option<ConditionFile>,
    #[serde(default)]
    papers: Vec<Spanned<PaperFile>>,
    #[serde(default)]
    deadline: Vec<Spanned<DeadlineFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaperFile {
    code: String,
    vi: String,
    en: String,
    #[serde(default)]
    required: bool,
    from: Option<String>,
    when: Option<ConditionFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadlineFile {
    /// What else satisfies it beside its own step.
    #[serde(default)]
    or: Vec<String>,
    within: u32,
    unit: TermUnit,
    counted_from: String,
    moves_to_working_day: Option<bool>,
    given: Option<String>,
    when: Option<ConditionFile>,
    recurs: Option<RecurrenceFile>,
    #[serde(default)]
    right: bool,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecurrenceFile {
    times: Option<u32>,
    #[serde(default)]
    until: Vec<String>,
}

impl Process {
    /// Reads one file.
    ///
    /// # Errors
    /// Every place that is wrong: an unknown or unreachable step, a main step that is never left, a deadline counted from what cannot have happened before
    /// it, a missing label or source, a condition on an unknown fact.
    pub(crate) fn read(path: &str, text: &str) -> Result<Process, Vec<Problem>> {
        let file: ProcessFile = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let line = error.span().map_or(0, |span| line_of(text, span.start));
                return Err(vec![Problem { file: path.to_owned(), line, reason: unread(error.message()) }]);
            }
        };
        let mut reading = Reading { path, text, problems: Vec::new(), lines: Vec::new() };
        let process = reading.process(file);
        reading.check(&process);
        if reading.problems.is_empty() { Ok(process) } else { Err(reading.problems) }
    }

    /// Two definitions of one family may not be valid on the same day, else nobody could say under which a matter began.
    pub(crate) fn check_periods(processes: &[Process]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, process) in processes.iter().enumerate() {
            for other in processes.iter().skip(at + 1).filter(|other| other.family == process.family) {
                if process.valid_on(other.valid_from) || other.valid_on(process.valid_from) {
                    let reason = reason!(
                        "{} và {} của họ {} cùng có hiệu lực một ngày",
                        "{} and {} of the family {} are valid on the same day",
                        process.name,
                        other.name,
                        process.family
                    );
                    problems.push(Problem { file: format!("processes/{}.toml", other.name), line: 1, reason });
                }
            }
        }
        problems
    }
}

struct Reading<'a> {
    path: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
    /// Line of each step, and of each of its deadlines.
    lines: Vec<(usize, Vec<usize>)>,
}

impl Reading<'_> {
    fn problem(&mut self, line: usize, reason: Label) {
        self.problems.push(Problem { file: self.path.to_owned(), line, reason });
    }

    fn process(&mut self, file: ProcessFile) -> Process {
        let line = line_of(self.text, file.name.span().start);
        let name = file.name.into_inner();
        self.texts(line, "the process", &[&name, &file.family, &file.vi, &file.en, &file.source]);
        if format!("processes/{name}.toml") != self.path {
            self.problem(
                line,
                reason!(
                    "quy trình {name} phải nằm trong tệp processes/{name}.toml",
                    "the process {name} must stand in the file processes/{name}.toml"
                ),
            );
        }
        let valid_from = self.day(line, &file.valid_from);
        let valid_to = file.valid_to.map(|text| self.day(line, &text));
        if valid_to.is_some_and(|last| last < valid_from) {
            self.problem(line, reason!("{name} kết thúc trước khi bắt đầu", "{name} ends before it begins"));
        }
        let note = self.both(line, "note", file.note_vi, file.note_en);
        if file.incomplete && note.is_none() {
            self.problem(
                line,
                reason!("{name} chưa đủ, cần ghi chú nêu còn thiếu gì", "{name} is incomplete and needs a note that says what is missing"),
            );
        }
        let facts = file.fact.into_iter().map(|fact| self.fact(fact)).collect();
        let actors = file.actor.into_iter().map(|actor| self.actor(actor)).collect();
        let steps = file.step.into_iter().map(|step| self.step(step)).collect();
        Process {
            name,
            family: file.family,
            label: Label::new(file.vi, file.en),
            valid_from,
            valid_to,
            source: file.source,
            incomplete: file.incomplete,
            note,
            facts,
            actors,
            steps,
        }
    }

    fn fact(&mut self, file: Spanned<FactFile>) -> Fact {
        let line = line_of(self.text, file.span().start);
        let file = file.into_inner();
        self.texts(line, &format!("fact {}", file.name), &[&file.name, &file.vi, &file.en]);
        for value in &file.values {
            self.texts(line, &format!("fact {}", file.name), &[&value.value, &value.vi, &value.en]);
        }
        let values = file.values.into_iter().map(|value| (value.value, Label::new(value.vi, value.en))).collect();
        Fact { name: file.name, label: Label::new(file.vi, file.en), values }
    }

    fn actor(&mut self, file: Spanned<ActorFile>) -> Actor {
        let line = line_of(self.text, file.span().start);
        let file = file.into_inner();
        self.texts(line, &format!("actor {}", file.actor), &[&file.actor, &file.vi, &file.en]);
        let mut variants = Vec::new();
        for variant in file.variants {
            self.texts(line, &format!("actor {}", file.actor), &[&variant.vi, &variant.en]);
            variants.push((condition(variant.when), Label::new(variant.vi, variant.en)));
        }
        Actor { actor: file.actor, label: Label::new(file.vi, file.en), variants }
    }

    fn step(&mut self, file: Spanned<StepFile>) -> Step {
        let line = line_of(self.text, file.span().start);
        let file = file.into_inner();
        let what = format!("step {}", file.code);
        self.texts(line, &what, &[&file.vi, &file.en, &file.public_vi, &file.public_en, &file.source]);
        if file.code.is_empty() || !file.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            self.problem(
                line,
                reason!(
                    "mã “{}” chỉ gồm chữ thường không dấu, chữ số và _",
                    "the code “{}” must be small ASCII letters, digits and _",
                    file.code
                ),
            );
        }
        let rule = self.both(line, "rule", file.rule_vi, file.rule_en);
        let mut papers = Vec::new();
        for paper in file.papers {
            let line = line_of(self.text, paper.span().start);
            let paper = paper.into_inner();
            self.texts(line, &format!("a paper of {what}"), &[&paper.code, &paper.vi, &paper.en]);
            let name = Label::new(paper.vi, paper.en);
            papers.push(Paper { code: paper.code, name, required: paper.required, from: paper.from, when: paper.when.map(condition) });
        }
        let mut deadlines = Vec::new();
        let mut deadline_lines = Vec::new();
        for deadline in file.deadline {
            let line = line_of(self.text, deadline.span().start);
            deadline_lines.push(line);
            deadlines.push(self.deadline(line, &file.code, deadline.into_inner()));
        }
        self.lines.push((line, deadline_lines));
        Step {
            code: file.code,
            number: file.number,
            label: Label::new(file.vi, file.en),
            public_label: Label::new(file.public_vi, file.public_en),
            actor: file.actor,
            source: file.source,
            rule,
            after: file.after,
            requires: file.requires,
            unless: file.unless,
            beside: file.beside,
            end: file.end,
            when: file.when.map(condition),
            papers,
            deadlines,
        }
    }

    fn deadline(&mut self, line: usize, step: &str, file: DeadlineFile) -> Deadline {
        self.texts(line, &format!("a deadline of step {step}"), &[&file.source]);
        if file.within == 0 || file.within > 1_000 {
            self.problem(
                line,
                reason!(
                    "hạn của bước {step} có {} đơn vị; phải từ 1 đến 1000",
                    "a deadline of step {step} has {} units; expected 1 to 1000",
                    file.within
                ),
            );
        }
        match (file.unit, file.moves_to_working_day) {
            (TermUnit::WorkingDay, Some(_)) => {
                self.problem(
                    line,
                    reason!(
                        "hạn theo ngày làm việc kết thúc vào ngày làm việc; không dùng moves_to_working_day ở đây",
                        "a term in working days ends on one; moves_to_working_day has no place here"
                    ),
                );
            }
            (TermUnit::Day | TermUnit::Month | TermUnit::Year, None) => {
                self.problem(
                    line,
                    reason!("ghi rõ hạn rơi vào ngày nghỉ có chuyển không: moves_to_working_day = true hoặc false (Bộ luật Dân sự 2015, Điều 148.5)", "say whether an end on a rest day moves: moves_to_working_day = true or false (Bộ luật Dân sự 2015, Điều 148.5)"),
                );
            }
            _ => {}
        }
        let recurs = file.recurs.map(|recurs| Recurrence { times: recurs.times, until: recurs.until });
        if recurs.as_ref().is_some_and(|recurs| recurs.times.is_none() && recurs.until.is_empty()) {
            self.problem(
                line,
                reason!("hạn lặp lại phải ghi mấy lần hoặc đến bước nào", "a deadline that recurs says how many times or until which step"),
            );
        }
        let mut of = vec![step.to_owned()];
        of.extend(file.or);
        Deadline {
            of,
            within: file.within,
            unit: file.unit,
            counted_from: file.counted_from,
            moves_to_working_day: file.moves_to_working_day.unwrap_or(false),
            given: file.given,
            when: file.when.map(condition),
            recurs,
            right: file.right,
            source: file.source,
        }
    }

    fn texts(&mut self, line: usize, what: &str, texts: &[&str]) {
        if texts.iter().any(|text| text.trim().is_empty()) {
            self.problem(line, reason!("{what} thiếu nhãn, mã hoặc nguồn", "{what} lacks a label, a code or its source"));
        }
    }

    fn both(&mut self, line: usize, what: &str, vi: Option<String>, en: Option<String>) -> Option<Label> {
        match (vi, en) {
            (Some(vi), Some(en)) => Some(Label::new(vi, en)),
            (None, None) => None,
            _ => {
                self.problem(line, reason!("{what} chỉ có một ngôn ngữ", "a {what} is given in one language only"));
                None
            }
        }
    }

    fn day(&mut self, line: usize, text: &str) -> Date {
        match text.parse() {
            Ok(day) => day,
            Err(_) => {
                self.problem(
                    line,
                    reason!("“{text}” không phải ngày, viết ví dụ 2014-03-15", "“{text}” is no day, expected e.g. 2014-03-15"),
                );
                Date::ZERO
            }
        }
    }

    /// What can be checked only when all steps are there.
    fn check(&mut self, process: &Process) {
        let mut codes = BTreeSet::new();
        let lines = std::mem::take(&mut self.lines);
        for (step, (line, _)) in process.steps.iter().zip(&lines) {
            if !codes.insert(step.code.as_str()) {
                self.problem(*line, reason!("bước {} ghi hai lần", "step {} stands twice", step.code));
            }
        }
        let starts: Vec<&str> = process.steps.iter().filter(|step| step.after.is_empty()).map(|step| step.code.as_str()).collect();
        if starts.is_empty() {
            self.problem(
                1,
                reason!(
                    "không bước nào mở đầu quy trình: phải có một bước không ghi “after”",
                    "no step begins the process: one must have no “after”"
                ),
            );
        }
        let reachable = process.reachable(&starts, &[]);
        for (step, (line, deadline_lines)) in process.steps.iter().zip(&lines) {
            self.check_step(process, step, *line, &codes);
            if !reachable.contains(&step.code) {
                self.problem(*line, reason!("không đi đến được bước {}", "step {} cannot be reached", step.code));
            }
            for (deadline, line) in step.deadlines.iter().zip(deadline_lines) {
                self.check_deadline(process, deadline, *line, &codes, &starts);
            }
        }
        for actor in &process.actors {
            for (condition, _) in &actor.variants {
                self.check_condition(process, condition, 1);
            }
        }
    }

    fn check_step(&mut self, process: &Process, step: &Step, line: usize, codes: &BTreeSet<&str>) {
        for other in step.after.iter().chain(&step.requires).chain(&step.unless) {
            if !codes.contains(other.as_str()) {
                self.problem(line, reason!("bước {} nêu bước không có: {other}", "step {} names the unknown step {other}", step.code));
            }
        }
        if !process.actors.iter().any(|actor| actor.actor == step.actor) {
            self.problem(line, reason!("bước {} nêu người làm không có: {}", "step {} names the unknown actor {}", step.code, step.actor));
        }
        if !step.beside && step.after.iter().filter_map(|code| process.step(code)).any(|before| before.beside) {
            self.problem(
                line,
                reason!(
                    "bước chính {} đứng sau một bước bên cạnh; hãy dùng “requires”",
                    "step {} of the main line comes after a step beside it; use “requires”",
                    step.code
                ),
            );
        }
        let goes_on = process.followers(&step.code).any(|next| !next.beside);
        match (step.beside, step.end, goes_on) {
            (false, false, false) => self.problem(
                line,
                reason!(
                    "bước {} không có lối ra: cần bước tiếp theo hoặc end = true",
                    "step {} is never left: it needs a following step or end = true",
                    step.code
                ),
            ),
            (false, true, true) => {
                self.problem(line, reason!("bước {} là kết thúc mà vẫn đi tiếp", "step {} is an end and still goes on", step.code))
            }
            (true, true, _) => self.problem(
                line,
                reason!(
                    "bước {} ở bên cạnh, không thể kết thúc quy trình",
                    "step {} lies beside the main line and cannot end it",
                    step.code
                ),
            ),
            _ => {}
        }
        for condition in step.when.iter().chain(step.papers.iter().filter_map(|paper| paper.when.as_ref())) {
            self.check_condition(process, condition, line);
        }
        for paper in &step.papers {
            if let Some(from) = &paper.from
                && !process.step(from).is_some_and(|earlier| earlier.papers.iter().any(|known| known.code == paper.code))
            {
                self.problem(line, reason!("bước {from} không có giấy tờ {}", "step {from} has no paper {}", paper.code));
            }
        }
    }

    fn check_deadline(&mut self, process: &Process, deadline: &Deadline, line: usize, codes: &BTreeSet<&str>, starts: &[&str]) {
        let until = deadline.recurs.iter().flat_map(|recurs| &recurs.until);
        for other in deadline.of.iter().chain([&deadline.counted_from]).chain(&deadline.given).chain(until) {
            if !codes.contains(other.as_str()) {
                self.problem(line, reason!("hạn nêu bước không có: {other}", "the deadline names the unknown step {other}"));
                return;
            }
        }
        if let Some(condition) = &deadline.when {
            self.check_condition(process, condition, line);
        }
        // Either the event can happen before what it sets a term for, or the process comes back from it, as from a returned dossier.
        let before = process.reachable(starts, &deadline.of);
        let back = process.reachable(&[&deadline.counted_from], &[]);
        if !before.contains(&deadline.counted_from) && !deadline.of.iter().any(|step| *step != deadline.counted_from && back.contains(step))
        {
            self.problem(
                line,
                reason!("{} không thể xảy ra trước {}", "{} cannot have happened before {}", deadline.counted_from, deadline.of.join(", ")),
            );
        }
    }

    fn check_condition(&mut self, process: &Process, condition: &Condition, line: usize) {
        match process.facts.iter().find(|fact| fact.name == condition.fact) {
            None => self
                .problem(line, reason!("điều kiện hỏi dữ kiện không có: {}", "a condition asks for the unknown fact {}", condition.fact)),
            Some(fact) => {
                for value in condition.is.iter().filter(|value| !fact.values.iter().any(|(known, _)| known == *value)) {
                    self.problem(line, reason!("dữ kiện {} không có giá trị {value}", "the fact {} has no value {value}", condition.fact));
                }
            }
        }
    }
}

fn condition(file: ConditionFile) -> Condition {
    Condition { fact: file.fact, is: file.is }
}
