//! Test data: tasks with their contracts, money, results and application reports, as a department would have them, all invented and marked so. The same
//! seed gives the same records with the same ids.

use anyhow::{Context, Result};
use catalogue::Catalogue;
use office::{Body, Draft, RecordId};
use serde_json::{Map, Value, json};

/// What every invented record carries in its name and, where its kind has one, its source.
pub const MARK: &str = "dữ liệu sinh thử";

/// Tasks that share one invented organisation.
const TASKS_OF_ORGANISATION: u64 = 50;
/// Tasks that share one invented principal investigator.
const TASKS_OF_PERSON: u64 = 10;
/// Years in which tasks begin.
const YEARS: std::ops::RangeInclusive<u64> = 2012..=2026;
/// The month up to which the invented world has come, counted from year 0; a fixed one, so that a seed means the same data on any day.
const NOW: u64 = 2026 * 12 + 5;
const MILLION: u64 = 1_000_000;
/// 2026-01-01 in milliseconds: the time within the ids, which count up from it.
const IDS_FROM: u64 = 1_767_225_600_000;

const DEEDS: [&str; 6] = [
    "Nghiên cứu hoàn thiện",
    "Nghiên cứu, ứng dụng",
    "Xây dựng và chuyển giao",
    "Thử nghiệm và nhân rộng",
    "Đánh giá hiệu quả và phát triển",
    "Nghiên cứu xây dựng",
];
const MEANS: [&str; 8] = [
    "quy trình sản xuất theo hướng hữu cơ",
    "mô hình liên kết theo chuỗi giá trị",
    "công nghệ sơ chế, bảo quản sau thu hoạch",
    "giải pháp truy xuất nguồn gốc",
    "quy trình quản lý dịch bệnh tổng hợp",
    "mô hình sản xuất tiết kiệm nước",
    "công nghệ chế biến sâu",
    "chỉ dẫn địa lý và nhãn hiệu chứng nhận",
];
const PRODUCTS: [&str; 16] = [
    "cà phê vối",
    "hồ tiêu",
    "mắc ca",
    "sầu riêng",
    "gấc",
    "cây điều",
    "chanh dây",
    "sâm bản địa",
    "cây dược liệu dưới tán rừng",
    "tôm hùm nuôi lồng",
    "rong nho",
    "bò thịt",
    "ong mật",
    "lúa chất lượng cao",
    "nho ăn tươi",
    "rau, hoa trong nhà màng",
];
const ORGANISATIONS: [(&str, &str); 6] = [
    ("Trung tâm Ứng dụng tiến bộ khoa học và công nghệ", "other"),
    ("Viện Nghiên cứu và phát triển nông nghiệp", "institute"),
    ("Trường Cao đẳng Kỹ thuật", "institute"),
    ("Công ty cổ phần Nông nghiệp công nghệ cao", "enterprise"),
    ("Trung tâm Giống cây trồng, vật nuôi", "other"),
    ("Hợp tác xã Dịch vụ nông nghiệp", "enterprise"),
];
const DEGREES: [&str; 3] = ["Tiến sĩ", "Thạc sĩ", "Kỹ sư"];

/// Numbers that follow from a seed: SplitMix64 (Steele, Lea, Flood 2014), the same on every machine and for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `end`, without it.
    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Result<&'a T> {
        let at = self.below(of.len() as u64) as usize;
        of.get(at).context("an empty list")
    }
}

/// A department with its province as the invented tasks know them.
struct Department {
    id: RecordId,
    province: String,
    province_name: String,
}

/// Makes the records of tasks, each task from the seed and its number alone.
pub struct Generator {
    seed: u64,
    departments: Vec<Department>,
    research_fields: Vec<String>,
    objectives: Vec<String>,
}

