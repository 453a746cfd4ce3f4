//! How well overlaps are found: passages of some texts are put into unrelated ones, unchanged, damaged or reworded, and looked for; texts into which nothing was put
//! say what bits mean nothing.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

use serde::Serialize;
use viet::syllables;

use crate::collection::{CollectedText, Collection};
use crate::index::FinderError;
use crate::judged::{Chance, damaged_words, without_marks};
use crate::overlap::Overlap;
use crate::vocabulary::Vocabulary;

/// Cases of each kind.
const CASES: usize = 100;
/// Syllables of a text with what was put into it.
const LENGTH: usize = 240;
/// Syllables of the shortest text that takes part.
const SHORTEST: usize = 130;
/// A text that says so much of what an earlier one says takes no part: what is a copy already is no false alarm.
const COPY: f64 = 0.15;
/// Share of clean texts whose bits may lie above the bar.
const FALSE_ALARMS: f64 = 0.02;
/// Words for the same, of a mechanical paraphrase.
const REWORDED: [(&str, &str); 12] = [
    ("nghiên cứu", "khảo sát"),
    ("thực hiện", "triển khai"),
    ("xây dựng", "thiết lập"),
    ("quy định", "quy tắc"),
    ("bảo đảm", "đảm bảo"),
    ("cơ quan", "đơn vị"),
    ("yêu cầu", "đòi hỏi"),
    ("cung cấp", "đưa ra"),
    ("hướng dẫn", "chỉ dẫn"),
    ("kiểm tra", "rà soát"),
    ("sử dụng", "dùng"),
    ("trách nhiệm", "nghĩa vụ"),
];
const FUNCTION_WORDS: [&str; 16] =
    ["và", "của", "các", "có", "được", "theo", "cho", "về", "tại", "trong", "để", "với", "này", "do", "hoặc", "những"];

/// What came of the cases of one kind, each between 0 and 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InjectedFigures {
    /// How many.
    pub cases: usize,
    /// The text it was taken from is among the first five.
    pub among_five: f64,
    /// It is among them, and one passage has more bits than any of all but 2 % of clean texts.
    pub detected: f64,
    /// F1 of the bytes that the passages cover against those that were put in.
    pub span_f1: f64,
}

/// Figures by kind, and the bar.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InjectedEvaluation {
    /// Texts that took part.
    pub texts: usize,
    /// Clean texts, of the same fields.
    pub clean_texts: usize,
    /// Bits of one passage that 2 % of them reach.
    pub bar_bits: f64,
    /// Share of them that the program calls strong.
    pub strong_clean: f64,
    /// By kind.
    pub kinds: BTreeMap<String, InjectedFigures>,
}

/// A text with a passage of another in it.
struct Case {
    source: String,
    text: String,
    copied: Range<usize>,
}

/// Puts passages into texts of a collection and looks for them. The group of a text is its id up to `#`: hosts come from other groups.
///
/// # Errors
/// Those of the index.
pub fn evaluate_injected(folder: &Path, vocabulary: &Vocabulary, texts: &[CollectedText]) -> Result<InjectedEvaluation, FinderError> {
    let whole = |text: &CollectedText| text.parts.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join("\n");
    let long: Vec<CollectedText> = texts.iter().filter(|text| syllables(&whole(text)).nth(SHORTEST).is_some()).cloned().collect();
    let different = without_copies(&folder.join("all"), vocabulary, &long)?;
    // Every fifth text is not in the index: a clean text of the same fields, or a host.
    let outside: Vec<&CollectedText> = different.iter().step_by(5).copied().collect();
    let pool: Vec<CollectedText> = different.iter().enumerate().filter(|(at, _)| at % 5 != 0).map(|(_, text)| (*text).clone()).collect();
    let collection = Collection::index(&folder.join("pool"), vocabulary.clone(), &pool, |_| {})?;
    let best = |found: &[Overlap]| found.iter().map(longest).fold(0.0, f64::max);
    let mut clean: Vec<f64> = Vec::new();
    let mut strong = 0;
    for text in &outside {
        let found = collection.overlaps(&plain("", &first_syllables(&whole(text), LENGTH)), 5)?;
        strong += usize::from(found.first().is_some_and(|overlap| overlap.is_strong));
        clean.push(best(&found));
    }
    clean.sort_by(f64::total_cmp);
    let place = clean.len().saturating_sub(1 + (clean.len() as f64 * FALSE_ALARMS) as usize);
    let bar = clean.get(place).copied().unwrap_or(0.0);
    let mut kinds = BTreeMap::new();
    for (kind, share, change) in [
        ("copy_50", 0.5, Change::None),
        ("copy_25", 0.25, Change::None),
        ("copy_10", 0.1, Change::None),
        ("unmarked_50", 0.5, Change::Unmarked),
        ("typos_50", 0.5, Change::Typos),
        ("paraphrase_25", 0.25, Change::Reworded),
    ] {
        let mut figures = InjectedFigures::default();
        for number in 0..CASES {
            let Some(case) = make(kind, number, share, change, &pool, &outside, whole) else { continue };
            let found = collection.overlaps(&plain("", &case.text), 5)?;
            figures.cases += 1;
            if let Some(overlap) = found.iter().find(|overlap| overlap.id == case.source) {
                figures.among_five += 1.0;
                figures.detected += f64::from(u8::from(longest(overlap) > bar));
                figures.span_f1 += span_f1(&case.copied, overlap.spans.iter().map(|span| span.mine.clone()));
            }
        }
        let count = figures.cases.max(1) as f64;
        figures.among_five /= count;
        figures.detected /= count;
        figures.span_f1 /= count;
        kinds.insert(kind.to_owned(), figures);
    }
    let strong_clean = strong as f64 / outside.len().max(1) as f64;
    Ok(InjectedEvaluation { texts: pool.len(), clean_texts: outside.len(), bar_bits: bar, strong_clean, kinds })
}

