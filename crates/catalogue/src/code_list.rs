//! Code lists with validity.

use crate::label::Label;

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What is stored. For lists whose codes were used again for other things it holds the first day too, e.g. `52.2025-07-01`.
    pub code: String,
    /// The official code.
    pub official: String,
    /// Its name.
    pub label: Label,
    /// First day; before the list when none.
    pub valid_from: Option<String>,
    /// Last day; still valid when none.
    pub valid_to: Option<String>,
}

/// A list of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeList {
    /// Its name.
    pub name: String,
    /// Legal source.
    pub source: String,
    /// Codes in order.
    pub codes: Vec<Code>,
}

impl CodeList {
    /// The name of a code, whether it is still valid or not.
    pub fn label(&self, code: &str) -> Option<&Label> {
        self.codes.iter().find(|entry| entry.code == code).map(|entry| &entry.label)
    }

    /// Codes valid on an ISO day, for choosing.
    pub fn valid_on(&self, day: &str) -> Vec<&Code> {
        self.codes
            .iter()
            .filter(|code| code.valid_from.as_deref().is_none_or(|from| from <= day) && code.valid_to.as_deref().is_none_or(|to| day <= to))
            .collect()
    }
}
