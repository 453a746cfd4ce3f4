//! Working days of the civil service: which days are worked, and on which day a term ends.
//!
//! Saturdays and Sundays rest (Decision 188/1999/QĐ-TTg); holidays, rest in lieu and worked Saturdays come from `calendar/holidays.csv`, one line per day
//! with the announcement it follows. Terms are counted as the Civil Code 2015 counts them: the day of the event is not counted (Art. 147.2), a term in months
//! or years ends on the day of the same number or, where there is none, on the last day of the month (Art. 148.3, 148.4).
//!
//! A year outside the file is not refused; it is reckoned with weekends alone, and the answer says `covered: false`.

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::Span;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::error::{Problem, reason, unread};
use crate::label::Label;
use crate::load::Catalogue;

/// Why a day is not what its weekday says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A holiday (Labour Code 2019, Art. 112.1).
    Holiday,
    /// Rest in lieu of a holiday that fell on a weekend (Art. 111.3), or a weekday swapped with a Saturday.
    CompensatedRest,
    /// A Saturday worked for a weekday that was swapped.
    WorkingSaturday,
}

/// A day with a line of its own in the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialDay {
    /// The day.
    pub day: Date,
    /// What it is.
    pub kind: DayKind,
    /// Its name.
    pub name: Label,
    /// The law or announcement, with number and date.
    pub source: String,
}

/// What a term is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermUnit {
    /// Calendar days.
    Day,
    /// Working days.
    WorkingDay,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl TermUnit {
    /// The unit after a number, e.g. "ngày làm việc" and "working days".
    pub fn label(self, number: u32) -> Label {
        let (vi, one, many) = match self {
            TermUnit::Day => ("ngày", "day", "days"),
            TermUnit::WorkingDay => ("ngày làm việc", "working day", "working days"),
            TermUnit::Month => ("tháng", "month", "months"),
            TermUnit::Year => ("năm", "year", "years"),
        };
        Label::new(vi, if number == 1 { one } else { many })
    }
}

/// An answer of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reckoned<T> {
    /// The answer.
    pub value: T,
    /// Whether the calendar holds every year that was looked at. When not, holidays of those years are missing from the answer.
    pub covered: bool,
}

/// The calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    days: BTreeMap<Date, SpecialDay>,
    /// First and last year held completely.
    years: Option<(i16, i16)>,
}

impl Calendar {
    /// Whether offices work on a day. Outside the years of the calendar only the weekday decides; ask [`Calendar::covers`].
    pub fn is_working(&self, day: Date) -> bool {
        match self.days.get(&day).map(|special| special.kind) {
            Some(DayKind::Holiday | DayKind::CompensatedRest) => false,
            Some(DayKind::WorkingSaturday) => true,
            None => !is_weekend(day),
        }
    }

    /// Whether the calendar holds the year of a day.
    pub fn covers(&self, day: Date) -> bool {
        self.years.is_some_and(|(first, last)| (first..=last).contains(&day.year()))
    }

    /// The line of a day, when it has one.
    pub fn special_day(&self, day: Date) -> Option<&SpecialDay> {
        self.days.get(&day)
    }

    /// All lines in order.
    pub fn special_days(&self) -> impl Iterator<Item = &SpecialDay> {
        self.days.values()
    }

    /// First and last year held; none for an empty calendar.
    pub fn years(&self) -> Option<(i16, i16)> {
        self.years
    }

    /// The day itself when it is worked, else the next one that is.
    pub fn working_day_from(&self, day: Date) -> Reckoned<Date> {
        let mut value = day;
        while !self.is_working(value) {
            match value.tomorrow() {
                Ok(next) => value = next,
                Err(_) => return Reckoned { value, covered: false },
            }
        }
        Reckoned { value, covered: self.covers(day) && self.covers(value) }
    }

    /// The `n`-th working day after `from`: day 1 is the first working day after it. With 0 it is `from` itself.
    pub fn add_working_days(&self, from: Date, n: u32) -> Reckoned<Date> {
        let mut value = from;
        let mut left = n;
        while left > 0 {
            match value.tomorrow() {
                Ok(next) => value = next,
                Err(_) => return Reckoned { value, covered: false },
            }
            if self.is_working(value) {
                left -= 1;
            }
        }
        Reckoned { value, covered: self.covers(from) && self.covers(value) }
    }

