//! "Nhập Excel": a spreadsheet is laid on the desk, its columns are mapped, errors are shown by cell, then all of it comes in or nothing; and it can be
//! taken back. Every step is a plain form.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use office::{DeskState, Destination, Identity, OfficeError, RecordId, SheetImport, SheetPlan, SheetUpload};

use crate::blocks::{Block, Blocks, Form, button_form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::{FormPairs, Upload};
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Choice, Column, Field, FieldKind, FormErrors, Notice, Table};
use crate::service::{App, Who, parameter_id, said};

/// Errors of cells on one page; the file itself is the place to mend them.
const SHOWN_ERRORS: usize = 100;
/// Cells that are offered for mending at once.
const MENDED_HERE: usize = 30;
/// Rows shown of what would come in.
const SHOWN_ROWS: usize = 20;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/nhap-excel", get(start).post(upload))
        .route("/nhap-excel/{id}", get(desk))
        .route("/nhap-excel/{id}/cot", post(map))
        .route("/nhap-excel/{id}/sua", post(mend))
        .route("/nhap-excel/{id}/nhap", post(carry_out))
        .route("/nhap-excel/{id}/hoan-tac", post(undo))
        .route("/nhap-excel/mau/{kind}", get(template))
}

async fn start(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    // A list leads here with its kind chosen.
    let chosen = page.parameter("kind").map(|kind| ("kind".to_owned(), kind.to_owned()));
    let values = FormPairs(chosen.into_iter().collect());
    start_page(page, who, &app, place, FormErrors::none(crate::lang::Lang::Vi.texts()), &values).await
}

async fn start_page(page: Page, who: Identity, app: &App, place: ListPlace, errors: FormErrors, values: &FormPairs) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let today = app.office.clock().today();
    let own: Vec<Choice> =
        who.acting_bodies().into_iter().map(|body| Choice::new(body.to_string(), app.office.directory().short_name(body, today))).collect();
    if own.is_empty() {
        let decision = office::decide(&who, office::Action::Edit, &office::Subject::node());
        return Err(Failure::denied(crate::lang::Label::new(decision.why.vi, decision.why.en)));
    }
    let title = page.say("Nhập Excel", "Import Excel").to_owned();
    let page = page.titled(title).at(Nav::Import);
    let texts = page.texts();
    let asking = who.clone();
    let (kinds, maps, imports, unfinished) = app
        .call(move |office| {
            let (mut kinds, mut maps) = (Vec::new(), Vec::new());
            for kind in office.catalogue().kinds() {
                if office::comes_in_by_table(&kind.name) && office.may_create(&asking, &kind.name)?.allowed {
                    kinds.push(kind.clone());
                    maps.extend(office.column_maps(&asking, &kind.name)?.into_iter().map(|(map, words)| (kind.name.clone(), map, words)));
                }
            }
            let imports = office.sheet_imports(&asking, place.after.as_deref(), 20)?;
            Ok((kinds, maps, imports, office.open_uploads(&asking)?))
        })
        .await?;
    let mut kind_choices: Vec<Choice> = kinds.iter().map(|kind| Choice::new(kind.name.clone(), said(&kind.plural, page.lang))).collect();
    kind_choices.sort_by(|one, two| viet::compare(&one.label, &two.label));
    let samples = kind_choices.iter().map(|kind| (kind.label.clone(), page.href(&format!("/nhap-excel/mau/{}", kind.value)))).collect();
    // Nothing is chosen before somebody chooses: a wrong kind is noticed late.
    kind_choices.insert(0, Choice::new("", page.say("— chọn loại —", "— choose a kind —")));
    let mut map_choices = vec![Choice::new("", page.say("Tự nhận theo tiêu đề cột", "By the headings of the columns"))];
    for (kind, map, words) in &maps {
        let name = kinds.iter().find(|found| found.name == *kind).map(|found| said(&found.label, page.lang)).unwrap_or_default();
        map_choices.push(Choice::new(format!("{kind}/{map}"), format!("{} ({name})", said(words, page.lang))));
    }
    let one = |field: Field| field.value_from(values).error_from(&errors);
    let mut form = Form::post(page.href("/nhap-excel"))
        .field(one(Field::select(texts, "kind", page.say("Loại bản ghi", "Kind of record"), kind_choices).required()))
        .field(
            Field::new(texts, FieldKind::File(".xlsx,.xlsm,.xlsb,.xls,.ods,.csv"), "file", page.say("Tệp bảng tính", "Spreadsheet"))
                .hint(page.say(
                    "Excel (.xlsx, .xls), OpenDocument (.ods) hoặc CSV, tối đa 200 MB (25 MB khi trình duyệt tắt JavaScript). Mất mạng giữa chừng thì gửi tiếp phần còn lại.",
                    "Excel (.xlsx, .xls), OpenDocument (.ods) or CSV, at most 200 MB (25 MB without JavaScript). After a lost connection the rest is sent.",
                ))
                .required()
                .error_from(&errors),
        )
        .field(one(Field::select(texts, "map", page.say("Cách ghép cột", "Columns"), map_choices)))
        .field(one(Field::select(texts, "owner", page.say("Cơ quan giữ hồ sơ", "Body that keeps the records"), own)))
        .button(page.say("Kiểm tra tệp", "Check the file"));
    form.upload = true;
    form.class = "card";
    form.pieces = Some(Box::new(crate::sheet_upload::pieces(&page)));
    let faulty = !errors.is_empty();
    form.errors = Some(errors);
    let mut blocks = Blocks::default();
    blocks.push(Block::Tabs(crate::import::ways_in(&page)));
    blocks.push(Block::Text(page.say("Tệp được kiểm tra trước: lỗi hiện theo từng ô, chưa ghi gì. Nhập tất cả hoặc không nhập gì; nhập nhầm thì hoàn tác cả lần.", "The file is checked first: errors are shown by cell and nothing is written. All rows come in or none; a wrong import is taken back as a whole.").to_owned()));
    blocks.push(Block::Form(form));
    if !unfinished.is_empty() {
        blocks.push(Block::Table(crate::sheet_upload::unfinished_table(&page, &unfinished)));
    }
    blocks.push(Block::Heading(page.say("Tệp mẫu", "Sample files").to_owned()));
    blocks.push(Block::Links(samples));
    if !imports.is_empty() {
        blocks.push(Block::Table(imports_table(&page, app, &imports)));
        if let Some(last) = imports.last().filter(|_| imports.len() == 20) {
            blocks.push(Block::Buttons(vec![(page.say("Cũ hơn", "Older").to_owned(), page.link_with(&[("after", Some(&last.id))]))]));
        }
    }
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

