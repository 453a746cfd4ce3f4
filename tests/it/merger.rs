//! The 12 departments of 2019 and the 6 provinces of today: lists, files and profiles as it was and as it is now.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use catalogue::Lang;
use office::{AccountForm, Boundaries, Draft, FileForm, Grant, Identity, Office, RecordId, RegisterFilter, Role};
use serde_json::json;

use crate::people::{TWELVE, body, open};
use crate::visit::Visit;

/// The key of Bình Thuận, which lay outside the region of 2019, and of the Lâm Đồng it went into.
const BINH_THUAN: &str = "60";
const LAM_DONG: &str = "68.2025-07-01";

/// The departments of the region on the day of the conference of 2019, with the codes their provinces had.
fn departments(office: &Office) -> Vec<(RecordId, String)> {
    let class = office.directory().get(body(office, TWELVE)).unwrap();
    let members = class.members_on(jiff::civil::date(2019, 6, 21));
    members.into_iter().map(|id| (id, office.directory().get(id).unwrap().province.clone().unwrap())).collect()
}

/// An office where every department of 2019 keeps one task more than the one before, Bình Thuận is named by five tasks, and one task of 2019 was written
/// with the Lâm Đồng of 2025.
fn region(folder: &Path) -> (Arc<Office>, Identity) {
    let office = Arc::new(open(folder));
    let console = office.console();
    let departments = departments(&office);
    let grants = departments.iter().map(|(body, _)| Grant { body: *body, role: Role::Officer }).collect();
    office.add_account(&console, AccountForm { login: "vung".into(), name: "Vùng (minh họa)".into(), grants, active: true }).unwrap();
    let who = office.act_as(&console, "vung").unwrap();
    let mut drafts = Vec::new();
    let mut task = |title: String, owner: RecordId, provinces: &[&str]| {
        let data = json!({"title": format!("{title} (minh họa)"), "provinces": provinces, "planned_start": "2019-06-21", "state": "draft",
            "owner": owner.to_string(), "illustrative": true});
        drafts.push(Draft { id: None, kind: "task".into(), data, previous: None });
    };
    for (at, (department, province)) in departments.iter().enumerate() {
        for number in 0..=at {
            task(format!("Nhiệm vụ {number} của tỉnh {province}"), *department, &[province]);
        }
    }
    let lam_dong = body(&office, "Sở KH&CN Lâm Đồng");
    for number in 0..5 {
        task(format!("Thanh long {number}"), lam_dong, &[BINH_THUAN]);
    }
    task("Bò sữa hai tỉnh".into(), lam_dong, &["67", "68"]);
    task("Ghi theo tỉnh mới".into(), lam_dong, &[LAM_DONG]);
    office.submit_all(&who, drafts, "thử").unwrap();
    assert!(office.settle(Duration::from_secs(30)));
    (office, who)
}

fn total(office: &Office, who: &Identity, province: Option<&str>, owner: Option<RecordId>, boundaries: Boundaries) -> u64 {
    let filter = RegisterFilter {
        kind: Some("task".into()),
        province: province.map(str::to_owned),
        owner,
        boundaries: Some(boundaries),
        ..RegisterFilter::default()
    };
    let page = office.register_page(who, &filter, None, 1_000).unwrap();
    assert_eq!(page.total, page.rows.len() as u64, "the count and the rows are of the same filter");
    page.total
}

#[test]
fn the_tasks_of_twelve_departments_lie_in_six_provinces_and_both_ways_give_the_same_sums() {
    let folder = tempfile::tempdir().unwrap();
    let (office, who) = region(folder.path());
    let departments = departments(&office);
    assert_eq!(departments.len(), 12);

    let mut now: Vec<&str> = departments.iter().map(|(_, key)| office.catalogue().province_now(key, "2026-11-23").unwrap()).collect();
    now.sort_unstable();
    now.dedup();
    assert_eq!(now.len(), 6);
    let all = (1..=12).sum::<u64>() + 5 + 1 + 1;
    let sum_now: u64 = now.iter().map(|key| total(&office, &who, Some(key), None, Boundaries::AsNow)).sum();
    assert_eq!(sum_now, all, "every task lies in one province of today");
    let sum_then: u64 = departments.iter().map(|(_, key)| total(&office, &who, Some(key), None, Boundaries::AsThen)).sum();
    // The task of two provinces of then counts with both of them; Bình Thuận and the task written with the new Lâm Đồng with none of the twelve.
    assert_eq!(sum_then, all + 1 - 5 - 1);

    let kept_then: u64 = departments.iter().map(|(id, _)| total(&office, &who, None, Some(*id), Boundaries::AsThen)).sum();
    let heads: Vec<RecordId> =
        departments.iter().map(|(id, _)| *id).filter(|id| office.directory().get(*id).unwrap().valid_to.is_none()).collect();
    let kept_now: u64 = heads.iter().map(|id| total(&office, &who, None, Some(*id), Boundaries::AsNow)).sum();
    assert_eq!((heads.len(), kept_then, kept_now), (6, all, all));
    let quang_nam = body(&office, "Sở KH&CN Quảng Nam");
    assert_eq!(
        total(&office, &who, None, Some(quang_nam), Boundaries::AsNow),
        total(&office, &who, None, Some(body(&office, "Sở KH&CN Đà Nẵng")), Boundaries::AsNow),
        "a body that has ended stands for the one that took over"
    );
}

