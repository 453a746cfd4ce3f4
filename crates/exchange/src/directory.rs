//! The directory: who is a node, under whom, with which keys; who reads an audience; and to whom records went when bodies merged, split or moved
//! (LV-Log/1 §6). A pure function of the directory logs held.

mod ruling;

use std::collections::{BTreeMap, BTreeSet};

use ledger::{NodeName, Op, Origin, RecordId};
use serde_json::{Map, Value, json};

use crate::checkpoint::SignedCheckpoint;
use crate::cite::CITE;
use crate::key::PublicKey;

/// Audience of a directory log.
pub const DIRECTORY: &str = "directory";
/// Audience of a catalogue log.
pub const CATALOGUE: &str = "catalogue";
/// Audience that everybody reads.
pub const PUBLIC: &str = "public";
/// Audience that never leaves its node.
pub const PRIVATE: &str = "private";
/// Whether a log of this audience holds records. The others hold what nodes say about themselves, their kinds and the logs of others.
pub fn holds_records(audience: &str) -> bool {
    !matches!(audience, DIRECTORY | CATALOGUE | CITE)
}

/// Longest chain of successions and moves that is followed.
const LONGEST_CHAIN: usize = 64;

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// Counts from the sizes named (0 where none is named).
    Add,
    /// Signs nothing above the sizes named; what it signed stays good.
    Retire,
    /// Lost or stolen: nothing above the sizes named counts, nothing at all in logs that are not named.
    Revoke,
}

/// Sizes of logs.
pub type Sizes = BTreeMap<Origin, u64>;

/// One entry of a directory log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A node joins under the writer.
    Node {
        /// Its name.
        name: NodeName,
        /// Its first key.
        key: PublicKey,
        /// Name of the body; no person's.
        title: String,
    },
    /// A key comes or goes.
    Key {
        /// Whose.
        node: NodeName,
        /// Which.
        key: PublicKey,
        /// What becomes of it.
        change: KeyChange,
        /// From (up to) which sizes.
        from: Sizes,
    },
    /// Who reads an audience of the writer and those under it.
    Audience {
        /// Its name.
        name: String,
        /// The nodes.
        readers: Vec<NodeName>,
    },
    /// Records, or all records of a node when none are named (a merger), go to another node.
    Transfer {
        /// The records; none for all that the node owns.
        recs: Option<BTreeSet<RecordId>>,
        /// Who loses them.
        of: NodeName,
        /// Who gains them.
        by: NodeName,
        /// Sizes of the loser's logs: later entries do not count. Of the logs of nodes under a merged one: what its heir has to take over first.
        cut: Sizes,
        /// Sizes of the gainer's logs: earlier entries do not count.
        start: Sizes,
        /// Number of the document that is the ground.
        basis: String,
    },
}

impl Statement {
    /// The operation that stands in the entry.
    pub fn to_op(&self) -> Op {
        let value = match self {
            Statement::Node { name, key, title } => {
                json!({"op": "node", "name": name.as_str(), "vkey": key.vkey(&format!("lv1/{}", name.as_str())), "title": title})
            }
            Statement::Key { node, key, change, from } => json!({
                "op": "key",
                "node": node.as_str(),
                "vkey": key.vkey(&format!("lv1/{}", node.as_str())),
                "state": match change { KeyChange::Add => "add", KeyChange::Retire => "retire", KeyChange::Revoke => "revoke" },
                "from": print_sizes(from),
            }),
            Statement::Audience { name, readers } => {
                json!({"op": "aud", "name": name, "readers": readers.iter().map(NodeName::as_str).collect::<Vec<_>>()})
            }
            Statement::Transfer { recs: Some(recs), of, by, cut, start, basis } => json!({
                "op": "move", "recs": recs, "of": of.as_str(), "to": by.as_str(),
                "cut": print_sizes(cut), "start": print_sizes(start), "basis": basis,
            }),
            Statement::Transfer { recs: None, of, by, cut, start, basis } => json!({
                "op": "succ", "of": of.as_str(), "by": by.as_str(),
                "cut": print_sizes(cut), "start": print_sizes(start), "basis": basis,
            }),
        };
        match value {
            Value::Object(members) => Op::Other(members),
            _ => Op::Other(Map::new()),
        }
    }

