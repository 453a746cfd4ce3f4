//! Records about the same thing: those that share rare words with a text, in whatever order and form the words stand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tantivy::schema::Value;
use tantivy::{Searcher, TantivyDocument, Term};
use viet::fold;

use crate::analysis::{readable, tokens};
use crate::index::{Finder, FinderError};
use crate::overlap::{Among, Proposal};
use crate::ranking::{By, Wanted};

/// Syllables of a text that are looked at.
const MOST_SYLLABLES: usize = 3_000;
/// Pairs of syllables by which records are sought: the weightiest.
const MOST_PAIRS: usize = 40;
/// What a pair of the first part, the title, counts beside one of the text.
const TITLE: f64 = 3.0;
/// A pair that a larger share of all records has says nothing, unless so few have it.
const COMMON: f64 = 0.05;
const FEW: u64 = 20;
/// Records that are read to say what they share, for each one asked for, and at most.
const CANDIDATES: usize = 4;
const MOST_CANDIDATES: usize = 160;
/// A record that shares less of the text's weight is about something else.
const LEAST_SHARE: f64 = 0.12;
/// Runs of words that are named.
const MOST_NAMED: usize = 6;

/// A record about the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// How much of the weight of the text's words it has, between 0 and 1.
    pub share: f64,
    /// Words that both have, as the text writes them, the weightiest first.
    pub words: Vec<String>,
}

/// Two syllables side by side.
struct Pair {
    weight: f64,
    /// Where it stands first: part and number of its first syllable.
    place: (usize, usize),
}

impl Finder {
    /// Records about what a text is about, the nearest first. A word counts by its rarity, one of the title more; `less` are words that count half, each time they
    /// are named: what those shared that were turned down.
    ///
    /// # Errors
    /// Those of the index.
    pub fn related(&self, text: &Proposal, less: &[String], among: &Among<'_>, limit: usize) -> Result<Vec<Related>, FinderError> {
        if among.visible_to.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let parts: Vec<Vec<(String, String)>> = text.parts.iter().map(|(_, text)| self.words_of(text)).collect();
        let pairs = self.weightiest(&searcher, &parts, less)?;
        let whole: f64 = pairs.values().map(|pair| pair.weight).sum();
        if whole == 0.0 {
            return Ok(Vec::new());
        }
        let mut wanted = Wanted::new(Box::new(self.among(among)));
        for (pair, known) in &pairs {
            let term = Term::from_field_text(self.fields.pairs, pair);
            wanted.add_points(term.clone(), known.weight as f32);
            wanted.add_points(Term::from_field_text(self.fields.title_pairs, pair), known.weight as f32);
            wanted.add_word(vec![vec![term]]);
        }
        wanted.ask_for(0.0);
        let ranked = wanted.rank(&searcher, By::Points, (limit * CANDIDATES).clamp(limit + 1, MOST_CANDIDATES.max(limit + 1)))?;
        let mut found = Vec::new();
        for (_, address) in ranked.best {
            let document: TantivyDocument = searcher.doc(address)?;
            let stored = |field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            let id = stored(self.fields.id);
            if among.except.is_some_and(|except| except == id) {
                continue;
            }
            let title = stored(self.fields.title);
            let theirs = self.pairs_of(&format!("{title}\n{}", stored(self.fields.text)));
            let shared: BTreeSet<&str> = pairs.keys().map(String::as_str).filter(|pair| theirs.contains(*pair)).collect();
            let share = shared.iter().filter_map(|pair| pairs.get(*pair)).map(|pair| pair.weight).sum::<f64>() / whole;
            if share >= LEAST_SHARE {
                found.push(Related { id, kind: stored(self.fields.kind), title, share, words: named(&parts, &pairs, &shared) });
            }
        }
        found.sort_by(|one, two| two.share.total_cmp(&one.share).then_with(|| one.id.cmp(&two.id)));
        found.truncate(limit);
        Ok(found)
    }

