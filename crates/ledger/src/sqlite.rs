//! The SQLite store: one writing thread with group commit, a pool of readers, write-ahead log, `synchronous=FULL`.

mod claim;
mod copy;
mod holding;
mod schema;
mod transaction;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::backup::copy_database;
use crate::error::LedgerError;
use crate::store::queue::{Answer, WriteQueue, give_all, lock, next_group};
use crate::store::{Store, StoreRead, WriteWork};
use transaction::{Desk, LogTable, Session};

/// Most commands that share one commit.
const GROUP: usize = 256;
/// Readers kept open.
const READERS: usize = 8;

/// What the writing thread is asked to do.
enum Command {
    Work(WriteWork, Answer),
    Scrub(Answer),
}

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    queue: WriteQueue<Command>,
    readers: Mutex<Vec<Connection>>,
    groups: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Opens or makes the file and brings its schema up to date.
    ///
    /// # Errors
    /// [`LedgerError::Newer`], [`LedgerError::Foreign`], [`LedgerError::Damaged`] leave the file as it is.
    pub fn open(path: &Path) -> Result<SqliteStore, LedgerError> {
        let mut connection = Connection::open(path)?;
        // Before anything is set: a file that is refused stays as it is.
        schema::refuse_others(&connection, path)?;
        prepare(&connection)?;
        schema::migrate(&mut connection)?;
        let groups = Arc::new(AtomicU64::new(0));
        let counter = groups.clone();
        let queue = WriteQueue::start(move |commands| write_all(connection, commands, &counter))?;
        Ok(SqliteStore { path: path.to_owned(), queue, readers: Mutex::new(Vec::new()), groups })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The connection that writes closes last: it alone can empty the write-ahead log into the file, which is then all there is.
        lock(&self.readers).clear();
    }
}

impl Store for SqliteStore {
    fn transact(&self, work: WriteWork) -> Result<(), LedgerError> {
        self.queue.send(|answer| Command::Work(work, answer))
    }

    fn snapshot(&self, work: &mut dyn FnMut(&dyn StoreRead) -> Result<(), LedgerError>) -> Result<(), LedgerError> {
        let pooled = lock(&self.readers).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        connection.execute_batch("BEGIN")?;
        let result = work(&Session::new(&connection));
        let ended = connection.execute_batch("COMMIT");
        if ended.is_ok() {
            let mut readers = lock(&self.readers);
            if readers.len() < READERS {
                readers.push(connection);
            }
        }
        result
    }

    fn scrub(&self) -> Result<(), LedgerError> {
        self.queue.send(Command::Scrub)
    }

    fn copy_to(&self, file: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LedgerError> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        copy_database(&open_reader(&self.path)?, file, progress)
    }

    /// Always: one program at a time keeps a folder.
    fn lead(&self) -> Result<Option<u64>, LedgerError> {
        Ok(Some(0))
    }

    fn give_up_lead(&self) {}

    fn has_standby(&self) -> Result<Option<bool>, LedgerError> {
        Ok(None)
    }

    fn groups_committed(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }
}

/// Number of the last step of the schema.
#[cfg(test)]
pub(crate) fn steps() -> usize {
    schema::STEPS.len()
}

/// How long a statement waits for another program.
const BUSY: Duration = Duration::from_secs(10);

fn prepare(connection: &Connection) -> Result<(), LedgerError> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What an erasure frees is overwritten with zeros.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    connection.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    stable_plans(connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// With statistics compiled in, SQLite plans a statement anew whenever a bound value changes that a plan could depend on. Ours never do.
fn stable_plans(connection: &Connection) -> Result<(), LedgerError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn open_reader(path: &Path) -> Result<Connection, LedgerError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "cache_size", -1_000)?;
    stable_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Takes commands until the queue is closed. Commands that wait while a commit is under way share the next one.
fn write_all(connection: Connection, commands: &Receiver<Command>, groups: &AtomicU64) {
    // Without its statements the thread ends, and every caller hears that the store is closed.
    let Ok(desk) = Desk::of(&connection) else { return };
    while let Some(waiting) = next_group(commands, GROUP) {
        let mut group = Vec::new();
        for command in waiting {
            match command {
                Command::Work(work, answer) => group.push((work, answer)),
                Command::Scrub(answer) => {
                    commit_group(&connection, &desk, std::mem::take(&mut group));
                    give_all(vec![(answer, empty_write_ahead_log(&connection))]);
                }
            }
        }
        commit_group(&connection, &desk, group);
        groups.fetch_add(1, Ordering::Relaxed);
    }
}

/// Brings everything into the file itself, where what was erased is overwritten already, and empties what stands before it.
fn empty_write_ahead_log(connection: &Connection) -> Result<(), LedgerError> {
    // A reader of an older state, such as a backup under way, may need it; writers do not wait for him.
    connection.busy_timeout(Duration::from_secs(1))?;
    let is_busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    connection.busy_timeout(BUSY)?;
    if is_busy? {
        return Err(LedgerError::Database(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("somebody reads an older state of the ledger".to_owned()),
        )));
    }
    Ok(())
}

/// Runs each work in a savepoint and commits them together. Nobody hears of success before the commit is on disk; if it fails, nobody's work counts.
fn commit_group(connection: &Connection, desk: &Desk<'_>, group: Vec<(WriteWork, Answer)>) {
    if group.is_empty() {
        return;
    }
    let mut answers = Vec::with_capacity(group.len());
    let mut lost = begin(connection, desk).err();
    for (work, answer) in group {
        if lost.is_some() {
            answers.push((answer, Ok(())));
            continue;
        }
        let result = run(connection, desk, work);
        // SQLite ends the whole transaction by itself when the disk is full; then the works before are gone too.
        if connection.is_autocommit() {
            lost = Some(match result {
                Err(error) => error,
                Ok(()) => LedgerError::Damaged("the transaction ended early".to_owned()),
            });
            answers.push((answer, Ok(())));
        } else {
            answers.push((answer, result));
        }
    }
    if lost.is_none() {
        lost = desk.logs.borrow().write(connection).and_then(|()| statement(connection, "COMMIT")).err();
    }
    if lost.is_some() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    for (_, result) in &mut answers {
        if result.is_ok() {
            *result = match &lost {
                None => Ok(()),
                Some(LedgerError::DiskFull) => Err(LedgerError::DiskFull),
                Some(error) => Err(LedgerError::Damaged(error.to_string())),
            };
        }
    }
    give_all(answers);
}

fn begin(connection: &Connection, desk: &Desk<'_>) -> Result<(), LedgerError> {
    statement(connection, "BEGIN IMMEDIATE")?;
    desk.logs.replace(LogTable::read(connection)?);
    Ok(())
}

fn run(connection: &Connection, desk: &Desk<'_>, work: WriteWork) -> Result<(), LedgerError> {
    desk.savepoint.borrow_mut().execute([])?;
    desk.logs.borrow_mut().begin();
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut Session::writing(connection, desk)))).unwrap_or(Err(LedgerError::Aborted));
    match result {
        Ok(()) => {
            desk.release.borrow_mut().execute([])?;
            Ok(())
        }
        Err(error) => {
            desk.logs.borrow_mut().undo();
            if !connection.is_autocommit() {
                statement(connection, "ROLLBACK TO work")?;
                statement(connection, "RELEASE work")?;
            }
            Err(error)
        }
    }
}

/// Runs a statement without rows, prepared once.
fn statement(connection: &Connection, sql: &str) -> Result<(), LedgerError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
