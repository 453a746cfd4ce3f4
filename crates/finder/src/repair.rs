//! What was probably meant: terms of the index one letter away from a syllable that the index does not know.

use std::collections::BTreeSet;

use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::index::{Finder, FinderError};

/// A syllable that fewer records have is looked at as a slip.
const KNOWN_FROM: u64 = 3;
/// Letters of the longest syllable that is put right: "nghiêng" has seven, and one more by a slip.
const LONGEST: usize = 9;
/// Corrections that are followed.
const MOST_CORRECTIONS: usize = 2;
/// What counts for a correction: that it stands beside its neighbours elsewhere, and how often it stands at all.
const WEIGHT_OF_NEIGHBOURS: f64 = 2.0;
const WEIGHT_OF_FREQUENCY: f64 = 0.3;
/// How far a correction is from what was typed: a tone that Telex left as a letter is nearer than another letter.
const TELEX_DISTANCE: f64 = 0.5;
const LETTER_DISTANCE: f64 = 1.0;
/// A known syllable that stands beside its neighbours nowhere is a slip when another one does in so many records.
const SEEN_BESIDE: u64 = 3;

impl Finder {
    /// What was probably meant by the syllable between two others, the likeliest first, at most two; none when the syllable fits or nothing is near. `is_slip`: it is
    /// known to be one, though its letters alone are a word.
    pub(crate) fn corrections(
        &self,
        searcher: &Searcher,
        before: Option<&str>,
        folded: &str,
        after: Option<&str>,
        is_slip: bool,
    ) -> Result<Vec<String>, FinderError> {
        if !(2..=LONGEST).contains(&folded.len()) || !folded.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Ok(Vec::new());
        }
        let frequency_of = |field: Field, term: &str| searcher.doc_freq(&Term::from_field_text(field, term));
        let beside = |syllable: &str| {
            let mut records = 0;
            for pair in [before.map(|before| format!("{before}_{syllable}")), after.map(|after| format!("{syllable}_{after}"))] {
                records += pair.map_or(Ok(0), |pair| frequency_of(self.fields.pairs, &pair))?;
            }
            Ok::<u64, FinderError>(records)
        };
        let is_rare = frequency_of(self.fields.folded, folded)? < KNOWN_FROM;
        if !is_rare && !is_slip && ((before.is_none() && after.is_none()) || beside(folded)? > 0) {
            return Ok(Vec::new());
        }
        let stem = folded.strip_suffix(['f', 's', 'r', 'x', 'j']);
        let mut ranked = Vec::new();
        for candidate in one_letter_away(folded) {
            let frequency = frequency_of(self.fields.folded, &candidate)?;
            if frequency == 0 {
                continue;
            }
            let beside = beside(&candidate)?;
            if !is_rare && beside < SEEN_BESIDE {
                continue;
            }
            let distance = if stem == Some(candidate.as_str()) { TELEX_DISTANCE } else { LETTER_DISTANCE };
            let score = WEIGHT_OF_NEIGHBOURS * (1.0 + beside as f64).ln() + WEIGHT_OF_FREQUENCY * (1.0 + frequency as f64).ln() - distance;
            ranked.push((score, candidate));
        }
        ranked.sort_by(|one, two| two.0.total_cmp(&one.0).then_with(|| one.1.cmp(&two.1)));
        Ok(ranked.into_iter().take(MOST_CORRECTIONS).map(|(_, candidate)| candidate).collect())
    }
}

/// All runs of letters at Damerau–Levenshtein distance 1: a letter changed, added or lost, or two neighbours swapped.
fn one_letter_away(syllable: &str) -> BTreeSet<String> {
    let letters: Vec<char> = syllable.chars().collect();
    let mut found = BTreeSet::new();
    for at in 0..=letters.len() {
        let (head, tail) = letters.split_at(at);
        for letter in 'a'..='z' {
            found.insert(head.iter().chain([&letter]).chain(tail).collect());
            if let [_, rest @ ..] = tail {
                found.insert(head.iter().chain([&letter]).chain(rest).collect());
            }
        }
        if let [_, rest @ ..] = tail {
            found.insert(head.iter().chain(rest).collect());
        }
        if let [one, two, rest @ ..] = tail {
            found.insert(head.iter().chain([two, one]).chain(rest).collect());
        }
    }
    found.remove(syllable);
    found.remove("");
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_changed_added_lost_or_swapped() {
        for (one, two) in [("nghin", "nghien"), ("cong", "cogn"), ("hocj", "hoc"), ("dak", "lak")] {
            assert!(one_letter_away(one).contains(two) && one_letter_away(two).contains(one), "{one} {two}");
        }
        for (one, two) in [("a", "a"), ("cong", "nghe"), ("dak", "dakkk"), ("a", "")] {
            assert!(!one_letter_away(one).contains(two), "{one} {two}");
        }
    }
}
