//! What a holder says about an entry of another node's log: that it has it, agrees with it, or returns it (LV-Log/1 §3 `cite`, §7).

use ledger::{LeafHash, Op, Origin, RecordId};
use serde_json::{Map, Value, json};

/// Audience of the log in which a node cites the logs of others. The nodes above it read it, as every log of its, and those under it, whom it concerns.
pub const CITE: &str = "cite";
/// Most reason codes in one citation, and their longest length: an entry has 4,096 bytes.
pub const MOST_CODES: usize = 16;
/// See [`MOST_CODES`].
pub const LONGEST_CODE: usize = 100;

/// A record returned to its owner, as the `cite` entry says it. An entry must not hold free text about persons: the reasons are codes.
///
/// ```
/// use exchange::cite::Returned;
/// use ledger::{LeafHash, Origin, RecordId};
///
/// let returned = Returned {
///     origin: Origin::parse("lv1/sokhcn.daklak/public").unwrap(),
///     size: 12,
///     root: LeafHash([1; 32]),
///     rec: RecordId::new(),
///     leaf: LeafHash([2; 32]),
///     codes: vec!["duplicate".to_owned()],
/// };
/// assert_eq!(Returned::from_op(&returned.to_op()), Some(returned));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The log of the entry meant.
    pub origin: Origin,
    /// Size of that log as the holder has it signed.
    pub size: u64,
    /// Its root.
    pub root: LeafHash,
    /// The record.
    pub rec: RecordId,
    /// Leaf hash of the version meant; a later version is not returned.
    pub leaf: LeafHash,
    /// Why: at most [`MOST_CODES`] codes of at most [`LONGEST_CODE`] letters of ASCII.
    pub codes: Vec<String>,
}

impl Returned {
    /// The operation that stands in the entry.
    pub fn to_op(&self) -> Op {
        let value = json!({
            "op": "cite", "say": "returned", "org": self.origin.as_str(), "size": self.size, "root": self.root.to_b64(), "rec": self.rec,
            "leaf": self.leaf.to_b64(), "note": self.codes,
        });
        match value {
            Value::Object(members) => Op::Other(members),
            _ => Op::Other(Map::new()),
        }
    }

    /// Reads an operation; none when it returns nothing, or not in this form.
    pub fn from_op(op: &Op) -> Option<Returned> {
        let Op::Other(members) = op else { return None };
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if (text("op"), text("say")) != (Some("cite"), Some("returned")) {
            return None;
        }
        let codes: Vec<String> = serde_json::from_value(members.get("note")?.clone()).ok()?;
        if codes.len() > MOST_CODES || !codes.iter().all(|code| is_code(code)) {
            return None;
        }
        let leaf = |name: &str| text(name).and_then(LeafHash::from_b64);
        Some(Returned {
            origin: Origin::parse(text("org")?).ok()?,
            size: members.get("size")?.as_u64()?,
            root: leaf("root")?,
            rec: RecordId::parse(text("rec")?).ok()?,
            leaf: leaf("leaf")?,
            codes,
        })
    }
}

/// Whether this may stand as a reason: small letters, digits and `_ - . :`, so that nobody's name fits in by chance.
pub fn is_code(code: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.:".contains(&byte);
    (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(fits)
}
