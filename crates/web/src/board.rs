//! The board of directives, one directive, conferences; the same filter for page and files.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use jiff::civil::Date;
use office::{BoardFilter, BoardPage, BoardRow, FileForm, Office, OfficeError, RecordId, Status};

use crate::blocks::{Block, Blocks, Form, show};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::lang::{Label, Lang};
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{
    Badge, Cell, Choice, Citation, Column, Definitions, Event, ExportLinks, Field, FourCells, Icon, Pager, Table, Timeline, Tone,
};
use crate::record_page::show_holding;
use crate::records::{Titles, place_of, titles_of};
use crate::service::{App, Who, office_lang, parameter_id, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/chi-dao", get(board))
        .route("/chi-dao.csv", get(board_csv))
        .route("/chi-dao.xlsx", get(board_xlsx))
        .route("/chi-dao.docx", get(board_docx))
        .route("/chi-dao.ics", get(board_ics))
        .route("/chi-dao/{id}", get(directive))
        .route("/hoi-nghi", get(conferences))
        .route("/hoi-nghi/{id}", get(conference))
}

/// The filter of the board as the address says it; `all` conferences unless one is named.
pub(crate) fn filter_of(page: &Page) -> Result<BoardFilter, Failure> {
    let conference = parameter_id("conference", page.parameter("conference").filter(|value| *value != "all"))?;
    let body = parameter_id("body", page.parameter("body"))?;
    let status = match page.parameter("status").or(page.parameter("trang-thai")) {
        None => None,
        Some(code) => Some(Status::from_code(&code.replace('-', "_")).or(if code == "qua-han" { Some(Status::Overdue) } else { None }).ok_or_else(|| {
            Failure::bad_parameter(
                "status",
                Label::new(
                    format!("Tham số “status” phải là một trong done_on_time, done_late, within_term, overdue, standing; đã nhận “{code}”."),
                    format!("The parameter “status” must be one of done_on_time, done_late, within_term, overdue, standing; got “{code}”."),
                ),
            )
        })?),
    };
    Ok(BoardFilter { conference, document: None, bodies: body.into_iter().collect(), status })
}

async fn board(page: Page, State(app): State<App>, place: ListPlace) -> Answer {
    let mut filter = filter_of(&page)?;
    let chosen = page.parameter("conference").is_some();
    let (after, limit) = (place.after.clone(), place.limit);
    let (found, conferences, filter) = app
        .call(move |office| {
            let conferences = office.board().conferences()?;
            let today = office.clock().today();
            // Without a choice the board opens with the latest conference that has directives.
            if !chosen {
                for conference in &conferences {
                    let one = BoardFilter { conference: Some(conference.id), ..BoardFilter::default() };
                    if office.board().page(&one, today, None, 1)?.total > 0 {
                        filter.conference = Some(conference.id);
                        break;
                    }
                }
            }
            let found = office.board().page(&filter, today, after.as_deref(), limit)?;
            Ok((found, conferences, filter))
        })
        .await?;
    let title = page.say("Kết luận, chỉ đạo", "Conclusions and directives").to_owned();
    let page = page.titled(title).at(Nav::Directives);
    let texts = page.texts();
    let mut blocks = Blocks::default();
    let mut choices = vec![Choice::new("all", page.say("Tất cả hội nghị", "All conferences"))];
    for conference in &conferences {
        let day = conference.day.as_deref().map(|day| format!(" – {}", format::partial(day, page.lang))).unwrap_or_default();
        let name = conference.ordinal.clone().unwrap_or_else(|| office::shorten(&conference.title, 40));
        choices.push(Choice::new(conference.id.to_string(), format!("{name}{day}")));
    }
    let bodies = body_choices(&app.office, page.say("Tất cả cơ quan", "All bodies"));
    let mut statuses = vec![Choice::new("", page.say("Tất cả trạng thái", "All statuses"))];
    for status in Status::ALL {
        statuses.push(Choice::new(status.code(), said(&status.label(), page.lang)));
    }
    let conference_value = filter.conference.map_or_else(|| "all".to_owned(), |id| id.to_string());
    let form = Form::filter(page.href("/chi-dao"))
        .field(Field::select(texts, "conference", page.say("Hội nghị", "Conference"), choices).value(conference_value.clone()))
        .field(Field::select(texts, "body", page.say("Cơ quan", "Body"), bodies).value(page.parameter("body").unwrap_or("")))
        .field(Field::select(texts, "status", page.say("Trạng thái", "Status"), statuses).value(page.parameter("status").unwrap_or("")))
        .button(page.say("Lọc", "Filter"));
    blocks.push(Block::Form(form));
    summary(&mut blocks, &page, &found, &conference_value);
    let table = table(&app.office, &page, &found.rows, found.total);
    let shown = found.rows.len();
    blocks.push(Block::Table(table));
    blocks.push(Block::Pager(Pager::new(&page, shown, found.total, found.next.as_deref())));
    let mut exports = ExportLinks::new(&page, &["docx", "xlsx", "csv", "ics"]);
    if page.parameter("conference").is_none() {
        // The files hold exactly what the page shows, so they name the conference that the page chose.
        for (_, href) in &mut exports.links {
            let sign = if href.contains('?') { '&' } else { '?' };
            href.push_str(&format!("{sign}conference={conference_value}"));
        }
    }
    blocks.push(Block::Exports(exports));
    if let Some(conference) = filter.conference {
        let words = page.say("Về hội nghị này", "About this conference").to_owned();
        blocks.push(Block::Links(vec![(words, page.href(&format!("/hoi-nghi/{conference}")))]));
    }
    show(page, blocks)
}

