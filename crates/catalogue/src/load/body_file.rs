//! Files of reference bodies.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::{Loading, line_of};
use crate::error::reason;
use crate::label::Label;
use crate::reference::ReferenceBody;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodiesFile {
    body: Vec<Spanned<BodyFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyFile {
    id: String,
    data: Value,
}

impl Loading {
    pub(super) fn bodies(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<BodiesFile>(path, text) else { return };
        for body in file.body {
            let line = line_of(text, body.span().start);
            let body = body.into_inner();
            if self.places.insert(body.id.clone(), (path.to_owned(), line)).is_some() {
                self.problem(path, line, reason!("cơ quan {} khai hai lần", "body {} is declared twice", body.id));
            }
            self.catalogue.bodies.push(ReferenceBody { id: body.id, data: body.data });
        }
    }

    /// Bodies keep the rules of their kind, refer only to each other, and no body is above itself.
    pub(super) fn check_bodies(&mut self) {
        let mut found = Vec::new();
        let known: BTreeMap<&str, &Value> = self.catalogue.bodies.iter().map(|body| (body.id.as_str(), &body.data)).collect();
        for body in &self.catalogue.bodies {
            if let Err(faults) = self.catalogue.check("body", &body.data) {
                found.extend(faults.into_iter().map(|fault| {
                    (
                        body.id.clone(),
                        Label::new(format!("{}: {}", fault.path, fault.message.vi), format!("{}: {}", fault.path, fault.message.en)),
                    )
                }));
            }
            for group in ["parents", "successors", "members"] {
                for other in references(&body.data, group) {
                    if !known.contains_key(other) {
                        found.push((
                            body.id.clone(),
                            reason!("{group} nêu cơ quan không có: {other}", "{group} names the unknown body {other}"),
                        ));
                    }
                }
            }
            let mut above: Vec<&str> = references(&body.data, "parents");
            let mut seen = BTreeSet::new();
            while let Some(next) = above.pop() {
                if next == body.id {
                    found.push((body.id.clone(), reason!("cơ quan là cấp trên của chính mình", "the body is above itself")));
                    break;
                }
                if seen.insert(next)
                    && let Some(data) = known.get(next)
                {
                    above.extend(references(data, "parents"));
                }
            }
        }
        for (id, reason) in found {
            let (file, line) = self.places.get(&id).cloned().unwrap_or_default();
            self.problem(&file, line, reason);
        }
    }
}

fn references<'a>(data: &'a Value, group: &str) -> Vec<&'a str> {
    data.get(group).and_then(Value::as_array).into_iter().flatten().filter_map(|row| row.get("body").and_then(Value::as_str)).collect()
}
