//! Rows of tables as they are, in SQL.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{ToSql, params_from_iter};

use crate::error::LedgerError;
use crate::sqlite::transaction::Session;
use crate::store::number::limit_of;
use crate::store::table::{Cell, Table, misfit};

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Number(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

pub(super) fn rows(session: &Session<'_, '_>, table: &Table, after: Option<&[Cell]>, limit: usize) -> Result<Vec<Vec<Cell>>, LedgerError> {
    let placeholders = after.map(|key| vec!["?"; key.len()].join(", "));
    let mut statement = session.connection.prepare_cached(&table.page_after(placeholders.as_deref(), "?"))?;
    let mut values = after.unwrap_or_default().to_vec();
    values.push(Cell::Number(limit_of(limit)));
    let mut found = statement.query(params_from_iter(values))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let mut cells = Vec::with_capacity(table.columns.len());
        for at in 0..table.columns.len() {
            cells.push(match row.get_ref(at)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(number) => Cell::Number(number),
                ValueRef::Text(text) => Cell::Text(String::from_utf8(text.to_vec()).map_err(|_| misfit(table))?),
                ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                ValueRef::Real(_) => return Err(misfit(table)),
            });
        }
        rows.push(cells);
    }
    Ok(rows)
}

pub(super) fn put_rows(session: &Session<'_, '_>, table: &Table, rows: &[Vec<Cell>]) -> Result<(), LedgerError> {
    let placeholders = vec!["?"; table.columns.len()].join(", ");
    let mut statement =
        session.connection.prepare_cached(&format!("INSERT INTO {} ({}) VALUES ({placeholders})", table.name, table.names()))?;
    for row in rows {
        statement.execute(params_from_iter(row))?;
    }
    Ok(())
}
