//! Suggestions: likely slips with a proposal, never corrections. The original stays as it is.

use serde::{Deserialize, Serialize};

use crate::citation::Citation;
use crate::directive::FoundDirective;
use crate::gazetteer::Gazetteer;
use crate::pairs::SyllablePairs;
use crate::view::{Span, View};

/// A likely slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The exact words.
    pub raw: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte after it.
    pub end: usize,
    /// Why, in Vietnamese.
    pub reason: String,
    /// What was probably meant; none when it can only be pointed at.
    pub proposal: Option<String>,
}

/// A pair counts as usual from here on.
const USUAL: u32 = 20;
/// A changed letter needs more evidence than a changed mark.
const USUAL_FOR_LETTERS: u32 = 60;

/// What is proposed for a whole syllable with other letters must be at least one in six of what is seen beside its neighbour: "các" stands before
/// nearly everything and proves nothing, "tục" stands after "tiếp" nearly always.
const TELLING_SHARE: u32 = 6;

/// Everything that looks like a slip, in the order of the text.
pub(crate) fn suggestions(
    view: &View,
    lines: &[Span],
    citations: &[Citation],
    directives: &[FoundDirective],
    gazetteer: &Gazetteer,
) -> Vec<Suggestion> {
    let mut found = Vec::new();
    for citation in citations {
        if let Some(proposal) = &citation.suggestion {
            found.push(Suggestion {
                raw: citation.number_raw.clone(),
                start: citation.number_start,
                end: citation.number_end,
                reason: citation.reason.clone().unwrap_or_default(),
                proposal: Some(proposal.clone()),
            });
        } else if let Some(reason) = &citation.reason {
            found.push(Suggestion {
                raw: citation.raw.clone(),
                start: citation.start,
                end: citation.end,
                reason: reason.clone(),
                proposal: None,
            });
        }
        if citation.number != citation.number_raw && !citation.number.starts_with("TCVN") && !citation.number.starts_with("QCVN") {
            let reason = "dấu cách hoặc ký tự lạ trong số văn bản".to_owned();
            found.push(Suggestion {
                raw: citation.number_raw.clone(),
                start: citation.number_start,
                end: citation.number_end,
                reason,
                proposal: Some(citation.number.clone()),
            });
        }
    }
    for directive in directives {
        if let Some(due) = directive.due.as_ref().filter(|due| due.impossible) {
            let reason = "ngày này không có trong lịch".to_owned();
            found.push(Suggestion { raw: due.raw.clone(), start: due.start, end: due.end, reason, proposal: None });
        }
    }
    for line in lines {
        quotes(view, *line, &mut found);
        doubled(view, *line, &gazetteer.pairs, &mut found);
        capitals(view, *line, gazetteer, &mut found);
        slips(view, *line, &gazetteer.pairs, &mut found);
    }
    found.sort_by_key(|suggestion| (suggestion.start, suggestion.end));
    found.dedup_by(|later, earlier| later.start == earlier.start && later.end == earlier.end);
    found
}

fn suggestion(view: &View, span: Span, reason: &str, proposal: Option<String>) -> Suggestion {
    Suggestion { raw: view.plain_text(span), start: view.byte(span.start), end: view.byte(span.end), reason: reason.to_owned(), proposal }
}

/// A closing quote without its opening one, or the reverse.
fn quotes(view: &View, line: Span, found: &mut Vec<Suggestion>) {
    let mut open: Vec<usize> = Vec::new();
    for place in line.start..line.end {
        match view.char_at(place) {
            Some('“') => open.push(place),
            Some('”') if open.pop().is_none() => {
                found.push(suggestion(view, Span { start: place, end: place + 1 }, "dấu ngoặc kép đóng không có dấu mở", None));
            }
            _ => {}
        }
    }
    for place in open {
        found.push(suggestion(view, Span { start: place, end: place + 1 }, "dấu ngoặc kép mở không có dấu đóng", None));
    }
}

/// "quyết quyết", but not "luôn luôn" and other words that are doubled on purpose.
fn doubled(view: &View, line: Span, pairs: &SyllablePairs, found: &mut Vec<Suggestion>) {
    const ON_PURPOSE: [&str; 30] = [
        "luôn",
        "dần",
        "ngày",
        "người",
        "nhà",
        "nơi",
        "đời",
        "ai",
        "thường",
        "mãi",
        "rất",
        "xa",
        "xanh",
        "vàng",
        "đỏ",
        "tím",
        "nho",
        "nhỏ",
        "đều",
        "hằng",
        "từ",
        "chầm",
        "song",
        "từng",
        "khe",
        "lăm",
        "ào",
        "ầm",
        "vân",
        "năm",
    ];
    let syllables = view.syllables(line);
    for window in syllables.windows(2) {
        let [first, second] = window else { continue };
        let (one, two) = (view.plain_text(*first).to_lowercase(), view.plain_text(*second).to_lowercase());
        let blank = (first.end..second.start).all(|place| view.char_at(place).is_some_and(char::is_whitespace));
        let word = one.chars().all(char::is_alphabetic) && one.chars().count() > 1;
        // Two names side by side may end and begin alike; both capital is no slip.
        let names = view.is_capital(*first) && view.is_capital(*second);
        if one == two && blank && word && !names && !ON_PURPOSE.contains(&one.as_str()) && pairs.count(&one, &two) == 0 {
            let span = Span { start: first.start, end: second.end };
            found.push(suggestion(view, span, "lặp từ", Some(view.plain_text(*first))));
        }
    }
}

