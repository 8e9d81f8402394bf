//! Statistics without a reviewer: declarations of providers, questions of engineers, budgets.

use app::catalog::Declaration;
use app::declarations;
use app::statistics::{self, ResourceBudget, Statistic, StatisticAnswer, StatisticRequest};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::{Answer, Body, Page, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/resources/{resource}/declaration", get(show_declaration).put(declare))
        .route("/resources/{resource}/budget", get(show_budget))
        .route("/tenants/{tenant}/statistics", post(ask).get(list))
        .route("/statistics/{statistic}", get(show))
        .route("/statistics/{statistic}/model", get(fetch_model))
        .route("/tenants/{tenant}/budgets", get(list_budgets))
}

async fn show_declaration(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
) -> Answer<Declaration> {
    let entry = app::resources::resource(&edge.app, &ctx, id(&resource)?).await?;
    Ok(Json(entry.resource.declaration()))
}

async fn declare(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
    Body(declaration): Body<Declaration>,
) -> Answer<Declaration> {
    let entry = declarations::declare_resource(&edge.app, &ctx, id(&resource)?, &declaration).await?;
    Ok(Json(entry.resource.declaration()))
}

async fn show_budget(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
) -> Answer<Option<ResourceBudget>> {
    Ok(Json(statistics::budget_of(&edge.app, &ctx, id(&resource)?).await?))
}

async fn ask(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
    Body(asked): Body<StatisticRequest>,
) -> Answer<StatisticAnswer> {
    Ok(Json(statistics::ask(&edge.app, &ctx, id(&tenant)?, &asked).await?))
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<Page<Statistic>> {
    Ok(Json(Page { items: statistics::asked(&edge.app, &ctx, id(&tenant)?).await?, next: None }))
}

async fn show(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(statistic): Path<String>,
) -> Answer<Statistic> {
    Ok(Json(statistics::statistic(&edge.app, &ctx, id(&statistic)?).await?))
}

/// The linear model as an ONNX file.
async fn fetch_model(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(statistic): Path<String>,
) -> Result<Response, Problem> {
    let bytes = statistics::model_file(&edge.app, &ctx, id(&statistic)?).await?;
    let named = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CONTENT_DISPOSITION, "attachment; filename=\"model.onnx\""),
    ];
    Ok((named, bytes).into_response())
}

async fn list_budgets(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<Page<ResourceBudget>> {
    Ok(Json(Page { items: statistics::budgets(&edge.app, &ctx, id(&tenant)?).await?, next: None }))
}
