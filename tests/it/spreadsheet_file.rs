//! What a new user hands in instead of a table: no rows, no column for what is required, another kind of file, another kind of record. Each is told what it
//! is and what to do, and nothing comes in.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

fn lienvung(words: &[&str], data: &Path) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).arg("--data").arg(data).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_table_without_rows_or_without_a_required_column_is_refused_once_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("nut"), folder.path().join("bang.csv"));
    let bring_in = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let (worked, said, _) = lienvung(&["import", "technology", file.to_str().unwrap(), "--json"], &data);
        (worked, serde_json::from_str::<Value>(&said).unwrap())
    };
    let (worked, report) = bring_in("Tên công nghệ, thiết bị\n");
    assert!(!worked && report["rows"] == 0, "one column with a comma in its heading is two: {report}");
    let (worked, report) = bring_in("title,direction\n");
    assert!(!worked && report["rows"] == 0 && report["errors"].as_array().unwrap().len() == 1, "{report}");
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("chỉ có dòng tiêu đề"), "{report}");

    let (worked, report) = bring_in("tên gì đó,direction\nMáy sấy (minh họa),offer\nMáy rang (minh họa),offer\n");
    assert!(!worked && report["accepted"] == 0);
    let errors = report["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "one column is missing, not one cell in each row: {report}");
    assert_eq!((&errors[0]["cell"], &errors[0]["field"]), (&json!(""), &json!("title")));
    assert!(errors[0]["message"].as_str().unwrap().contains("Thiếu cột “Tên công nghệ, thiết bị”"), "{report}");

    let (worked, report) = bring_in("title,direction\nMáy sấy (minh họa),offer\n");
    assert!(worked && report["accepted"] == 1, "{report}");
    // Rows that name their record say only what changes.
    let (_, lines, _) = lienvung(&["export", "technology", "--format", "jsonl"], &data);
    let record: Value = serde_json::from_str(lines.trim()).unwrap();
    let (worked, report) = bring_in(&format!("Mã bản ghi,origin\n{},Việt Nam\n", record["id"].as_str().unwrap()));
    assert!(worked && report["accepted"] == 1, "{report}");
}

#[test]
fn a_wrong_word_on_the_command_line_is_answered_with_the_right_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (data, table, word) = (folder.path().join("nut"), folder.path().join("bang.csv"), folder.path().join("bang.xlsx"));
    std::fs::write(&table, "title\nMáy sấy (minh họa)\n").unwrap();
    std::fs::write(&word, b"%PDF-1.7").unwrap();
    let (table, word) = (table.to_str().unwrap(), word.to_str().unwrap());
    let (worked, said, beside) = lienvung(&["import", "technology", table, "--dry-run", "--json"], &data);
    assert!(worked && serde_json::from_str::<Value>(&said).is_ok(), "{said}");
    assert!(beside.contains("Bộ Khoa học và Công nghệ") && beside.contains("lienvung serve"), "whose node was made: {beside}");
    for (words, expected) in [
        (vec!["import", "nhiemvu", table], ["Không có loại bản ghi “nhiemvu”", "task", "technology"]),
        (vec!["import", table], ["ghi loại trước tên tệp", "lienvung import task", table]),
        (vec!["import", "task", "khong-co.csv"], ["khong-co.csv", "không có tệp này", "đường dẫn"]),
        (vec!["import", "task", word], ["tệp PDF", "chưa nhập gì", "Excel"]),
    ] {
        let (worked, _, said) = lienvung(&words, &data);
        assert!(!worked && expected.iter().all(|words| said.contains(words)), "{words:?}: {said}");
        assert!(!said.contains("os error") && !said.contains("nút thử"), "{words:?}: {said}");
    }
}

#[test]
fn what_was_done_to_a_table_is_told_totals_left_out_and_old_letters_converted() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("nut"), folder.path().join("bang.csv"));
    // "Tên nhiệm vụ" and a title in TCVN3, as an old program wrote them.
    let mut bytes = b"T\xaan nhi\xd6m v\xf4;Kinh ph\xdd \xae\xad\xeec duy\xd6t (tri\xd6u \xae\xe5ng)\n".to_vec();
    bytes.extend(b"Nghi\xaan c\xf8u gi\xe8ng c\xb5 ph\xaa v\xe8i (minh h\xe4a);1.500\nT\xe6ng c\xe9ng;1.500\n");
    std::fs::write(&file, bytes).unwrap();
    let (worked, said, _) = lienvung(&["import", "task", file.to_str().unwrap()], &data);
    assert!(worked && said.contains("Dòng cộng không phải bản ghi, được bỏ qua: dòng 3"), "{said}");
    assert!(said.contains("bảng mã cũ") && said.contains("A2 (TCVN3 (ABC))"), "{said}");
    let undo = said.lines().find(|line| line.contains("--undo")).unwrap();
    assert!(undo.contains(&format!("--data {}", data.display())), "the line can be copied as it is: {undo}");
    let (_, lines, _) = lienvung(&["export", "task", "--format", "jsonl"], &data);
    let record: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(record["data"]["title"], "Nghiên cứu giống cà phê vối (minh họa)");
    assert_eq!(record["data"]["approved_budget"][0]["amount"], 1_500_000_000_i64);
}
