//! Who sees and changes what, where the answer is not one record of one body: projections in forms, tables over several bodies, undoing.

use std::time::Duration;

use office::{AccountForm, ColumnMap, Draft, Grant, Identity, Office, Role, SheetForm, SheetPlan};
use serde_json::json;

use crate::people::{DAK_LAK, body, officer, open, person};

const KHANH_HOA: &str = "Sở KH&CN Khánh Hòa";

fn expert(office: &Office, who: &Identity, of: &str) -> office::Stored {
    let data = json!({
        "name": "Cán bộ cũ (minh họa)",
        "phone": "0000 000 000",
        "owner": body(office, of).to_string(),
        "source_system": "cũ",
        "source_id": "7",
    });
    office.submit(who, Draft { id: None, kind: "person".into(), data, previous: None }).unwrap()
}

fn plan(office: &Office, who: &Identity, owner: &str, table: &str) -> SheetPlan {
    let sheet = office::read_sheet("a.csv", table.as_bytes(), None).unwrap();
    let form = SheetForm {
        kind: "person".into(),
        owner: body(office, owner),
        file: "a.csv".into(),
        sha256: office::sha256(table.as_bytes()),
        map: ColumnMap::default(),
    };
    office.plan_sheet(who, form, &sheet, &mut |_, _| {}).unwrap()
}

#[test]
fn an_administrator_who_saves_a_person_of_a_department_wipes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let kept = expert(&office, &officer(&office), DAK_LAK);
    let administrator = person(&office, "quantri", KHANH_HOA, Role::Administrator);
    let view = office.view_to_edit(&administrator, kept.id).unwrap();
    let mut data = view.data.unwrap();
    assert_eq!(data["phone"], "0000 000 000");
    data["titles"] = json!("TS.");
    office.submit(&administrator, Draft { id: Some(kept.id), kind: "person".into(), data, previous: Some(view.leaf) }).unwrap();
    let after = office.view(&officer(&office), kept.id).unwrap().data.unwrap();
    assert_eq!((&after["phone"], &after["titles"]), (&json!("0000 000 000"), &json!("TS.")));

    // Who may not change it sees what is public.
    let reader = person(&office, "khanhhoa.xem", KHANH_HOA, Role::Reader);
    assert!(office.view(&reader, kept.id).unwrap().data.unwrap().get("phone").is_none());
}

#[test]
fn a_table_is_no_way_to_ask_what_a_record_of_another_body_holds() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let kept = expert(&office, &officer(&office), DAK_LAK);
    let stranger = person(&office, "khanhhoa.cv", KHANH_HOA, Role::Officer);
    // A right guess, a wrong guess and an old version are answered alike.
    let mut answers = Vec::new();
    for (version, phone) in [(1, "0000 000 000"), (1, "0999 999 999"), (7, "0000 000 000")] {
        let table = format!("Mã bản ghi,Phiên bản,Họ và tên,Điện thoại\n{},{version},Cán bộ cũ (minh họa),{phone}\n", kept.id);
        let plan = plan(&office, &stranger, KHANH_HOA, &table);
        assert_eq!((plan.rows.len(), plan.error_count), (0, 1), "{:?}", plan.errors);
        answers.push(plan.errors);
    }
    assert!(answers[0][0].message.vi.contains("không có vai trò"), "{:?}", answers[0]);
    assert_eq!((&answers[0], &answers[0]), (&answers[1], &answers[2]));
    // The source id alone opens no door either.
    let table = "Họ và tên,Hệ thống nguồn,Mã ở hệ thống nguồn\nCán bộ cũ (minh họa),cũ,7\n";
    let plan = plan(&office, &stranger, KHANH_HOA, table);
    assert_eq!((plan.rows.len(), plan.error_count), (0, 1), "{:?}", plan.errors);
}

#[test]
fn an_import_over_records_of_two_bodies_is_undone_only_by_who_may_change_them_all() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let kept = expert(&office, &officer(&office), DAK_LAK);
    let console = office.console();
    let grants = [DAK_LAK, KHANH_HOA].map(|name| Grant { body: body(&office, name), role: Role::Officer }).to_vec();
    office.add_account(&console, AccountForm { login: "lienso.cv".into(), name: "lienso.cv".into(), grants, active: true }).unwrap();
    let both = office.act_as(&console, "lienso.cv").unwrap();
    let table = format!("Mã bản ghi,Họ và tên,\"Học hàm, học vị\"\n{},Cán bộ cũ (minh họa),TS.\n,Cán bộ mới (minh họa),\n", kept.id);
    let planned = plan(&office, &both, KHANH_HOA, &table);
    assert_eq!((planned.errors.as_slice(), planned.counts()), (&[][..], (1, 1, 0)));
    let import = office.import_sheet(&both, planned, &mut |_, _| {}).unwrap();
    assert!(office.settle(Duration::from_secs(60)));

    let one = person(&office, "khanhhoa.cv", KHANH_HOA, Role::Officer);
    assert_eq!(office.undo_sheet_import(&one, &import.id).unwrap_err().code(), "denied");
    assert_eq!(office.view(&both, kept.id).unwrap().data.unwrap()["titles"], "TS.");
    office.undo_sheet_import(&both, &import.id).unwrap();
    assert!(office.view(&both, kept.id).unwrap().data.unwrap().get("titles").is_none());
}
