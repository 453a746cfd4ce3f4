//! Online backup into a folder, and restore with a check of everything.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::error::LedgerError;
use crate::files::place;
use crate::ledger::Ledger;
use crate::names::NodeName;

/// Pages copied in one step: writers go on between steps.
const PAGES: i32 = 512;

impl Ledger {
    /// Copies the database as of one moment, and the files, into the new folder `to` while the node runs. `progress` gets (done, of) in pages.
    ///
    /// # Errors
    /// [`LedgerError::BackedUpElsewhere`] when the ledger is in PostgreSQL; nothing is copied then.
    pub fn backup(&self, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LedgerError> {
        self.store.copy_to(&to.join("lienvung.sqlite"), progress)?;
        copy_files(&self.files, &to.join("files"))
    }

    /// Restores a backup folder into the new file `to` (files beside it) and checks it whole before it is put in place.
    ///
    /// # Errors
    /// Refuses to overwrite; [`LedgerError::Damaged`] when the backup does not verify, and then nothing is left behind.
    pub fn restore(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LedgerError> {
        if to.exists() {
            return Err(LedgerError::File(std::io::Error::new(std::io::ErrorKind::AlreadyExists, to.display().to_string())));
        }
        let source = from.join("lienvung.sqlite");
        if !source.exists() {
            return Err(LedgerError::File(std::io::Error::new(std::io::ErrorKind::NotFound, source.display().to_string())));
        }
        let beside = to.with_extension("restoring");
        let result = (|| {
            copy_database(&Connection::open(&source)?, &beside, progress)?;
            copy_files(&from.join("files"), &to.parent().unwrap_or(Path::new(".")).join("files"))?;
            let node = node_of(&beside)?;
            let problems = Ledger::open(&beside, &node)?.verify(&mut |_, _| {})?.problems;
            match problems.into_iter().next() {
                Some(problem) => Err(LedgerError::Damaged(problem)),
                None => Ok(()),
            }
        })();
        if result.is_ok() {
            std::fs::rename(&beside, to)?;
        }
        for suffix in ["restoring", "restoring-wal", "restoring-shm"] {
            let _ = std::fs::remove_file(to.with_extension(suffix));
        }
        result
    }
}

pub(crate) fn copy_database(source: &Connection, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LedgerError> {
    let mut target = Connection::open(to)?;
    let backup = Backup::new(source, &mut target)?;
    loop {
        let step = backup.step(PAGES)?;
        let state = backup.progress();
        let of = u64::try_from(state.pagecount).unwrap_or(0);
        progress(of.saturating_sub(u64::try_from(state.remaining).unwrap_or(0)), of);
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    drop(backup);
    target.pragma_update(None, "journal_mode", "DELETE")?;
    target.close().map_err(|(_, error)| error)?;
    std::fs::File::open(to)?.sync_all()?;
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> Result<(), LedgerError> {
    if !from.exists() {
        return Ok(());
    }
    for head in std::fs::read_dir(from)? {
        let head = head?;
        for file in std::fs::read_dir(head.path())? {
            let file = file?;
            let name = format!("{}{}", head.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            if let Some(target) = place(to, &name)
                && !target.exists()
            {
                std::fs::create_dir_all(target.parent().unwrap_or(to))?;
                std::fs::copy(file.path(), &target)?;
            }
        }
    }
    Ok(())
}

fn node_of(path: &Path) -> Result<NodeName, LedgerError> {
    let connection = Connection::open(path)?;
    let name: String = connection.query_row("SELECT value FROM meta WHERE key = 'node'", [], |row| row.get(0))?;
    NodeName::parse(&name)
}
