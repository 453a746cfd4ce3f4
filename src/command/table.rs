//! `import` and `export`: conclusions, spreadsheets and lists, in and out.

use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use office::{BoardFilter, ColumnMap, Condition, FileForm, Identity, Office, RecordId, RegisterFilter, SheetForm, SheetPlan, Status};
use serde_json::json;

use super::document::{contents, opened};
use super::{CATCH_UP, Folder, acting, bar, open, open_config};
use crate::config::{Config, USUAL_ADDRESS};
use crate::words::Words;

/// Errors that are printed; `--json` prints more.
const SHOWN_ERRORS: usize = 30;
/// Converted cells that are named.
const SHOWN_CELLS: usize = 10;
/// The body of a node that an import makes in a new folder.
const USUAL_BODY: &str = "Bộ Khoa học và Công nghệ";

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    folder: Folder,
    /// [LOẠI] TỆP: một kết luận (.txt, .html, .docx), hoặc một loại bản ghi và bảng (.xlsx, .xls, .ods, .csv), ví dụ “task nhiemvu.xlsx” –
    /// [KIND] FILE: a conclusion, or a kind of record and a table
    #[arg(required = true, num_args = 1..=2, value_names = ["KIND", "FILE"])]
    what: Vec<String>,
    /// Nhập với tài khoản này; bảng nhập được không cần tài khoản – In the name of this account; tables can come in without
    #[arg(long = "as")]
    login: Option<String>,
    /// Kết luận: mã bản ghi của hội nghị – Conclusions: record id of the conference
    #[arg(long)]
    conference: Option<String>,
    /// Bảng: tên bản đồ cột đã lưu hoặc có sẵn – Tables: name of a remembered or ready column map
    #[arg(long)]
    map: Option<String>,
    /// Bảng: tên trang tính – Tables: name of the sheet
    #[arg(long)]
    sheet: Option<String>,
    /// Bảng: chỉ kiểm tra, không ghi – Tables: check only, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Bảng: hoàn tác lần nhập có mã này thay vì nhập – Tables: undo the import with this id instead
    #[arg(long, conflicts_with_all = ["dry_run", "map", "sheet"])]
    undo: bool,
    /// In JSON cho chương trình khác – Print JSON for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    folder: Folder,
    /// Loại bản ghi, ví dụ task; “board” là bảng chỉ đạo – Kind of record; “board” is the board of directives
    what: String,
    /// Dạng tệp; mặc định theo đuôi của --out, không có --out thì là csv – Form; by the suffix of --out, else csv
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Tệp đích; bỏ trống thì ghi ra đầu ra chuẩn – Target file; standard output when absent
    #[arg(long)]
    out: Option<PathBuf>,
    /// Chỉ những bản ghi thỏa điều kiện: “level=CT”, “title~gấc”; nhiều lần là và – Only records that fit; several are joined by and
    #[arg(long = "where")]
    conditions: Vec<String>,
    /// Thêm cột tỉnh và cơ quan như lúc đó (then) hoặc như hiện nay (now) – Add columns of province and body as they were or as they are now
    #[arg(long, value_name = "then|now", value_parser = ["then", "now"])]
    boundaries: Option<String>,
    /// Chỉ tỉnh này (mã lưu, ví dụ 60); với --boundaries now gồm cả các tỉnh cũ đã sáp nhập – Only this province; with “now” all that was merged into it
    #[arg(long)]
    province: Option<String>,
    /// Bảng chỉ đạo: done_on_time, done_late, within_term, overdue, standing – Board: status
    #[arg(long)]
    status: Option<String>,
    /// Bảng chỉ đạo: mã bản ghi của hội nghị – Board: record id of the conference
    #[arg(long)]
    conference: Option<String>,
    /// Xem với tài khoản này; bỏ trống là cơ quan của nút – See as this account; as the node's body when absent
    #[arg(long = "as")]
    login: Option<String>,
    /// Chỉ những gì công khai – Only what is public
    #[arg(long, conflicts_with = "login")]
    public: bool,
}

/// The forms of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// CSV, UTF-8
    Csv,
    /// Excel
    Xlsx,
    /// JSON, một bản ghi một dòng – one record a line
    Jsonl,
    /// iCal
    Ics,
    /// Word: sổ theo dõi theo Phụ lục IV, Nghị định 30/2020 – follow-up register of Appendix IV
    Docx,
}

pub(crate) fn import(arguments: ImportArguments, words: Words) -> Result<ExitCode> {
    match arguments.what.as_slice() {
        [id] if arguments.undo => undo(id, &arguments, words),
        [word, file] if word == "archive" => super::copy::import_archive(Path::new(file), &arguments.folder, words),
        [kind, file] => import_table(kind, Path::new(file), &arguments, words),
        [file] => import_conclusion(Path::new(file), &arguments, words),
        _ => bail!("KIND FILE"),
    }
}

