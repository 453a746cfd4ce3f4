//! The store's verbs for claims in SQL.

use tokio_postgres::Row;

use crate::error::LedgerError;
use crate::names::{LeafHash, NodeName, Origin, RecordId};
use crate::postgres::transaction::Session;
use crate::store::VersionRow;
use crate::store::claim::{ClaimRead, ClaimRow, ClaimWrite, Counting, HeldRow};
use crate::store::number::{index_of, limit_of, log_of, place, signed, unsigned};

impl ClaimRead for Session<'_> {
    fn counting(&self, log: i64) -> Result<Counting, LedgerError> {
        let rows = self.connection.query("SELECT counted, ruling FROM log WHERE id = $1", &[&log])?;
        let row = rows.first().ok_or_else(|| LedgerError::Damaged(format!("no log {log}")))?;
        let ruling: Option<&[u8]> = row.try_get(1)?;
        Ok(Counting { counted: unsigned(row.try_get(0)?), ruling: ruling.map(LeafHash::from_slice).transpose()? })
    }

    fn has_claims(&self) -> Result<bool, LedgerError> {
        Ok(!self.connection.query("SELECT 1 FROM claim LIMIT 1", &[])?.is_empty())
    }

    fn makers(&self, audience: &str, rec: RecordId, leaf: &LeafHash) -> Result<Vec<NodeName>, LedgerError> {
        let rows = self.connection.query(
            "SELECT DISTINCT maker FROM claim WHERE audience = $1 AND rec = $2 AND leaf = $3 AND maker > '' ORDER BY maker",
            &[&audience, &&rec.as_bytes()[..], &&leaf.0[..]],
        )?;
        rows.iter().map(|row| NodeName::parse(row.try_get(0)?)).collect()
    }

    fn is_claimed(&self, audience: &str, rec: RecordId, leaf: &LeafHash, log: i64, index: u64) -> Result<bool, LedgerError> {
        let rows = self.connection.query(
            "SELECT 1 FROM claim WHERE audience = $1 AND rec = $2 AND leaf = $3 AND place = $4 LIMIT 1",
            &[&audience, &&rec.as_bytes()[..], &&leaf.0[..], &place(log, index)],
        )?;
        Ok(!rows.is_empty())
    }

    fn claims_on(
        &self,
        audience: &str,
        rec: RecordId,
        prev: &LeafHash,
        after: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<ClaimRow>, LedgerError> {
        let rows = self.connection.query(
            "SELECT audience, place, epoch, maker, stretch, prev, rec, ver, op, kind, cat, at, leaf, lacks FROM claim
             WHERE audience = $1 AND rec = $2 AND prev = $3 AND place > $4 ORDER BY place LIMIT $5",
            &[&audience, &&rec.as_bytes()[..], &&prev.0[..], &after.map_or(-1, |(log, index)| place(log, index)), &limit_of(limit)],
        )?;
        rows.iter().map(claim_row).collect()
    }

    fn standings(&self, audience: &str, rec: RecordId) -> Result<Vec<HeldRow>, LedgerError> {
        // Each maker is found with one step along the index, however many versions there are.
        let rows = self.connection.query(
            "WITH RECURSIVE maker(name) AS (
               SELECT min(maker) FROM claim WHERE audience = $1 AND rec = $2 AND stretch >= 0
               UNION ALL SELECT (SELECT min(maker) FROM claim WHERE audience = $1 AND rec = $2 AND stretch >= 0 AND maker > m.name) FROM maker m WHERE m.name IS NOT NULL)
             SELECT c.maker, c.place, l.origin, c.rec, c.ver, c.op, c.kind, c.cat, c.at, c.leaf, e.payload FROM maker m
             JOIN LATERAL (SELECT * FROM claim WHERE audience = $1 AND rec = $2 AND maker = m.name AND stretch >= 0
               ORDER BY stretch DESC, epoch DESC, place DESC LIMIT 1) c ON TRUE
             JOIN log l ON l.id = c.place >> 40 JOIN entry e ON e.place = c.place ORDER BY c.maker",
            &[&audience, &&rec.as_bytes()[..]],
        )?;
        rows.iter().map(held_row).collect()
    }

    fn held_versions(
        &self,
        audience: &str,
        rec: RecordId,
        maker: &NodeName,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<HeldRow>, LedgerError> {
        let rows = self.connection.query(
            "SELECT c.maker, c.place, l.origin, c.rec, c.ver, c.op, c.kind, c.cat, c.at, c.leaf, e.payload
             FROM claim c JOIN log l ON l.id = c.place >> 40 JOIN entry e ON e.place = c.place
             WHERE c.audience = $1 AND c.rec = $2 AND c.maker = $3 AND c.stretch >= 0 AND c.ver < $4
             ORDER BY c.stretch DESC, c.epoch DESC, c.place DESC LIMIT $5",
            &[&audience, &&rec.as_bytes()[..], &maker.as_str(), &before.map_or(i64::MAX, signed), &limit_of(limit)],
        )?;
        rows.iter().map(held_row).collect()
    }

    fn held_of_kind(&self, kind: &str, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, LedgerError> {
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let rows = self.connection.query(
            "SELECT DISTINCT c.rec FROM log l JOIN current c ON c.log = l.id WHERE NOT l.own AND c.kind = $1 AND c.rec > $2 ORDER BY c.rec LIMIT $3",
            &[&kind, &after, &limit_of(limit)],
        )?;
        rows.iter().map(|row| RecordId::from_slice(row.try_get(0)?)).collect()
    }

    fn claims_lacking(&self, log: i64, below: u64, limit: usize) -> Result<Vec<ClaimRow>, LedgerError> {
        let rows = self.connection.query(
            "SELECT audience, place, epoch, maker, stretch, prev, rec, ver, op, kind, cat, at, leaf, lacks FROM claim
             WHERE lacks AND (place >> 40) = $1 AND cat < $2 ORDER BY cat, place LIMIT $3",
            &[&log, &signed(below), &limit_of(limit)],
        )?;
        rows.iter().map(claim_row).collect()
    }

    fn is_version(&self, log: i64, rec: RecordId, leaf: &LeafHash) -> Result<bool, LedgerError> {
        let rows = self.connection.query(
            "SELECT 1 FROM version v JOIN entry e ON e.place = v.place WHERE v.log = $1 AND v.rec = $2 AND e.leaf = $3 LIMIT 1",
            &[&log, &&rec.as_bytes()[..], &&leaf.0[..]],
        )?;
        Ok(!rows.is_empty())
    }
}

impl ClaimWrite for Session<'_> {
    fn keep_counting(&mut self, log: i64, counting: &Counting) -> Result<(), LedgerError> {
        self.connection.order(
            "UPDATE log SET counted = $2, ruling = $3 WHERE id = $1",
            vec![Box::new(log), Box::new(signed(counting.counted)), Box::new(counting.ruling.map(|ruling| ruling.0.to_vec()))],
        );
        Ok(())
    }

    fn put_claim(&mut self, claim: &ClaimRow) -> Result<bool, LedgerError> {
        let ClaimRow { audience, log, epoch, maker, stretch, prev, lacks, version } = claim;
        let (rec, leaf, at) = (version.rec.as_bytes().to_vec(), version.leaf.0.to_vec(), place(*log, version.index));
        let maker = maker.as_ref().map_or("", NodeName::as_str).to_owned();
        let stretch = stretch.map_or(-1, i64::from);
        let known = self.connection.query(
            "UPDATE claim SET stretch = $6 WHERE audience = $1 AND rec = $2 AND leaf = $3 AND place = $4 AND maker = $5 RETURNING 1",
            &[audience, &rec, &leaf, &at, &maker, &stretch],
        )?;
        if !known.is_empty() {
            return Ok(false);
        }
        if !maker.is_empty() && prev.is_some() {
            self.connection.order(
                "DELETE FROM claim WHERE audience = $1 AND rec = $2 AND leaf = $3 AND place = $4 AND maker = ''",
                vec![Box::new(audience.clone()), Box::new(rec.clone()), Box::new(leaf.clone()), Box::new(at)],
            );
        }
        self.connection.order(
            "INSERT INTO claim VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            vec![
                Box::new(audience.clone()),
                Box::new(rec),
                Box::new(leaf),
                Box::new(at),
                Box::new(maker),
                Box::new(stretch),
                Box::new(i64::from(*epoch)),
                Box::new(prev.map(|prev| prev.0.to_vec())),
                Box::new(signed(version.ver)),
                Box::new(version.op.clone()),
                Box::new(version.kind.clone()),
                Box::new(signed(version.cat)),
                Box::new(version.at),
                Box::new(*lacks),
            ],
        );
        Ok(true)
    }

    fn lacks_no_longer(&mut self, claim: &ClaimRow) -> Result<(), LedgerError> {
        let version = &claim.version;
        self.connection.order(
            "UPDATE claim SET lacks = FALSE WHERE audience = $1 AND rec = $2 AND leaf = $3 AND place = $4",
            vec![
                Box::new(claim.audience.clone()),
                Box::new(version.rec.as_bytes().to_vec()),
                Box::new(version.leaf.0.to_vec()),
                Box::new(place(claim.log, version.index)),
            ],
        );
        Ok(())
    }

    fn forget_claims(&mut self, audience: &str, rec: RecordId) -> Result<(), LedgerError> {
        self.connection.order(
            "DELETE FROM claim WHERE audience = $1 AND rec = $2",
            vec![Box::new(audience.to_owned()), Box::new(rec.as_bytes().to_vec())],
        );
        Ok(())
    }

    fn make_current(&mut self, log: i64, kind: &str, rec: RecordId) -> Result<(), LedgerError> {
        self.connection.order(
            "INSERT INTO current VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            vec![Box::new(log), Box::new(kind.to_owned()), Box::new(rec.as_bytes().to_vec())],
        );
        Ok(())
    }

    fn not_current(&mut self, log: i64, kind: &str, rec: RecordId) -> Result<(), LedgerError> {
        self.connection.order(
            "DELETE FROM current WHERE log = $1 AND kind = $2 AND rec = $3",
            vec![Box::new(log), Box::new(kind.to_owned()), Box::new(rec.as_bytes().to_vec())],
        );
        Ok(())
    }
}

