//! Visible differences between two versions of a record.

use serde_json::Value;

use crate::kind::{Field, FieldType, Kind};
use crate::label::Label;

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where, e.g. `names.0.text`.
    pub path: String,
    /// Labels on the way, e.g. "Tên gọi qua các thời kỳ 1 › Tên đầy đủ".
    pub label: Label,
    /// Before; none when added.
    pub old: Option<Value>,
    /// After; none when removed.
    pub new: Option<Value>,
}

impl Kind {
    /// What differs, in the order of the fields; groups are compared field by field.
    pub fn changes(&self, old: &Value, new: &Value) -> Vec<Change> {
        let mut changes = Vec::new();
        compare(&self.fields, old, new, "", &Label::default(), &mut changes);
        changes
    }
}

fn compare(fields: &[Field], old: &Value, new: &Value, prefix: &str, above: &Label, changes: &mut Vec<Change>) {
    for field in fields {
        let (before, after) = (old.get(&field.name), new.get(&field.name));
        if before == after {
            continue;
        }
        let path = format!("{prefix}{}", field.name);
        let label = below(above, &field.label.vi, &field.label.en);
        match (&field.of, before, after) {
            (FieldType::Group { fields, .. }, before, after) if field.repeated => {
                let empty = Vec::new();
                let rows = |value: Option<&Value>| value.and_then(Value::as_array).unwrap_or(&empty).clone();
                let (before, after) = (rows(before), rows(after));
                for at in 0..before.len().max(after.len()) {
                    let number = at + 1;
                    let label = Label::new(format!("{} {number}", label.vi), format!("{} {number}", label.en));
                    let null = Value::Null;
                    let (one, two) = (before.get(at).unwrap_or(&null), after.get(at).unwrap_or(&null));
                    compare(fields, one, two, &format!("{path}.{at}."), &label, changes);
                }
            }
            (FieldType::Group { fields, .. }, before, after) => {
                let null = Value::Null;
                compare(fields, before.unwrap_or(&null), after.unwrap_or(&null), &format!("{path}."), &label, changes);
            }
            (_, before, after) => changes.push(Change { path, label, old: before.cloned(), new: after.cloned() }),
        }
    }
}

fn below(above: &Label, vi: &str, en: &str) -> Label {
    if above.vi.is_empty() { Label::new(vi, en) } else { Label::new(format!("{} › {vi}", above.vi), format!("{} › {en}", above.en)) }
}
