//! The schema and its steps, with the numbers of those of SQLite. Forward only; a database of a newer program or of another one is refused untouched.

use crate::error::LedgerError;
use crate::postgres::connection::Connection;
use crate::postgres::transaction::Session;
use crate::store::holding::learn_from_entries;

/// Each step brings the schema from its place in the list to the next number. Texts that are sought or ordered are compared byte by byte (`COLLATE "C"`),
/// so that every engine gives the same order.
pub(super) const STEPS: [&str; 4] = [STEP_1, STEP_2, STEP_3, STEP_4];

const STEP_1: &str = r#"
CREATE TABLE lienvung_schema (step BIGINT NOT NULL);
INSERT INTO lienvung_schema VALUES (0);
CREATE TABLE meta (key TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE log (id BIGINT PRIMARY KEY, origin TEXT COLLATE "C" NOT NULL UNIQUE, audience TEXT COLLATE "C" NOT NULL UNIQUE, size BIGINT NOT NULL,
  frontier BYTEA NOT NULL);
-- place = log << 40 | index, as in SQLite.
CREATE TABLE entry (place BIGINT PRIMARY KEY, leaf BYTEA NOT NULL, bytes BYTEA NOT NULL, payload BYTEA);
CREATE TABLE version (log BIGINT NOT NULL, rec BYTEA NOT NULL, ver BIGINT NOT NULL, op TEXT COLLATE "C" NOT NULL, kind TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL, seq BIGINT NOT NULL, place BIGINT NOT NULL, PRIMARY KEY (log, rec, ver));
CREATE TABLE current (log BIGINT NOT NULL, kind TEXT COLLATE "C" NOT NULL, rec BYTEA NOT NULL, PRIMARY KEY (log, kind, rec));
CREATE TABLE change (seq BIGINT PRIMARY KEY, log BIGINT NOT NULL, op TEXT COLLATE "C" NOT NULL, rec BYTEA NOT NULL, ver BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL, place BIGINT);
CREATE TABLE cabinet (drawer TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, value TEXT NOT NULL, PRIMARY KEY (drawer, key));
-- Only here: how many groups each running program has committed, written with each group, so that it can ask after a connection lost in a commit.
CREATE TABLE writer (run BYTEA PRIMARY KEY, commits BIGINT NOT NULL, asked BIGINT NOT NULL DEFAULT 0);
"#;

/// No database of this engine was ever of step 1, so there is nothing to learn from entries.
const STEP_2: &str = "
ALTER TABLE version ADD COLUMN cat BIGINT NOT NULL DEFAULT 0;
";

/// Logs of other nodes are held beside the own ones, with what the exchange needs of both.
const STEP_3: &str = r#"
ALTER TABLE log DROP CONSTRAINT log_audience_key;
ALTER TABLE log ADD COLUMN own BOOLEAN NOT NULL DEFAULT TRUE, ADD COLUMN standing TEXT NOT NULL DEFAULT 'following', ADD COLUMN checkpoint TEXT, ADD COLUMN receipt TEXT,
  ADD COLUMN provisional BIGINT NOT NULL DEFAULT 0, ADD COLUMN sought BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log ALTER COLUMN own DROP DEFAULT;
CREATE UNIQUE INDEX log_own ON log (audience) WHERE own;
CREATE TABLE tile (log BIGINT NOT NULL, level BIGINT NOT NULL, at BIGINT NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY (log, level, at));
CREATE TABLE gap (log BIGINT NOT NULL, place BIGINT NOT NULL, PRIMARY KEY (log, place));
CREATE TABLE erased (log BIGINT NOT NULL, pay BYTEA NOT NULL, PRIMARY KEY (log, pay));
-- head = the first 8 bytes of a commitment; filled when something is to be erased, up to log.sought.
CREATE TABLE lookup (log BIGINT NOT NULL, head BYTEA NOT NULL, place BIGINT NOT NULL, PRIMARY KEY (log, head, place));
CREATE TABLE aside (log BIGINT NOT NULL, pile TEXT COLLATE "C" NOT NULL, number BIGINT NOT NULL, place BIGINT NOT NULL, leaf BYTEA NOT NULL, bytes BYTEA NOT NULL,
  payload BYTEA, PRIMARY KEY (log, pile, number));
CREATE TABLE evidence (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin TEXT COLLATE "C" NOT NULL, digest BYTEA NOT NULL, text TEXT NOT NULL,
  UNIQUE (origin, digest));
"#;

/// Entries of other nodes' logs are counted as versions of records: one row for each entry and each maker whose record it is a version of. `maker` is empty while the
/// version before is not held, `stretch` -1 when the entry does not
/// count, `lacks` true while the definition of the kind is not held.
const STEP_4: &str = r#"
ALTER TABLE log ADD COLUMN counted BIGINT NOT NULL DEFAULT 0, ADD COLUMN ruling BYTEA;
CREATE TABLE claim (audience TEXT COLLATE "C" NOT NULL, rec BYTEA NOT NULL, leaf BYTEA NOT NULL, place BIGINT NOT NULL, maker TEXT COLLATE "C" NOT NULL,
  stretch BIGINT NOT NULL, epoch BIGINT NOT NULL, prev BYTEA, ver BIGINT NOT NULL, op TEXT COLLATE "C" NOT NULL, kind TEXT COLLATE "C" NOT NULL, cat BIGINT NOT NULL,
  at BIGINT NOT NULL, lacks BOOLEAN NOT NULL, PRIMARY KEY (audience, rec, leaf, place, maker));
CREATE INDEX claim_on ON claim (audience, rec, prev, place) WHERE prev IS NOT NULL;
CREATE INDEX claim_standing ON claim (audience, rec, maker, stretch, epoch, place) WHERE stretch >= 0;
CREATE INDEX claim_lacking ON claim ((place >> 40), cat, place) WHERE lacks;
"#;

/// Brings the database up to date. Programs that start at the same time do it one after another.
///
/// # Errors
/// `Foreign` when it holds tables of another program or keeps texts in another encoding, `Newer`; the database stays as it is.
pub(super) fn migrate(connection: &Connection, lock: &'static str) -> Result<(), LedgerError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    connection.order("BEGIN", Vec::new());
    connection.order(lock, Vec::new());
    let place = connection.query(
        "SELECT current_database()::text, current_setting('server_encoding'), to_regclass('lienvung_schema') IS NOT NULL,
         (SELECT COUNT(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f'))",
        &[],
    )?;
    let Some(row) = place.first() else { return Err(LedgerError::Server("no answer".to_owned())) };
    let (database, encoding, ours, tables): (String, String, bool, i64) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    if encoding != "UTF8" {
        return Err(LedgerError::Foreign(format!("the database {database} keeps texts in {encoding} instead of UTF8 and")));
    }
    if !ours && tables != 0 {
        return Err(LedgerError::Foreign(format!("the database {database} holds other tables and")));
    }
    let found: i64 = if ours {
        match connection.query("SELECT step FROM lienvung_schema", &[])?.first() {
            Some(row) => row.try_get(0)?,
            None => return Err(LedgerError::Damaged("lienvung_schema is empty".to_owned())),
        }
    } else {
        0
    };
    if found > known {
        return Err(LedgerError::Newer { found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        connection.batch(step)?;
    }
    if found < 3 {
        learn_from_entries(&mut Session::reading(connection))?;
    }
    if found < known {
        connection.order("UPDATE lienvung_schema SET step = $1", vec![Box::new(known)]);
    }
    connection.batch("COMMIT")
}
