//! Readers of logs that wait for news: a call stays open until its log has grown, so that what a node says is below within a second and nobody asks in vain.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Calls that may stay open; others are answered at once.
const MOST_WAITING: usize = 2_000;

/// Who waits for which log. Logs go by their name in a path.
#[derive(Debug)]
pub(crate) struct News {
    waiting: Mutex<BTreeMap<String, Arc<Notify>>>,
    room: Arc<Semaphore>,
    is_closing: AtomicBool,
}

/// A place among those that wait for a log.
pub(crate) struct Waiting {
    pub(crate) grown: Arc<Notify>,
    _room: OwnedSemaphorePermit,
}

impl News {
    pub(crate) fn new() -> News {
        News { waiting: Mutex::default(), room: Arc::new(Semaphore::new(MOST_WAITING)), is_closing: AtomicBool::new(false) }
    }

    /// A place to wait for a log; none when there is no room, or the program is about to end.
    pub(crate) fn wait_for(&self, log: &str) -> Option<Waiting> {
        if self.is_closing.load(Ordering::SeqCst) {
            return None;
        }
        let room = self.room.clone().try_acquire_owned().ok()?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody waits for any more goes, so that calls for logs that are none leave nothing behind.
        if waiting.len() > MOST_WAITING {
            waiting.retain(|_, grown| Arc::strong_count(grown) > 1);
        }
        let grown = waiting.entry(log.to_owned()).or_default().clone();
        Some(Waiting { grown, _room: room })
    }

    /// A log has grown.
    pub(crate) fn tell(&self, log: &str) {
        if let Some(grown) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(log) {
            grown.notify_waiters();
        }
    }

    /// The program is about to end: nobody waits any more.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
        for grown in std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner)).into_values() {
            grown.notify_waiters();
        }
    }
}
