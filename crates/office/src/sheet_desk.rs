//! The desk where an uploaded spreadsheet waits: planned in the background, looked at, mapped anew, carried out. The file lies in the folder `staging` until
//! it is stored or a day has passed, so a restart in between loses nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalogue::Label;
use ledger::RecordId;
use serde::{Deserialize, Serialize};

use crate::column_map::{ColumnMap, Destination};
use crate::error::{OfficeError, label};
use crate::identity::Identity;
use crate::office::Office;
use crate::sheet::{Sheet, place_of_address, read_sheet, sha256};
use crate::sheet_import::SheetImport;
use crate::sheet_plan::{SheetForm, SheetPlan};

/// Files older than this are removed from the desk.
const WAITS: Duration = Duration::from_secs(24 * 60 * 60);
/// Cells that can be mended on the page.
const MOST_MENDED: usize = 1_000;
/// Plans kept in memory; others are made again from their files.
const MOST_PLANS: usize = 4;
/// Ends kept in memory; later the slip tells of an import that was stored.
const MOST_ENDS: usize = 100;

/// A spreadsheet to lay on the desk.
#[derive(Debug, Clone)]
pub struct SheetUpload {
    /// The kind of its records.
    pub kind: String,
    /// The body that keeps them.
    pub owner: RecordId,
    /// The file's name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// A remembered column map.
    pub map: Option<String>,
}

/// How far a spreadsheet on the desk has come.
#[derive(Debug, Clone)]
pub enum DeskState {
    /// Being read and checked: rows done, rows of all.
    Checking(usize, usize),
    /// Checked; waits for a person.
    Planned(Arc<SheetPlan>),
    /// Being stored: rows done, rows of all.
    Storing(usize, usize),
    /// Stored.
    Done(SheetImport),
    /// Failed as a whole; nothing was stored.
    Failed(Label),
}

/// What lies beside the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Slip {
    account: String,
    kind: String,
    owner: RecordId,
    name: String,
    sha256: String,
    map: ColumnMap,
    /// Cells that were mended on the page: address → words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    mended: BTreeMap<String, String>,
    /// The import, once it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import: Option<String>,
}

/// The states of the spreadsheets on the desk.
#[derive(Debug, Default)]
pub(crate) struct SheetDesk {
    /// Held while an upload begins, gets a piece or ends.
    pub(crate) receiving: Mutex<()>,
    states: Mutex<BTreeMap<String, DeskState>>,
}

impl SheetDesk {
    /// A panic under the lock leaves one state as it was.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, DeskState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a faultless plan to be stored, once: who comes second finds it being stored, which is none for him.
    ///
    /// # Errors
    /// `Refused` (`sheet_not_ready`) when there is no such plan.
    fn take_plan(&self, id: &str) -> Result<Option<Arc<SheetPlan>>, OfficeError> {
        let mut states = self.lock();
        let plan = match states.get(id) {
            Some(DeskState::Planned(plan)) if plan.error_count == 0 => plan.clone(),
            Some(DeskState::Storing(..) | DeskState::Done(_)) => return Ok(None),
            _ => {
                return Err(OfficeError::refused(
                    "sheet_not_ready",
                    "Tệp chưa kiểm tra xong hoặc còn chỗ sai; chưa nhập gì. Hãy xem lại trang kiểm tra.",
                    "The file has not been checked yet or has errors; nothing was imported. See the page of the check.",
                ));
            }
        };
        states.insert(id.to_owned(), DeskState::Storing(0, plan.rows.len()));
        Ok(Some(plan))
    }

    fn set(&self, id: &str, state: DeskState) {
        let mut states = self.lock();
        states.insert(id.to_owned(), state);
        forget_oldest(&mut states, MOST_PLANS, |state| matches!(state, DeskState::Planned(_)));
        forget_oldest(&mut states, MOST_ENDS, |state| matches!(state, DeskState::Done(_) | DeskState::Failed(_)));
    }
}

/// Keeps at most so many states of one sort; ids sort by time.
fn forget_oldest(states: &mut BTreeMap<String, DeskState>, most: usize, of_sort: impl Fn(&DeskState) -> bool) {
    let such: Vec<String> = states.iter().filter(|(_, state)| of_sort(state)).map(|(id, _)| id.clone()).collect();
    for old in such.iter().take(such.len().saturating_sub(most)) {
        states.remove(old);
    }
}

