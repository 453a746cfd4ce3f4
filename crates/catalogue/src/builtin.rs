//! The files compiled into the program.

use rust_embed::RustEmbed;

use crate::error::{CatalogueError, Problem};
use crate::load::Catalogue;

#[derive(RustEmbed)]
#[folder = "../../catalogue"]
struct Files;

impl Catalogue {
    /// The catalogue compiled into the program.
    pub fn builtin() -> Result<Catalogue, CatalogueError> {
        let mut files = Vec::new();
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
