//! What a ledger knows of others beside it: the lead among the programs on one database, for work that one of them does for all, and a standby of the database.

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

    /// Whether a commit waits for a second machine ([`Store::has_standby`](crate::Store::has_standby)).
    ///
    /// # Errors
    /// [`LedgerError::Unreachable`].
    pub fn has_standby(&self) -> Result<Option<bool>, LedgerError> {
        self.store.has_standby()
    }

    /// Gives the lead up ([`Store::give_up_lead`]).
    pub fn give_up_lead(&self) {
        self.store.give_up_lead();
    }
}
