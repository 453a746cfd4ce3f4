//! What every store promises of the verbs for claims.

use crate::error::LedgerError;
use crate::ledger::append_bytes;
use crate::names::{LeafHash, NodeName, Origin, RecordId};
use crate::store::bed::Bed;
use crate::store::claim::{ClaimRow, Counting, HeldRow, tell_standing};
use crate::store::conformance::{put, read, rec, version, write};
use crate::store::{StoreRead, StoreWrite};

on_every_store!(
    how_far_a_log_was_counted_is_kept_and_a_failed_work_leaves_it,
    the_version_that_stands_is_the_last_of_the_last_stretch_for_each_maker,
    a_claim_is_found_by_its_leaf_and_by_the_version_it_names,
    a_claim_that_waited_is_known_under_its_makers_and_each_once,
    followers_are_told_what_stands_and_whose_log_it_is,
    a_payload_destroyed_is_gone_from_versions_held,
    claims_that_lack_their_definition_are_found_until_it_is_there,
);

fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

fn origin(node: &str) -> Origin {
    Origin::of(&name(node), "public").unwrap()
}

/// A claim of `maker` by the next entry of `node`'s log.
fn claim(
    w: &mut dyn StoreWrite,
    node: &str,
    maker: Option<&str>,
    stretch: Option<u32>,
    op: &str,
    ver: u64,
) -> Result<ClaimRow, LedgerError> {
    let mut log = w.hold_log(&origin(node))?;
    let payload = (op == "put").then(|| format!("{node} {}", log.size).into_bytes());
    let bytes = format!("{node} {}", log.size).into_bytes();
    let row = append_bytes(w, &mut log, bytes, payload)?;
    let kind = if op == "put" { "task" } else { "" };
    let version = version(rec(1), op, kind, ver, &row);
    Ok(ClaimRow { audience: "public".into(), log: log.id, epoch: 0, maker: maker.map(name), stretch, prev: None, lacks: false, version })
}

fn add(w: &mut dyn StoreWrite, node: &str, maker: Option<&str>, stretch: Option<u32>, op: &str, ver: u64) -> Result<ClaimRow, LedgerError> {
    let claim = claim(w, node, maker, stretch, op, ver)?;
    assert!(w.put_claim(&claim)?);
    Ok(claim)
}

fn placed(rows: &[HeldRow]) -> Vec<(&str, String, u64)> {
    rows.iter().map(|row| (row.maker.as_str(), row.origin.node().as_str().to_owned(), row.version.index)).collect()
}

fn standings(r: &dyn StoreRead) -> Result<Vec<(String, String, u64)>, LedgerError> {
    let rows = r.standings("public", rec(1))?;
    Ok(placed(&rows).into_iter().map(|(maker, node, index)| (maker.to_owned(), node, index)).collect())
}

fn stands(maker: &str, node: &str, index: u64) -> (String, String, u64) {
    (maker.to_owned(), node.to_owned(), index)
}

fn how_far_a_log_was_counted_is_kept_and_a_failed_work_leaves_it(bed: &Bed) {
    let store = bed.open();
    let log = write(&*store, |w| w.hold_log(&origin("kontum"))).unwrap().id;
    assert_eq!(read(&*store, |r| Ok((r.counting(log)?, r.has_claims()?))), (Counting::default(), false));
    let counting = Counting { counted: 1 << 39, ruling: Some(LeafHash([7; 32])) };
    let kept = counting.clone();
    write(&*store, move |w| w.keep_counting(log, &kept)).unwrap();
    let failed = write(&*store, move |w| -> Result<(), LedgerError> {
        w.keep_counting(log, &Counting::default())?;
        add(w, "kontum", Some("kontum"), Some(0), "put", 1)?;
        assert!(w.has_claims()?);
        Err(LedgerError::NoRecord)
    });
    assert!(matches!(failed, Err(LedgerError::NoRecord)), "{failed:?}");
    assert_eq!(read(&*store, |r| Ok((r.counting(log)?, r.has_claims()?))), (counting, false));
}

