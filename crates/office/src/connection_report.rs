//! The report that a ministry asks of each body about the connection of its data: ready, mapped, connected, compared, errors. Everything that the node knows is
//! computed; people write what it cannot know. It is a record like others: the head reports it, and it goes up with the rest.

use std::collections::BTreeMap;

use catalogue::Kind;
use ledger::{LedgerError, RecordId};
use serde_json::{Value, json};

use crate::error::OfficeError;
use crate::form_version::{FormState, kept_forms};
use crate::identity::Identity;
use crate::node::{KeptReturn, LogStanding, RETURNED};
use crate::office::Office;
use crate::permission::{Action, Subject, decide};
use crate::record::{Draft, Stored};

/// The kind of such records.
const KIND: &str = "connection_report";
/// Returned records counted at most.
const MOST_RETURNED: usize = 10_000;
/// Errors named at most.
const MOST_TROUBLES: usize = 50;
/// Longest error in characters.
const LONGEST_TROUBLE: usize = 1_000;

/// How far the connection with the node above is; the codes are those of the list `connection-stages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionStage {
    /// There is no node above.
    NotConnected,
    /// The node has joined; nothing has been signed for yet.
    Testing,
    /// What was sent is signed for, or on its way.
    Connected,
    /// Something keeps a log from going on, or contradicts.
    Repairing,
}

/// What the comparison with the node above says; the codes are those of the list `comparisons`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Nothing has been signed for yet.
    None,
    /// All that may go up is signed for.
    Equal,
    /// Some of it is not.
    Gap,
    /// A log has two signed trees.
    Contradiction,
}

/// Whose form the records of a kind are made with; the codes are those of the list `form-standings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormStanding {
    /// The program's.
    Common,
    /// The Centre's.
    Centre,
    /// One of this node's own.
    Own,
}

/// A kind of data in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// The kind.
    pub kind: String,
    /// Records that the body keeps.
    pub records: u64,
    /// Of these, in a state that is published to some audience.
    pub ready: u64,
    /// Whose form.
    pub form: FormStanding,
    /// Fields of the form in force.
    pub fields: u64,
    /// Of these, the same in the last common form.
    pub mapped: u64,
    /// Records sent back and not mended.
    pub returned: u64,
}

/// What the node knows of its connection now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionReport {
    /// How far it is.
    pub stage: ConnectionStage,
    /// Whether this node is the Centre: it reports to nobody.
    pub is_centre: bool,
    /// The node above.
    pub above: Option<String>,
    /// When data goes up, in Vietnamese.
    pub sending: Option<String>,
    /// Kinds of which the body keeps any record, in the order of the catalogue.
    pub data_sets: Vec<DataSet>,
    /// Entries in the logs that go up.
    pub published: u64,
    /// Of these, signed for by the node above.
    pub received: u64,
    /// Of these, waiting for the head.
    pub waiting: u64,
    /// What the comparison says.
    pub comparison: Comparison,
    /// When it was made, microseconds since 1970.
    pub compared_at: i64,
    /// What keeps logs from going on: log, words, since when (microseconds since 1970).
    pub troubles: Vec<(String, String, i64)>,
}

impl ConnectionStage {
    /// The code in the list.
    pub fn code(self) -> &'static str {
        match self {
            ConnectionStage::NotConnected => "not_connected",
            ConnectionStage::Testing => "testing",
            ConnectionStage::Connected => "connected",
            ConnectionStage::Repairing => "repairing",
        }
    }
}

impl Comparison {
    /// The code in the list.
    pub fn code(self) -> &'static str {
        match self {
            Comparison::None => "none",
            Comparison::Equal => "equal",
            Comparison::Gap => "gap",
            Comparison::Contradiction => "contradiction",
        }
    }
}

impl FormStanding {
    /// The code in the list.
    pub fn code(self) -> &'static str {
        match self {
            FormStanding::Common => "common",
            FormStanding::Centre => "centre",
            FormStanding::Own => "own",
        }
    }
}

