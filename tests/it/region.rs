//! What a department records for the departments of its region comes to those nodes that the Centre has named, and to no others.

use office::{Identity, Role};

use crate::exchange::{TestNode, wait_until};
use crate::people::{DAK_LAK, body, person};
use crate::routes::submitted_proposal;

const KON_TUM: &str = "Sở KH&CN Kon Tum";

#[test]
fn what_is_for_the_region_comes_to_the_nodes_the_centre_has_named_and_to_no_others() {
    let folders: Vec<tempfile::TempDir> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let centre = TestNode::centre(folders[0].path());
    let writer = TestNode::under(&centre, folders[1].path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    let reader = TestNode::under(&centre, folders[2].path(), "sokhcn.kontum", "Sở KH&CN Kon Tum (minh họa)");
    let outside = TestNode::under(&centre, folders[3].path(), "sokhcn.hanoi", "Sở KH&CN Hà Nội (minh họa)");
    let officer = person(&writer.office, "daklak.cv", DAK_LAK, Role::Officer);
    let proposal = submitted_proposal(&writer.office, &officer, body(&writer.office, DAK_LAK));
    wait_until("at the Centre", || writer.standing("lv1/sokhcn.daklak/region").received > 0);
    let console = centre.office.console();
    assert_eq!(writer.office.set_region_readers(&writer.office.console(), &[]).unwrap_err().code(), "not_the_centre");
    assert_eq!(centre.office.set_region_readers(&console, &["so.la".to_owned()]).unwrap_err().code(), "heir_unknown");
    let region = ["sokhcn.daklak".to_owned(), "sokhcn.kontum".to_owned()];
    centre.office.set_region_readers(&console, &region).unwrap();
    let named = |node: &TestNode| node.office.region_readers(&node.office.console()).unwrap().iter().filter(|(_, _, reads)| *reads).count();
    for node in [&writer, &reader, &outside] {
        node.office.set_unplugged(&node.office.console(), false).unwrap();
        wait_until("everybody knows", || named(node) == 2);
    }
    let colleague = person(&reader.office, "kontum.cv", KON_TUM, Role::Officer);
    wait_until("read in the region", || reader.office.view(&colleague, proposal).is_ok());
    let view = reader.office.view(&colleague, proposal).unwrap();
    assert_eq!(view.held.unwrap().node, "sokhcn.daklak");
    assert!(reader.office.view(&Identity::public(), proposal).is_err(), "the region is not the public");
    outside.office.set_unplugged(&outside.office.console(), false).unwrap();
    let stranger = person(&outside.office, "hanoi.cv", KON_TUM, Role::Officer);
    assert!(outside.office.view(&stranger, proposal).is_err());
    assert!(outside.office.log_standings(&outside.office.console()).unwrap().iter().all(|log| log.origin != "lv1/sokhcn.daklak/region"));
}
