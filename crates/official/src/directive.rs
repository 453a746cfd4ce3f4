//! Directives: which clauses give a task, to whom, with whom, until when.

use serde::Serialize;

use crate::actor::{Actor, FoundActor, Names};
use crate::clause::{clauses, sentences};
use crate::deadline::{Calendar, Due, due_of};
use crate::item::Paragraph;
use crate::subject::{Subject, imperative_at, subject};
use crate::view::{Span, View};

/// "Rõ người, rõ việc, rõ thời gian, rõ sản phẩm."
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Clear {
    /// A body is named.
    pub who: bool,
    /// The work is named.
    pub what: bool,
    /// A time is named.
    pub when: bool,
    /// A product is named.
    pub product: bool,
}

/// A directive found in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundDirective {
    /// Item, e.g. `2.c`; empty without items.
    pub item: String,
    /// The whole path, e.g. `2.b.-1`.
    pub path: String,
    /// The exact words.
    pub text: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte after it.
    pub end: usize,
    /// The verb as written.
    pub verb: String,
    /// `assign`, `require`, `request`, `need` or `imperative`.
    pub force: String,
    /// Who assigns, when it is said.
    pub assigner: Option<String>,
    /// Lead bodies or classes.
    pub lead: Vec<Actor>,
    /// Co-operators.
    pub with: Vec<Actor>,
    /// Whether the lead is a class.
    pub class: bool,
    /// The deadline.
    pub due: Option<Due>,
    /// The lint.
    pub clear: Clear,
}

/// What opens an assessment: praise and description, no task.
const ASSESSMENTS: [&str; 22] = [
    "danh gia chung",
    "danh gia ket qua",
    "danh gia tinh hinh",
    "ket qua dat duoc",
    "tinh hinh thuc hien",
    "thong nhat danh gia",
    "danh gia cao",
    "ghi nhan",
    "bieu duong",
    "hoan nghenh",
    "hoi nghi danh gia",
    "hoi nghi ghi nhan",
    "co ban thong nhat",
    "ve ket qua",
    "ve tinh hinh",
    "trong thoi gian qua",
    "thoi gian qua",
    "ben canh cac ket qua",
    "ben canh nhung ket qua",
    "tuy nhien",
    "nhin chung",
    "hoi nghi da",
];

/// The tasks of all paragraphs of the body, in order.
pub(crate) fn directives(view: &View, paragraphs: &[Paragraph], names: &Names, calendar: Calendar, itemised: bool) -> Vec<FoundDirective> {
    let mut found = Vec::new();
    let mut assessing: Option<usize> = None;
    let mut inherited: Vec<(usize, Vec<FoundActor>, String)> = Vec::new();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let depth = paragraph.levels.len();
        if paragraph.marked {
            inherited.retain(|(above, _, _)| *above < depth);
            assessing = assessing.filter(|above| *above < depth);
        }
        let opens = ASSESSMENTS.iter().any(|words| view.words_at(paragraph.words.start, words).is_some());
        if opens && (paragraph.marked || !itemised) {
            assessing.get_or_insert(depth);
        }
        let has_children_or_text = paragraphs.get(at + 1).is_some_and(|next| !next.marked || next.levels.len() > depth);
        if paragraph.marked && has_children_or_text && is_heading(view, paragraph) {
            continue;
        }
        let has_children = paragraphs.get(at + 1).is_some_and(|next| next.levels.len() > depth && next.marked);
        let introduces = view.char_at(paragraph.words.end.saturating_sub(1)) == Some(':');
        if introduces && (has_children || !itemised) {
            let leads = subject(view, paragraph.words, names).map(|subject| (subject.leads, subject.force)).unwrap_or_default();
            if !leads.0.is_empty() {
                inherited.push((depth, leads.0, leads.1));
            }
            continue;
        }
        let above = inherited.last().map(|(_, leads, force)| (leads.clone(), force.clone()));
        let mut running = above.clone();
        for sentence in sentences(view, paragraph.words) {
            let mut first = true;
            for clause in clauses(view, sentence) {
                let carried = running.clone();
                let tasks = tasks_of(view, clause, names, calendar, carried.as_ref(), assessing.is_some(), itemised, first);
                for task in tasks {
                    if let Some(leads) = task.named {
                        running = Some(leads);
                    }
                    let mut directive = task.directive;
                    directive.item = paragraph.item();
                    directive.path = paragraph.path();
                    found.push(directive);
                }
                first = false;
            }
        }
    }
    found
}

