//! The commands, one file for each group.

mod check;
mod copy;
mod database;
mod doctor;
mod document;
mod eval;
mod generate;
mod matching;
mod node;
mod overlap;
mod peer;
mod receipt;
mod run;
mod table;
mod user;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::DatabaseAddress;
use office::{Clock, Identity, Office, OfficeError, RecordId, Settings};

pub(crate) use run::{bind, public_address};

use crate::config::Config;
use crate::words::{Language, Words};

/// How long a command waits for the views to catch up with the ledger.
pub(crate) const CATCH_UP: Duration = Duration::from_secs(600);

/// Hệ thống thông tin KH&CN của tỉnh, đơn vị và Bộ – The science-and-technology information system of provinces, units and the Ministry.
#[derive(Debug, Parser)]
#[command(name = "lienvung", version, about, long_about = None, after_help = "Bắt đầu / Start:  lienvung demo\nSổ tay / Book:    book/src/SUMMARY.md")]
pub struct Arguments {
    /// Ngôn ngữ của thông báo – Language of messages
    #[arg(long, global = true, value_enum, env = "LIENVUNG_LANG", default_value = "vi")]
    pub lang: Language,
    #[command(subcommand)]
    command: Command,
}

/// The folder that holds everything of a node.
#[derive(Debug, Args)]
pub(crate) struct Folder {
    /// Thư mục dữ liệu – Data folder
    #[arg(long, env = "LIENVUNG_DATA", default_value = "lienvung-data")]
    data: PathBuf,
    /// Cơ sở dữ liệu PostgreSQL giữ sổ cái, thay cho tệp SQLite: postgres://… – PostgreSQL database for the ledger, instead of the SQLite file
    #[arg(long, env = "LIENVUNG_DATABASE", hide_env_values = true, value_name = "ADDRESS")]
    database: Option<String>,
}

impl Folder {
    /// The settings of the folder; an address on the command line counts before the one in the file.
    pub(crate) fn config(&self, words: Words) -> Result<Config> {
        let mut config = Config::read(&self.data)?;
        if self.database.is_some() && config.database.is_none() && self.data.join("lienvung.sqlite").exists() {
            bail!(
                "{} {}. {}",
                words.say("Dữ liệu của nút đang nằm trong", "The node keeps its data in"),
                self.data.join("lienvung.sqlite").display(),
                words.say(
                    "Hãy bỏ --database và LIENVUNG_DATABASE, hoặc chuyển dữ liệu trước bằng “lienvung move-database”.",
                    "Leave out --database and LIENVUNG_DATABASE, or move the data first with “lienvung move-database”."
                )
            );
        }
        config.database = self.database.clone().or(config.database);
        Ok(config)
    }

