//! The exchange between nodes, goals G3 to G6 and G8 of LV-Log/1 §11.1: real processes, TLS on loopback, a relay between them that counts bytes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use catalogue::Audience;
use exchange::directory::{Directory, Statement};
use exchange::key::NodeKey;
use exchange::log::{CheckedEntry, append};
use exchange::memory::MemoryShelf;
use exchange::owner::{Effect, Event, Moment, Owner, Voice};
use exchange::signature::sign;
use exchange::wire::{read_answer, write_request};
use ledger::{Entry, Ledger, NodeName, Op, Origin, Payload, Projection, Put, RecordId};
use office::{Clock, Draft, Line, Office, Receipt, ReceiptForm, Settings};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::{MINISTRY, number_from, officer, say, sentence};

const CENTRE: &str = "bo.khcn";
const PROVINCE: &str = "sokhcn.daklak";
const LOG: &str = "lv1/sokhcn.daklak/public";
/// Entries in a group of the bare SQLite that stands beside.
const GROUP: usize = 8_192;
/// How long bytes travel one way between a province and Hà Nội, for the lag on a line that is not inside one machine.
const WAY: Duration = Duration::from_millis(10);

pub fn nodes() {
    let count = number_from("LIENVUNG_BENCH_RECORDS", 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let tls = Certified::make(folder.path());
    let (province, spare) = (folder.path().join("province"), folder.path().join("spare"));
    fill(&province, count);
    copy_folder(&province, &spare);
    let (raw, packed) = payload_bytes(&province, folder.path());
    let limit = bare_rate(&province, &folder.path().join("bare.sqlite"), count);
    let (seconds, bytes, parents) = first_load(folder.path(), "clean", &province, &tls, 0);
    let rate = count as f64 / seconds;
    say(&format!("first load of {count} records at the node above"), &format!("{rate:.0} records/s over TLS, {seconds:.1} s"));
    say("  limit: bare SQLite, same bytes, groups of 8,192, with the hash index", &format!("{limit:.0} records/s"));
    say("  G3 ratio (goal ≥ 0.60)", &format!("{:.2}", rate / limit));
    let hashing = hashing_seconds(&province);
    say(
        "  G4 hashes and signatures of its processor time (goal ≤ 12 %)",
        &format!("{:.1} % ({hashing:.1} of {parents:.1} s)", 100.0 * hashing / parents),
    );
    say("  payload of a record", &format!("{} bytes, {} packed", raw / count as u64, packed / count as u64));
    say(
        "  G5 bytes on the wire to zstd -3 of the payloads (goal ≤ 1.25)",
        &format!("{:.2} ({:.1} MB; payloads {:.1} MB, packed {:.1} MB)", bytes as f64 / packed as f64, mb(bytes), mb(raw), mb(packed)),
    );
    receipt(&province);
    let (seconds, with_kills, _) = first_load(folder.path(), "killed", &spare, &tls, 5);
    say(
        "  F17 bytes of a first load with 5 kills to a clean one (goal ≤ 1.05)",
        &format!("{:.3} ({:.1} MB, {seconds:.1} s)", with_kills as f64 / bytes as f64, mb(with_kills)),
    );
    lag(folder.path(), &tls, Duration::ZERO);
    lag(folder.path(), &tls, WAY);
    many_logs(folder.path(), &tls);
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

struct Certified {
    root: PathBuf,
    chain: PathBuf,
    key: PathBuf,
}

impl Certified {
    fn make(folder: &Path) -> Certified {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Certified { root: chain.clone(), chain, key }
    }
}

/// Passes bytes between the nodes, each after its way, and counts them.
struct Relay {
    port: u16,
    bytes: Arc<AtomicU64>,
}

impl Relay {
    fn to(port: u16, way: Duration) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (own, bytes) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU64::new(0)));
        let counted = bytes.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for (from, to) in [(near.try_clone(), far.try_clone()), (Ok(far), Ok(near))] {
                    let (Ok(from), Ok(to), counted) = (from, to, counted.clone()) else { continue };
                    std::thread::spawn(move || pass(from, to, way, &counted));
                }
            }
        });
        Relay { port: own, bytes }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, way: Duration, counted: &AtomicU64) {
    let (sent, arriving) = mpsc::channel::<(Instant, Vec<u8>)>();
    let _ = to.set_nodelay(true);
    let ending = from.try_clone();
    std::thread::spawn(move || {
        while let Ok((at, bytes)) = arriving.recv() {
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        for side in [Ok(to), ending].into_iter().flatten() {
            let _ = side.shutdown(std::net::Shutdown::Both);
        }
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length) = from.read(&mut buffer) {
        counted.fetch_add(length as u64, Ordering::Relaxed);
        if length == 0 || sent.send((Instant::now() + way, buffer[..length].to_vec())).is_err() {
            break;
        }
    }
}

struct Process(Child);

impl Process {
    fn serve(folder: &Path, port: u16, more: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lienvung"));
        command.arg("serve").arg("--data").arg(folder).args(["--listen", &format!("127.0.0.1:{port}")]).args(more);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Process(child)
    }

    /// Seconds of processor time so far.
    fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // utime and stime, in ticks of 10 ms.
        [11, 12].iter().map(|at| fields[*at].parse::<f64>().unwrap()).sum::<f64>() / 100.0
    }

    fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn settings(node: &str) -> Settings {
    Settings { node: node.into(), body: RecordId::parse(MINISTRY).unwrap(), clock: Clock::Machine, database: None }
}

fn write_config(folder: &Path, node: &str) {
    std::fs::write(folder.join("lienvung.toml"), format!("node = \"{node}\"\nbody = \"{MINISTRY}\"\nlisten = \"127.0.0.1:0\"\n")).unwrap();
}

/// A province with so many public records of a page of text, which it has in its own views already.
fn fill(folder: &Path, count: usize) {
    drop(Office::open(folder, settings(PROVINCE)).unwrap());
    write_config(folder, PROVINCE);
    let phrases = phrases();
    let ledger = Ledger::open(&folder.join("lienvung.sqlite"), &NodeName::parse(PROVINCE).unwrap()).unwrap();
    for from in (0..count).step_by(5_000) {
        let mut puts = Vec::new();
        for at in from..(from + 5_000).min(count) {
            let data = json!({"title": sentence(at), "text": page(&phrases, at), "state": "published", "owner": MINISTRY});
            let projections = vec![Projection::seal("private", &json!({}), &[]).unwrap(), Projection::seal("public", &data, &[]).unwrap()];
            puts.push(Put { rec: RecordId::new(), kind: "article".into(), cat: 0, previous: None, projections });
        }
        ledger.write(move |w| puts.into_iter().try_for_each(|put| w.put(put).map(|_| ()))).unwrap();
    }
    drop(ledger);
    let office = Office::open(folder, settings(PROVINCE)).unwrap();
    assert!(office.settle(Duration::from_secs(3_600)), "views must catch up");
}

/// What fields are called in Vietnamese, to make text of that is neither one sentence again and again nor noise.
fn phrases() -> Vec<String> {
    let catalogue = catalogue::Catalogue::builtin().unwrap();
    let labels: std::collections::BTreeSet<String> =
        catalogue.kinds().flat_map(|kind| kind.fields.iter().map(|field| field.label.vi.clone())).collect();
    labels.into_iter().filter(|label| label.chars().count() > 12).collect()
}

/// About 1,100 characters of text, another one for each number.
fn page(phrases: &[String], number: usize) -> String {
    let mut text = String::new();
    // Numerical Recipes' generator: the same text in every run.
    let mut state = number as u64;
    while text.len() < 1_400 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&phrases[(state >> 33) as usize % phrases.len()]);
        text.push_str(". ");
    }
    text
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Length of all payloads of the log, plain and packed by `zstd -3` (gzip where that program is missing).
fn payload_bytes(province: &Path, folder: &Path) -> (u64, u64) {
    let all = folder.join("payloads");
    let mut file = std::fs::File::create(&all).unwrap();
    each_row(province, |_, payload| file.write_all(payload).unwrap());
    drop(file);
    let raw = std::fs::metadata(&all).unwrap().len();
    let packed = |program: &str| {
        let output = Command::new(program).args(["-3", "-c"]).arg(&all).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut bytes = 0;
        std::io::copy(&mut output.stdout?, &mut Counted(&mut bytes)).ok()?;
        (bytes > 0).then_some(bytes)
    };
    let length = packed("zstd").or_else(|| packed("gzip")).unwrap();
    std::fs::remove_file(&all).unwrap();
    (raw, length)
}

struct Counted<'a>(&'a mut u64);

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        *self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn read_only(folder: &Path) -> Connection {
    Connection::open_with_flags(folder.join("lienvung.sqlite"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Entries and payloads of the province's public log.
fn each_row(folder: &Path, mut work: impl FnMut(&[u8], &[u8])) {
    let database = read_only(folder);
    let log: i64 = database.query_row("SELECT id FROM log WHERE origin = ?1", [LOG], |row| row.get(0)).unwrap();
    let mut rows = database.prepare("SELECT bytes, payload FROM entry WHERE place >= ?1 AND place < ?2 AND payload IS NOT NULL").unwrap();
    let mut rows = rows.query([log << 40, (log + 1) << 40]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        work(&row.get::<_, Vec<u8>>(0).unwrap(), &row.get::<_, Vec<u8>>(1).unwrap());
    }
}

/// Records a second of bare SQLite for the same bytes, everything computed before.
fn bare_rate(province: &Path, path: &Path, count: usize) -> f64 {
    let mut rows = Vec::with_capacity(GROUP);
    let bare = Connection::open(path).unwrap();
    bare.pragma_update(None, "journal_mode", "WAL").unwrap();
    bare.pragma_update(None, "synchronous", "FULL").unwrap();
    bare.execute_batch("CREATE TABLE entry (place INTEGER PRIMARY KEY, leaf BLOB NOT NULL, bytes BLOB NOT NULL, payload BLOB); CREATE INDEX leaf ON entry (leaf)")
        .unwrap();
    let (mut at, mut spent) = (0_i64, Duration::ZERO);
    let mut store = |rows: &mut Vec<(Vec<u8>, Vec<u8>, [u8; 32])>| {
        let started = Instant::now();
        bare.execute_batch("BEGIN").unwrap();
        for (entry, payload, leaf) in rows.drain(..) {
            at += 1;
            bare.prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3, ?4)")
                .unwrap()
                .execute(rusqlite::params![at, leaf, entry, payload])
                .unwrap();
        }
        bare.execute_batch("COMMIT").unwrap();
        spent += started.elapsed();
    };
    each_row(province, |entry, payload| {
        rows.push((entry.to_vec(), payload.to_vec(), ledger::tree::leaf_hash(entry).0));
        if rows.len() == GROUP {
            store(&mut rows);
        }
    });
    store(&mut rows);
    count as f64 / spent.as_secs_f64()
}

/// What the node above computes of hashes and signatures for the log, alone on one core.
fn hashing_seconds(province: &Path) -> f64 {
    let mut frontier = ledger::tree::Frontier::new();
    let mut spent = Duration::ZERO;
    let mut checkpoints = 0_u32;
    each_row(province, |entry, payload| {
        let started = Instant::now();
        frontier.push(ledger::tree::leaf_hash(entry));
        std::hint::black_box(exchange::log::commitment(payload));
        spent += started.elapsed();
        checkpoints += u32::from(frontier.size().is_multiple_of(GROUP as u64));
    });
    let key = NodeKey::from_seed(&[1; 32]);
    let signature = key.sign(b"checkpoint");
    let started = Instant::now();
    // A call's signature is checked with every append; a checkpoint's once, and a cosignature made.
    for _ in 0..3 * checkpoints {
        std::hint::black_box(key.public().verify(b"checkpoint", &signature));
    }
    (spent + started.elapsed()).as_secs_f64()
}

/// Brings the province's log up to a fresh node above: seconds, bytes on the wire both ways, processor seconds of the node above.
fn first_load(folder: &Path, name: &str, province: &Path, tls: &Certified, kills: u32) -> (f64, u64, f64) {
    let centre = folder.join(format!("centre-{name}"));
    let code = {
        let office = Office::open(&centre, settings(CENTRE)).unwrap();
        office.found_centre(&office.console()).unwrap();
        write_config(&centre, CENTRE);
        office.invite_node(&office.console(), PROVINCE, "Sở (minh họa)").unwrap().code
    };
    let (port, own) = (free_port(), free_port());
    let relay = Relay::to(port, Duration::ZERO);
    let files = [tls.chain.to_str().unwrap(), tls.key.to_str().unwrap(), tls.root.to_str().unwrap()];
    let above = ["--tls-certificate", files[0], "--tls-key", files[1]];
    let below = ["--trusted-certificates", files[2]];
    let mut parent = Process::serve(&centre, port, &above);
    let joined = Command::new(env!("CARGO_BIN_EXE_lienvung"))
        .args(["node", "join", &format!("https://127.0.0.1:{}", relay.port), &code, "--data", province.to_str().unwrap()])
        .args(below)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(joined.success());
    relay.bytes.store(0, Ordering::Relaxed);
    let started = Instant::now();
    let before = parent.processor_seconds();
    let mut child = Process::serve(province, own, &below);
    let goal = size_of(province).0;
    for kill in 1..=u64::from(kills) {
        // At even shares of the way, the two in turn.
        while size_of(&centre).0 < goal * kill / (u64::from(kills) + 1) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if kill % 2 == 0 {
            drop(std::mem::replace(&mut child, Process(Command::new("true").spawn().unwrap())));
            child = Process::serve(province, own, &below);
        } else {
            drop(std::mem::replace(&mut parent, Process(Command::new("true").spawn().unwrap())));
            parent = Process::serve(&centre, port, &above);
        }
    }
    while size_of(province).1 < goal {
        std::thread::sleep(Duration::from_millis(50));
    }
    let seconds = started.elapsed().as_secs_f64();
    (seconds, relay.bytes.load(Ordering::Relaxed), parent.processor_seconds() - before)
}

/// Entries of the province's public log in a folder, and how many of them the node above has acknowledged.
fn size_of(folder: &Path) -> (u64, u64) {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, Option<String>>(1)?));
    let Ok((size, receipt)) = read_only(folder).query_row("SELECT size, receipt FROM log WHERE origin = ?1", [LOG], read) else {
        return (0, 0);
    };
    (size, receipt.and_then(|note| note.lines().nth(1)?.parse().ok()).unwrap_or(0))
}