/// "I. Đánh giá chung", "II. Nhiệm vụ thời gian tới": a few words without a closing sign over what follows.
fn is_heading(view: &View, paragraph: &Paragraph) -> bool {
    let closed = matches!(view.char_at(paragraph.words.end.saturating_sub(1)), Some('.' | ';' | ':' | '!' | '/' | ','));
    !closed && view.syllables(paragraph.words).len() <= 16
}

struct Task {
    directive: FoundDirective,
    /// Leads that later clauses of the paragraph inherit.
    named: Option<(Vec<FoundActor>, String)>,
}

#[expect(clippy::too_many_arguments, reason = "what is known of the place a clause stands in")]
fn tasks_of(
    view: &View,
    clause: Span,
    names: &Names,
    calendar: Calendar,
    carried: Option<&(Vec<FoundActor>, String)>,
    assessing: bool,
    itemised: bool,
    first: bool,
) -> Vec<Task> {
    if let Some(subject) = subject(view, clause, names) {
        if subject.action >= clause.end {
            return Vec::new();
        }
        if assessing && subject.force == "need" {
            return Vec::new();
        }
        return explicit(view, clause, names, calendar, subject);
    }
    if assessing {
        return Vec::new();
    }
    let Some(verb) = imperative_at(view, clause.start).or_else(|| after_opening(view, clause)) else { return Vec::new() };
    // A clause that goes on after a semicolon may begin small; a sentence of its own begins with a capital.
    if first && !itemised && !view.is_capital(Span { start: clause.start, end: clause.end }) {
        return Vec::new();
    }
    let leads = carried.map(|(leads, _)| leads.clone()).unwrap_or_default();
    let with = co_operators(view, clause, names);
    let due = due_of(view, clause, calendar);
    let force = carried.filter(|(leads, _)| !leads.is_empty()).map_or_else(|| "imperative".to_owned(), |(_, force)| force.clone());
    vec![Task { directive: made(view, clause, verb, force, None, leads, with, due), named: None }]
}

/// A clause that names somebody.
fn explicit(view: &View, clause: Span, names: &Names, calendar: Calendar, subject: Subject) -> Vec<Task> {
    let with = co_operators(view, clause, names);
    let due = due_of(view, clause, calendar);
    let named = Some((subject.leads.clone(), subject.force.clone()));
    if let (Some(shared), Some(cut)) = (&due, second_action(view, clause, subject.action)) {
        // "A chủ trì xây dựng X, tổ chức ký kết X trước …": two tasks, and the first shares the deadline.
        let first = view.trimmed(Span { start: clause.start, end: cut });
        let first = Span {
            start: first.start,
            end: if view.char_at(first.end.saturating_sub(1)) == Some(',') { first.end - 1 } else { first.end },
        };
        let second = view.trimmed(Span { start: view.skip_blanks(cut), end: clause.end });
        if shared.start >= view.byte(second.start) {
            let mut inferred = shared.clone();
            inferred.inferred = true;
            let verb = imperative_at(view, second.start).unwrap_or(Span { start: second.start, end: second.start });
            let one = made(
                view,
                first,
                subject.verb,
                subject.force.clone(),
                subject.assigner.clone(),
                subject.leads.clone(),
                with.clone(),
                Some(inferred),
            );
            let two = made(view, second, verb, subject.force.clone(), subject.assigner.clone(), subject.leads.clone(), with, due);
            return vec![Task { directive: one, named: named.clone() }, Task { directive: two, named }];
        }
    }
    vec![Task { directive: made(view, clause, subject.verb, subject.force, subject.assigner, subject.leads, with, due), named }]
}

/// Where ", tổ chức …" begins a second task of the same bodies.
fn second_action(view: &View, clause: Span, action: usize) -> Option<usize> {
    for place in action..clause.end {
        if view.char_at(place) == Some(',') {
            let next = view.skip_blanks(place + 1);
            for verb in ["to chuc ky ket", "to chuc le", "to chuc hoi nghi", "to chuc hop"] {
                if view.words_at(next, verb).is_some() {
                    return Some(next);
                }
            }
        }
    }
    None
}

