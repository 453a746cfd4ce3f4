//! Keeps the views up to date: one thread that lets each follower catch up, and callers that wait for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ledger::{Change, FollowError, Follower, Ledger, LedgerError, RecordId};

use crate::body::{Body, BodyDirectory};
use crate::error::OfficeError;
use crate::form_shelf::FormShelf;
use crate::held_record::HeldRecord;

/// Changes applied in one batch: bounds memory and the time a reader waits for a writer.
const BATCH: usize = 2_000;
/// How long the thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(500);

/// The followers and their thread. Dropping stops the thread.
pub(crate) struct Followers {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    ledger: Arc<Ledger>,
    followers: Mutex<Vec<Box<dyn Follower + Send + Sync>>>,
    reached: Mutex<Reached>,
    moved: Condvar,
    wake: (Mutex<bool>, Condvar),
    stop: AtomicBool,
}

#[derive(Default)]
struct Reached {
    seq: u64,
    problems: Vec<String>,
}

impl Followers {
    pub(crate) fn start(ledger: Arc<Ledger>, followers: Vec<Box<dyn Follower + Send + Sync>>) -> Followers {
        let shared = Arc::new(Shared {
            ledger,
            followers: Mutex::new(followers),
            reached: Mutex::new(Reached::default()),
            moved: Condvar::new(),
            wake: (Mutex::new(true), Condvar::new()),
            stop: AtomicBool::new(false),
        });
        let worker = shared.clone();
        let thread = std::thread::Builder::new().name("followers".to_owned()).spawn(move || worker.run()).ok();
        Followers { shared, thread }
    }

    pub(crate) fn wake(&self) {
        let (flag, condition) = &self.shared.wake;
        *lock(flag) = true;
        condition.notify_one();
    }

