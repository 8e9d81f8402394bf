//! The buyers' API: a program calls a product with its key.

use app::data_api::{CallAnswer, CallReceipt, CallRequest, Operation};
use app::exports::ReleaseFormat;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Body, Problem};
use crate::state::Edge;

/// Limit: bytes of one call's parameters.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Limit: bytes of the header that names the scenario.
const SCENARIO_BYTES_MAX: usize = 1024;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/data/v1/{product}/query", post(query))
        .route("/data/v1/{product}/verify", post(verify))
        .route("/data/v1/{product}/file", post(file))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn query(
    State(edge): State<Edge>,
    Path(product): Path<String>,
    headers: HeaderMap,
    Body(parameters): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    answer(&edge, request(product, Operation::Query, &headers, parameters)?).await
}

async fn verify(
    State(edge): State<Edge>,
    Path(product): Path<String>,
    headers: HeaderMap,
    Body(parameters): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    answer(&edge, request(product, Operation::Verify, &headers, parameters)?).await
}

#[derive(Deserialize)]
struct Wanted {
    format: Option<String>,
}

async fn file(
    State(edge): State<Edge>,
    Path(product): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
    Body(parameters): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let format = wanted.format.as_deref().map(ReleaseFormat::parse).transpose()?.unwrap_or_default();
    let name = format!("attachment; filename=\"{product}.{}\"", format.name());
    let request = request(product, Operation::File, &headers, parameters)?;
    let (delivery, receipt) = app::deliveries::deliver(&edge.app, &request, format, edge.app.now()).await?;
    let mut response = delivery.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    let marked = if delivery.marked { "marked" } else { "none" };
    headers.insert(HeaderName::from_static("x-watermark"), HeaderValue::from_static(marked));
    receive(headers, &receipt);
    Ok(response)
}

async fn answer(edge: &Edge, request: CallRequest) -> Result<Response, Problem> {
    let (answer, receipt) = app::data_api::call(&edge.app, &request, edge.app.now()).await?;
    Ok(respond(&answer, &receipt))
}

fn respond(answer: &CallAnswer, receipt: &CallReceipt) -> Response {
    let mut response = Json(answer).into_response();
    receive(response.headers_mut(), receipt);
    response
}

/// What goes with an answer.
fn receive(headers: &mut HeaderMap, receipt: &CallReceipt) {
    let repeated = if receipt.repeated { "true" } else { "false" };
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-call-id", receipt.call.to_string());
    set("x-journal-seq", receipt.journal_seq.to_string());
    set("x-repeated", repeated.to_owned());
    if let Some(left) = receipt.left_today {
        set("x-quota-left-today", left.to_string());
    }
    set("cache-control", "no-store".to_owned());
}

fn request(
    product: String,
    operation: Operation,
    headers: &HeaderMap,
    parameters: Map<String, Value>,
) -> Result<CallRequest, app::Error> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = authorization.and_then(bearer).ok_or(app::Error::Unauthenticated("access.key_missing"))?;
    let scenario = match headers.get("x-scenario") {
        None => String::new(),
        Some(value) => scenario(value.as_bytes()).ok_or_else(|| app::Error::invalid("data.scenario", ""))?,
    };
    let idempotency_key = match headers.get("idempotency-key") {
        None => None,
        Some(value) => {
            Some(idempotency_key(value).ok_or_else(|| app::Error::invalid("http.idempotency_key", ""))?)
        }
    };
    Ok(CallRequest { key: key.to_owned(), product, operation, scenario, idempotency_key, parameters })
}

/// The key behind `Bearer`, whose case does not matter (RFC 9110).
fn bearer(text: &str) -> Option<&str> {
    let (scheme, key) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
}

/// A scenario's name, which may be Chinese: clients send it as UTF-8 bytes or percent-encoded.
fn scenario(bytes: &[u8]) -> Option<String> {
    if bytes.len() > SCENARIO_BYTES_MAX {
        return None;
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit =
                    |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                decoded.push(digit(high)? * 16 + digit(low)?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => {
                decoded.push(*byte);
                rest = tail;
            }
        }
    }
    let text = String::from_utf8(decoded).ok()?;
    let text = text.trim();
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn idempotency_key(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    (1..=128).contains(&text.len()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_read_raw_and_percent_encoded() {
        for (bytes, expected) in [
            (b"logistics".as_slice(), Some("logistics")),
            ("物流时效".as_bytes(), Some("物流时效")),
            (b"%E7%89%A9%e6%b5%81", Some("物流")),
            (b"a%20b", Some("a b")),
            (b"", Some("")),
            (b"50%", None),
            (b"%zz", None),
            (b"%E7%89", None),
            (b"\xff\xfe", None),
            (b"a%0Ab", None),
        ] {
            assert_eq!(scenario(bytes).as_deref(), expected, "{bytes:?}");
        }
        assert_eq!(scenario(&[b'a'; SCENARIO_BYTES_MAX + 1]), None);
    }

    #[test]
    fn keys_stand_behind_bearer() {
        for (text, expected) in [
            ("Bearer sy_1", Some("sy_1")),
            ("bearer  sy_1 ", Some("sy_1")),
            ("Basic sy_1", None),
            ("Bearer ", None),
            ("sy_1", None),
        ] {
            assert_eq!(bearer(text), expected, "{text}");
        }
    }

    #[test]
    fn headers_tell_the_receipt() {
        let receipt = CallReceipt {
            call: base::Id::new(base::Timestamp::from_micros(1), [7; 10]),
            journal_seq: 42,
            repeated: false,
            left_today: Some(9),
        };
        let answer = CallAnswer::Rows { rows: Vec::new(), more: false };
        let response = respond(&answer, &receipt);
        assert_eq!(response.headers()["x-journal-seq"], "42");
        assert_eq!(response.headers()["x-quota-left-today"], "9");
        assert_eq!(response.headers()["x-repeated"], "false");
        let unlimited = respond(&answer, &CallReceipt { left_today: None, ..receipt });
        assert!(!unlimited.headers().contains_key("x-quota-left-today"));
    }

    #[test]
    fn calls_without_a_key_are_refused_before_anything_is_read() {
        let refused = request("p".into(), Operation::Query, &HeaderMap::new(), Map::new()).unwrap_err();
        assert_eq!(refused.code(), "access.key_missing");
    }
}
