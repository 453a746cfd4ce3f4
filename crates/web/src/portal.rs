//! What everybody sees first: home, news, search, help.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use office::{BoardFilter, Found, FoundHow, Order, RecordId, RegisterFilter, SearchForm, SearchOrder};
use serde_json::Value;

use crate::blocks::{Block, Blocks, Form, FoundHit, show};
use crate::errors::{Answer, Failure};
use crate::form::FormPairs;
use crate::format;
use crate::list::ListPlace;
use crate::page::{Nav, Page};
use crate::parts::{
    Badge, Cell, Choice, Column, Definitions, EmptyState, Facets, Field, FieldKind, FourCells, Icon, Notice, Pager, Table, Tone,
};
use crate::record_page::show_holding;
use crate::returned::show_returned;
use crate::service::{App, Who, record_id, said};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/tin", get(news))
        .route("/tin/{id}", get(article))
        .route("/tin/{id}/binh-chon", post(vote))
        .route("/tim", get(search))
        .route("/tro-giup", get(help))
        .route("/tiep-can", get(access))
        .route("/api", get(data))
        .route("/lich/{token}", get(calendar))
}

async fn home(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let (news, found, kinds) = app
        .call(move |office| {
            let filter = RegisterFilter {
                kind: Some("article".to_owned()),
                state: Some("published".to_owned()),
                order: Order::Latest,
                ..RegisterFilter::default()
            };
            let news = office.register_page(&who, &filter, None, 6)?;
            let today = office.clock().today();
            Ok((news, office.board().page(&BoardFilter::default(), today, None, 1)?, office.kind_counts(&who)?))
        })
        .await?;
    let title = page.say("Khoa học và công nghệ liên vùng", "Science and technology across regions").to_owned();
    let page = page.titled(title).at(Nav::Home);
    let mut blocks = Blocks::default();
    blocks.push(Block::Lead(
        page.say(
            "Kết luận hội nghị thành việc có người, có hạn, có minh chứng; ai cũng xem được việc nào xong, việc nào quá hạn.",
            "Conclusions of conferences become tasks with somebody in charge, a deadline and evidence; everybody sees what is done and what is late.",
        )
        .to_owned(),
    ));
    let number = |number: u64| format::number(i64::try_from(number).unwrap_or(i64::MAX), page.lang);
    let doors = vec![
        (
            page.say("Kết luận, chỉ đạo", "Conclusions and directives").to_owned(),
            format!("{} {}", number(found.counts.total()), page.say("nội dung đã giao", "directives issued")),
            page.href("/chi-dao"),
        ),
        (
            page.say("Nhiệm vụ KH&CN", "S&T tasks").to_owned(),
            format!(
                "{} {}",
                number(kinds.iter().find(|(name, _)| name == "task").map_or(0, |(_, count)| *count)),
                page.say("nhiệm vụ xem được", "tasks open to you")
            ),
            page.href(&crate::records::list_of("task")),
        ),
        (
            page.say("Hội nghị", "Conferences").to_owned(),
            page.say("Hội nghị giao ban vùng qua các lần", "Regional conferences").to_owned(),
            page.href("/hoi-nghi"),
        ),
        (
            page.say("Văn bản", "Documents").to_owned(),
            page.say("Nguyên văn bên cạnh việc được giao", "The exact words beside the tasks").to_owned(),
            page.href("/van-ban"),
        ),
        (
            page.say("Dữ liệu mở", "Open data").to_owned(),
            page.say("Excel, CSV, JSON, iCal, API", "Excel, CSV, JSON, iCal, API").to_owned(),
            page.href("/api"),
        ),
    ];
    blocks.push(Block::Doors(doors));
    let counts = &found.counts;
    blocks.push(Block::Heading(page.say("Việc có hạn", "Dated directives").to_owned()));
    blocks.push(Block::Bar(FourCells::new(
        page.texts(),
        "tong",
        page.say("Hạn của cấp giao", "Stated deadlines"),
        counts.done_on_time,
        counts.done_late,
        counts.within_term,
        counts.overdue,
    )));
    blocks.push(Block::Heading(page.say("Tin mới", "News").to_owned()));
    if news.rows.is_empty() {
        blocks.push(Block::Empty(EmptyState::new(
            page.say("Chưa có tin", "No news yet"),
            page.say("Bài viết đã đăng sẽ hiện ở đây.", "Published articles appear here."),
        )));
    } else {
        let links = news
            .rows
            .iter()
            .map(|row| (format!("{} – {}", format::partial(&row.day, page.lang), row.title), page.href(&format!("/tin/{}", row.id))))
            .collect();
        blocks.push(Block::Links(links));
    }
    blocks.push(Block::Heading(page.say("Công khai theo Nghị định 42/2022/NĐ-CP", "What Decree 42/2022 wants published").to_owned()));
    let have = |kind: &str| kinds.iter().any(|(name, count)| name == kind && *count > 0);
    let mut badges = Vec::new();
    for (there, vi, en) in [
        (have("document"), "văn bản chỉ đạo", "documents"),
        (have("directive"), "kết quả thực hiện", "results"),
        (have("article"), "tin tức", "news"),
        (have("conference"), "hội nghị", "conferences"),
        (false, "thủ tục hành chính", "procedures"),
        (false, "báo cáo tài chính năm", "yearly finance report"),
    ] {
        let (tone, icon, sign) = if there {
            (Tone::Good, Icon::Check, page.say("có ", "present: "))
        } else {
            (Tone::Warn, Icon::Alert, page.say("còn thiếu ", "missing: "))
        };
        badges.push(Badge::new(tone, icon, format!("{sign}{}", page.say(vi, en))));
    }
    blocks.push(Block::Badges(badges));
    show(page, blocks)
}

