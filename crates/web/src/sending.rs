//! "Gửi lên cấp trên": what of the node's published data waits, and the acts of the head: to send it, and to say when it goes by itself.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use office::{Identity, RecordId, RegisterRow, SendPolicy, SendQueue, Sending, WaitingDeed, WaitingEntry};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Choice, Column, Definitions, EmptyState, Field, FieldKind, FormErrors, Notice, Pager, Table};
use crate::records::place_of;
use crate::service::{App, Who, said};

const PLACE: &str = "/gui-len";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/gui-len", get(index).post(send)).route("/gui-len/che-do", post(change))
}

fn require(who: &Identity, app: &App) -> Result<(), Failure> {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    app.office.may_send_up(who).require().map_err(Failure::from)
}

/// That entries wait for the head, and the way to the page.
pub(crate) fn waiting_blocks(page: &Page, waiting: u64) -> [Block; 2] {
    let count = count(waiting, page);
    let words = match page.lang {
        crate::lang::Lang::Vi => format!("{count} mục đã công bố tại đây chờ anh/chị gửi lên cấp trên."),
        crate::lang::Lang::En => format!("Published here and waiting for you to send up: {count} entries."),
    };
    let look = page.say("Xem và gửi lên", "Look and send up").to_owned();
    [Block::Notice(Notice::info(words)), Block::Buttons(vec![(look, page.href(PLACE))])]
}

/// The policy as a fact of the node, with the way to the page.
pub(crate) fn policy_cell(page: &Page, sending: &Sending) -> Cell {
    let mut lines = vec![Cell::link(said(&sending.policy.label(), page.lang), page.href(PLACE))];
    if sending.waiting > 0 {
        lines.push(Cell::text(format!(
            "{}: {}",
            page.say("mục chờ lãnh đạo gửi", "entries waiting for the head"),
            count(sending.waiting, page)
        )));
    }
    Cell::Lines(lines)
}

fn count(number: u64, page: &Page) -> String {
    format::number(i64::try_from(number).unwrap_or(i64::MAX), page.lang)
}

async fn index(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    show_index(page, who, &app, place, None, FormErrors::none(crate::lang::Lang::Vi.texts()), &FormPairs::default()).await
}

async fn show_index(
    page: Page,
    who: Identity,
    app: &App,
    place: ListPlace,
    notice: Option<Notice>,
    errors: FormErrors,
    typed: &FormPairs,
) -> Answer {
    require(&who, app)?;
    let (sending, queue, titles) = app
        .call(move |office| {
            let sending = office.sending(&who)?;
            let queue = match &sending {
                Some(sending) if sending.waiting > 0 => office.send_queue(&who, place.after.as_deref(), place.limit)?,
                _ => SendQueue::default(),
            };
            let records: Vec<RecordId> = queue.rows.iter().filter_map(|row| row.record).collect();
            let titles = office.titles(&who, &records)?;
            Ok((sending, queue, titles))
        })
        .await?;
    let title = page.say("Gửi lên cấp trên", "Sending up").to_owned();
    let page = page.titled(title).at(Nav::Work);
    let mut blocks = Blocks::default();
    blocks.push(Block::Lead(
        page.say(
            "Người đứng đầu trả lời về dữ liệu rời cơ quan. Việc tại chỗ không bao giờ phải chờ; chỉ phần gửi lên chờ ở đây.",
            "The head answers for the data that leaves the body. Work here never waits; only what goes up waits here.",
        )
        .to_owned(),
    ));
    if let Some(notice) = notice {
        blocks.push(Block::Notice(notice));
    }
    let Some(sending) = sending else {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Không có nút trên", "No node above"),
            page.say(
                "Nút này không nối lên nút nào nên không có gì để gửi.",
                "No node stands above this one, so there is nothing to send.",
            ),
        )));
        return show(page, blocks);
    };
    blocks.push(Block::Facts(facts(&page, &sending)));
    if sending.waiting > 0 {
        let until: Vec<String> = sending.sizes.iter().map(|(audience, size)| format!("{audience}:{size}")).collect();
        let mut form = Form::post(page.href(PLACE)).button_with("until", &until.join(","), page.say("Gửi lên", "Send up"));
        form.before.push(
            page.say(
                "Gửi mọi mục đang chờ tính đến lúc mở trang này. Sổ đi theo thứ tự, nên không gửi riêng từng mục; mục chưa nên gửi thì rút trước khi gửi.",
                "Sends everything that waited when this page was opened. A log goes up in order, so single entries cannot be picked; take back what should not go before you send.",
            )
            .to_owned(),
        );
        blocks.push(Block::Form(form));
        blocks.push(Block::Table(kinds_table(&page, app, &queue)));
        blocks.push(Block::Table(rows_table(&page, app, &queue.rows, &titles)));
        if queue.next.is_some() || page.parameter("after").is_some() {
            let records = queue.kinds.iter().map(|(_, records)| records).sum();
            let total = if queue.is_counted_whole { records } else { sending.waiting };
            blocks.push(Block::Pager(Pager::new(&page, queue.rows.len(), total, queue.next.as_deref())));
        }
    } else {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Không có mục nào chờ", "Nothing waits"),
            page.say("Mọi mục đã được phép gửi.", "Everything has been let go."),
        )));
    }
    let words = page.say("Tình hình kết nối, báo cáo", "The connection, reports").to_owned();
    blocks.push(Block::Links(vec![(words, page.href(crate::connection_report::PLACE))]));
    let faulty = !errors.is_empty();
    blocks.push(Block::Form(policy_form(&page, &sending, errors, typed)));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

