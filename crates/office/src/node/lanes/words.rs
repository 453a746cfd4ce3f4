//! What the exchange says to the operator below when a log does not go on.

use catalogue::Label;
use exchange::owner::ERASURE_HELD_BACK;
use exchange::protocol::Refusal;
use exchange::reader::TOO_FAR_BEHIND;

use crate::error::label;

/// What an alarm of the machines means.
pub(super) fn alarm_in_vietnamese(what: &str) -> String {
    match what {
        "the parent shows another tree than the one it has acknowledged" => {
            "nút trên đưa ra dữ liệu khác với dữ liệu đã ký nhận; đã dừng ký, cần người xem xét".to_owned()
        }
        "the log has two signed trees that contradict each other" => {
            "nhật ký có hai bản đã ký mâu thuẫn nhau; đã giữ chứng cứ và dừng, cần người xem xét".to_owned()
        }
        TOO_FAR_BEHIND => {
            "nút trên đã khôi phục từ một bản sao quá cũ, thiếu nhiều hơn mức nút này trao lại được trong một lần; hãy báo nút trên khôi phục từ bản sao mới hơn".to_owned()
        }
        ERASURE_HELD_BACK => {
            "nội dung của một mục đã gửi đã được xóa, còn lệnh xóa đang chờ gửi; lãnh đạo cần bấm “Gửi lên” để nút trên nhận được lệnh xóa"
                .to_owned()
        }
        other => other.to_owned(),
    }
}

/// What an answer that is not of the protocol means for the operator below.
pub(super) fn unread_words(status: u16) -> Label {
    match status {
        507 => label(
            "Nút trên hết chỗ trên đĩa; dữ liệu còn nguyên ở đây và sẽ tự gửi khi có chỗ. Hãy báo nút trên.",
            "The node above has no room on its disk; the data is safe here and goes up by itself when there is room. Tell the node above.",
        ),
        503 => label(
            "Nút trên đang bận; dữ liệu còn nguyên ở đây và sẽ tự gửi lại.",
            "The node above is busy; the data is safe here and goes up by itself later.",
        ),
        _ => label(
            format!("Nút trên trả lời mã {status}, không đúng giao thức; sẽ thử lại. Kiểm tra địa chỉ của nút trên."),
            format!(
                "The node above answers {status}, which is not of the protocol; it is tried again. Check the address of the node above."
            ),
        ),
    }
}

/// What a refusal means for the operator below.
pub(in crate::node) fn refusal_words(refusal: Refusal) -> Label {
    let (vi, en) = match refusal {
        Refusal::Unsigned => (
            "Nút trên không nhận chữ ký: giờ máy lệch quá 1 giờ, hoặc khóa của nút chưa có trong danh bạ. Kiểm tra giờ máy, rồi hỏi nút trên.",
            "The node above does not take the signature: the clock is more than an hour off, or the key is not in the directory. Check the clock, then ask the node above.",
        ),
        Refusal::NotYours => (
            "Nút trên không cho nút này gửi nhật ký: nút này không (còn) thuộc nút trên. Hãy hỏi nút trên.",
            "The node above does not take this log from this node: it is not, or no longer, under it. Ask the node above.",
        ),
        Refusal::Key => (
            "Nút trên không nhận khóa ký nhật ký. Hãy hỏi nút trên về lần đổi khóa gần nhất.",
            "The node above does not take the key that signs the log. Ask it about the last change of keys.",
        ),
        Refusal::Sealed => {
            ("Nhật ký đã khép lại sau khi sáp nhập; không gửi thêm được.", "The log is sealed after a merger; nothing more goes up.")
        }
        Refusal::Forked => (
            "Nút trên giữ hai bản đã ký mâu thuẫn của nhật ký này; cần người xem xét.",
            "The node above holds two signed trees of this log that contradict each other; people have to look.",
        ),
        Refusal::Suspended => ("Nút trên đã tạm dừng nhật ký này.", "The node above has suspended this log."),
        Refusal::Full => (
            "Nút trên đang giữ quá nhiều dữ liệu chờ ký; sẽ gửi tiếp sau.",
            "Too much waits to be signed at the node above; it goes on later.",
        ),
        Refusal::Behind => (
            "Nút trên đang tiếp nhận dữ liệu của nút cũ; sẽ gửi tiếp sau.",
            "The node above is still taking over from the one before; it goes on later.",
        ),
        Refusal::Body | Refusal::Count | Refusal::Entry | Refusal::Payload | Refusal::Note | Refusal::Root => (
            "Nút trên không nhận dữ liệu gửi lên vì sai quy cách. Hãy chạy “lienvung verify” và báo nhà phát triển.",
            "The node above does not take what was sent: its form is wrong. Run “lienvung verify” and report it.",
        ),
    };
    label(vi, en)
}
