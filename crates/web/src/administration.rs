//! The administrator's pages: accounts, the audit trail, the state of the node.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use office::{Account, AccountForm, Action, Grant, Identity, RecordId, Role, Subject, decide};

use crate::blocks::{Block, Blocks, Form, FormPart, button_form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Cell, Choice, Column, Field, FieldGroup, FieldKind, Notice, Table};
use crate::records::place_of;
use crate::service::{App, Who, parameter_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/quan-tri", get(index))
        .route("/quan-tri/nguoi-dung", get(users).post(add))
        .route("/quan-tri/nguoi-dung/{id}", get(account).post(change))
        .route("/quan-tri/nguoi-dung/{id}/lien-ket", post(link))
        .route("/quan-tri/nguoi-dung/{id}/trang-thai", post(toggle))
        .route("/quan-tri/nhat-ky", get(audit))
        .route("/quan-tri/sao-luu", get(backup))
}

/// Refuses everybody but administrators, before anything is looked at.
pub(crate) fn require(who: &Identity) -> Result<(), Failure> {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    decide(who, Action::Administer, &Subject::node()).require().map_err(Failure::from)
}

async fn index(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    require(&who)?;
    let waiting = app.call(move |office| office.forms_to_decide(&who)).await?;
    let title = page.say("Quản trị", "Administration").to_owned();
    let page = page.titled(title).at(Nav::Administration);
    let mut blocks = Blocks::default();
    if waiting > 0 {
        blocks.push(Block::Notice(Notice::info(crate::form_versions::waiting_words(&page, waiting))));
    }
    let door = |vi: &str, en: &str, words_vi: &str, words_en: &str, path: &str| {
        (page.say(vi, en).to_owned(), page.say(words_vi, words_en).to_owned(), page.href(path))
    };
    blocks.push(Block::Doors(vec![
        door("Người dùng", "Users", "Tài khoản, vai trò, liên kết đăng nhập", "Accounts, roles, sign-in links", "/quan-tri/nguoi-dung"),
        door("Nhật ký", "Audit trail", "Ai làm gì, lúc nào", "Who did what when", "/quan-tri/nhat-ky"),
        door(
            "Nút",
            "Nodes",
            "Nối với nút trên, nút dưới; sổ nào đã đến đâu",
            "The nodes above and below; how far each log is",
            "/quan-tri/nut",
        ),
        door("Sổ cái, sao lưu", "Ledger, backup", "Kích thước, gốc cây, khung nhìn", "Sizes, roots, views", "/quan-tri/sao-luu"),
        door(
            "Phiên bản mẫu",
            "Form versions",
            "Mẫu mới theo thông tư: xem khác biệt, thử, áp dụng",
            "New forms of a circular: compare, try, adopt",
            "/quan-tri/bieu-mau",
        ),
        door("Biểu mẫu", "Forms", "Loại bản ghi và lược đồ", "Kinds and schemas", "/bieu-mau"),
    ]));
    show(page, blocks)
}

async fn users(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    show_users(page, who, &app, place.after, None).await
}

