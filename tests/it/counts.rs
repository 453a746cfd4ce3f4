//! The same numbers everywhere: board, interface, CSV, spreadsheet and calendar are counted from the same rows, whatever was issued, answered and filtered.

use std::collections::BTreeMap;
use std::time::Duration;

use calamine::{Data, Reader, Xlsx};
use office::{AnswerForm, BoardFilter, Draft, Evidence, FileForm, Office, RecordId, Role, Status};
use proptest::prelude::*;
use serde_json::json;

use crate::people::{DAK_LAK, MINISTRY, body, open, person};
use crate::visit::Visit;

/// A directive as the case makes it: due month (or none), answered after how many days, accepted or not.
type Case = (Option<u8>, Option<i16>, bool, bool);

fn case() -> impl Strategy<Value = Case> {
    (proptest::option::of(0_u8..36), proptest::option::of(-400_i16..400), any::<bool>(), any::<bool>())
}

fn make(office: &Office, cases: &[Case]) {
    let officer = person(office, "daklak.cv", DAK_LAK, Role::Officer);
    let leader = person(office, "bo.ld", MINISTRY, Role::Leader);
    let (own, ministry, other) = (body(office, DAK_LAK), body(office, MINISTRY), body(office, "Sở KH&CN Khánh Hòa"));
    for (at, (due, answered, accepted, two)) in cases.iter().enumerate() {
        let mut data = json!({"item": format!("{at}"), "order": at, "text": format!("rà soát danh mục {at}"), "state": "draft", "owner": own.to_string(), "assigner": ministry.to_string()});
        let due = due.map(|month| jiff::civil::date(2024 + i16::from(month) / 12, 1 + (month % 12) as i8, 15));
        if let Some(due) = due {
            data["due"] = due.to_string().into();
        }
        data["issued_to"] = if *two { json!([own.to_string(), other.to_string()]) } else { json!([own.to_string()]) };
        let draft = office.submit(&officer, Draft { id: None, kind: "directive".into(), data, previous: None }).unwrap();
        office.issue(&officer, &[draft.id], Some(jiff::civil::date(2023, 1, 2))).unwrap();
        if let Some(days) = answered {
            let done = due
                .unwrap_or(jiff::civil::date(2025, 1, 1))
                .checked_add(jiff::Span::new().days(*days))
                .unwrap()
                .min(office.clock().today());
            let evidence = vec![Evidence { evidence_kind: "document".into(), number: Some("1/BC".into()), ..Evidence::default() }];
            let form = AnswerForm { answer_state: "done".into(), done_day: Some(done), evidence, ..AnswerForm::default() };
            let sent = office.answer(&officer, draft.id, own, form).unwrap();
            if *accepted {
                office.judge(&leader, sent.id, 1, "accepted", "").unwrap();
            }
        }
    }
    assert!(office.settle(Duration::from_secs(30)));
}

/// Statuses by their Vietnamese words, out of a table whose columns are found by their headings.
fn tally(rows: Vec<Vec<String>>, column: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row[column].clone()).or_insert(0) += 1;
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn board_interface_csv_and_spreadsheet_agree(cases in proptest::collection::vec(case(), 0..14), status in proptest::option::of(0_usize..5), of_body in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let office = std::sync::Arc::new(open(folder.path()));
        make(&office, &cases);
        let statuses = [Status::DoneOnTime, Status::DoneLate, Status::WithinTerm, Status::Overdue, Status::Standing];
        let filter = BoardFilter { status: status.map(|at| statuses[at]), bodies: of_body.then(|| body(&office, DAK_LAK)).into_iter().collect(), ..BoardFilter::default() };
        let query = format!("conference=all&status={}&body={}", status.map_or("", |at| statuses[at].code()), filter.bodies.first().map(|id| id.to_string()).unwrap_or_default());

        // Every page of the board, three rows at a time.
        let (mut seen, mut after) = (Vec::new(), None);
        let page = loop {
            let page = office.board().page(&filter, office.clock().today(), after.as_deref(), 3).unwrap();
            seen.extend(page.rows.iter().map(|row| (row.id, row.status)));
            match &page.next {
                Some(next) => after = Some(next.clone()),
                None => break page,
            }
        };
        let unique: std::collections::BTreeSet<RecordId> = seen.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(unique.len(), seen.len(), "no row twice");
        prop_assert_eq!(page.total as usize, seen.len());
        let mut by_rows = BTreeMap::new();
        for (_, status) in &seen {
            *by_rows.entry(status.code()).or_insert(0_u64) += 1;
        }

        // The interface.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let router = web::router(office.clone(), web::Options::at("http://localhost"));
        let reply = runtime.block_on(Visit::get(format!("/api/v1/directives?{query}&limit=100")).send(&router));
        let answer: serde_json::Value = serde_json::from_str(&reply.text).unwrap();
        let mut by_interface = BTreeMap::new();
        for item in answer["items"].as_array().unwrap() {
            let status = statuses.iter().find(|status| item["status"] == status.code()).unwrap();
            *by_interface.entry(status.code()).or_insert(0_u64) += 1;
        }
        prop_assert_eq!(&by_interface, &by_rows);
        if filter.status.is_none() {
            for status in statuses {
                prop_assert_eq!(answer["counts"][status.code()].as_u64().unwrap(), by_rows.get(status.code()).copied().unwrap_or(0), "{}", status.code());
            }
        }

        // The files.
        let mut csv_bytes = Vec::new();
        office.export_board(&filter, catalogue::Lang::Vi, FileForm::Csv, &mut csv_bytes).unwrap();
        let text = String::from_utf8(csv_bytes).unwrap();
        let sent = runtime.block_on(Visit::get(format!("/chi-dao.csv?{query}")).send(&router)).text;
        prop_assert_eq!(&sent, &text, "what is sent is what is written");
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let column = heads.iter().position(|head| head == "Trạng thái").expect("a column for the status");
        let from_csv = tally(reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect(), column);
        prop_assert_eq!(from_csv.values().sum::<usize>(), seen.len());
        let mut sheet_bytes = Vec::new();
        office.export_board(&filter, catalogue::Lang::Vi, FileForm::Xlsx, &mut sheet_bytes).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(sheet_bytes)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let words = |cell: &Data| cell.to_string();
        let head = sheet.rows().position(|row| row.iter().any(|cell| words(cell) == "Trạng thái")).expect("a heading");
        let column = sheet.rows().nth(head).unwrap().iter().position(|cell| words(cell) == "Trạng thái").unwrap();
        let from_sheet = tally(sheet.rows().skip(head + 1).map(|row| row.iter().map(words).collect()).collect(), column);
        prop_assert_eq!(&from_sheet, &from_csv);
        let mut by_number: Vec<u64> = by_rows.values().copied().collect();
        let mut files: Vec<u64> = from_csv.values().map(|count| *count as u64).collect();
        by_number.sort_unstable();
        files.sort_unstable();
        prop_assert_eq!(files, by_number);
    }
}
