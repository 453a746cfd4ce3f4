//! What a page weighs and needs: bytes, requests, nodes, links that lead somewhere, no need of script. The same is seen in a browser by `tests/ui`; here
//! it runs everywhere.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use office::{Draft, RecordId, Role};
use serde_json::json;

use crate::people::{DAK_LAK, MINISTRY, body, person};
use crate::routes::{MATRIX, Stage, stage};
use crate::visit::Visit;

fn compressed(bytes: &[u8]) -> usize {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().len()
}

/// Addresses in attributes of the page that begin like this.
fn addresses(page: &str, attribute: &str) -> BTreeSet<String> {
    let begin = format!("{attribute}=\"");
    page.split(&begin)
        .skip(1)
        .filter_map(|piece| piece.split('"').next())
        .map(|address| address.replace("&#38;", "&").replace("&amp;", "&"))
        .collect()
}

/// Elements of the page.
fn nodes(page: &str) -> usize {
    page.split('<').skip(1).filter(|piece| piece.starts_with(|c: char| c.is_ascii_lowercase())).count()
}

/// Every page that the matrix opens for a role, with its text.
async fn pages(stage: &Stage, column: usize) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for (route, path, _, outcome) in MATRIX {
        if !route.starts_with("GET")
            || outcome.chars().nth(column) != Some('x')
            || path.contains('.')
            || path.starts_with("/api/")
            || *path == "STYLESHEET"
        {
            continue;
        }
        for language in ["", "/en"] {
            let address = stage.filled(&if *path == "/" && language == "/en" { "/en".to_owned() } else { format!("{language}{path}") });
            let reply = Visit::get(&address).by(stage.sessions[column].as_deref()).send(&stage.router).await;
            if reply.status.is_success() && reply.text.starts_with("<!") {
                pages.push((address, reply.text));
            }
        }
    }
    assert!(pages.len() > 30, "pages were found: {}", pages.len());
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_visit_of_any_page_takes_five_requests_and_60_kilobytes_at_most() {
    let stage = stage();
    for column in [0, 2, 4, 5] {
        for (address, page) in pages(&stage, column).await {
            let mut parts: BTreeSet<String> =
                addresses(&page, "src").into_iter().chain(addresses(&page, "href")).filter(|part| part.starts_with("/assets/")).collect();
            parts.insert(address.clone());
            let mut bytes = compressed(page.as_bytes());
            for part in parts.iter().filter(|part| part.starts_with("/assets/")) {
                bytes += compressed(Visit::get(part).send(&stage.router).await.text.as_bytes());
            }
            assert!(parts.len() <= 5 && bytes <= 60_000, "{address}: {} requests, {bytes} bytes", parts.len());
            assert!(nodes(&page) <= 1_500, "{address}: {} nodes", nodes(&page));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_of_every_page_leads_somewhere_and_every_button_stands_in_a_form() {
    let stage = stage();
    for column in [0, 2, 4, 5] {
        let mut followed = BTreeSet::new();
        for (address, page) in pages(&stage, column).await {
            let lower = page.to_lowercase();
            for handler in [" onclick=", " onsubmit=", " onchange=", " onload=", "javascript:"] {
                assert!(!lower.contains(handler), "{address} needs script: {handler}");
            }
            for form in page.split("<form").skip(1) {
                let tag = form.split('>').next().unwrap();
                assert!(tag.contains("action=\""), "{address}: a form that goes nowhere: {tag}");
            }
            let outside: String = page
                .split("<form")
                .map(|piece| piece.split_once("</form>").map_or_else(|| piece.to_owned(), |(_, rest)| rest.to_owned()))
                .skip(1)
                .collect();
            for button in outside.split("<button").skip(1) {
                let tag = button.split('>').next().unwrap();
                assert!(
                    tag.contains("form=\"") || tag.contains("hidden") || tag.contains("data-"),
                    "{address}: a button outside every form: {tag}"
                );
            }
            let here = addresses(&page, "href");
            for link in here.iter().filter(|link| link.starts_with('#') && link.len() > 1) {
                assert!(page.contains(&format!("id=\"{}\"", &link[1..])), "{address}: {link} leads to no part");
            }
            for link in here.into_iter().filter(|link| link.starts_with('/') && !link.contains("/dang-xuat")) {
                if followed.insert(link.clone()) {
                    let reply = Visit::get(&link).by(stage.sessions[column].as_deref()).send(&stage.router).await;
                    assert!(reply.status.is_success() || reply.status.is_redirection(), "{address} links to {link}: {}", reply.status);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_fifty_rows_keeps_the_budget_and_pages_through_every_row_once() {
    let stage = stage();
    let who = person(&stage.office, "daklak.cv2", DAK_LAK, Role::Officer);
    let (own, ministry) = (body(&stage.office, DAK_LAK).to_string(), body(&stage.office, MINISTRY).to_string());
    let drafts = (0..130)
        .map(|at| {
            let data = json!({"item": format!("{at}"), "order": at, "text": format!("rà soát danh mục nhiệm vụ khoa học và công nghệ đã nghiệm thu, gửi kết quả về Bộ (minh họa {at})"),
                "state": "issued", "issued_day": "2024-01-02", "issued_to": [own], "leads": [own], "assigner": ministry, "owner": own, "due": format!("2025-{:02}-15", 1 + at % 12), "due_raw": "15/1/2025"});
            Draft { id: Some(RecordId::new()), kind: "directive".into(), data, previous: None }
        })
        .collect();
    stage.office.submit_all(&who, drafts, "thử").unwrap();
    assert!(stage.office.settle(Duration::from_secs(30)));
    let mut address = "/chi-dao?conference=all".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = Visit::get(&address).send(&stage.router).await.text;
        assert!(compressed(page.as_bytes()) <= 30_000, "{address}: {} bytes", compressed(page.as_bytes()));
        assert!(nodes(&page) <= 1_500, "{address}: {} nodes", nodes(&page));
        seen.extend(addresses(&page, "href").into_iter().filter(|link| link.starts_with("/chi-dao/") && link.len() == 9 + 36));
        match addresses(&page, "href").into_iter().find(|link| link.contains("after=") && !link.starts_with("/en")) {
            Some(next) if next != address && seen.len() < 131 => address = next,
            _ => break,
        }
    }
    let unique: BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), unique.len()), (131, 131), "one directive of the stage and 130 more");
}
