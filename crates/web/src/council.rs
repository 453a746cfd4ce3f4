//! Councils (O5): who is present, conflicts of interest, the ballot, the count, the minutes.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use catalogue::{BallotForm, Criterion};
use office::{BallotState, CouncilPage, Identity, Order, PaperBallots, PaperCount, RecordId, RegisterFilter};

use crate::blocks::{Block, Blocks, Form, FormPart, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{
    Badge, Cell, Column, Definitions, EmptyState, Field, FieldGroup, FieldKind, FormErrors, Icon, Notice, Pager, Table, Tone,
};
use crate::service::{App, Who, record_id, said};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/hoi-dong", get(list))
        .route("/hoi-dong/{id}", get(council))
        .route("/hoi-dong/{id}/mo-bo-phieu", post(open_ballot))
        .route("/hoi-dong/{id}/dong-bo-phieu", post(close_ballot))
        .route("/hoi-dong/{id}/huy-bo-phieu", post(cancel_ballot))
        .route("/hoi-dong/{id}/kiem-phieu", get(count).post(type_count))
        .route("/hoi-dong/{id}/bien-ban.docx", get(minutes))
}

async fn list(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let filter = RegisterFilter { kind: Some("council".to_owned()), order: Order::Title, ..RegisterFilter::default() };
    let may_add = app.office.may_create(&who, "council")?.allowed;
    let found = app.call(move |office| office.register_page(&who, &filter, place.after.as_deref(), place.limit)).await?;
    let title = page.say("Hội đồng", "Councils").to_owned();
    let page = page.titled(title.clone()).at(Nav::Work);
    let mut empty = EmptyState::new(
        page.say("Chưa có hội đồng nào", "There is no council yet"),
        page.say("Hội đồng của cơ quan anh/chị sẽ hiện ở đây.", "Councils of your body appear here."),
    );
    let mut blocks = Blocks::default();
    if may_add {
        let (words, place) = (page.say("Thêm hội đồng", "Add a council"), page.href("/bieu-mau/council/moi"));
        empty = empty.with_action(words, place.clone());
        if !found.rows.is_empty() {
            blocks.push(Block::Buttons(vec![(words.to_owned(), place)]));
        }
    }
    let columns = vec![Column::new(page.say("Tên hội đồng", "Council")), Column::new(page.say("Cơ quan tổ chức", "Held by"))];
    let mut table = Table::new(page.texts(), title, columns).with_total(found.total).when_empty(empty);
    let today = app.office.clock().today();
    for row in &found.rows {
        table.row(vec![
            Cell::link(office::shorten(&row.title, 140), page.href(&format!("/hoi-dong/{}", row.id))),
            Cell::text(row.owner.map(|owner| app.office.directory().short_name(owner, today)).unwrap_or_default()),
        ]);
    }
    blocks.push(Block::Table(table));
    blocks.push(Block::Pager(Pager::new(&page, found.rows.len(), found.total, found.next.as_deref())));
    show(page, blocks)
}

async fn council(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    show_council(page, who, &app, id, None).await
}

