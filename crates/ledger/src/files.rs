//! Files beside the database: a folder addressed by content. Which entry names which file is noted with the entry, so that a file that has not come yet is
//! known to be lacking, and one that nobody names after an erasure goes too.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::LedgerError;
use crate::ledger::{Ledger, Reader, Writer};
use crate::names::{Origin, hex};
use crate::payload::Payload;

/// Longest file in bytes (LV-Log/1 §3).
pub const LONGEST_FILE: u64 = 2 << 30;
/// Which files the payloads of each log name: `<origin> <index>/<sha256>`.
const USES: &str = "file_uses";
/// The same of files that were not seen here yet.
const GAPS: &str = "file_gaps";
/// Rows read at a time.
const PAGE: usize = 256;

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

impl FileRef {
    /// Whether hash and length are those of a file that can be kept.
    pub fn is_in_form(&self) -> bool {
        self.len <= LONGEST_FILE && place(Path::new(""), &self.sha256).is_some()
    }
}

/// A file that an entry names and that is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileGap {
    /// Place of the entry.
    pub index: u64,
    /// The file as the entry's payload names it.
    pub file: FileRef,
    /// Bytes of it that have come, from its beginning.
    pub held: u64,
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

impl Ledger {
    /// Whether the file is here whole.
    pub fn has_file(&self, sha256: &str) -> bool {
        place(&self.files, sha256).is_some_and(|path| path.exists())
    }

