//! Where a matter stands in its process: current step, next steps and what blocks them, every deadline with its last day.
//!
//! Computed from what has happened, the papers at hand, a few facts and today; the same question about an earlier day gives the answer of that day. Events
//! after today are left out. Events without their predecessors are taken as they are: old files have gaps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::calendar::{Calendar, Reckoned};
use crate::label::Label;
use crate::process::{Condition, Deadline, Facts, Process, Step};

/// A recurrence without end is followed this often at most: two reports a year for a century.
const MOST_RECURRENCES: u32 = 200;

/// A step that has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Code of the step.
    pub step: String,
    /// The day.
    pub day: Date,
}

/// What is known of one matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matter {
    /// What has happened, in any order; steps of one day in the order given.
    pub events: Vec<Happened>,
    /// Papers at hand: step → codes of its papers. For a step that recurs, those of the coming occurrence.
    pub papers: BTreeMap<String, BTreeSet<String>>,
    /// Facts for conditions.
    pub facts: Facts,
}

/// When a deadline counts as near: either limit is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// At most so many working days are left.
    pub working_days: u32,
    /// At most this share of the term is left, in percent.
    pub percent: u32,
}

impl Default for Warning {
    /// 5 working days or 20 % of the term.
    fn default() -> Warning {
        Warning { working_days: 5, percent: 20 }
    }
}

/// A matter does not fit its process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatterError {
    /// The process has no such step.
    #[error("the process {process} has no step “{step}”; use one of its step codes")]
    UnknownStep {
        /// The process.
        process: String,
        /// What was given.
        step: String,
    },
    /// The step has no such paper.
    #[error("the step “{step}” has no paper “{paper}”; use a code of its papers")]
    UnknownPaper {
        /// The step.
        step: String,
        /// What was given.
        paper: String,
    },
    /// The process asks for no such fact, or the fact has no such value.
    #[error("the fact “{fact}” with the value “{value}” is unknown; use a fact and value of the process")]
    UnknownFact {
        /// The fact.
        fact: String,
        /// The value.
        value: String,
    },
}

impl MatterError {
    /// What is wrong and what to do, in Vietnamese.
    pub fn message_vi(&self) -> String {
        match self {
            MatterError::UnknownStep { process, step } => {
                format!("Quy trình {process} không có bước “{step}”. Dùng mã bước của quy trình.")
            }
            MatterError::UnknownPaper { step, paper } => {
                format!("Bước “{step}” không có giấy tờ “{paper}”. Dùng mã giấy tờ của bước.")
            }
            MatterError::UnknownFact { fact, value } => {
                format!("Không có dữ kiện “{fact}” với giá trị “{value}”. Dùng dữ kiện và giá trị của quy trình.")
            }
        }
    }
}

/// Where a matter stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'p> {
    /// Steps of the main line that happened last and were not left; none before the beginning.
    pub current: Vec<&'p Step>,
    /// Steps that may come next, in the order of the law, blocked or not.
    pub next: Vec<NextStep<'p>>,
    /// Every deadline that has begun, done ones too, in the order of their last days.
    pub due: Vec<Due<'p>>,
}

/// A step that may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep<'p> {
    /// The step.
    pub step: &'p Step,
    /// Who acts.
    pub actor: Label,
    /// What has to be there first; free to go when empty.
    pub blocks: Vec<Block>,
}

/// What sort of thing is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// A required paper.
    Paper,
    /// A step that must have happened.
    Step,
    /// A fact on which it depends whether the step or paper applies.
    Fact,
}

/// One thing that blocks a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What sort of thing is missing.
    pub kind: BlockKind,
    /// Code of the paper, step or fact.
    pub code: String,
    /// What is missing and what to do.
    pub text: Label,
    /// Article and act that demand it.
    pub source: String,
}

/// How a deadline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueState {
    /// There is time.
    Running,
    /// Its end is near.
    Near,
    /// Overdue.
    Late,
    /// Done within the term.
    Done,
    /// Done after the term.
    DoneLate,
    /// A right that was not used in time.
    Lapsed,
}

/// One term that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due<'p> {
    /// The step that must happen; with several that satisfy the deadline, the one it is declared for.
    pub step: &'p Step,
    /// The declaration.
    pub deadline: &'p Deadline,
    /// Name of the step it is counted from.
    pub counted_from: &'p Step,
    /// Which of its recurrences, from 1; 1 for one that does not recur.
    pub occurrence: u32,
    /// The day it is counted from.
    pub from: Date,
    /// The last day.
    pub last_day: Date,
    /// The day it was satisfied.
    pub happened: Option<Date>,
    /// How it stands.
    pub state: DueState,
    /// Calendar days from today, or from the day it was satisfied, to the last day; negative when late.
    pub days_left: i64,
    /// The same in working days.
    pub working_days_left: i64,
    /// Whether the calendar holds the years this was reckoned with; when not, holidays may be missing and the last day may really lie later.
    pub covered: bool,
    /// Whether it certainly applies: false when that depends on a fact that is not known.
    pub certain: bool,
}

