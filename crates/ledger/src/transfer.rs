//! A ledger copied whole from one store into another, row by row as it lies there: own logs and those of other nodes, versions, changes with their numbers, what
//! is known of each log, the cabinet. A node moves to another engine with it.

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::store::table::{ENTRY, TABLES, Table};
use crate::store::{Store, StoreRead};

/// Stands for the node's name until the copy is whole; no node can have it, so that nobody opens half a ledger.
const UNFINISHED: &str = "(unfinished copy)";

impl Ledger {
    /// Copies the ledger as of one moment into an empty store and returns the last change copied. Digests are equal afterwards. `progress` gets (done, of) in
    /// entries.
    ///
    /// # Errors
    /// [`LedgerError::NotEmpty`]; any other failure leaves a copy that no node opens.
    pub fn copy_into(&self, target: &dyn Store, progress: &mut dyn FnMut(u64, u64)) -> Result<u64, LedgerError> {
        let mut taken = false;
        target.snapshot(&mut |r| {
            taken = r.meta("node")?.is_some() || !r.logs()?.is_empty() || !r.held_logs()?.is_empty();
            Ok(())
        })?;
        if taken {
            return Err(LedgerError::NotEmpty);
        }
        target.transact(Box::new(|w| w.set_meta("node", UNFINISHED)))?;
        self.read(|r| {
            let logs = r.store.logs()?.into_iter().chain(r.store.held_logs()?);
            let of: u64 = logs.map(|log| log.size).sum();
            for table in &TABLES {
                copy_table(r.store, target, table, &mut |rows| {
                    if table.name == ENTRY {
                        progress(rows, of);
                    }
                })?;
            }
            let metas = r.store.metas()?;
            target.transact(Box::new(move |w| {
                for (key, value) in metas {
                    w.set_meta(&key, &value)?;
                }
                Ok(())
            }))?;
            r.store.last_seq()
        })
    }
}

