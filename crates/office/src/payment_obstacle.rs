//! What stands in the way of a payment, one check after the other; [`crate::payment`] puts them together.

use catalogue::Label;
use jiff::civil::Date;

use crate::contract::{Contract, Tranche};
use crate::directive::shorten;
use crate::error::label;
use crate::payment::{
    PaymentAnswer, PaymentMoney, PaymentReason, PaymentStanding, PaymentTask, ReasonWeight, RemedyPlace, marked, next_tranche,
};
use crate::status::days_between;

/// The duty that a contract is in writing by the model contract.
const MODEL_CONTRACT: &str = "Thông tư 05/2014/TT-BKHCN";

pub(crate) fn check_contract(contract: &Contract, today: Date, reasons: &mut Reasons) {
    if contract.state != "recorded" {
        let (vi, en) = if contract.state == "withdrawn" { ("đã rút", "withdrawn") } else { ("còn là bản nháp", "still a draft") };
        reasons.block(
            label(format!("Bản ghi hợp đồng {vi}."), format!("The record of the contract is {en}.")),
            label("Ghi nhận hợp đồng khi đã đủ số, ngày ký và giá trị", "Record the contract once number, day and value are there"),
            RemedyPlace::Contract,
            None,
        );
    }
    let change = || label("Ghi ngày ký đúng vào hợp đồng", "Put the right day of signing into the contract");
    match contract.signed_day {
        None => reasons.block(
            label("Hợp đồng chưa ghi ngày ký.", "The contract does not say when it was signed."),
            change(),
            RemedyPlace::Contract,
            Some(MODEL_CONTRACT),
        ),
        Some(day) if day > today => reasons.block(
            label(
                format!("Ngày ký hợp đồng {} chưa tới.", viet::format_day(day)),
                format!("The day of signing, {}, is still to come.", viet::format_day(day)),
            ),
            change(),
            RemedyPlace::Contract,
            Some(MODEL_CONTRACT),
        ),
        Some(day) => reasons.add(
            ReasonWeight::Supports,
            label(format!("Hợp đồng ký ngày {}.", viet::format_day(day)), format!("The contract was signed on {}.", viet::format_day(day))),
            None,
            Some(MODEL_CONTRACT),
        ),
    }
    if contract.value.unwrap_or(0) <= 0 {
        reasons.block(
            label("Hợp đồng chưa ghi giá trị.", "The contract does not say its value."),
            label("Ghi giá trị hợp đồng", "Put in the value of the contract"),
            RemedyPlace::Contract,
            None,
        );
    }
    if contract.tranches.is_empty() {
        reasons.block(
            label("Hợp đồng chưa ghi đợt cấp kinh phí nào.", "The contract names no tranche."),
            label("Ghi các đợt cấp theo hợp đồng đã ký", "Put in the tranches of the signed contract"),
            RemedyPlace::Contract,
            None,
        );
    }
    let (start, end) = (contract.start.map(|start| start.first_day()), contract.end.map(|end| end.last_day()));
    let reversed = matches!((start, end), (Some(start), Some(end)) if end < start)
        || matches!((contract.signed_day, end), (Some(signed), Some(end)) if end < signed);
    if reversed {
        reasons.block(
            label(
                "Thời hạn hợp đồng ngược: ngày kết thúc trước ngày bắt đầu hoặc ngày ký.",
                "The term of the contract is reversed: it ends before it starts or before it was signed.",
            ),
            label("Sửa thời hạn hợp đồng", "Mend the term of the contract"),
            RemedyPlace::Contract,
            None,
        );
    }
    if contract.end.is_none() {
        reasons.add(
            ReasonWeight::Look,
            label(
                "Hợp đồng chưa ghi ngày kết thúc, nên không xét được đã hết hạn hay chưa.",
                "The contract does not say when it ends, so whether it has ended is not known.",
            ),
            Some((label("Ghi ngày kết thúc", "Put in the end"), RemedyPlace::Contract)),
            None,
        );
    }
}

