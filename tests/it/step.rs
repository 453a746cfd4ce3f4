//! Steps of a workflow: an officer submits, a leader decides, and nobody decides by another door.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use office::{Draft, Office, OfficeError, Role, SheetForm};
use serde_json::json;

use crate::people::{DAK_LAK, body, officer, open, person};
use crate::routes::submitted_proposal;
use crate::visit::{Visit, encoded, session};

fn faults(error: OfficeError) -> Vec<String> {
    match error {
        OfficeError::Invalid(faults) => faults.into_iter().map(|fault| format!("{} {}", fault.path, fault.rule)).collect(),
        other => panic!("{other:?}"),
    }
}

fn leader(office: &Office) -> office::Identity {
    person(office, "daklak.ld", DAK_LAK, Role::Leader)
}

#[test]
fn an_officer_cannot_approve_by_the_form_by_a_new_record_or_by_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let (who, head) = (officer(&office), leader(&office));
    let own = body(&office, DAK_LAK);
    let id = submitted_proposal(&office, &who, own);
    let view = office.view(&who, id).unwrap();
    let mut approved = view.data.clone().unwrap();
    for (name, value) in [("state", "approved"), ("decision_number", "12/QĐ-UBND"), ("decision_day", "2026-11-20")] {
        approved.as_object_mut().unwrap().insert(name.into(), json!(value));
    }
    let by_form = Draft { id: Some(id), kind: "proposal".into(), data: approved.clone(), previous: Some(view.leaf) };
    assert_eq!(faults(office.submit(&who, by_form.clone()).unwrap_err()), ["state workflow_role"]);
    let as_new = Draft { id: None, kind: "proposal".into(), data: approved, previous: None };
    assert_eq!(faults(office.submit(&who, as_new).unwrap_err()), ["state workflow_role"]);
    let bytes =
        "Tên nhiệm vụ;Trạng thái;Số văn bản phê duyệt;Ngày phê duyệt\nĐề xuất (minh họa);Đã phê duyệt;12/QĐ-UBND;20/11/2026\n".as_bytes();
    let sheet = office::read_sheet("de-xuat.csv", bytes, None).unwrap();
    let form = SheetForm {
        kind: "proposal".into(),
        owner: own,
        file: "de-xuat.csv".into(),
        sha256: office::sha256(bytes),
        map: Default::default(),
    };
    let plan = office.plan_sheet(&who, form, &sheet, &mut |_, _| {}).unwrap();
    let cells: Vec<&str> = plan.errors.iter().map(|error| error.cell.as_str()).collect();
    assert_eq!(cells, ["B2"], "{:?}", plan.errors);
    assert!(plan.errors[0].message.vi.contains("lãnh đạo"), "{}", plan.errors[0].message.vi);
    assert!(matches!(office.take_step(&who, id, "approved", Default::default(), Some(view.leaf)), Err(OfficeError::Denied(_))));
    assert_eq!(office.view(&who, id).unwrap().version, 1, "nothing was written");
    office.submit(&head, by_form).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_officer_submits_waits_for_the_leader_who_returns_it_with_a_remark_and_then_approves_it() {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    let who = officer(&office);
    leader(&office);
    let own = body(&office, DAK_LAK);
    let data = json!({"title": "Trồng gấc liên tỉnh (minh họa)", "state": "draft", "owner": own.to_string(), "illustrative": true});
    let id = office.submit(&who, Draft { id: None, kind: "proposal".into(), data, previous: None }).unwrap().id;
    assert!(office.settle(Duration::from_secs(20)));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let (officer, head) = (session(&office, "daklak.cv"), session(&office, "daklak.ld"));
    let get = async |path: String, who: &str| Visit::get(path).by(Some(who)).send(&router).await;
    let take = async |to: &str, more: &str, who: &str| {
        let leaf = office.view(&office.act_as(&office.console(), "daklak.cv").unwrap(), id).unwrap().leaf.to_hex();
        Visit::post(format!("/r/{id}/buoc/{to}"), format!("_previous={leaf}{more}")).by(Some(who)).send(&router).await
    };

    assert!(get("/duyet".into(), &head).await.text.contains("Không có hồ sơ nào chờ duyệt"));
    assert!(get(format!("/r/{id}"), &officer).await.text.contains(&format!("/r/{id}/buoc/submitted")));
    let ask = get(format!("/r/{id}/buoc/submitted"), &officer).await.text;
    assert!(ask.contains("name=\"urgency\"") && ask.contains("name=\"task_type\""), "what is missing is asked for: {ask}");
    let incomplete = take("submitted", "&task_type=DT&basis=x", &officer).await;
    assert_eq!(incomplete.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(incomplete.text.contains("Mục tiêu"), "{}", incomplete.text);
    let rest = "&task_type=DT&basis=x&urgency=x&aims=x&required_results=x&suggested_content=x&planned_application=x&duration_months=24";
    let submitted = take("submitted", rest, &officer).await;
    assert_eq!(submitted.place, format!("/r/{id}"), "{}", submitted.text);

    let heap = get("/duyet".into(), &head).await.text;
    assert!(heap.contains("Trồng gấc liên tỉnh") && heap.contains(&format!("/r/{id}/buoc/approved")), "{heap}");
    assert_eq!(get("/duyet".into(), &officer).await.status, StatusCode::FORBIDDEN);
    assert_eq!(get(format!("/r/{id}/buoc/approved"), &officer).await.status, StatusCode::FORBIDDEN);
    assert_eq!(take("returned", "&remark=", &head).await.status, StatusCode::UNPROCESSABLE_ENTITY, "a return says why");
    let why = format!("&remark={}", encoded("Thiếu văn bản đồng ý của đơn vị ứng dụng"));
    assert_eq!(take("returned", &why, &head).await.place, "/duyet");
    assert!(get(format!("/r/{id}"), &officer).await.text.contains("Thiếu văn bản đồng ý"));
    assert_eq!(take("submitted", "", &officer).await.status, StatusCode::SEE_OTHER);
    let decided = take("approved", &format!("&decision_number={}&decision_day=20/11/2026", encoded("12/QĐ-UBND")), &head).await;
    assert_eq!(decided.place, "/duyet", "{}", decided.text);
    let data = office.view(&who, id).unwrap().data.unwrap();
    assert_eq!((data["state"].as_str(), data["decision_day"].as_str()), (Some("approved"), Some("2026-11-20")));
    assert!(!get("/duyet".into(), &head).await.text.contains("Trồng gấc"));
    let stale = Visit::post(format!("/r/{id}/buoc/approved"), "_previous=00").by(Some(&head)).send(&router).await;
    assert_eq!(stale.status, StatusCode::NOT_FOUND, "no step leads on from an approved proposal to approval");
}