fn imports_table(page: &Page, app: &App, imports: &[SheetImport]) -> Table {
    let columns = vec![
        Column::new(page.say("Tệp", "File")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Lúc", "When")),
        Column::new(page.say("Ai", "Who")),
        Column::numeric(page.say("Mới", "New")),
        Column::numeric(page.say("Sửa", "Changed")),
        Column::new(page.say("Thao tác", "Action")),
    ];
    let mut table = Table::new(page.texts(), page.say("Các lần nhập", "Imports"), columns);
    for import in imports {
        let kind =
            app.office.catalogue().kind(&import.kind).map_or_else(|| import.kind.clone(), |kind| said(&kind.plural, page.lang).to_owned());
        let count = |number: usize| Cell::number(i64::try_from(number).unwrap_or(i64::MAX), page.lang);
        let action = match import.undone {
            Some(at) => Cell::text(format!("{} {}", page.say("đã hoàn tác", "undone"), format::instant(at))),
            None => button_form(&page.href(&format!("/nhap-excel/{}/hoan-tac", import.id)), page.say("Hoàn tác", "Undo"), &import.file),
        };
        table.row(vec![
            Cell::text(import.file.clone()),
            Cell::link(kind, page.href(&crate::records::list_of(&import.kind))),
            Cell::text(format::instant(import.at)),
            Cell::text(import.by.clone()),
            count(import.created),
            count(import.changed),
            action,
        ]);
    }
    table
}

async fn upload(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace, upload: Upload) -> Answer {
    let pairs = upload.pairs.clone();
    let mut errors = FormErrors::none(page.texts());
    let owner = owner_of(&who, &pairs)?;
    let (kind, map) = kind_and_map(&pairs);
    if kind.is_empty() {
        errors.add("kind", no_kind().get(page.lang));
        return start_page(page, who, &app, place, errors, &pairs).await;
    }
    app.office.may_import(&who, &kind, owner)?.require()?;
    let Some(file) = upload.file("file") else {
        errors.add("file", page.say("Tệp bảng tính: chưa chọn tệp.", "Spreadsheet: no file chosen."));
        return start_page(page, who, &app, place, errors, &pairs).await;
    };
    let sheet = SheetUpload { kind, owner, name: file.name.clone(), bytes: file.bytes.clone(), map };
    let (asking, office) = (who.clone(), app.office.clone());
    match app.call(move |_| office.lay_sheet(&asking, sheet)).await {
        Ok(id) => page.go(&format!("/nhap-excel/{id}")),
        Err(failure) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY || failure.code == "file_too_large" => {
            errors.add("file", failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or_default());
            start_page(page, who, &app, place, errors, &pairs).await
        }
        Err(failure) => Err(failure),
    }
}

/// What is said when no kind of record was chosen.
pub(crate) fn no_kind() -> crate::lang::Label {
    crate::lang::Label::new(
        "Loại bản ghi: chưa chọn. Hãy chọn loại của các dòng trong tệp.",
        "Kind of record: none chosen. Choose what the rows of the file are.",
    )
}

/// The body that keeps the records: the one chosen, else the person's first.
pub(crate) fn owner_of(who: &Identity, pairs: &FormPairs) -> Result<RecordId, Failure> {
    match parameter_id("owner", pairs.get("owner"))? {
        Some(owner) => Ok(owner),
        None => who.acting_bodies().first().copied().ok_or_else(Failure::sign_in_needed),
    }
}

/// A map belongs to a kind; choosing one chooses both.
pub(crate) fn kind_and_map(pairs: &FormPairs) -> (String, Option<String>) {
    match pairs.get("map").and_then(|map| map.split_once('/')) {
        Some((kind, map)) => (kind.to_owned(), Some(map.to_owned())),
        None => (pairs.get("kind").unwrap_or_default().to_owned(), None),
    }
}

async fn desk(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let office = app.office.clone();
    let (asking, sought) = (who.clone(), id.clone());
    let state = app.call(move |_| office.sheet_on_desk(&asking, &sought)).await?;
    let (title, label) = (page.say("Kiểm tra tệp", "Check of the file").to_owned(), page.say("Nhập Excel", "Import Excel").to_owned());
    let page = page.titled(title).at(Nav::Import).crumb(label, "/nhap-excel");
    let mut blocks = Blocks::default();
    match state {
        DeskState::Checking(done, of) => working(page, ("Đang kiểm tra từng ô…", "Checking every cell…"), done, of),
        DeskState::Storing(done, of) => working(page, ("Đang ghi và lập chỉ mục…", "Storing and indexing…"), done, of),
        DeskState::Failed(why) => {
            blocks.push(Block::Notice(Notice::problem(said(&why, page.lang))));
            blocks.push(Block::Buttons(vec![(page.say("Chọn tệp khác", "Choose another file").to_owned(), page.href("/nhap-excel"))]));
            show(page, blocks)
        }
        DeskState::Done(import) => {
            let words = format!(
                "{}: {} {}, {} {}.",
                page.say("Đã nhập xong", "Imported"),
                format::number(i64::try_from(import.created).unwrap_or(i64::MAX), page.lang),
                page.say("bản ghi mới", "new records"),
                format::number(i64::try_from(import.changed).unwrap_or(i64::MAX), page.lang),
                page.say("bản ghi được sửa", "changed records"),
            );
            blocks.push(Block::Notice(Notice::done(words)));
            blocks.push(Block::Buttons(vec![
                (page.say("Xem danh sách", "See the list").to_owned(), page.href(&crate::records::list_of(&import.kind))),
                (page.say("Các lần nhập, hoàn tác", "Imports, undo").to_owned(), page.href("/nhap-excel")),
            ]));
            show(page, blocks)
        }
        DeskState::Planned(plan) => planned(page, &app, &id, &plan, blocks),
    }
}

/// The page asks for itself again every second; that works without script.
pub(crate) fn working(page: Page, words: (&str, &str), done: usize, of: usize) -> Answer {
    let mut blocks = Blocks::default();
    blocks.push(Block::Progress(page.say(words.0, words.1).to_owned(), done, of));
    blocks.push(Block::Muted(
        page.say("Trang tự tải lại; có thể đóng và quay lại sau.", "The page reloads by itself; you may close it and come back.")
            .to_owned(),
    ));
    let mut response = show(page, blocks)?.into_response();
    response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("1"));
    Ok(response)
}

