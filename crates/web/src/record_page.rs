//! A record as its page shows it, whatever its kind: badges, fields, the progress of a task, what one may do with it.

use catalogue::{Audience, Criterion, DueState, Kind};
use office::{
    ArrivalPlace, FileRef, Holding, Identity, MatchSide, NextStep, Office, OfficeError, RecordId, RecordView, RegisterFilter, Related,
    TaskProgress,
};
use serde_json::Value;

use crate::attached_file::show_files;
use crate::blocks::{Block, Blocks, show};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::lang::Lang;
use crate::page::Page;
use crate::parts::{Badge, Cell, Column, Definitions, ExportLinks, Icon, Notice, Table, Tone};
use crate::records::{Titles, list_of, place_of, titles_in, value_cell};
use crate::returned::show_returned;
use crate::service::{App, said};

/// Most fields shown of a record whose form is not known.
const MOST_RAW: usize = 200;

/// A record as its page shows it, whatever its kind.
pub(crate) struct RecordPage {
    pub(crate) view: RecordView,
    /// Titles of the records it refers to.
    pub(crate) titles: Titles,
    steps: Vec<NextStep>,
    /// Contracts under a task, with their titles, of the bodies that the reader works for.
    contracts: Vec<(RecordId, String)>,
    /// Where it has arrived; for those who see the inside.
    way: Vec<ArrivalPlace>,
    /// The files that it names, and whether they are here.
    files: Vec<(FileRef, bool)>,
    /// Others about the same.
    related: Vec<Related>,
}

impl RecordPage {
    /// Reads a record with what stands around it.
    pub(crate) fn read(office: &Office, who: &Identity, id: RecordId) -> Result<RecordPage, OfficeError> {
        let view = office.view(who, id)?;
        let titles = titles_in(office, who, view.data.as_ref())?;
        let steps = office.next_steps(who, &view)?;
        let mut contracts = Vec::new();
        if view.kind == "task" && view.audience == Audience::Private {
            let bodies = who.bodies();
            let filter = RegisterFilter { kind: Some("contract".to_owned()), refers_to: Some(id), ..RegisterFilter::default() };
            for row in office.register_page(who, &filter, None, 10)?.rows {
                if row.owner.is_some_and(|owner| bodies.contains(&owner)) {
                    contracts.push((row.id, row.title));
                }
            }
        }
        let way = if who.is_signed_in() { office.arrival(who, id)? } else { Vec::new() };
        let files = office.attached_files(who, id)?;
        let related = office.related(who, &view, crate::matching::RELATED)?;
        Ok(RecordPage { view, titles, steps, contracts, way, files, related })
    }

    /// Where the record has its page: a form that is not known has none of its own.
    pub(crate) fn place(&self) -> String {
        if self.view.form == 0 { format!("/r/{}", self.view.id) } else { place_of(&self.view.kind, self.view.id) }
    }

