//! Records about the same thing, and who offers what another needs. The program suggests and says why; people answer, and what they turn down is not suggested
//! again.

use std::collections::BTreeSet;

use catalogue::Label;
use finder::{Proposal, Related};
use ledger::RecordId;
use serde_json::{Value, json};
use viet::Dong;

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::overlap::Facts;
use crate::record::{Draft, RecordView, Stored};
use crate::register::{RegisterFilter, day_of_record};
use crate::search::RecordText;

/// Fields whose words are not about the thing.
const ASIDE: [&str; 6] = ["source", "price", "contact", "unit", "quantity", "certificate_by"];
/// The kind that keeps what people answered to a suggestion.
const ANSWER: &str = "match_answer";
/// Records looked at for each one shown: those of the wrong side and those turned down fall out.
const SPARE: usize = 4;
/// Answers that are looked at for one record.
const MOST_ANSWERS: usize = 500;
/// A technology of this readiness or above can be handed over as it is (TRL 7: shown in its place of use).
const READY: i64 = 7;
/// How far a price may lie above the one that the other side named.
const PRICE_MARGIN: f64 = 1.2;

/// What an offer and a need have in common beside their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchReason {
    /// A group of research fields.
    SameField,
    /// A province, after the mergers.
    SameProvince,
    /// The kind of technology.
    SameKind,
    /// Ready enough for who needs it.
    Ready,
    /// The price is not above what is asked for.
    WithinPrice,
}

/// A record that is suggested.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundMatch {
    /// The record and the words that both have.
    pub related: Related,
    /// What else both have in common.
    pub reasons: Vec<MatchReason>,
    /// The order: the share of the words, more for each reason.
    pub points: f64,
    /// Its state, as its data has it.
    pub state: Option<String>,
    /// Its first day, ISO or shorter; empty when it has none.
    pub day: String,
}

/// What was answered to a suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchAnswer {
    /// The record of the answer.
    pub id: RecordId,
    /// The record that was suggested.
    pub suggested: RecordId,
    /// Its title.
    pub title: String,
    /// A code of the list `match-answers`.
    pub answer: String,
}

/// What is suggested for a record.
#[derive(Debug)]
pub struct Matches {
    /// The record.
    pub view: RecordView,
    /// What it looks for.
    pub side: MatchSide,
    /// The suggestions, the best first.
    pub found: Vec<FoundMatch>,
    /// What was answered so far.
    pub answered: Vec<MatchAnswer>,
}

/// What a record looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchSide {
    /// A need looks for offers, results and people.
    Offers,
    /// An offer looks for needs.
    Needs,
}

impl MatchSide {
    /// What a record looks for; none when it neither offers nor needs anything.
    pub fn of(kind: &str, data: &Value) -> Option<MatchSide> {
        match (kind, data.get("direction").and_then(Value::as_str)) {
            ("technology", Some("demand")) | ("proposal", _) => Some(MatchSide::Offers),
            ("technology", Some("offer")) | ("result" | "industrial_property" | "person" | "st_enterprise", _) => Some(MatchSide::Needs),
            _ => None,
        }
    }

    fn kinds(self) -> &'static [&'static str] {
        match self {
            MatchSide::Offers => &["technology", "result", "industrial_property", "person", "st_enterprise"],
            MatchSide::Needs => &["technology", "proposal"],
        }
    }
}

impl MatchReason {
    /// For people.
    pub fn label(self) -> Label {
        match self {
            MatchReason::SameField => Label::new("cùng nhóm lĩnh vực", "same group of fields"),
            MatchReason::SameProvince => Label::new("cùng tỉnh", "same province"),
            MatchReason::SameKind => Label::new("cùng loại công nghệ", "same kind of technology"),
            MatchReason::Ready => Label::new("đủ mức sẵn sàng", "ready enough"),
            MatchReason::WithinPrice => Label::new("trong mức giá", "within the price"),
        }
    }

    /// What the reason adds to the share of the words. Words decide; a reason orders what the words leave close together.
    fn weight(self) -> f64 {
        match self {
            MatchReason::SameField => 0.3,
            MatchReason::SameKind => 0.2,
            MatchReason::SameProvince | MatchReason::Ready | MatchReason::WithinPrice => 0.1,
        }
    }
}

