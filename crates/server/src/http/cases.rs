//! Cases: open, list, read, act.

use app::cases::{self, ActRequest, CaseView, Filter, Inbox, InboxCounts, OpenRequest, Opened, TaskBox};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::{Answer, Body, PageQuery, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/cases", post(open_case).get(list_cases))
        .route("/cases/counts", get(count_cases))
        .route("/cases/{case}", get(show_case))
        .route("/cases/{case}/commands", post(act_in_case))
}

async fn open_case(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Body(request): Body<OpenRequest>,
) -> Result<(StatusCode, Json<Opened>), Problem> {
    Ok((StatusCode::CREATED, Json(cases::open(&edge.app, &ctx, &request).await?)))
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default = "todo_box")]
    r#box: TaskBox,
    /// Only of this procedure.
    procedure: Option<String>,
    /// Only about this authorisation.
    tenant: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

const fn todo_box() -> TaskBox {
    TaskBox::Todo
}

async fn list_cases(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<ListQuery>,
) -> Answer<Inbox> {
    let page = PageQuery { after: query.after, limit: query.limit };
    let tenant = query.tenant.as_deref().map(id).transpose()?;
    let filter = Filter { procedure: query.procedure, tenant };
    let found =
        cases::inbox_of(&edge.app, &ctx, query.r#box, &filter, page.after.as_deref(), page.limit()).await?;
    Ok(Json(found))
}

async fn count_cases(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<InboxCounts> {
    Ok(Json(cases::counts(&edge.app, &ctx).await?))
}

async fn show_case(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(case): Path<String>,
) -> Answer<CaseView> {
    Ok(Json(cases::case_view(&edge.app, &ctx, id(&case)?).await?))
}

async fn act_in_case(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(case): Path<String>,
    Body(request): Body<ActRequest>,
) -> Answer<Opened> {
    Ok(Json(cases::act(&edge.app, &ctx, id(&case)?, &request).await?))
}
