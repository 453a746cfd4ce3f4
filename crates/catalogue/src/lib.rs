//! What a record is, as data: kinds, code lists, workflows and reference bodies in files with dates, legal sources, labels in two languages and examples.
//!
//! [`Catalogue::builtin`] loads the files compiled into the program; a broken file is refused with its line and the reason. From one declaration follow
//! checks ([`Catalogue::check`]), JSON Schema 2020-12 ([`Catalogue::schema`]), forms ([`Kind::read_form`], [`Kind::form_values`]), projections
//! for each audience ([`Catalogue::project`]) and visible differences ([`Kind::changes`]). A kind has versions ([`Catalogue::with_form`]); a record keeps
//! the one it was made with.
//!
//! What the law prescribes over years is data too: processes with their papers and deadlines ([`Catalogue::process`], [`Process::stand`]) and the calendar of
//! working days they are counted in ([`Catalogue::calendar`]).
//!
//! ```
//! use catalogue::{Catalogue, Lang};
//! use serde_json::json;
//!
//! let catalogue = Catalogue::builtin().unwrap();
//! let faults = catalogue.check("article", &json!({"title": "Tin"})).unwrap_err();
//! assert!(faults.iter().any(|fault| fault.path == "text" && fault.rule == "required"));
//! assert_eq!(catalogue.kind("directive").unwrap().label.get(Lang::Vi), "Nội dung chỉ đạo");
//! ```

mod builtin;
mod calendar;
mod changes;
mod check;
mod code_list;
mod commune_map;
mod council_rule;
mod error;
mod form;
mod form_version;
mod kind;
mod label;
mod load;
mod name_index;
mod paper_form;
mod process;
mod process_file;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod process_tests;
mod project;
mod reference;
mod schema;
mod score_sheet;
mod search_words;
mod sheet_map;
mod standing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;
mod urgent_local_task;
mod workflow;

pub use calendar::{Calendar, DayKind, Reckoned, SpecialDay, TermUnit};
pub use changes::Change;
pub use check::{Checked, Fault};
pub use code_list::{Choices, Code, CodeList, CodeSet, Edition};
pub use commune_map::{CommuneMap, Share, Successor};
pub use council_rule::{Attendance, ChoiceCount, Decided, PointsCount};
pub use error::{CatalogueError, Problem};
pub use form::FormFaults;
pub use form_version::{Aspect, FormChange, FormChangeSort};
pub use kind::{Audience, Field, FieldType, Kind, Rule, Section};
pub use label::{Label, Lang};
pub use load::{Catalogue, Example};
pub use paper_form::{PaperClose, PaperForm, PaperIssuer, PaperPart};
pub use process::{Actor, Condition, Deadline, Fact, Facts, Paper, Process, Recurrence, Step};
pub use reference::{DocumentType, GazetteerWords, KnownDocument, ReferenceBody};
pub use score_sheet::{
    Against, BallotForm, BallotWord, Outcome, OutcomeCondition, PointsRule, Proportion, Quorum, ScoreCriterion, ScoreSheet, Whole,
};
pub use search_words::{SearchWords, TitleRoles};
pub use sheet_map::{SheetColumn, SheetMap};
pub use standing::{Block, BlockKind, Due, DueState, Happened, Matter, MatterError, NextStep, Standing, Warning};
pub use urgent_local_task::{Criterion, UrgentLocalTask, urgent_local_task};
pub use workflow::{State, Transition, Workflow};
