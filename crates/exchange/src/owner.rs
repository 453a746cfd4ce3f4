//! The loop that brings a log up to the parent: "store, then sign" (LV-Log/1 §5). One for each log, one request in flight.
//!
//! The owner of a log and a relay run the same loop. An owner signs what the parent has said to hold; a relay passes on what the owner has signed. An owner
//! restored from an old backup takes back what the parent still holds and puts its own unsigned entries behind it.

use std::collections::BTreeSet;

use ledger::{Entry, EntryRow, LeafHash, LedgerError, NodeName, Op, Origin, RecordId};

use crate::batch::{LONGEST, MOST_ENTRIES, push_entry, push_filling};
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::directory::Directory;
use crate::key::NodeKey;
use crate::log::{CheckedEntry, append};
use crate::note::read_lines;
use crate::protocol::{Answer, Head, Request};
use crate::shelf::{Aside, HeldLog, Shelf, ShelfRead};
use crate::tile::{TilePlace, WIDTH, read_entry_bundle, read_payload_bundle, root_at};

/// Entries between two checkpoints of a long upload, so that the parent need not hold much that is unsigned.
const ENTRIES_PER_CHECKPOINT: u64 = 65_536;
/// Pause when all is received, in seconds: the parent may have been restored meanwhile.
pub const QUIET: u64 = 300;
/// First and longest pause after an error, in seconds; doubled each time.
const RETRIES: (u64, u64) = (1, 900);
/// Shortest and longest body of an append that is aimed at, in bytes; one entry more may go over.
const SHORTEST_APPEND: usize = 64 << 10;
const LONGEST_APPEND: usize = LONGEST - (2 << 20);
/// An append that was answered within the first many seconds is followed by one twice as long, one that took the second by one half as long: what a kill or a
/// cut line makes go to waste stays small on a slow line.
const QUICK_AND_SLOW: (i64, i64) = (3, 10);
/// The alarm of a log whose parent lacks a payload that was erased here, while the entry that says so may not go up.
pub const ERASURE_HELD_BACK: &str = "the content of a released entry has been erased, and the erasure waits to be released";
/// Rows put behind the parent's at a time.
const PAGE: usize = 1024;

/// What happens to the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The pause is over, or there is something new to send.
    Wake,
    /// The answer to the request in flight.
    Answer(Answer),
    /// No answer came, or one that makes no sense.
    Failed,
}

/// What the loop wants done after the transaction of its step is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a request to the parent.
    Send(Request),
    /// Wake the loop after so many seconds (the carrier adds up to half as much by chance).
    Pause(u64),
    /// Everything below this size is received by the parent.
    Received(u64),
    /// Own entries were put behind those that the parent still had. The records named were changed by both: the own version stands, people should look.
    PutBehind(Vec<RecordId>),
    /// Something that a person has to see: the other side shows a tree that cannot be reconciled with what was acknowledged or signed. Nothing is signed
    /// or taken over; the loop asks again later.
    Alarm(&'static str),
}

/// Who runs the loop.
#[derive(Debug, Clone)]
pub enum Voice {
    /// The owner of the log, with its key.
    Owner(Box<NodeKey>),
    /// A node between the owner and the one above.
    Relay,
}

/// Time and chance of one step, given from outside so that a run can be repeated.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Seconds since 1970.
    pub now: i64,
    /// A fresh identifier, should the step write an entry.
    pub id: RecordId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Resting,
    AskingHead,
    /// Entries up to this size are on their way.
    Appending(u64),
    Filling,
    Signing(SignedCheckpoint),
    Comparing {
        head: Head,
        place: TilePlace,
    },
    FetchingEntries {
        head: Head,
        from: u64,
        place: TilePlace,
    },
    FetchingPayloads {
        head: Head,
        from: u64,
        place: TilePlace,
        entries: Vec<Vec<u8>>,
    },
}

/// The loop of one log. Everything in it is forgotten when the process ends; what must survive lies on the shelf.
#[derive(Debug, Clone)]
pub struct Owner {
    origin: Origin,
    parent: NodeName,
    voice: Voice,
    stage: Stage,
    /// The sign rule: size and root that the parent has said to hold, in this run of the process.
    confirmed: Option<(u64, LeafHash)>,
    failures: u32,
    /// Bytes of the next append: few at first, more while answers come quickly, less after one that failed or was slow.
    reach: usize,
    /// When the last append was sent, in seconds since 1970.
    appended_at: i64,
    /// Entries of an own log below this size may go up; all of them when none.
    release: Option<u64>,
    /// What the parent held when it last had everything: the next entries go up without asking first. Should it hold something else by then, it says so.
    settled: Option<Head>,
    /// The append that is likely to follow the one on its way.
    ahead: Option<Ahead>,
}

