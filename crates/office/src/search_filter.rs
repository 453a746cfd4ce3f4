//! Filters that are typed into the search box, by the names people use: `tỉnh:"Kon Tum"`, `năm:2017..2020`, `loại:nhiệm vụ`, `cơ-quan:…`, `trạng-thái:…`.

use std::collections::BTreeSet;

use viet::fold;

use crate::office::Office;

/// What a filter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterName {
    Province,
    Year,
    Kind,
    Body,
    Status,
}

impl FilterName {
    /// By the folded word before the colon, in either language.
    pub(crate) fn of(name: &str) -> Option<FilterName> {
        Some(match name {
            "tinh" | "thanh-pho" | "province" => FilterName::Province,
            "nam" | "year" => FilterName::Year,
            "loai" | "kind" | "type" => FilterName::Kind,
            "co-quan" | "coquan" | "don-vi" | "donvi" | "body" => FilterName::Body,
            "trang-thai" | "trangthai" | "status" | "state" => FilterName::Status,
            _ => return None,
        })
    }
}

/// A filter with its values: a record has one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SearchFilter {
    Provinces(Vec<String>),
    Years(i32, i32),
    Kinds(Vec<String>),
    Bodies(Vec<String>),
    Statuses(Vec<String>),
}

impl Office {
    /// What a filter means; none when nothing bears the name.
    pub(crate) fn filter_of(&self, name: &str, value: &str) -> Option<SearchFilter> {
        let wanted = fold(value.trim());
        if wanted.is_empty() {
            return None;
        }
        match FilterName::of(name)? {
            FilterName::Province => some_of(self.provinces_named(&wanted)).map(SearchFilter::Provinces),
            FilterName::Year => years(&wanted).map(|(first, last)| SearchFilter::Years(first, last)),
            FilterName::Kind => {
                let kinds = self.catalogue().kinds();
                let named = kinds.filter(|kind| {
                    let labels = [&kind.label.vi, &kind.label.en, &kind.plural.vi, &kind.plural.en, &kind.name];
                    labels.into_iter().any(|label| is_name(label, &wanted))
                });
                some_of(named.map(|kind| kind.name.clone()).collect()).map(SearchFilter::Kinds)
            }
            FilterName::Body => {
                let today = self.clock().today();
                let bodies = self.directory();
                let named = bodies
                    .all()
                    .into_iter()
                    .filter(|body| is_name(body.name_on(today), &wanted) || is_name(&bodies.short_name(body.id, today), &wanted));
                some_of(named.map(|body| body.id.to_string()).collect()).map(SearchFilter::Bodies)
            }
            FilterName::Status => {
                let lists = self.catalogue().lists().filter(|list| list.name.starts_with("workflow:"));
                let codes = lists.flat_map(|list| &list.codes);
                let named =
                    codes.filter(|code| code.code == wanted || is_name(&code.label.vi, &wanted) || is_name(&code.label.en, &wanted));
                some_of(named.map(|code| code.code.clone()).collect()).map(SearchFilter::Statuses)
            }
        }
    }

    /// The codes of a province by its name: of one that exists, with all that has gone into it; of one that is no more, itself alone.
    fn provinces_named(&self, wanted: &str) -> Vec<String> {
        let today = self.clock().today().to_string();
        let Some(list) = self.catalogue().list("provinces") else { return Vec::new() };
        let named: Vec<&str> = list
            .codes
            .iter()
            .filter(|code| fold(code.name()) == *wanted || fold(&code.label.vi) == *wanted)
            .map(|code| code.code.as_str())
            .collect();
        let current: Vec<&str> = named.iter().copied().filter(|code| list.get(code).is_some_and(|code| code.is_valid_on(&today))).collect();
        if current.is_empty() {
            return named.into_iter().map(str::to_owned).collect();
        }
        let inside =
            list.codes.iter().filter(|code| list.now_of(&code.code, &today).is_some_and(|now| current.contains(&now.code.as_str())));
        inside.map(|code| code.code.clone()).collect()
    }
}

fn is_name(label: &str, wanted: &str) -> bool {
    fold(label) == wanted
}

/// The values once each, or none when there are none.
fn some_of(values: Vec<String>) -> Option<Vec<String>> {
    let values: BTreeSet<String> = values.into_iter().collect();
    (!values.is_empty()).then(|| values.into_iter().collect())
}

/// `2019`, `2017..2020`, `2017-2020`; the years in order.
fn years(text: &str) -> Option<(i32, i32)> {
    let year = |text: &str| text.trim().parse::<i32>().ok().filter(|year| (1_900..=2_200).contains(year));
    let (first, last) = ["..", "–", "-"].iter().find_map(|mark| text.split_once(mark)).unwrap_or((text, text));
    let (first, last) = (year(first)?, year(last.trim_start_matches('.'))?);
    Some((first.min(last), first.max(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_one_or_a_span() {
        assert_eq!(years("2019"), Some((2019, 2019)));
        assert_eq!(years("2017..2020"), Some((2017, 2020)));
        assert_eq!(years("2020-2017"), Some((2017, 2020)));
        for text in ["", "x", "19", "2017..", "..2020", "2017..x"] {
            assert_eq!(years(text), None, "{text}");
        }
    }
}
