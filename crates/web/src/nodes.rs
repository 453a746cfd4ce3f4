//! The connection with other nodes: how complete the data is (for everybody), and the nodes above and below (for the administrator).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use catalogue::Audience;
use office::{ArrivalPlace, BodyCompleteness, Identity, LogStanding, Membership, OfficeError, ReceiptForm, RecordId, Sending, TakingOver};
use serde_json::json;

use crate::administration::require;
use crate::blocks::{Block, Blocks, Figure, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::inheritance::show_inheritance;
use crate::line::HttpLine;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Choice, Column, Definitions, EmptyState, Event, Field, FieldKind, Icon, Notice, Table, Timeline, Tone};
use crate::region::show_region;
use crate::service::{App, Who, record_id, said};

/// A node that has not called for so long, in microseconds, is said to be silent.
const SILENT_AFTER: i64 = 15 * 60 * 1_000_000;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/do-day-du", get(completeness))
        .route("/r/{id}/bien-nhan", get(receipt))
        .route("/quan-tri/nut", get(nodes))
        .route("/quan-tri/nut/trung-uong", post(found))
        .route("/quan-tri/nut/noi", post(join))
        .route("/quan-tri/nut/moi", post(invite))
        .route("/quan-tri/nut/ngat", post(unplug))
        .route("/quan-tri/nut/khep", post(close))
        .route("/quan-tri/nut/sap-nhap", post(merge))
}

/// The interface for programs: held against published, body by body.
pub(crate) async fn completeness_json(Who(who): Who, State(app): State<App>) -> Answer {
    let bodies = app.call(move |office| office.completeness(&who)).await?;
    Ok(axum::Json(json!({"bodies": bodies})).into_response())
}

async fn completeness(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let (bodies, now) = app.call(move |office| Ok((office.completeness(&who)?, office.clock().now()))).await?;
    let title = page.say("Độ đầy đủ của dữ liệu", "Completeness of the data").to_owned();
    let page = page.titled(title).at(Nav::Data);
    let mut blocks = Blocks::default();
    blocks.push(Block::Lead(
        page.say(
            "Mỗi cơ quan ký số vào sổ dữ liệu công khai của mình. Số bên phải cho biết nút này đang giữ được bao nhiêu trong số đã công bố.",
            "Each body signs the log of its public data. The figures say how much of what it has published is held here.",
        )
        .to_owned(),
    ));
    if bodies.is_empty() {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Nút này chưa nối với nút nào", "This node is not connected to any other"),
            page.say(
                "Dữ liệu ở đây là của riêng cơ quan chạy nút; chưa có gì để đối chiếu.",
                "The data here is that of the body that runs the node alone; there is nothing to compare yet.",
            ),
        )));
        return show(page, blocks);
    }
    let (published, held) = bodies.iter().fold((0, 0), |sum, body| (sum.0 + body.published, sum.1 + body.held));
    let whole = bodies.iter().filter(|body| body.gap == 0 && (body.own || body.signed_at.is_some())).count();
    let figure = |name: &str, value: String, note: String| Figure { name: name.to_owned(), value, note, known: true };
    blocks.push(Block::Figures(vec![
        figure(
            page.say("Đang giữ / đã công bố", "Held / published"),
            format!("{}/{}", count(held, &page), count(published, &page)),
            page.say("phiên bản bản ghi công khai", "versions of public records").to_owned(),
        ),
        figure(
            page.say("Cơ quan đủ và đã ký", "Bodies whole and signed"),
            format!("{}/{}", count(whole as u64, &page), count(bodies.len() as u64, &page)),
            String::new(),
        ),
    ]));
    let columns = vec![
        Column::new(page.say("Cơ quan", "Body")),
        Column::numeric(page.say("Đã công bố", "Published")),
        Column::numeric(page.say("Đang giữ", "Held")),
        Column::new(page.say("Mức độ", "Grade")),
        Column::new(page.say("Ký xác nhận lúc", "Signed for at")),
    ];
    let mut table = Table::new(page.texts(), page.say("Từng cơ quan", "Each body"), columns).with_total(bodies.len() as u64);
    for body in &bodies {
        let mut name = vec![Cell::text(body.name.clone()), Cell::text(body.node.clone())];
        if let Some(heir) = &body.merged_into {
            name.push(Cell::text(format!("{} {heir}", page.say("đã sáp nhập vào", "merged into"))));
        }
        table.row(vec![
            Cell::Lines(name),
            Cell::text(count(body.published, &page)),
            Cell::text(count(body.held, &page)),
            Cell::Badge(grade(body, now, &page)),
            Cell::text(body.signed_at.map(signed_at).unwrap_or_default()),
        ]);
    }
    blocks.push(Block::Table(table));
    if page.viewer.is_some() {
        let words = page.say("Tình hình kết nối của cơ quan chạy nút này", "The connection of the body that runs this node").to_owned();
        blocks.push(Block::Links(vec![(words, page.href(crate::connection_report::PLACE))]));
    }
    blocks.push(Block::Muted(
        page.say(
            "Ai cũng kiểm tra lại được: sổ công khai đọc được theo chuẩn C2SP tlog-tiles, gốc cây do cơ quan ký, nút trên ký nhận. Xem sổ tay, phần “Biên nhận”.",
            "Anybody can check it: the public logs are read by C2SP tlog-tiles, the root is signed by the body and cosigned by the node above. See the book, “Receipts”.",
        )
        .to_owned(),
    ));
    show(page, blocks)
}

