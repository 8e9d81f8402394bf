//! Models: code for review.

use app::models::{self, ModelRecord, NewModel};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::{Answer, Body, Page, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/tenants/{tenant}/models", post(create_model).get(list_models))
        .route("/models/{model}", get(show_model))
        .route("/models/{model}/withdrawal", post(withdraw_model))
}

async fn create_model(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
    Body(new): Body<NewModel>,
) -> Result<(StatusCode, Json<ModelRecord>), Problem> {
    let model = models::create_model(&edge.app, &ctx, id(&tenant)?, &new).await?;
    Ok((StatusCode::CREATED, Json(model)))
}

async fn list_models(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<Page<ModelRecord>> {
    Ok(Json(Page { items: models::models(&edge.app, &ctx, id(&tenant)?).await?, next: None }))
}

async fn show_model(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(model): Path<String>,
) -> Answer<ModelRecord> {
    Ok(Json(models::model(&edge.app, &ctx, id(&model)?).await?))
}

async fn withdraw_model(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(model): Path<String>,
) -> Answer<ModelRecord> {
    Ok(Json(models::withdraw_model(&edge.app, &ctx, id(&model)?).await?))
}
