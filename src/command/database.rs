//! `move-database`: the ledger of a node from SQLite to PostgreSQL, or back.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::ProgressBar;
use ledger::{DatabaseAddress, Ledger, LedgerError, PostgresStore, SqliteStore};
use office::OfficeError;

use super::{Folder, bar, open};
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct MoveArguments {
    #[command(flatten)]
    folder: Folder,
    /// Chuyển đến: postgres://… (cơ sở dữ liệu trống), hoặc sqlite – Where to: postgres://… (an empty database), or sqlite
    #[arg(long)]
    to: String,
}

pub(crate) fn move_database(arguments: MoveArguments, words: Words) -> Result<ExitCode> {
    let folder = &arguments.folder.data;
    let (office, mut config) = open(&arguments.folder, words)?;
    // Whoever else wrote meanwhile would write into what is left behind.
    office.require_keeper()?;
    let file = folder.join("lienvung.sqlite");
    let to_file = arguments.to == "sqlite";
    if to_file && file.exists() {
        bail!("{} {}", words.say("Đã có sẵn, không ghi đè:", "Exists already, not overwritten:"), file.display());
    }
    let bar = bar(words.say("Chuyển dữ liệu", "Moving the data"));
    let copied = if to_file {
        let beside = folder.join("lienvung.moving");
        let copied = copy_to_file(office.ledger(), &beside, &bar).and_then(|()| rename_database(&beside, &file));
        if copied.is_err() {
            for name in ["lienvung.moving", "lienvung.moving-wal", "lienvung.moving-shm"] {
                let _ = std::fs::remove_file(folder.join(name));
            }
        }
        copied
    } else {
        copy_to_server(office.ledger(), &arguments.to, &folder.join("files"), &bar)
    };
    bar.finish_and_clear();
    copied.map_err(|error| in_words(error, words))?;
    let was_file = config.database.is_none();
    config.database = (!to_file).then(|| arguments.to.clone());
    // From here on the node is where it has moved to.
    config.write(folder).context("lienvung.toml")?;
    drop(office);
    if was_file {
        rename_database(&file, &folder.join("lienvung.sqlite.moved"))?;
    }
    // Views are filled again from where the ledger now lies.
    std::fs::remove_dir_all(folder.join("views"))?;
    tell!(
        "{} {}",
        words.say(
            "Đã chuyển và kiểm tra; sổ cái trùng khớp. Nay dữ liệu nằm trong",
            "Moved and checked, the ledgers agree. The data now lies in"
        ),
        if to_file { file.display().to_string() } else { "PostgreSQL".to_owned() }
    );
    tell!(
        "{}",
        if was_file {
            words.say(
                "Tệp cũ còn ở lienvung.sqlite.moved; hãy xóa khi nút mới đã chạy ổn.",
                "The old file is kept as lienvung.sqlite.moved; delete it when the node runs well.",
            )
        } else {
            words.say(
                "Cơ sở dữ liệu cũ còn nguyên; hãy bỏ LIENVUNG_DATABASE nếu có đặt, và xóa nó khi nút mới đã chạy ổn.",
                "The old database is left as it was; unset LIENVUNG_DATABASE if it was set, and delete it when the node runs well.",
            )
        }
    );
    Ok(ExitCode::SUCCESS)
}

fn copy_to_file(ledger: &Ledger, file: &Path, bar: &ProgressBar) -> Result<()> {
    let seq = ledger.copy_into(&SqliteStore::open(file)?, &mut |done, of| show(bar, done, of))?;
    check(ledger, seq, &Ledger::open(file, ledger.node())?)
}

fn copy_to_server(ledger: &Ledger, address: &str, files: &Path, bar: &ProgressBar) -> Result<()> {
    let address = DatabaseAddress::parse(address).map_err(OfficeError::from)?;
    let seq = ledger.copy_into(&PostgresStore::open(&address)?, &mut |done, of| show(bar, done, of))?;
    check(ledger, seq, &Ledger::open_postgres(&address, files, ledger.node())?)
}

/// Renames a closed database. One whose write-ahead log is still there would lose what is in it.
fn rename_database(from: &Path, to: &Path) -> Result<()> {
    let mut log = from.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        bail!("{}: the file is still open in another program", from.display());
    }
    std::fs::rename(from, to)?;
    Ok(())
}

fn show(bar: &ProgressBar, done: u64, of: u64) {
    bar.set_length(of);
    bar.set_position(done);
}

/// The copy is whole, and nothing was written since to what it was made from.
fn check(ledger: &Ledger, seq: u64, copy: &Ledger) -> Result<()> {
    if let Some(problem) = copy.verify(&mut |_, _| {})?.problems.into_iter().next() {
        return Err(LedgerError::Damaged(problem).into());
    }
    if copy.digest()? != ledger.digest()? || ledger.read(|r| r.last_seq())? != seq {
        return Err(LedgerError::ChangedMeanwhile { current: 0 }.into());
    }
    Ok(())
}

fn in_words(error: anyhow::Error, words: Words) -> anyhow::Error {
    match error.downcast::<LedgerError>() {
        Ok(LedgerError::NotEmpty) => anyhow::anyhow!(
            "{}",
            words.say(
                "Cơ sở dữ liệu đích đã có sổ cái (có thể của lần chuyển dở dang); chưa chuyển gì. Hãy tạo cơ sở dữ liệu trống rồi chạy lại.",
                "The database holds a ledger already (perhaps of a move that was broken off); nothing was moved. Make an empty database and start again.",
            )
        ),
        Ok(LedgerError::ChangedMeanwhile { .. }) => anyhow::anyhow!(
            "{}",
            words.say(
                "Có chương trình khác vẫn đang ghi; chưa chuyển gì. Hãy dừng mọi chương trình lienvung của nút rồi chạy lại vào cơ sở dữ liệu trống.",
                "Another program still writes; nothing was moved. Stop every lienvung of this node and start again into an empty database.",
            )
        ),
        Ok(other) => OfficeError::from(other).into(),
        Err(error) => error,
    }
}
