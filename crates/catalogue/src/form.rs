//! Between a record and an HTML form: names like `names.0.text`, dates and numbers as Vietnamese people write them.

use serde_json::{Map, Value};

use crate::check::Fault;
use crate::kind::{Field, FieldType, Kind};
use crate::label::Label;

/// A form that could not be read whole: what could be read, and what is wrong where.
#[derive(Debug, Clone, PartialEq)]
pub struct FormFaults {
    /// What could be read.
    pub data: Value,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

impl Kind {
    /// Reads a form into data. Empty inputs are absent, groups without any input are left out, list places may have gaps. What reads well is checked
    /// later by [`crate::Catalogue::check`]; here only dates and numbers can fail.
    pub fn read_form(&self, pairs: &[(String, String)]) -> Result<Value, FormFaults> {
        let mut faults = Vec::new();
        let data = Value::Object(read_fields(&self.fields, pairs, "", &mut faults));
        if faults.is_empty() { Ok(data) } else { Err(FormFaults { data, faults }) }
    }

    /// The inputs that show the data.
    pub fn form_values(&self, data: &Value) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        write_fields(&self.fields, data, "", &mut pairs);
        pairs
    }
}

fn read_fields(fields: &[Field], pairs: &[(String, String)], prefix: &str, faults: &mut Vec<Fault>) -> Map<String, Value> {
    let mut data = Map::new();
    for field in fields {
        let path = format!("{prefix}{}", field.name);
        let value = if field.repeated {
            let mut items = Vec::new();
            for place in places(pairs, &path) {
                items.extend(read_one(field, pairs, &format!("{path}.{place}"), faults));
            }
            // Several inputs of one name, as a multiple choice sends them.
            for (_, text) in pairs.iter().filter(|(name, _)| *name == path) {
                items.extend(read_text(field, text, &path, faults));
            }
            (!items.is_empty()).then_some(Value::Array(items))
        } else {
            read_one(field, pairs, &path, faults)
        };
        if let Some(value) = value {
            data.insert(field.name.clone(), value);
        }
    }
    data
}

fn read_one(field: &Field, pairs: &[(String, String)], path: &str, faults: &mut Vec<Fault>) -> Option<Value> {
    if let FieldType::Group { fields, .. } = &field.of {
        let members = read_fields(fields, pairs, &format!("{path}."), faults);
        return (!members.is_empty()).then_some(Value::Object(members));
    }
    let (_, text) = pairs.iter().rev().find(|(name, _)| name == path)?;
    read_text(field, text, path, faults)
}

fn read_text(field: &Field, text: &str, path: &str, faults: &mut Vec<Fault>) -> Option<Value> {
    let plain = if field.verbatim { text.to_owned() } else { viet::nfc(text.trim()).replace("\r\n", "\n") };
    if plain.trim().is_empty() {
        return None;
    }
    let mut fail = |rule: &str, vi: String, en: String| {
        faults.push(Fault {
            path: path.to_owned(),
            rule: rule.to_owned(),
            message: Label::new(format!("{}: {vi}", field.label.vi), format!("{}: {en}", field.label.en)),
        });
        // What was typed is kept, so that it can be shown and mended.
        Some(Value::String(plain.clone()))
    };
    match &field.of {
        FieldType::Day | FieldType::Date => match viet::PartialDate::parse(&plain) {
            Ok(date) if field.of == FieldType::Day && date.precision() != viet::Precision::Day => fail(
                "day",
                "cần một ngày cụ thể, ví dụ 21/6/2019 (day).".to_owned(),
                "needs a day, for example 21/6/2019 (day).".to_owned(),
            ),
            Ok(date) => Some(Value::String(date.to_iso())),
            Err(error) => fail("date", error.message_vi(), error.message_en()),
        },
        FieldType::Integer { .. } | FieldType::Money => match viet::parse_number(&plain) {
            Ok(number) => match number.to_integer() {
                Some(number) => Some(Value::from(number)),
                None => fail("integer", "phải là số nguyên (integer).".to_owned(), "must be a whole number (integer).".to_owned()),
            },
            Err(error) => fail("number", error.message_vi(), error.message_en()),
        },
        FieldType::Decimal => match viet::parse_number(&plain) {
            Ok(number) => Some(Value::String(viet::format_decimal(number).replace('.', "").replace(',', "."))),
            Err(error) => fail("number", error.message_vi(), error.message_en()),
        },
        // A check box sends nothing when it is empty, so no means absent.
        FieldType::Bool => matches!(plain.as_str(), "true" | "on" | "1").then_some(Value::Bool(true)),
        _ => Some(Value::String(plain)),
    }
}

/// The places of a list in order: `names.0.…`, `names.2.…` → 0, 2.
fn places(pairs: &[(String, String)], path: &str) -> Vec<u32> {
    let mut places: Vec<u32> =
        pairs.iter().filter_map(|(name, _)| name.strip_prefix(path)?.strip_prefix('.')?.split('.').next()?.parse().ok()).collect();
    places.sort_unstable();
    places.dedup();
    places.truncate(2_000);
    places
}

fn write_fields(fields: &[Field], data: &Value, prefix: &str, pairs: &mut Vec<(String, String)>) {
    for field in fields {
        let Some(value) = data.get(&field.name) else { continue };
        let path = format!("{prefix}{}", field.name);
        match value {
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    write_one(field, item, &format!("{path}.{at}"), pairs);
                }
            }
            one => write_one(field, one, &path, pairs),
        }
    }
}

fn write_one(field: &Field, value: &Value, path: &str, pairs: &mut Vec<(String, String)>) {
    let text = match (&field.of, value) {
        (FieldType::Group { fields, .. }, row) => {
            write_fields(fields, row, &format!("{path}."), pairs);
            return;
        }
        (FieldType::Day | FieldType::Date, Value::String(text)) => {
            viet::PartialDate::from_iso(text).map_or_else(|_| text.clone(), |date| date.to_vietnamese())
        }
        (FieldType::Decimal, Value::String(text)) => text.replace('.', ","),
        (_, Value::Number(number)) => number.as_i64().map_or_else(|| number.to_string(), viet::format_number),
        (_, Value::Bool(true)) => "true".to_owned(),
        (_, Value::Bool(false)) => return,
        (_, Value::String(text)) => text.clone(),
        _ => return,
    };
    pairs.push((path.to_owned(), text));
}
