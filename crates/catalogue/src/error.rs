//! A catalogue that cannot be used.

use std::fmt;

/// What is wrong in one place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, e.g. `kinds/directive.toml`.
    pub file: String,
    /// The line, from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// What is wrong and what is expected.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.reason),
            line => write!(f, "{}:{line}: {}", self.file, self.reason),
        }
    }
}

/// The catalogue is refused; nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue is refused:{}", .problems.iter().map(|problem| format!("\n  {problem}")).collect::<String>())]
pub struct CatalogueError {
    /// Everything found, in the order of the files.
    pub problems: Vec<Problem>,
}
