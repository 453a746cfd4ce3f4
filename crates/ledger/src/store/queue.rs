//! The way to a store's one writing thread: commands wait here, those that wait together share a commit, and every caller gets his own answer.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::LedgerError;

/// The writing thread and the way of commands `C` to it. Dropped, it waits until the thread has ended.
pub(crate) struct WriteQueue<C> {
    commands: Mutex<Option<Sender<C>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl<C: Send + 'static> WriteQueue<C> {
    /// Starts the thread with what it does until the queue is closed.
    pub(crate) fn start(write_all: impl FnOnce(&Receiver<C>) + Send + 'static) -> Result<WriteQueue<C>, LedgerError> {
        let (sender, receiver) = channel();
        let thread =
            std::thread::Builder::new().name("ledger".to_owned()).spawn(move || write_all(&receiver)).map_err(LedgerError::File)?;
        Ok(WriteQueue { commands: Mutex::new(Some(sender)), thread: Some(thread) })
    }

    /// Sends a command and waits for its answer.
    pub(crate) fn send(&self, command: impl FnOnce(Answer) -> C) -> Result<(), LedgerError> {
        let place = Arc::new(Place::default());
        let answer = Answer(place.clone());
        lock(&self.commands).as_ref().ok_or(LedgerError::Closed)?.send(command(answer)).map_err(|_| LedgerError::Closed)?;
        place.wait()
    }
}

impl<C> std::fmt::Debug for WriteQueue<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteQueue").finish_non_exhaustive()
    }
}

impl<C> Drop for WriteQueue<C> {
    fn drop(&mut self) {
        lock(&self.commands).take();
        if let Some(thread) = self.thread.take() {
            // A panic in the writing thread has been answered to its callers.
            let _ = thread.join();
        }
    }
}

/// Waits for a command and takes all that wait with it, at most `most`; none when the queue is closed. Waiting for more of them was measured and made it
/// slower: what one group's callers prepare while the other group is committed is worth more than larger groups.
pub(crate) fn next_group<C>(commands: &Receiver<C>, most: usize) -> Option<Vec<C>> {
    let mut waiting = vec![commands.recv().ok()?];
    while waiting.len() < most {
        match commands.try_recv() {
            Ok(command) => waiting.push(command),
            Err(_) => break,
        }
    }
    Some(waiting)
}

/// The place where a caller waits for his answer. Dropped without one (the writing thread has ended), it says so.
pub(crate) struct Answer(Arc<Place>);

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
pub(crate) fn give_all(mut answers: Vec<(Answer, Result<(), LedgerError>)>) {
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
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
