//! What a question asks for: its words, what else may be meant by them, and how much each counts.

use std::collections::{BTreeMap, HashSet};

use tantivy::{Searcher, Term as IndexTerm};
use viet::{fold, has_marks, is_legal, key, syllables};

use crate::analysis::{Term, Token, codes, is_all_capitals, readable, tokens};
use crate::index::{Finder, FinderError};
use crate::vocabulary::{LONGEST_WORD, is_abbreviation, letters_of};

/// Syllables of a question that are looked at.
pub(crate) const MOST_SYLLABLES: usize = 64;
/// Weights of a word with its marks, without, and of a pair: when the question carries marks, and when it carries none.
const WITH_MARKS: [f32; 3] = [1.0, 0.6, 0.8];
const WITHOUT_MARKS: [f32; 3] = [0.0, 1.6, 0.8];
/// What a word in a title counts beside one in the text.
const TITLE: f32 = 2.0;
/// What a code counts.
const CODE: f32 = 3.0;
/// Shares of the two corrections of a word, alone and in a pair.
const CORRECTED: [f32; 2] = [1.2, 0.2];
const CORRECTED_PAIR: [f32; 2] = [1.0, 0.3];
/// Share of a word that is probably a slip.
const DOUBTED: f32 = 0.5;
/// Shares of other words for the same.
const AS_WRITTEN: f32 = 1.0;
const OTHER_MEANING: f32 = 0.5;
const SYNONYM: f32 = 0.6;
const I_FOR_Y: f32 = 0.3;
/// Letters after which i and y are two spellings of one sound in an open syllable.
pub(crate) const I_OR_Y: [&str; 7] = ["h", "k", "l", "m", "s", "t", "qu"];

/// Letters of the shortest two syllables that are taken apart.
const SHORTEST_TOGETHER: usize = 5;

/// How a word of a question was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// With the marks typed.
    AsTyped,
    /// The same letters with other marks, or none.
    WithoutMarks,
    /// A slip was put right.
    Corrected,
    /// The words of an abbreviation, or the abbreviation of words.
    Abbreviation,
    /// Another word for the same.
    Synonym,
    /// A document number or code.
    Code,
}

/// Why a hit was found: one word of the question.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Why {
    /// The word of the question.
    pub word: String,
    /// What the record has for it, in the letters of the record.
    pub found: String,
    /// How the two belong together.
    pub how: How,
    /// Whether the title has it.
    pub in_title: bool,
    /// What one such match counts in the text, before its rarity.
    pub weight: f32,
}

/// The words of a question.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) list: Vec<Word>,
    others: Vec<Other>,
    pub(crate) codes: Vec<String>,
    pub(crate) phrases: Vec<String>,
    marked: bool,
    /// The question as it was probably meant, when that differs.
    meant: Option<String>,
}

/// One syllable.
#[derive(Debug)]
pub(crate) struct Word {
    term: Term,
    /// As typed.
    typed: String,
    /// How it came from what was typed.
    how: How,
    /// Whether no record has it.
    is_unknown: bool,
    /// What was probably meant, the likeliest first.
    corrections: Vec<String>,
    /// Whether it only frames the question.
    is_filler: bool,
}

/// Words that may stand in the place of some of the question's.
#[derive(Debug)]
struct Other {
    from: usize,
    to: usize,
    terms: Vec<Term>,
    share: f32,
    how: How,
}

/// Where a term is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Exact,
    Folded,
    Pair,
    Code,
}

/// A term with what it counts.
#[derive(Debug)]
pub(crate) struct Sought {
    pub(crate) place: Place,
    pub(crate) term: String,
    pub(crate) weight: f32,
    /// What it counts in a title, as a multiple.
    pub(crate) title_share: f32,
}

