//! What has come in from other nodes is counted into records that this node shows, behind the answers and steps that brought it: no acknowledgement waits for it,
//! and what was left when the program stopped is counted when it starts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use exchange::cite::CITE;
use exchange::directory::{CATALOGUE, Directory};
use exchange::held_record::{count_all, count_entries};
use ledger::{LedgerError, NodeName, Origin};

use super::lanes::Plan;
use super::{Exchange, Known, lock};
use crate::error::OfficeError;
use crate::incoming_form::take_in;

/// A load is coming in while its last entries are not older than this.
const LOAD_IS_OVER: Duration = Duration::from_secs(1);
/// Bytes of an append that is part of a load, and not what somebody has just saved.
pub(super) const LOAD: usize = 256 << 10;
/// Counting begins so long after a log has grown: the answer that lets the other node go on goes out first.
const ANSWER_GOES_FIRST: Duration = Duration::from_millis(20);
/// While a load is coming in, counting rests so long between two steps: taking entries in goes first, and the views have only as much to follow.
const REST_UNDER_LOAD: Duration = Duration::from_secs(5);

/// What is to be counted next.
pub(super) enum Count {
    /// Every log: at the start, and when the directory has changed.
    All,
    /// A log that has grown.
    Log(Origin),
}

impl Exchange {
    /// Counts one step of what waits to be counted; what is left waits on.
    pub(super) fn count(&self, count: Count, known: &Known) {
        let directory = known.directory.clone();
        let counted = match &count {
            Count::All => self.ledger.write(move |w| count_all(w, &directory)),
            Count::Log(origin) => self.count_log(origin.clone(), directory),
        };
        let may_return = match &count {
            Count::All => true,
            Count::Log(origin) => origin.audience() == CITE,
        };
        if may_return && let Err(error) = self.take_returns(known) {
            tracing::error!(%error, "what the nodes above have returned cannot be read");
        }
        if counted.is_ok() {
            self.take_forms_in(&count, known);
        }
        let mut plan = lock(&self.plan);
        plan.is_counting = false;
        let is_load = plan.taken_in.is_some_and(|at| at.elapsed() < LOAD_IS_OVER);
        plan.counts_from = is_load.then(|| Instant::now() + REST_UNDER_LOAD);
        match counted {
            Ok(true) => {}
            Ok(false) => plan.put_back_count(count),
            Err(error) => tracing::error!(%error, "records of other nodes cannot be counted"),
        }
    }

    /// What the Centre says of forms takes effect here when its catalogue log has grown.
    fn take_forms_in(&self, count: &Count, known: &Known) {
        let centre = &known.membership.centre;
        let may_have_grown = match count {
            Count::All => true,
            Count::Log(origin) => origin.audience() == CATALOGUE && origin.node() == *centre,
        };
        if !may_have_grown || *centre == known.membership.name {
            return;
        }
        if let Err(error) = take_in(&self.ledger, centre, self.clock.now()) {
            tracing::error!(%error, "forms from the Centre cannot be taken in");
        }
    }

    fn count_log(&self, origin: Origin, directory: Directory) -> Result<bool, LedgerError> {
        self.ledger.write(move |w| Ok(count_entries(w, &directory, &origin)?.is_done()))
    }

    /// How the directory calls the body that runs a node; none when it does not say, or when the node has not joined the others.
    pub(crate) fn title_of(&self, node: &NodeName) -> Result<Option<String>, OfficeError> {
        let Some(known) = self.known()? else { return Ok(None) };
        Ok(known.directory.member(node).map(|member| member.title.clone()).filter(|title| !title.is_empty()))
    }
}

impl Plan {
    /// A log has grown.
    pub(super) fn wants_count(&mut self, origin: &Origin) {
        self.to_count.insert(origin.clone());
        self.counts_from.get_or_insert_with(|| Instant::now() + ANSWER_GOES_FIRST);
    }

    /// When there is something to count next.
    pub(super) fn next_count(&self) -> Option<Instant> {
        self.counts_from.filter(|_| !self.is_counting && (self.counts_all || !self.to_count.is_empty()))
    }

    /// The next to be counted, one at a time so that lanes go on meanwhile.
    pub(super) fn take_count(&mut self) -> Option<(Count, Arc<Known>)> {
        let rests = self.counts_from.is_some_and(|from| Instant::now() < from);
        let known = self.made_for.clone().filter(|_| !self.is_counting && !rests)?;
        let count = if std::mem::take(&mut self.counts_all) { Count::All } else { Count::Log(self.next_to_count()?) };
        self.is_counting = true;
        Some((count, known))
    }

    /// The logs in turn, so that a long one does not keep the others waiting.
    fn next_to_count(&mut self) -> Option<Origin> {
        let after = self.counted_last.take();
        let next = after.and_then(|last| self.to_count.iter().find(|origin| **origin > last).cloned());
        let next = next.or_else(|| self.to_count.first().cloned())?;
        self.to_count.remove(&next);
        self.counted_last = Some(next.clone());
        Some(next)
    }

    fn put_back_count(&mut self, count: Count) {
        match count {
            Count::All => self.counts_all = true,
            Count::Log(origin) => {
                self.to_count.insert(origin);
            }
        }
    }
}
