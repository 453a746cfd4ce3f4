//! A proposal of several provinces: each criterion of an urgent local task with its reason, on the page of those who handle it.

use std::sync::Arc;
use std::time::Duration;

use office::Draft;
use serde_json::{Value, json};

use crate::people::{DAK_LAK, body, officer, open};
use crate::visit::{Visit, session};

fn met(office: &office::Office, data: &Value) -> Vec<Option<bool>> {
    office.urgent_local_criteria(data).unwrap().into_iter().map(|criterion| criterion.met).collect()
}

#[test]
fn a_criterion_is_met_broken_or_left_open_by_what_the_proposal_says() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let mut data = json!({"interprovincial": true});
    assert_eq!(met(&office, &data), [None; 6]);
    data["provinces"] = json!(["66", "64"]);
    data["criterion_reach"] = json!("Dịch bệnh trên sầu riêng lan qua ranh giới tỉnh.");
    data["planned_application"] = json!("Hợp tác xã (minh họa)");
    data["consent_documents"] = json!("12/CV (minh họa)");
    data["duration_months"] = json!(36);
    data["budget_state"] = json!(900_000_000);
    data["budget_province"] = json!(100_000_000);
    assert_eq!(met(&office, &data), [Some(true), Some(true), Some(true), Some(true), None, Some(true)]);
    // One month and one đồng beyond the limits.
    data["duration_months"] = json!(37);
    data["budget_other"] = json!(1);
    assert_eq!(met(&office, &data), [Some(true), Some(true), Some(true), Some(false), None, Some(false)]);
    // Lâm Đồng and Bình Thuận are one province today.
    data["provinces"] = json!(["68", "60"]);
    assert_eq!(met(&office, &data)[0], None);
    // A cost of which a part is not known says nothing about a share of it.
    data["budget_state"] = Value::Null;
    assert_eq!(met(&office, &data)[5], None);
    assert!(office.urgent_local_criteria(&json!({"interprovincial": false})).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_proposal_says_of_each_criterion_whether_it_holds_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    let who = officer(&office);
    let data = json!({"title": "Phòng trừ bệnh trên sầu riêng (minh họa)", "interprovincial": true, "provinces": ["66", "64"], "duration_months": 48,
        "budget_state": 950_000_000, "budget_province": 50_000_000, "state": "draft", "owner": body(&office, DAK_LAK).to_string(), "illustrative": true});
    let stored = office.submit(&who, Draft { id: None, kind: "proposal".into(), data, previous: None }).unwrap();
    assert!(office.settle(Duration::from_secs(20)));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = session(&office, "daklak.cv");
    for (prefix, expected) in [
        ("", ["Tiêu chí nhiệm vụ cấp thiết địa phương", "48 tháng, quá 36 tháng", "5,00 %", "Chưa tra cứu trùng lặp", "không đạt"]),
        (
            "/en",
            ["Criteria of an urgent local task", "48 months with extension, more than 36", "5.00 %", "looked for duplicates", "not met"],
        ),
    ] {
        let seen = Visit::get(format!("{prefix}/r/{}", stored.id)).by(Some(&own)).send(&router).await.text;
        for words in expected {
            assert!(seen.contains(words), "{words} in {seen}");
        }
    }
}
