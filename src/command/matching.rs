//! `lienvung match`: who offers what a record needs, or needs what it offers.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use office::{FoundMatch, RecordId};
use serde_json::{Value, json};

use super::{Folder, acting, open};
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct MatchArguments {
    #[command(flatten)]
    folder: Folder,
    /// Mã bản ghi: nhu cầu, chào bán, kết quả, chuyên gia, đề xuất – The record
    #[arg(value_name = "ID")]
    record: String,
    /// In JSON – Print JSON
    #[arg(long)]
    json: bool,
    /// Tối đa bao nhiêu gợi ý – At most so many suggestions
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Tra với tài khoản này; bỏ trống là công chúng – As this account; the public when absent
    #[arg(long = "as")]
    login: Option<String>,
}

pub(crate) fn suggest(arguments: &MatchArguments, words: Words) -> Result<ExitCode> {
    let record = RecordId::parse(&arguments.record)
        .map_err(|_| anyhow::anyhow!("{}: {}", arguments.record, words.say("không phải mã bản ghi (UUID)", "is no record id (a UUID)")))?;
    let (office, _) = open(&arguments.folder, words)?;
    office.settle(std::time::Duration::from_secs(600));
    let who = acting(&office, arguments.login.as_deref())?;
    let matches = office.matches(&who, record, arguments.limit.clamp(1, 40))?;
    if arguments.json {
        let hits: Vec<Value> = matches.found.iter().map(hit).collect();
        tell!("{}", serde_json::to_string_pretty(&json!({"hits": hits}))?);
        return Ok(ExitCode::SUCCESS);
    }
    if matches.found.is_empty() {
        tell!("{}", words.say("Chưa có gợi ý.", "No suggestion so far."));
    }
    for found in &matches.found {
        let related = &found.related;
        tell!("{:>3.0} %  {}  {}", 100.0 * related.share, related.id, office::shorten(&related.title, 100));
        let reasons = found.reasons.iter().map(|reason| reason.label().get(words.lang()).to_owned());
        let common: Vec<String> = related.words.iter().cloned().chain(reasons).collect();
        tell!("      {}: {}", words.say("cùng nói", "both say"), common.join("; "));
    }
    Ok(ExitCode::SUCCESS)
}

fn hit(found: &FoundMatch) -> Value {
    let related = &found.related;
    json!({
        "id": related.id,
        "kind": related.kind,
        "title": related.title,
        "share": related.share,
        "points": found.points,
        "words": related.words,
        "reasons": found.reasons,
    })
}
