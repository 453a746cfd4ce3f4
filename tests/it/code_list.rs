//! Code lists as pages and files: trees, validity, successors, and where an old commune lies now.

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
async fn every_list_stands_on_the_index_with_its_source_and_opens() {
    let folder = tempfile::tempdir().unwrap();
    let office = std::sync::Arc::new(open(folder.path()));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let index = Visit::get("/bang-ma").send(&router).await.text;
    let mut lists = 0;
    for list in office.catalogue().lists() {
        assert!(index.contains(&format!("/bang-ma/{}\"", list.name)), "{}", list.name);
        let reply = Visit::get(format!("/bang-ma/{}", list.name)).send(&router).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", list.name);
        lists += 1;
    }
    assert!(lists > 20, "{lists}");
    assert!(index.contains("chưa được nạp vào hệ thống"), "the field list of 2008 says that its basis has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provinces_of_a_day_are_counted_and_point_to_their_successors() {
    for (day, number) in [("21/06/2019", 63), ("01/07/2025", 34), ("20/09/2026", 34)] {
        let file = see(&format!("/bang-ma/provinces.csv?ngay={day}")).await.text;
        assert_eq!(file.lines().count(), number + 1, "{day}: a heading and each province");
    }
    let page = see("/bang-ma/provinces?q=binh+thuan").await.text;
    assert!(page.contains("tỉnh Bình Thuận") && page.contains("68 – tỉnh Lâm Đồng"), "{page}");
    assert!(page.contains("đến hết 30/06/2025"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_opens_step_by_step_and_is_searched_whole() {
    let top = see("/bang-ma/research-fields").await.text;
    assert!(top.contains("thuoc=1.2008") && !top.contains(">10101<"), "{top}");
    let below = see("/bang-ma/research-fields?thuoc=101.2008").await.text;
    assert!(below.contains("10101") && below.contains("Lên một cấp"), "{below}");
    let found = see("/bang-ma/research-fields?q=10101").await.text;
    assert!(found.contains("10101") && !found.contains("10102"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_list_hold_every_code_once() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let filter = office::CodeFilter { words: Some("binh".into()), ..Default::default() };
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = office.code_page("communes", &filter, after.as_deref(), 7).unwrap();
        seen.extend(page.codes.iter().map(|code| code.code.clone()));
        after = page.next;
        if after.is_none() {
            assert_eq!(seen.len() as u64, page.total);
            break;
        }
    }
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert!(distinct.len() == seen.len() && seen.len() > 50, "{}", seen.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_commune_is_found_where_it_lies_now_and_a_split_one_is_left_to_a_person() {
    let whole = see("/bang-ma/communes?xa-cu=00001").await.text;
    assert!(whole.contains("00097 – ") && whole.contains("thành phố Hà Nội") && whole.contains("toàn bộ"), "{whole}");
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let (split, into) = office.catalogue().commune_map().iter().find(|(_, into)| into.len() > 1).unwrap();
    let page = see(&format!("/bang-ma/communes?xa-cu={split}")).await.text;
    assert!(page.contains("Hệ thống không tự chọn"), "{page}");
    for successor in into {
        assert!(page.contains(&office.catalogue().list("communes").unwrap().get(&successor.code).unwrap().official), "{split}");
    }
    let unknown = see("/bang-ma/communes?xa-cu=1").await.text;
    assert!(unknown.contains("không có trong bảng"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_day_no_list_and_no_place_is_refused_in_words() {
    let page = see("/bang-ma/provinces?ngay=31/02/2024").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("31/02/2024") && page.text.contains("không phải một ngày"), "{}", page.text);
    assert_eq!(see("/bang-ma/khong-co").await.status, StatusCode::NOT_FOUND);
    assert_eq!(see("/bang-ma/provinces?after=khong-co").await.status, StatusCode::BAD_REQUEST);
}
