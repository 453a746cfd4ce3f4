//! Sentences and clauses: cut where a reader would, not inside numbers, abbreviations, quotations and parentheses.

use crate::view::{Span, View};

/// Short words before a dot that ends no sentence.
const ABBREVIATIONS: [&str; 21] =
    ["ts", "ths", "pgs", "gs", "bs", "ks", "tp", "p", "q", "tt", "tx", "h", "st", "vv", "v", "đ/c", "dc", "ls", "ds", "kts", "nxb"];

/// Sentences of a paragraph, without their closing signs.
pub(crate) fn sentences(view: &View, paragraph: Span) -> Vec<Span> {
    cut(view, paragraph, |place, depth| {
        let sign = view.char_at(place);
        if depth > 0 || !matches!(sign, Some('.' | '!' | '?')) {
            return false;
        }
        let next = view.char_at(place + 1);
        // "./." at the end, "1.500", "54.2", "v.v."
        let closes = next.is_none_or(|c| c.is_whitespace() || matches!(c, '”' | '"' | '/')) || place + 1 >= paragraph.end;
        if !closes {
            return false;
        }
        let mut start = place;
        while start > paragraph.start && view.char_at(start - 1).is_some_and(|c| c.is_alphanumeric() || c == '/') {
            start -= 1;
        }
        let word = view.folded_text(Span { start, end: place });
        let after = view.char_at(view.skip_blanks(place + 1));
        let goes_on = place + 1 < paragraph.end && after.is_some_and(|c| c.is_lowercase() || matches!(c, ',' | ';' | ')'));
        !(ABBREVIATIONS.contains(&word.as_str()) || goes_on && sign == Some('.'))
    })
}

/// Clauses of a sentence: cut at semicolons.
pub(crate) fn clauses(view: &View, sentence: Span) -> Vec<Span> {
    cut(view, sentence, |place, depth| depth == 0 && view.char_at(place) == Some(';'))
}

fn cut(view: &View, span: Span, is_end: impl Fn(usize, usize) -> bool) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut start = span.start;
    let mut depth = 0_usize;
    // Quotes that are never closed must not swallow the rest: depth counts only when the paragraph balances.
    let balanced = balanced(view, span);
    for place in span.start..span.end {
        match view.char_at(place) {
            Some('(' | '[' | '“') if balanced => depth += 1,
            Some(')' | ']' | '”') if balanced => depth = depth.saturating_sub(1),
            _ => {}
        }
        if is_end(place, depth) {
            parts.push(Span { start, end: place });
            start = place + 1;
        }
    }
    parts.push(Span { start, end: span.end });
    let mut trimmed: Vec<Span> = Vec::new();
    for part in parts {
        let mut part = view.trimmed(part);
        while part.end > part.start && matches!(view.char_at(part.end - 1), Some('.' | ';' | ',' | '/' | ' ')) {
            part.end -= 1;
        }
        while part.start < part.end && matches!(view.char_at(part.start), Some('/' | '.' | ';' | ',' | '”' | ' ')) {
            part.start += 1;
        }
        let part = view.trimmed(part);
        if part.start < part.end {
            trimmed.push(part);
        }
    }
    trimmed
}

fn balanced(view: &View, span: Span) -> bool {
    for (open, close) in [('(', ')'), ('[', ']'), ('“', '”')] {
        let mut depth = 0_i64;
        for place in span.start..span.end {
            match view.char_at(place) {
                Some(c) if c == open => depth += 1,
                Some(c) if c == close => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                return false;
            }
        }
        if depth != 0 {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_all(text: &str) -> Vec<Vec<String>> {
        let view = View::of(text);
        let whole = Span { start: 0, end: view.len() };
        sentences(&view, whole)
            .into_iter()
            .map(|sentence| clauses(&view, sentence).into_iter().map(|clause| view.plain_text(clause)).collect())
            .collect()
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        assert_eq!(
            cut_all("Giao TS. An chủ trì. Kinh phí 1.500 triệu; báo cáo sau./."),
            [vec!["Giao TS. An chủ trì"], vec!["Kinh phí 1.500 triệu", "báo cáo sau"]]
        );
        assert_eq!(cut_all("Rà soát (A; B. C) và D; E."), [vec!["Rà soát (A; B. C) và D", "E"]]);
        assert_eq!(
            cut_all("Xem Nghị quyết về Phát triển”. Đề cao trách nhiệm."),
            [vec!["Xem Nghị quyết về Phát triển”"], vec!["Đề cao trách nhiệm"]]
        );
    }
}
