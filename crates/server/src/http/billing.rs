//! The month's bill of an agreement, as JSON or CSV.

use app::billing::BillRecord;
use app::offers::Month;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::{Problem, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/usages/{usage}/bills/{month}", get(bill))
}

async fn bill(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((usage, month)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let month: Month = month.parse().map_err(app::Error::from)?;
    let bill = app::billing::bill(&edge.app, &ctx, id(&usage)?, month).await?;
    Ok(if wants_csv(&headers) { csv(&bill) } else { Json(bill).into_response() })
}

/// A bill as a file for spreadsheets.
pub(crate) fn csv(bill: &BillRecord) -> Response {
    let name = format!("attachment; filename=\"bill-{}-{}.csv\"", bill.usage, bill.invoice.month);
    let mut response = bill.invoice.to_csv().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// CSV is answered only to who asks for it and does not like JSON better.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let position = |kind: &str| accept.split(',').position(|part| part.trim().starts_with(kind));
    match (position("text/csv"), position("application/json")) {
        (Some(csv), Some(json)) => csv < json,
        (csv, _) => csv.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_asked_for() {
        for (accept, expected) in [
            ("", false),
            ("*/*", false),
            ("application/json", false),
            ("text/csv", true),
            ("text/csv;q=0.9, */*", true),
            ("application/json, text/csv", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(wants_csv(&headers), expected, "{accept}");
        }
        assert!(!wants_csv(&HeaderMap::new()));
    }
}