async fn news(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let found = app
        .call(move |office| {
            let filter = RegisterFilter { kind: Some("article".to_owned()), order: Order::Latest, ..RegisterFilter::default() };
            office.register_page(&who, &filter, place.after.as_deref(), place.limit)
        })
        .await?;
    let title = page.say("Tin tức", "News").to_owned();
    let page = page.titled(title).at(Nav::News);
    let mut table = Table::new(
        page.texts(),
        page.say("Tin, bài", "Articles"),
        vec![Column::new(page.say("Bài viết", "Article")), Column::new(page.say("Ngày đăng", "Published"))],
    )
    .with_total(found.total);
    for row in &found.rows {
        table.row(vec![
            Cell::link(row.title.clone(), page.href(&format!("/tin/{}", row.id))),
            Cell::text(format::partial(&row.day, page.lang)),
        ]);
    }
    let mut blocks = Blocks::default();
    blocks.push(Block::Table(table));
    blocks.push(Block::Pager(Pager::new(&page, found.rows.len(), found.total, found.next.as_deref())));
    show(page, blocks)
}

async fn article(page: Page, Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (view, related, readership, question) = app
        .call(move |office| {
            let view = office.view(&who, id)?;
            if view.kind != "article" {
                return Err(office::OfficeError::NotFound(id.to_string()));
            }
            let wanted: Vec<RecordId> = view
                .data
                .as_ref()
                .and_then(|data| data.get("related"))
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|item| RecordId::parse(item.as_str()?).ok())
                .collect();
            let related = office.titles(&who, &wanted)?;
            office.count_view(id)?;
            Ok((view, related, office.readership(id)?, office.question(id)?))
        })
        .await?;
    let data = view.data.ok_or_else(|| Failure::not_found(id.to_string()))?;
    let text = |field: &str| data.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let label = page.say("Tin tức", "News").to_owned();
    let page = page.titled(text("title")).at(Nav::News).crumb(label, "/tin").described(text("summary"));
    let texts = page.texts();
    let mut blocks = Blocks::default();
    if data.get("illustrative").and_then(Value::as_bool) == Some(true) {
        blocks.push(Block::Badges(vec![Badge::illustrative(texts)]));
    }
    show_holding(&page, view.id, view.held.as_ref(), &mut blocks);
    show_returned(&page, view.held.as_ref(), view.returned.as_ref(), &mut blocks);
    blocks.push(Block::Lead(text("summary")));
    blocks.push(Block::Article(text("text")));
    let mut facts = Definitions { rows: Vec::new() };
    facts.add_some(page.say("Ngày đăng", "Published"), Some(format::partial(&text("published_day"), page.lang)));
    facts.add_some(page.say("Nguồn", "Source"), Some(text("source")).filter(|source| !source.is_empty()));
    facts.add_some(
        page.say("Chịu trách nhiệm nội dung", "Responsible editor"),
        Some(text("responsible_editor")).filter(|editor| !editor.is_empty()),
    );
    facts.add_some(page.say("Lượt xem", "Views"), Some(format::number(i64::try_from(readership.views).unwrap_or(0), page.lang)));
    let stars = readership.mean_tenths().map_or_else(
        || page.say("chưa có bình chọn", "no votes yet").to_owned(),
        |mean| format!("{},{} / 5 ({} {})", mean / 10, mean % 10, readership.votes, page.say("lượt", "votes")),
    );
    facts.add_some(page.say("Bình chọn", "Votes"), Some(stars));
    blocks.push(Block::Facts(facts));
    if !related.is_empty() {
        blocks.push(Block::Heading(page.say("Liên quan", "Related").to_owned()));
        blocks.push(Block::Links(
            related.iter().map(|row| (row.title.clone(), page.href(&crate::records::place_of(&row.kind, row.id)))).collect(),
        ));
    }
    let choices = (1..=5).rev().map(|stars: i64| Choice::new(stars.to_string(), format!("{stars} {}", page.say("sao", "stars")))).collect();
    let asked = format!(
        "{} {} {} {} {}",
        page.say("Để biết là người đọc:", "To show that you are a reader:"),
        viet::in_words(question.summands.0),
        page.say("cộng", "(Vietnamese) plus"),
        viet::in_words(question.summands.1),
        page.say("bằng mấy? (ghi bằng số)", "is how many? (in digits)")
    );
    let mut form = Form::post(page.href(&format!("/tin/{id}/binh-chon")))
        .field(Field::select(texts, "stars", page.say("Số sao", "Stars"), choices).value("5"))
        .field(Field::new(texts, FieldKind::Number, "answer", asked).required())
        .field(Field::hidden(texts, "token", question.token))
        .button(page.say("Bình chọn", "Vote"));
    form.class = "card no-print";
    form.heading = page.say("Bài viết có hữu ích không?", "Was this useful?").to_owned();
    blocks.push(Block::Form(form));
    show(page, blocks)
}

