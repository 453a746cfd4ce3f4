//! Reading what a form sends: pairs of names and values, with or without files, within limits and with clear refusals.

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;

use crate::errors::Failure;
use crate::lang::Label;
use crate::page::Site;
use crate::shell::{LARGEST_FORM, drain, next_chunk};

use std::sync::Arc;

/// The most pairs one form may have.
pub const MOST_PAIRS: usize = 5_000;

/// The pairs of a form in the order they were sent. An extractor for `application/x-www-form-urlencoded` and `multipart/form-data` without files;
/// anything else is answered with 415, too much with 413, broken UTF-8 with 400.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormPairs(pub Vec<(String, String)>);

impl FormPairs {
    /// The first value of a name, trimmed; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// All values of a name (ticked boxes), empty ones left out.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, value)| key == name && !value.trim().is_empty()).map(|(_, value)| value.trim()).collect()
    }

    /// Carries out a pressed "add a row" (`_add=names`) or "remove" (`_remove=names.0`) button: the rows after a removed one move up, an added one
    /// gets an empty marker pair `names.N.` so that a form shows it. True when such a button was pressed and the form is to be shown again.
    pub fn press_row_button(&mut self) -> bool {
        if let Some(group) = self.get("_add").map(str::to_owned) {
            let next = self.rows(&group);
            self.0.retain(|(name, _)| name != "_add");
            self.0.push((format!("{group}.{next}."), String::new()));
            return true;
        }
        let Some(removed) = self.get("_remove").map(str::to_owned) else { return false };
        self.0.retain(|(name, _)| name != "_remove");
        let Some((group, row)) = removed.rsplit_once('.').and_then(|(group, row)| Some((group, row.parse::<usize>().ok()?))) else {
            return true;
        };
        let mut kept = Vec::with_capacity(self.0.len());
        for (name, value) in std::mem::take(&mut self.0) {
            match row_of(&name, group) {
                Some((index, _)) if index == row => {}
                Some((index, rest)) if index > row => kept.push((format!("{group}.{}{rest}", index - 1), value)),
                _ => kept.push((name, value)),
            }
        }
        self.0 = kept;
        true
    }

    /// How many rows a repeated group has: one more than its highest row number.
    pub fn rows(&self, group: &str) -> usize {
        self.0.iter().filter_map(|(name, _)| row_of(name, group)).map(|(index, _)| index + 1).max().unwrap_or(0)
    }
}

/// A form with files. An extractor for `multipart/form-data` (and plain forms); the whole may be as large as [`Site::largest_body`].
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// The pairs that are not files.
    pub pairs: FormPairs,
    /// The files, in order; fields left empty are not among them.
    pub files: Vec<UploadedFile>,
}

/// One file of a form.
#[derive(Debug, Clone)]
pub struct UploadedFile {
    /// The name of the field.
    pub field: String,
    /// The file's own name as the browser gave it, without folders.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Upload {
    /// The file of one field.
    pub fn file(&self, field: &str) -> Option<&UploadedFile> {
        self.files.iter().find(|file| file.field == field)
    }
}

impl<S: Send + Sync> FromRequest<S> for FormPairs {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<FormPairs, Failure> {
        match content_type(&request).as_deref() {
            Some("application/x-www-form-urlencoded") => {
                let bytes = read_limited(request.into_body(), LARGEST_FORM).await?;
                read_pairs(&bytes)
            }
            Some("multipart/form-data") => {
                let upload = read_multipart(request, state, LARGEST_FORM).await?;
                if upload.files.is_empty() {
                    return Ok(upload.pairs);
                }
                Err(Failure::wrong_type(Some("multipart/form-data"), "application/x-www-form-urlencoded"))
            }
            other => Err(Failure::wrong_type(other, "application/x-www-form-urlencoded")),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Upload, Failure> {
        let limit = request.extensions().get::<Arc<Site>>().map_or_else(|| Site::default().largest_body, |site| site.largest_body);
        match content_type(&request).as_deref() {
            Some("multipart/form-data") => read_multipart(request, state, limit).await,
            Some("application/x-www-form-urlencoded") => {
                let bytes = read_limited(request.into_body(), limit).await?;
                Ok(Upload { pairs: read_pairs(&bytes)?, files: Vec::new() })
            }
            other => Err(Failure::wrong_type(other, "multipart/form-data")),
        }
    }
}

/// A JSON body up to [`LARGEST_FORM`] bytes. An extractor; another content type is answered with 415, broken JSON with 400 naming line and column.
#[derive(Debug, Clone)]
pub struct JsonBody(pub serde_json::Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<JsonBody, Failure> {
        match content_type(&request).as_deref() {
            Some(kind) if kind == "application/json" || kind.ends_with("+json") => {}
            other => return Err(Failure::wrong_type(other, "application/json")),
        }
        let bytes = read_limited(request.into_body(), LARGEST_FORM).await?;
        serde_json::from_slice(&bytes).map(JsonBody).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::new(axum::http::StatusCode::BAD_REQUEST, "bad_json", error.to_string()).saying(Label::new(
                format!("Nội dung không phải JSON hợp lệ (dòng {line}, cột {column})."),
                format!("The body is not valid JSON (line {line}, column {column})."),
            ))
        })
    }
}