/// The body of an append, and the places of its first entry and behind its last.
#[derive(Debug, Clone)]
struct Ahead {
    from: u64,
    until: u64,
    body: Vec<u8>,
}

impl Owner {
    /// A loop that rests until it is woken.
    pub fn new(origin: Origin, parent: NodeName, voice: Voice) -> Owner {
        Owner {
            origin,
            parent,
            voice,
            stage: Stage::Resting,
            confirmed: None,
            failures: 0,
            reach: SHORTEST_APPEND,
            appended_at: 0,
            release: None,
            settled: None,
            ahead: None,
        }
    }

    /// Lets the owner's entries below `size` go up and no others; all when none. To be said before each step, because it lies on the node's disk.
    pub fn release_up_to(&mut self, size: Option<u64>) {
        self.release = size;
    }

    /// Up to which size entries may go up after the last step, to be kept in its transaction when it has changed: what the parent holds is released, and the
    /// same entries are after they were put behind others.
    pub fn released(&self) -> Option<u64> {
        self.release
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The node it sends to.
    pub fn parent(&self) -> &NodeName {
        &self.parent
    }

    /// Whether a request is in flight.
    pub fn is_waiting(&self) -> bool {
        self.stage != Stage::Resting
    }

    /// Whether a resting loop has anything to do before its pause is over: it knows of nothing that the parent lacks when it had everything the last time and
    /// nothing was written since.
    ///
    /// # Errors
    /// Those of the shelf.
    pub fn has_news(&self, shelf: &dyn ShelfRead) -> Result<bool, LedgerError> {
        match &self.settled {
            Some(head) => self.has_more_than(shelf, head.next),
            None => Ok(true),
        }
    }

    /// Takes one step. Run it in one transaction and do what it wants after the commit.
    ///
    /// # Errors
    /// Those of the shelf; the loop is then to be made anew.
    pub fn step(&mut self, shelf: &mut dyn Shelf, directory: &Directory, event: Event, moment: Moment) -> Result<Vec<Effect>, LedgerError> {
        let stage = std::mem::replace(&mut self.stage, Stage::Resting);
        let is_taken_whole =
            matches!((&stage, &event), (Stage::Appending(until), Event::Answer(Answer::Head(head))) if head.next == *until);
        if !is_taken_whole {
            // The log may be another one before entries are sent again.
            self.ahead = None;
        }
        match (stage, event) {
            (Stage::Resting, Event::Wake) => match self.settled.take() {
                Some(head) if self.has_more_than(shelf, head.next)? => self.decide(shelf, head, moment),
                _ => Ok(self.send(Stage::AskingHead, Request::Head)),
            },
            (Stage::Resting, _) => Ok(Vec::new()),
            (stage, Event::Wake) => {
                // Already at work: it looks for new entries before it rests.
                self.stage = stage;
                Ok(Vec::new())
            }
            (Stage::Appending(_), Event::Failed) => {
                self.reach = (self.reach / 4).max(SHORTEST_APPEND);
                Ok(self.retry())
            }
            (_, Event::Failed) => Ok(self.retry()),
            (_, Event::Answer(Answer::Conflict(head))) => self.decide(shelf, head, moment),
            (Stage::Appending(_), Event::Answer(Answer::Head(head))) => {
                let (quick, slow) = QUICK_AND_SLOW;
                let took = moment.now.saturating_sub(self.appended_at);
                if took < quick {
                    self.reach = (self.reach * 2).min(LONGEST_APPEND);
                } else if took > slow {
                    self.reach = (self.reach / 2).max(SHORTEST_APPEND);
                }
                self.decide(shelf, head, moment)
            }
            (Stage::AskingHead | Stage::Filling, Event::Answer(Answer::Head(head))) => self.decide(shelf, head, moment),
            (Stage::Signing(signed), Event::Answer(Answer::Cosigned(lines))) => self.keep_receipt(shelf, directory, signed, &lines),
            (Stage::Signing(signed), Event::Answer(Answer::Missing(missing))) => {
                let checkpoint = &signed.checkpoint;
                let head = Head { next: checkpoint.size, root: checkpoint.root, checkpoint: 0, missing };
                self.decide(shelf, head, moment)
            }
            (Stage::Comparing { head, place }, Event::Answer(Answer::Hashes(hashes))) => self.compare(shelf, head, place, &hashes),
            (Stage::FetchingEntries { head, from, place }, Event::Answer(Answer::Bundle(bundle))) => {
                let Ok(entries) = read_entry_bundle(&bundle) else { return Ok(self.retry()) };
                let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
                Ok(self.send(Stage::FetchingPayloads { head, from, place, entries }, Request::PayloadTile { place }))
            }
            (Stage::FetchingPayloads { head, from, place, entries }, Event::Answer(Answer::Bundle(bundle))) => {
                self.take_incoming(shelf, head, from, place, &entries, &bundle)
            }
            (_, Event::Answer(_)) => Ok(self.retry()),
        }
    }

    /// Looks at what the parent holds and does the next thing.
    fn decide(&mut self, shelf: &mut dyn Shelf, head: Head, moment: Moment) -> Result<Vec<Effect>, LedgerError> {
        let log = shelf.log(&self.origin)?.unwrap_or_else(HeldLog::empty);
        let held = match self.voice {
            Voice::Owner(_) => log.size,
            Voice::Relay => log.signed_size(),
        };
        if head.next > held || root_at(shelf, &self.origin, head.next)? != head.root {
            return match self.voice {
                Voice::Owner(_) => self.begin_pull(shelf, &log, head),
                // Somebody above has more than this node, or something else: the owner's own loop and the readers deal with that.
                Voice::Relay => Ok(self.rest()),
            };
        }
        self.release = self.release.map(|release| release.max(head.next));
        let size = self.goal(&log);
        let unsigned = head.next.saturating_sub(head.checkpoint);
        if head.next < size && (unsigned < ENTRIES_PER_CHECKPOINT || matches!(self.voice, Voice::Relay)) {
            let ahead = self.ahead.take().filter(|ahead| ahead.from == head.next && ahead.body.len() <= self.reach);
            let Ahead { until, body, .. } = ahead.map_or_else(|| self.body(shelf, head.next, size, self.reach), Ok)?;
            self.appended_at = moment.now;
            return Ok(self.send(Stage::Appending(until), Request::Append { from: head.next, body }));
        }
        if !head.missing.is_empty() {
            return self.fill(shelf, &head, moment);
        }
        if head.checkpoint >= head.next && log.received_size() >= head.next {
            self.settled = Some(head);
            return Ok(self.rest());
        }
        let signed = match &self.voice {
            Voice::Owner(key) => {
                self.confirmed = Some((head.next, head.root));
                self.sign(key)
            }
            Voice::Relay => log.checkpoint.filter(|signed| signed.checkpoint.size == head.next),
        };
        let Some(signed) = signed else { return Ok(self.rest()) };
        let note = signed.to_string();
        Ok(self.send(Stage::Signing(signed), Request::Checkpoint { note }))
    }

    /// While an append is on its way: the one that is likely to follow it, read from the shelf meanwhile. None when there is nothing more to send.
    ///
    /// # Errors
    /// Those of the shelf.
    pub fn look_ahead(&mut self, shelf: &dyn ShelfRead) -> Result<Option<Request>, LedgerError> {
        let Stage::Appending(from) = self.stage else { return Ok(None) };
        let log = shelf.log(&self.origin)?.unwrap_or_else(HeldLog::empty);
        let size = self.goal(&log);
        if from >= size {
            return Ok(None);
        }
        let ahead = self.body(shelf, from, size, (self.reach * 2).min(LONGEST_APPEND))?;
        let request = Request::Append { from, body: ahead.body.clone() };
        self.ahead = Some(ahead);
        Ok(Some(request))
    }

    /// The body of an append of entries from `from` on.
    fn body(&self, shelf: &dyn ShelfRead, from: u64, size: u64, reach: usize) -> Result<Ahead, LedgerError> {
        let most = usize::try_from(size - from).unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES);
        let (mut until, mut body) = (from, Vec::new());
        for row in shelf.entries(&self.origin, from, most, reach)? {
            push_entry(&mut body, &row.bytes, row.payload.as_deref());
            until += 1;
        }
        Ok(Ahead { from, until, body })
    }

