//! A judged set: documents, questions with the documents that answer them, and the other spellings made from the questions.

use std::io::BufRead;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use viet::{nfc, nfd};

/// A document of a judged set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JudgedDocument {
    /// Its id.
    pub id: String,
    /// Its title, where it has one of its own.
    #[serde(default)]
    pub title: String,
    /// Its text.
    pub text: String,
}

/// A question of a judged set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JudgedQuery {
    /// Its id.
    pub id: String,
    /// The question as typed.
    pub text: String,
    /// Ids of the documents that answer it.
    pub rel: Vec<String>,
    /// How it is spelled; `exact` when nothing is said.
    #[serde(default = "exact")]
    pub kind: String,
}

/// Why a judged set cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JudgedError {
    /// The file cannot be read.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    /// A line is not what it should be; counted from 1.
    #[error("line {0}: {1}")]
    Line(usize, serde_json::Error),
}

/// The kind of a question that is spelled as it should be.
pub const EXACT: &str = "exact";

/// Words replaced by abbreviations, in this order.
const ABBREVIATIONS: [(&str, &str); 15] = [
    ("khoa học và công nghệ", "KH&CN"),
    ("sở hữu trí tuệ", "SHTT"),
    ("ủy ban nhân dân", "UBND"),
    ("đổi mới sáng tạo", "ĐMST"),
    ("tiêu chuẩn đo lường chất lượng", "TĐC"),
    ("quy chuẩn kỹ thuật", "QCKT"),
    ("tiêu chuẩn quốc gia", "TCVN"),
    ("nghiên cứu khoa học", "NCKH"),
    ("cơ sở dữ liệu", "CSDL"),
    ("công nghệ thông tin", "CNTT"),
    ("nhiệm vụ", "NV"),
    ("chuyển giao công nghệ", "CGCN"),
    ("an toàn bức xạ", "ATBX"),
    ("sở hữu công nghiệp", "SHCN"),
    ("công nghệ cao", "CNC"),
];

/// What scanning makes of a letter.
const MISREAD: [(char, char); 19] = [
    ('ợ', 'ọ'),
    ('ớ', 'ó'),
    ('ờ', 'ò'),
    ('ể', 'ê'),
    ('ế', 'ê'),
    ('ề', 'ê'),
    ('ộ', 'ô'),
    ('ố', 'ô'),
    ('ổ', 'ô'),
    ('ồ', 'ô'),
    ('ỗ', 'ồ'),
    ('ứ', 'ú'),
    ('ử', 'ủ'),
    ('ữ', 'ũ'),
    ('ạ', 'a'),
    ('ậ', 'â'),
    ('ấ', 'â'),
    ('ặ', 'ă'),
    ('ắ', 'ă'),
];

const HUYEN: char = '\u{0300}';
const SAC: char = '\u{0301}';
const NGA: char = '\u{0303}';
const HOI: char = '\u{0309}';
const NANG: char = '\u{0323}';
const TONES: [char; 5] = [HUYEN, SAC, NGA, HOI, NANG];

fn exact() -> String {
    EXACT.to_owned()
}

/// Reads one JSON value a line; empty lines are passed over.
///
/// # Errors
/// [`JudgedError`] with the line.
pub fn read_lines<T: serde::de::DeserializeOwned>(reader: impl BufRead) -> Result<Vec<T>, JudgedError> {
    let mut found = Vec::new();
    for (at, line) in reader.lines().enumerate() {
        let line = line?;
        if !line.trim().is_empty() {
            found.push(serde_json::from_str(&line).map_err(|error| JudgedError::Line(at + 1, error))?);
        }
    }
    Ok(found)
}

impl JudgedQuery {
    /// The other spellings of an exact question: without marks, with typing errors, decomposed with the tone at the other place, and with abbreviations where it has
    /// words that are abbreviated.
    pub fn variants(&self) -> Vec<JudgedQuery> {
        let text = nfc(&self.text).into_owned();
        let mut variants = vec![
            self.spelled("stripped", without_marks(&text)),
            self.spelled("typo", damaged(&text, &format!("typo:{}", self.id))),
            self.spelled("nfd", nfd(&with_tones_moved(&text))),
            self.spelled("strip_typo", without_marks(&damaged(&text, &format!("stripped-typo:{}", self.id)))),
        ];
        let shortened = abbreviated(&text);
        if shortened != text {
            variants.push(self.spelled("abbr", shortened));
        }
        variants
    }

    fn spelled(&self, kind: &str, text: String) -> JudgedQuery {
        JudgedQuery { text, kind: kind.to_owned(), ..self.clone() }
    }
}

