//! Signed notes (C2SP signed-note v1.0.0): a text, an empty line, and signature lines `— <name> <base64(key id ‖ signature)>`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::key::{COSIGNATURE, NodeKey, PLAIN, PublicKey};

/// Longest note in bytes. A checkpoint with a dozen signatures has less than 2,000.
const LONGEST: usize = 16 * 1024;
/// Most signature lines that are read.
const MOST_SIGNATURES: usize = 64;

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: String,
    /// Key id, see [`PublicKey`].
    pub key_id: [u8; 4],
    /// The signature, for a cosignature with eight bytes of time before it.
    pub bytes: Vec<u8>,
}

/// A text with signatures. Lines of keys that a reader does not know are kept and ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text with its last line feed.
    pub text: String,
    /// The lines.
    pub signatures: Vec<SignatureLine>,
}

/// Why a text is no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than 16 KiB or with more than 64 signatures.
    #[error("the note is too long")]
    TooLong,
    /// The form is wrong.
    #[error("not a signed note: {0}")]
    Form(&'static str),
}

impl Note {
    /// An unsigned note. The text has to end with a line feed.
    pub(crate) fn unsigned(text: String) -> Note {
        Note { text, signatures: Vec::new() }
    }

    /// Adds a plain signature under `name`.
    pub(crate) fn sign(&mut self, name: &str, key: &NodeKey) {
        let bytes = key.sign(self.text.as_bytes()).to_vec();
        self.signatures.push(SignatureLine { name: name.to_owned(), key_id: key.public().id(name, PLAIN), bytes });
    }

    /// Whether a plain signature under `name` is the key's.
    pub fn is_signed_by(&self, name: &str, key: &PublicKey) -> bool {
        let id = key.id(name, PLAIN);
        self.signatures.iter().any(|line| line.name == name && line.key_id == id && key.verify(self.text.as_bytes(), &line.bytes))
    }

    /// A cosignature under `name` at `time` (seconds since 1970): "I have seen no other tree of this size, and I hold it".
    pub(crate) fn cosignature(&self, name: &str, key: &NodeKey, time: u64) -> SignatureLine {
        let mut bytes = time.to_be_bytes().to_vec();
        bytes.extend(key.sign(cosigned_message(time, &self.text).as_bytes()));
        SignatureLine { name: name.to_owned(), key_id: key.public().id(name, COSIGNATURE), bytes }
    }

    /// When the key cosigned under `name`; none when it did not, or when the signature is false.
    pub fn cosigned_at(&self, name: &str, key: &PublicKey) -> Option<u64> {
        let id = key.id(name, COSIGNATURE);
        for line in self.signatures.iter().filter(|line| line.name == name && line.key_id == id) {
            let Some((time, signature)) = line.bytes.split_first_chunk::<8>() else { continue };
            let time = u64::from_be_bytes(*time);
            if key.verify(cosigned_message(time, &self.text).as_bytes(), signature) {
                return Some(time);
            }
        }
        None
    }

    /// Reads a note as it came.
    pub fn parse(bytes: &str) -> Result<Note, NoteError> {
        if bytes.len() > LONGEST {
            return Err(NoteError::TooLong);
        }
        let (text, lines) = bytes.rsplit_once("\n\n").ok_or(NoteError::Form("no empty line before the signatures"))?;
        if bytes.chars().any(|letter| letter.is_control() && letter != '\n') {
            return Err(NoteError::Form("control characters"));
        }
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form("the last line does not end"))?;
        Ok(Note { text: format!("{text}\n"), signatures: read_lines(lines)? })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        f.write_str(&print_lines(&self.signatures))
    }
}

/// Signature lines as text, each with its line feed.
pub fn print_lines(lines: &[SignatureLine]) -> String {
    let mut text = String::new();
    for line in lines {
        let mut bytes = line.key_id.to_vec();
        bytes.extend(&line.bytes);
        text.push_str(&format!("\u{2014} {} {}\n", line.name, STANDARD.encode(bytes)));
    }
    text
}

/// Reads signature lines without the last line feed.
pub(crate) fn read_lines(text: &str) -> Result<Vec<SignatureLine>, NoteError> {
    let mut signatures = Vec::new();
    for line in text.split('\n') {
        if signatures.len() == MOST_SIGNATURES {
            return Err(NoteError::TooLong);
        }
        let rest = line.strip_prefix("\u{2014} ").ok_or(NoteError::Form("a signature line does not begin with a dash"))?;
        let (name, encoded) = rest.split_once(' ').ok_or(NoteError::Form("a signature line without signature"))?;
        if name.is_empty() || name.contains('+') || name.contains(char::is_whitespace) {
            return Err(NoteError::Form("the name of a key"));
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Form("base64 of a signature"))?;
        let Some((key_id, bytes)) = bytes.split_first_chunk::<4>() else { return Err(NoteError::Form("a signature too short")) };
        if bytes.is_empty() {
            return Err(NoteError::Form("a signature too short"));
        }
        signatures.push(SignatureLine { name: name.to_owned(), key_id: *key_id, bytes: bytes.to_vec() });
    }
    Ok(signatures)
}

fn cosigned_message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_note_comes_back_as_it_was_and_others_signatures_do_not_count() {
        let (key, parent) = (NodeKey::from_seed(&[1; 32]), NodeKey::from_seed(&[2; 32]));
        let mut note = Note::unsigned("lv1/a/public\n3\nroot\n".to_owned());
        note.sign("lv1/a/public", &key);
        note.signatures.push(note.cosignature("lv1/b", &parent, 1_700_000_000));
        let read = Note::parse(&note.to_string()).unwrap();
        assert_eq!(read, note);
        assert!(read.is_signed_by("lv1/a/public", &key.public()));
        assert!(!read.is_signed_by("lv1/a/public", &parent.public()));
        assert!(!read.is_signed_by("lv1/b", &parent.public()), "a cosignature is no plain signature");
        assert_eq!(read.cosigned_at("lv1/b", &parent.public()), Some(1_700_000_000));
        assert_eq!(read.cosigned_at("lv1/b", &key.public()), None);
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for bad in [
            "",
            "a",
            "a\n",
            "a\n\n",
            "a\n\n\u{2014} b\n",
            "a\n\n- b AAAAAAAA\n",
            "a\n\n\u{2014} b+c AAAAAAAA\n",
            "a\n\n\u{2014} b AAAAAA==\n",
            "a\n\n\u{2014} b AAAAAAAA",
        ] {
            assert!(Note::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Note::parse(&"a".repeat(20_000)), Err(NoteError::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_printed_again(text in "\\PC{0,60}(\n\\PC{0,10}){0,6}\n?") {
            if let Ok(note) = Note::parse(&text) {
                prop_assert_eq!(Note::parse(&note.to_string()), Ok(note));
            }
        }
    }
}
