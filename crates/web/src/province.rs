//! Provinces: all of them with counts, and the profile of one with what went into it.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use catalogue::{Code, FieldType};
use office::{Boundaries, ProvincePart, ProvinceProfile, RecordId, StateCount};

use crate::blocks::{Block, Blocks, Form, show};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::lang::Label;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Column, EmptyState, Notice, Table};
use crate::records::list_of;
use crate::service::{App, Who, said};

/// The kinds that a line of a province counts.
const COUNTED: [&str; 3] = ["task", "body", "technology"];

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/tinh", get(provinces)).route("/tinh/{key}", get(profile))
}

async fn provinces(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let boundaries = match page.parameter("dia-gioi") {
        None => Boundaries::AsNow,
        Some(text) => text.parse().map_err(|()| {
            let message = Label::new(
                format!("Tham số “dia-gioi” là luc-do hoặc hien-nay; đã nhận “{text}”."),
                format!("The parameter “dia-gioi” is luc-do or hien-nay; got “{text}”."),
            );
            Failure::bad_parameter("dia-gioi", message)
        })?,
    };
    let lines = app.call(move |office| office.province_lines(&who, boundaries)).await?;
    let title = page.say("Tỉnh, thành phố", "Provinces").to_owned();
    let page = page.titled(title.clone()).at(Nav::Data);
    let mut columns = vec![Column::new(page.say("Tỉnh, thành phố", "Province")), Column::new(page.say("Hợp thành từ", "Made of"))];
    columns.extend(counted_columns(&page, &app));
    let mut table = Table::new(page.texts(), title, columns).with_total(lines.len() as u64);
    for line in &lines {
        let name = with_period(&page, &line.province, boundaries == Boundaries::AsThen);
        let parts: Vec<&str> = line.parts.iter().map(|part| said(&part.label, page.lang)).collect();
        let mut cells = vec![Cell::link(name, page.href(&format!("/tinh/{}", line.province.code))), Cell::text(parts.join(", "))];
        cells.extend(counted_cells(&page, &line.counts));
        table.row(cells);
    }
    let mut blocks = Blocks::default();
    let form = Form::filter(page.href("/tinh")).field(crate::boundaries::switch(&page, boundaries)).button(page.say("Xem", "Show"));
    blocks.push(Block::Form(form));
    blocks.push(Block::Muted(
        page.say(
            "Một bản ghi ghi nhiều tỉnh được tính ở từng tỉnh. Số đếm chỉ gồm bản ghi mà người xem được đọc.",
            "A record that names several provinces counts in each of them. Only records open to the reader are counted.",
        )
        .to_owned(),
    ));
    blocks.push(Block::Table(table));
    show(page, blocks)
}

async fn profile(page: Page, Who(who): Who, State(app): State<App>, Path(key): Path<String>) -> Answer {
    let profile = app.call(move |office| office.province_profile(&who, &key)).await?;
    let label = page.say("Tỉnh, thành phố", "Provinces").to_owned();
    let name = with_period(&page, &profile.province, profile.now.is_some());
    // A heading begins with a capital: "Tỉnh Lâm Đồng".
    let mut letters = name.chars();
    let title: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.as_str().chars()).collect();
    let page = page.titled(title).at(Nav::Data).crumb(label, "/tinh");
    let mut blocks = Blocks::default();
    if let Some(now) = &profile.now {
        let words = format!("{} {}.", page.say("Nay thuộc", "Now part of"), said(&now.label, page.lang));
        blocks.push(Block::Notice(Notice::warning(words)));
        blocks.push(Block::Buttons(vec![(said(&now.label, page.lang).to_owned(), page.href(&format!("/tinh/{}", now.code)))]));
    }
    let boundaries = if profile.now.is_some() { Boundaries::AsThen } else { Boundaries::AsNow };
    for part in profile.parts.iter().filter(|part| !part.outside.is_empty()) {
        blocks.push(Block::Notice(Notice::warning(outside_words(&page, part))));
    }
    if profile.parts.len() > 1 {
        blocks.push(Block::Table(parts_table(&page, &app, &profile)));
    }
    blocks.push(Block::Heading(page.say("Sở Khoa học và Công nghệ", "Department of Science and Technology").to_owned()));
    let today = app.office.clock().today();
    if profile.heads.is_empty() {
        let words = page.say("Hệ thống chưa có bản ghi về Sở của tỉnh này.", "There is no record of the department of this province yet.");
        blocks.push(Block::Muted(words.to_owned()));
    } else {
        let heads = profile.heads.iter().map(|head| (head.name_on(today).to_owned(), page.href(&format!("/r/{}", head.id))));
        blocks.push(Block::Links(heads.collect()));
    }
    let place = |kind: &str| Some(format!("{}?tinh={}", list_of(kind), profile.province.code));
    let caption = page.say("Bản ghi có địa bàn ở tỉnh", "Records that name the province");
    blocks.push(Block::Table(counts_table(&page, &app, caption, &profile.counts, boundaries, &place)));
    let head: Option<RecordId> = match profile.heads.as_slice() {
        [one] => Some(one.id),
        _ => None,
    };
    let place = |kind: &str| head.map(|head| format!("{}?co-quan={head}", list_of(kind)));
    let caption = page.say("Hồ sơ Sở của tỉnh giữ", "Records kept by the department");
    blocks.push(Block::Table(counts_table(&page, &app, caption, &profile.kept, boundaries, &place)));
    show(page, blocks)
}

