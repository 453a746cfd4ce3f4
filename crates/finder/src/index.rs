//! The index on disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value};
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::tokenizer::{TextAnalyzer, WhitespaceTokenizer};
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use crate::analysis::{Analyser, codes, defined_abbreviations, readable};
use crate::overlap::shingles;
use crate::vocabulary::Vocabulary;

/// Form of the index; another form, or one with other abbreviations, is rebuilt.
const FORM: &str = "4";
/// Bytes of stored texts that are packed together: larger packs smaller and opens slower.
const STORE_BLOCK: usize = 32_768;
/// Entries that are read while the engine takes in as many others.
const PORTION: usize = 500;
/// Memory of the writer.
const WRITER_BYTES: usize = 64_000_000;

/// What is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its id; putting another entry with it replaces this one.
    pub id: String,
    /// Keys of those who may see it; nobody when empty.
    pub visible_to: Vec<String>,
    /// The owner, for the digest only.
    pub owner: Option<String>,
    /// Its kind, a facet.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Everything else that can be found.
    pub text: String,
    /// Names of the parts of the text in order, with the byte where each begins; one part when empty.
    pub parts: Vec<(String, usize)>,
    /// Bodies concerned, a facet.
    pub bodies: Vec<String>,
    /// Provinces concerned, a facet.
    pub provinces: Vec<String>,
    /// Its year, a facet.
    pub year: Option<i32>,
    /// Its state, a facet.
    pub status: Option<String>,
    /// Numbers and codes.
    pub codes: Vec<String>,
    /// When it is from, for the order "newest first".
    pub at: i64,
    /// The caller's cursor when it was last changed; no part of its digest.
    pub changed: u64,
}

