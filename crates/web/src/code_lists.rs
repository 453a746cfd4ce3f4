//! The code lists: which there are, what each holds and held on a day, what took the place of what, and where an old commune lies now.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use catalogue::{Catalogue, Code, CodeList, Field as KindField, FieldType, Share};
use jiff::civil::Date;
use office::{CodeFilter, FileForm, Office};

use crate::blocks::{Block, Blocks, Form, show};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::lang::Label;
use crate::links;
use crate::list::ListPlace;
use crate::page::Page;
use crate::parts::{Cell, Column, ExportLinks, Field, Notice, Pager, Table};
use crate::service::{App, office_lang, said};

/// The list whose old codes the map of communes translates.
const COMMUNES: &str = "communes";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/bang-ma", get(index)).route("/bang-ma/{list}", get(one_list))
}

async fn index(page: Page, State(app): State<App>) -> Answer {
    let catalogue = app.office.catalogue();
    let title = page.say("Bảng mã", "Code lists").to_owned();
    let page = page.titled(title.clone());
    let columns = vec![
        Column::new(page.say("Dùng cho", "Used for")),
        Column::new(page.say("Tên bảng", "Name of the list")),
        Column::numeric(page.say("Số mã", "Codes")),
        Column::new(page.say("Phiên bản, hiệu lực", "Editions, validity")),
        Column::new(page.say("Căn cứ", "Source")),
    ];
    let mut table = Table::new(page.texts(), title, columns).with_total(catalogue.lists().count() as u64);
    for list in catalogue.lists() {
        let editions = list.editions.iter().map(|edition| {
            let validity = period(&page, edition.valid_from.as_deref(), edition.valid_to.as_deref());
            let words = if edition.edition.is_empty() { validity } else { format!("{}: {validity}", edition.edition) };
            match &edition.note {
                Some(note) => Cell::text(format!("{words} ({})", said(note, page.lang))),
                None => Cell::text(words),
            }
        });
        let used_for = use_of(catalogue, list, &page);
        table.row(vec![
            Cell::link(
                if used_for.is_empty() { &list.name } else { &used_for },
                page.href(&format!("/bang-ma/{}", links::encoded(&list.name))),
            ),
            Cell::text(list.name.clone()),
            Cell::number(i64::try_from(list.codes.len()).unwrap_or(i64::MAX), page.lang),
            Cell::Lines(editions.collect()),
            Cell::text(list.source.clone()),
        ]);
    }
    let mut blocks = Blocks::default();
    blocks.push(Block::Lead(
        page.say(
            "Mỗi mã đã lưu giữ nguyên bảng và phiên bản của nó; mã hết hiệu lực vẫn đọc được và chỉ sang mã thay thế.",
            "Every stored code keeps its list and edition; a code that has ended stays readable and points to its successor.",
        )
        .to_owned(),
    ));
    blocks.push(Block::Table(table));
    show(page, blocks)
}

async fn one_list(page: Page, State(app): State<App>, Path(name): Path<String>, place: ListPlace) -> Answer {
    let (name, form) = match name.rsplit_once('.') {
        Some((name, "csv")) => (name.to_owned(), Some(FileForm::Csv)),
        Some((name, "xlsx")) => (name.to_owned(), Some(FileForm::Xlsx)),
        _ => (name, None),
    };
    let Some(list) = app.office.catalogue().list(&name) else { return Err(Failure::not_found(name)) };
    let filter = filter_of(&page, list)?;
    if let Some(form) = form {
        let (suffix, media) = if form == FileForm::Csv { ("csv", crate::board::CSV) } else { ("xlsx", crate::board::XLSX) };
        let lang = office_lang(page.lang);
        let file = format!("{}.{suffix}", name.replace(':', "-"));
        return crate::download::file(&app, &file, media, move |office, out| office.export_codes(&name, &filter, lang, form, out)).await;
    }
    show_list(page, &app.office, list, &filter, &place)
}

