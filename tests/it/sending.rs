//! The head of a body decides when what it has published goes up: nothing goes before, work never waits, and what was let go arrives.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use office::{Identity, Role, SendPolicy, WaitingDeed};

use crate::exchange::{TestNode, wait_until};
use crate::people::{DAK_LAK, MINISTRY, person};
use crate::visit::{Visit, session};

const PROVINCE: &str = "sokhcn.daklak";
const LOG: &str = "lv1/sokhcn.daklak/public";
const HOUR: i64 = 3_600_000_000;

/// A Centre, and a province under it whose logs have gone up.
fn two(centre: &Path, province: &Path) -> (TestNode, TestNode) {
    let (centre, province) = (TestNode::centre(centre), TestNode::start(province, PROVINCE));
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    all_received(&province);
    (centre, province)
}

fn all_received(province: &TestNode) {
    wait_until("received", || {
        let standing = province.standing(LOG);
        standing.received == standing.next
    });
}

/// The head of the body that runs the node; in these tests that is the Ministry.
fn head(node: &TestNode) -> Identity {
    let console = node.office.console();
    node.office.act_as(&console, "bo.ld").unwrap_or_else(|_| person(&node.office, "bo.ld", MINISTRY, Role::Leader))
}

fn set(node: &TestNode, policy: SendPolicy) {
    node.office.set_send_policy(&head(node), policy).unwrap();
}

/// Waits until the lanes have carried something that is never held back, twice: whatever may go up has gone then.
fn lanes_have_run(centre: &TestNode, province: &TestNode) {
    for turn in 0..2 {
        let log = "lv1/sokhcn.daklak/catalogue";
        province
            .office
            .ledger()
            .write(move |w| -> Result<(), ledger::LedgerError> { w.publish("thử", &serde_json::json!({"x": turn})).map(|_| ()) })
            .unwrap();
        // Every lane looks at once.
        province.office.set_unplugged(&province.office.console(), false).unwrap();
        wait_until("the catalogue goes up", || {
            let standing = province.standing(log);
            standing.received == standing.next && centre.standing(log).signed == standing.next
        });
    }
}

fn waiting(node: &TestNode) -> u64 {
    node.office.sending(&head(node)).unwrap().unwrap().waiting
}

fn deeds(node: &TestNode) -> Vec<(String, String, String)> {
    let trail = node.office.audit_trail(&node.office.console(), None, 200).unwrap();
    let ours = trail.into_iter().filter(|entry| ["node.policy", "node.send"].contains(&entry.action.as_str()));
    ours.map(|entry| (entry.action, entry.name, entry.note)).collect()
}

#[test]
fn by_hand_nothing_goes_up_before_the_head_sends_it_and_he_sends_what_he_has_seen() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (centre, province) = two(centre_folder.path(), folder.path());
    let before = centre.standing(LOG).next;
    let officer = person(&province.office, "daklak.cv", DAK_LAK, Role::Officer);
    for who in [&officer, &Identity::public()] {
        assert!(province.office.set_send_policy(who, SendPolicy::ByHand).is_err());
        assert!(province.office.send_up(who, None).is_err() && province.office.sending(who).is_err());
        assert!(province.office.send_queue(who, None, 9).is_err());
        assert_eq!(province.office.waits_to_be_sent(who).unwrap(), 0);
    }
    // What was published while it went by itself still goes.
    province.publish("Bài trước");
    set(&province, SendPolicy::ByHand);
    all_received(&province);
    let first = province.publish("Bài một");
    let seen = province.office.sending(&head(&province)).unwrap().unwrap();
    let second = province.publish("Bài hai");
    lanes_have_run(&centre, &province);
    assert_eq!(centre.standing(LOG).next, before + 1);
    assert_eq!((seen.waiting, waiting(&province), province.office.waits_to_be_sent(&head(&province)).unwrap()), (1, 2, 2));
    // It waits, and that is no fault.
    province.clock.fetch_add(600_000_000, Ordering::SeqCst);
    let standing = province.standing(LOG);
    assert_eq!((standing.waiting, standing.lag_seconds, standing.last_error), (2, 0, None));
    let own = province.completeness(PROVINCE);
    assert_eq!((own.gap, own.waiting), (2, 2));
    let way = |id| province.office.arrival(&officer, id).unwrap().remove(1);
    assert!(way(first).is_held_back && way(first).at.is_none() && way(second).is_held_back);
    let queue = province.office.send_queue(&head(&province), None, 1).unwrap();
    assert_eq!((queue.kinds, queue.is_counted_whole, queue.rows.len()), (vec![("article".to_owned(), 2)], true, 1));
    assert_eq!((queue.rows[0].record, queue.rows[0].deed), (Some(first), WaitingDeed::New));
    let more = province.office.send_queue(&head(&province), queue.next.as_deref(), 1).unwrap();
    assert_eq!((more.rows[0].record, more.next), (Some(second), None));

    // A restart lets nothing go.
    province.stop();
    let province = TestNode::start(folder.path(), PROVINCE);
    lanes_have_run(&centre, &province);
    assert_eq!((centre.standing(LOG).next, waiting(&province)), (before + 1, 2));
    // He sends what he saw, and that is the first of them.
    assert_eq!(province.office.send_up(&head(&province), Some(seen.sizes.clone())).unwrap(), 1);
    assert_eq!(province.office.send_up(&head(&province), Some(seen.sizes)).unwrap(), 0, "once");
    let way = |id| province.office.arrival(&officer, id).unwrap().remove(1);
    wait_until("the first has arrived", || way(first).at.is_some());
    lanes_have_run(&centre, &province);
    assert!(way(second).is_held_back && !way(first).is_held_back);
    assert_eq!((centre.standing(LOG).signed, waiting(&province)), (before + 2, 1));
    // By itself again: all goes.
    set(&province, SendPolicy::Automatic);
    wait_until("the second has arrived", || way(second).at.is_some());
    assert_eq!(waiting(&province), 0);
    let told: Vec<(String, String, String)> = deeds(&province);
    let expected =
        [("node.policy", "by-hand → automatic: public 1"), ("node.send", "by-hand: public 1"), ("node.policy", "automatic → by-hand")];
    assert_eq!(told, expected.map(|(action, note)| (action.to_owned(), "bo.ld".to_owned(), note.to_owned())));
}

