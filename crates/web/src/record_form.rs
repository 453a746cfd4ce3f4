//! Forms out of the catalogue: any kind is entered and changed by the same page; records are named by what people call them.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use catalogue::{CodeList, FieldType, Kind};
use office::{Draft, Identity, LeafHash, Office, OfficeError, RecordId, RecordView, UnfinishedForm};
use serde_json::Value;

use crate::blocks::{Block, Blocks, Form, FormPart, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::page::Page;
use crate::parts::{Choice, Field, FieldGroup, FieldKind, FormErrors, Notice};
use crate::records::{Titles, list_of, place_of, titles_in, value_text};
use crate::service::{App, Who, field_faults, record_id, said};

/// More bodies than this are typed and looked up instead of being chosen from a folded list.
const MOST_IN_A_SELECT: usize = 100;
/// The same for the codes of a list.
const MOST_CODES_IN_A_SELECT: usize = 150;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/r/{id}/sua", get(edit).post(save)).route("/bieu-mau/{kind}/moi", get(new).post(create))
}

async fn new(page: Page, Who(who): Who, State(app): State<App>, Path(name): Path<String>) -> Answer {
    let Some(kind) = app.office.catalogue().kind(&name).cloned() else { return Err(Failure::not_found(name)) };
    app.office.may_create(&who, &name)?.require()?;
    let mut values = FormPairs::default();
    if let (Some(owner), Some(body)) = (&kind.owner_field, who.acting_bodies().first()) {
        values.0.push((owner.clone(), body.to_string()));
    }
    if let Some(state) = &kind.state_field {
        values.0.push((state.clone(), "draft".to_owned()));
    }
    // A link of another page names the records that the new one belongs to: `?contract=…&task=…`.
    for field in kind.fields.iter().filter(|field| matches!(field.of, FieldType::Ref { .. }) && !field.repeated) {
        if let Some(id) = page.parameter(&field.name).filter(|text| RecordId::parse(text).is_ok() && values.get(&field.name).is_none()) {
            values.0.push((field.name.clone(), id.to_owned()));
        }
    }
    let (asking, lang, named) = (who.clone(), crate::service::office_lang(page.lang), kind.clone());
    let values = app
        .call(move |office| {
            name_what_is_typed(office, &asking, &named, lang, &mut values.0)?;
            Ok(values)
        })
        .await?;
    let action = page.href(&format!("/bieu-mau/{name}/moi"));
    begin(page, who, &app, &kind, action, None, values, None).await
}

async fn create(page: Page, Who(who): Who, State(app): State<App>, Path(name): Path<String>, pairs: FormPairs) -> Answer {
    let Some(kind) = app.office.catalogue().kind(&name).cloned() else { return Err(Failure::not_found(name)) };
    app.office.may_create(&who, &name)?.require()?;
    let action = page.href(&format!("/bieu-mau/{name}/moi"));
    submit(page, who, &app, &kind, action, None, pairs).await
}

async fn edit(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let lang = crate::service::office_lang(page.lang);
    let wanted = page.parameter("mau").and_then(|form| form.parse().ok());
    let asking = who.clone();
    let (view, kind, values) = app
        .call(move |office| {
            let view = office.view_to_edit(&asking, id)?;
            let own = office.form(&view.kind, view.form)?;
            let mut values = own.form_values(view.data.as_ref().unwrap_or(&Value::Null));
            name_what_is_typed(office, &asking, own, lang, &mut values)?;
            let kind = form_to_use(office, &view, wanted)?;
            Ok((view, kind, FormPairs(values)))
        })
        .await?;
    let action = page.href(&format!("/r/{id}/sua"));
    begin(page, who, &app, &kind, action, Some(id), values, Some(view.leaf)).await
}

