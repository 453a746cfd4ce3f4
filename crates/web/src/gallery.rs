//! Every part on two pages, for looking at and for testing the shell around them.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::routing::{get, post};
use jiff::civil::{Date, date};
use tower::ServiceExt as _;

use crate::errors::{Answer, Failure};
use crate::filters;
use crate::form::{FormPairs, JsonBody, Upload};
use crate::lang::Lang;
use crate::list::ListPlace;
use crate::page::{Nav, Page, Site, Theme, Viewer, ViewerSlot};
use crate::parts::*;
use crate::shell;

#[derive(Template)]
#[template(path = "gallery.html")]
struct Gallery {
    page: Page,
    held: Date,
    illustrative: Badge,
    done: Notice,
    info: Notice,
    warning: Notice,
    problem: Notice,
    tabs: Tabs,
    bar: FourCells,
    filter: Field,
    table: Table,
    pager: Pager,
    exports: ExportLinks,
    facets: Facets,
    progress: Progress,
    map: ProvinceMap,
    facts: Definitions,
    timeline: Timeline,
    citation: Citation,
    empty: EmptyState,
    errors: FormErrors,
    fields: Vec<Field>,
    group: FieldGroup,
}

async fn gallery(page: Page, _: ListPlace) -> Answer {
    let page = page.titled("Kết luận, chỉ đạo").at(Nav::Directives).crumb("Hội nghị XV", "/hoi-nghi/1");
    let t = page.texts();
    let lang = page.lang;
    let columns = vec![
        Column::new("Nội dung").sorted_by(&page, "text"),
        Column::new("Mục"),
        Column::new("Chủ trì"),
        Column::new("Hạn").sorted_by(&page, "due"),
        Column::new("Trạng thái"),
        Column::numeric("Báo cáo"),
    ];
    let mut table = Table::new(t, "Chỉ đạo của Hội nghị XV", columns).with_total(25);
    let rows = [
        ("4", "Ký kết Chương trình hợp tác giữa các tỉnh", "Sở KH&CN Đắk Lắk", "30/09/2019", "done_late", 57, "12/12"),
        ("4", "Tổ chức Hội nghị lần thứ XVI", "tỉnh Đắk Lắk", "31/12/2021", "done_late", 651, "1/1"),
        (
            "2.c",
            "Đẩy nhanh việc xây dựng cơ sở dữ liệu về KH&CN, kết nối với cơ sở dữ liệu Trung ương",
            "12 Sở KH&CN",
            "",
            "standing",
            0,
            "5/12",
        ),
        ("2.b", "Tổng kết hoạt động KH&CN giai đoạn 2016-2020", "12 Sở KH&CN", "15/12/2019", "overdue", 12, "9/12"),
        ("2.b", "Đề xuất nhiệm vụ quy mô lớn", "Sở KH&CN Lâm Đồng", "30/12/2026", "within_term", 0, "0/1"),
        ("2.a", "Phổ biến Kết luận số 50-KL/TW", "12 Sở KH&CN", "31/07/2019", "done_on_time", 0, "12/12"),
    ];
    for (item, text, lead, due, status, late, answers) in rows {
        let badge = Cell::Lines(vec![Badge::status(t, status, Some(late)).into(), Badge::illustrative(t).into()]);
        table.row(vec![
            Cell::link(text, page.href("/chi-dao/1")),
            Cell::text(item),
            Cell::text(lead),
            Cell::text(due),
            badge,
            Cell::text(answers),
        ]);
    }
    if let Some(row) = table.rows.get_mut(3) {
        row.marked = true;
    }
    let mut facets = Facets::new(&page);
    let choices = [("overdue".to_owned(), "Quá hạn".to_owned(), 1_u64), ("done_late".to_owned(), "Hoàn thành quá hạn".to_owned(), 1200)];
    facets.group(&page, "Trạng thái", "status", &choices);
    facets.group(&page, "Cơ quan", "body", &[("1".into(), "Sở Khoa học và Công nghệ tỉnh Đắk Lắk".into(), 12)]);
    let mut map = ProvinceMap::new(t, "map", "Việc quá hạn theo tỉnh", "Việc quá hạn");
    for (code, text, level) in [("66", "3", 3), ("68", "1", 1), ("48", "0", 0), ("56", "2", 2), ("51", "12", 4)] {
        let href = Some(page.link_with(&[("tinh", Some(code))]));
        map.values.insert(code.into(), ProvinceValue { text: text.into(), level, href });
    }
    let mut facts = Definitions::default();
    facts.add("Chủ trì", Cell::link("Sở KH&CN Đắk Lắk", "/r/1"));
    facts.add("Thời hạn", Cell::text("trước tháng 10/2019 (hết ngày 30/09/2019)"));
    facts.add_some("Sản phẩm", Some("Chương trình hợp tác được ký"));
    facts.add_some("Ghi chú", None::<String>);
    let timeline = Timeline {
        events: vec![
            Event {
                when: "21/06/2019".into(),
                machine_when: "2019-06-21".into(),
                title: "Hội nghị lần thứ XV tại Đà Nẵng".into(),
                href: Some("/hoi-nghi/1".into()),
                ..Event::default()
            },
            Event {
                when: "26/11/2019".into(),
                machine_when: "2019-11-26".into(),
                title: "Ký Chương trình hợp tác tại Pleiku".into(),
                text: "TechDemo 2019; quá hạn 57 ngày.".into(),
                by: "Chuyên viên Sở KH&CN Đắk Lắk".into(),
                badges: vec![Badge::illustrative(t)],
                ..Event::default()
            },
        ],
    };
    let mut errors = FormErrors::none(t);
    errors.add("due", "Hạn: 31/02/2021 không có trong lịch; hãy ghi ngày có thật, ví dụ 28/2/2021.");
    errors.add("evidence", "Minh chứng: chọn tệp hoặc ghi số văn bản.");
    let radios = vec![Choice::new("done", "Đã xong"), Choice::new("doing", "Đang làm"), Choice::new("stuck", "Vướng mắc")];
    let fields = vec![
        Field::text(t, "title", "Nội dung").required().value("Ký kết Chương trình hợp tác"),
        Field::day(t, "due", "Hạn").required().value("31/02/2021").error_from(&errors),
        Field::select(t, "body", "Cơ quan chủ trì", radios.clone()).value("doing"),
        Field::new(t, FieldKind::Radios(radios.clone()), "state", "Tình trạng").required().value("doing"),
        Field::new(t, FieldKind::Ticks(radios), "with", "Phối hợp"),
        Field::new(t, FieldKind::File(".docx,.pdf"), "evidence", "Minh chứng").error_from(&errors),
        Field::new(t, FieldKind::Tick, "agree", "Tôi đã đối chiếu với bản ký"),
        Field::long_text(t, "note", "Vướng mắc, kiến nghị", 4),
        Field::hidden(t, "version", "3"),
    ];
    let row = |index: usize| {
        vec![
            Field::text(t, format!("names.{index}.text"), "Tên gọi").value(format!("Tên {index}")),
            Field::day(t, format!("names.{index}.valid_from"), "Từ ngày"),
        ]
    };
    let group = FieldGroup {
        name: "names".into(),
        label: "Tên gọi theo thời gian".into(),
        hint: String::new(),
        rows: vec![row(0), row(1)],
        may_add: true,
        may_remove: true,
        texts: t,
    };
    let template = Gallery {
        held: date(2019, 6, 21),
        illustrative: Badge::illustrative(t),
        done: Notice::done("Đã gửi báo cáo lúc 14:05; cơ quan giao việc sẽ xem xét."),
        info: Notice::info("Bản ghi này có phiên bản mới hơn.").titled("Thông tin"),
        warning: Notice::warning("Viện dẫn 54/2017/NĐ-CP: năm của số và của ngày khác nhau."),
        problem: Notice::problem("Không lưu được: bản ghi vừa được người khác sửa."),
        tabs: Tabs {
            label: "Phần".into(),
            tabs: vec![
                Tab { label: "Chỉ đạo".into(), href: "/".into(), current: true, count: Some(25) },
                Tab { label: "Lịch sử".into(), href: "/ls".into(), current: false, count: None },
            ],
        },
        bar: FourCells::new(t, "bar", "Hạn nội bộ", 9, 4, 8, 1).linked(["/a".into(), "/b".into(), "/c".into(), "/d".into()]),
        filter: Field::select(t, "status", "Trạng thái", vec![Choice::new("", "Tất cả"), Choice::new("overdue", "Quá hạn")]),
        pager: Pager::new(&page, 6, 25, Some("k6")),
        exports: ExportLinks::new(&page, &["xlsx", "csv", "ics"]),
        progress: Progress { label: "Đã xác minh".into(), done: 11, of: 25, texts: t },
        citation: Citation {
            id: "cite".into(),
            text: "Thông báo kết luận Hội nghị giao ban KH&CN vùng lần thứ XV, mục 4.".into(),
            address: page.absolute("/r/1"),
            texts: t,
        },
        empty: EmptyState::new("Chưa có việc nào", "Việc được giao sẽ hiện ở đây.").with_action("Nhập văn bản", page.href("/van-ban/nhap")),
        table,
        facets,
        map,
        facts,
        timeline,
        errors,
        fields,
        group,
        page,
    };
    assert_eq!(lang, template.page.lang);
    template.page.show_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
}

