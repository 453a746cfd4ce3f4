//! The subject of a clause: who is told to do something, by whom, and with which verb.

use crate::actor::{Actor, FoundActor, Names};
use crate::view::{Span, View};

/// Verbs with which tasks begin when nobody is named. Folded.
const IMPERATIVES: [&str; 162] = [
    "chu tri",
    "dinh ky",
    "hang quy",
    "hang nam",
    "hang thang",
    "hang tuan",
    "quyet liet",
    "phan dau",
    "cap kinh phi",
    "quyet toan",
    "nghiem thu",
    "hoan chinh",
    "tiep thu",
    "du thao",
    "soan thao",
    "thanh toan",
    "tuyen chon",
    "dat hang",
    "nhan dien",
    "thuc day nhanh",
    "lay y kien",
    "khoanh vung",
    "quan triet thuc hien",
    "trien khai ngay",
    "xac minh",
    "cong nhan",
    "thu hoi",
    "ban giao",
    "tiep tuc",
    "day manh",
    "day nhanh",
    "tang cuong",
    "tap trung",
    "to chuc",
    "trien khai",
    "thuc hien",
    "xay dung",
    "ra soat",
    "phat trien",
    "bo tri",
    "de cao",
    "nang cao",
    "tien hanh",
    "tong ket",
    "so ket",
    "xac dinh",
    "khan truong",
    "chu dong",
    "kien quyet",
    "phoi hop",
    "ho tro",
    "huong dan",
    "cung cap",
    "quan tam",
    "ket noi",
    "chi du",
    "nghien cuu",
    "hoan thien",
    "hoan thanh",
    "bao cao",
    "tham muu",
    "de xuat",
    "kiem tra",
    "giam sat",
    "xu ly",
    "ban hanh",
    "chuan bi",
    "don doc",
    "theo doi",
    "chi dao",
    "phan cong",
    "cap nhat",
    "cong khai",
    "mo rong",
    "pho bien",
    "quan triet",
    "tuyen truyen",
    "lua chon",
    "khac phuc",
    "bao dam",
    "dam bao",
    "duy tri",
    "huy dong",
    "thu hut",
    "dao tao",
    "uu tien",
    "thuc day",
    "ap dung",
    "ung dung",
    "khai thac",
    "ky ket",
    "xem xet",
    "danh gia",
    "thong ke",
    "giai quyet",
    "sap xep",
    "kien toan",
    "tao lap",
    "tao dieu kien",
    "phat huy",
    "phe duyet",
    "trinh",
    "lap ke hoach",
    "gui",
    "nop",
    "co ke hoach",
    "co giai phap",
    "doi moi",
    "su dung",
    "quan ly",
    "van hanh",
    "thanh lap",
    "cu can bo",
    "bo sung",
    "dieu chinh",
    "tong hop",
    "thong nhat thuc hien",
    "thanh tra",
    "cai cach",
    "chuyen giao",
    "nhan rong",
    "gan ket",
    "lien ket",
    "luu y",
    "nghiem tuc",
    "sang tao doi moi",
    "ra quan",
    "dau tu",
    "boi duong",
    "cong bo",
    "tich cuc",
    "cham lo",
    "giao cho",
    "yeu cau",
    "de nghi",
    "lam ro",
    "lam tot",
    "lam viec voi",
    "lap ho so",
    "tham dinh",
    "thuong xuyen",
    "chan chinh",
    "khuyen khich",
    "khoi cong",
    "giai ngan",
    "hop tac",
    "trao doi",
    "chia se",
    "so hoa",
    "chuan hoa",
    "thu thap",
    "dang ky",
    "bao ve",
    "phong ngua",
    "xoa bo",
    "loai bo",
    "nhanh chong",
    "som",
    "kip thoi",
    "tu choc",
    "dieu tra",
    "khao sat",
];

const ASSIGNING: [(&str, &str); 7] = [
    ("giao cho", "assign"),
    ("giao", "assign"),
    ("phan cong", "assign"),
    ("uy quyen", "assign"),
    ("yeu cau", "require"),
    ("chi dao", "require"),
    ("de nghi", "request"),
];

/// Who is told to do something, by whom, and with which words.
pub(crate) struct Subject {
    pub(crate) assigner: Option<String>,
    pub(crate) leads: Vec<FoundActor>,
    pub(crate) force: String,
    pub(crate) verb: Span,
    /// Where the action begins.
    pub(crate) action: usize,
}

