//! A version of a record on its way into the logs of its audiences.

use serde_json::Value;

use crate::error::LedgerError;
use crate::files::FileRef;
use crate::names::{LeafHash, RecordId};
use crate::payload::Payload;

/// A version to write.
#[derive(Debug, Clone)]
pub struct Put {
    /// The record.
    pub rec: RecordId,
    /// Its kind.
    pub kind: String,
    /// Index of the kind in the catalogue log.
    pub cat: u64,
    /// Leaf hash of the current inside version; none for a new record.
    pub previous: Option<LeafHash>,
    /// The one for `private` comes first and is required. An audience that had a projection and is not named any more loses it.
    pub projections: Vec<Projection>,
}

/// What one audience gets to see of a version.
#[derive(Debug, Clone)]
pub struct Projection {
    pub(crate) audience: String,
    pub(crate) payload: Payload,
}

impl Projection {
    /// Seals the data with a fresh salt. This is done by the caller's thread, so that the one that writes has less to do.
    ///
    /// # Errors
    /// [`PayloadError`](crate::PayloadError) when the data is too long or no plain JSON.
    pub fn seal(audience: &str, data: &Value, files: &[FileRef]) -> Result<Projection, LedgerError> {
        Ok(Projection { audience: audience.to_owned(), payload: Payload::make(data, files)? })
    }
}

/// The last version of a record in a log of the node that had it before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// The log's audience.
    pub audience: String,
    /// The version there.
    pub ver: u64,
    /// Its leaf hash.
    pub leaf: LeafHash,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The record.
    pub rec: RecordId,
    /// Version in the inside log.
    pub ver: u64,
    /// Leaf hash of the inside version.
    pub leaf: LeafHash,
    /// The last change of this write.
    pub seq: u64,
}
