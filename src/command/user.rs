//! `lienvung user`: accounts from the machine's console.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use office::{AccountForm, Grant, Office, RecordId, Role};

use super::{Folder, open};
use crate::config::{Config, reachable};
use crate::words::Words;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Thêm tài khoản và in liên kết đăng nhập một lần – Add an account and print a one-time sign-in link
    Add(AddArguments),
    /// Đặt mật khẩu (đọc từ bàn phím hoặc dòng đầu của stdin) – Set a password (from the keyboard or the first line of stdin)
    Password(LoginArguments),
    /// In liên kết đăng nhập một lần mới – Print a new one-time sign-in link
    Link(LoginArguments),
    /// Liệt kê tài khoản – List accounts
    List(Folder),
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    folder: Folder,
    /// Tên đăng nhập – Login
    login: String,
    /// Tên hiển thị – Display name
    #[arg(long)]
    name: Option<String>,
    /// Vai trò: reader, officer, leader, administrator – Role
    #[arg(long, default_value = "officer")]
    role: String,
    /// Mã bản ghi hoặc tên của cơ quan; mặc định là cơ quan của nút – Record id or name of the body; the node's own when absent
    #[arg(long)]
    body: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    folder: Folder,
    /// Tên đăng nhập – Login
    login: String,
}

pub(crate) fn user(command: UserCommand, words: Words) -> Result<ExitCode> {
    match command {
        UserCommand::Add(arguments) => add(arguments, words),
        UserCommand::Password(arguments) => password(arguments, words),
        UserCommand::Link(arguments) => link(arguments, words),
        UserCommand::List(folder) => list(folder, words),
    }
}

fn add(arguments: AddArguments, words: Words) -> Result<ExitCode> {
    let (office, config) = open(&arguments.folder, words)?;
    let console = office.console();
    let Some(role) = Role::from_code(&arguments.role) else {
        bail!("{} reader, officer, leader, administrator", words.say("Vai trò phải là một trong:", "The role must be one of:"));
    };
    let body = match &arguments.body {
        Some(text) => find_body(&office, text, words)?,
        None => office.body(),
    };
    let form = AccountForm {
        name: arguments.name.unwrap_or_else(|| arguments.login.clone()),
        login: arguments.login,
        grants: vec![Grant { body, role }],
        active: true,
    };
    let account = office.add_account(&console, form)?;
    let token = office.sign_in_link(&console, &account.id)?;
    tell!("{} {} ({})", words.say("Đã thêm tài khoản", "Added the account"), account.login, words.label(&role.label()));
    tell!(
        "{}\n  {}/dang-nhap/mot-lan/{token}",
        words.say("Liên kết đăng nhập một lần, dùng được trong 7 ngày:", "One-time sign-in link, good for 7 days:"),
        config.address()
    );
    tell_where_it_opens(&arguments.folder, &config, words);
    Ok(ExitCode::SUCCESS)
}

fn password(arguments: LoginArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let console = office.console();
    let account = office.account_by_login(&console, &arguments.login)?;
    if std::io::stdin().is_terminal() {
        eprint!("{}: ", words.say("Mật khẩu mới", "New password"));
        std::io::stderr().flush()?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("stdin")?;
    office.set_password(&console, &account.id, None, line.trim_end_matches(['\r', '\n']))?;
    tell!("{} {}", words.say("Đã đặt mật khẩu; mọi phiên cũ đã kết thúc:", "Password set; all older sessions are ended:"), account.login);
    Ok(ExitCode::SUCCESS)
}

fn link(arguments: LoginArguments, words: Words) -> Result<ExitCode> {
    let (office, config) = open(&arguments.folder, words)?;
    let console = office.console();
    let account = office.account_by_login(&console, &arguments.login)?;
    let token = office.sign_in_link(&console, &account.id)?;
    tell!("{}/dang-nhap/mot-lan/{token}", config.address());
    tell_where_it_opens(&arguments.folder, &config, words);
    Ok(ExitCode::SUCCESS)
}

/// Says on the side when a link opens on this machine alone: the person it is for will sit at another one.
fn tell_where_it_opens(folder: &Folder, config: &Config, words: Words) {
    if config.base_url.is_none() && reachable(config.listen).ip().is_loopback() {
        eprintln!(
            "{} base_url = \"https://…\" {} {}.",
            words.say(
                "Liên kết này chỉ mở được trên máy chủ. Để mở được từ máy khác, ghi địa chỉ công khai của nút,",
                "This link opens on the server alone. For other machines put the node's public address,"
            ),
            words.say("vào", "into"),
            Config::path(&folder.data).display()
        );
    }
}

fn list(folder: Folder, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&folder, words)?;
    let console = office.console();
    let today = office.clock().today();
    let mut after: Option<String> = None;
    loop {
        let page = office.accounts(&console, after.as_deref(), 100)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for account in page {
            let state = if account.active { "" } else { words.say(" (đã khóa)", " (closed)") };
            tell!("{}{state}  {}", account.login, account.name);
            for grant in &account.grants {
                tell!("    {} – {}", words.label(&grant.role.label()), office.directory().short_name(grant.body, today));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A body by record id, or by a name or alias written in any spelling.
pub(crate) fn find_body(office: &Office, text: &str, words: Words) -> Result<RecordId> {
    if let Ok(id) = RecordId::parse(text)
        && office.directory().get(id).is_some()
    {
        return Ok(id);
    }
    let wanted = viet::fold(text.trim());
    for body in office.directory().all() {
        let names = body.names.iter().flat_map(|name| [Some(name.text.as_str()), name.short.as_deref()]).flatten();
        if names.chain(body.aliases.iter().map(String::as_str)).any(|name| viet::fold(name) == wanted) {
            return Ok(body.id);
        }
    }
    bail!("{} “{text}”", words.say("Không tìm thấy cơ quan", "No such body:"))
}