/// The filter as the address says it: `q` words, `ngay` a day, `thuoc` the code above. A tree that is asked for nothing shows its top.
fn filter_of(page: &Page, list: &CodeList) -> Result<CodeFilter, Failure> {
    let words = page.parameter("q").map(str::to_owned);
    let under = page.parameter("thuoc").map(str::to_owned);
    let day = match page.parameter("ngay") {
        None => None,
        Some(text) => {
            let date = viet::PartialDate::parse(text).ok().filter(|date| date.precision() == viet::Precision::Day);
            Some(date.ok_or_else(|| no_day(text))?.first_day())
        }
    };
    Ok(CodeFilter { top_only: is_tree(list) && words.is_none() && under.is_none(), words, day, under })
}

fn no_day(text: &str) -> Failure {
    Failure::bad_parameter(
        "ngay",
        Label::new(
            format!("Ô “Còn hiệu lực ngày”: “{text}” không phải một ngày. Hãy gõ ngày/tháng/năm, ví dụ 21/06/2019."),
            format!("“Valid on”: “{text}” is not a day. Write day/month/year, e.g. 21/06/2019."),
        ),
    )
}

fn is_tree(list: &CodeList) -> bool {
    list.parents.is_none() && list.codes.iter().any(|code| code.parent.is_some())
}

fn show_list(page: Page, office: &Office, list: &CodeList, filter: &CodeFilter, place: &ListPlace) -> Answer {
    let catalogue = office.catalogue();
    let found = office.code_page(&list.name, filter, place.after.as_deref(), place.limit)?;
    let address = format!("/bang-ma/{}", links::encoded(&list.name));
    let usage = use_of(catalogue, list, &page);
    let title = if usage.is_empty() { list.name.clone() } else { format!("{} ({usage})", list.name) };
    let label = page.say("Bảng mã", "Code lists").to_owned();
    let mut page = page.titled(title).crumb(label, "/bang-ma");
    let mut blocks = Blocks::default();
    blocks.push(Block::Muted(format!("{}: {}", page.say("Căn cứ", "Source"), list.source)));
    for note in list.editions.iter().filter_map(|edition| edition.note.as_ref()) {
        blocks.push(Block::Notice(Notice::info(said(note, page.lang))));
    }
    let above = list.parents.as_deref().and_then(|above| catalogue.list(above)).unwrap_or(list);
    if let Some(under) = filter.under.as_deref().and_then(|under| above.get(under)) {
        page = page.crumb(list.name.clone(), &address);
        blocks.push(Block::Buttons(vec![up(&page, list, above, under, &address)]));
    }
    let texts = page.texts();
    let mut form = Form::filter(page.href(&address))
        .field(Field::text(texts, "q", page.say("Tên hoặc mã", "Name or code")).value(page.parameter("q").unwrap_or_default()))
        .field(Field::day(texts, "ngay", page.say("Còn hiệu lực ngày", "Valid on")).value(page.parameter("ngay").unwrap_or_default()));
    if let Some(under) = &filter.under {
        form = form.field(Field::hidden(texts, "thuoc", under.clone()));
    }
    blocks.push(Block::Form(form.button(page.say("Lọc", "Filter"))));
    let caption = match (filter.under.as_deref().and_then(|under| above.get(under)), filter.day) {
        (Some(under), _) => format!("{} {}", page.say("Các mã thuộc", "Codes below"), said(&under.label, page.lang)),
        (None, Some(day)) => format!("{} {}", page.say("Các mã còn hiệu lực ngày", "Codes valid on"), format::day(day)),
        (None, None) if filter.top_only => page.say("Các mã cấp trên cùng", "Codes at the top").to_owned(),
        (None, None) => page.say("Các mã", "Codes").to_owned(),
    };
    let today = office.clock().today();
    let old = if list.name == COMMUNES { old_communes(catalogue, list, &found.codes) } else { BTreeMap::new() };
    let mut columns = vec![
        Column::new(page.say("Mã", "Code")),
        Column::new(page.say("Tên", "Name")),
        Column::new(page.say("Thuộc", "Below")),
        Column::new(page.say("Hiệu lực", "Validity")),
        Column::new(page.say("Thay bằng", "Successor")),
    ];
    if list.name == COMMUNES {
        columns.push(Column::new(page.say("Gồm xã cũ (mã trước 01/7/2025)", "Made of old communes (codes before 01/07/2025)")));
    }
    let mut table = Table::new(texts, caption, columns).with_total(found.total);
    for code in &found.codes {
        let words = said(&code.label, page.lang);
        let has_below = is_tree(list) && list.codes.iter().any(|other| other.parent.as_deref() == Some(code.code.as_str()));
        let below = |code: &str| page.href(&format!("{address}?thuoc={}", links::encoded(code)));
        let parent = code.parent.as_deref().and_then(|parent| above.get(parent));
        let mut cells = vec![
            Cell::text(code.official.clone()),
            if has_below { Cell::link(words, below(&code.code)) } else { Cell::text(words) },
            parent.map_or(Cell::Empty, |parent| Cell::link(said(&parent.label, page.lang), below(&parent.code))),
            Cell::text(period(&page, code.valid_from.as_deref(), code.valid_to.as_deref())),
            Cell::text(code.successor.as_deref().and_then(|after| list.get(after)).map(|after| named(&page, after)).unwrap_or_default()),
        ];
        if list.name == COMMUNES {
            cells.push(Cell::text(old.get(&code.official).map(|old| old_words(&page, old)).unwrap_or_default()));
        }
        table.row(cells);
    }
    blocks.push(Block::Table(table));
    blocks.push(Block::Pager(Pager::new(&page, found.codes.len(), found.total, found.next.as_deref())));
    blocks.push(Block::Exports(ExportLinks::new(&page, &["xlsx", "csv"])));
    if list.name == COMMUNES {
        where_now(&page, catalogue, list, today, &mut blocks);
    }
    show(page, blocks)
}

