//! A collection of texts that is no office's: one JSON object a line, indexed for one question and thrown away.

use std::path::Path;

use serde_json::{Map, Value};

use crate::index::{Entry, Finder, FinderError};
use crate::overlap::{Among, Overlap, Proposal};
use crate::vocabulary::Vocabulary;

/// Members of an object that are about the text, not of it.
const NOT_TEXT: [&str; 9] = ["id", "src", "source", "kind", "code", "url", "rel", "evidence", "state"];
/// Entries put before a commit.
const BATCH: usize = 2_000;
/// Who may see the texts of a collection.
const EVERYBODY: &str = "public";

/// A text with an id: `title` and every other member that is a string, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedText {
    /// Its id; empty when it has none.
    pub id: String,
    /// Its title; empty when it has none.
    pub title: String,
    /// Its other texts with their names.
    pub parts: Vec<(String, String)>,
}

impl CollectedText {
    /// Takes a text out of a JSON object. A list of strings is one text.
    pub fn of(object: &Map<String, Value>) -> CollectedText {
        let mut text = CollectedText { id: String::new(), title: String::new(), parts: Vec::new() };
        for (name, value) in object {
            let words = match value {
                Value::String(words) => words.clone(),
                Value::Number(number) if name == "id" => number.to_string(),
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
                _ => continue,
            };
            match name.as_str() {
                "id" => text.id = words,
                "title" => text.title = words,
                name if NOT_TEXT.contains(&name) || words.trim().is_empty() => {}
                name => text.parts.push((name.to_owned(), words)),
            }
        }
        text
    }

    /// The text as something to compare.
    pub fn proposal(&self) -> Proposal {
        let title = (!self.title.is_empty()).then(|| ("title".to_owned(), self.title.clone()));
        Proposal { parts: title.into_iter().chain(self.parts.iter().cloned()).collect() }
    }

    fn entry(&self) -> Entry {
        let (mut text, mut parts) = (String::new(), Vec::new());
        for (name, words) in &self.parts {
            if !text.is_empty() {
                text.push('\n');
            }
            parts.push((name.clone(), text.len()));
            text.push_str(words);
        }
        Entry { id: self.id.clone(), visible_to: vec![EVERYBODY.to_owned()], title: self.title.clone(), text, parts, ..Entry::default() }
    }
}

/// A collection with its index.
#[derive(Debug)]
pub struct Collection {
    finder: Finder,
}

impl Collection {
    /// Indexes texts in an empty folder; tells how many are done after each batch.
    ///
    /// # Errors
    /// Those of the index.
    pub fn index(
        folder: &Path,
        vocabulary: Vocabulary,
        texts: &[CollectedText],
        mut done: impl FnMut(usize),
    ) -> Result<Collection, FinderError> {
        let finder = Finder::open(folder, vocabulary)?;
        let mut count = 0;
        for part in texts.chunks(BATCH) {
            let entries: Vec<Entry> = part.iter().map(CollectedText::entry).collect();
            finder.put(&entries)?;
            finder.commit(0)?;
            count += part.len();
            done(count);
        }
        Ok(Collection { finder })
    }

    /// The texts that say what another says, the weightiest first; not the one with its id.
    ///
    /// # Errors
    /// Those of the index.
    pub fn overlaps(&self, text: &CollectedText, limit: usize) -> Result<Vec<Overlap>, FinderError> {
        let except = (!text.id.is_empty()).then_some(text.id.as_str());
        let among = Among { visible_to: vec![EVERYBODY.to_owned()], kinds: Vec::new(), except };
        self.finder.overlaps(&text.proposal(), &among, limit)
    }
}
