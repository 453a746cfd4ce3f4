//! Records of other nodes at the node that holds their logs: seen as far as their audience goes, changed by nobody, and not believed further than their node may
//! speak.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::exchange::directory::{Directory, Statement};
use axum::http::StatusCode;
use catalogue::{Audience, Lang};
use ledger::{LedgerError, Origin, Projection, Put};
use office::{
    AnswerForm, Draft, Evidence, FileForm, Identity, Office, OfficeError, ReadingForm, RecordId, RegisterFilter, Role, SearchForm,
};
use serde_json::{Value, json};

use crate::exchange::{TestNode, wait_until};
use crate::neighbours::{count, directory, name, open_node, read_from_centre, send_up, with};
use crate::people::{DAK_LAK, MINISTRY, TWELVE, body, officer, open, person};
use crate::visit::{Visit, session};

const NODE: &str = "sokhcn.daklak";
const UNIT: &str = "aaa.donvi";
const NODES: [(&str, &str); 2] = [(NODE, DAK_LAK), (UNIT, "Đơn vị thử (minh họa)")];

/// The Centre, Đắk Lắk's node, and what they know of each other.
struct Two {
    centre: Arc<Office>,
    province: Office,
    directory: Directory,
    /// An officer of the Ministry, at the Centre.
    ministry: Identity,
}

fn two(folder: &Path) -> Two {
    let centre = Arc::new(open(&folder.join("centre")));
    let province = open_node(&folder.join("province"), NODE, body(&centre, DAK_LAK));
    let directory = directory(&NODES);
    let ministry = person(&centre, "bo.cv", MINISTRY, Role::Officer);
    Two { centre, province, directory, ministry }
}

impl Two {
    fn send_up(&self) {
        send_up(&self.province, &self.centre, &self.directory);
        assert!(self.centre.settle(Duration::from_secs(30)));
        assert_eq!(self.centre.view_problems(), Vec::<String>::new());
    }

    fn task(&self, title: &str, state: &str) -> (RecordId, Value) {
        let owner = body(&self.province, DAK_LAK).to_string();
        let data = json!({"title": title, "level": "CT", "aims": "Quy trình sấy cà phê.", "content": "Khảo nghiệm.", "methods": "Đồng ruộng.",
            "research_fields": ["40101.2008"], "objectives_codes": ["12.2008"], "expected_results": [{"text": "Quy trình sấy", "quantity": "1"}],
            "planned_start": "2026-06", "planned_end": "2027-06", "lead_org": owner, "provinces": ["66"], "owner": owner, "state": state,
            "approved_budget": [{"funding_source": "NS_DP", "amount": 700_000_000}], "illustrative": true});
        let draft = Draft { id: None, kind: "task".into(), data: data.clone(), previous: None };
        (self.province.submit(&officer(&self.province), draft).unwrap().id, data)
    }
}

fn tasks(office: &Office, who: &Identity) -> (u64, Vec<String>) {
    let page = office.register_page(who, &RegisterFilter { kind: Some("task".into()), ..RegisterFilter::default() }, None, 100).unwrap();
    (page.total, page.rows.into_iter().map(|row| row.title).collect())
}

fn found(office: &Office, who: &Identity, text: &str) -> Vec<String> {
    let form = SearchForm { text: text.into(), limit: 10, ..SearchForm::default() };
    office.search(who, &form).unwrap().results.hits.into_iter().map(|hit| hit.id).collect()
}

