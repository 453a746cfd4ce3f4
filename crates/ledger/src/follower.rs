//! Followers: views that apply changes in order, remember how far they have come, and can be thrown away and filled again.

use std::sync::Arc;

use crate::ledger::Change;

/// Why a follower failed; the view is then rebuilt.
pub type FollowError = Box<dyn std::error::Error + Send + Sync>;

/// A view over the ledger. Cursor and contents change in one transaction of the view's own.
pub trait Follower {
    /// Its name, e.g. `board`.
    fn name(&self) -> &str;
    /// The last change applied; 0 when empty.
    fn cursor(&self) -> Result<u64, FollowError>;
    /// Applies changes in order; applying one again changes nothing.
    fn apply(&self, batch: &[Change]) -> Result<(), FollowError>;
    /// Empties the view.
    fn rebuild(&self) -> Result<(), FollowError>;
    /// SHA-256 over the contents in a fixed order: equal after a rebuild.
    fn digest(&self) -> Result<String, FollowError>;
}

impl<F: Follower + ?Sized> Follower for Arc<F> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn cursor(&self) -> Result<u64, FollowError> {
        (**self).cursor()
    }

    fn apply(&self, batch: &[Change]) -> Result<(), FollowError> {
        (**self).apply(batch)
    }

    fn rebuild(&self) -> Result<(), FollowError> {
        (**self).rebuild()
    }

    fn digest(&self) -> Result<String, FollowError> {
        (**self).digest()
    }
}
