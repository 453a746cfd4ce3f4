//! Code lists with validity: what a code means, which codes serve on a day, what took the place of what.

use std::sync::OnceLock;

use crate::label::Label;
use crate::name_index::NameIndex;

/// One code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// What is stored. It means one thing for ever, so it holds the first day too where an official code was used again (`52.2025-07-01`), and the
    /// edition where whole lists replace each other (`10101.2008`).
    pub code: String,
    /// The official code.
    pub official: String,
    /// Its name, with the form before it in Vietnamese: "tỉnh Đắk Lắk".
    pub label: Label,
    /// The form of a unit: "tỉnh", "thành phố", "xã", "phường", "đặc khu".
    pub form: Option<String>,
    /// First day, ISO; before the list when none.
    pub valid_from: Option<String>,
    /// Last day, ISO; still valid when none.
    pub valid_to: Option<String>,
    /// The stored code above it: of the same list, or of the list [`CodeList::parents`] names, and then the one of its first day.
    pub parent: Option<String>,
    /// How far below the top: 1 for what has no parent.
    pub level: u8,
    /// The stored code of the same list that took over on the day after the last.
    pub successor: Option<String>,
    /// The edition of the list, e.g. "2008".
    pub edition: Option<String>,
}

impl Code {
    /// A code that stands for itself, at the top and always valid.
    pub(crate) fn plain(code: String, label: Label) -> Code {
        Code { official: code.clone(), code, label, level: 1, ..Code::default() }
    }

    /// The Vietnamese name without the form: "Đắk Lắk".
    pub fn name(&self) -> &str {
        let rest = self.form.as_deref().and_then(|form| self.label.vi.strip_prefix(form));
        rest.map_or(self.label.vi.as_str(), str::trim_start)
    }

    /// Whether it is valid on an ISO day.
    pub fn is_valid_on(&self, day: &str) -> bool {
        self.valid_from.as_deref().is_none_or(|from| from <= day) && self.valid_to.as_deref().is_none_or(|to| day <= to)
    }
}

/// One edition of a list. A list that was never replaced as a whole has one, without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// "2008"; empty in a list without editions.
    pub edition: String,
    /// First day of its first code; before the list when none.
    pub valid_from: Option<String>,
    /// Last day of its last code; still valid when none.
    pub valid_to: Option<String>,
    /// Legal source.
    pub source: String,
    /// To be shown wherever codes of an edition that has ended are shown: since when, and what replaces it.
    pub note: Option<Label>,
}

/// A named set of codes that belonged together on a day, e.g. a region. Sets are not attributes of a code: regions change while provinces stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSet {
    /// Its name, e.g. `region-ntb-tn-2019`.
    pub name: String,
    /// For people.
    pub label: Label,
    /// The ISO day it describes.
    pub day: String,
    /// Where the membership is written.
    pub source: String,
    /// Stored codes.
    pub codes: Vec<String>,
}

/// What may be chosen on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices<'a> {
    /// Codes in the order of the list.
    pub codes: Vec<&'a Code>,
    /// None when the codes are valid on the day; else why they are offered all the same.
    pub note: Option<Label>,
}

/// A list of codes.
#[derive(Debug, Clone)]
pub struct CodeList {
    /// Its name.
    pub name: String,
    /// Legal source.
    pub source: String,
    /// Codes in order.
    pub codes: Vec<Code>,
    /// Editions, the earliest first; at least one.
    pub editions: Vec<Edition>,
    /// The list in which the parents stand, when it is another one.
    pub parents: Option<String>,
    /// Named sets of codes.
    pub sets: Vec<CodeSet>,
    index: Index,
    names: OnceLock<NameIndex>,
}

impl CodeList {
    /// A list; editions that are not given follow from the codes.
    pub(crate) fn new(name: String, source: String, codes: Vec<Code>, editions: Vec<Edition>) -> CodeList {
        let index = Index::of(&codes);
        let mut list = CodeList { name, source, codes, editions, parents: None, sets: Vec::new(), index, names: OnceLock::new() };
        if list.editions.is_empty() {
            let (valid_from, valid_to) = period(list.codes.iter());
            let note = valid_to.as_deref().map(|last| ended_note(last, None));
            list.editions.push(Edition { edition: String::new(), valid_from, valid_to, source: list.source.clone(), note });
        }
        list
    }

    /// Sets what takes the place of what: by place in the list, the place of the successor.
    pub(crate) fn link_successors(&mut self, successors: Vec<Option<usize>>) {
        for (at, after) in successors.iter().enumerate() {
            let Some(after) = *after else { continue };
            self.index.predecessors.push((after, at));
            let stored = self.codes.get(after).map(|code| code.code.clone());
            if let Some(code) = self.codes.get_mut(at) {
                code.successor = stored;
            }
        }
        self.index.predecessors.sort_unstable();
        self.index.successors = successors;
    }

