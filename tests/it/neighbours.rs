//! Offices of several nodes in one process: their logs go up and are read by direct calls of the machines over the ledgers.

use std::collections::BTreeMap;
use std::path::Path;

use ::exchange::checkpoint::{Checkpoint, SignedCheckpoint};
use ::exchange::directory::{Directory, Statement};
use ::exchange::held_record::{count_all, count_entries};
use ::exchange::key::NodeKey;
use ::exchange::ledger_shelf::LedgerShelf;
use ::exchange::owner::{Effect, Event, Moment, Owner, Voice};
use ::exchange::parent::Parent;
use ::exchange::protocol::{Answer, Call, Request};
use ::exchange::reader::ReaderLoop;
use ::exchange::shelf::{HeldLog, Shelf, ShelfRead};
use ledger::{LedgerError, NodeName, Origin};
use office::{Clock, Office, RecordId, Settings};

/// The Ministry's node.
pub const CENTRE: &str = "bo.khcn";
const NOW: u64 = 1_795_430_000;

/// The key of a node: as many as there are names.
fn key(node: &str) -> NodeKey {
    let mut seed = [0; 32];
    for (place, byte) in seed.iter_mut().zip(node.bytes()) {
        *place = byte;
    }
    NodeKey::from_seed(&seed)
}

pub fn name(node: &str) -> NodeName {
    NodeName::parse(node).unwrap()
}

/// The Centre with these nodes under it.
pub fn directory(nodes: &[(&str, &str)]) -> Directory {
    with(nodes, Vec::new())
}

/// The same, and what the Centre has said besides.
pub fn with(nodes: &[(&str, &str)], said: Vec<Statement>) -> Directory {
    let join = |(node, title): &(&str, &str)| Statement::Node { name: name(node), key: key(node).public(), title: (*title).to_owned() };
    let statements = nodes.iter().map(join).chain(said).collect();
    Directory::of(&name(CENTRE), key(CENTRE).public(), &BTreeMap::from([(name(CENTRE), statements)]))
}

/// The office of a node that is run by a body.
pub fn open_node(folder: &Path, node: &str, body: RecordId) -> Office {
    let clock = Clock::standing_at(jiff::civil::date(2026, 11, 23));
    Office::open(folder, Settings { node: node.into(), body, clock, database: None }).unwrap()
}

/// Brings every log of the child up to the Centre, which counts what it takes, as the carrier does.
pub fn send_up(child: &Office, centre: &Office, directory: &Directory) {
    for audience in ["catalogue", "ministry", "region", "public"] {
        if child.ledger().read(|r| r.entries(audience, 0, 1)).unwrap().is_empty() {
            continue;
        }
        let origin = Origin::of(child.ledger().node(), audience).unwrap();
        let mut owner = Owner::new(origin.clone(), name(CENTRE), Voice::Owner(Box::new(key(origin.node().as_str()))));
        let mut event = Event::Wake;
        loop {
            let (directory_below, step) = (directory.clone(), event);
            let (effects, after) = child
                .ledger()
                .write(move |w| -> Result<_, LedgerError> {
                    let moment = Moment { now: 1_795_430_000, id: RecordId::new() };
                    let effects = owner.step(&mut LedgerShelf::over(w), &directory_below, step, moment)?;
                    Ok((effects, owner))
                })
                .unwrap();
            owner = after;
            let Some(request) =
                effects.into_iter().find_map(|effect| if let Effect::Send(request) = effect { Some(request) } else { None })
            else {
                break;
            };
            event = Event::Answer(answer(centre, directory, &origin, Some(origin.node()), request));
        }
        let (size, held) = (size_of(child, &origin), size_of(centre, &origin));
        assert_eq!(size, held, "{origin}");
    }
}

/// Lets the Centre sign one of its own logs, and another node read it there.
pub fn read_from_centre(reader: &Office, centre: &Office, audience: &str, directory: &Directory) {
    let origin = Origin::of(&name(CENTRE), audience).unwrap();
    let signed = origin.clone();
    centre
        .ledger()
        .write(move |w| -> Result<(), LedgerError> {
            let mut shelf = LedgerShelf::over(w);
            let log = shelf.log(&signed)?.unwrap_or_else(HeldLog::empty);
            let checkpoint = Checkpoint { origin: signed.clone(), size: log.size, root: log.frontier.root() };
            shelf.keep(&signed, &HeldLog { checkpoint: Some(SignedCheckpoint::sign(checkpoint, &key(CENTRE))), ..log })
        })
        .unwrap();
    let mut machine = ReaderLoop::new(origin.clone());
    let mut event = Event::Wake;
    loop {
        let (directory_here, read, step) = (directory.clone(), origin.clone(), event);
        let (effects, after) = reader
            .ledger()
            .write(move |w| -> Result<_, LedgerError> {
                let effects = machine.step(&mut LedgerShelf::over(w), &directory_here, step)?;
                count_entries(w, &directory_here, &read)?;
                Ok((effects, machine))
            })
            .unwrap();
        machine = after;
        let Some(request) = effects.into_iter().find_map(|effect| if let Effect::Send(request) = effect { Some(request) } else { None })
        else {
            break;
        };
        event = Event::Answer(answer(centre, directory, &origin, Some(reader.ledger().node().clone()), request));
    }
    assert_eq!(size_of(centre, &origin), size_of(reader, &origin), "{origin}");
}

/// Counts everything a node holds by the directory as it is now.
pub fn count(office: &Office, directory: &Directory) {
    let directory = directory.clone();
    office
        .ledger()
        .write(move |w| -> Result<(), LedgerError> {
            while !count_all(w, &directory)? {}
            Ok(())
        })
        .unwrap();
}

fn answer(centre: &Office, directory: &Directory, origin: &Origin, caller: Option<NodeName>, request: Request) -> Answer {
    let call = Call { origin: origin.clone(), caller, request };
    let (directory, origin) = (directory.clone(), origin.clone());
    centre
        .ledger()
        .write(move |w| -> Result<Answer, LedgerError> {
            let parent = Parent { name: name(CENTRE), key: key(CENTRE), standby_for: None };
            let answer = parent.answer(&mut LedgerShelf::over(w), &directory, &call, NOW)?;
            count_entries(w, &directory, &origin)?;
            Ok(answer)
        })
        .unwrap()
}

fn size_of(office: &Office, origin: &Origin) -> u64 {
    let origin = origin.clone();
    office.ledger().write(move |w| -> Result<u64, LedgerError> { Ok(w.store().log_of(&origin)?.map_or(0, |log| log.size)) }).unwrap()
}
