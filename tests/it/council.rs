//! A council from its slips to its minutes, over HTTP, and everything that is refused on the way.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use office::{Draft, Identity, Office, RecordId};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, body, officer, open};
use crate::visit::{Reply, Visit, encoded, session};

/// A council that has met, with its officer's session.
pub struct Meeting {
    pub office: Arc<Office>,
    pub router: Router,
    pub who: Identity,
    pub own: String,
    pub council: RecordId,
}

/// Nine members in the roles of the law: a chair, two reviewers, a secretary and five more.
pub fn nine_members() -> Vec<Value> {
    ["chair", "reviewer", "reviewer", "secretary", "member", "member", "member", "member", "member"]
        .iter()
        .enumerate()
        .map(|(at, role)| json!({"name": format!("Chuyên gia {at} (minh họa)"), "council_role": role, "present": true}))
        .collect()
}

/// An acceptance council of Đắk Lắk on a task of Đắk Lắk, on 20/11/2026.
pub fn meeting(folder: &Path, members: Vec<Value>) -> Meeting {
    let office = Arc::new(open(folder));
    let who = officer(&office);
    let owner = body(&office, DAK_LAK).to_string();
    let task = json!({
        "title": "Nhân giống gấc theo GACP (minh họa)", "level": "CT", "state": "draft", "owner": owner, "illustrative": true,
        "principal_text": "Chủ nhiệm (minh họa)", "lead_org_text": "Viện Nghiên cứu (minh họa)",
        "members": [{"name": "Thư ký đề tài (minh họa)", "role": "Thư ký"}],
    });
    let task = office.submit(&who, Draft { id: None, kind: "task".into(), data: task, previous: None }).unwrap().id;
    let data = json!({
        "title": "Hội đồng nghiệm thu nhiệm vụ nhân giống gấc (minh họa)", "council_type": "acceptance", "sheet": "acceptance-2014",
        "subject": task.to_string(), "decision_number": "12/QĐ-SKHCN (minh họa)", "decision_day": "2026-11-02", "members": members,
        "meeting_day": "2026-11-20", "meeting_place": "Buôn Ma Thuột", "owner": owner, "illustrative": true,
    });
    let council = office.submit(&who, Draft { id: None, kind: "council".into(), data, previous: None }).unwrap().id;
    assert!(office.settle(std::time::Duration::from_secs(20)));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = session(&office, "daklak.cv");
    Meeting { office, router, who, own, council }
}

impl Meeting {
    pub async fn get(&self, place: &str) -> Reply {
        Visit::get(format!("/hoi-dong/{}{place}", self.council)).by(Some(&self.own)).send(&self.router).await
    }

    pub async fn post(&self, place: &str, form: &str) -> Reply {
        Visit::post(format!("/hoi-dong/{}{place}", self.council), form).by(Some(&self.own)).send(&self.router).await
    }

    /// Opens the ballot and reads the slips off the page.
    pub async fn slips(&self) -> Vec<String> {
        let page = self.post("/mo-bo-phieu", "a=b").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        slips_on(&page.text)
    }

    pub async fn vote(&self, slip: &str, mark: &str) -> Reply {
        Visit::post("/bo-phieu/gui", format!("slip={}&mark={mark}", encoded(slip))).send(&self.router).await
    }

    pub fn data(&self) -> Value {
        self.office.view(&self.who, self.council).unwrap().data.unwrap()
    }
}

