//! Results of tasks: their list, and the page of one that begins with grade, certificate, readiness, industrial property and who uses it.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use office::{FileForm, Identity, Office, OfficeError, RecordId, Reference, RegisterRow};
use serde_json::Value;

use crate::blocks::{Block, Blocks, Figure, show};
use crate::errors::Answer;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Column, Definitions, EmptyState, Table};
use crate::record_page::{RecordPage, show_erased, show_holding};
use crate::records::{code_words, items, lead_cell, place_of, show_related, state_badge};
use crate::register_list::{RegisterList, day_column, file, title_column};
use crate::service::{App, Who, record_id, said};
use crate::task::{USES, of_kind};

/// Records of each kind that are shown beside a result.
const SHOWN_OF_EACH_KIND: usize = 20;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/ket-qua", get(list))
        .route("/ket-qua.csv", get(list_as_csv))
        .route("/ket-qua.xlsx", get(list_as_xlsx))
        .route("/ket-qua/{id}", get(result))
}

async fn list_as_csv(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    file(&page, who, &app, "result", FileForm::Csv).await
}

async fn list_as_xlsx(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    file(&page, who, &app, "result", FileForm::Xlsx).await
}

async fn list(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let list = RegisterList::read(&page, who, &app, "result", place, true).await?;
    let title = said(&list.kind.plural, page.lang).to_owned();
    let page = page.titled(title).at(Nav::Results);
    let columns = vec![
        title_column(&page, page.say("Tên kết quả", "Title")),
        Column::new(page.say("Cơ quan giữ hồ sơ", "Kept by")),
        Column::new(page.say("Xếp loại", "Grade")),
        Column::new(page.say("Số Giấy chứng nhận", "Certificate")),
        day_column(&page, page.say("Nghiệm thu", "Accepted")),
    ];
    let mut table = list.table(&page, columns);
    for (row, view) in list.found.rows.iter().zip(&list.views) {
        let data = view.as_ref().and_then(|view| view.data.as_ref());
        let text = |name: &str| data.and_then(|data| data.get(name)).and_then(Value::as_str).unwrap_or_default();
        table.row(vec![
            list.title_cell(&page, row),
            Cell::text(said(&app.office.keeper_of_row(row, list.boundaries()), page.lang)),
            Cell::text(code_words(&page, &app, "grades", text("grade"))),
            Cell::text(text("certificate_number")),
            Cell::text(format::partial(&row.day, page.lang)),
        ]);
    }
    list.show(page, &app, table)
}

/// What stands on the page of a result besides its record.
struct Around {
    /// What refers to the result.
    related: Vec<Reference>,
    /// Technologies made of it, with their contents.
    technologies: Vec<(RegisterRow, Value)>,
    /// Industrial property of the result or its task, with the contents.
    property: Vec<(RegisterRow, Value)>,
    /// Reports on the application of its task.
    reports: Vec<(RegisterRow, Value)>,
}

impl Around {
    fn read(office: &Office, who: &Identity, record: &RecordPage) -> Result<Around, OfficeError> {
        let kinds: Vec<&str> = office.catalogue().kinds().map(|kind| kind.name.as_str()).collect();
        let related = office.references(who, &[record.view.id], &kinds, SHOWN_OF_EACH_KIND)?;
        let technologies = contents(office, who, of_kind(&related, "technology").map(|reference| &reference.row))?;
        let task = record.view.data.as_ref().and_then(|data| data.get("task")).and_then(Value::as_str);
        let task: Vec<RecordId> = task.and_then(|task| RecordId::parse(task).ok()).into_iter().collect();
        let of_task = office.references(who, &task, &["application_report", "industrial_property"], SHOWN_OF_EACH_KIND)?;
        let reports = contents(office, who, of_kind(&of_task, "application_report").map(|reference| &reference.row))?;
        let mut property = contents(office, who, of_kind(&of_task, "industrial_property").map(|reference| &reference.row))?;
        // Those that the result names itself.
        let named = record.view.data.as_ref().into_iter().flat_map(|data| items(data, "ip_records"));
        let mut named: Vec<RecordId> = named.filter_map(|id| RecordId::parse(id.as_str()?).ok()).collect();
        named.retain(|id| property.iter().all(|(row, _)| row.id != *id));
        property.extend(contents(office, who, office.titles(who, &named)?.iter())?);
        Ok(Around { related, technologies, property, reports })
    }
}

