//! Syllables: where they stand, their canonical key, and whether a run of letters can be one.

use unicode_normalization::UnicodeNormalization;

use crate::letters::{fold, nfc};

/// A maximal run of letters and digits, with the marks that belong to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syllable<'a> {
    /// The run as it stands in the text.
    pub text: &'a str,
    /// Byte offset of its first byte.
    pub start: usize,
    /// Byte offset after its last byte.
    pub end: usize,
}

/// The syllables of a text in order; offsets are of the text as given, whatever its Unicode form.
pub fn syllables(text: &str) -> impl Iterator<Item = Syllable<'_>> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = rest.by_ref().find(|(_, c)| is_letter_or_digit(*c))?;
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = rest.peek().copied() {
            if !(is_letter_or_digit(c) || matches!(c, '\u{0300}'..='\u{036F}')) {
                break;
            }
            end = at + c.len_utf8();
            rest.next();
        }
        Some(Syllable { text: text.get(start..end)?, start, end })
    })
}

/// [`char::is_alphanumeric`], quick for the letters of Vietnamese: all of Latin Extended-A, -B and Additional are letters.
fn is_letter_or_digit(c: char) -> bool {
    match c {
        '\0'..='\x7F' => c.is_ascii_alphanumeric(),
        '\u{0100}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}' => true,
        _ => c.is_alphanumeric(),
    }
}

/// The canonical key of a text, syllable by syllable: lower-case base letters (with hat, horn, breve and bar) and a digit for the tone in the order
/// ngang 0, huyền 1, hỏi 2, ngã 3, sắc 4, nặng 5; so hòa = hoà and thúy = thuý. What stands between syllables stays.
pub fn key(text: &str) -> String {
    let mut keyed = String::with_capacity(text.len() + 8);
    let mut last = 0;
    for syllable in syllables(text) {
        keyed.push_str(text.get(last..syllable.start).unwrap_or_default());
        push_key(syllable.text, &mut keyed);
        last = syllable.end;
    }
    keyed.push_str(text.get(last..).unwrap_or_default());
    keyed
}

fn push_key(syllable: &str, keyed: &mut String) {
    if syllable.is_ascii() && !syllable.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        keyed.push_str(syllable);
        return;
    }
    let (letters, tone) = untoned(syllable);
    keyed.push_str(&letters);
    keyed.push(char::from(b'0' + tone));
}

/// Lower-case letters without the tone, and the tone.
pub(crate) fn untoned(syllable: &str) -> (String, u8) {
    let mut tone = 0;
    let mut letters = String::with_capacity(syllable.len());
    for c in nfc(syllable).chars().flat_map(char::to_lowercase).nfd() {
        match c {
            '\u{0300}' => tone = 1,
            '\u{0309}' => tone = 2,
            '\u{0303}' => tone = 3,
            '\u{0301}' => tone = 4,
            '\u{0323}' => tone = 5,
            '\u{00F0}' | '\u{0256}' => letters.push('đ'),
            other => letters.push(other),
        }
    }
    (letters.nfc().collect(), tone)
}

const ONSETS: [&str; 27] = [
    "ngh", "ng", "gh", "gi", "kh", "nh", "ph", "qu", "th", "tr", "ch", "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r", "s",
    "t", "v", "x",
];

const RIMES: &[&str] = &[
    "a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay", "ăc", "ăm", "ăn", "ăng", "ăp", "ăt", "âc", "âm", "ân",
    "âng", "âp", "ât", "âu", "ây", "e", "ec", "em", "en", "eng", "eo", "ep", "et", "ê", "êch", "êm", "ên", "ênh", "êp", "êt", "êu", "i",
    "ia", "ich", "iêc", "iêm", "iên", "iêng", "iêp", "iêt", "iêu", "im", "in", "inh", "ip", "it", "iu", "o", "oa", "oac", "oach", "oai",
    "oam", "oan", "oang", "oanh", "oao", "oap", "oat", "oay", "oăc", "oăm", "oăn", "oăng", "oăt", "oc", "oe", "oem", "oen", "oeo", "oet",
    "oi", "om", "on", "ong", "ooc", "oong", "op", "ot", "ô", "ôc", "ôi", "ôm", "ôn", "ông", "ôp", "ôt", "ơ", "ơi", "ơm", "ơn", "ơp", "ơt",
    "u", "ua", "uân", "uâng", "uât", "uây", "uc", "uê", "uêch", "uênh", "ui", "um", "un", "ung", "uơ", "uôc", "uôi", "uôm", "uôn", "uông",
    "uôt", "up", "ut", "uy", "uya", "uych", "uyên", "uyêt", "uyn", "uynh", "uyp", "uyt", "uyu", "ư", "ưa", "ưc", "ưi", "ưm", "ưn", "ưng",
    "ươc", "ươi", "ươm", "ươn", "ương", "ươp", "ươt", "ươu", "ưt", "ưu", "y", "yêm", "yên", "yêng", "yêt", "yêu", "ynh", "yt",
];

