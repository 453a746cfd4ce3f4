//! Form fields: label, hint, input and message in one piece, and the summary of faults above a form.

use askama::Template;

use super::Icon;
use crate::errors::FieldFault;
use crate::form::FormPairs;
use crate::lang::{Lang, Texts};

/// One field of a form.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/field.html")]
pub struct Field {
    /// The name that is sent, e.g. `names.0.text`.
    pub name: String,
    /// The words above the field.
    pub label: String,
    /// A hint under the label; may be empty.
    pub hint: String,
    /// The value; for choices the chosen one.
    pub value: String,
    /// What is wrong with the value; may be empty.
    pub error: String,
    /// Whether it must be filled in.
    pub required: bool,
    /// What kind of field it is.
    pub kind: FieldKind,
    /// The `autocomplete` token (WCAG 1.3.5); may be empty.
    pub autocomplete: &'static str,
    /// The interface texts.
    pub texts: Texts,
}

/// Kinds of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// A password.
    Password,
    /// An e-mail address.
    Email,
    /// A number, an amount: one line with the numeric keyboard.
    Number,
    /// A day or a partial date: one line, never a date picker of the browser.
    Day,
    /// Several lines.
    LongText {
        /// How many lines are shown.
        rows: u8,
    },
    /// One of a list, folded.
    Select(Vec<Choice>),
    /// One of a few, all shown.
    Radios(Vec<Choice>),
    /// Any of a few; [`Choice::chosen`] says which.
    Ticks(Vec<Choice>),
    /// Yes or no; sent as `1`. Ticked when the value is `1`.
    Tick,
    /// A file; the text is the `accept` list.
    File(&'static str),
    /// Not shown.
    Hidden,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value sent.
    pub value: String,
    /// The words.
    pub label: String,
    /// Whether it is chosen (for [`FieldKind::Ticks`]; elsewhere the field's value decides).
    pub chosen: bool,
}

impl Choice {
    /// A choice that is not chosen.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice { value: value.into(), label: label.into(), chosen: false }
    }
}

impl Field {
    /// A field of any kind.
    pub fn new(texts: Texts, kind: FieldKind, name: impl Into<String>, label: impl Into<String>) -> Field {
        Field {
            name: name.into(),
            label: label.into(),
            hint: String::new(),
            value: String::new(),
            error: String::new(),
            required: false,
            kind,
            autocomplete: "",
            texts,
        }
    }

    /// A line of text.
    pub fn text(texts: Texts, name: impl Into<String>, label: impl Into<String>) -> Field {
        Field::new(texts, FieldKind::Text, name, label)
    }

    /// A day, with the hint how to write it.
    pub fn day(texts: Texts, name: impl Into<String>, label: impl Into<String>) -> Field {
        let hint = texts.get("field-day-hint");
        Field::new(texts, FieldKind::Day, name, label).hint(hint)
    }

    /// Several lines.
    pub fn long_text(texts: Texts, name: impl Into<String>, label: impl Into<String>, rows: u8) -> Field {
        Field::new(texts, FieldKind::LongText { rows }, name, label)
    }

    /// A folded list of (value, words).
    pub fn select(texts: Texts, name: impl Into<String>, label: impl Into<String>, choices: Vec<Choice>) -> Field {
        Field::new(texts, FieldKind::Select(choices), name, label)
    }

    /// A hidden value.
    pub fn hidden(texts: Texts, name: impl Into<String>, value: impl Into<String>) -> Field {
        Field::new(texts, FieldKind::Hidden, name, "").value(value)
    }

    /// Sets the value.
    pub fn value(mut self, value: impl Into<String>) -> Field {
        self.value = value.into();
        self
    }

    /// Takes the value from what was sent; nothing changes when the name was not sent.
    pub fn value_from(mut self, pairs: &FormPairs) -> Field {
        if let Some((_, value)) = pairs.0.iter().find(|(name, _)| *name == self.name) {
            self.value.clone_from(value);
        }
        self
    }

