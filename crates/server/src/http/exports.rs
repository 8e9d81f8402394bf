//! Exports: results that ask to leave, what reviewers see of them, and what left.

use app::exports::{
    self, Candidate, Export, ExportView, NewExport, Plant, PlantReport, PlantedFault, ReleaseFormat,
};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{Id, kind};
use serde::{Deserialize, Serialize};

use super::{Answer, Body, Page, PageQuery, Problem, download, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/runs/{run}/exports", post(request_export))
        .route("/exports", get(list_queue))
        .route("/tenants/{tenant}/exports", get(list_exports))
        .route("/exports/{export}", get(show_export))
        .route("/exports/{export}/candidate", get(show_candidate))
        .route("/exports/{export}/reruns", post(order_rerun))
        .route("/exports/{export}/plants", post(plant_fault))
        .route("/plants", get(show_plants))
        .route("/exports/{export}/files/{format}", get(download_release))
}

#[derive(Serialize)]
struct Requested {
    #[serde(flatten)]
    export: Export,
    /// The case that decides about it.
    case: Id<kind::Case>,
    /// Its number.
    case_number: String,
}

async fn request_export(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(run): Path<String>,
    Body(new): Body<NewExport>,
) -> Result<(StatusCode, Json<Requested>), Problem> {
    let (export, case) = exports::open_export_case(&edge.app, &ctx, id(&run)?, &new).await?;
    Ok((StatusCode::CREATED, Json(Requested { export, case: case.id, case_number: case.number })))
}

async fn list_queue(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
) -> Answer<Page<ExportView>> {
    let (items, next) = exports::review_queue(&edge.app, &ctx, page.after.as_deref(), page.limit()).await?;
    Ok(Json(Page { items, next }))
}

async fn list_exports(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<ExportView>> {
    let (tenant, after) = (id(&tenant)?, page.after.as_deref());
    let (items, next) =
        exports::exports(&edge.app, &ctx, tenant, exports::Listed::All, after, page.limit()).await?;
    Ok(Json(Page { items, next }))
}

async fn show_export(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(export): Path<String>,
) -> Answer<ExportView> {
    Ok(Json(exports::export(&edge.app, &ctx, id(&export)?).await?))
}

#[derive(Default, Deserialize)]
struct Offset {
    #[serde(default)]
    offset: usize,
}

async fn show_candidate(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(export): Path<String>,
    Query(Offset { offset }): Query<Offset>,
) -> Answer<Candidate> {
    Ok(Json(exports::candidate(&edge.app, &ctx, id(&export)?, offset).await?))
}

async fn order_rerun(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(export): Path<String>,
) -> Result<(StatusCode, Json<ExportView>), Problem> {
    let view = exports::order_again(&edge.app, &ctx, id(&export)?).await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPlant {
    fault: PlantedFault,
}

async fn plant_fault(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(export): Path<String>,
    Body(new): Body<NewPlant>,
) -> Result<(StatusCode, Json<Plant>), Problem> {
    let plant = exports::plant(&edge.app, &ctx, id(&export)?, new.fault).await?;
    Ok((StatusCode::CREATED, Json(plant)))
}

async fn show_plants(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<PlantReport> {
    Ok(Json(exports::plant_report(&edge.app, &ctx).await?))
}

async fn download_release(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((export, format)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let format = ReleaseFormat::parse(&format)?;
    let file = exports::download(&edge.app, &ctx, id(&export)?, format).await?;
    Ok(download(&format!("{export}.{}", file.format.name()), file.bytes))
}
