//! Bodies in running text: known names first, classes, then heads with the words that belong to them.

use serde::Serialize;

use crate::gazetteer::Gazetteer;
use crate::view::{Span, View};

/// A body or a class of bodies as the text names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// The exact words.
    pub text: String,
    /// What the caller knows it by.
    pub id: Option<String>,
    /// Whether it is a class.
    pub class: bool,
}

/// A found actor with its place.
#[derive(Debug, Clone)]
pub(crate) struct FoundActor {
    pub(crate) actor: Actor,
    pub(crate) span: Span,
}

/// The gazetteer made ready: names as folded syllables, by first syllable.
pub(crate) struct Names {
    known: std::collections::HashMap<String, Vec<KnownName>>,
    heads: Vec<Vec<String>>,
    classes: Vec<Vec<String>>,
    places: Vec<Vec<String>>,
}

struct KnownName {
    syllables: Vec<String>,
    /// A name written with a capital is no name without it: "Bộ", not "bố trí".
    capital: bool,
    id: Option<String>,
    class: bool,
}

/// Persons by office: "Giám đốc Sở …" is the Department.
const OFFICES: [&str; 16] = [
    "giam doc",
    "pho giam doc",
    "thu truong",
    "chu tich",
    "pho chu tich",
    "truong ban",
    "chanh van phong",
    "cuc truong",
    "vu truong",
    "vien truong",
    "hieu truong",
    "tong giam doc",
    "lanh dao",
    "nguoi dung dau",
    "bo truong",
    "bi thu",
];

/// What follows the name of a body and is no part of it.
const STOPS: [&str; 44] = [
    "chu tri",
    "chu dong",
    "phoi hop",
    "co trach nhiem",
    "can",
    "phai",
    "tiep tuc",
    "khan truong",
    "to chuc",
    "thuc hien",
    "trien khai",
    "xay dung",
    "ra soat",
    "bao cao",
    "tham muu",
    "huong dan",
    "kiem tra",
    "theo doi",
    "don doc",
    "tong hop",
    "nghien cuu",
    "de xuat",
    "lap",
    "trinh",
    "cung cap",
    "ho tro",
    "tap trung",
    "day nhanh",
    "tang cuong",
    "hoan thanh",
    "hoan thien",
    "som",
    "truoc",
    "trong",
    "xem xet",
    "bo tri",
    "cung",
    "va bao cao",
    "va to chuc",
    "duoc",
    "da",
    "se",
    "la",
    "quan tam",
];

/// Small words inside names: "Bộ Chỉ huy Quân sự", "Sở Khoa học và Công nghệ", "Ban Quản lý các khu công nghiệp".
const JOINERS: [&str; 6] = ["và", "của", "các", "về", "với", "cho"];

impl Names {
    pub(crate) fn of(gazetteer: &Gazetteer) -> Names {
        let mut known: std::collections::HashMap<String, Vec<KnownName>> = std::collections::HashMap::new();
        for body in &gazetteer.bodies {
            for name in &body.names {
                let syllables = folded_syllables(name);
                if let Some(first) = syllables.first() {
                    let capital = name.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
                    known.entry(first.clone()).or_default().push(KnownName { syllables, capital, id: body.id.clone(), class: body.class });
                }
            }
        }
        for names in known.values_mut() {
            names.sort_by_key(|name| std::cmp::Reverse(name.syllables.len()));
        }
        let longest_first = |list: &[String]| {
            let mut folded: Vec<Vec<String>> = list.iter().map(|text| folded_syllables(text)).filter(|list| !list.is_empty()).collect();
            folded.sort_by_key(|syllables| std::cmp::Reverse(syllables.len()));
            folded
        };
        Names {
            known,
            heads: longest_first(&gazetteer.heads),
            classes: longest_first(&gazetteer.classes),
            places: longest_first(&gazetteer.places),
        }
    }

