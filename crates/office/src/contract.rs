//! Contracts and their money: what the page of a contract shows, and the list of a body's contracts with what each may be paid now.

use std::collections::BTreeSet;

use catalogue::{Audience, DueState, Label};
use jiff::civil::Date;
use ledger::RecordId;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use viet::PartialDate;

use crate::budget::{BudgetBasis, BudgetLine, BudgetTable, budget_table};
use crate::error::OfficeError;
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::payment::{LateTerm, PaymentAnswer, PaymentMoney, PaymentStanding, PaymentTask, ReasonWeight, covered, payment_answer};
use crate::permission::{Action, Decision, decide};
use crate::record::RecordView;
use crate::register::{Order, RegisterFilter, RegisterRow};
use crate::task::TaskTerm;

/// Records that refer to a contract or its task are read up to this number; beyond it the answer says that it cannot be known.
const MOST_READ: usize = 500;
/// Contracts looked at for one page of a list that is narrowed by the answer.
const MOST_LOOKED_AT: usize = 300;
/// Steps of a task whose lateness stands in the way of money: reports, confirmations of work and spending, the file for acceptance.
const MONEY_STEPS: [&str; 4] = ["progress_report", "work_confirmed", "spending_confirmed", "dossier"];

/// A contract as it is stored; amounts are đồng.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Contract {
    /// Its name.
    pub title: String,
    /// Its number.
    pub number: Option<String>,
    /// The task.
    pub task: Option<RecordId>,
    /// When it was signed.
    pub signed_day: Option<Date>,
    /// Who orders.
    pub party_a: Option<RecordId>,
    /// Who carries out.
    pub party_b: Option<RecordId>,
    /// Who carries out, as the source has it.
    pub party_b_text: Option<String>,
    /// Begin of its term.
    #[serde(deserialize_with = "partial_date")]
    pub start: Option<PartialDate>,
    /// End of its term, extensions included.
    #[serde(deserialize_with = "partial_date")]
    pub end: Option<PartialDate>,
    /// Its value.
    pub value: Option<i64>,
    /// When the money is to flow.
    pub tranches: Vec<Tranche>,
    /// What has to be done by when.
    pub milestones: Vec<Milestone>,
    /// When it was settled.
    pub settled_day: Option<Date>,
    /// State of the record: `draft`, `recorded` or `withdrawn`.
    pub state: String,
    /// Whether it is illustrative.
    pub illustrative: bool,
}

/// A tranche of a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tranche {
    /// Its number, from 1.
    pub number: i64,
    /// When it is planned.
    #[serde(deserialize_with = "partial_date")]
    pub planned_day: Option<PartialDate>,
    /// How much, đồng.
    pub amount: i64,
    /// What the contract asks for before it, in its words.
    pub condition: Option<String>,
    /// When it was paid whole, as the contract's record says.
    pub paid_day: Option<Date>,
}

/// A milestone of a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Milestone {
    /// The work.
    pub text: String,
    /// Its term; its last day counts.
    #[serde(deserialize_with = "partial_date")]
    pub due: Option<PartialDate>,
    /// When it was done.
    pub done_day: Option<Date>,
}

/// A disbursement as it is stored; amounts are đồng.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Disbursement {
    pub(crate) title: String,
    pub(crate) contract: Option<RecordId>,
    pub(crate) funding_source: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) planned: Option<i64>,
    pub(crate) approved: Option<i64>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) state: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Payment {
    kind: PaymentKind,
    day: Date,
    amount: i64,
    document: Option<String>,
}

/// What a payment is, by the list `payment-kinds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// Paid in advance.
    Advance,
    /// Paid for work done.
    Payment,
    /// Taken back from an advance.
    Recovery,
    /// Returned unspent.
    Returned,
    /// Found to be spent for another purpose; no money flows by it.
    Misdirected,
    /// A kind that came later; it counts for nothing.
    #[serde(other)]
    Other,
}