    /// Reads an operation; none when it is no statement, or one that this program does not know.
    pub fn from_op(op: &Op) -> Option<Statement> {
        let Op::Other(members) = op else { return None };
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let node = |name: &str| text(name).and_then(|text| NodeName::parse(text).ok());
        let key = || text("vkey").and_then(PublicKey::parse_vkey).map(|(_, key)| key);
        let sizes = |name: &str| members.get(name).and_then(read_sizes);
        match text("op")? {
            "node" => Some(Statement::Node { name: node("name")?, key: key()?, title: text("title")?.to_owned() }),
            "key" => {
                let change = match text("state")? {
                    "add" => KeyChange::Add,
                    "retire" => KeyChange::Retire,
                    "revoke" => KeyChange::Revoke,
                    _ => return None,
                };
                Some(Statement::Key { node: node("node")?, key: key()?, change, from: sizes("from")? })
            }
            "aud" => {
                let mut readers = Vec::new();
                for reader in members.get("readers")?.as_array()? {
                    readers.push(NodeName::parse(reader.as_str()?).ok()?);
                }
                Some(Statement::Audience { name: text("name")?.to_owned(), readers })
            }
            "move" => {
                let mut recs = BTreeSet::new();
                for rec in members.get("recs")?.as_array()? {
                    recs.insert(RecordId::parse(rec.as_str()?).ok()?);
                }
                let (of, by, cut, start) = (node("of")?, node("to")?, sizes("cut")?, sizes("start")?);
                Some(Statement::Transfer { recs: Some(recs), of, by, cut, start, basis: text("basis")?.to_owned() })
            }
            "succ" => {
                let (of, by, cut, start) = (node("of")?, node("by")?, sizes("cut")?, sizes("start")?);
                Some(Statement::Transfer { recs: None, of, by, cut, start, basis: text("basis")?.to_owned() })
            }
            _ => None,
        }
    }
}

/// A node as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The node above; none for the Centre.
    pub parent: Option<NodeName>,
    /// Name of the body.
    pub title: String,
    keys: Vec<MemberKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct MemberKey {
    key: PublicKey,
    from: Sizes,
    /// Last sizes that count; for a log that is not named, `else_until`.
    until: Option<Sizes>,
    else_until: u64,
}

impl MemberKey {
    fn counts(&self, origin: &Origin, size: u64) -> bool {
        let from = self.from.get(origin).copied().unwrap_or(0);
        let until = match &self.until {
            None => u64::MAX,
            Some(sizes) => sizes.get(origin).copied().unwrap_or(self.else_until),
        };
        (from..=until).contains(&size)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Transfer {
    recs: Option<BTreeSet<RecordId>>,
    by: NodeName,
    cut: Sizes,
    start: Sizes,
    /// Who wrote it, and as which statement.
    order: (NodeName, usize),
}

/// A stretch of a record's history that belongs to one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// The owner.
    pub node: NodeName,
    start: Sizes,
    cut: Option<Sizes>,
}

impl Tenure {
    /// Whether the entry at `index` of the log lies in this stretch.
    pub fn covers(&self, origin: &Origin, index: u64) -> bool {
        let start = self.start.get(origin).copied().unwrap_or(0);
        let cut = self.cut.as_ref().and_then(|cut| cut.get(origin)).copied().unwrap_or(u64::MAX);
        origin.node() == self.node && (start..cut).contains(&index)
    }
}

/// What the directory logs held say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    centre: NodeName,
    nodes: BTreeMap<NodeName, Member>,
    audiences: BTreeMap<String, BTreeSet<NodeName>>,
    transfers: BTreeMap<NodeName, Vec<Transfer>>,
}