    /// Whether there is something to go up behind so many entries.
    fn has_more_than(&self, shelf: &dyn ShelfRead, size: u64) -> Result<bool, LedgerError> {
        Ok(shelf.log(&self.origin)?.is_some_and(|log| self.goal(&log) > size))
    }

    /// How much of the log is to be with the parent.
    fn goal(&self, log: &HeldLog) -> u64 {
        match self.voice {
            Voice::Owner(_) => self.release.map_or(log.size, |release| release.min(log.size)),
            Voice::Relay => log.signed_size(),
        }
    }

    /// The sign rule: nothing is signed but what the parent has just said to hold.
    fn sign(&self, key: &NodeKey) -> Option<SignedCheckpoint> {
        let (size, root) = self.confirmed?;
        Some(SignedCheckpoint::sign(Checkpoint { origin: self.origin.clone(), size, root }, key))
    }

    /// Sends the payloads that the parent lacks; one that exists nowhere any more is declared lost.
    fn fill(&mut self, shelf: &mut dyn Shelf, head: &Head, moment: Moment) -> Result<Vec<Effect>, LedgerError> {
        let mut body = Vec::new();
        let mut lost = Vec::new();
        for index in &head.missing {
            let Some(row) = shelf.entries(&self.origin, *index, 1, usize::MAX)?.pop().filter(|row| row.index == *index) else { continue };
            match row.payload {
                Some(payload) if body.len() + payload.len() < LONGEST => push_filling(&mut body, *index, &payload),
                Some(_) => {}
                None => {
                    if let Op::Put { pay, .. } = Entry::from_bytes(&row.bytes)?.op {
                        lost.push(pay);
                    }
                }
            }
        }
        if !body.is_empty() {
            return Ok(self.send(Stage::Filling, Request::Payloads { body }));
        }
        if lost.is_empty() || matches!(self.voice, Voice::Relay) {
            return Ok(self.retry());
        }
        let log = shelf.log(&self.origin)?.unwrap_or_else(HeldLog::empty);
        if self.goal(&log) < log.size {
            // What says that the content is gone stands, or would stand, behind entries that are held back, and nobody but their owner lets them go.
            let mut effects = vec![Effect::Alarm(ERASURE_HELD_BACK)];
            effects.extend(self.retry());
            return Ok(effects);
        }
        lost.truncate(60);
        let op = Op::Erase { pays: lost, why: "lost".to_owned(), basis: String::new() };
        let bytes = Entry { id: moment.id, at: moment.now, op }.to_bytes()?;
        let checked = CheckedEntry::read(&bytes, None).map_err(|refusal| LedgerError::Damaged(refusal.to_string()))?;
        append(shelf, &self.origin, checked)?;
        Ok(self.send(Stage::AskingHead, Request::Head))
    }