/// A payment on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRow {
    /// The disbursement it stands in.
    pub record: RecordId,
    /// Its title.
    pub title: String,
    /// What it is.
    pub kind: Label,
    /// The day.
    pub day: Date,
    /// How much, đồng.
    pub amount: i64,
    /// The paper.
    pub document: Option<String>,
    /// Whether its disbursement is recorded; else it does not count yet.
    pub counts: bool,
}

/// An acceptance of the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptanceRow {
    /// Its record.
    pub record: RecordId,
    /// Its title.
    pub title: String,
    /// The day of the meeting.
    pub day: Option<Date>,
    /// The grade in words.
    pub grade: Option<Label>,
}

/// What the page of a contract shows.
#[derive(Debug, Clone)]
pub struct ContractPage {
    /// The record.
    pub id: RecordId,
    /// The contract.
    pub contract: Contract,
    /// The task and its title, when the reader may see it.
    pub task: Option<(RecordId, String)>,
    /// What may be paid now.
    pub answer: PaymentAnswer,
    /// The money by source and purpose.
    pub budget: BudgetTable,
    /// Paid less what came back, đồng: by recorded disbursements, or by the tranches that the contract says are paid when that is more.
    pub paid: i64,
    /// The tranches in order, each with what of it is paid, đồng.
    pub tranches: Vec<(Tranche, i64)>,
    /// Payments, latest first.
    pub payments: Vec<PaymentRow>,
    /// Acceptances of the task.
    pub acceptances: Vec<AcceptanceRow>,
    /// Whether this person may change the contract.
    pub edit: Decision,
}

/// A line of the list.
#[derive(Debug, Clone)]
pub struct ContractRow {
    /// The record in the register.
    pub row: RegisterRow,
    /// The contract.
    pub contract: Contract,
    /// Paid, as on the page of the contract, đồng.
    pub paid: i64,
    /// What may be paid now.
    pub answer: PaymentAnswer,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct ContractList {
    /// The lines that fit.
    pub rows: Vec<ContractRow>,
    /// Contracts looked at for this page.
    pub looked_at: usize,
    /// Contracts of the body in that state.
    pub total: u64,
    /// Opaque: pass it as `after` for the next page.
    pub next: Option<String>,
}

/// Which contracts to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractNeed {
    /// Something may be paid now.
    Payable,
    /// Something stands in the way.
    Blocked,
    /// A day has passed: a milestone, a report, the end of the contract.
    Late,
}

impl ContractNeed {
    fn fits(self, answer: &PaymentAnswer) -> bool {
        match self {
            ContractNeed::Payable => matches!(answer.standing, PaymentStanding::Payable { .. }),
            ContractNeed::Blocked => answer.standing == PaymentStanding::NotYet,
            ContractNeed::Late => answer.is_late(),
        }
    }
}

impl Milestone {
    /// Whether it is past its last day and not done.
    pub fn is_late(&self, today: Date) -> bool {
        self.done_day.is_none() && self.due.is_some_and(|due| due.last_day() < today)
    }
}

impl Disbursement {
    /// The sum of the payments of one kind; none when there is no such payment.
    pub(crate) fn sum_of(&self, kind: PaymentKind) -> Option<i64> {
        let mut sum = None;
        for payment in self.payments.iter().filter(|payment| payment.kind == kind) {
            sum = Some(sum.unwrap_or(0_i64).saturating_add(payment.amount));
        }
        sum
    }

    /// Advances and payments, less what was taken back or returned; none without payments.
    pub(crate) fn paid(&self) -> Option<i64> {
        let out = [PaymentKind::Advance, PaymentKind::Payment].map(|kind| self.sum_of(kind).unwrap_or(0));
        let back = [PaymentKind::Recovery, PaymentKind::Returned].map(|kind| self.sum_of(kind).unwrap_or(0));
        let sum = |amounts: [i64; 2]| amounts.into_iter().fold(0, i64::saturating_add);
        (!self.payments.is_empty()).then(|| sum(out).saturating_sub(sum(back)))
    }
}

/// What was read around a contract.
struct Surroundings {
    task: Option<(RecordId, String, PaymentTask)>,
    budget: BudgetTable,
    money: PaymentMoney,
    payments: Vec<PaymentRow>,
    acceptances: Vec<AcceptanceRow>,
}

