//! The PostgreSQL store: one writing thread with group commit and a lock that all programs on the database share, and readers with snapshots of their own.

pub(crate) mod address;
mod claim;
pub(crate) mod connection;
mod copy;
mod holding;
mod lead;
mod schema;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;
mod tls;
mod transaction;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::LedgerError;
use crate::store::queue::{Answer, WriteQueue, lock};
use crate::store::{Store, StoreRead, WriteWork};
pub use address::{AddressFault, DatabaseAddress};
use connection::Connection;
use lead::Lead;
use transaction::Session;
use writer::Writer;

/// Most connections that read at one time.
const READERS: usize = 16;
/// How long a reader waits for a connection that another one uses.
const PATIENCE: Duration = Duration::from_secs(10);

/// The store in one PostgreSQL database; several programs may have it open.
pub struct PostgresStore {
    address: DatabaseAddress,
    queue: WriteQueue<(WriteWork, Answer)>,
    readers: Mutex<Readers>,
    returned: Condvar,
    groups: Arc<AtomicU64>,
    lead: Mutex<Lead>,
}

/// Connections for reading.
#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    in_use: usize,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("address", &self.address).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Opens the database of an address, makes its tables when it is empty and brings them up to date.
    ///
    /// # Errors
    /// [`LedgerError::Unreachable`], [`LedgerError::Foreign`], [`LedgerError::Newer`]; the
    /// database stays as it is.
    pub fn open(address: &DatabaseAddress) -> Result<PostgresStore, LedgerError> {
        let writer = Writer::open(address.clone())?;
        let groups = Arc::new(AtomicU64::new(0));
        let counter = groups.clone();
        let queue = WriteQueue::start(move |works| writer.write_all(works, &counter))?;
        let (readers, returned, lead) = (Mutex::default(), Condvar::new(), Mutex::default());
        Ok(PostgresStore { address: address.clone(), queue, readers, returned, groups, lead })
    }

    /// Takes a place among the readers, waiting for one, with a connection if one is idle.
    fn take_place(&self) -> Result<Place<'_>, LedgerError> {
        let until = Instant::now() + PATIENCE;
        let mut readers = lock(&self.readers);
        while readers.in_use >= READERS {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LedgerError::Unreachable(format!("all {READERS} connections are reading")));
            }
            readers = self.returned.wait_timeout(readers, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        readers.in_use += 1;
        Ok(Place { store: self, idle: readers.idle.pop() })
    }

    /// Begins a snapshot on an idle connection, or on a new one when there is none or the server has been away since.
    fn begin(&self, idle: Option<Connection>) -> Result<Connection, LedgerError> {
        if let Some(connection) = idle {
            if connection.batch(SNAPSHOT).is_ok() {
                return Ok(connection);
            }
            // The others were connected to the same server.
            lock(&self.readers).idle.clear();
        }
        let connection = Connection::open(&self.address)?;
        connection.batch(SNAPSHOT)?;
        Ok(connection)
    }
}

/// A place among the readers, given back when dropped, with the connection that the next one may use.
struct Place<'a> {
    store: &'a PostgresStore,
    idle: Option<Connection>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut readers = lock(&self.store.readers);
        readers.in_use = readers.in_use.saturating_sub(1);
        readers.idle.extend(self.idle.take());
        self.store.returned.notify_one();
    }
}

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl Store for PostgresStore {
    fn transact(&self, work: WriteWork) -> Result<(), LedgerError> {
        self.queue.send(|answer| (work, answer))
    }

    fn snapshot(&self, work: &mut dyn FnMut(&dyn StoreRead) -> Result<(), LedgerError>) -> Result<(), LedgerError> {
        let mut place = self.take_place()?;
        let connection = self.begin(place.idle.take())?;
        let result = work(&Session::reading(&connection));
        if connection.batch("COMMIT").is_ok() {
            place.idle = Some(connection);
        }
        result
    }

    /// Frees the space of what was destroyed for the server to use again. Pages that are not used again, the write-ahead log, its archive, standbys and backups
    /// keep the bytes until the server or its operator lets go of them.
    fn scrub(&self) -> Result<(), LedgerError> {
        // On a connection of its own: in a large table it takes minutes, and nobody has to wait for it.
        Connection::open(&self.address)?.batch("VACUUM entry")
    }

    fn copy_to(&self, _file: &Path, _progress: &mut dyn FnMut(u64, u64)) -> Result<(), LedgerError> {
        Err(LedgerError::BackedUpElsewhere)
    }

    fn lead(&self) -> Result<Option<u64>, LedgerError> {
        lock(&self.lead).ask(&self.address)
    }

    fn give_up_lead(&self) {
        lock(&self.lead).give_up();
    }

    fn has_standby(&self) -> Result<Option<bool>, LedgerError> {
        let connection = Connection::open(&self.address)?;
        let rows = connection.ask("SELECT current_setting('synchronous_standby_names') <> ''", &[])?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }

    fn groups_committed(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }
}
