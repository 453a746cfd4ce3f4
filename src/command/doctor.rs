//! `doctor`: what is missing or broken on this machine, and what to do about it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use office::{Office, OwnCatalogue};

use super::{CATCH_UP, Folder, open};
use crate::config::Config;
use crate::words::Words;

/// Bytes below which a node should not go on: the database, its views and a file of 200 MB that comes in all need room at once.
const LEAST_FREE: u64 = 2_000_000_000;
/// Days after which a node without a new backup is not well.
const MOST_DAYS_WITHOUT_BACKUP: i64 = 7;
/// Seconds that two entries may be apart the wrong way before the clock is said to be wrong.
const CLOCK_SLACK: i64 = 300;
/// The program is not older than this (seconds since 1970, 1 January 2026): a clock before it has lost its battery.
const PROGRAM_MADE: i64 = 1_767_200_400;
/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    folder: Folder,
}

/// What was found so far, printed as it is found.
struct Findings {
    words: Words,
    ill: usize,
}

impl Findings {
    fn say(&mut self, well: bool, what: &str, advice: &str) {
        if well {
            tell!("OK  {what}");
        } else {
            self.ill += 1;
            tell!("!!  {what}\n    → {advice}");
        }
    }
}

pub(crate) fn doctor(arguments: DoctorArguments, words: Words) -> Result<ExitCode> {
    let folder = &arguments.folder.data;
    let mut found = Findings { words, ill: 0 };
    found.say(
        Config::path(folder).exists(),
        &format!("{} {}", words.say("Tệp cấu hình", "Settings file"), Config::path(folder).display()),
        words.say("Chạy “lienvung serve” hoặc chỉ đúng thư mục bằng --data.", "Run “lienvung serve” or name the right folder with --data."),
    );
    let probe = folder.join(".lienvung-probe");
    let writable = std::fs::write(&probe, b"x").is_ok();
    let _ = std::fs::remove_file(&probe);
    found.say(
        writable,
        words.say("Ghi được vào thư mục dữ liệu", "The data folder can be written"),
        words.say("Cấp quyền ghi hoặc giải phóng chỗ trên đĩa.", "Give write permission or free space on the disk."),
    );
    free_space(folder, &mut found);
    match OwnCatalogue::read(folder) {
        Ok(own) => {
            found.say(true, &format!("{} ({})", words.say("Danh mục", "Catalogue"), own.catalogue.kinds().count()), "");
            for file in &own.files {
                tell!("    + {}", OwnCatalogue::path(folder).join(file).display());
            }
        }
        Err(error) => found.say(
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
            found.say(true, words.say("Mở được cơ sở dữ liệu", "The database opens"), "");
            let settled = office.settle(CATCH_UP);
            let problems = office.view_problems();
            found.say(
                settled && problems.is_empty(),
                words.say("Khung nhìn theo kịp sổ cái", "The views have caught up"),
                words.say("Chạy “lienvung rebuild”.", "Run “lienvung rebuild”."),
            );
            clock(&office, &mut found)?;
            standby(&office, &found)?;
            last_backup(&office, config.database.is_some(), &mut found)?;
            let accounts = office.accounts(&office.console(), None, 100)?;
            found.say(
                accounts
                    .iter()
                    .any(|account| account.active && account.grants.iter().any(|grant| grant.role == office::Role::Administrator)),
                words.say("Có quản trị viên", "There is an administrator"),
                words.say("Chạy “lienvung user add TÊN --role administrator”.", "Run “lienvung user add LOGIN --role administrator”."),
            );
            tell!("    {} {}", words.say("Địa chỉ", "Address"), config.address());
        }
        Err(error) => found.say(
            false,
            &format!("{}: {}", words.say("Mở cơ sở dữ liệu", "Opening the database"), words.error(&error)),
            words.say("Khôi phục bản sao lưu gần nhất bằng “lienvung restore”.", "Restore the latest backup with “lienvung restore”."),
        ),
    }
    tell!(
        "{}",
        if found.ill == 0 {
            words.say("OK: nút khỏe.", "OK: the node is well.")
        } else {
            words.say("Cần xử lý các dòng “!!”.", "See to the lines with “!!”.")
        }
    );
    Ok(if found.ill == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn free_space(folder: &Path, found: &mut Findings) {
    let words = found.words;
    // A folder that is not there has been told already.
    let Ok(free) = fs4::available_space(folder) else { return };
    let tenths = free / 100_000_000;
    let mark = words.say(",", ".");
    found.say(
        free >= LEAST_FREE,
        &format!(
            "{} {}{mark}{} GB",
            words.say("Đĩa của thư mục dữ liệu còn trống", "Free on the disk of the data folder:"),
            tenths / 10,
            tenths % 10
        ),
        words.say(
            "Giải phóng chỗ, ít nhất 2 GB: chuyển bản sao lưu cũ sang đĩa khác hoặc tăng dung lượng đĩa.",
            "Free at least 2 GB: move old backups to another disk or enlarge the disk.",
        ),
    );
}

/// A machine without a network cannot ask for the time, but it knows what it wrote before.
fn clock(office: &Office, found: &mut Findings) -> Result<()> {
    let words = found.words;
    let now = office.clock().now();
    let latest = office.written_between()?.map_or(0, |(_, latest)| latest);
    let what =
        format!("{} {}", words.say("Đồng hồ của máy (giờ Việt Nam):", "The machine's clock (Vietnam time):"), web::format::instant(now));
    if latest > now.saturating_add(CLOCK_SLACK * SECOND) {
        let (vi, en) = (
            format!("Sổ cái có mục ghi lúc {}, sau giờ của máy. Chỉnh lại đồng hồ, bật đồng bộ giờ (NTP).", web::format::instant(latest)),
            format!(
                "The ledger has an entry of {}, after the machine's time. Set the clock, switch time synchronisation (NTP) on.",
                web::format::instant(latest)
            ),
        );
        found.say(false, &what, words.say(&vi, &en));
    } else {
        found.say(
            now >= PROGRAM_MADE * SECOND,
            &what,
            words.say(
                "Giờ của máy sớm hơn ngày làm ra chương trình. Chỉnh lại đồng hồ, bật đồng bộ giờ (NTP).",
                "The machine's time is before the program was made. Set the clock, switch time synchronisation (NTP) on.",
            ),
        );
    }
    Ok(())
}

/// Says whether a second machine holds what was saved. None is no fault: backups may be enough.
fn standby(office: &Office, found: &Findings) -> Result<()> {
    let words = found.words;
    match office.ledger().has_standby()? {
        Some(true) => tell!(
            "    {}",
            words.say(
                "Có máy dự phòng đồng bộ: bản ghi ở hai máy rồi mới báo là đã lưu",
                "There is a synchronous standby: a record is on two machines before it is told to be saved"
            )
        ),
        Some(false) => tell!(
            "    {}",
            words.say(
                "Không có máy dự phòng đồng bộ (synchronous_standby_names trống): hỏng đĩa thì mất những gì lưu sau bản sao lưu gần nhất",
                "There is no synchronous standby (synchronous_standby_names is empty): a broken disk takes what was saved after the last backup"
            )
        ),
        None => {}
    }
    Ok(())
}

fn last_backup(office: &Office, in_postgres: bool, found: &mut Findings) -> Result<()> {
    let words = found.words;
    if in_postgres {
        let what = words.say(
            "Sổ cái ở PostgreSQL: sao lưu bằng công cụ của máy chủ dữ liệu, chương trình không biết lần gần nhất",
            "The ledger is in PostgreSQL: backed up by the tools of the database server, this program does not know when last",
        );
        tell!("    {what}");
        return Ok(());
    }
    let now = office.clock().now();
    let days_since = |at: i64| now.saturating_sub(at) / (86_400 * SECOND);
    let advice = words.say(
        "Chạy “lienvung backup THƯ-MỤC-MỚI”, tốt nhất hằng ngày và sang đĩa khác.",
        "Run “lienvung backup NEW-FOLDER”, best every day and to another disk.",
    );
    match office.last_backup()? {
        Some(note) => {
            let days = days_since(note.at);
            let what = format!(
                "{} {} ({days} {}): {}",
                words.say("Bản sao lưu gần nhất", "Last backup:"),
                web::format::instant(note.at),
                words.say("ngày trước", "days ago"),
                note.place
            );
            found.say(days <= MOST_DAYS_WITHOUT_BACKUP, &what, advice);
        }
        None => {
            let days = office.written_between()?.map_or(0, |(first, _)| days_since(first));
            let what = format!(
                "{} {days} {}",
                words.say("Chưa có bản sao lưu nào; sổ cái bắt đầu cách đây", "No backup yet; the ledger began"),
                words.say("ngày", "days ago")
            );
            found.say(days <= MOST_DAYS_WITHOUT_BACKUP, &what, advice);
        }
    }
    Ok(())
}
