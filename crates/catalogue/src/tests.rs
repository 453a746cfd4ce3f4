//! The catalogue in the tree, whole: examples, schema and checks side by side, refusals of broken files.

mod codes;
mod form_versions;
mod legal_fields;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Audience, Catalogue};

/// The files of the catalogue in the tree.
fn files() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
    let mut files = Vec::new();
    for folder in std::fs::read_dir(&root).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(&file).unwrap()));
        }
    }
    files
}

fn catalogue() -> Catalogue {
    Catalogue::builtin().unwrap()
}

#[test]
fn every_kind_has_two_valid_and_three_invalid_examples_and_they_are_what_they_say() {
    let catalogue = catalogue();
    for kind in catalogue.kinds() {
        let of_kind = || catalogue.examples().iter().filter(|example| example.kind == kind.name);
        assert!(of_kind().filter(|example| example.faults.is_empty()).count() >= 2, "{}: valid examples", kind.name);
        assert!(of_kind().filter(|example| !example.faults.is_empty()).count() >= 3, "{}: invalid examples", kind.name);
    }
    // The loader runs them: an example that gives other faults than it names is a broken catalogue.
    let mut broken = files();
    let person = broken.iter_mut().find(|(path, _)| path == "examples/person.json").unwrap();
    person.1 = person.1.replacen("\"rule\": \"required\"", "\"rule\": \"empty\"", 1);
    let error = Catalogue::load(broken).unwrap_err().to_string();
    assert!(error.contains("examples/person.json") && error.contains("no name"), "{error}");
}

#[test]
fn messages_name_the_field_in_both_languages() {
    let catalogue = catalogue();
    for example in catalogue.examples().iter().filter(|example| !example.faults.is_empty()) {
        for fault in catalogue.check(&example.kind, &example.data).unwrap_err() {
            for text in [&fault.message.vi, &fault.message.en] {
                assert!(text.ends_with('.') && text.chars().count() > 12 && text.contains(':'), "{}: {text}", example.name);
            }
            assert_ne!(fault.message.vi, fault.message.en);
        }
    }
}

#[test]
fn the_class_of_2019_has_twelve_departments() {
    let catalogue = catalogue();
    let class = catalogue.bodies().iter().find(|body| body.id.ends_with("000000000002")).unwrap();
    assert_eq!(class.data["members"].as_array().unwrap().len(), 12);
    assert_eq!(class.data["names"][0]["text"], "12 Sở KH&CN vùng Nam Trung Bộ và Tây Nguyên");
}

#[test]
fn what_is_private_never_reaches_a_wider_projection() {
    let catalogue = catalogue();
    let data = json!({"name": "Nguyễn Văn A (minh họa)", "email": "minh-hoa@example.org", "phone": "0200 000 000"});
    let public = catalogue.project(catalogue.kind("person").unwrap(), &data, Audience::Public).unwrap();
    assert_eq!(public, json!({"name": "Nguyễn Văn A (minh họa)"}));
    let draft = json!({"title": "Nháp", "text": "x", "state": "draft", "owner": "0193a000-0000-7000-8000-000000000001"});
    assert_eq!(catalogue.project(catalogue.kind("article").unwrap(), &draft, Audience::Public), None, "drafts have no public side");
}

#[test]
fn a_broken_catalogue_is_refused_with_file_line_and_reason() {
    let cases: [(&str, &str, &str, &str); 8] = [
        ("kinds/article.toml", "list = \"workflow:article\"", "list = \"khong-co\"", "khong-co"),
        ("kinds/article.toml", "kinds = [\"body\"]", "kinds = [\"bodi\"]", "bodi"),
        ("kinds/article.toml", "title_field = \"title\"", "title_field = \"tieu_de\"", "tieu_de"),
        ("kinds/article.toml", "workflow = \"article\"", "workflow = \"khac\"", "khac"),
        ("kinds/article.toml", "valid_from = \"2019-01-01\"", "valid_from = \"2019-02-31\"", "2019-02-31"),
        ("kinds/article.toml", "vi = \"Tiêu đề\"", "vi = \"\"", "empty"),
        ("kinds/article.toml", "version = 1", "version = \"một\"", "invalid type"),
        ("codes/lists.toml", "name = \"due-origins\"", "name = \"periods\"", "periods"),
    ];
    for (file, from, to, reason) in cases {
        let mut broken = files();
        let (_, text) = broken.iter_mut().find(|(path, _)| path == file).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        *text = text.replacen(from, to, 1);
        let error = Catalogue::load(broken).expect_err(to);
        assert!(
            error.problems.iter().any(|problem| problem.file == file && problem.line > 0 && problem.reason.en.contains(reason)),
            "{to}: {error}"
        );
    }
    let mut stray = files();
    stray.push(("khac/la.toml".to_owned(), String::new()));
    assert!(Catalogue::load(stray).unwrap_err().to_string().contains("khac/la.toml"));
}

