//! What surrounds every route: both languages, headers that protect, limits, error pages, log, compression.
//!
//! Pages are registered once and mirrored: `mirrored(pages)` serves them under `/` and `/en`. `finish(router, site)` puts everything else around
//! the whole router and adds the routes of the shell itself (`/assets/…`, `/giao-dien`, `/robots.txt`, `/favicon.ico`).

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::instrument::WithSubscriber as _;

use crate::assets;
use crate::errors::{Answer, Failure, wants_json};
use crate::form::FormPairs;
use crate::lang::{Label, Lang};
use crate::links;
use crate::page::{AskedId, AskedPath, Dressed, Page, Site, Theme, ViewerSlot};

/// The content security policy of every answer: nothing from elsewhere, no inline script or style.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'";

/// The header that carries the request's code.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A form larger than this is refused unless its route takes uploads.
pub const LARGEST_FORM: usize = 2_000_000;

/// Serves every route of `pages` under its own path in Vietnamese and under `/en` in English.
pub fn mirrored<S: Clone + Send + Sync + 'static>(pages: Router<S>) -> Router<S> {
    Router::new().nest("/en", pages.clone()).merge(pages)
}

/// Adds the shell's own routes and puts everything around the router that every answer needs. The state is given before: `finish(router.with_state(s), site)`.
/// An authentication layer goes on the router before this and calls [`ViewerSlot::note`].
pub fn finish(router: Router, site: Arc<Site>) -> Router {
    let csrf = match CsrfLayer::new().add_trusted_origin(&site.base_url) {
        Ok(layer) => layer,
        Err(error) => {
            tracing::warn!(%error, base_url = %site.base_url, "the base URL is not an origin; only the Host header is trusted");
            CsrfLayer::new()
        }
    };
    let compression = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/vnd.openxmlformats"))
        .and(NotForContentType::const_new("application/zip"))
        .and(NotForContentType::const_new("application/pdf"));
    let own = mirrored(Router::new().route("/giao-dien", post(choose_theme)))
        .route("/assets/{name}", get(assets::serve))
        .route("/en/", get(|| async { Redirect::permanent("/en") }))
        .route("/favicon.ico", get(|| async { Redirect::permanent(&assets::url("favicon.svg")) }))
        .route("/robots.txt", get(|| async { "User-agent: *\nDisallow: /viec\nDisallow: /quan-tri\nDisallow: /dang-nhap\n" }));
    // In this order the fallback of `router` stays, with the authentication layer around it, so that a missing page knows its reader too.
    own.merge(router)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(csrf)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, site.timeout))
        .layer(CatchPanicLayer::custom(answer_to_panic))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(|request: &Request| {
                    let id = request.extensions().get::<AskedId>().map_or("", |id| id.0.as_str());
                    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
                })
                // The end of an answer is logged outside of `receive`, which keeps secret requests out of the log.
                .on_eos(())
                // Failures are logged once, with their detail, where they are written out.
                .on_failure(()),
        )
        .layer(Extension(Arc::clone(&site)))
        .layer(middleware::from_fn_with_state(site, receive))
        .layer(CompressionLayer::new().compress_when(compression))
}

