//! A node put back to an old backup serves only after its neighbours were heard: what was erased since lies with them (LV-Log/1 §9, ADR 0024).
//!
//! A file in the folder and a row in the ledger say the same of the last start or erasure, and the row knows the file itself (its inode and time of birth). A
//! copy of either brings another file or an older row, so the two differ, wherever the copy came from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use exchange::checkpoint::SignedCheckpoint;
use exchange::cite::CITE;
use exchange::directory::{CATALOGUE, DIRECTORY};
use exchange::ledger_shelf::LedgerView;
use exchange::protocol::{Answer, Call, Refusal, Request};
use exchange::shelf::{ShelfRead, Standing};
use ledger::{Ledger, LedgerError, NodeName, Origin, RecordId};
use serde_json::{Value, json};

use super::lanes::{Way, lanes_of};
use super::{Exchange, Known, lock};
use crate::audit::{AuditEntry, write_audit};
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

/// The file in the folder.
const FILE: &str = "lienvung.mark";
/// The rows in the ledger, one for each folder that has served it.
const MARKS: &str = "folder_mark";

/// A log, and the reader who has shown how much he has of it; none when it was compared at the node above or with its owner.
type Compared = (Origin, Option<NodeName>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Serving,
    /// Restored: these logs have been compared with what a neighbour has.
    Waiting(BTreeSet<Compared>),
    /// Everything was compared; the views have still to follow.
    Heard,
}

/// Whether this folder was put back, and what is still to be heard.
#[derive(Debug)]
pub(crate) struct Restoration {
    ledger: Arc<Ledger>,
    file: PathBuf,
    state: Mutex<State>,
}

impl Restoration {
    pub(crate) fn new(ledger: Arc<Ledger>, folder: &Path) -> Restoration {
        Restoration { ledger, file: folder.join(FILE), state: Mutex::new(State::Serving) }
    }

    /// At the start of the program that serves the folder. A node that stands alone has nobody to ask.
    pub(crate) fn begin(&self, has_neighbours: bool) -> Result<(), OfficeError> {
        let is_as_left = self.is_as_left()?;
        if !is_as_left && has_neighbours {
            tracing::warn!("this folder was put back from a copy: pages and contents are withheld until the neighbours were heard");
            *lock(&self.state) = State::Waiting(BTreeSet::new());
            return Ok(());
        }
        if !is_as_left {
            tracing::warn!("this folder was put back from a copy: what was erased since the copy has to be erased again");
        }
        self.renew()
    }

    /// Whether file and row still belong together.
    fn is_as_left(&self) -> Result<bool, OfficeError> {
        let Some((folder, mark)) = self.read_file() else {
            // A folder of an earlier version, or a new one, has neither.
            return Ok(self.ledger.read(|r| r.cabinet_list_prefix(MARKS, "", 1))?.is_empty());
        };
        let row = self.ledger.read(|r| r.cabinet_get(MARKS, &folder))?.unwrap_or_default();
        // The row is written before the file takes its place.
        Ok(["now", "before"].iter().any(|which| row.get(which).and_then(Value::as_str) == Some(mark.as_str())))
    }

    /// Name of the folder, and what is to stand in its row.
    fn read_file(&self) -> Option<(String, String)> {
        let text = std::fs::read_to_string(&self.file).ok()?;
        let (folder, turn) = text.trim().split_once(' ')?;
        Some((folder.to_owned(), mark_of(&self.file, turn).ok()?))
    }

    /// After every erasure that destroyed something, and at every start: copies made before are told apart from now on.
    pub(crate) fn renew(&self) -> Result<(), OfficeError> {
        let folder = self.read_file().map_or_else(|| RecordId::new().to_string(), |(folder, _)| folder);
        let turn = RecordId::new().to_string();
        let beside = self.file.with_extension("mark-new");
        let mut file = std::fs::File::create(&beside)?;
        std::io::Write::write_all(&mut file, format!("{folder} {turn}\n").as_bytes())?;
        file.sync_all()?;
        let now = mark_of(&beside, &turn)?;
        self.ledger.write(move |w| -> Result<(), LedgerError> {
            let before = w.cabinet_get(MARKS, &folder)?.and_then(|row| row.get("now").cloned()).unwrap_or_default();
            w.cabinet_put(MARKS, &folder, json!({"now": now, "before": before}))
        })?;
        Ok(std::fs::rename(&beside, &self.file)?)
    }

