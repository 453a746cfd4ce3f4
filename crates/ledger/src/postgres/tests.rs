//! What happens when the server goes away, and which databases and addresses are refused.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::connection::Connection;
use super::{DatabaseAddress, PostgresStore, schema};
use crate::error::LedgerError;
use crate::store::Store;
use crate::store::bed::{Bed, run};

fn open(address: &str) -> Result<PostgresStore, LedgerError> {
    PostgresStore::open(&DatabaseAddress::parse(address).unwrap())
}

fn keep(store: &dyn Store, key: &str) -> Result<(), LedgerError> {
    let key = key.to_owned();
    store.transact(Box::new(move |w| w.set_meta(&key, "kept")))
}

fn kept(store: &dyn Store, key: &str) -> bool {
    let mut found = None;
    store
        .snapshot(&mut |r| {
            found = r.meta(key)?;
            Ok(())
        })
        .unwrap();
    found.is_some()
}

/// Where a proxy breaks the connection.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Requests still reach the server, its answers get lost from this one on.
    Answers,
    /// Requests no longer reach the server from this one on.
    Requests,
}

/// Stands between the store and the server and breaks the connection at a message that was chosen.
struct Proxy {
    address: String,
    answers_left: Arc<AtomicU32>,
    requests_left: Arc<AtomicU32>,
}

impl Proxy {
    fn before(bed: &Bed) -> Proxy {
        let address = bed.address();
        let socket = address.split_once("host=").unwrap().1;
        let socket = PathBuf::from(format!("{socket}/.s.PGSQL.5432"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let (answers_left, requests_left) = (Arc::new(AtomicU32::new(u32::MAX)), Arc::new(AtomicU32::new(u32::MAX)));
        let (answers, requests) = (answers_left.clone(), requests_left.clone());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), UnixStream::connect(&socket).unwrap());
                let (client_back, server_back, answers, requests) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), answers.clone(), requests.clone());
                std::thread::spawn(move || pass(client, server, b'S', true, &requests));
                std::thread::spawn(move || pass(server_back, client_back, b'Z', false, &answers));
            }
        });
        let name = address.split_once('?').unwrap().0.rsplit_once('/').unwrap().1.to_owned();
        Proxy { address: format!("postgres://lienvung@{place}/{name}"), answers_left, requests_left }
    }

    fn cut_after(&self, cut: Cut, messages: u32) {
        let left = match cut {
            Cut::Answers => &self.answers_left,
            Cut::Requests => &self.requests_left,
        };
        left.store(messages, Ordering::SeqCst);
    }
}

/// A stream of the proxy.
trait Stream: Read + Write {
    fn end(&self);
}

impl Stream for TcpStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Stream for UnixStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Passes messages on until `left` of the kind that ends an exchange have gone through.
fn pass(mut from: impl Stream, mut to: impl Stream, ends_exchange: u8, mut first: bool, left: &AtomicU32) {
    loop {
        // The first message of a client has no kind.
        let mut head = vec![0; if first { 4 } else { 5 }];
        if from.read_exact(&mut head).is_err() {
            to.end();
            return;
        }
        let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
        let mut body = vec![0; length as usize - 4];
        let counts = !first && head[0] == ends_exchange;
        first = false;
        if from.read_exact(&mut body).is_err() {
            to.end();
            return;
        }
        if counts && left.load(Ordering::SeqCst) != u32::MAX && left.fetch_sub(1, Ordering::SeqCst) == 0 {
            left.store(u32::MAX, Ordering::SeqCst);
            from.end();
            to.end();
            return;
        }
        head.extend(body);
        if to.write_all(&head).is_err() {
            from.end();
            return;
        }
    }
}

#[test]
fn wherever_the_connection_breaks_the_answer_says_what_is_stored() {
    let Some(bed) = Bed::postgres() else { return };
    let proxy = Proxy::before(&bed);
    let store = open(&proxy.address).unwrap();
    keep(&store, "first").unwrap();
    let (mut stored, mut lost) = (0, 0);
    for cut in [Cut::Answers, Cut::Requests] {
        // Begin, lock, logs; savepoint, value, release; number, commit.
        for messages in 0..9 {
            let key = format!("{cut:?} {messages}");
            proxy.cut_after(cut, messages);
            let answer = keep(&store, &key);
            proxy.cut_after(cut, u32::MAX);
            match &answer {
                Ok(()) => stored += 1,
                Err(LedgerError::Unreachable(_)) => lost += 1,
                Err(_) => panic!("{key}: {answer:?}"),
            }
            assert_eq!(kept(&store, &key), answer.is_ok(), "{key}: {answer:?}");
            keep(&store, &format!("{key} again")).unwrap();
        }
    }
    // Broken while it begins, a transaction is begun again; broken while it commits, its outcome is asked for; broken between, it has not been. How many
    // messages lie between depends on what is already waiting: both outcomes must have been met, several times.
    assert!(stored >= 6 && lost >= 4, "{stored} {lost}");
}

