//! A form shows all of a record: opened and saved again without a touch, it changes nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use office::{AccountForm, Draft, Grant, Office, RecordId, Role};

use crate::people::open;
use crate::visit::{Visit, session};

/// Somebody who may edit for every body.
fn editor_of_all(office: &Office) -> office::Identity {
    let mut grants = vec![Grant { body: office.body(), role: Role::Administrator }];
    for body in office.directory().all() {
        if !body.is_class() {
            grants.push(Grant { body: body.id, role: Role::Leader });
        }
    }
    office.add_account(&office.console(), AccountForm { login: "moi.noi".into(), name: "Mọi nơi".into(), grants, active: true }).unwrap();
    office.act_as(&office.console(), "moi.noi").unwrap()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split_once('"').map(|(value, _)| value)
}

fn unescaped(text: &str) -> String {
    let mut plain = text.to_owned();
    for (code, letter) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(code, letter);
    }
    plain
}

/// What a browser would send of the form when the button "save" is pressed.
fn fields_of(html: &str) -> Vec<(String, String)> {
    let main = html.split("<main").nth(1).unwrap();
    let form = main.split("<form").find(|form| form.contains("name=\"_form\"")).unwrap().split("</form>").next().unwrap();
    let mut fields = Vec::new();
    for piece in form.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        let tag = format!(" {tag}");
        match tag.split_whitespace().next().unwrap() {
            "input" => {
                let kind = attribute(&tag, "type").unwrap_or("text");
                let is_ticked = tag.split('"').skip(2).step_by(2).any(|between| between.split_whitespace().any(|word| word == "checked"));
                let chosen = !matches!(kind, "checkbox" | "radio") || is_ticked;
                if let (Some(name), true) = (attribute(&tag, "name"), chosen && kind != "file") {
                    fields.push((name.to_owned(), unescaped(attribute(&tag, "value").unwrap_or_default())));
                }
            }
            "textarea" => fields.push((attribute(&tag, "name").unwrap().to_owned(), unescaped(text.strip_prefix('\n').unwrap_or(text)))),
            "select" => fields.push((attribute(&tag, "name").unwrap().to_owned(), String::new())),
            "option" if tag.ends_with(" selected") => {
                fields.last_mut().unwrap().1 = unescaped(attribute(&tag, "value").unwrap_or_default())
            }
            _ => {}
        }
    }
    fields
}

fn encoded(fields: &[(String, String)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_any_kind_opened_in_its_form_and_saved_untouched_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let editor = editor_of_all(&office);
    let token = session(&office, "moi.noi");
    let office = Arc::new(office);
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    let mut tried: Vec<(String, RecordId)> = Vec::new();
    for example in office.catalogue().examples() {
        let draft = Draft { id: None, kind: example.kind.clone(), data: example.data.clone(), previous: None };
        // An example may refer to records that are not here, or be a wrong one on purpose.
        if let Ok(stored) = office.submit(&editor, draft) {
            tried.push((example.kind.clone(), stored.id));
        }
    }
    office.settle(Duration::from_secs(20));
    let mut wrong = Vec::new();
    let mut kinds = std::collections::BTreeSet::new();
    for (kind, id) in &tried {
        let before = office.view(&editor, *id).unwrap();
        let page = Visit::get(format!("/r/{id}/sua")).by(Some(&token)).send(&router).await;
        if page.status != StatusCode::OK {
            // Not everything is changed by its form: a council's count, a directive's own page.
            continue;
        }
        let fields = fields_of(&page.text);
        let saved = Visit::post(format!("/r/{id}/sua"), encoded(&fields)).by(Some(&token)).send(&router).await;
        let after = office.view(&editor, *id).unwrap();
        if saved.status != StatusCode::SEE_OTHER || before.data != after.data {
            let said = saved.text.split("<main").nth(1).unwrap_or_default().split("class=\"error\"").nth(1).unwrap_or_default();
            wrong.push(format!(
                "{kind}: {} {:?}\n  {:?}\n  {:?}",
                saved.status,
                said.chars().take(200).collect::<String>(),
                before.data,
                after.data
            ));
        }
        kinds.insert(kind.clone());
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), tried.len(), wrong.join("\n"));
    assert!(kinds.len() > 15, "{kinds:?}");
}