impl Entry {
    /// 16 bytes that are equal for equal contents: each value behind its length.
    fn digest(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        let mut add = |value: &[u8]| {
            hash.update((value.len() as u64).to_le_bytes());
            hash.update(value);
        };
        for list in [&self.visible_to, &self.bodies, &self.provinces, &self.codes] {
            add(&(list.len() as u64).to_le_bytes());
            list.iter().for_each(|value| add(value.as_bytes()));
        }
        for (name, start) in &self.parts {
            add(name.as_bytes());
            add(&(*start as u64).to_le_bytes());
        }
        for value in [&self.owner, &self.status] {
            add(&[u8::from(value.is_some())]);
            add(value.as_deref().unwrap_or_default().as_bytes());
        }
        for value in [&self.id, &self.kind, &self.title, &self.text] {
            add(value.as_bytes());
        }
        add(format!("{:?} {}", self.year, self.at).as_bytes());
        let mut first = [0; 16];
        first.iter_mut().zip(hash.finalize()).for_each(|(own, byte)| *own = byte);
        first
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum FinderError {
    /// The index cannot be used: remove it with [`Finder::reset`] and fill it again.
    #[error("the index is damaged or of another form: {0}")]
    Damaged(String),
    /// Another program writes this index; here it is only read.
    #[error("the index is kept by another running program")]
    ReadOnly,
    /// The engine failed.
    #[error("index: {0}")]
    Engine(#[from] tantivy::TantivyError),
    /// A file could not be read or written.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
}

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    pub(crate) visible_to: Field,
    pub(crate) kind: Field,
    pub(crate) bodies: Field,
    pub(crate) status: Field,
    pub(crate) provinces: Field,
    pub(crate) year: Field,
    pub(crate) at: Field,
    pub(crate) changed: Field,
    pub(crate) title: Field,
    pub(crate) text: Field,
    pub(crate) digest: Field,
    pub(crate) title_exact: Field,
    pub(crate) title_folded: Field,
    pub(crate) title_pairs: Field,
    pub(crate) exact: Field,
    pub(crate) folded: Field,
    pub(crate) pairs: Field,
    pub(crate) code: Field,
    /// `dmst=đổi mới sáng tạo`: abbreviations that the record explains.
    pub(crate) abbreviation: Field,
    /// Hashes of chosen runs of four syllables.
    pub(crate) shingles: Field,
    /// Names of the parts of the text and where each begins, as JSON.
    pub(crate) parts: Field,
}

/// The index, open for searching and writing.
pub struct Finder {
    folder: PathBuf,
    pub(crate) index: Index,
    pub(crate) reader: IndexReader,
    /// None when the index is only read.
    writer: Option<Mutex<IndexWriter>>,
    pub(crate) fields: Fields,
    pub(crate) vocabulary: Vocabulary,
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Finder {
    /// Opens or makes the index in `folder`.
    ///
    /// # Errors
    /// [`FinderError::Damaged`] when it cannot be opened, has another form or was made with other abbreviations.
    pub fn open(folder: &Path, vocabulary: Vocabulary) -> Result<Finder, FinderError> {
        Finder::open_for(folder, vocabulary, true)
    }

    /// Opens the index beside a program that writes it: for searching only.
    pub fn open_to_read(folder: &Path, vocabulary: Vocabulary) -> Result<Finder, FinderError> {
        Finder::open_for(folder, vocabulary, false)
    }

    fn open_for(folder: &Path, vocabulary: Vocabulary, writes: bool) -> Result<Finder, FinderError> {
        std::fs::create_dir_all(folder)?;
        let form = folder.join("form");
        let wanted = format!("{FORM} {}", vocabulary.fingerprint());
        let (schema, fields) = schema();
        let index = if folder.join("meta.json").exists() {
            let found = std::fs::read_to_string(&form).unwrap_or_default();
            if found != wanted {
                return Err(FinderError::Damaged(format!("form {found:?}")));
            }
            let index = Index::open_in_dir(folder).map_err(|error| FinderError::Damaged(error.to_string()))?;
            if writes {
                let damaged = index.validate_checksum().map_err(|error| FinderError::Damaged(error.to_string()))?;
                if let Some(file) = damaged.iter().next() {
                    return Err(FinderError::Damaged(file.display().to_string()));
                }
            }
            index
        } else if !writes {
            return Err(FinderError::ReadOnly);
        } else {
            std::fs::write(&form, wanted)?;
            let settings = IndexSettings {
                docstore_compression: Compressor::Zstd(ZstdCompressor::default()),
                docstore_blocksize: STORE_BLOCK,
                ..IndexSettings::default()
            };
            Index::builder().schema(schema).settings(settings).create_in_dir(folder)?
        };
        index.tokenizers().register("blanks", TextAnalyzer::from(WhitespaceTokenizer::default()));
        let writer = match writes {
            true => {
                let writer = index.writer_with_num_threads(1, WRITER_BYTES);
                Some(Mutex::new(writer.map_err(|error| FinderError::Damaged(error.to_string()))?))
            }
            false => None,
        };
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(|error: tantivy::TantivyError| FinderError::Damaged(error.to_string()))?;
        Ok(Finder { folder: folder.to_owned(), index, reader, writer, fields, vocabulary })
    }

    /// Removes what lies in the folder, so that [`Finder::open`] makes a new index.
    pub fn reset(folder: &Path) -> Result<(), FinderError> {
        match std::fs::remove_dir_all(folder) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts entries; seen after [`Finder::commit`].
    pub fn put(&self, entries: &[Entry]) -> Result<(), FinderError> {
        let mut writer = self.writer()?;
        let mut add = |entries: &[Entry], documents: Vec<TantivyDocument>| {
            for (entry, document) in entries.iter().zip(documents) {
                writer.delete_term(Term::from_field_text(self.fields.id, &entry.id));
                if let Err(error) = writer.add_document(document) {
                    return Err(undo(&mut writer, error));
                }
            }
            Ok(())
        };
        // The next portion is read while the engine takes in the one before.
        let mut portions = entries.chunks(PORTION);
        let Some(mut portion) = portions.next() else { return Ok(()) };
        let mut documents = self.documents(portion);
        for next in portions {
            let read = std::thread::scope(|scope| {
                let reading = scope.spawn(|| self.documents(next));
                add(portion, std::mem::take(&mut documents))?;
                Ok::<_, FinderError>(reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })?;
            (portion, documents) = (next, read);
        }
        add(portion, documents)
    }

    /// Entries as the engine takes them.
    fn documents(&self, entries: &[Entry]) -> Vec<TantivyDocument> {
        let mut analyser = Analyser::new(&self.vocabulary);
        entries.iter().map(|entry| self.document(entry, &mut analyser)).collect()
    }

    /// Removes entries; seen after [`Finder::commit`].
    pub fn remove(&self, ids: &[String]) -> Result<(), FinderError> {
        let writer = self.writer()?;
        for id in ids {
            writer.delete_term(Term::from_field_text(self.fields.id, id));
        }
        Ok(())
    }

    /// Makes what was put and removed durable together with the caller's cursor, and shows it to searches.
    pub fn commit(&self, cursor: u64) -> Result<(), FinderError> {
        let mut writer = self.writer()?;
        let committed = writer.prepare_commit().and_then(|mut prepared| {
            prepared.set_payload(&cursor.to_string());
            prepared.commit()
        });
        if let Err(error) = committed {
            return Err(undo(&mut writer, error));
        }
        drop(writer);
        self.reader.reload()?;
        Ok(())
    }

    /// The cursor of the last commit; 0 for a new index.
    pub fn cursor(&self) -> u64 {
        self.index.load_metas().ok().and_then(|metas| metas.payload).and_then(|payload| payload.parse().ok()).unwrap_or(0)
    }

    /// Removes every entry and sets the cursor to 0.
    pub fn clear(&self) -> Result<(), FinderError> {
        self.writer()?.delete_all_documents()?;
        self.commit(0)
    }

    /// Writes the parts of the index that hold removed entries anew, so that nothing of those is left on disk. Takes long on a large index.
    pub fn purge(&self) -> Result<(), FinderError> {
        let mut parts = Vec::new();
        for meta in self.index.searchable_segment_metas()? {
            if meta.has_deletes() {
                parts.push(meta.id());
            }
        }
        let mut writer = self.writer()?;
        if !parts.is_empty() {
            writer.merge(&parts).wait()?;
        }
        writer.garbage_collect_files().wait()?;
        drop(writer);
        self.reader.reload()?;
        Ok(())
    }

    /// SHA-256 over all entries in the order of their ids: equal for equal contents, however they came in.
    pub fn digest(&self) -> Result<String, FinderError> {
        let searcher = self.reader.searcher();
        let mut lines = Vec::new();
        for segment in searcher.segment_readers() {
            let store = segment.get_store_reader(10)?;
            for document in store.iter::<TantivyDocument>(segment.alive_bitset()) {
                let document = document?;
                let id = document.get_first(self.fields.id).and_then(|value| value.as_str()).unwrap_or_default();
                let digest = document.get_first(self.fields.digest).and_then(|value| value.as_bytes()).unwrap_or_default();
                lines.push(format!("{id} {}\n", hex(digest)));
            }
        }
        lines.sort_unstable();
        let mut hash = Sha256::new();
        for line in lines {
            hash.update(line.as_bytes());
        }
        Ok(hex(&hash.finalize()))
    }

    fn writer(&self) -> Result<MutexGuard<'_, IndexWriter>, FinderError> {
        Ok(self.writer.as_ref().ok_or(FinderError::ReadOnly)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what the program that writes the index has committed since.
    pub fn refresh(&self) -> Result<(), FinderError> {
        Ok(self.reader.reload()?)
    }

    fn document(&self, entry: &Entry, analyser: &mut Analyser<'_>) -> TantivyDocument {
        let fields = &self.fields;
        let mut document = TantivyDocument::default();
        document.add_text(fields.id, &entry.id);
        document.add_text(fields.kind, &entry.kind);
        for key in &entry.visible_to {
            document.add_text(fields.visible_to, key);
        }
        for body in &entry.bodies {
            document.add_text(fields.bodies, body);
        }
        for province in &entry.provinces {
            document.add_text(fields.provinces, province);
        }
        if let Some(status) = &entry.status {
            document.add_text(fields.status, status);
        }
        if let Some(year) = entry.year {
            document.add_i64(fields.year, i64::from(year));
        }
        document.add_i64(fields.at, entry.at);
        document.add_u64(fields.changed, entry.changed);
        document.add_text(fields.title, &entry.title);
        document.add_text(fields.text, &entry.text);
        document.add_bytes(fields.digest, &entry.digest());
        let (title, text) = (readable(&entry.title), readable(&entry.text));
        let of_title = analyser.terms(&title);
        document.add_text(fields.title_exact, &of_title.exact);
        document.add_text(fields.title_folded, &of_title.folded);
        document.add_text(fields.title_pairs, &of_title.pairs);
        let all = analyser.terms(&format!("{title}\n{text}"));
        document.add_text(fields.exact, &all.exact);
        document.add_text(fields.folded, &all.folded);
        document.add_text(fields.pairs, &all.pairs);
        let mut found = codes(&title);
        found.extend(codes(&text));
        for code in &entry.codes {
            found.extend(codes(&readable(code)));
            found.push(viet::fold(code));
        }
        for code in found {
            document.add_text(fields.code, &code);
        }
        if !entry.parts.is_empty() {
            document.add_text(fields.parts, serde_json::to_string(&entry.parts).unwrap_or_default());
        }
        for shingle in shingles(all.folded.split(' ')) {
            document.add_bytes(fields.shingles, &shingle.hash.to_be_bytes());
        }
        for (short, long) in defined_abbreviations(&text) {
            document.add_text(fields.abbreviation, format!("{short}={long}"));
        }
        document
    }
}

/// Back to the last commit: half of what was put, or an emptied index, must not be made durable by the next commit.
fn undo(writer: &mut IndexWriter, error: tantivy::TantivyError) -> FinderError {
    match writer.rollback() {
        Ok(_) => error.into(),
        Err(rollback) => FinderError::Damaged(format!("{error}; {rollback}")),
    }
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let words = |positions: IndexRecordOption| {
        TextOptions::default().set_indexing_options(TextFieldIndexing::default().set_tokenizer("blanks").set_index_option(positions))
    };
    let with_positions = words(IndexRecordOption::WithFreqsAndPositions);
    let with_counts = words(IndexRecordOption::WithFreqs);
    let fields = Fields {
        id: builder.add_text_field("id", STRING | STORED),
        visible_to: builder.add_text_field("visible_to", STRING | FAST),
        kind: builder.add_text_field("kind", STRING | STORED | FAST),
        bodies: builder.add_text_field("bodies", STRING | FAST),
        status: builder.add_text_field("status", STRING | FAST),
        provinces: builder.add_text_field("provinces", STRING | FAST),
        year: builder.add_i64_field("year", INDEXED | FAST | STORED),
        at: builder.add_i64_field("at", FAST),
        changed: builder.add_u64_field("changed", FAST),
        title: builder.add_text_field("title", STORED),
        text: builder.add_text_field("text", STORED),
        digest: builder.add_bytes_field("digest", STORED),
        title_exact: builder.add_text_field("title_exact", with_counts.clone()),
        title_folded: builder.add_text_field("title_folded", with_counts.clone()),
        title_pairs: builder.add_text_field("title_pairs", with_counts.clone()),
        exact: builder.add_text_field("exact", with_counts.clone()),
        folded: builder.add_text_field("folded", with_positions),
        pairs: builder.add_text_field("pairs", with_counts),
        code: builder.add_text_field("code", STRING),
        abbreviation: builder.add_text_field("abbreviation", STRING),
        shingles: builder.add_bytes_field("shingles", INDEXED),
        parts: builder.add_text_field("parts", STORED),
    };
    (builder.build(), fields)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
