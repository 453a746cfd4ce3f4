//! Search over records: the index follows the ledger, a query sees only what the person may see.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use catalogue::{Catalogue, Field, FieldType, Kind, Lang};
use finder::{Among, Entry, Finder, Order as SearchOrder, Overlap, Proposal, Query, Question, Related, Results, TitleWords, Vocabulary};
use ledger::{Change, Follower, Ledger, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::OfficeError;
use crate::form_shelf::FormShelf;
use crate::identity::Identity;
use crate::office::Office;
use crate::register::{day_of_record, provinces_in, widest};
use crate::search_filter::{FilterName, SearchFilter};

/// Characters of a question that are looked at.
const LONGEST_QUESTION: usize = 2_000;

/// The index with its place on disk; replaced as a whole when it is damaged.
pub struct SearchIndex {
    folder: PathBuf,
    finder: RwLock<Finder>,
    forms: Arc<FormShelf>,
    ledger: Arc<Ledger>,
}

impl std::fmt::Debug for SearchIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchIndex").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What somebody looks for. What is kept of it is what it asks for, not how it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchForm {
    /// The words, as typed.
    pub text: String,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only records of this body.
    pub body: Option<String>,
    /// Only this year.
    pub year: Option<i32>,
    /// Only this state.
    pub status: Option<String>,
    /// Only this province, by its code.
    pub province: Option<String>,
    /// Only what is new or changed since the index was so far.
    #[serde(skip)]
    pub changed_after: Option<u64>,
    /// The order.
    #[serde(skip)]
    pub order: SearchOrder,
    /// Opaque cursor of the next page.
    #[serde(skip)]
    pub after: Option<String>,
    /// At most 100.
    #[serde(skip)]
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The hits and counts.
    pub results: Results,
    /// Filters whose value nothing bears: "tỉnh:Atlantis".
    pub not_understood: Vec<String>,
}

impl SearchIndex {
    pub(crate) fn open(folder: &Path, forms: Arc<FormShelf>, ledger: Arc<Ledger>, keeps: bool) -> Result<SearchIndex, OfficeError> {
        let vocabulary = || vocabulary_of(forms.catalogue());
        let opened = if keeps { Finder::open(folder, vocabulary()) } else { Finder::open_to_read(folder, vocabulary()) };
        let finder = match opened {
            Ok(finder) => finder,
            Err(_) if !keeps => return Err(OfficeError::kept_elsewhere()),
            Err(error) => {
                tracing::warn!(%error, "search index is damaged or of an older form, making it anew");
                Finder::reset(folder)?;
                Finder::open(folder, vocabulary())?
            }
        };
        Ok(SearchIndex { folder: folder.to_owned(), finder: RwLock::new(finder), forms, ledger })
    }

    fn finder(&self) -> std::sync::RwLockReadGuard<'_, Finder> {
        self.finder.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn refresh(&self) -> Result<(), OfficeError> {
        Ok(self.finder().refresh()?)
    }

    pub(crate) fn purge(&self) -> Result<(), OfficeError> {
        Ok(self.finder().purge()?)
    }

    fn apply_batch(&self, batch: &[Change]) -> Result<(), OfficeError> {
        let Some(last) = batch.last() else { return Ok(()) };
        // Each record once, with its last change.
        let records: BTreeMap<RecordId, u64> = batch.iter().map(|change| (change.rec, change.seq)).collect();
        let (mut entries, mut gone) = (Vec::new(), Vec::new());
        for (record, changed) in records {
            match self.entry(record, changed)? {
                Some(entry) => entries.push(entry),
                None => gone.push(record.to_string()),
            }
        }
        let finder = self.finder();
        finder.remove(&gone)?;
        finder.put(&entries)?;
        finder.commit(last.seq)?;
        Ok(())
    }

