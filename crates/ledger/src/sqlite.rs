//! The SQLite store: one writing thread with group commit, a pool of readers, write-ahead log, `synchronous=FULL`.

mod schema;
mod transaction;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::LedgerError;
use crate::store::{Store, StoreRead, WriteWork};
use transaction::{Desk, LogTable, Session};

/// Most commands that share one commit.
const GROUP: usize = 256;
/// Readers kept open.
const READERS: usize = 8;

enum Command {
    Work(WriteWork, Answer),
    Scrub(Answer),
}

/// The place where a caller waits for his answer. Dropped without one (the writing thread has ended), it says so.
struct Answer(Arc<Place>);

#[derive(Default)]
struct Place {
    given: Mutex<Option<Given>>,
    arrived: Condvar,
}

/// An answer, with those of others that the receiver passes on. Waking a sleeping thread costs as much as writing a record, so the writing thread wakes
/// one caller and the callers wake each other.
struct Given {
    result: Result<(), LedgerError>,
    to_pass_on: Vec<(Answer, Given)>,
}

impl Answer {
    fn give(&self, given: Given) {
        lock(&self.0.given).get_or_insert(given);
        self.0.arrived.notify_one();
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.give(Given { result: Err(LedgerError::Closed), to_pass_on: Vec::new() });
    }
}

impl Place {
    fn wait(&self) -> Result<(), LedgerError> {
        let mut given = lock(&self.given);
        loop {
            match given.take() {
                Some(Given { result, to_pass_on }) => {
                    drop(given);
                    for (answer, given) in to_pass_on {
                        answer.give(given);
                    }
                    return result;
                }
                None => given = self.arrived.wait(given).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Gives every caller his answer: two halves, the first of each passing on the rest.
fn give_all(mut answers: Vec<(Answer, Result<(), LedgerError>)>) {
    for (answer, given) in halves(&mut answers) {
        answer.give(given);
    }
}

fn halves(answers: &mut Vec<(Answer, Result<(), LedgerError>)>) -> Vec<(Answer, Given)> {
    let mut second = answers.split_off(answers.len() / 2);
    let mut tree = Vec::with_capacity(2);
    for half in [answers, &mut second] {
        if let Some((answer, result)) = half.pop() {
            tree.push((answer, Given { result, to_pass_on: halves(half) }));
        }
    }
    tree
}

/// Nothing under these locks is left half-done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// A connection that only reads, for backup.
    pub(crate) fn reader(&self) -> Result<Connection, LedgerError> {
        open_reader(&self.path)
    }

    fn send(&self, command: impl FnOnce(Answer) -> Command) -> Result<(), LedgerError> {
        let place = Arc::new(Place::default());
        let answer = Answer(place.clone());
        lock(&self.commands).as_ref().ok_or(LedgerError::Closed)?.send(command(answer)).map_err(|_| LedgerError::Closed)?;
        place.wait()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        lock(&self.commands).take();
        if let Some(writer) = self.writer.take() {
            // A panic in the writing thread has been answered to its callers.
            let _ = writer.join();
        }
    }
}

impl Store for SqliteStore {
    fn transact(&self, work: WriteWork) -> Result<(), LedgerError> {
        self.send(|answer| Command::Work(work, answer))
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
        self.send(Command::Scrub)
    }

    fn groups_committed(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
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

/// Takes commands until all senders are gone. Commands that wait while a commit is under way share the next one. Waiting for more of them was measured
/// and made it slower: what one group's callers prepare while the other group is committed is worth more than larger groups.
fn write_all(connection: Connection, commands: &Receiver<Command>, groups: &AtomicU64) {
    // Without its statements the thread ends, and every caller hears that the store is closed.
    let Ok(desk) = Desk::of(&connection) else { return };
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
                Command::Work(work, answer) => group.push((work, answer)),
                Command::Scrub(answer) => {
                    commit_group(&connection, &desk, std::mem::take(&mut group));
                    let scrubbed = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(LedgerError::from);
                    give_all(vec![(answer, scrubbed)]);
                }
            }
        }
        commit_group(&connection, &desk, group);
        groups.fetch_add(1, Ordering::Relaxed);
    }
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
