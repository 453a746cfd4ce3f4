//! Questions and answers.

use std::collections::HashSet;

use tantivy::collector::TopDocs;
use tantivy::query::{AllQuery, BooleanQuery, BoostQuery, Occur, PhraseQuery, Query as EngineQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, Order, Searcher, TantivyDocument, Term};
use viet::{fold, has_marks, key, nfc, syllables};

use crate::analysis::codes;
use crate::count::{CountCollector, Counts};
use crate::highlight::{marked, snippet};
use crate::index::{Finder, FinderError};

/// Characters of a question that are looked at.
const LONGEST: usize = 2_000;
/// Syllables of a question that are looked at.
const MOST_SYLLABLES: usize = 64;
/// How deep a list can be paged.
const DEEPEST: usize = 10_000;

/// A question.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The words as typed; a part in quotes is a phrase. All entries, newest first, when empty.
    pub text: String,
    /// Keys of the person who asks; nothing is found when empty.
    pub visible_to: Vec<String>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this body.
    pub body: Option<String>,
    /// Only this year.
    pub year: Option<i32>,
    /// Only this state.
    pub status: Option<String>,
    /// Opaque, from [`Results::next`].
    pub after: Option<String>,
    /// Hits of a page, at most 100.
    pub limit: usize,
}

/// A piece of text, marked when it matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The words.
    pub text: String,
    /// Whether they matched.
    pub marked: bool,
}

/// A hit.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The entry's id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Its title with marks.
    pub title_parts: Vec<Part>,
    /// The best place of the text with marks.
    pub snippet: Vec<Part>,
    /// How well it fits.
    pub score: f32,
    /// Its year.
    pub year: Option<i32>,
}

/// An answer. Counts are of all matches, the most first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    /// The page.
    pub hits: Vec<Hit>,
    /// All matches.
    pub total: u64,
    /// By kind.
    pub kinds: Vec<(String, u64)>,
    /// By body.
    pub bodies: Vec<(String, u64)>,
    /// By year, latest first.
    pub years: Vec<(i32, u64)>,
    /// By state.
    pub statuses: Vec<(String, u64)>,
    /// The question with unknown syllables repaired.
    pub did_you_mean: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

impl Finder {
    /// Answers a question. Whatever is typed gives an answer; only what the asking keys may see is counted.
    pub fn search(&self, query: &Query) -> Result<Results, FinderError> {
        if query.visible_to.is_empty() {
            return Ok(Results::default());
        }
        let searcher = self.reader.searcher();
        let text: String = nfc(&query.text).chars().take(LONGEST).collect();
        let words = self.words(&searcher, &text)?;
        let limit = query.limit.clamp(1, 100);
        let offset = query.after.as_deref().and_then(|after| after.parse::<usize>().ok()).unwrap_or(0).min(DEEPEST);
        let engine_query = self.engine_query(query, &words);
        let counts = searcher.search(&engine_query, &CountCollector)?;
        let found: Vec<(f32, DocAddress)> = if words.folded.is_empty() && words.codes.is_empty() {
            let newest = TopDocs::with_limit(limit).and_offset(offset).order_by_fast_field::<i64>("at", Order::Desc);
            searcher.search(&engine_query, &newest)?.into_iter().map(|(_, address)| (0.0, address)).collect()
        } else {
            searcher.search(&engine_query, &TopDocs::with_limit(limit).and_offset(offset).order_by_score())?
        };
        let wanted: HashSet<String> =
            words.folded.iter().flat_map(|word| std::iter::once(&word.folded).chain(&word.corrections)).cloned().collect();
        let mut hits = Vec::with_capacity(found.len());
        for (score, address) in found {
            hits.push(self.hit(&searcher, address, score, &wanted)?);
        }
        let shown = offset + hits.len();
        let next = (hits.len() == limit && (shown as u64) < counts.total && shown < DEEPEST).then(|| shown.to_string());
        Ok(Results { hits, next, did_you_mean: words.meant(), ..answer(counts) })
    }

