//! Contracts and their money (O6): what may be paid now and why (not), money by source and purpose, tranches, payments, milestones, acceptance; and the
//! list of a body's contracts.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use jiff::civil::Date;
use office::{
    BudgetAmounts, BudgetBasis, ContractList, ContractNeed, ContractPage, OfficeError, PaymentAnswer, PaymentReason, PaymentStanding,
    ReasonWeight, RecordId, RemedyPlace,
};

use crate::blocks::{Block, Blocks, Form, show};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::lang::{Label, Lang};
use crate::links::with_query;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{Badge, Cell, Choice, Column, Definitions, EmptyState, Field, Icon, Notice, Pager, Row, Table, Tone};
use crate::records::place_of;
use crate::service::{App, Who, parameter_id, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/hop-dong", get(list)).route("/hop-dong/{id}", get(contract))
}

/// What the list can be narrowed to: the parameter's value, the need, its words.
const NEEDS: [(&str, ContractNeed, &str, &str); 3] = [
    ("duoc-chi", ContractNeed::Payable, "được chi ngay", "payable now"),
    ("chua-chi", ContractNeed::Blocked, "chưa được chi", "not payable yet"),
    ("qua-han", ContractNeed::Late, "có việc quá hạn", "something is late"),
];

/// Reasons said in the headline; the table below has all of them.
const MOST_IN_THE_HEADLINE: usize = 2;

async fn contract(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let found = app
        .call(move |office| match office.contract_page(&who, id) {
            // Who does not see the inside of the contract, or means another kind of record, finds what there is to see elsewhere.
            Err(OfficeError::NotFound(_)) => Ok(Err(office.view(&who, id)?.kind)),
            found => found.map(Ok),
        })
        .await?;
    let found = match found {
        Ok(found) => found,
        Err(kind) if kind == "contract" => return page.go(&format!("/r/{id}")),
        Err(kind) => return page.go(&place_of(&kind, id)),
    };
    let today = app.office.clock().today();
    let (label, title) = (page.say("Hợp đồng và kinh phí", "Contracts and money").to_owned(), found.contract.title.clone());
    let page = page.titled(title).at(Nav::Work).crumb(label, "/hop-dong");
    let mut blocks = Blocks::default();
    if found.contract.illustrative {
        blocks.push(Block::Badges(vec![Badge::illustrative(page.texts())]));
    }
    blocks.push(Block::Notice(headline(&page, &found.answer)));
    let actions = actions(&page, &found);
    if !actions.is_empty() {
        blocks.push(Block::Buttons(actions));
    }
    blocks.push(Block::Table(reasons_table(&page, &found)));
    blocks.push(Block::Muted(said(&office::open_questions(), page.lang).to_owned()));
    blocks.push(Block::Heading(page.say("Hợp đồng", "Contract").to_owned()));
    blocks.push(Block::Facts(facts(&page, &app, &found, today)));
    blocks.push(Block::Heading(page.say("Kinh phí theo nguồn và mục chi", "Money by source and purpose").to_owned()));
    blocks.push(Block::Table(budget_table(&page, &app, &found)));
    blocks.push(Block::Muted(basis_words(&page, found.budget.basis).to_owned()));
    blocks.push(Block::Heading(page.say("Các đợt cấp và lần chi", "Tranches and payments").to_owned()));
    blocks.push(Block::Table(tranches_table(&page, &found)));
    blocks.push(Block::Table(payments_table(&page, &found)));
    blocks.push(Block::Heading(page.say("Mốc công việc và nghiệm thu", "Milestones and acceptance").to_owned()));
    blocks.push(Block::Table(milestones_table(&page, &found, today)));
    blocks.push(Block::Table(acceptances_table(&page, &found)));
    let mut buttons = vec![(page.say("Bản ghi hợp đồng", "Record of the contract").to_owned(), page.href(&format!("/r/{id}")))];
    if found.edit.allowed {
        buttons.push((page.say("Sửa hợp đồng", "Change the contract").to_owned(), page.href(&format!("/r/{id}/sua"))));
    } else {
        blocks.push(Block::Muted(said(&found.edit.why, page.lang).to_owned()));
    }
    blocks.push(Block::Buttons(buttons));
    show(page, blocks)
}

