//! Versions of a form: one more declaration of a kind that is there already, and what it changes.

use crate::error::{CatalogueError, Problem, reason};
use crate::kind::{Field, FieldType, Kind, Rule};
use crate::label::Label;
use crate::load::{Catalogue, Loading};

/// Whether something of a form is new, gone or different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormChangeSort {
    /// Only in the newer version.
    Added,
    /// Only in the older version.
    Removed,
    /// In both, not the same.
    Changed,
}

/// One difference between two versions of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormChange {
    /// New, gone or different.
    pub sort: FormChangeSort,
    /// Where, e.g. `members.role`; empty for the form as a whole.
    pub path: String,
    /// Labels on the way, e.g. "Cá nhân tham gia › Vai trò".
    pub label: Label,
    /// What differs; for a field that is added or removed, what it is.
    pub aspects: Vec<Aspect>,
}

/// One property of a field, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aspect {
    /// What it is called, e.g. "Bắt buộc".
    pub name: Label,
    /// Before; none when the field is new.
    pub old: Option<Label>,
    /// After; none when the field is gone.
    pub new: Option<Label>,
}

impl Catalogue {
    /// This catalogue with one more version of a kind it has, read from the text of a file of `kinds/`. When `adopted`, it becomes the current version;
    /// else it only stands beside it, so that records written under it can be read.
    ///
    /// # Errors
    /// Every problem of the file with its line. The kind must be there in a lower version (any other when not adopted), with the same workflow and the same
    /// fields for title, owner and state: these belong to permission and lists, not to a form.
    pub fn with_form(&self, file: &str, text: &str, adopted: bool) -> Result<Catalogue, CatalogueError> {
        let mut loading = Loading::into(self.clone());
        loading.adopting = adopted;
        loading.kind(file, text);
        loading.cross_check();
        if loading.problems.is_empty()
            && let Some(kind) = loading.catalogue.kinds().chain(loading.catalogue.other_versions()).find(|kind| self.is_new(kind))
        {
            let reasons = match self.kind(&kind.name) {
                None => vec![reason!(
                    "không có loại bản ghi {}: mẫu chỉ sửa loại đã có",
                    "there is no kind {}: a form changes one that is there",
                    kind.name
                )],
                Some(known) => unsuitable(known, kind, adopted),
            };
            loading.problems.extend(reasons.into_iter().map(|reason| Problem { file: file.to_owned(), line: 1, reason }));
        }
        if loading.problems.is_empty() { Ok(loading.catalogue) } else { Err(CatalogueError { problems: loading.problems }) }
    }

    fn is_new(&self, kind: &Kind) -> bool {
        self.kind_version(&kind.name, kind.version).is_none()
    }
}

fn unsuitable(known: &Kind, next: &Kind, adopted: bool) -> Vec<Label> {
    let mut reasons = Vec::new();
    if adopted && next.version <= known.version {
        reasons.push(reason!(
            "phiên bản {} không lớn hơn {}, phiên bản đang dùng",
            "version {} is not above {}, the one in force",
            next.version,
            known.version
        ));
    }
    for (what, one, other) in [
        ("title_field", Some(&known.title_field), Some(&next.title_field)),
        ("owner_field", known.owner_field.as_ref(), next.owner_field.as_ref()),
        ("state_field", known.state_field.as_ref(), next.state_field.as_ref()),
        ("workflow", known.workflow.as_ref(), next.workflow.as_ref()),
    ] {
        if one != other {
            reasons.push(reason!("{what} khác với phiên bản {}", "{what} is not that of version {}", known.version));
        }
    }
    let guarded = [Some(&known.title_field), known.owner_field.as_ref(), known.state_field.as_ref()];
    for name in guarded.into_iter().flatten() {
        if let (Some(one), Some(other)) = (known.field(name), next.field(name))
            && (std::mem::discriminant(&one.of) != std::mem::discriminant(&other.of) || one.repeated != other.repeated)
        {
            reasons.push(reason!(
                "trường {name} có kiểu khác với phiên bản {}",
                "field {name} has another type than in version {}",
                known.version
            ));
        }
    }
    reasons
}

