//! Public notices and objections against them.

use app::cases::Opened;
use app::notices::{self, Notice};
use app::objections::{self, NewObjection, Objection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};

use super::{Answer, Body, Page, PageQuery, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/notices", get(list_notices))
        .route("/notices/{notice}", get(show_notice))
        .route("/objections", get(list_objections).post(file_objection))
}

async fn list_notices(State(edge): State<Edge>, Query(page): Query<PageQuery>) -> Answer<Page<Notice>> {
    let (items, next) = notices::notices(&edge.app, page.after.as_deref(), page.limit()).await?;
    Ok(Json(Page { items, next }))
}

async fn show_notice(State(edge): State<Edge>, Path(notice): Path<String>) -> Answer<Notice> {
    Ok(Json(notices::notice(&edge.app, id(&notice)?).await?))
}

async fn list_objections(State(edge): State<Edge>, Query(page): Query<PageQuery>) -> Answer<Page<Objection>> {
    let (items, next) = objections::objections(&edge.app, page.after.as_deref(), page.limit()).await?;
    Ok(Json(Page { items, next }))
}

async fn file_objection(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Body(new): Body<NewObjection>,
) -> Result<(StatusCode, Json<Opened>), Problem> {
    Ok((StatusCode::CREATED, Json(objections::file_objection(&edge.app, &ctx, &new).await?)))
}
