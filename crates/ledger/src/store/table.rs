//! The tables of a store, the same in every engine. A ledger goes from one engine into another row by row, whatever the rows mean: what a later version adds to a
//! table comes along, and nothing is made anew that could come out otherwise.

use crate::error::LedgerError;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// 64 bits with a sign.
    Number,
    /// 0 or 1.
    Flag,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A value in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Null,
    /// A number, or a flag.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Name and type of its columns, those of the key first.
    pub columns: &'static [(&'static str, ColumnType)],
    /// How many columns are the key.
    pub key: usize,
    /// Rows read and written at one time: payloads have up to 1 MiB each.
    pub page: usize,
}

impl Table {
    /// The names of its columns, separated by commas.
    pub(crate) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The question for a page of rows in the order of the key; `placeholders` are those of the key after which it begins.
    pub(crate) fn page_after(&self, placeholders: Option<&str>, limit: &str) -> String {
        let key: Vec<&str> = self.columns.iter().take(self.key).map(|(name, _)| *name).collect();
        let key = key.join(", ");
        let after = placeholders.map_or_else(String::new, |placeholders| format!(" WHERE ({key}) > ({placeholders})"));
        format!("SELECT {} FROM {}{after} ORDER BY {key} LIMIT {limit}", self.names(), self.name)
    }

    /// The key of a row.
    pub(crate) fn key_of<'a>(&self, row: &'a [Cell]) -> &'a [Cell] {
        row.get(..self.key).unwrap_or(row)
    }
}

/// A row that does not fit its table.
pub(crate) fn misfit(table: &Table) -> LedgerError {
    LedgerError::Damaged(format!("a row of the table {} is not as it should be", table.name))
}

use ColumnType::{Bytes, Flag, Number, Text};

/// All tables with what belongs to a ledger. `meta` says whose it is and is written by itself, when all else is there.
pub(crate) const TABLES: [Table; 13] = [
    Table {
        name: "log",
        columns: &[
            ("id", Number),
            ("origin", Text),
            ("audience", Text),
            ("size", Number),
            ("frontier", Bytes),
            ("own", Flag),
            ("standing", Text),
            ("checkpoint", Text),
            ("receipt", Text),
            ("provisional", Number),
            ("sought", Number),
            ("counted", Number),
            ("ruling", Bytes),
        ],
        key: 1,
        page: 500,
    },
    Table { name: ENTRY, columns: &[("place", Number), ("leaf", Bytes), ("bytes", Bytes), ("payload", Bytes)], key: 1, page: 64 },
    Table {
        name: "version",
        columns: &[
            ("log", Number),
            ("rec", Bytes),
            ("ver", Number),
            ("op", Text),
            ("kind", Text),
            ("at", Number),
            ("seq", Number),
            ("place", Number),
            ("cat", Number),
        ],
        key: 3,
        page: 500,
    },
    Table { name: "current", columns: &[("log", Number), ("kind", Text), ("rec", Bytes)], key: 3, page: 500 },
    Table {
        name: "change",
        columns: &[("seq", Number), ("log", Number), ("op", Text), ("rec", Bytes), ("ver", Number), ("kind", Text), ("place", Number)],
        key: 1,
        page: 500,
    },
    Table { name: "cabinet", columns: &[("drawer", Text), ("key", Text), ("value", Text)], key: 2, page: 500 },
    Table { name: "tile", columns: &[("log", Number), ("level", Number), ("at", Number), ("hash", Bytes)], key: 3, page: 500 },
    Table { name: "gap", columns: &[("log", Number), ("place", Number)], key: 2, page: 500 },
    Table { name: "erased", columns: &[("log", Number), ("pay", Bytes)], key: 2, page: 500 },
    Table { name: "lookup", columns: &[("log", Number), ("head", Bytes), ("place", Number)], key: 3, page: 500 },
    Table {
        name: "aside",
        columns: &[
            ("log", Number),
            ("pile", Text),
            ("number", Number),
            ("place", Number),
            ("leaf", Bytes),
            ("bytes", Bytes),
            ("payload", Bytes),
        ],
        key: 3,
        page: 64,
    },
    Table { name: EVIDENCE, columns: &[("number", Number), ("origin", Text), ("digest", Bytes), ("text", Text)], key: 1, page: 64 },
    Table {
        name: "claim",
        columns: &[
            ("audience", Text),
            ("rec", Bytes),
            ("leaf", Bytes),
            ("place", Number),
            ("maker", Text),
            ("stretch", Number),
            ("epoch", Number),
            ("prev", Bytes),
            ("ver", Number),
            ("op", Text),
            ("kind", Text),
            ("cat", Number),
            ("at", Number),
            ("lacks", Flag),
        ],
        key: 5,
        page: 500,
    },
];

/// The table of the entries: how far a copy has come is told by them.
pub(crate) const ENTRY: &str = "entry";
/// The table whose numbers are given by the engine.
pub(crate) const EVIDENCE: &str = "evidence";
