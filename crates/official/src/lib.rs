//! Reads official Vietnamese documents — above all conclusions of conferences — into items, directives, deadlines and citations, keeping the exact words
//! and where they stand. It proposes; a person decides. Pure: no storage, no catalogue; names of bodies and words come in as a [`Gazetteer`].
//!
//! The grammar is that of conclusion notices of provinces and the Government Office: verbs by force (giao > yêu cầu > đề nghị > cần > imperative), lead
//! bodies, co-operators after "phối hợp với", classes of bodies, deadlines with their raw words and computed last day, citations by the rules of
//! Nghị định 30/2020/NĐ-CP and Nghị định 78/2025/NĐ-CP.
//!
//! [`mod@write`] goes the other way: administrative documents, minutes and registers as Word files in the layout of Nghị định 30/2020/NĐ-CP.
//!
//! ```
//! use official::{Gazetteer, read};
//!
//! let text = "Giao Sở Tài chính chủ trì, phối hợp với Sở Nội vụ rà soát, báo cáo UBND tỉnh trước ngày 31/7/2025.";
//! let gazetteer = Gazetteer { heads: vec!["Sở".into(), "UBND".into()], ..Gazetteer::default() };
//! let reading = read("thongbao.txt", text.as_bytes(), &gazetteer).unwrap();
//! let directive = &reading.directives[0];
//! assert_eq!(directive.lead[0].text, "Sở Tài chính");
//! assert_eq!(directive.with[0].text, "Sở Nội vụ");
//! assert_eq!(directive.due.as_ref().unwrap().last_day.unwrap().to_string(), "2025-07-30");
//! ```

mod actor;
mod citation;
mod clause;
mod deadline;
mod directive;
mod docx;
mod error;
mod gazetteer;
mod head;
mod html;
mod item;
mod original;
mod pairs;
mod reading;
mod subject;
mod suggestion;
mod view;
pub mod write;

pub use actor::Actor;
pub use citation::Citation;
pub use deadline::{Due, last_day};
pub use directive::{Clear, FoundDirective};
pub use error::ReadError;
pub use gazetteer::{BodyNames, DocumentWords, Gazetteer, KnownNumber};
pub use head::{Chair, Head};
pub use item::Item;
pub use original::{Note, plain_text};
pub use pairs::SyllablePairs;
pub use reading::{Reading, read};
pub use suggestion::Suggestion;