async fn vote(page: Page, State(app): State<App>, Path(id): Path<String>, headers: HeaderMap, pairs: FormPairs) -> Answer {
    let id = record_id(&id)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let voter = format!("{} {} {}", header("x-forwarded-for"), header("user-agent"), header("accept-language"));
    let stars = pairs.get("stars").and_then(|stars| stars.parse().ok()).unwrap_or(0);
    let (token, answer) = (pairs.get("token").unwrap_or("").to_owned(), pairs.get("answer").unwrap_or("").to_owned());
    app.call(move |office| office.vote(id, stars, &voter, &token, &answer)).await?;
    page.go(&format!("/tin/{id}"))
}

/// What the address of a search asks for.
pub(crate) fn search_form(page: &Page) -> SearchForm {
    SearchForm {
        text: page.parameter("q").unwrap_or("").to_owned(),
        kind: page.parameter("kind").map(str::to_owned),
        body: page.parameter("body").map(str::to_owned),
        year: page.parameter("year").and_then(|year| year.parse().ok()),
        status: page.parameter("status").map(str::to_owned),
        province: page.parameter("province").map(str::to_owned),
        changed_after: page.parameter("moi").and_then(|cursor| cursor.parse().ok()),
        order: match page.parameter("order") {
            Some("newest") => SearchOrder::Newest,
            Some("oldest") => SearchOrder::Oldest,
            _ => SearchOrder::Best,
        },
        ..SearchForm::default()
    }
}

