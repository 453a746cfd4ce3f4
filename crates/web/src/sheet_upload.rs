//! A spreadsheet sent in pieces by the script of "Nhập Excel", so that a lost connection costs one piece and not the file. The script begins, sends each piece
//! with `Content-Range`, asks for the state after trouble, and says when it is done; from there on the file is like one that the plain form sent.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use office::{LARGEST_PIECE, OpenUpload, UploadForm};
use serde_json::json;

use crate::blocks::{Pieces, button_form};
use crate::errors::{Answer, Failure};
use crate::form::{FormPairs, read_limited};
use crate::format;
use crate::lang::Label;
use crate::page::Page;
use crate::parts::{Cell, Column, Table};
use crate::service::{App, Who};
use crate::sheet_import::{kind_and_map, no_kind, owner_of};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/nhap-excel/tai-len", post(begin))
        .route("/nhap-excel/tai-len/{id}", get(state).put(piece))
        .route("/nhap-excel/tai-len/{id}/xong", post(finish))
        .route("/nhap-excel/tai-len/{id}/huy", post(cancel))
}

/// What the script of the form needs.
pub(crate) fn pieces(page: &Page) -> Pieces {
    Pieces {
        href: page.href("/nhap-excel/tai-len"),
        sent: page.say("Đã gửi", "Sent").to_owned(),
        left: page.say("còn", "left:").to_owned(),
        lost: page
            .say("Mất kết nối; đang thử lại, tệp sẽ được gửi tiếp.", "The connection is lost; trying again, the rest will be sent.")
            .to_owned(),
        changed: page
            .say(
                "Tệp đã bị sửa hoặc xóa trong lúc gửi; hãy chọn lại tệp.",
                "The file was changed or removed while it was sent; choose it again.",
            )
            .to_owned(),
        cancel: page.say("Hủy gửi", "Cancel").to_owned(),
    }
}

/// Files that did not arrive whole: choosing one again goes on with it.
pub(crate) fn unfinished_table(page: &Page, uploads: &[OpenUpload]) -> Table {
    let columns = vec![
        Column::new(page.say("Tệp", "File")),
        Column::numeric(page.say("Đã nhận", "Received")),
        Column::new(page.say("Gửi tiếp", "To go on")),
        Column::new(page.say("Thao tác", "Action")),
    ];
    let caption = page.say("Tệp gửi dở, giữ trong một ngày", "Unfinished uploads, kept for a day");
    let mut table = Table::new(page.texts(), caption, columns).with_total(uploads.len() as u64);
    for upload in uploads {
        table.row(vec![
            Cell::text(upload.name.clone()),
            Cell::text(format!(
                "{} / {}",
                format::percent(upload.received, upload.size, page.lang),
                format::megabytes(upload.size, page.lang)
            )),
            Cell::text(
                page.say("chọn lại đúng tệp này ở trên, cùng các lựa chọn cũ", "choose this file again above, with the same choices"),
            ),
            button_form(&page.href(&format!("/nhap-excel/tai-len/{}/huy", upload.id)), page.say("Hủy", "Cancel"), &upload.name),
        ]);
    }
    table
}

async fn begin(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    let (kind, map) = kind_and_map(&pairs);
    if kind.is_empty() {
        return Err(Failure::bad_parameter("kind", no_kind()));
    }
    let whole = |name: &str| pairs.get(name).and_then(|text| text.parse::<u64>().ok()).ok_or_else(|| unreadable(name));
    let form = UploadForm {
        kind,
        owner: owner_of(&who, &pairs)?,
        name: pairs.get("name").ok_or_else(|| unreadable("name"))?.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
        map,
        size: whole("size")?,
        modified: whole("modified")?,
    };
    let upload = app.call(move |office| office.begin_upload(&who, form)).await?;
    Ok(answer(&page, &upload))
}

async fn state(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let upload = app.call(move |office| office.upload_state(&who, &id)).await?;
    Ok(answer(&page, &upload))
}

async fn piece(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    // Who may not send this upload is told before his bytes are read.
    let (asking, sought) = (who.clone(), id.clone());
    app.call(move |office| office.upload_state(&asking, &sought)).await?;
    let bytes = read_limited(body, LARGEST_PIECE).await?;
    let from = first_byte(&headers, bytes.len() as u64).ok_or_else(|| unreadable("Content-Range"))?;
    let upload = app.call(move |office| office.take_piece(&who, &id, from, &bytes)).await?;
    Ok(answer(&page, &upload))
}

async fn finish(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let (office, sought) = (app.office.clone(), id.clone());
    app.call(move |_| office.finish_upload(&who, &sought)).await?;
    page.go(&format!("/nhap-excel/{id}"))
}

async fn cancel(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    app.call(move |office| office.cancel_upload(&who, &id)).await?;
    page.go("/nhap-excel")
}

fn answer(page: &Page, upload: &OpenUpload) -> axum::response::Response {
    let words = json!({
        "received": upload.received,
        "size": upload.size,
        "href": page.href(&format!("/nhap-excel/tai-len/{}", upload.id)),
        "page": page.href(&format!("/nhap-excel/{}", upload.id)),
    });
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], words.to_string()).into_response()
}

/// The place of the first byte, out of `bytes 0-1023/4096` (RFC 9110, section 14.4), when the piece has the length that it says.
fn first_byte(headers: &HeaderMap, length: u64) -> Option<u64> {
    let (range, _) = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (last.checked_sub(first)?.checked_add(1)? == length).then_some(first)
}

fn unreadable(name: &str) -> Failure {
    Failure::bad_parameter(
        name,
        Label::new(
            format!("Yêu cầu gửi tệp thiếu hoặc sai “{name}”; chưa nhận gì. Hãy tải lại trang rồi gửi lại."),
            format!("The upload lacks “{name}” or has it wrong; nothing was taken. Load the page again and send once more."),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_range_that_does_not_fit_its_piece_or_cannot_be_read_is_no_range() {
        let first = |range: &str, length| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(range).unwrap());
            first_byte(&headers, length)
        };
        assert_eq!(first("bytes 5-9/20", 5), Some(5));
        for wrong in
            ["bytes 5-9/20", "bytes 9-5/20", "bytes */20", "5-9/20", "bytes 5-9", "bytes 0-18446744073709551615/20", "bytes -1-3/20"]
        {
            assert_eq!(first(wrong, 4), None, "{wrong}");
        }
        assert_eq!(first_byte(&HeaderMap::new(), 1), None);
    }
}
