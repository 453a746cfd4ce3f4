//! The parent: answers calls on the logs it holds. Each answer is the outcome of one transaction and leaves only when that is durable, so a cosignature is
//! never ahead of the disk (LV-Log/1 §5).

use ledger::tree::{empty_root, leaf_hash};
use ledger::{FileRef, LedgerError, NodeName, Op, Origin, Payload};
use sha2::{Digest, Sha256};

use crate::batch::{EntryAndPayload, MOST_ENTRIES, read_entries, read_fillings};
use crate::checkpoint::{SignedCheckpoint, cosigner_name};
use crate::cite::CITE;
use crate::directory::{DIRECTORY, Directory, PRIVATE};
use crate::key::NodeKey;
use crate::log::{CheckedEntry, append, append_all, is_payload_of};
use crate::note::{print_lines, read_lines};
use crate::protocol::{Answer, Call, Head, LONGEST_PIECE, Possession, Refusal, Request};
use crate::shelf::{HeldLog, Shelf, ShelfRead, Standing};
use crate::tile::{TilePlace, WIDTH, entry_bundle, frontier_at, is_level, payload_bundle, root_at};

/// Entries of one append that are worth being read on several processors.
const WORTH_SHARING: usize = 512;
/// Most places named in `missing`.
const MOST_MISSING: usize = 256;
/// Most places of one `prove`.
const MOST_PROOFS: usize = 64;
/// Cosignatures of witnesses kept with a checkpoint.
const MOST_WITNESSES: usize = 8;
/// Bytes beyond the checkpoint that a holder keeps for one log.
pub const PROVISIONAL_LIMIT: u64 = 256 << 20;

/// What is to be done with a call on files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileCall {
    /// Nothing; this is the answer.
    Answered(Answer),
    /// Say which files are lacking.
    Gaps,
    /// Take or give a piece of this file, as the payload of the entry names it.
    About(FileRef),
}

/// A node in its role towards those that call it.
#[derive(Debug, Clone)]
pub struct Parent {
    /// Its name.
    pub name: NodeName,
    /// Its key, for cosignatures.
    pub key: NodeKey,
    /// The node whose second site this is: the Centre has no parent, so its standby takes its logs.
    pub standby_for: Option<NodeName>,
}

impl Parent {
    /// Answers a call at `now` (seconds since 1970). The caller runs this in one transaction and sends the answer after its commit.
    ///
    /// # Errors
    /// Those of the shelf; then nothing may be kept and the caller answers "later".
    pub fn answer(&self, shelf: &mut dyn Shelf, directory: &Directory, call: &Call, now: u64) -> Result<Answer, LedgerError> {
        let origin = &call.origin;
        if !call.request.is_write() {
            return self.read(shelf, directory, call);
        }
        if let Request::Remind { from, note, body } = &call.request {
            let may = origin.node() == self.name && call.caller.as_ref().is_some_and(|caller| directory.is_under(caller, &self.name));
            return if may { take_back(shelf, directory, origin, *from, note, body) } else { Ok(Answer::Refused(Refusal::NotYours)) };
        }
        if let Some(why) = self.does_not_serve(shelf, directory, call)? {
            return Ok(Answer::Refused(why));
        }
        match &call.request {
            Request::Append { from, body } => {
                // A merged node gives back what it has handed over, and adds nothing to it.
                let bound = call.caller.as_ref().filter(|caller| !directory.is_under(&origin.node(), caller));
                let bound = bound.and_then(|caller| directory.handed_over(caller, origin));
                append_entries(shelf, origin, *from, body, bound.unwrap_or(u64::MAX))
            }
            Request::Payloads { body } => fill_payloads(shelf, origin, body),
            Request::Checkpoint { note } => self.cosign(shelf, directory, origin, note, now),
            Request::Cosign { size, lines } => take_witness(shelf, directory, call.caller.as_ref(), origin, *size, lines),
            _ => self.read(shelf, directory, call),
        }
    }

