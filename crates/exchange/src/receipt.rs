//! Receipts: one text file that shows, without a network, that an entry stands in a log and that the node above holds that log.
//!
//! # The file
//!
//! A receipt is a `c2sp.org/tlog-proof@v1` file and nothing else, so that a foreign verifier reads it unchanged (C2SP suggests the suffix `.tlog-proof`):
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>                        what the format leaves to its users: the entry, keys, the payload
//! index <n>                             place of the entry in the log, from 0
//! <base64 hash>                         inclusion proof, from the leaf's sibling upwards (RFC 6962 §2.1.1), one hash a line
//!                                       an empty line, and the checkpoint as it was signed:
//! lv1/<node>/<audience>
//! <size>
//! <base64 root>
//!
//! — lv1/<node>/<audience> <base64>      the owner's signature
//! — lv1/<node above> <base64>           its cosignature with its time
//! ```
//!
//! What a foreign verifier is asked to find in the log is SHA-256(0x00 ‖ entry). The extra data hold the entry so tightly that a receipt out of a log of
//! 1,000,000 entries has 1.5 KB:
//!
//! - a number (groups of seven bits, the lowest first, the highest bit set on all but the last): length of the packed entry;
//! - the packed entry. It begins with 0 for "the entry's own bytes follow", 1 for a `put` without and 2 for one with `prev`. Of a `put` there follow `id` (16
//!   bytes); a number: the seconds in `at` less those in `id`, doubled, or doubled less one and without its sign when negative; `rec` (16 bytes); `cat`, `ver`
//!   and `len` as numbers; `pay` (32 bytes); `prev` (32 bytes) when there is one; `typ`, to the end. The entry is the canonical JSON of these members;
//! - a byte: how many keys are carried; each key (32 bytes) belongs to the signature line whose key id it gives;
//! - to the end: the payload, when the receipt carries it.
//!
//! The extra data are under no signature. The entry is proven by the inclusion proof and the payload by the entry; **keys in the file prove nothing**, because
//! whoever makes a file can put a key into it. They are there to be compared, and only keys given to [`Receipt::verify`] count.

mod packed;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::tree::{leaf_hash, verify_inclusion};
use ledger::{Entry, LeafHash, LedgerError, NodeName, Op, Origin, RecordId};

use crate::checkpoint::{Checkpoint, SignedCheckpoint, cosigner_name};
use crate::directory::Directory;
use crate::key::PublicKey;
use crate::log::is_payload_of;
use crate::note::{NoteError, SignatureLine};
use crate::shelf::ShelfRead;
use crate::tile::inclusion_proof;

/// First line of every receipt.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Longest receipt in bytes: a payload of 1 MiB as base64, and the rest.
pub const LONGEST: usize = 1_500_000;
/// Most hashes of a proof.
const MOST_HASHES: usize = 64;
/// Most keys that a receipt carries.
const MOST_KEYS: usize = 64;

/// A receipt whose proof, payload and carried keys fit together. Whether it says the truth depends on whose keys they are: [`Receipt::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    index: u64,
    entry: Entry,
    bytes: Vec<u8>,
    proof: Vec<LeafHash>,
    signed: SignedCheckpoint,
    keys: Vec<PublicKey>,
    payload: Option<Vec<u8>>,
}

/// Why a text is no receipt, or why a payload or key does not belong to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Longer than any receipt, see [`LONGEST`].
    #[error("the file is longer than any receipt")]
    TooLong,
    /// The form is wrong, in this part.
    #[error("not a receipt: {0:?}")]
    Form(ReceiptPart),
    /// The checkpoint is none.
    #[error("the checkpoint of the receipt: {0}")]
    Checkpoint(#[from] NoteError),
    /// The entry is not the one that the proof leads to the signed root from.
    #[error("the entry does not stand at this place of the log")]
    Proof,
    /// The payload is not the one that the entry commits to.
    #[error("the content is not that of the entry")]
    Payload,
    /// A key is carried that signed nothing here.
    #[error("a key in the receipt signed nothing in it")]
    Key,
}

