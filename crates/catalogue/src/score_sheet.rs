//! What a council decides by: how many members there are and have to be present, what stands on a ballot, and what follows from the count.

use serde::Deserialize;

use crate::error::{Problem, reason, unread};
use crate::label::Label;
use crate::load::line_of;

/// The sheet of one type of council under one circular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreSheet {
    /// Its name, e.g. `acceptance-2014`.
    pub name: String,
    /// The type of council, a code of the list `council-types`.
    pub council: String,
    /// For people.
    pub label: Label,
    /// Legal source.
    pub source: String,
    /// What is to be known of it; always there when it is incomplete.
    pub note: Option<Label>,
    /// Whether the circular says more than this file.
    pub incomplete: bool,
    /// Least and most members; none when not known.
    pub members: Option<(u64, u64)>,
    /// Number of reviewers; none when not known.
    pub reviewers: Option<u64>,
    /// Who has to be present; none when not known.
    pub quorum: Option<Quorum>,
    /// What stands on a ballot.
    pub ballot: BallotForm,
}

/// Who has to be present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    /// At least this share of the members.
    pub share: Proportion,
    /// All members with these roles, codes of the list `council-roles`; at least one of each.
    pub roles: Vec<String>,
}

/// What stands on a ballot, and what follows from a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BallotForm {
    /// One choice is marked. The first outcome whose conditions hold is the council's; the last has none.
    Choice {
        /// Choices in the order of the ballot.
        choices: Vec<BallotWord>,
        /// Outcomes in the order in which they are tried.
        outcomes: Vec<Outcome>,
    },
    /// Points are given for each criterion.
    Points {
        /// Criteria in the order of the sheet.
        criteria: Vec<ScoreCriterion>,
        /// When the dossier passes; none when not known.
        rule: Option<PointsRule>,
    },
}

/// A code with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotWord {
    /// What is stored.
    pub code: String,
    /// For people.
    pub label: Label,
}

/// What a council may come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The outcome.
    pub word: BallotWord,
    /// All of these have to hold.
    pub when: Vec<OutcomeCondition>,
}

/// A condition on the count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeCondition {
    /// The choice whose ballots are counted.
    pub choice: String,
    /// What they are held against.
    pub against: Against,
}

/// What the ballots of a choice are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// At least this share.
    AtLeast(Proportion, Whole),
    /// More than this share.
    MoreThan(Proportion, Whole),
    /// There are no such ballots.
    None,
}

/// What a share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// The members present.
    Present,
    /// The ballots returned, invalid ones included.
    Returned,
}

/// A criterion of a score sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreCriterion {
    /// The criterion.
    pub word: BallotWord,
    /// Most points.
    pub cap: u64,
}

/// When a dossier passes by points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointsRule {
    /// Least mean.
    pub pass: u64,
    /// Most zero marks for any one criterion, as a share of the sheets that count.
    pub zeros_at_most: Proportion,
    /// Sheets whose total differs from the mean of all by more than this share of it are void.
    pub deviation_at_most: Proportion,
}

/// A fraction, kept as the law writes it: 2/3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    /// The upper number.
    pub parts: u64,
    /// The lower number, never 0.
    pub of: u64,
}

impl Proportion {
    fn parse(text: &str) -> Option<Proportion> {
        let (parts, of) = text.split_once('/')?;
        let share = Proportion { parts: parts.parse().ok()?, of: of.parse().ok()? };
        // Small numbers, so that products never overflow.
        (share.of > 0 && share.parts <= share.of && share.of <= 1_000).then_some(share)
    }

    /// The least whole number that is at least this share of `whole`.
    pub fn least_of(self, whole: u64) -> u64 {
        (whole.saturating_mul(self.parts)).div_ceil(self.of)
    }

    /// Whether `number` is at least this share of `whole`.
    pub fn is_reached(self, number: u64, whole: u64) -> bool {
        number.saturating_mul(self.of) >= whole.saturating_mul(self.parts)
    }