/// Shows a form for the first time: as the record stands, or as it was left when the person wants to go on with that.
#[expect(clippy::too_many_arguments, reason = "what a form is made of")]
async fn begin(
    page: Page,
    who: Identity,
    app: &App,
    kind: &Kind,
    action: String,
    id: Option<RecordId>,
    values: FormPairs,
    previous: Option<LeafHash>,
) -> Answer {
    let name = kind.name.clone();
    let left = app.call(move |office| office.unfinished(&who, &name, id)).await?;
    let go_on = page.parameter("nhap").is_some();
    match left {
        Some(left) if go_on => {
            let pairs = FormPairs(left.inputs);
            let previous = pairs.get("_previous").and_then(LeafHash::from_hex).or(previous);
            let mut errors = FormErrors::none(page.texts());
            if form_filled_in(&pairs).is_some_and(|form| form != kind.version) {
                errors.add("", form_has_changed(&page, kind));
            }
            show_form(page, app, kind, action, &pairs, previous, errors)
        }
        left => {
            let beside = Beside { left: left.as_ref(), panel: None };
            show_form_with(page, app, kind, action, &values, previous, no_errors(), beside)
        }
    }
}

async fn save(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let (asking, wanted) = (who.clone(), form_filled_in(&pairs));
    let kind = app.call(move |office| form_to_use(office, &office.view_to_edit(&asking, id)?, wanted)).await?;
    let action = page.href(&format!("/r/{id}/sua"));
    submit(page, who, &app, &kind, action, Some(id), pairs).await
}

/// The form in force when that is wanted, else the one the record was made with.
fn form_to_use(office: &Office, view: &RecordView, wanted: Option<u64>) -> Result<Kind, OfficeError> {
    let current = office.catalogue().kind(&view.kind).filter(|current| Some(current.version) == wanted);
    match current {
        Some(current) => Ok(current.clone()),
        None => office.form(&view.kind, view.form).cloned(),
    }
}

/// The version of the form that was on screen.
fn form_filled_in(pairs: &FormPairs) -> Option<u64> {
    pairs.get("_form")?.parse().ok()
}

fn no_errors() -> FormErrors {
    FormErrors::none(crate::lang::Lang::Vi.texts())
}

fn form_has_changed(page: &Page, kind: &Kind) -> String {
    let words = page.say(
        "Mẫu đã đổi trong lúc anh/chị nhập; chưa lưu gì. Những gì đã nhập vẫn còn dưới đây. Hãy xem lại theo mẫu phiên bản",
        "The form changed while you were typing; nothing was saved. What you typed is still below. Look it over by form version",
    );
    format!("{words} {}.", kind.version)
}

/// Keeps or discards a draft, as the button or the script asked.
#[expect(clippy::too_many_arguments, reason = "what a form is made of")]
async fn draft(
    page: Page,
    who: Identity,
    app: &App,
    kind: &Kind,
    action: String,
    id: Option<RecordId>,
    pairs: FormPairs,
    how: &str,
) -> Answer {
    let previous = pairs.get("_previous").and_then(LeafHash::from_hex);
    let name = kind.name.clone();
    if how == "drop" {
        app.call(move |office| office.forget_unfinished(&who, &name, id)).await?;
        return Ok(axum::response::Redirect::to(&action).into_response());
    }
    let inputs: Vec<(String, String)> = pairs.0.iter().filter(|(name, _)| name != "_draft").cloned().collect();
    let kept = app.call(move |office| office.keep_unfinished(&who, &name, id, inputs)).await;
    match kept {
        Ok(_) if how == "quiet" => Ok(axum::http::StatusCode::NO_CONTENT.into_response()),
        Ok(_) => page.go("/viec"),
        Err(failure) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            let mut errors = FormErrors::none(page.texts());
            errors.add("", failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or_default());
            show_form(page, app, kind, action, &pairs, previous, errors)
        }
        Err(failure) => Err(failure),
    }
}

