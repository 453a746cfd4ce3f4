//! Records of other nodes, read from the logs held: versions that were counted, read-only here.

use serde_json::Value;

use crate::entry::{Entry, Op};
use crate::error::LedgerError;
use crate::ledger::{CATALOGUE, Reader, Version, Writer, version};
use crate::names::{NodeName, Origin, RecordId};
use crate::payload::Payload;
use crate::store::VersionRow;
use crate::store::claim::HeldRow;

/// A version of another node's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The node that made the record.
    pub maker: NodeName,
    /// The log in which the version stands; its node owns the record since.
    pub origin: Origin,
    /// The version, with the number that it claims. No data also when the payload is none of ours in form.
    pub version: Version,
}

impl Reader<'_> {
    /// The current versions of a record in logs of other nodes of an audience: one for each node that made a record under this identifier, in the order of the
    /// nodes' names. A record that was withdrawn is left out.
    pub fn held(&self, audience: &str, rec: RecordId) -> Result<Vec<Held>, LedgerError> {
        held(self.store.standings(audience, rec)?)
    }

    /// Versions of the record that `maker` made, below number `before`, last first; withdrawals are left out.
    pub fn held_versions(
        &self,
        audience: &str,
        rec: RecordId,
        maker: &NodeName,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Held>, LedgerError> {
        held(self.store.held_versions(audience, rec, maker, before, limit)?)
    }

    /// Whether anything was counted in a log of another node: where nothing was, nobody need look for records of others.
    pub fn holds_records(&self) -> Result<bool, LedgerError> {
        self.store.has_claims()
    }

    /// Records of a kind after `after` that are current in a log of another node, by id.
    pub fn held_of_kind(&self, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, LedgerError> {
        self.store.held_of_kind(kind, after, limit)
    }

    /// A definition in the catalogue log of another node by its place: (name, definition). None when the log is not held, or not counted so far.
    pub fn type_definition_of(&self, node: &NodeName, index: u64) -> Result<Option<(String, Value)>, LedgerError> {
        let Some(log) = self.store.log_of(&Origin::of(node, CATALOGUE)?)? else { return Ok(None) };
        if !log.own && index >= self.store.counting(log.id)?.counted {
            return Ok(None);
        }
        let row = self.store.entries(log.id, index, 1)?.pop().filter(|row| row.index == index);
        let Some(mut published) = row.and_then(|row| row.payload).and_then(|payload| Payload::data(&payload).ok()) else { return Ok(None) };
        let name = published.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(published.get_mut("definition").map(|definition| (name, definition.take())))
    }
}

/// Something that a node says in its catalogue log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its place in the log.
    pub index: u64,
    /// When it was said, by the clock of its node, microseconds since 1970.
    pub at_micros: i64,
    /// What sort it is of, e.g. `type`; empty for an entry that puts nothing.
    pub sort: String,
    /// What is said; none when it was erased, or is none of ours in form.
    pub said: Option<Value>,
}

impl Writer<'_> {
    /// What the catalogue log of another node says from the place `from` on, at most `limit` entries of those that were counted.
    pub fn published_by(&self, node: &NodeName, from: u64, limit: usize) -> Result<Vec<Published>, LedgerError> {
        let Some(log) = self.store().log_of(&Origin::of(node, CATALOGUE)?)? else { return Ok(Vec::new()) };
        let counted = self.store().counting(log.id)?.counted;
        let limit = limit.min(usize::try_from(counted.saturating_sub(from)).unwrap_or(limit));
        let mut published = Vec::new();
        for row in self.store().entries(log.id, from, limit)? {
            let entry = Entry::from_bytes(&row.bytes)?;
            let sort = match entry.op {
                Op::Put { typ, .. } => typ,
                _ => String::new(),
            };
            let said = row.payload.and_then(|payload| Payload::data(&payload).ok());
            published.push(Published { index: row.index, at_micros: entry.at.saturating_mul(1_000_000), sort, said });
        }
        Ok(published)
    }
}

fn held(rows: Vec<HeldRow>) -> Result<Vec<Held>, LedgerError> {
    let mut found = Vec::with_capacity(rows.len());
    for HeldRow { maker, origin, version: row, .. } in rows {
        if row.op != "put" {
            continue;
        }
        // What another node has written need not be a payload as we write it.
        let data = row.payload.as_deref().and_then(|payload| Payload::data(payload).ok());
        found.push(Held { maker, origin, version: Version { data, ..version(VersionRow { payload: None, ..row })? } });
    }
    Ok(found)
}
