//! The Centre adopts a form, and it comes to the nodes below by itself: seen, compared, tried and adopted there, or not; and what is no form harms nothing.

use std::path::Path;
use std::time::Duration;

use office::{Draft, FormState, FormVersion, Identity, Office, RegisterFilter, Role, Stored};
use serde_json::{Value, json};

use crate::exchange::{TestNode, wait_until};
use crate::form_version::second_version;
use crate::people::{DAK_LAK, body, person};
use crate::visit::{Visit, session};

const PROVINCE: &str = "sokhcn.daklak";

fn console(node: &TestNode) -> Identity {
    node.office.console()
}

fn clerk(office: &Office) -> Identity {
    office.act_as(&office.console(), "daklak.cv").unwrap_or_else(|_| person(office, "daklak.cv", DAK_LAK, Role::Officer))
}

/// A technology that is public.
fn technology(office: &Office, title: &str, more: Value) -> Stored {
    let mut data = json!({"title": title, "direction": "offer", "description": "Mô tả (minh họa).", "state": "recorded", "owner": body(office, DAK_LAK).to_string(), "illustrative": true});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    office.submit(&clerk(office), Draft { id: None, kind: "technology".into(), data, previous: None }).unwrap()
}

fn adopt_at(node: &TestNode, text: &str, version: u64) {
    node.office.receive_form(&console(node), text).unwrap();
    node.office.adopt_form(&console(node), "technology", version).unwrap();
}

fn versions(node: &TestNode) -> Vec<FormVersion> {
    node.office.form_versions(&console(node)).unwrap()
}

