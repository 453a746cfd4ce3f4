//! Tasks: their list, and the page of one that begins with its money, its state and who leads it.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use office::{FileForm, Office, OfficeError, RecordId, Reference, RegisterRow, SpentBasis, TaskMoney};
use serde_json::Value;

use crate::blocks::{Block, Blocks, Figure, show};
use crate::errors::Answer;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Column, Definitions, EmptyState, Table};
use crate::record_page::{RecordPage, show_erased, show_holding};
use crate::records::{items, lead_cell, place_of, show_related, state_badge};
use crate::register_list::{RegisterList, day_column, file, title_column};
use crate::result::{application_table, uses_cell};
use crate::service::{App, Who, record_id, said};

/// Records of each kind that are shown beside a task.
const SHOWN_OF_EACH_KIND: usize = 10;
/// What people look for first about a result: who took it over.
pub(crate) const USES: [&str; 2] = ["transfer_contract", "technology"];

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/nhiem-vu", get(list))
        .route("/nhiem-vu.csv", get(list_as_csv))
        .route("/nhiem-vu.xlsx", get(list_as_xlsx))
        .route("/nhiem-vu/{id}", get(task))
}

async fn list_as_csv(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    file(&page, who, &app, "task", FileForm::Csv).await
}

async fn list_as_xlsx(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    file(&page, who, &app, "task", FileForm::Xlsx).await
}

async fn list(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let list = RegisterList::read(&page, who, &app, "task", place, true).await?;
    let title = said(&list.kind.plural, page.lang).to_owned();
    let page = page.titled(title).at(Nav::Tasks);
    let columns = vec![
        title_column(&page, page.say("Tên nhiệm vụ", "Title")),
        Column::new(page.say("Tổ chức chủ trì", "Lead organisation")),
        Column::new(page.say("Tỉnh, thành phố", "Provinces")),
        Column::new(page.say("Tình trạng", "State")),
        day_column(&page, page.say("Thời gian", "Period")),
        Column::numeric(page.say("Kinh phí được duyệt (triệu đồng)", "Approved money (million VND)")),
    ];
    let mut table = list.table(&page, columns);
    for (row, view) in list.found.rows.iter().zip(&list.views) {
        let data = view.as_ref().and_then(|view| view.data.as_ref());
        let money = data.map(|data| items(data, "approved_budget").filter_map(|line| line.get("amount")?.as_i64()).collect::<Vec<_>>());
        let approved = money.filter(|amounts| !amounts.is_empty()).map(|amounts| amounts.into_iter().fold(0, i64::saturating_add));
        table.row(vec![
            list.title_cell(&page, row),
            data.map_or(Cell::Empty, |data| lead_cell(&page, &app, data)),
            Cell::text(said(&app.office.provinces_of_row(row, list.boundaries()), page.lang)),
            state_badge(&page, &app, &list.kind, row.state.as_deref()).map_or(Cell::Empty, Cell::from),
            Cell::text(data.map_or_else(|| format::partial(&row.day, page.lang), |data| period(&page, data))),
            approved.map_or(Cell::Empty, |amount| Cell::text(format::in_millions(amount, page.lang))),
        ]);
    }
    list.show(page, &app, table)
}

/// What stands on the page of a task besides its record.
struct Around {
    money: TaskMoney,
    /// What refers to the task.
    related: Vec<Reference>,
    /// What refers to its results.
    uses: Vec<Reference>,
    /// Reports on application with their contents.
    reports: Vec<(RegisterRow, Value)>,
}

impl Around {
    fn read(office: &Office, who: &office::Identity, record: &RecordPage) -> Result<Around, OfficeError> {
        let money = office.task_money(who, &record.view)?;
        let kinds: Vec<&str> = office.catalogue().kinds().map(|kind| kind.name.as_str()).collect();
        let related = office.references(who, &[record.view.id], &kinds, SHOWN_OF_EACH_KIND)?;
        let results: Vec<RecordId> = of_kind(&related, "result").map(|reference| reference.row.id).collect();
        let uses = office.references(who, &results, &USES, SHOWN_OF_EACH_KIND)?;
        let reports = crate::result::contents(office, who, of_kind(&related, "application_report").map(|reference| &reference.row))?;
        Ok(Around { money, related, uses, reports })
    }
}

pub(crate) fn of_kind<'a>(references: &'a [Reference], kind: &'a str) -> impl Iterator<Item = &'a Reference> {
    references.iter().filter(move |reference| reference.row.kind == kind)
}