impl Finder {
    /// What a readable question asks for. Abbreviations that records explain are taken from those that the asking keys may see.
    pub(crate) fn words(&self, searcher: &Searcher, text: &str, visible_to: &[String]) -> Result<Words, FinderError> {
        let mut words = Words { marked: has_marks(text), codes: codes(text), phrases: phrases(text), ..Words::default() };
        // What the records have as its words needs no rank as a code: it would favour those that spell it short.
        words.codes.retain(|code| code.contains(|c: char| c.is_ascii_digit()));
        let capitals = is_all_capitals(text);
        for token in tokens(text) {
            if words.list.len() >= MOST_SYLLABLES {
                break;
            }
            self.add_token(searcher, &mut words, &token, capitals, visible_to)?;
        }
        let folded: Vec<String> = words.list.iter().map(|word| word.term.folded.clone()).collect();
        for (at, word) in words.list.iter_mut().enumerate() {
            word.is_unknown = self.frequency(searcher, &word.term.folded)? == 0;
            if word.how == How::Abbreviation {
                continue;
            }
            let neighbour = |at: Option<usize>| at.and_then(|at| folded.get(at)).map(String::as_str);
            // Marks where no syllable can have them: "đặ", "xâ".
            let is_slip = word.how == How::AsTyped && has_marks(&word.typed) && !is_legal(&word.typed);
            let (before, after) = (neighbour(at.checked_sub(1)), neighbour(at.checked_add(1)));
            word.corrections = self.corrections(searcher, before, &word.term.folded, after, is_slip)?;
        }
        self.add_synonyms(searcher, &mut words)?;
        words.note_what_was_meant();
        Ok(words)
    }

    fn frequency(&self, searcher: &Searcher, folded: &str) -> Result<u64, FinderError> {
        Ok(searcher.doc_freq(&IndexTerm::from_field_text(self.fields.folded, folded))?)
    }

    fn add_token(
        &self,
        searcher: &Searcher,
        words: &mut Words,
        token: &Token<'_>,
        capitals: bool,
        visible_to: &[String],
    ) -> Result<(), FinderError> {
        let from = words.list.len();
        let mut meanings = self.vocabulary.expansions(token.text, capitals).to_vec();
        let is_known = !meanings.is_empty();
        if meanings.is_empty() && is_abbreviation(token.text, capitals) {
            meanings.extend(self.explained(searcher, &letters_of(token.text), visible_to)?);
        }
        // The index has the words of known abbreviations; of others it may have only the letters.
        let written = if is_known { 0.0 } else { AS_WRITTEN };
        let mut how = How::Abbreviation;
        if meanings.is_empty()
            && let Some(halves) = self.apart(searcher, token)?
        {
            (meanings, how) = (vec![halves], How::Corrected);
        }
        let Some(usual) = meanings.first() else {
            words.list.extend(token.terms.iter().map(|term| Word::new(term, token.text, How::AsTyped)));
            return Ok(());
        };
        words.list.extend(usual.iter().map(|term| Word::new(term, token.text, how)));
        let to = words.list.len();
        if how == How::Abbreviation {
            words.others.push(Other { from, to, terms: token.terms.clone(), share: written, how: How::AsTyped });
        }
        for terms in meanings.into_iter().skip(1).take(3) {
            words.others.push(Other { from, to, terms, share: OTHER_MEANING, how });
        }
        Ok(())
    }

    /// Two known syllables typed without the space between them, which stand side by side in some record.
    fn apart(&self, searcher: &Searcher, token: &Token<'_>) -> Result<Option<Vec<Term>>, FinderError> {
        let [term] = token.terms.as_slice() else { return Ok(None) };
        if token.text.chars().count() < SHORTEST_TOGETHER
            || is_legal(token.text)
            || self.frequency(searcher, &term.folded)? > 0
            || !token.text.chars().all(char::is_alphabetic)
        {
            return Ok(None);
        }
        let mut best: Option<(u64, Vec<Term>)> = None;
        for (at, _) in token.text.char_indices().skip(2) {
            let (Some(head), Some(tail)) = (token.text.get(..at), token.text.get(at..)) else { continue };
            if tail.chars().count() < 2 {
                continue;
            }
            let pair = format!("{}_{}", fold(head), fold(tail));
            let frequency = searcher.doc_freq(&IndexTerm::from_field_text(self.fields.pairs, &pair))?;
            if frequency > best.as_ref().map_or(0, |(most, _)| *most) && is_legal(head) && is_legal(tail) {
                best = Some((frequency, [head, tail].into_iter().map(|half| Term { exact: key(half), folded: fold(half) }).collect()));
            }
        }
        Ok(best.map(|(_, halves)| halves))
    }

