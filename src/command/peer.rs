//! The full-text search of other engines on the same judged set, as their users have it, for `lienvung eval --beside`.

use anyhow::{Context, Result};
use finder::{Evaluation, JudgedDocument, JudgedQuery, judge_engine};
use rusqlite::Connection;

/// SQLite FTS5 that removes marks, any of the words.
pub(super) fn fts5(documents: &[JudgedDocument], queries: &[JudgedQuery]) -> Result<Evaluation> {
    let database = Connection::open_in_memory()?;
    database.execute_batch("CREATE VIRTUAL TABLE text USING fts5(id UNINDEXED, body, tokenize = 'unicode61 remove_diacritics 2')")?;
    let mut insert = database.prepare("INSERT INTO text VALUES (?1, ?2)")?;
    for document in documents {
        insert.execute((&document.id, format!("{}\n{}", document.title, document.text)))?;
    }
    let mut select = database.prepare("SELECT id FROM text WHERE text MATCH ?1 ORDER BY bm25(text) LIMIT 10")?;
    Ok(judge_engine(queries, |text| {
        let any: Vec<String> = words(text).map(|word| format!("\"{word}\"")).collect();
        let found = select.query_map([any.join(" OR ")], |row| row.get::<_, String>(0));
        found.map(|rows| rows.flatten().collect()).unwrap_or_default()
    }))
}

/// PostgreSQL with its `simple` dictionary and `ts_rank` divided by the length of the text, any of the words; none where no server is named in `LIENVUNG_TEST_POSTGRES`.
pub(super) fn postgres(documents: &[JudgedDocument], queries: &[JudgedQuery]) -> Result<Option<Evaluation>> {
    let Ok(address) = std::env::var("LIENVUNG_TEST_POSTGRES") else { return Ok(None) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&address, tokio_postgres::NoTls).await.context("PostgreSQL")?;
        tokio::spawn(connection);
        client.batch_execute("CREATE TEMP TABLE judged (id text, terms tsvector)").await?;
        let insert = client.prepare("INSERT INTO judged VALUES ($1, to_tsvector('simple', $2))").await?;
        for document in documents {
            client.execute(&insert, &[&document.id, &format!("{}\n{}", document.title, document.text)]).await?;
        }
        client.batch_execute("CREATE INDEX ON judged USING gin (terms); ANALYZE judged").await?;
        anyhow::Ok(client)
    })?;
    let select =
        "SELECT id FROM judged WHERE terms @@ to_tsquery('simple', $1) ORDER BY ts_rank(terms, to_tsquery('simple', $1), 1) DESC LIMIT 10";
    Ok(Some(judge_engine(queries, |text| {
        let any = words(text).collect::<Vec<_>>().join(" | ");
        let found = runtime.block_on(client.query(select, &[&any]));
        found.map(|rows| rows.iter().filter_map(|row| row.try_get(0).ok()).collect()).unwrap_or_default()
    })))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    viet::syllables(text).map(|syllable| syllable.text)
}
