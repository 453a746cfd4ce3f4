//! Records sent back: by a node when one does not fit its form, by a person for a reason of the list; the owner sees why until he has written another version.

use ledger::{LeafHash, Projection, Put};
use office::{Draft, Identity, Office, RecordId, RegisterFilter, Role};
use serde_json::{Value, json};

use crate::exchange::{TestNode, wait_until};
use crate::people::{DAK_LAK, MINISTRY, body, person};

const PROVINCE: &str = "sokhcn.daklak";
const UNIT: &str = "donvi.daklak";

struct Chain {
    centre: TestNode,
    province: TestNode,
    unit: TestNode,
    /// An officer of the Ministry at the Centre.
    ministry: Identity,
    folders: Vec<tempfile::TempDir>,
}

fn chain() -> Chain {
    let folders: Vec<tempfile::TempDir> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let centre = TestNode::centre(folders[0].path());
    let province = TestNode::start(folders[1].path(), PROVINCE);
    let unit = TestNode::start(folders[2].path(), UNIT);
    province.join(&centre, "Sở Đắk Lắk (minh họa)");
    unit.join(&province, "Đơn vị (minh họa)");
    let ministry = person(&centre.office, "bo.cv", MINISTRY, Role::Officer);
    Chain { centre, province, unit, ministry, folders }
}

fn clerk(office: &Office) -> Identity {
    office.act_as(&office.console(), "daklak.cv").unwrap()
}

/// A record past all checks, as a faulty program would write it.
fn write(office: &Office, id: RecordId, like: RecordId, kind: &str, data: &Value) {
    let cat = office.ledger().read(|r| r.current("private", like)).unwrap().unwrap().cat;
    let projections = ["private", "public"].map(|audience| Projection::seal(audience, data, &[]).unwrap()).to_vec();
    let put = Put { rec: id, kind: kind.into(), cat, previous: None, projections };
    office.ledger().write(move |w| w.put(put)).unwrap();
    // Something of the usual way wakes the lanes.
    office.settle(std::time::Duration::from_secs(20));
}

fn inbox(node: &TestNode) -> Vec<(RecordId, String, Vec<String>)> {
    let page = node.office.returned_to(&clerk(&node.office), None, 50).unwrap();
    let rows = page.rows.into_iter();
    rows.map(|row| (row.id, row.returned.by.vi, row.returned.reasons.into_iter().map(|reason| reason.vi).collect())).collect()
}

fn citations(node: &TestNode) -> usize {
    node.office.returned_here(&node.office.console(), None, 200).unwrap().rows.len()
}

#[test]
fn a_record_that_does_not_fit_its_form_comes_back_to_its_owner_once_with_the_field_and_stands_in_no_list() {
    let mut chain = chain();
    let good = chain.province.publish("Bài đúng (minh họa)");
    let (unfit, other_kind) = (RecordId::new(), RecordId::new());
    let owner = body(&chain.province.office, DAK_LAK).to_string();
    let data = json!({"title": "Bài sai (minh họa)", "text": "Nội dung", "summary": "Tóm tắt", "state": "published", "published_day": "31/02/2026",
        "owner": owner, "responsible_editor": "Ban biên tập", "source": "minh họa"});
    write(&chain.province.office, unfit, good, "article", &data);
    write(&chain.province.office, other_kind, good, "task", &data);
    wait_until("both come back", || inbox(&chain.province).len() == 2);
    let found = inbox(&chain.province);
    let reasons = |id: RecordId| found.iter().find(|(returned, _, _)| *returned == id).unwrap().2.join("; ");
    assert!(reasons(unfit).contains("ngày không hợp lệ"), "{found:?}");
    assert_eq!(reasons(other_kind), "sai loại bản ghi");
    // The log went on, and only the right one is listed at the Centre.
    let later = chain.province.publish("Bài sau (minh họa)");
    wait_until("the log goes on", || chain.centre.office.view(&Identity::public(), later).is_ok());
    let filter = RegisterFilter { kind: Some("article".into()), ..RegisterFilter::default() };
    wait_until("the list follows", || chain.centre.office.register_page(&Identity::public(), &filter, None, 50).unwrap().total >= 2);
    let listed = chain.centre.office.register_page(&Identity::public(), &filter, None, 50).unwrap().rows;
    assert!(listed.iter().all(|row| row.id != unfit && row.id != other_kind));
    // The Centre starts again and looks at everything again, and says nothing twice.
    assert_eq!(citations(&chain.centre), 2);
    let address = chain.centre.address.trim_start_matches("http://").to_owned();
    chain.centre.stop();
    chain.centre = TestNode::start_at(chain.folders[0].path(), "bo.khcn", &address);
    chain.centre.office.rebuild(Some("returned"), &mut |_, _, _| {}).unwrap();
    assert_eq!(citations(&chain.centre), 2);
    // The owner's next version answers the return.
    let who = clerk(&chain.province.office);
    let view = chain.province.office.view(&who, unfit).unwrap();
    let returned = view.returned.unwrap();
    assert_eq!((returned.by.vi.as_str(), returned.reasons.len()), ("Trung ương", 1));
    let mut mended = data.clone();
    mended["published_day"] = json!("2026-02-28");
    let draft = Draft { id: Some(unfit), kind: "article".into(), data: mended, previous: Some(view.leaf) };
    chain.province.office.submit(&who, draft).unwrap();
    assert!(chain.province.office.view(&who, unfit).unwrap().returned.is_none());
    assert_eq!(inbox(&chain.province).iter().map(|(id, _, _)| *id).collect::<Vec<_>>(), [other_kind]);
    wait_until("the mended one is listed", || {
        let rows = chain.centre.office.register_page(&Identity::public(), &filter, None, 50).unwrap().rows;
        rows.iter().any(|row| row.id == unfit)
    });
}

