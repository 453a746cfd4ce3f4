//! Files beside the database: a folder addressed by content.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::names::hex;

/// A file as a payload names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// The name it was given under.
    pub name: String,
    /// Media type.
    #[serde(rename = "mt")]
    pub media_type: String,
    /// Length in bytes.
    pub len: u64,
    /// Lower-case hexadecimal SHA-256.
    pub sha256: String,
}

impl Ledger {
    /// Keeps a file durably and says how to name it. Keeping the same bytes again changes nothing.
    pub fn put_file(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<FileRef, LedgerError> {
        let sha256 = hex(&Sha256::digest(bytes));
        let path = place(&self.files, &sha256).ok_or_else(|| LedgerError::Name(sha256.clone()))?;
        if !path.exists() {
            write_durably(&path, bytes)?;
        }
        Ok(FileRef { name: name.to_owned(), media_type: media_type.to_owned(), len: bytes.len() as u64, sha256 })
    }

    /// The bytes of a file; none when there is no such file.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when the bytes no longer have the hash.
    pub fn get_file(&self, sha256: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let Some(path) = place(&self.files, sha256) else { return Ok(None) };
        match std::fs::read(path) {
            Ok(bytes) if hex(&Sha256::digest(&bytes)) == sha256 => Ok(Some(bytes)),
            Ok(_) => Err(LedgerError::Damaged(format!("file {sha256}"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Where a file lies: two digits, then the rest. None when the text is no SHA-256.
pub(crate) fn place(folder: &Path, sha256: &str) -> Option<PathBuf> {
    let fits = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let (head, tail) = sha256.split_at_checked(2).filter(|_| fits)?;
    Some(folder.join(head).join(tail))
}

/// Writes beside, syncs, renames, syncs the folder: after a crash the file is whole or not there.
fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("part{}", std::process::id()));
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}
