//! The store's verbs for claims in SQL.

use rusqlite::{Row, params};

use crate::error::LedgerError;
use crate::names::{LeafHash, NodeName, Origin, RecordId};
use crate::sqlite::transaction::{Session, damaged};
use crate::store::VersionRow;
use crate::store::claim::{ClaimRead, ClaimRow, ClaimWrite, Counting, HeldRow};
use crate::store::number::{index_of, limit_of, log_of, place, signed, unsigned};

/// Claims in full, without payload.
const CLAIM: &str = "SELECT audience, place, epoch, maker, stretch, prev, rec, ver, op, kind, cat, at, leaf, lacks FROM claim";
/// Versions that count, with payload.
const HELD: &str = "SELECT c.maker, c.place, l.origin, c.rec, c.ver, c.op, c.kind, c.cat, c.at, c.leaf, e.payload
  FROM claim c JOIN log l ON l.id = c.place >> 40 JOIN entry e ON e.place = c.place";
impl ClaimRead for Session<'_, '_> {
    fn counting(&self, log: i64) -> Result<Counting, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT counted, ruling FROM log WHERE id = ?1")?;
        let mut rows = statement.query([log])?;
        let row = rows.next()?.ok_or_else(|| LedgerError::Damaged(format!("no log {log}")))?;
        let ruling: Option<Vec<u8>> = row.get(1)?;
        Ok(Counting { counted: unsigned(row.get(0)?), ruling: ruling.as_deref().map(LeafHash::from_slice).transpose()? })
    }

    fn has_claims(&self) -> Result<bool, LedgerError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM claim LIMIT 1")?.exists([])?)
    }

    fn makers(&self, audience: &str, rec: RecordId, leaf: &LeafHash) -> Result<Vec<NodeName>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT maker FROM claim WHERE audience = ?1 AND rec = ?2 AND leaf = ?3 AND maker > '' ORDER BY maker",
        )?;
        let mut rows = statement.query(params![audience, rec.as_bytes(), leaf.0])?;
        let mut makers = Vec::new();
        while let Some(row) = rows.next()? {
            makers.push(NodeName::parse(&row.get::<_, String>(0)?)?);
        }
        Ok(makers)
    }

    fn is_claimed(&self, audience: &str, rec: RecordId, leaf: &LeafHash, log: i64, index: u64) -> Result<bool, LedgerError> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM claim WHERE audience = ?1 AND rec = ?2 AND leaf = ?3 AND place = ?4")?;
        Ok(statement.exists(params![audience, rec.as_bytes(), leaf.0, place(log, index)])?)
    }

    fn claims_on(
        &self,
        audience: &str,
        rec: RecordId,
        prev: &LeafHash,
        after: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<ClaimRow>, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("{CLAIM} WHERE audience = ?1 AND rec = ?2 AND prev = ?3 AND place > ?4 ORDER BY place LIMIT ?5"))?;
        let after = after.map_or(-1, |(log, index)| place(log, index));
        let mut rows = statement.query(params![audience, rec.as_bytes(), prev.0, after, limit_of(limit)])?;
        let mut claims = Vec::new();
        while let Some(row) = rows.next()? {
            claims.push(claim_row(row)?);
        }
        Ok(claims)
    }

    fn standings(&self, audience: &str, rec: RecordId) -> Result<Vec<HeldRow>, LedgerError> {
        // Each maker and his last version are found with a step along an index, however many versions there are; the planner must not be given a choice.
        let mut statement = self.connection.prepare_cached(
            "SELECT maker FROM claim WHERE audience = ?1 AND rec = ?2 AND stretch >= 0 AND maker > ?3 ORDER BY maker LIMIT 1",
        )?;
        let mut found: Vec<HeldRow> = Vec::new();
        loop {
            let after = found.last().map_or("", |last| last.maker.as_str());
            let mut rows = statement.query(params![audience, rec.as_bytes(), after])?;
            let Some(row) = rows.next()? else { return Ok(found) };
            let maker = NodeName::parse(&row.get::<_, String>(0)?)?;
            let Some(last) = self.held_versions(audience, rec, &maker, None, 1)?.pop() else {
                return Err(LedgerError::Damaged(format!("record {rec} of {} without a version", maker.as_str())));
            };
            found.push(last);
        }
    }

    fn held_versions(
        &self,
        audience: &str,
        rec: RecordId,
        maker: &NodeName,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<HeldRow>, LedgerError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "{HELD} WHERE c.audience = ?1 AND c.rec = ?2 AND c.maker = ?3 AND c.stretch >= 0 AND c.ver < ?4
             ORDER BY c.stretch DESC, c.epoch DESC, c.place DESC LIMIT ?5"
        ))?;
        let before = before.map_or(i64::MAX, signed);
        let mut rows = statement.query(params![audience, rec.as_bytes(), maker.as_str(), before, limit_of(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(held_row(row)?);
        }
        Ok(found)
    }

    fn held_of_kind(&self, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT c.rec FROM log l CROSS JOIN current c ON c.log = l.id WHERE l.own = 0 AND c.kind = ?1 AND c.rec > ?2 ORDER BY c.rec LIMIT ?3",
        )?;
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let mut rows = statement.query(params![kind, after, limit_of(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(RecordId::from_slice(row.get_ref(0)?.as_blob().map_err(damaged)?)?);
        }
        Ok(found)
    }

    fn claims_lacking(&self, log: i64, below: u64, limit: usize) -> Result<Vec<ClaimRow>, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("{CLAIM} WHERE lacks = 1 AND place >> 40 = ?1 AND cat < ?2 ORDER BY cat, place LIMIT ?3"))?;
        let mut rows = statement.query(params![log, signed(below), limit_of(limit)])?;
        let mut claims = Vec::new();
        while let Some(row) = rows.next()? {
            claims.push(claim_row(row)?);
        }
        Ok(claims)
    }

    fn is_version(&self, log: i64, rec: RecordId, leaf: &LeafHash) -> Result<bool, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM version v JOIN entry e ON e.place = v.place WHERE v.log = ?1 AND v.rec = ?2 AND e.leaf = ?3")?;
        Ok(statement.exists(params![log, rec.as_bytes(), leaf.0])?)
    }
}