fn copy_table(store: &dyn StoreRead, target: &dyn Store, table: &'static Table, progress: &mut dyn FnMut(u64)) -> Result<(), LedgerError> {
    let (mut after, mut rows) = (None, 0);
    loop {
        let page = store.rows(table, after.as_deref(), table.page)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(table.key_of(last).to_vec());
        rows += page.len() as u64;
        target.transact(Box::new(move |w| w.put_rows(table, page)))?;
        progress(rows);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::payload::commitment;
    use crate::store::bed::Bed;
    use crate::store::table::Cell;
    use crate::tree::{Frontier, leaf_hash};
    use crate::{
        ClaimRow, Counting, Entry, EntryRow, HoldingRow, LeafHash, NodeName, Op, Origin, Projection, Put, RecordId, StoreWrite, VersionRow,
        tell_standing,
    };

    fn node() -> NodeName {
        NodeName::parse("sokhcn.daklak").unwrap()
    }

    fn ledger_on(bed: &Bed) -> Ledger {
        Ledger::over(bed.open(), std::env::temp_dir(), &node()).unwrap()
    }

    /// A ledger with everything that a ledger can hold.
    pub(crate) fn filled(bed: &Bed) -> Ledger {
        let ledger = ledger_on(bed);
        let cat: u64 = ledger.write(|w| w.publish_type("task", json!({"version": 2}))).unwrap();
        let put = |rec: RecordId, previous, audiences: &[&str], title: &str| {
            let projections =
                audiences.iter().map(|audience| Projection::seal(audience, &json!({ "title": title }), &[]).unwrap()).collect();
            let put = Put { rec, kind: "task".to_owned(), cat, previous, projections };
            ledger.write(move |w| w.put(put)).unwrap().leaf
        };
        let records: Vec<RecordId> = (0..700).map(|_| RecordId::new()).collect();
        for rec in &records {
            put(*rec, None, &["private", "public"], "một");
        }
        for rec in &records[..40] {
            let second = put(*rec, Some(ledger.read(|r| r.current("private", *rec)).unwrap().unwrap().leaf), &["private", "public"], "hai");
            put(*rec, Some(second), &["private"], "ba, không còn công khai");
        }
        let (erased, withdrawn) = (records[50], records[60]);
        ledger.write(move |w| w.erase(erased, "law", "12/QĐ-SKHCN")).unwrap();
        ledger.write(move |w| w.withdraw(withdrawn)).unwrap();
        ledger
            .write(|w| -> Result<(), LedgerError> {
                for key in 0..1_200 {
                    w.cabinet_put("source", &format!("task\u{1f}{key}"), json!(key))?;
                }
                w.cabinet_put("node", "body", json!("Đắk Lắk"))
            })
            .unwrap();
        ledger.store.transact(Box::new(hold_others)).unwrap();
        ledger
    }

    /// A log of another node with all that may lie beside it; an own one with a receipt.
    fn hold_others(w: &mut dyn StoreWrite) -> Result<(), LedgerError> {
        let other = NodeName::parse("sokhcn.phuyen")?;
        let mut log = w.hold_log(&Origin::of(&other, "public")?)?;
        let (rec, mut frontier) = (RecordId::new(), Frontier::new());
        for index in 0..3_u64 {
            let payload = format!("nội dung {index}").into_bytes();
            let pay = commitment(&payload);
            let put = Op::Put { rec, typ: "task".to_owned(), cat: 0, ver: index + 1, prev: None, pay, len: payload.len() as u64 };
            let bytes = Entry::new(1_700_000_000_000_000, put).to_bytes()?;
            let leaf = leaf_hash(&bytes);
            for subtree in frontier.completed_by(leaf) {
                w.keep_subtree(log.id, &subtree)?;
            }
            frontier.push(leaf);
            (log.size, log.frontier) = (frontier.size(), frontier.to_bytes());
            let row = EntryRow { index, leaf, bytes, payload: (index == 0).then_some(payload) };
            w.append(&log, &row)?;
            w.aside_push(log.id, "ahead", std::slice::from_ref(&row))?;
            match index {
                1 => w.note_gap(log.id, index)?,
                2 => w.note_erased(log.id, &pay)?,
                _ => {}
            }
            w.note_places(log.id, &[(pay, index)], index + 1)?;
        }
        let note = format!("{}\n3\n{}\n\n— khác AAAA\n", log.origin, base64(&frontier.root()));
        let holding = HoldingRow { standing: "following".to_owned(), checkpoint: Some(note.clone()), receipt: Some(note), provisional: 7 };
        w.keep_holding(log.id, &holding)?;
        w.keep_evidence(&log.origin, "hai bản đã ký mâu thuẫn")?;
        w.keep_evidence(&log.origin, "và một bản nữa")?;
        w.keep_counting(log.id, &Counting { counted: 3, ruling: Some(LeafHash([7; 32])) })?;
        let version = VersionRow {
            rec,
            ver: 1,
            op: "put".to_owned(),
            kind: "task".to_owned(),
            at: 5,
            seq: 0,
            index: 0,
            leaf: LeafHash([1; 32]),
            payload: None,
            cat: 0,
        };
        let claim = ClaimRow {
            audience: "public".to_owned(),
            log: log.id,
            epoch: 0,
            maker: Some(other),
            stretch: Some(0),
            prev: None,
            lacks: true,
            version,
        };
        w.put_claim(&claim)?;
        tell_standing(w, "public", rec, &[])
    }

    fn base64(hash: &LeafHash) -> String {
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash.0)
    }

    /// Every row of every table, and what is said of the store itself.
    type Everything = (String, Vec<Vec<Vec<Cell>>>, Vec<(String, String)>);

    fn everything(ledger: &Ledger) -> Everything {
        assert_eq!(ledger.verify(&mut |_, _| {}).unwrap().problems, Vec::<String>::new());
        ledger
            .read(|r| -> Result<Everything, LedgerError> {
                let mut tables = Vec::new();
                for table in &TABLES {
                    tables.push(r.store.rows(table, None, 100_000)?);
                }
                Ok((ledger.digest()?, tables, r.store.metas()?))
            })
            .unwrap()
    }

    fn copied_is_the_same(from: &Ledger, to: &Bed) -> Ledger {
        let (mut steps, mut ends) = (0, (0, 1));
        from.copy_into(&*to.open(), &mut |done, of| (steps, ends) = (steps + 1, (done, of))).unwrap();
        assert!(steps > 3 && ends.0 == ends.1, "{steps} {ends:?}");
        let copy = ledger_on(to);
        let (before, after) = (everything(from), everything(&copy));
        assert!(before == after, "{} {}", before.0, after.0);
        assert!(before.1.iter().all(|rows| !rows.is_empty()), "a table with nothing in it says nothing");
        copy
    }

    #[test]
    fn a_ledger_copied_to_another_file_is_the_same_and_goes_on() {
        let (first, second) = (Bed::sqlite(), Bed::sqlite());
        let copy = copied_is_the_same(&filled(&first), &second);
        let put = Put {
            rec: RecordId::new(),
            kind: "task".to_owned(),
            cat: 0,
            previous: None,
            projections: vec![Projection::seal("private", &json!({"title": "tiếp"}), &[]).unwrap()],
        };
        copy.write(move |w| w.put(put)).unwrap();
        let last = copy.read(|r| r.changes(0, 100_000)).unwrap().pop().unwrap();
        assert_eq!(last.seq, copy.read(|r| r.last_seq()).unwrap(), "numbers of changes go on");
        copy.store.transact(Box::new(|w| w.keep_evidence(&Origin::of(&node(), "public")?, "về sau"))).unwrap();
        assert!(copy.verify(&mut |_, _| {}).unwrap().problems.is_empty());
    }

    #[test]
    fn a_ledger_moved_to_postgres_and_back_is_the_same() {
        let (first, last) = (Bed::sqlite(), Bed::sqlite());
        let Some(middle) = Bed::postgres() else { return };
        let moved = copied_is_the_same(&filled(&first), &middle);
        let back = copied_is_the_same(&moved, &last);
        for ledger in [moved, back] {
            ledger.store.transact(Box::new(|w| w.keep_evidence(&Origin::of(&node(), "public")?, "về sau"))).unwrap();
        }
    }

    #[test]
    fn a_store_in_use_is_not_copied_into_and_half_a_copy_is_opened_by_nobody() {
        let (from, used) = (Bed::sqlite(), Bed::sqlite());
        let from = filled(&from);
        let before = everything(&ledger_on(&used));
        let refused = from.copy_into(&*used.open(), &mut |_, _| {});
        assert!(matches!(refused, Err(LedgerError::NotEmpty)), "{refused:?}");
        assert!(everything(&ledger_on(&used)) == before);

        let half = Bed::sqlite();
        let broken =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| from.copy_into(&*half.open(), &mut |_, _| panic!("on purpose"))));
        assert!(broken.is_err());
        let opened = Ledger::over(half.open(), std::env::temp_dir(), &node());
        assert!(matches!(&opened, Err(LedgerError::OtherNode { found, .. }) if found == UNFINISHED), "{opened:?}");
        assert!(matches!(from.copy_into(&*half.open(), &mut |_, _| {}), Err(LedgerError::NotEmpty)));
    }
}