impl Office {
    /// Lays a file on the desk and begins to check it in the background; returns its id there.
    ///
    /// # Errors
    /// `Denied`; `Refused` when the file cannot be read at all.
    pub fn lay_sheet(self: &Arc<Office>, who: &Identity, upload: SheetUpload) -> Result<String, OfficeError> {
        self.may_import(who, &upload.kind, upload.owner)?.require()?;
        let map = match upload.map.as_deref() {
            Some(map) => self.column_map(who, &upload.kind, map)?,
            None => ColumnMap::default(),
        };
        // A file that cannot be read is refused before anything is kept.
        let sheet = read_sheet(&upload.name, &upload.bytes, None)?;
        self.clear_desk()?;
        let id = RecordId::new();
        std::fs::create_dir_all(self.staging())?;
        std::fs::write(self.staging().join(format!("{id}.sheet")), &upload.bytes)?;
        let form = SheetForm { kind: upload.kind, owner: upload.owner, file: upload.name, sha256: sha256(&upload.bytes), map };
        self.put_on_desk(who, id, form, Some(sheet))?;
        Ok(id.to_string())
    }

    /// Writes the slip of a file that lies in the folder already, and begins its check; it is read there unless `sheet` is at hand.
    pub(crate) fn put_on_desk(
        self: &Arc<Office>,
        who: &Identity,
        id: RecordId,
        form: SheetForm,
        sheet: Option<Sheet>,
    ) -> Result<(), OfficeError> {
        let account = who.account().unwrap_or_default().to_owned();
        let SheetForm { kind, owner, file: name, sha256, map } = form;
        let (id, slip) = (id.to_string(), Slip { account, kind, owner, name, sha256, map, mended: BTreeMap::new(), import: None });
        self.write_slip(&id, &slip)?;
        self.check_sheet(who, &id, slip, sheet);
        Ok(())
    }

    /// Whether a file of this account lies on the desk under this id.
    pub(crate) fn is_on_desk(&self, who: &Identity, id: &str) -> bool {
        self.slip(who, id).is_ok()
    }

    /// How far it is. A file whose check was lost with a restart is checked again.
    pub fn sheet_on_desk(self: &Arc<Office>, who: &Identity, id: &str) -> Result<DeskState, OfficeError> {
        let slip = self.slip(who, id)?;
        if let Some(state) = self.sheet_desk.lock().get(id) {
            return Ok(state.clone());
        }
        if let Some(import) = &slip.import {
            return Ok(DeskState::Done(self.sheet_import(who, import)?));
        }
        self.check_sheet(who, id, slip, None);
        Ok(DeskState::Checking(0, 0))
    }

    /// Maps columns as the person chose, by heading, and checks again; `remember` keeps the choice under a name for the next file.
    pub fn map_sheet(
        self: &Arc<Office>,
        who: &Identity,
        id: &str,
        columns: BTreeMap<String, Destination>,
        remember: Option<&str>,
    ) -> Result<(), OfficeError> {
        let mut slip = self.slip(who, id)?;
        slip.map.columns = columns;
        if let Some(name) = remember {
            self.remember_columns(who, &slip.kind, name, &slip.map)?;
        }
        self.write_slip(id, &slip)?;
        self.check_sheet(who, id, slip, None);
        Ok(())
    }

    /// Takes other words for some cells of the file, by address, and checks again. The file stays as it is; the import will say which cells were mended.
    ///
    /// # Errors
    /// `Refused` (`too_many_mended`) beyond [`MOST_MENDED`] cells: then the file is the place to mend them.
    pub fn mend_sheet(self: &Arc<Office>, who: &Identity, id: &str, cells: BTreeMap<String, String>) -> Result<(), OfficeError> {
        let mut slip = self.slip(who, id)?;
        slip.mended.extend(cells.into_iter().filter(|(address, _)| place_of_address(address).is_some()));
        if slip.mended.len() > MOST_MENDED {
            return Err(OfficeError::refused(
                "too_many_mended",
                format!("Đã sửa hơn {MOST_MENDED} ô trên trang; hãy sửa tiếp trong tệp rồi tải lên lại."),
                format!("More than {MOST_MENDED} cells were mended on the page; mend the file instead and upload it again."),
            ));
        }
        self.write_slip(id, &slip)?;
        self.check_sheet(who, id, slip, None);
        Ok(())
    }

