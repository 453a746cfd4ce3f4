//! A Centre that was put back to an old backup: nobody stands above it, so those below bring back what it had said and signed, before it says anything else.

use office::SignatureFields;

use ::exchange::signature::{Target, sign};

use crate::attached_file::key_of;
use crate::erasure::copy;
use crate::exchange::{TestNode, wait_until};

const DIRECTORY: &str = "lv1/bo.khcn/directory";

fn has_followed(node: &TestNode, centre: &TestNode) -> bool {
    let there = centre.standing(DIRECTORY);
    let here = node.office.log_standings(&node.office.console()).unwrap().into_iter().find(|log| log.origin == DIRECTORY);
    here.is_some_and(|here| here.signed == there.next && here.root == there.root)
}

#[test]
fn a_centre_put_back_to_a_time_before_a_node_joined_has_it_again_and_signs_one_tree() {
    let (centre_folder, folder, later_folder, old) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let address = centre.address.trim_start_matches("http://").to_owned();
    let province = TestNode::under(&centre, folder.path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    province.publish("Trước bản sao");
    wait_until("followed", || has_followed(&province, &centre));
    wait_until("received", || province.standing("lv1/sokhcn.daklak/public").received > 0);
    centre.stop();
    copy(centre_folder.path(), old.path());
    let centre = TestNode::start_at(centre_folder.path(), "bo.khcn", &address);
    let later = TestNode::under(&centre, later_folder.path(), "sokhcn.phuyen", "Sở KH&CN Phú Yên (minh họa)");
    later.publish("Sau bản sao");
    wait_until("both follow", || has_followed(&province, &centre) && has_followed(&later, &centre));
    let before = centre.standing(DIRECTORY);
    centre.stop();
    let centre = TestNode::start_at(old.path(), "bo.khcn", &address);
    assert!(centre.office.waits_after_restore());
    assert!(centre.standing(DIRECTORY).next < before.next, "the backup is older");
    for node in [&province, &later] {
        node.office.set_unplugged(&node.office.console(), false).unwrap();
    }
    wait_until("it has its directory again", || centre.standing(DIRECTORY).next == before.next);
    assert_eq!(centre.standing(DIRECTORY).root, before.root);
    wait_until("serves again", || !centre.office.waits_after_restore());
    // It goes on from there, and all follow.
    let third_folder = tempfile::tempdir().unwrap();
    let third = TestNode::under(&centre, third_folder.path(), "sokhcn.gialai", "Sở KH&CN Gia Lai (minh họa)");
    for node in [&province, &later, &third] {
        node.office.set_unplugged(&node.office.console(), false).unwrap();
        wait_until("all follow", || has_followed(node, &centre));
        assert_eq!(node.standing(DIRECTORY).state, "following");
    }
    wait_until("the node that joined after the backup is heard", || later.standing("lv1/sokhcn.phuyen/public").received > 0);
}

#[test]
fn the_directory_is_cosigned_by_those_who_read_it_and_a_member_may_ask_how_far_the_logs_are() {
    let (centre_folder, folder, other_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::under(&centre, folder.path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    let other = TestNode::under(&centre, other_folder.path(), "sokhcn.phuyen", "Sở KH&CN Phú Yên (minh họa)");
    let asked = |node: &TestNode, key: &TestNode| {
        let target = Target { method: "GET", path: "/status", query: "", body: b"" };
        let now = u64::try_from(node.office.clock().now() / 1_000_000).unwrap();
        let fields: SignatureFields = sign(target, node.office.ledger().node(), &key_of(key), now);
        centre.office.node_status(target, Some(&fields)).unwrap()
    };
    other.publish("Của Phú Yên");
    wait_until("received", || other.standing("lv1/sokhcn.phuyen/public").received > 0);
    let answer = asked(&province, &province);
    let status: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let origins: Vec<&str> = status["logs"].as_array().unwrap().iter().map(|log| log["origin"].as_str().unwrap()).collect();
    assert!(origins.contains(&DIRECTORY) && origins.contains(&"lv1/sokhcn.phuyen/public"));
    assert!(!origins.iter().any(|origin| origin.contains("private") || origin.contains("phuyen/ministry")), "{origins:?}");
    assert_eq!(asked(&province, &other).status, 401, "signed with another's key");
    let target = Target { method: "GET", path: "/status", query: "", body: b"" };
    assert_eq!(centre.office.node_status(target, None).unwrap().status, 401);
    let cosigners = || {
        use ::exchange::ledger_shelf::LedgerView;
        use ::exchange::shelf::ShelfRead;
        let origin = ledger::Origin::parse(DIRECTORY).unwrap();
        let log = centre.office.ledger().read(|r| LedgerView::over(r).log(&origin)).unwrap().unwrap();
        let mut names: Vec<String> = log.checkpoint.unwrap().signatures().iter().map(|line| line.name.clone()).collect();
        names.sort();
        names
    };
    wait_until("witnessed by both", || {
        let names = cosigners();
        names.iter().any(|name| name == "lv1/sokhcn.daklak") && names.iter().any(|name| name == "lv1/sokhcn.phuyen")
    });
}
