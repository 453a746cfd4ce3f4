//! Needs and offers find each other with their reasons, what was turned down is not suggested again, and a record shows others about the same.

use std::time::Duration;

use axum::http::StatusCode;
use office::{Draft, Identity, MatchReason, MatchSide, Office, OfficeError, RecordId, Role};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, MINISTRY, body, officer, open, person};
use crate::visit::{Visit, encoded, session};

fn technology(office: &Office, who: &Identity, title: &str, description: &str, more: Value) -> RecordId {
    let mut data = json!({"title": title, "description": description, "state": "recorded", "owner": body(office, DAK_LAK).to_string(),
        "illustrative": true});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    office.submit(who, Draft { id: None, kind: "technology".into(), data, previous: None }).unwrap().id
}

/// A need, the offer that meets it, and two that do not.
fn market(office: &Office, who: &Identity) -> (RecordId, RecordId) {
    let need = technology(
        office,
        who,
        "Cần máy sấy gấc công suất nhỏ cho hợp tác xã (minh họa)",
        "Sấy màng gấc giữ màu đỏ, mỗi mẻ hai trăm cân (minh họa).",
        json!({"direction": "demand", "research_fields": ["20302.2008"], "provinces": ["66"], "price": "500 triệu"}),
    );
    let dryer = technology(
        office,
        who,
        "Máy sấy gấc bằng bơm nhiệt (minh họa)",
        "Sấy màng gấc ở 50 độ C giữ màu đỏ (minh họa).",
        json!({"direction": "offer", "trl": 8, "research_fields": ["20301.2008"], "provinces": ["66.2025-07-01"], "price": "480 triệu"}),
    );
    technology(office, who, "Phần mềm kế toán cho trường học (minh họa)", "Sổ sách (minh họa).", json!({"direction": "offer", "trl": 9}));
    technology(office, who, "Tìm mua máy sấy gấc (minh họa)", "Sấy gấc giữ màu đỏ (minh họa).", json!({"direction": "demand"}));
    assert!(office.settle(Duration::from_secs(30)));
    (need, dryer)
}

#[test]
fn a_need_finds_the_offer_that_meets_it_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let (need, dryer) = market(&office, &who);
    let matches = office.matches(&who, need, 10).unwrap();
    assert_eq!(matches.side, MatchSide::Offers);
    let ids: Vec<&str> = matches.found.iter().map(|found| found.related.id.as_str()).collect();
    assert_eq!(ids, [dryer.to_string()], "no other need, and nothing about something else");
    let first = &matches.found[0];
    assert!(first.related.words.iter().any(|words| words.contains("sấy gấc")), "{:?}", first.related.words);
    assert_eq!(
        first.reasons,
        [MatchReason::SameField, MatchReason::SameProvince, MatchReason::Ready, MatchReason::WithinPrice],
        "203.. is one group, Đắk Lắk of 2017 and of 2025 one province"
    );
    let back = office.matches(&who, dryer, 10).unwrap();
    assert_eq!(back.side, MatchSide::Needs);
    assert!(back.found.iter().any(|found| found.related.id == need.to_string()), "the offer finds the need too");
}

#[test]
fn what_was_turned_down_is_not_suggested_again_until_the_answer_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let (need, dryer) = market(&office, &who);
    assert!(office.answer_match(&who, need, dryer, "maybe", "").is_err(), "an answer that nobody knows");
    assert!(office.answer_match(&who, need, dryer, "other", " ").is_err(), "another reason has to be given");
    let answer = office.answer_match(&who, need, dryer, "too_dear", "Chờ hạ giá (minh họa)").unwrap();
    assert!(office.settle(Duration::from_secs(30)));
    let matches = office.matches(&who, need, 10).unwrap();
    assert!(matches.found.is_empty(), "{:?}", matches.found);
    assert_eq!(matches.answered[0].answer, "too_dear");
    office.take_back_match_answer(&who, answer.id).unwrap();
    assert!(office.settle(Duration::from_secs(30)));
    let matches = office.matches(&who, need, 10).unwrap();
    assert_eq!((matches.found.len(), matches.answered.len()), (1, 0));
}

