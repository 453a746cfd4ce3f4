//! What may be paid now under a contract, and why not: one rule over the contract, its money and its task. It reads nothing and knows only the day it is
//! given.
//!
//! What no source at hand says is not decided here: the largest advance, shares held back until the end, the papers a treasury asks for. [`open_questions`]
//! names them for the reader.

use catalogue::Label;
use jiff::civil::Date;
use ledger::RecordId;

use crate::contract::{Contract, Tranche};
use crate::error::label;
use crate::payment_obstacle::{
    Reasons, check_agreement, check_approved, check_contract, check_limits, check_milestones, check_purposes, check_records, check_task,
    check_tranche, dong, vnd,
};

/// The answer to "what may I pay now".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentAnswer {
    /// What follows.
    pub standing: PaymentStanding,
    /// Why: what stands in the way first, then what has to be looked at, then what speaks for it.
    pub reasons: Vec<PaymentReason>,
}

/// Whether money may flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentStanding {
    /// This much of this tranche, đồng.
    Payable {
        /// The number of the tranche.
        tranche: i64,
        /// How much, đồng; more than nothing.
        amount: i64,
    },
    /// Not until what stands in the way is done.
    NotYet,
    /// All tranches are paid, or the contract is settled.
    Complete,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReason {
    /// How much it weighs.
    pub weight: ReasonWeight,
    /// The reason, a whole sentence.
    pub text: Label,
    /// What to do about it and where.
    pub remedy: Option<(Label, RemedyPlace)>,
    /// The article, where one is known; `None` means that it follows from the records themselves.
    pub source: Option<String>,
}

/// How much a reason weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonWeight {
    /// A day has passed, and nothing may be paid until that is done.
    Late,
    /// Nothing may be paid while it stands.
    Blocks,
    /// Somebody has to look at it; it does not stand in the way.
    Look,
    /// It speaks for paying.
    Supports,
}

/// Where a remedy is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemedyPlace {
    /// In the contract's record.
    Contract,
    /// In the record of its task.
    Task,
    /// In another record.
    Record(RecordId),
    /// With a new budget line of the task.
    NewBudgetLine,
}

/// What the rule knows of the money.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PaymentMoney {
    /// Approved, đồng; none when no record says.
    pub(crate) approved: Option<i64>,
    /// Paid less what came back, đồng, by recorded disbursements of this contract.
    pub(crate) paid: i64,
    /// The same of other contracts of the task, when `approved` is the whole task's.
    pub(crate) paid_elsewhere: i64,
    /// Found to be spent for another purpose, đồng.
    pub(crate) misdirected: i64,
    /// Lines by source and purpose of which more was paid than approved.
    pub(crate) overdrawn: usize,
    /// First and last day of its payments.
    pub(crate) payment_days: Option<(Date, Date)>,
    /// Disbursements that are not recorded yet and hold payments.
    pub(crate) drafts: Vec<(RecordId, String)>,
    /// Disbursements of the task that name no contract and hold payments.
    pub(crate) without_contract: Vec<(RecordId, String)>,
    /// Records whose amounts the reader may not see, or that were too many to read.
    pub(crate) not_read: usize,
}

impl PaymentMoney {
    /// What counts as paid, đồng: by payments, or by the tranches that the contract says are paid when that is more.
    pub(crate) fn counted(&self, contract: &Contract) -> i64 {
        self.paid.max(marked(contract))
    }

    /// What is gone of the approved amount, đồng.
    pub(crate) fn used(&self, contract: &Contract) -> i64 {
        self.counted(contract).saturating_add(self.paid_elsewhere)
    }
}

/// What the rule knows of the task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PaymentTask {
    /// The state of its record.
    pub(crate) state: String,
    /// The state in words.
    pub(crate) state_label: Label,
    /// The step that stopped it, its day and article.
    pub(crate) stopped: Option<(Label, Date, String)>,
    /// Terms that concern the money and are late.
    pub(crate) late: Vec<LateTerm>,
    /// The day it was accepted, and whether it failed.
    pub(crate) accepted: Option<(Date, bool)>,
}

/// A term that is late, the earliest of its step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LateTerm {
    pub(crate) step: Label,
    pub(crate) last_day: Date,
    pub(crate) source: String,
    /// How many terms of the step are late.
    pub(crate) times: usize,
}

/// What the product does not know and therefore does not decide.
pub fn open_questions() -> Label {
    label(
        "Chưa xét, vì hệ thống chưa có quy định: mức tạm ứng tối đa, phần giữ lại đến khi nghiệm thu, chứng từ Kho bạc yêu cầu, quy định chi tiết của Nghị định 265/2025/NĐ-CP và của tỉnh. Người chi tự đối chiếu.",
        "Not considered, because the rules are not known here: the largest advance, what is held back until acceptance, papers the Treasury asks for, details of Decree 265/2025/NĐ-CP and of the province. Whoever pays compares them.",
    )
}

