//! The store's verbs for the exchange in SQL.

use sha2::{Digest, Sha256};

use crate::error::LedgerError;
use crate::names::{LeafHash, Origin, RecordId};
use crate::postgres::transaction::{Session, log_row};
use crate::store::holding::{HoldingRead, HoldingRow, HoldingWrite, head_of};
use crate::store::number::{limit_of, place, signed, unsigned};
use crate::store::{EntryRow, LogRow, VersionRow};
use crate::tree::Subtree;

impl HoldingRead for Session<'_> {
    fn log_of(&self, origin: &Origin) -> Result<Option<LogRow>, LedgerError> {
        if let Some(log) = self.desk.and_then(|desk| desk.borrow().logs.iter().find(|log| log.origin == *origin).cloned()) {
            return Ok(Some(log));
        }
        let rows =
            self.connection.query("SELECT id, origin, audience, size, frontier, own FROM log WHERE origin = $1", &[&origin.as_str()])?;
        let log = rows.first().map(log_row).transpose()?;
        if let (Some(desk), Some(log)) = (self.desk, &log) {
            desk.borrow_mut().logs.push(log.clone());
        }
        Ok(log)
    }

    fn held_logs(&self) -> Result<Vec<LogRow>, LedgerError> {
        let rows = self.connection.query("SELECT origin FROM log WHERE NOT own ORDER BY id", &[])?;
        let mut logs = Vec::with_capacity(rows.len());
        for row in &rows {
            logs.extend(self.log_of(&Origin::stored(row.try_get(0)?))?);
        }
        Ok(logs)
    }

    fn holding(&self, log: i64) -> Result<HoldingRow, LedgerError> {
        let rows = self.connection.query("SELECT standing, checkpoint, receipt, provisional FROM log WHERE id = $1", &[&log])?;
        let row = rows.first().ok_or_else(|| LedgerError::Damaged(format!("no log {log}")))?;
        Ok(HoldingRow {
            standing: row.try_get(0)?,
            checkpoint: row.try_get(1)?,
            receipt: row.try_get(2)?,
            provisional: unsigned(row.try_get(3)?),
        })
    }

    fn subtrees(&self, log: i64, level: u8, from: u64, count: usize) -> Result<Vec<LeafHash>, LedgerError> {
        let rows = if level == 0 {
            self.connection.query(
                "SELECT leaf FROM entry WHERE place >= $1 AND place < $2 ORDER BY place LIMIT $3",
                &[&place(log, from), &place(log + 1, 0), &limit_of(count)],
            )?
        } else {
            self.connection.query(
                "SELECT hash FROM tile WHERE log = $1 AND level = $2 AND at >= $3 ORDER BY at LIMIT $4",
                &[&log, &i64::from(level), &signed(from), &limit_of(count)],
            )?
        };
        let mut hashes = Vec::with_capacity(rows.len());
        for row in &rows {
            hashes.push(LeafHash::from_slice(row.try_get(0)?)?);
        }
        Ok(hashes)
    }

    fn gaps(&self, log: i64, below: u64, limit: usize) -> Result<Vec<u64>, LedgerError> {
        let rows = self.connection.query(
            "SELECT place FROM gap WHERE log = $1 AND place < $2 ORDER BY place LIMIT $3",
            &[&log, &signed(below), &limit_of(limit)],
        )?;
        rows.iter().map(|row| Ok(unsigned(row.try_get(0)?))).collect()
    }

    fn is_erased(&self, log: i64, pay: &LeafHash) -> Result<bool, LedgerError> {
        Ok(!self.connection.query("SELECT 1 FROM erased WHERE log = $1 AND pay = $2", &[&log, &&pay.0[..]])?.is_empty())
    }

    fn sought(&self, log: i64) -> Result<u64, LedgerError> {
        let rows = self.connection.query("SELECT sought FROM log WHERE id = $1", &[&log])?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map_or(0, unsigned))
    }

    fn places_of(&self, log: i64, pay: &LeafHash) -> Result<Vec<u64>, LedgerError> {
        let rows = self.connection.query("SELECT place FROM lookup WHERE log = $1 AND head = $2 ORDER BY place", &[&log, &head_of(pay)])?;
        rows.iter().map(|row| Ok(unsigned(row.try_get(0)?))).collect()
    }

    fn aside(&self, log: i64, pile: &str, from: usize, limit: usize) -> Result<Vec<EntryRow>, LedgerError> {
        let rows = self.connection.query(
            "SELECT place, leaf, bytes, payload FROM aside WHERE log = $1 AND pile = $2 AND number >= $3 ORDER BY number LIMIT $4",
            &[&log, &pile, &limit_of(from), &limit_of(limit)],
        )?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push(EntryRow {
                index: unsigned(row.try_get(0)?),
                leaf: LeafHash::from_slice(row.try_get(1)?)?,
                bytes: row.try_get(2)?,
                payload: row.try_get(3)?,
            });
        }
        Ok(found)
    }

    fn evidence(&self, origin: &Origin, limit: usize) -> Result<Vec<String>, LedgerError> {
        let rows = self
            .connection
            .query("SELECT text FROM evidence WHERE origin = $1 ORDER BY number LIMIT $2", &[&origin.as_str(), &limit_of(limit)])?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

impl HoldingWrite for Session<'_> {
    fn hold_log(&mut self, origin: &Origin) -> Result<LogRow, LedgerError> {
        match self.log_of(origin)? {
            Some(log) => Ok(log),
            None => self.insert_log(origin, origin.audience(), false),
        }
    }

    fn keep_holding(&mut self, log: i64, holding: &HoldingRow) -> Result<(), LedgerError> {
        self.connection.order(
            "UPDATE log SET standing = $2, checkpoint = $3, receipt = $4, provisional = $5 WHERE id = $1",
            vec![
                Box::new(log),
                Box::new(holding.standing.clone()),
                Box::new(holding.checkpoint.clone()),
                Box::new(holding.receipt.clone()),
                Box::new(signed(holding.provisional)),
            ],
        );
        Ok(())
    }

    fn keep_subtree(&mut self, log: i64, subtree: &Subtree) -> Result<(), LedgerError> {
        self.connection.order(
            "INSERT INTO tile VALUES ($1, $2, $3, $4)",
            vec![Box::new(log), Box::new(i64::from(subtree.level)), Box::new(signed(subtree.at)), Box::new(subtree.hash.0.to_vec())],
        );
        Ok(())
    }

    fn cut(&mut self, log: &LogRow) -> Result<Vec<(RecordId, String)>, LedgerError> {
        let (from, to, size) = (place(log.id, log.size), place(log.id + 1, 0), signed(log.size));
        let order = |statement: &'static str, from: i64| self.connection.order(statement, vec![Box::new(log.id), Box::new(from)]);
        let mut taken = Vec::new();
        if log.own {
            let rows = self
                .connection
                .query("SELECT DISTINCT rec, kind FROM version WHERE log = $1 AND place >= $2 ORDER BY rec, kind", &[&log.id, &from])?;
            for row in &rows {
                taken.push((RecordId::from_slice(row.try_get(0)?)?, row.try_get::<_, String>(1)?));
            }
            for (rec, kind) in &taken {
                self.connection.order(
                    "DELETE FROM current WHERE log = $1 AND kind = $2 AND rec = $3",
                    vec![Box::new(log.id), Box::new(kind.clone()), Box::new(rec.as_bytes().to_vec())],
                );
            }
            order("DELETE FROM version WHERE log = $1 AND place >= $2", from);
            order("DELETE FROM change WHERE log = $1 AND place >= $2", from);
        }
        self.connection.order("DELETE FROM entry WHERE place >= $1 AND place < $2", vec![Box::new(from), Box::new(to)]);
        order("DELETE FROM gap WHERE log = $1 AND place >= $2", size);
        order("DELETE FROM lookup WHERE log = $1 AND place >= $2", size);
        order("DELETE FROM tile WHERE log = $1 AND at >= ($2::bigint >> (8 * level)::int)", size);
        order("UPDATE log SET sought = least(sought, $2) WHERE id = $1", size);
        self.desk()?.borrow_mut().set(log);
        Ok(taken)
    }

    fn note_again(&mut self, log: i64, rec: RecordId, kind: &str, standing: Option<&VersionRow>) -> Result<u64, LedgerError> {
        let (op, ver, kind, at) = match standing {
            Some(version) => (version.op.as_str(), signed(version.ver), version.kind.as_str(), Some(place(log, version.index))),
            None => ("drop", 0, kind, None),
        };
        let seq = self.next_seq()?;
        self.connection.order(
            "INSERT INTO change VALUES ($1, $2, $3, $4, $5, $6, $7)",
            vec![
                Box::new(signed(seq)),
                Box::new(log),
                Box::new(op.to_owned()),
                Box::new(rec.as_bytes().to_vec()),
                Box::new(ver),
                Box::new(kind.to_owned()),
                Box::new(at),
            ],
        );
        if op == "put" {
            self.connection.order(
                "INSERT INTO current VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                vec![Box::new(log), Box::new(kind.to_owned()), Box::new(rec.as_bytes().to_vec())],
            );
        }
        Ok(seq)
    }

    fn note_gap(&mut self, log: i64, index: u64) -> Result<(), LedgerError> {
        self.connection.order("INSERT INTO gap VALUES ($1, $2) ON CONFLICT DO NOTHING", vec![Box::new(log), Box::new(signed(index))]);
        Ok(())
    }

    fn fill(&mut self, log: i64, index: u64, payload: &[u8]) -> Result<(), LedgerError> {
        self.connection
            .order("UPDATE entry SET payload = $2 WHERE place = $1", vec![Box::new(place(log, index)), Box::new(payload.to_vec())]);
        self.connection.order("DELETE FROM gap WHERE log = $1 AND place = $2", vec![Box::new(log), Box::new(signed(index))]);
        Ok(())
    }

    fn destroy(&mut self, log: i64, index: u64) -> Result<(), LedgerError> {
        self.connection.order("UPDATE entry SET payload = NULL WHERE place = $1", vec![Box::new(place(log, index))]);
        self.connection.order("DELETE FROM gap WHERE log = $1 AND place = $2", vec![Box::new(log), Box::new(signed(index))]);
        Ok(())
    }

    fn note_erased(&mut self, log: i64, pay: &LeafHash) -> Result<(), LedgerError> {
        self.connection.order("INSERT INTO erased VALUES ($1, $2) ON CONFLICT DO NOTHING", vec![Box::new(log), Box::new(pay.0.to_vec())]);
        Ok(())
    }

    fn note_places(&mut self, log: i64, places: &[(LeafHash, u64)], sought: u64) -> Result<(), LedgerError> {
        for (pay, index) in places {
            self.connection.order(
                "INSERT INTO lookup VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                vec![Box::new(log), Box::new(head_of(pay).to_vec()), Box::new(signed(*index))],
            );
        }
        self.connection.order("UPDATE log SET sought = $2 WHERE id = $1", vec![Box::new(log), Box::new(signed(sought))]);
        Ok(())
    }

    fn aside_push(&mut self, log: i64, pile: &str, rows: &[EntryRow]) -> Result<(), LedgerError> {
        for row in rows {
            self.connection.order(
                "INSERT INTO aside VALUES ($1, $2, (SELECT coalesce(max(number) + 1, 0) FROM aside WHERE log = $1 AND pile = $2), $3, $4, $5, $6)",
                vec![
                    Box::new(log),
                    Box::new(pile.to_owned()),
                    Box::new(signed(row.index)),
                    Box::new(row.leaf.0.to_vec()),
                    Box::new(row.bytes.clone()),
                    Box::new(row.payload.clone()),
                ],
            );
        }
        Ok(())
    }

    fn aside_clear(&mut self, log: i64, pile: &str) -> Result<(), LedgerError> {
        self.connection.order("DELETE FROM aside WHERE log = $1 AND pile = $2", vec![Box::new(log), Box::new(pile.to_owned())]);
        Ok(())
    }

    fn keep_evidence(&mut self, origin: &Origin, text: &str) -> Result<(), LedgerError> {
        self.connection.order(
            "INSERT INTO evidence (origin, digest, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            vec![Box::new(origin.as_str().to_owned()), Box::new(Sha256::digest(text).to_vec()), Box::new(text.to_owned())],
        );
        Ok(())
    }
}