/// The answer in one sentence: how much and why, or why not and what to do first.
fn headline(page: &Page, answer: &PaymentAnswer) -> Notice {
    let words_of = |weighs: fn(ReasonWeight) -> bool| -> Vec<&str> {
        let reasons = answer.reasons.iter().filter(|reason| weighs(reason.weight));
        reasons.map(|reason| said(&reason.text, page.lang)).collect()
    };
    let because = page.say("Vì:", "Because:");
    match answer.standing {
        PaymentStanding::Payable { tranche, amount } => {
            let (now, number) = (page.say("Được chi ngay:", "Payable now:"), page.say("đợt", "tranche"));
            let words = format!("{because} {}", words_of(|weight| weight == ReasonWeight::Supports).join(" "));
            Notice { alert: false, ..Notice::done(words).titled(format!("{now} {} ({number} {tranche})", money(page, amount))) }
        }
        PaymentStanding::NotYet => {
            let obstacles = words_of(|weight| weight <= ReasonWeight::Blocks);
            let shown: Vec<&str> = obstacles.iter().take(MOST_IN_THE_HEADLINE).copied().collect();
            let mut words = format!("{because} {}", shown.join(" "));
            if obstacles.len() > shown.len() {
                let more = obstacles.len() - shown.len();
                words = format!("{words} {} {more}.", page.say("Lý do khác, xem bảng dưới:", "More reasons, in the table below:"));
            }
            if let Some((todo, _)) = answer.reasons.first().and_then(|reason| reason.remedy.as_ref()) {
                words = format!("{words} {} {}.", page.say("Việc cần làm trước:", "To do first:"), said(todo, page.lang));
            }
            Notice::warning(words).titled(page.say("Chưa được chi", "Not payable yet"))
        }
        PaymentStanding::Complete => {
            let words = words_of(|weight| weight <= ReasonWeight::Blocks || weight == ReasonWeight::Supports).join(" ");
            Notice::info(words).titled(page.say("Không còn khoản nào phải chi", "Nothing is left to pay"))
        }
    }
}

fn reasons_table(page: &Page, found: &ContractPage) -> Table {
    let columns = vec![
        Column::new(page.say("Lý do", "Reason")),
        Column::new(page.say("Tình trạng", "State")),
        Column::new(page.say("Việc cần làm", "What to do")),
        Column::new(page.say("Căn cứ", "Source")),
    ];
    let caption = page.say("Vì sao được chi, chưa được chi", "Why it may, or may not, be paid");
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.answer.reasons.len() as u64);
    for reason in &found.answer.reasons {
        let badge = match reason.weight {
            ReasonWeight::Late => Badge::new(Tone::Bad, Icon::Alert, page.say("quá hạn, chưa chi", "late, not payable")),
            ReasonWeight::Blocks => Badge::new(Tone::Bad, Icon::Alert, page.say("chưa chi", "not payable")),
            ReasonWeight::Look => Badge::new(Tone::Warn, Icon::Info, page.say("cần xem", "have a look")),
            ReasonWeight::Supports => Badge::new(Tone::Good, Icon::Check, page.say("đạt", "met")),
        };
        table.row(vec![
            Cell::text(said(&reason.text, page.lang)),
            Cell::from(badge),
            remedy_cell(page, found, reason),
            Cell::text(reason.source.clone().unwrap_or_else(|| page.say("theo hồ sơ", "the records themselves").to_owned())),
        ]);
    }
    table
}

fn remedy_cell(page: &Page, found: &ContractPage, reason: &PaymentReason) -> Cell {
    let Some((words, place)) = &reason.remedy else { return Cell::Empty };
    Cell::link(said(words, page.lang), page.href(&remedy_place(found, *place)))
}

/// Where a remedy is done by this person: who may not change a record sees it.
fn remedy_place(found: &ContractPage, place: RemedyPlace) -> String {
    let edit = found.edit.allowed;
    match place {
        RemedyPlace::Task => found.task.as_ref().map_or_else(|| format!("/r/{}", found.id), |(task, _)| place_of("task", *task)),
        RemedyPlace::Record(record) => format!("/r/{record}"),
        RemedyPlace::NewBudgetLine if edit => new_record("budget_line", found),
        RemedyPlace::Contract if edit => format!("/r/{}/sua", found.id),
        RemedyPlace::NewBudgetLine | RemedyPlace::Contract => format!("/r/{}", found.id),
    }
}