async fn submit(page: Page, who: Identity, app: &App, kind: &Kind, action: String, id: Option<RecordId>, mut pairs: FormPairs) -> Answer {
    if let Some(how) = pairs.get("_draft").map(str::to_owned) {
        return draft(page, who, app, kind, action, id, pairs, &how).await;
    }
    if pairs.get("_overlap") == Some("quiet") {
        return crate::overlap::answer_while_typing(page, who, app, kind, id, &pairs).await;
    }
    let previous = pairs.get("_previous").and_then(LeafHash::from_hex);
    if pairs.get("_overlap").is_some() {
        let panel = crate::overlap::panel(&page, who, app, kind, id, &pairs).await?;
        return show_form_with(page, app, kind, action, &pairs, previous, no_errors(), Beside { left: None, panel: Some(panel) });
    }
    if pairs.press_row_button() {
        return show_form(page, app, kind, action, &pairs, previous, no_errors());
    }
    if form_filled_in(&pairs).is_some_and(|form| form != kind.version) {
        let mut errors = FormErrors::none(page.texts());
        errors.add("", form_has_changed(&page, kind));
        return show_form(page, app, kind, action, &pairs, previous, errors);
    }
    let (typed, asking, looked_up) = (pairs.0.clone(), who.clone(), kind.clone());
    let (resolved, open) = app
        .call(move |office| {
            let mut inputs = typed;
            let open = office.resolve_names(&asking, &looked_up, &mut inputs)?;
            Ok((inputs, open))
        })
        .await?;
    let mut errors = FormErrors::none(page.texts());
    for (path, choices) in &open {
        errors.add(path, not_one_thing(&page, kind, path, pairs.get(path).unwrap_or_default(), choices));
    }
    let data = match kind.read_form(&resolved) {
        Ok(data) if open.is_empty() => data,
        outcome => {
            if let Err(faults) = outcome {
                errors.faults.extend(FormErrors::of(page.lang, &field_faults(&faults.faults)).faults);
            }
            return show_form(page, app, kind, action, &pairs, previous, errors);
        }
    };
    let (asking, typed) = (who.clone(), data.clone());
    let draft = Draft { id, kind: kind.name.clone(), data, previous };
    let (name, kept, form) = (kind.name.clone(), kind.name.clone(), kind.version);
    let saved = app
        .save(move |office| {
            let stored = office.submit_by_form(&who, draft, form)?;
            office.forget_unfinished(&who, &kept, id)?;
            Ok(stored)
        })
        .await;
    match saved {
        Ok(stored) => page.go(&place_of(&name, stored.id)),
        Err(failure) if failure.code == "invalid" => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            show_form(page, app, kind, action, &pairs, previous, errors)
        }
        Err(failure) if failure.code == "changed_meanwhile" => {
            let Some(id) = id else { return Err(failure) };
            let (current, titles) = app
                .call(move |office| {
                    let current = office.view_to_edit(&asking, id)?;
                    let titles = titles_in(office, &asking, current.data.as_ref())?;
                    Ok((current, titles))
                })
                .await?;
            let errors = meanwhile(&page, app, &titles, kind, current.data.as_ref(), &typed);
            show_form(page, app, kind, action, &pairs, Some(current.leaf), errors)
        }
        Err(failure) => Err(failure),
    }
}

/// Somebody saved while this person was typing: what was typed stays, each field that differs says what now stands there, and the next press saves.
fn meanwhile(page: &Page, app: &App, titles: &Titles, kind: &Kind, current: Option<&Value>, typed: &Value) -> FormErrors {
    let mut errors = FormErrors::none(page.texts());
    let changes = current.map(|current| kind.changes(current, typed)).unwrap_or_default();
    for change in &changes {
        let stands = match (kind.field(change.path.split('.').next().unwrap_or_default()), &change.old) {
            (Some(field), Some(old)) => value_text(app, page, titles, field, old),
            _ => "–".to_owned(),
        };
        let words = page.say("người khác vừa lưu", "somebody has just saved");
        errors.add(&change.path, format!("{}: {words} “{}”.", said(&change.label, page.lang), office::shorten(&stands, 200)));
    }
    if changes.is_empty() {
        errors.add(
            "",
            page.say("Người khác vừa lưu bản ghi này với cùng nội dung.", "Somebody has just saved this record with the same contents."),
        );
    } else {
        errors.add(
            "",
            page.say(
                "Bản ghi đã đổi trong lúc anh/chị nhập; chưa lưu gì. Hãy xem các chỗ khác nhau dưới đây rồi bấm Lưu nếu vẫn muốn ghi nội dung của mình.",
                "The record changed while you were typing; nothing was saved. See the differences below, then press Save if you still want yours.",
            ),
        );
    }
    errors
}