async fn result(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (record, around) = app
        .call(move |office| {
            let record = RecordPage::read(office, &who, id)?;
            let around =
                if record.view.kind == "result" && record.view.form > 0 { Some(Around::read(office, &who, &record)?) } else { None };
            Ok((record, around))
        })
        .await?;
    // Another kind of record has its page elsewhere.
    let Some(around) = around else { return page.go(&record.place()) };
    let Some(data) = &record.view.data else { return show_erased(page) };
    let page = record.page(page, &app, data)?.at(Nav::Results);
    let kind = record.kind(&app)?;
    let mut blocks = Blocks::default();
    let mut badges: Vec<_> = state_badge(&page, &app, kind, data.get("state").and_then(Value::as_str)).into_iter().collect();
    badges.extend(record.badges(&page, &app)?);
    blocks.push(Block::Badges(badges));
    show_holding(&page, record.view.id, record.view.held.as_ref(), &mut blocks);
    blocks.push(Block::Figures(figures(&page, &app, data, &around)));
    let mut facts = Definitions::default();
    for field in ["task", "task_text"] {
        if let Some(declared) = kind.field(field).filter(|_| data.get(field).is_some()) {
            facts.add(said(&declared.label, page.lang), record.cell(&page, &app, field));
        }
    }
    match lead_cell(&page, &app, data) {
        Cell::Empty => {}
        lead => facts.add(page.say("Tổ chức chủ trì", "Lead organisation"), lead),
    }
    blocks.push(Block::Facts(facts));
    if let Some(summary) = data.get("summary").and_then(Value::as_str) {
        blocks.push(Block::Heading(page.say("Tóm tắt", "Summary").to_owned()));
        blocks.push(Block::Text(summary.to_owned()));
    }
    blocks.push(Block::Heading(page.say("Sản phẩm và mức sẵn sàng", "Products and readiness").to_owned()));
    if data.get("products").is_some() {
        blocks.push(Block::Table(products_table(&page, &app, data)));
    }
    blocks.push(Block::Table(technologies_table(&page, &around.technologies)));
    blocks.push(Block::Heading(page.say("Sở hữu công nghiệp", "Industrial property").to_owned()));
    blocks.push(Block::Table(property_table(&page, &app, &around.property)));
    blocks.push(Block::Heading(page.say("Ai đang dùng", "Who uses it").to_owned()));
    blocks.push(Block::Table(transfers_table(&page, &around.related)));
    blocks.push(Block::Table(application_table(&page, &app, &around.reports)));
    show_related(&page, &app, &around.related, &USES, &mut blocks);
    blocks.push(Block::Heading(page.say("Toàn bộ hồ sơ", "The whole record").to_owned()));
    record.show_rest(&page, &app, data, &["title", "summary", "products", "task", "task_text", "lead_org", "grade"], &mut blocks)?;
    show(page, blocks)
}

