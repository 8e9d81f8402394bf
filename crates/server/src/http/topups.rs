//! Invented rows for queries of the dev workbench.

use app::topups::{self, TopUp, TopUpRequest};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, post};
use axum::{Json, Router};

use super::{Answer, Body, Page, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/tenants/{tenant}/topups", post(make_topup).get(list_topups))
        .route("/tenants/{tenant}/topups/{topup}", delete(remove_topup))
}

async fn make_topup(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
    Body(request): Body<TopUpRequest>,
) -> Result<(StatusCode, Json<TopUp>), Problem> {
    Ok((StatusCode::CREATED, Json(topups::make(&edge.app, &ctx, id(&tenant)?, &request).await?)))
}

async fn list_topups(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<Page<TopUp>> {
    Ok(Json(Page { items: topups::topups(&edge.app, &ctx, id(&tenant)?).await?, next: None }))
}

async fn remove_topup(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((tenant, topup)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    topups::remove(&edge.app, &ctx, id(&tenant)?, id(&topup)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