    /// The body whose name begins at `place`.
    pub(crate) fn actor_at(&self, view: &View, place: usize, end: usize) -> Option<FoundActor> {
        let here = Span { start: place, end };
        let syllables = view.syllables(Span { start: place, end: end.min(place + 260) });
        if syllables.first()?.start != place {
            return None;
        }
        let words: Vec<String> = syllables.iter().map(|syllable| view.folded_text(*syllable)).collect();
        // "Giám đốc Sở Tài chính", "Chủ tịch UBND các huyện": the office and then the body.
        for office in OFFICES {
            if let Some(after) = view.words_at(place, office) {
                let next = view.skip_blanks(after);
                if next < end
                    && let Some(found) = self.actor_at(view, next, end)
                {
                    let span = Span { start: place, end: found.span.end };
                    return Some(FoundActor { actor: Actor { text: view.plain_text(span), ..found.actor }, span });
                }
            }
        }
        let class = self.classes.iter().find(|class| starts_with(&words, class));
        let capital = syllables.first().is_some_and(|first| view.is_capital(*first));
        let fits = |name: &&KnownName| starts_with(&words, &name.syllables) && (capital || !name.capital || name.class);
        let known = self.known.get(words.first()?).and_then(|names| names.iter().find(fits));
        let by_head = self.by_head(view, &syllables, &words, end);
        let mut best: Option<(usize, Option<String>, bool)> = None;
        let mut offer = |count: usize, id: Option<String>, class: bool| {
            if best.as_ref().is_none_or(|(most, _, _)| count > *most) {
                best = Some((count, id, class));
            }
        };
        if let Some(name) = known {
            offer(name.syllables.len(), name.id.clone(), name.class);
        }
        if let Some(class) = class {
            offer(class.len(), None, true);
        }
        if let Some(count) = by_head {
            offer(count, None, false);
        }
        let (count, id, class) = best?;
        let last = syllables.get(count - 1)?;
        let span = Span { start: here.start, end: last.end };
        if self.is_connected(view, span) {
            Some(FoundActor { actor: Actor { text: view.plain_text(span), id, class }, span })
        } else {
            None
        }
    }

    /// A name never runs over a full stop, a colon or a line end.
    fn is_connected(&self, view: &View, span: Span) -> bool {
        !(span.start..span.end).any(|place| matches!(view.char_at(place), Some(';' | ':' | '\n' | '(' | '”')))
    }

    /// A head ("Sở", "UBND", "tỉnh …") with the words that belong to the name; the number of syllables.
    fn by_head(&self, view: &View, syllables: &[Span], words: &[String], end: usize) -> Option<usize> {
        if let Some(count) = self.place_name(view, syllables, words) {
            return Some(count);
        }
        let head = self.heads.iter().find(|head| starts_with(words, head))?;
        if !view.is_capital(*syllables.first()?) {
            return None;
        }
        let mut count = head.len();
        let mut named = count > 1;
        while let Some(syllable) = syllables.get(count) {
            let before = syllables.get(count - 1)?;
            let between = view.plain_text(Span { start: before.end, end: syllable.start });
            let between = between.trim();
            if syllable.end > end || count > 18 || STOPS.iter().any(|stop| view.words_at(syllable.start, stop).is_some()) {
                break;
            }
            let capital = view.is_capital(*syllable);
            let word = view.plain_text(*syllable);
            match between {
                "" | "-" | "–" | "&" => {}
                // "Sở Văn hóa, Thể thao và Du lịch": a capital that begins no other body.
                "," if capital
                    && self.begins_body(words.get(count..).unwrap_or_default()).is_none()
                    && self.and_follows(view, syllables, count) => {}
                _ => break,
            }
            if JOINERS.contains(&word.as_str()) {
                let follows = syllables.get(count + 1);
                let goes_on = follows.is_some_and(|next| view.is_capital(*next))
                    && self.begins_body(words.get(count + 1..).unwrap_or_default()).is_none()
                    || (word == "các" && follows.is_some_and(|next| !view.is_capital(*next)) && named)
                    || matches!(word.as_str(), "của");
                if !goes_on || word == "với" || word == "cho" {
                    break;
                }
            } else if !capital && !named {
                // "Sở này", "Ban tổ chức hội nghị": a head alone names nobody.
                if !matches!(words.get(count).map(String::as_str), Some("tinh" | "thanh" | "huyen" | "xa" | "phuong" | "dan" | "khu")) {
                    break;
                }
            }
            named = named || capital;
            count += 1;
        }
        while count > head.len() && syllables.get(count - 1).is_some_and(|last| JOINERS.contains(&view.plain_text(*last).as_str())) {
            count -= 1;
        }
        (named || count > head.len()).then_some(count)
    }

    /// "tỉnh Đắk Lắk", "thành phố Đà Nẵng": the place stands for its committee.
    fn place_name(&self, view: &View, syllables: &[Span], words: &[String]) -> Option<usize> {
        let skip = match words.first().map(String::as_str) {
            Some("tinh" | "tp" | "huyen" | "xa" | "phuong") => 1,
            Some("thanh") if words.get(1).map(String::as_str) == Some("pho") => 2,
            _ => return None,
        };
        let rest = words.get(skip..)?;
        if let Some(place) = self.places.iter().find(|place| starts_with(rest, place)) {
            return Some(skip + place.len());
        }
        let capitals = syllables.get(skip..)?.iter().take(3).take_while(|syllable| view.is_capital(**syllable)).count();
        (capitals > 0).then_some(skip + capitals)
    }

