//! Payloads: what a record says, beside the tree, bound to its entry by a salted commitment.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::entry::canonical;
use crate::files::FileRef;
use crate::names::LeafHash;

/// The longest payload in bytes (LV-Log/1 §3).
pub const LONGEST: usize = 1 << 20;
/// Most files that one payload brings along; more are not carried.
const MOST_FILES: usize = 256;
/// How the payload of a record without files ends, before the salt of 24 letters and the last two signs.
const NO_FILES: &[u8] = br#","files":[],"salt":""#;

/// A payload as bytes with its commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The JCS bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub commitment: LeafHash,
}

/// Why a payload cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// More than 1 MiB.
    #[error("the record has {0} bytes, at most 1,048,576 fit; move long texts into files")]
    TooLong(usize),
    /// Not canonical JSON of the subset (no floating-point numbers).
    #[error("the record is not plain JSON: {0}")]
    Form(String),
}

impl Payload {
    /// Makes a payload with a fresh random salt of 16 bytes, so that the commitment says nothing once the payload is erased.
    pub fn make(data: &Value, files: &[FileRef]) -> Result<Payload, PayloadError> {
        let mut salt = [0_u8; 16];
        rand::rng().fill_bytes(&mut salt);
        let files: Vec<Value> =
            files.iter().map(|file| json!({"len": file.len, "mt": file.media_type, "name": file.name, "sha256": file.sha256})).collect();
        let form = |error: crate::entry::EntryError| PayloadError::Form(error.to_string());
        // The three members in their canonical order, so that the data need not be copied into one value first.
        let mut bytes = br#"{"data":"#.to_vec();
        bytes.extend(canonical(data).map_err(form)?);
        bytes.extend(br#","files":"#);
        bytes.extend(canonical(&Value::Array(files)).map_err(form)?);
        bytes.extend(format!(r#","salt":"{}"}}"#, STANDARD.encode(salt)).into_bytes());
        if bytes.len() > LONGEST {
            return Err(PayloadError::TooLong(bytes.len()));
        }
        Ok(Payload { commitment: commitment(&bytes), bytes })
    }

    /// The data out of payload bytes.
    pub fn data(bytes: &[u8]) -> Result<Value, PayloadError> {
        let mut payload: Value = serde_json::from_slice(bytes).map_err(|error| PayloadError::Form(error.to_string()))?;
        payload.get_mut("data").map(Value::take).ok_or_else(|| PayloadError::Form("no data".to_owned()))
    }

    /// The files that payload bytes name, at most 256; what is not in their form is passed over.
    pub fn files(bytes: &[u8]) -> Vec<FileRef> {
        // Nearly every record has none.
        let end = bytes.len().checked_sub(NO_FILES.len() + 26).and_then(|at| bytes.get(at..));
        if end.is_some_and(|end| end.starts_with(NO_FILES)) {
            return Vec::new();
        }
        let Ok(mut payload) = serde_json::from_slice::<Value>(bytes) else { return Vec::new() };
        let Some(Value::Array(named)) = payload.get_mut("files").map(Value::take) else { return Vec::new() };
        let files = named.into_iter().filter_map(|file| serde_json::from_value::<FileRef>(file).ok());
        files.filter(FileRef::is_in_form).take(MOST_FILES).collect()
    }
}

/// SHA-256 of payload bytes.
pub(crate) fn commitment(bytes: &[u8]) -> LeafHash {
    LeafHash(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_data_has_different_commitments_and_comes_back() {
        let data = json!({"title": "Nhiệm vụ", "n": 3});
        let (one, two) = (Payload::make(&data, &[]).unwrap(), Payload::make(&data, &[]).unwrap());
        assert_ne!(one.commitment, two.commitment);
        assert_eq!(Payload::data(&one.bytes).unwrap(), data);
    }

    #[test]
    fn the_files_that_a_payload_names_are_read_and_nonsense_is_passed_over() {
        let file = |sha256: String, len| FileRef { name: "a.pdf".to_owned(), media_type: "application/pdf".to_owned(), len, sha256 };
        let (good, far) = (file("ab".repeat(32), 7), file("cd".repeat(32), 3 << 30));
        let none = Payload::make(&json!({"n": 1}), &[]).unwrap();
        assert!(Payload::files(&none.bytes).is_empty());
        let three = Payload::make(&json!({"n": 1}), &[file("../../etc".to_owned(), 1), good.clone(), far]).unwrap();
        assert_eq!(Payload::files(&three.bytes), [good]);
        assert!(Payload::files(b"{").is_empty() && Payload::files(b"").is_empty());
    }

    #[test]
    fn floats_and_giants_are_refused() {
        assert!(matches!(Payload::make(&json!({"x": 1.5}), &[]), Err(PayloadError::Form(_))));
        assert!(matches!(Payload::make(&json!({"x": "a".repeat(LONGEST)}), &[]), Err(PayloadError::TooLong(_))));
    }
}