/// The counts above the table: four cells for stated deadlines, own deadlines apart, reported and verified apart.
fn summary(blocks: &mut Blocks, page: &Page, found: &BoardPage, conference: &str) {
    let counts = &found.counts;
    let link = |status: Status| page.link_with(&[("conference", Some(conference)), ("status", Some(status.code()))]);
    let title = page.say("Hạn của cấp giao", "Stated deadlines");
    let bar = FourCells::new(page.texts(), "han", title, counts.done_on_time, counts.done_late, counts.within_term, counts.overdue)
        .linked([link(Status::DoneOnTime), link(Status::DoneLate), link(Status::WithinTerm), link(Status::Overdue)]);
    blocks.push(Block::Bar(bar));
    let number = |number: u64| format::number(i64::try_from(number).unwrap_or(i64::MAX), page.lang);
    if counts.standing > 0 {
        let own = &found.internal;
        let words = if page.lang == Lang::Vi {
            format!(
                "Không nêu hạn: {}. Theo hạn nội bộ (minh họa): xong đúng hạn {}, xong quá hạn {}, trong hạn {}, quá hạn {}.",
                number(counts.standing),
                number(own.done_on_time),
                number(own.done_late),
                number(own.within_term),
                number(own.overdue)
            )
        } else {
            format!(
                "No stated deadline: {}. By own deadlines (illustrative): done on time {}, done late {}, within term {}, overdue {}.",
                number(counts.standing),
                number(own.done_on_time),
                number(own.done_late),
                number(own.within_term),
                number(own.overdue)
            )
        };
        blocks.push(Block::Text(words));
    }
    let all = counts.total();
    blocks.push(Block::Text(format!(
        "{} {}/{} · {} {}/{}",
        page.say("Tự báo cáo xong", "Reported done"),
        number(found.reported),
        number(all),
        page.say("Đã xác minh", "Verified"),
        number(found.verified),
        number(all)
    )));
}

/// The table of directives.
pub(crate) fn table(office: &Office, page: &Page, rows: &[BoardRow], total: u64) -> Table {
    let columns = vec![
        Column::new(page.say("Mục", "Item")),
        Column::new(page.say("Nội dung", "Content")),
        Column::new(page.say("Chủ trì", "Lead")),
        Column::new(page.say("Hạn", "Deadline")),
        Column::new(page.say("Trạng thái", "Status")),
        Column::numeric(page.say("Báo cáo", "Answers")),
    ];
    let mut table = Table::new(page.texts(), page.say("Nội dung chỉ đạo", "Directives"), columns).with_total(total);
    for row in rows {
        let mut status = vec![Cell::from(Badge::status(page.texts(), row.status.code(), Some(row.days_late)))];
        if let Some(own) = row.internal_status {
            let words = format!("{}: {}", page.say("hạn nội bộ", "own deadline"), said(&own.label(), page.lang).to_lowercase());
            status.push(Cell::text(words));
        }
        if row.illustrative || row.illustrative_answers || row.internal_illustrative {
            status.push(Cell::from(Badge::illustrative(page.texts())));
        }
        table.row(vec![
            Cell::text(row.item.clone()),
            Cell::link(office::shorten(&row.text, 150), page.href(&format!("/chi-dao/{}", row.id))),
            Cell::text(leads(office, row)),
            due_cell(page, row),
            Cell::Lines(status),
            Cell::text(format!("{}/{}", row.reported, row.bodies)),
        ]);
    }
    table
}

