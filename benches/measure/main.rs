//! The budgets of the house, each measured beside a limit of the same machine in the same run: `just bench`.
//!
//! `cargo bench --bench measure -- writes import pages lists nodes search memory` chooses parts; without words all are run. `LIENVUNG_BENCH_DIRECTIVES` (100,000),
//! `LIENVUNG_BENCH_TASKS` (100,000) and `LIENVUNG_BENCH_RECORDS` (1,000,000) make it smaller for a quick look.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a measurement stops when something is wrong"
)]

mod lists;
mod nodes;
mod search;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use ledger::{Ledger, NodeName, Projection, Put, RecordId};
use office::{AccountForm, Clock, Draft, Grant, Identity, Office, Role, Settings};
use rusqlite::Connection;
use serde_json::{Value, json};
use tower::ServiceExt;

const MINISTRY: &str = "0193a000-0000-7000-8000-000000000001";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    if wanted("writes") {
        one_write();
        writes();
    }
    if wanted("import") {
        import();
    }
    if wanted("pages") {
        pages();
    }
    if wanted("lists") {
        lists::lists();
    }
    if wanted("nodes") {
        nodes::nodes();
    }
    if wanted("search") {
        search::search();
    }
    if wanted("memory") {
        memory();
    }
}

fn number_from(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

// ---- durable writes

const WRITERS: usize = 64;

/// Durable writes of 64 writers, beside one bare SQLite connection that leaves the same rows in groups of the same size: three rounds in turn, medians.
fn writes() {
    let seconds = Duration::from_secs(4);
    let mut rounds = Vec::new();
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let (ours, per_group, entry, payload) = our_rate(&folder.path().join("ledger.sqlite"), seconds);
        let leaf = ledger::tree::leaf_hash(&entry);
        // The limit: the same rows on disk, equally durable, with everything computed before.
        let path = folder.path().join("bare.sqlite");
        drop(Ledger::open(&path, &NodeName::parse("bo.khcn").unwrap()).unwrap());
        let all_rows = bare_rate(&path, seconds, per_group, |bare, at| {
            let rec = RecordId::new();
            let insert = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
                bare.prepare_cached(sql).unwrap().execute(values).unwrap();
            };
            insert("INSERT INTO entry VALUES (?1, ?2, ?3, ?4)", &[&at, &leaf.0, &entry, &payload]);
            insert("INSERT INTO change (log, op, rec, ver, kind, place) VALUES (1, 'put', ?1, 1, 'article', ?2)", &[&rec.as_bytes(), &at]);
            insert("INSERT INTO version VALUES (1, ?1, 1, 'put', 'article', 1795000000000000, ?2, ?2, 0)", &[&rec.as_bytes(), &at]);
            insert("INSERT INTO current VALUES (1, 'article', ?1)", &[&rec.as_bytes()]);
        });
        // Beside it: entries and payloads alone in one table, without the index of versions that reading needs.
        let entries_only = bare_rate(&folder.path().join("plain.sqlite"), seconds, per_group, |bare, at| {
            let mut insert = bare.prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3, ?4)").unwrap();
            insert.execute(rusqlite::params![at, leaf.0, entry, payload]).unwrap();
        });
        rounds.push((ours / all_rows, ours, per_group, all_rows, entries_only));
    }
    rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, ours, per_group, all_rows, entries_only) = rounds[1];
    say("durable writes, 64 writers", &format!("{ours:.0} records/s in groups of {per_group}"));
    say("  limit: bare SQLite, same rows and groups", &format!("{all_rows:.0} records/s"));
    say("  G2 ratio (goal ≥ 0.70)", &format!("{ratio:.2} (three rounds: {:.2}, {:.2}, {:.2})", rounds[0].0, rounds[1].0, rounds[2].0));
    say("  beside: one row a record, no index of versions", &format!("{entries_only:.0} records/s, ratio {:.2}", ours / entries_only));
}

