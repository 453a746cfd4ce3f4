//! What people write for one another: abbreviations and their words, words that mean the same, words that only frame a question.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use viet::{fold, is_legal, key, nfc, syllables};

use crate::analysis::Term;
use crate::overlap::{Lexicon, TitleWords};
use crate::words::{I_OR_Y, swapped_i};

/// The longest sequence of syllables that is one word here.
pub(crate) const LONGEST_WORD: usize = 6;

/// A word and another for the same.
#[derive(Debug, Clone)]
struct Synonym {
    own: Vec<Term>,
    other: Vec<Term>,
}

/// Words that searching knows beside the records themselves. It belongs to the index: another vocabulary makes another index.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Folded letters of an abbreviation → the words it stands for, the usual ones first.
    abbreviations: HashMap<String, Vec<Vec<Term>>>,
    /// Folded word → what means the same.
    synonyms: HashMap<String, Vec<Synonym>>,
    /// Folded words that only frame a question, blank-separated syllables.
    fillers: std::collections::HashSet<String>,
    /// What the words of titles do.
    pub(crate) titles: Lexicon,
    fingerprint: String,
}

impl Vocabulary {
    /// A vocabulary of abbreviations (short, long: "KH&CN", "khoa học và công nghệ"), groups of words that mean the same, and words that only frame a question
    /// ("đề tài về").
    pub fn new(abbreviations: &[(String, String)], synonyms: &[Vec<String>], fillers: &[String]) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for (short, long) in abbreviations {
            vocabulary.abbreviations.entry(letters_of(short)).or_default().push(terms_of(long));
        }
        for group in synonyms {
            for word in group {
                for other in group.iter().filter(|other| *other != word) {
                    let synonym = Synonym { own: terms_of(word), other: terms_of(other) };
                    vocabulary.synonyms.entry(joined(&synonym.own)).or_default().push(synonym);
                }
            }
        }
        vocabulary.fillers = fillers.iter().map(|filler| joined(&terms_of(filler))).collect();
        let hash = Sha256::digest(format!("{abbreviations:?}"));
        vocabulary.fingerprint = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        vocabulary
    }

    /// The vocabulary with what the words of titles do.
    pub fn with_titles(mut self, words: &TitleWords) -> Vocabulary {
        let read = |text: &str| self.usual(&terms_of(text), true).into_iter().flat_map(|(_, _, usual)| usual).collect();
        self.titles = Lexicon::new(words, &read);
        self
    }

    /// Words with one spelling for i and y, and of words for the same always the same one: where they stood, how many they were, what they are now.
    pub(crate) fn usual(&self, words: &[Term], marked: bool) -> Vec<(usize, usize, Vec<Term>)> {
        let words: Vec<Term> = words.iter().map(with_i).collect();
        let mut found = Vec::with_capacity(words.len());
        let mut at = 0;
        while at < words.len() {
            let longest = LONGEST_WORD.min(words.len() - at);
            let (length, usual) = (1..=longest)
                .rev()
                .find_map(|length| {
                    let span = words.get(at..at + length)?;
                    let first = self
                        .same_as(span, marked)
                        .min_by(|one, two| one.iter().map(|term| &term.exact).cmp(two.iter().map(|term| &term.exact)))?;
                    let own_is_first = span.iter().map(|term| &term.exact).le(first.iter().map(|term| &term.exact));
                    Some((length, if own_is_first { span.to_vec() } else { first.to_vec() }))
                })
                .unwrap_or_else(|| (1, words.get(at).cloned().into_iter().collect()));
            found.push((at, length, usual));
            at += length;
        }
        found
    }

    /// What a run of letters stands for when it is written like an abbreviation: in capitals amid other letters, with `&`, or as no syllable can be.
    pub(crate) fn expansions(&self, short: &str, amid_capitals: bool) -> &[Vec<Term>] {
        // Looked up first: most words of a text are none, and that is known soonest so.
        match self.abbreviations.get(&letters_of(short)) {
            Some(meanings) if is_abbreviation(short, amid_capitals) => meanings,
            _ => &[],
        }
    }

    /// Words that mean the same as the given ones; in a question with marks, and for one syllable, only when the marks are the same.
    pub(crate) fn same_as<'a>(&'a self, words: &'a [Term], marked: bool) -> impl Iterator<Item = &'a [Term]> {
        let found = self.synonyms.get(&joined(words)).map_or(&[][..], Vec::as_slice);
        // One syllable without marks may be many words: "ngo" is not "ngô" alone.
        let exactly = marked || words.len() == 1;
        let same = move |own: &[Term]| !exactly || own.iter().zip(words).all(|(own, word)| own.exact == word.exact);
        found.iter().filter(move |synonym| same(&synonym.own)).map(|synonym| synonym.other.as_slice())
    }

    /// Whether the words only frame a question.
    pub(crate) fn is_filler(&self, words: &[Term]) -> bool {
        self.fillers.contains(&joined(words))
    }

    /// Says which abbreviations were written into an index.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Folded letters and digits of an abbreviation: `KH&CN` → `khcn`.
pub(crate) fn letters_of(short: &str) -> String {
    fold(short).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether a run of letters is written like an abbreviation. In a text all of capitals only what cannot be a syllable is one.
pub(crate) fn is_abbreviation(short: &str, amid_capitals: bool) -> bool {
    let letters = short.chars().filter(|c| c.is_alphabetic()).count();
    if !(2..=12).contains(&letters) {
        return false;
    }
    let capitals = !short.chars().any(char::is_lowercase);
    short.contains('&') || (capitals && !amid_capitals) || !is_legal(short)
}

/// kĩ for kỹ and qui for quy: two spellings of one sound.
fn with_i(term: &Term) -> Term {
    match term.folded.strip_suffix('y') {
        Some(onset) if I_OR_Y.contains(&onset) => Term { exact: swapped_i(&term.exact), folded: format!("{onset}i") },
        _ => term.clone(),
    }
}

fn terms_of(text: &str) -> Vec<Term> {
    let text = nfc(text);
    syllables(&text).take(LONGEST_WORD * 3).map(|syllable| Term { exact: key(syllable.text), folded: fold(syllable.text) }).collect()
}

fn joined(words: &[Term]) -> String {
    words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join(" ")
}
