//! "Give me all my data": everything a node keeps as records, with its history, in one ZIP that any program can read and [`restore_archive`] turns back into
//! a folder with the same logs.
//!
//! Members: `README.txt`; `manifest.json` (what is inside, with sizes and SHA-256); `logs/<audience>.jsonl` (every entry as it was written, and the payload it
//! commits to unless that was erased); `files/<sha256>`; `cabinet/<drawer>.jsonl` (forms adopted by the node and where records came from);
//! `catalogue/<folder>/<file>` (the operator's own kinds and code lists, without which records that use them could not be read);
//! `records/<kind>.jsonl` and `.csv` (current records, for people). Accounts, passwords, drafts and the trail of who did what are not in it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::Lang;
use ledger::{Ledger, LedgerError, NodeName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::error::OfficeError;
use crate::export::FileForm;
use crate::identity::Identity;
use crate::office::Office;
use crate::own_catalogue::OwnCatalogue;
use crate::permission::{Action, Subject, decide};
use crate::register::RegisterFilter;

/// The form of the archive.
const FORM: &str = "lienvung-archive/1";
/// Before the names of the operator's files.
const CATALOGUE: &str = "catalogue/";
/// Entries read at a time, and replayed in one transaction.
const PAGE: usize = 2_000;
/// Drawers of the cabinet that belong to the data and not to people.
const DRAWERS: [&str; 2] = ["form", crate::record::SOURCES];
/// The longest line: an entry with its payload.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;
/// Text packs to a tenth; what unpacks to a thousand times its size was made to fill a disk.
const LARGEST_RATIO: u64 = 1_000;

/// What is in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveManifest {
    /// Always `lienvung-archive/1`.
    pub form: String,
    /// Name of the node.
    pub node: String,
    /// The body that runs it.
    pub body: String,
    /// Size and root of each log, by audience.
    pub logs: BTreeMap<String, ArchivedLog>,
    /// Current records by kind, as `records/` holds them.
    pub records: BTreeMap<String, u64>,
    /// Length and SHA-256 of each member.
    pub members: BTreeMap<String, ArchivedMember>,
}

