//! What stands around a list: facets, tabs, paging, export, and what an empty list says.

use askama::Template;

use crate::filters;
use crate::lang::Texts;
use crate::page::Page;

/// What is shown where a list would be and is not.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(
    source = r#"<div class="empty"><p class="empty-title">{{ title }}</p><p>{{ text }}</p>{% if let Some((label, href)) = action %}<p><a class="button" href="{{ href }}">{{ label }}</a></p>{% endif %}</div>"#,
    ext = "html"
)]
pub struct EmptyState {
    /// What is not there.
    pub title: String,
    /// Why, and what one can do.
    pub text: String,
    /// A link to do it: words and address.
    pub action: Option<(String, String)>,
}

impl EmptyState {
    /// An empty state without a link.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> EmptyState {
        EmptyState { title: title.into(), text: text.into(), action: None }
    }

    /// The same with a link.
    pub fn with_action(mut self, label: impl Into<String>, href: impl Into<String>) -> EmptyState {
        self.action = Some((label.into(), href.into()));
        self
    }
}

/// Keyset paging: how many rows of how many, back to the first, on to the next.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    /// How many rows this page shows.
    pub shown: u64,
    /// How many there are in all.
    pub total: u64,
    /// The link to the first rows; none when they are shown.
    pub first: Option<String>,
    /// The link to the next rows; none at the end.
    pub next: Option<String>,
    /// The interface texts.
    pub texts: Texts,
}

impl Pager {
    /// The paging of a page whose list answered `next` (the key after the last row shown).
    pub fn new(page: &Page, shown: usize, total: u64, next: Option<&str>) -> Pager {
        Pager {
            shown: shown as u64,
            total,
            first: page.parameter("after").map(|_| page.link_with(&[])),
            next: next.map(|next| page.link_with(&[("after", Some(next))])),
            texts: page.texts(),
        }
    }
}

/// Facets: lists of choices with counts, as links.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/facets.html")]
pub struct Facets {
    /// The groups.
    pub groups: Vec<FacetGroup>,
    /// The link that drops every choice; none when nothing is chosen.
    pub clear: Option<String>,
    /// The interface texts.
    pub texts: Texts,
}

/// One facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetGroup {
    /// Its name.
    pub label: String,
    /// Its choices.
    pub choices: Vec<FacetChoice>,
}

/// One choice of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetChoice {
    /// The words.
    pub label: String,
    /// How many records have it.
    pub count: u64,
    /// The link that chooses it, or drops it when chosen.
    pub href: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl Facets {
    /// No groups yet.
    pub fn new(page: &Page) -> Facets {
        Facets { groups: Vec::new(), clear: None, texts: page.texts() }
    }

    /// Adds a facet: `parameter` is its query parameter, each choice is (value, words, count).
    pub fn group(&mut self, page: &Page, label: impl Into<String>, parameter: &str, choices: &[(String, String, u64)]) {
        let current = page.parameter(parameter);
        let choices: Vec<FacetChoice> = choices
            .iter()
            .map(|(value, words, count)| {
                let chosen = current == Some(value.as_str());
                let next = if chosen { None } else { Some(value.as_str()) };
                FacetChoice { label: words.clone(), count: *count, href: page.link_with(&[(parameter, next)]), chosen }
            })
            .collect();
        if current.is_some() {
            let parameters: Vec<(&str, Option<&str>)> = page
                .query
                .iter()
                .map(|(name, _)| name.as_str())
                .filter(|name| !matches!(*name, "q" | "sort" | "limit"))
                .map(|name| (name, None))
                .collect();
            self.clear = Some(page.link_with(&parameters));
        }
        if !choices.is_empty() {
            self.groups.push(FacetGroup { label: label.into(), choices });
        }
    }
}

/// Tabs as links: parts of one matter, each with its own address.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(
    source = r#"<nav class="tabs" aria-label="{{ label }}"><ul>{% for tab in tabs %}<li><a href="{{ tab.href }}"{% if tab.current %} aria-current="page"{% endif %}>{{ tab.label }}{% if let Some(count) = tab.count %} <span class="count">{{ count }}</span>{% endif %}</a></li>{% endfor %}</ul></nav>"#,
    ext = "html"
)]
pub struct Tabs {
    /// What the tabs are parts of, for screen readers.
    pub label: String,
    /// The tabs.
    pub tabs: Vec<Tab>,
}

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// The words.
    pub label: String,
    /// The address.
    pub href: String,
    /// Whether it is the one shown.
    pub current: bool,
    /// A number beside the words.
    pub count: Option<u64>,
}

/// The list on this page as files; each file holds every row the filter finds.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(
    source = r#"<div class="exports"><span>{{ label }}</span>{% for (label, href) in links %}<a class="button small" href="{{ href }}" download>{{ self.icon() }}{{ label }}</a>{% endfor %}</div>"#,
    ext = "html"
)]
pub struct ExportLinks {
    /// Words and address of each file.
    pub links: Vec<(String, String)>,
    /// What the files hold.
    pub label: String,
}

impl ExportLinks {
    /// Files under this page's path with a suffix (`/chi-dao.xlsx`), with the same filter: `formats` is e.g. `["xlsx", "csv", "ics"]`.
    pub fn new(page: &Page, formats: &[&str]) -> ExportLinks {
        let links = formats
            .iter()
            .map(|format| {
                let label = match *format {
                    "xlsx" => page.t("export-xlsx"),
                    "ics" => page.t("export-ical"),
                    "csv" => page.t("export-csv"),
                    "docx" => page.say("Word (Phụ lục IV)", "Word (Appendix IV)").to_owned(),
                    other => other.to_uppercase(),
                };
                let query = crate::links::changed(&page.query, &[("limit", None)]);
                (label, crate::links::with_query(&format!("{}.{format}", page.href(&page.path)), &query))
            })
            .collect();
        ExportLinks { links, label: page.t("export-label") }
    }

    /// One record as files: words and address of each.
    pub fn of_record(page: &Page, files: impl IntoIterator<Item = (&'static str, String)>) -> ExportLinks {
        let links = files.into_iter().map(|(words, address)| (words.to_owned(), address)).collect();
        ExportLinks { links, label: page.say("Tải bản ghi này:", "Download this record:").to_owned() }
    }

    fn icon(&self) -> super::Icon {
        super::Icon::Download
    }
}