    /// Answers a call that changes nothing, from a snapshot.
    ///
    /// # Errors
    /// Those of the shelf.
    pub fn read(&self, shelf: &dyn ShelfRead, directory: &Directory, call: &Call) -> Result<Answer, LedgerError> {
        let origin = &call.origin;
        if matches!(call.request, Request::Head | Request::Prove { .. }) {
            if let Some(why) = self.does_not_serve(shelf, directory, call)? {
                return Ok(Answer::Refused(why));
            }
        } else if !directory.may_read(call.caller.as_ref(), origin) {
            return Ok(Answer::Refused(Refusal::NotYours));
        }
        match &call.request {
            Request::Head => Ok(Answer::Head(head(shelf, origin)?)),
            Request::Prove { nonce, indices } => prove(shelf, origin, nonce, indices),
            Request::ReadCheckpoint { after } => Ok(match shelf.log(origin)?.and_then(|log| log.checkpoint) {
                None => Answer::NotFound,
                // Who has more is shown what there is: he may have it from before this node was put back to an older state.
                Some(signed) if signed.checkpoint.size == *after => Answer::Unchanged,
                Some(signed) => Answer::Note(signed.to_string()),
            }),
            Request::ReadReceipt => Ok(match shelf.log(origin)?.and_then(|log| log.receipt) {
                None => Answer::NotFound,
                Some(signed) => Answer::Note(signed.to_string()),
            }),
            Request::HashTile { level, place } => read_hashes(shelf, call, *level, *place),
            Request::EntryTile { place } => read_bundle(shelf, call, *place, entry_bundle),
            Request::PayloadTile { place } => read_bundle(shelf, call, *place, payload_bundle),
            Request::Append { .. } | Request::Payloads { .. } | Request::Checkpoint { .. } | Request::Cosign { .. } => Ok(Answer::NotFound),
            Request::Remind { .. } | Request::FileGaps | Request::PutFile { .. } | Request::ReadFile { .. } => Ok(Answer::NotFound),
        }
    }

    /// Whether a call on files may be made. Files lie beside the shelf: whoever runs this does then what is asked. Who may write the log may bring what its
    /// entries name; who may read it may fetch that.
    ///
    /// # Errors
    /// Those of the shelf.
    pub fn admit_file_call(&self, shelf: &dyn ShelfRead, directory: &Directory, call: &Call) -> Result<FileCall, LedgerError> {
        let origin = &call.origin;
        let is_reading = matches!(call.request, Request::ReadFile { .. });
        if is_reading && !directory.may_read(call.caller.as_ref(), origin) {
            return Ok(FileCall::Answered(Answer::Refused(Refusal::NotYours)));
        }
        if !is_reading && let Some(why) = self.does_not_serve(shelf, directory, call)? {
            return Ok(FileCall::Answered(Answer::Refused(why)));
        }
        let size = shelf.log(origin)?.map_or(0, |log| if is_reading { readable_size(&log, call) } else { log.size });
        let (index, sha256) = match &call.request {
            Request::FileGaps => return Ok(FileCall::Gaps),
            Request::PutFile { body, .. } if body.len() > LONGEST_PIECE => {
                return Ok(FileCall::Answered(Answer::Refused(Refusal::Body)));
            }
            Request::PutFile { index, file, .. } | Request::ReadFile { index, file, .. } => (*index, file.to_hex()),
            _ => return Ok(FileCall::Answered(Answer::NotFound)),
        };
        let row = if index < size { shelf.entries(origin, index, 1, usize::MAX)?.pop() } else { None };
        let named = row.and_then(|row| row.payload).map(|payload| Payload::files(&payload)).unwrap_or_default();
        Ok(named.into_iter().find(|file| file.sha256 == sha256).map_or(FileCall::Answered(Answer::NotFound), FileCall::About))
    }

