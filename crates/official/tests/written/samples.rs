//! Documents as an office writes them. All contents are made up ("minh họa").

use jiff::civil::date;
use official::write::{
    AdministrativeDocument, Align, Authority, Block, Column, Dateline, FollowUpRegister, Level, Row, Run, Signatory, Signature, Table, Tick,
};

fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// A report with a table of so many rows, and a wide table on a landscape page.
pub fn report(rows: usize) -> AdministrativeDocument {
    let mut tasks: Vec<Row> = Vec::new();
    for at in 1..=rows {
        if at % 40 == 1 {
            tasks.push(Row::Group(format!("Nhóm {} (minh họa)", at / 40 + 1)));
        }
        tasks.push(Row::Cells(vec![
            at.to_string(),
            format!("Xây dựng mô hình trồng và sơ chế dược liệu quy mô nông hộ, giai đoạn {at} (minh họa)"),
            "Trung tâm Ứng dụng tiến bộ KH&CN".to_owned(),
            viet::format_number(i64::try_from(120 * at).unwrap()),
            if at % 3 == 0 { "Đã nghiệm thu" } else { "Đang thực hiện" }.to_owned(),
        ]));
    }
    let sum = viet::format_number(i64::try_from(120 * rows * (rows + 1) / 2).unwrap());
    tasks.push(Row::Total(strings(&["", "Cộng", "", &sum, ""])));
    let months: Vec<Column> = (1..=12).map(|month| Column::new(format!("Tháng {month}"), 6, Align::Right)).collect();
    let spending = Table {
        columns: [vec![Column::new("Nguồn", 14, Align::Left)], months].concat(),
        numbered: true,
        rows: ["Ngân sách trung ương", "Ngân sách tỉnh", "Ngoài ngân sách"]
            .iter()
            .map(|source| [vec![(*source).to_owned()], (1..=12).map(|month| (month * 35).to_string()).collect()].concat().into())
            .collect(),
    };
    AdministrativeDocument {
        superior: Some("Ủy ban nhân dân tỉnh Đắk Lắk".into()),
        issuer: "Sở Khoa học và Công nghệ".into(),
        symbol: "BC-SKHCN".into(),
        dateline: Some(Dateline { place: "Đắk Lắk".into(), day: None }),
        kind: Some("Báo cáo".into()),
        summary: "Kết quả thực hiện nhiệm vụ khoa học và công nghệ năm 2025, phương hướng năm 2026".into(),
        addressed_to: strings(&["Bộ Khoa học và Công nghệ", "Ủy ban nhân dân tỉnh Đắk Lắk"]),
        body: vec![
            Block::text("Thực hiện Kế hoạch công tác năm 2025 (minh họa), Sở Khoa học và Công nghệ báo cáo kết quả như sau:"),
            Block::heading(Level::Section, "KẾT QUẢ THỰC HIỆN"),
            Block::heading(Level::Clause, "Nhiệm vụ khoa học và công nghệ"),
            Block::paragraph(vec![
                Run::plain("Trong năm, Sở quản lý "),
                Run::bold(format!("{rows} nhiệm vụ")),
                Run::plain(" cấp tỉnh; tỷ lệ kinh phí ngoài ngân sách đạt 38,5% "),
                Run::italic("(số liệu minh họa)"),
                Run::plain(". Danh mục nhiệm vụ ở bảng dưới đây."),
            ]),
            Block::Table(Table {
                columns: vec![
                    Column::new("TT", 7, Align::Centre),
                    Column::new("Tên nhiệm vụ", 40, Align::Left),
                    Column::new("Tổ chức chủ trì", 24, Align::Left),
                    Column::new("Kinh phí (triệu đồng)", 14, Align::Right),
                    Column::new("Tình trạng", 15, Align::Centre),
                ],
                numbered: true,
                rows: tasks,
            }),
            Block::Landscape(vec![
                Block::heading(Level::Clause, "Kinh phí theo tháng"),
                Block::centred(vec![Run::bold("Kinh phí đã chi theo tháng năm 2025 (minh họa)")]),
                Block::Table(spending),
            ]),
            Block::heading(Level::Section, "PHƯƠNG HƯỚNG NĂM 2026"),
            Block::heading(Level::Point, "Hoàn thành hồ sơ các nhiệm vụ liên tỉnh;"),
            Block::heading(Level::Point, "Kết nối cơ sở dữ liệu về khoa học và công nghệ với Trung ương."),
            Block::text("Trên đây là báo cáo kết quả năm 2025, Sở Khoa học và Công nghệ kính báo cáo./."),
        ],
        recipients: strings(&["Như trên", "Giám đốc, các Phó Giám đốc", "Các phòng, đơn vị trực thuộc", "Lưu: VT, QLKH"]),
        signature: Some(Signature {
            authority: vec![Authority::ForHead("Giám đốc".into())],
            position: "Phó Giám đốc".into(),
            signer_name: None,
        }),
        ..AdministrativeDocument::default()
    }
}