/// Whether a record of these kinds is chosen from a list and not typed.
fn is_chosen(app: &App, kinds: &[String]) -> bool {
    kinds.iter().any(|kind| kind == "body") && !looks_bodies_up(&app.office)
}

/// Whether bodies are typed and looked up: with hundreds of them a folded list is no help.
fn looks_bodies_up(office: &Office) -> bool {
    office.directory().all().len() > MOST_IN_A_SELECT
}

/// Whether the codes of a list are typed and looked up, e.g. of communes.
fn is_long(list: &CodeList) -> bool {
    list.codes.len() > MOST_CODES_IN_A_SELECT
}

/// Names for ids and codes wherever the input is a line of text and not a folded list.
pub(crate) fn name_what_is_typed(
    office: &Office,
    who: &Identity,
    kind: &Kind,
    lang: catalogue::Lang,
    inputs: &mut [(String, String)],
) -> Result<(), OfficeError> {
    for (path, text) in inputs.iter_mut() {
        let in_a_select = RecordId::parse(text).is_ok_and(|id| office.directory().get(id).is_some()) && !looks_bodies_up(office);
        match kind.field_at(path).map(|field| &field.of) {
            Some(FieldType::Ref { .. }) if !in_a_select => *text = office.name_reference(who, kind, path, text)?,
            Some(FieldType::Code { list }) if office.catalogue().list(list).is_some_and(is_long) => {
                *text = office.code_to_write(list, text, lang)
            }
            _ => {}
        }
    }
    Ok(())
}

/// What to say when a name means nothing, or several things: then one of them can be copied with its id.
pub(crate) fn not_one_thing(page: &Page, kind: &Kind, path: &str, typed: &str, choices: &[String]) -> String {
    let label = kind.field_at(path).map(|field| said(&field.label, page.lang)).unwrap_or_default();
    let typed = office::shorten(typed, 80);
    if choices.is_empty() {
        let words = page
            .say("không tìm thấy; hãy sửa tên, hoặc nhập bản ghi đó trước", "nothing has this name; mend it, or enter that record first");
        return format!("{label}: “{typed}” – {words}.");
    }
    let words = page.say("có nhiều kết quả, hãy chép một dòng sau vào ô", "fits several, copy one of these into the field");
    format!("{label}: “{typed}” {words}: {}.", choices.join("; "))
}

fn show_form(
    page: Page,
    app: &App,
    kind: &Kind,
    action: String,
    values: &FormPairs,
    previous: Option<LeafHash>,
    errors: FormErrors,
) -> Answer {
    show_form_with(page, app, kind, action, values, previous, errors, Beside::default())
}

/// What is shown beside a form.
#[derive(Default)]
struct Beside<'a> {
    /// A draft that was kept.
    left: Option<&'a UnfinishedForm>,
    /// What other records say of what is typed.
    panel: Option<Blocks>,
}

