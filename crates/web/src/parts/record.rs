//! What stands on the page of one record: its properties, its history, how to cite it.

use askama::Template;

use super::{Badge, Cell, Icon};
use crate::lang::Texts;

/// Properties of a record: names and values.
#[derive(Template, Debug, Clone, Default)]
#[template(
    source = r#"<dl class="facts">{% for (name, value) in rows %}<div><dt>{{ name }}</dt><dd>{{ value }}</dd></div>{% endfor %}</dl>"#,
    ext = "html"
)]
pub struct Definitions {
    /// Names and values, in order.
    pub rows: Vec<(String, Cell)>,
}

impl Definitions {
    /// Adds a property.
    pub fn add(&mut self, name: impl Into<String>, value: Cell) {
        self.rows.push((name.into(), value));
    }

    /// Adds a property only when it has a value.
    pub fn add_some(&mut self, name: impl Into<String>, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.rows.push((name.into(), Cell::text(value)));
        }
    }
}

/// A history, oldest or newest first as given.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "parts/timeline.html")]
pub struct Timeline {
    /// What happened.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// When, in words: `21/06/2019`, `tháng 10/2019`.
    pub when: String,
    /// When, for machines (`2019-06-21`); may be empty.
    pub machine_when: String,
    /// What.
    pub title: String,
    /// The address of what the title names.
    pub href: Option<String>,
    /// More words; may be empty.
    pub text: String,
    /// Who; may be empty.
    pub by: String,
    /// A status or "minh họa".
    pub badges: Vec<Badge>,
}

/// How to cite a record: official citation and permanent address, to be copied in one click.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(
    source = r#"<div class="citation"><label for="{{ id }}">{{ texts.t("citation-label") }}</label><div class="join"><textarea id="{{ id }}" readonly rows="3">{{ text }} {{ address }}</textarea><button type="button" class="button" data-copy="{{ id }}" data-done="{{ texts.t("citation-copied") }}" hidden>{{ self.icon() }}<span>{{ texts.t("citation-copy") }}</span></button></div></div>"#,
    ext = "html"
)]
pub struct Citation {
    /// A name for the element, unique on the page.
    pub id: String,
    /// The official citation.
    pub text: String,
    /// The permanent absolute address.
    pub address: String,
    /// The interface texts.
    pub texts: Texts,
}

impl Citation {
    fn icon(&self) -> Icon {
        Icon::Copy
    }
}