/// The button to the codes one step up in a tree, or to the whole list.
fn up(page: &Page, list: &CodeList, above: &CodeList, under: &Code, address: &str) -> (String, String) {
    match under.parent.as_deref().filter(|_| list.parents.is_none()).and_then(|parent| above.get(parent)) {
        Some(parent) => (
            format!("{}: {}", page.say("Lên một cấp", "One step up"), said(&parent.label, page.lang)),
            page.href(&format!("{address}?thuoc={}", links::encoded(&parent.code))),
        ),
        None => (page.say("Về cả bảng mã", "The whole list").to_owned(), page.href(address)),
    }
}

/// "Where does the old commune lie now": a form, and the answer to what was asked.
fn where_now(page: &Page, catalogue: &Catalogue, list: &CodeList, today: Date, blocks: &mut Blocks) {
    let asked = page.parameter("xa-cu").unwrap_or_default();
    let mut form = Form::filter(page.href("/bang-ma/communes"))
        .field(
            Field::text(page.texts(), "xa-cu", page.say("Mã xã cũ", "Old commune's code"))
                .value(asked)
                .hint(page.say("Mã thống kê trước 01/7/2025, ví dụ 00001.", "The statistics code before 01/07/2025, e.g. 00001.")),
        )
        .button(page.say("Xem", "Look"));
    form.heading = page.say("Xã cũ nay thuộc đâu?", "Where does an old commune lie now?").to_owned();
    blocks.push(Block::Heading(page.say("Xã trước ngày 01/7/2025", "Communes before 01/07/2025").to_owned()));
    blocks.push(Block::Form(form));
    if asked.is_empty() {
        return;
    }
    let successors = catalogue.commune_map().now_of(asked);
    let day = today.to_string();
    if successors.is_empty() {
        blocks.push(Block::Notice(Notice::problem(match page.lang {
            crate::lang::Lang::Vi => format!("Mã xã cũ “{asked}” không có trong bảng. Hãy gõ đủ năm chữ số, kể cả số 0 ở đầu."),
            crate::lang::Lang::En => format!("The old code “{asked}” is not in the table. Write all five digits, leading zeros included."),
        })));
        return;
    }
    if successors.len() > 1 {
        blocks.push(Block::Notice(Notice::warning(page.say(
            "Xã này đã được chia. Hệ thống không tự chọn: cần người biết địa bàn xác nhận nơi đúng.",
            "This commune was split. Nothing is chosen by itself: somebody who knows the place has to confirm the right one.",
        ))));
    }
    let columns = vec![
        Column::new(page.say("Nay thuộc", "Lies now in")),
        Column::new(page.say("Tỉnh, thành phố", "Province")),
        Column::new(page.say("Phần", "Share")),
    ];
    let caption = format!("{} {asked}", page.say("Xã cũ mã", "Old commune"));
    let mut table = Table::new(page.texts(), caption, columns).with_total(successors.len() as u64);
    for successor in successors {
        let now = list.now_of(&successor.code, &day).or_else(|| list.get(&successor.code));
        let province = catalogue.parent_on(COMMUNES, &successor.code, &day);
        let share = match (successor.share, successor.default) {
            (Share::Whole, _) => page.say("toàn bộ", "whole"),
            (Share::Part, true) => page.say("một phần; nơi gợi ý, phải xác nhận", "a part; suggested, to be confirmed"),
            (Share::Part, false) => page.say("một phần", "a part"),
        };
        table.row(vec![
            Cell::text(now.map(|now| named(page, now)).unwrap_or_default()),
            Cell::text(province.map(|province| said(&province.label, page.lang)).unwrap_or_default()),
            Cell::text(share),
        ]);
    }
    blocks.push(Block::Table(table));
}