    fn begins_body(&self, words: &[String]) -> Option<usize> {
        self.heads.iter().chain(&self.classes).find(|head| starts_with(words, head)).map(Vec::len)
    }

    fn and_follows(&self, view: &View, syllables: &[Span], count: usize) -> bool {
        syllables.iter().skip(count).take(5).any(|syllable| view.plain_text(*syllable) == "và")
    }

    /// A list of bodies beginning at `place`: separated by commas, "và", semicolons or "cùng".
    pub(crate) fn list_at(&self, view: &View, place: usize, end: usize) -> Vec<FoundActor> {
        let mut found: Vec<FoundActor> = Vec::new();
        let mut here = view.skip_blanks(place);
        while let Some(actor) = self.actor_at(view, here, end) {
            here = actor.span.end;
            found.push(actor);
            let mut next = view.skip_blanks(here);
            if view.char_at(next) == Some(',') {
                next = view.skip_blanks(next + 1);
            }
            if let Some(after) = view.words_at(next, "va").filter(|_| view.starts_word(next)) {
                next = view.skip_blanks(after);
            }
            if next == here || next >= end || found.len() > 60 {
                break;
            }
            here = next;
        }
        found
    }
}

pub(crate) fn folded_syllables(text: &str) -> Vec<String> {
    viet::syllables(text).map(|syllable| viet::fold(syllable.text)).collect()
}

fn starts_with(words: &[String], wanted: &[String]) -> bool {
    words.len() >= wanted.len() && words.iter().zip(wanted).all(|(word, wanted)| word == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gazetteer::BodyNames;

    fn names() -> Names {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        Names::of(&Gazetteer {
            bodies: vec![BodyNames {
                id: Some("7".into()),
                names: list(&["Sở KH&CN Đắk Lắk", "Sở Khoa học và Công nghệ Đắk Lắk"]),
                class: false,
            }],
            heads: list(&["Sở", "UBND", "Ủy ban nhân dân", "Liên hiệp các Hội", "Văn phòng", "Ban Quản lý", "Bộ"]),
            classes: list(&["các cơ quan, đơn vị liên quan", "các đơn vị có liên quan", "các địa phương", "UBND các huyện, thành phố"]),
            places: list(&["Đắk Lắk", "Kon Tum"]),
            ..Gazetteer::default()
        })
    }

    fn list(text: &str) -> Vec<String> {
        let view = View::of(text);
        names().list_at(&view, 0, view.len()).into_iter().map(|found| found.actor.text).collect()
    }

    #[test]
    fn names_with_and_and_commas_are_kept_whole() {
        assert_eq!(
            list("Sở Khoa học và Công nghệ và các cơ quan, đơn vị liên quan triển khai"),
            ["Sở Khoa học và Công nghệ", "các cơ quan, đơn vị liên quan"]
        );
        assert_eq!(list("Sở Văn hóa, Thể thao và Du lịch, Sở Tài chính chủ trì"), ["Sở Văn hóa, Thể thao và Du lịch", "Sở Tài chính"]);
        assert_eq!(list("Liên hiệp các Hội Khoa học và Kỹ thuật tỉnh chủ trì"), ["Liên hiệp các Hội Khoa học và Kỹ thuật tỉnh"]);
        assert_eq!(list("Sở Nông nghiệp và Môi trường; UBND các huyện, thành phố"), ["Sở Nông nghiệp và Môi trường"]);
        assert_eq!(list("tỉnh Đắk Lắk tổ chức Hội nghị"), ["tỉnh Đắk Lắk"]);
        assert_eq!(
            list("Giám đốc Sở Tài chính, Chủ tịch UBND các huyện, thành phố chịu trách nhiệm"),
            ["Giám đốc Sở Tài chính", "Chủ tịch UBND các huyện, thành phố"]
        );
        assert_eq!(list("sở này"), Vec::<String>::new());
    }

    #[test]
    fn a_known_body_brings_its_id() {
        let view = View::of("Sở KH&CN Đắk Lắk chủ trì");
        let found = names().list_at(&view, 0, view.len());
        assert_eq!(found[0].actor, Actor { text: "Sở KH&CN Đắk Lắk".into(), id: Some("7".into()), class: false });
    }
}
