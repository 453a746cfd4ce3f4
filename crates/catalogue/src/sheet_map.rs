//! Ready maps: how the columns of a spreadsheet that offices really have lead to the fields of a kind.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Problem, reason, unread};
use crate::label::Label;
use crate::load::{Catalogue, line_of};

/// A map of one kind of spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetMap {
    /// Its name, by which an import asks for it.
    pub name: String,
    /// The kind of the records.
    pub kind: String,
    /// For people.
    pub label: Label,
    /// Who publishes such spreadsheets.
    pub source: String,
    /// Columns.
    pub columns: Vec<SheetColumn>,
    /// Inputs that are the same for every row: path and text.
    pub constants: Vec<(String, String)>,
}

/// A column of a map.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetColumn {
    /// How its heading is written; compared without case and punctuation.
    pub heading: Vec<String>,
    /// The path of the form input, e.g. `names.0.text`.
    pub path: String,
    /// What amounts are multiplied by.
    #[serde(default = "one")]
    pub unit: i64,
    /// Words of the spreadsheet and the code they stand for.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

fn one() -> i64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    name: String,
    kind: String,
    vi: String,
    en: String,
    source: String,
    column: Vec<SheetColumn>,
    #[serde(default)]
    constant: Vec<ConstantFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConstantFile {
    path: String,
    value: String,
}

impl SheetMap {
    /// Reads a map and checks its paths against the kinds.
    pub(crate) fn read(path: &str, text: &str, catalogue: &Catalogue) -> Result<SheetMap, Vec<Problem>> {
        let problem = |line: usize, reason: Label| vec![Problem { file: path.to_owned(), line, reason }];
        let file: MapFile = toml::from_str(text)
            .map_err(|error| problem(error.span().map_or(0, |span| line_of(text, span.start)), unread(error.message())))?;
        let Some(kind) = catalogue.kind(&file.kind) else {
            return Err(problem(0, reason!("không có loại bản ghi {}", "there is no kind {}", file.kind)));
        };
        for place in file.column.iter().map(|column| &column.path).chain(file.constant.iter().map(|constant| &constant.path)) {
            if kind.field_at(place).is_none() {
                return Err(problem(0, reason!("loại {} không có trường {place}", "kind {} has no field {place}", kind.name)));
            }
        }
        Ok(SheetMap {
            name: file.name,
            kind: file.kind,
            label: Label::new(file.vi, file.en),
            source: file.source,
            columns: file.column,
            constants: file.constant.into_iter().map(|constant| (constant.path, constant.value)).collect(),
        })
    }
}
