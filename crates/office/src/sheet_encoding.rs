//! Cells that were typed before Unicode, or under a font that hid the difference: read, and marked as converted.

use std::collections::{BTreeMap, BTreeSet};

use crate::column_map::{RECORD, VERSION};
use crate::error::OfficeError;
use crate::sheet::{Sheet, SheetCell, SheetRow, cell_address};

impl Sheet {
    /// Reads cells that stand in an old encoding (TCVN3, VNI …), column by column, and notes which.
    ///
    /// A table that this program wrote is Unicode throughout, whatever stands in it.
    pub(crate) fn read_old_encodings(&mut self) {
        if self.is_own_export() {
            return;
        }
        let width = self.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        for column in 0..width {
            let mut texts = Vec::new();
            let mut places = Vec::new();
            for (at, row) in self.rows.iter().enumerate() {
                if let Some(SheetCell::Text(text)) = row.cells.get(column) {
                    texts.push(text.as_str());
                    places.push(at);
                }
            }
            let read = viet::decode_column(&texts);
            for (at, read) in places.into_iter().zip(read) {
                if let Some(read) = read {
                    self.convert(at, column, read.text, read.encoding.name());
                }
            }
        }
    }

    /// Exports have a column with the record and one with its version.
    fn is_own_export(&self) -> bool {
        let has = |row: &SheetRow, (vi, en): (&str, &str)| {
            row.cells.iter().any(|cell| matches!(cell, SheetCell::Text(text) if text == vi || text == en))
        };
        self.rows.first().is_some_and(|row| has(row, RECORD) && has(row, VERSION))
    }

    fn convert(&mut self, at: usize, column: usize, text: String, encoding: &str) {
        let Some(row) = self.rows.get_mut(at) else { return };
        self.converted.push((cell_address(column, row.number), encoding.to_owned()));
        if let Some(cell) = row.cells.get_mut(column) {
            *cell = SheetCell::Text(text);
        }
    }

    /// In a file that is no Unicode every cell stands in some old encoding: what could not tell for itself follows the file.
    ///
    /// # Errors
    /// `Refused` (`sheet_encoding`) with the addresses of cells that no encoding makes sense of.
    pub(crate) fn read_rest_of_bytes(&mut self) -> Result<(), OfficeError> {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, encoding) in &self.converted {
            *votes.entry(encoding).or_default() += 1;
        }
        let leading = votes.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.to_owned());
        let leading = viet::LegacyEncoding::ALL.into_iter().find(|encoding| Some(encoding.name()) == leading.as_deref());
        let converted: BTreeSet<String> = self.converted.iter().map(|(address, _)| address.clone()).collect();
        let (mut following, mut open) = (Vec::new(), Vec::new());
        for (at, row) in self.rows.iter().enumerate() {
            for (column, cell) in row.cells.iter().enumerate() {
                let SheetCell::Text(text) = cell else { continue };
                let address = cell_address(column, row.number);
                if text.is_ascii() || converted.contains(&address) {
                    continue;
                }
                match leading.and_then(|encoding| encoding.decode_whole(text)) {
                    Some(read) => following.push((at, column, read)),
                    None => open.push(address),
                }
            }
        }
        if !open.is_empty() {
            let count = open.len();
            let shown = open.into_iter().take(10).collect::<Vec<_>>().join(", ");
            return Err(OfficeError::refused(
                "sheet_encoding",
                format!(
                    "Tệp không phải Unicode và không nhận ra bảng mã của {count} ô ({shown}); chưa đọc gì. Hãy mở bằng Excel, lưu dạng “CSV UTF-8” hoặc .xlsx rồi tải lên."
                ),
                format!(
                    "The file is not Unicode, and the encoding of {count} cells is not recognised ({shown}); nothing was read. Open it in Excel, save it as “CSV UTF-8” or .xlsx and upload that."
                ),
            ));
        }
        let name = leading.map(viet::LegacyEncoding::name).unwrap_or_default();
        for (at, column, text) in following {
            self.convert(at, column, text, name);
        }
        Ok(())
    }
}