async fn show_users(page: Page, who: Identity, app: &App, after: Option<String>, notice: Option<Notice>) -> Answer {
    require(&who)?;
    let accounts = app.call(move |office| office.accounts(&who, after.as_deref(), 100)).await?;
    let title = page.say("Người dùng", "Users").to_owned();
    let label = page.say("Quản trị", "Administration").to_owned();
    let page = page.titled(title).at(Nav::Administration).crumb(label, "/quan-tri");
    let texts = page.texts();
    let today = app.office.clock().today();
    let mut blocks = Blocks::default();
    if let Some(notice) = notice {
        blocks.push(Block::Notice(notice));
    }
    let columns = vec![
        Column::new(page.say("Tên đăng nhập", "Login")),
        Column::new(page.say("Tên", "Name")),
        Column::new(page.say("Vai trò", "Roles")),
        Column::new(page.say("Trạng thái", "State")),
        Column::new(page.say("Thao tác", "Actions")),
    ];
    let mut table = Table::new(texts, page.say("Tài khoản", "Accounts"), columns);
    for account in &accounts {
        let roles = account
            .grants
            .iter()
            .take(6)
            .map(|grant| {
                Cell::text(format!("{} – {}", said(&grant.role.label(), page.lang), app.office.directory().short_name(grant.body, today)))
            })
            .collect();
        let small = |path: &str, words: &str| button_form(&page.href(path), words, &account.login);
        let toggle = if account.active { page.say("Khóa", "Close") } else { page.say("Mở khóa", "Reopen") };
        table.row(vec![
            Cell::link(account.login.clone(), page.href(&format!("/quan-tri/nguoi-dung/{}", account.id))),
            Cell::text(account.name.clone()),
            Cell::Lines(roles),
            Cell::text(if account.active { page.say("hoạt động", "active") } else { page.say("đã khóa", "closed") }),
            Cell::Lines(vec![
                small(&format!("/quan-tri/nguoi-dung/{}/lien-ket", account.id), page.say("Liên kết một lần", "One-time link")),
                small(&format!("/quan-tri/nguoi-dung/{}/trang-thai", account.id), toggle),
            ]),
        ]);
    }
    blocks.push(Block::Table(table));
    if accounts.len() == 100
        && let Some(last) = accounts.last()
    {
        blocks.push(Block::Buttons(vec![(page.say("Trang tiếp", "Next page").to_owned(), page.link_with(&[("after", Some(&last.id))]))]));
    }
    let roles = Role::ALL.iter().map(|role| Choice::new(role.code(), said(&role.label(), page.lang))).collect();
    let mut form = Form::post(page.href("/quan-tri/nguoi-dung"))
        .field(Field::text(texts, "login", page.say("Tên đăng nhập", "Login")).required())
        .field(Field::text(texts, "name", page.say("Tên hiển thị", "Display name")).required())
        .field(Field::new(texts, FieldKind::Select(roles), "role", page.say("Vai trò", "Role")).value("officer"))
        .field(Field::select(texts, "body", page.say("Cơ quan", "Body"), crate::board::body_choices(&app.office, "—")))
        .button(page.say("Thêm tài khoản", "Add the account"));
    form.heading = page.say("Thêm tài khoản", "Add an account").to_owned();
    form.class = "card";
    blocks.push(Block::Form(form));
    show(page, blocks)
}

async fn add(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    require(&who)?;
    let body = parameter_id("body", pairs.get("body"))?.unwrap_or_else(|| app.office.body());
    let role = pairs.get("role").and_then(Role::from_code).unwrap_or(Role::Reader);
    let form = AccountForm {
        login: pairs.get("login").unwrap_or("").to_owned(),
        name: pairs.get("name").unwrap_or("").to_owned(),
        grants: vec![Grant { body, role }],
        active: true,
    };
    let asking = who.clone();
    let made = app
        .call(move |office| {
            let account = office.add_account(&asking, form)?;
            let token = office.sign_in_link(&asking, &account.id)?;
            Ok((account, token))
        })
        .await;
    let notice = match made {
        Ok((account, token)) => Notice::done(format!(
            "{} {} – {}",
            page.say("Liên kết đăng nhập một lần của", "One-time sign-in link of"),
            account.login,
            page.absolute(&format!("/dang-nhap/mot-lan/{token}"))
        )),
        Err(failure) if failure.status.is_client_error() => {
            Notice::problem(failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or_default())
        }
        Err(failure) => return Err(failure),
    };
    show_users(page, who, &app, None, Some(notice)).await
}

async fn account(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    require(&who)?;
    let account = app.call(move |office| office.account_of(&who, &id)).await?;
    let mut values = FormPairs::default();
    values.0.push(("name".to_owned(), account.name.clone()));
    for (row, grant) in account.grants.iter().enumerate() {
        values.0.push((format!("grants.{row}.role"), grant.role.code().to_owned()));
        values.0.push((format!("grants.{row}.body"), grant.body.to_string()));
    }
    account_form(page, &app, &account, &values, None)
}

