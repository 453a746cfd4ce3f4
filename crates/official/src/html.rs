//! The words of a web page: scripts and styles are never text, blocks end lines. The page is read as a stream of tags, so that depth costs nothing.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

const SILENT: [&str; 9] = ["script", "style", "noscript", "template", "svg", "head", "iframe", "object", "select"];
const BLOCKS: [&str; 26] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "header",
    "footer",
    "blockquote",
    "pre",
    "dd",
    "dt",
    "dl",
    "nav",
    "form",
    "main",
    "aside",
];

/// Takes the text out of tag soup.
pub(crate) fn html_text(html: &str) -> String {
    let tokenizer = Tokenizer::new(Words::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // The sink never asks to stop, so one call takes everything.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().text.trim().to_owned()
}

#[derive(Default)]
struct Words(RefCell<Gathered>);

#[derive(Default)]
struct Gathered {
    text: String,
    /// The silent element that is open, and how many of its name are open inside it.
    silent: Option<(String, usize)>,
}

impl TokenSink for Words {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut gathered = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(words) if gathered.silent.is_none() => push_words(&mut gathered.text, &words),
            Token::TagToken(tag) => return gathered.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Gathered {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        if let Some((silent, depth)) = &mut self.silent {
            // A page that never closes its head has its words in the body all the same.
            if *silent == name && opens && !tag.self_closing {
                *depth += 1;
            } else if *silent == name && !opens {
                *depth -= 1;
            } else if silent == "head" && name == "body" {
                *depth = 0;
            }
            if *depth == 0 {
                self.silent = None;
            }
            return raw(name, opens);
        }
        if opens && SILENT.contains(&name) && !tag.self_closing {
            self.silent = Some((name.to_owned(), 1));
            return raw(name, opens);
        }
        if name == "br" || BLOCKS.contains(&name) {
            end_line(&mut self.text);
        }
        if opens && name == "li" {
            push_words(&mut self.text, "- ");
        }
        if !opens && (name == "td" || name == "th") {
            push_words(&mut self.text, " ");
        }
        TokenSinkResult::Continue
    }
}

/// Inside scripts and styles "<" is no tag.
fn raw(name: &str, opens: bool) -> TokenSinkResult<()> {
    match name {
        "script" if opens => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "iframe" if opens => TokenSinkResult::RawData(RawKind::Rawtext),
        _ => TokenSinkResult::Continue,
    }
}

/// Blanks and line ends inside a paragraph are one blank.
fn push_words(text: &mut String, words: &str) {
    for c in words.chars() {
        if c.is_whitespace() {
            if !text.is_empty() && !text.ends_with([' ', '\n']) {
                text.push(' ');
            }
        } else {
            text.push(c);
        }
    }
}

fn end_line(text: &mut String) {
    while text.ends_with(' ') {
        text.pop();
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_never_become_text_and_blocks_end_lines() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><p>Giao&nbsp;Sở <b>Tài\n chính</b>.</p><script>alert('Giao Sở B')</script><ul><li>một<li>hai</ul>";
        assert_eq!(html_text(html), "Giao Sở Tài chính.\n- một\n- hai");
    }

    #[test]
    fn deep_nesting_does_not_break_it() {
        let deep = format!("{}chữ{}", "<div>".repeat(50_000), "</div>".repeat(50_000));
        assert!(html_text(&deep).contains("chữ"));
    }
}
