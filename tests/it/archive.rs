//! All data in one file: read back to the same ledger and views, refused when anything in it is not as it was.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use ledger::Ledger;
use office::{Draft, Office, RecordId};
use serde_json::json;

use crate::form_version::second_version;
use crate::people::{DAK_LAK, MINISTRY, body, officer, open, person};
use crate::visit::{Visit, session};

fn digests(office: &Office) -> (String, Vec<(String, String)>) {
    assert!(office.settle(Duration::from_secs(60)));
    let views = office.view_digests().unwrap().into_iter().map(|(name, _, digest)| (name, digest)).collect();
    (office.ledger().digest().unwrap(), views)
}

/// An office with a history: records changed, withdrawn and erased, a file, an adopted form, a record of another system.
fn lived_in(folder: &Path) -> (Office, RecordId) {
    let office = open(folder);
    let who = officer(&office);
    let admin = person(&office, "bo.qt", MINISTRY, office::Role::Administrator);
    let owner = body(&office, DAK_LAK).to_string();
    let technology = |title: &str, more: serde_json::Value| {
        let mut data = json!({"title": title, "state": "draft", "owner": owner, "illustrative": true});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Draft { id: None, kind: "technology".into(), data, previous: None }
    };
    let first = office
        .submit(&who, technology("Máy sấy (minh họa)", json!({"price": "10 triệu", "source_system": "cu", "source_id": "7"})))
        .unwrap();
    for price in ["11 triệu", "12 triệu"] {
        let view = office.view(&who, first.id).unwrap();
        let mut data = view.data.unwrap();
        data["price"] = json!(price);
        data["state"] = json!(if price == "11 triệu" { "draft" } else { "recorded" });
        data["direction"] = json!("offer");
        data["description"] = json!("Sấy lạnh (minh họa).");
        office.submit(&who, Draft { id: Some(first.id), kind: view.kind, data, previous: Some(view.leaf) }).unwrap();
    }
    let erased = office.submit(&who, technology("Bí mật kinh doanh (minh họa)", json!({}))).unwrap();
    office.erase(&who, erased.id, "12/QĐ").unwrap();
    office.receive_form(&admin, &second_version("2026-11-01")).unwrap();
    office.adopt_form(&admin, "technology", 2).unwrap();
    office.submit(&who, technology("Máy rang (minh họa)", json!({"origin": "Việt Nam"}))).unwrap();
    office.ledger().put_file("bai.txt", "text/plain", "nội dung tệp (minh họa)".as_bytes()).unwrap();
    (office, first.id)
}

fn written(office: &Office, to: &Path) {
    office.write_archive(&office.console(), std::fs::File::create(to).unwrap(), &mut |_, _| {}).unwrap();
}

#[test]
fn an_archive_comes_back_to_the_same_ledger_views_history_files_and_forms_without_any_account() {
    let folder = tempfile::tempdir().unwrap();
    let (office, record) = lived_in(&folder.path().join("goc"));
    let before = digests(&office);
    let file = folder.path().join("tat-ca.zip");
    written(&office, &file);
    let who = office.act_as(&office.console(), "daklak.cv").unwrap();
    let history: Vec<u64> = office.history(&who, record, None, 10).unwrap().iter().map(|version| version.ver).collect();
    assert_eq!(history, [3, 2, 1]);
    drop(office);

    let back = folder.path().join("moi");
    let manifest = office::restore_archive(&file, &back, &mut |_, _| {}).unwrap();
    assert_eq!(manifest.records["technology"], 1, "the records for people are those the node's own body may see");
    let office = open(&back);
    assert_eq!(digests(&office), before);
    assert!(office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
    assert_eq!(office.catalogue().kind("technology").unwrap().version, 2, "the form is adopted here too");
    let again = officer(&office);
    assert_eq!(office.view(&again, record).unwrap().form, 1);
    let taken = Draft {
        id: None,
        kind: "technology".into(),
        data: json!({"title": "Khác (minh họa)", "origin": "x", "state": "draft", "owner": body(&office, DAK_LAK).to_string(), "source_system": "cu", "source_id": "7"}),
        previous: None,
    };
    assert_eq!(office.submit(&again, taken).unwrap_err().code(), "source_taken", "where records came from is known here too");
    assert_eq!(office.accounts(&office.console(), None, 10).unwrap().len(), 1, "only the account made here");
    let files = manifest.members.keys().filter(|name| name.starts_with("files/")).count();
    assert_eq!(files, 1);
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&file).unwrap()).unwrap();
    let mut all = Vec::new();
    for at in 0..archive.len() {
        archive.by_index(at).unwrap().read_to_end(&mut all).unwrap();
    }
    let words = String::from_utf8_lossy(&all);
    assert!(words.contains("Read it back") && words.contains("12 triệu"));
    for secret in ["daklak.cv", "argon2", "Bí mật kinh doanh"] {
        assert!(!words.contains(secret), "{secret} is in the archive");
    }
}

