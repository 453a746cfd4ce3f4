//! The exchange between nodes under faults: Ministry, its standby, two provinces, two units and an auditor, whose messages are lost, doubled, reordered and
//! delayed, whose processes are killed, whose disks are put back to old backups, who merge, erase, and one of whom may lie. Those above change keys, move
//! records and suspend logs meanwhile. After every step the promises of LV-Log/1 §1.2 are checked; the machines are the ones that the program runs.
//!
//! A run is a function of its seed and nothing else.
//!
//! ```
//! let outcome = simulator::run(simulator::Options { seed: 1, steps: 100, ..Default::default() });
//! assert_eq!(outcome.violation, None);
//! ```

mod blind;
mod network;
mod node;
mod oracle;
mod world;

pub use world::{Options, Outcome, Sabotage, run};
