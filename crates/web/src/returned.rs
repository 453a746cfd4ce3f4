//! Records sent back to their owners: the form at a node above, the banner and the inbox at the owner, both lists for the administrator.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use office::{Holding, LeafHash, OfficeError, RecordId, RecordView, Return, ReturnedPage};

use crate::administration::require;
use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::lang::Lang;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Choice, Column, EmptyState, Field, FieldKind, Notice, Table};
use crate::records::place_of;
use crate::service::{App, Who, record_id, said};

/// Rows of a page of a list.
const ROWS: usize = 50;
/// Rows in "Việc của tôi"; the rest has a page of its own.
pub(crate) const IN_DESK: usize = 10;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/r/{id}/tra-lai", get(form).post(send_back))
        .route("/viec/bi-tra-lai", get(inbox))
        .route("/quan-tri/nut/bi-tra-lai", get(returned_to_node))
        .route("/quan-tri/nut/da-tra-lai", get(returned_here))
}

async fn form(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let view = app.call(move |office| office.view(&who, id)).await?;
    show_form(page, &app, &view, None)
}

fn show_form(page: Page, app: &App, view: &RecordView, refused: Option<String>) -> Answer {
    let Some(held) = view.held.as_ref().filter(|held| held.may_return) else { return Err(Failure::not_found(view.id.to_string())) };
    let title = page.say("Trả lại bản ghi", "Return the record").to_owned();
    let label = page.say("Bản ghi", "Record").to_owned();
    let page = page.titled(title).crumb(label, &format!("/r/{}", view.id));
    let mut blocks = Blocks::default();
    let is_refused = refused.is_some();
    if let Some(words) = refused {
        blocks.push(Block::Notice(Notice::problem(words)));
    }
    let reasons = app.office.return_reasons().into_iter().map(|(code, words)| Choice::new(code, said(&words, page.lang))).collect();
    let mut form = Form::post(page.href(&format!("/r/{}/tra-lai", view.id)))
        .field(Field::new(page.texts(), FieldKind::Hidden, "leaf", "").value(view.leaf.to_hex()))
        .field(Field::new(page.texts(), FieldKind::Ticks(reasons), "reason", page.say("Lý do", "Reason")).required())
        .button(page.say("Trả lại", "Return"));
    form.before = vec![match page.lang {
        Lang::Vi => {
            format!(
                "Phiên bản {} sẽ được báo trả lại cho {}; đơn vị ấy sửa và gửi phiên bản mới. Bản ghi ở đây giữ nguyên. Không ghi lời riêng: lý do đi cùng nhật ký có ký, nên chỉ chọn trong danh sách.",
                view.version, held.title
            )
        }
        Lang::En => {
            format!(
                "Version {} goes back to {}, who mends it and sends a new one. The record here stays. There is no room for words of one's own: the reason travels in the signed log, so it is chosen from the list.",
                view.version, held.title
            )
        }
    }];
    blocks.push(Block::Form(form));
    let show = if is_refused { show_faulty } else { show };
    show(page, blocks)
}

async fn send_back(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let codes: Vec<String> = pairs.all("reason").into_iter().map(str::to_owned).collect();
    let leaf = pairs.get("leaf").and_then(LeafHash::from_hex).unwrap_or(LeafHash([0; 32]));
    let asking = who.clone();
    match app.call(move |office| office.return_record(&asking, id, leaf, &codes)).await {
        Ok(()) => page.go(&format!("/r/{id}")),
        Err(failure) => match &failure.message {
            Some(message) if matches!(failure.status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT) => {
                let words = message.get(page.lang).to_owned();
                let view = app.call(move |office| office.view(&who, id)).await?;
                show_form(page, &app, &view, Some(words))
            }
            _ => Err(failure),
        },
    }
}

/// What a page of the record says when its present version was sent back.
pub(crate) fn show_returned(page: &Page, held: Option<&Holding>, returned: Option<&Return>, blocks: &mut Blocks) {
    let Some(returned) = returned else { return };
    let reasons = reasons_in_words(page, returned);
    let when = format::instant(returned.at);
    let (title, words) = match (held, page.lang) {
        (None, Lang::Vi) => (
            format!("{} đã trả lại bản ghi này", returned.by.vi),
            format!("{when}. Lý do: {reasons}. Hãy sửa rồi lưu; phiên bản mới tự gửi lên và thay cho bản bị trả lại."),
        ),
        (None, Lang::En) => (
            format!("{} has returned this record", returned.by.en),
            format!(
                "{when}. Reason: {reasons}. Mend it and save; the new version goes up by itself and takes the place of the returned one."
            ),
        ),
        (Some(held), Lang::Vi) => {
            ("Đã trả lại bản ghi này".to_owned(), format!("{when}. Lý do: {reasons}. Đang chờ {} gửi phiên bản mới.", held.title))
        }
        (Some(held), Lang::En) => {
            ("This record was returned".to_owned(), format!("{when}. Reason: {reasons}. Waiting for a new version from {}.", held.title))
        }
    };
    blocks.push(Block::Notice(Notice::warning(words).titled(title)));
}

