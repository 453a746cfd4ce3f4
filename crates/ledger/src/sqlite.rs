//! The SQLite store: one writing thread with group commit, a pool of readers, write-ahead log, `synchronous=FULL`.

mod schema;
mod transaction;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::LedgerError;
use crate::store::{Store, StoreRead, WriteWork};
use transaction::Session;

/// Most commands that share one commit.
const GROUP: usize = 256;
/// Readers kept open.
const READERS: usize = 8;

enum Command {
    Work(WriteWork, Sender<Result<(), LedgerError>>),
    Scrub(Sender<Result<(), LedgerError>>),
}

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    commands: Mutex<Option<Sender<Command>>>,
    readers: Mutex<Vec<Connection>>,
    writer: Option<std::thread::JoinHandle<()>>,
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
        let (sender, receiver) = channel();
        let groups = Arc::new(AtomicU64::new(0));
        let counter = groups.clone();
        let writer = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || write_all(connection, &receiver, &counter))
            .map_err(LedgerError::File)?;
        Ok(SqliteStore {
            path: path.to_owned(),
            commands: Mutex::new(Some(sender)),
            readers: Mutex::new(Vec::new()),
            writer: Some(writer),
            groups,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Groups of writes committed since the start: what one wait for the disk is shared by.
    pub fn groups_committed(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }

    /// A connection that only reads, for backup.
    pub(crate) fn reader(&self) -> Result<Connection, LedgerError> {
        open_reader(&self.path)
    }

    fn send(&self, command: impl FnOnce(Sender<Result<(), LedgerError>>) -> Command) -> Result<(), LedgerError> {
        let (sender, receiver) = channel();
        {
            let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
            commands.as_ref().ok_or(LedgerError::Closed)?.send(command(sender)).map_err(|_| LedgerError::Closed)?;
        }
        receiver.recv().map_err(|_| LedgerError::Closed)?
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = self.writer.take() {
            // A panic in the writing thread has been answered to its callers.
            let _ = writer.join();
        }
    }
}

impl Store for SqliteStore {
    fn transact(&self, work: WriteWork) -> Result<(), LedgerError> {
        self.send(|sender| Command::Work(work, sender))
    }

    fn snapshot(&self, work: &mut dyn FnMut(&dyn StoreRead) -> Result<(), LedgerError>) -> Result<(), LedgerError> {
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        connection.execute_batch("BEGIN")?;
        let result = work(&Session::new(&connection));
        let ended = connection.execute_batch("COMMIT");
        if ended.is_ok() {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS {
                readers.push(connection);
            }
        }
        result
    }

    fn scrub(&self) -> Result<(), LedgerError> {
        self.send(Command::Scrub)
    }
}

fn prepare(connection: &Connection) -> Result<(), LedgerError> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What an erasure frees is overwritten with zeros.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    connection.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn open_reader(path: &Path) -> Result<Connection, LedgerError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "cache_size", -1_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Takes commands until all senders are gone. Commands that wait while a commit is under way share the next one.
fn write_all(connection: Connection, commands: &Receiver<Command>, groups: &AtomicU64) {
    while let Ok(first) = commands.recv() {
        let mut waiting = vec![first];
        while waiting.len() < GROUP {
            match commands.try_recv() {
                Ok(command) => waiting.push(command),
                Err(_) => break,
            }
        }
        let mut group = Vec::new();
        for command in waiting {
            match command {
                Command::Work(work, sender) => group.push((work, sender)),
                Command::Scrub(sender) => {
                    commit_group(&connection, std::mem::take(&mut group));
                    let scrubbed = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(LedgerError::from);
                    let _ = sender.send(scrubbed);
                }
            }
        }
        commit_group(&connection, group);
        groups.fetch_add(1, Ordering::Relaxed);
    }
}

type Waiting = (WriteWork, Sender<Result<(), LedgerError>>);

/// Runs each work in a savepoint and commits them together. Nobody hears of success before the commit is on disk; if it fails, nobody's work counts.
fn commit_group(connection: &Connection, group: Vec<Waiting>) {
    if group.is_empty() {
        return;
    }
    let mut answers = Vec::with_capacity(group.len());
    let began = connection.execute_batch("BEGIN IMMEDIATE").map_err(LedgerError::from);
    let mut lost = began.err();
    for (work, sender) in group {
        if lost.is_some() {
            answers.push((sender, Ok(())));
            continue;
        }
        let result = run(connection, work);
        // SQLite ends the whole transaction by itself when the disk is full; then the works before are gone too.
        if connection.is_autocommit() {
            lost = Some(match result {
                Err(error) => error,
                Ok(()) => LedgerError::Damaged("the transaction ended early".to_owned()),
            });
            answers.push((sender, Ok(())));
        } else {
            answers.push((sender, result));
        }
    }
    if lost.is_none()
        && let Err(error) = connection.execute_batch("COMMIT")
    {
        lost = Some(error.into());
        let _ = connection.execute_batch("ROLLBACK");
    }
    for (sender, result) in answers {
        let answer = match (&lost, result) {
            (_, Err(own)) => Err(own),
            (None, Ok(())) => Ok(()),
            (Some(LedgerError::DiskFull), Ok(())) => Err(LedgerError::DiskFull),
            (Some(error), Ok(())) => Err(LedgerError::Damaged(error.to_string())),
        };
        // A caller that has gone away needs no answer.
        let _ = sender.send(answer);
    }
}

fn run(connection: &Connection, work: WriteWork) -> Result<(), LedgerError> {
    connection.execute_batch("SAVEPOINT work")?;
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut Session::new(connection)))).unwrap_or(Err(LedgerError::Aborted));
    match result {
        Ok(()) => Ok(connection.execute_batch("RELEASE work")?),
        Err(error) => {
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK TO work; RELEASE work")?;
            }
            Err(error)
        }
    }
}
