//! What two texts share: pairs of syllables in the same order, with gaps, weighed by how rare they are.

use std::collections::HashMap;

/// What a place without a match costs, in bits.
const GAP: f64 = 3.0;
/// The longest gap within a span, in syllables, on either side.
const LONGEST_GAP: usize = 8;
/// Places of one pair in the other text that are looked at.
const MOST_PLACES: usize = 8;
/// A span has at least so many pairs and bits.
const FEWEST_PAIRS: usize = 2;
const FEWEST_BITS: f64 = 5.0;

/// A syllable of a text, folded, by number; `part` is the field it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) syllable: u32,
    pub(crate) part: usize,
    /// Bytes of the part's text.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Places of both texts that belong together: units from the first to the last, both included.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shared {
    pub(crate) mine: (usize, usize),
    pub(crate) theirs: (usize, usize),
    pub(crate) bits: f64,
    /// The pairs of mine, by their first unit, that have a match.
    pub(crate) pairs: Vec<usize>,
}

/// The pair that begins at a unit; none at the end of a part.
pub(crate) fn pair_at(units: &[Unit], at: usize) -> Option<(u32, u32)> {
    let (one, two) = (units.get(at)?, units.get(at + 1)?);
    (one.part == two.part).then_some((one.syllable, two.syllable))
}

struct Match {
    mine: usize,
    theirs: usize,
    score: f64,
    before: Option<usize>,
}

/// Spans that two texts share, the weightiest first; `weights` are bits of the pairs of mine by their first unit. No unit of mine is in two spans.
pub(crate) fn align(mine: &[Unit], theirs: &[Unit], weights: &[f64]) -> Vec<Shared> {
    let mut places: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
    for at in 0..theirs.len() {
        if let Some(pair) = pair_at(theirs, at) {
            let known = places.entry(pair).or_default();
            if known.len() < MOST_PLACES {
                known.push(at);
            }
        }
    }
    let mut matches: Vec<Match> = Vec::new();
    // The first match of those that a later one may follow.
    let mut window = 0;
    for at in 0..mine.len() {
        let Some(found) = pair_at(mine, at).and_then(|pair| places.get(&pair)) else { continue };
        while matches.get(window).is_some_and(|known| known.mine + LONGEST_GAP + 1 < at) {
            window += 1;
        }
        for place in found {
            let (mut score, mut before) = (0.0, None);
            for (number, known) in matches.iter().enumerate().skip(window) {
                if known.mine >= at
                    || known.theirs >= *place
                    || known.theirs + LONGEST_GAP + 1 < *place
                    || !same_parts(mine, theirs, known, at, *place)
                {
                    continue;
                }
                let gap = (at - known.mine).max(place - known.theirs) - 1;
                let through = known.score - GAP * gap as f64;
                // A pair that counts nothing still belongs to the run it stands in.
                if through > score || (gap == 0 && before.is_none() && through >= score) {
                    (score, before) = (through, Some(number));
                }
            }
            matches.push(Match { mine: at, theirs: *place, score: score + weights.get(at).copied().unwrap_or(0.0), before });
        }
    }
    spans(mine.len(), &matches)
}

fn same_parts(mine: &[Unit], theirs: &[Unit], known: &Match, at: usize, place: usize) -> bool {
    let part = |units: &[Unit], at: usize| units.get(at).map(|unit| unit.part);
    part(mine, known.mine) == part(mine, at) && part(theirs, known.theirs) == part(theirs, place)
}

/// The best chains, each unit of mine in one.
fn spans(units: usize, matches: &[Match]) -> Vec<Shared> {
    let mut ends: Vec<usize> = (0..matches.len()).collect();
    let score = |at: usize| matches.get(at).map_or(0.0, |known| known.score);
    ends.sort_by(|one, two| score(*two).total_cmp(&score(*one)).then(two.cmp(one)));
    let mut taken = vec![false; units];
    let mut found = Vec::new();
    for end in ends {
        if score(end) < FEWEST_BITS {
            break;
        }
        let (mut at, mut first, mut pairs, mut rest) = (Some(end), None, Vec::new(), 0.0);
        while let Some(known) = at.and_then(|at| matches.get(at)) {
            if taken.get(known.mine).copied().unwrap_or(true) {
                rest = known.score;
                break;
            }
            first = Some(known);
            pairs.push(known.mine);
            at = known.before;
        }
        let (Some(first), Some(last)) = (first, matches.get(end)) else { continue };
        let bits = last.score - rest;
        if pairs.len() < FEWEST_PAIRS || bits < FEWEST_BITS {
            continue;
        }
        pairs.reverse();
        taken.iter_mut().take(last.mine + 1).skip(first.mine).for_each(|taken| *taken = true);
        found.push(Shared { mine: (first.mine, last.mine + 1), theirs: (first.theirs, last.theirs + 1), bits, pairs });
    }
    found
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<Unit> {
        let number = |word: &str| word.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        text.split(' ').enumerate().map(|(at, word)| Unit { syllable: number(word), part: 0, start: at, end: at + 1 }).collect()
    }

    fn shared(mine: &str, theirs: &str) -> Vec<(String, String)> {
        let cut = |text: &str, (from, to): (usize, usize)| text.split(' ').collect::<Vec<_>>()[from..=to].join(" ");
        let (own, other) = (units(mine), units(theirs));
        let found = align(&own, &other, &vec![8.0; own.len()]);
        found.iter().map(|span| (cut(mine, span.mine), cut(theirs, span.theirs))).collect()
    }

    #[test]
    fn a_copied_run_is_found_with_its_ends() {
        let found = shared("x y nuôi tôm sú thâm canh z", "nuôi tôm sú thâm canh ở bãi triều");
        assert_eq!(found, [("nuôi tôm sú thâm canh".to_owned(), "nuôi tôm sú thâm canh".to_owned())]);
    }

    #[test]
    fn a_slip_and_words_put_in_do_not_break_a_span() {
        let found = shared("nuôi tôm sú thâm canh bền vững ở đầm phá", "nuôi tôm sú thâm cah bền vững tại các ở đầm phá");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "nuôi tôm sú thâm canh bền vững ở đầm phá");
    }

    #[test]
    fn parts_moved_about_are_spans_of_their_own() {
        let found = shared("a b c d e f g h", "e f g h x a b c d");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_run_is_whole_though_its_first_and_last_pairs_count_nothing() {
        let (own, other) = (units("nghiên cứu nuôi tôm sú minh họa"), units("nghiên cứu nuôi tôm sú minh họa"));
        let mut weights = vec![8.0; own.len()];
        (weights[0], weights[5]) = (0.0, 0.0);
        assert_eq!(align(&own, &other, &weights)[0].mine, (0, 6));
    }

    #[test]
    fn nothing_shared_is_nothing() {
        assert!(shared("a b c d", "e f g h").is_empty());
        assert!(shared("", "e f g h").is_empty());
        assert!(shared("a", "a").is_empty());
    }
}