/// The proof of one record in the whole log: its file, and how long checking it takes.
fn receipt(province: &Path) {
    let office = Office::open(province, settings(PROVINCE)).unwrap();
    let console = office.console();
    let listed = office.ledger().read(|r| r.list("public", "article", None, 1)).unwrap();
    let form = ReceiptForm { record: listed[0].rec, audience: Audience::Public, version: None, with_payload: false };
    let receipt = office.receipt(&console, &form).unwrap();
    let keys = office.keys_for(&console, &receipt).unwrap();
    let text = receipt.to_string();
    let mut times: Vec<Duration> = (0..101)
        .map(|_| {
            let started = Instant::now();
            Receipt::parse(&text).unwrap().verify(&keys).unwrap();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    say(
        "  G7 proof of one record (goal ≤ 1.5 KB, checked in ≤ 1 ms)",
        &format!("{} bytes, {:.2} ms", text.len(), times[50].as_secs_f64() * 1e3),
    );
}

/// From an officer's save, durable at the province, to the Centre's signature for it, on a line that is idle otherwise and has this way.
fn lag(folder: &Path, tls: &Certified, way: Duration) {
    let folder = folder.join(format!("lag-{}", way.as_millis()));
    let centre = folder.join("centre");
    let code = {
        let office = Office::open(&centre, settings(CENTRE)).unwrap();
        office.found_centre(&office.console()).unwrap();
        write_config(&centre, CENTRE);
        office.invite_node(&office.console(), PROVINCE, "Sở (minh họa)").unwrap().code
    };
    let port = free_port();
    let _parent =
        Process::serve(&centre, port, &["--tls-certificate", tls.chain.to_str().unwrap(), "--tls-key", tls.key.to_str().unwrap()]);
    let office = Office::open(&folder.join("province"), settings(PROVINCE)).unwrap();
    let who = officer(&office);
    let line: Arc<dyn Line> = Arc::new(web::HttpLine::trusting(&tls.root).unwrap());
    let address = format!("https://127.0.0.1:{}", Relay::to(port, way).port);
    office.join(&office.console(), line.as_ref(), &address, &code).unwrap();
    office.start_exchange(line.clone());
    std::thread::sleep(Duration::from_secs(3));
    let mut times = Vec::new();
    for at in 0..40 {
        let data = json!({"title": sentence(at), "text": "Minh họa.", "state": "published", "published_day": "2026-01-02", "owner": MINISTRY, "illustrative": true});
        let id = office.submit(&who, Draft { id: None, kind: "article".into(), data, previous: None }).unwrap().id;
        let started = Instant::now();
        while office.arrival(&who, id).unwrap().get(1).is_none_or(|place| place.at.is_none()) {
            std::thread::sleep(Duration::from_micros(500));
        }
        times.push(started.elapsed());
        // Until the views of both nodes have followed: the line is idle, and so are they.
        std::thread::sleep(Duration::from_millis(300));
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    // The limit: two questions over the same line, and two writes that wait for the disk.
    let key = NodeKey::from_seed(&[9; 32]);
    let (origin, node) = (Origin::parse(LOG).unwrap(), NodeName::parse("ai.do").unwrap());
    let ways = median(
        (0..40)
            .map(|_| {
                let wire = write_request(&origin, &exchange::protocol::Request::ReadReceipt);
                let fields = sign(wire.target(), &node, &key, 0);
                let started = Instant::now();
                line.carry(&address, &wire, &fields).unwrap();
                started.elapsed()
            })
            .collect(),
    );
    let bare = Connection::open(folder.join("lag.sqlite")).unwrap();
    bare.pragma_update(None, "journal_mode", "WAL").unwrap();
    bare.pragma_update(None, "synchronous", "FULL").unwrap();
    bare.execute_batch("CREATE TABLE one (at INTEGER PRIMARY KEY, text TEXT)").unwrap();
    let writes = median(
        (0..40)
            .map(|at| {
                let started = Instant::now();
                bare.execute("INSERT INTO one VALUES (?1, 'x')", [at]).unwrap();
                started.elapsed()
            })
            .collect(),
    );
    let (lag, limit) = (median(times), 2.0 * ways + 2.0 * writes);
    say(
        &format!("G6 lag from save to signature, idle line of {} ms there and back (goal ≤ 3 ×)", 2 * way.as_millis()),
        &format!("{:.1} × ({lag:.1} ms; two ways and two writes {limit:.1} ms)", lag / limit),
    );
}

/// A node above that holds the logs of 400 nodes below.
fn many_logs(folder: &Path, tls: &Certified) {
    let centre = folder.join("centre-many");
    let count = 400;
    let port = free_port();
    let address = format!("https://127.0.0.1:{port}");
    let line = web::HttpLine::trusting(&tls.root).unwrap();
    let (codes, centre_key) = {
        let office = Office::open(&centre, settings(CENTRE)).unwrap();
        let founded = office.found_centre(&office.console()).unwrap();
        write_config(&centre, CENTRE);
        let codes: Vec<String> =
            (0..count).map(|at| office.invite_node(&office.console(), &format!("donvi.{at}"), "Đơn vị (minh họa)").unwrap().code).collect();
        (codes, founded.centre_key)
    };
    let parent = Process::serve(&centre, port, &["--tls-certificate", tls.chain.to_str().unwrap(), "--tls-key", tls.key.to_str().unwrap()]);
    let names: Vec<NodeName> = (0..count).map(|at| NodeName::parse(&format!("donvi.{at}")).unwrap()).collect();
    let keys: Vec<NodeKey> = (0..count).map(|_| NodeKey::generate()).collect();
    let now = || u64::try_from(Clock::Machine.now() / 1_000_000).unwrap();
    let mut statements = Vec::new();
    for ((name, key), code) in names.iter().zip(&keys).zip(&codes) {
        let body = serde_json::to_vec(&json!({"code": code, "vkey": key.public().vkey(&format!("lv1/{}", name.as_str()))})).unwrap();
        let wire = office::Wire { method: "POST", path: "/join".into(), query: String::new(), body, coding: office::Coding::Identity };
        let fields = sign(wire.target(), name, key, now());
        assert_eq!(line.carry(&address, &wire, &fields).unwrap().status, 200);
        statements.push(Statement::Node { name: name.clone(), key: key.public(), title: String::new() });
    }
    let top = NodeName::parse(CENTRE).unwrap();
    let directory = Directory::of(&top, centre_key, &std::collections::BTreeMap::from([(top.clone(), statements)]));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for part in 0..8 {
            let (names, keys, line, address, directory, top) = (&names, &keys, &line, &address, &directory, &top);
            scope.spawn(move || {
                for at in (part..count).step_by(8) {
                    bring_up(&names[at], &keys[at], line, address, directory, top);
                }
            });
        }
    });
    let resident = parent.resident();
    say(
        "G8 memory of a node above that holds 400 logs (goal ≤ 300 MB)",
        &format!("{resident:.0} MB after 400 × 500 records in {:.1} s", started.elapsed().as_secs_f64()),
    );
}

/// A node below in memory, which writes 500 records and brings them up.
fn bring_up(name: &NodeName, key: &NodeKey, line: &web::HttpLine, address: &str, directory: &Directory, top: &NodeName) {
    let origin = Origin::of(name, "public").unwrap();
    let mut shelf = MemoryShelf::new();
    for at in 0..500 {
        let payload = Payload::make(&json!({"title": sentence(at), "text": sentence(at * 7)}), &[]).unwrap();
        let op = Op::Put {
            rec: RecordId::new(),
            typ: "article".into(),
            cat: 0,
            ver: 1,
            prev: None,
            pay: payload.commitment,
            len: payload.bytes.len() as u64,
        };
        let bytes = Entry::new(Clock::Machine.now(), op).to_bytes().unwrap();
        append(&mut shelf, &origin, CheckedEntry::read(&bytes, Some(&payload.bytes)).unwrap()).unwrap();
    }
    let mut owner = Owner::new(origin.clone(), top.clone(), Voice::Owner(Box::new(key.clone())));
    let mut event = Event::Wake;
    loop {
        let now = Clock::Machine.now() / 1_000_000;
        let effects = owner.step(&mut shelf, directory, event, Moment { now, id: RecordId::new() }).unwrap();
        let request = effects.into_iter().find_map(|effect| match effect {
            Effect::Send(request) => Some(request),
            _ => None,
        });
        let Some(request) = request else { break };
        let mut wire = write_request(&origin, &request);
        wire.compress();
        let fields = sign(wire.target(), name, key, u64::try_from(now).unwrap());
        let answer = line.carry(address, &wire, &fields).unwrap();
        event = read_answer(&request, &answer).map_or(Event::Failed, Event::Answer);
    }
}
