//! A node's key: one Ed25519 key (RFC 8032) for everything the node signs.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand::Rng;
use sha2::{Digest, Sha256};

/// Kind of a plain Ed25519 signature on a note (C2SP signed-note).
pub(crate) const PLAIN: u8 = 0x01;
/// Kind of a cosignature with a time (C2SP tlog-cosignature v1).
pub(crate) const COSIGNATURE: u8 = 0x04;

/// The secret half. It has no text form: keep [`NodeKey::seed`] in a file that only the operator reads.
#[derive(Clone)]
pub struct NodeKey(SigningKey);

impl NodeKey {
    /// A fresh key from the system's random numbers.
    pub fn generate() -> NodeKey {
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        NodeKey::from_seed(&seed)
    }

    /// The key of a seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> NodeKey {
        NodeKey(SigningKey::from_bytes(seed))
    }

    /// The seed.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({:?})", self.public())
    }
}

/// The public half: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes the 32 bytes; none when they are no point of the curve.
    pub fn from_bytes(bytes: &[u8]) -> Option<PublicKey> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok().map(|_| PublicKey(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the signature is this key's on the message; strict, so that all nodes decide alike (RFC 8032 §5.1.7, small-order points refused).
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&self.0), Signature::from_slice(signature)) else { return false };
        key.verify_strict(message, &signature).is_ok()
    }

    /// The verifier key line `<name>+<key id>+<base64>` of C2SP signed-note.
    pub fn vkey(&self, name: &str) -> String {
        let id = u32::from_be_bytes(self.id(name, PLAIN));
        let mut bytes = vec![PLAIN];
        bytes.extend(self.0);
        format!("{name}+{id:08x}+{}", STANDARD.encode(bytes))
    }

    /// Reads [`PublicKey::vkey`]: the name and the key; none when the form, the kind or the key id is wrong.
    pub fn parse_vkey(text: &str) -> Option<(String, PublicKey)> {
        let (name, rest) = text.split_once('+')?;
        let (_, key) = rest.split_once('+')?;
        let bytes = STANDARD.decode(key).ok()?;
        let (kind, bytes) = bytes.split_first()?;
        let key = PublicKey::from_bytes(bytes)?;
        (*kind == PLAIN && !name.is_empty() && key.vkey(name) == text).then(|| (name.to_owned(), key))
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ kind ‖ key) (C2SP signed-note).
    pub(crate) fn id(&self, name: &str, kind: u8) -> [u8; 4] {
        let hash = Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(self.0).finalize();
        let mut id = [0; 4];
        for (to, from) in id.iter_mut().zip(hash) {
            *to = from;
        }
        id
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_equal_the_vector_of_rfc_8032() {
        let seed: Vec<u8> = (0..32)
            .map(|at| {
                u8::from_str_radix(&"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"[2 * at..2 * at + 2], 16).unwrap()
            })
            .collect();
        let key = NodeKey::from_seed(&seed.try_into().unwrap());
        let signature = key.sign(&[0x72]);
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(hex.starts_with("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"), "{hex}");
        assert!(key.public().verify(&[0x72], &signature));
        assert!(!key.public().verify(&[0x73], &signature));
    }

    #[test]
    fn every_verifier_key_is_read_back_also_one_with_a_plus_in_its_text() {
        for number in 0..64 {
            let key = NodeKey::from_seed(&[number; 32]).public();
            assert_eq!(PublicKey::parse_vkey(&key.vkey("lv1/bo.khcn")), Some(("lv1/bo.khcn".to_owned(), key)));
        }
    }

    #[test]
    fn a_verifier_key_with_a_wrong_id_is_refused() {
        let key = NodeKey::from_seed(&[7; 32]).public();
        let line = key.vkey("lv1/sokhcn.daklak");
        assert_eq!(PublicKey::parse_vkey(&line), Some(("lv1/sokhcn.daklak".to_owned(), key)));
        let other = key.vkey("lv1/sokhcn.kontum").replace("kontum", "daklak");
        for bad in [other.as_str(), "", "a+b", "a+00000000+AAAA", "+00000000+AQ=="] {
            assert_eq!(PublicKey::parse_vkey(bad), None, "{bad}");
        }
    }
}