    /// Whether contents are withheld.
    pub(crate) fn is_waiting(&self) -> bool {
        *lock(&self.state) != State::Serving
    }

    /// Whether it may serve as soon as the views have followed: all were heard, or the operator has said so.
    pub(crate) fn may_serve(&self) -> Result<bool, OfficeError> {
        let state = lock(&self.state).clone();
        Ok(match state {
            State::Serving => false,
            State::Heard => true,
            State::Waiting(_) => self.is_as_left()?,
        })
    }

    /// Serves from now on.
    pub(crate) fn serve(&self) -> Result<(), OfficeError> {
        self.renew()?;
        *lock(&self.state) = State::Serving;
        tracing::info!("the neighbours were heard after the restore: the node serves again");
        Ok(())
    }

    fn has_heard(&self, origin: &Origin) -> bool {
        match &*lock(&self.state) {
            State::Waiting(heard) => heard.contains(&(origin.clone(), None)),
            State::Serving | State::Heard => true,
        }
    }

    fn note_heard(&self, origin: &Origin, reader: Option<&NodeName>) {
        if let State::Waiting(heard) = &mut *lock(&self.state) {
            heard.insert((origin.clone(), reader.cloned()));
        }
    }
}

/// What a file says together with what it is: a copy of it is another file.
fn mark_of(file: &Path, turn: &str) -> Result<String, std::io::Error> {
    let about = std::fs::metadata(file)?;
    let born = about.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |age| age.as_nanos());
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&about);
    #[cfg(not(unix))]
    let number = 0;
    Ok(format!("{turn} {number} {born}"))
}

impl Exchange {
    /// Whether the node belongs to others.
    pub(crate) fn has_neighbours(&self) -> Result<bool, OfficeError> {
        Ok(self.membership()?.is_some())
    }

    /// A lane has rested: here is everything that the node above has of the log, or nobody is above.
    pub(super) fn note_rest(&self, origin: &Origin, way: Way) {
        if way != Way::Relay {
            self.restoration.note_heard(origin, None);
        }
    }

    /// Whether a log that nobody above signs for may be signed here: after a restore only when its readers have shown that they have no more of it.
    pub(super) fn may_sign_alone(&self, known: &Known, origin: &Origin) -> Result<bool, OfficeError> {
        let State::Waiting(heard) = lock(&self.restoration.state).clone() else { return Ok(true) };
        Ok(self.awaited(known)?.iter().all(|compared| compared.0 != *origin || compared.1.is_none() || heard.contains(compared)))
    }

    /// A reader of an own log has said how much he has of it.
    pub(super) fn note_reader(&self, call: &Call) -> Result<(), OfficeError> {
        let (Request::ReadCheckpoint { after }, Some(reader)) = (&call.request, &call.caller) else { return Ok(()) };
        if self.restoration.is_waiting() {
            let signed = self.ledger.read(|r| LedgerView::over(r).log(&call.origin))?.map_or(0, |log| log.signed_size());
            if *after <= signed {
                self.restoration.note_heard(&call.origin, Some(reader));
            }
        }
        Ok(())
    }

    /// Logs that have to be compared with those who may know of more: own logs and those read from above by their lanes, logs of nodes below by their owners. Of a
    /// node that was merged nobody comes any more. A Centre without a second site has nobody above: what it says to those below is compared with what each of them has.
    fn awaited(&self, known: &Known) -> Result<BTreeSet<Compared>, OfficeError> {
        let own = &known.membership.name;
        let lanes = lanes_of(known).into_iter().filter(|lane| lane.way != Way::Relay);
        let mut awaited: BTreeSet<Compared> = lanes.map(|lane| (lane.origin, None)).collect();
        for origin in &known.held {
            let owner = origin.node();
            let comes = known.directory.is_under(&owner, own) && known.directory.successor(&owner) == owner;
            let log = self.ledger.read(|r| LedgerView::over(r).log(origin))?;
            if comes && log.is_some_and(|log| log.size > 0 && log.standing == Standing::Following) {
                awaited.insert((origin.clone(), None));
                if known.membership.holder().is_none() && known.directory.parent_of(&owner).as_ref() == Some(own) {
                    for audience in [DIRECTORY, CATALOGUE, CITE] {
                        awaited.insert((Origin::of(own, audience)?, Some(owner.clone())));
                    }
                }
            }
        }
        Ok(awaited)
    }