    /// What records that may be seen say an abbreviation stands for, the most frequent first.
    fn explained(&self, searcher: &Searcher, letters: &str, visible_to: &[String]) -> Result<Vec<Vec<Term>>, FinderError> {
        let head = format!("{letters}=");
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.abbreviation)?;
            let mut terms = inverted.terms().range().ge(&head).into_stream()?;
            while terms.advance() {
                let Some(long) = std::str::from_utf8(terms.key()).ok().and_then(|term| term.strip_prefix(&head)) else { break };
                *counts.entry(long.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
        }
        let mut ranked: Vec<(String, u64)> = counts.into_iter().collect();
        ranked.sort_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.cmp(&two.0)));
        let mut meanings = Vec::new();
        for (long, _) in ranked.into_iter().take(8) {
            if meanings.len() < 2
                && self.may_see_term(
                    searcher,
                    IndexTerm::from_field_text(self.fields.abbreviation, &format!("{head}{long}")),
                    visible_to,
                )?
            {
                meanings.push(tokens(&long).into_iter().flat_map(|token| token.terms).collect());
            }
        }
        Ok(meanings)
    }

    fn add_synonyms(&self, searcher: &Searcher, words: &mut Words) -> Result<(), FinderError> {
        let terms: Vec<Term> = words.list.iter().map(|word| word.term.clone()).collect();
        for from in 0..terms.len() {
            for to in from + 1..=(from + LONGEST_WORD).min(terms.len()) {
                let Some(span) = terms.get(from..to) else { continue };
                for same in self.vocabulary.same_as(span, words.marked) {
                    words.others.push(Other { from, to, terms: same.to_vec(), share: SYNONYM, how: How::Synonym });
                }
                if self.vocabulary.is_filler(span) {
                    words.list.iter_mut().take(to).skip(from).for_each(|word| word.is_filler = true);
                }
            }
            let Some(other) = terms.get(from).and_then(|term| with_the_other_i(&term.folded)) else { continue };
            if self.frequency(searcher, &other)? > 0 {
                let term = Term { exact: terms.get(from).map_or_else(String::new, |term| swapped_i(&term.exact)), folded: other };
                words.others.push(Other { from, to: from + 1, terms: vec![term], share: I_FOR_Y, how: How::WithoutMarks });
            }
        }
        if words.list.iter().all(|word| word.is_filler) {
            words.list.iter_mut().for_each(|word| word.is_filler = false);
        }
        Ok(())
    }
}

impl Word {
    fn new(term: &Term, typed: &str, how: How) -> Word {
        Word { term: term.clone(), typed: typed.to_owned(), how, is_unknown: false, corrections: Vec::new(), is_filler: false }
    }

    /// The correction of a word that no record has. A rare one may be right.
    fn meant(&self) -> &str {
        self.corrections.first().filter(|_| self.is_unknown).unwrap_or(&self.term.folded)
    }

    /// As typed and as corrected, each with its share of the weight of a pair.
    fn spellings(&self) -> impl Iterator<Item = (&str, f32)> {
        let corrected = self.corrections.iter().map(String::as_str).zip(CORRECTED_PAIR);
        std::iter::once((self.term.folded.as_str(), 1.0)).chain(corrected)
    }
}

