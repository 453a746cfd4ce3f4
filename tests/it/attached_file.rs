//! Files that records name, between nodes that exchange over real HTTP: the original of a document comes to the Centre behind the document, in pieces, and
//! goes with its erasure. Other nodes than those that may see the document get nothing of it.

use std::time::Duration;

use ::exchange::key::NodeKey;
use ::exchange::protocol::{Answer, LONGEST_PIECE, Refusal, Request};
use ::exchange::signature::sign;
use ::exchange::wire::{read_answer, write_request};
use ledger::{FileRef, LeafHash, Origin, RecordId};
use office::{Identity, Office, ReadingForm, Role, WireAnswer};

use crate::erasure::copy;
use crate::exchange::{TestNode, wait_until};
use crate::people::{DAK_LAK, MINISTRY, body, person};
use crate::visit::Visit;

const LOG: &str = "lv1/sokhcn.daklak/public";

/// A document whose text is published, from a file of about so many bytes.
fn publish_document(node: &TestNode, length: usize) -> RecordId {
    let office = &node.office;
    let officer = office.act_as(&office.console(), "daklak.cv").unwrap_or_else(|_| person(office, "daklak.cv", DAK_LAK, Role::Officer));
    // Lines that say nothing come before the conclusion.
    let mut words = include_str!("../../demo/conclusion-xv.txt").to_owned();
    words.push_str(&"\n".repeat(length));
    let form = ReadingForm {
        owner: body(office, DAK_LAK),
        conference: None,
        assigner: Some(body(office, MINISTRY)),
        source_url: None,
        name: "Kết luận XV.txt".into(),
        bytes: words.into_bytes(),
    };
    let imported = office.import_conclusion(&officer, form).unwrap();
    assert!(office.settle(Duration::from_secs(20)));
    let review = office.review(&officer, imported.document).unwrap();
    let one = review.directives.iter().find(|one| one.directive.text.contains("tổ chức ký kết")).unwrap().id;
    office.issue_to(&officer, imported.document, Some(vec![one]), None).unwrap();
    imported.document
}

fn named(office: &Office, id: RecordId) -> FileRef {
    office.attached_files(&Identity::public(), id).unwrap()[0].0.clone()
}