    /// Why the caller is not served as one who writes the log here; none when he is.
    fn does_not_serve(&self, shelf: &dyn ShelfRead, directory: &Directory, call: &Call) -> Result<Option<Refusal>, LedgerError> {
        let origin = &call.origin;
        let witnesses = matches!(call.request, Request::Cosign { .. }) && origin.node() == self.name;
        let may = call.caller.as_ref().is_some_and(|caller| {
            if witnesses {
                return directory.parent_of(caller).as_ref() == Some(&self.name);
            }
            let stands_by = self.standby_for.as_ref() == Some(caller) && origin.node() == *caller && origin.audience() != PRIVATE;
            stands_by || directory.may_write(caller, origin, &self.name)
        });
        if may { self.is_not_ready(shelf, directory, origin) } else { Ok(Some(Refusal::NotYours)) }
    }

    /// A merged node takes nothing from others any more; its heir answers only after it has taken over what was held.
    fn is_not_ready(&self, shelf: &dyn ShelfRead, directory: &Directory, origin: &Origin) -> Result<Option<Refusal>, LedgerError> {
        if origin.node() == self.name {
            return Ok(None);
        }
        let own = shelf.log(&Origin::of(&self.name, DIRECTORY)?)?;
        if own.is_some_and(|log| log.standing == Standing::Sealed) {
            return Ok(Some(Refusal::Sealed));
        }
        let size = shelf.log(origin)?.map_or(0, |log| log.size);
        Ok((size < directory.floor(origin, &self.name)).then_some(Refusal::Behind))
    }

    /// Checks a checkpoint against the entries held, keeps it, and cosigns.
    fn cosign(&self, shelf: &mut dyn Shelf, directory: &Directory, origin: &Origin, note: &str, now: u64) -> Result<Answer, LedgerError> {
        let Ok(signed) = SignedCheckpoint::parse(note) else { return Ok(Answer::Refused(Refusal::Note)) };
        let checkpoint = &signed.checkpoint;
        if checkpoint.origin != *origin {
            return Ok(Answer::Refused(Refusal::Note));
        }
        if !directory.is_signed_by_owner(&signed) {
            return Ok(Answer::Refused(Refusal::Key));
        }
        let mut log = shelf.log(origin)?.unwrap_or_else(HeldLog::empty);
        if let Some(why) = closed(&log) {
            return Ok(Answer::Refused(why));
        }
        if checkpoint.size > log.size {
            return Ok(Answer::Conflict(head(shelf, origin)?));
        }
        let root = if checkpoint.size == log.size { log.frontier.root() } else { root_at(shelf, origin, checkpoint.size)? };
        if root != checkpoint.root {
            shelf.keep_evidence(origin, note)?;
            if let Some(before) = &log.checkpoint
                && checkpoint.size <= before.checkpoint.size
            {
                // Both trees are signed and one is no part of the other.
                shelf.keep_evidence(origin, &before.to_string())?;
                log.standing = Standing::Forked;
                shelf.keep(origin, &log)?;
            }
            return Ok(Answer::Refused(Refusal::Root));
        }
        let missing = shelf.gaps(origin, checkpoint.size, MOST_MISSING)?;
        if !missing.is_empty() {
            return Ok(Answer::Missing(missing));
        }
        let line = signed.cosignature(&self.name, &self.key, now);
        if checkpoint.size >= log.signed_size() {
            if checkpoint.size == log.size {
                log.provisional_bytes = 0;
            }
            let mut kept = signed;
            kept.add(std::slice::from_ref(&line));
            log.checkpoint = Some(kept);
            shelf.keep(origin, &log)?;
        }
        Ok(Answer::Cosigned(print_lines(&[line])))
    }
}

/// How far a log is held.
pub fn head(shelf: &dyn ShelfRead, origin: &Origin) -> Result<Head, LedgerError> {
    let Some(log) = shelf.log(origin)? else {
        return Ok(Head { next: 0, root: empty_root(), checkpoint: 0, missing: Vec::new() });
    };
    let missing = shelf.gaps(origin, log.size, MOST_MISSING)?;
    Ok(Head { next: log.size, root: log.frontier.root(), checkpoint: log.signed_size(), missing })
}

