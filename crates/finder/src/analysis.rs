//! From text to terms: canonical syllables, folded syllables, pairs of folded syllables, codes, abbreviations that a text defines.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use viet::{Syllable, fold, has_marks, is_legal, key, nfc, syllables};

use crate::vocabulary::{Vocabulary, is_abbreviation, letters_of};

/// The most syllables of one text that are indexed.
const MOST_SYLLABLES: usize = 200_000;
/// Different parts of texts that are remembered.
const MOST_READINGS: usize = 50_000;
/// Bytes of the longest syllable that is indexed.
const LONGEST_SYLLABLE: usize = 60;

/// A syllable with its marks in one canonical form, and without.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Term {
    pub(crate) exact: String,
    pub(crate) folded: String,
}

/// Terms of a text, blank-separated for each field.
#[derive(Debug, Default, Clone)]
pub(crate) struct Terms {
    pub(crate) exact: String,
    pub(crate) folded: String,
    pub(crate) pairs: String,
}

/// A part of a text as search takes it: one syllable, or syllables that `&` holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// As it is written.
    pub(crate) text: &'a str,
    /// Its bytes in the text.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Its syllables.
    pub(crate) terms: Vec<Term>,
}

/// The text as search reads it: NFC, without invisible characters, with the signs that HTML wrote as entities.
pub(crate) fn readable(text: &str) -> Cow<'_, str> {
    let invisible = |c: char| matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}');
    let text = nfc(text);
    let resolved = if text.contains('&') && text.contains(';') {
        match html_escape::decode_html_entities(text.as_ref()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(resolved) => Cow::Owned(nfc(&resolved).into_owned()),
        }
    } else {
        text
    };
    if !resolved.contains(invisible) {
        return resolved;
    }
    Cow::Owned(resolved.chars().filter(|c| !invisible(*c)).collect())
}

/// The parts of a text in order.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let token = |(start, end): (usize, usize)| {
        let text = text.get(start..end).unwrap_or_default();
        Token { text, start, end, terms: syllables(text).map(|syllable| term(&syllable)).collect() }
    };
    runs(text).into_iter().map(token).collect()
}

/// Where the parts of a text stand.
fn runs(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for syllable in syllables(text).filter(|syllable| syllable.text.len() <= LONGEST_SYLLABLE).take(MOST_SYLLABLES) {
        match found.last_mut() {
            Some((_, end)) if text.get(*end..syllable.start) == Some("&") => *end = syllable.end,
            _ => found.push((syllable.start, syllable.end)),
        }
    }
    found
}

fn term(syllable: &Syllable<'_>) -> Term {
    Term { exact: key(syllable.text), folded: fold(syllable.text) }
}

/// Whether no letter of the text is small, so that capitals say nothing.
pub(crate) fn is_all_capitals(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).nth(12).is_some() && !text.chars().any(char::is_lowercase)
}

/// Makes terms of texts, and remembers what it has read: a language has some thousand syllables, a text has each many times.
pub(crate) struct Analyser<'a> {
    vocabulary: &'a Vocabulary,
    /// By what is written: in texts with small letters, and in texts all of capitals.
    known: [FxHashMap<String, Reading>; 2],
}

/// What a part of a text is indexed as.
#[derive(Debug)]
struct Reading {
    terms: Vec<Term>,
    /// What was written together and is taken apart.
    together: Option<Vec<Term>>,
}

