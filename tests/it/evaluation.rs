//! `lienvung eval`: the search measured on questions whose answers are known.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

fn eval(docs: &Path, queries: &Path) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lienvung"));
    command.args(["eval", "--json", "--docs"]).arg(docs).arg("--queries").arg(queries);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_spelling_of_a_question_is_asked_and_its_figures_are_told_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let (docs, queries) = (folder.path().join("docs.jsonl"), folder.path().join("queries.jsonl"));
    let documents = [
        json!({"id": "a", "text": "Quy chuẩn kỹ thuật quốc gia về an toàn bức xạ", "src": "minh họa"}),
        json!({"id": "b", "title": "Cà phê", "text": "Quy trình tái canh cà phê tại Đắk Lắk"}),
    ];
    std::fs::write(&docs, documents.map(|document| document.to_string()).join("\n")).unwrap();
    std::fs::write(&queries, json!({"id": "q", "text": "quy chuẩn kỹ thuật về an toàn bức xạ", "rel": ["a"]}).to_string() + "\n").unwrap();
    let (ok, told, complaints) = eval(&docs, &queries);
    assert!(ok, "{complaints}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let kinds: Vec<&String> = told["kinds"].as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["abbr", "exact", "nfd", "strip_typo", "stripped", "typo"]);
    for kind in ["exact", "nfd", "stripped"] {
        assert_eq!(told["kinds"][kind], json!({"queries": 1, "ndcg10": 1.0, "mrr10": 1.0, "recall10": 1.0}), "{kind}");
    }
}

#[test]
fn a_line_that_is_no_question_is_named_and_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (docs, queries) = (folder.path().join("docs.jsonl"), folder.path().join("queries.jsonl"));
    std::fs::write(&docs, "{\"id\":\"a\",\"text\":\"x\"}\n").unwrap();
    std::fs::write(&queries, "{\"id\":\"q\",\"text\":\"x\",\"rel\":[]}\n{\"id\":1}\n").unwrap();
    let (ok, told, complaints) = eval(&docs, &queries);
    assert!(!ok && told.is_empty(), "{told}");
    assert!(complaints.contains("queries.jsonl") && complaints.contains("line 2"), "{complaints}");
    let (ok, _, complaints) = eval(&folder.path().join("none"), &queries);
    assert!(!ok && complaints.contains("none"), "{complaints}");
}
