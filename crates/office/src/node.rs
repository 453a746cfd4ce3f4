//! The office as one node among others: its key, its place between the Centre and its units, what the directory says, and the calls of others
//! (LV-Log/1 §4–6).

mod arrival;
mod carried_files;
mod citing;
mod counting;
mod inherited;
mod lanes;
mod listening;
mod membership;
mod merger;
mod receipt;
mod region_readers;
mod restoration;
mod second_site;
mod sending;
mod standing;
mod witness;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use exchange::batch::LONGEST;
use exchange::cite::CITE;
use exchange::directory::{CATALOGUE, DIRECTORY, Directory, PUBLIC, Statement};
use exchange::key::NodeKey;
use exchange::ledger_shelf::{LedgerShelf, LedgerView};
use exchange::parent::Parent;
use exchange::protocol::{Answer, Call, Refusal, Request};
use exchange::shelf::ShelfRead;
use exchange::signature::{SignatureFields, Target, caller};
use exchange::wire::{Coding, WireAnswer, log_name, read_request, unpack, write_answer};
use ledger::{Entry, Ledger, LedgerError, NodeName, Origin, Reader};

use crate::clock::{Clock, SECOND};
use crate::error::OfficeError;
use crate::office::Office;
pub use arrival::ArrivalPlace;
pub(crate) use citing::{KeptReturn, RETURNED, RETURNED_HERE, RETURNED_OF, cite_returned, forget_answered_return, said_of};
pub(crate) use lanes::Carriers;
use lanes::Plan;
pub use lanes::{Line, LineFault};
pub use membership::{Above, Invitation, Membership};
pub(crate) use merger::require_open;
pub use receipt::ReceiptForm;
pub(crate) use restoration::Restoration;
pub use sending::{SendPolicy, SendQueue, Sending, WaitingDeed, WaitingEntry};
pub use standing::{BodyCompleteness, LogStanding};

/// Audiences whose logs travel.
const TRAVELLING: [&str; 6] = [PUBLIC, "region", "ministry", DIRECTORY, CATALOGUE, CITE];
/// The file of a node's secret key in its folder.
pub const KEY_FILE: &str = "node.key";
/// Entries of a directory read at a time.
const PAGE: usize = 256;

/// Somebody who is told the name of a log that has grown.
type Teller = Box<dyn Fn(&str) + Send + Sync>;

/// The node's side of the exchange. Calls block.
pub(crate) struct Exchange {
    ledger: Arc<Ledger>,
    clock: Clock,
    key_file: PathBuf,
    known: RwLock<Option<Arc<Known>>>,
    /// When each node called last, microseconds since 1970; since the start of the program.
    heard: Mutex<BTreeMap<NodeName, i64>>,
    plan: Mutex<Plan>,
    moved: Condvar,
    /// Who is told when a log has more that counts, by its name in a path.
    growth: OnceLock<Teller>,
    /// Whether the folder was put back from a copy.
    pub(crate) restoration: Arc<Restoration>,
}

/// What a node knows of the others, computed from the directory logs it holds.
pub(crate) struct Known {
    membership: Membership,
    /// Its role towards those that call.
    parent: Parent,
    directory: Directory,
    /// Logs by their name in a path.
    origins: BTreeMap<String, Origin>,
    /// Logs of other nodes that lie here.
    held: Vec<Origin>,
    /// Logs that have to be taken over from the node above, see [`Known::to_take_over`].
    inherited: Vec<Origin>,
    /// What it was computed from.
    stamp: Stamp,
}

/// Sizes of the directory logs that count, and how many logs are held.
type Stamp = (BTreeMap<Origin, u64>, usize);

impl Exchange {
    pub(crate) fn new(ledger: Arc<Ledger>, clock: Clock, folder: &Path) -> Exchange {
        Exchange {
            restoration: Arc::new(Restoration::new(ledger.clone(), folder)),
            ledger,
            clock,
            key_file: folder.join(KEY_FILE),
            known: RwLock::default(),
            heard: Mutex::default(),
            plan: Mutex::default(),
            moved: Condvar::new(),
            growth: OnceLock::new(),
        }
    }

