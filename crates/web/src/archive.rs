//! "Toàn bộ dữ liệu": the administrator has everything the node keeps packed into one file, in the background, and fetches it.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use office::ArchiveState;

use crate::blocks::{Block, Blocks, Form, show};
use crate::errors::Answer;
use crate::format;
use crate::page::{Nav, Page};
use crate::parts::Notice;
use crate::service::{App, Who, said};

/// The page, and the file with `.zip` behind.
pub(crate) const PLACE: &str = "/quan-tri/toan-bo-du-lieu";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/quan-tri/toan-bo-du-lieu", get(state).post(begin)).route("/quan-tri/toan-bo-du-lieu.zip", get(fetch))
}

async fn state(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let state = app.call(move |office| office.archive_state(&who)).await?;
    let title = page.say("Toàn bộ dữ liệu", "All data").to_owned();
    let (administration, backup) =
        (page.say("Quản trị", "Administration").to_owned(), page.say("Sổ cái, sao lưu", "Ledger, backup").to_owned());
    let page = page.titled(title).at(Nav::Administration).crumb(administration, "/quan-tri").crumb(backup, "/quan-tri/sao-luu");
    let mut blocks = Blocks::default();
    blocks.push(Block::Text(
        page.say(
            "Một tệp .zip có sổ cái với cả lịch sử, tệp gốc, mẫu đã áp dụng và bản ghi hiện hành dạng JSON, CSV; không có tài khoản, mật khẩu, bản nháp, nhật ký. Nút vẫn làm việc bình thường trong lúc lập tệp.",
            "One .zip with the ledger and all history, files, adopted forms and the current records as JSON and CSV; without accounts, passwords, drafts and the audit trail. The node goes on working meanwhile.",
        )
        .to_owned(),
    ));
    match state {
        ArchiveState::Writing(done, of) => {
            let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            return crate::sheet_import::working(page, ("Đang lập tệp…", "Packing…"), count(done), count(of));
        }
        ArchiveState::Failed(why) => blocks.push(Block::Notice(Notice::problem(said(&why, page.lang)))),
        ArchiveState::Ready(at, bytes) => {
            blocks.push(Block::Notice(Notice::done(format!(
                "{} {}, {}. {}",
                page.say("Tệp lập xong lúc", "The file was finished at"),
                format::instant(at),
                format::megabytes(bytes, page.lang),
                page.say("Tệp được giữ ít nhất một ngày.", "It is kept for a day at least.")
            ))));
            let fetch = (page.say("Tải về", "Download").to_owned(), page.href(&format!("{PLACE}.zip")));
            blocks.push(Block::Buttons(vec![fetch]));
        }
        ArchiveState::None => {}
    }
    let mut form = Form::post(page.href(PLACE)).button(page.say("Lập tệp toàn bộ dữ liệu", "Pack all data into a file"));
    form.class = "card";
    blocks.push(Block::Form(form));
    blocks.push(Block::Text(page.say("Đọc lại tệp ở máy khác:", "Read the file on another machine:").to_owned()));
    blocks.push(Block::Code("lienvung import archive toan-bo-du-lieu.zip --data thu-muc-moi".to_owned()));
    show(page, blocks)
}

async fn begin(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let office = app.office.clone();
    app.call(move |_| office.begin_archive(&who)).await?;
    page.go(PLACE)
}

async fn fetch(Who(who): Who, State(app): State<App>) -> Answer {
    crate::download::file(&app, "toan-bo-du-lieu.zip", "application/zip", move |office, out| office.fetch_archive(&who, out)).await
}
