//! What was probably meant: terms of the index one letter away from a syllable that the index does not know.

use std::collections::BTreeMap;

use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::index::{Finder, FinderError};

/// Terms looked at for one syllable.
const MOST_TERMS: usize = 200_000;

/// A syllable that fewer records have is looked at as a slip.
const KNOWN_FROM: u64 = 3;
/// Corrections that are followed.
const MOST_CORRECTIONS: usize = 2;
/// What counts for a correction: that it stands beside its neighbours elsewhere, and how often it stands at all.
const WEIGHT_OF_NEIGHBOURS: f64 = 2.0;
const WEIGHT_OF_FREQUENCY: f64 = 0.3;
/// How far a correction is from what was typed: a tone that Telex left as a letter is nearer than another letter.
const TELEX_DISTANCE: f64 = 0.5;
const LETTER_DISTANCE: f64 = 1.0;

impl Finder {
    /// What was probably meant by the syllable between two others, the likeliest first, at most two; none when the syllable is known or nothing is near.
    pub(crate) fn corrections(
        &self,
        searcher: &Searcher,
        before: Option<&str>,
        folded: &str,
        after: Option<&str>,
    ) -> Result<Vec<String>, FinderError> {
        if folded.chars().count() < 2 || !folded.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Ok(Vec::new());
        }
        let frequency_of = |field: Field, term: &str| searcher.doc_freq(&Term::from_field_text(field, term));
        if frequency_of(self.fields.folded, folded)? >= KNOWN_FROM {
            return Ok(Vec::new());
        }
        let stem = folded.strip_suffix(['f', 's', 'r', 'x', 'j']);
        let mut ranked = Vec::new();
        for (candidate, frequency) in self.near(searcher, folded)? {
            let mut beside = 0;
            for pair in [before.map(|before| format!("{before}_{candidate}")), after.map(|after| format!("{candidate}_{after}"))] {
                beside += pair.map_or(Ok(0), |pair| frequency_of(self.fields.pairs, &pair))?;
            }
            let distance = if stem == Some(candidate.as_str()) { TELEX_DISTANCE } else { LETTER_DISTANCE };
            let score = WEIGHT_OF_NEIGHBOURS * (1.0 + beside as f64).ln() + WEIGHT_OF_FREQUENCY * (1.0 + frequency as f64).ln() - distance;
            ranked.push((score, candidate));
        }
        ranked.sort_by(|one, two| two.0.total_cmp(&one.0).then_with(|| one.1.cmp(&two.1)));
        Ok(ranked.into_iter().take(MOST_CORRECTIONS).map(|(_, candidate)| candidate).collect())
    }

    /// Syllables of the index one letter away, with the number of records that have them.
    fn near(&self, searcher: &Searcher, folded: &str) -> Result<BTreeMap<String, u64>, FinderError> {
        let mut near: BTreeMap<String, u64> = BTreeMap::new();
        let mut looked_at = 0;
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.folded)?;
            let mut terms = inverted.terms().stream()?;
            while terms.advance() && looked_at < MOST_TERMS {
                looked_at += 1;
                let Ok(candidate) = std::str::from_utf8(terms.key()) else { continue };
                if !one_letter_apart(folded, candidate) {
                    continue;
                }
                *near.entry(candidate.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
        }
        Ok(near)
    }

    /// Known syllables that begin with the last word of what is typed, the most frequent first, each with the words before it.
    pub fn complete(&self, prefix: &str, limit: usize) -> Result<Vec<String>, FinderError> {
        let prefix: String = prefix.chars().take(200).collect();
        let folded = viet::fold(&prefix);
        let (before, last) = folded.rsplit_once(char::is_whitespace).unwrap_or(("", folded.as_str()));
        if last.is_empty() || !last.chars().all(char::is_alphanumeric) {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let mut counts: std::collections::HashMap<String, u64> = std::collections::HashMap::new();
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.folded)?;
            let mut terms = inverted.terms().range().ge(last).into_stream()?;
            while terms.advance() {
                let Ok(candidate) = std::str::from_utf8(terms.key()) else { continue };
                if !candidate.starts_with(last) || counts.len() > 5_000 {
                    break;
                }
                *counts.entry(candidate.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
        }
        let mut found: Vec<(String, u64)> = counts.into_iter().collect();
        found.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(&two.0)));
        Ok(found.into_iter().take(limit).map(|(word, _)| if before.is_empty() { word } else { format!("{before} {word}") }).collect())
    }
}

/// Damerau–Levenshtein distance exactly 1, on bytes of ASCII words.
fn one_letter_apart(one: &str, two: &str) -> bool {
    let (one, two) = (one.as_bytes(), two.as_bytes());
    if one.len().abs_diff(two.len()) > 1 || one == two {
        return false;
    }
    let head = one.iter().zip(two).take_while(|(a, b)| a == b).count();
    let most = one.len().min(two.len()) - head;
    let tail = one.iter().rev().zip(two.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let left = one.get(head..one.len() - tail).unwrap_or_default();
    let right = two.get(head..two.len() - tail).unwrap_or_default();
    match (left, right) {
        ([a, b], [c, d]) => a == d && b == c,
        _ => left.len() <= 1 && right.len() <= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_changed_added_lost_or_swapped() {
        for (one, two) in [("nghin", "nghien"), ("cong", "cogn"), ("hocj", "hoc"), ("dak", "lak")] {
            assert!(one_letter_apart(one, two), "{one} {two}");
        }
        for (one, two) in [("a", "a"), ("cong", "nghe"), ("dak", "dakkk")] {
            assert!(!one_letter_apart(one, two), "{one} {two}");
        }
    }
}