impl Directory {
    /// Reads the statements of every directory log held, given by writer in log order, from the Centre downwards; the Centre is trusted under `key`.
    ///
    /// Writers are read from above to below, and among those of one parent a merged node before its heir, so that the outcome depends on nothing but the
    /// statements. A statement about a node that is not under its writer has no effect.
    pub fn of(centre: &NodeName, key: PublicKey, statements: &BTreeMap<NodeName, Vec<Statement>>) -> Directory {
        let anchor = MemberKey { key, from: Sizes::new(), until: None, else_until: u64::MAX };
        let member = Member { parent: None, title: String::new(), keys: vec![anchor] };
        let mut directory = Directory {
            nodes: BTreeMap::from([(centre.clone(), member)]),
            centre: centre.clone(),
            audiences: BTreeMap::new(),
            transfers: BTreeMap::new(),
        };
        let mut done = BTreeSet::new();
        let mut level = vec![centre.clone()];
        while !level.is_empty() {
            for writer in &level {
                for (order, statement) in statements.get(writer).into_iter().flatten().enumerate() {
                    directory.apply(writer, order, statement);
                }
                done.insert(writer.clone());
            }
            let below = directory
                .nodes
                .iter()
                .filter(|(name, member)| !done.contains(*name) && member.parent.as_ref().is_some_and(|parent| done.contains(parent)));
            level = below.map(|(name, _)| name.clone()).collect();
            let ranks = directory.ranks();
            level.sort_by_key(|name| ranks.get(name).copied().unwrap_or(0));
        }
        directory
    }

    /// Length of the longest chain of mergers that ends in each heir.
    fn ranks(&self) -> BTreeMap<NodeName, usize> {
        let mut ranks: BTreeMap<NodeName, usize> = BTreeMap::new();
        for node in self.transfers.keys() {
            let mut now = node.clone();
            for rank in 1..LONGEST_CHAIN {
                let Some(transfer) = self.merger_of(&now) else { break };
                now = transfer.by.clone();
                let known = ranks.entry(now.clone()).or_default();
                *known = rank.max(*known);
            }
        }
        ranks
    }

    fn merger_of(&self, node: &NodeName) -> Option<&Transfer> {
        self.transfers.get(node)?.iter().find(|transfer| transfer.recs.is_none())
    }

    fn apply(&mut self, writer: &NodeName, order: usize, statement: &Statement) {
        match statement {
            Statement::Node { name, key, title } => {
                let may = *name != self.centre
                    && self.nodes.get(name).is_none_or(|known| known.parent.as_ref().is_some_and(|parent| self.speaks_for(writer, parent)));
                if may {
                    let first = MemberKey { key: *key, from: Sizes::new(), until: None, else_until: u64::MAX };
                    let member =
                        self.nodes.entry(name.clone()).or_insert_with(|| Member { parent: None, title: String::new(), keys: vec![first] });
                    member.parent = Some(writer.clone());
                    member.title.clone_from(title);
                }
            }
            Statement::Key { node, key, change, from } => {
                if self.is_about_own(writer, node)
                    && let Some(member) = self.nodes.get_mut(node)
                {
                    member.change_key(key, *change, from);
                }
            }
            Statement::Audience { name, readers } => {
                if *writer == self.centre {
                    self.audiences.insert(name.clone(), readers.iter().cloned().collect());
                }
            }
            Statement::Transfer { recs, of, by, cut, start, .. } => {
                if self.is_about_own(writer, of) && of != by && self.successor(by) != *of {
                    self.transfers.entry(of.clone()).or_default().push(Transfer {
                        recs: recs.clone(),
                        by: by.clone(),
                        cut: cut.clone(),
                        start: start.clone(),
                        order: (writer.clone(), order),
                    });
                }
            }
        }
    }

    /// The Centre.
    pub fn centre(&self) -> &NodeName {
        &self.centre
    }

    /// A node.
    pub fn member(&self, node: &NodeName) -> Option<&Member> {
        self.nodes.get(node)
    }

    /// All nodes in the order of their names.
    pub fn members(&self) -> impl Iterator<Item = (&NodeName, &Member)> {
        self.nodes.iter()
    }

