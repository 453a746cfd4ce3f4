//! Where a store lies while it is tested.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::names::RecordId;
use crate::postgres::connection::Connection;
use crate::postgres::{DatabaseAddress, PostgresStore};
use crate::sqlite::SqliteStore;
use crate::store::Store;

/// Undoes steps 3 and 4 in a SQLite file without logs of others.
pub(crate) const SQLITE_BACK_TO_STEP_2: &str = "
CREATE TABLE log_2 (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, audience TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, frontier BLOB NOT NULL);
INSERT INTO log_2 SELECT id, origin, audience, size, frontier FROM log;
DROP TABLE log; ALTER TABLE log_2 RENAME TO log;
DROP TABLE tile; DROP TABLE gap; DROP TABLE erased; DROP TABLE lookup; DROP TABLE aside; DROP TABLE evidence; DROP TABLE claim;
PRAGMA user_version = 2;
";

/// Undoes steps 3 and 4 in a PostgreSQL database without logs of others.
const POSTGRES_BACK_TO_STEP_2: &str = "
DROP INDEX log_own;
ALTER TABLE log DROP COLUMN own, DROP COLUMN standing, DROP COLUMN checkpoint, DROP COLUMN receipt, DROP COLUMN provisional, DROP COLUMN sought, DROP COLUMN counted,
  DROP COLUMN ruling, ADD CONSTRAINT log_audience_key UNIQUE (audience);
DROP TABLE tile, gap, erased, lookup, aside, evidence, claim;
UPDATE lienvung_schema SET step = 2;
";

/// A database of its own for one test, gone when it ends.
pub(crate) enum Bed {
    /// A file in a folder.
    Sqlite(tempfile::TempDir),
    /// A database on the server of `LIENVUNG_TEST_POSTGRES`.
    Postgres {
        /// Address of the server's own database.
        server: String,
        /// Name of the test's.
        name: String,
    },
}

impl Bed {
    /// A SQLite file in a folder of its own.
    pub(crate) fn sqlite() -> Bed {
        Bed::Sqlite(tempfile::tempdir().unwrap())
    }

    /// A database on the server of `LIENVUNG_TEST_POSTGRES`; none, and the test says so, when that is not set. Its collation is one of a language, where the
    /// server has one, so that an order that hangs on it is noticed.
    pub(crate) fn postgres() -> Option<Bed> {
        let Ok(server) = std::env::var("LIENVUNG_TEST_POSTGRES") else {
            println!("skipped: no PostgreSQL (LIENVUNG_TEST_POSTGRES is not set)");
            return None;
        };
        Some(Bed::on(&server))
    }

    /// A new database on a server.
    pub(crate) fn on(server: &str) -> Bed {
        let name = format!("lienvung_test_{}", RecordId::new().to_string().replace('-', ""));
        run(
            server,
            &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING UTF8 LOCALE_PROVIDER icu ICU_LOCALE 'vi' LOCALE 'C.UTF-8'"),
        );
        Bed::Postgres { server: server.to_owned(), name }
    }

    /// Opens the store: the same database each time.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self {
            Bed::Sqlite(folder) => Arc::new(SqliteStore::open(&folder.path().join("lienvung.sqlite")).unwrap()),
            Bed::Postgres { .. } => Arc::new(PostgresStore::open(&DatabaseAddress::parse(&self.address()).unwrap()).unwrap()),
        }
    }

    /// Puts the database, which nobody has open, back to step 2 of the schema.
    pub(crate) fn back_to_step_2(&self) {
        match self {
            Bed::Sqlite(_) => rusqlite::Connection::open(self.address()).unwrap().execute_batch(SQLITE_BACK_TO_STEP_2).unwrap(),
            Bed::Postgres { .. } => run(&self.address(), POSTGRES_BACK_TO_STEP_2),
        }
    }

    /// The tables of the open database with their columns in the order of the alphabet, but for those that say whose it is and how its engine keeps it.
    pub(crate) fn tables(&self) -> BTreeSet<String> {
        drop(self.open());
        match self {
            Bed::Sqlite(_) => {
                let file = rusqlite::Connection::open(self.address()).unwrap();
                let mut question = file
                    .prepare(
                        "SELECT t.name || ': ' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(t.name) ORDER BY name))
                         FROM sqlite_master t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'meta'",
                    )
                    .unwrap();
                question.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Bed::Postgres { .. } => {
                let connection = Connection::open(&DatabaseAddress::parse(&self.address()).unwrap()).unwrap();
                let question = "SELECT table_name || ': ' || string_agg(column_name, ', ' ORDER BY column_name COLLATE \"C\") FROM information_schema.columns
                    WHERE table_schema = 'public' AND table_name NOT IN ('meta', 'writer', 'lienvung_schema') GROUP BY table_name";
                connection.ask(question, &[]).unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// The address of a test's database on a server.
    pub(crate) fn address(&self) -> String {
        match self {
            Bed::Sqlite(folder) => folder.path().join("lienvung.sqlite").display().to_string(),
            Bed::Postgres { server, name } => {
                let (place, options) = server.split_once('?').unwrap_or((server, ""));
                let (host, _) = place.rsplit_once('/').unwrap();
                format!("{host}/{name}?{options}")
            }
        }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if let Bed::Postgres { server, name } = self
            && !std::thread::panicking()
        {
            run(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// Runs a statement on a database.
pub(crate) fn run(address: &str, statement: &str) {
    Connection::open(&DatabaseAddress::parse(address).unwrap()).unwrap().batch(statement).unwrap();
}
