//! The pages of tasks and results: key figures, what refers to them, and what the public is not shown.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use office::{Draft, Office, RecordId, SpentBasis};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, body, officer, open};
use crate::visit::{Visit, session};

/// Records of one task that has been applied, and of one that runs.
struct Told {
    office: Arc<Office>,
    router: axum::Router,
    applied: RecordId,
    running: RecordId,
    result: RecordId,
}

fn told(folder: &Path) -> Told {
    let office = Arc::new(open(folder));
    let who = officer(&office);
    let owner = body(&office, DAK_LAK).to_string();
    let (applied, running, result) = (RecordId::new(), RecordId::new(), RecordId::new());
    let mut drafts = Vec::new();
    let mut add = |id: RecordId, kind: &str, mut data: Value| {
        data["owner"] = json!(owner);
        data["illustrative"] = json!(true);
        drafts.push(Draft { id: Some(id), kind: kind.into(), data, previous: None });
    };
    let budget = json!([
        {"funding_source": "NS_DP", "amount": 700_000_000},
        {"funding_source": "NS_TW", "amount": 200_000_000},
        {"funding_source": "DN", "amount": 100_000_000},
    ]);
    let task = |title: &str, state: &str| {
        json!({"title": title, "level": "CT", "aims": "Quy trình nhân giống gấc.", "content": "Khảo nghiệm.", "methods": "Đồng ruộng.",
            "research_fields": ["40101.2008"], "objectives_codes": ["12.2008"], "expected_results": [{"text": "Quy trình trồng gấc", "quantity": "1"}],
            "planned_start": "2019-06", "planned_end": "2021-06", "lead_org": owner, "provinces": ["66"], "approved_budget": budget, "state": state})
    };
    add(applied, "task", task("Nhân giống gấc (minh họa)", "applied"));
    add(running, "task", task("Sấy cà phê (minh họa)", "running"));
    add(
        RecordId::new(),
        "disbursement",
        json!({"title": "Kinh phí 2020 (minh họa)", "task": running.to_string(), "state": "recorded", "year": 2020, "funding_source": "NS_DP", "approved": 300_000_000, "payments": [
            {"kind": "advance", "day": "2020-02-10", "amount": 300_000_000}, {"kind": "returned", "day": "2020-12-10", "amount": 20_000_000}]}),
    );
    let line = |title: &str, state: &str| {
        json!({"title": title, "task": applied.to_string(), "spent": 450_000_000, "state": state, "year": 2020,
        "funding_source": "NS_DP", "item": "task_province", "purpose": "materials", "planned": 500_000_000, "approved": 500_000_000})
    };
    add(RecordId::new(), "budget_line", line("Dòng kinh phí 2020 (minh họa)", "recorded"));
    add(RecordId::new(), "budget_line", line("Dòng kinh phí chưa soát (minh họa)", "draft"));
    add(
        RecordId::new(),
        "disbursement",
        json!({"title": "Tạm ứng 2020 (minh họa)", "task": applied.to_string(), "state": "recorded",
            "year": 2020, "funding_source": "NS_DP", "approved": 999_000_000, "payments": [{"kind": "advance", "day": "2020-02-10", "amount": 999_000_000}]}),
    );
    add(
        result,
        "result",
        json!({"title": "Quy trình trồng gấc (minh họa)", "task": applied.to_string(), "lead_org": owner, "summary": "Đã áp dụng.", "grade": "passed",
            "products": [{"kind": "process", "title": "Quy trình", "quantity": "1"}], "accepted_on": "2021-07-01", "certificate_number": "07/KQNC",
            "certificate_day": "2021-08-01", "certificate_by": "Sở KH&CN (minh họa)", "state": "recorded"}),
    );
    add(
        RecordId::new(),
        "technology",
        json!({"title": "Công nghệ trồng gấc (minh họa)", "direction": "offer", "description": "Trồng gấc.", "trl": 8, "result": result.to_string(),
            "state": "recorded"}),
    );
    add(
        RecordId::new(),
        "transfer_contract",
        json!({"title": "Chuyển giao giống gấc (minh họa)", "number": "02/HĐCG", "signed_day": "2022-03-04", "direction": "domestic",
            "form": "independent", "methods": ["training"], "result": result.to_string(), "state": "recorded"}),
    );
    add(
        RecordId::new(),
        "application_report",
        json!({"title": "Ứng dụng năm thứ nhất (minh họa)", "task": applied.to_string(), "reporting_year": 1, "reported_on": "2022-08-20",
            "sites": [{"organisation": "Hợp tác xã (minh họa)", "province": "64", "scale": "12 ha"}], "effect": "Năng suất tăng.",
            "transfer_mode": "contract", "state": "recorded"}),
    );
    office.submit_all(&who, drafts, "thử").unwrap();
    assert!(office.settle(Duration::from_secs(30)));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    Told { office, router, applied, running, result }
}