async fn show_council(page: Page, who: Identity, app: &App, id: RecordId, problem: Option<String>) -> Answer {
    let found = app.call(move |office| office.council_page(&who, id)).await?;
    let (label, title) = (page.say("Hội đồng", "Councils").to_owned(), office::shorten(&found.title, 120));
    let page = page.titled(title).at(Nav::Work).crumb(label, "/hoi-dong");
    let mut blocks = Blocks::default();
    let faulty = problem.is_some();
    if let Some(problem) = problem {
        blocks.push(Block::Notice(Notice::problem(problem)));
    }
    show_facts(&page, &found, &mut blocks);
    blocks.push(Block::Heading(page.say("1. Có mặt", "1. Attendance").to_owned()));
    blocks.push(Block::Table(rules_table(&page, &found)));
    blocks.push(Block::Heading(page.say("2. Thành viên, xung đột lợi ích", "2. Members, conflicts of interest").to_owned()));
    blocks.push(Block::Table(members_table(&page, &found)));
    blocks.push(Block::Muted(page.say(
        "Đối chiếu với dữ liệu nhiệm vụ mà anh/chị được xem: chủ nhiệm, thành viên thực hiện, tổ chức chủ trì hoặc đề xuất. Thành viên có xung đột lợi ích không được phát phiếu; quy định cho phép ngoại lệ chưa đối chiếu được.",
        "Compared with what you may see of the task: principal investigator, members, lead or proposing organisation. A member with a conflict gets no ballot; whether the law allows exceptions is not known here.",
    ).to_owned()));
    blocks.push(Block::Heading(page.say("3. Bỏ phiếu kín", "3. Secret ballot").to_owned()));
    show_ballot(&page, &found, &mut blocks);
    blocks.push(Block::Heading(page.say("4. Biên bản", "4. Minutes").to_owned()));
    let mut buttons = vec![(page.say("Biên bản (DOCX)", "Minutes (DOCX)").to_owned(), page.href(&format!("/hoi-dong/{id}/bien-ban.docx")))];
    if found.edit.allowed {
        buttons.push((page.say("Sửa hội đồng", "Change the council").to_owned(), page.href(&format!("/r/{id}/sua"))));
    }
    buttons.push((page.say("Bản ghi", "Record").to_owned(), page.href(&format!("/r/{id}"))));
    blocks.push(Block::Buttons(buttons));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

fn show_facts(page: &Page, found: &CouncilPage, blocks: &mut Blocks) {
    if found.illustrative {
        blocks.push(Block::Badges(vec![Badge::illustrative(page.texts())]));
    }
    let mut facts = Definitions { rows: Vec::new() };
    if let Some((subject, title)) = &found.subject {
        let words = if title.is_empty() { page.say("xem bản ghi", "see the record") } else { title };
        let place = crate::records::place_of(found.subject_kind.as_deref().unwrap_or_default(), *subject);
        facts.add(page.say("Xem xét", "Before it"), Cell::link(words, page.href(&place)));
    }
    let decision = [found.decision.0.clone(), found.decision.1.map(format::day)];
    let decision: Vec<String> = decision.into_iter().flatten().collect();
    facts.add_some(page.say("Quyết định thành lập", "Set up by"), Some(decision.join(", ")).filter(|words| !words.is_empty()));
    facts.add_some(page.say("Ngày họp", "Day of the meeting"), found.meeting.0.map(format::day));
    facts.add_some(page.say("Địa điểm", "Place"), found.meeting.1.clone());
    facts.add_some(page.say("Phiếu đánh giá", "Sheet"), Some(format!("{} – {}", said(&found.sheet.label, page.lang), found.sheet.source)));
    facts.add_some(page.say("Ý kiến, kiến nghị", "Opinion and advice"), found.conclusion.clone());
    blocks.push(Block::Facts(facts));
    if let Some(note) = &found.sheet.note {
        blocks.push(Block::Notice(Notice::info(said(note, page.lang))));
    }
}

fn rules_table(page: &Page, found: &CouncilPage) -> Table {
    let columns = vec![
        Column::new(page.say("Quy định", "Rule")),
        Column::new(page.say("Tình trạng", "State")),
        Column::new(page.say("Căn cứ", "Source")),
    ];
    let total = found.composition.len() + found.quorum.len();
    let mut table =
        Table::new(page.texts(), page.say("Thành phần và số có mặt", "Composition and quorum"), columns).with_total(total as u64);
    let mut row = |rule: &Criterion, binding: bool| {
        let badge = match rule.met {
            Some(true) => Badge::new(Tone::Good, Icon::Check, page.say("đạt", "met")),
            Some(false) if binding => {
                Badge::new(Tone::Bad, Icon::Alert, page.say("chưa đạt, chưa bỏ phiếu được", "not met, no ballot yet"))
            }
            Some(false) => Badge::new(
                Tone::Warn,
                Icon::Alert,
                page.say("khác quy định, kiểm tra quy chế của tỉnh", "differs; see the province's own rules"),
            ),
            None => Badge::new(Tone::Info, Icon::Info, page.say("chưa rõ", "not known")),
        };
        table.row(vec![Cell::text(said(&rule.why, page.lang)), Cell::from(badge), Cell::text(rule.source.clone())]);
    };
    found.quorum.iter().for_each(|rule| row(rule, true));
    found.composition.iter().for_each(|rule| row(rule, false));
    table
}

fn members_table(page: &Page, found: &CouncilPage) -> Table {
    let columns = vec![
        Column::new(page.say("Họ và tên", "Name")),
        Column::new(page.say("Đơn vị công tác", "Organisation")),
        Column::new(page.say("Chức danh", "Role")),
        Column::new(page.say("Có mặt", "Present")),
        Column::new(page.say("Xung đột lợi ích", "Conflict of interest")),
    ];
    let mut table = Table::new(page.texts(), page.say("Thành viên hội đồng", "Members"), columns)
        .with_total(found.members.len() as u64)
        .when_empty(EmptyState::new(
            page.say("Chưa có thành viên", "No members yet"),
            page.say("Ghi thành viên theo quyết định thành lập hội đồng.", "Record the members named in the decision."),
        ));
    for member in &found.members {
        let conflicts: Vec<Cell> =
            member.conflicts.iter().map(|conflict| Cell::from(Badge::new(Tone::Bad, Icon::Alert, said(conflict, page.lang)))).collect();
        table.row(vec![
            Cell::text(member.name.clone()),
            Cell::text(member.body.clone()),
            Cell::text(said(&member.role_label, page.lang)),
            Cell::text(if member.present { page.say("có", "yes") } else { page.say("vắng", "absent") }),
            if conflicts.is_empty() { Cell::Empty } else { Cell::Lines(conflicts) },
        ]);
    }
    table
}

fn show_ballot(page: &Page, found: &CouncilPage, blocks: &mut Blocks) {
    match &found.ballot {
        BallotState::Counted(how) => show_result(page, found, how, blocks),
        BallotState::Open { issued, returned } => {
            blocks.push(Block::Notice(Notice::info(format!(
                "{} {issued}, {} {returned}. {} {}.",
                page.say("Đang bỏ phiếu: phát", "The ballot is open: handed out"),
                page.say("thu", "cast"),
                page.say("Thành viên bỏ phiếu tại", "Members vote at"),
                page.absolute("/bo-phieu")
            ))));
            show_open_forms(page, found, *issued > *returned, blocks);
        }
        BallotState::CutOff(obstacles) => {
            blocks.push(Block::Notice(Notice::warning(page.say(
                "Cuộc bỏ phiếu trước bị gián đoạn vì máy chủ khởi động lại: các phiếu chỉ nằm trong bộ nhớ nên không còn, mã phiếu đã phát không còn giá trị. Hãy phát phiếu mới và bỏ phiếu lại.",
                "The ballot before was cut off by a restart of the server: ballots lie in memory only and are gone, its slips are void. Hand out new slips and vote again.",
            ))));
            show_not_held(page, found, obstacles, blocks);
        }
        BallotState::NotHeld(obstacles) => show_not_held(page, found, obstacles, blocks),
    }
    if !found.hold.allowed {
        blocks.push(Block::Muted(said(&found.hold.why, page.lang).to_owned()));
    }
}

fn show_not_held(page: &Page, found: &CouncilPage, obstacles: &[catalogue::Label], blocks: &mut Blocks) {
    let id = found.id;
    if !obstacles.is_empty() {
        let reasons: Vec<&str> = obstacles.iter().map(|reason| said(reason, page.lang)).collect();
        blocks.push(Block::Notice(Notice::warning(reasons.join(" ")).titled(page.say("Chưa bỏ phiếu được", "No ballot can be held yet"))));
        return;
    }
    if !found.hold.allowed {
        blocks.push(Block::Text(page.say("Chưa bỏ phiếu.", "No ballot has been held.").to_owned()));
        return;
    }
    let mut form = Form::post(page.href(&format!("/hoi-dong/{id}/mo-bo-phieu")))
        .button(page.say("Mở bỏ phiếu và in phiếu", "Open the ballot and print the slips"));
    form.class = "card";
    form.before = vec![format!(
        "{} {} {}",
        page.say("Hệ thống phát", "There will be"),
        found.voters,
        page.say(
            "mã phiếu, mỗi mã dùng một lần và chỉ hiện một lần. In, cắt rời, gấp lại và để thành viên tự bốc.",
            "slips, each good once and shown once. Print them, cut them apart, fold them and let the members draw."
        )
    )];
    blocks.push(Block::Form(form));
    blocks.push(Block::Buttons(vec![(
        page.say("Nhập kết quả kiểm phiếu giấy", "Type a paper count").to_owned(),
        page.href(&format!("/hoi-dong/{id}/kiem-phieu")),
    )]));
}

fn show_open_forms(page: &Page, found: &CouncilPage, outstanding: bool, blocks: &mut Blocks) {
    if !found.hold.allowed {
        return;
    }
    let id = found.id;
    let mut form = Form::post(page.href(&format!("/hoi-dong/{id}/dong-bo-phieu")));
    form.heading = page.say("Đóng và kiểm phiếu", "Close and count").to_owned();
    form.class = "card";
    if outstanding {
        form = form.field(
            Field::text(page.texts(), "note", page.say("Lý do đóng khi chưa thu đủ phiếu", "Why it is closed while slips are out"))
                .hint(page.say("Bắt buộc khi chưa thu đủ.", "Required while slips are out.")),
        );
    }
    blocks.push(Block::Form(form.button(page.say("Đóng và kiểm phiếu", "Close and count"))));
    let mut form = Form::post(page.href(&format!("/hoi-dong/{id}/huy-bo-phieu")));
    form.heading = page.say("Hủy cuộc bỏ phiếu", "Cancel the ballot").to_owned();
    form.class = "card";
    form.before = vec![
        page.say(
            "Mọi phiếu đã bỏ và mã phiếu bị hủy, không kiểm; sau đó có thể mở lại với mã mới.",
            "All ballots and slips are destroyed uncounted; it may then be opened again with new slips.",
        )
        .to_owned(),
    ];
    blocks.push(Block::Form(form.button(page.say("Hủy cuộc bỏ phiếu", "Cancel the ballot"))));
}

fn show_result(page: &Page, found: &CouncilPage, how: &str, blocks: &mut Blocks) {
    let columns = vec![Column::new(page.say("Nội dung", "What")), Column::numeric(page.say("Số liệu", "Number"))];
    let caption = if how == "slips" {
        page.say("Kết quả kiểm phiếu (mã một lần)", "Count (one-time slips)")
    } else {
        page.say("Kết quả kiểm phiếu (phiếu giấy)", "Count (paper ballots)")
    };
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.count.len() as u64);
    for (name, number) in &found.count {
        table.row(vec![Cell::text(said(name, page.lang)), Cell::text(number.clone())]);
    }
    blocks.push(Block::Table(table));
    if let Some(decided) = &found.decided {
        let notice = Notice::info(said(&decided.why, page.lang));
        blocks.push(Block::Notice(match &decided.outcome {
            Some(outcome) => notice.titled(said(&outcome.label, page.lang)),
            None => notice,
        }));
    }
    if found.telling {
        blocks.push(Block::Notice(Notice::warning(page.say(
            "Khi mọi phiếu giống nhau hoặc có rất ít phiếu, chính kết quả cho biết từng người đã bỏ phiếu thế nào; không hệ thống nào giấu được điều đó.",
            "When all ballots are alike, or there are very few, the result itself tells how each voted; no system can hide that.",
        ))));
    }
    if let Some(note) = &found.count_note {
        blocks.push(Block::Text(format!("{}: {note}", page.say("Ghi chú", "Note"))));
    }
    if how == "paper" && found.hold.allowed {
        blocks.push(Block::Buttons(vec![(
            page.say("Nhập lại kết quả kiểm phiếu", "Type the count anew").to_owned(),
            page.href(&format!("/hoi-dong/{}/kiem-phieu", found.id)),
        )]));
    }
}

