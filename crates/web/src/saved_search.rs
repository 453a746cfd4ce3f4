//! Searches that somebody follows: kept from the search page, shown under "Việc của tôi" with what is new.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use office::{Office, SavedSearch};

use crate::blocks::{Block, Blocks, Form, button_form};
use crate::errors::Answer;
use crate::format;
use crate::links::with_query;
use crate::page::Page;
use crate::parts::{Cell, Column, Table};
use crate::service::{App, Who, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/tim/theo-doi", post(keep))
        .route("/tim/theo-doi/{id}/da-xem", post(see))
        .route("/tim/theo-doi/{id}/bo", post(remove))
}

async fn keep(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let form = crate::portal::search_form(&page);
    app.call(move |office| office.save_search(&who, &form)).await?;
    page.go("/viec")
}

async fn see(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    app.call(move |office| office.see_saved_search(&who, &id)).await?;
    page.go("/viec")
}

async fn remove(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    app.call(move |office| office.remove_saved_search(&who, &id)).await?;
    page.go("/viec")
}

/// The button that follows the search of this page, for those who are signed in.
pub(crate) fn keep_form(page: &Page) -> Block {
    let names = ["q", "kind", "body", "year", "status", "province"];
    let query: Vec<(String, String)> =
        names.iter().filter_map(|name| Some(((*name).to_owned(), page.parameter(name)?.to_owned()))).collect();
    let mut form =
        Form::post(page.href(&with_query("/tim/theo-doi", &query))).button(page.say("Theo dõi tìm kiếm này", "Follow this search"));
    form.class = "no-print";
    Block::Form(form)
}

/// The searches that a person follows, on their desk.
pub(crate) fn show_saved(page: &Page, office: &Office, saved: &[(SavedSearch, u64)], blocks: &mut Blocks) {
    if saved.is_empty() {
        return;
    }
    let columns = vec![
        Column::new(page.say("Tìm kiếm", "Search")),
        Column::new(page.say("Mới hoặc vừa sửa", "New or changed")),
        Column::new(page.say("Đã xem", "Seen")),
        Column::new(page.say("Thôi", "Stop")),
    ];
    let mut table =
        Table::new(page.texts(), page.say("Tìm kiếm đang theo dõi", "Searches followed"), columns).with_total(saved.len() as u64);
    for (search, fresh) in saved {
        let (words, place) = (words_of(page, office, search), with_query("/tim", &query_of(search)));
        let news = match fresh {
            0 => Cell::text(page.say("không có gì mới", "nothing new")),
            count => {
                let mut query = query_of(search);
                query.push(("moi".to_owned(), search.seen.to_string()));
                let count = format::number(i64::try_from(*count).unwrap_or(i64::MAX), page.lang);
                Cell::link(format!("{count} {}", page.say("bản ghi", "records")), page.href(&with_query("/tim", &query)))
            }
        };
        let button = |what: &str, label: &str| button_form(&page.href(&format!("/tim/theo-doi/{}/{what}", search.id)), label, &words);
        let seen = if *fresh > 0 { button("da-xem", page.say("Đã xem", "Mark as seen")) } else { Cell::Empty };
        let stop = button("bo", page.say("Thôi theo dõi", "Stop following"));
        table.row(vec![Cell::link(office::shorten(&words, 140), page.href(&place)), news, seen, stop]);
    }
    blocks.push(Block::Table(table));
}

fn query_of(SavedSearch { form: search, .. }: &SavedSearch) -> Vec<(String, String)> {
    let mut query = Vec::new();
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.push((name.to_owned(), value.to_owned()));
        }
    };
    add("q", Some(&search.text));
    add("kind", search.kind.as_deref());
    add("body", search.body.as_deref());
    add("year", search.year.map(|year| year.to_string()).as_deref());
    add("status", search.status.as_deref());
    add("province", search.province.as_deref());
    query
}

/// What is looked for, in words: "sâm dây; Nhiệm vụ; 2026".
fn words_of(page: &Page, office: &Office, SavedSearch { form: search, .. }: &SavedSearch) -> String {
    let catalogue = office.catalogue();
    let mut words: Vec<String> = Vec::new();
    if !search.text.is_empty() {
        words.push(search.text.clone());
    }
    words.extend(search.kind.as_deref().map(|name| catalogue.kind(name).map_or(name, |kind| said(&kind.label, page.lang)).to_owned()));
    if let Some(body) = search.body.as_deref().and_then(|body| office::RecordId::parse(body).ok()) {
        words.push(office.directory().short_name(body, office.clock().today()));
    }
    if let Some(code) = search.province.as_deref() {
        let list = catalogue.list("provinces");
        words.push(list.and_then(|list| list.get(code)).map_or(code, |code| code.name()).to_owned());
    }
    words.extend(search.year.map(|year| year.to_string()));
    if let Some(code) = search.status.as_deref() {
        let mut workflows = catalogue.lists().filter(|list| list.name.starts_with("workflow:"));
        words.push(workflows.find_map(|list| list.label(code)).map_or(code, |label| said(label, page.lang)).to_owned());
    }
    words.join("; ")
}
