//! Two views of a text — canonical (NFC) and folded — whose places lead back to the bytes of the original.

/// A text as characters: canonical and folded side by side, and the byte of the original where each begins.
#[derive(Debug)]
pub(crate) struct View {
    /// Canonical characters.
    pub(crate) plain: Vec<char>,
    /// The same characters folded, one for one.
    pub(crate) folded: Vec<char>,
    /// Byte offset in the original of each character, and of the end.
    at: Vec<usize>,
}

/// A part of a view, as character places `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl View {
    pub(crate) fn of(text: &str) -> View {
        let mut view =
            View { plain: Vec::with_capacity(text.len()), folded: Vec::with_capacity(text.len()), at: Vec::with_capacity(text.len() + 1) };
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            // A letter with the marks that follow it becomes one character where Unicode has one.
            let mut cluster = String::from(c);
            while let Some((_, mark)) = chars.peek().copied().filter(|(_, mark)| viet::is_foldable_mark(*mark)) {
                cluster.push(mark);
                chars.next();
            }
            let canonical = viet::nfc(&cluster);
            let folded: Vec<char> = viet::fold(&canonical).chars().collect();
            for (number, plain) in canonical.chars().enumerate() {
                view.plain.push(plain);
                view.folded.push(folded.get(number).copied().unwrap_or(plain));
                view.at.push(start);
            }
        }
        view.at.push(text.len());
        view
    }

    pub(crate) fn len(&self) -> usize {
        self.plain.len()
    }

    /// The byte of the original where the character begins. Inside a cluster of several characters it is the cluster's beginning.
    pub(crate) fn byte(&self, place: usize) -> usize {
        self.at.get(place).or(self.at.last()).copied().unwrap_or(0)
    }

    pub(crate) fn plain_text(&self, span: Span) -> String {
        self.plain.get(span.start..span.end).unwrap_or_default().iter().collect()
    }

    pub(crate) fn folded_text(&self, span: Span) -> String {
        self.folded.get(span.start..span.end).unwrap_or_default().iter().collect()
    }

    pub(crate) fn char_at(&self, place: usize) -> Option<char> {
        self.plain.get(place).copied()
    }

    /// The span without blanks at its ends.
    pub(crate) fn trimmed(&self, span: Span) -> Span {
        let blank = |place: usize| self.char_at(place).is_none_or(|c| c.is_whitespace() || c == '\u{feff}');
        let mut trimmed = span;
        while trimmed.start < trimmed.end && blank(trimmed.start) {
            trimmed.start += 1;
        }
        while trimmed.end > trimmed.start && blank(trimmed.end - 1) {
            trimmed.end -= 1;
        }
        trimmed
    }

    /// Lines without their ends; empty ones are left out.
    pub(crate) fn lines(&self) -> Vec<Span> {
        let mut lines = Vec::new();
        let mut start = 0;
        for (place, c) in self.plain.iter().enumerate() {
            if matches!(c, '\n' | '\r' | '\u{0b}' | '\u{0c}' | '\u{2028}' | '\u{2029}') {
                lines.push(self.trimmed(Span { start, end: place }));
                start = place + 1;
            }
        }
        lines.push(self.trimmed(Span { start, end: self.len() }));
        lines.retain(|line| line.start < line.end);
        lines
    }

    /// Syllables of a span: runs of letters and digits.
    pub(crate) fn syllables(&self, span: Span) -> Vec<Span> {
        let mut found = Vec::new();
        let mut start = None;
        for place in span.start..=span.end {
            let letter = place < span.end && self.char_at(place).is_some_and(char::is_alphanumeric);
            match (start, letter) {
                (None, true) => start = Some(place),
                (Some(begun), false) => {
                    found.push(Span { start: begun, end: place });
                    start = None;
                }
                _ => {}
            }
        }
        found
    }

    pub(crate) fn is_capital(&self, syllable: Span) -> bool {
        self.char_at(syllable.start).is_some_and(char::is_uppercase)
    }

    /// Whether the folded text at `place` goes on with `words` and then no letter; blanks may be several. Returns the place after it.
    pub(crate) fn words_at(&self, place: usize, words: &str) -> Option<usize> {
        let mut here = place;
        for wanted in words.chars() {
            if wanted == ' ' {
                let before = here;
                while self.char_at(here).is_some_and(char::is_whitespace) {
                    here += 1;
                }
                if here == before {
                    return None;
                }
            } else if self.folded.get(here) == Some(&wanted) {
                here += 1;
            } else {
                return None;
            }
        }
        let ends = words.chars().last().is_none_or(|c| !c.is_alphanumeric()) || !self.char_at(here).is_some_and(char::is_alphanumeric);
        ends.then_some(here)
    }

    /// The first place in the span where `words` stand as whole words: (start, after).
    pub(crate) fn find_words(&self, span: Span, words: &str) -> Option<(usize, usize)> {
        for place in span.start..span.end {
            if self.starts_word(place)
                && let Some(after) = self.words_at(place, words)
                && after <= span.end
            {
                return Some((place, after));
            }
        }
        None
    }

    pub(crate) fn starts_word(&self, place: usize) -> bool {
        place == 0 || !self.char_at(place - 1).is_some_and(char::is_alphanumeric)
    }

    /// The first place at or after `place` that is no blank.
    pub(crate) fn skip_blanks(&self, place: usize) -> usize {
        let mut here = place;
        while self.char_at(here).is_some_and(char::is_whitespace) {
            here += 1;
        }
        here
    }
}
