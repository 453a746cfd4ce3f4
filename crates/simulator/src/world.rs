//! The world: nodes, network, clock and chance, and everything that goes wrong.

mod faults;
mod keys;
mod liar;
mod loops;
mod merger;
mod releases;
mod split;
mod suspension;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use exchange::batch::read_entries;
use exchange::checkpoint::SignedCheckpoint;
use exchange::directory::Statement;
use exchange::key::NodeKey;
use exchange::owner::Event;
use exchange::protocol::{Answer, Call, Refusal, Request};
use exchange::shelf::{HeldLog, Shelf, ShelfRead};
use exchange::signature::{SignatureFields, TOLERANCE, caller};
use exchange::wire::{WireAnswer, log_name, read_answer, read_request, write_answer};
use ledger::tree::leaf_hash;
use ledger::{Entry, EntryRow, LeafHash, NodeName, Op, Origin, RecordId};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::blind::Blind;
use crate::network::{Packet, ReplyTo};
use crate::node::{LoopKey, Node};
use crate::oracle::Oracle;
use keys::Rekeying;

/// A rule taken away on purpose. The checks have to notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Sabotage {
    /// The owner believes that the parent holds what it holds itself.
    SignRule,
    /// The disk says "written" before it has written.
    Fsync,
    /// Payloads are not looked for before a cosignature.
    PayloadCheck,
    /// The time of a call is not looked at.
    CreatedCheck,
    /// Entries that are not canonical are taken.
    JcsCheck,
    /// Revocations of keys are passed over.
    Revocation,
    /// Moves of records are passed over.
    Ownership,
    /// A suspended log is taken on.
    Suspension,
}

impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sabotage::SignRule => "sign-rule",
            Sabotage::Fsync => "fsync",
            Sabotage::PayloadCheck => "payload-check",
            Sabotage::CreatedCheck => "created-check",
            Sabotage::JcsCheck => "jcs-check",
            Sabotage::Revocation => "revocation",
            Sabotage::Ownership => "ownership",
            Sabotage::Suspension => "suspension",
        })
    }
}

/// One run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Everything follows from it.
    pub seed: u64,
    /// How many things happen before the world is left to heal.
    pub steps: u32,
    /// A fault built in on purpose.
    pub sabotage: Option<Sabotage>,
    /// Whether those above act too: add and revoke keys, move records, suspend logs. Without it seeds run as they did before these acts were there.
    pub acts: bool,
    /// Whether the heads of two nodes let their data go by hand. Without it seeds run as they did before there were such heads.
    pub releases: bool,
    /// Whether to tell what happens.
    pub tells: bool,
}

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The first broken promise.
    pub violation: Option<String>,
    /// Entries written.
    pub entries: u64,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<&'static str, u32>,
    /// What happened, when asked for.
    pub told: Vec<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.entries)?;
        for (fault, count) in &self.faults {
            write!(f, ", {count} {fault}")?;
        }
        match &self.violation {
            Some(violation) => write!(f, "\nBROKEN {violation}"),
            None => f.write_str("\nall promises kept"),
        }
    }
}

/// Runs a seed.
pub fn run(options: Options) -> Outcome {
    let mut world = World::new(options);
    let mut violation = world.begin().err();
    for step in 0..options.steps {
        if violation.is_some() {
            break;
        }
        if let Err(broken) = world.step() {
            violation = Some(format!("step {step}: {broken}"));
        }
    }
    if violation.is_none() {
        violation = world.heal().and_then(|()| world.oracle.check_end(&world.nodes, &world.centre)).err();
    }
    Outcome { violation, entries: world.entries, faults: world.faults, told: world.told }
}

/// Rounds in which everything is left to heal.
const HEALING_ROUNDS: usize = 60;
/// Start of the clock, seconds since 1970.
const START: i64 = 1_800_000_000;

