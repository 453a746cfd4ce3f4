//! The store's verbs in SQL, over one connection inside one transaction.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;
use tokio_postgres::Row;

use crate::error::LedgerError;
use crate::names::{LeafHash, Origin, RecordId};
use crate::payload::commitment;
use crate::postgres::connection::Connection;
use crate::postgres::copy;
use crate::store::holding::{HoldingRead, HoldingWrite};
use crate::store::number::{index_of, limit_of, place, signed, unsigned};
use crate::store::table::{Cell, Table};
use crate::store::{ChangeRow, EntryRow, LogRow, StoreRead, StoreWrite, VersionRow, check_key};
use crate::tree::Frontier;

/// The verbs on a connection; the caller has begun the transaction.
pub(super) struct Session<'a> {
    pub(super) connection: &'a Connection,
    /// What only a writing transaction has.
    pub(super) desk: Option<&'a RefCell<Desk>>,
}

/// Where the transaction under way stands: read once under the lock, written once at its end.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    /// Logs with their sizes and frontiers: the own ones, and those of others that were asked for.
    pub(super) logs: Vec<LogRow>,
    /// Numbers of the logs that are no longer as they were.
    changed: BTreeSet<i64>,
    /// The last change.
    pub(super) seq: u64,
}

impl Desk {
    /// Reads where the database stands; the caller holds the lock.
    pub(super) fn read(connection: &Connection) -> Result<Desk, LedgerError> {
        let rows = connection
            .query("SELECT id, origin, audience, size, frontier, own, (SELECT MAX(seq) FROM change) FROM log WHERE own ORDER BY id", &[])?;
        let seq: Option<i64> = match rows.first() {
            Some(row) => row.try_get(6)?,
            // A node may hold logs of others before it writes one of its own.
            None => connection.query("SELECT MAX(seq) FROM change", &[])?.first().map(|row| row.try_get(0)).transpose()?.flatten(),
        };
        let seq = seq.map_or(0, unsigned);
        Ok(Desk { logs: rows.iter().map(log_row).collect::<Result<_, _>>()?, changed: BTreeSet::new(), seq })
    }

    /// Keeps a log's new size and frontier.
    pub(super) fn set(&mut self, log: &LogRow) {
        self.changed.insert(log.id);
        match self.logs.iter_mut().find(|kept| kept.id == log.id) {
            Some(kept) => kept.clone_from(log),
            None => self.logs.push(log.clone()),
        }
    }

    /// Writes the logs that are no longer as they were.
    pub(super) fn write(&self, connection: &Connection) {
        for log in &self.logs {
            if self.changed.contains(&log.id) {
                connection.order(
                    "UPDATE log SET size = $2, frontier = $3 WHERE id = $1",
                    vec![Box::new(log.id), Box::new(signed(log.size)), Box::new(log.frontier.clone())],
                );
            }
        }
    }
}

impl<'a> Session<'a> {
    pub(super) fn reading(connection: &'a Connection) -> Session<'a> {
        Session { connection, desk: None }
    }

    pub(super) fn writing(connection: &'a Connection, desk: &'a RefCell<Desk>) -> Session<'a> {
        Session { connection, desk: Some(desk) }
    }

    pub(super) fn desk(&self) -> Result<&'a RefCell<Desk>, LedgerError> {
        self.desk.ok_or_else(|| LedgerError::Damaged("written outside a transaction".to_owned()))
    }

    pub(super) fn next_seq(&self) -> Result<u64, LedgerError> {
        let mut desk = self.desk()?.borrow_mut();
        desk.seq += 1;
        Ok(desk.seq)
    }

    pub(super) fn insert_log(&self, origin: &Origin, audience: &str, own: bool) -> Result<LogRow, LedgerError> {
        let rows = self.connection.query("SELECT COALESCE(MAX(id), 0) + 1 FROM log", &[])?;
        let id: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(1);
        let log = LogRow { id, origin: origin.clone(), audience: audience.to_owned(), own, size: 0, frontier: Vec::new() };
        self.connection.order(
            "INSERT INTO log (id, origin, audience, size, frontier, own) VALUES ($1, $2, $3, 0, '', $4)",
            vec![Box::new(id), Box::new(origin.as_str().to_owned()), Box::new(audience.to_owned()), Box::new(own)],
        );
        self.desk()?.borrow_mut().logs.push(log.clone());
        Ok(log)
    }
}

