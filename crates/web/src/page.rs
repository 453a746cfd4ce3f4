//! What every page knows: language, path, reader, look, place in the site, and the ways to answer with HTML.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::errors::{Answer, Failure};
use crate::lang::{Lang, Said, Texts};
use crate::links;

/// What is the same for all pages of one running node.
#[derive(Debug, Clone)]
pub struct Site {
    /// The address at which readers reach the node, without a trailing slash, e.g. `https://lienvung.daklak.gov.vn`. Absolute links and the
    /// cross-site check use it, so it must be right when the node stands behind a proxy.
    pub base_url: String,
    /// The node's name in the header, e.g. `Liên Vùng`.
    pub name: String,
    /// The body that runs the node, in the footer.
    pub owner: String,
    /// Whether the node shows demonstration data; a notice says so on every page.
    pub demonstration: bool,
    /// The largest request body in bytes, uploads included.
    pub largest_body: usize,
    /// How long one request may take.
    pub timeout: std::time::Duration,
    /// Name of the session's cookie. It names the node: browsers do not keep the ports of one machine apart.
    pub cookie: String,
}

impl Default for Site {
    fn default() -> Site {
        Site {
            base_url: "http://127.0.0.1:8080".to_owned(),
            name: "Liên Vùng".to_owned(),
            owner: String::new(),
            demonstration: false,
            largest_body: 25_000_000,
            timeout: std::time::Duration::from_secs(60),
            cookie: "lv".to_owned(),
        }
    }
}

/// Who reads the page, as far as the layout needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewer {
    /// The name shown in the header.
    pub name: String,
    /// Roles in words, each with its body, in the reader's language: "Chuyên viên, Sở KH&CN Đắk Lắk".
    pub roles: Vec<String>,
    /// Number of things waiting for this person, beside "Việc của tôi".
    pub unread: u64,
    /// Sees the officer's links (my work, import).
    pub officer: bool,
    /// Sees the leader's page.
    pub leader: bool,
    /// Sees the administrator's links.
    pub administrator: bool,
}

/// Where the authentication layer notes who is reading. [`crate::shell::finish`] puts an empty slot into every request.
#[derive(Debug, Clone, Default)]
pub struct ViewerSlot(Arc<OnceLock<Viewer>>);

impl ViewerSlot {
    /// Notes the reader of this request; called by the authentication layer.
    pub fn note(extensions: &Extensions, viewer: Viewer) {
        if let Some(slot) = extensions.get::<ViewerSlot>() {
            // A second note in one request would be the same person.
            let _ = slot.0.set(viewer);
        }
    }

    /// The reader, if somebody is signed in.
    pub fn viewer(&self) -> Option<&Viewer> {
        self.0.get()
    }
}

/// Light, dark, or as the device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value in the cookie and in `data-theme`.
    pub fn code(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// Reads a value; anything unknown is [`Theme::Auto`].
    pub fn from_code(code: &str) -> Theme {
        match code {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::Auto,
        }
    }
}

/// The highlighted part of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nav {
    /// Trang chủ.
    Home,
    /// Kết luận, chỉ đạo.
    Directives,
    /// Nhiệm vụ.
    Tasks,
    /// Kết quả.
    Results,
    /// Tin.
    News,
    /// Dữ liệu, API.
    Data,
    /// Việc của tôi.
    Work,
    /// Nhập dữ liệu: bảng và văn bản.
    Import,
    /// Lãnh đạo.
    Leader,
    /// Quản trị.
    Administration,
}

/// One step of the breadcrumb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// The words.
    pub label: String,
    /// The address, already with the language prefix; none for the page itself.
    pub href: Option<String>,
}

/// One link of the main navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavItem {
    /// The words.
    pub label: String,
    /// The address with the language prefix.
    pub href: String,
    /// Whether the page belongs to this part.
    pub current: bool,
    /// A number beside the words; none when zero.
    pub count: Option<u64>,
}

