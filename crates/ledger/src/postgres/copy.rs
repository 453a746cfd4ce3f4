//! Rows of tables as they are, in SQL. A page of rows goes as one statement, a column each.

use tokio_postgres::types::ToSql;

use crate::error::LedgerError;
use crate::postgres::connection::Value;
use crate::postgres::transaction::Session;
use crate::store::number::limit_of;
use crate::store::table::{Cell, ColumnType, EVIDENCE, Table, misfit};

pub(super) fn rows(session: &Session<'_>, table: &Table, after: Option<&[Cell]>, limit: usize) -> Result<Vec<Vec<Cell>>, LedgerError> {
    let key = after.unwrap_or_default();
    let placeholders: Vec<String> = (1..=key.len()).map(|number| format!("${number}")).collect();
    let placeholders = after.map(|_| placeholders.join(", "));
    let question = table.page_after(placeholders.as_deref(), &format!("${}", key.len() + 1));
    let limit = limit_of(limit);
    let mut values: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(key.len() + 1);
    for cell in key {
        values.push(match cell {
            Cell::Number(number) => number,
            Cell::Text(text) => text,
            Cell::Bytes(bytes) => bytes,
            Cell::Null => return Err(misfit(table)),
        });
    }
    values.push(&limit);
    let found = session.connection.ask(&question, &values)?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        let mut cells = Vec::with_capacity(table.columns.len());
        for (at, (_, column)) in table.columns.iter().enumerate() {
            let cell = match column {
                ColumnType::Number => row.try_get::<_, Option<i64>>(at)?.map(Cell::Number),
                ColumnType::Flag => row.try_get::<_, Option<bool>>(at)?.map(|flag| Cell::Number(flag.into())),
                ColumnType::Text => row.try_get::<_, Option<String>>(at)?.map(Cell::Text),
                ColumnType::Bytes => row.try_get::<_, Option<Vec<u8>>>(at)?.map(Cell::Bytes),
            };
            cells.push(cell.unwrap_or(Cell::Null));
        }
        rows.push(cells);
    }
    Ok(rows)
}

pub(super) fn put_rows(session: &Session<'_>, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), LedgerError> {
    let mut types = Vec::with_capacity(table.columns.len());
    let mut columns: Vec<Value> = Vec::with_capacity(table.columns.len());
    let mut by_column: Vec<Vec<Cell>> = table.columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        if row.len() != by_column.len() {
            return Err(misfit(table));
        }
        for (column, cell) in by_column.iter_mut().zip(row) {
            column.push(cell);
        }
    }
    for ((at, (_, column)), cells) in (1..).zip(table.columns).zip(by_column) {
        let (name, value) = bound(table, *column, cells)?;
        types.push(format!("${at}::{name}[]"));
        columns.push(value);
    }
    let statement =
        format!("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT * FROM unnest({})", table.name, table.names(), types.join(", "));
    let values: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
    session.connection.ask(&statement, &values)?;
    if table.name == EVIDENCE {
        // The next number comes after those that were brought along.
        session.connection.ask("SELECT setval(pg_get_serial_sequence('evidence', 'number'), max(number)) FROM evidence", &[])?;
    }
    Ok(())
}

/// A column of a page as one value, with the server's name for its type.
fn bound(table: &Table, column: ColumnType, cells: Vec<Cell>) -> Result<(&'static str, Value), LedgerError> {
    Ok(match column {
        ColumnType::Number => ("bigint", Box::new(numbers(table, cells)?)),
        ColumnType::Flag => {
            let flags: Vec<Option<bool>> = numbers(table, cells)?.into_iter().map(|number| number.map(|number| number != 0)).collect();
            ("boolean", Box::new(flags))
        }
        ColumnType::Text => {
            let mut texts: Vec<Option<String>> = Vec::with_capacity(cells.len());
            for cell in cells {
                texts.push(match cell {
                    Cell::Text(text) => Some(text),
                    Cell::Null => None,
                    _ => return Err(misfit(table)),
                });
            }
            ("text", Box::new(texts))
        }
        ColumnType::Bytes => {
            let mut pieces: Vec<Option<Vec<u8>>> = Vec::with_capacity(cells.len());
            for cell in cells {
                pieces.push(match cell {
                    Cell::Bytes(bytes) => Some(bytes),
                    Cell::Null => None,
                    _ => return Err(misfit(table)),
                });
            }
            ("bytea", Box::new(pieces))
        }
    })
}

fn numbers(table: &Table, cells: Vec<Cell>) -> Result<Vec<Option<i64>>, LedgerError> {
    let mut numbers = Vec::with_capacity(cells.len());
    for cell in cells {
        numbers.push(match cell {
            Cell::Number(number) => Some(number),
            Cell::Null => None,
            _ => return Err(misfit(table)),
        });
    }
    Ok(numbers)
}
