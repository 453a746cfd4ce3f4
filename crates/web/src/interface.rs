//! The HTTP interface for programs, under `/api/v1`, with its OpenAPI 3.1 description.

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use office::{RegisterFilter, SearchForm};
use serde_json::{Value, json};

use crate::board::{filter_of, leads};
use crate::errors::{Answer, Failure};
use crate::list::ListPlace;
use crate::page::Page;
use crate::service::{App, Who, record_id};

/// Every route of the interface with what it is for: the router and the description are made of the same list.
const ROUTES: [(&str, &str); 12] = [
    ("/healthz", "Ready to serve"),
    ("/api/v1/directives", "Directives with computed status"),
    ("/api/v1/directives/{id}", "One directive with the parts of the bodies"),
    ("/api/v1/conferences", "Conferences"),
    ("/api/v1/kinds", "Kinds of records"),
    ("/api/v1/kinds/{kind}/schema", "JSON Schema of a kind"),
    ("/api/v1/records", "Records of a kind"),
    ("/api/v1/records/{id}", "One record"),
    ("/api/v1/completeness", "What is held of what each body has published"),
    ("/api/v1/search", "Search"),
    ("/api/v1/suggest", "Completion of what is typed"),
    ("/api/v1/openapi.json", "This description"),
];

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(health))
        .route("/api/v1/directives", get(directives))
        .route("/api/v1/directives/{id}", get(directive))
        .route("/api/v1/conferences", get(conferences))
        .route("/api/v1/kinds", get(kinds))
        .route("/api/v1/kinds/{kind}/schema", get(schema))
        .route("/api/v1/records", get(records))
        .route("/api/v1/records/{id}", get(record))
        .route("/api/v1/completeness", get(crate::nodes::completeness_json))
        .route("/api/v1/search", get(search))
        .route("/api/v1/suggest", get(suggest))
        .route("/api/v1/openapi.json", get(description))
}

async fn health(State(app): State<App>) -> Answer {
    let (seq, ready) =
        app.call(|office| Ok((office.ledger().read(|r| r.last_seq())?, office.settle(std::time::Duration::from_millis(500))))).await?;
    if !ready {
        // Views are still catching up after a start or a rebuild.
        return Err(Failure::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "catching_up", "views are catching up"));
    }
    Ok(Json(json!({"status": "ok", "changes": seq})).into_response())
}

fn item(app: &App, row: &office::BoardRow) -> Value {
    let day = row.issued_day.unwrap_or_else(|| app.office.clock().today());
    let lead: Vec<String> = if row.leads.is_empty() {
        Some(leads(&app.office, row)).filter(|lead| !lead.is_empty()).into_iter().collect()
    } else {
        row.leads.iter().map(|body| app.office.directory().short_name(*body, day)).collect()
    };
    json!({
        "id": row.id, "item": row.item, "text": row.text, "lead": lead, "due": row.last_day, "due_raw": row.due_raw, "due_inferred": row.due_inferred,
        "status": row.status, "days_late": row.days_late, "answers": {"done": row.reported, "of": row.bodies}, "verified": row.bodies > 0 && row.verified == row.bodies,
        "done_day": row.done_day, "internal_due": row.internal_due, "illustrative": row.illustrative || row.illustrative_answers, "conference": row.conference, "document": row.document,
    })
}

async fn directives(page: Page, State(app): State<App>, place: ListPlace) -> Answer {
    let filter = filter_of(&page)?;
    let found = app.call(move |office| office.board().page(&filter, office.clock().today(), place.after.as_deref(), place.limit)).await?;
    let items: Vec<Value> = found.rows.iter().map(|row| item(&app, row)).collect();
    Ok(Json(json!({"items": items, "counts": found.counts, "internal_counts": found.internal, "total": found.total, "next": found.next}))
        .into_response())
}

async fn directive(State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let (row, parts) = app
        .call(move |office| {
            let today = office.clock().today();
            Ok((office.board().row(id, today)?, office.board().assignments(id, today)?))
        })
        .await?;
    let row = row.ok_or_else(|| Failure::not_found(id.to_string()))?;
    let mut body = item(&app, &row);
    if let Some(members) = body.as_object_mut() {
        members.insert("parts".to_owned(), json!(parts));
    }
    Ok(Json(body).into_response())
}

async fn conferences(State(app): State<App>) -> Answer {
    let found = app.call(|office| office.board().conferences()).await?;
    Ok(Json(json!({"items": found})).into_response())
}

async fn kinds(State(app): State<App>) -> Answer {
    let items: Vec<Value> = app
        .office
        .catalogue()
        .kinds()
        .map(|kind| json!({"kind": kind.name, "version": kind.version, "label": kind.label, "source": kind.source, "schema": format!("/api/v1/kinds/{}/schema", kind.name)}))
        .collect();
    Ok(Json(json!({"items": items})).into_response())
}

