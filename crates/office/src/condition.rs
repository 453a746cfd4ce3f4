//! A condition on the contents of a record: `level=CT`, `title~gấc`.

use catalogue::{CodeList, FieldType, Kind, Lang};
use ledger::RecordId;
use serde_json::Value;

use crate::cell_value::CodeNames;
use crate::error::OfficeError;
use crate::lookup::keys;
use crate::office::Office;

/// Codes named in a refusal.
const MOST_CODES: usize = 20;

/// One field compared with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    field: String,
    wanted: Wanted,
    /// Whether a record without the field fits too: what is not said to be so is not.
    absent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// Exactly one of these values: a name may be that of several codes.
    OneOf(Vec<String>),
    /// These syllables in this order somewhere, with or without marks.
    Contains(String),
}

impl Condition {
    /// Reads `FIELD=VALUE` or `FIELD~WORDS`; codes may be given by name. The field is a key of the kind.
    ///
    /// # Errors
    /// `Refused`: `bad_condition` when the form or the field is unknown, `bad_condition_value` when no record could have the value, with the field and what
    /// it takes.
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
        let field = kind.field(name).ok_or_else(|| unknown_field(kind, name))?;
        let refused = |vi: &str, en: &str| {
            let (vi, en) = (format!("“{}” (trường {name}): {vi}", field.label.vi), format!("“{}” (field {name}): {en}", field.label.en));
            OfficeError::refused("bad_condition_value", vi, en)
        };
        let wanted = match &field.of {
            _ if contains => Wanted::Contains(keys(value).1),
            FieldType::Code { list } => {
                let list = office.catalogue().list(list).ok_or_else(bad)?;
                let codes = CodeNames::of(list).find(value);
                if codes.is_empty() {
                    let (vi, en) = (codes_of(list, Lang::Vi), codes_of(list, Lang::En));
                    return Err(refused(
                        &format!("“{value}” không có trong danh mục. Các mã: {vi}."),
                        &format!("“{value}” is not in the list. Its codes: {en}."),
                    ));
                }
                Wanted::OneOf(codes)
            }
            FieldType::Day | FieldType::Date => {
                let day = viet::PartialDate::parse(value).map_err(|_| {
                    refused(
                        &format!("“{value}” không phải ngày. Viết ví dụ 21/06/2019, 06/2019 hoặc 2019."),
                        &format!("“{value}” is no date. Write for example 21/06/2019, 06/2019 or 2019."),
                    )
                })?;
                Wanted::OneOf(vec![day.to_iso()])
            }
            FieldType::Integer { .. } | FieldType::Money => match value.parse::<i64>() {
                Ok(number) => Wanted::OneOf(vec![number.to_string()]),
                Err(_) => {
                    return Err(refused(
                        &format!("“{value}” không phải số nguyên. Viết chỉ bằng chữ số, ví dụ 1500000."),
                        &format!("“{value}” is no whole number. Write digits only, for example 1500000."),
                    ));
                }
            },
            FieldType::Bool => match viet::fold(value).to_lowercase().as_str() {
                "co" | "yes" | "true" => Wanted::OneOf(vec!["true".to_owned()]),
                "khong" | "no" | "false" => Wanted::OneOf(vec!["false".to_owned()]),
                _ => return Err(refused("viết “có” hoặc “không”.", "write “yes” or “no”.")),
            },
            FieldType::Ref { .. } => match RecordId::parse(value) {
                Ok(id) => Wanted::OneOf(vec![id.to_string()]),
                Err(_) => {
                    return Err(refused(
                        &format!("“{value}” không phải mã bản ghi. Mã nằm ở cuối địa chỉ trang của bản ghi."),
                        &format!("“{value}” is no record id. It stands at the end of the address of the record's page."),
                    ));
                }
            },
            FieldType::Group { .. } => {
                return Err(refused(
                    "trường gồm nhiều phần, hãy tìm theo từ: TRƯỜNG~TỪ.",
                    "the field has parts, look for words: FIELD~WORDS.",
                ));
            }
            _ => Wanted::OneOf(vec![viet::nfc(value).into_owned()]),
        };
        let absent = wanted == Wanted::OneOf(vec!["false".to_owned()]);
        Ok(Condition { field: field.name.clone(), wanted, absent })
    }

    /// Whether the contents fit; of a repeated field one item has to.
    pub fn holds(&self, data: Option<&Value>) -> bool {
        let Some(value) = data.and_then(|data| data.get(&self.field)) else { return self.absent };
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
                Wanted::OneOf(values) => values.contains(&text),
                Wanted::Contains(wanted) => format!(" {} ", keys(&text).1).contains(&format!(" {wanted} ")),
            }
        })
    }
}

fn unknown_field(kind: &Kind, name: &str) -> OfficeError {
    let names: Vec<&str> = kind.fields.iter().map(|field| field.name.as_str()).collect();
    let names = names.join(", ");
    OfficeError::refused(
        "bad_condition",
        format!("“{}” không có trường “{name}”. Các trường: {names}.", kind.label.vi),
        format!("“{}” has no field “{name}”. Its fields: {names}.", kind.label.en),
    )
}

/// The codes of a list with their names; of a long list the first, and how many there are.
fn codes_of(list: &CodeList, lang: Lang) -> String {
    let mut words: Vec<String> =
        list.codes.iter().take(MOST_CODES).map(|code| format!("{} ({})", code.code, code.label.get(lang))).collect();
    if list.codes.len() > MOST_CODES {
        let more = list.codes.len() - MOST_CODES;
        words.push(match lang {
            Lang::Vi => format!("và {more} mã khác, xem trang Bảng mã, danh mục “{}”", list.name),
            Lang::En => format!("and {more} more, see the page Code lists, list “{}”", list.name),
        });
    }
    words.join(", ")
}
