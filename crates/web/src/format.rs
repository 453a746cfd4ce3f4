//! How days, instants, numbers and amounts are written for readers: dd/mm/yyyy, UTC+7, `1.165` in Vietnamese and `1,165` in English.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, offset};

use crate::lang::Lang;

/// A day: `21/06/2019`, in both languages.
pub fn day(day: Date) -> String {
    viet::format_day(day)
}

/// A day with its weekday: `Thứ 6, 21/06/2019`, `Friday, 21/06/2019`.
pub fn weekday_and_day(date: Date, lang: Lang) -> String {
    format!("{}, {}", weekday(date, lang), day(date))
}

/// The name of a weekday: `Thứ 6`, `Friday`.
pub fn weekday(day: Date, lang: Lang) -> &'static str {
    match (lang, day.weekday()) {
        (Lang::Vi, _) => viet::weekday(day),
        (Lang::En, Weekday::Monday) => "Monday",
        (Lang::En, Weekday::Tuesday) => "Tuesday",
        (Lang::En, Weekday::Wednesday) => "Wednesday",
        (Lang::En, Weekday::Thursday) => "Thursday",
        (Lang::En, Weekday::Friday) => "Friday",
        (Lang::En, Weekday::Saturday) => "Saturday",
        (Lang::En, Weekday::Sunday) => "Sunday",
    }
}

/// An instant (microseconds UTC) in Vietnam's time: `21/06/2019 14:05`. An instant outside the calendar is an empty text.
pub fn instant(micros: i64) -> String {
    office::minute_of(micros)
}

/// The day in Vietnam at an instant (microseconds UTC).
pub fn day_of_instant(micros: i64) -> Option<Date> {
    Timestamp::from_microsecond(micros).ok().map(|at| vietnam().to_datetime(at).date())
}

/// A partial date in its stored form (`2019-06-21`, `2019-10`, `2019-Q3`, `2019`) as people write it: `21/06/2019`, `tháng 10/2019`,
/// `quý III/2019`, `năm 2019`. Anything else comes back as it is.
pub fn partial(stored: &str, lang: Lang) -> String {
    match (viet::PartialDate::from_iso(stored), lang) {
        (Ok(date), Lang::Vi) => date.to_vietnamese(),
        (Ok(date), Lang::En) => date.to_english(),
        (Err(_), _) => stored.to_owned(),
    }
}

/// A whole number, grouped: `1.165` in Vietnamese, `1,165` in English.
pub fn number(number: i64, lang: Lang) -> String {
    let text = viet::format_number(number);
    match lang {
        Lang::Vi => text,
        Lang::En => text.replace('.', ","),
    }
}

/// The size of a file in megabytes with one decimal, at least a tenth: `12,3 MB` in Vietnamese, `12.3 MB` in English.
pub fn megabytes(bytes: u64, lang: Lang) -> String {
    let tenths = bytes.div_ceil(100_000);
    let mark = match lang {
        Lang::Vi => ',',
        Lang::En => '.',
    };
    let whole = i64::try_from(tenths / 10).unwrap_or(i64::MAX);
    format!("{}{mark}{} MB", number(whole, lang), tenths % 10)
}

/// A share in whole and tenths of a percent, `12,5 %`; a whole share has no decimals, `100 %`. Nothing of nothing is a dash.
pub fn percent(part: u64, of: u64, lang: Lang) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 2000 + u128::from(of)) / (u128::from(of) * 2);
    let mark = match lang {
        Lang::Vi => ',',
        Lang::En => '.',
    };
    match tenths % 10 {
        0 => format!("{} %", tenths / 10),
        rest => format!("{}{mark}{rest} %", tenths / 10),
    }
}

/// đồng as million đồng: `14.837,6 triệu đồng`, with at most one decimal.
pub fn millions(dong: i64, lang: Lang) -> String {
    let tenths = (i128::from(dong).abs() + 50_000) / 100_000;
    let whole = i64::try_from(tenths / 10).unwrap_or(i64::MAX);
    let sign = if dong < 0 && tenths > 0 { "-" } else { "" };
    let (mark, unit) = match lang {
        Lang::Vi => (',', "triệu đồng"),
        Lang::En => ('.', "million VND"),
    };
    match tenths % 10 {
        0 => format!("{sign}{} {unit}", number(whole, lang)),
        rest => format!("{sign}{}{mark}{rest} {unit}", number(whole, lang)),
    }
}

/// đồng as million đồng with all its decimals and without the unit, so that columns add up and stay narrow: `1.500`, `0,000001`.
pub fn in_millions(dong: i64, lang: Lang) -> String {
    let text = viet::Dong(dong).in_millions();
    let exchanged = |sign| match sign {
        '.' => ',',
        ',' => '.',
        other => other,
    };
    match lang {
        Lang::Vi => text,
        Lang::En => text.chars().map(exchanged).collect(),
    }
}

fn vietnam() -> TimeZone {
    TimeZone::fixed(offset(7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_written_the_vietnamese_way() {
        assert_eq!(day(date(2019, 6, 21)), "21/06/2019");
        assert_eq!(weekday_and_day(date(2019, 6, 21), Lang::Vi), "Thứ 6, 21/06/2019");
        assert_eq!(weekday(date(2019, 6, 23), Lang::Vi), "Chủ nhật");
    }

    #[test]
    fn money_in_columns_keeps_every_dong_and_has_no_unit() {
        assert_eq!(in_millions(1_500_000_000, Lang::Vi), "1.500");
        assert_eq!(in_millions(1_234_567_890, Lang::Vi), "1.234,56789");
        assert_eq!(in_millions(1_234_567_890, Lang::En), "1,234.56789");
    }

    #[test]
    fn instants_are_shown_in_vietnams_time() {
        // 2019-06-21T17:30:00Z is past midnight in Vietnam.
        let micros = 1_561_138_200_000_000;
        assert_eq!(instant(micros), "22/06/2019 00:30");
        assert_eq!(day_of_instant(micros), Some(date(2019, 6, 22)));
        assert_eq!(instant(i64::MAX), "");
    }

    #[test]
    fn partial_dates_keep_their_precision() {
        for (stored, vi, en) in [
            ("2019-06-21", "21/06/2019", "21/06/2019"),
            ("2019-10", "tháng 10/2019", "10/2019"),
            ("2019-03", "tháng 3/2019", "03/2019"),
            ("2019-Q3", "quý III/2019", "Q3 2019"),
            ("2021", "năm 2021", "2021"),
            ("2019-13", "2019-13", "2019-13"),
            ("soon", "soon", "soon"),
        ] {
            assert_eq!(partial(stored, Lang::Vi), vi);
            assert_eq!(partial(stored, Lang::En), en);
        }
    }

    #[test]
    fn numbers_shares_and_amounts() {
        assert_eq!(number(1165, Lang::Vi), "1.165");
        assert_eq!(number(-1_234_567, Lang::En), "-1,234,567");
        assert_eq!(number(0, Lang::Vi), "0");
        assert_eq!(number(i64::MIN, Lang::Vi), "-9.223.372.036.854.775.808");
        assert_eq!(percent(1, 8, Lang::Vi), "12,5 %");
        assert_eq!(percent(3, 3, Lang::En), "100 %");
        assert_eq!(percent(0, 0, Lang::Vi), "–");
        assert_eq!(millions(14_837_629_000, Lang::Vi), "14.837,6 triệu đồng");
        assert_eq!(millions(-5_000_000, Lang::En), "-5 million VND");
        assert!(millions(i64::MIN, Lang::Vi).contains("triệu"));
    }
}
