//! The store's verbs in SQL, over one connection inside one transaction.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, Statement, params};
use serde_json::Value;

use crate::error::LedgerError;
use crate::names::{LeafHash, Origin, RecordId};
use crate::payload::commitment;
use crate::sqlite::copy;
use crate::store::holding::{HoldingRead, HoldingWrite};
use crate::store::number::{index_of, limit_of, place, signed, unsigned};
use crate::store::table::{Cell, Table};
use crate::store::{ChangeRow, EntryRow, LogRow, StoreRead, StoreWrite, VersionRow, check_key};
use crate::tree::Frontier;

/// The verbs on a connection; the caller has begun the transaction.
pub(super) struct Session<'a, 'c> {
    pub(super) connection: &'a Connection,
    /// What only a writing transaction has.
    pub(super) desk: Option<&'a Desk<'c>>,
}

/// What the writing thread keeps at hand: the statements of every write, prepared once, and the logs of the transaction under way.
pub(super) struct Desk<'c> {
    pub(super) savepoint: RefCell<Statement<'c>>,
    pub(super) release: RefCell<Statement<'c>>,
    find_latest: RefCell<Statement<'c>>,
    insert_entry: RefCell<Statement<'c>>,
    pub(super) insert_change: RefCell<Statement<'c>>,
    insert_version: RefCell<Statement<'c>>,
    pub(super) insert_current: RefCell<Statement<'c>>,
    /// Sizes and frontiers of the logs: those of the own ones are read at the beginning of the transaction, those of others when they are asked for; what has
    /// changed is written once at its end.
    pub(super) logs: RefCell<LogTable>,
}

