//! Runs: approved code ordered on raw data.

use std::collections::BTreeMap;

use app::runs::{self, Run};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Body, Page, Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/models/{model}/runs", post(order_run))
        .route("/tenants/{tenant}/runs", get(list_runs))
        .route("/runs/{run}", get(show_run))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// Values by name: texts, whole numbers, truth values; dates as text.
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    /// What it is for; needed where an input is there by consent.
    #[serde(default)]
    scenario: Option<String>,
}

async fn order_run(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(model): Path<String>,
    Body(order): Body<Order>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let values = order.parameters.into_iter().map(|(name, value)| Ok((name, text(value)?)));
    let values = values.collect::<Result<_, Problem>>()?;
    let (model, scenario) = (id(&model)?, order.scenario.as_deref());
    let run = runs::order_run_for(&edge.app, &ctx, model, &values, scenario).await?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}

/// The text form in which parameters are checked against their domains.
fn text(value: Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(app::Error::invalid("http.body", "parameters are single values").into()),
    }
}

async fn list_runs(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(tenant): Path<String>,
) -> Answer<Page<Run>> {
    Ok(Json(Page { items: runs::runs(&edge.app, &ctx, id(&tenant)?).await?, next: None }))
}

async fn show_run(State(edge): State<Edge>, Caller(ctx): Caller, Path(run): Path<String>) -> Answer<Run> {
    Ok(Json(runs::run(&edge.app, &ctx, id(&run)?).await?))
}
