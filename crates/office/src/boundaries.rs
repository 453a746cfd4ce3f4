//! As it was and as it is now: which province and body of today a record of another day belongs to. What was merged goes into what took over; a record
//! that does not say in which part it lies is said to leave it open.

use std::str::FromStr;

use catalogue::{Code, Label};
use jiff::civil::Date;
use ledger::RecordId;

use crate::error::label;
use crate::office::Office;
use crate::register::RegisterRow;

/// Whose boundaries and names a list uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundaries {
    /// Those of the record's own day.
    AsThen,
    /// Those of today.
    AsNow,
}

impl FromStr for Boundaries {
    type Err = ();

    /// Reads `then`, `now` and their Vietnamese forms in addresses, `luc-do`, `hien-nay`.
    fn from_str(text: &str) -> Result<Boundaries, ()> {
        match text {
            "then" | "luc-do" => Ok(Boundaries::AsThen),
            "now" | "hien-nay" => Ok(Boundaries::AsNow),
            _ => Err(()),
        }
    }
}

impl Boundaries {
    /// The form in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Boundaries::AsThen => "luc-do",
            Boundaries::AsNow => "hien-nay",
        }
    }

    /// For people.
    pub fn label(self) -> Label {
        match self {
            Boundaries::AsThen => label("như lúc đó", "as it was"),
            Boundaries::AsNow => label("như hiện nay", "as it is now"),
        }
    }
}

impl Office {
    /// The province of a stored code in words. As now: today's province, and as which former one it came into it. As then: the province of `day`; where the
    /// code is of a later day and several went into it, all of them, because the record does not tell which.
    pub fn province_words(&self, code: &str, day: Option<Date>, boundaries: Boundaries) -> Label {
        let Some(list) = self.catalogue().list("provinces") else { return label(code, code) };
        let Some(written) = list.get(code) else { return label(code, code) };
        match boundaries {
            Boundaries::AsNow => match list.now_of(code, &self.clock().today().to_string()) {
                Some(now) if now.code != written.code => {
                    let others = list.codes.iter().any(|other| other.code != code && other.successor.as_deref() == Some(&now.code));
                    became(now, written, others)
                }
                _ => written.label.clone(),
            },
            Boundaries::AsThen => {
                let then = day.map(|day| list.as_of(code, &day.to_string())).unwrap_or_default();
                match then.as_slice() {
                    [] => written.label.clone(),
                    [one] => one.label.clone(),
                    several => undivided(written, several),
                }
            }
        }
    }

    /// The body in words: as then by its name on `day`; as now by the name of today's successor, with its own name beside. A body that several took over is
    /// shown with all of them.
    pub fn body_words(&self, body: RecordId, day: Option<Date>, boundaries: Boundaries) -> Label {
        let today = self.clock().today();
        let directory = self.directory();
        let own = directory.short_name(body, day.unwrap_or(today));
        if boundaries == Boundaries::AsThen {
            return label(own.clone(), own);
        }
        let now = self.bodies_now(body);
        let names: Vec<String> = now.iter().map(|body| directory.short_name(*body, today)).collect();
        match names.as_slice() {
            _ if now == [body] => label(directory.short_name(body, today), directory.short_name(body, today)),
            [one] => label(format!("{one} (trước là {own})"), format!("{one} (was {own})")),
            several => {
                let several = several.join(", ");
                label(
                    format!("{own} (nay là {several}; bản ghi không nói rõ phần nào)"),
                    format!("{own} (now {several}; the record does not tell which part)"),
                )
            }
        }
    }

    /// The provinces of a row in words, one after the other.
    pub fn provinces_of_row(&self, row: &RegisterRow, boundaries: Boundaries) -> Label {
        let day = day_of_row(row);
        let mut words: Vec<Label> = Vec::new();
        for code in &row.provinces {
            let next = self.province_words(code, day, boundaries);
            if !words.contains(&next) {
                words.push(next);
            }
        }
        let joined = |pick: fn(&Label) -> &str| words.iter().map(pick).collect::<Vec<_>>().join("; ");
        label(joined(|label| &label.vi), joined(|label| &label.en))
    }

