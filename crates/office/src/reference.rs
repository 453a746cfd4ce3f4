//! Who refers to a record: its results, contracts, reports, whatever names it, a few of each kind.

use ledger::RecordId;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::register::{RegisterRow, register_row};

/// Most records that are asked for at once.
const MOST_TARGETS: usize = 50;

/// A record that refers to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The record that is referred to.
    pub to: RecordId,
    /// The record that refers to it.
    pub row: RegisterRow,
    /// How many records of this kind refer to it in all, as far as the reader may see them.
    pub of: u64,
}

impl Office {
    /// The latest `each` records of every kind in `kinds` that refer to each record in `to` (the first 50), as far as this person may see them:
    /// by kind, the latest first. One query, whatever the number of records.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn references(&self, who: &Identity, to: &[RecordId], kinds: &[&str], each: usize) -> Result<Vec<Reference>, OfficeError> {
        let targets: Vec<Sql> = to.iter().take(MOST_TARGETS).map(|id| Sql::Text(id.to_string())).collect();
        if targets.is_empty() || kinds.is_empty() {
            return Ok(Vec::new());
        }
        let marks = |count: usize| vec!["?"; count].join(",");
        let (named, chosen) = (marks(targets.len()), marks(kinds.len()));
        let mut values = targets;
        values.extend(kinds.iter().map(|kind| Sql::Text((*kind).to_owned())));
        let visible = self.visible(who, &mut values);
        values.push(Sql::Integer(i64::try_from(each).unwrap_or(i64::MAX)));
        // A record may name another one in several fields and is shown once.
        let query = format!(
            "SELECT * FROM (
               SELECT id, kind, audience, owner, title, day, state, illustrative, version, places, target,
                 COUNT(*) OVER (PARTITION BY target, kind) AS n, ROW_NUMBER() OVER (PARTITION BY target, kind ORDER BY day DESC, id DESC) AS place
               FROM (SELECT DISTINCT to_record AS target, from_record FROM link WHERE to_record IN ({named})) JOIN record ON id = from_record
               WHERE kind IN ({chosen}) AND {visible})
             WHERE place <= ? ORDER BY kind, day DESC, id DESC"
        );
        self.register().views.read(|connection| {
            let mut statement = connection.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let target: String = row.get(10)?;
                let to = RecordId::parse(&target).map_err(|_| OfficeError::Data(format!("not a record id: {target}")))?;
                found.push(Reference { to, row: register_row(row)?, of: u64::try_from(row.get::<_, i64>(11)?).unwrap_or(0) });
            }
            Ok(found)
        })
    }
}
