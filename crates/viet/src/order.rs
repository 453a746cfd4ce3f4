//! Vietnamese order, by the collation of CLDR for locale `vi`.

use std::cmp::Ordering;
use std::sync::OnceLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};

use crate::letters::nfc;

/// A key whose bytes compare (memcmp) as the texts do in Vietnamese order: a ă â b c d đ e ê … and tones ngang, huyền, hỏi, ngã, sắc, nặng second.
pub fn sort_key(text: &str) -> Vec<u8> {
    let mut sorted = Vec::new();
    if let Some(collator) = collator() {
        // Writing into a vector does not fail.
        let _ = collator.write_sort_key_to(&nfc(text), &mut sorted);
    }
    sorted
}

/// Compares two texts in Vietnamese order; equal texts in different Unicode forms are equal.
pub fn compare(left: &str, right: &str) -> Ordering {
    match collator() {
        Some(collator) => collator.compare(&nfc(left), &nfc(right)),
        None => nfc(left).cmp(&nfc(right)),
    }
}

fn collator() -> Option<&'static CollatorBorrowed<'static>> {
    static COLLATOR: OnceLock<Option<CollatorBorrowed<'static>>> = OnceLock::new();
    // The data for vi is compiled in, so this does not fail in practice; without it order falls back to code points.
    COLLATOR
        .get_or_init(|| {
            let locale: icu_collator::CollatorPreferences = icu_locale_core::locale!("vi").into();
            Collator::try_new(locale, CollatorOptions::default()).ok()
        })
        .as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_tones_stand_in_vietnamese_order() {
        let ordered = ["da", "đa", "o", "ô", "ơ"];
        for pair in ordered.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert!(sort_key(pair[0]) < sort_key(pair[1]));
        }
        for pair in ["ma", "mà", "mả", "mã", "má", "mạ"].windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert!(sort_key(pair[0]) < sort_key(pair[1]));
        }
    }

    #[test]
    fn both_unicode_forms_have_one_key() {
        assert_eq!(sort_key("Đắk"), sort_key("\u{0110}a\u{0306}\u{0301}k"));
    }
}