fn due_cell(page: &Page, row: &BoardRow) -> Cell {
    let mut lines = Vec::new();
    match (row.last_day, &row.due_raw) {
        (Some(day), raw) => {
            lines.push(Cell::text(format::day(day)));
            if let Some(raw) = raw {
                let shared = if row.due_inferred { page.say(" (suy ra)", " (inferred)") } else { "" };
                lines.push(Cell::text(format!("“{raw}”{shared}")));
            }
        }
        (None, _) => lines.push(Cell::text(page.say("không nêu", "none stated"))),
    }
    if let Some(own) = row.internal_due {
        lines.push(Cell::text(format!("{} {}", page.say("nội bộ:", "own:"), format::day(own))));
    }
    Cell::Lines(lines)
}

/// The lead bodies in words: names, the class, or the addressee as written.
pub(crate) fn leads(office: &Office, row: &BoardRow) -> String {
    let day = row.issued_day.unwrap_or_else(|| office.clock().today());
    if !row.leads.is_empty() {
        return names(office, &row.leads, day);
    }
    match (row.class, &row.addressee_raw) {
        (Some(class), _) => names(office, &[class], day),
        (None, Some(raw)) => raw.clone(),
        (None, None) => String::new(),
    }
}

/// Short names of bodies on a day.
pub(crate) fn names(office: &Office, bodies: &[RecordId], day: Date) -> String {
    bodies.iter().map(|body| office.directory().short_name(*body, day)).collect::<Vec<_>>().join("; ")
}

/// Bodies to choose from, by name, with an empty first choice.
pub(crate) fn body_choices(office: &Office, empty: &str) -> Vec<Choice> {
    let today = office.clock().today();
    // A register may hold thousands of organisations; those that direct and answer come first, so that none of them falls off the end.
    let governs = |form: &str| matches!(form, "ministry" | "ministry_unit" | "peoples_committee" | "department" | "party" | "class");
    let mut bodies: Vec<(bool, String, String)> =
        office.directory().all().iter().map(|body| (!governs(&body.form), body.short_on(today).to_owned(), body.id.to_string())).collect();
    bodies.sort_by(|one, two| one.0.cmp(&two.0).then_with(|| viet::compare(&one.1, &two.1)));
    let mut choices = vec![Choice::new("", empty)];
    choices.extend(bodies.into_iter().take(400).map(|(_, name, id)| Choice::new(id, name)));
    choices
}

/// Media type of spreadsheets.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Media type of Word documents.
pub(crate) const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// Media type of comma-separated values.
pub(crate) const CSV: &str = "text/csv; charset=utf-8";

async fn board_csv(page: Page, State(app): State<App>) -> Answer {
    let (filter, lang) = (filter_of(&page)?, office_lang(page.lang));
    crate::download::file(&app, "chi-dao.csv", CSV, move |office, out| office.export_board(&filter, lang, FileForm::Csv, out)).await
}

async fn board_xlsx(page: Page, State(app): State<App>) -> Answer {
    let (filter, lang) = (filter_of(&page)?, office_lang(page.lang));
    crate::download::file(&app, "chi-dao.xlsx", XLSX, move |office, out| office.export_board(&filter, lang, FileForm::Xlsx, out)).await
}

async fn board_docx(page: Page, State(app): State<App>) -> Answer {
    let (filter, lang) = (filter_of(&page)?, office_lang(page.lang));
    crate::download::file(&app, "phu-luc-iv.docx", DOCX, move |office, out| office.export_board_register(&filter, lang, out)).await
}

