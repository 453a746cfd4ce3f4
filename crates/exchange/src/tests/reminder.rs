//! A node that nobody stands above and that was put back to an old backup is reminded by its readers of what it had signed, before it signs anything else.

use std::collections::BTreeMap;

use ledger::{Entry, NodeName, Op, Origin};
use serde_json::json;

use crate::cite::CITE;
use crate::directory::{DIRECTORY, Directory, Statement};
use crate::key::NodeKey;
use crate::log::{CheckedEntry, append};
use crate::memory::MemoryShelf;
use crate::owner::{Effect, Event, sign_alone};
use crate::parent::Parent;
use crate::protocol::{Answer, Call, Refusal, Request};
use crate::reader::ReaderLoop;
use crate::shelf::ShelfRead;

const CHILD: &str = "sokhcn.daklak";

struct Scene {
    centre: Parent,
    directory: Directory,
    origin: Origin,
}

fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

fn scene(audience: &str) -> Scene {
    let (key, child) = (NodeKey::from_seed(&[1; 32]), NodeKey::from_seed(&[2; 32]));
    let node = Statement::Node { name: name(CHILD), key: child.public(), title: "Sở (minh họa)".to_owned() };
    let directory = Directory::of(&name("bo.khcn"), key.public(), &BTreeMap::from([(name("bo.khcn"), vec![node])]));
    let centre = Parent { name: name("bo.khcn"), key, standby_for: None };
    Scene { origin: Origin::of(&centre.name, audience).unwrap(), centre, directory }
}

fn say(scene: &Scene, shelf: &mut MemoryShelf, what: u64) {
    let serde_json::Value::Object(members) = json!({"op": "aud", "name": format!("a{what}"), "readers": []}) else { unreachable!() };
    let bytes = Entry::new(1_700_000_000_000_000, Op::Other(members)).to_bytes().unwrap();
    append(shelf, &scene.origin, CheckedEntry::read(&bytes, None).unwrap()).unwrap();
}

fn sign(scene: &Scene, shelf: &mut MemoryShelf) {
    assert!(sign_alone(shelf, &scene.origin, &scene.centre.key).unwrap());
}

/// Runs a reader against the Centre; returns the answers to its reminders.
fn read(scene: &Scene, centre: &mut MemoryShelf, shelf: &mut MemoryShelf, caller: Option<&str>) -> Vec<Answer> {
    let mut reader = ReaderLoop::at_owner(scene.origin.clone());
    let (mut event, mut reminders) = (Event::Wake, Vec::new());
    loop {
        let effects = reader.step(shelf, &scene.directory, event).unwrap();
        let request = effects.into_iter().find_map(|effect| if let Effect::Send(request) = effect { Some(request) } else { None });
        let Some(request) = request else { return reminders };
        let is_reminder = matches!(request, Request::Remind { .. });
        let call = Call { origin: scene.origin.clone(), caller: caller.map(name), request };
        let answer = scene.centre.answer(centre, &scene.directory, &call, 0).unwrap();
        if is_reminder {
            reminders.push(answer.clone());
        }
        event = Event::Answer(answer);
    }
}

#[test]
fn what_the_centre_has_signed_comes_back_from_a_reader_and_what_it_wrote_since_goes_behind_it() {
    for audience in [DIRECTORY, CITE] {
        let scene = scene(audience);
        let (mut centre, mut reader) = (MemoryShelf::new(), MemoryShelf::new());
        for what in 0..5 {
            say(&scene, &mut centre, what);
        }
        sign(&scene, &mut centre);
        let backup = centre.clone();
        for what in 5..9 {
            say(&scene, &mut centre, what);
        }
        sign(&scene, &mut centre);
        assert!(read(&scene, &mut centre, &mut reader, Some(CHILD)).is_empty());
        let mut restored = backup.clone();
        say(&scene, &mut restored, 100);
        assert!(matches!(read(&scene, &mut restored, &mut reader, Some(CHILD))[..], [Answer::Head(_)]));
        let (before, after) = (centre.rows(&scene.origin), restored.rows(&scene.origin));
        assert_eq!(after[..9], before[..]);
        assert_eq!(after.len(), 10, "what was said since stands behind");
        let log = restored.log(&scene.origin).unwrap().unwrap();
        assert_eq!((log.size, log.signed_size()), (10, 9));
        sign(&scene, &mut restored);
        assert!(read(&scene, &mut restored, &mut reader, Some(CHILD)).is_empty());
        assert_eq!(reader.rows(&scene.origin), restored.rows(&scene.origin), "one tree");
        assert!(reader.evidence().is_empty());
    }
}

#[test]
fn nobody_puts_words_into_the_mouth_of_the_centre() {
    let scene = scene(DIRECTORY);
    let (mut centre, mut reader) = (MemoryShelf::new(), MemoryShelf::new());
    say(&scene, &mut centre, 0);
    sign(&scene, &mut centre);
    let backup = centre.clone();
    say(&scene, &mut centre, 1);
    sign(&scene, &mut centre);
    read(&scene, &mut centre, &mut reader, Some(CHILD));
    let note = reader.log(&scene.origin).unwrap().unwrap().checkpoint.unwrap().to_string();
    let body = |what: u64| {
        let mut shelf = backup.clone();
        say(&scene, &mut shelf, what);
        let mut body = Vec::new();
        crate::batch::push_entry(&mut body, &shelf.rows(&scene.origin)[1].bytes, None);
        body
    };
    let ask = |caller: Option<&str>, request: Request| {
        let mut restored = backup.clone();
        let call = Call { origin: scene.origin.clone(), caller: caller.map(name), request };
        let answer = scene.centre.answer(&mut restored, &scene.directory, &call, 0).unwrap();
        let is_as_before = restored.rows(&scene.origin) == backup.rows(&scene.origin);
        assert!(is_as_before || matches!(answer, Answer::Head(_)), "a refusal changes nothing");
        answer
    };
    let remind = |from: u64, note: &str, body: Vec<u8>| Request::Remind { from, note: note.to_owned(), body };
    assert_eq!(ask(None, remind(1, &note, body(1))), Answer::Refused(Refusal::NotYours));
    assert_eq!(ask(Some("so.la"), remind(1, &note, body(1))), Answer::Refused(Refusal::NotYours));
    assert_eq!(ask(Some(CHILD), remind(1, &note, body(7))), Answer::Refused(Refusal::Root), "another entry than was signed");
    assert_eq!(ask(Some(CHILD), remind(1, &note, Vec::new())), Answer::Refused(Refusal::Count));
    assert_eq!(ask(Some(CHILD), remind(1, &note, vec![0, 9, 1])), Answer::Refused(Refusal::Body));
    assert!(matches!(ask(Some(CHILD), remind(0, &note, body(1))), Answer::Conflict(_)));
    assert_eq!(ask(Some(CHILD), remind(1, "lv1/bo.khcn/directory\n", body(1))), Answer::Refused(Refusal::Note));
    let other = NodeKey::from_seed(&[2; 32]);
    let mut forged = centre.clone();
    say(&scene, &mut forged, 2);
    assert!(sign_alone(&mut forged, &scene.origin, &other).unwrap());
    let forged = forged.log(&scene.origin).unwrap().unwrap().checkpoint.unwrap().to_string();
    assert_eq!(ask(Some(CHILD), remind(1, &forged, body(1))), Answer::Refused(Refusal::Key), "signed by the child itself");
}
