//! Receipts with the real program: made in a folder whose logs a node above has acknowledged, checked with nothing but the file and keys.

use std::path::Path;
use std::process::Command;

use catalogue::Audience;
use office::{Identity, OfficeError, ReceiptForm, RecordId};
use serde_json::{Value, json};

use crate::exchange::{TestNode, wait_until};
use crate::people::{DAK_LAK, officer};

const LOG: &str = "lv1/sokhcn.daklak/public";

fn lienvung(words: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lienvung")).args(words).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// What commands at the console need of the folder of a node.
fn settings(folder: &Path, node: &str) {
    let text = format!("node = \"{node}\"\nbody = \"0193a000-0000-7000-8000-000000000001\"\nlisten = \"127.0.0.1:0\"\n");
    std::fs::write(folder.join("lienvung.toml"), text).unwrap();
}

fn key_of(folder: &Path) -> String {
    let (worked, key) = lienvung(&["node", "key", "--data", folder.to_str().unwrap()]);
    assert!(worked, "{key}");
    key.trim().to_owned()
}

fn all_received(node: &TestNode) -> bool {
    let log = node.standing(LOG);
    log.received == log.next
}

fn code_of<T: std::fmt::Debug>(result: Result<T, OfficeError>) -> &'static str {
    result.unwrap_err().code()
}

fn form(record: RecordId) -> ReceiptForm {
    ReceiptForm { record, audience: Audience::Public, version: None, with_payload: false }
}