async fn search(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let form = SearchForm { after: place.after, limit: place.limit.min(50), ..search_form(&page) };
    let signed_in = who.is_signed_in();
    let typed = form.text.clone();
    let (found, rows, not_understood) = app
        .call(move |office| {
            let Found { results: found, not_understood } = office.search(&who, &form)?;
            let ids: Vec<RecordId> = found.hits.iter().filter_map(|hit| RecordId::parse(&hit.id).ok()).collect();
            let rows = office.titles(&who, &ids)?;
            Ok((found, rows, not_understood))
        })
        .await?;
    let title = page.say("Tìm kiếm", "Search").to_owned();
    let page = page.titled(title);
    let texts = page.texts();
    let mut blocks = Blocks::default();
    let filter = Form::filter(page.href("/tim"))
        .field(Field::text(texts, "q", page.say("Từ cần tìm, có dấu hay không dấu", "Words, with or without marks")).value(typed).hint(
            page.say(
                "Có thể thêm điều kiện: tỉnh:\"Kon Tum\" năm:2017..2020 loại:nhiệm vụ; bỏ từ: -khảo sát; một trong các từ: lúa HOẶC ngô.",
                "Filters can be added: province:\"Kon Tum\" year:2017..2020 kind:task; without: -survey; either: lúa OR ngô.",
            ),
        ))
        .field(
            Field::select(
                texts,
                "order",
                page.say("Thứ tự", "Order"),
                vec![
                    Choice::new("", page.say("Phù hợp nhất", "Best match")),
                    Choice::new("newest", page.say("Mới nhất", "Newest")),
                    Choice::new("oldest", page.say("Cũ nhất", "Oldest")),
                ],
            )
            .value(page.parameter("order").unwrap_or_default()),
        )
        .button(page.say("Tìm", "Search"));
    blocks.push(Block::Form(filter));
    if !not_understood.is_empty() {
        let words = page.say("Không hiểu điều kiện, đã tìm như chữ thường:", "Not understood as a filter, looked for as words:");
        blocks.push(Block::Notice(Notice::info(format!("{words} {}", not_understood.join("; ")))));
    }
    if page.parameter("moi").is_some() {
        let words = page.say(
            "Chỉ những bản ghi mới hoặc vừa sửa từ lần xem trước.",
            "Only records that are new or changed since they were last looked at.",
        );
        blocks.push(Block::Notice(Notice::info(words)));
        blocks.push(Block::Links(vec![(page.say("Xem tất cả", "Show all").to_owned(), page.link_with(&[("moi", None)]))]));
    }
    if let Some(meant) = &found.did_you_mean {
        blocks.push(Block::Links(vec![(
            format!("{} {meant}", page.say("Có phải:", "Did you mean:")),
            page.link_with(&[("q", Some(meant.as_str()))]),
        )]));
    }
    let catalogue = app.office.catalogue();
    let today = app.office.clock().today();
    let mut facets = Facets::new(&page);
    let kinds: Vec<_> = found
        .kinds
        .iter()
        .map(|(kind, count)| {
            (kind.clone(), catalogue.kind(kind).map_or(kind.as_str(), |kind| said(&kind.label, page.lang)).to_owned(), *count)
        })
        .collect();
    let bodies: Vec<_> = found
        .bodies
        .iter()
        .take(12)
        .map(|(body, count)| {
            (body.clone(), RecordId::parse(body).map(|id| app.office.directory().short_name(id, today)).unwrap_or_default(), *count)
        })
        .collect();
    let years: Vec<_> = found.years.iter().map(|(year, count)| (year.to_string(), year.to_string(), *count)).collect();
    let state_name = |code: &str| {
        let workflows = catalogue.lists().filter(|list| list.name.starts_with("workflow:"));
        let label = workflows.filter_map(|list| list.label(code)).next();
        label.map_or_else(|| code.to_owned(), |label| said(label, page.lang).to_owned())
    };
    let statuses: Vec<_> = found.statuses.iter().map(|(code, count)| (code.clone(), state_name(code), *count)).collect();
    facets.group(&page, page.say("Loại", "Kind"), "kind", &kinds);
    facets.group(&page, page.say("Cơ quan", "Body"), "body", &bodies);
    let names = catalogue.list("provinces");
    let provinces: Vec<_> = found
        .provinces
        .iter()
        .take(12)
        .map(|(code, count)| {
            (code.clone(), names.and_then(|list| list.get(code)).map_or(code.as_str(), |code| code.name()).to_owned(), *count)
        })
        .collect();
    facets.group(&page, page.say("Tỉnh", "Province"), "province", &provinces);
    facets.group(&page, page.say("Năm", "Year"), "year", &years);
    facets.group(&page, page.say("Trạng thái", "State"), "status", &statuses);
    let mut side = Blocks::default();
    side.push(Block::Facets(facets));
    if signed_in && ["q", "kind", "body", "year", "status", "province"].iter().any(|name| page.parameter(name).is_some()) {
        side.push(crate::saved_search::keep_form(&page));
    }
    let mut list = Blocks::default();
    if found.hits.is_empty() {
        list.push(Block::Empty(EmptyState::new(
            page.say("Không tìm thấy", "Nothing found"),
            page.say(
                "Hãy thử ít từ hơn, hoặc bỏ bớt điều kiện. Gõ không dấu cũng được.",
                "Try fewer words or fewer conditions. Marks are not needed.",
            ),
        )));
    } else {
        let pieces = |parts: &[office::SearchPart]| parts.iter().map(|part| (part.text.clone(), part.marked)).collect::<Vec<_>>();
        let mut hits = Vec::new();
        for hit in &found.hits {
            let kind = catalogue.kind(&hit.kind).map_or(hit.kind.as_str(), |kind| said(&kind.label, page.lang));
            let mut badges = vec![Badge::new(Tone::Plain, Icon::Document, kind)];
            if let Some(year) = hit.year {
                badges.push(Badge::new(Tone::Plain, Icon::Clock, year.to_string()));
            }
            if let Some(owner) = rows.iter().find(|row| row.id.to_string() == hit.id).and_then(|row| row.owner) {
                badges.push(Badge::new(Tone::Plain, Icon::Info, app.office.directory().short_name(owner, today)));
            }
            let place = RecordId::parse(&hit.id).map(|id| crate::records::place_of(&hit.kind, id)).unwrap_or_default();
            hits.push(FoundHit {
                href: page.href(&place),
                title: pieces(&hit.title_parts),
                snippet: pieces(&hit.snippet),
                badges,
                why: hit.why.iter().map(|why| reason(&page, why)).collect(),
                why_words: page.say("Vì sao thấy?", "Why this hit?").to_owned(),
            });
        }
        if found.is_loose {
            list.push(Block::Notice(Notice::info(page.say(
                "Ít bản ghi có đủ các từ; dưới đây có cả những bản ghi chỉ có một phần.",
                "Few records have all the words; those with some of them are shown too.",
            ))));
        }
        list.push(Block::Hits(1, hits));
        list.push(Block::Pager(Pager::new(&page, found.hits.len(), found.total, found.next.as_deref())));
    }
    blocks.push(Block::Side(side, list));
    show(page, blocks)
}