/// The grade of a body in words.
fn grade(body: &BodyCompleteness, now: i64, page: &Page) -> Badge {
    let is_silent = body.heard_at.is_some_and(|heard| now.saturating_sub(heard) > SILENT_AFTER);
    if body.forked {
        return Badge::new(Tone::Bad, Icon::Alert, page.say("hai bản ký mâu thuẫn", "two signed trees contradict"));
    }
    if body.waiting > 0 && body.gap == body.waiting {
        let words = page.say("chờ lãnh đạo gửi", "waiting for the head");
        return Badge::new(Tone::Info, Icon::Clock, format!("{words}: {}", count(body.waiting, page)));
    }
    match (body.signed_at, body.gap.saturating_sub(body.waiting)) {
        (None, 0) if body.own => Badge::new(Tone::Good, Icon::Check, page.say("tại nút này", "kept here")),
        (None, _) => Badge::new(Tone::Plain, Icon::Clock, page.say("chưa có chữ ký nhận", "not signed for yet")),
        (Some(_), 0) if is_silent => Badge::new(Tone::Warn, Icon::Clock, page.say("đủ, lâu chưa gọi", "whole, silent for a while")),
        (Some(_), 0) => Badge::new(Tone::Good, Icon::Check, page.say("đủ, đã ký", "whole, signed")),
        (Some(_), gap) => Badge::new(Tone::Warn, Icon::Alert, format!("{} {}", page.say("còn thiếu", "lacking"), count(gap, page))),
    }
}

fn count(number: u64, page: &Page) -> String {
    format::number(i64::try_from(number).unwrap_or(i64::MAX), page.lang)
}

fn signed_at(seconds: u64) -> String {
    format::instant(i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000))
}

/// Where a record has arrived, for its page, and the way to its receipt.
pub(crate) fn arrival(page: &Page, id: RecordId, way: &[ArrivalPlace]) -> Vec<Block> {
    if way.is_empty() {
        return Vec::new();
    }
    let mut events = Vec::new();
    for (number, place) in way.iter().enumerate() {
        let who = if place.is_centre { page.say("Trung ương", "The Centre") } else { place.body.as_str() };
        let (title, badge) = match (number, place.at) {
            (0, _) => (
                page.say("Đã lưu tại cơ quan", "Saved at the body").to_owned(),
                Badge::new(Tone::Good, Icon::Check, page.say("đã lưu", "saved")),
            ),
            (_, Some(_)) => (
                format!("{who} {}", page.say("đã nhận", "has received it")),
                Badge::new(Tone::Good, Icon::Check, page.say("đã ký nhận", "signed for")),
            ),
            (_, None) if place.is_held_back => (
                format!("{who} {}", page.say("chưa nhận", "has not received it yet")),
                Badge::new(Tone::Info, Icon::Clock, page.say("chờ lãnh đạo gửi", "waiting for the head to send it")),
            ),
            (_, None) => (
                format!("{who} {}", page.say("chưa nhận", "has not received it yet")),
                Badge::new(Tone::Info, Icon::Clock, page.say("đang gửi", "on its way")),
            ),
        };
        events.push(Event {
            when: place.at.map(format::instant).unwrap_or_default(),
            title,
            by: if place.is_centre || number == 0 { place.body.clone() } else { String::new() },
            badges: vec![badge],
            ..Event::default()
        });
    }
    let mut blocks = vec![Block::Timeline(Timeline { events })];
    if way.get(1).is_some_and(|place| place.at.is_some()) {
        let words = page.say("Tải biên nhận có chữ ký", "Download the signed receipt");
        blocks.push(Block::Links(vec![(words.to_owned(), page.href(&format!("/r/{id}/bien-nhan")))]));
    }
    blocks
}