impl Office {
    /// Records about the same as a record, of those that this person may see, the nearest first.
    pub fn related(&self, who: &Identity, view: &RecordView, limit: usize) -> Result<Vec<Related>, OfficeError> {
        let Some(text) = self.text_of(view)? else { return Ok(Vec::new()) };
        self.find_related(who, &text, &[], &[], &view.id.to_string(), limit)
    }

    /// What is suggested for a need or an offer, with what was answered so far; only records that this person may see.
    ///
    /// # Errors
    /// `NotFound` when the record neither offers nor needs anything.
    pub fn matches(&self, who: &Identity, id: RecordId, limit: usize) -> Result<Matches, OfficeError> {
        let view = self.view(who, id)?;
        let not_found = || OfficeError::NotFound(id.to_string());
        let data = view.data.clone().ok_or_else(not_found)?;
        let side = MatchSide::of(&view.kind, &data).ok_or_else(not_found)?;
        let text = self.text_of(&view)?.ok_or_else(not_found)?;
        let answered = self.match_answers(who, id)?;
        let silent: BTreeSet<String> = answered.iter().map(|answer| answer.suggested.to_string()).collect();
        // Words of what was not the thing at all count less from now on.
        let less: Vec<String> = answered.iter().filter(|answer| answer.answer == "not_fit").map(|answer| answer.title.clone()).collect();
        let own = Terms::of(self, &view.kind, view.form, &data)?;
        let mut found = Vec::new();
        for related in self.find_related(who, &text, &less, side.kinds(), &id.to_string(), limit * SPARE)? {
            let Ok(other) = RecordId::parse(&related.id) else { continue };
            if silent.contains(&related.id) {
                continue;
            }
            let Ok(other) = self.view(who, other) else { continue };
            let Some(data) = &other.data else { continue };
            let other_side = MatchSide::of(&other.kind, data);
            if other_side.is_none() || other_side == Some(side) {
                continue;
            }
            let theirs = Terms::of(self, &other.kind, other.form, data)?;
            let reasons = match side {
                MatchSide::Offers => Terms::reasons(&own, &theirs),
                MatchSide::Needs => Terms::reasons(&theirs, &own),
            };
            let points = related.share * (1.0 + reasons.iter().map(|reason| reason.weight()).sum::<f64>());
            let state = self.form(&other.kind, other.form)?.state_field.as_deref().and_then(|field| data.get(field));
            let state = state.and_then(Value::as_str).map(str::to_owned);
            found.push(FoundMatch { related, reasons, points, state, day: day_of_record(data).to_owned() });
        }
        found.sort_by(|one, two| two.points.total_cmp(&one.points).then_with(|| one.related.id.cmp(&two.related.id)));
        found.truncate(limit);
        Ok(Matches { view, side, found, answered })
    }

    /// Keeps what somebody says to a suggestion, as a record of the body that they act for.
    ///
    /// # Errors
    /// As saving any record of the kind `match_answer`; `NotFound` when the person may not see one of the two, or they are no need and offer.
    pub fn answer_match(
        &self,
        who: &Identity,
        id: RecordId,
        suggested: RecordId,
        answer: &str,
        reason: &str,
    ) -> Result<Stored, OfficeError> {
        self.may_create(who, ANSWER)?.require()?;
        let side_of = |view: &RecordView| view.data.as_ref().and_then(|data| MatchSide::of(&view.kind, data));
        let own = side_of(&self.view(who, id)?).ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
        let view = self.view(who, suggested)?;
        let data = view.data.as_ref().filter(|_| side_of(&view).is_some_and(|side| side != own));
        let data = data.ok_or_else(|| OfficeError::NotFound(suggested.to_string()))?;
        let mut answered = json!({
            "title": self.form_title(&view.kind, data),
            "subject": id.to_string(),
            "suggested": suggested.to_string(),
            "answer": answer,
            "answered_on": self.clock().today().to_string(),
            "state": "draft",
            "owner": who.acting_bodies().first().map(ToString::to_string),
        });
        if let Some(fields) = answered.as_object_mut() {
            if !reason.trim().is_empty() {
                fields.insert("reason".to_owned(), Value::String(reason.trim().to_owned()));
            }
            if data.get("illustrative").and_then(Value::as_bool) == Some(true) {
                fields.insert("illustrative".to_owned(), Value::Bool(true));
            }
        }
        self.submit(who, Draft { id: None, kind: ANSWER.to_owned(), data: answered, previous: None })
    }