struct World {
    options: Options,
    rng: ChaCha8Rng,
    now: i64,
    centre: NodeName,
    nodes: BTreeMap<NodeName, Node>,
    packets: Vec<Packet>,
    /// Calls that somebody has recorded, to send them again later.
    recorded: Vec<Packet>,
    origins: BTreeMap<String, Origin>,
    oracle: Oracle,
    merger: Merger,
    rekeying: Option<Rekeying>,
    entries: u64,
    faults: BTreeMap<&'static str, u32>,
    told: Vec<String>,
    is_healing: bool,
    /// Identifiers of the entries that a head has let go.
    let_go: BTreeSet<RecordId>,
    /// Nobody holds anything back any more.
    all_goes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merger {
    NotYet,
    /// The old node has sealed its logs.
    Sealed,
    /// The Centre has written the entry with this leaf hash.
    Written(LeafHash),
    /// The entry is received by the standby, so it outlives the Centre; units have turned to the heir.
    Done,
}

const PROVINCES: [&str; 2] = ["tinh.mot", "tinh.hai"];
const UNITS: [&str; 2] = ["donvi.mot", "donvi.hai"];
const CENTRE: &str = "bo.khcn";
const STANDBY: &str = "bo.duphong";
const AUDITOR: &str = "kiemtoan";

impl World {
    fn new(options: Options) -> World {
        let centre = named(CENTRE);
        let keys: BTreeMap<&str, NodeKey> = [CENTRE, STANDBY, PROVINCES[0], PROVINCES[1], UNITS[0], UNITS[1], AUDITOR]
            .into_iter()
            .zip(1_u8..)
            .map(|(name, number)| (name, NodeKey::from_seed(&[number; 32])))
            .collect();
        let anchor_key = NodeKey::from_seed(&[1; 32]).public();
        let mut nodes = BTreeMap::new();
        for (name, key) in &keys {
            let above = match *name {
                CENTRE => Some(named(STANDBY)),
                STANDBY | AUDITOR => None,
                province if PROVINCES.contains(&province) => Some(centre.clone()),
                unit => UNITS.iter().position(|known| *known == unit).and_then(|at| PROVINCES.get(at)).map(|province| named(province)),
            };
            nodes.insert(named(name), Node::new(named(name), key.clone(), above, (centre.clone(), anchor_key)));
        }
        let mut origins = BTreeMap::new();
        for name in keys.keys() {
            for audience in ["public", "region", "directory"] {
                if let Ok(origin) = Origin::of(&named(name), audience) {
                    origins.insert(log_name(&origin), origin);
                }
            }
        }
        let mut world = World {
            rng: ChaCha8Rng::seed_from_u64(options.seed),
            options,
            now: START,
            centre: centre.clone(),
            nodes,
            packets: Vec::new(),
            recorded: Vec::new(),
            origins,
            oracle: Oracle::default(),
            merger: Merger::NotYet,
            rekeying: None,
            entries: 0,
            faults: BTreeMap::new(),
            told: Vec::new(),
            is_healing: false,
            let_go: BTreeSet::new(),
            all_goes: false,
        };
        world.found(&keys);
        if options.releases {
            world.hold_back();
        }
        world
    }

