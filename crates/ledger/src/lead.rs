//! The lead among the programs on one database, for work that one of them does for all.

use crate::error::LedgerError;
use crate::ledger::Ledger;

impl Ledger {
    /// Asks to lead among the programs on the same database ([`Store::lead`]).
    ///
    /// # Errors
    /// [`LedgerError::Unreachable`].
    pub fn lead(&self) -> Result<Option<u64>, LedgerError> {
        self.store.lead()
    }

    /// Gives the lead up ([`Store::give_up_lead`]).
    pub fn give_up_lead(&self) {
        self.store.give_up_lead();
    }
}
