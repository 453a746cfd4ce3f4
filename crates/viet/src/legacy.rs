//! Old encodings of Vietnamese text: bytes of before Unicode, which spreadsheets and documents still carry, often under a font that hid them.
//!
//! Text in an old encoding comes in two ways: as the bytes of a file, taken one character a byte, or as Western letters in a file that calls itself
//! Unicode. Both are the same here; characters that Windows-1252 has in place of the bytes 80–9F are taken as these bytes.

mod detector;
mod tables;

use std::collections::HashMap;
use std::sync::OnceLock;

use self::tables::{LETTERS, Table};
use crate::letters::nfc;
use crate::syllable::is_legal;

pub use self::detector::{LegacyText, decode_column, decode_text};

/// An old encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegacyEncoding {
    /// TCVN 5712 VN3, the “ABC” fonts.
    Tcvn3,
    /// VNI for Windows.
    Vni,
    /// UTF-8 that was read as Windows-1252.
    Utf8AsWindows1252,
    /// Windows-1258.
    Cp1258,
    /// VISCII 1.1.
    Viscii,
    /// VPS.
    Vps,
    /// BK HCM 2.
    Bkhcm2,
    /// BK HCM 1.
    Bkhcm1,
    /// Vietware F.
    VietwareF,
    /// VIQR, ASCII mnemonics.
    Viqr,
}

/// What the bytes 80–9F are in Windows-1252; the five it leaves out stay themselves.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

impl LegacyEncoding {
    /// All of them, those that are met most often first.
    pub const ALL: [LegacyEncoding; 10] = [
        LegacyEncoding::Tcvn3,
        LegacyEncoding::Vni,
        LegacyEncoding::Utf8AsWindows1252,
        LegacyEncoding::Cp1258,
        LegacyEncoding::Viscii,
        LegacyEncoding::Vps,
        LegacyEncoding::Bkhcm2,
        LegacyEncoding::Bkhcm1,
        LegacyEncoding::VietwareF,
        LegacyEncoding::Viqr,
    ];

    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            LegacyEncoding::Tcvn3 => "TCVN3 (ABC)",
            LegacyEncoding::Vni => "VNI",
            LegacyEncoding::Utf8AsWindows1252 => "UTF-8/Windows-1252",
            LegacyEncoding::Cp1258 => "Windows-1258",
            LegacyEncoding::Viscii => "VISCII",
            LegacyEncoding::Vps => "VPS",
            LegacyEncoding::Bkhcm2 => "BKHCM2",
            LegacyEncoding::Bkhcm1 => "BKHCM1",
            LegacyEncoding::VietwareF => "VIETWARE_F",
            LegacyEncoding::Viqr => "VIQR",
        }
    }

    fn table(self) -> Option<&'static Table> {
        match self {
            LegacyEncoding::Tcvn3 => Some(&tables::TCVN3),
            LegacyEncoding::Vni => Some(&tables::VNI),
            LegacyEncoding::Utf8AsWindows1252 => None,
            LegacyEncoding::Cp1258 => Some(&tables::CP1258),
            LegacyEncoding::Viscii => Some(&tables::VISCII),
            LegacyEncoding::Vps => Some(&tables::VPS),
            LegacyEncoding::Bkhcm2 => Some(&tables::BKHCM2),
            LegacyEncoding::Bkhcm1 => Some(&tables::BKHCM1),
            LegacyEncoding::VietwareF => Some(&tables::VIETWARE_F),
            LegacyEncoding::Viqr => Some(&tables::VIQR),
        }
    }

    /// Whether capitals with a tone have no codes: text in a capitals font uses those of small letters.
    fn lacks_capitals(self) -> bool {
        matches!(self, LegacyEncoding::Tcvn3 | LegacyEncoding::VietwareF)
    }

    /// Reads text in this encoding, one character a byte, into NFC. What the encoding does not know stays as it is. In an encoding without toned capitals a
    /// word whose other letters are capitals becomes one of capitals.
    pub fn decode(self, text: &str) -> String {
        let decoded = match self {
            LegacyEncoding::Utf8AsWindows1252 => utf8_from_windows_1252(text).unwrap_or_else(|| text.to_owned()),
            LegacyEncoding::Viqr => decode_viqr(text),
            _ => self.codec().decode(text),
        };
        let decoded = if self.lacks_capitals() { raise_capitals(&decoded) } else { decoded };
        nfc(&decoded).into_owned()
    }

    /// Reads text that is known to stand in this encoding or none: none when some word with marks would be no syllable.
    pub fn decode_whole(self, text: &str) -> Option<String> {
        let decoded = self.decode(text);
        detector::is_vietnamese(&decoded).then_some(decoded)
    }

    /// Writes text in this encoding, one character a byte. A letter without a code takes the one it shares, so that its case may be lost; what the encoding
    /// does not know stays as it is.
    pub fn encode(self, text: &str) -> String {
        let text = nfc(text);
        if self == LegacyEncoding::Utf8AsWindows1252 {
            return text.bytes().map(|byte| if byte < 0x80 { char::from(byte) } else { windows_1252(byte) }).collect();
        }
        let codec = self.codec();
        let mut written = String::new();
        for letter in text.chars() {
            match codec.code_of.get(&letter) {
                Some(code) => written.extend(code.iter().map(|byte| char::from(*byte))),
                None => written.push(letter),
            }
        }
        written
    }

    fn codec(self) -> &'static Codec {
        static CODECS: OnceLock<Vec<(LegacyEncoding, Codec)>> = OnceLock::new();
        static NOTHING: OnceLock<Codec> = OnceLock::new();
        let codecs = CODECS.get_or_init(|| {
            let tables = LegacyEncoding::ALL.into_iter().filter_map(|encoding| Some((encoding, encoding.table()?)));
            tables.map(|(encoding, table)| (encoding, Codec::of(table))).collect()
        });
        match codecs.iter().find(|(encoding, _)| *encoding == self) {
            Some((_, codec)) => codec,
            None => NOTHING.get_or_init(Codec::default),
        }
    }
}

