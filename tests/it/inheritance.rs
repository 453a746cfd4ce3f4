//! A node that was merged into another: its records are taken over there, go on behind their last versions, and everybody above follows.

use catalogue::Audience;
use office::{Draft, Identity, RecordId, Role};
use serde_json::json;

use crate::exchange::{TestNode, wait_until};
use crate::people::{body, person};

const OLD: &str = "sokhcn.kontum";
const HEIR: &str = "sokhcn.quangngai";
const OLD_BODY: &str = "Sở KH&CN Kon Tum";
const HEIR_BODY: &str = "Sở KH&CN Quảng Ngãi";

struct Merged {
    centre: TestNode,
    old: TestNode,
    heir: TestNode,
    /// Works at the old node.
    officer: Identity,
    _folders: Vec<tempfile::TempDir>,
}

impl Merged {
    fn start() -> Merged {
        let folders: Vec<tempfile::TempDir> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
        let centre = TestNode::centre(folders[0].path());
        let old = TestNode::start(folders[1].path(), OLD);
        let heir = TestNode::start(folders[2].path(), HEIR);
        old.join(&centre, "Sở Kon Tum (minh họa)");
        heir.join(&centre, "Sở Quảng Ngãi (minh họa)");
        let officer = person(&old.office, "kontum.cv", OLD_BODY, Role::Officer);
        Merged { centre, old, heir, officer, _folders: folders }
    }

    fn article(&self, id: Option<RecordId>, title: &str) -> RecordId {
        let owner = body(&self.old.office, OLD_BODY).to_string();
        let data = json!({"title": title, "text": "Nội dung", "summary": "Tóm tắt", "state": "published", "published_day": "2026-11-20",
            "owner": owner, "responsible_editor": "Ban biên tập", "source": "minh họa"});
        let previous = id.map(|id| self.old.office.view(&self.officer, id).unwrap().leaf);
        self.old.office.submit(&self.officer, Draft { id, kind: "article".into(), data, previous }).unwrap().id
    }

    fn merge(&self) {
        wait_until("the old node closes", || self.old.office.close_node(&self.old.office.console(), HEIR).is_ok());
        let console = self.centre.office.console();
        wait_until("merged", || self.centre.office.merge_node(&console, OLD, HEIR, "202/2025/QH15", false).is_ok());
    }

    /// Waits until the heir holds the record and may take it over.
    fn wait_for(&self, id: RecordId) {
        let public = Identity::public();
        wait_until("handed over", || {
            let view = self.heir.office.view(&public, id);
            view.is_ok_and(|view| view.form > 0 && view.held.is_some_and(|held| held.take_over.is_some()))
        });
    }

    /// What everybody sees of a record at the Centre: node, title, version.
    fn at_centre(&self, id: RecordId) -> Option<(String, String, u64)> {
        let view = self.centre.office.view(&Identity::public(), id).ok()?;
        let title = view.data?.get("title")?.as_str()?.to_owned();
        Some((view.held?.node, title, view.version))
    }
}

#[test]
fn an_heir_takes_a_record_over_and_its_next_version_follows_the_last_of_the_old_node() {
    let nodes = Merged::start();
    let id = nodes.article(None, "Bài thứ nhất");
    nodes.article(Some(id), "Bài thứ nhất, sửa");
    nodes.merge();
    nodes.wait_for(id);
    let heir = &nodes.heir.office;
    let officer = person(heir, "quangngai.cv", HEIR_BODY, Role::Officer);
    let stranger = person(heir, "daklak.cv", crate::people::DAK_LAK, Role::Officer);
    // Before, it can be read and not changed; not everybody may take it over.
    let view = heir.view(&officer, id).unwrap();
    assert!(!view.edit.allowed && view.held.as_ref().unwrap().take_over.as_ref().unwrap().allowed, "{:?}", view.edit.why);
    let mut data = view.data.clone().unwrap();
    data["title"] = json!("Bài của nút mới");
    let draft = |previous| Draft { id: Some(id), kind: "article".into(), data: data.clone(), previous: Some(previous) };
    assert_eq!(heir.submit(&officer, draft(view.leaf)).unwrap_err().code(), "denied");
    for who in [&stranger, &Identity::public()] {
        assert_eq!(heir.take_over(who, id).unwrap_err().code(), "denied");
    }
    // Taken over once, it is an own record with the whole of its past.
    let kept = heir.take_over(&officer, id).unwrap();
    assert_eq!(heir.take_over(&officer, id).unwrap_err().code(), "not_found");
    let own = heir.view(&officer, id).unwrap();
    assert!(own.held.is_none() && own.edit.allowed && own.audience == Audience::Private);
    assert_eq!(heir.former_history(&officer, id, 50).unwrap().len(), 2);
    heir.submit(&officer, draft(kept.leaf)).unwrap();
    // The old node wrote two, the heir took it over as the third and changed it as the fourth.
    wait_until("the Centre follows", || nodes.at_centre(id) == Some((HEIR.to_owned(), "Bài của nút mới".to_owned(), 4)));
    let history = nodes.centre.office.history(&Identity::public(), id, None, 50).unwrap();
    assert_eq!(history.iter().map(|version| version.ver).collect::<Vec<_>>(), [4, 3, 2, 1]);
    // What is withdrawn at the heir is withdrawn for everybody.
    let leaf = heir.view(&officer, id).unwrap().leaf;
    data["state"] = json!("withdrawn");
    let draft = Draft { id: Some(id), kind: "article".into(), data: data.clone(), previous: Some(leaf) };
    heir.submit(&officer, draft).unwrap();
    wait_until("withdrawn at the Centre", || nodes.at_centre(id).is_none());
}

#[test]
fn all_inherited_records_are_taken_over_at_once_and_a_second_time_none() {
    let nodes = Merged::start();
    let ids: Vec<RecordId> = (0..20).map(|number| nodes.article(None, &format!("Bài {number}"))).collect();
    nodes.merge();
    for id in &ids {
        nodes.wait_for(*id);
    }
    let heir = &nodes.heir.office;
    let leader = person(heir, "quangngai.ld", HEIR_BODY, Role::Leader);
    assert_eq!(heir.take_over_all(&leader, &mut |_| {}).unwrap_err().code(), "denied");
    // One was taken over before.
    heir.take_over(&leader, ids[3]).unwrap();
    let state = heir.take_over_all(&heir.console(), &mut |_| {}).unwrap();
    assert_eq!((state.taken, state.refused, state.is_running), (19, 0, false));
    assert_eq!(heir.take_over_all(&heir.console(), &mut |_| {}).unwrap().taken, 0);
    for id in &ids {
        wait_until("the Centre follows", || nodes.at_centre(*id).is_some_and(|(node, _, version)| node == HEIR && version == 2));
    }
    // Nobody else may.
    let at_centre = nodes.centre.office.take_over(&nodes.centre.office.console(), ids[0]).unwrap_err();
    assert_eq!(at_centre.code(), "not_inherited");
}
