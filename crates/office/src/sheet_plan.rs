//! What a table would do before anything is written: its columns and cells read, each row as the form would take it, every fault by cell.

use std::collections::BTreeMap;

use catalogue::{Fault, Field, FieldType, Kind, Label, Rule};
use ledger::RecordId;
use serde_json::{Map, Value, json};

use crate::cell_value::CellReader;
use crate::column_map::{ColumnMap, Columns, Destination, doubled, understand};
use crate::directive::shorten;
use crate::error::{OfficeError, label};
use crate::identity::{Identity, Role};
use crate::lookup::Found;
use crate::office::Office;
use crate::permission::{Action, Decision, decide};
use crate::record::{Draft, RecordView, action_for, source_key};
use crate::sheet::{Sheet, SheetRow, cell_address, column_letters};
use crate::sheet_import::{IMPORTS, IMPORTS_BY_FILE, file_key, imported_before};
use crate::sheet_names::SheetNames;
use crate::sheet_row::{RowInputs, SheetPass, source_words};

/// More errors are counted but not listed.
const MOST_ERRORS: usize = 1_000;
/// Written where a text does not fit a cell; read as "unchanged".
pub(crate) const TOO_LONG_FOR_CELL: &str = "[quá dài cho một ô Excel – xem tệp JSONL]";

/// What is to come in.
#[derive(Debug, Clone)]
pub struct SheetForm {
    /// The kind of the records.
    pub kind: String,
    /// The body that keeps new records.
    pub owner: RecordId,
    /// The file's name, for the journal.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// How columns are mapped where their headings do not say it: a remembered or ready map, or the page's choices.
    pub map: ColumnMap,
}

/// Something wrong with a cell, or with the file as a whole when the cell is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// `C17`; `C` for a whole column, empty for the file.
    pub cell: String,
    /// The field's path; empty when none is meant.
    pub field: String,
    /// What stands in the cell.
    pub value: String,
    /// What is wrong and what to do.
    pub message: Label,
}

/// A row as it would be stored.
#[derive(Debug, Clone)]
pub struct PlannedRow {
    /// Its number in the file.
    pub number: u32,
    /// The data; none when nothing changes.
    pub draft: Option<Draft>,
    /// Whether it changes a record that is there.
    pub changes: bool,
}

/// What an import would do.
#[derive(Debug, Clone)]
pub struct SheetPlan {
    /// What was asked.
    pub form: SheetForm,
    /// How the columns were understood.
    pub columns: Columns,
    /// Rows with data in the file, wrong ones too.
    pub row_count: usize,
    /// The rows that can come in, in the order of the file.
    pub rows: Vec<PlannedRow>,
    /// Every error, at most a thousand.
    pub errors: Vec<CellError>,
    /// How many errors there are.
    pub error_count: usize,
    /// Cells that stood in an old Vietnamese encoding: address and encoding.
    pub converted: Vec<(String, String)>,
    /// Columns that are not used, merged cells, other sheets, names kept as words.
    pub notes: Vec<Label>,
    /// What the law wants and the rows do not have yet: field and number of rows. They come in as drafts all the same.
    pub missing: Vec<(Label, usize)>,
}

/// Counts (done, of) of a long work.
pub type Progress<'a> = dyn FnMut(usize, usize) + 'a;

/// Whether records of a kind come in by table. Conclusions, what became of them and their papers go through services that keep their own rules.
pub fn comes_in_by_table(kind: &str) -> bool {
    !matches!(kind, "document" | "directive" | "answer" | "verdict" | "deadline_change")
}

impl Office {
    /// May this person bring in records of a kind for a body?
    pub fn may_import(&self, who: &Identity, kind: &str, owner: RecordId) -> Result<Decision, OfficeError> {
        let kind = self.kind(kind)?;
        if !comes_in_by_table(&kind.name) {
            return Err(OfficeError::refused(
                "not_by_table",
                format!("“{}” có trang riêng và không nhập bằng bảng.", kind.label.vi),
                format!("“{}” has pages of its own and does not come in by table.", kind.label.en),
            ));
        }
        let mut owned = json!({});
        put_owner(kind, &mut owned, owner);
        Ok(decide(who, action_for(kind, Action::Edit), &self.subject(who, kind, &owned, Role::Officer)))
    }

