//! Search and overlap on real titles of tasks: figures over the whole set, never single questions. Data: `shared/data/tasks`.

use std::collections::{BTreeMap, HashMap};

use finder::{CollectedText, Collection, Entry, Finder, Query};
use serde::Deserialize;

use crate::shared::shared;

#[derive(Deserialize)]
struct Asked {
    q: String,
    relevant: Vec<String>,
    kind: String,
    #[serde(rename = "in")]
    among: String,
}

fn titles(name: &str) -> Option<Vec<(String, String)>> {
    let bytes = shared(name)?;
    let mut table = csv::Reader::from_reader(bytes.as_slice());
    let column = |name: &str, heads: &csv::StringRecord| heads.iter().position(|head| head == name).unwrap();
    let heads = table.headers().unwrap().clone();
    let (id, title) = (column("id", &heads), column("title", &heads));
    Some(table.records().map(|row| row.unwrap()).map(|row| (row[id].to_owned(), row[title].to_owned())).collect())
}

fn vocabulary() -> finder::Vocabulary {
    office::vocabulary_of(&catalogue::Catalogue::builtin().unwrap())
}

#[test]
fn a_relevant_title_is_among_the_first_five_however_it_is_typed() {
    let Some(queries) = shared("data/tasks/queries.jsonl") else { return };
    let asked: Vec<Asked> = finder::read_lines(queries.as_slice()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let finder = Finder::open(folder.path(), vocabulary()).unwrap();
    let everybody = || vec!["public".to_owned()];
    for kind in ["tasks", "technologies"] {
        let titles = titles(&format!("data/tasks/{kind}.csv")).unwrap();
        let entry = |(id, title)| Entry { id, title, kind: kind.to_owned(), visible_to: everybody(), ..Entry::default() };
        finder.put(&titles.into_iter().map(entry).collect::<Vec<_>>()).unwrap();
    }
    finder.commit(1).unwrap();
    let first_five = |text: &str, kind: &str| -> Vec<(String, String)> {
        let kinds = vec![kind.to_owned()];
        let query = Query { text: text.to_owned(), kinds, visible_to: everybody(), limit: 5, ..Query::default() };
        let found = finder.search(&query).unwrap();
        found.hits.into_iter().map(|hit| (hit.id, hit.title)).collect()
    };
    let mut figures: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut missed = Vec::new();
    for one in &asked {
        let hit = first_five(&one.q, &one.among).iter().any(|(id, _)| one.relevant.contains(id));
        let (found, of) = figures.entry(one.kind.clone()).or_default();
        (*found, *of) = (*found + usize::from(hit), *of + 1);
        if !hit {
            missed.push(one.q.as_str());
        }
    }
    println!("relevant among the first five: {figures:?}; missed: {missed:?}");
    for (kind, (found, of)) in &figures {
        let least = if kind == "topic" { 0.7 } else { 0.95 };
        assert!(*found as f64 >= least * *of as f64, "{kind}: {found} of {of}; missed {missed:?}");
    }
    let crabs = first_five("cua bien", "tasks");
    assert!(viet::key(&crabs[0].1).contains("cua0 biên2"), "{crabs:?}");
}

#[test]
fn titles_that_overlap_stand_above_titles_that_do_not() {
    let (Some(tasks), Some(pairs)) = (titles("data/tasks/tasks.csv"), shared("data/tasks/overlaps.csv")) else { return };
    let texts: Vec<CollectedText> = tasks.into_iter().map(|(id, title)| CollectedText { id, title, parts: Vec::new() }).collect();
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::index(folder.path(), vocabulary(), &texts, |_| ()).unwrap();
    let mut table = csv::Reader::from_reader(pairs.as_slice());
    let pairs: Vec<HashMap<String, String>> = table.deserialize().map(|row| row.unwrap()).collect();
    // What each title of a pair finds: the others with their likeness, in order.
    let mut found: HashMap<&str, Vec<(String, f64)>> = HashMap::new();
    for id in pairs.iter().flat_map(|pair| [&pair["id_a"], &pair["id_b"]]) {
        found.entry(id).or_insert_with(|| {
            let text = texts.iter().find(|text| text.id == *id).unwrap();
            let others = collection.overlaps(text, 50).unwrap().into_iter().filter(|overlap| overlap.id != *id);
            others.map(|overlap| (overlap.id, overlap.share)).collect()
        });
    }
    let place = |one: &str, other: &str| found[one].iter().position(|(id, _)| id == other);
    let likeness = |one: &str, other: &str| place(one, other).map_or(0.0, |place| found[one][place].1);
    let of = |label: &str, degree: &str| -> Vec<f64> {
        let chosen = pairs.iter().filter(|pair| pair["label"] == label && (degree.is_empty() || pair["degree"] == degree));
        chosen.map(|pair| likeness(&pair["id_a"], &pair["id_b"]).max(likeness(&pair["id_b"], &pair["id_a"]))).collect()
    };
    let different = of("different", "");
    let (all, strong) = (area_under_curve(&of("overlap", ""), &different), area_under_curve(&of("overlap", "strong"), &different));
    let strong_pairs: Vec<_> = pairs.iter().filter(|pair| pair["degree"] == "strong").collect();
    let near = |one: &str, other: &str| place(one, other).is_some_and(|place| place < 5);
    let both = strong_pairs.iter().filter(|pair| near(&pair["id_a"], &pair["id_b"]) && near(&pair["id_b"], &pair["id_a"])).count();
    println!("AUC {all:.3}, strong {strong:.3}; strong pairs among the first five of each other: {both} of {}", strong_pairs.len());
    assert!(both as f64 >= 0.95 * strong_pairs.len() as f64);
    assert!(strong >= 0.95, "{strong}");
    // The goal is 0.90; what is reached is written in ADR 0029. Less than this is a step back.
    assert!(all >= 0.88, "{all}");
}

/// The chance that one of the first stands above one of the second.
fn area_under_curve(above: &[f64], below: &[f64]) -> f64 {
    let mut won = 0.0;
    for one in above {
        for other in below {
            won += if one > other {
                1.0
            } else if one == other {
                0.5
            } else {
                0.0
            };
        }
    }
    won / (above.len() * below.len()) as f64
}
