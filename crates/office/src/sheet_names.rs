//! Rows of one sheet that name each other: a body and the body above it can come in together; a ring of them cannot.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{Fault, FieldType, Kind};
use ledger::RecordId;

use crate::body::Body;
use crate::column_map::{Destination, MappedColumn};
use crate::error::{OfficeError, label};
use crate::lookup::{keys, record_named_in};
use crate::office::Office;
use crate::record::{Draft, references_of};
use crate::sheet::{SheetCell, SheetRow};
use crate::sheet_plan::SheetPlan;

/// The names that a sheet gives to its rows without a record id, when its kind can refer to itself; empty otherwise.
#[derive(Debug, Default)]
pub(crate) struct SheetNames {
    rows: BTreeMap<u32, RecordId>,
    named: BTreeMap<String, BTreeSet<u32>>,
}

/// What a name means within the sheet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NamedRow {
    /// The record that a row will be.
    One(RecordId),
    /// No row.
    Nothing,
    /// Several rows, by number.
    Several(Vec<u32>),
}

impl SheetNames {
    pub(crate) fn of(kind: &Kind, columns: &[MappedColumn], rows: &[SheetRow]) -> SheetNames {
        let mut names = SheetNames::default();
        let path_of = |column: &MappedColumn| match &column.to {
            Destination::Field { path, .. } => Some(path.clone()),
            _ => None,
        };
        let refers_to_itself =
            columns.iter().filter_map(path_of).any(|path| names_own_kind(kind, kind.field_at(&path).map(|field| &field.of)));
        if !refers_to_itself {
            return names;
        }
        let text_of = |row: &SheetRow, column: usize| row.cells.get(column).unwrap_or(&SheetCell::Empty).typed();
        for row in rows {
            let has_record = columns.iter().any(|column| column.to == Destination::Record && !text_of(row, column.column).is_empty());
            if has_record {
                continue;
            }
            names.rows.insert(row.number, RecordId::new());
            for column in columns {
                let (exact, _) = keys(&text_of(row, column.column));
                if !exact.is_empty() && path_of(column).is_some_and(|path| is_name(kind, &path)) {
                    names.named.entry(exact).or_default().insert(row.number);
                }
            }
        }
        names
    }

    /// The record that a row will be when it is a new one.
    pub(crate) fn record_of_row(&self, row: u32) -> Option<RecordId> {
        self.rows.get(&row).copied()
    }

    /// The row with this name; the placement of tones and letter case do not count, marks do.
    pub(crate) fn find(&self, text: &str) -> NamedRow {
        if record_named_in(text).is_some() {
            return NamedRow::Nothing;
        }
        let rows: Vec<u32> = self.named.get(&keys(text).0).into_iter().flatten().copied().collect();
        match rows.as_slice() {
            [] => NamedRow::Nothing,
            [one] => self.record_of_row(*one).map_or(NamedRow::Nothing, NamedRow::One),
            _ => NamedRow::Several(rows),
        }
    }

    /// Every record that a row may become.
    pub(crate) fn records(&self) -> BTreeSet<RecordId> {
        self.rows.values().copied().collect()
    }
}

/// Whether a field refers to records of the kind that has it.
pub(crate) fn names_own_kind(kind: &Kind, field: Option<&FieldType>) -> bool {
    matches!(field, Some(FieldType::Ref { kinds }) if kinds.contains(&kind.name))
}

fn is_name(kind: &Kind, path: &str) -> bool {
    let mut segments = path.split('.');
    let is_title =
        segments.next() == Some(kind.title_field.as_str()) && segments.next_back().is_none_or(|last| ["text", "short"].contains(&last));
    is_title || kind.field_at(path).is_some_and(|field| field.identifies)
}

impl Office {
    /// What no row of a plan shows by itself becomes errors of its cells: see [`Office::faults_among`].
    pub(crate) fn check_rows_together(
        &self,
        kind: &Kind,
        promised: &BTreeSet<RecordId>,
        rows: &[SheetRow],
        plan: &mut SheetPlan,
    ) -> Result<(), OfficeError> {
        let planned: Vec<(u32, &Draft)> = plan.rows.iter().filter_map(|row| Some((row.number, row.draft.as_ref()?))).collect();
        let drafts: Vec<&Draft> = planned.iter().map(|(_, draft)| *draft).collect();
        let mut faults: BTreeMap<u32, Vec<Fault>> = BTreeMap::new();
        for (at, fault) in self.faults_among(kind, &drafts, promised)? {
            if let Some((number, _)) = planned.get(at) {
                faults.entry(*number).or_default().push(fault);
            }
        }
        for row in rows {
            let Some(faults) = faults.get(&row.number) else { continue };
            let mut cells = BTreeMap::new();
            for mapped in &plan.columns.columns {
                if let (Destination::Field { path, .. }, Some(cell)) = (&mapped.to, row.cells.get(mapped.column)) {
                    cells.insert(path.clone(), (mapped.column, cell.typed()));
                }
            }
            plan.field_faults(row.number, &cells, faults);
        }
        Ok(())
    }

    /// What is wrong with drafts of one kind beside each other, as (place of the draft, fault): bodies that would stand above themselves, and references to
    /// one of `promised` that none of them became.
    pub(crate) fn faults_among(
        &self,
        kind: &Kind,
        drafts: &[&Draft],
        promised: &BTreeSet<RecordId>,
    ) -> Result<Vec<(usize, Fault)>, OfficeError> {
        let mut faults = Vec::new();
        let there: BTreeSet<RecordId> = drafts.iter().filter_map(|draft| draft.id).collect();
        if promised.iter().any(|id| !there.contains(id)) {
            for (at, draft) in drafts.iter().enumerate() {
                for (path, target) in references_of(kind, &draft.data) {
                    if RecordId::parse(&target).is_ok_and(|id| promised.contains(&id) && !there.contains(&id)) {
                        faults.push((at, not_new(kind, path)));
                    }
                }
            }
        }
        if kind.name == "body" {
            let mut bodies = Vec::new();
            for (at, draft) in drafts.iter().enumerate() {
                if let Some(id) = draft.id {
                    bodies.push((at, Body::from_data(id, &draft.data)?));
                }
            }
            let together = self.directory().beside(bodies.iter().map(|(_, body)| body.clone()));
            for (at, body) in &bodies {
                faults.extend(together.lineage_faults(body).into_iter().map(|fault| (*at, fault)));
            }
        }
        Ok(faults)
    }
}

fn not_new(kind: &Kind, path: String) -> Fault {
    let name = kind.field_at(&path).map_or_else(|| label("Bản ghi", "Record"), |field| field.label.clone());
    let message = label(
        format!("{}: dòng mang tên này trong tệp là bản ghi đã có dưới tên khác. Hãy ghi tên đang có hoặc mã bản ghi.", name.vi),
        format!("{}: the row with this name in the file is a record that is there under another name. Write that name or its id.", name.en),
    );
    Fault { path, rule: "reference".to_owned(), message }
}
