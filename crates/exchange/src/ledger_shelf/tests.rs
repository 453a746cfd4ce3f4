//! The shelf in a real ledger against the one in memory, and the machines over real files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use ledger::{DatabaseAddress, Ledger, NodeName, Projection, Put};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::checkpoint::Checkpoint;
use crate::directory::{Directory, Statement};
use crate::key::NodeKey;
use crate::log::{CheckedEntry, append, commitment};
use crate::memory::MemoryShelf;
use crate::owner::{Effect, Event, Moment, Owner, Voice};
use crate::parent::Parent;
use crate::protocol::Call;
use crate::tile::{consistency_proof, inclusion_proof, root_at};

fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

fn own() -> Origin {
    Origin::parse("lv1/sokhcn.daklak/public").unwrap()
}

fn foreign() -> Origin {
    Origin::parse("lv1/sokhcn.kontum/public").unwrap()
}

/// Runs the work on the shelf of a ledger, in a transaction of its own.
fn on_shelf<T: Send + 'static>(
    ledger: &Ledger,
    work: impl FnOnce(&mut LedgerShelf<'_, '_>) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    ledger.write(move |w| work(&mut LedgerShelf::over(w)))
}

/// A record of the trial.
fn rec(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

/// What may happen to a log, as chance has it.
#[derive(Debug, Clone)]
enum Turn {
    Put { rec: u8, has_payload: bool },
    Burst { count: u64 },
    Drop { rec: u8 },
    Erase { pick: usize },
    Destroy { pick: usize },
    Fill { pick: usize },
    Cut { percent: u64 },
    Keep { pick: u8 },
    Aside { pile: bool, count: usize, clears: bool },
    Evidence { text: u8 },
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        8 => (0_u8..4, prop::bool::weighted(0.8)).prop_map(|(rec, has_payload)| Turn::Put { rec, has_payload }),
        1 => (200_u64..400).prop_map(|count| Turn::Burst { count }),
        2 => (0_u8..4).prop_map(|rec| Turn::Drop { rec }),
        2 => (0_usize..100).prop_map(|pick| Turn::Erase { pick }),
        1 => (0_usize..100).prop_map(|pick| Turn::Destroy { pick }),
        2 => (0_usize..100).prop_map(|pick| Turn::Fill { pick }),
        2 => (40_u64..120).prop_map(|percent| Turn::Cut { percent }),
        1 => (0_u8..8).prop_map(|pick| Turn::Keep { pick }),
        1 => (any::<bool>(), 0_usize..4, any::<bool>()).prop_map(|(pile, count, clears)| Turn::Aside { pile, count, clears }),
        1 => (0_u8..3).prop_map(|text| Turn::Evidence { text }),
    ]
}

/// A turn made ready for any shelf.
#[derive(Debug, Clone)]
enum Act {
    Append(Vec<CheckedEntry>),
    Destroy(LeafHash),
    Fill(u64, Vec<u8>),
    Cut(u64),
    Keep(Box<HeldLog>),
    Aside(Aside, Vec<EntryRow>, bool),
    Evidence(String),
}

fn act(shelf: &mut dyn Shelf, origin: &Origin, act: Act) -> Result<(), LedgerError> {
    match act {
        Act::Append(entries) => entries.into_iter().try_for_each(|checked| append(shelf, origin, checked)),
        Act::Destroy(pay) => shelf.destroy(origin, &pay),
        Act::Fill(index, payload) => shelf.fill(origin, index, payload),
        Act::Cut(size) => shelf.cut(origin, size),
        Act::Keep(log) => shelf.keep(origin, &log),
        Act::Aside(aside, rows, clears) => {
            if clears {
                shelf.aside_clear(origin, aside)?;
            }
            shelf.aside_push(origin, aside, rows)
        }
        Act::Evidence(text) => shelf.keep_evidence(origin, &text),
    }
}

/// The payloads made in a trial, by commitment, in the order of making.
#[derive(Default)]
struct Made {
    payloads: Vec<(LeafHash, Vec<u8>)>,
}