/// The first and last thing that happens to a request: it gets its code and an empty slot for the reader; the answer gets its error page and headers.
async fn receive(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let path = request.uri().path().to_owned();
    let (lang, _) = Lang::of_path(&path);
    let slot = ViewerSlot::default();
    let extensions = request.extensions_mut();
    extensions.insert(AskedId(id.clone()));
    extensions.insert(AskedPath(path.clone()));
    extensions.insert(slot.clone());
    extensions.insert(Arc::clone(&site));
    let json = wants_json(&path, request.headers());
    let head_only = request.method() == Method::HEAD;

    let (parts, body) = request.into_parts();
    // The reader of an error page is known only after the router has run, so the request's head is kept.
    let kept = parts.clone();
    let mut response = if body.size_hint().lower() > site.largest_body as u64 {
        drain(body).await;
        Failure::too_large(site.largest_body).into_response()
    } else {
        let answer = next.run(Request::from_parts(parts, body));
        if is_secret(&path) { answer.with_subscriber(tracing::Dispatch::none()).await } else { answer.await }
    };

    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if is_error && response.extensions().get::<Dressed>().is_none() {
        let failure = failure_of(&response);
        note_in_log(&failure, &id, &path);
        let allow = response.headers().get(header::ALLOW).cloned();
        let retry = response.headers().get(header::RETRY_AFTER).cloned();
        response = if json { failure.problem(lang, &id) } else { failure.page(Page::of(&kept)) };
        for (name, value) in [(header::ALLOW, allow), (header::RETRY_AFTER, retry)] {
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        }
        if head_only {
            *response.body_mut() = Body::empty();
        }
    }
    protect(&mut response, slot.viewer().is_some());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Writes the protecting headers.
fn protect(response: &mut Response, signed_in: bool) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    );
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    let kept_for_ever = headers.get(header::CACHE_CONTROL).is_some_and(|value| value.as_bytes().ends_with(b"immutable"));
    if signed_in && !kept_for_ever {
        no_store(response);
    }
}

/// Forbids every cache to keep the answer; done by itself for people who have signed in.
pub fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn failure_of(response: &Response) -> Failure {
    if let Some(failure) = response.extensions().get::<Failure>() {
        return failure.clone();
    }
    if response.extensions().get::<ProtectionError>().is_some() {
        return Failure::new(StatusCode::FORBIDDEN, "cross_site", "cross-site request").saying(Label::new(
            "Yêu cầu đến từ một trang khác nên không được thực hiện; chưa lưu gì. Hãy mở lại trang này rồi thao tác lại.",
            "The request came from another site and was not carried out; nothing was saved. Open the page here and do it again.",
        ));
    }
    Failure::of_status(response.status())
}

/// Whether requests to this path leave no line in the log: when somebody votes is nobody's business.
fn is_secret(path: &str) -> bool {
    let (_, path) = Lang::of_path(path);
    path == "/bo-phieu" || path.starts_with("/bo-phieu/")
}

fn note_in_log(failure: &Failure, id: &str, path: &str) {
    let status = failure.status.as_u16();
    if is_secret(path) && !failure.status.is_server_error() {
        return;
    }
    if failure.status.is_server_error() {
        tracing::error!(id, path, status, code = failure.code, detail = %failure.detail, "request failed");
    } else {
        tracing::info!(id, path, status, code = failure.code, detail = %failure.detail, "request refused");
    }
}

fn answer_to_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let detail = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (_, Some(text)) => (*text).to_owned(),
        _ => "panic without a message".to_owned(),
    };
    Failure::internal(format!("panic: {detail}")).into_response()
}

/// The code a proxy gave, if it is a plain one; else a new one.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or("");
    let plain = (8..=64).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain { given.to_owned() } else { uuid::Uuid::now_v7().simple().to_string() }
}

/// Reads away what the caller still sends, within reason, so that it can receive the answer instead of a broken connection.
pub(crate) async fn drain(mut body: Body) {
    const MOST: usize = 300_000_000;
    let reading = async {
        let mut seen = 0_usize;
        while let Some(Ok(chunk)) = next_chunk(&mut body).await {
            seen += chunk.len();
            if seen > MOST {
                break;
            }
        }
    };
    // Whether it ended or the time ran out, the answer is the same.
    let _ = tokio::time::timeout(Duration::from_secs(20), reading).await;
}

/// The next bytes of a body; none at its end. Trailers count as no bytes.
pub(crate) async fn next_chunk(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

/// `POST /giao-dien` with `theme` (auto, light, dark) and `back`: keeps the choice in a cookie and goes back.
async fn choose_theme(FormPairs(pairs): FormPairs) -> Answer {
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let theme = Theme::from_code(value("theme"));
    let age = if theme == Theme::Auto { 0 } else { 31_536_000 };
    let mut response = Redirect::to(links::safe_return(value("back"))).into_response();
    let cookie = format!("theme={}; Path=/; Max-Age={age}; SameSite=Lax", theme.code());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