    pub(crate) fn wait_for(&self, seq: u64, longest: Duration) -> bool {
        self.wake();
        let until = Instant::now() + longest;
        let mut reached = lock(&self.shared.reached);
        while reached.seq < seq {
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else { return false };
            reached = self.shared.moved.wait_timeout(reached, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        lock(&self.shared.reached).problems.clone()
    }

    pub(crate) fn rebuild(&self, name: Option<&str>, progress: &mut dyn FnMut(&str, u64, u64)) -> Result<(), OfficeError> {
        let followers = lock(&self.shared.followers);
        let mut found = false;
        for follower in followers.iter() {
            if name.is_some_and(|name| name != follower.name()) {
                continue;
            }
            found = true;
            follower.rebuild().map_err(of_follower)?;
            let title = follower.name().to_owned();
            self.shared.catch_up(follower.as_ref(), &mut |done, of| progress(&title, done, of))?;
        }
        if found {
            Ok(())
        } else {
            let names: Vec<&str> = followers.iter().map(|follower| follower.name()).collect();
            let (asked, known) = (name.unwrap_or_default(), names.join(", "));
            Err(OfficeError::refused(
                "view_unknown",
                format!("Không có khung nhìn “{asked}”. Có: {known}."),
                format!("There is no view “{asked}”. There are: {known}."),
            ))
        }
    }

    pub(crate) fn digests(&self) -> Result<Vec<(String, u64, String)>, OfficeError> {
        let mut digests = Vec::new();
        for follower in lock(&self.shared.followers).iter() {
            digests.push((follower.name().to_owned(), follower.cursor().map_err(of_follower)?, follower.digest().map_err(of_follower)?));
        }
        Ok(digests)
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        while !self.stop.load(Ordering::SeqCst) {
            self.round();
            let (flag, condition) = &self.wake;
            let mut woken = lock(flag);
            if !*woken {
                woken = condition.wait_timeout(woken, IDLE).unwrap_or_else(PoisonError::into_inner).0;
            }
            *woken = false;
        }
    }

    /// Lets every follower catch up once. One that fails is emptied and filled anew; if it fails again, the problem is kept for `doctor`.
    fn round(&self) {
        let mut lowest = u64::MAX;
        let mut problems = Vec::new();
        for follower in lock(&self.followers).iter() {
            let quiet = &mut |_: u64, _: u64| {};
            let outcome = match self.catch_up(follower.as_ref(), quiet) {
                Ok(seq) => Ok(seq),
                Err(_) if self.stop.load(Ordering::SeqCst) => return,
                // The view is not at fault when the ledger itself cannot be read: a database server may be away for a while, or for one question only.
                Err(error) if is_away(&error) || self.ledger.read(|r| r.last_seq()).is_err() => Err(error),
                Err(error) => {
                    tracing::warn!(view = follower.name(), %error, "view failed, rebuilding it");
                    match follower.rebuild() {
                        Ok(()) => self.catch_up(follower.as_ref(), quiet),
                        Err(error) => Err(of_follower(error)),
                    }
                }
            };
            match outcome {
                Ok(seq) => lowest = lowest.min(seq),
                Err(error) => problems.push(format!("{}: {error}", follower.name())),
            }
        }
        let mut reached = lock(&self.reached);
        for problem in &problems {
            // Said once, not with every round.
            if !reached.problems.contains(problem) {
                tracing::error!(%problem, "view cannot be brought up to date");
            }
        }
        reached.problems = problems;
        if reached.problems.is_empty() && lowest != u64::MAX {
            reached.seq = reached.seq.max(lowest);
        }
        drop(reached);
        self.moved.notify_all();
    }

    fn catch_up(&self, follower: &dyn Follower, progress: &mut dyn FnMut(u64, u64)) -> Result<u64, OfficeError> {
        let mut cursor = follower.cursor().map_err(of_follower)?;
        let mut goal = self.ledger.read(|r| r.last_seq())?;
        if cursor > goal {
            // The ledger was restored from a backup older than the view.
            follower.rebuild().map_err(of_follower)?;
            cursor = 0;
        }
        while cursor < goal {
            if self.stop.load(Ordering::SeqCst) {
                return Ok(cursor);
            }
            let batch: Vec<Change> = self.ledger.read(|r| r.changes(cursor, BATCH))?;
            let Some(last) = batch.last() else { break };
            let next = last.seq;
            follower.apply(&batch).map_err(of_follower)?;
            cursor = next;
            goal = goal.max(cursor);
            progress(cursor, goal);
        }
        Ok(cursor)
    }
}

/// A follower's error for what it is, where it is one of ours.
fn of_follower(error: FollowError) -> OfficeError {
    let error = match error.downcast::<OfficeError>() {
        Ok(error) => return *error,
        Err(error) => error,
    };
    match error.downcast::<LedgerError>() {
        Ok(error) => (*error).into(),
        Err(error) => OfficeError::Data(error.to_string()),
    }
}

fn is_away(error: &OfficeError) -> bool {
    matches!(error, OfficeError::Ledger(LedgerError::Unreachable(_)))
}

/// Keeps the directory of bodies up to date. Its state is memory only, so it starts where loading ended.
pub(crate) struct DirectoryFollower {
    directory: BodyDirectory,
    ledger: Arc<Ledger>,
    forms: Arc<FormShelf>,
    cursor: AtomicU64,
}

impl DirectoryFollower {
    pub(crate) fn new(directory: BodyDirectory, ledger: Arc<Ledger>, forms: Arc<FormShelf>, cursor: u64) -> DirectoryFollower {
        DirectoryFollower { directory, ledger, forms, cursor: AtomicU64::new(cursor) }
    }

    fn reload(&self, record: RecordId) -> Result<(), OfficeError> {
        load_body(&self.ledger, &self.forms, &self.directory, record)
    }
}

impl Follower for DirectoryFollower {
    fn name(&self) -> &str {
        "bodies"
    }

    fn cursor(&self) -> Result<u64, FollowError> {
        Ok(self.cursor.load(Ordering::SeqCst))
    }

    fn apply(&self, batch: &[Change]) -> Result<(), FollowError> {
        for change in batch {
            // A withdrawal in another node's log need not say of which kind the record was.
            if change.kind == "body" || (!change.own && self.directory.get(change.rec).is_some_and(|body| body.held)) {
                self.reload(change.rec)?;
            }
            self.cursor.store(change.seq, Ordering::SeqCst);
        }
        Ok(())
    }

    fn rebuild(&self) -> Result<(), FollowError> {
        self.cursor.store(0, Ordering::SeqCst);
        Ok(())
    }

    fn digest(&self) -> Result<String, FollowError> {
        let mut text = String::new();
        for body in self.directory.all() {
            text.push_str(&format!("{body:?}\n"));
        }
        Ok(crate::session::digest(&text))
    }
}

/// Takes a body as its record says now: the node's own, else the one held of another node, as far as that is one.
pub(crate) fn load_body(ledger: &Ledger, forms: &FormShelf, directory: &BodyDirectory, record: RecordId) -> Result<(), OfficeError> {
    let found = ledger.read(|r| -> Result<_, OfficeError> {
        let Some(own) = r.current("private", record)? else { return Ok(Err(HeldRecord::read(r, record)?)) };
        Ok(Ok(own.data))
    })?;
    let body = match found {
        Ok(data) => data.map(|data| Body::from_data(record, &data)).transpose()?,
        Err(None) => None,
        Err(Some(held)) => held.widest(forms).filter(|(_, kind, _)| kind.name == "body").and_then(|(_, _, version)| {
            let body = Body::from_data(record, version.data.as_ref()?).ok()?;
            Some(Body { held: true, ..body })
        }),
    };
    match body {
        Some(body) => directory.set(body),
        None => directory.remove(record),
    }
    Ok(())
}

/// Nothing under these locks is left half-done by a panic that matters: a view's own transaction decides.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use ledger::{NodeName, Projection, Put};
    use serde_json::json;

    use super::*;

    /// A view that stumbles once over what it is given.
    #[derive(Default)]
    struct Stumbling {
        over: Mutex<Option<FollowError>>,
        cursor: AtomicU64,
        rebuilt: AtomicU64,
    }

    impl Follower for Stumbling {
        fn name(&self) -> &str {
            "stumbling"
        }

        fn cursor(&self) -> Result<u64, FollowError> {
            Ok(self.cursor.load(Ordering::SeqCst))
        }

        fn apply(&self, batch: &[Change]) -> Result<(), FollowError> {
            if let Some(error) = lock(&self.over).take() {
                return Err(error);
            }
            self.cursor.store(batch.last().map_or(0, |change| change.seq), Ordering::SeqCst);
            Ok(())
        }

        fn rebuild(&self) -> Result<(), FollowError> {
            self.rebuilt.fetch_add(1, Ordering::SeqCst);
            self.cursor.store(0, Ordering::SeqCst);
            Ok(())
        }

        fn digest(&self) -> Result<String, FollowError> {
            Ok(String::new())
        }
    }

    #[test]
    fn a_view_is_filled_anew_when_it_failed_and_not_when_the_database_was_away() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Ledger::open(&folder.path().join("lienvung.sqlite"), &NodeName::parse("sokhcn.daklak").unwrap()).unwrap());
        let inside = Projection::seal("private", &json!({"title": "Sổ"}), &[]).unwrap();
        let put = Put { rec: RecordId::new(), kind: "article".to_owned(), cat: 0, previous: None, projections: vec![inside] };
        ledger.write(move |w| w.put(put)).unwrap();
        let away = || LedgerError::Unreachable("connection closed".to_owned());
        let errors: [(FollowError, u64); 3] =
            [(away().into(), 0), (OfficeError::from(away()).into(), 0), (OfficeError::Data("a table is damaged".to_owned()).into(), 1)];
        for (error, rebuilt) in errors {
            let view = Arc::new(Stumbling { over: Mutex::new(Some(error)), ..Stumbling::default() });
            let followers = Followers::start(ledger.clone(), vec![Box::new(view.clone())]);
            let seq = ledger.read(|r| r.last_seq()).unwrap();
            assert!(followers.wait_for(seq, Duration::from_secs(60)));
            assert_eq!(view.rebuilt.load(Ordering::SeqCst), rebuilt);
            assert!(followers.problems().is_empty());
        }
    }
}
