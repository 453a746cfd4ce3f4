//! "Biểu mẫu" of the administrator (A1): versions of forms that came with a new circular, what they change, what the records there are would say to them,
//! and the two clicks that put one in force.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use catalogue::{Aspect, FormChangeSort};
use office::{Action, FormComparison, FormOrigin, FormState, FormTrial, FormTrouble, FormVersion, Identity, Subject, decide};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::Upload;
use crate::format;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Column, Definitions, EmptyState, Field, FieldKind, FormErrors, Icon, Notice, Table, Tone};
use crate::records::place_of;
use crate::service::{App, Who, parameter_id, said};

const PLACE: &str = "/quan-tri/bieu-mau";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/quan-tri/bieu-mau", get(index).post(receive))
        .route("/quan-tri/bieu-mau/{kind}/{version}", get(compare))
        .route("/quan-tri/bieu-mau/{kind}/{version}/thu", get(trial))
        .route("/quan-tri/bieu-mau/{kind}/{version}/tep", get(file))
        .route("/quan-tri/bieu-mau/{kind}/{version}/ap-dung", post(adopt))
        .route("/quan-tri/bieu-mau/{kind}/{version}/thu-hoi", post(withdraw))
}

fn require(who: &Identity) -> Result<(), Failure> {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    decide(who, Action::Administer, &Subject::node()).require().map_err(Failure::from)
}

/// That versions from the Centre wait for the administrator.
pub(crate) fn waiting_words(page: &Page, waiting: usize) -> String {
    match page.lang {
        crate::lang::Lang::Vi => format!("{waiting} mẫu mới đến từ Trung ương chờ anh/chị xem và quyết định ở trang Phiên bản mẫu."),
        crate::lang::Lang::En => format!("New forms from the Centre wait for your decision on the page Form versions: {waiting}."),
    }
}

fn at(version: &FormVersion) -> String {
    format!("{PLACE}/{}/{}", version.kind.name, version.kind.version)
}

fn titled(page: Page, title: String) -> Page {
    let (administration, forms) =
        (page.say("Quản trị", "Administration").to_owned(), page.say("Phiên bản mẫu", "Form versions").to_owned());
    let page = page.at(Nav::Administration).crumb(administration, "/quan-tri");
    let page = if title == forms { page } else { page.crumb(forms, PLACE) };
    page.titled(title)
}

async fn index(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    show_index(page, who, &app, FormErrors::none(crate::lang::Lang::Vi.texts())).await
}

