//! The little language of a question: words, "phrases", `-without`, `HOẶC`, and filters like `tỉnh:"Kon Tum"` or `năm:2017..2020`.

use viet::fold;

/// Words of a filter's value without quotes that are tried.
const LONGEST_VALUE: usize = 8;

/// How many of the words a record must have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Needed {
    /// Most of them.
    #[default]
    Most,
    /// Each; `VÀ` or `AND` stood between words.
    All,
    /// All the words of one of these; `HOẶC` or `OR` stood between them.
    OneOf(Vec<String>),
}

/// A question taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// The words and phrases that are looked for, as typed.
    pub text: String,
    /// What must not be there: words or phrases after `-`, or after `KHÔNG` or `NOT`.
    pub without: Vec<String>,
    /// How many of the words are needed.
    pub needed: Needed,
    /// `name:value` whose value the caller knew, in order.
    pub filters: Vec<(String, String)>,
    /// `name:value` whose name is one of a filter and whose value the caller did not know; its words are looked for instead.
    pub not_understood: Vec<String>,
}

impl Question {
    /// Takes a question apart. `is_name` says whether a folded word before a colon names a filter, `is_value` whether a filter can have the value. Whatever is
    /// typed is a question; an unclosed quote ends with the text.
    pub fn read(text: &str, is_name: impl Fn(&str) -> bool, mut is_value: impl FnMut(&str, &str) -> bool) -> Question {
        let text = text.replace(['“', '”'], "\"");
        let pieces = pieces(&text);
        let mut question = Question::default();
        // Where in the text the words after each HOẶC begin.
        let mut cuts = Vec::new();
        let mut at = 0;
        while let Some(piece) = pieces.get(at) {
            at += 1;
            let said = piece.trim_matches('"');
            match *piece {
                "HOẶC" | "OR" | "||" if !question.text.is_empty() => {
                    cuts.push(question.text.len());
                    continue;
                }
                "VÀ" | "AND" | "&&" if !question.text.is_empty() => {
                    question.needed = Needed::All;
                    continue;
                }
                "KHÔNG" | "NOT" => {
                    if let Some(next) = pieces.get(at) {
                        question.without.push(next.trim_matches('"').to_owned());
                        at += 1;
                    }
                    continue;
                }
                _ => {}
            }
            if let Some(unwanted) = piece.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '"')) {
                question.without.push(unwanted.trim_matches('"').to_owned());
                continue;
            }
            if let Some((name, first)) = piece.split_once(':')
                && is_name(&fold(name))
            {
                let (value, taken) = longest_value(&fold(name), first, pieces.get(at..).unwrap_or_default(), &mut is_value);
                match value {
                    Some(value) => question.filters.push((fold(name), value)),
                    None => {
                        question.not_understood.push(said.to_owned());
                        question.add(first);
                    }
                }
                at += taken;
                continue;
            }
            question.add(piece);
        }
        if !cuts.is_empty() {
            let ends = cuts.iter().copied().chain([question.text.len()]);
            let groups = std::iter::once(0).chain(cuts.iter().copied()).zip(ends);
            let groups = groups.filter_map(|(from, to)| question.text.get(from..to)).map(|group| group.trim().to_owned());
            question.needed = Needed::OneOf(groups.filter(|group| !group.is_empty()).collect());
        }
        question
    }

    fn add(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(piece);
    }
}

/// The value of a filter and how many of the following pieces belong to it: what is quoted, or as many words as make a value.
fn longest_value(name: &str, first: &str, next: &[&str], is_value: &mut impl FnMut(&str, &str) -> bool) -> (Option<String>, usize) {
    // `tỉnh: Kon Tum`: the value begins with the next piece.
    let (first, skipped) = match (first.is_empty(), next.first()) {
        (true, Some(next)) => (*next, 1),
        _ => (first, 0),
    };
    let quoted = first.trim_matches('"');
    if first.starts_with('"') {
        return (is_value(name, quoted).then(|| quoted.to_owned()), skipped);
    }
    let rest = next.get(skipped..).unwrap_or_default();
    let mut value = first.to_owned();
    let mut best = is_value(name, &value).then(|| (value.clone(), skipped));
    for (count, word) in rest.iter().enumerate().take(LONGEST_VALUE) {
        if word.contains([':', '"']) {
            break;
        }
        value.push(' ');
        value.push_str(word);
        if is_value(name, &value) {
            best = Some((value.clone(), skipped + count + 1));
        }
    }
    best.map_or((None, 0), |(value, taken)| (Some(value), taken))
}

/// The text cut at blanks outside quotes.
fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = None;
    let mut in_quotes = false;
    for (at, c) in text.char_indices() {
        if c == '"' {
            in_quotes = !in_quotes;
        }
        if c.is_whitespace() && !in_quotes {
            if let Some(from) = start.take() {
                found.extend(text.get(from..at));
            }
        } else if start.is_none() {
            start = Some(at);
        }
    }
    if let Some(from) = start {
        found.extend(text.get(from..));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Question {
        let values = ["kon tum", "nhiem vu", "2017..2020"];
        Question::read(text, |name| ["tinh", "nam", "loai"].contains(&name), |_, value| values.contains(&fold(value).as_str()))
    }

    #[test]
    fn filters_take_quoted_values_and_as_many_words_as_make_one() {
        let found = read("sâm tỉnh:\"Kon Tum\" năm:2017..2020 loại:nhiệm vụ ngọc linh");
        assert_eq!(found.text, "sâm ngọc linh");
        let filters: Vec<(&str, &str)> = found.filters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(filters, [("tinh", "Kon Tum"), ("nam", "2017..2020"), ("loai", "nhiệm vụ")]);
        assert_eq!(read("tinh: kon tum").filters, [("tinh".to_owned(), "kon tum".to_owned())]);
    }

    #[test]
    fn what_is_no_filter_is_looked_for() {
        assert_eq!(read("ghi chú: sâm").text, "ghi chú: sâm");
        let found = read("tỉnh:Atlantis sâm");
        assert_eq!((found.text.as_str(), found.not_understood.len()), ("Atlantis sâm", 1));
        assert_eq!(read("https://skhcn.gov.vn").text, "https://skhcn.gov.vn");
    }

    #[test]
    fn words_can_be_left_out_and_joined() {
        let found = read("nuôi tôm -\"tôm hùm\" KHÔNG cua");
        assert_eq!((found.text.as_str(), found.without), ("nuôi tôm", vec!["tôm hùm".to_owned(), "cua".to_owned()]));
        assert_eq!(read("lúa HOẶC \"ngô lai\" HOẶC").needed, Needed::OneOf(vec!["lúa".to_owned(), "\"ngô lai\"".to_owned()]));
        assert_eq!(read("lúa VÀ ngô").needed, Needed::All);
        assert_eq!(read("HOẶC").text, "HOẶC");
        assert_eq!(read("giai đoạn 2016-2020 KC-4.0").text, "giai đoạn 2016-2020 KC-4.0");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_question(text in "[a-zđ\":\\- ]{0,60}") {
            let _ = read(&text);
        }
    }
}