/// SplitMix64, from the first bytes of a label's hash.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(label: &str) -> Chance {
        let hash: [u8; 32] = Sha256::digest(label.as_bytes()).into();
        let mut first = [0; 8];
        for (into, from) in first.iter_mut().zip(hash) {
            *into = from;
        }
        Chance(u64::from_be_bytes(first))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % (n.max(1) as u64)).unwrap_or(0)
    }

    fn one_of(&mut self, letters: &str) -> char {
        let at = self.below(letters.chars().count());
        letters.chars().nth(at).unwrap_or('a')
    }
}

pub(crate) fn without_marks(text: &str) -> String {
    nfd(text)
        .chars()
        .filter(|c| !viet::is_foldable_mark(*c))
        .map(|c| match c {
            'đ' => 'd',
            'Đ' => 'D',
            other => other,
        })
        .collect()
}

fn damaged(text: &str, label: &str) -> String {
    damaged_words(text, label, 20)
}

/// The text with so many of a hundred words damaged, at least one.
pub(crate) fn damaged_words(text: &str, label: &str, of_hundred: usize) -> String {
    let mut chance = Chance::of(label);
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let many = words.len();
    let damages = ((of_hundred * many + 50) / 100).clamp(1, many.max(1));
    let mut places: Vec<usize> = (0..many).collect();
    for at in 0..damages.min(many) {
        let other = at + chance.below(many - at);
        places.swap(at, other);
    }
    for place in places.into_iter().take(damages) {
        if let Some(word) = words.get_mut(place) {
            *word = damaged_word(&word.to_lowercase(), &mut chance);
        }
    }
    words.join(" ")
}

fn damaged_word(word: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = nfc(word).chars().collect();
    let tone = tone_of(word);
    let mut kind = ["ocr", "tone", "del", "sub", "swap", "telex", "ins"].get(chance.below(7)).copied().unwrap_or("del");
    if kind == "ocr" {
        let misread = |letter: char| MISREAD.iter().find(|(from, _)| *from == letter).map(|(_, into)| *into);
        let places: Vec<usize> = letters.iter().enumerate().filter(|(_, letter)| misread(**letter).is_some()).map(|(at, _)| at).collect();
        if !places.is_empty() {
            let place = places.get(chance.below(places.len())).copied().unwrap_or(0);
            if let Some(letter) = letters.get_mut(place)
                && let Some(into) = misread(*letter)
            {
                *letter = into;
            }
            return letters.into_iter().collect();
        }
        kind = "del";
    }
    match (kind, tone) {
        ("tone", Some(tone)) => {
            let other = match tone {
                HOI => Some(NGA),
                NGA => Some(HOI),
                _ => {
                    let others: Vec<Option<char>> =
                        [None, Some(HUYEN), Some(SAC), Some(HOI)].into_iter().filter(|other| *other != Some(tone)).collect();
                    others.get(chance.below(others.len())).copied().flatten()
                }
            };
            return with_tone(word, other);
        }
        ("telex", Some(tone)) => {
            let letter = match tone {
                HUYEN => 'f',
                SAC => 's',
                HOI => 'r',
                NGA => 'x',
                _ => 'j',
            };
            return with_tone(word, None) + &letter.to_string();
        }
        ("tone", None) => kind = "swap",
        ("telex", None) => kind = "sub",
        _ => {}
    }
    let long = letters.len();
    if long < 3 {
        letters.push(chance.one_of("nghaij"));
        return letters.into_iter().collect();
    }
    match kind {
        "del" => {
            letters.remove(chance.below(long));
        }
        "swap" => {
            let at = chance.below(long - 1);
            letters.swap(at, at + 1);
        }
        "ins" => {
            let at = chance.below(long);
            letters.insert(at, chance.one_of("aeiounhgt"));
        }
        _ => {
            let at = chance.below(long);
            let other = chance.one_of("aeiounhgtklmc");
            if let Some(letter) = letters.get_mut(at) {
                *letter = other;
            }
        }
    }
    letters.into_iter().collect()
}

/// The last tone mark of a word.
fn tone_of(word: &str) -> Option<char> {
    nfd(word).chars().rfind(|c| TONES.contains(c))
}

/// The word with another tone, or none, on the letter that carries one.
fn with_tone(word: &str, tone: Option<char>) -> String {
    let mut letters: Vec<char> = nfd(word).chars().collect();
    if let Some(place) = letters.iter().rposition(|c| TONES.contains(c)) {
        letters.remove(place);
        // Behind the other marks of the letter: only so do they compose.
        let end = letters.iter().skip(place).position(|c| !viet::is_foldable_mark(*c)).map_or(letters.len(), |more| place + more);
        if let Some(tone) = tone {
            letters.insert(end, tone);
        }
    }
    nfc(&letters.into_iter().collect::<String>()).into_owned()
}

fn with_tones_moved(text: &str) -> String {
    text.split_whitespace().map(with_tone_moved).collect::<Vec<_>>().join(" ")
}