fn planned(page: Page, app: &App, id: &str, plan: &Arc<SheetPlan>, mut blocks: Blocks) -> Answer {
    let Some(kind) = &app.office.catalogue().kind_of_all_versions(&plan.form.kind) else { return Err(Failure::not_found(id.to_owned())) };
    let (new, changed, unchanged) = plan.counts();
    let number = |count: usize| format::number(i64::try_from(count).unwrap_or(i64::MAX), page.lang);
    blocks.push(Block::Lead(format!(
        "{} → {}: {} {}",
        plan.form.file,
        said(&kind.plural, page.lang),
        number(plan.row_count),
        page.say("dòng có dữ liệu", "rows with data")
    )));
    if plan.error_count > 0 {
        blocks.push(Block::Notice(Notice::problem(format!(
            "{} {}",
            number(plan.error_count),
            page.say(
                "chỗ sai; chưa nhập gì. Hãy sửa các ô dưới đây trong tệp rồi tải lên lại, hoặc ghép lại cột.",
                "errors; nothing was imported. Mend these cells in the file and upload it again, or map the columns anew."
            )
        ))));
        blocks.push(Block::Table(errors_table(&page, plan)));
        if let Some(form) = mending_form(&page, id, plan) {
            blocks.push(Block::Form(form));
        }
    } else {
        blocks.push(Block::Notice(Notice::done(format!(
            "{}: {} {}, {} {}, {} {}.",
            page.say("Tệp không có lỗi", "No errors"),
            number(new),
            page.say("bản ghi mới", "new"),
            number(changed),
            page.say("bản ghi được sửa", "changed"),
            number(unchanged),
            page.say("dòng không đổi", "unchanged"),
        ))));
        if new + changed > 0 {
            let mut form = Form::post(page.href(&format!("/nhap-excel/{id}/nhap")));
            form = form.button(format!("{} {} {}", page.say("Nhập", "Import"), number(new + changed), page.say("bản ghi", "records")));
            blocks.push(Block::Form(form));
        }
    }
    for note in &plan.notes {
        blocks.push(Block::Muted(said(note, page.lang).to_owned()));
    }
    if !plan.converted.is_empty() {
        let cells: Vec<String> = plan.converted.iter().take(30).map(|(cell, from)| format!("{cell} ({from})")).collect();
        blocks.push(Block::Muted(format!(
            "{} {}: {}",
            number(plan.converted.len()),
            page.say("ô gõ bằng bảng mã cũ đã được chuyển sang Unicode", "cells in an old encoding were converted to Unicode"),
            cells.join(", ")
        )));
    }
    if !plan.missing.is_empty() {
        let missing: Vec<String> =
            plan.missing.iter().map(|(field, count)| format!("{} ({})", said(field, page.lang), number(*count))).collect();
        blocks.push(Block::Muted(format!(
            "{} {}",
            page.say(
                "Vào dạng bản nháp; để ghi nhận chính thức còn thiếu (số dòng):",
                "They come in as drafts; to be recorded they still lack (rows):"
            ),
            missing.join(", ")
        )));
    }
    if !plan.rows.is_empty() {
        blocks.push(Block::Table(preview(&page, app, plan)));
    }
    blocks.push(Block::Form(mapping_form(&page, id, kind, plan)));
    show(page, blocks)
}