#[expect(clippy::too_many_arguments, reason = "what a form is made of")]
fn show_form_with(
    page: Page,
    app: &App,
    kind: &Kind,
    action: String,
    values: &FormPairs,
    previous: Option<LeafHash>,
    errors: FormErrors,
    beside: Beside<'_>,
) -> Answer {
    let label = said(&kind.plural, page.lang).to_owned();
    let title = format!(
        "{}: {}",
        if previous.is_some() { page.say("Sửa", "Edit") } else { page.say("Thêm", "Add") },
        office::within_a_sentence(said(&kind.label, page.lang))
    );
    let page = page.titled(title).crumb(label, &list_of(&kind.name));
    let mut form = Form::post(action.clone());
    form.draft = page.say("Đã lưu nháp lúc", "Draft kept at").to_owned();
    let faulty = !errors.is_empty();
    let mut section = None;
    for field in &kind.fields {
        if field.section != section
            && let Some(found) = kind.sections.iter().find(|found| Some(&found.name) == field.section.as_ref())
        {
            form.parts.push(FormPart::Heading(said(&found.label, page.lang).to_owned()));
            section.clone_from(&field.section);
        }
        let part = form_part(app, &page, kind, field, values, &errors);
        form.parts.push(part);
    }
    if let Some(previous) = previous {
        form = form.field(Field::hidden(page.texts(), "_previous", previous.to_hex()));
    }
    form = form.field(Field::hidden(page.texts(), "_form", kind.version.to_string()));
    form.errors = Some(errors);
    let compared = kind.name == "proposal";
    if compared {
        form.panel = crate::overlap::PANEL;
    }
    let mut form =
        form.button(page.say("Lưu", "Save")).button_with("_draft", "keep", page.say("Lưu nháp, làm tiếp sau", "Keep as a draft"));
    if compared {
        form = form.button_with("_overlap", "show", page.say("Kiểm tra trùng lặp", "Check for overlap"));
    }
    let mut blocks = Blocks::default();
    let version = format!("{} {}", page.say("Mẫu phiên bản", "Form version"), kind.version);
    blocks.push(Block::Muted(format!("{} {}. {version}.", page.say("Căn cứ:", "Source:"), kind.source)));
    if let Some(left) = beside.left {
        let words = page.say("Anh/chị có bản nháp chưa lưu, giữ lúc", "You have an unsaved draft, kept on");
        blocks.push(Block::Notice(Notice::info(format!("{words} {}.", crate::format::instant(left.at)))));
        let go_on = page.say("Làm tiếp bản nháp", "Go on with the draft").to_owned();
        blocks.push(Block::Buttons(vec![(go_on, format!("{action}?nhap=1"))]));
        let mut drop = Form::post(action.clone()).button_with("_draft", "drop", page.say("Bỏ bản nháp", "Discard the draft"));
        drop.class = "plain";
        blocks.push(Block::Form(drop));
    }
    let homeless = without_a_field(app, &page, kind, values);
    if !homeless.is_empty() {
        let words = page.say(
            "Mẫu này không có chỗ cho các giá trị sau; chúng sẽ không được lưu cùng bản ghi (phiên bản trước của bản ghi vẫn giữ):",
            "This form has no field for these values; they will not be saved with the record (its earlier version keeps them):",
        );
        blocks.push(Block::Notice(Notice::warning(format!("{words} {}", homeless.join("; ")))));
    }
    if compared {
        let (mut left, mut right) = (Blocks::default(), Blocks::default());
        left.push(Block::Form(form));
        right.push(Block::Panel(crate::overlap::PANEL, beside.panel.unwrap_or_default()));
        blocks.push(Block::Beside(left, right));
    } else {
        blocks.push(Block::Form(form));
    }
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

/// What was filled in under another version of the form and has no field in this one.
fn without_a_field(app: &App, page: &Page, kind: &Kind, values: &FormPairs) -> Vec<String> {
    let all = app.office.catalogue().kind_of_all_versions(&kind.name);
    let mut homeless = Vec::new();
    for (path, value) in values.0.iter().filter(|(path, value)| !path.starts_with('_') && !value.trim().is_empty()) {
        let known = all.as_ref().and_then(|all| all.field_at(path));
        if let (None, Some(field)) = (kind.field_at(path), known) {
            homeless.push(format!("{}: “{}”", said(&field.label, page.lang), office::shorten(value, 200)));
        }
    }
    homeless
}

fn form_part(app: &App, page: &Page, kind: &Kind, field: &catalogue::Field, values: &FormPairs, errors: &FormErrors) -> FormPart {
    let one = |inner: &catalogue::Field, path: String| input(app, page, kind, inner, &path, values, errors);
    let numbers = 0..values.rows(&field.name);
    let rows: Vec<Vec<Field>> = match &field.of {
        FieldType::Group { fields, .. } if field.repeated => {
            numbers.map(|row| fields.iter().map(|inner| one(inner, format!("{}.{row}.{}", field.name, inner.name))).collect()).collect()
        }
        FieldType::Group { fields, .. } => vec![fields.iter().map(|inner| one(inner, format!("{}.{}", field.name, inner.name))).collect()],
        _ if field.repeated => numbers.map(|row| vec![one(field, format!("{}.{row}", field.name))]).collect(),
        _ => return FormPart::Field(Box::new(one(field, field.name.clone()))),
    };
    FormPart::Group(FieldGroup {
        name: field.name.clone(),
        label: said(&field.label, page.lang).to_owned(),
        hint: hint(app, page, kind, field),
        rows,
        may_add: field.repeated,
        may_remove: field.repeated,
        texts: page.texts(),
    })
}

/// Help, an example, how a record is named, and the legal source where it is not that of the whole form, which stands once above it.
fn hint(app: &App, page: &Page, kind: &Kind, field: &catalogue::Field) -> String {
    let mut words = Vec::new();
    if let Some(help) = &field.help {
        words.push(said(help, page.lang).to_owned());
    }
    if let Some(example) = &field.example {
        words.push(format!("{} {example}.", page.say("Ví dụ:", "For example:")));
    }
    if matches!(&field.of, FieldType::Ref { kinds } if !is_chosen(app, kinds)) {
        words.push(page.say("Ghi tên, số hiệu hoặc địa chỉ trang.", "Write its name, number or page address.").to_owned());
    }
    if field.source != kind.source {
        words.push(format!("{} {}.", page.say("Căn cứ:", "Source:"), field.source));
    }
    words.join(" ")
}

pub(crate) fn input(
    app: &App,
    page: &Page,
    kind: &Kind,
    field: &catalogue::Field,
    name: &str,
    values: &FormPairs,
    errors: &FormErrors,
) -> Field {
    let texts = page.texts();
    let label = said(&field.label, page.lang).to_owned();
    let mut note = None;
    let shown = match &field.of {
        FieldType::LongText { .. } | FieldType::Markdown { .. } => FieldKind::LongText { rows: 6 },
        FieldType::Day | FieldType::Date => FieldKind::Day,
        FieldType::Integer { .. } | FieldType::Money | FieldType::Decimal => FieldKind::Number,
        FieldType::Bool => FieldKind::Tick,
        FieldType::Code { list } if app.office.catalogue().list(list).is_some_and(is_long) => {
            note = app.office.catalogue().list(list).and_then(|list| list.choices_on(&app.office.clock().today().to_string()).note);
            FieldKind::Text
        }
        FieldType::Code { list } => {
            let today = app.office.clock().today().to_string();
            let mut choices = vec![Choice::new("", "—")];
            if let Some(list) = app.office.catalogue().list(list) {
                let offered = list.choices_on(&today);
                note = offered.note;
                choices.extend(offered.codes.iter().map(|code| Choice::new(code.code.clone(), said(&code.label, page.lang))));
                // A code that has ended stays on the record that has it.
                if let Some(kept) = values.get(name).and_then(|code| list.get(code))
                    && !offered.codes.iter().any(|code| code.code == kept.code)
                {
                    choices.push(Choice::new(kept.code.clone(), said(&kept.label, page.lang)));
                }
            }
            FieldKind::Select(choices)
        }
        FieldType::Ref { kinds } if is_chosen(app, kinds) => FieldKind::Select(crate::board::body_choices(&app.office, "—")),
        FieldType::Ref { kinds } if kinds.iter().any(|kind| kind == "conference") => {
            let mut choices = vec![Choice::new("", "—")];
            for conference in app.office.board().conferences().unwrap_or_default() {
                choices.push(Choice::new(conference.id.to_string(), conference.title));
            }
            FieldKind::Select(choices)
        }
        _ => FieldKind::Text,
    };
    let tick = shown == FieldKind::Tick;
    let mut made = Field::new(texts, shown, name, label).hint(hint(app, page, kind, field)).value_from(values);
    if let Some(note) = &note {
        made.hint = format!("{} {}.", made.hint, said(note, page.lang)).trim_start().to_owned();
    }
    if tick && made.value == "true" {
        made.value = "1".to_owned();
    }
    if field.required {
        made = made.required();
    }
    made.error_from(errors)
}
