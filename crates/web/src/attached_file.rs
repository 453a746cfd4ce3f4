//! The files that a record names: links on its page, and the download.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use office::{FileRef, RecordId};

use crate::blocks::{Block, Blocks};
use crate::errors::Answer;
use crate::format;
use crate::page::Page;
use crate::service::{App, Who, record_id};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/r/{id}/tep/{sha256}", get(download))
}

/// Links to the files that are here, and a line for each that has not come yet.
pub(crate) fn show_files(page: &Page, id: RecordId, files: &[(FileRef, bool)], blocks: &mut Blocks) {
    let mut links = Vec::new();
    for (file, is_here) in files {
        let name = format!("{} ({})", file.name, format::megabytes(file.len, page.lang));
        if *is_here {
            links.push((
                format!("{}: {name}", page.say("Tải tệp gốc", "Download the original")),
                page.href(&format!("/r/{id}/tep/{}", file.sha256)),
            ));
        } else {
            let words = page.say(
                "Tệp gốc chưa về đến nút này (bản ghi về trước, tệp về sau)",
                "The original has not come to this node yet (the record comes first, the file behind it)",
            );
            blocks.push(Block::Muted(format!("{words}: {name}.")));
        }
    }
    if !links.is_empty() {
        blocks.push(Block::Links(links));
    }
}

/// The file as it was put in. It is never shown in place: what somebody uploaded may be a page of his own.
async fn download(Who(who): Who, State(app): State<App>, Path((id, sha256)): Path<(String, String)>) -> Answer {
    let id = record_id(&id)?;
    let found = app.call(move |office| office.attached_file(&who, id, &sha256)).await?;
    let mut response = found.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&disposition(&found.file.name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// `Content-Disposition` with the name as it is (RFC 8187), and in ASCII for programs that do not know that.
fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|sign| if sign.is_ascii_alphanumeric() || ".-_ ".contains(sign) { sign } else { '_' }).collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            coded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_vietnamese_name_comes_through_and_nothing_in_a_name_breaks_the_header() {
        assert_eq!(
            disposition("Thông báo 44.pdf"),
            "attachment; filename=\"Th_ng b_o 44.pdf\"; filename*=UTF-8''Th%C3%B4ng%20b%C3%A1o%2044.pdf"
        );
        let hostile = disposition("a\"\r\nX: y");
        assert!(!hostile.contains('\r') && !hostile.contains('\n'));
        assert_eq!(hostile.matches('"').count(), 2);
    }
}