    /// What is known now; none when the node has not joined.
    fn known(&self) -> Result<Option<Arc<Known>>, OfficeError> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(Some(known));
        }
        let Some(membership) = self.membership()? else { return Ok(None) };
        let key = self.key()?;
        let known = Arc::new(self.ledger.read(|r| Known::read(r, membership, key))?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(Some(known))
    }

    /// Reads the directory anew at the next question.
    fn forget_known(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notices what another program on the same ledger, or a loop of this one, has brought.
    fn refresh(&self) -> Result<(), OfficeError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            let membership = self.membership()?;
            if membership.as_ref() != Some(&known.membership) || self.ledger.read(stamp)? != known.stamp {
                self.forget_known();
            }
        }
        Ok(())
    }

    /// Answers a call as it came: path and query below the common prefix, the body as sent.
    pub(crate) fn answer(&self, target: Target<'_>, coding: Coding, fields: Option<&SignatureFields>) -> Result<WireAnswer, OfficeError> {
        self.answer_call(target, coding, fields).map(|answer| write_answer(&answer))
    }

    fn answer_call(&self, target: Target<'_>, coding: Coding, fields: Option<&SignatureFields>) -> Result<Answer, OfficeError> {
        let Some(known) = self.known()? else { return Ok(Answer::NotFound) };
        let now = self.clock.now() / SECOND;
        let seconds = u64::try_from(now).unwrap_or(0);
        let caller = match fields.map(|fields| caller(target, fields, &known.directory, seconds)) {
            None => None,
            Some(Ok(caller)) => Some(caller),
            Some(Err(refusal)) => return Ok(Answer::Refused(refusal)),
        };
        if let Some(caller) = &caller {
            lock(&self.heard).insert(caller.clone(), self.clock.now());
        }
        let plain = match (coding, &caller) {
            (Coding::Identity, _) => target.body.to_vec(),
            (_, None) => return Ok(Answer::Refused(Refusal::Unsigned)),
            (_, Some(_)) => match unpack(target.body, coding, LONGEST) {
                Ok(plain) => plain,
                Err(refusal) => return Ok(Answer::Refused(refusal)),
            },
        };
        let Some((log, request)) = read_request(Target { body: &plain, ..target }) else { return Ok(Answer::NotFound) };
        let Some(origin) = known.origins.get(&log).cloned() else { return Ok(Answer::NotFound) };
        let call = Call { origin, caller, request };
        if call.request.is_of_files() {
            let answer = self.answer_file_call(&known, &call)?;
            return self.withhold(&known, &call, answer);
        }
        if !call.request.is_write() {
            self.note_reader(&call)?;
            let answer = self.ledger.read(|r| known.parent.read(&LedgerView::over(r), &known.directory, &call))?;
            return self.withhold(&known, &call, answer);
        }
        let (origin, role, signed) = (call.origin.clone(), known.clone(), self.signed_size_of(&call));
        let is_reminder = matches!(call.request, Request::Remind { .. });
        let is_load = matches!(&call.request, Request::Append { body, .. } if body.len() > counting::LOAD);
        let asked = Call { origin: call.origin.clone(), caller: call.caller.clone(), request: Request::Head };
        let answer = self.ledger.write(move |w| -> Result<Answer, LedgerError> {
            role.parent.answer(&mut LedgerShelf::over(w), &role.directory, &call, seconds)
        })?;
        if is_load {
            lock(&self.plan).taken_in = Some(Instant::now());
        }
        if is_reminder && matches!(answer, Answer::Head(_)) {
            tracing::warn!(log = %origin, "a reader has brought back what this node had signed and no longer had");
            self.note_growth(&origin);
        }
        if matches!(answer, Answer::Cosigned(_)) {
            self.note_growth(&origin);
            if let Some(size) = signed {
                self.note_signed(&origin, size)?;
            }
        }
        self.withhold(&known, &asked, answer)
    }

    /// A log has more that counts than before.
    fn note_growth(&self, origin: &Origin) {
        if let Some(tell) = self.growth.get() {
            tell(&log_name(origin));
        }
        if origin.audience() == DIRECTORY {
            self.forget_known();
        }
        lock(&self.plan).wants_count(origin);
        self.wake();
    }

    /// The node's key.
    fn key(&self) -> Result<NodeKey, OfficeError> {
        membership::read_key(&self.key_file)
    }
}