/// The address of the form of a new record with contract and task filled in.
fn new_record(kind: &str, found: &ContractPage) -> String {
    let mut values = Vec::new();
    if kind == "disbursement" {
        values.push(("contract".to_owned(), found.id.to_string()));
    }
    values.extend(found.task.iter().map(|(task, _)| ("task".to_owned(), task.to_string())));
    with_query(&format!("/bieu-mau/{kind}/moi"), &values)
}

/// What to do now: the first remedy while something stands in the way, then what can be recorded.
fn actions(page: &Page, found: &ContractPage) -> Vec<(String, String)> {
    let mut actions = Vec::new();
    let first = found.answer.reasons.first().filter(|reason| reason.weight <= ReasonWeight::Blocks);
    if let Some((words, place)) = first.and_then(|reason| reason.remedy.as_ref()) {
        actions.push((said(words, page.lang).to_owned(), page.href(&remedy_place(found, *place))));
    }
    if found.edit.allowed {
        for (kind, words) in [
            ("disbursement", page.say("Ghi lần cấp, chi", "Record a payment")),
            ("budget_line", page.say("Thêm dòng kinh phí", "Add a budget line")),
            ("acceptance", page.say("Ghi nghiệm thu", "Record an acceptance")),
        ] {
            actions.push((words.to_owned(), page.href(&new_record(kind, found))));
        }
    }
    actions
}

fn facts(page: &Page, app: &App, found: &ContractPage, today: Date) -> Definitions {
    let contract = &found.contract;
    let body = |id: Option<RecordId>| id.map(|id| app.office.directory().short_name(id, today));
    let mut facts = Definitions { rows: Vec::new() };
    if let Some((task, title)) = &found.task {
        facts.add(page.say("Nhiệm vụ", "Task"), Cell::link(office::shorten(title, 160), page.href(&place_of("task", *task))));
    }
    facts.add_some(page.say("Số hợp đồng", "Number"), contract.number.clone());
    facts.add_some(page.say("Ngày ký", "Signed"), contract.signed_day.map(format::day));
    facts.add_some(page.say("Bên A", "Party A"), body(contract.party_a));
    facts.add_some(page.say("Bên B", "Party B"), body(contract.party_b).or_else(|| contract.party_b_text.clone()));
    let term = [(page.say("từ", "from"), contract.start), (page.say("đến", "until"), contract.end)];
    let term: Vec<String> = term
        .into_iter()
        .filter_map(|(word, date)| date.map(|date| format!("{word} {}", format::partial(&date.to_iso(), page.lang))))
        .collect();
    facts.add_some(page.say("Thời hạn", "Term"), Some(term.join(" ")).filter(|words| !words.is_empty()));
    facts.add(page.say("Giá trị", "Value"), Cell::text(some_money(page, contract.value)));
    facts.add(page.say("Đã cấp", "Paid"), Cell::text(money(page, found.paid)));
    if let Some(value) = contract.value {
        facts.add(page.say("Còn lại", "Left"), Cell::text(money(page, value.saturating_sub(found.paid))));
    }
    facts.add_some(page.say("Ngày thanh lý", "Settled"), contract.settled_day.map(format::day));
    facts
}