fn append_entries(shelf: &mut dyn Shelf, origin: &Origin, from: u64, body: &[u8], bound: u64) -> Result<Answer, LedgerError> {
    let sent = match read_entries(body) {
        Ok(sent) => sent,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    if from.saturating_add(sent.len() as u64) > bound {
        return Ok(Answer::Refused(Refusal::NotYours));
    }
    let log = shelf.log(origin)?.unwrap_or_else(HeldLog::empty);
    if from > log.size {
        return Ok(Answer::Conflict(head(shelf, origin)?));
    }
    // Everything is checked before anything is written.
    let mut fresh = Vec::new();
    let mut fillings = Vec::new();
    let known = usize::try_from(log.size - from).unwrap_or(usize::MAX).min(sent.len());
    let all_checked = match read_all(&sent) {
        Ok(all_checked) => all_checked,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    for (offset, ((_, payload), checked)) in sent.iter().zip(all_checked).enumerate() {
        if offset >= known {
            fresh.push(checked);
        } else if let Some(payload) = payload {
            fillings.push((from + offset as u64, payload.to_vec()));
        }
    }
    let mut index = from;
    while index < from + known as u64 {
        let held = shelf.entries(origin, index, known - usize::try_from(index - from).unwrap_or(known), usize::MAX)?;
        if held.is_empty() {
            return Err(LedgerError::Damaged(format!("entry {index} of {origin}")));
        }
        for row in held {
            let same = sent
                .get(usize::try_from(row.index - from).unwrap_or(usize::MAX))
                .is_some_and(|(bytes, _)| bytes.as_ref() == row.bytes.as_slice());
            if !same {
                return Ok(Answer::Conflict(head(shelf, origin)?));
            }
            index = row.index + 1;
        }
    }
    if !fresh.is_empty() {
        // Behind a seal stands nothing but erasures: a right to erasure does not end with the body.
        let mut is_sealed = log.standing == Standing::Sealed;
        for checked in &fresh {
            if is_sealed && !matches!(checked.entry.op, Op::Erase { .. }) {
                return Ok(Answer::Refused(Refusal::Sealed));
            }
            is_sealed |= checked.is_seal();
        }
        if let Some(why) = closed(&log) {
            return Ok(Answer::Refused(why));
        }
        if log.provisional_bytes.saturating_add(body.len() as u64) > PROVISIONAL_LIMIT {
            return Ok(Answer::Refused(Refusal::Full));
        }
    }
    if !fillings.is_empty() {
        let gaps = shelf.gaps(origin, from + known as u64, usize::MAX)?;
        for (index, payload) in fillings {
            if gaps.binary_search(&index).is_ok() {
                shelf.fill(origin, index, payload)?;
            }
        }
    }
    append_all(shelf, origin, fresh)?;
    Ok(Answer::Head(head(shelf, origin)?))
}

/// Reads entries and checks their payloads, many on all processors.
fn read_all(sent: &[EntryAndPayload<'_>]) -> Result<Vec<CheckedEntry>, Refusal> {
    let read = |part: &[EntryAndPayload<'_>]| -> Result<Vec<CheckedEntry>, Refusal> {
        part.iter().map(|(bytes, payload)| CheckedEntry::read(bytes, *payload)).collect()
    };
    if sent.len() < WORTH_SHARING {
        return read(sent);
    }
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let parts: Vec<Result<Vec<CheckedEntry>, Refusal>> = std::thread::scope(|scope| {
        let readers: Vec<_> = sent.chunks(sent.len().div_ceil(processors)).map(|part| scope.spawn(move || read(part))).collect();
        readers.into_iter().map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut all = Vec::with_capacity(sent.len());
    for part in parts {
        all.extend(part?);
    }
    Ok(all)
}

fn fill_payloads(shelf: &mut dyn Shelf, origin: &Origin, body: &[u8]) -> Result<Answer, LedgerError> {
    let fillings = match read_fillings(body) {
        Ok(fillings) => fillings,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    let size = shelf.log(origin)?.map_or(0, |log| log.size);
    let mut wanted = Vec::new();
    for (index, payload) in fillings {
        let row = if index < size { shelf.entries(origin, index, 1, usize::MAX)?.pop() } else { None };
        let Some(row) = row else { return Ok(Answer::Conflict(head(shelf, origin)?)) };
        let entry = ledger::Entry::from_bytes(&row.bytes)?;
        if !is_payload_of(&entry, payload) {
            return Ok(Answer::Refused(Refusal::Payload));
        }
        let Op::Put { pay, .. } = &entry.op else { continue };
        if row.payload.is_none() && !shelf.is_erased(origin, pay)? {
            wanted.push((index, payload.to_vec()));
        }
    }
    for (index, payload) in wanted {
        shelf.fill(origin, index, payload)?;
    }
    Ok(Answer::Head(head(shelf, origin)?))
}

/// Takes back entries of an own log that this node has signed and no longer has. Nobody is believed: what came counts when it adds up to a root under this node's
/// own signature. Own entries written since, which nobody has signed for, go behind it.
fn take_back(
    shelf: &mut dyn Shelf,
    directory: &Directory,
    origin: &Origin,
    from: u64,
    note: &str,
    body: &[u8],
) -> Result<Answer, LedgerError> {
    let Some(signed) = SignedCheckpoint::parse(note).ok().filter(|signed| signed.checkpoint.origin == *origin) else {
        return Ok(Answer::Refused(Refusal::Note));
    };
    if !directory.is_signed_by_owner(&signed) {
        return Ok(Answer::Refused(Refusal::Key));
    }
    let log = shelf.log(origin)?.unwrap_or_else(HeldLog::empty);
    let size = signed.checkpoint.size;
    if size <= log.signed_size() {
        return Ok(Answer::Head(head(shelf, origin)?));
    }
    let tail = usize::try_from(log.size.saturating_sub(from)).unwrap_or(usize::MAX);
    // Records name their kinds by place in the catalogue, and versions follow each other: nothing written since can be moved there.
    let may_move = matches!(origin.audience(), DIRECTORY | CITE);
    if from != log.signed_size() || tail > MOST_ENTRIES || (tail > 0 && !may_move) {
        return Ok(Answer::Conflict(head(shelf, origin)?));
    }
    let sent = match read_entries(body) {
        Ok(sent) => sent,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    if from + sent.len() as u64 != size {
        return Ok(Answer::Refused(Refusal::Count));
    }
    let mut frontier = frontier_at(shelf, origin, from)?;
    let mut lost = Vec::new();
    for (bytes, payload) in sent {
        match CheckedEntry::read(&bytes, payload) {
            Ok(checked) => lost.push(checked),
            Err(refusal) => return Ok(Answer::Refused(refusal)),
        }
        frontier.push(leaf_hash(&bytes));
    }
    if frontier.root() != signed.checkpoint.root {
        return Ok(Answer::Refused(Refusal::Root));
    }
    let since = if tail > 0 { shelf.entries(origin, from, tail, usize::MAX)? } else { Vec::new() };
    shelf.cut(origin, from)?;
    append_all(shelf, origin, lost)?;
    let mut log = shelf.log(origin)?.unwrap_or_else(HeldLog::empty);
    log.checkpoint = Some(signed);
    log.provisional_bytes = 0;
    shelf.keep(origin, &log)?;
    for row in since {
        let checked = CheckedEntry::read(&row.bytes, row.payload.as_deref());
        append(shelf, origin, checked.map_err(|refusal| LedgerError::Damaged(refusal.to_string()))?)?;
    }
    Ok(Answer::Head(head(shelf, origin)?))
}

fn take_witness(
    shelf: &mut dyn Shelf,
    directory: &Directory,
    caller: Option<&NodeName>,
    origin: &Origin,
    size: u64,
    lines: &str,
) -> Result<Answer, LedgerError> {
    let Some(mut log) = shelf.log(origin)? else { return Ok(Answer::NotFound) };
    let Some(mut signed) = log.checkpoint.clone().filter(|signed| signed.checkpoint.size == size) else { return Ok(Answer::Unchanged) };
    let Ok(mut lines) = read_lines(lines.trim_end_matches('\n')) else { return Ok(Answer::Refused(Refusal::Note)) };
    // More than some witnesses prove nothing more, and every reader would have to carry them.
    if signed.signatures().len() > MOST_WITNESSES {
        return Ok(Answer::Unchanged);
    }
    lines.retain(|line| caller.is_some_and(|caller| line.name == cosigner_name(caller)));
    signed.add(&lines);
    if !caller.is_some_and(|caller| directory.is_cosigned_by(&signed, caller)) {
        return Ok(Answer::Refused(Refusal::Key));
    }
    log.checkpoint = Some(signed);
    shelf.keep(origin, &log)?;
    Ok(Answer::Unchanged)
}

fn prove(shelf: &dyn ShelfRead, origin: &Origin, nonce: &[u8], indices: &[u64]) -> Result<Answer, LedgerError> {
    if indices.is_empty() || indices.len() > MOST_PROOFS || nonce.len() > 64 {
        return Ok(Answer::Refused(Refusal::Count));
    }
    let size = shelf.log(origin)?.map_or(0, |log| log.size);
    let mut possessions = Vec::new();
    for index in indices {
        let row = if *index < size { shelf.entries(origin, *index, 1, usize::MAX)?.pop() } else { None };
        let Some(row) = row else {
            possessions.push(Possession::Lacking);
            continue;
        };
        possessions.push(match (ledger::Entry::from_bytes(&row.bytes)?.op, row.payload) {
            (_, Some(payload)) => {
                Possession::Held(ledger::LeafHash(Sha256::new().chain_update(nonce).chain_update(payload).finalize().into()))
            }
            (Op::Put { pay, .. }, None) if shelf.is_erased(origin, &pay)? => Possession::Erased,
            (Op::Put { .. }, None) => Possession::Lacking,
            _ => Possession::None,
        });
    }
    Ok(Answer::Possessions(possessions))
}

/// The owner reads what it lost also beyond the checkpoint; nobody else does.
fn readable_size(log: &HeldLog, call: &Call) -> u64 {
    if call.caller.as_ref() == Some(&call.origin.node()) { log.size } else { log.signed_size() }
}

fn read_hashes(shelf: &dyn ShelfRead, call: &Call, level: u8, place: TilePlace) -> Result<Answer, LedgerError> {
    let size = shelf.log(&call.origin)?.map_or(0, |log| readable_size(&log, call));
    if !is_level(level) || place.end() > size >> (8 * u32::from(level)) {
        return Ok(Answer::NotFound);
    }
    let count = usize::try_from(place.width).unwrap_or(0);
    Ok(Answer::Hashes(shelf.hashes(&call.origin, level, place.start(), count)?))
}

fn read_bundle(
    shelf: &dyn ShelfRead,
    call: &Call,
    place: TilePlace,
    bundle: fn(&[ledger::EntryRow]) -> Vec<u8>,
) -> Result<Answer, LedgerError> {
    let size = shelf.log(&call.origin)?.map_or(0, |log| readable_size(&log, call));
    if place.end() > size || place.width > WIDTH {
        return Ok(Answer::NotFound);
    }
    let rows = shelf.entries(&call.origin, place.start(), usize::try_from(place.width).unwrap_or(0), usize::MAX)?;
    Ok(Answer::Bundle(bundle(&rows)))
}

/// Why a log takes neither entries nor checkpoints.
fn closed(log: &HeldLog) -> Option<Refusal> {
    match log.standing {
        Standing::Following | Standing::Sealed => None,
        Standing::Forked => Some(Refusal::Forked),
        Standing::Suspended => Some(Refusal::Suspended),
    }
}
