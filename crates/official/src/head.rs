//! The head of a document: kind, number, dates, place, chairs, attendees; and the mark of secrecy that stops everything.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde::Serialize;

use crate::citation::Citation;
use crate::error::ReadError;
use crate::view::{Span, View};

/// Who chaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chair {
    /// Name.
    pub name: String,
    /// Position as written.
    pub position: Option<String>,
}

/// The head.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Code: `conclusion_notice`, `decision`, `plan`, `letter`, `other` …
    pub kind: String,
    /// Title as written.
    pub title: Option<String>,
    /// Number, when the document has one of its own.
    pub number: Option<String>,
    /// The day of the meeting.
    pub event_date: Option<String>,
    /// The day of issue.
    pub issued_date: Option<String>,
    /// The day it was put on a page.
    pub published_date: Option<String>,
    /// The place of the meeting.
    pub place: Option<String>,
    /// Who chaired.
    pub chairs: Vec<Chair>,
    /// Who attended, as written.
    pub attendees: Option<String>,
}

impl Head {
    /// The day that years left out are of: the issue, else the meeting, else the page.
    pub(crate) fn day(&self) -> Option<Date> {
        [&self.issued_date, &self.event_date, &self.published_date].into_iter().flatten().find_map(|text| text.parse().ok())
    }
}

#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:ngày\s+)?(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})|ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})")
        .expect("constant pattern")
});
#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[Tt]ại\s+((?:[Tt]rụ sở|[Hh]ội trường|[Pp]hòng họp)[^,;.]{2,80}|(?:thành phố|tỉnh|thị xã|huyện|TP\.?)\s+\p{Lu}[\p{L}]*(?:\s+\p{Lu}[\p{L}]*)*)").expect("constant pattern")
});
#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static CHAIR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:[Đđ]ồng chí|[ÔôBb][nà][gà]?|[Đđ]/c)\s+(\p{Lu}\p{L}*(?:\s+\p{Lu}\p{L}*){1,4})\s*(?:[,–-]\s*([^,;.]*?))?(?:\s+và\s+(?:[Đđ]ồng chí|[Đđ]/c)|\s+(?:đồng\s+)?chủ trì|[,;.]|$)").expect("constant pattern")
});

/// Refuses a document that carries a mark of secrecy (Law 117/2025/QH15): the mark alone on a line, or after "Độ mật".
pub(crate) fn check_secrecy(view: &View, lines: &[Span]) -> Result<(), ReadError> {
    for line in lines {
        if line.end - line.start > 60 {
            continue;
        }
        let words = view.plain_text(*line);
        let bare: String = words.chars().filter(|c| c.is_alphabetic() || c.is_whitespace()).collect();
        let bare = bare.split_whitespace().collect::<Vec<_>>().join(" ");
        let folded = viet::fold(&bare);
        let marked = matches!(folded.strip_prefix("do mat ").unwrap_or(&folded), "mat" | "toi mat" | "tuyet mat");
        let capital = bare.to_uppercase() == bare || folded.starts_with("do mat");
        if marked && capital {
            return Err(ReadError::Classified(bare));
        }
        for mark in ["TUYỆT MẬT", "TỐI MẬT"] {
            if bare.split("  ").any(|part| part.contains(mark)) && bare.chars().filter(|c| c.is_lowercase()).count() <= 6 {
                return Err(ReadError::Classified(mark.to_owned()));
            }
        }
    }
    Ok(())
}

/// Reads the head out of the lines before the first item.
pub(crate) fn head_of(view: &View, lines: &[Span], citations: &[Citation]) -> Head {
    let mut head = Head { kind: "other".to_owned(), ..Head::default() };
    let top: Vec<(Span, String, String)> =
        lines.iter().take(40).map(|line| (*line, view.plain_text(*line), view.folded_text(*line))).collect();
    for (at, (line, words, folded)) in top.iter().enumerate() {
        let own_number = folded.starts_with("so:") || folded.starts_with("so ") && folded.contains('/');
        if own_number && head.number.is_none() {
            let inside = citations
                .iter()
                .find(|citation| citation.number_start >= view.byte(line.start) && citation.number_end <= view.byte(line.end));
            head.number = inside.map(|citation| citation.number.clone());
        }
        if head.title.is_none()
            && !folded.starts_with("so:")
            && (folded.starts_with("ket luan")
                || folded.starts_with("thong bao")
                || folded.contains("ket luan cua")
                || folded.contains("thong bao ket luan"))
            && line.end - line.start < 600
            && !folded.contains("nhu sau")
        {
            let mut title = words.clone();
            // A title in capitals goes on in the next line.
            if let Some((next, words, folded)) = top.get(at + 1)
                && title.chars().count() < 40
                && next.end - next.start < 300
                && !folded.starts_with("ngay ")
                && !folded.starts_with('(')
                && !words.ends_with('.')
            {
                title = format!("{title} {words}");
            }
            head.title = Some(title);
            head.kind = "conclusion_notice".to_owned();
        }
        if let Some(day) = only_date(words) {
            head.published_date.get_or_insert(day);
        } else if folded.contains(", ngay ") && line.end - line.start < 80 && head.issued_date.is_none() && !folded.starts_with("thu ") {
            head.issued_date = first_date(words);
        }
        if (folded.starts_with("ngay ") || folded.contains("hoi nghi") || folded.contains("cuoc hop"))
            && line.end - line.start > 60
            && head.event_date.is_none()
        {
            let begin: String = words.chars().take(120).collect();
            if folded.starts_with("ngay ")
                || folded.starts_with("sang ngay")
                || folded.starts_with("chieu ngay")
                || folded.contains("to chuc")
                || folded.contains("chu tri")
            {
                head.event_date = first_date(&begin);
                head.place = PLACE.captures(words).and_then(|found| found.get(1)).map(|place| place.as_str().to_owned());
            }
        }
        if folded.contains("chu tri") && head.chairs.is_empty() {
            for found in CHAIR.captures_iter(words) {
                let part = |at: usize| found.get(at).map(|part| part.as_str().trim().to_owned()).filter(|part| !part.is_empty());
                if let Some(name) = part(1) {
                    head.chairs.push(Chair { name, position: part(2) });
                }
            }
            head.chairs.extend(second_chair(words, &head.chairs));
        }
        if head.attendees.is_none() {
            let opens = ["tham du", "cung tham du", "cung du", "du hop co", "du hoi nghi co", "thanh phan"];
            let sentence = words.split(". ").find(|sentence| opens.iter().any(|open| viet::fold(sentence.trim_start()).starts_with(open)));
            head.attendees = sentence.map(|sentence| sentence.trim().trim_end_matches('.').to_owned());
        }
    }
    if head.title.is_none() {
        head.title = top
            .iter()
            .map(|(_, words, _)| words.clone())
            .find(|words| (12..400).contains(&words.chars().count()) && !words.starts_with("CỘNG H") && !words.starts_with("Độc lập"));
    }
    if let (Some(number), "other") = (&head.number, head.kind.as_str()) {
        head.kind = kind_of(number).to_owned();
    }
    head
}

