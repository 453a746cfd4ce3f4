//! All data in one file, made in the background for the administrator's page. The file lies in the folder `staging` until a day has passed.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use catalogue::Label;

use crate::audit::AuditEntry;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

/// How long the writing waits for the views, from which the current records are taken.
const VIEWS_FOLLOW: Duration = Duration::from_secs(120);

/// How far the file with all data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveState {
    /// Nobody has asked for one, or it has been removed after a day.
    None,
    /// Being written: entries of the ledger done, entries of all.
    Writing(u64, u64),
    /// It can be fetched: when it was finished (microseconds since 1970), bytes.
    Ready(i64, u64),
    /// Failed; there is no file.
    Failed(Label),
}

/// What the writing thread says; none when it is not at work and has not failed.
#[derive(Debug, Default)]
pub(crate) struct ArchiveDesk(Mutex<Option<ArchiveState>>);

impl ArchiveDesk {
    /// A panic under the lock leaves the state as it was.
    fn set(&self, state: Option<ArchiveState>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> Option<ArchiveState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the caller is the one who begins; a second one waits for the same file.
    fn begin(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, Some(ArchiveState::Writing(..))) {
            return false;
        }
        *state = Some(ArchiveState::Writing(0, 0));
        true
    }
}

impl Office {
    /// Begins to write the archive of [`Office::write_archive`] in the background; one is written at a time. An earlier one can be fetched until then.
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator.
    pub fn begin_archive(self: &Arc<Office>, who: &Identity) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.clear_desk()?;
        if !self.archive_desk.begin() {
            return Ok(());
        }
        if let Err(error) = self.store(Vec::new(), vec![AuditEntry::of(self, who, "archive.write")]) {
            self.archive_desk.set(None);
            return Err(error);
        }
        let (office, who) = (self.clone(), who.clone());
        std::thread::spawn(move || {
            let fresh = office.archive_path().with_extension("zip.new");
            let written = office.write_archive_to(&who, &fresh);
            if written.is_err() {
                // Half an archive is none; a file that cannot be removed goes after a day.
                let _ = std::fs::remove_file(&fresh);
            }
            office.archive_desk.set(written.err().map(|error| ArchiveState::Failed(error.message())));
        });
        Ok(())
    }

    /// How far it is.
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator.
    pub fn archive_state(&self, who: &Identity) -> Result<ArchiveState, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        if let Some(state) = self.archive_desk.get() {
            return Ok(state);
        }
        let Ok(file) = std::fs::metadata(self.archive_path()) else { return Ok(ArchiveState::None) };
        let at = file.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        Ok(ArchiveState::Ready(i64::try_from(at).unwrap_or(i64::MAX), file.len()))
    }

    /// Copies the finished archive to `out` and notes in the trail who took it; returns its bytes.
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator; `NotFound` when there is none.
    pub fn fetch_archive(&self, who: &Identity, out: &mut (dyn Write + Send)) -> Result<u64, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let mut file = File::open(self.archive_path()).map_err(|_| OfficeError::NotFound("archive".to_owned()))?;
        self.store(Vec::new(), vec![AuditEntry::of(self, who, "archive.fetch")])?;
        Ok(std::io::copy(&mut file, out)?)
    }

    fn write_archive_to(&self, who: &Identity, fresh: &PathBuf) -> Result<(), OfficeError> {
        self.settle(VIEWS_FOLLOW);
        std::fs::create_dir_all(self.staging())?;
        let mut out = std::io::BufWriter::new(File::create(fresh)?);
        self.write_archive(who, &mut out, &mut |done, of| self.archive_desk.set(Some(ArchiveState::Writing(done, of))))?;
        out.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        Ok(std::fs::rename(fresh, self.archive_path())?)
    }

    fn archive_path(&self) -> PathBuf {
        self.staging().join("archive.zip")
    }
}
