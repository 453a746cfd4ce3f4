//! Connections of one view: one that writes, a few that read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::error::OfficeError;
use crate::view_file::{cursor, open_kept_view, open_reader, open_view};

/// A view's file with its connections. Readers see whole batches only.
#[derive(Debug)]
pub(crate) struct ViewPool {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl ViewPool {
    /// `keeps`: whether this program keeps the views of the folder, or only reads them beside the one that does.
    pub(crate) fn open(path: &Path, shape: i64, schema: &str, keeps: bool) -> Result<ViewPool, OfficeError> {
        let writer = if keeps { open_view(path, shape, schema)? } else { open_kept_view(path, shape)? };
        Ok(ViewPool { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) })
    }

    /// The writing connection. A panic under the lock rolls its transaction back, so the lock may be taken again.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a reading connection inside one snapshot.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, OfficeError>) -> Result<T, OfficeError> {
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match pooled {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let snapshot = connection.transaction()?;
        let result = work(&snapshot);
        drop(snapshot);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < 4 {
            readers.push(connection);
        }
        result
    }

    /// Empties the write-ahead log, so that what was deleted is gone from disk.
    ///
    /// # Errors
    /// Also when a reader keeps it from being emptied.
    pub(crate) fn scrub(&self) -> Result<(), OfficeError> {
        let is_busy: bool = self.writer().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy { Err(OfficeError::Data("somebody reads an older state of the view".to_owned())) } else { Ok(()) }
    }

    pub(crate) fn cursor(&self) -> Result<u64, OfficeError> {
        cursor(&self.writer())
    }

    /// Empties the view: every row of `tables` and the cursor, in one transaction.
    pub(crate) fn clear(&self, tables: &[&str]) -> Result<(), OfficeError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        for table in tables {
            transaction.execute(&format!("DELETE FROM {table}"), [])?;
        }
        transaction.execute("UPDATE cursor SET seq = 0", [])?;
        transaction.commit()?;
        Ok(())
    }
}
