//! Which old encoding a text is in. The text is read by every table and as it stands; the reading whose words are legal Vietnamese syllables wins, and what
//! reads well as it stands is left alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{LegacyEncoding, is_syllable};
use crate::letters::nfc;

/// Text that stood in an old encoding, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyText {
    /// The text in Unicode, NFC.
    pub text: String,
    /// The encoding it stood in.
    pub encoding: LegacyEncoding,
}

/// Characters of a long text that are looked at.
const SAMPLE: usize = 20_000;
/// Syllables with marks that are frequent in official and scientific Vietnamese; they decide between tables that both give legal syllables.
const COMMON: &str = "và của các có là cho được với về từ đến những một này đã để khi không tại theo nghiên cứu ứng dụng công nghệ xây dựng khoa học \
    kỹ thuật sản xuất chế biến phát triển đánh giá giải pháp quản lý hiệu quả nâng cao mô hình đề tài nhiệm vụ dự án tỉnh huyện xã thành phố sở bộ \
    phòng trường đại viện trung tâm hội đồng kinh tế xã nông nghiệp cây giống trồng chăn nuôi thủy nước đất rừng bảo vệ tồn môi chất lượng hệ thống \
    thông tin điều tra khảo sát thực trạng hoàn thiện quy trình năm tháng ngày số quyết định nghị thị đơn vị tổ chức cá nhân người nguồn vốn tiền đồng \
    việc làm trên dưới bằng hai bốn sáu bảy tám chín mười Việt Nam đắk lắk lâm hà nội đà nẵng bình định";
/// Words with marks from which on a few that are no syllables (names, foreign words) do not count against a reading.
const MANY_WORDS: usize = 10;

/// Reads a text of one encoding; none when it reads well as it stands, or no table makes sense of it.
pub fn decode_text(text: &str) -> Option<LegacyText> {
    let end = text.char_indices().nth(SAMPLE).map_or(text.len(), |(at, _)| at);
    let encoding = best(text.get(..end).unwrap_or(text))?;
    Some(LegacyText { text: encoding.decode(text), encoding })
}

/// Reads the cells of one column. A cell too short to tell follows the others, unless some of them are Unicode; each cell that tells decides for itself, so
/// that a column of mixed origin comes out right.
pub fn decode_column(cells: &[&str]) -> Vec<Option<LegacyText>> {
    let mut read: Vec<Option<LegacyText>> = Vec::with_capacity(cells.len());
    let mut votes: BTreeMap<LegacyEncoding, usize> = BTreeMap::new();
    let mut unicode = false;
    for cell in cells {
        let found = decode_text(cell);
        match &found {
            Some(text) => *votes.entry(text.encoding).or_default() += 1,
            None => unicode = unicode || is_surely_unicode(cell),
        }
        read.push(found);
    }
    // Of equal votes the encoding met more often.
    let Some((leading, _)) = votes.iter().max_by_key(|(encoding, count)| (**count, std::cmp::Reverse(**encoding))) else { return read };
    for (cell, read) in cells.iter().zip(&mut read) {
        if cell.is_ascii() || is_surely_unicode(cell) {
            continue;
        }
        let Some(text) = leading.decode_whole(cell) else { continue };
        let undecided = match read {
            // Two tables may both read a short cell; the column knows better.
            Some(other) => other.encoding != *leading && best_is_tied(cell, *leading),
            None => !unicode,
        };
        if undecided {
            *read = Some(LegacyText { text, encoding: *leading });
        }
    }
    read
}

/// Whether a text has words with marks, and all of them are legal syllables.
pub(super) fn is_vietnamese(text: &str) -> bool {
    let weight = weigh(text);
    weight.marked > 0 && weight.illegal() == 0
}

/// Whether the column's encoding reads a cell as well as the one found for it alone.
fn best_is_tied(cell: &str, leading: LegacyEncoding) -> bool {
    let weight = weigh(&leading.decode(cell));
    best(cell)
        .map(|encoding| weigh(&encoding.decode(cell)))
        .is_some_and(|alone| weight.marked >= alone.marked && weight.legal >= alone.legal)
}

/// Letters that only Unicode has: no old encoding puts them into a file.
fn is_surely_unicode(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{1ea0}'..='\u{1ef9}' | 'ă' | 'Ă' | 'đ' | 'Đ' | 'ĩ' | 'Ĩ' | 'ũ' | 'Ũ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{300}'..='\u{323}'))
}