/// What was typed into the forms of the page, and what came of it.
#[derive(Default)]
struct Typed {
    address: String,
    name: String,
    title: String,
    notice: Option<Notice>,
    is_refused: bool,
}

/// The receipt of a record as a file, with what it says to the widest audience that has it.
async fn receipt(Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let record = record_id(&id)?;
    let (audience, receipt) = app
        .call(move |office| {
            let mut refused = None;
            for audience in [Audience::Public, Audience::Region, Audience::Ministry] {
                match office.receipt(&who, &ReceiptForm { record, audience, version: None, with_payload: true }) {
                    Ok(receipt) => return Ok((audience, receipt)),
                    Err(error) if error.code() == "not_in_audience" => refused = Some(error),
                    Err(error) => return Err(error),
                }
            }
            Err(refused.unwrap_or_else(|| OfficeError::NotFound(record.to_string())))
        })
        .await?;
    let version = receipt.record().map_or(0, |(_, version)| version);
    let name = format!("attachment; filename=\"{record}-{}-v{version}.biennhan.txt\"", audience.as_str());
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, receipt.to_string()).into_response())
}

async fn nodes(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    show_nodes(page, who, &app, Typed::default()).await
}

async fn show_nodes(page: Page, who: Identity, app: &App, typed: Typed) -> Answer {
    let (standings, membership, state) = app
        .call(move |office| {
            let standings = office.log_standings(&who)?;
            let membership = office.membership()?;
            let sending = office.sending(&who)?;
            let state = NodeState {
                key: if membership.is_some() { office.node_key(&who)? } else { String::new() },
                bodies: office.completeness(&who)?,
                region: office.region_readers(&who)?,
                heirs: office.possible_heirs(&who)?,
                closed_into: office.closed_into()?,
                inherited_from: office.inherited_from(&who)?,
                taking_over: office.taking_over(&who)?,
                is_unplugged: office.is_unplugged(),
                sending,
                now: office.clock().now(),
            };
            Ok((standings, membership, state))
        })
        .await?;
    let (title, administration) = (page.say("Nút", "Nodes").to_owned(), page.say("Quản trị", "Administration").to_owned());
    let page = page.titled(title).at(Nav::Administration).crumb(administration, "/quan-tri");
    let mut blocks = Blocks::default();
    let show = if typed.is_refused { show_faulty } else { show };
    if let Some(notice) = typed.notice {
        blocks.push(Block::Notice(notice));
    }
    let Some(membership) = membership else {
        show_alone(&page, &typed.address, &mut blocks);
        return show(page, blocks);
    };
    if let Some(heir) = &state.closed_into {
        let words = page.say(
            "Nút này đã khép để sáp nhập; hồ sơ ở đây chỉ còn xem. Làm việc tại nút",
            "This node has closed for a merger; its records can only be read. Work at the node",
        );
        blocks.push(Block::Notice(Notice::warning(format!("{words} {heir}."))));
    }
    if state.is_unplugged {
        blocks.push(Block::Notice(Notice::warning(page.say(
            "Đường lên nút trên đang bị ngắt có chủ đích: dữ liệu vẫn lưu tại đây, chưa gửi lên.",
            "The line to the node above is cut on purpose: data is saved here and not sent up.",
        ))));
    }
    let mut facts = place(&page, &membership, &state.key);
    if let Some(sending) = &state.sending {
        facts.add(page.say("Khi nào gửi lên", "When data goes up"), crate::sending::policy_cell(&page, sending));
    }
    blocks.push(Block::Facts(facts));
    if membership.above.is_some() {
        let (value, words) = match state.is_unplugged {
            true => ("", page.say("Nối lại đường lên nút trên", "Plug the line in again")),
            false => ("co", page.say("Ngắt thử đường lên nút trên", "Cut the line for a trial")),
        };
        blocks.push(Block::Form(Form::post(page.href("/quan-tri/nut/ngat")).button_with("ngat", value, words)));
    }
    blocks.push(Block::Table(logs_table(&page, &standings)));
    blocks.push(Block::Links(vec![
        (page.say("Bản ghi bị nút trên trả lại", "Records returned by nodes above").to_owned(), page.href("/quan-tri/nut/bi-tra-lai")),
        (page.say("Bản ghi đã trả lại nút dưới", "Records returned to nodes below").to_owned(), page.href("/quan-tri/nut/da-tra-lai")),
        (page.say("Tình hình kết nối, báo cáo", "The connection, reports").to_owned(), page.href(crate::connection_report::PLACE)),
    ]));
    blocks.push(Block::Heading(page.say("Nút cấp dưới", "Nodes below").to_owned()));
    blocks.push(Block::Table(below_table(&page, &state.bodies, state.now)));
    let texts = page.texts();
    let mut form = Form::post(page.href("/quan-tri/nut/moi"))
        .field(
            Field::text(texts, "name", page.say("Tên nút (không đổi về sau)", "Name of the node (never changed)"))
                .required()
                .value(typed.name)
                .hint(page.say("Chữ thường không dấu, ví dụ sokhcn.kontum", "Small letters, e.g. sokhcn.kontum")),
        )
        .field(Field::text(texts, "title", page.say("Tên cơ quan", "Name of the body")).required().value(typed.title))
        .button(page.say("Tạo mã mời", "Make a code"));
    form.heading = page.say("Mời một nút nối vào", "Invite a node").to_owned();
    form.class = "card";
    blocks.push(Block::Form(form));
    show_region(&page, &membership, &state.region, &mut blocks);
    show_mergers(&page, &membership, &state, &mut blocks);
    show_inheritance(&page, &state.inherited_from, state.taking_over.as_ref(), &mut blocks);
    let is_working = state.taking_over.is_some_and(|state| state.is_running);
    let mut response = show(page, blocks)?;
    if is_working {
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("1"));
    }
    Ok(response)
}

