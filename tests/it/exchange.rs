//! Nodes that exchange over real HTTP: joining, bringing up, the line cut, clocks wrong, disks lost.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use office::{BodyCompleteness, Clock, Draft, LogStanding, Office, OfficeError, RecordId, Role, Settings};
use serde_json::json;

use crate::people::{DAK_LAK, body, person};

const MINISTRY: &str = "0193a000-0000-7000-8000-000000000001";
const HOUR: i64 = 3_600_000_000;

/// An office that serves on a port of its own until it is dropped.
pub struct TestNode {
    pub office: Arc<Office>,
    pub address: String,
    pub clock: Arc<AtomicI64>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The machine's time, microseconds since 1970: entries carry it.
fn now() -> i64 {
    Clock::Machine.now()
}

impl TestNode {
    pub fn start(folder: &Path, node: &str) -> TestNode {
        TestNode::start_at(folder, node, "127.0.0.1:0")
    }

    pub fn start_at(folder: &Path, node: &str, address: &str) -> TestNode {
        TestNode::start_with(folder, node, address, None, web::HttpLine::new())
    }

    pub fn start_with(folder: &Path, node: &str, address: &str, certificate: Option<web::Certificate>, line: web::HttpLine) -> TestNode {
        let clock = Arc::new(AtomicI64::new(now()));
        let settings =
            Settings { node: node.into(), body: RecordId::parse(MINISTRY).unwrap(), clock: Clock::Hand(clock.clone()), database: None };
        let office = Arc::new(Office::open(folder, settings).unwrap());
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (served, base_url) = (office.clone(), address.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stopped = async { stopped.await.unwrap_or_default() };
                // A client keeps its connection; the end of the test does not wait for it.
                tokio::select! {
                    _ = web::serve(listener, served, web::Options { base_url, certificate }, std::future::pending()) => {}
                    () = stopped => {}
                }
            });
        });
        office.start_exchange(Arc::new(line));
        TestNode { office, address, clock, stop: Some(stop), thread: Some(thread) }
    }

    pub fn centre(folder: &Path) -> TestNode {
        let node = TestNode::start(folder, "bo.khcn");
        node.office.found_centre(&node.office.console()).unwrap();
        node
    }

    /// A node that has joined another.
    pub fn under(above: &TestNode, folder: &Path, node: &str, title: &str) -> TestNode {
        let below = TestNode::start(folder, node);
        below.join(above, title);
        below
    }

    pub fn join(&self, above: &TestNode, title: &str) {
        let invitation = above.office.invite_node(&above.office.console(), self.office.ledger().node().as_str(), title).unwrap();
        self.office.join(&self.office.console(), &web::HttpLine::new(), &above.address, &invitation.code).unwrap();
    }

    pub fn standing(&self, origin: &str) -> LogStanding {
        let standings = self.office.log_standings(&self.office.console()).unwrap();
        standings.into_iter().find(|log| log.origin == origin).unwrap_or_else(|| panic!("{origin}"))
    }

    pub fn completeness(&self, node: &str) -> BodyCompleteness {
        let bodies = self.office.completeness(&office::Identity::public()).unwrap();
        bodies.into_iter().find(|body| body.node == node).unwrap_or_else(|| panic!("{node}"))
    }

    /// A published article.
    pub fn publish(&self, title: &str) -> RecordId {
        let officer = self
            .office
            .act_as(&self.office.console(), "daklak.cv")
            .unwrap_or_else(|_| person(&self.office, "daklak.cv", DAK_LAK, Role::Officer));
        let owner = body(&self.office, DAK_LAK).to_string();
        let data = json!({"title": title, "text": "Nội dung", "summary": "Tóm tắt", "state": "published", "published_day": "2026-11-20", "owner": owner,
            "responsible_editor": "Ban biên tập", "source": "minh họa"});
        self.office.submit(&officer, Draft { id: None, kind: "article".into(), data, previous: None }).unwrap().id
    }

    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until it is so; nodes work in their own time.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn code_of(result: Result<office::Membership, OfficeError>) -> String {
    match result {
        Err(error) => format!("{} {}", error.code(), error.message().en),
        Ok(_) => "joined".to_owned(),
    }
}

