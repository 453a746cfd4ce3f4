//! A conclusion arrives: read, kept as drafts, shown beside its source, corrected in a second layer, confirmed.

use catalogue::Catalogue;
use ledger::RecordId;
use official::{BodyNames, DocumentWords, FoundDirective, Gazetteer, KnownNumber, Reading, SyllablePairs};
use serde_json::{Value, json};

use crate::audit::AuditEntry;
use crate::board::Directive;
use crate::directive::put_text;
use crate::error::{OfficeError, label};
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, decide};
use crate::record::{Draft, Stored, inside};
use crate::register::{Order, RegisterFilter};

const SUGGESTIONS: &str = "suggestion";
const IMPORTS: &str = "import";

/// A file to read in.
#[derive(Debug, Clone)]
pub struct ReadingForm {
    /// The body that keeps the records.
    pub owner: RecordId,
    /// The conference it concludes.
    pub conference: Option<RecordId>,
    /// Who assigns; the Ministry's or committee's body. The owner when none.
    pub assigner: Option<RecordId>,
    /// Where the file was found.
    pub source_url: Option<String>,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What was made of a file.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The document, as draft.
    pub document: RecordId,
    /// The directives, as drafts, in the order of the text.
    pub directives: Vec<RecordId>,
    /// What the reader points at.
    pub suggestions: usize,
}

/// Drafts before they are stored.
#[derive(Debug, Clone)]
pub struct ConclusionDrafts {
    /// The document.
    pub document: Draft,
    /// The directives in the order of the text.
    pub directives: Vec<Draft>,
    /// The reading they came of.
    pub reading: Reading,
}

/// The split screen: the source and what was found in it.
#[derive(Debug, Clone)]
pub struct Review {
    /// The document.
    pub document: RecordId,
    /// Its data.
    pub data: Value,
    /// The version on screen.
    pub leaf: ledger::LeafHash,
    /// Directives, drafts and issued ones, in the order of the text.
    pub directives: Vec<ReviewDirective>,
    /// Likely slips: raw, start, end, reason, proposal.
    pub suggestions: Vec<official::Suggestion>,
}

/// One directive on the split screen.
#[derive(Debug, Clone)]
pub struct ReviewDirective {
    /// The record.
    pub id: RecordId,
    /// The version on screen.
    pub leaf: ledger::LeafHash,
    /// The content.
    pub directive: Directive,
}

/// The reader's words out of the catalogue.
pub fn gazetteer(catalogue: &Catalogue) -> Gazetteer {
    let words = catalogue.gazetteer();
    let mut places = Vec::new();
    for code in catalogue.list("provinces").map(|list| list.codes.as_slice()).unwrap_or_default() {
        let name = code.label.vi.trim_start_matches("tỉnh ").trim_start_matches("thành phố ").to_owned();
        if !places.contains(&name) {
            places.push(name);
        }
    }
    let mut bodies = Vec::new();
    for body in catalogue.bodies() {
        let class = body.data.get("form").and_then(Value::as_str) == Some("class");
        bodies.push(BodyNames { id: Some(body.id.clone()), names: names_in(&body.data), class });
    }
    // Departments and committees of every province are known by name, with or without a record.
    for place in &places {
        for names in [
            vec![
                format!("Sở KH&CN {place}"),
                format!("Sở Khoa học và Công nghệ {place}"),
                format!("Sở Khoa học và Công nghệ tỉnh {place}"),
                format!("Sở KH&CN tỉnh {place}"),
            ],
            vec![
                format!("UBND tỉnh {place}"),
                format!("UBND thành phố {place}"),
                format!("Ủy ban nhân dân tỉnh {place}"),
                format!("Ủy ban nhân dân thành phố {place}"),
            ],
        ] {
            bodies.push(BodyNames { id: None, names, class: false });
        }
    }
    Gazetteer {
        bodies,
        heads: words.heads.clone(),
        classes: words.classes.clone(),
        places,
        proper_names: ["Nam Trung Bộ", "Bắc Trung Bộ", "Tây Nguyên", "Đông Nam Bộ", "Tây Nam Bộ"]
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        document_types: words
            .document_types
            .iter()
            .map(|kind| DocumentWords { name: kind.name.clone(), symbols: kind.symbols.clone() })
            .collect(),
        documents: words
            .documents
            .iter()
            .map(|known| KnownNumber { number: known.number.clone(), day: known.day.clone(), title: known.title.clone() })
            .collect(),
        pairs: catalogue.text("pairs.tsv").map(SyllablePairs::parse).unwrap_or_default(),
    }
}

