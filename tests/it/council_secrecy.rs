//! Secret ballot: no table, log, backup or timestamp links a ballot to a member or to a slip.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::council::{Meeting, meeting, nine_members};
use crate::visit::{Visit, encoded};

/// What the program logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// A runtime all of whose threads log everything into `log`.
fn logged(log: &Log) -> tokio::runtime::Runtime {
    let log = log.clone();
    // While there is only one listener, a place in the code that another test's thread reaches first is taken to be of no interest to anybody.
    std::mem::forget(tracing::Dispatch::new(tracing_subscriber::registry()));
    let listen = move || {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
        std::mem::forget(tracing::subscriber::set_default(subscriber));
    };
    listen();
    tokio::runtime::Builder::new_current_thread().enable_all().on_thread_start(listen).build().unwrap()
}

/// Every file below a folder with its bytes and when it was last written.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), (std::fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap()));
            }
        }
    }
    found
}

/// Every row of every table of an SQLite file, and the names of the columns.
fn dump(file: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut lines = Vec::new();
    for table in tables {
        let mut rows = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns: Vec<String> = rows.column_names().map(str::to_owned).collect();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = columns
                .iter()
                .enumerate()
                .map(|(at, column)| format!("{column}={:?}", row.get::<_, rusqlite::types::Value>(at).unwrap()))
                .collect();
            lines.push(format!("{table}: {}", cells.join(" | ")));
        }
    }
    lines
}

fn is_sqlite(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "sqlite")
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Every form in which a slip could have been kept.
fn traces_of(slip: &str) -> Vec<Vec<u8>> {
    let plain = slip.replace('-', "");
    let mut traces =
        vec![slip.as_bytes().to_vec(), slip.to_lowercase().into_bytes(), plain.as_bytes().to_vec(), plain.to_lowercase().into_bytes()];
    for text in [slip, &plain] {
        let hash = office::sha256(text.as_bytes());
        let bytes = hash.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        traces.push(bytes.collect());
        traces.push(hash.into_bytes());
    }
    traces
}

/// Nine members vote in this order, each in a session of somebody who is signed in; after every ballot `between` looks at the node.
async fn hold(meeting: &Meeting, marks: &[&str], mut between: impl FnMut(usize)) -> Vec<String> {
    let slips = meeting.slips().await;
    between(0);
    for (at, (slip, mark)) in slips.iter().zip(marks).enumerate() {
        let paper = Visit::post("/bo-phieu", format!("slip={}", encoded(slip))).by(Some(&meeting.own)).send(&meeting.router).await;
        assert!(paper.status == StatusCode::OK && !paper.text.contains("daklak.cv"), "the page does not look at sessions");
        let form = format!("slip={}&mark={mark}", encoded(slip));
        let cast = Visit::post("/bo-phieu/gui", form.clone()).by(Some(&meeting.own)).send(&meeting.router).await;
        assert_eq!(cast.status, StatusCode::SEE_OTHER);
        assert!(!cast.place.contains(slip.as_str()));
        let twice = Visit::post("/bo-phieu/gui", form).by(Some(&meeting.own)).send(&meeting.router).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
        between(at + 1);
    }
    assert_eq!(meeting.post("/dong-bo-phieu", "a=b").await.status, StatusCode::SEE_OTHER);
    slips
}

const MARKS: [&str; 9] = ["excellent", "passed", "failed", "blank", "passed", "passed", "excellent", "failed", "passed"];