    fn entry(&self, record: RecordId, changed: u64) -> Result<Option<Entry>, OfficeError> {
        let Some(shown) = widest(&self.ledger, &self.forms, record)? else { return Ok(None) };
        let kind = shown.kind;
        let title = self.forms.catalogue().title(&kind.name, &shown.data, Lang::Vi);
        let RecordText { parts, codes, mut bodies } = RecordText::of(kind, &shown.data);
        let provinces = provinces_in(&kind.fields, &shown.data).into_iter().map(str::to_owned).collect();
        let (mut text, mut begins) = (String::new(), Vec::new());
        for (name, words) in parts {
            if !text.is_empty() {
                text.push('\n');
            }
            begins.push((name, text.len()));
            text.push_str(&words);
        }
        if let Some(owner) = shown.owner {
            bodies.push(owner.to_string());
        }
        bodies.sort_unstable();
        bodies.dedup();
        let visible_to = match (shown.audience, shown.owner) {
            ("private", Some(owner)) => vec![format!("body:{owner}")],
            ("private", None) => vec!["administrator".to_owned()],
            (audience, Some(owner)) => vec![audience.to_owned(), format!("body:{owner}")],
            (audience, None) => vec![audience.to_owned()],
        };
        let day = day_of_record(&shown.data);
        let status = kind.state_field.as_deref().and_then(|field| shown.data.get(field)).and_then(Value::as_str);
        Ok(Some(Entry {
            id: record.to_string(),
            visible_to,
            owner: shown.owner.map(|owner| owner.to_string()),
            kind: kind.name.clone(),
            title,
            text,
            parts: begins,
            provinces,
            bodies,
            year: day.get(..4).and_then(|year| year.parse().ok()),
            status: status.map(str::to_owned),
            codes,
            at: viet::PartialDate::from_iso(day)
                .map_or(0, |date| crate::status::days_between(jiff::civil::date(1970, 1, 1), date.first_day())),
            changed,
        }))
    }
}

/// The words that searching knows beside the records, as a catalogue has them.
pub fn vocabulary_of(catalogue: &Catalogue) -> Vocabulary {
    let words = catalogue.search_words();
    let roles = words.titles.clone();
    let provinces = catalogue.list("provinces").map(|list| list.codes.iter().map(|code| code.name().to_owned()).collect());
    Vocabulary::new(&words.abbreviations, &words.same, &words.fillers).with_titles(&TitleWords {
        frames: roles.frames,
        provinces: provinces.unwrap_or_default(),
        regions: roles.regions,
        before_places: roles.before_places,
        institutions: roles.institutions,
        classifiers: roles.classifiers,
        things: roles.things,
        no_aims: roles.no_aims,
        aims: roles.aims,
    })
}

/// What of a record is searched, beside its title.
#[derive(Debug, Default)]
pub(crate) struct RecordText {
    /// Texts with the names of their fields, in the order of the form; repeated ones are one text.
    pub(crate) parts: Vec<(String, String)>,
    /// Numbers and codes.
    pub(crate) codes: Vec<String>,
    /// Bodies it names.
    pub(crate) bodies: Vec<String>,
}

impl RecordText {
    pub(crate) fn of(kind: &Kind, data: &Value) -> RecordText {
        let mut text = RecordText::default();
        text.collect(&kind.fields, data, &kind.title_field);
        text
    }

    fn collect(&mut self, fields: &[Field], data: &Value, title_field: &str) {
        for field in fields {
            let Some(value) = data.get(&field.name) else { continue };
            for item in items_of(value) {
                match (&field.of, item) {
                    (FieldType::Text { .. }, Value::String(words)) if field.name == "number" || field.name.ends_with("_number") => {
                        self.codes.push(words.clone())
                    }
                    (FieldType::Text { .. } | FieldType::LongText { .. } | FieldType::Markdown { .. }, Value::String(words))
                        if field.name != title_field =>
                    {
                        match self.parts.last_mut().filter(|(name, _)| *name == field.name) {
                            Some((_, text)) => {
                                text.push('\n');
                                text.push_str(words);
                            }
                            None => self.parts.push((field.name.clone(), words.clone())),
                        }
                    }
                    (FieldType::Ref { kinds }, Value::String(target)) if kinds.iter().any(|kind| kind == "body") => {
                        self.bodies.push(target.clone())
                    }
                    (FieldType::Group { fields, .. }, row) => self.collect(fields, row, ""),
                    _ => {}
                }
            }
        }
    }
}