impl StoreRead for Session<'_> {
    fn meta(&self, key: &str) -> Result<Option<String>, LedgerError> {
        let rows = self.connection.query("SELECT value FROM meta WHERE key = $1", &[&key])?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }

    fn metas(&self) -> Result<Vec<(String, String)>, LedgerError> {
        let rows = self.connection.query("SELECT key, value FROM meta ORDER BY key", &[])?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    fn logs(&self) -> Result<Vec<LogRow>, LedgerError> {
        match self.desk {
            Some(desk) => Ok(desk.borrow().logs.iter().filter(|log| log.own).cloned().collect()),
            None => {
                let rows = self.connection.query("SELECT id, origin, audience, size, frontier, own FROM log WHERE own ORDER BY id", &[])?;
                rows.iter().map(log_row).collect()
            }
        }
    }

    fn log(&self, audience: &str) -> Result<Option<LogRow>, LedgerError> {
        match self.desk {
            Some(desk) => Ok(desk.borrow().logs.iter().find(|log| log.own && log.audience == audience).cloned()),
            None => {
                let rows = self
                    .connection
                    .query("SELECT id, origin, audience, size, frontier, own FROM log WHERE own AND audience = $1", &[&audience])?;
                rows.first().map(log_row).transpose()
            }
        }
    }

    fn entries(&self, log: i64, from: u64, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        let rows = self.connection.query(
            "SELECT place, leaf, bytes, payload FROM entry WHERE place >= $1 AND place < $2 ORDER BY place LIMIT $3",
            &[&place(log, from), &place(log + 1, 0), &limit_of(limit)],
        )?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            entries.push(EntryRow {
                index: index_of(row.try_get(0)?),
                leaf: LeafHash::from_slice(row.try_get(1)?)?,
                bytes: row.try_get(2)?,
                payload: row.try_get(3)?,
            });
        }
        Ok(entries)
    }

    fn leaves(&self, log: i64, size: u64) -> Result<Vec<LeafHash>, LedgerError> {
        let rows = self
            .connection
            .query("SELECT leaf FROM entry WHERE place >= $1 AND place < $2 ORDER BY place", &[&place(log, 0), &place(log, size)])?;
        let mut leaves = Vec::with_capacity(rows.len());
        for row in &rows {
            leaves.push(LeafHash::from_slice(row.try_get(0)?)?);
        }
        Ok(leaves)
    }

    fn latest(&self, log: i64, rec: RecordId) -> Result<Option<VersionRow>, LedgerError> {
        Ok(self.versions(log, rec, None, 1)?.pop())
    }

    fn versions(&self, log: i64, rec: RecordId, before: Option<u64>, limit: usize) -> Result<Vec<VersionRow>, LedgerError> {
        let rows = self.connection.query(
            "SELECT v.rec, v.ver, v.op, v.kind, v.at, v.seq, v.place, e.leaf, e.payload, v.cat FROM version v JOIN entry e ON e.place = v.place
             WHERE v.log = $1 AND v.rec = $2 AND v.ver < $3 ORDER BY v.ver DESC LIMIT $4",
            &[&log, &&rec.as_bytes()[..], &before.map_or(i64::MAX, signed), &limit_of(limit)],
        )?;
        rows.iter().map(version_row).collect()
    }

    fn list(&self, log: i64, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<VersionRow>, LedgerError> {
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let rows = self.connection.query(
            "SELECT v.rec, v.ver, v.op, v.kind, v.at, v.seq, v.place, e.leaf, e.payload, v.cat
             FROM (SELECT log, rec FROM current WHERE log = $1 AND kind = $2 AND rec > $3 ORDER BY rec LIMIT $4) c
             JOIN LATERAL (SELECT * FROM version WHERE log = c.log AND rec = c.rec ORDER BY ver DESC LIMIT 1) v ON TRUE
             JOIN entry e ON e.place = v.place ORDER BY c.rec",
            &[&log, &kind, &after, &limit_of(limit)],
        )?;
        rows.iter().map(version_row).collect()
    }

    fn count(&self, log: i64, kind: Option<&str>) -> Result<u64, LedgerError> {
        let rows = match kind {
            Some(kind) => self.connection.query("SELECT COUNT(*) FROM current WHERE log = $1 AND kind = $2", &[&log, &kind])?,
            None => self.connection.query("SELECT COUNT(*) FROM current WHERE log = $1", &[&log])?,
        };
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map_or(0, unsigned))
    }

    fn changes(&self, seq: u64, limit: usize) -> Result<Vec<ChangeRow>, LedgerError> {
        let rows = self.connection.query(
            "SELECT c.seq, l.audience, c.op, c.rec, c.kind, c.ver, e.payload, l.origin, l.own FROM change c JOIN log l ON l.id = c.log LEFT JOIN entry e ON e.place = c.place
             WHERE c.seq > $1 ORDER BY c.seq LIMIT $2",
            &[&signed(seq), &limit_of(limit)],
        )?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            changes.push(ChangeRow {
                seq: unsigned(row.try_get(0)?),
                node: Origin::stored(row.try_get(7)?).node(),
                own: row.try_get(8)?,
                audience: row.try_get(1)?,
                op: row.try_get(2)?,
                rec: RecordId::from_slice(row.try_get(3)?)?,
                kind: row.try_get(4)?,
                ver: unsigned(row.try_get(5)?),
                payload: row.try_get(6)?,
            });
        }
        Ok(changes)
    }

    fn last_seq(&self) -> Result<u64, LedgerError> {
        if let Some(desk) = self.desk {
            return Ok(desk.borrow().seq);
        }
        let rows = self.connection.query("SELECT COALESCE(MAX(seq), 0) FROM change", &[])?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map_or(0, unsigned))
    }

    fn rows(&self, table: &Table, after: Option<&[Cell]>, limit: usize) -> Result<Vec<Vec<Cell>>, LedgerError> {
        copy::rows(self, table, after, limit)
    }

    fn cabinet_get(&self, drawer: &str, key: &str) -> Result<Option<Value>, LedgerError> {
        // The server takes no NUL in a text, not even to say that there is no such key.
        if check_key(key).is_err() {
            return Ok(None);
        }
        let rows = self.connection.query("SELECT value FROM cabinet WHERE drawer = $1 AND key = $2", &[&drawer, &key])?;
        rows.first().map(|row| read_json(row.try_get(0)?)).transpose()
    }

    fn drawers(&self) -> Result<Vec<String>, LedgerError> {
        let rows = self.connection.query("SELECT DISTINCT drawer FROM cabinet ORDER BY drawer", &[])?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    fn cabinet_list(
        &self,
        drawer: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        descending: bool,
    ) -> Result<Vec<(String, Value)>, LedgerError> {
        if prefix.contains('\0') || after.is_some_and(|after| after.contains('\0')) {
            return Ok(Vec::new());
        }
        // Keys are ASCII words of ours, so the end of a prefix's range is the prefix followed by the last character there is.
        let end = format!("{prefix}\u{10FFFF}");
        let query = if descending {
            "SELECT key, value FROM cabinet WHERE drawer = $1 AND key >= $2 AND key < $3 AND key < $4 ORDER BY key DESC LIMIT $5"
        } else {
            "SELECT key, value FROM cabinet WHERE drawer = $1 AND key >= $2 AND key < $3 AND key > $4 ORDER BY key LIMIT $5"
        };
        let edge = after.unwrap_or(if descending { end.as_str() } else { "" });
        let rows = self.connection.query(query, &[&drawer, &prefix, &end, &edge, &limit_of(limit)])?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push((row.try_get(0)?, read_json(row.try_get(1)?)?));
        }
        Ok(found)
    }
}

