//! A page as a list of blocks: what most pages of an office are made of. One template prints them all.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::filters;
use crate::lang::Lang;
use crate::page::{Page, Theme};
use crate::parts::{
    Badge, Cell, Citation, Definitions, EmptyState, ExportLinks, Facets, Field, FieldGroup, FormErrors, FourCells, Icon, Notice, Pager,
    SourceText, Table, Tabs, Timeline,
};

/// One block.
#[derive(Debug)]
pub(crate) enum Block {
    /// A heading of the second rank.
    Heading(String),
    /// The sentence under the title.
    Lead(String),
    /// A paragraph.
    Text(String),
    /// A paragraph in the muted colour.
    Muted(String),
    /// Exact words of a source.
    Quote(String),
    /// Computer text, kept as it is.
    Code(String),
    /// Text in Markdown of an article, cleaned.
    Article(String),
    /// A message.
    Notice(Notice),
    /// Badges in a row.
    Badges(Vec<Badge>),
    /// Links as buttons.
    Buttons(Vec<(String, String)>),
    /// Plain links in a list.
    Links(Vec<(String, String)>),
    /// Key figures beside one another.
    Figures(Vec<Figure>),
    /// The four cells of the report.
    Bar(FourCells),
    /// A table.
    Table(Table),
    /// Paging.
    Pager(Pager),
    /// Export links.
    Exports(ExportLinks),
    /// Facets.
    Facets(Facets),
    /// Parts of one matter.
    Tabs(Tabs),
    /// Names and values.
    Facts(Definitions),
    /// Events in time.
    Timeline(Timeline),
    /// A citation to copy.
    Citation(Citation),
    /// Long work: words, done, of.
    Progress(String, usize, usize),
    /// Nothing there, and what to do.
    Empty(EmptyState),
    /// A text with marked passages.
    Source(SourceText),
    /// Doors of the home page: title, words, address.
    Doors(Vec<(String, String, String)>),
    /// Search hits, numbered from the given one.
    Hits(usize, Vec<FoundHit>),
    /// Records that say what a proposal says.
    Overlaps(Vec<OverlapCard>),
    /// A part of the page that a script keeps up to date while a form is filled in: id, blocks.
    Panel(&'static str, Blocks),
    /// A form.
    Form(Form),
    /// Two columns: the source, with a name for screen readers, and what was made of it.
    Split(String, Blocks, Blocks),
    /// Facets beside a list.
    Side(Blocks, Blocks),
    /// A form and what belongs beside it.
    Beside(Blocks, Blocks),
}

/// A key figure of a record.
#[derive(Debug)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: String,
    /// The figure, or why there is none.
    pub(crate) value: String,
    /// What it is made of; may be empty.
    pub(crate) note: String,
    /// Whether there is a figure; words instead of one are smaller.
    pub(crate) known: bool,
}

/// A hit as it is shown.
#[derive(Debug)]
pub(crate) struct FoundHit {
    pub(crate) href: String,
    pub(crate) title: Vec<(String, bool)>,
    pub(crate) snippet: Vec<(String, bool)>,
    pub(crate) badges: Vec<Badge>,
    /// Why it was found, a reason a line, and the words that open them.
    pub(crate) why: Vec<String>,
    pub(crate) why_words: String,
}

/// A record that says what a proposal says, as it is shown.
#[derive(Debug)]
pub(crate) struct OverlapCard {
    /// Share of the proposal.
    pub(crate) percent: String,
    pub(crate) title: String,
    pub(crate) href: String,
    pub(crate) badges: Vec<Badge>,
    /// The words of the proposal, empty beside a form that holds them, and those of the record.
    pub(crate) passages: Vec<(String, String)>,
    /// Headings of the two.
    pub(crate) mine: String,
    pub(crate) theirs: String,
    /// How many passages are left out, and the words for that.
    pub(crate) more: usize,
    pub(crate) more_words: String,
}

