//! Who offers what a record needs, or needs what it offers; and at the foot of every record, others about the same.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use office::{FoundMatch, MatchAnswer, MatchSide, RecordId, Related};

use crate::blocks::{Block, Blocks, Form, FoundHit, button_form, show};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::overlap::found_badges;
use crate::page::Page;
use crate::parts::{Badge, Cell, Column, EmptyState, Field, Icon, Table, Tone};
use crate::records::{list_of, place_of};
use crate::service::{App, Who, record_id, said};

/// Suggestions on a page.
const SHOWN: usize = 10;
/// Records about the same at the foot of a record.
pub(crate) const RELATED: usize = 5;
/// The list of what may be answered.
const ANSWERS: &str = "match-answers";
/// What the name of a field for a reason begins with.
const REASON: &str = "reason-";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/r/{id}/goi-y", get(suggestions).post(answer))
}

async fn suggestions(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (matches, may_answer) = app
        .call(move |office| {
            let matches = office.matches(&who, id, SHOWN)?;
            let may_answer = office.may_create(&who, "match_answer")?.allowed;
            Ok((matches, may_answer))
        })
        .await?;
    let Some(data) = &matches.view.data else { return Err(Failure::not_found(id.to_string())) };
    let kind = app.office.form(&matches.view.kind, matches.view.form)?;
    let name = app.office.catalogue().title(&kind.name, data, crate::service::office_lang(page.lang));
    let title = match matches.side {
        MatchSide::Offers => page.say("Gợi ý đáp ứng nhu cầu", "Suggestions for the need"),
        MatchSide::Needs => page.say("Gợi ý nơi cần", "Suggestions who may need it"),
    };
    let label = said(&kind.plural, page.lang).to_owned();
    let page = page.titled(title).crumb(label, &list_of(&kind.name)).crumb(name.clone(), &place_of(&kind.name, id));
    let mut blocks = Blocks::default();
    blocks.push(Block::Lead(name));
    blocks.push(Block::Muted(
        page.say(
            "Xếp theo phần từ hiếm hai bên cùng dùng, thêm điểm khi cùng nhóm lĩnh vực, loại công nghệ, tỉnh, đủ mức sẵn sàng, trong mức giá. Chương trình chỉ gợi ý; điều anh/chị đã trả lời không được gợi ý lại.",
            "In the order of the rare words that both use, more for the same group of fields, kind of technology or province, readiness and price. The program only suggests; what was answered is not suggested again.",
        )
        .to_owned(),
    ));
    if matches.found.is_empty() {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Chưa có gợi ý", "No suggestion so far"),
            page.say(
                "Chưa thấy bản ghi nào ở phía bên kia dùng cùng những từ hiếm. Mô tả kỹ hơn thì dễ tìm hơn.",
                "No record of the other side uses the same rare words so far. A fuller description is found more easily.",
            ),
        )));
    }
    for (number, found) in (1..).zip(&matches.found) {
        show_suggestion(&page, &app, id, (number, found), may_answer, &mut blocks);
    }
    if !matches.answered.is_empty() {
        blocks.push(Block::Table(answered_table(&page, &app, id, &matches.answered, may_answer)));
    }
    show(page, blocks)
}

