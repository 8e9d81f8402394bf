//! The pages' handlers: one file per topic, each with its `routes()`.

use axum::Router;

use crate::state::Edge;

/// Every page and its assets.
pub(crate) fn routes(edge: &Edge) -> Router<Edge> {
    Router::new()
        .merge(edge.renderer.assets().routes())
        .merge(super::desk::routes())
        .merge(super::domain::routes())
        // A form's address that somebody opens or comes back to is no page either.
        .method_not_allowed_fallback(super::desk::not_found)
        .fallback(super::desk::not_found)
}
