//! Of several programs on one database one carries for all.

use super::{Exchange, Plan, lock};
use crate::error::OfficeError;

impl Exchange {
    /// Notices what others have brought, and whether this program is the one that carries. Whoever has just become it begins all lanes anew: others have carried
    /// meanwhile. Who has no key leaves it to the others.
    pub(super) fn take_the_lead(&self) -> Result<(), OfficeError> {
        self.refresh()?;
        let lead = match self.known() {
            Ok(_) => self.ledger.lead(),
            Err(error) => {
                self.ledger.give_up_lead();
                lock(&self.plan).lead = None;
                return Err(error);
            }
        };
        // Without an answer nobody knows who leads.
        let now = lead.as_ref().ok().copied().flatten();
        let before = std::mem::replace(&mut lock(&self.plan).lead, now);
        if now != before {
            self.forget_known();
        }
        Ok(lead.map(drop)?)
    }
}

impl Plan {
    /// Writes what is wrong into the program's log, once while it stays the same.
    pub(super) fn warn(&mut self, error: &str) {
        if self.warned != error {
            tracing::warn!(%error, "the exchange cannot read its ledger");
            error.clone_into(&mut self.warned);
        }
    }
}
