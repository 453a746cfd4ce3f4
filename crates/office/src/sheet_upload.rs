//! A spreadsheet that arrives in pieces over a poor line. Its pieces lie in the folder `staging`, one after the other in one file, so that the length of that
//! file is all there is to know about how far it has come; a restart changes nothing. When it is whole, it goes on the desk like one sent at once.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, MutexGuard, PoisonError};

use ledger::RecordId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::column_map::ColumnMap;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::sheet::LARGEST_FILE;
use crate::sheet_plan::SheetForm;

/// The largest piece, in bytes.
pub const LARGEST_PIECE: usize = 1024 * 1024;
/// Uploads of one account that may be under way.
const MOST_OPEN: usize = 3;

/// What somebody is about to send in pieces. The same form again means the same upload: it goes on where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadForm {
    /// The kind of its records.
    pub kind: String,
    /// The body that keeps them.
    pub owner: RecordId,
    /// The file's name.
    pub name: String,
    /// A remembered column map.
    pub map: Option<String>,
    /// Its length in bytes.
    pub size: u64,
    /// When the file was last changed, milliseconds since 1970, as the browser says. A hash would have to read the whole file before the first byte is sent,
    /// and browsers do not hash on plain HTTP.
    pub modified: u64,
}

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUpload {
    /// Its id, and later that of the file on the desk.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Bytes that have arrived.
    pub received: u64,
    /// Bytes of all.
    pub size: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct UploadSlip {
    account: String,
    form: UploadForm,
}

impl Office {
    /// Begins an upload, or finds the one that the same form began before. Permission, size and map are decided here, before any byte is taken.
    ///
    /// # Errors
    /// `Denied`; `NotFound` for an unknown kind; `Refused` for an unknown map, with `file_too_large`, `file_empty` or `too_many_uploads`.
    pub fn begin_upload(&self, who: &Identity, form: UploadForm) -> Result<OpenUpload, OfficeError> {
        self.may_import(who, &form.kind, form.owner)?.require()?;
        if let Some(map) = &form.map {
            self.column_map(who, &form.kind, map)?;
        }
        if form.size > LARGEST_FILE as u64 {
            return Err(crate::sheet::too_large());
        }
        if form.size == 0 {
            return Err(OfficeError::refused(
                "file_empty",
                "Tệp rỗng; chưa gửi gì. Hãy mở tệp kiểm tra lại rồi chọn lần nữa.",
                "The file is empty; nothing was sent. Open and check it, then choose it again.",
            ));
        }
        let _alone = self.receiving();
        self.clear_desk()?;
        let mut open = 0;
        for (id, slip) in self.upload_slips(who)? {
            if slip.form == form {
                return self.how_far(id, slip.form);
            }
            open += 1;
        }
        if open >= MOST_OPEN {
            return Err(OfficeError::refused(
                "too_many_uploads",
                format!(
                    "Anh/chị đang gửi dở {open} tệp, tối đa {MOST_OPEN}; chưa gửi gì thêm. Hãy gửi tiếp hoặc hủy một tệp trong danh sách “Tệp gửi dở”."
                ),
                format!(
                    "You have {open} unfinished uploads, at most {MOST_OPEN}; nothing was sent. Go on with one of “Unfinished uploads”, or cancel one."
                ),
            ));
        }
        let id = RecordId::new();
        std::fs::create_dir_all(self.staging())?;
        let slip = UploadSlip { account: who.account().unwrap_or_default().to_owned(), form };
        let fresh = self.staging().join(format!("{id}.upload.new"));
        std::fs::write(&fresh, serde_json::to_vec(&slip)?)?;
        std::fs::rename(fresh, self.staging().join(format!("{id}.upload")))?;
        self.how_far(id, slip.form)
    }

    /// The uploads of this account that are under way, oldest first.
    pub fn open_uploads(&self, who: &Identity) -> Result<Vec<OpenUpload>, OfficeError> {
        let mut open = Vec::new();
        for (id, slip) in self.upload_slips(who)? {
            open.push(self.how_far(id, slip.form)?);
        }
        Ok(open)
    }

    /// How far an upload of this account has come.
    pub fn upload_state(&self, who: &Identity, id: &str) -> Result<OpenUpload, OfficeError> {
        let (id, form) = self.upload_form(who, id)?;
        self.how_far(id, form)
    }

    /// Takes the bytes that begin at `from`.
    ///
    /// # Errors
    /// `Refused` (`piece_misplaced`) when they do not follow on what has arrived or go beyond the end: the sender asks for the state and sends what that says;
    /// `DiskFull`. The upload is then as it was.
    pub fn take_piece(&self, who: &Identity, id: &str, from: u64, bytes: &[u8]) -> Result<OpenUpload, OfficeError> {
        let _alone = self.receiving();
        let (id, form) = self.upload_form(who, id)?;
        let before = self.how_far(id, form.clone())?;
        if from != before.received || bytes.is_empty() || bytes.len() > LARGEST_PIECE || from + bytes.len() as u64 > before.size {
            return Err(OfficeError::refused(
                "piece_misplaced",
                format!("Phần gửi lên không nối tiếp {} byte đã nhận; chưa ghi phần này. Hãy hỏi lại rồi gửi từ chỗ đó.", before.received),
                format!(
                    "The piece does not follow the {} bytes received; it was not kept. Ask again and send from there.",
                    before.received
                ),
            ));
        }
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(self.staging().join(format!("{id}.part")))?;
        file.seek(SeekFrom::Start(from))?;
        if let Err(error) = file.write_all(bytes) {
            // Half a piece is taken away again; where that fails too, the next answer counts it among what has arrived, which it has.
            let _ = file.set_len(from);
            return Err(error.into());
        }
        self.how_far(id, form)
    }

    /// Puts a whole file on the desk, under the id of the upload, where its check begins. Asked again after a lost answer, it says the same.
    ///
    /// # Errors
    /// `Refused` (`upload_incomplete`) while bytes are missing.
    pub fn finish_upload(self: &Arc<Office>, who: &Identity, id: &str) -> Result<(), OfficeError> {
        let _alone = self.receiving();
        if self.is_on_desk(who, id) {
            // There when the program was stopped between the two.
            let _ = std::fs::remove_file(self.staging().join(format!("{id}.upload")));
            return Ok(());
        }
        let (id, form) = self.upload_form(who, id)?;
        self.may_import(who, &form.kind, form.owner)?.require()?;
        let state = self.how_far(id, form.clone())?;
        if state.received != state.size {
            return Err(OfficeError::refused(
                "upload_incomplete",
                format!("Mới nhận {} trong {} byte; chưa kiểm tra tệp. Hãy gửi tiếp phần còn lại.", state.received, state.size),
                format!("Only {} of {} bytes have arrived; the file was not checked. Send the rest.", state.received, state.size),
            ));
        }
        let map = match form.map.as_deref() {
            Some(map) => self.column_map(who, &form.kind, map)?,
            None => ColumnMap::default(),
        };
        let part = self.staging().join(format!("{id}.part"));
        let sha256 = sha256_of(File::open(&part)?)?;
        std::fs::rename(part, self.staging().join(format!("{id}.sheet")))?;
        self.put_on_desk(who, id, SheetForm { kind: form.kind, owner: form.owner, file: form.name, sha256, map }, None)?;
        Ok(std::fs::remove_file(self.staging().join(format!("{id}.upload")))?)
    }

    /// Forgets an upload and what has arrived of it.
    pub fn cancel_upload(&self, who: &Identity, id: &str) -> Result<(), OfficeError> {
        let _alone = self.receiving();
        let (id, _) = self.upload_form(who, id)?;
        std::fs::remove_file(self.staging().join(format!("{id}.upload")))?;
        match std::fs::remove_file(self.staging().join(format!("{id}.part"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// One change of uploads at a time: each is a small write.
    fn receiving(&self) -> MutexGuard<'_, ()> {
        self.sheet_desk.receiving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn how_far(&self, id: RecordId, form: UploadForm) -> Result<OpenUpload, OfficeError> {
        let received = std::fs::metadata(self.staging().join(format!("{id}.part"))).map_or(0, |part| part.len());
        Ok(OpenUpload { id: id.to_string(), name: form.name, received, size: form.size })
    }

    /// The form of an upload of this account; others do not learn that it is there.
    fn upload_form(&self, who: &Identity, id: &str) -> Result<(RecordId, UploadForm), OfficeError> {
        let missing = || OfficeError::NotFound(format!("upload {id}"));
        let id = RecordId::parse(id).map_err(|_| missing())?;
        let bytes = std::fs::read(self.staging().join(format!("{id}.upload"))).map_err(|_| missing())?;
        let slip: UploadSlip = serde_json::from_slice(&bytes)?;
        if who.account() == Some(slip.account.as_str()) { Ok((id, slip.form)) } else { Err(missing()) }
    }

    /// The slips of this account, oldest first. The folder holds what a day brings.
    fn upload_slips(&self, who: &Identity) -> Result<Vec<(RecordId, UploadSlip)>, OfficeError> {
        let mut slips = Vec::new();
        let Ok(files) = std::fs::read_dir(self.staging()) else { return Ok(slips) };
        for file in files {
            let path = file?.path();
            let id = path.file_stem().and_then(|stem| RecordId::parse(&stem.to_string_lossy()).ok());
            let (Some(id), true) = (id, path.extension().is_some_and(|suffix| suffix == "upload")) else { continue };
            let slip: UploadSlip = serde_json::from_slice(&std::fs::read(path)?)?;
            if who.account() == Some(slip.account.as_str()) {
                slips.push((id, slip));
            }
        }
        slips.sort_by_key(|(id, _)| *id);
        Ok(slips)
    }
}

fn sha256_of(mut file: File) -> Result<String, OfficeError> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(buffer.get(..count).unwrap_or_default());
    }
}
