//! Citations of documents: numbers by their grammar, the type before and the date after, resolved against known documents.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde::Serialize;

use crate::gazetteer::Gazetteer;
use crate::view::{Span, View};

/// A cited document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// The exact words: type, number and date.
    pub raw: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte after it.
    pub end: usize,
    /// The number as meant: blanks taken out, "–" as "-", O as 0 among digits.
    pub number: String,
    /// First byte of the number itself.
    pub number_start: usize,
    /// Byte after the number.
    pub number_end: usize,
    /// The number's exact words.
    pub number_raw: String,
    /// Date beside it, ISO.
    pub date: Option<String>,
    /// Title of the known document.
    pub target: Option<String>,
    /// The number that was probably meant.
    pub suggestion: Option<String>,
    /// Why, when there is a suggestion.
    pub reason: Option<String>,
}

#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        \b(?P<normative>[0-9Oo]{1,5}\s*/\s*(?:19|20|2O)[0-9O]{2}\s*/\s*(?:QH\d{1,2}|UBTVQH\d{1,2}|[A-ZĐ][A-Za-zĐđ]{0,9}(?:\s*[-–&]\s*[A-ZĐ][A-Za-zĐđ&]{0,14}){0,4}))
        |\b(?P<standard>(?:TCVN|QCVN)\s*(?:[A-Z]{2,4}\s*)?\d{2,5}(?:-\d{1,2})?\s*:\s*\d{4}(?:/[A-ZĐ]{2,8})?)
        |\b(?P<party>\d{1,4}\s*[-–]\s*(?:NQ|QĐ|QĐi|CT|KL|QC|TB|HD|CV|BC|TTr|CTr|CTrHĐ|KH|ĐA|QyĐ)\s*/\s*[A-ZĐ][A-Za-zĐđ.]{0,11})
        |\b(?P<office>\d{1,5}\s*/\s*[A-ZĐ][A-Za-zĐđ&]{0,11}(?:\s*[-–]\s*[A-ZĐ0-9][A-Za-zĐđ0-9&]{0,14}){0,3})
        |\b(?P<programme>KC[-.\s]?\d{1,2}(?:\.\d{1,2})?(?:/\d{2}[-–]\d{2})?)",
    )
    .expect("constant pattern")
});
#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static DATE_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s,(]*ngày\s+(?:(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})|(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4}))")
        .expect("constant pattern")
});

/// Citations of the whole text in order.
pub(crate) fn citations(view: &View, gazetteer: &Gazetteer) -> Vec<Citation> {
    let text: String = view.plain.iter().collect();
    let mut places = Vec::with_capacity(text.len() + 1);
    for (number, c) in text.chars().enumerate() {
        places.extend(std::iter::repeat_n(number, c.len_utf8()));
    }
    places.push(view.len());
    let place = |byte: usize| places.get(byte).copied().unwrap_or(view.len());
    let mut found: Vec<Citation> = Vec::new();
    for matched in NUMBER.captures_iter(&text) {
        let Some(whole) = matched.get(0) else { continue };
        let number = normal(whole.as_str());
        if !is_document_number(&number, matched.name("office").is_some(), matched.name("party").is_some()) {
            continue;
        }
        let number_span = Span { start: place(whole.start()), end: place(whole.end()) };
        let (start, kind) = type_before(view, number_span.start, gazetteer);
        let after = text.get(whole.end()..).unwrap_or_default();
        let dated = DATE_AFTER.captures(after);
        let end = match &dated {
            Some(date) => place(whole.end() + date.get(0).map_or(0, |date| date.end())),
            None => number_span.end,
        };
        let day = dated.as_ref().and_then(|date| {
            let part = |at: usize| date.get(at).and_then(|part| part.as_str().parse::<u32>().ok());
            let (d, m, y) = (part(1).or(part(4))?, part(2).or(part(5))?, part(3).or(part(6))?);
            viet::PartialDate::from_day(i64::from(y), m, d).ok().map(|date| date.first_day())
        });
        let (target, suggestion, reason) = resolve(&number, day, kind.as_deref(), gazetteer);
        found.push(Citation {
            raw: view.plain_text(Span { start, end }),
            start: view.byte(start),
            end: view.byte(end),
            number_start: view.byte(number_span.start),
            number_end: view.byte(number_span.end),
            number_raw: view.plain_text(number_span),
            number,
            date: day.map(|day| day.to_string()),
            target,
            suggestion,
            reason,
        });
    }
    found
}

