//! The writing thread: whole groups under one lock, and what becomes of them when the server goes away.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use crate::error::LedgerError;
use crate::postgres::address::DatabaseAddress;
use crate::postgres::connection::Connection;
use crate::postgres::schema;
use crate::postgres::transaction::{Desk, Session};
use crate::store::WriteWork;
use crate::store::queue::{Answer, give_all, next_group};

/// Most works that share one commit: as many as the server keeps subtransactions of at hand.
const GROUP: usize = 64;
/// How long works wait for a server that is away before their callers are told that nothing was written.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long callers wait to hear whether a commit during which the server went away has been stored: time for a standby to take over.
const PATIENCE_FOR_OUTCOME: Duration = Duration::from_secs(60);
/// Pause between attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// Held from the beginning of every writing transaction to its end by whichever program writes: sizes, frontiers and the sequence are read under it, so no two
/// programs give out the same place, and changes become visible in the order of their numbers. The number is "LVng".
const LOCK: &str = "SELECT pg_advisory_xact_lock(1280732775)";

/// What a session that writes needs: a commit is on disk (and on the standby, where one is required) before it is told, whatever the server is set to; a
/// program that has fallen silent in a transaction does not keep the others from writing for ever.
const SETTINGS: &str = "
SELECT set_config('synchronous_commit', 'on', FALSE) WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');
SET lock_timeout = '2min';
SET idle_in_transaction_session_timeout = '5min';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
";

/// What the writing thread holds.
pub(super) struct Writer {
    address: DatabaseAddress,
    /// Names this run of the program in the table `writer`.
    run: [u8; 16],
    /// Groups committed, or about to be.
    commits: i64,
    /// None while the server is away.
    connection: Option<Connection>,
}

impl Writer {
    /// Connects and brings the database up to date.
    pub(super) fn open(address: DatabaseAddress) -> Result<Writer, LedgerError> {
        let connection = Connection::open(&address)?;
        connection.batch(SETTINGS)?;
        schema::migrate(&connection, LOCK)?;
        Ok(Writer { address, run: rand::random(), commits: 0, connection: Some(connection) })
    }

    /// Takes works until the queue is closed. Works that wait while a commit is under way share the next one.
    pub(super) fn write_all(mut self, works: &Receiver<(WriteWork, Answer)>, groups: &AtomicU64) {
        while let Some(group) = next_group(works, GROUP) {
            self.commit_group(group);
            groups.fetch_add(1, Ordering::Relaxed);
        }
        // A run that ends in good order has nothing to ask after. The row of one that was killed stays, a few bytes.
        if let Some(connection) = &self.connection {
            connection.order("DELETE FROM writer WHERE run = $1", vec![Box::new(self.run.to_vec())]);
            let _ = connection.send();
        }
    }

    /// Runs each work in a savepoint and commits them together. Nobody hears of success before the commit is stored; if it fails, nobody's work counts.
    fn commit_group(&mut self, group: Vec<(WriteWork, Answer)>) {
        let mut answers = Vec::with_capacity(group.len());
        let lost = match self.begin() {
            Ok((connection, before)) => self.run_group(connection, before, group, &mut answers).err(),
            Err(error) => {
                answers.extend(group.into_iter().map(|(_, answer)| (answer, Ok(()))));
                Some(error)
            }
        };
        if let Some(lost) = lost {
            for (_, result) in &mut answers {
                if result.is_ok() {
                    *result = Err(told_to_all(&lost));
                }
            }
        }
        give_all(answers);
    }