    /// Reads every cell and says what would happen; writes nothing.
    ///
    /// # Errors
    /// `Denied` when this person may not enter records of the kind for the owner; `NotFound` for an unknown kind. Faults of cells are in the plan.
    pub fn plan_sheet(
        &self,
        who: &Identity,
        form: SheetForm,
        sheet: &Sheet,
        progress: &mut Progress<'_>,
    ) -> Result<SheetPlan, OfficeError> {
        let kind = &self.kind_of_all_forms(&form.kind)?;
        self.may_import(who, &form.kind, form.owner)?.require()?;
        let columns = understand(kind, sheet, &form.map.columns, &self.usual_headings(&kind.name));
        let mut plan = SheetPlan {
            form,
            columns,
            row_count: 0,
            rows: Vec::new(),
            errors: Vec::new(),
            error_count: 0,
            converted: sheet.converted.clone(),
            notes: sheet.notes.clone(),
            missing: Vec::new(),
        };
        self.check_columns(kind, sheet, &mut plan);
        if plan.error_count > 0 {
            return Ok(plan);
        }
        let data_rows = sheet.rows.get(plan.columns.first_row..).unwrap_or_default();
        let within = SheetNames::of(kind, &plan.columns.columns, data_rows);
        let promised = within.records();
        let mut pass = SheetPass {
            kind,
            mapped: plan.columns.columns.clone(),
            reader: CellReader::new(self, who, kind, sheet.from_1904, within),
            promised,
            seen: BTreeMap::new(),
            kept_as_words: BTreeMap::new(),
        };
        let mut missing: BTreeMap<String, usize> = BTreeMap::new();
        let (mut namesakes, mut totals) = (Vec::new(), Vec::new());
        for (at, row) in data_rows.iter().enumerate() {
            if at % 256 == 0 {
                progress(at, data_rows.len());
            }
            if row.is_total() {
                totals.push(row.number.to_string());
                continue;
            }
            let Some(planned) = self.plan_row(who, &mut pass, row, &mut plan)? else { continue };
            if let Some(draft) = &planned.draft {
                if !planned.changes && kind.name == "body" {
                    self.note_namesake(who, &draft.data, row.number, &mut namesakes)?;
                }
                for field in missing_of(kind, &draft.data) {
                    *missing.entry(field).or_default() += 1;
                }
            }
            plan.rows.push(planned);
        }
        if plan.row_count == 0 {
            plan.fault(CellError::of_file(label(
                "Tệp chỉ có dòng tiêu đề, không có dòng dữ liệu nào. Hãy điền các dòng dưới tiêu đề rồi lưu lại.",
                "The file has its headings and no row with data. Fill in rows below the headings and save it.",
            )));
        }
        if plan.error_count == 0 {
            self.check_rows_together(pass.kind, &pass.promised, data_rows, &mut plan)?;
        }
        progress(data_rows.len(), data_rows.len());
        if !namesakes.is_empty() {
            let shown = namesakes.iter().take(10).cloned().collect::<Vec<_>>().join("; ");
            plan.notes.push(label(
                format!("{} dòng có tên trùng với cơ quan đã có, hãy xem lại trước khi nhập: {shown}.", namesakes.len()),
                format!("{} rows have the name of a body that is there already, look at them first: {shown}.", namesakes.len()),
            ));
        }
        if !totals.is_empty() {
            let rows = totals.join(", ");
            plan.notes.push(label(
                format!("Dòng cộng không phải bản ghi, được bỏ qua: dòng {rows}."),
                format!("Rows of totals are no records and are left out: row {rows}."),
            ));
        }
        self.refuse_second_import(&mut plan)?;
        for field in &kind.fields {
            if let Some(count) = missing.get(&field.name) {
                plan.missing.push((field.label.clone(), *count));
            }
        }
        for column in plan.columns.columns.iter().filter(|column| column.decimal_points) {
            let letters = column_letters(column.column);
            plan.notes.push(label(
                format!("Cột {letters} “{}”: dấu chấm được đọc là dấu thập phân.", column.heading),
                format!("Column {letters} “{}”: dots were read as decimal points.", column.heading),
            ));
        }
        for (name, count) in pass.kept_as_words {
            if let Some(field) = kind.field(&name) {
                let of_list = matches!(field.of, FieldType::Code { .. });
                let (where_vi, where_en) = if of_list {
                    ("không có trong danh mục", "are not in the code list")
                } else {
                    ("chưa có bản ghi", "have no record yet")
                };
                plan.notes.push(label(
                    format!("“{}”: {count} tên {where_vi}, được giữ dạng chữ.", field.label.vi),
                    format!("“{}”: {count} names {where_en} and are kept as words.", field.label.en),
                ));
            }
        }
        Ok(plan)
    }

