//! Checkpoints (C2SP tlog-checkpoint): size and root of a log at a moment, signed by its owner and cosigned by those who hold it.

use std::fmt;

use ledger::{LeafHash, NodeName, Origin};

use crate::key::{NodeKey, PublicKey};
use crate::note::{Note, NoteError, SignatureLine};

/// Size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// Number of entries.
    pub size: u64,
    /// Root over them.
    pub root: LeafHash,
}

impl Checkpoint {
    /// The three lines that are signed; we write no extension lines.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_b64())
    }

    fn parse(text: &str) -> Result<Checkpoint, NoteError> {
        let form = NoteError::Form("a checkpoint has three lines: origin, size, root");
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) = (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(form);
        };
        let parsed: u64 = size.parse().map_err(|_| form.clone())?;
        let root = LeafHash::from_b64(root).ok_or(form.clone())?;
        let origin = Origin::parse(origin).map_err(|_| form.clone())?;
        if parsed.to_string() == size { Ok(Checkpoint { origin, size: parsed, root }) } else { Err(form) }
    }
}

/// A checkpoint with the signatures it carries; with the parent's cosignature it is a **receipt**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signed by the owner; the key's name is the origin.
    pub fn sign(checkpoint: Checkpoint, key: &NodeKey) -> SignedCheckpoint {
        let mut note = Note::unsigned(checkpoint.text());
        note.sign(checkpoint.origin.as_str(), key);
        SignedCheckpoint { checkpoint, note }
    }

    /// Reads the note.
    pub fn parse(text: &str) -> Result<SignedCheckpoint, NoteError> {
        let note = Note::parse(text)?;
        Ok(SignedCheckpoint { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// Whether the owner's key signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.note.is_signed_by(self.checkpoint.origin.as_str(), key)
    }

    /// A cosignature of `node` at `time`, in seconds since 1970.
    pub fn cosignature(&self, node: &NodeName, key: &NodeKey, time: u64) -> SignatureLine {
        self.note.cosignature(&cosigner_name(node), key, time)
    }

    /// When `node` cosigned, in seconds since 1970.
    pub fn cosigned_at(&self, node: &NodeName, key: &PublicKey) -> Option<u64> {
        self.note.cosigned_at(&cosigner_name(node), key)
    }

    /// Adds signature lines that are not there yet.
    pub fn add(&mut self, lines: &[SignatureLine]) {
        for line in lines {
            if !self.note.signatures.contains(line) {
                self.note.signatures.push(line.clone());
            }
        }
    }

    /// All signature lines.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.note.signatures
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// Name under which a node cosigns: `lv1/<node>`, one for all logs.
pub fn cosigner_name(node: &NodeName) -> String {
    format!("lv1/{}", node.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_that_of_a_checkpoint_and_rubbish_is_refused() {
        let origin = Origin::parse("lv1/sokhcn.daklak/public").unwrap();
        let checkpoint = Checkpoint { origin, size: 1204, root: LeafHash([9; 32]) };
        assert_eq!(checkpoint.text(), "lv1/sokhcn.daklak/public\n1204\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n");
        let key = NodeKey::from_seed(&[1; 32]);
        let signed = SignedCheckpoint::sign(checkpoint, &key);
        assert_eq!(SignedCheckpoint::parse(&signed.to_string()), Ok(signed.clone()));
        assert!(signed.is_signed_by(&key.public()));
        for (from, to) in [("1204", "01204"), ("1204", "-1"), ("CQkJ", "C"), ("lv1/", "lv2/"), ("\n1204", "\n1204\n5")] {
            assert!(SignedCheckpoint::parse(&signed.to_string().replace(from, to)).is_err(), "{to}");
        }
    }
}
