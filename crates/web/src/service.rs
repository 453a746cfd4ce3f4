//! Between pages and the office: the shared state, blocking calls, who asks, and errors turned into answers.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::ListenerExt;
use office::{Identity, Office, OfficeError, RecordId};

use crate::errors::{Failure, FieldFault};
use crate::lang::{Label, Lang};
use crate::news::News;
use crate::page::{Page, Site, Viewer, ViewerSlot};
use crate::tls::{Certificate, TlsListener};

/// How long a save waits for the views; after that the next page may lag behind.
const VIEWS_FOLLOW: std::time::Duration = std::time::Duration::from_secs(2);

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) office: Arc<Office>,
    pub(crate) site: Arc<Site>,
    pub(crate) news: Arc<News>,
}

impl App {
    /// Runs a blocking call of the office on a thread made for that.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Office) -> Result<T, OfficeError> + Send + 'static,
    ) -> Result<T, Failure> {
        let office = self.office.clone();
        match tokio::task::spawn_blocking(move || work(&office)).await {
            Ok(result) => result.map_err(Failure::from),
            Err(error) => Err(Failure::internal(format!("task: {error}"))),
        }
    }

    /// Runs a call that writes, then waits a moment for the views, so that the next page shows what was saved.
    pub(crate) async fn save<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Office) -> Result<T, OfficeError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.call(move |office| {
            let done = work(office)?;
            office.settle(VIEWS_FOLLOW);
            Ok(done)
        })
        .await
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Who(pub(crate) Identity);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Who, Infallible> {
        Ok(parts.extensions.get::<Who>().cloned().unwrap_or_else(|| Who(Identity::public())))
    }
}

/// Finds out who asks, by the session cookie, before any handler runs.
pub(crate) async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if let Some(token) = session_token(&app.site, request.headers()) {
        let (lang, _) = Lang::of_path(request.uri().path());
        let found = app
            .call(move |office| {
                let who = office.identify(&token)?;
                let viewer = who.is_signed_in().then(|| viewer(office, &who, lang));
                Ok((who, viewer))
            })
            .await;
        match found {
            Ok((who, viewer)) => {
                if let Some(viewer) = viewer {
                    ViewerSlot::note(request.extensions(), viewer);
                }
                request.extensions_mut().insert(Who(who));
            }
            Err(failure) => return axum::response::IntoResponse::into_response(failure),
        }
    }
    let signed_in = request.extensions().get::<Who>().is_some_and(|Who(who)| who.is_signed_in());
    let response = next.run(request).await;
    let denied = response.extensions().get::<Failure>().is_some_and(|failure| failure.code == "denied");
    // Whoever has not signed in is asked to, before being told what his account may not do.
    if denied && !signed_in { axum::response::IntoResponse::into_response(Failure::sign_in_needed()) } else { response }
}

/// Nothing is shown of a folder that was put back from an old backup until its node has heard what was erased since.
async fn withhold(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.office.waits_after_restore() {
        return next.run(request).await;
    }
    let failure = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "restored", "restored from a backup, waits for its neighbours");
    axum::response::IntoResponse::into_response(failure.saying(Label::new(
        "Nút vừa được khôi phục từ bản sao lưu và đang hỏi các nút khác xem dữ liệu nào đã bị xóa từ đó. Hãy thử lại sau vài phút.",
        "This node was restored from a backup and is asking the other nodes what was erased since. Try again in a few minutes.",
    )))
}

fn viewer(office: &Office, who: &Identity, lang: Lang) -> Viewer {
    let today = office.clock().today();
    let roles = who
        .grants()
        .iter()
        .map(|grant| format!("{}, {}", said(&grant.role.label(), lang), office.directory().short_name(grant.body, today)))
        .take(6)
        .collect();
    let unread =
        office.desk(who).map_or(0, |desk| (desk.overdue.len() + desk.soon.len() + desk.returned.len() + desk.to_judge.len()) as u64);
    Viewer {
        name: who.name().to_owned(),
        roles,
        unread,
        officer: who.is_officer(),
        leader: who.is_leader(),
        administrator: who.is_administrator(),
    }
}

/// The session token of a request.
pub(crate) fn session_token(site: &Site, headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(&site.cookie)?.strip_prefix('='))
        .map(str::to_owned)
}

/// The cookie that begins a session, or ends it when there is no token.
pub(crate) fn session_cookie(site: &Site, token: Option<&str>) -> String {
    let secure = if site.base_url.starts_with("https://") { "; Secure" } else { "" };
    let name = &site.cookie;
    match token {
        Some(token) => format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}"),
        None => format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"),
    }
}

/// The words of an office label in the page's language.
pub(crate) fn said(label: &catalogue::Label, lang: Lang) -> &str {
    label.get(office_lang(lang))
}

/// The page's language as the catalogue names it.
pub(crate) fn office_lang(lang: Lang) -> catalogue::Lang {
    match lang {
        Lang::Vi => catalogue::Lang::Vi,
        Lang::En => catalogue::Lang::En,
    }
}

fn label(label: catalogue::Label) -> Label {
    Label::new(label.vi, label.en)
}

impl From<OfficeError> for Failure {
    fn from(error: OfficeError) -> Failure {
        let (status, code, detail) = (status_of(&error), error.code(), error.to_string());
        let failure = Failure::new(status, code, detail).saying(label(error.message()));
        match error {
            OfficeError::Invalid(faults) => failure.with_faults(field_faults(&faults)),
            _ => failure,
        }
    }
}

/// Faults of the catalogue as the forms show them.
pub(crate) fn field_faults(faults: &[catalogue::Fault]) -> Vec<FieldFault> {
    faults
        .iter()
        .map(|fault| FieldFault { path: fault.path.clone(), rule: fault.rule.clone(), message: label(fault.message.clone()) })
        .collect()
}

