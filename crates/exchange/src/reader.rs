//! A reader: follows a log at a holder of it, tile by tile, and believes nothing but what adds up to the signed root (promise I4).

use ledger::{LedgerError, Origin};

use crate::batch::{LONGEST, MOST_ENTRIES, push_entry};
use crate::checkpoint::SignedCheckpoint;
use crate::directory::Directory;
use crate::log::{CheckedEntry, append_all};
use crate::owner::{Effect, Event, QUIET};
use crate::protocol::{Answer, Request};
use crate::shelf::{HeldLog, Shelf, ShelfRead, Standing};
use crate::tile::{TilePlace, read_entry_bundle, read_payload_bundle, root_at};

/// The alarm of a log whose owner shows far less than it has signed.
pub const TOO_FAR_BEHIND: &str = "the owner was put back to a state too far behind what it has signed";
/// First and longest pause after an error, in seconds; doubled each time.
const RETRIES: (u64, u64) = (1, 900);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Resting,
    AskingCheckpoint,
    FetchingEntries { goal: Goal, place: TilePlace },
    FetchingPayloads { goal: Goal, place: TilePlace, entries: Vec<Vec<u8>> },
    Reminding,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Goal {
    signed: SignedCheckpoint,
    /// Nothing unverified lay before what is fetched for this goal.
    is_clean: bool,
}

/// Follows one log. Entries are kept as they come, and count only when the root over them is the signed one.
#[derive(Debug, Clone)]
pub struct ReaderLoop {
    origin: Origin,
    /// Whether the holder asked is the log's owner.
    is_at_owner: bool,
    stage: Stage,
    failures: u32,
}

impl ReaderLoop {
    /// A loop that rests until it is woken.
    pub fn new(origin: Origin) -> ReaderLoop {
        ReaderLoop { origin, is_at_owner: false, stage: Stage::Resting, failures: 0 }
    }

    /// The same, of a log read at its owner, who is told when he has lost what he has signed.
    pub fn at_owner(origin: Origin) -> ReaderLoop {
        ReaderLoop { is_at_owner: true, ..ReaderLoop::new(origin) }
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Takes one step, as [`crate::owner::Owner::step`].
    ///
    /// # Errors
    /// Those of the shelf.
    pub fn step(&mut self, shelf: &mut dyn Shelf, directory: &Directory, event: Event) -> Result<Vec<Effect>, LedgerError> {
        let stage = std::mem::replace(&mut self.stage, Stage::Resting);
        match (stage, event) {
            (Stage::Resting, Event::Wake) => {
                let after = shelf.log(&self.origin)?.map_or(0, |log| log.signed_size());
                Ok(self.send(Stage::AskingCheckpoint, Request::ReadCheckpoint { after }))
            }
            (Stage::Resting, _) => Ok(Vec::new()),
            (stage, Event::Wake) => {
                self.stage = stage;
                Ok(Vec::new())
            }
            (Stage::AskingCheckpoint, Event::Answer(Answer::Unchanged | Answer::NotFound)) => Ok(self.rest()),
            (Stage::AskingCheckpoint, Event::Answer(Answer::Note(note))) => self.take_checkpoint(shelf, directory, &note),
            (Stage::FetchingEntries { goal, place }, Event::Answer(Answer::Bundle(bundle))) => {
                let Ok(entries) = read_entry_bundle(&bundle) else { return Ok(self.retry()) };
                let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
                Ok(self.send(Stage::FetchingPayloads { goal, place, entries }, Request::PayloadTile { place }))
            }
            (Stage::FetchingPayloads { goal, place, entries }, Event::Answer(Answer::Bundle(bundle))) => {
                self.take_entries(shelf, goal, place, &entries, &bundle)
            }
            (Stage::Reminding, Event::Answer(Answer::Head(_))) => Ok(self.rest()),
            (_, Event::Failed | Event::Answer(_)) => Ok(self.retry()),
        }
    }

    fn take_checkpoint(&mut self, shelf: &mut dyn Shelf, directory: &Directory, note: &str) -> Result<Vec<Effect>, LedgerError> {
        let Ok(signed) = SignedCheckpoint::parse(note) else { return Ok(self.retry()) };
        if signed.checkpoint.origin != self.origin || !directory.is_signed_by_owner(&signed) {
            return Ok(self.retry());
        }
        let log = shelf.log(&self.origin)?.unwrap_or_else(HeldLog::empty);
        if log.standing == Standing::Forked {
            return Ok(self.rest());
        }
        let known = log.signed_size();
        if signed.checkpoint.size <= known {
            if root_at(shelf, &self.origin, signed.checkpoint.size)? != signed.checkpoint.root {
                return self.note_fork(shelf, log, note);
            }
            let has_lost = self.is_at_owner && signed.checkpoint.size < known;
            return if has_lost { self.remind(shelf, &log, signed.checkpoint.size) } else { Ok(self.rest()) };
        }
        let is_clean = log.size == known;
        self.go_on(shelf, Goal { signed, is_clean })
    }

    /// The owner shows less than it has signed: it was put back to an older state and must not go on from there. Here is what it has signed since.
    fn remind(&mut self, shelf: &dyn ShelfRead, log: &HeldLog, from: u64) -> Result<Vec<Effect>, LedgerError> {
        let Some(signed) = &log.checkpoint else { return Ok(self.rest()) };
        let wanted = signed.checkpoint.size.saturating_sub(from);
        let rows = shelf.entries(&self.origin, from, usize::try_from(wanted).unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES), LONGEST / 2)?;
        if (rows.len() as u64) < wanted {
            let mut effects = vec![Effect::Alarm(TOO_FAR_BEHIND)];
            effects.extend(self.retry());
            return Ok(effects);
        }
        let mut body = Vec::new();
        for row in &rows {
            push_entry(&mut body, &row.bytes, row.payload.as_deref());
        }
        Ok(self.send(Stage::Reminding, Request::Remind { from, note: signed.to_string(), body }))
    }