    fn keep_receipt(
        &mut self,
        shelf: &mut dyn Shelf,
        directory: &Directory,
        mut signed: SignedCheckpoint,
        lines: &str,
    ) -> Result<Vec<Effect>, LedgerError> {
        let Ok(lines) = read_lines(lines.trim_end_matches('\n')) else { return Ok(self.retry()) };
        signed.add(&lines);
        if !directory.is_cosigned_by(&signed, &self.parent) {
            return Ok(self.retry());
        }
        let size = signed.checkpoint.size;
        let Some(mut log) = shelf.log(&self.origin)? else { return Ok(self.retry()) };
        if size >= log.received_size() {
            log.receipt = Some(signed.clone());
        }
        if matches!(self.voice, Voice::Owner(_)) && size >= log.signed_size() {
            log.checkpoint = Some(signed);
        }
        shelf.keep(&self.origin, &log)?;
        self.failures = 0;
        let mut effects = vec![Effect::Received(size)];
        if self.goal(&log) > size {
            effects.extend(self.send(Stage::AskingHead, Request::Head));
        } else {
            let root = log.receipt.as_ref().filter(|receipt| receipt.checkpoint.size == size).map(|receipt| receipt.checkpoint.root);
            self.settled = root.map(|root| Head { next: size, root, checkpoint: size, missing: Vec::new() });
            effects.extend(self.rest());
        }
        Ok(effects)
    }

    /// The parent has entries that this node lacks: finds where the two part, from the end backwards.
    fn begin_pull(&mut self, shelf: &dyn ShelfRead, log: &HeldLog, head: Head) -> Result<Vec<Effect>, LedgerError> {
        let common = log.size.min(head.next);
        if common == 0 {
            return self.fetch(shelf, head, 0);
        }
        let place = TilePlace::holding(common - 1, common);
        Ok(self.send(Stage::Comparing { head, place }, Request::HashTile { level: 0, place }))
    }

