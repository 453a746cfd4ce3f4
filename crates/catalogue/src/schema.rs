//! JSON Schema 2020-12 out of the same declaration as the checks.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::check::{LONGEST_LINK, forms};
use crate::kind::{Field, FieldType, Kind, Rule};
use crate::load::Catalogue;

impl Catalogue {
    /// The schema of a kind, with labels, sources and audiences as annotations `x-lienvung`. Each code list stands once under `$defs`, however many fields
    /// take codes from it.
    pub fn schema(&self, kind: &Kind) -> Value {
        let mut schema = self.object(&kind.fields, &kind.rules);
        if let Some(members) = schema.as_object_mut() {
            members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
            members.insert("$id".to_owned(), json!(format!("urn:lienvung:kind:{}:{}", kind.name, kind.version)));
            members.insert("title".to_owned(), json!(kind.label.vi));
            members.insert(
                "x-lienvung".to_owned(),
                json!({"kind": kind.name, "version": kind.version, "label": kind.label, "valid_from": kind.valid_from, "valid_to": kind.valid_to,
                    "source": kind.source, "term": kind.term, "owner_field": kind.owner_field, "workflow": kind.workflow}),
            );
            let mut lists = BTreeSet::new();
            lists_of(&kind.fields, &mut lists);
            if !lists.is_empty() {
                members.insert("$defs".to_owned(), lists.into_iter().map(|list| (list.to_owned(), self.codes(list))).collect());
            }
        }
        schema
    }

    fn object(&self, fields: &[Field], rules: &[Rule]) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            let one = self.value(field);
            let mut property = if field.repeated {
                json!({"type": "array", "items": one, "minItems": field.min_items, "maxItems": field.max_items})
            } else {
                one
            };
            if let Some(members) = property.as_object_mut() {
                members.insert("title".to_owned(), json!(field.label.vi));
                members.insert(
                    "x-lienvung".to_owned(),
                    json!({"label": field.label, "audience": field.audience, "stage_audience": field.stage_audience, "source": field.source, "term": field.term,
                        "personal": field.personal, "example": field.example}),
                );
            }
            properties.insert(field.name.clone(), property);
            if field.required {
                required.push(field.name.clone());
            }
        }
        let mut schema = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        let mut conditions = Vec::new();
        for rule in rules {
            if let Rule::RequiredWhen { field, equals, then } = rule {
                conditions.push(json!({"if": {"properties": {field: {"const": equals}}, "required": [field]}, "then": {"required": then}}));
            }
        }
        if let (false, Some(members)) = (conditions.is_empty(), schema.as_object_mut()) {
            members.insert("allOf".to_owned(), Value::Array(conditions));
        }
        schema
    }

    fn value(&self, field: &Field) -> Value {
        match &field.of {
            FieldType::Text { max } => json!({"type": "string", "minLength": 1, "maxLength": max, "pattern": forms::LINE}),
            FieldType::LongText { max } | FieldType::Markdown { max } => {
                json!({"type": "string", "minLength": 1, "maxLength": max, "pattern": forms::LINES})
            }
            FieldType::Day => json!({"type": "string", "pattern": forms::DAY}),
            FieldType::Date => json!({"type": "string", "anyOf": [{"pattern": forms::DAY}, {"pattern": forms::WIDER}]}),
            FieldType::Instant => {
                json!({"type": "string", "allOf": [{"pattern": forms::INSTANT}, {"pattern": format!("{}T", forms::DAY.trim_end_matches('$'))}]})
            }
            FieldType::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
            FieldType::Money => json!({"type": "integer", "minimum": 0, "maximum": i64::from(u32::MAX) * 1_000_000}),
            FieldType::Decimal => json!({"type": "string", "pattern": forms::DECIMAL}),
            FieldType::Bool => json!({"type": "boolean"}),
            FieldType::Code { list } => json!({"$ref": format!("#/$defs/{list}")}),
            FieldType::Ref { kinds } => json!({"type": "string", "pattern": forms::RECORD, "x-kinds": kinds}),
            FieldType::Link => json!({"type": "string", "maxLength": LONGEST_LINK, "pattern": forms::LINK}),
            FieldType::Sha256 => json!({"type": "string", "pattern": forms::SHA256}),
            FieldType::Group { fields, rules } => self.object(fields, rules),
        }
    }
    /// The codes of a list, those that have ended too: old records keep them.
    fn codes(&self, list: &str) -> Value {
        let codes: Vec<&str> = self.list(list).map(|list| list.codes.iter().map(|code| code.code.as_str()).collect()).unwrap_or_default();
        json!({"type": "string", "enum": codes})
    }
}

/// The code lists that fields name, those in groups too.
fn lists_of<'a>(fields: &'a [Field], lists: &mut BTreeSet<&'a str>) {
    for field in fields {
        match &field.of {
            FieldType::Code { list } => {
                lists.insert(list);
            }
            FieldType::Group { fields, .. } => lists_of(fields, lists),
            _ => {}
        }
    }
}