fn facts(page: &Page, sending: &Sending) -> Definitions {
    let mut facts = Definitions { rows: Vec::new() };
    facts.add(page.say("Chế độ", "Policy"), Cell::text(said(&sending.policy.label(), page.lang)));
    if let Some((at, by)) = &sending.set {
        facts.add(page.say("Đặt lúc", "Set"), Cell::text(format!("{}, {by}", format::instant(*at))));
    }
    if let Some(at) = sending.sent_at {
        facts.add(page.say("Gửi lần cuối", "Sent last"), Cell::text(format::instant(at)));
    }
    facts.add(page.say("Mục đang chờ", "Entries waiting"), Cell::text(count(sending.waiting, page)));
    facts
}

fn kinds_table(page: &Page, app: &App, queue: &SendQueue) -> Table {
    let columns = vec![Column::new(page.say("Loại", "Kind")), Column::numeric(page.say("Bản ghi", "Records"))];
    let caption = match queue.is_counted_whole {
        true => page.say("Đang chờ, theo loại", "Waiting, by kind"),
        false => page.say("Đang chờ, theo loại (2.000 mục đầu)", "Waiting, by kind (the first 2,000 entries)"),
    };
    let mut table = Table::new(page.texts(), caption, columns).with_total(queue.kinds.len() as u64);
    for (kind, records) in &queue.kinds {
        table.row(vec![Cell::text(kind_name(page, app, kind)), Cell::text(count(*records, page))]);
    }
    table
}

fn kind_name(page: &Page, app: &App, kind: &str) -> String {
    app.office.catalogue().kind(kind).map_or(kind, |kind| said(&kind.label, page.lang)).to_owned()
}