impl Generator {
    /// Draws from the lists of `catalogue` and the departments among `bodies`.
    pub fn new(catalogue: &Catalogue, bodies: &[std::sync::Arc<Body>], seed: u64) -> Result<Generator> {
        let provinces = catalogue.list("provinces").context("provinces")?;
        let mut departments = Vec::new();
        for body in bodies {
            if body.form == "department"
                && let Some(province) = &body.province
                && let Some(label) = provinces.label(province)
            {
                departments.push(Department { id: body.id, province: province.clone(), province_name: label.vi.clone() });
            }
        }
        departments.sort_by_key(|department| department.id);
        Ok(Generator {
            seed,
            departments,
            research_fields: codes_under(catalogue, "research-fields", "4")?,
            objectives: codes_under(catalogue, "objectives", "12")?,
        })
    }

    /// The invented organisations that `tasks` tasks need.
    pub fn organisations(&self, tasks: u64) -> Result<Vec<Draft>> {
        let mut drafts = Vec::new();
        for at in 0..tasks.div_ceil(TASKS_OF_ORGANISATION) {
            let mut dice = self.dice(1, at);
            let department = dice.one(&self.departments)?;
            let (name, form) = dice.one(&ORGANISATIONS)?;
            let name = format!("{name} {} số {} ({MARK})", department.province_name, at + 1);
            let data =
                json!({"form": form, "names": [{"text": name}], "province": department.province, "source": MARK, "illustrative": true});
            drafts.push(Draft { id: Some(self.id(1, at)?), kind: "body".to_owned(), data, previous: None });
        }
        Ok(drafts)
    }

    /// Everything of the task with this number, and of its principal investigator when the task is the first of that one's.
    pub fn task(&self, at: u64) -> Result<Vec<Draft>> {
        let mut drafts = Vec::new();
        if at.is_multiple_of(TASKS_OF_PERSON) {
            drafts.push(self.person(at / TASKS_OF_PERSON)?);
        }
        Telling::new(self, at)?.tell(&mut drafts)?;
        Ok(drafts)
    }

    fn person(&self, at: u64) -> Result<Draft> {
        let mut dice = self.dice(2, at);
        let name = format!("Chủ nhiệm nhiệm vụ số {} ({MARK})", at + 1);
        let data = json!({"name": name, "titles": dice.one(&DEGREES)?, "research_fields": [dice.one(&self.research_fields)?], "source": MARK,
            "illustrative": true});
        Ok(Draft { id: Some(self.id(2, at)?), kind: "person".to_owned(), data, previous: None })
    }

    fn dice(&self, sort: u64, at: u64) -> Dice {
        let mut seed = Dice(self.seed);
        let mut dice = Dice(seed.roll() ^ sort.rotate_right(8) ^ at);
        dice.roll();
        dice
    }

    /// A UUIDv7 (RFC 9562) that follows from seed, sort and number.
    fn id(&self, sort: u64, at: u64) -> Result<RecordId> {
        let time = IDS_FROM + at;
        let chance = self.dice(sort, at).roll();
        let text = format!(
            "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
            time >> 16,
            time & 0xffff,
            sort & 0xfff,
            chance >> 52,
            chance & 0xffff_ffff_ffff
        );
        RecordId::parse(&text).context("record id")
    }
}

/// Codes of the deepest level below an official code of the list of 2008.
fn codes_under(catalogue: &Catalogue, list: &str, above: &str) -> Result<Vec<String>> {
    let codes = catalogue.list(list).with_context(|| list.to_owned())?.valid_on("2020-01-01");
    let mut below: Vec<_> = codes.into_iter().filter(|code| code.official.starts_with(above)).collect();
    let deepest = below.iter().map(|code| code.level).max();
    below.retain(|code| Some(code.level) == deepest);
    Ok(below.into_iter().map(|code| code.code.clone()).collect())
}

/// One task while it is being told.
struct Telling<'a> {
    generator: &'a Generator,
    at: u64,
    dice: Dice,
    department: &'a Department,
    task: RecordId,
    title: String,
    /// Months from year 0.
    start: u64,
    end: u64,
    /// Đồng, by funding source.
    budget: Vec<(&'static str, u64)>,
    field: &'a str,
}

