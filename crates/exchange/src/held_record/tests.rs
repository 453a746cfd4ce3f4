//! Versions counted page by page, in any order of arrival, against the view computed at once.

use std::collections::{BTreeMap, BTreeSet};

use ledger::tree::leaf_hash;
use ledger::{Change, Ledger, Projection, Put};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::checkpoint::Checkpoint;
use crate::directory::{Sizes, Statement};
use crate::key::NodeKey;
use crate::ledger_shelf::LedgerShelf;
use crate::ledger_shelf::tests::Database;
use crate::log::{CheckedEntry, append, commitment};
use crate::shelf::{HeldLog, Shelf, ShelfRead};
use crate::view::{Placed, RecordKey, View};

const CENTRE: &str = "bo.khcn";
const NODES: [&str; 4] = ["aaa", "kontum", "quangngai", "gialai"];
const AUDIENCES: [&str; 2] = ["public", "ministry"];

fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

fn origin(node: &str, audience: &str) -> Origin {
    Origin::of(&name(node), audience).unwrap()
}

fn rec(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

/// An entry as chance has it, in the log of a node; `pick` is one of those made before, in whichever log.
#[derive(Debug, Clone)]
enum Draw {
    /// A record made, sometimes under a version number that nothing stands before.
    Make { rec: u8, audience: usize, ver: u64 },
    /// What follows on a version: as an honest node writes it, or of another record or in another audience.
    Next { pick: usize, ver: u64, drops: bool, rec: Option<u8>, other_audience: bool },
    /// Byte by byte what stands somewhere else, or here.
    Copy { pick: usize, audience: usize },
    /// A payload destroyed.
    Erase { pick: usize },
}

/// What arrives, in the order of arrival.
#[derive(Debug, Clone)]
enum Step {
    Append { log: usize, count: usize },
    Sign { log: usize, percent: u64 },
    Count { log: usize, most: u64 },
    CountAll,
    Learn { statements: usize },
    Cut { log: usize, percent: u64 },
    Follow,
}

fn draw() -> impl Strategy<Value = Draw> {
    let next = (0_usize..12, 1_u64..4, prop::bool::weighted(0.2), prop::option::weighted(0.1, 0_u8..3), prop::bool::weighted(0.1));
    prop_oneof![
        3 => (0_u8..3, 0_usize..2, 1_u64..3).prop_map(|(rec, audience, ver)| Draw::Make { rec, audience, ver }),
        12 => next.prop_map(|(pick, ver, drops, rec, other_audience)| Draw::Next { pick, ver, drops, rec, other_audience }),
        2 => (0_usize..12, 0_usize..2).prop_map(|(pick, audience)| Draw::Copy { pick, audience }),
        1 => (0_usize..12).prop_map(|pick| Draw::Erase { pick }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_usize..8, 1_usize..9).prop_map(|(log, count)| Step::Append { log, count }),
        4 => (0_usize..8, 0_u64..120).prop_map(|(log, percent)| Step::Sign { log, percent }),
        6 => (0_usize..8, 1_u64..6).prop_map(|(log, most)| Step::Count { log, most }),
        1 => Just(Step::CountAll),
        1 => (0_usize..4).prop_map(|statements| Step::Learn { statements }),
        1 => (0_usize..8, 0_u64..100).prop_map(|(log, percent)| Step::Cut { log, percent }),
        2 => Just(Step::Follow),
    ]
}

/// An entry made: audience, bytes, payload, record.
type Made = (usize, Vec<u8>, Option<Vec<u8>>, RecordId);
type Logs = Vec<(Origin, Vec<CheckedEntry>)>;

/// The entries of the logs of others; they may name what stands in the node's own.
fn write_logs(own: &Ledger, draws: &[(usize, Draw)]) -> Logs {
    let mut logs: Logs = Vec::new();
    for node in NODES {
        for audience in AUDIENCES {
            logs.push((origin(node, audience), Vec::new()));
        }
    }
    let mut made: Vec<Made> = Vec::new();
    for row in own.read(|r| r.entries("public", 0, 99)).unwrap() {
        let Op::Put { rec, .. } = Entry::from_bytes(&row.bytes).unwrap().op else { continue };
        made.push((0, row.bytes, row.payload, rec));
    }
    for (number, (node, draw)) in draws.iter().enumerate() {
        // One of the last ones.
        let picked = |pick: usize| made[made.len() - 1 - pick % made.len()].clone();
        let put = |rec: RecordId, ver, prev| {
            let payload = format!(r#"{{"data":{{"title":"{number}"}},"files":[],"salt":"AAAA"}}"#).into_bytes();
            let pay = commitment(&payload);
            (Op::Put { rec, typ: "task".into(), cat: 1, ver, prev, pay, len: payload.len() as u64 }, Some(payload))
        };
        let (audience, about, bytes, payload) = match draw {
            Draw::Make { rec: number, audience, ver } => {
                let (op, payload) = put(rec(*number), *ver, None);
                (*audience, rec(*number), Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap(), payload)
            }
            Draw::Next { pick, ver, drops, rec: other, other_audience } => {
                let (audience, before, _, about) = picked(*pick);
                let (prev, about) = (leaf_hash(&before), other.map_or(about, rec));
                let (op, payload) = if *drops { (Op::Drop { rec: about, ver: *ver, prev }, None) } else { put(about, *ver, Some(prev)) };
                let bytes = Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap();
                (if *other_audience { 1 - audience } else { audience }, about, bytes, payload)
            }
            Draw::Copy { pick, audience } => {
                let (_, bytes, payload, about) = picked(*pick);
                (*audience, about, bytes, payload)
            }
            Draw::Erase { pick } => {
                let (audience, _, payload, about) = picked(*pick);
                let pays = payload.map(|payload| commitment(&payload)).into_iter().collect();
                let op = Op::Erase { pays, why: "law".into(), basis: "1/QĐ".into() };
                (audience, about, Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap(), None)
            }
        };
        logs[node % 4 * 2 + audience].1.push(CheckedEntry::read(&bytes, payload.as_deref()).unwrap());
        made.push((audience, bytes, payload, about));
    }
    logs
}

fn keys() -> (NodeKey, BTreeMap<NodeName, Vec<Statement>>) {
    let join =
        |node: &str| Statement::Node {
            name: name(node), key: NodeKey::from_seed(&[9; 32]).public(), title: "Sở KH&CN (minh họa)".into()
        };
    (NodeKey::from_seed(&[1; 32]), BTreeMap::from([(name(CENTRE), NODES.map(join).to_vec())]))
}

/// The directory with the first mergers and moves of `cuts`.
fn directory(cuts: &[u64], statements: usize) -> Directory {
    let (key, mut all) = keys();
    let at = |pick: usize| cuts[pick % cuts.len()];
    let sizes = |node: &str, pick: usize| -> Sizes { AUDIENCES.iter().map(|audience| (origin(node, audience), at(pick))).collect() };
    let basis = "1/QĐ".to_owned();
    let moved = |number: u8, of: &str, by: &str, pick: usize| Statement::Transfer {
        recs: Some(BTreeSet::from([rec(number)])),
        of: name(of),
        by: name(by),
        cut: sizes(of, pick),
        start: sizes(by, pick + 1),
        basis: basis.clone(),
    };
    let merged = |of: &str, by: &str, pick: usize| Statement::Transfer {
        recs: None,
        of: name(of),
        by: name(by),
        cut: sizes(of, pick),
        start: sizes(by, pick + 1),
        basis: basis.clone(),
    };
    let transfers = [
        moved(0, CENTRE, "gialai", 0),
        merged("kontum", "quangngai", 1),
        moved(1, "quangngai", "gialai", 2),
        merged("quangngai", "gialai", 3),
    ];
    all.entry(name(CENTRE)).or_default().extend(transfers.into_iter().take(statements));
    Directory::of(&name(CENTRE), key.public(), &all)
}

type Versions = BTreeMap<RecordKey, Vec<(Origin, u64, LeafHash, u64, bool)>>;

/// The view over what counts in the ledger now, as far as versions in logs of others go.
fn computed(ledger: &Ledger, directory: &Directory) -> Versions {
    let mut logs: BTreeMap<Origin, Vec<Placed>> = BTreeMap::new();
    ledger
        .write(move |w| -> Result<BTreeMap<Origin, Vec<EntryRow>>, LedgerError> {
            let shelf = LedgerShelf::over(w);
            let mut rows = BTreeMap::new();
            for node in NODES.iter().chain(&[CENTRE]) {
                for audience in AUDIENCES {
                    let origin = origin(node, audience);
                    let Some(log) = shelf.log(&origin)? else { continue };
                    let size = if *node == CENTRE { log.size } else { log.signed_size() };
                    let size = usize::try_from(size).unwrap();
                    let entries = if size == 0 { Vec::new() } else { shelf.entries(&origin, 0, size, usize::MAX)? };
                    rows.insert(origin, entries);
                }
            }
            Ok(rows)
        })
        .unwrap()
        .into_iter()
        .for_each(|(origin, rows)| {
            let placed = |row: EntryRow| Placed { index: row.index, leaf: row.leaf, op: Entry::from_bytes(&row.bytes).unwrap().op };
            logs.insert(origin, rows.into_iter().map(placed).collect());
        });
    let mut versions = Versions::new();
    for (key, counted) in View::of(directory, &logs).records {
        let held: Vec<_> = counted
            .into_iter()
            .filter(|version| version.origin.node().as_str() != CENTRE)
            .map(|version| (version.origin, version.index, version.leaf, version.ver, version.is_drop))
            .collect();
        if !held.is_empty() {
            versions.insert(key, held);
        }
    }
    versions
}

/// What the ledger has stored, and which of it stands.
fn stored(ledger: &Ledger) -> (Versions, Standing) {
    ledger
        .write(|w| -> Result<(Versions, Standing), LedgerError> {
            let (mut versions, mut standing) = (Versions::new(), Standing::new());
            for audience in AUDIENCES {
                for number in 0..3 {
                    let rec = rec(number);
                    for row in w.store().standings(audience, rec)? {
                        let maker = row.maker.clone();
                        let mut all = w.store().held_versions(audience, rec, &maker, None, 1_000)?;
                        all.reverse();
                        assert_eq!(all.last().map(|last| (last.log, last.version.index)), Some((row.log, row.version.index)));
                        let seen = all
                            .into_iter()
                            .map(|row| (row.origin, row.version.index, row.version.leaf, row.version.ver, row.version.op == "drop"));
                        versions.insert(RecordKey { audience: audience.into(), rec, maker: maker.clone() }, seen.collect());
                        if row.version.op == "put" {
                            standing.insert((audience.to_owned(), rec, maker), (row.version.leaf, row.version.payload));
                        }
                    }
                }
            }
            Ok((versions, standing))
        })
        .unwrap()
}

type Standing = BTreeMap<(String, RecordId, NodeName), (LeafHash, Option<Vec<u8>>)>;

/// A follower that looks at nothing but the records that changes name.
#[derive(Default)]
struct Follower {
    cursor: u64,
    standing: Standing,
}

impl Follower {
    fn follow(&mut self, ledger: &Ledger) {
        let changes: Vec<Change> = ledger.read(|r| r.changes(self.cursor, 100_000)).unwrap();
        let (_, standing) = stored(ledger);
        for change in changes.iter().filter(|change| !change.own) {
            let is_meant = |key: &(String, RecordId, NodeName)| key.0 == change.audience && key.1 == change.rec;
            self.standing.retain(|key, _| !is_meant(key));
            self.standing.extend(standing.iter().filter(|(key, _)| is_meant(key)).map(|(key, value)| (key.clone(), value.clone())));
        }
        self.cursor = changes.last().map_or(self.cursor, |change| change.seq);
    }
}

fn own_ledger(ledger: Ledger) -> Ledger {
    for number in 0..2 {
        let projections =
            ["private", "public"].map(|audience| Projection::seal(audience, &json!({"title": "của Bộ"}), &[]).unwrap()).to_vec();
        let put = Put { rec: rec(number), kind: "task".into(), cat: 0, previous: None, projections };
        ledger.write(|w| w.put(put)).unwrap();
    }
    ledger
}

fn sign(ledger: &Ledger, origin: &Origin, size: u64) {
    let origin = origin.clone();
    ledger
        .write(move |w| -> Result<(), LedgerError> {
            let mut shelf = LedgerShelf::over(w);
            let log = shelf.log(&origin)?.unwrap_or_else(HeldLog::empty);
            if size < log.signed_size() || size > log.size {
                return Ok(());
            }
            let root = crate::tile::root_at(&shelf, &origin, size)?;
            let checkpoint = Checkpoint { origin: origin.clone(), size, root };
            let signed = SignedCheckpoint::sign(checkpoint, &NodeKey::from_seed(&[9; 32]));
            shelf.keep(&origin, &HeldLog { checkpoint: Some(signed), ..log })
        })
        .unwrap();
}

fn append_next(ledger: &Ledger, (origin, entries): &(Origin, Vec<CheckedEntry>), count: usize) {
    let (origin, entries) = (origin.clone(), entries.clone());
    ledger
        .write(move |w| -> Result<(), LedgerError> {
            let mut shelf = LedgerShelf::over(w);
            let size = shelf.log(&origin)?.map_or(0, |log| log.size);
            for entry in entries.into_iter().skip(usize::try_from(size).unwrap()).take(count) {
                append(&mut shelf, &origin, entry)?;
            }
            Ok(())
        })
        .unwrap();
}

fn size_of(ledger: &Ledger, origin: &Origin) -> u64 {
    let origin = origin.clone();
    ledger.write(move |w| -> Result<u64, LedgerError> { Ok(w.store().log_of(&origin)?.map_or(0, |log| log.size)) }).unwrap()
}

fn count_to_the_end(ledger: &Ledger, directory: &Directory) {
    let directory = directory.clone();
    ledger
        .write(move |w| -> Result<(), LedgerError> {
            while !count_all(w, &directory)? {}
            Ok(())
        })
        .unwrap();
}

fn trial(ledger: &Ledger, draws: &[(usize, Draw)], cuts: &[u64], steps: &[Step]) {
    let logs = write_logs(ledger, draws);
    let mut known = directory(cuts, 0);
    let mut follower = Follower::default();
    for step in steps {
        match step {
            Step::Append { log, count } => append_next(ledger, &logs[*log], *count),
            Step::Sign { log, percent } => {
                let size = size_of(ledger, &logs[*log].0);
                sign(ledger, &logs[*log].0, size * percent / 100);
            }
            Step::Count { log, most } => {
                let (origin, directory, most) = (logs[*log].0.clone(), known.clone(), *most);
                let progress = ledger.write(move |w| count_some(w, &directory, &origin, most)).unwrap();
                assert!(progress.counted <= progress.of);
            }
            Step::CountAll => {
                let directory = known.clone();
                let done: Result<bool, LedgerError> = ledger.write(move |w| count_all(w, &directory));
                done.unwrap();
            }
            Step::Learn { statements } => known = directory(cuts, *statements),
            // Below the checkpoint a log is cut only when something is badly wrong; then too, what stands follows from what is left.
            Step::Cut { log, percent } => {
                let origin = logs[*log].0.clone();
                let size = size_of(ledger, &origin) * percent / 100;
                let cut = origin.clone();
                let lowered = ledger
                    .write(move |w| -> Result<bool, LedgerError> {
                        let mut shelf = LedgerShelf::over(w);
                        let Some(log) = shelf.log(&cut)? else { return Ok(false) };
                        let lowers = size < log.signed_size();
                        if lowers {
                            shelf.keep(&cut, &HeldLog { checkpoint: None, ..log })?;
                        }
                        shelf.cut(&cut, size)?;
                        Ok(lowers)
                    })
                    .unwrap();
                if lowered {
                    sign(ledger, &origin, size);
                }
            }
            Step::Follow => follower.follow(ledger),
        }
    }
    let last = directory(cuts, 4);
    for directory in [known, last] {
        count_to_the_end(ledger, &directory);
        let (versions, standing) = stored(ledger);
        assert_eq!(versions, computed(ledger, &directory));
        follower.follow(ledger);
        assert_eq!(follower.standing, standing);
        // Once more changes nothing.
        let seq = ledger.read(|r| r.last_seq()).unwrap();
        count_to_the_end(ledger, &directory);
        assert_eq!(ledger.read(|r| r.last_seq()).unwrap(), seq);
    }
}

type Trial = (Vec<(usize, Draw)>, Vec<u64>, Vec<Step>);

fn trials() -> impl Strategy<Value = Trial> {
    let draws = prop::collection::vec((0_usize..4, draw()), 1..60);
    (draws, prop::collection::vec(0_u64..7, 4), prop::collection::vec(step(), 1..70))
}

fn in_folder(folder: &tempfile::TempDir) -> Ledger {
    Ledger::open(&folder.path().join("lienvung.sqlite"), &name(CENTRE)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn versions_stored_are_those_of_the_view_whatever_the_order_of_arrival((draws, cuts, steps) in trials()) {
        let folder = tempfile::tempdir().unwrap();
        trial(&own_ledger(in_folder(&folder)), &draws, &cuts, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]
    #[test]
    fn versions_stored_in_postgres_are_those_of_the_view_whatever_the_order_of_arrival((draws, cuts, steps) in trials()) {
        if let Some(database) = Database::new() {
            let folder = tempfile::tempdir().unwrap();
            trial(&own_ledger(Ledger::open_postgres(&database.address(), folder.path(), &name(CENTRE)).unwrap()), &draws, &cuts, &steps);
        }
    }
}

#[test]
fn a_log_cut_twice_before_it_was_counted_again_leaves_no_version_of_an_entry_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let draws: Vec<(usize, Draw)> = [1, 2, 0, 0].map(|rec| (0, Draw::Make { rec, audience: 0, ver: 1 })).to_vec();
    let (all, signed, cut) = (Step::Append { log: 0, count: 8 }, Step::Sign { log: 0, percent: 100 }, Step::Cut { log: 0, percent: 58 });
    trial(&own_ledger(in_folder(&folder)), &draws, &[0; 4], &[all, signed, Step::CountAll, cut.clone(), cut, Step::Follow]);
}

/// An entry of a record with a payload of its own, and its leaf.
fn entry_of(rec: RecordId, kind: &str, ver: u64, prev: Option<LeafHash>) -> (CheckedEntry, LeafHash, LeafHash) {
    let payload = format!(r#"{{"data":{{"title":"{ver}"}},"files":[],"salt":"{}"}}"#, RecordId::new()).into_bytes();
    let pay = commitment(&payload);
    let op = Op::Put { rec, typ: kind.into(), cat: 1, ver, prev, pay, len: payload.len() as u64 };
    let bytes = Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap();
    (CheckedEntry::read(&bytes, Some(&payload)).unwrap(), leaf_hash(&bytes), pay)
}

/// Appends, signs and counts all entries of a log.
fn hold(ledger: &Ledger, origin: &Origin, entries: Vec<CheckedEntry>, directory: &Directory) {
    let count = size_of(ledger, origin);
    let mut all: Vec<CheckedEntry> = Vec::new();
    // What is held already is passed over.
    all.extend(std::iter::repeat_n(entries[0].clone(), usize::try_from(count).unwrap()));
    all.extend(entries);
    append_next(ledger, &(origin.clone(), all.clone()), all.len());
    sign(ledger, origin, all.len() as u64);
    let (origin, directory) = (origin.clone(), directory.clone());
    ledger
        .write(move |w| -> Result<(), LedgerError> {
            while !count_entries(w, &directory, &origin)?.is_done() {}
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_erasure_empties_the_version_and_followers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, directory) = (in_folder(&folder), directory(&[0], 0));
    let kontum = origin("kontum", "public");
    let (first, leaf, pay) = entry_of(rec(1), "task", 1, None);
    let (second, ..) = entry_of(rec(1), "task", 2, Some(leaf));
    hold(&ledger, &kontum, vec![first, second], &directory);
    let seq = ledger.read(|r| r.last_seq()).unwrap();
    let held = |before| ledger.read(|r| r.held_versions("public", rec(1), &name("kontum"), before, 9)).unwrap();
    assert!(held(None).iter().all(|held| held.version.data.is_some()));
    let erase = Op::Erase { pays: vec![pay], why: "law".into(), basis: "1/QĐ".into() };
    let bytes = Entry::new(1_700_000_000_000_000, erase).to_bytes().unwrap();
    hold(&ledger, &kontum, vec![CheckedEntry::read(&bytes, None).unwrap()], &directory);
    assert_eq!(held(None).iter().map(|held| held.version.data.is_some()).collect::<Vec<_>>(), [true, false]);
    let told: Vec<Change> = ledger.read(|r| r.changes(seq, 9)).unwrap();
    assert!(matches!(told.as_slice(), [Change { rec: named, own: false, .. }] if *named == rec(1)), "{told:?}");
}

#[test]
fn a_version_whose_definition_comes_later_is_told_of_then() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, directory) = (in_folder(&folder), directory(&[0], 0));
    hold(&ledger, &origin("kontum", "public"), vec![entry_of(rec(1), "task", 1, None).0], &directory);
    hold(&ledger, &origin("gialai", "public"), vec![entry_of(rec(2), "task", 1, None).0], &directory);
    let seq = ledger.read(|r| r.last_seq()).unwrap();
    // Entries of the trial name the definition at place 1.
    let definition = |number| entry_of(rec(number), "type", 1, None).0;
    hold(&ledger, &origin("kontum", "catalogue"), vec![definition(8)], &directory);
    assert_eq!(ledger.read(|r| r.last_seq()).unwrap(), seq);
    hold(&ledger, &origin("kontum", "catalogue"), vec![definition(9)], &directory);
    let told: Vec<Change> = ledger.read(|r| r.changes(seq, 9)).unwrap();
    assert!(matches!(told.as_slice(), [Change { rec: named, .. }] if *named == rec(1)), "{told:?}");
    // Once, and not when the definition was there before.
    hold(&ledger, &origin("kontum", "public"), vec![entry_of(rec(3), "task", 1, None).0], &directory);
    let seq = ledger.read(|r| r.last_seq()).unwrap();
    hold(&ledger, &origin("kontum", "catalogue"), vec![definition(9)], &directory);
    assert_eq!(ledger.read(|r| r.last_seq()).unwrap(), seq);
}

#[test]
fn entries_beyond_the_checkpoint_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, directory) = (in_folder(&folder), directory(&[0], 0));
    let kontum = origin("kontum", "public");
    hold(&ledger, &kontum, vec![entry_of(rec(1), "task", 1, None).0], &directory);
    let held = entry_of(rec(2), "task", 1, None).0;
    append_next(&ledger, &(kontum.clone(), vec![held.clone(), held]), 1);
    count_to_the_end(&ledger, &directory);
    assert_eq!(ledger.read(|r| r.held_of_kind("task", None, 9)).unwrap(), [rec(1)]);
}

#[test]
fn a_chain_that_waits_for_its_first_version_counts_when_it_comes_and_a_foreign_name_of_a_kind_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, directory) = (in_folder(&folder), directory(&[0, 1], 2));
    let (first, leaf, _) = entry_of(rec(1), "x\0y", 1, None);
    let (mut later, mut prev) = (Vec::new(), leaf);
    for ver in 2..1_000 {
        let (entry, leaf, _) = entry_of(rec(1), &"x".repeat(300), ver, Some(prev));
        (prev, later) = (leaf, [later, vec![entry]].concat());
    }
    // The heir's log comes first; of it, entries from the second on are the heir's.
    hold(&ledger, &origin("quangngai", "public"), [vec![entry_of(rec(2), "task", 1, None).0], later].concat(), &directory);
    assert_eq!(ledger.read(|r| r.held("public", rec(1))).unwrap(), []);
    hold(&ledger, &origin("kontum", "public"), vec![first], &directory);
    let held = ledger.read(|r| r.held("public", rec(1))).unwrap();
    assert_eq!(held.iter().map(|held| (held.maker.as_str(), held.version.ver)).collect::<Vec<_>>(), [("kontum", 999)]);
}

