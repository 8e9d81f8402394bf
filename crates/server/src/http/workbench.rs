//! The dev workbench: free queries over masked samples.

use app::Explained;
use app::workbench::{self, DevTable, ExplainRequest, QueryAnswer, QueryRequest};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::{Answer, Body, Page, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/tenants/{tenant}/queries", post(run_query))
        .route("/tenants/{tenant}/explanations", post(explain_query))
        .route("/tenants/{tenant}/tables", get(list_tables))
}

async fn run_query(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
    Body(query): Body<QueryRequest>,
) -> Answer<QueryAnswer> {
    Ok(Json(workbench::query(&edge.app, &ctx, id(&tenant)?, &query).await?))
}

async fn explain_query(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
    Body(query): Body<ExplainRequest>,
) -> Answer<Explained> {
    Ok(Json(workbench::explain(&edge.app, &ctx, id(&tenant)?, &query).await?))
}

async fn list_tables(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<Page<DevTable>> {
    Ok(Json(Page { items: workbench::tables(&edge.app, &ctx, id(&tenant)?).await?, next: None }))
}
