//! Lists of the register: filter, keyset paging, names as then or as now, files. Every kind has one; tasks and results show more columns of their own.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use catalogue::Kind;
use office::{Boundaries, FileForm, Identity, Order, RecordView, RegisterFilter, RegisterPage, RegisterRow};

use crate::blocks::{Block, Blocks, show};
use crate::errors::{Answer, Failure};
use crate::format;
use crate::lang::Label;
use crate::list::ListPlace;
use crate::page::Page;
use crate::parts::{Cell, Column, EmptyState, ExportLinks, Pager, SortOrder, Table};
use crate::records::place_of;
use crate::service::{App, Who, said};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/bieu-mau/{kind}", get(list))
}

/// A page of a list before it is shown.
pub(crate) struct RegisterList {
    pub(crate) kind: Kind,
    pub(crate) filter: RegisterFilter,
    pub(crate) found: RegisterPage,
    /// The records of the rows as this reader may see them, in their order; asked for by lists that show more than the register holds.
    pub(crate) views: Vec<Option<RecordView>>,
    may_add: bool,
}

impl RegisterList {
    /// Reads the page of a list that the address asks for, with the records of its rows when `with_records`.
    pub(crate) async fn read(
        page: &Page,
        who: Identity,
        app: &App,
        kind: &str,
        place: ListPlace,
        with_records: bool,
    ) -> Result<RegisterList, Failure> {
        let Some(kind) = app.office.catalogue().kind(kind).cloned() else { return Err(Failure::not_found(kind)) };
        let filter = filter_of(page, app, &kind.name)?;
        let may_add = app.office.may_create(&who, &kind.name)?.allowed;
        let asked = filter.clone();
        let (found, views) = app
            .call(move |office| {
                let found = office.register_page(&who, &asked, place.after.as_deref(), place.limit)?;
                let mut views = Vec::new();
                if with_records {
                    for row in &found.rows {
                        views.push(office.view(&who, row.id).ok());
                    }
                }
                Ok((found, views))
            })
            .await?;
        Ok(RegisterList { kind, filter, found, views, may_add })
    }

    /// Whose names and boundaries the list shows.
    pub(crate) fn boundaries(&self) -> Boundaries {
        self.filter.boundaries.unwrap_or(Boundaries::AsNow)
    }

    /// The table of the list, empty yet, with words for when it stays so.
    pub(crate) fn table(&self, page: &Page, columns: Vec<Column>) -> Table {
        let table = Table::new(page.texts(), said(&self.kind.plural, page.lang), columns).with_total(self.found.total);
        let narrowed = ["tinh", "co-quan", "trang-thai"].iter().any(|name| page.parameter(name).is_some());
        let empty = if narrowed {
            let title = page.say("Không có bản ghi nào khớp bộ lọc", "Nothing matches the filter");
            let words = page.say("Hãy bỏ bớt điều kiện lọc.", "Take a condition away.");
            EmptyState::new(title, words).with_action(page.say("Bỏ bộ lọc", "Drop the filter"), page.href(&page.path))
        } else {
            let title = page.say("Chưa có bản ghi nào", "No records yet");
            let words = page.say("Bản ghi xem được sẽ hiện ở đây.", "Records that you may see appear here.");
            EmptyState::new(title, words)
        };
        table.when_empty(empty)
    }

    /// The name of a row, linked to its page.
    pub(crate) fn title_cell(&self, page: &Page, row: &RegisterRow) -> Cell {
        Cell::link(office::shorten(&row.title, 140), page.href(&place_of(&row.kind, row.id)))
    }

