//! UTF-16 by its byte order mark, as Windows programs save "Unicode text".

/// The text of a file that begins with the byte order mark of UTF-16, without the mark; none when it does not. An error when it breaks off or a surrogate
/// stands alone.
pub fn utf16_text(bytes: &[u8]) -> Option<Result<String, Utf16Error>> {
    let (little, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        _ => return None,
    };
    let (pairs, odd) = rest.as_chunks::<2>();
    if !odd.is_empty() {
        return Some(Err(Utf16Error));
    }
    let units: Vec<u16> = pairs.iter().map(|pair| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) }).collect();
    Some(String::from_utf16(&units).map_err(|_| Utf16Error))
}

/// The bytes are no whole UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utf16Error;

impl std::fmt::Display for Utf16Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("damaged UTF-16")
    }
}

impl std::error::Error for Utf16Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read_and_what_breaks_off_is_an_error() {
        assert_eq!(utf16_text(b"\xff\xfeS\0\xdf\x1e"), Some(Ok("Sở".to_owned())));
        assert_eq!(utf16_text(b"\xfe\xff\0S\x1e\xdf"), Some(Ok("Sở".to_owned())));
        assert_eq!(utf16_text(b"\xff\xfeS"), Some(Err(Utf16Error)));
        assert_eq!(utf16_text(b"\xff\xfe\0\xd8"), Some(Err(Utf16Error)));
        assert_eq!(utf16_text(b"S"), None);
    }
}
