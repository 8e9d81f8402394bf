//! What surrounds every handler.

use std::time::Duration;

use app::Error;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use base::{Id, kind};
use tower_http::compression::CompressionLayer;
use tracing::Instrument as _;

use super::Problem;
use crate::html::assets::secure_headers;
use crate::state::Edge;

/// How long a request may take; uploads are read for longer than anything else.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(300);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the routes.
pub(super) fn around(router: Router<Edge>) -> Router<Edge> {
    router
        .layer(DefaultBodyLimit::max(base::limit::BODY_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(from_fn(surround))
}

/// A 400 in plain text: ours are documents or pages.
fn foreign_refusal(response: &Response) -> bool {
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    response.status() == StatusCode::BAD_REQUEST && media.is_some_and(|media| media.starts_with("text/plain"))
}

/// Names the request, bounds its time, sets the headers that every answer carries.
async fn surround(request: Request, next: Next) -> Response {
    let id: Id<kind::Request> = app::clock::new_id(app::clock::Clock::system().now());
    let span = tracing::info_span!(
        "http.request",
        request.id = %id,
        method = %request.method(),
        path = request.uri().path(),
    );
    let answered = tokio::time::timeout(REQUEST_TIME_MAX, next.run(request).instrument(span.clone())).await;
    let mut response =
        answered.unwrap_or_else(|_| Problem(Error::Unavailable("http.timeout")).into_response());
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    if foreign_refusal(&response) {
        // Axum refuses a malformed path or query by itself, in plain text.
        response = Problem(Error::invalid("http.bad_request", "path or query")).into_response();
    }
    let headers = response.headers_mut();
    secure_headers(headers);
    // What is for one person is in no cache; files of the site and of the ledger say otherwise themselves.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    response
}
