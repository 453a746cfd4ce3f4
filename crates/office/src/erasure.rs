//! What was erased leaves the disk: at the owner when he erases, at a holder behind the answer or step that brought the erasure.
//!
//! Whoever destroys a payload notes it in the cabinet in the same transaction (`exchange::ledger_shelf::ERASURES`). A thread compares that note with the
//! one in `views/scrubbed` once a second, so a thousand erasures cost one scrub, and one that a crash or a long reader held up is made up for.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use exchange::ledger_shelf::{ERASURES, LAST_ERASED};
use ledger::{Follower, Ledger, LedgerError, RecordId};
use serde_json::Value;

use crate::board::Board;
use crate::clock::Clock;
use crate::error::OfficeError;
use crate::node::Restoration;
use crate::register::Register;
use crate::search::SearchIndex;

/// How often the note is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The files of a folder in which contents of records lie.
#[derive(Debug)]
pub(crate) struct RecordFiles {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) board: Arc<Board>,
    pub(crate) register: Arc<Register>,
    pub(crate) search: Arc<SearchIndex>,
    restoration: Arc<Restoration>,
    clock: Clock,
    done: PathBuf,
    /// Whether the inside was looked through after a restore.
    inside_is_clean: AtomicBool,
    /// One scrub at a time.
    scrubbing: Mutex<()>,
}

impl RecordFiles {
    pub(crate) fn new(
        ledger: Arc<Ledger>,
        board: Arc<Board>,
        register: Arc<Register>,
        search: Arc<SearchIndex>,
        restoration: Arc<Restoration>,
        clock: Clock,
        folder: &Path,
    ) -> RecordFiles {
        RecordFiles {
            ledger,
            board,
            register,
            search,
            restoration,
            clock,
            done: folder.join("views").join("scrubbed"),
            inside_is_clean: AtomicBool::new(false),
            scrubbing: Mutex::new(()),
        }
    }

    /// Leaves nothing of contents erased up to what `noted` stands for in the ledger's file, the views and the search index.
    ///
    /// # Errors
    /// Those of the files; also when somebody reads an older state meanwhile: it is tried again later.
    pub(crate) fn scrub(&self, noted: &str) -> Result<(), OfficeError> {
        let _one = self.scrubbing.lock().unwrap_or_else(PoisonError::into_inner);
        self.ledger.sweep_files()?;
        self.ledger.scrub()?;
        self.board.views.scrub()?;
        self.register.scrub()?;
        self.search.purge()?;
        std::fs::write(&self.done, noted)?;
        // A copy made before this erasure is told apart from now on; a node that was put back itself still waits.
        if self.restoration.is_waiting() { Ok(()) } else { self.restoration.renew() }
    }

    /// The last erasure that was noted; none when nothing was erased.
    fn noted(&self) -> Result<Option<String>, OfficeError> {
        let noted = self.ledger.read(|r| r.cabinet_get(ERASURES, LAST_ERASED))?;
        Ok(noted.as_ref().and_then(Value::as_str).map(str::to_owned))
    }

    /// The note of what was erased since the last scrub, once the views have forgotten it.
    fn due(&self) -> Result<Option<String>, OfficeError> {
        let Some(noted) = self.noted()? else { return Ok(None) };
        if std::fs::read_to_string(&self.done).is_ok_and(|done| done == noted) {
            return Ok(None);
        }
        Ok(self.views_have_followed()?.then_some(noted))
    }

    fn views_have_followed(&self) -> Result<bool, OfficeError> {
        let seq = self.ledger.read(|r| r.last_seq())?;
        let views: [&dyn Follower; 3] = [&self.board, &self.register, &self.search];
        Ok(views.iter().all(|view| view.cursor().is_ok_and(|cursor| cursor >= seq)))
    }

    /// Scrubs when something was erased, and serves again after a restore when all was heard and forgotten.
    fn look(&self) -> Result<(), OfficeError> {
        if let Some(noted) = self.due()? {
            self.scrub(&noted)?;
        }
        if self.restoration.may_serve()? && !self.erases_inside()? && self.views_have_followed()? && self.due()?.is_none() {
            self.restoration.serve()?;
        }
        Ok(())
    }

    /// What an erasure taken back from above has left in the log that never leaves the node goes too. Whether there was any.
    fn erases_inside(&self) -> Result<bool, OfficeError> {
        if self.inside_is_clean.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let found = self.ledger.read(|r| r.still_inside())?;
        let is_any = !found.is_empty();
        for (rec, basis) in found {
            let at = self.clock.now();
            self.ledger.write(move |w| -> Result<(), LedgerError> {
                w.erase_inside(rec, &basis, at)?;
                w.cabinet_put(ERASURES, LAST_ERASED, Value::from(RecordId::new().to_string()))
            })?;
        }
        self.inside_is_clean.store(true, Ordering::Relaxed);
        Ok(is_any)
    }
}

/// The thread that scrubs; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Scrubber {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Scrubber {
    pub(crate) fn start(files: Arc<RecordFiles>) -> Scrubber {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let told = stop.clone();
        let thread = std::thread::Builder::new().name("scrubber".to_owned()).spawn(move || {
            let (stops, moved) = &*told;
            let mut is_stopping = stops.lock().unwrap_or_else(PoisonError::into_inner);
            while !*is_stopping {
                drop(is_stopping);
                if let Err(error) = files.look() {
                    tracing::warn!(%error, "what was erased may still be in a file of the disk; it is tried again");
                }
                is_stopping = stops.lock().unwrap_or_else(PoisonError::into_inner);
                if !*is_stopping {
                    is_stopping = moved.wait_timeout(is_stopping, LOOK).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        });
        Scrubber { stop, thread: thread.ok() }
    }
}

impl Drop for Scrubber {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}
