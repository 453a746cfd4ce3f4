//! Signed calls: the profile of RFC 9421 (HTTP Message Signatures) and RFC 9530 (Content-Digest) that nodes use between them.
//!
//! Label `lv`, components `"@method" "@path" "@query" "content-digest"`, parameters `created`, `keyid` (the node's name), `alg="ed25519"`, in this order.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::NodeName;
use sha2::{Digest, Sha256};

use crate::directory::Directory;
use crate::key::{NodeKey, PublicKey};
use crate::protocol::Refusal;

/// Seconds that the caller's clock may be off.
pub const TOLERANCE: u64 = 3600;
const COMPONENTS: &str = r#"("@method" "@path" "@query" "content-digest")"#;

/// What of a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// `GET`, `POST` or `PUT`.
    pub method: &'a str,
    /// The path as sent.
    pub path: &'a str,
    /// The query without its question mark; empty when there is none.
    pub query: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
}

/// The three header fields of a signed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFields {
    /// `Content-Digest`.
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

/// Signs a call of `node` made at `now` (seconds since 1970).
pub fn sign(target: Target<'_>, node: &NodeName, key: &NodeKey, now: u64) -> SignatureFields {
    let content_digest = content_digest(target.body);
    let parameters = format!(r#"{COMPONENTS};created={now};keyid="{}";alg="ed25519""#, node.as_str());
    let signature = key.sign(base_of(target, &content_digest, &parameters).as_bytes());
    SignatureFields {
        content_digest,
        signature_input: format!("lv={parameters}"),
        signature: format!("lv=:{}:", STANDARD.encode(signature)),
    }
}

/// Who made the call.
///
/// # Errors
/// [`Refusal::Unsigned`] for whatever is wrong: form, digest, time, key or signature. The receiver answers with its own `Date`.
pub fn caller(target: Target<'_>, fields: &SignatureFields, directory: &Directory, now: u64) -> Result<NodeName, Refusal> {
    read(target, fields, now)
        .filter(|(node, base, signature)| directory.present_keys(node).iter().any(|key| key.verify(base.as_bytes(), signature)))
        .map(|(node, _, _)| node)
        .ok_or(Refusal::Unsigned)
}

/// Who claims to have made a call that this key has signed: a node that is about to join, whose key is in no directory yet.
pub fn claimed_caller(target: Target<'_>, fields: &SignatureFields, key: &PublicKey, now: u64) -> Option<NodeName> {
    read(target, fields, now).filter(|(_, base, signature)| key.verify(base.as_bytes(), signature)).map(|(node, _, _)| node)
}

fn read(target: Target<'_>, fields: &SignatureFields, now: u64) -> Option<(NodeName, String, Vec<u8>)> {
    let parameters = fields.signature_input.strip_prefix("lv=")?;
    let rest = parameters.strip_prefix(COMPONENTS)?.strip_prefix(";created=")?;
    let (created, rest) = rest.split_once(r#";keyid=""#)?;
    let node = NodeName::parse(rest.strip_suffix(r#"";alg="ed25519""#)?).ok()?;
    let created: u64 = created.parse().ok()?;
    if created.abs_diff(now) > TOLERANCE || content_digest(target.body) != fields.content_digest {
        return None;
    }
    let signature = fields.signature.strip_prefix("lv=:")?.strip_suffix(':')?;
    let base = base_of(target, &fields.content_digest, parameters);
    Some((node, base, STANDARD.decode(signature).ok()?))
}

fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

fn base_of(target: Target<'_>, content_digest: &str, parameters: &str) -> String {
    let query = format!("?{}", target.query);
    base(&[("@method", target.method), ("@path", target.path), ("@query", &query), ("content-digest", content_digest)], parameters)
}

/// The signature base (RFC 9421 §2.5).
fn base(components: &[(&str, &str)], parameters: &str) -> String {
    let mut text = String::new();
    for (name, value) in components {
        text.push_str(&format!("\"{name}\": {value}\n"));
    }
    text + &format!("\"@signature-params\": {parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_signature_equals_the_ed25519_example_of_rfc_9421() {
        let seed = STANDARD.decode("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=").unwrap();
        let key = NodeKey::from_seed(&seed.try_into().unwrap());
        let parameters =
            r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        let components = [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ];
        let signature = STANDARD.encode(key.sign(base(&components, parameters).as_bytes()));
        assert_eq!(signature, "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
    }

    #[test]
    fn a_call_changed_in_any_part_or_out_of_its_hour_is_nobodys() {
        let (node, key) = (NodeName::parse("bo.khcn").unwrap(), NodeKey::from_seed(&[4; 32]));
        let directory = Directory::of(&node, key.public(), &BTreeMap::new());
        let target = Target { method: "POST", path: "/o/aa/append", query: "from=7", body: b"body" };
        let fields = sign(target, &node, &key, 1_000_000);
        assert_eq!(caller(target, &fields, &directory, 1_000_000 + TOLERANCE), Ok(node.clone()));
        assert_eq!(caller(target, &fields, &directory, 1_000_001 + TOLERANCE), Err(Refusal::Unsigned));
        assert_eq!(caller(target, &fields, &directory, 1_000_000 - TOLERANCE - 1), Err(Refusal::Unsigned));
        for other in [
            Target { method: "PUT", ..target },
            Target { path: "/o/ab/append", ..target },
            Target { query: "from=8", ..target },
            Target { body: b"bodY", ..target },
        ] {
            assert_eq!(caller(other, &fields, &directory, 1_000_000), Err(Refusal::Unsigned));
        }
        for (at, to) in [("bo.khcn", "bo.khcm"), ("1000000", "1000001"), ("ed25519", "hmac"), ("lv=", "sig=")] {
            let other = SignatureFields { signature_input: fields.signature_input.replace(at, to), ..fields.clone() };
            assert_eq!(caller(target, &other, &directory, 1_000_000), Err(Refusal::Unsigned), "{to}");
        }
        let stranger = sign(target, &node, &NodeKey::from_seed(&[5; 32]), 1_000_000);
        assert_eq!(caller(target, &stranger, &directory, 1_000_000), Err(Refusal::Unsigned));
    }
}
