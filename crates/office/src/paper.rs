//! Papers: a record as an editable Word file in the layout of Decree 30/2020, as the form of a paper says, or as an information sheet with every field of its
//! kind. What the record does not know stays a line to fill in.

use catalogue::{Facts, Field, FieldType, Kind, Label, Lang, PaperClose, PaperForm, PaperIssuer};
use ledger::RecordId;
use official::write::{AdministrativeDocument, Align, Block, Column, Dateline, Level, Row, Run, Signatory, Signature, Table};
use serde_json::Value;

use crate::directive::shorten;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::record::RecordView;

/// The code of the paper that every record has.
pub const INFORMATION_SHEET: &str = "phieu-thong-tin";
/// Rows of a table in a paper.
const MOST_ROWS: usize = 500;
/// Columns of a table in a paper; groups with more are printed row by row.
const MOST_COLUMNS: usize = 6;

/// A paper that a record can be printed as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperOffer {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Label,
    /// The step of the process that asks for it; none for the information sheet.
    pub step: Option<Label>,
    /// Who makes it.
    pub by: Option<Label>,
}

impl Office {
    /// The papers that a record can be printed as: those of its process, and the information sheet of its kind.
    pub fn papers_of(&self, view: &RecordView) -> Result<Vec<PaperOffer>, OfficeError> {
        let kind = self.form(&view.kind, view.form)?;
        let mut offers = vec![PaperOffer { code: INFORMATION_SHEET.to_owned(), name: kind.label.clone(), step: None, by: None }];
        let mut facts = Facts::new();
        if let Some(level) = view.data.as_ref().and_then(|data| data.get("level")).and_then(Value::as_str) {
            facts.insert("level".to_owned(), level.to_owned());
        }
        for process in self.catalogue().processes() {
            for step in &process.steps {
                for paper in &step.papers {
                    let fits = self.catalogue().paper_form(&paper.code).is_some_and(|form| form.record == kind.name);
                    if fits && !offers.iter().any(|offer| offer.code == paper.code) {
                        offers.push(PaperOffer {
                            code: paper.code.clone(),
                            name: paper.name.clone(),
                            step: Some(step.label.clone()),
                            by: Some(process.actor_label(&step.actor, &facts)),
                        });
                    }
                }
            }
        }
        Ok(offers)
    }

    /// A record as a paper, with what this person may see of it.
    ///
    /// # Errors
    /// `NotFound` when there is no such record for him, it was erased, or its kind has no such paper.
    pub fn paper(&self, who: &Identity, id: RecordId, code: &str) -> Result<AdministrativeDocument, OfficeError> {
        let view = self.view(who, id)?;
        let kind = self.form(&view.kind, view.form)?;
        let data = view.data.as_ref().ok_or_else(|| OfficeError::NotFound(id.to_string()))?;
        let printing = Printing { office: self, who, kind, data };
        if code == INFORMATION_SHEET {
            return printing.information_sheet(&view);
        }
        let form = self.catalogue().paper_form(code).filter(|form| form.record == kind.name);
        printing.paper(form.ok_or_else(|| OfficeError::NotFound(format!("paper {code} of {}", kind.name)))?, &view)
    }
}

struct Printing<'a> {
    office: &'a Office,
    who: &'a Identity,
    kind: &'a Kind,
    data: &'a Value,
}

