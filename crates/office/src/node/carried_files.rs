//! Files that records name, between nodes (LV-Log/1 §3, §4): the holder of a log says which it lacks, whoever has them sends them behind the entries, in pieces
//! that go on where the last one ended. A log never waits for a file.

use exchange::ledger_shelf::LedgerView;
use exchange::parent::FileCall;
use exchange::protocol::{Answer, Call, LONGEST_PIECE, MOST_FILE_GAPS, Request};
use ledger::{FileGap, LeafHash, Origin};

use super::lanes::{Line, LineFault, Way, refusal_words};
use super::membership::{Above, seconds};
use super::{Exchange, Known};
use crate::error::{OfficeError, label};

/// First piece of a file, in bytes: on a slow line a cut makes little go to waste.
const SHORTEST_PIECE: usize = 64 << 10;
/// Pieces of the files of one log in a row; then its entries have their turn.
const PIECES_IN_A_ROW: usize = 4;
/// A piece that was answered within the first many seconds is followed by a longer one, one that took the second by a shorter one.
const QUICK_AND_SLOW: (i64, i64) = (2, 10);

/// How the carrying of a log's files ended for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// Nothing more can be brought now.
    All,
    /// It goes on as soon as the entries have had their turn.
    Some,
}

impl Exchange {
    /// Answers a call on files.
    pub(super) fn answer_file_call(&self, known: &Known, call: &Call) -> Result<Answer, OfficeError> {
        let admitted = self.ledger.read(|r| known.parent.admit_file_call(&LedgerView::over(r), &known.directory, call))?;
        let file = match admitted {
            FileCall::Answered(answer) => return Ok(answer),
            FileCall::Gaps => return Ok(Answer::FileGaps(self.ledger.file_gaps(&call.origin, MOST_FILE_GAPS)?)),
            FileCall::About(file) => file,
        };
        match &call.request {
            Request::PutFile { from, body, .. } => {
                let held = self.ledger.add_to_file(&file, *from, body)?;
                if held == file.len {
                    // The node above may be waiting for it too.
                    self.carry_again(&call.origin);
                }
                Ok(Answer::FileHeld(held))
            }
            Request::ReadFile { from, .. } => {
                Ok(self.ledger.read_file(&file.sha256, *from, LONGEST_PIECE)?.map_or(Answer::NotFound, Answer::Bundle))
            }
            _ => Ok(Answer::NotFound),
        }
    }

    /// Brings the files of a log up that the node above lacks, or those down that this one lacks.
    pub(super) fn carry_files(&self, origin: &Origin, way: Way, known: &Known, line: &dyn Line) -> Result<Carried, OfficeError> {
        let Some(above) = known.membership.holder() else { return Ok(Carried::All) };
        if !self.ledger.read(|r| r.names_files(origin))? {
            return Ok(Carried::All);
        }
        let mut carried = self.fetch_files(origin, above, known, line)?;
        if way != Way::Down && self.send_files(origin, above, known, line)? == Carried::Some {
            carried = Carried::Some;
        }
        Ok(carried)
    }

    fn send_files(&self, origin: &Origin, above: &Above, known: &Known, line: &dyn Line) -> Result<Carried, OfficeError> {
        let gaps = match self.call(above, origin, &Request::FileGaps, known, line).map_err(not_carried)? {
            Answer::FileGaps(gaps) => gaps,
            // A node above of an earlier version knows nothing of files.
            Answer::NotFound => return Ok(Carried::All),
            other => return Err(not_understood(&other)),
        };
        let (mut pieces, mut reach, mut carried) = (0, SHORTEST_PIECE, Carried::All);
        for FileGap { index, file, held: mut there } in gaps {
            let Some(hash) = LeafHash::from_hex(&file.sha256).filter(|_| self.ledger.has_file(&file.sha256)) else { continue };
            loop {
                if pieces == PIECES_IN_A_ROW {
                    return Ok(Carried::Some);
                }
                let Some(body) = self.ledger.read_file(&file.sha256, there, reach)? else { break };
                let begun = self.clock.now();
                let request = Request::PutFile { index, file: hash, from: there, body };
                let now_there = match self.call(above, origin, &request, known, line).map_err(not_carried)? {
                    Answer::FileHeld(held) => held,
                    // Erased above meanwhile.
                    Answer::NotFound => break,
                    other => return Err(not_understood(&other)),
                };
                pieces += 1;
                reach = next_reach(reach, seconds(self.clock.now().saturating_sub(begun)));
                if now_there == file.len {
                    // There may be more than the 64 that were named.
                    carried = Carried::Some;
                    break;
                }
                if now_there <= there {
                    return Err(not_taken(&file.sha256));
                }
                there = now_there;
            }
        }
        Ok(carried)
    }

    fn fetch_files(&self, origin: &Origin, above: &Above, known: &Known, line: &dyn Line) -> Result<Carried, OfficeError> {
        let mut pieces = 0;
        for FileGap { index, file, held } in self.ledger.file_gaps(origin, MOST_FILE_GAPS)? {
            let Some(hash) = LeafHash::from_hex(&file.sha256) else { continue };
            let mut here = held;
            loop {
                if pieces == PIECES_IN_A_ROW {
                    return Ok(Carried::Some);
                }
                let request = Request::ReadFile { index, file: hash, from: here };
                let piece = match self.call(above, origin, &request, known, line).map_err(not_carried)? {
                    Answer::Bundle(piece) => piece,
                    // Not come there yet, or not known to those above.
                    Answer::NotFound => break,
                    other => return Err(not_understood(&other)),
                };
                pieces += 1;
                let now_here = self.ledger.add_to_file(&file, here, &piece)?;
                if now_here <= here || now_here == file.len {
                    break;
                }
                here = now_here;
            }
        }
        Ok(Carried::All)
    }
}

fn next_reach(reach: usize, took: i64) -> usize {
    let (quick, slow) = QUICK_AND_SLOW;
    match took {
        took if took < quick => (reach * 4).min(LONGEST_PIECE),
        took if took > slow => (reach / 4).max(SHORTEST_PIECE),
        _ => reach,
    }
}

fn not_taken(sha256: &str) -> OfficeError {
    OfficeError::refused(
        "file",
        format!(
            "Nút trên chưa nhận được tệp {sha256}: nội dung đến nơi không khớp mã kiểm. Hãy chạy “lienvung verify” để xem tệp ở đây còn nguyên không."
        ),
        format!(
            "The node above did not take the file {sha256}: what came does not have its hash. Run “lienvung verify” to see whether the file here is whole."
        ),
    )
}

fn not_carried(fault: LineFault) -> OfficeError {
    OfficeError::Refused { code: "line", message: fault.0 }
}

fn not_understood(answer: &Answer) -> OfficeError {
    let message = match answer {
        Answer::Refused(refusal) => refusal_words(*refusal),
        _ => label(
            "Nút trên trả lời không đúng giao thức về tệp.",
            "The node above answers about files in a way that is not of the protocol.",
        ),
    };
    OfficeError::Refused { code: "line", message }
}