#[test]
fn words_of_what_did_not_fit_count_less_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let (need, dryer) = market(&office, &who);
    let other = technology(&office, &who, "Sấy gấc giữ màu đỏ (minh họa)", "Dây chuyền (minh họa).", json!({"direction": "offer"}));
    assert!(office.settle(Duration::from_secs(30)));
    let share = |id: RecordId| {
        let found = office.matches(&who, need, 10).unwrap().found;
        found.into_iter().find(|found| found.related.id == id.to_string()).map_or(0.0, |found| found.related.share)
    };
    let before = share(other);
    assert!(before > 0.0);
    office.answer_match(&who, need, dryer, "not_fit", "").unwrap();
    assert!(office.settle(Duration::from_secs(30)));
    assert!(share(other) < before, "{} of {before}", share(other));
}

#[test]
fn nobody_is_suggested_what_he_may_not_see_and_the_public_answers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let (need, dryer) = market(&office, &who);
    let draft = technology(
        &office,
        &who,
        "Máy sấy gấc kiểu mới (minh họa)",
        "Sấy gấc giữ màu đỏ (minh họa).",
        json!({"direction": "offer", "state": "draft"}),
    );
    assert!(office.settle(Duration::from_secs(30)));
    let elsewhere = person(&office, "bo.cv", MINISTRY, Role::Officer);
    let ids = |who: &Identity| -> Vec<String> {
        office.matches(who, need, 10).unwrap().found.into_iter().map(|found| found.related.id).collect()
    };
    assert!(ids(&who).contains(&draft.to_string()));
    assert_eq!(ids(&elsewhere), [dryer.to_string()]);
    assert_eq!(ids(&Identity::public()), [dryer.to_string()]);
    assert!(office.answer_match(&Identity::public(), need, dryer, "interested", "").is_err());
    assert!(matches!(office.answer_match(&elsewhere, need, draft, "interested", ""), Err(OfficeError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_suggests_takes_answers_and_a_record_shows_others_about_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let office = std::sync::Arc::new(open(folder.path()));
    let who = officer(&office);
    let (need, dryer) = market(&office, &who);
    let own = session(&office, "daklak.cv");
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let record = Visit::get(format!("/r/{need}")).by(Some(&own)).send(&router).await;
    assert!(record.text.contains(&format!("/r/{need}/goi-y")) && record.text.contains("Bản ghi cùng chủ đề"), "{}", record.text);
    assert!(record.text.contains(&dryer.to_string()), "{}", record.text);
    let page = Visit::get(format!("/r/{need}/goi-y")).by(Some(&own)).send(&router).await;
    assert!(page.text.contains("Máy sấy gấc bằng bơm nhiệt") && page.text.contains("trong mức giá"), "{}", page.text);
    let form = format!("answer={}&reason-{dryer}={}", encoded(&format!("not_fit {dryer}")), encoded("Cần loại lớn hơn (minh họa)"));
    let answered = Visit::post(format!("/r/{need}/goi-y"), form).by(Some(&own)).send(&router).await;
    assert_eq!((answered.status, answered.place.as_str()), (StatusCode::SEE_OTHER, format!("/r/{need}/goi-y").as_str()));
    assert!(office.settle(Duration::from_secs(30)));
    let page = Visit::get(format!("/r/{need}/goi-y")).by(Some(&own)).send(&router).await;
    assert!(page.text.contains("Không đúng thứ cần") && page.text.contains("Chưa có gợi ý"), "{}", page.text);
    let wrong = Visit::post(format!("/r/{need}/goi-y"), "answer=x+y").by(Some(&own)).send(&router).await;
    assert!(wrong.status.is_client_error(), "{}", wrong.status);
    let nothing = Visit::get(format!("/r/{need}/goi-y")).send(&router).await;
    assert!(!nothing.text.contains("name=\"answer\""), "the public is not asked");
}