#[test]
fn what_a_province_publishes_is_signed_for_at_the_centre_and_only_then_called_received() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    let article = province.publish("Bài một");
    let published = province.standing("lv1/sokhcn.daklak/public").next;
    wait_until("received", || province.standing("lv1/sokhcn.daklak/public").received == published);
    let (here, there) = (province.standing("lv1/sokhcn.daklak/public"), centre.standing("lv1/sokhcn.daklak/public"));
    assert_eq!((here.root.clone(), here.signed, here.lag_seconds), (there.root, there.signed, 0));
    // What is private stays.
    let private = province.standing("lv1/sokhcn.daklak/private");
    assert_eq!((private.signed, private.received), (0, 0));
    assert!(centre.office.log_standings(&centre.office.console()).unwrap().iter().all(|log| log.own || !log.origin.ends_with("/private")));
    // The officer sees where his record is.
    let officer = province.office.act_as(&province.office.console(), "daklak.cv").unwrap();
    let way = province.office.arrival(&officer, article).unwrap();
    assert_eq!(
        way.iter().map(|place| (place.node.as_str(), place.is_centre, place.at.is_some())).collect::<Vec<_>>(),
        [("sokhcn.daklak", false, true), ("bo.khcn", true, true)]
    );
    province.office.set_unplugged(&province.office.console(), true).unwrap();
    let later = province.publish("Bài hai");
    assert_eq!(province.office.arrival(&officer, later).unwrap()[1].at, None);
    province.office.set_unplugged(&province.office.console(), false).unwrap();
    wait_until("the second one too", || province.office.arrival(&officer, later).unwrap()[1].at.is_some());
    let published = published + 1;
    // Both sides say the same of the body's completeness; the time of the signature is the Centre's.
    let (own, held) = (province.completeness("sokhcn.daklak"), centre.completeness("sokhcn.daklak"));
    assert_eq!((own.published, own.held, own.gap, own.signed_at), (published, published, 0, held.signed_at));
    assert_eq!((held.published, held.held, held.gap), (published, published, 0));
    assert_eq!(held.signed_at, Some(u64::try_from(centre.clock.load(Ordering::SeqCst) / 1_000_000).unwrap()));
    assert_eq!(held.name, "Sở KH&CN Đắk Lắk (minh họa)");
}

#[test]
fn work_goes_on_while_the_centre_is_away_and_everything_arrives_when_it_is_back() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let address = centre.address.trim_start_matches("http://").to_owned();
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở (minh họa)");
    wait_until("joined", || province.standing("lv1/sokhcn.daklak/public").received > 0);
    let before = province.standing("lv1/sokhcn.daklak/public").received;
    centre.stop();
    province.publish("Khi Trung ương mất mạng");
    province.clock.store(now() + 120_000_000, Ordering::SeqCst);
    wait_until("trouble seen", || province.standing("lv1/sokhcn.daklak/public").last_error.is_some_and(|said| said.contains(&address)));
    let waiting = province.standing("lv1/sokhcn.daklak/public");
    assert_eq!((waiting.received, waiting.next), (before, before + 1));
    assert!((60..=130).contains(&waiting.lag_seconds), "{}", waiting.lag_seconds);
    assert_eq!(province.completeness("sokhcn.daklak").gap, 1);
    let centre = TestNode::start_at(centre_folder.path(), "bo.khcn", &address);
    wait_until("healed", || {
        let healed = province.standing("lv1/sokhcn.daklak/public");
        healed.received == before + 1 && healed.lag_seconds == 0 && healed.last_error.is_none()
    });
    assert_eq!(centre.completeness("sokhcn.daklak").gap, 0);
}

