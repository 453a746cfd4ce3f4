//! Documents: the exact text beside what was found in it.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use office::{Order, RecordId, RegisterFilter};
use serde_json::Value;

use crate::attached_file::show_files;
use crate::blocks::{Block, Blocks, show};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Column, Definitions, Pager, SourceText, Span, Table, Tone};
use crate::record_page::show_holding;
use crate::returned::show_returned;
use crate::service::{App, Who, record_id};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/van-ban", get(list)).route("/van-ban/{id}", get(document))
}

async fn list(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let found = app
        .call(move |office| {
            let filter = RegisterFilter { kind: Some("document".to_owned()), order: Order::Latest, ..RegisterFilter::default() };
            office.register_page(&who, &filter, place.after.as_deref(), place.limit)
        })
        .await?;
    let title = page.say("Văn bản", "Documents").to_owned();
    let page = page.titled(title).at(Nav::Directives);
    let columns = vec![
        Column::new(page.say("Văn bản", "Document")),
        Column::new(page.say("Ngày", "Date")),
        Column::new(page.say("Trạng thái", "State")),
    ];
    let mut table = Table::new(page.texts(), page.say("Văn bản", "Documents"), columns).with_total(found.total);
    for row in &found.rows {
        let state =
            row.state.as_deref().and_then(|state| app.office.catalogue().workflow("document").map(|workflow| workflow.state_label(state)));
        let state = state.map(|label| crate::service::said(&label, page.lang).to_owned()).unwrap_or_default();
        table.row(vec![
            Cell::link(row.title.clone(), page.href(&format!("/van-ban/{}", row.id))),
            Cell::text(format::partial(&row.day, page.lang)),
            Cell::text(state),
        ]);
    }
    let mut blocks = Blocks::default();
    blocks.push(Block::Table(table));
    blocks.push(Block::Pager(Pager::new(&page, found.rows.len(), found.total, found.next.as_deref())));
    show(page, blocks)
}

async fn document(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (view, directives, files) = app
        .call(move |office| {
            let view = office.view(&who, id)?;
            if view.kind != "document" {
                return Err(office::OfficeError::NotFound(id.to_string()));
            }
            Ok((view, office.directives_of(&who, id)?, office.attached_files(&who, id)?))
        })
        .await?;
    let data = view.data.clone().ok_or_else(|| Failure::not_found(id.to_string()))?;
    let text = |field: &str| data.get(field).and_then(Value::as_str).map(str::to_owned);
    let label = page.say("Văn bản", "Documents").to_owned();
    let page = page.titled(text("title").unwrap_or_default()).at(Nav::Directives).crumb(label, "/van-ban").wide();
    let mut blocks = Blocks::default();
    show_holding(&page, view.id, view.held.as_ref(), &mut blocks);
    show_returned(&page, view.held.as_ref(), view.returned.as_ref(), &mut blocks);
    let mut facts = Definitions { rows: Vec::new() };
    facts.add_some(page.say("Số, ký hiệu", "Number"), text("number"));
    for (field, vi, en) in
        [("event_day", "Ngày họp", "Event"), ("issued_day", "Ngày ban hành", "Issued"), ("published_day", "Ngày đăng", "Published")]
    {
        facts.add_some(page.say(vi, en), text(field).map(|day| format::partial(&day, page.lang)));
    }
    facts.add_some(page.say("Nguồn", "Source"), text("source"));
    if let Some(conference) = text("conference") {
        facts.add(
            page.say("Hội nghị", "Conference"),
            Cell::link(page.say("Xem hội nghị", "See the conference"), page.href(&format!("/hoi-nghi/{conference}"))),
        );
    }
    blocks.push(Block::Facts(facts));
    show_files(&page, id, &files, &mut blocks);
    let mut buttons = Vec::new();
    if view.edit.allowed {
        buttons.push((page.say("Soát và giao việc", "Review and issue").to_owned(), page.href(&format!("/van-ban/{id}/soat"))));
    }
    if !buttons.is_empty() {
        blocks.push(Block::Buttons(buttons));
    }
    blocks.push(Block::Links(vec![(page.say("Bản ghi, lịch sử", "Record, history").to_owned(), page.href(&format!("/r/{id}")))]));
    let words = text("text").unwrap_or_default();
    let spans = directives
        .iter()
        .filter_map(|found| span(found.directive.start, found.directive.end, &found.id, &found.directive.item, &page))
        .collect();
    let mut left = Blocks::default();
    left.push(Block::Source(SourceText::new(&words, spans)));
    let mut right = Blocks::default();
    let columns = vec![Column::new(page.say("Mục", "Item")), Column::new(page.say("Nội dung", "Content"))];
    let mut table = Table::new(page.texts(), page.say("Nội dung chỉ đạo", "Directives"), columns).with_total(directives.len() as u64);
    for found in &directives {
        let cells = vec![
            Cell::text(found.directive.item.clone()),
            Cell::link(office::shorten(&found.directive.text, 120), page.href(&format!("/chi-dao/{}", found.id))),
        ];
        table.draft_row(found.id.to_string(), cells);
    }
    right.push(Block::Table(table));
    right.push(Block::Table(citations(&page, &data)));
    blocks.push(Block::Split(page.say("Nguyên văn", "Source text").to_owned(), left, right));
    if let Some(readings) = data.get("readings").and_then(Value::as_array) {
        let columns = vec![
            Column::new(page.say("Nguyên văn", "As written")),
            Column::new(page.say("Đọc là", "Read as")),
            Column::new(page.say("Người ghi", "By")),
        ];
        let mut table =
            Table::new(page.texts(), page.say("Lớp sửa (nguyên văn giữ nguyên)", "Corrected readings (the original stays)"), columns)
                .with_total(readings.len() as u64);
        for reading in readings {
            let part = |field: &str| Cell::text(reading.get(field).and_then(Value::as_str).unwrap_or_default());
            table.row(vec![part("raw"), part("reading"), part("by")]);
        }
        blocks.push(Block::Table(table));
    }
    show(page, blocks)
}

/// The marked passage of a directive.
pub(crate) fn span(start: Option<u64>, end: Option<u64>, id: &RecordId, item: &str, page: &Page) -> Option<Span> {
    Some(Span {
        start: usize::try_from(start?).ok()?,
        end: usize::try_from(end?).ok()?,
        name: id.to_string(),
        label: format!("{} {item}", page.say("Mục", "Item")),
        tone: Tone::Info,
    })
}

/// The table of citations with what was probably meant.
pub(crate) fn citations(page: &Page, data: &Value) -> Table {
    let list = data.get("citations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let columns = vec![
        Column::new(page.say("Viện dẫn", "Citation")),
        Column::new(page.say("Văn bản", "Document")),
        Column::new(page.say("Gợi ý", "Suggestion")),
    ];
    let mut table = Table::new(page.texts(), page.say("Văn bản được viện dẫn", "Documents cited"), columns).with_total(list.len() as u64);
    for citation in list {
        let part = |field: &str| Cell::text(citation.get(field).and_then(Value::as_str).unwrap_or_default());
        table.row(vec![part("raw"), part("target"), part("suggestion")]);
    }
    table
}