    /// A body with the name of one that is there is likely the same: later every look-up of the name would have to ask which is meant.
    fn note_namesake(&self, who: &Identity, data: &Value, row: u32, namesakes: &mut Vec<String>) -> Result<(), OfficeError> {
        let Some(name) = data.pointer("/names/0/text").and_then(Value::as_str) else { return Ok(()) };
        if self.look_up(who, &["body".to_owned()], name)? != Found::Nothing {
            namesakes.push(format!("{row} “{}”", shorten(name, 60)));
        }
        Ok(())
    }

    /// The same file twice would double every record that has no number of its own.
    fn refuse_second_import(&self, plan: &mut SheetPlan) -> Result<(), OfficeError> {
        if plan.counts().0 == 0 {
            return Ok(());
        }
        let key = file_key(&plan.form.kind, plan.form.owner, &plan.form.sha256);
        let earlier = self.ledger().read(|r| match r.cabinet_get(IMPORTS_BY_FILE, &key)? {
            Some(Value::String(id)) => r.cabinet_get(IMPORTS, &id),
            _ => Ok(None),
        })?;
        if earlier.is_some_and(|import| import.get("undone").is_none()) {
            let message = imported_before().message();
            plan.fault(CellError { cell: String::new(), field: String::new(), value: plan.form.file.clone(), message });
        }
        Ok(())
    }

    fn check_columns(&self, kind: &Kind, sheet: &Sheet, plan: &mut SheetPlan) {
        let mut ignored = Vec::new();
        let mut used = false;
        for column in &plan.columns.columns {
            match column.to {
                Destination::Ignored => ignored.push(format!("{} “{}”", column_letters(column.column), column.heading)),
                _ => used = true,
            }
        }
        let number = sheet.rows.get(plan.columns.heading_row).map_or(1, |row| row.number);
        if !used {
            plan.fault(CellError::of_file(label(
                format!("Không nhận ra tiêu đề cột nào của “{}” trong 30 dòng đầu. Hãy đặt tiêu đề như trong tệp mẫu.", kind.label.vi),
                format!("No heading of “{}” was recognised in the first 30 rows. Use the headings of the sample file.", kind.label.en),
            )));
        } else {
            for field in columns_lacking(kind, plan) {
                let (vi, en) = (&field.label.vi, &field.label.en);
                let message = label(
                    format!("Thiếu cột “{vi}”: trường này bắt buộc. Hãy thêm cột, hoặc đổi tên tiêu đề của cột chứa nó."),
                    format!(
                        "There is no column “{en}”, and the field is required. Add it, or rename the heading of the column that holds it."
                    ),
                );
                plan.fault(CellError { field: field.name.clone(), ..CellError::of_file(message) });
            }
        }
        for (first, second, heading) in doubled(kind, &plan.columns.columns) {
            plan.fault(CellError {
                cell: format!("{second}{number}"),
                field: String::new(),
                message: label(
                    format!("cột {first} và {second} cùng là “{heading}”; hãy bỏ hoặc đổi tên một cột"),
                    format!("columns {first} and {second} are both “{heading}”; remove or rename one"),
                ),
                value: heading,
            });
        }
        if !ignored.is_empty() {
            plan.notes.push(label(
                format!("Cột không dùng: {}.", ignored.join(", ")),
                format!("Columns that are not used: {}.", ignored.join(", ")),
            ));
        }
    }