/// What the province is made of and how much each part brings.
fn parts_table(page: &Page, app: &App, profile: &ProvinceProfile) -> Table {
    let mut columns = vec![Column::new(page.say("Phần", "Part")), Column::new(page.say("Hiệu lực", "Valid"))];
    columns.extend(counted_columns(page, app));
    let caption = page.say("Hợp thành từ", "Made of");
    let mut table = Table::new(page.texts(), caption, columns).with_total(profile.parts.len() as u64);
    for part in &profile.parts {
        let label = said(&part.province.label, page.lang);
        let own = part.province.code == profile.province.code;
        let words = if own {
            format!("{} {label} {}", page.say("ghi theo", "written as"), page.say("hiện nay, không rõ phần nào", "of today, part not told"))
        } else {
            format!("{} {label} {}", page.say("gồm phần", "the part that was"), page.say("cũ", "")).trim_end().to_owned()
        };
        let list = format!("{}?tinh={}&dia-gioi={}", list_of("task"), part.province.code, Boundaries::AsThen.as_str());
        let mut cells = vec![Cell::link(words, page.href(&list)), Cell::text(period(page, &part.province))];
        cells.extend(counted_cells(page, &part.counts));
        table.row(cells);
    }
    table
}

/// A part that lay outside a region whose other parts lay in it: figures of the region do not hold it.
fn outside_words(page: &Page, part: &ProvincePart) -> String {
    let regions: Vec<&str> = part.outside.iter().map(|region| said(region, page.lang)).collect();
    let (name, regions) = (said(&part.province.label, page.lang), regions.join("; "));
    let tasks = format::number(part.counts.get("task").copied().and_then(|count| i64::try_from(count).ok()).unwrap_or(0), page.lang);
    match page.lang {
        crate::lang::Lang::Vi => format!(
            "Gồm phần {name} cũ: {tasks} nhiệm vụ. Phần này không thuộc “{regions}”: số liệu của vùng khi đó không có phần này, số liệu của tỉnh hiện nay có."
        ),
        crate::lang::Lang::En => format!(
            "Includes the part that was {name}: {tasks} tasks. It did not belong to “{regions}”: figures of that region leave it out, figures of today's province include it."
        ),
    }
}

fn counts_table(
    page: &Page,
    app: &App,
    caption: &str,
    counts: &[StateCount],
    boundaries: Boundaries,
    place: &dyn Fn(&str) -> Option<String>,
) -> Table {
    let columns = vec![
        Column::new(page.say("Loại bản ghi", "Kind")),
        Column::new(page.say("Trạng thái", "State")),
        Column::numeric(page.say("Số bản ghi", "Records")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có bản ghi nào", "No records yet"),
        page.say(
            "Bản ghi mới của tỉnh sẽ được đếm ở đây ngay khi lưu.",
            "New records of the province are counted here as soon as they are saved.",
        ),
    );
    let total = counts.iter().map(|count| count.count).sum();
    let mut table = Table::new(page.texts(), caption, columns).with_total(total).when_empty(empty);
    for count in counts {
        let Some(kind) = app.office.catalogue().kind(&count.kind) else { continue };
        let number = format::number(i64::try_from(count.count).unwrap_or(i64::MAX), page.lang);
        let state = count.state.as_deref().unwrap_or_default();
        let states = kind.state_field.as_deref().and_then(|field| kind.field(field)).and_then(|field| match &field.of {
            FieldType::Code { list } => app.office.catalogue().list(list),
            _ => None,
        });
        let words = states.and_then(|list| list.label(state)).map_or(state, |label| said(label, page.lang));
        let chosen = if state.is_empty() { String::new() } else { format!("&trang-thai={state}") };
        let link = place(&count.kind).map(|list| format!("{list}{chosen}&dia-gioi={}", boundaries.as_str()));
        table.row(vec![
            Cell::text(said(&kind.plural, page.lang)),
            Cell::text(words),
            link.map_or_else(|| Cell::text(number.clone()), |link| Cell::link(number.clone(), page.href(&link))),
        ]);
    }
    table
}

fn counted_columns(page: &Page, app: &App) -> Vec<Column> {
    let kinds = COUNTED.iter().filter_map(|kind| app.office.catalogue().kind(kind));
    kinds.map(|kind| Column::numeric(said(&kind.plural, page.lang))).collect()
}

fn counted_cells(page: &Page, counts: &BTreeMap<String, u64>) -> Vec<Cell> {
    let count = |kind: &&str| counts.get(*kind).copied().and_then(|count| i64::try_from(count).ok()).unwrap_or(0);
    COUNTED.iter().map(|kind| Cell::number(count(kind), page.lang)).collect()
}

/// The name, with the period where namesakes stand beside each other.
fn with_period(page: &Page, province: &Code, namesakes: bool) -> String {
    let name = said(&province.label, page.lang);
    let period = period(page, province);
    if namesakes && !period.is_empty() { format!("{name} ({period})") } else { name.to_owned() }
}

fn period(page: &Page, province: &Code) -> String {
    let day = |day: &String| format::partial(day, page.lang);
    let from = province.valid_from.as_ref().map(|from| format!("{} {}", page.say("từ", "from"), day(from)));
    let to = province.valid_to.as_ref().map(|to| format!("{} {}", page.say("đến", "until"), day(to)));
    from.into_iter().chain(to).collect::<Vec<_>>().join(" ")
}
