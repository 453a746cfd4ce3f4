//! Records of a kind as a table that comes back unchanged: one row a record with its id and version, one column a field, groups as numbered columns.
//! What is written here, `sheet_import` reads.

use std::collections::BTreeMap;
use std::io::Write;

use catalogue::{Audience, Field, FieldType, Kind, Lang};
use ledger::RecordId;
use serde_json::{Value, json};

use crate::cell_value::CodeNames;
use crate::column_map::{RECORD, VERSION, inner_label, inner_path};
use crate::error::{OfficeError, label};
use crate::export::{Cell, Column, FileForm, write_table};
use crate::identity::Identity;
use crate::office::Office;
use crate::record::RecordView;
use crate::register::{RegisterFilter, RegisterRow};
use crate::sheet_plan::TOO_LONG_FOR_CELL;

/// Most characters in a cell of a spreadsheet.
const LONGEST_CELL: usize = 32_767;
/// Most places of a repeated group that get columns.
const MOST_PLACES: usize = 200;

/// A column with the place its cells come from.
struct TableColumn<'a> {
    field: &'a Field,
    /// Group and place in it, when the field stands in one.
    within: Option<(&'a Field, usize)>,
    heading: catalogue::Label,
}

/// Names that have been looked up, so that a column of 100,000 cells asks a few hundred times.
#[derive(Default)]
struct Names {
    records: BTreeMap<String, String>,
    codes: BTreeMap<String, CodeNames>,
}