/// Blanks out, long dashes short, O among digits read as 0.
fn normal(raw: &str) -> String {
    let mut number: String = raw.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '–' { '-' } else { c }).collect();
    if let Some((head, tail)) = number.split_once('/')
        && head.chars().all(|c| c.is_ascii_digit() || c == 'O' || c == 'o')
    {
        let year = tail.split('/').next().unwrap_or_default();
        let zeros = |text: &str| text.replace(['O', 'o'], "0");
        let rest = if year.len() == 4 && year.starts_with('2') {
            format!("{}{}", zeros(year), tail.get(4..).unwrap_or_default())
        } else {
            tail.to_owned()
        };
        number = format!("{}/{rest}", zeros(head));
    }
    if number.starts_with("TCVN") || number.starts_with("QCVN") {
        let (head, tail) = number.split_at(4);
        number = format!("{head} {tail}");
    }
    number
}

/// Dates ("21/T…"), fractions and addresses are no numbers of documents.
fn is_document_number(number: &str, office: bool, party: bool) -> bool {
    if !office {
        return !party || number.split('/').nth(1).is_some_and(|authority| authority.len() >= 2);
    }
    let symbol = number.split_once('/').map_or("", |(_, symbol)| symbol);
    let capitals = symbol.chars().filter(|c| c.is_uppercase()).count();
    symbol.contains('-') && capitals >= 3 || matches!(symbol, "UBND" | "HĐND" | "VPCP" | "CĐ" | "LHHVN")
}

/// The words before the number that name the type: "Nghị quyết số", "Kết luận".
fn type_before(view: &View, place: usize, gazetteer: &Gazetteer) -> (usize, Option<String>) {
    let from = place.saturating_sub(60);
    let mut end = place;
    while end > from && view.char_at(end - 1).is_some_and(|c| c.is_whitespace() || c == ':') {
        end -= 1;
    }
    let mut start = end;
    if end >= from + 2 && view.folded_text(Span { start: end - 2, end }) == "so" && view.starts_word(end - 2) {
        start = end - 2;
        end = start;
        while end > from && view.char_at(end - 1).is_some_and(char::is_whitespace) {
            end -= 1;
        }
    } else {
        start = place.min(start.max(place));
    }
    let before = view.folded_text(Span { start: from, end });
    let mut types: Vec<&str> = gazetteer.document_types.iter().map(|kind| kind.name.as_str()).collect();
    types.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in types {
        let folded = viet::fold(name);
        if before.ends_with(&folded) {
            let length = folded.chars().count();
            if view.starts_word(end - length) {
                return (end - length, Some(name.to_owned()));
            }
        }
    }
    if before.ends_with("chuong trinh") {
        return (end - 12, None);
    }
    (if start < place { start } else { place }, None)
}

type Resolved = (Option<String>, Option<String>, Option<String>);

