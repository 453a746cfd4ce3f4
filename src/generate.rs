//! Test data at national scale: tasks with their results, contracts and reports, made up from word parts, marked on every record, the same for the same seed.
//!
//! For measuring and trying out only. Organisations and people are named by what they are; nothing stands for a real one but the departments and provinces,
//! which keep the records.

use anyhow::{Context, Result, bail};
use catalogue::Catalogue;
use jiff::civil::{Date, date};
use office::{AccountForm, Draft, Grant, Identity, Office, OfficeError, RecordId, Role};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Stands in every title, so that it is seen on pages and in files.
pub const MARK: &str = "dữ liệu sinh thử";
/// The setting of a folder that holds generated data.
const SETTING: &str = "generated";
const LOGIN: &str = "sinh-thu";
/// Records in one transaction.
const BATCH: usize = 2_000;

const WORKS: [&str; 12] = [
    "Nghiên cứu",
    "Ứng dụng",
    "Xây dựng mô hình",
    "Hoàn thiện quy trình",
    "Thử nghiệm",
    "Đánh giá thực trạng và đề xuất giải pháp",
    "Điều tra, khảo sát",
    "Tuyển chọn và nhân giống",
    "Chế tạo thiết bị",
    "Bảo tồn và phát triển",
    "Thiết kế hệ thống",
    "Phân tích, dự báo",
];
const THINGS: [&str; 24] = [
    "sâm dây",
    "cà phê vối",
    "hồ tiêu",
    "gấc",
    "sầu riêng",
    "cá tầm",
    "bò lai",
    "lúa chịu hạn",
    "rừng khộp",
    "nấm linh chi",
    "mắc ca",
    "bơ sáp",
    "ong mật",
    "dược liệu bản địa",
    "rau thủy canh",
    "nước ngầm",
    "đất bazan",
    "phụ phẩm nông nghiệp",
    "năng lượng mặt trời áp mái",
    "tiếng nói và chữ viết dân tộc",
    "du lịch cộng đồng",
    "chuỗi cung ứng nông sản",
    "bản đồ sạt lở",
    "hồ sơ sức khỏe điện tử",
];
const WAYS: [&str; 14] = [
    "theo hướng GACP",
    "thích ứng với biến đổi khí hậu",
    "quy mô nông hộ",
    "bằng công nghệ nuôi cấy mô",
    "phục vụ xuất khẩu",
    "trên đất dốc",
    "gắn với truy xuất nguồn gốc",
    "bằng vật liệu tại chỗ",
    "kết hợp viễn thám",
    "cho vùng đồng bào dân tộc thiểu số",
    "theo chuỗi giá trị",
    "sử dụng cảm biến giá rẻ",
    "trong điều kiện khô hạn",
    "tại các xã biên giới",
];
const ORGANISATIONS: [&str; 6] = [
    "Trung tâm Ứng dụng tiến bộ",
    "Viện nghiên cứu",
    "Trường cao đẳng kỹ thuật",
    "Hợp tác xã nông nghiệp",
    "Công ty nông nghiệp",
    "Trung tâm giống",
];

/// How much was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Generated {
    /// Organisations.
    pub bodies: usize,
    /// Tasks.
    pub tasks: usize,
    /// Contracts, results and reports on them.
    pub others: usize,
}

/// Fills the office. `progress` gets (tasks done, tasks of all).
///
/// # Errors
/// A folder with tasks that were not generated is refused, and so is one that was filled before: nothing is added to it.
pub fn generate(office: &Office, tasks: usize, seed: u64, progress: &mut dyn FnMut(usize, usize)) -> Result<Generated> {
    if office.setting(SETTING)?.is_some() {
        bail!("this folder was filled by `generate` before; choose a new one");
    }
    let console = office.console();
    if office.kind_counts(&office.console_officer())?.iter().any(|(kind, count)| kind == "task" && *count > 0) {
        bail!("this folder holds tasks of an office; test data goes into a folder of its own");
    }
    let who = generator(office, &console)?;
    let mut maker = Maker::new(office, seed)?;
    let mut made = Generated::default();
    let bodies: Vec<Draft> = (0..(tasks / 200).clamp(6, 3_000)).map(|_| maker.body()).collect();
    made.bodies = bodies.len();
    for batch in bodies.chunks(BATCH) {
        office.submit_all(&who, batch.to_vec(), MARK)?;
    }
    let mut done = 0;
    while done < tasks {
        let count = (tasks - done).min(BATCH / 3);
        let mut drafts = Vec::new();
        for _ in 0..count {
            maker.task(&mut drafts);
        }
        made.tasks += count;
        made.others += drafts.len() - count;
        office.submit_all(&who, drafts, MARK)?;
        done += count;
        progress(done, tasks);
    }
    office.set_setting(SETTING, json!({"tasks": tasks, "seed": seed}))?;
    let account = office.account_by_login(&console, LOGIN)?;
    let form = AccountForm { login: account.login, name: account.name, grants: account.grants, active: false };
    office.change_account(&console, &account.id, form)?;
    Ok(made)
}

