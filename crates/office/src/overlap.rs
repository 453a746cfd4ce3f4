//! What of a proposal is done or being done already: passages side by side, and what else the two have in common. The person decides.

use std::collections::BTreeSet;

use catalogue::{Field, FieldType, Kind, Label};
use finder::{Overlap, Proposal};
use ledger::RecordId;
use serde_json::{Value, json};

use crate::conclusion::read_error;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::record::{Draft, RecordView, Stored};
use crate::register::day_of_record;
use crate::search::{RecordText, items_of};

/// Kinds whose records can be repeated by a proposal.
const KINDS: [&str; 7] = ["proposal", "task", "result", "programme", "publication", "industrial_property", "technology"];

/// The kind of the sheet that keeps the result of a look-up.
const CHECK: &str = "overlap_check";

/// A text to compare.
#[derive(Debug, Clone, Default)]
pub struct OverlapForm {
    /// Its fields in order: name and text.
    pub parts: Vec<(String, String)>,
    /// What else is known of it: the kind and the data of a record or of a form that is being filled in.
    pub known: Option<(String, Value)>,
    /// The record itself, which is no overlap with itself.
    pub except: Option<RecordId>,
    /// Records at most, up to 50.
    pub limit: usize,
}

impl OverlapForm {
    /// The text of a record, or of a form that is being filled in.
    pub fn of(kind: &Kind, data: &Value, except: Option<RecordId>) -> OverlapForm {
        let mut parts = Vec::new();
        if let Some(title) = data.get(&kind.title_field).and_then(Value::as_str) {
            parts.push((kind.title_field.clone(), title.to_owned()));
        }
        parts.extend(RecordText::of(kind, data).parts);
        OverlapForm { parts, known: Some((kind.name.clone(), data.clone())), except, limit: 10 }
    }

    /// Whether there is too little text to say anything: fewer than four syllables.
    pub fn is_too_short(&self) -> bool {
        self.parts.iter().map(|(_, text)| viet::syllables(text).take(4).count()).sum::<usize>() < 4
    }
}

/// What a proposal and a record have in common beside their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OverlapFlag {
    /// A research field.
    SameField,
    /// An organisation.
    SameOrganisation,
    /// A person.
    SamePerson,
    /// A province, after the mergers.
    SameProvince,
    /// Years.
    SamePeriod,
    /// The proposal says that it continues the record.
    Continuation,
}

/// A record that says some of what the proposal says.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundOverlap {
    /// The record and the passages.
    pub overlap: Overlap,
    /// What else the two have in common.
    pub flags: Vec<OverlapFlag>,
    /// The record's state, as its data has it.
    pub state: Option<String>,
    /// The record's first day, ISO or shorter; empty when it has none.
    pub day: String,
}

/// The text of a file that somebody wants to compare: .txt, .html or .docx.
///
/// # Errors
/// `Refused` with what the file is, when no text can be taken out of it.
pub fn text_of_file(name: &str, bytes: &[u8]) -> Result<String, OfficeError> {
    official::plain_text(name, bytes).map_err(read_error)
}

/// What flags are made of.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) research_fields: BTreeSet<String>,
    pub(crate) provinces: BTreeSet<String>,
    bodies: BTreeSet<String>,
    people: BTreeSet<String>,
    others: BTreeSet<String>,
    years: Option<(i32, i32)>,
}

