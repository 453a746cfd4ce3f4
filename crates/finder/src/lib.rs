//! Search over Vietnamese records, however people type: with marks, without, in either Unicode form, with the tone old or new.
//!
//! An [`Entry`] names who may see it; a [`Query`] names as whom it asks, and nothing else is ever counted or shown. The index follows somebody else's
//! truth: [`Finder::commit`] keeps the caller's cursor in the same commit as the entries, so an index is never ahead of or behind what it says.
//!
//! ```
//! use finder::{Entry, Finder, Query, Vocabulary};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let finder = Finder::open(folder.path(), Vocabulary::default()).unwrap();
//! let entry = Entry { id: "1".into(), visible_to: vec!["public".into()], kind: "article".into(), title: "Cà phê Đắk Lắk".into(), ..Entry::default() };
//! finder.put(&[entry]).unwrap();
//! finder.commit(7).unwrap();
//! let query = Query { text: "ca phe dak lak".into(), visible_to: vec!["public".into()], limit: 10, ..Query::default() };
//! assert_eq!(finder.search(&query).unwrap().hits[0].id, "1");
//! assert_eq!(finder.cursor(), 7);
//! ```

mod analysis;
mod collection;
mod completion;
mod count;
mod evaluation;
mod highlight;
mod index;
mod injected;
mod judged;
mod overlap;
mod query;
mod question;
mod ranking;
mod related;
mod repair;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;
mod vocabulary;
mod words;

pub use collection::{CollectedText, Collection};
pub use evaluation::{Evaluation, Figures, evaluate, judge_engine, with_other_spellings};
pub use index::{Entry, Finder, FinderError};
pub use injected::{InjectedEvaluation, InjectedFigures, evaluate_injected};
pub use judged::{JudgedDocument, JudgedError, JudgedQuery, read_lines};
pub use overlap::{Among, Overlap, Proposal, Span, TitleWords};
pub use query::{Hit, Order, Part, Query, Results};
pub use question::{Needed, Question};
pub use related::Related;
pub use vocabulary::Vocabulary;
pub use words::{How, Why};
