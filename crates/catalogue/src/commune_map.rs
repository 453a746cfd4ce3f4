//! Communes before 1 July 2025 and the communes they lie in since (Resolution 202/2025/QH15; districts ended on the same day).

/// How much of an old commune lies in a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    Whole,
    /// A part: the old commune was split.
    Part,
}

/// A commune in which an old one, or a part of it, lies since 1 July 2025.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The stored code of list `communes` on 1 July 2025; [`crate::CodeList::now_of`] gives the one of a later day.
    pub code: String,
    /// How much of the old commune lies there.
    pub share: Share,
    /// The target to suggest for a commune that was split. A person confirms it; it is never an answer by itself.
    pub default: bool,
}

/// Old communes, by their statistics codes before 1 July 2025, with what they lie in since.
#[derive(Debug, Clone, Default)]
pub struct CommuneMap {
    /// Old codes in order, each with the place after its last successor.
    old: Vec<(String, usize)>,
    successors: Vec<Successor>,
}

impl CommuneMap {
    /// Takes pairs of old code and successor in any order.
    pub(crate) fn new(mut pairs: Vec<(String, Successor)>) -> CommuneMap {
        pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut map = CommuneMap::default();
        for (old, successor) in pairs {
            map.successors.push(successor);
            let end = map.successors.len();
            match map.old.last_mut() {
                Some((last, after)) if *last == old => *after = end,
                _ => map.old.push((old, end)),
            }
        }
        map
    }

    /// What an old commune lies in since 1 July 2025: one commune, several when it was split, none when the code is unknown. The five island districts
    /// without communes stand under `district:<old district code>`.
    pub fn now_of(&self, old_commune_code: &str) -> &[Successor] {
        let Ok(at) = self.old.binary_search_by(|(old, _)| old.as_str().cmp(old_commune_code)) else { return &[] };
        self.between(at)
    }

    /// Every old code in order, with its successors.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Successor])> {
        self.old.iter().enumerate().map(|(at, (old, _))| (old.as_str(), self.between(at)))
    }

    fn between(&self, at: usize) -> &[Successor] {
        let from = at.checked_sub(1).and_then(|before| self.old.get(before)).map_or(0, |(_, end)| *end);
        let end = self.old.get(at).map_or(from, |(_, end)| *end);
        self.successors.get(from..end).unwrap_or_default()
    }
}
