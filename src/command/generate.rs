//! `generate`: test data at national scale, marked as such.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::table::open_or_make;
use super::{Folder, bar};
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    folder: Folder,
    /// Số nhiệm vụ; kết quả, hợp đồng, báo cáo đi kèm – Number of tasks; results, contracts and reports go with them
    #[arg(long, default_value_t = 1_000)]
    tasks: usize,
    /// Cùng số thì cùng dữ liệu – The same number gives the same data
    #[arg(long, default_value_t = 2026)]
    seed: u64,
}

pub(crate) fn generate(arguments: GenerateArguments, words: Words) -> Result<ExitCode> {
    let office = open_or_make(&arguments.folder.data, words)?;
    let bar = bar(words.say("Sinh dữ liệu", "Generating"));
    let made = crate::generate::generate(&office, arguments.tasks, arguments.seed, &mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish();
    bar.set_message(words.say("Lập danh sách", "Indexing"));
    office.settle(std::time::Duration::from_secs(3_600));
    bar.finish_and_clear();
    println!(
        "{} {}, {} {}, {} {}. {}",
        made.tasks,
        words.say("nhiệm vụ", "tasks"),
        made.bodies,
        words.say("tổ chức", "organisations"),
        made.others,
        words.say("hợp đồng, kết quả, báo cáo ứng dụng", "contracts, results, reports on application"),
        words.say("Mọi bản ghi mang chữ “dữ liệu sinh thử”.", "Every record bears the words “dữ liệu sinh thử”.")
    );
    Ok(ExitCode::SUCCESS)
}
