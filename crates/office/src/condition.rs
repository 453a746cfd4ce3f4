//! A condition on the contents of a record: `level=CT`, `title~gấc`.

use catalogue::FieldType;
use serde_json::Value;

use crate::cell_value::CodeNames;
use crate::error::OfficeError;
use crate::lookup::keys;
use crate::office::Office;

/// One field compared with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    field: String,
    wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// Exactly this value.
    Equal(String),
    /// These syllables in this order somewhere, with or without marks.
    Contains(String),
}

impl Condition {
    /// Reads `FIELD=VALUE` or `FIELD~WORDS`; codes may be given by name. The field is a key of the kind.
    ///
    /// # Errors
    /// `Refused` (`bad_condition`) when the form or the field is unknown.
    pub fn parse(office: &Office, kind: &str, text: &str) -> Result<Condition, OfficeError> {
        let kind = office.kind(kind)?;
        let bad = || {
            OfficeError::refused(
                "bad_condition",
                format!("Điều kiện “{text}” không hợp lệ. Viết TRƯỜNG=GIÁ TRỊ hoặc TRƯỜNG~TỪ, ví dụ level=CT."),
                format!("The condition “{text}” is not valid. Write FIELD=VALUE or FIELD~WORDS, for example level=CT."),
            )
        };
        let at = text.find(['=', '~']).ok_or_else(bad)?;
        let (name, value) = text.split_at(at);
        let (name, contains) = (name.trim(), value.starts_with('~'));
        let value = value.get(1..).unwrap_or_default().trim();
        let field = kind.field(name).ok_or_else(bad)?;
        let wanted = match &field.of {
            _ if contains => Wanted::Contains(keys(value).1),
            FieldType::Code { list } => {
                let codes = office.catalogue().list(list).map(CodeNames::of).unwrap_or_default().find(value);
                Wanted::Equal(codes.into_iter().next().unwrap_or_else(|| value.to_owned()))
            }
            FieldType::Day | FieldType::Date => Wanted::Equal(viet::PartialDate::parse(value).map_err(|_| bad())?.to_iso()),
            _ => Wanted::Equal(viet::nfc(value).into_owned()),
        };
        Ok(Condition { field: field.name.clone(), wanted })
    }

    /// Whether the contents fit; of a repeated field one item has to.
    pub fn holds(&self, data: Option<&Value>) -> bool {
        let Some(value) = data.and_then(|data| data.get(&self.field)) else { return false };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        items.iter().any(|item| {
            let text = match item {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            match &self.wanted {
                Wanted::Equal(wanted) => text == *wanted,
                Wanted::Contains(wanted) => format!(" {} ", keys(&text).1).contains(&format!(" {wanted} ")),
            }
        })
    }
}