fn best(text: &str) -> Option<LegacyEncoding> {
    if text.is_ascii() {
        return reads_as_viqr(text).then_some(LegacyEncoding::Viqr);
    }
    if is_surely_unicode(text) {
        return None;
    }
    let as_it_stands = weigh(text);
    if as_it_stands.illegal() == 0 || as_it_stands.legal * 10 >= as_it_stands.marked * 9 {
        return None;
    }
    let mut found: Option<(LegacyEncoding, Weight)> = None;
    for encoding in LegacyEncoding::ALL {
        if encoding == LegacyEncoding::Viqr {
            continue;
        }
        let decoded = encoding.decode(text);
        let weight = weigh(&decoded);
        let good = if weight.marked >= MANY_WORDS { weight.legal * 10 >= weight.marked * 8 } else { weight.illegal() == 0 };
        let enough = tells_enough(text, &decoded);
        let better = found.as_ref().is_none_or(|(_, best)| weight.is_better_than(best));
        if good && enough && better {
            found = Some((encoding, weight));
        }
    }
    found.map(|(encoding, _)| encoding)
}

/// Whether the words that a table changed tell of it: "5 µm" would be "5 àm", and one rare word of two letters tells nothing.
fn tells_enough(text: &str, decoded: &str) -> bool {
    let before: BTreeSet<&str> = words_of(text).collect();
    let changed: Vec<&str> = words_of(decoded).filter(|word| !word.is_ascii() && !before.contains(word)).collect();
    changed.len() >= 2 || changed.iter().any(|word| word.chars().count() >= 3 || is_common(word))
}

/// VIQR is ASCII, so it takes more to tell it from a text with punctuation.
fn reads_as_viqr(text: &str) -> bool {
    let mut marks = 0;
    let mut before = ' ';
    for sign in text.chars() {
        if matches!(sign, '^' | '(' | '+' | '~' | '`' | '\'' | '?') && before.is_ascii_alphabetic() {
            marks += 1;
        }
        before = sign;
    }
    if marks < 3 {
        return false;
    }
    let weight = weigh(&LegacyEncoding::Viqr.decode(text));
    weight.marked >= 3 && weight.illegal() == 0 && weight.marked * 3 >= weight.words
}

/// How much of a text is Vietnamese.
#[derive(Debug, Default, PartialEq, Eq)]
struct Weight {
    words: usize,
    /// Words with something beyond ASCII.
    marked: usize,
    /// Of these, legal syllables.
    legal: usize,
    /// Of these, syllables that hardly any text lacks.
    common: usize,
}

impl Weight {
    /// By the share of legal syllables, then by how common they are.
    fn is_better_than(&self, other: &Weight) -> bool {
        let (one, two) = (self.legal * other.marked, other.legal * self.marked);
        one > two || one == two && self.common > other.common
    }

    fn illegal(&self) -> usize {
        self.marked - self.legal
    }
}

fn weigh(text: &str) -> Weight {
    let mut weight = Weight::default();
    for word in words_of(text) {
        weight.words += 1;
        // µm, µg: units that stand in good text.
        let unit = word.strip_prefix('µ').is_some_and(str::is_ascii);
        if unit || word.is_ascii() {
            continue;
        }
        weight.marked += 1;
        if word.chars().all(char::is_alphabetic) && is_of_one_case(word) && is_syllable(word) {
            weight.legal += 1;
            weight.common += usize::from(is_common(word));
        }
    }
    weight
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_part_of_a_word(c)).map(|word| word.trim_matches(stands_beside_words)).filter(|word| !word.is_empty())
}

fn is_common(word: &str) -> bool {
    let word = word.to_lowercase();
    COMMON.split_ascii_whitespace().any(|common| common == nfc(&word))
}

/// Signs that stand beside words in good text too: quotes, dashes, units, fractions.
fn stands_beside_words(c: char) -> bool {
    matches!(
        c,
        '“' | '”'
            | '‘'
            | '’'
            | '«'
            | '»'
            | '–'
            | '—'
            | '…'
            | '•'
            | '·'
            | '°'
            | '²'
            | '³'
            | '¹'
            | '±'
            | '×'
            | '÷'
            | '½'
            | '¼'
            | '¾'
            | '§'
            | '©'
            | '®'
            | '™'
            | '€'
            | '£'
            | '¥'
    )
}

/// Small, capital, or with a capital first: a capital within small letters comes from the wrong table.
fn is_of_one_case(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next();
    let rest = letters.as_str();
    rest.chars().all(|c| !c.is_uppercase()) || word.chars().all(|c| !c.is_lowercase())
}

/// In an old encoding the signs between 80 and FF are letters too.
fn is_part_of_a_word(c: char) -> bool {
    c.is_alphabetic()
        || ('\u{80}'..='\u{ff}').contains(&c) && c != '\u{a0}'
        || matches!(c, '‚' | 'ƒ' | '„' | '†' | '‡' | 'ˆ' | '‰' | '‹' | '˜' | '™' | '›')
}