impl<'a> Analyser<'a> {
    pub(crate) fn new(vocabulary: &'a Vocabulary) -> Analyser<'a> {
        Analyser { vocabulary, known: [FxHashMap::default(), FxHashMap::default()] }
    }

    /// The terms of a readable text. A known abbreviation stands as its words, words that were written together also apart.
    pub(crate) fn terms(&mut self, text: &str) -> Terms {
        let capitals = is_all_capitals(text);
        let [amid_small, amid_capitals] = &mut self.known;
        let known = if capitals { amid_capitals } else { amid_small };
        let mut terms = Terms::default();
        // Behind all the rest, so that phrases hold.
        let mut beside: Vec<Vec<Term>> = Vec::new();
        let mut last = String::new();
        for (start, end) in runs(text) {
            let written = text.get(start..end).unwrap_or_default();
            if !known.contains_key(written) {
                if known.len() >= MOST_READINGS {
                    known.clear();
                }
                known.insert(written.to_owned(), Reading::of(written, capitals, self.vocabulary));
            }
            let Some(reading) = known.get(written) else { continue };
            terms.push(&reading.terms, &mut last);
            beside.extend(reading.together.clone());
        }
        for written in beside {
            terms.push(&written, &mut String::new());
        }
        terms
    }
}

impl Reading {
    fn of(written: &str, capitals: bool, vocabulary: &Vocabulary) -> Reading {
        let terms: Vec<Term> = syllables(written).map(|syllable| term(&syllable)).collect();
        if let Some(long) = vocabulary.expansions(written, capitals).first() {
            return Reading { terms: long.clone(), together: None };
        }
        match apart(written, terms.len()) {
            Some(halves) => Reading { terms: halves, together: Some(terms) },
            None => Reading { terms, together: None },
        }
    }
}

impl Terms {
    fn push(&mut self, words: &[Term], last: &mut String) {
        for word in words {
            push(&mut self.exact, &word.exact);
            push(&mut self.folded, &word.folded);
            if !last.is_empty() {
                push(&mut self.pairs, last);
                self.pairs.push('_');
                self.pairs.push_str(&word.folded);
            }
            last.clone_from(&word.folded);
        }
    }
}

/// Two syllables that were written without the space between them: "hỗtrợ". Only where marks show it.
pub(crate) fn apart(written: &str, syllables: usize) -> Option<Vec<Term>> {
    if syllables != 1 || !has_marks(written) || is_legal(written) || written.chars().any(|c| !c.is_alphabetic()) {
        return None;
    }
    let mut found = None;
    for (at, _) in written.char_indices().skip(1) {
        let (Some(head), Some(tail)) = (written.get(..at), written.get(at..)) else { continue };
        if head.chars().count() < 2 || tail.chars().count() < 2 || !is_legal(head) || !is_legal(tail) {
            continue;
        }
        let halves: Vec<Term> = [head, tail].into_iter().map(|half| Term { exact: key(half), folded: fold(half) }).collect();
        // Two ways of taking it apart are none.
        if found.replace(halves).is_some() {
            return None;
        }
    }
    found
}

/// Abbreviations that a readable text explains, with their words: "đổi mới sáng tạo (ĐMST)", "Sở Khoa học và Công nghệ (sau đây gọi tắt là Sở KH&CN)". The letters must be
/// the initials of the words before the bracket.
pub(crate) fn defined_abbreviations(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (open, _) in text.match_indices('(') {
        let Some(inside) = text.get(open + 1..).and_then(|rest| rest.split_once(')')).map(|(inside, _)| inside) else { continue };
        if inside.len() > 120 {
            continue;
        }
        let Some(short) = inside.split_whitespace().rfind(|word| is_abbreviation(word, false) && !word.chars().any(char::is_lowercase))
        else {
            continue;
        };
        let introduced = ["sau day goi tat la", "viet tat la", "sau day goi la", "goi tat la", "viet tat", "goi tat"];
        let before_it = fold(inside);
        if inside.trim() != short && !introduced.iter().any(|words| before_it.contains(words)) {
            continue;
        }
        let short = short.trim_matches(|c: char| !c.is_alphanumeric());
        if let Some(long) = words_of_initials(text.get(..open).unwrap_or_default(), &letters_of(short)) {
            found.push((letters_of(short), long));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The last words of a text whose initials are these letters, small words between them allowed.
fn words_of_initials(before: &str, letters: &str) -> Option<String> {
    let from = before.char_indices().rev().nth(150).map_or(0, |(at, _)| at);
    let tail = before.get(from..)?;
    let all: Vec<Syllable<'_>> = syllables(tail).collect();
    let mut words = all.iter().rev().peekable();
    let mut taken: Vec<&str> = Vec::new();
    for letter in letters.chars().rev() {
        loop {
            let word = words.next()?;
            let folded = fold(word.text);
            if folded.starts_with(letter) {
                taken.push(word.text);
                break;
            }
            if taken.is_empty() || !matches!(folded.as_str(), "va" | "cua" | "ve" | "cac" | "cho" | "trong") {
                return None;
            }
            taken.push(word.text);
        }
    }
    taken.reverse();
    (letters.len() > 1).then(|| taken.join(" ").to_lowercase())
}

/// Document numbers, codes and abbreviations of a readable text: each run without blanks that holds a digit or a sign, whole and in parts, folded.
pub(crate) fn codes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for run in text.split_whitespace() {
        if !run.bytes().any(|byte| byte.is_ascii_digit() || byte == b'&') {
            continue;
        }
        let run = run.trim_matches(|c: char| !c.is_alphanumeric());
        let signs = run.chars().any(|c| matches!(c, '/' | '-' | '.' | '&' | ':'));
        if run.len() < 2 || run.len() > LONGEST_SYLLABLE || !signs {
            continue;
        }
        let whole = fold(run);
        for part in whole.split(['/', '-', ':']).filter(|part| part.len() > 1) {
            found.push(part.to_owned());
        }
        found.push(whole.replace('&', ""));
        found.push(whole);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn push(list: &mut String, term: &str) {
    if !list.is_empty() {
        list.push(' ');
    }
    list.push_str(term);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let pair = |short: &str, long: &str| (short.to_owned(), long.to_owned());
        Vocabulary::new(&[pair("KH&CN", "khoa học và công nghệ"), pair("NV", "nhiệm vụ"), pair("DA", "dự án")], &[], &[])
    }

    fn terms(text: &str, vocabulary: &Vocabulary) -> Terms {
        Analyser::new(vocabulary).terms(&readable(text))
    }

    #[test]
    fn a_known_abbreviation_is_indexed_as_its_words() {
        for text in ["Sở KH&CN Huế", "Sở KH&amp;CN Huế", "Sở KHCN Huế", "sở khcn huế"] {
            let terms = terms(text, &vocabulary());
            assert!(terms.folded.starts_with("so khoa hoc va cong nghe hue"), "{text}: {}", terms.folded);
            assert!(terms.pairs.contains("so_khoa") && terms.pairs.contains("nghe_hue"), "{text}: {}", terms.pairs);
        }
        assert!(terms("da dạng sinh học", &vocabulary()).folded.starts_with("da dang"));
        assert!(terms("NGHIÊN CỨU DA GIÀY VIỆT NAM", &vocabulary()).folded.contains("da giay"));
    }

    #[test]
    fn words_written_together_are_taken_apart_where_marks_show_it() {
        for (text, folded) in [("hỗtrợ", "ho tro hotro"), ("chủtrì", "chu tri chutri"), ("hotro", "hotro"), ("nghiên", "nghien")] {
            assert_eq!(terms(text, &Vocabulary::default()).folded, folded);
        }
        assert_eq!(terms("công\u{AD} ng\u{200B}hệ&nbsp;cao", &Vocabulary::default()).folded, "cong nghe cao");
    }

    #[test]
    fn a_text_explains_its_abbreviations() {
        let found = |text: &str| defined_abbreviations(text);
        let one = |short: &str, long: &str| vec![(short.to_owned(), long.to_owned())];
        assert_eq!(found("hoạt động đổi mới sáng tạo (ĐMST) ở tỉnh"), one("dmst", "đổi mới sáng tạo"));
        assert_eq!(
            found("Quỹ phát triển khoa học và công nghệ (sau đây gọi tắt là QPTKH&CN)"),
            one("qptkhcn", "quỹ phát triển khoa học và công nghệ")
        );
        assert_eq!(found("Ban quản lý dự án (viết tắt là: BQLDA)"), one("bqlda", "ban quản lý dự án"));
        for text in ["theo quy định (xem QCVN)", "tỉnh Kon Tum (ABC)", "(", "(ĐMST", "a (B)", "(UBND)"] {
            assert_eq!(found(text), Vec::new(), "{text}");
        }
    }
}