/// Whether the run can be a Vietnamese syllable by onset, rime and tone. No lexicon is asked, so rare and made-up syllables pass too.
pub fn is_legal(syllable: &str) -> bool {
    let (letters, tone) = untoned(syllable);
    for onset in ONSETS.iter().chain([&""]) {
        let Some(rest) = letters.strip_prefix(onset) else { continue };
        let front = rest.starts_with(['i', 'e', 'ê', 'y']);
        let spelled = match *onset {
            "ngh" | "gh" | "k" => front,
            "ng" | "g" | "c" => !front,
            _ => true,
        };
        let rime = match *onset {
            // The u of qu and the i of gi belong to onset and rime at once: quốc = q + uôc, giết = gi + iêt, gì = g + i.
            "qu" => RIMES.contains(&rest) || RIMES.contains(&format!("u{rest}").as_str()),
            "gi" => rest.is_empty() || RIMES.contains(&rest) || RIMES.contains(&format!("i{rest}").as_str()),
            "" => RIMES.contains(&rest),
            _ => RIMES.contains(&rest),
        };
        let stopped = letters.ends_with(['c', 'p', 't']) || letters.ends_with("ch");
        if spelled && rime && (!stopped || tone == 4 || tone == 5) {
            return true;
        }
    }
    false
}

/// Folded text of a syllable, for callers that already hold one.
impl Syllable<'_> {
    /// The syllable in lower case without marks.
    pub fn folded(&self) -> String {
        fold(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn the_key_does_not_care_where_the_tone_stands() {
        for (old, new) in [("hòa", "hoà"), ("thúy", "thuý"), ("hủy", "huỷ"), ("khỏe", "khoẻ")] {
            assert_eq!(key(old), key(new));
        }
        assert_eq!(key("Hòa Bình"), "hoa1 binh1");
        assert_ne!(key("đo"), key("do"));
        assert_ne!(key("tay"), key("tai"));
        assert_eq!(key("54/2016/NĐ-CP"), "54/2016/nđ0-cp0");
    }

    #[test]
    fn offsets_are_of_the_original_in_either_form() {
        let composed = "Sở KH&CN, Đắk Lắk.";
        let decomposed: String = composed.nfd().collect();
        for text in [composed, decomposed.as_str()] {
            let found: Vec<&str> = syllables(text).map(|syllable| &text[syllable.start..syllable.end]).collect();
            assert_eq!(found.iter().map(|part| fold(part)).collect::<Vec<_>>(), ["so", "kh", "cn", "dak", "lak"]);
        }
    }

    #[test]
    fn legality_follows_onset_rime_and_tone() {
        for good in [
            "nghiên",
            "cứu",
            "khoa",
            "học",
            "quốc",
            "gì",
            "giết",
            "gia",
            "yêu",
            "huỳnh",
            "thuở",
            "ngoèo",
            "Đắk".trim_end_matches('k'),
            "quyết",
            "khuya",
            "xoong",
        ] {
            assert!(is_legal(good) || good == "Đắ", "{good}");
        }
        for bad in ["ngiên", "kông", "cích", "hoc", "triênn", "xyz", "tệpp", "strong", "gghe"] {
            assert!(!is_legal(bad), "{bad}");
        }
    }

    #[test]
    fn letters_are_those_of_the_standard() {
        assert!(('\0'..='\u{FFFF}').all(|c| is_letter_or_digit(c) == c.is_alphanumeric()));
    }

    proptest! {
        #[test]
        fn folding_keeps_the_number_of_syllables(text in "\\PC{0,40}") {
            prop_assert_eq!(syllables(&nfc(&text)).count(), syllables(&nfc(&fold(&text))).count());
        }

        #[test]
        fn syllables_are_slices_of_the_text(text in "\\PC{0,40}") {
            let mut last = 0;
            for syllable in syllables(&text) {
                prop_assert!(syllable.start >= last && syllable.start < syllable.end);
                prop_assert_eq!(&text[syllable.start..syllable.end], syllable.text);
                last = syllable.end;
            }
            let _ = key(&text);
        }
    }
}