fn show_suggestion(page: &Page, app: &App, id: RecordId, (number, found): (usize, &FoundMatch), may_answer: bool, blocks: &mut Blocks) {
    let (catalogue, related) = (app.office.catalogue(), &found.related);
    let mut badges = found_badges(page, app, &related.kind, found.state.as_deref(), &found.day);
    for reason in &found.reasons {
        badges.push(Badge::new(Tone::Good, Icon::Check, said(&reason.label(), page.lang)));
    }
    let mut words = vec![(format!("{} ", page.say("Cùng nói:", "Both say:")), false)];
    for (number, shared) in related.words.iter().enumerate() {
        if number > 0 {
            words.push((", ".to_owned(), false));
        }
        words.push((shared.clone(), true));
    }
    words.push((format!(" · {:.0} %", 100.0 * related.share), false));
    blocks.push(Block::Hits(
        number,
        vec![FoundHit {
            href: RecordId::parse(&related.id).map(|id| page.href(&place_of(&related.kind, id))).unwrap_or_default(),
            title: vec![(related.title.clone(), false)],
            snippet: words,
            badges,
            why: Vec::new(),
            why_words: String::new(),
        }],
    ));
    if !may_answer {
        return;
    }
    // A name of its own: fields of one page are told apart by their names.
    let name = format!("{REASON}{}", related.id);
    let reason = Field::text(page.texts(), name, page.say("Lý do (không bắt buộc)", "Reason (optional)"));
    let mut form = Form::post(page.href(&format!("/r/{id}/goi-y"))).field(reason);
    form.class = "filter no-print";
    for code in catalogue.list(ANSWERS).map(|list| list.codes.as_slice()).unwrap_or_default() {
        form = form.button_with("answer", &format!("{} {}", code.code, related.id), said(&code.label, page.lang));
    }
    blocks.push(Block::Form(form));
}

fn answered_table(page: &Page, app: &App, id: RecordId, answered: &[MatchAnswer], may_answer: bool) -> Table {
    let columns = vec![
        Column::new(page.say("Bản ghi", "Record")),
        Column::new(page.say("Trả lời", "Answer")),
        Column::new(page.say("Gợi ý lại", "Suggest again")),
    ];
    let list = app.office.catalogue().list(ANSWERS);
    let mut table = Table::new(page.texts(), page.say("Đã trả lời", "Answered"), columns).with_total(answered.len() as u64);
    for one in answered {
        let label = list.and_then(|list| list.label(&one.answer)).map_or(one.answer.as_str(), |label| said(label, page.lang));
        let back = match may_answer {
            true => button_form(
                &page.href(&format!("/r/{id}/goi-y?bo={}", one.id)),
                page.say("Bỏ trả lời", "Take back"),
                &office::shorten(&one.title, 80),
            ),
            false => Cell::Empty,
        };
        table.row(vec![Cell::link(office::shorten(&one.title, 120), page.href(&format!("/r/{}", one.suggested))), Cell::text(label), back]);
    }
    table
}

async fn answer(
    page: Page,
    Who(who): Who,
    State(app): State<App>,
    Path(id): Path<String>,
    query: axum::extract::RawQuery,
    pairs: FormPairs,
) -> Answer {
    let id = record_id(&id)?;
    let back = query.0.as_deref().and_then(|query| query.strip_prefix("bo=")).map(record_id).transpose()?;
    let pressed = pairs.get("answer").and_then(|answer| answer.split_once(' ')).map(|(code, other)| (code.to_owned(), other.to_owned()));
    let reason = pairs.0.iter().find(|(name, _)| name.starts_with(REASON)).map(|(_, reason)| reason.clone()).unwrap_or_default();
    match (back, pressed) {
        (Some(answer), _) => app.save(move |office| office.take_back_match_answer(&who, answer)).await?,
        (None, Some((code, other))) => {
            let other = record_id(&other)?;
            app.save(move |office| office.answer_match(&who, id, other, &code, &reason)).await?
        }
        (None, None) => return page.go(&format!("/r/{id}/goi-y")),
    };
    page.go(&format!("/r/{id}/goi-y"))
}

/// Others about the same, at the foot of a record.
pub(crate) fn show_related(page: &Page, app: &App, related: &[Related], blocks: &mut Blocks) {
    if related.is_empty() {
        return;
    }
    let columns = vec![
        Column::new(page.say("Bản ghi", "Record")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Cùng nói", "Both say")),
    ];
    let mut table = Table::new(page.texts(), page.say("Bản ghi cùng chủ đề", "Records about the same"), columns);
    for one in related {
        let label = app.office.catalogue().kind(&one.kind).map_or(one.kind.as_str(), |kind| said(&kind.label, page.lang));
        let href = RecordId::parse(&one.id).map(|id| page.href(&place_of(&one.kind, id))).unwrap_or_default();
        table.row(vec![
            Cell::link(office::shorten(&one.title, 140), href),
            Cell::text(label),
            Cell::text(one.words.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ")),
        ]);
    }
    blocks.push(Block::Table(table));
}
