//! `backup` and `restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use super::{Folder, bar, open};
use crate::config::Config;
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    folder: Folder,
    /// Thư mục mới cho bản sao lưu – New folder for the backup
    to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// Thư mục của bản sao lưu – Folder of the backup
    from: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn backup(arguments: BackupArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder.data, words)?;
    if arguments.to.exists() {
        bail!("{} {}", words.say("Đã có sẵn, không ghi đè:", "Exists already, not overwritten:"), arguments.to.display());
    }
    let bar = bar(words.say("Sao lưu", "Backing up"));
    office.write_views()?;
    office.ledger().backup(&arguments.to, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    std::fs::copy(Config::path(&arguments.folder.data), Config::path(&arguments.to))?;
    bar.finish_and_clear();
    tell!("{} {}", words.say("Đã sao lưu nhất quán vào", "Backed up consistently into"), arguments.to.display());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn restore(arguments: RestoreArguments, words: Words) -> Result<ExitCode> {
    let to = &arguments.folder.data;
    if Config::path(to).exists() || to.join("lienvung.sqlite").exists() {
        bail!(
            "{} {}. {}",
            words.say("Thư mục đã có dữ liệu, không ghi đè:", "The folder holds data, not overwritten:"),
            to.display(),
            words.say("Hãy chọn thư mục mới bằng --data.", "Choose a new folder with --data.")
        );
    }
    let bar = bar(words.say("Khôi phục", "Restoring"));
    std::fs::create_dir_all(to)?;
    ledger::Ledger::restore(&arguments.from, &to.join("lienvung.sqlite"), &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    std::fs::copy(Config::path(&arguments.from), Config::path(to))?;
    bar.finish_and_clear();
    tell!(
        "{} {}. {}",
        words.say("Đã khôi phục và kiểm tra vào", "Restored and checked into"),
        to.display(),
        words.say("Khung nhìn sẽ tự dựng lại khi chạy.", "Views rebuild themselves when the node starts.")
    );
    Ok(ExitCode::SUCCESS)
}
