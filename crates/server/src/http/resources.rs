//! The catalog.

use app::resources::{self, CatalogEntry, Classify, Consequences, NewResource, Past};
use app::twins::{self, TwinLine};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::{Answer, Body, Page, PageQuery, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/resources", post(register_resource).get(list_resources))
        .route("/resources/{resource}", get(show_resource).put(edit_resource).delete(withdraw_resource))
        .route("/resources/{resource}/classification", post(classify_resource))
        .route("/resources/{resource}/classification/preview", post(preview_classification))
        .route("/resources/{resource}/decisions", get(list_decisions))
        .route("/twins", get(list_twins))
}

async fn register_resource(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Body(new): Body<NewResource>,
) -> Result<(StatusCode, Json<CatalogEntry>), Problem> {
    Ok((StatusCode::CREATED, Json(resources::register_resource(&edge.app, &ctx, &new).await?)))
}

async fn edit_resource(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
    Body(new): Body<NewResource>,
) -> Answer<CatalogEntry> {
    Ok(Json(resources::edit_resource(&edge.app, &ctx, id(&resource)?, &new).await?))
}

async fn withdraw_resource(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
) -> Result<StatusCode, Problem> {
    resources::withdraw_resource(&edge.app, &ctx, id(&resource)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_resources(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
) -> Answer<Page<CatalogEntry>> {
    let (items, next) = resources::catalog(&edge.app, &ctx, page.after.as_deref(), page.limit()).await?;
    Ok(Json(Page { items, next }))
}

async fn show_resource(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
) -> Answer<CatalogEntry> {
    Ok(Json(resources::resource(&edge.app, &ctx, id(&resource)?).await?))
}

async fn classify_resource(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
    Body(decided): Body<Classify>,
) -> Answer<CatalogEntry> {
    Ok(Json(resources::classify_resource(&edge.app, &ctx, id(&resource)?, &decided).await?))
}

async fn preview_classification(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
    Body(decided): Body<Classify>,
) -> Answer<Consequences> {
    Ok(Json(resources::consequences(&edge.app, &ctx, id(&resource)?, &decided).await?))
}

async fn list_decisions(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
) -> Answer<Page<Past>> {
    let items = resources::past_decisions(&edge.app, &ctx, id(&resource)?).await?;
    Ok(Json(Page { items, next: None }))
}

async fn list_twins(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<TwinLine>> {
    Ok(Json(Page { items: twins::twins(&edge.app, &ctx).await?, next: None }))
}