    /// The node above, after mergers: a unit of a province that was merged belongs to the successor.
    pub fn parent_of(&self, node: &NodeName) -> Option<NodeName> {
        let parent = self.nodes.get(node)?.parent.as_ref()?;
        Some(self.successor(parent))
    }

    /// The node that a merged node lives on in; itself when it was not merged.
    pub fn successor(&self, node: &NodeName) -> NodeName {
        let mut now = node.clone();
        for _ in 0..LONGEST_CHAIN {
            match self.merger_of(&now) {
                Some(transfer) => now = transfer.by.clone(),
                None => break,
            }
        }
        now
    }

    /// Whether `node` is `above` or somewhere under it.
    pub fn is_under(&self, node: &NodeName, above: &NodeName) -> bool {
        let mut now = Some(node.clone());
        for _ in 0..LONGEST_CHAIN {
            match now {
                Some(found) if found == *above => return true,
                Some(found) => now = self.parent_of(&found),
                None => return false,
            }
        }
        false
    }

    /// The keys of a node that count for a log at a size.
    pub fn keys(&self, node: &NodeName, origin: &Origin, size: u64) -> Vec<PublicKey> {
        let Some(member) = self.nodes.get(node) else { return Vec::new() };
        member.keys.iter().filter(|key| key.counts(origin, size)).map(|key| key.key).collect()
    }

    /// The keys of a node that count today: for signing calls, and for cosigning.
    pub fn present_keys(&self, node: &NodeName) -> Vec<PublicKey> {
        let Some(member) = self.nodes.get(node) else { return Vec::new() };
        member.keys.iter().filter(|key| key.until.is_none()).map(|key| key.key).collect()
    }

    /// Whether the owner of the log signed the checkpoint with a key that counts at this size.
    pub fn is_signed_by_owner(&self, signed: &SignedCheckpoint) -> bool {
        let checkpoint = &signed.checkpoint;
        let keys = self.keys(&checkpoint.origin.node(), &checkpoint.origin, checkpoint.size);
        keys.iter().any(|key| signed.is_signed_by(key))
    }

    /// Whether `node` cosigned, with any key that it ever had: a receipt outlives the key.
    pub fn is_cosigned_by(&self, signed: &SignedCheckpoint, node: &NodeName) -> bool {
        let Some(member) = self.nodes.get(node) else { return false };
        member.keys.iter().any(|key| signed.cosigned_at(node, &key.key).is_some())
    }

    /// Whether the caller may read a log that `holder` holds.
    pub fn may_read(&self, caller: Option<&NodeName>, origin: &Origin) -> bool {
        let audience = origin.audience();
        if matches!(audience, PUBLIC | DIRECTORY | CATALOGUE) {
            return true;
        }
        let Some(caller) = caller else { return false };
        let owner = origin.node();
        if *caller == owner {
            return true;
        }
        if audience == PRIVATE {
            return false;
        }
        let heir = self.successor(&owner);
        let concerns = audience == CITE && self.is_under(caller, &heir);
        *caller == heir
            || concerns
            || self.is_under(&heir, caller)
            || self.audiences.get(audience).is_some_and(|readers| readers.contains(caller))
    }

    /// The nodes that the Centre has named as readers of an audience, in the order of their names.
    pub fn readers_of(&self, audience: &str) -> impl Iterator<Item = &NodeName> {
        self.audiences.get(audience).into_iter().flatten()
    }

    /// Whether the caller may write a log at `holder`: the owner itself under its parent, or the holder's child that relays it.
    pub fn may_write(&self, caller: &NodeName, origin: &Origin, holder: &NodeName) -> bool {
        origin.audience() != PRIVATE && *caller != *holder && self.relays(caller, origin) && self.parent_of(caller).as_ref() == Some(holder)
    }

    /// Whether a node passes a log on to the node above it: its own, those of the nodes under it, and what it has handed over when it was merged. Until
    /// the heir has read that from above, the merged node is the only one that can give it back to a node above that was restored from a backup.
    pub fn relays(&self, node: &NodeName, origin: &Origin) -> bool {
        self.is_under(&origin.node(), node) || self.handed_over(node, origin).is_some()
    }

