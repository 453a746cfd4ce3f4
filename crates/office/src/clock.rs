//! The day and the instant as an office reckons them: Vietnam's civil day, UTC+7 all year.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
pub(crate) const HOUR: i64 = 3_600 * SECOND;

/// Where the time comes from: the machine, or a hand that tests and rehearsals move.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    Machine,
    /// Microseconds since 1970 (UTC), moved by hand.
    Hand(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at noon (UTC+7) of `day` until it is moved.
    pub fn standing_at(day: Date) -> Clock {
        Clock::Hand(Arc::new(AtomicI64::new(noon(day))))
    }

    /// Moves a hand clock to noon of `day`; the machine's clock is left alone.
    pub fn move_to(&self, day: Date) {
        if let Clock::Hand(micros) = self {
            micros.store(noon(day), Ordering::SeqCst);
        }
    }

    /// Microseconds since 1970, UTC.
    pub fn now(&self) -> i64 {
        match self {
            Clock::Machine => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| i64::try_from(past.as_micros()).unwrap_or(i64::MAX))
            }
            Clock::Hand(micros) => micros.load(Ordering::SeqCst),
        }
    }

    /// The civil day in Vietnam.
    pub fn today(&self) -> Date {
        day_of(self.now())
    }
}

/// The civil day in Vietnam of an instant in microseconds since 1970 (UTC).
pub fn day_of(micros: i64) -> Date {
    jiff::Timestamp::from_microsecond(micros.saturating_add(7 * HOUR))
        .map_or(Date::ZERO, |instant| jiff::tz::Offset::UTC.to_datetime(instant).date())
}

/// An instant in microseconds since 1970 (UTC) in Vietnam's time: `21/06/2019 14:05`. One outside the calendar is an empty text.
pub fn minute_of(micros: i64) -> String {
    match jiff::Timestamp::from_microsecond(micros.saturating_add(7 * HOUR)) {
        Ok(at) => {
            let local = jiff::tz::Offset::UTC.to_datetime(at);
            format!("{} {:02}:{:02}", viet::format_day(local.date()), local.hour(), local.minute())
        }
        Err(_) => String::new(),
    }
}

/// An RFC 3339 time as [`minute_of`] writes it; what is none stays as it is.
pub fn minute_in_words(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), |at| minute_of(at.as_microsecond()))
}

fn noon(day: Date) -> i64 {
    let days = i64::from((day - jiff::civil::date(1970, 1, 1)).get_days());
    days * 24 * HOUR + 5 * HOUR
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_time_is_told_in_vietnams_hours_and_what_is_none_stays() {
        assert_eq!(minute_in_words("2026-11-28T17:05:14Z"), "29/11/2026 00:05");
        assert_eq!(minute_in_words("hôm qua"), "hôm qua");
        assert_eq!(minute_of(i64::MAX), "");
    }

    #[test]
    fn the_day_changes_at_seventeen_hours_utc() {
        let clock = Clock::standing_at(date(2019, 9, 30));
        assert_eq!(clock.today(), date(2019, 9, 30));
        assert_eq!(day_of(clock.now() + 12 * HOUR - 1), date(2019, 9, 30));
        assert_eq!(day_of(clock.now() + 12 * HOUR), date(2019, 10, 1));
    }
}
