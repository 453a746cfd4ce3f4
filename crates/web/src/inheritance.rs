//! Records handed over to this node in a merger: taken over one by one on their pages, or all at once by the administrator.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use office::{Holding, RecordId, TakingOver};

use crate::blocks::{Block, Blocks, Form};
use crate::errors::Answer;
use crate::format;
use crate::page::Page;
use crate::parts::{Cell, Column, Notice, Table};
use crate::service::{App, Who, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/r/{id}/tiep-nhan", post(take_over)).route("/quan-tri/nut/tiep-nhan", post(take_over_all))
}

async fn take_over(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    app.call(move |office| office.take_over(&who, id)).await?;
    page.go(&format!("/r/{id}"))
}

async fn take_over_all(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let office = app.office.clone();
    app.call(move |_| office.begin_taking_over(&who)).await?;
    page.go("/quan-tri/nut")
}

/// The button of a record that waits to be taken over, for those who may.
pub(crate) fn take_over_form(page: &Page, id: RecordId, held: &Holding) -> Option<Block> {
    held.take_over.as_ref().filter(|decision| decision.allowed)?;
    let mut form = Form::post(page.href(&format!("/r/{id}/tiep-nhan"))).button(page.say("Tiếp nhận để làm tiếp", "Take over and go on"));
    form.before = vec![
        page.say(
            "Bản ghi được giao cho nút này khi sáp nhập. Tiếp nhận xong thì sửa và làm các bước tại đây; mã bản ghi, lịch sử và biên nhận cũ giữ nguyên.",
            "The record was handed over to this node in a merger. Once taken over it is changed and worked on here; its identifier, history and old receipts stay.",
        )
        .to_owned(),
    ];
    Some(Block::Form(form))
}

/// The nodes merged into this one, and how far the taking over of their records is.
pub(crate) fn show_inheritance(page: &Page, from: &[(String, String)], state: Option<&TakingOver>, blocks: &mut Blocks) {
    if from.is_empty() {
        return;
    }
    blocks.push(Block::Heading(page.say("Nhận từ nút đã sáp nhập", "Taken over from merged nodes").to_owned()));
    let names: Vec<String> = from.iter().map(|(node, title)| format!("{title} ({node})")).collect();
    blocks.push(Block::Text(names.join(", ")));
    let number = |count: u64| format::number(i64::try_from(count).unwrap_or(i64::MAX), page.lang);
    if let Some(state) = state {
        let mut words = format!("{} {}", page.say("Số bản ghi đã tiếp nhận:", "Records taken over:"), number(state.taken));
        if state.refused > 0 {
            words = format!("{words}; {} {}", page.say("không tiếp nhận được:", "not taken over:"), number(state.refused));
        }
        blocks.push(Block::Notice(match (&state.failed, state.is_running) {
            (Some(why), _) => Notice::problem(format!("{words}. {}", said(why, page.lang))),
            (None, true) => Notice::info(format!("{words}… {}", page.say("Trang tự tải lại.", "The page reloads by itself."))),
            (None, false) => Notice::done(format!("{words}.")),
        }));
        if !state.reasons.is_empty() {
            let columns = vec![Column::new(page.say("Bản ghi", "Record")), Column::new(page.say("Lý do", "Reason"))];
            let mut table = Table::new(page.texts(), page.say("Chưa tiếp nhận được", "Not taken over"), columns);
            for (id, why) in &state.reasons {
                table.row(vec![Cell::link(id.to_string(), page.href(&format!("/r/{id}"))), Cell::text(said(why, page.lang))]);
            }
            blocks.push(Block::Table(table));
        }
    }
    if state.is_some_and(|state| state.is_running) {
        return;
    }
    let mut form = Form::post(page.href("/quan-tri/nut/tiep-nhan")).button(page.say("Tiếp nhận tất cả bản ghi", "Take all records over"));
    form.before = vec![
        page.say(
            "Bản ghi của nút cũ xem được ngay tại đây; tiếp nhận rồi mới sửa được. Những ô chỉ nút cũ giữ (không gửi lên trên) không có trong đó: xuất Excel từ nút cũ rồi nhập vào đây sau khi tiếp nhận.",
            "The old node's records can be read here at once and changed once taken over. Fields that the old node kept to itself are not in them: export them there as Excel and import them here afterwards.",
        )
        .to_owned(),
    ];
    blocks.push(Block::Form(form));
}
