//! The schema and its steps. Forward only; a file of a newer program or of another one is refused untouched.

use std::path::Path;

use rusqlite::Connection;

use crate::error::LedgerError;

/// "LVng": tells our files from other SQLite files.
const APPLICATION: i64 = 0x4c56_6e67;

/// Each step brings the schema from its place in the list to the next number.
pub(super) const STEPS: [&str; 2] = [STEP_1, STEP_2];

const STEP_1: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE log (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, audience TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, frontier BLOB NOT NULL);
-- place = log << 40 | index: entries and payloads lie in log order.
CREATE TABLE entry (place INTEGER PRIMARY KEY, leaf BLOB NOT NULL, bytes BLOB NOT NULL, payload BLOB);
CREATE TABLE version (log INTEGER NOT NULL, rec BLOB NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
  place INTEGER NOT NULL, PRIMARY KEY (log, rec, ver)) WITHOUT ROWID;
CREATE TABLE current (log INTEGER NOT NULL, kind TEXT NOT NULL, rec BLOB NOT NULL, PRIMARY KEY (log, kind, rec)) WITHOUT ROWID;
CREATE TABLE change (seq INTEGER PRIMARY KEY AUTOINCREMENT, log INTEGER NOT NULL, op TEXT NOT NULL, rec BLOB NOT NULL, ver INTEGER NOT NULL, kind TEXT NOT NULL,
  place INTEGER);
CREATE TABLE cabinet (drawer TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (drawer, key)) WITHOUT ROWID;
";

/// Every version says which definition of its kind it was written under, as its entry does.
const STEP_2: &str = "
ALTER TABLE version ADD COLUMN cat INTEGER NOT NULL DEFAULT 0;
UPDATE version SET cat = coalesce((SELECT json_extract(CAST(bytes AS TEXT), '$.cat') FROM entry WHERE entry.place = version.place), 0);
";

/// Refuses a file of another program or of a newer one; reads only.
pub(super) fn refuse_others(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0))?;
    if application != APPLICATION && (application != 0 || found != 0 || tables != 0) {
        return Err(LedgerError::Foreign(path.display().to_string()));
    }
    if found > known { Err(LedgerError::Newer { found, known }) } else { Ok(()) }
}

/// Brings the file up to date.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(found).unwrap_or(0);
    if done == STEPS.len() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))?;
    transaction.commit()?;
    Ok(())
}
