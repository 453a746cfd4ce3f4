//! Waiting at the node above for what it says of this one's records: one call stays open there, so that a return is here within a second (LV-Log/1 §4, `wait`).

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use exchange::cite::CITE;
use exchange::ledger_shelf::LedgerView;
use exchange::protocol::Request;
use exchange::shelf::ShelfRead;
use exchange::signature::{SignatureFields, sign};
use exchange::wire::{Wire, write_request};
use ledger::Origin;

use super::lanes::Line;
use super::membership::seconds;
use super::{Exchange, lock};
use crate::error::OfficeError;

/// How long the node above keeps the call open, in seconds: shorter than the patience of a line.
const OPEN_FOR: u64 = 15;
/// Pause after a call that brought nothing and came back at once: the line is down, or the node above knows no waiting.
const AGAIN: Duration = Duration::from_secs(10);
/// Pause while there is nothing to listen to, and for the lanes to fetch what is new.
const MOMENT: Duration = Duration::from_secs(1);

/// A call that is to stay open.
struct Question {
    address: String,
    wire: Wire,
    fields: SignatureFields,
}

/// One thread, which ends soon after the exchange does. It keeps nothing of the exchange while its call is open.
pub(super) fn listen(exchange: &Weak<Exchange>, line: &Arc<dyn Line>) {
    while let Some(listening) = exchange.upgrade() {
        if listening.is_stopping() {
            return;
        }
        let question = listening.question().unwrap_or_else(|error| {
            tracing::debug!(%error, "cannot listen to the node above");
            None
        });
        drop(listening);
        let Some(question) = question else {
            std::thread::sleep(MOMENT);
            continue;
        };
        let begun = Instant::now();
        let answer = line.carry(&question.address, &question.wire, &question.fields);
        match answer.map(|answer| answer.status) {
            Ok(200) => {
                if let Some(listening) = exchange.upgrade() {
                    listening.look_up();
                }
                std::thread::sleep(MOMENT);
            }
            Ok(304 | 404) if begun.elapsed() >= MOMENT => {}
            _ => std::thread::sleep(AGAIN),
        }
    }
}

impl Exchange {
    fn is_stopping(&self) -> bool {
        lock(&self.plan).is_stopping
    }

    /// What to ask; none while nothing goes up or comes down.
    fn question(&self) -> Result<Option<Question>, OfficeError> {
        if !lock(&self.plan).carries() {
            return Ok(None);
        }
        let Some(known) = self.known()? else { return Ok(None) };
        let Some(above) = &known.membership.above else { return Ok(None) };
        let origin = Origin::of(&above.name, CITE)?;
        let after = self.ledger.read(|r| LedgerView::over(r).log(&origin))?.map_or(0, |log| log.signed_size());
        let mut wire = write_request(&origin, &Request::ReadCheckpoint { after });
        wire.query.push_str(&format!("&wait={OPEN_FOR}"));
        let now = u64::try_from(seconds(self.clock.now())).unwrap_or(0);
        let fields = sign(wire.target(), &known.membership.name, &known.parent.key, now);
        Ok(Some(Question { address: above.address.clone(), wire, fields }))
    }

    /// What the node above says is fetched at once.
    fn look_up(&self) {
        lock(&self.plan).want_down();
        self.moved.notify_all();
    }
}