/// Reads a file with the words of the catalogue; stores nothing.
pub fn read_document(catalogue: &Catalogue, name: &str, bytes: &[u8]) -> Result<Reading, OfficeError> {
    official::read(name, bytes, &gazetteer(catalogue)).map_err(read_error)
}

pub(crate) fn read_error(error: official::ReadError) -> OfficeError {
    OfficeError::Refused { code: error.code(), message: label(error.message_vi(), error.message_en()) }
}

fn names_in(data: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for entry in data.get("names").and_then(Value::as_array).into_iter().flatten() {
        names.extend(["text", "short"].iter().filter_map(|field| entry.get(*field).and_then(Value::as_str)).map(str::to_owned));
    }
    names.extend(data.get("aliases").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    names
}

impl Office {
    /// Reads a file and makes drafts of it; stores nothing.
    pub fn conclusion_drafts(&self, who: &Identity, form: &ReadingForm) -> Result<ConclusionDrafts, OfficeError> {
        decide(who, Action::Edit, &self.subject_of_body(who, form.owner, Role::Officer)).require()?;
        let mut words = gazetteer(self.catalogue());
        // Bodies added on this node are known to the reader too.
        for body in self.directory().all() {
            let id = body.id.to_string();
            if !words.bodies.iter().any(|known| known.id.as_deref() == Some(id.as_str())) {
                let mut names: Vec<String> =
                    body.names.iter().flat_map(|name| [Some(name.text.clone()), name.short.clone()]).flatten().collect();
                names.extend(body.aliases.iter().cloned());
                words.bodies.push(BodyNames { id: Some(id), names, class: body.is_class() });
            }
        }
        let reading = official::read(&form.name, &form.bytes, &words).map_err(read_error)?;
        let document = RecordId::new();
        let mut directives = Vec::new();
        for (order, found) in reading.directives.iter().enumerate() {
            directives.push(Draft {
                id: Some(RecordId::new()),
                kind: "directive".to_owned(),
                data: directive_data(form, document, order, found),
                previous: None,
            });
        }
        Ok(ConclusionDrafts {
            document: Draft { id: Some(document), kind: "document".to_owned(), data: self.document_data(form, &reading), previous: None },
            directives,
            reading,
        })
    }

    /// Reads a file and keeps document and directives as drafts, with the original file, in one transaction.
    ///
    /// # Errors
    /// The reader's refusals (`classified`, `file_format` …); `imported_before` when this body has the same file already.
    pub fn import_conclusion(&self, who: &Identity, form: ReadingForm) -> Result<Imported, OfficeError> {
        let drafts = self.conclusion_drafts(who, &form)?;
        let media_type = media_type(&form.name);
        let file = self.ledger().put_file(&form.name, media_type, &form.bytes)?;
        let key = format!("{}/{}", form.owner, file.sha256);
        let known = self.ledger().read(|r| r.cabinet_get(IMPORTS, &key))?;
        if let Some(earlier) = known.as_ref().and_then(Value::as_str) {
            return Err(OfficeError::refused(
                "imported_before",
                format!("Tệp này đã nhập trước đó. Hãy mở văn bản /van-ban/{earlier}."),
                format!("This file has been imported before. Open the document /van-ban/{earlier}."),
            ));
        }
        let mut document = drafts.document;
        if let Some(members) = document.data.as_object_mut() {
            members.insert(
                "original".to_owned(),
                json!({"name": file.name, "media_type": file.media_type, "sha256": file.sha256, "length": file.len}),
            );
        }
        let id = document.id.unwrap_or_default();
        let directives: Vec<RecordId> = drafts.directives.iter().filter_map(|draft| draft.id).collect();
        let suggestions = drafts.reading.suggestions.len();
        let kept = serde_json::to_value(&drafts.reading.suggestions)?;
        let mut all = vec![document];
        all.extend(drafts.directives);
        self.submit_all(who, all, &form.name)?;
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            w.cabinet_put(SUGGESTIONS, &id.to_string(), kept)?;
            w.cabinet_put(IMPORTS, &key, json!(id.to_string()))?;
            Ok(())
        })?;
        Ok(Imported { document: id, directives, suggestions })
    }

    /// The split screen of a document, for those who may work on it.
    pub fn review(&self, who: &Identity, document: RecordId) -> Result<Review, OfficeError> {
        let view = self.view(who, document)?;
        view.edit.require()?;
        let data = view.data.ok_or_else(|| OfficeError::NotFound(document.to_string()))?;
        let directives = self.directives_of(who, document)?;
        let kept = self.ledger().read(|r| r.cabinet_get(SUGGESTIONS, &document.to_string()))?;
        let suggestions = match kept {
            Some(kept) => serde_json::from_value(kept)?,
            None => Vec::new(),
        };
        Ok(Review { document, data, leaf: view.leaf, directives, suggestions })
    }

    /// Directives of a document that this person may see, in the order of the text: at most 1,000.
    pub fn directives_of(&self, who: &Identity, document: RecordId) -> Result<Vec<ReviewDirective>, OfficeError> {
        let filter = RegisterFilter {
            kind: Some("directive".to_owned()),
            refers_to: Some(document),
            order: Order::Title,
            ..RegisterFilter::default()
        };
        let page = self.register_page(who, &filter, None, 1_000)?;
        let mut directives = Vec::new();
        let mut of_document = None;
        for row in page.rows {
            let view = self.view(who, row.id)?;
            if view.held.is_some() {
                // What another node says the document contains is not its own word.
                let document = match &of_document {
                    Some(found) => found,
                    None => of_document.insert(self.view(who, document)?),
                };
                if !view.belongs_with(document) {
                    continue;
                }
            }
            match view.data.map(serde_json::from_value) {
                Some(Ok(directive)) => directives.push(ReviewDirective { id: row.id, leaf: view.leaf, directive }),
                Some(Err(error)) if view.held.is_none() => return Err(error.into()),
                Some(Err(_)) | None => {}
            }
        }
        directives.sort_by_key(|found| (found.directive.order, found.id));
        Ok(directives)
    }

    /// Issues drafts of a document: those chosen, or all; drafts without any addressee first get the class (or body) `class`.
    pub fn issue_to(
        &self,
        who: &Identity,
        document: RecordId,
        chosen: Option<Vec<RecordId>>,
        class: Option<RecordId>,
    ) -> Result<Vec<Stored>, OfficeError> {
        let review = self.review(who, document)?;
        let mut ids = Vec::new();
        for found in &review.directives {
            if found.directive.state != "draft" || chosen.as_ref().is_some_and(|chosen| !chosen.contains(&found.id)) {
                continue;
            }
            ids.push((
                found.id,
                class.filter(|_| {
                    found.directive.leads.is_empty() && found.directive.class.is_none() && found.directive.issued_to.is_empty()
                }),
            ));
        }
        self.issue_with(who, &ids, None)
    }

    /// Adds a corrected reading of a passage: a second layer with author and time; the original stays.
    pub fn add_reading(
        &self,
        who: &Identity,
        document: RecordId,
        start: u64,
        end: u64,
        reading: &str,
        reason: &str,
    ) -> Result<Stored, OfficeError> {
        self.view_to_edit(who, document)?;
        let (version, mut data) = self.ledger().read(|r| inside(r, document))?;
        let text = data.get("text").and_then(Value::as_str).unwrap_or_default();
        let span = usize::try_from(start).ok().zip(usize::try_from(end).ok()).and_then(|(start, end)| text.get(start..end));
        let Some(raw) = span.filter(|raw| !raw.is_empty()) else {
            return Err(OfficeError::refused("bad_span", "Vị trí không nằm trong nguyên văn.", "The place does not lie in the text."));
        };
        let mut entry = json!({"start": start, "end": end, "raw": raw, "reading": viet::nfc(reading.trim()), "by": who.name(), "at": instant(self.clock().now())});
        put_text(&mut entry, "reason", Some(reason.to_owned()));
        if let Some(members) = data.as_object_mut() {
            match members.get_mut("readings").and_then(Value::as_array_mut) {
                Some(readings) => readings.push(entry),
                None => {
                    members.insert("readings".to_owned(), json!([entry]));
                }
            }
        }
        let prepared =
            self.prepare(who, Draft { id: Some(document), kind: version.kind.clone(), data, previous: Some(version.leaf) }, Action::Edit)?;
        let entry = AuditEntry::of(self, who, "document.reading").record(document).note(reading);
        self.store(vec![prepared], vec![entry])?.pop().ok_or_else(|| OfficeError::Data("nothing stored".to_owned()))
    }

    /// Discards the drafts of an import: document and directives are withdrawn; issued directives stay.
    pub fn discard(&self, who: &Identity, document: RecordId) -> Result<u64, OfficeError> {
        let review = self.review(who, document)?;
        let mut prepared = Vec::new();
        let mut withdraw = |id: RecordId| -> Result<(), OfficeError> {
            let (version, mut data) = self.ledger().read(|r| inside(r, id))?;
            if data.get("state").and_then(Value::as_str) != Some("draft") {
                return Ok(());
            }
            if let Some(members) = data.as_object_mut() {
                members.insert("state".to_owned(), json!("withdrawn"));
            }
            prepared.push(self.prepare(
                who,
                Draft { id: Some(id), kind: version.kind.clone(), data, previous: Some(version.leaf) },
                Action::Edit,
            )?);
            Ok(())
        };
        for found in &review.directives {
            withdraw(found.id)?;
        }
        withdraw(document)?;
        let count = prepared.len() as u64;
        let entry = AuditEntry::of(self, who, "document.discard").record(document);
        self.store(prepared, vec![entry])?;
        Ok(count)
    }

    fn document_data(&self, form: &ReadingForm, reading: &Reading) -> Value {
        let head = &reading.document;
        let title = head.title.clone().unwrap_or_else(|| form.name.clone());
        let mut data = json!({
            "document_kind": if head.kind == "other" { "conclusion_notice" } else { &head.kind },
            "title": title.chars().take(1_000).collect::<String>(),
            "text": reading.text,
            "state": "draft",
            "owner": form.owner.to_string(),
        });
        put_text(&mut data, "number", head.number.clone());
        put_text(&mut data, "event_day", head.event_date.clone());
        put_text(&mut data, "issued_day", head.issued_date.clone());
        put_text(&mut data, "published_day", head.published_date.clone());
        put_text(&mut data, "place", head.place.clone());
        put_text(&mut data, "conference", form.conference.map(|id| id.to_string()));
        put_text(&mut data, "issuer", form.assigner.map(|id| id.to_string()));
        put_text(&mut data, "source_url", form.source_url.clone());
        let mut chairs = Vec::new();
        for chair in &head.chairs {
            let mut entry = json!({"name": chair.name});
            put_text(&mut entry, "position", chair.position.clone());
            chairs.push(entry);
        }
        let mut citations = Vec::new();
        for citation in reading.citations.iter().take(500) {
            let mut entry = json!({"raw": citation.raw.replace(['\n', '\r', '\t'], " "), "start": citation.start, "end": citation.end, "number": citation.number.chars().take(60).collect::<String>()});
            put_text(&mut entry, "day", citation.date.clone());
            put_text(&mut entry, "target", citation.target.clone());
            put_text(&mut entry, "suggestion", citation.suggestion.clone());
            citations.push(entry);
        }
        if let Some(members) = data.as_object_mut() {
            for (name, list) in [("chairs", chairs), ("citations", citations)] {
                if !list.is_empty() {
                    members.insert(name.to_owned(), Value::Array(list));
                }
            }
        }
        data
    }
}

