//! The report on the connection of data: its figures are those of the node, before it has joined, while the line is cut, and after; and it goes up itself.

use std::time::Duration;

use office::{Comparison, ConnectionStage, Draft, FormStanding, Identity, RecordId, Role};
use serde_json::json;

use crate::exchange::{TestNode, wait_until};
use crate::people::{MINISTRY, body, person};

/// A record of the body that runs the node; the test nodes are all run by one.
fn publish(node: &TestNode, state: &str) -> RecordId {
    let office = &node.office;
    let officer = office.act_as(&office.console(), "bo.cv").unwrap_or_else(|_| person(office, "bo.cv", MINISTRY, Role::Officer));
    let data = json!({"title": format!("Bài {state} (minh họa)"), "text": "Nội dung", "summary": "Tóm tắt", "state": state, "published_day": "2026-11-20",
        "owner": body(office, MINISTRY).to_string(), "responsible_editor": "Ban biên tập", "source": "minh họa"});
    office.submit(&officer, Draft { id: None, kind: "article".into(), data, previous: None }).unwrap().id
}

#[test]
fn a_report_says_what_the_node_knows_of_its_connection_and_reaches_the_centre() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    let office = &province.office;
    let leader = person(office, "bo.ld", MINISTRY, Role::Leader);
    let stranger = person(office, "daklak.ld", crate::people::DAK_LAK, Role::Leader);
    assert_eq!(office.connection_report(&stranger).unwrap_err().code(), "denied");
    assert_eq!(office.connection_report(&Identity::public()).unwrap_err().code(), "denied");
    publish(&province, "published");
    publish(&province, "draft");
    assert!(office.settle(Duration::from_secs(20)));
    let report = office.connection_report(&leader).unwrap();
    assert_eq!((report.stage, report.comparison, report.above), (ConnectionStage::NotConnected, Comparison::None, None));
    let articles = report.data_sets.iter().find(|set| set.kind == "article").unwrap();
    assert_eq!((articles.records, articles.ready, articles.returned), (2, 1, 0));
    assert_eq!((articles.form, articles.mapped), (FormStanding::Common, articles.fields));
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    wait_until("all is signed for", || {
        let report = office.connection_report(&leader).unwrap();
        report.comparison == Comparison::Equal && report.stage == ConnectionStage::Connected && report.published == report.received
    });
    office.set_unplugged(&office.console(), true).unwrap();
    let later = publish(&province, "published");
    let report = office.connection_report(&leader).unwrap();
    assert_eq!((report.comparison, report.published - report.received), (Comparison::Gap, 1));
    office.set_unplugged(&office.console(), false).unwrap();
    wait_until("all is signed for again", || office.connection_report(&leader).unwrap().comparison == Comparison::Equal);
    // Somebody above returns one of them.
    let judge = person(&centre.office, "bo.cv", MINISTRY, Role::Officer);
    wait_until("counted", || centre.office.view(&judge, later).is_ok());
    let leaf = centre.office.view(&judge, later).unwrap().leaf;
    centre.office.return_record(&judge, later, leaf, &["wrong_data".to_owned()]).unwrap();
    wait_until("returned", || {
        let report = office.connection_report(&leader).unwrap();
        report.data_sets.iter().any(|set| set.kind == "article" && set.returned == 1)
    });
    let kept = office.write_connection_report(&leader, "  Chưa có đường truyền số liệu chuyên dùng ", "").unwrap();
    let view = office.view(&leader, kept.id).unwrap();
    let mut data = view.data.unwrap();
    assert_eq!(data["difficulties"], "Chưa có đường truyền số liệu chuyên dùng");
    assert!(data.get("requests").is_none());
    assert_eq!((&data["stage"], &data["comparison"]), (&json!("connected"), &json!("equal")));
    let row = data["data_sets"].as_array().unwrap().iter().find(|row| row["returned"] == 1).unwrap();
    assert_eq!((&row["records"], &row["ready"]), (&json!(3), &json!(2)));
    // A draft is nobody's business; what the head has reported is the Ministry's.
    data["state"] = json!("sent");
    let officer = office.act_as(&office.console(), "bo.cv").unwrap();
    let draft = |data: &serde_json::Value| Draft {
        id: Some(kept.id),
        kind: "connection_report".into(),
        data: data.clone(),
        previous: Some(view.leaf),
    };
    assert_eq!(office.submit(&officer, draft(&data)).unwrap_err().code(), "invalid", "an officer does not report in the head's place");
    office.submit(&leader, draft(&data)).unwrap();
    wait_until("the report is at the Centre", || centre.office.view(&judge, kept.id).is_ok());
    assert!(centre.office.view(&Identity::public(), kept.id).is_err());
    let long = "x".repeat(6_000);
    assert_eq!(office.write_connection_report(&leader, &long, "").unwrap_err().code(), "invalid");
}