fn errors_table(page: &Page, plan: &SheetPlan) -> Table {
    let columns = vec![
        Column::new(page.say("Ô", "Cell")),
        Column::new(page.say("Nội dung ô", "Contents")),
        Column::new(page.say("Sai thế nào, sửa ra sao", "What is wrong, what to do")),
    ];
    let mut table = Table::new(page.texts(), page.say("Lỗi theo ô", "Errors by cell"), columns).with_total(plan.error_count as u64);
    for error in plan.errors.iter().take(SHOWN_ERRORS) {
        let cell = if error.cell.is_empty() { page.say("cả tệp", "the file").to_owned() } else { error.cell.clone() };
        table.row(vec![Cell::text(cell), Cell::text(error.value.clone()), Cell::text(said(&error.message, page.lang))]);
    }
    table
}

/// Single cells can be mended here; the file stays as it is. None when the faults are not of single cells.
fn mending_form(page: &Page, id: &str, plan: &SheetPlan) -> Option<Form> {
    let texts = page.texts();
    let mut form = Form::post(page.href(&format!("/nhap-excel/{id}/sua")));
    let mut shown: Vec<&str> = Vec::new();
    for error in &plan.errors {
        if !error.cell.ends_with(|c: char| c.is_ascii_digit()) || shown.contains(&error.cell.as_str()) {
            continue;
        }
        shown.push(&error.cell);
        let label = format!("{} {}", page.say("Ô", "Cell"), error.cell);
        let field = Field::text(texts, format!("o.{}", error.cell), label).value(error.value.clone());
        form = form.field(field.hint(said(&error.message, page.lang)));
        if shown.len() == MENDED_HERE {
            break;
        }
    }
    form.heading = page.say("Sửa ngay tại đây", "Mend them here").to_owned();
    form.before.push(
        page.say(
            "Tệp gốc không đổi; chỉ lần nhập này dùng nội dung đã sửa.",
            "The file stays as it is; only this import uses what you type.",
        )
        .to_owned(),
    );
    form.class = "card";
    (!shown.is_empty()).then(|| form.button(page.say("Kiểm tra lại", "Check again")))
}