    /// Sets the hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Field {
        self.hint = hint.into();
        self
    }

    /// Makes the field required (said in words; the server checks).
    pub fn required(mut self) -> Field {
        self.required = true;
        self
    }

    /// Sets the `autocomplete` token.
    pub fn autocomplete(mut self, token: &'static str) -> Field {
        self.autocomplete = token;
        self
    }

    /// Takes its message from the faults of the form.
    pub fn error_from(mut self, errors: &FormErrors) -> Field {
        if let Some((_, message)) = errors.faults.iter().find(|(name, _)| *name == self.name) {
            self.error.clone_from(message);
        }
        self
    }

    /// The element's id.
    pub fn id(&self) -> String {
        field_id(&self.name)
    }

    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.id()));
        }
        if !self.error.is_empty() {
            ids.push(format!("{}-error", self.id()));
        }
        ids.join(" ")
    }

    fn input_type(&self) -> &'static str {
        match self.kind {
            FieldKind::Password => "password",
            FieldKind::Email => "email",
            _ => "text",
        }
    }

    fn input_mode(&self) -> &'static str {
        match self.kind {
            // Words such as "tháng 10/2019" are days too, so the keyboard keeps its letters.
            FieldKind::Day => "text",
            FieldKind::Number => "decimal",
            FieldKind::Email => "email",
            _ => "",
        }
    }

    fn is_grouped(&self) -> bool {
        matches!(self.kind, FieldKind::Radios(_) | FieldKind::Ticks(_))
    }
}

/// Rows of fields that repeat, with buttons to add and remove rows that work without script ([`FormPairs::press_row_button`]).
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/field_group.html")]
pub struct FieldGroup {
    /// The group's name, e.g. `names`; its fields are called `names.0.text`.
    pub name: String,
    /// The words above it.
    pub label: String,
    /// A hint; may be empty.
    pub hint: String,
    /// The rows.
    pub rows: Vec<Vec<Field>>,
    /// Whether rows may be added.
    pub may_add: bool,
    /// Whether rows may be removed.
    pub may_remove: bool,
    /// The interface texts.
    pub texts: Texts,
}

/// The faults of a form, listed above it with links to the fields. Prints nothing when there are none.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/form_errors.html")]
pub struct FormErrors {
    /// Field names and messages, in the order of the form. An empty name is about the form as a whole.
    pub faults: Vec<(String, String)>,
    /// The interface texts.
    pub texts: Texts,
}

impl FormErrors {
    /// No faults.
    pub fn none(texts: Texts) -> FormErrors {
        FormErrors { faults: Vec::new(), texts }
    }

    /// The faults in one language.
    pub fn of(lang: Lang, faults: &[FieldFault]) -> FormErrors {
        let faults = faults.iter().map(|fault| (fault.path.clone(), fault.message.get(lang).to_owned())).collect();
        FormErrors { faults, texts: lang.texts() }
    }

    /// Adds a fault.
    pub fn add(&mut self, name: impl Into<String>, message: impl Into<String>) {
        self.faults.push((name.into(), message.into()));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    fn links(&self) -> Vec<(String, &str)> {
        self.faults.iter().map(|(name, message)| (if name.is_empty() { String::new() } else { field_id(name) }, message.as_str())).collect()
    }
}

/// The id of a field's element.
fn field_id(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    format!("f-{plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_with_a_fault_is_linked_to_its_message_and_keeps_its_value() {
        let texts = Lang::Vi.texts();
        let mut errors = FormErrors::none(texts);
        errors.add("names.0.valid_to", "31/02/2021 không có thật");
        let pairs = FormPairs(vec![("names.0.valid_to".into(), "31/02/2021\"><script>".into())]);
        let field = Field::day(texts, "names.0.valid_to", "Đến ngày").required().value_from(&pairs).error_from(&errors).to_string();
        assert!(field.contains(r#"aria-invalid="true""#) && field.contains("f-names-0-valid_to-error"), "{field}");
        assert!(!field.contains("<script>") && !field.contains(r#"type="date""#), "{field}");
        assert!(errors.to_string().contains("#f-names-0-valid_to"), "{errors}");
        assert_eq!(FormErrors::none(texts).to_string().trim(), "");
    }
}
