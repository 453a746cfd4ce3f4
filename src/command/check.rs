//! `verify`, `rebuild` and `doctor`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use office::OwnCatalogue;
use serde_json::json;

use super::{CATCH_UP, Folder, bar, open};
use crate::config::Config;
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

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    folder: Folder,
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

pub(crate) fn doctor(arguments: DoctorArguments, words: Words) -> Result<ExitCode> {
    let folder = &arguments.folder.data;
    let mut ill = 0;
    let mut say = |well: bool, what: &str, advice: &str| {
        if well {
            tell!("OK  {what}");
        } else {
            ill += 1;
            tell!("!!  {what}\n    → {advice}");
        }
    };
    say(
        Config::path(folder).exists(),
        &format!("{} {}", words.say("Tệp cấu hình", "Settings file"), Config::path(folder).display()),
        words.say("Chạy “lienvung serve” hoặc chỉ đúng thư mục bằng --data.", "Run “lienvung serve” or name the right folder with --data."),
    );
    let probe = folder.join(".lienvung-probe");
    let writable = std::fs::write(&probe, b"x").is_ok();
    let _ = std::fs::remove_file(&probe);
    say(
        writable,
        words.say("Ghi được vào thư mục dữ liệu", "The data folder can be written"),
        words.say("Cấp quyền ghi hoặc giải phóng chỗ trên đĩa.", "Give write permission or free space on the disk."),
    );
    match OwnCatalogue::read(folder) {
        Ok(own) => {
            say(true, &format!("{} ({})", words.say("Danh mục", "Catalogue"), own.catalogue.kinds().count()), "");
            for file in &own.files {
                tell!("    + {}", OwnCatalogue::path(folder).join(file).display());
            }
        }
        Err(error) => say(
            false,
            &format!("{}: {}", words.say("Danh mục", "Catalogue"), words.error(&error.into())),
            words.say(
                "Lỗi ở tệp nào thì sửa tệp ấy; nếu không nêu tệp, cài lại chương trình.",
                "Mend the file that is named; if none is, install the program again.",
            ),
        ),
    }
    match open(&arguments.folder, words) {
        Ok((office, config)) => {
            say(true, words.say("Mở được cơ sở dữ liệu", "The database opens"), "");
            let settled = office.settle(CATCH_UP);
            let problems = office.view_problems();
            say(
                settled && problems.is_empty(),
                words.say("Khung nhìn theo kịp sổ cái", "The views have caught up"),
                words.say("Chạy “lienvung rebuild”.", "Run “lienvung rebuild”."),
            );
            let accounts = office.accounts(&office.console(), None, 100)?;
            say(
                accounts
                    .iter()
                    .any(|account| account.active && account.grants.iter().any(|grant| grant.role == office::Role::Administrator)),
                words.say("Có quản trị viên", "There is an administrator"),
                words.say("Chạy “lienvung user add TÊN --role administrator”.", "Run “lienvung user add LOGIN --role administrator”."),
            );
            tell!("    {} {}", words.say("Địa chỉ", "Address"), config.base_url.unwrap_or_else(|| format!("http://{}", config.listen)));
        }
        Err(error) => say(
            false,
            &format!("{}: {}", words.say("Mở cơ sở dữ liệu", "Opening the database"), words.error(&error)),
            words.say("Khôi phục bản sao lưu gần nhất bằng “lienvung restore”.", "Restore the latest backup with “lienvung restore”."),
        ),
    }
    tell!(
        "{}",
        if ill == 0 {
            words.say("OK: nút khỏe.", "OK: the node is well.")
        } else {
            words.say("Cần xử lý các dòng “!!”.", "See to the lines with “!!”.")
        }
    );
    Ok(if ill == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