impl Words {
    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.codes.is_empty()
    }

    pub(crate) fn meant(&self) -> Option<String> {
        self.meant.clone()
    }

    fn note_what_was_meant(&mut self) {
        let mut meant: Vec<&str> = Vec::new();
        let mut differs = false;
        let mut last_short = "";
        for word in &self.list {
            if word.how == How::Abbreviation {
                // Several words of one abbreviation: said once.
                if last_short != word.typed {
                    meant.push(&word.typed);
                }
                last_short = &word.typed;
                continue;
            }
            last_short = "";
            differs |= word.how == How::Corrected || word.meant() != word.term.folded;
            meant.push(word.meant());
        }
        let meant = meant.join(" ");
        self.meant = differs.then_some(meant);
    }

    /// Everything that adds to the rank.
    pub(crate) fn sought(&self) -> Vec<Sought> {
        let [exact, folded, pair] = if self.marked { WITH_MARKS } else { WITHOUT_MARKS };
        let mut all = Vec::new();
        let mut add = |place: Place, term: &str, weight: f32, title_share: f32| {
            if weight > 0.0 {
                all.push(Sought { place, term: term.to_owned(), weight, title_share });
            }
        };
        for word in &self.list {
            let kept = if word.corrections.is_empty() { 1.0 } else { DOUBTED };
            add(Place::Exact, &word.term.exact, kept * exact, TITLE);
            add(Place::Folded, &word.term.folded, kept * folded, TITLE);
            for (correction, share) in word.corrections.iter().zip(CORRECTED) {
                add(Place::Folded, correction, share * WITHOUT_MARKS[1], 1.0);
            }
        }
        for side_by_side in self.list.windows(2) {
            let [first, second] = side_by_side else { continue };
            for (one, share) in first.spellings() {
                for (other, other_share) in second.spellings() {
                    add(Place::Pair, &format!("{one}_{other}"), pair * share * other_share, TITLE);
                }
            }
        }
        for other in &self.others {
            for term in &other.terms {
                add(Place::Exact, &term.exact, other.share * exact, TITLE);
                add(Place::Folded, &term.folded, other.share * folded, TITLE);
            }
            let before = other.from.checked_sub(1).and_then(|at| self.list.get(at)).map(|word| &word.term);
            let after = self.list.get(other.to).map(|word| &word.term);
            let row: Vec<&Term> = before.into_iter().chain(&other.terms).chain(after).collect();
            for side_by_side in row.windows(2) {
                if let [one, two] = side_by_side {
                    add(Place::Pair, &format!("{}_{}", one.folded, two.folded), other.share * pair, TITLE);
                }
            }
        }
        for code in &self.codes {
            add(Place::Code, code, CODE, 0.0);
        }
        all
    }

    /// For each different word of the question, the ways in which a record can have it: each way some folded terms that must all be there.
    pub(crate) fn needed(&self) -> Vec<Vec<Vec<String>>> {
        let mut seen = HashSet::new();
        let mut needed = Vec::new();
        for (at, word) in self.list.iter().enumerate() {
            if word.is_filler || !seen.insert(word.term.folded.as_str()) {
                continue;
            }
            let mut ways = vec![vec![word.term.folded.clone()]];
            // A rare word may be right: its corrections add to the rank, not to what is found.
            ways.extend(word.corrections.iter().filter(|_| word.is_unknown).map(|correction| vec![correction.clone()]));
            for other in self.others.iter().filter(|other| (other.from..other.to).contains(&at)) {
                ways.push(other.terms.iter().map(|term| term.folded.clone()).collect());
            }
            needed.push(ways);
        }
        needed
    }

    /// Folded syllables to be marked in what is shown.
    pub(crate) fn marked_in_hits(&self) -> HashSet<String> {
        let mut wanted: HashSet<String> =
            self.list.iter().flat_map(|word| std::iter::once(&word.term.folded).chain(&word.corrections)).cloned().collect();
        wanted.extend(self.others.iter().flat_map(|other| &other.terms).map(|term| term.folded.clone()));
        wanted
    }

    /// Which words a record has, and how they were found.
    pub(crate) fn why(&self, title: &str, text: &str, wanted: &HashSet<String>) -> Vec<Why> {
        let title = Written::read(title, wanted);
        let text = Written::read(text, wanted);
        let mut reasons: Vec<Why> = Vec::new();
        let mut add = |word: &str, term: &Term, how: How, weight: f32| {
            for (written, in_title) in [(&title, true), (&text, false)] {
                let exact = written.exact.get(&term.exact);
                let Some(found) = exact.or_else(|| written.folded.get(&term.folded)) else { continue };
                let how = if exact.is_none() && how == How::AsTyped { How::WithoutMarks } else { how };
                let weight = if in_title { weight * TITLE } else { weight };
                let reason = Why { word: word.to_owned(), found: found.clone(), how, in_title, weight };
                if !reasons.iter().any(|known| known.word == reason.word && known.found == reason.found) {
                    reasons.push(reason);
                }
                return;
            }
        };
        let whole = if self.marked { WITH_MARKS[0] + WITH_MARKS[1] } else { WITHOUT_MARKS[1] };
        for word in &self.list {
            add(&word.typed, &word.term, word.how, whole);
            for (correction, share) in word.corrections.iter().zip(CORRECTED) {
                add(&word.typed, &Term { exact: String::new(), folded: correction.clone() }, How::Corrected, share * WITHOUT_MARKS[1]);
            }
        }
        for other in &self.others {
            let typed: Vec<&str> = self.list.iter().take(other.to).skip(other.from).map(|word| word.typed.as_str()).collect();
            let typed = if other.how == How::Synonym { typed.join(" ") } else { typed.first().copied().unwrap_or_default().to_owned() };
            for term in &other.terms {
                add(&typed, term, other.how, other.share * whole);
            }
        }
        for code in &self.codes {
            let has = |written: &str| codes(&readable(written)).iter().any(|known| known == code);
            let in_title = has(&title.whole);
            if in_title || has(&text.whole) {
                reasons.push(Why { word: code.clone(), found: code.clone(), how: How::Code, in_title, weight: CODE });
            }
        }
        reasons
    }
}