#[test]
fn a_trouble_that_was_told_before_a_restart_is_gone_when_the_line_is_well() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let address = centre.address.trim_start_matches("http://").to_owned();
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở (minh họa)");
    let log = "lv1/sokhcn.daklak/public";
    wait_until("joined", || province.standing(log).received > 0);
    centre.stop();
    province.publish("Khi Trung ương mất mạng");
    wait_until("trouble seen", || province.standing(log).last_error.is_some());
    province.stop();
    let centre = TestNode::start_at(centre_folder.path(), "bo.khcn", &address);
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    wait_until("received", || province.standing(log).received == province.standing(log).next);
    wait_until("the trouble is gone", || province.standing(log).last_error.is_none());
    drop(centre);
}

#[test]
fn a_code_lets_one_node_in_once_and_every_refusal_changes_nothing() {
    let (centre_folder, folder, other_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let (province, other) = (TestNode::start(folder.path(), "sokhcn.daklak"), TestNode::start(other_folder.path(), "sokhcn.kontum"));
    let line = web::HttpLine::new();
    let try_join = |node: &TestNode, address: &str, code: &str| code_of(node.office.join(&node.office.console(), &line, address, code));
    let invite = |name: &str, title: &str| centre.office.invite_node(&centre.office.console(), name, title);
    for (name, title, code) in
        [("Sở KH&CN", "Sở", "node_name_bad"), ("ab", "Sở", "node_name_bad"), ("sokhcn.daklak", "  ", "title_missing")]
    {
        assert_eq!(invite(name, title).unwrap_err().code(), code, "{name}");
    }
    let code = invite("sokhcn.daklak", "Sở (minh họa)").unwrap().code;
    assert!(try_join(&province, &centre.address, "khong-phai-ma").contains("The code is not right"));
    assert!(try_join(&other, &centre.address, &code).contains("is for the node “sokhcn.daklak”"));
    // A machine whose clock is a day off is told so.
    province.clock.fetch_add(24 * HOUR, Ordering::SeqCst);
    assert!(try_join(&province, &centre.address, &code).contains("check the node's clock"));
    province.clock.fetch_sub(24 * HOUR, Ordering::SeqCst);
    // Nothing at the address, or something else.
    assert!(try_join(&province, "http://127.0.0.1:1", &code).contains("cannot be reached"));
    assert!(try_join(&province, "khong phai dia chi", &code).contains("is not valid"));
    assert!(try_join(&province, &format!("{}/tin", centre.address), &code).contains("There is no Liên Vùng node"));
    assert_eq!(province.office.membership().unwrap(), None);
    centre.clock.fetch_add(8 * 24 * HOUR, Ordering::SeqCst);
    province.clock.fetch_add(8 * 24 * HOUR, Ordering::SeqCst);
    assert!(try_join(&province, &centre.address, &code).contains("older than 7 days"));
    assert_eq!(centre.office.completeness(&office::Identity::public()).unwrap().len(), 1);
    let code = invite("sokhcn.daklak", "Sở (minh họa)").unwrap().code;
    assert_eq!(try_join(&province, &centre.address, &code), "joined");
    // The answer may have been lost: the same node asks again. Another folder with another key does not get in by it.
    assert_eq!(try_join(&province, &centre.address, &code), "joined");
    assert_eq!(try_join(&province, &centre.address, ""), "joined");
    let twin_folder = tempfile::tempdir().unwrap();
    let twin = TestNode::start(twin_folder.path(), "sokhcn.daklak");
    twin.clock.fetch_add(8 * 24 * HOUR, Ordering::SeqCst);
    assert!(try_join(&twin, &centre.address, &code).contains("used with another key"));
    assert!(try_join(&twin, &centre.address, "").contains("The code is not right"));
    assert_eq!(invite("sokhcn.daklak", "Sở").unwrap_err().code(), "node_name_taken");
    assert_eq!(invite("bo.khcn", "Bộ").unwrap_err().code(), "node_name_taken");
    // A node that belongs to a Centre does not change over to another.
    let second_folder = tempfile::tempdir().unwrap();
    let second = TestNode::start(second_folder.path(), "bo.khac");
    second.clock.fetch_add(8 * 24 * HOUR, Ordering::SeqCst);
    assert_eq!(second.office.invite_node(&second.office.console(), "sokhcn.daklak", "Sở").unwrap_err().code(), "node_alone");
    second.office.found_centre(&second.office.console()).unwrap();
    let code = second.office.invite_node(&second.office.console(), "sokhcn.daklak", "Sở").unwrap().code;
    assert!(try_join(&province, &second.address, &code).contains("node_joined"));
    assert_eq!(province.office.found_centre(&province.office.console()).unwrap_err().code(), "node_joined");
}

#[test]
fn a_clock_that_is_a_day_off_stops_the_exchange_with_a_reason_and_loses_nothing() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở (minh họa)");
    wait_until("joined", || province.standing("lv1/sokhcn.daklak/public").received > 0);
    province.clock.fetch_sub(24 * HOUR, Ordering::SeqCst);
    province.publish("Giờ máy sai");
    wait_until("trouble seen", || province.standing("lv1/sokhcn.daklak/public").last_error_en.is_some_and(|said| said.contains("clock")));
    province.clock.fetch_add(24 * HOUR, Ordering::SeqCst);
    wait_until("healed", || {
        let log = province.standing("lv1/sokhcn.daklak/public");
        log.received == log.next && log.last_error.is_none()
    });
}

