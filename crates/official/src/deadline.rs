//! Deadlines: the raw words, the date with its precision, and the last day. "Trước" is strict: the named day is too late.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde::Serialize;

use crate::view::{Span, View};

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The exact words, e.g. "trước tháng 10/2019".
    pub raw: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte after it.
    pub end: usize,
    /// `day`, `month`, `quarter`, `year`, with `-exclusive` after "trước"; `days` for a number of days; `period` for a repeated one.
    pub precision: String,
    /// The date named, ISO with its precision; none when it cannot be computed.
    pub date: Option<String>,
    /// Whether "trước" makes the named day too late.
    pub strict: bool,
    /// The last day that is still on time.
    pub last_day: Option<Date>,
    /// `monthly`, `quarterly`, `half_yearly`, `yearly`.
    pub period: Option<String>,
    /// Whether the clause shares the deadline of its sentence ("suy ra").
    pub inferred: bool,
    /// Set when the date does not exist, e.g. 31/02.
    pub impossible: bool,
}

/// The last day that is still on time.
pub fn last_day(date: &viet::PartialDate, strict: bool) -> Option<Date> {
    if strict { date.first_day().yesterday().ok() } else { Some(date.last_day()) }
}

const DATE: &str = r"(?:ngay\s+)?(?P<d>\d{1,2})\s*[/.-]\s*(?P<m>\d{1,2})(?:\s*[/.-]\s*(?P<y>\d{4}))?|(?:ngay\s+)?(?P<d2>\d{1,2})\s+thang\s+(?P<m2>\d{1,2})(?:\s*(?:nam|/)\s*(?P<y2>\d{4}))?|thang\s+(?P<m3>\d{1,2})(?:\s*(?:/|-|nam)\s*(?P<y3>\d{4}))?|quy\s+(?P<q>[ivx]{1,3}|[1-4])(?:\s*(?:/|-|nam)\s*(?P<y4>\d{4}))?|nam\s+(?P<y5>\d{4})";

#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static STRONG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"\b(?P<prep>(?:hoan\s+thanh|xong|hoan\s+tat)\s+(?:truoc|trong|vao)|cham\s+nhat(?:\s+(?:la|vao|den|truoc|trong|den\s+het))?|muon\s+nhat(?:\s+(?:la|vao|trong))?|den\s+het|het|han\s+(?:cuoi|chot)(?:\s+la)?|thoi\s+han(?:\s+(?:la|den|truoc))?|truoc)(?:\s+het)?\s+(?:{DATE})\b"
    ))
    .expect("constant pattern")
});
#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static WEAK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"\b(?P<prep>vao|trong|ngay\s+trong)\s+(?:{DATE})\b")).expect("constant pattern"));
#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:dinh\s+ky\s+)?(?:(?:truoc\s+)?ngay\s+\d{1,2}\s+)?(?P<unit>hang\s+thang|hang\s+quy|hang\s+nam|hang\s+tuan|moi\s+thang|moi\s+quy|moi\s+nam|dinh\s+ky\s+(?:6\s+thang|thang|quy|nam)|6\s+thang(?:\s+(?:mot|1)\s+lan))\b").expect("constant pattern")
});
#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\btrong\s+(?:thoi\s+(?:han|gian)\s+|vong\s+)?(?P<n>\d{1,3})\s+(?P<unit>ngay|tuan|thang)(?P<work>\s+lam\s+viec)?(?:\s+ke\s+tu\s+ngay\s+[a-z ]{2,40})?").expect("constant pattern")
});

/// What the computation may lean on: the document's own date.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Calendar {
    pub(crate) document_day: Option<Date>,
}

/// The deadline of a clause.
pub(crate) fn due_of(view: &View, clause: Span, calendar: Calendar) -> Option<Due> {
    let folded = view.folded_text(clause);
    let place = |byte: usize| clause.start + folded.get(..byte).map_or(0, |head| head.chars().count());
    if let Some(found) = STRONG.captures_iter(&folded).find(|found| !is_of_something_else(&folded, found, true)) {
        let (whole, prep) = (found.get(0)?, found.name("prep")?.as_str());
        let span = Span { start: place(whole.start()), end: place(whole.end()) };
        let strict = prep.ends_with("truoc") && !folded.get(whole.start()..).unwrap_or_default().starts_with("truoc het");
        if let Some(monthly) = PERIOD
            .captures(folded.get(whole.start()..).unwrap_or_default())
            .filter(|period| period.get(0).is_some_and(|period| period.start() < 12))
        {
            return Some(periodic(view, place, whole.start(), &monthly));
        }
        return Some(dated(view, span, &found, strict, calendar));
    }
    if let Some(found) = PERIOD.captures(&folded) {
        let from = found.get(0)?.start();
        // "đầu tư ngân sách nhà nước hàng năm" says how often money is spent, not when to report.
        let reports = ["bao cao", "dinh ky", "giao ban", "tong hop", "cap nhat"].iter().any(|word| folded.contains(word));
        if reports {
            return Some(periodic(view, place, from, &found));
        }
    }
    if let Some(found) = WITHIN.captures(&folded) {
        let whole = found.get(0)?;
        let span = view.trimmed(Span { start: place(whole.start()), end: place(whole.end()) });
        return Some(within(view, span, &found, calendar));
    }
    if let Some(found) = WEAK.captures_iter(&folded).find(|found| !is_of_something_else(&folded, found, false)) {
        let whole = found.get(0)?;
        let span = Span { start: place(whole.start()), end: place(whole.end()) };
        return Some(dated(view, span, &found, false, calendar));
    }
    None
}

