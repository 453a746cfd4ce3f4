//! Names and identifiers: records, nodes, logs, leaves.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::LedgerError;

/// A record's identifier: UUIDv7 (RFC 9562). It says nothing about owner, place or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(Uuid);

impl RecordId {
    /// A fresh identifier.
    pub fn new() -> RecordId {
        RecordId(Uuid::now_v7())
    }

    /// The identifier of nothing, all zeros.
    pub fn nil() -> RecordId {
        RecordId(Uuid::nil())
    }

    /// Reads the usual text form in lower case with hyphens.
    pub fn parse(text: &str) -> Result<RecordId, LedgerError> {
        let id = Uuid::try_parse(text).map_err(|_| LedgerError::Name(format!("record id {}", shortened(text))))?;
        let id = RecordId(id);
        if id.to_string() == text { Ok(id) } else { Err(LedgerError::Name(format!("record id {}", shortened(text)))) }
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The identifier with these 16 bytes, where the caller has its own source of time and chance.
    pub fn from_bytes(bytes: [u8; 16]) -> RecordId {
        RecordId(Uuid::from_bytes(bytes))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Result<RecordId, LedgerError> {
        Uuid::from_slice(bytes).map(RecordId).map_err(|_| LedgerError::Damaged("record id".to_owned()))
    }
}

impl Default for RecordId {
    fn default() -> RecordId {
        RecordId::new()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A node's name: `[a-z0-9.-]{3,64}`, given once and never reused. Not a DNS name on purpose: a body may move host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

impl NodeName {
    /// Checks the form.
    pub fn parse(text: &str) -> Result<NodeName, LedgerError> {
        let fits = (3..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-');
        if fits { Ok(NodeName(text.to_owned())) } else { Err(LedgerError::Name(format!("node {}", shortened(text)))) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The origin of a log: `lv1/<node>/<audience>[/e<k>]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// The origin of a node's log for one audience (`[a-z]{2,16}`), in its first epoch.
    pub fn of(node: &NodeName, audience: &str) -> Result<Origin, LedgerError> {
        let fits = (2..=16).contains(&audience.len()) && audience.bytes().all(|byte| byte.is_ascii_lowercase());
        if fits {
            Ok(Origin(format!("lv1/{}/{audience}", node.0)))
        } else {
            Err(LedgerError::Name(format!("audience {}", shortened(audience))))
        }
    }

    /// Reads an origin as it came: `lv1/<node>/<audience>` and, after a disaster, `/e<k>` with k from 1.
    pub fn parse(text: &str) -> Result<Origin, LedgerError> {
        let bad = || LedgerError::Name(format!("origin {}", shortened(text)));
        let mut parts = text.split('/');
        let (Some("lv1"), Some(node), Some(audience)) = (parts.next(), parts.next(), parts.next()) else { return Err(bad()) };
        let first = Origin::of(&NodeName::parse(node)?, audience)?;
        let epoch = match (parts.next(), parts.next()) {
            (None, _) => return Ok(first),
            (Some(epoch), None) => epoch.strip_prefix('e').and_then(|number| number.parse::<u32>().ok()).filter(|number| *number > 0),
            _ => None,
        };
        let origin = Origin(format!("{first}/e{}", epoch.ok_or_else(bad)?));
        if origin.0 == text { Ok(origin) } else { Err(bad()) }
    }

    /// The node that owns the log.
    pub fn node(&self) -> NodeName {
        NodeName(self.0.split('/').nth(1).unwrap_or_default().to_owned())
    }

    /// The audience of the log.
    pub fn audience(&self) -> &str {
        self.0.split('/').nth(2).unwrap_or_default()
    }

    /// The epoch of the log: 0 for the first, k for `/e<k>`.
    pub fn epoch(&self) -> u32 {
        self.0.split('/').nth(3).and_then(|epoch| epoch.strip_prefix('e')).and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn stored(text: String) -> Origin {
        Origin(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A leaf or node hash of an RFC 6962 tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafHash(pub [u8; 32]);

impl LeafHash {
    /// Lower-case hexadecimal.
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<LeafHash> {
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(LeafHash(bytes))
    }

    /// Base64 with padding (RFC 4648 §4), as entries write it.
    pub fn to_b64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads [`LeafHash::to_b64`].
    pub fn from_b64(text: &str) -> Option<LeafHash> {
        STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).map(LeafHash)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Result<LeafHash, LedgerError> {
        bytes.try_into().map(LeafHash).map_err(|_| LedgerError::Damaged("hash".to_owned()))
    }
}

impl fmt::Debug for LeafHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// Lower-case hexadecimal of any bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS.get(usize::from(half)).copied().unwrap_or(b'0')));
        }
    }
    text
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_wrong_form_are_refused() {
        assert!(NodeName::parse("sokhcn.daklak").is_ok());
        for bad in ["ab", "Sokhcn", "số", &"a".repeat(65), "a_b", ""] {
            assert!(NodeName::parse(bad).is_err(), "{bad}");
        }
        let node = NodeName::parse("bo.khcn").unwrap();
        assert_eq!(Origin::of(&node, "public").unwrap().as_str(), "lv1/bo.khcn/public");
        assert!(Origin::of(&node, "Public/..").is_err());
        for (good, epoch) in [("lv1/bo.khcn/public", 0), ("lv1/bo.khcn/region/e12", 12)] {
            let origin = Origin::parse(good).unwrap();
            assert_eq!((origin.as_str(), origin.node(), origin.epoch()), (good, node.clone(), epoch));
        }
        for bad in [
            "",
            "lv1/bo.khcn",
            "lv2/bo.khcn/public",
            "lv1/bo.khcn/public/",
            "lv1/bo.khcn/public/e0",
            "lv1/bo.khcn/public/e01",
            "lv1/bo.khcn/public/e1/x",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
        assert!(RecordId::parse("0193A100-0000-7000-8000-000000000001").is_err());
    }
}