#[test]
fn a_province_that_lost_its_disk_but_not_its_key_gets_back_what_the_centre_has_signed_for() {
    let (centre_folder, folder, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở (minh họa)");
    let article = province.publish("Bài cần giữ");
    wait_until("received", || {
        let log = province.standing("lv1/sokhcn.daklak/public");
        log.received == log.next
    });
    let before = province.standing("lv1/sokhcn.daklak/public");
    province.stop();
    std::fs::copy(folder.path().join("node.key"), fresh.path().join("node.key")).unwrap();
    let province = TestNode::start(fresh.path(), "sokhcn.daklak");
    province.office.join(&province.office.console(), &web::HttpLine::new(), &centre.address, "").unwrap();
    wait_until("given back", || {
        let log = province.standing("lv1/sokhcn.daklak/public");
        log.received >= before.next && log.received == log.next
    });
    let found = province.office.ledger().read(|r| r.current("public", article)).unwrap().unwrap();
    assert_eq!(found.data.unwrap()["title"], json!("Bài cần giữ"));
    assert_eq!(centre.standing("lv1/sokhcn.daklak/public").state, "following");
}

#[test]
fn a_unit_under_a_province_is_known_to_the_centre_with_its_own_signature() {
    let (a, b, c) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(a.path());
    let province = TestNode::start(b.path(), "sokhcn.daklak");
    province.join(&centre, "Sở (minh họa)");
    let unit = TestNode::start(c.path(), "donvi.daklak");
    wait_until("the province knows itself", || {
        province.office.invite_node(&province.office.console(), "x", "x").is_err_and(|error| error.code() == "node_name_bad")
    });
    unit.join(&province, "Trung tâm (minh họa)");
    let article = unit.publish("Bài của đơn vị");
    let origin = "lv1/donvi.daklak/public";
    wait_until("received at the province", || unit.standing(origin).received == unit.standing(origin).next);
    wait_until("passed on to the Centre", || {
        let bodies = centre.office.completeness(&office::Identity::public()).unwrap();
        bodies.iter().any(|body| body.node == "donvi.daklak" && body.held == unit.standing(origin).next)
    });
    assert_eq!(centre.standing(origin).root, unit.standing(origin).root);
    // The Centre's receipt comes down to the unit by way of the province.
    let officer = unit.office.act_as(&unit.office.console(), "daklak.cv").unwrap();
    wait_until("the Centre's receipt", || unit.office.arrival(&officer, article).unwrap().iter().all(|place| place.at.is_some()));
    let way = unit.office.arrival(&officer, article).unwrap();
    assert_eq!(way.iter().map(|place| place.body.as_str()).skip(1).collect::<Vec<_>>(), ["Sở (minh họa)", "bo.khcn"]);
}

#[test]
fn a_merged_province_lives_on_in_its_heir_and_its_unit_goes_on_under_the_heir() {
    let folders: Vec<tempfile::TempDir> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let centre = TestNode::centre(folders[0].path());
    let old = TestNode::start(folders[1].path(), "sokhcn.kontum");
    let heir = TestNode::start(folders[2].path(), "sokhcn.quangngai");
    let unit = TestNode::start(folders[3].path(), "donvi.kontum");
    old.join(&centre, "Sở Kon Tum (minh họa)");
    heir.join(&centre, "Sở Quảng Ngãi (minh họa)");
    unit.join(&old, "Đơn vị (minh họa)");
    let of_old = old.publish("Bài của Kon Tum");
    unit.publish("Bài của đơn vị trước sáp nhập");
    let unit_log = "lv1/donvi.kontum/public";
    wait_until("the unit is at the Centre", || {
        centre
            .office
            .log_standings(&centre.office.console())
            .unwrap()
            .iter()
            .any(|log| log.origin == unit_log && log.signed == unit.standing(unit_log).next)
    });
    let merge = |is_lost| centre.office.merge_node(&centre.office.console(), "sokhcn.kontum", "sokhcn.quangngai", "202/2025/QH15", is_lost);
    assert_eq!(merge(false).unwrap_err().code(), "not_closed");
    let console = centre.office.console();
    for (of, by, basis, code) in [
        ("sokhcn.kontum", "sokhcn.kontum", "1", "heir_unknown"),
        ("sokhcn.kontum", "khong.co", "1", "heir_unknown"),
        ("donvi.kontum", "sokhcn.quangngai", "1", "heir_unknown"),
        ("sokhcn.kontum", "sokhcn.quangngai", " ", "basis_missing"),
    ] {
        assert_eq!(centre.office.merge_node(&console, of, by, basis, false).unwrap_err().code(), code, "{of} {by}");
    }
    // It does not close while something of it is not at the Centre.
    old.office.set_unplugged(&old.office.console(), true).unwrap();
    old.publish("Bài cuối");
    wait_until("the heir is known", || {
        old.office.close_node(&old.office.console(), "sokhcn.quangngai").is_err_and(|error| error.code() == "not_all_above")
    });
    old.office.set_unplugged(&old.office.console(), false).unwrap();
    wait_until("closed", || old.office.close_node(&old.office.console(), "sokhcn.quangngai").is_ok());
    let officer = old.office.act_as(&old.office.console(), "daklak.cv").unwrap();
    let late = json!({"title": "Muộn", "text": "x", "summary": "x", "state": "draft", "owner": body(&old.office, DAK_LAK).to_string(), "source": "minh họa"});
    let refused = old.office.submit(&officer, Draft { id: None, kind: "article".into(), data: late, previous: None }).unwrap_err();
    assert_eq!(refused.code(), "node_closed");
    wait_until("merged", || merge(false).is_ok());
    assert_eq!(merge(false).unwrap_err().code(), "merged_already");
    assert_eq!(centre.completeness("sokhcn.kontum").merged_into.as_deref(), Some("sokhcn.quangngai"));
    // The unit turns to the heir with the key it has, without a code, and its log goes on.
    wait_until("the heir takes the unit in", || unit.office.join(&unit.office.console(), &web::HttpLine::new(), &heir.address, "").is_ok());
    unit.publish("Bài của đơn vị sau sáp nhập");
    wait_until("the unit goes on", || {
        let standing = unit.standing(unit_log);
        standing.received == standing.next && centre.standing(unit_log).signed == standing.next
    });
    assert_eq!(heir.standing(unit_log).root, unit.standing(unit_log).root);
    // What the old one had published is still at the Centre, sealed, with its receipt.
    assert_eq!(centre.standing("lv1/sokhcn.kontum/public").state, "sealed");
    assert!(old.office.arrival(&officer, of_old).unwrap().iter().all(|place| place.at.is_some()));
}

#[test]
fn a_stolen_key_signs_nothing_any_more_and_the_node_goes_on_with_a_new_one() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở (minh họa)");
    let log = "lv1/sokhcn.daklak/public";
    wait_until("joined", || province.standing(log).received == province.standing(log).next);
    province.stop();
    // The thief has a copy of the folder.
    let stolen = tempfile::tempdir().unwrap();
    let key = std::fs::read(folder.path().join("node.key")).unwrap();
    std::fs::write(stolen.path().join("node.key"), key).unwrap();
    std::fs::remove_file(folder.path().join("node.key")).unwrap();
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    let console = centre.office.console();
    let vkey = province.office.node_key(&province.office.console()).unwrap();
    assert_eq!(centre.office.change_node_key(&console, "sokhcn.daklak", "rác", true).unwrap_err().code(), "key_bad");
    assert_eq!(
        centre.office.change_node_key(&console, "sokhcn.daklak", &vkey.replace("daklak", "kontum"), true).unwrap_err().code(),
        "key_bad"
    );
    centre.office.change_node_key(&console, "sokhcn.daklak", &vkey, true).unwrap();
    let thief = TestNode::start(stolen.path(), "sokhcn.daklak");
    let refused = thief.office.join(&thief.office.console(), &web::HttpLine::new(), &centre.address, "").unwrap_err();
    assert!(refused.message().en.contains("The code is not right"), "{refused}");
    province.publish("Với khóa mới");
    wait_until("goes on", || {
        let standing = province.standing(log);
        standing.received == standing.next && standing.last_error.is_none()
    });
    assert_eq!(centre.standing(log).signed, province.standing(log).next);
}