fn budget_table(page: &Page, app: &App, found: &ContractPage) -> Table {
    let columns = vec![
        Column::new(page.say("Nguồn, mục chi", "Source, purpose")),
        Column::numeric(page.say("Dự toán", "Planned")),
        Column::numeric(page.say("Được duyệt", "Approved")),
        Column::numeric(page.say("Đã cấp", "Paid")),
        Column::numeric(page.say("Không dùng hết", "Unspent")),
        Column::numeric(page.say("Sai mục đích", "Misdirected")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có kinh phí nào được ghi", "No money is recorded yet"),
        page.say("Thêm dòng kinh phí của nhiệm vụ, hoặc ghi lần cấp, chi.", "Add a budget line of the task, or record a payment."),
    );
    let caption = page.say("Kinh phí (triệu đồng)", "Money (million VND)");
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.budget.rows.len() as u64).when_empty(empty);
    let word = |list: &str, code: &Option<String>, missing: (&'static str, &'static str)| match code {
        None => page.say(missing.0, missing.1).to_owned(),
        Some(code) => {
            let list = app.office.catalogue().list(list);
            list.and_then(|list| list.label(code)).map_or_else(|| code.clone(), |label| said(label, page.lang).to_owned())
        }
    };
    for row in &found.budget.rows {
        let source = word("funding-sources", &row.source, ("không ghi nguồn", "no source"));
        let purpose = word("spending-purposes", &row.purpose, ("không ghi mục chi", "no purpose"));
        let mut name = vec![Cell::text(format!("{source} – {purpose}"))];
        let overdrawn = row.amounts.is_overdrawn();
        if overdrawn {
            name.push(Cell::from(Badge::new(Tone::Bad, Icon::Alert, page.say("cấp vượt số được duyệt", "more paid than approved"))));
        }
        let mut cells = vec![Cell::Lines(name)];
        cells.extend(amount_cells(page, &row.amounts));
        table.rows.push(Row { cells, marked: overdrawn, draft: None });
    }
    if !table.rows.is_empty() {
        let mut cells = vec![Cell::text(page.say("Cộng", "Total"))];
        cells.extend(amount_cells(page, &found.budget.total));
        table.row(cells);
    }
    table
}

fn amount_cells(page: &Page, amounts: &BudgetAmounts) -> [Cell; 5] {
    [amounts.planned, amounts.approved, amounts.paid, amounts.unspent, amounts.misdirected]
        .map(|amount| amount.map_or(Cell::Empty, |amount| Cell::text(format::in_millions(amount, page.lang))))
}

fn basis_words(page: &Page, basis: BudgetBasis) -> &str {
    match basis {
        BudgetBasis::Lines => page.say(
            "Dự toán, số được duyệt, không dùng hết, sai mục đích: theo dòng kinh phí đã ghi nhận của nhiệm vụ. Đã cấp: tạm ứng và thanh toán trừ thu hồi, nộp trả của hợp đồng này.",
            "Planned, approved, unspent, misdirected: recorded budget lines of the task. Paid: advances and payments less recoveries and returns of this contract.",
        ),
        BudgetBasis::Disbursements => page.say(
            "Nhiệm vụ chưa có dòng kinh phí nào được ghi nhận; dự toán và số được duyệt lấy từ các bản ghi cấp, chi của hợp đồng. Đã cấp: tạm ứng và thanh toán trừ thu hồi, nộp trả.",
            "The task has no recorded budget line; planned and approved are those of the contract's disbursements. Paid: advances and payments less recoveries and returns.",
        ),
        BudgetBasis::Task => page.say(
            "Số được duyệt lấy từ ô “Kinh phí được phê duyệt” của nhiệm vụ, không chia theo mục chi. Đã cấp: tạm ứng và thanh toán trừ thu hồi, nộp trả.",
            "Approved is the “Approved budget” of the task's record, not divided by purpose. Paid: advances and payments less recoveries and returns.",
        ),
        BudgetBasis::Nothing => page.say(
            "Chưa bản ghi nào ghi số được duyệt (TT 14/2014/TT-BKHCN, Điều 6.2l).",
            "No record names an approved amount (TT 14/2014/TT-BKHCN, Điều 6.2l).",
        ),
    }
}

