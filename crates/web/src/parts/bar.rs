//! The four-cell bar of due work, and a progress bar: SVG drawn here, with the same figures in words and as a table.

use askama::Template;

use crate::filters;
use crate::format;
use crate::lang::Texts;

/// Due work in four cells: done on time, done late, within term, overdue.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/four_cells.html")]
pub struct FourCells {
    /// What is counted: title of the picture and caption of the table.
    pub title: String,
    /// A name for the element, unique on the page (ASCII letters, digits, hyphens).
    pub id: String,
    /// Done on time.
    pub on_time: u64,
    /// Done late.
    pub late: u64,
    /// Not done, within term.
    pub within: u64,
    /// Not done, overdue.
    pub overdue: u64,
    /// Where each cell's list is (on time, late, within, overdue): addresses; none without links.
    pub links: Option<[String; 4]>,
    /// The interface texts.
    pub texts: Texts,
}

/// One drawn cell.
struct Part {
    class: &'static str,
    icon: super::Icon,
    words: String,
    count: u64,
    x: String,
    width: String,
    middle: String,
    share: String,
    wide_enough: bool,
    href: Option<String>,
}

impl FourCells {
    /// A bar without links.
    pub fn new(
        texts: Texts,
        id: impl Into<String>,
        title: impl Into<String>,
        on_time: u64,
        late: u64,
        within: u64,
        overdue: u64,
    ) -> FourCells {
        FourCells { title: title.into(), id: id.into(), on_time, late, within, overdue, links: None, texts }
    }

    /// The same with a link for each cell.
    pub fn linked(mut self, links: [String; 4]) -> FourCells {
        self.links = Some(links);
        self
    }

    fn total(&self) -> u64 {
        self.on_time + self.late + self.within + self.overdue
    }

    fn summary(&self) -> String {
        self.parts().iter().map(|part| format!("{}: {}", part.words, part.count)).collect::<Vec<_>>().join("; ")
    }

    /// The share done of what is due, in words.
    fn done_share(&self) -> String {
        let due = self.on_time + self.late + self.overdue;
        let share = format::percent(self.on_time + self.late, due, self.texts.lang);
        self.texts.t1("bar-done-share", "share", share).into_owned()
    }

    fn parts(&self) -> Vec<Part> {
        let t = self.texts;
        let total = self.total().max(1) as f64;
        let cells = [
            ("on-time", super::Icon::Check, t.get("bar-on-time"), self.on_time),
            ("late", super::Icon::CheckLate, t.get("bar-late"), self.late),
            ("within", super::Icon::Clock, t.get("bar-within"), self.within),
            ("overdue", super::Icon::Alert, t.get("bar-overdue"), self.overdue),
        ];
        let mut parts = Vec::with_capacity(4);
        let mut x = 0.0;
        for (index, (class, icon, words, count)) in cells.into_iter().enumerate() {
            let width = count as f64 * 100.0 / total;
            parts.push(Part {
                class,
                icon,
                words: words.into_owned(),
                count,
                x: format!("{x:.2}%"),
                width: format!("{width:.2}%"),
                middle: format!("{:.2}%", x + width / 2.0),
                share: format::percent(count, self.total(), t.lang),
                wide_enough: width >= 7.0,
                href: self.links.as_ref().and_then(|links| links.get(index)).cloned(),
            });
            x += width;
        }
        parts
    }
}

/// A part of a whole as a bar with its words: `11/25`.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(
    source = r#"<div class="progress"><span>{{ label }}</span><progress max="{{ self.most() }}" value="{{ done }}" aria-label="{{ label }}">{{ done }}/{{ of }}</progress><b>{{ done|number(texts.lang) }}/{{ of|number(texts.lang) }}</b></div>"#,
    ext = "html"
)]
pub struct Progress {
    /// What is counted.
    pub label: String,
    /// How many are done.
    pub done: u64,
    /// Of how many.
    pub of: u64,
    /// The interface texts.
    pub texts: Texts,
}

impl Progress {
    fn most(&self) -> u64 {
        self.of.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn the_cells_fill_the_bar_and_say_their_counts() {
        let bar = FourCells::new(Lang::Vi.texts(), "x", "Hạn", 9, 4, 8, 1).to_string();
        for words in ["9", "4", "8", "1", "<title", "<desc", "<details", "<table"] {
            assert!(bar.contains(words), "{words} in {bar}");
        }
        assert!(!bar.contains("style="));
    }

    #[test]
    fn a_bar_of_nothing_says_so() {
        let bar = FourCells::new(Lang::Vi.texts(), "x", "Hạn", 0, 0, 0, 0).to_string();
        assert!(!bar.contains("NaN") && !bar.contains("<rect"), "{bar}");
    }
}
