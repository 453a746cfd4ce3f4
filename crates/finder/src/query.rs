//! Questions and answers.

use std::collections::HashSet;
use std::ops::Bound;

use tantivy::query::{AllQuery, BooleanQuery, EnableScoring, Occur, PhraseQuery, Query as EngineQuery, RangeQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, TantivyDocument, Term};
use viet::has_marks;

use crate::analysis::{readable, tokens};
use crate::count::Counts;
use crate::highlight::{marked, snippet};
use crate::index::{Finder, FinderError};
use crate::overlap::Among;
use crate::question::Needed;
use crate::ranking::{By, Wanted};
use crate::words::{MOST_SYLLABLES, Place, Why, Words};

/// Characters of a question that are looked at.
const LONGEST: usize = 2_000;
/// Share of the words that a record must have, so that a long question does not find everything.
const ENOUGH: f64 = 0.6;
/// With fewer records than these, one word of a long question is enough.
const FEW: u64 = 5;
/// Words of a long question.
const LONG: usize = 4;
/// Sides of an "or".
const MOST_GROUPS: usize = 16;
/// How deep a list can be paged.
const DEEPEST: usize = 10_000;

/// A question.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The words as typed; a part in quotes is a phrase. All entries, newest first, when empty.
    pub text: String,
    /// How many of the words an entry must have.
    pub needed: Needed,
    /// Words and phrases that an entry must not have.
    pub without: Vec<String>,
    /// Keys of the person who asks; nothing is found when empty.
    pub visible_to: Vec<String>,
    /// Only these kinds; all when empty.
    pub kinds: Vec<String>,
    /// Only these bodies; all when empty.
    pub bodies: Vec<String>,
    /// Only these states; all when empty.
    pub statuses: Vec<String>,
    /// Only these provinces; all when empty.
    pub provinces: Vec<String>,
    /// Only these years, both included.
    pub years: Option<(i32, i32)>,
    /// Only what changed after this cursor of the caller.
    pub changed_after: Option<u64>,
    /// The order; the best first when nothing is said.
    pub order: Order,
    /// Opaque, from [`Results::next`].
    pub after: Option<String>,
    /// Hits of a page, at most 100.
    pub limit: usize,
}

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// What fits best; without words the newest.
    #[default]
    Best,
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
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
    /// Which words of the question it has, and how they were found.
    pub why: Vec<Why>,
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
    /// By province.
    pub provinces: Vec<(String, u64)>,
    /// By year, latest first.
    pub years: Vec<(i32, u64)>,
    /// By state.
    pub statuses: Vec<(String, u64)>,
    /// The question with unknown syllables repaired.
    pub did_you_mean: Option<String>,
    /// Whether so few records have enough of the words that those with any of them are shown too.
    pub is_loose: bool,
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
        let text: String = readable(&query.text).chars().take(LONGEST).collect();
        let words = self.words(&searcher, &text, &query.visible_to)?;
        let limit = query.limit.clamp(1, 100);
        let offset = query.after.as_deref().and_then(|after| after.parse::<usize>().ok()).unwrap_or(0).min(DEEPEST);
        let mut groups = Vec::new();
        if let Needed::OneOf(texts) = &query.needed {
            for text in texts.iter().take(MOST_GROUPS) {
                groups.push(self.words(&searcher, text, &query.visible_to)?);
            }
        }
        let mut wanted = self.wanted(query, &words, &groups);
        wanted.ask_for(if query.needed == Needed::All { 1.0 } else { ENOUGH });
        let by = match query.order {
            Order::Best if words.is_empty() => By::Newest,
            Order::Best => By::Points,
            Order::Newest => By::Newest,
            Order::Oldest => By::Oldest,
        };
        let mut ranked = wanted.rank(&searcher, by, offset + limit)?;
        let may_loosen = query.needed == Needed::Most && words.phrases.is_empty() && query.changed_after.is_none();
        let is_loose = may_loosen && ranked.counts.total < few_for(words.needed().len());
        if is_loose {
            wanted.ask_for(0.0);
            ranked = wanted.rank(&searcher, by, offset + limit)?;
        }
        let counts = ranked.counts;
        let marked = words.marked_in_hits();
        let mut hits = Vec::with_capacity(limit);
        for (points, address) in ranked.best.into_iter().skip(offset) {
            hits.push(self.hit(&searcher, address, points, &words, &marked)?);
        }
        let shown = offset + hits.len();
        let next = (hits.len() == limit && (shown as u64) < counts.total && shown < DEEPEST).then(|| shown.to_string());
        Ok(Results { hits, next, did_you_mean: words.meant(), is_loose, ..answer(counts) })
    }

    fn hit(
        &self,
        searcher: &Searcher,
        address: DocAddress,
        score: f32,
        words: &Words,
        wanted: &HashSet<String>,
    ) -> Result<Hit, FinderError> {
        let document: TantivyDocument = searcher.doc(address)?;
        let text = |field: Field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let title = text(self.fields.title);
        let body = text(self.fields.text);
        Ok(Hit {
            id: text(self.fields.id),
            kind: text(self.fields.kind),
            title_parts: marked(&title, wanted),
            snippet: snippet(&body, wanted),
            why: words.why(&title, &body, wanted),
            title,
            score,
            year: document.get_first(self.fields.year).and_then(|value| value.as_i64()).and_then(|year| i32::try_from(year).ok()),
        })
    }

    /// The ranking formula: 1.0 exact + 0.6 folded + 0.8 pairs, or 0 / 1.6 / 0.8 when nothing typed carries a mark; titles count twice more, codes thrice.
    fn wanted(&self, query: &Query, words: &Words, groups: &[Words]) -> Wanted {
        let fields = &self.fields;
        let mut wanted = Wanted::new(Box::new(self.filter(query, words, groups)));
        for sought in words.sought() {
            let (field, title) = match sought.place {
                Place::Exact => (fields.exact, Some(fields.title_exact)),
                Place::Folded => (fields.folded, Some(fields.title_folded)),
                Place::Pair => (fields.pairs, Some(fields.title_pairs)),
                Place::Code => (fields.code, None),
            };
            wanted.add_points(Term::from_field_text(field, &sought.term), sought.weight);
            if let Some(title) = title {
                wanted.add_points(Term::from_field_text(title, &sought.term), sought.weight * sought.title_share);
            }
        }
        if groups.is_empty() {
            let folded = |term: String| Term::from_field_text(fields.folded, &term);
            for ways in words.needed() {
                wanted.add_word(ways.into_iter().map(|way| way.into_iter().map(folded).collect()).collect());
            }
            for code in &words.codes {
                wanted.add_instead(Term::from_field_text(fields.code, code));
            }
        }
        wanted
    }

    /// What every record found must be: one that may be seen, of the kinds and places asked for, with the phrases, without what is unwanted.
    fn filter(&self, query: &Query, words: &Words, groups: &[Words]) -> BooleanQuery {
        let fields = &self.fields;
        let mut parts: Vec<(Occur, Box<dyn EngineQuery>)> = vec![(Occur::Must, self.any_of(fields.visible_to, &query.visible_to))];
        for (field, values) in [
            (fields.kind, &query.kinds),
            (fields.bodies, &query.bodies),
            (fields.status, &query.statuses),
            (fields.provinces, &query.provinces),
        ] {
            if !values.is_empty() {
                parts.push((Occur::Must, self.any_of(field, values)));
            }
        }
        if let Some((first, last)) = query.years {
            let term = |year: i32| Bound::Included(Term::from_field_i64(fields.year, i64::from(year)));
            parts.push((Occur::Must, Box::new(RangeQuery::new(term(first), term(last)))));
        }
        if let Some(cursor) = query.changed_after {
            let after = Bound::Excluded(Term::from_field_u64(fields.changed, cursor));
            parts.push((Occur::Must, Box::new(RangeQuery::new(after, Bound::Unbounded))));
        }
        for unwanted in &query.without {
            if let Some(term) = self.sign_of(unwanted) {
                parts.push((Occur::MustNot, has(term)));
            }
        }
        if groups.is_empty() {
            parts.extend(words.phrases.iter().map(|phrase| (Occur::Must, self.phrase(phrase))));
        } else {
            let one_of = groups.iter().map(|group| (Occur::Should, self.all_of(group))).collect();
            parts.push((Occur::Must, Box::new(BooleanQuery::new(one_of))));
        }
        BooleanQuery::new(parts)
    }

    /// Records that have all words and phrases of a question, or one of its codes and the phrases.
    fn all_of(&self, words: &Words) -> Box<dyn EngineQuery> {
        let mut all: Vec<(Occur, Box<dyn EngineQuery>)> = Vec::new();
        for ways in words.needed() {
            let mut either: Vec<(Occur, Box<dyn EngineQuery>)> = Vec::new();
            for way in ways {
                let way = way.iter().map(|term| (Occur::Must, has(Term::from_field_text(self.fields.folded, term)))).collect();
                either.push((Occur::Should, Box::new(BooleanQuery::new(way))));
            }
            all.push((Occur::Must, Box::new(BooleanQuery::new(either))));
        }
        let mut parts: Vec<(Occur, Box<dyn EngineQuery>)> = match words.codes.is_empty() {
            true => all,
            false => {
                let either = vec![
                    (Occur::Should, Box::new(BooleanQuery::new(all)) as Box<dyn EngineQuery>),
                    (Occur::Should, self.any_of(self.fields.code, &words.codes)),
                ];
                vec![(Occur::Must, Box::new(BooleanQuery::new(either)))]
            }
        };
        parts.extend(words.phrases.iter().map(|phrase| (Occur::Must, self.phrase(phrase))));
        Box::new(BooleanQuery::new(parts))
    }

    /// Whether the keys may see an entry that has the term.
    pub(crate) fn may_see_term(&self, searcher: &Searcher, term: Term, visible_to: &[String]) -> Result<bool, FinderError> {
        let query = BooleanQuery::new(vec![(Occur::Must, has(term)), (Occur::Must, self.any_of(self.fields.visible_to, visible_to))]);
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
        for reader in searcher.segment_readers() {
            let mut scorer = weight.scorer(reader, 1.0)?;
            while scorer.doc() != TERMINATED {
                if reader.alive_bitset().is_none_or(|alive| alive.is_alive(scorer.doc())) {
                    return Ok(true);
                }
                scorer.advance();
            }
        }
        Ok(false)
    }

    /// The term by which an unwanted word or phrase is known: the word, or the rarest two neighbours of the phrase. One term, because the engine does not take
    /// a phrase as what is left out.
    fn sign_of(&self, unwanted: &str) -> Option<Term> {
        let words: Vec<String> =
            tokens(unwanted).into_iter().take(MOST_SYLLABLES).flat_map(|token| token.terms).map(|term| term.folded).collect();
        let searcher = self.reader.searcher();
        let pairs = words.windows(2).map(|pair| Term::from_field_text(self.fields.pairs, &pair.join("_")));
        let rarest = pairs.min_by_key(|term| searcher.doc_freq(term).unwrap_or(0));
        rarest.or_else(|| words.first().map(|word| Term::from_field_text(self.fields.folded, word)))
    }

    /// The records that a text is compared with.
    pub(crate) fn among(&self, among: &Among<'_>) -> BooleanQuery {
        let mut parts: Vec<(Occur, Box<dyn EngineQuery>)> = vec![(Occur::Must, self.any_of(self.fields.visible_to, &among.visible_to))];
        if !among.kinds.is_empty() {
            parts.push((Occur::Must, self.any_of(self.fields.kind, &among.kinds)));
        }
        BooleanQuery::new(parts)
    }

    fn any_of(&self, field: Field, terms: &[String]) -> Box<dyn EngineQuery> {
        let clauses = terms.iter().map(|term| (Occur::Should, has(Term::from_field_text(field, term)))).collect();
        Box::new(BooleanQuery::new(clauses))
    }

    fn phrase(&self, phrase: &str) -> Box<dyn EngineQuery> {
        let mut found = Vec::new();
        for token in tokens(phrase).into_iter().take(MOST_SYLLABLES) {
            let known = self.vocabulary.expansions(token.text, false).first();
            found.extend(known.cloned().unwrap_or(token.terms));
        }
        let folded: Vec<Term> = found.iter().map(|term| Term::from_field_text(self.fields.folded, &term.folded)).collect();
        let in_order: Box<dyn EngineQuery> = match folded.as_slice() {
            [] => Box::new(AllQuery),
            [one] => has(one.clone()),
            _ => Box::new(PhraseQuery::new(folded)),
        };
        let mut parts = vec![(Occur::Must, in_order)];
        if has_marks(phrase) {
            // Positions are kept of folded syllables alone: the marks must be there, somewhere in the text.
            for term in found {
                parts.push((Occur::Must, has(Term::from_field_text(self.fields.exact, &term.exact))));
            }
        }
        Box::new(BooleanQuery::new(parts))
    }
}

/// With fewer records than this a question of so many words is asked again, less strictly.
fn few_for(words: usize) -> u64 {
    match words {
        0 | 1 => 0,
        LONG.. => FEW,
        _ => 1,
    }
}

fn has(term: Term) -> Box<dyn EngineQuery> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
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
        provinces: most_first(counts.provinces),
        statuses: most_first(counts.statuses),
        years,
        ..Results::default()
    }
}