#[derive(Template)]
#[template(path = "gallery_split.html")]
struct Split {
    page: Page,
    source: SourceText,
    clear: Badge,
    missing: Badge,
}

async fn split(page: Page) -> Answer {
    let page = page.titled("Nhập văn bản").at(Nav::Import).wide();
    let text =
        "c) Tăng cường phối hợp giữa các địa phương.\nĐẩy nhanh việc xây dựng cơ sở dữ liệu về KH&CN. Căn cứ Nghị định số 54/2017/NĐ-CP.";
    let place = |words: &str, name: &str, tone| {
        let start = text.find(words).unwrap();
        Span { start, end: start + words.len(), name: name.into(), label: words.into(), tone }
    };
    let spans = vec![place("Đẩy nhanh việc xây dựng cơ sở dữ liệu về KH&CN", "1", Tone::Info), place("54/2017/NĐ-CP", "2", Tone::Warn)];
    let template = Split {
        source: SourceText::new(text, spans),
        clear: Badge::new(Tone::Good, Icon::Check, "Rõ người"),
        missing: Badge::new(Tone::Bad, Icon::Alert, "Thiếu thời gian"),
        page,
    };
    template.page.show(&template)
}

fn router() -> Router {
    let pages = Router::new()
        .route("/", get(gallery))
        .route("/chia", get(split))
        .route("/goi", post(|page: Page, _: FormPairs| async move { page.go("/") }))
        .route("/tep", post(|upload: Upload| async move { format!("{} {}", upload.files.len(), upload.pairs.0.len()) }))
        .route(
            "/hong",
            get(|| async {
                if std::hint::black_box(true) {
                    panic!("broken page")
                }
            }),
        )
        .route("/dang-nhap-truoc", get(|| async { Failure::sign_in_needed() }))
        .route("/xung-dot", get(|| async { Failure::changed_meanwhile("test") }))
        .route("/cham", get(|| tokio::time::sleep(std::time::Duration::from_secs(3600))));
    let app = shell::mirrored(pages).route("/api/v1/x", post(|_: JsonBody| async { "ok" })).layer(middleware::from_fn(sign_in_by_header));
    let site = Site {
        demonstration: true,
        owner: "Sở KH&CN tỉnh Đắk Lắk".into(),
        timeout: std::time::Duration::from_millis(500),
        ..Site::default()
    };
    shell::finish(app, Arc::new(site))
}

