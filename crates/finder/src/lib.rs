//! Search over Vietnamese records, however people type: with marks, without, in either Unicode form, with the tone old or new.
//!
//! An [`Entry`] names who may see it; a [`Query`] names as whom it asks, and nothing else is ever counted or shown. The index follows somebody else's
//! truth: [`Finder::commit`] keeps the caller's cursor in the same commit as the entries, so an index is never ahead of or behind what it says.
//!
//! ```
//! use finder::{Entry, Finder, Query};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let finder = Finder::open(folder.path()).unwrap();
//! let entry = Entry { id: "1".into(), visible_to: vec!["public".into()], kind: "article".into(), title: "Cà phê Đắk Lắk".into(), ..Entry::default() };
//! finder.put(&[entry]).unwrap();
//! finder.commit(7).unwrap();
//! let query = Query { text: "ca phe dak lak".into(), visible_to: vec!["public".into()], limit: 10, ..Query::default() };
//! assert_eq!(finder.search(&query).unwrap().hits[0].id, "1");
//! assert_eq!(finder.cursor(), 7);
//! ```

mod analysis;
mod count;
mod evaluation;
mod highlight;
mod index;
mod judged;
mod query;
mod repair;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;

pub use evaluation::{Figures, evaluate, with_other_spellings};
pub use index::{Entry, Finder, FinderError};
pub use judged::{JudgedDocument, JudgedError, JudgedQuery, read_lines};
pub use query::{Hit, Part, Query, Results};