fn reasons_in_words(page: &Page, returned: &Return) -> String {
    let words: Vec<&str> = returned.reasons.iter().map(|reason| said(reason, page.lang)).collect();
    words.join("; ")
}

/// The heap "Bị trả lại" of "Việc của tôi" for whole records.
pub(crate) fn inbox_blocks(page: &Page, app: &App, found: &ReturnedPage, blocks: &mut Blocks) {
    if found.rows.is_empty() {
        return;
    }
    blocks.push(Block::Table(table(page, app, found, page.say("Bản ghi bị nút trên trả lại", "Records returned by a node above"))));
    if found.next.is_some() {
        blocks.push(Block::Links(vec![(
            page.say("Xem tất cả bản ghi bị trả lại", "All returned records").to_owned(),
            page.href("/viec/bi-tra-lai"),
        )]));
    }
}

fn table(page: &Page, app: &App, found: &ReturnedPage, caption: &str) -> Table {
    let columns = vec![
        Column::new(page.say("Bản ghi", "Record")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Lý do", "Reason")),
        Column::new(page.say("Nơi kia", "The other body")),
        Column::new(page.say("Lúc", "When")),
    ];
    let empty = EmptyState::new(
        page.say("Không có bản ghi nào bị trả lại", "Nothing was returned"),
        page.say("Bản ghi bị trả lại sẽ hiện ở đây cùng lý do.", "Returned records appear here with their reasons."),
    );
    let mut table = Table::new(page.texts(), caption, columns).when_empty(empty);
    for row in &found.rows {
        let title = if row.title.is_empty() { row.id.to_string() } else { office::shorten(&row.title, 120) };
        let kind = app.office.catalogue().kind(&row.kind).map(|kind| said(&kind.label, page.lang)).unwrap_or(&row.kind);
        table.row(vec![
            Cell::link(title, page.href(&place(&row.kind, row.title.is_empty(), row.id))),
            Cell::text(kind),
            Cell::text(reasons_in_words(page, &row.returned)),
            Cell::text(said(&row.returned.by, page.lang)),
            Cell::text(format::instant(row.returned.at)),
        ]);
    }
    table
}

/// A record that stands in no list has the page of any record only.
fn place(kind: &str, is_unlisted: bool, id: RecordId) -> String {
    if is_unlisted { format!("/r/{id}") } else { place_of(kind, id) }
}

fn list_page(page: Page, app: &App, found: &ReturnedPage, here: &str, title: &str) -> Answer {
    let mut blocks = Blocks::default();
    blocks.push(Block::Table(table(&page, app, found, title)));
    if let Some(next) = &found.next {
        blocks.push(Block::Buttons(vec![(page.say("Cũ hơn", "Older").to_owned(), page.href(&format!("{here}?sau={next}")))]));
    }
    show(page, blocks)
}

async fn inbox(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let after = page.parameter("sau").map(str::to_owned);
    let found = app.call(move |office| office.returned_to(&who, after.as_deref(), ROWS)).await?;
    let (title, work) = (page.say("Bị trả lại", "Returned to us").to_owned(), page.say("Việc của tôi", "My work").to_owned());
    let page = page.titled(title.clone()).at(Nav::Work).crumb(work, "/viec");
    list_page(page, &app, &found, "/viec/bi-tra-lai", &title)
}

async fn returned_to_node(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    require(&who)?;
    let after = page.parameter("sau").map(str::to_owned);
    let found = app.call(move |office| office.returned_to_node(&who, after.as_deref(), ROWS)).await?;
    let title = page.say("Bị nút trên trả lại", "Returned by nodes above").to_owned();
    let page = under_nodes(page, &title);
    list_page(page, &app, &found, "/quan-tri/nut/bi-tra-lai", &title)
}

async fn returned_here(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    require(&who)?;
    let before = match page.parameter("sau").map(str::parse) {
        None => None,
        Some(Ok(before)) => Some(before),
        Some(Err(_)) => return Err(bad_place().into()),
    };
    let found = app.call(move |office| office.returned_here(&who, before, ROWS)).await?;
    let title = page.say("Đã trả lại nút dưới", "Returned to nodes below").to_owned();
    let page = under_nodes(page, &title);
    list_page(page, &app, &found, "/quan-tri/nut/da-tra-lai", &title)
}

fn under_nodes(page: Page, title: &str) -> Page {
    let (administration, nodes) = (page.say("Quản trị", "Administration").to_owned(), page.say("Nút", "Nodes").to_owned());
    page.titled(title.to_owned()).at(Nav::Administration).crumb(administration, "/quan-tri").crumb(nodes, "/quan-tri/nut")
}

fn bad_place() -> OfficeError {
    OfficeError::refused(
        "bad_cursor",
        "Vị trí trang (sau) không hợp lệ. Hãy mở lại danh sách từ trang đầu.",
        "The page position (sau) is not valid. Open the list again from its first page.",
    )
}