    /// The first directory entries, and who reads what.
    fn found(&mut self, keys: &BTreeMap<&str, NodeKey>) {
        let join = |name: &str| keys.get(name).map(|key| Statement::Node { name: named(name), key: key.public(), title: name.to_owned() });
        let first = [(CENTRE, vec![STANDBY, PROVINCES[0], PROVINCES[1]]), (PROVINCES[0], vec![UNITS[0]]), (PROVINCES[1], vec![UNITS[1]])];
        for (writer, children) in first {
            for statement in children.into_iter().filter_map(join) {
                self.write(&named(writer), "directory", statement.to_op(), None);
            }
        }
        let regional = Statement::Audience { name: "region".to_owned(), readers: PROVINCES.map(named).to_vec() };
        self.write(&named(CENTRE), "directory", regional.to_op(), None);
        for (name, node) in &mut self.nodes {
            node.writes = match name.as_str() {
                CENTRE => &["public", "directory"],
                STANDBY | AUDITOR => &[],
                province if PROVINCES.contains(&province) => &["public", "region", "directory"],
                _ => &["public"],
            };
        }
        if let Some(standby) = self.nodes.get_mut(&named(STANDBY)) {
            standby.parent.standby_for = Some(named(CENTRE));
        }
        let [one, two] = PROVINCES;
        let [unit_of_one, unit_of_two] = UNITS;
        for (province, other, unit) in [(one, two, unit_of_one), (two, one, unit_of_two)] {
            // The log of its unit too: what a province has lost and the unit does not hand in again, the Centre still has.
            let reads = [(CENTRE, "directory"), (other, "directory"), (other, "public"), (other, "region"), (unit, "public")];
            self.read_from(province, CENTRE, &reads);
            self.read_from(unit, province, &[(CENTRE, "directory"), (province, "directory")]);
        }
        let mut all = vec![(CENTRE, "directory"), (CENTRE, "public")];
        for name in PROVINCES.iter().chain(&UNITS) {
            all.push((*name, "public"));
        }
        all.extend(PROVINCES.map(|name| (name, "directory")));
        self.read_from(AUDITOR, CENTRE, &all);
        let needs_liar = matches!(self.options.sabotage, Some(Sabotage::PayloadCheck | Sabotage::JcsCheck));
        if (self.rng.random_bool(0.3) || needs_liar)
            && let Some(liar) = self.nodes.get_mut(&named(UNITS[1]))
        {
            liar.is_liar = true;
        }
        for node in self.nodes.values_mut() {
            node.sabotage = self.options.sabotage;
            node.refresh();
        }
    }

    fn read_from(&mut self, reader: &str, holder: &str, logs: &[(&str, &str)]) {
        let Some(node) = self.nodes.get_mut(&named(reader)) else { return };
        for (owner, audience) in logs {
            if let Ok(origin) = Origin::of(&named(owner), audience) {
                node.reads.retain(|(known, _)| *known != origin);
                node.reads.push((origin, named(holder)));
            }
        }
    }

    /// Mostly the nodes know each other when the faults begin; sometimes they have just been set up.
    fn begin(&mut self) -> Result<(), String> {
        if self.rng.random_bool(0.2) {
            return Ok(());
        }
        self.is_healing = true;
        let settled = self.settle();
        self.is_healing = false;
        settled
    }

    /// One thing happens.
    fn step(&mut self) -> Result<(), String> {
        self.now += self.rng.random_range(0..20);
        if self.rng.random_ratio(1, 120) {
            self.now += 7200;
        }
        if self.options.acts && self.rng.random_ratio(1, 12) {
            match self.rng.random_range(0..10_u32) {
                0..4 => self.go_on_with_the_key()?,
                4..8 => self.go_on_with_the_split()?,
                _ => self.suspend_or_lift()?,
            }
        }
        if self.options.releases && self.rng.random_ratio(1, 20) {
            self.let_go_any();
        }
        // An hour in which the lines are good, so that what those above have said arrives while people write.
        if self.options.acts && self.rng.random_ratio(1, 100) {
            self.go_round()?;
        }
        match self.rng.random_range(0..1000_u32) {
            0..560 => self.deliver_any(),
            560..800 => self.wake_any(),
            800..880 => self.write_any(),
            880..895 => self.lose(),
            895..910 => self.double(),
            910..920 => self.damage(),
            920..930 => self.kill_any(),
            930..940 => self.back_up_any(),
            940..948 => self.put_back_any(),
            948..958 => self.cut_off_any(),
            958..965 => self.turn_a_clock(),
            965..970 => self.replay(),
            970..985 => self.lie(),
            _ => self.go_on_with_the_merger(),
        }
    }

    fn deliver_any(&mut self) -> Result<(), String> {
        if self.packets.is_empty() {
            return Ok(());
        }
        let at = self.rng.random_range(0..self.packets.len());
        let packet = self.packets.swap_remove(at);
        self.deliver(packet)
    }