fn status_of(error: &OfficeError) -> StatusCode {
    match error {
        OfficeError::NotFound(_) => StatusCode::NOT_FOUND,
        OfficeError::Denied(_) => StatusCode::FORBIDDEN,
        OfficeError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        OfficeError::Changed { .. } => StatusCode::CONFLICT,
        OfficeError::Refused { code, .. } => match *code {
            "bad_cursor" => StatusCode::BAD_REQUEST,
            "file_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
            "imported_before" | "login_taken" | "answer_exists" | "already_issued" | "piece_misplaced" | "upload_incomplete" => {
                StatusCode::CONFLICT
            }
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        OfficeError::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        _ if error.code() == "database_away" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A record id out of a path or form; what is none is not found.
pub(crate) fn record_id(text: &str) -> Result<RecordId, Failure> {
    RecordId::parse(text).map_err(|_| Failure::not_found(text.to_owned()))
}

/// A record id out of a parameter; what is none is a clear 400.
pub(crate) fn parameter_id(page_or_name: &str, text: Option<&str>) -> Result<Option<RecordId>, Failure> {
    match text {
        None => Ok(None),
        Some(text) => RecordId::parse(text).map(Some).map_err(|_| {
            Failure::bad_parameter(
                page_or_name,
                Label::new(
                    format!("Tham số “{page_or_name}” phải là mã bản ghi; đã nhận “{text}”."),
                    format!("The parameter “{page_or_name}” must be a record id; got “{text}”."),
                ),
            )
        }),
    }
}

impl Page {
    /// One of two texts that stand side by side in the code of a page.
    pub(crate) fn say<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct Options {
    /// The public address without a trailing slash.
    pub base_url: String,
    /// The certificate for HTTPS; none when a proxy in front has it, or on a network that needs none.
    pub certificate: Option<Certificate>,
}

impl Options {
    /// Plain HTTP under an address.
    pub fn at(base_url: impl Into<String>) -> Options {
        Options { base_url: base_url.into(), certificate: None }
    }
}

/// The whole router of an office.
pub fn router(office: Arc<Office>, options: Options) -> axum::Router {
    router_telling(office, options, Arc::new(News::new()))
}

fn router_telling(office: Arc<Office>, options: Options, news: Arc<News>) -> axum::Router {
    let telling = news.clone();
    office.when_a_log_grows(move |log| telling.tell(log));
    let today = office.clock().today();
    let owner = office.directory().get(office.body()).map(|body| body.name_on(today).to_owned()).unwrap_or_default();
    let demonstration = office.setting("demonstration").ok().flatten().is_some();
    let cookie = format!("lv_{}", office.ledger().node().as_str().replace(['.', '-'], "_"));
    let base_url = options.base_url.trim_end_matches('/').to_owned();
    let site = Arc::new(Site { base_url, owner, demonstration, cookie, ..Site::default() });
    let app = App { office, site: site.clone(), news };
    let pages = axum::Router::new()
        .merge(crate::portal::routes())
        .merge(crate::board::routes())
        .merge(crate::document::routes())
        .merge(crate::records::routes())
        .merge(crate::register_list::routes())
        .merge(crate::task::routes())
        .merge(crate::result::routes())
        .merge(crate::contract::routes())
        .merge(crate::province::routes())
        .merge(crate::record_form::routes())
        .merge(crate::sign_in::routes())
        .merge(crate::work::routes())
        .merge(crate::import::routes())
        .merge(crate::sheet_import::routes())
        .merge(crate::sheet_upload::routes())
        .merge(crate::administration::routes())
        .merge(crate::archive::routes())
        .merge(crate::nodes::routes())
        .merge(crate::inheritance::routes())
        .merge(crate::region::routes())
        .merge(crate::returned::routes())
        .merge(crate::form_versions::routes())
        .merge(crate::sending::routes())
        .merge(crate::connection_report::routes())
        .merge(crate::steps::routes())
        .merge(crate::matching::routes())
        .merge(crate::overlap::routes())
        .merge(crate::overlap_call::routes())
        .merge(crate::saved_search::routes())
        .merge(crate::papers::routes())
        .merge(crate::attached_file::routes())
        .merge(crate::council::routes())
        .merge(crate::working_calendar::routes())
        .merge(crate::code_lists::routes());
    let all = crate::shell::mirrored(pages).merge(crate::interface::routes());
    let all = all.layer(axum::middleware::from_fn_with_state(app.clone(), identify));
    // A ballot is cast without anybody's session being looked at.
    let all = all.merge(crate::shell::mirrored(crate::ballot::routes())).with_state(app.clone());
    let all = all.layer(axum::middleware::from_fn_with_state(app.clone(), withhold));
    crate::shell::finish(all, site).merge(crate::node_calls::routes().with_state(app))
}

/// An answer goes out when it is written, not when the caller has confirmed what came before.
pub(crate) fn at_once(stream: &mut tokio::net::TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection delays its answers");
    }
}

/// Serves an office until `stop` resolves; requests under way are finished.
pub async fn serve(
    listener: tokio::net::TcpListener,
    office: Arc<Office>,
    options: Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let news = Arc::new(News::new());
    let telling = news.clone();
    let stop = async move {
        stop.await;
        telling.close();
    };
    match options.certificate.clone() {
        None => axum::serve(listener.tap_io(at_once), router_telling(office, options, news)).with_graceful_shutdown(stop).await,
        Some(certificate) => {
            let listener = TlsListener::over(listener, &certificate)?;
            axum::serve(listener, router_telling(office, options, news)).with_graceful_shutdown(stop).await
        }
    }
}
