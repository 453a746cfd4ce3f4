//! Directives: which clauses give a task, to whom, with whom, until when.

use serde::Serialize;

use crate::actor::{Actor, FoundActor, Names};
use crate::clause::{clauses, sentences};
use crate::deadline::{Calendar, Due, due_of};
use crate::item::Paragraph;
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

/// Verbs with which tasks begin when nobody is named. Folded.
const IMPERATIVES: [&str; 162] = [
    "chu tri",
    "dinh ky",
    "hang quy",
    "hang nam",
    "hang thang",
    "hang tuan",
    "quyet liet",
    "phan dau",
    "cap kinh phi",
    "quyet toan",
    "nghiem thu",
    "hoan chinh",
    "tiep thu",
    "du thao",
    "soan thao",
    "thanh toan",
    "tuyen chon",
    "dat hang",
    "nhan dien",
    "thuc day nhanh",
    "lay y kien",
    "khoanh vung",
    "quan triet thuc hien",
    "trien khai ngay",
    "xac minh",
    "cong nhan",
    "thu hoi",
    "ban giao",
    "tiep tuc",
    "day manh",
    "day nhanh",
    "tang cuong",
    "tap trung",
    "to chuc",
    "trien khai",
    "thuc hien",
    "xay dung",
    "ra soat",
    "phat trien",
    "bo tri",
    "de cao",
    "nang cao",
    "tien hanh",
    "tong ket",
    "so ket",
    "xac dinh",
    "khan truong",
    "chu dong",
    "kien quyet",
    "phoi hop",
    "ho tro",
    "huong dan",
    "cung cap",
    "quan tam",
    "ket noi",
    "chi du",
    "nghien cuu",
    "hoan thien",
    "hoan thanh",
    "bao cao",
    "tham muu",
    "de xuat",
    "kiem tra",
    "giam sat",
    "xu ly",
    "ban hanh",
    "chuan bi",
    "don doc",
    "theo doi",
    "chi dao",
    "phan cong",
    "cap nhat",
    "cong khai",
    "mo rong",
    "pho bien",
    "quan triet",
    "tuyen truyen",
    "lua chon",
    "khac phuc",
    "bao dam",
    "dam bao",
    "duy tri",
    "huy dong",
    "thu hut",
    "dao tao",
    "uu tien",
    "thuc day",
    "ap dung",
    "ung dung",
    "khai thac",
    "ky ket",
    "xem xet",
    "danh gia",
    "thong ke",
    "giai quyet",
    "sap xep",
    "kien toan",
    "tao lap",
    "tao dieu kien",
    "phat huy",
    "phe duyet",
    "trinh",
    "lap ke hoach",
    "gui",
    "nop",
    "co ke hoach",
    "co giai phap",
    "doi moi",
    "su dung",
    "quan ly",
    "van hanh",
    "thanh lap",
    "cu can bo",
    "bo sung",
    "dieu chinh",
    "tong hop",
    "thong nhat thuc hien",
    "thanh tra",
    "cai cach",
    "chuyen giao",
    "nhan rong",
    "gan ket",
    "lien ket",
    "luu y",
    "nghiem tuc",
    "sang tao doi moi",
    "ra quan",
    "dau tu",
    "boi duong",
    "cong bo",
    "tich cuc",
    "cham lo",
    "giao cho",
    "yeu cau",
    "de nghi",
    "lam ro",
    "lam tot",
    "lam viec voi",
    "lap ho so",
    "tham dinh",
    "thuong xuyen",
    "chan chinh",
    "khuyen khich",
    "khoi cong",
    "giai ngan",
    "hop tac",
    "trao doi",
    "chia se",
    "so hoa",
    "chuan hoa",
    "thu thap",
    "dang ky",
    "bao ve",
    "phong ngua",
    "xoa bo",
    "loai bo",
    "nhanh chong",
    "som",
    "kip thoi",
    "tu choc",
    "dieu tra",
    "khao sat",
];

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

