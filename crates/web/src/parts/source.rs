//! The exact words of a document with marked places, beside which drafts or directives stand.

use askama::Template;

use super::Tone;

/// The words of a document, paragraph by paragraph.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(path = "parts/source.html")]
pub struct SourceText {
    /// Paragraphs of pieces.
    paragraphs: Vec<Vec<Piece>>,
}

/// A marked place: byte offsets into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
    /// The name of the draft it belongs to, unique on the page; the mark gets the id `span-<name>` and links to `#draft-<name>`.
    pub name: String,
    /// What it is, in words, for the tip and for screen readers.
    pub label: String,
    /// Its tone.
    pub tone: Tone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    text: String,
    mark: Option<Span>,
    first: bool,
}

impl SourceText {
    /// Cuts a text at its marks and at line ends. Marks that overlap an earlier one, lie outside, or cut a letter are left out.
    pub fn new(text: &str, mut spans: Vec<Span>) -> SourceText {
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut paragraphs: Vec<Vec<Piece>> = vec![Vec::new()];
        let mut at = 0;
        for span in spans {
            if span.start < at || span.end <= span.start {
                continue;
            }
            let (Some(before), Some(inside)) = (text.get(at..span.start), text.get(span.start..span.end)) else { continue };
            push(&mut paragraphs, before, None);
            push(&mut paragraphs, inside, Some(&span));
            at = span.end;
        }
        push(&mut paragraphs, text.get(at..).unwrap_or(""), None);
        paragraphs.retain(|pieces| pieces.iter().any(|piece| !piece.text.trim().is_empty()));
        SourceText { paragraphs }
    }
}

/// Adds a stretch of text, opening a new paragraph at each line end.
fn push(paragraphs: &mut Vec<Vec<Piece>>, text: &str, mark: Option<&Span>) {
    let mut first = true;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            paragraphs.push(Vec::new());
        }
        if !line.is_empty()
            && let Some(pieces) = paragraphs.last_mut()
        {
            pieces.push(Piece { text: line.trim_end_matches('\r').to_owned(), mark: mark.cloned(), first });
            first = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(start: usize, end: usize) -> Span {
        Span { start, end, name: start.to_string(), label: "việc".into(), tone: Tone::Info }
    }

    #[test]
    fn marks_keep_the_exact_words() {
        let text = "Giao Sở <KH&CN>\nĐắk Lắk chủ trì.";
        let html = SourceText::new(text, vec![span(0, text.len()), span(2, 5)]).to_string();
        assert_eq!(html.matches("<mark").count(), 2, "one mark over two paragraphs: {html}");
        assert_eq!(html.matches(r#"id="span-0""#).count(), 1, "{html}");
        assert!(html.contains("&#60;KH&#38;CN&#62;"), "{html}");
    }

    proptest! {
        #[test]
        fn no_word_is_lost_whatever_the_marks(text in "[a-zăâđ \n]{0,60}", cuts in proptest::collection::vec((0usize..80, 0usize..80), 0..6)) {
            let source = SourceText::new(&text, cuts.into_iter().map(|(start, end)| span(start, end)).collect());
            let words: String = source.paragraphs.iter().flatten().flat_map(|piece| piece.text.split_whitespace()).collect();
            let expected: String = text.split_whitespace().collect();
            prop_assert_eq!(words, expected);
        }
    }
}
