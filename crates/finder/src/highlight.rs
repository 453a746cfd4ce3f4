//! What matched, marked in the original text whatever was typed.

use std::collections::HashSet;

use viet::{fold, syllables};

use crate::query::Part;

/// Length of a snippet in syllables.
const LENGTH: usize = 44;

/// The whole text with the matching syllables marked.
pub(crate) fn marked(text: &str, wanted: &HashSet<String>) -> Vec<Part> {
    parts(text, 0, text.len(), wanted)
}

/// The place with the most different matches, cut at syllables.
pub(crate) fn snippet(text: &str, wanted: &HashSet<String>) -> Vec<Part> {
    let places: Vec<(usize, usize, Option<String>)> = syllables(text)
        .take(50_000)
        .map(|syllable| {
            let folded = fold(syllable.text);
            let hit = wanted.contains(&folded).then_some(folded);
            (syllable.start, syllable.end, hit)
        })
        .collect();
    let mut best = (0, 0);
    let hits: Vec<usize> = places.iter().enumerate().filter(|(_, place)| place.2.is_some()).map(|(at, _)| at).take(2_000).collect();
    for first in &hits {
        let window = places.get(*first..(*first + LENGTH).min(places.len())).unwrap_or_default();
        let different: HashSet<&str> = window.iter().filter_map(|place| place.2.as_deref()).collect();
        if different.len() > best.0 {
            best = (different.len(), *first);
        }
    }
    let from = best.1.saturating_sub(6);
    let to = (from + LENGTH).min(places.len());
    let (Some(first), Some(last)) = (places.get(from), to.checked_sub(1).and_then(|to| places.get(to))) else { return Vec::new() };
    let end = if to == places.len() { text.len() } else { last.1 };
    let start = if from == 0 { 0 } else { first.0 };
    let mut found = parts(text, start, end, wanted);
    if from > 0 {
        found.insert(0, Part { text: "… ".to_owned(), marked: false });
    }
    if to < places.len() {
        found.push(Part { text: " …".to_owned(), marked: false });
    }
    found
}

fn parts(text: &str, start: usize, end: usize, wanted: &HashSet<String>) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    let mut last = start;
    let slice = text.get(start..end).unwrap_or_default();
    for syllable in syllables(slice) {
        if !wanted.contains(&fold(syllable.text)) {
            continue;
        }
        let (from, to) = (start + syllable.start, start + syllable.end);
        let between = text.get(last..from).unwrap_or_default();
        match found.last_mut() {
            // Matches side by side are one mark.
            Some(before) if before.marked && between.chars().all(char::is_whitespace) => {
                before.text.push_str(between);
                before.text.push_str(syllable.text);
            }
            _ => {
                if !between.is_empty() {
                    found.push(Part { text: between.to_owned(), marked: false });
                }
                found.push(Part { text: syllable.text.to_owned(), marked: true });
            }
        }
        last = to;
    }
    let rest = text.get(last..end).unwrap_or_default();
    if !rest.is_empty() {
        found.push(Part { text: rest.to_owned(), marked: false });
    }
    found
}
