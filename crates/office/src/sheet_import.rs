//! A checked table comes in, all or nothing, with a journal by which it is taken back as a whole (`sheet_plan` says beforehand what it would do).

use std::collections::BTreeSet;

use ledger::{LeafHash, RecordId, Writer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::AuditEntry;
use crate::error::OfficeError;
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, decide};
use crate::record::{Draft, Prepared, Stored, action_for, source_key};
use crate::sheet_plan::{Progress, SheetPlan};

pub(crate) const IMPORTS: &str = "sheet_import";
const IMPORT_ROWS: &str = "sheet_import_rows";
pub(crate) const IMPORTS_BY_FILE: &str = "sheet_import_file";
/// Records named in one document of the journal of an import.
const ROWS_PER_PAGE: usize = 1_000;

/// An import that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetImport {
    /// Its id; sorts by time.
    pub id: String,
    /// The kind.
    pub kind: String,
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The body that keeps the records.
    pub owner: RecordId,
    /// Who did it.
    pub by: String,
    /// When, microseconds since 1970.
    pub at: i64,
    /// Rows in the file.
    pub rows: usize,
    /// New records.
    pub created: usize,
    /// Changed records.
    pub changed: usize,
    /// When it was undone, microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<i64>,
}

/// What the journal keeps of one record of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct JournalRow {
    record: RecordId,
    /// The leaf that the import wrote.
    leaf: String,
    /// The data before; none for a new record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
}

impl Office {
    /// Stores a plan without errors in one transaction, with its journal, and returns what was done.
    ///
    /// # Errors
    /// `Refused` (`sheet_errors`) when the plan has errors, (`imported_before`) when the same file came in already and was not undone; `Changed` when
    /// somebody saved one of the records meanwhile. Nothing is written then.
    pub fn import_sheet(&self, who: &Identity, plan: SheetPlan, progress: &mut Progress<'_>) -> Result<SheetImport, OfficeError> {
        if plan.error_count > 0 {
            return Err(OfficeError::refused(
                "sheet_errors",
                format!("Tệp còn {} chỗ sai; chưa nhập gì. Hãy sửa các ô đã nêu rồi tải lên lại.", plan.error_count),
                format!("The file has {} errors; nothing was imported. Mend the cells named and upload again.", plan.error_count),
            ));
        }
        let total = plan.rows.len();
        let together = self.still_fit_together(&plan)?;
        let mut prepared = Vec::new();
        let (mut created, mut changed) = (0, 0);
        for (at, row) in plan.rows.into_iter().enumerate() {
            if at % 256 == 0 {
                progress(at, total);
            }
            let Some(draft) = row.draft else { continue };
            if row.changes {
                changed += 1
            } else {
                created += 1
            }
            let before = match draft.id {
                Some(id) => self.ledger().read(|r| r.current("private", id))?.and_then(|version| version.data),
                None => None,
            };
            prepared.push((self.prepare_among(who, draft, Action::Edit, &together, None)?, before));
        }
        let import = SheetImport {
            id: RecordId::new().to_string(),
            kind: plan.form.kind,
            file: plan.form.file,
            sha256: plan.form.sha256,
            owner: plan.form.owner,
            by: who.name().to_owned(),
            at: self.clock().now(),
            rows: total,
            created,
            changed,
            undone: None,
        };
        if prepared.is_empty() {
            return Ok(import);
        }
        let entry = AuditEntry::of(self, who, "sheet.import").note(&format!("{} {} → {}", import.file, total, import.kind));
        let (records, before): (Vec<Prepared>, Vec<Option<Value>>) = prepared.into_iter().unzip();
        let journal = import.clone();
        self.store_with(records, vec![entry], move |w, stored| journal_import(w, &journal, stored, before))?;
        progress(total, total);
        Ok(import)
    }

    /// The ids that the new rows bring, when the rows still fit beside each other: a body may have moved since the plan was made.
    fn still_fit_together(&self, plan: &SheetPlan) -> Result<BTreeSet<RecordId>, OfficeError> {
        let drafts: Vec<&Draft> = plan.rows.iter().filter_map(|row| row.draft.as_ref()).collect();
        let faults = self.faults_among(self.kind(&plan.form.kind)?, &drafts, &BTreeSet::new())?;
        if !faults.is_empty() {
            return Err(OfficeError::Invalid(faults.into_iter().map(|(_, fault)| fault).collect()));
        }
        Ok(plan.rows.iter().filter(|row| !row.changes).filter_map(|row| row.draft.as_ref()?.id).collect())
    }

    /// Imports of spreadsheets that this person may see, newest first: at most 100 before `before`.
    pub fn sheet_imports(&self, who: &Identity, before: Option<&str>, limit: usize) -> Result<Vec<SheetImport>, OfficeError> {
        let mut imports = Vec::new();
        let mut last = before.map(str::to_owned);
        loop {
            let page = self.ledger().read(|r| r.cabinet_list(IMPORTS, last.as_deref(), 200, true))?;
            let Some((key, _)) = page.last() else { return Ok(imports) };
            last = Some(key.clone());
            for (_, value) in page {
                let import: SheetImport = serde_json::from_value(value)?;
                if who.role_in(import.owner).is_some() || who.is_administrator() {
                    imports.push(import);
                    if imports.len() == limit.min(100) {
                        return Ok(imports);
                    }
                }
            }
        }
    }