#[test]
fn the_standing_order_sends_the_days_entries_at_its_time_also_when_the_node_was_off_then() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (centre, province) = two(centre_folder.path(), folder.path());
    // The order is for the hour after the one that it is now in Vietnam.
    let now = province.clock.load(Ordering::SeqCst) + 7 * HOUR;
    let hour = u8::try_from((now / HOUR + 1) % 24).unwrap();
    set(&province, SendPolicy::Daily { hour, minute: 0 });
    let to_full_hour = HOUR - now % HOUR;
    let (first, officer) = (province.publish("Bài một"), Identity::public());
    lanes_have_run(&centre, &province);
    assert_eq!((waiting(&province), province.office.waits_to_be_sent(&head(&province)).unwrap()), (1, 0));
    let forward = |node: &TestNode, micros: i64| node.clock.fetch_add(micros, Ordering::SeqCst);
    forward(&centre, to_full_hour);
    forward(&province, to_full_hour);
    let arrived = |node: &TestNode, id| node.office.arrival(&officer, id).unwrap()[1].at.is_some();
    wait_until("sent at its hour", || arrived(&province, first));
    let second = province.publish("Bài hai");
    lanes_have_run(&centre, &province);
    assert_eq!(waiting(&province), 1, "the next waits for the next day");
    // The head may send before.
    assert_eq!(province.office.send_up(&head(&province), None).unwrap(), 1);
    wait_until("sent by hand", || arrived(&province, second));
    let third = province.publish("Bài ba");
    lanes_have_run(&centre, &province);
    let at = centre.clock.load(Ordering::SeqCst);
    province.stop();
    forward(&centre, 25 * HOUR);
    let province = TestNode::start(folder.path(), PROVINCE);
    province.clock.store(at + 25 * HOUR, Ordering::SeqCst);
    wait_until("sent when it is on again", || arrived(&province, third));
    let sent: Vec<String> = deeds(&province).into_iter().filter(|deed| deed.0 == "node.send").map(|deed| deed.2).collect();
    let code = format!("daily {hour:02}:00: public 1");
    assert_eq!(sent, [code.clone(), code.clone(), code]);
}