    /// One row: its cells as inputs, the record it means, the data it would then have, and the checks of the form.
    fn plan_row(
        &self,
        who: &Identity,
        pass: &mut SheetPass<'_>,
        row: &SheetRow,
        plan: &mut SheetPlan,
    ) -> Result<Option<PlannedRow>, OfficeError> {
        let kind = pass.kind;
        let errors_before = plan.error_count;
        let inputs = pass.inputs(row, plan)?;
        if !inputs.anything && inputs.record.is_none() {
            return Ok(None);
        }
        plan.row_count += 1;
        let mut fresh = match kind.read_form(&inputs.pairs) {
            Ok(data) => data,
            Err(faults) => {
                plan.field_faults(row.number, &inputs.cells, &faults.faults);
                faults.data
            }
        };
        if plan.error_count > errors_before {
            return Ok(None);
        }
        let source = source_key(&kind.name, &fresh);
        let record = match (&inputs.record, &source) {
            (Some(record), _) => Some(*record),
            (None, Some(source)) => self.record_of_source(source)?.map(|record| (record, 0)),
            (None, None) => None,
        };
        pass.refuse_doubled(row.number, record.map(|(record, _)| record), source.as_deref(), plan);
        let old = match record {
            Some((record, column)) => match self.record_to_change(who, kind, record, inputs.record.is_some()) {
                Ok(old) => Some(old),
                Err(OfficeError::Denied(why)) => {
                    let words = inputs
                        .record
                        .map_or_else(|| source.as_deref().map(source_words).unwrap_or_default(), |(record, _)| record.to_string());
                    plan.fault(CellError::at(column, row.number, &words, why));
                    return Ok(None);
                }
                Err(other) => return Err(other),
            },
            None => None,
        };
        let old_data = old.as_ref().and_then(|old| old.data.as_ref());
        complete(kind, &mut fresh, old_data, &inputs, plan.form.owner, self);
        if old_data.is_some_and(|old| same(old, &fresh)) {
            return Ok(Some(PlannedRow { number: row.number, draft: None, changes: false }));
        }
        if let (Some(old), Some(version)) = (&old, inputs.version)
            && old.version != version
        {
            let now = old.version;
            plan.fault(CellError::at(
                0,
                row.number,
                &version.to_string(),
                label(
                    format!("bản ghi đã được sửa sau khi xuất tệp (tệp: phiên bản {version}, nay: {now}); hãy xuất lại rồi sửa."),
                    format!("the record was changed after the export (file: version {version}, now: {now}); export again and edit that."),
                ),
            ));
            return Ok(None);
        }
        let id = old.as_ref().map(|old| old.id).or_else(|| pass.reader.within.record_of_row(row.number));
        let draft = Draft { id, kind: kind.name.clone(), data: fresh, previous: old.as_ref().map(|old| old.leaf) };
        match self.prepare_among(who, draft.clone(), Action::Edit, &pass.promised, None) {
            Ok(_) => return Ok(Some(PlannedRow { number: row.number, changes: old.is_some(), draft: Some(draft) })),
            Err(OfficeError::Invalid(faults)) => plan.field_faults(row.number, &inputs.cells, &faults),
            Err(OfficeError::Denied(why)) => plan.fault(CellError::at(0, row.number, "", why)),
            Err(other) => return Err(other),
        }
        Ok(None)
    }

    /// The record that a row means, when this person may change it. Of a record he may not see he learns only that there is none for him.
    ///
    /// # Errors
    /// `Denied` with the words for the cell.
    fn record_to_change(&self, who: &Identity, kind: &Kind, record: RecordId, named: bool) -> Result<RecordView, OfficeError> {
        match self.view(who, record) {
            Ok(view) if view.kind == kind.name => {
                view.edit.clone().require()?;
                Ok(view)
            }
            Ok(_) | Err(OfficeError::NotFound(_)) if named => Err(OfficeError::Denied(label(
                format!("Mã bản ghi: không có “{}” nào mang mã này.", kind.label.vi),
                format!("Record: there is no “{}” with this id.", kind.label.en),
            ))),
            Ok(_) | Err(OfficeError::NotFound(_)) => Err(OfficeError::Denied(label(
                "Mã nguồn này đã thuộc một bản ghi mà anh/chị không được sửa.",
                "This source id belongs to a record that you may not change.",
            ))),
            Err(other) => Err(other),
        }
    }

    /// The record that came from (source system, id there); the key is that of the claim.
    fn record_of_source(&self, key: &str) -> Result<Option<RecordId>, OfficeError> {
        let found = self.ledger().read(|r| r.cabinet_get(crate::record::SOURCES, key))?;
        Ok(found.as_ref().and_then(Value::as_str).and_then(|text| RecordId::parse(text).ok()))
    }
}

impl CellError {
    fn of_file(message: Label) -> CellError {
        CellError { cell: String::new(), field: String::new(), value: String::new(), message }
    }

    pub(crate) fn at(column: usize, row: u32, value: &str, message: Label) -> CellError {
        CellError { cell: cell_address(column, row), field: String::new(), value: value.to_owned(), message }
    }
}

