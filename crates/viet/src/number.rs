//! Numbers the Vietnamese way: dots group thousands, a comma begins the decimals.

/// A decimal number: `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    /// All digits.
    pub mantissa: i128,
    /// How many of them are decimals; at most 18.
    pub scale: u32,
}

/// Why a text is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing was typed.
    #[error("empty number")]
    Empty,
    /// The text has no known form.
    #[error("not a number: {0}")]
    Form(String),
    /// More digits than can be kept.
    #[error("number too large")]
    TooLarge,
}

impl NumberError {
    /// What is wrong and what to do, in Vietnamese.
    pub fn message_vi(&self) -> String {
        match self {
            NumberError::Empty => "chưa nhập số.".to_owned(),
            NumberError::Form(text) => format!("“{text}” không phải số. Viết ví dụ 1.500 (một nghìn năm trăm) hoặc 12,5."),
            NumberError::TooLarge => "số quá lớn.".to_owned(),
        }
    }

    /// What is wrong and what to do, in English.
    pub fn message_en(&self) -> String {
        match self {
            NumberError::Empty => "no number given.".to_owned(),
            NumberError::Form(text) => format!("“{text}” is not a number. Write for example 1.500 (one thousand five hundred) or 12,5."),
            NumberError::TooLarge => "the number is too large.".to_owned(),
        }
    }
}

impl Number {
    /// The whole number; none when there are decimals other than zero or it does not fit.
    pub fn to_integer(&self) -> Option<i64> {
        let unit = 10_i128.checked_pow(self.scale)?;
        (self.mantissa % unit == 0).then_some(self.mantissa / unit).and_then(|whole| i64::try_from(whole).ok())
    }
}

/// Reads `1.500,5`, `1500,5`, `1 500` (also with a no-break space), `-3`, and the ambiguous `1.500` as 1500. A dot that cannot group thousands ("1.5",
/// "12.34") is refused rather than guessed.
pub fn parse_number(text: &str) -> Result<Number, NumberError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(NumberError::Empty);
    }
    let form = || NumberError::Form(trimmed.chars().take(40).collect());
    let (negative, rest) = match trimmed.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (whole, decimals) = match rest.split_once(',') {
        Some((whole, decimals)) if !decimals.is_empty() && decimals.bytes().all(|byte| byte.is_ascii_digit()) => (whole, decimals),
        Some(_) => return Err(form()),
        None => (rest, ""),
    };
    let groups: Vec<&str> = whole.split(['.', ' ', '\u{00A0}', '\u{202F}']).collect();
    let digits_only = groups.iter().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    let first_fits = groups.len() == 1 || groups.first().is_some_and(|group| group.len() <= 3);
    let rest_fits = groups.iter().skip(1).all(|group| group.len() == 3);
    let one_separator = ['.', ' ', '\u{00A0}', '\u{202F}'].iter().filter(|separator| whole.contains(**separator)).count() <= 1;
    if !digits_only || !first_fits || !rest_fits || !one_separator {
        return Err(form());
    }
    if decimals.len() > 18 {
        return Err(NumberError::TooLarge);
    }
    let digits = format!("{}{decimals}", groups.concat());
    if digits.trim_start_matches('0').len() > 36 {
        return Err(NumberError::TooLarge);
    }
    let mantissa: i128 = digits.parse().map_err(|_| NumberError::TooLarge)?;
    let scale = u32::try_from(decimals.len()).map_err(|_| NumberError::TooLarge)?;
    Ok(Number { mantissa: if negative { -mantissa } else { mantissa }, scale })
}

/// `1165` → `1.165`.
pub fn format_number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// Thousands grouped with dots, decimals after a comma, trailing zeros kept: mantissa 125, scale 1 → `12,5`.
pub fn format_decimal(number: Number) -> String {
    let unit = 10_u128.saturating_pow(number.scale);
    let (whole, part) = (number.mantissa.unsigned_abs() / unit, number.mantissa.unsigned_abs() % unit);
    let sign = if number.mantissa < 0 { "-" } else { "" };
    let grouped = match i64::try_from(whole) {
        Ok(whole) => format_number(whole),
        Err(_) => whole.to_string(),
    };
    if number.scale == 0 { format!("{sign}{grouped}") } else { format!("{sign}{grouped},{part:0width$}", width = number.scale as usize) }
}

/// Reads a Roman number from 1 to 3999 in either case: "XVI" → 16.
pub fn roman(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let mut smallest = u32::MAX;
    let values: Option<Vec<u32>> = text
        .chars()
        .map(|c| match c.to_ascii_uppercase() {
            'I' => Some(1),
            'V' => Some(5),
            'X' => Some(10),
            'L' => Some(50),
            'C' => Some(100),
            'D' => Some(500),
            'M' => Some(1000),
            _ => None,
        })
        .collect();
    let values = values.filter(|values| (1..=15).contains(&values.len()))?;
    let mut at = 0;
    while let Some(value) = values.get(at).copied() {
        match values.get(at + 1).copied() {
            Some(next) if next > value => {
                total += next - value;
                at += 2;
            }
            _ => {
                total += value;
                at += 1;
            }
        }
        if value > smallest {
            return None;
        }
        smallest = value;
    }
    // Only the usual spelling counts: the number printed again must be the same.
    (to_roman(total) == text.to_ascii_uppercase()).then_some(total)
}