#[test]
fn a_province_restored_from_a_backup_sends_nothing_that_was_not_let_go_and_closes_only_when_nothing_waits() {
    let folders: Vec<tempfile::TempDir> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let (centre, province) = two(folders[0].path(), folders[1].path());
    let heir = TestNode::start(folders[2].path(), "sokhcn.quangngai");
    heir.join(&centre, "Sở Quảng Ngãi (minh họa)");
    set(&province, SendPolicy::ByHand);
    province.publish("Trước sao lưu");
    assert_eq!(province.office.send_up(&head(&province), None).unwrap(), 1);
    all_received(&province);
    let restored = tempfile::tempdir().unwrap();
    province.office.ledger().backup(restored.path(), &mut |_, _| {}).unwrap();
    province.publish("Sau sao lưu");
    assert_eq!(province.office.send_up(&head(&province), None).unwrap(), 1);
    all_received(&province);
    let above = centre.standing(LOG).next;
    province.stop();
    // The disk is lost; the copy and the key are left.
    std::fs::copy(folders[1].path().join("node.key"), restored.path().join("node.key")).unwrap();
    let province = TestNode::start(restored.path(), PROVINCE);
    let late = province.publish("Sau khôi phục");
    wait_until("it has taken back what the Centre holds", || province.standing(LOG).next == above + 1);
    lanes_have_run(&centre, &province);
    assert_eq!((centre.standing(LOG).next, waiting(&province)), (above, 1));
    assert!(province.office.arrival(&Identity::public(), late).unwrap()[1].is_held_back);
    let close = || province.office.close_node(&province.office.console(), "sokhcn.quangngai");
    wait_until("the heir is known", || close().is_err_and(|error| error.code() == "not_all_above"));
    assert!(close().unwrap_err().message().vi.contains("chờ lãnh đạo gửi"));
    assert_eq!(province.office.send_up(&head(&province), None).unwrap(), 1);
    wait_until("closed", || close().is_ok());
    // Its last entries go without the head.
    wait_until("sealed at the Centre", || centre.standing(LOG).state == "sealed" && centre.standing(LOG).signed == above + 2);
    assert!(centre.office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_head_sees_what_waits_in_his_list_and_sends_it_from_the_page() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (centre, province) = two(centre_folder.path(), folder.path());
    head(&province);
    person(&province.office, "bo.qt", MINISTRY, Role::Administrator);
    let router = web::router(province.office.clone(), web::Options::at("http://localhost"));
    let (leader, administrator) = (session(&province.office, "bo.ld"), session(&province.office, "bo.qt"));
    let get = async |path: &str, who: &str| Visit::get(path).by(Some(who)).at(PROVINCE).send(&router).await.text;
    let post = async |path: &str, form: &str| Visit::post(path, form).by(Some(&leader)).at(PROVINCE).send(&router).await;
    assert!(get("/gui-len", &leader).await.contains("tự động, ngay khi công bố"));
    for (form, words) in [("policy=daily&time=25:00", "ví dụ 17:30"), ("policy=daily&time=", "ví dụ 17:30"), ("policy=x", "hãy chọn")]
    {
        let refused = post("/gui-len/che-do", form).await;
        assert!(refused.status == 422 && refused.text.contains(words), "{form}: {}", refused.text);
    }
    assert!(post("/gui-len/che-do", "policy=daily&time=25:00").await.text.contains("value=\"25:00\""), "nothing typed is lost");
    assert_eq!(post("/gui-len/che-do", "policy=by-hand&time=").await.place, "/gui-len");
    let article = province.publish("Bài chờ gửi (minh họa)");
    assert!(province.office.settle(std::time::Duration::from_secs(30)));
    assert!(get("/viec", &leader).await.contains("chờ anh/chị gửi lên cấp trên"));
    assert!(get(&format!("/r/{article}"), &leader).await.contains("chờ lãnh đạo gửi"));
    assert!(get("/do-day-du", &leader).await.contains("chờ lãnh đạo gửi: 1"));
    let nodes = get("/quan-tri/nut", &administrator).await;
    assert!(nodes.contains("mục chờ lãnh đạo gửi: 1") && nodes.contains("chờ lãnh đạo gửi: 1"), "{nodes}");
    let page = get("/gui-len", &leader).await;
    assert!(page.contains("Bài chờ gửi (minh họa)") && page.contains("Gửi lên"), "{page}");
    let until = page.split("name=\"until\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(post("/gui-len", "until=rác").await.place, "/gui-len");
    assert_eq!(waiting(&province), 1, "nonsense sends nothing");
    assert_eq!(post("/gui-len", &format!("until={until}")).await.place, "/gui-len");
    wait_until("arrived", || centre.office.view(&Identity::public(), article).is_ok());
    assert!(!get("/viec", &leader).await.contains("chờ anh/chị gửi lên cấp trên"));
    assert!(get("/en/gui-len", &leader).await.contains("Nothing waits"));
}

#[test]
fn the_command_line_sets_the_policy_and_sends() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (centre, province) = two(centre_folder.path(), folder.path());
    let settings = format!("node = \"{PROVINCE}\"\nbody = \"0193a000-0000-7000-8000-000000000001\"\nlisten = \"127.0.0.1:0\"\n");
    std::fs::write(folder.path().join("lienvung.toml"), settings).unwrap();
    let run = |words: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_lienvung")).arg("node").args(words).arg("--data").arg(folder.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (worked, said) = run(&["policy"]);
    assert!(worked && said.contains("(automatic)"), "{said}");
    let (worked, said) = run(&["policy", "daily", "25:00"]);
    assert!(!worked && said.contains("daily 17:30"), "{said}");
    let (worked, said) = run(&["policy", "daily", "7:30"]);
    assert!(worked && said.contains("(daily 07:30)"), "{said}");
    assert!(run(&["policy", "by-hand"]).0);
    // The serving program notices, both times.
    let article = province.publish("Bài (minh họa)");
    lanes_have_run(&centre, &province);
    let (worked, said) = run(&["status"]);
    assert!(worked && said.contains("Chờ lãnh đạo gửi: 1"), "{said}");
    assert!(centre.office.view(&Identity::public(), article).is_err());
    let (worked, said) = run(&["send"]);
    assert!(worked && said.contains(": 1"), "{said}");
    wait_until("arrived", || centre.office.view(&Identity::public(), article).is_ok());
}