impl Known {
    fn read(r: &Reader<'_>, membership: Membership, key: NodeKey) -> Result<Known, OfficeError> {
        let view = LedgerView::over(r);
        let (sizes, held) = stamp(r)?;
        let mut statements: BTreeMap<NodeName, Vec<Statement>> = BTreeMap::new();
        for (origin, size) in &sizes {
            let said = statements.entry(origin.node()).or_default();
            let mut at = 0;
            while at < *size {
                let left = usize::try_from(*size - at).unwrap_or(PAGE);
                let rows = view.entries(origin, at, PAGE.min(left), usize::MAX)?;
                let Some(last) = rows.last() else { break };
                at = last.index + 1;
                said.extend(rows.iter().filter_map(|row| Statement::from_op(&Entry::from_bytes(&row.bytes).ok()?.op)));
            }
        }
        let directory = Directory::of(&membership.centre, membership.centre_key, &statements);
        let mut origins = BTreeMap::new();
        let held_logs: Vec<Origin> = r.store().held_logs()?.into_iter().map(|log| log.origin).collect();
        for origin in &held_logs {
            origins.insert(log_name(origin), origin.clone());
        }
        for (node, _) in directory.members() {
            for audience in TRAVELLING {
                let origin = Origin::of(node, audience)?;
                origins.insert(log_name(&origin), origin);
            }
        }
        let standby_for = membership.is_second_site.then(|| membership.centre.clone());
        let parent = Parent { name: membership.name.clone(), key, standby_for };
        let mut known = Known { membership, parent, directory, origins, held: held_logs, inherited: Vec::new(), stamp: (sizes, held) };
        known.inherited = known.to_take_over(r)?;
        Ok(known)
    }

    /// Nodes from this one up to the Centre.
    fn line_upwards(&self) -> Vec<NodeName> {
        let mut line = vec![self.membership.name.clone()];
        while let Some(above) = line.last().and_then(|last| self.directory.parent_of(last)) {
            if line.contains(&above) {
                break;
            }
            line.push(above);
        }
        line
    }
}

fn stamp(r: &Reader<'_>) -> Result<Stamp, OfficeError> {
    let view = LedgerView::over(r);
    let mut sizes = BTreeMap::new();
    let held = r.store().held_logs()?;
    let count = held.len();
    for log in r.store().logs()?.into_iter().chain(held) {
        if log.origin.audience() == DIRECTORY {
            let counted = match log.own {
                true => log.size,
                false => view.log(&log.origin)?.map_or(0, |log| log.signed_size()),
            };
            sizes.insert(log.origin, counted);
        }
    }
    Ok((sizes, count))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Office {
    /// Answers a call of another node on a log: path and query below the common prefix, the body as sent. Who calls is known by his signature alone; what he may
    /// is decided by the directory.
    ///
    /// # Errors
    /// Those of the ledger: the caller is told to come back later, nothing was kept.
    pub fn answer_node(&self, target: Target<'_>, coding: Coding, fields: Option<&SignatureFields>) -> Result<WireAnswer, OfficeError> {
        self.exchange().answer(target, coding, fields)
    }

    /// Has somebody told whenever a log has more under its owner's signature, by the log's name in a path: for calls that wait. The first who asks is told.
    pub fn when_a_log_grows(&self, tell: impl Fn(&str) + Send + Sync + 'static) {
        // Another one is told already.
        let _ = self.exchange().growth.set(Box::new(tell));
    }
}
