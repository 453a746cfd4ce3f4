//! Files of the operator in `catalogue/` of the data folder, with the real program: a new edition comes in at the next start, old codes stay under the old
//! one, and a faulty file stops the program with file, line and reason.

use std::path::Path;
use std::process::Command;

/// Invented, in the columns of the edition of 2008.
const EDITION: &str = "\u{feff}code,name_vi,parent,valid_from,valid_to,source\r\n\
    1,Khoa học tự nhiên (minh họa),,2025-12-15,,TT 24/2025/TT-BKHCN (minh họa)\r\n\
    101,Toán học và thống kê (minh họa),1,2025-12-15,,TT 24/2025/TT-BKHCN (minh họa)\r\n\
    10101,Toán lý thuyết (minh họa),101,2025-12-15,,TT 24/2025/TT-BKHCN (minh họa)\r\n";

fn lienvung(words: &[&str], data: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).arg("--data").arg(data).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn put(data: &Path, file: &str, bytes: &[u8]) {
    let path = data.join("catalogue").join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A kind of the operator's own, invented.
const KIND: &str = r#"
kind = "monitoring"
version = 1
valid_from = "2026-01-01"
group = "result"
vi = "Điểm quan trắc (minh họa)"
en = "Monitoring point (illustrative)"
plural_vi = "Điểm quan trắc (minh họa)"
plural_en = "Monitoring points (illustrative)"
source = "Quy định nội bộ (minh họa)"
title_field = "title"
owner_field = "owner"
field = [
  { name = "title", type = "text", max = 100, required = true, vi = "Tên điểm", en = "Point", source = "Quy định nội bộ (minh họa)" },
  { name = "owner", type = "ref", kinds = ["body"], required = true, vi = "Cơ quan giữ hồ sơ", en = "Body that keeps the record", source = "Quy định nội bộ (minh họa)" },
]
"#;

/// Brings one technology in, of a research field in the spelling of the list.
fn bring_in(data: &Path, title: &str, field: &str) -> (bool, String) {
    let file = data.with_extension(format!("{}.csv", title.len()));
    std::fs::write(&file, format!("title,direction,description,research_fields,state\n{title},offer,Mô tả,{field},recorded\n")).unwrap();
    lienvung(&["import", "technology", file.to_str().unwrap(), "--json"], data)
}

#[test]
fn the_research_fields_of_2025_come_in_as_one_file_and_old_codes_stay_under_2008() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nut");
    let (worked, said) = bring_in(&data, "Máy sấy cũ (minh họa)", "10101.2008");
    assert!(worked, "{said}");
    let (worked, said) = bring_in(&data, "Máy sấy (minh họa)", "10101.2025");
    assert!(!worked && said.contains("10101.2025"), "the edition is not known yet: {said}");

    put(&data, "codes/research-fields-2025.csv", EDITION.as_bytes());
    put(&data, "codes/.~lock.research-fields-2025.csv#", b"x");
    let (worked, said) = bring_in(&data, "Máy sấy (minh họa)", "10101.2025");
    assert!(worked, "{said}");
    let (worked, lines) = lienvung(&["export", "technology", "--format", "jsonl"], &data);
    assert!(worked && lines.contains("10101.2008") && lines.contains("10101.2025"), "{lines}");
    let (worked, table) = lienvung(&["export", "technology", "--format", "csv"], &data);
    assert!(worked && table.contains("Toán học cơ bản") && table.contains("Toán lý thuyết"), "{table}");
    let (_, said) = lienvung(&["doctor"], &data);
    assert!(said.contains("research-fields-2025.csv") && !said.contains("~lock"), "{said}");

    put(&data, "kinds/monitoring.toml", KIND.as_bytes());
    let file = folder.path().join("diem.csv");
    std::fs::write(&file, "Tên điểm\nTrạm Buôn Ma Thuột (minh họa)\n").unwrap();
    let (worked, said) = lienvung(&["import", "monitoring", file.to_str().unwrap(), "--json"], &data);
    assert!(worked && said.contains("\"accepted\": 1"), "{said}");

    // A copy without the file could not say what its codes mean.
    let (copy, again) = (folder.path().join("sao-luu"), folder.path().join("nut-moi"));
    assert!(lienvung(&["backup", copy.to_str().unwrap()], &data).0);
    assert!(lienvung(&["restore", copy.to_str().unwrap()], &again).0);
    let (worked, table) = lienvung(&["export", "technology", "--format", "csv"], &again);
    assert!(worked && table.contains("Toán lý thuyết"), "{table}");

    // Nor could all data in one file.
    let (file, elsewhere) = (folder.path().join("tat-ca.zip"), folder.path().join("nut-khac"));
    let (worked, said) = lienvung(&["archive", "--out", file.to_str().unwrap()], &data);
    assert!(worked, "{said}");
    let (worked, said) = lienvung(&["import", "archive", file.to_str().unwrap()], &elsewhere);
    assert!(worked, "{said}");
    for kind in ["technology", "monitoring"] {
        let here = lienvung(&["export", kind, "--format", "csv"], &data);
        assert!(here.0 && here.1.contains("minh họa"), "{here:?}");
        assert_eq!(lienvung(&["export", kind, "--format", "csv"], &elsewhere), here);
    }
    let read = |data: &Path| std::fs::read(data.join("catalogue/codes/research-fields-2025.csv")).unwrap();
    assert_eq!(read(&elsewhere), read(&data));
}