async fn board_ics(page: Page, State(app): State<App>) -> Answer {
    let (filter, lang, base) = (filter_of(&page)?, office_lang(page.lang), app.site.base_url.clone());
    crate::download::file(&app, "chi-dao.ics", "text/calendar; charset=utf-8", move |office, out| {
        office.export_calendar(&filter, lang, &base, out)
    })
    .await
}

async fn directive(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let asking = who.clone();
    let (found, document, evidence) = app
        .call(move |office| {
            let found = office.directive_page(&asking, id)?;
            let evidence: Vec<RecordId> = found.evidence.iter().flat_map(|(_, items)| items).filter_map(|item| item.record).collect();
            let wanted: Vec<RecordId> = found.directive.document.into_iter().chain(found.directive.conference).collect();
            let document = office.titles(&asking, &wanted)?;
            Ok((found, document, titles_of(office, &asking, &evidence)?))
        })
        .await?;
    let directive = &found.directive;
    let day = directive.issued_day.unwrap_or_else(|| app.office.clock().today());
    let title = format!("{} {}", page.say("Mục", "Item"), directive.item);
    let page = page.titled(if directive.item.is_empty() { office::shorten(&directive.text, 60) } else { title }).at(Nav::Directives);
    let label = page.say("Kết luận, chỉ đạo", "Directives").to_owned();
    let page = page.crumb(label, "/chi-dao").described(office::shorten(&directive.text, 160));
    let texts = page.texts();
    let mut blocks = Blocks::default();
    blocks.push(Block::Quote(directive.text.clone()));
    let mut badges = Vec::new();
    match &found.row {
        Some(row) => badges.push(Badge::status(texts, row.status.code(), Some(row.days_late))),
        None => badges.push(Badge::new(Tone::Plain, Icon::Sketch, page.say("Bản nháp hoặc đã rút", "Draft or withdrawn"))),
    }
    for (clear, vi, en) in [
        (directive.clear.who, "rõ người", "who"),
        (directive.clear.what, "rõ việc", "what"),
        (directive.clear.when, "rõ thời gian", "when"),
        (directive.clear.product, "rõ sản phẩm", "product"),
    ] {
        let (tone, icon, sign) =
            if clear { (Tone::Good, Icon::Check, "") } else { (Tone::Warn, Icon::Alert, page.say("chưa ", "not clear: ")) };
        badges.push(Badge::new(tone, icon, format!("{sign}{}", page.say(vi, en))));
    }
    if directive.illustrative || found.row.as_ref().is_some_and(|row| row.illustrative_answers || row.internal_illustrative) {
        badges.push(Badge::illustrative(texts));
    }
    blocks.push(Block::Badges(badges));
    show_holding(&page, id, found.held.as_ref(), &mut blocks);
    let mut facts = Definitions { rows: Vec::new() };
    facts.add_some(
        page.say("Chủ trì", "Lead"),
        Some(names(&app.office, &directive.leads, day)).filter(|names| !names.is_empty()).or(directive.addressee_raw.clone()),
    );
    facts.add_some(page.say("Phối hợp", "With"), Some(names(&app.office, &directive.with, day)).filter(|names| !names.is_empty()));
    facts.add_some(page.say("Nhóm cơ quan", "Class"), directive.class.map(|class| names(&app.office, &[class], day)));
    facts.add_some(page.say("Cơ quan giao", "Assigner"), directive.assigner.map(|body| names(&app.office, &[body], day)));
    let shared = match directive.due_origin.as_deref() {
        Some("inferred") => page.say(" (suy ra)", " (inferred)"),
        Some("corrected") => page.say(" (cán bộ đã sửa khi soát)", " (corrected by an officer)"),
        _ => "",
    };
    facts.add_some(page.say("Hạn (nguyên văn)", "Deadline as written"), directive.due_raw.as_ref().map(|raw| format!("“{raw}”{shared}")));
    facts.add_some(
        page.say("Ngày cuối của hạn", "Last day"),
        found.row.as_ref().and_then(|row| row.last_day).or(directive.due_last).map(format::day),
    );
    facts.add_some(page.say("Hạn nội bộ", "Own deadline"), directive.internal_due.map(format::day));
    facts.add_some(page.say("Hoàn thành", "Done on"), found.row.as_ref().and_then(|row| row.done_day).map(format::day));
    facts.add_some(page.say("Ngày giao", "Issued"), directive.issued_day.map(format::day));
    for row in &document {
        let place = if row.kind == "conference" { "hoi-nghi" } else { "van-ban" };
        let name = if row.kind == "conference" { page.say("Hội nghị", "Conference") } else { page.say("Văn bản", "Document") };
        facts.add(name, Cell::link(row.title.clone(), page.href(&format!("/{place}/{}", row.id))));
    }
    blocks.push(Block::Facts(facts));
    let mut buttons = Vec::new();
    if found.edit.allowed {
        buttons.push((page.say("Sửa", "Edit").to_owned(), page.href(&format!("/chi-dao/{id}/sua"))));
    }
    if found.change_deadline.allowed && found.row.is_some() {
        buttons.push((page.say("Đổi hạn", "Change the deadline").to_owned(), page.href(&format!("/chi-dao/{id}/han"))));
    }
    if !buttons.is_empty() {
        blocks.push(Block::Buttons(buttons));
    }
    parts_table(&mut blocks, &page, &app, &found, &evidence, day, &app.office.bodies_answered_for(&who));
    if !found.deadlines.is_empty() || directive.due_last.is_some() {
        let mut events = Vec::new();
        if let Some(first) = directive.due_last {
            events.push(event(
                format::day(first),
                first.to_string(),
                page.say("Hạn ban đầu", "First deadline").to_owned(),
                directive.due_raw.clone().unwrap_or_default(),
            ));
        }
        for change in &found.deadlines {
            let (Some(new), papers) = (change.change.new_last, &change.change.document_number) else { continue };
            let whose = change.change.body.map(|body| format!(" – {}", names(&app.office, &[body], day))).unwrap_or_default();
            let words =
                format!("{} {papers}. {}", page.say("Văn bản cho phép:", "Allowed by:"), change.change.reason.clone().unwrap_or_default());
            events.push(event(format::day(new), new.to_string(), format!("{}{whose}", page.say("Hạn mới", "New deadline")), words));
        }
        blocks.push(Block::Heading(page.say("Lịch sử hạn", "History of the deadline").to_owned()));
        blocks.push(Block::Timeline(Timeline { events }));
    }
    blocks.push(Block::Links(vec![(page.say("Bản ghi, lịch sử", "Record, history").to_owned(), page.href(&format!("/r/{id}")))]));
    let source = document.iter().find(|row| row.kind == "document").map(|row| row.title.clone()).unwrap_or_default();
    let cited = format!("{} {}, {source}", page.say("Mục", "Item"), directive.item);
    let address = page.absolute(&format!("/chi-dao/{id}"));
    blocks.push(Block::Citation(Citation { id: "trich-dan".to_owned(), text: cited, address, texts }));
    show(page, blocks)
}

