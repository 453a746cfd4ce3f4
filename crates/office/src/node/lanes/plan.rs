//! When each lane's turn comes, and which lanes a node needs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use exchange::cite::CITE;
use exchange::directory::{CATALOGUE, DIRECTORY};
use exchange::owner::{Owner, QUIET, Voice};
use exchange::reader::ReaderLoop;
use ledger::{NodeName, Origin};

use super::{Known, Lane, LaneKey, Machine, Plan, READ_EVERY, READ_REGION_EVERY, Rest, TRAVELLING, Way};

impl Plan {
    /// What carries up goes at once, unless it waits after a failure.
    pub(super) fn want(&mut self) {
        let now = Instant::now();
        for (key, lane) in &mut self.lanes {
            if key.way != Way::Down {
                lane.news.get_or_insert(now);
            }
        }
    }

    /// The lane that has waited longest.
    pub(super) fn next_lane(&self, now: Instant) -> Option<LaneKey> {
        let waiting = self.lanes.iter().filter(|(_, lane)| lane.machine.is_some() && lane.waits_since() <= now);
        waiting.min_by_key(|(_, lane)| lane.waits_since()).map(|(key, _)| key.clone())
    }

    /// Whether this program carries now.
    pub(in crate::node) fn carries(&self) -> bool {
        self.lead.is_some() && !self.is_unplugged && !self.is_stopping
    }

    /// What comes down is asked for at once.
    pub(in crate::node) fn want_down(&mut self) {
        for (_, lane) in self.lanes.iter_mut().filter(|(key, lane)| key.way == Way::Down && !lane.is_backing_off) {
            lane.due = Instant::now();
            lane.news = Some(lane.due);
        }
    }

    /// What goes up goes at once.
    pub(super) fn hurry(&mut self) {
        for (_, lane) in self.lanes.iter_mut().filter(|(key, _)| key.way == Way::Up) {
            lane.is_backing_off = false;
            lane.due = Instant::now();
            lane.news = Some(lane.due);
        }
    }

    /// Makes the lanes that are due after what is known has changed. What a lane was about to do is forgotten with it; its log is on the disk.
    pub(super) fn make_lanes(&mut self, known: Option<&Arc<Known>>) {
        let is_same = match (&self.made_for, known) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            (None, None) => true,
            _ => false,
        };
        if is_same {
            return;
        }
        self.made_for = known.cloned();
        self.counts_all = true;
        let due = known.map(|known| lanes_of(known)).unwrap_or_default();
        self.lanes.retain(|key, _| due.contains(key));
        for key in due {
            self.lanes.entry(key).or_insert_with(|| Lane {
                machine: Some(Machine::Alone),
                due: Instant::now(),
                news: None,
                is_wanted_again: false,
                is_backing_off: false,
                kept_trouble: None,
            });
        }
        // Machines know the node above and the key: they begin anew with what is known now.
        if let Some(known) = known {
            for (key, lane) in &mut self.lanes {
                if lane.machine.is_some() {
                    (lane.machine, lane.due, lane.is_backing_off) = (Some(machine_of(key, known)), Instant::now(), false);
                }
            }
        }
    }

    pub(super) fn put_back(&mut self, key: &LaneKey, rest: Rest, known: &Arc<Known>) {
        let is_same = self.made_for.as_ref().is_some_and(|now| Arc::ptr_eq(now, known));
        let Some(lane) = self.lanes.get_mut(key) else { return };
        let fresh = || self.made_for.as_ref().map(|known| machine_of(key, known));
        lane.machine = if is_same { rest.machine.or_else(fresh) } else { fresh() };
        lane.is_backing_off = rest.trouble.is_some();
        // The Centre's receipt comes in steps where a province lies between.
        let is_unit = known.membership.above.as_ref().is_some_and(|above| above.name != known.membership.centre);
        let is_of_another = || !known.inherited.contains(&key.origin) && known.followed_of_region().contains(&key.origin);
        let longest = match key.way {
            // They are many, and nobody waits for them.
            Way::Down if is_of_another() => READ_REGION_EVERY,
            Way::Down => READ_EVERY,
            Way::Up if is_unit => READ_EVERY,
            _ => QUIET,
        };
        // Half as much more or less, so that hundreds of nodes do not call in step after a common cause.
        let pause = Duration::from_secs(if lane.is_backing_off { rest.seconds } else { rest.seconds.min(longest) });
        let pause = pause.mul_f64(0.5 + rand::random::<f64>());
        if lane.is_backing_off {
            lane.news = None;
        }
        let is_wanted = std::mem::take(&mut lane.is_wanted_again) && !lane.is_backing_off;
        lane.due = if is_wanted || !is_same { Instant::now() } else { Instant::now() + pause };
    }

    /// Puts a lane back that had nothing new; its time comes as before.
    pub(super) fn leave(&mut self, key: &LaneKey, machine: Machine, known: &Arc<Known>) {
        let is_same = self.made_for.as_ref().is_some_and(|now| Arc::ptr_eq(now, known));
        let Some(lane) = self.lanes.get_mut(key) else { return };
        lane.machine = if is_same { Some(machine) } else { self.made_for.as_ref().map(|known| machine_of(key, known)) };
    }
}

