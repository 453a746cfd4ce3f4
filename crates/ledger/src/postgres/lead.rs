//! The lead among the programs on one database: a lock of the server's that a session holds until it ends.

use crate::error::LedgerError;
use crate::postgres::address::DatabaseAddress;
use crate::postgres::connection::Connection;

/// Asked for without waiting, and given back when the session ends, however it ends. The number is "LVle".
const LEAD: &str = "SELECT pg_try_advisory_lock(1280732261)";

/// The server notices within a minute that a program has gone silent, and lets the next one lead.
const SETTINGS: &str = "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";

/// The session in which the program leads, or asks to.
#[derive(Default)]
pub(super) struct Lead {
    session: Option<Connection>,
    holds: bool,
    /// How often the lead has been taken.
    taken: u64,
}

impl Lead {
    /// Ends the session, and with it the lead.
    pub(super) fn give_up(&mut self) {
        self.holds = false;
        self.session = None;
    }

    /// Says whether the program leads, asking for it when it does not.
    pub(super) fn ask(&mut self, address: &DatabaseAddress) -> Result<Option<u64>, LedgerError> {
        let held = std::mem::take(&mut self.holds);
        let session = match self.session.take() {
            Some(session) => session,
            None => {
                let session = Connection::open(address)?;
                session.batch(SETTINGS)?;
                session
            }
        };
        self.holds = if held {
            session.batch("SELECT 1").map(|()| true)?
        } else {
            let rows = session.query(LEAD, &[])?;
            rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false)
        };
        if self.holds && !held {
            self.taken += 1;
        }
        self.session = Some(session);
        Ok(self.holds.then_some(self.taken))
    }
}
