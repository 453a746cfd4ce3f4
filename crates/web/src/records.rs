//! Any record of any kind: its page, its history, and where the pages and lists of the kinds are.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use catalogue::{Audience, Criterion, DueState, FieldType, Kind};
use office::{
    ArrivalPlace, Holding, Identity, NextStep, Office, OfficeError, Order, RecordId, RecordView, Reference, RegisterFilter, TaskProgress,
};
use serde_json::{Value, json};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::lang::Lang;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Column, Definitions, Event, ExportLinks, Field, Icon, Notice, Table, Timeline, Tone};
use crate::service::{App, Who, record_id, said};

/// Most fields shown of a record whose form is not known.
const MOST_RAW: usize = 200;

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
    show_holding(&page, view.held.as_ref(), &mut blocks);
    record.show_rest(&page, &app, data, &[], &mut blocks)?;
    if !linked.rows.is_empty() {
        blocks.push(Block::Heading(page.say("Bản ghi nhắc đến bản ghi này", "Records that refer to this one").to_owned()));
        blocks.push(Block::Links(
            linked.rows.iter().map(|row| (office::shorten(&row.title, 120), page.href(&place_of(&row.kind, row.id)))).collect(),
        ));
    }
    show(page, blocks)
}

/// A record as its page shows it, whatever its kind.
pub(crate) struct RecordPage {
    pub(crate) view: RecordView,
    /// Titles of the records it refers to.
    pub(crate) titles: Titles,
    steps: Vec<NextStep>,
    /// Contracts under a task, with their titles, of the bodies that the reader works for.
    contracts: Vec<(RecordId, String)>,
    /// Where it has arrived; for those who see the inside.
    way: Vec<ArrivalPlace>,
}

impl RecordPage {
    /// Reads a record with what stands around it.
    pub(crate) fn read(office: &Office, who: &Identity, id: RecordId) -> Result<RecordPage, OfficeError> {
        let view = office.view(who, id)?;
        let titles = titles_in(office, who, view.data.as_ref())?;
        let steps = office.next_steps(who, &view)?;
        let mut contracts = Vec::new();
        if view.kind == "task" && view.audience == Audience::Private {
            let bodies = who.bodies();
            let filter = RegisterFilter { kind: Some("contract".to_owned()), refers_to: Some(id), ..RegisterFilter::default() };
            for row in office.register_page(who, &filter, None, 10)?.rows {
                if row.owner.is_some_and(|owner| bodies.contains(&owner)) {
                    contracts.push((row.id, row.title));
                }
            }
        }
        let way = if who.is_signed_in() { office.arrival(who, id)? } else { Vec::new() };
        Ok(RecordPage { view, titles, steps, contracts, way })
    }

    /// Where the record has its page: a form that is not known has none of its own.
    pub(crate) fn place(&self) -> String {
        if self.view.form == 0 { format!("/r/{}", self.view.id) } else { place_of(&self.view.kind, self.view.id) }
    }

