//! Test data: marked, the same for the same seed, never among records of people.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const TASKS: usize = 60;

fn run(data: &Path, words: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).arg("--data").arg(data).output().unwrap();
    (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

fn exported(data: &Path, kind: &str) -> Vec<Value> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_lienvung")).args(["export", kind, "--format", "jsonl", "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn view_digests(data: &Path) -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(["verify", "--json", "--data"]).arg(data).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["problems"], serde_json::json!([]));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["views"].as_array().unwrap().iter().map(|view| (text(&view["name"]), text(&view["digest"]))).collect()
}

#[test]
fn generated_data_is_marked_and_the_same_for_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, other) = (folder.path().join("one"), folder.path().join("two"), folder.path().join("other"));
    for (data, seed) in [(&one, "7"), (&two, "7"), (&other, "8")] {
        let (worked, said) = run(data, &["generate", "--tasks", &TASKS.to_string(), "--seed", seed]);
        assert!(worked && said.contains(&TASKS.to_string()), "{said}");
    }
    assert_eq!(view_digests(&one), view_digests(&two));
    assert_ne!(exported(&one, "task"), exported(&other, "task"));
    // Drafts of other bodies are not for the node's own, so the records are counted where they are kept.
    let ledger = ledger::Ledger::open(&one.join("lienvung.sqlite"), &ledger::NodeName::parse("lienvung.local").unwrap()).unwrap();
    for kind in ["task", "contract", "disbursement", "result", "application_report", "person"] {
        let records = ledger.read(|r| r.list("private", kind, None, 1_000)).unwrap();
        assert!(!records.is_empty() && (kind != "task" || records.len() == TASKS), "{kind}: {}", records.len());
        for record in records {
            let data = record.data.unwrap();
            assert!(data.to_string().contains("dữ liệu sinh thử") && data["illustrative"] == true, "{data}");
        }
    }
    let shown = exported(&one, "task");
    assert!(shown.iter().all(|task| task.to_string().contains("dữ liệu sinh thử")));
    for state in ["running", "finished", "applied"] {
        assert!(shown.iter().any(|task| task.to_string().contains(&format!("\"{state}\""))), "{state}");
    }
}

#[test]
fn a_folder_with_records_takes_no_generated_data() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let csv = folder.path().join("nhiem-vu.csv");
    std::fs::write(&csv, "Tên nhiệm vụ,Cấp quản lý\nĐề tài thật của Sở (minh họa),Cấp tỉnh\n").unwrap();
    let (worked, said) = run(&data, &["import", "task", csv.to_str().unwrap()]);
    assert!(worked, "{said}");
    let before = view_digests(&data);
    let (worked, said) = run(&data, &["generate", "--tasks", "10"]);
    assert!(!worked && said.contains("Thư mục đã có bản ghi"), "{said}");
    assert_eq!(view_digests(&data), before);
}
