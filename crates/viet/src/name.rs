//! Personal names: family – middle – given, titles apart. Many people share a name, so it is never an identity.

use crate::letters::nfc;
use crate::order::sort_key;

/// A Vietnamese personal name taken apart for ordering; it is always shown whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName {
    /// Titles before the name, e.g. "GS.TS.".
    pub titles: String,
    /// First word.
    pub family: String,
    /// Words between; may be empty.
    pub middle: String,
    /// Last word.
    pub given: String,
}

const TITLES: [&str; 22] = [
    "gs", "pgs", "ts", "tskh", "ths", "bs", "ks", "cn", "ls", "kts", "ds", "nsnd", "nsut", "bscki", "bsckii", "ckii", "cki", "ông", "bà",
    "anh", "chị", "đ/c",
];

impl PersonName {
    /// Takes a name apart: "GS.TS. Nguyễn Văn An" → titles "GS.TS.", family "Nguyễn", middle "Văn", given "An". A single word is a given name.
    pub fn parse(text: &str) -> PersonName {
        let text = nfc(text);
        let mut rest = text.trim();
        let mut titles = Vec::new();
        loop {
            let lower = rest.to_lowercase();
            if let Some(after) = lower.strip_prefix("đồng chí ") {
                titles.push(rest.get(..rest.len() - after.len()).unwrap_or_default().trim().to_owned());
                rest = rest.get(rest.len() - after.len()..).unwrap_or_default().trim_start();
                continue;
            }
            let Some((first, after)) = rest.split_once(char::is_whitespace) else { break };
            let parts: Vec<String> = first.trim_end_matches([',', '.']).split('.').map(str::to_lowercase).collect();
            if !parts.iter().all(|part| TITLES.contains(&part.as_str())) {
                break;
            }
            titles.push(first.to_owned());
            rest = after.trim_start();
        }
        // "TS.Nguyễn Văn An", written without a blank.
        while let Some((first, after)) = rest.split_once('.') {
            if !TITLES.contains(&first.to_lowercase().as_str()) || after.trim().is_empty() {
                break;
            }
            titles.push(format!("{first}."));
            rest = after.trim_start();
        }
        let words: Vec<&str> = rest.split_whitespace().collect();
        let (family, middle, given) = match words.as_slice() {
            [] => (String::new(), String::new(), String::new()),
            [given] => (String::new(), String::new(), (*given).to_owned()),
            [family, middle @ .., given] => ((*family).to_owned(), middle.join(" "), (*given).to_owned()),
        };
        PersonName { titles: titles.join(" "), family, middle, given }
    }

    /// The name without titles.
    pub fn plain(&self) -> String {
        [&self.family, &self.middle, &self.given]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// A key that orders by given name, then middle, then family name, each in Vietnamese order.
    pub fn sort_key(&self) -> Vec<u8> {
        let mut sorted = sort_key(&self.given);
        for part in [&self.middle, &self.family] {
            sorted.push(0);
            sorted.extend(sort_key(part));
        }
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_stand_apart() {
        let name = PersonName::parse("PGS.TS. Nguyễn Thị Minh An");
        assert_eq!(
            (name.titles.as_str(), name.family.as_str(), name.middle.as_str(), name.given.as_str()),
            ("PGS.TS.", "Nguyễn", "Thị Minh", "An")
        );
        assert_eq!(PersonName::parse("đồng chí Lê An").plain(), "Lê An");
        assert_eq!(PersonName::parse("TS.Lê An").titles, "TS.");
        assert_eq!(PersonName::parse("An").given, "An");
        assert_eq!(PersonName::parse("  ").plain(), "");
    }

    #[test]
    fn order_is_by_given_then_middle_then_family_name() {
        let mut names = ["Trần Văn Ánh", "Nguyễn Văn An", "Lê Thị Bình", "Nguyễn Đức An", "Lê Văn An"];
        names.sort_by_key(|name| PersonName::parse(name).sort_key());
        assert_eq!(names, ["Nguyễn Đức An", "Lê Văn An", "Nguyễn Văn An", "Trần Văn Ánh", "Lê Thị Bình"]);
    }
}
