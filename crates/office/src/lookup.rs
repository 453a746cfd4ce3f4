//! From what somebody types — a name, a number, an address of a page — to the record meant, with the choices shown where several fit.

use catalogue::{FieldType, Kind, Lang};
use ledger::RecordId;
use serde_json::Value;

use crate::cell_value::CodeNames;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::register::RegisterRow;

/// Choices shown when a name fits several records.
const MOST_CHOICES: usize = 10;

/// What a text stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
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
    pub(crate) fn look_up(&self, who: &Identity, kinds: &[String], text: &str) -> Result<Found, OfficeError> {
        if let Some(id) = record_named_in(text) {
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

impl Office {
    /// What to write for a record so that [`Office::look_up`] finds it again: its title alone where that means this record only, else `title [id]`; the id
    /// itself for a record that this person may not see.
    pub fn name_to_write(&self, who: &Identity, kinds: &[String], id: RecordId) -> Result<String, OfficeError> {
        let Some(row) = self.titles(who, &[id])?.into_iter().next() else { return Ok(id.to_string()) };
        Ok(match self.look_up(who, kinds, &row.title)? {
            Found::One(found) if found == id => row.title,
            _ => format!("{} [{id}]", row.title),
        })
    }

    /// Replaces names by ids and codes in the inputs of a form. Returns the inputs that mean nothing, or several things: these as `name [id]`.
    pub fn resolve_names(
        &self,
        who: &Identity,
        kind: &Kind,
        inputs: &mut [(String, String)],
    ) -> Result<Vec<(String, Vec<String>)>, OfficeError> {
        let mut open = Vec::new();
        for (path, text) in inputs.iter_mut() {
            if text.trim().is_empty() {
                continue;
            }
            match kind.field_at(path).map(|field| &field.of) {
                Some(FieldType::Ref { .. }) if RecordId::parse(text.trim()).is_ok() => {}
                Some(FieldType::Ref { kinds }) => match self.look_up(who, kinds, text)? {
                    Found::One(id) => *text = id.to_string(),
                    Found::Nothing => open.push((path.clone(), Vec::new())),
                    Found::Several(rows) => {
                        open.push((path.clone(), rows.iter().map(|row| format!("{} [{}]", row.title, row.id)).collect()));
                    }
                },
                Some(FieldType::Code { list }) => {
                    let Some(list) = self.catalogue().list(list).filter(|list| list.get(text.trim()).is_none()) else { continue };
                    let codes = CodeNames::of(list).find(text);
                    match codes.as_slice() {
                        [one] => *text = one.clone(),
                        several => {
                            let named =
                                |code: &String| list.label(code).map_or_else(|| code.clone(), |label| format!("{} [{code}]", label.vi));
                            open.push((path.clone(), several.iter().take(MOST_CHOICES).map(named).collect()));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(open)
    }

    /// Replaces the id in a reference input of a form by a name, for people to read and change.
    pub fn name_reference(&self, who: &Identity, kind: &Kind, path: &str, text: &str) -> Result<String, OfficeError> {
        match (kind.field_at(path).map(|field| &field.of), RecordId::parse(text.trim())) {
            (Some(FieldType::Ref { kinds }), Ok(id)) => self.name_to_write(who, kinds, id),
            _ => Ok(text.to_owned()),
        }
    }

    /// What to write for a code so that it is found again: its name, with the code where the name has several.
    pub fn code_to_write(&self, list: &str, code: &str, lang: Lang) -> String {
        let Some(found) = self.catalogue().list(list) else { return code.to_owned() };
        let Some(name) = found.label(code).map(|name| name.get(lang)) else { return code.to_owned() };
        if CodeNames::of(found).find(name) == [code] { name.to_owned() } else { format!("{name} [{code}]") }
    }
}

/// The record id in an address of a page, in the brackets of `name [id]`, or the text itself.
pub fn record_named_in(text: &str) -> Option<RecordId> {
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
        for item in crate::search::items_of(value) {
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
            assert_eq!(record_named_in(&text), Some(id), "{text}");
        }
        assert_eq!(record_named_in("Sở KH&CN [Đắk Lắk]"), None);
    }
}
