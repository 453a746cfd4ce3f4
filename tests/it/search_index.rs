//! The search index is nobody's truth: whatever happens to its files, the next start answers rightly without a hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use office::{Draft, Identity, Office, SearchForm};
use serde_json::json;

use crate::people::{DAK_LAK, body, officer, open};

fn article(office: &Office, title: &str) -> String {
    let who = officer(office);
    let data = json!({"title": title, "text": "Minh họa.", "state": "published", "published_day": "2026-01-02",
        "owner": body(office, DAK_LAK).to_string(), "illustrative": true});
    office.submit(&who, Draft { id: None, kind: "article".into(), data, previous: None }).unwrap().id.to_string()
}

fn found(office: &Office, text: &str) -> Vec<String> {
    let form = SearchForm { text: text.into(), limit: 10, ..SearchForm::default() };
    office.search(&Identity::public(), &form).unwrap().results.hits.into_iter().map(|hit| hit.id).collect()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.join("views").join("search")).unwrap().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

#[test]
fn an_index_with_any_file_lost_cut_or_changed_answers_rightly_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = {
        let office = open(folder.path());
        officer(&office);
        let ids = (article(&office, "Sâm Ngọc Linh ở Kon Tum (minh họa)"), article(&office, "Cà phê Đắk Lắk (minh họa)"));
        assert!(office.settle(Duration::from_secs(30)));
        ids
    };
    let mut tried = 0;
    for number in 0..files_of(folder.path()).len() {
        for damage in ["lost", "cut", "changed"] {
            // The files have other names after each repair.
            let files = files_of(folder.path());
            let Some(file) = files.get(number) else { continue };
            let bytes = std::fs::read(file).unwrap();
            match damage {
                "lost" => std::fs::remove_file(file).unwrap(),
                "cut" => std::fs::write(file, bytes.get(..bytes.len() / 2).unwrap()).unwrap(),
                _ => {
                    let mut bytes = bytes;
                    let middle = bytes.len() / 2;
                    if let Some(byte) = bytes.get_mut(middle) {
                        *byte ^= 0x10;
                    }
                    std::fs::write(file, bytes).unwrap();
                }
            }
            let office = open(folder.path());
            assert!(office.settle(Duration::from_secs(30)));
            assert_eq!(office.view_problems(), Vec::<String>::new(), "{} {damage}", file.display());
            assert_eq!(found(&office, "sam ngoc linh"), [first.as_str()], "{} {damage}", file.display());
            assert_eq!(found(&office, "ca phe"), [second.as_str()], "{} {damage}", file.display());
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn filters_are_typed_with_the_names_people_use() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let who = officer(&office);
    let owner = body(&office, DAK_LAK).to_string();
    let proposal = |title: &str, province: &str, day: &str| {
        let data =
            json!({"title": title, "provinces": [province], "received_day": day, "state": "draft", "owner": owner, "illustrative": true});
        office.submit(&who, Draft { id: None, kind: "proposal".into(), data, previous: None }).unwrap().id.to_string()
    };
    let kon_tum = proposal("Trồng sâm Ngọc Linh dưới tán rừng (minh họa)", "62", "2018-05-01");
    let quang_ngai = proposal("Trồng sâm Ngọc Linh và tỏi (minh họa)", "51", "2021-05-01");
    let now = proposal("Trồng sâm Ngọc Linh công nghệ cao (minh họa)", "51.2025-07-01", "2026-05-01");
    let news = article(&office, "Tin về sâm Ngọc Linh (minh họa)");
    assert!(office.settle(Duration::from_secs(30)));
    let ask = |text: &str| {
        let form = SearchForm { text: text.into(), limit: 10, ..SearchForm::default() };
        let found = office.search(&who, &form).unwrap();
        let mut ids: Vec<String> = found.results.hits.into_iter().map(|hit| hit.id).collect();
        ids.sort();
        (ids, found.not_understood)
    };
    let of = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    for (text, wanted) in [
        ("sâm ngọc linh tỉnh:\"Kon Tum\"", of(&[&kon_tum])),
        ("sam ngoc linh tinh:Quảng Ngãi", of(&[&kon_tum, &quang_ngai, &now])),
        ("sâm ngọc linh loại:bài viết", of(&[&news])),
        ("sâm ngọc linh loại:phiếu đề xuất nhiệm vụ", of(&[&kon_tum, &quang_ngai, &now])),
        ("sâm ngọc linh kind:proposal -tỏi", of(&[&kon_tum, &now])),
        ("sâm ngọc linh KHÔNG \"công nghệ cao\" kind:proposal", of(&[&kon_tum, &quang_ngai])),
        ("tỏi HOẶC “công nghệ cao”", of(&[&quang_ngai, &now])),
        ("sâm VÀ tỏi", of(&[&quang_ngai])),
    ] {
        assert_eq!(ask(text), (wanted, Vec::new()), "{text}");
    }
    assert_eq!(ask("tỏi tỉnh:Atlantis").1, ["tỉnh:Atlantis"]);
}

/// The program on a folder of its own.
fn program(data: &Path, words: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lienvung"));
    command.args(words).arg("--data").arg(data).stdin(std::process::Stdio::null());
    command
}

#[test]
fn an_index_whose_making_was_killed_answers_rightly_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    assert!(program(data, &["generate", "--tasks", "40"]).output().unwrap().status.success());
    let answer = || {
        let output = program(data, &["search", "--json", "--limit", "50", "nghien cuu"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let ids = |answer: &serde_json::Value| -> std::collections::BTreeSet<String> {
        answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
    };
    let whole = ids(&answer());
    assert!(!whole.is_empty());
    // From before the index is emptied until after it is whole again.
    for pause in [0, 40, 80, 120, 160, 200, 260, 340, 450, 600] {
        let mut victim = program(data, &["rebuild", "search"]).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        victim.kill().unwrap();
        victim.wait().unwrap();
        assert_eq!(ids(&answer()), whole, "killed after {pause} ms");
    }
    let report = program(data, &["verify", "--json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["problems"], json!([]));
}
