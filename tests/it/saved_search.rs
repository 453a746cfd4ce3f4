//! A search that is followed says what is new since it was last looked at, and only of what its owner may see.

use std::time::Duration;

use axum::http::StatusCode;
use office::{Draft, Identity, Office, RecordId, Role, SearchForm};
use serde_json::json;

use crate::people::{DAK_LAK, MINISTRY, body, officer, open, person};
use crate::visit::{Visit, session};

fn technology(office: &Office, who: &Identity, title: &str, state: &str) -> RecordId {
    let data = json!({"title": title, "direction": "offer", "description": "Mô tả (minh họa).", "state": state,
        "owner": body(office, DAK_LAK).to_string(), "illustrative": true});
    let stored = office.submit(who, Draft { id: None, kind: "technology".into(), data, previous: None }).unwrap();
    assert!(office.settle(Duration::from_secs(30)));
    stored.id
}

fn search(text: &str) -> SearchForm {
    SearchForm { text: text.to_owned(), ..SearchForm::default() }
}

#[test]
fn a_followed_search_counts_what_is_new_until_it_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let (who, elsewhere) = (officer(&office), person(&office, "bo.cv", MINISTRY, Role::Officer));
    technology(&office, &who, "Máy sấy gấc (minh họa)", "recorded");
    for person in [&who, &elsewhere] {
        office.save_search(person, &search("gac")).unwrap();
        office.save_search(person, &search(" gac ")).unwrap();
    }
    let fresh = |who: &Identity| -> Vec<u64> { office.saved_searches(who).unwrap().into_iter().map(|(_, fresh)| fresh).collect() };
    assert_eq!(fresh(&who), [0], "kept once, and what was there is not new");
    technology(&office, &who, "Máy tách hạt gấc (minh họa)", "draft");
    technology(&office, &who, "Phần mềm kế toán (minh họa)", "recorded");
    assert_eq!((fresh(&who), fresh(&elsewhere)), (vec![1], vec![0]), "a draft is news for its own office alone");
    let id = office.saved_searches(&who).unwrap()[0].0.id.clone();
    assert!(office.see_saved_search(&elsewhere, &id).is_err(), "it is somebody else's");
    office.see_saved_search(&who, &id).unwrap();
    assert_eq!(fresh(&who), [0]);
    office.remove_saved_search(&who, &id).unwrap();
    assert!(office.saved_searches(&who).unwrap().is_empty());
    assert_eq!(office.saved_searches(&elsewhere).unwrap().len(), 1);
}

#[test]
fn nothing_cannot_be_followed_nor_can_the_public_and_there_is_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    assert!(office.save_search(&who, &search("  ")).is_err());
    assert!(office.save_search(&Identity::public(), &search("gấc")).is_err());
    for number in 0..30 {
        office.save_search(&who, &search(&format!("gấc {number}"))).unwrap();
    }
    assert!(office.save_search(&who, &search("gấc nữa")).is_err());
    assert_eq!(office.saved_searches(&who).unwrap().len(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_followed_from_the_search_page_and_stands_on_the_desk() {
    let folder = tempfile::tempdir().unwrap();
    let office = std::sync::Arc::new(open(folder.path()));
    let who = officer(&office);
    technology(&office, &who, "Máy sấy gấc (minh họa)", "recorded");
    let own = session(&office, "daklak.cv");
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let page = Visit::get("/tim?q=gac&kind=technology").by(Some(&own)).send(&router).await;
    assert!(
        page.text.contains("/tim/theo-doi?q=gac&#38;kind=technology") || page.text.contains("/tim/theo-doi?q=gac&amp;kind=technology"),
        "{}",
        page.text
    );
    assert!(!Visit::get("/tim?q=gac").send(&router).await.text.contains("theo-doi"), "the public has no desk");
    let kept = Visit::post("/tim/theo-doi?q=gac&kind=technology", "a=b").by(Some(&own)).send(&router).await;
    assert_eq!((kept.status, kept.place.as_str()), (StatusCode::SEE_OTHER, "/viec"));
    technology(&office, &who, "Máy tách hạt gấc (minh họa)", "recorded");
    let desk = Visit::get("/viec").by(Some(&own)).send(&router).await;
    assert!(desk.text.contains("gac; Công nghệ, thiết bị") && desk.text.contains("1 bản ghi"), "{}", desk.text);
    let seen = office.saved_searches(&who).unwrap()[0].0.seen;
    let news = Visit::get(format!("/tim?q=gac&kind=technology&moi={seen}")).by(Some(&own)).send(&router).await;
    assert!(
        news.text.contains("tách hạt") && !news.text.contains("/r/0000") && news.text.contains("Chỉ những bản ghi mới"),
        "{}",
        news.text
    );
    assert!(!news.text.contains("Máy <mark>sấy</mark>") && !news.text.contains("Máy sấy"), "what was there is not new");
}