fn event(when: String, machine_when: String, title: String, text: String) -> Event {
    Event { when, machine_when, title, href: None, text, by: String::new(), badges: Vec::new() }
}

fn parts_table(
    blocks: &mut Blocks,
    page: &Page,
    app: &App,
    found: &office::DirectivePage,
    evidence: &Titles,
    day: Date,
    mine: &[RecordId],
) {
    let id = found.id;
    let columns = vec![
        Column::new(page.say("Cơ quan", "Body")),
        Column::new(page.say("Trạng thái", "Status")),
        Column::new(page.say("Báo cáo", "Answer")),
        Column::new(page.say("Ý kiến của cơ quan giao", "Verdict")),
        Column::new(page.say("Thao tác", "Actions")),
    ];
    let mut table =
        Table::new(page.texts(), page.say("Báo cáo theo cơ quan", "Answers by body"), columns).with_total(found.parts.len() as u64);
    for part in &found.parts {
        let mut answer = Vec::new();
        match part.answer_state.as_deref() {
            Some(state) => {
                let words = app
                    .office
                    .catalogue()
                    .list("answer-states")
                    .and_then(|list| list.label(state))
                    .map_or(state, |label| said(label, page.lang));
                answer.push(Cell::text(words));
                if let Some(percent) = part.percent.filter(|_| state == "doing") {
                    answer.push(Cell::text(format!("{percent} %")));
                }
                if let Some(done) = part.done_day {
                    answer.push(Cell::text(format::day(done)));
                }
                if let Some(record) = part.answer {
                    for item in found.evidence.iter().filter(|(of, _)| *of == record).flat_map(|(_, items)| items).take(3) {
                        answer.push(evidence_cell(page, item, evidence));
                    }
                    let words = format!("{} ({})", page.say("Xem báo cáo, minh chứng", "See answer and evidence"), part.evidence);
                    answer.push(Cell::link(words, page.href(&format!("/r/{record}"))));
                }
            }
            None => answer.push(Cell::text(page.say("chưa báo cáo", "no answer yet"))),
        }
        if part.illustrative {
            answer.push(Cell::from(Badge::illustrative(page.texts())));
        }
        let verdict = match part.verdict.as_deref() {
            Some("accepted") => Cell::from(Badge::new(Tone::Good, Icon::Check, page.say("Đã chấp nhận", "Accepted"))),
            Some(_) => Cell::Lines(vec![
                Cell::from(Badge::new(Tone::Warn, Icon::Back, page.say("Trả lại", "Returned"))),
                Cell::text(part.verdict_remark.clone().unwrap_or_default()),
            ]),
            None if part.answer_state.as_deref() == Some("done") => Cell::text(page.say("chờ xác minh", "awaiting verification")),
            None => Cell::Empty,
        };
        let mut actions = Vec::new();
        if mine.contains(&part.body) {
            actions.push(Cell::link(page.say("Báo cáo", "Answer"), page.href(&format!("/chi-dao/{id}/bao-cao/{}", part.body))));
        }
        if let (true, Some(record)) = (found.verify.allowed, part.answer) {
            actions.push(Cell::link(page.say("Xác minh", "Verify"), page.href(&format!("/chi-dao/{id}/xac-minh/{record}"))));
        }
        if found.change_deadline.allowed && found.row.is_some() && part.verdict.as_deref() != Some("accepted") {
            let whom = names(&app.office, &[part.body], day);
            let action = page.href(&format!("/chi-dao/{id}/don-doc/{}", part.body));
            actions.push(crate::blocks::button_form(&action, page.say("Đôn đốc", "Remind"), &whom));
        }
        let actions = if actions.is_empty() { Cell::Empty } else { Cell::Lines(actions) };
        let status = Cell::from(Badge::status(page.texts(), part.status.code(), Some(part.days_late)));
        table.row(vec![Cell::text(names(&app.office, &[part.body], day)), status, Cell::Lines(answer), verdict, actions]);
    }
    blocks.push(Block::Table(table));
}

