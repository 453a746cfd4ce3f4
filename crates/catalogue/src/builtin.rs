//! The files compiled into the program.

use rust_embed::RustEmbed;

use crate::error::{CatalogueError, Problem};
use crate::load::Catalogue;

#[derive(RustEmbed)]
#[folder = "../../catalogue"]
struct Files;

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
    /// As [`Catalogue::load`]; a path that the program already has is refused, because nothing built in is replaced.
    pub fn builtin_with(extra: Vec<(String, String)>) -> Result<Catalogue, CatalogueError> {
        let mut files = extra;
        let mut problems = Vec::new();
        for name in Files::iter() {
            let Some(file) = Files::get(&name) else { continue };
            match String::from_utf8(file.data.into_owned()) {
                Ok(text) => files.push((name.into_owned(), text)),
                Err(_) => problems.push(Problem { file: name.into_owned(), line: 0, reason: "not UTF-8".to_owned() }),
            }
        }
        if problems.is_empty() { Catalogue::load(files) } else { Err(CatalogueError { problems }) }
    }
}