impl Printing<'_> {
    fn information_sheet(&self, view: &RecordView) -> Result<AdministrativeDocument, OfficeError> {
        let mut body = Vec::new();
        let mut section = None;
        let mut numbered = false;
        for field in &self.kind.fields {
            if field.section != section {
                let heading = self.kind.sections.iter().find(|known| Some(&known.name) == field.section.as_ref());
                if let Some(heading) = heading {
                    body.push(Block::heading(Level::Section, heading.label.vi.clone()));
                    numbered = true;
                }
                section.clone_from(&field.section);
            }
            self.print_field(field, if numbered { Level::Clause } else { Level::Section }, &mut body)?;
        }
        body.push(Block::paragraph(vec![Run::italic(format!("Căn cứ: {}. Mã bản ghi: {}.", self.kind.source, view.id))]));
        let close = if self.kind.field("lead_org").is_some() { PaperClose::Lead } else { PaperClose::Agency };
        let issuer = if close == PaperClose::Lead { PaperIssuer::Lead } else { PaperIssuer::Agency };
        self.document(Some("Phiếu thông tin"), &self.kind.label.vi, issuer, close, "", &[], body, view)
    }

    fn paper(&self, form: &PaperForm, view: &RecordView) -> Result<AdministrativeDocument, OfficeError> {
        let mut body = Vec::new();
        let several = form.parts.iter().any(|part| part.vi.is_some());
        for part in &form.parts {
            if let Some(heading) = &part.vi {
                body.push(Block::heading(Level::Section, heading.clone()));
            }
            let level = if several { Level::Clause } else { Level::Section };
            for name in &part.fields {
                if let Some(field) = self.kind.field(name) {
                    self.print_field(field, level, &mut body)?;
                }
            }
            for line in &part.lines {
                body.push(Block::FormLine { label: line.clone(), value: None });
            }
        }
        body.push(Block::paragraph(vec![Run::italic(format!("Ký hiệu mẫu: {}.", form.code))]));
        self.document(form.kind.as_deref(), &form.summary, form.by, form.close, &form.symbol, &form.addressed_to, body, view)
    }

    #[expect(clippy::too_many_arguments, reason = "the head of a document, seen from its parts")]
    fn document(
        &self,
        kind: Option<&str>,
        summary: &str,
        by: PaperIssuer,
        close: PaperClose,
        symbol: &str,
        addressed_to: &[String],
        mut body: Vec<Block>,
        view: &RecordView,
    ) -> Result<AdministrativeDocument, OfficeError> {
        let keeper = view.owner.unwrap_or_else(|| self.office.body());
        let (superior, issuer) = match by {
            PaperIssuer::Agency => (self.above(keeper), self.body_name(keeper)),
            PaperIssuer::Council => (Some(self.body_name(keeper)), "Hội đồng tư vấn".to_owned()),
            PaperIssuer::Lead => (self.named("governing_body")?, self.named("lead_org")?.unwrap_or_else(|| dots("Tổ chức chủ trì"))),
            PaperIssuer::Proposer => (None, self.named("proposer")?.unwrap_or_else(|| dots("Tổ chức, cá nhân đề xuất"))),
        };
        let signature = match close {
            PaperClose::Agency | PaperClose::LeadHead => {
                Some(Signature { authority: Vec::new(), position: "Thủ trưởng đơn vị".to_owned(), signer_name: None })
            }
            _ => None,
        };
        let pair = |left: &str, right: &str, left_name: Option<String>| Block::Signatures {
            left: Signatory { role: left.to_owned(), name: left_name },
            right: Signatory { role: right.to_owned(), name: None },
        };
        match close {
            PaperClose::Lead => body.push(pair("Chủ nhiệm nhiệm vụ", "Thủ trưởng tổ chức chủ trì", self.named("principal")?)),
            PaperClose::Proposer => body.push(pair("", "Tổ chức, cá nhân đề xuất", None)),
            PaperClose::Principal => body.push(pair("", "Chủ nhiệm nhiệm vụ", None)),
            PaperClose::Council => body.push(pair("Thư ký", "Chủ tịch hội đồng", None)),
            PaperClose::Member => body.push(pair("", "Thành viên hội đồng", None)),
            PaperClose::Parties => body.push(pair("Đại diện bên A", "Đại diện bên B", None)),
            PaperClose::Agency | PaperClose::LeadHead => {}
        }
        let mut recipients = Vec::new();
        if signature.is_some() {
            if !addressed_to.is_empty() {
                recipients.push("Như trên".to_owned());
            }
            recipients.push("Lưu: VT".to_owned());
        }
        Ok(AdministrativeDocument {
            superior,
            issuer,
            symbol: symbol.to_owned(),
            dateline: Some(Dateline { place: self.place_of(keeper), day: None }),
            kind: kind.map(str::to_owned),
            summary: summary.to_owned(),
            addressed_to: addressed_to.to_vec(),
            recipients,
            body,
            signature,
            ..AdministrativeDocument::default()
        })
    }

    /// One field under its label: a line, paragraphs, or a table for a repeated group. The twin of a reference ("… ghi trong nguồn") stands in its place.
    fn print_field(&self, field: &Field, level: Level, body: &mut Vec<Block>) -> Result<(), OfficeError> {
        if field.name.strip_suffix("_text").is_some_and(|twin| self.kind.field(twin).is_some()) {
            return Ok(());
        }
        let value = self.data.get(&field.name);
        match &field.of {
            FieldType::Group { fields, .. } => {
                body.push(Block::heading(level, field.label.vi.clone()));
                let rows: Vec<&Value> = match value {
                    Some(Value::Array(rows)) => rows.iter().take(MOST_ROWS).collect(),
                    Some(row) => vec![row],
                    None => Vec::new(),
                };
                self.print_group(fields, &rows, body)
            }
            FieldType::LongText { .. } | FieldType::Markdown { .. } => {
                body.push(Block::heading(level, field.label.vi.clone()));
                let text = self.words_of(field, value)?;
                for line in text.as_deref().unwrap_or_default().lines().filter(|line| !line.trim().is_empty()) {
                    body.push(Block::text(line));
                }
                if text.is_none() {
                    body.push(Block::FormLine { label: String::new(), value: None });
                }
                Ok(())
            }
            _ => {
                body.push(Block::FormLine { label: format!("{}:", field.label.vi), value: self.words_of(field, value)? });
                Ok(())
            }
        }
    }

    fn print_group(&self, fields: &[Field], rows: &[&Value], body: &mut Vec<Block>) -> Result<(), OfficeError> {
        let used: Vec<&Field> = fields
            .iter()
            .filter(|field| {
                !field.name.ends_with("_text")
                    && (rows.is_empty() || rows.iter().any(|row| self.cell(fields, field, row).is_ok_and(|cell| !cell.is_empty())))
            })
            .collect();
        if used.len() > MOST_COLUMNS {
            for (at, row) in rows.iter().enumerate() {
                body.push(Block::paragraph(vec![Run::bold(format!("({})", at + 1))]));
                for field in &used {
                    let cell = self.cell(fields, field, row)?;
                    if !cell.is_empty() {
                        body.push(Block::FormLine { label: format!("{}:", field.label.vi), value: Some(cell) });
                    }
                }
            }
            if rows.is_empty() {
                body.push(Block::FormLine { label: String::new(), value: None });
            }
            return Ok(());
        }
        let mut columns = vec![Column::new("TT", 8, Align::Centre)];
        for field in &used {
            let (share, align) = match field.of {
                FieldType::Money | FieldType::Integer { .. } | FieldType::Decimal => (22, Align::Right),
                FieldType::Day | FieldType::Date => (18, Align::Centre),
                _ => (32, Align::Left),
            };
            columns.push(Column::new(field.label.vi.clone(), share, align));
        }
        let mut printed: Vec<Row> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let mut cells = vec![(at + 1).to_string()];
            for field in &used {
                cells.push(self.cell(fields, field, row)?);
            }
            printed.push(cells.into());
        }
        if printed.is_empty() {
            printed.push(vec![String::new(); columns.len()].into());
        }
        body.push(Block::Table(Table { columns, numbered: false, rows: printed }));
        Ok(())
    }

    fn cell(&self, fields: &[Field], field: &Field, row: &Value) -> Result<String, OfficeError> {
        if let Some(words) = self.words_of(field, row.get(&field.name))? {
            return Ok(words);
        }
        let twin = fields.iter().find(|twin| twin.name == format!("{}_text", field.name));
        Ok(match twin {
            Some(twin) => self.words_of(twin, row.get(&twin.name))?.unwrap_or_default(),
            None => String::new(),
        })
    }

    /// A value in Vietnamese words; none when there is none. A reference without a record is what the source wrote.
    fn words_of(&self, field: &Field, value: Option<&Value>) -> Result<Option<String>, OfficeError> {
        let words = match (&field.of, value) {
            (_, None) => self.data.get(format!("{}_text", field.name)).and_then(Value::as_str).unwrap_or_default().to_owned(),
            (_, Some(Value::Array(items))) => {
                let mut words = Vec::new();
                for item in items.iter().take(MOST_ROWS) {
                    words.extend(self.words_of(field, Some(item))?);
                }
                words.join("; ")
            }
            (FieldType::Ref { .. }, Some(Value::String(id))) => match RecordId::parse(id) {
                Ok(id) if self.office.directory().get(id).is_some() => self.body_name(id),
                Ok(id) => self.office.titles(self.who, &[id])?.into_iter().next().map(|row| row.title).unwrap_or_default(),
                Err(_) => String::new(),
            },
            (FieldType::Code { list }, Some(Value::String(code))) => {
                let label = self.office.catalogue().list(list).and_then(|list| list.label(code));
                label.map_or_else(|| code.clone(), |label| label.get(Lang::Vi).to_owned())
            }
            (FieldType::Day | FieldType::Date, Some(Value::String(text))) => {
                viet::PartialDate::from_iso(text).map_or_else(|_| text.clone(), |date| date.to_vietnamese())
            }
            (FieldType::Instant, Some(Value::String(text))) => crate::clock::minute_in_words(text),
            (FieldType::Money, Some(Value::Number(number))) => {
                number.as_i64().map_or_else(|| number.to_string(), |dong| format!("{} đồng", viet::format_number(dong)))
            }
            (FieldType::Integer { .. }, Some(Value::Number(number))) => {
                number.as_i64().map_or_else(|| number.to_string(), viet::format_number)
            }
            (FieldType::Decimal, Some(Value::String(text))) => text.replace('.', ","),
            (_, Some(Value::Bool(yes))) => if *yes { "có" } else { "không" }.to_owned(),
            (_, Some(Value::String(text))) => text.clone(),
            (_, Some(other)) => other.to_string(),
        };
        let words = words.trim();
        Ok((!words.is_empty()).then(|| words.to_owned()))
    }

    /// A field of the record in words, by name.
    fn named(&self, name: &str) -> Result<Option<String>, OfficeError> {
        let Some(field) = self.kind.field(name) else { return Ok(None) };
        Ok(self.words_of(field, self.data.get(name))?.map(|words| shorten(&words, 200)))
    }

    fn body_name(&self, body: RecordId) -> String {
        let today = self.office.clock().today();
        self.office
            .directory()
            .get(body)
            .map(|body| body.name_on(today).to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| dots("Tên cơ quan"))
    }

    /// The body above, when it is known: of a department the people's committee.
    fn above(&self, body: RecordId) -> Option<String> {
        let today = self.office.clock().today().to_string();
        let body = self.office.directory().get(body)?;
        let valid = |from: &Option<String>, to: &Option<String>| {
            from.as_deref().is_none_or(|from| from <= today.as_str()) && to.as_deref().is_none_or(|to| today.as_str() <= to)
        };
        let parent = body.parents.iter().find(|parent| valid(&parent.valid_from, &parent.valid_to))?;
        Some(self.body_name(parent.body))
    }

    /// The place in the dateline: the province of the body.
    fn place_of(&self, body: RecordId) -> String {
        let today = self.office.clock().today().to_string();
        let province = self.office.directory().get(body).and_then(|body| body.province.clone());
        let provinces = self.office.catalogue().list("provinces");
        let now = province.as_deref().and_then(|code| provinces.and_then(|list| list.now_of(code, &today)));
        let Some(name) = now.map(|code| code.label.vi.as_str()) else { return "……".to_owned() };
        let lower = name.to_lowercase();
        // A place named after a person keeps the word before it (Nghị định 30/2020/NĐ-CP, Appendix I, part II, 4a).
        let bare = ["tỉnh ", "thành phố "].iter().find(|word| lower.starts_with(*word)).and_then(|word| name.get(word.len()..));
        match bare {
            Some("Hồ Chí Minh") => "Thành phố Hồ Chí Minh".to_owned(),
            Some(bare) => bare.to_owned(),
            None => name.to_owned(),
        }
    }
}

fn dots(what: &str) -> String {
    format!("{what}: ……")
}
