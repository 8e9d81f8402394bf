//! Signing in and out, and who I am.

use app::identity::{self, Me, NewPassword, SignedIn};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::{Answer, Body, Problem};
use crate::state::{Caller, Edge, token};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/sessions", post(open_session))
        .route("/sessions/current", delete(close_session))
        .route("/me", get(show_me))
        .route("/me/password", post(change_password))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    account: String,
    password: String,
}

async fn open_session(
    State(edge): State<Edge>,
    Body(given): Body<Credentials>,
) -> Result<(StatusCode, Json<SignedIn>), Problem> {
    let signed_in = identity::sign_in(&edge.app, &given.account, given.password, edge.app.now()).await?;
    Ok((StatusCode::CREATED, Json(signed_in)))
}

async fn close_session(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    if let Some(token) = token(&headers) {
        identity::sign_out(&edge.app, &ctx, &token.text).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn show_me(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Me> {
    Ok(Json(identity::me(&edge.app, &ctx).await?))
}

async fn change_password(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Body(change): Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    identity::change_password(&edge.app, &ctx, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
