//! Background jobs that failed for good, for who operates the platform.

use app::desk;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Answer;
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/jobs/dead", get(list_dead))
}

async fn list_dead(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Value> {
    let (dead, next) = desk::dead_letters(&edge.app, &ctx).await?;
    Ok(Json(json!({ "items": dead, "next_due": next })))
}
