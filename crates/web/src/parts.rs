//! The parts pages are built from. Each is a plain struct: fill it in, put it into the page's struct, print it in the template with `{{ part }}`.
//! Everything is escaped except [`Cell::Html`] and [`article_html`].

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use crate::lang::Texts;

mod bar;
mod field;
mod list;
mod province_map;
mod record;
mod source;
mod table;

pub use bar::{FourCells, Progress};
pub use field::{Choice, Field, FieldGroup, FieldKind, FormErrors};
pub use list::{EmptyState, ExportLinks, FacetChoice, FacetGroup, Facets, Pager, Tab, Tabs};
pub use province_map::{ProvinceMap, ProvinceValue, provinces};
pub use record::{Citation, Definitions, Event, Timeline};
pub use source::{SourceText, Span};
pub use table::{Cell, Column, Row, SortOrder, Table};

/// Lets a part be printed in a template without being escaped a second time: the part's own template has escaped its values.
macro_rules! part {
    ($($part:ty),+ $(,)?) => {$(
        impl HtmlSafe for $part {}
    )+};
}
part!(
    Badge,
    Notice,
    Icon,
    FourCells,
    Progress,
    Field,
    FieldGroup,
    FormErrors,
    EmptyState,
    ExportLinks,
    Facets,
    Pager,
    Tabs,
    ProvinceMap,
    Citation,
    Definitions,
    Timeline,
    SourceText,
    Table,
    Cell,
);

/// The tone of a badge or notice. Never the only sign: the words and an icon say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Done, accepted.
    Good,
    /// Under way, within term.
    Info,
    /// Late but done; needs a look.
    Warn,
    /// Overdue, refused.
    Bad,
}

impl Tone {
    /// The class name.
    pub fn code(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Info => "info",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
        }
    }
}

/// A small drawing of our own beside words; never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// Done.
    Check,
    /// Done late: a tick over a clock's hand.
    CheckLate,
    /// Within term: a clock.
    Clock,
    /// Overdue: a triangle with a mark.
    Alert,
    /// Standing, without a date: an endless loop.
    Loop,
    /// Information.
    Info,
    /// Illustrative data: a pencil sketch.
    Sketch,
    /// Refused or returned.
    Back,
    /// A document.
    Document,
    /// Copy.
    Copy,
    /// Download.
    Download,
    /// Search.
    Search,
    /// Locked.
    Lock,
    /// Star.
    Star,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Icon::Check => "M3 8.5l3.2 3.2L13 4.8",
            Icon::CheckLate => "M1.5 9l2.7 2.7L9.5 6M12.5 3v5l2 1.5",
            Icon::Clock => "M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8zM8 4.5V8l2.4 1.6",
            Icon::Alert => "M8 2L1.3 13.7h13.4zM8 6.3v3.4M8 11.6v.4",
            Icon::Loop => "M2.5 8a5.5 5.5 0 019.6-3.7L13.5 6M13.5 2.5V6H10M13.5 8a5.5 5.5 0 01-9.6 3.7L2.5 10M2.5 13.5V10H6",
            Icon::Info => "M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8zM8 7.2v4M8 4.6v.4",
            Icon::Sketch => "M2.5 13.5l.8-3.3 7.6-7.6 2.5 2.5-7.6 7.6zM9.5 4l2.5 2.5",
            Icon::Back => "M6 3L2.2 6.8 6 10.6M2.2 6.8h7.3a4 4 0 010 6.4H7",
            Icon::Document => "M3.5 1.8h6l3 3v9.4h-9zM9.5 1.8v3h3M5.8 8h4.4M5.8 10.8h4.4",
            Icon::Copy => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
            Icon::Download => "M8 2v8M4.5 7L8 10.3 11.5 7M2.5 13.5h11",
            Icon::Search => "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.3 10.3l3.4 3.4",
            Icon::Lock => "M3.5 7.2h9v6.3h-9zM5.3 7.2V5a2.7 2.7 0 015.4 0v2.2",
            Icon::Star => "M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="{}"/></svg>"#, self.path())
    }
}

/// A status in words with an icon.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(source = r#"<span class="badge {{ tone.code() }}">{{ icon }}<span>{{ text }}</span></span>"#, ext = "html")]
pub struct Badge {
    /// Its tone.
    pub tone: Tone,
    /// Its icon.
    pub icon: Icon,
    /// Its words.
    pub text: String,
}

impl Badge {
    /// A badge of any kind.
    pub fn new(tone: Tone, icon: Icon, text: impl Into<String>) -> Badge {
        Badge { tone, icon, text: text.into() }
    }

