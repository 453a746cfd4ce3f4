// The words by which the journey finds its way, as a person does: labels, buttons and links of the pages in both languages.
// When a page changes its words, they change here and nowhere else.

export const WORDS = {
  vi: {
    // import of a conclusion
    file: /^Tệp văn bản/,
    read: /^Đọc văn bản/,
    proposals: /\d+ đề xuất|\d+ việc/,
    // correcting one directive
    correct: /^Sửa/,
    due: /^Hạn/,
    keep: /^(Lưu|Ghi)/,
    corrected: "30/06/2024",
    // issuing
    confirm: /^(Xác nhận|Chọn tất cả)/,
    issue: /^Giao việc/,
    issued: /Đã giao/,
    bodies: /12 Sở|12 cơ quan|0\/12/,
    // answering
    answer: /^Báo cáo/,
    done: /^(Đã )?xong/i,
    doneDay: /^Ngày (hoàn thành|xong)/,
    text: /^(Nội dung|Kết quả)/,
    evidenceNumber: /^Số (văn bản|, ký hiệu)|^Số, ký hiệu/,
    send: /^Gửi/,
    reported: /Tự báo cáo|Đã gửi báo cáo|Chờ xác nhận/,
    // accepting
    accept: /^(Chấp nhận|Xác nhận)/,
    accepted: /Đã xác minh|Đã chấp nhận/,
  },
  en: {
    file: /^Document file/,
    read: /^Read the document/,
    proposals: /\d+ proposals|\d+ directives/,
    correct: /^(Correct|Edit)/,
    due: /^(Due|Deadline)/,
    keep: /^(Save|Keep)/,
    corrected: "30/06/2024",
    confirm: /^(Confirm|Select all)/,
    issue: /^Issue/,
    issued: /Issued/,
    bodies: /12 (departments|bodies)|0\/12/,
    answer: /^(Answer|Report)/,
    done: /^Done/,
    doneDay: /^(Day done|Completed on|Day of completion)/,
    text: /^(What was done|Result)/,
    evidenceNumber: /^(Document number|Number)/,
    send: /^Send/,
    reported: /Self-reported|Answer sent|Waiting for acceptance/,
    accept: /^Accept/,
    accepted: /Verified|Accepted/,
  },
};
