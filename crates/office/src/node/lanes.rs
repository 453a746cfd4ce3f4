//! The lanes between this node and the one above: each carries one log up or down, one request in flight, four lanes at a time (LV-Log/1 §4, §5).
//!
//! The machines of `exchange` decide; here are the threads that step them, each step in one transaction, and the clock they wait by. A step's request is sent
//! after its commit.

mod lead;
mod plan;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalogue::Label;
use exchange::checkpoint::SignedCheckpoint;
use exchange::directory::Directory;
use exchange::ledger_shelf::{LedgerShelf, LedgerView};
use exchange::owner::{Effect, Event, Moment, Owner, QUIET, sign_alone};
use exchange::protocol::{Answer, Request};
use exchange::reader::ReaderLoop;
use exchange::shelf::ShelfRead;
use exchange::signature::{SignatureFields, sign};
use exchange::wire::{Wire, WireAnswer, read_answer, write_request};
use ledger::{LedgerError, Origin, Reader, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::carried_files::Carried;
use super::listening::listen;
use super::membership::{Above, seconds};
use super::sending::{keep_release, release_of};
use super::{Exchange, Known, TRAVELLING, lock};
use crate::error::{OfficeError, label};
pub(super) use plan::lanes_of;
pub(super) use words::refusal_words;
use words::{alarm_in_vietnamese, unread_words};

/// Lanes that carry at the same time.
const CARRIERS: usize = 4;
/// How often what other programs and loops have brought is looked for.
const LOOK: Duration = Duration::from_millis(500);
/// A reader asks for news this often, in seconds, at the latest.
const READ_EVERY: u64 = 10;
/// The same of a log of another department of the region.
const READ_REGION_EVERY: u64 = 120;
/// After a file could not be carried the lane rests so long, in seconds.
const FILES_AGAIN: u64 = 60;
/// Bytes of a call that takes long enough for the next one to be made ready meanwhile.
const WORTH_LOOKING_AHEAD: usize = 16 << 10;
/// Where the last trouble of each lane is kept.
const TROUBLES: &str = "exchange_trouble";

/// Where the Centre's receipts for the own logs are kept, read at the node above that passed them on.
pub(super) const CENTRE_RECEIPTS: &str = "exchange_centre_receipt";

/// The way to the node above. It carries bytes and knows nothing of them.
pub trait Line: fmt::Debug + Send + Sync {
    /// Carries a signed call to the node at `address` and brings its answer.
    ///
    /// # Errors
    /// When no whole answer came.
    fn carry(&self, address: &str, wire: &Wire, fields: &SignatureFields) -> Result<WireAnswer, LineFault>;
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.en)]
pub struct LineFault(
    /// In words for the operator.
    pub Label,
);

/// A trouble of a lane as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trouble {
    /// Since when, microseconds since 1970.
    pub(super) since: i64,
    /// In words.
    pub(super) vi: String,
    /// In words.
    pub(super) en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LaneKey {
    pub(super) origin: Origin,
    pub(super) way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// Signed here, there being nobody to take it.
    Alone,
    /// An own log, to the node above or to the Centre's second site.
    Up,
    /// The log of a node below, passed on.
    Relay,
    /// A log of a node above, read from the one above.
    Down,
}

enum Machine {
    Alone,
    Up(Box<Owner>),
    Down(Box<ReaderLoop>),
}

struct Lane {
    /// None while a thread works on it.
    machine: Option<Machine>,
    due: Instant,
    /// Since when there may be something new to carry.
    news: Option<Instant>,
    /// It is to ask the node above again although its log has not grown.
    is_wanted_again: bool,
    /// The lane has failed and waits its time: news does not make it hurry.
    is_backing_off: bool,
    /// What the ledger keeps as its trouble; not known before it was read: a run before may have left one.
    kept_trouble: Option<Option<Trouble>>,
}

impl Lane {
    /// Since when, or until when, it waits to be taken. A lane that has failed waits its time.
    fn waits_since(&self) -> Instant {
        self.news.filter(|_| !self.is_backing_off).map_or(self.due, |news| news.min(self.due))
    }
}