fn tranches_table(page: &Page, found: &ContractPage) -> Table {
    let columns = vec![
        Column::new(page.say("Đợt", "Tranche")),
        Column::new(page.say("Dự kiến", "Planned")),
        Column::numeric(page.say("Số tiền", "Amount")),
        Column::numeric(page.say("Đã cấp", "Paid")),
        Column::new(page.say("Tình trạng", "State")),
        Column::new(page.say("Điều kiện", "Condition")),
    ];
    let empty = EmptyState::new(
        page.say("Hợp đồng chưa ghi đợt cấp nào", "The contract names no tranche"),
        page.say("Sửa hợp đồng để ghi các đợt.", "Change the contract to put them in."),
    );
    let caption = page.say("Các đợt theo hợp đồng (triệu đồng)", "Tranches of the contract (million VND)");
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.tranches.len() as u64).when_empty(empty);
    for (tranche, part) in &found.tranches {
        let now = matches!(found.answer.standing, PaymentStanding::Payable { tranche: number, .. } if number == tranche.number);
        let badge = if *part >= tranche.amount {
            let day = tranche.paid_day.map(|day| format!(" {}", format::day(day))).unwrap_or_default();
            Badge::new(Tone::Good, Icon::Check, format!("{}{day}", page.say("đã cấp", "paid")))
        } else if now {
            Badge::new(Tone::Info, Icon::Clock, page.say("được chi ngay", "payable now"))
        } else if *part > 0 {
            Badge::new(Tone::Plain, Icon::Clock, page.say("cấp một phần", "paid in part"))
        } else {
            Badge::new(Tone::Plain, Icon::Clock, page.say("chưa cấp", "not paid"))
        };
        table.row(vec![
            Cell::text(tranche.number.to_string()),
            Cell::text(tranche.planned_day.map(|day| format::partial(&day.to_iso(), page.lang)).unwrap_or_default()),
            Cell::text(format::in_millions(tranche.amount, page.lang)),
            Cell::text(format::in_millions(*part, page.lang)),
            Cell::from(badge),
            Cell::text(tranche.condition.clone().unwrap_or_default()),
        ]);
    }
    table
}

fn payments_table(page: &Page, found: &ContractPage) -> Table {
    let columns = vec![
        Column::new(page.say("Ngày", "Day")),
        Column::new(page.say("Loại", "Kind")),
        Column::numeric(page.say("Số tiền", "Amount")),
        Column::new(page.say("Chứng từ", "Paper")),
        Column::new(page.say("Bản ghi cấp, chi", "Disbursement")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có lần cấp, chi nào", "No payment yet"),
        page.say("Ghi lần cấp, chi khi tiền đã chuyển.", "Record a payment once the money has gone."),
    );
    let caption = page.say("Các lần cấp, chi (đồng)", "Payments (đồng)");
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.payments.len() as u64).when_empty(empty);
    for payment in &found.payments {
        let mut record = vec![Cell::link(office::shorten(&payment.title, 100), page.href(&format!("/r/{}", payment.record)))];
        if !payment.counts {
            let words = page.say("bản nháp, chưa tính", "a draft, does not count");
            record.push(Cell::from(Badge::new(Tone::Warn, Icon::Info, words)));
        }
        table.row(vec![
            Cell::text(format::day(payment.day)),
            Cell::text(said(&payment.kind, page.lang)),
            Cell::number(payment.amount, page.lang),
            Cell::text(payment.document.clone().unwrap_or_default()),
            Cell::Lines(record),
        ]);
    }
    table
}

fn milestones_table(page: &Page, found: &ContractPage, today: Date) -> Table {
    let columns = vec![
        Column::new(page.say("Công việc", "Work")),
        Column::new(page.say("Hạn", "Last day")),
        Column::new(page.say("Tình trạng", "State")),
    ];
    let empty = EmptyState::new(
        page.say("Hợp đồng chưa ghi mốc công việc", "The contract names no milestone"),
        page.say("Không có mốc thì không xét tiến độ sản phẩm khi chi.", "Without milestones the progress of the work is not considered."),
    );
    let caption = page.say("Mốc công việc", "Milestones");
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.contract.milestones.len() as u64).when_empty(empty);
    for milestone in &found.contract.milestones {
        let badge = match milestone.done_day {
            Some(day) if milestone.due.is_some_and(|due| due.last_day() < day) => {
                Badge::new(Tone::Warn, Icon::CheckLate, format!("{} {}", page.say("xong muộn", "done late"), format::day(day)))
            }
            Some(day) => Badge::new(Tone::Good, Icon::Check, format!("{} {}", page.say("đã xong", "done"), format::day(day))),
            None if milestone.is_late(today) => Badge::new(Tone::Bad, Icon::Alert, page.say("quá hạn", "late")),
            None => Badge::new(Tone::Plain, Icon::Clock, page.say("chưa tới hạn", "not due yet")),
        };
        table.row(vec![
            Cell::text(milestone.text.clone()),
            Cell::text(milestone.due.map(|due| format::partial(&due.to_iso(), page.lang)).unwrap_or_default()),
            Cell::from(badge),
        ]);
    }
    table
}

