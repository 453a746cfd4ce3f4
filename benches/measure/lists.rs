//! Lists of 50 out of 100,000 tasks that `lienvung generate` made: both orders, by body and by state, and pages deep in each; the pages of tasks and
//! results; the contracts of a body.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::RecordId;
use office::{Clock, Identity, Office, Settings};

use super::{MINISTRY, encoded, number_from, officer, say, timed};

/// Generates, opens and measures.
pub(crate) fn lists() {
    let count = number_from("LIENVUNG_BENCH_TASKS", 100_000);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let started = Instant::now();
    let generated = Command::new(env!("CARGO_BIN_EXE_lienvung"))
        .args(["generate", "--tasks", &count.to_string(), "--data"])
        .arg(&data)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(generated.success());
    let elapsed = started.elapsed().as_secs_f64();
    let settings = Settings {
        node: "lienvung.local".into(),
        body: RecordId::parse(MINISTRY).unwrap(),
        clock: Clock::standing_at(jiff::civil::date(2026, 11, 23)),
        database: None,
    };
    let office = Arc::new(Office::open(&data, settings).unwrap());
    assert!(office.settle(Duration::from_secs(3_600)));
    let all = office.ledger().read(|r| r.count("private", None)).unwrap();
    say("generated test data, stored and searchable", &format!("{all} records of {count} tasks, {:.0} records/s", all as f64 / elapsed));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let who = Identity::public();
    let departments: Vec<RecordId> =
        office.directory().all().iter().filter(|body| body.form == "department").map(|body| body.id).take(4).collect();
    for (order, sort) in [(office::Order::Title, "title"), (office::Order::Latest, "day")] {
        for (name, owner, state) in [
            ("all", None, None),
            ("of a body", departments.first(), None),
            ("in a state", None, Some("running")),
            ("of a body in a state", departments.last(), Some("finished")),
        ] {
            let filter = office::RegisterFilter {
                kind: Some("task".into()),
                owner: owner.copied(),
                state: state.map(str::to_owned),
                order,
                ..office::RegisterFilter::default()
            };
            // Places all the way down the list; the list of 50 is then read from each.
            let mut places: Vec<Option<String>> = vec![None; 10];
            for _ in 0..100 {
                let after = places.last().and_then(Option::as_deref);
                let Some(next) = office.register_page(&who, &filter, after, 1_000).unwrap().next else { break };
                places.push(Some(next));
            }
            let mut times = Vec::new();
            for place in &places {
                let started = Instant::now();
                office.register_page(&who, &filter, place.as_deref(), 50).unwrap();
                times.push(started.elapsed());
            }
            times.sort();
            let p95 = times[(times.len() - 1) * 95 / 100].as_secs_f64() * 1_000.0;
            let name = format!("list of 50 of {count} tasks, {name}, by {sort}");
            say(&name, &format!("{} places, p95 {p95:.1} ms in the service = {:.2} of the goal of 50 ms", times.len(), p95 / 50.0));
            if owner.is_none() && state.is_none() {
                for list in ["/bieu-mau/task", "/nhiem-vu"] {
                    let address = |place: &Option<String>| {
                        let after = place.as_deref().map(encoded).unwrap_or_default();
                        format!("{list}?sort={sort}&after={after}")
                    };
                    timed(&router, &format!("  the same as whole pages, {list}"), 50, &places.iter().map(address).collect::<Vec<_>>());
                }
            }
        }
    }
    results(&office, &router);
    contracts(&office, &departments);
}

/// Single tasks and results, and the list of results.
fn results(office: &Office, router: &axum::Router) {
    for (kind, list) in [("task", "/nhiem-vu"), ("result", "/ket-qua")] {
        let filter = office::RegisterFilter { kind: Some(kind.to_owned()), ..office::RegisterFilter::default() };
        let rows = office.register_page(&Identity::public(), &filter, None, 200).unwrap().rows;
        let addresses: Vec<String> = rows.iter().map(|row| format!("{list}/{}", row.id)).collect();
        timed(router, &format!("page of a {kind}, {list}/…"), 20, &addresses);
        timed(router, &format!("list of {list}"), 50, &vec![list.to_owned(); 50]);
    }
}

/// Contracts of a body with the answer what may be paid now.
fn contracts(office: &Office, departments: &[RecordId]) {
    let mut times = Vec::new();
    let mut shown = 0;
    let who = officer(office);
    for body in departments {
        for _ in 0..10 {
            let started = Instant::now();
            shown += office.contracts(&who, *body, None, None, None, 50).unwrap().rows.len();
            times.push(started.elapsed());
        }
    }
    times.sort();
    let p95 = times[(times.len() - 1) * 95 / 100].as_secs_f64() * 1_000.0;
    let name = "list of up to 50 contracts with what may be paid now";
    say(name, &format!("{} lists, {shown} lines, p95 {p95:.1} ms in the service = {:.2} of the goal of 50 ms", times.len(), p95 / 50.0));
}
