//! The Centre's second site: what the Centre publishes lies there too, and a Centre that was put back to an old backup has it again.

use crate::erasure::copy;
use crate::exchange::{TestNode, wait_until};

const PUBLIC: &str = "lv1/bo.khcn/public";
const DIRECTORY: &str = "lv1/bo.khcn/directory";

/// A node that has joined as the Centre's second site and was named as it.
fn second_site(centre: &TestNode, folder: &std::path::Path) -> TestNode {
    let site = TestNode::under(centre, folder, "bo.duphong", "Bộ KH&CN, nơi thứ hai (minh họa)");
    site.office.be_second_site(&site.office.console()).unwrap();
    let line = web::HttpLine::new();
    centre.office.set_second_site(&centre.office.console(), &line, Some(("bo.duphong", &site.address))).unwrap();
    site
}

#[test]
fn a_centre_put_back_to_an_old_backup_has_its_own_records_again_from_its_second_site() {
    let (centre_folder, site_folder, folder, old) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let address = centre.address.trim_start_matches("http://").to_owned();
    let site = second_site(&centre, site_folder.path());
    let province = TestNode::under(&centre, folder.path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    centre.publish("Trước bản sao");
    province.publish("Của Đắk Lắk");
    let has_all = |origin: &str| {
        let log = centre.standing(origin);
        log.next > 0 && log.received == log.next && site.standing(origin).root == log.root
    };
    wait_until("both sites have it", || has_all(PUBLIC) && has_all(DIRECTORY));
    wait_until("the province is received", || province.standing("lv1/sokhcn.daklak/public").received > 0);
    centre.stop();
    copy(centre_folder.path(), old.path());
    let centre = TestNode::start_at(centre_folder.path(), "bo.khcn", &address);
    let later = centre.publish("Sau bản sao");
    wait_until("received at the second site", || {
        let log = centre.standing(PUBLIC);
        log.received == log.next && site.standing(PUBLIC).root == log.root
    });
    let before = centre.standing(PUBLIC);
    centre.stop();
    let centre = TestNode::start_at(old.path(), "bo.khcn", &address);
    assert!(centre.office.waits_after_restore());
    wait_until("it has its record again", || centre.standing(PUBLIC).next == before.next);
    assert_eq!(centre.standing(PUBLIC).root, before.root, "the tree that it had signed");
    for node in [&province, &site] {
        node.office.set_unplugged(&node.office.console(), false).unwrap();
    }
    wait_until("serves again", || !centre.office.waits_after_restore());
    assert_eq!(centre.office.view(&office::Identity::public(), later).unwrap().data.unwrap()["title"], "Sau bản sao");
    assert!(centre.office.settle(std::time::Duration::from_secs(60)));
    let listed = centre.office.titles(&office::Identity::public(), &[later]).unwrap();
    assert_eq!(listed.len(), 1, "it is in the lists again");
    centre.publish("Tiếp tục");
    wait_until("goes on", || {
        let log = centre.standing(PUBLIC);
        log.next > before.next && log.received == log.next && site.standing(PUBLIC).root == log.root
    });
    assert_eq!(site.standing(PUBLIC).state, "following");
}

#[test]
fn nobody_becomes_a_second_site_who_is_not_right_under_the_centre_or_has_not_agreed() {
    let (centre_folder, folder, unit_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::under(&centre, folder.path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    let unit = TestNode::under(&province, unit_folder.path(), "trungtam.daklak", "Trung tâm (minh họa)");
    let line = web::HttpLine::new();
    let code = |node: &TestNode, site: Option<(&str, &str)>| {
        node.office.set_second_site(&node.office.console(), &line, site).unwrap_err().code().to_owned()
    };
    assert_eq!(code(&province, None), "not_the_centre");
    assert_eq!(code(&centre, Some(("sokhcn.gialai", &province.address))), "heir_unknown");
    assert_eq!(code(&centre, Some(("sokhcn.daklak", "http://127.0.0.1:1"))), "line");
    assert_eq!(code(&centre, Some(("sokhcn.daklak", &province.address))), "no_second_site");
    assert_eq!(unit.office.be_second_site(&unit.office.console()).unwrap_err().code(), "not_under_the_centre");
    assert_eq!(centre.office.be_second_site(&centre.office.console()).unwrap_err().code(), "not_under_the_centre");
    assert!(centre.office.membership().unwrap().unwrap().second_site.is_none(), "nothing was kept");
}
