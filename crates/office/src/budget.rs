//! The money of a contract by source and purpose: planned, approved, paid, unspent and misdirected, with totals that add up.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::contract::{Disbursement, PaymentKind};

/// A budget line of a task as it is stored; amounts are đồng.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BudgetLine {
    pub(crate) funding_source: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) planned: Option<i64>,
    pub(crate) approved: Option<i64>,
    pub(crate) unspent: Option<i64>,
    pub(crate) misdirected: Option<i64>,
    pub(crate) state: String,
}

/// Where planned and approved amounts come from: the first of these that says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BudgetBasis {
    /// Budget lines of the task (form 03/TKTH-KHCN).
    Lines,
    /// Disbursements of the contract.
    Disbursements,
    /// The approved budget in the task's own record.
    Task,
    /// No record says.
    #[default]
    Nothing,
}

/// Amounts in đồng; none where no record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetAmounts {
    /// Asked for.
    pub planned: Option<i64>,
    /// Approved.
    pub approved: Option<i64>,
    /// Paid under this contract, less what came back.
    pub paid: Option<i64>,
    /// Not used.
    pub unspent: Option<i64>,
    /// Spent for another purpose.
    pub misdirected: Option<i64>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetRow {
    /// A code of the list `funding-sources`.
    pub source: Option<String>,
    /// A code of the list `spending-purposes`.
    pub purpose: Option<String>,
    /// The amounts.
    pub amounts: BudgetAmounts,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BudgetTable {
    /// By source, then by purpose.
    pub rows: Vec<BudgetRow>,
    /// The sums of the rows.
    pub total: BudgetAmounts,
    /// Where planned and approved come from.
    pub basis: BudgetBasis,
}

impl BudgetAmounts {
    /// Whether more is paid than approved; where nothing is known to be approved, that cannot be told.
    pub fn is_overdrawn(&self) -> bool {
        self.approved.is_some_and(|approved| self.paid.unwrap_or(0) > approved)
    }

    fn add(&mut self, other: &BudgetAmounts) {
        for (sum, more) in [
            (&mut self.planned, other.planned),
            (&mut self.approved, other.approved),
            (&mut self.paid, other.paid),
            (&mut self.unspent, other.unspent),
            (&mut self.misdirected, other.misdirected),
        ] {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or(0).saturating_add(more));
            }
        }
    }
}

/// Puts recorded lines, the contract's recorded disbursements and the task's approved amounts by source together.
///
/// The same money stands in several records, so planned and approved come from one kind of them only ([`BudgetBasis`]); paid always comes from payments.
pub(crate) fn budget_table(lines: &[BudgetLine], disbursements: &[Disbursement], of_task: &[(Option<String>, i64)]) -> BudgetTable {
    let mut rows: BTreeMap<(Option<String>, Option<String>), BudgetAmounts> = BTreeMap::new();
    let by_lines = !lines.is_empty();
    for line in lines {
        let row = rows.entry((line.funding_source.clone(), line.purpose.clone())).or_default();
        row.add(&BudgetAmounts {
            planned: line.planned,
            approved: line.approved,
            paid: None,
            unspent: line.unspent,
            misdirected: line.misdirected,
        });
    }
    for disbursement in disbursements {
        let sum = |kind| disbursement.sum_of(kind);
        let mut amounts = BudgetAmounts { paid: disbursement.paid(), ..BudgetAmounts::default() };
        if !by_lines {
            amounts.planned = disbursement.planned;
            amounts.approved = disbursement.approved;
            amounts.unspent = sum(PaymentKind::Returned);
            amounts.misdirected = sum(PaymentKind::Misdirected);
        }
        rows.entry((disbursement.funding_source.clone(), disbursement.purpose.clone())).or_default().add(&amounts);
    }
    let approved_in_rows = rows.values().any(|row| row.approved.is_some());
    if !approved_in_rows {
        for (source, amount) in of_task {
            let amounts = BudgetAmounts { approved: Some(*amount), ..BudgetAmounts::default() };
            rows.entry((source.clone(), None)).or_default().add(&amounts);
        }
    }
    let basis = match (approved_in_rows, by_lines) {
        (true, true) => BudgetBasis::Lines,
        (true, false) => BudgetBasis::Disbursements,
        (false, _) if !of_task.is_empty() => BudgetBasis::Task,
        (false, _) => BudgetBasis::Nothing,
    };
    let mut table = BudgetTable { basis, ..BudgetTable::default() };
    for ((source, purpose), amounts) in rows {
        table.total.add(&amounts);
        table.rows.push(BudgetRow { source, purpose, amounts });
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(source: &str, approved: i64) -> BudgetLine {
        BudgetLine { funding_source: Some(source.to_owned()), approved: Some(approved), ..BudgetLine::default() }
    }

    #[test]
    fn money_that_stands_in_several_records_is_counted_once() {
        let disbursement = Disbursement { funding_source: Some("NS_DP".into()), approved: Some(70), ..Disbursement::default() };
        let of_task = [(Some("NS_DP".to_owned()), 90)];
        let all = budget_table(&[line("NS_DP", 100)], std::slice::from_ref(&disbursement), &of_task);
        assert_eq!((all.total.approved, all.basis), (Some(100), BudgetBasis::Lines));
        let without_lines = budget_table(&[], &[disbursement], &of_task);
        assert_eq!((without_lines.total.approved, without_lines.basis), (Some(70), BudgetBasis::Disbursements));
        let task_only = budget_table(&[], &[], &of_task);
        assert_eq!((task_only.total.approved, task_only.basis), (Some(90), BudgetBasis::Task));
        let nothing = budget_table(&[], &[], &[]);
        assert_eq!((nothing.total.approved, nothing.rows.len(), nothing.basis), (None, 0, BudgetBasis::Nothing));
    }

    proptest! {
        #[test]
        fn the_total_of_every_column_is_the_sum_of_its_rows(lines in proptest::collection::vec((0..4u8, 0..3u8, proptest::option::of(0..1_000_000_000_000i64)), 0..40)) {
            let lines: Vec<BudgetLine> = lines
                .into_iter()
                .map(|(source, purpose, amount)| BudgetLine {
                    funding_source: (source > 0).then(|| source.to_string()),
                    purpose: (purpose > 0).then(|| purpose.to_string()),
                    planned: amount,
                    approved: amount,
                    ..BudgetLine::default()
                })
                .collect();
            let table = budget_table(&lines, &[], &[]);
            let typed: i64 = lines.iter().filter_map(|line| line.approved).sum();
            let rows: i64 = table.rows.iter().filter_map(|row| row.amounts.approved).sum();
            prop_assert_eq!(table.total.approved.unwrap_or(0), typed);
            prop_assert_eq!(rows, typed);
        }
    }
}
