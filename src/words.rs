//! The two languages of the command line, and how it speaks.

use std::io::Write;

use catalogue::{Label, Lang};
use clap::ValueEnum;
use office::OfficeError;

/// Prints a line, like `println!`. Whoever read it may be gone (`lienvung demo | head -3`): that is no reason for a node to stop.
macro_rules! tell {
    ($($words:tt)*) => {
        crate::words::tell(format_args!($($words)*))
    };
}

/// See [`tell!`].
pub fn tell(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Tiếng Việt
    Vi,
    /// English
    En,
}

/// Picks the words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    lang: Lang,
}

impl Words {
    /// The words of a language.
    pub fn of(language: Language) -> Words {
        Words { lang: if language == Language::Vi { Lang::Vi } else { Lang::En } }
    }

    /// The catalogue's name of the language.
    pub fn lang(self) -> Lang {
        self.lang
    }

    /// One of two texts.
    pub fn say<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        if self.lang == Lang::Vi { vi } else { en }
    }

    /// The text of a label.
    pub fn label(self, label: &Label) -> String {
        label.get(self.lang).to_owned()
    }

    /// An error in plain words, with the operator's detail behind it when the words alone would not help.
    pub fn error(self, error: &anyhow::Error) -> String {
        match error.downcast_ref::<OfficeError>() {
            Some(office) => {
                let mut text = self.label(&office.message());
                if let OfficeError::Invalid(faults) = office {
                    for fault in faults {
                        text.push_str(&format!("\n  {}: {}", fault.path, self.label(&fault.message)));
                    }
                }
                if matches!(office.code(), "internal" | "database_away") {
                    text.push_str(&format!("\n  {office}"));
                }
                text
            }
            None => format!("{error:#}"),
        }
    }
}
