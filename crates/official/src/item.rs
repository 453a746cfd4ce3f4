//! The item tree: I. / 1. / 1.1. / a) / - / +, each paragraph with its path.

use crate::view::{Span, View};

/// A numbered (or dashed) paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// As a directive names it, dashes left out: `2.b`.
    pub item: String,
    /// The whole path, dashes counted: `2.b.-1`.
    pub path: String,
    /// First byte of its words in the text.
    pub start: usize,
    /// Byte after its words.
    pub end: usize,
}

/// A paragraph with the place it has in the tree.
#[derive(Debug, Clone)]
pub(crate) struct Paragraph {
    /// The words without the marker.
    pub(crate) words: Span,
    /// Names of the levels above and this one: ("2", "b").
    pub(crate) levels: Vec<(Level, String)>,
    /// Whether the paragraph has a marker of its own.
    pub(crate) marked: bool,
}

impl Paragraph {
    pub(crate) fn item(&self) -> String {
        let named: Vec<&str> = self.levels.iter().filter(|(level, _)| *level < Level::Dash).map(|(_, name)| name.as_str()).collect();
        named.join(".")
    }

    pub(crate) fn path(&self) -> String {
        self.levels.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(".")
    }
}

/// Kinds of markers from the outermost to the innermost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Roman,
    Number,
    SubNumber,
    Letter,
    Dash,
    Plus,
}

/// Lays the lines into the tree. Lines without a marker stand under the item before them.
pub(crate) fn paragraphs(view: &View, lines: &[Span]) -> Vec<Paragraph> {
    let mut levels: Vec<(Level, String)> = Vec::new();
    let mut found = Vec::new();
    for line in lines {
        match marker(view, *line) {
            Some((level, name, words)) => {
                // "1.2." under "1." is named whole already.
                let parent_is_prefix = level == Level::SubNumber;
                levels.retain(|(above, _)| *above < level && !(parent_is_prefix && *above == Level::Number));
                let name = match level {
                    Level::Dash | Level::Plus => {
                        let sign = if level == Level::Dash { "-" } else { "+" };
                        let prefix: Vec<String> = levels.iter().map(|(_, name)| name.clone()).collect();
                        let number = 1 + found
                            .iter()
                            .rev()
                            .take_while(|before: &&Paragraph| before.levels.len() > prefix.len())
                            .filter(|before| {
                                before.marked
                                    && before.levels.len() == prefix.len() + 1
                                    && before.levels.last().is_some_and(|(kind, _)| *kind == level)
                            })
                            .count();
                        format!("{sign}{number}")
                    }
                    _ => name,
                };
                levels.push((level, name));
                found.push(Paragraph { words, levels: levels.clone(), marked: true });
            }
            None => found.push(Paragraph { words: *line, levels: levels.clone(), marked: false }),
        }
    }
    found
}

/// The marker at the beginning of a line: its level, its name and the words after it.
fn marker(view: &View, line: Span) -> Option<(Level, String, Span)> {
    let text = |from: usize, to: usize| view.plain_text(Span { start: from, end: to });
    let rest = |from: usize| view.trimmed(Span { start: from, end: line.end });
    let first = view.char_at(line.start)?;
    let gap = |place: usize| place >= line.end || view.char_at(place).is_none_or(char::is_whitespace);
    if matches!(first, '-' | '–' | '—' | '•' | '*' | '+' | '\u{f0b7}') {
        let words = rest(line.start + 1);
        let level = if first == '+' { Level::Plus } else { Level::Dash };
        return (words.start < words.end && view.char_at(line.start + 1).is_some_and(|c| c.is_whitespace() || c.is_uppercase()))
            .then(|| (level, String::new(), words));
    }
    let mut end = line.start;
    while view
        .char_at(end)
        .is_some_and(|c| c.is_ascii_digit() || (c == '.' && view.char_at(end + 1).is_some_and(|next| next.is_ascii_digit())))
        && end < line.end
    {
        end += 1;
    }
    if end > line.start && end - line.start <= 8 {
        let closing = view.char_at(end);
        let number = text(line.start, end);
        let parts = number.split('.').count();
        let closed = matches!(closing, Some('.' | ')' | '/')) && (gap(end + 1) || view.char_at(end + 1).is_some_and(char::is_uppercase));
        let plain = parts > 1 && gap(end);
        if (closed || plain) && number.split('.').all(|part| part.len() <= 2) {
            let words = rest(end + usize::from(closed));
            let level = if parts > 1 { Level::SubNumber } else { Level::Number };
            return (words.start < words.end).then_some((level, number, words));
        }
        return None;
    }
    let mut end = line.start;
    while view.char_at(end).is_some_and(char::is_alphabetic) && end < line.end && end - line.start < 5 {
        end += 1;
    }
    let name = text(line.start, end);
    let closing = view.char_at(end)?;
    if !gap(end + 1) {
        return None;
    }
    if closing == ')' && name.chars().count() == 1 && first.is_lowercase() {
        return Some((Level::Letter, name, rest(end + 1)));
    }
    if matches!(closing, '.' | ')') && viet::roman(&name).is_some() && first.is_uppercase() {
        return Some((Level::Roman, name, rest(end + 1)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<(String, String)> {
        let view = View::of(text);
        paragraphs(&view, &view.lines()).iter().map(|paragraph| (paragraph.path(), view.plain_text(paragraph.words))).collect()
    }

    #[test]
    fn numbers_letters_and_dashes_nest() {
        let text = "1. Một\n2. Hai\na) A\n- gạch một\n- gạch hai\ntiếp theo\nđ) Đê\n3. Ba\n3.1. Ba một\n- lẻ\nII. Phần\n4) Bốn";
        let found: Vec<String> = paths(text).into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, ["1", "2", "2.a", "2.a.-1", "2.a.-2", "2.a.-2", "2.đ", "3", "3.1", "3.1.-1", "II", "II.4"]);
    }

    #[test]
    fn dates_and_numbers_in_running_text_are_no_markers() {
        for text in ["21/6/2019 tại Đà Nẵng", "1.165 lượt xem", "6-8-2019", "20 tỷ đồng", "V/v họp", "-5 độ"] {
            assert_eq!(paths(text)[0].0, "", "{text}");
        }
    }
}