/// What the page of the nodes needs beside the logs.
struct NodeState {
    key: String,
    bodies: Vec<BodyCompleteness>,
    /// Name, body, and whether it reads what is for the region.
    region: Vec<(String, String, bool)>,
    heirs: Vec<(String, String)>,
    closed_into: Option<String>,
    inherited_from: Vec<(String, String)>,
    taking_over: Option<TakingOver>,
    is_unplugged: bool,
    sending: Option<Sending>,
    now: i64,
}

/// The two acts of a merger: the old node closes, the node above hands it over.
fn show_mergers(page: &Page, membership: &Membership, state: &NodeState, blocks: &mut Blocks) {
    let texts = page.texts();
    let sure = |field: &str, name: &str| {
        Field::text(texts, field, page.say("Gõ lại tên nút cũ để xác nhận", "Type the old node's name again to confirm"))
            .required()
            .hint(format!("{} {name}", page.say("Không làm lại được. Ví dụ", "It cannot be undone. E.g.")))
    };
    if !state.heirs.is_empty() && state.closed_into.is_none() {
        let choices = state.heirs.iter().map(|(name, title)| Choice::new(name, format!("{title} ({name})"))).collect();
        let mut form = Form::post(page.href("/quan-tri/nut/khep"))
            .field(Field::select(texts, "into", page.say("Nút tiếp nhận", "The node that takes over"), choices))
            .field(sure("sure_close", membership.name.as_str()))
            .button(page.say("Khép nút này", "Close this node"));
        form.heading = page.say("Khép nút này để sáp nhập", "Close this node for a merger").to_owned();
        form.class = "card";
        form.before = vec![
            page.say(
                "Sau khi khép, ở đây không ghi được hồ sơ nữa; nút trên lập quyết định sáp nhập. Mọi dữ liệu phải gửi lên xong trước. Cứ để máy chạy cho đến khi nút tiếp nhận giữ đủ.",
                "Once closed, no record can be written here; the node above then merges it. Everything must have gone up before. Keep the machine running until the node that takes over holds everything.",
            )
            .to_owned(),
        ];
        blocks.push(Block::Form(form));
    }
    let below: Vec<&BodyCompleteness> = state.bodies.iter().filter(|body| !body.own && body.merged_into.is_none()).collect();
    if below.len() > 1 {
        let choices = || below.iter().map(|body| Choice::new(&body.node, format!("{} ({})", body.name, body.node))).collect();
        let example = below.first().map_or("", |body| body.node.as_str());
        let mut form = Form::post(page.href("/quan-tri/nut/sap-nhap"))
            .field(Field::select(texts, "of", page.say("Nút cũ", "The old node"), choices()))
            .field(Field::select(texts, "by", page.say("Nhập vào", "Goes into"), choices()))
            .field(
                Field::text(texts, "basis", page.say("Căn cứ", "Ground"))
                    .required()
                    .hint(page.say("Số văn bản, ví dụ 202/2025/QH15", "Number of the document, e.g. 202/2025/QH15")),
            )
            .field(Field::new(
                texts,
                FieldKind::Tick,
                "lost",
                page.say("Máy của nút cũ đã mất, không khép được", "The old node's machine is gone and cannot close"),
            ))
            .field(sure("sure_merge", example))
            .button(page.say("Sáp nhập", "Merge"));
        form.heading = page.say("Sáp nhập hai nút", "Merge two nodes").to_owned();
        form.class = "card";
        blocks.push(Block::Form(form));
    }
}