/// A piece of evidence: its words, linked to where it can be seen.
pub(crate) fn evidence_cell(page: &Page, item: &office::Evidence, titles: &Titles) -> Cell {
    let parts =
        [item.number.clone(), item.day.as_deref().map(|day| format::partial(day, page.lang)), item.note.clone(), item.source.clone()];
    let words = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    match (&item.url, item.record) {
        (Some(url), _) => Cell::link(if words.is_empty() { url.clone() } else { words }, url.clone()),
        (None, Some(record)) => {
            let (kind, title) = titles.get(&record).map_or(("", ""), |titled| (titled.kind.as_str(), titled.title.as_str()));
            let words = match (words.is_empty(), title.is_empty()) {
                (false, _) => words,
                (true, false) => title.to_owned(),
                (true, true) => page.say("bản ghi", "record").to_owned(),
            };
            Cell::link(words, page.href(&place_of(kind, record)))
        }
        (None, None) => Cell::text(words),
    }
}

async fn conferences(page: Page, State(app): State<App>) -> Answer {
    let found = app.call(|office| office.board().conferences()).await?;
    let title = page.say("Hội nghị", "Conferences").to_owned();
    let page = page.titled(title).at(Nav::Directives);
    let columns =
        vec![Column::new(page.say("Hội nghị", "Conference")), Column::new(page.say("Lần", "No.")), Column::new(page.say("Ngày", "Date"))];
    let mut table = Table::new(page.texts(), page.say("Hội nghị", "Conferences"), columns).with_total(found.len() as u64);
    for row in found {
        let day = row.day.as_deref().map(|day| format::partial(day, page.lang)).unwrap_or_default();
        table.row(vec![
            Cell::link(row.title, page.href(&format!("/hoi-nghi/{}", row.id))),
            Cell::text(row.ordinal.unwrap_or_default()),
            Cell::text(day),
        ]);
    }
    let mut blocks = Blocks::default();
    blocks.push(Block::Table(table));
    show(page, blocks)
}