/// Whether the time dates something else: a congress that "sẽ diễn ra vào năm 2020", a period "trong giai đoạn", an event that "đã" was.
fn is_of_something_else(folded: &str, found: &regex::Captures<'_>, strong: bool) -> bool {
    let Some(whole) = found.get(0) else { return true };
    let before = folded.get(..whole.start()).unwrap_or_default();
    let near: Vec<&str> = before.split_whitespace().rev().take(4).collect();
    let marked = near.iter().any(|word| matches!(*word, "se" | "da" | "duoc" | "tung" | "nhu"));
    if strong {
        return marked && near.contains(&"da");
    }
    // "ban hành kèm theo … trong năm 2019" of a document already there
    marked || near.first() == Some(&"quyet") || near.iter().take(2).any(|word| matches!(*word, "tu" | "giai"))
}

fn dated(view: &View, span: Span, found: &regex::Captures<'_>, strict: bool, calendar: Calendar) -> Due {
    let number = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<u32>().ok());
    let year = ["y", "y2", "y3", "y4", "y5"].iter().find_map(|name| number(name)).map(i64::from);
    let assumed = || calendar.document_day.map(|day| i64::from(day.year()));
    let date = match (number("d").or(number("d2")), number("m").or(number("m2")), number("m3"), found.name("q")) {
        (Some(day), Some(month), _, _) => year.or_else(assumed).map(|year| (viet::PartialDate::from_day(year, month, day), year)),
        (_, _, Some(month), _) => year.or_else(assumed).map(|year| (viet::PartialDate::from_month(year, month), year)),
        (_, _, _, Some(quarter)) => {
            let quarter = quarter.as_str().parse().ok().or_else(|| viet::roman(quarter.as_str())).unwrap_or(0);
            year.or_else(assumed).map(|year| (viet::PartialDate::from_quarter(year, quarter), year))
        }
        _ => year.map(|year| (viet::PartialDate::from_year(year), year)),
    };
    let word = match (found.name("d").or(found.name("d2")), found.name("m3"), found.name("q")) {
        (Some(_), _, _) => "day",
        (_, Some(_), _) => "month",
        (_, _, Some(_)) => "quarter",
        _ => "year",
    };
    let mut due = Due {
        raw: view.plain_text(span),
        start: view.byte(span.start),
        end: view.byte(span.end),
        precision: if strict { format!("{word}-exclusive") } else { word.to_owned() },
        date: None,
        strict,
        last_day: None,
        period: None,
        inferred: false,
        impossible: false,
    };
    match date {
        Some((Ok(mut date), used)) => {
            // A day without its year that lies before the document is of the next year.
            if year.is_none()
                && let Some(document) = calendar.document_day
                && date.last_day() < document
                && let Ok(next) = again(&date, used + 1)
            {
                date = next;
            }
            due.last_day = last_day(&date, strict);
            due.date = Some(date.to_iso());
        }
        Some((Err(_), _)) => due.impossible = true,
        None => {}
    }
    due
}

fn again(date: &viet::PartialDate, year: i64) -> Result<viet::PartialDate, viet::DateError> {
    let iso = date.to_iso();
    viet::PartialDate::from_iso(&format!("{year:04}{}", iso.get(4..).unwrap_or_default()))
}

