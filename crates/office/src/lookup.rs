//! From what somebody types — a name, a number, an address of a page — to the record meant, with the choices shown where several fit.

use catalogue::{FieldType, Kind};
use ledger::RecordId;
use serde_json::Value;

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::register::RegisterRow;

/// Choices shown when a name fits several records.
const MOST_CHOICES: usize = 10;

/// What a text stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// One record.
    One(RecordId),
    /// Nothing that this person may see.
    Nothing,
    /// Several; the person chooses. At most ten.
    Several(Vec<RegisterRow>),
}

impl Office {
    /// Finds the record of one of `kinds` (any when empty) that `text` means: its id, the address of its page, `name [id]` as exports write it, its title,
    /// another spelling or a number of it. Marks count first; only when nothing has that spelling is the text read without them.
    pub fn look_up(&self, who: &Identity, kinds: &[String], text: &str) -> Result<Found, OfficeError> {
        if let Some(id) = id_in(text) {
            let rows = self.titles(who, &[id])?;
            let fits = |row: &RegisterRow| kinds.is_empty() || kinds.contains(&row.kind);
            return Ok(if rows.iter().any(fits) { Found::One(id) } else { Found::Nothing });
        }
        let (exact, fold) = keys(text);
        if fold.is_empty() {
            return Ok(Found::Nothing);
        }
        for (column, key) in [("exact", &exact), ("fold", &fold)] {
            let rows = self.known_as(who, kinds, column, key, MOST_CHOICES + 1)?;
            match rows.as_slice() {
                [] => {}
                [one] => return Ok(Found::One(one.id)),
                _ => return Ok(Found::Several(rows.into_iter().take(MOST_CHOICES).collect())),
            }
        }
        Ok(Found::Nothing)
    }
}

/// The record id in an address of a page, in the brackets of `name [id]`, or the text itself.
pub(crate) fn id_in(text: &str) -> Option<RecordId> {
    let text = text.trim();
    if let Some((_, id)) = text.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        return RecordId::parse(id.trim()).ok();
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    path.split('/').rev().find_map(|piece| RecordId::parse(piece.trim_end_matches(".json")).ok())
}

/// The two keys of a name: with marks, wherever the tone stands; and without. Signs between syllables do not count.
pub(crate) fn keys(name: &str) -> (String, String) {
    let name = viet::nfc(name);
    let (mut exact, mut fold) = (String::new(), String::new());
    for syllable in viet::syllables(&name).take(60) {
        if !exact.is_empty() {
            exact.push(' ');
            fold.push(' ');
        }
        exact.push_str(&viet::key(syllable.text));
        fold.push_str(&viet::fold(syllable.text).to_lowercase());
    }
    (exact, fold)
}

/// Every text by which people name the record: its title or all its names, and the fields that the catalogue says identify it.
pub(crate) fn names_of(kind: &Kind, data: &Value) -> Vec<String> {
    let mut names = Vec::new();
    match data.get(&kind.title_field) {
        Some(Value::String(title)) => names.push(title.clone()),
        Some(Value::Array(dated)) => {
            for name in dated {
                for part in ["text", "short"] {
                    names.extend(name.get(part).and_then(Value::as_str).map(str::to_owned));
                }
            }
        }
        _ => {}
    }
    collect(&kind.fields, data, &mut names);
    names
}

fn collect(fields: &[catalogue::Field], data: &Value, names: &mut Vec<String>) {
    for field in fields {
        let Some(value) = data.get(&field.name) else { continue };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for item in items {
            match (&field.of, item) {
                (FieldType::Group { fields, .. }, row) => collect(fields, row, names),
                (_, Value::String(text)) if field.identifies => names.push(text.clone()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_placement_of_the_tone_and_signs_between_words_make_no_other_name() {
        assert_eq!(keys("Sở KH&CN  Khánh Hoà"), keys("sở kh-cn khánh hòa"));
        assert_ne!(keys("Kon Tum").0, keys("Kôn Tum").0);
        assert_eq!(keys("Đắk Lắk").1, "dak lak");
    }

    #[test]
    fn an_id_is_found_in_addresses_and_brackets() {
        let id = RecordId::new();
        for text in [format!("{id}"), format!("http://x/r/{id}.json?a=1"), format!("Sở KH&CN Đắk Lắk [{id}]")] {
            assert_eq!(id_in(&text), Some(id), "{text}");
        }
        assert_eq!(id_in("Sở KH&CN [Đắk Lắk]"), None);
    }
}
