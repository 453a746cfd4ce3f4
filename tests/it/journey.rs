//! From a conclusion to a verified answer, through the services that the pages call.

use std::time::Duration;

use office::{AnswerForm, BoardFilter, Evidence, Identity, Office, OfficeError, ReadingForm, Role, Status};

use crate::people::{DAK_LAK, MINISTRY, TWELVE, body, open, person};
use crate::visit::{Visit, encoded, session};

#[test]
fn a_conclusion_becomes_directives_that_are_answered_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let officer = person(&office, "daklak.cv", DAK_LAK, Role::Officer);
    let leader = person(&office, "bo.ld", MINISTRY, Role::Leader);
    let stranger = person(&office, "kontum.cv", "Sở KH&CN Kon Tum", Role::Officer);
    let (own, ministry, twelve) = (body(&office, DAK_LAK), body(&office, MINISTRY), body(&office, TWELVE));
    let form = ReadingForm {
        owner: own,
        conference: None,
        assigner: Some(ministry),
        source_url: None,
        name: "kl.txt".into(),
        bytes: include_bytes!("../../demo/conclusion-xv.txt").to_vec(),
    };
    assert!(matches!(office.import_conclusion(&stranger, form.clone()), Err(OfficeError::Denied(_))));
    let imported = office.import_conclusion(&officer, form.clone()).unwrap();
    assert_eq!(imported.directives.len(), 25);
    assert!(matches!(office.import_conclusion(&officer, form), Err(OfficeError::Refused { code: "imported_before", .. })));
    assert!(office.settle(Duration::from_secs(10)));
    assert!(matches!(office.view(&Identity::public(), imported.document), Err(OfficeError::NotFound(_))), "drafts are not public");

    let review = office.review(&officer, imported.document).unwrap();
    let signing = review.directives.iter().find(|one| one.directive.text.contains("tổ chức ký kết")).unwrap().id;
    let database = review.directives.iter().find(|one| one.directive.text.contains("cơ sở dữ liệu KH&CN, kết nối")).unwrap().id;
    assert!(matches!(
        office.issue_to(&officer, imported.document, Some(vec![database]), None),
        Err(OfficeError::Refused { code: "addressee_missing", .. })
    ));
    office.issue_to(&officer, imported.document, Some(vec![database, signing]), Some(twelve)).unwrap();
    assert!(office.settle(Duration::from_secs(10)));
    let page = office.directive_page(&Identity::public(), database).unwrap();
    assert_eq!(page.parts.len(), 12);

    let evidence = Evidence { evidence_kind: "document".into(), number: Some("12/BC-SKHCN".into()), ..Evidence::default() };
    let mut answer = AnswerForm {
        answer_state: "done".into(),
        done_day: Some(jiff::civil::date(2019, 11, 26)),
        text: "Đã ký".into(),
        ..AnswerForm::default()
    };
    assert!(matches!(office.answer(&officer, signing, own, answer.clone()), Err(OfficeError::Invalid(_))), "done needs evidence");
    answer.evidence.push(evidence);
    assert!(matches!(office.answer(&stranger, signing, own, answer.clone()), Err(OfficeError::Denied(_))));
    let sent = office.answer(&officer, signing, own, answer).unwrap();
    assert!(office.settle(Duration::from_secs(10)));
    let row = |office: &Office| office.board().row(signing, office.clock().today()).unwrap().unwrap();
    assert_eq!((row(&office).status, row(&office).reported, row(&office).verified), (Status::Overdue, 1, 0), "reported is not verified");
    assert!(matches!(office.judge(&officer, sent.id, 1, "accepted", ""), Err(OfficeError::Denied(_))));
    assert!(matches!(office.judge(&leader, sent.id, 1, "returned", ""), Err(OfficeError::Invalid(_))), "a return needs a remark");
    office.judge(&leader, sent.id, 1, "accepted", "").unwrap();
    assert!(office.settle(Duration::from_secs(10)));
    assert_eq!((row(&office).status, row(&office).days_late), (Status::DoneLate, 57));
    let counts = office.board().page(&BoardFilter::default(), office.clock().today(), None, 10).unwrap().counts;
    assert_eq!((counts.total(), counts.done_late, counts.standing), (2, 1, 1));
    assert!(office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

#[test]
fn classified_and_unreadable_files_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let officer = person(&office, "daklak.cv", DAK_LAK, Role::Officer);
    let own = body(&office, DAK_LAK);
    let before = office.ledger().digest().unwrap();
    for (bytes, code) in [
        ("UBND TỈNH\nTỐI MẬT\n1. Giao Sở Tài chính.".as_bytes(), "classified"),
        (b"".as_slice(), "file_empty"),
        (b"%PDF-1.7 x", "file_format"),
        (b"PK\x03\x04 broken", "file_damaged"),
    ] {
        let form = ReadingForm { owner: own, conference: None, assigner: None, source_url: None, name: "a".into(), bytes: bytes.to_vec() };
        assert_eq!(office.import_conclusion(&officer, form).unwrap_err().code(), code);
    }
    assert_eq!(office.ledger().digest().unwrap(), before);
}

