//! Any record of any kind: its page, its history, lists by kind, and forms out of the catalogue.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use catalogue::{Audience, DueState, FieldType};
use office::{Boundaries, FileForm, Identity, Office, OfficeError, Order, RecordId, RegisterFilter, TaskProgress};
use serde_json::{Value, json};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Column, Definitions, Event, ExportLinks, Field, Icon, Notice, Pager, Table, Timeline, Tone};
use crate::service::{App, Who, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/r/{id}", get(record))
        .route("/r/{id}/lich-su", get(history))
        .route("/r/{id}/xoa", get(erase).post(carry_out_erase))
        .route("/bieu-mau", get(kinds))
        .route("/bieu-mau/{kind}", get(list))
}

/// Where a record of a kind has its own page.
pub(crate) fn place_of(kind: &str, id: RecordId) -> String {
    match kind {
        "directive" => format!("/chi-dao/{id}"),
        "conference" => format!("/hoi-nghi/{id}"),
        "document" => format!("/van-ban/{id}"),
        "article" => format!("/tin/{id}"),
        "council" => format!("/hoi-dong/{id}"),
        _ => format!("/r/{id}"),
    }
}

async fn record(page: Page, Who(who): Who, State(app): State<App>, Path(name): Path<String>) -> Answer {
    if let Some((id, suffix)) = name.rsplit_once('.').filter(|(_, suffix)| crate::papers::SUFFIXES.contains(suffix)) {
        return crate::papers::record_as(&app, &page, who, record_id(id)?, suffix).await;
    }
    let as_json = name.ends_with(".json");
    let id = record_id(name.trim_end_matches(".json"))?;
    let bodies = who.bodies();
    let (view, linked, titles, steps) = app
        .call(move |office| {
            let view = office.view(&who, id)?;
            let filter = RegisterFilter { refers_to: Some(id), order: Order::Latest, ..RegisterFilter::default() };
            let linked = office.register_page(&who, &filter, None, 30)?;
            let titles = titles_in(office, &who, view.data.as_ref())?;
            let steps = office.next_steps(&who, &view)?;
            Ok((view, linked, titles, steps))
        })
        .await?;
    if as_json {
        let body =
            json!({"id": id, "kind": view.kind, "form": view.form, "version": view.version, "audience": view.audience, "data": view.data});
        return Ok(axum::Json(body).into_response());
    }
    let catalogue = app.office.catalogue();
    let kind = app.office.form(&view.kind, view.form)?;
    let in_force = catalogue.kind(&view.kind).map_or(kind.version, |current| current.version);
    let Some(data) = &view.data else {
        let title = page.say("Bản ghi đã xóa", "Erased record").to_owned();
        let mut blocks = Blocks::default();
        blocks.push(Block::Text(
            page.say(
                "Nội dung đã bị xóa theo văn bản; bằng chứng trong sổ cái vẫn còn.",
                "The contents were erased by a document; the proofs in the ledger stay.",
            )
            .to_owned(),
        ));
        return show(page.titled(title), blocks);
    };
    let title = catalogue.title(&kind.name, data, crate::service::office_lang(page.lang));
    let label = said(&kind.plural, page.lang).to_owned();
    let page = page.titled(office::shorten(&title, 120)).crumb(label, &format!("/bieu-mau/{}", kind.name));
    let mut blocks = Blocks::default();
    let mut badges = vec![
        Badge::new(Tone::Plain, Icon::Document, said(&kind.label, page.lang)),
        Badge::new(Tone::Info, Icon::Lock, said(&view.audience.label(), page.lang)),
    ];
    if data.get("illustrative").and_then(Value::as_bool) == Some(true) {
        badges.push(Badge::illustrative(page.texts()));
    }
    if in_force != kind.version {
        badges.push(Badge::new(Tone::Warn, Icon::Document, format!("{} {}", page.say("Mẫu phiên bản", "Form version"), kind.version)));
    }
    blocks.push(Block::Badges(badges));
    let mut facts = Definitions { rows: Vec::new() };
    for field in &kind.fields {
        if let Some(value) = data.get(&field.name) {
            facts.add(said(&field.label, page.lang), value_cell(&app, &page, &titles, field, value));
        }
    }
    blocks.push(Block::Facts(facts));
    // The steps of a task are not for everybody, and half of them would tell something false.
    if kind.name == "task"
        && view.audience == Audience::Private
        && let Some(progress) = app.office.task_progress(data)?
    {
        show_progress(&page, &progress, &mut blocks);
    }
    blocks.push(Block::Muted(format!(
        "{} {} · {} {} · {}",
        page.say("Phiên bản", "Version"),
        view.version,
        page.say("lưu lúc", "saved"),
        format::instant(view.at),
        said(&view.edit.why, page.lang)
    )));
    let mut buttons = Vec::new();
    for step in steps.iter().filter(|step| step.decision.allowed) {
        buttons.push((said(&step.label, page.lang).to_owned(), page.href(&format!("/r/{id}/buoc/{}", step.to))));
    }
    let money = page.say("Hợp đồng và kinh phí", "Contract and money");
    if kind.name == "contract" && view.audience == Audience::Private {
        buttons.push((money.to_owned(), page.href(&format!("/hop-dong/{id}"))));
    }
    if kind.name == "task" {
        for contract in linked.rows.iter().filter(|row| row.kind == "contract" && row.owner.is_some_and(|owner| bodies.contains(&owner))) {
            let name = office::shorten(&contract.title, 60);
            buttons.push((format!("{money}: {name}"), page.href(&format!("/hop-dong/{}", contract.id))));
        }
    }
    let own = place_of(&kind.name, id);
    if own != format!("/r/{id}") {
        buttons.push((page.say("Trang riêng", "Its own page").to_owned(), page.href(&own)));
    }
    if view.edit.allowed {
        buttons.push((page.say("Sửa", "Edit").to_owned(), page.href(&format!("/r/{id}/sua"))));
        if in_force != kind.version {
            let words = format!("{} {in_force}", page.say("Chuyển sang mẫu phiên bản", "Move to form version"));
            buttons.push((words, page.href(&format!("/r/{id}/sua?mau={in_force}"))));
        }
    }
    if view.edit.allowed {
        buttons.push((page.say("Xóa nội dung", "Erase").to_owned(), page.href(&format!("/r/{id}/xoa"))));
    }
    buttons.push((page.say("Lịch sử", "History").to_owned(), page.href(&format!("/r/{id}/lich-su"))));
    buttons.push((page.say("Giấy tờ", "Papers").to_owned(), page.href(&format!("/r/{id}/giay-to"))));
    blocks.push(Block::Buttons(buttons));
    let files = [("Word", "docx"), ("Excel", "xlsx"), ("CSV", "csv"), ("JSON", "json")];
    blocks.push(Block::Exports(ExportLinks::of_record(&page, files.map(|(name, suffix)| (name, format!("/r/{id}.{suffix}"))))));
    if !linked.rows.is_empty() {
        blocks.push(Block::Heading(page.say("Bản ghi nhắc đến bản ghi này", "Records that refer to this one").to_owned()));
        blocks.push(Block::Links(
            linked.rows.iter().map(|row| (office::shorten(&row.title, 120), page.href(&place_of(&row.kind, row.id)))).collect(),
        ));
    }
    show(page, blocks)
}

