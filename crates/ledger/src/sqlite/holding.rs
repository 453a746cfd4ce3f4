//! The store's verbs for the exchange in SQL.

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::error::LedgerError;
use crate::names::{LeafHash, Origin, RecordId};
use crate::sqlite::transaction::{LOG, Session, damaged, log_row};
use crate::store::holding::{HoldingRead, HoldingRow, HoldingWrite, head_of};
use crate::store::number::{limit_of, place, signed, unsigned};
use crate::store::{EntryRow, LogRow, VersionRow};
use crate::tree::Subtree;

impl HoldingRead for Session<'_, '_> {
    fn log_of(&self, origin: &Origin) -> Result<Option<LogRow>, LedgerError> {
        if let Some(log) = self.desk.and_then(|desk| desk.logs.borrow().find(origin)) {
            return Ok(Some(log));
        }
        let mut statement = self.connection.prepare_cached(&format!("{LOG} WHERE origin = ?1"))?;
        let mut rows = statement.query([origin.as_str()])?;
        let log = rows.next()?.map(log_row).transpose()?;
        if let (Some(desk), Some(log)) = (self.desk, &log) {
            desk.logs.borrow_mut().add(log.clone());
        }
        Ok(log)
    }

    fn held_logs(&self) -> Result<Vec<LogRow>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT origin FROM log WHERE own = 0 ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut logs = Vec::new();
        while let Some(row) = rows.next()? {
            logs.extend(self.log_of(&Origin::stored(row.get(0)?))?);
        }
        Ok(logs)
    }

    fn holding(&self, log: i64) -> Result<HoldingRow, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT standing, checkpoint, receipt, provisional FROM log WHERE id = ?1")?;
        let row = statement.query_row([log], |row| {
            let provisional: i64 = row.get(3)?;
            Ok(HoldingRow { standing: row.get(0)?, checkpoint: row.get(1)?, receipt: row.get(2)?, provisional: unsigned(provisional) })
        });
        Ok(row?)
    }

    fn subtrees(&self, log: i64, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError> {
        let mut statement = if level == 0 {
            self.connection.prepare_cached("SELECT leaf FROM entry WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT ?3")?
        } else {
            self.connection.prepare_cached("SELECT hash FROM tile WHERE log = ?1 AND level = ?2 AND at >= ?3 ORDER BY at LIMIT ?4")?
        };
        let mut rows = if level == 0 {
            statement.query(params![place(log, from), place(log + 1, 0), limit_of(count)])?
        } else {
            statement.query(params![log, level, signed(from), limit_of(count)])?
        };
        let mut hashes = Vec::new();
        while let Some(row) = rows.next()? {
            hashes.push(LeafHash::from_slice(row.get_ref(0)?.as_blob().map_err(damaged)?)?);
        }
        Ok(hashes)
    }

    fn gaps(&self, log: i64, below: u64, limit: usize) -> Result<Vec<u64>, LedgerError> {
        let mut statement =
            self.connection.prepare_cached("SELECT place FROM gap WHERE log = ?1 AND place < ?2 ORDER BY place LIMIT ?3")?;
        let rows = statement.query_map(params![log, signed(below), limit_of(limit)], |row| row.get(0).map(unsigned))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn is_erased(&self, log: i64, pay: &LeafHash) -> Result<bool, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT 1 FROM erased WHERE log = ?1 AND pay = ?2")?;
        Ok(statement.exists(params![log, pay.0])?)
    }

    fn sought(&self, log: i64) -> Result<u64, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT sought FROM log WHERE id = ?1")?;
        Ok(statement.query_row([log], |row| row.get(0)).optional()?.map_or(0, unsigned))
    }

    fn places_of(&self, log: i64, pay: &LeafHash) -> Result<Vec<u64>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT place FROM lookup WHERE log = ?1 AND head = ?2 ORDER BY place")?;
        let rows = statement.query_map(params![log, head_of(pay)], |row| row.get(0).map(unsigned))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn aside(&self, log: i64, pile: &str, from: usize, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT place, leaf, bytes, payload FROM aside WHERE log = ?1 AND pile = ?2 AND number >= ?3 ORDER BY number LIMIT ?4",
        )?;
        let mut rows = statement.query(params![log, pile, limit_of(from), limit_of(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(EntryRow {
                index: unsigned(row.get(0)?),
                leaf: LeafHash::from_slice(row.get_ref(1)?.as_blob().map_err(damaged)?)?,
                bytes: row.get(2)?,
                payload: row.get(3)?,
            });
        }
        Ok(found)
    }

    fn evidence(&self, origin: &Origin, limit: usize) -> Result<Vec<String>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT text FROM evidence WHERE origin = ?1 ORDER BY number LIMIT ?2")?;
        let rows = statement.query_map(params![origin.as_str(), limit_of(limit)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl HoldingWrite for Session<'_, '_> {
    fn hold_log(&mut self, origin: &Origin) -> Result<LogRow, LedgerError> {
        match self.log_of(origin)? {
            Some(log) => Ok(log),
            None => self.insert_log(origin, origin.audience(), false),
        }
    }

    fn keep_holding(&mut self, log: i64, holding: &HoldingRow) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("UPDATE log SET standing = ?2, checkpoint = ?3, receipt = ?4, provisional = ?5 WHERE id = ?1")?
            .execute(params![log, holding.standing, holding.checkpoint, holding.receipt, signed(holding.provisional)])?;
        Ok(())
    }

    fn keep_subtree(&mut self, log: i64, subtree: &Subtree) -> Result<(), LedgerError> {
        self.connection.prepare_cached("INSERT INTO tile VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            log,
            subtree.level,
            signed(subtree.at),
            subtree.hash.0
        ])?;
        Ok(())
    }

    fn cut(&mut self, log: &LogRow) -> Result<Vec<(RecordId, String)>, LedgerError> {
        let (from, to) = (place(log.id, log.size), place(log.id + 1, 0));
        let mut taken = Vec::new();
        if log.own {
            let mut statement = self.connection.prepare_cached("SELECT DISTINCT rec, kind FROM version WHERE log = ?1 AND place >= ?2")?;
            let mut rows = statement.query(params![log.id, from])?;
            while let Some(row) = rows.next()? {
                taken.push((RecordId::from_slice(row.get_ref(0)?.as_blob().map_err(damaged)?)?, row.get::<_, String>(1)?));
            }
            drop(rows);
            for (rec, kind) in &taken {
                self.connection.prepare_cached("DELETE FROM current WHERE log = ?1 AND kind = ?2 AND rec = ?3")?.execute(params![
                    log.id,
                    kind,
                    rec.as_bytes()
                ])?;
            }
            self.connection.execute("DELETE FROM version WHERE log = ?1 AND place >= ?2", [log.id, from])?;
            self.connection.execute("DELETE FROM change WHERE log = ?1 AND place >= ?2", [log.id, from])?;
        }
        self.connection.execute("DELETE FROM entry WHERE place >= ?1 AND place < ?2", [from, to])?;
        let size = signed(log.size);
        self.connection.execute("DELETE FROM gap WHERE log = ?1 AND place >= ?2", [log.id, size])?;
        self.connection.execute("DELETE FROM lookup WHERE log = ?1 AND place >= ?2", [log.id, size])?;
        self.connection.execute("DELETE FROM tile WHERE log = ?1 AND at >= (?2 >> (8 * level))", [log.id, size])?;
        self.connection.execute("UPDATE log SET sought = min(sought, ?2) WHERE id = ?1", [log.id, size])?;
        self.desk()?.logs.borrow_mut().set(log);
        Ok(taken)
    }

    fn note_again(&mut self, log: i64, rec: RecordId, kind: &str, standing: Option<&VersionRow>) -> Result<u64, LedgerError> {
        let (op, ver, kind, at) = match standing {
            Some(version) => (version.op.as_str(), signed(version.ver), version.kind.as_str(), Some(place(log, version.index))),
            None => ("drop", 0, kind, None),
        };
        let desk = self.desk()?;
        desk.insert_change.borrow_mut().execute(params![log, op, rec.as_bytes(), ver, kind, at])?;
        let seq = self.connection.last_insert_rowid();
        if op == "put" {
            desk.insert_current.borrow_mut().execute(params![log, kind, rec.as_bytes()])?;
        }
        Ok(unsigned(seq))
    }

    fn note_gap(&mut self, log: i64, index: u64) -> Result<(), LedgerError> {
        self.connection.prepare_cached("INSERT OR IGNORE INTO gap VALUES (?1, ?2)")?.execute([log, signed(index)])?;
        Ok(())
    }

    fn fill(&mut self, log: i64, index: u64, payload: &[u8]) -> Result<(), LedgerError> {
        self.connection.prepare_cached("UPDATE entry SET payload = ?2 WHERE place = ?1")?.execute(params![place(log, index), payload])?;
        self.connection.prepare_cached("DELETE FROM gap WHERE log = ?1 AND place = ?2")?.execute([log, signed(index)])?;
        Ok(())
    }

    fn destroy(&mut self, log: i64, index: u64) -> Result<(), LedgerError> {
        self.connection.prepare_cached("UPDATE entry SET payload = NULL WHERE place = ?1")?.execute([place(log, index)])?;
        self.connection.prepare_cached("DELETE FROM gap WHERE log = ?1 AND place = ?2")?.execute([log, signed(index)])?;
        Ok(())
    }

    fn note_erased(&mut self, log: i64, pay: &LeafHash) -> Result<(), LedgerError> {
        self.connection.prepare_cached("INSERT OR IGNORE INTO erased VALUES (?1, ?2)")?.execute(params![log, pay.0])?;
        Ok(())
    }

    fn note_places(&mut self, log: i64, places: &[(LeafHash, u64)], sought: u64) -> Result<(), LedgerError> {
        for (pay, index) in places {
            self.connection.prepare_cached("INSERT OR IGNORE INTO lookup VALUES (?1, ?2, ?3)")?.execute(params![
                log,
                head_of(pay),
                signed(*index)
            ])?;
        }
        self.connection.prepare_cached("UPDATE log SET sought = ?2 WHERE id = ?1")?.execute([log, signed(sought)])?;
        Ok(())
    }

    fn aside_push(&mut self, log: i64, pile: &str, rows: &[EntryRow]) -> Result<(), LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO aside VALUES (?1, ?2, (SELECT coalesce(max(number) + 1, 0) FROM aside WHERE log = ?1 AND pile = ?2), ?3, ?4, ?5, ?6)",
        )?;
        for row in rows {
            statement.execute(params![log, pile, signed(row.index), row.leaf.0, row.bytes, row.payload])?;
        }
        Ok(())
    }

    fn aside_clear(&mut self, log: i64, pile: &str) -> Result<(), LedgerError> {
        self.connection.prepare_cached("DELETE FROM aside WHERE log = ?1 AND pile = ?2")?.execute(params![log, pile])?;
        Ok(())
    }

    fn keep_evidence(&mut self, origin: &Origin, text: &str) -> Result<(), LedgerError> {
        let digest: [u8; 32] = Sha256::digest(text).into();
        self.connection.prepare_cached("INSERT OR IGNORE INTO evidence (origin, digest, text) VALUES (?1, ?2, ?3)")?.execute(params![
            origin.as_str(),
            digest,
            text
        ])?;
        Ok(())
    }
}
