//! Reference data: bodies with fixed ids, and the words by which official documents are read.

use serde::Deserialize;
use serde_json::Value;

/// A body every node knows from the start.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceBody {
    /// Its record id, never changed.
    pub id: String,
    /// Data of the kind `body`.
    pub data: Value,
}

/// A type of document with the symbols in its number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DocumentType {
    /// "Nghị quyết".
    pub name: String,
    /// "NQ".
    pub symbols: Vec<String>,
}

/// A document whose number and date are known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownDocument {
    /// Its number.
    pub number: String,
    /// Its date, ISO.
    pub day: Option<String>,
    /// Its title.
    pub title: String,
}

/// Words for the reader of official documents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct GazetteerWords {
    /// First words of names of bodies.
    pub heads: Vec<String>,
    /// Addressees that are classes of bodies.
    pub classes: Vec<String>,
    /// Types of documents.
    #[serde(rename = "document_type")]
    pub document_types: Vec<DocumentType>,
    /// Known documents.
    #[serde(rename = "document")]
    pub documents: Vec<KnownDocument>,
    /// Abbreviation → written out.
    pub abbreviations: std::collections::BTreeMap<String, String>,
}