    /// Whether `number` is more than this share of `whole`.
    pub fn is_exceeded(self, number: u64, whole: u64) -> bool {
        number.saturating_mul(self.of) > whole.saturating_mul(self.parts)
    }
}

impl std::fmt::Display for Proportion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.of == 100 { write!(f, "{} %", self.parts) } else { write!(f, "{}/{}", self.parts, self.of) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SheetFile {
    name: String,
    council: String,
    vi: String,
    en: String,
    source: String,
    #[serde(default)]
    incomplete: bool,
    note_vi: Option<String>,
    note_en: Option<String>,
    members: Option<[u64; 2]>,
    reviewers: Option<u64>,
    quorum: Option<QuorumFile>,
    #[serde(default)]
    choice: Vec<WordFile>,
    #[serde(default)]
    outcome: Vec<OutcomeFile>,
    #[serde(default)]
    criterion: Vec<CriterionFile>,
    points: Option<PointsFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuorumFile {
    share: String,
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordFile {
    code: String,
    vi: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeFile {
    code: String,
    vi: String,
    en: String,
    #[serde(default)]
    when: Vec<WhenFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenFile {
    choice: String,
    is: String,
    share: Option<String>,
    of: Option<Whole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CriterionFile {
    code: String,
    vi: String,
    en: String,
    cap: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointsFile {
    pass: u64,
    zeros_at_most: String,
    deviation_at_most: String,
}

impl ScoreSheet {
    /// Reads a sheet and checks it in itself.
    pub(crate) fn read(path: &str, text: &str) -> Result<ScoreSheet, Vec<Problem>> {
        let problem = |line: usize, reason: Label| vec![Problem { file: path.to_owned(), line, reason }];
        let file: SheetFile = toml::from_str(text)
            .map_err(|error| problem(error.span().map_or(0, |span| line_of(text, span.start)), unread(error.message())))?;
        checked(file).map_err(|reason| problem(0, reason))
    }
}

fn checked(file: SheetFile) -> Result<ScoreSheet, Label> {
    let note = match (file.note_vi, file.note_en) {
        (Some(vi), Some(en)) => Some(Label::new(vi, en)),
        (None, None) => None,
        _ => return Err(reason!("ghi chú cần cả hai ngôn ngữ", "a note needs both languages")),
    };
    if file.incomplete && note.is_none() {
        return Err(reason!("phiếu chưa đủ phải có ghi chú nêu còn thiếu gì", "an incomplete sheet says in a note what is missing"));
    }
    if [&file.vi, &file.en, &file.source].iter().any(|text| text.trim().is_empty()) {
        return Err(reason!("nhãn hoặc nguồn để trống", "a label or source is empty"));
    }
    let members = match file.members {
        Some([least, most]) if least == 0 || least > most => {
            return Err(reason!("members: {least} đến {most} không phải khoảng số", "members: {least} to {most} is no range"));
        }
        Some([least, most]) => Some((least, most)),
        None => None,
    };
    let quorum = match file.quorum {
        Some(quorum) => Some(Quorum { share: share(&quorum.share)?, roles: quorum.roles }),
        None => None,
    };
    let ballot = match (file.choice.is_empty(), file.criterion.is_empty()) {
        (false, true) if file.points.is_none() => choice_form(file.choice, file.outcome)?,
        (true, false) if file.outcome.is_empty() => points_form(file.criterion, file.points)?,
        _ => {
            return Err(reason!(
                "phiếu có hoặc lựa chọn kèm kết luận, hoặc tiêu chí kèm điểm",
                "a sheet has either choices with outcomes or criteria with points"
            ));
        }
    };
    Ok(ScoreSheet {
        name: file.name,
        council: file.council,
        label: Label::new(file.vi, file.en),
        source: file.source,
        note,
        incomplete: file.incomplete,
        members,
        reviewers: file.reviewers,
        quorum,
        ballot,
    })
}

fn choice_form(choices: Vec<WordFile>, outcomes: Vec<OutcomeFile>) -> Result<BallotForm, Label> {
    let choices = choices.into_iter().map(|file| word(file.code, file.vi, file.en)).collect::<Result<Vec<_>, _>>()?;
    distinct(choices.iter())?;
    let count = outcomes.len();
    let mut checked = Vec::with_capacity(count);
    for (at, outcome) in outcomes.into_iter().enumerate() {
        if outcome.when.is_empty() != (at + 1 == count) {
            return Err(reason!(
                "kết luận {}: mọi kết luận trừ cái cuối cần điều kiện, cái cuối không có",
                "outcome {}: every outcome but the last needs conditions, and the last has none",
                outcome.code
            ));
        }
        let mut when = Vec::with_capacity(outcome.when.len());
        for condition in outcome.when {
            if !choices.iter().any(|choice| choice.code == condition.choice) {
                return Err(reason!(
                    "kết luận {}: không có lựa chọn {}",
                    "outcome {}: there is no choice {}",
                    outcome.code,
                    condition.choice
                ));
            }
            let against = match (condition.is.as_str(), condition.share, condition.of) {
                ("none", None, None) => Against::None,
                ("at_least", Some(text), Some(of)) => Against::AtLeast(share(&text)?, of),
                ("more_than", Some(text), Some(of)) => Against::MoreThan(share(&text)?, of),
                _ => {
                    return Err(reason!(
                        "kết luận {}: điều kiện là none, hoặc at_least, more_than một phần của tổng",
                        "outcome {}: a condition is none, or at_least or more_than a share of a whole",
                        outcome.code
                    ));
                }
            };
            when.push(OutcomeCondition { choice: condition.choice, against });
        }
        checked.push(Outcome { word: word(outcome.code, outcome.vi, outcome.en)?, when });
    }
    if checked.is_empty() {
        return Err(reason!("không có kết luận nào", "there is no outcome"));
    }
    distinct(checked.iter().map(|outcome| &outcome.word))?;
    Ok(BallotForm::Choice { choices, outcomes: checked })
}

fn points_form(criteria: Vec<CriterionFile>, points: Option<PointsFile>) -> Result<BallotForm, Label> {
    let mut checked = Vec::with_capacity(criteria.len());
    for file in criteria {
        if file.cap == 0 || file.cap > 100 {
            return Err(reason!("tiêu chí {}: điểm tối đa từ 1 đến 100", "criterion {}: a cap lies between 1 and 100", file.code));
        }
        checked.push(ScoreCriterion { cap: file.cap, word: word(file.code, file.vi, file.en)? });
    }
    distinct(checked.iter().map(|criterion| &criterion.word))?;
    let most: u64 = checked.iter().map(|criterion| criterion.cap).sum();
    let rule = match points {
        Some(file) if file.pass > most => {
            return Err(reason!("không thể đạt {} điểm khi tối đa là {most}", "{} points cannot be reached with {most}", file.pass));
        }
        Some(file) => Some(PointsRule {
            pass: file.pass,
            zeros_at_most: share(&file.zeros_at_most)?,
            deviation_at_most: share(&file.deviation_at_most)?,
        }),
        None => None,
    };
    Ok(BallotForm::Points { criteria: checked, rule })
}

fn word(code: String, vi: String, en: String) -> Result<BallotWord, Label> {
    if [&code, &vi, &en].iter().any(|text| text.trim().is_empty()) {
        return Err(reason!("“{code}”: mã hoặc nhãn để trống", "“{code}”: a code or label is empty"));
    }
    Ok(BallotWord { code, label: Label::new(vi, en) })
}

fn distinct<'a>(words: impl Iterator<Item = &'a BallotWord>) -> Result<(), Label> {
    let mut seen = std::collections::BTreeSet::new();
    for word in words {
        if !seen.insert(word.code.as_str()) {
            return Err(reason!("{} ghi hai lần", "{} stands twice", word.code));
        }
    }
    Ok(())
}

fn share(text: &str) -> Result<Proportion, Label> {
    Proportion::parse(text).ok_or_else(|| reason!("“{text}” không phải tỷ lệ dạng 2/3", "“{text}” is no share like 2/3"))
}