    /// The form the record was made with.
    pub(crate) fn kind<'a>(&self, app: &'a App) -> Result<&'a Kind, Failure> {
        Ok(app.office.form(&self.view.kind, self.view.form)?)
    }

    /// The page with the title of the record and the way to its list.
    pub(crate) fn page(&self, page: Page, app: &App, data: &Value) -> Result<Page, Failure> {
        let kind = self.kind(app)?;
        let title = app.office.catalogue().title(&kind.name, data, crate::service::office_lang(page.lang));
        let label = said(&kind.plural, page.lang).to_owned();
        Ok(page.titled(title).crumb(label, &list_of(&kind.name)))
    }

    /// Kind, audience, and what is unusual about the record.
    pub(crate) fn badges(&self, page: &Page, app: &App) -> Result<Vec<Badge>, Failure> {
        let kind = self.kind(app)?;
        let mut badges = vec![
            Badge::new(Tone::Plain, Icon::Document, said(&kind.label, page.lang)),
            Badge::new(Tone::Info, Icon::Lock, said(&self.view.audience.label(), page.lang)),
        ];
        if self.view.data.as_ref().and_then(|data| data.get("illustrative")).and_then(Value::as_bool) == Some(true) {
            badges.push(Badge::illustrative(page.texts()));
        }
        if self.version_in_force(app)? != kind.version {
            badges.push(Badge::new(Tone::Warn, Icon::Document, format!("{} {}", page.say("Mẫu phiên bản", "Form version"), kind.version)));
        }
        Ok(badges)
    }

    /// The value of one field as a cell; empty when the record does not have it.
    pub(crate) fn cell(&self, page: &Page, app: &App, name: &str) -> Cell {
        let field = self.kind(app).ok().and_then(|kind| kind.field(name));
        match (field, self.view.data.as_ref().and_then(|data| data.get(name))) {
            (Some(field), Some(value)) => value_cell(app, page, &self.titles, field, value),
            _ => Cell::Empty,
        }
    }

    /// Every field except those already shown, the progress of a task, what one may do, and the files.
    pub(crate) fn show_rest(&self, page: &Page, app: &App, data: &Value, shown: &[&str], blocks: &mut Blocks) -> Result<(), Failure> {
        let (view, kind) = (&self.view, self.kind(app)?);
        let mut facts = Definitions { rows: Vec::new() };
        for field in kind.fields.iter().filter(|field| !shown.contains(&field.name.as_str())) {
            if let Some(value) = data.get(&field.name) {
                facts.add(said(&field.label, page.lang), value_cell(app, page, &self.titles, field, value));
            }
        }
        blocks.push(Block::Facts(facts));
        show_files(page, view.id, &self.files, blocks);
        // The steps of a task are not for everybody, and half of them would tell something false.
        if kind.name == "task"
            && view.audience == Audience::Private
            && let Some(progress) = app.office.task_progress(data)?
        {
            show_progress(page, &progress, blocks);
        }
        if kind.name == "proposal"
            && view.audience == Audience::Private
            && let Some(criteria) = app.office.urgent_local_criteria(data)
        {
            blocks.push(Block::Table(criteria_table(page, &criteria)));
        }
        let mut saved = vec![
            format!("{} {}", page.say("Phiên bản", "Version"), view.version),
            format!("{} {}", page.say("lưu lúc", "saved"), format::instant(view.at)),
        ];
        // Nobody expects the public to change a record, so there is nothing to explain to it.
        if page.viewer.is_some() {
            saved.push(said(&view.edit.why, page.lang).to_owned());
        }
        blocks.push(Block::Muted(saved.join(" · ")));
        blocks.list.extend(crate::nodes::arrival(page, view.id, &self.way));
        blocks.push(Block::Buttons(self.buttons(page, app)?));
        let id = view.id;
        let files = [("Word", "docx"), ("Excel", "xlsx"), ("CSV", "csv"), ("JSON", "json")];
        blocks.push(Block::Exports(ExportLinks::of_record(page, files.map(|(name, suffix)| (name, format!("/r/{id}.{suffix}"))))));
        crate::matching::show_related(page, app, &self.related, blocks);
        Ok(())
    }

    fn version_in_force(&self, app: &App) -> Result<u64, Failure> {
        let kind = self.kind(app)?;
        Ok(app.office.catalogue().kind(&self.view.kind).map_or(kind.version, |current| current.version))
    }

    /// What this reader may do with the record: words and address.
    fn buttons(&self, page: &Page, app: &App) -> Result<Vec<(String, String)>, Failure> {
        let (id, kind, in_force) = (self.view.id, self.kind(app)?, self.version_in_force(app)?);
        let mut buttons = Vec::new();
        for step in self.steps.iter().filter(|step| step.decision.allowed) {
            buttons.push((said(&step.label, page.lang).to_owned(), page.href(&format!("/r/{id}/buoc/{}", step.to))));
        }
        let money = page.say("Hợp đồng và kinh phí", "Contract and money");
        if kind.name == "contract" && self.view.audience == Audience::Private {
            buttons.push((money.to_owned(), page.href(&format!("/hop-dong/{id}"))));
        }
        for (contract, title) in &self.contracts {
            buttons.push((format!("{money}: {}", office::shorten(title, 60)), page.href(&format!("/hop-dong/{contract}"))));
        }
        let own = place_of(&kind.name, id);
        if own != page.path {
            buttons.push((page.say("Trang riêng", "Its own page").to_owned(), page.href(&own)));
        }
        if self.view.edit.allowed {
            buttons.push((page.say("Sửa", "Edit").to_owned(), page.href(&format!("/r/{id}/sua"))));
            if in_force != kind.version {
                let words = format!("{} {in_force}", page.say("Chuyển sang mẫu phiên bản", "Move to form version"));
                buttons.push((words, page.href(&format!("/r/{id}/sua?mau={in_force}"))));
            }
            buttons.push((page.say("Xóa nội dung", "Erase").to_owned(), page.href(&format!("/r/{id}/xoa"))));
        }
        match self.view.data.as_ref().and_then(|data| MatchSide::of(&kind.name, data)) {
            Some(MatchSide::Offers) => {
                buttons.push((page.say("Ai đáp ứng?", "Who offers it?").to_owned(), page.href(&format!("/r/{id}/goi-y"))));
            }
            Some(MatchSide::Needs) => {
                buttons.push((page.say("Ai cần?", "Who needs it?").to_owned(), page.href(&format!("/r/{id}/goi-y"))));
            }
            None => {}
        }
        if office::can_overlap(&kind.name) {
            buttons.push((page.say("Kiểm tra trùng lặp", "Overlap check").to_owned(), page.href(&format!("/r/{id}/trung-lap"))));
        }
        buttons.push((page.say("Lịch sử", "History").to_owned(), page.href(&format!("/r/{id}/lich-su"))));
        buttons.push((page.say("Giấy tờ", "Papers").to_owned(), page.href(&format!("/r/{id}/giay-to"))));
        Ok(buttons)
    }
}

