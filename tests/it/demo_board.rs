//! The demo's board: the figures of the story, the same everywhere.

use std::process::{Command, Stdio};

fn lienvung() -> Command {
    Command::new(env!("CARGO_BIN_EXE_lienvung"))
}

/// A demo folder made by the real program, which is then stopped.
fn demo(folder: &std::path::Path) {
    let data = folder.join("demo");
    let mut child = lienvung().args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(&data).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let running = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Đang chạy tại"));
    assert!(running);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_signing_is_57_days_late_the_sixteenth_conference_651_and_the_files_hold_what_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    demo(folder.path());
    let data = folder.path().join("demo");
    let csv = folder.path().join("board.csv");
    let said = output(lienvung().args(["export", "board", "--out"]).arg(&csv).arg("--data").arg(&data));
    let mut reader = csv::Reader::from_path(&csv).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 25);
    assert!(said.contains("25"), "{said}");
    let late: Vec<&str> = rows.iter().filter(|row| &row[6] == "Hoàn thành quá hạn").map(|row| row.get(7).unwrap()).collect();
    assert_eq!(late, ["57", "57", "651"]);
    assert_eq!(rows.iter().filter(|row| &row[6] == "Không nêu hạn").count(), 22);
    let verified = output(lienvung().args(["verify", "--json", "--data"]).arg(&data));
    let verified: serde_json::Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified["problems"].as_array().unwrap().len(), 0, "{verified}");
    let again = output(lienvung().args(["rebuild", "--data"]).arg(&data));
    for view in verified["views"].as_array().unwrap() {
        assert!(again.contains(view["digest"].as_str().unwrap()), "{view} {again}");
    }
}

#[test]
fn a_backup_restores_to_the_same_ledger() {
    let folder = tempfile::tempdir().unwrap();
    demo(folder.path());
    let (data, copy, back) = (folder.path().join("demo"), folder.path().join("copy"), folder.path().join("back"));
    output(lienvung().arg("backup").arg(&copy).arg("--data").arg(&data));
    output(lienvung().arg("restore").arg(&copy).arg("--data").arg(&back));
    let verify = |data: &std::path::Path| -> serde_json::Value {
        serde_json::from_str(&output(lienvung().args(["verify", "--json", "--data"]).arg(data))).unwrap()
    };
    assert_eq!(verify(&data)["logs"], verify(&back)["logs"]);
    assert!(
        !lienvung().arg("restore").arg(&copy).arg("--data").arg(&back).output().unwrap().status.success(),
        "a restore never overwrites"
    );
}
