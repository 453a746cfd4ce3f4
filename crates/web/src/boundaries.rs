//! Lists as it was and as it is now: `?tinh=&co-quan=&trang-thai=&dia-gioi=luc-do|hien-nay` of a list and of its files.

use catalogue::{CodeList, FieldType, Kind};
use office::{Boundaries, RecordId, RegisterFilter};

use crate::blocks::Form;
use crate::errors::Failure;
use crate::format;
use crate::lang::Label;
use crate::page::Page;
use crate::parts::{Choice, Field};
use crate::service::{App, said};

/// A filter with what the address asks for. A province or body without word on boundaries is meant as of today.
pub(crate) fn narrowed(page: &Page, app: &App, mut filter: RegisterFilter) -> Result<RegisterFilter, Failure> {
    let unknown = |name: &'static str, value: &str| {
        let message = Label::new(
            format!("Tham số “{name}” không có giá trị “{value}”. Hãy chọn lại trong bộ lọc của danh sách."),
            format!("The parameter “{name}” has no value “{value}”. Choose again in the filter of the list."),
        );
        Failure::bad_parameter(name, message)
    };
    if let Some(code) = page.parameter("tinh") {
        let known = app.office.catalogue().list("provinces").and_then(|list| list.get(code));
        filter.province = Some(known.ok_or_else(|| unknown("tinh", code))?.code.clone());
    }
    if let Some(id) = page.parameter("co-quan") {
        let body = RecordId::parse(id).ok().and_then(|id| app.office.directory().get(id));
        filter.owner = Some(body.ok_or_else(|| unknown("co-quan", id))?.id);
    }
    if let Some(state) = page.parameter("trang-thai") {
        let kind = filter.kind.as_deref().and_then(|kind| app.office.catalogue().kind(kind));
        let known = kind.and_then(|kind| states(app, kind)).is_some_and(|states| states.get(state).is_some());
        if !known {
            return Err(unknown("trang-thai", state));
        }
        filter.state = Some(state.to_owned());
    }
    filter.boundaries = match page.parameter("dia-gioi") {
        Some(text) => Some(text.parse().map_err(|()| unknown("dia-gioi", text))?),
        None => (filter.province.is_some() || filter.owner.is_some()).then_some(Boundaries::AsNow),
    };
    Ok(filter)
}

/// The states that records of a kind go through.
fn states<'a>(app: &'a App, kind: &Kind) -> Option<&'a CodeList> {
    match &kind.field(kind.state_field.as_deref()?)?.of {
        FieldType::Code { list } => app.office.catalogue().list(list),
        _ => None,
    }
}

/// Whether records of a kind name provinces.
pub(crate) fn has_provinces(kind: &Kind) -> bool {
    kind.fields.iter().any(|field| matches!(&field.of, FieldType::Code { list } if list == "provinces"))
}

/// The form that narrows a list of a kind.
pub(crate) fn form(page: &Page, app: &App, kind: &Kind, filter: &RegisterFilter) -> Form {
    let today = app.office.clock().today();
    let all = || Choice::new("", page.say("tất cả", "all"));
    let mut form = Form::filter(page.href(&page.path));
    if let Some(sort) = page.parameter("sort") {
        form = form.field(Field::hidden(page.texts(), "sort", sort));
    }
    if has_provinces(kind) {
        let day = today.to_string();
        let codes = app.office.catalogue().list("provinces").map(|list| list.codes.as_slice()).unwrap_or_default();
        let mut choices = vec![all()];
        let (now, former): (Vec<_>, Vec<_>) = codes.iter().partition(|code| code.is_valid_on(&day));
        choices.extend(now.iter().map(|code| Choice::new(&code.code, said(&code.label, page.lang))));
        choices.extend(former.iter().map(|code| {
            let last = code.valid_to.as_deref().map(|day| format::partial(day, page.lang)).unwrap_or_default();
            Choice::new(&code.code, format!("{} ({} {last})", said(&code.label, page.lang), page.say("đến", "until")))
        }));
        let field = Field::select(page.texts(), "tinh", page.say("Tỉnh, thành phố", "Province"), choices);
        form = form.field(field.value(filter.province.clone().unwrap_or_default()));
    }
    let mut choices = vec![all()];
    let mut bodies: Vec<_> = app.office.directory().all().into_iter().filter(|body| body.form == "department").collect();
    // A body of another form that the address names stays chosen.
    if let Some(chosen) = filter.owner.and_then(|owner| app.office.directory().get(owner))
        && bodies.iter().all(|body| body.id != chosen.id)
    {
        bodies.push(chosen);
    }
    bodies.sort_by_cached_key(|body| viet::sort_key(body.short_on(today)));
    choices.extend(bodies.iter().map(|body| Choice::new(body.id.to_string(), body.short_on(today))));
    let chosen = filter.owner.map(|owner| owner.to_string()).unwrap_or_default();
    form = form.field(Field::select(page.texts(), "co-quan", page.say("Cơ quan", "Body"), choices).value(chosen));
    if let Some(states) = states(app, kind) {
        let mut choices = vec![all()];
        choices.extend(states.codes.iter().map(|code| Choice::new(&code.code, said(&code.label, page.lang))));
        let field = Field::select(page.texts(), "trang-thai", page.say("Trạng thái", "State"), choices);
        form = form.field(field.value(filter.state.clone().unwrap_or_default()));
    }
    form.field(switch(page, filter.boundaries.unwrap_or(Boundaries::AsNow))).button(page.say("Lọc", "Filter"))
}

/// The choice between both ways to see.
pub(crate) fn switch(page: &Page, chosen: Boundaries) -> Field {
    let choices = [Boundaries::AsNow, Boundaries::AsThen].map(|way| Choice::new(way.as_str(), said(&way.label(), page.lang))).to_vec();
    Field::select(page.texts(), "dia-gioi", page.say("Tên và địa giới", "Names and boundaries"), choices).value(chosen.as_str())
}

/// What the names and boundaries of a list mean.
pub(crate) fn note(page: &Page, app: &App, boundaries: Boundaries) -> String {
    match boundaries {
        Boundaries::AsThen => page
            .say(
                "Tên và địa giới như lúc đó: theo ngày của từng bản ghi. Bản ghi không có ngày giữ nguyên như đã ghi.",
                "Names and boundaries as they were on the day of each record. A record without a day is shown as it is written.",
            )
            .to_owned(),
        Boundaries::AsNow => format!(
            "{} {}.",
            page.say(
                "Tên và địa giới như hiện nay: đơn vị đã sáp nhập tính vào đơn vị kế tiếp, đến ngày",
                "Names and boundaries as they are now: what was merged counts with what took over, as of"
            ),
            format::day(app.office.clock().today())
        ),
    }
}