/// The way of a task through its process: where it stands, what comes next and why not, every term.
fn show_progress(page: &Page, progress: &TaskProgress, blocks: &mut Blocks) {
    blocks.push(Block::Heading(page.say("Tiến trình theo quy định", "Progress through the process of the law").to_owned()));
    let current: Vec<&str> = progress.current.iter().map(|step| said(step, page.lang)).collect();
    blocks.push(Block::Text(format!(
        "{}. {} {}.",
        said(&progress.process, page.lang),
        page.say("Đang ở bước:", "It stands at:"),
        if current.is_empty() { "—".to_owned() } else { current.join("; ") }
    )));
    let columns = vec![
        Column::new(page.say("Việc phải làm", "What has to be done")),
        Column::new(page.say("Hạn", "Last day")),
        Column::new(page.say("Tình trạng", "State")),
        Column::new(page.say("Căn cứ", "Source")),
    ];
    let mut table = Table::new(page.texts(), page.say("Các hạn", "Terms"), columns).with_total(progress.terms.len() as u64);
    for term in &progress.terms {
        let (tone, icon) = match term.state {
            DueState::Late => (Tone::Bad, Icon::Alert),
            DueState::Near => (Tone::Warn, Icon::Clock),
            DueState::DoneLate | DueState::Lapsed => (Tone::Warn, Icon::Check),
            DueState::Done => (Tone::Good, Icon::Check),
            DueState::Running => (Tone::Info, Icon::Clock),
        };
        let mut due = vec![Cell::text(format::day(term.last_day))];
        if !term.covered {
            due.push(Cell::text(page.say("chưa tính ngày nghỉ: lịch chưa có năm này", "without holidays: the calendar lacks that year")));
        }
        if !term.certain {
            let words =
                page.say("chưa chắc: hồ sơ chưa ghi điều kiện của hạn này", "not certain: the record does not say what it depends on");
            due.push(Cell::text(words));
        }
        table.row(vec![
            Cell::text(said(&term.step, page.lang)),
            Cell::Lines(due),
            Cell::from(Badge::new(tone, icon, said(&term.state_label(), page.lang))),
            Cell::text(term.source.clone()),
        ]);
    }
    if !progress.terms.is_empty() {
        blocks.push(Block::Table(table));
    }
    let columns = vec![
        Column::new(page.say("Bước có thể tiếp theo", "What may come next")),
        Column::new(page.say("Ai làm", "Who acts")),
        Column::new(page.say("Còn thiếu", "What is missing")),
    ];
    let mut table = Table::new(page.texts(), page.say("Bước tiếp theo", "Next steps"), columns).with_total(progress.next.len() as u64);
    for next in &progress.next {
        let missing: Vec<Cell> = next.missing.iter().map(|missing| Cell::text(said(missing, page.lang))).collect();
        table.row(vec![
            Cell::text(said(&next.step, page.lang)),
            Cell::text(said(&next.actor, page.lang)),
            if missing.is_empty() { Cell::Empty } else { Cell::Lines(missing) },
        ]);
    }
    if !progress.next.is_empty() {
        blocks.push(Block::Table(table));
    }
    if let Some(note) = &progress.note {
        blocks.push(Block::Muted(said(note, page.lang).to_owned()));
    }
}