fn directive_data(form: &ReadingForm, document: RecordId, order: usize, found: &FoundDirective) -> Value {
    let ids = |actors: &[official::Actor], class: bool| -> Vec<String> {
        let mut ids: Vec<String> = actors.iter().filter(|actor| actor.class == class).filter_map(|actor| actor.id.clone()).collect();
        ids.dedup();
        ids
    };
    let mut data = json!({
        "document": document.to_string(),
        "order": order,
        "text": found.text,
        "start": found.start,
        "end": found.end,
        "force": found.force,
        "assigner": form.assigner.unwrap_or(form.owner).to_string(),
        "owner": form.owner.to_string(),
        "clear": {"who": found.clear.who, "what": found.clear.what, "when": found.clear.when, "product": found.clear.product},
        "state": "draft",
    });
    put_text(&mut data, "conference", form.conference.map(|id| id.to_string()));
    put_text(&mut data, "item", Some(found.item.clone()));
    put_text(&mut data, "verb", Some(found.verb.clone()));
    put_text(&mut data, "class", ids(&found.lead, true).into_iter().next());
    let raw: Vec<&str> = found.lead.iter().map(|actor| actor.text.as_str()).collect();
    put_text(&mut data, "addressee_raw", Some(raw.join("; ").replace(['\n', '\r'], " ").chars().take(500).collect()));
    if let Some(members) = data.as_object_mut() {
        for (name, list) in [("leads", ids(&found.lead, false)), ("with", ids(&found.with, false))] {
            if !list.is_empty() {
                members.insert(name.to_owned(), json!(list));
            }
        }
    }
    if let Some(due) = &found.due {
        put_text(&mut data, "due_raw", Some(due.raw.replace(['\n', '\r', '\t'], " ").chars().take(200).collect()));
        put_text(&mut data, "due", due.date.clone());
        put_text(&mut data, "period", due.period.clone());
        put_text(&mut data, "due_origin", Some(if due.inferred { "inferred" } else { "stated" }.to_owned()));
        if let (true, Some(members)) = (due.strict, data.as_object_mut()) {
            members.insert("due_strict".to_owned(), json!(true));
        }
    }
    data
}

fn media_type(name: &str) -> &'static str {
    let name = name.to_lowercase();
    match name.rsplit('.').next() {
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("html" | "htm") => "text/html",
        _ => "text/plain",
    }
}

/// `2026-11-23T10:00:00Z`.
fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |instant| instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