fn the_version_that_stands_is_the_last_of_the_last_stretch_for_each_maker(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| {
        // The heir's log is opened first, so that the order of places is not that of stretches.
        add(w, "quangngai", Some("kontum"), Some(1), "put", 3)?;
        add(w, "kontum", Some("kontum"), Some(0), "put", 1)?;
        add(w, "kontum", Some("kontum"), Some(0), "put", 2)?;
        add(w, "kontum", Some("kontum"), None, "put", 4)?;
        add(w, "aaa", Some("aaa"), Some(0), "drop", 9)?;
        add(w, "bbb", Some("bbb"), None, "put", 1)?;
        add(w, "ccc", None, None, "put", 2).map(|_| ())
    })
    .unwrap();
    read(&*store, |r| {
        assert_eq!(standings(r)?, [stands("aaa", "aaa", 0), stands("kontum", "quangngai", 0)]);
        let row = r.standings("public", rec(1))?.pop().unwrap();
        assert_eq!((row.version.ver, row.version.cat, row.version.payload.as_deref()), (3, 3, Some(&b"quangngai 0"[..])));
        assert_eq!((r.standings("ministry", rec(1))?, r.standings("public", rec(2))?), (vec![], vec![]));
        let history = r.held_versions("public", rec(1), &name("kontum"), None, 9)?;
        assert_eq!(history.iter().map(|row| row.version.ver).collect::<Vec<_>>(), [3, 2, 1]);
        let page = r.held_versions("public", rec(1), &name("kontum"), Some(3), 1)?;
        assert_eq!(placed(&page), [("kontum", "kontum".to_owned(), 1)]);
        // Versions held are no versions of the node's own.
        assert_eq!((r.logs()?, r.changes(0, 9)?), (vec![], vec![]));
        Ok(())
    });
    // A second epoch follows the first, however many entries that had.
    write(&*store, |w| {
        let later = claim(w, "kontum.e", Some("kontum"), Some(1), "put", 4)?;
        w.put_claim(&ClaimRow { epoch: 2, ..later })
    })
    .unwrap();
    assert_eq!(read(&*store, |r| standings(r))[1], stands("kontum", "kontum.e", 0));
}

fn a_claim_is_found_by_its_leaf_and_by_the_version_it_names(bed: &Bed) {
    let store = bed.open();
    let prev = LeafHash([4; 32]);
    let claims = write(&*store, move |w| {
        let mut claims = Vec::new();
        for node in ["kontum", "kontum", "gialai"] {
            let claim = ClaimRow { prev: Some(prev), ..claim(w, node, Some("kontum"), Some(0), "put", 2)? };
            w.put_claim(&claim)?;
            claims.push(claim);
        }
        add(w, "kontum", Some("kontum"), Some(0), "put", 2)?;
        Ok(claims)
    })
    .unwrap();
    read(&*store, |r| {
        assert_eq!(r.claims_on("public", rec(1), &prev, None, 9)?, claims);
        let after = (claims[0].log, claims[0].version.index);
        assert_eq!(r.claims_on("public", rec(1), &prev, Some(after), 1)?, claims[1..2]);
        for (audience, rec, prev) in [("region", rec(1), prev), ("public", rec(2), prev), ("public", rec(1), LeafHash([5; 32]))] {
            assert_eq!(r.claims_on(audience, rec, &prev, None, 9)?, []);
        }
        let leaf = claims[2].version.leaf;
        assert_eq!(r.makers("public", rec(1), &leaf)?, [name("kontum")]);
        assert_eq!((r.makers("region", rec(1), &leaf)?, r.makers("public", rec(2), &leaf)?), (vec![], vec![]));
        Ok(())
    });
    write(&*store, |w| {
        w.forget_claims("public", rec(1))?;
        assert!(!w.has_claims()?);
        put(w, "public", rec(7), "task", 1, b"mot").map(|_| ())
    })
    .unwrap();
    read(&*store, |r| {
        let log = r.log("public")?.unwrap().id;
        let leaf = r.latest(log, rec(7))?.unwrap().leaf;
        assert_eq!((r.is_version(log, rec(7), &leaf)?, r.is_version(log, rec(7), &prev)?), (true, false));
        assert!(!r.is_version(log, rec(1), &leaf)?);
        Ok(())
    });
}