/// More paid than was agreed or approved: true of a settled contract as well.
pub(crate) fn check_limits(contract: &Contract, money: &PaymentMoney, reasons: &mut Reasons) {
    if let Some(value) = contract.value
        && money.counted(contract) > value
    {
        reasons.block(
            label(
                format!("Đã cấp {}, nhiều hơn giá trị hợp đồng {}.", dong(money.counted(contract)), dong(value)),
                format!("{} was paid, more than the contract's value of {}.", vnd(money.counted(contract)), vnd(value)),
            ),
            label("Kiểm tra các lần cấp, chi và giá trị hợp đồng", "Check the payments and the value of the contract"),
            RemedyPlace::Contract,
            None,
        );
    }
    if let Some(approved) = money.approved
        && money.used(contract) > approved
    {
        reasons.block(
            label(
                format!("Đã cấp {}, vượt số được duyệt {}.", dong(money.used(contract)), dong(approved)),
                format!("{} was paid, more than the {} approved.", vnd(money.used(contract)), vnd(approved)),
            ),
            label(
                "Kiểm tra các lần cấp, chi; nếu đã duyệt thêm thì thêm dòng kinh phí",
                "Check the payments; add a budget line if more was approved",
            ),
            RemedyPlace::NewBudgetLine,
            None,
        );
    }
}

pub(crate) fn check_approved(contract: &Contract, money: &PaymentMoney, reasons: &mut Reasons) {
    match money.approved {
        None => reasons.block(
            label("Chưa có số kinh phí được duyệt.", "No approved amount is recorded."),
            label("Thêm dòng kinh phí được duyệt của nhiệm vụ", "Add the approved budget line of the task"),
            RemedyPlace::NewBudgetLine,
            None,
        ),
        Some(approved) if money.used(contract) == approved && next_tranche(contract, money.paid).is_some() => reasons.block(
            label(format!("Đã cấp hết số được duyệt {}.", dong(approved)), format!("All of the {} approved is paid.", vnd(approved))),
            label("Thêm dòng kinh phí khi có quyết định duyệt thêm", "Add a budget line once more is approved"),
            RemedyPlace::NewBudgetLine,
            None,
        ),
        Some(approved) if money.used(contract) <= approved => reasons.add(
            ReasonWeight::Supports,
            label(
                format!("Được duyệt {}, đã cấp {}.", dong(approved), dong(money.used(contract))),
                format!("{} approved, {} paid.", vnd(approved), vnd(money.used(contract))),
            ),
            None,
            None,
        ),
        Some(_) => {}
    }
}