async fn show_index(page: Page, who: Identity, app: &App, errors: FormErrors) -> Answer {
    require(&who)?;
    let (received, troubles) = app.call(move |office| Ok((office.form_versions(&who)?, office.form_troubles(&who)?))).await?;
    let title = page.say("Phiên bản mẫu", "Form versions").to_owned();
    let page = titled(page, title);
    let mut blocks = Blocks::default();
    for problem in app.office.form_problems() {
        let words = page.say(
            "Một mẫu đã áp dụng không còn khớp với chương trình; bản ghi lập theo mẫu ấy được hiện theo mẫu đang dùng:",
            "An adopted form does not fit the program any more; records made with it are shown by the form in force:",
        );
        blocks.push(Block::Notice(Notice::problem(format!(
            "{words} {}:{} {}",
            problem.file,
            problem.line,
            said(&problem.reason, page.lang)
        ))));
    }
    blocks.push(Block::Text(
        page.say(
            "Khi thông tư đổi và Trung ương áp dụng mẫu mới, mẫu tự đến đây nếu nút đã nối; hoặc nhận bằng tệp. Mẫu đến chưa làm thay đổi gì: hãy xem khác biệt, thử trên dữ liệu đang có, rồi áp dụng. Bản ghi đã lập giữ mẫu của mình.",
            "When a circular changes and the Centre adopts a new form, it comes here by itself if the node is connected, or as a file. A form that has come changes nothing: look at what differs, try it on the data there is, then adopt it. Records keep the form they were made with.",
        )
        .to_owned(),
    ));
    blocks.push(Block::Table(received_table(&page, &received)));
    if !troubles.is_empty() {
        blocks.push(Block::Table(troubles_table(&page, &troubles)));
    }
    let faulty = !errors.is_empty();
    let mut form = Form::post(page.href(PLACE))
        .field(
            Field::new(page.texts(), FieldKind::File(".toml"), "file", page.say("Tệp mẫu (.toml)", "Form file (.toml)"))
                .required()
                .hint(page.say(
                    "Có thể tải mẫu đang dùng ở bảng dưới về, sửa, tăng số phiên bản và ghi ngày hiệu lực.",
                    "You can download the form in force from the table below, change it, raise its version and give the day it is valid from.",
                ))
                .error_from(&errors),
        )
        .button(page.say("Nhận tệp", "Receive the file"));
    form.upload = true;
    form.class = "card";
    form.errors = Some(errors);
    blocks.push(Block::Form(form));
    blocks.push(Block::Table(table_in_force(&page, app)));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

fn received_table(page: &Page, received: &[FormVersion]) -> Table {
    let columns = vec![
        Column::new(page.say("Mẫu", "Form")),
        Column::numeric(page.say("Phiên bản", "Version")),
        Column::new(page.say("Hiệu lực từ", "Valid from")),
        Column::new(page.say("Căn cứ", "Legal source")),
        Column::new(page.say("Trạng thái", "State")),
        Column::new(page.say("Nhận lúc", "Received")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa nhận mẫu nào", "No form received yet"),
        page.say("Mọi mẫu đang dùng là mẫu kèm chương trình.", "All forms in use are those of the program."),
    );
    let mut table =
        Table::new(page.texts(), page.say("Mẫu đã nhận", "Forms received"), columns).with_total(received.len() as u64).when_empty(empty);
    for version in received {
        table.row(vec![
            Cell::link(said(&version.kind.label, page.lang), page.href(&at(version))),
            Cell::text(version.kind.version.to_string()),
            Cell::text(format::partial(&version.kind.valid_from, page.lang)),
            Cell::text(version.kind.source.clone()),
            Cell::Lines(state_badges(page, version).into_iter().map(Cell::from).collect()),
            match &version.origin {
                Some(origin) => Cell::Lines(vec![Cell::text(format::instant(version.received.0)), Cell::text(from_words(page, origin))]),
                None => Cell::text(format!("{}, {}", format::instant(version.received.0), version.received.1)),
            },
        ]);
    }
    table
}

fn from_words(page: &Page, origin: &FormOrigin) -> String {
    format!("{} ({})", page.say("đến từ Trung ương", "came from the Centre"), origin.node)
}

fn troubles_table(page: &Page, troubles: &[FormTrouble]) -> Table {
    let columns = vec![
        Column::new(page.say("Mẫu", "Form")),
        Column::new(page.say("Vướng", "What is wrong")),
        Column::new(page.say("Đến từ", "Came from")),
    ];
    let caption = page.say("Mẫu đến từ Trung ương chưa dùng được ở đây", "Forms from the Centre that cannot be used here");
    let mut table = Table::new(page.texts(), caption, columns).with_total(troubles.len() as u64);
    for trouble in troubles {
        let name = match &trouble.form {
            Some((kind, version)) => Cell::link(format!("{kind} {version}"), page.href(&format!("{PLACE}/{kind}/{version}"))),
            None => Cell::text(office::shorten(&trouble.raw, 80)),
        };
        let place = format!("{}, {} {}", trouble.origin.node, page.say("mục", "entry"), trouble.origin.index);
        table.row(vec![
            name,
            Cell::text(said(&trouble.why, page.lang)),
            Cell::Lines(vec![Cell::text(format::instant(trouble.origin.at)), Cell::text(place)]),
        ]);
    }
    table
}

/// What has become of a version, here and at the Centre.
fn state_badges(page: &Page, version: &FormVersion) -> Vec<Badge> {
    let mut badges = vec![state_badge(page, version.state)];
    if version.origin.as_ref().is_some_and(|origin| origin.withdrawn_at.is_some()) {
        badges.push(Badge::new(Tone::Warn, Icon::Alert, page.say("Trung ương đã thu hồi", "withdrawn by the Centre")));
    }
    badges
}

fn state_badge(page: &Page, state: FormState) -> Badge {
    let (tone, icon) = match state {
        FormState::Incoming => (Tone::Info, Icon::Clock),
        FormState::Adopted => (Tone::Good, Icon::Check),
        FormState::Withdrawn => (Tone::Warn, Icon::Alert),
        FormState::Declined => (Tone::Plain, Icon::Info),
    };
    Badge::new(tone, icon, said(&state.label(), page.lang))
}

fn table_in_force(page: &Page, app: &App) -> Table {
    let columns = vec![
        Column::new(page.say("Mẫu", "Form")),
        Column::numeric(page.say("Phiên bản", "Version")),
        Column::new(page.say("Hiệu lực từ", "Valid from")),
        Column::new(page.say("Căn cứ", "Legal source")),
        Column::new(page.say("Tệp", "File")),
    ];
    let kinds: Vec<&catalogue::Kind> = app.office.catalogue().kinds().collect();
    let mut table = Table::new(page.texts(), page.say("Mẫu đang dùng", "Forms in force"), columns).with_total(kinds.len() as u64);
    for kind in kinds {
        let file = format!("{PLACE}/{}/{}/tep", kind.name, kind.version);
        table.row(vec![
            Cell::text(said(&kind.label, page.lang)),
            Cell::text(kind.version.to_string()),
            Cell::text(format::partial(&kind.valid_from, page.lang)),
            Cell::text(kind.source.clone()),
            Cell::link(format!("{}-{}.toml", kind.name, kind.version), file),
        ]);
    }
    table
}

async fn receive(page: Page, Who(who): Who, State(app): State<App>, upload: Upload) -> Answer {
    require(&who)?;
    let mut errors = FormErrors::none(page.texts());
    let text = match upload.file("file").map(|file| String::from_utf8(file.bytes.clone())) {
        Some(Ok(text)) => text,
        Some(Err(_)) => {
            errors.add("file", page.say("Tệp mẫu: không phải văn bản UTF-8.", "Form file: it is not UTF-8 text."));
            return show_index(page, who, &app, errors).await;
        }
        None => {
            errors.add("file", page.say("Tệp mẫu: chưa chọn tệp.", "Form file: no file chosen."));
            return show_index(page, who, &app, errors).await;
        }
    };
    let asking = who.clone();
    match app.call(move |office| office.receive_form(&asking, &text)).await {
        Ok(version) => page.go(&at(&version)),
        Err(failure) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            errors.add("file", failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or_default());
            show_index(page, who, &app, errors).await
        }
        Err(failure) => Err(failure),
    }
}

async fn compare(page: Page, Who(who): Who, State(app): State<App>, Path((kind, version)): Path<(String, u64)>) -> Answer {
    require(&who)?;
    let (asking, name) = (who.clone(), kind.clone());
    match app.call(move |office| office.compare_form(&asking, &name, version)).await {
        Ok(found) => show_comparison(page, &found, None),
        Err(failure) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            let troubles = app.call(move |office| office.form_troubles(&who)).await?;
            match troubles.iter().find(|trouble| trouble.form.as_ref() == Some(&(kind.clone(), version))) {
                Some(trouble) => show_trouble(page, trouble),
                None => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    }
}

/// A version from the Centre that this program cannot use, as it came.
fn show_trouble(page: Page, trouble: &FormTrouble) -> Answer {
    let (kind, version) = trouble.form.clone().unwrap_or_default();
    let title = format!("{kind}: {} {version}", page.say("phiên bản", "version"));
    let page = titled(page, title);
    let mut blocks = Blocks::default();
    blocks.push(Block::Notice(Notice::warning(format!(
        "{} {}",
        page.say("Mẫu này đến từ Trung ương, nút này chưa dùng được.", "This form came from the Centre and cannot be used here."),
        said(&trouble.why, page.lang)
    ))));
    let mut facts = Definitions { rows: Vec::new() };
    add_origin(&page, &mut facts, &trouble.origin);
    blocks.push(Block::Facts(facts));
    blocks.push(Block::Heading(page.say("Nguyên văn", "As it came").to_owned()));
    blocks.push(Block::Code(trouble.raw.clone()));
    show(page, blocks)
}

fn add_origin(page: &Page, facts: &mut Definitions, origin: &FormOrigin) {
    let place = format!("lv1/{}/catalogue, {} {}", origin.node, page.say("mục", "entry"), origin.index);
    facts.add(
        page.say("Nguồn", "Came from"),
        Cell::Lines(vec![Cell::text(format!("{} ({})", page.say("Trung ương", "The Centre"), origin.node)), Cell::text(place)]),
    );
    facts.add(page.say("Trung ương áp dụng lúc", "Adopted by the Centre"), Cell::text(format::instant(origin.at)));
    if let Some(at) = origin.withdrawn_at {
        facts.add(page.say("Trung ương thu hồi lúc", "Withdrawn by the Centre"), Cell::text(format::instant(at)));
    }
}

fn show_comparison(page: Page, found: &FormComparison, problem: Option<String>) -> Answer {
    let version = &found.version;
    let title = format!("{}: {} {}", said(&version.kind.label, page.lang), page.say("phiên bản", "version"), version.kind.version);
    let page = titled(page, title);
    let mut blocks = Blocks::default();
    let faulty = problem.is_some();
    if let Some(problem) = problem {
        blocks.push(Block::Notice(Notice::problem(problem)));
    }
    blocks.push(Block::Badges(state_badges(&page, version)));
    if version.state == FormState::Adopted && version.origin.as_ref().is_some_and(|origin| origin.withdrawn_at.is_some()) {
        blocks.push(Block::Notice(Notice::warning(page.say(
            "Trung ương đã thu hồi phiên bản này; nút này vẫn đang áp dụng. Nếu cũng thôi dùng, hãy bấm “Thu hồi”.",
            "The Centre has withdrawn this version; it is still in force here. To stop using it too, press “Withdraw”.",
        ))));
    }
    let mut facts = Definitions { rows: Vec::new() };
    facts.add(page.say("Căn cứ", "Legal source"), Cell::text(version.kind.source.clone()));
    facts.add(page.say("Hiệu lực từ", "Valid from"), Cell::text(format::partial(&version.kind.valid_from, page.lang)));
    facts.add(page.say("Nhận", "Received"), Cell::text(format!("{}, {}", format::instant(version.received.0), version.received.1)));
    if let Some(origin) = &version.origin {
        add_origin(&page, &mut facts, origin);
    }
    if let Some((when, who)) = &version.decided {
        facts.add(page.say("Quyết định", "Decided"), Cell::text(format!("{}, {who}", format::instant(*when))));
    }
    facts.add(page.say("Đang dùng", "In force"), Cell::text(format!("{} {}", page.say("phiên bản", "version"), found.in_force)));
    blocks.push(Block::Facts(facts));
    if version.kind.version != found.in_force {
        blocks.push(Block::Table(changes_table(&page, found)));
    }
    let place = at(version);
    blocks.push(Block::Buttons(vec![
        (page.say("Thử trên dữ liệu đang có", "Try it on the data there is").to_owned(), page.href(&format!("{place}/thu"))),
        (page.say("Tải tệp", "Download the file").to_owned(), format!("{place}/tep")),
    ]));
    if version.state != FormState::Adopted {
        match &found.hindrance {
            Some(why) => blocks.push(Block::Notice(Notice::info(said(why, page.lang)))),
            None => {
                let words = page.say("Áp dụng phiên bản này", "Adopt this version");
                let mut form = Form::post(page.href(&format!("{place}/ap-dung"))).button(words);
                form.before.push(
                    page.say(
                        "Từ lúc áp dụng, bản ghi mới dùng mẫu này; bản ghi đã lập giữ mẫu cũ. Có thể thu hồi.",
                        "From then on new records use this form; records there are keep theirs. It can be withdrawn.",
                    )
                    .to_owned(),
                );
                blocks.push(Block::Form(form));
            }
        }
    }
    if matches!(version.state, FormState::Incoming | FormState::Adopted) {
        let words = match version.state {
            FormState::Incoming if version.origin.is_some() => page.say("Không áp dụng", "Do not adopt"),
            FormState::Incoming => page.say("Bỏ tệp này", "Decline this file"),
            _ => page.say("Thu hồi", "Withdraw"),
        };
        blocks.push(Block::Form(Form::post(page.href(&format!("{place}/thu-hoi"))).button(words)));
    }
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

fn changes_table(page: &Page, found: &FormComparison) -> Table {
    let columns = vec![
        Column::new(page.say("Trường", "Field")),
        Column::new(page.say("Thay đổi", "Change")),
        Column::new(format!("{} {}", page.say("Phiên bản", "Version"), found.in_force)),
        Column::new(format!("{} {}", page.say("Phiên bản", "Version"), found.version.kind.version)),
    ];
    let empty = EmptyState::new(
        page.say("Không khác gì mẫu đang dùng", "No different from the form in force"),
        page.say("Chỉ khác số phiên bản.", "Only the number of the version differs."),
    );
    let caption = page.say("Khác biệt với mẫu đang dùng", "What differs from the form in force");
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.changes.len() as u64).when_empty(empty);
    for change in &found.changes {
        let (tone, icon, words) = match change.sort {
            FormChangeSort::Added => (Tone::Good, Icon::Check, page.say("thêm", "added")),
            FormChangeSort::Removed => (Tone::Bad, Icon::Alert, page.say("bỏ", "removed")),
            FormChangeSort::Changed => (Tone::Info, Icon::Document, page.say("đổi", "changed")),
        };
        let side = |value: &dyn Fn(&Aspect) -> Option<&catalogue::Label>| {
            let lines: Vec<Cell> = change
                .aspects
                .iter()
                .filter_map(|aspect| Some((aspect, value(aspect)?)))
                .map(|(aspect, value)| Cell::text(format!("{}: {}", said(&aspect.name, page.lang), said(value, page.lang))))
                .collect();
            if lines.is_empty() { Cell::Empty } else { Cell::Lines(lines) }
        };
        let mut name = vec![Cell::text(said(&change.label, page.lang))];
        if !change.path.is_empty() {
            name.push(Cell::text(change.path.clone()));
        }
        table.row(vec![
            Cell::Lines(name),
            Cell::from(Badge::new(tone, icon, words)),
            side(&|aspect| aspect.old.as_ref()),
            side(&|aspect| aspect.new.as_ref()),
        ]);
    }
    table
}

async fn trial(page: Page, Who(who): Who, State(app): State<App>, Path((kind, version)): Path<(String, u64)>) -> Answer {
    require(&who)?;
    let after = parameter_id("after", page.parameter("after"))?;
    let name = kind.clone();
    let (trial, titles) = app
        .call(move |office| {
            let trial = office.try_form(&who, &kind, version, after)?;
            let examples: Vec<office::RecordId> = trial.faults.iter().flat_map(|fault| fault.examples.iter().copied()).collect();
            Ok((trial, office.titles(&who, &examples)?))
        })
        .await?;
    let label = app.office.catalogue().kind(&name).map(|kind| said(&kind.label, page.lang).to_owned()).unwrap_or_default();
    let title = format!("{}: {label} {version}", page.say("Thử mẫu", "Trial of the form"));
    let page = titled(page, title);
    let mut blocks = Blocks::default();
    blocks.push(Block::Text(trial_words(&page, &trial)));
    let columns = vec![
        Column::new(page.say("Trường", "Field")),
        Column::new(page.say("Vướng", "What is wrong")),
        Column::numeric(page.say("Số bản ghi", "Records")),
        Column::new(page.say("Ví dụ", "Examples")),
    ];
    let empty = EmptyState::new(
        page.say("Không có bản ghi nào vướng", "No record has a fault"),
        page.say("Mọi bản ghi đã thử đều hợp với mẫu này.", "Every record tried fits this form."),
    );
    let mut table = Table::new(page.texts(), page.say("Chỗ chưa hợp với mẫu mới", "What does not fit the new form"), columns)
        .with_total(trial.faults.len() as u64)
        .when_empty(empty);
    for fault in &trial.faults {
        let examples: Vec<Cell> = fault
            .examples
            .iter()
            .filter_map(|id| titles.iter().find(|row| row.id == *id))
            .map(|row| Cell::link(office::shorten(&row.title, 80), page.href(&place_of(&row.kind, row.id))))
            .collect();
        table.row(vec![
            Cell::text(said(&fault.field, page.lang)),
            Cell::text(said(&fault.what, page.lang)),
            Cell::number(i64::try_from(fault.records).unwrap_or(i64::MAX), page.lang),
            if examples.is_empty() { Cell::Empty } else { Cell::Lines(examples) },
        ]);
    }
    blocks.push(Block::Table(table));
    let mut buttons = Vec::new();
    if let Some(next) = trial.next {
        let words = page.say("Thử các bản ghi tiếp theo", "Try the records that follow").to_owned();
        buttons.push((words, page.link_with(&[("after", Some(&next.to_string()))])));
    }
    let back = page.say("Về trang của mẫu", "Back to the form").to_owned();
    buttons.push((back, page.href(&format!("{PLACE}/{name}/{version}"))));
    blocks.push(Block::Buttons(buttons));
    show(page, blocks)
}

fn trial_words(page: &Page, trial: &FormTrial) -> String {
    let count = |number: usize| format::number(i64::try_from(number).unwrap_or(i64::MAX), page.lang);
    let (tried, fitting) = (count(trial.tried), count(trial.fitting));
    let kept = page.say(
        "Thử không ghi gì; bản ghi đã lập giữ mẫu của mình, chỉ khi chuyển sang mẫu mới mới phải bổ sung.",
        "A trial writes nothing; records keep their form and need these additions only when they are moved to the new one.",
    );
    match page.lang {
        crate::lang::Lang::Vi => format!("Đã thử {tried} bản ghi, {fitting} bản ghi hợp ngay với mẫu này. {kept}"),
        crate::lang::Lang::En => format!("{tried} records tried, {fitting} fit this form as they are. {kept}"),
    }
}

async fn file(Who(who): Who, State(app): State<App>, Path((kind, version)): Path<(String, u64)>) -> Answer {
    require(&who)?;
    let name = format!("{kind}-{version}.toml");
    let text = app.call(move |office| office.form_file(&who, &kind, version)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", name.replace(['"', '\\', '\r', '\n'], "_"))),
    ];
    Ok((headers, text).into_response())
}

async fn adopt(page: Page, Who(who): Who, State(app): State<App>, Path((kind, version)): Path<(String, u64)>) -> Answer {
    require(&who)?;
    let (asking, name) = (who.clone(), kind.clone());
    match app.call(move |office| office.adopt_form(&asking, &name, version)).await {
        Ok(()) => page.go(&format!("{PLACE}/{kind}/{version}")),
        Err(failure) if failure.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY => {
            let problem = failure.message.map(|message| message.get(page.lang).to_owned());
            let found = app.call(move |office| office.compare_form(&who, &kind, version)).await?;
            show_comparison(page, &found, problem)
        }
        Err(failure) => Err(failure),
    }
}

async fn withdraw(page: Page, Who(who): Who, State(app): State<App>, Path((kind, version)): Path<(String, u64)>) -> Answer {
    require(&who)?;
    app.call(move |office| office.withdraw_form(&who, &kind, version)).await?;
    page.go(PLACE)
}
