//! What the data of a proposal says about the criteria of an urgent local task.

use std::collections::BTreeSet;

use catalogue::{Criterion, UrgentLocalTask, urgent_local_task};
use serde_json::Value;

use crate::office::Office;

impl Office {
    /// How a proposal of several provinces stands to each criterion of Circular 17/2015/TT-BKHCN, Art. 2.1; none when the proposal does not say that it is
    /// inter-provincial.
    ///
    /// What the form says counts as said; whether it is true is for the council. No field of the form holds a look-up of duplicates.
    pub fn urgent_local_criteria(&self, proposal: &Value) -> Option<Vec<Criterion>> {
        if proposal.get("interprovincial").and_then(Value::as_bool) != Some(true) {
            return None;
        }
        let today = self.clock().today().to_string();
        let list = self.catalogue().list("provinces");
        let written = proposal.get("provinces").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        // Two provinces that have become one are one.
        let provinces: BTreeSet<&str> =
            written.map(|code| list.and_then(|list| list.now_of(code, &today)).map_or(code, |now| now.code.as_str())).collect();
        let money = |field: &str| proposal.get(field).and_then(Value::as_i64);
        let is_given = |field: &str| proposal.get(field).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        let (central, provincial) = (money("budget_state"), money("budget_province"));
        let cost = central
            .zip(provincial)
            .and_then(|(central, provincial)| central.checked_add(provincial)?.checked_add(money("budget_other").unwrap_or(0)));
        Some(urgent_local_task(&UrgentLocalTask {
            matters_to_region: (provinces.len() > 1).then_some(true),
            beyond_province: is_given("criterion_reach").then_some(true),
            application_committed: (is_given("planned_application") && is_given("consent_documents")).then_some(true),
            months: proposal.get("duration_months").and_then(Value::as_u64).and_then(|months| u32::try_from(months).ok()),
            extension_months: 0,
            duplicate_found: None,
            cost,
            provincial_share: provincial,
        }))
    }
}
