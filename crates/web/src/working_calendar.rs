//! The calendar of working days: the months of a year, its holidays with their announcements, and the last day of a term explained day by day.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use catalogue::{Calendar, DayKind};
use jiff::civil::Date;

use crate::blocks::{Block, Blocks, Form, show, show_faulty};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::page::Page;
use crate::parts::{Badge, Cell, Column, EmptyState, Field, FieldKind, FormErrors, Icon, Notice, Table, Tone};
use crate::service::{App, said};

/// The longest term that is explained, in working days: about a year.
const LONGEST_TERM: u32 = 250;
/// Years that have a page, announced or not.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;
/// Why weekends rest.
const WEEKEND_SOURCE: &str = "QĐ 188/1999/QĐ-TTg";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/lich-lam-viec", get(this_year)).route("/lich-lam-viec/{year}", get(one_year))
}

async fn this_year(page: Page, State(app): State<App>) -> Answer {
    let year = app.office.clock().today().year();
    year_page(page, &app, year)
}

async fn one_year(page: Page, State(app): State<App>, Path(year): Path<String>) -> Answer {
    let known = year.parse::<i16>().ok().filter(|year| YEARS.contains(year));
    let year = known.ok_or_else(|| Failure::not_found(format!("calendar of {year}")))?;
    year_page(page, &app, year)
}

fn year_page(page: Page, app: &App, year: i16) -> Answer {
    let calendar = app.office.catalogue().calendar();
    let title = format!("{} {year}", page.say("Lịch làm việc", "Working calendar"));
    let page = page.titled(title);
    let mut blocks = Blocks::default();
    let covered = Date::new(year, 1, 1).is_ok_and(|day| calendar.covers(day));
    blocks.push(Block::Lead(
        page.say(
            "Ngày làm việc của cơ quan hành chính: trừ thứ Bảy, Chủ nhật, ngày nghỉ lễ và ngày nghỉ bù; cộng thứ Bảy làm bù.",
            "Working days of the civil service: without weekends, holidays and rest in lieu; with Saturdays that are worked instead.",
        )
        .to_owned(),
    ));
    if !covered {
        let held = calendar.years().map(|(first, last)| format!("{first}–{last}")).unwrap_or_default();
        blocks.push(Block::Notice(Notice::warning(format!(
            "{} {year}. {} {held}. {}",
            page.say("Hệ thống chưa có thông báo ngày nghỉ của năm", "The system holds no announcement of holidays for"),
            page.say("Lịch hiện có các năm", "The calendar holds the years"),
            page.say("Số ngày dưới đây chỉ trừ thứ Bảy, Chủ nhật.", "The numbers below leave out weekends only."),
        ))));
    }
    let faulty = reckon(&page, calendar, year, &mut blocks);
    blocks.push(Block::Table(months(&page, calendar, year)));
    blocks.push(Block::Table(special_days(&page, calendar, year)));
    let mut years = Vec::new();
    for near in [year - 1, year + 1] {
        if YEARS.contains(&near) {
            years.push((format!("{} {near}", page.say("Năm", "Year")), page.href(&format!("/lich-lam-viec/{near}"))));
        }
    }
    blocks.push(Block::Buttons(years));
    if faulty { show_faulty(page, blocks) } else { show(page, blocks) }
}