#[test]
fn a_body_proves_with_one_file_and_two_keys_what_it_handed_in_when_all_nodes_are_away() {
    let (above, folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = folder.path().to_str().unwrap();
    let (plain, whole) = (out.path().join("a.biennhan.txt"), out.path().join("b.biennhan.txt"));
    let (plain, whole) = (plain.to_str().unwrap(), whole.to_str().unwrap());
    let centre = TestNode::centre(above.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    settings(above.path(), "bo.khcn");
    settings(folder.path(), "sokhcn.daklak");
    let article = province.publish("Báo cáo quý (minh họa)");
    let record = article.to_string();
    let make = |file: &str, more: &[&str]| lienvung(&[&["receipt", "make", record.as_str(), "--out", file, "--data", data], more].concat());
    let (worked, said) = make(plain, &[]);
    assert!(!worked && said.contains("không nối lên nút nào") && !Path::new(plain).exists(), "{said}");
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    wait_until("received", || all_received(&province));
    let at = centre.clock.load(std::sync::atomic::Ordering::SeqCst) / 1_000_000;
    let (worked, said) = make(plain, &[]);
    assert!(worked && said.contains("bo.khcn"), "{said}");
    let (worked, said) = make(plain, &["--payload"]);
    assert!(!worked && said.contains("không ghi đè"), "{said}");
    assert!(make(whole, &["--payload"]).0);
    // The file is for whoever has it: what is not asked for is not in it.
    let (bare, full) = (std::fs::read_to_string(plain).unwrap(), std::fs::read_to_string(whole).unwrap());
    assert!(bare.len() <= 1500 && bare.starts_with("c2sp.org/tlog-proof@v1\nextra "), "{bare}");
    assert!(full.len() > bare.len() + 200);
    let keys = [key_of(folder.path()), key_of(above.path())];
    province.stop();
    centre.stop();

    let trusting = ["--key", keys[0].as_str(), "--key", keys[1].as_str()];
    let verify = |file: &str, more: &[&str]| lienvung(&[&["receipt", "verify", file], more].concat());
    let (worked, said) = verify(plain, &trusting);
    assert!(worked && said.contains("Biên nhận ĐÚNG") && said.contains(&record) && said.contains("Không chứng minh"), "{said}");
    assert!(keys.iter().all(|key| said.matches(key.as_str()).count() == 2), "as carried and as trusted: {said}");
    let (worked, said) = verify(whole, &[trusting.as_slice(), &["--json", "--lang", "en"]].concat());
    let report: Value = serde_json::from_str(&said).unwrap();
    assert!(worked && report["holds"] == json!(true) && report["problem"].is_null(), "{said}");
    assert_eq!((&report["record"], &report["version"], &report["kind"]), (&json!(record), &json!(1), &json!("article")));
    assert_eq!((&report["origin"], &report["owner"]["node"]), (&json!(LOG), &json!("sokhcn.daklak")));
    let given: jiff::Timestamp = report["acknowledged"][0]["at"].as_str().unwrap().parse().unwrap();
    assert!(report["acknowledged"][0]["node"] == json!("bo.khcn") && given.as_second() <= at);
    assert_eq!(report["payload"]["data"]["title"], json!("Báo cáo quý (minh họa)"));
    // A node that holds the directory knows the keys.
    assert!(verify(plain, &["--data", data]).0);
    assert!(verify(plain, &["--data", above.path().to_str().unwrap()]).0);

    // Without keys, with half of them or with a false one nothing is proven, and it is said why.
    for (more, code) in [
        (vec![], "no_owner_key"),
        (vec!["--key", keys[0].as_str()], "no_holder_key"),
        (vec!["--key", keys[1].as_str()], "no_owner_key"),
        (vec!["--key", keys[0].as_str(), "--key", keys[1].as_str(), "--key", STRANGE], "key_silent"),
    ] {
        let (worked, said) = verify(plain, &[more.as_slice(), &["--json"]].concat());
        let report: Value = serde_json::from_str(&said).unwrap();
        assert!(!worked && report["holds"] == json!(false) && report["problem"]["code"] == json!(code), "{said}");
    }
    let (_, said) = verify(plain, &["--key", &keys[0]]);
    assert!(said.contains("CHƯA kết luận được") && said.contains("bo.khcn"), "{said}");
    let (worked, said) = verify(plain, &["--key", "khong-phai-khoa"]);
    assert!(!worked && said.contains("--key “khong-phai-khoa”"), "{said}");

    // Content kept apart, and content of something else.
    let payload = out.path().join("noi-dung.json");
    std::fs::write(&payload, serde_json::to_vec(&report["payload"]).unwrap()).unwrap();
    assert!(verify(plain, &[trusting.as_slice(), &["--payload", payload.to_str().unwrap()]].concat()).0);
    let (worked, said) = verify(plain, &[trusting.as_slice(), &["--payload", plain]].concat());
    assert!(!worked && said.contains("KHÔNG khớp") && !said.contains("Chứng minh:"), "{said}");
    let (worked, said) = verify(whole, &[trusting.as_slice(), &["--payload", plain]].concat());
    assert!(!worked && said.contains("không phải nội dung của mục này"), "{said}");

    // A file that was changed, or is something else.
    let changed = out.path().join("sua.txt");
    let rubbish = [
        bare.replacen("index ", "index 1", 1).into_bytes(),
        bare.replace('\n', "\r\n").into_bytes(),
        bare.replace(LOG, "lv1/sokhcn.kontum/public").into_bytes(),
        bare.as_bytes()[..bare.len() / 2].to_vec(),
        bare.replacen("extra ", "extra A", 1).into_bytes(),
        b"".to_vec(),
        vec![0xff; 3_000_000],
    ];
    for bytes in rubbish {
        std::fs::write(&changed, bytes).unwrap();
        let (worked, said) = verify(changed.to_str().unwrap(), &trusting);
        assert!(!worked && said.contains("Biên nhận SAI") && !said.contains("panic"), "{said}");
    }
    for nothing in [out.path().to_str().unwrap(), "khong-co-tep.txt"] {
        let (worked, said) = verify(nothing, &trusting);
        assert!(!worked && said.contains("Lỗi") && !said.contains("panic"), "{said}");
    }
}

/// The key of RFC 8032 §7.1, test 2, under a name of nobody here.
const STRANGE: &str = "lv1/so.khac+fe12580f+AT1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM";

#[test]
fn what_is_not_acknowledged_or_erased_or_another_s_has_no_receipt_and_the_reason_is_said() {
    let (above, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(above.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    let article = province.publish("Bài một (minh họa)");
    wait_until("received", || all_received(&province));
    let (office, public) = (&province.office, Identity::public());
    let who = officer(office);
    let first = office.receipt(&public, &form(article)).unwrap();
    assert_eq!(first.record(), Some((article, 1)));

    // Who sees the record for an audience has its receipt, and nobody else.
    let inside = ReceiptForm { audience: Audience::Private, ..form(article) };
    assert_eq!(code_of(office.receipt(&who, &inside)), "audience_stays");
    let ministry = ReceiptForm { audience: Audience::Ministry, ..form(article) };
    assert_eq!(code_of(office.receipt(&public, &ministry)), "denied");
    assert_eq!(code_of(office.receipt(&who, &ministry)), "not_in_audience");
    assert_eq!(code_of(office.receipt(&who, &ReceiptForm { version: Some(7), ..form(article) })), "version_unknown");
    assert_eq!(code_of(office.receipt(&who, &form(RecordId::new()))), "not_found");
    let draft = office.submit(
        &who,
        office::Draft {
            id: None,
            kind: "article".into(),
            data: json!({"title": "Nháp (minh họa)", "text": "Nội dung", "state": "draft", "owner": crate::people::body(office, DAK_LAK).to_string()}),
            previous: None,
        },
    );
    let draft = draft.unwrap().id;
    assert_eq!(code_of(office.receipt(&public, &form(draft))), "not_found");
    assert_eq!(code_of(office.receipt(&who, &form(draft))), "not_in_audience");

    // While the line is cut the newer version waits; the older one has its receipt still.
    office.set_unplugged(&office.console(), true).unwrap();
    let view = office.view(&who, article).unwrap();
    let mut data = view.data.unwrap();
    data["title"] = json!("Bài một, sửa (minh họa)");
    let change = office::Draft { id: Some(article), kind: "article".into(), data, previous: Some(view.leaf) };
    office.submit(&who, change).unwrap();
    match office.receipt(&who, &form(article)) {
        Err(OfficeError::Refused { code: "no_receipt_yet", message }) => {
            assert!(message.vi.contains("phiên bản 2") && message.en.contains("version 2"), "{message:?}");
        }
        other => panic!("{other:?}"),
    }
    let older = ReceiptForm { version: Some(1), ..form(article) };
    assert_eq!(office.receipt(&who, &older).unwrap().record(), Some((article, 1)));
    office.set_unplugged(&office.console(), false).unwrap();
    wait_until("received", || all_received(&province));
    assert_eq!(office.receipt(&who, &form(article)).unwrap().record(), Some((article, 2)));

    // The content goes when the law says so; the proof stays, the old one too.
    let whole = ReceiptForm { with_payload: true, ..form(article) };
    assert!(office.receipt(&who, &whole).unwrap().payload().is_some());
    office.erase(&who, article, "12/QĐ-SKHCN").unwrap();
    assert_eq!(code_of(office.receipt(&who, &whole)), "payload_erased");
    assert_eq!(office.receipt(&public, &form(article)).unwrap().record(), Some((article, 2)));
    let keys = office.keys_for(&public, &first).unwrap();
    assert!(first.verify(&keys).is_ok());
}