impl Process {
    /// Where a matter stands on a day.
    ///
    /// # Errors
    /// A step, paper, fact or value that the process does not know.
    pub fn stand<'p>(&'p self, matter: &Matter, calendar: &Calendar, today: Date, warning: Warning) -> Result<Standing<'p>, MatterError> {
        self.check_matter(matter)?;
        let mut events: Vec<(&str, Date)> =
            matter.events.iter().filter(|event| event.day <= today).map(|event| (event.step.as_str(), event.day)).collect();
        events.sort_by_key(|(_, day)| *day);
        let history = History { events };
        let mut due = Vec::new();
        for (step, deadline) in self.deadlines() {
            self.add_dues(&mut due, step, deadline, &history, &matter.facts, &Reckoning { calendar, today, warning });
        }
        due.sort_by_key(|due| due.last_day);
        Ok(Standing { current: self.current(&history), next: self.next_steps(&history, matter), due })
    }

    fn check_matter(&self, matter: &Matter) -> Result<(), MatterError> {
        let unknown = |step: &str| MatterError::UnknownStep { process: self.name.clone(), step: step.to_owned() };
        for event in &matter.events {
            self.step(&event.step).ok_or_else(|| unknown(&event.step))?;
        }
        for (code, papers) in &matter.papers {
            let step = self.step(code).ok_or_else(|| unknown(code))?;
            for paper in papers {
                if !step.papers.iter().any(|known| known.code == *paper) {
                    return Err(MatterError::UnknownPaper { step: code.clone(), paper: paper.clone() });
                }
            }
        }
        for (name, value) in &matter.facts {
            let known = self.facts.iter().any(|fact| fact.name == *name && fact.values.iter().any(|(known, _)| known == value));
            if !known {
                return Err(MatterError::UnknownFact { fact: name.clone(), value: value.clone() });
            }
        }
        Ok(())
    }

    /// Steps of the main line after whose last occurrence no other step of the main line followed them.
    fn current(&self, history: &History) -> Vec<&Step> {
        let mut current = Vec::new();
        for step in self.steps.iter().filter(|step| !step.beside) {
            if let Some(at) = history.last(&step.code)
                && !self.is_left(step, at, history)
            {
                current.push(step);
            }
        }
        current
    }

    fn is_left(&self, step: &Step, at: usize, history: &History) -> bool {
        self.followers(&step.code).any(|next| !next.beside && history.happened_after(&next.code, at))
    }

    fn next_steps(&self, history: &History, matter: &Matter) -> Vec<NextStep<'_>> {
        let mut next = Vec::new();
        for step in &self.steps {
            let applies = step.when.as_ref().map_or(Some(true), |condition| condition.holds(&matter.facts));
            if applies == Some(false) || !self.may_follow(step, history) {
                continue;
            }
            let mut blocks = Vec::new();
            if let (None, Some(condition)) = (applies, &step.when) {
                self.miss_fact(&mut blocks, condition, &step.source);
            }
            for code in step.requires.iter().filter(|code| history.last(code).is_none()) {
                self.miss_step(&mut blocks, code, step);
            }
            self.miss_papers(&mut blocks, step, matter);
            next.push(NextStep { step, actor: self.actor_label(&step.actor, &matter.facts), blocks });
        }
        next
    }

    fn may_follow(&self, step: &Step, history: &History) -> bool {
        if step.after.is_empty() {
            return history.events.is_empty();
        }
        step.after.iter().filter_map(|code| self.step(code)).any(|before| {
            let Some(at) = history.last(&before.code) else { return false };
            let ruled_out = step.unless.iter().any(|code| history.happened_after(code, at));
            if step.beside {
                !ruled_out && history.count_after(&step.code, at) < most_occurrences(step)
            } else {
                !ruled_out && !self.is_left(before, at, history)
            }
        })
    }

    fn miss_fact(&self, blocks: &mut Vec<Block>, condition: &Condition, source: &str) {
        if blocks.iter().any(|block| block.kind == BlockKind::Fact && block.code == condition.fact) {
            return;
        }
        let Some(fact) = self.facts.iter().find(|fact| fact.name == condition.fact) else { return };
        let text = Label::new(
            format!("Chưa biết {}; cần nhập để xác định bước này có áp dụng hay không.", lower_first(&fact.label.vi)),
            format!("Not known: {}; enter it to decide what applies here.", lower_first(&fact.label.en)),
        );
        blocks.push(Block { kind: BlockKind::Fact, code: fact.name.clone(), text, source: source.to_owned() });
    }

    fn miss_step(&self, blocks: &mut Vec<Block>, code: &str, step: &Step) {
        let Some(missing) = self.step(code) else { return };
        let text = Label::new(
            format!("Chưa thực hiện “{}”; phải có trước khi “{}”.", missing.label.vi, step.label.vi),
            format!("Not yet done: “{}”; it has to come before “{}”.", missing.label.en, step.label.en),
        );
        blocks.push(Block { kind: BlockKind::Step, code: code.to_owned(), text, source: step.source.clone() });
    }

    fn miss_papers(&self, blocks: &mut Vec<Block>, step: &Step, matter: &Matter) {
        for paper in step.papers.iter().filter(|paper| paper.required) {
            let place = paper.from.as_ref().unwrap_or(&step.code);
            if matter.papers.get(place).is_some_and(|present| present.contains(&paper.code)) {
                continue;
            }
            match paper.when.as_ref().map(|condition| (condition, condition.holds(&matter.facts))) {
                Some((_, Some(false))) => {}
                Some((condition, None)) => self.miss_fact(blocks, condition, &step.source),
                _ => {
                    let text = Label::new(
                        format!("Thiếu {}: {}. Bổ sung trước khi “{}”.", paper.code, paper.name.vi, step.label.vi),
                        format!("Missing {}: {}. Add it before “{}”.", paper.code, paper.name.en, step.label.en),
                    );
                    blocks.push(Block { kind: BlockKind::Paper, code: paper.code.clone(), text, source: step.source.clone() });
                }
            }
        }
    }

    /// Adds one term for each occurrence of what the deadline is counted from.
    fn add_dues<'p>(
        &'p self,
        due: &mut Vec<Due<'p>>,
        step: &'p Step,
        deadline: &'p Deadline,
        history: &History,
        facts: &Facts,
        reckoning: &Reckoning,
    ) {
        let conditions = [step.when.as_ref(), deadline.when.as_ref()];
        let held: Vec<Option<bool>> = conditions.into_iter().flatten().map(|condition| condition.holds(facts)).collect();
        let Some(counted_from) = self.step(&deadline.counted_from) else { return };
        if held.contains(&Some(false)) {
            return;
        }
        for (at, (code, from)) in history.events.iter().enumerate() {
            let given = deadline.given.as_ref().is_none_or(|given| history.happened_after(given, at));
            if *code != deadline.counted_from || !given {
                continue;
            }
            let satisfied: Vec<Date> = history.days_after(&deadline.of, at).collect();
            let stopped = deadline.recurs.as_ref().and_then(|recurs| history.days_after(&recurs.until, at).next());
            let times = deadline.recurs.as_ref().map_or(1, |recurs| recurs.times.unwrap_or(MOST_RECURRENCES).min(MOST_RECURRENCES));
            let mut previous = *from;
            for occurrence in 1..=times {
                let term = deadline.within.saturating_mul(occurrence);
                let last = reckoning.calendar.last_day(*from, term, deadline.unit, deadline.moves_to_working_day);
                if stopped.is_some_and(|day| last.value > day) {
                    break;
                }
                let happened = usize::try_from(occurrence).ok().and_then(|nth| satisfied.get(nth.saturating_sub(1))).copied();
                let term_days = days(previous, last.value);
                let (state, days_left, working_days_left) = reckoning.state(deadline, last, happened, term_days);
                due.push(Due {
                    step,
                    deadline,
                    counted_from,
                    occurrence,
                    from: *from,
                    last_day: last.value,
                    happened,
                    state,
                    days_left,
                    working_days_left,
                    covered: last.covered,
                    certain: !held.contains(&None),
                });
                previous = last.value;
                let endless = deadline.recurs.as_ref().is_some_and(|recurs| recurs.times.is_none());
                if endless && happened.is_none() && last.value >= reckoning.today {
                    // The coming one; those after it are far away.
                    break;
                }
            }
        }
    }
}

