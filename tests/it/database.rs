//! A node whose ledger lies in PostgreSQL, and one that moves there and back.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use office::{Clock, Office, RecordId, Role, Settings};
use serde_json::{Value, json};

use crate::form_version::second_version;
use crate::people::{MINISTRY, person};

fn run(data: &Path, words: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).arg("--data").arg(data).output().unwrap();
    (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

/// Logs with sizes and roots, views with digests.
fn verified(data: &Path) -> (Value, Vec<Value>) {
    let (worked, said) = run(data, &["verify", "--json"]);
    assert!(worked, "{said}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["problems"], json!([]));
    (report["logs"].clone(), report["views"].as_array().unwrap().iter().map(|view| json!([view["name"], view["digest"]])).collect())
}

/// A database of its own on the server of `LIENVUNG_TEST_POSTGRES`, made with the server's own client.
struct Database {
    server: String,
    name: String,
}

impl Database {
    fn new() -> Option<Database> {
        let Ok(server) = std::env::var("LIENVUNG_TEST_POSTGRES") else {
            println!("skipped: no PostgreSQL (LIENVUNG_TEST_POSTGRES is not set)");
            return None;
        };
        let name = format!("lienvung_it_{}", office::RecordId::new().to_string().replace('-', ""));
        let database = Database { server, name };
        database.say(&format!("CREATE DATABASE {} TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8'", database.name));
        Some(database)
    }

    fn say(&self, statement: &str) {
        let output = Command::new("psql").args([&self.server, "-qc", statement]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// What a question brings.
    fn ask(&self, question: &str) -> String {
        let output = Command::new("psql").args([&self.address(), "-XAtqc", question]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The sessions in which a program carries the exchange.
    fn leaders(&self) -> String {
        self.ask(
            "SELECT string_agg(pid::text, ' ') FROM pg_locks l JOIN pg_database d ON d.oid = l.database
             WHERE l.locktype = 'advisory' AND l.objid = 1280732261 AND l.granted AND d.datname = current_database()",
        )
    }

    fn address(&self) -> String {
        let (place, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        format!("{}/{}?{options}", place.rsplit_once('/').unwrap().0, self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.say(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

#[test]
fn a_node_moves_to_postgres_and_back_with_the_same_logs_and_views() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (worked, said) = run(&data, &["generate", "--tasks", "12"]);
    assert!(worked, "{said}");
    let before = verified(&data);

    let (worked, said) = run(&data, &["move-database", "--to", &database.address()]);
    assert!(worked && said.contains("sổ cái trùng khớp"), "{said}");
    assert!(!data.join("lienvung.sqlite").exists() && data.join("lienvung.sqlite.moved").exists());
    assert_eq!(verified(&data), before);

    // It is worked with as before, and what cannot be done there is said.
    let (_, said) = run(&data, &["doctor"]);
    assert!(said.contains("Không có máy dự phòng đồng bộ"), "{said}");
    let (worked, said) = run(&data, &["user", "add", "cv.moi", "--role", "officer"]);
    assert!(worked, "{said}");
    let (worked, said) = run(&data, &["backup", folder.path().join("copy").to_str().unwrap()]);
    assert!(!worked && said.contains("pg_dump") && !folder.path().join("copy").exists(), "{said}");
    let (worked, said) = run(&data, &["move-database", "--to", &database.address()]);
    assert!(!worked && said.contains("đã có sổ cái"), "{said}");

    let (worked, said) = run(&data, &["move-database", "--to", "sqlite"]);
    assert!(worked, "{said}");
    assert_eq!(verified(&data), before);
    let (_, accounts) = run(&data, &["user", "list"]);
    assert!(accounts.contains("cv.moi"), "{accounts}");
    let (worked, said) = run(&data, &["doctor", "--database", &database.address()]);
    assert!(!worked && said.contains("move-database"), "{said}");
}

#[test]
fn a_new_node_begins_in_postgres_when_it_is_named_and_its_settings_are_for_its_owner_alone() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (worked, said) = run(&data, &["generate", "--tasks", "3", "--database", &database.address()]);
    assert!(worked, "{said}");
    assert!(!data.join("lienvung.sqlite").exists());
    verified(&data);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(data.join("lienvung.toml")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// A database server of its own for one test, which may stop it.
struct Server(tempfile::TempDir);

impl Server {
    /// Starts it and returns its address.
    fn start(&self) -> String {
        self.script(&["start"], &[])
    }

    fn cut_power(&self) {
        self.script(&["stop"], &["immediate"]);
    }

    fn script(&self, before: &[&str], after: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/postgres");
        let output = Command::new(script).args(before).arg(self.0.path()).args(after).output().unwrap();
        assert!(output.status.success() || std::thread::panicking(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cut_power();
    }
}

/// A running node, ended when dropped.
struct Node(std::process::Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the node of a folder and says where it listens.
fn serve(data: &Path) -> (Node, String) {
    let (node, address, _) = serve_with(data, &[]);
    (node, address)
}

/// Starts a node and says where it listens, and what it said before.
fn serve_with(data: &Path, words: &[&str]) -> (Node, String, String) {
    let child = Command::new(env!("CARGO_BIN_EXE_lienvung"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut node = Node(child);
    let mut lines = BufReader::new(node.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = String::new();
    loop {
        let line = lines.next().unwrap();
        if let Some(address) = line.strip_prefix("Đang chạy tại http://") {
            return (node, address.to_owned(), said);
        }
        said.push_str(&line);
    }
}

/// Status and page.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[test]
fn a_running_node_says_that_its_database_is_away_and_goes_on_when_it_is_back() {
    if std::env::var("LIENVUNG_TEST_POSTGRES").is_err() {
        println!("skipped: no PostgreSQL (LIENVUNG_TEST_POSTGRES is not set)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server(tempfile::tempdir().unwrap());
    let address = server.start();
    let (worked, said) = run(&data, &["generate", "--tasks", "2", "--database", &address]);
    assert!(worked, "{said}");
    let settings = std::fs::read_to_string(data.join("lienvung.toml")).unwrap();
    let body = settings.lines().find_map(|line| line.strip_prefix("body = \"")).unwrap().trim_end_matches('"').to_owned();
    let record = format!("/r/{body}");

    let (node, at) = serve(&data);
    assert_eq!(get(&at, &record).0, 200);
    server.cut_power();
    let (status, page) = get(&at, &record);
    assert!(status == 503 && page.contains("Chưa kết nối được máy chủ cơ sở dữ liệu"), "{status} {page}");
    server.start();
    assert_eq!(get(&at, &record).0, 200);
    drop(node);
}

/// Waits until it is so; a test that waits for ever is ended by whoever runs it.
fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// Imports a person with this name, beside the server that runs on the folder.
fn import_person(data: &Path, name: &str) {
    let table = data.join("person.csv");
    std::fs::write(&table, format!("name\n{name}\n")).unwrap();
    let (worked, said) = run(data, &["import", "person", table.to_str().unwrap()]);
    assert!(worked, "{said}");
}

/// Entries of the node's public log, and how many of them are signed.
fn signed(data: &Path) -> (u64, u64) {
    let (worked, said) = run(data, &["status", "--json"]);
    assert!(worked, "{said}");
    let status: Value = serde_json::from_str(&said).unwrap();
    let log = status["logs"].as_array().unwrap().iter().find(|log| log["origin"].as_str().unwrap().ends_with("/public")).unwrap();
    (log["next"].as_u64().unwrap(), log["signed"].as_u64().unwrap())
}

#[test]
fn two_servers_on_one_database_find_each_others_records_and_the_one_left_carries_the_exchange_on() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let (worked, said) = run(&first, &["generate", "--tasks", "2", "--database", &database.address()]);
    assert!(worked, "{said}");
    let (worked, said) = run(&first, &["node", "init", "--centre"]);
    assert!(worked, "{said}");
    let (one, at_one) = serve(&first);
    until(|| !database.leaders().is_empty());
    let leader = database.leaders();

    std::fs::create_dir(&second).unwrap();
    for name in ["lienvung.toml", "node.key"] {
        std::fs::copy(first.join(name), second.join(name)).unwrap();
    }
    let (two, at_two) = serve(&second);
    let is_found = |at: &str, name: &str| get(at, "/api/v1/records?kind=person&limit=100").1.contains(name);
    import_person(&first, "Người ghi ở máy thứ nhất");
    until(|| is_found(&at_two, "Người ghi ở máy thứ nhất"));
    import_person(&second, "Người ghi ở máy thứ hai");
    until(|| is_found(&at_one, "Người ghi ở máy thứ hai"));
    until(|| signed(&second).0 == signed(&second).1);
    assert_eq!(database.leaders(), leader, "one of them carries, the one that began");

    let before = signed(&second);
    drop(one);
    import_person(&second, "Người ghi khi còn một máy");
    until(|| is_found(&at_two, "Người ghi khi còn một máy"));
    until(|| signed(&second).1 > before.1);
    let next = database.leaders();
    assert!(next != leader && !next.contains(' '), "{leader} {next}");
    drop(two);

    // What was signed and received goes along when the node moves.
    let (_, accounts) = run(&second, &["user", "list"]);
    let before = verified(&second);
    let signed_before = signed(&second);
    let third = folder.path().join("third");
    let node = before.0[0]["origin"].as_str().unwrap().split('/').nth(1).unwrap().to_owned();
    let words = ["--node", &node, "--body", "Bộ Khoa học và Công nghệ", "--admin", "quantri", "--database", &database.address()];
    let (further, _, said) = serve_with(&third, &words);
    assert!(said.contains("máy chủ thêm") && !said.contains("/dang-nhap/"), "{said}");
    drop(further);
    assert_eq!(run(&third, &["user", "list"]).1, accounts);
    let (worked, said) = run(&second, &["move-database", "--to", "sqlite"]);
    assert!(worked, "{said}");
    assert_eq!((verified(&second), signed(&second)), (before, signed_before));
}

#[test]
fn a_form_adopted_or_withdrawn_at_one_server_is_so_at_the_other() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let settings = Settings {
            node: "bo.khcn".into(),
            body: RecordId::parse("0193a000-0000-7000-8000-000000000001").unwrap(),
            clock: Clock::standing_at(jiff::civil::date(2026, 11, 23)),
            database: Some(ledger::DatabaseAddress::parse(&database.address()).unwrap()),
        };
        Office::open(&folder.path().join(name), settings).unwrap()
    };
    let (first, second) = (open("first"), open("second"));
    let version = |office: &Office| office.catalogue().kind("technology").unwrap().version;
    let admin = person(&first, "bo.qt", MINISTRY, Role::Administrator);
    first.receive_form(&admin, &second_version("2026-11-01")).unwrap();
    first.adopt_form(&admin, "technology", 2).unwrap();
    until(|| version(&second) == 2);
    second.withdraw_form(&admin, "technology", 2).unwrap();
    until(|| version(&first) == 1);
}

#[test]
fn an_address_that_cannot_be_used_is_refused_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    for (address, words) in [
        ("mysql://a:secret@localhost/b", "phải bắt đầu bằng postgres://"),
        ("postgres://a:secret@db.example.gov.vn/b", "sslmode=disable"),
        ("postgres://a:secret@127.0.0.1:1/b", "Chưa kết nối được máy chủ cơ sở dữ liệu"),
    ] {
        let data = folder.path().join("data");
        let (worked, said) = run(&data, &["generate", "--tasks", "1", "--database", address]);
        assert!(!worked && said.contains(words) && !said.contains("secret"), "{address}: {said}");
        let _ = std::fs::remove_dir_all(&data);
    }
}