async fn schema(State(app): State<App>, Path(kind): Path<String>) -> Answer {
    let catalogue = app.office.catalogue();
    let schema = catalogue.kind(&kind).map(|kind| catalogue.schema(kind)).ok_or_else(|| Failure::not_found(kind))?;
    let mut response = Json(schema).into_response();
    response.headers_mut().insert(axum::http::header::CONTENT_TYPE, axum::http::HeaderValue::from_static("application/schema+json"));
    Ok(response)
}

async fn records(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let filter = RegisterFilter { kind: page.parameter("kind").map(str::to_owned), ..RegisterFilter::default() };
    let found = app.call(move |office| office.register_page(&who, &filter, place.after.as_deref(), place.limit)).await?;
    let items: Vec<Value> = found
        .rows
        .iter()
        .map(|row| json!({"id": row.id, "kind": row.kind, "title": row.title, "day": row.day, "state": row.state, "owner": row.owner}))
        .collect();
    Ok(Json(json!({"items": items, "total": found.total, "next": found.next})).into_response())
}

async fn record(Who(who): Who, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = record_id(&id)?;
    let view = app.call(move |office| office.view(&who, id)).await?;
    let node = view.held.map(|held| held.node);
    let body =
        json!({"id": view.id, "kind": view.kind, "version": view.version, "audience": view.audience, "node": node, "data": view.data});
    Ok(Json(body).into_response())
}

async fn search(page: Page, Who(who): Who, State(app): State<App>, place: ListPlace) -> Answer {
    let form = SearchForm {
        text: page.parameter("q").unwrap_or("").to_owned(),
        kind: page.parameter("kind").map(str::to_owned),
        after: place.after,
        limit: place.limit.min(100),
        ..SearchForm::default()
    };
    let found = app.call(move |office| office.search(&who, &form)).await?.results;
    let hits: Vec<Value> = found
        .hits
        .iter()
        .map(|hit| json!({"id": hit.id, "kind": hit.kind, "title": hit.title, "score": hit.score, "year": hit.year, "why": hit.why}))
        .collect();
    Ok(Json(json!({"hits": hits, "total": found.total, "did_you_mean": found.did_you_mean, "next": found.next})).into_response())
}

async fn suggest(page: Page, Who(who): Who, State(app): State<App>) -> Answer {
    let typed = page.parameter("q").unwrap_or("").to_owned();
    let english = page.parameter("lang") == Some("en");
    let found = app.call(move |office| office.suggest(&who, &typed)).await?;
    let prefix = if english { "/en" } else { "" };
    let items: Vec<Value> =
        found.iter().map(|words| json!({"title": words, "href": format!("{prefix}/tim?q={}", crate::links::encoded(words))})).collect();
    Ok(Json(json!({"items": items})).into_response())
}

async fn description(State(app): State<App>) -> Answer {
    Ok(Json(openapi(&app)).into_response())
}

/// OpenAPI 3.1 embeds JSON Schema 2020-12, so the schemas of the kinds stand in it unchanged.
fn openapi(app: &App) -> Value {
    let mut paths = serde_json::Map::new();
    for (path, summary) in ROUTES {
        let mut parameters = Vec::new();
        for name in ["id", "kind"] {
            if path.contains(&format!("{{{name}}}")) {
                parameters.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
            }
        }
        let queries: &[&str] = match path {
            "/api/v1/directives" => &["conference", "body", "status", "limit", "after"],
            "/api/v1/records" => &["kind", "limit", "after"],
            "/api/v1/search" => &["q", "kind", "limit", "after"],
            "/api/v1/suggest" => &["q", "lang"],
            _ => &[],
        };
        for name in queries {
            parameters.push(json!({"name": name, "in": "query", "schema": {"type": "string"}}));
        }
        paths.insert(
            path.to_owned(),
            json!({"get": {"summary": summary, "parameters": parameters, "responses": {
                "200": {"description": "OK", "content": {"application/json": {}}},
                "400": {"description": "A parameter is wrong; the problem names it", "content": {"application/problem+json": {}}},
                "404": {"description": "No such thing, or it may not be seen", "content": {"application/problem+json": {}}}}}}),
        );
    }
    let mut schemas = serde_json::Map::new();
    for kind in app.office.catalogue().kinds() {
        schemas.insert(kind.name.clone(), app.office.catalogue().schema(kind));
    }
    json!({"openapi": "3.1.0", "info": {"title": "Liên Vùng", "version": env!("CARGO_PKG_VERSION")}, "servers": [{"url": app.site.base_url}], "paths": paths, "components": {"schemas": schemas}})
}
