//! A circular changes a form: the new version is received, compared, tried and adopted; old records keep theirs, in pages and in files.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use catalogue::{FormChangeSort, Lang};
use office::{Draft, FileForm, FormState, Identity, Office, OfficeError, RegisterFilter, Role, SheetForm, Stored};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, MINISTRY, body, officer, open, person};
use crate::visit::{Visit, encoded, session};

/// The form of technologies with one required field more and without the price.
pub fn second_version(valid_from: &str) -> String {
    let text = catalogue::Catalogue::builtin_form("technology").unwrap();
    let price = text.lines().find(|line| line.contains("name = \"price\"")).unwrap().to_owned();
    let added = "  { name = \"origin\", type = \"text\", max = 100, required = true, vi = \"Xuất xứ\", en = \"Origin\" },";
    text.replace("version = 1", "version = 2")
        .replace("valid_from = \"2017-07-01\"", &format!("valid_from = \"{valid_from}\""))
        .replace(&price, added)
}

fn administrator(office: &Office) -> Identity {
    office.act_as(&office.console(), "bo.qt").unwrap_or_else(|_| person(office, "bo.qt", MINISTRY, Role::Administrator))
}

fn technology(office: &Office, title: &str, more: Value) -> Draft {
    let mut data = json!({"title": title, "state": "draft", "owner": body(office, DAK_LAK).to_string(), "illustrative": true});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Draft { id: None, kind: "technology".into(), data, previous: None }
}

fn change(office: &Office, who: &Identity, stored: &Stored, more: Value) -> Draft {
    let view = office.view(who, stored.id).unwrap();
    let mut data = view.data.unwrap();
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Draft { id: Some(stored.id), kind: view.kind, data, previous: Some(view.leaf) }
}