/// Grade, readiness and use, or in words that nothing is recorded.
fn figures(page: &Page, app: &App, data: &Value, around: &Around) -> Vec<Figure> {
    let missing = page.say("chưa ghi", "not recorded");
    let figure = |name: &str, value: Option<String>, note: String| Figure {
        name: name.to_owned(),
        known: value.is_some(),
        value: value.unwrap_or_else(|| missing.to_owned()),
        note,
    };
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let readiness = around.technologies.iter().filter_map(|(_, data)| data.get("trl")?.as_i64()).max();
    let certificate = text("certificate_number").map(|number| format!("{} {number}", page.say("Giấy chứng nhận", "Certificate")));
    let granted = around.property.iter().filter(|(_, data)| data.get("title_number").is_some()).count();
    let places: usize = around.reports.iter().map(|(_, data)| items(data, "sites").count()).sum();
    let transfers = of_kind(&around.related, "transfer_contract").next().map_or(0, |reference| reference.of);
    let count = |count: u64| format::number(i64::try_from(count).unwrap_or(i64::MAX), page.lang);
    vec![
        figure(
            page.say("Xếp loại nghiệm thu", "Grade"),
            text("grade").map(|code| code_words(page, app, "grades", code)),
            certificate.unwrap_or_default(),
        ),
        figure(
            page.say("Mức sẵn sàng", "Readiness level"),
            readiness.map(|level| format!("TRL {level}/9")),
            if readiness.is_some() {
                page.say("cao nhất của các công nghệ", "highest of its technologies").to_owned()
            } else {
                String::new()
            },
        ),
        figure(
            page.say("Đơn, văn bằng", "Applications and titles"),
            Some(count(around.property.len() as u64)),
            format!("{} {}", count(granted as u64), page.say("văn bằng đã cấp", "titles granted")),
        ),
        figure(
            page.say("Chuyển giao", "Transfers"),
            Some(count(transfers)),
            format!("{} {}", count(places as u64), page.say("lượt nơi ứng dụng đã báo cáo", "places of application reported")),
        ),
    ]
}