impl<'c> Desk<'c> {
    pub(super) fn of(connection: &'c Connection) -> Result<Desk<'c>, LedgerError> {
        Ok(Desk {
            savepoint: RefCell::new(connection.prepare("SAVEPOINT work")?),
            release: RefCell::new(connection.prepare("RELEASE work")?),
            find_latest: RefCell::new(
                connection.prepare(&format!("{VERSION} WHERE v.log = ?1 AND v.rec = ?2 ORDER BY v.ver DESC LIMIT 1"))?,
            ),
            insert_entry: RefCell::new(connection.prepare("INSERT INTO entry VALUES (?1, ?2, ?3, ?4)")?),
            insert_change: RefCell::new(
                connection.prepare("INSERT INTO change (log, op, rec, ver, kind, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?,
            ),
            insert_version: RefCell::new(connection.prepare("INSERT INTO version VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?),
            insert_current: RefCell::new(connection.prepare("INSERT OR IGNORE INTO current VALUES (?1, ?2, ?3)")?),
            logs: RefCell::new(LogTable::default()),
        })
    }
}

/// The rows of the table `log`, some of them changed, and how they were before the work under way.
#[derive(Debug, Default)]
pub(super) struct LogTable {
    rows: Vec<LogRow>,
    /// Numbers of the logs that are no longer as they were.
    changed: BTreeSet<i64>,
    before: Vec<LogRow>,
    known_before: usize,
}

impl LogTable {
    pub(super) fn read(connection: &Connection) -> Result<LogTable, LedgerError> {
        Ok(LogTable { rows: Session::new(connection).logs()?, ..LogTable::default() })
    }

    /// A new work begins.
    pub(super) fn begin(&mut self) {
        self.before.clear();
        self.known_before = self.rows.len();
    }

    /// The work has failed: everything is as it was.
    pub(super) fn undo(&mut self) {
        self.rows.truncate(self.known_before);
        for row in self.before.drain(..) {
            if let Some(place) = self.rows.iter_mut().find(|log| log.id == row.id) {
                *place = row;
            }
        }
    }

    /// A log that the transaction has come across.
    pub(super) fn find(&self, origin: &Origin) -> Option<LogRow> {
        self.rows.iter().find(|log| log.origin == *origin).cloned()
    }

    /// A log that it comes across now.
    pub(super) fn add(&mut self, log: LogRow) {
        self.rows.push(log);
    }

    pub(super) fn set(&mut self, log: &LogRow) {
        self.changed.insert(log.id);
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == log.id) {
            if !self.before.iter().any(|before| before.id == log.id) {
                self.before.push(row.clone());
            }
            row.size = log.size;
            row.frontier.clone_from(&log.frontier);
        } else {
            self.rows.push(log.clone());
        }
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<(), LedgerError> {
        for log in &self.rows {
            if self.changed.contains(&log.id) {
                connection.prepare_cached("UPDATE log SET size = ?2, frontier = ?3 WHERE id = ?1")?.execute(params![
                    log.id,
                    signed(log.size),
                    log.frontier
                ])?;
            }
        }
        Ok(())
    }
}

impl<'a, 'c> Session<'a, 'c> {
    pub(super) fn new(connection: &'a Connection) -> Session<'a, 'c> {
        Session { connection, desk: None }
    }

    pub(super) fn writing(connection: &'a Connection, desk: &'a Desk<'c>) -> Session<'a, 'c> {
        Session { connection, desk: Some(desk) }
    }

    pub(super) fn desk(&self) -> Result<&'a Desk<'c>, LedgerError> {
        self.desk.ok_or_else(|| LedgerError::Damaged("written outside a transaction".to_owned()))
    }

    pub(super) fn insert_log(&mut self, origin: &Origin, audience: &str, own: bool) -> Result<LogRow, LedgerError> {
        self.connection
            .prepare_cached("INSERT INTO log (origin, audience, size, frontier, own) VALUES (?1, ?2, 0, x'', ?3)")?
            .execute(params![origin.as_str(), audience, own])?;
        let id = self.connection.last_insert_rowid();
        let log = LogRow { id, origin: origin.clone(), audience: audience.to_owned(), own, size: 0, frontier: Vec::new() };
        self.desk()?.logs.borrow_mut().add(log.clone());
        Ok(log)
    }
}

pub(super) const LOG: &str = "SELECT id, origin, audience, size, frontier, own FROM log";

const VERSION: &str =
    "SELECT v.rec, v.ver, v.op, v.kind, v.at, v.seq, v.place, e.leaf, e.payload, v.cat FROM version v JOIN entry e ON e.place = v.place";

impl StoreRead for Session<'_, '_> {
    fn meta(&self, key: &str) -> Result<Option<String>, LedgerError> {
        Ok(self.connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([key], |row| row.get(0)).optional()?)
    }

    fn metas(&self) -> Result<Vec<(String, String)>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT key, value FROM meta ORDER BY key")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn logs(&self) -> Result<Vec<LogRow>, LedgerError> {
        if let Some(desk) = self.desk {
            return Ok(desk.logs.borrow().rows.iter().filter(|log| log.own).cloned().collect());
        }
        let mut statement = self.connection.prepare_cached(&format!("{LOG} WHERE own = 1 ORDER BY id"))?;
        let mut rows = statement.query([])?;
        let mut logs = Vec::new();
        while let Some(row) = rows.next()? {
            logs.push(log_row(row)?);
        }
        Ok(logs)
    }

    fn log(&self, audience: &str) -> Result<Option<LogRow>, LedgerError> {
        if let Some(desk) = self.desk {
            return Ok(desk.logs.borrow().rows.iter().find(|log| log.own && log.audience == audience).cloned());
        }
        let mut statement = self.connection.prepare_cached(&format!("{LOG} WHERE own = 1 AND audience = ?1"))?;
        let mut rows = statement.query([audience])?;
        rows.next()?.map(log_row).transpose()
    }

    fn entries(&self, log: i64, from: u64, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT place, leaf, bytes, payload FROM entry WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT ?3")?;
        let mut rows = statement.query(params![place(log, from), place(log + 1, 0), limit_of(limit)])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(EntryRow {
                index: index_of(row.get(0)?),
                leaf: LeafHash::from_slice(row.get_ref(1)?.as_blob().map_err(damaged)?)?,
                bytes: row.get(2)?,
                payload: row.get(3)?,
            });
        }
        Ok(entries)
    }

    fn leaves(&self, log: i64, size: u64) -> Result<Vec<LeafHash>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT leaf FROM entry WHERE place >= ?1 AND place < ?2 ORDER BY place")?;
        let mut rows = statement.query(params![place(log, 0), place(log, size)])?;
        let mut leaves = Vec::new();
        while let Some(row) = rows.next()? {
            leaves.push(LeafHash::from_slice(row.get_ref(0)?.as_blob().map_err(damaged)?)?);
        }
        Ok(leaves)
    }

    fn latest(&self, log: i64, rec: RecordId) -> Result<Option<VersionRow>, LedgerError> {
        let Some(desk) = self.desk else { return Ok(self.versions(log, rec, None, 1)?.pop()) };
        let mut statement = desk.find_latest.borrow_mut();
        let mut rows = statement.query(params![log, rec.as_bytes()])?;
        rows.next()?.map(version_row).transpose()
    }

    fn versions(&self, log: i64, rec: RecordId, before: Option<u64>, limit: usize) -> Result<Vec<VersionRow>, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("{VERSION} WHERE v.log = ?1 AND v.rec = ?2 AND v.ver < ?3 ORDER BY v.ver DESC LIMIT ?4"))?;
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![log, rec.as_bytes(), before, limit_of(limit)])?;
        let mut versions = Vec::new();
        while let Some(row) = rows.next()? {
            versions.push(version_row(row)?);
        }
        Ok(versions)
    }

    fn list(&self, log: i64, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<VersionRow>, LedgerError> {
        let mut statement =
            self.connection.prepare_cached("SELECT rec FROM current WHERE log = ?1 AND kind = ?2 AND rec > ?3 ORDER BY rec LIMIT ?4")?;
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let mut rows = statement.query(params![log, kind, after, limit_of(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let rec = RecordId::from_slice(row.get_ref(0)?.as_blob().map_err(damaged)?)?;
            found.push(self.latest(log, rec)?.ok_or_else(|| LedgerError::Damaged(format!("record {rec} is current without a version")))?);
        }
        Ok(found)
    }

    fn count(&self, log: i64, kind: Option<&str>) -> Result<u64, LedgerError> {
        let number: i64 = match kind {
            Some(kind) => self
                .connection
                .prepare_cached("SELECT COUNT(*) FROM current WHERE log = ?1 AND kind = ?2")?
                .query_row(params![log, kind], |row| row.get(0))?,
            None => self.connection.prepare_cached("SELECT COUNT(*) FROM current WHERE log = ?1")?.query_row([log], |row| row.get(0))?,
        };
        Ok(u64::try_from(number).unwrap_or(0))
    }

    fn changes(&self, seq: u64, limit: usize) -> Result<Vec<ChangeRow>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT c.seq, l.audience, c.op, c.rec, c.kind, c.ver, e.payload, l.origin, l.own FROM change c JOIN log l ON l.id = c.log LEFT JOIN entry e ON e.place = c.place
             WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2",
        )?;
        let mut rows = statement.query(params![signed(seq), limit_of(limit)])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            changes.push(ChangeRow {
                seq: unsigned(row.get(0)?),
                node: Origin::stored(row.get(7)?).node(),
                own: row.get(8)?,
                audience: row.get(1)?,
                op: row.get(2)?,
                rec: RecordId::from_slice(row.get_ref(3)?.as_blob().map_err(damaged)?)?,
                kind: row.get(4)?,
                ver: unsigned(row.get(5)?),
                payload: row.get(6)?,
            });
        }
        Ok(changes)
    }

    fn last_seq(&self) -> Result<u64, LedgerError> {
        let last: Option<i64> = self.connection.prepare_cached("SELECT MAX(seq) FROM change")?.query_row([], |row| row.get(0))?;
        Ok(unsigned(last.unwrap_or(0)))
    }

    fn rows(&self, table: &Table, after: Option<&[Cell]>, limit: usize) -> Result<Vec<Vec<Cell>>, LedgerError> {
        copy::rows(self, table, after, limit)
    }

    fn cabinet_get(&self, drawer: &str, key: &str) -> Result<Option<Value>, LedgerError> {
        let text: Option<String> = self
            .connection
            .prepare_cached("SELECT value FROM cabinet WHERE drawer = ?1 AND key = ?2")?
            .query_row([drawer, key], |row| row.get(0))
            .optional()?;
        text.map(|text| read_json(&text)).transpose()
    }

    fn drawers(&self) -> Result<Vec<String>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT DISTINCT drawer FROM cabinet ORDER BY drawer")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn cabinet_list(
        &self,
        drawer: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        descending: bool,
    ) -> Result<Vec<(String, Value)>, LedgerError> {
        // Keys are ASCII words of ours, so the end of a prefix's range is the prefix followed by the last character there is.
        let end = format!("{prefix}\u{10FFFF}");
        let query = if descending {
            "SELECT key, value FROM cabinet WHERE drawer = ?1 AND key >= ?2 AND key < ?3 AND key < ?4 ORDER BY key DESC LIMIT ?5"
        } else {
            "SELECT key, value FROM cabinet WHERE drawer = ?1 AND key >= ?2 AND key < ?3 AND key > ?4 ORDER BY key LIMIT ?5"
        };
        let edge = after.unwrap_or(if descending { end.as_str() } else { "" });
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query(params![drawer, prefix, end, edge, limit_of(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, read_json(&row.get::<_, String>(1)?)?));
        }
        Ok(found)
    }
}