#[test]
fn a_record_given_away_goes_on_in_the_log_of_the_node_that_received_it() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, gialai) = (own_ledger(in_folder(&folder)), origin("gialai", "public"));
    count_to_the_end(&ledger, &directory(&[9, 0], 0));
    let own = ledger.read(|r| r.current("public", rec(0))).unwrap().unwrap();
    hold(&ledger, &gialai, vec![entry_of(rec(0), "task", 2, Some(own.leaf)).0], &directory(&[9, 0], 0));
    assert_eq!(ledger.read(|r| r.held("public", rec(0))).unwrap(), [], "not while it is the maker's");
    count_to_the_end(&ledger, &directory(&[9, 0], 1));
    let held = ledger.read(|r| r.held("public", rec(0))).unwrap();
    assert_eq!(held.iter().map(|held| (held.maker.as_str(), held.version.ver)).collect::<Vec<_>>(), [(CENTRE, 2)]);
}

#[test]
fn versions_go_with_the_entries_that_are_taken_off() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, kontum, directory) = (in_folder(&folder), origin("kontum", "public"), directory(&[0], 0));
    let (first, leaf, _) = entry_of(rec(1), "task", 1, None);
    let (second, ..) = entry_of(rec(1), "task", 2, Some(leaf));
    hold(&ledger, &kontum, vec![first, second, entry_of(rec(2), "task", 1, None).0], &directory);
    let (seq, cut) = (ledger.read(|r| r.last_seq()).unwrap(), kontum.clone());
    ledger
        .write(move |w| -> Result<(), LedgerError> {
            let mut shelf = LedgerShelf::over(w);
            let log = shelf.log(&cut)?.unwrap_or_else(HeldLog::empty);
            shelf.keep(&cut, &HeldLog { checkpoint: None, ..log })?;
            shelf.cut(&cut, 1)
        })
        .unwrap();
    sign(&ledger, &kontum, 1);
    count_to_the_end(&ledger, &directory);
    let stands = |rec| ledger.read(|r| r.held("public", rec)).unwrap().first().map(|held| held.version.ver);
    assert_eq!((stands(rec(1)), stands(rec(2))), (Some(1), None));
    let told: BTreeSet<RecordId> = ledger.read(|r| r.changes(seq, 9)).unwrap().iter().map(|change| change.rec).collect();
    assert_eq!(told, BTreeSet::from([rec(1), rec(2)]));
}
