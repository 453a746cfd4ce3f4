//! Steps of a workflow as pages: submit, approve, return. A record's page links to the steps that are this person's; "Duyệt" (O9) lists what waits for a
//! leader.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use office::{Identity, LeafHash, Office, OfficeError, RecordId, RegisterFilter, StepForm, Waiting, waiting_filter};
use serde_json::{Map, Value};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::Answer;
use crate::form::FormPairs;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Column, Definitions, EmptyState, Field, FormErrors, Notice, Pager, Table};
use crate::record_form::{input, name_what_is_typed, not_one_thing};
use crate::records::{place_of, titles_in, value_cell};
use crate::service::{App, Who, field_faults, parameter_id, record_id, said};

/// Records of a heap on the page of all heaps.
const SHOWN_OF_A_HEAP: usize = 20;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/duyet", get(waiting)).route("/r/{id}/buoc/{state}", get(step).post(take))
}

async fn waiting(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let one = match (page.parameter("loai"), page.parameter("trang-thai"), parameter_id("co-quan", page.parameter("co-quan"))?) {
        (Some(kind), Some(state), Some(body)) => Some(Waiting { kind: kind.to_owned(), state: state.to_owned(), body, total: 0 }),
        _ => None,
    };
    let alone = one.is_some();
    let heaps = app
        .call(move |office| {
            let heaps = office.waiting_for(&who)?;
            let heaps: Vec<Waiting> = match one {
                Some(one) => {
                    heaps.into_iter().filter(|heap| (&heap.kind, &heap.state, heap.body) == (&one.kind, &one.state, one.body)).collect()
                }
                None => heaps,
            };
            let limit = if alone { place.limit } else { SHOWN_OF_A_HEAP };
            let after = place.after.as_deref().filter(|_| alone);
            let mut filled = Vec::new();
            for heap in heaps {
                let filter = waiting_filter(&heap.kind, &heap.state, heap.body);
                let found = office.register_page(&who, &filter, after, limit)?;
                let mut rows = Vec::new();
                for row in found.rows {
                    let steps = match office.view(&who, row.id) {
                        Ok(view) => office.next_steps(&who, &view)?,
                        // Withdrawn between the list and the look at it.
                        Err(OfficeError::NotFound(_)) => continue,
                        Err(other) => return Err(other),
                    };
                    rows.push((row, steps));
                }
                filled.push((heap, rows, found.next));
            }
            Ok(filled)
        })
        .await?;
    let title = page.say("Duyệt", "Approve").to_owned();
    let page = page.titled(title).at(Nav::Leader);
    let today = app.office.clock().today();
    let mut blocks = Blocks::default();
    if heaps.is_empty() {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Không có hồ sơ nào chờ duyệt", "Nothing waits for approval"),
            page.say("Hồ sơ chuyên viên gửi sẽ hiện ở đây.", "What officers submit appears here."),
        )));
    }
    for (heap, rows, next) in heaps {
        let kind = app.office.catalogue().kind(&heap.kind);
        let name = kind.map(|kind| said(&kind.plural, page.lang)).unwrap_or_default();
        let caption = format!("{name} – {}", app.office.directory().short_name(heap.body, today));
        let columns = vec![
            Column::new(page.say("Tên", "Title")),
            Column::new(page.say("Ngày", "Date")),
            Column::new(page.say("Quyết định", "Decision")),
        ];
        let mut table = Table::new(page.texts(), caption, columns).with_total(heap.total);
        for (row, steps) in &rows {
            let decisions: Vec<Cell> = steps
                .iter()
                .filter(|step| step.decision.allowed)
                .map(|step| Cell::link(said(&step.label, page.lang), page.href(&format!("/r/{}/buoc/{}", row.id, step.to))))
                .collect();
            table.row(vec![
                Cell::link(office::shorten(&row.title, 140), page.href(&place_of(&row.kind, row.id))),
                Cell::text(format::partial(&row.day, page.lang)),
                Cell::Lines(decisions),
            ]);
        }
        blocks.push(Block::Table(table));
        if alone {
            blocks.push(Block::Pager(Pager::new(&page, rows.len(), heap.total, next.as_deref())));
        } else if next.is_some() {
            let body = heap.body.to_string();
            let all = page.link_with(&[("loai", Some(&heap.kind)), ("trang-thai", Some(&heap.state)), ("co-quan", Some(&body))]);
            blocks.push(Block::Buttons(vec![(page.say("Xem tất cả", "See all").to_owned(), all)]));
        }
    }
    show(page, blocks)
}

async fn step(page: Page, Who(who): Who, State(app): State<App>, Path((id, to)): Path<(String, String)>) -> Answer {
    let id = record_id(&id)?;
    let lang = crate::service::office_lang(page.lang);
    let (asking, wanted) = (who.clone(), to.clone());
    let (form, values) = app
        .call(move |office| {
            let form = office.step_form(&asking, id, &wanted)?;
            let mut values = form.kind.form_values(form.view.data.as_ref().unwrap_or(&Value::Null));
            values.retain(|(name, _)| form.asked.iter().any(|field| field.name == *name));
            name_what_is_typed(office, &asking, &form.kind, lang, &mut values)?;
            Ok((form, values))
        })
        .await?;
    show_step(page, who, &app, form, &FormPairs(values), FormErrors::none(crate::lang::Lang::Vi.texts())).await
}

