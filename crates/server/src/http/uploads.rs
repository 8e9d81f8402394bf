//! Rows of a resource: files and tables delivered by its provider.

use app::consents::{self, ConsentMode, ConsentsTaken};
use app::uploads::{self, PostgresTable, UploadFormat, Uploaded};
use axum::body::Body as Stream;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use super::{Body, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/resources/{resource}/uploads", post(upload_file))
        .route("/resources/{resource}/consents", post(load_consents))
        .route("/resources/{resource}/postgres", post(import_table))
}

#[derive(Deserialize)]
struct Form {
    format: UploadFormat,
}

/// The body is handed on as it arrives; the use case counts it against its own limit.
async fn upload_file(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
    Query(Form { format }): Query<Form>,
    body: Stream,
) -> Result<(StatusCode, Json<Uploaded>), Problem> {
    let done = uploads::upload(&edge.app, &ctx, id(&resource)?, format, body.into_data_stream()).await?;
    Ok((StatusCode::ACCEPTED, Json(done)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    #[serde(default)]
    mode: ConsentMode,
}

/// Consents to the use of a resource: rows of entity key, scenario, state and day.
async fn load_consents(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
    Query(Mode { mode }): Query<Mode>,
    body: Stream,
) -> Result<(StatusCode, Json<ConsentsTaken>), Problem> {
    let body = body.into_data_stream();
    Ok((StatusCode::CREATED, Json(consents::load(&edge.app, &ctx, id(&resource)?, mode, body).await?)))
}

async fn import_table(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(resource): Path<String>,
    Body(table): Body<PostgresTable>,
) -> Result<(StatusCode, Json<Uploaded>), Problem> {
    let done = uploads::import_postgres(&edge.app, &ctx, id(&resource)?, &table).await?;
    Ok((StatusCode::ACCEPTED, Json(done)))
}
