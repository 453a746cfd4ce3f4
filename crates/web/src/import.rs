//! A conclusion comes in: upload, split screen, corrections, issue.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use office::{Draft, Identity, LeafHash, ReadingForm, RecordId};
use serde_json::{Value, json};

use crate::blocks::{Block, Blocks, Form, FormPart, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::{FormPairs, Upload};
use crate::page::{Nav, Page};
use crate::parts::{
    Badge, Cell, Choice, Column, Field, FieldGroup, FieldKind, FormErrors, Icon, Notice, SourceText, Span, Tab, Table, Tabs, Tone,
};
use crate::service::{App, Who, parameter_id, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/van-ban/nhap", get(upload_page).post(upload))
        .route("/van-ban/{id}/soat", get(review))
        .route("/van-ban/{id}/giao", post(issue))
        .route("/van-ban/{id}/doc", post(reading))
        .route("/van-ban/{id}/bo", post(discard))
        .route("/chi-dao/{id}/sua", get(edit).post(save))
}

/// What can be imported, as tabs.
pub(crate) fn ways_in(page: &Page) -> Tabs {
    let tab = |label: &str, path: &str| Tab { label: label.to_owned(), href: page.href(path), current: page.path == path, count: None };
    let tabs = vec![
        tab(page.say("Bảng Excel, CSV", "Excel or CSV table"), "/nhap-excel"),
        tab(page.say("Thông báo kết luận", "Conclusion"), "/van-ban/nhap"),
    ];
    Tabs { label: page.say("Nhập gì", "What to import").to_owned(), tabs }
}

async fn upload_page(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    upload_form(page, &who, &app, FormErrors::none(crate::lang::Lang::Vi.texts()), &FormPairs::default())
}

fn upload_form(page: Page, who: &Identity, app: &App, errors: FormErrors, values: &FormPairs) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let title = page.say("Nhập kết luận", "Import a conclusion").to_owned();
    let page = page.titled(title).at(Nav::Import);
    let texts = page.texts();
    let today = app.office.clock().today();
    let own: Vec<Choice> =
        who.acting_bodies().into_iter().map(|body| Choice::new(body.to_string(), app.office.directory().short_name(body, today))).collect();
    if own.is_empty() {
        let decision = office::decide(who, office::Action::Edit, &office::Subject::node());
        return Err(Failure::denied(crate::lang::Label::new(decision.why.vi, decision.why.en)));
    }
    let mut conferences = vec![Choice::new("", page.say("Không gắn hội nghị", "No conference"))];
    for conference in app.office.board().conferences().unwrap_or_default() {
        conferences.push(Choice::new(conference.id.to_string(), conference.title));
    }
    let assigners = crate::board::body_choices(&app.office, page.say("Cơ quan của tôi", "My own body"));
    let one = |field: Field| field.value_from(values).error_from(&errors);
    let assigner = values.get("assigner").map_or_else(|| app.office.body().to_string(), str::to_owned);
    let mut form = Form::post(page.href("/van-ban/nhap"))
        .field(
            Field::new(
                texts,
                FieldKind::File(".docx,.html,.htm,.txt"),
                "file",
                page.say("Tệp .docx, .html hoặc .txt", "File .docx, .html or .txt"),
            )
            .error_from(&errors),
        )
        .field(one(Field::long_text(texts, "text", page.say("Hoặc dán nguyên văn", "Or paste the text"), 8)))
        .field(one(Field::select(texts, "conference", page.say("Hội nghị", "Conference"), conferences)))
        .field(
            Field::select(
                texts,
                "assigner",
                page.say("Cơ quan giao (người xác minh báo cáo)", "Assigner (who verifies answers)"),
                assigners,
            )
            .value(assigner),
        )
        .field(one(Field::select(texts, "owner", page.say("Cơ quan giữ hồ sơ", "Body that keeps the record"), own)))
        .button(page.say("Đọc văn bản", "Read the document"));
    form.upload = true;
    form.class = "card";
    let faulty = !errors.is_empty();
    form.errors = Some(errors);
    let mut blocks = Blocks::default();
    blocks.push(Block::Tabs(ways_in(&page)));
    blocks.push(Block::Text(page.say("Máy đề xuất các việc, thời hạn và viện dẫn; anh/chị xác nhận. Nguyên văn không bị sửa. Tài liệu mật không được đưa vào.", "The program proposes tasks, deadlines and citations; you confirm. The original is never changed. Classified material may not enter.").to_owned()));
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn upload(page: Page, Who(who): Who, State(app): State<App>, upload: Upload) -> Answer {
    let pairs = upload.pairs.clone();
    let (name, bytes) = match upload.file("file") {
        Some(file) => (file.name.clone(), file.bytes.clone()),
        None => ("dan-vao.txt".to_owned(), upload.pairs.get("text").unwrap_or("").as_bytes().to_vec()),
    };
    let owner = match parameter_id("owner", pairs.get("owner"))? {
        Some(owner) => owner,
        None => who.acting_bodies().first().copied().ok_or_else(Failure::sign_in_needed)?,
    };
    let form = ReadingForm {
        owner,
        conference: parameter_id("conference", pairs.get("conference"))?,
        assigner: parameter_id("assigner", pairs.get("assigner"))?,
        source_url: None,
        name,
        bytes,
    };
    let asking = who.clone();
    let imported = app.save(move |office| office.import_conclusion(&asking, form)).await;
    match imported {
        Ok(imported) => page.go(&format!("/van-ban/{}/soat", imported.document)),
        Err(failure) if failure.status.is_client_error() && failure.status != axum::http::StatusCode::FORBIDDEN => {
            let mut errors = FormErrors::none(page.texts());
            errors.add("file", failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or_default());
            upload_form(page, &who, &app, errors, &pairs)
        }
        Err(failure) => Err(failure),
    }
}

async fn review(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    show_review(page, who, &app, id, None).await
}

async fn show_review(page: Page, who: Identity, app: &App, id: RecordId, problem: Option<String>) -> Answer {
    let found = app.call(move |office| office.review(&who, id)).await?;
    let title = page.say("Soát và giao việc", "Review and issue").to_owned();
    let label = page.say("Văn bản", "Document").to_owned();
    let page = page.titled(title).at(Nav::Import).crumb(label, &format!("/van-ban/{id}")).wide();
    let texts = page.texts();
    let mut blocks = Blocks::default();
    let faulty = problem.is_some();
    if let Some(problem) = problem {
        blocks.push(Block::Notice(Notice::problem(problem)));
    }
    let words = found.data.get("text").and_then(Value::as_str).unwrap_or_default();
    let mut spans: Vec<Span> = found
        .directives
        .iter()
        .filter_map(|found| crate::document::span(found.directive.start, found.directive.end, &found.id, &found.directive.item, &page))
        .collect();
    for (at, suggestion) in found.suggestions.iter().enumerate() {
        spans.push(Span {
            start: suggestion.start,
            end: suggestion.end,
            name: format!("goi-y-{at}"),
            label: suggestion.reason.clone(),
            tone: Tone::Warn,
        });
    }
    let mut left = Blocks::default();
    left.push(Block::Source(SourceText::new(words, spans)));
    let mut right = Blocks::default();
    let today = app.office.clock().today();
    let drafts = found.directives.iter().filter(|found| found.directive.state == "draft").count();
    let columns = vec![
        Column::new(page.say("Chọn", "Choose")),
        Column::new(page.say("Nội dung", "Content")),
        Column::new(page.say("Nơi nhận, hạn", "Addressee, deadline")),
        Column::new(page.say("Thao tác", "Action")),
    ];
    let mut table =
        Table::new(texts, page.say("Nội dung đề xuất", "Proposed directives"), columns).with_total(found.directives.len() as u64);
    for one in &found.directives {
        let directive = &one.directive;
        let open = directive.state == "draft";
        let tick = if open {
            Cell::Tick {
                name: "chon".to_owned(),
                value: one.id.to_string(),
                label: format!("{} {}", page.say("Giao mục", "Issue item"), directive.item),
            }
        } else {
            Cell::text(page.say("đã xử lý", "handled"))
        };
        let to = if !directive.leads.is_empty() {
            crate::board::names(&app.office, &directive.leads, today)
        } else if let Some(class) = directive.class {
            crate::board::names(&app.office, &[class], today)
        } else {
            directive.addressee_raw.clone().unwrap_or_default()
        };
        let lint: String = [
            (directive.clear.who, "người", "who"),
            (directive.clear.when, "thời gian", "when"),
            (directive.clear.product, "sản phẩm", "product"),
        ]
        .into_iter()
        .map(|(clear, vi, en)| {
            let (tone, icon) = if clear { (Tone::Good, Icon::Check) } else { (Tone::Warn, Icon::Alert) };
            let sign = if clear { page.say("rõ ", "clear: ") } else { page.say("thiếu ", "missing: ") };
            format!("{} ", Badge::new(tone, icon, format!("{sign}{}", page.say(vi, en))))
        })
        .collect();
        let due = match (&directive.due_raw, directive.due_last) {
            (Some(raw), Some(last)) => format!("“{raw}” → {}", crate::format::day(last)),
            (Some(raw), None) => format!("“{raw}”"),
            (None, Some(last)) => crate::format::day(last),
            (None, None) => page.say("không nêu hạn", "no deadline").to_owned(),
        };
        let cells = vec![
            tick,
            Cell::Lines(vec![
                Cell::text(format!("{} {} – {}", page.say("Mục", "Item"), directive.item, office::shorten(&directive.text, 200))),
                Cell::Html(lint),
            ]),
            Cell::Lines(vec![
                Cell::text(if to.is_empty() { page.say("chưa rõ nơi nhận", "nobody named").to_owned() } else { to }),
                Cell::text(due),
            ]),
            Cell::link(page.say("Sửa", "Edit"), page.href(&format!("/chi-dao/{}/sua", one.id))),
        ];
        table.draft_row(one.id.to_string(), cells);
    }
    let classes: Vec<Choice> = std::iter::once(Choice::new("", page.say("(không đặt)", "(none)")))
        .chain(
            app.office
                .directory()
                .all()
                .iter()
                .filter(|body| body.is_class())
                .map(|body| Choice::new(body.id.to_string(), body.name_on(jiff::civil::date(2019, 6, 21)))),
        )
        .collect();
    if drafts == 0 {
        right.push(Block::Table(table));
    } else {
        let mut form = Form::post(page.href(&format!("/van-ban/{id}/giao")));
        form.class = "issue";
        form.parts.push(FormPart::Table(table));
        let form = form
            .field(Field::select(
                texts,
                "class",
                page.say("Mục chưa rõ nơi nhận thì giao cho", "Directives without an addressee go to"),
                classes,
            ))
            .field(Field::new(texts, FieldKind::Tick, "tat_ca", page.say("Chọn tất cả các mục nháp", "Choose all drafts")))
            .button(format!("{} ({drafts})", page.say("Giao việc đã chọn", "Issue what is chosen")));
        right.push(Block::Form(form));
    }
    for (at, suggestion) in found.suggestions.iter().enumerate() {
        let mut form = Form::post(page.href(&format!("/van-ban/{id}/doc")))
            .field(Field::hidden(texts, "start", suggestion.start.to_string()))
            .field(Field::hidden(texts, "end", suggestion.end.to_string()))
            .field(Field::hidden(texts, "reason", suggestion.reason.clone()))
            .field(
                Field::text(texts, "reading", format!("“{}” – {}", suggestion.raw, page.say("đọc là", "read as")))
                    .value(suggestion.proposal.clone().unwrap_or_default()),
            )
            .button(page.say("Ghi lớp sửa", "Add a reading"));
        form.class = "card draft";
        form.id = format!("draft-goi-y-{at}");
        form.before.push(suggestion.reason.clone());
        // Ids of fields must differ from form to form.
        for part in &mut form.parts {
            if let FormPart::Field(field) = part
                && field.name == "reading"
            {
                field.name = format!("reading_{at}");
            }
        }
        right.push(Block::Form(form));
    }
    right.push(Block::Table(crate::document::citations(&page, &found.data)));
    if drafts > 0 {
        let mut drop = Form::post(page.href(&format!("/van-ban/{id}/bo"))).button(page.say("Bỏ các bản nháp", "Discard the drafts"));
        drop.class = "card";
        right.push(Block::Form(drop));
    }
    blocks.push(Block::Split(page.say("Nguyên văn", "Source text").to_owned(), left, right));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn issue(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let class = parameter_id("class", pairs.get("class"))?;
    let mut chosen = Vec::new();
    for text in pairs.all("chon") {
        chosen.push(record_id(text)?);
    }
    let all = pairs.get("tat_ca").is_some();
    let asking = who.clone();
    let issued = app.save(move |office| office.issue_to(&asking, id, if all { None } else { Some(chosen) }, class)).await;
    match issued {
        Ok(_) => page.go(&format!("/van-ban/{id}")),
        Err(failure) if failure.status.is_client_error() && failure.status != axum::http::StatusCode::FORBIDDEN => {
            let problem = failure.message.map(|message| message.get(page.lang).to_owned());
            show_review(page, who, &app, id, problem).await
        }
        Err(failure) => Err(failure),
    }
}

async fn reading(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let number = |name: &str| pairs.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
    let (start, end) = (number("start"), number("end"));
    let words = pairs.0.iter().find(|(name, _)| name.starts_with("reading")).map(|(_, value)| value.clone()).unwrap_or_default();
    let reason = pairs.get("reason").unwrap_or("").to_owned();
    app.call(move |office| office.add_reading(&who, id, start, end, &words, &reason)).await?;
    page.go(&format!("/van-ban/{id}/soat"))
}

async fn discard(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    app.call(move |office| office.discard(&who, id)).await?;
    page.go("/van-ban")
}

async fn edit(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let view = app.call(move |office| office.view_to_edit(&who, id)).await?;
    let data = view.data.ok_or_else(|| Failure::not_found(id.to_string()))?;
    let values = FormPairs(app.office.form(&view.kind, view.form)?.form_values(&data));
    edit_form(page, &app, id, &data, view.leaf, &values, FormErrors::none(crate::lang::Lang::Vi.texts()))
}

fn edit_form(page: Page, app: &App, id: RecordId, data: &Value, leaf: LeafHash, values: &FormPairs, errors: FormErrors) -> Answer {
    let item = data.get("item").and_then(Value::as_str).unwrap_or_default();
    let title = format!("{} {item}", page.say("Sửa mục", "Edit item"));
    let label = page.say("Nội dung", "Directive").to_owned();
    let page = page.titled(title).at(Nav::Import).crumb(label, &format!("/chi-dao/{id}"));
    let texts = page.texts();
    let one = |field: Field| field.value_from(values).error_from(&errors);
    let bodies = || crate::board::body_choices(&app.office, "—");
    let group = |name: &str, label: &str| FieldGroup {
        name: name.to_owned(),
        label: label.to_owned(),
        hint: String::new(),
        rows: (0..values.rows(name)).map(|row| vec![one(Field::select(texts, format!("{name}.{row}"), label, bodies()))]).collect(),
        may_add: true,
        may_remove: true,
        texts,
    };
    let periods = std::iter::once(Choice::new("", "—"))
        .chain(
            app.office
                .catalogue()
                .list("periods")
                .map(|list| list.codes.as_slice())
                .unwrap_or_default()
                .iter()
                .map(|code| Choice::new(code.code.clone(), said(&code.label, page.lang))),
        )
        .collect();
    let mut form = Form::post(page.href(&format!("/chi-dao/{id}/sua")));
    form.parts.push(FormPart::Group(group("leads", page.say("Chủ trì", "Lead bodies"))));
    form.parts.push(FormPart::Group(group("with", page.say("Phối hợp", "Co-operating bodies"))));
    form.parts.push(FormPart::Group(group("issued_to", page.say("Giao cho từng cơ quan", "Issued to"))));
    let strict = data.get("due_strict").and_then(Value::as_bool).unwrap_or(false) && values.get("due_strict").is_some();
    let mut form = form
        .field(one(Field::select(texts, "class", page.say("Nhóm cơ quan", "Class of bodies"), bodies())))
        .field(one(Field::day(texts, "due", page.say("Hạn", "Deadline"))))
        .field(
            Field::new(
                texts,
                FieldKind::Tick,
                "due_strict",
                page.say("“Trước”: ngày nêu đã là quá hạn", "“Before”: the named day is too late"),
            )
            .value(if strict { "1" } else { "" }),
        )
        .field(one(Field::select(texts, "period", page.say("Định kỳ", "Period"), periods)))
        .field(one(Field::day(texts, "internal_due", page.say("Hạn nội bộ", "Own deadline"))))
        .field(one(Field::text(texts, "product", page.say("Sản phẩm", "Product"))))
        .field(Field::hidden(texts, "_previous", leaf.to_hex()))
        .button(page.say("Lưu", "Save"));
    let faulty = !errors.is_empty();
    form.errors = Some(errors);
    let mut blocks = Blocks::default();
    blocks.push(Block::Quote(data.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()));
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn save(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, mut pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let asking = who.clone();
    let view = app.call(move |office| office.view_to_edit(&asking, id)).await?;
    let mut data = view.data.clone().ok_or_else(|| Failure::not_found(id.to_string()))?;
    let leaf = pairs.get("_previous").and_then(LeafHash::from_hex).unwrap_or(view.leaf);
    if pairs.press_row_button() {
        return edit_form(page, &app, id, &data, leaf, &pairs, FormErrors::none(crate::lang::Lang::Vi.texts()));
    }
    let read = match app.office.form(&view.kind, view.form)?.read_form(&pairs.0) {
        Ok(read) => read,
        Err(faults) => {
            let errors = FormErrors::of(page.lang, &crate::service::field_faults(&faults.faults));
            return edit_form(page, &app, id, &data, leaf, &pairs, errors);
        }
    };
    if let Some(members) = data.as_object_mut() {
        for field in ["leads", "with", "issued_to", "class", "due", "due_strict", "period", "internal_due", "product"] {
            match read.get(field) {
                Some(value) => members.insert(field.to_owned(), value.clone()),
                None => members.remove(field),
            };
        }
        let named = members.get("leads").is_some();
        if let Some(clear) = members.get_mut("clear").and_then(Value::as_object_mut) {
            clear.insert("who".to_owned(), json!(named));
            clear.insert("when".to_owned(), json!(read.get("due").is_some() || read.get("period").is_some()));
        }
    }
    let shown = data.clone();
    let document = data.get("document").and_then(Value::as_str).map(str::to_owned);
    let draft = Draft { id: Some(id), kind: "directive".to_owned(), data, previous: Some(leaf) };
    let issued = shown.get("state").and_then(Value::as_str) == Some("issued");
    let saved = app.save(move |office| office.submit(&who, draft)).await;
    match saved {
        Ok(_) => match document {
            Some(document) if !issued => page.go(&format!("/van-ban/{document}/soat")),
            _ => page.go(&format!("/chi-dao/{id}")),
        },
        Err(failure) if failure.code == "invalid" => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            edit_form(page, &app, id, &shown, leaf, &pairs, errors)
        }
        Err(failure) => Err(failure),
    }
}
