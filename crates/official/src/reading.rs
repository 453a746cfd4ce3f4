//! The whole reading of a document.

use serde_json::{Value, json};

use crate::actor::Names;
use crate::citation::{Citation, citations};
use crate::deadline::Calendar;
use crate::directive::{FoundDirective, directives};
use crate::error::ReadError;
use crate::gazetteer::Gazetteer;
use crate::head::{Head, check_secrecy, head_of};
use crate::item::{Item, Paragraph, paragraphs};
use crate::original::{Note, text_of};
use crate::suggestion::{Suggestion, suggestions};
use crate::view::{Span, View};

/// What was found. Everything is a draft that a person confirms.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The exact text; for plain text the file's bytes.
    pub text: String,
    /// The head.
    pub document: Head,
    /// Numbered paragraphs.
    pub items: Vec<Item>,
    /// Directives in order.
    pub directives: Vec<FoundDirective>,
    /// Citations in order.
    pub citations: Vec<Citation>,
    /// Likely slips in order.
    pub suggestions: Vec<Suggestion>,
    /// What to know about the file.
    pub notes: Vec<Note>,
}

/// Reads a file. `name` helps to tell HTML from text; the format is otherwise known by its content.
///
/// # Errors
/// See [`ReadError`]: empty, too large, not a text format, damaged, old encoding, classified.
pub fn read(name: &str, bytes: &[u8], gazetteer: &Gazetteer) -> Result<Reading, ReadError> {
    let (text, notes) = text_of(name, bytes)?;
    let view = View::of(&text);
    let lines = view.lines();
    check_secrecy(&view, &lines)?;
    let mut citations = citations(&view, gazetteer);
    let document = head_of(&view, &lines, &citations);
    // A document does not cite itself by its own number.
    citations.retain(|citation| Some(&citation.number) != document.number.as_ref() || !citation.raw.starts_with("Số"));
    let (body, itemised) = body_of(&view, &lines);
    let names = Names::of(gazetteer);
    let calendar = Calendar { document_day: document.day() };
    let directives = directives(&view, &body, &names, calendar, itemised);
    let items = body
        .iter()
        .filter(|paragraph| paragraph.marked)
        .map(|paragraph| Item {
            item: paragraph.item(),
            path: paragraph.path(),
            start: view.byte(paragraph.words.start),
            end: view.byte(paragraph.words.end),
        })
        .collect();
    let suggestions = suggestions(&view, &lines, &citations, &directives, gazetteer);
    Ok(Reading { text, document, items, directives, citations, suggestions, notes })
}

/// The paragraphs that may give tasks: from the first item to the end of the document proper; all lines when there are no items.
fn body_of(view: &View, lines: &[Span]) -> (Vec<Paragraph>, bool) {
    let all = paragraphs(view, lines);
    let first = all
        .iter()
        .position(|paragraph| paragraph.marked && paragraph.levels.first().is_some_and(|(level, _)| *level < crate::item::Level::Dash));
    let Some(first) = first else {
        let body = all.into_iter().filter(|paragraph| is_sentence(view, paragraph.words)).collect();
        return (body, false);
    };
    let mut body = Vec::new();
    for paragraph in all.into_iter().skip(first) {
        if ends_document(view, paragraph.words) {
            break;
        }
        // A short line without a full stop after the items is a signature or the page around the text.
        if !paragraph.marked && !is_sentence(view, paragraph.words) {
            if paragraph.words.end - paragraph.words.start < 80 && !body.is_empty() {
                break;
            }
            continue;
        }
        body.push(paragraph);
    }
    (body, true)
}

fn is_sentence(view: &View, words: Span) -> bool {
    matches!(view.char_at(words.end.saturating_sub(1)), Some('.' | ';' | ':' | '!' | '/')) && view.syllables(words).len() >= 4
}

fn ends_document(view: &View, words: Span) -> bool {
    [
        "noi nhan",
        "tran trong thong bao",
        "tren day la",
        "van phong ubnd tinh thong bao",
        "so luot xem",
        "tl",
        "kt",
        "tm",
        "tuq",
        "chanh van phong",
        "luu vt",
    ]
    .iter()
    .any(|ending| view.words_at(words.start, ending).is_some())
}

impl Reading {
    /// The form that `lienvung read --json` prints.
    pub fn to_json(&self) -> Value {
        let actors = |list: &[crate::actor::Actor]| -> Vec<String> { list.iter().map(|actor| actor.text.clone()).collect() };
        let directives: Vec<Value> = self
            .directives
            .iter()
            .map(|directive| {
                let due = directive.due.as_ref().map(|due| {
                    json!({"raw": due.raw, "precision": due.precision, "date": due.last_day.map(|day| day.to_string()), "start": due.start, "end": due.end,
                        "strict": due.strict, "period": due.period, "inferred": due.inferred})
                });
                json!({"item": directive.item, "path": directive.path, "text": directive.text, "start": directive.start, "end": directive.end,
                    "verb": directive.verb, "force": directive.force, "assigner": directive.assigner, "lead": actors(&directive.lead), "with": actors(&directive.with),
                    "class": directive.class, "due": due, "clear": directive.clear})
            })
            .collect();
        let citations: Vec<Value> = self
            .citations
            .iter()
            .map(|citation| {
                json!({"raw": citation.raw, "number": citation.number, "date": citation.date, "target": citation.target, "suggestion": citation.suggestion,
                    "start": citation.start, "end": citation.end})
            })
            .collect();
        let document = &self.document;
        json!({
            "document": {"kind": document.kind, "title": document.title, "number": document.number, "event_date": document.event_date, "issued_date": document.issued_date,
                "published_date": document.published_date, "place": document.place, "chairs": document.chairs, "attendees": document.attendees, "citations": citations},
            "directives": directives,
            "suggestions": self.suggestions,
            "notes": self.notes.iter().map(|note| json!({"vi": note.vi, "en": note.en})).collect::<Vec<_>>(),
        })
    }
}