/// The values of a field, one or several.
pub(crate) fn items_of(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

impl Follower for SearchIndex {
    fn name(&self) -> &str {
        "search"
    }

    fn cursor(&self) -> Result<u64, ledger::FollowError> {
        Ok(self.finder().cursor())
    }

    fn apply(&self, batch: &[Change]) -> Result<(), ledger::FollowError> {
        Ok(self.apply_batch(batch)?)
    }

    fn rebuild(&self) -> Result<(), ledger::FollowError> {
        let finder = self.finder.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        finder.clear().map_err(OfficeError::from)?;
        Ok(())
    }

    fn digest(&self) -> Result<String, ledger::FollowError> {
        Ok(self.finder().digest().map_err(OfficeError::from)?)
    }
}

impl Office {
    /// Searches everything this person may see. The text may hold filters: `tỉnh:"Kon Tum" năm:2017..2020 loại:nhiệm vụ`, `-without`, `HOẶC`.
    pub fn search(&self, who: &Identity, form: &SearchForm) -> Result<Found, OfficeError> {
        let text: String = form.text.chars().take(LONGEST_QUESTION).collect();
        let question = Question::read(&text, |name| FilterName::of(name).is_some(), |name, value| self.filter_of(name, value).is_some());
        let mut query = Query {
            text: question.text,
            needed: question.needed,
            without: question.without,
            visible_to: self.search_keys(who),
            kinds: form.kind.clone().into_iter().collect(),
            bodies: form.body.clone().into_iter().collect(),
            statuses: form.status.clone().into_iter().collect(),
            provinces: form.province.clone().into_iter().collect(),
            years: form.year.map(|year| (year, year)),
            changed_after: form.changed_after,
            order: form.order,
            after: form.after.clone(),
            limit: form.limit.clamp(1, 100),
        };
        for (name, value) in &question.filters {
            match self.filter_of(name, value) {
                Some(SearchFilter::Kinds(kinds)) => query.kinds = kinds,
                Some(SearchFilter::Bodies(bodies)) => query.bodies = bodies,
                Some(SearchFilter::Statuses(statuses)) => query.statuses = statuses,
                Some(SearchFilter::Provinces(provinces)) => query.provinces = provinces,
                Some(SearchFilter::Years(first, last)) => query.years = Some((first, last)),
                None => {}
            }
        }
        let results = self.search_index().finder().search(&query)?;
        Ok(Found { results, not_understood: question.not_understood })
    }

    /// Records of some kinds that say what a proposal says, of those that this person may see.
    pub(crate) fn find_overlaps(
        &self,
        who: &Identity,
        proposal: &Proposal,
        kinds: &[&str],
        except: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Overlap>, OfficeError> {
        let among = Among { visible_to: self.search_keys(who), kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(), except };
        Ok(self.search_index().finder().overlaps(proposal, &among, limit)?)
    }

    /// Records of some kinds that share rare words with a text, of those that this person may see.
    pub(crate) fn find_related(
        &self,
        who: &Identity,
        text: &Proposal,
        less: &[String],
        kinds: &[&str],
        except: &str,
        limit: usize,
    ) -> Result<Vec<Related>, OfficeError> {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let among = Among { visible_to: self.search_keys(who), kinds, except: Some(except) };
        Ok(self.search_index().finder().related(text, less, &among, limit)?)
    }

    /// Up to eight ways in which what is typed may go on, of words in records that this person may see.
    pub fn suggest(&self, who: &Identity, prefix: &str) -> Result<Vec<String>, OfficeError> {
        Ok(self.search_index().finder().complete(prefix, &self.search_keys(who), 8)?)
    }

    /// How far the index is.
    pub(crate) fn search_cursor(&self) -> u64 {
        self.search_index().finder().cursor()
    }

    fn search_keys(&self, who: &Identity) -> Vec<String> {
        let mut keys: Vec<String> = self.audiences_of(who).iter().map(|audience| audience.as_str().to_owned()).collect();
        for body in who.bodies().into_iter().chain(self.bodies_answered_for(who)) {
            let key = format!("body:{body}");
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if who.is_administrator() {
            keys.push("administrator".to_owned());
        }
        keys
    }
}
