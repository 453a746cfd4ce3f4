//! Who may do what, route by route: every route of the program has a line in the matrix, every line is tried for every role, and a refusal changes
//! nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use office::{AnswerForm, Evidence, Office, ReadingForm, RecordId, Role, UploadForm};
use serde_json::json;

use crate::people::{DAK_LAK, MINISTRY, body, open, person};
use crate::visit::{Reply, Visit, session};

/// The columns of the matrix.
const ROLES: [&str; 6] = ["public", "reader", "officer", "stranger", "leader", "administrator"];

/// Route, an address of it, a form to post (empty for GET), and what each role gets: `x` it works, `i` asked to sign in, `-` refused, `0` there is no
/// such record for this person. Reader and officer belong to Đắk Lắk, which keeps the document; the leader and the administrator to the Ministry,
/// which is the assigner; the stranger is an officer of Kon Tum. Rows that end something come last.
pub const MATRIX: &[(&str, &str, &str, &str)] = &[
    ("GET /", "/", "", "xxxxxx"),
    ("GET /tin", "/tin", "", "xxxxxx"),
    ("GET /tin/{id}", "/tin/ARTICLE", "", "xxxxxx"),
    ("GET /tin/{id}", "/tin/DRAFTARTICLE", "", "0xx000"),
    ("POST /tin/{id}/binh-chon", "/tin/ARTICLE/binh-chon", "stars=5&answer=0&token=x", "xxxxxx"),
    ("GET /tim", "/tim?q=hoi+nghi", "", "xxxxxx"),
    ("POST /tim/theo-doi", "/tim/theo-doi?q=gac", "a=b", "ixxxxx"),
    ("POST /tim/theo-doi/{id}/da-xem", "/tim/theo-doi/khong-co/da-xem", "a=b", "i00000"),
    ("POST /tim/theo-doi/{id}/bo", "/tim/theo-doi/khong-co/bo", "a=b", "i00000"),
    ("GET /tro-giup", "/tro-giup", "", "xxxxxx"),
    ("GET /tiep-can", "/tiep-can", "", "xxxxxx"),
    ("GET /api", "/api", "", "xxxxxx"),
    ("GET /lich/{token}", "/lich/khong-co", "", "000000"),
    ("GET /chi-dao", "/chi-dao", "", "xxxxxx"),
    ("GET /chi-dao.csv", "/chi-dao.csv", "", "xxxxxx"),
    ("GET /chi-dao.xlsx", "/chi-dao.xlsx", "", "xxxxxx"),
    ("GET /chi-dao.docx", "/chi-dao.docx", "", "xxxxxx"),
    ("GET /chi-dao.ics", "/chi-dao.ics", "", "xxxxxx"),
    ("GET /chi-dao/{id}", "/chi-dao/ISSUED", "", "xxxxxx"),
    ("GET /chi-dao/{id}", "/chi-dao/DRAFT", "", "0xx000"),
    ("GET /hoi-nghi", "/hoi-nghi", "", "xxxxxx"),
    ("GET /hoi-nghi/{id}", "/hoi-nghi/ISSUED", "", "000000"),
    ("GET /van-ban", "/van-ban", "", "xxxxxx"),
    ("GET /van-ban/{id}", "/van-ban/DOCUMENT", "", "xxxxxx"),
    ("GET /van-ban/{id}", "/van-ban/OTHERDOCUMENT", "", "0xx000"),
    ("GET /r/{id}/tep/{sha256}", "/r/DOCUMENT/tep/FIRSTFILE", "", "xxxxxx"),
    ("GET /r/{id}/tep/{sha256}", "/r/OTHERDOCUMENT/tep/SECONDFILE", "", "0xx000"),
    ("GET /r/{id}/tep/{sha256}", "/r/DOCUMENT/tep/SECONDFILE", "", "000000"),
    ("GET /r/{id}", "/r/ISSUED", "", "xxxxxx"),
    ("GET /r/{id}", "/r/DRAFTARTICLE", "", "0xx000"),
    ("GET /r/{id}/lich-su", "/r/ISSUED/lich-su", "", "xxxxxx"),
    ("GET /r/{id}/lich-su", "/r/DRAFTARTICLE/lich-su", "", "0xx000"),
    ("GET /r/{id}", "/r/ISSUED.docx", "", "xxxxxx"),
    ("GET /r/{id}", "/r/ISSUED.xlsx", "", "xxxxxx"),
    ("GET /r/{id}", "/r/DRAFTARTICLE.csv", "", "0xx000"),
    // This node is connected to none: there is no receipt, and the reason is said.
    ("GET /r/{id}/bien-nhan", "/r/ISSUED/bien-nhan", "", "xxxxxx"),
    ("GET /r/{id}/bien-nhan", "/r/DRAFTARTICLE/bien-nhan", "", "0xx000"),
    ("GET /r/{id}/trung-lap", "/r/SUBMITTED/trung-lap", "", "0xxxx0"),
    ("GET /r/{id}/trung-lap", "/r/ISSUED/trung-lap", "", "000000"),
    ("POST /r/{id}/trung-lap", "/r/ISSUED/trung-lap", "a=b", "i-000-"),
    ("GET /trung-lap", "/trung-lap", "", "i-xxx-"),
    ("POST /trung-lap", "/trung-lap", "state=submitted&year=", "i-xxx-"),
    ("GET /r/{id}/goi-y", "/r/SUBMITTED/goi-y", "", "0xxxx0"),
    ("GET /r/{id}/goi-y", "/r/ISSUED/goi-y", "", "000000"),
    ("POST /r/{id}/goi-y", "/r/ISSUED/goi-y", "answer=not_fit+0193a000-0000-7000-8000-000000000012", "i-000-"),
    ("GET /r/{id}/giay-to", "/r/ISSUED/giay-to", "", "xxxxxx"),
    ("GET /r/{id}/giay-to", "/r/DRAFTARTICLE/giay-to", "", "0xx000"),
    ("GET /r/{id}/giay-to.docx", "/r/DRAFTARTICLE/giay-to.docx", "", "0xx000"),
    ("GET /nhiem-vu", "/nhiem-vu", "", "xxxxxx"),
    ("GET /nhiem-vu.csv", "/nhiem-vu.csv", "", "xxxxxx"),
    ("GET /nhiem-vu.xlsx", "/nhiem-vu.xlsx", "", "xxxxxx"),
    ("GET /nhiem-vu/{id}", "/nhiem-vu/khong-co", "", "000000"),
    ("GET /nhiem-vu/{id}", "/nhiem-vu/DRAFTARTICLE", "", "0xx000"),
    ("GET /ket-qua", "/ket-qua", "", "xxxxxx"),
    ("GET /ket-qua.csv", "/ket-qua.csv", "", "xxxxxx"),
    ("GET /ket-qua.xlsx", "/ket-qua.xlsx", "", "xxxxxx"),
    ("GET /ket-qua/{id}", "/ket-qua/khong-co", "", "000000"),
    ("GET /ket-qua/{id}", "/ket-qua/DRAFTARTICLE", "", "0xx000"),
    ("GET /bang-ma", "/bang-ma", "", "xxxxxx"),
    ("GET /bang-ma/{list}", "/bang-ma/communes?xa-cu=00001", "", "xxxxxx"),
    ("GET /bang-ma/{list}", "/bang-ma/provinces.csv", "", "xxxxxx"),
    ("GET /bang-ma/{list}", "/bang-ma/khong-co", "", "000000"),
    ("GET /lich-lam-viec", "/lich-lam-viec", "", "xxxxxx"),
    ("GET /lich-lam-viec/{year}", "/lich-lam-viec/2025?tu=01/10/2025&so=10", "", "xxxxxx"),
    ("GET /lich-lam-viec/{year}", "/lich-lam-viec/hai", "", "000000"),
    ("GET /bieu-mau", "/bieu-mau", "", "xxxxxx"),
    ("GET /bieu-mau/{kind}", "/bieu-mau/article", "", "xxxxxx"),
    ("GET /tinh", "/tinh", "", "xxxxxx"),
    ("GET /tinh", "/tinh?dia-gioi=luc-do", "", "xxxxxx"),
    ("GET /tinh/{key}", "/tinh/68.2025-07-01", "", "xxxxxx"),
    ("GET /tinh/{key}", "/tinh/khong-co", "", "000000"),
    ("GET /giao-dien", "/giao-dien", "", "------"),
    ("POST /giao-dien", "/giao-dien", "theme=dark&back=/", "xxxxxx"),
    ("GET /assets/{name}", "STYLESHEET", "", "xxxxxx"),
    ("GET /en/", "/en/", "", "xxxxxx"),
    ("GET /favicon.ico", "/favicon.ico", "", "xxxxxx"),
    ("GET /robots.txt", "/robots.txt", "", "xxxxxx"),
    ("GET /healthz", "/healthz", "", "xxxxxx"),
    ("GET /api/v1/directives", "/api/v1/directives", "", "xxxxxx"),
    ("GET /api/v1/directives/{id}", "/api/v1/directives/ISSUED", "", "xxxxxx"),
    ("GET /api/v1/directives/{id}", "/api/v1/directives/DRAFT", "", "000000"),
    ("GET /api/v1/conferences", "/api/v1/conferences", "", "xxxxxx"),
    ("GET /api/v1/kinds", "/api/v1/kinds", "", "xxxxxx"),
    ("GET /api/v1/kinds/{kind}/schema", "/api/v1/kinds/directive/schema", "", "xxxxxx"),
    ("GET /api/v1/records", "/api/v1/records?kind=article", "", "xxxxxx"),
    ("GET /api/v1/records/{id}", "/api/v1/records/ISSUED", "", "xxxxxx"),
    ("GET /api/v1/records/{id}", "/api/v1/records/DRAFTARTICLE", "", "0xx000"),
    ("GET /api/v1/search", "/api/v1/search?q=hoi", "", "xxxxxx"),
    ("GET /api/v1/suggest", "/api/v1/suggest?q=hoi", "", "xxxxxx"),
    ("GET /api/v1/openapi.json", "/api/v1/openapi.json", "", "xxxxxx"),
    ("GET /dang-nhap", "/dang-nhap", "", "xxxxxx"),
    ("POST /dang-nhap", "/dang-nhap", "login=ai&password=sai", "xxxxxx"),
    ("GET /dang-nhap/mot-lan/{token}", "/dang-nhap/mot-lan/khong-co", "", "xxxxxx"),
    ("POST /dang-nhap/mot-lan/{token}", "/dang-nhap/mot-lan/khong-co", "a=b", "xxxxxx"),
    ("GET /tai-khoan", "/tai-khoan", "", "ixxxxx"),
    ("POST /tai-khoan/mat-khau", "/tai-khoan/mat-khau", "old=&new=ngan", "ixxxxx"),
    ("POST /tai-khoan/lich", "/tai-khoan/lich", "a=b", "ixxxxx"),
    ("GET /viec", "/viec", "", "ixxxxx"),
    ("GET /duyet", "/duyet", "", "i---x-"),
    ("GET /r/{id}/buoc/{state}", "/r/SUBMITTED/buoc/approved", "", "0---x0"),
    ("POST /r/{id}/buoc/{state}", "/r/SUBMITTED/buoc/returned", "remark=", "0---x0"),
    ("GET /lanh-dao", "/lanh-dao", "", "i---x-"),
    ("GET /hoi-dong", "/hoi-dong", "", "ixxxxx"),
    ("GET /hoi-dong/{id}", "/hoi-dong/COUNCIL", "", "0xx000"),
    ("GET /hoi-dong/{id}/bien-ban.docx", "/hoi-dong/COUNCIL/bien-ban.docx", "", "0xx000"),
    ("GET /hoi-dong/{id}/kiem-phieu", "/hoi-dong/COUNCIL/kiem-phieu", "", "0-x000"),
    ("POST /hoi-dong/{id}/kiem-phieu", "/hoi-dong/COUNCIL/kiem-phieu", "ballots_issued=x", "0-x000"),
    ("POST /hoi-dong/{id}/mo-bo-phieu", "/hoi-dong/COUNCIL/mo-bo-phieu", "a=b", "0-x000"),
    ("POST /hoi-dong/{id}/dong-bo-phieu", "/hoi-dong/COUNCIL/dong-bo-phieu", "note=x", "0-x000"),
    ("POST /hoi-dong/{id}/huy-bo-phieu", "/hoi-dong/COUNCIL/huy-bo-phieu", "a=b", "0-x000"),
    ("GET /hop-dong", "/hop-dong", "", "ixxxx-"),
    ("GET /hop-dong", "/hop-dong?co-quan=OWN&can=duoc-chi", "", "ixx---"),
    ("GET /hop-dong/{id}", "/hop-dong/CONTRACT", "", "0xx000"),
    ("GET /bo-phieu", "/bo-phieu", "", "xxxxxx"),
    ("POST /bo-phieu", "/bo-phieu", "slip=khong-co", "xxxxxx"),
    ("POST /bo-phieu/gui", "/bo-phieu/gui", "slip=khong-co&mark=passed", "xxxxxx"),
    ("GET /van-ban/nhap", "/van-ban/nhap", "", "i-xxx-"),
    ("POST /van-ban/nhap", "/van-ban/nhap", "text=&owner=OWN", "i-x---"),
    ("GET /nhap-excel", "/nhap-excel", "", "i-xxx-"),
    ("POST /nhap-excel", "/nhap-excel", "kind=article&owner=OWN", "i-x---"),
    ("GET /nhap-excel/{id}", "/nhap-excel/ONDESK", "", "00x000"),
    ("POST /nhap-excel/{id}/cot", "/nhap-excel/ONDESK/cot", "c.0=", "00x000"),
    ("POST /nhap-excel/{id}/sua", "/nhap-excel/ONDESK/sua", "o.A1=x", "00x000"),
    ("POST /nhap-excel/{id}/nhap", "/nhap-excel/ONDESK/nhap", "a=b", "00x000"),
    ("POST /nhap-excel/{id}/hoan-tac", "/nhap-excel/CAMEIN/hoan-tac", "a=b", "0-x00x"),
    ("GET /nhap-excel/mau/{kind}", "/nhap-excel/mau/person", "", "i-xxxx"),
    ("POST /nhap-excel/tai-len", "/nhap-excel/tai-len", "kind=article&owner=OWN&name=bai.csv&size=9&modified=1", "i-x---"),
    ("GET /nhap-excel/tai-len/{id}", "/nhap-excel/tai-len/ARRIVING", "", "00x000"),
    ("PUT /nhap-excel/tai-len/{id}", "/nhap-excel/tai-len/ARRIVING", "x", "00x000"),
    ("POST /nhap-excel/tai-len/{id}/xong", "/nhap-excel/tai-len/ARRIVING/xong", "a=b", "00x000"),
    ("POST /nhap-excel/tai-len/{id}/huy", "/nhap-excel/tai-len/ARRIVING/huy", "a=b", "00x000"),
    ("GET /van-ban/{id}/soat", "/van-ban/DOCUMENT/soat", "", "i-x---"),
    ("POST /van-ban/{id}/doc", "/van-ban/DOCUMENT/doc", "start=0&end=0&reading_0=x&reason=y", "i-x---"),
    ("POST /van-ban/{id}/giao", "/van-ban/DOCUMENT/giao", "a=b", "i-x---"),
    ("GET /chi-dao/{id}/sua", "/chi-dao/DRAFT/sua", "", "0-x000"),
    ("POST /chi-dao/{id}/sua", "/chi-dao/DRAFT/sua", "due=31%2F02%2F2024", "0-x000"),
    ("GET /r/{id}/sua", "/r/DRAFTARTICLE/sua", "", "0-x000"),
    ("POST /r/{id}/sua", "/r/DRAFTARTICLE/sua", "title=x&text=y&state=draft&owner=OWN", "0-x000"),
    ("GET /r/{id}/xoa", "/r/DRAFTARTICLE/xoa", "", "0-x000"),
    ("POST /r/{id}/xoa", "/r/DRAFTARTICLE/xoa", "basis=", "0-x000"),
    // Only a record of another node is returned.
    ("GET /r/{id}/tra-lai", "/r/ARTICLE/tra-lai", "", "000000"),
    ("POST /r/{id}/tra-lai", "/r/ARTICLE/tra-lai", "reason=duplicate", "000000"),
    ("GET /viec/bi-tra-lai", "/viec/bi-tra-lai", "", "ixxxxx"),
    ("GET /quan-tri/nut/bi-tra-lai", "/quan-tri/nut/bi-tra-lai", "", "i----x"),
    ("GET /quan-tri/nut/da-tra-lai", "/quan-tri/nut/da-tra-lai", "", "i----x"),
    // Only a record handed over by another node can be taken over.
    ("POST /r/{id}/tiep-nhan", "/r/ARTICLE/tiep-nhan", "a=b", "000000"),
    ("GET /bieu-mau/{kind}/moi", "/bieu-mau/article/moi", "", "i-xxx-"),
    ("POST /bieu-mau/{kind}/moi", "/bieu-mau/article/moi", "title=x&text=y&state=draft&owner=OWN", "i-x---"),
    ("GET /chi-dao/{id}/bao-cao/{body}", "/chi-dao/ISSUED/bao-cao/OWN", "", "i-x---"),
    ("POST /chi-dao/{id}/bao-cao/{body}", "/chi-dao/ISSUED/bao-cao/OWN", "answer_state=doing&text=x", "i-x---"),
    ("GET /chi-dao/{id}/xac-minh/{answer}", "/chi-dao/ISSUED/xac-minh/ANSWER", "", "i---x-"),
    ("POST /chi-dao/{id}/xac-minh/{answer}", "/chi-dao/ISSUED/xac-minh/ANSWER", "version=1&verdict=returned&remark=", "i---x-"),
    ("POST /chi-dao/{id}/don-doc/{body}", "/chi-dao/ISSUED/don-doc/OWN", "a=b", "i-x-x-"),
    ("GET /chi-dao/{id}/han", "/chi-dao/ISSUED/han", "", "i-x-x-"),
    ("POST /chi-dao/{id}/han", "/chi-dao/ISSUED/han", "new_due=31/02/2020", "i-x-x-"),
    ("GET /quan-tri", "/quan-tri", "", "i----x"),
    ("GET /quan-tri/nguoi-dung", "/quan-tri/nguoi-dung", "", "i----x"),
    ("POST /quan-tri/nguoi-dung", "/quan-tri/nguoi-dung", "login=moi&name=Moi&role=reader&body=OWN", "i----x"),
    ("GET /quan-tri/nguoi-dung/{id}", "/quan-tri/nguoi-dung/ACCOUNT", "", "i----x"),
    ("POST /quan-tri/nguoi-dung/{id}", "/quan-tri/nguoi-dung/ACCOUNT", "name=&grants.0.role=officer", "i----x"),
    ("POST /quan-tri/nguoi-dung/{id}/lien-ket", "/quan-tri/nguoi-dung/ACCOUNT/lien-ket", "a=b", "i----x"),
    ("POST /quan-tri/nguoi-dung/{id}/trang-thai", "/quan-tri/nguoi-dung/ACCOUNT/trang-thai", "a=b", "i----x"),
    ("GET /quan-tri/bieu-mau", "/quan-tri/bieu-mau", "", "i----x"),
    ("POST /quan-tri/bieu-mau", "/quan-tri/bieu-mau", "a=b", "i----x"),
    ("GET /quan-tri/bieu-mau/{kind}/{version}", "/quan-tri/bieu-mau/technology/2", "", "i----x"),
    ("GET /quan-tri/bieu-mau/{kind}/{version}/thu", "/quan-tri/bieu-mau/technology/2/thu", "", "i----x"),
    ("GET /quan-tri/bieu-mau/{kind}/{version}/tep", "/quan-tri/bieu-mau/technology/1/tep", "", "i----x"),
    ("POST /quan-tri/bieu-mau/{kind}/{version}/ap-dung", "/quan-tri/bieu-mau/technology/2/ap-dung", "a=b", "i----x"),
    ("GET /do-day-du", "/do-day-du", "", "xxxxxx"),
    ("GET /api/v1/completeness", "/api/v1/completeness", "", "xxxxxx"),
    // Who calls is known by his signature, not by a session; what a node may see and write is tried in `exchange`.
    ("GET /lv/o/{log}/{*rest}", "/lv/o/00/head", "", "000000"),
    ("POST /lv/o/{log}/{*rest}", "/lv/o/00/checkpoint", "x", "000000"),
    ("PUT /lv/o/{log}/{*rest}", "/lv/o/00/file/00", "x", "000000"),
    ("POST /lv/join", "/lv/join", "x", "------"),
    ("GET /lv/status", "/lv/status", "", "000000"),
    ("GET /quan-tri/nut", "/quan-tri/nut", "", "i----x"),
    ("POST /quan-tri/nut/noi", "/quan-tri/nut/noi", "address=x&code=y", "i----x"),
    ("POST /quan-tri/nut/moi", "/quan-tri/nut/moi", "name=x&title=", "i----x"),
    // The leader of the Ministry is the head of the body that runs this node.
    ("GET /gui-len", "/gui-len", "", "i---xx"),
    ("POST /gui-len", "/gui-len", "until=public:1", "i---xx"),
    ("GET /ket-noi", "/ket-noi", "", "i---xx"),
    ("POST /ket-noi", "/ket-noi", "difficulties=x", "i---x-"),
    ("POST /gui-len/che-do", "/gui-len/che-do", "policy=daily&time=25", "i---xx"),
    ("POST /quan-tri/nut/ngat", "/quan-tri/nut/ngat", "ngat=", "i----x"),
    ("POST /quan-tri/nut/vung", "/quan-tri/nut/vung", "nodes=x", "i----x"),
    ("POST /quan-tri/nut/khep", "/quan-tri/nut/khep", "into=x&sure_close=", "i----x"),
    ("POST /quan-tri/nut/tiep-nhan", "/quan-tri/nut/tiep-nhan", "a=b", "i----x"),
    ("POST /quan-tri/nut/sap-nhap", "/quan-tri/nut/sap-nhap", "of=x&by=y&basis=&sure_merge=", "i----x"),
    ("GET /quan-tri/nhat-ky", "/quan-tri/nhat-ky", "", "i----x"),
    ("GET /quan-tri/sao-luu", "/quan-tri/sao-luu", "", "i----x"),
    ("GET /quan-tri/toan-bo-du-lieu.zip", "/quan-tri/toan-bo-du-lieu.zip", "", "i----0"),
    ("GET /quan-tri/toan-bo-du-lieu", "/quan-tri/toan-bo-du-lieu", "", "i----x"),
    ("POST /quan-tri/toan-bo-du-lieu", "/quan-tri/toan-bo-du-lieu", "a=b", "i----x"),
    ("POST /quan-tri/bieu-mau/{kind}/{version}/thu-hoi", "/quan-tri/bieu-mau/technology/2/thu-hoi", "a=b", "i----x"),
    ("POST /quan-tri/nut/trung-uong", "/quan-tri/nut/trung-uong", "a=b", "i----x"),
    ("POST /van-ban/{id}/bo", "/van-ban/DOCUMENT/bo", "a=b", "i-x---"),
    ("POST /tai-khoan/dang-xuat-moi-noi", "/tai-khoan/dang-xuat-moi-noi", "a=b", "ixxxxx"),
    ("POST /dang-xuat", "/dang-xuat", "a=b", "xxxxxx"),
];