/// Reads a body up to a limit; what comes after the limit is read away so that the caller gets the answer.
pub async fn read_limited(mut body: Body, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = next_chunk(&mut body).await {
        let chunk = chunk.map_err(|error| Failure::new(axum::http::StatusCode::BAD_REQUEST, "broken_body", error.to_string()))?;
        if bytes.len() + chunk.len() > limit {
            drain(body).await;
            return Err(Failure::too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn content_type(request: &Request) -> Option<String> {
    let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
}

fn read_pairs(bytes: &[u8]) -> Result<FormPairs, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| broken_form(error.to_string()))?;
    let pairs = crate::links::read_query(text);
    checked_pairs(pairs)
}

fn checked_pairs(pairs: Vec<(String, String)>) -> Result<FormPairs, Failure> {
    if pairs.len() > MOST_PAIRS {
        return Err(Failure::too_large(LARGEST_FORM));
    }
    if pairs.iter().any(|(name, value)| name.contains('\u{FFFD}') || value.contains('\0') || name.contains('\0')) {
        return Err(broken_form("control characters".to_owned()));
    }
    Ok(FormPairs(pairs))
}

async fn read_multipart<S: Send + Sync>(mut request: Request, state: &S, limit: usize) -> Result<Upload, Failure> {
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        drain(request.into_body()).await;
        return Err(Failure::too_large(limit));
    }
    axum::extract::DefaultBodyLimit::max(limit).apply(&mut request);
    let mut multipart = Multipart::from_request(request, state).await.map_err(|error| broken_form(error.to_string()))?;
    let mut upload = Upload::default();
    let mut pairs = Vec::new();
    loop {
        let field = match multipart.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => return Err(multipart_failure(&error, limit)),
        };
        let name = field.name().unwrap_or("").to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|error| multipart_failure(&error, limit))?;
        match file_name {
            Some(file_name) => {
                let file_name = file_name.rsplit(['/', '\\']).next().unwrap_or("").to_owned();
                if !(file_name.is_empty() && bytes.is_empty()) {
                    upload.files.push(UploadedFile { field: name, name: file_name, bytes: bytes.to_vec() });
                }
            }
            None => {
                let value = String::from_utf8(bytes.to_vec()).map_err(|error| broken_form(error.to_string()))?;
                pairs.push((name, value));
            }
        }
        if pairs.len() > MOST_PAIRS || upload.files.len() > 50 {
            return Err(Failure::too_large(limit));
        }
    }
    upload.pairs = checked_pairs(pairs)?;
    Ok(upload)
}

fn multipart_failure(error: &axum::extract::multipart::MultipartError, limit: usize) -> Failure {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { Failure::too_large(limit) } else { broken_form(error.body_text()) }
}

fn broken_form(detail: String) -> Failure {
    Failure::new(axum::http::StatusCode::BAD_REQUEST, "broken_form", detail).saying(Label::new(
        "Nội dung biểu mẫu gửi lên bị hỏng (không phải UTF-8 hoặc bị cắt giữa chừng); chưa lưu gì. Hãy mở lại trang và gửi lại.",
        "The form arrived damaged (not UTF-8, or cut off); nothing was saved. Open the page again and send once more.",
    ))
}

/// The row number and the rest of a pair's name within a repeated field: `names.2.text` in `names` is (2, ".text"), `provinces.2` in `provinces` (2, "").
fn row_of<'a>(name: &'a str, group: &str) -> Option<(usize, &'a str)> {
    let rows = name.strip_prefix(group)?.strip_prefix('.')?;
    let (row, rest) = rows.split_at(rows.find('.').unwrap_or(rows.len()));
    Some((row.parse().ok().filter(|row| *row < MOST_PAIRS)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(query: &str) -> FormPairs {
        FormPairs(crate::links::read_query(query))
    }

    #[test]
    fn a_removed_row_lets_the_later_ones_move_up() {
        let mut pairs = form("names.0.text=a&names.1.text=b&names.2.text=c&other=1&_remove=names.1");
        assert!(pairs.press_row_button());
        assert_eq!(pairs, form("names.0.text=a&names.1.text=c&other=1"));
        assert!(!pairs.press_row_button());
    }

    #[test]
    fn rows_of_single_values_are_counted_added_and_removed_like_groups() {
        let mut pairs = form("provinces.0=66&provinces.1=62&provinces.2=51&_remove=provinces.0");
        assert_eq!(pairs.rows("provinces"), 3);
        assert!(pairs.press_row_button());
        assert_eq!(pairs, form("provinces.0=62&provinces.1=51"));
        let mut more = form("provinces.0=66&_add=provinces");
        assert!(more.press_row_button());
        assert_eq!(more.rows("provinces"), 2);
    }

    #[test]
    fn an_added_row_is_marked() {
        let mut pairs = form("names.0.text=a&_add=names");
        assert!(pairs.press_row_button());
        assert_eq!(pairs.rows("names"), 2);
        let mut none = form("_add=names");
        none.press_row_button();
        assert_eq!(none.rows("names"), 1);
    }

    proptest! {
        #[test]
        fn no_form_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(mut pairs) = read_pairs(&bytes) {
                pairs.press_row_button();
            }
        }

        #[test]
        fn row_buttons_never_panic(group in "[a-z.0-9]{0,8}", row in "[a-z0-9.]{0,25}") {
            let mut pairs = FormPairs(vec![(format!("{group}.{row}"), "x".into()), ("_remove".into(), format!("{group}.{row}"))]);
            pairs.press_row_button();
        }
    }
}
