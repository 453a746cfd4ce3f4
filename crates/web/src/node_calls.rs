//! The calls of other nodes: `/lv/o/…` (LV-Log/1 §4) and the joining of a node. They stand outside the shell of the pages: no session, no cookie, no
//! language; a body may take minutes on a slow line.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use office::{CallTarget, Coding, Office, OfficeError, SignatureFields, WireAnswer};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::service::App;

/// What all calls begin with; it is not part of what is signed, so that a carrier in between may put something else there.
const PREFIX: &str = "/lv";
/// Longest body as sent: an append of 32 MiB that does not compress, and what goes round it.
const LONGEST_BODY: usize = 34 << 20;
/// Longest form of a node that joins.
const LONGEST_FORM: usize = 16 << 10;
/// Longest time that a call stays open until its log grows.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Longest time for a body to come.
const BODY_COMES_WITHIN: Duration = Duration::from_secs(900);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/lv/o/{log}/{*rest}", get(call).post(call).put(call))
        .route("/lv/join", post(join))
        .route("/lv/status", get(status))
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::new())
        .layer(CompressionLayer::new())
}

async fn call(State(app): State<App>, request: Request) -> Response {
    let came = match read(request, LONGEST_BODY).await {
        Ok(came) => came,
        Err(status) => return status.into_response(),
    };
    let waiting = came.waits().and_then(|(log, wait)| Some((app.news.wait_for(log)?, wait)));
    let Some((waiting, wait)) = waiting else {
        return answer(&app, came, |office, target, coding, fields| office.answer_node(target, coding, fields)).await;
    };
    // Listening comes before asking, so that nothing falls between the two.
    let mut grown = std::pin::pin!(waiting.grown.notified());
    grown.as_mut().enable();
    let first = answer(&app, came.clone(), |office, target, coding, fields| office.answer_node(target, coding, fields)).await;
    if !matches!(first.status(), StatusCode::NOT_MODIFIED | StatusCode::NOT_FOUND) {
        return first;
    }
    if tokio::time::timeout(wait, grown).await.is_err() {
        return first;
    }
    answer(&app, came, |office, target, coding, fields| office.answer_node(target, coding, fields)).await
}

async fn join(State(app): State<App>, request: Request) -> Response {
    match read(request, LONGEST_FORM).await {
        Ok(came) => answer(&app, came, |office, target, _, fields| office.take_node_in(target, fields)).await,
        Err(status) => status.into_response(),
    }
}

async fn status(State(app): State<App>, request: Request) -> Response {
    match read(request, 0).await {
        Ok(came) => answer(&app, came, |office, target, _, fields| office.node_status(target, fields)).await,
        Err(status) => status.into_response(),
    }
}

/// A call as it came.
#[derive(Clone)]
struct Came {
    method: String,
    /// Below the common prefix.
    path: String,
    query: String,
    body: Bytes,
    coding: Coding,
    fields: Option<SignatureFields>,
}

impl Came {
    /// The log whose growth is waited for, and how long at most; none of other calls.
    fn waits(&self) -> Option<(&str, Duration)> {
        let wait: u64 = self.query.split('&').find_map(|part| part.strip_prefix("wait="))?.parse().ok()?;
        let log = self.path.strip_prefix("/o/")?.strip_suffix("/checkpoint").filter(|_| self.method == "GET" && wait > 0)?;
        Some((log, Duration::from_secs(wait).min(LONGEST_WAIT)))
    }
}

async fn read(request: Request, longest: usize) -> Result<Came, StatusCode> {
    let (parts, body) = request.into_parts();
    // Size first, then the signature, then the form.
    let body = read_body(body, longest).await?;
    let coding = parts.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    let coding = Coding::of(coding).ok_or(StatusCode::UNSUPPORTED_MEDIA_TYPE)?;
    let fields = signature_fields(&parts.headers).map_err(|()| StatusCode::BAD_REQUEST)?;
    Ok(Came {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().strip_prefix(PREFIX).unwrap_or_default().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body,
        coding,
        fields,
    })
}

async fn answer(
    app: &App,
    came: Came,
    work: fn(&Office, CallTarget<'_>, Coding, Option<&SignatureFields>) -> Result<WireAnswer, OfficeError>,
) -> Response {
    let office = app.office.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let target = CallTarget { method: &came.method, path: &came.path, query: &came.query, body: &came.body };
        work(&office, target, came.coding, came.fields.as_ref())
    });
    match answer.await {
        Ok(Ok(answer)) => print(answer),
        Ok(Err(error)) => later(&error),
        Err(error) => {
            tracing::error!(%error, "a call of another node failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn read_body(body: Body, longest: usize) -> Result<Bytes, StatusCode> {
    match tokio::time::timeout(BODY_COMES_WITHIN, axum::body::to_bytes(body, longest)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// The three fields of a signed call; none of an unsigned one; an error when some are missing or no text.
fn signature_fields(headers: &HeaderMap) -> Result<Option<SignatureFields>, ()> {
    let field = |name: &str| headers.get(name).map(|value| value.to_str().map(str::to_owned)).transpose().map_err(|_| ());
    match (field("content-digest")?, field("signature-input")?, field("signature")?) {
        (Some(content_digest), Some(signature_input), Some(signature)) => {
            Ok(Some(SignatureFields { content_digest, signature_input, signature }))
        }
        (_, None, None) => Ok(None),
        _ => Err(()),
    }
}

fn print(answer: WireAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/octet-stream"));
    // An erasure has to reach whoever asks again.
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    response
}

/// The ledger could not do it: nothing was kept, the caller comes again.
fn later(error: &OfficeError) -> Response {
    tracing::warn!(%error, "a call of another node was put off");
    let status = if matches!(error, OfficeError::DiskFull) { StatusCode::INSUFFICIENT_STORAGE } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::RETRY_AFTER, "30")], json!({"code": "later"}).to_string()).into_response()
}