    /// Shows the list around its table.
    pub(crate) fn show(&self, page: Page, app: &App, table: Table) -> Answer {
        let mut blocks = Blocks::default();
        if self.may_add {
            let kind = &self.kind.name;
            let mut buttons = vec![(page.say("Thêm", "Add").to_owned(), page.href(&format!("/bieu-mau/{kind}/moi")))];
            if office::comes_in_by_table(kind) {
                buttons.push((page.say("Nhập từ Excel", "Import from Excel").to_owned(), page.href(&format!("/nhap-excel?kind={kind}"))));
            }
            blocks.push(Block::Buttons(buttons));
        }
        blocks.push(Block::Form(crate::boundaries::form(&page, app, &self.kind, &self.filter)));
        blocks.push(Block::Muted(crate::boundaries::note(&page, app, self.boundaries())));
        blocks.push(Block::Table(table));
        blocks.push(Block::Pager(Pager::new(&page, self.found.rows.len(), self.found.total, self.found.next.as_deref())));
        blocks.push(Block::Exports(ExportLinks::new(&page, &["xlsx", "csv"])));
        show(page, blocks)
    }
}

/// The column of titles, by which a list is ordered unless something else is asked for.
pub(crate) fn title_column(page: &Page, heading: &str) -> Column {
    Column::new(heading).sorted_in(page, "title", SortOrder::Ascending, true)
}

/// The column of days, by which a list can be ordered, latest first.
pub(crate) fn day_column(page: &Page, heading: &str) -> Column {
    Column::new(heading).sorted_in(page, "day", SortOrder::Descending, false)
}

/// The whole list of a kind as a file, with the same filter.
pub(crate) async fn file(page: &Page, who: Identity, app: &App, kind: &str, form: FileForm) -> Answer {
    let Some(kind) = app.office.catalogue().kind(kind) else { return Err(Failure::not_found(kind)) };
    let filter = filter_of(page, app, &kind.name)?;
    let lang = crate::service::office_lang(page.lang);
    let (suffix, media) = if form == FileForm::Csv { ("csv", crate::board::CSV) } else { ("xlsx", crate::board::XLSX) };
    crate::download::file(app, &format!("{}.{suffix}", kind.name), media, move |office, out| {
        office.export_register(&who, &filter, lang, form, out)
    })
    .await
}

fn filter_of(page: &Page, app: &App, kind: &str) -> Result<RegisterFilter, Failure> {
    let order = match page.parameter("sort") {
        None | Some("title") => Order::Title,
        Some("day") => Order::Latest,
        Some(other) => {
            let message = Label::new(
                format!("Tham số “sort” là title (theo tên) hoặc day (mới nhất trước); đã nhận “{other}”."),
                format!("The parameter “sort” is title (by title) or day (latest first); got “{other}”."),
            );
            return Err(Failure::bad_parameter("sort", message));
        }
    };
    crate::boundaries::narrowed(page, app, RegisterFilter { kind: Some(kind.to_owned()), order, ..RegisterFilter::default() })
}

async fn list(page: Page, Who(who): Who, State(app): State<App>, Path(name): Path<String>, place: ListPlace) -> Answer {
    match name.rsplit_once('.') {
        Some((kind, "csv")) => return file(&page, who, &app, kind, FileForm::Csv).await,
        Some((kind, "xlsx")) => return file(&page, who, &app, kind, FileForm::Xlsx).await,
        _ => {}
    }
    let list = RegisterList::read(&page, who, &app, &name, place, false).await?;
    let label = page.say("Biểu mẫu", "Kinds").to_owned();
    let title = said(&list.kind.plural, page.lang).to_owned();
    let page = page.crumb(label, "/bieu-mau").titled(title);
    let mut columns = vec![title_column(&page, page.say("Tên", "Title")), Column::new(page.say("Cơ quan", "Body"))];
    let with_provinces = crate::boundaries::has_provinces(&list.kind);
    if with_provinces {
        columns.push(Column::new(page.say("Tỉnh, thành phố", "Provinces")));
    }
    columns.push(day_column(&page, page.say("Ngày", "Date")));
    let mut table = list.table(&page, columns);
    for row in &list.found.rows {
        let mut cells = vec![list.title_cell(&page, row), Cell::text(said(&app.office.keeper_of_row(row, list.boundaries()), page.lang))];
        if with_provinces {
            cells.push(Cell::text(said(&app.office.provinces_of_row(row, list.boundaries()), page.lang)));
        }
        cells.push(Cell::text(format::partial(&row.day, page.lang)));
        table.row(cells);
    }
    list.show(page, &app, table)
}