    /// Folded syllables with how they are written; words that only frame a text or a title are blanks between others.
    fn words_of(&self, text: &str) -> Vec<(String, String)> {
        let text = readable(text);
        let mut all = Vec::new();
        for token in tokens(&text) {
            if all.len() > MOST_SYLLABLES {
                break;
            }
            match self.vocabulary.expansions(token.text, false).first() {
                Some(long) => all.extend(long.iter().map(|term| (term.clone(), term.folded.clone()))),
                None => {
                    let written = viet::syllables(token.text).map(|syllable| syllable.text.to_owned());
                    all.extend(token.terms.iter().cloned().zip(written));
                }
            }
        }
        let terms: Vec<_> = all.iter().map(|(term, _)| term.clone()).collect();
        let mut frames = vec![false; terms.len()];
        for from in 0..terms.len() {
            for to in from + 1..=(from + crate::vocabulary::LONGEST_WORD).min(terms.len()) {
                if terms.get(from..to).is_some_and(|span| self.vocabulary.is_filler(span) || self.vocabulary.titles.is_frame(span)) {
                    frames.iter_mut().take(to).skip(from).for_each(|frame| *frame = true);
                }
            }
        }
        let folded = |(frame, (term, written)): (bool, (crate::analysis::Term, String))| match frame {
            true => (String::new(), written),
            false => (term.folded, written),
        };
        frames.into_iter().zip(all).map(folded).collect()
    }

    /// All pairs of a text, folded.
    fn pairs_of(&self, text: &str) -> HashSet<String> {
        let words = self.words_of(text);
        words.windows(2).filter_map(pair).collect()
    }

    fn weightiest(
        &self,
        searcher: &Searcher,
        parts: &[Vec<(String, String)>],
        less: &[String],
    ) -> Result<BTreeMap<String, Pair>, FinderError> {
        let records = searcher.num_docs().max(1) as f64;
        let most = FEW.max((records * COMMON) as u64);
        let mut pairs: HashMap<String, Pair> = HashMap::new();
        for (part, words) in parts.iter().enumerate() {
            for (at, side_by_side) in words.windows(2).enumerate() {
                let Some(pair) = pair(side_by_side) else { continue };
                let counts = if part == 0 { TITLE } else { 1.0 };
                let known = pairs.entry(pair).or_insert(Pair { weight: 0.0, place: (part, at) });
                // What is said again says little more.
                known.weight = known.weight.max(counts) + if known.weight > 0.0 { 0.25 } else { 0.0 };
            }
        }
        let mut turned_down: HashMap<String, i32> = HashMap::new();
        for words in less {
            for pair in self.pairs_of(words) {
                *turned_down.entry(pair).or_default() += 1;
            }
        }
        let mut ranked = Vec::with_capacity(pairs.len());
        for (pair, known) in pairs {
            let frequency = searcher.doc_freq(&Term::from_field_text(self.fields.pairs, &pair))?;
            if (1..=most).contains(&frequency) {
                let rarity = ((records + 1.0) / (frequency as f64 + 0.5)).log2().max(0.1);
                let halved = 0.5_f64.powi(turned_down.get(&pair).copied().unwrap_or(0));
                ranked.push((pair, Pair { weight: known.weight * rarity * halved, ..known }));
            }
        }
        ranked.sort_by(|one, two| two.1.weight.total_cmp(&one.1.weight).then_with(|| one.0.cmp(&two.0)));
        Ok(ranked.into_iter().take(MOST_PAIRS).collect())
    }
}

fn pair(side_by_side: &[(String, String)]) -> Option<String> {
    match side_by_side {
        [(one, _), (two, _)] if !one.is_empty() && !two.is_empty() => Some(format!("{one}_{two}")),
        _ => None,
    }
}

/// The shared words as the text writes them: pairs that follow one another are one run.
fn named(parts: &[Vec<(String, String)>], pairs: &BTreeMap<String, Pair>, shared: &BTreeSet<&str>) -> Vec<String> {
    let mut places: Vec<((usize, usize), f64)> =
        shared.iter().filter_map(|pair| pairs.get(*pair)).map(|pair| (pair.place, pair.weight)).collect();
    places.sort_by_key(|(place, _)| *place);
    let mut runs: Vec<((usize, usize), usize, f64)> = Vec::new();
    for ((part, at), weight) in places {
        match runs.last_mut() {
            Some(((last, _), end, sum)) if *last == part && *end == at => {
                *end = at + 1;
                *sum += weight;
            }
            _ => runs.push(((part, at), at + 1, weight)),
        }
    }
    runs.sort_by(|one, two| two.2.total_cmp(&one.2).then(one.0.cmp(&two.0)));
    let mut named: Vec<String> = Vec::new();
    for ((part, from), to, _) in runs {
        let words: Vec<&str> = parts
            .get(part)
            .and_then(|words| words.get(from..=to))
            .unwrap_or_default()
            .iter()
            .map(|(_, written)| written.as_str())
            .collect();
        let words = words.join(" ");
        if !named.iter().any(|known| fold(known).contains(&fold(&words))) {
            named.push(words);
        }
        if named.len() == MOST_NAMED {
            break;
        }
    }
    named
}