    fn hit(&self, searcher: &Searcher, address: DocAddress, score: f32, wanted: &HashSet<String>) -> Result<Hit, FinderError> {
        let document: TantivyDocument = searcher.doc(address)?;
        let text = |field: Field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let title = text(self.fields.title);
        let body = text(self.fields.text);
        Ok(Hit {
            id: text(self.fields.id),
            kind: text(self.fields.kind),
            title_parts: marked(&title, wanted),
            snippet: snippet(&body, wanted),
            title,
            score,
            year: document.get_first(self.fields.year).and_then(|value| value.as_i64()).and_then(|year| i32::try_from(year).ok()),
        })
    }

    fn words(&self, searcher: &Searcher, text: &str) -> Result<Words, FinderError> {
        let mut words = Words { marked: has_marks(text), codes: codes(text), phrases: phrases(text), ..Words::default() };
        for syllable in syllables(text).filter(|syllable| syllable.text.len() <= 60).take(MOST_SYLLABLES) {
            let folded = fold(syllable.text);
            let is_unknown = searcher.doc_freq(&Term::from_field_text(self.fields.folded, &folded))? == 0;
            words.folded.push(Word { exact: key(syllable.text), folded, is_unknown, corrections: Vec::new() });
        }
        let folded: Vec<String> = words.folded.iter().map(|word| word.folded.clone()).collect();
        for (at, word) in words.folded.iter_mut().enumerate() {
            let neighbour = |at: Option<usize>| at.and_then(|at| folded.get(at)).map(String::as_str);
            word.corrections = self.corrections(searcher, neighbour(at.checked_sub(1)), &word.folded, neighbour(at.checked_add(1)))?;
        }
        Ok(words)
    }

    /// The ranking formula: 1.0 exact + 0.6 folded + 0.8 pairs, or 0 / 1.6 / 0.8 when nothing typed carries a mark; titles count twice more, codes thrice.
    fn engine_query(&self, query: &Query, words: &Words) -> BooleanQuery {
        let mut parts: Vec<(Occur, Box<dyn EngineQuery>)> = vec![(Occur::Must, self.any_of(self.fields.visible_to, &query.visible_to))];
        for (field, value) in [(self.fields.kind, &query.kind), (self.fields.bodies, &query.body), (self.fields.status, &query.status)] {
            if let Some(value) = value {
                parts.push((Occur::Must, unscored(Term::from_field_text(field, value))));
            }
        }
        if let Some(year) = query.year {
            parts.push((Occur::Must, unscored(Term::from_field_i64(self.fields.year, i64::from(year)))));
        }
        if words.folded.is_empty() && words.codes.is_empty() {
            parts.push((Occur::Must, Box::new(AllQuery)));
            return BooleanQuery::new(parts);
        }
        parts.push((Occur::Must, self.enough_of(words)));
        for phrase in &words.phrases {
            parts.push((Occur::Must, self.phrase(phrase)));
        }
        let (exact, folded, pairs) = if words.marked { (1.0, 0.6, 0.8) } else { (0.0, 1.6, 0.8) };
        let mut scored = |field: Field, term: &str, weight: f32| {
            if weight > 0.0 {
                let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
                parts.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), weight))));
            }
        };
        let fields = &self.fields;
        for word in &words.folded {
            scored(fields.exact, &word.exact, exact);
            scored(fields.title_exact, &word.exact, 2.0 * exact);
            scored(fields.folded, &word.folded, folded);
            scored(fields.title_folded, &word.folded, 2.0 * folded);
            for (correction, share) in word.corrections.iter().zip([0.8, 0.4]) {
                scored(fields.folded, correction, share * 1.6);
                scored(fields.title_folded, correction, share * 1.6);
            }
        }
        for pair in words.folded.windows(2) {
            let [first, second] = pair else { continue };
            for (one, share) in first.spellings() {
                for (other, other_share) in second.spellings() {
                    let (term, weight) = (format!("{one}_{other}"), pairs * share * other_share);
                    scored(fields.pairs, &term, weight);
                    scored(fields.title_pairs, &term, 2.0 * weight);
                }
            }
        }
        for code in &words.codes {
            scored(fields.code, code, 3.0);
        }
        BooleanQuery::new(parts)
    }

    /// At least three of five words must be there, so that a long question does not find everything; or one of its codes.
    fn enough_of(&self, words: &Words) -> Box<dyn EngineQuery> {
        let mut seen = HashSet::new();
        let mut either: Vec<Box<dyn EngineQuery>> = Vec::new();
        for word in &words.folded {
            if !seen.insert(word.folded.clone()) {
                continue;
            }
            let mut terms = vec![word.folded.clone()];
            // A rare word may be right: its corrections add to the rank, not to what is found.
            terms.extend(word.corrections.iter().filter(|_| word.is_unknown).cloned());
            either.push(self.any_of(self.fields.folded, &terms));
        }
        let needed = (either.len() * 3).div_ceil(5).max(1);
        let clauses = either.into_iter().map(|query| (Occur::Should, query)).collect();
        let enough: Box<dyn EngineQuery> = Box::new(BooleanQuery::with_minimum_required_clauses(clauses, needed));
        if words.codes.is_empty() {
            return Box::new(BoostQuery::new(enough, 0.0));
        }
        let code = self.any_of(self.fields.code, &words.codes);
        Box::new(BoostQuery::new(Box::new(BooleanQuery::new(vec![(Occur::Should, enough), (Occur::Should, code)])), 0.0))
    }

    fn any_of(&self, field: Field, terms: &[String]) -> Box<dyn EngineQuery> {
        let clauses = terms.iter().map(|term| (Occur::Should, unscored(Term::from_field_text(field, term)))).collect();
        Box::new(BooleanQuery::new(clauses))
    }

    fn phrase(&self, phrase: &str) -> Box<dyn EngineQuery> {
        let exact = has_marks(phrase);
        let field = if exact { self.fields.exact } else { self.fields.folded };
        let terms: Vec<Term> = syllables(phrase)
            .take(MOST_SYLLABLES)
            .map(|syllable| Term::from_field_text(field, &if exact { key(syllable.text) } else { fold(syllable.text) }))
            .collect();
        match terms.as_slice() {
            [] => Box::new(AllQuery),
            [one] => unscored(one.clone()),
            _ => Box::new(PhraseQuery::new(terms)),
        }
    }
}

