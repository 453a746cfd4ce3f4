//! "Việc của tôi": answering, verifying, changing deadlines, and the leader's page.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use office::{AnswerForm, DeadlineForm, DeskRow, Evidence, Identity, RecordId};

use crate::blocks::{Block, Blocks, Form, FormPart, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::page::{Nav, Page};
use crate::parts::{
    Badge, Cell, Choice, Column, Definitions, EmptyState, Field, FieldGroup, FieldKind, FormErrors, FourCells, Notice, Table,
};
use crate::records::titles_in;
use crate::returned::{IN_DESK, inbox_blocks};
use crate::service::{App, Who, parameter_id, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/viec", get(desk))
        .route("/lanh-dao", get(leader))
        .route("/chi-dao/{id}/bao-cao/{body}", get(answer).post(send_answer))
        .route("/chi-dao/{id}/xac-minh/{answer}", get(verify).post(judge))
        .route("/chi-dao/{id}/don-doc/{body}", post(remind))
        .route("/chi-dao/{id}/han", get(deadline).post(change_deadline))
}

async fn desk(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let asking = who.clone();
    let (desk, notices, left, returned) = app
        .call(move |office| {
            let returned = office.returned_to(&asking, None, IN_DESK)?;
            Ok((office.desk(&asking)?, office.notices(&asking)?, office.all_unfinished(&asking)?, returned))
        })
        .await?;
    let asking = who.clone();
    let (forms, waiting, saved) = app
        .call(move |office| Ok((office.forms_to_decide(&asking)?, office.waits_to_be_sent(&asking)?, office.saved_searches(&asking)?)))
        .await?;
    let title = page.say("Việc của tôi", "My work").to_owned();
    let page = page.titled(title).at(Nav::Work);
    let mut blocks = Blocks::default();
    for (_, notice) in notices.iter().take(5) {
        blocks.push(Block::Notice(Notice::warning(format!("{} – {}", notice.text, notice.from))));
    }
    if forms > 0 {
        blocks.push(Block::Notice(Notice::info(crate::form_versions::waiting_words(&page, forms))));
        let words = page.say("Xem các mẫu mới", "See the new forms").to_owned();
        blocks.push(Block::Buttons(vec![(words, page.href("/quan-tri/bieu-mau"))]));
    }
    if waiting > 0 {
        crate::sending::waiting_blocks(&page, waiting).into_iter().for_each(|block| blocks.push(block));
    }
    if !left.is_empty() {
        blocks.push(Block::Table(drafts_table(&page, &app, &left)));
    }
    let heaps = [
        (page.say("Quá hạn", "Overdue"), &desk.overdue, true),
        (page.say("Hai tuần tới", "Next two weeks"), &desk.soon, true),
        (page.say("Bị trả lại", "Returned"), &desk.returned, true),
        (page.say("Chờ tôi xác minh", "Waiting for my verdict"), &desk.to_judge, false),
        (page.say("Đang làm, còn hạn hoặc không nêu hạn", "Open"), &desk.open, true),
        (page.say("Chờ cơ quan giao xác minh", "Waiting for the assigner"), &desk.waiting, true),
    ];
    let mut anything = !left.is_empty() || !returned.rows.is_empty() || forms > 0 || waiting > 0;
    inbox_blocks(&page, &app, &returned, &mut blocks);
    for (title, rows, mine) in heaps {
        if rows.is_empty() {
            continue;
        }
        anything = true;
        let table = desk_table(&page, &app, title, rows, mine);
        blocks.push(Block::Table(table));
    }
    crate::saved_search::show_saved(&page, &app.office, &saved, &mut blocks);
    anything |= !saved.is_empty();
    if !anything {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Không có việc nào chờ", "Nothing is waiting"),
            page.say("Việc mới được giao sẽ hiện ở đây.", "New tasks appear here."),
        )));
    }
    let mut buttons = vec![
        (page.say("Bảng chỉ đạo", "Board").to_owned(), page.href("/chi-dao")),
        (page.say("Hội đồng", "Councils").to_owned(), page.href("/hoi-dong")),
    ];
    if !who.bodies().is_empty() {
        buttons.push((page.say("Hợp đồng và kinh phí", "Contracts and money").to_owned(), page.href("/hop-dong")));
    }
    if who.is_officer() {
        let words = page.say("Kiểm tra trùng lặp cả đợt", "Overlap check of a whole call").to_owned();
        buttons.push((words, page.href(crate::overlap_call::PLACE)));
    }
    buttons.push((page.say("Phiếu đề xuất", "Proposals").to_owned(), page.href(&crate::records::list_of("proposal"))));
    buttons.push((page.say("Mọi loại bản ghi", "All kinds of record").to_owned(), page.href("/bieu-mau")));
    buttons.push((page.say("Lịch nhắc hạn (iCal)", "Calendar (iCal)").to_owned(), page.href("/tai-khoan")));
    blocks.push(Block::Buttons(buttons));
    show(page, blocks)
}