/// Titles of the records that a record refers to, as far as the reader may see them.
pub(crate) type Titles = BTreeMap<RecordId, String>;

/// Looks the titles of all references up in one query.
pub(crate) fn titles_in(office: &Office, who: &Identity, data: Option<&Value>) -> Result<Titles, OfficeError> {
    let mut ids = Vec::new();
    if let Some(data) = data {
        collect_ids(data, &mut ids);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(office.titles(who, &ids)?.into_iter().map(|row| (row.id, office::shorten(&row.title, 160))).collect())
}

fn collect_ids(value: &Value, ids: &mut Vec<RecordId>) {
    match value {
        Value::String(text) if text.len() == 36 => ids.extend(RecordId::parse(text).ok()),
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, ids)),
        Value::Object(members) => members.values().for_each(|member| collect_ids(member, ids)),
        _ => {}
    }
}

pub(crate) fn value_cell(app: &App, page: &Page, titles: &Titles, field: &catalogue::Field, value: &Value) -> Cell {
    match value {
        Value::Array(items) => Cell::Lines(items.iter().take(200).map(|item| value_cell(app, page, titles, field, item)).collect()),
        _ => match (&field.of, value) {
            (FieldType::Group { fields, .. }, Value::Object(members)) => {
                let parts: Vec<String> = fields
                    .iter()
                    .filter_map(|inner| {
                        members
                            .get(&inner.name)
                            .map(|value| format!("{}: {}", said(&inner.label, page.lang), value_text(app, page, titles, inner, value)))
                    })
                    .collect();
                Cell::text(parts.join(" · "))
            }
            (FieldType::Ref { .. }, Value::String(target)) => match RecordId::parse(target) {
                Ok(id) => Cell::link(value_text(app, page, titles, field, value), page.href(&format!("/r/{id}"))),
                Err(_) => Cell::text(target.clone()),
            },
            (FieldType::Link, Value::String(address)) => Cell::link(address.clone(), address.clone()),
            _ => Cell::text(value_text(app, page, titles, field, value)),
        },
    }
}

