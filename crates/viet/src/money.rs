//! Đồng: whole numbers, shown in million on screen.

use std::fmt;

use crate::letters::fold;
use crate::number::{Number, NumberError, format_decimal, format_number, parse_number};

/// An amount in đồng.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Dong(pub i64);

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The number cannot be read.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The unit is unknown.
    #[error("unknown unit: {0}")]
    Unit(String),
    /// The amount is no whole number of đồng or too large.
    #[error("not a whole number of đồng")]
    NotWhole,
}

impl Dong {
    /// Reads "14.837,629 tỷ đồng", "28.704 triệu", "1.500 đ", "1500 VNĐ", "12 nghìn đồng", "1.500".
    pub fn parse(text: &str) -> Result<Dong, MoneyError> {
        let trimmed = text.trim();
        let at = trimmed.find(|c: char| !(c.is_ascii_digit() || ".,-−+ \u{a0}\u{202f}".contains(c))).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(at);
        let number = parse_number(number)?;
        let unit = fold(unit);
        let unit: Vec<&str> =
            unit.split_whitespace().map(|word| word.trim_end_matches('.')).filter(|word| !matches!(*word, "dong" | "d" | "vnd")).collect();
        let factor: i128 = match unit.as_slice() {
            [] => 1,
            ["nghin" | "ngan"] => 1_000,
            ["trieu" | "trd" | "tr"] => 1_000_000,
            ["ty" | "ti"] => 1_000_000_000,
            ["nghin" | "ngan", "ty" | "ti"] => 1_000_000_000_000,
            other => return Err(MoneyError::Unit(other.join(" "))),
        };
        let unit = 10_i128.checked_pow(number.scale).ok_or(MoneyError::NotWhole)?;
        let product = number.mantissa.checked_mul(factor).ok_or(MoneyError::NotWhole)?;
        if product % unit != 0 {
            return Err(MoneyError::NotWhole);
        }
        i64::try_from(product / unit).map(Dong).map_err(|_| MoneyError::NotWhole)
    }

    /// In million đồng with the decimals needed: 14837629000 → `14.837,629`.
    pub fn in_millions(self) -> String {
        let mut number = Number { mantissa: self.0.into(), scale: 6 };
        while number.scale > 0 && number.mantissa % 10 == 0 {
            number = Number { mantissa: number.mantissa / 10, scale: number.scale - 1 };
        }
        format_decimal(number)
    }
}

impl fmt::Display for Dong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} đồng", format_number(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_with_their_unit() {
        for (text, dong) in [
            ("14.837,629 tỷ đồng", 14_837_629_000_000),
            ("28.704 triệu", 28_704_000_000),
            ("1.500 đ", 1500),
            ("1500 VNĐ", 1500),
            ("12 nghìn đồng", 12_000),
            ("197 tỉ đồng", 197_000_000_000),
            ("-5", -5),
        ] {
            assert_eq!(Dong::parse(text), Ok(Dong(dong)), "{text}");
        }
        assert_eq!(Dong::parse("0,5"), Err(MoneyError::NotWhole));
        assert_eq!(Dong::parse("5 USD"), Err(MoneyError::Unit("usd".to_owned())));
        assert_eq!(Dong(14_837_629_000).in_millions(), "14.837,629");
        assert_eq!(Dong(1_500_000).to_string(), "1.500.000 đồng");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(dong in any::<i64>()) {
            prop_assert_eq!(Dong::parse(&Dong(dong).to_string()), Ok(Dong(dong)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Dong::parse(&text);
        }
    }
}
