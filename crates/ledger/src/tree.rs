//! RFC 6962 Merkle trees: hashes, a frontier that grows by one leaf at a time, roots and proofs.

use sha2::{Digest, Sha256};

use crate::names::LeafHash;

/// Hash of a leaf: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1).
pub fn leaf_hash(entry: &[u8]) -> LeafHash {
    LeafHash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &LeafHash, right: &LeafHash) -> LeafHash {
    LeafHash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Root of the empty tree: SHA-256 of nothing.
pub fn empty_root() -> LeafHash {
    LeafHash(Sha256::digest([]).into())
}

/// The right edge of a tree: one hash for each one-bit of its size, largest subtree first; at most 64 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    edge: Vec<LeafHash>,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Takes a stored frontier; none when the number of hashes does not fit the size.
    pub fn from_parts(size: u64, bytes: &[u8]) -> Option<Frontier> {
        let mut edge = Vec::new();
        for chunk in bytes.chunks(32) {
            edge.push(LeafHash(chunk.try_into().ok()?));
        }
        (edge.len() == size.count_ones() as usize).then_some(Frontier { size, edge })
    }

    /// The hashes one after another, as they are stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.edge.iter().flat_map(|hash| hash.0).collect()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: LeafHash) {
        let mut hash = leaf;
        // Each trailing one-bit of the size is a full subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The full subtrees of 256, 256² … leaves that `leaf` completes as the next one, the smallest first.
    pub fn completed_by(&self, leaf: LeafHash) -> Vec<Subtree> {
        let mut subtrees = Vec::new();
        if !(self.size + 1).is_multiple_of(256) {
            return subtrees;
        }
        let mut hash = leaf;
        let lefts = self.edge.iter().rev().take(self.size.trailing_ones() as usize);
        for (height, left) in (1_u8..).zip(lefts) {
            hash = node_hash(left, &hash);
            if height.is_multiple_of(8) {
                subtrees.push(Subtree { level: height / 8, at: self.size >> height, hash });
            }
        }
        subtrees
    }

    /// The root.
    pub fn root(&self) -> LeafHash {
        let mut edge = self.edge.iter().rev();
        let Some(mut root) = edge.next().copied() else { return empty_root() };
        for left in edge {
            root = node_hash(left, &root);
        }
        root
    }
}

/// Root of a full subtree of 256^`level` leaves, what a tile is made of (C2SP tlog-tiles).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    /// Its level, from 1.
    pub level: u8,
    /// Its number among those of its level.
    pub at: u64,
    /// Its root.
    pub hash: LeafHash,
}

/// Root over leaves, for checks.
pub fn root_of(leaves: &[LeafHash]) -> LeafHash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// Audit path of leaf `index` in the tree over `leaves` (RFC 6962 §2.1.1); none when there is no such leaf.
pub fn inclusion_proof(leaves: &[LeafHash], index: usize) -> Option<Vec<LeafHash>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = if index < left.len() {
        (inclusion_proof(left, index)?, root_of(right))
    } else {
        (inclusion_proof(right, index - left.len())?, root_of(left))
    };
    path.push(sibling);
    Some(path)
}

/// Whether `path` proves that `leaf` is entry `index` of the tree with `size` leaves and this root (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(leaf: LeafHash, index: u64, size: u64, path: &[LeafHash], root: &LeafHash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Proof that the tree over the first `old` leaves is a prefix of the tree over all (RFC 6962 §2.1.2); none when `old` is 0 or too large.
pub fn consistency_proof(leaves: &[LeafHash], old: usize) -> Option<Vec<LeafHash>> {
    if old == 0 || old > leaves.len() {
        return None;
    }
    Some(subproof(leaves, old, true))
}

