//! What of a proposal is there already: found from the first lines, with what else the two have in common, for those who may see it, and kept as a sheet.

use std::time::Duration;

use axum::http::StatusCode;
use office::{Draft, Identity, Office, OverlapFlag, OverlapForm, RecordId, Role};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, MINISTRY, body, officer, open, person};
use crate::visit::{Visit, encoded, session};

const AIMS: &str = "Chọn được giống gấc thích nghi với đất bazan, lập quy trình nhân giống bằng giâm hom và trồng theo GACP (minh họa).";

fn task(office: &Office, who: &Identity, title: &str, aims: &str, state: &str) -> RecordId {
    let owner = body(office, DAK_LAK).to_string();
    let data = json!({"title": title, "level": "CT", "aims": aims, "content": "Khảo nghiệm (minh họa).", "methods": "Đồng ruộng (minh họa).",
        "research_fields": ["40101.2008"], "objectives_codes": ["12.2008"], "expected_results": [{"text": "Quy trình (minh họa)", "quantity": "1"}],
        "planned_start": "2017-06", "planned_end": "2019-06", "lead_org": owner, "provinces": ["66"], "owner": owner, "state": state,
        "illustrative": true});
    office.submit(who, Draft { id: None, kind: "task".into(), data, previous: None }).unwrap().id
}

fn proposal(office: &Office, who: &Identity) -> RecordId {
    let owner = body(office, DAK_LAK).to_string();
    let data = json!({"title": "Ứng dụng kỹ thuật nhân giống và trồng gấc ở Gia Lai (minh họa)",
        "aims": "Hoàn thiện việc nhân giống. Chọn được giống gấc thích nghi với đất bazan, lập quy trình nhân giống bằng giâm hom.",
        "research_fields": ["40101.2008"], "proposer": owner, "received_day": "2018-03-05",
        "provinces": ["66.2025-07-01", "52.2025-07-01"], "state": "draft", "owner": owner, "illustrative": true});
    office.submit(who, Draft { id: None, kind: "proposal".into(), data, previous: None }).unwrap().id
}

#[test]
fn a_proposal_finds_the_task_that_says_the_same_and_what_both_have_in_common() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let done = task(&office, &who, "Mô hình trồng gấc theo GACP tại Đắk Lắk (minh họa)", AIMS, "running");
    task(&office, &who, "Nuôi cá tầm trong lồng bè trên hồ thủy điện (minh họa)", "Nuôi cá tầm (minh họa).", "running");
    let id = proposal(&office, &who);
    assert!(office.settle(Duration::from_secs(30)));
    let (_, form, found) = office.record_overlaps(&who, id).unwrap();
    let first = &found[0];
    assert_eq!(first.overlap.id, done.to_string());
    assert!(first.overlap.is_strong && first.overlap.share > 0.3, "{:?}", first.overlap);
    let span = &first.overlap.spans[0];
    assert_eq!((span.field.as_str(), span.their_field.as_str()), ("aims", "aims"));
    let aims = &form.parts.iter().find(|(name, _)| name == "aims").unwrap().1;
    assert!(aims[span.mine.clone()].contains("đất bazan, lập quy trình nhân giống bằng giâm hom"), "{}", &aims[span.mine.clone()]);
    assert!(AIMS[span.theirs.clone()].contains("đất bazan, lập quy trình nhân giống bằng giâm hom"));
    assert_eq!(
        first.flags,
        [OverlapFlag::SameField, OverlapFlag::SameOrganisation, OverlapFlag::SameProvince, OverlapFlag::SamePeriod],
        "Đắk Lắk of 2017 and of 2025 are one province"
    );
    assert!(found.iter().all(|one| one.overlap.id != id.to_string()), "a record is no overlap with itself");
}

