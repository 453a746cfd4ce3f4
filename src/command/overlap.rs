//! `lienvung overlap`: what of a proposal other records already say.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use finder::{CollectedText, Collection};
use office::{FoundOverlap, Overlap, OverlapFlag, OverlapForm};
use serde_json::{Map, Value, json};

use super::document::contents;
use super::eval::{TemporaryFolder, builtin_vocabulary, lines_of};
use super::{Folder, acting, bar, open};
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct OverlapArguments {
    #[command(flatten)]
    folder: Folder,
    /// Đề xuất .txt, .docx hoặc .json {"title","objectives","content"} – A proposal
    #[arg(required_unless_present = "corpus", conflicts_with = "corpus")]
    file: Option<PathBuf>,
    /// So với một bộ văn bản thay vì dữ liệu của nút: mỗi dòng một JSON {"id","title","text"} – Compare with a collection instead of the node's records
    #[arg(long, value_name = "FILE", requires = "proposals")]
    corpus: Option<PathBuf>,
    /// Các đề xuất cần so, mỗi dòng một JSON – The proposals to compare, one JSON a line
    #[arg(long, value_name = "FILE", requires = "corpus")]
    proposals: Option<PathBuf>,
    /// So cả các đề xuất với nhau – Compare the proposals with one another too
    #[arg(long, requires = "corpus")]
    each_other: bool,
    /// In JSON – Print JSON
    #[arg(long)]
    json: bool,
    /// Tối đa bao nhiêu kết quả cho mỗi đề xuất – At most so many for each proposal
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Tra với tài khoản này; bỏ trống là công chúng – As this account; the public when absent
    #[arg(long = "as")]
    login: Option<String>,
}

pub(crate) fn overlap(arguments: &OverlapArguments, words: Words) -> Result<ExitCode> {
    if let (Some(corpus), Some(proposals)) = (&arguments.corpus, &arguments.proposals) {
        return whole_collection(arguments, corpus, proposals, words);
    }
    let Some(path) = &arguments.file else { bail!("{}", words.say("thiếu tệp đề xuất", "the proposal is missing")) };
    let proposal = read_proposal(path, words)?;
    let (office, _) = open(&arguments.folder, words)?;
    office.settle(std::time::Duration::from_secs(600));
    let who = acting(&office, arguments.login.as_deref())?;
    let form = OverlapForm { parts: proposal.proposal().parts, limit: arguments.limit, ..OverlapForm::default() };
    if form.is_too_short() {
        bail!(
            "{}: {}",
            path.display(),
            words.say("ít hơn bốn tiếng, chưa đủ để so; hãy ghi tên và nội dung", "fewer than four syllables, give a title and content")
        );
    }
    let found = office.overlaps(&who, &form)?;
    if arguments.json {
        let hits: Vec<Value> = found.iter().map(|found| hit(&found.overlap, &found.flags)).collect();
        tell!("{}", serde_json::to_string_pretty(&json!({"hits": hits}))?);
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        tell!("{}", words.say("Không thấy bản ghi nào trùng lời.", "No record says the same."));
    }
    for FoundOverlap { overlap, .. } in &found {
        print_hit(overlap, words);
    }
    Ok(ExitCode::SUCCESS)
}

fn print_hit(overlap: &Overlap, words: Words) {
    tell!(
        "{} {:>3.0} %  {:>5.0} bit  {}  {}",
        if overlap.is_strong { "!" } else { " " },
        100.0 * overlap.share,
        overlap.bits,
        overlap.id,
        office::shorten(&overlap.title, 100)
    );
    for span in overlap.spans.iter().take(3) {
        tell!("      {}: “{}”", words.say("cùng có", "both say"), office::shorten(&span.their_words, 160));
    }
}

fn whole_collection(arguments: &OverlapArguments, corpus: &Path, proposals: &Path, words: Words) -> Result<ExitCode> {
    let read =
        |path: &Path| -> Result<Vec<CollectedText>> { Ok(lines_of::<Map<String, Value>>(path)?.iter().map(CollectedText::of).collect()) };
    let mut texts = read(corpus)?;
    let proposals = read(proposals)?;
    if arguments.each_other {
        texts.extend(proposals.iter().filter(|proposal| !proposal.id.is_empty()).cloned());
    }
    let folder = TemporaryFolder::new()?;
    let progress = bar(words.say("Lập chỉ mục", "Indexing"));
    progress.set_length(texts.len() as u64);
    let collection = Collection::index(folder.path(), builtin_vocabulary()?, &texts, |done| progress.set_position(done as u64))?;
    progress.finish_and_clear();
    let progress = bar(words.say("So sánh", "Comparing"));
    progress.set_length(proposals.len() as u64);
    let mut all = Vec::new();
    for proposal in &proposals {
        let found = collection.overlaps(proposal, arguments.limit)?;
        if arguments.json {
            all.push(json!({"id": proposal.id, "hits": found.iter().map(|overlap| hit(overlap, &[])).collect::<Vec<_>>()}));
        } else {
            progress.suspend(|| {
                tell!("{}  {}", proposal.id, office::shorten(&proposal.title, 100));
                found.iter().for_each(|overlap| print_hit(overlap, words));
            });
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    if arguments.json {
        tell!("{}", serde_json::to_string_pretty(&json!({"proposals": all}))?);
    }
    Ok(ExitCode::SUCCESS)
}

fn hit(overlap: &Overlap, flags: &[OverlapFlag]) -> Value {
    let spans: Vec<Value> = overlap
        .spans
        .iter()
        .map(|span| {
            json!({
                "field": span.field, "mine": [span.mine.start, span.mine.end],
                "their_field": span.their_field, "theirs": [span.theirs.start, span.theirs.end], "bits": span.bits,
            })
        })
        .collect();
    json!({
        "id": overlap.id, "title": overlap.title, "share": overlap.share, "bits": overlap.bits, "strong": overlap.is_strong,
        "spans": spans, "flags": flags,
    })
}

/// A proposal out of a file; what cannot be read is said.
fn read_proposal(path: &Path, words: Words) -> Result<CollectedText> {
    let bytes = contents(path, words)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| anyhow::anyhow!("{}: {} ({error})", path.display(), words.say("không phải JSON đúng", "is not valid JSON")))?;
        return match &value {
            Value::Object(object) => Ok(CollectedText { id: String::new(), ..CollectedText::of(object) }),
            _ => bail!("{}: {}", path.display(), words.say("cần một đối tượng {\"title\": …}", "an object {\"title\": …} is needed")),
        };
    }
    let text = office::text_of_file(&name, &bytes)?;
    // One line is a title; the finder compares a long one as a text all the same.
    let title = text.trim();
    if !title.contains('\n') {
        return Ok(CollectedText { id: String::new(), title: title.to_owned(), parts: Vec::new() });
    }
    Ok(CollectedText { id: String::new(), title: String::new(), parts: vec![("text".to_owned(), text)] })
}