/// Says whose record it is, when it is not the node's own, and offers to take it over where that is the reader's to do.
pub(crate) fn show_holding(page: &Page, id: RecordId, held: Option<&Holding>, blocks: &mut Blocks) {
    let Some(held) = held else { return };
    let mut words = match page.lang {
        Lang::Vi => format!("Bản ghi của {}, giữ tại đây (nút {}).", held.title, held.node),
        Lang::En => format!("A record of {}, held here (node {}).", held.title, held.node),
    };
    if !held.others.is_empty() {
        let others =
            page.say("Cùng mã bản ghi còn có bản ghi khác của nút:", "Under the same identifier there is another record of the node:");
        words = format!("{words} {others} {}.", held.others.join(", "));
    }
    blocks.push(Block::Notice(Notice::info(words)));
    blocks.list.extend(crate::inheritance::take_over_form(page, id, held));
    if held.may_return {
        blocks.push(Block::Buttons(vec![(
            page.say("Trả lại cho đơn vị", "Return to its owner").to_owned(),
            page.href(&format!("/r/{id}/tra-lai")),
        )]));
    }
}

/// A held record whose form this program does not know, or that does not fit it: as it came.
pub(crate) fn show_raw(page: Page, view: &RecordView, data: &Value) -> Answer {
    let title = data.get("title").and_then(Value::as_str).map_or_else(|| view.id.to_string(), |title| office::shorten(title, 120));
    let page = page.titled(title);
    let mut blocks = Blocks::default();
    blocks.push(Block::Badges(vec![
        Badge::new(Tone::Plain, Icon::Document, office::shorten(&view.kind, 64)),
        Badge::new(Tone::Info, Icon::Lock, said(&view.audience.label(), page.lang)),
    ]));
    show_holding(&page, view.id, view.held.as_ref(), &mut blocks);
    show_returned(&page, view.held.as_ref(), view.returned.as_ref(), &mut blocks);
    blocks.push(Block::Text(
        page.say(
            "Chưa có biểu mẫu của bản ghi này ở đây, hoặc nội dung không khớp biểu mẫu; nội dung hiện nguyên như khi nhận. Bản ghi chưa có trong danh sách và tìm kiếm.",
            "The form of this record is not here yet, or the contents do not fit it; they are shown as they came. The record is not in lists and search so far.",
        )
        .to_owned(),
    ));
    let mut facts = Definitions { rows: Vec::new() };
    for (name, value) in data.as_object().into_iter().flatten().take(MOST_RAW) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.add(office::shorten(name, 64), Cell::text(office::shorten(&text, 2_000)));
    }
    if facts.rows.is_empty() {
        facts.add(page.say("Nội dung", "Contents"), Cell::text(office::shorten(&data.to_string(), 2_000)));
    }
    blocks.push(Block::Facts(facts));
    show(page, blocks)
}

/// What is said of a record whose contents were erased.
pub(crate) fn show_erased(page: Page) -> Answer {
    let title = page.say("Bản ghi đã xóa", "Erased record").to_owned();
    let mut blocks = Blocks::default();
    blocks.push(Block::Text(
        page.say(
            "Nội dung đã bị xóa theo văn bản; bằng chứng trong sổ cái vẫn còn.",
            "The contents were erased by a document; the proofs in the ledger stay.",
        )
        .to_owned(),
    ));
    show(page.titled(title), blocks)
}