    /// The status of a directive by its code (`done_on_time`, `done_late`, `within_term`, `overdue`, `standing`), with the days it is or was late.
    /// An unknown code is shown as it is.
    pub fn status(texts: Texts, code: &str, days_late: Option<i64>) -> Badge {
        let late = days_late.filter(|days| *days > 0);
        match (code, late) {
            ("done_on_time", _) => Badge::new(Tone::Good, Icon::Check, texts.get("status-done-on-time")),
            ("done_late", Some(days)) => Badge::new(Tone::Warn, Icon::CheckLate, texts.t1("status-done-late-by", "days", days)),
            ("done_late", None) => Badge::new(Tone::Warn, Icon::CheckLate, texts.get("status-done-late")),
            ("within_term", _) => Badge::new(Tone::Info, Icon::Clock, texts.get("status-within-term")),
            ("overdue", Some(days)) => Badge::new(Tone::Bad, Icon::Alert, texts.t1("status-overdue-by", "days", days)),
            ("overdue", None) => Badge::new(Tone::Bad, Icon::Alert, texts.get("status-overdue")),
            ("standing", _) => Badge::new(Tone::Plain, Icon::Loop, texts.get("status-standing")),
            (other, _) => Badge::new(Tone::Plain, Icon::Info, other),
        }
    }

    /// "minh họa": beside everything invented for the demonstration.
    pub fn illustrative(texts: Texts) -> Badge {
        Badge::new(Tone::Plain, Icon::Sketch, texts.get("illustrative"))
    }
}

/// A message in a box: what happened, what to do.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(
    source = r#"<div class="notice {{ tone.code() }}" role="{% if alert %}alert{% else %}note{% endif %}">{{ icon }}<div>{% if !title.is_empty() %}<p class="notice-title">{{ title }}</p>{% endif %}<p>{{ text }}</p></div></div>"#,
    ext = "html"
)]
pub struct Notice {
    /// Its tone.
    pub tone: Tone,
    /// Its icon.
    pub icon: Icon,
    /// A short title; may be empty.
    pub title: String,
    /// The message.
    pub text: String,
    /// Whether a screen reader says it at once (results of what the reader just did).
    pub alert: bool,
}

impl Notice {
    /// Something was done.
    pub fn done(text: impl Into<String>) -> Notice {
        Notice { tone: Tone::Good, icon: Icon::Check, title: String::new(), text: text.into(), alert: true }
    }

    /// Something to know.
    pub fn info(text: impl Into<String>) -> Notice {
        Notice { tone: Tone::Info, icon: Icon::Info, title: String::new(), text: text.into(), alert: false }
    }

    /// Something to look at.
    pub fn warning(text: impl Into<String>) -> Notice {
        Notice { tone: Tone::Warn, icon: Icon::Alert, title: String::new(), text: text.into(), alert: false }
    }

    /// Something went wrong.
    pub fn problem(text: impl Into<String>) -> Notice {
        Notice { tone: Tone::Bad, icon: Icon::Alert, title: String::new(), text: text.into(), alert: true }
    }

    /// The same with a title.
    pub fn titled(mut self, title: impl Into<String>) -> Notice {
        self.title = title.into();
        self
    }
}

/// Markdown of an article as HTML. Raw HTML inside is shown as text, links go only to http(s), mail and this site, headings begin at `<h2>`.
pub fn article_html(markdown: &str) -> String {
    use pulldown_cmark::{CowStr, Event as Md, HeadingLevel, Options, Parser, Tag, TagEnd, html};
    let lower = |level: HeadingLevel| match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        _ => HeadingLevel::H4,
    };
    let allowed = |address: &str| {
        let local = address.starts_with('/') && !address.starts_with("//");
        local
            || address.starts_with('#')
            || ["https://", "http://", "mailto:"].iter().any(|scheme| address.to_ascii_lowercase().starts_with(scheme))
    };
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).map(|event| match event {
        Md::Html(text) | Md::InlineHtml(text) => Md::Text(text),
        Md::Start(Tag::Heading { level, .. }) => {
            Md::Start(Tag::Heading { level: lower(level), id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Md::End(TagEnd::Heading(level)) => Md::End(TagEnd::Heading(lower(level))),
        Md::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if allowed(&dest_url) { dest_url } else { CowStr::Borrowed("#") };
            Md::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Md::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let dest_url = if dest_url.starts_with('/') && !dest_url.starts_with("//") { dest_url } else { CowStr::Borrowed("") };
            Md::Start(Tag::Image { link_type, dest_url, title, id })
        }
        // Alignment would be written as a style attribute.
        Md::Start(Tag::Table(columns)) => Md::Start(Tag::Table(columns.iter().map(|_| pulldown_cmark::Alignment::None).collect())),
        other => other,
    });
    let mut text = String::new();
    html::push_html(&mut text, events);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn a_status_is_said_in_words_with_an_icon() {
        let badge = Badge::status(Lang::Vi.texts(), "done_late", Some(57)).to_string();
        assert!(badge.contains("57 ngày") && badge.contains("<svg") && badge.contains("warn"), "{badge}");
        let unknown = Badge::status(Lang::Vi.texts(), "<b>", None).to_string();
        assert!(!unknown.contains("<b>"), "{unknown}");
    }

    #[test]
    fn articles_cannot_carry_scripts_styles_or_foreign_pictures() {
        let html = article_html(
            "# Tin\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![p](https://evil.example/a.png)\n\n| a | b |\n|:--|--:|\n| 1 | 2 |",
        );
        assert!(
            !html.contains("<script") && !html.contains("javascript:") && !html.contains("evil.example") && !html.contains("style="),
            "{html}"
        );
        assert!(html.contains("<h2>Tin</h2>") && html.contains("<table>"), "{html}");
    }
}
