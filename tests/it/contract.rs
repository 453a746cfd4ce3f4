//! A contract from its signing to the last payment: what the page says may be paid at each station, and why not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use office::{ContractNeed, Draft, Identity, Office, PaymentStanding, RecordId};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, body, officer, open};
use crate::visit::{Reply, Visit, session};

/// An office with a running task of Đắk Lắk whose contract was signed on 20/11/2024; today is 23/11/2026.
struct Matter {
    office: Arc<Office>,
    router: Router,
    who: Identity,
    own: String,
    owner: RecordId,
    task: RecordId,
}

impl Matter {
    fn begin(folder: &Path) -> Matter {
        let office = Arc::new(open(folder));
        let who = officer(&office);
        let owner = body(&office, DAK_LAK);
        let router = web::router(office.clone(), web::Options::at("http://localhost"));
        let own = session(&office, "daklak.cv");
        let steps: Vec<Value> =
            ["2025-05-15", "2025-11-18", "2026-05-19"].iter().map(|day| json!({"step": "progress_report", "day": day})).collect();
        let task = json!({
            "title": "Nhân giống gấc theo GACP (minh họa)", "level": "CT", "aims": "Quy trình nhân giống.", "content": "Khảo nghiệm.",
            "methods": "Đồng ruộng.", "research_fields": ["40101.2008"], "objectives_codes": ["12.2008"],
            "expected_results": [{"text": "Quy trình"}], "planned_start": "2024-11", "planned_end": "2026-12", "steps": steps, "state": "running",
            "owner": owner.to_string(), "illustrative": true,
        });
        let task = office.submit(&who, Draft { id: None, kind: "task".into(), data: task, previous: None }).unwrap().id;
        Matter { office, router, who, own, owner, task }
    }

    fn add(&self, kind: &str, mut data: Value) -> RecordId {
        data["owner"] = json!(self.owner.to_string());
        data["illustrative"] = json!(true);
        self.office.submit(&self.who, Draft { id: None, kind: kind.into(), data, previous: None }).unwrap().id
    }

    fn change(&self, id: RecordId, change: impl FnOnce(&mut Value)) {
        let view = self.office.view(&self.who, id).unwrap();
        let mut data = view.data.unwrap();
        change(&mut data);
        self.office.submit(&self.who, Draft { id: Some(id), kind: view.kind, data, previous: Some(view.leaf) }).unwrap();
    }

    fn standing(&self, contract: RecordId) -> PaymentStanding {
        assert!(self.office.settle(Duration::from_secs(20)));
        self.office.contract_page(&self.who, contract).unwrap().answer.standing
    }

    async fn get(&self, place: &str) -> Reply {
        assert!(self.office.settle(Duration::from_secs(20)));
        Visit::get(place).by(Some(&self.own)).send(&self.router).await
    }

