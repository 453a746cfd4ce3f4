//! Files of short code lists, each written out whole.

use serde::Deserialize;
use toml::Spanned;

use super::{Loading, line_of};
use crate::code_list::{Code, CodeList};
use crate::error::reason;
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
                    self.problem(
                        path,
                        line,
                        reason!("mã “{}” ghi hai lần trong danh mục {}", "code “{}” stands twice in list {}", code.code, list.name),
                    );
                }
                codes.push(Code {
                    valid_from: code.valid_from,
                    valid_to: code.valid_to,
                    ..Code::plain(code.code, Label::new(code.vi, code.en))
                });
            }
            self.add_list(path, line, CodeList::new(list.name, list.source, codes, Vec::new()));
        }
    }

    pub(super) fn add_list(&mut self, path: &str, line: usize, list: CodeList) {
        if list.source.trim().is_empty() {
            self.problem(path, line, reason!("danh mục {} không nêu nguồn", "list {} names no source", list.name));
        }
        if self.catalogue.lists.contains_key(&list.name) {
            self.problem(path, line, reason!("danh mục {} khai hai lần", "list {} is declared twice", list.name));
        }
        self.catalogue.lists.insert(list.name.clone(), list);
    }
}
