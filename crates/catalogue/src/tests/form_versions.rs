//! A circular changes a form: one more version beside those that records were made with.

use crate::{Catalogue, FormChangeSort};
use serde_json::json;

fn article(version: u64, change: impl Fn(String) -> String) -> String {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue/kinds/article.toml")).unwrap();
    change(text.replacen("version = 1", &format!("version = {version}"), 1))
}

/// A second version with one more required field.
fn second(text: String) -> String {
    text.replacen(
        "field = [",
        "field = [\n  { name = \"keywords\", type = \"text\", max = 200, required = true, vi = \"Từ khóa\", en = \"Keywords\" },",
        1,
    )
}

#[test]
fn an_adopted_version_is_current_and_the_one_before_still_checks_what_was_made_with_it() {
    let first = Catalogue::builtin().unwrap();
    let catalogue = first.with_form("a.toml", &article(2, second), true).unwrap();
    assert_eq!(catalogue.kind("article").unwrap().version, 2);
    let old = json!({"title": "Tin", "text": "x", "state": "draft", "owner": "0193a000-0000-7000-8000-000000000001"});
    let faults = catalogue.check("article", &old).unwrap_err();
    assert_eq!((faults[0].path.as_str(), faults[0].rule.as_str()), ("keywords", "required"));
    let under_first = catalogue.check_under(catalogue.kind_version("article", 1).unwrap(), &old).unwrap();
    assert_eq!((under_first.form(), under_first.data()), (1, &old));
    assert_eq!(first.kind("article").unwrap().version, 1, "the catalogue it was made from is as it was");
}

#[test]
fn a_version_that_is_not_adopted_changes_nothing_for_new_records_and_lends_its_fields_to_tables() {
    let catalogue = Catalogue::builtin().unwrap().with_form("a.toml", &article(2, second), false).unwrap();
    assert_eq!(catalogue.kind("article").unwrap().version, 1);
    assert!(catalogue.kind("article").unwrap().field("keywords").is_none());
    let all = catalogue.kind_of_all_versions("article").unwrap();
    assert_eq!(all.fields.last().unwrap().name, "keywords");
    assert!(!all.fields.last().unwrap().required);
}

#[test]
fn what_a_version_changes_is_listed_with_before_and_after() {
    let first = Catalogue::builtin().unwrap();
    let changed = |text: String| {
        let text = second(text);
        let line = text.lines().find(|line| line.contains("name = \"title\"")).unwrap().to_owned();
        text.replace(&line, &line.replace("max = 300", "max = 100").replace("Tiêu đề", "Đầu đề"))
    };
    let catalogue = first.with_form("a.toml", &article(2, changed), true).unwrap();
    let changes = first.kind("article").unwrap().form_changes(catalogue.kind("article").unwrap());
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!((changes[0].sort, changes[0].path.as_str()), (FormChangeSort::Added, "keywords"));
    assert_eq!((changes[1].sort, changes[1].path.as_str()), (FormChangeSort::Changed, "title"));
    let names: Vec<&str> = changes[1].aspects.iter().map(|aspect| aspect.name.en.as_str()).collect();
    assert_eq!(names, ["Label", "Holds"]);
    assert_eq!(changes[1].aspects[0].old.as_ref().unwrap().vi, "Tiêu đề");
    let back = catalogue.kind("article").unwrap().form_changes(first.kind("article").unwrap());
    assert!(back.iter().any(|change| change.sort == FormChangeSort::Removed && change.path == "keywords"));
}

#[test]
fn a_version_that_would_change_permission_or_comes_late_is_refused_with_its_reason() {
    let first = Catalogue::builtin().unwrap();
    let cases: [(u64, &str, &str, &str); 5] = [
        (1, "", "", "declared twice"),
        (2, "kind = \"article\"", "kind = \"bai_viet\"", "there is no kind"),
        (2, "title_field = \"title\"", "title_field = \"text\"", "title_field"),
        (2, "owner_field = \"owner\"\n", "", "owner_field"),
        (2, "type = \"markdown\"", "type = \"khac\"", "unknown type"),
    ];
    for (version, from, to, reason) in cases {
        let text = article(version, |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let error = first.with_form("a.toml", &text, true).expect_err(reason);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let third = first.with_form("a.toml", &article(3, second), true).unwrap();
    let error = third.with_form("b.toml", &article(2, second), true).unwrap_err();
    assert!(error.to_string().contains("not above 3"), "{error}");
}