async fn mend(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let (office, sought) = (app.office.clone(), id.clone());
    let cells = pairs.0.iter().filter_map(|(name, words)| Some((name.strip_prefix("o.")?.to_owned(), words.clone()))).collect();
    app.call(move |_| office.mend_sheet(&who, &sought, cells)).await?;
    page.go(&format!("/nhap-excel/{id}"))
}

fn preview(page: &Page, app: &App, plan: &SheetPlan) -> Table {
    let columns = vec![
        Column::numeric(page.say("Dòng", "Row")),
        Column::new(page.say("Tên bản ghi", "Title")),
        Column::new(page.say("Sẽ làm gì", "What happens")),
    ];
    let mut table = Table::new(page.texts(), page.say("Xem trước", "Preview"), columns).with_total(plan.rows.len() as u64);
    for row in plan.rows.iter().take(SHOWN_ROWS) {
        let title = row
            .draft
            .as_ref()
            .map(|draft| app.office.catalogue().title(&draft.kind, &draft.data, crate::service::office_lang(page.lang)))
            .unwrap_or_default();
        let deed = match (&row.draft, row.changes) {
            (None, _) => page.say("không đổi", "unchanged"),
            (Some(_), true) => page.say("sửa bản ghi đã có", "changes a record"),
            (Some(_), false) => page.say("thêm mới", "new"),
        };
        table.row(vec![Cell::number(row.number.into(), page.lang), Cell::text(office::shorten(&title, 140)), Cell::text(deed)]);
    }
    table
}