    /// How many entries of a log under it a merged node has handed over to its heir; none when the log is not one of these.
    pub fn handed_over(&self, node: &NodeName, origin: &Origin) -> Option<u64> {
        let merger = self.merger_of(node).filter(|_| origin.node() != *node)?;
        merger.cut.get(origin).copied()
    }

    /// Who owned a record, one after another, when `creator` made it.
    pub fn tenures(&self, creator: &NodeName, rec: RecordId) -> Vec<Tenure> {
        let mut tenures = vec![Tenure { node: creator.clone(), start: Sizes::new(), cut: None }];
        let mut last: Option<&(NodeName, usize)> = None;
        for _ in 0..LONGEST_CHAIN {
            let Some(tenure) = tenures.last_mut() else { break };
            let next = self.transfers.get(&tenure.node).and_then(|transfers| {
                transfers.iter().find(|transfer| {
                    let later = last.is_none_or(|last| last.0 != transfer.order.0 || last.1 < transfer.order.1);
                    later && transfer.recs.as_ref().is_none_or(|recs| recs.contains(&rec))
                })
            });
            let Some(transfer) = next else { break };
            tenure.cut = Some(transfer.cut.clone());
            tenures.push(Tenure { node: transfer.by.clone(), start: transfer.start.clone(), cut: None });
            last = Some(&transfer.order);
        }
        tenures
    }

    /// How much of the log of a node under a merged one its heir must have taken over before it may answer the owner: what the owner has signed towards the
    /// old holder must not be signed differently towards the new one.
    pub fn floor(&self, origin: &Origin, holder: &NodeName) -> u64 {
        let owner = origin.node();
        let taken_over = self.transfers.iter().filter(|(of, _)| **of != owner).flat_map(|(_, transfers)| transfers);
        taken_over.filter(|transfer| transfer.by == *holder).filter_map(|transfer| transfer.cut.get(origin)).copied().max().unwrap_or(0)
    }

    /// Sizes of a merged node's log that its heir goes on from.
    pub fn cut_of(&self, origin: &Origin) -> Option<u64> {
        self.merger_of(&origin.node())?.cut.get(origin).copied()
    }

    /// Whether `writer` may speak for what belongs to `parent`: itself, or as its heir.
    fn speaks_for(&self, writer: &NodeName, parent: &NodeName) -> bool {
        writer == parent || self.successor(parent) == *writer
    }

    fn is_about_own(&self, writer: &NodeName, node: &NodeName) -> bool {
        (*node == self.centre && *writer == self.centre)
            || self.nodes.get(node).and_then(|member| member.parent.as_ref()).is_some_and(|parent| self.speaks_for(writer, parent))
    }
}

impl Member {
    fn change_key(&mut self, key: &PublicKey, change: KeyChange, from: &Sizes) {
        let known = self.keys.iter_mut().find(|known| known.key == *key);
        match (change, known) {
            (KeyChange::Add, None) => {
                self.keys.push(MemberKey { key: *key, from: from.clone(), until: None, else_until: u64::MAX });
            }
            (KeyChange::Add, Some(_)) | (KeyChange::Retire | KeyChange::Revoke, None) => {}
            (KeyChange::Retire, Some(known)) => {
                if known.until.is_none() {
                    (known.until, known.else_until) = (Some(from.clone()), u64::MAX);
                }
            }
            (KeyChange::Revoke, Some(known)) => (known.until, known.else_until) = (Some(from.clone()), 0),
        }
    }
}

fn print_sizes(sizes: &Sizes) -> Value {
    Value::Object(sizes.iter().map(|(origin, size)| (origin.as_str().to_owned(), json!(size))).collect())
}

fn read_sizes(value: &Value) -> Option<Sizes> {
    let mut sizes = Sizes::new();
    for (origin, size) in value.as_object()? {
        sizes.insert(Origin::parse(origin).ok()?, size.as_u64()?);
    }
    Some(sizes)
}

#[cfg(test)]
mod tests;
