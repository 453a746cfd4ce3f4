//! Commands beside a running program: they read and write the same folder, and break nothing of what the other keeps.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn lienvung() -> Command {
    Command::new(env!("CARGO_BIN_EXE_lienvung"))
}

/// The demonstration, running.
fn running(data: &Path) -> Child {
    let mut child = lienvung()
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains("Đang chạy tại")));
    child
}

fn run(data: &Path, words: &[&str]) -> (bool, String) {
    let output = lienvung().args(words).arg("--data").arg(data).output().unwrap();
    (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

fn search_line(verified: &str) -> Option<String> {
    verified.lines().find(|line| line.starts_with("search")).map(str::to_owned)
}

/// What `verify` says of the search once the records of every node of the demonstration have come and nothing more does.
fn rested(data: &Path) -> Option<String> {
    let mut before = None;
    for _ in 0..60 {
        let all_came = ["sầu riêng", "sâm dây", "tỏi Lý Sơn"].iter().all(|task| run(data, &["search", task]).1.contains(task));
        let now = search_line(&run(data, &["verify"]).1);
        if all_came && now.is_some() && now == before {
            return now;
        }
        before = now;
        std::thread::sleep(Duration::from_secs(2));
    }
    panic!("the nodes of the demonstration do not come to rest");
}

#[test]
fn commands_work_beside_a_running_program_and_leave_its_views_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = running(&data);
    let before = rested(&data);
    for words in [
        vec!["search", "hội nghị"],
        vec!["doctor"],
        vec!["user", "add", "cv.moi", "--role", "officer", "--body", "Sở KH&CN Đắk Lắk"],
        vec!["export", "board", "--out", folder.path().join("a.xlsx").to_str().unwrap()],
        vec!["backup", folder.path().join("copy").to_str().unwrap()],
        vec!["verify"],
    ] {
        let (worked, said) = run(&data, &words);
        assert!(worked, "{words:?}: {said}");
        assert!(!said.contains("damaged") && !said.contains("WARN"), "{words:?}: {said}");
    }
    let (_, after) = run(&data, &["verify"]);
    assert_eq!(before, search_line(&after));

    // What would pull the views away under the other program is refused with words.
    let (worked, said) = run(&data, &["rebuild"]);
    assert!(!worked && said.contains("đang chạy trên thư mục này"), "{said}");
    let second = lienvung().args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(&data).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("đang chạy trên thư mục này"));

    // An import beside it is seen by the running one, which keeps the index.
    let file = folder.path().join("kl.txt");
    std::fs::write(&file, "1. Giao Sở KH&CN Đắk Lắk rà soát cây mắc ca trước ngày 15/3/2027.").unwrap();
    let (worked, said) = run(&data, &["import", file.to_str().unwrap(), "--as", "cv.moi"]);
    assert!(worked, "{said}");
    let (worked, said) = run(&data, &["search", "mắc ca", "--as", "cv.moi"]);
    assert!(worked && said.contains("mắc ca"), "{said}");

    server.kill().unwrap();
    server.wait().unwrap();
    let (worked, said) = run(&data, &["rebuild"]);
    assert!(worked, "{said}");
}