    /// Fetches what is lacking below the goal, or closes when nothing is.
    fn go_on(&mut self, shelf: &mut dyn Shelf, goal: Goal) -> Result<Vec<Effect>, LedgerError> {
        let mut log = shelf.log(&self.origin)?.unwrap_or_else(HeldLog::empty);
        if log.standing == Standing::Suspended {
            return Ok(self.rest());
        }
        let size = goal.signed.checkpoint.size;
        if log.size < size {
            let place = TilePlace::holding(log.size, size);
            return Ok(self.send(Stage::FetchingEntries { goal, place }, Request::EntryTile { place }));
        }
        if root_at(shelf, &self.origin, size)? != goal.signed.checkpoint.root {
            if goal.is_clean {
                // What the holder gave does not add up: it lied, or the owner has signed two trees. The notes show which.
                shelf.keep_evidence(&self.origin, &goal.signed.to_string())?;
                if let Some(before) = &log.checkpoint {
                    shelf.keep_evidence(&self.origin, &before.to_string())?;
                }
            }
            // What was verified before stays.
            shelf.cut(&self.origin, log.signed_size())?;
            return Ok(self.retry());
        }
        log.checkpoint = Some(goal.signed);
        if log.size == size {
            log.provisional_bytes = 0;
        }
        shelf.keep(&self.origin, &log)?;
        self.failures = 0;
        let mut effects = vec![Effect::Received(size)];
        effects.extend(self.rest());
        Ok(effects)
    }

    fn take_entries(
        &mut self,
        shelf: &mut dyn Shelf,
        goal: Goal,
        place: TilePlace,
        entries: &[Vec<u8>],
        bundle: &[u8],
    ) -> Result<Vec<Effect>, LedgerError> {
        let Ok(payloads) = read_payload_bundle(bundle) else { return Ok(self.retry()) };
        if entries.len() as u64 != place.width || payloads.len() != entries.len() {
            return Ok(self.retry());
        }
        let log = shelf.log(&self.origin)?.unwrap_or_else(HeldLog::empty);
        if log.standing == Standing::Suspended {
            return Ok(self.rest());
        }
        let size = log.size;
        let mut fresh = Vec::new();
        for ((index, bytes), payload) in (place.start()..).zip(entries).zip(payloads) {
            let Ok(checked) = CheckedEntry::read(bytes, payload) else { return Ok(self.retry()) };
            if index >= size {
                fresh.push(checked);
            }
        }
        append_all(shelf, &self.origin, fresh)?;
        self.go_on(shelf, goal)
    }

    /// Two signed trees that contradict each other: both notes are kept, the log is frozen.
    fn note_fork(&mut self, shelf: &mut dyn Shelf, mut log: HeldLog, note: &str) -> Result<Vec<Effect>, LedgerError> {
        shelf.keep_evidence(&self.origin, note)?;
        if let Some(before) = &log.checkpoint {
            shelf.keep_evidence(&self.origin, &before.to_string())?;
        }
        log.standing = Standing::Forked;
        shelf.keep(&self.origin, &log)?;
        let mut effects = vec![Effect::Alarm("the log has two signed trees that contradict each other")];
        effects.extend(self.rest());
        Ok(effects)
    }

    fn send(&mut self, stage: Stage, request: Request) -> Vec<Effect> {
        self.stage = stage;
        vec![Effect::Send(request)]
    }

    fn rest(&mut self) -> Vec<Effect> {
        self.failures = 0;
        self.stage = Stage::Resting;
        vec![Effect::Pause(QUIET)]
    }

    fn retry(&mut self) -> Vec<Effect> {
        self.stage = Stage::Resting;
        let (first, longest) = RETRIES;
        let pause = first.saturating_mul(1 << self.failures.min(20)).min(longest);
        self.failures = self.failures.saturating_add(1);
        vec![Effect::Pause(pause)]
    }
}
