//! The status of a directive, computed from dates and evidence and never typed.
//!
//! The four cells are those of the Government's task-force reports (Báo cáo 1270/BC-TCTTTg, 27/12/2017): done on time, done late, within term,
//! overdue. Percentages are of *due* tasks, that is done or overdue, never of all.

use catalogue::Label;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where a directive stands on a given day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Done and accepted, not after the last day.
    DoneOnTime,
    /// Done and accepted, after the last day.
    DoneLate,
    /// Not done, the last day has not passed.
    WithinTerm,
    /// Not done, the last day has passed.
    Overdue,
    /// No deadline was stated.
    Standing,
}

impl Status {
    /// All statuses, in the order of the report.
    pub const ALL: [Status; 5] = [Status::DoneOnTime, Status::DoneLate, Status::WithinTerm, Status::Overdue, Status::Standing];

    /// The stable code used by the API and in addresses, e.g. `done_late`.
    pub fn code(self) -> &'static str {
        match self {
            Status::DoneOnTime => "done_on_time",
            Status::DoneLate => "done_late",
            Status::WithinTerm => "within_term",
            Status::Overdue => "overdue",
            Status::Standing => "standing",
        }
    }

    /// Reads a code made by [`Status::code`].
    pub fn from_code(code: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The words of the official reports.
    pub fn label(self) -> Label {
        let (vi, en) = match self {
            Status::DoneOnTime => ("Hoàn thành đúng hạn", "Done on time"),
            Status::DoneLate => ("Hoàn thành quá hạn", "Done late"),
            Status::WithinTerm => ("Trong hạn", "Within term"),
            Status::Overdue => ("Quá hạn", "Overdue"),
            Status::Standing => ("Không nêu hạn", "No deadline"),
        };
        Label { vi: vi.to_owned(), en: en.to_owned() }
    }
}

/// Computes the status. `done` is the day the evidence shows, given only when every answer needed has been accepted by the assigner.
pub fn status_on(today: Date, last_day: Option<Date>, done: Option<Date>) -> Status {
    match (last_day, done) {
        (None, _) => Status::Standing,
        (Some(last), Some(done)) if done <= last => Status::DoneOnTime,
        (Some(_), Some(_)) => Status::DoneLate,
        (Some(last), None) if today <= last => Status::WithinTerm,
        (Some(_), None) => Status::Overdue,
    }
}

/// Days after the last day: of the evidence when done, of today when overdue; 0 otherwise.
pub fn days_late(today: Date, last_day: Option<Date>, done: Option<Date>) -> i64 {
    let Some(last) = last_day else { return 0 };
    days_between(last, done.unwrap_or(today)).max(0)
}

/// Whole days from `from` to `to`, negative when `to` is earlier.
pub fn days_between(from: Date, to: Date) -> i64 {
    (to - from).get_days().into()
}

/// How many directives stand in each cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Done, not after the last day.
    pub done_on_time: u64,
    /// Done, after the last day.
    pub done_late: u64,
    /// Not done, within the term.
    pub within_term: u64,
    /// Not done, after the last day.
    pub overdue: u64,
    /// Without a deadline.
    pub standing: u64,
}

impl Counts {
    /// Adds `number` directives of one status.
    pub fn add(&mut self, status: Status, number: u64) {
        match status {
            Status::DoneOnTime => self.done_on_time += number,
            Status::DoneLate => self.done_late += number,
            Status::WithinTerm => self.within_term += number,
            Status::Overdue => self.overdue += number,
            Status::Standing => self.standing += number,
        }
    }

    /// The number of one status.
    pub fn of(&self, status: Status) -> u64 {
        match status {
            Status::DoneOnTime => self.done_on_time,
            Status::DoneLate => self.done_late,
            Status::WithinTerm => self.within_term,
            Status::Overdue => self.overdue,
            Status::Standing => self.standing,
        }
    }

    /// All directives.
    pub fn total(&self) -> u64 {
        Status::ALL.iter().map(|status| self.of(*status)).sum()
    }

    /// Directives with a deadline.
    pub fn dated(&self) -> u64 {
        self.total() - self.standing
    }

    /// Due tasks: done, or not done and overdue. The base of every percentage.
    pub fn due(&self) -> u64 {
        self.done_on_time + self.done_late + self.overdue
    }

    /// Share of due tasks that are done, in tenths of a per cent; none when nothing is due.
    pub fn done_share(&self) -> Option<u64> {
        share(self.done_on_time + self.done_late, self.due())
    }

    /// Share of due tasks done on time, in tenths of a per cent; none when nothing is due.
    pub fn on_time_share(&self) -> Option<u64> {
        share(self.done_on_time, self.due())
    }
}

fn share(part: u64, whole: u64) -> Option<u64> {
    (whole > 0).then(|| (part * 2000 + whole) / (2 * whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_signing_of_the_programme_is_57_days_late_and_the_sixteenth_conference_651() {
        let today = date(2026, 11, 23);
        let signing = (Some(date(2019, 9, 30)), Some(date(2019, 11, 26)));
        assert_eq!(status_on(today, signing.0, signing.1), Status::DoneLate);
        assert_eq!(days_late(today, signing.0, signing.1), 57);
        assert_eq!(days_late(today, Some(date(2021, 12, 31)), Some(date(2023, 10, 13))), 651);
    }

    #[test]
    fn the_last_day_itself_is_within_the_term() {
        let last = Some(date(2019, 9, 30));
        assert_eq!(status_on(date(2019, 9, 30), last, None), Status::WithinTerm);
        assert_eq!(status_on(date(2019, 10, 1), last, None), Status::Overdue);
        assert_eq!(days_late(date(2019, 10, 1), last, None), 1);
        assert_eq!(status_on(date(2030, 1, 1), last, Some(date(2019, 9, 30))), Status::DoneOnTime);
    }

    #[test]
    fn percentages_are_of_due_tasks_as_in_report_1270() {
        let counts = Counts { done_on_time: 14_068, done_late: 1_983, within_term: 5_640, overdue: 223, standing: 0 };
        assert_eq!(counts.total(), 21_914);
        assert_eq!(counts.due(), 16_274);
        assert_eq!(counts.done_share(), Some(986));
        assert_eq!(Counts::default().done_share(), None);
    }
}