#[test]
fn spent_money_is_added_once_from_checked_budget_lines_and_else_from_payments() {
    let folder = tempfile::tempdir().unwrap();
    let told = told(folder.path());
    let who = officer(&told.office);
    let money = |id| told.office.task_money(&who, &told.office.view(&who, id).unwrap()).unwrap();
    let applied = money(told.applied);
    assert_eq!((applied.approved_total(), applied.non_state()), (Some(1_000_000_000), Some(100_000_000)));
    let spent = applied.spent.unwrap();
    assert_eq!((spent.amount, spent.basis), (450_000_000, SpentBasis::BudgetLines));
    let spent = money(told.running).spent.unwrap();
    assert_eq!((spent.amount, spent.basis), (280_000_000, SpentBasis::Payments));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_task_begins_with_its_money_and_names_its_results_and_who_applies_them() {
    let folder = tempfile::tempdir().unwrap();
    let told = told(folder.path());
    let own = session(&told.office, "daklak.cv");
    let page = format!("/nhiem-vu/{}", told.applied);
    let seen = Visit::get(&page).by(Some(&own)).send(&told.router).await.text;
    for words in [
        "1.000 triệu đồng",
        "450 triệu đồng",
        "100 triệu đồng",
        "10 % kinh phí được duyệt",
        "Đã được ứng dụng",
        "Chuyển giao giống gấc",
        "Công nghệ trồng gấc",
        "Hợp tác xã (minh họa)",
        "12 ha",
        &format!("/ket-qua/{}", told.result),
    ] {
        assert!(seen.contains(words), "{words} in {seen}");
    }
    assert!(seen.find("1.000 triệu đồng") < seen.find("<h2"), "the money stands above the first part");
    let english = Visit::get(format!("/en{page}")).by(Some(&own)).send(&told.router).await.text;
    for words in ["1,000 million VND", "Approved money", "Who applies it", "Applied", &format!("/en/ket-qua/{}", told.result)] {
        assert!(english.contains(words), "{words} in {english}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_reads_in_words_that_the_money_of_a_running_task_is_not_public_and_never_the_figure() {
    let folder = tempfile::tempdir().unwrap();
    let told = told(folder.path());
    for address in [format!("/nhiem-vu/{}", told.running), "/nhiem-vu?sort=day".to_owned()] {
        let seen = Visit::get(&address).send(&told.router).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(seen.text.contains("Sấy cà phê") && !seen.text.contains("280 triệu"), "{}", seen.text);
    }
    let running = Visit::get(format!("/nhiem-vu/{}", told.running)).send(&told.router).await.text;
    assert!(running.contains("chưa có số công khai") && !running.contains("700.000.000"), "{running}");
    // What was approved becomes public with the end of the task; what was spent does not.
    let applied = Visit::get(format!("/nhiem-vu/{}", told.applied)).send(&told.router).await.text;
    assert!(applied.contains("1.000 triệu đồng") && !applied.contains("450 triệu") && !applied.contains("999"), "{applied}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_result_begins_with_grade_readiness_property_and_transfers() {
    let folder = tempfile::tempdir().unwrap();
    let told = told(folder.path());
    let seen = Visit::get(format!("/ket-qua/{}", told.result)).send(&told.router).await.text;
    for words in
        ["TRL 8/9", "07/KQNC", "Chuyển giao giống gấc", "Chưa ghi đơn hay văn bằng nào", "12 ha", &format!("/nhiem-vu/{}", told.applied)]
    {
        assert!(seen.contains(words), "{words} in {seen}");
    }
    assert!(seen.find("TRL 8/9") < seen.find("<h2"));
    let english = Visit::get(format!("/en/ket-qua/{}", told.result)).send(&told.router).await.text;
    assert!(english.contains("Readiness level") && english.contains("Who uses it"), "{english}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_another_kind_leads_to_the_right_page_and_an_unknown_one_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let told = told(folder.path());
    let get = |path: String| Visit::get(path).send(&told.router);
    assert_eq!(get(format!("/nhiem-vu/{}", told.result)).await.place, format!("/ket-qua/{}", told.result));
    assert_eq!(get(format!("/en/ket-qua/{}", told.applied)).await.place, format!("/en/nhiem-vu/{}", told.applied));
    let region = body(&told.office, DAK_LAK);
    assert_eq!(get(format!("/nhiem-vu/{region}")).await.place, format!("/r/{region}"));
    for unknown in [RecordId::new().to_string(), "x".to_owned(), "%00".to_owned()] {
        let missing = get(format!("/nhiem-vu/{unknown}")).await;
        assert!(missing.status == StatusCode::NOT_FOUND && missing.text.contains("<h1"), "{unknown}: {}", missing.text);
    }
    // The permanent address goes on to work.
    let permanent = get(format!("/r/{}", told.applied)).await;
    assert!(permanent.status == StatusCode::OK && permanent.text.contains(&format!("/nhiem-vu/{}", told.applied)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lists_say_when_nothing_is_there_and_their_files_hold_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let told = told(folder.path());
    let get = |path: &'static str| Visit::get(path).send(&told.router);
    let list = get("/nhiem-vu").await.text;
    assert!(
        list.contains("Nhân giống gấc")
            && list.contains("Sở KH&#38;CN Đắk Lắk")
            && list.contains("6/2019 – 6/2021")
            && list.contains("(triệu đồng)")
            && list.contains("<div>1.000</div>"),
        "{list}"
    );
    let narrowed = get("/nhiem-vu?trang-thai=terminated").await.text;
    assert!(narrowed.contains("Không có bản ghi nào khớp bộ lọc"), "{narrowed}");
    let file = get("/nhiem-vu.csv?trang-thai=running").await.text;
    assert!(file.contains("Sấy cà phê") && !file.contains("Nhân giống gấc"), "{file}");
    assert!(get("/ket-qua").await.text.contains("07/KQNC"));
    assert_eq!(get("/nhiem-vu?after=x").await.status, StatusCode::BAD_REQUEST);
    for wrong in ["/ket-qua?tinh=999", "/nhiem-vu?trang-thai=khong-co", "/nhiem-vu?sort=-day", "/nhiem-vu.csv?sort=x"] {
        let refused = get(wrong).await;
        assert!(
            refused.status == StatusCode::BAD_REQUEST && refused.text.contains("đã nhận") || refused.text.contains("không có giá trị"),
            "{wrong}"
        );
    }
    // The heading says the order that the rows have.
    assert!(list.contains("aria-sort=\"ascending\"") && !list.contains("aria-sort=\"descending\""), "{list}");
    let latest = get("/nhiem-vu?sort=day").await.text;
    assert!(latest.contains("aria-sort=\"descending\"") && !latest.contains("aria-sort=\"ascending\""), "{latest}");
    let empty = tempfile::tempdir().unwrap();
    let office = Arc::new(open(empty.path()));
    let router = web::router(office, web::Options::at("http://localhost"));
    for path in ["/nhiem-vu", "/ket-qua", "/en/nhiem-vu", "/en/ket-qua"] {
        let seen = Visit::get(path).send(&router).await;
        assert!(
            seen.status == StatusCode::OK && (seen.text.contains("Chưa có bản ghi nào") || seen.text.contains("No records yet")),
            "{path}"
        );
    }
}