fn products_table(page: &Page, app: &App, data: &Value) -> Table {
    let columns = vec![
        Column::new(page.say("Sản phẩm", "Product")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Số lượng", "Quantity")),
        Column::new(page.say("Chất lượng", "Quality")),
    ];
    let products: Vec<&Value> = items(data, "products").collect();
    let mut table = Table::new(page.texts(), page.say("Sản phẩm", "Products"), columns).with_total(products.len() as u64);
    for product in products {
        let text = |name: &str| product.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = match text("description") {
            "" => Cell::text(text("title")),
            description => Cell::Lines(vec![Cell::text(text("title")), Cell::text(office::shorten(description, 300))]),
        };
        let kind = code_words(page, app, "result-kinds", text("kind"));
        table.row(vec![name, Cell::text(kind), Cell::text(text("quantity")), Cell::text(text("quality"))]);
    }
    table
}

fn technologies_table(page: &Page, technologies: &[(RegisterRow, Value)]) -> Table {
    let columns = vec![
        Column::new(page.say("Công nghệ", "Technology")),
        Column::new("TRL"),
        Column::new(page.say("Sở hữu trí tuệ", "Intellectual property")),
        Column::new(page.say("Giá", "Price")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có công nghệ được mô tả", "No technology described yet"),
        page.say(
            "Mức sẵn sàng được ghi ở phiếu mô tả công nghệ của kết quả.",
            "The readiness level is recorded with the technology that came of the result.",
        ),
    );
    let caption = page.say("Công nghệ từ kết quả", "Technologies from the result");
    let mut table = Table::new(page.texts(), caption, columns).with_total(technologies.len() as u64).when_empty(empty);
    for (row, data) in technologies {
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        table.row(vec![
            Cell::link(office::shorten(&row.title, 140), page.href(&place_of(&row.kind, row.id))),
            data.get("trl").and_then(Value::as_i64).map_or(Cell::Empty, |level| Cell::text(format!("{level}/9"))),
            Cell::text(text("ip_status")),
            Cell::text(text("price")),
        ]);
    }
    table
}

fn property_table(page: &Page, app: &App, property: &[(RegisterRow, Value)]) -> Table {
    let columns = vec![
        Column::new(page.say("Đối tượng", "Subject")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Số đơn", "Application")),
        Column::new(page.say("Số văn bằng", "Title")),
        Column::new(page.say("Tình trạng", "Status")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa ghi đơn hay văn bằng nào", "No application or title recorded"),
        page.say(
            "Đơn và văn bằng của kết quả hoặc của nhiệm vụ hiện ở đây.",
            "Applications and titles of the result or of its task appear here.",
        ),
    );
    let caption = page.say("Đơn, văn bằng", "Applications and titles");
    let mut table = Table::new(page.texts(), caption, columns).with_total(property.len() as u64).when_empty(empty);
    for (row, data) in property {
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        table.row(vec![
            Cell::link(office::shorten(&row.title, 140), page.href(&place_of(&row.kind, row.id))),
            Cell::text(code_words(page, app, "ip-kinds", text("kind"))),
            Cell::text(text("application_number")),
            Cell::text(text("title_number")),
            Cell::text(code_words(page, app, "ip-states", text("status"))),
        ]);
    }
    table
}

fn transfers_table(page: &Page, related: &[Reference]) -> Table {
    let columns = vec![Column::new(page.say("Hợp đồng", "Contract")), Column::new(page.say("Ngày ký", "Signed"))];
    let empty = EmptyState::new(
        page.say("Chưa có hợp đồng chuyển giao", "No transfer contract yet"),
        page.say("Hợp đồng ghi nhận cho kết quả này hiện ở đây.", "Contracts recorded for this result appear here."),
    );
    let caption = page.say("Hợp đồng chuyển giao công nghệ", "Technology transfer contracts");
    let of = of_kind(related, "transfer_contract").next().map_or(0, |reference| reference.of);
    let mut table = Table::new(page.texts(), caption, columns).with_total(of).when_empty(empty);
    for contract in of_kind(related, "transfer_contract") {
        table.row(vec![
            Cell::link(office::shorten(&contract.row.title, 140), page.href(&place_of(&contract.row.kind, contract.row.id))),
            Cell::text(format::partial(&contract.row.day, page.lang)),
        ]);
    }
    table
}

/// Where results have been applied, as the yearly reports say.
pub(crate) fn application_table(page: &Page, app: &App, reports: &[(RegisterRow, Value)]) -> Table {
    let columns = vec![
        Column::new(page.say("Nơi ứng dụng", "Who applies it")),
        Column::new(page.say("Tỉnh, thành phố", "Province")),
        Column::new(page.say("Quy mô", "Scale")),
        Column::new(page.say("Báo cáo", "Report")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có báo cáo ứng dụng", "No report on application yet"),
        page.say(
            "Tổ chức chủ trì báo cáo việc ứng dụng hằng năm, trong 5 năm.",
            "The lead organisation reports the application every year, for 5 years.",
        ),
    );
    let mut rows = Vec::new();
    for (row, data) in reports {
        let year = data.get("reporting_year").and_then(Value::as_i64);
        let words = match year {
            Some(year) => format!("{} {year}", page.say("Năm thứ", "Year")),
            None => format::partial(&row.day, page.lang),
        };
        for site in items(data, "sites") {
            let text = |name: &str| site.get(name).and_then(Value::as_str).unwrap_or_default();
            rows.push(vec![
                Cell::text(text("organisation")),
                Cell::text(code_words(page, app, "provinces", text("province"))),
                Cell::text(text("scale")),
                Cell::link(if words.is_empty() { page.say("báo cáo", "report") } else { &words }, page.href(&place_of(&row.kind, row.id))),
            ]);
        }
    }
    let caption = page.say("Nơi ứng dụng đã báo cáo", "Places of application reported");
    let mut table = Table::new(page.texts(), caption, columns).with_total(rows.len() as u64).when_empty(empty);
    for row in rows {
        table.row(row);
    }
    table
}

/// What uses a result, as links; a dash when nothing is recorded.
pub(crate) fn uses_cell<'a>(page: &Page, uses: impl Iterator<Item = &'a Reference>) -> Cell {
    let links: Vec<Cell> = uses
        .map(|reference| Cell::link(office::shorten(&reference.row.title, 80), page.href(&place_of(&reference.row.kind, reference.row.id))))
        .collect();
    if links.is_empty() { Cell::Empty } else { Cell::Lines(links) }
}

/// The contents of records as this reader may see them; one withdrawn meanwhile is left out.
pub(crate) fn contents<'a>(
    office: &Office,
    who: &Identity,
    rows: impl Iterator<Item = &'a RegisterRow>,
) -> Result<Vec<(RegisterRow, Value)>, OfficeError> {
    let mut found = Vec::new();
    for row in rows {
        match office.view(who, row.id) {
            Ok(view) => found.extend(view.data.map(|data| (row.clone(), data))),
            Err(OfficeError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