fn show_alone(page: &Page, address: &str, blocks: &mut Blocks) {
    let texts = page.texts();
    blocks.push(Block::Lead(
        page.say(
            "Nút này chưa nối với nút nào. Mọi việc tại chỗ vẫn làm được; nối vào để dữ liệu tự lên cấp trên, có ký nhận.",
            "This node is not connected to any other. All work can be done here; connect it, and the data goes up by itself and is signed for.",
        )
        .to_owned(),
    ));
    let mut form = Form::post(page.href("/quan-tri/nut/noi"))
        .field(
            Field::text(texts, "address", page.say("Địa chỉ của nút trên", "Address of the node above"))
                .required()
                .value(address)
                .hint(page.say("Ví dụ https://lienvung.example.gov.vn", "E.g. https://lienvung.example.gov.vn")),
        )
        .field(
            Field::text(texts, "code", page.say("Mã mời", "Code"))
                .hint(page.say("Do nút trên cấp, dùng một lần trong 7 ngày", "Given by the node above, good once within 7 days")),
        )
        .button(page.say("Nối", "Connect"));
    form.heading = page.say("Nối vào nút trên", "Connect to the node above").to_owned();
    form.class = "card";
    blocks.push(Block::Form(form));
    let mut form =
        Form::post(page.href("/quan-tri/nut/trung-uong")).button(page.say("Đặt nút này làm Trung ương", "Make this node the Centre"));
    form.heading = page.say("Hoặc là nút Trung ương", "Or be the Centre").to_owned();
    form.class = "card";
    form.before = vec![
        page.say(
            "Chỉ dành cho nút của Bộ: mọi nút khác sẽ tin khóa của nút này. Không đổi lại được.",
            "For the Ministry's node only: all other nodes will trust its key. It cannot be undone.",
        )
        .to_owned(),
    ];
    blocks.push(Block::Form(form));
}