fn has_come(node: &TestNode, id: RecordId) -> bool {
    node.office.attached_files(&Identity::public(), id).is_ok_and(|files| files.iter().any(|(_, is_here)| *is_here))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_original_of_a_document_comes_to_the_centre_behind_it_and_goes_with_its_erasure() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::under(&centre, folder.path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    let document = publish_document(&province, 200_000);
    wait_until("the file is at the Centre", || has_come(&centre, document));
    let (here, there) = (named(&province.office, document), named(&centre.office, document));
    assert_eq!((&here.name, here.len, &here.sha256), (&"Kết luận XV.txt".to_owned(), there.len, &there.sha256));
    let router = web::router(centre.office.clone(), web::Options::at("http://localhost"));
    let page = Visit::get(format!("/van-ban/{document}")).send(&router).await;
    let place = format!("/r/{document}/tep/{}", there.sha256);
    assert!(page.text.contains(&place), "the page offers it");
    let reply = Visit::get(&place).send(&router).await;
    assert_eq!(reply.bytes.len() as u64, here.len);
    assert_eq!(office::sha256(&reply.bytes), here.sha256);
    assert_eq!(Visit::get(format!("/r/{document}/tep/{}", "0".repeat(64))).send(&router).await.status, 404);
    let officer = province.office.act_as(&province.office.console(), "daklak.cv").unwrap();
    province.office.erase(&officer, document, "12/QĐ-SKHCN").unwrap();
    assert!(!province.office.ledger().has_file(&here.sha256), "gone at its owner");
    wait_until("gone at the Centre", || !centre.office.ledger().has_file(&here.sha256));
    assert!(centre.office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

#[test]
fn a_centre_that_was_put_back_to_a_time_before_the_file_came_asks_for_it_again() {
    let (centre_folder, folder, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let address = centre.address.trim_start_matches("http://").to_owned();
    let province = TestNode::under(&centre, folder.path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    province.publish("Trước bản sao");
    wait_until("received", || province.standing(LOG).received == province.standing(LOG).next);
    centre.stop();
    copy(centre_folder.path(), old.path());
    let centre = TestNode::start_at(centre_folder.path(), "bo.khcn", &address);
    let document = publish_document(&province, 10);
    wait_until("the file is at the Centre", || has_come(&centre, document));
    centre.stop();
    let centre = TestNode::start_at(old.path(), "bo.khcn", &address);
    province.office.set_unplugged(&province.office.console(), false).unwrap();
    wait_until("the file is there again", || has_come(&centre, document));
}

#[test]
fn a_file_is_taken_only_for_an_entry_that_names_it_and_given_only_to_those_who_may_read_that() {
    let (centre_folder, folder, other_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::under(&centre, folder.path(), "sokhcn.daklak", "Sở KH&CN Đắk Lắk (minh họa)");
    let other = TestNode::under(&centre, other_folder.path(), "sokhcn.phuyen", "Sở KH&CN Phú Yên (minh họa)");
    let document = publish_document(&province, 10);
    wait_until("the file is at the Centre", || has_come(&centre, document));
    let file = named(&centre.office, document);
    let hash = LeafHash::from_hex(&file.sha256).unwrap();
    let origin = Origin::parse(LOG).unwrap();
    let index = (0..)
        .find(|index| call(&centre, &province, &origin, &Request::ReadFile { index: *index, file: hash, from: 0 }) != Answer::NotFound);
    let index = index.unwrap();
    let ask = |by: &TestNode, request: Request| call(&centre, by, &origin, &request);
    // The public log is everybody's; another entry does not name the file, nor does this one name another.
    assert!(
        matches!(ask(&other, Request::ReadFile { index, file: hash, from: 0 }), Answer::Bundle(bytes) if bytes.len() as u64 == file.len)
    );
    assert_eq!(ask(&other, Request::ReadFile { index: index + 1, file: hash, from: 0 }), Answer::NotFound);
    assert_eq!(ask(&other, Request::ReadFile { index: u64::MAX, file: hash, from: 0 }), Answer::NotFound);
    let unnamed = LeafHash([9; 32]);
    assert_eq!(ask(&province, Request::PutFile { index, file: unnamed, from: 0, body: vec![1] }), Answer::NotFound);
    // What is asked for is nobody's business but the owner's.
    assert_eq!(ask(&other, Request::FileGaps), Answer::Refused(Refusal::NotYours));
    assert_eq!(ask(&other, Request::PutFile { index, file: hash, from: 0, body: vec![1] }), Answer::Refused(Refusal::NotYours));
    assert_eq!(ask(&province, Request::FileGaps), Answer::FileGaps(Vec::new()));
    // Sent again it changes nothing.
    assert_eq!(ask(&province, Request::PutFile { index, file: hash, from: 0, body: vec![1] }), Answer::FileHeld(file.len));
    let long = Request::PutFile { index, file: hash, from: 0, body: vec![1; LONGEST_PIECE + 1] };
    assert_eq!(ask(&province, long), Answer::Refused(Refusal::Body));
    let ministry = Origin::parse("lv1/sokhcn.daklak/ministry").unwrap();
    assert_eq!(call(&centre, &other, &ministry, &Request::ReadFile { index: 0, file: hash, from: 0 }), Answer::Refused(Refusal::NotYours));
}

/// The secret key of a node.
pub fn key_of(node: &TestNode) -> NodeKey {
    let text = std::fs::read_to_string(node.office.folder().join(office::KEY_FILE)).unwrap();
    let seed = text.lines().find(|line| !line.starts_with('#')).and_then(|line| LeafHash::from_hex(line.trim())).unwrap();
    NodeKey::from_seed(&seed.0)
}

/// A call signed by a node, answered by another without a line between.
fn call(to: &TestNode, by: &TestNode, origin: &Origin, request: &Request) -> Answer {
    let wire = write_request(origin, request);
    let now = u64::try_from(by.office.clock().now() / 1_000_000).unwrap();
    let fields = sign(wire.target(), by.office.ledger().node(), &key_of(by), now);
    let WireAnswer { status, body } = to.office.answer_node(wire.target(), wire.coding, Some(&fields)).unwrap();
    read_answer(request, &WireAnswer { status, body }).unwrap()
}
