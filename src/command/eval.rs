//! `lienvung eval`: how well the search answers a judged set.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use finder::{CollectedText, JudgedDocument, JudgedQuery, Vocabulary, evaluate, evaluate_injected, read_lines, with_other_spellings};
use serde_json::{Map, Value, json};

use super::peer;
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct EvalArguments {
    /// Tài liệu, mỗi dòng một JSON {"id","title","text"}; tệp .gz cũng được – Documents, one JSON a line; .gz too
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// Câu hỏi, mỗi dòng một JSON {"id","text","rel"}; cách gõ khác được tạo từ câu đúng – Questions; their other spellings are made from them
    #[arg(long, value_name = "FILE", required_unless_present = "overlap")]
    queries: Option<PathBuf>,
    /// Đo tra trùng lặp: chép đoạn của văn bản này vào văn bản khác rồi tìm lại – Measure overlaps: passages are copied into other texts and looked for
    #[arg(long)]
    overlap: bool,
    /// Đo cả SQLite FTS5, và PostgreSQL khi có LIENVUNG_TEST_POSTGRES – Measure SQLite FTS5 beside it, and PostgreSQL where that is set
    #[arg(long)]
    beside: bool,
    /// In JSON cho máy đọc – Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn eval(arguments: &EvalArguments, words: Words) -> Result<ExitCode> {
    if arguments.overlap {
        return injected(arguments, words);
    }
    let Some(queries) = &arguments.queries else { return Ok(ExitCode::FAILURE) };
    let documents: Vec<JudgedDocument> = lines_of(&arguments.docs)?;
    let queries: Vec<JudgedQuery> = with_other_spellings(lines_of(queries)?);
    let folder = TemporaryFolder::new()?;
    let own = evaluate(folder.path(), builtin_vocabulary()?, &documents, &queries)?;
    let mut beside = Vec::new();
    if arguments.beside {
        beside.push(("SQLite FTS5", peer::fts5(&documents, &queries)?));
        if let Some(found) = peer::postgres(&documents, &queries)? {
            beside.push(("PostgreSQL", found));
        }
    }
    if arguments.json {
        let peers: Map<String, Value> = beside.iter().map(|(name, found)| ((*name).to_owned(), json!(found))).collect();
        tell!("{}", json!({"kinds": own.kinds, "p95_ms": own.p95_ms, "beside": peers}));
        return Ok(ExitCode::SUCCESS);
    }
    tell!("{} {}, {} {}", words.say("Tài liệu:", "Documents:"), documents.len(), words.say("câu hỏi:", "questions:"), queries.len());
    for (kind, figures) in &own.kinds {
        let others = beside.iter().filter_map(|(name, found)| Some(format!("  {name} {:.3}", found.kinds.get(kind)?.ndcg10)));
        tell!(
            "{kind:<12} {:>5}  nDCG@10 {:.3}  MRR@10 {:.3}  R@10 {:.3}{}",
            figures.queries,
            figures.ndcg10,
            figures.mrr10,
            figures.recall10,
            others.collect::<String>()
        );
    }
    let times = beside.iter().map(|(name, found)| format!("  {name} {:.1} ms", found.p95_ms)).collect::<String>();
    tell!("p95 {:.1} ms{times}", own.p95_ms);
    Ok(ExitCode::SUCCESS)
}

fn injected(arguments: &EvalArguments, words: Words) -> Result<ExitCode> {
    let texts: Vec<CollectedText> = lines_of::<Map<String, Value>>(&arguments.docs)?.iter().map(CollectedText::of).collect();
    let folder = TemporaryFolder::new()?;
    let found = evaluate_injected(folder.path(), &builtin_vocabulary()?, &texts)?;
    if arguments.json {
        tell!("{}", serde_json::to_string(&found)?);
        return Ok(ExitCode::SUCCESS);
    }
    tell!(
        "{} {}, {} {} ({}: {:.0} bit, {}: {:.3})",
        words.say("Văn bản:", "Texts:"),
        found.texts,
        words.say("không chép gì:", "clean:"),
        found.clean_texts,
        words.say("2 % trong đó đạt", "2 % of them reach"),
        found.bar_bits,
        words.say("bị báo nhầm", "called strong"),
        found.strong_clean
    );
    for (kind, figures) in &found.kinds {
        tell!(
            "{kind:<14} {:>4}  R@5 {:.3}  {} {:.3}  F1 {:.3}",
            figures.cases,
            figures.among_five,
            words.say("phát hiện", "detected"),
            figures.detected,
            figures.span_f1
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The words that searching knows, as the program comes.
pub(super) fn builtin_vocabulary() -> Result<Vocabulary> {
    Ok(office::vocabulary_of(&catalogue::Catalogue::builtin()?))
}

/// The index of one evaluation, gone when it ends.
pub(super) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    pub(super) fn new() -> Result<TemporaryFolder> {
        let folder = std::env::temp_dir().join(format!("lienvung-eval-{}", office::RecordId::new()));
        std::fs::create_dir(&folder)?;
        Ok(TemporaryFolder(folder))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One JSON value a line, packed by gzip or not.
pub(super) fn lines_of<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let named = || path.display().to_string();
    let mut file = BufReader::new(File::open(path).with_context(named)?);
    let is_gzip = file.fill_buf().with_context(named)?.starts_with(&[0x1F, 0x8B]);
    let reader: Box<dyn Read> = if is_gzip { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    read_lines(BufReader::new(reader)).with_context(named)
}
