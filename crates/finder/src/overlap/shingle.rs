//! Runs of four folded syllables as hashes, and the choice of which of them stand for a text.

/// Syllables of a shingle.
pub(crate) const SYLLABLES: usize = 4;
/// Of so many shingles in a row the smallest stands for all. Two texts that share a run of `SYLLABLES + WINDOW - 1` syllables share one that was chosen
/// (winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003).
const WINDOW: usize = 12;

/// A shingle that stands for its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shingle {
    /// Its first syllable.
    pub(crate) at: usize,
    /// Its hash.
    pub(crate) hash: u32,
}

/// The chosen shingles of some syllables, in order.
pub(crate) fn shingles<'a>(syllables: impl Iterator<Item = &'a str>) -> Vec<Shingle> {
    let single: Vec<u64> = syllables.map(hash_of).collect();
    let all: Vec<u32> = single.windows(SYLLABLES).map(together).collect();
    let mut chosen: Vec<Shingle> = Vec::new();
    let window = WINDOW.min(all.len());
    if window == 0 {
        return chosen;
    }
    for (from, part) in all.windows(window).enumerate() {
        let Some((at, hash)) = part.iter().enumerate().rev().min_by_key(|(_, hash)| **hash) else { continue };
        let shingle = Shingle { at: from + at, hash: *hash };
        if chosen.last() != Some(&shingle) {
            chosen.push(shingle);
        }
    }
    chosen
}

/// FNV-1a of 64 bits.
fn hash_of(syllable: &str) -> u64 {
    syllable.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

fn together(hashes: &[u64]) -> u32 {
    let mut whole = 0_u64;
    for hash in hashes {
        whole = (whole.rotate_left(17) ^ hash).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    u32::try_from(whole >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What makes the choice of use: a run that two texts share is found in both by the same hash.
        #[test]
        fn a_shared_run_shares_a_chosen_shingle(
            shared in proptest::collection::vec("[a-d]{1,2}", SYLLABLES + WINDOW - 1..30),
            before in proptest::collection::vec("[e-h]{1,2}", 0..20),
            after in proptest::collection::vec("[i-l]{1,2}", 0..20),
        ) {
            let whole: Vec<&String> = before.iter().chain(&shared).chain(&after).collect();
            let own = shingles(shared.iter().map(String::as_str));
            let theirs = shingles(whole.into_iter().map(String::as_str));
            prop_assert!(own.iter().any(|one| theirs.iter().any(|other| other.hash == one.hash)));
        }
    }

    #[test]
    fn few_syllables_have_few_shingles() {
        assert!(shingles(["a", "b", "c"].into_iter()).is_empty());
        assert_eq!(shingles(["a", "b", "c", "d"].into_iter()).len(), 1);
    }
}