fn account_form(page: Page, app: &App, account: &Account, values: &FormPairs, problem: Option<String>) -> Answer {
    let (label, users) = (page.say("Quản trị", "Administration").to_owned(), page.say("Người dùng", "Users").to_owned());
    let page = page.titled(account.login.clone()).at(Nav::Administration).crumb(label, "/quan-tri").crumb(users, "/quan-tri/nguoi-dung");
    let texts = page.texts();
    let roles: Vec<Choice> = Role::ALL.iter().map(|role| Choice::new(role.code(), said(&role.label(), page.lang))).collect();
    let bodies = crate::board::body_choices(&app.office, "—");
    let mut rows = Vec::new();
    for row in 0..values.rows("grants").max(1) {
        rows.push(vec![
            Field::select(texts, format!("grants.{row}.role"), page.say("Vai trò", "Role"), roles.clone()).value_from(values),
            Field::select(texts, format!("grants.{row}.body"), page.say("Cơ quan", "Body"), bodies.clone()).value_from(values),
        ]);
    }
    let mut form = Form::post(page.href(&format!("/quan-tri/nguoi-dung/{}", account.id)))
        .field(Field::text(texts, "name", page.say("Tên hiển thị", "Display name")).required().value_from(values));
    form.parts.push(FormPart::Group(FieldGroup {
        name: "grants".to_owned(),
        label: page.say("Vai trò tại từng cơ quan", "Roles, body by body").to_owned(),
        hint: page.say("Người đọc, chuyên viên, lãnh đạo, quản trị viên; có thể nhiều dòng.", "Several lines are possible.").to_owned(),
        rows,
        may_add: true,
        may_remove: true,
        texts,
    }));
    let form = form.button(page.say("Lưu", "Save"));
    let mut blocks = Blocks::default();
    let faulty = problem.is_some();
    if let Some(problem) = problem {
        blocks.push(Block::Notice(Notice::problem(problem)));
    }
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn change(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>, mut pairs: FormPairs) -> Answer {
    require(&who)?;
    let (asking, wanted) = (who.clone(), id.clone());
    let account = app.call(move |office| office.account_of(&asking, &wanted)).await?;
    if pairs.press_row_button() {
        return account_form(page, &app, &account, &pairs, None);
    }
    let mut grants = Vec::new();
    for row in 0..pairs.rows("grants") {
        let role = pairs.get(&format!("grants.{row}.role")).and_then(Role::from_code);
        let body = parameter_id("body", pairs.get(&format!("grants.{row}.body")))?;
        if let (Some(role), Some(body)) = (role, body) {
            grants.push(Grant { body, role });
        }
    }
    let form =
        AccountForm { login: account.login.clone(), name: pairs.get("name").unwrap_or("").to_owned(), grants, active: account.active };
    match app.call(move |office| office.change_account(&who, &id, form)).await {
        Ok(_) => page.go("/quan-tri/nguoi-dung"),
        Err(failure) if failure.status.is_client_error() => {
            let problem = failure.message.map(|message| message.get(page.lang).to_owned());
            account_form(page, &app, &account, &pairs, problem)
        }
        Err(failure) => Err(failure),
    }
}

async fn link(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    require(&who)?;
    let asking = who.clone();
    let token = app.call(move |office| office.sign_in_link(&asking, &id)).await?;
    let notice = Notice::done(format!(
        "{} {}",
        page.say("Liên kết đăng nhập một lần (chỉ hiện lần này):", "One-time sign-in link (shown only now):"),
        page.absolute(&format!("/dang-nhap/mot-lan/{token}"))
    ));
    show_users(page, who, &app, None, Some(notice)).await
}

async fn toggle(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    require(&who)?;
    app.call(move |office| office.toggle_account(&who, &id)).await?;
    page.go("/quan-tri/nguoi-dung")
}

async fn audit(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    require(&who)?;
    let (entries, visible) = app
        .call(move |office| {
            let entries = office.audit_trail(&who, place.after.as_deref(), place.limit)?;
            let records: Vec<RecordId> = entries.iter().filter_map(|entry| RecordId::parse(entry.record.as_deref()?).ok()).collect();
            // An administrator does not see every body's records, so not every entry has a link.
            let visible: BTreeMap<String, String> =
                office.titles(&who, &records)?.into_iter().map(|row| (row.id.to_string(), place_of(&row.kind, row.id))).collect();
            Ok((entries, visible))
        })
        .await?;
    let title = page.say("Nhật ký", "Audit trail").to_owned();
    let label = page.say("Quản trị", "Administration").to_owned();
    let page = page.titled(title).at(Nav::Administration).crumb(label, "/quan-tri");
    let columns = vec![
        Column::new(page.say("Lúc", "When")),
        Column::new(page.say("Ai", "Who")),
        Column::new(page.say("Việc", "What")),
        Column::new(page.say("Bản ghi", "Record")),
        Column::new(page.say("Ghi chú", "Note")),
    ];
    let mut table = Table::new(page.texts(), page.say("Nhật ký, mới nhất trước", "Audit trail, newest first"), columns);
    for entry in &entries {
        let record = match &entry.record {
            Some(id) => visible.get(id).map_or(Cell::Empty, |place| Cell::link(page.say("xem", "see"), page.href(place))),
            None => Cell::Empty,
        };
        table.row(vec![
            Cell::text(format::instant(entry.at)),
            Cell::text(entry.name.clone()),
            Cell::text(said(&entry.deed(app.office.catalogue()), page.lang)),
            record,
            Cell::text(entry.note.clone()),
        ]);
    }
    let mut blocks = Blocks::default();
    blocks.push(Block::Table(table));
    if let Some(last) = entries.last().filter(|_| entries.len() == place.limit) {
        blocks.push(Block::Buttons(vec![(page.say("Cũ hơn", "Older").to_owned(), page.link_with(&[("after", Some(&last.id))]))]));
    }
    show(page, blocks)
}

async fn backup(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    require(&who)?;
    let (logs, views, problems, note) = app
        .call(|office| {
            let logs = office.ledger().read(|r| r.logs()).map_err(office::OfficeError::from)?;
            Ok((logs, office.view_digests()?, office.view_problems(), office.last_backup()?))
        })
        .await?;
    let title = page.say("Sổ cái, sao lưu", "Ledger, backup").to_owned();
    let label = page.say("Quản trị", "Administration").to_owned();
    let page = page.titled(title).at(Nav::Administration).crumb(label, "/quan-tri");
    let mut blocks = Blocks::default();
    for problem in problems {
        blocks.push(Block::Notice(Notice::problem(problem)));
    }
    blocks.push(Block::Text(match note {
        Some(note) => format!("{} {}: {}", page.say("Bản sao lưu gần nhất", "Last backup:"), format::instant(note.at), note.place),
        None => page.say("Nút này chưa có bản sao lưu nào.", "This node has no backup yet.").to_owned(),
    }));
    blocks.push(Block::Text(
        page.say(
            "Sao lưu khi nút đang chạy, kiểm tra, rồi thử khôi phục vào thư mục mới:",
            "Back up while the node runs, check, then try a restore into a new folder:",
        )
        .to_owned(),
    ));
    blocks.push(Block::Code(
        "lienvung backup --data lienvung-data sao-luu\nlienvung verify --data lienvung-data\nlienvung restore sao-luu --data thu-khoi-phuc"
            .to_owned(),
    ));
    blocks.push(Block::Text(
        page.say(
            "Mang toàn bộ dữ liệu đi nơi khác: bản ghi, lịch sử, tệp trong một tệp .zip, không có tài khoản và mật khẩu. Lập tệp tại đây hoặc bằng lệnh:",
            "Take all data elsewhere: records, history and files in one .zip, without accounts and passwords. Make the file here or by command:",
        )
        .to_owned(),
    ));
    blocks.push(Block::Buttons(vec![(page.say("Toàn bộ dữ liệu", "All data").to_owned(), page.href(crate::archive::PLACE))]));
    blocks.push(Block::Code(
        "lienvung archive --data lienvung-data --out tat-ca.zip\nlienvung import archive tat-ca.zip --data thu-muc-moi".to_owned(),
    ));
    let columns =
        vec![Column::new(page.say("Sổ", "Log")), Column::numeric(page.say("Số mục", "Entries")), Column::new(page.say("Gốc cây", "Root"))];
    let mut table = Table::new(page.texts(), page.say("Các sổ", "Logs"), columns).with_total(logs.len() as u64);
    for log in &logs {
        table.row(vec![
            Cell::text(log.origin.to_string()),
            Cell::number(i64::try_from(log.size).unwrap_or(0), page.lang),
            Cell::text(log.root.to_hex().chars().take(16).collect::<String>()),
        ]);
    }
    blocks.push(Block::Table(table));
    let columns = vec![
        Column::new(page.say("Khung nhìn", "View")),
        Column::numeric(page.say("Đến thay đổi", "Up to change")),
        Column::new(page.say("Dấu kiểm", "Digest")),
    ];
    let mut table =
        Table::new(page.texts(), page.say("Khung nhìn (dựng lại được)", "Views (can be rebuilt)"), columns).with_total(views.len() as u64);
    for (name, cursor, digest) in &views {
        table.row(vec![
            Cell::text(name.clone()),
            Cell::number(i64::try_from(*cursor).unwrap_or(0), page.lang),
            Cell::text(digest.chars().take(16).collect::<String>()),
        ]);
    }
    blocks.push(Block::Table(table));
    show(page, blocks)
}