async fn task(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (record, around) = app
        .call(move |office| {
            let record = RecordPage::read(office, &who, id)?;
            let around = if record.view.kind == "task" && record.view.form > 0 { Some(Around::read(office, &who, &record)?) } else { None };
            Ok((record, around))
        })
        .await?;
    // Another kind of record has its page elsewhere.
    let Some(around) = around else { return page.go(&record.place()) };
    let Some(data) = &record.view.data else { return show_erased(page) };
    let page = record.page(page, &app, data)?.at(Nav::Tasks);
    let kind = record.kind(&app)?;
    let mut blocks = Blocks::default();
    let mut badges: Vec<_> = state_badge(&page, &app, kind, data.get("state").and_then(Value::as_str)).into_iter().collect();
    badges.extend(record.badges(&page, &app)?);
    blocks.push(Block::Badges(badges));
    show_holding(&page, record.view.id, record.view.held.as_ref(), &mut blocks);
    blocks.push(Block::Figures(figures(&page, &around.money)));
    let mut facts = Definitions::default();
    facts.add(page.say("Tổ chức chủ trì", "Lead organisation"), lead_cell(&page, &app, data));
    facts.add_some(page.say("Thời gian thực hiện", "Period"), Some(period(&page, data)).filter(|words| !words.is_empty()));
    for field in ["provinces", "level", "outcome"] {
        if let Some(declared) = kind.field(field).filter(|_| data.get(field).is_some()) {
            facts.add(said(&declared.label, page.lang), record.cell(&page, &app, field));
        }
    }
    blocks.push(Block::Facts(facts));
    if let Some(aims) = data.get("aims").and_then(Value::as_str) {
        blocks.push(Block::Heading(page.say("Mục tiêu", "Aims").to_owned()));
        blocks.push(Block::Text(aims.to_owned()));
    }
    blocks.push(Block::Heading(page.say("Kinh phí theo nguồn", "Money by source").to_owned()));
    blocks.push(Block::Table(sources_table(&page, &app, &around.money)));
    blocks.push(Block::Heading(page.say("Sản phẩm và kết quả", "Products and results").to_owned()));
    if data.get("expected_results").is_some() {
        blocks.push(Block::Table(products_table(&page, &app, data)));
    }
    blocks.push(Block::Table(results_table(&page, &around)));
    blocks.push(Block::Heading(page.say("Ứng dụng, nhân rộng", "Application and replication").to_owned()));
    blocks.push(Block::Table(application_table(&page, &app, &around.reports)));
    show_related(&page, &app, &around.related, &["result", "application_report"], &mut blocks);
    blocks.push(Block::Heading(page.say("Toàn bộ hồ sơ", "The whole record").to_owned()));
    let shown = [
        "title",
        "aims",
        "approved_budget",
        "expected_results",
        "provinces",
        "level",
        "outcome",
        "lead_org",
        "planned_start",
        "planned_end",
    ];
    record.show_rest(&page, &app, data, &shown, &mut blocks)?;
    show(page, blocks)
}

/// Approved, spent, and from others than the State, or in words why there is no figure.
fn figures(page: &Page, money: &TaskMoney) -> Vec<Figure> {
    let missing = if money.inside {
        page.say("chưa ghi trong hồ sơ", "not recorded yet")
    } else {
        page.say("chưa có số công khai", "no public figure yet")
    };
    let figure = |name: &str, amount: Option<i64>, note: String| Figure {
        name: name.to_owned(),
        value: amount.map_or_else(|| missing.to_owned(), |amount| format::millions(amount, page.lang)),
        note: if amount.is_some() { note } else { String::new() },
        known: amount.is_some(),
    };
    let approved = money.approved_total();
    let share = |part: Option<i64>| match (part.map(u64::try_from), approved.map(u64::try_from)) {
        (Some(Ok(part)), Some(Ok(whole))) if whole > 0 => {
            format!("{} {}", format::percent(part, whole, page.lang), page.say("kinh phí được duyệt", "of the approved money"))
        }
        _ => String::new(),
    };
    let basis = match money.spent.map(|spent| spent.basis) {
        Some(SpentBasis::BudgetLines) => page.say("theo các dòng kinh phí", "by the budget lines"),
        Some(SpentBasis::Payments) => page.say(
            "theo các lần tạm ứng, thanh toán; đã trừ thu hồi, nộp trả",
            "by advances and payments, less what was recovered and returned",
        ),
        None => "",
    };
    let spent = money.spent.map(|spent| spent.amount);
    let spent_note = [share(spent), basis.to_owned()].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ");
    let mut non_state =
        figure(page.say("Ngoài ngân sách nhà nước", "From outside the State budget"), money.non_state(), share(money.non_state()));
    if approved.is_some() && !non_state.known {
        non_state.value = page.say("chưa rõ: có khoản chưa ghi nguồn", "not known: an amount names no source").to_owned();
    }
    vec![
        figure(page.say("Kinh phí được duyệt", "Approved money"), approved, String::new()),
        figure(page.say("Đã chi", "Spent"), spent, spent_note),
        non_state,
    ]
}