/// The subject of a clause: "(Ai) giao B …", "B chủ trì …", "Đối với B, cần …", "Các B … cần …".
pub(crate) fn subject(view: &View, clause: Span, names: &Names) -> Option<Subject> {
    let start = clause.start;
    // Đối với B, …
    if let Some(after) = view.words_at(start, "doi voi") {
        let leads = names.list_at(view, after, clause.end);
        if let Some(last) = leads.last() {
            let mut action = view.skip_blanks(last.span.end);
            if matches!(view.char_at(action), Some(',' | ':')) {
                action = view.skip_blanks(action + 1);
            }
            let (verb, force, action) = needing(view, action);
            return Some(Subject { assigner: None, leads, force, verb, action });
        }
        return None;
    }
    // B chủ trì …, B có trách nhiệm …, B cần …
    let leads = names.list_at(view, start, clause.end);
    if let Some(last) = leads.last() {
        let mut next = view.skip_blanks(last.span.end);
        let colon = view.char_at(next) == Some(':');
        if matches!(view.char_at(next), Some(',' | ':')) {
            next = view.skip_blanks(next + 1);
        }
        if let Some(after) = view.words_at(next, "cung") {
            next = view.skip_blanks(after);
        }
        if let Some(assigned) = assigned(view, clause, names, next) {
            return Some(Subject { assigner: Some(view.plain_text(Span { start, end: last.span.end })), ..assigned });
        }
        for (words, force) in
            [("chu tri", "assign"), ("co trach nhiem", "assign"), ("chiu trach nhiem", "assign"), ("can", "need"), ("phai", "need")]
        {
            if let Some(after) = view.words_at(next, words) {
                return Some(Subject {
                    assigner: None,
                    leads,
                    force: force.to_owned(),
                    verb: Span { start: next, end: after },
                    action: after,
                });
            }
        }
        if let Some(verb) = imperative_at(view, next) {
            return Some(Subject { assigner: None, leads, force: "assign".to_owned(), verb, action: next });
        }
        if colon || next >= clause.end {
            return Some(Subject {
                assigner: None,
                leads,
                force: "assign".to_owned(),
                verb: Span { start: next, end: next },
                action: next,
            });
        }
    }
    // "Những địa phương có điều kiện cũng cần …": a class that no list knows, up to the word of need.
    if ["cac", "nhung", "tung"].iter().any(|word| view.words_at(start, word).is_some()) {
        let syllables = view.syllables(clause);
        // "Các đơn vị gửi báo cáo …": people who can be told to, unlike "Các kết quả đạt được …".
        let told = ["don vi", "co quan", "dia phuong", "so", "nganh", "huyen", "xa", "vien", "truong", "to chuc", "doanh nghiep"];
        let people = syllables.get(1).is_some_and(|second| told.iter().any(|words| view.words_at(second.start, words).is_some()));
        for (at, syllable) in syllables.iter().enumerate().take(14).skip(2) {
            let need = ["cung can", "can", "phai", "co trach nhiem"]
                .iter()
                .find_map(|words| view.words_at(syllable.start, words).map(|after| (after, "need")))
                .or_else(|| people.then(|| imperative_at(view, syllable.start).map(|verb| (verb.end, "assign"))).flatten());
            if let Some((after, force)) = need {
                let span = Span { start, end: syllables.get(at - 1)?.end };
                if view.plain_text(span).contains([',', '.', ';', ':']) {
                    break;
                }
                let actor = Actor { text: view.plain_text(span), id: None, class: true };
                let verb = Span { start: syllable.start, end: after };
                return Some(Subject {
                    assigner: None,
                    leads: vec![FoundActor { actor, span }],
                    force: force.to_owned(),
                    verb,
                    action: if force == "assign" { syllable.start } else { after },
                });
            }
        }
    }
    assigned(view, clause, names, start)
}

/// "… giao B", "… yêu cầu B", "… đề nghị B", with at most a few words before the verb.
fn assigned(view: &View, clause: Span, names: &Names, from: usize) -> Option<Subject> {
    let syllables = view.syllables(Span { start: from, end: clause.end });
    for (at, syllable) in syllables.iter().enumerate().take(16) {
        if view.plain_text(Span { start: from, end: syllable.start }).contains([';', ':', '(']) {
            return None;
        }
        for (words, force) in ASSIGNING {
            let Some(after) = view.words_at(syllable.start, words) else { continue };
            let mut next = view.skip_blanks(after);
            for skipped in ["cho", "nhiem vu cho", "dong chi", "voi"] {
                if let Some(after) = view.words_at(next, skipped) {
                    next = view.skip_blanks(after);
                }
            }
            let leads = names.list_at(view, next, clause.end);
            let Some(last) = leads.last() else { continue };
            let mut action = view.skip_blanks(last.span.end);
            if matches!(view.char_at(action), Some(',' | ':')) {
                action = view.skip_blanks(action + 1);
            }
            let assigner = (at > 0).then(|| view.plain_text(view.trimmed(Span { start: from, end: syllable.start })));
            return Some(Subject { assigner, leads, force: force.to_owned(), verb: Span { start: syllable.start, end: after }, action });
        }
    }
    None
}

/// "cần", "phải", or the bare verb after "Đối với B,".
fn needing(view: &View, place: usize) -> (Span, String, usize) {
    for words in ["can phai", "can", "phai", "de nghi", "yeu cau"] {
        if let Some(after) = view.words_at(place, words) {
            let force = if words == "de nghi" {
                "request"
            } else if words == "yeu cau" {
                "require"
            } else {
                "need"
            };
            return (Span { start: place, end: after }, force.to_owned(), after);
        }
    }
    let verb = imperative_at(view, place).unwrap_or(Span { start: place, end: place });
    (verb, "need".to_owned(), place)
}

/// The verb of a task at this place.
pub(crate) fn imperative_at(view: &View, place: usize) -> Option<Span> {
    IMPERATIVES.iter().filter_map(|words| view.words_at(place, words)).max().map(|end| Span { start: place, end })
}