fn a_claim_that_waited_is_known_under_its_makers_and_each_once(bed: &Bed) {
    let store = bed.open();
    let waiting = write(&*store, |w| {
        let waiting = ClaimRow { prev: Some(LeafHash([4; 32])), ..claim(w, "kontum", None, None, "put", 2)? };
        assert!(w.put_claim(&waiting)?);
        assert!(!w.put_claim(&waiting)?);
        Ok(waiting)
    })
    .unwrap();
    let leaf = waiting.version.leaf;
    assert_eq!(read(&*store, |r| Ok((r.makers("public", rec(1), &leaf)?, standings(r)?))), (vec![], vec![]));
    let (log, index) = (waiting.log, waiting.version.index);
    for (audience, number, at, is_claimed) in
        [("public", 1, index, true), ("region", 1, index, false), ("public", 2, index, false), ("public", 1, index + 1, false)]
    {
        assert_eq!(read(&*store, |r| r.is_claimed(audience, rec(number), &leaf, log, at)), is_claimed, "{audience} {number} {at}");
    }
    let under = |maker: &str, stretch| ClaimRow { maker: Some(name(maker)), stretch, ..waiting.clone() };
    let (first, void, second) = (under("kontum", Some(2)), under("kontum", None), under("aaa", Some(0)));
    write(&*store, move |w| {
        assert!(w.put_claim(&first)?);
        assert_eq!(standings(w)?, [stands("kontum", "kontum", 0)]);
        assert!(w.put_claim(&second)?);
        assert!(!w.put_claim(&void)?, "known, and from now on without effect");
        assert_eq!(w.claims_on("public", rec(1), &LeafHash([4; 32]), None, 9)?.len(), 2);
        Ok(())
    })
    .unwrap();
    read(&*store, |r| {
        assert_eq!(r.makers("public", rec(1), &leaf)?, [name("aaa"), name("kontum")]);
        assert_eq!(standings(r)?, [stands("aaa", "kontum", 0)]);
        Ok(())
    });
}