/// One record, durable, beside 4 KiB written at a file's end and made durable: medians, in turn.
fn one_write() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), &NodeName::parse("bo.khcn").unwrap()).unwrap();
    let mut file = std::fs::File::create(folder.path().join("bare")).unwrap();
    let data = json!({"title": "Bảng theo dõi kết luận (minh họa)", "text": "Nội dung minh họa để đo tốc độ ghi. ".repeat(8), "owner": MINISTRY, "state": "draft"});
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        let started = Instant::now();
        let inside = Projection::seal("private", &data, &[]).unwrap();
        let put = Put { rec: RecordId::new(), kind: "article".into(), cat: 0, previous: None, projections: vec![inside] };
        ledger.write(move |w| w.put(put)).unwrap();
        ours.push(started.elapsed());
        let started = Instant::now();
        file.write_all(&[b'x'; 4096]).unwrap();
        file.sync_data().unwrap();
        bare.push(started.elapsed());
    }
    ours.sort_unstable();
    bare.sort_unstable();
    let (ours, bare) = (ours[150].as_secs_f64() * 1e3, bare[150].as_secs_f64() * 1e3);
    say("G1 one record, durable, to 4 KiB and fdatasync (goal ≤ 1.6 ×)", &format!("{:.2} × ({ours:.2} of {bare:.2} ms)", ours / bare));
}

