//! Whether a council may decide, and what follows from its count, each in words with its numbers.

use std::collections::BTreeMap;

use crate::label::Label;
use crate::score_sheet::{Against, BallotForm, BallotWord, PointsRule, ScoreSheet, Whole};
use crate::urgent_local_task::Criterion;

/// Who belongs to a council and who of them is present.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attendance {
    /// Members with the role as key: how many there are, how many are present.
    pub by_role: BTreeMap<String, (u64, u64)>,
}

impl Attendance {
    /// All members.
    pub fn members(&self) -> u64 {
        self.by_role.values().map(|(all, _)| all).sum()
    }

    /// The members present.
    pub fn present(&self) -> u64 {
        self.by_role.values().map(|(_, present)| present).sum()
    }

    fn of_role(&self, role: &str) -> (u64, u64) {
        self.by_role.get(role).copied().unwrap_or_default()
    }
}

/// A count of ballots with one choice each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChoiceCount {
    /// Members present.
    pub present: u64,
    /// Ballots returned, invalid ones included.
    pub returned: u64,
    /// Valid ballots by choice.
    pub ballots: BTreeMap<String, u64>,
}

/// What is left of score sheets after the count. Means are hundredths of a point, rounded down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PointsCount {
    /// Sheets that count.
    pub sheets: u64,
    /// Sheets void because they lie too far from the mean.
    pub deviating: u64,
    /// Mean of the totals.
    pub mean_hundredths: u64,
    /// For each criterion in the order of the sheet: mean, and sheets with zero.
    pub marks: Vec<(u64, u64)>,
}

/// What follows from a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The outcome; none where the rule is not known.
    pub outcome: Option<BallotWord>,
    /// Why, with the numbers.
    pub why: Label,
}

/// The outcomes of a dossier judged by points.
pub(crate) fn points_outcomes() -> [BallotWord; 2] {
    let word = |code: &str, vi: &str, en: &str| BallotWord { code: code.to_owned(), label: Label::new(vi, en) };
    [
        word("selected", "Đạt điểm tuyển chọn", "Passes by points"),
        word("not_selected", "Không đạt điểm tuyển chọn", "Does not pass by points"),
    ]
}

impl ScoreSheet {
    /// The rules on who belongs to the council, met or not. A province may have its own, so they warn and do not bind.
    pub fn composition(&self, attendance: &Attendance) -> Vec<Criterion> {
        let mut rules = Vec::new();
        if let Some((least, most)) = self.members {
            let members = attendance.members();
            let wanted = if least == most { least.to_string() } else { format!("{least}–{most}") };
            rules.push(self.rule(
                Some((least..=most).contains(&members)),
                format!("Hội đồng có {members} thành viên, quy định {wanted}."),
                format!("The council has {members} members, prescribed are {wanted}."),
            ));
        }
        if let Some(wanted) = self.reviewers {
            let (reviewers, _) = attendance.of_role("reviewer");
            rules.push(self.rule(
                Some(reviewers == wanted),
                format!("Có {reviewers} ủy viên phản biện, quy định {wanted}."),
                format!("There are {reviewers} reviewers, prescribed are {wanted}."),
            ));
        }
        rules
    }

    /// The rules on who has to be present, met or not; without them the council may not decide. `role_label` names a role.
    pub fn quorum(&self, attendance: &Attendance, role_label: &dyn Fn(&str) -> Label) -> Vec<Criterion> {
        let (members, present) = (attendance.members(), attendance.present());
        let mut rules = Vec::new();
        let mut rule = |met: Option<bool>, vi: String, en: String| rules.push(self.rule(met, vi, en));
        let Some(quorum) = &self.quorum else {
            rule(
                None,
                format!("Có mặt {present}/{members} thành viên; số phải có mặt chưa có trong danh mục, thư ký đối chiếu thông tư."),
                format!(
                    "{present}/{members} members are present; the quorum is not known here, the secretary looks it up in the circular."
                ),
            );
            return rules;
        };
        let least = quorum.share.least_of(members);
        let enough = members > 0 && present >= least;
        rule(
            Some(enough),
            format!(
                "Có mặt {present}/{members} thành viên, tối thiểu {least} ({}): {}.",
                quorum.share,
                if enough { "đủ" } else { "chưa đủ" }
            ),
            format!(
                "{present}/{members} members are present, at least {least} ({}) are needed: {}.",
                quorum.share,
                if enough { "enough" } else { "not enough" }
            ),
        );
        for role in &quorum.roles {
            let (all, there) = attendance.of_role(role);
            let label = role_label(role);
            rule(
                Some(all > 0 && there == all),
                if all == 0 {
                    format!("{}: hội đồng chưa có.", label.vi)
                } else {
                    format!("{}: có mặt {there}/{all}.", label.vi)
                },
                if all == 0 { format!("{}: the council has none.", label.en) } else { format!("{}: {there}/{all} present.", label.en) },
            );
        }
        rules
    }