fn followers_are_told_what_stands_and_whose_log_it_is(bed: &Bed) {
    let store = bed.open();
    let seq = write(&*store, |w| {
        let seq = put(w, "public", rec(1), "task", 1, b"own")?;
        add(w, "kontum", Some("kontum"), Some(0), "put", 1)?;
        add(w, "aaa", Some("aaa"), Some(0), "put", 1)?;
        tell_standing(w, "public", rec(1), &[])?;
        Ok(seq)
    })
    .unwrap();
    let told = |after: u64| {
        read(&*store, |r| {
            let rows = r.changes(after, 99)?.into_iter();
            Ok(rows.map(|row| (row.node.as_str().to_owned(), row.own, row.op, row.kind, row.ver, row.payload)).collect::<Vec<_>>())
        })
    };
    let line = |node: &str, own: bool, op: &str, kind: &str, ver: u64, payload: Option<&[u8]>| {
        (node.to_owned(), own, op.to_owned(), kind.to_owned(), ver, payload.map(<[u8]>::to_vec))
    };
    let first = [line("aaa", false, "put", "task", 1, Some(b"aaa 0")), line("kontum", false, "put", "task", 1, Some(b"kontum 0"))];
    assert_eq!(told(seq), first);
    assert_eq!(told(0)[0], line("sokhcn.daklak", true, "put", "task", 1, Some(b"own")));
    assert_eq!(read(&*store, |r| r.held_of_kind("task", None, 9)), [rec(1)]);
    // One record is withdrawn, the other stands as it stood.
    let seq = write(&*store, |w| {
        let (before, seq) = (w.standings("public", rec(1))?, w.last_seq()?);
        add(w, "kontum", Some("kontum"), Some(0), "drop", 2)?;
        tell_standing(w, "public", rec(1), &before)?;
        Ok(seq)
    })
    .unwrap();
    assert_eq!(told(seq), [line("kontum", false, "drop", "task", 2, None)]);
    assert_eq!(read(&*store, |r| r.held_of_kind("task", None, 9)), [rec(1)]);
    // What no longer counts is gone, and nothing that had not stood is told.
    let seq = write(&*store, |w| {
        let (before, seq) = (w.standings("public", rec(1))?, w.last_seq()?);
        w.forget_claims("public", rec(1))?;
        tell_standing(w, "public", rec(1), &before)?;
        Ok(seq)
    })
    .unwrap();
    assert_eq!(
        told(seq).iter().map(|line| (line.0.as_str(), line.2.as_str(), line.4)).collect::<Vec<_>>(),
        [("aaa", "drop", 0), ("kontum", "drop", 0)]
    );
    read(&*store, |r| {
        assert_eq!((r.held_of_kind("task", None, 9)?, r.held_of_kind("task", Some(rec(1)), 9)?), (vec![], vec![]));
        assert_eq!(r.count(r.log("public")?.unwrap().id, Some("task"))?, 1, "the node's own record is untouched");
        Ok(())
    });
}

fn a_payload_destroyed_is_gone_from_versions_held(bed: &Bed) {
    let store = bed.open();
    write(&*store, |w| {
        let claim = add(w, "kontum", Some("kontum"), Some(0), "put", 1)?;
        w.destroy(claim.log, claim.version.index)
    })
    .unwrap();
    let row = read(&*store, |r| r.standings("public", rec(1))).pop().unwrap();
    assert_eq!((row.version.ver, row.version.payload), (1, None));
    assert_eq!(row.version.rec, RecordId::from_slice(&[1; 16]).unwrap());
}

fn claims_that_lack_their_definition_are_found_until_it_is_there(bed: &Bed) {
    let store = bed.open();
    let (first, other) = write(&*store, |w| {
        let mut lacking = Vec::new();
        for (node, cat) in [("kontum", 9), ("kontum", 4), ("gialai", 4)] {
            let mut claim = ClaimRow { lacks: true, ..claim(w, node, Some(node), Some(0), "put", 1)? };
            claim.version.cat = cat;
            w.put_claim(&claim)?;
            lacking.push(claim);
        }
        // The same entry under a second maker.
        w.put_claim(&ClaimRow { maker: Some(name("aaa")), stretch: None, ..lacking[1].clone() })?;
        add(w, "kontum", Some("kontum"), Some(0), "put", 2)?;
        Ok((lacking[1].clone(), lacking[2].clone()))
    })
    .unwrap();
    let lacking = |below: u64, limit: usize| -> Vec<(u64, u64)> {
        let claims = read(&*store, |r| r.claims_lacking(first.log, below, limit));
        claims.iter().map(|claim| (claim.version.cat, claim.version.index)).collect()
    };
    assert_eq!((lacking(4, 9), lacking(5, 9), lacking(10, 9)), (vec![], vec![(4, 1); 2], vec![(4, 1), (4, 1), (9, 0)]));
    assert_eq!(lacking(10, 1), [(4, 1)]);
    let found = first.clone();
    write(&*store, move |w| w.lacks_no_longer(&found)).unwrap();
    assert_eq!(lacking(10, 9), [(9, 0)]);
    assert_eq!(read(&*store, |r| r.claims_lacking(other.log, 10, 9)), std::slice::from_ref(&other));
}
