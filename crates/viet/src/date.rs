//! Dates with the precision they were given in, as official Vietnamese texts write them.

use std::fmt;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::letters::fold;
use crate::number::roman;

/// How exact a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// A day.
    Day,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}

impl Precision {
    /// `day`, `month`, `quarter` or `year`.
    pub fn as_str(self) -> &'static str {
        match self {
            Precision::Day => "day",
            Precision::Month => "month",
            Precision::Quarter => "quarter",
            Precision::Year => "year",
        }
    }
}

/// A day, a month, a quarter or a year between 1000 and 9999. Ordered by first day, then by precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartialDate {
    first: Date,
    precision: Precision,
}

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Nothing was typed.
    #[error("empty date")]
    Empty,
    /// The text has none of the known forms.
    #[error("not a date: {0}")]
    Form(String),
    /// There is no such month.
    #[error("no month {0}")]
    Month(u32),
    /// There is no such quarter.
    #[error("no quarter {0}")]
    Quarter(u32),
    /// The month has no such day.
    #[error("no day {day} in {month}/{year}")]
    Day {
        /// The day given.
        day: u32,
        /// The month.
        month: u32,
        /// The year.
        year: i16,
        /// Days that the month has.
        days: i8,
    },
    /// The year lies outside 1000 to 9999.
    #[error("year {0} out of range")]
    Year(i64),
}

impl DateError {
    /// What is wrong and what to do, in Vietnamese.
    pub fn message_vi(&self) -> String {
        match self {
            DateError::Empty => "chưa nhập ngày.".to_owned(),
            DateError::Form(text) => format!("“{text}” không phải ngày. Viết ví dụ 21/6/2019, tháng 10/2019, quý III/2019 hoặc 2021."),
            DateError::Month(month) => format!("không có tháng {month}. Tháng từ 1 đến 12."),
            DateError::Quarter(quarter) => format!("không có quý {quarter}. Quý từ I đến IV."),
            DateError::Day { day, month, year, days } => {
                format!("không có ngày {day}/{month}/{year}: tháng {month} năm {year} chỉ có {days} ngày.")
            }
            DateError::Year(year) => format!("năm {year} không hợp lệ. Viết năm bốn chữ số."),
        }
    }

    /// What is wrong and what to do, in English.
    pub fn message_en(&self) -> String {
        match self {
            DateError::Empty => "no date given.".to_owned(),
            DateError::Form(text) => format!("“{text}” is not a date. Write for example 21/6/2019, 10/2019, Q3/2019 or 2021."),
            DateError::Month(month) => format!("there is no month {month}. Months go from 1 to 12."),
            DateError::Quarter(quarter) => format!("there is no quarter {quarter}. Quarters go from I to IV."),
            DateError::Day { day, month, year, days } => {
                format!("there is no day {day}/{month}/{year}: month {month} of {year} has {days} days.")
            }
            DateError::Year(year) => format!("the year {year} is not valid. Write four digits."),
        }
    }
}

impl PartialDate {
    /// A day.
    pub fn day(date: Date) -> PartialDate {
        PartialDate { first: date, precision: Precision::Day }
    }

    /// A day by its numbers.
    pub fn from_day(year: i64, month: u32, day: u32) -> Result<PartialDate, DateError> {
        let first = PartialDate::from_month(year, month)?.first;
        let days = first.days_in_month();
        let date = i8::try_from(day).ok().and_then(|day| Date::new(first.year(), first.month(), day).ok());
        match date {
            Some(date) => Ok(PartialDate::day(date)),
            None => Err(DateError::Day { day, month, year: first.year(), days }),
        }
    }

    /// A month by its numbers.
    pub fn from_month(year: i64, month: u32) -> Result<PartialDate, DateError> {
        let year = four_digits(year)?;
        let first = i8::try_from(month).ok().and_then(|month| Date::new(year, month, 1).ok()).ok_or(DateError::Month(month))?;
        Ok(PartialDate { first, precision: Precision::Month })
    }

