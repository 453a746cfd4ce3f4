//! Words that searching knows beside the records: abbreviations, words that mean the same, words that only frame a question.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Problem, reason, unread};
use crate::load::line_of;

/// The words of all files of the folder `words/`, in the order of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchWords {
    /// (short, long): "KH&CN", "khoa học và công nghệ". One short form may stand several times, its usual meaning first.
    pub abbreviations: Vec<(String, String)>,
    /// Groups of words that mean the same: "heo", "lợn".
    pub same: Vec<Vec<String>>,
    /// Words that only frame a question: "đề tài về".
    pub fillers: Vec<String>,
    /// What the words of a task's title do.
    pub titles: TitleRoles,
}

/// What the words of a task's title do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TitleRoles {
    /// Words that any title may have: "nghiên cứu".
    pub frames: Vec<String>,
    /// Regions: "Tây Nguyên".
    pub regions: Vec<String>,
    /// Words before the name of a place: "huyện".
    pub before_places: Vec<String>,
    /// Bodies whose name goes on to a province: "bệnh viện".
    pub institutions: Vec<String>,
    /// Words before the name of a thing: "cây".
    pub classifiers: Vec<String>,
    /// Words of an aim that name the thing as well: "máy".
    pub things: Vec<String>,
    /// What looks like an aim and is none: "vật nuôi".
    pub no_aims: Vec<String>,
    /// What a task is for, words for the same in one group: "chế biến", "sấy".
    pub aims: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordFile {
    #[serde(default)]
    abbreviations: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    same: Vec<Group>,
    #[serde(default)]
    question: Question,
    #[serde(default)]
    titles: TitleRoles,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    words: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    fillers: Vec<String>,
}

impl SearchWords {
    /// Adds the words of a file.
    pub(crate) fn read(&mut self, path: &str, text: &str) -> Result<(), Vec<Problem>> {
        let problem = |line, reason| Problem { file: path.to_owned(), line, reason };
        let file: WordFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            vec![problem(line, unread(error.message()))]
        })?;
        let mut problems = Vec::new();
        for (short, meanings) in file.abbreviations {
            let line = text.find(&format!("\"{short}\"")).map_or(0, |at| line_of(text, at));
            if short.chars().filter(|c| c.is_alphabetic()).count() < 2 || short.chars().any(char::is_whitespace) {
                problems.push(problem(line, reason!("“{short}” không phải chữ viết tắt", "“{short}” is no abbreviation")));
            }
            if meanings.is_empty() || meanings.iter().any(|long| long.trim().is_empty()) {
                problems.push(problem(line, reason!("“{short}” không có nghĩa", "“{short}” has no meaning")));
            }
            self.abbreviations.extend(meanings.into_iter().map(|long| (short.clone(), long)));
        }
        for group in file.same {
            if group.words.len() < 2 || group.words.iter().any(|word| word.trim().is_empty()) {
                let first = group.words.first().map_or("", String::as_str);
                let line = text.find(first).map_or(0, |at| line_of(text, at));
                problems
                    .push(problem(line, reason!("nhóm từ cùng nghĩa cần ít nhất hai từ", "a group of words for the same needs two words")));
            }
            self.same.push(group.words);
        }
        self.fillers.extend(file.question.fillers);
        self.titles.add(file.titles);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl TitleRoles {
    fn add(&mut self, other: TitleRoles) {
        self.frames.extend(other.frames);
        self.regions.extend(other.regions);
        self.before_places.extend(other.before_places);
        self.institutions.extend(other.institutions);
        self.classifiers.extend(other.classifiers);
        self.things.extend(other.things);
        self.no_aims.extend(other.no_aims);
        self.aims.extend(other.aims);
    }
}