/// One reason of a hit, in words.
fn reason(page: &Page, why: &office::Why) -> String {
    let place = if why.in_title { page.say("trong tên", "in the title") } else { page.say("trong nội dung", "in the text") };
    let how = match why.how {
        FoundHow::AsTyped => page.say("đúng như đã gõ", "as typed"),
        FoundHow::WithoutMarks => page.say("khác dấu hoặc không dấu", "other marks, or none"),
        FoundHow::Corrected => page.say("sửa lỗi gõ", "a slip put right"),
        FoundHow::Abbreviation => page.say("chữ viết tắt", "an abbreviation"),
        FoundHow::Synonym => page.say("từ cùng nghĩa", "another word for the same"),
        FoundHow::Code => page.say("số, ký hiệu", "a number or code"),
    };
    let weight = format!("{:.1}", why.weight);
    let weight = if page.lang == crate::lang::Lang::Vi { weight.replace('.', ",") } else { weight };
    format!("“{}” → “{}” {place}: {how} ({} {weight})", why.word, why.found, page.say("hệ số", "weight"))
}

async fn help(page: Page) -> Answer {
    let title = page.say("Hướng dẫn", "Help").to_owned();
    let page = page.titled(title);
    let mut blocks = Blocks::default();
    for (heading_vi, heading_en, vi, en) in [
        (
            "Đọc bảng chỉ đạo",
            "Reading the board",
            "Trạng thái được tính từ ngày và minh chứng, không ai gõ tay. Xong đúng hạn, xong quá hạn, trong hạn, quá hạn là bốn ô của báo cáo; tỷ lệ tính trên việc đến hạn.",
            "Statuses are computed from dates and evidence, nobody types them. Done on time, done late, within term and overdue are the four cells; percentages are of due tasks.",
        ),
        (
            "Báo cáo một việc",
            "Answering",
            "Đăng nhập, mở “Việc của tôi”, bấm “Báo cáo”, chọn kết quả và ghi minh chứng. Xong chỉ được tính khi có minh chứng và cơ quan giao chấp nhận.",
            "Sign in, open “My work”, press “Answer”, choose the result and give evidence. Done counts only with evidence and the assigner's acceptance.",
        ),
        (
            "Nhập kết luận",
            "Importing a conclusion",
            "Mở “Nhập dữ liệu”, chọn “Thông báo kết luận”, rồi chọn tệp .docx, .html hoặc .txt. Máy đề xuất, người xác nhận; nguyên văn không bao giờ bị sửa.",
            "Open “Import”, choose “Conclusion”, then a .docx, .html or .txt file. The program proposes, a person confirms; the original is never changed.",
        ),
        (
            "Tìm",
            "Searching",
            "Gõ có dấu hay không dấu, hòa hay hoà, số văn bản đầy đủ hay một phần. Phím / đưa con trỏ vào ô tìm.",
            "Type with or without marks, whole document numbers or parts. The key / goes to the search box.",
        ),
    ] {
        blocks.push(Block::Heading(page.say(heading_vi, heading_en).to_owned()));
        blocks.push(Block::Text(page.say(vi, en).to_owned()));
    }
    show(page, blocks)
}