    /// A quarter by its numbers.
    pub fn from_quarter(year: i64, quarter: u32) -> Result<PartialDate, DateError> {
        if !(1..=4).contains(&quarter) {
            return Err(DateError::Quarter(quarter));
        }
        let first = PartialDate::from_month(year, quarter * 3 - 2)?.first;
        Ok(PartialDate { first, precision: Precision::Quarter })
    }

    /// A year.
    pub fn from_year(year: i64) -> Result<PartialDate, DateError> {
        Ok(PartialDate { first: PartialDate::from_month(year, 1)?.first, precision: Precision::Year })
    }

    /// Reads every form in use: `21/6/2019`, `21-06-2019`, `21.6.19`, `210619`, `21062019`, "ngày 21 tháng 6 năm 2019", "tháng 10/2019", "10/2019", "quý III/2019",
    /// "quý 3 năm 2019", `Q3/2019`, "năm 2021", `2021`, and the ISO forms. Two-digit years are 2000–2099.
    pub fn parse(text: &str) -> Result<PartialDate, DateError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(DateError::Empty);
        }
        let form = || DateError::Form(trimmed.chars().take(40).collect());
        if let Ok(date) = PartialDate::from_iso(trimmed) {
            return Ok(date);
        }
        let words = split_words(&fold(trimmed));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let number =
            |text: &str| -> Result<u32, DateError> { if text.len() <= 4 { text.parse().map_err(|_| form()) } else { Err(form()) } };
        match words.as_slice() {
            ["thang", m, "nam", y] | ["thang", m, y] => PartialDate::from_month(year_of(y).ok_or_else(form)?, number(m)?),
            ["quy", q, "nam", y] | ["quy", q, y] | ["q", q, y] => {
                PartialDate::from_quarter(year_of(y).ok_or_else(form)?, quarter_of(q).ok_or_else(form)?)
            }
            [q, y] if q.starts_with('q') => {
                let quarter = q.strip_prefix('q').and_then(quarter_of).ok_or_else(form)?;
                PartialDate::from_quarter(year_of(y).ok_or_else(form)?, quarter)
            }
            ["nam", y] => PartialDate::from_year(full_year(y).ok_or_else(form)?),
            ["ngay", d, "thang", m, "nam", y]
            | [d, "thang", m, "nam", y]
            | ["ngay", d, "thang", m, y]
            | ["ngay", d, m, y]
            | [d, "thang", m, y]
            | [d, m, y] => PartialDate::from_day(year_of(y).ok_or_else(form)?, number(m)?, number(d)?),
            [m, y] => PartialDate::from_month(full_year(y).ok_or_else(form)?, number(m)?),
            [run] if run.bytes().all(|byte| byte.is_ascii_digit()) => parse_run(run).unwrap_or_else(|| Err(form())),
            _ => Err(form()),
        }
    }

    /// Reads the stored form made by [`PartialDate::to_iso`].
    pub fn from_iso(text: &str) -> Result<PartialDate, DateError> {
        let form = || DateError::Form(text.chars().take(40).collect());
        let digits = |part: &str, length: usize| -> Result<u32, DateError> {
            if part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()) {
                part.parse().map_err(|_| form())
            } else {
                Err(form())
            }
        };
        let parts: Vec<&str> = text.split('-').collect();
        match parts.as_slice() {
            [y] => PartialDate::from_year(digits(y, 4)?.into()),
            [y, q] if q.starts_with('Q') => PartialDate::from_quarter(digits(y, 4)?.into(), digits(q.get(1..).unwrap_or_default(), 1)?),
            [y, m] => PartialDate::from_month(digits(y, 4)?.into(), digits(m, 2)?),
            [y, m, d] => PartialDate::from_day(digits(y, 4)?.into(), digits(m, 2)?, digits(d, 2)?),
            _ => Err(form()),
        }
    }

    /// The stored form: `2019-06-21`, `2019-10`, `2019-Q3` or `2019`.
    pub fn to_iso(&self) -> String {
        match self.precision {
            Precision::Day => self.first.to_string(),
            Precision::Month => format!("{:04}-{:02}", self.first.year(), self.first.month()),
            Precision::Quarter => format!("{:04}-Q{}", self.first.year(), self.quarter()),
            Precision::Year => format!("{:04}", self.first.year()),
        }
    }

    /// How exact it is.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The first day it covers.
    pub fn first_day(&self) -> Date {
        self.first
    }

    /// The last day it covers.
    pub fn last_day(&self) -> Date {
        match self.precision {
            Precision::Day => self.first,
            Precision::Month => self.first.last_of_month(),
            Precision::Quarter => Date::new(self.first.year(), self.quarter() * 3, 1).map_or(self.first, Date::last_of_month),
            Precision::Year => self.first.last_of_year(),
        }
    }

    fn quarter(&self) -> i8 {
        (self.first.month() - 1) / 3 + 1
    }

    /// The Vietnamese way: `21/06/2019`, "tháng 10/2019", "quý III/2019", "năm 2021".
    pub fn to_vietnamese(&self) -> String {
        match self.precision {
            Precision::Day => format_day(self.first),
            Precision::Month => format!("tháng {}/{}", self.first.month(), self.first.year()),
            Precision::Quarter => format!(
                "quý {}/{}",
                ["I", "II", "III", "IV"].get(usize::from(self.quarter().unsigned_abs()) - 1).unwrap_or(&""),
                self.first.year()
            ),
            Precision::Year => format!("năm {}", self.first.year()),
        }
    }

    /// In English, days still as `21/06/2019`: "10/2019", "Q3 2019", "2021".
    pub fn to_english(&self) -> String {
        match self.precision {
            Precision::Day => format_day(self.first),
            Precision::Month => format!("{:02}/{}", self.first.month(), self.first.year()),
            Precision::Quarter => format!("Q{} {}", self.quarter(), self.first.year()),
            Precision::Year => self.first.year().to_string(),
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_iso())
    }
}

