//! Where a store lies while it is tested.

use std::sync::Arc;

use crate::sqlite::SqliteStore;
use crate::store::Store;

/// A database of its own for one test, gone when it ends.
pub(crate) struct Bed {
    folder: tempfile::TempDir,
}

impl Bed {
    /// A SQLite file in a folder of its own.
    pub(crate) fn sqlite() -> Bed {
        Bed { folder: tempfile::tempdir().unwrap() }
    }

    /// Opens the store: the same database each time.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.folder.path().join("lienvung.sqlite")).unwrap())
    }
}
