//! Reading request bodies: JSON and raw bytes, with our own errors.

use app::Error;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media.is_some_and(|media| media.starts_with("application/json")) {
            return Err(Error::invalid("http.media_type", "application/json").into());
        }
        let bytes = Raw::from_request(request, state).await?.0;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Error::invalid("http.body", without_values(&error)).into())
    }
}

/// What is wrong with a body and where. Serde quotes wrong values, and a value may be somebody's secret; names of fields
/// are not.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let about_names = ["unknown field", "missing field", "duplicate field", "unknown variant"];
    if !error.is_data() || about_names.iter().any(|about| text.starts_with(about)) {
        return text;
    }
    let expected = text.rsplit_once("expected ").map_or("another form", |(_, rest)| rest);
    format!("expected {expected}")
}

/// A body as it came, within the route's limit.
#[derive(Debug)]
pub(crate) struct Raw(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => Error::Limited("http.body_too_large"),
                _ => Error::invalid("http.body", "the body broke off"),
            }
            .into()
        })
    }
}
