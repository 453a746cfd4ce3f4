//! Files of kinds: fields, groups of fields and rules among them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::{Catalogue, Loading, line_of};
use crate::error::reason;
use crate::kind::{Audience, Field, FieldType, Kind, Rule, Section};
use crate::label::Label;
use crate::workflow::Workflow;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindFile {
    kind: Spanned<String>,
    version: u64,
    valid_from: String,
    valid_to: Option<String>,
    #[serde(default = "other_group")]
    group: String,
    vi: String,
    en: String,
    plural_vi: String,
    plural_en: String,
    source: String,
    term: Option<String>,
    title_field: Spanned<String>,
    owner_field: Option<Spanned<String>>,
    state_field: Option<Spanned<String>>,
    workflow: Option<Spanned<String>>,
    #[serde(default)]
    section: Vec<SectionFile>,
    field: Vec<Spanned<FieldFile>>,
    #[serde(default)]
    rule: Vec<Spanned<RuleFile>>,
}

fn other_group() -> String {
    "other".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionFile {
    name: String,
    vi: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    name: String,
    #[serde(rename = "type")]
    of: String,
    vi: String,
    en: String,
    help_vi: Option<String>,
    help_en: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    repeated: bool,
    #[serde(default)]
    min_items: usize,
    max_items: Option<usize>,
    max: Option<usize>,
    min: Option<i64>,
    max_value: Option<i64>,
    list: Option<String>,
    kinds: Option<Vec<String>>,
    #[serde(default)]
    fields: Vec<Spanned<FieldFile>>,
    #[serde(default)]
    rule: Vec<Spanned<RuleFile>>,
    audience: Option<Audience>,
    #[serde(default)]
    stage_audience: BTreeMap<String, Audience>,
    source: Option<String>,
    term: Option<String>,
    example: Option<String>,
    section: Option<String>,
    #[serde(default)]
    personal: bool,
    #[serde(default)]
    verbatim: bool,
    #[serde(default)]
    identifies: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    rule: String,
    field: String,
    other: Option<String>,
    equals: Option<String>,
    #[serde(default)]
    then: Vec<String>,
}

impl Loading {
    pub(crate) fn kind(&mut self, path: &str, text: &str) {
        let Some(file) = self.read::<KindFile>(path, text) else { return };
        let line = line_of(text, file.kind.span().start);
        let name = file.kind.into_inner();
        self.labels(path, line, &[&file.vi, &file.en, &file.plural_vi, &file.plural_en, &file.source]);
        self.dates(path, line, &[Some(&file.valid_from), file.valid_to.as_deref()]);
        let sections: Vec<Section> =
            file.section.into_iter().map(|section| Section { name: section.name, label: Label::new(section.vi, section.en) }).collect();
        let fields = self.fields(path, text, file.field, &file.source);
        let rules = self.rules(path, text, file.rule, &fields);
        for field in &fields {
            if let Some(section) = &field.section
                && !sections.iter().any(|known| known.name == *section)
            {
                self.problem(
                    path,
                    line,
                    reason!("trường {} nêu phần không có: {section}", "field {} names the unknown section {section}", field.name),
                );
            }
        }
        for named in [Some(&file.title_field), file.owner_field.as_ref(), file.state_field.as_ref()].into_iter().flatten() {
            if !fields.iter().any(|field| field.name == *named.get_ref()) {
                self.problem(
                    path,
                    line_of(text, named.span().start),
                    reason!("không có trường {}", "there is no field {}", named.get_ref()),
                );
            }
        }
        if let Some(workflow) = &file.workflow
            && !self.catalogue.workflows.contains_key(workflow.get_ref())
        {
            self.problem(
                path,
                line_of(text, workflow.span().start),
                reason!("không có luồng công việc {}", "there is no workflow {}", workflow.get_ref()),
            );
        }
        if file.workflow.is_some() != file.state_field.is_some() {
            self.problem(path, line, reason!("workflow và state_field phải đi cùng nhau", "workflow and state_field go together"));
        }
        if self.catalogue.kind_version(&name, file.version).is_some() {
            self.problem(
                path,
                line,
                reason!("phiên bản {} của loại {name} khai hai lần", "version {} of kind {name} is declared twice", file.version),
            );
        }
        self.places.insert(place_name(&name, file.version), (path.to_owned(), line));
        self.add_kind(Kind {
            name,
            version: file.version,
            label: Label::new(file.vi, file.en),
            plural: Label::new(file.plural_vi, file.plural_en),
            valid_from: file.valid_from,
            valid_to: file.valid_to,
            group: file.group,
            source: file.source,
            term: file.term,
            title_field: file.title_field.into_inner(),
            owner_field: file.owner_field.map(Spanned::into_inner),
            state_field: file.state_field.map(Spanned::into_inner),
            workflow: file.workflow.map(Spanned::into_inner),
            sections,
            fields,
            rules,
        });
    }

    /// The newest version is the current one, unless it is only put beside it.
    fn add_kind(&mut self, kind: Kind) {
        let Catalogue { kinds, other_versions, .. } = &mut self.catalogue;
        match kinds.iter_mut().find(|known| known.name == kind.name) {
            Some(known) if self.adopting && kind.version > known.version => other_versions.push(std::mem::replace(known, kind)),
            Some(_) => other_versions.push(kind),
            None => kinds.push(kind),
        }
    }

    fn fields(&mut self, path: &str, text: &str, files: Vec<Spanned<FieldFile>>, source: &str) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for file in files {
            let line = line_of(text, file.span().start);
            let mut file = file.into_inner();
            self.labels(path, line, &[&file.vi, &file.en]);
            if file.name.is_empty() || !file.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
                self.problem(
                    path,
                    line,
                    reason!(
                        "tên trường “{}” chỉ gồm chữ thường không dấu, chữ số và _",
                        "field name “{}” must be small ASCII letters, digits and _",
                        file.name
                    ),
                );
            }
            if fields.iter().any(|field| field.name == file.name) {
                self.problem(path, line, reason!("trường {} ghi hai lần", "field {} stands twice", file.name));
            }
            let inner = std::mem::take(&mut file.fields);
            let inner_rules = std::mem::take(&mut file.rule);
            let of = match self.field_type(path, text, line, &file, inner, inner_rules, source) {
                Some(of) => of,
                None => continue,
            };
            fields.push(Field {
                name: file.name,
                label: Label::new(file.vi, file.en),
                help: match (file.help_vi, file.help_en) {
                    (Some(vi), Some(en)) => Some(Label::new(vi, en)),
                    (None, None) => None,
                    _ => {
                        self.problem(path, line, reason!("chỉ dẫn chỉ có một ngôn ngữ", "help is given in one language only"));
                        None
                    }
                },
                of,
                required: file.required,
                repeated: file.repeated,
                min_items: file.min_items,
                max_items: file.max_items.unwrap_or(200),
                audience: file.audience.unwrap_or(Audience::Public),
                stage_audience: file.stage_audience,
                source: file.source.unwrap_or_else(|| source.to_owned()),
                term: file.term,
                example: file.example,
                section: file.section,
                personal: file.personal,
                verbatim: file.verbatim,
                identifies: file.identifies,
            });
        }
        fields
    }

    #[expect(clippy::too_many_arguments, reason = "one place of one file, seen from its parts")]
    fn field_type(
        &mut self,
        path: &str,
        text: &str,
        line: usize,
        file: &FieldFile,
        inner: Vec<Spanned<FieldFile>>,
        inner_rules: Vec<Spanned<RuleFile>>,
        source: &str,
    ) -> Option<FieldType> {
        let max = |usual: usize| file.max.unwrap_or(usual);
        Some(match file.of.as_str() {
            "text" => FieldType::Text { max: max(300) },
            "long_text" => FieldType::LongText { max: max(4000) },
            "markdown" => FieldType::Markdown { max: max(100_000) },
            "day" => FieldType::Day,
            "date" => FieldType::Date,
            "instant" => FieldType::Instant,
            "integer" => FieldType::Integer { min: file.min.unwrap_or(0), max: file.max_value.unwrap_or(9_007_199_254_740_991) },
            "decimal" => FieldType::Decimal,
            "money" => FieldType::Money,
            "bool" => FieldType::Bool,
            "link" => FieldType::Link,
            "sha256" => FieldType::Sha256,
            "code" => match &file.list {
                Some(list) => FieldType::Code { list: list.clone() },
                None => {
                    self.problem(path, line, reason!("trường {} không nêu danh mục", "field {} names no list", file.name));
                    return None;
                }
            },
            "ref" => match &file.kinds {
                Some(kinds) => FieldType::Ref { kinds: kinds.clone() },
                None => {
                    self.problem(
                        path,
                        line,
                        reason!(
                            "trường {} không nêu loại bản ghi (danh sách rỗng là mọi loại)",
                            "field {} names no kinds (an empty list allows all)",
                            file.name
                        ),
                    );
                    return None;
                }
            },
            "group" => {
                let fields = self.fields(path, text, inner, source);
                if fields.is_empty() {
                    self.problem(path, line, reason!("nhóm {} không có trường nào", "group {} has no fields", file.name));
                }
                let rules = self.rules(path, text, inner_rules, &fields);
                FieldType::Group { fields, rules }
            }
            other => {
                self.problem(
                    path,
                    line,
                    reason!("trường {} có kiểu không biết: {other}", "field {} has the unknown type {other}", file.name),
                );
                return None;
            }
        })
    }

    fn rules(&mut self, path: &str, text: &str, files: Vec<Spanned<RuleFile>>, fields: &[Field]) -> Vec<Rule> {
        let mut rules = Vec::new();
        for file in files {
            let line = line_of(text, file.span().start);
            let file = file.into_inner();
            for name in std::iter::once(&file.field).chain(&file.other).chain(&file.then) {
                if !fields.iter().any(|field| field.name == *name) {
                    self.problem(
                        path,
                        line,
                        reason!("quy tắc {} nêu trường không có: {name}", "rule {} names the unknown field {name}", file.rule),
                    );
                }
            }
            match (file.rule.as_str(), file.other, file.equals) {
                ("not_before", Some(other), None) => rules.push(Rule::NotBefore { field: file.field, other }),
                ("unique_items", None, None) => rules.push(Rule::UniqueItems { field: file.field }),
                ("required_when", None, Some(equals)) if !file.then.is_empty() => {
                    rules.push(Rule::RequiredWhen { field: file.field, equals, then: file.then });
                }
                (other, _, _) => self.problem(
                    path,
                    line,
                    reason!("quy tắc {other} không biết hoặc thiếu phần", "rule {other} is unknown or lacks a part"),
                ),
            }
        }
        rules
    }

    /// What can be checked only when all kinds, lists and workflows are there.
    pub(crate) fn cross_check(&mut self) {
        let kinds: BTreeSet<String> = self.catalogue.kinds.iter().map(|kind| kind.name.clone()).collect();
        let mut found = Vec::new();
        for kind in self.catalogue.kinds.iter().chain(&self.catalogue.other_versions) {
            // A kind without a place came with the catalogue that a form is added to, and was checked then.
            let Some((file, line)) = self.places.get(&place_name(&kind.name, kind.version)).cloned() else { continue };
            if self.catalogue.list("kind-groups").is_none_or(|groups| groups.get(&kind.group).is_none()) {
                found.push((
                    file.clone(),
                    line,
                    reason!("loại {} thuộc nhóm không có: {}", "kind {} stands in the unknown group {}", kind.name, kind.group),
                ));
            }
            let workflow = kind.workflow.as_ref().and_then(|name| self.catalogue.workflows.get(name));
            check_fields(&self.catalogue, &kinds, workflow, &kind.fields, &kind.name, &mut |reason| {
                found.push((file.clone(), line, reason))
            });
        }
        for (file, line, reason) in found {
            self.problem(&file, line, reason);
        }
    }
}

fn place_name(kind: &str, version: u64) -> String {
    format!("{kind} {version}")
}

fn check_fields(
    catalogue: &Catalogue,
    kinds: &BTreeSet<String>,
    workflow: Option<&Workflow>,
    fields: &[Field],
    above: &str,
    say: &mut dyn FnMut(Label),
) {
    for field in fields {
        let name = format!("{above}.{}", field.name);
        for state in field.stage_audience.keys() {
            if workflow.is_none_or(|workflow| workflow.state(state).is_none()) {
                say(reason!("trường {name} nêu trạng thái không có: {state}", "field {name} names the unknown state {state}"));
            }
        }
        match &field.of {
            FieldType::Code { list } if catalogue.list(list).is_none() => {
                say(reason!("trường {name} nêu danh mục không có: {list}", "field {name} names the unknown list {list}"))
            }
            FieldType::Ref { kinds: named } => {
                for kind in named.iter().filter(|kind| !kinds.contains(*kind)) {
                    say(reason!("trường {name} nêu loại bản ghi không có: {kind}", "field {name} names the unknown kind {kind}"));
                }
            }
            FieldType::Group { fields, .. } => check_fields(catalogue, kinds, workflow, fields, &name, say),
            _ => {}
        }
    }
}