/// Stands in for the authentication layer.
async fn sign_in_by_header(request: Request, next: Next) -> axum::response::Response {
    if request.headers().contains_key("x-test-officer") || std::env::var("LIENVUNG_GALLERY_SIGNED_IN").is_ok() {
        let roles = vec!["Chuyên viên, Sở KH&CN Đắk Lắk".to_owned()];
        let name = "Chuyên viên Đắk Lắk".to_owned();
        ViewerSlot::note(request.extensions(), Viewer { name, roles, unread: 4, officer: true, leader: true, administrator: true });
    }
    next.run(request).await
}

/// Serves the gallery for a browser: `LIENVUNG_GALLERY=127.0.0.1:8099 cargo test -p web gallery::serve -- --ignored`.
#[tokio::test]
#[ignore = "serves the gallery until it is stopped"]
async fn serve() {
    let address = std::env::var("LIENVUNG_GALLERY").unwrap_or_else(|_| "127.0.0.1:8099".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    axum::serve(listener, router()).await.unwrap();
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn ask(request: axum::http::request::Builder, body: impl Into<Body>) -> Got {
    let response = router().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let status = response.status();
    let headers = response.headers().clone();
    let bytes = to_bytes(response.into_body(), 50_000_000).await.unwrap();
    Got { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get_page(path: &str) -> Got {
    ask(Request::get(path), Body::empty()).await
}

#[tokio::test]
async fn every_answer_carries_the_protecting_headers() {
    let answers = [
        get_page("/").await,
        get_page("/en").await,
        get_page("/nowhere").await,
        get_page("/api/v1/nowhere").await,
        get_page(&crate::assets::url("lienvung.css")).await,
        get_page("/assets/nothing.css").await,
        get_page("/hong").await,
        get_page("/cham").await,
        get_page("/robots.txt").await,
        ask(Request::post("/"), "").await,
        ask(
            Request::post("/goi").header("sec-fetch-site", "cross-site").header("content-type", "application/x-www-form-urlencoded"),
            "a=1",
        )
        .await,
    ];
    for answer in answers {
        assert_eq!(answer.headers[header::CONTENT_SECURITY_POLICY], shell::CONTENT_SECURITY_POLICY);
        for name in ["x-content-type-options", "referrer-policy", "permissions-policy", "x-request-id"] {
            assert!(answer.headers.contains_key(name), "{name} is missing from an answer with {}", answer.status);
        }
    }
}

#[tokio::test]
async fn a_page_is_served_in_both_languages_and_each_links_to_the_other() {
    let vietnamese = get_page("/?status=overdue").await;
    let english = get_page("/en?status=overdue").await;
    assert!(vietnamese.text.contains(r#"<html lang="vi""#) && vietnamese.text.contains(r#"href="/en?status=overdue""#));
    assert!(english.text.contains(r#"<html lang="en""#) && english.text.contains(r#"href="/?status=overdue""#));
    assert!(english.text.contains(r#"href="/en/chi-dao""#) && english.text.contains("57 days late"));
    assert!(!vietnamese.text.contains('⟦') && !english.text.contains('⟦'), "a text is missing");
    assert_eq!(get_page("/en/").await.status, StatusCode::PERMANENT_REDIRECT);
}

#[tokio::test]
async fn failures_are_pages_for_people_and_problems_for_programs() {
    for (path, status, vi, en) in [
        ("/nowhere", 404, "Không tìm thấy trang", "Page not found"),
        ("/hong", 500, "Hệ thống gặp lỗi", "Something went wrong"),
        ("/cham", 503, "Máy chủ đang bận", "The server is busy"),
        ("/dang-nhap-truoc", 401, "Cần đăng nhập", "Sign in first"),
        ("/xung-dot", 409, "Bản ghi vừa được người khác sửa", "Somebody else has just changed this record"),
        ("/?limit=abc", 400, "Yêu cầu chưa đúng", "The request is not right"),
    ] {
        let page = get_page(path).await;
        assert_eq!(page.status.as_u16(), status);
        assert!(page.text.contains(vi), "{path}: {}", page.text);
        let english = if let Some(query) = path.strip_prefix("/?") { format!("/en?{query}") } else { format!("/en{path}") };
        assert!(get_page(&english).await.text.contains(en), "{path}");
        let problem = ask(Request::get(path).header("accept", "application/json"), Body::empty()).await;
        assert_eq!((problem.status.as_u16(), problem.headers["content-type"].to_str().unwrap()), (status, "application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(&problem.text).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["message"]["vi"].as_str().is_some_and(|text| text.len() > 10));
        assert!(!problem["request_id"].as_str().unwrap().is_empty());
    }
    assert!(!get_page("/hong").await.text.contains("broken page"), "the detail is for the log");
    let wrong_method = ask(Request::post("/"), "").await;
    assert_eq!((wrong_method.status.as_u16(), wrong_method.headers.contains_key("allow")), (405, true));
    assert!(wrong_method.text.contains("Thao tác không phù hợp"));
}

#[tokio::test]
async fn wrong_and_too_large_bodies_are_refused_clearly() {
    let wrong = ask(Request::post("/goi").header("content-type", "text/plain"), "x").await;
    assert_eq!(wrong.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(wrong.text.contains("text/plain"), "{}", wrong.text);
    let none = ask(Request::post("/goi"), "x").await;
    assert_eq!(none.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let form = |size: usize| format!("a={}", "x".repeat(size));
    let large = ask(Request::post("/goi").header("content-type", "application/x-www-form-urlencoded"), form(3_000_000)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(large.text.contains("2 MB"), "{}", large.text);
    let huge = ask(Request::post("/tep").header("content-type", "multipart/form-data; boundary=x"), "x".repeat(30_000_000)).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    let broken = ask(Request::post("/goi").header("content-type", "application/x-www-form-urlencoded"), vec![b'a', b'=', 0xff]).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    let cut =
        ask(Request::post("/tep").header("content-type", "multipart/form-data; boundary=x"), "--x\r\nContent-Disposition: form-data").await;
    assert_eq!(cut.status, StatusCode::BAD_REQUEST);
    let json = ask(Request::post("/api/v1/x").header("content-type", "application/json"), "{\"a\":").await;
    assert_eq!((json.status.as_u16(), json.text.contains("bad_json")), (400, true), "{}", json.text);
    let not_json = ask(Request::post("/api/v1/x").header("content-type", "text/xml"), "<a/>").await;
    assert_eq!(not_json.status.as_u16(), 415);
}

#[tokio::test]
async fn files_and_pairs_of_an_upload_are_told_apart() {
    let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
        --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"C:\\\\ket-luan.txt\"\r\nContent-Type: text/plain\r\n\r\nnội dung\r\n\
        --x\r\nContent-Disposition: form-data; name=\"g\"; filename=\"\"\r\n\r\n\r\n--x--\r\n";
    let got = ask(Request::post("/tep").header("content-type", "multipart/form-data; boundary=x"), body).await;
    assert_eq!((got.status.as_u16(), got.text.as_str()), (200, "1 1"));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let form = |site: &str| {
        Request::post("/goi").header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", site.to_owned())
    };
    let cross = ask(form("cross-site"), "a=1").await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    assert!(cross.text.contains("trang khác"), "{}", cross.text);
    assert_eq!(ask(form("same-origin"), "a=1").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nothing_of_a_signed_in_reader_is_stored() {
    let page = ask(Request::get("/").header("x-test-officer", "1"), Body::empty()).await;
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert!(page.text.contains("Việc của tôi") && page.text.contains("Chuyên viên Đắk Lắk"));
    let missing = ask(Request::get("/nowhere").header("x-test-officer", "1"), Body::empty()).await;
    assert_eq!(missing.headers[header::CACHE_CONTROL], "no-store");
    let public = get_page("/").await;
    assert!(!public.text.contains("Việc của tôi") && public.text.contains("Đăng nhập"));
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_asked_for_once() {
    let url = crate::assets::url("lienvung.css");
    let style = ask(Request::get(&url).header("accept-encoding", "gzip, br"), Body::empty()).await;
    assert_eq!(style.status, StatusCode::OK);
    assert!(style.headers[header::CACHE_CONTROL].to_str().unwrap().ends_with("immutable"));
    assert_eq!(style.headers[header::CONTENT_ENCODING], "gzip");
    let again = ask(Request::get(&url).header("if-none-match", style.headers[header::ETAG].clone()), Body::empty()).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert!(get_page("/").await.text.contains(&url));
}

#[tokio::test]
async fn the_look_is_chosen_without_script() {
    let form = Request::post("/giao-dien").header("content-type", "application/x-www-form-urlencoded");
    let chosen = ask(form, "theme=dark&back=%2Fchia").await;
    assert_eq!((chosen.status, chosen.headers[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/chia"));
    assert!(chosen.headers[header::SET_COOKIE].to_str().unwrap().starts_with("theme=dark; Path=/"));
    let page = ask(Request::get("/").header("cookie", "a=b; theme=dark"), Body::empty()).await;
    assert!(page.text.contains(r#"data-theme="dark""#));
    let away =
        ask(Request::post("/giao-dien").header("content-type", "application/x-www-form-urlencoded"), "theme=x&back=//evil.example").await;
    assert_eq!(away.headers[header::LOCATION], "/");
}

#[test]
fn no_template_holds_inline_script_style_foreign_files_or_native_date_fields() {
    let mut checked = 0;
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            checked += 1;
            check_template(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap());
        }
    }
    assert!(checked > 8);
}

fn check_template(name: &str, text: &str) {
    let lower = text.to_lowercase();
    for forbidden in
        [" style=", "<style", "javascript:", "type=\"date\"", "type=date", "src=\"http", "|safe", " onclick=", " onsubmit=", " onload="]
    {
        assert!(!lower.contains(forbidden), "{name} contains {forbidden}");
    }
    for script in lower.split("<script").skip(1) {
        assert!(script.starts_with(" src="), "{name} has an inline script");
    }
    for form in lower.split("<form").skip(1) {
        let tag = form.split('\n').next().unwrap_or_default();
        assert!(
            tag.contains("action=") && tag.contains("method="),
            "{name}: a form without action or method does not work without script: <form{tag}"
        );
    }
    for link in lower.split("<a ").skip(1) {
        let tag = link.split('>').next().unwrap_or_default();
        assert!(tag.contains("href="), "{name}: a link without an address: <a {tag}");
    }
}

#[tokio::test]
async fn a_page_with_every_part_keeps_the_budgets_of_weight_and_elements() {
    let page = get_page("/").await;
    let elements = page.text.matches('<').count() - page.text.matches("</").count();
    assert!(elements <= 1500, "{elements} elements");
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(page.text.as_bytes()).unwrap();
    let size = encoder.finish().unwrap().len();
    assert!(size <= 30 * 1024, "{size} bytes");
    let theme_is_auto = Theme::default() == Theme::Auto && Lang::default() == Lang::Vi;
    assert!(theme_is_auto);
}