fn acceptances_table(page: &Page, found: &ContractPage) -> Table {
    let columns = vec![
        Column::new(page.say("Nghiệm thu", "Acceptance")),
        Column::new(page.say("Ngày họp", "Meeting")),
        Column::new(page.say("Xếp loại", "Grade")),
    ];
    let empty = EmptyState::new(
        page.say("Chưa có nghiệm thu được ghi nhận", "No acceptance is recorded"),
        page.say(
            "Bản ghi nghiệm thu của nhiệm vụ sẽ hiện ở đây; ngày nghiệm thu ghi trong hồ sơ nhiệm vụ thì xét ở bảng lý do.",
            "Recorded acceptances of the task appear here; a day of acceptance in the record of the task is among the reasons above.",
        ),
    );
    let caption = page.say("Nghiệm thu nhiệm vụ", "Acceptance of the task");
    let mut table = Table::new(page.texts(), caption, columns).with_total(found.acceptances.len() as u64).when_empty(empty);
    for acceptance in &found.acceptances {
        table.row(vec![
            Cell::link(office::shorten(&acceptance.title, 120), page.href(&format!("/r/{}", acceptance.record))),
            Cell::text(acceptance.day.map(format::day).unwrap_or_default()),
            Cell::text(acceptance.grade.as_ref().map(|grade| said(grade, page.lang)).unwrap_or_default()),
        ]);
    }
    table
}

async fn list(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    if !who.is_signed_in() {
        return Err(Failure::sign_in_needed());
    }
    let asked = parameter_id("co-quan", page.parameter("co-quan"))?;
    let bodies = who.bodies();
    // Who works in no body is told so by the decision.
    let body = asked.or_else(|| bodies.first().copied()).unwrap_or_else(|| app.office.body());
    let need = match page.parameter("can") {
        None => None,
        Some(code) => Some(NEEDS.iter().find(|need| need.0 == code).ok_or_else(|| unknown_need(code))?.1),
    };
    let state = page.parameter("trang-thai").map(str::to_owned);
    let may_add = app.office.may_create(&who, "contract")?.allowed;
    let found = app.call(move |office| office.contracts(&who, body, state.as_deref(), need, place.after.as_deref(), place.limit)).await?;
    let today = app.office.clock().today();
    let name = app.office.directory().short_name(body, today);
    let title = page.say("Hợp đồng và kinh phí", "Contracts and money").to_owned();
    let page = page.titled(title).at(Nav::Work);
    let mut blocks = Blocks::default();
    if may_add {
        blocks.push(Block::Buttons(vec![(page.say("Thêm hợp đồng", "Add a contract").to_owned(), page.href("/bieu-mau/contract/moi"))]));
    }
    blocks.push(Block::Form(filter_form(&page, &app, &bodies, body, today)));
    blocks.push(Block::Table(list_table(&page, &name, need.is_some(), &found)));
    if need.is_some() {
        blocks.push(Block::Muted(format!(
            "{} {} {} {}.",
            page.say("Trang này đã xét", "This page looked at"),
            found.looked_at,
            page.say("hợp đồng, ký gần nhất trước, trong tổng số", "contracts, latest signed first, of"),
            format::number(i64::try_from(found.total).unwrap_or(i64::MAX), page.lang)
        )));
    }
    blocks.push(Block::Pager(Pager::new(&page, found.rows.len(), found.total, found.next.as_deref())));
    show(page, blocks)
}

fn unknown_need(code: &str) -> Failure {
    let message = Label::new(
        format!("Tham số “can” không có giá trị “{code}”. Hãy chọn lại trong bộ lọc của danh sách."),
        format!("The parameter “can” has no value “{code}”. Choose again in the filter of the list."),
    );
    Failure::bad_parameter("can", message)
}