#[test]
fn an_officer_of_the_centre_returns_the_record_of_a_unit_and_the_unit_sees_why() {
    let chain = chain();
    let id = chain.unit.publish("Bài của đơn vị (minh họa)");
    wait_until("at the Centre", || chain.centre.office.view(&chain.ministry, id).is_ok_and(|view| view.form > 0));
    let centre = &chain.centre.office;
    let stranger = person(centre, "daklak.ld", DAK_LAK, Role::Leader);
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let leaf = centre.view(&chain.ministry, id).unwrap().leaf;
    assert_eq!(centre.return_record(&stranger, id, leaf, &codes(&["duplicate"])).unwrap_err().code(), "denied");
    assert_eq!(centre.return_record(&Identity::public(), id, leaf, &codes(&["duplicate"])).unwrap_err().code(), "denied");
    for wrong in [codes(&[]), codes(&["khong-co"]), codes(&["duplicate", "Ông A"])] {
        assert_eq!(centre.return_record(&chain.ministry, id, leaf, &wrong).unwrap_err().code(), "reason_missing", "{wrong:?}");
    }
    let own = chain.centre.publish("Bài của Trung ương (minh họa)");
    assert_eq!(centre.return_record(&chain.ministry, own, leaf, &codes(&["duplicate"])).unwrap_err().code(), "not_held");
    let unseen = centre.return_record(&chain.ministry, id, LeafHash([7; 32]), &codes(&["duplicate"])).unwrap_err();
    assert_eq!(unseen.code(), "changed_meanwhile");
    centre.return_record(&chain.ministry, id, leaf, &codes(&["duplicate", "wrong_body"])).unwrap();
    assert_eq!(centre.return_record(&chain.ministry, id, leaf, &codes(&["duplicate"])).unwrap_err().code(), "returned_already");
    assert!(centre.view(&chain.ministry, id).unwrap().returned.is_some());
    wait_until("the unit is told", || !inbox(&chain.unit).is_empty());
    let (returned, _, reasons) = inbox(&chain.unit).remove(0);
    assert_eq!(returned, id);
    assert_eq!(reasons, ["Trùng với bản ghi đã có", "Sai cơ quan chủ trì hoặc cơ quan quản lý"]);
    // It is nobody else's: the province that passed it on has an empty inbox, and other bodies of the unit see nothing.
    let other = person(&chain.unit.office, "kontum.cv", "Sở KH&CN Kon Tum", Role::Officer);
    assert!(chain.unit.office.returned_to(&other, None, 50).unwrap().rows.is_empty());
    let at_province = person(&chain.province.office, "daklak.cv", DAK_LAK, Role::Officer);
    assert!(chain.province.office.returned_to(&at_province, None, 50).unwrap().rows.is_empty());
    assert_eq!(chain.unit.office.returned_to_node(&chain.unit.office.console(), None, 50).unwrap().rows.len(), 1);
    // Erased, it waits for nobody.
    let who = clerk(&chain.unit.office);
    chain.unit.office.erase(&who, id, "QĐ 1/2026 (minh họa)").unwrap();
    assert!(inbox(&chain.unit).is_empty());
}

#[test]
fn an_inbox_of_ten_thousand_is_read_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let office = crate::people::open(folder.path());
    let who = crate::people::officer(&office);
    let own = body(&office, DAK_LAK).to_string();
    // What the node above would have said of ten thousand records.
    office
        .ledger()
        .write(move |w| -> Result<(), ledger::LedgerError> {
            for number in 0..10_000_u64 {
                let (rec, data) = (RecordId::new(), json!({"title": format!("Bài {number} (minh họa)"), "owner": own}));
                let projections = vec![Projection::seal("private", &data, &[])?];
                let leaf = w.put(Put { rec, kind: "article".into(), cat: 0, previous: None, projections })?.leaf.to_hex();
                let place = format!("{own}/{number:016x}-{rec}");
                let kept =
                    json!({"by": "bo.khcn", "at": number, "audience": "private", "leaf": leaf, "codes": ["duplicate"], "place": place});
                w.cabinet_put("returned", &rec.to_string(), kept)?;
                w.cabinet_put("returned_of", &place, json!(rec.to_string()))?;
            }
            Ok(())
        })
        .unwrap();
    let mut times = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = office.returned_to(&who, after.as_deref(), 200).unwrap();
        times.extend(page.rows.iter().map(|row| row.returned.at));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(times.len(), 10_000);
    assert!(times.is_sorted_by(|later, earlier| later > earlier), "newest first, each once");
}