/// A part of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptPart {
    /// The first line.
    Header,
    /// The line `extra`.
    Extra,
    /// The line `index`.
    Index,
    /// The hashes of the proof.
    Proof,
    /// The empty line and what follows.
    Checkpoint,
    /// All of it: it says something, in another way than receipts are written.
    Whole,
}

/// Why a receipt proves nothing under the keys given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// A key was given, and nothing in the receipt is signed by it or by another key given for its node.
    #[error("the key {0} signed nothing in this receipt")]
    Silent(String),
    /// No key of the log's owner was given.
    #[error("no key of {}, the owner of the log, was given", .0.as_str())]
    NoOwner(NodeName),
    /// No key of a node that cosigned was given.
    #[error("no key of a node that acknowledged the log was given")]
    NoHolder,
}

/// A key that the one who checks has from a source of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    node: NodeName,
    /// The one log that it counts for; none for all logs of the node.
    origin: Option<Origin>,
    key: PublicKey,
}

impl TrustedKey {
    /// Reads a verifier key line (C2SP signed-note): `lv1/<node>+…` for all that a node signs, `lv1/<node>/<audience>+…` for one log. None when it is neither,
    /// or damaged.
    pub fn parse(vkey: &str) -> Option<TrustedKey> {
        let (name, key) = PublicKey::parse_vkey(vkey)?;
        if let Ok(origin) = Origin::parse(&name) {
            return Some(TrustedKey { node: origin.node(), origin: Some(origin), key });
        }
        let node = NodeName::parse(name.strip_prefix("lv1/")?).ok()?;
        Some(TrustedKey { node, origin: None, key })
    }

    /// The node whose key it is.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// The verifier key line.
    pub fn vkey(&self) -> String {
        match &self.origin {
            Some(origin) => self.key.vkey(origin.as_str()),
            None => self.key.vkey(&cosigner_name(&self.node)),
        }
    }

    fn counts_for(&self, origin: &Origin) -> bool {
        self.node == origin.node() && self.origin.as_ref().is_none_or(|own| own == origin)
    }
}

/// An acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who holds the log.
    pub node: NodeName,
    /// When it said so by its own clock, seconds since 1970; signed.
    pub at: u64,
    /// Under which of the keys given.
    pub key: TrustedKey,
}

/// What a receipt proves under the keys that were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The record and its version in this log; none for an entry that is about no record.
    pub record: Option<(RecordId, u64)>,
    /// When the entry was written by the owner's clock, seconds since 1970. Nobody else vouches for it: it was not later than the first acknowledgement.
    pub at: i64,
    /// The key of the log's owner.
    pub owner: TrustedKey,
    /// Who holds the log up to the checkpoint, in the order of the keys given; at least one.
    pub acknowledgements: Vec<Acknowledgement>,
}

impl Receipt {
    /// The receipt of entry `index` under the log's newest acknowledged checkpoint; none when the entry is not under one yet.
    ///
    /// # Errors
    /// `Damaged` when the entries held do not add up to what was acknowledged.
    pub fn make(shelf: &dyn ShelfRead, origin: &Origin, index: u64) -> Result<Option<Receipt>, LedgerError> {
        let Some(signed) = shelf.log(origin)?.and_then(|log| log.receipt) else { return Ok(None) };
        let size = signed.checkpoint.size;
        if index >= size {
            return Ok(None);
        }
        let row = shelf.entries(origin, index, 1, usize::MAX)?.pop().filter(|row| row.index == index);
        let damaged = || LedgerError::Damaged(format!("entry {index} of {origin} under its receipt"));
        let bytes = row.ok_or_else(damaged)?.bytes;
        let proof = inclusion_proof(shelf, origin, index, size)?;
        let receipt = Receipt { index, entry: Entry::from_bytes(&bytes)?, bytes, proof, signed, keys: Vec::new(), payload: None };
        if receipt.is_proven() { Ok(Some(receipt)) } else { Err(damaged()) }
    }

    /// Puts the payload into the receipt, or checks one that was kept beside it.
    ///
    /// # Errors
    /// [`ReceiptError::Payload`].
    pub fn with_payload(mut self, payload: Vec<u8>) -> Result<Receipt, ReceiptError> {
        if !is_payload_of(&self.entry, &payload) {
            return Err(ReceiptError::Payload);
        }
        self.payload = Some(payload);
        Ok(self)
    }