async fn conference(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, place: ListPlace) -> Answer {
    let id = record_id(&id)?;
    let (view, related, found) = app
        .call(move |office| {
            let view = office.view(&who, id)?;
            if view.kind != "conference" {
                return Err(OfficeError::NotFound(id.to_string()));
            }
            let filter = office::RegisterFilter { refers_to: Some(id), order: office::Order::Latest, ..office::RegisterFilter::default() };
            let related: Vec<_> = office
                .register_page(&who, &filter, None, 100)?
                .rows
                .into_iter()
                .filter(|row| row.kind != "directive" && row.kind != "answer")
                .collect();
            let board = BoardFilter { conference: Some(id), ..BoardFilter::default() };
            let found = office.board().page(&board, office.clock().today(), place.after.as_deref(), place.limit)?;
            Ok((view, related, found))
        })
        .await?;
    let data = view.data.ok_or_else(|| Failure::not_found(id.to_string()))?;
    let text = |field: &str| data.get(field).and_then(serde_json::Value::as_str).map(str::to_owned);
    let title = text("title").unwrap_or_default();
    let label = page.say("Hội nghị", "Conferences").to_owned();
    let page = page.titled(title).at(Nav::Directives).crumb(label, "/hoi-nghi");
    let mut blocks = Blocks::default();
    show_holding(&page, view.id, view.held.as_ref(), &mut blocks);
    if let Some(summary) = text("summary") {
        blocks.push(Block::Lead(summary));
    }
    let today = app.office.clock().today();
    let mut facts = Definitions { rows: Vec::new() };
    facts.add_some(page.say("Ngày họp", "Date"), text("day").map(|day| format::partial(&day, page.lang)));
    facts.add_some(page.say("Nơi họp", "Place"), text("place"));
    facts.add_some(
        page.say("Đăng cai", "Host"),
        text("host").and_then(|host| RecordId::parse(&host).ok()).map(|host| app.office.directory().short_name(host, today)),
    );
    let chairs: Vec<String> = data
        .get("chairs")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
        .map(|chair| {
            let part = |field: &str| chair.get(field).and_then(serde_json::Value::as_str).unwrap_or_default();
            format!("{}, {}", part("name"), part("position"))
        })
        .collect();
    facts.add_some(page.say("Chủ trì", "Chairs"), Some(chairs.join("; ")).filter(|chairs| !chairs.is_empty()));
    facts.add_some(page.say("Thành phần", "Attendees"), text("attendees"));
    facts.add_some(page.say("Nguồn", "Source"), text("source"));
    if let Some(previous) = text("previous") {
        facts.add(
            page.say("Lần trước", "Previous"),
            Cell::link(page.say("Xem hội nghị trước", "See the previous one"), page.href(&format!("/hoi-nghi/{previous}"))),
        );
    }
    blocks.push(Block::Facts(facts));
    if found.total > 0 {
        summary(&mut blocks, &page, &found, &id.to_string());
        let shown = found.rows.len();
        let list = table(&app.office, &page, &found.rows, found.total);
        blocks.push(Block::Table(list));
        blocks.push(Block::Pager(Pager::new(&page, shown, found.total, found.next.as_deref())));
    } else {
        blocks.push(Block::Muted(
            page.say(
                "Hội nghị này chưa có nội dung chỉ đạo được giao trên hệ thống.",
                "No directives of this conference have been issued here.",
            )
            .to_owned(),
        ));
    }
    if !related.is_empty() {
        blocks.push(Block::Heading(page.say("Liên quan", "Related").to_owned()));
        blocks.push(Block::Links(
            related.iter().map(|row| (row.title.clone(), page.href(&crate::records::place_of(&row.kind, row.id)))).collect(),
        ));
    }
    show(page, blocks)
}