    /// One import.
    pub fn sheet_import(&self, who: &Identity, id: &str) -> Result<SheetImport, OfficeError> {
        let found = self.ledger().read(|r| r.cabinet_get(IMPORTS, id))?.ok_or_else(|| OfficeError::NotFound(id.to_owned()))?;
        let import: SheetImport = serde_json::from_value(found)?;
        if who.role_in(import.owner).is_none() && !who.is_administrator() {
            return Err(OfficeError::NotFound(id.to_owned()));
        }
        Ok(import)
    }

    /// Takes a whole import back: new records are withdrawn, changed ones get their former contents as a new version. All or nothing.
    ///
    /// # Errors
    /// `Denied` when one of the records is not this person's to change; `Refused` (`import_undone`) when it was undone already, (`changed_since`) when somebody has changed one of its records since.
    pub fn undo_sheet_import(&self, who: &Identity, id: &str) -> Result<SheetImport, OfficeError> {
        let mut import = self.sheet_import(who, id)?;
        self.may_import(who, &import.kind, import.owner)?.require()?;
        if import.undone.is_some() {
            return Err(OfficeError::refused(
                "import_undone",
                "Lần nhập này đã được hoàn tác trước đó.",
                "This import has been undone before.",
            ));
        }
        let kind = self.kind(&import.kind)?;
        let mut restored = Vec::new();
        let mut withdrawn = Vec::new();
        for page in 0.. {
            let Some(rows) = self.ledger().read(|r| r.cabinet_get(IMPORT_ROWS, &format!("{id}/{page:06}")))? else { break };
            let rows: Vec<JournalRow> = serde_json::from_value(rows)?;
            for row in rows {
                let leaf = LeafHash::from_hex(&row.leaf).ok_or_else(|| OfficeError::Data("journal: leaf".to_owned()))?;
                // One file can change records of several bodies: each is decided for itself.
                let form = match self.view_to_edit(who, row.record) {
                    Ok(view) if view.leaf == leaf => self.form(&view.kind, view.form)?,
                    Ok(_) | Err(OfficeError::NotFound(_)) => return Err(changed_since()),
                    Err(other) => return Err(other),
                };
                match row.before {
                    Some(data) => {
                        decide(who, action_for(kind, Action::Edit), &self.subject(who, kind, &data, Role::Officer)).require()?;
                        let checked = self.catalogue().check_under(form, &data).map_err(OfficeError::Invalid)?;
                        restored.push(Prepared { id: row.record, checked, previous: Some(leaf) });
                    }
                    None => withdrawn.push((row.record, leaf)),
                }
            }
        }
        import.undone = Some(self.clock().now());
        let entry = AuditEntry::of(self, who, "sheet.undo").note(&format!("{} → {}", import.file, import.kind));
        let kept = import.clone();
        let outcome = self.store_with(restored, vec![entry], move |w, _| {
            for (record, leaf) in withdrawn {
                let current = w.current("private", record)?;
                if current.as_ref().is_none_or(|current| current.leaf != leaf) {
                    return Err(OfficeError::Changed { current: current.map_or(0, |current| current.ver) });
                }
                if let Some(source) = current.and_then(|current| current.data).and_then(|data| source_key(&kept.kind, &data)) {
                    w.cabinet_remove(crate::record::SOURCES, &source)?;
                }
                w.withdraw(record)?;
                crate::node::forget_answered_return(w, record)?;
            }
            w.cabinet_put(IMPORTS, &kept.id, serde_json::to_value(&kept)?)?;
            Ok(())
        });
        match outcome {
            Ok(_) => Ok(import),
            Err(OfficeError::Changed { .. }) => Err(changed_since()),
            Err(other) => Err(other),
        }
    }
}

fn journal_import(w: &mut Writer, import: &SheetImport, stored: &[Stored], before: Vec<Option<Value>>) -> Result<(), OfficeError> {
    let key = file_key(&import.kind, import.owner, &import.sha256);
    if let Some(Value::String(earlier)) = w.cabinet_get(IMPORTS_BY_FILE, &key)? {
        let undone = w.cabinet_get(IMPORTS, &earlier)?.is_some_and(|value| value.get("undone").is_some());
        if !undone && import.created > 0 {
            return Err(imported_before());
        }
    }
    w.cabinet_put(IMPORTS_BY_FILE, &key, Value::String(import.id.clone()))?;
    let mut rows = Vec::with_capacity(stored.len());
    for (stored, before) in stored.iter().zip(before) {
        rows.push(JournalRow { record: stored.id, leaf: stored.leaf.to_hex(), before });
    }
    for (page, rows) in rows.chunks(ROWS_PER_PAGE).enumerate() {
        w.cabinet_put(IMPORT_ROWS, &format!("{}/{page:06}", import.id), serde_json::to_value(rows)?)?;
    }
    w.cabinet_put(IMPORTS, &import.id, serde_json::to_value(import)?)?;
    Ok(())
}

pub(crate) fn file_key(kind: &str, owner: RecordId, sha256: &str) -> String {
    format!("{kind}/{owner}/{sha256}")
}

fn changed_since() -> OfficeError {
    OfficeError::refused(
        "changed_since",
        "Có bản ghi của lần nhập này đã được sửa sau đó; chưa hoàn tác gì. Hãy sửa từng bản ghi, hoặc xuất ra, sửa rồi nhập lại.",
        "A record of this import was changed afterwards; nothing was undone. Mend the records one by one, or export, edit and import them.",
    )
}

pub(crate) fn imported_before() -> OfficeError {
    OfficeError::refused(
        "imported_before",
        "Tệp này đã được nhập; chưa nhập gì thêm. Nếu muốn nhập lại, hãy hoàn tác lần nhập trước.",
        "This file was imported before; nothing more was imported. To import it again, undo the earlier import first.",
    )
}
