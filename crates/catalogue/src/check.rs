//! Checks of data against a kind. Messages name the field, what is wrong and what to do, and end with the rule.

use serde_json::{Map, Value};

use crate::kind::{Field, FieldType, Kind, Rule};
use crate::label::Label;
use crate::load::Catalogue;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, e.g. `names.0.valid_to`; empty for the whole record.
    pub path: String,
    /// The rule broken, e.g. `required`.
    pub rule: String,
    /// For people.
    pub message: Label,
}

/// Data that keeps every rule of its kind. Only [`Catalogue::check`] and [`Catalogue::check_under`] make it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    kind: String,
    form: u64,
    data: Value,
}

impl Checked {
    /// The kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The version of the form that it was checked by.
    pub fn form(&self) -> u64 {
        self.form
    }

    /// The data.
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// The data, taken out.
    pub fn into_data(self) -> Value {
        self.data
    }
}

/// Exact forms, shared with the JSON Schema.
pub(crate) mod forms {
    /// A day that exists, leap years included.
    pub(crate) const DAY: &str = "^(?:[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)$";
    /// A month, quarter or year.
    pub(crate) const WIDER: &str = "^[1-9][0-9]{3}(?:-(?:0[1-9]|1[0-2]|Q[1-4]))?$";
    /// A UUID in lower case.
    pub(crate) const RECORD: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
    /// 64 hexadecimal digits.
    pub(crate) const SHA256: &str = "^[0-9a-f]{64}$";
    /// An address.
    pub(crate) const LINK: &str = "^https?://[^\\u0000-\\u0020\\u007f\"<>]+$";
    /// A decimal number.
    pub(crate) const DECIMAL: &str = "^-?(?:0|[1-9][0-9]{0,17})(?:\\.[0-9]{1,9})?$";
    /// The time part of an instant; the day part is [`DAY`].
    pub(crate) const INSTANT: &str = "^[1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$";
    /// No control characters.
    pub(crate) const LINE: &str = "^[^\\u0000-\\u001f\\u007f]*$";
    /// No control characters but tab and line ends.
    pub(crate) const LINES: &str = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$";
}

/// The longest link.
pub(crate) const LONGEST_LINK: usize = 2000;

impl Catalogue {
    /// Checks data; returns it checked (whole numbers written with a fraction of zero become integers), or every fault found.
    pub fn check(&self, kind: &str, data: &Value) -> Result<Checked, Vec<Fault>> {
        let Some(kind) = self.kind(kind) else {
            return Err(vec![Fault {
                path: String::new(),
                rule: "kind".to_owned(),
                message: Label::new(format!("Không có loại bản ghi “{kind}” (kind)."), format!("There is no kind “{kind}” (kind).")),
            }]);
        };
        self.check_under(kind, data)
    }