#[test]
fn no_file_log_backup_or_timestamp_knows_a_ballot_or_a_slip() {
    let (folder, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = Log::default();
    let runtime = logged(&log);
    let meeting = meeting(folder.path(), nine_members());
    let mut first = None;
    let slips = runtime.block_on(hold(&meeting, &MARKS, |ballots| {
        if ballots == 0 {
            meeting.office.settle(std::time::Duration::from_secs(20));
        }
        // A backup as the operator takes it, between two ballots.
        let backup = backups.path().join(ballots.to_string());
        if ballots % 4 == 0 {
            meeting.office.ledger().backup(&backup, &mut |_, _| {}).unwrap();
        }
        let now = files(folder.path());
        match &first {
            None => first = Some(now),
            // Not one byte in any file is another, the write-ahead log included, and no file was written again.
            Some(first) => assert!(*first == now, "ballot {ballots} has changed a file"),
        }
    }));
    assert!(dump(&backups.path().join("0/lienvung.sqlite")) == dump(&backups.path().join("8/lienvung.sqlite")));

    meeting.office.settle(std::time::Duration::from_secs(20));
    let mut everything = files(folder.path());
    everything.extend(files(backups.path()));
    let logged = log.0.lock().unwrap().clone();
    assert!(contains(&logged, b"/mo-bo-phieu"), "the log is listened to: {}", String::from_utf8_lossy(&logged));
    assert!(!contains(&logged, b"/bo-phieu"), "requests to the ballot page are in no log: {}", String::from_utf8_lossy(&logged));
    everything.insert(PathBuf::from("log"), (logged, SystemTime::now()));
    let tables: Vec<String> = everything.keys().filter(|path| is_sqlite(path)).flat_map(|path| dump(path)).collect();
    let audit: Vec<Value> =
        meeting.office.audit_trail(&meeting.office.console(), None, 1_000).unwrap().into_iter().map(|entry| json!(entry)).collect();
    everything.insert(PathBuf::from("tables"), (tables.join("\n").into_bytes(), SystemTime::now()));
    everything.insert(PathBuf::from("audit trail"), (json!(audit).to_string().into_bytes(), SystemTime::now()));
    for slip in &slips {
        for trace in traces_of(slip) {
            for (path, (bytes, _)) in &everything {
                assert!(!contains(bytes, &trace), "{} holds {}", path.display(), String::from_utf8_lossy(&trace));
            }
        }
    }
    // What is kept of the ballot are its opening and closing, and sums.
    let deeds: Vec<&str> = audit.iter().filter_map(|entry| entry["action"].as_str()).filter(|deed| deed.starts_with("council.")).collect();
    assert_eq!(deeds, ["council.ballot_close", "council.ballot_open", "council.create"]);
    let votes = json!([{"choice": "excellent", "ballots": 2}, {"choice": "passed", "ballots": 4}, {"choice": "failed", "ballots": 2}]);
    assert_eq!(meeting.data()["votes"], votes);
    let open = dump(&folder.path().join("lienvung.sqlite")).into_iter().filter(|line| line.contains("drawer=Text(\"ballot\")")).count();
    assert_eq!(open, 0, "nothing of the ballot is left in the cabinet");
}

/// What a node holds after a ballot, without what is random or new in every folder.
fn kept(marks: &[&str]) -> (Value, Vec<(String, String)>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let meeting = meeting(folder.path(), nine_members());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(hold(&meeting, marks, |_| {}));
    meeting.office.settle(std::time::Duration::from_secs(20));
    let mut data = meeting.data();
    data["subject"] = Value::Null;
    let audit = meeting.office.audit_trail(&meeting.office.console(), None, 1_000).unwrap();
    let audit = audit.into_iter().map(|entry| (entry.action, entry.note)).collect();
    let mut drawers: Vec<String> = dump(&folder.path().join("lienvung.sqlite"))
        .into_iter()
        .filter_map(|line| line.strip_prefix("cabinet: ").map(|line| line.split(" | ").next().unwrap_or_default().to_owned()))
        .collect();
    drawers.sort();
    (data, audit, drawers)
}

#[test]
fn whoever_voted_for_what_in_whatever_order_the_node_holds_the_same() {
    let mut turned = MARKS;
    turned.reverse();
    turned.swap(0, 3);
    assert_ne!(turned, MARKS);
    assert_eq!(kept(&MARKS), kept(&turned));
}