impl Serialize for PartialDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_iso())
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<PartialDate, D::Error> {
        let text = String::deserialize(deserializer)?;
        PartialDate::from_iso(&text).map_err(serde::de::Error::custom)
    }
}

/// A day as tables show it: `21/06/2019`.
pub fn format_day(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

/// The weekday: "Thứ 2" … "Thứ 7", "Chủ nhật".
pub fn weekday(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "Thứ 2",
        Weekday::Tuesday => "Thứ 3",
        Weekday::Wednesday => "Thứ 4",
        Weekday::Thursday => "Thứ 5",
        Weekday::Friday => "Thứ 6",
        Weekday::Saturday => "Thứ 7",
        Weekday::Sunday => "Chủ nhật",
    }
}

fn four_digits(year: i64) -> Result<i16, DateError> {
    match i16::try_from(year) {
        Ok(short) if (1000..=9999).contains(&short) => Ok(short),
        _ => Err(DateError::Year(year)),
    }
}

/// Cuts at blanks and at `/ - .`; a comma after a word is dropped.
fn split_words(folded: &str) -> Vec<String> {
    folded
        .split(|c: char| c.is_whitespace() || matches!(c, '/' | '-' | '.' | ',' | '–'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn full_year(text: &str) -> Option<i64> {
    if text.len() == 4 { text.parse().ok() } else { None }
}

fn year_of(text: &str) -> Option<i64> {
    match text.len() {
        4 => text.parse().ok(),
        2 => text.parse::<i64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())).map(|year| 2000 + year),
        _ => None,
    }
}

fn quarter_of(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| roman(text))
}