    /// Looks whether everything has been heard.
    pub(super) fn look_after_restore(&self, known: &Known) -> Result<(), OfficeError> {
        let State::Waiting(heard) = lock(&self.restoration.state).clone() else { return Ok(()) };
        if self.awaited(known)?.is_subset(&heard) {
            *lock(&self.restoration.state) = State::Heard;
        }
        Ok(())
    }

    /// What is answered of a log that was put back and of which its owner was not heard yet: no contents, but to the owner himself, and a checkpoint that is one
    /// short, so that the owner appends what is lacking and then signs for all that he has.
    pub(super) fn withhold(&self, known: &Known, call: &Call, answer: Answer) -> Result<Answer, OfficeError> {
        let origin = &call.origin;
        if !self.restoration.is_waiting() || self.restoration.has_heard(origin) || !self.awaited(known)?.contains(&(origin.clone(), None)) {
            return Ok(answer);
        }
        let is_owner = call.caller.as_ref() == Some(&origin.node());
        Ok(match (&call.request, answer) {
            (Request::PayloadTile { .. } | Request::ReadFile { .. }, _) if !is_owner => Answer::Refused(Refusal::Behind),
            (Request::Prove { .. }, _) => Answer::Refused(Refusal::Behind),
            (_, Answer::Head(head)) => Answer::Head(shortened(head)),
            (_, Answer::Conflict(head)) => Answer::Conflict(shortened(head)),
            (_, answer) => answer,
        })
    }

    /// The size that a caller signs for, while that matters.
    pub(super) fn signed_size_of(&self, call: &Call) -> Option<u64> {
        let Request::Checkpoint { note } = &call.request else { return None };
        let signed = self.restoration.is_waiting().then(|| SignedCheckpoint::parse(note).ok()).flatten()?;
        Some(signed.checkpoint.size)
    }

    /// The owner of a log has signed for so many entries; when that is all there is here, nothing is lacking.
    pub(super) fn note_signed(&self, origin: &Origin, size: u64) -> Result<(), OfficeError> {
        if self.ledger.read(|r| LedgerView::over(r).log(origin))?.is_some_and(|log| log.size == size) {
            self.restoration.note_heard(origin, None);
        }
        Ok(())
    }
}

fn shortened(mut head: exchange::protocol::Head) -> exchange::protocol::Head {
    head.checkpoint = head.checkpoint.min(head.next.saturating_sub(1));
    head
}

impl Office {
    /// Whether the node was put back to an old backup and waits for its neighbours: until then it shows nothing.
    pub fn waits_after_restore(&self) -> bool {
        self.exchange().restoration.is_waiting()
    }

    /// Lets a node that was put back serve although not all neighbours were heard; the operator answers for what was erased since the backup.
    ///
    /// # Errors
    /// `basis_missing`.
    pub fn serve_after_restore(&self, who: &Identity, basis: &str) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let basis = viet::nfc(basis.trim()).into_owned();
        if basis.is_empty() || basis.chars().count() > 120 {
            return Err(OfficeError::refused(
                "basis_missing",
                "Hãy ghi số văn bản làm căn cứ mở lại (không ghi dữ liệu cá nhân), tối đa 120 ký tự.",
                "Give the number of the document that is the ground for serving again (no personal data), at most 120 characters.",
            ));
        }
        let entry = AuditEntry::of(self, who, "node.serve").note(&basis);
        self.ledger().write(move |w| write_audit(w, entry))?;
        // The program that serves the folder sees it by the mark.
        self.exchange().restoration.renew()
    }
}
