//! Letters: one canonical form, and the form without marks.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The canonical form of a text: Unicode NFC, and the ghost letters Ƣ ƣ that some PDF fonts print for Ư ư put right. Does nothing to clean text.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(is_plainly_composed) {
        return Cow::Borrowed(text);
    }
    let ghosts = text.contains(['\u{01A2}', '\u{01A3}']);
    if !ghosts && is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(without_ghost).nfc().collect())
}

/// What is NFC wherever it stands, and no ghost: Latin up to the combining marks, Latin Extended Additional, and the punctuation of ordinary texts. Knowing
/// these by their ranges saves looking most texts up letter by letter.
fn is_plainly_composed(c: char) -> bool {
    matches!(c, '\0'..='\u{01A1}' | '\u{01A4}'..='\u{02FF}' | '\u{1E00}'..='\u{1EFF}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}')
}

/// Every letter apart from its marks: Unicode NFD.
pub fn nfd(text: &str) -> String {
    UnicodeNormalization::nfd(text).collect()
}

/// Lower case without marks: `Đắk Lắk` → `dak lak`; đ Đ Ð Ɖ → d, Ƣ → u. What is no letter stays as it is; the number of syllables never changes.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else if is_latin(c) {
            fold_into(c, &mut folded);
        } else {
            return fold_any_script(text);
        }
    }
    folded
}

/// Latin letters with their marks, and the punctuation and spaces around them: what folds letter by letter.
fn is_latin(c: char) -> bool {
    matches!(c, '\u{0080}'..='\u{024F}' | '\u{0256}' | '\u{0300}'..='\u{0340}' | '\u{1E00}'..='\u{1EFF}' | '\u{2010}'..='\u{2027}')
}

/// Other scripts order and combine their marks in ways of their own: decompose the whole, drop the marks, compose again.
fn fold_any_script(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfd() {
        fold_into(c, &mut folded);
    }
    let composed: String = folded.nfc().collect();
    // Composing may join what dropping a mark brought together, and lower case may bring marks: once more settles it.
    composed.nfd().filter(|c| !is_foldable_mark(*c)).collect::<String>().nfc().collect()
}

/// Whether any Vietnamese mark (tone, hat, horn, breve or the bar of đ) stands in the text.
pub fn has_marks(text: &str) -> bool {
    text.chars().any(|c| {
        if c.is_ascii() {
            return false;
        }
        let mut folded = String::new();
        fold_into(c, &mut folded);
        is_foldable_mark(c) || folded.chars().next().is_some_and(|plain| plain.is_ascii_alphabetic())
    })
}

/// Whether the character is a combining mark that folding removes.
pub fn is_foldable_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}

fn without_ghost(c: char) -> char {
    match c {
        '\u{01A2}' => 'Ư',
        '\u{01A3}' => 'ư',
        other => other,
    }
}

fn fold_into(c: char, folded: &mut String) {
    match c {
        'đ' | 'Đ' | '\u{00D0}' | '\u{0189}' | '\u{00F0}' | '\u{0256}' => folded.push('d'),
        '\u{01A2}' | '\u{01A3}' => folded.push('u'),
        mark if is_foldable_mark(mark) => {}
        other => {
            let mut plain = other;
            let mut first = true;
            // The first character of the full decomposition is the base letter; what follows are marks or, for Hangul and the like, letters to keep.
            unicode_normalization::char::decompose_canonical(other, |part| {
                if first {
                    plain = part;
                    first = false;
                } else if !is_foldable_mark(part) {
                    plain = other;
                }
            });
            if plain.is_ascii() {
                folded.push(plain.to_ascii_lowercase());
            } else {
                for lower in plain.to_lowercase() {
                    if !is_foldable_mark(lower) {
                        folded.push(lower);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_vietnamese_letter_folds_to_its_base() {
        assert_eq!(fold("Đ đ Ð Ɖ Ƣ ƣ"), "d d d d u u");
        assert_eq!(fold("ÀÁẢÃẠ ĂẰẮẲẴẶ ÂẦẤẨẪẬ Ỳỹ ƯỪỨỬỮỰ ƠỜỚỞỠỢ Ệ"), "aaaaa aaaaaa aaaaaa yy uuuuuu oooooo e");
        assert_eq!(nfc("TRƢỜNG"), "TRƯỜNG");
        assert_eq!(fold("TRƢỜNG ĐẠI HỌC"), "truong dai hoc");
    }

    #[test]
    fn marks_are_seen_in_either_form() {
        assert!(has_marks("đo") && has_marks("hoa\u{0300}") && has_marks("ố"));
        assert!(!has_marks("khoa hoc & cong nghe 4.0 – “x”"));
    }

    proptest! {
        #[test]
        fn folding_is_idempotent_and_blind_to_the_form(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&nfc(&text)), fold(&text));
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded.clone());
            let once = nfc(&text).into_owned();
            prop_assert_eq!(nfc(&once).into_owned(), once.clone());
        }
    }
}
