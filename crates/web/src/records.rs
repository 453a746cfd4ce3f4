//! Any record of any kind: its page, its history, and where the pages and lists of the kinds are.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use catalogue::{FieldType, Kind};
use office::{Identity, Office, OfficeError, Order, RecordId, Reference, RegisterFilter, Version};
use serde_json::{Value, json};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::Answer;
use crate::form::FormPairs;
use crate::format;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Column, Event, Field, Icon, Notice, Table, Timeline, Tone};
use crate::record_page::{RecordPage, show_erased, show_holding, show_raw};
use crate::returned::show_returned;
use crate::service::{App, Who, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/r/{id}", get(record))
        .route("/r/{id}/lich-su", get(history))
        .route("/r/{id}/xoa", get(erase).post(carry_out_erase))
        .route("/bieu-mau", get(kinds))
}

/// Where a record of a kind has its own page.
pub(crate) fn place_of(kind: &str, id: RecordId) -> String {
    match kind {
        "task" => format!("/nhiem-vu/{id}"),
        "result" => format!("/ket-qua/{id}"),
        "directive" => format!("/chi-dao/{id}"),
        "conference" => format!("/hoi-nghi/{id}"),
        "document" => format!("/van-ban/{id}"),
        "article" => format!("/tin/{id}"),
        "council" => format!("/hoi-dong/{id}"),
        "contract" => format!("/hop-dong/{id}"),
        _ => format!("/r/{id}"),
    }
}

/// Where the list of a kind is.
pub(crate) fn list_of(kind: &str) -> String {
    match kind {
        "task" => "/nhiem-vu".to_owned(),
        "result" => "/ket-qua".to_owned(),
        _ => format!("/bieu-mau/{kind}"),
    }
}

async fn record(page: Page, Who(who): Who, State(app): State<App>, Path(name): Path<String>) -> Answer {
    if let Some((id, suffix)) = name.rsplit_once('.').filter(|(_, suffix)| crate::papers::SUFFIXES.contains(suffix)) {
        return crate::papers::record_as(&app, &page, who, record_id(id)?, suffix).await;
    }
    let as_json = name.ends_with(".json");
    let id = record_id(name.trim_end_matches(".json"))?;
    let (record, linked) = app
        .call(move |office| {
            let record = RecordPage::read(office, &who, id)?;
            let filter = RegisterFilter { refers_to: Some(id), order: Order::Latest, ..RegisterFilter::default() };
            let linked = office.register_page(&who, &filter, None, 30)?;
            Ok((record, linked))
        })
        .await?;
    let view = &record.view;
    if as_json {
        let node = view.held.as_ref().map(|held| &held.node);
        let body = json!({
            "id": id, "kind": view.kind, "form": view.form, "version": view.version, "audience": view.audience, "node": node, "data": view.data,
        });
        return Ok(axum::Json(body).into_response());
    }
    let Some(data) = &view.data else { return show_erased(page) };
    if view.form == 0 {
        return show_raw(page, view, data);
    }
    let page = record.page(page, &app, data)?;
    let mut blocks = Blocks::default();
    blocks.push(Block::Badges(record.badges(&page, &app)?));
    show_holding(&page, view.id, view.held.as_ref(), &mut blocks);
    show_returned(&page, view.held.as_ref(), view.returned.as_ref(), &mut blocks);
    record.show_rest(&page, &app, data, &[], &mut blocks)?;
    if !linked.rows.is_empty() {
        blocks.push(Block::Heading(page.say("Bản ghi nhắc đến bản ghi này", "Records that refer to this one").to_owned()));
        blocks.push(Block::Links(
            linked.rows.iter().map(|row| (office::shorten(&row.title, 120), page.href(&place_of(&row.kind, row.id)))).collect(),
        ));
    }
    show(page, blocks)
}

/// The records that a record refers to, as far as the reader may see them.
pub(crate) type Titles = BTreeMap<RecordId, Titled>;

/// What a link to a record needs.
pub(crate) struct Titled {
    pub(crate) kind: String,
    pub(crate) title: String,
}

/// Looks the titles of all references up in one query.
pub(crate) fn titles_in(office: &Office, who: &Identity, data: Option<&Value>) -> Result<Titles, OfficeError> {
    let mut ids = Vec::new();
    if let Some(data) = data {
        collect_ids(data, &mut ids);
    }
    ids.sort_unstable();
    ids.dedup();
    titles_of(office, who, &ids)
}

/// Looks the titles of records up in one query.
pub(crate) fn titles_of(office: &Office, who: &Identity, ids: &[RecordId]) -> Result<Titles, OfficeError> {
    let found = office.titles(who, ids)?.into_iter();
    Ok(found.map(|row| (row.id, Titled { title: office::shorten(&row.title, 160), kind: row.kind })).collect())
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
            (FieldType::Ref { kinds }, Value::String(target)) => match RecordId::parse(target) {
                Ok(id) => {
                    // A field may take several kinds, and each may have a page of its own.
                    let kind = match (titles.get(&id), kinds.as_slice()) {
                        (Some(titled), _) => titled.kind.as_str(),
                        (None, [one]) => one.as_str(),
                        (None, _) => "",
                    };
                    Cell::link(value_text(app, page, titles, field, value), page.href(&place_of(kind, id)))
                }
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
        (FieldType::Instant, Value::String(text)) => office::minute_in_words(text),
        (FieldType::Code { list }, Value::String(code)) => app
            .office
            .catalogue()
            .list(list)
            .and_then(|list| list.label(code))
            .map_or_else(|| code.clone(), |label| said(label, page.lang).to_owned()),
        (FieldType::Ref { .. }, Value::String(target)) => match RecordId::parse(target) {
            Ok(id) if app.office.directory().get(id).is_some() => app.office.directory().short_name(id, app.office.clock().today()),
            Ok(id) if titles.contains_key(&id) => titles.get(&id).map(|titled| titled.title.clone()).unwrap_or_default(),
            _ => page.say("xem bản ghi", "see the record").to_owned(),
        },
        (_, Value::String(text)) => office::shorten(text, 2_000),
        (_, Value::Bool(true)) => page.say("có", "yes").to_owned(),
        (_, Value::Bool(false)) => page.say("không", "no").to_owned(),
        (_, Value::Number(number)) => number.as_i64().map_or_else(|| number.to_string(), |number| format::number(number, page.lang)),
        (_, other) => other.to_string(),
    }
}