    /// Takes an answer back: the record is suggested again.
    ///
    /// # Errors
    /// As saving the record of the answer; `NotFound` when it is none.
    pub fn take_back_match_answer(&self, who: &Identity, answer: RecordId) -> Result<Stored, OfficeError> {
        let view = self.view(who, answer)?;
        let mut data = view.data.clone().filter(|_| view.kind == ANSWER).ok_or_else(|| OfficeError::NotFound(answer.to_string()))?;
        if let Some(fields) = data.as_object_mut() {
            fields.insert("state".to_owned(), Value::String("withdrawn".to_owned()));
        }
        self.submit(who, Draft { id: Some(answer), kind: ANSWER.to_owned(), data, previous: Some(view.leaf) })
    }

    /// Answers that this person may see, those taken back left out, the latest first.
    fn match_answers(&self, who: &Identity, id: RecordId) -> Result<Vec<MatchAnswer>, OfficeError> {
        let filter = RegisterFilter { kind: Some(ANSWER.to_owned()), refers_to: Some(id), ..RegisterFilter::default() };
        let mut found = Vec::new();
        for row in self.register_page(who, &filter, None, MOST_ANSWERS)?.rows {
            let Ok(view) = self.view(who, row.id) else { continue };
            let Some(data) = view.data.as_ref().filter(|data| data.get("state").and_then(Value::as_str) != Some("withdrawn")) else {
                continue;
            };
            let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
            // The record may be the one that was suggested: then the answer is about it, not for it.
            if let Ok(suggested) = RecordId::parse(text("suggested"))
                && text("subject") == id.to_string()
            {
                found.push(MatchAnswer { id: row.id, suggested, title: row.title, answer: text("answer").to_owned() });
            }
        }
        Ok(found)
    }

    fn text_of(&self, view: &RecordView) -> Result<Option<Proposal>, OfficeError> {
        let (Some(data), Ok(kind)) = (&view.data, self.form(&view.kind, view.form)) else { return Ok(None) };
        let mut parts = vec![("title".to_owned(), self.form_title(&view.kind, data))];
        // Names of organisations and places as a source has them, prices and the like say nothing of what it is about.
        let said =
            RecordText::of(kind, data).parts.into_iter().filter(|(name, _)| !name.ends_with("_text") && !ASIDE.contains(&name.as_str()));
        parts.extend(said);
        Ok(Some(Proposal { parts }))
    }

    fn form_title(&self, kind: &str, data: &Value) -> String {
        self.catalogue().title(kind, data, catalogue::Lang::Vi)
    }
}

/// What the reasons are made of.
struct Terms {
    fields: BTreeSet<String>,
    provinces: BTreeSet<String>,
    kind: Option<String>,
    readiness: Option<i64>,
    price: Option<Dong>,
}

impl Terms {
    fn of(office: &Office, kind: &str, form: u64, data: &Value) -> Result<Terms, OfficeError> {
        let facts: Facts = office.facts(office.form(kind, form)?, data);
        let text = |name: &str| data.get(name).and_then(Value::as_str);
        Ok(Terms {
            // The first three digits name the group: 401 is agriculture, 40101 one of its fields.
            fields: facts.research_fields.iter().filter_map(|code| code.get(..3)).map(str::to_owned).collect(),
            provinces: facts.provinces,
            kind: text("technology_kind").map(str::to_owned),
            readiness: data.get("trl").and_then(Value::as_i64),
            price: text("price").and_then(|price| Dong::parse(price).ok()),
        })
    }

    fn reasons(need: &Terms, offer: &Terms) -> Vec<MatchReason> {
        let within = need.price.zip(offer.price).is_some_and(|(most, price)| price.0 as f64 <= most.0 as f64 * PRICE_MARGIN);
        [
            (MatchReason::SameField, !need.fields.is_disjoint(&offer.fields)),
            (MatchReason::SameProvince, !need.provinces.is_disjoint(&offer.provinces)),
            (MatchReason::SameKind, need.kind.is_some() && need.kind == offer.kind),
            (MatchReason::Ready, offer.readiness.is_some_and(|ready| ready >= need.readiness.unwrap_or(READY))),
            (MatchReason::WithinPrice, within),
        ]
        .into_iter()
        .filter_map(|(reason, holds)| holds.then_some(reason))
        .collect()
    }
}
