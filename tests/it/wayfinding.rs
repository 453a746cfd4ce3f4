//! The ways between pages: who may import finds it in the menu and on the lists, and a link to a record leads to the page of its kind.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use office::{Draft, Identity, Office, RecordId, Role};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, MINISTRY, body, officer, open, person};
use crate::visit::{Visit, session};

struct Site {
    office: Arc<Office>,
    router: Router,
    who: Identity,
    owner: RecordId,
}

impl Site {
    fn begin(folder: &Path) -> Site {
        let office = Arc::new(open(folder));
        let (who, owner) = (officer(&office), body(&office, DAK_LAK));
        let router = web::router(office.clone(), web::Options::at("http://localhost"));
        Site { office, router, who, owner }
    }

    fn add(&self, kind: &str, mut data: Value) -> RecordId {
        data["owner"] = json!(self.owner.to_string());
        data["illustrative"] = json!(true);
        self.office.submit(&self.who, Draft { id: None, kind: kind.into(), data, previous: None }).unwrap().id
    }

    async fn page(&self, place: &str, login: Option<&str>) -> String {
        assert!(self.office.settle(Duration::from_secs(20)));
        let own = login.map(|login| session(&self.office, login));
        let reply = Visit::get(place).by(own.as_deref()).send(&self.router).await;
        assert_eq!(reply.status, StatusCode::OK, "{place}: {}", reply.text);
        reply.text
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_import_finds_tables_and_conclusions_from_the_menu_and_from_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::begin(folder.path());
    person(&site.office, "daklak.gd", DAK_LAK, Role::Leader);
    person(&site.office, "daklak.xem", DAK_LAK, Role::Reader);
    person(&site.office, "bo.qt", MINISTRY, Role::Administrator);
    for (home, menu, list) in [("/", ">Nhập dữ liệu</a>", "/nhiem-vu"), ("/en", ">Import</a>", "/en/nhiem-vu")] {
        let prefix = home.trim_end_matches('/');
        for login in [Some("daklak.cv"), Some("daklak.gd")] {
            let way = format!("href=\"{prefix}/nhap-excel\"{menu}");
            assert!(site.page(home, login).await.contains(&way), "{login:?}");
            let page = site.page(&format!("{prefix}/nhap-excel"), login).await;
            assert!(page.contains(&format!("href=\"{prefix}/nhap-excel\" aria-current=\"page\"{menu}")), "{page}");
            assert!(page.contains(&format!("href=\"{prefix}/van-ban/nhap\"")), "tables lead to conclusions");
            assert!(site.page(&format!("{prefix}/van-ban/nhap"), login).await.contains(&format!("href=\"{prefix}/nhap-excel\"")));
            assert!(site.page(list, login).await.contains(&format!("href=\"{prefix}/nhap-excel?kind=task\"")));
        }
        for login in [None, Some("daklak.xem"), Some("bo.qt")] {
            for place in [home, list] {
                assert!(!site.page(place, login).await.contains("/nhap-excel"), "{login:?} {place}");
            }
        }
    }
    let page = site.page("/nhap-excel?kind=result", Some("daklak.cv")).await;
    assert!(page.contains("<option value=\"result\" selected"), "{page}");
    // Nothing is chosen for somebody who came by the menu, and nothing is read before he chooses.
    let page = site.page("/nhap-excel", Some("daklak.cv")).await;
    assert!(page.contains("<option value=\"\" selected") || !page.contains(" selected>"), "{page}");
    let own = session(&site.office, "daklak.cv");
    let owner = site.owner.to_string();
    let upload = Visit::upload("/nhap-excel", &[("kind", ""), ("owner", &owner)], "bang.csv", "title\nMáy sấy\n".as_bytes());
    let reply = upload.by(Some(&own)).send(&site.router).await;
    assert!(reply.status == StatusCode::UNPROCESSABLE_ENTITY && reply.text.contains("Loại bản ghi: chưa chọn"), "{}", reply.text);
    // Proposals and every other kind are a step away from one's work.
    let page = site.page("/viec", Some("daklak.cv")).await;
    assert!(page.contains("href=\"/bieu-mau/proposal\"") && page.contains("href=\"/bieu-mau\""), "{page}");
    // Directives come in with their conclusion, so their list of records offers no table.
    assert!(!site.page("/bieu-mau/directive", Some("daklak.cv")).await.contains("nhap-excel?kind="));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_record_leads_to_the_page_of_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::begin(folder.path());
    let task = site.add("task", json!({"title": "Trồng gấc (minh họa)", "state": "draft"}));
    let contract = site.add("contract", json!({"title": "Hợp đồng trồng gấc (minh họa)", "task": task.to_string(), "state": "draft"}));
    let council = site.add("council", json!({"title": "Hội đồng trồng gấc (minh họa)", "council_type": "acceptance", "sheet": "acceptance-2014", "subject": task.to_string()}));
    person(&site.office, "daklak.qt", DAK_LAK, Role::Administrator);
    let (to_task, to_contract, to_council) =
        (format!("href=\"/nhiem-vu/{task}\""), format!("href=\"/hop-dong/{contract}\""), format!("href=\"/hoi-dong/{council}\""));
    let own = Some("daklak.cv");
    let page = site.page(&format!("/hop-dong/{contract}"), own).await;
    assert!(page.contains(&to_task) && !page.contains(&format!("\"/r/{task}\"")), "{page}");
    // The field takes tasks and proposals.
    let page = site.page(&format!("/r/{council}"), own).await;
    assert!(page.contains(&to_task) && !page.contains(&format!("\"/r/{task}\"")), "{page}");
    let page = site.page(&format!("/nhiem-vu/{task}"), own).await;
    assert!(page.contains(&to_contract) && page.contains(&to_council), "{page}");
    assert!(site.page("/bieu-mau/contract", own).await.contains(&to_contract));
    for part in ["lich-su", "giay-to", "xoa"] {
        assert!(site.page(&format!("/r/{task}/{part}"), own).await.contains(&to_task), "{part}");
    }
    // A title of three lines is read whole on its page; the way to it has a line.
    let title = format!("{} (minh họa)", "Nghiên cứu ứng dụng công nghệ viễn thám cảnh báo trượt lở đất ".repeat(4).trim());
    let long = site.add("task", json!({"title": title, "state": "draft"}));
    let page = site.page(&format!("/nhiem-vu/{long}"), own).await;
    assert!(page.contains(&format!("<h1>{title}</h1>")) && !page.contains(&format!("<li aria-current=\"page\">{title}")), "{page}");
    // What is no contract is shown where it has its page.
    let reply = Visit::get(format!("/hop-dong/{task}")).by(Some(&session(&site.office, "daklak.cv"))).send(&site.router).await;
    assert_eq!((reply.status, reply.place), (StatusCode::SEE_OTHER, format!("/nhiem-vu/{task}")));
    let reply = Visit::get(format!("/hop-dong/{contract}")).send(&site.router).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND, "a draft is nobody else's business");
}