    fn deliver(&mut self, packet: Packet) -> Result<(), String> {
        let (from, to) = packet.ends();
        if [from, to].into_iter().any(|end| self.nodes.get(end).is_none_or(|node| node.is_cut_off)) {
            return Ok(());
        }
        match packet {
            Packet::Answer { answer, reply_to } => {
                let event = read_answer(&reply_to.request, &answer).map_or(Event::Failed, Event::Answer);
                let is_awaited = self
                    .nodes
                    .get(&reply_to.node)
                    .and_then(|node| node.loops.get(&reply_to.key))
                    .is_some_and(|state| state.nonce == reply_to.nonce);
                if is_awaited { self.step_loop(&reply_to.node, &reply_to.key, event) } else { Ok(()) }
            }
            Packet::Call { to, wire, fields, sent, reply_to } => {
                let answer = self.answer(&to, &wire, fields.as_ref(), &reply_to)?;
                self.check_let_go(&to, &reply_to.key.origin)?;
                if self.recorded.len() < 30 && self.rng.random_ratio(1, 10) {
                    self.recorded.push(Packet::Call { to: to.clone(), wire, fields, sent, reply_to: reply_to.clone() });
                }
                // A crash between the commit and the answer.
                if !self.is_healing && self.rng.random_ratio(1, 40) {
                    return self.kill(&to);
                }
                self.packets.push(Packet::Answer { answer, reply_to });
                Ok(())
            }
        }
    }

    /// A node answers a call, in one transaction.
    fn answer(
        &mut self,
        to: &NodeName,
        wire: &exchange::wire::Wire,
        fields: Option<&SignatureFields>,
        reply_to: &ReplyTo,
    ) -> Result<WireAnswer, String> {
        let sabotage = self.options.sabotage;
        let Some(node) = self.nodes.get_mut(to) else { return Ok(write_answer(&Answer::NotFound)) };
        let clock = u64::try_from(self.now + node.skew).unwrap_or(0);
        let created = fields.and_then(created_of);
        let who = match fields {
            None => None,
            Some(fields) => {
                let clock = if sabotage == Some(Sabotage::CreatedCheck) { created.unwrap_or(clock) } else { clock };
                match caller(wire.target(), fields, &node.directory, clock) {
                    Ok(caller) => Some(caller),
                    Err(refusal) => return Ok(write_answer(&Answer::Refused(refusal))),
                }
            }
        };
        if created.is_some_and(|created| created.abs_diff(clock) > TOLERANCE) {
            return Err(format!("F7: {} answers a call that is more than an hour old", to.as_str()));
        }
        let Some((log, request)) = read_request(wire.target()) else { return Ok(write_answer(&Answer::NotFound)) };
        let Some(origin) = self.origins.get(&log).cloned() else { return Ok(write_answer(&Answer::NotFound)) };
        let call = Call { origin: origin.clone(), caller: who.clone(), request };
        let before = node.shelf.log(&origin).ok().flatten().and_then(|log| log.checkpoint);
        let (parent, directory) = (&node.parent, &node.directory);
        let failed = |error: ledger::LedgerError| format!("shelf of {}: {error}", to.as_str());
        let is_blind = sabotage == Some(Sabotage::PayloadCheck) && matches!(call.request, Request::Checkpoint { .. });
        let mut answer = if is_blind {
            parent.answer(&mut Blind(&mut node.shelf), directory, &call, clock).map_err(failed)?
        } else {
            parent.answer(&mut node.shelf, directory, &call, clock).map_err(failed)?
        };
        if let (Answer::Refused(Refusal::Entry), Some(Sabotage::JcsCheck), Request::Append { from, body }) =
            (&answer, sabotage, &call.request)
        {
            answer = take_unchecked(&mut node.shelf, &origin, *from, body).map_err(failed)?;
        }
        if let (Answer::Cosigned(_), Request::Checkpoint { note }) = (&answer, &call.request)
            && let Ok(signed) = SignedCheckpoint::parse(note)
        {
            self.oracle.note_acknowledged(to, &origin, signed.checkpoint.size, signed.checkpoint.root);
        }
        if let (Answer::Head(head) | Answer::Conflict(head), true) = (&answer, who == Some(origin.node())) {
            self.oracle.note_word(to, &origin, head.next, head.root);
        }
        let left = match (&answer, &call.request) {
            (Answer::Head(head), _) => Some((head.next, head.root)),
            (Answer::Cosigned(_), Request::Checkpoint { note }) => {
                SignedCheckpoint::parse(note).ok().map(|signed| (signed.checkpoint.size, signed.checkpoint.root))
            }
            _ => None,
        };
        // Who reminds a node of its own words writes nothing: all that the node takes it has signed before.
        let reminds = matches!(call.request, Request::Remind { .. })
            && origin.node() == *to
            && node
                .shelf
                .log(&origin)
                .map_err(failed)?
                .and_then(|log| log.checkpoint)
                .is_some_and(|signed| self.oracle.has_signed(&origin, signed.checkpoint.size, signed.checkpoint.root));
        let is_owner_or_relay = reminds
            || who.as_ref().is_some_and(|who| {
                let gives_back = || left.is_some_and(|(size, root)| self.oracle.gives_back(who, &origin, size, root));
                directory.is_under(&origin.node(), who) || gives_back()
            });
        if call.request.is_write() && matches!(answer, Answer::Head(_) | Answer::Cosigned(_)) && !is_owner_or_relay {
            return Err(format!("I2: {} lets {:?} write {origin}", to.as_str(), who.map(|who| who.as_str().to_owned())));
        }
        self.tell(|| format!("{} answers {} for {}: {}", to.as_str(), short(&call.request), origin, outcome(&answer)));
        let _ = reply_to;
        if let Some(node) = self.nodes.get(to) {
            self.oracle.check_key(node, &origin, before.as_ref())?;
        }
        self.changed(to)?;
        Ok(write_answer(&answer))
    }