    /// A code by what is stored, whether it is still valid or not.
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.codes.get(self.place(code)?)
    }

    /// The name of a code, whether it is still valid or not.
    pub fn label(&self, code: &str) -> Option<&Label> {
        self.get(code).map(|found| &found.label)
    }

    /// The edition a stored code belongs to; its note is to be shown with the code.
    pub fn edition_of(&self, code: &str) -> Option<&Edition> {
        let wanted = self.get(code)?.edition.as_deref().unwrap_or_default();
        self.editions.iter().find(|edition| edition.edition == wanted)
    }

    /// A named set.
    pub fn set(&self, name: &str) -> Option<&CodeSet> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// Codes valid on an ISO day.
    pub fn valid_on(&self, day: &str) -> Vec<&Code> {
        self.codes.iter().filter(|code| code.is_valid_on(day)).collect()
    }

    /// What to offer for choosing on an ISO day: the valid codes; when there is none, because the list ended without a successor or begins later, the
    /// codes of its nearest day together with a note. Nobody is refused because a list has no successor.
    pub fn choices_on(&self, day: &str) -> Choices<'_> {
        if self.codes.is_empty() || self.index.covers(day) {
            return Choices { codes: self.valid_on(day), note: None };
        }
        if let Some(last) = self.index.last_day_before(day) {
            let edition = self.editions.iter().rev().find(|edition| edition.valid_to.as_deref() == Some(last));
            let note = edition.and_then(|edition| edition.note.clone()).unwrap_or_else(|| ended_note(last, None));
            return Choices { codes: self.valid_on(last), note: Some(note) };
        }
        let first = self.index.first_day();
        Choices { codes: self.valid_on(first), note: Some(not_begun_note(first)) }
    }

    /// The code an official code stands for on an ISO day. In a list that has ended without a successor it stands for what it did on the last day; before
    /// a list begins it stands for nothing, because the same code may have meant another thing.
    pub fn official_on(&self, official: &str, day: &str) -> Option<&Code> {
        self.codes.get(self.official_place(official, day)?)
    }

    /// The codes a name may mean on an ISO day, however it is typed: without marks, with the tone on either vowel, with or without the form before it
    /// ("TP. Đà Nẵng", "tỉnh Đắk Lắk", "Dak Lak"), in Vietnamese or English. Marks and form choose among namesakes when they can; exact spellings come
    /// first. A name that nothing bears on the day gives what stands in the place of its bearer ([`CodeList::as_of`]): "Thừa Thiên Huế" gives Huế in
    /// 2026, so compare the label when that matters. Several results are for a person to choose from.
    pub fn find_by_name(&self, name: &str, day: &str) -> Vec<&Code> {
        let Some(day) = self.day_of_use(day) else { return Vec::new() };
        let names = self.names.get_or_init(|| NameIndex::of(&self.codes));
        let valid = names.find(name, &self.codes, |code| code.is_valid_on(day));
        if !valid.is_empty() {
            return valid;
        }
        let mut instead: Vec<&Code> = Vec::new();
        for bearer in names.find(name, &self.codes, |_| true) {
            for code in self.as_of(&bearer.code, day) {
                if !instead.iter().any(|known| known.code == code.code) {
                    instead.push(code);
                }
            }
        }
        instead
    }

    /// What takes the place of a code on a later ISO day: itself while it is valid, then its successor, and so on. None when the code is unknown, begins
    /// after the day or ended without a successor.
    pub fn now_of(&self, code: &str, day: &str) -> Option<&Code> {
        let mut at = self.place(code)?;
        loop {
            let code = self.codes.get(at)?;
            if code.is_valid_on(day) {
                return Some(code);
            }
            if code.valid_to.as_deref().is_none_or(|last| day <= last) {
                return None;
            }
            at = self.index.successors.get(at).copied().flatten()?;
        }
    }

    /// What stands in the place of a code on any ISO day: later the one that took over, earlier all that went into it (Lâm Đồng of 2026 is Lâm Đồng, Đắk
    /// Nông and Bình Thuận in 2019). A unit that took in others without getting a row of its own stays itself.
    pub fn as_of(&self, code: &str, day: &str) -> Vec<&Code> {
        if let Some(later) = self.now_of(code, day) {
            return vec![later];
        }
        let mut found = Vec::new();
        let mut open: Vec<usize> = self.place(code).into_iter().collect();
        while let Some(at) = open.pop() {
            let Some(code) = self.codes.get(at) else { continue };
            if code.is_valid_on(day) {
                found.push(at);
            } else if code.valid_from.as_deref().is_some_and(|from| day < from) {
                let from = self.index.predecessors.partition_point(|(after, _)| *after < at);
                let rest = self.index.predecessors.get(from..).unwrap_or_default();
                open.extend(rest.iter().take_while(|(after, _)| *after == at).map(|(_, before)| *before));
            }
        }
        found.sort_unstable();
        found.into_iter().filter_map(|at| self.codes.get(at)).collect()
    }

    /// The place of what an official code stands for, as [`CodeList::official_on`] says.
    pub(crate) fn official_place(&self, official: &str, day: &str) -> Option<usize> {
        let day = self.day_of_use(day)?;
        let from = self.index.by_official.partition_point(|at| self.codes.get(*at).is_some_and(|code| code.official.as_str() < official));
        for at in self.index.by_official.get(from..)? {
            let code = self.codes.get(*at).filter(|code| code.official == official)?;
            if code.is_valid_on(day) {
                return Some(*at);
            }
        }
        None
    }

    fn place(&self, code: &str) -> Option<usize> {
        let stored = |at: &usize| self.codes.get(*at).map_or("", |entry| entry.code.as_str());
        let found = self.index.by_code.binary_search_by(|at| stored(at).cmp(code)).ok()?;
        self.index.by_code.get(found).copied()
    }

    /// The day whose codes serve on a day: itself, or the last day of a list that has ended; none before the list begins.
    fn day_of_use<'a>(&'a self, day: &'a str) -> Option<&'a str> {
        if self.index.covers(day) { Some(day) } else { self.index.last_day_before(day) }
    }
}

