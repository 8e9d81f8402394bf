//! The JSON interface: one file per topic, each with its `routes()`.
//!
//! A new topic is one line in `api`. Everything around the handlers is in `layers`: request ids, security headers,
//! time and size limits, compression.

mod attachments;
pub(crate) mod billing;
mod body;
mod cases;
mod clock;
mod data_api;
mod exports;
mod holidays;
mod imports;
mod isolation;
mod jobs;
mod journal;
mod layers;
mod ledger;
mod models;
mod notices;
mod packs;
mod papers;
pub mod problem;
pub(crate) mod products;
mod resources;
mod runs;
mod sessions;
mod statistics;
mod tenants;
mod uploads;
mod usages;
mod workbench;

use app::Error;
use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

pub(crate) use attachments::download;
pub(crate) use body::{Body, Raw};
pub(crate) use clock::parse as parse_moment;
pub(crate) use papers::pdf;
pub(crate) use problem::Problem;

use crate::state::Edge;

/// The answer of a handler: JSON or a problem.
pub(crate) type Answer<T> = Result<axum::Json<T>, Problem>;

/// Everything below `/api/v1`.
fn api() -> Router<Edge> {
    Router::new()
        .merge(sessions::routes())
        .merge(attachments::routes())
        .merge(cases::routes())
        .merge(notices::routes())
        .merge(resources::routes())
        .merge(uploads::routes())
        .merge(imports::routes())
        .merge(tenants::routes())
        .merge(statistics::routes())
        .merge(workbench::routes())
        .merge(models::routes())
        .merge(runs::routes())
        .merge(exports::routes())
        .merge(products::routes())
        .merge(usages::routes())
        .merge(billing::routes())
        .merge(packs::routes())
        .merge(holidays::routes())
        .merge(papers::routes())
        .merge(clock::routes())
        .merge(jobs::routes())
        .merge(journal::routes())
        .merge(isolation::routes())
        .merge(ledger::api_routes())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
}

/// The whole server.
pub fn router(edge: Edge) -> Router {
    let pages = crate::html::routes::routes(&edge);
    let router = Router::new()
        .nest("/api/v1", api())
        .merge(ledger::public_routes())
        .merge(data_api::routes())
        .route("/health", get(health))
        .merge(pages)
        .method_not_allowed_fallback(method_not_allowed);
    layers::around(router).with_state(edge)
}

async fn health(axum::extract::State(edge): axum::extract::State<Edge>) -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "fake_clock": edge.app.clock().is_fake(),
    }))
}

async fn not_found() -> Response {
    Problem(Error::NotFound("http.not_found")).into_response()
}

async fn method_not_allowed() -> Response {
    Problem(Error::invalid("http.method", "")).into_response()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::installation;

/// The query of a list.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct PageQuery {
    pub(crate) after: Option<String>,
    pub(crate) limit: Option<u32>,
}

impl PageQuery {
    /// Lines wanted, within bounds.
    pub(crate) fn limit(&self) -> u32 {
        self.limit.unwrap_or(50).clamp(1, base::limit::PAGE_ROWS_MAX)
    }
}

/// A page of a list.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// An id in a path; anything else is not found, as an unknown id is.
pub(crate) fn id<K: base::Kind>(text: &str) -> Result<base::Id<K>, Problem> {
    text.parse().map_err(|_| Error::NotFound("http.not_found").into())
}