#[test]
fn typing_without_marks_or_in_another_form_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let done = task(&office, &who, "Mô hình trồng gấc theo GACP tại Đắk Lắk (minh họa)", AIMS, "running");
    assert!(office.settle(Duration::from_secs(30)));
    for text in [
        "chon duoc giong gac thich nghi voi dat bazan, lap quy trinh nhan giong",
        "CHỌN ĐƯỢC GIỐNG GẤC THÍCH NGHI VỚI ĐẤT BAZAN, LẬP QUY TRÌNH NHÂN GIỐNG",
        "Chọn được giốg gấc thích nghi với đất bazan, lập qui trình nhân giống",
    ] {
        let form = OverlapForm { parts: vec![("aims".into(), text.into())], limit: 5, ..OverlapForm::default() };
        let found = office.overlaps(&who, &form).unwrap();
        assert_eq!(found.first().map(|one| one.overlap.id.clone()), Some(done.to_string()), "{text}");
    }
    for text in ["", "gấc", "The quick brown fox jumps over the lazy dog again and again", "🙂 🙂 🙂 🙂 🙂", "שלום עולם שלום עולם שלום"]
    {
        let form = OverlapForm { parts: vec![("aims".into(), text.into())], limit: 5, ..OverlapForm::default() };
        assert!(office.overlaps(&who, &form).unwrap().is_empty(), "{text}");
    }
}

#[test]
fn what_somebody_may_not_see_overlaps_with_nothing_of_his() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    task(&office, &who, "Mô hình trồng gấc theo GACP tại Đắk Lắk (minh họa)", AIMS, "draft");
    assert!(office.settle(Duration::from_secs(30)));
    let form = OverlapForm { parts: vec![("aims".into(), AIMS.into())], limit: 5, ..OverlapForm::default() };
    let elsewhere = person(&office, "bo.cv", MINISTRY, Role::Officer);
    assert_eq!(office.overlaps(&who, &form).unwrap().len(), 1);
    assert!(office.overlaps(&elsewhere, &form).unwrap().is_empty());
    assert!(office.overlaps(&Identity::public(), &form).unwrap().is_empty());
}