/// Records that do not agree with each other.
pub(crate) fn check_agreement(contract: &Contract, money: &PaymentMoney, today: Date, reasons: &mut Reasons) {
    let planned = contract.tranches.iter().fold(0, |sum: i64, tranche| sum.saturating_add(tranche.amount));
    if let Some(value) = contract.value.filter(|value| !contract.tranches.is_empty() && *value != planned) {
        reasons.add(
            ReasonWeight::Look,
            label(
                format!("Các đợt cộng lại là {}, khác giá trị hợp đồng {}.", dong(planned), dong(value)),
                format!("The tranches add up to {}, not to the contract's {}.", vnd(planned), vnd(value)),
            ),
            Some((label("Đối chiếu các đợt với hợp đồng đã ký", "Compare the tranches with the signed contract"), RemedyPlace::Contract)),
            None,
        );
    }
    let marked = marked(contract);
    if marked > money.paid {
        reasons.add(
            ReasonWeight::Look,
            label(
                format!(
                    "Hợp đồng ghi các đợt đã cấp {}, bản ghi cấp, chi chỉ có {}; ở đây tính đợt đó là đã cấp.",
                    dong(marked),
                    dong(money.paid)
                ),
                format!(
                    "By the contract {} of tranches is paid, by the disbursements {}; those tranches count as paid here.",
                    vnd(marked),
                    vnd(money.paid)
                ),
            ),
            Some((
                label("Ghi lần cấp, chi còn thiếu hoặc sửa ngày cấp của đợt", "Record the missing payment or mend the tranche"),
                RemedyPlace::Contract,
            )),
            None,
        );
    }
    if let (Some(signed), Some((first, _))) = (contract.signed_day, money.payment_days)
        && first < signed
    {
        reasons.add(
            ReasonWeight::Look,
            label(
                format!("Có lần cấp, chi ngày {} trước ngày ký hợp đồng.", viet::format_day(first)),
                format!("A payment of {} lies before the contract was signed.", viet::format_day(first)),
            ),
            Some((label("Kiểm tra ngày cấp và ngày ký", "Check the days of payment and signing"), RemedyPlace::Contract)),
            None,
        );
    }
    if let Some((_, last)) = money.payment_days
        && last > today
    {
        reasons.add(
            ReasonWeight::Look,
            label(
                format!("Có lần cấp, chi ghi ngày {} chưa tới; vẫn tính là đã cấp.", viet::format_day(last)),
                format!("A payment is dated {}, still to come; it counts as paid.", viet::format_day(last)),
            ),
            Some((label("Kiểm tra ngày cấp", "Check the day of the payment"), RemedyPlace::Contract)),
            None,
        );
    }
}

/// Money that went where it was not meant to go.
pub(crate) fn check_purposes(money: &PaymentMoney, reasons: &mut Reasons) {
    if money.overdrawn > 0 {
        reasons.add(
            ReasonWeight::Look,
            label(
                format!("Có {} dòng nguồn, mục chi đã cấp nhiều hơn số được duyệt của dòng đó.", money.overdrawn),
                format!("More was paid than approved on {} lines by source and purpose.", money.overdrawn),
            ),
            Some((
                label("Kiểm tra nguồn, mục chi của các lần cấp, chi", "Check source and purpose of the payments"),
                RemedyPlace::Contract,
            )),
            None,
        );
    }
    if money.misdirected > 0 {
        reasons.add(
            ReasonWeight::Look,
            label(
                format!("Đã ghi nhận {} chi không đúng mục đích.", dong(money.misdirected)),
                format!("{} was found to be spent for another purpose.", vnd(money.misdirected)),
            ),
            Some((label("Xử lý số đó trước khi quyết định chi", "Settle that before deciding to pay"), RemedyPlace::Contract)),
            None,
        );
    }
}

pub(crate) fn check_records(money: &PaymentMoney, reasons: &mut Reasons) {
    for (id, title) in &money.drafts {
        let title = shorten(title, 80);
        reasons.block(
            label(
                format!("Bản ghi cấp, chi “{title}” có lần chi mà còn là bản nháp, chưa tính vào số đã cấp."),
                format!("The disbursement “{title}” holds payments and is still a draft; it does not count as paid yet."),
            ),
            label("Ghi nhận hoặc bỏ bản nháp đó", "Record or discard that draft"),
            RemedyPlace::Record(*id),
            None,
        );
    }
    for (id, title) in &money.without_contract {
        let title = shorten(title, 80);
        reasons.block(
            label(
                format!("Bản ghi cấp, chi “{title}” của nhiệm vụ chưa ghi thuộc hợp đồng nào."),
                format!("The disbursement “{title}” of the task does not say to which contract it belongs."),
            ),
            label("Ghi hợp đồng vào bản ghi đó", "Name the contract in that record"),
            RemedyPlace::Record(*id),
            None,
        );
    }
    if money.not_read > 0 {
        reasons.block(
            label(
                format!(
                    "Có {} bản ghi liên quan anh/chị không được xem số tiền hoặc quá nhiều để đọc, nên chưa tính được số đã cấp.",
                    money.not_read
                ),
                format!(
                    "{} related records have amounts that you may not see, or were too many to read: what was paid is not known.",
                    money.not_read
                ),
            ),
            label("Hỏi cơ quan giữ các bản ghi đó", "Ask the body that keeps them"),
            RemedyPlace::Contract,
            None,
        );
    }
}

