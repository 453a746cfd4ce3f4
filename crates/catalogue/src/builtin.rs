//! The files compiled into the program.

use rust_embed::RustEmbed;
use serde::Deserialize;
use toml::Spanned;

use crate::error::{CatalogueError, Problem, reason};
use crate::load::{Catalogue, line_of};

#[derive(RustEmbed)]
#[folder = "../../catalogue"]
struct Files;

/// What a file of a kind is about.
#[derive(Deserialize)]
struct NamedKind {
    kind: Spanned<String>,
}

impl Catalogue {
    /// The catalogue compiled into the program.
    ///
    /// # Errors
    /// As [`Catalogue::load`].
    pub fn builtin() -> Result<Catalogue, CatalogueError> {
        Catalogue::builtin_with(Vec::new())
    }

    /// The file of a kind as it is compiled into the program; none when it is not there.
    pub fn builtin_form(kind: &str) -> Option<String> {
        String::from_utf8(Files::get(&format!("kinds/{kind}.toml"))?.data.into_owned()).ok()
    }

    /// The catalogue compiled into the program with files of the operator, (path, text) as in [`Catalogue::load`] and checked like the rest. A new edition
    /// of a list is one more file: `codes/research-fields-2025.csv` with the columns of the edition of 2008.
    ///
    /// # Errors
    /// As [`Catalogue::load`]; a path or a kind that the program already has is refused, because nothing built in is replaced. A new version of such a kind
    /// is adopted by [`Catalogue::with_form`], so that it can be compared and tried first.
    pub fn builtin_with(extra: Vec<(String, String)>) -> Result<Catalogue, CatalogueError> {
        let mut problems = Vec::new();
        for (path, text) in extra.iter().filter(|(path, _)| path.starts_with("kinds/")) {
            // A file that cannot be read is refused by the loader.
            let Ok(NamedKind { kind }) = toml::from_str(text) else { continue };
            if Files::get(&format!("kinds/{}.toml", kind.get_ref())).is_some() {
                let line = line_of(text, kind.span().start);
                let reason = reason!(
                    "chương trình đã có loại bản ghi {}; hãy tải phiên bản mới lên ở trang “Mẫu, phiên bản”",
                    "the program has the kind {} itself; load its new version up under “Form versions” instead",
                    kind.get_ref()
                );
                problems.push(Problem { file: path.clone(), line, reason });
            }
        }
        let mut files = extra;
        for name in Files::iter() {
            if files.iter().any(|(path, _)| *path == name) {
                let reason = reason!(
                    "chương trình đã có tệp tên này và không tệp có sẵn nào bị thay; hãy đặt tên riêng cho bản mới, ví dụ theo năm khác",
                    "the program has a file of this name and nothing built in is replaced; give the new edition its own name, e.g. another year"
                );
                problems.push(Problem { file: name.into_owned(), line: 0, reason });
                continue;
            }
            let Some(file) = Files::get(&name) else { continue };
            match String::from_utf8(file.data.into_owned()) {
                Ok(text) => files.push((name.into_owned(), text)),
                Err(_) => problems.push(Problem { file: name.into_owned(), line: 0, reason: reason!("không phải UTF-8", "not UTF-8") }),
            }
        }
        if problems.is_empty() { Catalogue::load(files) } else { Err(CatalogueError { problems }) }
    }
}