/// Looks the number up, and checks number against date and type against symbol.
fn resolve(number: &str, day: Option<Date>, kind: Option<&str>, gazetteer: &Gazetteer) -> Resolved {
    let known = gazetteer.documents.iter().find(|document| viet::fold(&document.number) == viet::fold(number));
    let parts: Vec<&str> = number.split('/').collect();
    if let ([serial, year, symbol], Some(day)) = (parts.as_slice(), day)
        && year.len() == 4
        && year.parse::<i16>().is_ok_and(|year| year != day.year())
    {
        let proposal = format!("{serial}/{:04}/{symbol}", day.year());
        let meant = gazetteer.documents.iter().find(|document| document.number == proposal);
        let reason = match meant {
            Some(meant) => format!("năm của số và của ngày khác nhau; khớp {} – {}", meant.number, meant.title),
            None => "năm của số và của ngày khác nhau".to_owned(),
        };
        return (meant.map(|meant| meant.title.clone()), Some(proposal), Some(reason));
    }
    if let (Some(known), Some(day)) = (known, day)
        && known.day.as_deref().is_some_and(|known| known != day.to_string())
    {
        let known_day = known.day.clone().unwrap_or_default();
        return (Some(known.title.clone()), None, Some(format!("ngày ghi khác ngày đã biết ({known_day})")));
    }
    if let Some(kind) = kind {
        let symbol_fits = |document: &crate::gazetteer::DocumentWords| {
            let symbols: Vec<&str> = number.split(['/', '-']).collect();
            document.symbols.iter().any(|symbol| symbols.iter().any(|part| part == symbol || (symbol == "QH" && part.starts_with("QH"))))
        };
        let own = gazetteer.document_types.iter().find(|document| document.name == kind);
        let other = gazetteer.document_types.iter().find(|document| symbol_fits(document));
        if let (Some(own), Some(other)) = (own, other)
            && !own.symbols.is_empty()
            && !symbol_fits(own)
            && own.name != other.name
            && !(own.name == "Luật" || other.name == "Luật")
        {
            let reason = format!("ký hiệu là của {}, không phải {}", other.name, own.name);
            return (known.map(|known| known.title.clone()), None, Some(reason));
        }
    }
    (known.map(|known| known.title.clone()), None, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gazetteer::{DocumentWords, KnownNumber};

    fn gazetteer() -> Gazetteer {
        let kinds = [("Nghị định", "NĐ"), ("Nghị quyết", "NQ"), ("Kết luận", "KL"), ("Quyết định", "QĐ"), ("Luật", "QH"), ("Công văn", "")];
        Gazetteer {
            document_types: kinds
                .iter()
                .map(|(name, symbol)| DocumentWords { name: (*name).into(), symbols: vec![(*symbol).into()] })
                .collect(),
            documents: vec![KnownNumber { number: "54/2016/NĐ-CP".into(), day: Some("2016-06-14".into()), title: "Tự chủ".into() }],
            ..Gazetteer::default()
        }
    }

    fn numbers(text: &str) -> Vec<String> {
        citations(&View::of(text), &gazetteer()).into_iter().map(|citation| citation.number).collect()
    }

    #[test]
    fn every_form_of_number_is_found() {
        for (text, number) in [
            ("Nghị định số 54/2016/NĐ-CP", "54/2016/NĐ-CP"),
            ("Thông tư liên tịch 05/2008/TTLT-BKHCN-BNV", "05/2008/TTLT-BKHCN-BNV"),
            ("Luật 93/2025/QH15", "93/2025/QH15"),
            ("1662/NQ-UBTVQH15", "1662/NQ-UBTVQH15"),
            ("Quyết định số 844/QĐ-TTg", "844/QĐ-TTg"),
            ("Thông báo 408/TB-VPCP ngày 8/8/2025", "408/TB-VPCP"),
            ("Công văn số 1689/UBND-KGVX", "1689/UBND-KGVX"),
            ("6240/BGDĐT-KHCNTT", "6240/BGDĐT-KHCNTT"),
            ("Kết luận số 50-KL/TW", "50-KL/TW"),
            ("20- NQ/TW", "20-NQ/TW"),
            ("10 - CTr/TU", "10-CTr/TU"),
            ("TCVN 12850:2019", "TCVN 12850:2019"),
            ("QCVN 01:2020/BKHCN", "QCVN 01:2020/BKHCN"),
            ("54/2O16/NĐ-CP", "54/2016/NĐ-CP"),
            ("202/2025/\nQH15", "202/2025/QH15"),
        ] {
            assert_eq!(numbers(text), [number], "{text}");
        }
        for text in ["ngày 21/6/2019", "1/2 số phiếu", "24/7", "Km 12/QL14"] {
            assert_eq!(numbers(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_year_that_contradicts_the_date_is_a_suggestion() {
        let text = "theo Nghị định số 54/2017/NĐ-CP ngày 14/6/2016 của Chính phủ";
        let found = citations(&View::of(text), &gazetteer()).remove(0);
        assert_eq!(found.raw, "Nghị định số 54/2017/NĐ-CP ngày 14/6/2016");
        assert_eq!(
            (found.date.as_deref(), found.suggestion.as_deref(), found.target.as_deref()),
            (Some("2016-06-14"), Some("54/2016/NĐ-CP"), Some("Tự chủ"))
        );
        assert_eq!(&text[found.start..found.end], found.raw);
    }

    #[test]
    fn a_symbol_of_another_type_is_said() {
        let found = citations(&View::of("Nghị quyết số 30/2020/NĐ-CP"), &gazetteer()).remove(0);
        assert!(found.reason.unwrap().contains("Nghị định"));
    }
}
