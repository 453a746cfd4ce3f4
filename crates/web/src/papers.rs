//! A record as files: papers in Word, and the record itself as a table or lines that come back unchanged.

use std::io::Write;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use office::{FileForm, INFORMATION_SHEET, Identity, Office, OfficeError, RecordId, RegisterFilter};

use crate::blocks::{Block, Blocks, show};
use crate::errors::{Answer, Failure};
use crate::page::Page;
use crate::parts::{Cell, Column, Table};
use crate::records::place_of;
use crate::service::{App, Who, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/r/{id}/giay-to", get(papers)).route("/r/{id}/giay-to.docx", get(paper))
}

/// The forms in which one record is handed out, by the suffix of its address.
pub(crate) const SUFFIXES: [&str; 4] = ["docx", "xlsx", "csv", "jsonl"];

/// `/r/<id>.docx` and its like.
pub(crate) async fn record_as(app: &App, page: &Page, who: Identity, id: RecordId, suffix: &str) -> Answer {
    let lang = crate::service::office_lang(page.lang);
    let name = format!("{id}.{suffix}");
    let (form, media) = match suffix {
        "xlsx" => (FileForm::Xlsx, crate::board::XLSX),
        "csv" => (FileForm::Csv, crate::board::CSV),
        "jsonl" => (FileForm::Jsonl, "application/jsonl; charset=utf-8"),
        _ => return docx(app, who, id, INFORMATION_SHEET.to_owned(), &name).await,
    };
    crate::download::file(app, &name, media, move |office, out| {
        let kind = office.view(&who, id)?.kind;
        let filter = RegisterFilter { kind: Some(kind), record: Some(id), ..RegisterFilter::default() };
        office.export_register(&who, &filter, lang, form, out)
    })
    .await
}

async fn paper(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let code = page.parameter("ma").unwrap_or(INFORMATION_SHEET).to_owned();
    let plain: String = viet::fold(&code).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    docx(&app, who, id, code, &format!("{}.docx", plain.trim_matches('-'))).await
}

async fn docx(app: &App, who: Identity, id: RecordId, code: String, name: &str) -> Answer {
    crate::download::file(app, name, crate::board::DOCX, move |office, out| write_paper(office, &who, id, &code, out)).await
}

fn write_paper(office: &Office, who: &Identity, id: RecordId, code: &str, out: &mut (dyn Write + Send)) -> Result<u64, OfficeError> {
    let document = office.paper(who, id, code)?;
    out.write_all(&document.to_docx().map_err(|error| OfficeError::Data(error.to_string()))?)?;
    Ok(1)
}

async fn papers(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (view, offers) = app
        .call(move |office| {
            let view = office.view(&who, id)?;
            let offers = office.papers_of(&view)?;
            Ok((view, offers))
        })
        .await?;
    let Some(data) = &view.data else { return Err(Failure::not_found(id.to_string())) };
    let title = page.say("Giấy tờ", "Papers").to_owned();
    let name = app.office.catalogue().title(&view.kind, data, crate::service::office_lang(page.lang));
    let page = page.titled(title).crumb(office::shorten(&name, 60), &place_of(&view.kind, id));
    let columns = vec![
        Column::new(page.say("Giấy tờ", "Paper")),
        Column::new(page.say("Mẫu", "Form")),
        Column::new(page.say("Bước của quy trình", "Step of the process")),
        Column::new(page.say("Ai lập", "Who makes it")),
    ];
    let caption = page.say("Giấy tờ lập được từ hồ sơ này", "Papers that can be made from this record");
    let mut table = Table::new(page.texts(), caption, columns).with_total(offers.len() as u64);
    for offer in &offers {
        let address = crate::links::with_query(&page.href(&format!("/r/{id}/giay-to.docx")), &[("ma".to_owned(), offer.code.clone())]);
        let code = if offer.code == INFORMATION_SHEET { page.say("mọi trường", "every field").to_owned() } else { offer.code.clone() };
        let words = |label: &Option<catalogue::Label>| label.as_ref().map(|label| said(label, page.lang).to_owned()).unwrap_or_default();
        table.row(vec![
            Cell::link(said(&offer.name, page.lang), address),
            Cell::text(code),
            Cell::text(words(&offer.step)),
            Cell::text(words(&offer.by)),
        ]);
    }
    let mut blocks = Blocks::default();
    blocks.push(Block::Text(
        page.say(
            "Tệp Word sửa được, theo thể thức Nghị định 30/2020/NĐ-CP. Những gì hồ sơ đã biết được điền sẵn; phần còn lại là dòng để trống.",
            "Editable Word files in the layout of Decree 30/2020. What the record knows is filled in; the rest are lines to fill in.",
        )
        .to_owned(),
    ));
    blocks.push(Block::Table(table));
    show(page, blocks)
}
