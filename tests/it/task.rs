//! A task on its way through the process of the law, as its page shows it.

use std::sync::Arc;
use std::time::Duration;

use catalogue::DueState;
use jiff::civil::date;
use office::Draft;
use serde_json::json;

use crate::people::{DAK_LAK, body, officer, open};
use crate::visit::{Visit, session};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_task_shows_every_term_to_its_body_and_none_to_the_public() {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    let who = officer(&office);
    let owner = body(&office, DAK_LAK).to_string();
    let data = json!({
        "title": "Nhân giống gấc theo GACP (minh họa)", "level": "CT", "aims": "Quy trình nhân giống.", "content": "Khảo nghiệm.", "methods": "Đồng ruộng.",
        "research_fields": ["40101.2008"], "objectives_codes": ["12.2008"], "expected_results": [{"text": "Quy trình"}],
        "planned_start": "2019-06", "planned_end": "2021-06", "contract_day": "2019-04-26",
        "steps": [{"step": "information", "day": "2019-06-20"}], "state": "running", "owner": owner, "illustrative": true,
    });
    let stored = office.submit(&who, Draft { id: None, kind: "task".into(), data: data.clone(), previous: None }).unwrap();
    let progress = office.task_progress(&data).unwrap().unwrap();
    // Signed on 26/4/2019. 30 working days: 27–28/4 weekend, 29/4 swapped for Saturday 4/5, 30/4 and 1/5 holidays, 4/5 worked.
    let information =
        progress.terms.iter().find(|term| term.last_day == date(2019, 6, 11)).unwrap_or_else(|| panic!("{:#?}", progress.terms));
    assert_eq!((information.state, information.happened), (DueState::DoneLate, Some(date(2019, 6, 20))));

    assert!(office.settle(Duration::from_secs(20)));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = session(&office, "daklak.cv");
    let seen = Visit::get(format!("/r/{}", stored.id)).by(Some(&own)).send(&router).await;
    assert!(
        seen.text.contains("Tiến trình theo quy định") && seen.text.contains("11/06/2019") && seen.text.contains("quá hạn"),
        "{}",
        seen.text
    );
    let public = Visit::get(format!("/r/{}", stored.id)).send(&router).await;
    assert!(
        public.text.contains("Nhân giống gấc") && !public.text.contains("Tiến trình theo quy định") && !public.text.contains("26/04/2019")
    );
}
