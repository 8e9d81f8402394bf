//! The working calendar, open to everybody, and the notices of holidays that people load.

use app::Error;
use app::packs::{self, HolidayNotice};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Body, Problem};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/calendar", get(show_calendar))
        .route("/calendar/notices", get(list_notices).post(propose_notice))
        .route("/calendar/notices/{digest}/activate", post(activate_notice))
        .route("/calendar/notices/{digest}/withdraw", post(withdraw_notice))
}

async fn show_calendar(State(edge): State<Edge>) -> Json<Value> {
    let calendar = edge.app.packs().calendar();
    Json(json!({ "known_until": calendar.known_until(), "years": calendar.notices() }))
}

async fn list_notices(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Value> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in").into());
    }
    Ok(Json(json!({ "items": packs::holidays(&edge.app).await? })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Loaded {
    /// A year in the form of the calendar's files.
    text: String,
}

async fn propose_notice(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Body(loaded): Body<Loaded>,
) -> Result<(StatusCode, Json<HolidayNotice>), Problem> {
    let notice = packs::propose_holidays(&edge.app, &ctx, &loaded.text).await?;
    Ok((StatusCode::CREATED, Json(notice)))
}

fn digest(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|_| Error::NotFound("holidays.unknown").into())
}

async fn activate_notice(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(notice): Path<String>,
) -> Result<StatusCode, Problem> {
    packs::activate_holidays(&edge.app, &ctx, digest(&notice)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn withdraw_notice(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(notice): Path<String>,
) -> Result<StatusCode, Problem> {
    packs::withdraw_holidays(&edge.app, &ctx, digest(&notice)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
