//! `generate`: test data at any scale.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use office::{AccountForm, Draft, Grant, Identity, Office, Role};

use super::table::open_or_make;
use super::{CATCH_UP, Folder, bar};
use crate::generator::{Generator, MARK};
use crate::words::Words;

/// Records of one transaction, about.
const BATCH: usize = 2_000;

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    folder: Folder,
    /// Số nhiệm vụ; hợp đồng, kinh phí, kết quả và báo cáo ứng dụng đi kèm – Number of tasks; contracts, money, results and reports come with them
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    tasks: u64,
    /// Cùng số thì cùng dữ liệu – The same number gives the same data
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn generate(arguments: GenerateArguments, words: Words) -> Result<ExitCode> {
    let office = open_or_make(&arguments.folder, words)?;
    office.require_keeper()?;
    refuse_records_of_people(&office, words)?;
    let generator = Generator::new(office.catalogue(), &office.directory().all(), arguments.seed)?;
    let who = teller(&office)?;
    let mut stored = 0;
    for batch in generator.organisations(arguments.tasks)?.chunks(BATCH) {
        stored += office.submit_all(&who, batch.to_vec(), MARK)?.len();
    }
    // Tasks name these organisations.
    office.settle(CATCH_UP);
    let progress = bar(words.say("Sinh dữ liệu", "Generating"));
    progress.set_length(arguments.tasks);
    let mut batch: Vec<Draft> = Vec::new();
    for at in 0..arguments.tasks {
        batch.extend(generator.task(at)?);
        if batch.len() >= BATCH || at + 1 == arguments.tasks {
            stored += office.submit_all(&who, std::mem::take(&mut batch), MARK)?.len();
            progress.set_position(at + 1);
        }
    }
    progress.set_message(words.say("Lập chỉ mục", "Indexing").to_owned());
    let settled = office.settle(CATCH_UP);
    progress.finish_and_clear();
    let console = office.console();
    let account = office.account_by_login(&console, TELLER)?;
    let closed = AccountForm { login: account.login, name: account.name, grants: account.grants, active: false };
    office.change_account(&console, &account.id, closed)?;
    tell!(
        "{}: {} {}, {stored} {} ({MARK}).",
        words.say("Đã sinh", "Generated"),
        arguments.tasks,
        words.say("nhiệm vụ", "tasks"),
        words.say("bản ghi tất cả", "records in all")
    );
    if !settled {
        tell!(
            "{}",
            words.say(
                "Khung nhìn chưa theo kịp; lần chạy sau sẽ làm tiếp.",
                "The views have not caught up; the next start goes on with them."
            )
        );
    }
    Ok(ExitCode::SUCCESS)
}

const TELLER: &str = "sinh-thu";

/// Invented records never stand among real ones: only a folder with nothing but the reference bodies will do.
fn refuse_records_of_people(office: &Office, words: Words) -> Result<()> {
    let (all, bodies) =
        office.ledger().read(|r| Ok::<_, ledger::LedgerError>((r.count("private", None)?, r.count("private", Some("body"))?)))?;
    if all == bodies && bodies == office.catalogue().bodies().len() as u64 {
        return Ok(());
    }
    bail!(
        "{} {}. {}",
        words.say("Thư mục đã có bản ghi:", "The folder holds records already:"),
        office.folder().display(),
        words.say(
            "Dữ liệu sinh thử không được trộn với dữ liệu thật; hãy chỉ một thư mục mới bằng --data.",
            "Test data must not mix with real data; name a new folder with --data."
        )
    )
}

/// The account in whose name all is written; closed when it is done.
fn teller(office: &Office) -> Result<Identity> {
    let mut grants = vec![Grant { body: office.body(), role: Role::Administrator }];
    grants.extend(
        office.directory().all().iter().filter(|body| body.form == "department").map(|body| Grant { body: body.id, role: Role::Officer }),
    );
    let console = office.console();
    let name = format!("Người sinh dữ liệu ({MARK})");
    office.add_account(&console, AccountForm { login: TELLER.to_owned(), name, grants, active: true })?;
    Ok(office.act_as(&console, TELLER)?)
}
