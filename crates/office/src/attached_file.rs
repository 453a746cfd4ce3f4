//! Files that a record names: the original of a document, and whatever a form has as a group of name, media type, length and SHA-256. They travel behind the
//! record to all who may see its naming of them, and go with its erasure.

use catalogue::{FieldType, Kind};
use ledger::{FileRef, RecordId};
use serde_json::Value;

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;

/// A file of a record, for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// The file as the record names it.
    pub file: FileRef,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The files that a record of this kind names: groups that have all of name, media type, length and SHA-256.
pub(crate) fn files_named(kind: &Kind, data: &Value) -> Vec<FileRef> {
    let mut files: Vec<FileRef> = Vec::new();
    for field in &kind.fields {
        let FieldType::Group { fields, .. } = &field.of else { continue };
        if !fields.iter().any(|inner| matches!(inner.of, FieldType::Sha256)) {
            continue;
        }
        let groups = match data.get(&field.name) {
            Some(Value::Array(groups)) => groups.iter().collect(),
            Some(group) => vec![group],
            None => Vec::new(),
        };
        files.extend(groups.into_iter().filter_map(file_in).filter(FileRef::is_in_form));
    }
    files
}

fn file_in(group: &Value) -> Option<FileRef> {
    let text = |name: &str| group.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(FileRef { name: text("name")?, media_type: text("media_type")?, len: group.get("length")?.as_u64()?, sha256: text("sha256")? })
}

impl Office {
    /// The files that the record names to this person, each with whether it is here: a file of another node's record comes behind the record.
    ///
    /// # Errors
    /// As [`Office::view`].
    pub fn attached_files(&self, who: &Identity, id: RecordId) -> Result<Vec<(FileRef, bool)>, OfficeError> {
        let view = self.view(who, id)?;
        let Some(data) = view.data.as_ref().filter(|_| view.form != 0) else { return Ok(Vec::new()) };
        let files = files_named(self.form(&view.kind, view.form)?, data);
        Ok(files.into_iter().map(|file| (self.ledger().has_file(&file.sha256), file)).map(|(is_here, file)| (file, is_here)).collect())
    }

    /// A file that the record names to this person.
    ///
    /// # Errors
    /// As [`Office::view`]; `NotFound` when the record as he sees it names no such file, `file_not_here` when it has not come, and the ledger's when its bytes
    /// are damaged.
    pub fn attached_file(&self, who: &Identity, id: RecordId, sha256: &str) -> Result<AttachedFile, OfficeError> {
        let found = self.attached_files(who, id)?.into_iter().find(|(file, _)| file.sha256 == sha256);
        let (file, _) = found.ok_or_else(|| OfficeError::NotFound(format!("{id} {sha256}")))?;
        match self.ledger().get_file(sha256)? {
            Some(bytes) => Ok(AttachedFile { file, bytes }),
            None => Err(OfficeError::refused(
                "file_not_here",
                "Tệp này chưa về đến nút này; bản ghi về trước, tệp về sau. Hãy thử lại sau ít phút.",
                "The file has not come to this node yet: the record comes first, the file behind it. Try again in some minutes.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use catalogue::Catalogue;
    use serde_json::json;

    use super::files_named;

    #[test]
    fn a_group_names_a_file_only_when_it_says_all_of_it() {
        let catalogue = Catalogue::builtin().unwrap();
        let document = catalogue.kind("document").unwrap();
        let whole = json!({"original": {"name": "a.docx", "media_type": "application/zip", "sha256": "ab".repeat(32), "length": 3}});
        assert_eq!(files_named(document, &whole)[0].name, "a.docx");
        let huge =
            json!({"original": {"name": "a.docx", "media_type": "application/zip", "sha256": "ab".repeat(32), "length": 3_u64 << 30}});
        assert!(files_named(document, &huge).is_empty());
        assert!(files_named(document, &json!({"original": {"name": "a.docx", "sha256": "ab".repeat(32)}})).is_empty());
        assert!(files_named(document, &json!({"title": "a"})).is_empty());
    }
}