/// A table in both directions.
#[derive(Debug, Default)]
struct Codec {
    /// Codes are at most three bytes, filled up with zeros, which no code has.
    letter_of: HashMap<[u8; 3], char>,
    code_of: HashMap<char, Vec<u8>>,
    longest: usize,
}

impl Codec {
    fn of(table: &Table) -> Codec {
        let mut codec = Codec::default();
        for (letter, code) in LETTERS.chars().zip(table.codes.split_ascii_whitespace()) {
            codec.add(letter, code);
        }
        for (pairs, writes) in [(table.shared, true), (table.also, false)] {
            for (letter, code) in pairs.split_ascii_whitespace().filter_map(|pair| pair.split_once('=')) {
                let Some(letter) = letter.chars().next() else { continue };
                let bytes = bytes_of(code);
                if writes {
                    codec.code_of.entry(letter).or_insert(bytes);
                } else {
                    codec.longest = codec.longest.max(bytes.len());
                    codec.letter_of.entry(padded(&bytes)).or_insert(letter);
                }
            }
        }
        codec
    }

    fn add(&mut self, letter: char, code: &str) {
        let bytes = bytes_of(code);
        if bytes.is_empty() {
            return;
        }
        self.longest = self.longest.max(bytes.len());
        self.letter_of.insert(padded(&bytes), letter);
        self.code_of.insert(letter, bytes);
    }

