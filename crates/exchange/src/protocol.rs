//! Calls on a log and their answers, without the carrier: what stands in a request's path and body, and what comes back.

use ledger::{FileGap, LeafHash, NodeName, Origin};

use crate::tile::TilePlace;

/// What a caller wants of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// How far the holder is; the owner's first question.
    Head,
    /// Entries from place `from` on, see [`crate::batch`].
    Append {
        /// Place of the first.
        from: u64,
        /// The body.
        body: Vec<u8>,
    },
    /// Payloads that were missing.
    Payloads {
        /// The body.
        body: Vec<u8>,
    },
    /// A signed checkpoint, for the holder's cosignature.
    Checkpoint {
        /// The signed note.
        note: String,
    },
    /// The newest checkpoint above `after`.
    ReadCheckpoint {
        /// Size that the reader has.
        after: u64,
    },
    /// The newest checkpoint that the node above has acknowledged.
    ReadReceipt,
    /// A tile of hashes.
    HashTile {
        /// Level, 0 for leaves.
        level: u8,
        /// Which.
        place: TilePlace,
    },
    /// A bundle of entries.
    EntryTile {
        /// Which.
        place: TilePlace,
    },
    /// A bundle of payloads.
    PayloadTile {
        /// Which.
        place: TilePlace,
    },
    /// Cosignature lines of a witness for the checkpoint that stands.
    Cosign {
        /// Size of the checkpoint meant.
        size: u64,
        /// The lines.
        lines: String,
    },
    /// SHA-256(nonce ‖ payload) of some entries, as a proof of possession.
    Prove {
        /// The owner's random text, at most 64 bytes.
        nonce: Vec<u8>,
        /// At most 64 places.
        indices: Vec<u64>,
    },
    /// What the caller has of the holder's own log under its signature and the holder no longer has: its ledger was put back to an older state.
    Remind {
        /// Size of the checkpoint that the holder shows.
        from: u64,
        /// The newer checkpoint that the holder has signed.
        note: String,
        /// The entries between the two, see [`crate::batch`].
        body: Vec<u8>,
    },
    /// Which files that entries name the holder lacks; the owner's question.
    FileGaps,
    /// A piece of a file that an entry names.
    PutFile {
        /// Place of the entry.
        index: u64,
        /// SHA-256 of the file.
        file: LeafHash,
        /// Where in the file the piece begins.
        from: u64,
        /// The piece, at most [`LONGEST_PIECE`] bytes.
        body: Vec<u8>,
    },
    /// A file that an entry names, at most [`LONGEST_PIECE`] bytes of it.
    ReadFile {
        /// Place of the entry.
        index: u64,
        /// SHA-256 of the file.
        file: LeafHash,
        /// Where in the file to begin.
        from: u64,
    },
}

/// Longest piece of a file in one call, in bytes.
pub const LONGEST_PIECE: usize = 8 << 20;
/// Most files named as lacking in one answer.
pub const MOST_FILE_GAPS: usize = 64;

impl Request {
    /// Whether it changes what the holder has of the log.
    pub fn is_write(&self) -> bool {
        matches!(
            self,
            Request::Append { .. }
                | Request::Payloads { .. }
                | Request::Checkpoint { .. }
                | Request::Cosign { .. }
                | Request::Remind { .. }
        )
    }

    /// Whether it is about files: these lie beside the log, see [`crate::parent::Parent::admit_file_call`].
    pub fn is_of_files(&self) -> bool {
        matches!(self, Request::FileGaps | Request::PutFile { .. } | Request::ReadFile { .. })
    }
}

/// A request on a log by somebody. The caller was authenticated by the carrier; none for the public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The log.
    pub origin: Origin,
    /// Who calls.
    pub caller: Option<NodeName>,
    /// What for.
    pub request: Request,
}

/// How far a holder is with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Entries held.
    pub next: u64,
    /// Root over them.
    pub root: LeafHash,
    /// Size of the newest checkpoint.
    pub checkpoint: u64,
    /// Places whose payload is lacking, at most 256.
    pub missing: Vec<u64>,
}