/// Old communes of the communes shown, by official code: a form change (xã to phường) keeps the code, so both of its rows find them.
fn old_communes<'a>(catalogue: &'a Catalogue, list: &CodeList, shown: &[Code]) -> BTreeMap<String, Vec<(&'a str, Share)>> {
    let mut found: BTreeMap<String, Vec<(&str, Share)>> = shown.iter().map(|code| (code.official.clone(), Vec::new())).collect();
    for (old, successors) in catalogue.commune_map().iter() {
        for successor in successors {
            let official = list.get(&successor.code).map_or("", |code| code.official.as_str());
            if let Some(of_code) = found.get_mut(official) {
                of_code.push((old, successor.share));
            }
        }
    }
    found
}

fn old_words(page: &Page, old: &[(&str, Share)]) -> String {
    let mut words = Vec::new();
    for (code, share) in old {
        let code = match code.strip_prefix("district:") {
            Some(district) => format!("{} {district}", page.say("huyện đảo", "island district")),
            None => (*code).to_owned(),
        };
        words.push(if *share == Share::Part { format!("{code} ({})", page.say("một phần", "a part")) } else { code });
    }
    words.join(", ")
}

fn named(page: &Page, code: &Code) -> String {
    format!("{} – {}", code.official, said(&code.label, page.lang))
}

/// First and last day in words, or that nothing bounds them.
fn period(page: &Page, from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (None, None) => page.say("không giới hạn", "unbounded").to_owned(),
        (None, Some(to)) => format!("{} {}", page.say("đến hết", "until"), format::partial(to, page.lang)),
        (Some(from), None) => format!("{} {}", page.say("từ", "since"), format::partial(from, page.lang)),
        (Some(from), Some(to)) => format!("{} – {}", format::partial(from, page.lang), format::partial(to, page.lang)),
    }
}

/// What people know a list by: the label of the first field that takes its codes, or the kind whose states it holds.
fn use_of(catalogue: &Catalogue, list: &CodeList, page: &Page) -> String {
    if let Some(workflow) = list.name.strip_prefix("workflow:") {
        let kind = catalogue.kinds().find(|kind| kind.workflow.as_deref() == Some(workflow));
        return kind.map(|kind| format!("{}: {}", page.say("Trạng thái", "States"), said(&kind.label, page.lang))).unwrap_or_default();
    }
    let mut uses = catalogue.kinds().filter_map(|kind| Some((kind, said(label_of(&kind.fields, &list.name)?, page.lang))));
    match (uses.next(), uses.next()) {
        // Many kinds have a field that is just called “kind”.
        (Some((kind, label)), None) => format!("{label} ({})", said(&kind.label, page.lang)),
        (Some((_, label)), Some(_)) => label.to_owned(),
        (None, _) => String::new(),
    }
}

fn label_of<'a>(fields: &'a [KindField], name: &str) -> Option<&'a catalogue::Label> {
    fields.iter().find_map(|field| match &field.of {
        FieldType::Code { list } if list == name => Some(&field.label),
        FieldType::Group { fields, .. } => label_of(fields, name),
        _ => None,
    })
}
