//! Files of code lists.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Loading, line_of};
use crate::code_list::{Code, CodeList};
use crate::label::Label;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListsFile {
    list: Vec<Spanned<ListFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    name: String,
    source: String,
    codes: Vec<Spanned<CodeFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    code: String,
    vi: String,
    en: String,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

#[derive(Deserialize)]
struct ProvinceRow {
    key: String,
    code: String,
    name_vi: String,
    name_en: String,
    form: String,
    valid_from: String,
    valid_to: String,
}

impl Loading {
    pub(super) fn lists(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<ListsFile>(path, text) else { return };
        for list in file.list {
            let line = line_of(text, list.span().start);
            let list = list.into_inner();
            let mut codes: Vec<Code> = Vec::new();
            for code in list.codes {
                let line = line_of(text, code.span().start);
                let code = code.into_inner();
                self.labels(path, line, &[&code.vi, &code.en]);
                self.dates(path, line, &[code.valid_from.as_deref(), code.valid_to.as_deref()]);
                if codes.iter().any(|other| other.code == code.code) {
                    self.problem(path, line, format!("code “{}” stands twice in list {}", code.code, list.name));
                }
                codes.push(Code {
                    official: code.code.clone(),
                    code: code.code,
                    label: Label::new(code.vi, code.en),
                    valid_from: code.valid_from,
                    valid_to: code.valid_to,
                });
            }
            self.add_list(path, line, CodeList { name: list.name, source: list.source, codes });
        }
    }

    pub(super) fn add_list(&mut self, path: &str, line: usize, list: CodeList) {
        if list.source.trim().is_empty() {
            self.problem(path, line, format!("list {} names no source", list.name));
        }
        if self.catalogue.lists.contains_key(&list.name) {
            self.problem(path, line, format!("list {} is declared twice", list.name));
        }
        self.catalogue.lists.insert(list.name.clone(), list);
    }

    pub(super) fn provinces(&mut self, path: &str, text: &str) {
        let mut codes = Vec::new();
        let mut periods: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (at, row) in csv::Reader::from_reader(text.as_bytes()).deserialize::<ProvinceRow>().enumerate() {
            let line = at + 2;
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.problem(path, line, error.to_string());
                    continue;
                }
            };
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            self.dates(path, line, &[some(&row.valid_from).as_deref(), some(&row.valid_to).as_deref()]);
            let until = if row.valid_to.is_empty() { "9999-12-31" } else { row.valid_to.as_str() };
            let known = periods.entry(row.code.clone()).or_default();
            if known.iter().any(|(from, to)| row.valid_from.as_str() <= to.as_str() && from.as_str() <= until) {
                self.problem(path, line, format!("code {} is valid twice on some day", row.code));
            }
            periods.entry(row.code.clone()).or_default().push((row.valid_from.clone(), until.to_owned()));
            let label = Label::new(format!("{} {}", row.form, row.name_vi), row.name_en);
            codes.push(Code { code: row.key, official: row.code, label, valid_from: some(&row.valid_from), valid_to: some(&row.valid_to) });
        }
        let source = "QĐ 19/2025/QĐ-TTg; NQ 202/2025/QH15, 30/2026/QH16, 36/2026/QH16, 39/2026/QH16".to_owned();
        self.add_list(path, 1, CodeList { name: "provinces".to_owned(), source, codes });
    }
}
