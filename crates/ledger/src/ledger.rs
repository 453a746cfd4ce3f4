//! The ledger over a store: versions of records in one log per audience, erasure, types, and the cabinet beside the logs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::entry::{Entry, Op, canonical};
use crate::error::LedgerError;
use crate::names::{LeafHash, NodeName, Origin, RecordId, hex};
use crate::payload::Payload;
use crate::postgres::{DatabaseAddress, PostgresStore};
use crate::put::{Inherited, Put, Stored};
use crate::sqlite::SqliteStore;
use crate::store::{EntryRow, LogRow, Store, StoreRead, StoreWrite, VersionRow};
use crate::tree::Frontier;

/// The audience of the log that holds every record whole.
const INSIDE: &str = "private";
/// The log of types.
pub(crate) const CATALOGUE: &str = "catalogue";
/// Commitments that fit one `erase` entry of 4,096 bytes.
const COMMITMENTS_PER_ENTRY: usize = 60;

/// A version of a record in one audience's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The record.
    pub rec: RecordId,
    /// Its kind.
    pub kind: String,
    /// Index of the definition of the kind that it was written under, in the catalogue log.
    pub cat: u64,
    /// Version in that log, from 1.
    pub ver: u64,
    /// Leaf hash of its entry.
    pub leaf: LeafHash,
    /// Index of its entry in the log.
    pub index: u64,
    /// When it was written, microseconds since 1970.
    pub at_micros: i64,
    /// Its change.
    pub seq: u64,
    /// The data; none when the payload has been erased.
    pub data: Option<Value>,
}

/// One change of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Sequence number; gaps occur.
    pub seq: u64,
    /// The node whose log it is.
    pub node: NodeName,
    /// Whether that is this node, and not one whose log is held here.
    pub own: bool,
    /// The log's audience.
    pub audience: String,
    /// `put`, `drop` or `erase`.
    pub op: String,
    /// The record.
    pub rec: RecordId,
    /// Its kind.
    pub kind: String,
    /// Version in that log; 0 for `erase`.
    pub ver: u64,
    /// The data; none for `drop` and `erase`, and when it has been erased since.
    pub data: Option<Value>,
}

/// Size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// The origin.
    pub origin: Origin,
    /// The audience.
    pub audience: String,
    /// Entries.
    pub size: u64,
    /// Root over them.
    pub root: LeafHash,
}

/// The ledger of one node.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) node: NodeName,
    pub(crate) files: PathBuf,
    /// Held while bytes are added to a file that comes in pieces.
    pub(crate) coming_in: Mutex<()>,
}

impl Ledger {
    /// Opens or makes the ledger in the SQLite file `path`; files lie in the folder `files` beside it.
    ///
    /// # Errors
    /// [`LedgerError::OtherNode`] when the file belongs to another node; see [`SqliteStore::open`] for the rest.
    pub fn open(path: &Path, node: &NodeName) -> Result<Ledger, LedgerError> {
        let files = path.parent().unwrap_or(Path::new(".")).join("files");
        Ledger::over(Arc::new(SqliteStore::open(path)?), files, node)
    }

    /// Opens or makes the ledger in the PostgreSQL database `address`; files lie in the folder `files`, which programs on the same database share.
    ///
    /// # Errors
    /// [`LedgerError::OtherNode`] when the database belongs to another node; see [`PostgresStore::open`] for the rest.
    pub fn open_postgres(address: &DatabaseAddress, files: &Path, node: &NodeName) -> Result<Ledger, LedgerError> {
        Ledger::over(Arc::new(PostgresStore::open(address)?), files.to_owned(), node)
    }