async fn open_ballot(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let asking = who.clone();
    let slips = match app.call(move |office| office.open_ballot(&asking, id)).await {
        Ok(slips) => slips,
        Err(failure) => return refuse(page, who, &app, id, failure).await,
    };
    let (title, label) =
        (page.say("Phiếu bỏ phiếu kín", "Slips of the secret ballot").to_owned(), page.say("Hội đồng", "Council").to_owned());
    let page = page.titled(title).at(Nav::Work).crumb(label, &format!("/hoi-dong/{id}"));
    let mut blocks = Blocks::default();
    blocks.push(Block::Notice(Notice::warning(page.say(
        "Các mã phiếu chỉ hiện một lần trên trang này. In ngay, cắt rời từng dòng, gấp lại và để thành viên tự bốc; không ghi tên lên phiếu, không giữ bản sao.",
        "The slips are shown on this page once. Print it now, cut the lines apart, fold them and let the members draw; write no name on them and keep no copy.",
    ))));
    let columns = vec![Column::new(page.say("Mã phiếu", "Slip")), Column::new(page.say("Bỏ phiếu tại", "Vote at"))];
    let mut table = Table::new(page.texts(), page.say("Mã phiếu dùng một lần", "One-time slips"), columns).with_total(slips.len() as u64);
    for slip in slips {
        table.row(vec![Cell::text(slip), Cell::text(page.absolute("/bo-phieu"))]);
    }
    blocks.push(Block::Table(table));
    blocks.push(Block::Buttons(vec![(
        page.say("Về trang hội đồng", "Back to the council").to_owned(),
        page.href(&format!("/hoi-dong/{id}")),
    )]));
    show(page, blocks)
}