/// Places in the list, in orders that make looking up quick.
#[derive(Debug, Clone)]
struct Index {
    by_code: Vec<usize>,
    by_official: Vec<usize>,
    /// By place: the place of the successor. Empty where nothing takes the place of anything.
    successors: Vec<Option<usize>>,
    /// (successor, predecessor), ordered.
    predecessors: Vec<(usize, usize)>,
    /// Spans of days on which some code is valid, ordered and apart; "" and [`FOR_EVER`] are the ends of time.
    spans: Vec<(String, String)>,
}

/// After every ISO day.
const FOR_EVER: &str = "9999-12-31";

impl Index {
    fn of(codes: &[Code]) -> Index {
        let stored = |at: &usize| codes.get(*at).map(|code| code.code.as_str());
        let mut by_code: Vec<usize> = (0..codes.len()).collect();
        by_code.sort_by(|left, right| stored(left).cmp(&stored(right)));
        let official = |at: &usize| codes.get(*at).map(|code| (code.official.as_str(), code.valid_from.as_deref()));
        let mut by_official: Vec<usize> = (0..codes.len()).collect();
        by_official.sort_by(|left, right| official(left).cmp(&official(right)));

        let mut periods: Vec<(&str, &str)> = codes
            .iter()
            .map(|code| (code.valid_from.as_deref().unwrap_or_default(), code.valid_to.as_deref().unwrap_or(FOR_EVER)))
            .collect();
        periods.sort_unstable();
        periods.dedup();
        let mut spans: Vec<(String, String)> = Vec::new();
        for (from, to) in periods {
            match spans.last_mut() {
                Some((_, last)) if from <= last.as_str() => {
                    if last.as_str() < to {
                        to.clone_into(last);
                    }
                }
                _ => spans.push((from.to_owned(), to.to_owned())),
            }
        }
        Index { by_code, by_official, successors: Vec::new(), predecessors: Vec::new(), spans }
    }

    fn covers(&self, day: &str) -> bool {
        self.spans.iter().any(|(from, to)| from.as_str() <= day && day <= to.as_str())
    }

    fn last_day_before(&self, day: &str) -> Option<&str> {
        self.spans.iter().rev().map(|(_, to)| to.as_str()).find(|to| *to < day)
    }

    fn first_day(&self) -> &str {
        self.spans.first().map_or("", |(from, _)| from.as_str())
    }
}

/// First and last day of some codes; none where one of them is open.
pub(crate) fn period<'a>(codes: impl Iterator<Item = &'a Code>) -> (Option<String>, Option<String>) {
    let mut whole: Option<(Option<&str>, Option<&str>)> = None;
    for code in codes {
        let (from, to) = (code.valid_from.as_deref(), code.valid_to.as_deref());
        whole = Some(match whole {
            None => (from, to),
            // None sorts before every day, which is right for a beginning only.
            Some((first, last)) => (first.min(from), last.zip(to).map(|(last, to)| last.max(to))),
        });
    }
    let (from, to) = whole.unwrap_or_default();
    (from.map(str::to_owned), to.map(str::to_owned))
}

/// What is said of an edition whose last day has passed.
pub(crate) fn ended_note(last: &str, replaced_by: Option<&str>) -> Label {
    let since = shown(day_after(last).as_deref().unwrap_or(last));
    match replaced_by {
        Some(edition) => Label::new(
            format!("cơ sở pháp lý hết hiệu lực từ {since}, thay bằng bảng {edition}"),
            format!("legal basis not in force since {since}, replaced by the table of {edition}"),
        ),
        None => Label::new(
            format!("cơ sở pháp lý hết hiệu lực từ {since}, chưa có bảng thay thế"),
            format!("legal basis not in force since {since}, no replacement known"),
        ),
    }
}

fn not_begun_note(first: &str) -> Label {
    let first = shown(first);
    Label::new(format!("danh mục chỉ có từ {first}"), format!("the list begins on {first} only"))
}

/// The ISO day after an ISO day.
pub(crate) fn day_after(day: &str) -> Option<String> {
    day.parse::<jiff::civil::Date>().ok().and_then(|day| day.tomorrow().ok()).map(|day| day.to_string())
}

fn shown(day: &str) -> String {
    day.parse().map_or_else(|_| day.to_owned(), viet::format_day)
}