#[test]
fn a_province_in_words_tells_the_part_and_leaves_open_what_the_record_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let day = Some(jiff::civil::date(2019, 6, 21));
    let words = |code: &str, boundaries: Boundaries| office.province_words(code, day, boundaries).vi;
    assert_eq!(words(BINH_THUAN, Boundaries::AsThen), "tỉnh Bình Thuận");
    assert_eq!(words(BINH_THUAN, Boundaries::AsNow), "tỉnh Lâm Đồng (phần tỉnh Bình Thuận cũ)");
    assert_eq!(words("68", Boundaries::AsNow), "tỉnh Lâm Đồng (phần tỉnh Lâm Đồng cũ)");
    assert_eq!(words("01", Boundaries::AsNow), "thành phố Hà Nội");
    assert_eq!(
        words(LAM_DONG, Boundaries::AsThen),
        "tỉnh Lâm Đồng (lúc đó gồm tỉnh Bình Thuận, tỉnh Đắk Nông, tỉnh Lâm Đồng; bản ghi không nói rõ phần nào)"
    );
    assert_eq!(words("không có", Boundaries::AsNow), "không có");
    assert_eq!(
        office.body_words(body(&office, "Sở KH&CN Đắk Nông"), day, Boundaries::AsNow).vi,
        "Sở KH&CN Lâm Đồng (trước là Sở KH&CN Đắk Nông)"
    );
    assert_eq!(office.body_words(body(&office, "Sở KH&CN Đắk Nông"), day, Boundaries::AsThen).vi, "Sở KH&CN Đắk Nông");
}