fn sources_table(page: &Page, app: &App, money: &TaskMoney) -> Table {
    let columns = vec![Column::new(page.say("Nguồn kinh phí", "Source")), Column::numeric(page.say("Số tiền (đồng)", "Amount (đồng)"))];
    let empty = EmptyState::new(
        page.say("Chưa có kinh phí theo nguồn", "No money by source yet"),
        if money.inside {
            page.say("Hãy ghi kinh phí được phê duyệt khi sửa hồ sơ.", "Fill in the approved budget when you edit the record.")
        } else {
            page.say(
                "Kinh phí được phê duyệt công khai khi nhiệm vụ kết thúc.",
                "The approved money becomes public when the task has finished.",
            )
        },
    );
    let caption = page.say("Kinh phí được phê duyệt", "Approved money");
    let mut table = Table::new(page.texts(), caption, columns).with_total(money.approved.len() as u64).when_empty(empty);
    let names = app.office.catalogue().list("funding-sources");
    for (source, amount) in &money.approved {
        let words = match source {
            Some(code) => names.and_then(|list| list.label(code)).map_or(code.as_str(), |label| said(label, page.lang)),
            None => page.say("chưa ghi nguồn", "no source recorded"),
        };
        table.row(vec![Cell::text(words), Cell::number(*amount, page.lang)]);
    }
    table
}

fn products_table(page: &Page, app: &App, data: &Value) -> Table {
    let columns = vec![
        Column::new(page.say("Sản phẩm", "Product")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Số lượng", "Quantity")),
    ];
    let products: Vec<&Value> = items(data, "expected_results").collect();
    let caption = page.say("Sản phẩm phải có", "Products due");
    let mut table = Table::new(page.texts(), caption, columns).with_total(products.len() as u64);
    let names = app.office.catalogue().list("result-kinds");
    for product in products {
        let text = |name: &str| product.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = names.and_then(|list| list.label(text("kind"))).map_or(text("kind"), |label| said(label, page.lang));
        table.row(vec![Cell::text(text("text")), Cell::text(kind), Cell::text(text("quantity"))]);
    }
    table
}

fn results_table(page: &Page, around: &Around) -> Table {
    let columns = vec![
        Column::new(page.say("Kết quả", "Result")),
        Column::new(page.say("Ngày nghiệm thu", "Accepted on")),
        Column::new(page.say("Chuyển giao, công nghệ", "Transfers, technologies")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có kết quả đăng ký", "No registered result yet"),
        page.say("Kết quả hiện ở đây khi được ghi nhận.", "Results appear here when they are recorded."),
    );
    let of = of_kind(&around.related, "result").next().map_or(0, |reference| reference.of);
    let caption = page.say("Kết quả đã đăng ký", "Registered results");
    let mut table = Table::new(page.texts(), caption, columns).with_total(of).when_empty(empty);
    for result in of_kind(&around.related, "result") {
        table.row(vec![
            Cell::link(office::shorten(&result.row.title, 140), page.href(&place_of("result", result.row.id))),
            Cell::text(format::partial(&result.row.day, page.lang)),
            uses_cell(page, around.uses.iter().filter(|reference| reference.to == result.row.id)),
        ]);
    }
    table
}

/// From when to when the task runs.
fn period(page: &Page, data: &Value) -> String {
    let day = |names: &[&str]| {
        names.iter().find_map(|name| data.get(*name).and_then(Value::as_str)).map(|day| format::partial(day, page.lang)).unwrap_or_default()
    };
    match (day(&["planned_start"]), day(&["actual_end", "planned_end"])) {
        (start, end) if end.is_empty() => start,
        (start, end) if start.is_empty() => format!("{} {end}", page.say("đến", "until")),
        (start, end) => {
            // "6/2017 – 6/2018", "2005 – 2006": two months or two years need no word that says so.
            let plain = ["tháng ", "năm "].iter().find_map(|word| Some((start.strip_prefix(word)?, end.strip_prefix(word)?)));
            let (start, end) = plain.unwrap_or((&start, &end));
            if start == end { start.to_owned() } else { format!("{start} – {end}") }
        }
    }
}
