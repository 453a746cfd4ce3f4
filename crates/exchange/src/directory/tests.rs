//! The directory as a function of its statements.

use super::*;
use crate::key::NodeKey;

fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

fn key(number: u8) -> PublicKey {
    NodeKey::from_seed(&[number; 32]).public()
}

fn join(name_of: &str, number: u8) -> Statement {
    Statement::Node { name: name(name_of), key: key(number), title: "Sở KH&CN (minh họa)".into() }
}

fn log(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn succession(of: &str, by: &str, cut: u64, start: u64) -> Statement {
    let cut = Sizes::from([(log(&format!("lv1/{of}/public")), cut)]);
    let start = Sizes::from([(log(&format!("lv1/{by}/public")), start)]);
    Statement::Transfer { recs: None, of: name(of), by: name(by), cut, start, basis: "202/2025/QH15".into() }
}

type Logs = BTreeMap<NodeName, Vec<Statement>>;

fn two_provinces() -> Logs {
    Logs::from([(name("bo.khcn"), vec![join("kontum", 1), join("quangngai", 2)]), (name("kontum"), vec![join("donvi.kontum", 3)])])
}

fn with(mut logs: Logs, writer: &str, statements: Vec<Statement>) -> Directory {
    logs.entry(name(writer)).or_default().extend(statements);
    Directory::of(&name("bo.khcn"), key(0), &logs)
}

#[test]
fn statements_come_back_as_they_were() {
    let recs = BTreeSet::from([RecordId::new()]);
    let sizes = Sizes::from([(log("lv1/kontum/public"), 7)]);
    let basis = "1/QĐ".to_owned();
    let all = [
        join("kontum", 1),
        Statement::Key { node: name("kontum"), key: key(4), change: KeyChange::Revoke, from: sizes.clone() },
        Statement::Audience { name: "region".into(), readers: vec![name("kontum")] },
        succession("kontum", "quangngai", 3, 4),
        Statement::Transfer { recs: Some(recs), of: name("kontum"), by: name("quangngai"), cut: sizes.clone(), start: sizes, basis },
    ];
    for statement in all {
        assert_eq!(Statement::from_op(&statement.to_op()), Some(statement));
    }
    assert_eq!(Statement::from_op(&Op::Other(Map::new())), None);
}

#[test]
fn after_a_merger_the_records_the_units_and_the_rights_are_the_successors() {
    let (kontum, quangngai, unit) = (name("kontum"), name("quangngai"), name("donvi.kontum"));
    let before = with(two_provinces(), "bo.khcn", vec![]);
    assert!(before.may_write(&unit, &log("lv1/donvi.kontum/public"), &kontum));
    let directory = with(two_provinces(), "bo.khcn", vec![succession("kontum", "quangngai", 10, 20)]);
    assert_eq!(directory.successor(&kontum), quangngai);
    assert_eq!(directory.parent_of(&unit), Some(quangngai.clone()));
    assert!(directory.may_write(&unit, &log("lv1/donvi.kontum/public"), &quangngai));
    assert!(directory.may_read(Some(&quangngai), &log("lv1/kontum/region")));
    let tenures = directory.tenures(&kontum, RecordId::new());
    assert_eq!(tenures.len(), 2);
    let (old, new) = (&tenures[0], &tenures[1]);
    assert!(old.covers(&log("lv1/kontum/public"), 9) && !old.covers(&log("lv1/kontum/public"), 10));
    assert!(new.covers(&log("lv1/quangngai/public"), 20) && !new.covers(&log("lv1/quangngai/public"), 19));
}

#[test]
fn nobody_speaks_for_another_ones_nodes() {
    let before = with(two_provinces(), "bo.khcn", vec![]);
    let after = with(
        two_provinces(),
        "quangngai",
        vec![
            join("kontum", 9),
            join("donvi.kontum", 9),
            Statement::Key { node: name("kontum"), key: key(9), change: KeyChange::Add, from: Sizes::new() },
            succession("kontum", "quangngai", 0, 0),
            Statement::Audience { name: "region".into(), readers: vec![name("quangngai")] },
        ],
    );
    assert_eq!(before, after);
}

#[test]
fn an_heir_speaks_for_the_units_of_a_merged_node_whatever_the_names() {
    for (old, heir) in [("kontum", "quangngai"), ("quangngai", "kontum")] {
        let logs = Logs::from([
            (name("bo.khcn"), vec![join("kontum", 1), join("quangngai", 2), succession(old, heir, 1, 1)]),
            (name(old), vec![join("donvi.mot", 3)]),
        ]);
        let add = Statement::Key { node: name("donvi.mot"), key: key(7), change: KeyChange::Add, from: Sizes::new() };
        assert_eq!(with(logs, heir, vec![add]).present_keys(&name("donvi.mot")), vec![key(3), key(7)], "{old} into {heir}");
    }
}

#[test]
fn a_circle_of_mergers_ends() {
    let circle = vec![succession("kontum", "quangngai", 1, 1), succession("quangngai", "kontum", 1, 1)];
    let directory = with(two_provinces(), "bo.khcn", circle);
    assert_eq!(directory.successor(&name("quangngai")), name("quangngai"));
    assert_eq!(directory.successor(&name("kontum")), name("quangngai"));
}

#[test]
fn a_revoked_key_keeps_what_it_signed_up_to_the_last_trustworthy_size() {
    let (kontum, public, region) = (name("kontum"), log("lv1/kontum/public"), log("lv1/kontum/region"));
    let change = |number, change, from| Statement::Key { node: name("kontum"), key: key(number), change, from };
    let last = Sizes::from([(public.clone(), 100)]);
    let statements = vec![change(8, KeyChange::Add, Sizes::new()), change(1, KeyChange::Revoke, last)];
    let directory = with(two_provinces(), "bo.khcn", statements);
    assert_eq!(directory.keys(&kontum, &public, 100), vec![key(1), key(8)]);
    assert_eq!(directory.keys(&kontum, &public, 101), vec![key(8)]);
    assert_eq!(directory.keys(&kontum, &region, 1), vec![key(8)]);
    assert_eq!(directory.present_keys(&kontum), vec![key(8)]);
}
