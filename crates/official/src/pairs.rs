//! How often syllables follow each other: the evidence for likely slips.

use std::collections::HashMap;

/// Frequencies of adjacent syllables, lower case NFC.
#[derive(Debug, Clone, Default)]
pub struct SyllablePairs {
    following: HashMap<String, Vec<(String, u32)>>,
    before: HashMap<String, Vec<(String, u32)>>,
}

impl SyllablePairs {
    /// Reads lines `first <TAB> second count second count …`; what does not fit is passed over.
    pub fn parse(text: &str) -> SyllablePairs {
        let mut pairs = SyllablePairs::default();
        for line in text.lines() {
            let Some((first, rest)) = line.split_once('\t') else { continue };
            let mut words = rest.split(' ');
            let mut seconds = Vec::new();
            while let (Some(second), Some(count)) = (words.next(), words.next()) {
                if let Ok(count) = count.parse::<u32>() {
                    pairs.before.entry(second.to_owned()).or_default().push((first.to_owned(), count));
                    seconds.push((second.to_owned(), count));
                }
            }
            pairs.following.insert(first.to_owned(), seconds);
        }
        pairs
    }

    /// Whether there is any evidence at all.
    pub fn is_empty(&self) -> bool {
        self.following.is_empty()
    }

    /// How often `second` followed `first`.
    pub fn count(&self, first: &str, second: &str) -> u32 {
        let seconds = self.following.get(first).map(Vec::as_slice).unwrap_or_default();
        seconds.iter().find(|(word, _)| word == second).map_or(0, |(_, count)| *count)
    }

    /// What followed `first`.
    pub(crate) fn after(&self, first: &str) -> &[(String, u32)] {
        self.following.get(first).map(Vec::as_slice).unwrap_or_default()
    }

    /// What stood before `second`.
    pub(crate) fn ahead(&self, second: &str) -> &[(String, u32)] {
        self.before.get(second).map(Vec::as_slice).unwrap_or_default()
    }

    /// How often the syllable stood in a pair; 0 when it is not known.
    pub(crate) fn frequency(&self, syllable: &str) -> u32 {
        self.after(syllable).iter().chain(self.ahead(syllable)).map(|(_, count)| count).sum()
    }
}