    fn compare(&mut self, shelf: &dyn ShelfRead, head: Head, place: TilePlace, theirs: &[LeafHash]) -> Result<Vec<Effect>, LedgerError> {
        let own = shelf.hashes(&self.origin, 0, place.start(), usize::try_from(place.width).unwrap_or(0))?;
        let same = own.iter().zip(theirs).take_while(|(own, theirs)| own == theirs).count() as u64;
        if same == 0 && place.number > 0 {
            let place = TilePlace { number: place.number - 1, width: WIDTH };
            return Ok(self.send(Stage::Comparing { head, place }, Request::HashTile { level: 0, place }));
        }
        self.fetch(shelf, head, place.start() + same)
    }

    /// Fetches the parent's entries from `from` on, or from where an interrupted fetch of the same entries ended.
    fn fetch(&mut self, shelf: &dyn ShelfRead, head: Head, from: u64) -> Result<Vec<Effect>, LedgerError> {
        let received = shelf.log(&self.origin)?.map_or(0, |log| log.received_size());
        if from < received {
            let mut effects = vec![Effect::Alarm("the parent shows another tree than the one it has acknowledged")];
            effects.extend(self.retry());
            return Ok(effects);
        }
        let place = TilePlace::holding(from, head.next);
        Ok(self.send(Stage::FetchingEntries { head, from, place }, Request::EntryTile { place }))
    }

    fn take_incoming(
        &mut self,
        shelf: &mut dyn Shelf,
        head: Head,
        from: u64,
        place: TilePlace,
        entries: &[Vec<u8>],
        bundle: &[u8],
    ) -> Result<Vec<Effect>, LedgerError> {
        let Ok(payloads) = read_payload_bundle(bundle) else { return Ok(self.retry()) };
        if entries.len() as u64 != place.width || payloads.len() != entries.len() {
            return Ok(self.retry());
        }
        let mut rows = Vec::new();
        for ((index, bytes), payload) in (place.start()..).zip(entries).zip(payloads) {
            if CheckedEntry::read(bytes, payload).is_err() {
                return Ok(self.retry());
            }
            rows.push(EntryRow { index, leaf: ledger::tree::leaf_hash(bytes), bytes: bytes.clone(), payload: payload.map(<[u8]>::to_vec) });
        }
        // Rows of a fetch from another place are of no use.
        let first = shelf.aside(&self.origin, Aside::Incoming, 0, 1)?.first().map(|row| row.index);
        if place.start() <= from || first != Some(from) {
            shelf.aside_clear(&self.origin, Aside::Incoming)?;
            rows.retain(|row| row.index >= from);
        }
        shelf.aside_push(&self.origin, Aside::Incoming, rows)?;
        if place.end() < head.next {
            let place = TilePlace::holding(place.end(), head.next);
            return Ok(self.send(Stage::FetchingEntries { head, from, place }, Request::EntryTile { place }));
        }
        self.adopt(shelf, &head, from)
    }