fn subproof(leaves: &[LeafHash], old: usize, whole: bool) -> Vec<LeafHash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![root_of(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    if old <= left.len() {
        let mut proof = subproof(left, old, whole);
        proof.push(root_of(right));
        proof
    } else {
        let mut proof = subproof(right, old - left.len(), false);
        proof.push(root_of(left));
        proof
    }
}

/// Whether `proof` shows that the tree (`old`, `old_root`) is a prefix of (`new`, `new_root`) (RFC 9162 §2.1.4.2).
pub fn verify_consistency(old: u64, old_root: &LeafHash, new: u64, new_root: &LeafHash, proof: &[LeafHash]) -> bool {
    if old == 0 || old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    let mut path = proof.iter();
    let (mut place, mut last) = (old - 1, new - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let first = if place == 0 { Some(*old_root) } else { path.next().copied() };
    let Some(mut from_old) = first else { return false };
    let mut from_new = from_old;
    for hash in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            from_old = node_hash(hash, &from_old);
            from_new = node_hash(hash, &from_new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, hash);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && from_old == *old_root && from_new == *new_root
}

/// The largest power of two smaller than `length` (at least 2).
fn split(length: usize) -> usize {
    length.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The eight leaves of the Certificate Transparency test vectors.
    fn vectors() -> Vec<LeafHash> {
        let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        leaves
            .iter()
            .map(|text| {
                let bytes: Vec<u8> = (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect();
                leaf_hash(&bytes)
            })
            .collect()
    }

    #[test]
    fn roots_equal_the_published_test_vectors() {
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        assert_eq!(empty_root().to_hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let leaves = vectors();
        for (at, root) in roots.iter().enumerate() {
            assert_eq!(root_of(&leaves[..=at]).to_hex(), *root);
        }
    }

    fn naive(leaves: &[LeafHash]) -> LeafHash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            many => {
                let (left, right) = many.split_at(split(many.len()));
                node_hash(&naive(left), &naive(right))
            }
        }
    }

    #[test]
    fn the_last_leaf_of_65536_completes_a_subtree_of_each_level() {
        let mut frontier = Frontier::new();
        let leaf = leaf_hash(b"");
        for _ in 1..65_536 {
            frontier.push(leaf);
        }
        let levels: Vec<(u8, u64)> = frontier.completed_by(leaf).into_iter().map(|subtree| (subtree.level, subtree.at)).collect();
        assert_eq!(levels, [(1, 255), (2, 0)]);
        let root = frontier.completed_by(leaf).last().unwrap().hash;
        frontier.push(leaf);
        assert_eq!(root, frontier.root());
    }

    proptest! {
        #[test]
        fn the_frontier_agrees_with_the_definition(size in 0_usize..200) {
            let leaves: Vec<LeafHash> = (0..size).map(|at| leaf_hash(&at.to_be_bytes())).collect();
            prop_assert_eq!(root_of(&leaves), naive(&leaves));
            let mut frontier = Frontier::new();
            for leaf in &leaves { frontier.push(*leaf); }
            prop_assert_eq!(Frontier::from_parts(frontier.size(), &frontier.to_bytes()), Some(frontier));
        }

        #[test]
        fn a_leaf_completes_the_subtrees_that_end_with_it(tile in 1_usize..4, short in prop_oneof![Just(0_usize), 1_usize..256]) {
            let leaves: Vec<LeafHash> = (0..tile * 256 - short).map(|at| leaf_hash(&at.to_be_bytes())).collect();
            let (last, before) = leaves.split_last().unwrap();
            let mut frontier = Frontier::new();
            for leaf in before { frontier.push(*leaf); }
            let expected = Subtree { level: 1, at: tile as u64 - 1, hash: root_of(&leaves[(tile - 1) * 256..]) };
            prop_assert_eq!(frontier.completed_by(*last), if short == 0 { vec![expected] } else { Vec::new() });
        }

        #[test]
        fn every_proof_verifies_and_no_other_leaf_does(size in 1_usize..120, pick in 0_usize..120, old in 1_usize..120) {
            let leaves: Vec<LeafHash> = (0..size).map(|at| leaf_hash(&at.to_be_bytes())).collect();
            let root = root_of(&leaves);
            let pick = pick % size;
            let path = inclusion_proof(&leaves, pick).unwrap();
            prop_assert!(verify_inclusion(leaves[pick], pick as u64, size as u64, &path, &root));
            prop_assert!(!verify_inclusion(leaf_hash(b"other"), pick as u64, size as u64, &path, &root));
            let old = (old - 1) % size + 1;
            let proof = consistency_proof(&leaves, old).unwrap();
            let old_root = root_of(&leaves[..old]);
            prop_assert!(verify_consistency(old as u64, &old_root, size as u64, &root, &proof));
            if old < size {
                prop_assert!(!verify_consistency(old as u64, &leaf_hash(b"fork"), size as u64, &root, &proof));
            }
        }
    }
}
