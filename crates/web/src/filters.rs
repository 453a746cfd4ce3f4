//! Filters for the templates. A file that declares a page says `use crate::filters;` so that its template finds them.
//!
//! `{{ date|day }}`, `{{ date|weekday(page.lang) }}`, `{{ stored|partial(page.lang) }}`, `{{ micros|instant }}`, `{{ count|number(page.lang) }}`,
//! `{{ dong|millions(page.lang) }}`.

#![expect(missing_docs, reason = "the filter attribute writes types and methods that cannot carry a comment")]

use askama::Values;
use jiff::civil::Date;

use crate::format;
use crate::lang::Lang;

/// A day as dd/mm/yyyy.
#[askama::filter_fn]
pub fn day(date: &Date, _: &dyn Values) -> askama::Result<String> {
    Ok(format::day(*date))
}

/// A day with its weekday: `Thứ 6, 21/06/2019`.
#[askama::filter_fn]
pub fn weekday(date: &Date, _: &dyn Values, lang: &Lang) -> askama::Result<String> {
    Ok(format::weekday_and_day(*date, *lang))
}

/// A partial date from its stored form.
#[askama::filter_fn]
pub fn partial(stored: impl AsRef<str>, _: &dyn Values, lang: &Lang) -> askama::Result<String> {
    Ok(format::partial(stored.as_ref(), *lang))
}

/// An instant (microseconds UTC) in Vietnam's time.
#[askama::filter_fn]
pub fn instant(micros: &i64, _: &dyn Values) -> askama::Result<String> {
    Ok(format::instant(*micros))
}

/// A whole number, grouped.
#[askama::filter_fn]
pub fn number(value: impl WholeNumber, _: &dyn Values, lang: &Lang) -> askama::Result<String> {
    Ok(format::number(value.whole(), *lang))
}

/// đồng as million đồng.
#[askama::filter_fn]
pub fn millions(dong: &i64, _: &dyn Values, lang: &Lang) -> askama::Result<String> {
    Ok(format::millions(*dong, *lang))
}

/// Numbers that the `number` filter takes.
pub trait WholeNumber {
    /// The value; larger ones stop at the end of the range.
    fn whole(&self) -> i64;
}

impl WholeNumber for i64 {
    fn whole(&self) -> i64 {
        *self
    }
}
impl WholeNumber for u64 {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}
impl WholeNumber for usize {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}
impl<T: WholeNumber + ?Sized> WholeNumber for &T {
    fn whole(&self) -> i64 {
        (**self).whole()
    }
}