/// What the threads share.
#[derive(Default)]
pub(super) struct Plan {
    lanes: BTreeMap<LaneKey, Lane>,
    /// What the lanes were made for.
    pub(super) made_for: Option<Arc<Known>>,
    /// Logs with entries to be counted.
    pub(super) to_count: BTreeSet<Origin>,
    /// The log that was counted last.
    pub(super) counted_last: Option<Origin>,
    /// Whether all logs are to be counted.
    pub(super) counts_all: bool,
    /// Whether a thread counts.
    pub(super) is_counting: bool,
    /// When many entries of another node came last.
    pub(super) taken_in: Option<Instant>,
    /// Counting rests until then.
    pub(super) counts_from: Option<Instant>,
    looked: Option<Instant>,
    /// The last change of the ledger seen: other programs write too.
    seen: u64,
    /// When the head, or his standing order, let something go last, as it was seen.
    sent: Option<i64>,
    /// What keeps the exchange from reading its ledger, as it was last written into the program's log.
    warned: String,
    pub(super) is_stopping: bool,
    /// Among several programs on one database one carries for all; none when it is another one ([`Ledger::lead`](ledger::Ledger::lead)).
    lead: Option<u64>,
    /// Carries nothing until it is let go again: a rehearsal of a cut line.
    is_unplugged: bool,
}

