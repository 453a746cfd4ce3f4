//! Versions of forms that another server on the same database adopts or withdraws: noticed here within seconds, without a restart.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ledger::Ledger;

use crate::error::OfficeError;
use crate::form_shelf::FormShelf;
use crate::form_version::KeptForms;

/// How often the forms in the database are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The thread that looks; it ends when this is dropped.
pub(crate) struct FormWatch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_stopping: Mutex<bool>,
    woken: Condvar,
}

impl FormWatch {
    /// Begins to look. `seen` is what the shelf was filled with; `changing` is held by whoever changes forms here.
    pub(crate) fn start(
        ledger: Arc<Ledger>,
        forms: Arc<FormShelf>,
        changing: Arc<Mutex<()>>,
        mut seen: KeptForms,
    ) -> Result<FormWatch, OfficeError> {
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        let thread = std::thread::Builder::new().name("forms".to_owned()).spawn(move || {
            while own.waits() {
                let _changing = changing.lock().unwrap_or_else(PoisonError::into_inner);
                // A database that is away is told of by whoever needs it.
                let Ok(now) = KeptForms::read(&ledger) else { continue };
                if now == seen {
                    continue;
                }
                match forms.renew(&now.in_use()) {
                    Ok(()) => seen = now,
                    Err(error) => tracing::warn!(%error, "forms that another server has changed cannot be put in force"),
                }
            }
        })?;
        Ok(FormWatch { shared, thread: Some(thread) })
    }
}

impl Shared {
    /// Waits until it is time to look; false when there is nothing more to do.
    fn waits(&self) -> bool {
        let stopping = self.is_stopping.lock().unwrap_or_else(PoisonError::into_inner);
        let (stopping, _) = self.woken.wait_timeout_while(stopping, LOOK, |stopping| !*stopping).unwrap_or_else(PoisonError::into_inner);
        !*stopping
    }
}

impl Drop for FormWatch {
    fn drop(&mut self) {
        *self.shared.is_stopping.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.woken.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}