#[test]
fn two_officers_saving_one_record_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let officer = person(&office, "daklak.cv", DAK_LAK, Role::Officer);
    let own = body(&office, DAK_LAK);
    let data = serde_json::json!({"title": "Tin", "text": "Nội dung", "state": "draft", "owner": own.to_string()});
    let first = office.submit(&officer, office::Draft { id: None, kind: "article".into(), data: data.clone(), previous: None }).unwrap();
    let change = |title: &str| {
        let mut data = data.clone();
        data["title"] = title.into();
        office.submit(&officer, office::Draft { id: Some(first.id), kind: "article".into(), data, previous: Some(first.leaf) })
    };
    assert_eq!(change("Tin hai").unwrap().version, 2);
    assert!(matches!(change("Tin ba"), Err(OfficeError::Changed { current: 2 })));
    assert_eq!(office.view(&officer, first.id).unwrap().data.unwrap()["title"], "Tin hai");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_of_two_officers_keeps_his_words_sees_what_changed_and_decides() {
    let folder = tempfile::tempdir().unwrap();
    let office = std::sync::Arc::new(open(folder.path()));
    let officer = person(&office, "daklak.cv", DAK_LAK, Role::Officer);
    let own = body(&office, DAK_LAK);
    let data = serde_json::json!({"title": "Tin", "text": "Nội dung", "state": "draft", "owner": own.to_string()});
    let first = office.submit(&officer, office::Draft { id: None, kind: "article".into(), data: data.clone(), previous: None }).unwrap();
    let mut other = data.clone();
    other["title"] = "Tin của người thứ nhất".into();
    office.submit(&officer, office::Draft { id: Some(first.id), kind: "article".into(), data: other, previous: Some(first.leaf) }).unwrap();
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let session = session(&office, "daklak.cv");
    let form = |leaf: &str| format!("title={}&text=x&state=draft&owner={own}&_previous={leaf}", encoded("Tin của người thứ hai"));
    let path = format!("/r/{}/sua", first.id);
    let reply = Visit::post(&path, form(&first.leaf.to_hex())).by(Some(&session)).send(&router).await;
    assert_eq!(reply.status, axum::http::StatusCode::UNPROCESSABLE_ENTITY);
    for words in ["Tin của người thứ hai", "Tin của người thứ nhất", "người khác vừa lưu", "chưa lưu gì"] {
        assert!(reply.text.contains(words), "{words}");
    }
    assert_eq!(office.view(&officer, first.id).unwrap().version, 2, "nothing is saved");
    let fresh = reply.text.split("name=\"_previous\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let reply = Visit::post(&path, form(&fresh)).by(Some(&session)).send(&router).await;
    assert_eq!(reply.status, axum::http::StatusCode::SEE_OTHER);
    assert_eq!(office.view(&officer, first.id).unwrap().data.unwrap()["title"], "Tin của người thứ hai");
}
