//! "Tình hình kết nối dữ liệu": what the node knows of its connection, and the report on it that a ministry asks for.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use office::{ConnectionReport, ConnectionStage, Identity};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Column, Definitions, EmptyState, Field, FieldKind, FormErrors, Icon, Notice, Table, Tone};
use crate::records::code_words;
use crate::service::{App, Who, said};

pub(crate) const PLACE: &str = "/ket-noi";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/ket-noi", get(index).post(write))
}

async fn index(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let errors = FormErrors::none(page.texts());
    show_index(page, who, &app, &FormPairs::default(), errors).await
}

async fn show_index(page: Page, who: Identity, app: &App, typed: &FormPairs, errors: FormErrors) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let (report, may_write) = app
        .call(move |office| {
            let report = office.connection_report(&who)?;
            let may_write = office::decide(&who, office::Action::Edit, &office::Subject::body(office.body(), "")).allowed;
            Ok((report, may_write))
        })
        .await?;
    let title = page.say("Tình hình kết nối dữ liệu", "The connection of data").to_owned();
    let page = page.titled(title).at(Nav::Work);
    let mut blocks = Blocks::default();
    let is_refused = !errors.is_empty();
    blocks.push(Block::Lead(
        page.say(
            "Mọi số dưới đây do chương trình tính lúc mở trang: dữ liệu sẵn sàng, khớp mẫu, kết nối, đối soát, lỗi. Cơ quan chỉ ghi khó khăn và đề nghị.",
            "All figures are computed when the page is opened: data ready, mapped, connected, compared, errors. People write difficulties and requests only.",
        )
        .to_owned(),
    ));
    if report.is_centre {
        blocks.push(Block::Notice(Notice::info(page.say(
            "Nút này là Trung ương: không có nút trên để báo cáo. Báo cáo của các cơ quan dưới nằm ở danh sách bên dưới; độ đầy đủ của dữ liệu ở trang Độ đầy đủ.",
            "This node is the Centre and reports to nobody. The reports of the bodies below are in the list below; how complete their data is stands under Completeness.",
        ))));
    } else {
        blocks.push(Block::Badges(vec![stage_badge(&page, app, report.stage)]));
    }
    blocks.push(Block::Facts(facts(&page, app, &report)));
    blocks.push(Block::Table(sets_table(&page, app, &report)));
    blocks.push(Block::Table(troubles_table(&page, &report)));
    if may_write && !report.is_centre {
        blocks.push(Block::Form(form(&page, typed, errors)));
    }
    let earlier = page.say("Các báo cáo", "Reports").to_owned();
    blocks.push(Block::Links(vec![(earlier, page.href("/bieu-mau/connection_report"))]));
    if is_refused { show_faulty(page, blocks) } else { show(page, blocks) }
}

fn stage_badge(page: &Page, app: &App, stage: ConnectionStage) -> Badge {
    let (tone, icon) = match stage {
        ConnectionStage::Connected => (Tone::Good, Icon::Check),
        ConnectionStage::Repairing => (Tone::Bad, Icon::Alert),
        ConnectionStage::Testing => (Tone::Info, Icon::Clock),
        ConnectionStage::NotConnected => (Tone::Plain, Icon::Clock),
    };
    Badge::new(tone, icon, code_words(page, app, "connection-stages", stage.code()))
}

fn facts(page: &Page, app: &App, report: &ConnectionReport) -> Definitions {
    let mut facts = Definitions { rows: Vec::new() };
    facts.add_some(page.say("Nút trên", "Node above"), report.above.clone());
    facts.add(page.say("Mục đã công bố", "Entries published"), Cell::text(count(report.published, page)));
    if report.above.is_some() {
        facts.add(page.say("Nút trên đã ký nhận", "Signed for above"), Cell::text(count(report.received, page)));
        facts.add(page.say("Chờ lãnh đạo gửi", "Waiting for the head"), Cell::text(count(report.waiting, page)));
        let comparison = code_words(page, app, "comparisons", report.comparison.code());
        facts.add(page.say("Đối soát", "Comparison"), Cell::text(comparison));
    }
    facts.add(page.say("Lúc", "At"), Cell::text(format::instant(report.compared_at)));
    facts
}

