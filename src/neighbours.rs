//! The nodes of the demonstration beside the Ministry's: departments that exchange with it over loopback, each in a folder and on a port of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use catalogue::Label;
use office::{AccountForm, Draft, Grant, Office, OfficeError, RecordId, Role};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::command::{bind, open_config, public_address};
use crate::config::Config;
use crate::demo::reference_body;
use crate::words::Words;

const NEIGHBOURS: &str = include_str!("../demo/neighbours.toml");

#[derive(Debug, Deserialize)]
struct Neighbours {
    node: Vec<Neighbour>,
}

#[derive(Debug, Deserialize)]
struct Neighbour {
    name: String,
    body: String,
    short: String,
    place: String,
    task: Vec<Task>,
}

#[derive(Debug, Deserialize)]
struct Task {
    title: String,
    aims: String,
    planned_start: String,
    planned_end: String,
    code: String,
    amount: u64,
}

/// A node that is ready to serve.
pub struct Ready {
    /// The office.
    pub office: Arc<Office>,
    /// Where it listens.
    pub listener: TcpListener,
    /// Its address.
    pub base: String,
    /// One-time sign-in links: who, token.
    pub links: Vec<(Label, String)>,
}

/// Opens the neighbours of a demonstration in `folder`, on the ports after `listen` (free ones when that is 0), and connects those that are new with the
/// Ministry's node at `centre_address`.
pub fn open(folder: &Path, listen: SocketAddr, centre: &Office, words: Words) -> Result<Vec<Ready>> {
    let neighbours: Neighbours = toml::from_str(NEIGHBOURS).context("demo/neighbours.toml")?;
    centre.found_centre(&centre.console())?;
    let mut ready = Vec::new();
    for (neighbour, number) in neighbours.node.iter().zip(1_u16..) {
        let folder = folder.join("nodes").join(&neighbour.name);
        let port = if listen.port() == 0 { 0 } else { listen.port().saturating_add(number) };
        let listen = SocketAddr::new(listen.ip(), port);
        // Another program may have the port already.
        let listener = bind(listen, words).or_else(|_| bind(SocketAddr::new(listen.ip(), 0), words))?;
        let base = public_address(&listener, "http", None)?;
        let office = open_office(&folder, listen, neighbour)?;
        load(&office, neighbour)?;
        let links = links(&office, neighbour)?;
        ready.push(Ready { office, listener, base, links });
    }
    Ok(ready)
}

/// Connects a neighbour that has not joined yet with the Ministry's node, which is serving at `address`.
pub fn join(office: &Office, centre: &Office, address: &str) -> Result<()> {
    if office.membership()?.is_some() {
        return Ok(());
    }
    let title = office.directory().get(office.body()).map(|body| body.name_on(office.clock().today()).to_owned()).unwrap_or_default();
    let name = office.ledger().node().as_str().to_owned();
    let invited = centre.invite_node(&centre.console(), &name, &title);
    let code = match invited {
        Ok(invitation) => invitation.code,
        // It was in the directory already when its answer got lost: its key is known.
        Err(OfficeError::Refused { code: "node_name_taken", .. }) => String::new(),
        Err(error) => return Err(error.into()),
    };
    office.join(&office.console(), &web::HttpLine::new(), address, &code)?;
    Ok(())
}

fn open_office(folder: &Path, listen: SocketAddr, neighbour: &Neighbour) -> Result<Arc<Office>> {
    if !Config::path(folder).exists() {
        let catalogue = catalogue::Catalogue::builtin()?;
        let body = reference_body(&catalogue, &neighbour.body).with_context(|| neighbour.body.clone())?;
        Config::new(neighbour.name.clone(), body, listen).write_new(folder)?;
    }
    let office = Arc::new(open_config(folder, &Config::read(folder)?)?);
    office.require_keeper()?;
    Ok(office)
}

fn logins(neighbour: &Neighbour) -> [(String, Label, Role); 2] {
    let short = &neighbour.short;
    let label = |vi: &str, en: &str| Label { vi: format!("{short}: {vi}"), en: format!("{short}: {en}") };
    [
        ("nhaplieu".to_owned(), label("người nhập liệu", "data clerk"), Role::Officer),
        ("vanhanh".to_owned(), label("người vận hành", "operator"), Role::Administrator),
    ]
}

/// Loads the neighbour's accounts and records unless they are there.
fn load(office: &Office, neighbour: &Neighbour) -> Result<()> {
    let console = office.console();
    for (login, label, role) in logins(neighbour) {
        let form = AccountForm {
            login,
            name: format!("{} (minh họa)", label.vi),
            grants: vec![Grant { body: office.body(), role }],
            active: true,
        };
        match office.add_account(&console, form) {
            Ok(_) | Err(OfficeError::Refused { code: "login_taken", .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    office.set_setting("demonstration", json!(true))?;
    if office.ledger().read(|r| r.count("private", Some("task")))? > 0 {
        return Ok(());
    }
    let clerk = office.act_as(&console, "nhaplieu")?;
    let mut drafts = Vec::new();
    for task in &neighbour.task {
        let data = task.record(neighbour, office.body());
        drafts.push(Draft { id: None, kind: "task".to_owned(), data: Value::Object(data), previous: None });
    }
    office.submit_all(&clerk, drafts, "demo")?;
    Ok(())
}

impl Task {
    fn record(&self, neighbour: &Neighbour, owner: RecordId) -> Map<String, Value> {
        let data = json!({
            "title": self.title, "aims": self.aims, "level": "CT", "task_type": "DT", "state": "running", "illustrative": true,
            "planned_start": self.planned_start, "planned_end": self.planned_end, "content": "Khảo sát, thử nghiệm, chuyển giao.",
            "methods": "Thử nghiệm đồng ruộng, đo đạc.", "research_fields": ["40101.2008"], "objectives_codes": ["12.2008"],
            "provinces": [neighbour.place], "lead_org_text": "Tổ chức chủ trì (minh họa)", "principal_text": "Chủ nhiệm (minh họa)",
            "local_codes": [{"value": self.code}], "expected_results": [{"kind": "process", "text": "Quy trình kỹ thuật", "quantity": "1"}],
            "approved_budget": [{"funding_source": "NS_DP", "amount": self.amount}], "outcome": "running", "owner": owner.to_string(),
        });
        match data {
            Value::Object(data) => data,
            _ => Map::new(),
        }
    }
}

fn links(office: &Office, neighbour: &Neighbour) -> Result<Vec<(Label, String)>> {
    let console = office.console();
    let mut links = Vec::new();
    for (login, label, _) in logins(neighbour) {
        let account = office.account_by_login(&console, &login)?;
        links.push((label, office.sign_in_link(&console, &account.id)?));
    }
    Ok(links)
}