    /// Begins a transaction, connecting as often as it takes.
    fn begin(&mut self) -> Result<(Connection, Desk), LedgerError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let begun = self.connected().and_then(|connection| {
                connection.order("BEGIN ISOLATION LEVEL READ COMMITTED", Vec::new());
                connection.order(LOCK, Vec::new());
                let before = Desk::read(&connection)?;
                Ok((connection, before))
            });
            match begun {
                Err(LedgerError::Unreachable(_)) if Instant::now() < until => std::thread::sleep(PAUSE),
                begun => return begun,
            }
        }
    }

    fn connected(&mut self) -> Result<Connection, LedgerError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let connection = Connection::open(&self.address)?;
        connection.batch(SETTINGS)?;
        Ok(connection)
    }

    fn run_group(
        &mut self,
        connection: Connection,
        before: Desk,
        group: Vec<(WriteWork, Answer)>,
        answers: &mut Vec<(Answer, Result<(), LedgerError>)>,
    ) -> Result<(), LedgerError> {
        let desk = RefCell::new(before);
        let mut lost = None;
        for (work, answer) in group {
            let result = match lost {
                None => run(&connection, &desk, work),
                Some(_) => Ok(Ok(())),
            };
            match result {
                Ok(result) => answers.push((answer, result)),
                Err(error) => {
                    answers.push((answer, Ok(())));
                    lost = Some(error);
                }
            }
        }
        let Some(lost) = lost else {
            desk.into_inner().write(&connection);
            return self.commit(connection);
        };
        self.undo(connection);
        Err(lost)
    }

    /// Commits, with the number of the group in the same transaction.
    fn commit(&mut self, connection: Connection) -> Result<(), LedgerError> {
        self.commits += 1;
        connection.order(
            "INSERT INTO writer (run, commits) VALUES ($1, $2) ON CONFLICT (run) DO UPDATE SET commits = excluded.commits",
            vec![Box::new(self.run.to_vec()), Box::new(self.commits)],
        );
        connection.order("COMMIT", Vec::new());
        match connection.send() {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            // The server itself says no, and still answers: the transaction has been undone.
            Err(error) if !matches!(error, LedgerError::Unreachable(_)) && self.undo(connection) => Err(error),
            Err(error) => self.outcome(&error),
        }
    }

    /// Undoes the transaction under way; returns whether the connection can be used on.
    fn undo(&mut self, connection: Connection) -> bool {
        connection.forget_waiting();
        let undone = connection.batch("ROLLBACK").is_ok();
        if undone {
            self.connection = Some(connection);
        }
        undone
    }

    /// Finds out whether a group is stored whose commit was under way when the connection broke.
    fn outcome(&mut self, lost: &LedgerError) -> Result<(), LedgerError> {
        let until = Instant::now() + PATIENCE_FOR_OUTCOME;
        loop {
            match self.last_commit() {
                Ok(commits) if commits >= self.commits => return Ok(()),
                Ok(_) => return Err(told_to_all(lost)),
                Err(error) if Instant::now() >= until => return Err(LedgerError::OutcomeUnknown(error.to_string())),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// Asks which of this run's groups is the last one stored. The lock makes sure that the broken session has ended one way or the other; a row is written so
    /// that the answer is not told before the standby, where one is required, has what it tells of.
    fn last_commit(&mut self) -> Result<i64, LedgerError> {
        let connection = self.connected()?;
        connection.batch("BEGIN; SET LOCAL lock_timeout = '10s'")?;
        connection.order(LOCK, Vec::new());
        let rows = connection.query("UPDATE writer SET asked = asked + 1 WHERE run = $1 RETURNING commits", &[&&self.run[..]])?;
        let commits = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
        connection.batch("COMMIT")?;
        self.connection = Some(connection);
        Ok(commits)
    }
}

/// Runs one work in a savepoint. The outer error is that of the whole transaction.
fn run(connection: &Connection, desk: &RefCell<Desk>, work: WriteWork) -> Result<Result<(), LedgerError>, LedgerError> {
    let before = desk.borrow().clone();
    connection.mark();
    connection.order("SAVEPOINT work", Vec::new());
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut Session::writing(connection, desk)))).unwrap_or(Err(LedgerError::Aborted));
    // What it wrote is sent now, so that a statement which fails is told to this work's caller and to nobody else.
    let result = result.and_then(|()| {
        connection.order("RELEASE work", Vec::new());
        connection.send()
    });
    let Err(error) = result else { return Ok(Ok(())) };
    desk.replace(before);
    if matches!(error, LedgerError::Unreachable(_)) {
        return Err(error);
    }
    if connection.forget_waiting() {
        connection.batch("ROLLBACK TO work; RELEASE work")?;
    }
    Ok(Err(error))
}

/// One error for every caller of a group.
fn told_to_all(error: &LedgerError) -> LedgerError {
    match error {
        LedgerError::DiskFull => LedgerError::DiskFull,
        LedgerError::Unreachable(why) => LedgerError::Unreachable(why.clone()),
        LedgerError::OutcomeUnknown(why) => LedgerError::OutcomeUnknown(why.clone()),
        other => LedgerError::Server(other.to_string()),
    }
}
