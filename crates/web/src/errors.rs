//! What a page or a call answers when it cannot do what was asked, and the one place where that becomes an HTML page or a JSON problem.
//!
//! Handlers return [`Answer`]. A [`Failure`] carries the status, a stable code, a message in both languages and a detail for the operator's log.
//! It is written out by [`crate::shell::finish`], which knows the language, the reader and whether JSON is wanted; every other answer with an
//! error status (from a router, a limit, a timeout, a panic) goes through the same door.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::filters;
use crate::lang::{Label, Lang};
use crate::page::{Dressed, Page, Theme, html};
use crate::parts::Icon;

/// What a handler returns.
pub type Answer = Result<Response, Failure>;

/// A request that could not be answered as asked.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable code for programs, e.g. `not_found`.
    pub code: &'static str,
    /// For the person: what is wrong and what to do. Without one the texts of the status are shown.
    pub message: Option<Label>,
    /// For the operator's log; never shown.
    pub detail: String,
    /// Faults by field, for JSON answers; pages with forms show them in the form itself.
    pub faults: Vec<FieldFault>,
}

/// One fault in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The field's name as in the form, e.g. `names.0.valid_to`.
    pub path: String,
    /// The rule that was broken.
    pub rule: String,
    /// What is wrong and what to do.
    pub message: Label,
}