/// "… và đồng chí B, Phó Chủ tịch … chủ trì": the pattern for the first chair has eaten the word before the second.
fn second_chair(words: &str, first: &[Chair]) -> Vec<Chair> {
    let mut more = Vec::new();
    for part in words.split(" và ").skip(1) {
        if let Some(found) = CHAIR.captures(part)
            && let Some(name) = found.get(1).map(|name| name.as_str().to_owned())
            && !first.iter().any(|chair| chair.name == name)
        {
            let position = found.get(2).map(|position| position.as_str().trim().to_owned()).filter(|position| !position.is_empty());
            more.push(Chair { name, position });
        }
    }
    more
}

fn first_date(words: &str) -> Option<String> {
    let found = DATE.captures(words)?;
    date_of(&found)
}

/// A line that is a date and nothing more, as portals print it under a title.
fn only_date(words: &str) -> Option<String> {
    let found = DATE.captures(words)?;
    (found.get(0)?.as_str().trim() == words.trim()).then(|| date_of(&found)).flatten()
}

fn date_of(found: &regex::Captures<'_>) -> Option<String> {
    let part = |at: usize| found.get(at).and_then(|part| part.as_str().parse::<u32>().ok());
    let (day, month, year) = (part(1).or(part(4))?, part(2).or(part(5))?, part(3).or(part(6))?);
    viet::PartialDate::from_day(i64::from(year), month, day).ok().map(|date| date.to_iso())
}

fn kind_of(number: &str) -> &'static str {
    let symbols: Vec<&str> = number.split(['/', '-']).collect();
    let has = |symbol: &str| symbols.contains(&symbol);
    match () {
        () if has("TB") => "conclusion_notice",
        () if has("NQ") => "resolution",
        () if has("QĐ") => "decision",
        () if has("CT") => "directive",
        () if has("KH") => "plan",
        () if has("CTr") => "programme",
        () if has("BC") => "report",
        () if has("NĐ") => "decree",
        () if has("TT") => "circular",
        () => "letter",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> bool {
        let view = View::of(text);
        check_secrecy(&view, &view.lines()).is_err()
    }

    #[test]
    fn marks_of_secrecy_stop_and_ordinary_words_do_not() {
        for text in ["MẬT\nKết luận", "UBND TỈNH X\nTỐI MẬT\n1. Giao", "Độ mật: Mật", "  [ TUYỆT MẬT ]", "Nơi nhận\nMẬT"]
        {
            assert!(secret(text), "{text}");
        }
        for text in ["Bảo đảm bí mật nhà nước.", "Phát triển nghề nuôi ong lấy mật\nmật ong", "Mật độ dân số"]
        {
            assert!(!secret(text), "{text}");
        }
    }

    #[test]
    fn the_head_of_a_notice_is_read() {
        let text = "UBND TỈNH LÂM ĐỒNG\nSố: 123/TB-UBND\nLâm Đồng, ngày 28 tháng 6 năm 2025\nTHÔNG BÁO\nKết luận của đồng chí Chủ tịch UBND tỉnh tại cuộc họp về chuyển đổi số\nNgày 25/6/2025, tại thành phố Đà Lạt, đồng chí Nguyễn Văn An, Chủ tịch UBND tỉnh chủ trì cuộc họp. Sau khi nghe báo cáo, kết luận như sau:";
        let view = View::of(text);
        let lines = view.lines();
        let head = head_of(&view, &lines, &crate::citation::citations(&view, &crate::gazetteer::Gazetteer::default()));
        assert_eq!(head.number.as_deref(), Some("123/TB-UBND"));
        assert_eq!(head.issued_date.as_deref(), Some("2025-06-28"));
        assert_eq!(head.event_date.as_deref(), Some("2025-06-25"));
        assert_eq!(head.place.as_deref(), Some("thành phố Đà Lạt"));
        assert_eq!(head.chairs, [Chair { name: "Nguyễn Văn An".into(), position: Some("Chủ tịch UBND tỉnh".into()) }]);
        assert_eq!(head.kind, "conclusion_notice");
    }
}