    /// The longest code first; what is none stays.
    fn decode(&self, text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let mut decoded = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(character) = characters.get(at) {
            let mut code = [0_u8; 3];
            let mut found = None;
            for length in 0..self.longest {
                let next = characters.get(at + length).and_then(|character| byte_of(*character));
                let (Some(byte), Some(place)) = (next, code.get_mut(length)) else { break };
                *place = byte;
                if let Some(letter) = self.letter_of.get(&code) {
                    found = Some((*letter, length + 1));
                }
            }
            match found {
                Some((letter, length)) => {
                    decoded.push(letter);
                    at += length;
                }
                None => {
                    decoded.push(match byte_of(*character) {
                        Some(byte @ 0x80..=0x9f) => windows_1252(byte),
                        _ => *character,
                    });
                    at += 1;
                }
            }
        }
        decoded
    }
}

fn bytes_of(code: &str) -> Vec<u8> {
    let digits: Vec<u32> = code.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

fn padded(bytes: &[u8]) -> [u8; 3] {
    let mut code = [0; 3];
    for (place, byte) in code.iter_mut().zip(bytes) {
        *place = *byte;
    }
    code
}

/// The byte that a character stands for; none when it can be none.
fn byte_of(character: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(character)) {
        return Some(byte);
    }
    WINDOWS_1252.chars().zip(0x80..=0x9f_u8).find(|(known, _)| *known == character).map(|(_, byte)| byte)
}

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252.chars().nth(usize::from(byte - 0x80)).unwrap_or('\u{fffd}'),
        _ => char::from(byte),
    }
}

/// Text whose characters are the bytes of UTF-8; none when they are not, or all of them ASCII.
fn utf8_from_windows_1252(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(byte_of).collect();
    String::from_utf8(bytes?).ok()
}

/// Small letters in words whose other letters, two at least, are capitals: they were typed in a capitals font.
fn raise_capitals(text: &str) -> String {
    let mut raised = String::with_capacity(text.len());
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_alphabetic() {
            word.push(character);
            continue;
        }
        let plain = || word.chars().filter(char::is_ascii_alphabetic);
        if plain().count() >= 2 && plain().all(|letter| letter.is_ascii_uppercase()) {
            raised.push_str(&word.to_uppercase());
        } else {
            raised.push_str(&word);
        }
        word.clear();
        raised.push(character);
    }
    raised.pop();
    raised
}

/// Word by word: a mark counts as one only when the word is then a legal syllable; a backslash takes its meaning from the next sign.
fn decode_viqr(text: &str) -> String {
    let codec = LegacyEncoding::Viqr.codec();
    let mut decoded = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        let blank = piece.get(word.len()..).unwrap_or_default();
        if word.contains('\\') {
            decoded.push_str(&word.replace('\\', ""));
        } else {
            decoded.push_str(&viqr_word(codec, word));
        }
        decoded.push_str(blank);
    }
    decoded
}

fn viqr_word(codec: &Codec, word: &str) -> String {
    // Punctuation at the end may belong to the sentence: "la." is "lạ" or "la" and a full stop.
    let mut ends: Vec<usize> = word.char_indices().rev().take(2).map(|(at, _)| at).collect();
    ends.insert(0, word.len());
    for end in ends {
        let (Some(head), Some(tail)) = (word.get(..end), word.get(end..)) else { continue };
        if !tail.chars().all(|sign| sign.is_ascii_punctuation()) {
            break;
        }
        let decoded = codec.decode(head);
        let mut syllables = decoded.split(|c: char| !c.is_alphabetic()).filter(|part| !part.is_empty()).peekable();
        if decoded != head && syllables.peek().is_some() && syllables.all(is_syllable) {
            return format!("{decoded}{tail}");
        }
    }
    word.to_owned()
}

/// A legal syllable, or one of the Central Highlands' names: Đắk, Lắk, Krông.
fn is_syllable(word: &str) -> bool {
    if is_legal(word) {
        return true;
    }
    let folded = word.to_lowercase();
    let onset = folded.strip_prefix("kr").map(|rest| format!("r{rest}")).unwrap_or(folded);
    match onset.strip_suffix('k') {
        Some(head) => is_legal(&format!("{head}c")),
        None => is_legal(&onset),
    }
}
