//! A task walks the process of 2014 in the office: each step is recorded, every term falls on the day counted by hand, every paper of every step is an
//! editable Word file.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use office::{Draft, INFORMATION_SHEET, RecordId};
use serde_json::{Value, json};

use crate::people::{DAK_LAK, body, officer, open};
use crate::visit::{Visit, session};

const WALK: &str = include_str!("task-walk.tsv");

fn lines(sort: &str) -> impl Iterator<Item = Vec<&'static str>> {
    WALK.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(move |cells| cells[0] == sort)
}

fn step(code: &str, day: &str) -> Value {
    json!({"step": code, "day": day})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_walks_from_proposal_to_its_fifth_report_with_every_term_to_the_day_and_every_paper_as_a_word_file() {
    let folder = tempfile::tempdir().unwrap();
    let office = Arc::new(open(folder.path()));
    let who = officer(&office);
    let owner = body(&office, DAK_LAK).to_string();
    let submit = |id: Option<RecordId>, kind: &str, data: Value| {
        let previous = id.map(|id| office.view(&who, id).unwrap().leaf);
        office.submit(&who, Draft { id, kind: kind.into(), data, previous }).unwrap().id
    };
    let proposal = submit(
        None,
        "proposal",
        json!({"title": "Nhân giống sâm dây (minh họa)", "state": "submitted", "owner": owner, "illustrative": true, "task_type": "DT", "level": "CT", "basis": "Nghị quyết.",
            "urgency": "Giống thoái hóa.", "aims": "Có quy trình.", "required_results": "Quy trình.", "suggested_content": "Khảo nghiệm.",
            "planned_application": "Hợp tác xã.", "duration_months": 24, "budget_province": 900_000_000_i64}),
    );
    let mut data = json!({
        "title": "Nhân giống sâm dây theo GACP (minh họa)", "level": "CT", "task_type": "DT", "lead_org_text": "Trung tâm Ứng dụng (minh họa)",
        "principal_text": "Chủ nhiệm (minh họa)", "aims": "Quy trình nhân giống.\nMô hình 2 ha.", "content": "Khảo nghiệm.", "methods": "Đồng ruộng.",
        "research_fields": ["40101.2008"], "objectives_codes": ["12.2008"], "expected_results": [{"text": "Quy trình"}, {"text": "Mô hình 2 ha"}],
        "planned_start": "2018-12", "planned_end": "2020-12", "state": "draft", "owner": owner, "illustrative": true, "steps": [],
    });
    let task = submit(None, "task", data.clone());
    for cells in lines("happened") {
        data["steps"].as_array_mut().unwrap().push(step(cells[1], cells[2]));
        match cells[1] {
            "information" => data["state"] = json!("running"),
            "accepted" => {
                data["accepted_day"] = json!(cells[2]);
                data["grade"] = json!("passed");
                data["files_ip"] = json!("no");
            }
            "liquidated" => data["state"] = json!("finished"),
            _ => {}
        }
        submit(Some(task), "task", data.clone());
    }
    let mut reports = Vec::new();
    for year in 1..=5 {
        reports.push(submit(
            None,
            "application_report",
            json!({"title": format!("Ứng dụng năm thứ {year} (minh họa)"), "task": task.to_string(), "reporting_year": year, "reported_on": format!("{}-03-20", 2021 + year),
                "sites": [{"organisation": "Hợp tác xã (minh họa)"}], "effect": "Tăng năng suất (minh họa).", "state": "recorded", "owner": owner, "illustrative": true}),
        ));
    }

    let progress = office.task_progress(&data).unwrap().unwrap();
    let process = office.catalogue().process("vn-task-2014").unwrap();
    let mut counted: Vec<(String, Date)> = progress
        .terms
        .iter()
        .map(|term| {
            assert!(term.covered && term.certain, "{}", term.step.en);
            (process.steps.iter().find(|step| step.label == term.step).unwrap().code.clone(), term.last_day)
        })
        .collect();
    let mut by_hand: Vec<(String, Date)> = lines("due").map(|cells| (cells[1].to_owned(), cells[3].parse().unwrap())).collect();
    counted.sort();
    by_hand.sort();
    assert_eq!(counted, by_hand);
    assert_eq!(lines("happened").filter(|cells| cells[1] == "application_report").count(), reports.len());

    let mut made = BTreeSet::new();
    let papers = folder.path().join("giay-to");
    std::fs::create_dir(&papers).unwrap();
    assert!(office.settle(Duration::from_secs(20)));
    let check = office.begin_overlap_check(&who, proposal).unwrap().id;
    for record in [proposal, task, reports[4], check] {
        for offer in office.papers_of(&office.view(&who, record).unwrap()).unwrap() {
            let document = office.paper(&who, record, &offer.code).unwrap();
            let bytes = document.to_docx().unwrap_or_else(|error| panic!("{}: {error}", offer.code));
            let read = official::read("giay.docx", &bytes, &official::Gazetteer::default()).unwrap().text;
            assert!(read.contains("Độc lập - Tự do - Hạnh phúc") && read.contains("minh họa"), "{}: {read}", offer.code);
            std::fs::write(papers.join(format!("{:03}.docx", made.len())), &bytes).unwrap();
            made.insert(if offer.code == INFORMATION_SHEET { format!("{}/{record}", offer.code) } else { offer.code });
        }
    }
    for paper in process.steps.iter().flat_map(|step| &step.papers) {
        assert!(made.contains(&paper.code), "{} was not made", paper.code);
    }
    assert_eq!(made.len(), 64, "sixty papers and four information sheets");
    opens_in_libreoffice(&papers, made.len());

    assert!(office.settle(Duration::from_secs(20)));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let own = session(&office, "daklak.cv");
    let page = Visit::get(format!("/r/{task}/giay-to")).by(Some(&own)).send(&router).await.text;
    assert!(page.contains("Mẫu 1 (TT 14/2014)") && page.contains("Phiếu thông tin nhiệm vụ đang tiến hành"), "{page}");
    let sheet = Visit::get(format!("/r/{task}/giay-to.docx?ma=M%E1%BA%ABu+1+%28TT+14%2F2014%29")).by(Some(&own)).send(&router).await;
    let text = official::read("mau-1.docx", &sheet.bytes, &official::Gazetteer::default()).unwrap().text;
    for words in ["PHIẾU THÔNG TIN", "Nhân giống sâm dây theo GACP", "Mô hình 2 ha.", "Trung tâm Ứng dụng (minh họa)", "tháng 12/2018"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
    for suffix in ["docx", "xlsx", "csv", "jsonl"] {
        let file = Visit::get(format!("/r/{task}.{suffix}")).by(Some(&own)).send(&router).await;
        assert_eq!(file.status, 200, "{suffix}");
        assert!(suffix != "csv" || file.text.contains("Nhân giống sâm dây theo GACP"), "{}", file.text);
    }
    let public = Visit::get(format!("/r/{proposal}.docx")).send(&router).await;
    assert_eq!(public.status, 404, "what the public may not see is not handed out");
}

/// Word files are made for people who open them in Word or LibreOffice; the latter can be asked here.
fn opens_in_libreoffice(papers: &Path, count: usize) {
    let Ok(version) = Command::new("soffice").arg("--version").output() else {
        println!("skipped: no LibreOffice");
        return;
    };
    println!("opened with {}", String::from_utf8_lossy(&version.stdout).trim());
    let files: Vec<_> = std::fs::read_dir(papers).unwrap().map(|file| file.unwrap().path()).collect();
    let profile = format!("-env:UserInstallation=file://{}", papers.join("profile").display());
    let converted = Command::new("soffice")
        .args([profile.as_str(), "--headless", "--convert-to", "pdf", "--outdir"])
        .arg(papers.join("pdf"))
        .args(&files)
        .output()
        .unwrap();
    let opened = std::fs::read_dir(papers.join("pdf")).map(|folder| folder.count()).unwrap_or(0);
    assert_eq!(opened, count, "{}", String::from_utf8_lossy(&converted.stderr));
    for file in std::fs::read_dir(papers.join("pdf")).unwrap() {
        let size = file.unwrap().metadata().unwrap().len();
        assert!(size > 5_000, "an empty page: {size} bytes");
    }
    if let Ok(kept) = std::env::var("LIENVUNG_KEEP_PAPERS") {
        Command::new("cp").args(["-r"]).arg(papers).arg(kept).status().unwrap();
    }
}