/// A log in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedLog {
    /// Entries.
    pub size: u64,
    /// Root over them, base64.
    pub root: String,
}

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedMember {
    /// Bytes.
    pub length: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
struct EntryLine {
    entry: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
}

impl Office {
    /// Writes the archive. `progress` gets (entries written, entries of all).
    ///
    /// # Errors
    /// `Denied` for anybody but the administrator.
    pub fn write_archive(
        &self,
        who: &Identity,
        out: impl Write + Seek + Send,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveManifest, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let mut packing = Packing { zip: ZipWriter::new(out), members: BTreeMap::new() };
        packing.add("README.txt", |out| Ok(out.write_all(README.as_bytes())?))?;
        let states = self.ledger().read(|r| r.logs())?;
        let of: u64 = states.iter().map(|log| log.size).sum();
        let (mut done, mut logs) = (0, BTreeMap::new());
        for state in &states {
            packing.add(&format!("logs/{}.jsonl", state.audience), |out| {
                let mut from = 0;
                // Entries that came after the size was read belong to the next archive.
                while from < state.size {
                    let page = self.ledger().read(|r| r.entries(&state.audience, from, PAGE))?;
                    if page.is_empty() {
                        return Err(OfficeError::Data(format!("log {} ends early", state.audience)));
                    }
                    for row in page.into_iter().filter(|row| row.index < state.size) {
                        from = row.index + 1;
                        let entry = String::from_utf8(row.bytes).map_err(|error| OfficeError::Data(error.to_string()))?;
                        serde_json::to_writer(
                            &mut *out,
                            &EntryLine { entry, payload: row.payload.map(|payload| STANDARD.encode(payload)) },
                        )?;
                        out.write_all(b"\n")?;
                    }
                    progress(done + from, of);
                }
                done += from;
                Ok(())
            })?;
            logs.insert(state.audience.clone(), ArchivedLog { size: state.size, root: state.root.to_b64() });
        }
        for (name, path) in files_below(&self.folder().join("files"))? {
            packing.add(&format!("files/{name}"), |out| {
                std::io::copy(&mut std::fs::File::open(&path)?, out)?;
                Ok(())
            })?;
        }
        for drawer in DRAWERS {
            packing.add(&format!("cabinet/{drawer}.jsonl"), |out| self.write_drawer(drawer, out))?;
        }
        for name in OwnCatalogue::read(self.folder())?.files {
            let (path, member) = (OwnCatalogue::path(self.folder()).join(&name), format!("{CATALOGUE}{name}"));
            if !is_member_name(&member) {
                return Err(OfficeError::refused(
                    "catalogue_name",
                    format!("Tệp danh mục “{name}” có dấu mà hệ điều hành khác không nhận; chưa ghi gì. Hãy đổi tên tệp rồi làm lại."),
                    format!(
                        "The name of the catalogue file “{name}” has a sign that other systems do not take; nothing was written. Rename it and try again."
                    ),
                ));
            }
            packing.add(&member, |out| {
                std::io::copy(&mut std::fs::File::open(&path)?, out)?;
                Ok(())
            })?;
        }
        let mut records = BTreeMap::new();
        let kinds: Vec<String> = self.catalogue().kinds().map(|kind| kind.name.clone()).collect();
        for kind in kinds {
            let filter = RegisterFilter { kind: Some(kind.clone()), ..RegisterFilter::default() };
            let mut count = 0;
            for (form, suffix) in [(FileForm::Jsonl, "jsonl"), (FileForm::Csv, "csv")] {
                packing.add(&format!("records/{kind}.{suffix}"), |out| {
                    count = self.export_register(who, &filter, Lang::Vi, form, out)?;
                    Ok(())
                })?;
            }
            records.insert(kind, count);
        }
        let manifest = ArchiveManifest {
            form: FORM.to_owned(),
            node: self.ledger().node().as_str().to_owned(),
            body: self.body().to_string(),
            logs,
            records,
            members: std::mem::take(&mut packing.members),
        };
        packing.add("manifest.json", |out| Ok(serde_json::to_writer_pretty(out, &manifest)?))?;
        packing.zip.finish().map_err(not_packed)?;
        Ok(manifest)
    }

    fn write_drawer(&self, drawer: &str, out: &mut (dyn Write + Send)) -> Result<(), OfficeError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.ledger().read(|r| r.cabinet_list(drawer, after.as_deref(), PAGE, false))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, value) in page {
                serde_json::to_writer(&mut *out, &json!({"key": key, "value": value}))?;
                out.write_all(b"\n")?;
            }
        }
    }
}

struct Packing<W: Write + Seek> {
    zip: ZipWriter<W>,
    members: BTreeMap<String, ArchivedMember>,
}

impl<W: Write + Seek + Send> Packing<W> {
    fn add(&mut self, name: &str, write: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), OfficeError>) -> Result<(), OfficeError> {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).large_file(true);
        self.zip.start_file(name, options).map_err(not_packed)?;
        let mut member = Hashing { inner: &mut self.zip, hash: Sha256::new(), length: 0 };
        write(&mut member)?;
        let (length, sha256) = member.end();
        self.members.insert(name.to_owned(), ArchivedMember { length, sha256 });
        Ok(())
    }
}

/// A full disk stays one.
fn not_packed(error: zip::result::ZipError) -> OfficeError {
    match error {
        zip::result::ZipError::Io(error) => error.into(),
        other => OfficeError::Data(other.to_string()),
    }
}

/// Counts and hashes what passes through.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
    length: u64,
}

impl<T> Hashing<T> {
    fn pass(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
    }

