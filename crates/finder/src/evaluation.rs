//! How well questions find what answers them: nDCG, reciprocal rank and recall of the first ten hits over a judged set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::index::{Entry, Finder, FinderError};
use crate::judged::{EXACT, JudgedDocument, JudgedQuery};
use crate::query::Query;
use crate::vocabulary::Vocabulary;

/// Hits that are looked at.
const FIRST: usize = 10;
/// Entries put before a commit.
const BATCH: usize = 2_000;
/// Who may see the documents of a judged set.
const EVERYBODY: &str = "public";

/// Means over the questions of one kind, each between 0 and 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many questions.
    pub queries: usize,
    /// Normalised discounted cumulative gain of the first ten hits; a document that answers has gain 1.
    pub ndcg10: f64,
    /// One by the rank of the first hit that answers; 0 when none of ten does.
    pub mrr10: f64,
    /// Share of the documents that answer among the first ten hits.
    pub recall10: f64,
}

/// The questions, and after each exact one its other spellings.
pub fn with_other_spellings(queries: Vec<JudgedQuery>) -> Vec<JudgedQuery> {
    let mut all = Vec::new();
    for query in queries {
        let others = if query.kind == EXACT { query.variants() } else { Vec::new() };
        all.push(query);
        all.extend(others);
    }
    all
}

/// What an engine answered: figures by kind, and how long a question took.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Figures by kind of question.
    pub kinds: BTreeMap<String, Figures>,
    /// Milliseconds within which 95 of 100 questions were answered.
    pub p95_ms: f64,
}

/// Asks an engine every question: `ask` gives the ids of its first ten hits. A question that fails has none and counts 0.
pub fn judge_engine(queries: &[JudgedQuery], mut ask: impl FnMut(&str) -> Vec<String>) -> Evaluation {
    let mut kinds: BTreeMap<String, Figures> = BTreeMap::new();
    let mut times = Vec::with_capacity(queries.len());
    for query in queries {
        let started = Instant::now();
        let found = ask(&query.text);
        times.push(started.elapsed());
        let one = judge(&found, &query.rel);
        let sum = kinds.entry(query.kind.clone()).or_default();
        sum.queries += 1;
        sum.ndcg10 += one.ndcg10;
        sum.mrr10 += one.mrr10;
        sum.recall10 += one.recall10;
    }
    for sum in kinds.values_mut() {
        let count = sum.queries as f64;
        sum.ndcg10 /= count;
        sum.mrr10 /= count;
        sum.recall10 /= count;
    }
    times.sort_unstable();
    let p95_ms = times.get(times.len() * 95 / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    Evaluation { kinds, p95_ms }
}

/// Indexes the documents in `folder` with the vocabulary and asks every question.
///
/// # Errors
/// Those of the index.
pub fn evaluate(
    folder: &Path,
    vocabulary: Vocabulary,
    documents: &[JudgedDocument],
    queries: &[JudgedQuery],
) -> Result<Evaluation, FinderError> {
    let finder = Finder::open(folder, vocabulary)?;
    for part in documents.chunks(BATCH) {
        let entries: Vec<Entry> = part.iter().map(entry_of).collect();
        finder.put(&entries)?;
        finder.commit(0)?;
    }
    Ok(judge_engine(queries, |text| {
        let asked = Query { text: text.to_owned(), visible_to: vec![EVERYBODY.to_owned()], limit: FIRST, ..Query::default() };
        finder.search(&asked).map(|results| results.hits.into_iter().map(|hit| hit.id).collect()).unwrap_or_default()
    }))
}

fn entry_of(document: &JudgedDocument) -> Entry {
    Entry {
        id: document.id.clone(),
        visible_to: vec![EVERYBODY.to_owned()],
        title: document.title.clone(),
        text: document.text.clone(),
        ..Entry::default()
    }
}

/// The figures of one question.
fn judge(found: &[String], relevant: &[String]) -> Figures {
    let wanted: BTreeSet<&str> = relevant.iter().map(String::as_str).collect();
    let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let ranks: Vec<usize> =
        found.iter().take(FIRST).enumerate().filter(|(_, id)| wanted.contains(id.as_str())).map(|(rank, _)| rank).collect();
    let best: f64 = (0..wanted.len().min(FIRST)).map(gain).sum();
    let reached: f64 = ranks.iter().copied().map(gain).sum();
    Figures {
        queries: 1,
        ndcg10: if best > 0.0 { reached / best } else { 0.0 },
        mrr10: ranks.first().map_or(0.0, |rank| 1.0 / (*rank as f64 + 1.0)),
        recall10: if wanted.is_empty() { 0.0 } else { ranks.len() as f64 / wanted.len() as f64 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_one_question_are_those_counted_by_hand() {
        let ids = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let one = judge(&ids(&["a", "b", "c"]), &ids(&["b", "x"]));
        // Second of ten, of two that answer: 1/log2(3) of 1 + 1/log2(3).
        assert!((one.ndcg10 - 0.630_93 / 1.630_93).abs() < 1e-4, "{}", one.ndcg10);
        assert!((one.mrr10 - 0.5).abs() < 1e-9 && (one.recall10 - 0.5).abs() < 1e-9);
        assert_eq!(judge(&[], &ids(&["a"])), Figures { queries: 1, ..Figures::default() });
        assert!((judge(&ids(&["a"]), &ids(&["a"])).ndcg10 - 1.0).abs() < 1e-9);
    }
}