async fn close_ballot(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let note = pairs.get("note").unwrap_or("").to_owned();
    let asking = who.clone();
    match app.call(move |office| office.close_ballot(&asking, id, &note)).await {
        Ok(()) => page.go(&format!("/hoi-dong/{id}")),
        Err(failure) => refuse(page, who, &app, id, failure).await,
    }
}

async fn cancel_ballot(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let asking = who.clone();
    match app.call(move |office| office.cancel_ballot(&asking, id)).await {
        Ok(()) => page.go(&format!("/hoi-dong/{id}")),
        Err(failure) => refuse(page, who, &app, id, failure).await,
    }
}

/// The page of the council again with the reason on top; a failure of another sort keeps its own page.
async fn refuse(page: Page, who: Identity, app: &App, id: RecordId, failure: Failure) -> Answer {
    match failure.message.clone() {
        Some(message) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            let problem = message.get(page.lang).to_owned();
            show_council(page, who, app, id, Some(problem)).await
        }
        _ => Err(failure),
    }
}

async fn count(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let found = council_to_hold(&app, who, id).await?;
    let errors = FormErrors::none(page.texts());
    count_form(page, &found, &FormPairs::default(), errors)
}

async fn council_to_hold(app: &App, who: Identity, id: RecordId) -> Result<CouncilPage, Failure> {
    let found = app.call(move |office| office.council_page(&who, id)).await?;
    found.hold.clone().require().map_err(Failure::from)?;
    Ok(found)
}