/// The views of an office, and that they are the same when they are filled again.
fn same_when_rebuilt(office: &Office) {
    assert!(office.settle(Duration::from_secs(30)));
    let before = office.view_digests().unwrap();
    office.rebuild(None, &mut |_, _, _| {}).unwrap();
    let after = office.view_digests().unwrap();
    assert_eq!(before, after);
    assert_eq!(office.view_problems(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_a_province_is_seen_at_the_centre_as_far_as_its_audience_goes_and_changed_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let two = two(folder.path());
    let (task, mut data) = two.task("Sấy cà phê (minh họa)", "running");
    let (draft, _) = two.task("Chưa gửi (minh họa)", "draft");
    assert!(matches!(two.centre.view(&two.ministry, task), Err(OfficeError::NotFound(_))));
    two.send_up();

    let view = two.centre.view(&two.ministry, task).unwrap();
    assert_eq!((view.audience, view.form > 0, view.edit.allowed), (Audience::Ministry, true, false));
    assert_eq!(view.data.as_ref().unwrap()["approved_budget"], data["approved_budget"]);
    let held = view.held.unwrap();
    assert_eq!((held.node.as_str(), held.maker.as_str(), held.others.len()), (NODE, NODE, 0));
    let public = two.centre.view(&Identity::public(), task).unwrap();
    assert_eq!((public.audience, public.data.unwrap().get("approved_budget")), (Audience::Public, None));
    // A department on the Centre's node is no reader of the ministry's projection, unless the record is its own.
    let khanh_hoa = person(&two.centre, "khanhhoa.cv", "Sở KH&CN Khánh Hòa", Role::Officer);
    assert_ne!(two.centre.view(&khanh_hoa, task).unwrap().audience, Audience::Ministry);
    for who in [&two.ministry, &Identity::public(), &khanh_hoa] {
        assert!(matches!(two.centre.view(who, draft), Err(OfficeError::NotFound(_))), "what stays inside is not sent");
        assert_eq!(tasks(&two.centre, who), (1, vec!["Sấy cà phê (minh họa)".to_owned()]));
        assert_eq!(found(&two.centre, who, "sấy cà phê"), [task.to_string()]);
        assert_eq!(two.centre.kind_counts(who).unwrap().iter().find(|(kind, _)| kind == "task"), Some(&("task".to_owned(), 1)));
    }
    let mut file = Vec::new();
    let filter = RegisterFilter { kind: Some("task".into()), ..RegisterFilter::default() };
    assert_eq!(two.centre.export_register(&two.ministry, &filter, Lang::Vi, FileForm::Jsonl, &mut file).unwrap(), 1);
    assert!(String::from_utf8(file).unwrap().contains("700000000"));

    // Nobody changes it here, by whichever way.
    let leader = person(&two.centre, "bo.ld", MINISTRY, Role::Leader);
    let of_owner = person(&two.centre, "daklak.ld", DAK_LAK, Role::Leader);
    let before = two.centre.ledger().digest().unwrap();
    for who in [&two.ministry, &leader, &of_owner] {
        assert!(matches!(two.centre.view_to_edit(who, task), Err(OfficeError::Denied(why)) if why.vi.contains(NODE)));
        assert!(matches!(two.centre.erase(who, task, "1/QĐ"), Err(OfficeError::Denied(_))));
        for previous in [None, Some(view.leaf)] {
            let draft = Draft { id: Some(task), kind: "task".into(), data: data.clone(), previous };
            assert!(two.centre.submit(who, draft).is_err());
        }
        assert!(two.centre.next_steps(who, &two.centre.view(who, task).unwrap()).unwrap().is_empty());
    }
    assert_eq!(two.centre.ledger().digest().unwrap(), before);

    let router = web::router(two.centre.clone(), web::Options::at("http://localhost"));
    let session = session(&two.centre, "bo.cv");
    for path in [format!("/nhiem-vu/{task}"), format!("/r/{task}"), format!("/en/r/{task}")] {
        for session in [None, Some(session.as_str())] {
            let page = Visit::get(&path).by(session).send(&router).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.text.contains("giữ tại đây") || page.text.contains("held here"), "{path}");
            assert!(page.text.contains(NODE) && !page.text.contains(&format!("/r/{task}/sua")), "{path}");
        }
    }
    let page = Visit::get(format!("/r/{task}/sua")).by(Some(&session)).send(&router).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let json = Visit::get(format!("/r/{task}.json")).send(&router).await;
    assert!(json.text.contains(&format!("\"node\":\"{NODE}\"")), "{}", json.text);

    // The next version, and in the end the erasure, arrive too.
    let who = officer(&two.province);
    data["title"] = json!("Sấy cà phê và bơ Booth (minh họa)");
    let leaf = two.province.view(&who, task).unwrap().leaf;
    two.province.submit(&who, Draft { id: Some(task), kind: "task".into(), data, previous: Some(leaf) }).unwrap();
    two.send_up();
    assert_eq!(tasks(&two.centre, &two.ministry).1, ["Sấy cà phê và bơ Booth (minh họa)"]);
    assert_eq!(found(&two.centre, &two.ministry, "bơ Booth"), [task.to_string()]);
    let history = two.centre.history(&two.ministry, task, None, 50).unwrap();
    assert_eq!(history.iter().map(|version| version.ver).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(two.centre.history(&two.ministry, task, Some(2), 50).unwrap().len(), 1);
    same_when_rebuilt(&two.centre);
    let (other, _) = two.task("Ở lại (minh họa)", "running");
    two.province.erase(&who, task, "12/QĐ-SKHCN").unwrap();
    two.send_up();
    assert_eq!(tasks(&two.centre, &two.ministry).1, ["Ở lại (minh họa)"]);
    assert!(!found(&two.centre, &two.ministry, "bơ Booth").contains(&task.to_string()));
    assert_eq!(found(&two.centre, &two.ministry, "ở lại"), [other.to_string()]);
    assert_eq!(two.centre.view(&two.ministry, task).unwrap().data, None);
    let page = Visit::get(format!("/r/{task}")).by(Some(&session)).send(&router).await;
    assert!(page.status == StatusCode::OK && page.text.contains("Bản ghi đã xóa"));
    same_when_rebuilt(&two.centre);
    assert!(two.centre.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_carrier_brings_is_shown_under_the_name_that_the_directory_gives_the_node() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::start(folder.path(), NODE);
    // Written before the node joined: then there is more than the latest to be counted.
    let early = province.publish("Bài sớm");
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    let late = province.publish("Bài muộn");
    for article in [early, late] {
        wait_until("counted", || centre.office.view(&Identity::public(), article).is_ok());
    }
    // Lists show them when the definition of their kind has come too, which travels in a log of its own.
    let filter = RegisterFilter { kind: Some("article".into()), ..RegisterFilter::default() };
    wait_until("listed", || centre.office.register_page(&Identity::public(), &filter, None, 9).unwrap().total == 2);
    assert!(centre.office.settle(Duration::from_secs(30)));
    let router = web::router(centre.office.clone(), web::Options::at("http://localhost"));
    for path in [format!("/tin/{late}"), format!("/r/{late}")] {
        let page = Visit::get(&path).send(&router).await;
        assert!(
            page.text.contains("Bản ghi của Sở KH&amp;CN Đắk Lắk (minh họa)")
                || page.text.contains("Bản ghi của Sở KH&#38;CN Đắk Lắk (minh họa)"),
            "{path}"
        );
    }
    same_when_rebuilt(&centre.office);
}

#[test]
fn bodies_of_other_nodes_have_names_here_and_give_nobody_a_right() {
    let folder = tempfile::tempdir().unwrap();
    let two = two(folder.path());
    let (task, _) = two.task("Sấy cà phê (minh họa)", "running");
    let administrator = person(&two.province, "quantri", DAK_LAK, Role::Administrator);
    let submit = |id: Option<RecordId>, form: &str, name: &str, previous| {
        let data = json!({"form": form, "names": [{"text": name}], "illustrative": true});
        two.province.submit(&administrator, Draft { id, kind: "body".into(), data, previous }).unwrap().id
    };
    let made = submit(None, "ministry", "Bộ giả (minh họa)", None);
    // Đắk Lắk changes the name of a body of which the Centre has a record of its own.
    let own = body(&two.centre, DAK_LAK);
    submit(Some(own), "ministry", "Tên khác (minh họa)", Some(two.province.view(&administrator, own).unwrap().leaf));
    two.send_up();
    assert_eq!(two.centre.directory().get(made).unwrap().names[0].text, "Bộ giả (minh họa)");
    assert!(two.centre.directory().get(made).unwrap().held && !two.centre.directory().get(own).unwrap().held);
    assert_eq!(two.centre.titles(&two.ministry, &[own]).unwrap()[0].title, DAK_LAK);
    let of_held = person(&two.centre, "gia.cv", "Bộ giả (minh họa)", Role::Leader);
    assert_eq!(two.centre.view(&of_held, task).unwrap().audience, Audience::Public);
    same_when_rebuilt(&two.centre);

    // Opened again it knows them; by another rule of ownership they are nobody's, and that is told without anything being sent.
    let Two { centre, ministry, .. } = two;
    drop(Arc::into_inner(centre).unwrap());
    let centre = open(&folder.path().join("centre"));
    assert!(centre.directory().get(made).unwrap().held);
    assert_eq!(centre.titles(&ministry, &[made, task]).unwrap().len(), 2);
    let public = |node: &str| Origin::of(&name(node), "public").unwrap();
    let merged = Statement::Transfer {
        recs: None,
        of: name(NODE),
        by: name(UNIT),
        cut: [(public(NODE), 0)].into(),
        start: [(public(UNIT), 0)].into(),
        basis: "1/QĐ".into(),
    };
    count(&centre, &with(&NODES, vec![merged]));
    assert!(centre.settle(Duration::from_secs(30)));
    let left = centre.titles(&ministry, &[made, task]).unwrap();
    assert_eq!(left.iter().map(|row| row.audience.as_str()).collect::<Vec<_>>(), ["ministry"], "the other log of the task was not cut");
    assert!(centre.directory().get(made).is_none() && centre.directory().get(own).is_some());
    same_when_rebuilt(&centre);
    count(&centre, &directory(&NODES));
    assert!(centre.settle(Duration::from_secs(30)));
    assert!(centre.directory().get(made).is_some());
    same_when_rebuilt(&centre);
}

/// Writes whatever one likes into the logs of a node.
fn write(office: &Office, id: RecordId, kind: &str, cat: u64, public: Value) {
    let projections = ["private", "public"].map(|audience| Projection::seal(audience, &public, &[]).unwrap()).to_vec();
    let put = Put { rec: id, kind: kind.to_owned(), cat, previous: None, projections };
    office.ledger().write(move |w| -> Result<(), LedgerError> { w.put(put).map(|_| ()) }).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_its_form_is_shown_as_it_came_and_stays_out_of_lists() {
    let folder = tempfile::tempdir().unwrap();
    let two = two(folder.path());
    let (good, data) = two.task("Sấy cà phê (minh họa)", "running");
    let cat = two.province.ledger().read(|r| r.current("private", good)).unwrap().unwrap().cat;
    let mut wrong = data.clone();
    wrong["provinces"] = json!({"a": "<b>66</b>"});
    let (unfit, unknown, words) = (RecordId::new(), RecordId::new(), RecordId::new());
    write(&two.province, unfit, "task", cat, wrong);
    write(&two.province, unknown, "x-giong", 9_999, json!({"title": "Giống lạ (minh họa)", "ten": "<i>a</i>"}));
    write(&two.province, words, "task", cat, json!("chỉ là chữ"));
    two.send_up();
    assert_eq!(tasks(&two.centre, &two.ministry).1, ["Sấy cà phê (minh họa)"]);
    let router = web::router(two.centre.clone(), web::Options::at("http://localhost"));
    for (id, shown) in [(unfit, "&lt;b&gt;66"), (unknown, "Giống lạ (minh họa)"), (words, "chỉ là chữ")] {
        assert_eq!(two.centre.view(&Identity::public(), id).unwrap().form, 0);
        let page = Visit::get(format!("/r/{id}")).send(&router).await;
        assert!(page.status == StatusCode::OK && page.text.contains("nguyên như khi nhận"), "{id}");
        assert!(page.text.contains(shown) || page.text.contains(&shown.replace("&lt;", "&#60;").replace("&gt;", "&#62;")), "{}", page.text);
        assert!(!page.text.contains("<b>66") && !page.text.contains("<i>a</i>"));
        for path in [
            format!("/r/{id}/sua"),
            format!("/r/{id}/giay-to"),
            format!("/r/{id}/lich-su"),
            format!("/r/{id}.json"),
            format!("/r/{id}.docx"),
        ] {
            assert!(Visit::get(&path).send(&router).await.status.as_u16() < 500, "{path}");
        }
    }
    let page = Visit::get(format!("/nhiem-vu/{unfit}")).send(&router).await;
    assert_eq!((page.status, page.place), (StatusCode::SEE_OTHER, format!("/r/{unfit}")));
    same_when_rebuilt(&two.centre);
}

#[test]
fn one_s_own_record_goes_first_and_of_others_that_of_the_first_name() {
    let folder = tempfile::tempdir().unwrap();
    let two = two(folder.path());
    let (task, mut data) = two.task("Sấy cà phê (minh họa)", "running");
    two.send_up();
    // Another node makes a record under the identifier in use.
    let unit = open_node(&folder.path().join("unit"), UNIT, body(&two.centre, DAK_LAK));
    let place = |office: &Office| {
        let own = RecordId::new();
        let draft = Draft { id: Some(own), kind: "task".into(), data: data.clone(), previous: None };
        office.submit(&officer(office), draft).unwrap();
        office.ledger().read(|r| r.current("private", own)).unwrap().unwrap().cat
    };
    let cat = place(&unit);
    data["title"] = json!("Trùng mã (minh họa)");
    write(&unit, task, "task", cat, data.clone());
    send_up(&unit, &two.centre, &two.directory);
    assert!(two.centre.settle(Duration::from_secs(30)));
    let held = two.centre.view(&Identity::public(), task).unwrap().held.unwrap();
    assert_eq!((held.node.as_str(), held.others), (UNIT, vec![NODE.to_owned()]));
    assert_eq!(two.centre.titles(&two.ministry, &[task]).unwrap()[0].title, "Trùng mã (minh họa)");
    same_when_rebuilt(&two.centre);
    // The Centre's own record of that identifier, from a time before, stands before both.
    let cat = two.centre.ledger().read(|r| r.current("private", body(&two.centre, DAK_LAK))).unwrap().unwrap().cat;
    write(&two.centre, task, "body", cat, json!({"form": "department", "names": [{"text": "Của Bộ (minh họa)"}]}));
    assert!(two.centre.settle(Duration::from_secs(30)));
    let view = two.centre.view(&Identity::public(), task).unwrap();
    assert_eq!((view.held, view.kind.as_str()), (None, "body"));
    assert_eq!(two.centre.titles(&two.ministry, &[task]).unwrap()[0].title, "Của Bộ (minh họa)");
    same_when_rebuilt(&two.centre);
}

#[test]
fn what_a_third_node_writes_about_a_task_is_no_part_of_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let two = two(folder.path());
    let (task, _) = two.task("Sấy cà phê (minh họa)", "running");
    let line = |owner: &Office, spent: i64| {
        json!({"title": "Dòng kinh phí 2026 (minh họa)", "task": task.to_string(), "spent": spent, "state": "recorded", "year": 2026, "funding_source": "NS_DP",
            "item": "task_province", "purpose": "materials", "planned": 500_000_000, "approved": 500_000_000, "owner": body(owner, DAK_LAK).to_string(),
            "illustrative": true})
    };
    let draft = Draft { id: None, kind: "budget_line".into(), data: line(&two.province, 450_000_000), previous: None };
    let own = two.province.submit(&officer(&two.province), draft).unwrap().id;
    two.send_up();
    let spent = || {
        let view = two.centre.view(&two.ministry, task).unwrap();
        two.centre.task_money(&two.ministry, &view).unwrap().spent.map(|spent| spent.amount)
    };
    assert_eq!(spent(), Some(450_000_000));
    let cat = two.province.ledger().read(|r| r.current("private", own)).unwrap().unwrap().cat;
    let unit = open_node(&folder.path().join("unit"), UNIT, body(&two.centre, DAK_LAK));
    write(&unit, RecordId::new(), "budget_line", cat, line(&unit, 1));
    send_up(&unit, &two.centre, &two.directory);
    assert!(two.centre.settle(Duration::from_secs(30)));
    let filter = RegisterFilter { kind: Some("budget_line".into()), refers_to: Some(task), ..RegisterFilter::default() };
    assert_eq!(two.centre.register_page(&two.ministry, &filter, None, 9).unwrap().total, 2, "it is shown as what it is");
    assert_eq!(spent(), Some(450_000_000));
}

#[test]
fn a_province_answers_a_directive_of_the_centre_which_alone_gives_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let two = two(folder.path());
    let (ministry, own, twelve) = (body(&two.centre, MINISTRY), body(&two.centre, DAK_LAK), body(&two.centre, TWELVE));
    let form = ReadingForm {
        owner: ministry,
        conference: None,
        assigner: Some(ministry),
        source_url: None,
        name: "kl.txt".into(),
        bytes: include_bytes!("../../demo/conclusion-xv.txt").to_vec(),
    };
    let imported = two.centre.import_conclusion(&two.ministry, form).unwrap();
    assert!(two.centre.settle(Duration::from_secs(30)));
    let review = two.centre.review(&two.ministry, imported.document).unwrap();
    let signing = review.directives.iter().find(|one| one.directive.text.contains("tổ chức ký kết")).unwrap().id;
    two.centre.issue_to(&two.ministry, imported.document, Some(vec![signing]), Some(twelve)).unwrap();
    for audience in ["catalogue", "public"] {
        read_from_centre(&two.province, &two.centre, audience, &two.directory);
    }
    assert!(two.province.settle(Duration::from_secs(30)));

    // At the province the directive is on the board; only its own answer is written there.
    let who = officer(&two.province);
    let page = two.province.answer_page(&who, signing, own).unwrap();
    assert!(page.may_answer.allowed && !page.may_verify.allowed);
    let evidence = Evidence { evidence_kind: "document".into(), number: Some("12/BC-SKHCN".into()), ..Evidence::default() };
    let done = jiff::civil::date(2026, 11, 20);
    let form = AnswerForm {
        answer_state: "done".into(),
        done_day: Some(done),
        text: "Đã ký".into(),
        evidence: vec![evidence],
        ..AnswerForm::default()
    };
    let answer = two.province.answer(&who, signing, own, form).unwrap().id;
    // It also judges itself, against every rule.
    let cat = |office: &Office, kind: &str| {
        let schema = |place| office.ledger().read(|r| r.type_definition(place)).unwrap().map(|(name, _)| name);
        (0..200).rfind(|place| schema(*place).as_deref() == Some(kind)).unwrap()
    };
    let verdict = json!({"answer": answer.to_string(), "answer_version": 1, "directive": signing.to_string(), "body": own.to_string(),
        "verdict": "accepted", "day": "2026-11-21", "owner": ministry.to_string()});
    write(&two.province, RecordId::new(), "verdict", cat(&two.province, "verdict"), verdict);
    let later = json!({"directive": signing.to_string(), "new_last": "2099-12-31", "document_number": "1/QĐ", "day": "2026-11-21", "owner": ministry.to_string()});
    write(&two.province, RecordId::new(), "deadline_change", cat(&two.province, "deadline_change"), later);
    assert!(two.province.settle(Duration::from_secs(30)));
    two.send_up();
    let row = || two.centre.board().row(signing, two.centre.clock().today()).unwrap().unwrap();
    let before = two.province.board().row(signing, two.centre.clock().today()).unwrap().unwrap();
    assert_eq!((row().reported, row().verified, row().last_day == before.last_day), (1, 0, true));
    assert_eq!((before.reported, before.verified), (1, 0), "nor at the province itself");
    assert_eq!(two.centre.board().deadline_changes(signing).unwrap().len(), 0);
    same_when_rebuilt(&two.centre);

    let leader = person(&two.centre, "bo.ld", MINISTRY, Role::Leader);
    let seen = two.centre.answer_page(&leader, signing, own).unwrap();
    assert!(seen.may_verify.allowed && !seen.may_answer.allowed);
    let (id, version, _) = seen.answer.unwrap();
    assert_eq!((id, version), (answer, 1));
    let of_body = person(&two.centre, "daklak.ld", DAK_LAK, Role::Leader);
    assert!(!two.centre.answer_page(&of_body, signing, own).unwrap().may_answer.allowed, "it is answered where it was answered");
    two.centre.judge(&leader, answer, 1, "accepted", "").unwrap();
    assert!(two.centre.settle(Duration::from_secs(30)));
    assert_eq!((row().reported, row().verified), (1, 1));
    same_when_rebuilt(&two.centre);
    same_when_rebuilt(&two.province);
}
