//! `doctor` looks at the machine: free space, clock, last backup; and the address that a sign-in link is printed with.

use std::path::Path;
use std::process::Command;

use jiff::civil::date;
use ledger::{Entry, Op};
use office::{Clock, Office, RecordId, Settings};

use crate::people::officer;

const CONFIG: &str = "node = \"bo.khcn\"\nbody = \"0193a000-0000-7000-8000-000000000001\"\n";

fn lienvung(words: &[&str], data: &Path) -> (bool, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).arg("--data").arg(data).env_remove("LIENVUNG_LANG").output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn open(data: &Path, clock: Clock) -> Office {
    let ministry = RecordId::parse("0193a000-0000-7000-8000-000000000001").unwrap();
    Office::open(data, Settings { node: "bo.khcn".into(), body: ministry, clock, database: None }).unwrap()
}

/// A folder whose ledger has an entry that says it was written at noon of a day.
fn written_on(data: &Path, day: jiff::civil::Date) {
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(data.join("lienvung.toml"), CONFIG).unwrap();
    let office = open(data, Clock::standing_at(day));
    officer(&office);
    let nothing = Op::Erase { pays: Vec::new(), why: "law".into(), basis: "1/QĐ (minh họa)".into() };
    let entry = Entry::new(office.clock().now(), nothing).to_bytes().unwrap();
    office.ledger().write(move |w| w.replay("region", &entry, None)).unwrap();
}

#[test]
fn a_node_without_a_backup_for_more_than_a_week_is_not_well_until_it_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nut");
    written_on(&data, date(2026, 1, 5));
    assert!(lienvung(&["user", "add", "quantri", "--role", "administrator"], &data).0);
    let (well, said) = lienvung(&["doctor"], &data);
    assert!(!well && said.contains("!!  Chưa có bản sao lưu nào") && said.contains("lienvung backup"), "{said}");
    assert!(said.contains("Đĩa của thư mục dữ liệu còn trống") && said.contains("OK  Đồng hồ của máy"), "{said}");

    let copy = folder.path().join("sao-luu");
    assert!(lienvung(&["backup", copy.to_str().unwrap()], &data).0);
    let (_, said) = lienvung(&["doctor", "--lang", "en"], &data);
    assert!(said.contains("OK  Last backup:") && said.contains("(0 days ago)") && said.contains("sao-luu"), "{said}");

    // A backup long ago is none.
    open(&data, Clock::standing_at(date(2026, 1, 6))).note_backup("/mnt/sao-luu").unwrap();
    let (well, said) = lienvung(&["doctor"], &data);
    assert!(!well && said.contains("!!  Bản sao lưu gần nhất 06/01/2026 12:00"), "{said}");
}

#[test]
fn a_clock_before_what_the_ledger_holds_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nut");
    written_on(&data, date(2199, 1, 1));
    let (well, said) = lienvung(&["doctor"], &data);
    assert!(!well && said.contains("!!  Đồng hồ của máy") && said.contains("01/01/2199 12:00") && said.contains("NTP"), "{said}");
    let (_, said) = lienvung(&["doctor", "--lang", "en"], &data);
    assert!(said.contains("!!  The machine's clock") && said.contains("01/01/2199 12:00"), "{said}");
}

#[test]
fn a_sign_in_link_has_the_address_of_the_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nut");
    written_on(&data, date(2026, 1, 5));
    let link = |settings: &str| {
        std::fs::write(data.join("lienvung.toml"), format!("{CONFIG}{settings}")).unwrap();
        let (worked, said) = lienvung(&["user", "link", "daklak.cv"], &data);
        assert!(worked, "{said}");
        said
    };
    for base in ["https://lienvung.example.gov.vn", "https://lienvung.example.gov.vn/"] {
        let said = link(&format!("base_url = \"{base}\"\nlisten = \"0.0.0.0:8080\"\n"));
        assert!(said.starts_with("https://lienvung.example.gov.vn/dang-nhap/mot-lan/") && !said.contains("base_url"), "{said}");
    }
    // Nobody can open 0.0.0.0, and nobody else this machine's own address.
    for (listen, address) in
        [("0.0.0.0:8088", "http://127.0.0.1:8088"), ("[::]:8088", "http://[::1]:8088"), ("127.0.0.1:9", "http://127.0.0.1:9")]
    {
        let said = link(&format!("listen = \"{listen}\"\n"));
        assert!(
            said.starts_with(&format!("{address}/dang-nhap/mot-lan/")) && said.contains("base_url") && said.contains("lienvung.toml"),
            "{said}"
        );
    }
    let said = link("listen = \"10.1.2.3:8080\"\n");
    assert!(said.starts_with("http://10.1.2.3:8080/dang-nhap/mot-lan/") && !said.contains("base_url"), "{said}");
}