fn place(page: &Page, membership: &Membership, key: &str) -> Definitions {
    let mut facts = Definitions { rows: Vec::new() };
    facts.add(page.say("Nút này", "This node"), Cell::text(membership.name.as_str()));
    match &membership.above {
        Some(above) => {
            facts.add(page.say("Nút trên", "Node above"), Cell::text(format!("{} – {}", above.name.as_str(), above.address)));
            facts.add(page.say("Trung ương", "The Centre"), Cell::text(membership.centre.as_str()));
        }
        None => facts.add(page.say("Vị trí", "Place"), Cell::text(page.say("Trung ương", "the Centre"))),
    }
    if membership.above.is_none() {
        let site = membership.second_site.as_ref().map(|site| format!("{} – {}", site.name.as_str(), site.address));
        let none = || page.say("chưa có (lienvung node second-site)", "none yet (lienvung node second-site)").to_owned();
        facts.add(page.say("Nơi thứ hai", "Second site"), Cell::text(site.unwrap_or_else(none)));
    }
    if membership.is_second_site {
        facts.add(page.say("Vai trò", "Role"), Cell::text(page.say("Nơi thứ hai của Trung ương", "The Centre's second site")));
    }
    facts.add(page.say("Khóa công khai", "Public key"), Cell::text(key));
    facts
}

fn logs_table(page: &Page, standings: &[LogStanding]) -> Table {
    let columns = vec![
        Column::new(page.say("Sổ", "Log")),
        Column::numeric(page.say("Có tại đây", "Here")),
        Column::numeric(page.say("Đã ký", "Signed")),
        Column::numeric(page.say("Trên đã nhận", "Received above")),
        Column::new(page.say("Tình trạng", "State")),
    ];
    let mut table = Table::new(page.texts(), page.say("Các sổ", "Logs"), columns).with_total(standings.len() as u64);
    for log in standings {
        let stays = log.origin.ends_with("/private");
        let state = match (log.state, log.trouble(), log.lag_seconds) {
            _ if stays => Cell::text(page.say("không gửi đi", "stays here")),
            ("forked", ..) => {
                Cell::Badge(Badge::new(Tone::Bad, Icon::Alert, page.say("hai bản ký mâu thuẫn", "two signed trees contradict")))
            }
            ("sealed", ..) => Cell::Badge(Badge::new(Tone::Plain, Icon::Lock, page.say("đã khép", "sealed"))),
            ("suspended", ..) => Cell::Badge(Badge::new(Tone::Warn, Icon::Lock, page.say("tạm dừng", "suspended"))),
            (_, Some(trouble), _) => Cell::Lines(vec![
                Cell::Badge(Badge::new(Tone::Bad, Icon::Alert, page.say("lỗi", "trouble"))),
                Cell::text(said(&trouble, page.lang)),
            ]),
            (_, None, 0) if log.waiting > 0 => Cell::Badge(Badge::new(
                Tone::Info,
                Icon::Clock,
                format!("{}: {}", page.say("chờ lãnh đạo gửi", "waiting for the head"), count(log.waiting, page)),
            )),
            (_, None, 0) => Cell::Badge(Badge::new(Tone::Good, Icon::Check, page.say("đủ", "complete"))),
            (_, None, lag) => Cell::Badge(Badge::new(Tone::Info, Icon::Clock, format!("{} {lag} s", page.say("chờ", "waiting")))),
        };
        let figure = |number: u64| if stays { Cell::Empty } else { Cell::text(count(number, page)) };
        table.row(vec![
            Cell::text(log.origin.trim_start_matches("lv1/")),
            Cell::text(count(log.next, page)),
            figure(log.signed),
            figure(log.received),
            state,
        ]);
    }
    table
}