    /// The form the record was made with.
    pub(crate) fn kind<'a>(&self, app: &'a App) -> Result<&'a Kind, Failure> {
        Ok(app.office.form(&self.view.kind, self.view.form)?)
    }

    /// The page with the title of the record and the way to its list.
    pub(crate) fn page(&self, page: Page, app: &App, data: &Value) -> Result<Page, Failure> {
        let kind = self.kind(app)?;
        let title = app.office.catalogue().title(&kind.name, data, crate::service::office_lang(page.lang));
        let label = said(&kind.plural, page.lang).to_owned();
        Ok(page.titled(office::shorten(&title, 120)).crumb(label, &list_of(&kind.name)))
    }

    /// Kind, audience, and what is unusual about the record.
    pub(crate) fn badges(&self, page: &Page, app: &App) -> Result<Vec<Badge>, Failure> {
        let kind = self.kind(app)?;
        let mut badges = vec![
            Badge::new(Tone::Plain, Icon::Document, said(&kind.label, page.lang)),
            Badge::new(Tone::Info, Icon::Lock, said(&self.view.audience.label(), page.lang)),
        ];
        if self.view.data.as_ref().and_then(|data| data.get("illustrative")).and_then(Value::as_bool) == Some(true) {
            badges.push(Badge::illustrative(page.texts()));
        }
        if self.version_in_force(app)? != kind.version {
            badges.push(Badge::new(Tone::Warn, Icon::Document, format!("{} {}", page.say("Mẫu phiên bản", "Form version"), kind.version)));
        }
        Ok(badges)
    }

    /// The value of one field as a cell; empty when the record does not have it.
    pub(crate) fn cell(&self, page: &Page, app: &App, name: &str) -> Cell {
        let field = self.kind(app).ok().and_then(|kind| kind.field(name));
        match (field, self.view.data.as_ref().and_then(|data| data.get(name))) {
            (Some(field), Some(value)) => value_cell(app, page, &self.titles, field, value),
            _ => Cell::Empty,
        }
    }

    /// Every field except those already shown, the progress of a task, what one may do, and the files.
    pub(crate) fn show_rest(&self, page: &Page, app: &App, data: &Value, shown: &[&str], blocks: &mut Blocks) -> Result<(), Failure> {
        let (view, kind) = (&self.view, self.kind(app)?);
        let mut facts = Definitions { rows: Vec::new() };
        for field in kind.fields.iter().filter(|field| !shown.contains(&field.name.as_str())) {
            if let Some(value) = data.get(&field.name) {
                facts.add(said(&field.label, page.lang), value_cell(app, page, &self.titles, field, value));
            }
        }
        blocks.push(Block::Facts(facts));
        // The steps of a task are not for everybody, and half of them would tell something false.
        if kind.name == "task"
            && view.audience == Audience::Private
            && let Some(progress) = app.office.task_progress(data)?
        {
            show_progress(page, &progress, blocks);
        }
        if kind.name == "proposal"
            && view.audience == Audience::Private
            && let Some(criteria) = app.office.urgent_local_criteria(data)
        {
            blocks.push(Block::Table(criteria_table(page, &criteria)));
        }
        let mut saved = vec![
            format!("{} {}", page.say("Phiên bản", "Version"), view.version),
            format!("{} {}", page.say("lưu lúc", "saved"), format::instant(view.at)),
        ];
        // Nobody expects the public to change a record, so there is nothing to explain to it.
        if page.viewer.is_some() {
            saved.push(said(&view.edit.why, page.lang).to_owned());
        }
        blocks.push(Block::Muted(saved.join(" · ")));
        blocks.list.extend(crate::nodes::arrival(page, view.id, &self.way));
        blocks.push(Block::Buttons(self.buttons(page, app)?));
        let id = view.id;
        let files = [("Word", "docx"), ("Excel", "xlsx"), ("CSV", "csv"), ("JSON", "json")];
        blocks.push(Block::Exports(ExportLinks::of_record(page, files.map(|(name, suffix)| (name, format!("/r/{id}.{suffix}"))))));
        Ok(())
    }

    fn version_in_force(&self, app: &App) -> Result<u64, Failure> {
        let kind = self.kind(app)?;
        Ok(app.office.catalogue().kind(&self.view.kind).map_or(kind.version, |current| current.version))
    }

    /// What this reader may do with the record: words and address.
    fn buttons(&self, page: &Page, app: &App) -> Result<Vec<(String, String)>, Failure> {
        let (id, kind, in_force) = (self.view.id, self.kind(app)?, self.version_in_force(app)?);
        let mut buttons = Vec::new();
        for step in self.steps.iter().filter(|step| step.decision.allowed) {
            buttons.push((said(&step.label, page.lang).to_owned(), page.href(&format!("/r/{id}/buoc/{}", step.to))));
        }
        let money = page.say("Hợp đồng và kinh phí", "Contract and money");
        if kind.name == "contract" && self.view.audience == Audience::Private {
            buttons.push((money.to_owned(), page.href(&format!("/hop-dong/{id}"))));
        }
        for (contract, title) in &self.contracts {
            buttons.push((format!("{money}: {}", office::shorten(title, 60)), page.href(&format!("/hop-dong/{contract}"))));
        }
        let own = place_of(&kind.name, id);
        if own != page.path {
            buttons.push((page.say("Trang riêng", "Its own page").to_owned(), page.href(&own)));
        }
        if self.view.edit.allowed {
            buttons.push((page.say("Sửa", "Edit").to_owned(), page.href(&format!("/r/{id}/sua"))));
            if in_force != kind.version {
                let words = format!("{} {in_force}", page.say("Chuyển sang mẫu phiên bản", "Move to form version"));
                buttons.push((words, page.href(&format!("/r/{id}/sua?mau={in_force}"))));
            }
            buttons.push((page.say("Xóa nội dung", "Erase").to_owned(), page.href(&format!("/r/{id}/xoa"))));
        }
        buttons.push((page.say("Lịch sử", "History").to_owned(), page.href(&format!("/r/{id}/lich-su"))));
        buttons.push((page.say("Giấy tờ", "Papers").to_owned(), page.href(&format!("/r/{id}/giay-to"))));
        Ok(buttons)
    }
}

