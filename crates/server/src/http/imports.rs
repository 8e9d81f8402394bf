//! Social data that operators bring in.

use app::imports::{self, SocialImport};
use app::resources::{CatalogEntry, NewResource};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::{Answer, Body, Page, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/tenants/{tenant}/imports", get(list_imports))
        .route("/imports/{case}", get(show_import).post(describe_import))
        .route("/imports/{case}/admission", post(admit_import))
}

async fn list_imports(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<Page<SocialImport>> {
    Ok(Json(Page { items: imports::imports(&edge.app, &ctx, id(&tenant)?).await?, next: None }))
}

async fn show_import(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(case): Path<String>,
) -> Answer<SocialImport> {
    Ok(Json(imports::import(&edge.app, &ctx, id(&case)?).await?))
}

/// The resource that will hold the data; its file and classification go the way of all resources.
async fn describe_import(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(case): Path<String>,
    Body(new): Body<NewResource>,
) -> Result<(StatusCode, Json<CatalogEntry>), Problem> {
    Ok((StatusCode::CREATED, Json(imports::describe(&edge.app, &ctx, id(&case)?, &new).await?)))
}

async fn admit_import(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(case): Path<String>,
) -> Result<(StatusCode, Json<SocialImport>), Problem> {
    Ok((StatusCode::CREATED, Json(imports::bring_in(&edge.app, &ctx, id(&case)?).await?)))
}
