//! A catalogue that cannot be used.

use std::fmt;

use crate::label::{Label, Lang};

/// What is wrong in one place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, e.g. `kinds/directive.toml`.
    pub file: String,
    /// The line, from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// What is wrong and what is expected.
    pub reason: Label,
}

impl Problem {
    /// File, line and reason in one language.
    pub fn said(&self, lang: Lang) -> String {
        let reason = self.reason.get(lang);
        match self.line {
            0 => format!("{}: {reason}", self.file),
            line => format!("{}:{line}: {reason}", self.file),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said(Lang::En))
    }
}

/// A reason in Vietnamese and English, written like `format!` with the same values in both.
macro_rules! reason {
    ($vi:literal, $en:literal $(, $value:expr)* $(,)?) => {
        $crate::label::Label::new(format!($vi $(, $value)*), format!($en $(, $value)*))
    };
}
pub(crate) use reason;

/// Why a file is not what its form asks for, in the words of its reader (TOML, CSV, JSON). These speak English; the common ones are put into Vietnamese, the
/// rest stands after words that say what it is.
pub(crate) fn unread(message: &str) -> Label {
    const COMMON: [(&str, &str); 7] = [
        ("missing field", "thiếu trường"),
        ("unknown field", "không có trường"),
        ("unknown variant", "không có giá trị"),
        ("duplicate field", "ghi hai lần trường"),
        ("duplicate key", "ghi hai lần khóa"),
        ("invalid type:", "sai kiểu:"),
        ("expected", "cần"),
    ];
    let mut vi = message.to_owned();
    for (words, in_vietnamese) in COMMON {
        vi = vi.replace(words, in_vietnamese);
    }
    Label::new(format!("không đọc được: {vi}"), message)
}

/// The catalogue is refused; nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue is refused:{}", .problems.iter().map(|problem| format!("\n  {problem}")).collect::<String>())]
pub struct CatalogueError {
    /// Everything found, in the order of the files.
    pub problems: Vec<Problem>,
}