impl Office {
    /// What a report would say now, for those who work inside the body that runs the node, and for administrators.
    ///
    /// # Errors
    /// `Denied` for others.
    pub fn connection_report(&self, who: &Identity) -> Result<ConnectionReport, OfficeError> {
        let name = self.directory().short_name(self.body(), self.clock().today());
        if !decide(who, Action::Administer, &Subject::node()).allowed {
            decide(who, Action::ReadInside, &Subject::body(self.body(), name)).require()?;
        }
        let membership = self.membership()?;
        let is_centre = membership.as_ref().is_some_and(|membership| membership.above.is_none());
        let above = membership.and_then(|membership| membership.above).map(|above| above.name.as_str().to_owned());
        let standings = self.standings()?;
        let own: Vec<&LogStanding> = standings.iter().filter(|log| log.own && log.travels).collect();
        let sum = |of: fn(&LogStanding) -> u64| own.iter().map(|log| of(log)).sum::<u64>();
        let (published, waiting) = (sum(|log| log.next), sum(|log| log.waiting));
        let received = if above.is_some() { sum(|log| log.received) } else { 0 };
        let comparison = match above {
            _ if own.iter().any(|log| log.state == "forked") => Comparison::Contradiction,
            None => Comparison::None,
            Some(_) if received == 0 => Comparison::None,
            Some(_) if received + waiting >= published => Comparison::Equal,
            Some(_) => Comparison::Gap,
        };
        let mut troubles = Vec::new();
        for log in own.iter().take(MOST_TROUBLES) {
            if let (Some(words), Some(since)) = (&log.last_error, log.error_since) {
                troubles.push((log.origin.clone(), crate::directive::shorten(words, LONGEST_TROUBLE), since));
            }
        }
        let stage = match (&above, comparison) {
            (None, _) => ConnectionStage::NotConnected,
            (_, Comparison::Contradiction) => ConnectionStage::Repairing,
            _ if !troubles.is_empty() => ConnectionStage::Repairing,
            (_, Comparison::None) => ConnectionStage::Testing,
            _ => ConnectionStage::Connected,
        };
        Ok(ConnectionReport {
            stage,
            is_centre,
            sending: self.sending_now()?.map(|sending| sending.policy.label().vi),
            above,
            data_sets: self.data_sets()?,
            published,
            received,
            waiting,
            comparison,
            compared_at: self.clock().now(),
            troubles,
        })
    }

    /// Keeps a report with the figures of this moment as a draft of the body that runs the node; the head reports it on the record's page.
    ///
    /// # Errors
    /// As [`Office::submit`].
    pub fn write_connection_report(&self, who: &Identity, difficulties: &str, requests: &str) -> Result<Stored, OfficeError> {
        let report = self.connection_report(who)?;
        let today = self.clock().today();
        let day = today.strftime("%d/%m/%Y");
        let mut data = json!({
            "title": format!("Tình hình kết nối dữ liệu của {} đến {day}", self.directory().short_name(self.body(), today)),
            "reported_on": today.to_string(),
            "stage": report.stage.code(),
            "data_sets": report.data_sets.iter().map(|set| self.row_of(set)).collect::<Vec<_>>(),
            "published": report.published,
            "received": report.received,
            "waiting": report.waiting,
            "comparison": report.comparison.code(),
            "compared_at": instant(report.compared_at)?,
            "state": "draft",
            "owner": self.body(),
        });
        let mut put = |name: &str, text: Option<&str>| {
            let text = text.map(str::trim).filter(|text| !text.is_empty());
            if let (Some(members), Some(text)) = (data.as_object_mut(), text) {
                members.insert(name.to_owned(), json!(viet::nfc(text)));
            }
        };
        put("node_above", report.above.as_deref());
        put("sending", report.sending.as_deref());
        put("difficulties", Some(difficulties));
        put("requests", Some(requests));
        let mut troubles = Vec::new();
        for (log, words, since) in &report.troubles {
            troubles.push(json!({"log": log, "words": words, "since": instant(*since)?}));
        }
        if let Some(members) = data.as_object_mut().filter(|_| !troubles.is_empty()) {
            members.insert("troubles".to_owned(), Value::Array(troubles));
        }
        self.submit(who, Draft { id: None, kind: KIND.to_owned(), data, previous: None })
    }