#[test]
fn the_result_sheet_keeps_the_findings_and_the_positions_of_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let done = task(&office, &who, "Mô hình trồng gấc theo GACP tại Đắk Lắk (minh họa)", AIMS, "running");
    let id = proposal(&office, &who);
    assert!(office.settle(Duration::from_secs(30)));
    let sheet = office.begin_overlap_check(&who, id).unwrap();
    let view = office.view(&who, sheet.id).unwrap();
    let data = view.data.clone().unwrap();
    assert_eq!(data["proposal"], id.to_string());
    assert_eq!(data["findings"][0]["record"], done.to_string());
    assert!(data["database_state"].as_str().unwrap().contains("/public: "), "{}", data["database_state"]);
    let offers = office.papers_of(&view).unwrap();
    assert!(offers.iter().any(|offer| offer.code == "C0-KQTrC"), "{offers:?}");
    let paper = office.paper(&who, sheet.id, "C0-KQTrC").unwrap().to_docx().unwrap();
    let text = office::text_of_file("c0.docx", &paper).unwrap();
    assert!(text.contains("đất bazan") && text.contains("Mô hình trồng gấc"), "{text}");
    // Recorded only with the officer's conclusion.
    let mut whole = data.clone();
    whole["state"] = json!("recorded");
    let draft = |data: &Value| Draft { id: Some(sheet.id), kind: "overlap_check".into(), data: data.clone(), previous: Some(view.leaf) };
    assert!(office.submit(&who, draft(&whole)).is_err());
    whole["conclusion"] = json!("continuation");
    whole["findings"][0]["verdict"] = json!("continuation");
    assert!(office.submit(&who, draft(&whole)).is_err(), "a verdict needs its reason");
    whole["findings"][0]["reason"] = json!("Dùng tiếp giống đã chọn (minh họa).");
    office.submit(&who, draft(&whole)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_panel_and_the_page_show_the_passages_and_save_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let office = std::sync::Arc::new(open(folder.path()));
    let who = officer(&office);
    task(&office, &who, "Mô hình trồng gấc theo GACP tại Đắk Lắk (minh họa)", AIMS, "running");
    let id = proposal(&office, &who);
    assert!(office.settle(Duration::from_secs(30)));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = session(&office, "daklak.cv");
    let before = office.ledger().digest().unwrap();
    let typed = format!("title={}&aims={}", encoded("Trồng gấc"), encoded(AIMS));
    let address = "/bieu-mau/proposal/moi";
    let piece = Visit::post(address, format!("{typed}&_overlap=quiet")).by(Some(&own)).send(&router).await;
    assert_eq!(piece.status, StatusCode::OK);
    assert!(
        piece.text.contains("Mô hình trồng gấc") && piece.text.contains("đất bazan") && !piece.text.contains("<html"),
        "{}",
        piece.text
    );
    let whole = Visit::post(address, format!("{typed}&_overlap=show")).by(Some(&own)).send(&router).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert!(whole.text.contains("Mô hình trồng gấc") && whole.text.contains("value=\"Trồng gấc\"") && whole.text.contains("<html"));
    let page = Visit::get(format!("/r/{id}/trung-lap")).by(Some(&own)).send(&router).await;
    assert!(page.text.contains("Mô hình trồng gấc") && page.text.contains("cùng tỉnh"), "{}", page.text);
    assert_eq!(before, office.ledger().digest().unwrap(), "looking saves nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_call_is_compared_with_everything_and_with_itself_in_the_background() {
    let folder = tempfile::tempdir().unwrap();
    let office = std::sync::Arc::new(open(folder.path()));
    let who = officer(&office);
    let done = task(&office, &who, "Mô hình trồng gấc theo GACP tại Đắk Lắk (minh họa)", AIMS, "running");
    let (first, second) = (proposal(&office, &who), proposal(&office, &who));
    assert!(office.settle(Duration::from_secs(30)));
    let form = |state: Option<&str>, year| office::OverlapCallForm { state: state.map(str::to_owned), year };
    let mut steps = Vec::new();
    let call = office.compare_call(&who, &form(Some("draft"), Some(2018)), &mut |done, of| steps.push((done, of))).unwrap();
    assert_eq!(steps, [(0, 2), (1, 2)]);
    let of = |id: RecordId| -> Vec<String> {
        let row = call.rows.iter().find(|row| row.proposal == id).unwrap();
        row.found.iter().map(|found| found.overlap.id.clone()).collect()
    };
    assert!(of(first).contains(&done.to_string()) && of(first).contains(&second.to_string()), "{:?}", of(first));
    assert!(call.rows.iter().all(office::OverlapCallRow::is_strong));
    assert!(office.compare_call(&who, &form(Some("draft"), Some(2019)), &mut |_, _| ()).unwrap().rows.is_empty());
    assert!(office.compare_call(&who, &form(Some("approved"), None), &mut |_, _| ()).unwrap().rows.is_empty());
    assert!(office.begin_overlap_call(&Identity::public(), form(None, None)).is_err());

    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = session(&office, "daklak.cv");
    let wrong = Visit::post("/trung-lap", "state=draft&year=hai").by(Some(&own)).send(&router).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("bốn chữ số"), "{}", wrong.text);
    let begun = Visit::post("/trung-lap", "state=draft&year=2018").by(Some(&own)).send(&router).await;
    assert_eq!((begun.status, begun.place.as_str()), (StatusCode::SEE_OTHER, "/trung-lap"));
    let mut page = Visit::get("/trung-lap").by(Some(&own)).send(&router).await;
    for _ in 0..300 {
        if page.text.contains("phiếu đã so") {
            break;
        }
        assert!(page.text.contains("Đang so từng đề xuất"), "{}", page.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
        page = Visit::get("/trung-lap").by(Some(&own)).send(&router).await;
    }
    assert!(page.text.contains("nên xem kỹ") && page.text.contains("Mô hình trồng gấc"), "{}", page.text);
}