/// The threads of the lanes; they end when it is dropped.
pub(crate) struct Carriers {
    exchange: Arc<Exchange>,
    line: Arc<dyn Line>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Carriers {
    pub(crate) fn line(&self) -> Arc<dyn Line> {
        self.line.clone()
    }
}

impl Drop for Carriers {
    fn drop(&mut self) {
        lock(&self.exchange.plan).is_stopping = true;
        self.exchange.moved.notify_all();
        for thread in self.threads.drain(..) {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

/// How a run of a lane ended.
struct Rest {
    machine: Option<Machine>,
    seconds: u64,
    trouble: Option<Label>,
    has_grown: bool,
}

impl Exchange {
    /// Starts the threads.
    pub(crate) fn start(self: &Arc<Exchange>, line: Arc<dyn Line>) -> Carriers {
        let mut threads = Vec::new();
        for number in 0..CARRIERS {
            let (exchange, line) = (self.clone(), line.clone());
            let name = format!("lane {number}");
            threads.extend(std::thread::Builder::new().name(name).spawn(move || exchange.work(line.as_ref())).ok());
        }
        let (weak, listening) = (Arc::downgrade(self), line.clone());
        // Not waited for: its call may stay open for a while after the others have ended.
        let listener = std::thread::Builder::new().name("listener".to_owned()).spawn(move || listen(&weak, &listening));
        if let Err(error) = listener {
            tracing::warn!(%error, "nobody listens to the node above; it is asked every now and then");
        }
        Carriers { exchange: self.clone(), line, threads }
    }

    /// Something may be there to carry up.
    pub(crate) fn wake(&self) {
        lock(&self.plan).want();
        self.moved.notify_all();
    }

    /// A log is to be carried up again although it has not grown.
    pub(super) fn carry_again(&self, origin: &Origin) {
        let mut plan = lock(&self.plan);
        for (_, lane) in plan.lanes.iter_mut().filter(|(key, _)| key.origin == *origin && key.way != Way::Down) {
            lane.is_wanted_again = true;
            if !lane.is_backing_off {
                lane.due = Instant::now();
            }
        }
        drop(plan);
        self.moved.notify_all();
    }

    /// Cuts the line, or lets it go again: nothing goes up or comes down meanwhile.
    pub(crate) fn set_unplugged(&self, is_unplugged: bool) {
        let mut plan = lock(&self.plan);
        plan.is_unplugged = is_unplugged;
        if !is_unplugged {
            for lane in plan.lanes.values_mut() {
                lane.due = Instant::now();
            }
        }
        drop(plan);
        self.moved.notify_all();
    }

    /// What was let go is sent at once, also on a lane that waits after a failure.
    pub(crate) fn hurry(&self) {
        lock(&self.plan).hurry();
        self.moved.notify_all();
    }

    /// Whether the line is cut on purpose.
    pub(crate) fn is_unplugged(&self) -> bool {
        lock(&self.plan).is_unplugged
    }

    /// One thread: takes the lane that has waited longest, until it is told to stop.
    fn work(&self, line: &dyn Line) {
        let mut plan = lock(&self.plan);
        while !plan.is_stopping {
            if plan.looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                plan.looked = Some(Instant::now());
                drop(plan);
                let look = || Ok((self.known()?, self.ledger.read(|r| r.last_seq())?, self.standing_order()?));
                let looked = self.take_the_lead().and_then(|()| look());
                plan = lock(&self.plan);
                match looked {
                    Ok((known, seq, sent)) => {
                        plan.warned.clear();
                        let heard = known.as_ref().map_or(Ok(()), |known| self.look_after_restore(known));
                        if let Err(error) = heard {
                            tracing::warn!(%error, "it cannot be seen what was heard after the restore");
                        }
                        plan.make_lanes(known.as_ref());
                        if std::mem::replace(&mut plan.sent, sent) != sent {
                            plan.hurry();
                        }
                        if std::mem::replace(&mut plan.seen, seq) != seq {
                            plan.want();
                        }
                    }
                    Err(error) => plan.warn(&error.to_string()),
                }
                continue;
            }
            if let Some((count, known)) = plan.take_count() {
                drop(plan);
                self.count(count, &known);
                plan = lock(&self.plan);
                continue;
            }
            let now = Instant::now();
            let known = plan.made_for.clone().filter(|_| plan.lead.is_some() && !plan.is_unplugged);
            let taken = plan.next_lane(now).zip(known).and_then(|(key, known)| {
                let lane = plan.lanes.get_mut(&key)?;
                lane.is_wanted_again = false;
                let is_due = std::mem::take(&mut lane.news).is_none() || lane.due <= now;
                Some((key, lane.machine.take()?, known, is_due))
            });
            let Some((key, machine, known, is_due)) = taken else {
                let waiting = plan.lanes.values().filter(|lane| lane.machine.is_some()).map(Lane::waits_since);
                let next = waiting.chain(plan.next_count()).min();
                let wait = next.map_or(LOOK, |due| due.saturating_duration_since(now)).clamp(Duration::from_millis(5), LOOK);
                plan = self.moved.wait_timeout(plan, wait).unwrap_or_else(std::sync::PoisonError::into_inner).0;
                continue;
            };
            drop(plan);
            if !is_due && !self.has_news(&key.origin, &machine, &known) {
                plan = lock(&self.plan);
                plan.leave(&key, machine, &known);
                continue;
            }
            let mut rest = self.run(&key, machine, &known, line);
            if key.way == Way::Up && rest.trouble.is_none() {
                self.ask_for_the_centres_receipt(&key.origin, &known, line);
            }
            let mut file_trouble = None;
            if rest.trouble.is_none() && rest.seconds == QUIET {
                self.note_rest(&key.origin, key.way);
                if let Err(error) = self.witness(&key.origin, &known, line) {
                    tracing::warn!(%error, "the directory of the node above could not be witnessed");
                }
                match self.carry_files(&key.origin, key.way, &known, line) {
                    Ok(Carried::All) => {}
                    Ok(Carried::Some) => rest.seconds = 0,
                    // Entries do not wait for files.
                    Err(error) => (rest.seconds, file_trouble) = (FILES_AGAIN, Some(error.message())),
                }
            }
            self.note_trouble(&key, rest.trouble.as_ref().or(file_trouble.as_ref()));
            if rest.has_grown {
                self.note_growth(&key.origin);
            }
            plan = lock(&self.plan);
            plan.put_back(&key, rest, &known);
        }
    }

    /// Whether a lane that rests has anything new to carry.
    fn has_news(&self, origin: &Origin, machine: &Machine, known: &Known) -> bool {
        let looked = self.ledger.read(|r| -> Result<bool, OfficeError> {
            let view = LedgerView::over(r);
            match machine {
                Machine::Alone => Ok(view.log(origin)?.is_some_and(|log| log.size > log.signed_size())),
                Machine::Up(owner) => {
                    let mut owner = owner.clone();
                    owner.release_up_to(release_of(r.store(), &known.membership.name, origin)?);
                    Ok(owner.has_news(&view)?)
                }
                Machine::Down(_) => Ok(true),
            }
        });
        // What is wrong shows in the step.
        looked.unwrap_or(true)
    }

    /// Steps a lane until it rests.
    fn run(&self, key: &LaneKey, machine: Machine, known: &Known, line: &dyn Line) -> Rest {
        let mut rest = Rest { machine: Some(machine), seconds: QUIET, trouble: None, has_grown: false };
        let mut event = Event::Wake;
        let mut ahead: Option<(Request, Wire)> = None;
        while let Some(machine) = rest.machine.take() {
            let (machine, effects) = match self.step(&key.origin, machine, known, event) {
                Ok(done) => done,
                Err(error) => {
                    tracing::warn!(%error, log = %key.origin, "a step of the exchange failed");
                    rest.seconds = 10;
                    rest.trouble = Some(error.message());
                    return rest;
                }
            };
            rest.machine = Some(machine);
            let mut request = None;
            for effect in effects {
                match effect {
                    Effect::Send(wanted) => request = Some(wanted),
                    Effect::Pause(pause) => rest.seconds = pause,
                    Effect::Received(_) => (rest.has_grown, rest.trouble) = (true, None),
                    Effect::PutBehind(both) => {
                        tracing::warn!(log = %key.origin, records = both.len(), "own entries were put behind those the node above still had");
                    }
                    Effect::Alarm(what) => {
                        tracing::error!(log = %key.origin, what, "alarm of the exchange");
                        rest.trouble = Some(label(alarm_in_vietnamese(what), what));
                    }
                }
            }
            let (Some(request), Some(above)) = (request, known.membership.holder()) else { return rest };
            if lock(&self.plan).is_stopping {
                rest.seconds = 1;
                return rest;
            }
            let wire = match ahead.take().filter(|(expected, _)| *expected == request) {
                Some((_, wire)) => wire,
                None => packed(&key.origin, &request),
            };
            let answer = match &mut rest.machine {
                Some(Machine::Up(owner)) if wire.body.len() > WORTH_LOOKING_AHEAD => std::thread::scope(|scope| {
                    let carried = scope.spawn(|| self.carry(above, &request, &wire, known, line));
                    ahead = self.look_ahead(&key.origin, owner);
                    carried.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                }),
                _ => self.carry(above, &request, &wire, known, line),
            };
            event = match answer {
                Ok(Answer::Refused(refusal)) => {
                    rest.trouble = Some(refusal_words(refusal));
                    Event::Answer(Answer::Refused(refusal))
                }
                Ok(answer) => {
                    rest.trouble = None;
                    if matches!(answer, Answer::Conflict(_)) {
                        // The node above was put back to a backup, or this one was: the other logs lack something too.
                        self.hurry();
                    }
                    Event::Answer(answer)
                }
                Err(fault) => {
                    rest.trouble = Some(fault.0);
                    Event::Failed
                }
            };
        }
        rest
    }

    /// While a large append is on its way, the next one is read and packed.
    fn look_ahead(&self, origin: &Origin, owner: &mut Owner) -> Option<(Request, Wire)> {
        match self.ledger.read(|r| owner.look_ahead(&LedgerView::over(r))) {
            Ok(request) => request.map(|request| (request.clone(), packed(origin, &request))),
            Err(error) => {
                tracing::warn!(%error, log = %origin, "the next entries cannot be read ahead");
                None
            }
        }
    }

    /// One step in one transaction.
    fn step(&self, origin: &Origin, machine: Machine, known: &Known, event: Event) -> Result<(Machine, Vec<Effect>), OfficeError> {
        let moment = Moment { now: seconds(self.clock.now()), id: RecordId::new() };
        let own = known.membership.name.clone();
        let (origin, directory, key): (Origin, Directory, _) = (origin.clone(), known.directory.clone(), known.parent.key.clone());
        let may_sign_alone = !matches!(machine, Machine::Alone) || self.may_sign_alone(known, &origin)?;
        self.ledger.write(move |w| -> Result<_, OfficeError> {
            let mut machine = machine;
            let effects = match &mut machine {
                Machine::Up(owner) => {
                    let release = release_of(w.store(), &own, &origin)?;
                    owner.release_up_to(release);
                    let effects = owner.step(&mut LedgerShelf::over(w), &directory, event, moment)?;
                    if let Some(now) = owner.released().filter(|now| Some(*now) != release) {
                        keep_release(w, &origin, now)?;
                    }
                    effects
                }
                Machine::Down(reader) => reader.step(&mut LedgerShelf::over(w), &directory, event)?,
                Machine::Alone => {
                    let has_signed = may_sign_alone && sign_alone(&mut LedgerShelf::over(w), &origin, &key)?;
                    has_signed.then_some(Effect::Received(0)).into_iter().chain([Effect::Pause(QUIET)]).collect()
                }
            };
            Ok((machine, effects))
        })
    }

    /// Asks the node above, when it is not the Centre, whether the Centre has signed for the log too.
    fn ask_for_the_centres_receipt(&self, origin: &Origin, known: &Known, line: &dyn Line) {
        let centre = &known.membership.centre;
        let Some(above) = known.membership.above.as_ref().filter(|above| above.name != *centre) else { return };
        let Ok(Answer::Note(note)) = self.call(above, origin, &Request::ReadReceipt, known, line) else { return };
        let is_centres = SignedCheckpoint::parse(&note)
            .is_ok_and(|signed| signed.checkpoint.origin == *origin && signed.cosigned_at(centre, &known.membership.centre_key).is_some());
        if !is_centres {
            return;
        }
        let place = origin.as_str().to_owned();
        let kept = self.ledger.write(move |w| -> Result<(), LedgerError> {
            let note = json!(note);
            if w.cabinet_get(CENTRE_RECEIPTS, &place)?.as_ref() == Some(&note) {
                return Ok(());
            }
            w.cabinet_put(CENTRE_RECEIPTS, &place, note)
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "the Centre's receipt cannot be kept");
        }
    }

    pub(super) fn call(
        &self,
        above: &Above,
        origin: &Origin,
        request: &Request,
        known: &Known,
        line: &dyn Line,
    ) -> Result<Answer, LineFault> {
        self.carry(above, request, &packed(origin, request), known, line)
    }

    fn carry(&self, above: &Above, request: &Request, wire: &Wire, known: &Known, line: &dyn Line) -> Result<Answer, LineFault> {
        let now = u64::try_from(seconds(self.clock.now())).unwrap_or(0);
        let fields = sign(wire.target(), &known.membership.name, &known.parent.key, now);
        let answer = line.carry(&above.address, wire, &fields)?;
        read_answer(request, &answer).ok_or_else(|| LineFault(unread_words(answer.status)))
    }

    /// Keeps what is wrong with a lane, or that nothing is any more, where other programs can read it.
    fn note_trouble(&self, key: &LaneKey, words: Option<&Label>) {
        let Some(remembered) = lock(&self.plan).lanes.get(key).map(|lane| lane.kept_trouble.clone()) else { return };
        let read = || self.ledger.read(|r| kept_trouble(r, &key.origin));
        let before = match remembered.map_or_else(read, Ok) {
            Ok(before) => before,
            Err(error) => {
                tracing::warn!(%error, "the trouble of a lane cannot be read");
                return;
            }
        };
        let now = words.map(|words| Trouble {
            since: before.as_ref().map_or_else(|| self.clock.now(), |trouble| trouble.since),
            vi: words.vi.clone(),
            en: words.en.clone(),
        });
        if before != now {
            let (place, wanted) = (key.origin.as_str().to_owned(), now.clone());
            let kept = self.ledger.write(move |w| -> Result<(), LedgerError> {
                match wanted {
                    Some(trouble) => w.cabinet_put(TROUBLES, &place, json!(trouble)),
                    None => w.cabinet_remove(TROUBLES, &place),
                }
            });
            if let Err(error) = kept {
                tracing::warn!(%error, "the trouble of a lane cannot be kept");
                return;
            }
        }
        if let Some(lane) = lock(&self.plan).lanes.get_mut(key) {
            lane.kept_trouble = Some(now);
        }
    }
}

/// A request as it goes over the wire.
fn packed(origin: &Origin, request: &Request) -> Wire {
    let mut wire = write_request(origin, request);
    wire.compress();
    wire
}

/// What keeps the lane of a log from going on, as it was kept last.
pub(super) fn kept_trouble(r: &Reader<'_>, origin: &Origin) -> Result<Option<Trouble>, OfficeError> {
    Ok(r.cabinet_get(TROUBLES, origin.as_str())?.map(serde_json::from_value).transpose()?)
}
