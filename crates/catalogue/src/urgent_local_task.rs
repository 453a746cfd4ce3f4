//! What makes a task an urgent local task (nhiệm vụ KH&CN cấp thiết địa phương): the form in which provinces of a region bring a common problem before the
//! Ministry and share its cost.

use crate::label::Label;

/// Most months such a task may take, extension included.
const MOST_MONTHS: u32 = 36;
/// Least share of the cost from the provincial budget, in percent.
const LEAST_PERCENT: i128 = 10;

/// What is known of a task; none where nothing has been said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UrgentLocalTask {
    /// Whether the results matter to the economy and society of other provinces of the region too.
    pub matters_to_region: Option<bool>,
    /// Whether it needs the resources of the country, or helps solve an inter-provincial or inter-sectoral problem beyond what the province can do.
    pub beyond_province: Option<bool>,
    /// Whether there is a place of application and the leaders of the province have committed to use the results.
    pub application_committed: Option<bool>,
    /// Months planned.
    pub months: Option<u32>,
    /// Months of extension, granted or asked for.
    pub extension_months: u32,
    /// Whether a look-up in the national database found a past or running state-funded task with the same content; none when nobody has looked.
    pub duplicate_found: Option<bool>,
    /// Whole cost, đồng.
    pub cost: Option<i64>,
    /// Part committed from the provincial budget, đồng.
    pub provincial_share: Option<i64>,
}

/// One criterion and how the task stands to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Whether it is met; none when what was given is not enough to say.
    pub met: Option<bool>,
    /// Why, and what to do when it is not met or not known.
    pub why: Label,
    /// Point, clause, article and act.
    pub source: String,
}

/// The six general criteria of Circular 17/2015/TT-BKHCN, Art. 2.1, in the order of the law.
///
/// Whether words like "urgent" are true is for the council; here stands only what can be seen from the data of the proposal.
pub fn urgent_local_task(task: &UrgentLocalTask) -> Vec<Criterion> {
    let months = task.months.map(|planned| planned.saturating_add(task.extension_months));
    vec![
        criterion(
            "a",
            task.matters_to_region,
            Label::new(
                "Kết quả có ảnh hưởng đến phát triển kinh tế - xã hội của các địa phương trong vùng.",
                "The results matter to the provinces of the region.",
            ),
            Label::new(
                "Mới phục vụ riêng một tỉnh. Nêu rõ ảnh hưởng đến các địa phương trong vùng.",
                "It serves one province alone. Say what it means to the other provinces of the region.",
            ),
            Label::new("Chưa nêu ảnh hưởng đến các địa phương trong vùng.", "Nothing is said about the other provinces of the region."),
        ),
        criterion(
            "b",
            task.beyond_province,
            Label::new(
                "Vấn đề có tính liên vùng, liên ngành hoặc cần nguồn lực quốc gia, vượt quá khả năng tự giải quyết của địa phương.",
                "The problem is inter-regional or inter-sectoral, or needs national resources, beyond what the province can do.",
            ),
            Label::new(
                "Địa phương tự giải quyết được. Cân nhắc thực hiện bằng nhiệm vụ cấp tỉnh.",
                "The province can solve it alone. Consider a provincial task.",
            ),
            Label::new(
                "Chưa nêu vì sao vấn đề vượt quá khả năng tự giải quyết của địa phương.",
                "It is not said why the problem is beyond what the province can do.",
            ),
        ),
        criterion(
            "c",
            task.application_committed,
            Label::new(
                "Có địa chỉ ứng dụng và cam kết sử dụng kết quả của lãnh đạo địa phương.",
                "There is a place of application, and the leaders of the province have committed to use the results.",
            ),
            Label::new(
                "Chưa có địa chỉ ứng dụng được cam kết. Bổ sung văn bản cam kết của lãnh đạo địa phương.",
                "No committed place of application. Add the written commitment of the leaders of the province.",
            ),
            Label::new("Chưa nêu địa chỉ ứng dụng và cam kết sử dụng kết quả.", "Place of application and commitment are not given."),
        ),
        criterion(
            "d",
            months.map(|months| months <= MOST_MONTHS),
            Label::new(
                format!("Thời gian thực hiện kể cả gia hạn là {} tháng, không quá {MOST_MONTHS} tháng.", months.unwrap_or(0)),
                format!("It takes {} months with extension, not more than {MOST_MONTHS}.", months.unwrap_or(0)),
            ),
            Label::new(
                format!("Thời gian thực hiện kể cả gia hạn là {} tháng, quá {MOST_MONTHS} tháng. Rút ngắn kế hoạch.", months.unwrap_or(0)),
                format!("It takes {} months with extension, more than {MOST_MONTHS}. Shorten the plan.", months.unwrap_or(0)),
            ),
            Label::new("Chưa nêu thời gian thực hiện.", "The time planned is not given."),
        ),
        criterion(
            "đ",
            task.duplicate_found.map(|found| !found),
            Label::new(
                "Tra cứu không thấy nhiệm vụ sử dụng ngân sách nhà nước trùng lặp về nội dung.",
                "The look-up found no state-funded task with the same content.",
            ),
            Label::new(
                "Trùng lặp với nhiệm vụ sử dụng ngân sách nhà nước đã hoặc đang thực hiện. Thay đổi nội dung hoặc không đề xuất.",
                "It duplicates a past or running state-funded task. Change its content or withdraw the proposal.",
            ),
            Label::new(
                "Chưa tra cứu trùng lặp. Tra cứu tại cơ sở dữ liệu quốc gia về khoa học và công nghệ và đính kèm kết quả.",
                "Nobody has looked for duplicates. Look in the national database and attach the result.",
            ),
        ),
        provincial_share(task),
    ]
}