/// What a form consists of.
#[derive(Debug)]
pub(crate) struct Form {
    /// Where it goes.
    pub(crate) action: String,
    /// `post` or `get`.
    pub(crate) method: &'static str,
    /// Whether it carries a file.
    pub(crate) upload: bool,
    /// `filter`, `card draft`, `guarded` or nothing.
    pub(crate) class: &'static str,
    /// Its id; may be empty.
    pub(crate) id: String,
    /// A heading inside; may be empty.
    pub(crate) heading: String,
    /// Words that say it was kept as a draft; a form with them is kept while it is typed.
    pub(crate) draft: String,
    /// The id of the panel that shows what others say of what is typed; may be empty.
    pub(crate) panel: &'static str,
    /// How its file is sent in pieces where scripts run; without script it goes as one.
    pub(crate) pieces: Option<Box<Pieces>>,
    /// Words before the fields.
    pub(crate) before: Vec<String>,
    /// Badges before the fields.
    pub(crate) badges: Vec<Badge>,
    /// Faults.
    pub(crate) errors: Option<FormErrors>,
    /// Fields and groups in order.
    pub(crate) parts: Vec<FormPart>,
    /// Buttons: name, value, words; the first is the main one.
    pub(crate) buttons: Vec<(String, String, String)>,
}

/// Where a form's file goes piece by piece, and the words of the script that sends it.
#[derive(Debug)]
pub(crate) struct Pieces {
    pub(crate) href: String,
    pub(crate) sent: String,
    pub(crate) left: String,
    pub(crate) lost: String,
    pub(crate) changed: String,
    pub(crate) cancel: String,
}

/// A part of a form.
#[derive(Debug)]
pub(crate) enum FormPart {
    /// A heading.
    Heading(String),
    /// A field.
    Field(Box<Field>),
    /// Repeated rows.
    Group(FieldGroup),
    /// A table with ticks.
    Table(Table),
}

impl Form {
    /// A form that posts to `action`.
    pub(crate) fn post(action: impl Into<String>) -> Form {
        Form {
            action: action.into(),
            method: "post",
            upload: false,
            class: "",
            id: String::new(),
            heading: String::new(),
            draft: String::new(),
            panel: "",
            pieces: None,
            before: Vec::new(),
            badges: Vec::new(),
            errors: None,
            parts: Vec::new(),
            buttons: Vec::new(),
        }
    }

    /// A filter in the address.
    pub(crate) fn filter(action: impl Into<String>) -> Form {
        Form { method: "get", class: "filter", ..Form::post(action) }
    }

    pub(crate) fn field(mut self, field: Field) -> Form {
        self.parts.push(FormPart::Field(Box::new(field)));
        self
    }

    pub(crate) fn button(mut self, words: impl Into<String>) -> Form {
        self.buttons.push((String::new(), String::new(), words.into()));
        self
    }

    pub(crate) fn button_with(mut self, name: &str, value: &str, words: impl Into<String>) -> Form {
        self.buttons.push((name.to_owned(), value.to_owned(), words.into()));
        self
    }
}

/// Blocks in order; prints itself.
#[derive(Template, Debug, Default)]
#[template(path = "blocks.html")]
pub(crate) struct Blocks {
    pub(crate) list: Vec<Block>,
}

impl HtmlSafe for Blocks {}

impl Blocks {
    pub(crate) fn push(&mut self, block: Block) {
        self.list.push(block);
    }
}

/// The page around the blocks.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct BlockPage {
    pub(crate) page: Page,
    pub(crate) blocks: Blocks,
}

/// Shows blocks as the page's content.
pub(crate) fn show(page: Page, blocks: Blocks) -> crate::errors::Answer {
    let shown = BlockPage { page, blocks };
    shown.page.show(&shown)
}

/// Shows a form again with its faults: 422.
pub(crate) fn show_faulty(page: Page, blocks: Blocks) -> crate::errors::Answer {
    let shown = BlockPage { page, blocks };
    shown.page.show_with(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

/// A form of one button inside a cell; `whom` names for screen readers what it is about.
pub(crate) fn button_form(action: &str, words: &str, whom: &str) -> Cell {
    use askama::filters::{Html, escape};
    let safe = |text: &str| escape(text, Html).map(|safe| safe.to_string()).unwrap_or_default();
    Cell::Html(format!(
        "<form action=\"{}\" method=\"post\"><button class=\"button small\">{}<span class=\"hidden\"> {}</span></button></form>",
        safe(action),
        safe(words),
        safe(whom)
    ))
}

fn article(text: &str) -> Cell {
    Cell::Html(crate::parts::article_html(text))
}
