//! What entries in logs of other nodes say about records: each is a claim, and those that count are the versions of the records held.
//!
//! Which claims count is decided above (`exchange`); the store keeps the outcome so that the standing version of a record is found at once. A record is known by
//! audience, identifier and the node that made it, so no node can touch or hide what another has made.

use crate::error::LedgerError;
use crate::names::{LeafHash, NodeName, Origin, RecordId};
use crate::store::{StoreWrite, VersionRow};

/// A `put` or `drop` in a log of another node, seen as a version of the record of one maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRow {
    /// Audience of the log.
    pub audience: String,
    /// The log.
    pub log: i64,
    /// Epoch of the log, 0 for the first ([`Origin::epoch`]).
    pub epoch: u32,
    /// The node that made the record; none while the version before is not held.
    pub maker: Option<NodeName>,
    /// In which of the owners' stretches the entry lies, from 0; none when it does not count.
    pub stretch: Option<u32>,
    /// Leaf hash of the version before.
    pub prev: Option<LeafHash>,
    /// Whether the definition of its kind was not held when it was counted, nor since.
    pub lacks: bool,
    /// The version that it is, with the number that it claims; `kind` is empty for a `drop`; `seq` is 0 and `payload` none.
    pub version: VersionRow,
}

/// A version that counts, in the log of another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// The node that made the record.
    pub maker: NodeName,
    /// The log in which the version stands.
    pub log: i64,
    /// Origin of that log.
    pub origin: Origin,
    /// The version with the number that it claims; `seq` is 0.
    pub version: VersionRow,
}

/// How far the entries of a log have been counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counting {
    /// Entries below this place have been counted.
    pub counted: u64,
    /// Digest of the rule of ownership by which they were.
    pub ruling: Option<LeafHash>,
}

/// Reading, beside [`StoreRead`](crate::StoreRead).
pub trait ClaimRead {
    /// How far the entries of a log have been counted.
    fn counting(&self, log: i64) -> Result<Counting, LedgerError>;
    /// Whether there is any claim.
    fn has_claims(&self) -> Result<bool, LedgerError>;
    /// The makers under which an entry about a record is known, in the order of their names; none for an entry that is not held or waits for the version before.
    fn makers(&self, audience: &str, rec: RecordId, leaf: &LeafHash) -> Result<Vec<NodeName>, LedgerError>;
    /// Whether the entry of a log at a place is kept as a claim about a record, under a maker or waiting for one.
    fn is_claimed(&self, audience: &str, rec: RecordId, leaf: &LeafHash, log: i64, index: u64) -> Result<bool, LedgerError>;
    /// Claims that name a version as the one before, from the place after (log, index) on, at most `limit`; a claim with several makers comes several times.
    fn claims_on(
        &self,
        audience: &str,
        rec: RecordId,
        prev: &LeafHash,
        after: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<ClaimRow>, LedgerError>;
    /// The last version that counts of each maker's record, whether put or dropped, in the order of the makers' names.
    fn standings(&self, audience: &str, rec: RecordId) -> Result<Vec<HeldRow>, LedgerError>;
    /// Versions that count of one maker's record whose number is below `before`, last first.
    fn held_versions(
        &self,
        audience: &str,
        rec: RecordId,
        maker: &NodeName,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<HeldRow>, LedgerError>;
    /// Records of a kind after `after` that are current in any log of another node, by id.
    fn held_of_kind(&self, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, LedgerError>;
    /// Claims of a log that lack the definition of their kind, which stands below `below` in the catalogue, at most `limit`.
    fn claims_lacking(&self, log: i64, below: u64, limit: usize) -> Result<Vec<ClaimRow>, LedgerError>;
    /// Whether a log of the node's own has a version of a record with this leaf hash.
    fn is_version(&self, log: i64, rec: RecordId, leaf: &LeafHash) -> Result<bool, LedgerError>;
}

/// Writing, beside [`StoreWrite`].
pub trait ClaimWrite: ClaimRead {
    /// Keeps how far the entries of a log have been counted.
    fn keep_counting(&mut self, log: i64, counting: &Counting) -> Result<(), LedgerError>;
    /// Keeps a claim, or its stretch when it is known under this maker already. Returns whether it is new under this maker. A claim with a maker no longer waits.
    fn put_claim(&mut self, claim: &ClaimRow) -> Result<bool, LedgerError>;
    /// Notes that a claim, under whichever maker, lacks the definition of its kind no longer.
    fn lacks_no_longer(&mut self, claim: &ClaimRow) -> Result<(), LedgerError>;
    /// Forgets all claims about a record in an audience.
    fn forget_claims(&mut self, audience: &str, rec: RecordId) -> Result<(), LedgerError>;
    /// Makes a record one of the current ones of a log.
    fn make_current(&mut self, log: i64, kind: &str, rec: RecordId) -> Result<(), LedgerError>;
    /// Takes a record off the current ones of a log.
    fn not_current(&mut self, log: i64, kind: &str, rec: RecordId) -> Result<(), LedgerError>;
}

/// After claims about a record have changed: makes what stands now current instead of what stood `before`, and notes a change for each maker's record that stands
/// otherwise.
///
/// # Errors
/// Those of the store.
pub fn tell_standing(store: &mut dyn StoreWrite, audience: &str, rec: RecordId, before: &[HeldRow]) -> Result<(), LedgerError> {
    let mut after = store.standings(audience, rec)?;
    for row in before.iter().filter(|row| row.version.op == "put") {
        store.not_current(row.log, &row.version.kind, rec)?;
    }
    for row in &mut after {
        let stood = before.iter().find(|stood| stood.maker == row.maker);
        if row.version.op == "drop"
            && let Some(stood) = stood
        {
            row.version.kind.clone_from(&stood.version.kind);
        }
        let same = stood.is_some_and(|stood| (stood.log, stood.version.index) == (row.log, row.version.index));
        if !same {
            store.note_again(row.log, rec, &row.version.kind, Some(&row.version))?;
        } else if row.version.op == "put" {
            store.make_current(row.log, &row.version.kind, rec)?;
        }
    }
    for stood in before.iter().filter(|stood| !after.iter().any(|row| row.maker == stood.maker)) {
        store.note_again(stood.log, rec, &stood.version.kind, None)?;
    }
    Ok(())
}