    pub(crate) fn over(store: Arc<dyn Store>, files: PathBuf, node: &NodeName) -> Result<Ledger, LedgerError> {
        let ledger = Ledger { store, node: node.clone(), files, coming_in: Mutex::default() };
        let name = node.as_str().to_owned();
        let found = match ledger.read(|r| r.store.meta("node"))? {
            Some(found) => found,
            // Another program may have been faster.
            None => ledger.write(move |w| match w.store.meta("node")? {
                Some(found) => Ok(found),
                None => w.store.set_meta("node", &name).map(|()| name),
            })?,
        };
        if found == node.as_str() { Ok(ledger) } else { Err(LedgerError::OtherNode { found, asked: node.as_str().to_owned() }) }
    }

    /// The node's name.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// Groups of writes committed since the start ([`Store::groups_committed`]).
    pub fn groups_committed(&self) -> u64 {
        self.store.groups_committed()
    }

    /// Runs the work in one transaction and returns when it is durable. An error of the work, of whatever type, undoes all it did.
    pub fn write<T: Send + 'static, E: From<LedgerError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let outcome: Arc<Mutex<Option<Result<T, E>>>> = Arc::new(Mutex::new(None));
        let (slot, node) = (outcome.clone(), self.node.clone());
        let committed = self.store.transact(Box::new(move |store| {
            let result = work(&mut Writer { store, node });
            let failed = result.is_err();
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            if failed { Err(LedgerError::Aborted) } else { Ok(()) }
        }));
        let result = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (committed, result) {
            (Ok(()), Some(result)) => result,
            (Err(LedgerError::Aborted), Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(LedgerError::Closed.into()),
        }
    }

    /// Makes what was erased unreadable on disk too ([`Store::scrub`]).
    pub fn scrub(&self) -> Result<(), LedgerError> {
        self.store.scrub()
    }

    /// Runs the work on one snapshot.
    pub fn read<T, E: From<LedgerError>>(&self, work: impl FnOnce(&Reader<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut work = Some(work);
        let mut result: Option<Result<T, E>> = None;
        self.store.snapshot(&mut |store| {
            if let Some(work) = work.take() {
                result = Some(work(&Reader { store }));
            }
            Ok(())
        })?;
        result.unwrap_or_else(|| Err(LedgerError::Closed.into()))
    }
}

/// Reading within one snapshot.
pub struct Reader<'a> {
    pub(crate) store: &'a dyn StoreRead,
}