/// Says whose record it is, when it is not the node's own.
pub(crate) fn show_holding(page: &Page, held: Option<&Holding>, blocks: &mut Blocks) {
    let Some(held) = held else { return };
    let mut words = match page.lang {
        Lang::Vi => format!("Bản ghi của {}, giữ tại đây (nút {}).", held.title, held.node),
        Lang::En => format!("A record of {}, held here (node {}).", held.title, held.node),
    };
    if !held.others.is_empty() {
        let others =
            page.say("Cùng mã bản ghi còn có bản ghi khác của nút:", "Under the same identifier there is another record of the node:");
        words = format!("{words} {others} {}.", held.others.join(", "));
    }
    blocks.push(Block::Notice(Notice::info(words)));
}

/// A held record whose form this program does not know, or that does not fit it: as it came.
fn show_raw(page: Page, view: &RecordView, data: &Value) -> Answer {
    let title = data.get("title").and_then(Value::as_str).map_or_else(|| view.id.to_string(), |title| office::shorten(title, 120));
    let page = page.titled(title);
    let mut blocks = Blocks::default();
    blocks.push(Block::Badges(vec![
        Badge::new(Tone::Plain, Icon::Document, office::shorten(&view.kind, 64)),
        Badge::new(Tone::Info, Icon::Lock, said(&view.audience.label(), page.lang)),
    ]));
    show_holding(&page, view.held.as_ref(), &mut blocks);
    blocks.push(Block::Text(
        page.say(
            "Chưa có biểu mẫu của bản ghi này ở đây, hoặc nội dung không khớp biểu mẫu; nội dung hiện nguyên như khi nhận. Bản ghi chưa có trong danh sách và tìm kiếm.",
            "The form of this record is not here yet, or the contents do not fit it; they are shown as they came. The record is not in lists and search so far.",
        )
        .to_owned(),
    ));
    let mut facts = Definitions { rows: Vec::new() };
    for (name, value) in data.as_object().into_iter().flatten().take(MOST_RAW) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.add(office::shorten(name, 64), Cell::text(office::shorten(&text, 2_000)));
    }
    if facts.rows.is_empty() {
        facts.add(page.say("Nội dung", "Contents"), Cell::text(office::shorten(&data.to_string(), 2_000)));
    }
    blocks.push(Block::Facts(facts));
    show(page, blocks)
}

/// What is said of a record whose contents were erased.
pub(crate) fn show_erased(page: Page) -> Answer {
    let title = page.say("Bản ghi đã xóa", "Erased record").to_owned();
    let mut blocks = Blocks::default();
    blocks.push(Block::Text(
        page.say(
            "Nội dung đã bị xóa theo văn bản; bằng chứng trong sổ cái vẫn còn.",
            "The contents were erased by a document; the proofs in the ledger stay.",
        )
        .to_owned(),
    ));
    show(page.titled(title), blocks)
}

/// How a proposal stands to the criteria of an urgent local task, and why.
fn criteria_table(page: &Page, criteria: &[Criterion]) -> Table {
    let columns = vec![
        Column::new(page.say("Căn cứ", "Source")),
        Column::new(page.say("Tình trạng", "State")),
        Column::new(page.say("Vì sao", "Why")),
    ];
    let caption = page.say("Tiêu chí nhiệm vụ cấp thiết địa phương", "Criteria of an urgent local task");
    let mut table = Table::new(page.texts(), caption, columns).with_total(criteria.len() as u64);
    for criterion in criteria {
        let badge = match criterion.met {
            Some(true) => Badge::new(Tone::Good, Icon::Check, page.say("đạt", "met")),
            Some(false) => Badge::new(Tone::Bad, Icon::Alert, page.say("không đạt", "not met")),
            None => Badge::new(Tone::Warn, Icon::Info, page.say("chưa đủ thông tin", "not known")),
        };
        table.row(vec![Cell::text(criterion.source.clone()), Cell::from(badge), Cell::text(said(&criterion.why, page.lang))]);
    }
    table
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
            (FieldType::Ref { kinds }, Value::String(target)) => match RecordId::parse(target) {
                Ok(id) => {
                    let kind = if let [one] = kinds.as_slice() { one.as_str() } else { "" };
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
