//! `export --where`: what is asked for comes out; what no record can have is a slip of the hand and is refused with what there is, never an empty file.

use std::path::Path;
use std::process::Command;

fn lienvung(words: &[&str], data: &Path) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).arg("--data").arg(data).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_condition_that_no_record_can_meet_names_the_field_and_what_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("nut"), folder.path().join("ca-nhan.csv"));
    let rows = "name,gender,birth_year,positions.text,illustrative,research_fields\n\
        Cán bộ A (minh họa),female,1980,Chuyên viên,có,10101.2008\nCán bộ B (minh họa),male,1990,Trưởng phòng,,10102.2008\n";
    std::fs::write(&file, rows).unwrap();
    let (worked, said, _) = lienvung(&["import", "person", file.to_str().unwrap()], &data);
    assert!(worked, "{said}");
    for (condition, rows) in [
        ("gender=female", 1),
        ("gender=Nam", 1),
        ("birth_year=1980", 1),
        ("birth_year=1970", 0),
        ("illustrative=có", 1),
        ("illustrative=không", 1),
        ("positions~truong phong", 1),
        ("research_fields=10101.2008", 1),
    ] {
        let (worked, lines, said) = lienvung(&["export", "person", "--format", "jsonl", "--where", condition], &data);
        assert!(worked && lines.lines().count() == rows, "{condition}: {lines}{said}");
    }
    for (condition, vi, en) in [
        ("gender=ZZ", ["(trường gender)", "không có trong danh mục", "male (Nam)"], ["(field gender)", "not in the list", "male (Male)"]),
        (
            "research_fields=ZZ",
            ["(trường research_fields)", "mã khác", "research-fields"],
            ["(field research_fields)", "more", "research-fields"],
        ),
        ("tên=A", ["không có trường “tên”", "name", "positions"], ["no field “tên”", "name", "positions"]),
        ("birth_year=hai", ["(trường birth_year)", "không phải số nguyên", "chữ số"], ["(field birth_year)", "no whole number", "digits"]),
        ("illustrative=maybe", ["(trường illustrative)", "“có”", "“không”"], ["(field illustrative)", "“yes”", "“no”"]),
        ("owner=Sở", ["(trường owner)", "không phải mã bản ghi", "địa chỉ"], ["(field owner)", "no record id", "address"]),
        ("positions=Chuyên viên", ["(trường positions)", "nhiều phần", "TRƯỜNG~TỪ"], ["(field positions)", "parts", "FIELD~WORDS"]),
    ] {
        for (lang, expected) in [("vi", vi), ("en", en)] {
            let to = folder.path().join("ra.csv");
            let asked = ["export", "person", "--out", to.to_str().unwrap(), "--where", condition, "--lang", lang];
            let (worked, _, said) = lienvung(&asked, &data);
            assert!(!worked && expected.iter().all(|words| said.contains(words)), "{condition} {lang}: {said}");
            assert!(!to.exists(), "{condition}: a refused export leaves no file");
        }
    }
    let (worked, _, said) = lienvung(&["export", "nguoi", "--format", "csv"], &data);
    assert!(!worked && said.contains("“nguoi”") && said.contains("person") && said.contains("board"), "{said}");
}