fn claim_row(row: &Row) -> Result<ClaimRow, LedgerError> {
    let at: i64 = row.try_get(1)?;
    let (epoch, maker, stretch): (i64, &str, i64) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    let prev: Option<&[u8]> = row.try_get(5)?;
    Ok(ClaimRow {
        audience: row.try_get(0)?,
        log: log_of(at),
        epoch: u32::try_from(epoch).unwrap_or(u32::MAX),
        maker: if maker.is_empty() { None } else { Some(NodeName::parse(maker)?) },
        stretch: u32::try_from(stretch).ok(),
        prev: prev.map(LeafHash::from_slice).transpose()?,
        lacks: row.try_get(13)?,
        version: VersionRow {
            rec: RecordId::from_slice(row.try_get(6)?)?,
            ver: unsigned(row.try_get(7)?),
            op: row.try_get(8)?,
            kind: row.try_get(9)?,
            cat: unsigned(row.try_get(10)?),
            at: row.try_get(11)?,
            seq: 0,
            index: index_of(at),
            leaf: LeafHash::from_slice(row.try_get(12)?)?,
            payload: None,
        },
    })
}

fn held_row(row: &Row) -> Result<HeldRow, LedgerError> {
    let at: i64 = row.try_get(1)?;
    Ok(HeldRow {
        maker: NodeName::parse(row.try_get(0)?)?,
        log: log_of(at),
        origin: Origin::stored(row.try_get(2)?),
        version: VersionRow {
            rec: RecordId::from_slice(row.try_get(3)?)?,
            ver: unsigned(row.try_get(4)?),
            op: row.try_get(5)?,
            kind: row.try_get(6)?,
            cat: unsigned(row.try_get(7)?),
            at: row.try_get(8)?,
            seq: 0,
            index: index_of(at),
            leaf: LeafHash::from_slice(row.try_get(9)?)?,
            payload: row.try_get(10)?,
        },
    })
}