    fn rule(&self, met: Option<bool>, vi: String, en: String) -> Criterion {
        Criterion { met, why: Label::new(vi, en), source: self.source.clone() }
    }

    /// What a count of choices comes to; none for a sheet with points.
    pub fn decide_choices(&self, count: &ChoiceCount) -> Option<Decided> {
        let BallotForm::Choice { choices, outcomes } = &self.ballot else { return None };
        let name = |code: &str| choices.iter().find(|choice| choice.code == code).map(|choice| choice.label.clone()).unwrap_or_default();
        let (mut vi, mut en) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            let mut holds = true;
            for condition in &outcome.when {
                let ballots = count.ballots.get(&condition.choice).copied().unwrap_or(0);
                let label = name(&condition.choice);
                let (met, rule_vi, rule_en) = match condition.against {
                    Against::None => (ballots == 0, "phải không có phiếu nào".to_owned(), "there must be none".to_owned()),
                    Against::AtLeast(share, whole) => {
                        let (number, whole_vi, whole_en) = whole_of(whole, count);
                        (
                            number > 0 && share.is_reached(ballots, number),
                            format!("cần ít nhất {share} của {number} {whole_vi}"),
                            format!("at least {share} of {number} {whole_en} are needed"),
                        )
                    }
                    Against::MoreThan(share, whole) => {
                        let (number, whole_vi, whole_en) = whole_of(whole, count);
                        (
                            share.is_exceeded(ballots, number),
                            format!("cần trên {share} của {number} {whole_vi}"),
                            format!("more than {share} of {number} {whole_en} are needed"),
                        )
                    }
                };
                vi.push(format!("“{}”: {ballots} phiếu, để xếp “{}” {rule_vi}: {}", label.vi, outcome.word.label.vi, held(met).0));
                en.push(format!("“{}”: {ballots} ballots, for “{}” {rule_en}: {}", label.en, outcome.word.label.en, held(met).1));
                holds &= met;
            }
            if holds {
                vi.push(format!("Kết quả: {}", outcome.word.label.vi));
                en.push(format!("Outcome: {}", outcome.word.label.en));
                return Some(Decided { outcome: Some(outcome.word.clone()), why: Label::new(vi.join(". ") + ".", en.join(". ") + ".") });
            }
        }
        None
    }

    /// Adds score sheets up: marks in the order of the criteria. Sheets too far from the mean of all are left out. None for a sheet with choices.
    pub fn count_points(&self, sheets: &[Vec<u64>]) -> Option<PointsCount> {
        let BallotForm::Points { criteria, rule } = &self.ballot else { return None };
        let total = |sheet: &[u64]| sheet.iter().sum::<u64>();
        let sum: u64 = sheets.iter().map(|sheet| total(sheet)).sum();
        let number = sheets.len() as u64;
        // |t − S/n| > share · S/n, multiplied by n.
        let deviates = |sheet: &[u64]| {
            rule.is_some_and(|rule| rule.deviation_at_most.is_exceeded(total(sheet).saturating_mul(number).abs_diff(sum), sum))
        };
        let counted: Vec<&Vec<u64>> = sheets.iter().filter(|sheet| !deviates(sheet)).collect();
        let kept = counted.len() as u64;
        let mean = |sum: u64| (sum * 100).checked_div(kept).unwrap_or(0);
        let marks = (0..criteria.len()).map(|at| {
            let given = || counted.iter().filter_map(move |sheet| sheet.get(at));
            (mean(given().sum()), given().filter(|mark| **mark == 0).count() as u64)
        });
        Some(PointsCount {
            sheets: kept,
            deviating: number - kept,
            mean_hundredths: mean(counted.iter().map(|sheet| total(sheet)).sum()),
            marks: marks.collect(),
        })
    }

    /// What a count of points comes to; none for a sheet with choices.
    pub fn decide_points(&self, count: &PointsCount) -> Option<Decided> {
        let BallotForm::Points { criteria, rule } = &self.ballot else { return None };
        let (vi_mean, en_mean) = (points(count.mean_hundredths, ','), points(count.mean_hundredths, '.'));
        let (sheets, deviating) = (count.sheets, count.deviating);
        let Some(PointsRule { pass, zeros_at_most, deviation_at_most }) = rule else {
            let vi = format!("Điểm trung bình {vi_mean} trên {sheets} phiếu. Điểm đạt chưa có trong danh mục nên hệ thống không kết luận.");
            let en = format!("The mean of {sheets} sheets is {en_mean}. The pass mark is not known here, so nothing is concluded.");
            return Some(Decided { outcome: None, why: Label::new(vi, en) });
        };
        let mut passes = sheets > 0 && count.mean_hundredths >= pass * 100;
        let mut vi = format!(
            "Loại {deviating} phiếu lệch quá {deviation_at_most} so với trung bình. Điểm trung bình {vi_mean} trên {sheets} phiếu, cần từ {pass}: {}.",
            held(passes).0
        );
        let mut en = format!(
            "{deviating} sheets are void for differing from the mean by more than {deviation_at_most}. The mean of {sheets} sheets is {en_mean}, at least {pass} are needed: {}.",
            held(passes).1
        );
        for (criterion, (_, zeros)) in criteria.iter().zip(&count.marks) {
            if zeros_at_most.is_exceeded(*zeros, sheets) {
                passes = false;
                vi.push_str(&format!(" “{}”: {zeros} phiếu cho điểm 0, quá {zeros_at_most} số phiếu.", criterion.word.label.vi));
                en.push_str(&format!(" “{}”: {zeros} sheets with zero, more than {zeros_at_most}.", criterion.word.label.en));
            }
        }
        let [selected, not_selected] = points_outcomes();
        Some(Decided { outcome: Some(if passes { selected } else { not_selected }), why: Label::new(vi, en) })
    }
}