fn rows_table(page: &Page, app: &App, rows: &[WaitingEntry], titles: &[RegisterRow]) -> Table {
    let columns = vec![
        Column::new(page.say("Bản ghi", "Record")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Việc", "What it does")),
        Column::new(page.say("Ghi lúc", "Written")),
    ];
    let mut table = Table::new(page.texts(), page.say("Các mục đang chờ", "What waits"), columns);
    for row in rows {
        let title = row.record.and_then(|id| titles.iter().find(|title| title.id == id));
        let name = match (title, row.record) {
            (Some(title), _) => Cell::link(office::shorten(&title.title, 120), page.href(&place_of(&title.kind, title.id))),
            (None, Some(id)) => Cell::link(id.to_string(), page.href(&format!("/r/{id}"))),
            (None, None) => Cell::Empty,
        };
        let kind = title.map_or(row.kind.as_str(), |title| title.kind.as_str());
        let deed = match row.deed {
            WaitingDeed::New => page.say("công bố", "publishes"),
            WaitingDeed::Changed => page.say("sửa", "changes"),
            WaitingDeed::Withdrawn => page.say("rút", "takes back"),
            WaitingDeed::Erased => page.say("lệnh xóa nội dung: nên gửi sớm", "erasure: send it soon"),
        };
        table.row(vec![name, Cell::text(kind_name(page, app, kind)), Cell::text(deed), Cell::text(format::instant(row.at))]);
    }
    table
}

fn policy_form(page: &Page, sending: &Sending, errors: FormErrors, typed: &FormPairs) -> Form {
    let texts = page.texts();
    let (now, time) = match sending.policy {
        SendPolicy::Automatic => ("automatic", "17:00".to_owned()),
        SendPolicy::ByHand => ("by-hand", "17:00".to_owned()),
        SendPolicy::Daily { hour, minute } => ("daily", format!("{hour:02}:{minute:02}")),
    };
    let choices = vec![
        Choice::new("automatic", page.say("Tự động: gửi ngay khi công bố", "By itself, as soon as it is published")),
        Choice::new("daily", page.say("Hằng ngày vào một giờ, theo lệnh đặt sẵn ở đây", "Every day at a time, by this standing order")),
        Choice::new("by-hand", page.say("Từng đợt: chờ lãnh đạo bấm “Gửi lên”", "By hand: when the head presses “Send up”")),
    ];
    let mut form = Form::post(page.href("/gui-len/che-do"))
        .field(
            Field::new(texts, FieldKind::Radios(choices), "policy", page.say("Khi nào gửi", "When it goes up"))
                .required()
                .value(typed.get("policy").unwrap_or(now))
                .error_from(&errors),
        )
        .field(
            Field::text(texts, "time", page.say("Giờ gửi hằng ngày", "Time of day"))
                .value(typed.get("time").unwrap_or(&time))
                .hint(page.say("Giờ Việt Nam, ví dụ 17:30. Chỉ dùng cho “Hằng ngày”.", "Vietnam's time, e.g. 17:30. For “Every day” only."))
                .error_from(&errors),
        )
        .button(page.say("Đặt chế độ", "Set the policy"));
    form.heading = page.say("Chế độ gửi", "When data goes up").to_owned();
    form.class = "card";
    form.errors = Some(errors);
    form
}

async fn send(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    require(&who, &app)?;
    let sizes: BTreeMap<String, u64> = pairs
        .get("until")
        .unwrap_or_default()
        .split(',')
        .filter_map(|part| part.split_once(':'))
        .filter_map(|(audience, size)| Some((audience.to_owned(), size.parse().ok()?)))
        .collect();
    app.call(move |office| office.send_up(&who, Some(sizes))).await?;
    page.go(PLACE)
}

async fn change(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    require(&who, &app)?;
    let mut errors = FormErrors::none(page.texts());
    let policy = match pairs.get("policy").unwrap_or_default() {
        "daily" => {
            let policy = SendPolicy::parse(&format!("daily {}", pairs.get("time").unwrap_or_default()));
            if policy.is_none() {
                errors.add(
                    "time",
                    page.say(
                        "Giờ gửi hằng ngày: không đọc được; hãy ghi giờ:phút, ví dụ 17:30.",
                        "Time of day: it cannot be read; write hours:minutes, e.g. 17:30.",
                    ),
                );
            }
            policy
        }
        other => {
            let policy = SendPolicy::parse(other);
            if policy.is_none() {
                errors.add("policy", page.say("Khi nào gửi: hãy chọn một chế độ.", "When it goes up: choose one."));
            }
            policy
        }
    };
    let place = ListPlace { after: None, limit: crate::list::USUAL_LIMIT, sort: None };
    let Some(policy) = policy else { return show_index(page, who, &app, place, None, errors, &pairs).await };
    let asking = who.clone();
    match app.call(move |office| office.set_send_policy(&asking, policy)).await {
        Ok(()) => page.go(PLACE),
        Err(failure) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            let notice = failure.message.map(|message| Notice::problem(message.get(page.lang)));
            show_index(page, who, &app, place, notice, errors, &pairs).await
        }
        Err(failure) => Err(failure),
    }
}
