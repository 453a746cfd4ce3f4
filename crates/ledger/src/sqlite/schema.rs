//! The schema and its steps. Forward only; a file of a newer program or of another one is refused untouched.

use std::path::Path;

use rusqlite::Connection;

use crate::error::LedgerError;
use crate::sqlite::transaction::Session;
use crate::store::holding::learn_from_entries;

/// "LVng": tells our files from other SQLite files.
const APPLICATION: i64 = 0x4c56_6e67;

/// Each step brings the schema from its place in the list to the next number.
pub(super) const STEPS: [&str; 4] = [STEP_1, STEP_2, STEP_3, STEP_4];

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

/// Logs of other nodes are held beside the own ones, with what the exchange needs of both.
const STEP_3: &str = "
CREATE TABLE log_3 (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, audience TEXT NOT NULL, size INTEGER NOT NULL, frontier BLOB NOT NULL, own INTEGER NOT NULL,
  standing TEXT NOT NULL DEFAULT 'following', checkpoint TEXT, receipt TEXT, provisional INTEGER NOT NULL DEFAULT 0, sought INTEGER NOT NULL DEFAULT 0);
INSERT INTO log_3 (id, origin, audience, size, frontier, own) SELECT id, origin, audience, size, frontier, 1 FROM log;
DROP TABLE log;
ALTER TABLE log_3 RENAME TO log;
CREATE UNIQUE INDEX log_own ON log (audience) WHERE own = 1;
CREATE TABLE tile (log INTEGER NOT NULL, level INTEGER NOT NULL, at INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (log, level, at)) WITHOUT ROWID;
CREATE TABLE gap (log INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (log, place)) WITHOUT ROWID;
CREATE TABLE erased (log INTEGER NOT NULL, pay BLOB NOT NULL, PRIMARY KEY (log, pay)) WITHOUT ROWID;
-- head = the first 8 bytes of a commitment; filled when something is to be erased, up to log.sought.
CREATE TABLE lookup (log INTEGER NOT NULL, head BLOB NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (log, head, place)) WITHOUT ROWID;
CREATE TABLE aside (log INTEGER NOT NULL, pile TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, leaf BLOB NOT NULL, bytes BLOB NOT NULL, payload BLOB,
  PRIMARY KEY (log, pile, number));
CREATE TABLE evidence (number INTEGER PRIMARY KEY, origin TEXT NOT NULL, digest BLOB NOT NULL, text TEXT NOT NULL, UNIQUE (origin, digest));
";

/// Entries of other nodes' logs are counted as versions of records: one row for each entry and each maker whose record it is a version of. `maker` is empty while the
/// version before is not held, `stretch` -1 when the entry does not
/// count, `lacks` 1 while the definition of the kind is not held.
const STEP_4: &str = "
ALTER TABLE log ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN ruling BLOB;
CREATE TABLE claim (audience TEXT NOT NULL, rec BLOB NOT NULL, leaf BLOB NOT NULL, place INTEGER NOT NULL, maker TEXT NOT NULL, stretch INTEGER NOT NULL,
  epoch INTEGER NOT NULL, prev BLOB, ver INTEGER NOT NULL, op TEXT NOT NULL, kind TEXT NOT NULL, cat INTEGER NOT NULL, at INTEGER NOT NULL,
  lacks INTEGER NOT NULL, PRIMARY KEY (audience, rec, leaf, place, maker)) WITHOUT ROWID;
CREATE INDEX claim_on ON claim (audience, rec, prev, place) WHERE prev IS NOT NULL;
CREATE INDEX claim_standing ON claim (audience, rec, maker, stretch, epoch, place) WHERE stretch >= 0;
CREATE INDEX claim_lacking ON claim (place >> 40, cat, place) WHERE lacks = 1;
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
    if done < 3 {
        learn_from_entries(&mut Session::new(&transaction))?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))?;
    transaction.commit()?;
    Ok(())
}
