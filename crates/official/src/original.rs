//! From the bytes of a file to its text. For plain text the text is the file's bytes; nothing is normalised.

use crate::docx::docx_text;
use crate::error::ReadError;
use crate::html::html_text;

/// The longest text that is analysed.
pub(crate) const LONGEST_TEXT: usize = 2_000_000;
/// The longest file that is looked at.
const LONGEST_FILE: usize = 20 * 1024 * 1024;

/// Something the person should know about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

/// The text of a file, with nothing read into it: .txt, .html or .docx, recognised by content.
///
/// # Errors
/// [`ReadError`] says what the file is when no text can be taken out of it: a PDF, a picture, an archive, an old encoding.
pub fn plain_text(name: &str, bytes: &[u8]) -> Result<String, ReadError> {
    Ok(text_of(name, bytes)?.0)
}

/// Recognises the format by content (the name decides only between text and HTML) and takes the text out.
pub(crate) fn text_of(name: &str, bytes: &[u8]) -> Result<(String, Vec<Note>), ReadError> {
    if bytes.len() > LONGEST_FILE {
        return Err(ReadError::TooLarge { most: LONGEST_TEXT });
    }
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"PK\x03\x04") {
        return Ok((within(docx_text(bytes)?)?, Vec::new()));
    }
    for (magic, what) in [
        (&b"%PDF"[..], "tệp PDF (PDF file)"),
        (b"\xd0\xcf\x11\xe0", "tệp Word cũ .doc (old Word file)"),
        (b"{\\rtf", "tệp RTF (RTF file)"),
        (b"\x89PNG", "ảnh PNG (picture)"),
        (b"\xff\xd8\xff", "ảnh JPEG (picture)"),
        (b"GIF8", "ảnh GIF (picture)"),
        (b"Rar!", "tệp nén RAR (archive)"),
        (b"7z\xbc\xaf", "tệp nén 7z (archive)"),
        (b"PK", "tệp nén (archive)"),
    ] {
        if starts(magic) {
            return Err(ReadError::Format(what));
        }
    }
    let mut notes = Vec::new();
    let text = match viet::utf16_text(bytes) {
        Some(text) => {
            notes.push(Note {
                vi: "Tệp ở dạng UTF-16, đã đọc thành UTF-8.".to_owned(),
                en: "The file is UTF-16 and was read as UTF-8.".to_owned(),
            });
            text.map_err(|error| ReadError::Damaged(error.to_string()))?
        }
        None => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
                return Err(ReadError::Damaged("cut inside a character".to_owned()));
            }
            Err(_) if bytes.iter().filter(|byte| **byte == 0).count() > 0 => return Err(ReadError::Format("tệp nhị phân (binary file)")),
            Err(_) => {
                return Err(ReadError::OldEncoding(
                    encoding_of(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>()).unwrap_or("TCVN3/VNI"),
                ));
            }
        },
    };
    if text.contains('\0') {
        return Err(ReadError::Format("tệp nhị phân (binary file)"));
    }
    let text = if is_html(name, &text) { html_text(&text) } else { text };
    if let Some(encoding) = encoding_of(&text) {
        return Err(ReadError::OldEncoding(encoding));
    }
    Ok((within(text)?, notes))
}

fn within(text: String) -> Result<String, ReadError> {
    if text.len() > LONGEST_TEXT {
        return Err(ReadError::TooLarge { most: LONGEST_TEXT });
    }
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(text)
}

/// The old encoding that the text stands in; none when it is good Unicode. VIQR is plain ASCII, which is read as it stands.
fn encoding_of(text: &str) -> Option<&'static str> {
    let encoding = viet::decode_text(text)?.encoding;
    (encoding != viet::LegacyEncoding::Viqr).then(|| encoding.name())
}

fn is_html(name: &str, text: &str) -> bool {
    let name = name.to_lowercase();
    if name.ends_with(".html") || name.ends_with(".htm") || name.ends_with(".xhtml") {
        return true;
    }
    if name.ends_with(".txt") {
        return false;
    }
    let head: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(200).collect::<String>().to_lowercase();
    head.starts_with("<!doctype html")
        || head.starts_with("<html")
        || head.contains("<body")
        || head.starts_with("<p")
        || head.starts_with("<div")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_text_are_named() {
        for (bytes, code) in [
            (&b"%PDF-1.7"[..], "file_format"),
            (b"\x89PNG\r\n", "file_format"),
            (b"\xd0\xcf\x11\xe0\xa1", "file_format"),
            (b"", "file_empty"),
            (b" \r\n\t", "file_empty"),
            (b"\x00\x01\x02\xff\xfe", "file_format"),
            (b"Ngh\xde quy\xd5t v\xd2 ph\xb8t tri\xd3n", "old_encoding"),
        ] {
            assert_eq!(text_of("x", bytes).unwrap_err().code(), code, "{bytes:?}");
        }
        let mojibake = "NghÞ quyÕt vÒ ph¸t triÓn khoa häc vµ c«ng nghÖ cña tØnh trong giai ®o¹n míi";
        assert_eq!(text_of("x.txt", mojibake.as_bytes()).unwrap_err().code(), "old_encoding");
        let vni = "Sôû Khoa hoïc vaø Coâng ngheä tænh Ñaék Laék chuû trì xaây döïng chöông trình hôïp taùc";
        assert_eq!(text_of("x.txt", vni.as_bytes()).unwrap_err().code(), "old_encoding");
    }

    #[test]
    fn plain_text_is_kept_byte_for_byte() {
        for text in ["\u{feff}Giao Sở A.\r\n", "hoa\u{0300} – 1", "plain English text, nothing more than that at all"] {
            assert_eq!(text_of("a.txt", text.as_bytes()).unwrap().0, text);
        }
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("Sở".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(text_of("a.txt", &utf16).unwrap().0, "Sở");
    }
}
