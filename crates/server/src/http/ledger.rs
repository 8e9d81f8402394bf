//! The ledger as any tlog client reads it, below `/ledger`, and proofs as JSON.

use app::ledger::{self, HandedProof, Verification};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::{Answer, Problem};
use crate::state::{Caller, Edge};

const TEXT: &str = "text/plain; charset=utf-8";

/// The files of the log: `/ledger/checkpoint`, `/ledger/tile/…`, and the key to check them with.
pub(super) fn public_routes() -> Router<Edge> {
    Router::new()
        .route("/ledger/checkpoint", get(show_checkpoint))
        .route("/ledger/key", get(show_key))
        .route("/ledger/tile/{*path}", get(show_tile))
        .route("/ledger/records/{seq}/proof", get(download_proof))
}

pub(super) fn api_routes() -> Router<Edge> {
    Router::new()
        .route("/ledger", get(show_ledger))
        .route("/ledger/records/{seq}/proof", get(show_proof))
        .route("/ledger/records/{seq}/verification", get(verify_record))
}

fn file(body: impl IntoResponse, media: &'static str, keep: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

async fn show_checkpoint(State(edge): State<Edge>) -> Result<Response, Problem> {
    Ok(file(ledger::checkpoint(&edge.app).await?, TEXT, "no-cache"))
}

async fn show_key(State(edge): State<Edge>) -> Response {
    file(ledger::key(&edge.app) + "\n", TEXT, "no-cache")
}

async fn show_tile(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let bytes = ledger::tile(&edge.app, &ctx, &format!("tile/{path}")).await?;
    // A tile never changes under its name, partial ones included; entries are not for everybody's caches.
    let keep = if path.starts_with("entries") { "no-store" } else { "public, max-age=31536000, immutable" };
    Ok(file(bytes, "application/octet-stream", keep))
}

async fn download_proof(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(seq): Path<u64>,
) -> Result<Response, Problem> {
    let proof = ledger::handed_proof(&edge.app, &ctx, seq).await?;
    Ok(file(proof.to_text(), TEXT, "no-store"))
}

async fn show_ledger(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<ledger::LedgerView> {
    Ok(Json(ledger::ledger_view(&edge.app, &ctx).await?))
}

async fn show_proof(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(seq): Path<u64>,
) -> Answer<HandedProof> {
    Ok(Json(ledger::handed_proof(&edge.app, &ctx, seq).await?))
}

async fn verify_record(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(seq): Path<u64>,
) -> Answer<Verification> {
    Ok(Json(ledger::verify_record(&edge.app, &ctx, seq).await?))
}