impl<'a> Telling<'a> {
    fn new(generator: &'a Generator, at: u64) -> Result<Telling<'a>> {
        let mut dice = generator.dice(3, at);
        let department = dice.one(&generator.departments)?;
        let (deed, means, product) = (dice.one(&DEEDS)?, dice.one(&MEANS)?, dice.one(&PRODUCTS)?);
        let title = format!("{deed} {means} đối với {product} tại {}", department.province_name);
        let years = YEARS.end() - YEARS.start() + 1;
        let start = (YEARS.start() + dice.below(years)) * 12 + dice.below(12);
        let end = start + 12 + 6 * dice.below(5);
        let mut budget = vec![("NS_DP", (30 + dice.below(400)) * 10 * MILLION)];
        if dice.below(3) == 0 {
            budget.push(("DN", (10 + dice.below(100)) * 10 * MILLION));
        }
        let field = dice.one(&generator.research_fields)?;
        Ok(Telling { generator, at, task: generator.id(3, at)?, dice, department, title, start, end, budget, field })
    }

    fn tell(&mut self, drafts: &mut Vec<Draft>) -> Result<()> {
        // Of twenty tasks that have ended eight are applied, ten finished and two terminated; of twenty others one is still a draft.
        let state = match (self.end + 2 < NOW, self.dice.below(20)) {
            (true, 0..8) => "applied",
            (true, 8..18) => "finished",
            (true, _) => "terminated",
            (false, 0) => "draft",
            (false, _) if self.start > NOW => "draft",
            (false, _) => "running",
        };
        let over = matches!(state, "applied" | "finished");
        drafts.push(self.record(self.task, "task", self.task_data(state, over)?));
        if state == "draft" {
            return Ok(());
        }
        let contract = self.generator.id(4, self.at)?;
        drafts.push(self.record(contract, "contract", self.contract(state)));
        for (year, number) in (self.start / 12..=(self.end.min(NOW)) / 12).zip(0..) {
            let id = self.generator.id(16 + number, self.at)?;
            drafts.push(self.record(id, "disbursement", self.disbursement(contract, year)));
        }
        if over {
            drafts.push(self.record(self.generator.id(5, self.at)?, "result", self.result()));
        }
        if state == "applied" {
            for year in 1..=5.min((NOW - self.end) / 12) {
                let id = self.generator.id(8 + year, self.at)?;
                let report = self.application_report(year)?;
                drafts.push(self.record(id, "application_report", report));
            }
        }
        Ok(())
    }

    /// Adds what every record has.
    fn record(&self, id: RecordId, kind: &str, mut data: Map<String, Value>) -> Draft {
        data.insert("owner".to_owned(), json!(self.department.id.to_string()));
        data.insert("illustrative".to_owned(), json!(true));
        Draft { id: Some(id), kind: kind.to_owned(), data: Value::Object(data), previous: None }
    }

    fn task_data(&self, state: &str, over: bool) -> Result<Map<String, Value>> {
        let mut dice = self.generator.dice(6, self.at);
        let lead = self.generator.id(1, self.at / TASKS_OF_ORGANISATION)?;
        let principal = self.generator.id(2, self.at / TASKS_OF_PERSON)?;
        let budget: Vec<Value> = self.budget.iter().map(|(source, amount)| json!({"funding_source": source, "amount": amount})).collect();
        let aims = format!("{}: nâng cao năng suất, chất lượng và thu nhập của người sản xuất.", self.title);
        let mut data = members(json!({
            "title": self.marked(&self.title), "source": MARK, "state": state, "level": dice.one(&["CT", "CT", "CT", "CT", "CS", "CS", "CB", "QG"])?,
            "task_type": dice.one(&["DT", "DT", "SXTN", "DA_KHCN"])?, "provinces": [self.department.province], "research_fields": [self.field],
            "objectives_codes": [dice.one(&self.generator.objectives)?], "lead_org": lead.to_string(), "principal": principal.to_string(),
            "aims": aims, "content": "Điều tra thực trạng; hoàn thiện quy trình; xây dựng mô hình; tập huấn và chuyển giao.",
            "methods": "Điều tra, phỏng vấn; bố trí thí nghiệm đồng ruộng; phân tích thống kê.",
            "expected_results": [{"kind": "full_report", "text": "Báo cáo tổng hợp kết quả thực hiện nhiệm vụ", "quantity": "1"}],
            "planned_start": month(self.start), "planned_end": month(self.end), "approved_budget": budget,
            "local_codes": [{"value": format!("ST.{}.{:06}", self.start / 12, self.at + 1)}],
        }));
        if over {
            data.insert("actual_end".to_owned(), json!(month(self.end)));
            data.insert("accepted_day".to_owned(), json!(day(self.end + 1, 20)));
            data.insert("grade".to_owned(), json!(self.grade()));
        }
        Ok(data)
    }

    fn contract(&self, state: &str) -> Map<String, Value> {
        let value: u64 = self.budget.iter().map(|(_, amount)| amount).sum();
        let mut data = members(json!({
            "title": self.marked(&format!("Hợp đồng: {}", self.title)), "number": format!("{:06}/{}/HĐ-ST", self.at + 1, self.start / 12),
            "task": self.task.to_string(), "signed_day": day(self.start, 5), "party_a": self.department.id.to_string(), "start": month(self.start),
            "end": month(self.end), "value": value, "state": "recorded",
        }));
        if matches!(state, "finished" | "applied") {
            data.insert("settled_day".to_owned(), json!(day(self.end + 2, 15)));
        }
        data
    }

    fn disbursement(&self, contract: RecordId, year: u64) -> Map<String, Value> {
        let years = self.end / 12 - self.start / 12 + 1;
        let local = self.budget.iter().find(|(source, _)| *source == "NS_DP").map_or(0, |(_, amount)| *amount);
        let share = local / years;
        // The money of the first year comes after the contract, of later years in February.
        let paid = if year == self.start / 12 { day(self.start, 25) } else { day(year * 12 + 1, 15) };
        members(json!({
            "title": self.marked(&format!("Kinh phí năm {year}: {}", self.title)), "task": self.task.to_string(), "contract": contract.to_string(),
            "year": year, "funding_source": "NS_DP", "purpose": "materials", "planned": share, "approved": share,
            "payments": [{"kind": "advance", "day": paid, "amount": share / 2}], "state": "recorded",
        }))
    }

    fn result(&self) -> Map<String, Value> {
        members(json!({
            "title": self.marked(&format!("Kết quả: {}", self.title)), "task": self.task.to_string(), "source": MARK, "research_fields": [self.field],
            "summary": "Đã hoàn thiện quy trình, xây dựng mô hình và chuyển giao cho người sản xuất.",
            "products": [{"kind": "full_report", "title": "Báo cáo tổng hợp", "quantity": "1"}], "accepted_on": day(self.end + 1, 20),
            "grade": self.grade(), "certificate_number": format!("{:06}/KQNC-ST", self.at + 1), "certificate_day": day(self.end + 2, 20),
            "certificate_by": format!("Sở KH&CN, {} ({MARK})", self.department.province_name),
            "budget": self.budget.iter().map(|(_, amount)| amount).sum::<u64>(), "state": "recorded",
        }))
    }

    fn application_report(&mut self, year: u64) -> Result<Map<String, Value>> {
        Ok(members(json!({
            "title": self.marked(&format!("Ứng dụng năm thứ {year}: {}", self.title)), "task": self.task.to_string(), "reporting_year": year,
            "reported_on": day(self.end + 12 * year, 10), "effect": "Năng suất và thu nhập của người sản xuất tăng so với trước khi ứng dụng.",
            "sites": [{"organisation": format!("Hợp tác xã ({MARK})"), "province": self.department.province, "scale": format!("{} ha", 2 + self.dice.below(40))}],
            "economic_effect": (5 + self.dice.below(200)) * 10 * MILLION, "transfer_mode": self.dice.one(&["free", "contract", "own_use"])?, "state": "recorded",
        })))
    }

    fn grade(&self) -> &'static str {
        if self.at.is_multiple_of(5) { "excellent" } else { "passed" }
    }

    fn marked(&self, text: &str) -> String {
        format!("{text} – số {} ({MARK})", self.at + 1)
    }
}

fn members(data: Value) -> Map<String, Value> {
    match data {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn month(months: u64) -> String {
    format!("{}-{:02}", months / 12, months % 12 + 1)
}

fn day(months: u64, day: u64) -> String {
    format!("{}-{day:02}", month(months))
}