/// An account for every department, closed when the work is done.
fn generator(office: &Office, console: &Identity) -> Result<Identity> {
    let grants =
        office.directory().all().iter().filter(|body| !body.is_class()).map(|body| Grant { body: body.id, role: Role::Leader }).collect();
    match office.add_account(console, AccountForm { login: LOGIN.to_owned(), name: MARK.to_owned(), grants, active: true }) {
        Ok(_) | Err(OfficeError::Refused { code: "login_taken", .. }) => Ok(office.act_as(console, LOGIN)?),
        Err(error) => Err(error.into()),
    }
}

struct Maker {
    random: StdRng,
    made: u64,
    departments: Vec<(RecordId, Option<String>)>,
    leads: Vec<(String, String)>,
    fields: Vec<String>,
    objectives: Vec<String>,
}

impl Maker {
    fn new(office: &Office, seed: u64) -> Result<Maker> {
        let catalogue = office.catalogue();
        let mut departments: Vec<_> =
            office.directory().all().iter().filter(|body| body.form == "department").map(|body| (body.id, body.province.clone())).collect();
        departments.sort();
        if departments.is_empty() {
            bail!("the catalogue has no departments");
        }
        let fields = codes(catalogue, "research-fields", 5)?;
        let objectives = codes(catalogue, "objectives", 2)?;
        Ok(Maker { random: StdRng::seed_from_u64(seed), made: 0, departments, leads: Vec::new(), fields, objectives })
    }

    /// The next id: like those of a day in 2026, the rest from the seed.
    fn id(&mut self) -> RecordId {
        self.made += 1;
        let at = 0x019b_7000_0000_u64 + self.made;
        let (middle, tail) = (self.random.random_range(0..0x1000_u32), self.random.random_range(0..0x3fff_ffff_ffff_u64));
        let text = format!(
            "{:08x}-{:04x}-7{middle:03x}-{:04x}-{:012x}",
            at >> 16,
            at & 0xffff,
            0x8000 | (tail >> 32) & 0x3fff,
            tail & 0xffff_ffff
        );
        // The text is a UUID by its making; the fallback would only lose the sameness of the seed.
        RecordId::parse(&text).unwrap_or_default()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.choose(&mut self.random)
    }