/// Bits of the weightiest passage.
fn longest(overlap: &Overlap) -> f64 {
    overlap.spans.first().map_or(0.0, |span| span.bits)
}

fn plain(id: &str, text: &str) -> CollectedText {
    CollectedText { id: id.to_owned(), title: String::new(), parts: vec![("text".to_owned(), text.to_owned())] }
}

/// The texts that say little of what an earlier one says.
fn without_copies<'a>(folder: &Path, vocabulary: &Vocabulary, texts: &'a [CollectedText]) -> Result<Vec<&'a CollectedText>, FinderError> {
    let collection = Collection::index(folder, vocabulary.clone(), texts, |_| {})?;
    let places: HashMap<&str, usize> = texts.iter().enumerate().map(|(at, text)| (text.id.as_str(), at)).collect();
    let mut kept: Vec<&CollectedText> = Vec::new();
    let mut is_kept = vec![false; texts.len()];
    for (at, text) in texts.iter().enumerate() {
        let copies = collection.overlaps(text, 20)?;
        let of_kept =
            copies.iter().filter(|overlap| places.get(overlap.id.as_str()).is_some_and(|place| is_kept.get(*place) == Some(&true)));
        if of_kept.into_iter().all(|overlap| overlap.share < COPY) {
            kept.push(text);
            if let Some(flag) = is_kept.get_mut(at) {
                *flag = true;
            }
        }
    }
    Ok(kept)
}

#[derive(Debug, Clone, Copy)]
enum Change {
    None,
    Unmarked,
    Typos,
    Reworded,
}

fn make(
    kind: &str,
    number: usize,
    share: f64,
    change: Change,
    pool: &[CollectedText],
    hosts: &[&CollectedText],
    whole: impl Fn(&CollectedText) -> String,
) -> Option<Case> {
    let label = format!("{kind}:{number}");
    let mut chance = Chance::of(&label);
    let length = (LENGTH as f64 * share) as usize;
    let group = |text: &CollectedText| text.id.split('#').next().unwrap_or_default().to_owned();
    for _ in 0..200 {
        let source = pool.get(chance.below(pool.len()))?;
        let host = hosts.get(chance.below(hosts.len()))?;
        let (from, into) = (whole(source), whole(host));
        let count = syllables(&from).count();
        if group(source) == group(host) || count < length || syllables(&into).nth(LENGTH - length).is_none() {
            continue;
        }
        let passage = run_of(&from, chance.below(count - length + 1), length)?;
        let passage = match change {
            Change::None => passage.to_owned(),
            Change::Unmarked => without_marks(passage),
            Change::Typos => damaged_words(passage, &label, 15),
            Change::Reworded => reworded(passage, &mut chance),
        };
        let head = run_of(&into, 0, (LENGTH - length) / 2)?;
        let tail = run_of(&into, (LENGTH - length) / 2, LENGTH - length - (LENGTH - length) / 2)?;
        let start = head.len() + 2;
        let copied = start..start + passage.len();
        return Some(Case { source: source.id.clone(), text: format!("{head}. {passage}. {tail}"), copied });
    }
    None
}

/// So many syllables of a text from one on, with what stands between them.
fn run_of(text: &str, from: usize, count: usize) -> Option<&str> {
    let mut run = syllables(text).skip(from).take(count);
    let first = run.next()?;
    let last = run.last().unwrap_or(first);
    text.get(first.start..last.end)
}

fn first_syllables(text: &str, count: usize) -> String {
    run_of(text, 0, count).unwrap_or(text).to_owned()
}

/// Words replaced by others for the same, small words and a few others left out, the halves of the passage swapped.
fn reworded(passage: &str, chance: &mut Chance) -> String {
    let mut text = passage.to_lowercase();
    for (one, other) in REWORDED {
        text = text.replace(one, other);
    }
    let mut kept: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let dropped = if FUNCTION_WORDS.contains(&word) { 40 } else { 7 };
        if chance.below(100) >= dropped {
            kept.push(word);
        }
    }
    let (first, second) = kept.split_at(kept.len() / 2);
    second.iter().chain(first).copied().collect::<Vec<_>>().join(" ")
}

/// F1 of covered bytes.
fn span_f1(wanted: &Range<usize>, found: impl Iterator<Item = Range<usize>>) -> f64 {
    let (mut right, mut all) = (0, 0);
    for span in found {
        all += span.len();
        right += span.end.min(wanted.end).saturating_sub(span.start.max(wanted.start));
    }
    if right == 0 {
        return 0.0;
    }
    let (precision, recall) = (right as f64 / all as f64, right as f64 / wanted.len() as f64);
    2.0 * precision * recall / (precision + recall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_of_spans_is_that_counted_by_hand() {
        assert!((span_f1(&(10..20), std::iter::once(10..20)) - 1.0).abs() < 1e-9);
        // Half of it found, and as much beside it: precision ½, recall ½.
        assert!((span_f1(&(10..20), std::iter::once(15..25)) - 0.5).abs() < 1e-9);
        assert!(span_f1(&(10..20), std::iter::once(30..40)).abs() < 1e-9);
    }

    #[test]
    fn a_paraphrase_has_other_words_in_another_order() {
        let text = reworded("cơ quan thực hiện kiểm tra chất lượng sản phẩm lưu thông trên thị trường", &mut Chance::of("x"));
        assert!(!viet::fold(&text).contains("thuc hien") && !text.starts_with("cơ quan"), "{text}");
    }
}
