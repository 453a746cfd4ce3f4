//! The chapter that maps the fields of the law to ours names only fields that exist, and every kind of the register.

use std::collections::BTreeSet;

use super::catalogue;
use crate::Field;

const VI: &str = include_str!("../../../../book/src/vi/truong-phap-luat.md");
const EN: &str = include_str!("../../../../book/src/en/legal-fields.md");

/// The middle cells of the rows of all tables.
fn rows(chapter: &str) -> Vec<&str> {
    let mut rows = Vec::new();
    for line in chapter.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 5, "{line}");
        if !matches!(cells[2], "Trường của Liên Vùng" | "Our field") {
            rows.push(cells[2]);
        }
    }
    rows
}

fn paths(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn exists(fields: &[Field], path: &str) -> bool {
    match path.split_once('.') {
        None => fields.iter().any(|field| field.name == path),
        Some((first, rest)) => fields
            .iter()
            .any(|field| field.name == first && matches!(&field.of, crate::FieldType::Group { fields, .. } if exists(fields, rest))),
    }
}

#[test]
fn every_field_the_chapter_names_exists_and_a_row_without_one_says_that_the_law_is_open() {
    let catalogue = catalogue();
    for (chapter, open) in [(VI, "còn mở trong luật"), (EN, "open in law")] {
        let rows = rows(chapter);
        assert!(rows.len() > 100, "{}", rows.len());
        for row in rows {
            assert!(!paths(row).is_empty() || row == open, "{row}");
            for path in paths(row) {
                let (kind, field) = path.split_once('.').unwrap();
                assert!(catalogue.kind(kind).is_some_and(|kind| exists(&kind.fields, field)), "{path}");
            }
        }
    }
}

#[test]
fn the_chapter_is_the_same_in_both_languages_and_leaves_no_kind_of_the_register_out() {
    let fields = |chapter| rows(chapter).into_iter().map(paths).collect::<Vec<_>>();
    assert_eq!(fields(VI), fields(EN));
    let named: BTreeSet<&str> = fields(VI).into_iter().flatten().filter_map(|path| path.split_once('.')).map(|(kind, _)| kind).collect();
    for kind in catalogue().kinds().filter(|kind| !matches!(kind.group.as_str(), "direction" | "other")) {
        assert!(named.contains(kind.name.as_str()), "the chapter does not name {}", kind.name);
    }
}

#[test]
fn the_forms_of_2014_that_are_lists_have_their_maps() {
    let catalogue = catalogue();
    let maps: BTreeSet<&str> = catalogue.sheet_maps().iter().map(|map| map.name.as_str()).collect();
    // Form 9 is a receipt, not a record. That every target exists is checked when the maps are loaded.
    for form in [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12] {
        assert!(maps.contains(format!("mau-{form:02}").as_str()), "form {form}");
    }
    assert!(maps.contains("bieu-01cs") && maps.contains("bieu-01cs-thiet-bi"));
}