/// The wanted syllables of a text that is shown, as they are written there.
struct Written {
    whole: String,
    exact: BTreeMap<String, String>,
    folded: BTreeMap<String, String>,
}

impl Written {
    fn read(text: &str, wanted: &HashSet<String>) -> Written {
        let mut written = Written { whole: text.chars().take(20_000).collect(), exact: BTreeMap::new(), folded: BTreeMap::new() };
        for syllable in syllables(&written.whole) {
            let folded = fold(syllable.text);
            if wanted.contains(&folded) {
                written.exact.entry(key(syllable.text)).or_insert_with(|| syllable.text.to_owned());
                written.folded.entry(folded).or_insert_with(|| syllable.text.to_owned());
            }
        }
        written
    }
}

/// kỹ for kĩ and the other way round, folded; none where i and y are two sounds.
fn with_the_other_i(folded: &str) -> Option<String> {
    let other = swapped_i(folded);
    let onset = folded.strip_suffix(['i', 'y'])?;
    I_OR_Y.contains(&onset).then_some(other)
}

/// i for y at the end of the letters (a digit for the tone may follow), and the other way round.
pub(crate) fn swapped_i(syllable: &str) -> String {
    let (letters, tone) = syllable.split_at(syllable.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    match (letters.strip_suffix('i'), letters.strip_suffix('y')) {
        (Some(onset), _) => format!("{onset}y{tone}"),
        (_, Some(onset)) => format!("{onset}i{tone}"),
        _ => syllable.to_owned(),
    }
}

/// Parts in straight or curly double quotes; an unclosed quote is no phrase.
fn phrases(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split(['"', '“', '”']).collect();
    let closed = parts.len().saturating_sub(1) / 2;
    parts.iter().skip(1).step_by(2).take(closed).map(|part| (*part).to_owned()).filter(|part| syllables(part).next().is_some()).collect()
}