fn import_conclusion(file: &Path, arguments: &ImportArguments, words: Words) -> Result<ExitCode> {
    if ["xlsx", "xlsm", "xlsb", "xls", "ods", "csv"]
        .iter()
        .any(|suffix| file.extension().is_some_and(|end| end.eq_ignore_ascii_case(suffix)))
    {
        bail!(
            "{} lienvung import task {}",
            words.say(
                "Bảng tính nhập theo loại bản ghi; ghi loại trước tên tệp, ví dụ:",
                "A spreadsheet comes in as a kind of record; write the kind before the file, for example:"
            ),
            file.display()
        );
    }
    let (office, _) = open(&arguments.folder, words)?;
    let Some(login) = arguments.login.as_deref() else {
        bail!(
            "{}",
            words.say("Nhập kết luận cần tài khoản của chuyên viên: --as TÊN.", "A conclusion is imported by an officer: --as LOGIN.")
        );
    };
    let who = acting(&office, Some(login))?;
    let bytes = contents(file, words)?;
    let name = file_name(file);
    let owner = own_body(&who, words)?;
    let conference = arguments.conference.as_deref().map(RecordId::parse).transpose().map_err(|_| anyhow::anyhow!("--conference"))?;
    let form = office::ReadingForm { owner, conference, assigner: None, source_url: None, name, bytes };
    let imported = office.import_conclusion(&who, form)?;
    tell!(
        "{} {} – {} {}",
        words.say("Đã nhập bản nháp", "Imported as drafts:"),
        imported.document,
        imported.directives.len(),
        words.say(
            "nội dung chỉ đạo. Hãy mở trang văn bản để xác nhận và giao việc.",
            "directives. Open the document's page to confirm and issue them."
        )
    );
    Ok(ExitCode::SUCCESS)
}

