//! What of a text other records already say: candidates by rare shingles and rare pairs, then the passages themselves side by side, each weighed in bits, so
//! that what many records share counts little. No number decides: it shows where to read.

mod alignment;
mod shingle;
mod title;

use std::collections::HashMap;
use std::ops::Range;

use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, TantivyDocument, Term};
use viet::{fold, syllables};

use self::alignment::{Shared, Unit, align, pair_at};
pub(crate) use self::shingle::shingles;
pub(crate) use self::title::Lexicon;
pub use self::title::TitleWords;
use self::title::compares_marks;
use crate::index::{Finder, FinderError};
use crate::vocabulary::Vocabulary;

/// Texts that are compared in full.
const CANDIDATES: usize = 50;
/// Syllables of a proposal that are looked at, about 40 pages.
const MOST_UNITS: usize = 20_000;
/// Syllables of another text that are looked at.
const MOST_THEIRS: usize = 50_000;
/// Entries of the index that are looked at to find candidates; the rarest terms come first.
const MOST_POSTINGS: u64 = 150_000;
/// A term that a larger share of all records has finds no candidates, unless so few have it.
const CANDIDATE_SHARE: f64 = 0.01;
const FEW: u64 = 200;
/// Share of the bits of the rarest pair that every pair loses: two texts of one field share so much by chance.
const COMMON: f64 = 0.25;
/// Syllables of a lone text that is compared as a title: what counts is then which words, not in which order.
const LONGEST_TITLE: usize = 45;
/// What a pair counts beside a shingle when candidates are ranked.
const PAIR: f64 = 0.5;
/// Titles that are less alike are about different things.
const LEAST_SHARE: f64 = 0.03;
/// A passage that more records have is a form of words and counts nothing.
const BOILERPLATE: u64 = 20;
/// As many rarest pairs as two texts of one field share by chance.
const CHANCE_PAIRS: f64 = 2.0;
/// As many rarest pairs in one passage, or so much of a short text, deserve a look: see `lienvung eval --overlap`.
const STRONG_PAIRS: f64 = 17.0;
const STRONG_SHARE: f64 = 0.4;

/// The name of the part that is a title.
const TITLE_PART: &str = "title";

/// A text that may say what others say already. A lone part called `title` is compared as a title, with titles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Its fields in order: name and text.
    pub parts: Vec<(String, String)>,
}

/// The records that a proposal is compared with.
#[derive(Debug, Clone, Default)]
pub struct Among<'a> {
    /// Keys of the person who asks; nothing is found when empty.
    pub visible_to: Vec<String>,
    /// Only these kinds; all when empty.
    pub kinds: Vec<String>,
    /// Not this record: the proposal itself.
    pub except: Option<&'a str>,
}

/// A record that says some of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Information of the passages, in bits: Σ log₂(records / records that have the pair of syllables), less the gaps, less what a passage has by chance.
    pub bits: f64,
    /// Share of the proposal's information that the passages cover, between 0 and 1; of a proposal that is a title alone, how alike the two titles are:
    /// whether they name the same thing and the same aim.
    pub share: f64,
    /// Whether it deserves a look.
    pub is_strong: bool,
    /// The passages, the weightiest first.
    pub spans: Vec<Span>,
}

/// A passage that both have.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The proposal's field.
    pub field: String,
    /// Bytes of that field's text.
    pub mine: Range<usize>,
    /// The record's field: `title` or one of its text's parts.
    pub their_field: String,
    /// Bytes of that field's text.
    pub theirs: Range<usize>,
    /// The passage as the record has it.
    pub their_words: String,
    /// Its information in bits.
    pub bits: f64,
}

/// The proposal as the comparison takes it.
struct Mine {
    units: Vec<Unit>,
    numbers: HashMap<String, u32>,
    /// Bits of the pair that begins at each unit.
    weights: Vec<f64>,
    /// Whether the proposal is a title and nothing more.
    is_title: bool,
    /// Bits of the rarest pair there can be, and those of a passage that says nothing.
    rarest: f64,
    chance: f64,
}