/// An office with something of every state, and a session for each role.
pub struct Stage {
    pub office: Arc<Office>,
    pub router: axum::Router,
    pub sessions: Vec<Option<String>>,
    names: Vec<(&'static str, String)>,
    _folder: tempfile::TempDir,
}

pub fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let office = open(folder.path());
    let console = office.console();
    person(&office, "daklak.doc", DAK_LAK, Role::Reader);
    let officer = person(&office, "daklak.cv", DAK_LAK, Role::Officer);
    person(&office, "kontum.cv", "Sở KH&CN Kon Tum", Role::Officer);
    let leader = person(&office, "bo.ld", MINISTRY, Role::Leader);
    let administrator = person(&office, "bo.qt", MINISTRY, Role::Administrator);
    // A new form of technologies waits.
    office.receive_form(&administrator, &crate::form_version::second_version("2026-11-01")).unwrap();
    let (own, ministry) = (body(&office, DAK_LAK), body(&office, MINISTRY));
    let import = |name: &str, words: &str| {
        let bytes = format!("{words}\n{}", include_str!("../../demo/conclusion-xv.txt")).into_bytes();
        let form = ReadingForm { owner: own, conference: None, assigner: Some(ministry), source_url: None, name: name.into(), bytes };
        office.import_conclusion(&officer, form).unwrap()
    };
    let imported = import("mot.txt", "");
    let other = import("hai.txt", "Bản thứ hai (minh họa)");
    office.settle(Duration::from_secs(20));
    let review = office.review(&officer, imported.document).unwrap();
    let issued = review.directives.iter().find(|one| one.directive.text.contains("tổ chức ký kết")).unwrap().id;
    let draft = review.directives.iter().find(|one| one.id != issued).unwrap().id;
    office.issue_to(&officer, imported.document, Some(vec![issued]), None).unwrap();
    office.settle(Duration::from_secs(20));
    let evidence = vec![Evidence { evidence_kind: "document".into(), number: Some("1/BC".into()), ..Evidence::default() }];
    let form =
        AnswerForm { answer_state: "done".into(), done_day: Some(jiff::civil::date(2019, 11, 26)), evidence, ..AnswerForm::default() };
    let answer = office.answer(&officer, issued, own, form).unwrap().id;
    let article = |state: &str| {
        let data = json!({"title": "Hội nghị", "text": "Nội dung", "summary": "Tóm tắt", "state": state, "published_day": "2026-11-20", "owner": own.to_string(),
            "responsible_editor": "Ban biên tập", "source": "minh họa"});
        office.submit(&officer, office::Draft { id: None, kind: "article".into(), data, previous: None }).unwrap().id
    };
    let council = json!({"title": "Hội đồng nghiệm thu (minh họa)", "council_type": "acceptance", "sheet": "acceptance-2014", "owner": own.to_string()});
    let council = office.submit(&officer, office::Draft { id: None, kind: "council".into(), data: council, previous: None }).unwrap().id;
    // Recorded, so that its record is public; what may be paid under it stays inside.
    let contract = json!({"title": "Hợp đồng (minh họa)", "state": "draft", "owner": own.to_string(), "illustrative": true});
    let contract = office.submit(&officer, office::Draft { id: None, kind: "contract".into(), data: contract, previous: None }).unwrap().id;
    let original = |document| office.attached_files(&officer, document).unwrap()[0].0.sha256.clone();
    let mut names = vec![
        ("CONTRACT", contract.to_string()),
        ("COUNCIL", council.to_string()),
        ("OTHERDOCUMENT", other.document.to_string()),
        ("FIRSTFILE", original(imported.document)),
        ("SECONDFILE", original(other.document)),
        ("DRAFTARTICLE", article("draft").to_string()),
        ("DOCUMENT", imported.document.to_string()),
        ("ARTICLE", article("published").to_string()),
        ("ISSUED", issued.to_string()),
        ("DRAFT", draft.to_string()),
        ("ANSWER", answer.to_string()),
        ("OWN", own.to_string()),
        ("SUBMITTED", submitted_proposal(&office, &leader, ministry).to_string()),
        ("ACCOUNT", office.account_by_login(&console, "kontum.cv").unwrap().id),
    ];
    office.settle(Duration::from_secs(20));
    let mut sessions = vec![None];
    for login in ["daklak.doc", "daklak.cv", "kontum.cv", "bo.ld", "bo.qt"] {
        sessions.push(Some(session(&office, login)));
    }
    let office = Arc::new(office);
    let table = |kind: &str, words: &str| office::SheetUpload {
        kind: kind.into(),
        owner: own,
        name: "bang.csv".into(),
        bytes: words.into(),
        map: None,
    };
    // A table with an error waits on the officer's desk; another has come in.
    names.push(("ONDESK", office.lay_sheet(&officer, table("person", "Cột lạ\nx\n")).unwrap()));
    let good = table("person", "Họ và tên\nCán bộ (minh họa)\n");
    let sheet = office::read_sheet(&good.name, &good.bytes, None).unwrap();
    let form =
        office::SheetForm { kind: good.kind, owner: own, file: good.name, sha256: office::sha256(&good.bytes), map: Default::default() };
    let plan = office.plan_sheet(&officer, form, &sheet, &mut |_, _| {}).unwrap();
    names.push(("CAMEIN", office.import_sheet(&officer, plan, &mut |_, _| {}).unwrap().id));
    names.push(("ARRIVING", arriving(&office)));
    office.settle(Duration::from_secs(20));
    let router = web::router(office.clone(), web::Options::at("http://localhost"));
    Stage { office, router, sessions, names, _folder: folder }
}