fn unscored(term: Term) -> Box<dyn EngineQuery> {
    Box::new(BoostQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), 0.0))
}

#[derive(Debug, Default)]
struct Words {
    folded: Vec<Word>,
    codes: Vec<String>,
    phrases: Vec<String>,
    marked: bool,
}

#[derive(Debug)]
struct Word {
    exact: String,
    folded: String,
    /// Whether no record has it.
    is_unknown: bool,
    /// What was probably meant, the likeliest first.
    corrections: Vec<String>,
}

impl Word {
    /// The correction of a word that no record has. A rare one may be right.
    fn meant(&self) -> &str {
        self.corrections.first().filter(|_| self.is_unknown).unwrap_or(&self.folded)
    }

    /// As typed and as corrected, each with its share of the weight of a pair.
    fn spellings(&self) -> impl Iterator<Item = (&str, f32)> {
        let corrected = self.corrections.iter().map(String::as_str).zip([0.8, 0.5]);
        std::iter::once((self.folded.as_str(), 1.0)).chain(corrected)
    }
}

impl Words {
    fn meant(&self) -> Option<String> {
        self.folded
            .iter()
            .any(|word| word.meant() != word.folded)
            .then(|| self.folded.iter().map(Word::meant).collect::<Vec<_>>().join(" "))
    }
}

/// Parts in straight or curly double quotes; an unclosed quote is no phrase.
fn phrases(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split(['"', '“', '”']).collect();
    let closed = parts.len().saturating_sub(1) / 2;
    parts.iter().skip(1).step_by(2).take(closed).map(|part| (*part).to_owned()).filter(|part| syllables(part).next().is_some()).collect()
}

fn answer(counts: Counts) -> Results {
    let most_first = |counts: std::collections::HashMap<String, u64>| {
        let mut list: Vec<(String, u64)> = counts.into_iter().collect();
        list.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(&two.0)));
        list
    };
    let mut years: Vec<(i32, u64)> =
        counts.years.into_iter().filter_map(|(year, count)| Some((i32::try_from(year).ok()?, count))).collect();
    years.sort_by_key(|year| std::cmp::Reverse(*year));
    Results {
        total: counts.total,
        kinds: most_first(counts.kinds),
        bodies: most_first(counts.bodies),
        statuses: most_first(counts.statuses),
        years,
        ..Results::default()
    }
}
