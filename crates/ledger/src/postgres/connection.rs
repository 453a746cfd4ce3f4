//! One connection to the server, used by one thread at a time. Statements that only write wait in it until something has to be read, and then go out with
//! that question together: a work costs one way to the server and back for what it reads and one for what it writes, however much that is.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_util::future::{MaybeDone, maybe_done};
use tokio::runtime::{Builder, Runtime};
use tokio::task::block_in_place;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use crate::error::LedgerError;
use crate::postgres::address::DatabaseAddress;
use crate::postgres::tls::Encryption;

/// A value bound to a statement that waits.
pub(super) type Value = Box<dyn ToSql + Sync + Send>;

/// A connection.
pub(crate) struct Connection {
    /// None once the connection is being dropped.
    runtime: Option<Runtime>,
    client: Client,
    statements: RefCell<HashMap<&'static str, Statement>>,
    waiting: RefCell<Vec<(&'static str, Vec<Value>)>>,
    sent: Cell<bool>,
}

impl Connection {
    /// Connects to a server that takes writes. Of several named, the one that took them last is asked first.
    pub(crate) fn open(address: &DatabaseAddress) -> Result<Connection, LedgerError> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(LedgerError::File)?;
        let mut faults = Vec::new();
        for (place, server) in address.servers() {
            match block_in_place(|| runtime.block_on(connect(&runtime, server, address.encryption()))) {
                Ok(client) => {
                    address.note(place);
                    let (statements, waiting) = (RefCell::new(HashMap::new()), RefCell::new(Vec::new()));
                    return Ok(Connection { runtime: Some(runtime), client, statements, waiting, sent: Cell::new(false) });
                }
                Err(fault) => faults.push(fault),
            }
        }
        Err(why_none(address, faults))
    }

    /// Runs statements without values, one after another.
    pub(crate) fn batch(&self, statements: &str) -> Result<(), LedgerError> {
        self.send()?;
        self.wait(self.client.batch_execute(statements))
    }

    /// Lets a statement wait until the next one that is sent.
    pub(super) fn order(&self, statement: &'static str, values: Vec<Value>) {
        self.waiting.borrow_mut().push((statement, values));
    }

    /// Sends what waits.
    pub(super) fn send(&self) -> Result<(), LedgerError> {
        let waiting = self.prepare_waiting()?;
        if waiting.is_empty() {
            return Ok(());
        }
        self.wait(async {
            let mut written = self.start(&waiting).await;
            ended(&mut written).await
        })
    }