/// The small form, and its answer when something was asked. True when what was asked cannot be read.
fn reckon(page: &Page, calendar: &Calendar, year: i16, blocks: &mut Blocks) -> bool {
    let texts = page.texts();
    let mut errors = FormErrors::none(texts);
    let (from_text, number_text) = (page.parameter("tu").unwrap_or_default(), page.parameter("so").unwrap_or_default());
    let asked = !from_text.is_empty() || !number_text.is_empty();
    let from =
        viet::PartialDate::parse(from_text).ok().filter(|date| date.precision() == viet::Precision::Day).map(|date| date.first_day());
    let number = number_text.parse::<u32>().ok().filter(|number| *number <= LONGEST_TERM);
    if asked && from.is_none() {
        errors.add(
            "tu",
            page.say("Không phải một ngày. Hãy gõ ngày/tháng/năm, ví dụ 13/02/2026.", "Not a day. Write day/month/year, e.g. 13/02/2026."),
        );
    }
    if asked && number.is_none() {
        errors.add(
            "so",
            match page.lang {
                crate::lang::Lang::Vi => format!("Không phải số ngày. Hãy gõ số nguyên từ 0 đến {LONGEST_TERM}."),
                crate::lang::Lang::En => format!("Not a number of days. Write a whole number from 0 to {LONGEST_TERM}."),
            },
        );
    }
    let faulty = !errors.is_empty();
    let mut form = Form::filter(page.href(&format!("/lich-lam-viec/{year}")))
        .field(Field::day(texts, "tu", page.say("Từ ngày", "From")).value(from_text).error_from(&errors))
        .field(
            Field::new(texts, FieldKind::Number, "so", page.say("Cộng bao nhiêu ngày làm việc", "Plus how many working days"))
                .value(number_text)
                .error_from(&errors),
        )
        .button(page.say("Tính", "Reckon"));
    form.heading = page.say("Tính hạn theo ngày làm việc", "Reckon a term in working days").to_owned();
    form.errors = faulty.then_some(errors);
    blocks.push(Block::Form(form));
    if let (Some(from), Some(number), false) = (from, number, faulty) {
        explain(page, calendar, from, number, blocks);
    }
    faulty
}

/// The last day of a term, and every day in between that was not counted, with the reason.
fn explain(page: &Page, calendar: &Calendar, from: Date, number: u32, blocks: &mut Blocks) {
    let end = calendar.add_working_days(from, number);
    let answer = format!(
        "{} + {number} {} = {}",
        format::weekday_and_day(from, page.lang),
        said(&catalogue::TermUnit::WorkingDay.label(number), page.lang),
        format::weekday_and_day(end.value, page.lang)
    );
    let law = page
        .say("Không tính ngày bắt đầu (Bộ luật Dân sự 2015, Điều 147.2).", "The first day is not counted (Civil Code 2015, Art. 147.2).");
    blocks.push(Block::Notice(Notice::done(law).titled(answer)));
    if !end.covered {
        blocks.push(Block::Notice(Notice::warning(page.say(
            "Trong khoảng này có năm chưa có thông báo ngày nghỉ; những năm ấy chỉ trừ thứ Bảy, Chủ nhật nên kết quả có thể đổi.",
            "This span has a year whose holidays are not held; only weekends were left out there, so the result may change.",
        ))));
    }
    let columns =
        vec![Column::new(page.say("Ngày", "Day")), Column::new(page.say("Vì sao", "Why")), Column::new(page.say("Căn cứ", "Source"))];
    let mut table = Table::new(page.texts(), page.say("Ngày không tính và ngày làm bù", "Days not counted, and Saturdays worked"), columns);
    let mut day = from;
    while day < end.value {
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        let (why, source) = match calendar.special_day(day) {
            Some(special) => (format!("{}: {}", kind_words(page, special.kind), said(&special.name, page.lang)), special.source.as_str()),
            None if !calendar.is_working(day) => (page.say("Nghỉ hằng tuần", "Weekly rest").to_owned(), WEEKEND_SOURCE),
            None => continue,
        };
        table.row(vec![Cell::text(format::weekday_and_day(day, page.lang)), Cell::text(why), Cell::text(source)]);
    }
    let rows = table.rows.len() as u64;
    let empty = EmptyState::new(
        page.say("Không có ngày nào phải bỏ qua", "No day had to be left out"),
        page.say("Mọi ngày trong khoảng này đều là ngày làm việc.", "Every day of the span is a working day."),
    );
    blocks.push(Block::Table(table.with_total(rows).when_empty(empty)));
}