/// Writes a number in Roman letters: 16 → "XVI"; empty for 0.
pub fn to_roman(mut number: u32) -> String {
    const STEPS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut text = String::new();
    for (value, letters) in STEPS {
        while number >= value {
            text.push_str(letters);
            number -= value;
        }
    }
    text
}

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

/// A whole number in words: 1500 → "một nghìn năm trăm", 1005 → "một nghìn không trăm linh năm".
pub fn in_words(number: i64) -> String {
    if number == 0 {
        return "không".to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    if number < 0 {
        words.push("âm".to_owned());
    }
    billions(number.unsigned_abs(), false, &mut words);
    words.join(" ")
}

fn billions(number: u64, inner: bool, words: &mut Vec<String>) {
    const BILLION: u64 = 1_000_000_000;
    let mut inner = inner;
    if number >= BILLION {
        billions(number / BILLION, inner, words);
        words.push("tỷ".to_owned());
        inner = true;
    }
    let rest = number % BILLION;
    for (unit, name) in [(1_000_000, "triệu"), (1_000, "nghìn"), (1, "")] {
        let group = rest / unit % 1000;
        if group > 0 {
            hundreds(group, inner, words);
            if !name.is_empty() {
                words.push(name.to_owned());
            }
            inner = true;
        }
    }
}

fn hundreds(group: u64, inner: bool, words: &mut Vec<String>) {
    let (hundred, ten, one) = (group / 100, group / 10 % 10, group % 10);
    let digit = |at: u64| usize::try_from(at).ok().and_then(|at| DIGITS.get(at)).copied().unwrap_or_default().to_owned();
    if hundred > 0 || inner {
        words.push(digit(hundred));
        words.push("trăm".to_owned());
    }
    match ten {
        0 if one > 0 && (hundred > 0 || inner) => words.push("linh".to_owned()),
        0 => {}
        1 => words.push("mười".to_owned()),
        _ => {
            words.push(digit(ten));
            words.push("mươi".to_owned());
        }
    }
    match (ten, one) {
        (_, 0) => {}
        (2..=9, 1) => words.push("mốt".to_owned()),
        (2..=9, 4) => words.push("tư".to_owned()),
        (1..=9, 5) => words.push("lăm".to_owned()),
        _ => words.push(digit(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_spellings_are_read() {
        for (text, mantissa, scale) in [
            ("1.500", 1500, 0),
            ("1.500,5", 15005, 1),
            ("1500,5", 15005, 1),
            ("1 500", 1500, 0),
            ("1\u{a0}500", 1500, 0),
            ("-3", -3, 0),
            ("14.837,629", 14_837_629, 3),
            ("0", 0, 0),
        ] {
            assert_eq!(parse_number(text), Ok(Number { mantissa, scale }), "{text}");
        }
        for text in ["1.5", "12.34", "1,234,567", "1.500.5", "1. 500", "abc", "1,5x", "", "1..500"] {
            assert!(parse_number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (number, words) in [
            (1500, "một nghìn năm trăm"),
            (1005, "một nghìn không trăm linh năm"),
            (15, "mười lăm"),
            (21, "hai mươi mốt"),
            (24, "hai mươi tư"),
            (105, "một trăm linh năm"),
            (1_000_000, "một triệu"),
            (2_000_000_001, "hai tỷ không trăm linh một"),
            (-7, "âm bảy"),
            (110, "một trăm mười"),
        ] {
            assert_eq!(in_words(number), words);
        }
    }

    #[test]
    fn roman_numbers_only_in_the_usual_spelling() {
        assert_eq!(roman("XVI"), Some(16));
        assert_eq!(roman("xiv"), Some(14));
        assert_eq!(roman("IIII"), None);
        assert_eq!(roman("VX"), None);
        assert_eq!(roman(""), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(number in any::<i64>()) {
            prop_assert_eq!(parse_number(&format_number(number)).unwrap().to_integer(), Some(number));
            prop_assert!(!in_words(number).contains("  "));
        }

        #[test]
        fn decimals_are_read_back(mantissa in -1_000_000_000_000_i128..1_000_000_000_000, scale in 0_u32..6) {
            let number = Number { mantissa, scale };
            prop_assert_eq!(parse_number(&format_decimal(number)), Ok(number));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = parse_number(&text);
            let _ = roman(&text);
        }
    }
}