    /// Like [`Catalogue::check`], under a certain version of the form: a record is checked by the one it was made with.
    pub fn check_under(&self, kind: &Kind, data: &Value) -> Result<Checked, Vec<Fault>> {
        let mut faults = self.check_structure(kind, data);
        if faults.is_empty()
            && let Some(members) = data.as_object()
        {
            check_relations(&kind.fields, &kind.rules, members, "", &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut data = data.clone();
        settle_numbers(&kind.fields, &mut data);
        Ok(Checked { kind: kind.name.clone(), form: kind.version, data })
    }

    /// The checks that JSON Schema states too: forms, limits, required fields. Proven equal to [`Catalogue::schema`].
    pub fn check_structure(&self, kind: &Kind, data: &Value) -> Vec<Fault> {
        let mut faults = Vec::new();
        match data.as_object() {
            Some(members) => self.check_members(&kind.fields, &kind.rules, members, "", &mut faults),
            None => faults.push(Fault {
                path: String::new(),
                rule: "object".to_owned(),
                message: Label::new("Dữ liệu phải là một đối tượng (object).", "The data must be an object (object)."),
            }),
        }
        faults
    }

    fn check_members(&self, fields: &[Field], rules: &[Rule], members: &Map<String, Value>, prefix: &str, faults: &mut Vec<Fault>) {
        for name in members.keys() {
            if !fields.iter().any(|field| field.name == *name) {
                faults.push(Fault {
                    path: format!("{prefix}{name}"),
                    rule: "unknown_field".to_owned(),
                    message: Label::new(
                        format!("“{name}”: không có trường này. Hãy bỏ đi hoặc kiểm tra tên trường (unknown_field)."),
                        format!("“{name}”: there is no such field. Remove it or check its name (unknown_field)."),
                    ),
                });
            }
        }
        for field in fields {
            let path = format!("{prefix}{}", field.name);
            match members.get(&field.name) {
                None if field.required => faults.push(missing(field, &path)),
                None => {}
                Some(value) if field.repeated => self.check_items(field, value, &path, faults),
                Some(value) => self.check_value(field, value, &path, faults),
            }
        }
        for rule in rules {
            let Rule::RequiredWhen { field, equals, then } = rule else { continue };
            if members.get(field).and_then(Value::as_str) != Some(equals) {
                continue;
            }
            for name in then {
                if let (Some(field), None) = (fields.iter().find(|field| field.name == *name), members.get(name)) {
                    faults.push(missing(field, &format!("{prefix}{name}")));
                }
            }
        }
    }

    fn check_items(&self, field: &Field, value: &Value, path: &str, faults: &mut Vec<Fault>) {
        let Some(items) = value.as_array() else {
            faults.push(fault(field, path, "list", "phải là một danh sách", "must be a list"));
            return;
        };
        if items.len() < field.min_items {
            let number = field.min_items;
            faults.push(fault(field, path, "min_items", &format!("cần ít nhất {number} mục"), &format!("needs at least {number} items")));
        }
        if items.len() > field.max_items {
            let number = field.max_items;
            faults.push(fault(field, path, "max_items", &format!("nhiều nhất {number} mục"), &format!("has at most {number} items")));
        }
        for (at, item) in items.iter().enumerate() {
            self.check_value(field, item, &format!("{path}.{at}"), faults);
        }
    }

    fn check_value(&self, field: &Field, value: &Value, path: &str, faults: &mut Vec<Fault>) {
        let wrong = match &field.of {
            FieldType::Text { max } => check_text(value, *max, false),
            FieldType::LongText { max } | FieldType::Markdown { max } => check_text(value, *max, true),
            FieldType::Day => by_form(
                value,
                is_day,
                "day",
                "không phải ngày có thật; viết ví dụ 21/6/2019",
                "is not a real day; write for example 21/6/2019",
            ),
            FieldType::Date => by_form(
                value,
                is_date,
                "date",
                "không phải ngày có thật; viết ví dụ 21/6/2019, tháng 10/2019, quý III/2019 hoặc 2021",
                "is not a real date; write for example 21/6/2019, 10/2019, Q3/2019 or 2021",
            ),
            FieldType::Instant => by_form(
                value,
                is_instant,
                "instant",
                "không phải thời điểm dạng 2026-11-23T10:00:00Z",
                "is not an instant like 2026-11-23T10:00:00Z",
            ),
            FieldType::Integer { min, max } => check_integer(value, *min, *max),
            FieldType::Money => check_integer(value, 0, i64::from(u32::MAX) * 1_000_000),
            FieldType::Decimal => {
                by_form(value, is_decimal, "decimal", "không phải số thập phân dạng 12.5", "is not a decimal number like 12.5")
            }
            FieldType::Bool => {
                (!value.is_boolean()).then_some(("bool", "phải là có hoặc không".to_owned(), "must be yes or no".to_owned()))
            }
            FieldType::Code { list } => {
                let known = value.as_str().is_some_and(|code| self.list(list).is_some_and(|list| list.label(code).is_some()));
                (!known).then(|| {
                    let code = value.as_str().unwrap_or("?");
                    (
                        "code",
                        format!("mã “{code}” không có trong danh mục; hãy chọn từ danh sách"),
                        format!("the code “{code}” is not in the list; choose one from it"),
                    )
                })
            }
            FieldType::Ref { .. } => by_form(
                value,
                is_record,
                "ref",
                "không phải mã bản ghi; hãy chọn từ danh sách",
                "is not a record id; choose one from the list",
            ),
            FieldType::Link => by_form(
                value,
                is_link,
                "link",
                "không phải địa chỉ web bắt đầu bằng http:// hoặc https://",
                "is not a web address beginning with http:// or https://",
            ),
            FieldType::Sha256 => by_form(value, is_sha256, "sha256", "không phải 64 chữ số thập lục phân", "is not 64 hexadecimal digits"),
            FieldType::Group { fields, rules } => match value.as_object() {
                Some(members) => {
                    self.check_members(fields, rules, members, &format!("{path}."), faults);
                    None
                }
                None => Some(("group", "phải là một nhóm trường".to_owned(), "must be a group of fields".to_owned())),
            },
        };
        if let Some((rule, vi, en)) = wrong {
            faults.push(fault(field, path, rule, &vi, &en));
        }
    }
}

type Wrong = Option<(&'static str, String, String)>;

fn check_text(value: &Value, max: usize, lines: bool) -> Wrong {
    let Some(text) = value.as_str() else { return Some(("text", "phải là chữ".to_owned(), "must be text".to_owned())) };
    let length = text.chars().count();
    let control = |c: char| matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}') && !(lines && matches!(c, '\t' | '\n' | '\r'));
    if text.is_empty() {
        Some(("empty", "để trống; hãy nhập hoặc bỏ trường này".to_owned(), "is empty; fill it in or leave the field out".to_owned()))
    } else if length > max {
        Some((
            "too_long",
            format!("dài {length} ký tự, tối đa {max}; hãy rút gọn"),
            format!("has {length} characters, at most {max} are allowed; shorten it"),
        ))
    } else if text.chars().any(control) {
        Some(("control", "chứa ký tự điều khiển; hãy gõ lại".to_owned(), "contains control characters; type it again".to_owned()))
    } else {
        None
    }
}

fn check_integer(value: &Value, min: i64, max: i64) -> Wrong {
    match whole(value) {
        None => Some(("integer", "phải là số nguyên".to_owned(), "must be a whole number".to_owned())),
        Some(number) if !(min..=max).contains(&number) => {
            let (low, high) = (viet::format_number(min), viet::format_number(max));
            Some(("range", format!("phải từ {low} đến {high}"), format!("must lie between {low} and {high}")))
        }
        Some(_) => None,
    }
}

fn by_form(value: &Value, fits: fn(&str) -> bool, rule: &'static str, vi: &str, en: &str) -> Wrong {
    if value.as_str().is_some_and(fits) {
        return None;
    }
    let shown: String = value.as_str().unwrap_or("?").chars().take(40).collect();
    Some((rule, format!("“{shown}” {vi}"), format!("“{shown}” {en}")))
}

/// A whole number, also when it is written with a fraction of zero: JSON Schema counts 1.0 as an integer.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT).map(|number| number as i64)
}

fn digits(text: &str, from: usize, to: usize) -> Option<u32> {
    text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).and_then(|part| part.parse().ok())
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && viet::PartialDate::from_iso(text).is_ok()
}