    fn word(&mut self, of: &'static [&'static str]) -> &'static str {
        self.one(of).copied().unwrap_or_default()
    }

    fn body(&mut self) -> Draft {
        let id = self.id();
        let number = self.made;
        let name = format!("{} số {number} ({MARK})", self.word(&ORGANISATIONS));
        self.leads.push((id.to_string(), name.clone()));
        draft(id, "body", json!({"form": "unit", "names": [{"text": name}], "illustrative": true}))
    }

    fn task(&mut self, drafts: &mut Vec<Draft>) {
        let id = self.id();
        let random = &mut self.random;
        let (owner, province) = self.departments.choose(random).cloned().unwrap_or_default();
        let year = random.random_range(2011..=2025_i16);
        let months = [12_i64, 18, 24, 30, 36].choose(random).copied().unwrap_or(24);
        let start = date(year, random.random_range(1..=12), 1);
        let end = start.checked_add(jiff::Span::new().months(months)).unwrap_or(start);
        let money = i64::from(random.random_range(8..240_u32)) * 10_000_000;
        let running = end > date(2026, 6, 30);
        let sort = random.random_range(0..100);
        let state = match (running, sort) {
            (_, 0..8) => "draft",
            (true, _) => "running",
            (false, 8..14) => "terminated",
            (false, 14..34) => "applied",
            _ => "finished",
        };
        let level = match random.random_range(0..100) {
            0..72 => "CT",
            72..90 => "CS",
            90..97 => "CB",
            _ => "QG",
        };
        let title = format!("{} {} {}, mã {} ({MARK})", self.word(&WORKS), self.word(&THINGS), self.word(&WAYS), self.made);
        let lead = self.one(&self.leads.clone()).cloned().unwrap_or_default();
        let (field, objective) = (self.one(&self.fields.clone()).cloned(), self.one(&self.objectives.clone()).cloned());
        let aims = format!("{} {} {}.", self.word(&WORKS), self.word(&THINGS), self.word(&WAYS));
        let mut data = json!({
            "title": title, "level": level, "task_type": "DT", "local_codes": [{"value": format!("ST.{year}.{:06}", self.made)}], "lead_org": lead.0,
            "principal_text": format!("Chủ nhiệm ({MARK})"), "aims": aims, "content": format!("{} {}.", self.word(&WORKS), self.word(&THINGS)),
            "methods": "Khảo sát, thí nghiệm đồng ruộng, phân tích.", "research_fields": field.into_iter().collect::<Vec<_>>(),
            "objectives_codes": objective.into_iter().collect::<Vec<_>>(), "expected_results": [{"text": format!("Quy trình {}", self.word(&THINGS))}],
            "planned_start": start.to_string(), "planned_end": end.to_string(), "approved_budget": [{"funding_source": "NS_DP", "amount": money}],
            "state": state, "owner": owner.to_string(), "source": MARK, "illustrative": true,
        });
        if let (Some(province), Some(members)) = (province, data.as_object_mut()) {
            members.insert("provinces".to_owned(), json!([province]));
        }
        drafts.push(draft(id, "task", data));
        if state != "draft" {
            let contract = self.id();
            drafts.push(draft(
                contract,
                "contract",
                json!({"title": format!("Hợp đồng ST.{year}.{} ({MARK})", self.made), "number": format!("{}/HĐ-{year}", self.made), "task": id.to_string(),
                    "signed_day": start.to_string(), "start": start.to_string(), "end": end.to_string(), "value": money, "state": "recorded", "owner": owner.to_string(), "illustrative": true}),
            ));
        }
        if matches!(state, "finished" | "applied") {
            self.outcome(id, owner, end, state == "applied", drafts);
        }
    }

    /// The registered result of a task, and its first reports on application.
    fn outcome(&mut self, task: RecordId, owner: RecordId, end: Date, applied: bool, drafts: &mut Vec<Draft>) {
        let accepted = end.checked_add(jiff::Span::new().days(60)).unwrap_or(end);
        let certified = accepted.checked_add(jiff::Span::new().days(45)).unwrap_or(accepted);
        let result = self.id();
        let what = self.word(&THINGS);
        let grade = if self.random.random_range(0..5) == 0 { "excellent" } else { "passed" };
        drafts.push(draft(
            result,
            "result",
            json!({"title": format!("Quy trình {what}, mã {} ({MARK})", self.made), "task": task.to_string(), "summary": format!("Đã có quy trình {what}."),
                "products": [{"title": format!("Quy trình {what}")}], "accepted_on": accepted.to_string(), "grade": grade,
                "certificate_number": format!("{}/ST-KQNC", self.made), "certificate_day": certified.to_string(), "certificate_by": MARK, "state": "recorded",
                "owner": owner.to_string(), "source": MARK, "illustrative": true}),
        ));
        if !applied {
            return;
        }
        for year in 1..=self.random.random_range(1..=5_i64) {
            let reported = accepted.checked_add(jiff::Span::new().years(year)).unwrap_or(accepted);
            let report = self.id();
            drafts.push(draft(
                report,
                "application_report",
                json!({"title": format!("Ứng dụng {what} năm thứ {year} ({MARK})"), "task": task.to_string(), "reporting_year": year, "reported_on": reported.to_string(),
                    "sites": [{"organisation": format!("Hợp tác xã ({MARK})")}], "effect": "Tăng năng suất, giảm chi phí.", "state": "recorded", "owner": owner.to_string(),
                    "illustrative": true}),
            ));
        }
    }
}

fn draft(id: RecordId, kind: &str, data: Value) -> Draft {
    Draft { id: Some(id), kind: kind.to_owned(), data, previous: None }
}

/// Codes of a list with so many digits, editions aside.
fn codes(catalogue: &Catalogue, list: &str, digits: usize) -> Result<Vec<String>> {
    let list = catalogue.list(list).with_context(|| list.to_owned())?;
    let fits =
        |code: &str| code.split('.').next().is_some_and(|code| code.len() == digits && code.bytes().all(|byte| byte.is_ascii_digit()));
    let found: Vec<String> = list.codes.iter().filter(|code| fits(&code.code)).map(|code| code.code.clone()).collect();
    if found.is_empty() {
        bail!("the list {} has no codes of {digits} digits", list.name);
    }
    Ok(found)
}