impl StoreWrite for Session<'_> {
    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), LedgerError> {
        self.connection.order(
            "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            vec![Box::new(key.to_owned()), Box::new(value.to_owned())],
        );
        Ok(())
    }

    fn open_log(&mut self, origin: &Origin, audience: &str) -> Result<LogRow, LedgerError> {
        if let Some(log) = self.log(audience)? {
            return Ok(log);
        }
        self.insert_log(origin, audience, true)
    }

    fn append(&mut self, log: &LogRow, entry: &EntryRow) -> Result<(), LedgerError> {
        if log.size.is_multiple_of(256) {
            let before = self.log_of(&log.origin)?.and_then(|before| Frontier::from_parts(before.size, &before.frontier));
            let before = before.ok_or_else(|| LedgerError::Damaged(format!("frontier of {}", log.origin)))?;
            for subtree in before.completed_by(entry.leaf) {
                self.keep_subtree(log.id, &subtree)?;
            }
        }
        self.connection.order(
            "INSERT INTO entry VALUES ($1, $2, $3, $4)",
            vec![
                Box::new(place(log.id, entry.index)),
                Box::new(entry.leaf.0.to_vec()),
                Box::new(entry.bytes.clone()),
                Box::new(entry.payload.clone()),
            ],
        );
        self.desk()?.borrow_mut().set(log);
        Ok(())
    }

    fn note_version(&mut self, log: i64, version: &VersionRow) -> Result<u64, LedgerError> {
        let seq = self.next_seq()?;
        // One statement for the three rows: what a statement costs is most of what a record costs.
        let statement = if version.op == "drop" {
            "WITH noted AS (INSERT INTO change VALUES ($1, $2, $3, $4, $5, $6, $7)),
             kept AS (INSERT INTO version VALUES ($2, $4, $5, $3, $6, $8, $1, $7, $9))
             DELETE FROM current WHERE log = $2 AND kind = $6 AND rec = $4"
        } else {
            "WITH noted AS (INSERT INTO change VALUES ($1, $2, $3, $4, $5, $6, $7)),
             kept AS (INSERT INTO version VALUES ($2, $4, $5, $3, $6, $8, $1, $7, $9))
             INSERT INTO current VALUES ($2, $6, $4) ON CONFLICT DO NOTHING"
        };
        self.connection.order(
            statement,
            vec![
                Box::new(signed(seq)),
                Box::new(log),
                Box::new(version.op.clone()),
                Box::new(version.rec.as_bytes().to_vec()),
                Box::new(signed(version.ver)),
                Box::new(version.kind.clone()),
                Box::new(place(log, version.index)),
                Box::new(version.at),
                Box::new(signed(version.cat)),
            ],
        );
        Ok(seq)
    }

    fn note_erase(&mut self, log: i64, rec: RecordId, kind: &str, _at: i64) -> Result<u64, LedgerError> {
        let seq = self.next_seq()?;
        self.connection.order(
            "INSERT INTO change VALUES ($1, $2, 'erase', $3, 0, $4, NULL)",
            vec![Box::new(signed(seq)), Box::new(log), Box::new(rec.as_bytes().to_vec()), Box::new(kind.to_owned())],
        );
        Ok(seq)
    }

    fn destroy_payloads(&mut self, log: i64, rec: RecordId) -> Result<Vec<LeafHash>, LedgerError> {
        let rows = self.connection.query(
            "SELECT e.place, e.payload FROM version v JOIN entry e ON e.place = v.place
             WHERE v.log = $1 AND v.rec = $2 AND e.payload IS NOT NULL ORDER BY v.ver",
            &[&log, &&rec.as_bytes()[..]],
        )?;
        let mut destroyed = Vec::with_capacity(rows.len());
        for row in &rows {
            let commitment = commitment(row.try_get(1)?);
            self.note_erased(log, &commitment)?;
            destroyed.push(commitment);
            self.connection.order("UPDATE entry SET payload = NULL WHERE place = $1", vec![Box::new(row.try_get::<_, i64>(0)?)]);
        }
        Ok(destroyed)
    }

    fn put_rows(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), LedgerError> {
        copy::put_rows(self, table, rows)
    }

    fn cabinet_put(&mut self, drawer: &str, key: &str, value: &Value) -> Result<(), LedgerError> {
        check_key(key)?;
        self.connection.order(
            "INSERT INTO cabinet VALUES ($1, $2, $3) ON CONFLICT (drawer, key) DO UPDATE SET value = excluded.value",
            vec![Box::new(drawer.to_owned()), Box::new(key.to_owned()), Box::new(value.to_string())],
        );
        Ok(())
    }

    fn cabinet_remove(&mut self, drawer: &str, key: &str) -> Result<(), LedgerError> {
        if check_key(key).is_ok() {
            self.connection
                .order("DELETE FROM cabinet WHERE drawer = $1 AND key = $2", vec![Box::new(drawer.to_owned()), Box::new(key.to_owned())]);
        }
        Ok(())
    }
}

pub(super) fn log_row(row: &Row) -> Result<LogRow, LedgerError> {
    Ok(LogRow {
        id: row.try_get(0)?,
        origin: Origin::stored(row.try_get(1)?),
        audience: row.try_get(2)?,
        size: unsigned(row.try_get(3)?),
        frontier: row.try_get(4)?,
        own: row.try_get(5)?,
    })
}

fn version_row(row: &Row) -> Result<VersionRow, LedgerError> {
    Ok(VersionRow {
        rec: RecordId::from_slice(row.try_get(0)?)?,
        ver: unsigned(row.try_get(1)?),
        op: row.try_get(2)?,
        kind: row.try_get(3)?,
        at: row.try_get(4)?,
        seq: unsigned(row.try_get(5)?),
        index: index_of(row.try_get(6)?),
        leaf: LeafHash::from_slice(row.try_get(7)?)?,
        payload: row.try_get(8)?,
        cat: unsigned(row.try_get(9)?),
    })
}

fn read_json(text: &str) -> Result<Value, LedgerError> {
    serde_json::from_str(text).map_err(|error| LedgerError::Damaged(error.to_string()))
}