fn periodic(view: &View, place: impl Fn(usize) -> usize, from: usize, found: &regex::Captures<'_>) -> Due {
    let whole = found.get(0);
    let shift = if whole.is_some_and(|whole| whole.start() < from) { 0 } else { from };
    let (start, end) = match whole {
        Some(whole) if whole.start() >= from || from == 0 => (place(whole.start()), place(whole.end())),
        Some(whole) => (place(shift + whole.start()), place(shift + whole.end())),
        None => (place(from), place(from)),
    };
    let unit = found.name("unit").map_or("", |unit| unit.as_str());
    let period = if unit.contains("6 thang") {
        "half_yearly"
    } else if unit.contains("thang") || unit.contains("tuan") {
        "monthly"
    } else if unit.contains("quy") {
        "quarterly"
    } else {
        "yearly"
    };
    Due {
        raw: view.plain_text(Span { start, end }),
        start: view.byte(start),
        end: view.byte(end),
        precision: "period".to_owned(),
        date: None,
        strict: false,
        last_day: None,
        period: Some(period.to_owned()),
        inferred: false,
        impossible: false,
    }
}

fn within(view: &View, span: Span, found: &regex::Captures<'_>, calendar: Calendar) -> Due {
    let number: i64 = found.name("n").and_then(|part| part.as_str().parse().ok()).unwrap_or(0);
    let unit = found.name("unit").map_or("", |unit| unit.as_str());
    let length = match unit {
        "tuan" => jiff::Span::new().try_weeks(number),
        "thang" => jiff::Span::new().try_months(number),
        _ => jiff::Span::new().try_days(number),
    };
    // Working days need a calendar of holidays; they are left to the officer.
    let counted = if found.name("work").is_some() { None } else { calendar.document_day.zip(length.ok()) };
    let last_day = counted.and_then(|(day, length)| day.checked_add(length).ok());
    Due {
        raw: view.plain_text(span),
        start: view.byte(span.start),
        end: view.byte(span.end),
        precision: "days".to_owned(),
        date: last_day.map(|day| day.to_string()),
        strict: false,
        last_day,
        period: None,
        inferred: false,
        impossible: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn due(text: &str) -> Option<(String, String, Option<String>)> {
        let view = View::of(text);
        let calendar = Calendar { document_day: Some(date(2025, 6, 20)) };
        due_of(&view, Span { start: 0, end: view.len() }, calendar)
            .map(|due| (due.raw, due.precision, due.last_day.map(|day| day.to_string())))
    }

    #[test]
    fn every_form_of_the_notices_is_read() {
        for (text, raw, precision, last) in [
            ("tổ chức ký kết trước tháng 10/2019", "trước tháng 10/2019", "month-exclusive", "2019-09-30"),
            ("báo cáo UBND tỉnh trước ngày 30/10/2020", "trước ngày 30/10/2020", "day-exclusive", "2020-10-29"),
            ("lần thứ XVI diễn ra vào năm 2021", "vào năm 2021", "year", "2021-12-31"),
            ("báo cáo chậm nhất ngày 15/7/2025", "chậm nhất ngày 15/7/2025", "day", "2025-07-15"),
            ("hoàn thành trong tháng 8/2025", "hoàn thành trong tháng 8/2025", "month", "2025-08-31"),
            ("trình trong quý II/2026", "trong quý II/2026", "quarter", "2026-06-30"),
            ("xong trước 31/7", "xong trước 31/7", "day-exclusive", "2025-07-30"),
            ("thực hiện xong trước ngày 15 tháng 3", "xong trước ngày 15 tháng 3", "day-exclusive", "2026-03-14"),
            ("giải ngân đến hết năm 2025", "đến hết năm 2025", "year", "2025-12-31"),
            ("báo cáo trong thời hạn 15 ngày", "trong thời hạn 15 ngày", "days", "2025-07-05"),
        ] {
            assert_eq!(due(text), Some((raw.to_owned(), precision.to_owned(), Some(last.to_owned()))), "{text}");
        }
    }

    #[test]
    fn other_times_are_no_deadlines() {
        for text in [
            "phục vụ đại hội Đảng các cấp sẽ diễn ra vào năm 2020",
            "kết quả giai đoạn 2016-2020",
            "khẩn trương hoàn thiện hồ sơ",
            "theo Kết luận số 50-KL/TW ngày 30/5/2019",
            "đầu tư ngân sách nhà nước hàng năm cho KH&CN",
            "mục tiêu đến năm 2030",
        ] {
            assert_eq!(due(text), None, "{text}");
        }
    }

    #[test]
    fn repeated_reports_are_periodic_and_impossible_days_have_no_date() {
        let (raw, precision, last) = due("báo cáo UBND tỉnh định kỳ ngày 25 hằng tháng").unwrap();
        assert_eq!((raw.as_str(), precision.as_str(), last), ("định kỳ ngày 25 hằng tháng", "period", None));
        let (raw, _, last) = due("báo cáo trước ngày 31/02/2026").unwrap();
        assert_eq!((raw.as_str(), last), ("trước ngày 31/02/2026", None));
    }
}