pub(crate) fn check_task(contract: &Contract, task: Option<&PaymentTask>, today: Date, reasons: &mut Reasons) {
    let Some(task) = task else {
        reasons.block(
            label("Hợp đồng chưa gắn với nhiệm vụ mà anh/chị được xem.", "The contract names no task that you may see."),
            label("Ghi nhiệm vụ vào hợp đồng", "Name the task in the contract"),
            RemedyPlace::Contract,
            None,
        );
        return;
    };
    if !matches!(task.state.as_str(), "running" | "finished" | "applied") {
        reasons.block(
            label(format!("Nhiệm vụ ở trạng thái “{}”.", task.state_label.vi), format!("The task stands at “{}”.", task.state_label.en)),
            label("Xem nhiệm vụ", "See the task"),
            RemedyPlace::Task,
            None,
        );
    }
    if let Some((step, day, source)) = &task.stopped {
        reasons.block(
            label(format!("{} ngày {}.", step.vi, viet::format_day(*day)), format!("{} on {}.", step.en, viet::format_day(*day))),
            label("Xử lý theo quyết định đó, kể cả số phải hoàn trả", "Act by that decision, money to be returned included"),
            RemedyPlace::Task,
            Some(source),
        );
    }
    for term in &task.late {
        let (days, day) = (days_between(term.last_day, today), viet::format_day(term.last_day));
        let (more_vi, more_en) = match term.times {
            0 | 1 => (String::new(), String::new()),
            times => (format!(", chưa có {times} lần"), format!(", {times} of them missing")),
        };
        // Once the task is accepted, what should have come before is a gap in its record.
        let weight = if matches!(task.accepted, Some((_, false))) { ReasonWeight::Look } else { ReasonWeight::Late };
        reasons.add(
            weight,
            label(
                format!("{}: quá hạn {days} ngày (hạn {day}){more_vi}.", term.step.vi),
                format!("{}: {days} days late (last day {day}){more_en}.", term.step.en),
            ),
            Some((label("Ghi bước này vào nhiệm vụ khi đã có", "Put this step into the task once it is done"), RemedyPlace::Task)),
            Some(&term.source),
        );
    }
    match (task.accepted, contract.end.map(|end| end.last_day())) {
        (Some((day, true)), _) => reasons.block(
            label(
                format!("Nhiệm vụ nghiệm thu “Không đạt” ngày {}.", viet::format_day(day)),
                format!("The task failed its acceptance on {}.", viet::format_day(day)),
            ),
            label("Thanh lý hợp đồng, xác định số phải hoàn trả", "Settle the contract and name what has to be returned"),
            RemedyPlace::Contract,
            Some("Thông tư 11/2014/TT-BKHCN, Điều 15.2"),
        ),
        (Some((day, false)), _) => reasons.add(
            ReasonWeight::Supports,
            label(
                format!("Nhiệm vụ đã nghiệm thu ngày {}.", viet::format_day(day)),
                format!("The task was accepted on {}.", viet::format_day(day)),
            ),
            None,
            Some("Thông tư 11/2014/TT-BKHCN, Điều 13"),
        ),
        (None, Some(end)) if end < today => reasons.late(
            label(
                format!("Hợp đồng hết thời hạn ngày {}, nhiệm vụ chưa nghiệm thu.", viet::format_day(end)),
                format!("The contract ended on {} and the task is not accepted.", viet::format_day(end)),
            ),
            label("Ghi nghiệm thu, hoặc ghi thời hạn mới nếu đã gia hạn", "Record the acceptance, or the new end if it was extended"),
            RemedyPlace::Task,
            Some("Thông tư 11/2014/TT-BKHCN, Điều 7.1"),
        ),
        _ => {}
    }
}