/// A server of its own for one test, which may stop it.
struct Server {
    folder: tempfile::TempDir,
    address: String,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let address = script(&["start", folder.path().to_str().unwrap()]);
        Server { folder, address }
    }

    fn cut_power(&self) {
        script(&["stop", self.folder.path().to_str().unwrap(), "immediate"]);
    }

    fn start_again(&self) {
        script(&["start", self.folder.path().to_str().unwrap()]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new(script_path()).args(["stop", self.folder.path().to_str().unwrap(), "immediate"]).output();
    }
}

fn script_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres")
}

fn script(arguments: &[&str]) -> String {
    let output = Command::new(script_path()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_server_killed_while_many_write_has_all_it_acknowledged_and_nothing_it_denied() {
    if Bed::postgres().is_none() {
        return;
    }
    let server = Server::start();
    let bed = Bed::on(&server.address);
    let store = bed.open();
    let (stop, denied) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    let acknowledged = std::thread::scope(|scope| {
        let mut writers = Vec::new();
        for writer in 0..8 {
            let (store, stop, denied) = (&store, &stop, &denied);
            writers.push(scope.spawn(move || {
                let mut acknowledged = Vec::new();
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("{writer}/{turn}");
                    match keep(&**store, &key) {
                        Ok(()) => acknowledged.push(key),
                        Err(LedgerError::Unreachable(_)) => {
                            denied.lock().unwrap().insert(key);
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                acknowledged
            }));
        }
        for round in 0..5 {
            std::thread::sleep(Duration::from_millis(150 + 40 * round));
            server.cut_power();
            server.start_again();
        }
        // One server that is there again is enough: the store has gone on by itself.
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        for writer in writers {
            acknowledged.extend(writer.join().unwrap());
        }
        acknowledged
    });
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    for key in &acknowledged {
        assert!(kept(&*store, key), "{key} was acknowledged and is gone");
    }
    for key in denied.lock().unwrap().iter() {
        assert!(!kept(&*store, key), "{key} was denied and is there");
    }
    keep(&*store, "after").unwrap();
}

#[test]
fn a_reader_whose_connections_were_ended_reads_on_new_ones() {
    let Some(bed) = Bed::postgres() else { return };
    let store = bed.open();
    keep(&*store, "first").unwrap();
    assert!(kept(&*store, "first"));
    run(
        &bed.address(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    assert!(kept(&*store, "first"));
    keep(&*store, "second").unwrap();
}

#[test]
fn a_run_that_ends_in_good_order_leaves_no_row_behind() {
    let Some(bed) = Bed::postgres() else { return };
    let rows = || -> i64 {
        let connection = Connection::open(&DatabaseAddress::parse(&bed.address()).unwrap()).unwrap();
        connection.query("SELECT COUNT(*) FROM writer", &[]).unwrap()[0].get(0)
    };
    let store = bed.open();
    keep(&*store, "first").unwrap();
    assert_eq!(rows(), 1);
    drop(store);
    assert_eq!(rows(), 0);
}

#[test]
fn a_thread_that_drives_asynchronous_work_may_use_and_close_the_store() {
    let Some(bed) = Bed::postgres() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let address = bed.address();
    runtime.block_on(async {
        let store = open(&address).unwrap();
        keep(&store, "first").unwrap();
        assert!(kept(&store, "first"));
    });
    let worker = runtime.spawn(async move { kept(&open(&address).unwrap(), "first") });
    assert!(runtime.block_on(worker).unwrap());
}

#[test]
fn databases_of_newer_programs_and_of_other_programs_are_refused_untouched() {
    let Some(bed) = Bed::postgres() else { return };
    drop(bed.open());
    run(&bed.address(), "UPDATE lienvung_schema SET step = 99");
    let newer = open(&bed.address());
    assert!(matches!(newer, Err(LedgerError::Newer { found: 99, .. })), "{newer:?}");

    let Some(bed) = Bed::postgres() else { return };
    run(&bed.address(), "CREATE TABLE theirs (a INT)");
    let foreign = open(&bed.address());
    assert!(matches!(&foreign, Err(LedgerError::Foreign(text)) if text.contains("other tables")), "{foreign:?}");
    let rows = Connection::open(&DatabaseAddress::parse(&bed.address()).unwrap())
        .unwrap()
        .query("SELECT COUNT(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'", &[])
        .unwrap();
    assert_eq!(rows[0].get::<_, i64>(0), 1);
}

#[test]
fn both_engines_are_at_the_same_step() {
    assert_eq!(schema::STEPS.len(), crate::sqlite::steps());
}

#[test]
fn addresses_that_cannot_be_used_are_refused_without_repeating_the_password() {
    for (address, why) in [
        ("mysql://a:secret@localhost/b", "begins with postgres://"),
        ("postgres://a:secret@localhost:port/b", "port"),
        ("postgres://a:secret@localhost/b?colour=red", "colour"),
        ("postgres://a:secret@localhost/b?sslmode=require", "needs sslrootcert"),
        ("postgres://a:secret@db.example.gov.vn/b?sslmode=verify-full&sslrootcert=/nowhere/roots.pem", "/nowhere/roots.pem"),
        ("postgres://a:secret@h1,h2/b?sslmode=disable&port=1", "port"),
        ("postgres://a:secret@h1:1,h2:2/b?hostaddr=10.0.0.1&sslmode=disable", "as many"),
        ("postgres://a:secret@db.example.gov.vn/b", "another machine"),
        ("postgres://a:secret@10.0.0.7/b", "another machine"),
        ("", "begins with postgres://"),
    ] {
        match DatabaseAddress::parse(address) {
            Err(fault) => {
                let text = fault.to_string();
                assert!(text.contains(why) && !text.contains("secret"), "{address}: {text}");
            }
            Ok(read) => panic!("{address}: {read:?}"),
        }
    }
    let debugged = format!("{:?}", DatabaseAddress::parse("postgres://a:secret@localhost/b").unwrap());
    assert!(!debugged.contains("secret"), "{debugged}");
    for address in ["postgres://a@localhost/b", "postgres://a@127.0.0.1:5433/b", "postgres:///b", "postgres://a@10.0.0.7/b?sslmode=disable"]
    {
        assert!(DatabaseAddress::parse(address).is_ok(), "{address}");
    }
}

/// A server of its own that shows a certificate for 127.0.0.1, and the place at which it listens.
fn encrypted_server() -> (Server, String) {
    let server = Server::start();
    server.cut_power();
    let certificate = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let data = server.folder.path().join("data");
    let owner = std::fs::metadata(&data).unwrap();
    for (name, text) in [("server.crt", certificate.cert.pem()), ("server.key", certificate.signing_key.serialize_pem())] {
        let file = data.join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = format!("listen_addresses = '127.0.0.1,localhost'\nport = {port}\nssl = on\n");
    std::fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).unwrap().write_all(settings.as_bytes()).unwrap();
    server.start_again();
    (server, format!("127.0.0.1:{port}"))
}

#[test]
fn an_encrypted_line_is_made_only_to_a_server_with_the_right_certificate_and_name() {
    if Bed::postgres().is_none() {
        return;
    }
    let (server, place) = encrypted_server();
    let roots = server.folder.path().join("data/server.crt");
    let address = format!("postgres://lienvung@{place}/postgres?sslmode=verify-full&sslrootcert={}", roots.display());
    let connection = Connection::open(&DatabaseAddress::parse(&address).unwrap()).unwrap();
    let rows = connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).unwrap();
    assert!(rows[0].get::<_, bool>(0));
    keep(&open(&address).unwrap(), "carried").unwrap();

    let other = server.folder.path().join("other.crt");
    std::fs::write(&other, rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap().cert.pem()).unwrap();
    for (wrong, why) in [
        (address.replace(&roots.display().to_string(), &other.display().to_string()), "certificate"),
        (address.replace("127.0.0.1", "localhost"), "certificate"),
    ] {
        let refused = open(&wrong);
        assert!(matches!(&refused, Err(error) if error.to_string().contains(why)), "{wrong}: {refused:?}");
    }
}

#[test]
fn of_several_servers_the_one_that_took_writes_last_is_asked_first() {
    let Some(bed) = Bed::postgres() else { return };
    let proxy = Proxy::before(&bed);
    let address = DatabaseAddress::parse(&proxy.address.replace('@', "@127.0.0.1:1,")).unwrap();
    let first = |address: &DatabaseAddress| address.servers().map(|(place, _)| place).collect::<Vec<_>>();
    assert_eq!(first(&address), [0, 1]);
    Connection::open(&address).unwrap();
    assert_eq!(first(&address), [1, 0]);
    let none = Connection::open(&DatabaseAddress::parse("postgres://a@127.0.0.1:1,127.0.0.1:2/b").unwrap());
    let Err(LedgerError::Unreachable(why)) = none.map(drop) else { panic!("somebody answers there") };
    assert!(why.contains("127.0.0.1:1: ") && why.contains("127.0.0.1:2: "), "{why}");
}

#[test]
fn one_of_several_programs_leads_and_the_next_one_takes_over() {
    let Some(bed) = Bed::postgres() else { return };
    let (first, second) = (bed.open(), bed.open());
    assert_eq!((first.lead().unwrap(), second.lead().unwrap(), first.lead().unwrap()), (Some(1), None, Some(1)));
    first.give_up_lead();
    let taken = until_some(|| second.lead().unwrap());
    assert_eq!((taken, first.lead().unwrap()), (1, None));

    // Whoever loses his session in between learns of it, and takes the lead anew.
    run(&bed.address(), "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1280732261 AND granted");
    assert!(second.lead().is_err());
    assert_eq!(until_some(|| second.lead().unwrap()), 2);
    drop(second);
    assert_eq!(until_some(|| first.lead().unwrap()), 2);
}

/// The server lets go of a lock a moment after the session has ended.
fn until_some<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = ask() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_away() {
    let folder = tempfile::tempdir().unwrap();
    let away = open(&format!("postgres://a@/b?host={}", folder.path().display()));
    assert!(matches!(away, Err(LedgerError::Unreachable(_))), "{away:?}");
}