    /// Takes the parent's entries into the log and puts the own ones that the parent lacks behind them, all in this one transaction.
    fn adopt(&mut self, shelf: &mut dyn Shelf, head: &Head, from: u64) -> Result<Vec<Effect>, LedgerError> {
        let origin = self.origin.clone();
        let log = shelf.log(&origin)?.unwrap_or_else(HeldLog::empty);
        if !self.incoming_is_what_the_parent_holds(shelf, head, from)? {
            shelf.aside_clear(&origin, Aside::Incoming)?;
            return Ok(self.retry());
        }
        let mut own_ids = BTreeSet::new();
        let mut at = from;
        while at < log.size {
            let rows = shelf.entries(&origin, at, PAGE, LONGEST)?;
            let Some(last) = rows.last() else { break };
            at = last.index + 1;
            for row in &rows {
                own_ids.insert(Entry::from_bytes(&row.bytes)?.id);
            }
            shelf.aside_push(&origin, Aside::Parked, rows)?;
        }
        shelf.cut(&origin, from)?;
        let mut done = 0;
        loop {
            let rows = shelf.aside(&origin, Aside::Incoming, done, PAGE)?;
            if rows.is_empty() {
                break;
            }
            done += rows.len();
            for row in rows {
                let checked = checked(&row)?;
                own_ids.remove(&checked.entry.id);
                append(shelf, &origin, checked)?;
            }
        }
        let mut changed_by_both = Vec::new();
        // What the parent holds is released; of the own entries those stay released that were, and they still come first.
        let (before, mut size) = (self.release, head.next);
        self.release = before.map(|_| size);
        let mut done = 0;
        loop {
            let rows = shelf.aside(&origin, Aside::Parked, done, PAGE)?;
            if rows.is_empty() {
                break;
            }
            done += rows.len();
            for row in rows {
                let entry = Entry::from_bytes(&row.bytes)?;
                if own_ids.contains(&entry.id)
                    && let Some((entry, is_conflict)) = rebased(shelf, &origin, entry)?
                {
                    if let (true, Op::Put { rec, .. } | Op::Drop { rec, .. }) = (is_conflict, &entry.op) {
                        changed_by_both.push(*rec);
                    }
                    let bytes = entry.to_bytes()?;
                    let row = EntryRow { bytes, ..row };
                    append(shelf, &origin, checked(&row)?)?;
                    size += 1;
                    if before.is_some_and(|before| row.index < before) {
                        self.release = Some(size);
                    }
                }
            }
        }
        shelf.aside_clear(&origin, Aside::Incoming)?;
        shelf.aside_clear(&origin, Aside::Parked)?;
        changed_by_both.sort_unstable();
        changed_by_both.dedup();
        let mut effects = vec![Effect::PutBehind(changed_by_both)];
        effects.extend(self.send(Stage::AskingHead, Request::Head));
        Ok(effects)
    }

    fn incoming_is_what_the_parent_holds(&self, shelf: &dyn Shelf, head: &Head, from: u64) -> Result<bool, LedgerError> {
        let mut frontier = crate::tile::frontier_at(shelf, &self.origin, from)?;
        let mut done = 0;
        loop {
            let rows = shelf.aside(&self.origin, Aside::Incoming, done, PAGE)?;
            if rows.is_empty() {
                return Ok(frontier.size() == head.next && frontier.root() == head.root);
            }
            done += rows.len();
            for row in rows {
                if row.index != frontier.size() {
                    return Ok(false);
                }
                frontier.push(row.leaf);
            }
        }
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

/// Signs all of an own log that no node above holds: the Centre's, as long as it has no second site. Nothing but the own disk then stands behind the
/// signature; a Centre restored from an old backup may contradict what it has signed, and its readers will say so.
///
/// # Errors
/// Those of the shelf.
pub fn sign_alone(shelf: &mut dyn Shelf, origin: &Origin, key: &NodeKey) -> Result<bool, LedgerError> {
    let Some(mut log) = shelf.log(origin)?.filter(|log| log.size > log.signed_size()) else { return Ok(false) };
    log.checkpoint = Some(SignedCheckpoint::sign(Checkpoint { origin: origin.clone(), size: log.size, root: log.frontier.root() }, key));
    log.provisional_bytes = 0;
    shelf.keep(origin, &log)?;
    Ok(true)
}

fn checked(row: &EntryRow) -> Result<CheckedEntry, LedgerError> {
    CheckedEntry::read(&row.bytes, row.payload.as_deref()).map_err(|refusal| LedgerError::Damaged(refusal.to_string()))
}

/// An own unsigned entry as the next version after what stands now, and whether somebody else's change lies between; none when there is nothing left to
/// withdraw.
fn rebased(shelf: &dyn ShelfRead, origin: &Origin, mut entry: Entry) -> Result<Option<(Entry, bool)>, LedgerError> {
    let mut is_conflict = false;
    match &mut entry.op {
        Op::Put { rec, ver, prev, .. } => {
            if let Some(latest) = shelf.latest(origin, *rec)? {
                is_conflict = *prev != Some(latest.leaf) && latest.ver >= *ver;
                (*ver, *prev) = (latest.ver + 1, Some(latest.leaf));
            }
        }
        Op::Drop { rec, ver, prev } => match shelf.latest(origin, *rec)? {
            Some(latest) if latest.dropped => return Ok(None),
            Some(latest) => {
                is_conflict = *prev != latest.leaf && latest.ver >= *ver;
                (*ver, *prev) = (latest.ver + 1, latest.leaf);
            }
            None => {}
        },
        Op::Erase { .. } | Op::Other(_) => {}
    }
    Ok(Some((entry, is_conflict)))
}