fn is_date(text: &str) -> bool {
    viet::PartialDate::from_iso(text).is_ok()
}

fn is_instant(text: &str) -> bool {
    let time = |from, most| digits(text, from, from + 2).is_some_and(|number| number <= most);
    let marks = [(10, "T"), (13, ":"), (16, ":"), (19, "Z")].iter().all(|(at, mark)| text.get(*at..at + 1) == Some(*mark));
    text.len() == 20 && marks && text.get(..10).is_some_and(is_day) && time(11, 23) && time(14, 59) && time(17, 59)
}

fn is_record(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| {
            if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) }
        })
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn is_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && text.chars().count() <= LONGEST_LINK
            && !rest.chars().any(|c| matches!(c, '\u{0}'..='\u{20}' | '\u{7f}' | '"' | '<' | '>'))
    })
}

fn is_decimal(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = match rest.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (rest, None),
    };
    let number = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    number(whole, 18) && (whole == "0" || !whole.starts_with('0')) && part.is_none_or(|part| number(part, 9))
}

/// Rules that compare fields; JSON Schema cannot say them.
fn check_relations(fields: &[Field], rules: &[Rule], members: &Map<String, Value>, prefix: &str, faults: &mut Vec<Fault>) {
    let date = |name: &str| members.get(name).and_then(Value::as_str).and_then(|text| viet::PartialDate::from_iso(text).ok());
    for rule in rules {
        match rule {
            Rule::NotBefore { field, other } => {
                let (Some(late), Some(early)) = (date(field), date(other)) else { continue };
                let (Some(field), Some(other)) =
                    (fields.iter().find(|item| item.name == *field), fields.iter().find(|item| item.name == *other))
                else {
                    continue;
                };
                if late.last_day() < early.first_day() {
                    faults.push(fault(
                        field,
                        &format!("{prefix}{}", field.name),
                        "not_before",
                        &format!("{} sớm hơn “{}” ({})", late.to_vietnamese(), other.label.vi, early.to_vietnamese()),
                        &format!("{} is earlier than “{}” ({})", late.to_english(), other.label.en, early.to_english()),
                    ));
                }
            }
            Rule::UniqueItems { field } => {
                let items = members.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let Some(field) = fields.iter().find(|item| item.name == *field) else { continue };
                for (at, item) in items.iter().enumerate() {
                    if items.iter().take(at).any(|before| before == item) {
                        faults.push(fault(
                            field,
                            &format!("{prefix}{}.{at}", field.name),
                            "unique_items",
                            "đã có trong danh sách; hãy bỏ mục trùng",
                            "is in the list already; remove it",
                        ));
                    }
                }
            }
            Rule::RequiredWhen { .. } => {}
        }
    }
    for field in fields {
        let FieldType::Group { fields: inner, rules } = &field.of else { continue };
        match members.get(&field.name) {
            Some(Value::Array(rows)) => {
                for (at, row) in rows.iter().enumerate() {
                    if let Some(row) = row.as_object() {
                        check_relations(inner, rules, row, &format!("{prefix}{}.{at}.", field.name), faults);
                    }
                }
            }
            Some(Value::Object(row)) => check_relations(inner, rules, row, &format!("{prefix}{}.", field.name), faults),
            _ => {}
        }
    }
}

fn settle_numbers(fields: &[Field], data: &mut Value) {
    for field in fields {
        let Some(value) = data.get_mut(&field.name) else { continue };
        let items: Vec<&mut Value> = match value {
            Value::Array(items) => items.iter_mut().collect(),
            one => vec![one],
        };
        for item in items {
            match &field.of {
                FieldType::Integer { .. } | FieldType::Money => {
                    if let Some(number) = whole(item) {
                        *item = Value::from(number);
                    }
                }
                FieldType::Group { fields, .. } => settle_numbers(fields, item),
                _ => {}
            }
        }
    }
}

fn missing(field: &Field, path: &str) -> Fault {
    fault(field, path, "required", "chưa nhập; trường này bắt buộc", "is missing; this field is required")
}

fn fault(field: &Field, path: &str, rule: &str, vi: &str, en: &str) -> Fault {
    Fault {
        path: path.to_owned(),
        rule: rule.to_owned(),
        message: Label::new(format!("{}: {vi}.", field.label.vi), format!("{}: {en}.", field.label.en)),
    }
}