impl Office {
    /// Records that say what the text says, the weightiest first; only those that this person may see.
    pub fn overlaps(&self, who: &Identity, form: &OverlapForm) -> Result<Vec<FoundOverlap>, OfficeError> {
        if form.is_too_short() {
            return Ok(Vec::new());
        }
        let proposal = Proposal { parts: form.parts.clone() };
        let except = form.except.map(|id| id.to_string());
        let overlaps = self.find_overlaps(who, &proposal, &KINDS, except.as_deref(), form.limit.clamp(1, 50))?;
        let own = form.known.as_ref().and_then(|(kind, data)| Some(self.facts(self.catalogue().kind(kind)?, data)));
        let mut found = Vec::with_capacity(overlaps.len());
        for overlap in overlaps {
            let Ok(id) = RecordId::parse(&overlap.id) else { continue };
            // What left the register since the index was written is no finding.
            let Ok(view) = self.view(who, id) else { continue };
            let (Some(data), Ok(kind)) = (view.data.as_ref(), self.form(&view.kind, view.form)) else { continue };
            let flags = own.as_ref().map(|own| own.flags(&self.facts(kind, data), &overlap.id)).unwrap_or_default();
            let state = kind.state_field.as_deref().and_then(|field| data.get(field)).and_then(Value::as_str).map(str::to_owned);
            found.push(FoundOverlap { overlap, flags, state, day: day_of_record(data).to_owned() });
        }
        Ok(found)
    }

    /// A record that this person may see, with what others say of it.
    pub fn record_overlaps(&self, who: &Identity, id: RecordId) -> Result<(RecordView, OverlapForm, Vec<FoundOverlap>), OfficeError> {
        let view = self.view(who, id)?;
        let kind = self.form(&view.kind, view.form)?;
        if !can_overlap(&kind.name) {
            return Err(OfficeError::NotFound(id.to_string()));
        }
        let data = view.data.as_ref().ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
        let form = OverlapForm::of(kind, data, Some(id));
        let found = self.overlaps(who, &form)?;
        Ok((view, form, found))
    }

    /// Begins the result sheet of a look-up (C0-KQTrC): a draft with the findings and the positions of the logs, for the officer's verdicts.
    ///
    /// # Errors
    /// As saving any record of the kind `overlap_check`.
    pub fn begin_overlap_check(&self, who: &Identity, id: RecordId) -> Result<Stored, OfficeError> {
        self.may_create(who, CHECK)?.require()?;
        let (view, form, found) = self.record_overlaps(who, id)?;
        let owner = who.acting_bodies().first().map(ToString::to_string);
        let findings: Vec<Value> = found.iter().map(finding).collect();
        let query: Vec<&str> = form.parts.iter().map(|(_, text)| text.as_str()).collect();
        let title = form.parts.first().map_or("", |(_, text)| text.as_str());
        let mut data = json!({
            "title": title,
            "checked_on": self.clock().today().to_string(),
            "query": cut(&query.join("\n\n"), 20_000),
            "database_state": cut(&self.log_positions()?, 10_000),
            "state": "draft",
            "owner": owner,
        });
        if let Some(data) = data.as_object_mut() {
            if !findings.is_empty() {
                data.insert("findings".to_owned(), Value::Array(findings));
            }
            if ["proposal", "task"].contains(&view.kind.as_str()) {
                data.insert("proposal".to_owned(), Value::String(id.to_string()));
            }
            if form.known.as_ref().and_then(|(_, known)| known.get("illustrative")).and_then(Value::as_bool) == Some(true) {
                data.insert("illustrative".to_owned(), Value::Bool(true));
            }
        }
        self.submit(who, Draft { id: None, kind: CHECK.to_owned(), data, previous: None })
    }

    /// How far each log is, a line each: what was there to be found.
    fn log_positions(&self) -> Result<String, OfficeError> {
        let standings = self.standings()?;
        Ok(standings.iter().map(|log| format!("{}: {} ({})", log.origin, log.next, log.root)).collect::<Vec<_>>().join("\n"))
    }

    pub(crate) fn facts(&self, kind: &Kind, data: &Value) -> Facts {
        let mut facts = Facts::default();
        self.collect_facts(&kind.fields, data, &mut facts);
        let year = |day: &str| day.get(..4).and_then(|year| year.parse::<i32>().ok());
        let last = ["done_day", "planned_end", "end"].iter().find_map(|field| data.get(*field).and_then(Value::as_str)).and_then(year);
        let received = data.get("received_day").and_then(Value::as_str);
        if let Some(first) = year(day_of_record(data)).or(received.and_then(year)) {
            facts.years = Some((first, last.unwrap_or(first).max(first)));
        }
        facts
    }

