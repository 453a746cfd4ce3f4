//! Vietnamese text as people really type it: canonical forms, folding, ordering, partial dates, numbers and money. No I/O.
//!
//! Start from [`nfc`] at every door, [`fold`] to compare without marks, [`key`] to compare with marks but wherever the tone stands,
//! [`sort_key`] to order, [`PartialDate`] for dates of any precision.
//!
//! ```
//! assert_eq!(viet::fold("Đắk Lắk"), "dak lak");
//! assert_eq!(viet::key("hòa"), viet::key("hoà"));
//! let date = viet::PartialDate::parse("tháng 10/2019").unwrap();
//! assert_eq!(date.last_day().to_string(), "2019-10-31");
//! assert_eq!(date.to_vietnamese(), "tháng 10/2019");
//! ```

mod date;
mod legacy;
mod letters;
mod money;
mod name;
mod number;
mod order;
mod syllable;
mod utf16;

pub use date::{DateError, PartialDate, Precision, format_day, weekday};
pub use legacy::{LegacyEncoding, LegacyText, decode_column, decode_text};
pub use letters::{fold, has_marks, is_foldable_mark, nfc, nfd};
pub use money::{Dong, MoneyError};
pub use name::PersonName;
pub use number::{Number, NumberError, format_decimal, format_number, in_words, parse_number, roman, to_roman};
pub use order::{compare, sort_key};
pub use syllable::{Syllable, is_legal, key, syllables};
pub use utf16::{Utf16Error, utf16_text};
