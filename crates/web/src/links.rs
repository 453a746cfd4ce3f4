//! Addresses: language prefix, query strings, and paths that are safe to go back to.

use crate::lang::Lang;

/// A path in one language: `/chi-dao` → `/en/chi-dao`, `/` → `/en`.
pub fn in_language(lang: Lang, path: &str) -> String {
    match (lang, path) {
        (Lang::Vi, path) => path.to_owned(),
        (Lang::En, "/") => "/en".to_owned(),
        (Lang::En, path) => match path.strip_prefix("/?").or_else(|| path.strip_prefix("/#")) {
            Some(_) => format!("/en{}", path.trim_start_matches('/')),
            None => format!("/en{path}"),
        },
    }
}

/// Reads a query string into decoded pairs, in order. Bytes that are not UTF-8 become replacement characters.
pub fn read_query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// A path with a query string of these pairs; no question mark when there are none.
pub fn with_query(path: &str, pairs: &[(String, String)]) -> String {
    let mut address = path.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        encode_into(&mut address, name);
        address.push('=');
        encode_into(&mut address, value);
    }
    address
}

/// Query pairs with some changed (`None` removes) and `after`, the place in the list, forgotten unless it is among the changes.
pub fn changed(pairs: &[(String, String)], changes: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
    let is_changed = |name: &str| name == "after" || changes.iter().any(|(changed, _)| *changed == name);
    let mut result: Vec<(String, String)> = pairs.iter().filter(|(name, value)| !is_changed(name) && !value.is_empty()).cloned().collect();
    for (name, value) in changes {
        if let Some(value) = value {
            result.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    result
}

/// One value for use in a path or a query.
pub fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    encode_into(&mut text, value);
    text
}

/// A path that a form asked to come back to, if it is one of this site: it starts with one slash and holds no control characters or backslashes.
pub fn safe_return(path: &str) -> &str {
    let outside = path.starts_with("//") || path.contains('\\') || path.chars().any(char::is_control);
    if path.starts_with('/') && !outside { path } else { "/" }
}

fn encode_into(text: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b',' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(high).zip(digit(low)).map(|(high, low)| high * 16 + low)
            }
            _ => None,
        };
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_carry_the_language() {
        assert_eq!(in_language(Lang::En, "/"), "/en");
        assert_eq!(in_language(Lang::En, "/?q=1"), "/en?q=1");
        assert_eq!(in_language(Lang::En, "/chi-dao?x=1"), "/en/chi-dao?x=1");
        assert_eq!(in_language(Lang::Vi, "/chi-dao"), "/chi-dao");
    }

    #[test]
    fn changing_a_parameter_forgets_the_place_in_the_list() {
        let pairs = read_query("q=c%C3%A0+ph%C3%AA&status=overdue&after=abc&empty=");
        let result = changed(&pairs, &[("status", Some("done")), ("body", None)]);
        assert_eq!(with_query("/tim", &result), "/tim?q=c%C3%A0%20ph%C3%AA&status=done");
    }

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        assert_eq!(safe_return("/chi-dao?a=1"), "/chi-dao?a=1");
        for outside in ["//evil.example", "https://evil.example", "/\\evil", "javascript:alert(1)", "", "/a\r\nb"] {
            assert_eq!(safe_return(outside), "/");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_into_a_query_is_read_back(pairs in proptest::collection::vec((".{1,8}", ".{0,12}"), 0..5)) {
            let address = with_query("/x", &pairs);
            let query = address.split_once('?').map_or("", |(_, query)| query);
            prop_assert_eq!(read_query(query), pairs);
        }

        #[test]
        fn any_query_is_read_without_a_panic(query in ".{0,60}") {
            read_query(&query);
        }
    }
}