fn the_version(node: &TestNode) -> FormVersion {
    let mut found = versions(node);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// What a node has said in its catalogue log, by sort and kind.
fn said(office: &Office, sort: &str, kind: &str) -> Vec<Value> {
    let rows = office.ledger().read(|r| r.entries("catalogue", 0, 10_000)).unwrap();
    let mut found = Vec::new();
    for row in rows {
        let ledger::Op::Put { typ, .. } = ledger::Entry::from_bytes(&row.bytes).unwrap().op else { continue };
        let data = ledger::Payload::data(&row.payload.unwrap()).unwrap();
        if typ == sort && (data["kind"] == kind || data["name"] == kind) {
            found.push(data);
        }
    }
    found
}

fn deeds(node: &TestNode, action: &str) -> usize {
    node.office.audit_trail(&console(node), None, 200).unwrap().iter().filter(|entry| entry.action == action).count()
}

fn two(centre: &Path, province: &Path) -> (TestNode, TestNode) {
    let (centre, province) = (TestNode::centre(centre), TestNode::start(province, PROVINCE));
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    (centre, province)
}

#[test]
fn a_form_that_the_centre_adopts_waits_in_the_province_and_a_record_made_with_it_is_known_at_the_centre() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (centre, province) = two(centre_folder.path(), folder.path());
    let old = technology(&province.office, "Máy sấy cà phê (minh họa)", json!({"price": "thỏa thuận"}));
    let text = second_version("2018-01-01");
    centre.office.receive_form(&console(&centre), &text).unwrap();
    assert!(said(&centre.office, "form", "technology").is_empty(), "what waits at the Centre is nobody else's matter");
    centre.office.adopt_form(&console(&centre), "technology", 2).unwrap();
    wait_until("the form is in the province", || !versions(&province).is_empty());

    let came = the_version(&province);
    assert_eq!((came.state, came.kind.version, came.text.as_str()), (FormState::Incoming, 2, text.as_str()));
    let origin = came.origin.unwrap();
    assert_eq!(origin.node, "bo.khcn");
    let said_at = centre.office.ledger().read(|r| r.entries("catalogue", origin.index, 1)).unwrap().pop().unwrap();
    assert_eq!(origin.at, ledger::Entry::from_bytes(&said_at.bytes).unwrap().at * 1_000_000);
    assert_eq!(province.office.forms_to_decide(&console(&province)).unwrap(), 1);
    assert_eq!(province.office.forms_to_decide(&clerk(&province.office)).unwrap(), 0);
    assert_eq!(province.office.catalogue().kind("technology").unwrap().version, 1, "arriving changes nothing");
    let compared = province.office.compare_form(&console(&province), "technology", 2).unwrap();
    assert_eq!(compared.changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["origin", "price"]);
    assert_eq!(compared.hindrance, None);
    assert_eq!(province.office.try_form(&console(&province), "technology", 2, None).unwrap().fitting, 0);
    // The same version as a file is refused: there is one already.
    assert_eq!(province.office.receive_form(&console(&province), &text).unwrap_err().code(), "form_above");

    // Not wanted, then wanted after all; and a restart brings nothing a second time.
    province.office.withdraw_form(&console(&province), "technology", 2).unwrap();
    assert_eq!(the_version(&province).state, FormState::Declined);
    assert_eq!(province.office.forms_to_decide(&console(&province)).unwrap(), 0);
    province.stop();
    let province = TestNode::start(folder.path(), PROVINCE);
    let more = second_version("2019-01-01").replace("version = 2", "version = 3");
    adopt_at(&centre, &more, 3);
    wait_until("the next form", || versions(&province).len() == 2);
    let states: Vec<(u64, FormState)> = versions(&province).iter().map(|version| (version.kind.version, version.state)).collect();
    assert_eq!(states, [(2, FormState::Declined), (3, FormState::Incoming)]);
    assert_eq!(deeds(&province, "form.arrive"), 2);
    province.office.adopt_form(&console(&province), "technology", 2).unwrap();

    let new = technology(&province.office, "Máy rang (minh họa)", json!({"origin": "Việt Nam"}));
    assert_eq!(province.office.view(&clerk(&province.office), new.id).unwrap().form, 2);
    assert_eq!(province.office.view(&clerk(&province.office), old.id).unwrap().form, 1, "old records keep theirs");
    for (record, form) in [(new.id, 2), (old.id, 1)] {
        wait_until("known at the Centre by its form", || {
            centre.office.view(&Identity::public(), record).is_ok_and(|view| view.form == form)
        });
    }
    // Said once each; a node below says nothing of forms, and defines the form in its log once.
    assert_eq!(said(&centre.office, "form", "technology").len(), 2);
    assert!(said(&province.office, "form", "technology").is_empty());
    let defined = said(&province.office, "type", "technology");
    assert_eq!(defined.iter().filter(|data| data["definition"]["x-lienvung"]["version"] == 2).count(), 1);
    for node in [&centre, &province] {
        assert!(node.office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
        assert!(node.office.form_troubles(&console(node)).unwrap().is_empty());
    }
}

#[test]
fn a_form_that_the_centre_withdraws_is_not_adopted_any_more_and_one_in_force_says_so() {
    let folders: Vec<tempfile::TempDir> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let (centre, first) = two(folders[0].path(), folders[1].path());
    let second = TestNode::start(folders[2].path(), "sokhcn.kontum");
    second.join(&centre, "Sở KH&CN Kon Tum (minh họa)");
    adopt_at(&centre, &second_version("2018-01-01"), 2);
    for node in [&first, &second] {
        wait_until("the form", || versions(node).len() == 1);
    }
    first.office.adopt_form(&console(&first), "technology", 2).unwrap();
    centre.office.withdraw_form(&console(&centre), "technology", 2).unwrap();
    for node in [&first, &second] {
        wait_until("the withdrawal", || the_version(node).origin.unwrap().withdrawn_at.is_some());
    }
    // The one that adopted it goes on until it says otherwise.
    assert_eq!(first.office.catalogue().kind("technology").unwrap().version, 2);
    let refused = second.office.adopt_form(&console(&second), "technology", 2).unwrap_err();
    assert_eq!(refused.code(), "form_hindered");
    assert!(refused.message().vi.contains("Trung ương đã thu hồi"), "{}", refused.message().vi);
    assert_eq!(second.office.forms_to_decide(&console(&second)).unwrap(), 0);
    // The Centre thinks again.
    centre.office.adopt_form(&console(&centre), "technology", 2).unwrap();
    wait_until("adopted again", || the_version(&second).origin.unwrap().withdrawn_at.is_none());
    second.office.adopt_form(&console(&second), "technology", 2).unwrap();
    assert_eq!(the_version(&first).state, FormState::Adopted);
}

#[test]
fn a_form_that_is_here_already_is_not_offered_and_a_centre_founded_later_says_what_it_has_adopted() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (text, other) = (second_version("2018-01-01"), second_version("2018-01-01").replace("Xuất xứ", "Nước xuất xứ"));
    let centre = TestNode::start(centre_folder.path(), "bo.khcn");
    let province = TestNode::start(folder.path(), PROVINCE);
    adopt_at(&province, &text, 2);
    let third = other.replace("version = 2", "version = 3");
    adopt_at(&province, &third, 3);
    let newer = text.replace("version = 2", "version = 3");
    adopt_at(&centre, &text, 2);
    adopt_at(&centre, &newer, 3);
    assert!(said(&centre.office, "form", "technology").is_empty());
    centre.office.found_centre(&console(&centre)).unwrap();
    assert_eq!(said(&centre.office, "form", "technology").len(), 2);
    centre.stop();
    let centre = TestNode::start(centre_folder.path(), "bo.khcn");
    assert_eq!(said(&centre.office, "form", "technology").len(), 2, "not again at the next start");

    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    wait_until("taken in", || versions(&province).iter().any(|version| version.origin.is_some()));
    wait_until("the other too", || !province.office.form_troubles(&console(&province)).unwrap().is_empty());
    let found = versions(&province);
    assert!(found.iter().all(|version| version.state == FormState::Adopted));
    assert_eq!(province.office.forms_to_decide(&console(&province)).unwrap(), 0);
    // Version 3 is another form than the Centre's under the same number: what was decided here stays, and both texts can be compared.
    assert_eq!(found[1].text, third);
    let trouble = province.office.form_troubles(&console(&province)).unwrap().remove(0);
    assert_eq!((trouble.form, trouble.raw), (Some(("technology".to_owned(), 3)), newer));
    assert!(trouble.why.vi.contains("cùng số phiên bản"), "{}", trouble.why.vi);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_form_in_the_centres_log_is_shown_as_a_trouble_and_harms_nothing() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (centre, province) = two(centre_folder.path(), folder.path());
    let announce = |kind: &str, version: Value, text: &str| json!({"kind": kind, "version": version, "state": "adopted", "text": text});
    let directive = catalogue::Catalogue::builtin_form("directive").unwrap().replace("version = 1", "version = 2");
    let unknown = second_version("2018-01-01").replace("kind = \"technology\"", "kind = \"x-la\"").replace("version = 2", "version = 1");
    let entries = vec![
        json!("không phải mẫu"),
        json!({"kind": "technology", "version": -2, "state": "adopted", "text": "x"}),
        json!({"kind": "../../x", "version": 2, "state": "adopted", "text": "x"}),
        announce("technology", json!(7), "đây không phải TOML <script>"),
        announce("technology", json!(8), &second_version("2018-01-01")),
        announce("x-la", json!(1), &unknown),
        announce("directive", json!(2), &directive),
        json!({"kind": "technology", "version": 9, "state": "withdrawn"}),
    ];
    let digest = province.office.ledger().digest().unwrap();
    centre
        .office
        .ledger()
        .write(move |w| -> Result<(), ledger::LedgerError> {
            for entry in &entries {
                w.publish("form", entry)?;
            }
            w.publish("loại lạ", &json!({"x": 1}))?;
            Ok(())
        })
        .unwrap();
    adopt_at(&centre, &second_version("2018-01-01"), 2);
    wait_until("the good one", || versions(&province).iter().any(|version| version.kind.version == 2));
    assert_eq!(versions(&province).len(), 1);
    let troubles = province.office.form_troubles(&console(&province)).unwrap();
    let named: Vec<Option<(String, u64)>> = troubles.iter().map(|trouble| trouble.form.clone()).collect();
    let some = |kind: &str, version: u64| Some((kind.to_owned(), version));
    assert_eq!(named, [some("directive", 2), some("x-la", 1), some("technology", 8), some("technology", 7), None, None, None]);
    assert!(troubles[1].why.vi.contains("không có loại bản ghi x-la"), "{}", troubles[1].why.vi);
    for (kind, version) in [("technology", 7), ("technology", 8), ("x-la", 1), ("directive", 2)] {
        let refused = province.office.adopt_form(&console(&province), kind, version).unwrap_err();
        assert!(["form_unfit", "form_of_the_program"].contains(&refused.code()), "{kind} {version}: {refused}");
    }
    assert_eq!(province.office.ledger().digest().unwrap(), digest);
    assert!(province.office.form_problems().is_empty());

    person(&province.office, "daklak.qt", DAK_LAK, Role::Administrator);
    let router = web::router(province.office.clone(), web::Options::at("http://localhost"));
    let session = session(&province.office, "daklak.qt");
    let get = async |path: &str| Visit::get(path).by(Some(&session)).at(PROVINCE).send(&router).await;
    let list = get("/quan-tri/bieu-mau").await;
    assert!(list.text.contains("đến từ Trung ương (bo.khcn)") && list.text.contains("chưa dùng được ở đây"), "{}", list.text);
    let raw = get("/quan-tri/bieu-mau/technology/7").await;
    assert!(raw.status == 200 && raw.text.contains("đây không phải TOML &#60;script&#62;"), "{}", raw.text);
    assert!(get("/en/quan-tri/bieu-mau/x-la/1").await.text.contains("As it came"));
    let good = get("/quan-tri/bieu-mau/technology/2").await;
    assert!(good.text.contains("lv1/bo.khcn/catalogue") && good.text.contains("Không áp dụng"), "{}", good.text);
    for path in ["/quan-tri", "/viec"] {
        assert!(get(path).await.text.contains("mẫu mới đến từ Trung ương"), "{path}");
    }
    let post = Visit::post("/quan-tri/bieu-mau/technology/7/ap-dung", "a=b").by(Some(&session)).at(PROVINCE).send(&router).await;
    assert!(post.status.is_client_error(), "{}", post.status);
    // A restart finds the same.
    province.stop();
    let province = TestNode::start(folder.path(), PROVINCE);
    assert_eq!(province.office.form_troubles(&console(&province)).unwrap(), troubles);
}

