//! Files of the operator: `catalogue/` inside the data folder, read at every start beside the catalogue compiled into the program. A new edition of a code
//! list or a kind of one's own is one more file there.

use std::path::{Path, PathBuf};

use catalogue::{Catalogue, CatalogueError, Label, Lang, Problem};

use crate::error::{OfficeError, label};

/// The largest file, in bytes. All communes of the country are less than 1 MB.
const LARGEST_FILE: u64 = 16_000_000;
/// Most files.
const MOST_FILES: usize = 500;

/// The catalogue with what the operator added to it.
#[derive(Debug)]
pub struct OwnCatalogue {
    /// All of it, checked together.
    pub catalogue: Catalogue,
    /// The operator's files by their path in the folder, e.g. `codes/research-fields-2025.csv`, in order.
    pub files: Vec<String>,
}

impl OwnCatalogue {
    /// Where the operator's files of a data folder are. It need not exist.
    pub fn path(data: &Path) -> PathBuf {
        data.join("catalogue")
    }

    /// Reads the files of a data folder; without any the catalogue is the built-in one. Files whose names begin with a dot or `~` are left out: programs
    /// leave such behind.
    ///
    /// # Errors
    /// `Refused` (`catalogue_refused`) with every fault as file, line and reason, and what to do; nothing is used then. `File` when the disk fails.
    pub fn read(data: &Path) -> Result<OwnCatalogue, OfficeError> {
        let folder = OwnCatalogue::path(data);
        let mut found = Found::default();
        if folder.exists() {
            found.folder(&folder, "")?;
        }
        if !found.problems.is_empty() {
            return Err(refused(&folder, &CatalogueError { problems: found.problems }));
        }
        let mut files: Vec<String> = found.files.iter().map(|(path, _)| path.clone()).collect();
        files.sort();
        // A fault in the built-in catalogue alone is none of the operator's.
        let catalogue = match Catalogue::builtin_with(found.files) {
            Ok(catalogue) => catalogue,
            Err(error) if files.is_empty() => return Err(error.into()),
            Err(error) => return Err(refused(&folder, &error)),
        };
        Ok(OwnCatalogue { catalogue, files })
    }
}

/// What lies in the folder.
#[derive(Default)]
struct Found {
    files: Vec<(String, String)>,
    problems: Vec<Problem>,
}

impl Found {
    /// The top folder, or with `within` one folder in it.
    fn folder(&mut self, folder: &Path, within: &str) -> Result<(), OfficeError> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
                self.problem(
                    &path.display().to_string(),
                    label("tên tệp không phải UTF-8; hãy đặt tên thường", "the name is not UTF-8; give the file a plain name"),
                );
                continue;
            };
            if name.starts_with(['.', '~']) {
                continue;
            }
            let place = if within.is_empty() { name } else { format!("{within}/{name}") };
            match (path.is_dir(), within.is_empty()) {
                (true, true) => self.folder(&path, &place)?,
                (true, false) => self.problem(
                    &place,
                    label(
                        "thư mục nằm trong thư mục không được đọc; hãy chuyển tệp lên trên",
                        "a folder inside a folder is not read; move its files up",
                    ),
                ),
                (false, true) => self.problem(
                    &place,
                    label(
                        "tệp không nằm trong thư mục nào của danh mục; hãy đặt vào codes/ hoặc kinds/",
                        "the file lies in no folder of the catalogue; put it into codes/ or kinds/",
                    ),
                ),
                (false, false) => self.file(&path, place)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, place: String) -> Result<(), OfficeError> {
        let largest = LARGEST_FILE / 1_000_000;
        if !matches!(path.extension().and_then(|suffix| suffix.to_str()), Some("toml" | "csv")) {
            self.problem(
                &place,
                label(
                    "chỉ đọc .csv và .toml; bảng tính thì lưu dạng “CSV UTF-8 (Comma delimited)”",
                    "only .csv and .toml are read; save a spreadsheet as “CSV UTF-8 (Comma delimited)”",
                ),
            );
        } else if self.files.len() == MOST_FILES {
            self.problem(&place, label(format!("có hơn {MOST_FILES} tệp"), format!("there are more than {MOST_FILES} files")));
        } else if std::fs::metadata(path)?.len() > LARGEST_FILE {
            self.problem(&place, label(format!("tệp lớn hơn {largest} MB"), format!("the file is larger than {largest} MB")));
        } else {
            match String::from_utf8(std::fs::read(path)?) {
                Ok(text) => self.files.push((place, text)),
                Err(error) => {
                    let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
                    let reason = label(
                        "không phải UTF-8; bảng tính thì lưu dạng “CSV UTF-8 (Comma delimited)”",
                        "not UTF-8; save a spreadsheet as “CSV UTF-8 (Comma delimited)”",
                    );
                    self.problems.push(Problem { file: place, line, reason });
                }
            }
        }
        Ok(())
    }

    fn problem(&mut self, file: &str, reason: Label) {
        self.problems.push(Problem { file: file.to_owned(), line: 0, reason });
    }
}

fn refused(folder: &Path, error: &CatalogueError) -> OfficeError {
    let faults = |lang| error.problems.iter().map(|problem| format!("\n  {}", problem.said(lang))).collect::<String>();
    let (faults_vi, faults_en) = (faults(Lang::Vi), faults(Lang::En));
    let folder = folder.display();
    let message = label(
        format!(
            "Tệp danh mục của đơn vị có lỗi (tệp:dòng: lý do), chương trình không chạy:{faults_vi}\nHãy sửa tệp trong {folder}, hoặc chuyển tệp ra ngoài thư mục ấy, rồi chạy lại."
        ),
        format!(
            "Your own catalogue files are faulty (file:line: reason), the program does not start:{faults_en}\nMend the file in {folder}, or move it out of that folder, and start again."
        ),
    );
    OfficeError::Refused { code: "catalogue_refused", message }
}
