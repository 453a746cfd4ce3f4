//! The world: nodes, network, clock and chance, and everything that goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use exchange::batch::{push_entry, read_entries};
use exchange::checkpoint::{Checkpoint, SignedCheckpoint};
use exchange::directory::{Sizes, Statement};
use exchange::key::NodeKey;
use exchange::log::{CheckedEntry, append, commitment};
use exchange::owner::{Effect, Event, Moment};
use exchange::protocol::{Answer, Call, Head, Refusal, Request};
use exchange::shelf::{HeldLog, Shelf, Standing};
use exchange::signature::{SignatureFields, TOLERANCE, caller, sign};
use exchange::wire::{WireAnswer, log_name, read_answer, read_request, write_answer, write_request};
use ledger::tree::leaf_hash;
use ledger::{Entry, EntryRow, LeafHash, NodeName, Op, Origin, RecordId};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::blind::Blind;
use crate::network::{Packet, ReplyTo};
use crate::node::{LoopKey, Machine, Node};
use crate::oracle::Oracle;

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
}

impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sabotage::SignRule => "sign-rule",
            Sabotage::Fsync => "fsync",
            Sabotage::PayloadCheck => "payload-check",
            Sabotage::CreatedCheck => "created-check",
            Sabotage::JcsCheck => "jcs-check",
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
    let mut violation = None;
    for step in 0..options.steps {
        if let Err(broken) = world.step() {
            violation = Some(format!("step {step}: {broken}"));
            break;
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
    entries: u64,
    faults: BTreeMap<&'static str, u32>,
    told: Vec<String>,
    is_healing: bool,
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
            entries: 0,
            faults: BTreeMap::new(),
            told: Vec::new(),
            is_healing: false,
        };
        world.found(&keys);
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
            let reads = [(CENTRE, "directory"), (other, "directory"), (other, "public"), (other, "region")];
            self.read_from(province, CENTRE, &reads);
            self.read_from(unit, province, &[(CENTRE, "directory"), (province, "directory")]);
        }
        let mut all = vec![(CENTRE, "directory"), (CENTRE, "public")];
        for name in PROVINCES.iter().chain(&UNITS) {
            all.push((*name, "public"));
        }
        all.extend(PROVINCES.map(|name| (name, "directory")));
        self.read_from(AUDITOR, CENTRE, &all);
        if self.rng.random_bool(0.3)
            && let Some(liar) = self.nodes.get_mut(&named(UNITS[1]))
        {
            liar.is_liar = true;
        }
        for node in self.nodes.values_mut() {
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

    /// One thing happens.
    fn step(&mut self) -> Result<(), String> {
        self.now += self.rng.random_range(0..20);
        if self.rng.random_ratio(1, 120) {
            self.now += 7200;
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
        let is_owner_or_relay = who.as_ref().is_some_and(|who| directory.is_under(&origin.node(), who));
        if call.request.is_write() && matches!(answer, Answer::Head(_) | Answer::Cosigned(_)) && !is_owner_or_relay {
            return Err(format!("I2: {} lets {:?} write {origin}", to.as_str(), who.map(|who| who.as_str().to_owned())));
        }
        self.tell(|| format!("{} answers {} for {}: {answer:?}", to.as_str(), short(&call.request), origin));
        let _ = reply_to;
        self.changed(to)?;
        Ok(write_answer(&answer))
    }

    /// A loop of a node takes a step, in one transaction.
    fn step_loop(&mut self, name: &NodeName, key: &LoopKey, event: Event) -> Result<(), String> {
        let moment = Moment { now: self.now, id: self.fresh_id() };
        let Some(node) = self.nodes.get_mut(name) else { return Ok(()) };
        let Some(state) = node.loops.get_mut(key) else { return Ok(()) };
        let effects = match &mut state.machine {
            Machine::Up(owner) => owner.step(&mut node.shelf, &node.directory, event, moment),
            Machine::Down(reader) => reader.step(&mut node.shelf, &node.directory, event),
        }
        .map_err(|error| format!("shelf of {}: {error}", name.as_str()))?;
        self.changed(name)?;
        for effect in effects {
            match effect {
                Effect::Send(request) => self.send(name, key, request)?,
                Effect::Received(size) => {
                    self.tell(|| {
                        format!("{} has {size} of {} {}", name.as_str(), key.origin, if key.is_up { "received above" } else { "read" })
                    });
                    if key.is_up
                        && key.origin.node() == *name
                        && let Some(node) = self.nodes.get(name)
                        && !node.is_liar
                    {
                        self.oracle.note_receipt(node, &key.origin, &key.peer);
                    }
                }
                Effect::Alarm(why) => {
                    // A damaged answer may raise one; when all is well again nothing but a liar does.
                    let owner_lies = self.nodes.get(&key.origin.node()).is_some_and(|owner| owner.is_liar);
                    self.count("alarms");
                    if self.is_healing && !owner_lies {
                        return Err(format!("I6: {} is alarmed at {}: {why}", name.as_str(), key.origin));
                    }
                }
                Effect::PutBehind(records) => {
                    self.count("entries put behind");
                    self.tell(|| format!("{} puts its entries of {} behind; {} changed by both", name.as_str(), key.origin, records.len()));
                }
                Effect::Pause(_) => {}
            }
        }
        Ok(())
    }

    fn send(&mut self, name: &NodeName, key: &LoopKey, mut request: Request) -> Result<(), String> {
        let is_lazy = !self.is_healing && self.rng.random_ratio(1, 8);
        let Some(node) = self.nodes.get_mut(name) else { return Ok(()) };
        let nonce = node.fresh_nonce();
        if let Some(state) = node.loops.get_mut(key) {
            state.nonce = nonce;
        }
        let is_own = key.is_up && key.origin.node() == *name;
        if let (Request::Checkpoint { note }, true, false) = (&request, is_own, node.is_liar)
            && let Ok(signed) = SignedCheckpoint::parse(note)
        {
            self.oracle.note_signed(node, &signed)?;
        }
        // A client may send payloads later than entries.
        if let (Request::Append { body, .. }, true) = (&mut request, is_lazy)
            && let Ok(rows) = read_entries(body)
        {
            let mut without = Vec::new();
            for (at, (entry, payload)) in rows.into_iter().enumerate() {
                push_entry(&mut without, entry, payload.filter(|_| at % 2 == 0));
            }
            *body = without;
        }
        let reply_to = ReplyTo { node: name.clone(), key: key.clone(), nonce, request: request.clone() };
        if let (Some(Sabotage::SignRule), Request::Head, true) = (self.options.sabotage, &request, is_own) {
            let log = node.shelf.log(&key.origin).ok().flatten().unwrap_or_else(HeldLog::empty);
            let head = Head { next: log.size, root: log.frontier.root(), checkpoint: 0, missing: Vec::new() };
            if self.rng.random_ratio(1, 2) {
                self.packets.push(Packet::Answer { answer: write_answer(&Answer::Head(head)), reply_to });
                return Ok(());
            }
        }
        let wire = write_request(&key.origin, &request);
        let clock = u64::try_from(self.now + node.skew).unwrap_or(0);
        let fields = (name.as_str() != AUDITOR).then(|| sign(wire.target(), name, &node.parent.key, clock));
        self.packets.push(Packet::Call { to: key.peer.clone(), wire, fields, sent: self.now, reply_to });
        Ok(())
    }

    fn wake_any(&mut self) -> Result<(), String> {
        // Mostly those that have something to send.
        let only_busy = self.rng.random_bool(0.7);
        let mut loops: Vec<(NodeName, LoopKey)> = Vec::new();
        for (name, node) in &self.nodes {
            for key in node.loops.keys() {
                let log = node.shelf.log(&key.origin).ok().flatten().unwrap_or_else(HeldLog::empty);
                if !only_busy || key.is_up && log.received_size() < node.counted_size(&key.origin) {
                    loops.push((name.clone(), key.clone()));
                }
            }
        }
        match self.pick(&loops).cloned() {
            Some((name, key)) => self.wake(&name, &key),
            None => Ok(()),
        }
    }

    /// Wakes a loop; when the answer it waits for can never come, tells it so, as a time-out does.
    fn wake(&mut self, name: &NodeName, key: &LoopKey) -> Result<(), String> {
        let Some(nonce) = self.nodes.get(name).and_then(|node| node.loops.get(key)).map(|state| state.nonce) else { return Ok(()) };
        let is_on_its_way = self.packets.iter().any(|packet| match packet {
            Packet::Call { reply_to, .. } | Packet::Answer { reply_to, .. } => {
                reply_to.node == *name && reply_to.key == *key && reply_to.nonce == nonce
            }
        });
        if !is_on_its_way {
            self.step_loop(name, key, Event::Failed)?;
            self.step_loop(name, key, Event::Wake)?;
        }
        Ok(())
    }

    /// Somebody saves something. It always succeeds, whatever the state of the network (promise I11).
    fn write_any(&mut self) -> Result<(), String> {
        let writers: Vec<NodeName> = self
            .nodes
            .iter()
            .filter(|(name, node)| !node.is_merged && ![STANDBY, AUDITOR].contains(&name.as_str()))
            .map(|(name, _)| name.clone())
            .collect();
        let Some(name) = self.pick(&writers).cloned() else { return Ok(()) };
        let audience = if PROVINCES.contains(&name.as_str()) && self.rng.random_ratio(1, 3) { "region" } else { "public" };
        let Ok(origin) = Origin::of(&name, audience) else { return Ok(()) };
        match self.rng.random_range(0..20_u32) {
            0..11 => {
                let rec = self.fresh_id();
                self.put(&name, audience, rec, None);
            }
            11..17 => {
                if let Some((rec, ver, leaf)) = self.known_record(&name, &origin) {
                    self.put(&name, audience, rec, Some((ver, leaf)));
                }
            }
            17 => {
                if let Some((rec, ver, leaf)) = self.known_record(&name, &origin) {
                    self.write(&name, audience, Op::Drop { rec, ver: ver + 1, prev: leaf }, None);
                }
            }
            _ => {
                let pays = self.nodes.get(&name).and_then(|node| {
                    let rows = node.shelf.rows(&origin);
                    (!rows.is_empty()).then(|| rows.iter().filter_map(|row| pay_of(&row.bytes)).collect::<Vec<_>>())
                });
                if let Some(pay) = pays.and_then(|pays| self.pick(&pays).copied()) {
                    self.write(&name, audience, Op::Erase { pays: vec![pay], why: "law".to_owned(), basis: "1/QĐ".to_owned() }, None);
                }
            }
        }
        self.changed(&name)
    }

    /// A record that the node may change: its own, or one that it has inherited; with the version that stands.
    fn known_record(&mut self, name: &NodeName, origin: &Origin) -> Option<(RecordId, u64, LeafHash)> {
        let node = self.nodes.get(name)?;
        let mut known = Vec::new();
        for (key, versions) in node.view(Node::has_records).records {
            let heir = node.directory.tenures(&key.maker, key.rec).pop().map(|tenure| tenure.node);
            if key.audience == origin.audience()
                && heir.as_ref() == Some(name)
                && let Some(last) = versions.last().filter(|last| !last.is_drop)
            {
                known.push((key.rec, last.ver, last.leaf));
            }
        }
        // An heir that has not read all of its predecessor's log yet does not go on with the records.
        let lacks = node.directory.members().any(|(member, _)| {
            member != name
                && node.directory.successor(member) == *name
                && Origin::of(member, origin.audience()).is_ok_and(|old| node.counted_size(&old) < node.directory.cut_of(&old).unwrap_or(0))
        });
        if lacks { None } else { self.pick(&known).copied() }
    }

    fn put(&mut self, name: &NodeName, audience: &str, rec: RecordId, before: Option<(u64, LeafHash)>) -> Option<LeafHash> {
        let salt: u64 = self.rng.random();
        let payload = format!(r#"{{"data":{},"files":[],"salt":"{salt:016x}"}}"#, self.entries).into_bytes();
        let op = Op::Put {
            rec,
            typ: "task".to_owned(),
            cat: 0,
            ver: before.map_or(1, |(ver, _)| ver + 1),
            prev: before.map(|(_, leaf)| leaf),
            pay: commitment(&payload),
            len: payload.len() as u64,
        };
        self.write(name, audience, op, Some(payload))
    }

    /// An entry in a node's own log; its leaf hash, or none when the log is sealed.
    fn write(&mut self, name: &NodeName, audience: &str, op: Op, payload: Option<Vec<u8>>) -> Option<LeafHash> {
        let origin = Origin::of(name, audience).ok()?;
        let id = self.fresh_id();
        let node = self.nodes.get_mut(name)?;
        if node.shelf.log(&origin).ok().flatten().is_some_and(|log| log.standing == Standing::Sealed) {
            return None;
        }
        let bytes = Entry { id, at: self.now + node.skew, op }.to_bytes().ok()?;
        let checked = CheckedEntry::read(&bytes, payload.as_deref()).ok()?;
        append(&mut node.shelf, &origin, checked).ok()?;
        self.entries += 1;
        self.tell(|| format!("{} writes in {origin}", name.as_str()));
        Some(leaf_hash(&bytes))
    }

    fn lose(&mut self) -> Result<(), String> {
        if !self.packets.is_empty() {
            let at = self.rng.random_range(0..self.packets.len());
            self.packets.swap_remove(at);
            self.count("messages lost");
        }
        Ok(())
    }

    fn double(&mut self) -> Result<(), String> {
        if let Some(packet) = self.pick(&self.packets.clone()).cloned() {
            self.packets.push(packet);
            self.count("messages doubled");
        }
        Ok(())
    }

    /// A body arrives cut, or with another byte.
    fn damage(&mut self) -> Result<(), String> {
        if self.packets.is_empty() {
            return Ok(());
        }
        let (at, cut, byte) = (self.rng.random_range(0..self.packets.len()), self.rng.random::<u16>(), self.rng.random::<u8>());
        if let Some(packet) = self.packets.get_mut(at) {
            let body = match packet {
                Packet::Call { wire, .. } => &mut wire.body,
                Packet::Answer { answer, .. } => &mut answer.body,
            };
            if !body.is_empty() {
                let place = usize::from(cut) % body.len();
                if byte % 2 == 0 {
                    body.truncate(place);
                } else if let Some(there) = body.get_mut(place) {
                    *there = byte;
                }
            }
        }
        self.count("messages damaged");
        Ok(())
    }

    fn kill_any(&mut self) -> Result<(), String> {
        let names: Vec<NodeName> = self.nodes.keys().cloned().collect();
        match self.pick(&names).cloned() {
            Some(name) => self.kill(&name),
            None => Ok(()),
        }
    }

    fn kill(&mut self, name: &NodeName) -> Result<(), String> {
        self.count("kills");
        self.tell(|| format!("{} is killed", name.as_str()));
        if let Some(node) = self.nodes.get_mut(name) {
            if self.options.sabotage == Some(Sabotage::Fsync) {
                node.shelf = node.synced.clone();
            }
            node.crash();
        }
        self.changed(name)
    }

    fn back_up_any(&mut self) -> Result<(), String> {
        let names: Vec<NodeName> = self.nodes.keys().cloned().collect();
        if let Some(node) = self.pick(&names).cloned().and_then(|name| self.nodes.get_mut(&name)) {
            node.backups.push(node.shelf.clone());
        }
        Ok(())
    }

    /// A node is put back to one of its backups: one site at a time, and what was erased since is destroyed again before anybody is served.
    fn put_back_any(&mut self) -> Result<(), String> {
        if !self.oracle.healing.is_empty() || matches!(self.merger, Merger::Sealed | Merger::Written(_)) && self.rng.random_bool(0.5) {
            return Ok(());
        }
        let names: Vec<NodeName> =
            self.nodes.iter().filter(|(_, node)| !node.backups.is_empty() && !node.is_liar).map(|(name, _)| name.clone()).collect();
        let Some(name) = self.pick(&names).cloned() else { return Ok(()) };
        let Some(node) = self.nodes.get_mut(&name) else { return Ok(()) };
        let at = self.rng.random_range(0..node.backups.len());
        let Some(backup) = node.backups.get(at).cloned() else { return Ok(()) };
        let before = std::mem::replace(&mut node.shelf, backup);
        // What others hold of the erasures is applied before anybody is served; an erasure that nobody else had seen is lost with the disk.
        let held: Vec<Origin> = node.shelf.origins().cloned().collect();
        let mut erased: BTreeSet<(Origin, LeafHash)> = BTreeSet::new();
        for other in self.nodes.values().filter(|other| *other.name() != name) {
            for origin in &held {
                erased.extend(erasures(other.shelf.rows(origin)).into_iter().map(|pay| (origin.clone(), pay)));
            }
        }
        let Some(node) = self.nodes.get_mut(&name) else { return Ok(()) };
        for (origin, pay) in &erased {
            node.shelf.destroy(origin, pay).map_err(|error| error.to_string())?;
        }
        node.crash();
        let node = node.clone();
        self.oracle.note_restored(&node, &before);
        self.count("restores of old backups");
        self.tell(|| format!("{} is put back to an old backup", name.as_str()));
        self.changed(&name)
    }

    fn cut_off_any(&mut self) -> Result<(), String> {
        let mut names: Vec<NodeName> = self.nodes.iter().filter(|(_, node)| node.is_cut_off).map(|(name, _)| name.clone()).collect();
        if names.is_empty() || self.rng.random_ratio(1, 5) {
            names = self.nodes.keys().cloned().collect();
        }
        if let Some(node) = self.pick(&names).cloned().and_then(|name| self.nodes.get_mut(&name)) {
            node.is_cut_off = !node.is_cut_off;
            self.count("cuts of the line");
        }
        Ok(())
    }

    fn turn_a_clock(&mut self) -> Result<(), String> {
        let mut skew = self.pick(&[600, -600, 86_400, -86_400]).copied().unwrap_or(0);
        let mut names: Vec<NodeName> = self.nodes.iter().filter(|(_, node)| node.skew != 0).map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            names = self.nodes.keys().cloned().collect();
        } else {
            skew = 0;
        }
        if let Some(node) = self.pick(&names).cloned().and_then(|name| self.nodes.get_mut(&name)) {
            node.skew = skew;
            self.count("clocks turned");
        }
        Ok(())
    }

    /// A recorded call comes again.
    fn replay(&mut self) -> Result<(), String> {
        match self.pick(&self.recorded.clone()).cloned() {
            Some(packet) => {
                self.count("calls replayed");
                self.packets.push(packet);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The lying unit tries something.
    fn lie(&mut self) -> Result<(), String> {
        let liar = named(UNITS[1]);
        let Some(node) = self.nodes.get(&liar).filter(|node| node.is_liar) else { return Ok(()) };
        let Some(above) = node.above.clone() else { return Ok(()) };
        let (key, clock) = (node.parent.key.clone(), u64::try_from(self.now + node.skew).unwrap_or(0));
        let Ok(own) = Origin::of(&liar, "public") else { return Ok(()) };
        let received = node.shelf.log(&own).ok().flatten().map_or(0, |log| log.received_size());
        self.count("lies");
        let (origin, request) = match self.rng.random_range(0..6_u32) {
            5 => return self.withhold_payloads(&liar, &above, &own),
            0 | 1 => {
                // A version of somebody else's record, or a record under somebody else's identifier, in the own log.
                let others: Vec<(RecordId, u64, LeafHash)> = self.records_of(&named(PROVINCES[0]));
                let Some((rec, ver, leaf)) = self.pick(&others).copied() else { return Ok(()) };
                let before = self.rng.random_bool(0.5).then_some((ver, leaf));
                if let Some(leaf) = self.put(&liar, "public", rec, before) {
                    self.oracle.forged.insert(leaf);
                }
                return self.changed(&liar);
            }
            2 => {
                let Ok(other) = Origin::of(&named(PROVINCES[0]), "public") else { return Ok(()) };
                let mut body = Vec::new();
                push_entry(&mut body, br#"{"at":"2027-01-01T00:00:00Z","id":"0193a100-0000-7000-8000-000000000001","op":"x","v":1}"#, None);
                (other, Request::Append { from: 0, body })
            }
            3 => {
                if received == 0 {
                    return Ok(());
                }
                let checkpoint = Checkpoint { origin: own.clone(), size: received, root: LeafHash([7; 32]) };
                (own, Request::Checkpoint { note: SignedCheckpoint::sign(checkpoint, &key).to_string() })
            }
            _ => {
                let mut body = Vec::new();
                push_entry(
                    &mut body,
                    br#"{"v":1, "at":"2027-01-01T00:00:00Z","id":"0193a100-0000-7000-8000-000000000001","op":"x"}"#,
                    None,
                );
                (own, Request::Append { from: received, body })
            }
        };
        let wire = write_request(&origin, &request);
        let fields = sign(wire.target(), &liar, &key, clock);
        let is_fork = matches!(request, Request::Checkpoint { .. });
        let reply_to =
            ReplyTo { node: liar.clone(), key: LoopKey { origin: origin.clone(), peer: above.clone(), is_up: true }, nonce: 0, request };
        let reachable = self.nodes.get(&above).is_some_and(|node| !node.is_cut_off);
        if reachable {
            let answer = self.answer(&above, &wire, Some(&fields), &reply_to)?;
            self.oracle.saw_fork |= is_fork && read_answer(&reply_to.request, &answer) == Some(Answer::Refused(Refusal::Root));
        }
        Ok(())
    }

    /// The liar asks for a receipt of entries whose payloads it keeps to itself.
    fn withhold_payloads(&mut self, liar: &NodeName, above: &NodeName, own: &Origin) -> Result<(), String> {
        let rec = self.fresh_id();
        self.put(liar, "public", rec, None);
        let (Some(node), Some(holder)) = (self.nodes.get(liar), self.nodes.get(above)) else { return Ok(()) };
        let held = holder.shelf.rows(own).len();
        let rows = node.shelf.rows(own);
        let mut body = Vec::new();
        for row in rows.iter().skip(held) {
            push_entry(&mut body, &row.bytes, None);
        }
        let Some(log) = node.shelf.log(own).ok().flatten().filter(|log| log.size > held as u64) else { return Ok(()) };
        let checkpoint = Checkpoint { origin: own.clone(), size: log.size, root: log.frontier.root() };
        let (key, clock, is_reachable) = (node.parent.key.clone(), u64::try_from(self.now + node.skew).unwrap_or(0), !holder.is_cut_off);
        let note = SignedCheckpoint::sign(checkpoint, &key).to_string();
        for request in [Request::Append { from: held as u64, body }, Request::Checkpoint { note }] {
            let wire = write_request(own, &request);
            let fields = sign(wire.target(), liar, &key, clock);
            let key = LoopKey { origin: own.clone(), peer: above.clone(), is_up: true };
            if is_reachable {
                self.answer(above, &wire, Some(&fields), &ReplyTo { node: liar.clone(), key, nonce: 0, request })?;
            }
        }
        Ok(())
    }

    fn records_of(&self, name: &NodeName) -> Vec<(RecordId, u64, LeafHash)> {
        let Some(node) = self.nodes.get(name) else { return Vec::new() };
        let view = node.view(|origin| origin.audience() == "public");
        view.records.iter().filter_map(|(key, versions)| versions.last().map(|last| (key.rec, last.ver, last.leaf))).collect()
    }

    /// One province goes into the other: it seals its logs; when the Centre has all of it, one entry of the directory hands everything over.
    fn go_on_with_the_merger(&mut self) -> Result<(), String> {
        let (old, heir) = (named(PROVINCES[0]), named(PROVINCES[1]));
        match self.merger {
            Merger::NotYet if self.oracle.healing.is_empty() && self.now > START + 1500 => {
                let (Some(top), Some(leaving)) = (self.nodes.get(&self.centre), self.nodes.get(&old)) else { return Ok(()) };
                // What the units have handed in must have gone up before the node closes: it takes nothing from them afterwards.
                let mut units =
                    leaving.shelf.origins().filter(|origin| origin.node() != old && leaving.directory.is_under(&origin.node(), &old));
                let is_behind = units.any(|origin| top.counted_size(origin) < leaving.shelf.rows(origin).len() as u64);
                drop(units);
                if is_behind {
                    return Ok(());
                }
                for audience in ["public", "region", "directory"] {
                    let mut members = serde_json::Map::new();
                    members.insert("op".to_owned(), "seal".into());
                    members.insert("to".to_owned(), heir.as_str().into());
                    self.write(&old, audience, Op::Other(members), None);
                }
                if let Some(node) = self.nodes.get_mut(&old) {
                    node.is_merged = true;
                    node.backups.clear();
                }
                self.merger = Merger::Sealed;
                self.count("mergers begun");
                self.changed(&old)
            }
            Merger::Sealed if ![&self.centre, &old, &heir].into_iter().any(|name| self.oracle.healing.contains_key(name)) => {
                let (Some(top), Some(leaving)) = (self.nodes.get(&self.centre), self.nodes.get(&old)) else { return Ok(()) };
                let mut cut = Sizes::new();
                for origin in leaving.shelf.origins() {
                    let is_handed_over = origin.node() == old || leaving.directory.is_under(&origin.node(), &old);
                    if !is_handed_over {
                        continue;
                    }
                    let wanted = if origin.node() == old { leaving.shelf.rows(origin).len() as u64 } else { leaving.counted_size(origin) };
                    if top.counted_size(origin) < wanted {
                        return Ok(());
                    }
                    cut.insert(origin.clone(), top.counted_size(origin));
                }
                let mut start = Sizes::new();
                for origin in top.shelf.origins().filter(|origin| origin.node() == heir) {
                    start.insert(origin.clone(), top.counted_size(origin));
                }
                let handed =
                    Statement::Transfer { recs: None, of: old.clone(), by: heir.clone(), cut, start, basis: "202/2025/QH15".to_owned() };
                let centre = self.centre.clone();
                if let Some(leaf) = self.write(&centre, "directory", handed.to_op(), None) {
                    self.oracle.mergers.insert(old, heir);
                    self.merger = Merger::Written(leaf);
                }
                self.changed(&centre)
            }
            Merger::Written(leaf) => {
                let Ok(origin) = Origin::of(&self.centre, "directory") else { return Ok(()) };
                let Some(top) = self.nodes.get(&self.centre) else { return Ok(()) };
                let received = top.shelf.log(&origin).ok().flatten().map_or(0, |log| log.received_size());
                match top.shelf.rows(&origin).iter().find(|row| row.leaf == leaf).map(|row| row.index) {
                    None => {
                        // The disk was lost before anybody else had the entry: it has to be written again.
                        self.merger = Merger::Sealed;
                        return Ok(());
                    }
                    Some(index) if index >= received => return Ok(()),
                    Some(_) => {}
                }
                self.read_from(PROVINCES[1], CENTRE, &[(UNITS[0], "public")]);
                self.read_from(UNITS[0], PROVINCES[1], &[(CENTRE, "directory"), (PROVINCES[0], "directory"), (PROVINCES[1], "directory")]);
                if let Some(unit) = self.nodes.get_mut(&named(UNITS[0])) {
                    unit.above = Some(heir.clone());
                    unit.refresh();
                }
                self.merger = Merger::Done;
                self.count("mergers");
                self.changed(&heir)
            }
            _ => Ok(()),
        }
    }

    /// The faults end; everything is given time.
    fn heal(&mut self) -> Result<(), String> {
        self.is_healing = true;
        for node in self.nodes.values_mut() {
            (node.skew, node.is_cut_off) = (0, false);
        }
        self.packets.clear();
        let mut calm = 0;
        for _ in 0..HEALING_ROUNDS {
            let before = self.measure();
            if !matches!(self.merger, Merger::NotYet | Merger::Done) {
                self.go_on_with_the_merger()?;
            }
            let loops: Vec<(NodeName, LoopKey)> =
                self.nodes.iter().flat_map(|(name, node)| node.loops.keys().map(|key| (name.clone(), key.clone()))).collect();
            for (name, key) in loops {
                self.now += 1;
                self.wake(&name, &key)?;
                while let Some(packet) = self.packets.pop() {
                    self.deliver(packet)?;
                }
            }
            calm = if self.measure() == before { calm + 1 } else { 0 };
            if calm == 2 {
                let left: Vec<String> =
                    self.oracle.healing.keys().filter_map(|name| self.oracle.what_lacks(self.nodes.get(name)?)).collect();
                return match (left.as_slice(), self.merger) {
                    ([], Merger::NotYet | Merger::Done) => Ok(()),
                    ([], _) => Err("I12: the merger does not come to an end".to_owned()),
                    (left, _) => Err(format!("I1: not given back: {}", left.join(", "))),
                };
            }
        }
        Err("I11: the nodes do not come to rest".to_owned())
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
            let row = EntryRow { index, leaf: leaf_hash(bytes), bytes: bytes.to_vec(), payload: payload.map(<[u8]>::to_vec) };
            shelf.append(origin, row, false)?;
        }
    }
    Ok(Answer::Head(exchange::parent::head(shelf, origin)?))
}
