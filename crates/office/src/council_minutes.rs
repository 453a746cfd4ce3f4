//! The minutes of a council as a Word file in the layout of Nghị định 30/2020/NĐ-CP.

use ledger::RecordId;
use official::write::{AdministrativeDocument, Align, Block, Column, Level, Row, Signatory, Table};

use crate::council::CouncilPage;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;

impl Office {
    /// The minutes of a council, an editable .docx. They hold sums only; what is not recorded yet is left open with dots.
    pub fn council_minutes(&self, who: &Identity, id: RecordId) -> Result<Vec<u8>, OfficeError> {
        let page = self.council_page(who, id)?;
        let today = self.clock().today();
        let issuer = page.owner.and_then(|owner| self.directory().get(owner)).map(|body| body.name_on(today).to_owned());
        minutes(&page, issuer.unwrap_or_default()).to_docx().map_err(|error| OfficeError::Data(error.to_string()))
    }
}

fn minutes(page: &CouncilPage, issuer: String) -> AdministrativeDocument {
    let line = |name: &str, value: Option<String>| Block::FormLine { label: format!("{name}:"), value };
    let day = |day: Option<jiff::civil::Date>| day.map(viet::format_day);
    let mut body = vec![
        Block::heading(Level::Section, "Thông tin chung"),
        line("Nhiệm vụ", page.subject.as_ref().map(|(_, title)| title.clone()).filter(|title| !title.is_empty())),
        line("Quyết định thành lập hội đồng", page.decision.0.clone()),
        line("Ngày quyết định", day(page.decision.1)),
        line("Ngày họp", day(page.meeting.0)),
        line("Địa điểm", page.meeting.1.clone()),
        Block::heading(Level::Section, "Thành phần"),
        members_table(page),
    ];
    for rule in page.composition.iter().chain(&page.quorum) {
        body.push(Block::text(rule.why.vi.clone()));
    }
    body.push(Block::heading(Level::Section, "Kiểm phiếu"));
    body.push(Block::text(format!("Hội đồng bỏ phiếu kín theo {} ({}).", page.sheet.label.vi, page.sheet.source)));
    if page.count.is_empty() {
        body.push(Block::text("Chưa có kết quả kiểm phiếu."));
    } else {
        let rows = page.count.iter().map(|(name, number)| vec![name.vi.clone(), number.clone()].into()).collect();
        let columns = vec![Column::new("Nội dung", 4, Align::Left), Column::new("Số liệu", 1, Align::Right)];
        body.push(Block::Table(Table { columns, numbered: false, rows }));
    }
    if let Some(decided) = &page.decided {
        body.push(Block::text(decided.why.vi.clone()));
    }
    if let Some(note) = &page.count_note {
        body.push(Block::text(format!("Ghi chú: {note}")));
    }
    body.push(Block::heading(Level::Section, "Ý kiến và kiến nghị của hội đồng"));
    body.push(Block::text(page.conclusion.clone().unwrap_or_else(|| "……".to_owned())));
    let signatory = |words: &str, role: &str| Signatory {
        role: words.to_owned(),
        name: page.members.iter().find(|member| member.role == role && member.present).map(|member| member.name.clone()),
    };
    body.push(Block::Signatures {
        left: signatory("Thư ký hội đồng", "secretary"), right: signatory("Chủ tịch hội đồng", "chair")
    });
    AdministrativeDocument {
        issuer,
        symbol: "BB-HĐ".to_owned(),
        kind: Some("Biên bản".to_owned()),
        summary: format!("Họp {}", crate::directive::within_a_sentence(&page.title)),
        body,
        ..AdministrativeDocument::default()
    }
}

fn members_table(page: &CouncilPage) -> Block {
    let columns = vec![
        Column::new("TT", 1, Align::Centre),
        Column::new("Họ và tên", 5, Align::Left),
        Column::new("Đơn vị công tác", 5, Align::Left),
        Column::new("Chức danh", 3, Align::Left),
        Column::new("Có mặt", 2, Align::Centre),
    ];
    let mut rows: Vec<Row> = Vec::with_capacity(page.members.len());
    for (at, member) in page.members.iter().enumerate() {
        let here = match (member.present, member.conflicts.is_empty()) {
            (true, true) => "có",
            (true, false) => "có, không bỏ phiếu",
            (false, _) => "vắng",
        };
        rows.push(
            vec![(at + 1).to_string(), member.name.clone(), member.body.clone(), member.role_label.vi.clone(), here.to_owned()].into(),
        );
    }
    Block::Table(Table { columns, numbered: false, rows })
}