/// hòa for hoà, and the other way round.
fn with_tone_moved(word: &str) -> String {
    let Some(tone) = tone_of(word) else { return word.to_owned() };
    let plain: Vec<char> = with_tone(word, None).chars().collect();
    let lower: String = plain.iter().collect::<String>().to_lowercase();
    if !["oa", "oe", "uy"].iter().any(|end| lower.ends_with(end)) || lower.ends_with("quy") {
        return word.to_owned();
    }
    let on_last = word.chars().last().is_some_and(|last| tone_of(&last.to_string()).is_some());
    let place = if on_last { plain.len() - 2 } else { plain.len() - 1 };
    let mut moved = String::new();
    for (at, letter) in plain.into_iter().enumerate() {
        moved.push(letter);
        if at == place {
            moved.push(tone);
        }
    }
    nfc(&moved).into_owned()
}

fn abbreviated(text: &str) -> String {
    let mut text = text.to_owned();
    for (words, short) in ABBREVIATIONS {
        text = replaced(&text, words, short);
    }
    text
}

/// Every place of `words` in the text, whatever the case, replaced.
fn replaced(text: &str, words: &str, by: &str) -> String {
    let (letters, wanted): (Vec<char>, Vec<char>) = (text.chars().collect(), words.chars().collect());
    let lower = |c: &char| c.to_lowercase().next().unwrap_or(*c);
    let (mut done, mut at) = (String::new(), 0);
    while let Some(letter) = letters.get(at) {
        let here = letters.get(at..at + wanted.len());
        if here.is_some_and(|here| here.iter().zip(&wanted).all(|(one, other)| lower(one) == *other)) {
            done.push_str(by);
            at += wanted.len();
        } else {
            done.push(*letter);
            at += 1;
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        let mut chance = Chance::of("typo:0009f7fd");
        let numbers = [chance.next(), chance.next(), chance.next()];
        assert_eq!(numbers, [10_324_447_243_513_394_997, 5_612_333_728_945_100_571, 4_986_921_751_686_073_112]);
    }

    /// Examples of the description of the set: kind and text, or none where the question has no abbreviation.
    #[test]
    fn the_spellings_are_those_of_the_description() {
        for (id, exact, typo, moved, strip_typo, abbr) in [
            (
                "0009f7fd",
                "Kiểm soát chiếu xạ đối với phế thải kim loại bị nhiễm bẩn phóng xạ",
                "Kiểm soát chiêu xạ đối với pếh thải kim loại bị nhiễm bânr phóng xạ",
                "Kiểm soát chiếu xạ đối với phế thải kim loại bị nhiễm bẩn phóng xạ",
                "Kiem soat ciheu xaj doi voi phe thai kim loai bi nhiem an phong xa",
                None,
            ),
            (
                "0485756d",
                "Hủy bỏ quy chuẩn kỹ thuật quốc gia",
                "Hủy bõ quy chuẩn kỹ thật quốc gia",
                "Huỷ bỏ quy chuẩn kỹ thuật quốc gia",
                "Huy bo quy chuuan kyg thuat quoc gia",
                Some("Hủy bỏ QCKT quốc gia"),
            ),
            (
                "82dc1ca5",
                "Trách nhiệm của Ủy ban nhân dân các cấp",
                "Trách nhiềm của Ủy ban nhân dn các cấp",
                "Trách nhiệm của Uỷ ban nhân dân các cấp",
                "Trach nhiem ua Uy ban nhan dian cac cap",
                Some("Trách nhiệm của UBND các cấp"),
            ),
            (
                "94bed254",
                "Trách nhiệm quản lý nhà nước của Ủy ban nhân dân cấp tỉnh",
                "tcách nhiệm quản lý nhà unước của Ủy ban nân dân cấp tỉnh",
                "Trách nhiệm quản lý nhà nước của Uỷ ban nhân dân cấp tỉnh",
                "Trach nhiem quan lya nha nuocs cua Uy ban nhan dan cap tinh",
                Some("Trách nhiệm quản lý nhà nước của UBND cấp tỉnh"),
            ),
        ] {
            let query = JudgedQuery { id: id.to_owned(), text: exact.to_owned(), rel: Vec::new(), kind: EXACT.to_owned() };
            let variants = query.variants();
            let of = |kind: &str| variants.iter().find(|variant| variant.kind == kind).map(|variant| nfc(&variant.text).into_owned());
            assert_eq!(of("typo").as_deref(), Some(typo));
            assert_eq!(of("nfd").as_deref(), Some(moved));
            assert_eq!(of("strip_typo").as_deref(), Some(strip_typo));
            assert_eq!(of("abbr").as_deref(), abbr);
            assert!(!viet::has_marks(&of("stripped").unwrap_or_default()));
        }
    }
}