    fn row_of(&self, set: &DataSet) -> Value {
        let name = self.catalogue().kind(&set.kind).map_or(set.kind.as_str(), |kind| kind.label.vi.as_str());
        json!({
            "name": name, "records": set.records, "ready": set.ready, "form": set.form.code(), "fields": set.fields, "mapped": set.mapped,
            "returned": set.returned,
        })
    }

    fn data_sets(&self) -> Result<Vec<DataSet>, OfficeError> {
        let counts = self.counts_of_owner(self.body())?;
        let returned = self.returned_by_kind()?;
        let mut sets = Vec::new();
        for kind in self.catalogue().kinds() {
            let (mut records, mut ready) = (0, 0);
            for count in counts.iter().filter(|count| count.kind == kind.name) {
                records += count.count;
                if self.is_published_state(kind, count.state.as_deref()) {
                    ready += count.count;
                }
            }
            if records == 0 {
                continue;
            }
            let (form, mapped) = self.form_standing(kind)?;
            let returned = returned.get(&kind.name).copied().unwrap_or(0);
            sets.push(DataSet { kind: kind.name.clone(), records, ready, form, fields: kind.fields.len() as u64, mapped, returned });
        }
        Ok(sets)
    }

    /// Whether a record in this state is published to anybody; a kind without states always is.
    fn is_published_state(&self, kind: &Kind, state: Option<&str>) -> bool {
        let workflow = kind.workflow.as_deref().and_then(|name| self.catalogue().workflow(name));
        let Some(workflow) = workflow else { return true };
        let state = workflow.states.iter().find(|known| Some(known.state.as_str()) == state);
        state.is_some_and(|state| state.audience != catalogue::Audience::Private)
    }

    /// Whose form is in force, and how many of its fields stand in the same way in the last form that others have too.
    fn form_standing(&self, kind: &Kind) -> Result<(FormStanding, u64), OfficeError> {
        if self.form_shelf().came_with_program(&kind.name, kind.version) {
            return Ok((FormStanding::Common, kind.fields.len() as u64));
        }
        let mut common = None;
        for form in kept_forms(self.ledger())?.into_iter().filter(|form| form.kind == kind.name) {
            let is_centres = form.origin.is_some() && form.state == FormState::Adopted;
            if is_centres && form.version == kind.version {
                return Ok((FormStanding::Centre, kind.fields.len() as u64));
            }
            if is_centres {
                common = common.max(Some(form.version));
            }
        }
        let catalogue = self.catalogue();
        let of_program = (1..=kind.version).rev().find(|version| self.form_shelf().came_with_program(&kind.name, *version));
        let Some(common) = common.max(of_program).and_then(|version| catalogue.kind_version(&kind.name, version)) else {
            return Ok((FormStanding::Own, 0));
        };
        let is_same = |field: &&catalogue::Field| {
            common.field(&field.name).is_some_and(|other| other.of == field.of && other.repeated == field.repeated)
        };
        Ok((FormStanding::Own, kind.fields.iter().filter(is_same).count() as u64))
    }

    fn returned_by_kind(&self) -> Result<BTreeMap<String, u64>, OfficeError> {
        self.ledger().read(|r| -> Result<_, OfficeError> {
            let mut found = BTreeMap::new();
            for (key, value) in r.cabinet_list(RETURNED, None, MOST_RETURNED, false)? {
                let kept: KeptReturn = serde_json::from_value(value)?;
                let Ok(id) = RecordId::parse(&key) else { continue };
                let is_present = r.current(&kept.audience, id)?.is_some_and(|version| version.leaf.to_hex() == kept.leaf);
                if let Some(version) = r.current("private", id)?.filter(|_| is_present) {
                    *found.entry(version.kind).or_insert(0) += 1;
                }
            }
            Ok(found)
        })
    }
}

fn instant(micros: i64) -> Result<String, OfficeError> {
    let at = jiff::Timestamp::from_second(micros.div_euclid(crate::clock::SECOND));
    at.map(|at| at.to_string()).map_err(|error| OfficeError::from(LedgerError::Damaged(error.to_string())))
}
