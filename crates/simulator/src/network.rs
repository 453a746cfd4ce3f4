//! What is on its way between nodes.

use exchange::protocol::Request;
use exchange::signature::SignatureFields;
use exchange::wire::{Wire, WireAnswer};
use ledger::NodeName;

use crate::node::LoopKey;

/// Which loop of which node asked, and with which of its requests; an answer to an older one is ignored, as a closed connection would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    pub node: NodeName,
    pub key: LoopKey,
    pub nonce: u64,
    pub request: Request,
}

/// A message.
#[derive(Debug, Clone)]
pub enum Packet {
    Call { to: NodeName, wire: Wire, fields: Option<SignatureFields>, sent: i64, reply_to: ReplyTo },
    Answer { answer: WireAnswer, reply_to: ReplyTo },
}

impl Packet {
    /// The nodes at its ends: from, to.
    pub fn ends(&self) -> (&NodeName, &NodeName) {
        match self {
            Packet::Call { to, reply_to, .. } => (&reply_to.node, to),
            Packet::Answer { reply_to, .. } => (&reply_to.key.peer, &reply_to.node),
        }
    }
}