fn filter_form(page: &Page, app: &App, bodies: &[RecordId], body: RecordId, today: Date) -> Form {
    let all = || Choice::new("", page.say("tất cả", "all"));
    let mut needs = vec![all()];
    needs.extend(NEEDS.iter().map(|(code, _, vi, en)| Choice::new(*code, page.say(vi, en))));
    let mut states = vec![all()];
    for state in app.office.catalogue().list("workflow:register").map(|list| list.codes.as_slice()).unwrap_or_default() {
        states.push(Choice::new(state.code.clone(), said(&state.label, page.lang)));
    }
    let mut form = Form::filter(page.href("/hop-dong"));
    if bodies.len() > 1 {
        let choices = bodies.iter().map(|id| Choice::new(id.to_string(), app.office.directory().short_name(*id, today))).collect();
        form = form.field(Field::select(page.texts(), "co-quan", page.say("Cơ quan", "Body"), choices).value(body.to_string()));
    }
    let chosen = |name: &str| page.parameter(name).unwrap_or_default().to_owned();
    form.field(Field::select(page.texts(), "can", page.say("Chi trả", "Payment"), needs).value(chosen("can")))
        .field(
            Field::select(page.texts(), "trang-thai", page.say("Trạng thái hồ sơ", "State of the record"), states)
                .value(chosen("trang-thai")),
        )
        .button(page.say("Lọc", "Show"))
}

fn list_table(page: &Page, body: &str, narrowed: bool, found: &ContractList) -> Table {
    let columns = vec![
        Column::new(page.say("Hợp đồng", "Contract")),
        Column::new(page.say("Chi trả", "Payment")),
        Column::numeric(page.say("Được chi ngay (triệu đồng)", "Payable now (million VND)")),
        Column::numeric(page.say("Giá trị (triệu đồng)", "Value (million VND)")),
        Column::numeric(page.say("Đã cấp (triệu đồng)", "Paid (million VND)")),
        Column::new(page.say("Đến", "Until")),
    ];
    let empty = EmptyState::new(
        page.say("Không có hợp đồng nào", "There is no contract"),
        page.say("Hợp đồng của cơ quan anh/chị sẽ hiện ở đây.", "Contracts of your body appear here."),
    );
    let caption = format!("{} {body}", page.say("Hợp đồng của", "Contracts of"));
    let total = if narrowed { found.rows.len() as u64 } else { found.total };
    let mut table = Table::new(page.texts(), caption, columns).with_total(total).when_empty(empty);
    for line in &found.rows {
        let contract = &line.contract;
        let mut name = vec![Cell::link(office::shorten(&line.row.title, 140), page.href(&format!("/hop-dong/{}", line.row.id)))];
        name.extend(contract.number.clone().map(Cell::text));
        let (badge, amount) = match line.answer.standing {
            PaymentStanding::Payable { amount, .. } => (
                Badge::new(Tone::Good, Icon::Check, page.say("được chi ngay", "payable now")),
                Cell::text(format::in_millions(amount, page.lang)),
            ),
            PaymentStanding::NotYet if line.answer.is_late() => {
                (Badge::new(Tone::Bad, Icon::Alert, page.say("chưa được chi, quá hạn", "not payable, late")), Cell::Empty)
            }
            PaymentStanding::NotYet => (Badge::new(Tone::Warn, Icon::Clock, page.say("chưa được chi", "not payable yet")), Cell::Empty),
            PaymentStanding::Complete => {
                (Badge::new(Tone::Plain, Icon::Check, page.say("không còn khoản phải chi", "nothing left to pay")), Cell::Empty)
            }
        };
        let mut answer = vec![Cell::from(badge)];
        if line.answer.standing == PaymentStanding::NotYet {
            answer.extend(line.answer.reasons.first().map(|reason| Cell::text(said(&reason.text, page.lang))));
        }
        table.row(vec![
            Cell::Lines(name),
            Cell::Lines(answer),
            amount,
            contract.value.map_or(Cell::Empty, |value| Cell::text(format::in_millions(value, page.lang))),
            Cell::text(format::in_millions(line.paid, page.lang)),
            Cell::text(contract.end.map(|end| format::partial(&end.to_iso(), page.lang)).unwrap_or_default()),
        ]);
    }
    table
}

/// An amount with its unit: `500.000.000 đồng`, `500,000,000 VND`.
fn money(page: &Page, amount: i64) -> String {
    let unit = match page.lang {
        Lang::Vi => "đồng",
        Lang::En => "VND",
    };
    format!("{} {unit}", format::number(amount, page.lang))
}

fn some_money(page: &Page, amount: Option<i64>) -> String {
    amount.map_or_else(|| page.say("chưa ghi", "not recorded").to_owned(), |amount| money(page, amount))
}
