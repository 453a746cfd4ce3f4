//! Kinds of records and their fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::label::Label;

/// Who may see: each audience sees what the wider ones see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Only the owning body.
    Private,
    /// The Ministry.
    Ministry,
    /// The departments of the region.
    Region,
    /// Everybody.
    Public,
}

impl Audience {
    /// From the narrowest to the widest.
    pub const ALL: [Audience; 4] = [Audience::Private, Audience::Ministry, Audience::Region, Audience::Public];

    /// The code: `private`, `ministry`, `region`, `public`.
    pub fn as_str(self) -> &'static str {
        match self {
            Audience::Private => "private",
            Audience::Ministry => "ministry",
            Audience::Region => "region",
            Audience::Public => "public",
        }
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Option<Audience> {
        Audience::ALL.into_iter().find(|audience| audience.as_str() == code)
    }

    /// The name for people.
    pub fn label(self) -> Label {
        match self {
            Audience::Private => Label::new("Nội bộ cơ quan", "Inside the body"),
            Audience::Ministry => Label::new("Bộ xem được", "Seen by the Ministry"),
            Audience::Region => Label::new("Các Sở trong vùng xem được", "Seen by the region's departments"),
            Audience::Public => Label::new("Công khai", "Public"),
        }
    }
}

/// What a field holds, with its limits. Lengths are in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// One line.
    Text {
        /// Longest.
        max: usize,
    },
    /// Several lines.
    LongText {
        /// Longest.
        max: usize,
    },
    /// Several lines of Markdown.
    Markdown {
        /// Longest.
        max: usize,
    },
    /// `2019-06-21`.
    Day,
    /// A date of any precision: `2019-06-21`, `2019-10`, `2019-Q3`, `2019`.
    Date,
    /// `2026-11-23T10:00:00Z`.
    Instant,
    /// A whole number.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A decimal number as text with a point: `12.5`.
    Decimal,
    /// Whole đồng.
    Money,
    /// Yes or no.
    Bool,
    /// A code of a list.
    Code {
        /// The list.
        list: String,
    },
    /// A record's id.
    Ref {
        /// Kinds allowed; any when empty.
        kinds: Vec<String>,
    },
    /// An http(s) address.
    Link,
    /// 64 hexadecimal digits.
    Sha256,
    /// Fields together.
    Group {
        /// The fields.
        fields: Vec<Field>,
        /// Rules among them.
        rules: Vec<Rule>,
    },
}

/// One field of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name in the data: ASCII letters, digits, `_`.
    pub name: String,
    /// What people read.
    pub label: Label,
    /// Help under the field.
    pub help: Option<Label>,
    /// What it holds.
    pub of: FieldType,
    /// Whether it must be there.
    pub required: bool,
    /// Whether there may be several.
    pub repeated: bool,
    /// Fewest items when it is there.
    pub min_items: usize,
    /// Most items.
    pub max_items: usize,
    /// The widest audience that may see it.
    pub audience: Audience,
    /// The same for single states of the workflow.
    pub stage_audience: BTreeMap<String, Audience>,
    /// Legal source.
    pub source: String,
    /// Term of CERIF or schema.org.
    pub term: Option<String>,
    /// Example as people type it.
    pub example: Option<String>,
    /// Section of the form.
    pub section: Option<String>,
    /// Personal data (Law 91/2025/QH15).
    pub personal: bool,
    /// Exact words of a source: never normalised.
    pub verbatim: bool,
    /// Whether people name the record by it as they do by its title: a number, a code, another spelling.
    pub identifies: bool,
}

/// A rule among fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `field` is not earlier than `other`.
    NotBefore {
        /// The later one.
        field: String,
        /// The earlier one.
        other: String,
    },
    /// No item of `field` stands twice.
    UniqueItems {
        /// The repeated field.
        field: String,
    },
    /// When `field` has the value, the fields of `then` must be there.
    RequiredWhen {
        /// The field.
        field: String,
        /// The value.
        equals: String,
        /// What is then required.
        then: Vec<String>,
    },
}

/// A part of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Name that fields give.
    pub name: String,
    /// Heading.
    pub label: Label,
}

/// A kind of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Name, e.g. `directive`.
    pub name: String,
    /// Version of the declaration.
    pub version: u64,
    /// One.
    pub label: Label,
    /// Many.
    pub plural: Label,
    /// First day of the declaration.
    pub valid_from: String,
    /// Last day.
    pub valid_to: Option<String>,
    /// Under which heading people find the kind: a code of the list `kind-groups`.
    pub group: String,
    /// Legal source.
    pub source: String,
    /// Term of CERIF or schema.org.
    pub term: Option<String>,
    /// The field that titles a record.
    pub title_field: String,
    /// The field that names the owning body.
    pub owner_field: Option<String>,
    /// The field that holds the workflow state.
    pub state_field: Option<String>,
    /// The workflow.
    pub workflow: Option<String>,
    /// Parts of the form; empty when it has one.
    pub sections: Vec<Section>,
    /// Fields in order.
    pub fields: Vec<Field>,
    /// Rules among fields.
    pub rules: Vec<Rule>,
}

impl Kind {
    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field at the end of a path like `title`, `names.0.text` or `clear.who`; none when there is no such field or it is a group.
    pub fn field_at(&self, path: &str) -> Option<&Field> {
        let mut fields = &self.fields;
        let mut found = None;
        for part in path.split('.') {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let field = fields.iter().find(|field| field.name == part)?;
            if let FieldType::Group { fields: inner, .. } = &field.of {
                fields = inner;
            }
            found = Some(field);
        }
        found.filter(|field| !matches!(field.of, FieldType::Group { .. }))
    }
}
