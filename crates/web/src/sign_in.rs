//! Signing in and out, one-time links, one's own account.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::links::safe_return;
use crate::page::Page;
use crate::parts::{Field, FieldKind, FormErrors, Notice};
use crate::service::{App, Who, said, session_cookie, session_token};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/dang-nhap", get(form).post(sign_in))
        .route("/dang-nhap/mot-lan/{token}", get(link).post(use_link))
        .route("/dang-xuat", post(sign_out))
        .route("/tai-khoan", get(account))
        .route("/tai-khoan/mat-khau", post(password))
        .route("/tai-khoan/lich", post(calendar))
        .route("/tai-khoan/dang-xuat-moi-noi", post(everywhere))
}

async fn form(page: Page) -> Answer {
    show_form(page, None, "")
}

fn show_form(page: Page, problem: Option<String>, login: &str) -> Answer {
    let page = page.titled(if problem.is_some() { "Đăng nhập – chưa được / Sign-in failed" } else { "" });
    let title = page.say("Đăng nhập", "Sign in").to_owned();
    let page = page.titled(title);
    let texts = page.texts();
    let back = page.parameter("back").unwrap_or("").to_owned();
    let mut blocks = Blocks::default();
    let faulty = problem.is_some();
    if let Some(problem) = problem {
        blocks.push(Block::Notice(Notice::problem(problem)));
    }
    let form = Form::post(page.href("/dang-nhap"))
        .field(Field::text(texts, "login", page.say("Tên đăng nhập", "Login")).value(login).required().autocomplete("username"))
        .field(
            Field::new(texts, FieldKind::Password, "password", page.say("Mật khẩu", "Password"))
                .required()
                .autocomplete("current-password"),
        )
        .field(Field::hidden(texts, "back", back))
        .button(page.say("Đăng nhập", "Sign in"));
    blocks.push(Block::Form(Form { class: "card", ..form }));
    blocks.push(Block::Muted(
        page.say(
            "Chưa có mật khẩu hoặc quên mật khẩu: xin quản trị viên của cơ quan một liên kết đăng nhập một lần.",
            "No password, or forgotten: ask your office's administrator for a one-time link.",
        )
        .to_owned(),
    ));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn sign_in(page: Page, State(app): State<App>, headers: HeaderMap, pairs: FormPairs) -> Answer {
    let (login, secret) = (pairs.get("login").unwrap_or("").to_owned(), pairs.get("password").unwrap_or("").to_owned());
    let agent = agent(&headers);
    let back = pairs.get("back").map(|back| safe_return(back).to_owned()).filter(|back| back.len() > 1);
    let typed = login.clone();
    match app.call(move |office| office.sign_in(&login, &secret, &agent)).await {
        Ok(token) => Ok(enter(&app, token.as_str(), &back.unwrap_or_else(|| page.href("/viec")))),
        Err(failure) if failure.status.is_client_error() => {
            let problem = failure.message.map(|message| message.get(page.lang).to_owned());
            show_form(page, problem, &typed)
        }
        Err(failure) => Err(failure),
    }
}

fn enter(app: &App, token: &str, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&session_cookie(&app.site, Some(token))) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn agent(headers: &HeaderMap) -> String {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
}

/// A page with one button: a link that a preview fetches is not used up.
async fn link(page: Page, Path(token): Path<String>) -> Answer {
    let title = page.say("Đăng nhập một lần", "One-time sign-in").to_owned();
    let page = page.titled(title);
    let mut blocks = Blocks::default();
    blocks.push(Block::Text(
        page.say("Liên kết này dùng được một lần. Bấm nút để vào hệ thống.", "This link works once. Press the button to enter.").to_owned(),
    ));
    let action = page.href(&format!("/dang-nhap/mot-lan/{}", crate::links::encoded(&token)));
    blocks.push(Block::Form(Form { class: "card", ..Form::post(action).button(page.say("Vào hệ thống", "Enter")) }));
    show(page, blocks)
}

async fn use_link(page: Page, State(app): State<App>, headers: HeaderMap, Path(token): Path<String>) -> Answer {
    let agent = agent(&headers);
    let session = app.call(move |office| office.sign_in_once(&token, &agent)).await?;
    Ok(enter(&app, session.as_str(), &page.href("/viec")))
}

async fn sign_out(page: Page, State(app): State<App>, headers: HeaderMap) -> Answer {
    if let Some(token) = session_token(&app.site, &headers) {
        app.call(move |office| office.sign_out(&token)).await?;
    }
    let mut response = Redirect::to(&page.href("/")).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&session_cookie(&app.site, None)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn account(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    show_account(page, &who, &app, FormErrors::none(crate::lang::Lang::Vi.texts()), None)
}

fn show_account(page: Page, who: &office::Identity, app: &App, errors: FormErrors, done: Option<Notice>) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let title = page.say("Tài khoản", "Account").to_owned();
    let page = page.titled(title);
    let texts = page.texts();
    let mut blocks = Blocks::default();
    if let Some(done) = done {
        blocks.push(Block::Notice(done));
    }
    let today = app.office.clock().today();
    let mut facts = crate::parts::Definitions { rows: Vec::new() };
    facts.add_some(page.say("Tên", "Name"), Some(who.name()));
    for grant in who.grants().iter().take(20) {
        facts.add_some(said(&grant.role.label(), page.lang), Some(app.office.directory().short_name(grant.body, today)));
    }
    blocks.push(Block::Facts(facts));
    let faulty = !errors.is_empty();
    let mut form = Form::post(page.href("/tai-khoan/mat-khau"))
        .field(
            Field::new(texts, FieldKind::Password, "old", page.say("Mật khẩu hiện tại", "Current password"))
                .autocomplete("current-password")
                .hint(page.say("Để trống nếu chưa đặt mật khẩu.", "Leave empty if none was set.")),
        )
        .field(
            Field::new(texts, FieldKind::Password, "new", page.say("Mật khẩu mới", "New password"))
                .required()
                .autocomplete("new-password")
                .hint(page.say(
                    "Ít nhất 8 ký tự, có chữ thường, chữ hoa và chữ số hoặc ký tự đặc biệt.",
                    "At least 8 characters with lower case, upper case, and a digit or special character.",
                )),
        )
        .button(page.say("Đổi mật khẩu", "Change the password"));
    form.heading = page.say("Mật khẩu", "Password").to_owned();
    form.class = "card";
    form.errors = Some(errors);
    blocks.push(Block::Form(form));
    let mut form = Form::post(page.href("/tai-khoan/lich")).button(page.say("Tạo địa chỉ lịch mới", "Make a new calendar address"));
    form.heading = page.say("Lịch nhắc hạn (iCal)", "Calendar of deadlines (iCal)").to_owned();
    form.before.push(
        page.say(
            "Dán địa chỉ vào ứng dụng lịch để thấy hạn của các việc. Địa chỉ cũ thôi dùng được.",
            "Paste the address into your calendar. The old address stops working.",
        )
        .to_owned(),
    );
    form.class = "card";
    blocks.push(Block::Form(form));
    let mut form =
        Form::post(page.href("/tai-khoan/dang-xuat-moi-noi")).button(page.say("Đăng xuất ở mọi thiết bị", "Sign out on all devices"));
    form.class = "card";
    blocks.push(Block::Form(form));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

async fn password(page: Page, Who(who): Who, State(app): State<App>, pairs: FormPairs) -> Answer {
    let Some(id) = who.account().map(str::to_owned) else { return Err(Failure::sign_in_needed()) };
    let (old, new) = (pairs.get("old").map(str::to_owned), pairs.get("new").unwrap_or("").to_owned());
    let asking = who.clone();
    match app.call(move |office| office.set_password(&asking, &id, old.as_deref(), &new)).await {
        // All sessions are ended, this one too: sign in with the new password.
        Ok(()) => page.go("/dang-nhap"),
        Err(failure) if failure.status.is_client_error() => {
            let mut errors = FormErrors::none(page.texts());
            let field = if failure.code == "wrong_password" { "old" } else { "new" };
            errors.add(field, failure.message.map(|message| message.get(page.lang).to_owned()).unwrap_or_default());
            show_account(page, &who, &app, errors, None)
        }
        Err(failure) => Err(failure),
    }
}

async fn calendar(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let asking = who.clone();
    let token = app.call(move |office| office.new_calendar(&asking)).await?;
    let address = page.absolute(&format!("/lich/{token}.ics"));
    let words = format!("{} {address}", page.say("Địa chỉ lịch (chỉ hiện lần này):", "Calendar address (shown only now):"));
    let errors = FormErrors::none(page.texts());
    show_account(page, &who, &app, errors, Some(Notice::done(words)))
}

async fn everywhere(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    app.call(move |office| office.sign_out_everywhere(&who)).await?;
    page.go("/dang-nhap")
}