fn provincial_share(task: &UrgentLocalTask) -> Criterion {
    let known = task.cost.zip(task.provincial_share).filter(|(cost, share)| *cost > 0 && *share >= 0);
    // Compared as whole numbers, so that 9,999 % is not rounded up to 10.
    let met = known.map(|(cost, share)| i128::from(share) * 100 >= i128::from(cost) * LEAST_PERCENT);
    let (cost, share) = known.unwrap_or((1, 0));
    let hundredths = i128::from(share) * 10_000 / i128::from(cost.max(1));
    let percent_vi = format!("{},{:02} %", hundredths / 100, hundredths % 100);
    let percent_en = format!("{}.{:02} %", hundredths / 100, hundredths % 100);
    criterion(
        "e",
        met,
        Label::new(
            format!("Ngân sách địa phương cam kết {percent_vi} tổng kinh phí, đạt mức tối thiểu {LEAST_PERCENT} %."),
            format!("The provincial budget commits {percent_en} of the cost, at least {LEAST_PERCENT} %."),
        ),
        Label::new(
            format!("Ngân sách địa phương mới cam kết {percent_vi} tổng kinh phí, dưới mức tối thiểu {LEAST_PERCENT} %. Bổ sung cam kết."),
            format!("The provincial budget commits only {percent_en} of the cost, less than {LEAST_PERCENT} %. Commit more."),
        ),
        Label::new(
            "Chưa nêu tổng kinh phí hoặc phần cam kết từ ngân sách địa phương.",
            "The whole cost or the part from the provincial budget is not given.",
        ),
    )
}

fn criterion(point: &str, met: Option<bool>, yes: Label, no: Label, unknown: Label) -> Criterion {
    let why = match met {
        Some(true) => yes,
        Some(false) => no,
        None => unknown,
    };
    Criterion { met, why, source: format!("Thông tư 17/2015/TT-BKHCN, Điều 2.1{point}") }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn good() -> UrgentLocalTask {
        UrgentLocalTask {
            matters_to_region: Some(true),
            beyond_province: Some(true),
            application_committed: Some(true),
            months: Some(30),
            extension_months: 6,
            duplicate_found: Some(false),
            cost: Some(5_000_000_000),
            provincial_share: Some(500_000_000),
        }
    }

    #[test]
    fn a_task_at_every_limit_meets_all_six_criteria() {
        let criteria = urgent_local_task(&good());
        assert_eq!(criteria.len(), 6);
        for criterion in &criteria {
            assert_eq!(criterion.met, Some(true), "{}", criterion.source);
            assert!(criterion.source.starts_with("Thông tư 17/2015/TT-BKHCN, Điều 2.1"));
        }
        assert!(criteria[5].why.vi.contains("10,00 %"));
    }

    #[test]
    fn one_dong_or_one_month_beyond_a_limit_is_not_met() {
        let short = UrgentLocalTask { provincial_share: Some(499_999_999), ..good() };
        assert_eq!(urgent_local_task(&short)[5].met, Some(false));
        assert!(urgent_local_task(&short)[5].why.en.contains("9.99 %"));
        let long = UrgentLocalTask { extension_months: 7, ..good() };
        assert_eq!(urgent_local_task(&long)[3].met, Some(false));
        assert!(urgent_local_task(&long)[3].why.vi.contains("37 tháng"));
        assert_eq!(urgent_local_task(&UrgentLocalTask { duplicate_found: Some(true), ..good() })[4].met, Some(false));
    }

    #[test]
    fn what_was_not_given_is_neither_met_nor_unmet() {
        for criterion in urgent_local_task(&UrgentLocalTask::default()) {
            assert_eq!(criterion.met, None, "{}", criterion.source);
            assert_ne!(criterion.why.vi, criterion.why.en);
        }
        let free = UrgentLocalTask { cost: Some(0), ..good() };
        assert_eq!(urgent_local_task(&free)[5].met, None, "no cost, no share");
        let huge = UrgentLocalTask { cost: Some(i64::MAX), provincial_share: Some(i64::MAX), months: Some(u32::MAX), ..good() };
        assert_eq!(urgent_local_task(&huge)[5].met, Some(true));
    }
}
