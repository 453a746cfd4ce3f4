//! What offices really send: each gets a clear answer in words, and nothing is changed by it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use office::{Draft, Identity, Office, OfficeError, ReadingForm, Role};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use crate::people::{DAK_LAK, body, officer, open, person};
use crate::visit::{Visit, encoded, session};

struct Desk {
    office: Arc<Office>,
    router: axum::Router,
    session: String,
    folder: tempfile::TempDir,
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    officer(&office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    Desk { session: session(&office, "daklak.cv"), office, router, folder }
}

impl Desk {
    /// Uploads a file on the import page; gives status and page.
    async fn import(&self, name: &str, bytes: &[u8]) -> (StatusCode, String) {
        let own = body(&self.office, DAK_LAK).to_string();
        let reply =
            Visit::upload("/van-ban/nhap", &[("owner", &own), ("text", "")], name, bytes).by(Some(&self.session)).send(&self.router).await;
        (reply.status, reply.text)
    }
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn docx(document: &str) -> Vec<u8> {
    let types = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
    zip(&[("[Content_Types].xml", types.as_bytes()), ("word/document.xml", document.as_bytes())])
}

fn paragraphs(text: &str) -> String {
    let lines: String = text
        .lines()
        .map(|line| format!("<w:p><w:r><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>", line.replace('&', "&amp;").replace('<', "&lt;")))
        .collect();
    format!(
        r#"<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{lines}</w:body></w:document>"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_be_read_are_refused_with_words_and_leave_nothing() {
    let desk = desk();
    let before = desk.office.ledger().digest().unwrap();
    let whole = docx(&paragraphs("1. Giao Sở Tài chính báo cáo."));
    let bomb = zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", &vec![b' '; 300_000_000])]);
    let nested = docx(&format!("{}x{}", "<w:p>".repeat(60_000), "</w:p>".repeat(60_000)));
    let tcvn3: Vec<u8> = [b"1. Giao S\xeb Khoa h\xe4c v\xb5 C\xabng ngh\xd6 \xa7\xbek L\xbek ch\xf1 tr\xd7 x\xa9y d\xf9ng k\xd5 ho\xb9ch; b\xb8o c\xb8o tr\xad\xedc th\xb8ng 10. ".as_slice(); 20].concat();
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("empty", "rong.txt", Vec::new()),
        ("blank", "trang.txt", b" \r\n\t \r\n".to_vec()),
        ("a picture", "anh.docx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".repeat(50)),
        ("random bytes", "la.txt", (0..4_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
        ("PDF", "quet.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj".to_vec()),
        ("old Word", "cu.doc", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600]].concat()),
        ("truncated DOCX", "cut.docx", whole[..whole.len() * 2 / 3].to_vec()),
        ("zip bomb", "bom.docx", bomb),
        ("DOCX without a document", "khong.docx", zip(&[("[Content_Types].xml", b"<Types/>")])),
        ("broken XML", "xml.docx", docx("<w:document><w:p>")),
        ("XML nested beyond reason", "sau.docx", nested),
        ("TCVN3 bytes", "tcvn3.txt", tcvn3),
        ("state secret", "mat.txt", "UBND TỈNH\nTUYỆT MẬT\n1. Giao Sở Tài chính báo cáo.".as_bytes().to_vec()),
    ];
    for (what, name, bytes) in cases {
        let (status, page) = desk.import(name, &bytes).await;
        assert!(status.is_client_error(), "{what}: {status}");
        assert!(page.contains("role=\"alert\"") || page.contains("<h1"), "{what}: no words");
        assert!(
            page.contains("Tệp") || page.contains("tệp") || page.contains("Văn bản") || page.contains("văn bản"),
            "{what}: the words do not speak of the file"
        );
        assert_eq!(desk.office.ledger().digest().unwrap(), before, "{what} changed something");
    }
    assert!(std::fs::read_dir(desk.folder.path().join("files")).map_or(0, Iterator::count) == 0, "no file is left behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_100_megabytes_is_refused_with_the_limit_and_not_kept_in_memory_twice() {
    let desk = desk();
    let (status, page) = desk.import("lon.txt", &vec![b'a'; 100_000_000]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("MB"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decomposed_letters_and_other_encodings_of_unicode_are_read_alike() {
    let desk = desk();
    let words = "1. Giao Sở KH&CN Đắk Lắk chủ trì xây dựng kế hoạch hợp tác vùng trước tháng 10/2027.";
    let decomposed: String = words.nfd().collect();
    assert_ne!(words, decomposed);
    let utf16: Vec<u8> = std::iter::once(0xFEFF_u16).chain(words.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), words.as_bytes()].concat();
    for bytes in [
        words.as_bytes().to_vec(),
        decomposed.into_bytes(),
        utf16,
        marked,
        docx(&paragraphs(words)),
        format!("<html><body><script>alert(1)</script><p>{}</p></body></html>", words.replace('&', "&amp;")).into_bytes(),
    ] {
        let reading = office::read_document(desk.office.catalogue(), "a", &bytes).unwrap();
        let one = &reading.directives[0];
        assert_eq!(reading.directives.len(), 1, "{reading:?}");
        assert_eq!(viet::nfc(&one.lead[0].text), "Sở KH&CN Đắk Lắk");
        assert_eq!(one.due.as_ref().unwrap().last_day.unwrap().to_string(), "2027-09-30");
        assert!(!reading.text.contains("alert"), "scripts are no words of a document");
    }
}

#[test]
fn docx_and_html_of_one_text_give_the_same_directives() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let text = include_str!("../../demo/conclusion-xv.txt");
    let html: String = text.lines().map(|line| format!("<p>{}</p>\n", line.replace('&', "&amp;").replace('<', "&lt;"))).collect();
    let read = |bytes: &[u8]| -> Vec<(String, String)> {
        let reading = office::read_document(office.catalogue(), "a", bytes).unwrap();
        reading.directives.into_iter().map(|one| (one.item, one.text)).collect()
    };
    let plain = read(text.as_bytes());
    assert_eq!(plain.len(), 25);
    assert_eq!(read(&docx(&paragraphs(text))), plain);
    assert_eq!(read(format!("<!doctype html><title>x</title>{html}").as_bytes()), plain);
}

#[test]
fn a_conclusion_without_items_with_an_unknown_class_or_an_impossible_day_is_still_a_draft_to_check() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let owner = body(&office, DAK_LAK);
    let words = "Hội nghị thống nhất.\nGiao Hội Làm vườn các huyện phía Đông báo cáo kết quả trước ngày 31/02/2027.\nCác trạm khuyến nông cần rà soát danh mục.";
    let form =
        ReadingForm { owner, conference: None, assigner: None, source_url: None, name: "a.txt".into(), bytes: words.as_bytes().to_vec() };
    let imported = office.import_conclusion(&who, form).unwrap();
    office.settle(Duration::from_secs(20));
    let review = office.review(&who, imported.document).unwrap();
    assert!(!review.directives.is_empty());
    for one in &review.directives {
        assert!(
            one.directive.due_last.is_none_or(|day| day.to_string() != "2027-03-03"),
            "no day is made up: {:?}",
            one.directive.due_last
        );
    }
    let refused = office.issue_to(&who, imported.document, None, None).unwrap_err();
    assert_eq!(refused.code(), "addressee_missing");
    assert_eq!(
        office.board().page(&office::BoardFilter::default(), office.clock().today(), None, 10).unwrap().total,
        0,
        "nothing half-issued"
    );
}

#[test]
fn a_body_that_has_ended_gets_no_new_work_and_its_successor_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let (owner, ended) = (body(&office, DAK_LAK), body(&office, "Sở KH&CN Kon Tum"));
    let data = json!({"text": "rà soát danh mục", "state": "draft", "owner": owner.to_string(), "leads": [ended.to_string()], "issued_to": [ended.to_string()]});
    let draft = office.submit(&who, Draft { id: None, kind: "directive".into(), data, previous: None }).unwrap();
    let refused = office.issue(&who, &[draft.id], None).unwrap_err();
    assert_eq!(refused.code(), "body_ended");
    assert!(refused.message().vi.contains("Quảng Ngãi"), "{}", refused.message().vi);
}

/// Texts that would be code somewhere.
const HOSTILE: [&str; 7] = [
    "<script>alert('x')</script>",
    "'; DROP TABLE entry; --",
    "\" onmouseover=\"alert(1)",
    "{{7*7}} ${7*7} <%= 7 %>",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "[x](javascript:alert(1)) <img src=x onerror=alert(1)>",
];

/// Whether a tag carries a script of the text's.
fn tag_with_handler(page: &str) -> bool {
    let tags = page.split('<').skip(1).filter_map(|piece| piece.split('>').next());
    tags.into_iter().any(|tag| tag.contains("onmouseover=\""))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_html_and_formulas_in_every_text_field_come_back_as_words() {
    let desk = desk();
    let who = officer(&desk.office);
    let owner = body(&desk.office, DAK_LAK).to_string();
    for hostile in HOSTILE {
        let data = json!({"title": hostile, "summary": hostile, "text": hostile, "responsible_editor": hostile, "author": hostile, "source": hostile, "state": "published",
            "published_day": "2026-11-01", "owner": owner});
        let stored = desk.office.submit(&who, Draft { id: None, kind: "article".into(), data, previous: None }).unwrap();
        assert!(desk.office.settle(Duration::from_secs(20)));
        let id = stored.id;
        for path in [
            format!("/tin/{id}"),
            format!("/r/{id}"),
            format!("/r/{id}/sua"),
            format!("/r/{id}/lich-su"),
            "/tin".into(),
            "/".into(),
            "/bieu-mau/article".into(),
            format!("/tim?q={}", encoded(hostile)),
        ] {
            let reply = Visit::get(&path).by(Some(&desk.session)).send(&desk.router).await;
            assert_eq!(reply.status, StatusCode::OK, "{path}: {hostile}");
            let lower = reply.text.to_lowercase();
            assert!(
                !lower.contains("<script>alert")
                    && !lower.contains("<img src=x")
                    && !lower.contains("href=\"javascript:")
                    && !tag_with_handler(&lower),
                "{path}: {hostile}"
            );
        }
        let csv = Visit::get("/bieu-mau/article.csv").by(Some(&desk.session)).send(&desk.router).await.text;
        assert!(
            !csv.lines().any(|line| line.starts_with('=') || line.contains(",=") || line.contains(",\"=")),
            "a spreadsheet would compute it: {csv}"
        );
        for field in ["kind", "body", "year", "status", "after", "limit", "sort", "conference"] {
            let value = encoded(hostile);
            for page in
                ["/tim?q=a", "/chi-dao?conference=all", "/bieu-mau/article?x=y", "/api/v1/directives?x=y", "/api/v1/records?kind=article"]
            {
                let reply = Visit::get(format!("{page}&{field}={value}")).send(&desk.router).await;
                assert!(!reply.status.is_server_error(), "{page} {field} {hostile}: {}", reply.status);
            }
        }
    }
    assert!(desk.office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_content_types_and_oversize_forms_are_told_apart() {
    let desk = desk();
    let before = desk.office.ledger().digest().unwrap();
    let session = Some(desk.session.as_str());
    let reply = Visit::post("/bieu-mau/article/moi", "{\"title\":\"x\"}").of_type("application/json").by(session).send(&desk.router).await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let reply =
        Visit::post("/bieu-mau/article/moi", format!("title=x&text={}", "a".repeat(3_000_000))).by(session).send(&desk.router).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.text.contains("MB"));
    let reply = Visit::post("/bieu-mau/article/moi", "title=%ff%fe&text=%00").by(session).send(&desk.router).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
    assert_eq!(desk.office.ledger().digest().unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_sent_after_the_session_ended_asks_to_sign_in_and_saves_nothing() {
    let desk = desk();
    let owner = body(&desk.office, DAK_LAK);
    let before = desk.office.ledger().digest().unwrap();
    let form = format!("title=x&text=y&state=draft&owner={owner}");
    desk.office.sign_out(&desk.session).unwrap();
    for session in [Some(desk.session.as_str()), Some("khong-phai-phien"), Some(""), None] {
        let reply = Visit::post("/bieu-mau/article/moi", &form).by(session).send(&desk.router).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(reply.text.contains("/dang-nhap"), "the page leads to signing in");
    }
    assert_eq!(desk.office.ledger().digest().unwrap(), before);
}

#[test]
fn a_damaged_index_and_damaged_views_are_made_anew_from_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    {
        let office = open(folder.path());
        let who = officer(&office);
        let owner = body(&office, DAK_LAK).to_string();
        for turn in 0..20 {
            let data = json!({"title": format!("Tin hội nghị {turn}"), "text": "Nội dung", "state": "published", "published_day": "2026-11-01", "owner": owner});
            office.submit(&who, Draft { id: None, kind: "article".into(), data, previous: None }).unwrap();
        }
        assert!(office.settle(Duration::from_secs(20)));
    }
    let found = |office: &Office| {
        let form = office::SearchForm { text: "hoi nghi".into(), kind: Some("article".into()), limit: 50, ..office::SearchForm::default() };
        office.search(&Identity::public(), &form).unwrap().results.total
    };
    for damage in ["search", "board.sqlite", "register.sqlite"] {
        let place = folder.path().join("views").join(damage);
        scramble(&place);
        let office = open(folder.path());
        assert!(office.settle(Duration::from_secs(30)), "{damage}");
        assert!(office.view_problems().is_empty(), "{damage}: {:?}", office.view_problems());
        assert_eq!(found(&office), 20, "{damage}");
        let before = office.view_digests().unwrap();
        office.rebuild(None, &mut |_, _, _| {}).unwrap();
        assert_eq!(office.view_digests().unwrap(), before, "{damage}");
    }
}

/// Overwrites the middle of a file, or of every file of a folder.
fn scramble(place: &Path) {
    if place.is_dir() {
        for file in std::fs::read_dir(place).unwrap() {
            scramble(&file.unwrap().path());
        }
    } else {
        let mut bytes = std::fs::read(place).unwrap();
        let (from, to) = (bytes.len() / 4, bytes.len() / 2);
        bytes[from..to].fill(0xA5);
        std::fs::write(place, bytes).unwrap();
    }
}

#[test]
fn a_full_disk_gives_a_clear_error_loses_nothing_and_work_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: may not mount a small disk");
        return;
    }
    let outcome = std::panic::catch_unwind(|| fill_the_disk(folder.path()));
    let unmounted = std::process::Command::new("umount").arg("-l").arg(folder.path()).output().unwrap();
    assert!(unmounted.status.success());
    outcome.unwrap();
}

fn fill_the_disk(folder: &Path) {
    let office = open(folder);
    let who = officer(&office);
    let owner = body(&office, DAK_LAK).to_string();
    assert!(office.settle(Duration::from_secs(30)));
    let ballast = folder.join("ballast");
    let free = 2_500_000;
    let used: u64 = walk(folder);
    std::fs::write(&ballast, vec![0; usize::try_from(8 * 1_048_576_u64 - used - free).unwrap()]).unwrap();
    let mut kept = Vec::new();
    let mut refused = None;
    for turn in 0..4_000 {
        let data = json!({"title": format!("Tin {turn}"), "text": "Nội dung minh họa. ".repeat(100), "state": "draft", "owner": owner});
        match office.submit(&who, Draft { id: None, kind: "article".into(), data, previous: None }) {
            Ok(stored) => kept.push(stored),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let refused = refused.expect("the disk must run full");
    assert!(matches!(refused, OfficeError::DiskFull), "{refused:?}");
    assert!(refused.message().vi.contains("đĩa") || refused.message().vi.contains("Đĩa"), "{}", refused.message().vi);
    for stored in &kept {
        assert_eq!(office.view(&who, stored.id).unwrap().leaf, stored.leaf, "what was acknowledged is there");
    }
    std::fs::remove_file(&ballast).unwrap();
    let data = json!({"title": "Sau khi dọn đĩa", "text": "x", "state": "draft", "owner": owner});
    office.submit(&who, Draft { id: None, kind: "article".into(), data, previous: None }).unwrap();
    assert!(office.settle(Duration::from_secs(60)), "{:?}", office.view_problems());
    assert!(office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
    let before = office.view_digests().unwrap();
    office.rebuild(None, &mut |_, _, _| {}).unwrap();
    assert_eq!(office.view_digests().unwrap(), before);
}

fn walk(folder: &Path) -> u64 {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| if path.is_dir() { walk(&path) } else { path.metadata().unwrap().len().div_ceil(4096) * 4096 })
        .sum()
}

#[test]
fn what_is_erased_is_in_no_file_of_the_office_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let owner = body(&office, DAK_LAK).to_string();
    let secret = "Nguyentrongbimatminhhoa";
    let make = |title: &str| json!({"title": title, "text": format!("Nội dung {title}"), "state": "published", "published_day": "2026-11-01", "owner": owner});
    let mut targets = Vec::new();
    for turn in 0..30 {
        let title = if turn % 10 == 3 { secret.to_owned() } else { format!("Tin {turn}") };
        let stored = office.submit(&who, Draft { id: None, kind: "article".into(), data: make(&title), previous: None }).unwrap();
        if title == secret {
            targets.push(stored.id);
        }
    }
    assert!(office.settle(Duration::from_secs(20)));
    assert!(holds(folder.path(), secret), "the test would see it");
    assert!(matches!(
        office.erase(&person(&office, "kontum.cv", "Sở KH&CN Kon Tum", Role::Officer), targets[0], "1/QĐ"),
        Err(OfficeError::Denied(_))
    ));
    assert!(office.erase(&who, targets[0], "").is_err(), "a ground is needed");
    for target in targets {
        office.erase(&who, target, "12/QĐ-SKHCN").unwrap();
    }
    assert!(!holds(folder.path(), secret));
    assert!(office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

/// Whether any file below holds the text, in any case of letters.
fn holds(folder: &Path, text: &str) -> bool {
    let needle = text.to_lowercase();
    std::fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes: Vec<u8> = std::fs::read(path).unwrap().to_ascii_lowercase();
        bytes.windows(needle.len()).any(|part| part == needle.as_bytes())
    })
}