    /// The faults end; everything is given time.
    fn heal(&mut self) -> Result<(), String> {
        self.is_healing = true;
        self.all_goes = true;
        for node in self.nodes.values_mut() {
            (node.skew, node.is_cut_off) = (0, false);
        }
        self.packets.clear();
        self.lift_all()?;
        self.settle()?;
        let left: Vec<String> = self.oracle.healing.keys().filter_map(|name| self.oracle.what_lacks(self.nodes.get(name)?)).collect();
        match (left.as_slice(), self.merger) {
            ([], Merger::NotYet | Merger::Done) => Ok(()),
            ([], _) => Err("I12: the merger does not come to an end".to_owned()),
            (left, _) => Err(format!("I1: not given back: {}", left.join(", "))),
        }
    }

    /// Every loop gets its turn, in order and without faults, until nothing changes any more.
    fn settle(&mut self) -> Result<(), String> {
        let mut calm = 0;
        for _ in 0..HEALING_ROUNDS {
            let before = self.measure();
            if !matches!(self.merger, Merger::NotYet | Merger::Done) {
                self.go_on_with_the_merger()?;
            }
            self.go_round()?;
            calm = if self.measure() == before { calm + 1 } else { 0 };
            if calm == 2 {
                return Ok(());
            }
        }
        Err("I11: the nodes do not come to rest".to_owned())
    }

    /// Every loop gets its turn, and what is under way arrives.
    fn go_round(&mut self) -> Result<(), String> {
        let loops: Vec<(NodeName, LoopKey)> =
            self.nodes.iter().flat_map(|(name, node)| node.loops.keys().map(|key| (name.clone(), key.clone()))).collect();
        for (name, key) in loops {
            self.now += 1;
            self.wake(&name, &key)?;
            while let Some(packet) = self.packets.pop() {
                self.deliver(packet)?;
            }
        }
        Ok(())
    }

    fn measure(&self) -> Vec<(u64, u64, u64)> {
        let mut sizes = Vec::new();
        for node in self.nodes.values() {
            for origin in node.shelf.origins() {
                let log = node.shelf.log(origin).ok().flatten().unwrap_or_else(HeldLog::empty);
                sizes.push((log.size, log.signed_size(), log.received_size()));
            }
        }
        sizes
    }