impl StoreWrite for Session<'_, '_> {
    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")?
            .execute([key, value])?;
        Ok(())
    }

    fn open_log(&mut self, origin: &Origin, audience: &str) -> Result<LogRow, LedgerError> {
        if let Some(log) = self.log(audience)? {
            return Ok(log);
        }
        self.insert_log(origin, audience, true)
    }

    fn append(&mut self, log: &LogRow, entry: &EntryRow) -> Result<(), LedgerError> {
        let desk = self.desk()?;
        if log.size.is_multiple_of(256) {
            let before = self.log_of(&log.origin)?.and_then(|before| Frontier::from_parts(before.size, &before.frontier));
            let before = before.ok_or_else(|| LedgerError::Damaged(format!("frontier of {}", log.origin)))?;
            for subtree in before.completed_by(entry.leaf) {
                self.keep_subtree(log.id, &subtree)?;
            }
        }
        desk.insert_entry.borrow_mut().execute(params![place(log.id, entry.index), entry.leaf.0, entry.bytes, entry.payload])?;
        desk.logs.borrow_mut().set(log);
        Ok(())
    }

    fn note_version(&mut self, log: i64, version: &VersionRow) -> Result<u64, LedgerError> {
        let desk = self.desk()?;
        let place = place(log, version.index);
        let rec = version.rec.as_bytes();
        desk.insert_change.borrow_mut().execute(params![log, version.op, rec, signed(version.ver), version.kind, place])?;
        let seq = self.connection.last_insert_rowid();
        desk.insert_version.borrow_mut().execute(params![
            log,
            rec,
            signed(version.ver),
            version.op,
            version.kind,
            version.at,
            seq,
            place,
            signed(version.cat)
        ])?;
        if version.op == "drop" {
            self.connection.prepare_cached("DELETE FROM current WHERE log = ?1 AND kind = ?2 AND rec = ?3")?.execute(params![
                log,
                version.kind,
                rec
            ])?;
        } else {
            desk.insert_current.borrow_mut().execute(params![log, version.kind, rec])?;
        }
        Ok(unsigned(seq))
    }

    fn note_erase(&mut self, log: i64, rec: RecordId, kind: &str, _at: i64) -> Result<u64, LedgerError> {
        self.connection
            .prepare_cached("INSERT INTO change (log, op, rec, ver, kind, place) VALUES (?1, 'erase', ?2, 0, ?3, NULL)")?
            .execute(params![log, rec.as_bytes(), kind])?;
        Ok(unsigned(self.connection.last_insert_rowid()))
    }

    fn destroy_payloads(&mut self, log: i64, rec: RecordId) -> Result<Vec<LeafHash>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT e.place, e.payload FROM version v JOIN entry e ON e.place = v.place WHERE v.log = ?1 AND v.rec = ?2 AND e.payload IS NOT NULL")?;
        let mut rows = statement.query(params![log, rec.as_bytes()])?;
        let mut destroyed = Vec::new();
        while let Some(row) = rows.next()? {
            destroyed.push((row.get::<_, i64>(0)?, commitment(row.get_ref(1)?.as_blob().map_err(damaged)?)));
        }
        drop(rows);
        for (place, commitment) in &destroyed {
            self.note_erased(log, commitment)?;
            self.connection.prepare_cached("UPDATE entry SET payload = NULL WHERE place = ?1")?.execute([place])?;
        }
        Ok(destroyed.into_iter().map(|(_, commitment)| commitment).collect())
    }

    fn put_rows(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), LedgerError> {
        copy::put_rows(self, table, &rows)
    }

    fn cabinet_put(&mut self, drawer: &str, key: &str, value: &Value) -> Result<(), LedgerError> {
        check_key(key)?;
        self.connection
            .prepare_cached("INSERT INTO cabinet VALUES (?1, ?2, ?3) ON CONFLICT (drawer, key) DO UPDATE SET value = excluded.value")?
            .execute([drawer, key, &value.to_string()])?;
        Ok(())
    }

    fn cabinet_remove(&mut self, drawer: &str, key: &str) -> Result<(), LedgerError> {
        self.connection.prepare_cached("DELETE FROM cabinet WHERE drawer = ?1 AND key = ?2")?.execute([drawer, key])?;
        Ok(())
    }
}

pub(super) fn log_row(row: &Row<'_>) -> Result<LogRow, LedgerError> {
    Ok(LogRow {
        id: row.get(0)?,
        origin: Origin::stored(row.get(1)?),
        audience: row.get(2)?,
        size: unsigned(row.get(3)?),
        frontier: row.get(4)?,
        own: row.get(5)?,
    })
}

fn version_row(row: &Row<'_>) -> Result<VersionRow, LedgerError> {
    Ok(VersionRow {
        rec: RecordId::from_slice(row.get_ref(0)?.as_blob().map_err(damaged)?)?,
        ver: unsigned(row.get(1)?),
        op: row.get(2)?,
        kind: row.get(3)?,
        at: row.get(4)?,
        seq: unsigned(row.get(5)?),
        index: index_of(row.get(6)?),
        leaf: LeafHash::from_slice(row.get_ref(7)?.as_blob().map_err(damaged)?)?,
        payload: row.get(8)?,
        cat: unsigned(row.get(9)?),
    })
}

pub(super) fn damaged(error: impl std::fmt::Display) -> LedgerError {
    LedgerError::Damaged(error.to_string())
}

fn read_json(text: &str) -> Result<Value, LedgerError> {
    serde_json::from_str(text).map_err(damaged)
}