impl<'a> Reader<'a> {
    /// The store of this snapshot, for the exchange with other nodes.
    pub fn store(&self) -> &'a dyn StoreRead {
        self.store
    }

    /// A definition in the catalogue log by its place: (name, definition); none when there is none.
    pub fn type_definition(&self, index: u64) -> Result<Option<(String, Value)>, LedgerError> {
        let Some(log) = self.store.log(CATALOGUE)? else { return Ok(None) };
        let Some(row) = self.store.entries(log.id, index, 1)?.pop().filter(|row| row.index == index) else { return Ok(None) };
        let Some(payload) = row.payload else { return Ok(None) };
        let mut published = Payload::data(&payload)?;
        let name = published.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(published.get_mut("definition").map(|definition| (name, definition.take())))
    }

    /// The current version of a record in an audience's log; none when there is none or it was withdrawn.
    pub fn current(&self, audience: &str, rec: RecordId) -> Result<Option<Version>, LedgerError> {
        current(self.store, audience, rec)
    }

    /// Versions before `before`, newest first; withdrawals are left out.
    pub fn versions(&self, audience: &str, rec: RecordId, before: Option<u64>, limit: usize) -> Result<Vec<Version>, LedgerError> {
        let Some(log) = self.store.log(audience)? else { return Ok(Vec::new()) };
        self.store.versions(log.id, rec, before, limit)?.into_iter().filter(|row| row.op == "put").map(version).collect()
    }

    /// Current records of a kind in an audience's log after `after`, by id.
    pub fn list(&self, audience: &str, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<Version>, LedgerError> {
        let Some(log) = self.store.log(audience)? else { return Ok(Vec::new()) };
        self.store.list(log.id, kind, after, limit)?.into_iter().map(version).collect()
    }

    /// How many records of a kind (all kinds when none) are current for an audience.
    pub fn count(&self, audience: &str, kind: Option<&str>) -> Result<u64, LedgerError> {
        match self.store.log(audience)? {
            Some(log) => self.store.count(log.id, kind),
            None => Ok(0),
        }
    }

    /// Changes after `seq` in order, at most `limit`.
    pub fn changes(&self, seq: u64, limit: usize) -> Result<Vec<Change>, LedgerError> {
        let mut changes = Vec::new();
        for row in self.store.changes(seq, limit)? {
            let data = match row.payload.as_deref().map(Payload::data).transpose() {
                Ok(data) => data,
                // What another node has written need not be a payload as we write it.
                Err(_) if !row.own => None,
                Err(error) => return Err(error.into()),
            };
            changes.push(Change {
                seq: row.seq,
                node: row.node,
                own: row.own,
                audience: row.audience,
                op: row.op,
                rec: row.rec,
                kind: row.kind,
                ver: row.ver,
                data,
            });
        }
        Ok(changes)
    }

    /// The last change; 0 when there is none.
    pub fn last_seq(&self) -> Result<u64, LedgerError> {
        self.store.last_seq()
    }

    /// Size and root of every log.
    pub fn logs(&self) -> Result<Vec<LogState>, LedgerError> {
        self.store
            .logs()?
            .into_iter()
            .map(|log| Ok(LogState { root: frontier(&log)?.root(), origin: log.origin, audience: log.audience, size: log.size }))
            .collect()
    }

    /// An entry with its payload, by place.
    pub fn entry(&self, audience: &str, index: u64) -> Result<Option<EntryRow>, LedgerError> {
        let Some(log) = self.store.log(audience)? else { return Ok(None) };
        Ok(self.store.entries(log.id, index, 1)?.into_iter().find(|row| row.index == index))
    }

    /// Leaf hashes of the first `size` entries, for proofs.
    pub fn leaves(&self, audience: &str, size: u64) -> Result<Vec<LeafHash>, LedgerError> {
        match self.store.log(audience)? {
            Some(log) => self.store.leaves(log.id, size),
            None => Ok(Vec::new()),
        }
    }

    /// A cabinet document.
    pub fn cabinet_get(&self, drawer: &str, key: &str) -> Result<Option<Value>, LedgerError> {
        self.store.cabinet_get(drawer, key)
    }

    /// Cabinet documents in key order after `after`, or backwards before it.
    pub fn cabinet_list(
        &self,
        drawer: &str,
        after: Option<&str>,
        limit: usize,
        descending: bool,
    ) -> Result<Vec<(String, Value)>, LedgerError> {
        self.store.cabinet_list(drawer, "", after, limit, descending)
    }

    /// Cabinet documents whose key begins with `prefix`, last first.
    pub fn cabinet_list_prefix(&self, drawer: &str, prefix: &str, limit: usize) -> Result<Vec<(String, Value)>, LedgerError> {
        self.store.cabinet_list(drawer, prefix, None, limit, true)
    }
}

/// Writing within one transaction; sees its own writes.
pub struct Writer<'a> {
    pub(crate) store: &'a mut dyn StoreWrite,
    node: NodeName,
}

