// The words by which the journey finds its way, as a person does: labels, buttons and links of the pages in both languages.
// When a page changes its words, they change here and nowhere else.

export const WORDS = {
  vi: {
    // import of a conclusion
    file: /^Tệp \.docx/,
    read: "Đọc văn bản",
    proposals: "Nội dung đề xuất",
    // correcting one directive
    correct: "Sửa",
    due: /^Hạn(?! nội bộ)/,
    keep: "Lưu",
    noSuchDay: /tháng 2 năm 2024 chỉ có 29 ngày/,
    // issuing
    all: "Chọn tất cả các mục nháp",
    receivers: /^Mục chưa rõ nơi nhận/,
    twelve: /^12 Sở/,
    issue: /^Giao việc/,
    // answering
    answer: "Báo cáo",
    done: /^Đã hoàn thành|^Hoàn thành/,
    doneDay: "Ngày hoàn thành",
    text: "Nội dung báo cáo",
    evidenceNumber: "Số văn bản",
    send: "Gửi báo cáo",
    needsEvidence: /Minh chứng:/,
    // accepting
    verify: "Xác minh",
    accept: "Chấp nhận hoàn thành",
    accepted: /Đã chấp nhận|Chấp nhận/,
    late: /Hoàn thành đúng hạn/,
  },
  en: {
    file: /^File \.docx/,
    read: "Read the document",
    proposals: "Proposed directives",
    correct: "Edit",
    due: /^Deadline/,
    keep: "Save",
    noSuchDay: /month 2 of 2024 has 29 days/,
    all: "Choose all drafts",
    receivers: /^Directives without an addressee/,
    twelve: /^12 (Sở|Departments|departments)/,
    issue: /^Issue what is chosen/,
    answer: "Answer",
    done: /^Done/,
    doneDay: "Day of completion",
    text: "Report",
    evidenceNumber: "Document number",
    send: "Send the answer",
    needsEvidence: /Evidence:/,
    verify: "Verify",
    accept: "Accept as done",
    accepted: /Accepted/,
    late: /Done on time/,
  },
};
