//! Regulation packs: the law that is in force here, open to everybody, and the versions that follow each other.

use app::packs::{self, Activated, ImpactSummary, PackFile, Proposed, Version};
use app::regulation::pack::tools::Impact;
use app::{Ctx, Error, cases};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Body, Page, PageQuery, Problem};
use crate::state::{Caller, Edge};

/// A proposal's texts in JSON are larger than the texts.
const PROPOSAL_BYTES_MAX: usize = 2 * packs::PACK_BYTES_MAX;

pub(super) fn routes() -> Router<Edge> {
    let propose = post(propose_version).layer(DefaultBodyLimit::max(PROPOSAL_BYTES_MAX));
    Router::new()
        .route("/packs", get(list_packs))
        .route("/packs/versions", get(list_versions).merge(propose))
        .route("/packs/versions/{digest}", get(show_version))
        .route("/packs/versions/{digest}/impact", get(show_impact))
        .route("/packs/versions/{digest}/impact/cases", get(list_impact))
        .route("/packs/versions/{digest}/confirm", post(confirm_version))
        .route("/packs/versions/{digest}/withdraw", post(withdraw_version))
        .route("/packs/versions/{digest}/activate", post(activate_version))
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
    let pack = edge.app.packs().find(&id)?;
    serde_json::to_value(pack.as_ref())
        .map(Json)
        .map_err(|error| Problem(Error::internal("http.body", error)))
}

async fn list_versions(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Value> {
    signed_in(&ctx)?;
    Ok(Json(json!({ "items": packs::history(&edge.app).await? })))
}

/// Who did what with a version is for who works here; the texts themselves are everybody's.
fn signed_in(ctx: &Ctx) -> Result<(), Problem> {
    if ctx.is_person() { Ok(()) } else { Err(Error::Unauthenticated("access.sign_in").into()) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proposal {
    files: Vec<PackFile>,
}

async fn propose_version(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Body(proposal): Body<Proposal>,
) -> Result<(StatusCode, Json<Proposed>), Problem> {
    let proposed = packs::propose(&edge.app, &ctx, &proposal.files).await?;
    Ok((StatusCode::CREATED, Json(proposed)))
}

/// A digest in a path; anything else is not found, as an unknown one is.
fn digest(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|_| Error::NotFound("pack.version_unknown").into())
}

async fn show_version(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(version): Path<String>,
) -> Answer<Version> {
    signed_in(&ctx)?;
    Ok(Json(packs::version(&edge.app, digest(&version)?).await?))
}

async fn show_impact(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(version): Path<String>,
) -> Answer<ImpactSummary> {
    Ok(Json(packs::impact(&edge.app, &ctx, digest(&version)?).await?))
}

async fn list_impact(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(version): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<Impact>> {
    let found = packs::impact_page(&edge.app, &ctx, digest(&version)?, query.after.as_deref()).await?;
    Ok(Json(Page { items: found.items, next: found.next }))
}

async fn confirm_version(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(version): Path<String>,
) -> Result<StatusCode, Problem> {
    packs::confirm(&edge.app, &ctx, digest(&version)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn withdraw_version(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(version): Path<String>,
) -> Result<StatusCode, Problem> {
    packs::withdraw(&edge.app, &ctx, digest(&version)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Activation {
    /// The digest of the impact that was looked at.
    impact: Digest,
}

async fn activate_version(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(version): Path<String>,
    Body(activation): Body<Activation>,
) -> Answer<Activated> {
    Ok(Json(packs::activate(&edge.app, &ctx, digest(&version)?, activation.impact).await?))
}

/// The procedures the caller's unit may open.
async fn list_procedures(State(edge): State<Edge>, Caller(ctx): Caller) -> Json<Value> {
    Json(json!({ "items": cases::procedures(&edge.app, &ctx) }))
}

async fn show_procedure(State(edge): State<Edge>, Path(procedure): Path<String>) -> Answer<Value> {
    let (_, procedure, form) = cases::preview_form(&edge.app, &procedure)?;
    Ok(Json(json!({ "procedure": procedure, "form": form })))
}