/// A table of the officer's of which nothing has arrived yet.
fn arriving(office: &Office) -> String {
    let officer = office.act_as(&office.console(), "daklak.cv").unwrap();
    let form = UploadForm { kind: "person".into(), owner: body(office, DAK_LAK), name: "bang.csv".into(), map: None, size: 9, modified: 1 };
    office.begin_upload(&officer, form).unwrap().id
}

/// A proposal that waits for the leader of its body.
pub fn submitted_proposal(office: &Office, who: &office::Identity, owner: RecordId) -> RecordId {
    let data = json!({"title": "Đề xuất trồng gấc (minh họa)", "state": "submitted", "owner": owner.to_string(), "illustrative": true, "task_type": "DT",
        "basis": "x", "urgency": "x", "aims": "x", "required_results": "x", "suggested_content": "x", "planned_application": "x", "duration_months": 24});
    office.submit(who, office::Draft { id: None, kind: "proposal".into(), data, previous: None }).unwrap().id
}

impl Stage {
    pub fn filled(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    fn visit(&self, method: &str, path: &str, form: &str) -> Visit {
        let (path, form) = (self.filled(path), self.filled(form));
        match method {
            "GET" => Visit::get(path),
            "PUT" => Visit::piece(path, "bytes 0-0/9", form.as_bytes()),
            _ if ["/van-ban/nhap", "/nhap-excel", "/quan-tri/bieu-mau"].iter().any(|upload| path.ends_with(upload)) => {
                let fields: Vec<(&str, &str)> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
                Visit::upload(path, &fields, "", b"")
            }
            _ => Visit::post(path, form),
        }
    }

    async fn ask(&self, method: &str, path: &str, form: &str, session: Option<&str>) -> Reply {
        self.visit(method, path, form).by(session).send(&self.router).await
    }
}

fn outcome(status: StatusCode, place: &str) -> char {
    match status {
        StatusCode::SEE_OTHER if place.contains("/dang-nhap?") => 'i',
        StatusCode::UNAUTHORIZED => 'i',
        StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED => '-',
        StatusCode::NOT_FOUND => '0',
        status if status.is_server_error() => '!',
        _ => 'x',
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_gives_every_role_what_the_matrix_says_and_a_refusal_changes_nothing() {
    let mut stage = stage();
    let home = stage.ask("GET", "/", "", None).await.text;
    let stylesheet = home.split('"').find(|piece| piece.starts_with("/assets/") && piece.contains(".css")).unwrap().to_owned();
    stage.names.push(("STYLESHEET", stylesheet));
    let logins = ["", "daklak.doc", "daklak.cv", "kontum.cv", "bo.ld", "bo.qt"];
    let mut wrong = Vec::new();
    for (route, path, form, expected) in MATRIX {
        let (method, _) = route.split_once(' ').unwrap();
        for prefix in ["", "/en"] {
            if prefix == "/en"
                && (path.starts_with("/api/")
                    || path.starts_with("/lv/")
                    || ["/healthz", "/en/", "/favicon.ico", "/robots.txt"].contains(path)
                    || *path == "STYLESHEET")
            {
                continue;
            }
            let address = if *path == "/" && prefix == "/en" { "/en".to_owned() } else { format!("{prefix}{path}") };
            let mut got = String::new();
            for (column, role) in ROLES.iter().enumerate() {
                if route.ends_with("dang-xuat") || route.ends_with("moi-noi") {
                    // These end the session, so each gets one of its own.
                    stage.sessions[column] =
                        logins.get(column).filter(|login| !login.is_empty()).map(|login| session(&stage.office, login));
                }
                if route.ends_with("trang-thai") || route.ends_with("/bo") || method == "POST" {
                    stage.office.settle(Duration::from_secs(20));
                }
                let before = stage.office.ledger().digest().unwrap();
                let Reply { status, place, text, .. } = stage.ask(method, &address, form, stage.sessions[column].as_deref()).await;
                let letter = outcome(status, &place);
                got.push(letter);
                if matches!(letter, 'i' | '-' | '0') {
                    assert_eq!(before, stage.office.ledger().digest().unwrap(), "{route} refused {role} and yet changed something");
                }
                if letter == '!' {
                    wrong.push(format!("{route} {role}: {status} {text}"));
                }
                if letter == '-' && method == "GET" && status == StatusCode::FORBIDDEN {
                    assert!(text.contains("<h1"), "{route} {role}: a refusal is a page that says why");
                }
            }
            if route.ends_with("tai-len/{id}/huy") {
                stage.names.push(("ARRIVING", arriving(&stage.office)));
                stage.names.rotate_right(1);
            }
            // Closing the stranger's account ended his sessions.
            if route.ends_with("trang-thai") {
                let console = stage.office.console();
                let account = stage.office.account_by_login(&console, "kontum.cv").unwrap();
                if !account.active {
                    stage.office.toggle_account(&console, &account.id).unwrap();
                }
                stage.sessions[3] = Some(session(&stage.office, "kontum.cv"));
            }
            if got != *expected {
                wrong.push(format!("{route} at {address}: expected {expected}, got {got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_sent_sent_by_another_site_is_refused_on_every_route() {
    let stage = stage();
    let before = stage.office.ledger().digest().unwrap();
    // Calls of other nodes carry a signature of their own, which no browser makes.
    let of_browsers = |route: &str| route.starts_with("POST") && !route.contains(" /lv/");
    for (route, path, form, _) in MATRIX.iter().filter(|(route, _, _, _)| of_browsers(route)) {
        for session in &stage.sessions {
            let reply = stage.visit("POST", path, form).by(session.as_deref()).sent_by_another_site().send(&stage.router).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{route}");
        }
    }
    assert_eq!(before, stage.office.ledger().digest().unwrap());
}

#[test]
fn the_list_of_routes_without_a_line_in_the_matrix_is_empty() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/web/src");
    let mut routes = BTreeSet::new();
    for file in std::fs::read_dir(source).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests build routers of their own.
        let text = text.split("#[cfg(test)]").next().unwrap();
        if file.ends_with("gallery.rs") {
            continue;
        }
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::trim).collect();
        for piece in code.split(".route(").skip(1) {
            let piece = piece.split(';').next().unwrap();
            let route = piece.split('"').nth(1).unwrap();
            for (verb, method) in [("get(", "GET"), ("post(", "POST"), ("put(", "PUT")] {
                if piece.contains(verb) {
                    routes.insert(format!("{method} {route}"));
                }
            }
        }
    }
    assert!(routes.len() > 60, "the routes were not found: {routes:?}");
    let covered: BTreeSet<String> = MATRIX.iter().map(|(route, _, _, _)| (*route).to_owned()).collect();
    let without: Vec<&String> = routes.difference(&covered).collect();
    assert!(without.is_empty(), "routes without an authorisation test: {without:?}");
    let gone: Vec<&String> = covered.difference(&routes).filter(|route| *route != "GET /giao-dien").collect();
    assert!(gone.is_empty(), "the matrix names routes that do not exist: {gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_of_the_interface_names_every_route_of_it_and_no_other() {
    let stage = stage();
    let text = stage.ask("GET", "/api/v1/openapi.json", "", None).await.text;
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    let described: BTreeSet<String> = description["paths"].as_object().unwrap().keys().map(|path| format!("GET {path}")).collect();
    let served: BTreeSet<String> = MATRIX
        .iter()
        .map(|(route, _, _, _)| (*route).to_owned())
        .filter(|route| route.contains("/api/v1/") || route.contains("healthz"))
        .collect();
    assert_eq!(described, served);
    for id in ["ISSUED", "ARTICLE"] {
        assert!(RecordId::parse(&stage.filled(id)).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_arrives_whole_whether_it_is_compressed_on_the_way_or_not() {
    use std::io::Read;
    let stage = stage();
    for path in ["/chi-dao.csv", "/chi-dao.ics", "/bieu-mau/body.csv", "/chi-dao?conference=all"] {
        let plain = Visit::get(path).send(&stage.router).await;
        let packed = Visit::get(path).compressed().send(&stage.router).await;
        assert!(plain.bytes.len() > packed.bytes.len() && !packed.bytes.is_empty(), "{path}");
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(packed.bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.bytes, "{path}");
    }
}