/// A value in words of the page's language.
pub(crate) fn value_text(app: &App, page: &Page, titles: &Titles, field: &catalogue::Field, value: &Value) -> String {
    match (&field.of, value) {
        (FieldType::Day | FieldType::Date, Value::String(text)) => format::partial(text, page.lang),
        (FieldType::Code { list }, Value::String(code)) => app
            .office
            .catalogue()
            .list(list)
            .and_then(|list| list.label(code))
            .map_or_else(|| code.clone(), |label| said(label, page.lang).to_owned()),
        (FieldType::Ref { .. }, Value::String(target)) => match RecordId::parse(target) {
            Ok(id) if app.office.directory().get(id).is_some() => app.office.directory().short_name(id, app.office.clock().today()),
            Ok(id) if titles.contains_key(&id) => titles.get(&id).cloned().unwrap_or_default(),
            _ => page.say("xem bản ghi", "see the record").to_owned(),
        },
        (_, Value::String(text)) => office::shorten(text, 2_000),
        (_, Value::Bool(true)) => page.say("có", "yes").to_owned(),
        (_, Value::Bool(false)) => page.say("không", "no").to_owned(),
        (_, Value::Number(number)) => number.as_i64().map_or_else(|| number.to_string(), |number| format::number(number, page.lang)),
        (_, other) => other.to_string(),
    }
}

async fn erase(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    show_erase(page, who, &app, &id, None).await
}