/// Hundredths of a point as people write them.
fn points(hundredths: u64, mark: char) -> String {
    format!("{}{mark}{:02}", hundredths / 100, hundredths % 100)
}

fn held(met: bool) -> (&'static str, &'static str) {
    if met { ("đạt", "met") } else { ("không đạt", "not met") }
}

fn whole_of(whole: Whole, count: &ChoiceCount) -> (u64, &'static str, &'static str) {
    match whole {
        Whole::Present => (count.present, "thành viên có mặt", "members present"),
        Whole::Returned => (count.returned, "phiếu thu về", "ballots returned"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::load::Catalogue;

    fn attendance(roles: &[(&str, u64, u64)]) -> Attendance {
        Attendance { by_role: roles.iter().map(|(role, all, present)| ((*role).to_owned(), (*all, *present))).collect() }
    }

    fn unmet(sheet: &str, roles: &[(&str, u64, u64)]) -> Vec<String> {
        let catalogue = Catalogue::builtin().unwrap();
        let label = |role: &str| catalogue.list("council-roles").and_then(|list| list.label(role)).cloned().unwrap_or_default();
        let (sheet, attendance) = (catalogue.score_sheet(sheet).unwrap(), attendance(roles));
        let mut rules = sheet.composition(&attendance);
        rules.extend(sheet.quorum(&attendance, &label));
        rules.into_iter().filter(|rule| rule.met == Some(false)).map(|rule| rule.why.vi).collect()
    }

    #[test]
    fn two_thirds_with_chair_reviewers_and_secretary_may_decide() {
        let met = [("chair", 1, 1), ("reviewer", 2, 2), ("secretary", 1, 1), ("member", 5, 2)];
        assert_eq!(unmet("acceptance-2014", &met), Vec::<String>::new());
        let five = [("chair", 1, 1), ("reviewer", 2, 2), ("secretary", 1, 1), ("member", 5, 1)];
        assert_eq!(unmet("acceptance-2014", &five), ["Có mặt 5/9 thành viên, tối thiểu 6 (2/3): chưa đủ."]);
        let without_reviewer = [("chair", 1, 1), ("reviewer", 2, 1), ("secretary", 1, 1), ("member", 5, 5)];
        assert_eq!(unmet("acceptance-2014", &without_reviewer), ["Ủy viên phản biện: có mặt 1/2."]);
        assert_eq!(unmet("acceptance-2014", &[]).len(), 6);
    }

    fn decided(sheet: &str, present: u64, returned: u64, ballots: &[(&str, u64)]) -> String {
        let ballots = ballots.iter().map(|(choice, number)| ((*choice).to_owned(), *number)).collect();
        let catalogue = Catalogue::builtin().unwrap();
        catalogue.score_sheet(sheet).unwrap().decide_choices(&ChoiceCount { present, returned, ballots }).unwrap().outcome.unwrap().code
    }

    #[test]
    fn a_grade_follows_from_the_members_present() {
        assert_eq!(decided("acceptance-2014", 8, 8, &[("excellent", 6), ("passed", 2)]), "excellent");
        assert_eq!(
            decided("acceptance-2014", 8, 8, &[("excellent", 7), ("failed", 1)]),
            "passed",
            "one “Không đạt” and it is not excellent"
        );
        assert_eq!(decided("acceptance-2014", 9, 9, &[("passed", 6), ("failed", 3)]), "passed", "exactly a third is not more than a third");
        assert_eq!(decided("acceptance-2014", 9, 9, &[("passed", 5), ("failed", 4)]), "failed");
        assert_eq!(decided("acceptance-2014", 9, 7, &[("excellent", 6)]), "passed", "absent ballots count against it");
    }

    #[test]
    fn a_task_is_advised_by_more_than_three_quarters() {
        assert_eq!(decided("identification-2023", 8, 8, &[("meets", 6), ("not_meets", 2)]), "do_not", "three quarters are not more");
        assert_eq!(decided("identification-2023", 8, 8, &[("meets", 7), ("not_meets", 1)]), "do");
        assert_eq!(decided("identification-2023", 8, 8, &[("meets", 6)]), "do_not", "two invalid ballots");
    }

    #[test]
    fn sheets_far_from_the_mean_do_not_count() {
        let catalogue = Catalogue::builtin().unwrap();
        let sheet = catalogue.score_sheet("selection-2023").unwrap();
        // Mean of all: 67, so 13,4 off is allowed: 80 counts, 83 and 20 do not.
        let count = sheet.count_points(&[vec![80], vec![80], vec![72], vec![83], vec![20]]).unwrap();
        assert_eq!((count.sheets, count.deviating, count.mean_hundredths), (3, 2, 7_733));
        assert_eq!(sheet.decide_points(&count).unwrap().outcome.unwrap().code, "selected");
        let low = sheet.count_points(&[vec![70], vec![69]]).unwrap();
        assert_eq!(sheet.decide_points(&low).unwrap().outcome.unwrap().code, "not_selected");
        let none = sheet.count_points(&[]).unwrap();
        assert_eq!(sheet.decide_points(&none).unwrap().outcome.unwrap().code, "not_selected");
    }

    #[test]
    fn a_sheet_whose_pass_mark_is_not_known_concludes_nothing() {
        let catalogue = Catalogue::builtin().unwrap();
        let sheet = catalogue.score_sheet("selection-2022").unwrap();
        let count = sheet.count_points(&[vec![15, 50, 35], vec![0, 40, 30]]).unwrap();
        assert_eq!((count.mean_hundredths, count.marks.first().copied()), (8_500, Some((750, 1))));
        assert_eq!(sheet.decide_points(&count).unwrap().outcome, None);
    }

    #[test]
    fn a_broken_sheet_is_refused_with_the_reason() {
        let good = include_str!("../../../catalogue/scores/acceptance-2014.toml");
        for (from, to, reason) in [
            ("share = \"2/3\"", "share = \"3/2\"", "no share"),
            ("choice = \"failed\", is = \"none\"", "choice = \"other\", is = \"none\"", "no choice other"),
            ("is = \"none\"", "is = \"some\"", "a condition is"),
            ("code = \"passed\"", "code = \"failed\"", "stands twice"),
            ("note_en", "note_fr", "unknown field"),
            ("members = [9, 9]", "members = [9, 8]", "no range"),
        ] {
            let problems = ScoreSheet::read("scores/x.toml", &good.replace(from, to)).unwrap_err();
            assert!(problems.iter().any(|problem| problem.reason.en.contains(reason)), "{from}: {problems:?}");
        }
    }
}