impl Finder {
    /// Records that say what a proposal says, the weightiest first.
    ///
    /// # Errors
    /// Those of the index.
    pub fn overlaps(&self, proposal: &Proposal, among: &Among<'_>, limit: usize) -> Result<Vec<Overlap>, FinderError> {
        let searcher = self.reader.searcher();
        let records = searcher.num_docs().max(1) as f64;
        let rarest = (1.0 - COMMON) * bits_of(records, 1);
        let mut mine = Mine {
            units: Vec::new(),
            numbers: HashMap::new(),
            weights: Vec::new(),
            is_title: false,
            rarest,
            chance: CHANCE_PAIRS * rarest,
        };
        let mut names: Vec<String> = Vec::new();
        for (part, (_, text)) in proposal.parts.iter().enumerate() {
            let room = MOST_UNITS.saturating_sub(mine.units.len());
            push_units(text, part, &self.vocabulary, room, &mut mine.units, &mut |syllable| {
                let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
                *mine.numbers.entry(syllable).or_insert_with_key(|syllable| {
                    names.push(syllable.clone());
                    next
                })
            });
        }
        let name = |unit: &Unit| names.get(unit.syllable as usize).map_or("", String::as_str);
        let mut terms: Vec<(u64, f64, Term)> = Vec::new();
        let mut known: HashMap<(u32, u32), f64> = HashMap::new();
        for at in 0..mine.units.len() {
            let Some(pair) = pair_at(&mine.units, at) else {
                mine.weights.push(0.0);
                continue;
            };
            let weight = match known.get(&pair) {
                Some(weight) => *weight,
                None => {
                    let words = (mine.units.get(at).map_or("", name), mine.units.get(at + 1).map_or("", name));
                    let term = Term::from_field_text(self.fields.pairs, &format!("{}_{}", words.0, words.1));
                    let frequency = searcher.doc_freq(&term)?;
                    terms.push((frequency, PAIR * bits_of(records, frequency), term));
                    let bits = (bits_of(records, frequency) - COMMON * bits_of(records, 1)).max(0.0);
                    known.insert(pair, bits);
                    bits
                }
            };
            mine.weights.push(weight);
        }
        self.discount_forms_of_words(&searcher, records, &mut mine, &names, &mut terms)?;
        let whole: f64 = mine.weights.iter().sum();
        let title = match proposal.parts.as_slice() {
            [(name, title)] if name == TITLE_PART && mine.units.len() <= LONGEST_TITLE => Some(title),
            _ => None,
        };
        mine.is_title = title.is_some();
        let mut found = Vec::new();
        let mut addresses = self.candidates(&searcher, records, terms, among)?;
        if let Some(title) = title {
            // Two titles may name the same thing without two syllables side by side in both.
            let named = self.titles_like(&searcher, title, among)?;
            addresses.extend(named.into_iter().filter(|address| !addresses.contains(address)).collect::<Vec<_>>());
        }
        let own_title = match title {
            Some(title) => Some((title, self.read_title(&searcher, title, true)?, self.read_title(&searcher, title, false)?)),
            None => None,
        };
        for address in addresses {
            let document: TantivyDocument = searcher.doc(address)?;
            if among.except.is_some_and(|id| stored(&document, self.fields.id) == id) {
                continue;
            }
            let Some(mut overlap) = self.compare(&document, proposal, &mine, whole) else { continue };
            if let Some((title, with_marks, without_marks)) = &own_title {
                let marked = compares_marks(title, &overlap.title);
                let theirs = self.read_title(&searcher, &overlap.title, marked)?;
                overlap.share = if marked { with_marks } else { without_marks }.alike(&theirs);
                overlap.is_strong = overlap.share >= STRONG_SHARE;
                if overlap.share < LEAST_SHARE {
                    continue;
                }
            }
            found.push(overlap);
        }
        let weight = |overlap: &Overlap| if mine.is_title { overlap.share } else { overlap.bits };
        found.sort_by(|one, two| weight(two).total_cmp(&weight(one)).then_with(|| one.id.cmp(&two.id)));
        found.truncate(limit);
        Ok(found)
    }

