//! The demo: a folder with the story of the conferences XIV, XV and XVI. Facts and dates are true and carry their source; what is invented is marked
//! "minh họa"; the words are ours.

use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow};
use catalogue::{Catalogue, Label};
use office::{AccountForm, Draft, Grant, Identity, Office, OfficeError, ReadingForm, RecordId, Role};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::config::Config;

const STORY: &str = include_str!("../demo/story.toml");
const CONCLUSION: &str = include_str!("../demo/conclusion-xv.txt");
const MINISTRY: &str = "Bộ Khoa học và Công nghệ";
const DAK_LAK: &str = "Sở KH&CN Đắk Lắk";

#[derive(Debug, Deserialize)]
struct Story {
    conference: Vec<Map<String, Value>>,
    document: Document,
    dated: Vec<Dated>,
    undated: Vec<Undated>,
    article: Vec<Article>,
    task: Vec<Map<String, Value>>,
    council: Vec<Map<String, Value>>,
    result: Vec<Map<String, Value>>,
    contract: Vec<Map<String, Value>>,
    budget_line: Vec<Map<String, Value>>,
    disbursement: Vec<Map<String, Value>>,
    technology: Vec<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct Document {
    title: String,
    published_day: String,
    source: String,
    source_url: String,
    assigner: String,
    region: String,
}

#[derive(Debug, Deserialize)]
struct Dated {
    item: String,
    words: String,
    to: Vec<String>,
    done: String,
    text: String,
    evidence_record: Option<String>,
    evidence_number: Option<String>,
    evidence_day: Option<String>,
    evidence_note: Option<String>,
    evidence_source: String,
}

#[derive(Debug, Deserialize)]
struct Undated {
    own: String,
    done: Option<String>,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    doing: usize,
}

#[derive(Debug, Deserialize)]
struct Article {
    title: String,
    published_day: String,
    summary: String,
    source: String,
    text: String,
    related_item: Option<String>,
}

/// The settings of a demo folder: the Ministry's node.
pub fn config(listen: SocketAddr) -> Result<Config> {
    let catalogue = Catalogue::builtin()?;
    let body = reference_body(&catalogue, MINISTRY).with_context(|| MINISTRY.to_owned())?;
    Ok(Config::new("bo.khcn".to_owned(), body, listen))
}

/// The id of a reference body by name, short name or alias in any spelling.
pub fn reference_body(catalogue: &Catalogue, name: &str) -> Option<String> {
    let wanted = viet::fold(name.trim());
    for body in catalogue.bodies() {
        let mut names = Vec::new();
        for entry in body.data.get("names").and_then(Value::as_array).into_iter().flatten() {
            names.extend(["text", "short"].iter().filter_map(|field| entry.get(*field).and_then(Value::as_str)));
        }
        names.extend(body.data.get("aliases").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
        if names.iter().any(|name| viet::fold(name) == wanted) {
            return Some(body.id.clone());
        }
    }
    None
}

/// Loads the story unless it is there already. Everything is one transaction after the accounts, so a killed first start begins again.
pub fn load(office: &Office) -> Result<()> {
    let story: Story = toml::from_str(STORY).context("demo/story.toml")?;
    let first = story
        .conference
        .first()
        .and_then(|conference| conference.get("id"))
        .and_then(Value::as_str)
        .context("demo/story.toml: conference")?;
    let first = RecordId::parse(first).map_err(|_| anyhow!("demo/story.toml: id"))?;
    for (login, name, body, role) in accounts() {
        add_account(office, login, name, vec![Grant { body: body_of(office, body)?, role }])?;
    }
    if office.view(&Identity::public(), first).is_ok() {
        return Ok(());
    }
    let teller = add_account(office, "minh-hoa", "Người kể chuyện (minh họa)", teller_grants(office))?;
    let console = office.console();
    let who = office.act_as(&console, &teller)?;
    let drafts = Telling::new(office, &story)?.drafts(&who)?;
    office.submit_all(&who, drafts, "demo")?;
    let account = office.account_by_login(&console, &teller)?;
    office.change_account(
        &console,
        &account.id,
        AccountForm { login: account.login, name: account.name, grants: account.grants, active: false },
    )?;
    Ok(())
}

/// One-time sign-in links for the demo's people, made anew at each start: (who, token).
pub fn links(office: &Office) -> Result<Vec<(Label, String)>> {
    let console = office.console();
    let mut links = Vec::new();
    for (login, name, body, role) in accounts() {
        let account = office.account_by_login(&console, login)?;
        let english = match role {
            Role::Officer => "Officer, Đắk Lắk",
            Role::Leader if body == DAK_LAK => "Director, Đắk Lắk",
            Role::Leader => "Leader, Ministry",
            _ => "Administrator",
        };
        let vietnamese = name.trim_end_matches(" (minh họa)").to_owned();
        links.push((Label { vi: vietnamese, en: english.to_owned() }, office.sign_in_link(&console, &account.id)?));
    }
    Ok(links)
}

fn accounts() -> [(&'static str, &'static str, &'static str, Role); 4] {
    [
        ("chuyenvien.daklak", "Chuyên viên Đắk Lắk (minh họa)", DAK_LAK, Role::Officer),
        ("giamdoc.daklak", "Giám đốc Sở KH&CN Đắk Lắk (minh họa)", DAK_LAK, Role::Leader),
        ("lanhdao.bo", "Lãnh đạo Bộ (minh họa)", MINISTRY, Role::Leader),
        ("quantri", "Quản trị viên (minh họa)", MINISTRY, Role::Administrator),
    ]
}

fn add_account(office: &Office, login: &str, name: &str, grants: Vec<Grant>) -> Result<String> {
    let form = AccountForm { login: login.to_owned(), name: name.to_owned(), grants, active: true };
    match office.add_account(&office.console(), form) {
        Ok(_) => Ok(login.to_owned()),
        Err(OfficeError::Refused { code: "login_taken", .. }) => Ok(login.to_owned()),
        Err(error) => Err(error.into()),
    }
}

/// The story is told in the name of every body in it.
fn teller_grants(office: &Office) -> Vec<Grant> {
    office.directory().all().iter().filter(|body| !body.is_class()).map(|body| Grant { body: body.id, role: Role::Leader }).collect()
}

fn body_of(office: &Office, name: &str) -> Result<RecordId> {
    let id = reference_body(office.catalogue(), name).with_context(|| format!("demo: {name}"))?;
    RecordId::parse(&id).map_err(|_| anyhow!("demo: {name}"))
}

struct Telling<'a> {
    office: &'a Office,
    story: &'a Story,
    ministry: RecordId,
    drafts: Vec<Draft>,
    conference: RecordId,
}

impl<'a> Telling<'a> {
    fn new(office: &'a Office, story: &'a Story) -> Result<Telling<'a>> {
        let fifteenth = story.conference.iter().find(|conference| conference.get("ordinal").and_then(Value::as_str) == Some("XV"));
        let id = fifteenth.and_then(|conference| conference.get("id")).and_then(Value::as_str).context("demo: XV")?;
        let conference = RecordId::parse(id).map_err(|_| anyhow!("demo: XV"))?;
        Ok(Telling { office, story, ministry: body_of(office, MINISTRY)?, drafts: Vec::new(), conference })
    }

    fn drafts(mut self, who: &Identity) -> Result<Vec<Draft>> {
        self.conferences()?;
        self.conclusion(who)?;
        self.tasks()?;
        Ok(self.drafts)
    }

    /// Illustrative tasks of one department, with the councils on them, their contracts and money, and the results they gave;
    /// what is needed and offered beside them.
    fn tasks(&mut self) -> Result<()> {
        let owner = body_of(self.office, DAK_LAK)?.to_string();
        for task in &self.story.task {
            let id = self.push_of(owner.clone(), "task", task, &[]);
            let title = task.get("title");
            for council in self.story.council.iter().filter(|council| council.get("subject") == title) {
                self.push_of(owner.clone(), "council", council, &[("subject", id)]);
            }
            for line in self.story.budget_line.iter().filter(|line| line.get("task") == title) {
                self.push_of(owner.clone(), "budget_line", line, &[("task", id)]);
            }
            for contract in self.story.contract.iter().filter(|contract| contract.get("task") == title) {
                let signed = self.push_of(owner.clone(), "contract", contract, &[("task", id)]);
                let number = contract.get("number");
                for payment in self.story.disbursement.iter().filter(|payment| payment.get("contract") == number) {
                    self.push_of(owner.clone(), "disbursement", payment, &[("contract", signed), ("task", id)]);
                }
            }
            for result in self.story.result.iter().filter(|result| result.get("task") == title) {
                self.push_of(owner.clone(), "result", result, &[("task", id)]);
            }
        }
        for technology in &self.story.technology {
            self.push_of(owner.clone(), "technology", technology, &[]);
        }
        Ok(())
    }

    /// A record of the story, owned by a body; what the story names by its title gets its id.
    fn push_of(&mut self, owner: String, kind: &str, told: &Map<String, Value>, named: &[(&str, RecordId)]) -> RecordId {
        let mut data = told.clone();
        data.insert("owner".to_owned(), Value::from(owner));
        for (field, record) in named {
            data.insert((*field).to_owned(), json!(record.to_string()));
        }
        let id = RecordId::new();
        self.push(id, kind, Value::Object(data));
        id
    }

    fn push(&mut self, id: RecordId, kind: &str, data: Value) {
        self.drafts.push(Draft { id: Some(id), kind: kind.to_owned(), data, previous: None });
    }

    fn conferences(&mut self) -> Result<()> {
        let region = body_of(self.office, &self.story.document.region)?;
        for conference in &self.story.conference {
            let mut data = conference.clone();
            let id = data.remove("id").as_ref().and_then(Value::as_str).and_then(|text| RecordId::parse(text).ok()).context("demo: id")?;
            if let Some(host) = data.get("host").and_then(Value::as_str) {
                let host = body_of(self.office, host)?;
                data.insert("host".to_owned(), json!(host.to_string()));
            }
            data.insert("region".to_owned(), json!(region.to_string()));
            data.insert("owner".to_owned(), json!(self.ministry.to_string()));
            self.push(id, "conference", Value::Object(data));
        }
        Ok(())
    }

    /// The conclusion is read by the same reader that officers use; the story then confirms what it found.
    fn conclusion(&mut self, who: &Identity) -> Result<()> {
        let form = ReadingForm {
            owner: self.ministry,
            conference: Some(self.conference),
            assigner: Some(body_of(self.office, &self.story.document.assigner)?),
            source_url: Some(self.story.document.source_url.clone()),
            name: "conclusion-xv.txt".to_owned(),
            bytes: CONCLUSION.as_bytes().to_vec(),
        };
        let mut found = self.office.conclusion_drafts(who, &form)?;
        if found.directives.len() != self.story.dated.len() + self.story.undated.len() {
            return Err(anyhow!("demo: {} directives were read", found.directives.len()));
        }
        set(&mut found.document.data, "title", json!(self.story.document.title));
        set(&mut found.document.data, "published_day", json!(self.story.document.published_day));
        set(&mut found.document.data, "source", json!(self.story.document.source));
        set(&mut found.document.data, "state", json!("published"));
        let class = body_of(self.office, &self.story.document.region)?;
        let mut undated = self.story.undated.iter();
        let mut related = Vec::new();
        let mut drafts = vec![found.document];
        for mut draft in found.directives {
            let item = text(&draft.data, "item").to_owned();
            let words = text(&draft.data, "text").to_owned();
            let id = draft.id.context("demo: id")?;
            let dated = self.story.dated.iter().find(|dated| dated.item == item && words.contains(&dated.words));
            let to = match dated {
                Some(dated) => self.bodies(&dated.to)?,
                None if item == "3" => vec![self.ministry],
                None => self.bodies(std::slice::from_ref(&self.story.document.region))?,
            };
            if dated.is_none() && item != "3" {
                set(&mut draft.data, "class", json!(class.to_string()));
            }
            set(&mut draft.data, "issued_to", json!(to.iter().map(ToString::to_string).collect::<Vec<_>>()));
            set(&mut draft.data, "state", json!("issued"));
            set(&mut draft.data, "issued_day", json!("2019-06-21"));
            let mut answers = Vec::new();
            match dated {
                Some(dated) => {
                    related.push((dated.words.clone(), id));
                    for body in &to {
                        self.true_answer(id, *body, dated, &mut answers);
                    }
                }
                None => {
                    let plan = undated.next().context("demo: too few undated")?;
                    set(&mut draft.data, "internal_due", json!(plan.own));
                    set(&mut draft.data, "internal_due_illustrative", json!(true));
                    self.illustrative_answers(id, &to, plan, &mut answers);
                }
            }
            drafts.push(draft);
            drafts.extend(answers);
        }
        self.drafts.extend(drafts);
        self.articles(&related);
        Ok(())
    }

    fn bodies(&self, names: &[String]) -> Result<Vec<RecordId>> {
        let mut bodies = Vec::new();
        for name in names {
            let id = body_of(self.office, name)?;
            let body = self.office.body_summary(id)?;
            if body.is_class() {
                bodies.extend(body.members_on(jiff::civil::date(2019, 6, 21)));
            } else {
                bodies.push(id);
            }
        }
        Ok(bodies)
    }

    fn true_answer(&self, directive: RecordId, body: RecordId, dated: &Dated, drafts: &mut Vec<Draft>) {
        let mut evidence =
            json!({"evidence_kind": if dated.evidence_record.is_some() { "record" } else { "document" }, "source": dated.evidence_source});
        for (field, value) in [
            ("record", &dated.evidence_record),
            ("number", &dated.evidence_number),
            ("day", &dated.evidence_day),
            ("note", &dated.evidence_note),
        ] {
            if let Some(value) = value {
                set(&mut evidence, field, json!(value));
            }
        }
        let answer = RecordId::new();
        let data = json!({"directive": directive.to_string(), "body": body.to_string(), "answer_state": "done", "done_day": dated.done, "percent": 100,
            "text": dated.text, "evidence": [evidence], "state": "sent"});
        drafts.push(Draft { id: Some(answer), kind: "answer".to_owned(), data, previous: None });
        drafts.push(self.acceptance(answer, directive, body, &dated.done));
    }

    fn illustrative_answers(&self, directive: RecordId, bodies: &[RecordId], plan: &Undated, drafts: &mut Vec<Draft>) {
        let answering = if plan.done.is_some() { bodies.len() } else { plan.doing };
        for (at, body) in bodies.iter().take(answering).enumerate() {
            let answer = RecordId::new();
            let mut data = json!({"directive": directive.to_string(), "body": body.to_string(), "state": "sent", "illustrative": true});
            match &plan.done {
                Some(done) => {
                    set(&mut data, "answer_state", json!("done"));
                    set(&mut data, "done_day", json!(done));
                    set(&mut data, "percent", json!(100));
                    set(&mut data, "text", json!("Báo cáo minh họa: đã hoàn thành."));
                    set(
                        &mut data,
                        "evidence",
                        json!([{"evidence_kind": "document", "number": "Báo cáo minh họa", "day": done, "note": "minh họa"}]),
                    );
                }
                None => {
                    set(&mut data, "answer_state", json!("doing"));
                    set(&mut data, "percent", json!(20 + (at * 17) % 70));
                    set(&mut data, "text", json!("Báo cáo minh họa: đang thực hiện."));
                }
            }
            drafts.push(Draft { id: Some(answer), kind: "answer".to_owned(), data, previous: None });
            if let (Some(done), true) = (&plan.done, plan.verified) {
                drafts.push(self.acceptance(answer, directive, *body, done));
            }
        }
    }

    /// That the Ministry accepted an answer on this system is illustrative even where the fact is true.
    fn acceptance(&self, answer: RecordId, directive: RecordId, body: RecordId, day: &str) -> Draft {
        let data = json!({"answer": answer.to_string(), "answer_version": 1, "directive": directive.to_string(), "body": body.to_string(),
            "owner": self.ministry.to_string(), "verdict": "accepted", "day": day, "illustrative": true});
        Draft { id: Some(RecordId::new()), kind: "verdict".to_owned(), data, previous: None }
    }

    fn articles(&mut self, related: &[(String, RecordId)]) {
        let mut drafts = Vec::new();
        for article in &self.story.article {
            let mut links = vec![self.conference.to_string()];
            if let Some(words) = &article.related_item {
                links.extend(related.iter().filter(|(other, _)| other == words).map(|(_, id)| id.to_string()));
            }
            let data = json!({"title": article.title, "summary": article.summary, "text": article.text.trim(), "published_day": article.published_day,
                "source": article.source, "responsible_editor": "Ban biên tập (minh họa)", "related": links, "state": "published", "owner": self.ministry.to_string()});
            drafts.push(Draft { id: Some(RecordId::new()), kind: "article".to_owned(), data, previous: None });
        }
        self.drafts.extend(drafts);
    }
}

fn set(data: &mut Value, field: &str, value: Value) {
    if let Some(members) = data.as_object_mut() {
        members.insert(field.to_owned(), value);
    }
}

fn text<'a>(data: &'a Value, field: &str) -> &'a str {
    data.get(field).and_then(Value::as_str).unwrap_or_default()
}
