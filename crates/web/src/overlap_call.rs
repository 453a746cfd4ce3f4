//! A whole call of proposals compared at once: choose the round, watch the bar, read who repeats what.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use office::{OverlapCall, OverlapCallForm, RecordId};

use crate::blocks::{Block, Blocks, Form, show};
use crate::errors::Answer;
use crate::form::FormPairs;
use crate::format;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Choice, Column, EmptyState, Field, FieldKind, Icon, Notice, Table, Tone};
use crate::records::place_of;
use crate::service::{App, Who, said};

pub(crate) const PLACE: &str = "/trung-lap";
/// Rows of a page: enough for a call, so that the whole can be printed.
const MOST_ROWS: usize = 500;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/trung-lap", get(call).post(begin))
}

async fn begin(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    let year = match pairs.get("year").map(|year| (year, year.parse::<i32>().ok().filter(|year| (1_900..=2_200).contains(year)))) {
        Some((typed, None)) => return show_call(page, &app, None, Some(typed.to_owned())),
        Some((_, year)) => year,
        None => None,
    };
    let form = OverlapCallForm { state: pairs.get("state").map(str::to_owned), year };
    let office = app.office.clone();
    app.call(move |_| office.begin_overlap_call(&who, form)).await?;
    page.go(PLACE)
}

async fn call(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let state = app.call(move |office| office.overlap_call(&who)).await?;
    if let Some(call) = state.as_deref().filter(|call| call.is_running) {
        let words = ("Đang so từng đề xuất…", "Comparing every proposal…");
        return crate::sheet_import::working(titled(page), words, call.done, call.of);
    }
    show_call(page, &app, state.as_deref(), None)
}

fn titled(page: Page) -> Page {
    let title = page.say("Kiểm tra trùng lặp cả đợt", "Overlap check of a whole call").to_owned();
    let label = page.say("Việc của tôi", "My work").to_owned();
    page.titled(title).at(Nav::Work).crumb(label, "/viec")
}

fn show_call(page: Page, app: &App, call: Option<&OverlapCall>, wrong_year: Option<String>) -> Answer {
    let page = titled(page);
    let texts = page.texts();
    let mut blocks = Blocks::default();
    blocks.push(Block::Lead(
        page.say(
            "So mọi phiếu đề xuất của đợt với nhiệm vụ, kết quả đã có và với nhau.",
            "Compares all proposals of a call with the tasks and results that exist and with one another.",
        )
        .to_owned(),
    ));
    let mut states = vec![Choice::new("", page.say("Mọi trạng thái", "Any state"))];
    for code in app.office.catalogue().list("workflow:proposal").map(|list| list.codes.as_slice()).unwrap_or_default() {
        states.push(Choice::new(code.code.clone(), said(&code.label, page.lang)));
    }
    let chosen = call.map(|call| call.form.clone()).unwrap_or(OverlapCallForm { state: Some("submitted".to_owned()), year: None });
    let mut year = Field::new(texts, FieldKind::Number, "year", page.say("Năm nhận (để trống: mọi năm)", "Year received (empty: any)"))
        .value(wrong_year.clone().or_else(|| chosen.year.map(|year| year.to_string())).unwrap_or_default());
    if wrong_year.is_some() {
        year.error = page.say("Năm gồm bốn chữ số, ví dụ 2026.", "A year has four digits, for example 2026.").to_owned();
    }
    let mut form = Form::post(page.href(PLACE))
        .field(
            Field::select(texts, "state", page.say("Trạng thái phiếu", "State of the proposals"), states)
                .value(chosen.state.unwrap_or_default()),
        )
        .field(year)
        .button(if call.is_some() { page.say("So lại", "Compare again") } else { page.say("Bắt đầu so", "Compare") });
    form.class = "filter no-print";
    blocks.push(Block::Form(form));
    if wrong_year.is_some() {
        return crate::blocks::show_faulty(page, blocks);
    }
    let Some(call) = call else { return show(page, blocks) };
    if let Some(why) = &call.failed {
        blocks.push(Block::Notice(Notice::problem(said(why, page.lang))));
        return show(page, blocks);
    }
    if call.rows.is_empty() {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Không có phiếu nào trong đợt", "No proposal in this call"),
            page.say("Hãy chọn trạng thái hoặc năm khác.", "Choose another state or year."),
        )));
        return show(page, blocks);
    }
    let strong = call.rows.iter().filter(|row| row.is_strong()).count();
    let number = |count: usize| format::number(i64::try_from(count).unwrap_or(i64::MAX), page.lang);
    blocks.push(Block::Text(format!(
        "{} {}; {} {}.",
        number(call.of),
        page.say("phiếu đã so", "proposals compared"),
        number(strong),
        page.say("phiếu nên xem kỹ", "deserve a close look"),
    )));
    blocks.push(Block::Table(table(&page, app, call)));
    if call.rows.len() > MOST_ROWS {
        blocks.push(Block::Muted(format!("{} {}", page.say("Hiện", "Shown:"), number(MOST_ROWS))));
    }
    show(page, blocks)
}

fn table(page: &Page, app: &App, call: &OverlapCall) -> Table {
    let columns = vec![
        Column::new(page.say("Phiếu đề xuất", "Proposal")),
        Column::new(page.say("Nhận xét máy", "What the program says")),
        Column::new(page.say("Bản ghi trùng lời nhất", "Records that say most of it")),
        Column::new(page.say("Đối chiếu", "Side by side")),
    ];
    let mut table = Table::new(page.texts(), page.say("Kết quả, nên xem kỹ đứng trước", "Result, those to look at first"), columns)
        .with_total(call.of as u64);
    for row in call.rows.iter().take(MOST_ROWS) {
        let says = match (row.is_strong(), row.found.is_empty()) {
            (true, _) => Badge::new(Tone::Warn, Icon::Alert, page.say("nên xem kỹ", "look closely")),
            (false, false) => Badge::new(Tone::Plain, Icon::Info, page.say("có lời giống", "some words alike")),
            (false, true) => Badge::new(Tone::Good, Icon::Check, page.say("không thấy trùng", "nothing found")),
        };
        let records = row.found.iter().map(|found| {
            let overlap = &found.overlap;
            let kind = app.office.catalogue().kind(&overlap.kind).map_or(overlap.kind.as_str(), |kind| said(&kind.label, page.lang));
            let words = format!("{:.0} % · {kind}: {}", 100.0 * overlap.share, office::shorten(&overlap.title, 90));
            let href = RecordId::parse(&overlap.id).map(|id| page.href(&place_of(&overlap.kind, id))).unwrap_or_default();
            Cell::link(words, href)
        });
        let records: Vec<Cell> = records.collect();
        table.row(vec![
            Cell::link(office::shorten(&row.title, 120), page.href(&place_of("proposal", row.proposal))),
            Cell::from(says),
            if records.is_empty() { Cell::Empty } else { Cell::Lines(records) },
            Cell::link(page.say("Xem các đoạn", "Show the passages"), page.href(&format!("/r/{}/trung-lap", row.proposal))),
        ]);
    }
    table
}