/// A certificate for 127.0.0.1 of a certification body of its own: its file, the chain and the key.
fn certified(folder: &Path) -> (std::path::PathBuf, web::Certificate) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "Nơi cấp chứng thư (minh họa)");
    let authority = parameters.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(parameters, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let (root, chain, secret) = (folder.join("root.pem"), folder.join("chain.pem"), folder.join("key.pem"));
    std::fs::write(&root, authority.pem()).unwrap();
    std::fs::write(&chain, certificate.pem()).unwrap();
    std::fs::write(&secret, key.serialize_pem()).unwrap();
    (root, web::Certificate::read(&chain, &secret).unwrap())
}

#[test]
fn over_https_a_node_above_with_anothers_certificate_is_told_nothing() {
    let folders: Vec<tempfile::TempDir> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let (root, certificate) = certified(folders[0].path());
    let (_, others) = certified(folders[1].path());
    let centre = TestNode::start_with(folders[2].path(), "bo.khcn", "127.0.0.1:0", Some(certificate.clone()), web::HttpLine::new());
    centre.office.found_centre(&centre.office.console()).unwrap();
    let address = centre.address.trim_start_matches("https://").to_owned();
    let province = TestNode::start_with(folders[3].path(), "sokhcn.daklak", "127.0.0.1:0", None, web::HttpLine::trusting(&root).unwrap());
    let code = centre.office.invite_node(&centre.office.console(), "sokhcn.daklak", "Sở (minh họa)").unwrap().code;
    // The roots that browsers trust do not know this certification body.
    let refused = province.office.join(&province.office.console(), &web::HttpLine::new(), &centre.address, &code).unwrap_err();
    assert!(refused.message().en.contains("cannot be reached") && refused.message().en.contains("certificate"), "{refused}");
    province.office.join(&province.office.console(), &web::HttpLine::trusting(&root).unwrap(), &centre.address, &code).unwrap();
    let log = "lv1/sokhcn.daklak/public";
    wait_until("received", || province.standing(log).received == province.standing(log).next);
    centre.stop();
    // Somebody else answers at the address.
    let impostor = TestNode::start_with(folders[2].path(), "bo.khcn", &address, Some(others), web::HttpLine::new());
    province.publish("Chưa được gửi");
    wait_until("noticed", || province.standing(log).last_error_en.is_some_and(|said| said.contains("certificate")));
    assert_eq!(impostor.standing(log).next + 1, province.standing(log).next);
    impostor.stop();
    let centre = TestNode::start_with(folders[2].path(), "bo.khcn", &address, Some(certificate), web::HttpLine::new());
    wait_until("healed", || province.standing(log).received == province.standing(log).next);
    assert_eq!(centre.standing(log).signed, province.standing(log).next);
}