/// How a proposal stands to the criteria of an urgent local task, and why.
fn criteria_table(page: &Page, criteria: &[Criterion]) -> Table {
    let columns = vec![
        Column::new(page.say("Căn cứ", "Source")),
        Column::new(page.say("Tình trạng", "State")),
        Column::new(page.say("Vì sao", "Why")),
    ];
    let caption = page.say("Tiêu chí nhiệm vụ cấp thiết địa phương", "Criteria of an urgent local task");
    let mut table = Table::new(page.texts(), caption, columns).with_total(criteria.len() as u64);
    for criterion in criteria {
        let badge = match criterion.met {
            Some(true) => Badge::new(Tone::Good, Icon::Check, page.say("đạt", "met")),
            Some(false) => Badge::new(Tone::Bad, Icon::Alert, page.say("không đạt", "not met")),
            None => Badge::new(Tone::Warn, Icon::Info, page.say("chưa đủ thông tin", "not known")),
        };
        table.row(vec![Cell::text(criterion.source.clone()), Cell::from(badge), Cell::text(said(&criterion.why, page.lang))]);
    }
    table
}

/// The way of a task through its process: where it stands, what comes next and why not, every term.
fn show_progress(page: &Page, progress: &TaskProgress, blocks: &mut Blocks) {
    blocks.push(Block::Heading(page.say("Tiến trình theo quy định", "Progress through the process of the law").to_owned()));
    let current: Vec<&str> = progress.current.iter().map(|step| said(step, page.lang)).collect();
    blocks.push(Block::Text(format!(
        "{}. {} {}.",
        said(&progress.process, page.lang),
        page.say("Đang ở bước:", "It stands at:"),
        if current.is_empty() { "—".to_owned() } else { current.join("; ") }
    )));
    let columns = vec![
        Column::new(page.say("Việc phải làm", "What has to be done")),
        Column::new(page.say("Hạn", "Last day")),
        Column::new(page.say("Tình trạng", "State")),
        Column::new(page.say("Căn cứ", "Source")),
    ];
    let mut table = Table::new(page.texts(), page.say("Các hạn", "Terms"), columns).with_total(progress.terms.len() as u64);
    for term in &progress.terms {
        let (tone, icon) = match term.state {
            DueState::Late => (Tone::Bad, Icon::Alert),
            DueState::Near => (Tone::Warn, Icon::Clock),
            DueState::DoneLate | DueState::Lapsed => (Tone::Warn, Icon::Check),
            DueState::Done => (Tone::Good, Icon::Check),
            DueState::Running => (Tone::Info, Icon::Clock),
        };
        let mut due = vec![Cell::text(format::day(term.last_day))];
        if !term.covered {
            due.push(Cell::text(page.say("chưa tính ngày nghỉ: lịch chưa có năm này", "without holidays: the calendar lacks that year")));
        }
        if !term.certain {
            let words =
                page.say("chưa chắc: hồ sơ chưa ghi điều kiện của hạn này", "not certain: the record does not say what it depends on");
            due.push(Cell::text(words));
        }
        table.row(vec![
            Cell::text(said(&term.step, page.lang)),
            Cell::Lines(due),
            Cell::from(Badge::new(tone, icon, said(&term.state_label(), page.lang))),
            Cell::text(term.source.clone()),
        ]);
    }
    if !progress.terms.is_empty() {
        blocks.push(Block::Table(table));
    }
    let columns = vec![
        Column::new(page.say("Bước có thể tiếp theo", "What may come next")),
        Column::new(page.say("Ai làm", "Who acts")),
        Column::new(page.say("Còn thiếu", "What is missing")),
    ];
    let mut table = Table::new(page.texts(), page.say("Bước tiếp theo", "Next steps"), columns).with_total(progress.next.len() as u64);
    for next in &progress.next {
        let missing: Vec<Cell> = next.missing.iter().map(|missing| Cell::text(said(missing, page.lang))).collect();
        table.row(vec![
            Cell::text(said(&next.step, page.lang)),
            Cell::text(said(&next.actor, page.lang)),
            if missing.is_empty() { Cell::Empty } else { Cell::Lines(missing) },
        ]);
    }
    if !progress.next.is_empty() {
        blocks.push(Block::Table(table));
    }
    if let Some(note) = &progress.note {
        blocks.push(Block::Muted(said(note, page.lang).to_owned()));
    }
}