fn count_form(page: Page, found: &CouncilPage, values: &FormPairs, errors: FormErrors) -> Answer {
    let title = page.say("Kết quả kiểm phiếu giấy", "Count of paper ballots").to_owned();
    let page = page.titled(title).at(Nav::Work).crumb(office::shorten(&found.title, 60), &format!("/hoi-dong/{}", found.id));
    let texts = page.texts();
    let number = |name: String, label: String| Field::new(texts, FieldKind::Number, name, label).value_from(values).error_from(&errors);
    let mut form = Form::post(page.href(&format!("/hoi-dong/{}/kiem-phieu", found.id)));
    form.before = vec![format!("{} {}.", page.say("Số thành viên có mặt được bỏ phiếu:", "Members present who may vote:"), found.voters)];
    for (name, label) in [
        ("ballots_issued", page.say("Số phiếu phát ra", "Ballots handed out")),
        ("ballots_returned", page.say("Số phiếu thu về", "Ballots returned")),
        ("ballots_invalid", page.say("Số phiếu không hợp lệ", "Invalid ballots")),
    ] {
        form = form.field(number(name.to_owned(), label.to_owned()).required());
    }
    match &found.sheet.ballot {
        BallotForm::Choice { choices, .. } => {
            for (at, choice) in choices.iter().enumerate() {
                let label = format!("{} “{}”", page.say("Số phiếu", "Ballots"), said(&choice.label, page.lang));
                form = form.field(number(format!("votes.{at}.ballots"), label).required());
            }
        }
        BallotForm::Points { criteria, .. } => {
            let most = usize::try_from(found.voters).unwrap_or(usize::MAX).clamp(1, 30);
            let rows = values.rows("sheets").max(most).min(60);
            let rows = (0..rows).map(|row| {
                let label = |at: usize| criteria.get(at).map(|one| format!("{} (0–{})", said(&one.word.label, page.lang), one.cap));
                (0..criteria.len()).map(|at| number(format!("sheets.{row}.{at}"), label(at).unwrap_or_default())).collect()
            });
            form.parts.push(FormPart::Group(FieldGroup {
                name: "sheets".to_owned(),
                label: page.say("Từng phiếu chấm hợp lệ", "Every valid sheet").to_owned(),
                hint: page
                    .say("Chỉ dùng để tính; hệ thống không giữ từng phiếu.", "For the sum only; single sheets are not kept.")
                    .to_owned(),
                rows: rows.collect(),
                may_add: false,
                may_remove: false,
                texts,
            }));
        }
    }
    form = form
        .field(Field::text(texts, "count_note", page.say("Ghi chú", "Note")).value_from(values).error_from(&errors))
        .button(page.say("Ghi kết quả", "Record the count"));
    let faulty = !errors.is_empty();
    form.errors = Some(errors);
    let mut blocks = Blocks::default();
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn type_count(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let found = council_to_hold(&app, who.clone(), id).await?;
    let mut errors = FormErrors::none(page.texts());
    let count = read_count(&page, &found, &pairs, &mut errors);
    if !errors.is_empty() {
        return count_form(page, &found, &pairs, errors);
    }
    match app.call(move |office| office.type_count(&who, id, count)).await {
        Ok(()) => page.go(&format!("/hoi-dong/{id}")),
        Err(failure) if failure.code == "invalid" => {
            let errors = FormErrors::of(page.lang, &failure.faults);
            count_form(page, &found, &pairs, errors)
        }
        Err(failure) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            let message = failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or(failure.detail);
            errors.add("", message);
            count_form(page, &found, &pairs, errors)
        }
        Err(failure) => Err(failure),
    }
}