#[test]
fn a_file_of_a_list_names_provinces_and_bodies_both_ways_and_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (office, who) = region(folder.path());
    let file = |province: &str, boundaries: Option<Boundaries>| {
        let mut out = Vec::new();
        let filter = RegisterFilter { kind: Some("task".into()), province: Some(province.into()), boundaries, ..RegisterFilter::default() };
        let rows = office.export_register(&who, &filter, Lang::Vi, FileForm::Csv, &mut out).unwrap();
        (rows, String::from_utf8(out).unwrap())
    };
    let (rows, text) = file(LAM_DONG, Some(Boundaries::AsNow));
    assert_eq!(rows, total(&office, &who, Some(LAM_DONG), None, Boundaries::AsNow));
    assert_eq!(text.matches("phần tỉnh Bình Thuận cũ").count(), 5);
    assert!(text.contains("Tỉnh, thành phố (như hiện nay)") && text.contains("Sở KH&CN Lâm Đồng (trước là Sở KH&CN Đắk Nông)"));
    let (rows, text) = file("67", Some(Boundaries::AsThen));
    assert_eq!(rows, total(&office, &who, Some("67"), None, Boundaries::AsThen));
    assert!(text.contains("(như lúc đó)") && text.contains("Sở KH&CN Đắk Nông") && !text.contains("trước là"));
    let (_, text) = file(LAM_DONG, Some(Boundaries::AsThen));
    assert!(text.contains("bản ghi không nói rõ phần nào"));
    assert!(!file(LAM_DONG, None).1.contains("như lúc đó"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_on_the_page_switches_and_refuses_what_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let (office, _) = region(folder.path());
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = crate::visit::session(&office, "vung");
    let page = |query: &'static str| Visit::get(format!("/bieu-mau/task?{query}")).by(Some(&own)).send(&router);
    let now = page("tinh=68.2025-07-01&dia-gioi=hien-nay").await.text;
    assert!(now.contains("tỉnh Lâm Đồng (phần tỉnh Bình Thuận cũ)") && now.contains("dia-gioi=hien-nay"));
    let then = page("tinh=60&dia-gioi=luc-do").await.text;
    assert!(then.contains("Thanh long 4") && !then.contains("Bò sữa") && !then.contains("phần tỉnh"));
    let english = Visit::get("/en/bieu-mau/task?tinh=60&dia-gioi=hien-nay").by(Some(&own)).send(&router).await.text;
    assert!(english.contains("the former Binh Thuan part"));
    for query in ["tinh=xx", "co-quan=xx", "dia-gioi=mai-sau"] {
        let refused = Visit::get(format!("/bieu-mau/task?{query}")).by(Some(&own)).send(&router).await;
        assert_eq!(refused.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_profile_of_lam_dong_tells_the_share_of_binh_thuan_and_its_sums_are_those_of_the_lists() {
    let folder = tempfile::tempdir().unwrap();
    let (office, who) = region(folder.path());
    let of =
        |counts: &[office::StateCount], kind: &str| counts.iter().filter(|count| count.kind == kind).map(|count| count.count).sum::<u64>();
    let profile = office.province_profile(&who, LAM_DONG).unwrap();
    let part = |code: &str| profile.parts.iter().find(|part| part.province.code == code).unwrap();
    assert_eq!(profile.parts.iter().map(|part| part.province.code.as_str()).collect::<Vec<_>>(), ["60", "67", "68", LAM_DONG]);
    assert_eq!((part(BINH_THUAN).counts["task"], part(LAM_DONG).counts["task"]), (5, 1));
    assert_eq!((part(BINH_THUAN).outside.len(), part("67").outside.len(), part("68").outside.len()), (1, 0, 0));
    let shares: u64 = profile.parts.iter().map(|part| part.counts["task"]).sum();
    assert_eq!(of(&profile.counts, "task"), shares - 1, "the task of two parts counts once");
    assert_eq!(of(&profile.counts, "task"), total(&office, &who, Some(LAM_DONG), None, Boundaries::AsNow));
    let head = body(&office, "Sở KH&CN Lâm Đồng");
    assert_eq!(profile.heads.iter().map(|head| head.id).collect::<Vec<_>>(), [head]);
    assert_eq!(of(&profile.kept, "task"), total(&office, &who, None, Some(head), Boundaries::AsNow));
    for line in office.province_lines(&who, Boundaries::AsNow).unwrap() {
        let counted = line.counts.get("task").copied().unwrap_or(0);
        assert_eq!(counted, total(&office, &who, Some(&line.province.code), None, Boundaries::AsNow), "{}", line.province.label.vi);
    }
    for line in office.province_lines(&who, Boundaries::AsThen).unwrap() {
        let counted = line.counts.get("task").copied().unwrap_or(0);
        assert_eq!(counted, total(&office, &who, Some(&line.province.code), None, Boundaries::AsThen), "{}", line.province.code);
    }
    let former = office.province_profile(&who, BINH_THUAN).unwrap();
    assert_eq!((former.now.unwrap().code.as_str(), former.parts.len(), of(&former.counts, "task")), (LAM_DONG, 1, 5));
    assert_eq!(
        of(&office.province_profile(&Identity::public(), LAM_DONG).unwrap().counts, "task"),
        0,
        "drafts are not counted for the public"
    );

    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = crate::visit::session(&office, "vung");
    let page = Visit::get("/tinh/68.2025-07-01").by(Some(&own)).send(&router).await.text;
    assert!(page.contains("Gồm phần tỉnh Bình Thuận cũ: 5 nhiệm vụ") && page.contains("gồm phần tỉnh Đắk Nông cũ"), "{page}");
    let empty = Visit::get("/tinh/01").send(&router).await.text;
    assert!(empty.contains("Chưa có bản ghi nào") && !empty.contains("Gồm phần"));
    assert_eq!(Visit::get("/en/tinh/60").send(&router).await.text.matches("Now part of").count(), 1);
}

#[test]
fn counts_of_a_province_follow_a_record_that_moves() {
    let folder = tempfile::tempdir().unwrap();
    let (office, who) = region(folder.path());
    let filter = RegisterFilter { kind: Some("task".into()), province: Some(LAM_DONG.into()), ..RegisterFilter::default() };
    let row = office.register_page(&who, &filter, None, 10).unwrap().rows.remove(0);
    let view = office.view(&who, row.id).unwrap();
    let mut data = view.data.unwrap();
    data["provinces"] = json!(["66"]);
    let before = total(&office, &who, Some("66"), None, Boundaries::AsNow);
    office.submit(&who, Draft { id: Some(row.id), kind: "task".into(), data, previous: Some(view.leaf) }).unwrap();
    assert!(office.settle(Duration::from_secs(30)));
    assert_eq!(total(&office, &who, Some(LAM_DONG), None, Boundaries::AsThen), 0);
    assert_eq!(total(&office, &who, Some("66"), None, Boundaries::AsNow), before + 1);
}