    /// Working days after `from` up to and with `to`; negative when `to` lies before `from`. The inverse of [`Calendar::add_working_days`].
    pub fn working_days_between(&self, from: Date, to: Date) -> Reckoned<i64> {
        let (early, late, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
        let days = early.until(late).map_or(0, |span| i64::from(span.get_days()));
        // Whole weeks have five working days; only the days left over and the lines of the calendar are looked at one by one.
        let mut count = days / 7 * 5;
        let mut day = late;
        for _ in 0..days % 7 {
            count += i64::from(!is_weekend(day));
            day = day.yesterday().unwrap_or(day);
        }
        for special in self.days.range((Bound::Excluded(early), Bound::Included(late))).map(|(_, special)| special.day) {
            count += i64::from(self.is_working(special)) - i64::from(!is_weekend(special));
        }
        Reckoned { value: sign * count, covered: self.covers(early) && self.covers(late) }
    }

    /// The last day of a term of `n` units counted from an event on `from`.
    ///
    /// `moves_to_working_day` says whether the law that sets this term moves an end on a weekend or holiday to the next working day (Civil Code 2015,
    /// Art. 148.5); it has no meaning for terms in working days. A term in days, months or years that does not move needs no calendar and is always covered.
    pub fn last_day(&self, from: Date, n: u32, unit: TermUnit, moves_to_working_day: bool) -> Reckoned<Date> {
        let n = i64::from(n);
        let span = match unit {
            TermUnit::WorkingDay => return self.add_working_days(from, u32::try_from(n).unwrap_or(u32::MAX)),
            TermUnit::Day => Span::new().try_days(n),
            TermUnit::Month => Span::new().try_months(n),
            TermUnit::Year => Span::new().try_years(n),
        };
        match span.and_then(|span| from.checked_add(span)) {
            Ok(end) if moves_to_working_day => self.working_day_from(end),
            Ok(end) => Reckoned { value: end, covered: true },
            // Past the year 9999.
            Err(_) => Reckoned { value: Date::MAX, covered: false },
        }
    }

    /// Reads `calendar/holidays.csv`.
    ///
    /// # Errors
    /// Each line that is no day, stands twice, fits its weekday badly or names no source, and each year that is missing or begins without New Year's Day.
    pub(crate) fn read(path: &str, text: &str) -> Result<Calendar, Vec<Problem>> {
        let mut calendar = Calendar::default();
        let mut problems = Vec::new();
        let mut rows = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        for row in rows.deserialize::<Row>() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let line = error.position().map_or(0, |at| at.line());
                    problems.push(Problem {
                        file: path.to_owned(),
                        line: usize::try_from(line).unwrap_or(0),
                        reason: unread(&error.to_string()),
                    });
                    continue;
                }
            };
            // The reader does not tell the line of a row it could read; the day stands at the beginning of its line.
            let line = text.lines().position(|line| line.starts_with(&row.day)).map_or(0, |at| at + 1);
            match special_day(row) {
                Ok(special) => {
                    if let Some(twice) = calendar.days.insert(special.day, special) {
                        problems.push(Problem {
                            file: path.to_owned(),
                            line,
                            reason: reason!("{} ghi hai lần", "{} stands twice", twice.day),
                        });
                    }
                }
                Err(reason) => problems.push(Problem { file: path.to_owned(), line, reason }),
            }
        }
        let first = calendar.days.first_key_value().map(|(day, _)| day.year());
        let last = calendar.days.last_key_value().map(|(day, _)| day.year());
        if let (Some(first), Some(last)) = (first, last) {
            calendar.years = Some((first, last));
            for year in first..=last {
                let new_year = Date::new(year, 1, 1).ok().and_then(|day| calendar.days.get(&day));
                if new_year.is_none_or(|special| special.kind != DayKind::Holiday) {
                    let reason = reason!(
                        "năm {year} thiếu hoặc chưa đủ: không có ngày lễ 1 tháng 1",
                        "the year {year} is missing or incomplete: it has no holiday on 1 January"
                    );
                    problems.push(Problem { file: path.to_owned(), line: 0, reason });
                }
            }
        }
        if problems.is_empty() { Ok(calendar) } else { Err(problems) }
    }
}

impl Catalogue {
    /// The calendar of working days of the civil service.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }
}