#[test]
fn a_faulty_file_of_the_operator_stops_the_program_with_file_line_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nut");
    assert!(bring_in(&data, "Máy sấy (minh họa)", "10101.2008").0);
    let before = lienvung(&["verify", "--json"], &data);
    let wrong_parent = EDITION.replace("10101,Toán lý thuyết (minh họa),101", "10101,Toán lý thuyết (minh họa),109");
    let second = crate::form_version::second_version("2026-11-01");
    for (file, bytes, in_vietnamese, in_english) in [
        (
            "codes/research-fields-2025.csv",
            wrong_parent.as_bytes(),
            "codes/research-fields-2025.csv:4: mã cấp trên 109",
            "codes/research-fields-2025.csv:4: the parent 109",
        ),
        (
            "codes/research-fields-2025.csv",
            b"code,name_vi\n1,\xd2\xe5n\n".as_slice(),
            "codes/research-fields-2025.csv:2: không phải UTF-8",
            "codes/research-fields-2025.csv:2: not UTF-8",
        ),
        (
            "codes/research-fields-2008.csv",
            EDITION.as_bytes(),
            "codes/research-fields-2008.csv: chương trình đã có tệp tên này",
            "codes/research-fields-2008.csv: the program has a file of this name",
        ),
        ("codes/linh-vuc.xlsx", b"PK".as_slice(), "codes/linh-vuc.xlsx: chỉ đọc .csv và .toml", "codes/linh-vuc.xlsx: only .csv and .toml"),
        ("linh-vuc.csv", EDITION.as_bytes(), "linh-vuc.csv: tệp không nằm trong thư mục nào", "linh-vuc.csv: the file lies in no folder"),
        ("codes/2025/linh-vuc.csv", EDITION.as_bytes(), "codes/2025: thư mục nằm trong thư mục", "codes/2025: a folder inside a folder"),
        (
            "kinds/technology-2.toml",
            second.as_bytes(),
            "kinds/technology-2.toml:1: chương trình đã có loại bản ghi technology",
            "kinds/technology-2.toml:1: the program has the kind technology",
        ),
        (
            "kinds/cong-nghe.toml",
            b"kind = 7\n".as_slice(),
            "kinds/cong-nghe.toml:1: không đọc được: sai kiểu: integer `7`, cần a",
            "kinds/cong-nghe.toml:1: invalid type: integer `7`, expected a",
        ),
    ] {
        put(&data, file, bytes);
        for (lang, expected, words, remedy) in
            [("vi", in_vietnamese, "có lỗi", "Hãy sửa tệp"), ("en", in_english, "faulty", "Mend the file")]
        {
            let (worked, said) = lienvung(&["export", "technology", "--format", "csv", "--lang", lang], &data);
            assert!(!worked && said.contains(expected) && said.contains(words) && said.contains(remedy), "{file}: {said}");
        }
        let (well, said) = lienvung(&["doctor"], &data);
        assert!(!well && said.contains(in_vietnamese), "{file}: {said}");
        std::fs::remove_dir_all(data.join("catalogue")).unwrap();
    }
    assert_eq!(lienvung(&["verify", "--json"], &data), before, "nothing was changed");
}
