//! The names and words by which documents are read. They come from outside.

use serde::{Deserialize, Serialize};

use crate::pairs::SyllablePairs;

/// A body with every way of writing its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyNames {
    /// What the caller knows it by; none when it has no record.
    pub id: Option<String>,
    /// Names, short names and aliases.
    pub names: Vec<String>,
    /// Whether it is a class of bodies.
    #[serde(default)]
    pub class: bool,
}

/// A type of document with the symbols in its number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentWords {
    /// "Nghị quyết".
    pub name: String,
    /// "NQ".
    pub symbols: Vec<String>,
}

/// A document whose number and date are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownNumber {
    /// "54/2016/NĐ-CP".
    pub number: String,
    /// ISO date.
    pub day: Option<String>,
    /// Its title.
    pub title: String,
}

/// Names and words.
#[derive(Debug, Clone, Default)]
pub struct Gazetteer {
    /// Known bodies.
    pub bodies: Vec<BodyNames>,
    /// First words of names of bodies.
    pub heads: Vec<String>,
    /// Phrases for classes of bodies.
    pub classes: Vec<String>,
    /// Names of provinces and other places.
    pub places: Vec<String>,
    /// Proper names whose capitals are fixed, e.g. "Nam Trung Bộ".
    pub proper_names: Vec<String>,
    /// Types of documents.
    pub document_types: Vec<DocumentWords>,
    /// Known documents.
    pub documents: Vec<KnownNumber>,
    /// Frequencies of syllable pairs; without them no slips are suggested.
    pub pairs: SyllablePairs,
}