/// `210619`, `21062019`, `2019`.
fn parse_run(run: &str) -> Option<Result<PartialDate, DateError>> {
    let part = |from: usize, to: usize| run.get(from..to).and_then(|text| text.parse::<u32>().ok());
    match run.len() {
        4 => Some(PartialDate::from_year(run.parse().ok()?)),
        6 => Some(PartialDate::from_day(2000 + i64::from(part(4, 6)?), part(2, 4)?, part(0, 2)?)),
        8 => Some(PartialDate::from_day(part(4, 8)?.into(), part(2, 4)?, part(0, 2)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_in_use_is_read() {
        for text in [
            "21/6/2019",
            "21-06-2019",
            "21.6.19",
            "210619",
            "21062019",
            "21 tháng 6 năm 2019",
            "ngày 21 tháng 6 năm 2019",
            "Ngày 21/6/2019",
            "2019-06-21",
            "  21 / 6 / 2019 ",
            "ngày 21 tháng 6, năm 2019",
        ] {
            assert_eq!(PartialDate::parse(text).map(|date| date.to_iso()), Ok("2019-06-21".to_owned()), "{text}");
        }
        for (text, iso) in [
            ("tháng 10/2019", "2019-10"),
            ("tháng 10 năm 2019", "2019-10"),
            ("10/2019", "2019-10"),
            ("quý III/2019", "2019-Q3"),
            ("Quý 3 năm 2019", "2019-Q3"),
            ("Q3/2019", "2019-Q3"),
            ("quý iv/2019", "2019-Q4"),
            ("2021", "2021"),
            ("năm 2021", "2021"),
        ] {
            assert_eq!(PartialDate::parse(text).map(|date| date.to_iso()), Ok(iso.to_owned()), "{text}");
        }
    }

    #[test]
    fn impossible_dates_say_what_is_wrong() {
        let error = PartialDate::parse("31/02/2024").unwrap_err();
        assert!(error.message_vi().contains("tháng 2 năm 2024 chỉ có 29 ngày"), "{}", error.message_vi());
        assert_eq!(PartialDate::parse("1/13/2024"), Err(DateError::Month(13)));
        assert_eq!(PartialDate::parse("quý V/2024"), Err(DateError::Quarter(5)));
        assert_eq!(PartialDate::parse(" "), Err(DateError::Empty));
        for text in ["hôm qua", "21/6", "1/2/3/4", "21/6/0019", "٢١/٦/٢٠١٩", "2019-6-2x"] {
            assert!(PartialDate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn last_days_and_words_follow_the_precision() {
        for (text, last, vietnamese, english) in [
            ("2019-10", "2019-10-31", "tháng 10/2019", "10/2019"),
            ("2019-Q3", "2019-09-30", "quý III/2019", "Q3 2019"),
            ("2021", "2021-12-31", "năm 2021", "2021"),
            ("2019-06-21", "2019-06-21", "21/06/2019", "21/06/2019"),
        ] {
            let date = PartialDate::from_iso(text).unwrap();
            assert_eq!(
                (date.last_day().to_string().as_str(), date.to_vietnamese().as_str(), date.to_english().as_str()),
                (last, vietnamese, english)
            );
        }
        assert_eq!(weekday(jiff::civil::date(2019, 6, 21)), "Thứ 6");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(year in 1000_i64..=9999, month in 1_u32..=12, day in 1_u32..=31, precision in 0..4) {
            let date = match precision {
                0 => PartialDate::from_day(year, month, day),
                1 => PartialDate::from_month(year, month),
                2 => PartialDate::from_quarter(year, (month - 1) / 3 + 1),
                _ => PartialDate::from_year(year),
            };
            if let Ok(date) = date {
                prop_assert_eq!(PartialDate::from_iso(&date.to_iso()), Ok(date));
                prop_assert_eq!(PartialDate::parse(&date.to_vietnamese()), Ok(date));
                prop_assert!(date.first_day() <= date.last_day());
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = PartialDate::parse(&text);
            let _ = PartialDate::from_iso(&text);
        }
    }
}