    /// Puts those of the keys into the receipt that signed it, for information.
    #[must_use]
    pub fn with_keys(mut self, keys: &[TrustedKey]) -> Receipt {
        for key in keys {
            if self.signer(&key.key).is_some() && !self.keys.contains(&key.key) {
                self.keys.push(key.key);
            }
        }
        self
    }

    /// Reads a receipt and checks that its parts fit together.
    ///
    /// # Errors
    /// Any [`ReceiptError`]. A change in what is signed may show only in [`Receipt::verify`].
    pub fn parse(text: &str) -> Result<Receipt, ReceiptError> {
        if text.len() > LONGEST {
            return Err(ReceiptError::TooLong);
        }
        let (head, note) = text.split_once("\n\n").ok_or(ReceiptError::Form(ReceiptPart::Checkpoint))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ReceiptError::Form(ReceiptPart::Header));
        }
        let extra = lines.next().and_then(|line| line.strip_prefix("extra ")).and_then(|text| STANDARD.decode(text).ok());
        let (bytes, keys, payload) = extra.as_deref().and_then(read_extra).ok_or(ReceiptError::Form(ReceiptPart::Extra))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(|text| text.parse().ok());
        let index = index.ok_or(ReceiptError::Form(ReceiptPart::Index))?;
        let mut proof = Vec::new();
        for line in lines {
            let hash = LeafHash::from_b64(line).filter(|_| proof.len() < MOST_HASHES);
            proof.push(hash.ok_or(ReceiptError::Form(ReceiptPart::Proof))?);
        }
        let signed = SignedCheckpoint::parse(note)?;
        let entry = Entry::from_bytes(&bytes).map_err(|_| ReceiptError::Form(ReceiptPart::Extra))?;
        let receipt = Receipt { index, entry, bytes, proof, signed, keys, payload };
        // One receipt has one text: what was written in another way was not written by us.
        if receipt.to_string() != text {
            return Err(ReceiptError::Form(ReceiptPart::Whole));
        }
        if !receipt.is_proven() {
            return Err(ReceiptError::Proof);
        }
        if receipt.payload.as_ref().is_some_and(|payload| !is_payload_of(&receipt.entry, payload)) {
            return Err(ReceiptError::Payload);
        }
        if receipt.keys.iter().all(|key| receipt.signer(key).is_some()) { Ok(receipt) } else { Err(ReceiptError::Key) }
    }

    /// What the receipt proves to somebody who trusts these keys to be those of the nodes they name, and no other keys.
    ///
    /// # Errors
    /// [`Doubt`]: a receipt stands only when the owner of the log and at least one node that holds it are among those whose key was given, and when every node
    /// whose key was given has signed.
    pub fn verify(&self, keys: &[TrustedKey]) -> Result<Verified, Doubt> {
        let origin = &self.signed.checkpoint.origin;
        let owner = keys.iter().find(|key| key.counts_for(origin) && self.signed.is_signed_by(&key.key));
        let mut acknowledgements: Vec<Acknowledgement> = Vec::new();
        // Nobody acknowledges to himself.
        for key in keys.iter().filter(|key| key.origin.is_none() && key.node != origin.node()) {
            if let Some(at) = self.signed.cosigned_at(&key.node, &key.key) {
                acknowledgements.push(Acknowledgement { node: key.node.clone(), at, key: key.clone() });
            }
        }
        let mut heard: BTreeSet<&NodeName> = acknowledgements.iter().map(|given| &given.node).collect();
        heard.extend(owner.map(|key| &key.node));
        if let Some(silent) = keys.iter().find(|key| !heard.contains(&key.node)) {
            return Err(Doubt::Silent(silent.vkey()));
        }
        let owner = owner.ok_or_else(|| Doubt::NoOwner(origin.node()))?.clone();
        if acknowledgements.is_empty() {
            return Err(Doubt::NoHolder);
        }
        Ok(Verified { record: self.record(), at: self.entry.at, owner, acknowledgements })
    }

    /// The keys that a directory names for the owner and for those who cosigned, as far as they count for this log at this size: what to [`verify`](Self::verify)
    /// with where a directory is held.
    pub fn keys_in(&self, directory: &Directory) -> Vec<TrustedKey> {
        let Checkpoint { origin, size, .. } = &self.signed.checkpoint;
        let mut keys = Vec::new();
        for node in std::iter::once(origin.node()).chain(self.holders()) {
            let named = directory.keys(&node, origin, *size);
            keys.extend(named.into_iter().map(|key| TrustedKey { node: node.clone(), origin: None, key }));
        }
        keys
    }

    /// The record that the entry is about and its version in this log.
    pub fn record(&self) -> Option<(RecordId, u64)> {
        match &self.entry.op {
            Op::Put { rec, ver, .. } | Op::Drop { rec, ver, .. } => Some((*rec, *ver)),
            Op::Erase { .. } | Op::Other(_) => None,
        }
    }

    /// The entry.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The leaf hash of the entry: what a foreign verifier looks for in the log.
    pub fn leaf(&self) -> LeafHash {
        leaf_hash(&self.bytes)
    }

    /// Its place in the log.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The log, its size and root when it was acknowledged.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.signed.checkpoint
    }

    /// The payload, when the receipt carries it.
    pub fn payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    /// The keys that the receipt carries, as verifier key lines of the nodes that it names. They prove nothing, see the [module](self).
    pub fn carried_keys(&self) -> Vec<String> {
        self.keys.iter().filter_map(|key| Some(key.vkey(&cosigner_name(&self.signer(key)?)))).collect()
    }

    /// The nodes that, as the receipt says, hold the log.
    pub fn holders(&self) -> BTreeSet<NodeName> {
        self.signed.signatures().iter().filter_map(cosigner).filter(|node| *node != self.signed.checkpoint.origin.node()).collect()
    }

    fn is_proven(&self) -> bool {
        let Checkpoint { size, root, .. } = &self.signed.checkpoint;
        verify_inclusion(self.leaf(), self.index, *size, &self.proof, root)
    }

    /// The node in whose name the key signed a line, as owner or as holder.
    fn signer(&self, key: &PublicKey) -> Option<NodeName> {
        let owner = self.signed.checkpoint.origin.node();
        if self.signed.is_signed_by(key) {
            return Some(owner);
        }
        self.signed.signatures().iter().filter_map(cosigner).find(|node| self.signed.cosigned_at(node, key).is_some())
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packed = packed::pack(&self.bytes);
        let mut extra = Vec::new();
        packed::push_number(&mut extra, packed.len() as u64);
        extra.extend(packed);
        packed::push_number(&mut extra, self.keys.len() as u64);
        extra.extend(self.keys.iter().flat_map(PublicKey::as_bytes));
        extra.extend(self.payload.iter().flatten());
        writeln!(f, "{HEADER}\nextra {}\nindex {}", STANDARD.encode(extra), self.index)?;
        for hash in &self.proof {
            writeln!(f, "{}", hash.to_b64())?;
        }
        write!(f, "\n{}", self.signed)
    }
}

/// The node whose name is that of a cosigner.
fn cosigner(line: &SignatureLine) -> Option<NodeName> {
    NodeName::parse(line.name.strip_prefix("lv1/")?).ok()
}

/// The entry's bytes, the keys and the payload.
type Extra = (Vec<u8>, Vec<PublicKey>, Option<Vec<u8>>);

fn read_extra(extra: &[u8]) -> Option<Extra> {
    let mut rest = extra;
    let length = usize::try_from(packed::take_number(&mut rest)?).ok()?;
    let (packed, mut rest) = rest.split_at_checked(length)?;
    let bytes = packed::unpack(packed)?;
    let mut keys = Vec::new();
    let count = usize::try_from(packed::take_number(&mut rest)?).ok().filter(|count| *count <= MOST_KEYS)?;
    for _ in 0..count {
        keys.push(PublicKey::from_bytes(&packed::take::<32>(&mut rest)?)?);
    }
    Some((bytes, keys, (!rest.is_empty()).then(|| rest.to_vec())))
}