/// What refers to a contract and its task, as it is found.
#[derive(Default)]
struct Found {
    lines: Vec<BudgetLine>,
    /// Recorded disbursements of the contract.
    own: Vec<Disbursement>,
    /// Paid under other contracts of the task, đồng.
    elsewhere: i64,
    payments: Vec<PaymentRow>,
    acceptances: Vec<AcceptanceRow>,
    accepted: Option<(Date, bool)>,
    money: PaymentMoney,
}

impl Office {
    /// The page of a contract, for those inside the body that keeps it: the answer needs drafts and amounts that nobody else sees whole.
    ///
    /// # Errors
    /// `NotFound` when there is no such contract for this person.
    pub fn contract_page(&self, who: &Identity, id: RecordId) -> Result<ContractPage, OfficeError> {
        let view = self.view(who, id)?;
        let Some(data) = view.data.filter(|_| view.kind == "contract" && view.audience == Audience::Private) else {
            return Err(OfficeError::NotFound(id.to_string()));
        };
        let contract: Contract = serde_json::from_value(data)?;
        let around = self.around_contract(who, id, &contract)?;
        let task = around.task.as_ref().map(|(_, _, task)| task);
        let answer = payment_answer(&contract, &around.money, task, self.clock().today());
        let tranches = covered(&contract, around.money.paid).into_iter().map(|(tranche, part)| (tranche.clone(), part)).collect();
        Ok(ContractPage {
            id,
            task: around.task.map(|(task, title, _)| (task, title)),
            answer,
            budget: around.budget,
            paid: around.money.counted(&contract),
            tranches,
            payments: around.payments,
            acceptances: around.acceptances,
            edit: view.edit,
            contract,
        })
    }