async fn show_erase(page: Page, who: Identity, app: &App, id: &str, problem: Option<String>) -> Answer {
    let id = record_id(id)?;
    let view = app.call(move |office| office.view_to_edit(&who, id)).await?;
    let kind = view.kind.clone();
    let name = view
        .data
        .as_ref()
        .map(|data| app.office.catalogue().title(&kind, data, crate::service::office_lang(page.lang)))
        .unwrap_or_default();
    let (title, label) = (page.say("Xóa nội dung", "Erase the contents").to_owned(), page.say("Bản ghi", "Record").to_owned());
    let page = page.titled(title).crumb(label, &format!("/r/{id}"));
    let mut blocks = Blocks::default();
    let faulty = problem.is_some();
    if let Some(problem) = problem {
        blocks.push(Block::Notice(Notice::problem(problem)));
    }
    blocks.push(Block::Quote(name));
    blocks.push(Block::Notice(Notice::warning(page.say(
        "Nội dung của mọi phiên bản bị hủy khỏi đĩa, khỏi tìm kiếm và không lấy lại được; sổ cái chỉ giữ bằng chứng rằng đã có bản ghi. Bản sao lưu cũ vẫn còn nội dung.",
        "The contents of every version are destroyed on disk and in search and cannot be brought back; the ledger keeps only the proof that there was a record. Old backups still hold the contents.",
    ))));
    let mut form = Form::post(page.href(&format!("/r/{id}/xoa")))
        .field(
            Field::text(page.texts(), "basis", page.say("Số văn bản làm căn cứ", "Number of the document that is the ground"))
                .required()
                .hint(page.say("Không ghi dữ liệu cá nhân.", "No personal data.")),
        )
        .button(page.say("Xóa vĩnh viễn", "Erase for good"));
    form.class = "card";
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn carry_out_erase(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let record = record_id(&id)?;
    let basis = pairs.get("basis").unwrap_or("").to_owned();
    let asking = who.clone();
    match app.call(move |office| office.erase(&asking, record, &basis)).await {
        Ok(()) => page.go("/"),
        Err(failure) if failure.code == "basis_missing" => {
            let problem = failure.message.map(|message| message.get(page.lang).to_owned());
            show_erase(page, who, &app, &id, problem).await
        }
        Err(failure) => Err(failure),
    }
}

async fn history(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let before = page.parameter("truoc").and_then(|text| text.parse().ok());
    let versions = app.call(move |office| office.history(&who, id, before, 50)).await?;
    let title = page.say("Lịch sử", "History").to_owned();
    let label = page.say("Bản ghi", "Record").to_owned();
    let page = page.titled(title).crumb(label, &format!("/r/{id}"));
    let mut events = Vec::new();
    for (at, version) in versions.iter().enumerate() {
        let older = versions.get(at + 1).and_then(|older| older.data.as_ref());
        let changes = match (&version.data, older) {
            // The record may have moved from one version of its form to another.
            (Some(new), Some(old)) => {
                app.office.catalogue().kind_of_all_versions(&version.kind).map(|kind| kind.changes(old, new)).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let words: Vec<String> = changes
            .iter()
            .take(12)
            .map(|change| {
                let shown = |value: &Option<Value>| {
                    value.as_ref().map_or_else(
                        || "—".to_owned(),
                        |value| office::shorten(value.as_str().map_or(value.to_string(), str::to_owned).as_str(), 60),
                    )
                };
                format!("{}: {} → {}", said(&change.label, page.lang), shown(&change.old), shown(&change.new))
            })
            .collect();
        let text = if version.data.is_none() {
            page.say("nội dung đã xóa", "contents erased").to_owned()
        } else if words.is_empty() {
            page.say("bản đầu hoặc không đổi", "first version or unchanged").to_owned()
        } else {
            words.join("; ")
        };
        events.push(Event {
            when: format::instant(version.at_micros),
            machine_when: String::new(),
            title: format!("{} {}", page.say("Phiên bản", "Version"), version.ver),
            href: None,
            text,
            by: version.leaf.to_hex().chars().take(16).collect(),
            badges: Vec::new(),
        });
    }
    let mut blocks = Blocks::default();
    blocks.push(Block::Timeline(Timeline { events }));
    if let Some(last) = versions.last().filter(|last| last.ver > 1) {
        blocks.push(Block::Buttons(vec![(
            page.say("Cũ hơn", "Older").to_owned(),
            page.href(&format!("/r/{id}/lich-su?truoc={}", last.ver)),
        )]));
    }
    show(page, blocks)
}

async fn kinds(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let counts = app.call(move |office| office.kind_counts(&who)).await?;
    let title = page.say("Biểu mẫu", "Kinds and forms").to_owned();
    let page = page.titled(title).at(Nav::Data);
    let catalogue = app.office.catalogue();
    let mut blocks = Blocks::default();
    for group in catalogue.list("kind-groups").map(|groups| groups.codes.as_slice()).unwrap_or_default() {
        let kinds: Vec<_> = catalogue.kinds().filter(|kind| kind.group == group.code).collect();
        if kinds.is_empty() {
            continue;
        }
        let columns = vec![
            Column::new(page.say("Loại bản ghi", "Kind")),
            Column::new(page.say("Căn cứ", "Legal source")),
            Column::numeric(page.say("Số bản ghi", "Records")),
            Column::new("JSON Schema"),
        ];
        let mut table = Table::new(page.texts(), said(&group.label, page.lang), columns);
        for kind in kinds {
            let count = counts.iter().find(|(name, _)| *name == kind.name).map_or(0, |(_, count)| *count);
            table.row(vec![
                Cell::link(said(&kind.plural, page.lang), page.href(&format!("/bieu-mau/{}", kind.name))),
                Cell::text(kind.source.clone()),
                Cell::number(i64::try_from(count).unwrap_or(0), page.lang),
                Cell::link(format!("{} v{}", kind.name, kind.version), format!("/api/v1/kinds/{}/schema", kind.name)),
            ]);
        }
        blocks.push(Block::Table(table));
    }
    blocks.push(Block::Buttons(vec![(page.say("Theo tỉnh, thành phố", "By province").to_owned(), page.href("/tinh"))]));
    show(page, blocks)
}

async fn list(page: Page, Who(who): Who, State(app): State<App>, Path(name): Path<String>, place: ListPlace) -> Answer {
    let (name, form) = match name.rsplit_once('.') {
        Some((name, "csv")) => (name.to_owned(), Some(FileForm::Csv)),
        Some((name, "xlsx")) => (name.to_owned(), Some(FileForm::Xlsx)),
        _ => (name, None),
    };
    let Some(kind) = app.office.catalogue().kind(&name).cloned() else { return Err(Failure::not_found(name)) };
    let order = if place.sort.as_deref() == Some("day") { Order::Latest } else { Order::Title };
    let filter = crate::boundaries::narrowed(&page, &app, RegisterFilter { kind: Some(name.clone()), order, ..RegisterFilter::default() })?;
    if let Some(form) = form {
        let lang = crate::service::office_lang(page.lang);
        let (suffix, media) = if form == FileForm::Csv { ("csv", crate::board::CSV) } else { ("xlsx", crate::board::XLSX) };
        return crate::download::file(&app, &format!("{name}.{suffix}"), media, move |office, out| {
            office.export_register(&who, &filter, lang, form, out)
        })
        .await;
    }
    let may_add = app.office.may_create(&who, &name)?.allowed;
    let boundaries = filter.boundaries.unwrap_or(Boundaries::AsNow);
    let narrowing = crate::boundaries::form(&page, &app, &kind, &filter);
    let found = app.call(move |office| office.register_page(&who, &filter, place.after.as_deref(), place.limit)).await?;
    let label = page.say("Biểu mẫu", "Kinds").to_owned();
    let page = page.titled(said(&kind.plural, crate::lang::Lang::Vi)).crumb(label, "/bieu-mau");
    let title = said(&kind.plural, page.lang).to_owned();
    let page = page.titled(title.clone());
    let mut columns = vec![Column::new(page.say("Tên", "Title")).sorted_by(&page, "title"), Column::new(page.say("Cơ quan", "Body"))];
    let with_provinces = crate::boundaries::has_provinces(&kind);
    if with_provinces {
        columns.push(Column::new(page.say("Tỉnh, thành phố", "Provinces")));
    }
    columns.push(Column::new(page.say("Ngày", "Date")).sorted_by(&page, "day"));
    let mut table = Table::new(page.texts(), title, columns).with_total(found.total);
    for row in &found.rows {
        let mut cells = vec![
            Cell::link(office::shorten(&row.title, 140), page.href(&place_of(&row.kind, row.id))),
            Cell::text(said(&app.office.keeper_of_row(row, boundaries), page.lang)),
        ];
        if with_provinces {
            cells.push(Cell::text(said(&app.office.provinces_of_row(row, boundaries), page.lang)));
        }
        cells.push(Cell::text(format::partial(&row.day, page.lang)));
        table.row(cells);
    }
    let mut blocks = Blocks::default();
    if may_add {
        blocks.push(Block::Buttons(vec![(page.say("Thêm", "Add").to_owned(), page.href(&format!("/bieu-mau/{name}/moi")))]));
    }
    blocks.push(Block::Form(narrowing));
    blocks.push(Block::Muted(crate::boundaries::note(&page, &app, boundaries)));
    blocks.push(Block::Table(table));
    blocks.push(Block::Pager(Pager::new(&page, found.rows.len(), found.total, found.next.as_deref())));
    blocks.push(Block::Exports(ExportLinks::new(&page, &["xlsx", "csv"])));
    show(page, blocks)
}
