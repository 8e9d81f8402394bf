//! The journal, for authority and supervisors.

use app::ledger::{self, JournalLine, JournalRecord};
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::{Answer, Page};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/journal", get(list_journal)).route("/journal/{seq}", get(show_record))
}

#[derive(Deserialize)]
struct Filter {
    subject: Option<String>,
    before: Option<u64>,
    limit: Option<u32>,
}

async fn list_journal(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(filter): Query<Filter>,
) -> Answer<Page<JournalLine>> {
    let limit = filter.limit.unwrap_or(50).clamp(1, base::limit::PAGE_ROWS_MAX);
    let items = ledger::journal(&edge.app, &ctx, filter.subject.as_deref(), filter.before, limit).await?;
    let full = items.len() >= limit as usize;
    let next = items.last().filter(|_| full).map(|line| line.seq.to_string());
    Ok(Json(Page { items, next }))
}

async fn show_record(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(seq): Path<u64>,
) -> Answer<JournalRecord> {
    Ok(Json(ledger::journal_record(&edge.app, &ctx, seq).await?))
}