/// What every page knows. An extractor: put `page: Page` first among a handler's arguments and as a field of the template.
#[derive(Debug, Clone)]
pub struct Page {
    /// The language of the page.
    pub lang: Lang,
    /// The path as called in Vietnamese, without `/en` and without the query.
    pub path: String,
    /// The query's pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Who reads, if signed in.
    pub viewer: Option<Viewer>,
    /// Light or dark.
    pub theme: Theme,
    /// The node's settings.
    pub site: Arc<Site>,
    /// The title: `<h1>` and the window's title.
    pub title: String,
    /// One sentence for search engines and link previews; may be empty.
    pub description: String,
    /// The highlighted part of the navigation.
    pub nav: Option<Nav>,
    /// The way from the home page, without the home page and the page itself.
    pub crumbs: Vec<Crumb>,
    /// Whether the page takes the whole width (split screen).
    pub wide: bool,
    /// The code of this request, shown on error pages and in the log.
    pub request_id: String,
}

impl Page {
    /// Sets the title.
    pub fn titled(mut self, title: impl Into<String>) -> Page {
        self.title = title.into();
        self
    }

    /// The title where there is room for a line: the breadcrumb, the window. The heading has all of it.
    pub fn short_title(&self) -> String {
        office::shorten(&self.title, 120)
    }

    /// Sets the description.
    pub fn described(mut self, description: impl Into<String>) -> Page {
        self.description = description.into();
        self
    }

    /// Sets the highlighted part of the navigation.
    pub fn at(mut self, nav: Nav) -> Page {
        self.nav = Some(nav);
        self
    }

    /// Adds a step to the breadcrumb; `path` without the language prefix.
    pub fn crumb(mut self, label: impl Into<String>, path: &str) -> Page {
        let href = self.href(path);
        self.crumbs.push(Crumb { label: label.into(), href: Some(href) });
        self
    }

    /// Lets the page take the whole width.
    pub fn wide(mut self) -> Page {
        self.wide = true;
        self
    }

    /// The interface texts in the page's language.
    pub fn texts(&self) -> Texts {
        self.lang.texts()
    }

    /// A text by its key: `{{ page.t("nav-home") }}`.
    pub fn t(&self, key: &str) -> String {
        self.texts().get(key).into_owned()
    }

    /// A text with one variable.
    pub fn t1(&self, key: &str, name: &str, value: impl Said) -> String {
        self.texts().t1(key, name, value).into_owned()
    }

    /// A text with two variables.
    pub fn t2(&self, key: &str, name: &str, value: impl Said, name_2: &str, value_2: impl Said) -> String {
        self.texts().t2(key, name, value, name_2, value_2).into_owned()
    }

    /// A path of this site in the page's language: `/chi-dao` → `/en/chi-dao`. Addresses that exist once (`/api`, `/assets`, `/r/….json`) are
    /// written without this.
    pub fn href(&self, path: &str) -> String {
        links::in_language(self.lang, path)
    }

    /// This page in the other language, query included.
    pub fn alternate_href(&self) -> String {
        links::with_query(&links::in_language(self.lang.other(), &self.path), &self.query)
    }

    /// This page in this language, query included; forms that come back here send it along.
    pub fn here(&self) -> String {
        links::with_query(&self.href(&self.path), &self.query)
    }

