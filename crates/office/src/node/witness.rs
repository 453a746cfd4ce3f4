//! The directory of the node above, cosigned by this one when it has read and checked it: several have seen that it is the same for all (LV-Log/1 §6).

use exchange::directory::DIRECTORY;
use exchange::ledger_shelf::LedgerView;
use exchange::note::print_lines;
use exchange::protocol::{Answer, Request};
use exchange::shelf::ShelfRead;
use ledger::{LedgerError, Origin};
use serde_json::{Value, json};

use super::lanes::Line;
use super::membership::seconds;
use super::{Exchange, Known};
use crate::error::OfficeError;

/// The size for which each log was witnessed last; the key is its origin.
const WITNESSED: &str = "exchange_witnessed";

impl Exchange {
    /// Cosigns the directory of the node above, once for each checkpoint. One that cannot be brought now is brought at the next rest.
    pub(super) fn witness(&self, origin: &Origin, known: &Known, line: &dyn Line) -> Result<(), OfficeError> {
        let Some(above) = known.membership.above.as_ref().filter(|above| origin.audience() == DIRECTORY && origin.node() == above.name)
        else {
            return Ok(());
        };
        let (log, witnessed) = self
            .ledger
            .read(|r| -> Result<_, LedgerError> { Ok((LedgerView::over(r).log(origin)?, r.cabinet_get(WITNESSED, origin.as_str())?)) })?;
        let Some(signed) = log.and_then(|log| log.checkpoint) else { return Ok(()) };
        let size = signed.checkpoint.size;
        if witnessed.as_ref().and_then(Value::as_u64) == Some(size) {
            return Ok(());
        }
        let now = u64::try_from(seconds(self.clock.now())).unwrap_or(0);
        let cosignature = signed.cosignature(&known.membership.name, &known.parent.key, now);
        let request = Request::Cosign { size, lines: print_lines(&[cosignature]) };
        if matches!(self.call(above, origin, &request, known, line), Ok(Answer::Unchanged)) {
            let place = origin.as_str().to_owned();
            self.ledger.write(move |w| w.cabinet_put(WITNESSED, &place, json!(size)))?;
        }
        Ok(())
    }
}
