//! The calendar of working days as a page: terms explained day by day, years that are not announced.

use axum::http::StatusCode;

use crate::people::open;
use crate::visit::{Reply, Visit};

async fn see(address: &str) -> Reply {
    let folder = tempfile::tempdir().unwrap();
    let office = std::sync::Arc::new(open(folder.path()));
    let router = web::router(office, web::Options::at("http://localhost"));
    Visit::get(address).send(&router).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_over_tet_names_each_day_left_out_with_its_announcement() {
    let page = see("/lich-lam-viec/2026?tu=13/02/2026&so=1").await.text;
    assert!(page.contains("Thứ 6, 13/02/2026 + 1 ngày làm việc = Thứ 2, 23/02/2026"), "{page}");
    for left_out in ["Thứ 7, 14/02/2026", "Chủ nhật, 15/02/2026", "Thứ 2, 16/02/2026", "Thứ 6, 20/02/2026", "Chủ nhật, 22/02/2026"]
    {
        assert!(page.contains(left_out), "{left_out}");
    }
    assert!(page.contains("QĐ 188/1999/QĐ-TTg"), "a weekend names the decision it rests by");
    // The months add up: 2026 has 365 days.
    assert!(page.contains("Cả năm") && page.contains("365"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saturday_worked_for_another_day_is_counted_and_said() {
    let page = see("/en/lich-lam-viec/2026?tu=09/01/2026&so=1").await.text;
    assert!(page.contains("Friday, 09/01/2026 + 1 working day = Saturday, 10/01/2026"), "{page}");
    assert!(page.contains("Worked Saturday"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_without_announcement_says_so_and_reckons_with_weekends_alone() {
    let page = see("/lich-lam-viec/2029?tu=28/12/2028&so=3").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("chưa có thông báo ngày nghỉ của năm 2029"), "{}", page.text);
    assert!(page.text.contains("kết quả có thể đổi"), "{}", page.text);
    assert_eq!(see("/lich-lam-viec/1850").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_day_or_no_number_is_named_at_its_field() {
    for (query, what) in [
        ("tu=31/02/2026&so=5", "Không phải một ngày"),
        ("tu=2026&so=5", "Không phải một ngày"),
        ("tu=13/02/2026", "từ 0 đến 250"),
        ("tu=13/02/2026&so=-1", "từ 0 đến 250"),
        ("tu=13/02/2026&so=4294967295", "từ 0 đến 250"),
    ] {
        let page = see(&format!("/lich-lam-viec/2026?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.text.contains(what) && !page.text.contains(" = Thứ"), "{query}: {}", page.text);
    }
}
