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

fn noon(day: Date) -> i64 {
    let days = i64::from((day - jiff::civil::date(1970, 1, 1)).get_days());
    days * 24 * HOUR + 5 * HOUR
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_day_changes_at_seventeen_hours_utc() {
        let clock = Clock::standing_at(date(2019, 9, 30));
        assert_eq!(clock.today(), date(2019, 9, 30));
        assert_eq!(day_of(clock.now() + 12 * HOUR - 1), date(2019, 9, 30));
        assert_eq!(day_of(clock.now() + 12 * HOUR), date(2019, 10, 1));
    }
}
