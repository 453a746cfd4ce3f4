//! The audit trail: who did what when. Written in the same transaction as the deed, never changed, read by administrators.

use catalogue::{Catalogue, Label};
use ledger::{RecordId, Writer};
use serde::{Deserialize, Serialize};

use crate::directive::within_a_sentence;
use crate::error::{OfficeError, label};
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

const AUDIT: &str = "audit";

/// One deed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditEntry {
    /// UUIDv7 text: sorts by time.
    pub id: String,
    /// Microseconds since 1970.
    pub at: i64,
    /// The account's id; empty for the public.
    pub account: String,
    /// The account's name at that time.
    pub name: String,
    /// What was done, e.g. `directive.issue`.
    pub action: String,
    /// The record, when it was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// A few words: a login, a title, a reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl AuditEntry {
    /// What was done, in words; the code itself for deeds that have none. `<kind>.create` and `<kind>.change` name the kind.
    pub fn deed(&self, catalogue: &Catalogue) -> Label {
        let (vi, en) = match self.action.as_str() {
            "sign_in" => ("Đăng nhập", "Signed in"),
            "sign_in.failed" => ("Đăng nhập không thành công", "Sign-in failed"),
            "account.act_as" => ("Làm việc thay tài khoản tại máy chủ", "Acted as an account at the console"),
            "account.add" => ("Thêm tài khoản", "Added an account"),
            "account.change" => ("Sửa tài khoản", "Changed an account"),
            "account.link" => ("Tạo liên kết đăng nhập một lần", "Made a one-time sign-in link"),
            "account.password" => ("Đặt mật khẩu", "Set a password"),
            "answer.judge" => ("Xác minh báo cáo", "Judged an answer"),
            "archive.fetch" => ("Tải tệp toàn bộ dữ liệu", "Downloaded all data"),
            "archive.write" => ("Lập tệp toàn bộ dữ liệu", "Packed all data into a file"),
            "calendar.new" => ("Tạo địa chỉ lịch", "Made a calendar address"),
            "council.ballot_cancel" => ("Hủy cuộc bỏ phiếu của hội đồng", "Cancelled the ballot of a council"),
            "council.ballot_close" => ("Đóng cuộc bỏ phiếu của hội đồng", "Closed the ballot of a council"),
            "council.ballot_open" => ("Mở cuộc bỏ phiếu của hội đồng", "Opened the ballot of a council"),
            "council.count" => ("Nhập kết quả kiểm phiếu giấy của hội đồng", "Typed the paper count of a council"),
            "directive.answer" => ("Báo cáo nội dung chỉ đạo", "Answered a directive"),
            "directive.deadline" => ("Đổi hạn", "Changed a deadline"),
            "directive.issue" => ("Giao việc", "Issued a directive"),
            "directive.remind" => ("Đôn đốc", "Reminded"),
            "document.discard" => ("Bỏ bản nháp văn bản", "Discarded a draft document"),
            "document.reading" => ("Ghi lớp sửa của văn bản", "Corrected the reading of a document"),
            "form.adopt" => ("Áp dụng mẫu", "Adopted a form"),
            "form.arrive" => ("Mẫu đến từ Trung ương", "A form came from the Centre"),
            "form.decline" => ("Bỏ mẫu mới nhận", "Declined a form"),
            "form.receive" => ("Nhận mẫu", "Received a form"),
            "form.withdraw" => ("Thu hồi mẫu", "Withdrew a form"),
            "form.withdrawn_above" => ("Trung ương thu hồi mẫu", "The Centre withdrew a form"),
            "node.close" => ("Khép nút để sáp nhập", "Closed the node for a merger"),
            "node.found" => ("Lập nút Trung ương", "Founded the Centre's node"),
            "node.invite" => ("Mời một nút nối vào", "Invited a node"),
            "node.join" => ("Nối nút", "Connected a node"),
            "node.key" => ("Đổi khóa của một nút", "Changed the key of a node"),
            "record.return" => ("Trả lại bản ghi của nút dưới", "Returned a record of a node below"),
            "record.take_over" => ("Tiếp nhận bản ghi sau sáp nhập", "Took a record over after a merger"),
            "records.take_over" => ("Tiếp nhận các bản ghi sau sáp nhập", "Took records over after a merger"),
            "node.merge" => ("Sáp nhập nút", "Merged nodes"),
            "node.policy" => ("Đặt chế độ gửi lên", "Set when data goes up"),
            "node.send" => ("Gửi lên nút trên", "Sent data up"),
            "node.serve" => ("Mở lại nút sau khôi phục", "Let the node serve after a restore"),
            "record.erase" => ("Xóa nội dung bản ghi", "Erased the contents of a record"),
            "record.step" => ("Chuyển bước", "Took a step"),
            "records.submit" => ("Ghi nhiều bản ghi", "Saved several records"),
            "sheet.import" => ("Nhập bảng", "Imported a table"),
            "sheet.undo" => ("Hoàn tác lần nhập bảng", "Undid the import of a table"),
            other => return kind_deed(catalogue, other),
        };
        label(vi, en)
    }

    pub(crate) fn of(office: &Office, who: &Identity, action: &str) -> AuditEntry {
        AuditEntry {
            id: RecordId::new().to_string(),
            at: office.clock().now(),
            account: who.account().unwrap_or_default().to_owned(),
            name: who.name().to_owned(),
            action: action.to_owned(),
            record: None,
            note: String::new(),
        }
    }

    /// A deed of no person: something that another node caused.
    pub(crate) fn of_program(at: i64, node: &str, action: &str) -> AuditEntry {
        AuditEntry {
            id: RecordId::new().to_string(),
            at,
            account: String::new(),
            name: node.to_owned(),
            action: action.to_owned(),
            record: None,
            note: String::new(),
        }
    }

    pub(crate) fn note(mut self, note: &str) -> AuditEntry {
        self.note = note.chars().take(200).collect();
        self
    }

    pub(crate) fn record(mut self, record: RecordId) -> AuditEntry {
        self.record = Some(record.to_string());
        self
    }
}

fn kind_deed(catalogue: &Catalogue, action: &str) -> Label {
    let named = |name: &str| catalogue.kind(name).map(|kind| (within_a_sentence(&kind.label.vi), within_a_sentence(&kind.label.en)));
    match action.rsplit_once('.').and_then(|(name, deed)| Some((named(name)?, deed))) {
        Some(((vi, en), "create")) => label(format!("Thêm {vi}"), format!("Added a record: {en}")),
        Some(((vi, en), "change")) => label(format!("Sửa {vi}"), format!("Changed a record: {en}")),
        _ => label(action, action),
    }
}

pub(crate) fn write_audit(w: &mut Writer, entry: AuditEntry) -> Result<(), OfficeError> {
    let key = entry.id.clone();
    w.cabinet_put(AUDIT, &key, serde_json::to_value(entry)?)?;
    Ok(())
}

impl Office {
    /// A page of the trail, newest first: at most 1,000 entries older than `before`.
    pub fn audit_trail(&self, who: &Identity, before: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.ledger().read(|r| {
            let mut entries = Vec::new();
            for (_, value) in r.cabinet_list(AUDIT, before, limit.min(1_000), true)? {
                entries.push(serde_json::from_value(value)?);
            }
            Ok(entries)
        })
    }
}
