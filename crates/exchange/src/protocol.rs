//! Calls on a log and their answers, without the carrier: what stands in a request's path and body, and what comes back.

use ledger::{LeafHash, NodeName, Origin};

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
}

impl Request {
    /// Whether it changes the holder's state.
    pub fn is_write(&self) -> bool {
        matches!(self, Request::Append { .. } | Request::Payloads { .. } | Request::Checkpoint { .. } | Request::Cosign { .. })
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
    /// 404.
    NotFound,
    /// 403: not this caller, not this key, or not this log.
    Forbidden(&'static str),
    /// 422: the body is wrong.
    Malformed(Malformed),
    /// 422: the root differs; the note was kept as evidence.
    RootDiffers,
    /// 423: the log is sealed, forked or suspended.
    Closed(&'static str),
    /// 429: too much provisional.
    Full,
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It ends early.
    #[error("the body ends early")]
    Short,
    /// More than 8,192 entries, 64 indices, or none.
    #[error("too many entries in one call, or none")]
    TooMany,
    /// An entry is not canonical JSON of the form required.
    #[error("an entry is not a canonical entry")]
    Entry,
    /// A payload is not the one its entry commits to.
    #[error("a payload is not the one its entry commits to")]
    Payload,
    /// Entries behind a `seal`.
    #[error("entries behind a seal")]
    Seal,
    /// Not a signed note of this log.
    #[error("not a signed note of this log")]
    Note,
}
