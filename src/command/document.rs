//! `read` and `search`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use catalogue::Catalogue;
use clap::Args;
use office::SearchForm;
use serde_json::json;

use super::{Folder, acting, open};
use crate::words::Words;

/// The largest file that is looked at; a conclusion has a few pages.
const LARGEST_FILE: u64 = 20 * 1024 * 1024;

#[derive(Debug, Args)]
pub(crate) struct ReadArguments {
    /// Tệp .txt, .html hoặc .docx – File
    file: PathBuf,
    /// In JSON cho chương trình khác – Print JSON for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    folder: Folder,
    /// Từ cần tìm – Words
    query: Vec<String>,
    /// In JSON – Print JSON
    #[arg(long)]
    json: bool,
    /// Tối đa bao nhiêu kết quả – At most so many
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Tìm với tài khoản này; bỏ trống là công chúng – Search as this account; the public when absent
    #[arg(long = "as")]
    login: Option<String>,
}

pub(crate) fn read(arguments: ReadArguments, words: Words) -> Result<ExitCode> {
    let catalogue = Catalogue::builtin()?;
    let bytes = contents(&arguments.file, words)?;
    let name = arguments.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let reading = office::read_document(&catalogue, &name, &bytes)?;
    if arguments.json {
        tell!("{}", serde_json::to_string_pretty(&reading.to_json())?);
        return Ok(ExitCode::SUCCESS);
    }
    let document = &reading.document;
    tell!("{}", document.title.as_deref().unwrap_or(words.say("(không rõ tên văn bản)", "(no title found)")));
    for directive in &reading.directives {
        let lead = directive.lead.iter().map(|actor| actor.text.as_str()).collect::<Vec<_>>().join("; ");
        let due = directive.due.as_ref().map_or("—", |due| due.raw.as_str());
        tell!(
            "  [{}] {}\n      {}: {}   {}: {due}",
            directive.item,
            office::shorten(&directive.text, 160),
            words.say("chủ trì", "lead"),
            if lead.is_empty() { "—" } else { &lead },
            words.say("hạn", "due")
        );
    }
    tell!("{}: {}", words.say("Số nội dung chỉ đạo", "Directives"), reading.directives.len());
    for suggestion in &reading.suggestions {
        tell!("  ? “{}” → “{}”  ({})", suggestion.raw, suggestion.proposal.as_deref().unwrap_or("…"), suggestion.reason);
    }
    for note in &reading.notes {
        tell!("  i {}", words.label(&catalogue::Label { vi: note.vi.clone(), en: note.en.clone() }));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn search(arguments: SearchArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    office.settle(std::time::Duration::from_secs(600));
    let who = acting(&office, arguments.login.as_deref())?;
    let form = SearchForm { text: arguments.query.join(" "), limit: arguments.limit, ..SearchForm::default() };
    let results = office.search(&who, &form)?.results;
    if arguments.json {
        let hits: Vec<_> = results
            .hits
            .iter()
            .map(|hit| json!({"id": hit.id, "kind": hit.kind, "title": hit.title, "score": hit.score, "why": hit.why}))
            .collect();
        tell!("{}", serde_json::to_string_pretty(&json!({"hits": hits, "total": results.total, "did_you_mean": results.did_you_mean}))?);
        return Ok(ExitCode::SUCCESS);
    }
    for hit in &results.hits {
        tell!("{:12} {}  {}", hit.kind, hit.id, office::shorten(&hit.title, 110));
    }
    tell!("{} {}", results.total, words.say("kết quả", "results"));
    if let Some(meant) = &results.did_you_mean {
        tell!("{} {meant}", words.say("Có phải:", "Did you mean:"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A file to read, or in words why it cannot be opened.
pub(super) fn opened(path: &Path, words: Words) -> Result<std::fs::File> {
    std::fs::File::open(path).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => {
                words.say("không có tệp này, hãy kiểm tra lại đường dẫn", "there is no such file, check the path")
            }
            std::io::ErrorKind::PermissionDenied => words.say("không có quyền đọc tệp", "no permission to read the file"),
            _ => return anyhow::Error::new(error).context(format!("{}", path.display())),
        };
        anyhow::anyhow!("{}: {why}", path.display())
    })
}

pub(super) fn contents(path: &Path, words: Words) -> Result<Vec<u8>> {
    let file = opened(path, words)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).with_context(|| format!("{}", path.display()))?;
    if bytes.len() as u64 > LARGEST_FILE {
        bail!(
            "{}: {}",
            path.display(),
            words.say(
                "tệp lớn hơn 20 MB; một kết luận chỉ vài trang, hãy kiểm tra lại tệp",
                "the file is larger than 20 MB; a conclusion has a few pages, check the file"
            )
        );
    }
    Ok(bytes)
}