impl Failure {
    /// A failure with the standard message of its status.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Failure {
        Failure { status, code, message: None, detail: detail.into(), faults: Vec::new() }
    }

    /// The same failure with its own message.
    pub fn saying(mut self, message: Label) -> Failure {
        self.message = Some(message);
        self
    }

    /// The same failure with faults by field.
    pub fn with_faults(mut self, faults: Vec<FieldFault>) -> Failure {
        self.faults = faults;
        self
    }

    /// 404: no such thing, or the reader may not know of it.
    pub fn not_found(detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 403 with the reason of the permission decision.
    pub fn denied(why: Label) -> Failure {
        Failure::new(StatusCode::FORBIDDEN, "denied", why.en.clone()).saying(why)
    }

    /// 401: the page is for people who have signed in, or the session has ended.
    pub fn sign_in_needed() -> Failure {
        Failure::new(StatusCode::UNAUTHORIZED, "sign_in_needed", "no session")
    }

    /// 400: a parameter of the address cannot be read.
    pub fn bad_parameter(name: &str, message: Label) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, "bad_parameter", format!("parameter {name}")).saying(message)
    }

    /// 409: somebody else saved the record meanwhile.
    pub fn changed_meanwhile(detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::CONFLICT, "changed_meanwhile", detail)
    }

    /// 413: too much was sent.
    pub fn too_large(limit: usize) -> Failure {
        let megabytes = limit.div_ceil(1_000_000);
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("more than {limit} bytes")).saying(Label::new(
            format!("Nội dung gửi lên vượt quá {megabytes} MB nên không được nhận; chưa lưu gì. Hãy chia nhỏ tệp hoặc bỏ bớt ảnh rồi gửi lại."),
            format!("What you sent is larger than {megabytes} MB and was not taken; nothing was saved. Split the file or remove pictures and send again."),
        ))
    }

    /// 415: the body is not of a type this address takes.
    pub fn wrong_type(got: Option<&str>, wanted: &str) -> Failure {
        let got = got.unwrap_or("–");
        Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_type", format!("content type {got}")).saying(Label::new(
            format!("Kiểu nội dung “{got}” không được nhận ở đây; hãy gửi dưới dạng {wanted}."),
            format!("The content type “{got}” is not taken here; send {wanted}."),
        ))
    }

    /// 500: our fault. The detail goes to the log with the request's code.
    pub fn internal(detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The failure that stands for a bare error status (from the router, a limit, a timeout).
    pub fn of_status(status: StatusCode) -> Failure {
        let code = match status.as_u16() {
            400 => "bad_request",
            401 => "sign_in_needed",
            403 => "denied",
            404 => "not_found",
            405 => "wrong_method",
            408 => "too_slow",
            409 => "changed_meanwhile",
            413 => "too_large",
            415 => "wrong_type",
            422 => "invalid",
            429 => "too_many_requests",
            503 | 504 => "busy",
            500..=599 => "internal",
            _ => "bad_request",
        };
        Failure::new(status, code, "")
    }

    /// The page for this failure in the page's language.
    pub fn page(&self, mut page: Page) -> Response {
        let t = page.texts();
        let (title, explanation, advice) = match self.status.as_u16() {
            401 => (t.get("error-401-title"), t.get("error-401-what"), t.get("error-401-do")),
            403 => (t.get("error-403-title"), t.get("error-403-what"), t.get("error-403-do")),
            404 => (t.get("error-404-title"), t.get("error-404-what"), t.get("error-404-do")),
            405 => (t.get("error-405-title"), t.get("error-405-what"), t.get("error-405-do")),
            409 => (t.get("error-409-title"), t.get("error-409-what"), t.get("error-409-do")),
            413 => (t.get("error-413-title"), t.get("error-413-what"), t.get("error-413-do")),
            415 => (t.get("error-415-title"), t.get("error-415-what"), t.get("error-415-do")),
            422 => (t.get("error-422-title"), t.get("error-422-what"), t.get("error-422-do")),
            429 => (t.get("error-429-title"), t.get("error-429-what"), t.get("error-429-do")),
            408 | 503 | 504 => (t.get("error-503-title"), t.get("error-503-what"), t.get("error-503-do")),
            500..=599 => (t.get("error-500-title"), t.get("error-500-what"), t.get("error-500-do")),
            _ => (t.get("error-400-title"), t.get("error-400-what"), t.get("error-400-do")),
        };
        let explanation = match &self.message {
            Some(message) => message.get(page.lang).to_owned(),
            None => explanation.into_owned(),
        };
        page.title = title.into_owned();
        let advice = advice.into_owned();
        let sign_in = self.status == StatusCode::UNAUTHORIZED;
        let template = ErrorPage { status: self.status.as_u16(), code: self.code, explanation, advice, sign_in, page };
        html(&template.page, self.status, &template)
    }

    /// The JSON problem (RFC 9457) for this failure. `message` is in the language of the request, `message_vi` and `message_en` in each.
    pub fn problem(&self, lang: Lang, request_id: &str) -> Response {
        let texts = |lang: Lang| match &self.message {
            Some(message) => message.get(lang).to_owned(),
            None => self.standard_message(lang),
        };
        let faults: Vec<Value> = self
            .faults
            .iter()
            .map(|fault| json!({ "path": fault.path, "rule": fault.rule, "message": { "vi": fault.message.vi, "en": fault.message.en } }))
            .collect();
        let problem = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": texts(lang),
            "message": { "vi": texts(Lang::Vi), "en": texts(Lang::En) },
            "faults": faults,
            "request_id": request_id,
        });
        let mut response = (self.status, problem.to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.extensions_mut().insert(Dressed);
        response
    }

    fn standard_message(&self, lang: Lang) -> String {
        let t = lang.texts();
        let text = match self.status.as_u16() {
            401 => t.get("error-401-what"),
            403 => t.get("error-403-what"),
            404 => t.get("error-404-what"),
            405 => t.get("error-405-what"),
            409 => t.get("error-409-what"),
            413 => t.get("error-413-what"),
            415 => t.get("error-415-what"),
            422 => t.get("error-422-what"),
            429 => t.get("error-429-what"),
            408 | 503 | 504 => t.get("error-503-what"),
            500..=599 => t.get("error-500-what"),
            _ => t.get("error-400-what"),
        };
        text.into_owned()
    }
}

impl IntoResponse for Failure {
    /// A bare status that carries the failure; [`crate::shell::finish`] turns it into a page or a problem.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether the caller wants JSON: the API, an address ending in `.json`, or an Accept header that names JSON and not HTML.
pub fn wants_json(path: &str, headers: &HeaderMap) -> bool {
    let (_, path) = Lang::of_path(path);
    if path.starts_with("/api/") || path.ends_with(".json") {
        return true;
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.contains("json") && !accept.contains("text/html")
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    status: u16,
    code: &'static str,
    explanation: String,
    advice: String,
    sign_in: bool,
}