impl Standing<'_> {
    /// Deadlines that are not satisfied, in the order of their last days.
    pub fn open(&self) -> impl Iterator<Item = &Due<'_>> {
        self.due.iter().filter(|due| matches!(due.state, DueState::Running | DueState::Near | DueState::Late))
    }

    /// Whether the main line has come to an end. Duties beside it, such as yearly reports, may go on.
    pub fn ended(&self) -> bool {
        self.current.iter().any(|step| step.end)
    }
}

impl Due<'_> {
    /// What, by when, counted from what, how it stands, and the article, as one sentence.
    pub fn text(&self) -> Label {
        let number = self.deadline.within;
        let unit = self.deadline.unit.label(number);
        let late = self.days_left.saturating_neg();
        let (state_vi, state_en) = match self.state {
            DueState::Running => (format!("còn {} ngày", self.days_left), format!("{} days left", self.days_left)),
            DueState::Near => (format!("sắp đến hạn, còn {} ngày", self.days_left), format!("near, {} days left", self.days_left)),
            DueState::Late => (format!("quá hạn {late} ngày"), format!("{late} days overdue")),
            DueState::Done => ("hoàn thành đúng hạn".to_owned(), "done on time".to_owned()),
            DueState::DoneLate => (format!("hoàn thành quá hạn {late} ngày"), format!("done {late} days late")),
            DueState::Lapsed => (format!("đã quá hạn thực hiện quyền {late} ngày"), format!("lapsed {late} days ago")),
        };
        let (nth_vi, nth_en) = match self.deadline.recurs {
            Some(_) => (format!(" lần {}", self.occurrence), format!(" no. {}", self.occurrence)),
            None => (String::new(), String::new()),
        };
        let (each_vi, each_en) = if self.deadline.recurs.is_some() { ("mỗi ", "every ") } else { ("", "") };
        let (gap_vi, gap_en) =
            if self.covered { ("", "") } else { (" Lịch nghỉ chưa phủ năm này.", " The calendar does not hold this year.") };
        let last_day = viet::format_day(self.last_day);
        let from = viet::format_day(self.from);
        Label::new(
            format!(
                "{}{nth_vi}: chậm nhất {last_day} ({each_vi}{number} {} kể từ “{}” ngày {from}), {state_vi}. {}.{gap_vi}",
                self.step.label.vi, unit.vi, self.counted_from.label.vi, self.deadline.source
            ),
            format!(
                "{}{nth_en}: by {last_day} ({each_en}{number} {} from “{}” on {from}), {state_en}. {}.{gap_en}",
                self.step.label.en, unit.en, self.counted_from.label.en, self.deadline.source
            ),
        )
    }
}