#[expect(clippy::too_many_arguments, reason = "the parts of a directive")]
fn made(
    view: &View,
    clause: Span,
    verb: Span,
    force: String,
    assigner: Option<String>,
    leads: Vec<FoundActor>,
    with: Vec<Actor>,
    due: Option<Due>,
) -> FoundDirective {
    let class = leads.iter().any(|lead| lead.actor.class);
    let words = view.syllables(clause).len();
    let folded = view.folded_text(clause);
    let clear = Clear {
        who: leads.iter().any(|lead| !lead.actor.class),
        what: words >= 4,
        when: due.as_ref().is_some_and(|due| due.last_day.is_some() || due.period.is_some()),
        product: names_product(&folded),
    };
    FoundDirective {
        item: String::new(),
        path: String::new(),
        text: view.plain_text(clause),
        start: view.byte(clause.start),
        end: view.byte(clause.end),
        verb: view.plain_text(verb),
        force,
        assigner,
        lead: leads.into_iter().map(|lead| lead.actor).collect(),
        with,
        class,
        due,
        clear,
    }
}

/// A product is a paper or an event that can be shown: "ban hành kế hoạch", "ký kết Chương trình", "tổ chức Hội nghị".
fn names_product(folded: &str) -> bool {
    const MAKING: [&str; 15] = [
        "xay dung",
        "ban hanh",
        "trinh",
        "lap",
        "ky ket",
        "ky",
        "bao cao",
        "phe duyet",
        "hoan thien",
        "hoan thanh",
        "to chuc",
        "soan thao",
        "cong bo",
        "gui",
        "tham muu",
    ];
    const THINGS: [&str; 17] = [
        "chuong trinh",
        "ke hoach",
        "de an",
        "bao cao",
        "to trinh",
        "quyet dinh",
        "du thao",
        "quy che",
        "hoi nghi",
        "nghi quyet",
        "danh muc",
        "ho so",
        "phuong an",
        "quy hoach",
        "le ky",
        "hop dong",
        "thong bao",
    ];
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let stands = |at: usize, phrase: &str| phrase.split(' ').enumerate().all(|(offset, part)| words.get(at + offset) == Some(&part));
    for at in 0..words.len() {
        for verb in MAKING.iter().filter(|verb| stands(at, verb)) {
            let after = at + verb.split(' ').count();
            if (after..after + 3).any(|place| THINGS.iter().any(|thing| stands(place, thing))) {
                return true;
            }
        }
    }
    false
}

/// "Trong thời gian tới, tập trung …", "Trên cơ sở đó, khẩn trương …": an opening of at most a dozen words, a comma, and a verb.
fn after_opening(view: &View, clause: Span) -> Option<Span> {
    let openings = [
        "trong thoi gian toi",
        "trong giai doan toi",
        "tren co so",
        "truoc mat",
        "ngay sau hoi nghi",
        "sau hoi nghi",
        "can cu",
        "cung voi",
        "dong thoi",
        "ben canh do",
        "ngoai ra",
    ];
    if !openings.iter().any(|words| view.words_at(clause.start, words).is_some()) {
        return None;
    }
    if let Some(after) = view.words_at(clause.start, "dong thoi") {
        let next = view.skip_blanks(after + usize::from(view.char_at(after) == Some(',')));
        if let Some(verb) = imperative_at(view, next) {
            return Some(verb);
        }
    }
    let comma = (clause.start..clause.end).take(120).find(|place| view.char_at(*place) == Some(','))?;
    let mut next = view.skip_blanks(comma + 1);
    if let Some(after) = view.words_at(next, "can") {
        next = view.skip_blanks(after);
    }
    imperative_at(view, next)
}

/// Bodies after "phối hợp với"; an action "phối hợp xây dựng" names none.
fn co_operators(view: &View, clause: Span, names: &Names) -> Vec<Actor> {
    for words in ["phoi hop voi", "phoi hop chat che voi", "phoi hop cung", "phoi hop cung voi", "cung voi"] {
        let mut from = clause.start;
        while let Some((_, after)) = view.find_words(Span { start: from, end: clause.end }, words) {
            let found = names.list_at(view, after, clause.end);
            if !found.is_empty() {
                return found.into_iter().map(|found| found.actor).collect();
            }
            from = after;
        }
    }
    Vec::new()
}