/// The archive with one member changed; the manifest is changed along with it when `honest`.
fn tampered(file: &Path, to: &Path, member: &str, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let mut out = zip::ZipWriter::new(std::fs::File::create(to).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for at in 0..archive.len() {
        let mut one = archive.by_index(at).unwrap();
        let name = one.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        one.read_to_end(&mut bytes).unwrap();
        let bytes = if name == member { change(bytes) } else { Some(bytes) };
        if let Some(bytes) = bytes {
            out.start_file(name, options).unwrap();
            out.write_all(&bytes).unwrap();
        }
    }
    if member == "stray" {
        out.start_file("../stray", options).unwrap();
        out.write_all(b"x").unwrap();
    }
    out.finish().unwrap();
}

#[test]
fn whatever_was_changed_cut_off_or_added_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (office, _) = lived_in(&folder.path().join("goc"));
    let file = folder.path().join("tat-ca.zip");
    written(&office, &file);
    let (bad, back) = (folder.path().join("sai.zip"), folder.path().join("moi"));
    let refused = |why: &str| {
        let error = office::restore_archive(&bad, &back, &mut |_, _| {}).expect_err(why);
        assert!(!back.exists(), "{why}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "{why}: nothing is left beside");
        (error.code(), error.message().vi)
    };
    let swap = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| Some(String::from_utf8(bytes).unwrap().replacen(from, to, 1).into_bytes())
    };
    tampered(&file, &bad, "logs/private.jsonl", swap("\"op\\\":\\\"put", "\"op\\\":\\\"pat"));
    assert!(refused("an entry").1.contains("logs/private.jsonl"));
    tampered(&file, &bad, "logs/public.jsonl", |_| None);
    assert!(refused("a log left out").1.contains("logs/public.jsonl"));
    tampered(&file, &bad, "manifest.json", swap("lienvung-archive/1", "lienvung-archive/9"));
    assert_eq!(refused("another form").0, "archive_unreadable");
    tampered(&file, &bad, "manifest.json", swap("\"size\": ", "\"size\": 1"));
    assert_eq!(refused("another size").0, "archive_damaged");
    tampered(&file, &bad, "manifest.json", swap("logs/private.jsonl", "logs/../../x.jsonl"));
    assert_eq!(refused("a way out").0, "archive_damaged");
    tampered(&file, &bad, "stray", Some);
    assert!(refused("a stray member").1.contains("stray"));
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&bad, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(refused("cut off").0, "archive_unreadable");

    std::fs::create_dir(&back).unwrap();
    std::fs::write(back.join("cua-toi.txt"), "x").unwrap();
    assert_eq!(office::restore_archive(&file, &back, &mut |_, _| {}).unwrap_err().code(), "archive_place");
    let stranger = officer(&office);
    let denied = office.write_archive(&stranger, std::io::Cursor::new(Vec::new()), &mut |_, _| {}).unwrap_err();
    assert_eq!(denied.code(), "denied");
}

