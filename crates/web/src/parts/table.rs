//! Tables: a real `<table>` with caption and count, sortable columns, and cards with labels on narrow screens.

use std::fmt;

use askama::Template;

use super::{Badge, EmptyState};
use crate::format;
use crate::lang::{Lang, Texts};
use crate::page::Page;

/// A table.
#[derive(Template, Debug, Clone)]
#[template(path = "parts/table.html")]
pub struct Table {
    /// What the table shows, with the filter in words.
    pub caption: String,
    /// How many rows there are in all; shown beside the caption. None hides the count.
    pub total: Option<u64>,
    /// The columns; the first one names the row.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What is shown instead of a table without rows.
    pub empty: EmptyState,
    /// The interface texts.
    pub texts: Texts,
}

impl Table {
    /// A table without rows yet.
    pub fn new(texts: Texts, caption: impl Into<String>, columns: Vec<Column>) -> Table {
        let empty = EmptyState::new(texts.get("empty-list"), texts.get("empty-list-what"));
        Table { caption: caption.into(), total: None, columns, rows: Vec::new(), empty, texts }
    }

    /// Sets the total beside the caption.
    pub fn with_total(mut self, total: u64) -> Table {
        self.total = Some(total);
        self
    }

    /// Sets what an empty table says.
    pub fn when_empty(mut self, empty: EmptyState) -> Table {
        self.empty = empty;
        self
    }

    /// Adds a row; cells in the order of the columns.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row { cells, marked: false, draft: None });
    }

    /// Adds a row that belongs to a marked place of a [`super::SourceText`] on the same page.
    pub fn draft_row(&mut self, name: impl Into<String>, cells: Vec<Cell>) {
        self.rows.push(Row { cells, marked: false, draft: Some(name.into()) });
    }

    /// The heading of a column for the card view.
    fn label(&self, index: &usize) -> &str {
        self.columns.get(*index).map_or("", |column| column.label.as_str())
    }

    fn is_numeric(&self, index: &usize) -> bool {
        self.columns.get(*index).is_some_and(|column| column.numeric)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub label: String,
    /// Whether it holds numbers, which stand to the right.
    pub numeric: bool,
    /// The link that sorts by it.
    pub sort: Option<String>,
    /// How the list is sorted by it now.
    pub order: Option<SortOrder>,
}

/// The order of a sorted column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl SortOrder {
    /// The value of `aria-sort`.
    pub fn aria(self) -> &'static str {
        match self {
            SortOrder::Ascending => "ascending",
            SortOrder::Descending => "descending",
        }
    }
}

impl Column {
    /// A plain column.
    pub fn new(label: impl Into<String>) -> Column {
        Column { label: label.into(), numeric: false, sort: None, order: None }
    }

    /// A column of numbers.
    pub fn numeric(label: impl Into<String>) -> Column {
        Column { numeric: true, ..Column::new(label) }
    }

    /// The same column with a link that sorts this page by `key` (`?sort=key`, pressed again `?sort=-key`).
    pub fn sorted_by(mut self, page: &Page, key: &str) -> Column {
        let down = format!("-{key}");
        let now = page.parameter("sort");
        self.order = match now {
            Some(sort) if sort == key => Some(SortOrder::Ascending),
            Some(sort) if sort == down => Some(SortOrder::Descending),
            _ => None,
        };
        let next = if self.order == Some(SortOrder::Ascending) { down.as_str() } else { key };
        self.sort = Some(page.link_with(&[("sort", Some(next))]));
        self
    }

    /// The same column with a link that sorts this page by `key` in the one order there is; `usual` when the page is so without being asked.
    pub fn sorted_in(mut self, page: &Page, key: &str, order: SortOrder, usual: bool) -> Column {
        let now = page.parameter("sort");
        self.order = (now == Some(key) || (usual && now.is_none())).then_some(order);
        self.sort = Some(page.link_with(&[("sort", Some(key))]));
        self
    }
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// The cells in the order of the columns.
    pub cells: Vec<Cell>,
    /// Whether the row stands out (overdue); a badge in the row says why.
    pub marked: bool,
    /// The name of the marked place it belongs to ([`super::Span`]).
    pub draft: Option<String>,
}

/// What stands in a cell.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Nothing: a dash.
    Empty,
    /// Words.
    Text(String),
    /// A link to a finished address ([`Page::href`]).
    Link {
        /// The words.
        text: String,
        /// The address.
        href: String,
    },
    /// A badge.
    Badge(Badge),
    /// Several things under one another.
    Lines(Vec<Cell>),
    /// A tick box for bulk actions.
    Tick {
        /// The field's name.
        name: String,
        /// Its value.
        value: String,
        /// Its label for screen readers.
        label: String,
    },
    /// Finished HTML (a part printed with `to_string`); the caller answers for its safety.
    Html(String),
}

impl Cell {
    /// Words; an empty text is a dash.
    pub fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    }

    /// A link.
    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Cell {
        Cell::Link { text: text.into(), href: href.into() }
    }

    /// A number, grouped.
    pub fn number(number: i64, lang: Lang) -> Cell {
        Cell::Text(format::number(number, lang))
    }
}

impl From<Badge> for Cell {
    fn from(badge: Badge) -> Cell {
        Cell::Badge(badge)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use askama::filters::{Html, escape};
        let escaped = |text: &str| escape(text, Html).map(|safe| safe.to_string()).unwrap_or_default();
        match self {
            Cell::Empty => f.write_str("–"),
            Cell::Text(text) => f.write_str(&escaped(text)),
            Cell::Link { text, href } => write!(f, r#"<a href="{}">{}</a>"#, escaped(href), escaped(text)),
            Cell::Badge(badge) => write!(f, "{badge}"),
            Cell::Lines(cells) => {
                for cell in cells {
                    write!(f, "<div>{cell}</div>")?;
                }
                Ok(())
            }
            Cell::Tick { name, value, label } => write!(
                f,
                r#"<label class="tick-only"><input type="checkbox" name="{}" value="{}"><span class="hidden">{}</span></label>"#,
                escaped(name),
                escaped(value),
                escaped(label)
            ),
            Cell::Html(html) => f.write_str(html),
        }
    }
}
