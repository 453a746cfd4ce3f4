//! How what is typed may go on.

use std::collections::HashMap;

use tantivy::Term;

use crate::index::{Finder, FinderError};

/// Terms looked at for one beginning.
const MOST_TERMS: usize = 5_000;
/// Characters of what is typed that are looked at.
const LONGEST: usize = 200;
/// What standing beside the syllable before counts, beside how many records have the syllable at all.
const BESIDE: u64 = 1_000;

impl Finder {
    /// What is typed with its last syllable completed to those that begin so: first those that stand behind the syllable before, then the most frequent. Only
    /// syllables of entries that the keys may see.
    ///
    /// # Errors
    /// Those of the index.
    pub fn complete(&self, prefix: &str, visible_to: &[String], limit: usize) -> Result<Vec<String>, FinderError> {
        let prefix: String = prefix.chars().take(LONGEST).collect();
        let folded = viet::fold(&prefix);
        let (before, last) = folded.rsplit_once(char::is_whitespace).unwrap_or(("", folded.as_str()));
        if last.is_empty() || !last.chars().all(char::is_alphanumeric) {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let mut counts: HashMap<String, u64> = HashMap::new();
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.folded)?;
            let mut terms = inverted.terms().range().ge(last).into_stream()?;
            while terms.advance() {
                let Ok(candidate) = std::str::from_utf8(terms.key()) else { continue };
                if !candidate.starts_with(last) || counts.len() > MOST_TERMS {
                    break;
                }
                *counts.entry(candidate.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
        }
        let neighbour = before.rsplit(char::is_whitespace).next().filter(|word| !word.is_empty());
        let mut ranked = Vec::with_capacity(counts.len());
        for (word, count) in counts {
            let beside = match neighbour {
                Some(neighbour) => searcher.doc_freq(&Term::from_field_text(self.fields.pairs, &format!("{neighbour}_{word}")))?,
                None => 0,
            };
            ranked.push((beside.saturating_mul(BESIDE).saturating_add(count), word));
        }
        ranked.sort_by(|one, two| two.0.cmp(&one.0).then_with(|| one.1.cmp(&two.1)));
        // As typed up to the last syllable, with its marks.
        let kept = prefix.trim_end_matches(char::is_alphanumeric);
        let mut found = Vec::new();
        for (_, word) in ranked {
            if found.len() == limit {
                break;
            }
            if self.may_see_term(&searcher, Term::from_field_text(self.fields.folded, &word), visible_to)? {
                found.push(format!("{kept}{word}"));
            }
        }
        Ok(found)
    }
}