#[derive(Deserialize)]
struct Row {
    day: String,
    kind: DayKind,
    name_vi: String,
    name_en: String,
    source: String,
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn special_day(row: Row) -> Result<SpecialDay, Label> {
    let day: Date = row
        .day
        .parse()
        .map_err(|_| reason!("“{}” không phải ngày, viết ví dụ 2026-09-02", "“{}” is no day, expected e.g. 2026-09-02", row.day))?;
    for text in [&row.name_vi, &row.name_en, &row.source] {
        if text.trim().is_empty() {
            return Err(reason!("{day} thiếu tên hoặc nguồn", "{day} lacks a name or its source"));
        }
    }
    match row.kind {
        DayKind::WorkingSaturday if day.weekday() != Weekday::Saturday => Err(reason!("{day} không phải thứ Bảy", "{day} is no Saturday")),
        DayKind::CompensatedRest if is_weekend(day) => {
            Err(reason!("{day} là cuối tuần, không thể là ngày nghỉ bù", "{day} is a weekend and cannot be rest in lieu"))
        }
        _ => Ok(SpecialDay { day, kind: row.kind, name: Label::new(row.name_vi, row.name_en), source: row.source }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn calendar() -> Calendar {
        Calendar::read("calendar/holidays.csv", include_str!("../../../catalogue/calendar/holidays.csv")).unwrap()
    }

    #[test]
    fn holidays_rest_and_worked_saturdays_follow_the_announcements() {
        let calendar = calendar();
        // (day, worked): each decided by an announcement or by the law, not by its weekday alone.
        let days = [
            (date(2019, 1, 5), true),    // Saturday for 31/12/2018
            (date(2019, 4, 15), false),  // Monday in lieu of the Sunday of Giỗ Tổ
            (date(2019, 4, 29), false),  // swapped
            (date(2019, 5, 4), true),    // Saturday for 29/4
            (date(2020, 9, 3), true),    // one day of National Day until 2020
            (date(2021, 9, 3), false),   // two days since 2021
            (date(2023, 9, 4), false),   // in lieu of Saturday 2/9
            (date(2024, 4, 29), false),  // swapped
            (date(2024, 5, 4), true),    // Saturday for 29/4
            (date(2025, 4, 26), true),   // Saturday for 2/5
            (date(2026, 1, 10), true),   // Saturday for 2/1
            (date(2026, 8, 22), true),   // Saturday for 31/8
            (date(2026, 11, 23), true),  // the swap around 24/11 was proposed, not decided
            (date(2026, 11, 24), false), // Culture Day, for the first time
            (date(2025, 11, 24), true),
            (date(2027, 2, 10), false), // rest in lieu, Tết Đinh Mùi
            (date(2027, 2, 11), true),
        ];
        for (day, worked) in days {
            assert_eq!(calendar.is_working(day), worked, "{day}");
            assert!(calendar.covers(day), "{day}");
        }
    }

    #[test]
    fn every_holiday_on_a_weekend_has_a_rest_in_lieu_after_it() {
        let calendar = calendar();
        let (first, last) = calendar.years().unwrap();
        assert_eq!((first, last), (2018, 2027));
        for year in first..=last {
            let of_year = || calendar.special_days().filter(|special| special.day.year() == year);
            let on_weekends = of_year().filter(|special| special.kind == DayKind::Holiday && is_weekend(special.day)).count();
            let worked = of_year().filter(|special| special.kind == DayKind::WorkingSaturday).count();
            let rest = of_year().filter(|special| special.kind == DayKind::CompensatedRest).count();
            // 31/12/2018 was swapped with a Saturday of 2019.
            let across = match year {
                2018 => -1,
                2019 => 1,
                _ => 0,
            };
            assert_eq!(rest as i64, on_weekends as i64 + worked as i64 - across, "{year}");
            let holidays = of_year().filter(|special| special.kind == DayKind::Holiday).count();
            let by_law = if year >= 2026 {
                12
            } else if year >= 2021 {
                11
            } else {
                10
            };
            assert_eq!(holidays, by_law, "{year}");
        }
    }

    #[test]
    fn a_term_moves_to_a_working_day_only_when_its_law_says_so() {
        let calendar = calendar();
        // 30 days from 2/4/2026 end on Saturday 2/5/2026.
        assert_eq!(calendar.last_day(date(2026, 4, 2), 30, TermUnit::Day, false), Reckoned { value: date(2026, 5, 2), covered: true });
        assert_eq!(calendar.last_day(date(2026, 4, 2), 30, TermUnit::Day, true), Reckoned { value: date(2026, 5, 4), covered: true });
        // A month has no 31st: the term ends on its last day.
        assert_eq!(calendar.last_day(date(2026, 3, 31), 1, TermUnit::Month, false).value, date(2026, 4, 30));
        assert_eq!(calendar.last_day(date(2026, 3, 31), 1, TermUnit::Month, true).value, date(2026, 5, 4));
        assert_eq!(calendar.last_day(date(2024, 2, 29), 1, TermUnit::Year, false).value, date(2025, 2, 28));
        // The Saturday worked for another day is a working day.
        assert_eq!(calendar.last_day(date(2024, 4, 4), 30, TermUnit::Day, true).value, date(2024, 5, 4));
    }

    #[test]
    fn the_days_of_tet_are_not_counted_as_working_days() {
        let calendar = calendar();
        // Friday 13/2/2026, then Tết 16-20/2: the first working day is Monday 23/2.
        assert_eq!(calendar.add_working_days(date(2026, 2, 13), 1).value, date(2026, 2, 23));
        assert_eq!(calendar.working_days_between(date(2026, 2, 13), date(2026, 2, 23)).value, 1);
        assert_eq!(calendar.working_days_between(date(2026, 2, 23), date(2026, 2, 13)).value, -1);
    }

    #[test]
    fn what_the_calendar_does_not_hold_is_said() {
        let calendar = calendar();
        assert!(!calendar.covers(date(2017, 12, 31)));
        assert!(!calendar.add_working_days(date(2017, 12, 20), 30).covered);
        assert!(!calendar.add_working_days(date(2027, 12, 20), 30).covered);
        assert!(!calendar.last_day(date(2027, 12, 20), 30, TermUnit::Day, true).covered);
        assert!(calendar.last_day(date(2027, 12, 20), 30, TermUnit::Day, false).covered, "no calendar is needed");
        assert!(!calendar.last_day(date(2026, 1, 1), u32::MAX, TermUnit::Year, true).covered);
        assert!(!Calendar::default().covers(date(2026, 1, 1)));
    }

    #[test]
    fn a_broken_calendar_is_refused_with_line_and_reason() {
        let head = "day,kind,name_vi,name_en,source\n2026-01-01,holiday,Tết Dương lịch,New Year's Day,BLLĐ\n";
        let cases = [
            ("2026-13-01,holiday,a,b,c", 3, "is no day"),
            ("2026-01-01,holiday,a,b,c", 2, "stands twice"),
            ("2026-01-05,working_saturday,a,b,c", 3, "no Saturday"),
            ("2026-01-10,compensated_rest,a,b,c", 3, "weekend"),
            ("2026-01-06,holiday,a,b,", 3, "source"),
            ("2026-01-06,feast,a,b,c", 3, "feast"),
            ("2028-09-02,holiday,a,b,c", 0, "2027"),
        ];
        for (row, line, reason) in cases {
            let problems = Calendar::read("calendar/x.csv", &format!("{head}{row}\n")).unwrap_err();
            assert!(problems.iter().any(|problem| problem.line == line && problem.reason.en.contains(reason)), "{row}: {problems:?}");
        }
    }

    fn some_day() -> impl Strategy<Value = Date> {
        (0i64..4_500).prop_map(|days| date(2016, 6, 1).checked_add(days.days()).unwrap())
    }

    proptest! {
        #[test]
        fn adding_working_days_and_counting_them_are_inverse(from in some_day(), n in 0u32..400) {
            let calendar = calendar();
            let end = calendar.add_working_days(from, n);
            prop_assert_eq!(calendar.working_days_between(from, end.value).value, i64::from(n));
            prop_assert_eq!(calendar.working_days_between(end.value, from).value, -i64::from(n));
            prop_assert!(n == 0 || calendar.is_working(end.value));
        }

        #[test]
        fn working_days_between_are_those_counted_one_by_one(from in some_day(), length in 0i64..900) {
            let calendar = calendar();
            let to = from.checked_add(length.days()).unwrap();
            let one_by_one = from.series(1.day()).skip(1).take_while(|day| *day <= to).filter(|day| calendar.is_working(*day)).count();
            prop_assert_eq!(calendar.working_days_between(from, to).value, one_by_one as i64);
        }

        #[test]
        fn a_longer_or_later_term_never_ends_earlier(from in some_day(), n in 0u32..200, more in 0u32..50, later in 0i64..50, moves: bool) {
            let calendar = calendar();
            for unit in [TermUnit::Day, TermUnit::WorkingDay, TermUnit::Month] {
                let end = calendar.last_day(from, n, unit, moves).value;
                prop_assert!(end <= calendar.last_day(from, n + more, unit, moves).value);
                prop_assert!(end <= calendar.last_day(from.checked_add(later.days()).unwrap(), n, unit, moves).value);
                prop_assert!(end >= from);
            }
        }

        #[test]
        fn a_term_that_moves_ends_on_the_first_working_day_from_its_plain_end(from in some_day(), n in 0u32..400) {
            let calendar = calendar();
            let plain = calendar.last_day(from, n, TermUnit::Day, false).value;
            let moved = calendar.last_day(from, n, TermUnit::Day, true).value;
            prop_assert!(calendar.is_working(moved));
            let mut day = plain;
            while day < moved {
                prop_assert!(!calendar.is_working(day));
                day = day.tomorrow().unwrap();
            }
        }

        #[test]
        fn no_term_panics(year in 1i16..9999, n: u32, moves: bool) {
            let calendar = calendar();
            for unit in [TermUnit::Day, TermUnit::Month, TermUnit::Year] {
                calendar.last_day(date(year, 12, 31), n, unit, moves);
            }
            calendar.add_working_days(date(year, 12, 31), n % 3_000);
        }
    }
}
