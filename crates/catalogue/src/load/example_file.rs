//! Files of examples. Each is run when it is loaded: one that gives other faults than it names is a broken catalogue.

use crate::error::{reason, unread};
use serde::Deserialize;
use serde_json::Value;

use super::Loading;

/// An example of a kind: valid when it has no faults, else with the faults it must give.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The kind.
    pub kind: String,
    /// What it shows.
    pub name: String,
    /// The data.
    pub data: Value,
    /// (path, rule) of each fault expected.
    pub faults: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    name: String,
    data: Value,
    #[serde(default)]
    faults: Vec<ExampleFault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFault {
    path: String,
    rule: String,
}

impl Loading {
    pub(super) fn examples(&mut self, path: &str, text: &str) {
        let kind = path.trim_start_matches("examples/").trim_end_matches(".json").to_owned();
        if self.catalogue.kind(&kind).is_none() && !self.problems.is_empty() {
            // The kind's own file is broken, which has been said.
            return;
        }
        let files: Vec<ExampleFile> = match serde_json::from_str(text) {
            Ok(files) => files,
            Err(error) => {
                self.problem(path, error.line(), unread(&error.to_string()));
                return;
            }
        };
        for file in files {
            let mut expected: Vec<(String, String)> = file.faults.into_iter().map(|fault| (fault.path, fault.rule)).collect();
            expected.sort();
            let mut given: Vec<(String, String)> = match self.catalogue.check(&kind, &file.data) {
                Ok(_) => Vec::new(),
                Err(faults) => faults.into_iter().map(|fault| (fault.path, fault.rule)).collect(),
            };
            given.sort();
            if given != expected {
                let line = text.lines().position(|line| line.contains(&file.name)).map_or(1, |at| at + 1);
                self.problem(
                    path,
                    line,
                    reason!(
                        "ví dụ “{}” cho các lỗi {given:?}, không phải {expected:?}",
                        "the example “{}” gives the faults {given:?} and not {expected:?}",
                        file.name
                    ),
                );
            }
            self.catalogue.examples.push(Example { kind: kind.clone(), name: file.name, data: file.data, faults: expected });
        }
    }
}
