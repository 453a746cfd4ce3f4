//! The money of a task as one reader may see it: approved by source, spent, and what does not come from the State budget.

use catalogue::Audience;
use serde_json::Value;

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::record::RecordView;
use crate::register::{Order, RegisterFilter};

/// Most budget lines, and most disbursements, that are added up. A task with more has no sum rather than a wrong one.
const MOST_ADDED: usize = 1_000;
/// Sources of the State budget in the list `funding-sources`.
const STATE_BUDGET: [&str; 2] = ["NS_TW", "NS_DP"];

/// Money of a task. What the reader may not see is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMoney {
    /// Approved amounts in đồng, in the order of the record, each with its code of `funding-sources` where the record names one.
    pub approved: Vec<(Option<String>, i64)>,
    /// What has been spent, when a record that the reader may see says so.
    pub spent: Option<Spent>,
    /// Whether the reader sees the inside of the task, so that what is missing here has not been recorded; else it may only be not public.
    pub inside: bool,
}

/// Money that has gone out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// In đồng.
    pub amount: i64,
    /// What was added up.
    pub basis: SpentBasis,
}

/// What a sum of spent money was made of. Both are never added together: a budget line already holds what was paid for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpentBasis {
    /// "Đã chi" of the budget lines.
    BudgetLines,
    /// Advances and payments of the disbursements, less what was recovered and returned.
    Payments,
}

impl TaskMoney {
    /// All that was approved, in đồng; none when no amount is there.
    pub fn approved_total(&self) -> Option<i64> {
        let amounts = self.approved.iter().map(|(_, amount)| *amount);
        (!self.approved.is_empty()).then(|| amounts.fold(0, i64::saturating_add))
    }

    /// What was approved from other sources than the State budget, in đồng; none when no amount is there or one of them names no source.
    pub fn non_state(&self) -> Option<i64> {
        if self.approved.is_empty() {
            return None;
        }
        let mut sum = 0_i64;
        for (source, amount) in &self.approved {
            if !STATE_BUDGET.contains(&source.as_deref()?) {
                sum = sum.saturating_add(*amount);
            }
        }
        Some(sum)
    }
}

impl Office {
    /// The money of a task that this person has been shown as `task`.
    ///
    /// # Errors
    /// When a view or the ledger cannot be read.
    pub fn task_money(&self, who: &Identity, task: &RecordView) -> Result<TaskMoney, OfficeError> {
        let mut approved = Vec::new();
        for line in task.data.as_ref().and_then(|data| data.get("approved_budget")).and_then(Value::as_array).into_iter().flatten() {
            if let Some(amount) = line.get("amount").and_then(Value::as_i64) {
                approved.push((line.get("funding_source").and_then(Value::as_str).map(str::to_owned), amount));
            }
        }
        let by_lines = self.sum_of(who, task, "budget_line", |data| data.get("spent").and_then(Value::as_i64))?;
        let spent = match by_lines {
            Some(amount) => Some(Spent { amount, basis: SpentBasis::BudgetLines }),
            None => self.sum_of(who, task, "disbursement", paid)?.map(|amount| Spent { amount, basis: SpentBasis::Payments }),
        };
        Ok(TaskMoney { approved, spent, inside: task.audience == Audience::Private })
    }

    /// Adds one amount per record of a kind that refers to the task and belongs to its owner; none when no record has one, or when there are too many to add.
    fn sum_of(
        &self,
        who: &Identity,
        task: &RecordView,
        kind: &str,
        amount_in: fn(&Value) -> Option<i64>,
    ) -> Result<Option<i64>, OfficeError> {
        let filter =
            RegisterFilter { kind: Some(kind.to_owned()), refers_to: Some(task.id), order: Order::Latest, ..RegisterFilter::default() };
        let found = self.register_page(who, &filter, None, MOST_ADDED)?;
        if found.next.is_some() {
            return Ok(None);
        }
        let mut sum = None;
        for row in &found.rows {
            let view = match self.view(who, row.id) {
                Ok(view) => view,
                // Withdrawn since the list was read.
                Err(OfficeError::NotFound(_)) => continue,
                Err(error) => return Err(error),
            };
            let is_owners = view.belongs_with(task);
            // A withdrawn or unchecked line does not count as spent.
            let Some(data) = view.data.filter(|data| is_owners && data.get("state").and_then(Value::as_str) == Some("recorded")) else {
                continue;
            };
            if let Some(amount) = amount_in(&data) {
                sum = Some(sum.unwrap_or(0_i64).saturating_add(amount));
            }
        }
        Ok(sum)
    }
}

/// What a disbursement says has gone out on balance.
fn paid(data: &Value) -> Option<i64> {
    let mut sum = None;
    for payment in data.get("payments").and_then(Value::as_array).into_iter().flatten() {
        let Some(amount) = payment.get("amount").and_then(Value::as_i64) else { continue };
        let signed = match payment.get("kind").and_then(Value::as_str) {
            Some("advance" | "payment") => amount,
            Some("recovery" | "returned") => -amount,
            // Misdirected money is money already paid.
            _ => continue,
        };
        sum = Some(sum.unwrap_or(0_i64).saturating_add(signed));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn approved(lines: &[(Option<&str>, i64)]) -> TaskMoney {
        let approved = lines.iter().map(|(source, amount)| (source.map(str::to_owned), *amount)).collect();
        TaskMoney { approved, spent: None, inside: true }
    }

    #[test]
    fn money_without_a_source_leaves_the_share_of_others_open() {
        let known = approved(&[(Some("NS_TW"), 500), (Some("NS_DP"), 200), (Some("DN"), 70), (Some("KHAC"), 30)]);
        assert_eq!((known.approved_total(), known.non_state()), (Some(800), Some(100)));
        let open = approved(&[(Some("NS_DP"), 200), (None, 70)]);
        assert_eq!((open.approved_total(), open.non_state()), (Some(270), None));
        let nothing = approved(&[]);
        assert_eq!((nothing.approved_total(), nothing.non_state()), (None, None));
        assert_eq!(approved(&[(Some("DN"), i64::MAX), (Some("DN"), 1)]).non_state(), Some(i64::MAX));
    }

    #[test]
    fn recovered_and_returned_money_is_taken_off_and_misdirected_money_counts_once() {
        let payment = |kind: &str, amount: i64| json!({"kind": kind, "day": "2024-03-01", "amount": amount});
        let payments = [("advance", 100), ("payment", 80), ("recovery", 60), ("returned", 5), ("misdirected", 40)];
        let data = json!({"payments": payments.map(|(kind, amount)| payment(kind, amount))});
        assert_eq!(paid(&data), Some(115));
        assert_eq!(paid(&json!({"payments": [payment("misdirected", 40)]})), None);
        assert_eq!(paid(&json!({})), None);
    }
}