impl Kind {
    /// What a newer version changes, in the order of its fields; what is gone comes last.
    pub fn form_changes(&self, newer: &Kind) -> Vec<FormChange> {
        let mut changes = Vec::new();
        let whole = vec![
            aspect("Tên loại bản ghi", "Name of the kind", Some(self.label.clone()), Some(newer.label.clone())),
            aspect("Căn cứ", "Legal source", plain(&self.source), plain(&newer.source)),
            aspect("Quy tắc", "Rules", rules(&self.rules), rules(&newer.rules)),
        ];
        note_changed(&mut changes, "", Label::new("Toàn biểu mẫu", "The whole form"), whole);
        compare(&self.fields, &newer.fields, "", None, &mut changes);
        changes
    }
}

fn compare(old: &[Field], new: &[Field], prefix: &str, above: Option<&Label>, changes: &mut Vec<FormChange>) {
    for field in new {
        let path = format!("{prefix}{}", field.name);
        let label = below(above, &field.label);
        let Some(before) = old.iter().find(|before| before.name == field.name) else {
            let aspects = aspects(None, Some(field));
            changes.push(FormChange { sort: FormChangeSort::Added, path, label, aspects });
            continue;
        };
        note_changed(changes, &path, label.clone(), aspects(Some(before), Some(field)));
        if let (FieldType::Group { fields: old, .. }, FieldType::Group { fields: new, .. }) = (&before.of, &field.of) {
            compare(old, new, &format!("{path}."), Some(&label), changes);
        }
    }
    for field in old.iter().filter(|field| !new.iter().any(|kept| kept.name == field.name)) {
        let aspects = aspects(Some(field), None);
        changes.push(FormChange {
            sort: FormChangeSort::Removed,
            path: format!("{prefix}{}", field.name),
            label: below(above, &field.label),
            aspects,
        });
    }
}

fn note_changed(changes: &mut Vec<FormChange>, path: &str, label: Label, aspects: Vec<Aspect>) {
    let aspects: Vec<Aspect> = aspects.into_iter().filter(|aspect| aspect.old != aspect.new).collect();
    if !aspects.is_empty() {
        changes.push(FormChange { sort: FormChangeSort::Changed, path: path.to_owned(), label, aspects });
    }
}

/// The properties of a field that people have to know when it changes.
fn aspects(old: Option<&Field>, new: Option<&Field>) -> Vec<Aspect> {
    let both =
        |name_vi: &str, name_en: &str, of: &dyn Fn(&Field) -> Option<Label>| aspect(name_vi, name_en, old.and_then(of), new.and_then(of));
    let all = vec![
        both("Nhãn", "Label", &|field| Some(field.label.clone())),
        both("Nội dung", "Holds", &|field| Some(field.of.words())),
        both("Bắt buộc", "Required", &|field| Some(yes_or_no(field.required))),
        both("Nhiều giá trị", "Several values", &|field| Some(several(field))),
        both("Ai được xem", "Who may see it", &|field| Some(field.audience.label())),
        both("Ai được xem theo trạng thái", "Who may see it, state by state", &|field| stages(field)),
        both("Dữ liệu cá nhân", "Personal data", &|field| Some(yes_or_no(field.personal))),
        both("Căn cứ", "Legal source", &|field| plain(&field.source)),
        both("Hướng dẫn", "Help", &|field| field.help.clone()),
        both("Quy tắc", "Rules", &|field| match &field.of {
            FieldType::Group { rules: of_group, .. } => rules(of_group),
            _ => None,
        }),
    ];
    all.into_iter().filter(|aspect| aspect.old.is_some() || aspect.new.is_some()).collect()
}

fn aspect(vi: &str, en: &str, old: Option<Label>, new: Option<Label>) -> Aspect {
    Aspect { name: Label::new(vi, en), old, new }
}