pub(crate) fn check_milestones(contract: &Contract, today: Date, reasons: &mut Reasons) {
    for milestone in contract.milestones.iter().filter(|milestone| milestone.is_late(today)) {
        let Some(due) = milestone.due else { continue };
        let text = shorten(&milestone.text, 80);
        reasons.late(
            label(
                format!("Mốc “{text}” quá hạn ({}), chưa ghi hoàn thành.", due.to_vietnamese()),
                format!("The milestone “{text}” is past its day ({}) and not done.", due.to_english()),
            ),
            label("Ghi ngày hoàn thành của mốc khi đã nhận sản phẩm", "Put in the day it was done once the product is here"),
            RemedyPlace::Contract,
            None,
        );
    }
}

pub(crate) fn check_tranche(tranche: &Tranche, today: Date, reasons: &mut Reasons) {
    let number = tranche.number;
    match tranche.planned_day {
        Some(planned) if planned.first_day() > today => reasons.block(
            label(
                format!("Đợt {number} dự kiến cấp {}, chưa tới.", planned.to_vietnamese()),
                format!("Tranche {number} is planned for {}, which is still to come.", planned.to_english()),
            ),
            label(
                "Chờ tới thời điểm đó, hoặc sửa đợt nếu hợp đồng đã điều chỉnh",
                "Wait, or change the tranche if the contract was changed",
            ),
            RemedyPlace::Contract,
            None,
        ),
        Some(planned) => reasons.add(
            ReasonWeight::Supports,
            label(
                format!("Đợt {number} đã tới thời điểm dự kiến ({}).", planned.to_vietnamese()),
                format!("Tranche {number} has come to its planned time ({}).", planned.to_english()),
            ),
            None,
            None,
        ),
        None => reasons.add(
            ReasonWeight::Look,
            label(format!("Đợt {number} không ghi thời điểm dự kiến."), format!("Tranche {number} has no planned time.")),
            Some((label("Đối chiếu hợp đồng đã ký", "Compare the signed contract"), RemedyPlace::Contract)),
            None,
        ),
    }
    if let Some(condition) = &tranche.condition {
        let condition = shorten(condition, 200);
        reasons.add(
            ReasonWeight::Look,
            label(
                format!(
                    "Điều kiện của đợt {number} trong hợp đồng: “{condition}”. Hệ thống không xét được câu này; người chi tự đối chiếu."
                ),
                format!(
                    "The contract's condition for tranche {number}: “{condition}”. It cannot be judged here; whoever pays compares it."
                ),
            ),
            None,
            None,
        );
    }
}

/// Reasons as they are found.
#[derive(Default)]
pub(crate) struct Reasons(Vec<PaymentReason>);

impl Reasons {
    pub(crate) fn add(&mut self, weight: ReasonWeight, text: Label, remedy: Option<(Label, RemedyPlace)>, source: Option<&str>) {
        self.0.push(PaymentReason { weight, text, remedy, source: source.map(str::to_owned) });
    }

    fn late(&mut self, text: Label, todo: Label, place: RemedyPlace, source: Option<&str>) {
        self.add(ReasonWeight::Late, text, Some((todo, place)), source);
    }

    fn block(&mut self, text: Label, todo: Label, place: RemedyPlace, source: Option<&str>) {
        self.add(ReasonWeight::Blocks, text, Some((todo, place)), source);
    }

    pub(crate) fn blocked(&self) -> bool {
        self.0.iter().any(|reason| reason.weight <= ReasonWeight::Blocks)
    }

    pub(crate) fn answer(mut self, standing: PaymentStanding) -> PaymentAnswer {
        self.0.sort_by_key(|reason| reason.weight);
        PaymentAnswer { standing, reasons: self.0 }
    }
}

pub(crate) fn dong(amount: i64) -> String {
    viet::Dong(amount).to_string()
}

pub(crate) fn vnd(amount: i64) -> String {
    format!("{} VND", viet::format_number(amount).replace('.', ","))
}
