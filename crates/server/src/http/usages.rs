//! Usage agreements, their API keys and how much they were used.

use app::billing::UsageTotals;
use app::usages::{IssuedKey, KeyEntry, UsageRecord};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use base::{Id, Timestamp, kind};
use serde::Serialize;

use super::{Answer, Page, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/usages", get(list))
        .route("/usages/{usage}", get(one))
        .route("/usages/{usage}/keys", post(issue))
        .route("/usages/{usage}/totals", get(totals))
        .route("/keys/{key}", delete(revoke))
}

/// A key as everybody who may see the agreement sees it: neither its text nor its digest.
#[derive(Debug, Serialize)]
struct KeyView {
    id: Id<kind::ApiKey>,
    scenarios: Vec<String>,
    created: Timestamp,
    valid_until: Timestamp,
    revoked_at: Option<Timestamp>,
}

impl From<KeyEntry> for KeyView {
    fn from(entry: KeyEntry) -> Self {
        Self {
            id: entry.key.id,
            scenarios: entry.key.scenarios,
            created: entry.created,
            valid_until: entry.key.valid_until,
            revoked_at: entry.key.revoked_at,
        }
    }
}

#[derive(Debug, Serialize)]
struct UsageAnswer {
    #[serde(flatten)]
    usage: UsageRecord,
    keys: Vec<KeyView>,
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<UsageRecord>> {
    Ok(Json(Page { items: app::usages::usages(&edge.app, &ctx).await?, next: None }))
}

async fn one(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(usage): Path<String>,
) -> Answer<UsageAnswer> {
    let view = app::usages::usage_view(&edge.app, &ctx, id(&usage)?).await?;
    Ok(Json(UsageAnswer { usage: view.usage, keys: view.keys.into_iter().map(KeyView::from).collect() }))
}

async fn issue(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(usage): Path<String>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let issued: IssuedKey = app::usages::issue_key(&edge.app, &ctx, id(&usage)?).await?;
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(issued)))
}

async fn revoke(State(edge): State<Edge>, Caller(ctx): Caller, Path(key): Path<String>) -> Answer<KeyView> {
    Ok(Json(app::usages::revoke_key(&edge.app, &ctx, id(&key)?).await?.into()))
}

async fn totals(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(usage): Path<String>,
) -> Answer<UsageTotals> {
    Ok(Json(app::billing::totals(&edge.app, &ctx, id(&usage)?).await?))
}