/// Forms that were begun and not saved.
fn drafts_table(page: &Page, app: &App, left: &[office::UnfinishedForm]) -> Table {
    let columns = vec![
        Column::new(page.say("Bản nháp", "Draft")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Giữ lúc", "Kept on")),
    ];
    let caption = page.say("Biểu mẫu nhập dở", "Forms begun and not saved");
    let mut table = Table::new(page.texts(), caption, columns).with_total(left.len() as u64);
    for form in left {
        let kind = app.office.catalogue().kind(&form.kind);
        let title = kind.and_then(|kind| form.inputs.iter().find(|(name, _)| *name == kind.title_field)).map(|(_, text)| text.trim());
        let title = title.filter(|title| !title.is_empty()).unwrap_or(page.say("(chưa có tên)", "(no title yet)"));
        let place = match form.record {
            Some(record) => format!("/r/{record}/sua?nhap=1"),
            None => format!("/bieu-mau/{}/moi?nhap=1", form.kind),
        };
        table.row(vec![
            Cell::link(office::shorten(title, 120), page.href(&place)),
            Cell::text(kind.map(|kind| said(&kind.label, page.lang)).unwrap_or_default()),
            Cell::text(format::instant(form.at)),
        ]);
    }
    table
}

fn desk_table(page: &Page, app: &App, title: &str, rows: &[DeskRow], mine: bool) -> Table {
    let columns = vec![
        Column::new(page.say("Mục", "Item")),
        Column::new(page.say("Nội dung", "Content")),
        Column::new(page.say("Cơ quan", "Body")),
        Column::new(page.say("Hạn", "Due")),
        Column::new(page.say("Thao tác", "Action")),
    ];
    let today = app.office.clock().today();
    let mut table = Table::new(page.texts(), title, columns).with_total(rows.len() as u64);
    for row in rows {
        let id = row.directive.id;
        let action = if mine {
            Cell::link(page.say("Báo cáo", "Answer"), page.href(&format!("/chi-dao/{id}/bao-cao/{}", row.part.body)))
        } else {
            match row.part.answer {
                Some(answer) => Cell::link(page.say("Xác minh", "Verify"), page.href(&format!("/chi-dao/{id}/xac-minh/{answer}"))),
                None => Cell::Empty,
            }
        };
        let mut due = vec![Cell::text(row.due.map(format::day).unwrap_or_default())];
        if row.part.illustrative || row.directive.internal_illustrative {
            due.push(Cell::from(Badge::illustrative(page.texts())));
        }
        table.row(vec![
            Cell::text(row.directive.item.clone()),
            Cell::link(office::shorten(&row.directive.text, 120), page.href(&format!("/chi-dao/{id}"))),
            Cell::text(app.office.directory().short_name(row.part.body, today)),
            Cell::Lines(due),
            action,
        ]);
    }
    table
}

async fn answer(page: Page, Who(who): Who, State(app): State<App>, Path((id, body)): Path<(String, String)>) -> Answer {
    let (id, body) = (record_id(&id)?, record_id(&body)?);
    let found = app.call(move |office| office.answer_page(&who, id, body)).await?;
    if !found.may_answer.allowed {
        return Err(Failure::denied(crate::lang::Label::new(found.may_answer.why.vi, found.may_answer.why.en)));
    }
    let mut values = FormPairs::default();
    let mut put = |name: &str, value: String| values.0.push((name.to_owned(), value));
    match &found.answer {
        Some((_, _, answer)) => {
            put("answer_state", answer.answer_state.clone());
            put("percent", answer.percent.map(|percent| percent.to_string()).unwrap_or_default());
            put("done_day", answer.done_day.map(format::day).unwrap_or_default());
            put("text", answer.text.clone());
            put("difficulties", answer.difficulties.clone().unwrap_or_default());
            for (row, item) in answer.evidence.iter().enumerate() {
                put(&format!("evidence.{row}.evidence_kind"), item.evidence_kind.clone());
                put(&format!("evidence.{row}.number"), item.number.clone().unwrap_or_default());
                put(&format!("evidence.{row}.day"), item.day.as_deref().map(|day| format::partial(day, page.lang)).unwrap_or_default());
                put(&format!("evidence.{row}.url"), item.url.clone().unwrap_or_default());
                put(&format!("evidence.{row}.record"), item.record.map(|id| id.to_string()).unwrap_or_default());
                put(&format!("evidence.{row}.note"), item.note.clone().unwrap_or_default());
            }
        }
        None => {
            put("answer_state", "done".to_owned());
            put("evidence.0.evidence_kind", "document".to_owned());
        }
    }
    answer_form(page, &app, &found.directive_data, id, body, &values, FormErrors::none(crate::lang::Lang::Vi.texts()))
}

fn answer_form(
    page: Page,
    app: &App,
    directive: &office::Directive,
    id: RecordId,
    body: RecordId,
    values: &FormPairs,
    errors: FormErrors,
) -> Answer {
    let today = app.office.clock().today();
    let title = format!("{} – {}", page.say("Báo cáo", "Answer"), app.office.directory().short_name(body, today));
    let label = format!("{} {}", page.say("Mục", "Item"), directive.item);
    let page = page.titled(title).at(Nav::Work).crumb(label, &format!("/chi-dao/{id}"));
    let texts = page.texts();
    let choices = |list: &str| -> Vec<Choice> {
        let codes = app.office.catalogue().list(list).map(|list| list.codes.as_slice()).unwrap_or_default();
        codes.iter().map(|code| Choice::new(code.code.clone(), said(&code.label, page.lang))).collect()
    };
    let one = |field: Field| field.value_from(values).error_from(&errors);
    let mut rows = Vec::new();
    for row in 0..values.rows("evidence").max(1) {
        let name = |field: &str| format!("evidence.{row}.{field}");
        rows.push(vec![
            one(Field::select(texts, name("evidence_kind"), page.say("Loại minh chứng", "Kind of evidence"), choices("evidence-kinds"))),
            one(Field::text(texts, name("number"), page.say("Số văn bản", "Document number"))),
            one(Field::day(texts, name("day"), page.say("Ngày văn bản", "Date"))),
            one(Field::text(texts, name("url"), page.say("Liên kết (https://…)", "Link (https://…)"))),
            one(Field::text(
                texts,
                name("record"),
                page.say("Bản ghi trên hệ thống (địa chỉ trang hoặc mã)", "Record here (its page address or id)"),
            )),
            one(Field::text(texts, name("note"), page.say("Ghi chú", "Note"))),
        ]);
    }
    let mut form = Form::post(page.href(&format!("/chi-dao/{id}/bao-cao/{body}")))
        .field(
            one(Field::new(texts, FieldKind::Radios(choices("answer-states")), "answer_state", page.say("Kết quả", "Result")).required()),
        )
        .field(one(Field::day(texts, "done_day", page.say("Ngày hoàn thành", "Day of completion"))))
        .field(one(Field::new(texts, FieldKind::Number, "percent", page.say("Tiến độ (%)", "Progress (%)"))))
        .field(one(Field::long_text(texts, "text", page.say("Nội dung báo cáo", "Report"), 5)))
        .field(one(Field::long_text(texts, "difficulties", page.say("Khó khăn, vướng mắc", "Difficulties"), 3)
            .hint(page.say("Bộ xem được; công chúng không xem.", "Seen by the Ministry, not by the public."))));
    form.parts.push(FormPart::Group(FieldGroup {
        name: "evidence".to_owned(),
        label: page.say("Minh chứng", "Evidence").to_owned(),
        hint: page.say("Cần ít nhất một minh chứng để được tính là hoàn thành.", "At least one is needed for “done”.").to_owned(),
        rows,
        may_add: true,
        may_remove: true,
        texts,
    }));
    let faulty = !errors.is_empty();
    form.errors = Some(errors);
    let form = form.button(page.say("Gửi báo cáo", "Send the answer"));
    let mut blocks = Blocks::default();
    blocks.push(Block::Quote(directive.text.clone()));
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn send_answer(
    page: Page,
    Who(who): Who,
    State(app): State<App>,
    Path((id, body)): Path<(String, String)>,
    mut pairs: FormPairs,
) -> Answer {
    let (id, body) = (record_id(&id)?, record_id(&body)?);
    let again = pairs.press_row_button();
    let asking = who.clone();
    let found = app.call(move |office| office.answer_page(&asking, id, body)).await?;
    let mut errors = FormErrors::none(page.texts());
    if again {
        return answer_form(page, &app, &found.directive_data, id, body, &pairs, errors);
    }
    let form = read_answer(&page, &pairs, &mut errors);
    if !errors.is_empty() {
        return answer_form(page, &app, &found.directive_data, id, body, &pairs, errors);
    }
    let saved = app.save(move |office| office.answer(&who, id, body, form)).await;
    match saved {
        Ok(_) => page.go(&format!("/chi-dao/{id}")),
        Err(failure) if failure.code == "invalid" => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            answer_form(page, &app, &found.directive_data, id, body, &pairs, errors)
        }
        Err(failure) => Err(failure),
    }
}

fn read_answer(page: &Page, pairs: &FormPairs, errors: &mut FormErrors) -> AnswerForm {
    let text = |name: &str| pairs.get(name).map(str::to_owned);
    let mut day_of = |name: &str| -> Option<String> {
        match viet::PartialDate::parse(pairs.get(name)?) {
            Ok(date) => Some(date.to_iso()),
            Err(error) => {
                errors.add(name, if page.lang == crate::lang::Lang::Vi { error.message_vi() } else { error.message_en() });
                None
            }
        }
    };
    let done = day_of("done_day");
    let mut evidence = Vec::new();
    for row in 0..pairs.rows("evidence") {
        let name = |field: &str| format!("evidence.{row}.{field}");
        let item = Evidence {
            evidence_kind: text(&name("evidence_kind")).unwrap_or_default(),
            number: text(&name("number")),
            day: day_of(&name("day")),
            url: text(&name("url")),
            record: text(&name("record")).and_then(|text| office::record_named_in(&text)),
            note: text(&name("note")),
            source: None,
        };
        // A row of which only the kind is chosen is no evidence.
        if item.number.is_some() || item.url.is_some() || item.record.is_some() || item.note.is_some() {
            evidence.push(item);
        }
    }
    let percent = match pairs.get("percent").map(viet::parse_number) {
        None => None,
        Some(Ok(number)) => number.to_integer(),
        Some(Err(error)) => {
            errors.add("percent", if page.lang == crate::lang::Lang::Vi { error.message_vi() } else { error.message_en() });
            None
        }
    };
    let done_day = done.and_then(|day| match day.parse() {
        Ok(day) => Some(day),
        Err(_) => {
            errors.add(
                "done_day",
                page.say(
                    "Ngày hoàn thành: cần một ngày cụ thể, ví dụ 26/11/2019.",
                    "Day of completion: a day is needed, for example 26/11/2019.",
                ),
            );
            None
        }
    });
    AnswerForm {
        answer_state: text("answer_state").unwrap_or_default(),
        percent,
        done_day,
        text: text("text").unwrap_or_default(),
        difficulties: text("difficulties").unwrap_or_default(),
        evidence,
        illustrative: false,
    }
}

async fn verify(page: Page, Who(who): Who, State(app): State<App>, Path((id, answer)): Path<(String, String)>) -> Answer {
    show_verify(page, who, &app, &id, &answer, FormErrors::none(crate::lang::Lang::Vi.texts())).await
}

async fn show_verify(page: Page, who: Identity, app: &App, id: &str, answer: &str, errors: FormErrors) -> Answer {
    let (id, answer) = (record_id(id)?, record_id(answer)?);
    let (found, parts, titles) = app
        .call(move |office| {
            let found = office.directive_page(&who, id)?;
            found.verify.clone().require()?;
            let view = office.view(&who, answer)?;
            let titles = titles_in(office, &who, view.data.as_ref())?;
            Ok((found, view, titles))
        })
        .await?;
    let Some(part) = found.parts.iter().find(|part| part.answer == Some(answer)).cloned() else {
        return Err(Failure::not_found(answer.to_string()));
    };
    let today = app.office.clock().today();
    let title = format!("{} – {}", page.say("Xác minh báo cáo", "Verify the answer"), app.office.directory().short_name(part.body, today));
    let label = format!("{} {}", page.say("Mục", "Item"), found.directive.item);
    let page = page.titled(title).at(Nav::Work).crumb(label, &format!("/chi-dao/{id}"));
    let texts = page.texts();
    let data = parts.data.unwrap_or_default();
    let content: office::Answer = match serde_json::from_value(data) {
        Ok(content) => content,
        Err(_) if parts.held.is_some() => return Err(Failure::not_found(answer.to_string())),
        Err(error) => return Err(Failure::internal(error.to_string())),
    };
    let mut blocks = Blocks::default();
    blocks.push(Block::Quote(found.directive.text.clone()));
    let mut facts = Definitions { rows: Vec::new() };
    let state = app
        .office
        .catalogue()
        .list("answer-states")
        .and_then(|list| list.label(&content.answer_state))
        .map(|label| said(label, page.lang).to_owned());
    facts.add_some(page.say("Kết quả", "Result"), state);
    facts.add_some(page.say("Ngày hoàn thành", "Day of completion"), content.done_day.map(format::day));
    facts.add_some(page.say("Nội dung", "Report"), Some(content.text.clone()).filter(|text| !text.is_empty()));
    for item in &content.evidence {
        let cell = crate::board::evidence_cell(&page, item, &titles);
        facts.add(page.say("Minh chứng", "Evidence"), cell);
    }
    blocks.push(Block::Facts(facts));
    let faulty = !errors.is_empty();
    let mut form = Form::post(page.href(&format!("/chi-dao/{id}/xac-minh/{answer}")))
        .field(Field::hidden(texts, "version", part.answer_version.to_string()))
        .field(
            Field::long_text(texts, "remark", page.say("Nhận xét", "Remark"), 3)
                .hint(page.say("Bắt buộc khi trả lại.", "Required when returning."))
                .error_from(&errors),
        )
        .button_with("verdict", "accepted", page.say("Chấp nhận hoàn thành", "Accept as done"))
        .button_with("verdict", "returned", page.say("Trả lại", "Return"));
    form.class = "card";
    form.errors = Some(errors);
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn judge(page: Page, Who(who): Who, State(app): State<App>, Path((id, answer)): Path<(String, String)>, pairs: FormPairs) -> Answer {
    let directive = record_id(&id)?;
    let record = record_id(&answer)?;
    let version = pairs.get("version").and_then(|version| version.parse().ok()).unwrap_or(0);
    let (verdict, remark) = (pairs.get("verdict").unwrap_or("").to_owned(), pairs.get("remark").unwrap_or("").to_owned());
    let asking = who.clone();
    let saved = app.save(move |office| office.judge(&asking, record, version, &verdict, &remark)).await;
    match saved {
        Ok(_) => page.go(&format!("/chi-dao/{directive}")),
        Err(failure) if failure.code == "invalid" => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            show_verify(page, who, &app, &id, &answer, errors).await
        }
        Err(failure) => Err(failure),
    }
}

async fn remind(page: Page, Who(who): Who, State(app): State<App>, Path((id, body)): Path<(String, String)>) -> Answer {
    let (id, body) = (record_id(&id)?, record_id(&body)?);
    app.call(move |office| office.remind(&who, id, body)).await?;
    page.go(&format!("/chi-dao/{id}"))
}

async fn deadline(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let found = app.call(move |office| office.directive_page(&who, id)).await?;
    found.change_deadline.clone().require().map_err(Failure::from)?;
    deadline_form(page, &app, &found, &FormPairs::default(), FormErrors::none(crate::lang::Lang::Vi.texts()))
}

fn deadline_form(page: Page, app: &App, found: &office::DirectivePage, values: &FormPairs, errors: FormErrors) -> Answer {
    let id = found.id;
    let title = page.say("Đổi hạn", "Change the deadline").to_owned();
    let label = format!("{} {}", page.say("Mục", "Item"), found.directive.item);
    let page = page.titled(title).crumb(label, &format!("/chi-dao/{id}"));
    let texts = page.texts();
    let today = app.office.clock().today();
    let mut bodies = vec![Choice::new("", page.say("Mọi cơ quan", "All bodies"))];
    bodies.extend(
        found.directive.issued_to.iter().map(|body| Choice::new(body.to_string(), app.office.directory().short_name(*body, today))),
    );
    let one = |field: Field| field.value_from(values).error_from(&errors);
    let mut form = Form::post(page.href(&format!("/chi-dao/{id}/han")))
        .field(one(Field::day(texts, "new_due", page.say("Hạn mới", "New deadline")).required()))
        .field(one(Field::new(
            texts,
            FieldKind::Tick,
            "strict",
            page.say("“Trước” ngày này (ngày nêu đã là quá hạn)", "“Before” this day (the day itself is too late)"),
        )))
        .field(one(Field::select(texts, "body", page.say("Áp dụng cho", "Applies to"), bodies)))
        .field(one(
            Field::text(texts, "document_number", page.say("Số văn bản cho phép", "Number of the document that allows it")).required()
        ))
        .field(one(Field::day(texts, "document_day", page.say("Ngày văn bản", "Date of the document"))))
        .field(one(Field::text(texts, "document_url", page.say("Địa chỉ văn bản", "Address of the document"))))
        .field(one(Field::long_text(texts, "reason", page.say("Lý do", "Reason"), 3)))
        .button(page.say("Ghi hạn mới", "Record the new deadline"));
    let faulty = !errors.is_empty();
    form.errors = Some(errors);
    let mut blocks = Blocks::default();
    blocks.push(Block::Quote(found.directive.text.clone()));
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn change_deadline(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let text = |name: &str| pairs.get(name).unwrap_or("").to_owned();
    let form = DeadlineForm {
        body: parameter_id("body", pairs.get("body"))?,
        new_due: text("new_due"),
        strict: pairs.get("strict").is_some(),
        document_number: text("document_number"),
        document_day: text("document_day"),
        document_url: text("document_url"),
        reason: text("reason"),
    };
    let asking = who.clone();
    let saved = app.save(move |office| office.change_deadline(&asking, id, form)).await;
    match saved {
        Ok(_) => page.go(&format!("/chi-dao/{id}")),
        Err(failure) if failure.code == "invalid" => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            let found = app.call(move |office| office.directive_page(&who, id)).await?;
            deadline_form(page, &app, &found, &pairs, errors)
        }
        Err(failure) => Err(failure),
    }
}

async fn leader(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let (found, red, desk, heaps) = app
        .call(move |office| {
            office::decide(&who, office::Action::LeadersPage, &office::Subject::node()).require()?;
            let today = office.clock().today();
            let found = office.board().page(&office::BoardFilter::default(), today, None, 1)?;
            Ok((found, office.board().overdue_by_body(today)?, office.desk(&who)?, office.waiting_for(&who)?))
        })
        .await?;
    let title = page.say("Lãnh đạo", "Leader").to_owned();
    let page = page.titled(title).at(Nav::Leader);
    let counts = &found.counts;
    let mut blocks = Blocks::default();
    blocks.push(Block::Bar(FourCells::new(
        page.texts(),
        "chi-dao",
        page.say("Chỉ đạo có hạn", "Dated directives"),
        counts.done_on_time,
        counts.done_late,
        counts.within_term,
        counts.overdue,
    )));
    let columns = vec![
        Column::new(page.say("Cơ quan", "Body")),
        Column::numeric(page.say("Việc quá hạn", "Overdue")),
        Column::numeric(page.say("Quá nhất (ngày)", "Longest (days)")),
    ];
    let mut table =
        Table::new(page.texts(), page.say("Danh sách đỏ", "Red list"), columns).with_total(red.len() as u64).when_empty(EmptyState::new(
            page.say("Không cơ quan nào quá hạn", "No body is overdue"),
            page.say("Mọi việc có hạn đã xong hoặc còn hạn.", "Every dated task is done or within its term."),
        ));
    let today = app.office.clock().today();
    for row in &red {
        let href = page.href(&format!("/chi-dao?conference=all&status=overdue&body={}", row.body));
        table.row(vec![
            Cell::link(app.office.directory().short_name(row.body, today), href),
            Cell::number(i64::try_from(row.overdue).unwrap_or(0), page.lang),
            Cell::number(row.longest, page.lang),
        ]);
    }
    blocks.push(Block::Table(table));
    let to_approve: u64 = heaps.iter().map(|heap| heap.total).sum();
    blocks.push(Block::Buttons(vec![(
        format!("{} ({to_approve})", page.say("Hồ sơ chờ duyệt", "Waiting for approval")),
        page.href("/duyet"),
    )]));
    let waiting = desk_table(&page, &app, page.say("Chờ xác minh", "Waiting for a verdict"), &desk.to_judge, false);
    blocks.push(Block::Table(waiting));
    show(page, blocks)
}
