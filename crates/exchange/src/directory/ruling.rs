//! By which statements entries of a node's logs count: when they change, the logs are counted again.

use std::collections::BTreeSet;

use ledger::{LeafHash, NodeName};
use sha2::{Digest, Sha256};

use crate::directory::Directory;

impl Directory {
    /// A digest of all that decides which entries in the logs of a node count: the mergers and moves by which records may have come to it, and those by which they
    /// went from there.
    pub fn ruling(&self, node: &NodeName) -> LeafHash {
        let mut reached = BTreeSet::from([node]);
        loop {
            let before = reached.len();
            for (of, transfers) in &self.transfers {
                if transfers.iter().any(|transfer| reached.contains(&transfer.by)) {
                    reached.insert(of);
                }
            }
            if reached.len() == before {
                break;
            }
        }
        let mut hash = Sha256::new();
        for of in reached {
            for transfer in self.transfers.get(of).into_iter().flatten() {
                hash.update(format!("{of:?} {transfer:?}\n"));
            }
        }
        LeafHash(hash.finalize().into())
    }
}