    /// The absolute address of a path, language prefix added.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{}", self.site.base_url, self.href(path))
    }

    /// The absolute address of this page in one language.
    pub fn absolute_in(&self, lang: Lang) -> String {
        format!("{}{}", self.site.base_url, links::in_language(lang, &self.path))
    }

    /// The address of an embedded file.
    pub fn asset(&self, name: &str) -> String {
        crate::assets::url(name)
    }

    /// The first value of a query parameter; an empty one counts as absent.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// This page with some parameters changed (`None` removes) and the place in the list (`after`) forgotten: links of facets, sorting, tabs.
    pub fn link_with(&self, changes: &[(&str, Option<&str>)]) -> String {
        links::with_query(&self.href(&self.path), &links::changed(&self.query, changes))
    }

    /// The links of the main navigation for this reader.
    pub fn nav_items(&self) -> Vec<NavItem> {
        let mut items = vec![
            self.nav_item(Nav::Home, self.t("nav-home"), "/"),
            self.nav_item(Nav::Directives, self.t("nav-directives"), "/chi-dao"),
            self.nav_item(Nav::Tasks, self.t("nav-tasks"), "/nhiem-vu"),
            self.nav_item(Nav::Results, self.t("nav-results"), "/ket-qua"),
            self.nav_item(Nav::News, self.t("nav-news"), "/tin"),
            self.nav_item(Nav::Data, self.t("nav-data"), "/api"),
        ];
        if let Some(viewer) = &self.viewer {
            if viewer.officer {
                let mut work = self.nav_item(Nav::Work, self.t("nav-work"), "/viec");
                work.count = Some(viewer.unread).filter(|count| *count > 0);
                items.push(work);
                items.push(self.nav_item(Nav::Import, self.t("nav-import"), "/nhap-excel"));
            }
            if viewer.leader {
                items.push(self.nav_item(Nav::Leader, self.t("nav-leader"), "/lanh-dao"));
            }
            if viewer.administrator {
                items.push(self.nav_item(Nav::Administration, self.t("nav-administration"), "/quan-tri"));
            }
        }
        items
    }

    /// Answers 200 with the page.
    pub fn show(&self, template: &impl Template) -> Answer {
        Ok(html(self, StatusCode::OK, template))
    }

    /// Answers with the page and a status: 422 for a form with faults.
    pub fn show_with(&self, status: StatusCode, template: &impl Template) -> Answer {
        Ok(html(self, status, template))
    }

    /// Answers 303 to a path of this site in the page's language: what a form answers after it has done its work.
    pub fn go(&self, path: &str) -> Answer {
        Ok(Redirect::to(&self.href(path)).into_response())
    }

    fn nav_item(&self, nav: Nav, label: String, path: &str) -> NavItem {
        NavItem { label, href: self.href(path), current: self.nav == Some(nav), count: None }
    }
}

/// Marks an answer with an error status that already has its page, so that [`crate::shell::finish`] leaves it alone.
#[derive(Debug, Clone, Copy)]
pub struct Dressed;

/// An HTML answer. Pages of people who have signed in are never stored by the browser.
pub fn html(page: &Page, status: StatusCode, template: &impl Template) -> Response {
    let body = match template.render() {
        Ok(body) => body,
        Err(error) => return Failure::internal(format!("template: {error}")).into_response(),
    };
    let mut response = (status, body).into_response();
    let caching = if page.viewer.is_some() { "no-store" } else { "no-cache" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(page.lang.code()));
    response.extensions_mut().insert(Dressed);
    response
}

/// The request's path before any nesting.
#[derive(Debug, Clone)]
pub struct AskedPath(pub String);

/// The code of the request.
#[derive(Debug, Clone)]
pub struct AskedId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Page, Infallible> {
        Ok(Page::of(parts))
    }
}

impl Page {
    /// The page of a request, from what [`crate::shell::finish`] noted in it.
    pub fn of(parts: &Parts) -> Page {
        let extensions = &parts.extensions;
        let asked = extensions.get::<AskedPath>().map_or_else(|| parts.uri.path().to_owned(), |asked| asked.0.clone());
        let (lang, path) = Lang::of_path(&asked);
        let theme = parts
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("theme="))
            .map_or(Theme::Auto, Theme::from_code);
        Page {
            lang,
            path: path.to_owned(),
            query: links::read_query(parts.uri.query().unwrap_or("")),
            viewer: extensions.get::<ViewerSlot>().and_then(ViewerSlot::viewer).cloned(),
            theme,
            site: extensions.get::<Arc<Site>>().cloned().unwrap_or_default(),
            title: String::new(),
            description: String::new(),
            nav: None,
            crumbs: Vec::new(),
            wide: false,
            request_id: extensions.get::<AskedId>().map(|id| id.0.clone()).unwrap_or_default(),
        }
    }
}