const ASSIGNING: [(&str, &str); 7] = [
    ("giao cho", "assign"),
    ("giao", "assign"),
    ("phan cong", "assign"),
    ("uy quyen", "assign"),
    ("yeu cau", "require"),
    ("chi dao", "require"),
    ("de nghi", "request"),
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

struct Subject {
    assigner: Option<String>,
    leads: Vec<FoundActor>,
    force: String,
    verb: Span,
    /// Where the action begins.
    action: usize,
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

/// The subject of a clause: "(Ai) giao B …", "B chủ trì …", "Đối với B, cần …", "Các B … cần …".
fn subject(view: &View, clause: Span, names: &Names) -> Option<Subject> {
    let start = clause.start;
    // Đối với B, …
    if let Some(after) = view.words_at(start, "doi voi") {
        let leads = names.list_at(view, after, clause.end);
        if let Some(last) = leads.last() {
            let mut action = view.skip_blanks(last.span.end);
            if matches!(view.char_at(action), Some(',' | ':')) {
                action = view.skip_blanks(action + 1);
            }
            let (verb, force, action) = needing(view, action);
            return Some(Subject { assigner: None, leads, force, verb, action });
        }
        return None;
    }
    // B chủ trì …, B có trách nhiệm …, B cần …
    let leads = names.list_at(view, start, clause.end);
    if let Some(last) = leads.last() {
        let mut next = view.skip_blanks(last.span.end);
        let colon = view.char_at(next) == Some(':');
        if matches!(view.char_at(next), Some(',' | ':')) {
            next = view.skip_blanks(next + 1);
        }
        if let Some(after) = view.words_at(next, "cung") {
            next = view.skip_blanks(after);
        }
        if let Some(assigned) = assigned(view, clause, names, next) {
            return Some(Subject { assigner: Some(view.plain_text(Span { start, end: last.span.end })), ..assigned });
        }
        for (words, force) in
            [("chu tri", "assign"), ("co trach nhiem", "assign"), ("chiu trach nhiem", "assign"), ("can", "need"), ("phai", "need")]
        {
            if let Some(after) = view.words_at(next, words) {
                return Some(Subject {
                    assigner: None,
                    leads,
                    force: force.to_owned(),
                    verb: Span { start: next, end: after },
                    action: after,
                });
            }
        }
        if let Some(verb) = imperative_at(view, next) {
            return Some(Subject { assigner: None, leads, force: "assign".to_owned(), verb, action: next });
        }
        if colon || next >= clause.end {
            return Some(Subject {
                assigner: None,
                leads,
                force: "assign".to_owned(),
                verb: Span { start: next, end: next },
                action: next,
            });
        }
    }
    // "Những địa phương có điều kiện cũng cần …": a class that no list knows, up to the word of need.
    if ["cac", "nhung", "tung"].iter().any(|word| view.words_at(start, word).is_some()) {
        let syllables = view.syllables(clause);
        // "Các đơn vị gửi báo cáo …": people who can be told to, unlike "Các kết quả đạt được …".
        let told = ["don vi", "co quan", "dia phuong", "so", "nganh", "huyen", "xa", "vien", "truong", "to chuc", "doanh nghiep"];
        let people = syllables.get(1).is_some_and(|second| told.iter().any(|words| view.words_at(second.start, words).is_some()));
        for (at, syllable) in syllables.iter().enumerate().take(14).skip(2) {
            let need = ["cung can", "can", "phai", "co trach nhiem"]
                .iter()
                .find_map(|words| view.words_at(syllable.start, words).map(|after| (after, "need")))
                .or_else(|| people.then(|| imperative_at(view, syllable.start).map(|verb| (verb.end, "assign"))).flatten());
            if let Some((after, force)) = need {
                let span = Span { start, end: syllables.get(at - 1)?.end };
                if view.plain_text(span).contains([',', '.', ';', ':']) {
                    break;
                }
                let actor = Actor { text: view.plain_text(span), id: None, class: true };
                let verb = Span { start: syllable.start, end: after };
                return Some(Subject {
                    assigner: None,
                    leads: vec![FoundActor { actor, span }],
                    force: force.to_owned(),
                    verb,
                    action: if force == "assign" { syllable.start } else { after },
                });
            }
        }
    }
    assigned(view, clause, names, start)
}

/// "… giao B", "… yêu cầu B", "… đề nghị B", with at most a few words before the verb.
fn assigned(view: &View, clause: Span, names: &Names, from: usize) -> Option<Subject> {
    let syllables = view.syllables(Span { start: from, end: clause.end });
    for (at, syllable) in syllables.iter().enumerate().take(16) {
        if view.plain_text(Span { start: from, end: syllable.start }).contains([';', ':', '(']) {
            return None;
        }
        for (words, force) in ASSIGNING {
            let Some(after) = view.words_at(syllable.start, words) else { continue };
            let mut next = view.skip_blanks(after);
            for skipped in ["cho", "nhiem vu cho", "dong chi", "voi"] {
                if let Some(after) = view.words_at(next, skipped) {
                    next = view.skip_blanks(after);
                }
            }
            let leads = names.list_at(view, next, clause.end);
            let Some(last) = leads.last() else { continue };
            let mut action = view.skip_blanks(last.span.end);
            if matches!(view.char_at(action), Some(',' | ':')) {
                action = view.skip_blanks(action + 1);
            }
            let assigner = (at > 0).then(|| view.plain_text(view.trimmed(Span { start: from, end: syllable.start })));
            return Some(Subject { assigner, leads, force: force.to_owned(), verb: Span { start: syllable.start, end: after }, action });
        }
    }
    None
}

/// "cần", "phải", or the bare verb after "Đối với B,".
fn needing(view: &View, place: usize) -> (Span, String, usize) {
    for words in ["can phai", "can", "phai", "de nghi", "yeu cau"] {
        if let Some(after) = view.words_at(place, words) {
            let force = if words == "de nghi" {
                "request"
            } else if words == "yeu cau" {
                "require"
            } else {
                "need"
            };
            return (Span { start: place, end: after }, force.to_owned(), after);
        }
    }
    let verb = imperative_at(view, place).unwrap_or(Span { start: place, end: place });
    (verb, "need".to_owned(), place)
}

fn imperative_at(view: &View, place: usize) -> Option<Span> {
    IMPERATIVES.iter().filter_map(|words| view.words_at(place, words)).max().map(|end| Span { start: place, end })
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
