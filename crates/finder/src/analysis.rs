//! From text to terms: canonical syllables, folded syllables, pairs of folded syllables, codes.

use viet::{fold, key, nfc, syllables};

/// Terms of a text, blank-separated for each field.
#[derive(Debug, Default, Clone)]
pub(crate) struct Terms {
    pub(crate) exact: String,
    pub(crate) folded: String,
    pub(crate) pairs: String,
}

/// The most syllables of one text that are indexed.
const MOST_SYLLABLES: usize = 200_000;

pub(crate) fn terms(text: &str) -> Terms {
    let text = nfc(text);
    let mut terms = Terms::default();
    let mut last: Option<String> = None;
    for syllable in syllables(&text).take(MOST_SYLLABLES) {
        if syllable.text.len() > 60 {
            last = None;
            continue;
        }
        let folded = fold(syllable.text);
        push(&mut terms.exact, &key(syllable.text));
        push(&mut terms.folded, &folded);
        if let Some(before) = last.replace(folded.clone()) {
            push(&mut terms.pairs, &format!("{before}_{folded}"));
        }
    }
    terms
}

/// Document numbers, codes and abbreviations: each run without blanks that holds a digit or a sign, whole and in parts, folded.
pub(crate) fn codes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for run in nfc(text).split_whitespace() {
        let run = run.trim_matches(|c: char| !c.is_alphanumeric());
        let signs = run.chars().any(|c| matches!(c, '/' | '-' | '.' | '&' | ':'));
        let digits = run.chars().any(|c| c.is_ascii_digit());
        if run.len() < 2 || run.len() > 60 || !(signs && (digits || run.contains('&'))) {
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