    /// The body that keeps a row in words; empty when it has none.
    pub fn keeper_of_row(&self, row: &RegisterRow, boundaries: Boundaries) -> Label {
        row.owner.map_or_else(|| label("", ""), |owner| self.body_words(owner, day_of_row(row), boundaries))
    }

    /// The stored codes that a province means: itself, or with today's boundaries all that lie in the same province of today.
    pub(crate) fn provinces_meant(&self, code: &str, boundaries: Option<Boundaries>) -> Vec<String> {
        let today = self.clock().today().to_string();
        let list = self.catalogue().list("provinces");
        match list.and_then(|list| list.now_of(code, &today)).filter(|_| boundaries == Some(Boundaries::AsNow)) {
            None => vec![code.to_owned()],
            Some(now) => {
                let codes = list.map(|list| list.codes.as_slice()).unwrap_or_default();
                let lies_in =
                    |other: &&Code| list.and_then(|list| list.now_of(&other.code, &today)).is_some_and(|place| place.code == now.code);
                codes.iter().filter(lies_in).map(|other| other.code.clone()).collect()
            }
        }
    }

    /// The bodies that a body means: itself, or as of today all that went into the same bodies of today.
    pub(crate) fn bodies_meant(&self, body: RecordId, boundaries: Option<Boundaries>) -> Vec<RecordId> {
        if boundaries != Some(Boundaries::AsNow) {
            return vec![body];
        }
        let now = self.bodies_now(body);
        let mut meant = now.clone();
        for other in self.directory().all() {
            if !meant.contains(&other.id) && self.bodies_now(other.id).iter().any(|successor| now.contains(successor)) {
                meant.push(other.id);
            }
        }
        meant
    }

    /// The bodies of today in the place of a body: itself while it exists or when nothing took over.
    pub(crate) fn bodies_now(&self, body: RecordId) -> Vec<RecordId> {
        let today = self.clock().today();
        let (mut now, mut seen, mut open) = (Vec::new(), Vec::new(), vec![body]);
        while let Some(place) = open.pop() {
            // A body met again is a cycle in the data or a second way to the same successor.
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            match self.directory().get(place) {
                Some(found) if !found.is_valid_on(today) && !found.successors.is_empty() => {
                    open.extend(found.successors.iter().map(|successor| successor.body));
                }
                _ => now.push(place),
            }
        }
        now.sort_unstable();
        now
    }
}

/// The first day of a row's partial date.
fn day_of_row(row: &RegisterRow) -> Option<Date> {
    viet::PartialDate::from_iso(&row.day).ok().map(|day| day.first_day())
}

/// A province of today and the former one whose part is meant.
fn became(now: &Code, former: &Code, with_others: bool) -> Label {
    let (now, was) = (&now.label, &former.label);
    if with_others {
        label(format!("{} (phần {} cũ)", now.vi, was.vi), format!("{} (the former {} part)", now.en, was.en))
    } else if now == was {
        now.clone()
    } else {
        label(format!("{} (trước là {})", now.vi, was.vi), format!("{} (was {})", now.en, was.en))
    }
}

/// A province of a later day, of which the record does not tell the part.
fn undivided(written: &Code, parts: &[&Code]) -> Label {
    let joined = |pick: fn(&Label) -> &str| parts.iter().map(|part| pick(&part.label)).collect::<Vec<_>>().join(", ");
    label(
        format!("{} (lúc đó gồm {}; bản ghi không nói rõ phần nào)", written.label.vi, joined(|label| &label.vi)),
        format!("{} (then {}; the record does not tell which part)", written.label.en, joined(|label| &label.en)),
    )
}