impl ClaimWrite for Session<'_, '_> {
    fn keep_counting(&mut self, log: i64, counting: &Counting) -> Result<(), LedgerError> {
        let ruling = counting.ruling.map(|ruling| ruling.0);
        self.connection.prepare_cached("UPDATE log SET counted = ?2, ruling = ?3 WHERE id = ?1")?.execute(params![
            log,
            signed(counting.counted),
            ruling
        ])?;
        Ok(())
    }

    fn put_claim(&mut self, claim: &ClaimRow) -> Result<bool, LedgerError> {
        let ClaimRow { audience, log, epoch, maker, stretch, prev, lacks, version } = claim;
        let (rec, leaf, at) = (version.rec.as_bytes(), version.leaf.0, place(*log, version.index));
        let maker = maker.as_ref().map_or("", NodeName::as_str);
        let stretch = stretch.map_or(-1, i64::from);
        let known = self
            .connection
            .prepare_cached("UPDATE claim SET stretch = ?6 WHERE audience = ?1 AND rec = ?2 AND leaf = ?3 AND place = ?4 AND maker = ?5")?
            .execute(params![audience, rec, leaf, at, maker, stretch])?;
        if known > 0 {
            return Ok(false);
        }
        if !maker.is_empty() && prev.is_some() {
            self.connection
                .prepare_cached("DELETE FROM claim WHERE audience = ?1 AND rec = ?2 AND leaf = ?3 AND place = ?4 AND maker = ''")?
                .execute(params![audience, rec, leaf, at])?;
        }
        let prev = prev.map(|prev| prev.0);
        self.connection.prepare_cached("INSERT INTO claim VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")?.execute(
            params![
                audience,
                rec,
                leaf,
                at,
                maker,
                stretch,
                epoch,
                prev,
                signed(version.ver),
                version.op,
                version.kind,
                signed(version.cat),
                version.at,
                lacks
            ],
        )?;
        Ok(true)
    }

    fn lacks_no_longer(&mut self, claim: &ClaimRow) -> Result<(), LedgerError> {
        let version = &claim.version;
        self.connection
            .prepare_cached("UPDATE claim SET lacks = 0 WHERE audience = ?1 AND rec = ?2 AND leaf = ?3 AND place = ?4")?
            .execute(params![claim.audience, version.rec.as_bytes(), version.leaf.0, place(claim.log, version.index)])?;
        Ok(())
    }

    fn forget_claims(&mut self, audience: &str, rec: RecordId) -> Result<(), LedgerError> {
        self.connection.prepare_cached("DELETE FROM claim WHERE audience = ?1 AND rec = ?2")?.execute(params![audience, rec.as_bytes()])?;
        Ok(())
    }

    fn make_current(&mut self, log: i64, kind: &str, rec: RecordId) -> Result<(), LedgerError> {
        self.desk()?.insert_current.borrow_mut().execute(params![log, kind, rec.as_bytes()])?;
        Ok(())
    }

    fn not_current(&mut self, log: i64, kind: &str, rec: RecordId) -> Result<(), LedgerError> {
        self.connection.prepare_cached("DELETE FROM current WHERE log = ?1 AND kind = ?2 AND rec = ?3")?.execute(params![
            log,
            kind,
            rec.as_bytes()
        ])?;
        Ok(())
    }
}

fn claim_row(row: &Row<'_>) -> Result<ClaimRow, LedgerError> {
    let at: i64 = row.get(1)?;
    let (maker, stretch): (String, i64) = (row.get(3)?, row.get(4)?);
    let prev: Option<Vec<u8>> = row.get(5)?;
    Ok(ClaimRow {
        audience: row.get(0)?,
        log: log_of(at),
        epoch: row.get(2)?,
        maker: if maker.is_empty() { None } else { Some(NodeName::parse(&maker)?) },
        stretch: u32::try_from(stretch).ok(),
        prev: prev.as_deref().map(LeafHash::from_slice).transpose()?,
        lacks: row.get(13)?,
        version: VersionRow {
            rec: RecordId::from_slice(row.get_ref(6)?.as_blob().map_err(damaged)?)?,
            ver: unsigned(row.get(7)?),
            op: row.get(8)?,
            kind: row.get(9)?,
            cat: unsigned(row.get(10)?),
            at: row.get(11)?,
            seq: 0,
            index: index_of(at),
            leaf: LeafHash::from_slice(row.get_ref(12)?.as_blob().map_err(damaged)?)?,
            payload: None,
        },
    })
}

fn held_row(row: &Row<'_>) -> Result<HeldRow, LedgerError> {
    let at: i64 = row.get(1)?;
    Ok(HeldRow {
        maker: NodeName::parse(&row.get::<_, String>(0)?)?,
        log: log_of(at),
        origin: Origin::stored(row.get(2)?),
        version: VersionRow {
            rec: RecordId::from_slice(row.get_ref(3)?.as_blob().map_err(damaged)?)?,
            ver: unsigned(row.get(4)?),
            op: row.get(5)?,
            kind: row.get(6)?,
            cat: unsigned(row.get(7)?),
            at: row.get(8)?,
            seq: 0,
            index: index_of(at),
            leaf: LeafHash::from_slice(row.get_ref(9)?.as_blob().map_err(damaged)?)?,
            payload: row.get(10)?,
        },
    })
}