fn below_table(page: &Page, bodies: &[BodyCompleteness], now: i64) -> Table {
    let columns = vec![
        Column::new(page.say("Nút", "Node")),
        Column::new(page.say("Cơ quan", "Body")),
        Column::new(page.say("Gọi lần cuối", "Last call")),
        Column::new(page.say("Mức độ", "Grade")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có nút cấp dưới", "No nodes below yet"),
        page.say("Mời nút đầu tiên bằng mẫu bên dưới.", "Invite the first with the form below."),
    );
    let mut table = Table::new(page.texts(), page.say("Nút cấp dưới", "Nodes below"), columns).when_empty(empty);
    for body in bodies.iter().filter(|body| !body.own) {
        table.row(vec![
            Cell::text(body.node.clone()),
            Cell::text(body.name.clone()),
            Cell::text(
                body.heard_at.map_or_else(|| page.say("chưa gọi từ lúc khởi động", "not since the start").to_owned(), format::instant),
            ),
            Cell::Badge(grade(body, now, page)),
        ]);
    }
    table
}

async fn found(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    app.call(move |office| office.found_centre(&who)).await?;
    page.go("/quan-tri/nut")
}

async fn join(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    let typed = Typed { address: pairs.get("address").unwrap_or_default().to_owned(), ..Typed::default() };
    let (asking, address, code) = (who.clone(), typed.address.clone(), pairs.get("code").unwrap_or_default().to_owned());
    let joined = app.call(move |office| {
        let line = office.line().unwrap_or_else(|| Arc::new(HttpLine::new()));
        office.join(&asking, line.as_ref(), &address, &code)
    });
    match joined.await {
        Ok(_) => page.go("/quan-tri/nut"),
        Err(failure) => show_refused(page, who, &app, typed, failure).await,
    }
}

async fn invite(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    let text = |name: &str| pairs.get(name).unwrap_or_default().to_owned();
    let typed = Typed { name: text("name"), title: text("title"), ..Typed::default() };
    let (asking, name, title) = (who.clone(), typed.name.clone(), typed.title.clone());
    match app.call(move |office| office.invite_node(&asking, &name, &title)).await {
        Ok(invitation) => {
            let words = page.say(
                "Mã mời chỉ hiện một lần này, dùng một lần trong 7 ngày. Gửi riêng cho người vận hành của nút ấy; tại nút ấy chạy:",
                "The code is shown this once; it is good once within 7 days. Give it to that node's operator in private; there, run:",
            );
            let command = format!("lienvung node join {} {}", page.site.base_url, invitation.code);
            let notice = Notice::done(format!("{words} {command}")).titled(typed.name);
            show_nodes(page, who, &app, Typed { notice: Some(notice), ..Typed::default() }).await
        }
        Err(failure) => show_refused(page, who, &app, typed, failure).await,
    }
}

async fn unplug(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    let is_unplugged = pairs.get("ngat").is_some_and(|value| !value.is_empty());
    app.call(move |office| office.set_unplugged(&who, is_unplugged)).await?;
    page.go("/quan-tri/nut")
}

async fn close(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    require(&who)?;
    let (into, sure) = (pairs.get("into").unwrap_or_default().to_owned(), pairs.get("sure_close").unwrap_or_default().trim().to_owned());
    let asking = who.clone();
    let done = app.call(move |office| {
        confirm(&sure, office.ledger().node().as_str())?;
        office.close_node(&asking, &into)
    });
    match done.await {
        Ok(()) => page.go("/quan-tri/nut"),
        Err(failure) => show_refused(page, who, &app, Typed::default(), failure).await,
    }
}

async fn merge(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    require(&who)?;
    let text = |name: &str| pairs.get(name).unwrap_or_default().trim().to_owned();
    let (of, by, basis, sure, is_lost) = (text("of"), text("by"), text("basis"), text("sure_merge"), !text("lost").is_empty());
    let asking = who.clone();
    let done = app.call(move |office| {
        confirm(&sure, &of)?;
        office.merge_node(&asking, &of, &by, &basis, is_lost)
    });
    match done.await {
        Ok(()) => page.go("/quan-tri/nut"),
        Err(failure) => show_refused(page, who, &app, Typed::default(), failure).await,
    }
}

/// What cannot be undone is done only after its name was typed.
fn confirm(typed: &str, name: &str) -> Result<(), OfficeError> {
    if typed == name {
        return Ok(());
    }
    Err(OfficeError::refused(
        "not_confirmed",
        format!("Chưa làm gì: ô xác nhận phải ghi đúng “{name}”."),
        format!("Nothing was done: the field for confirming must say “{name}”."),
    ))
}

/// The page again with what was typed and the reason, when it is one for the person who typed.
async fn show_refused(page: Page, who: Identity, app: &App, typed: Typed, failure: Failure) -> Answer {
    match &failure.message {
        Some(message) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            let notice = Some(Notice::problem(message.get(page.lang)));
            show_nodes(page, who, app, Typed { notice, is_refused: true, ..typed }).await
        }
        _ => Err(failure),
    }
}
