//! LV-Log/1 between nodes (unit → province → Centre): nothing acknowledged is lost, nobody writes in another's name, everybody can prove what he holds.
//!
//! The machines here are pure: a step is a function of the machine, one transaction on a [`shelf::Shelf`], and what happened; it returns what is to be done
//! after the commit. The carrier, the clock and chance come from outside, so the same machines run over HTTPS and in a simulation that can be repeated.
//!
//! - [`owner::Owner`] brings a log up: store first, sign second; the parent's cosignature is the receipt.
//! - [`parent::Parent`] answers: takes entries, checks and cosigns checkpoints, serves tiles.
//! - [`reader::ReaderLoop`] follows a log and believes only what adds up to the signed root.
//! - [`receipt::Receipt`] is the file by which one entry and its acknowledgement are checked without a network.
//! - [`directory::Directory`] says whose key, whose child and whose record; [`view::View`] which entries count.
//! - [`cite::Returned`] is how a holder sends a record back to its owner.
//! - [`held_record`] keeps the versions that count in the node's ledger, page by page, as logs come in.
//!
//! ```
//! use exchange::directory::Directory;
//! use exchange::key::NodeKey;
//! use exchange::memory::MemoryShelf;
//! use exchange::parent::Parent;
//! use exchange::protocol::{Answer, Call, Request};
//! use ledger::{NodeName, Origin};
//!
//! let centre = NodeName::parse("bo.khcn").unwrap();
//! let key = NodeKey::from_seed(&[1; 32]);
//! let directory = Directory::of(&centre, key.public(), &Default::default());
//! let parent = Parent { name: centre, key, standby_for: None };
//! let origin = Origin::parse("lv1/sokhcn.daklak/public").unwrap();
//! let call = Call { origin, caller: None, request: Request::ReadCheckpoint { after: 0 } };
//! let answer = parent.answer(&mut MemoryShelf::new(), &directory, &call, 1_795_824_000).unwrap();
//! assert_eq!(answer, Answer::NotFound);
//! ```

pub mod batch;
pub mod checkpoint;
pub mod cite;
pub mod directory;
pub mod held_record;
pub mod key;
pub mod ledger_shelf;
pub mod log;
pub mod memory;
pub mod note;
pub mod owner;
pub mod parent;
pub mod protocol;
pub mod reader;
pub mod receipt;
pub mod shelf;
pub mod signature;
#[cfg(test)]
mod tests;
pub mod tile;
pub mod view;
pub mod wire;