impl Made {
    fn put(&mut self, latest: Option<Latest>, rec: RecordId, has_payload: bool) -> CheckedEntry {
        let payload = format!(r#"{{"data":{},"files":[],"salt":"AAAA"}}"#, self.payloads.len()).into_bytes();
        let pay = commitment(&payload);
        let (ver, prev) = (latest.map_or(1, |latest| latest.ver + 1), latest.map(|latest| latest.leaf));
        let op = Op::Put { rec, typ: "task".into(), cat: 1, ver, prev, pay, len: payload.len() as u64 };
        let bytes = Entry::new(1_700_000_000_000_000, op).to_bytes().unwrap();
        let checked = CheckedEntry::read(&bytes, has_payload.then_some(payload.as_slice())).unwrap();
        self.payloads.push((pay, payload));
        checked
    }

    fn ready(&mut self, shelf: &MemoryShelf, origin: &Origin, turn: &Turn) -> Option<Act> {
        let log = shelf.log(origin).unwrap().unwrap_or_else(HeldLog::empty);
        let picked = |pick: &usize| self.payloads.get(pick % self.payloads.len().max(1)).map(|(pay, _)| *pay);
        Some(match turn {
            Turn::Put { rec: number, has_payload } => {
                let latest = shelf.latest(origin, rec(*number)).unwrap();
                Act::Append(vec![self.put(latest, rec(*number), *has_payload)])
            }
            Turn::Burst { count } => Act::Append((0..*count).map(|_| self.put(None, RecordId::new(), true)).collect()),
            Turn::Drop { rec: number } => {
                let latest = shelf.latest(origin, rec(*number)).unwrap().filter(|latest| !latest.dropped)?;
                let op = Op::Drop { rec: rec(*number), ver: latest.ver + 1, prev: latest.leaf };
                Act::Append(vec![CheckedEntry::read(&Entry::new(0, op).to_bytes().unwrap(), None).unwrap()])
            }
            Turn::Erase { pick } => {
                let op = Op::Erase { pays: vec![picked(pick)?, LeafHash([9; 32])], why: "law".into(), basis: "12/QĐ".into() };
                Act::Append(vec![CheckedEntry::read(&Entry::new(0, op).to_bytes().unwrap(), None).unwrap()])
            }
            Turn::Destroy { pick } => Act::Destroy(picked(pick)?),
            Turn::Fill { pick } => {
                let gaps = shelf.gaps(origin, u64::MAX, usize::MAX).unwrap();
                let index = *gaps.get(pick % gaps.len().max(1))?;
                let Op::Put { pay, .. } = Entry::from_bytes(&shelf.rows(origin)[usize::try_from(index).unwrap()].bytes).unwrap().op else {
                    return None;
                };
                Act::Fill(index, self.payloads.iter().find(|(made, _)| *made == pay)?.1.clone())
            }
            Turn::Cut { percent } => Act::Cut(log.size * percent / 100),
            Turn::Keep { pick } => {
                let signed = |size: u64| {
                    let checkpoint = Checkpoint { origin: origin.clone(), size, root: log.frontier.root() };
                    Some(SignedCheckpoint::sign(checkpoint, &NodeKey::from_seed(&[3; 32])))
                };
                let all = [Standing::Following, Standing::Sealed, Standing::Forked, Standing::Suspended];
                Act::Keep(Box::new(HeldLog {
                    standing: all[usize::from(pick % 4)],
                    checkpoint: if pick % 2 == 0 { signed(log.size) } else { None },
                    receipt: if *pick > 4 { signed(0) } else { None },
                    provisional_bytes: u64::from(*pick),
                    ..log
                }))
            }
            Turn::Aside { pile, count, clears } => {
                let rows = shelf.entries(origin, 0, *count, usize::MAX).unwrap();
                Act::Aside(if *pile { Aside::Incoming } else { Aside::Parked }, rows, *clears)
            }
            Turn::Evidence { text } => Act::Evidence(format!("evidence {text}")),
        })
    }
}

/// All that a shelf says about a log.
#[derive(Debug, PartialEq)]
struct Said {
    log: Option<HeldLog>,
    rows: Vec<Vec<EntryRow>>,
    hashes: Vec<Vec<LeafHash>>,
    gaps: Vec<Vec<u64>>,
    erased: Vec<bool>,
    latest: Vec<Option<Latest>>,
    aside: Vec<Vec<EntryRow>>,
    proofs: Vec<Vec<LeafHash>>,
}

fn say(shelf: &dyn Shelf, origin: &Origin, pays: &[LeafHash]) -> Result<Said, LedgerError> {
    let log = shelf.log(origin)?;
    let size = log.as_ref().map_or(0, |log| log.size);
    let mut said = Said {
        rows: vec![
            shelf.entries(origin, 0, usize::MAX, usize::MAX)?,
            shelf.entries(origin, size / 2, 70, usize::MAX)?,
            shelf.entries(origin, size / 3, usize::MAX, 1500)?,
            shelf.entries(origin, 1, 3, 0)?,
            shelf.entries(origin, 1 << 40, 3, usize::MAX)?,
        ],
        hashes: vec![
            shelf.hashes(origin, 0, size / 2, 300)?,
            shelf.hashes(origin, 1, 0, 256)?,
            shelf.hashes(origin, 1, 1, 1)?,
            shelf.hashes(origin, 2, 0, 256)?,
        ],
        gaps: vec![shelf.gaps(origin, u64::MAX, usize::MAX)?, shelf.gaps(origin, size / 2, 2)?],
        erased: Vec::new(),
        latest: Vec::new(),
        aside: vec![
            shelf.aside(origin, Aside::Incoming, 0, usize::MAX)?,
            shelf.aside(origin, Aside::Incoming, 1, 2)?,
            shelf.aside(origin, Aside::Parked, 0, usize::MAX)?,
        ],
        proofs: Vec::new(),
        log,
    };
    for pay in pays {
        said.erased.push(shelf.is_erased(origin, pay)?);
    }
    if *origin == own() {
        for number in 0..4 {
            said.latest.push(shelf.latest(origin, rec(number))?);
        }
    }
    for part in [size / 3 + 1, size / 2 + 1, size] {
        if (1..=size).contains(&part) {
            said.proofs.push(vec![root_at(shelf, origin, part)?]);
            said.proofs.push(inclusion_proof(shelf, origin, part - 1, size)?);
            said.proofs.push(consistency_proof(shelf, origin, part, size)?);
        }
    }
    Ok(said)
}

/// A view of the records of the own log as everybody who follows the changes has it.
#[derive(Default)]
struct Follower {
    seq: u64,
    records: BTreeMap<RecordId, Value>,
}

impl Follower {
    fn follow(&mut self, ledger: &Ledger) {
        for change in ledger.read(|r| r.changes(self.seq, 100_000)).unwrap() {
            self.seq = change.seq;
            match change.data {
                Some(data) => self.records.insert(change.rec, data),
                None => self.records.remove(&change.rec),
            };
        }
    }
}

fn records_of(ledger: &Ledger) -> BTreeMap<RecordId, Value> {
    let listed = ledger.read(|r| r.list("public", "task", None, 100_000)).unwrap();
    listed.into_iter().filter_map(|version| version.data.map(|data| (version.rec, data))).collect()
}

/// Drives both shelves through the turns and finds them equal after each.
fn both_say_the_same(ledger: &Ledger, turns: &[(bool, Turn)]) {
    let (mut memory, mut made) = (MemoryShelf::new(), Made::default());
    let (mut always, mut at_the_end) = (Follower::default(), Follower::default());
    for (is_own, turn) in turns {
        let origin = if *is_own { own() } else { foreign() };
        let Some(ready) = made.ready(&memory, &origin, turn) else { continue };
        act(&mut memory, &origin, ready.clone()).unwrap();
        let place = origin.clone();
        on_shelf(ledger, move |shelf| act(shelf, &place, ready)).unwrap();
        let pays: Vec<LeafHash> = made.payloads.iter().rev().take(50).map(|(pay, _)| *pay).collect();
        for origin in [own(), foreign()] {
            let expected = say(&memory, &origin, &pays).unwrap();
            let (place, pays) = (origin.clone(), pays.clone());
            let said = on_shelf(ledger, move |shelf| say(shelf, &place, &pays)).unwrap();
            assert!(said == expected, "after {turn:?} at {origin}: {said:?} instead of {expected:?}");
        }
        always.follow(ledger);
    }
    at_the_end.follow(ledger);
    assert_eq!(always.records, records_of(ledger), "whoever followed all the time has what stands");
    assert_eq!(at_the_end.records, records_of(ledger), "and whoever begins now");
    for origin in [own(), foreign()] {
        let place = origin.clone();
        let kept = on_shelf(ledger, move |shelf| shelf.store().evidence(&place, 10)).unwrap();
        let expected: Vec<String> = memory.evidence().iter().filter(|(about, _)| *about == origin).map(|(_, text)| text.clone()).collect();
        assert_eq!(kept, expected);
    }
    // Payloads may be lacking here without an entry that says so, and what is signed by chance is no tree of the log; nothing else is wrong.
    let problems = ledger.verify(&mut |_, _| {}).unwrap().problems;
    let by_chance = ["is missing and was not erased", "do not have the root that was signed"];
    let others: Vec<&String> = problems.iter().filter(|problem| !by_chance.iter().any(|end| problem.ends_with(end))).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// A database of its own on the server of `LIENVUNG_TEST_POSTGRES`, made with the server's own client.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn new() -> Option<Database> {
        let Ok(server) = std::env::var("LIENVUNG_TEST_POSTGRES") else {
            println!("skipped: no PostgreSQL (LIENVUNG_TEST_POSTGRES is not set)");
            return None;
        };
        let name = format!("lienvung_shelf_{}", RecordId::new().to_string().replace('-', ""));
        let database = Database { server, name };
        database.say(&format!("CREATE DATABASE {} TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8'", database.name));
        Some(database)
    }