    /// Sends what waits and this question behind it; returns the question's rows.
    pub(super) fn query(&self, statement: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, LedgerError> {
        let waiting = self.prepare_waiting()?;
        let statement = self.prepared(statement)?;
        self.wait(async {
            let mut written = self.start(&waiting).await;
            let mut asked = pin!(maybe_done(self.client.query(&statement, values)));
            poll_once(asked.as_mut()).await;
            ended(&mut written).await?;
            asked.as_mut().await;
            // It has just ended, so it has an output.
            asked.take_output().unwrap_or_else(|| Ok(Vec::new()))
        })
    }

    /// Sends what waits, then a question that is not kept for later ones.
    pub(crate) fn ask(&self, question: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, LedgerError> {
        self.send()?;
        self.wait(self.client.query(question, values))
    }

    /// Sends statements in their order, without waiting for their answers: the first poll of each sends it.
    async fn start<'a>(&'a self, waiting: &'a [(Statement, Vec<Value>)]) -> Vec<Written<'a>> {
        let mut written: Vec<Written<'a>> = Vec::with_capacity(waiting.len());
        for (statement, values) in waiting {
            let mut sent: Written<'a> = Box::pin(maybe_done(Box::pin(self.client.execute_raw(statement, bound(values)))));
            poll_once(sent.as_mut()).await;
            written.push(sent);
        }
        written
    }

    /// Notes a point; [`Connection::forget_waiting`] says whether anything was sent since.
    pub(super) fn mark(&self) {
        self.sent.set(false);
    }

    /// Drops what waits, and says whether anything was sent since [`Connection::mark`].
    pub(super) fn forget_waiting(&self) -> bool {
        self.waiting.borrow_mut().clear();
        self.sent.get()
    }

    fn prepare_waiting(&self) -> Result<Vec<(Statement, Vec<Value>)>, LedgerError> {
        self.sent.set(true);
        let waiting = self.waiting.take();
        let mut prepared = Vec::with_capacity(waiting.len());
        for (statement, values) in waiting {
            prepared.push((self.prepared(statement)?, values));
        }
        Ok(prepared)
    }

    fn prepared(&self, text: &'static str) -> Result<Statement, LedgerError> {
        if let Some(statement) = self.statements.borrow().get(text) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(text))?;
        self.statements.borrow_mut().insert(text, statement.clone());
        Ok(statement)
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, LedgerError> {
        let runtime = self.runtime.as_ref().ok_or(LedgerError::Closed)?;
        // A thread of the web server's own runtime may ask too, when it starts.
        Ok(block_in_place(|| runtime.block_on(answer))?)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Whoever drops it may be a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Connects to one server.
async fn connect(runtime: &Runtime, server: &Config, encryption: Option<&Encryption>) -> Result<Client, tokio_postgres::Error> {
    // What ends the driver is told to whoever waits for an answer.
    match encryption {
        Some(encryption) => {
            let (client, driver) = server.connect(encryption.clone()).await?;
            runtime.spawn(async { drop(driver.await) });
            Ok(client)
        }
        None => {
            let (client, driver) = server.connect(NoTls).await?;
            runtime.spawn(async { drop(driver.await) });
            Ok(client)
        }
    }
}

/// Why none of the servers could be used. While one of them may yet come, the others' reasons do not count.
fn why_none(address: &DatabaseAddress, faults: Vec<tokio_postgres::Error>) -> LedgerError {
    let mut told: Vec<LedgerError> = faults.into_iter().map(LedgerError::from).collect();
    if told.len() < 2 {
        return told.pop().unwrap_or(LedgerError::Closed);
    }
    let is_passing = told.iter().any(|fault| matches!(fault, LedgerError::Unreachable(_)));
    let mut words = Vec::with_capacity(told.len());
    for ((_, server), fault) in address.servers().zip(told) {
        let (LedgerError::Unreachable(why) | LedgerError::Server(why)) = fault else { return fault };
        words.push(format!("{}: {why}", DatabaseAddress::name_of(server)));
    }
    let words = words.join("; ");
    if is_passing { LedgerError::Unreachable(words) } else { LedgerError::Server(words) }
}

/// A statement that has been sent.
type Written<'a> = Pin<Box<MaybeDone<Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + 'a>>>>>;

/// Polls once, without waiting.
async fn poll_once(mut future: Pin<&mut impl Future<Output = ()>>) {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
}

/// Waits for the answers to all, in the order in which they come: one that is not taken keeps back those behind it. The first error is theirs.
async fn ended(written: &mut [Written<'_>]) -> Result<(), tokio_postgres::Error> {
    let mut first = Ok(());
    for sent in written {
        sent.as_mut().await;
        if let Some(Err(error)) = sent.as_mut().take_output()
            && first.is_ok()
        {
            first = Err(error);
        }
    }
    first
}

fn bound(values: &[Value]) -> impl ExactSizeIterator<Item = &(dyn ToSql + Sync)> {
    values.iter().map(|value| &**value as &(dyn ToSql + Sync))
}

impl From<tokio_postgres::Error> for LedgerError {
    fn from(error: tokio_postgres::Error) -> LedgerError {
        if let Some(told) = error.as_db_error() {
            let text = format!("{} ({})", told.message(), told.code().code());
            // The server is stopping, starting, has been stopped, has no place left for a connection, or another one holds the lock.
            let passing = [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::TOO_MANY_CONNECTIONS,
                SqlState::LOCK_NOT_AVAILABLE,
                SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                SqlState::READ_ONLY_SQL_TRANSACTION,
            ];
            return match told.code() {
                code if *code == SqlState::DISK_FULL => LedgerError::DiskFull,
                code if passing.contains(code) => LedgerError::Unreachable(text),
                _ => LedgerError::Server(text),
            };
        }
        let broken = std::error::Error::source(&error).is_some_and(|source| source.is::<std::io::Error>());
        if error.is_closed() || broken { LedgerError::Unreachable(chain(&error)) } else { LedgerError::Server(chain(&error)) }
    }
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