    /// After each transaction: the disk, the loops, the promises.
    fn changed(&mut self, name: &NodeName) -> Result<(), String> {
        let (is_synced, looks_closely) = (self.rng.random_bool(0.5), self.rng.random_ratio(1, 40));
        let Some(node) = self.nodes.get_mut(name) else { return Ok(()) };
        if is_synced && self.options.sabotage == Some(Sabotage::Fsync) {
            node.synced = node.shelf.clone();
            node.synced_release = node.release.clone();
        }
        node.refresh();
        if node.is_liar {
            return Ok(());
        }
        self.oracle.check(node)?;
        if looks_closely { self.oracle.check_whole(node) } else { Ok(()) }
    }

    fn fresh_id(&mut self) -> RecordId {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        RecordId::from_bytes(bytes)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { items.get(self.rng.random_range(0..items.len())) }
    }

    fn count(&mut self, what: &'static str) {
        *self.faults.entry(what).or_default() += 1;
    }

    fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.options.tells {
            let line = format!("{:>6} {}", self.now - START, line());
            self.told.push(line);
        }
    }
}

fn named(text: &str) -> NodeName {
    match NodeName::parse(text) {
        Ok(name) => name,
        Err(error) => unreachable!("{error}"),
    }
}

fn pay_of(bytes: &[u8]) -> Option<LeafHash> {
    match Entry::from_bytes(bytes).ok()?.op {
        Op::Put { pay, .. } => Some(pay),
        _ => None,
    }
}

/// Commitments that the erasures among the rows name.
pub fn erasures(rows: &[std::sync::Arc<EntryRow>]) -> BTreeSet<LeafHash> {
    let mut erased = BTreeSet::new();
    for row in rows {
        if let Ok(Op::Erase { pays, .. }) = Entry::from_bytes(&row.bytes).map(|entry| entry.op) {
            erased.extend(pays);
        }
    }
    erased
}

fn created_of(fields: &SignatureFields) -> Option<u64> {
    fields.signature_input.split(";created=").nth(1)?.split(';').next()?.parse().ok()
}

fn short(request: &Request) -> &'static str {
    match request {
        Request::Head => "head",
        Request::Append { .. } => "append",
        Request::Payloads { .. } => "payload",
        Request::Checkpoint { .. } => "checkpoint",
        Request::ReadCheckpoint { .. } => "read checkpoint",
        Request::ReadReceipt => "read receipt",
        Request::HashTile { .. } => "hashes",
        Request::EntryTile { .. } => "entries",
        Request::PayloadTile { .. } => "payloads",
        Request::Cosign { .. } => "cosign",
        Request::Prove { .. } => "prove",
        Request::Remind { .. } => "remind",
        Request::FileGaps | Request::PutFile { .. } | Request::ReadFile { .. } => "file",
    }
}

/// An answer without the bytes that it carries.
fn outcome(answer: &Answer) -> String {
    match answer {
        Answer::Bundle(bytes) => format!("{} bytes", bytes.len()),
        Answer::Hashes(hashes) => format!("{} hashes", hashes.len()),
        Answer::Note(note) => format!("signed at size {}", note.lines().nth(1).unwrap_or("?")),
        Answer::Cosigned(_) => "cosigned".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What a holder without the check of canonical form would do.
fn take_unchecked(
    shelf: &mut exchange::memory::MemoryShelf,
    origin: &Origin,
    from: u64,
    body: &[u8],
) -> Result<Answer, ledger::LedgerError> {
    let size = shelf.log(origin)?.map_or(0, |log| log.size);
    if let (Ok(rows), true) = (read_entries(body), from == size) {
        for (index, (bytes, payload)) in (size..).zip(rows) {
            let row = EntryRow { index, leaf: leaf_hash(&bytes), bytes: bytes.into_owned(), payload: payload.map(<[u8]>::to_vec) };
            shelf.append(origin, row, false)?;
        }
    }
    Ok(Answer::Head(exchange::parent::head(shelf, origin)?))
}
