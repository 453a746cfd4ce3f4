//! What was erased is gone everywhere it had come to (LV-Log/1 §9): from the disk of the nodes above, after a restart, after an old backup was put back.

use std::path::Path;
use std::time::Duration;

use office::{Identity, RecordId};

use crate::exchange::{TestNode, wait_until};
use crate::visit::Visit;

const LOG: &str = "lv1/sokhcn.daklak/public";
const SECRET: &str = "Nguyentrongbimatminhhoa";

/// Whether any file below holds the text, in any case of letters.
fn holds(folder: &Path, text: &str) -> bool {
    let needle = text.to_lowercase();
    let Ok(files) = std::fs::read_dir(folder) else { return false };
    files.flatten().any(|file| {
        let path = file.path();
        if path.is_dir() {
            return holds(&path, text);
        }
        // A file of the search index may be gone by now.
        let bytes: Vec<u8> = std::fs::read(path).unwrap_or_default().to_ascii_lowercase();
        bytes.windows(needle.len()).any(|part| part == needle.as_bytes())
    })
}

fn erase(node: &TestNode, record: RecordId) {
    let officer = node.office.act_as(&node.office.console(), "daklak.cv").unwrap();
    node.office.erase(&officer, record, "12/QĐ-SKHCN").unwrap();
}

fn all_received(province: &TestNode) {
    wait_until("received", || province.standing(LOG).received == province.standing(LOG).next);
}

#[test]
fn what_a_province_erases_is_in_no_file_of_the_centre_any_more_while_it_serves_and_after_a_restart() {
    let (centre_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    let secrets: Vec<RecordId> = (0..4).map(|number| province.publish(&format!("{SECRET} {number}"))).collect();
    let other = province.publish("Ở lại");
    wait_until("counted", || centre.office.view(&Identity::public(), other).is_ok());
    assert!(centre.office.settle(Duration::from_secs(30)));
    assert!(holds(centre_folder.path(), SECRET), "the test would see it");
    for secret in &secrets {
        erase(&province, *secret);
    }
    assert!(!holds(folder.path(), SECRET), "the owner's own disk");
    wait_until("gone from the Centre's disk", || !holds(centre_folder.path(), SECRET));
    assert!(centre.office.view(&Identity::public(), other).unwrap().data.is_some(), "it goes on serving");
    assert_eq!(centre.office.view(&Identity::public(), secrets[0]).unwrap().data, None);
    all_received(&province);
    centre.stop();
    let centre = TestNode::start(centre_folder.path(), "bo.khcn");
    assert!(centre.office.settle(Duration::from_secs(30)));
    assert!(!holds(centre_folder.path(), SECRET));
    assert!(centre.office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
}

/// Copies a folder as a backup tool does, over what is there.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.path().is_dir() {
            copy(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}

async fn status(node: &TestNode, path: &str) -> (u16, String) {
    let router = web::router(node.office.clone(), web::Options::at("http://localhost"));
    let page = Visit::get(path).send(&router).await;
    (page.status.as_u16(), page.text)
}

/// Makes the lanes of a node ask at once instead of within five minutes.
fn hurry(node: &TestNode) {
    node.office.set_unplugged(&node.office.console(), false).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_centre_put_back_to_an_old_backup_shows_nothing_until_its_children_were_heard() {
    let (centre_folder, folder, old, elsewhere) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let address = centre.address.trim_start_matches("http://").to_owned();
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    let secret = province.publish(SECRET);
    let other = province.publish("Ở lại");
    wait_until("counted", || centre.office.view(&Identity::public(), other).is_ok());
    assert!(centre.office.settle(Duration::from_secs(30)));
    all_received(&province);
    centre.stop();
    copy(centre_folder.path(), old.path());
    // A restart alone withholds nothing.
    let centre = TestNode::start_at(centre_folder.path(), "bo.khcn", &address);
    assert!(!centre.office.waits_after_restore());
    erase(&province, secret);
    all_received(&province);
    wait_until("gone", || !holds(centre_folder.path(), SECRET));
    centre.stop();
    province.office.set_unplugged(&province.office.console(), true).unwrap();
    // Put back over the folder, and into another one.
    for place in [elsewhere.path(), centre_folder.path()] {
        copy(old.path(), place);
        assert!(holds(place, SECRET), "the backup has it");
        let centre = TestNode::start_at(place, "bo.khcn", &address);
        assert!(centre.office.waits_after_restore());
        for path in [format!("/tin/{secret}"), format!("/r/{other}"), "/".to_owned(), "/api/v1/completeness".to_owned()] {
            let (code, text) = status(&centre, &path).await;
            assert!(code == 503 && !text.contains(SECRET), "{path}: {code}");
        }
        // Nor after another start: nobody has been heard.
        centre.stop();
        let centre = TestNode::start_at(place, "bo.khcn", &address);
        assert!(centre.office.waits_after_restore());
        if place == centre_folder.path() {
            hurry(&province);
            wait_until("serves again", || !centre.office.waits_after_restore());
            assert_eq!(status(&centre, &format!("/r/{other}")).await.0, 200);
            assert_eq!(centre.office.view(&Identity::public(), secret).unwrap().data, None);
            assert!(!holds(place, SECRET), "gone before it served");
            assert!(centre.office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
            centre.stop();
            let centre = TestNode::start_at(place, "bo.khcn", &address);
            assert!(!centre.office.waits_after_restore());
        } else {
            // A child that never comes: the operator answers for it.
            assert_eq!(centre.office.serve_after_restore(&centre.office.console(), " ").unwrap_err().code(), "basis_missing");
            assert!(centre.office.waits_after_restore());
            centre.office.serve_after_restore(&centre.office.console(), "3/QĐ-BKHCN").unwrap();
            wait_until("serves", || !centre.office.waits_after_restore());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_restored_from_a_backup_shows_nothing_until_it_has_its_erasures_from_above() {
    let (centre_folder, folder, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = TestNode::centre(centre_folder.path());
    let address = centre.address.trim_start_matches("http://").to_owned();
    let province = TestNode::start(folder.path(), "sokhcn.daklak");
    province.join(&centre, "Sở KH&CN Đắk Lắk (minh họa)");
    let secret = province.publish(SECRET);
    let other = province.publish("Ở lại");
    all_received(&province);
    let backup = old.path().join("backup");
    province.office.ledger().backup(&backup, &mut |_, _| {}).unwrap();
    erase(&province, secret);
    all_received(&province);
    province.stop();
    centre.stop();
    let restored = old.path().join("restored");
    std::fs::create_dir_all(&restored).unwrap();
    ledger::Ledger::restore(&backup, &restored.join("lienvung.sqlite"), &mut |_, _| {}).unwrap();
    std::fs::copy(folder.path().join(office::KEY_FILE), restored.join(office::KEY_FILE)).unwrap();
    let province = TestNode::start(&restored, "sokhcn.daklak");
    assert!(province.office.waits_after_restore());
    assert_eq!(status(&province, &format!("/r/{secret}")).await.0, 503);
    let centre = TestNode::start_at(centre_folder.path(), "bo.khcn", &address);
    hurry(&province);
    wait_until("serves again", || !province.office.waits_after_restore());
    assert_eq!(status(&province, &format!("/r/{other}")).await.0, 200);
    let public = province.office.view(&Identity::public(), secret);
    assert!(public.is_err() || public.unwrap().data.is_none());
    // Nor is it left inside, in the log that never went up.
    assert!(!holds(&restored, SECRET));
    assert!(province.office.ledger().verify(&mut |_, _| {}).unwrap().problems.is_empty());
    drop(centre);
}