    /// Refuses an address where a command makes a SQLite file.
    pub(crate) fn refuse_database(&self, words: Words) -> Result<()> {
        if self.database.is_some() {
            bail!(
                "{}",
                words.say(
                    "Lệnh này ghi vào tệp SQLite trong thư mục mới. Hãy bỏ --database và LIENVUNG_DATABASE, sau đó chuyển sang PostgreSQL bằng “lienvung \
                     move-database”.",
                    "This command writes a SQLite file in a new folder. Leave out --database and LIENVUNG_DATABASE, then move to PostgreSQL with “lienvung \
                     move-database”."
                )
            );
        }
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Chạy nút của cơ quan; lần đầu hỏi năm câu – Run the office's node; the first time it asks five questions
    Serve(run::ServeArguments),
    /// Tạo thư mục trình diễn với câu chuyện Hội nghị XIV → XV → XVI và chạy – Make a demo folder with the story of the conferences and run it
    Demo(run::DemoArguments),
    /// Đọc một kết luận (.txt, .html, .docx) và in các nội dung chỉ đạo; không ghi gì – Read a conclusion and print its directives; writes nothing
    Read(document::ReadArguments),
    /// Nhập một kết luận thành bản nháp, hoặc một bảng Excel/CSV thành bản ghi – Import a conclusion as drafts, or a spreadsheet as records
    Import(table::ImportArguments),
    /// Xuất một loại bản ghi hoặc bảng chỉ đạo ra csv, xlsx, jsonl, ics – Export a kind of record or the board
    Export(table::ExportArguments),
    /// Tìm trong dữ liệu, gõ có dấu hay không dấu – Search, with or without marks
    Search(document::SearchArguments),
    /// So một đề xuất với nhiệm vụ, kết quả đã có: đoạn nào trùng lời, với bản ghi nào – What of a proposal other records already say
    Overlap(overlap::OverlapArguments),
    /// Gợi ý ai đáp ứng một nhu cầu, ai cần một chào bán hoặc kết quả – Who offers what a record needs, or needs what it offers
    Match(matching::MatchArguments),
    /// Kiểm tra toàn bộ sổ cái, tệp và khung nhìn – Check the whole ledger, files and views
    Verify(check::VerifyArguments),
    /// Dựng lại một khung nhìn (board, register, search, bodies) hoặc tất cả – Rebuild one view or all
    Rebuild(check::RebuildArguments),
    /// Sao lưu khi nút đang chạy – Back up while the node runs
    Backup(copy::BackupArguments),
    /// Gom toàn bộ dữ liệu, lịch sử, tệp vào một tệp .zip; “import archive” đọc lại – All data, history and files in one .zip; “import archive” reads it back
    Archive(copy::ArchiveArguments),
    /// Khôi phục từ bản sao lưu vào thư mục mới – Restore a backup into a new folder
    Restore(copy::RestoreArguments),
    /// Chuyển sổ cái sang PostgreSQL hoặc trở lại SQLite, khi nút dừng – Move the ledger to PostgreSQL or back to SQLite, while the node is stopped
    MoveDatabase(database::MoveArguments),
    /// Khám nút: nói thiếu gì, hỏng gì, làm gì – Examine the node: what is missing or broken and what to do
    Doctor(doctor::DoctorArguments),
    /// Đo tìm kiếm trên bộ câu hỏi đã có đáp án – Measure the search on questions whose answers are known
    Eval(eval::EvalArguments),
    /// Sinh dữ liệu thử có đánh dấu, để đo và luyện tập – Generate marked test data, to measure and to practise
    Generate(generate::GenerateArguments),
    /// Nối với nút trên và nút dưới: init, invite, join, status, key – The connection with the nodes above and below
    #[command(subcommand)]
    Node(node::NodeCommand),
    /// Từng nhật ký đã đi đến đâu – How far each log is
    Status(node::StatusArguments),
    /// Biên nhận của bản ghi: lập, và kiểm tra không cần mạng – The receipt of a record: make it, and check it without a network
    #[command(subcommand)]
    Receipt(receipt::ReceiptCommand),
    /// Tài khoản: thêm, đặt mật khẩu, liên kết đăng nhập – Accounts: add, set a password, sign-in link
    #[command(subcommand)]
    User(user::UserCommand),
}

/// Carries out what was asked.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let words = Words::of(arguments.lang);
    match arguments.command {
        Command::Serve(arguments) => run::serve(arguments, words),
        Command::Demo(arguments) => run::demo(arguments, words),
        Command::Read(arguments) => document::read(arguments, words),
        Command::Import(arguments) => table::import(arguments, words),
        Command::Export(arguments) => table::export(arguments, words),
        Command::Search(arguments) => document::search(arguments, words),
        Command::Overlap(arguments) => overlap::overlap(&arguments, words),
        Command::Match(arguments) => matching::suggest(&arguments, words),
        Command::Verify(arguments) => check::verify(arguments, words),
        Command::Rebuild(arguments) => check::rebuild(arguments, words),
        Command::Backup(arguments) => copy::backup(arguments, words),
        Command::Archive(arguments) => copy::archive(arguments, words),
        Command::Restore(arguments) => copy::restore(arguments, words),
        Command::MoveDatabase(arguments) => database::move_database(arguments, words),
        Command::Doctor(arguments) => doctor::doctor(arguments, words),
        Command::Eval(arguments) => eval::eval(&arguments, words),
        Command::Generate(arguments) => generate::generate(arguments, words),
        Command::Node(command) => node::node(command, words),
        Command::Status(arguments) => node::status(&arguments, words),
        Command::Receipt(command) => receipt::receipt(command, words),
        Command::User(command) => user::user(command, words),
    }
}

/// Opens the office of a data folder that has been set up.
pub(crate) fn open(folder: &Folder, words: Words) -> Result<(Arc<Office>, Config)> {
    if !Config::path(&folder.data).exists() {
        bail!(
            "{} {}. {}",
            words.say("Chưa có nút nào trong thư mục", "There is no node in the folder"),
            folder.data.display(),
            words.say(
                "Hãy chạy “lienvung serve” hoặc “lienvung demo” trước, hoặc chỉ thư mục bằng --data.",
                "Run “lienvung serve” or “lienvung demo” first, or name the folder with --data."
            )
        );
    }
    let config = folder.config(words)?;
    Ok((Arc::new(open_config(&folder.data, &config)?), config))
}

pub(crate) fn open_config(folder: &Path, config: &Config) -> Result<Office> {
    let body = RecordId::parse(&config.body).map_err(|_| anyhow::anyhow!("lienvung.toml: body"))?;
    let database = config.database.as_deref().map(DatabaseAddress::parse).transpose().map_err(OfficeError::from)?;
    Ok(Office::open(folder, Settings { node: config.node.clone(), body, clock: Clock::Machine, database })?)
}

/// The account in whose name a command works: `--as LOGIN`, or the public.
pub(crate) fn acting(office: &Office, login: Option<&str>) -> Result<Identity> {
    match login {
        Some(login) => office.act_as(&office.console(), login).with_context(|| format!("--as {login}")),
        None => Ok(Identity::public()),
    }
}

/// A progress bar for work that may be long; draws nothing when nobody watches.
pub(crate) fn bar(title: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    // The template is a constant of ours; the fallback is the library's own bar.
    let style = ProgressStyle::with_template("{msg:20} [{bar:30}] {pos}/{len} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message(title.to_owned());
    bar
}

/// The address to listen on: the flag, else the file.
pub(crate) fn listen_on(flag: Option<SocketAddr>, config: &Config) -> SocketAddr {
    flag.unwrap_or(config.listen)
}
