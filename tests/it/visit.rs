//! Requests to the real router, as a browser sends them.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use office::Office;
use tower::ServiceExt;

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    /// Where it leads, when it is a redirect.
    pub place: String,
    pub text: String,
    /// The body as it was sent.
    pub bytes: Vec<u8>,
}

/// A request under way.
pub struct Visit {
    method: &'static str,
    path: String,
    session: Option<String>,
    /// The node asked; its cookie is named after it.
    node: &'static str,
    site: &'static str,
    encoding: &'static str,
    kind: Option<String>,
    range: Option<String>,
    body: Vec<u8>,
}

const BOUNDARY: &str = "mot-ranh-gioi";

impl Visit {
    pub fn get(path: impl Into<String>) -> Visit {
        Visit {
            method: "GET",
            path: path.into(),
            session: None,
            node: "bo.khcn",
            site: "same-origin",
            encoding: "identity",
            kind: None,
            range: None,
            body: Vec::new(),
        }
    }

    /// A form as `a=b&c=d`.
    pub fn post(path: impl Into<String>, form: impl Into<String>) -> Visit {
        let kind = Some("application/x-www-form-urlencoded".to_owned());
        Visit { method: "POST", kind, body: form.into().into_bytes(), ..Visit::get(path) }
    }

    /// A form with a file in the field `file`; without a name no file.
    pub fn upload(path: impl Into<String>, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Visit {
        let mut body = Vec::new();
        for (field, value) in fields {
            body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        if !name.is_empty() {
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            );
            body.extend(head.into_bytes());
            body.extend(bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        Visit { method: "POST", kind: Some(format!("multipart/form-data; boundary={BOUNDARY}")), body, ..Visit::get(path) }
    }

    /// A piece of a file, with its `Content-Range`.
    pub fn piece(path: impl Into<String>, range: &str, bytes: &[u8]) -> Visit {
        Visit { method: "PUT", range: Some(range.to_owned()), body: bytes.to_vec(), ..Visit::get(path) }
    }

    /// In somebody's session.
    pub fn by(mut self, session: Option<&str>) -> Visit {
        self.session = session.map(str::to_owned);
        self
    }

    /// At another node than the Ministry's.
    pub fn at(mut self, node: &'static str) -> Visit {
        self.node = node;
        self
    }

    /// As a page of another site would send it.
    pub fn sent_by_another_site(mut self) -> Visit {
        self.site = "cross-site";
        self
    }

    /// As browsers ask: compressed.
    pub fn compressed(mut self) -> Visit {
        self.encoding = "gzip";
        self
    }

    /// With another content type.
    pub fn of_type(mut self, kind: &str) -> Visit {
        self.kind = Some(kind.to_owned());
        self
    }

    pub async fn send(self, router: &axum::Router) -> Reply {
        let mut request = Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header("host", "localhost")
            .header("sec-fetch-site", self.site)
            .header("accept", "text/html,*/*")
            .header("accept-encoding", self.encoding);
        if let Some(session) = &self.session {
            request = request.header(header::COOKIE, format!("lv_{}={session}", self.node.replace('.', "_")));
        }
        if let Some(kind) = &self.kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if let Some(range) = &self.range {
            request = request.header(header::CONTENT_RANGE, range);
        }
        let response = router.clone().oneshot(request.body(Body::from(self.body)).unwrap()).await.unwrap();
        let status = response.status();
        let place = response.headers().get(header::LOCATION).map(|place| place.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = axum::body::to_bytes(response.into_body(), 50_000_000).await.unwrap();
        Reply { status, place, text: String::from_utf8_lossy(&bytes).into_owned(), bytes: bytes.to_vec() }
    }
}

/// A session of an account, made with a one-time link.
pub fn session(office: &Office, login: &str) -> String {
    let console = office.console();
    let account = office.account_by_login(&console, login).unwrap().id;
    let link = office.sign_in_link(&console, &account).unwrap();
    office.sign_in_once(&link, "test").unwrap().as_str().to_owned()
}

/// A value as it stands in a form's body.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