/// Minutes of a council.
pub fn minutes() -> AdministrativeDocument {
    AdministrativeDocument {
        superior: Some("Sở Khoa học và Công nghệ tỉnh Đắk Lắk".into()),
        issuer: "Hội đồng tư vấn xác định nhiệm vụ".into(),
        number: Some(3),
        symbol: "BB-HĐTV".into(),
        kind: Some("Biên bản".into()),
        summary: "Họp Hội đồng tư vấn xác định nhiệm vụ khoa học và công nghệ cấp tỉnh năm 2026".into(),
        body: vec![
            Block::text("Thời gian bắt đầu: 8 giờ 00, ngày 05 tháng 02 năm 2026 (minh họa)."),
            Block::text("Địa điểm: Phòng họp Sở Khoa học và Công nghệ."),
            Block::text("Thành phần: có mặt 7/9 thành viên Hội đồng, vắng mặt 02."),
            Block::FormLine { label: "Chủ trì (chủ tọa):".into(), value: None },
            Block::FormLine {
                label: "Thư ký (người ghi biên bản):".into(), value: Some("Chuyên viên Phòng Quản lý khoa học".into())
            },
            Block::heading(Level::Section, "NỘI DUNG"),
            Block::heading(Level::Clause, "Kết quả bỏ phiếu"),
            Block::Table(Table {
                columns: vec![
                    Column::new("Nội dung", 50, Align::Left),
                    Column::new("Phát ra", 15, Align::Right),
                    Column::new("Thu về", 15, Align::Right),
                    Column::new("Hợp lệ", 15, Align::Right),
                ],
                numbered: false,
                rows: vec![strings(&["Số phiếu", "7", "7", "7"]).into()],
            }),
            Block::heading(Level::Clause, "Kết luận của Hội đồng"),
            Block::Ticks(vec![
                Tick { text: "Đề nghị thực hiện".into(), ticked: true },
                Tick {
                    text: "Đề nghị thực hiện với các điều chỉnh nêu trong biên bản này, gồm mục tiêu, sản phẩm, địa bàn và thời gian"
                        .into(),
                    ticked: false,
                },
                Tick { text: "Không thực hiện".into(), ticked: false },
            ]),
            Block::text("Cuộc họp kết thúc vào 11 giờ 30, ngày 05 tháng 02 năm 2026./."),
            Block::Signatures {
                left: Signatory { role: "Thư ký".into(), name: None },
                right: Signatory { role: "Chủ tịch Hội đồng".into(), name: None },
            },
        ],
        recipients: strings(&["Sở KH&CN", "Thành viên Hội đồng", "Lưu: VT, Hồ sơ"]),
        ..AdministrativeDocument::default()
    }
}

/// A công văn.
pub fn letter() -> AdministrativeDocument {
    AdministrativeDocument {
        superior: Some("Ủy ban nhân dân Thành phố Hồ Chí Minh".into()),
        issuer: "Sở Khoa học và Công nghệ".into(),
        number: Some(128),
        symbol: "SKHCN-KHTC".into(),
        dateline: Some(Dateline { place: "Thành phố Hồ Chí Minh".into(), day: Some(date(2026, 2, 5)) }),
        summary: "đôn đốc thực hiện kết luận hội nghị vùng".into(),
        addressed_to: strings(&["Trung tâm Ứng dụng tiến bộ khoa học và công nghệ"]),
        body: vec![
            Block::text("Ngày 21/6/2019, hội nghị giao ban vùng đã có kết luận (minh họa). Đến nay còn ba nội dung quá hạn."),
            Block::text(
                "Đề nghị Trung tâm báo cáo tiến độ trước ngày 15/02/2026 và nêu rõ nguyên nhân chậm, giải pháp, thời gian hoàn thành.",
            ),
            Block::text("Sở Khoa học và Công nghệ đề nghị Trung tâm quan tâm thực hiện./."),
        ],
        recipients: strings(&["Như trên", "Giám đốc (để báo cáo)", "Lưu: VT, KHTC"]),
        signature: Some(Signature {
            authority: vec![Authority::ByOrder("Giám đốc".into())],
            position: "Chánh Văn phòng".into(),
            signer_name: Some("Chánh Văn phòng (minh họa)".into()),
        }),
        ..AdministrativeDocument::default()
    }
}

/// A follow-up register of so many documents.
pub fn register(rows: usize) -> FollowUpRegister {
    FollowUpRegister {
        superior: Some("Ủy ban nhân dân tỉnh Đắk Lắk".into()),
        issuer: "Sở Khoa học và Công nghệ".into(),
        year: Some(2026),
        days: Some((date(2026, 1, 1), date(2026, 6, 30))),
        numbers: Some((1, u32::try_from(rows).unwrap())),
        volume: Some(1),
        rows: (1..=rows)
            .map(|at| {
                [
                    at.to_string(),
                    format!("Thông báo kết luận số {at}/TB-UBND ngày 05/02/2026 của UBND tỉnh (minh họa)"),
                    "Phòng Quản lý khoa học".to_owned(),
                    "30/6/2026".to_owned(),
                    "Đang thực hiện, đạt 60%".to_owned(),
                    if at % 2 == 0 { format!("{at}/SKHCN-QLKH") } else { String::new() },
                    String::new(),
                ]
            })
            .collect(),
    }
}
