//! What of a record others already say: beside the form while it is typed, and as a page of its own with the passages side by side.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use catalogue::{FieldType, Kind};
use office::{FoundOverlap, Identity, OverlapForm, RecordId};
use serde_json::{Map, Value};

use crate::blocks::{Block, Blocks, Form, OverlapCard, show};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::page::Page;
use crate::parts::{Badge, EmptyState, Icon, Notice, Tone};
use crate::records::{list_of, place_of};
use crate::service::{App, Who, record_id, said};

/// Passages of a record that are shown beside a form.
const PASSAGES_IN_PANEL: usize = 2;
/// Passages of a record that are shown on the page.
const PASSAGES: usize = 12;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/r/{id}/trung-lap", get(report).post(begin_check))
}

/// The id of the panel beside a form.
pub(crate) const PANEL: &str = "overlap";

/// What is typed in a form as the data of a record: texts, codes and days; what is not there yet is left out.
fn typed_data(kind: &Kind, pairs: &FormPairs) -> Value {
    let mut data = Map::new();
    for field in &kind.fields {
        if !matches!(
            field.of,
            FieldType::Text { .. } | FieldType::LongText { .. } | FieldType::Markdown { .. } | FieldType::Code { .. } | FieldType::Day
        ) {
            continue;
        }
        if field.repeated {
            let rows = 0..pairs.rows(&field.name);
            let values: Vec<Value> = rows
                .filter_map(|row| pairs.get(&format!("{}.{row}", field.name)))
                .filter(|value| !value.trim().is_empty())
                .map(Value::from)
                .collect();
            data.insert(field.name.clone(), Value::Array(values));
        } else if let Some(value) = pairs.get(&field.name).filter(|value| !value.trim().is_empty()) {
            data.insert(field.name.clone(), Value::from(value));
        }
    }
    Value::Object(data)
}

/// The panel for what is typed, as a piece of a page.
pub(crate) async fn answer_while_typing(
    page: Page,
    who: Identity,
    app: &App,
    kind: &Kind,
    id: Option<RecordId>,
    pairs: &FormPairs,
) -> Answer {
    let panel = panel(&page, who, app, kind, id, pairs).await?;
    Ok(Html(panel.to_string()).into_response())
}

/// What others say of what is typed.
pub(crate) async fn panel(
    page: &Page,
    who: Identity,
    app: &App,
    kind: &Kind,
    id: Option<RecordId>,
    pairs: &FormPairs,
) -> Result<Blocks, Failure> {
    let form = OverlapForm { limit: 5, ..OverlapForm::of(kind, &typed_data(kind, pairs), id) };
    let too_short = form.is_too_short();
    let found = app.call(move |office| office.overlaps(&who, &form)).await?;
    let mut blocks = Blocks::default();
    blocks.push(Block::Heading(page.say("Trùng lặp?", "Overlap?").to_owned()));
    if too_short {
        blocks.push(Block::Muted(
            page.say("Ghi tên nhiệm vụ để tra các bản ghi đã có.", "Type the title to look for records that exist already.").to_owned(),
        ));
    } else if found.is_empty() {
        blocks.push(Block::Muted(
            page.say("Chưa thấy bản ghi nào trùng lời với nội dung đã ghi.", "No record says what is typed so far.").to_owned(),
        ));
    } else {
        blocks.push(Block::Overlaps(cards(page, app, &found, PASSAGES_IN_PANEL, &[])));
    }
    Ok(blocks)
}

/// Kind, state and year of a record that was found.
pub(crate) fn found_badges(page: &Page, app: &App, kind: &str, state: Option<&str>, day: &str) -> Vec<Badge> {
    let catalogue = app.office.catalogue();
    let known = catalogue.kind(kind);
    let mut badges = vec![Badge::new(Tone::Plain, Icon::Document, known.map_or(kind, |kind| said(&kind.label, page.lang)))];
    let states = known.and_then(|kind| catalogue.list(&format!("workflow:{}", kind.workflow.as_deref()?)));
    if let Some(label) = state.and_then(|code| states?.label(code)) {
        badges.push(Badge::new(Tone::Plain, Icon::Info, said(label, page.lang)));
    }
    if let Some(year) = day.get(..4) {
        badges.push(Badge::new(Tone::Plain, Icon::Clock, year));
    }
    badges
}