/// The items of a repeated field.
pub(crate) fn items<'a>(data: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    data.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// A code in words; a code that its list does not have stays as it is.
pub(crate) fn code_words(page: &Page, app: &App, list: &str, code: &str) -> String {
    let label = app.office.catalogue().list(list).and_then(|list| list.label(code));
    label.map_or_else(|| code.to_owned(), |label| said(label, page.lang).to_owned())
}

/// The lead organisation of a task or result: its record, or the words of the source.
pub(crate) fn lead_cell(page: &Page, app: &App, data: &Value) -> Cell {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let body = text("lead_org").and_then(|id| RecordId::parse(id).ok()).and_then(|id| app.office.directory().get(id));
    match body {
        Some(body) => Cell::link(body.short_on(app.office.clock().today()), page.href(&place_of("body", body.id))),
        None => Cell::text(text("lead_org_text").unwrap_or_default()),
    }
}

/// The state of a record in the words for the public.
pub(crate) fn state_badge(page: &Page, app: &App, kind: &Kind, state: Option<&str>) -> Option<Badge> {
    let code = state?;
    let state = kind.workflow.as_deref().and_then(|workflow| app.office.catalogue().workflow(workflow)).and_then(|flow| flow.state(code));
    let words = state.map_or(code, |state| said(&state.public_label, page.lang));
    let (tone, icon) = match code {
        "running" => (Tone::Info, Icon::Clock),
        "finished" | "applied" | "recorded" => (Tone::Good, Icon::Check),
        "terminated" => (Tone::Warn, Icon::Alert),
        _ => (Tone::Plain, Icon::Document),
    };
    Some(Badge::new(tone, icon, words))
}

/// Records that refer to this one and have no table of their own on the page, by kind.
pub(crate) fn show_related(page: &Page, app: &App, related: &[Reference], without: &[&str], blocks: &mut Blocks) {
    let columns = vec![
        Column::new(page.say("Loại bản ghi", "Kind")),
        Column::new(page.say("Mới nhất", "Latest")),
        Column::numeric(page.say("Số bản ghi", "Records")),
    ];
    let mut kinds: Vec<&str> = related.iter().map(|reference| reference.row.kind.as_str()).collect();
    kinds.dedup();
    kinds.retain(|kind| !without.contains(kind));
    if kinds.is_empty() {
        return;
    }
    let caption = page.say("Hồ sơ liên quan", "Related records");
    let mut table = Table::new(page.texts(), caption, columns).with_total(kinds.len() as u64);
    for name in kinds {
        let of_kind: Vec<&Reference> = related.iter().filter(|reference| reference.row.kind == name).collect();
        let links = of_kind
            .iter()
            .take(5)
            .map(|reference| Cell::link(office::shorten(&reference.row.title, 120), page.href(&place_of(name, reference.row.id))));
        let count = of_kind.first().map_or(0, |reference| i64::try_from(reference.of).unwrap_or(i64::MAX));
        let label = app.office.catalogue().kind(name).map_or(name, |kind| said(&kind.plural, page.lang));
        table.row(vec![Cell::text(label), Cell::Lines(links.collect()), Cell::number(count, page.lang)]);
    }
    blocks.push(Block::Table(table));
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
    let page = page.titled(title).crumb(label, &place_of(&kind, id));
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
    let (versions, former) = app
        .call(move |office| {
            let versions = office.history(&who, id, before, 50)?;
            let is_last_page = versions.last().is_none_or(|last| last.ver <= 1);
            let former = if is_last_page { office.former_history(&who, id, 50)? } else { Vec::new() };
            Ok((versions, former))
        })
        .await?;
    let title = page.say("Lịch sử", "History").to_owned();
    let label = page.say("Bản ghi", "Record").to_owned();
    let kind = versions.first().map(|version| version.kind.as_str()).unwrap_or_default();
    let page = page.titled(title).crumb(label, &place_of(kind, id));
    let mut blocks = Blocks::default();
    blocks.push(Block::Timeline(Timeline { events: events(&page, &app, &versions) }));
    if !former.is_empty() {
        blocks.push(Block::Heading(page.say("Tại nút cũ, trước khi tiếp nhận", "At the old node, before it was taken over").to_owned()));
        blocks.push(Block::Timeline(Timeline { events: events(&page, &app, &former) }));
    }
    if let Some(last) = versions.last().filter(|last| last.ver > 1) {
        blocks.push(Block::Buttons(vec![(
            page.say("Cũ hơn", "Older").to_owned(),
            page.href(&format!("/r/{id}/lich-su?truoc={}", last.ver)),
        )]));
    }
    show(page, blocks)
}

/// Versions, newest first, each with what changed since the one before.
fn events(page: &Page, app: &App, versions: &[Version]) -> Vec<Event> {
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
    events
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
                Cell::link(said(&kind.plural, page.lang), page.href(&list_of(&kind.name))),
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