impl Writer<'_> {
    /// Writes the next version of a record into the log of each audience named. A projection that says what it said before is not written again, so
    /// that a wider audience does not learn of changes it may not see.
    pub fn put(&mut self, put: Put) -> Result<Stored, LedgerError> {
        self.put_after(put, &[])
    }

    /// Like [`Writer::put`], for the first version here of a record that this node has inherited: it follows the last version in each log of its former node
    /// (LV-Log/1 §6). An audience that `put` does not name sees the record no more.
    pub fn put_after(&mut self, put: Put, inherited: &[Inherited]) -> Result<Stored, LedgerError> {
        let at = now();
        if put.projections.first().is_none_or(|first| first.audience != INSIDE) {
            return Err(LedgerError::Name("the first projection must be private".to_owned()));
        }
        let inside = self.open(INSIDE)?;
        let before = self.store.latest(inside.id, put.rec)?;
        if before.as_ref().map(|row| row.leaf) != put.previous {
            return Err(LedgerError::ChangedMeanwhile { current: before.map_or(0, |row| row.ver) });
        }
        let is_new = before.is_none();
        let named: Vec<String> = put.projections.iter().map(|projection| projection.audience.clone()).collect();
        let mut stored = None;
        let mut seq = 0;
        for projection in put.projections {
            let mut log = self.open(&projection.audience)?;
            let is_inside = projection.audience == INSIDE;
            let latest = match (is_inside, is_new) {
                (true, _) => before.clone(),
                (false, true) => None,
                (false, false) => self.store.latest(log.id, put.rec)?,
            };
            if !is_inside
                && let Some(row) = &latest
                && row.op == "put"
                && let Some(bytes) = &row.payload
                && Payload::data(bytes)? == Payload::data(&projection.payload.bytes)?
            {
                continue;
            }
            let payload = projection.payload;
            let before = match &latest {
                Some(row) => Some((row.ver, row.leaf)),
                None => inherited.iter().find(|last| last.audience == projection.audience).map(|last| (last.ver, last.leaf)),
            };
            let ver = before.map_or(1, |(ver, _)| ver.saturating_add(1));
            let op = Op::Put {
                rec: put.rec,
                typ: put.kind.clone(),
                cat: put.cat,
                ver,
                prev: before.map(|(_, leaf)| leaf),
                pay: payload.commitment,
                len: payload.bytes.len() as u64,
            };
            self.note_files(&log.origin, log.size, &payload.bytes)?;
            let row = append(self.store, &mut log, &Entry::new(at, op), Some(payload.bytes))?;
            let version = VersionRow {
                rec: put.rec,
                ver,
                op: "put".to_owned(),
                kind: put.kind.clone(),
                cat: put.cat,
                at,
                seq: 0,
                index: row.index,
                leaf: row.leaf,
                payload: None,
            };
            seq = self.store.note_version(log.id, &version)?;
            if is_inside {
                stored = Some((ver, row.leaf));
            }
        }
        if is_new {
            for last in inherited.iter().filter(|last| !named.contains(&last.audience)) {
                let mut log = self.open(&last.audience)?;
                seq = self.drop_in(&mut log, put.rec, &put.kind, (last.ver, last.leaf), at)?;
            }
        } else {
            for log in self.store.logs()? {
                if log.audience != CATALOGUE && !named.contains(&log.audience) {
                    seq = self.withdraw_from(log, put.rec, at)?.unwrap_or(seq);
                }
            }
        }
        let (ver, leaf) = stored.ok_or(LedgerError::NoRecord)?;
        Ok(Stored { rec: put.rec, ver, leaf, seq })
    }

    /// Withdraws a record from one audience: `drop`, and its payloads there are destroyed (`erase`).
    fn withdraw_from(&mut self, mut log: LogRow, rec: RecordId, at: i64) -> Result<Option<u64>, LedgerError> {
        let Some(latest) = self.store.latest(log.id, rec)? else { return Ok(None) };
        if latest.op == "drop" {
            return Ok(None);
        }
        self.drop_in(&mut log, rec, &latest.kind, (latest.ver, latest.leaf), at)?;
        self.erase_in(&mut log, rec, &latest.kind, "error", "withdrawn", at).map(Some)
    }

    /// Appends the `drop` that follows the version `last`, by its number and leaf; returns the change.
    fn drop_in(&mut self, log: &mut LogRow, rec: RecordId, kind: &str, last: (u64, LeafHash), at: i64) -> Result<u64, LedgerError> {
        let ver = last.0.saturating_add(1);
        let row = append(self.store, log, &Entry::new(at, Op::Drop { rec, ver, prev: last.1 }), None)?;
        let version = VersionRow {
            rec,
            ver,
            op: "drop".to_owned(),
            kind: kind.to_owned(),
            cat: 0,
            at,
            seq: 0,
            index: row.index,
            leaf: row.leaf,
            payload: None,
        };
        self.store.note_version(log.id, &version)
    }

    /// Withdraws a record from every audience, the inside too: it is current nowhere any more, its payloads are destroyed, the proofs hold.
    pub fn withdraw(&mut self, rec: RecordId) -> Result<(), LedgerError> {
        let at = now();
        let mut found = false;
        for log in self.store.logs()? {
            found |= self.withdraw_from(log, rec, at)?.is_some();
        }
        if found { Ok(()) } else { Err(LedgerError::NoRecord) }
    }

    /// Destroys the payloads of a record in every audience and version and says so in every log. `why` is `law`, `error` or `lost`; `basis` the number of
    /// the document that is the ground, without personal data.
    pub fn erase(&mut self, rec: RecordId, why: &str, basis: &str) -> Result<(), LedgerError> {
        let at = now();
        let mut found = false;
        for mut log in self.store.logs()? {
            if let Some(latest) = self.store.latest(log.id, rec)? {
                found = true;
                self.erase_in(&mut log, rec, &latest.kind, why, basis, at)?;
            }
        }
        if found { Ok(()) } else { Err(LedgerError::NoRecord) }
    }

    pub(crate) fn erase_in(
        &mut self,
        log: &mut LogRow,
        rec: RecordId,
        kind: &str,
        why: &str,
        basis: &str,
        at: i64,
    ) -> Result<u64, LedgerError> {
        let pays = self.store.destroy_payloads(log.id, rec)?;
        for part in pays.chunks(COMMITMENTS_PER_ENTRY) {
            let op = Op::Erase { pays: part.to_vec(), why: why.to_owned(), basis: basis.to_owned() };
            append(self.store, log, &Entry::new(at, op), None)?;
        }
        self.store.note_erase(log.id, rec, kind, at)
    }

    /// Publishes a type in the catalogue log and returns its index; the one there is when the same definition was published before. Types are
    /// immutable: a new definition has a new index.
    pub fn publish_type(&mut self, name: &str, definition: Value) -> Result<u64, LedgerError> {
        let key = type_key(name, &definition)?;
        if let Some(index) = self.store.meta(&key)?.and_then(|text| text.parse().ok()) {
            return Ok(index);
        }
        let index = self.publish("type", &json!({"name": name, "definition": definition}))?;
        self.store.set_meta(&key, &index.to_string())?;
        Ok(index)
    }

    /// Says something in the catalogue log, under a sort of one's own, and returns its index. Definitions are of the sort `type`.
    pub fn publish(&mut self, sort: &str, said: &Value) -> Result<u64, LedgerError> {
        let mut log = self.open(CATALOGUE)?;
        let payload = Payload::make(said, &[])?;
        let index = log.size;
        let op = Op::Put {
            rec: RecordId::new(),
            typ: sort.to_owned(),
            cat: index,
            ver: 1,
            prev: None,
            pay: payload.commitment,
            len: payload.bytes.len() as u64,
        };
        append(self.store, &mut log, &Entry::new(now(), op), Some(payload.bytes))?;
        Ok(index)
    }

    /// Remembers where a definition stands, so that it is not published again.
    pub(crate) fn note_type(&mut self, name: &str, definition: &Value, index: u64) -> Result<(), LedgerError> {
        self.store.set_meta(&type_key(name, definition)?, &index.to_string())
    }

    /// The current version of a record in an audience's log.
    pub fn current(&self, audience: &str, rec: RecordId) -> Result<Option<Version>, LedgerError> {
        current(&*self.store, audience, rec)
    }

    /// A cabinet document.
    pub fn cabinet_get(&self, drawer: &str, key: &str) -> Result<Option<Value>, LedgerError> {
        self.store.cabinet_get(drawer, key)
    }

    /// Cabinet documents in key order after `after`, or backwards before it.
    pub fn cabinet_list(
        &self,
        drawer: &str,
        after: Option<&str>,
        limit: usize,
        descending: bool,
    ) -> Result<Vec<(String, Value)>, LedgerError> {
        self.store.cabinet_list(drawer, "", after, limit, descending)
    }

    /// Cabinet documents whose key begins with `prefix`, last first.
    pub fn cabinet_list_prefix(&self, drawer: &str, prefix: &str, limit: usize) -> Result<Vec<(String, Value)>, LedgerError> {
        self.store.cabinet_list(drawer, prefix, None, limit, true)
    }

    /// Keeps a cabinet document: node-local, never replicated, in the same transaction as the records.
    pub fn cabinet_put(&mut self, drawer: &str, key: &str, value: Value) -> Result<(), LedgerError> {
        self.store.cabinet_put(drawer, key, &value)
    }

    /// Removes a cabinet document.
    pub fn cabinet_remove(&mut self, drawer: &str, key: &str) -> Result<(), LedgerError> {
        self.store.cabinet_remove(drawer, key)
    }

    /// The node whose ledger it is.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// The store of this transaction, for the exchange with other nodes: what it reads includes what was written in the transaction.
    pub fn store(&self) -> &dyn StoreRead {
        self.store
    }

    /// The store of this transaction, for the exchange with other nodes. Whoever writes here keeps versions and changes in step with the entries himself.
    pub fn store_mut(&mut self) -> &mut dyn StoreWrite {
        self.store
    }

    pub(crate) fn open(&mut self, audience: &str) -> Result<LogRow, LedgerError> {
        match self.store.log(audience)? {
            Some(log) => Ok(log),
            None => self.store.open_log(&Origin::of(&self.node, audience)?, audience),
        }
    }
}