#[test]
fn records_that_came_before_their_form_was_adopted_here_are_listed_after_it_is() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (centre, province) = two(centre_folder.path(), folder.path());
    let text = second_version("2018-01-01");
    adopt_at(&province, &text, 2);
    let record = technology(&province.office, "Máy rang (minh họa)", json!({"origin": "Việt Nam"}));
    let known = || centre.office.view(&Identity::public(), record.id);
    wait_until("held, of a form that the Centre does not know", || known().is_ok_and(|view| view.form == 0));
    let filter = RegisterFilter { kind: Some("technology".into()), ..RegisterFilter::default() };
    let listed = || centre.office.register_page(&Identity::public(), &filter, None, 9).unwrap().total;
    assert!(centre.office.settle(Duration::from_secs(30)));
    assert_eq!(listed(), 0);
    // The definition has come too; only this node does not use the form.
    let place = province.office.ledger().read(|r| r.current("public", record.id)).unwrap().unwrap().cat;
    let node = province.office.ledger().node().clone();
    wait_until("defined", || centre.office.ledger().read(|r| r.type_definition_of(&node, place)).unwrap().is_some());
    assert!(centre.office.settle(Duration::from_secs(30)));
    assert_eq!(listed(), 0);
    adopt_at(&centre, &text, 2);
    wait_until("known", || known().is_ok_and(|view| view.form == 2));
    wait_until("listed", || listed() == 1);
    assert!(centre.office.settle(Duration::from_secs(30)));
    let before = centre.office.view_digests().unwrap();
    centre.office.rebuild(None, &mut |_, _, _| {}).unwrap();
    assert_eq!(centre.office.view_digests().unwrap(), before);
}
