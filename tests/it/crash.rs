//! Kill -9 while eight writers work: what was acknowledged is there, the ledger verifies, the views fill to the same contents again.
//!
//! `LIENVUNG_KILL_ROUNDS=1000 cargo test --test it crash` runs the long form; a plain test run makes fewer rounds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ledger::{Ledger, NodeName};
use office::{Draft, LeafHash, Office, RecordId};
use serde_json::json;

use crate::people::{DAK_LAK, body, officer, open};

/// Names the folder in which this very test program works as the victim.
const VICTIM: &str = "LIENVUNG_KILL_FOLDER";
const WRITERS: usize = 8;

/// Writes until it is killed; prints a line for each write that was acknowledged, after it was.
#[test]
fn victim() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let office = open(Path::new(&folder));
    let who = officer(&office);
    let own = body(&office, DAK_LAK);
    say("open");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (office, who) = (&office, &who);
            scope.spawn(move || {
                let mut last: Option<office::Stored> = None;
                for turn in 0_u64.. {
                    let data = json!({"title": format!("Tin {writer}.{turn}"), "text": "Nội dung", "state": "published", "published_day": "2026-11-23", "owner": own.to_string()});
                    // Every third write is a new record; the others change the last one.
                    let before = last.take().filter(|_| turn % 3 != 0);
                    let draft = Draft { id: before.as_ref().map(|stored| stored.id), kind: "article".into(), data, previous: before.map(|stored| stored.leaf) };
                    let stored = office.submit(who, draft).unwrap();
                    say(&format!("{} {} {}", stored.id, stored.version, stored.leaf.to_hex()));
                    last = Some(stored);
                }
            });
        }
    });
}

/// Past the capture of the test runner, straight into the pipe.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn start(folder: &Path) -> (Child, Receiver<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::victim", "--nocapture", "--test-threads=1"])
        .env(VICTIM, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (send, lines) = channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    (child, lines)
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn kill_9_at_random_points_loses_nothing_acknowledged_and_damages_nothing() {
    let rounds: u64 = std::env::var("LIENVUNG_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(25);
    let folder = tempfile::tempdir().unwrap();
    drop(officer(&open(folder.path())));
    let mut dice = Dice(20_261_124);
    let mut acknowledged = 0;
    for round in 1..=rounds {
        let (mut child, lines) = start(folder.path());
        let mut seen = Vec::new();
        if dice.below(10) == 0 {
            // Sometimes in the middle of opening and recovering.
            std::thread::sleep(Duration::from_millis(dice.below(120)));
        } else {
            while let Ok(line) = lines.recv_timeout(Duration::from_secs(60)) {
                let opened = line == "open" || line.ends_with(" open");
                seen.push(line);
                if opened {
                    break;
                }
            }
            std::thread::sleep(Duration::from_millis(dice.below(80)));
        }
        // SIGKILL: the process gets no chance to tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        seen.extend(lines.iter());
        acknowledged += check_acknowledged(folder.path(), &seen);
        if round % 50 == 0 || round == rounds {
            check_whole(folder.path(), round);
        }
    }
    println!("{rounds} rounds, {acknowledged} acknowledged writes, none lost");
    assert!(acknowledged > rounds, "the victims must have worked: {acknowledged}");
}

/// Every acknowledged version is in the ledger under its hash.
fn check_acknowledged(folder: &Path, lines: &[String]) -> u64 {
    let mut wanted: BTreeMap<RecordId, Vec<(u64, LeafHash)>> = BTreeMap::new();
    let mut count = 0;
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        // The last line may be cut by the kill.
        if let [id, version, leaf] = words[..]
            && let (Ok(id), Ok(version), Some(leaf)) = (RecordId::parse(id), version.parse(), LeafHash::from_hex(leaf))
        {
            wanted.entry(id).or_default().push((version, leaf));
            count += 1;
        }
    }
    let ledger = Ledger::open(&folder.join("lienvung.sqlite"), &NodeName::parse("bo.khcn").unwrap()).unwrap();
    ledger
        .read(|r| -> Result<(), ledger::LedgerError> {
            for (id, versions) in &wanted {
                let found = r.versions("private", *id, None, 100)?;
                for (version, leaf) in versions {
                    assert!(found.iter().any(|one| one.ver == *version && one.leaf == *leaf && one.data.is_some()), "lost: {id} {version}");
                }
            }
            Ok(())
        })
        .unwrap();
    count
}

fn check_whole(folder: &Path, round: u64) {
    let office: Office = open(folder);
    let problems = office.ledger().verify(&mut |_, _| {}).unwrap().problems;
    assert!(problems.is_empty(), "round {round}: {problems:?}");
    assert!(office.settle(Duration::from_secs(300)), "round {round}: views do not catch up");
    assert!(office.view_problems().is_empty(), "round {round}: {:?}", office.view_problems());
    let before = office.view_digests().unwrap();
    office.rebuild(None, &mut |_, _, _| {}).unwrap();
    assert_eq!(before, office.view_digests().unwrap(), "round {round}: views differ after a rebuild");
}