async fn access(page: Page) -> Answer {
    let title = page.say("Tiếp cận thông tin", "Accessibility and access to information").to_owned();
    let page = page.titled(title);
    let mut blocks = Blocks::default();
    blocks.push(Block::Text(
        page.say(
            "Trang nhắm tới WCAG 2.2 mức AA (Thông tư 26/2020/TT-BTTTT yêu cầu tiêu chuẩn tiếp cận cho trang thông tin nhà nước): dùng được bằng bàn phím, không cần mã kịch bản, phóng to 200 %, màn hình hẹp 320 điểm.",
            "The site aims at WCAG 2.2 level AA (Circular 26/2020/TT-BTTTT asks state sites to be accessible): it works by keyboard, without script, at 200 % and at 320 pixels.",
        )
        .to_owned(),
    ));
    blocks.push(Block::Text(
        page.say(
            "Gặp trở ngại: hãy báo cơ quan vận hành ghi ở chân trang.",
            "If something is in your way, tell the body named in the footer.",
        )
        .to_owned(),
    ));
    show(page, blocks)
}

async fn data(page: Page) -> Answer {
    let title = page.say("Dữ liệu mở, API", "Open data, API").to_owned();
    let page = page.titled(title).at(Nav::Data);
    let base = page.site.base_url.clone();
    let mut blocks = Blocks::default();
    blocks.push(Block::Code(format!("curl '{base}/api/v1/directives?status=done_late&limit=10'")));
    blocks.push(Block::Text(
        page.say(
            "Dữ liệu công khai, không cần khóa. Mọi danh sách trả “next”; đưa lại bằng “after”.",
            "Public data, no key. Every list gives “next”; pass it back as “after”.",
        )
        .to_owned(),
    ));
    let links = [
        ("/api/v1/openapi.json", "OpenAPI 3.1"),
        ("/api/v1/directives", page.say("Nội dung chỉ đạo", "Directives")),
        ("/api/v1/conferences", page.say("Hội nghị", "Conferences")),
        ("/api/v1/kinds", page.say("Loại bản ghi và JSON Schema", "Kinds and JSON Schema")),
        ("/api/v1/search?q=co+so+du+lieu", page.say("Tìm kiếm", "Search")),
    ];
    blocks.push(Block::Links(links.iter().map(|(href, words)| ((*words).to_owned(), (*href).to_owned())).collect()));
    show(page, blocks)
}

async fn calendar(page: Page, State(app): State<App>, Path(token): Path<String>) -> Answer {
    let token = token.trim_end_matches(".ics").to_owned();
    let (lang, base) = (crate::service::office_lang(page.lang), app.site.base_url.clone());
    crate::download::file(&app, "lien-vung.ics", "text/calendar; charset=utf-8", move |office, out| {
        office.calendar(&token, lang, &base, out)
    })
    .await
}