impl Office {
    /// Writes every record of the filter that this person may see, with every field he may see, and returns the number of rows.
    pub(crate) fn export_records(
        &self,
        who: &Identity,
        name: &str,
        filter: &RegisterFilter,
        lang: Lang,
        form: FileForm,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, OfficeError> {
        let kind = &self.kind_of_all_forms(name)?;
        if form == FileForm::Jsonl {
            return self.export_lines(who, filter, out);
        }
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        if kind.fields.iter().any(|field| field.repeated && is_group(field)) {
            self.each_record(who, filter, &mut |_, view| {
                for field in kind.fields.iter().filter(|field| field.repeated && is_group(field)) {
                    let count = view.data.as_ref().and_then(|data| data.get(&field.name)).and_then(Value::as_array).map_or(0, Vec::len);
                    let most = places.entry(field.name.clone()).or_default();
                    *most = (*most).max(count.min(MOST_PLACES));
                }
                Ok(())
            })?;
        }
        let table = table_columns(kind, &places);
        let mut columns =
            vec![Column { label: label(RECORD.0, RECORD.1), width: 38.0 }, Column { label: label(VERSION.0, VERSION.1), width: 10.0 }];
        columns.extend(table.iter().map(|column| Column { label: column.heading.clone(), width: 24.0 }));
        // After the fields, so that the table still comes back in as it is.
        if let Some(boundaries) = filter.boundaries {
            let words = boundaries.label();
            for (vi, en, width) in [("Tỉnh, thành phố", "Provinces", 40.0), ("Cơ quan giữ hồ sơ", "Body that keeps the record", 40.0)]
            {
                columns.push(Column { label: label(format!("{vi} ({})", words.vi), format!("{en} ({})", words.en)), width });
            }
        }
        let mut names = Names::default();
        write_table(&kind.plural, &columns, lang, form, out, &mut |row_out| {
            self.each_record(who, filter, &mut |row, view| {
                let version = i64::try_from(view.version).unwrap_or(i64::MAX);
                let mut cells = vec![
                    Cell::text(view.id.to_string()),
                    match view.audience {
                        Audience::Private => Cell::Number(version),
                        // A row without the inner fields must not come back and wipe them out.
                        other => Cell::text(format!("{version} ({})", other.label().get(lang))),
                    },
                ];
                let data = view.data.unwrap_or_default();
                for column in &table {
                    cells.push(self.table_cell(who, column, &data, lang, &mut names)?);
                }
                if let Some(boundaries) = filter.boundaries {
                    cells.push(text_cell(self.provinces_of_row(row, boundaries).get(lang).to_owned()));
                    cells.push(text_cell(self.keeper_of_row(row, boundaries).get(lang).to_owned()));
                }
                row_out(cells)
            })
        })
    }

    /// The fields of every version of a kind: what a table holds whose rows were made with different forms.
    pub(crate) fn kind_of_all_forms(&self, name: &str) -> Result<Kind, OfficeError> {
        self.catalogue().kind_of_all_versions(name).ok_or_else(|| OfficeError::NotFound(format!("kind {name}")))
    }

    /// Writes an empty table with the headings of a kind, to be filled in and imported.
    pub fn sheet_template(&self, kind: &str, lang: Lang, out: &mut (dyn Write + Send)) -> Result<(), OfficeError> {
        let kind = self.kind(kind)?;
        let columns: Vec<Column> =
            table_columns(kind, &BTreeMap::new()).into_iter().map(|column| Column { label: column.heading, width: 24.0 }).collect();
        write_table(&kind.plural, &columns, lang, FileForm::Xlsx, out, &mut |_| Ok(()))?;
        Ok(())
    }

    /// One JSON object a line: id, kind, version, audience and data as stored.
    fn export_lines(&self, who: &Identity, filter: &RegisterFilter, out: &mut (dyn Write + Send)) -> Result<u64, OfficeError> {
        let mut count = 0;
        self.each_record(who, filter, &mut |_, view| {
            count += 1;
            let line = json!({
                "id": view.id.to_string(), "kind": view.kind, "form": view.form, "version": view.version, "audience": view.audience.as_str(), "data": view.data,
            });
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
            Ok(())
        })?;
        Ok(count)
    }

    /// Every record of the filter as this person may see it, page by page.
    fn each_record(
        &self,
        who: &Identity,
        filter: &RegisterFilter,
        each: &mut dyn FnMut(&RegisterRow, RecordView) -> Result<(), OfficeError>,
    ) -> Result<(), OfficeError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.register_page(who, filter, after.as_deref(), 500)?;
            for row in &page.rows {
                match self.view(who, row.id) {
                    Ok(view) if filter.conditions.iter().any(|condition| !condition.holds(view.data.as_ref())) => {}
                    Ok(view) => each(row, view)?,
                    // Withdrawn between the list and the look at it.
                    Err(OfficeError::NotFound(_)) => {}
                    Err(other) => return Err(other),
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn table_cell(
        &self,
        who: &Identity,
        column: &TableColumn<'_>,
        data: &Value,
        lang: Lang,
        names: &mut Names,
    ) -> Result<Cell, OfficeError> {
        let holder = match column.within {
            None => Some(data),
            Some((group, place)) => match data.get(&group.name) {
                Some(Value::Array(rows)) => rows.get(place),
                Some(row) if place == 0 => Some(row),
                _ => None,
            },
        };
        let Some(value) = holder.and_then(|holder| holder.get(&column.field.name)) else { return Ok(Cell::Empty) };
        if let Value::Array(items) = value {
            let mut texts = Vec::new();
            for item in items {
                // A semicolon separates; one that belongs to the words is doubled.
                texts.push(self.value_text(who, column.field, item, lang, names)?.replace(';', ";;"));
            }
            return Ok(text_cell(texts.join("; ")));
        }
        Ok(match (&column.field.of, value) {
            (FieldType::Money, Value::Number(number)) => match number.as_i64() {
                // A bare small amount would be asked about when it comes back.
                Some(dong) if dong.abs() >= 1_000 || dong == 0 => Cell::Number(dong),
                Some(dong) => Cell::text(viet::Dong(dong).to_string()),
                None => Cell::Empty,
            },
            (FieldType::Integer { .. }, Value::Number(number)) => number.as_i64().map_or(Cell::Empty, Cell::Number),
            (FieldType::Day, Value::String(text)) => text.parse().map_or_else(|_| text_cell(text.clone()), Cell::Day),
            _ => text_cell(self.value_text(who, column.field, value, lang, names)?),
        })
    }

    fn value_text(&self, who: &Identity, field: &Field, value: &Value, lang: Lang, names: &mut Names) -> Result<String, OfficeError> {
        Ok(match (&field.of, value) {
            (FieldType::Ref { kinds }, Value::String(id)) => self.record_name(who, kinds, id, names)?,
            (FieldType::Code { list }, Value::String(code)) => self.code_name(list, code, lang, names),
            (FieldType::Day | FieldType::Date, Value::String(text)) => {
                viet::PartialDate::from_iso(text).map_or_else(|_| text.clone(), |date| date.to_vietnamese())
            }
            (FieldType::Decimal, Value::String(text)) => text.replace('.', ","),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Bool(true)) => if lang == Lang::Vi { "có" } else { "yes" }.to_owned(),
            (_, Value::Bool(false)) => if lang == Lang::Vi { "không" } else { "no" }.to_owned(),
            (_, other) => other.to_string(),
        })
    }

    /// The name alone where it means this record only, else `name [id]`.
    fn record_name(&self, who: &Identity, kinds: &[String], id: &str, names: &mut Names) -> Result<String, OfficeError> {
        if let Some(name) = names.records.get(id) {
            return Ok(name.clone());
        }
        let name = match RecordId::parse(id) {
            Ok(record) => self.name_to_write(who, kinds, record)?,
            Err(_) => id.to_owned(),
        };
        names.records.insert(id.to_owned(), name.clone());
        Ok(name)
    }

    fn code_name(&self, list: &str, code: &str, lang: Lang, names: &mut Names) -> String {
        let Some(found) = self.catalogue().list(list) else { return code.to_owned() };
        let Some(name) = found.label(code).map(|name| name.get(lang)) else { return code.to_owned() };
        let known = names.codes.entry(list.to_owned()).or_insert_with(|| CodeNames::of(found));
        if known.find(name) == [code] { name.to_owned() } else { format!("{name} [{code}]") }
    }
}

fn table_columns<'a>(kind: &'a Kind, places: &BTreeMap<String, usize>) -> Vec<TableColumn<'a>> {
    let mut columns = Vec::new();
    for field in &kind.fields {
        let FieldType::Group { fields, .. } = &field.of else {
            columns.push(TableColumn { field, within: None, heading: heading_of(kind, field) });
            continue;
        };
        let count = if field.repeated { places.get(&field.name).copied().unwrap_or(0).max(1) } else { 1 };
        for place in 0..count {
            for inner in fields.iter().filter(|inner| !is_group(inner)) {
                let heading = inner_label(field, inner, place);
                let same = fields.iter().filter(|other| other.label == inner.label).count() > 1;
                let heading = if same { key_heading(&inner_path(field, place, &inner.name)) } else { heading };
                columns.push(TableColumn { field: inner, within: Some((field, place)), heading });
            }
        }
    }
    columns
}

/// The label, or the field's key where two fields of the kind have one label.
fn heading_of(kind: &Kind, field: &Field) -> catalogue::Label {
    let same = |other: &&Field| other.label.vi == field.label.vi || other.label.en == field.label.en;
    let taken = [RECORD, VERSION].iter().any(|(vi, en)| *vi == field.label.vi || *en == field.label.en);
    if taken || kind.fields.iter().filter(same).count() > 1 { key_heading(&field.name) } else { field.label.clone() }
}

fn key_heading(path: &str) -> catalogue::Label {
    label(path, path)
}

fn is_group(field: &Field) -> bool {
    matches!(field.of, FieldType::Group { .. })
}

fn text_cell(text: String) -> Cell {
    if text.chars().count() > LONGEST_CELL { Cell::text(TOO_LONG_FOR_CELL) } else { Cell::text(text) }
}
