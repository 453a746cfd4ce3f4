//! One SQLite file per view: opened or made, with its cursor; deleted and rebuilt when damaged or of another shape.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::error::OfficeError;

/// Opens the view at `path` with the tables of `schema`. A file that cannot be read, or was made by another `shape`, is removed and made anew:
/// a view holds nothing of its own.
pub(crate) fn open_view(path: &Path, shape: i64, schema: &str) -> Result<Connection, OfficeError> {
    match try_open(path, shape, schema) {
        Ok(Some(connection)) => Ok(connection),
        Ok(None) | Err(_) => {
            remove_view(path)?;
            try_open(path, shape, schema)?.ok_or_else(|| OfficeError::Data(format!("view {} cannot be made", path.display())))
        }
    }
}

/// Opens the view beside the program that keeps it: nothing is made, repaired or removed.
pub(crate) fn open_kept_view(path: &Path, shape: i64) -> Result<Connection, OfficeError> {
    let connection = open_reader(path)?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == shape { Ok(connection) } else { Err(OfficeError::kept_elsewhere()) }
}

/// A second connection that only reads.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, OfficeError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "cache_size", -2_000)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise statements are planned anew whenever a bound value changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn try_open(path: &Path, shape: i64, schema: &str) -> Result<Option<Connection>, OfficeError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A view can always be rebuilt, so losing the last moments in a power cut costs only time: the cursor is in the same transaction as the rows.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -4_000)?;
    // What an erasure deletes is overwritten with zeros.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == 0 {
        connection.execute_batch(schema)?;
        connection.execute_batch(
            "CREATE TABLE cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL); INSERT INTO cursor VALUES (1, 0);",
        )?;
        connection.pragma_update(None, "user_version", shape)?;
        return Ok(Some(connection));
    }
    let sound: Option<String> = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).optional()?;
    Ok((found == shape && sound.as_deref() == Some("ok")).then_some(connection))
}

fn remove_view(path: &Path) -> Result<(), OfficeError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The last change the view has applied.
pub(crate) fn cursor(connection: &Connection) -> Result<u64, OfficeError> {
    let seq: i64 = connection.query_row("SELECT seq FROM cursor", [], |row| row.get(0))?;
    Ok(u64::try_from(seq).unwrap_or(0))
}

/// Moves the cursor; call it inside the transaction of the rows.
pub(crate) fn set_cursor(connection: &Connection, seq: u64) -> Result<(), OfficeError> {
    connection.execute("UPDATE cursor SET seq = ?1", [i64::try_from(seq).unwrap_or(i64::MAX)])?;
    Ok(())
}

/// SHA-256 over all rows of `query`, each column printed, in the order of the query. Equal views have equal digests.
pub(crate) fn digest_rows(connection: &Connection, query: &str) -> Result<String, OfficeError> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    let mut statement = connection.prepare(query)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            let value = row.get_ref(column)?;
            hash.update(format!("{value:?}\u{1f}").as_bytes());
        }
        hash.update([0x1e]);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text)
}