fn type_key(name: &str, definition: &Value) -> Result<String, LedgerError> {
    Ok(format!("type:{name}:{}", hex(&Sha256::digest(canonical(definition)?))))
}

fn current(store: &dyn StoreRead, audience: &str, rec: RecordId) -> Result<Option<Version>, LedgerError> {
    let Some(log) = store.log(audience)? else { return Ok(None) };
    store.latest(log.id, rec)?.filter(|row| row.op == "put").map(version).transpose()
}

pub(crate) fn version(row: VersionRow) -> Result<Version, LedgerError> {
    let data = row.payload.as_deref().map(Payload::data).transpose()?;
    Ok(Version {
        rec: row.rec,
        kind: row.kind,
        cat: row.cat,
        ver: row.ver,
        leaf: row.leaf,
        index: row.index,
        at_micros: row.at,
        seq: row.seq,
        data,
    })
}

fn frontier(log: &LogRow) -> Result<Frontier, LedgerError> {
    Frontier::from_parts(log.size, &log.frontier).ok_or_else(|| LedgerError::Damaged(format!("frontier of {}", log.origin)))
}

fn append(store: &mut dyn StoreWrite, log: &mut LogRow, entry: &Entry, payload: Option<Vec<u8>>) -> Result<EntryRow, LedgerError> {
    append_bytes(store, log, entry.to_bytes()?, payload)
}

/// Appends an entry by its bytes.
pub(crate) fn append_bytes(
    store: &mut dyn StoreWrite,
    log: &mut LogRow,
    bytes: Vec<u8>,
    payload: Option<Vec<u8>>,
) -> Result<EntryRow, LedgerError> {
    let leaf = crate::tree::leaf_hash(&bytes);
    let row = EntryRow { index: log.size, leaf, bytes, payload };
    let mut edge = frontier(log)?;
    edge.push(leaf);
    log.size = edge.size();
    log.frontier = edge.to_bytes();
    store.append(log, &row)?;
    Ok(row)
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| i64::try_from(past.as_micros()).unwrap_or(i64::MAX))
}