    /// At most `count` bytes of a file from `from` on, not compared with its hash; none when there is no such file.
    pub fn read_file(&self, sha256: &str, from: u64, count: usize) -> Result<Option<Vec<u8>>, LedgerError> {
        let Some(path) = place(&self.files, sha256) else { return Ok(None) };
        let mut file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(u64::try_from(count).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// How many bytes of a file are here, from its beginning.
    pub fn file_held(&self, file: &FileRef) -> Result<u64, LedgerError> {
        if self.has_file(&file.sha256) {
            return Ok(file.len);
        }
        match std::fs::metadata(self.coming(file)?) {
            Ok(about) => Ok(about.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds bytes to a file that comes in pieces; they count only when they follow those that are here. Returns how many are here now: `len` when the file is
    /// whole, has the hash it is named by and is durable; 0 when it had another one and has to come again.
    pub fn add_to_file(&self, file: &FileRef, from: u64, bytes: &[u8]) -> Result<u64, LedgerError> {
        let _one_at_a_time = self.coming_in.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let held = self.file_held(file)?;
        let reaches = from.saturating_add(bytes.len() as u64);
        if from != held || reaches > file.len || self.has_file(&file.sha256) {
            return Ok(held);
        }
        let path = self.coming(file)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut part = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
        if let Err(error) = part.write_all(bytes) {
            // Half a piece would be taken for a whole one.
            part.set_len(held)?;
            return Err(error.into());
        }
        if reaches < file.len {
            return Ok(reaches);
        }
        if sha256_of(&path)? != file.sha256 {
            std::fs::remove_file(&path)?;
            return Ok(0);
        }
        part.sync_all()?;
        let whole = place(&self.files, &file.sha256).ok_or_else(|| LedgerError::Name(file.sha256.clone()))?;
        let folder = whole.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        std::fs::rename(&path, &whole)?;
        std::fs::File::open(folder)?.sync_all()?;
        Ok(file.len)
    }

    /// Where a file lies while it comes: beside the folder of files, so that no backup and no archive takes half of one.
    fn coming(&self, file: &FileRef) -> Result<PathBuf, LedgerError> {
        place(&self.files.with_extension("coming"), &file.sha256).ok_or_else(|| LedgerError::Name(file.sha256.clone()))
    }

    /// Files that entries of a log name and that are not here, at most `limit` of the first.
    pub fn file_gaps(&self, origin: &Origin, limit: usize) -> Result<Vec<FileGap>, LedgerError> {
        let prefix = format!("{origin} ");
        let (mut gaps, mut come, mut after) = (Vec::new(), Vec::new(), None::<String>);
        while gaps.len() < limit {
            let rows = self.read(|r| r.store.cabinet_list(GAPS, &prefix, after.as_deref(), PAGE, false))?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            for (key, value) in rows {
                let (Some(index), Ok(file)) = (index_of(&key), serde_json::from_value::<FileRef>(value)) else { continue };
                if self.has_file(&file.sha256) {
                    come.push(key);
                } else if gaps.len() < limit {
                    let held = self.file_held(&file)?;
                    gaps.push(FileGap { index, file, held });
                }
            }
        }
        if !come.is_empty() {
            self.write(move |w| come.iter().try_for_each(|key| w.store.cabinet_remove(GAPS, key)))?;
        }
        Ok(gaps)
    }

    /// Removes the files whose every mention was erased. Returns how many.
    pub fn sweep_files(&self) -> Result<usize, LedgerError> {
        let (mut erased, mut named, mut after) = (Vec::new(), BTreeSet::new(), None::<String>);
        loop {
            let rows = self.read(|r| r.store.cabinet_list(USES, "", after.as_deref(), PAGE, false))?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            for (key, _) in rows {
                let Some(sha256) = key.rsplit('/').next().map(str::to_owned) else { continue };
                if self.read(|r| still_names(r, &key, &sha256))? {
                    named.insert(sha256);
                } else {
                    erased.push((key, sha256));
                }
            }
        }
        let mut removed = 0;
        for sha256 in erased.iter().map(|(_, sha256)| sha256).filter(|sha256| !named.contains(*sha256)).collect::<BTreeSet<_>>() {
            for folder in [self.files.clone(), self.files.with_extension("coming")] {
                match place(&folder, sha256).map(std::fs::remove_file) {
                    Some(Ok(())) => removed += 1,
                    Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
        }
        // The rows go last: what a crash leaves is found again.
        self.write(move |w| -> Result<(), LedgerError> {
            for (key, _) in &erased {
                w.store.cabinet_remove(USES, key)?;
                w.store.cabinet_remove(GAPS, key)?;
            }
            Ok(())
        })?;
        Ok(removed)
    }
}

impl Reader<'_> {
    /// Whether entries of a log name any file.
    pub fn names_files(&self, origin: &Origin) -> Result<bool, LedgerError> {
        Ok(!self.store.cabinet_list(USES, &format!("{origin} "), None, 1, false)?.is_empty())
    }
}

impl Writer<'_> {
    /// Notes the files that the payload of an entry names: whoever puts a payload into a log says so here.
    pub fn note_files(&mut self, origin: &Origin, index: u64, payload: &[u8]) -> Result<(), LedgerError> {
        for file in Payload::files(payload) {
            let key = format!("{origin} {index:020}/{}", file.sha256);
            let value = serde_json::to_value(&file).map_err(|error| LedgerError::Damaged(error.to_string()))?;
            self.store.cabinet_put(USES, &key, &Value::Bool(true))?;
            self.store.cabinet_put(GAPS, &key, &value)?;
        }
        Ok(())
    }
}

/// The place of the entry in a key.
fn index_of(key: &str) -> Option<u64> {
    key.split_once(' ')?.1.split_once('/')?.0.parse().ok()
}

/// Whether the entry of a key still names the file: its payload was not erased. One that was taken off its log for a while may come back.
fn still_names(r: &Reader<'_>, key: &str, sha256: &str) -> Result<bool, LedgerError> {
    let place = key.split_once(' ').and_then(|(origin, _)| Origin::parse(origin).ok()).zip(index_of(key));
    let Some((origin, index)) = place else { return Ok(false) };
    let Some(log) = r.store.log_of(&origin)? else { return Ok(true) };
    let row = r.store.entries(log.id, index, 1)?.pop().filter(|row| row.index == index);
    Ok(match row {
        None => true,
        Some(row) => row.payload.is_some_and(|payload| Payload::files(&payload).iter().any(|file| file.sha256 == sha256)),
    })
}

fn sha256_of(path: &Path) -> Result<String, LedgerError> {
    let (mut hash, mut file, mut piece) = (Sha256::new(), std::fs::File::open(path)?, vec![0; 64 << 10]);
    loop {
        let length = file.read(&mut piece)?;
        match piece.get(..length) {
            Some(read) if length > 0 => hash.update(read),
            _ => return Ok(hex(&hash.finalize())),
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
