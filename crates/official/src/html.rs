//! The words of a web page: scripts and styles are never text, blocks end lines.

use scraper::{ElementRef, Html, Node};

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
    let page = Html::parse_document(html);
    let mut text = String::new();
    // An explicit stack: a page may nest its elements deeper than the call stack bears.
    let mut waiting = vec![Step::Enter(page.root_element())];
    while let Some(step) = waiting.pop() {
        match step {
            Step::Text(words) => push_words(&mut text, &words),
            Step::EndLine => end_line(&mut text),
            Step::Enter(element) => {
                let name = element.value().name();
                if SILENT.contains(&name) {
                    continue;
                }
                if name == "br" {
                    end_line(&mut text);
                    continue;
                }
                let block = BLOCKS.contains(&name);
                if block {
                    end_line(&mut text);
                    waiting.push(Step::EndLine);
                }
                if name == "li" {
                    push_words(&mut text, "- ");
                }
                if name == "td" || name == "th" {
                    waiting.push(Step::Text(" ".to_owned()));
                }
                for child in element.children().rev() {
                    match child.value() {
                        Node::Text(words) => waiting.push(Step::Text(words.to_string())),
                        Node::Element(_) => {
                            if let Some(element) = ElementRef::wrap(child) {
                                waiting.push(Step::Enter(element));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    text.trim().to_owned()
}

enum Step<'a> {
    Enter(ElementRef<'a>),
    Text(String),
    EndLine,
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
        let deep = format!("{}chữ{}", "<div>".repeat(2_000), "</div>".repeat(2_000));
        assert!(html_text(&deep).contains("chữ"));
    }
}
