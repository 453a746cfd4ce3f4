//! `backup` and `restore`; `archive` and what reads it back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use office::OwnCatalogue;

use super::{CATCH_UP, Folder, bar, open};
use crate::config::{Config, USUAL_ADDRESS};
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    folder: Folder,
    /// Thư mục mới cho bản sao lưu – New folder for the backup
    to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ArchiveArguments {
    #[command(flatten)]
    folder: Folder,
    /// Tệp .zip mới – New .zip file
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// Thư mục của bản sao lưu – Folder of the backup
    from: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn backup(arguments: BackupArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
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
    copy_own_catalogue(&arguments.folder.data, &arguments.to)?;
    copy_key(&arguments.folder.data, &arguments.to)?;
    bar.finish_and_clear();
    tell!("{} {}", words.say("Đã sao lưu nhất quán vào", "Backed up consistently into"), arguments.to.display());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn archive(arguments: ArchiveArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let Some(out) = new_file(&arguments.out)? else {
        bail!("{} {}", words.say("Đã có sẵn, không ghi đè:", "Exists already, not overwritten:"), arguments.out.display());
    };
    office.settle(CATCH_UP);
    let bar = bar(words.say("Lưu trữ", "Archiving"));
    let written = office.write_archive(&office.console(), std::io::BufWriter::new(out), &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    let manifest = match written {
        Ok(manifest) => manifest,
        Err(error) => {
            // Half an archive is none.
            std::fs::remove_file(&arguments.out)?;
            return Err(error.into());
        }
    };
    bar.finish_and_clear();
    tell!(
        "{} {}: {} {}, {} {}",
        words.say("Đã lưu trữ vào", "Archived into"),
        arguments.out.display(),
        manifest.logs.values().map(|log| log.size).sum::<u64>(),
        words.say("mục của sổ cái", "entries of the ledger"),
        manifest.records.values().sum::<u64>(),
        words.say("bản ghi hiện hành", "current records")
    );
    Ok(ExitCode::SUCCESS)
}

/// A file that was not there before.
fn new_file(path: &Path) -> Result<Option<std::fs::File>> {
    match std::fs::File::create_new(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `import archive FILE`: a new folder with the logs, files and forms of an archive.
pub(crate) fn import_archive(file: &std::path::Path, folder: &Folder, words: Words) -> Result<ExitCode> {
    folder.refuse_database(words)?;
    let folder = &folder.data;
    let bar = bar(words.say("Đọc lại", "Reading back"));
    let manifest = office::restore_archive(file, folder, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    let config = Config::new(manifest.node, manifest.body, USUAL_ADDRESS.parse()?);
    config.write_new(folder)?;
    bar.finish_and_clear();
    tell!(
        "{} {}. {}",
        words.say("Đã đọc lại và kiểm tra vào", "Read back and checked into"),
        folder.display(),
        words.say(
            "Tài khoản không có trong tệp: hãy thêm bằng “lienvung user add”.",
            "Accounts are not in the file: add them with “lienvung user add”."
        )
    );
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn restore(arguments: RestoreArguments, words: Words) -> Result<ExitCode> {
    arguments.folder.refuse_database(words)?;
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
    copy_own_catalogue(&arguments.from, to)?;
    copy_key(&arguments.from, to)?;
    bar.finish_and_clear();
    tell!(
        "{} {}. {}",
        words.say("Đã khôi phục và kiểm tra vào", "Restored and checked into"),
        to.display(),
        words.say("Khung nhìn sẽ tự dựng lại khi chạy.", "Views rebuild themselves when the node starts.")
    );
    Ok(ExitCode::SUCCESS)
}

/// Copies the node's secret key, readable by its owner alone as it was: without it a restored node could sign nothing.
fn copy_key(from: &Path, to: &Path) -> Result<()> {
    if from.join(office::KEY_FILE).exists() {
        std::fs::copy(from.join(office::KEY_FILE), to.join(office::KEY_FILE))?;
    }
    Ok(())
}

/// Copies the operator's files of the catalogue, without which records of their kinds and codes could not be read.
fn copy_own_catalogue(from: &Path, to: &Path) -> Result<()> {
    for file in OwnCatalogue::read(from)?.files {
        let target = OwnCatalogue::path(to).join(&file);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(OwnCatalogue::path(from).join(&file), target)?;
    }
    Ok(())
}