    fn end(self) -> (u64, String) {
        let digits = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        (self.length, digits)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.pass(bytes.get(..count).unwrap_or(bytes));
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.pass(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Files of a folder that is addressed by content: (hash, place), in the order of the hashes.
fn files_below(folder: &Path) -> Result<Vec<(String, PathBuf)>, OfficeError> {
    let mut found = Vec::new();
    let Ok(heads) = std::fs::read_dir(folder) else { return Ok(found) };
    for head in heads {
        let head = head?;
        if !head.file_type()?.is_dir() {
            continue;
        }
        for tail in std::fs::read_dir(head.path())? {
            let tail = tail?;
            let name = format!("{}{}", head.file_name().to_string_lossy(), tail.file_name().to_string_lossy());
            if is_sha256(&name) {
                found.push((name, tail.path()));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Reads an archive into a new folder: first every member against the manifest, then the logs entry by entry, then the whole ledger once more. The folder
/// appears under its name only when all of it is right. `progress` gets (entries replayed, entries of all).
///
/// # Errors
/// `Refused`: `archive_place` when the folder holds something, `archive_unreadable`, `archive_damaged` with the member that is wrong; nothing is left then.
pub fn restore_archive(file: &Path, folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveManifest, OfficeError> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(OfficeError::refused(
            "archive_place",
            format!("Thư mục {} đã có dữ liệu; chưa ghi gì. Hãy chọn thư mục mới.", folder.display()),
            format!("The folder {} holds data; nothing was written. Choose a new one.", folder.display()),
        ));
    }
    let beside = folder.with_extension(format!("part{}", std::process::id()));
    if let Some(above) = folder.parent() {
        std::fs::create_dir_all(above)?;
    }
    std::fs::create_dir(&beside)?;
    let outcome = restore_into(file, &beside, progress).and_then(|manifest| {
        // An empty folder gives way; one that was filled meanwhile does not.
        let _ = std::fs::remove_dir(folder);
        std::fs::rename(&beside, folder)?;
        Ok(manifest)
    });
    if outcome.is_err() {
        let _ = std::fs::remove_dir_all(&beside);
    }
    outcome
}

fn restore_into(file: &Path, folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveManifest, OfficeError> {
    let mut archive = ZipArchive::new(std::fs::File::open(file)?).map_err(|error| unreadable(&error.to_string()))?;
    let manifest = read_manifest(&mut archive)?;
    check_members(&mut archive, &manifest)?;
    let node = NodeName::parse(&manifest.node).map_err(|_| damaged("manifest.json"))?;
    let ledger = Ledger::open(&folder.join("lienvung.sqlite"), &node)?;
    let of: u64 = manifest.logs.values().map(|log| log.size).sum();
    let mut done = 0;
    for audience in manifest.logs.keys() {
        let member = format!("logs/{audience}.jsonl");
        let mut page = Vec::new();
        for_each_line(&mut archive, &member, &mut |line| {
            page.push(serde_json::from_str::<EntryLine>(line).map_err(|_| damaged(&member))?);
            if page.len() == PAGE {
                done += replay(&ledger, audience, &member, std::mem::take(&mut page))?;
                progress(done, of);
            }
            Ok(())
        })?;
        done += replay(&ledger, audience, &member, page)?;
        progress(done, of);
    }
    for member in manifest.members.keys() {
        if let Some(sha256) = member.strip_prefix("files/") {
            let mut bytes = Vec::new();
            open_member(&mut archive, member)?.read_to_end(&mut bytes)?;
            if ledger.put_file("", "", &bytes)?.sha256 != sha256 {
                return Err(damaged(member));
            }
        }
    }
    for member in manifest.members.keys() {
        if let Some(name) = member.strip_prefix(CATALOGUE) {
            let path = OwnCatalogue::path(folder).join(name);
            if let Some(above) = path.parent() {
                std::fs::create_dir_all(above)?;
            }
            std::io::copy(&mut open_member(&mut archive, member)?, &mut std::fs::File::create_new(&path)?)?;
        }
    }
    // Faulty files would stop the program at its first start.
    OwnCatalogue::read(folder)?;
    for drawer in DRAWERS {
        let member = format!("cabinet/{drawer}.jsonl");
        let mut documents = Vec::new();
        for_each_line(&mut archive, &member, &mut |line| {
            let document: Value = serde_json::from_str(line).map_err(|_| damaged(&member))?;
            let key = document.get("key").and_then(Value::as_str).ok_or_else(|| damaged(&member))?.to_owned();
            documents.push((key, document.get("value").cloned().unwrap_or_default()));
            Ok(())
        })?;
        ledger.write(move |w| -> Result<(), LedgerError> {
            for (key, value) in documents {
                w.cabinet_put(drawer, &key, value)?;
            }
            Ok(())
        })?;
    }
    let body = manifest.body.clone();
    ledger.write(move |w| -> Result<(), LedgerError> { w.cabinet_put("node", "body", json!(body)) })?;
    check_logs(&ledger, &manifest)?;
    Ok(manifest)
}

fn read_manifest(archive: &mut ZipArchive<std::fs::File>) -> Result<ArchiveManifest, OfficeError> {
    let mut text = String::new();
    open_member(archive, "manifest.json")?.take(LONGEST_LINE).read_to_string(&mut text).map_err(|_| damaged("manifest.json"))?;
    let manifest: ArchiveManifest = serde_json::from_str(&text).map_err(|_| damaged("manifest.json"))?;
    if manifest.form != FORM {
        return Err(unreadable(&format!("{} ≠ {FORM}", manifest.form)));
    }
    let logs_named = manifest.logs.keys().all(|audience| manifest.members.contains_key(&format!("logs/{audience}.jsonl")));
    if !logs_named || manifest.members.keys().any(|name| !is_member_name(name)) {
        return Err(damaged("manifest.json"));
    }
    Ok(manifest)
}

/// Names that an archive of ours has; nothing with a way out of its folder.
fn is_member_name(name: &str) -> bool {
    if name == "README.txt" {
        return true;
    }
    let plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    match name.split_once('/') {
        Some(("files", sha256)) => is_sha256(sha256),
        Some(("logs" | "cabinet", rest)) => rest.strip_suffix(".jsonl").is_some_and(plain),
        Some(("records", rest)) => rest.strip_suffix(".jsonl").or_else(|| rest.strip_suffix(".csv")).is_some_and(plain),
        Some(("catalogue", rest)) => rest.split_once('/').is_some_and(|(folder, file)| {
            is_plain_name(folder) && is_plain_name(file) && (file.ends_with(".toml") || file.ends_with(".csv"))
        }),
        _ => false,
    }
}

/// A name that stays in its folder on every system.
fn is_plain_name(name: &str) -> bool {
    let outside = |sign: char| sign.is_control() || matches!(sign, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    !name.is_empty() && !name.starts_with(['.', '~']) && !name.chars().any(outside)
}

/// Every member as the manifest says, and no other.
fn check_members(archive: &mut ZipArchive<std::fs::File>, manifest: &ArchiveManifest) -> Result<(), OfficeError> {
    for name in archive.file_names() {
        let name = name.map_err(|error| unreadable(&error.to_string()))?;
        if name != "manifest.json" && !manifest.members.contains_key(name.as_ref()) {
            return Err(damaged(&name));
        }
    }
    for (name, expected) in &manifest.members {
        let member = archive.by_name(name).map_err(|_| damaged(name))?;
        if member.size() != expected.length || member.size() / LARGEST_RATIO > member.compressed_size() + 1 {
            return Err(damaged(name));
        }
        let mut hashing = Hashing { inner: member.take(expected.length + 1), hash: Sha256::new(), length: 0 };
        std::io::copy(&mut hashing, &mut std::io::sink()).map_err(|_| damaged(name))?;
        if hashing.end() != (expected.length, expected.sha256.clone()) {
            return Err(damaged(name));
        }
    }
    Ok(())
}

fn open_member<'a>(archive: &'a mut ZipArchive<std::fs::File>, name: &str) -> Result<impl Read + use<'a>, OfficeError> {
    archive.by_name(name).map_err(|_| damaged(name))
}

fn for_each_line(
    archive: &mut ZipArchive<std::fs::File>,
    member: &str,
    each: &mut dyn FnMut(&str) -> Result<(), OfficeError>,
) -> Result<(), OfficeError> {
    let mut reader = BufReader::new(open_member(archive, member)?);
    let mut line = String::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LONGEST_LINE).read_line(&mut line).map_err(|_| damaged(member))?;
        match line.strip_suffix('\n') {
            Some(whole) => each(whole)?,
            None if read == 0 => return Ok(()),
            None => return Err(damaged(member)),
        }
    }
}

/// One transaction of entries; returns how many.
fn replay(ledger: &Ledger, audience: &str, member: &str, lines: Vec<EntryLine>) -> Result<u64, OfficeError> {
    let count = lines.len() as u64;
    let mut entries = Vec::with_capacity(lines.len());
    for line in lines {
        let payload = line.payload.map(|payload| STANDARD.decode(payload)).transpose().map_err(|_| damaged(member))?;
        entries.push((line.entry, payload));
    }
    let audience = audience.to_owned();
    let replayed = ledger.write(move |w| -> Result<(), LedgerError> {
        for (entry, payload) in entries {
            w.replay(&audience, entry.as_bytes(), payload)?;
        }
        Ok(())
    });
    match replayed {
        Ok(()) => Ok(count),
        Err(LedgerError::Damaged(_)) => Err(damaged(member)),
        Err(other) => Err(other.into()),
    }
}

/// The logs have the sizes and roots of the manifest, and everything in them fits together.
fn check_logs(ledger: &Ledger, manifest: &ArchiveManifest) -> Result<(), OfficeError> {
    let report = ledger.verify(&mut |_, _| {})?;
    for log in &report.logs {
        let expected = manifest.logs.get(&log.audience).ok_or_else(|| damaged("manifest.json"))?;
        if (log.size, log.root.to_b64()) != (expected.size, expected.root.clone()) {
            return Err(damaged(&format!("logs/{}.jsonl", log.audience)));
        }
    }
    match report.problems.first() {
        None if report.logs.len() == manifest.logs.len() => Ok(()),
        None => Err(damaged("manifest.json")),
        Some(problem) => Err(unreadable(problem)),
    }
}

fn unreadable(why: &str) -> OfficeError {
    OfficeError::refused(
        "archive_unreadable",
        format!("Không đọc được tệp lưu trữ ({why}); chưa ghi gì. Hãy lấy lại tệp từ nơi tạo ra nó."),
        format!("The archive cannot be read ({why}); nothing was written. Get the file again from where it was made."),
    )
}

fn damaged(member: &str) -> OfficeError {
    OfficeError::refused(
        "archive_damaged",
        format!("Phần “{member}” của tệp lưu trữ bị hỏng, thiếu hoặc đã bị sửa; chưa ghi gì. Hãy lấy lại tệp từ nơi tạo ra nó."),
        format!(
            "The part “{member}” of the archive is damaged, missing or was changed; nothing was written. Get the file again from where it was made."
        ),
    )
}

const README: &str = "Tệp lưu trữ toàn bộ dữ liệu của một nút Liên Vùng
=================================================

logs/       sổ cái: mỗi dòng một mục đúng như đã ghi, kèm nội dung (base64) nếu chưa bị xóa theo pháp luật
files/      tệp gốc, tên tệp là SHA-256 của nội dung
cabinet/    mẫu đã áp dụng, mã nguồn của bản ghi nhập từ hệ thống khác
catalogue/  loại bản ghi và danh mục riêng của đơn vị, nếu có
records/    bản ghi hiện hành theo loại, JSON từng dòng và CSV, để đọc bằng chương trình bất kỳ
manifest.json   kích thước, SHA-256 của từng phần, kích thước và gốc của từng sổ

Không có trong tệp này: tài khoản, mật khẩu, bản nháp, nhật ký ai làm gì.
Đọc lại:  lienvung import archive TỆP.zip --data THƯ-MỤC-MỚI

All data of a node of Liên Vùng
===============================

logs/       the ledger: one entry a line as it was written, with its payload (base64) unless the law had it erased
files/      originals, named by the SHA-256 of their contents
cabinet/    forms the node adopted, ids of records in the systems they came from
catalogue/  kinds of record and code lists of the operator's own, if there are any
records/    current records by kind, JSON lines and CSV, for any program
manifest.json   size and SHA-256 of each part, size and root of each log

Not in this file: accounts, passwords, drafts, the trail of who did what.
Read it back:  lienvung import archive FILE.zip --data NEW-FOLDER
";