#[test]
fn the_commands_archive_a_folder_and_read_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, back, file) = (folder.path().join("goc"), folder.path().join("moi"), folder.path().join("a.zip"));
    let lienvung = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).output().unwrap();
        (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    };
    let (data, back, file) = (data.to_str().unwrap(), back.to_str().unwrap(), file.to_str().unwrap());
    assert!(lienvung(&["generate", "--tasks", "30", "--data", data]).0);
    let (done, printed) = lienvung(&["archive", "--out", file, "--data", data]);
    assert!(done, "{printed}");
    assert!(!lienvung(&["archive", "--out", file, "--data", data]).0, "an archive is not overwritten");
    let (done, printed) = lienvung(&["import", "archive", file, "--data", back]);
    assert!(done, "{printed}");
    let (verified, printed) = lienvung(&["verify", "--data", back]);
    assert!(verified, "{printed}");
    let digest = |folder: &str| {
        let node = ledger::NodeName::parse("lienvung.local").unwrap();
        Ledger::open(&Path::new(folder).join("lienvung.sqlite"), &node).unwrap().digest().unwrap()
    };
    assert_eq!(digest(data), digest(back));
}

/// The administrator's page once the file is made or has failed.
async fn finished_page(router: &axum::Router, session: &str) -> String {
    for _ in 0..3_000 {
        let page = Visit::get("/quan-tri/toan-bo-du-lieu").by(Some(session)).send(router).await.text;
        if !page.contains("<progress") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never finished");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrator_fetches_all_data_from_the_page_and_it_is_read_back_to_the_same_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let (office, _) = lived_in(&folder.path().join("goc"));
    let before = digests(&office);
    let office = Arc::new(office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let (admin, other) = (session(&office, "bo.qt"), session(&office, "daklak.cv"));
    let begin = |who: &str| Visit::post("/quan-tri/toan-bo-du-lieu", "").by(Some(who));
    let fetch = |who: &str| Visit::get("/quan-tri/toan-bo-du-lieu.zip").by(Some(who));
    assert_eq!(begin(&other).send(&router).await.status, StatusCode::FORBIDDEN);
    assert_eq!(fetch(&admin).send(&router).await.status, StatusCode::NOT_FOUND, "nobody has made one");
    for _ in 0..2 {
        assert_eq!(begin(&admin).send(&router).await.status, StatusCode::SEE_OTHER);
    }
    let page = finished_page(&router, &admin).await;
    assert!(page.contains("/quan-tri/toan-bo-du-lieu.zip") && page.contains("MB"), "{page}");
    assert_eq!(fetch(&other).send(&router).await.status, StatusCode::FORBIDDEN);
    let reply = fetch(&admin).send(&router).await;
    let file = folder.path().join("tai-ve.zip");
    std::fs::write(&file, &reply.bytes).unwrap();
    let back = folder.path().join("moi");
    office::restore_archive(&file, &back, &mut |_, _| {}).unwrap();
    assert_eq!(digests(&open(&back)), before);
    let trail = office.audit_trail(&office.console(), None, 20).unwrap();
    let deeds: Vec<(&str, &str)> = trail.iter().map(|entry| (entry.name.as_str(), entry.action.as_str())).collect();
    assert!(deeds.contains(&("bo.qt", "archive.write")) && deeds.contains(&("bo.qt", "archive.fetch")), "{deeds:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_no_half_archive_and_the_page_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (office, _) = lived_in(folder.path());
    let office = Arc::new(office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let admin = session(&office, "bo.qt");
    std::fs::create_dir_all(folder.path().join("staging")).unwrap();
    // The kernel's file that is always full stands for a disk that is.
    std::os::unix::fs::symlink("/dev/full", folder.path().join("staging/archive.zip.new")).unwrap();
    Visit::post("/quan-tri/toan-bo-du-lieu", "").by(Some(&admin)).send(&router).await;
    let page = finished_page(&router, &admin).await;
    assert!(page.contains("hết chỗ trên đĩa"), "{page}");
    assert_eq!(std::fs::read_dir(folder.path().join("staging")).unwrap().count(), 0);
    Visit::post("/quan-tri/toan-bo-du-lieu", "").by(Some(&admin)).send(&router).await;
    assert!(finished_page(&router, &admin).await.contains("Tải về"));
}