fn mapping_form(page: &Page, id: &str, kind: &catalogue::Kind, plan: &SheetPlan) -> Form {
    let texts = page.texts();
    let mut choices = vec![
        Choice::new("", page.say("không dùng", "not used")),
        Choice::new("_record", page.say("Mã bản ghi", "Record")),
        Choice::new("_version", page.say("Phiên bản", "Version")),
    ];
    for target in office::targets(kind) {
        let star = if target.required { " *" } else { "" };
        choices.push(Choice::new(target.path.clone(), format!("{}{star}", said(&target.label, page.lang))));
    }
    let units = [
        ("1", page.say("đồng", "đồng")),
        ("1000", page.say("nghìn đồng", "thousand đồng")),
        ("1000000", page.say("triệu đồng", "million đồng")),
        ("1000000000", page.say("tỷ đồng", "billion đồng")),
    ];
    let mut form = Form::post(page.href(&format!("/nhap-excel/{id}/cot")));
    form.heading = page.say("Ghép cột", "Columns").to_owned();
    form.class = "card";
    for column in &plan.columns.columns {
        let (path, factor) = match &column.to {
            Destination::Ignored => (String::new(), 1),
            Destination::Record => ("_record".to_owned(), 1),
            Destination::Version => ("_version".to_owned(), 1),
            Destination::Field { path, factor, .. } => (path.clone(), *factor),
        };
        let mut own = choices.clone();
        // A later place of a repeated group stays what it is.
        if !own.iter().any(|choice| choice.value == path) {
            own.push(Choice::new(path.clone(), column.heading.clone()));
        }
        let letters = office::column_letters(column.column);
        let mut field =
            Field::select(texts, format!("c.{}", column.column), format!("{letters} – “{}”", column.heading), own).value(path.clone());
        if !column.sample.is_empty() {
            field = field.hint(format!("{} {}", page.say("Ví dụ trong tệp:", "For example:"), column.sample));
        }
        form = form.field(field);
        let is_money = kind.field_at(&path).is_some_and(|field| field.of == catalogue::FieldType::Money);
        if is_money {
            let units = units.iter().map(|(value, words)| Choice::new(*value, *words)).collect();
            let words = format!("{letters} – {}", page.say("đơn vị tiền của cột", "unit of the amounts"));
            form = form.field(Field::select(texts, format!("u.{}", column.column), words, units).value(factor.to_string()));
        }
    }
    form.field(
        Field::text(texts, "remember", page.say("Ghi nhớ cách ghép này với tên", "Remember these columns as"))
            .hint(page.say("Để trống nếu chỉ dùng một lần.", "Leave empty to use them once.")),
    )
    .button(page.say("Kiểm tra lại", "Check again"))
}

async fn map(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let office = app.office.clone();
    let remember = pairs.get("remember").map(str::to_owned).filter(|name| !name.trim().is_empty());
    let sought = id.clone();
    app.call(move |_| {
        let DeskState::Planned(plan) = office.sheet_on_desk(&who, &sought)? else {
            return Err(OfficeError::refused(
                "sheet_not_ready",
                "Tệp đang được kiểm tra; hãy chờ rồi ghép lại cột.",
                "The file is being checked; wait, then map the columns.",
            ));
        };
        let mut known = BTreeMap::new();
        for column in &plan.columns.columns {
            let factor = pairs.get(&format!("u.{}", column.column)).and_then(|unit| unit.parse().ok()).unwrap_or(match &column.to {
                Destination::Field { factor, .. } => *factor,
                _ => 1,
            });
            let to = match pairs.get(&format!("c.{}", column.column)).unwrap_or_default() {
                "" => Destination::Ignored,
                "_record" => Destination::Record,
                "_version" => Destination::Version,
                path => {
                    // Words that stood for codes of the same field go on doing so.
                    let values = match &column.to {
                        Destination::Field { path: before, values, .. } if before == path => values.clone(),
                        _ => BTreeMap::new(),
                    };
                    Destination::Field { path: path.to_owned(), factor, values }
                }
            };
            known.insert(column.heading.clone(), to);
        }
        office.map_sheet(&who, &sought, known, remember.as_deref())
    })
    .await?;
    page.go(&format!("/nhap-excel/{id}"))
}

async fn carry_out(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let (office, sought) = (app.office.clone(), id.clone());
    app.call(move |_| office.carry_out_sheet(&who, &sought)).await?;
    page.go(&format!("/nhap-excel/{id}"))
}

async fn undo(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    app.call(move |office| {
        office.undo_sheet_import(&who, &id)?;
        office.settle(std::time::Duration::from_secs(20));
        Ok(())
    })
    .await?;
    page.go("/nhap-excel")
}

async fn template(page: Page, Who(who): Who, State(app): State<App>, Path(kind): Path<String>) -> Answer {
    let lang = crate::service::office_lang(page.lang);
    let name = format!("mau-{kind}.xlsx");
    crate::download::file(&app, &name, crate::board::XLSX, move |office, out| {
        office.may_create(&who, &kind)?.require()?;
        office.sheet_template(&kind, lang, out)?;
        Ok(0)
    })
    .await
}