    /// The contracts that a body keeps, latest signed first, for those inside it; at most `limit` lines of what fits `need`. A list narrowed by the
    /// answer looks at some hundred contracts and then says where to go on, so it may be short or empty and still have a next page.
    ///
    /// # Errors
    /// `Denied` when this person does not work there.
    pub fn contracts(
        &self,
        who: &Identity,
        body: RecordId,
        state: Option<&str>,
        need: Option<ContractNeed>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ContractList, OfficeError> {
        decide(who, Action::ReadInside, &self.subject_of_body(who, body, Role::Reader)).require()?;
        let filter = RegisterFilter {
            kind: Some("contract".to_owned()),
            owner: Some(body),
            state: state.map(str::to_owned),
            order: Order::Latest,
            ..RegisterFilter::default()
        };
        let mut list = ContractList { rows: Vec::new(), looked_at: 0, total: 0, next: after.map(str::to_owned) };
        loop {
            let page = self.register_page(who, &filter, list.next.as_deref(), limit.clamp(1, 100))?;
            (list.total, list.next) = (page.total, page.next);
            list.looked_at += page.rows.len();
            for row in page.rows {
                let view = match self.view(who, row.id) {
                    Ok(view) => view,
                    // Withdrawn from this reader between the list and the look at it.
                    Err(OfficeError::NotFound(_)) => continue,
                    Err(other) => return Err(other),
                };
                let Some(data) = view.data.filter(|_| view.held.is_none()) else { continue };
                let contract: Contract = serde_json::from_value(data)?;
                let around = self.around_contract(who, row.id, &contract)?;
                let task = around.task.as_ref().map(|(_, _, task)| task);
                let answer = payment_answer(&contract, &around.money, task, self.clock().today());
                if need.is_none_or(|need| need.fits(&answer)) {
                    let paid = around.money.counted(&contract);
                    list.rows.push(ContractRow { row, contract, paid, answer });
                }
            }
            if need.is_none() || list.next.is_none() || list.rows.len() * 2 >= limit || list.looked_at >= MOST_LOOKED_AT {
                return Ok(list);
            }
        }
    }

    /// Reads task, budget lines, disbursements and acceptances: two queries of the register and one look at each record found.
    fn around_contract(&self, who: &Identity, id: RecordId, contract: &Contract) -> Result<Surroundings, OfficeError> {
        let mut found = Found::default();
        let mut seen = BTreeSet::new();
        for target in [Some(id), contract.task].into_iter().flatten() {
            let filter = RegisterFilter { refers_to: Some(target), ..RegisterFilter::default() };
            let page = self.register_page(who, &filter, None, MOST_READ)?;
            found.money.not_read += usize::try_from(page.total).unwrap_or(usize::MAX).saturating_sub(page.rows.len());
            for row in page.rows {
                if !matches!(row.kind.as_str(), "disbursement" | "budget_line" | "acceptance") || !seen.insert(row.id) {
                    continue;
                }
                // What another node has written about the contract or its task is no part of the account.
                let Some((view, data)) = self.seen(who, row.id)?.filter(|(view, _)| view.held.is_none()) else { continue };
                let amounts_seen = matches!(view.audience, Audience::Private | Audience::Ministry);
                match row.kind.as_str() {
                    "acceptance" => self.take_acceptance(row.id, &data, &mut found),
                    _ if !amounts_seen => found.money.not_read += 1,
                    "budget_line" => found.lines.push(serde_json::from_value(data)?),
                    _ => self.take_disbursement(id, row.id, serde_json::from_value(data)?, &mut found),
                }
            }
        }
        found.lines.retain(|line| line.state == "recorded");
        found.payments.sort_by_key(|payment| std::cmp::Reverse(payment.day));
        let task = match contract.task {
            Some(task) => self.seen(who, task)?.filter(|(view, _)| view.kind == "task"),
            None => None,
        };
        let of_task = task.as_ref().map(|(_, data)| approved_of_task(data)).unwrap_or_default();
        let budget = budget_table(&found.lines, &found.own, &of_task);
        let mut money = found.money;
        money.approved = budget.total.approved;
        money.paid = budget.total.paid.unwrap_or(0);
        money.misdirected = budget.total.misdirected.unwrap_or(0);
        money.overdrawn = budget.rows.iter().filter(|row| row.amounts.is_overdrawn()).count();
        if matches!(budget.basis, BudgetBasis::Lines | BudgetBasis::Task) {
            money.paid_elsewhere = found.elsewhere;
        }
        let days = found.own.iter().flat_map(|disbursement| disbursement.payments.iter().map(|payment| payment.day));
        money.payment_days = days.clone().min().zip(days.max());
        let task = match task {
            Some((view, data)) => {
                let title = title_of(&data);
                Some((view.id, title, self.payment_task(&view, data, contract.signed_day, found.accepted)?))
            }
            None => None,
        };
        Ok(Surroundings { task, budget, money, payments: found.payments, acceptances: found.acceptances })
    }

    /// Puts a disbursement of the contract or of its task where it counts.
    fn take_disbursement(&self, contract: RecordId, id: RecordId, disbursement: Disbursement, found: &mut Found) {
        let recorded = disbursement.state == "recorded";
        let paid = disbursement.paid();
        match disbursement.contract {
            _ if disbursement.state == "withdrawn" => {}
            None if paid.is_some() => found.money.without_contract.push((id, disbursement.title)),
            Some(other) if other != contract && recorded => found.elsewhere = found.elsewhere.saturating_add(paid.unwrap_or(0)),
            Some(own) if own == contract => {
                found.payments.extend(self.payment_rows(id, &disbursement, recorded));
                if recorded {
                    found.own.push(disbursement);
                } else if paid.is_some() {
                    found.money.drafts.push((id, disbursement.title));
                }
            }
            _ => {}
        }
    }

    fn take_acceptance(&self, record: RecordId, data: &Value, found: &mut Found) {
        let text = |field: &str| data.get(field).and_then(Value::as_str);
        if text("state") != Some("recorded") {
            return;
        }
        let day = text("meeting_day").and_then(|day| day.parse().ok());
        let grade = text("grade");
        found.accepted = found.accepted.max(day.map(|day| (day, grade == Some("failed"))));
        let grade = grade.map(|grade| self.word("grades", grade));
        found.acceptances.push(AcceptanceRow { record, title: title_of(data), day, grade });
    }

    /// A record and its data, or nothing when this person may not see it.
    fn seen(&self, who: &Identity, id: RecordId) -> Result<Option<(RecordView, Value)>, OfficeError> {
        match self.view(who, id) {
            Ok(mut view) => Ok(view.data.take().map(|data| (view, data))),
            Err(OfficeError::NotFound(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn payment_rows(&self, record: RecordId, disbursement: &Disbursement, counts: bool) -> Vec<PaymentRow> {
        let mut rows = Vec::new();
        for payment in &disbursement.payments {
            rows.push(PaymentRow {
                record,
                title: disbursement.title.clone(),
                kind: self.word("payment-kinds", payment.kind.code()),
                day: payment.day,
                amount: payment.amount,
                document: payment.document.clone(),
                counts,
            });
        }
        rows
    }

    /// The task as the rule sees it. Its terms run from the contract and end with the acceptance, also where only those records have the days.
    fn payment_task(
        &self,
        view: &RecordView,
        mut data: Value,
        signed: Option<Date>,
        accepted: Option<(Date, bool)>,
    ) -> Result<PaymentTask, OfficeError> {
        let text = |field: &str| data.get(field).and_then(Value::as_str);
        let state = text("state").unwrap_or_default().to_owned();
        let state_label = self.catalogue().workflow("task").map(|workflow| workflow.state_label(&state).clone()).unwrap_or_default();
        let own_day = text("accepted_day").and_then(|day| day.parse::<Date>().ok());
        let accepted = accepted.max(own_day.map(|day| (day, text("grade") == Some("failed"))));
        let mut task = PaymentTask { state, state_label, accepted, ..PaymentTask::default() };
        if let Some(members) = data.as_object_mut() {
            for (field, day) in [("contract_day", signed), ("accepted_day", accepted.map(|(day, _)| day))] {
                if let Some(day) = day {
                    members.entry(field).or_insert_with(|| Value::from(day.to_string()));
                }
            }
        }
        // Steps of a task are inside its body only.
        if view.audience == Audience::Private
            && let Some(progress) = self.task_progress(&data)?
        {
            task.stopped = progress.stopped.map(|stop| (stop.step, stop.day, stop.source));
            for code in MONEY_STEPS {
                let late = |term: &&TaskTerm| term.code == code && term.state == DueState::Late && term.certain;
                if let Some(first) = progress.terms.iter().filter(late).min_by_key(|term| term.last_day) {
                    let times = progress.terms.iter().filter(late).count();
                    task.late.push(LateTerm { step: first.step.clone(), last_day: first.last_day, source: first.source.clone(), times });
                }
            }
        }
        Ok(task)
    }
}

impl PaymentKind {
    fn code(self) -> &'static str {
        match self {
            PaymentKind::Advance => "advance",
            PaymentKind::Payment => "payment",
            PaymentKind::Recovery => "recovery",
            PaymentKind::Returned => "returned",
            PaymentKind::Misdirected => "misdirected",
            PaymentKind::Other => "",
        }
    }
}

impl PaymentAnswer {
    /// Whether a day has passed.
    pub fn is_late(&self) -> bool {
        self.reasons.iter().any(|reason| reason.weight == ReasonWeight::Late)
    }
}

fn title_of(data: &Value) -> String {
    data.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Approved amounts by source in the task's own record.
fn approved_of_task(data: &Value) -> Vec<(Option<String>, i64)> {
    let mut amounts = Vec::new();
    for row in data.get("approved_budget").and_then(Value::as_array).into_iter().flatten() {
        if let Some(amount) = row.get("amount").and_then(Value::as_i64) {
            amounts.push((row.get("funding_source").and_then(Value::as_str).map(str::to_owned), amount));
        }
    }
    amounts
}

/// A stored partial date; one that cannot be read counts as missing.
fn partial_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PartialDate>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| PartialDate::from_iso(&text).ok()))
}