/// Capital letters by Appendix II of Nghị định 30/2020/NĐ-CP, where there is no doubt.
fn capitals(view: &View, line: Span, gazetteer: &Gazetteer, found: &mut Vec<Suggestion>) {
    const SMALL: [&str; 9] = ["với", "và", "của", "trong", "theo", "cho", "các", "những", "được"];
    let syllables = view.syllables(line);
    let shouting =
        syllables.iter().filter(|syllable| view.plain_text(**syllable).chars().all(char::is_uppercase)).count() * 2 > syllables.len();
    if shouting {
        return;
    }
    for (at, syllable) in syllables.iter().enumerate() {
        let word = view.plain_text(*syllable);
        if at > 0
            && view.is_capital(*syllable)
            && SMALL.contains(&word.to_lowercase().as_str())
            && word.chars().skip(1).all(char::is_lowercase)
        {
            let before = syllables.get(at - 1).copied().unwrap_or(*syllable);
            let blank = (before.end..syllable.start).all(|place| view.char_at(place).is_some_and(char::is_whitespace));
            let starts_name =
                syllables.get(at + 1).is_some_and(|next| view.is_capital(*next)) && !(at == 1 && view.folded_text(before) == "doi");
            if blank && !starts_name {
                let span = Span { start: before.start, end: syllable.end };
                let proposal = format!("{} {}", view.plain_text(before), word.to_lowercase());
                found.push(suggestion(view, span, "chữ hoa giữa câu", Some(proposal)));
            }
        }
        if (word == "ủy" || word == "uỷ")
            && let Some(after) = view.words_at(syllable.start, "uy ban nhan dan")
        {
            let span = Span { start: syllable.start, end: after };
            let rest: String = view.plain_text(span).chars().skip(1).collect();
            found.push(suggestion(
                view,
                span,
                "tên cơ quan viết hoa chữ đầu",
                Some(format!("{}{rest}", if word == "ủy" { "Ủ" } else { "U" })),
            ));
        }
        for name in &gazetteer.proper_names {
            let folded = viet::fold(name);
            if let Some(after) = view.words_at(syllable.start, &folded).filter(|_| view.starts_word(syllable.start)) {
                let span = Span { start: syllable.start, end: after };
                let written = view.plain_text(span);
                if written != *name
                    && written.to_lowercase() == name.to_lowercase()
                    && view.is_capital(*syllable)
                    && written.to_uppercase() != written
                {
                    found.push(suggestion(view, span, "tên riêng viết hoa chưa thống nhất", Some(name.clone())));
                }
            }
        }
    }
}