fn faults(outcome: Result<Stored, OfficeError>) -> Vec<String> {
    match outcome {
        Err(OfficeError::Invalid(faults)) => faults.into_iter().map(|fault| format!("{} {}", fault.path, fault.rule)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn old_records_keep_their_form_new_ones_use_the_adopted_one_and_a_table_holds_both_and_comes_back_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let (who, admin) = (officer(&office), administrator(&office));
    let old = office.submit(&who, technology(&office, "Máy sấy cà phê (minh họa)", json!({"price": "thỏa thuận"}))).unwrap();
    let version = office.receive_form(&admin, &second_version("2026-11-01")).unwrap();
    assert_eq!((version.state, version.kind.version), (FormState::Incoming, 2));
    assert_eq!(office.catalogue().kind("technology").unwrap().version, 1, "receiving changes nothing");

    let comparison = office.compare_form(&admin, "technology", 2).unwrap();
    let changes: Vec<(FormChangeSort, &str)> = comparison.changes.iter().map(|change| (change.sort, change.path.as_str())).collect();
    assert_eq!(changes, [(FormChangeSort::Added, "origin"), (FormChangeSort::Removed, "price")]);
    assert_eq!(comparison.hindrance, None);
    let trial = office.try_form(&admin, "technology", 2, None).unwrap();
    assert_eq!((trial.tried, trial.fitting, trial.next), (1, 0, None));
    let found: Vec<(&str, usize)> = trial.faults.iter().map(|fault| (fault.field.vi.as_str(), fault.records)).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.contains(&("Xuất xứ", 1)));

    office.adopt_form(&admin, "technology", 2).unwrap();
    assert_eq!(faults(office.submit(&who, technology(&office, "Mới (minh họa)", json!({})))), ["origin required"]);
    assert_eq!(
        faults(office.submit(&who, technology(&office, "Mới (minh họa)", json!({"origin": "Việt Nam", "price": "1"})))),
        ["price unknown_field"]
    );
    let new = office.submit(&who, technology(&office, "Máy rang (minh họa)", json!({"origin": "Việt Nam"}))).unwrap();
    let kept = office.submit(&who, change(&office, &who, &old, json!({"price": "100 triệu"}))).unwrap();
    assert_eq!(office.view(&who, kept.id).unwrap().form, 1, "an old record is changed by its own form");
    assert_eq!(office.view(&who, new.id).unwrap().form, 2);

    assert!(office.settle(Duration::from_secs(30)));
    let filter = RegisterFilter { kind: Some("technology".into()), ..RegisterFilter::default() };
    let table = |form: FileForm| {
        let mut out = Vec::new();
        assert_eq!(office.export_register(&who, &filter, Lang::Vi, form, &mut out).unwrap(), 2);
        out
    };
    let csv = String::from_utf8(table(FileForm::Csv)).unwrap();
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let headings = reader.headers().unwrap().clone();
    let column = |name: &str| headings.iter().position(|heading| heading == name).unwrap_or_else(|| panic!("{name} in {headings:?}"));
    let (price, origin) = (column("Giá hoặc “thỏa thuận”"), column("Xuất xứ"));
    let cells: Vec<(String, String)> =
        reader.records().map(|row| row.unwrap()).map(|row| (row[price].into(), row[origin].into())).collect();
    assert_eq!(cells, [("".into(), "Việt Nam".into()), ("100 triệu".into(), "".into())], "by title: Máy rang, Máy sấy");
    let lines = String::from_utf8(table(FileForm::Jsonl)).unwrap();
    let forms: Vec<u64> = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["form"].as_u64().unwrap()).collect();
    assert_eq!(forms, [2, 1]);
    for form in [FileForm::Csv, FileForm::Xlsx] {
        let bytes = table(form);
        let sheet = office::read_sheet("tep.xlsx", &bytes, None).unwrap();
        let asked = SheetForm {
            kind: "technology".into(),
            owner: body(&office, DAK_LAK),
            file: "tep".into(),
            sha256: office::sha256(&bytes),
            map: Default::default(),
        };
        let plan = office.plan_sheet(&who, asked, &sheet, &mut |_, _| {}).unwrap();
        assert_eq!(plan.errors, []);
        assert!(plan.rows.iter().all(|row| row.draft.is_none()), "{form:?} came back changed");
    }

    let moving = change(&office, &who, &old, json!({"origin": "Việt Nam"}));
    assert_eq!(faults(office.submit_by_form(&who, moving.clone(), 2)), ["price unknown_field"]);
    let mut moved = moving;
    moved.data.as_object_mut().unwrap().remove("price");
    office.submit_by_form(&who, moved, 2).unwrap();
    assert_eq!(office.view(&who, old.id).unwrap().form, 2, "moved by somebody who said so");
    assert!(office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

#[test]
fn a_withdrawn_form_stays_with_its_records_and_takes_no_new_ones_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let (who, admin) = (officer(&office), administrator(&office));
    office.receive_form(&admin, &second_version("2026-11-01")).unwrap();
    office.adopt_form(&admin, "technology", 2).unwrap();
    let made = office.submit(&who, technology(&office, "Máy rang (minh họa)", json!({"origin": "Việt Nam"}))).unwrap();
    drop(office);
    let office = open(folder.path());
    assert_eq!(office.catalogue().kind("technology").unwrap().version, 2, "adopted for good");
    office.withdraw_form(&admin, "technology", 2).unwrap();
    for office in [office, open(folder.path())] {
        assert_eq!(office.catalogue().kind("technology").unwrap().version, 1);
        assert_eq!(office.view(&who, made.id).unwrap().form, 2);
        let written_for_it = technology(&office, "Máy sàng (minh họa)", json!({"origin": "Việt Nam"}));
        let refused = office.submit_by_form(&who, written_for_it, 2).unwrap_err();
        assert_eq!(refused.code(), "form_gone");
        office.submit(&who, change(&office, &who, &made, json!({"origin": "Đắk Lắk"}))).unwrap();
        assert!(office.form_problems().is_empty());
    }
}

#[test]
fn a_form_is_refused_that_is_faulty_not_yet_valid_the_programs_own_or_brought_by_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let (who, admin) = (officer(&office), administrator(&office));
    let digest = office.ledger().digest().unwrap();
    let refused = |text: &str| {
        let error = office.receive_form(&admin, text).unwrap_err();
        (error.code(), error.message().vi)
    };
    assert!(matches!(office.receive_form(&who, &second_version("2026-11-01")), Err(OfficeError::Denied(_))));
    let (code, why) = refused(
        &second_version("2026-11-01")
            .replace("type = \"money\"", "type = \"tien\"")
            .replace("type = \"day\"", "type = \"ngay\"")
            .replace("list = \"technology-directions\"", "list = \"khong-co\""),
    );
    assert_eq!(code, "form_faulty");
    assert!(why.contains("khong-co") && why.contains(": "), "{why}");
    assert_eq!(refused("đây không phải TOML").0, "form_faulty");
    assert_eq!(refused(&catalogue::Catalogue::builtin_form("technology").unwrap()).0, "form_faulty", "version 1 is there already");
    let directive = catalogue::Catalogue::builtin_form("directive").unwrap().replace("version = 1", "version = 2");
    assert_eq!(refused(&directive).0, "form_of_the_program");
    assert_eq!(office.ledger().digest().unwrap(), digest);
    assert!(office.form_versions(&admin).unwrap().is_empty());

    office.receive_form(&admin, &second_version("2027-01-01")).unwrap();
    let early = office.adopt_form(&admin, "technology", 2).unwrap_err();
    assert_eq!(early.code(), "form_hindered");
    assert!(early.message().vi.contains("01/01/2027"), "{}", early.message().vi);
    office.withdraw_form(&admin, "technology", 2).unwrap();
    assert!(office.form_versions(&admin).unwrap().is_empty(), "declined and forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_stays_when_the_form_changes_under_the_typing_and_the_pages_lead_from_file_to_adoption() {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    officer(&office);
    administrator(&office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let (officer, admin) = (session(&office, "daklak.cv"), session(&office, "bo.qt"));
    let get = async |path: &str, who: &str| Visit::get(path).by(Some(who)).send(&router).await;
    let post = async |path: &str, form: &str, who: &str| Visit::post(path, form).by(Some(who)).send(&router).await;

    let faulty = Visit::upload("/quan-tri/bieu-mau", &[], "mau.toml", b"kind = 1").by(Some(&admin)).send(&router).await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = second_version("2026-11-01");
    let received = Visit::upload("/quan-tri/bieu-mau", &[], "mau.toml", text.as_bytes()).by(Some(&admin)).send(&router).await;
    assert_eq!(received.place, "/quan-tri/bieu-mau/technology/2");
    let page = get(&received.place, &admin).await.text;
    assert!(page.contains("Xuất xứ") && page.contains("Giá hoặc") && page.contains("Áp dụng phiên bản này"), "{page}");
    assert!(get("/quan-tri/bieu-mau/technology/2/thu", &admin).await.text.contains("Đã thử 0 bản ghi"));
    assert_eq!(get("/quan-tri/bieu-mau/technology/2/tep", &admin).await.text, text);

    // The officer has the first version on screen while the administrator adopts the second.
    let before = get("/bieu-mau/technology/moi", &officer).await.text;
    assert!(before.contains("name=\"_form\" value=\"1\""), "{before}");
    let adopted = post("/quan-tri/bieu-mau/technology/2/ap-dung", "a=b", &admin).await;
    assert_eq!(adopted.status, StatusCode::SEE_OTHER);
    let own = body(&office, DAK_LAK);
    let typed = format!("_form=1&title={}&price={}&state=draft&owner={own}", encoded("Máy sấy (minh họa)"), encoded("thỏa thuận nhé"));
    let answer = post("/bieu-mau/technology/moi", &typed, &officer).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("Máy sấy (minh họa)") && answer.text.contains("thỏa thuận nhé"), "nothing typed is lost");
    assert!(answer.text.contains("name=\"_form\" value=\"2\""));
    let typed = format!("_form=2&title={}&origin={}&state=draft&owner={own}", encoded("Máy sấy (minh họa)"), encoded("Việt Nam"));
    let saved = post("/bieu-mau/technology/moi", &typed, &officer).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert!(get(&saved.place, &officer).await.text.contains("Việt Nam"));

    // A draft written for the second version, which is then withdrawn.
    let draft =
        format!("_form=2&_draft=keep&title={}&origin={}&state=draft&owner={own}", encoded("Máy sàng (minh họa)"), encoded("Đắk Lắk"));
    assert_eq!(post("/bieu-mau/technology/moi", &draft, &officer).await.place, "/viec");
    assert!(get("/viec", &officer).await.text.contains("Máy sàng (minh họa)"));
    post("/quan-tri/bieu-mau/technology/2/thu-hoi", "a=b", &admin).await;
    let offered = get("/bieu-mau/technology/moi", &officer).await.text;
    assert!(offered.contains("Làm tiếp bản nháp") && !offered.contains("Máy sàng"), "{offered}");
    let again = get("/bieu-mau/technology/moi?nhap=1", &officer).await.text;
    assert!(again.contains("Máy sàng (minh họa)") && again.contains("name=\"_form\" value=\"1\""), "nothing typed is lost: {again}");
    assert!(again.contains("Mẫu đã đổi") && again.contains("Xuất xứ: “Đắk Lắk”"), "and what has no field any more is named: {again}");
    let quiet = format!("_form=1&_draft=quiet&title={}&state=draft&owner={own}", encoded("Máy sàng 2 (minh họa)"));
    assert_eq!(post("/bieu-mau/technology/moi", &quiet, &officer).await.status, StatusCode::NO_CONTENT);
    assert!(!get("/viec", &admin).await.text.contains("Máy sàng"), "a draft is its writer's alone");
    let done = format!("_form=1&title={}&state=draft&owner={own}", encoded("Máy sàng 2 (minh họa)"));
    assert_eq!(post("/bieu-mau/technology/moi", &done, &officer).await.status, StatusCode::SEE_OTHER);
    assert!(!get("/viec", &officer).await.text.contains("Máy sàng"), "saved, so no draft is left");
    let record = get(&saved.place, &officer).await.text;
    assert!(record.contains("Mẫu phiên bản 2") && record.contains("Việt Nam"), "{record}");
    let moving = get(&format!("{}/sua?mau=1", saved.place), &officer).await.text;
    assert!(moving.contains("name=\"_form\" value=\"1\"") && moving.contains("Xuất xứ: “Việt Nam”"), "{moving}");
}