fn months(page: &Page, calendar: &Calendar, year: i16) -> Table {
    let columns = vec![
        Column::new(page.say("Tháng", "Month")),
        Column::numeric(page.say("Số ngày", "Days")),
        Column::numeric(page.say("Ngày làm việc", "Working days")),
        Column::new(page.say("Nghỉ lễ, nghỉ bù", "Holidays, rest in lieu")),
        Column::new(page.say("Thứ Bảy làm bù", "Saturdays worked")),
    ];
    let mut table = Table::new(page.texts(), format!("{} {year}", page.say("Các tháng năm", "Months of")), columns).with_total(12);
    let (mut days_of_year, mut working_of_year) = (0, 0);
    for month in 1..=12 {
        let Ok(first) = Date::new(year, month, 1) else { continue };
        let last = first.last_of_month();
        // Counted from the day before, because a span does not count its first day.
        let before = first.yesterday().unwrap_or(first);
        let (days, working) = (i64::from(last.day()), calendar.working_days_between(before, last).value);
        days_of_year += days;
        working_of_year += working;
        let numbers = |rests: bool| {
            let mut numbers = Vec::new();
            for special in calendar.special_days().filter(|special| first <= special.day && special.day <= last) {
                if (special.kind != DayKind::WorkingSaturday) == rests {
                    numbers.push(special.day.day().to_string());
                }
            }
            numbers.join(", ")
        };
        table.row(vec![
            Cell::text(format::partial(&format!("{year:04}-{month:02}"), page.lang)),
            Cell::number(days, page.lang),
            Cell::number(working, page.lang),
            Cell::text(numbers(true)),
            Cell::text(numbers(false)),
        ]);
    }
    table.row(vec![
        Cell::text(page.say("Cả năm", "Whole year")),
        Cell::number(days_of_year, page.lang),
        Cell::number(working_of_year, page.lang),
        Cell::Empty,
        Cell::Empty,
    ]);
    table
}

fn special_days(page: &Page, calendar: &Calendar, year: i16) -> Table {
    let columns = vec![
        Column::new(page.say("Ngày", "Day")),
        Column::new(page.say("Loại", "Kind")),
        Column::new(page.say("Dịp", "Occasion")),
        Column::new(page.say("Thông báo, căn cứ", "Announcement, source")),
    ];
    let caption = format!("{} {year}", page.say("Ngày nghỉ lễ, nghỉ bù, làm bù năm", "Holidays, rest in lieu and worked Saturdays of"));
    let mut table = Table::new(page.texts(), caption, columns);
    for special in calendar.special_days().filter(|special| special.day.year() == year) {
        let (tone, icon) = match special.kind {
            DayKind::Holiday => (Tone::Info, Icon::Star),
            DayKind::CompensatedRest => (Tone::Plain, Icon::Back),
            DayKind::WorkingSaturday => (Tone::Warn, Icon::Clock),
        };
        table.row(vec![
            Cell::text(format::weekday_and_day(special.day, page.lang)),
            Cell::from(Badge::new(tone, icon, kind_words(page, special.kind))),
            Cell::text(said(&special.name, page.lang)),
            Cell::text(special.source.clone()),
        ]);
    }
    let rows = table.rows.len() as u64;
    let empty = EmptyState::new(
        page.say("Chưa có ngày nghỉ của năm này", "No holidays of this year are held"),
        page.say(
            "Ngày nghỉ được nạp khi có thông báo của năm. Hãy xem năm khác.",
            "Holidays are loaded once the year's announcement is out. Look at another year.",
        ),
    );
    table.with_total(rows).when_empty(empty)
}

fn kind_words<'a>(page: &Page, kind: DayKind) -> &'a str {
    match kind {
        DayKind::Holiday => page.say("Nghỉ lễ", "Holiday"),
        DayKind::CompensatedRest => page.say("Nghỉ bù", "Rest in lieu"),
        DayKind::WorkingSaturday => page.say("Làm bù", "Worked Saturday"),
    }
}
