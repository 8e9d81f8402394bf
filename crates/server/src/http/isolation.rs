//! How far the workers of the secure domain are isolated, for who supervises the platform.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::Answer;
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/isolation", get(show))
}

async fn show(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<app::IsolationState> {
    Ok(Json(app::isolation(&edge.app, &ctx).await?))
}
