//! A ledger copied whole from one store into another: logs, versions, changes in their order, cabinet. A node moves to another engine with it.

use crate::entry::{Entry, Op};
use crate::error::LedgerError;
use crate::ledger::{Ledger, Reader, append_bytes};
use crate::store::{ChangeRow, LogRow, Store, StoreRead, VersionRow};

/// Rows read at a time, and written in one transaction.
const PAGE: usize = 500;
/// Stands for the node's name until the copy is whole; no node can have it, so that nobody opens half a ledger.
const UNFINISHED: &str = "(unfinished copy)";

impl Ledger {
    /// Copies the ledger as of one moment into an empty store and returns the last change copied. Digests are equal afterwards; followers begin anew, for gaps in
    /// the sequence are closed. `progress` gets (done, of) in entries.
    ///
    /// # Errors
    /// [`LedgerError::NotEmpty`]; [`LedgerError::NotYet`] when logs of other nodes or receipts are held, which are not copied yet; any other failure leaves a copy that no node opens.
    pub fn copy_into(&self, target: &dyn Store, progress: &mut dyn FnMut(u64, u64)) -> Result<u64, LedgerError> {
        let mut taken = false;
        target.snapshot(&mut |r| {
            taken = r.meta("node")?.is_some() || !r.logs()?.is_empty();
            Ok(())
        })?;
        if taken {
            return Err(LedgerError::NotEmpty);
        }
        self.read(refuse_exchanged)?;
        target.transact(Box::new(|w| w.set_meta("node", UNFINISHED)))?;
        self.read(|r| {
            let logs = r.store.logs()?;
            let of: u64 = logs.iter().map(|log| log.size).sum();
            let mut done = 0;
            for log in &logs {
                copy_entries(r.store, target, log, &mut |copied| progress(done + copied, of))?;
                done += log.size;
            }
            copy_changes(r.store, target, &logs)?;
            for drawer in r.store.drawers()? {
                copy_drawer(r.store, target, &drawer)?;
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

fn refuse_exchanged(r: &Reader<'_>) -> Result<(), LedgerError> {
    let mut exchanged = !r.store.held_logs()?.is_empty();
    for log in r.store.logs()? {
        let holding = r.store.holding(log.id)?;
        exchanged |= holding.checkpoint.is_some() || holding.receipt.is_some() || !r.store.gaps(log.id, u64::MAX, 1)?.is_empty();
    }
    if exchanged { Err(LedgerError::NotYet("a ledger that exchanges with other nodes is copied")) } else { Ok(()) }
}

fn copy_entries(store: &dyn StoreRead, target: &dyn Store, log: &LogRow, progress: &mut dyn FnMut(u64)) -> Result<(), LedgerError> {
    let mut from = 0;
    loop {
        let page = store.entries(log.id, from, PAGE)?;
        from += page.len() as u64;
        let (log, is_last) = (log.clone(), page.len() < PAGE);
        target.transact(Box::new(move |w| {
            let mut copy = w.open_log(&log.origin, &log.audience)?;
            for row in page {
                if let Ok(Entry { op: Op::Erase { pays, .. }, .. }) = Entry::from_bytes(&row.bytes) {
                    for pay in pays {
                        w.note_erased(copy.id, &pay)?;
                    }
                }
                append_bytes(w, &mut copy, row.bytes, row.payload)?;
            }
            if is_last && (copy.size, &copy.frontier) != (log.size, &log.frontier) {
                return Err(LedgerError::Damaged(format!("{}: size or root differ from what is kept; see “lienvung verify”", log.origin)));
            }
            Ok(())
        }))?;
        progress(from);
        if is_last {
            return Ok(());
        }
    }
}

fn copy_changes(store: &dyn StoreRead, target: &dyn Store, logs: &[LogRow]) -> Result<(), LedgerError> {
    let mut seq = 0;
    loop {
        let page = store.changes(seq, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        seq = last.seq;
        let mut copied: Vec<(ChangeRow, Option<VersionRow>)> = Vec::with_capacity(page.len());
        for change in page {
            // An erasure has no version of its own.
            if change.op == "erase" {
                copied.push((change, None));
                continue;
            }
            let log = logs.iter().find(|log| log.audience == change.audience).ok_or(LedgerError::NoRecord)?;
            let version = store.versions(log.id, change.rec, Some(change.ver + 1), 1)?.pop().filter(|version| version.ver == change.ver);
            if version.is_none() && change.ver != 0 {
                return Err(LedgerError::Damaged(format!("change {} has no version", change.seq)));
            }
            copied.push((change, version));
        }
        target.transact(Box::new(move |w| {
            for (change, version) in copied {
                let log = w.log(&change.audience)?.ok_or(LedgerError::NoRecord)?.id;
                match version {
                    Some(version) if version.seq == change.seq => w.note_version(log, &version)?,
                    None if change.op == "erase" => w.note_erase(log, change.rec, &change.kind, 0)?,
                    // Said again, or withdrawn with nothing left, after entries were taken off.
                    version => w.note_again(log, change.rec, &change.kind, version.as_ref())?,
                };
            }
            Ok(())
        }))?;
    }
}

fn copy_drawer(store: &dyn StoreRead, target: &dyn Store, drawer: &str) -> Result<(), LedgerError> {
    let mut after: Option<String> = None;
    loop {
        let page = store.cabinet_list(drawer, "", after.as_deref(), PAGE, false)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let drawer = drawer.to_owned();
        target.transact(Box::new(move |w| {
            for (key, value) in page {
                w.cabinet_put(&drawer, &key, &value)?;
            }
            Ok(())
        }))?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::store::bed::Bed;
    use crate::{Change, NodeName, Projection, Put, RecordId, Version};

    fn node() -> NodeName {
        NodeName::parse("sokhcn.daklak").unwrap()
    }

    fn ledger_on(bed: &Bed) -> Ledger {
        Ledger::over(bed.open(), std::env::temp_dir(), &node()).unwrap()
    }

    /// A ledger with everything that a ledger can hold.
    fn filled(bed: &Bed) -> Ledger {
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
        ledger
    }

    type Everything = (String, Vec<Change>, Vec<Version>, Vec<(String, Value)>, Vec<(String, String)>);

    fn everything(ledger: &Ledger) -> Everything {
        assert_eq!(ledger.verify(&mut |_, _| {}).unwrap().problems, Vec::<String>::new());
        ledger
            .read(|r| -> Result<Everything, LedgerError> {
                let changes = r.changes(0, 100_000)?;
                let mut versions = Vec::new();
                for change in &changes {
                    versions.extend(r.versions(&change.audience, change.rec, None, 100)?);
                }
                let mut cabinet = r.cabinet_list("source", None, 10_000, false)?;
                cabinet.extend(r.cabinet_list("node", None, 10_000, false)?);
                Ok((ledger.digest()?, changes, versions, cabinet, r.store.metas()?))
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
        assert!(copy.verify(&mut |_, _| {}).unwrap().problems.is_empty());
    }

    #[test]
    fn a_ledger_moved_to_postgres_and_back_is_the_same() {
        let (first, last) = (Bed::sqlite(), Bed::sqlite());
        let Some(middle) = Bed::postgres() else { return };
        copied_is_the_same(&copied_is_the_same(&filled(&first), &middle), &last);
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