/// Answers for one contract on one day.
pub(crate) fn payment_answer(contract: &Contract, money: &PaymentMoney, task: Option<&PaymentTask>, today: Date) -> PaymentAnswer {
    let mut reasons = Reasons::default();
    if let Some(day) = contract.settled_day.filter(|day| *day <= today) {
        reasons.add(
            ReasonWeight::Supports,
            label(
                format!("Hợp đồng đã thanh lý ngày {}.", viet::format_day(day)),
                format!("The contract was settled on {}.", viet::format_day(day)),
            ),
            None,
            Some("Thông tư 14/2014/TT-BKHCN, Điều 15.4"),
        );
        check_limits(contract, money, &mut reasons);
        return reasons.answer(PaymentStanding::Complete);
    }
    check_contract(contract, today, &mut reasons);
    check_limits(contract, money, &mut reasons);
    check_approved(contract, money, &mut reasons);
    check_agreement(contract, money, today, &mut reasons);
    check_purposes(money, &mut reasons);
    check_records(money, &mut reasons);
    check_task(contract, task, today, &mut reasons);
    check_milestones(contract, today, &mut reasons);
    let Some((tranche, open)) = next_tranche(contract, money.paid) else {
        if contract.tranches.is_empty() {
            return reasons.answer(PaymentStanding::NotYet);
        }
        reasons.add(
            ReasonWeight::Supports,
            label("Các đợt ghi trong hợp đồng đã được cấp đủ.", "All tranches of the contract are paid."),
            None,
            None,
        );
        return reasons.answer(PaymentStanding::Complete);
    };
    check_tranche(tranche, today, &mut reasons);
    let rooms = [
        contract.value.map(|value| value.saturating_sub(money.counted(contract))),
        money.approved.map(|approved| approved.saturating_sub(money.used(contract))),
    ];
    let amount = rooms.into_iter().flatten().fold(open, i64::min);
    if amount < open && amount > 0 {
        reasons.add(
            ReasonWeight::Look,
            label(
                format!("Đợt {} còn {}, nhưng số được duyệt hoặc giá trị hợp đồng chỉ còn {}.", tranche.number, dong(open), dong(amount)),
                format!(
                    "Tranche {} has {} left, but only {} is left of what was approved or of the contract.",
                    tranche.number,
                    vnd(open),
                    vnd(amount)
                ),
            ),
            None,
            None,
        );
    }
    if reasons.blocked() || amount <= 0 {
        return reasons.answer(PaymentStanding::NotYet);
    }
    reasons.answer(PaymentStanding::Payable { tranche: tranche.number, amount })
}

/// The tranches in order with what of each is paid, đồng. One with a day of payment is paid whole; the rest of the money fills the others in order.
pub(crate) fn covered(contract: &Contract, paid: i64) -> Vec<(&Tranche, i64)> {
    let mut tranches: Vec<&Tranche> = contract.tranches.iter().collect();
    tranches.sort_by_key(|tranche| tranche.number);
    let mut rest = paid.saturating_sub(marked(contract)).max(0);
    let mut covered = Vec::new();
    for tranche in tranches {
        let part = if tranche.paid_day.is_some() {
            tranche.amount
        } else {
            let part = rest.min(tranche.amount);
            rest -= part;
            part
        };
        covered.push((tranche, part));
    }
    covered
}

/// The first tranche that is not paid whole, and what is open of it.
pub(crate) fn next_tranche(contract: &Contract, paid: i64) -> Option<(&Tranche, i64)> {
    covered(contract, paid).into_iter().map(|(tranche, part)| (tranche, tranche.amount - part)).find(|(_, open)| *open > 0)
}

