//! `/bo-phieu`: where the holder of a slip votes. The page asks nobody who he is: it stands outside the layer that reads sessions, and requests to it leave
//! no line in the log. The slip travels in the body of a form only, never in an address.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use catalogue::BallotForm;
use office::{BallotMark, BallotPaper};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::Answer;
use crate::form::FormPairs;
use crate::page::Page;
use crate::parts::{Choice, Field, FieldKind, Notice};
use crate::service::{App, said};
use crate::shell::no_store;

/// What a blank ballot sends.
const BLANK: &str = "blank";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/bo-phieu", get(door).post(open)).route("/bo-phieu/gui", post(cast))
}

async fn door(page: Page) -> Answer {
    let done = page.parameter("xong").is_some();
    show_door(page, done.then(|| Notice::done("")), "")
}

fn show_door(page: Page, notice: Option<Notice>, slip: &str) -> Answer {
    let title = page.say("Bỏ phiếu kín", "Secret ballot").to_owned();
    let page = page.titled(title);
    let mut blocks = Blocks::default();
    let mut faulty = false;
    if let Some(mut notice) = notice {
        faulty = !notice.text.is_empty();
        if !faulty {
            notice.text = page
                .say(
                    "Đã bỏ phiếu. Lá phiếu đã vào hòm và không còn gắn với mã phiếu. Hãy đóng trang này và hủy mảnh phiếu.",
                    "Your ballot is in the urn and no longer tied to the slip. Close this page and tear up the slip.",
                )
                .to_owned();
        }
        blocks.push(Block::Notice(notice));
    }
    let mut form = Form::post(page.href("/bo-phieu"))
        .field(Field::text(page.texts(), "slip", page.say("Mã phiếu", "Slip")).value(slip).required().hint(page.say(
            "12 ký tự trên mảnh phiếu đã bốc, ví dụ K7PM-2WQX-9RTA.",
            "The 12 signs of the slip you drew, for example K7PM-2WQX-9RTA.",
        )))
        .button(page.say("Mở lá phiếu", "Open the ballot"));
    form.class = "card";
    blocks.push(Block::Form(form));
    blocks.push(Block::Muted(
        page.say(
            "Trang này không cần và không xem tài khoản đăng nhập. Hệ thống không ghi ai bỏ phiếu, lúc nào, từ đâu; chỉ giữ số phiếu theo từng mức.",
            "This page needs no account and looks at none. Who votes, when and from where is not kept; only the number of ballots for each choice is.",
        )
        .to_owned(),
    ));
    let mut response = if faulty { show_faulty(page, blocks)? } else { show(page, blocks)? };
    no_store(&mut response);
    Ok(response)
}

async fn open(page: Page, State(app): State<App>, pairs: FormPairs) -> Answer {
    let slip = pairs.get("slip").unwrap_or("").to_owned();
    paper_of(page, &app, slip, &FormPairs::default(), None).await
}

/// The ballot paper of a slip; the door with the reason when the slip is not good.
async fn paper_of(page: Page, app: &App, slip: String, values: &FormPairs, fault: Option<String>) -> Answer {
    let typed = slip.clone();
    match app.call(move |office| office.ballot_paper(&typed)).await {
        Ok(paper) => show_paper(page, &paper, &slip, values, fault),
        Err(failure) if failure.status.is_client_error() => {
            let message = failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or(failure.detail);
            show_door(page, Some(Notice::problem(message)), &slip)
        }
        Err(failure) => Err(failure),
    }
}

fn show_paper(page: Page, paper: &BallotPaper, slip: &str, values: &FormPairs, fault: Option<String>) -> Answer {
    let title = page.say("Lá phiếu", "Ballot").to_owned();
    let page = page.titled(title);
    let texts = page.texts();
    let mut blocks = Blocks::default();
    let faulty = fault.is_some();
    if let Some(fault) = fault {
        blocks.push(Block::Notice(Notice::problem(fault)));
    }
    blocks.push(Block::Quote(paper.title.clone()));
    blocks.push(Block::Muted(format!("{} – {}", said(&paper.sheet.label, page.lang), paper.sheet.source)));
    let mut form = Form::post(page.href("/bo-phieu/gui")).field(Field::hidden(texts, "slip", slip));
    let blank = page.say("Phiếu trắng (không hợp lệ)", "Blank (invalid)");
    match &paper.sheet.ballot {
        BallotForm::Choice { choices, .. } => {
            let mut marks: Vec<Choice> =
                choices.iter().map(|choice| Choice::new(choice.code.clone(), said(&choice.label, page.lang))).collect();
            marks.push(Choice::new(BLANK, blank));
            let field = Field::new(texts, FieldKind::Radios(marks), "mark", page.say("Ý kiến của tôi", "My vote"));
            form = form.field(field.required().value_from(values));
        }
        BallotForm::Points { criteria, .. } => {
            for (at, criterion) in criteria.iter().enumerate() {
                let label = format!("{} (0–{})", said(&criterion.word.label, page.lang), criterion.cap);
                form = form.field(Field::new(texts, FieldKind::Number, format!("points.{at}.given"), label).value_from(values));
            }
            form = form.field(Field::new(texts, FieldKind::Tick, "mark", blank).value_from(values));
        }
    }
    form = form.button(page.say("Bỏ phiếu", "Cast the ballot"));
    form.class = "card";
    blocks.push(Block::Form(form));
    blocks.push(Block::Muted(page.say("Bỏ rồi thì không sửa được.", "A ballot that has been cast cannot be changed.").to_owned()));
    let mut response = if faulty { show_faulty(page, blocks)? } else { show(page, blocks)? };
    no_store(&mut response);
    Ok(response)
}

async fn cast(page: Page, State(app): State<App>, pairs: FormPairs) -> Answer {
    let slip = pairs.get("slip").unwrap_or("").to_owned();
    let mark = match read_mark(&page, &pairs) {
        Ok(mark) => mark,
        Err(fault) => return paper_of(page, &app, slip, &pairs, Some(fault)).await,
    };
    let used = slip.clone();
    match app.call(move |office| office.cast_ballot(&used, mark)).await {
        Ok(()) => {
            let mut response = page.go("/bo-phieu?xong=1")?.into_response();
            no_store(&mut response);
            Ok(response)
        }
        Err(failure) if failure.status.is_client_error() => {
            let fault = failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or(failure.detail);
            paper_of(page, &app, slip, &pairs, Some(fault)).await
        }
        Err(failure) => Err(failure),
    }
}

fn read_mark(page: &Page, pairs: &FormPairs) -> Result<BallotMark, String> {
    let mark = pairs.get("mark");
    if mark == Some(BLANK) || mark == Some("1") {
        return Ok(BallotMark::Blank);
    }
    let points = pairs.rows("points");
    if points == 0 {
        return Ok(BallotMark::Choice(mark.unwrap_or("").to_owned()));
    }
    let mut given = Vec::with_capacity(points.min(100));
    for at in 0..points.min(100) {
        match pairs.get(&format!("points.{at}.given")).map(str::parse::<u64>) {
            Some(Ok(points)) => given.push(points),
            _ => {
                return Err(page
                    .say(
                        "Mỗi tiêu chí cần một số điểm nguyên, từ 0 trở lên; chưa bỏ phiếu.",
                        "Every criterion needs a whole number of points, 0 or more; nothing was cast.",
                    )
                    .to_owned());
            }
        }
    }
    Ok(BallotMark::Points(given))
}