    fn say(&self, statement: &str) {
        let output = Command::new("psql").args([&self.server, "-qc", statement]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    pub(crate) fn address(&self) -> DatabaseAddress {
        let (place, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        DatabaseAddress::parse(&format!("{}/{}?{options}", place.rsplit_once('/').unwrap().0, self.name)).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.say(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

fn open(folder: &Path, node: &str) -> Ledger {
    Ledger::open(&folder.join("lienvung.sqlite"), &name(node)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_ledger_in_sqlite_says_what_the_shelf_in_memory_says(turns in prop::collection::vec((prop::bool::weighted(0.6), turn()), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        both_say_the_same(&open(folder.path(), "sokhcn.daklak"), &turns);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]
    #[test]
    fn a_ledger_in_postgres_says_what_the_shelf_in_memory_says(turns in prop::collection::vec((prop::bool::weighted(0.6), turn()), 1..40)) {
        if let Some(database) = Database::new() {
            let folder = tempfile::tempdir().unwrap();
            let ledger = Ledger::open_postgres(&database.address(), folder.path(), &name("sokhcn.daklak")).unwrap();
            both_say_the_same(&ledger, &turns);
        }
    }
}

/// A province and the node above it, on real files.
struct Pair {
    folder: tempfile::TempDir,
    directory: Directory,
    key: NodeKey,
    parent: Parent,
}

impl Pair {
    fn new() -> Pair {
        let (centre, key) = (NodeKey::from_seed(&[1; 32]), NodeKey::from_seed(&[2; 32]));
        let join = Statement::Node { name: name("sokhcn.daklak"), key: key.public(), title: "Sở KH&CN Đắk Lắk (minh họa)".into() };
        let directory = Directory::of(&name("bo.khcn"), centre.public(), &BTreeMap::from([(name("bo.khcn"), vec![join])]));
        let parent = Parent { name: name("bo.khcn"), key: centre, standby_for: None };
        Pair { folder: tempfile::tempdir().unwrap(), directory, key, parent }
    }

    /// A ledger in a folder of its own.
    fn ledger(&self, folder: &str, node: &str) -> Ledger {
        let folder = self.folder.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        open(&folder, node)
    }

    /// Runs the owner's loop until it rests, or until the step after `most` requests has been taken and is lost with its process. What was acknowledged, and
    /// the records changed by both.
    fn bring_up(&self, below: &Ledger, above: &Ledger, most: usize) -> Outcome {
        let mut owner = Owner::new(own(), name("bo.khcn"), Voice::Owner(Box::new(self.key.clone())));
        let mut outcome = Outcome::default();
        let mut event = Event::Wake;
        loop {
            let is_last = outcome.requests >= most;
            let (mut next, directory, happened) = (owner.clone(), self.directory.clone(), event.clone());
            let moment = Moment { now: 1_700_000_000, id: RecordId::new() };
            let stepped = on_shelf(below, move |shelf| {
                let effects = next.step(shelf, &directory, happened, moment)?;
                if is_last { Err(LedgerError::Aborted) } else { Ok((next, effects)) }
            });
            if is_last {
                assert!(matches!(stepped, Err(LedgerError::Aborted)), "{:?}", stepped.err());
                return outcome;
            }
            let effects;
            (owner, effects) = stepped.unwrap();
            let mut answer = None;
            for effect in effects {
                match effect {
                    Effect::Send(request) => {
                        outcome.requests += 1;
                        let call = Call { origin: own(), caller: Some(name("sokhcn.daklak")), request };
                        let (parent, directory) = (self.parent.clone(), self.directory.clone());
                        answer = Some(on_shelf(above, move |shelf| parent.answer(shelf, &directory, &call, 1_700_000_100)).unwrap());
                    }
                    Effect::Received(size) => outcome.received.push(size),
                    Effect::PutBehind(records) => outcome.changed_by_both.extend(records),
                    Effect::Pause(_) => {}
                    Effect::Alarm(why) => panic!("{why}"),
                }
            }
            match answer {
                Some(answer) => event = Event::Answer(answer),
                None => return outcome,
            }
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    received: Vec<u64>,
    changed_by_both: Vec<RecordId>,
    requests: usize,
}

/// Writes the next version of a record in the ordinary way, for the node itself and for the public.
fn save(ledger: &Ledger, rec: RecordId, title: &str) {
    let previous = ledger.read(|r| r.current("private", rec)).unwrap().map(|version| version.leaf);
    let projections = ["private", "public"].map(|audience| Projection::seal(audience, &json!({ "title": title }), &[]).unwrap()).to_vec();
    ledger.write(move |w| w.put(Put { rec, kind: "task".into(), cat: 0, previous, projections })).unwrap();
}

fn rows(ledger: &Ledger) -> Vec<EntryRow> {
    on_shelf(ledger, |shelf| shelf.entries(&own(), 0, usize::MAX, usize::MAX)).unwrap()
}

fn problems(ledger: &Ledger) -> Vec<String> {
    ledger.verify(&mut |_, _| {}).unwrap().problems
}

/// The digest of a ledger that has these entries in its public log and nothing else.
fn digest_of(pair: &Pair, folder: &str, entries: &[EntryRow]) -> String {
    let ledger = pair.ledger(folder, "sokhcn.daklak");
    let entries = entries.to_vec();
    ledger
        .write(move |w| -> Result<(), LedgerError> { entries.into_iter().try_for_each(|row| w.replay("public", &row.bytes, row.payload)) })
        .unwrap();
    assert_eq!(problems(&ledger), Vec::<String>::new());
    ledger.digest().unwrap()
}

/// Copies a ledger's database as an operator does, and opens the copy.
fn restored(pair: &Pair, from: &Ledger, folder: &str) -> Ledger {
    let (copy, to) = (pair.folder.path().join(format!("{folder}-copy")), pair.folder.path().join(folder));
    from.backup(&copy, &mut |_, _| {}).unwrap();
    std::fs::create_dir_all(&to).unwrap();
    Ledger::restore(&copy, &to.join("lienvung.sqlite"), &mut |_, _| {}).unwrap();
    open(&to, "sokhcn.daklak")
}

#[test]
fn a_ledger_is_brought_up_killed_restored_from_an_old_copy_and_brought_up_again() {
    let pair = Pair::new();
    let (below, above) = (pair.ledger("owner", "sokhcn.daklak"), pair.ledger("parent", "bo.khcn"));
    let records: Vec<RecordId> = (0..300).map(|_| RecordId::new()).collect();
    for rec in &records[..200] {
        save(&below, *rec, "một");
    }
    assert_eq!(pair.bring_up(&below, &above, usize::MAX).received, [200]);
    let (erased, withdrawn) = (records[7], records[8]);
    let old = restored(&pair, &below, "old");

    for rec in &records[200..] {
        save(&below, *rec, "hai");
    }
    for rec in &records[..50] {
        save(&below, *rec, "sửa");
    }
    below.write(move |w| w.erase(erased, "law", "12/QĐ-SKHCN")).unwrap();
    below.write(move |w| w.withdraw(withdrawn)).unwrap();
    let size = rows(&below).len() as u64;
    assert_eq!(pair.bring_up(&below, &above, usize::MAX).received, [size]);
    assert_eq!(rows(&below), rows(&above));
    let lost = rows(&below);
    drop(below);

    // The disk is lost. From the old copy the office goes on before anything has come back.
    let mut follower = Follower::default();
    follower.follow(&old);
    let fresh: Vec<RecordId> = (0..20).map(|_| RecordId::new()).collect();
    for rec in &fresh {
        save(&old, *rec, "viết sau khi khôi phục");
    }
    save(&old, records[100], "sửa sau khi khôi phục");
    save(&old, records[3], "sửa cả hai nơi");
    follower.follow(&old);
    let later = rows(&old)[200..].to_vec();
    assert_eq!(later.len(), 22);
    // Killed at every step on the way, in the middle of the step's transaction.
    let before = rows(&old);
    let (mut steps, mut changed_by_both): (usize, Vec<RecordId>) = (0, Vec::new());
    let outcome = loop {
        let outcome = pair.bring_up(&old, &above, steps);
        changed_by_both.extend(&outcome.changed_by_both);
        if outcome.requests < steps {
            break outcome;
        }
        assert!(rows(&old) == before || rows(&old).len() == lost.len() + later.len(), "half a log after {steps} requests");
        assert_eq!(problems(&old), Vec::<String>::new());
        steps += 1;
    };
    assert!(steps > 3);
    let whole = rows(&old);
    assert_eq!(outcome.received, [whole.len() as u64]);
    assert_eq!(changed_by_both, [records[3]]);
    assert_eq!(whole.len(), lost.len() + later.len());
    assert_eq!(whole[..lost.len()], lost, "everything acknowledged is back, what was erased is not");
    assert_eq!(rows(&above), whole);
    assert_eq!(problems(&old), Vec::<String>::new());
    let receipt = on_shelf(&old, |shelf| shelf.log(&own())).unwrap().unwrap().receipt.unwrap();
    assert_eq!(receipt.checkpoint.size, whole.len() as u64);

    // All entries but the one version that both had changed are as they were written; that one follows on the other's.
    let mut never_lost = lost.clone();
    for row in &later {
        let entry = Entry::from_bytes(&row.bytes).unwrap();
        let rewritten = matches!(entry.op, Op::Put { rec, .. } if rec == records[3]);
        let place = never_lost.len();
        let row = if rewritten { whole[place].clone() } else { row.clone() };
        never_lost.push(row);
    }
    assert_eq!(digest_of(&pair, "never-lost", &never_lost), digest_of(&pair, "found-again", &whole));

    // The records stand as the log says, for whoever asks and for whoever has followed all the time.
    follower.follow(&old);
    let standing = records_of(&old);
    assert_eq!(follower.records, standing);
    let title = |rec: RecordId| standing.get(&rec).map(|data| data["title"].clone());
    assert_eq!(title(records[3]), Some(json!("sửa cả hai nơi")));
    assert_eq!((title(records[4]), title(records[100])), (Some(json!("sửa")), Some(json!("sửa sau khi khôi phục"))));
    assert_eq!((title(records[299]), title(fresh[19])), (Some(json!("hai")), Some(json!("viết sau khi khôi phục"))));
    assert_eq!((title(erased), title(withdrawn)), (None, None));
    // And the ordinary writing goes on from there.
    save(&old, records[3], "viết tiếp");
    let next = whole.len() as u64 + 1;
    assert_eq!(pair.bring_up(&old, &above, usize::MAX).received, [next]);
    assert_eq!(problems(&old), Vec::<String>::new());
}

#[test]
fn what_is_not_kept_yet_is_refused_and_nothing_is_changed() {
    let pair = Pair::new();
    let (below, above) = (pair.ledger("owner", "sokhcn.daklak"), pair.ledger("parent", "bo.khcn"));
    save(&below, rec(1), "một");
    below.write(|w| w.publish_type("task", json!({"version": 1}))).unwrap();
    let before = below.digest().unwrap();
    let catalogue = Origin::parse("lv1/sokhcn.daklak/catalogue").unwrap();
    let second_epoch = Origin::parse("lv1/sokhcn.daklak/public/e1").unwrap();
    let row = rows(&below)[0].clone();
    let shortened = on_shelf(&below, move |shelf| shelf.cut(&catalogue, 0));
    assert!(matches!(shortened, Err(LedgerError::NotYet(_))), "{shortened:?}");
    let opened = on_shelf(&below, move |shelf| shelf.append(&second_epoch, row, false));
    assert!(matches!(opened, Err(LedgerError::NotYet(_))), "{opened:?}");
    let mut made = Made::default();
    let broken = made.put(Some(Latest { ver: 4, leaf: LeafHash([1; 32]), dropped: false }), rec(1), true);
    let appended = on_shelf(&below, move |shelf| append(shelf, &own(), broken));
    assert!(matches!(appended, Err(LedgerError::Damaged(_))), "{appended:?}");
    assert_eq!(below.digest().unwrap(), before);

    pair.bring_up(&below, &above, usize::MAX);
    let asked = on_shelf(&above, |shelf| shelf.latest(&own(), rec(1)));
    assert!(matches!(asked, Err(LedgerError::NotYet(_))), "{asked:?}");
}

#[test]
fn a_ledger_that_was_brought_up_and_one_that_holds_it_are_copied_with_all_that_was_signed() {
    let pair = Pair::new();
    let (below, above) = (pair.ledger("owner", "sokhcn.daklak"), pair.ledger("parent", "bo.khcn"));
    save(&below, rec(1), "một");
    save(&below, rec(1), "hai");
    pair.bring_up(&below, &above, usize::MAX);
    for (name, ledger) in [("below.sqlite", &below), ("above.sqlite", &above)] {
        let target = pair.folder.path().join(name);
        ledger.copy_into(&ledger::SqliteStore::open(&target).unwrap(), &mut |_, _| {}).unwrap();
        let copy = Ledger::open(&target, ledger.node()).unwrap();
        let (report, expected) = (copy.verify(&mut |_, _| {}).unwrap(), ledger.verify(&mut |_, _| {}).unwrap());
        assert_eq!(report.problems, Vec::<String>::new());
        let roots =
            |report: &ledger::Report| -> Vec<_> { report.logs.iter().map(|log| (log.origin.clone(), log.size, log.root)).collect() };
        assert_eq!(roots(&report), roots(&expected));
        assert!(report.logs.iter().any(|log| log.origin == own()), "{name}");
        let kept = |ledger: &Ledger| on_shelf(ledger, |shelf| shelf.log(&own())).unwrap().unwrap();
        assert_eq!(kept(&copy), kept(ledger));
        assert!(kept(&copy).checkpoint.is_some() || kept(&copy).receipt.is_some());
    }
}