/// A possession: the hash asked for, or that there is nothing to hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Possession {
    /// SHA-256(nonce ‖ payload).
    Held(LeafHash),
    /// Erased, as the log says.
    Erased,
    /// The entry has no payload by rule.
    None,
    /// Not there.
    Lacking,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 with the head.
    Head(Head),
    /// 409 with the head: the entries do not follow, or differ from those held, or the checkpoint is ahead.
    Conflict(Head),
    /// 424: payloads lack.
    Missing(Vec<u64>),
    /// 200 with cosignature lines.
    Cosigned(String),
    /// 200 with a signed note.
    Note(String),
    /// 304: nothing newer.
    Unchanged,
    /// 200 with hashes.
    Hashes(Vec<LeafHash>),
    /// 200 with a bundle.
    Bundle(Vec<u8>),
    /// 200 with possessions.
    Possessions(Vec<Possession>),
    /// 200 with the files that are lacking.
    FileGaps(Vec<FileGap>),
    /// 200 with the number of bytes of the file that are there, from its beginning.
    FileHeld(u64),
    /// 404: no such log, tile, receipt or file.
    NotFound,
    /// Everything that was not done, and why.
    Refused(Refusal),
}

/// Why a call was refused. Each has a code that stays the same for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The signature of the call is missing, false, of an unknown key, or out of its hour.
    #[error("the call is not signed with a key that counts, or its time is more than an hour off")]
    Unsigned,
    /// The log is not the caller's to read or to write.
    #[error("the log is not the caller's")]
    NotYours,
    /// The checkpoint or cosignature is not signed with a key that counts.
    #[error("the checkpoint is not signed with a key that counts")]
    Key,
    /// The body ends early.
    #[error("the body ends early or is too long")]
    Body,
    /// More than 8,192 entries, 64 places, or none.
    #[error("too many entries in one call, or none")]
    Count,
    /// An entry is not canonical JSON of the form required.
    #[error("an entry is not a canonical entry")]
    Entry,
    /// A payload is not the one its entry commits to.
    #[error("a payload is not the one its entry commits to")]
    Payload,
    /// Not a signed note of this log.
    #[error("not a signed note of this log")]
    Note,
    /// The root is another one than that over the entries held; the note was kept as evidence.
    #[error("the root is not the one over the entries held")]
    Root,
    /// The log is sealed, or entries stand behind a seal.
    #[error("the log is sealed")]
    Sealed,
    /// The log has two signed trees that contradict each other.
    #[error("the log has two signed trees that contradict each other")]
    Forked,
    /// The operator has stopped the log.
    #[error("the log is suspended")]
    Suspended,
    /// Too much is held beyond the checkpoint.
    #[error("too much is waiting for a checkpoint")]
    Full,
    /// The holder has not yet taken over the log from the holder before.
    #[error("the log is still being taken over; ask again")]
    Behind,
}

impl Refusal {
    const ALL: [Refusal; 14] = [
        Refusal::Unsigned,
        Refusal::NotYours,
        Refusal::Key,
        Refusal::Body,
        Refusal::Count,
        Refusal::Entry,
        Refusal::Payload,
        Refusal::Note,
        Refusal::Root,
        Refusal::Sealed,
        Refusal::Forked,
        Refusal::Suspended,
        Refusal::Full,
        Refusal::Behind,
    ];

    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Unsigned => "unsigned",
            Refusal::NotYours => "not-yours",
            Refusal::Key => "key",
            Refusal::Body => "body",
            Refusal::Count => "count",
            Refusal::Entry => "entry",
            Refusal::Payload => "payload",
            Refusal::Note => "note",
            Refusal::Root => "root",
            Refusal::Sealed => "sealed",
            Refusal::Forked => "forked",
            Refusal::Suspended => "suspended",
            Refusal::Full => "full",
            Refusal::Behind => "behind",
        }
    }

    /// The refusal of a code.
    pub fn of_code(code: &str) -> Option<Refusal> {
        Refusal::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Refusal::Unsigned => 401,
            Refusal::NotYours | Refusal::Key => 403,
            Refusal::Body | Refusal::Count | Refusal::Entry | Refusal::Payload | Refusal::Note | Refusal::Root => 422,
            Refusal::Sealed | Refusal::Forked | Refusal::Suspended => 423,
            Refusal::Full => 429,
            Refusal::Behind => 503,
        }
    }
}
