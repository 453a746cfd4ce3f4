//! What an audience sees of a record.

use serde_json::{Map, Value};

use crate::kind::{Audience, Field, FieldType, Kind};
use crate::label::Lang;
use crate::load::Catalogue;

impl Catalogue {
    /// What `audience` may see of the data: fields whose audience is at least as wide, in the state the record is in. None when the state itself is not
    /// for that audience, or nothing is left.
    pub fn project(&self, kind: &Kind, data: &Value, audience: Audience) -> Option<Value> {
        let state = kind.state_field.as_deref().and_then(|field| data.get(field)).and_then(Value::as_str);
        if let (Some(workflow), Some(state)) = (kind.workflow.as_deref().and_then(|name| self.workflow(name)), state)
            && workflow.state(state).is_none_or(|state| state.audience < audience)
        {
            return None;
        }
        let seen = visible(&kind.fields, data, audience, state);
        (!seen.is_empty()).then_some(Value::Object(seen))
    }

    /// The title of a record.
    pub fn title(&self, kind: &str, data: &Value, lang: Lang) -> String {
        let Some(kind) = self.kind(kind) else { return String::new() };
        let value = data.get(&kind.title_field);
        match value {
            Some(Value::String(text)) => match kind.field(&kind.title_field).map(|field| &field.of) {
                Some(FieldType::Code { list }) => {
                    self.list(list).and_then(|list| list.label(text)).map_or_else(|| text.clone(), |label| label.get(lang).to_owned())
                }
                _ => text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect(),
            },
            Some(Value::Array(names)) => name_of(names, lang),
            _ => kind.label.get(lang).to_owned(),
        }
    }
}

/// The last name in the language, short form first; any name when there is none in it.
fn name_of(names: &[Value], lang: Lang) -> String {
    let language = |name: &&Value| name.get("lang").and_then(Value::as_str).unwrap_or("vi") == lang.as_str();
    let name = names.iter().rev().find(language).or(names.last());
    let part = |field: &str| name.and_then(|name| name.get(field)).and_then(Value::as_str);
    part("short").or(part("text")).unwrap_or_default().to_owned()
}

fn visible(fields: &[Field], data: &Value, audience: Audience, state: Option<&str>) -> Map<String, Value> {
    let mut seen = Map::new();
    for field in fields {
        let Some(value) = data.get(&field.name) else { continue };
        let widest = state.and_then(|state| field.stage_audience.get(state)).copied().unwrap_or(field.audience);
        if widest < audience {
            continue;
        }
        let shown = match (&field.of, value) {
            (FieldType::Group { fields, .. }, Value::Array(rows)) => {
                Value::Array(rows.iter().map(|row| Value::Object(visible(fields, row, audience, state))).collect())
            }
            (FieldType::Group { fields, .. }, row @ Value::Object(_)) => Value::Object(visible(fields, row, audience, state)),
            (_, other) => other.clone(),
        };
        seen.insert(field.name.clone(), shown);
    }
    seen
}

impl Kind {
    /// Whether any field is closed to the public.
    pub fn has_restricted_fields(&self) -> bool {
        self.fields.iter().any(|field| field.audience < Audience::Public)
    }
}
