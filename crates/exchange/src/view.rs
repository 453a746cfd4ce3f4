//! The view: which entries count for which record. A pure function of the logs held and the directory (promises I2, I3, I10).
//!
//! An entry without `prev` makes a record; every other one belongs to the record whose version it names. It counts when its log was the owner's at that
//! place. Should a second node "make" a record under an identifier that another uses already, both stand, each under its maker's name: nobody can touch or
//! hide what another has made.

use std::collections::BTreeMap;

use ledger::{LeafHash, NodeName, Op, Origin, RecordId};
use sha2::{Digest, Sha256};

use crate::directory::{CATALOGUE, DIRECTORY, Directory, Tenure};

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

/// An entry that says something about a record.
struct Claim<'a> {
    origin: &'a Origin,
    placed: &'a Placed,
    rec: RecordId,
    ver: u64,
    prev: Option<LeafHash>,
    is_drop: bool,
}

impl View {
    /// Computes the view over the entries that count in each log: those below its verified checkpoint, all in the node's own logs.
    pub fn of(directory: &Directory, logs: &BTreeMap<Origin, Vec<Placed>>) -> View {
        let mut makers: BTreeMap<LeafHash, NodeName> = BTreeMap::new();
        let mut claims: Vec<Claim<'_>> = Vec::new();
        for (origin, entries) in logs {
            if matches!(origin.audience(), DIRECTORY | CATALOGUE) {
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
        // A version names one in the same log before it, or one in the log of the owner before; so a few rounds are enough.
        loop {
            let known = makers.len();
            for claim in &claims {
                let maker = match &claim.prev {
                    None => Some(claim.origin.node()),
                    Some(prev) => makers.get(prev).cloned(),
                };
                if let Some(maker) = maker {
                    makers.entry(claim.placed.leaf).or_insert(maker);
                }
            }
            if makers.len() == known {
                break;
            }
        }
        let mut view = View::default();
        let mut tenures: BTreeMap<(NodeName, RecordId), Vec<Tenure>> = BTreeMap::new();
        let mut counted: BTreeMap<RecordKey, Vec<(usize, Counted)>> = BTreeMap::new();
        for Claim { origin, placed, rec, ver, is_drop, .. } in claims {
            let maker = makers.get(&placed.leaf);
            let stretch = maker.and_then(|maker| {
                let tenures = tenures.entry((maker.clone(), rec)).or_insert_with(|| directory.tenures(maker, rec));
                tenures.iter().position(|tenure| tenure.covers(origin, placed.index))
            });
            let (Some(maker), Some(stretch)) = (maker, stretch) else {
                view.void.push((origin.clone(), placed.index));
                continue;
            };
            let key = RecordKey { audience: origin.audience().to_owned(), rec, maker: maker.clone() };
            let version = Counted { origin: origin.clone(), index: placed.index, leaf: placed.leaf, ver, is_drop };
            counted.entry(key).or_default().push((stretch, version));
        }
        for (key, mut versions) in counted {
            versions.sort_by(|(left_stretch, left), (right_stretch, right)| {
                (left_stretch, &left.origin, left.index).cmp(&(right_stretch, &right.origin, right.index))
            });
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