    async fn page(&self, contract: RecordId) -> String {
        let reply = self.get(&format!("/hop-dong/{contract}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.text
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_is_paid_tranche_by_tranche_and_each_refusal_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let matter = Matter::begin(folder.path());
    let task = matter.task.to_string();
    let contract = matter.add("contract", json!({"title": "Hợp đồng nhân giống gấc (minh họa)", "task": task, "state": "draft"}));
    let page = matter.page(contract).await;
    for words in ["Chưa được chi", "còn là bản nháp", "chưa ghi ngày ký", "chưa ghi giá trị", "Chưa có số kinh phí được duyệt"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }

    // Signed and recorded; nothing approved yet.
    matter.change(contract, |data| {
        data["number"] = json!("05/2024/HĐ-SKHCN (minh họa)");
        data["signed_day"] = json!("2024-11-20");
        data["start"] = json!("2024-11");
        data["end"] = json!("2026-12");
        data["value"] = json!(1_000_000_000_i64);
        data["tranches"] = json!([
            {"number": 1, "planned_day": "2024-12", "amount": 600_000_000, "condition": "Sau khi ký (minh họa)"},
            {"number": 2, "planned_day": "2026-06", "amount": 300_000_000},
            {"number": 3, "planned_day": "2026-11", "amount": 100_000_000},
        ]);
        data["milestones"] = json!([{"text": "Bàn giao 5.000 cây giống", "due": "2026-06-30", "done_day": "2026-06-25"}]);
        data["state"] = json!("recorded");
    });
    let line = json!({"title": "Kinh phí nhiệm vụ gấc (minh họa)", "task": task, "year": 2024, "funding_source": "NS_DP", "purpose": "materials",
        "planned": 1_100_000_000_i64, "approved": 1_000_000_000_i64, "unspent": 0, "misdirected": 0, "state": "recorded"});
    assert_eq!(matter.standing(contract), PaymentStanding::NotYet);
    let line = matter.add("budget_line", line);

    // The fourth six-monthly report was due on Friday, 20/11/2026.
    assert_eq!(matter.standing(contract), PaymentStanding::NotYet);
    let page = matter.page(contract).await;
    assert!(
        page.contains("Báo cáo định kỳ 6 tháng: quá hạn 3 ngày (hạn 20/11/2026)") && page.contains("Thông tư 04/2015/TT-BKHCN, Điều 26.1"),
        "{page}"
    );
    let late = matter.office.contracts(&matter.who, matter.owner, None, Some(ContractNeed::Late), None, 50).unwrap();
    assert_eq!((late.rows.len(), late.total), (1, 1));
    matter.change(matter.task, |data| data["steps"].as_array_mut().unwrap().push(json!({"step": "progress_report", "day": "2026-11-23"})));

    assert_eq!(matter.standing(contract), PaymentStanding::Payable { tranche: 1, amount: 600_000_000 });
    let page = matter.page(contract).await;
    for words in ["Được chi ngay: 600.000.000 đồng (đợt 1)", "Sau khi ký (minh họa)", "Hệ thống không xét được câu này", "<div>1.100</div>"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let english = matter.get(&format!("/en/hop-dong/{contract}")).await.text;
    assert!(english.contains("Payable now: 600,000,000 VND (tranche 1)"), "{english}");

    // The form of the payment opens with contract and task filled in.
    let form = page.split('"').find(|piece| piece.starts_with("/bieu-mau/disbursement/moi?")).unwrap().replace("&#38;", "&");
    let form = matter.get(&form).await.text;
    assert!(form.contains("Hợp đồng nhân giống gấc (minh họa)") && form.contains("Nhân giống gấc theo GACP (minh họa)"), "{form}");

    // Paid in a draft, which counts only once it is recorded.
    let mut payment = json!({"title": "Đợt 1 (minh họa)", "task": task, "contract": contract.to_string(), "year": 2024, "funding_source": "NS_DP",
        "purpose": "materials", "approved": 600_000_000, "payments": [{"kind": "advance", "day": "2024-12-10", "amount": 600_000_000}], "state": "draft"});
    let first = matter.add("disbursement", payment.clone());
    assert_eq!(matter.standing(contract), PaymentStanding::NotYet);
    assert!(matter.page(contract).await.contains("có lần chi mà còn là bản nháp"));
    matter.change(first, |data| data["state"] = json!("recorded"));
    assert_eq!(matter.standing(contract), PaymentStanding::Payable { tranche: 2, amount: 300_000_000 });

    // A payment of the task that names no contract has to be cleared up first.
    payment["title"] = json!("Đợt 2 (minh họa)");
    payment["contract"] = Value::Null;
    payment.as_object_mut().unwrap().remove("contract");
    payment["payments"] = json!([{"kind": "payment", "day": "2026-11-23", "amount": 500_000_000}, {"kind": "recovery", "day": "2026-11-23", "amount": 200_000_000}]);
    payment["state"] = json!("recorded");
    let second = matter.add("disbursement", payment);
    assert_eq!(matter.standing(contract), PaymentStanding::NotYet);
    assert!(matter.page(contract).await.contains("chưa ghi thuộc hợp đồng nào"));
    matter.change(second, |data| data["contract"] = json!(contract.to_string()));
    assert_eq!(matter.standing(contract), PaymentStanding::Payable { tranche: 3, amount: 100_000_000 });

    // What is approved bounds it, and the table adds up.
    matter.change(line, |data| data["approved"] = json!(950_000_000));
    assert_eq!(matter.standing(contract), PaymentStanding::Payable { tranche: 3, amount: 50_000_000 });
    matter.change(line, |data| data["approved"] = json!(800_000_000));
    assert!(matter.page(contract).await.contains("Đã cấp 900.000.000 đồng, vượt số được duyệt 800.000.000 đồng."));
    matter.change(line, |data| data["approved"] = json!(1_000_000_000_i64));

    // The last tranche after the acceptance; then the contract is settled.
    matter.add(
        "acceptance",
        json!({"title": "Nghiệm thu nhiệm vụ gấc (minh họa)", "task": task, "meeting_day": "2026-11-20", "grade": "passed", "state": "recorded"}),
    );
    assert_eq!(matter.standing(contract), PaymentStanding::Payable { tranche: 3, amount: 100_000_000 });
    matter.change(second, |data| {
        let more = json!({"kind": "payment", "day": "2026-11-23", "amount": 100_000_000});
        data["payments"].as_array_mut().unwrap().push(more);
    });
    assert_eq!(matter.standing(contract), PaymentStanding::Complete);
    matter.change(contract, |data| data["settled_day"] = json!("2026-11-23"));
    let page = matter.page(contract).await;
    assert!(
        page.contains("Không còn khoản nào phải chi") && page.contains("Điều 15.4") && page.contains("Nghiệm thu nhiệm vụ gấc"),
        "{page}"
    );

    // Record and task lead to the page; the public sees neither it nor the money.
    for record in [contract, matter.task] {
        assert!(matter.get(&format!("/r/{record}")).await.text.contains(&format!("/hop-dong/{contract}")), "{record}");
        let public = Visit::get(format!("/r/{record}")).send(&matter.router).await.text;
        assert!(!public.contains("/hop-dong/") && !public.contains("1.000.000.000"), "{public}");
    }
    assert_eq!(Visit::get(format!("/hop-dong/{contract}")).send(&matter.router).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_contracts_is_paged_and_narrowed_and_empty_without_fault() {
    let folder = tempfile::tempdir().unwrap();
    let matter = Matter::begin(folder.path());
    let empty = matter.get("/hop-dong?can=duoc-chi").await;
    assert!(empty.status == StatusCode::OK && empty.text.contains("Không có hợp đồng nào"), "{}", empty.text);
    for at in 1..=5 {
        matter.add(
            "contract",
            json!({"title": format!("Hợp đồng {at} (minh họa)"), "signed_day": format!("2026-0{at}-15"), "state": "draft"}),
        );
    }
    let mut seen = Vec::new();
    let mut place = "/hop-dong?limit=2&can=chua-chi".to_owned();
    loop {
        let page = matter.get(&place).await.text;
        seen.extend((1..=5).filter(|at| page.contains(&format!("Hợp đồng {at} (minh họa)"))));
        let Some((_, next)) = page.split_once("rel=\"next\" href=\"") else { break };
        place = next.split('"').next().unwrap().replace("&#38;", "&");
    }
    assert_eq!(seen.len(), 5, "each contract once: {seen:?}");
    assert_eq!(matter.get("/hop-dong?can=la").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(matter.get("/hop-dong?co-quan=la").await.status, StatusCode::BAD_REQUEST);
    assert!(matter.get("/hop-dong?can=qua-han").await.text.contains("Không có hợp đồng nào"));
    let foreign = body(&matter.office, "Sở KH&CN Kon Tum");
    assert_eq!(matter.get(&format!("/hop-dong?co-quan={foreign}")).await.status, StatusCode::FORBIDDEN);
}