/// A pair never seen beside one often seen that differs by one letter or by marks only: "tệp tục" → "tiếp tục", "phối họp" → "phối hợp".
fn slips(view: &View, line: Span, pairs: &SyllablePairs, found: &mut Vec<Suggestion>) {
    if pairs.is_empty() {
        return;
    }
    let syllables = view.syllables(line);
    let words: Vec<String> = syllables.iter().map(|syllable| view.plain_text(*syllable).to_lowercase()).collect();
    let joined = |left: usize, right: usize| -> bool {
        match (syllables.get(left), syllables.get(right)) {
            (Some(one), Some(two)) => (one.end..two.start).all(|place| view.char_at(place).is_some_and(char::is_whitespace)),
            _ => false,
        }
    };
    let mut at = 0;
    while let (Some(syllable), Some(word)) = (syllables.get(at), words.get(at)) {
        let here = at;
        at += 1;
        let plain = word.chars().all(char::is_alphabetic) && word.chars().count() > 1;
        if !plain || view.is_capital(*syllable) && here > 0 || !viet::has_marks(word) && word.chars().count() > 4 {
            continue;
        }
        let before = here.checked_sub(1).filter(|left| joined(*left, here)).and_then(|left| words.get(left));
        let after = words.get(here + 1).filter(|_| joined(here, here + 1));
        let seen = |left: Option<&String>, middle: &str, right: Option<&String>| {
            (left.map_or(0, |left| pairs.count(left, middle)), right.map_or(0, |right| pairs.count(middle, right)))
        };
        // A capital beside it is a name: nothing is known of names.
        let name_near = [here.checked_sub(1), Some(here + 1)]
            .into_iter()
            .flatten()
            .any(|place| place > 0 && syllables.get(place).is_some_and(|near| view.is_capital(*near)));
        if name_near || seen(before, word, after) != (0, 0) {
            continue;
        }
        let mut best: Option<(u32, String)> = None;
        let candidates = before
            .map(|left| pairs.after(left))
            .unwrap_or_default()
            .iter()
            .chain(after.map(|right| pairs.ahead(right)).unwrap_or_default());
        for (candidate, _) in candidates {
            let distance = letters_apart(word, candidate);
            if candidate == word || distance > 1 || distance == 1 && candidate.chars().count() < 2 {
                continue;
            }
            let (left, right) = seen(before, candidate, after);
            let (strongest, least) = (left.max(right), if distance == 0 { USUAL } else { USUAL_FOR_LETTERS });
            // A word of its own needs more: both neighbours agree, or the pair is far more usual than the word.
            let own = pairs.frequency(word);
            if Some(candidate) == before || Some(candidate) == after {
                continue;
            }
            let total = |seen: &[(String, u32)]| seen.iter().map(|(_, count)| *count).sum::<u32>();
            let telling = left > 0 && left * TELLING_SHARE >= before.map_or(u32::MAX, |word| total(pairs.after(word)))
                || right > 0 && right * TELLING_SHARE >= after.map_or(u32::MAX, |word| total(pairs.ahead(word)));
            let unsure = distance > 0 && viet::is_legal(word) && !telling;
            let convincing = !unsure && (own == 0 || (left > 0 && right > 0 && strongest >= 5 * USUAL) || strongest >= 3 * own);
            if strongest >= least && convincing && best.as_ref().is_none_or(|(most, _)| left + right > *most) {
                best = Some((left + right, candidate.clone()));
            }
        }
        if let Some((_, candidate)) = best {
            // Shown with its neighbour, so that the person sees the pair.
            let (left, right) = seen(before, &candidate, after);
            let span = if left >= right {
                Span {
                    start: here.checked_sub(1).and_then(|left| syllables.get(left)).map_or(syllable.start, |left| left.start),
                    end: syllable.end,
                }
            } else {
                Span { start: syllable.start, end: syllables.get(here + 1).map_or(syllable.end, |right| right.end) }
            };
            let shown = view.plain_text(span);
            let proposal = shown.replacen(&view.plain_text(*syllable), &candidate, 1);
            found.push(suggestion(view, span, "cặp từ hiếm cạnh cặp thường gặp, có thể gõ nhầm", Some(proposal)));
            at += 1;
        }
    }
}

/// How many letters differ when marks are left out: 0, 1, or 2 for more.
fn letters_apart(one: &str, two: &str) -> usize {
    let (one, two): (Vec<char>, Vec<char>) = (viet::fold(one).chars().collect(), viet::fold(two).chars().collect());
    if one == two {
        return 0;
    }
    let head = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
    let most = one.len().min(two.len()) - head;
    let tail = one.iter().rev().zip(two.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let (left, right) = (one.len() - head - tail, two.len() - head - tail);
    if left <= 1 && right <= 1 { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, Option<String>)> {
        let pairs = SyllablePairs::parse("tiếp\ttục 900\nphối\thợp 807\nhợp\ttrong 50\nthực\thiện 900\ntục\tthực 300\nđồng\tbộ 40");
        let gazetteer = Gazetteer { pairs, proper_names: vec!["Tây Nguyên".into()], ..Gazetteer::default() };
        let view = View::of(text);
        suggestions(&view, &view.lines(), &[], &[], &gazetteer).into_iter().map(|found| (found.raw, found.proposal)).collect()
    }

    #[test]
    fn slips_are_pointed_at_with_what_was_meant() {
        let pair = |raw: &str, proposal: &str| (raw.to_owned(), Some(proposal.to_owned()));
        assert_eq!(of("về tệp tục thực hiện"), [pair("tệp tục", "tiếp tục")]);
        assert_eq!(of("công tác phối họp trong ngành"), [pair("phối họp", "phối hợp")]);
        assert_eq!(of("Nghị quyết quyết định hướng"), [pair("quyết quyết", "quyết")]);
        assert_eq!(of("Đối Với các đơn vị"), [pair("Đối Với", "Đối với")]);
        assert_eq!(of("cùng ủy ban nhân dân tỉnh"), [pair("ủy ban nhân dân", "Ủy ban nhân dân")]);
        assert_eq!(of("vùng Tây nguyên"), [pair("Tây nguyên", "Tây Nguyên")]);
        assert_eq!(of("hội nhập quốc tế”."), [("”".to_owned(), None)]);
        assert_eq!(of("luôn luôn tiếp tục thực hiện đồng bộ"), []);
    }
}
