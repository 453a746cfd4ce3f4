//! A spreadsheet that comes in pieces: interrupted anywhere it goes on, nothing misplaced is kept, nobody meddles with another's, and nothing stays behind.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use office::{DeskState, Identity, Office, Role, UploadForm};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, body, officer, open, person};
use crate::visit::{Reply, Visit, session};

const TABLE: &[u8] = "Họ và tên\nCán bộ một (minh họa)\nCán bộ hai (minh họa)\n".as_bytes();

struct Line {
    office: Arc<Office>,
    router: axum::Router,
    session: String,
    folder: tempfile::TempDir,
}

fn line() -> Line {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    officer(&office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    Line { session: session(&office, "daklak.cv"), office, router, folder }
}

impl Line {
    async fn send(&self, visit: Visit) -> Reply {
        visit.by(Some(&self.session)).send(&self.router).await
    }

    async fn begin(&self, name: &str, size: usize) -> Reply {
        let owner = body(&self.office, DAK_LAK);
        self.send(Visit::post("/nhap-excel/tai-len", format!("kind=person&owner={owner}&name={name}&size={size}&modified=1"))).await
    }

    /// Begins an upload that must be let begin; gives its address and how far it is.
    async fn begun(&self, name: &str, size: usize) -> (String, u64) {
        let reply = self.begin(name, size).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let state = state(&reply);
        (state["href"].as_str().unwrap().to_owned(), state["received"].as_u64().unwrap())
    }
}

fn state(reply: &Reply) -> Value {
    serde_json::from_str(&reply.text).unwrap_or_else(|_| panic!("{}", reply.text))
}

fn form(office: &Office, name: &str, size: usize) -> UploadForm {
    UploadForm { kind: "person".into(), owner: body(office, DAK_LAK), name: name.into(), map: None, size: size as u64, modified: 1 }
}

fn planned(office: &Arc<Office>, who: &Identity, id: &str) -> (usize, usize, usize) {
    for _ in 0..3_000 {
        match office.sheet_on_desk(who, id).unwrap() {
            DeskState::Planned(plan) => {
                assert_eq!(plan.errors, []);
                return plan.counts();
            }
            DeskState::Checking(..) => std::thread::sleep(Duration::from_millis(10)),
            other => panic!("{other:?}"),
        }
    }
    panic!("never checked");
}

fn waiting_files(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder.join("staging")) else { return Vec::new() };
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_interrupted_after_any_byte_goes_on_there_and_comes_in_whole() {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    let who = officer(&office);
    for cut in 0..TABLE.len() {
        let name = format!("ds-{cut}.csv");
        let begun = office.begin_upload(&who, form(&office, &name, TABLE.len())).unwrap();
        if cut > 0 {
            assert_eq!(office.take_piece(&who, &begun.id, 0, &TABLE[..cut]).unwrap().received, cut as u64);
        }
        assert_eq!(office.finish_upload(&who, &begun.id).unwrap_err().code(), "upload_incomplete");
        let again = office.begin_upload(&who, form(&office, &name, TABLE.len())).unwrap();
        assert_eq!((again.id.as_str(), again.received), (begun.id.as_str(), cut as u64));
        let whole = office.take_piece(&who, &begun.id, again.received, &TABLE[cut..]).unwrap();
        assert_eq!(whole.received, whole.size);
        office.finish_upload(&who, &begun.id).unwrap();
        office.finish_upload(&who, &begun.id).unwrap();
        assert_eq!(planned(&office, &who, &begun.id), (2, 0, 0), "{cut}");
    }
    assert_eq!(office.open_uploads(&who).unwrap(), []);
}

#[test]
fn an_upload_outlives_a_restart_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let half = TABLE.len() / 2;
    let id = {
        let office = open(folder.path());
        let who = officer(&office);
        let id = office.begin_upload(&who, form(&office, "ds.csv", TABLE.len())).unwrap().id;
        office.take_piece(&who, &id, 0, &TABLE[..half]).unwrap();
        id
    };
    let office = Arc::new(open(folder.path()));
    let who = officer(&office);
    assert_eq!(office.upload_state(&who, &id).unwrap().received, half as u64);
    office.take_piece(&who, &id, half as u64, &TABLE[half..]).unwrap();
    office.finish_upload(&who, &id).unwrap();
    assert_eq!(planned(&office, &who, &id), (2, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_in_pieces_is_checked_and_stored_like_what_came_at_once() {
    let line = line();
    let (place, _) = line.begun("ds.csv", TABLE.len()).await;
    for (at, piece) in TABLE.chunks(10).enumerate() {
        let (first, last) = (at * 10, at * 10 + piece.len() - 1);
        let reply = line.send(Visit::piece(&place, &format!("bytes {first}-{last}/{}", TABLE.len()), piece)).await;
        assert_eq!((reply.status, state(&reply)["received"].as_u64()), (StatusCode::OK, Some(last as u64 + 1)));
    }
    let done = line.send(Visit::post(format!("{place}/xong"), "")).await;
    let id = place.rsplit('/').next().unwrap();
    assert_eq!((done.status, done.place.as_str()), (StatusCode::SEE_OTHER, format!("/nhap-excel/{id}").as_str()));
    let who = officer(&line.office);
    assert_eq!(planned(&line.office, &who, id), (2, 0, 0));
    assert!(line.send(Visit::get(&done.place)).await.text.contains("ds.csv"));
    assert_eq!(line.send(Visit::post(format!("{}/nhap", done.place), "")).await.status, StatusCode::SEE_OTHER);
    let stored = || line.office.sheet_imports(&who, None, 5).unwrap();
    for _ in 0..3_000 {
        if !stored().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!((stored()[0].created, stored()[0].sha256.as_str()), (2, office::sha256(TABLE).as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_piece_out_of_place_is_refused_and_what_has_arrived_stays_as_it_was() {
    let line = line();
    let (place, _) = line.begun("ds.csv", TABLE.len()).await;
    let all = TABLE.len();
    assert_eq!(line.send(Visit::piece(&place, &format!("bytes 0-9/{all}"), &TABLE[..10])).await.status, StatusCode::OK);
    let too_much = vec![b'x'; office::LARGEST_PIECE + 1];
    let cases: [(&str, &[u8], StatusCode); 8] = [
        ("bytes 0-9/99", &TABLE[..10], StatusCode::CONFLICT),
        ("bytes 5-14/99", &TABLE[5..15], StatusCode::CONFLICT),
        ("bytes 12-14/99", &TABLE[12..15], StatusCode::CONFLICT),
        ("bytes 10-1009/99", &too_much[..1000], StatusCode::CONFLICT),
        ("bytes 10-13/99", &TABLE[10..12], StatusCode::BAD_REQUEST),
        ("bytes 10-9/99", b"", StatusCode::BAD_REQUEST),
        ("10-11", &TABLE[10..12], StatusCode::BAD_REQUEST),
        ("bytes 10-1048586/9999999", &too_much, StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (range, bytes, status) in cases {
        assert_eq!(line.send(Visit::piece(&place, range, bytes)).await.status, status, "{range}");
        assert_eq!(state(&line.send(Visit::get(&place)).await)["received"], json!(10), "{range}");
    }
    let early = line.send(Visit::post(format!("{place}/xong"), "")).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    line.send(Visit::piece(&place, &format!("bytes 10-{}/{all}", all - 1), &TABLE[10..])).await;
    assert_eq!(line.send(Visit::post(format!("{place}/xong"), "")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_officer_of_the_same_body_neither_sees_nor_touches_an_upload() {
    let line = line();
    let (place, _) = line.begun("ds.csv", TABLE.len()).await;
    person(&line.office, "daklak.cv2", DAK_LAK, Role::Officer);
    let other = session(&line.office, "daklak.cv2");
    for who in [Some(other.as_str()), None] {
        for visit in [
            Visit::get(&place),
            Visit::piece(&place, "bytes 0-4/9", &TABLE[..5]),
            Visit::post(format!("{place}/xong"), ""),
            Visit::post(format!("{place}/huy"), ""),
        ] {
            assert_eq!(visit.by(who).send(&line.router).await.status, StatusCode::NOT_FOUND);
        }
    }
    assert!(!Visit::get("/nhap-excel").by(Some(&other)).send(&line.router).await.text.contains("ds.csv"));
    assert!(line.send(Visit::get("/nhap-excel")).await.text.contains("ds.csv"));
    assert_eq!(state(&line.send(Visit::get(&place)).await)["received"], json!(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permission_size_and_number_are_decided_before_anything_is_kept() {
    let line = line();
    let own = body(&line.office, DAK_LAK);
    assert_eq!(line.begin("lon.xlsx", 200_000_001).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(line.begin("rong.xlsx", 0).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (fields, status) in [
        ("kind=khong-co&size=9&modified=1&name=a.csv".to_owned(), StatusCode::NOT_FOUND),
        (format!("kind=directive&owner={own}&size=9&modified=1&name=a.csv"), StatusCode::UNPROCESSABLE_ENTITY),
        (format!("map=person/khong-co&owner={own}&size=9&modified=1&name=a.csv"), StatusCode::UNPROCESSABLE_ENTITY),
        (format!("kind=person&owner={own}&size=chín&modified=1&name=a.csv"), StatusCode::BAD_REQUEST),
        (format!("kind=person&owner={}&size=9&modified=1&name=a.csv", body(&line.office, "Sở KH&CN Kon Tum")), StatusCode::FORBIDDEN),
    ] {
        assert_eq!(line.send(Visit::post("/nhap-excel/tai-len", &fields)).await.status, status, "{fields}");
    }
    assert_eq!(waiting_files(line.folder.path()), Vec::<String>::new());

    let (first, _) = line.begun("1.csv", 9).await;
    line.begun("2.csv", 9).await;
    line.begun("3.csv", 9).await;
    let fourth = line.begin("4.csv", 9).await;
    assert_eq!(fourth.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(line.begun("1.csv", 9).await.0, first, "the same file goes on");
    assert_eq!(line.send(Visit::post(format!("{first}/huy"), "")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(line.send(Visit::get(&first)).await.status, StatusCode::NOT_FOUND);
    line.begun("4.csv", 9).await;
}

#[test]
fn what_nobody_has_sent_to_for_a_day_is_removed_and_what_still_grows_stays() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let begin = |name: &str| office.begin_upload(&who, form(&office, name, 9)).unwrap().id;
    let (left, growing) = (begin("bo.csv"), begin("cham.csv"));
    for id in [&left, &growing] {
        office.take_piece(&who, id, 0, b"abc").unwrap();
    }
    let old = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    for file in waiting_files(folder.path()) {
        let file = std::fs::File::options().write(true).open(folder.path().join("staging").join(file)).unwrap();
        file.set_modified(old).unwrap();
    }
    office.take_piece(&who, &growing, 3, b"def").unwrap();
    begin("moi.csv");
    assert_eq!(office.upload_state(&who, &left).unwrap_err().code(), "not_found");
    assert!(!waiting_files(folder.path()).iter().any(|file| file.starts_with(&left)));
    assert_eq!(office.upload_state(&who, &growing).unwrap().received, 6);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_to_be_full_and_the_upload_goes_on_when_there_is_room() {
    let line = line();
    let (place, _) = line.begun("ds.csv", TABLE.len()).await;
    let part = line.folder.path().join("staging").join(format!("{}.part", place.rsplit('/').next().unwrap()));
    // The kernel's file that is always full stands for a disk that is.
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let range = format!("bytes 0-{}/{}", TABLE.len() - 1, TABLE.len());
    let full = line.send(Visit::piece(&place, &range, TABLE)).await;
    assert_eq!(full.status, StatusCode::INSUFFICIENT_STORAGE);
    assert!(full.text.contains("hết chỗ trên đĩa"), "{}", full.text);
    std::fs::remove_file(&part).unwrap();
    assert_eq!(line.send(Visit::piece(&place, &range, TABLE)).await.status, StatusCode::OK);
    assert_eq!(line.send(Visit::post(format!("{place}/xong"), "")).await.status, StatusCode::SEE_OTHER);
}
