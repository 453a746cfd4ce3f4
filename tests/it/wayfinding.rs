//! The ways between pages: who may import finds it in the menu and on the lists.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use office::{Office, Role};

use crate::people::{DAK_LAK, MINISTRY, officer, open, person};
use crate::visit::{Visit, session};

struct Site {
    office: Arc<Office>,
    router: Router,
}

impl Site {
    fn begin(folder: &Path) -> Site {
        let office = Arc::new(open(folder));
        officer(&office);
        let router = web::router(office.clone(), web::Options { base_url: "http://localhost".into() });
        Site { office, router }
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
    // Directives come in with their conclusion, so their list of records offers no table.
    assert!(!site.page("/bieu-mau/directive", Some("daklak.cv")).await.contains("nhap-excel?kind="));
}