    /// Stores what was planned, in the background.
    ///
    /// # Errors
    /// `Refused` (`sheet_not_ready`) when the check is not finished or found errors.
    pub fn carry_out_sheet(self: &Arc<Office>, who: &Identity, id: &str) -> Result<(), OfficeError> {
        let mut slip = self.slip(who, id)?;
        let plan = self.sheet_desk.take_plan(id)?;
        let Some(plan) = plan else { return Ok(()) };
        let (office, who, id) = (self.clone(), who.clone(), id.to_owned());
        std::thread::spawn(move || {
            let stored = office
                .import_sheet(&who, Arc::unwrap_or_clone(plan), &mut |done, of| office.sheet_desk.set(&id, DeskState::Storing(done, of)));
            match stored {
                Ok(import) => {
                    // The next page shows what has come in.
                    office.settle(Duration::from_secs(120));
                    slip.import = Some(import.id.clone());
                    office.sheet_desk.set(&id, DeskState::Done(import));
                    // The import itself is stored; without the slip only this page would no longer tell of it.
                    let _ = office.write_slip(&id, &slip);
                    let _ = std::fs::remove_file(office.staging().join(format!("{id}.sheet")));
                }
                Err(error) => office.sheet_desk.set(&id, DeskState::Failed(error.message())),
            }
        });
        Ok(())
    }

    fn check_sheet(self: &Arc<Office>, who: &Identity, id: &str, slip: Slip, sheet: Option<Sheet>) {
        self.sheet_desk.set(id, DeskState::Checking(0, 0));
        let (office, who, id) = (self.clone(), who.clone(), id.to_owned());
        std::thread::spawn(move || {
            let state = match office.plan_file(&who, &id, slip, sheet) {
                Ok(plan) => DeskState::Planned(Arc::new(plan)),
                Err(error) => DeskState::Failed(error.message()),
            };
            office.sheet_desk.set(&id, state);
        });
    }

    /// Reads the file again when it is not at hand.
    fn plan_file(&self, who: &Identity, id: &str, slip: Slip, sheet: Option<Sheet>) -> Result<SheetPlan, OfficeError> {
        let mut sheet = match sheet {
            Some(sheet) => sheet,
            None => read_sheet(&slip.name, &std::fs::read(self.staging().join(format!("{id}.sheet")))?, None)?,
        };
        for (address, words) in &slip.mended {
            sheet.mend(address, words);
        }
        if !slip.mended.is_empty() {
            let cells = slip.mended.keys().take(50).cloned().collect::<Vec<_>>().join(", ");
            let count = slip.mended.len();
            sheet.notes.push(label(
                format!("{count} ô được sửa trên trang này: {cells}."),
                format!("{count} cells were mended on this page: {cells}."),
            ));
        }
        let form = SheetForm { kind: slip.kind, owner: slip.owner, file: slip.name, sha256: slip.sha256, map: slip.map };
        self.plan_sheet(who, form, &sheet, &mut |done, of| self.sheet_desk.set(id, DeskState::Checking(done, of)))
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.folder().join("staging")
    }

    fn write_slip(&self, id: &str, slip: &Slip) -> Result<(), OfficeError> {
        // Who reads it meanwhile finds the one before, never half of it.
        let fresh = self.staging().join(format!("{id}.json.new"));
        std::fs::write(&fresh, serde_json::to_vec(slip)?)?;
        Ok(std::fs::rename(fresh, self.staging().join(format!("{id}.json")))?)
    }

    /// The slip of a file of this account; others do not learn that it is there.
    fn slip(&self, who: &Identity, id: &str) -> Result<Slip, OfficeError> {
        let missing = || OfficeError::NotFound(format!("sheet {id}"));
        let id = RecordId::parse(id).map_err(|_| missing())?;
        let bytes = std::fs::read(self.staging().join(format!("{id}.json"))).map_err(|_| missing())?;
        let slip: Slip = serde_json::from_slice(&bytes)?;
        if who.account() == Some(slip.account.as_str()) { Ok(slip) } else { Err(missing()) }
    }

    /// Removes what nobody has touched for a day. The files of one id go together: those that lie beside one that still grows stay.
    pub(crate) fn clear_desk(&self) -> Result<(), OfficeError> {
        let Ok(files) = std::fs::read_dir(self.staging()) else { return Ok(()) };
        let mut by_id: BTreeMap<String, (bool, Vec<PathBuf>)> = BTreeMap::new();
        for file in files.flatten() {
            let old = file.metadata().and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > WAITS);
            let name = file.file_name().to_string_lossy().into_owned();
            let id = name.split('.').next().unwrap_or_default().to_owned();
            let (all_old, paths) = by_id.entry(id).or_insert((true, Vec::new()));
            *all_old &= old;
            paths.push(file.path());
        }
        for (_, paths) in by_id.into_values().filter(|(all_old, _)| *all_old) {
            for path in paths {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