/// Records a second, records in a group, and one entry with its payload.
fn our_rate(path: &Path, seconds: Duration) -> (f64, usize, Vec<u8>, Vec<u8>) {
    let ledger = Ledger::open(path, &NodeName::parse("bo.khcn").unwrap()).unwrap();
    let data = json!({"title": "Bảng theo dõi kết luận (minh họa)", "text": "Nội dung minh họa để đo tốc độ ghi. ".repeat(8), "owner": MINISTRY, "state": "draft"});
    let started = Instant::now();
    let counts: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (ledger, data) = (&ledger, &data);
                scope.spawn(move || {
                    let mut count = 0;
                    while started.elapsed() < seconds {
                        let inside = Projection::seal("private", data, &[]).unwrap();
                        let put = Put { rec: RecordId::new(), kind: "article".into(), cat: 0, previous: None, projections: vec![inside] };
                        ledger.write(move |w| w.put(put)).unwrap();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let written = counts.iter().sum::<u64>() as f64;
    let rate = written / started.elapsed().as_secs_f64();
    let per_group = (written / ledger.groups_committed() as f64).round().max(1.0) as usize;
    let row = ledger.read(|r| r.entry("private", 0)).unwrap().unwrap();
    (rate, per_group, row.bytes, row.payload.unwrap())
}

/// Rows of one connection that commits groups of `per_group`, with the settings of the ledger.
fn bare_rate(path: &Path, seconds: Duration, per_group: usize, insert: impl Fn(&Connection, i64)) -> f64 {
    let bare = Connection::open(path).unwrap();
    bare.pragma_update(None, "journal_mode", "WAL").unwrap();
    bare.pragma_update(None, "synchronous", "FULL").unwrap();
    bare.pragma_update(None, "secure_delete", true).unwrap();
    bare.pragma_update(None, "wal_autocheckpoint", 2_000).unwrap();
    bare.pragma_update(None, "cache_size", -8_000).unwrap();
    bare.execute_batch(
        "CREATE TABLE IF NOT EXISTS entry (place INTEGER PRIMARY KEY, leaf BLOB NOT NULL, bytes BLOB NOT NULL, payload BLOB)",
    )
    .unwrap();
    let started = Instant::now();
    let mut count = 0_i64;
    while started.elapsed() < seconds {
        bare.execute_batch("BEGIN IMMEDIATE").unwrap();
        for _ in 0..per_group {
            insert(&bare, count);
            count += 1;
        }
        bare.execute_batch("COMMIT").unwrap();
    }
    count as f64 / started.elapsed().as_secs_f64()
}

// ---- a spreadsheet comes in

/// 100,000 rows of mixed quality out of an .xlsx file: read, checked, stored, logged, searchable; beside bare SQLite storing the same data in one
/// transaction. Then the list of them.
fn import() {
    let count = number_from("LIENVUNG_BENCH_ROWS", 100_000);
    let bytes = spreadsheet(count);
    let folder = tempfile::tempdir().unwrap();
    let office = office(folder.path());
    let who = officer(&office);
    let owner = RecordId::parse(MINISTRY).unwrap();
    assert!(office.settle(Duration::from_secs(60)));
    let started = Instant::now();
    let sheet = office::read_sheet("nhiem-vu.xlsx", &bytes, None).unwrap();
    let read = started.elapsed();
    let form = office::SheetForm {
        kind: "task".into(),
        owner,
        file: "nhiem-vu.xlsx".into(),
        sha256: office::sha256(&bytes),
        map: office::ColumnMap::default(),
    };
    let plan = office.plan_sheet(&who, form, &sheet, &mut |_, _| {}).unwrap();
    assert_eq!((plan.error_count, plan.rows.len()), (0, count), "{:?}", plan.errors.first());
    let checked = started.elapsed();
    let payloads: Vec<String> = plan.rows.iter().filter_map(|row| row.draft.as_ref()).map(|draft| draft.data.to_string()).collect();
    office.import_sheet(&who, plan, &mut |_, _| {}).unwrap();
    let stored = started.elapsed();
    assert!(office.settle(Duration::from_secs(3_600)));
    let all = started.elapsed();
    let rate = count as f64 / all.as_secs_f64();
    say(
        "import of a spreadsheet",
        &format!(
            "{rate:.0} records/s stored, logged and searchable (goal ≥ 2,000): read {read:.1?}, checked {checked:.1?}, stored {stored:.1?}, all {all:.1?}"
        ),
    );
    let bare = Instant::now();
    let mut connection = Connection::open(folder.path().join("bare.sqlite")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE record (id BLOB PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID").unwrap();
    let transaction = connection.transaction().unwrap();
    for payload in &payloads {
        transaction.prepare_cached("INSERT INTO record VALUES (?1, ?2)").unwrap().execute((RecordId::new().as_bytes(), payload)).unwrap();
    }
    transaction.commit().unwrap();
    say(
        "  beside: bare SQLite, the same data in one transaction",
        &format!("{:.0} records/s", count as f64 / bare.elapsed().as_secs_f64()),
    );
    let filter = office::RegisterFilter { kind: Some("task".into()), ..office::RegisterFilter::default() };
    let mut times = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..60 {
        let started = Instant::now();
        let page = office.register_page(&who, &filter, after.as_deref(), 50).unwrap();
        times.push(started.elapsed());
        assert_eq!(page.total, count as u64);
        after = page.next;
    }
    times.sort();
    let p95 = times[times.len() * 95 / 100].as_secs_f64() * 1_000.0;
    say("list of 50 out of as many tasks", &format!("p95 {p95:.1} ms in the service (goal ≤ 50 ms with the page)"));
    province(&office, &who);
}

/// The profile of the province that most tasks name, and the list of its tasks with the boundaries of today.
fn province(office: &Office, who: &Identity) {
    let lines = office.province_lines(who, office::Boundaries::AsNow).unwrap();
    let most = lines.iter().max_by_key(|line| line.counts.get("task").copied().unwrap_or(0)).unwrap();
    let code = most.province.code.clone();
    let tasks = most.counts.get("task").copied().unwrap_or(0);
    let filter = office::RegisterFilter {
        kind: Some("task".into()),
        province: Some(code.clone()),
        boundaries: Some(office::Boundaries::AsNow),
        ..office::RegisterFilter::default()
    };
    let (mut profiles, mut lists) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        let started = Instant::now();
        office.province_profile(who, &code).unwrap();
        profiles.push(started.elapsed());
        let started = Instant::now();
        office.register_page(who, &filter, None, 50).unwrap();
        lists.push(started.elapsed());
    }
    for (name, times, limit) in [("profile of a province", profiles, 100.0), ("list of 50 of its tasks", lists, 50.0)] {
        let p95 = slowest_but_the_last_twentieth(times);
        say(
            name,
            &format!(
                "p95 {p95:.1} ms in the service with {tasks} of its tasks (goal ≤ {limit} ms with the page): {:.2} of the limit",
                p95 / limit
            ),
        );
    }
}

/// The 95th percentile in milliseconds.
fn slowest_but_the_last_twentieth(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() * 95 / 100).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

/// Tasks as offices have them: every third without a lead organisation, every fifth without dates, amounts in million.
fn spreadsheet(count: usize) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().unwrap();
    for (column, heading) in [
        "STT",
        "Tên nhiệm vụ",
        "Cấp quản lý",
        "Tổ chức chủ trì",
        "Bắt đầu (dự kiến)",
        "Kết thúc (dự kiến)",
        "Kinh phí (triệu đồng)",
        "Mục tiêu",
        "Tỉnh, thành phố thực hiện",
    ]
    .iter()
    .enumerate()
    {
        sheet.write_string(0, column as u16, *heading).unwrap();
    }
    for at in 0..count {
        let row = at as u32 + 1;
        sheet.write_number(row, 0, row).unwrap();
        sheet.write_string(row, 1, format!("{} số {at} (minh họa)", sentence(at))).unwrap();
        sheet.write_string(row, 2, ["Cấp tỉnh", "CT", "cap co so", "Cấp bộ"][at % 4]).unwrap();
        if at % 3 > 0 {
            sheet.write_string(row, 3, ["Sở KH&CN Đắk Lắk", "so khcn khanh hoa", "Viện chưa có bản ghi (minh họa)"][at % 3]).unwrap();
        }
        if at % 5 > 0 {
            sheet.write_string(row, 4, format!("tháng {}/{}", 1 + at % 12, 2010 + at % 12)).unwrap();
            sheet.write_number(row, 5, (2023 + at % 5) as f64).unwrap();
        }
        sheet.write_number(row, 6, 100.0 + (at % 900) as f64 + 0.5).unwrap();
        sheet.write_string(row, 7, sentence(at + 7)).unwrap();
        sheet.write_string(row, 8, ["60", "66", "67", "68", "48", "01"][at % 6]).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

// ---- pages

fn office(folder: &Path) -> Office {
    let settings = Settings {
        node: "bo.khcn".into(),
        body: RecordId::parse(MINISTRY).unwrap(),
        clock: Clock::standing_at(jiff::civil::date(2026, 11, 23)),
        database: None,
    };
    Office::open(folder, settings).unwrap()
}

/// An officer of the Ministry and of every department.
fn officer(office: &Office) -> Identity {
    let console = office.console();
    let grants =
        office.directory().all().iter().filter(|body| !body.is_class()).map(|body| Grant { body: body.id, role: Role::Officer }).collect();
    office
        .add_account(&console, AccountForm { login: "do.luong".into(), name: "Đo lường (minh họa)".into(), grants, active: true })
        .unwrap();
    office.act_as(&console, "do.luong").unwrap()
}

const VERBS: [&str; 8] = ["rà soát", "xây dựng", "hoàn thiện", "triển khai", "tổng hợp", "báo cáo", "kiểm tra", "đề xuất"];
const THINGS: [&str; 12] = [
    "danh mục nhiệm vụ khoa học và công nghệ",
    "cơ sở dữ liệu chuyên gia",
    "kế hoạch ứng dụng chuyển giao công nghệ",
    "chương trình hợp tác vùng",
    "quy hoạch mạng lưới tổ chức KH&CN",
    "hồ sơ sở hữu trí tuệ",
    "hệ thống truy xuất nguồn gốc",
    "đề án phát triển dược liệu",
    "kết quả đo lường chất lượng",
    "báo cáo tài chính năm",
    "sàn giao dịch công nghệ",
    "mô hình nông nghiệp thông minh",
];
const PLACES: [&str; 6] = ["Đắk Lắk", "Kon Tum", "Gia Lai", "Khánh Hòa", "Bình Định", "Lâm Đồng"];

fn sentence(at: usize) -> String {
    format!("{} {} tại {} giai đoạn {} (minh họa {at})", VERBS[at % 8], THINGS[at / 8 % 12], PLACES[at / 96 % 6], 2015 + at / 576 % 12)
}

fn fill(office: &Office, who: &Identity, count: usize, make: impl Fn(usize) -> Value, kind: &str) {
    let started = Instant::now();
    let mut at = 0;
    while at < count {
        let drafts = (at..count.min(at + 2_000))
            .map(|at| Draft { id: Some(RecordId::new()), kind: kind.into(), data: make(at), previous: None })
            .collect();
        office.submit_all(who, drafts, "đo lường").unwrap();
        at += 2_000;
        eprint!("\r  {at} / {count} records");
    }
    let stored = started.elapsed();
    assert!(office.settle(Duration::from_secs(3_600)), "views must catch up");
    eprintln!();
    let rate = count as f64 / started.elapsed().as_secs_f64();
    say(
        &format!("{count} records stored, logged, on board and searchable"),
        &format!("{rate:.0} records/s (stored after {:.0} s)", stored.as_secs_f64()),
    );
}

/// Server time of pages over 100,000 directives, the slowest twentieth left out.
fn pages() {
    let count = number_from("LIENVUNG_BENCH_DIRECTIVES", 100_000);
    let folder = tempfile::tempdir().unwrap();
    let office = office(folder.path());
    let who = officer(&office);
    let bodies: Vec<String> =
        office.directory().all().iter().filter(|body| body.form == "department").map(|body| body.id.to_string()).collect();
    let make = |at: usize| {
        let (year, month) = (2015 + at / 400 % 14, 1 + at % 12);
        let to: Vec<&String> = bodies.iter().cycle().skip(at % bodies.len()).take(1 + at % 2).collect();
        json!({"item": format!("{}.{}", 1 + at % 9, 1 + at % 4), "order": at % 1000, "text": sentence(at), "assigner": MINISTRY, "leads": to, "issued_to": to, "due": format!("{year}-{month:02}-15"),
            "due_raw": format!("15/{month}/{year}"), "state": "issued", "issued_day": format!("{}-01-02", year - 1), "owner": MINISTRY, "illustrative": true})
    };
    fill(&office, &who, count, make, "directive");
    let ids: Vec<RecordId> =
        office.ledger().read(|r| r.list("public", "directive", None, 5_000)).unwrap().into_iter().map(|version| version.rec).collect();
    let office = Arc::new(office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let timed = |name: &str, goal: u64, addresses: Vec<String>| timed(&router, name, goal, &addresses);
    // Pages deep in the list, found by following "next" as a reader does.
    let mut after: Vec<String> = Vec::new();
    let mut place: Option<String> = None;
    for _ in 0..60 {
        let found = office.board().page(&office::BoardFilter::default(), office.clock().today(), place.as_deref(), 50).unwrap();
        let Some(next) = found.next else { break };
        after.push(next.clone());
        place = Some(next);
    }
    let mut boards: Vec<String> = vec!["/chi-dao?conference=all".into(); 40];
    boards.extend(after.iter().map(|after| format!("/chi-dao?conference=all&after={after}")));
    for status in ["overdue", "within_term", "done_late", "standing"] {
        boards.extend((0..15).map(|at| format!("/chi-dao?conference=all&status={status}&body={}", bodies[at % bodies.len()])));
    }
    timed(&format!("board: 50 of {count} directives"), 50, boards);
    timed("directive page", 20, ids.iter().step_by(17).take(300).map(|id| format!("/chi-dao/{id}")).collect());
    timed("record page", 20, ids.iter().step_by(13).take(300).map(|id| format!("/r/{id}")).collect());
    let queries = [
        "ra soat danh muc",
        "“chương trình hợp tác”",
        "Kon Tum dược liệu",
        "truy xuat nguon goc khanh hoa",
        "báo cáo tài chính năm 2019",
        "KH&CN",
        "dak lak",
        "xay dung co so du lieu chuyen gia",
    ];
    timed("search", 100, (0..240).map(|at| format!("/tim?q={}", encoded(queries[at % queries.len()]))).collect());
    timed("front page", 50, vec!["/".to_owned(); 60]);
}

/// Server time of whole pages as the public sees them, without the network: the slowest twentieth beside the goal in ms.
fn timed(router: &axum::Router, name: &str, goal: u64, addresses: &[String]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut times = Vec::new();
        let mut bytes = 0;
        for (at, address) in addresses.iter().enumerate() {
            let request = Request::builder().uri(address).header("host", "localhost").body(Body::empty()).unwrap();
            let started = Instant::now();
            let response = router.clone().oneshot(request).await.unwrap();
            assert!(response.status().is_success(), "{address}: {}", response.status());
            bytes += axum::body::to_bytes(response.into_body(), 50_000_000).await.unwrap().len();
            // The first answers warm the caches, as in any office after the first visitor.
            if at >= 5 {
                times.push(started.elapsed());
            }
        }
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        let size = bytes / addresses.len() / 1_000;
        let ratio = at(0.95) / goal as f64;
        say(
            name,
            &format!(
                "p50 {:.1} ms, p95 {:.1} ms = {ratio:.2} of the goal of {goal} ms, slowest {:.1} ms, {size} kB",
                at(0.5),
                at(0.95),
                at(1.0)
            ),
        );
    });
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

// ---- memory and start

struct Server {
    child: Child,
    port: u16,
    ready: Duration,
}

impl Server {
    fn start(arguments: &[&str], data: &Path) -> Server {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lienvung"));
        command.args(arguments).arg("--data").arg(data).args(["--listen", &format!("127.0.0.1:{port}")]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Server { child, port, ready: Duration::ZERO };
        while server.get("/chi-dao").is_none() {
            assert!(started.elapsed() < Duration::from_secs(600), "the program does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        server.ready = started.elapsed();
        while server.get("/healthz").is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")) {
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port).ok()?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    /// Resident memory in MB: (all, without file pages that the system can drop).
    fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let field = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or("");
            line.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
        };
        (field("VmRSS:"), field("RssAnon:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn memory() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let server = Server::start(&["demo"], &data);
    say("demo, first start to first page", &format!("{:.2} s (goal ≤ 3 s)", server.ready.as_secs_f64()));
    std::thread::sleep(Duration::from_secs(3));
    let (all, own) = server.memory();
    say("memory, idle, the four nodes of the demo in one program", &format!("{all:.0} MB resident, {own:.0} MB without file pages"));
    drop(server);
    let server = Server::start(&["demo"], &data);
    say("demo, second start to first page", &format!("{:.2} s", server.ready.as_secs_f64()));
    drop(server);
    let server = Server::start(&["serve"], &data);
    std::thread::sleep(Duration::from_secs(3));
    let (all, own) = server.memory();
    say("memory, idle, one node with the demo's data", &format!("{all:.0} MB resident, {own:.0} MB without file pages (goal ≤ 80 MB)"));
    drop(server);

    let count = number_from("LIENVUNG_BENCH_RECORDS", 1_000_000);
    let data = folder.path().join("large");
    {
        let office = office(&data);
        let who = officer(&office);
        let make = |at: usize| json!({"title": sentence(at), "text": "Minh họa.", "state": "published", "published_day": "2026-01-02", "owner": MINISTRY, "illustrative": true});
        fill(&office, &who, count, make, "article");
    }
    std::fs::write(data.join("lienvung.toml"), format!("node = \"bo.khcn\"\nbody = \"{MINISTRY}\"\nlisten = \"127.0.0.1:0\"\n")).unwrap();
    let server = Server::start(&["serve"], &data);
    say(&format!("{count} records, start to first page"), &format!("{:.2} s", server.ready.as_secs_f64()));
    std::thread::sleep(Duration::from_secs(3));
    let (all, own) = server.memory();
    say(
        &format!("memory, {count} records, after the start"),
        &format!("{all:.0} MB resident, {own:.0} MB without file pages (goal ≤ 256 MB)"),
    );
    for _ in 0..30 {
        for path in ["/tim?q=ra+soat+danh+muc", "/bieu-mau/article", "/tin", "/", "/bieu-mau/article?sort=day"] {
            assert!(server.get(path).is_some_and(|answer| answer.starts_with("HTTP/1.1 200")), "{path}");
        }
    }
    let (all, own) = server.memory();
    say(
        &format!("memory, {count} records, after 150 pages"),
        &format!("{all:.0} MB resident, {own:.0} MB without file pages (goal ≤ 256 MB)"),
    );
}

fn say(what: &str, figure: &str) {
    println!("{what:55} {figure}");
}