fn read_count(page: &Page, found: &CouncilPage, pairs: &FormPairs, errors: &mut FormErrors) -> PaperCount {
    let mut number = |name: String| match pairs.get(&name).map(str::parse::<u64>) {
        // More than a council can have; the sums below stay small.
        Some(Ok(number)) if number <= 1_000 => number,
        _ => {
            errors.add(
                name,
                page.say("Cần một số nguyên từ 0 trở lên; chưa ghi gì.", "A whole number, 0 or more, is needed; nothing was saved."),
            );
            0
        }
    };
    let (issued, returned) = (number("ballots_issued".to_owned()), number("ballots_returned".to_owned()));
    let invalid = number("ballots_invalid".to_owned());
    let ballots = match &found.sheet.ballot {
        BallotForm::Choice { choices, .. } => {
            PaperBallots::Choices((0..choices.len()).map(|at| number(format!("votes.{at}.ballots"))).collect())
        }
        BallotForm::Points { criteria, .. } => {
            let mut sheets = Vec::new();
            for row in 0..pairs.rows("sheets").min(60) {
                let names: Vec<String> = (0..criteria.len()).map(|at| format!("sheets.{row}.{at}")).collect();
                // Rows that were left empty are no sheets.
                if names.iter().any(|name| pairs.get(name).is_some()) {
                    sheets.push(names.into_iter().map(&mut number).collect());
                }
            }
            PaperBallots::Sheets(sheets)
        }
    };
    PaperCount { issued, returned, invalid, ballots, note: pairs.get("count_note").unwrap_or("").to_owned() }
}

async fn minutes(Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let bytes = app.call(move |office| office.council_minutes(&who, id)).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(DOCX)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"bien-ban-hoi-dong.docx\"")),
    ];
    Ok((headers, bytes).into_response())
}