impl SheetPlan {
    pub(crate) fn fault(&mut self, error: CellError) {
        self.error_count += 1;
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error);
        }
    }

    /// Faults of fields as errors of the cells they came from; a field without a cell is named by the row.
    pub(crate) fn field_faults(&mut self, row: u32, cells: &BTreeMap<String, (usize, String)>, faults: &[Fault]) {
        for fault in faults {
            let top = fault.path.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            let place = cells.get(&fault.path).or_else(|| cells.get(top));
            let mapped = place.map(|(column, _)| *column).or_else(|| {
                let same = |to: &Destination| matches!(to, Destination::Field { path, .. } if *path == fault.path || path == top);
                self.columns.columns.iter().find(|column| same(&column.to)).map(|column| column.column)
            });
            let first = self.columns.columns.first().map_or(0, |column| column.column);
            self.fault(CellError {
                cell: cell_address(mapped.unwrap_or(first), row),
                field: fault.path.clone(),
                value: place.map(|(_, text)| shorten(text, 200)).unwrap_or_default(),
                message: fault.message.clone(),
            });
        }
    }

    /// New records, changed records and rows that change nothing.
    pub fn counts(&self) -> (usize, usize, usize) {
        let new = self.rows.iter().filter(|row| row.draft.is_some() && !row.changes).count();
        let changed = self.rows.iter().filter(|row| row.draft.is_some() && row.changes).count();
        (new, changed, self.rows.len() - new - changed)
    }
}

/// Fields that every new record needs and that no column gives. Rows that name a record, or where it came from, may say only what changes.
fn columns_lacking(kind: &Kind, plan: &SheetPlan) -> Vec<Field> {
    let columns = &plan.columns.columns;
    let given = |name: &str| {
        let of_field = |path: &str| path.split('.').next() == Some(name);
        columns.iter().any(|column| matches!(&column.to, Destination::Field { path, .. } if of_field(path)))
            || plan.form.map.constants.iter().any(|(path, _)| of_field(path))
    };
    if given("source_id") || columns.iter().any(|column| matches!(column.to, Destination::Record)) {
        return Vec::new();
    }
    // Owner and first state are filled in.
    let filled_in = [kind.owner_field.as_deref(), kind.state_field.as_deref()];
    kind.fields
        .iter()
        .filter(|field| field.required && !filled_in.contains(&Some(field.name.as_str())) && !given(&field.name))
        .cloned()
        .collect()
}

fn put_owner(kind: &Kind, data: &mut Value, owner: RecordId) {
    if let (Some(field), Some(members)) = (&kind.owner_field, data.as_object_mut()) {
        members.entry(field.clone()).or_insert_with(|| json!(owner.to_string()));
    }
}

/// What the sheet does not say: of a record that is there, everything in columns it does not have; of a new one, its owner and first state.
fn complete(kind: &Kind, fresh: &mut Value, old: Option<&Value>, inputs: &RowInputs, owner: RecordId, office: &Office) {
    let Some(members) = fresh.as_object_mut() else { return };
    match old.and_then(Value::as_object) {
        Some(old) => {
            let mut whole: Map<String, Value> = Map::new();
            for (name, value) in old {
                if !inputs.touched.contains(name) || inputs.kept.contains(name) {
                    whole.insert(name.clone(), value.clone());
                }
            }
            whole.append(members);
            *members = whole;
        }
        None => {
            let state = kind.state_field.as_ref().zip(kind.workflow.as_ref().and_then(|name| office.catalogue().workflow(name)));
            if let Some((field, workflow)) = state
                && let Some(first) = workflow.states.first()
            {
                members.entry(field.clone()).or_insert_with(|| json!(first.state));
            }
            put_owner(kind, fresh, owner);
        }
    }
}

/// Whether two contents say the same: a "no" that is written and one that is left out are alike.
fn same(left: &Value, right: &Value) -> bool {
    let says = |value: Option<&Value>| value.is_some_and(|value| *value != Value::Bool(false));
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let both = left.iter().all(|(name, value)| !says(Some(value)) || right.get(name).is_some_and(|beside| same(value, beside)));
            both && right.iter().all(|(name, value)| !says(Some(value)) || says(left.get(name)))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}

/// Fields that the law wants once the record is complete and that it does not have.
fn missing_of(kind: &Kind, data: &Value) -> Vec<String> {
    let Some(state_field) = &kind.state_field else { return Vec::new() };
    let mut missing = Vec::new();
    for rule in &kind.rules {
        let Rule::RequiredWhen { field, then, .. } = rule else { continue };
        if field != state_field {
            continue;
        }
        for name in then {
            if data.get(name).is_none() && !missing.contains(name) {
                missing.push(name.clone());
            }
        }
    }
    let is_group = |name: &String| kind.field(name).is_some_and(|field| matches!(field.of, FieldType::Group { .. }));
    missing.sort_by_key(|name| is_group(name));
    missing
}
