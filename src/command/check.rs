//! `verify` and `rebuild`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{CATCH_UP, Folder, bar, open};
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    folder: Folder,
    /// In kết quả dạng JSON – Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RebuildArguments {
    #[command(flatten)]
    folder: Folder,
    /// board, register, search hoặc bodies; tất cả khi bỏ trống – All when absent
    view: Option<String>,
}

pub(crate) fn verify(arguments: VerifyArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let settled = office.settle(CATCH_UP);
    let bar = bar(words.say("Kiểm tra sổ cái", "Checking the ledger"));
    let report = office.ledger().verify(&mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let mut problems: Vec<String> = report.problems.clone();
    problems.extend(office.view_problems());
    if !settled {
        problems.push(words.say("Khung nhìn chưa theo kịp sổ cái.", "The views have not caught up with the ledger.").to_owned());
    }
    let views = office.view_digests()?;
    if arguments.json {
        let logs: Vec<_> =
            report.logs.iter().map(|log| json!({"origin": log.origin.to_string(), "next": log.size, "root": log.root.to_hex()})).collect();
        let views: Vec<_> = views.iter().map(|(name, cursor, digest)| json!({"name": name, "cursor": cursor, "digest": digest})).collect();
        tell!("{}", serde_json::to_string_pretty(&json!({"logs": logs, "views": views, "problems": problems}))?);
    } else {
        for log in &report.logs {
            tell!("{}  {} {}  {}", log.origin, log.size, words.say("mục", "entries"), log.root.to_hex());
        }
        for (name, cursor, digest) in &views {
            tell!("{name}  {} {cursor}  {digest}", words.say("đến thay đổi", "up to change"));
        }
        for problem in &problems {
            tell!("! {problem}");
        }
        tell!(
            "{}",
            if problems.is_empty() {
                words.say("Mọi thứ đều khớp.", "Everything agrees.")
            } else {
                words.say("Có vấn đề, xem các dòng “!”.", "There are problems, see the lines with “!”.")
            }
        );
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) fn rebuild(arguments: RebuildArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let bar = bar(words.say("Dựng lại", "Rebuilding"));
    office.rebuild(arguments.view.as_deref(), &mut |name, done, of| {
        bar.set_message(name.to_owned());
        bar.set_length(of);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    for (name, cursor, digest) in office.view_digests()? {
        tell!("{name}  {} {cursor}  {digest}", words.say("đến thay đổi", "up to change"));
    }
    Ok(ExitCode::SUCCESS)
}