/// The sum of the tranches that the contract says are paid.
pub(crate) fn marked(contract: &Contract) -> i64 {
    let paid = contract.tranches.iter().filter(|tranche| tranche.paid_day.is_some());
    paid.fold(0, |sum: i64, tranche| sum.saturating_add(tranche.amount))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use viet::PartialDate;

    use super::*;
    use crate::contract::Milestone;

    const TODAY: Date = date(2026, 11, 23);

    /// Signed, recorded, worth 1,000 in tranches of 400 and 600, the first one due.
    fn contract() -> Contract {
        let tranche = |number, amount, planned: &str| Tranche {
            number,
            amount,
            planned_day: PartialDate::from_iso(planned).ok(),
            ..Tranche::default()
        };
        Contract {
            signed_day: Some(date(2026, 6, 15)),
            start: PartialDate::from_iso("2026-06").ok(),
            end: PartialDate::from_iso("2028-06").ok(),
            value: Some(1_000),
            tranches: vec![tranche(1, 400, "2026-07"), tranche(2, 600, "2026-11")],
            state: "recorded".into(),
            ..Contract::default()
        }
    }

    fn money(paid: i64) -> PaymentMoney {
        PaymentMoney { approved: Some(1_000), paid, ..PaymentMoney::default() }
    }

    fn running() -> PaymentTask {
        PaymentTask { state: "running".into(), ..PaymentTask::default() }
    }

    fn ask(contract: &Contract, money: &PaymentMoney, task: &PaymentTask) -> PaymentAnswer {
        payment_answer(contract, money, Some(task), TODAY)
    }

    fn payable(tranche: i64, amount: i64) -> PaymentStanding {
        PaymentStanding::Payable { tranche, amount }
    }

    fn says(answer: &PaymentAnswer, words: &str) -> bool {
        answer.reasons.iter().any(|reason| reason.text.vi.contains(words))
    }

    #[test]
    fn one_tranche_after_the_other_is_payable_and_then_nothing() {
        for (paid, standing) in
            [(0, payable(1, 400)), (399, payable(1, 1)), (400, payable(2, 600)), (999, payable(2, 1)), (1_000, PaymentStanding::Complete)]
        {
            assert_eq!(ask(&contract(), &money(paid), &running()).standing, standing, "{paid} paid");
        }
    }

    #[test]
    fn a_tranche_waits_for_the_first_day_of_its_planned_time() {
        for (planned, standing) in [
            ("2026-11-24", PaymentStanding::NotYet),
            ("2026-11-23", payable(1, 400)),
            ("2026-11", payable(1, 400)),
            ("2027", PaymentStanding::NotYet),
        ] {
            let mut contract = contract();
            contract.tranches[0].planned_day = PartialDate::from_iso(planned).ok();
            assert_eq!(ask(&contract, &money(0), &running()).standing, standing, "{planned}");
        }
        let mut undated = contract();
        undated.tranches[0].planned_day = None;
        let answer = ask(&undated, &money(0), &running());
        assert!(answer.standing == payable(1, 400) && says(&answer, "không ghi thời điểm"), "{answer:?}");
    }

    #[test]
    fn what_is_approved_bounds_what_is_payable() {
        let less = PaymentMoney { approved: Some(500), ..money(400) };
        let answer = ask(&contract(), &less, &running());
        assert!(answer.standing == payable(2, 100) && says(&answer, "chỉ còn 100 đồng"), "{answer:?}");
        let others = PaymentMoney { paid_elsewhere: 550, ..money(400) };
        assert_eq!(ask(&contract(), &others, &running()).standing, payable(2, 50));
        for (approved, words) in
            [(Some(400), "Đã cấp hết số được duyệt"), (Some(399), "vượt số được duyệt"), (None, "Chưa có số kinh phí được duyệt")]
        {
            let answer = ask(&contract(), &PaymentMoney { approved, ..money(400) }, &running());
            assert!(answer.standing == PaymentStanding::NotYet && says(&answer, words), "{answer:?}");
        }
        let over = PaymentMoney { approved: Some(2_000), ..money(1_001) };
        assert!(says(&ask(&contract(), &over, &running()), "nhiều hơn giá trị hợp đồng 1.000 đồng"));
    }

    #[test]
    fn a_contract_without_what_it_needs_names_all_of_it_at_once() {
        let answer = payment_answer(&Contract { state: "draft".into(), ..Contract::default() }, &PaymentMoney::default(), None, TODAY);
        assert_eq!(answer.standing, PaymentStanding::NotYet);
        for words in ["bản nháp", "chưa ghi ngày ký", "chưa ghi giá trị", "đợt cấp", "kinh phí được duyệt", "chưa gắn với nhiệm vụ"]
        {
            assert!(says(&answer, words), "{words}: {answer:?}");
        }
        assert!(answer.reasons.iter().filter(|reason| reason.weight == ReasonWeight::Blocks).all(|reason| reason.remedy.is_some()));
    }

    #[test]
    fn a_passed_day_stands_in_the_way_and_says_so_as_late() {
        let late = LateTerm { step: label("Báo cáo", "Report"), last_day: date(2026, 11, 22), source: "Điều 26.1".into(), times: 1 };
        let answer = ask(&contract(), &money(0), &PaymentTask { late: vec![late.clone()], ..running() });
        assert!(
            answer.standing == PaymentStanding::NotYet && answer.is_late() && says(&answer, "quá hạn 1 ngày (hạn 22/11/2026)"),
            "{answer:?}"
        );
        assert_eq!(answer.reasons[0].source.as_deref(), Some("Điều 26.1"));
        let accepted = PaymentTask { late: vec![late], accepted: Some((TODAY, false)), ..running() };
        let answer = ask(&contract(), &money(0), &accepted);
        assert!(
            answer.standing == payable(1, 400) && says(&answer, "quá hạn 1 ngày"),
            "a gap in the record of an accepted task: {answer:?}"
        );
        for (due, late) in [("2026-11-22", true), ("2026-11-23", false), ("2026-11", false)] {
            let mut contract = contract();
            contract.milestones = vec![Milestone { text: "Mốc".into(), due: PartialDate::from_iso(due).ok(), done_day: None }];
            assert_eq!(ask(&contract, &money(0), &running()).is_late(), late, "{due}");
            contract.milestones[0].done_day = Some(TODAY);
            assert_eq!(ask(&contract, &money(0), &running()).standing, payable(1, 400));
        }
    }

    #[test]
    fn after_its_end_a_contract_is_paid_only_once_the_task_is_accepted() {
        let mut ended = contract();
        ended.end = PartialDate::from_iso("2026-11-22").ok();
        assert!(ask(&ended, &money(0), &running()).is_late());
        let accepted = PaymentTask { accepted: Some((date(2026, 11, 20), false)), ..running() };
        assert_eq!(ask(&ended, &money(0), &accepted).standing, payable(1, 400));
        let failed = PaymentTask { accepted: Some((date(2026, 11, 20), true)), ..running() };
        let answer = ask(&ended, &money(0), &failed);
        assert!(answer.standing == PaymentStanding::NotYet && says(&answer, "Không đạt"), "{answer:?}");
        ended.settled_day = Some(TODAY);
        assert_eq!(ask(&ended, &money(0), &failed).standing, PaymentStanding::Complete);
    }

    #[test]
    fn a_stopped_or_unready_task_is_not_paid() {
        for state in ["draft", "terminated", "withdrawn", ""] {
            let task = PaymentTask { state: state.into(), ..PaymentTask::default() };
            assert_eq!(ask(&contract(), &money(0), &task).standing, PaymentStanding::NotYet, "{state}");
        }
        let stopped = PaymentTask { stopped: Some((label("Tạm dừng", "Suspended"), TODAY, "Điều 22.3a".into())), ..running() };
        assert_eq!(ask(&contract(), &money(0), &stopped).standing, PaymentStanding::NotYet);
    }

    #[test]
    fn records_that_are_not_clear_stand_in_the_way() {
        let record = || vec![(RecordId::new(), "Kinh phí 2026".to_owned())];
        for money in [
            PaymentMoney { drafts: record(), ..money(0) },
            PaymentMoney { without_contract: record(), ..money(0) },
            PaymentMoney { not_read: 1, ..money(0) },
        ] {
            assert_eq!(ask(&contract(), &money, &running()).standing, PaymentStanding::NotYet, "{money:?}");
        }
    }

    #[test]
    fn a_tranche_that_the_contract_says_is_paid_is_never_offered_again() {
        let mut contract = contract();
        contract.tranches[1].paid_day = Some(TODAY);
        let answer = ask(&contract, &money(0), &running());
        assert!(answer.standing == payable(1, 400) && says(&answer, "tính đợt đó là đã cấp"), "{answer:?}");
        assert_eq!(covered(&contract, 700).iter().map(|(tranche, part)| (tranche.number, *part)).collect::<Vec<_>>(), [(1, 100), (2, 600)]);
        let bounded = PaymentMoney { approved: Some(700), ..money(0) };
        assert_eq!(ask(&contract, &bounded, &running()).standing, payable(1, 100), "what it says is paid is gone of what was approved");
        contract.tranches[0].paid_day = Some(TODAY);
        assert_eq!(ask(&contract, &money(0), &running()).standing, PaymentStanding::Complete);
    }

    #[test]
    fn misdirected_and_overdrawn_money_is_named_and_left_to_a_person() {
        let answer = ask(&contract(), &PaymentMoney { misdirected: 5, overdrawn: 1, ..money(0) }, &running());
        assert!(answer.standing == payable(1, 400), "{answer:?}");
        assert!(says(&answer, "5 đồng chi không đúng mục đích") && says(&answer, "1 dòng nguồn, mục chi"), "{answer:?}");
    }

    #[test]
    fn dates_that_cannot_be_are_named() {
        let mut reversed = contract();
        reversed.end = PartialDate::from_iso("2026-05").ok();
        assert!(says(&ask(&reversed, &money(0), &running()), "Thời hạn hợp đồng ngược"));
        let mut future = contract();
        future.signed_day = Some(date(2026, 11, 24));
        assert_eq!(ask(&future, &money(0), &running()).standing, PaymentStanding::NotYet);
        let early = PaymentMoney { payment_days: Some((date(2026, 6, 14), date(2026, 11, 24))), ..money(400) };
        let answer = ask(&contract(), &early, &running());
        assert!(says(&answer, "trước ngày ký") && says(&answer, "24/11/2026 chưa tới"), "{answer:?}");
    }
}
