//! Regulation packs: the law that is in force here, open to everybody.

use app::Error;
use app::cases;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{Answer, Problem};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/packs", get(list_packs))
        .route("/packs/{pack}", get(show_pack))
        .route("/procedures", get(list_procedures))
        .route("/procedures/{procedure}", get(show_procedure))
}

async fn list_packs(State(edge): State<Edge>) -> Json<Value> {
    let current = edge.app.packs().current();
    let items: Vec<Value> = edge
        .app
        .packs()
        .all()
        .iter()
        .map(|pack| {
            json!({
                "id": pack.id,
                "name": pack.name,
                "version": pack.version,
                "status": pack.status,
                "parent": pack.parent,
                "digest": pack.digest,
                "current": pack.digest == current.digest,
                "clauses": pack.clauses.len(),
                "procedures": pack.procedures.len(),
            })
        })
        .collect();
    Json(json!({ "items": items }))
}

async fn show_pack(State(edge): State<Edge>, Path(id): Path<String>) -> Answer<Value> {
    let pack = edge.app.packs().all().iter().find(|pack| pack.id == id);
    let pack = pack.ok_or(Error::NotFound("pack.unknown"))?;
    serde_json::to_value(pack.as_ref())
        .map(Json)
        .map_err(|error| Problem(Error::internal("http.body", error)))
}

/// The procedures the caller's unit may open.
async fn list_procedures(State(edge): State<Edge>, Caller(ctx): Caller) -> Json<Value> {
    Json(json!({ "items": cases::procedures(&edge.app, &ctx) }))
}

async fn show_procedure(State(edge): State<Edge>, Path(procedure): Path<String>) -> Answer<Value> {
    let (_, procedure, form) = cases::preview_form(&edge.app, &procedure)?;
    Ok(Json(json!({ "procedure": procedure, "form": form })))
}