fn plain(text: &str) -> Option<Label> {
    (!text.is_empty()).then(|| Label::new(text, text))
}

fn yes_or_no(yes: bool) -> Label {
    if yes { Label::new("có", "yes") } else { Label::new("không", "no") }
}

fn several(field: &Field) -> Label {
    if !field.repeated {
        return yes_or_no(false);
    }
    Label::new(format!("có, tối đa {}", field.max_items), format!("yes, at most {}", field.max_items))
}

fn stages(field: &Field) -> Option<Label> {
    if field.stage_audience.is_empty() {
        return None;
    }
    let said: Vec<(String, Label)> = field.stage_audience.iter().map(|(state, audience)| (state.clone(), audience.label())).collect();
    let words =
        |of: &dyn Fn(&Label) -> String| said.iter().map(|(state, label)| format!("{state}: {}", of(label))).collect::<Vec<_>>().join("; ");
    Some(Label::new(words(&|label| label.vi.clone()), words(&|label| label.en.clone())))
}

fn rules(rules: &[Rule]) -> Option<Label> {
    let mut said = Vec::new();
    for rule in rules {
        said.push(match rule {
            Rule::NotBefore { field, other } => (format!("{field} không trước {other}"), format!("{field} not before {other}")),
            Rule::UniqueItems { field } => (format!("{field} không lặp"), format!("no item of {field} twice")),
            Rule::RequiredWhen { field, equals, then } => {
                let then = then.join(", ");
                (format!("{field} = {equals} thì cần {then}"), format!("{field} = {equals} needs {then}"))
            }
        });
    }
    let (vi, en): (Vec<String>, Vec<String>) = said.into_iter().unzip();
    (!vi.is_empty()).then(|| Label::new(vi.join("; "), en.join("; ")))
}

fn below(above: Option<&Label>, label: &Label) -> Label {
    match above {
        None => label.clone(),
        Some(above) => Label::new(format!("{} › {}", above.vi, label.vi), format!("{} › {}", above.en, label.en)),
    }
}

impl FieldType {
    /// What it holds, in words.
    pub fn words(&self) -> Label {
        let of = |vi: &str, en: &str| Label::new(vi, en);
        match self {
            FieldType::Text { max } => {
                Label::new(format!("một dòng chữ, tối đa {max} ký tự"), format!("one line, at most {max} characters"))
            }
            FieldType::LongText { max } => Label::new(format!("đoạn văn, tối đa {max} ký tự"), format!("text, at most {max} characters")),
            FieldType::Markdown { max } => {
                Label::new(format!("bài viết, tối đa {max} ký tự"), format!("article, at most {max} characters"))
            }
            FieldType::Day => of("ngày", "a day"),
            FieldType::Date => of("ngày, tháng, quý hoặc năm", "a day, month, quarter or year"),
            FieldType::Instant => of("thời điểm", "a moment"),
            FieldType::Integer { min, max } => {
                Label::new(format!("số nguyên từ {min} đến {max}"), format!("a whole number from {min} to {max}"))
            }
            FieldType::Decimal => of("số thập phân", "a decimal number"),
            FieldType::Money => of("số tiền (đồng)", "an amount in đồng"),
            FieldType::Bool => of("có hoặc không", "yes or no"),
            FieldType::Code { list } => Label::new(format!("mã của danh mục {list}"), format!("a code of the list {list}")),
            FieldType::Ref { kinds } if kinds.is_empty() => of("một bản ghi", "a record"),
            FieldType::Ref { kinds } => {
                let kinds = kinds.join(", ");
                Label::new(format!("một bản ghi loại {kinds}"), format!("a record of the kind {kinds}"))
            }
            FieldType::Link => of("địa chỉ http(s)", "an http(s) address"),
            FieldType::Sha256 => of("mã SHA-256", "a SHA-256"),
            FieldType::Group { fields, .. } => {
                let count = fields.len();
                Label::new(format!("nhóm {count} trường"), format!("a group of {count} fields"))
            }
        }
    }
}