async fn show_step(page: Page, who: Identity, app: &App, form: StepForm, values: &FormPairs, errors: FormErrors) -> Answer {
    let id = form.view.id;
    let data = form.view.data.clone().unwrap_or_default();
    let titled = data.clone();
    let (titles, others) = app.call(move |office| Ok((titles_in(office, &who, Some(&titled))?, linked(office, &who, id)?))).await?;
    let name = app.office.catalogue().title(&form.kind.name, &data, crate::service::office_lang(page.lang));
    let crumb = office::shorten(&name, 60);
    let title = said(&form.step.label, page.lang).to_owned();
    let page = page.titled(title).crumb(crumb, &place_of(&form.kind.name, id));
    let page = if form.step.leaders { page.at(Nav::Leader) } else { page };
    let faulty = !errors.is_empty();
    let mut blocks = Blocks::default();
    blocks.push(Block::Quote(name));
    if !form.faults.is_empty() {
        let lines: Vec<String> = form.faults.iter().map(|fault| said(&fault.message, page.lang).to_owned()).collect();
        let words = page.say("Chưa làm được bước này. Hãy sửa bản ghi trước:", "This step is not possible yet. Mend the record first:");
        blocks.push(Block::Notice(Notice::problem(format!("{words} {}", lines.join(" ")))));
        blocks.push(Block::Buttons(vec![(page.say("Sửa bản ghi", "Edit the record").to_owned(), page.href(&format!("/r/{id}/sua")))]));
    } else {
        let mut card = Form::post(page.href(&format!("/r/{id}/buoc/{}", form.step.to)));
        for field in &form.asked {
            card = card.field(input(app, &page, &form.kind, field, &field.name, values, &errors));
        }
        card = card.field(Field::hidden(page.texts(), "_previous", form.view.leaf.to_hex())).button(said(&form.step.label, page.lang));
        if form.asked.is_empty() {
            card.before.push(page.say("Mọi điều kiện đã đủ.", "Everything that is needed is there.").to_owned());
        }
        card.class = "card";
        card.errors = Some(errors);
        blocks.push(Block::Form(card));
    }
    let mut facts = Definitions { rows: Vec::new() };
    for field in &form.kind.fields {
        if let Some(value) = data.get(&field.name) {
            facts.add(said(&field.label, page.lang), value_cell(app, &page, &titles, field, value));
        }
    }
    blocks.push(Block::Heading(page.say("Nội dung hồ sơ", "What the record says").to_owned()));
    blocks.push(Block::Facts(facts));
    if !others.is_empty() {
        blocks.push(Block::Heading(page.say("Bản ghi nhắc đến hồ sơ này", "Records that refer to it").to_owned()));
        blocks.push(Block::Links(others.into_iter().map(|(title, place)| (title, page.href(&place))).collect()));
    }
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

fn linked(office: &Office, who: &Identity, id: RecordId) -> Result<Vec<(String, String)>, OfficeError> {
    let filter = RegisterFilter { refers_to: Some(id), ..RegisterFilter::default() };
    let rows = office.register_page(who, &filter, None, 30)?.rows;
    Ok(rows.into_iter().map(|row| (office::shorten(&row.title, 120), place_of(&row.kind, row.id))).collect())
}

async fn take(page: Page, Who(who): Who, State(app): State<App>, Path((id, to)): Path<(String, String)>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let (asking, wanted, typed) = (who.clone(), to.clone(), pairs.0.clone());
    let (form, resolved, open) = app
        .call(move |office| {
            let form = office.step_form(&asking, id, &wanted)?;
            let mut inputs = typed;
            let open = office.resolve_names(&asking, &form.kind, &mut inputs)?;
            Ok((form, inputs, open))
        })
        .await?;
    let mut errors = FormErrors::none(page.texts());
    for (path, choices) in &open {
        errors.add(path, not_one_thing(&page, &form.kind, path, pairs.get(path).unwrap_or_default(), choices));
    }
    let previous = pairs.get("_previous").and_then(LeafHash::from_hex);
    let given = match form.kind.read_form(&resolved) {
        Ok(data) => data,
        Err(faults) => {
            errors.faults.extend(FormErrors::of(page.lang, &field_faults(&faults.faults)).faults);
            Value::Null
        }
    };
    if !errors.is_empty() {
        return show_step(page, who, &app, form, &pairs, errors).await;
    }
    let given: Map<String, Value> = given.as_object().cloned().unwrap_or_default();
    let (asking, leaders) = (who.clone(), form.step.leaders);
    let taken = app.save(move |office| office.take_step(&asking, id, &to, given, previous)).await;
    match taken {
        Ok(_) if leaders => page.go("/duyet"),
        Ok(_) => page.go(&place_of(&form.kind.name, id)),
        Err(failure) if failure.code == "invalid" => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            show_step(page, who, &app, form, &pairs, errors).await
        }
        Err(failure) => Err(failure),
    }
}