/// What has happened up to today, in order.
struct History<'a> {
    events: Vec<(&'a str, Date)>,
}

impl History<'_> {
    fn last(&self, code: &str) -> Option<usize> {
        self.events.iter().rposition(|(step, _)| *step == code)
    }

    fn happened_after(&self, code: &str, at: usize) -> bool {
        self.last(code).is_some_and(|last| last > at)
    }

    fn count_after(&self, code: &str, at: usize) -> usize {
        self.events.iter().skip(at + 1).filter(|(step, _)| *step == code).count()
    }

    fn days_after<'b>(&'b self, codes: &'b [String], at: usize) -> impl Iterator<Item = Date> + 'b {
        self.events.iter().skip(at + 1).filter(|(step, _)| codes.iter().any(|code| code == step)).map(|(_, day)| *day)
    }
}

struct Reckoning<'a> {
    calendar: &'a Calendar,
    today: Date,
    warning: Warning,
}

impl Reckoning<'_> {
    /// How a term stands, with days and working days left.
    fn state(&self, deadline: &Deadline, last: Reckoned<Date>, happened: Option<Date>, term_days: i64) -> (DueState, i64, i64) {
        let day = happened.unwrap_or(self.today);
        let days_left = days(day, last.value);
        let working_days_left = self.calendar.working_days_between(day, last.value).value;
        let state = match (happened, days_left < 0) {
            (Some(_), false) => DueState::Done,
            (Some(_), true) => DueState::DoneLate,
            (None, true) if deadline.right => DueState::Lapsed,
            (None, true) => DueState::Late,
            (None, false) => {
                let few = working_days_left <= i64::from(self.warning.working_days);
                let small_share = days_left.saturating_mul(100) <= term_days.saturating_mul(i64::from(self.warning.percent));
                if few || small_share { DueState::Near } else { DueState::Running }
            }
        };
        (state, days_left, working_days_left)
    }
}

/// How often a step beside the main line may follow one occurrence of its predecessor.
fn most_occurrences(step: &Step) -> usize {
    let recurring = step.deadlines.iter().filter_map(|deadline| deadline.recurs.as_ref());
    recurring.map(|recurs| recurs.times.map_or(usize::MAX, |times| usize::try_from(times).unwrap_or(usize::MAX))).max().unwrap_or(1)
}

fn days(from: Date, to: Date) -> i64 {
    // Two dates of jiff are at most 7.3 million days apart.
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