#[test]
fn a_form_and_its_data_are_the_same_thing_written_twice() {
    let catalogue = catalogue();
    for example in catalogue.examples().iter().filter(|example| example.faults.is_empty()) {
        let kind = catalogue.kind(&example.kind).unwrap();
        let pairs = kind.form_values(&example.data);
        let read = kind.read_form(&pairs).unwrap_or_else(|faults| panic!("{}: {:?}", example.name, faults.faults));
        assert_eq!(read, example.data, "{} {}", example.kind, example.name);
    }
}

/// Values of every sort, many of them at an edge.
fn value() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        " ",
        "a",
        "Một\nHai",
        "Một\tHai",
        "\u{7f}",
        "\u{1}",
        "2019-06-21",
        "2019-02-29",
        "2020-02-29",
        "1900-02-29",
        "2000-02-29",
        "2019-04-31",
        "0999-01-01",
        "2019-10",
        "2019-13",
        "2019-Q4",
        "2019-Q5",
        "2019",
        "999",
        "21/6/2019",
        "2026-11-23T10:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-11-23T10:00:00",
        "https://most.gov.vn/a?b=c",
        "http://",
        "https://a b",
        "ftp://x",
        "javascript:alert(1)",
        "https://x\"y",
        "0193a000-0000-7000-8000-000000000001",
        "0193A000-0000-7000-8000-000000000001",
        "0193a000000070008000000000000001",
        "draft",
        "published",
        "done",
        "blocked",
        "link",
        "vi",
        "department",
        "12.5",
        "-0.0",
        "1e5",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "Đắk Lắk",
        "<script>",
        "'; DROP TABLE entry; --",
        "𝒳",
    ];
    let leaf = prop_oneof![
        6 => proptest::sample::select(texts.to_vec()).prop_map(Value::from),
        1 => (295usize..305).prop_map(|length| Value::from("ấ".repeat(length))),
        2 => any::<i64>().prop_map(Value::from),
        2 => (-3i64..105).prop_map(Value::from),
        1 => prop_oneof![Just(json!(1.0)), Just(json!(1.5)), Just(json!(-0.0)), Just(json!(1e300)), Just(json!(2147483648_i64))],
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("(text|body|name|code|raw|start|end|la)", inner, 0..3)
                .prop_map(|members: BTreeMap<String, Value>| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// One change of an example: which place (counted over all members, nested too), and the new value; none removes it.
fn change() -> impl Strategy<Value = (usize, Option<Value>)> {
    (0usize..60, proptest::option::weighted(0.8, value()))
}

/// Visits members in order; changes the one numbered `place`.
fn mutate(data: &mut Value, place: &mut usize, new: &Option<Value>) -> bool {
    match data {
        Value::Object(members) => {
            for name in members.keys().cloned().collect::<Vec<_>>() {
                if *place == 0 {
                    match new {
                        Some(new) => members.insert(name, new.clone()),
                        None => members.remove(&name),
                    };
                    return true;
                }
                *place -= 1;
                if members.get_mut(&name).is_some_and(|inner| mutate(inner, place, new)) {
                    return true;
                }
            }
            false
        }
        Value::Array(items) => items.iter_mut().any(|item| mutate(item, place, new)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// What the published schema accepts is what the checks accept, and the reverse.
    #[test]
    fn schema_and_checks_are_equal(pick in any::<proptest::sample::Index>(), changes in proptest::collection::vec(change(), 0..4), extra in proptest::option::weighted(0.1, value()),
        fields in proptest::collection::vec((any::<proptest::sample::Index>(), value()), 0..3)) {
        thread_local! {
            static READY: (Catalogue, BTreeMap<String, jsonschema::Validator>) = {
                let catalogue = Catalogue::builtin().unwrap();
                let validators = catalogue.kinds().map(|kind| (kind.name.clone(), jsonschema::draft202012::new(&catalogue.schema(kind)).unwrap())).collect();
                (catalogue, validators)
            };
        }
        READY.with(|(catalogue, validators)| {
            let example = pick.get(catalogue.examples());
            let kind = catalogue.kind(&example.kind).unwrap();
            let mut data = example.data.clone();
            for (place, new) in &changes {
                mutate(&mut data, &mut place.clone(), new);
            }
            if let Some(members) = data.as_object_mut() {
                for (field, value) in &fields {
                    members.insert(field.get(&kind.fields).name.clone(), value.clone());
                }
                if let Some(extra) = extra.clone() {
                    members.insert("truong_la".to_owned(), extra);
                }
            }
            let by_schema = validators[&kind.name].is_valid(&data);
            let faults = catalogue.check_structure(kind, &data);
            prop_assert_eq!(by_schema, faults.is_empty(), "{}: {} {:?}", kind.name, data, faults);
            Ok(())
        })?;
    }
}