    /// Sets the weight of pairs to 0 where many records have the same run of words; adds the other chosen shingles to what finds candidates.
    fn discount_forms_of_words(
        &self,
        searcher: &Searcher,
        records: f64,
        mine: &mut Mine,
        names: &[String],
        terms: &mut Vec<(u64, f64, Term)>,
    ) -> Result<(), FinderError> {
        let parts = mine.units.last().map_or(0, |unit| unit.part + 1);
        for part in 0..parts {
            let Some(first) = mine.units.iter().position(|unit| unit.part == part) else { continue };
            let of_part = mine.units.iter().filter(|unit| unit.part == part);
            let chosen = shingles(of_part.map(|unit| names.get(unit.syllable as usize).map_or("", String::as_str)));
            let mut last_form: Option<usize> = None;
            for shingle in chosen {
                let term = Term::from_field_bytes(self.fields.shingles, &shingle.hash.to_be_bytes());
                let frequency = searcher.doc_freq(&term)?;
                let from = first + shingle.at;
                let to = from + shingle::SYLLABLES - 1;
                if frequency > BOILERPLATE {
                    // The run between two chosen shingles that are forms of words is one too.
                    let from = last_form.map_or(from, |last| last.min(from));
                    mine.weights.iter_mut().take(to).skip(from).for_each(|weight| *weight = 0.0);
                    last_form = Some(to);
                } else {
                    last_form = None;
                    terms.push((frequency, bits_of(records, frequency), term));
                }
            }
        }
        Ok(())
    }

    /// The records that share most with the proposal by rare terms alone, and may be seen.
    fn candidates(
        &self,
        searcher: &Searcher,
        records: f64,
        mut terms: Vec<(u64, f64, Term)>,
        among: &Among<'_>,
    ) -> Result<Vec<DocAddress>, FinderError> {
        let most = FEW.max((records * CANDIDATE_SHARE) as u64);
        terms.retain(|(frequency, _, _)| (1..=most).contains(frequency));
        terms.sort_by_key(|(frequency, _, _)| *frequency);
        let mut budget = MOST_POSTINGS;
        let affordable: Vec<(f64, Term)> = terms
            .into_iter()
            .take_while(|(frequency, _, _)| {
                budget = budget.saturating_sub(*frequency);
                budget > 0
            })
            .map(|(_, weight, term)| (weight, term))
            .collect();
        let mut ranked: Vec<(f32, DocAddress)> = Vec::new();
        for (segment, reader) in (0_u32..).zip(searcher.segment_readers()) {
            let mut scores = vec![0.0_f32; reader.max_doc() as usize];
            for (weight, term) in &affordable {
                let inverted = reader.inverted_index(term.field())?;
                let Some(mut postings) = inverted.read_postings(term, IndexRecordOption::Basic)? else { continue };
                while postings.doc() != TERMINATED {
                    if let Some(score) = scores.get_mut(postings.doc() as usize) {
                        *score += *weight as f32;
                    }
                    postings.advance();
                }
            }
            let alive = reader.alive_bitset();
            for (doc, score) in (0_u32..).zip(scores) {
                if score > 0.0 && alive.is_none_or(|alive| alive.is_alive(doc)) {
                    ranked.push((score, DocAddress::new(segment, doc)));
                }
            }
        }
        ranked.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
        let mut found = Vec::new();
        for (_, address) in ranked {
            if found.len() == CANDIDATES {
                break;
            }
            if has_one_of(searcher, address, "visible_to", &among.visible_to)?
                && (among.kinds.is_empty() || has_one_of(searcher, address, "kind", &among.kinds)?)
            {
                found.push(address);
            }
        }
        Ok(found)
    }

    fn compare(&self, document: &TantivyDocument, proposal: &Proposal, mine: &Mine, whole: f64) -> Option<Overlap> {
        let title = stored(document, self.fields.title);
        let text = stored(document, self.fields.text);
        let parts = parts_of(&title, &text, &stored(document, self.fields.parts));
        let mut theirs = Vec::new();
        let mut strange = u32::MAX;
        for (part, (_, words)) in parts.iter().enumerate() {
            let room = MOST_THEIRS.saturating_sub(theirs.len());
            push_units(words, part, &self.vocabulary, room, &mut theirs, &mut |syllable| match mine.numbers.get(&syllable) {
                Some(number) => *number,
                // Never equal to anything of mine; two strange ones need no telling apart.
                None => {
                    strange -= 1;
                    strange
                }
            });
        }
        let shared = align(&mine.units, &theirs, &mine.weights);
        let bits: f64 = shared.iter().map(|span| (span.bits - mine.chance).max(0.0)).sum();
        if bits == 0.0 && !mine.is_title {
            return None;
        }
        let covered: f64 = shared.iter().flat_map(|span| &span.pairs).map(|pair| mine.weights.get(*pair).copied().unwrap_or(0.0)).sum();
        let share = if whole > 0.0 { covered / whole } else { 0.0 };
        let spans = shared.iter().filter_map(|span| span_of(span, proposal, mine, &parts, &theirs)).collect();
        let longest = shared.first().map_or(0.0, |span| span.bits);
        let is_strong = longest >= STRONG_PAIRS * mine.rarest || (share >= STRONG_SHARE && longest >= 2.0 * mine.chance);
        Some(Overlap {
            id: stored(document, self.fields.id),
            kind: stored(document, self.fields.kind),
            title,
            bits,
            share,
            is_strong,
            spans,
        })
    }
}

