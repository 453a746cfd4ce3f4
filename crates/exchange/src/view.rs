//! The view: which entries count for which record. A pure function of the logs held and the directory (promises I2, I3, I10).
//!
//! An entry without `prev` makes a record; every other one belongs to the record whose version it names, which must be one of the same identifier and audience. It
//! counts when its log was the owner's at that place. Should a second node "make" a record under an identifier that another uses already, both stand, each under its maker's name: nobody can touch or
//! hide what another has made.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{LeafHash, NodeName, Op, Origin, RecordId};
use sha2::{Digest, Sha256};

use crate::directory::{Directory, Tenure, holds_records};

/// An entry as the view needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its place in the log.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: LeafHash,
    /// What it does.
    pub op: Op,
}

/// What a record is known by: its audience, its identifier, and who made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// The audience of the logs.
    pub audience: String,
    /// The identifier.
    pub rec: RecordId,
    /// The node that made it.
    pub maker: NodeName,
}

/// A version that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Where it stands.
    pub origin: Origin,
    /// Its place.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: LeafHash,
    /// The version number that it claims.
    pub ver: u64,
    /// Whether it withdraws the record.
    pub is_drop: bool,
}

/// The records of all logs given, each with its versions, the owners' stretches one after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The records.
    pub records: BTreeMap<RecordKey, Vec<Counted>>,
    /// Entries that do not count: outside ownership, or after a version that is not held.
    pub void: Vec<(Origin, u64)>,
}

/// By audience and record, the makers under which the entry with a leaf hash is known.
type Makers = BTreeMap<(String, RecordId, LeafHash), BTreeSet<NodeName>>;

/// An entry that says something about a record.
struct Claim<'a> {
    origin: &'a Origin,
    placed: &'a Placed,
    rec: RecordId,
    ver: u64,
    prev: Option<LeafHash>,
    is_drop: bool,
}

impl Claim<'_> {
    /// The makers of the record of which this is a version: the log's node when it makes the record, else those of the version before.
    fn makers(&self, makers: &Makers) -> BTreeSet<NodeName> {
        match self.prev {
            None => BTreeSet::from([self.origin.node()]),
            Some(prev) => makers.get(&(self.origin.audience().to_owned(), self.rec, prev)).cloned().unwrap_or_default(),
        }
    }
}

/// A version names one in the same log before it, or one in the log of the owner before; so a few rounds are enough.
///
/// An entry may stand in several logs, because a dishonest node can copy what another has written, byte by byte; then what follows on it is known under each of
/// their makers, and ownership decides for which it counts.
fn makers_of(claims: &[Claim<'_>]) -> Makers {
    let mut makers = Makers::new();
    loop {
        let mut grew = false;
        for claim in claims {
            let found = claim.makers(&makers);
            if !found.is_empty() {
                let known = makers.entry((claim.origin.audience().to_owned(), claim.rec, claim.placed.leaf)).or_default();
                let before = known.len();
                known.extend(found);
                grew |= known.len() > before;
            }
        }
        if !grew {
            return makers;
        }
    }
}

impl View {
    /// Computes the view over the entries that count in each log: those below its verified checkpoint, all in the node's own logs.
    pub fn of(directory: &Directory, logs: &BTreeMap<Origin, Vec<Placed>>) -> View {
        let mut claims: Vec<Claim<'_>> = Vec::new();
        for (origin, entries) in logs {
            if !holds_records(origin.audience()) {
                continue;
            }
            for placed in entries {
                match &placed.op {
                    Op::Put { rec, ver, prev, .. } => {
                        claims.push(Claim { origin, placed, rec: *rec, ver: *ver, prev: *prev, is_drop: false });
                    }
                    Op::Drop { rec, ver, prev } => {
                        claims.push(Claim { origin, placed, rec: *rec, ver: *ver, prev: Some(*prev), is_drop: true });
                    }
                    Op::Erase { .. } | Op::Other(_) => {}
                }
            }
        }
        let makers = makers_of(&claims);
        let mut view = View::default();
        let mut tenures: BTreeMap<(NodeName, RecordId), Vec<Tenure>> = BTreeMap::new();
        let mut counted: BTreeMap<RecordKey, Vec<(usize, Counted)>> = BTreeMap::new();
        for claim in &claims {
            let Claim { origin, placed, rec, ver, is_drop, .. } = claim;
            let mut counts = false;
            for maker in claim.makers(&makers) {
                let tenures = tenures.entry((maker.clone(), *rec)).or_insert_with(|| directory.tenures(&maker, *rec));
                let Some(stretch) = tenures.iter().position(|tenure| tenure.covers(origin, placed.index)) else { continue };
                let key = RecordKey { audience: origin.audience().to_owned(), rec: *rec, maker };
                let version = Counted { origin: (*origin).clone(), index: placed.index, leaf: placed.leaf, ver: *ver, is_drop: *is_drop };
                counted.entry(key).or_default().push((stretch, version));
                counts = true;
            }
            if !counts {
                view.void.push(((*origin).clone(), placed.index));
            }
        }
        for (key, mut versions) in counted {
            versions.sort_by_key(|(stretch, version)| (*stretch, version.origin.epoch(), version.index));
            view.records.insert(key, versions.into_iter().map(|(_, version)| version).collect());
        }
        view
    }

    /// SHA-256 over the sorted (audience, record, maker, version, leaf): equal on every holder of the same entries (promise I10).
    pub fn digest(&self) -> LeafHash {
        let mut hash = Sha256::new();
        for (key, versions) in &self.records {
            for version in versions {
                let line = format!("{} {} {} {} {}\n", key.audience, key.rec, key.maker.as_str(), version.ver, version.leaf.to_hex());
                hash.update(line.as_bytes());
            }
        }
        LeafHash(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use ledger::Entry;
    use ledger::tree::leaf_hash;

    use super::*;
    use crate::key::NodeKey;

    #[test]
    fn who_copies_what_another_has_written_neither_hides_nor_continues_it() {
        let rec = RecordId::new();
        let put = |ver, prev| Op::Put { rec, typ: "task".into(), cat: 0, ver, prev, pay: LeafHash([0; 32]), len: 0 };
        let bytes = Entry::new(0, put(1, None)).to_bytes().unwrap();
        let leaf = leaf_hash(&bytes);
        let (first, second) =
            (Placed { index: 0, leaf, op: put(1, None) }, Placed { index: 1, leaf: LeafHash([1; 32]), op: put(2, Some(leaf)) });
        let origin = |node: &str| Origin::of(&NodeName::parse(node).unwrap(), "public").unwrap();
        let logs = BTreeMap::from([
            (origin("aaa"), vec![first.clone()]),
            (origin("kontum"), vec![first.clone(), second]),
            (origin("zzz"), vec![first, Placed { index: 1, leaf: LeafHash([2; 32]), op: put(2, Some(leaf)) }]),
        ]);
        let centre = NodeName::parse("bo.khcn").unwrap();
        let directory = Directory::of(&centre, NodeKey::from_seed(&[1; 32]).public(), &BTreeMap::new());
        let view = View::of(&directory, &logs);
        let versions: Vec<(&str, usize)> = view.records.iter().map(|(key, versions)| (key.maker.as_str(), versions.len())).collect();
        assert_eq!(versions, [("aaa", 1), ("kontum", 2), ("zzz", 2)]);
        assert_eq!(view.void, []);
    }
}