    fn collect_facts(&self, fields: &[Field], data: &Value, facts: &mut Facts) {
        let today = self.clock().today().to_string();
        for field in fields {
            let Some(value) = data.get(&field.name) else { continue };
            for item in items_of(value) {
                match (&field.of, item) {
                    (FieldType::Code { list }, Value::String(code)) if list == "research-fields" => {
                        facts.research_fields.insert(code.clone());
                    }
                    (FieldType::Code { list }, Value::String(code)) if list == "provinces" => {
                        facts.provinces.insert(self.catalogue().province_now(code, &today).unwrap_or(code).to_owned());
                    }
                    (FieldType::Ref { kinds }, Value::String(id)) => {
                        let names = |kind: &str| kinds.iter().any(|known| known == kind);
                        let into = match (names("body"), names("person")) {
                            // The office that keeps the record says nothing about who does the work.
                            (true, _) if field.name == "owner" => continue,
                            (true, _) => &mut facts.bodies,
                            (_, true) => &mut facts.people,
                            _ => &mut facts.others,
                        };
                        into.insert(id.clone());
                    }
                    (FieldType::Group { fields, .. }, row) => self.collect_facts(fields, row, facts),
                    _ => {}
                }
            }
        }
    }
}

/// Whether records of a kind are compared with others.
pub fn can_overlap(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// A finding as the sheet keeps it.
fn finding(found: &FoundOverlap) -> Value {
    let overlap = &found.overlap;
    let passages: Vec<String> = overlap.spans.iter().take(20).map(|span| format!("“{}”", cut(&span.their_words, 900))).collect();
    let common: Vec<String> = found.flags.iter().map(|flag| flag.label().vi).collect();
    let mut finding = json!({
        "record": overlap.id,
        "record_title": cut(&overlap.title, 1_000),
        "share": (100.0 * overlap.share).round().clamp(0.0, 100.0) as i64,
        "bits": overlap.bits.round().clamp(0.0, 1e6) as i64,
        "passages": cut(&passages.join("\n"), 10_000),
    });
    if let Some(finding) = finding.as_object_mut()
        && !common.is_empty()
    {
        finding.insert("in_common".to_owned(), Value::String(common.join("; ")));
    }
    finding
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

impl OverlapFlag {
    /// For people.
    pub fn label(self) -> Label {
        match self {
            OverlapFlag::SameField => Label::new("cùng lĩnh vực", "same field"),
            OverlapFlag::SameOrganisation => Label::new("cùng tổ chức", "same organisation"),
            OverlapFlag::SamePerson => Label::new("cùng người", "same person"),
            OverlapFlag::SameProvince => Label::new("cùng tỉnh", "same province"),
            OverlapFlag::SamePeriod => Label::new("cùng thời gian", "same period"),
            OverlapFlag::Continuation => Label::new("đề xuất nói rõ là tiếp nối", "declared continuation"),
        }
    }
}

impl Facts {
    fn flags(&self, other: &Facts, other_id: &str) -> Vec<OverlapFlag> {
        let meet = |one: &BTreeSet<String>, two: &BTreeSet<String>| !one.is_disjoint(two);
        let years = self.years.zip(other.years).is_some_and(|(one, two)| one.0 <= two.1 && two.0 <= one.1);
        [
            (OverlapFlag::SameField, meet(&self.research_fields, &other.research_fields)),
            (OverlapFlag::SameOrganisation, meet(&self.bodies, &other.bodies)),
            (OverlapFlag::SamePerson, meet(&self.people, &other.people)),
            (OverlapFlag::SameProvince, meet(&self.provinces, &other.provinces)),
            (OverlapFlag::SamePeriod, years),
            (OverlapFlag::Continuation, self.others.contains(other_id)),
        ]
        .into_iter()
        .filter_map(|(flag, holds)| holds.then_some(flag))
        .collect()
    }
}