fn cards(page: &Page, app: &App, found: &[FoundOverlap], passages: usize, mine: &[(String, String)]) -> Vec<OverlapCard> {
    let mut cards = Vec::new();
    for one in found {
        let overlap = &one.overlap;
        let mut badges = Vec::new();
        if overlap.is_strong {
            badges.push(Badge::new(Tone::Warn, Icon::Alert, page.say("nên xem kỹ", "look closely")));
        }
        badges.extend(found_badges(page, app, &overlap.kind, one.state.as_deref(), &one.day));
        for flag in &one.flags {
            badges.push(Badge::new(Tone::Info, Icon::Info, said(&flag.label(), page.lang)));
        }
        let texts = overlap.spans.iter().take(passages).map(|span| {
            let own = mine.iter().find(|(name, _)| *name == span.field).and_then(|(_, text)| text.get(span.mine.clone()));
            (own.unwrap_or_default().to_owned(), span.their_words.clone())
        });
        cards.push(OverlapCard {
            percent: format!("{:.0} %", 100.0 * overlap.share),
            title: overlap.title.clone(),
            href: RecordId::parse(&overlap.id).map(|id| page.href(&place_of(&overlap.kind, id))).unwrap_or_default(),
            badges,
            passages: texts.collect(),
            mine: page.say("Đề xuất", "Proposal").to_owned(),
            theirs: page.say("Bản ghi", "Record").to_owned(),
            more: overlap.spans.len().saturating_sub(passages),
            more_words: page.say("đoạn nữa", "more passages").to_owned(),
        });
    }
    cards
}

async fn report(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (view, form, found, may_keep) = app
        .call(move |office| {
            let (view, form, found) = office.record_overlaps(&who, id)?;
            let may_keep = office.may_create(&who, "overlap_check")?.allowed;
            Ok((view, form, found, may_keep))
        })
        .await?;
    let Some(data) = &view.data else { return Err(Failure::not_found(id.to_string())) };
    let kind = app.office.form(&view.kind, view.form)?;
    let name = app.office.catalogue().title(&view.kind, data, crate::service::office_lang(page.lang));
    let title = page.say("Kiểm tra trùng lặp", "Overlap check").to_owned();
    let label = said(&kind.plural, page.lang).to_owned();
    let page = page.titled(title).crumb(label, &list_of(&kind.name)).crumb(name.clone(), &place_of(&kind.name, id));
    let mut blocks = Blocks::default();
    blocks.push(Block::Lead(name));
    blocks.push(Block::Muted(
        page.say(
            "Phần trăm là phần lượng thông tin của đề xuất mà bản ghi kia đã nói; lời mẫu mà nhiều bản ghi cùng có không được tính. Con số chỉ nói nên đọc ở đâu, hội đồng quyết định.",
            "The percentage is the share of the proposal's information that the other record says already; set phrases that many records share do not count. It says where to read; the council decides.",
        )
        .to_owned(),
    ));
    if form.is_too_short() {
        blocks.push(Block::Notice(Notice::info(page.say("Bản ghi có quá ít lời để so.", "The record has too few words to compare."))));
    } else if found.is_empty() {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Không thấy bản ghi nào trùng lời", "No record says the same"),
            page.say(
                "Đã so với mọi nhiệm vụ, kết quả, công nghệ mà anh/chị được xem.",
                "Compared with all tasks, results and technologies that you may see.",
            ),
        )));
    } else {
        blocks.push(Block::Overlaps(cards(&page, &app, &found, PASSAGES, &form.parts)));
    }
    if may_keep && !form.is_too_short() {
        let mut keep = Form::post(page.href(&format!("/r/{id}/trung-lap")))
            .button(page.say("Lập phiếu kết quả tra cứu (C0-KQTrC)", "Make the result sheet (C0-KQTrC)"));
        keep.class = "card no-print";
        keep.before.push(
            page.say(
                "Phiếu giữ kết quả cùng vị trí các nhật ký lúc tra cứu; anh/chị ghi nhận xét cho từng bản ghi (trùng, kế thừa, không trùng) rồi in ra Word ở mục Giấy tờ.",
                "The sheet keeps the result with the positions of the logs; give a verdict on each record (overlap, continuation, none), then print it under Papers.",
            )
            .to_owned(),
        );
        blocks.push(Block::Form(keep));
    }
    show(page, blocks)
}

async fn begin_check(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let stored = app.save(move |office| office.begin_overlap_check(&who, id)).await?;
    page.go(&format!("/r/{}/sua", stored.id))
}
