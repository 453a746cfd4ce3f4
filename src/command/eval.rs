//! `lienvung eval`: how well the search answers a judged set.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use finder::{JudgedDocument, JudgedQuery, evaluate, read_lines, with_other_spellings};
use serde_json::json;

use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct EvalArguments {
    /// Tài liệu, mỗi dòng một JSON {"id","title","text"}; tệp .gz cũng được – Documents, one JSON a line; .gz too
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// Câu hỏi, mỗi dòng một JSON {"id","text","rel"}; cách gõ khác được tạo từ câu đúng – Questions; their other spellings are made from them
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,
    /// In JSON cho máy đọc – Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn eval(arguments: &EvalArguments, words: Words) -> Result<ExitCode> {
    let documents: Vec<JudgedDocument> = read(&arguments.docs)?;
    let queries: Vec<JudgedQuery> = with_other_spellings(read(&arguments.queries)?);
    let folder = Folder::new()?;
    let kinds = evaluate(&folder.0, &documents, &queries)?;
    if arguments.json {
        tell!("{}", json!({"kinds": kinds}));
        return Ok(ExitCode::SUCCESS);
    }
    tell!("{} {}, {} {}", words.say("Tài liệu:", "Documents:"), documents.len(), words.say("câu hỏi:", "questions:"), queries.len());
    for (kind, figures) in &kinds {
        tell!(
            "{kind:<12} {:>5}  nDCG@10 {:.3}  MRR@10 {:.3}  R@10 {:.3}",
            figures.queries,
            figures.ndcg10,
            figures.mrr10,
            figures.recall10
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The index of one evaluation, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        let folder = std::env::temp_dir().join(format!("lienvung-eval-{}", office::RecordId::new()));
        std::fs::create_dir(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let named = || path.display().to_string();
    let mut file = BufReader::new(File::open(path).with_context(named)?);
    let is_gzip = file.fill_buf().with_context(named)?.starts_with(&[0x1F, 0x8B]);
    let reader: Box<dyn Read> = if is_gzip { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    read_lines(BufReader::new(reader)).with_context(named)
}
