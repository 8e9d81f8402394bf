//! Consents to the use of a resource: what was delivered, and the form that delivers more. Counts only.

use app::Error;
use app::consents::{self, ConsentMode};
use app::resources::CatalogEntry;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base::limit;

use super::resource::find;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::catalog::Consents;
use crate::html::pages::parts::Table;
use crate::state::Edge;

/// Answers before the file.
const ANSWERS_MAX: usize = 10;
/// Bytes of the answers together.
const ANSWERS_BYTES_MAX: usize = 16 << 10;

pub(super) fn routes() -> Router<Edge> {
    let bytes = usize::try_from(limit::UPLOAD_BYTES_MAX).unwrap_or(usize::MAX) + ANSWERS_BYTES_MAX;
    Router::new().route("/catalog/{resource}/consents", post(load)).layer(DefaultBodyLimit::max(bytes))
}

/// The part of a resource's page that is about consent; absent where none is needed.
pub(super) fn section(visit: &Visit, entry: &CatalogEntry, mine: bool) -> Option<Consents> {
    let rule = entry.consent.as_ref()?;
    let heads = ["consent-at", "consent-scenarios", "consent-granted", "consent-withdrawn"]
        .map(|name| visit.text(name));
    let [at, scenarios, granted, withdrawn] = heads.each_ref().map(String::as_str);
    let rows: Vec<[String; 4]> = rule
        .deliveries
        .iter()
        .rev()
        .map(|delivery| {
            let scenarios: Vec<&str> = delivery.scenarios.keys().map(String::as_str).collect();
            [
                visit.minute(delivery.at),
                scenarios.join("；"),
                words::count(delivery.granted),
                words::count(delivery.withdrawn),
            ]
        })
        .collect();
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let key: Vec<String> = entry.entity.iter().flat_map(|entity| entity.columns.clone()).collect();
    Some(Consents {
        deliveries: Table::new(
            &visit.text("consents"),
            &[at, scenarios, granted, withdrawn],
            &[granted, withdrawn],
            &rows,
        ),
        load_href: mine.then(|| format!("/catalog/{}/consents", entry.id())),
        header: format!("{},scenario,state,since", key.join(",")),
    })
}

async fn load(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_load(&visit, &resource, request).await;
    visit.answer(result).await
}

/// Reads the answers, which stand before the file, checks the form token, then hands the file on as it arrives.
async fn try_load(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| bad(rejection.into_response().status()))?;
    let (mut csrf, mut key, mut mode, mut read) = (String::new(), String::new(), ConsentMode::default(), 0);
    for _ in 0..ANSWERS_MAX {
        let Some(part) = parts.next_field().await.map_err(|error| bad(error.status()))? else { break };
        if part.file_name().is_some() {
            visit.check_csrf(&csrf)?;
            let ctx = visit.keyed(&key);
            consents::load(&visit.app, &ctx, entry.id(), mode, Box::pin(part)).await?;
            return Ok(visit.send_on(&format!("/catalog/{}", entry.id()), Some("consents-loaded")));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let text = part.text().await.map_err(|error| bad(error.status()))?;
        read += text.len();
        if read > ANSWERS_BYTES_MAX {
            return Err(Error::Limited("http.body_too_large"));
        }
        match name.as_str() {
            "csrf" => csrf = text,
            "request_key" => key = text,
            "mode" if text == "replace" => mode = ConsentMode::Replace,
            _ => {}
        }
    }
    visit.check_csrf(&csrf)?;
    Err(Error::invalid("upload.empty", ""))
}

fn bad(status: StatusCode) -> Error {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Error::Limited("upload.too_large"),
        _ => Error::invalid("http.bad_request", ""),
    }
}