/// The lanes that a node needs.
pub(in crate::node) fn lanes_of(known: &Known) -> Vec<LaneKey> {
    let (own, above) = (&known.membership.name, &known.membership.above);
    let mut lanes = Vec::new();
    for audience in TRAVELLING {
        if let Ok(origin) = Origin::of(own, audience) {
            lanes.push(LaneKey { origin, way: if known.membership.holder().is_some() { Way::Up } else { Way::Alone } });
        }
    }
    if above.is_none() {
        return lanes;
    }
    for origin in &known.held {
        let owner = origin.node();
        if owner != *own && known.directory.relays(own, origin) {
            lanes.push(LaneKey { origin: origin.clone(), way: Way::Relay });
        }
    }
    // What those above say about members, keys, kinds and returned records comes down; what a node said that this one follows, too.
    let followed = known.directory.members().map(|(node, _)| node).filter(|node| *node != own && known.directory.successor(node) == *own);
    let upwards = known.line_upwards();
    for node in upwards.iter().skip(1).chain([known.directory.centre()]).chain(followed) {
        for audience in [DIRECTORY, CATALOGUE, CITE] {
            if let Ok(origin) = Origin::of(node, audience) {
                lanes.push(LaneKey { origin, way: Way::Down });
            }
        }
    }
    for origin in known.inherited.iter().cloned().chain(known.followed_of_region()) {
        lanes.push(LaneKey { origin, way: Way::Down });
    }
    // Until the directory has come, the node above is known by the answer to the joining.
    if let Some(above) = above
        && let Ok(origin) = Origin::of(&above.name, DIRECTORY)
    {
        lanes.push(LaneKey { origin, way: Way::Down });
    }
    // What the Centre says comes to its second site by the Centre's own lanes.
    let comes_by_itself = |lane: &LaneKey| known.membership.is_second_site && lane.origin.node() == known.membership.centre;
    lanes.retain(|lane| lane.way != Way::Down || !comes_by_itself(lane));
    lanes.sort_unstable();
    lanes.dedup();
    lanes
}

fn machine_of(key: &LaneKey, known: &Known) -> Machine {
    let owner = |voice| {
        let above: Option<NodeName> = known.membership.holder().map(|above| above.name.clone());
        above.map_or(Machine::Alone, |above| Machine::Up(Box::new(Owner::new(key.origin.clone(), above, voice))))
    };
    match key.way {
        Way::Alone => Machine::Alone,
        Way::Up => owner(Voice::Owner(Box::new(known.parent.key.clone()))),
        Way::Relay => owner(Voice::Relay),
        Way::Down if known.membership.above.as_ref().is_some_and(|above| above.name == key.origin.node()) => {
            Machine::Down(Box::new(ReaderLoop::at_owner(key.origin.clone())))
        }
        Way::Down => Machine::Down(Box::new(ReaderLoop::new(key.origin.clone()))),
    }
}