/// Whether a record has one of the values in a fast field.
fn has_one_of(searcher: &Searcher, address: DocAddress, field: &str, values: &[String]) -> Result<bool, FinderError> {
    let Some(column) = searcher.segment_reader(address.segment_ord).fast_fields().str(field)? else { return Ok(false) };
    let mut value = String::new();
    for ordinal in column.term_ords(address.doc_id) {
        value.clear();
        if column.ord_to_str(ordinal, &mut value)? && values.contains(&value) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn span_of(shared: &Shared, proposal: &Proposal, mine: &Mine, parts: &[(String, &str)], theirs: &[Unit]) -> Option<Span> {
    let (first, last) = (mine.units.get(shared.mine.0)?, mine.units.get(shared.mine.1)?);
    let (their_first, their_last) = (theirs.get(shared.theirs.0)?, theirs.get(shared.theirs.1)?);
    let (their_field, their_text) = parts.get(their_first.part)?;
    let range = their_first.start..their_last.end;
    Some(Span {
        field: proposal.parts.get(first.part)?.0.clone(),
        mine: first.start..last.end,
        their_field: their_field.clone(),
        their_words: their_text.get(range.clone())?.to_owned(),
        theirs: range,
        bits: shared.bits,
    })
}

fn stored(document: &TantivyDocument, field: Field) -> String {
    document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

/// Title and parts of a stored text; `marks` are the names of the parts with the byte where each begins, as JSON.
fn parts_of<'a>(title: &'a str, text: &'a str, marks: &str) -> Vec<(String, &'a str)> {
    let marks: Vec<(String, usize)> = serde_json::from_str(marks).unwrap_or_default();
    let mut parts = vec![(TITLE_PART.to_owned(), title)];
    if marks.is_empty() {
        parts.push(("text".to_owned(), text));
    }
    for (at, (name, start)) in marks.iter().enumerate() {
        let end = marks.get(at + 1).map_or(text.len(), |(_, next)| *next);
        parts.push((name.clone(), text.get(*start..end).unwrap_or_default()));
    }
    parts
}

/// Bits of a pair or shingle: how surprising it is that a record has it.
fn bits_of(records: f64, frequency: u64) -> f64 {
    ((records + 1.0) / (frequency as f64 + 0.5)).log2().max(0.0)
}

/// The folded syllables of a text with their places; an abbreviation as its words, all at its place.
fn push_units(
    text: &str,
    part: usize,
    vocabulary: &Vocabulary,
    room: usize,
    units: &mut Vec<Unit>,
    number_of: &mut impl FnMut(String) -> u32,
) {
    let most = units.len() + room;
    let mut run = syllables(text).peekable();
    while let Some(syllable) = run.next() {
        // Most syllables are no abbreviation, and that is seen without folding.
        let mut end = syllable.end;
        while let Some(next) = run.next_if(|next| text.get(end..next.start) == Some("&")) {
            end = next.end;
        }
        let written = text.get(syllable.start..end).unwrap_or(syllable.text);
        let is_short = written.len() > 1 && !written.chars().any(char::is_lowercase);
        let known = if is_short { vocabulary.expansions(written, false).first() } else { None };
        let mut push = |folded: String| units.push(Unit { syllable: number_of(folded), part, start: syllable.start, end });
        match known {
            Some(long) => long.iter().for_each(|term| push(term.folded.clone())),
            None => syllables(written).for_each(|syllable| push(fold(syllable.text))),
        }
        if units.len() >= most {
            units.truncate(most);
            return;
        }
    }
}