fn import_table(kind: &str, file: &Path, arguments: &ImportArguments, words: Words) -> Result<ExitCode> {
    let mut bytes = Vec::new();
    opened(file, words)?.read_to_end(&mut bytes).with_context(|| format!("{}", file.display()))?;
    let name = file_name(file);
    let sheet = office::read_sheet(&name, &bytes, arguments.sheet.as_deref())?;
    let office = open_or_make(&arguments.folder, words)?;
    known_kind(&office, kind, &[], words)?;
    office.settle(CATCH_UP);
    let who = match arguments.login.as_deref() {
        Some(login) => acting(&office, Some(login))?,
        None => office.console_officer(),
    };
    let map = match arguments.map.as_deref() {
        Some(map) => office.column_map(&who, kind, map)?,
        None => ColumnMap::default(),
    };
    let form = SheetForm { kind: kind.to_owned(), owner: own_body(&who, words)?, file: name, sha256: office::sha256(&bytes), map };
    let progress = bar(words.say("Kiểm tra", "Checking"));
    let plan = office.plan_sheet(&who, form, &sheet, &mut |done, of| {
        progress.set_length(of as u64);
        progress.set_position(done as u64);
    })?;
    progress.finish_and_clear();
    let refused = plan.error_count > 0;
    let mut accepted = 0;
    let mut import_id = None;
    if !arguments.json {
        print_plan(&plan, words);
    }
    let rows = plan.row_count;
    let mut report = json!({"rows": rows, "errors": errors_of(&plan, words), "converted": converted_of(&plan, words)});
    if !refused {
        accepted = rows;
        if !arguments.dry_run {
            let progress = bar(words.say("Ghi", "Storing"));
            let import = office.import_sheet(&who, plan, &mut |done, of| {
                progress.set_length(of as u64);
                progress.set_position(done as u64);
            })?;
            progress.set_message(words.say("Lập chỉ mục", "Indexing").to_owned());
            office.settle(CATCH_UP);
            progress.finish_and_clear();
            if !arguments.json {
                tell!(
                    "{}: {} {}, {} {}. {}: lienvung import --undo {} --data {}",
                    words.say("Đã nhập", "Imported"),
                    import.created,
                    words.say("bản ghi mới", "new records"),
                    import.changed,
                    words.say("bản ghi được sửa", "changed records"),
                    words.say("Hoàn tác", "Undo"),
                    import.id,
                    arguments.folder.data.display()
                );
            }
            import_id = Some(import.id);
        }
    }
    if arguments.json {
        if let Some(members) = report.as_object_mut() {
            members.insert("accepted".to_owned(), json!(accepted));
            if let Some(id) = import_id {
                members.insert("import".to_owned(), json!(id));
            }
        }
        tell!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print_plan(plan: &SheetPlan, words: Words) {
    let (new, changed, unchanged) = plan.counts();
    tell!(
        "{}: {}   {} {new}   {} {changed}   {} {unchanged}   {} {}",
        words.say("Dòng đọc được", "Rows read"),
        plan.row_count,
        words.say("mới", "new"),
        words.say("sửa", "changed"),
        words.say("không đổi", "unchanged"),
        words.say("lỗi", "errors"),
        plan.error_count
    );
    for note in &plan.notes {
        tell!("  i {}", words.label(note));
    }
    if !plan.converted.is_empty() {
        let cells: Vec<String> = plan.converted.iter().take(SHOWN_CELLS).map(|(cell, from)| format!("{cell} ({from})")).collect();
        let more = if plan.converted.len() > SHOWN_CELLS { ", …" } else { "" };
        tell!(
            "  i {} {}: {}{more}",
            plan.converted.len(),
            words.say("ô ở bảng mã cũ, đã chuyển sang Unicode", "cells in an old encoding, put into Unicode"),
            cells.join(", ")
        );
    }
    for (field, count) in &plan.missing {
        tell!("  … {} “{}”: {count} {}", words.say("còn thiếu", "still missing:"), words.label(field), words.say("dòng", "rows"));
    }
    for error in plan.errors.iter().take(SHOWN_ERRORS) {
        let cell = if error.cell.is_empty() { words.say("cả tệp", "the file") } else { &error.cell };
        tell!("  ! {cell}: {}", words.label(&error.message));
    }
    if plan.error_count > SHOWN_ERRORS {
        tell!("  … {} {}", plan.error_count - SHOWN_ERRORS, words.say("lỗi nữa; xem hết bằng --json", "more errors; see all with --json"));
    }
    if plan.error_count > 0 {
        tell!("{}", words.say("Chưa nhập gì.", "Nothing was imported."));
    }
}

fn errors_of(plan: &SheetPlan, words: Words) -> Vec<serde_json::Value> {
    let one = |error: &office::CellError| json!({"cell": error.cell, "field": error.field, "value": error.value, "message": words.label(&error.message)});
    plan.errors.iter().map(one).collect()
}

fn converted_of(plan: &SheetPlan, _: Words) -> Vec<serde_json::Value> {
    plan.converted.iter().map(|(cell, from)| json!({"cell": cell, "from": from})).collect()
}

fn undo(id: &str, arguments: &ImportArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let who = match arguments.login.as_deref() {
        Some(login) => acting(&office, Some(login))?,
        None => office.console_officer(),
    };
    let import = office.undo_sheet_import(&who, id)?;
    office.settle(CATCH_UP);
    tell!(
        "{} “{}”: {} {}, {} {}",
        words.say("Đã hoàn tác", "Undone:"),
        import.file,
        import.created,
        words.say("bản ghi mới đã rút", "new records withdrawn"),
        import.changed,
        words.say("bản ghi trở về nội dung cũ", "records restored")
    );
    Ok(ExitCode::SUCCESS)
}

/// The office of the folder; a new one of the usual body when there is none, so that a table can come into an empty folder.
pub(crate) fn open_or_make(folder: &Folder, words: Words) -> Result<Arc<Office>> {
    if Config::path(&folder.data).exists() {
        return Ok(open(folder, words)?.0);
    }
    let catalogue = catalogue::Catalogue::builtin()?;
    let body = crate::demo::reference_body(&catalogue, USUAL_BODY).context("reference body")?;
    let config = Config { database: folder.database.clone(), ..Config::new("lienvung.local".to_owned(), body, USUAL_ADDRESS.parse()?) };
    config.write_new(&folder.data)?;
    // A new user's first import decides whose node it is; who meant another one should not find out a month later.
    eprintln!(
        "{} {} {} {USUAL_BODY}. {}",
        words.say("Thư mục", "The folder"),
        folder.data.display(),
        words.say("chưa có nút nào nên đã lập nút thử của", "held no node, so a node to try things was made for"),
        words.say(
            "Nút của cơ quan khác: chọn thư mục mới và chạy “lienvung serve” trước.",
            "For the node of another body choose a new folder and run “lienvung serve” first."
        )
    );
    Ok(Arc::new(open_config(&folder.data, &config)?))
}

/// Refuses a kind that there is none of, with those that there are.
fn known_kind(office: &Office, name: &str, besides: &[&str], words: Words) -> Result<()> {
    if office.catalogue().kind(name).is_some() {
        return Ok(());
    }
    let kinds: Vec<&str> = besides.iter().copied().chain(office.catalogue().kinds().map(|kind| kind.name.as_str())).collect();
    bail!(
        "{} “{name}”. {} {}.",
        words.say("Không có loại bản ghi", "There is no kind of record"),
        words.say("Các loại:", "The kinds:"),
        kinds.join(", ")
    )
}

fn own_body(who: &Identity, words: Words) -> Result<RecordId> {
    match who.acting_bodies().first() {
        Some(body) => Ok(*body),
        None => bail!(
            "{}",
            words.say(
                "Tài khoản này không phải chuyên viên hoặc lãnh đạo của cơ quan nào.",
                "This account is no officer or leader of any body."
            )
        ),
    }
}

fn file_name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub(crate) fn export(arguments: ExportArguments, words: Words) -> Result<ExitCode> {
    let (office, config) = open(&arguments.folder, words)?;
    office.settle(CATCH_UP);
    let who = match arguments.login.as_deref() {
        None if !arguments.public => office.console_officer(),
        login => acting(&office, login)?,
    };
    let suffix = arguments.out.as_deref().and_then(Path::extension).map(|suffix| suffix.to_string_lossy().to_lowercase());
    let form = match (arguments.format, suffix.as_deref()) {
        (Some(form), _) => form,
        (None, None) => Form::Csv,
        (None, Some(suffix)) => Form::from_str(suffix, true).map_err(|_| {
            anyhow::anyhow!(
                "{} .csv, .xlsx, .jsonl, .ics, .docx",
                words.say("Đuôi tệp phải là một trong:", "The file's suffix must be one of:")
            )
        })?,
    };
    // What is asked for is understood before a file is made: a refused export leaves none.
    let open_target = || -> Result<BufWriter<Box<dyn Write + Send>>> {
        Ok(match &arguments.out {
            Some(path) => BufWriter::new(Box::new(std::fs::File::create_new(path).with_context(|| format!("{}", path.display()))?)),
            None => BufWriter::new(Box::new(std::io::stdout())),
        })
    };
    let mut out;
    let rows = if arguments.what == "board" {
        let status = match arguments.status.as_deref() {
            Some(code) => Some(Status::from_code(code).with_context(|| format!("--status {code}"))?),
            None => None,
        };
        let conference = arguments.conference.as_deref().map(RecordId::parse).transpose().map_err(|_| anyhow::anyhow!("--conference"))?;
        let filter = BoardFilter { conference, status, ..BoardFilter::default() };
        out = open_target()?;
        match form {
            Form::Ics => {
                let base = config.address();
                office.export_calendar(&filter, words.lang(), &base, &mut out)?
            }
            Form::Docx => office.export_board_register(&filter, words.lang(), &mut out)?,
            Form::Csv => office.export_board(&filter, words.lang(), FileForm::Csv, &mut out)?,
            Form::Xlsx => office.export_board(&filter, words.lang(), FileForm::Xlsx, &mut out)?,
            Form::Jsonl => office.export_board(&filter, words.lang(), FileForm::Jsonl, &mut out)?,
        }
    } else {
        let form = match form {
            Form::Csv => FileForm::Csv,
            Form::Xlsx => FileForm::Xlsx,
            Form::Jsonl => FileForm::Jsonl,
            Form::Ics | Form::Docx => {
                bail!("{}", words.say("iCal và Word chỉ có cho bảng chỉ đạo (board).", "iCal and Word are for the board only."))
            }
        };
        known_kind(&office, &arguments.what, &["board"], words)?;
        let mut conditions = Vec::new();
        for text in &arguments.conditions {
            conditions.push(Condition::parse(&office, &arguments.what, text)?);
        }
        if let Some(province) = &arguments.province
            && office.catalogue().list("provinces").is_none_or(|list| list.get(province).is_none())
        {
            bail!(
                "--province {province}: {}",
                words.say("không có mã này trong bảng tỉnh, thành phố.", "no such code in the list of provinces.")
            );
        }
        let filter = RegisterFilter {
            kind: Some(arguments.what.clone()),
            conditions,
            province: arguments.province.clone(),
            boundaries: arguments.boundaries.as_deref().and_then(|text| text.parse().ok()),
            ..RegisterFilter::default()
        };
        out = open_target()?;
        office.export_register(&who, &filter, words.lang(), form, &mut out)?
    };
    out.flush()?;
    if let Some(path) = &arguments.out {
        tell!("{} {rows} {} {}", words.say("Đã ghi", "Wrote"), words.say("dòng vào", "rows to"), path.display());
    }
    Ok(ExitCode::SUCCESS)
}