fn sets_table(page: &Page, app: &App, report: &ConnectionReport) -> Table {
    let columns = vec![
        Column::new(page.say("Loại dữ liệu", "Kind of data")),
        Column::numeric(page.say("Bản ghi", "Records")),
        Column::numeric(page.say("Sẵn sàng", "Ready")),
        Column::new(page.say("Mẫu", "Form")),
        Column::new(page.say("Trường khớp mẫu chung", "Fields mapped")),
        Column::numeric(page.say("Bị trả lại", "Returned")),
    ];
    let empty = EmptyState::new(
        page.say("Cơ quan chưa giữ bản ghi nào", "The body keeps no record yet"),
        page.say("Nhập dữ liệu rồi mở lại trang này.", "Bring data in and open this page again."),
    );
    let caption = page.say("Sẵn sàng và khớp mẫu", "Ready and mapped");
    let mut table = Table::new(page.texts(), caption, columns).with_total(report.data_sets.len() as u64).when_empty(empty);
    for set in &report.data_sets {
        let name = app.office.catalogue().kind(&set.kind).map_or(set.kind.as_str(), |kind| said(&kind.plural, page.lang));
        table.row(vec![
            Cell::link(name.to_owned(), page.href(&crate::records::list_of(&set.kind))),
            Cell::text(count(set.records, page)),
            Cell::text(count(set.ready, page)),
            Cell::text(code_words(page, app, "form-standings", set.form.code())),
            Cell::text(format!("{}/{}", set.mapped, set.fields)),
            Cell::text(count(set.returned, page)),
        ]);
    }
    table
}

fn troubles_table(page: &Page, report: &ConnectionReport) -> Table {
    let columns = vec![Column::new(page.say("Sổ", "Log")), Column::new(page.say("Lỗi", "Error")), Column::new(page.say("Từ lúc", "Since"))];
    let empty =
        EmptyState::new(page.say("Không có lỗi", "No error"), page.say("Không sổ nào bị vướng.", "Nothing keeps any log from going on."));
    let mut table = Table::new(page.texts(), page.say("Lỗi đang có", "Present errors"), columns).when_empty(empty);
    for (log, words, since) in &report.troubles {
        table.row(vec![Cell::text(log.clone()), Cell::text(words.clone()), Cell::text(format::instant(*since))]);
    }
    table
}

fn form(page: &Page, typed: &FormPairs, errors: FormErrors) -> Form {
    let texts = page.texts();
    let lines = |name: &str, label: &str| {
        Field::new(texts, FieldKind::LongText { rows: 4 }, name, label).value(typed.get(name).unwrap_or_default()).error_from(&errors)
    };
    let mut form = Form::post(page.href(PLACE))
        .field(lines("difficulties", page.say("Khó khăn, vướng mắc", "Difficulties")))
        .field(lines("requests", page.say("Đề nghị với cấp trên", "What is asked of those above")))
        .button(page.say("Lập báo cáo", "Write the report"));
    form.heading = page.say("Lập báo cáo", "Write a report").to_owned();
    form.class = "card";
    form.errors = Some(errors);
    form.before = vec![
        page.say(
            "Báo cáo giữ nguyên các số của lúc lập, ở dạng bản nháp; lãnh đạo xem rồi chuyển sang “Đã báo cáo” thì báo cáo tự gửi lên. Tải được dạng Word.",
            "The report keeps the figures of this moment as a draft; once the head has reported it, it goes up by itself. It can be had as a Word file.",
        )
        .to_owned(),
    ];
    form
}

fn count(number: u64, page: &Page) -> String {
    format::number(i64::try_from(number).unwrap_or(i64::MAX), page.lang)
}

async fn write(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let (asking, text) = (who.clone(), |name: &str| pairs.get(name).unwrap_or_default().to_owned());
    let (difficulties, requests) = (text("difficulties"), text("requests"));
    match app.call(move |office| office.write_connection_report(&asking, &difficulties, &requests)).await {
        Ok(stored) => page.go(&format!("/r/{}", stored.id)),
        Err(failure) if failure.status == StatusCode::UNPROCESSABLE_ENTITY && !failure.faults.is_empty() => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            show_index(page, who, &app, &pairs, errors).await
        }
        Err(failure) => Err(failure),
    }
}