/// Everything on a page that looks like a slip.
fn slips_on(text: &str) -> Vec<String> {
    let pieces = text.split(|sign: char| !(sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '-'));
    // Three fours: an identifier of a record may have a stretch of fourteen digits and dashes too.
    let is_slip = |piece: &&str| piece.split('-').count() == 3 && piece.split('-').all(|part| part.len() == 4);
    pieces.filter(is_slip).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_council_votes_by_slips_and_hands_its_minutes_out() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = meeting(folder.path(), nine_members());
    let page = meeting.get("").await.text;
    assert!(page.contains("Có mặt 9/9 thành viên, tối thiểu 6 (2/3): đủ.") && page.contains("Ủy viên phản biện: có mặt 2/2."), "{page}");
    let slips = meeting.slips().await;
    assert_eq!(slips.len(), 9);
    assert!(meeting.get("").await.text.contains("phát 9, thu 0"));
    let again = meeting.post("/mo-bo-phieu", "a=b").await;
    assert!(
        again.status == StatusCode::UNPROCESSABLE_ENTITY && slips_on(&again.text).is_empty() && again.text.contains("chỉ hiện một lần")
    );

    let paper = Visit::post("/bo-phieu", format!("slip={}", slips[0].to_lowercase())).by(Some(&meeting.own)).send(&meeting.router).await;
    assert!(
        paper.text.contains("Nhân giống gấc") && paper.text.contains("Xuất sắc") && !paper.text.contains("daklak.cv"),
        "{}",
        paper.text
    );
    let unmarked = meeting.vote(&slips[0], "").await;
    assert!(unmarked.status == StatusCode::UNPROCESSABLE_ENTITY && unmarked.text.contains("chưa được đánh dấu"), "{}", unmarked.text);
    let cast = meeting.vote(&slips[0], "excellent").await;
    assert_eq!((cast.status, cast.place.as_str()), (StatusCode::SEE_OTHER, "/bo-phieu?xong=1"));
    assert!(Visit::get("/en/bo-phieu?xong=1").send(&meeting.router).await.text.contains("in the urn"));

    let twice = meeting.vote(&slips[0], "failed").await;
    assert!(twice.status == StatusCode::UNPROCESSABLE_ENTITY && twice.text.contains("đã được dùng"), "{}", twice.text);
    let wrong = meeting.vote("AAAA-AAAA-AAAA", "failed").await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("không thuộc cuộc bỏ phiếu nào"), "{}", wrong.text);
    assert!(meeting.get("").await.text.contains("phát 9, thu 1"), "neither counted");

    let first = meeting.post("/dong-bo-phieu", "note=v%E1%BB%99i").await;
    assert!(first.status == StatusCode::UNPROCESSABLE_ENTITY && first.text.contains("kiểm lúc này là lộ"), "{}", first.text);
    for slip in &slips[1..7] {
        assert_eq!(meeting.vote(slip, "excellent").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(meeting.vote(&slips[7], "blank").await.status, StatusCode::SEE_OTHER);
    let early = meeting.post("/dong-bo-phieu", "note=").await;
    assert!(early.status == StatusCode::UNPROCESSABLE_ENTITY && early.text.contains("Mới thu 8/9 phiếu"), "{}", early.text);
    let late = meeting.vote(&slips[8], "passed").await;
    assert_eq!(late.status, StatusCode::SEE_OTHER, "a refused closing leaves the ballot open");
    assert_eq!(meeting.post("/dong-bo-phieu", "a=b").await.status, StatusCode::SEE_OTHER);

    let data = meeting.data();
    assert_eq!(
        data["votes"],
        json!([{"choice": "excellent", "ballots": 7}, {"choice": "passed", "ballots": 1}, {"choice": "failed", "ballots": 0}])
    );
    assert_eq!((&data["ballots_invalid"], &data["outcome"]), (&json!(1), &json!("excellent")));
    let page = meeting.get("").await.text;
    assert!(page.contains("cần ít nhất 3/4 của 9 thành viên có mặt: đạt") && page.contains("Kết quả: Xuất sắc."), "{page}");
    let closed = meeting.vote(&slips[8], "passed").await;
    assert!(
        closed.status == StatusCode::UNPROCESSABLE_ENTITY && closed.text.contains("không có cuộc bỏ phiếu nào đang mở"),
        "{}",
        closed.text
    );
    assert!(meeting.post("/mo-bo-phieu", "a=b").await.text.contains("đã có kết quả kiểm phiếu"));

    let minutes = meeting.get("/bien-ban.docx").await;
    let text = official::read("bien-ban.docx", &minutes.bytes, &official::Gazetteer::default()).unwrap().text;
    for words in ["BIÊN BẢN", "Nhân giống gấc", "Chuyên gia 8 (minh họa)", "Số phiếu không hợp lệ", "Kết quả: Xuất sắc.", "THƯ KÝ HỘI ĐỒNG"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_nobody_votes() {
    let folder = tempfile::tempdir().unwrap();
    let mut members = nine_members();
    for absent in [2, 5, 6, 7] {
        members[absent]["present"] = json!(false);
    }
    let meeting = meeting(folder.path(), members);
    let refused = meeting.post("/mo-bo-phieu", "a=b").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in ["Có mặt 5/9 thành viên, tối thiểu 6 (2/3): chưa đủ.", "Ủy viên phản biện: có mặt 1/2."] {
        assert!(refused.text.contains(words), "{words}: {}", refused.text);
    }
    let typed = "ballots_issued=5&ballots_returned=5&ballots_invalid=0&votes.0.ballots=5&votes.1.ballots=0&votes.2.ballots=0";
    assert!(meeting.post("/kiem-phieu", typed).await.text.contains("Hội đồng chưa bỏ phiếu được"));
    assert!(meeting.data().get("counted_how").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_with_a_conflict_of_interest_is_shown_and_gets_no_slip() {
    let folder = tempfile::tempdir().unwrap();
    let mut members = nine_members();
    members[4]["name"] = json!("chủ nhiệm (minh họa)");
    members[5]["body_text"] = json!("Viện nghiên cứu (minh họa)");
    members[6]["conflict_declared"] = json!(true);
    members[7]["name"] = json!("Thư ký đề tài (minh họa)");
    let meeting = meeting(folder.path(), members);
    let page = meeting.get("").await.text;
    for words in
        ["Là chủ nhiệm nhiệm vụ.", "Thuộc tổ chức chủ trì nhiệm vụ.", "Tự khai có xung đột lợi ích.", "Là thành viên thực hiện nhiệm vụ."]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(meeting.slips().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn namesakes_are_told_apart_by_their_records_and_the_proposing_organisation_counts_too() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = meeting(folder.path(), nine_members());
    let owner = body(&meeting.office, DAK_LAK).to_string();
    let save = |kind: &str, data: Value| {
        meeting.office.submit(&meeting.who, Draft { id: None, kind: kind.into(), data, previous: None }).unwrap().id.to_string()
    };
    let person = || save("person", json!({"name": "Cán bộ (minh họa)", "owner": owner, "illustrative": true}));
    let (one, namesake) = (person(), person());
    let task = save("task", json!({"title": "Nhiệm vụ (minh họa)", "level": "CT", "state": "draft", "owner": owner, "principal": one}));
    let proposal = save("proposal", json!({"title": "Đề xuất (minh họa)", "state": "draft", "owner": owner, "proposer": owner}));
    meeting.office.settle(std::time::Duration::from_secs(20));
    let conflicts = |subject: &str, member: Value| {
        let data = json!({
            "title": "Hội đồng (minh họa)", "council_type": "acceptance", "sheet": "acceptance-2014", "subject": subject, "members": [member],
            "owner": owner,
        });
        let council = RecordId::parse(&save("council", data)).unwrap();
        let page = meeting.office.council_page(&meeting.who, council).unwrap();
        page.members[0].conflicts.iter().map(|conflict| conflict.en.clone()).collect::<Vec<_>>().join(" ")
    };
    let leads = "Is the principal investigator of the task.";
    assert_eq!(conflicts(&task, json!({"council_role": "member", "person": one})), leads);
    assert_eq!(conflicts(&task, json!({"council_role": "member", "person": namesake})), "");
    assert_eq!(conflicts(&task, json!({"council_role": "member", "name": "CÁN BỘ (minh họa)"})), leads, "a name alone counts");
    let proposes = "Belongs to the organisation that proposed the task.";
    assert_eq!(conflicts(&proposal, json!({"council_role": "member", "name": "Khác", "body": owner})), proposes);
    assert_eq!(conflicts(&proposal, json!({"council_role": "member", "name": "Khác"})), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_count_has_to_add_up_and_may_be_corrected() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = meeting(folder.path(), nine_members());
    let typed = |issued: u64, returned: u64, invalid: u64, votes: [u64; 3]| {
        let [excellent, passed, failed] = votes;
        format!(
            "ballots_issued={issued}&ballots_returned={returned}&ballots_invalid={invalid}&votes.0.ballots={excellent}&votes.1.ballots={passed}&votes.2.ballots={failed}"
        )
    };
    for (form, words) in [
        (typed(10, 9, 0, [9, 0, 0]), "10 nhiều hơn 9 thành viên có mặt được bỏ phiếu"),
        (typed(8, 9, 0, [9, 0, 0]), "9 nhiều hơn 8 phiếu phát ra"),
        (typed(9, 9, 1, [9, 0, 0]), "cộng lại là 10"),
        ("ballots_issued=chín".to_owned(), "Cần một số nguyên"),
    ] {
        let refused = meeting.post("/kiem-phieu", &form).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains(words), "{words}: {}", refused.text);
        assert!(meeting.data().get("counted_how").is_none());
    }
    assert_eq!(meeting.post("/kiem-phieu", &typed(9, 9, 1, [0, 5, 3])).await.status, StatusCode::SEE_OTHER);
    assert_eq!(meeting.data()["outcome"], "passed");
    assert_eq!(meeting.post("/kiem-phieu", &typed(9, 9, 1, [0, 4, 4])).await.status, StatusCode::SEE_OTHER);
    assert_eq!(meeting.data()["outcome"], "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_of_the_record_changes_no_count_and_nothing_it_rests_on() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = meeting(folder.path(), nine_members());
    let change = |edit: &dyn Fn(&mut Value)| {
        let view = meeting.office.view(&meeting.who, meeting.council).unwrap();
        let mut data = view.data.unwrap();
        edit(&mut data);
        let draft = Draft { id: Some(meeting.council), kind: "council".into(), data, previous: Some(view.leaf) };
        meeting.office.submit(&meeting.who, draft).err().map(|error| match error {
            office::OfficeError::Invalid(faults) => faults.into_iter().map(|fault| fault.rule).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        })
    };
    let slips = meeting.slips().await;
    assert_eq!(change(&|data| data["conclusion"] = json!("x")).as_deref(), Some("ballot_open"));
    for slip in &slips {
        meeting.vote(slip, "passed").await;
    }
    meeting.post("/dong-bo-phieu", "a=b").await;
    assert!(change(&|data| data["ballots_invalid"] = json!(1)).unwrap().contains("count_kept"));
    assert!(change(&|data| data["outcome"] = json!("excellent")).unwrap().contains("outcome_differs"));
    assert!(change(&|data| data["members"][0]["present"] = json!(false)).unwrap().contains("count_basis"));
    assert_eq!(change(&|data| data["members"][0]["conflict_declared"] = json!(false)), None, "an empty box says the same");
    assert_eq!(change(&|data| data["conclusion"] = json!("Đề nghị nghiệm thu (minh họa).")), None);
    assert!(meeting.get("").await.text.contains("chính kết quả cho biết từng người đã bỏ phiếu thế nào"), "unanimous");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ballot_that_is_cancelled_or_cut_off_by_a_restart_is_held_again_with_new_slips() {
    let folder = tempfile::tempdir().unwrap();
    let first = meeting(folder.path(), nine_members());
    let old = first.slips().await;
    first.vote(&old[0], "passed").await;
    assert_eq!(first.post("/huy-bo-phieu", "a=b").await.status, StatusCode::SEE_OTHER);
    assert!(first.get("").await.text.contains("Mở bỏ phiếu và in phiếu"));
    let cut = first.slips().await;
    assert!(first.vote(&old[1], "passed").await.text.contains("không thuộc cuộc bỏ phiếu nào"));
    first.vote(&cut[0], "passed").await;
    let (council, own) = (first.council, first.own.clone());
    drop(first);

    let office = Arc::new(open(folder.path()));
    let who = officer(&office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let second = Meeting { office, router, who, own, council };
    assert!(second.get("").await.text.contains("gián đoạn"));
    assert!(second.vote(&cut[1], "passed").await.text.contains("không có cuộc bỏ phiếu nào đang mở"));
    assert!(second.data().get("counted_how").is_none());
    assert_eq!(second.slips().await.len(), 9);
    assert!(second.get("").await.text.contains("phát 9, thu 0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_council_gives_points_and_the_sheet_decides() {
    let folder = tempfile::tempdir().unwrap();
    let meeting = meeting(folder.path(), nine_members());
    let view = meeting.office.view(&meeting.who, meeting.council).unwrap();
    let mut data = view.data.unwrap();
    data["council_type"] = json!("selection");
    data["sheet"] = json!("selection-2023");
    let draft = Draft { id: Some(meeting.council), kind: "council".into(), data, previous: Some(view.leaf) };
    meeting.office.submit(&meeting.who, draft).unwrap();
    let slips = meeting.slips().await;
    let give = async |slip: &str, points: &str| {
        Visit::post("/bo-phieu/gui", format!("slip={slip}&points.0.given={points}")).send(&meeting.router).await
    };
    for nonsense in ["101", "-1", "7,5", ""] {
        assert_eq!(give(&slips[0], nonsense).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{nonsense}");
    }
    for (slip, points) in slips.iter().zip(["80", "80", "80", "80", "80", "80", "80", "80", "20"]) {
        assert_eq!(give(slip, points).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(meeting.post("/dong-bo-phieu", "a=b").await.status, StatusCode::SEE_OTHER);
    let data = meeting.data();
    assert_eq!((&data["ballots_deviating"], &data["mean_hundredths"], &data["outcome"]), (&json!(1), &json!(8_000), &json!("selected")));
    assert!(meeting.get("").await.text.contains("Loại 1 phiếu lệch quá 20 %"));
}
