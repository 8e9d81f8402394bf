//! The page on which supervisors find out whose copy of a data set was passed on.

use app::Error;
use app::products;
use app::watermarks::{self, Marking, Trace};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base::kind;

use super::common::fact;
use crate::html::desk::visit::Visit;
use crate::html::desk::{errors, words};
use crate::html::pages::parts::{Link, Table};
use crate::html::pages::trace::TracePage;
use crate::http::problem;
use crate::state::Edge;

/// Bytes of a leaked file.
const LEAK_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Parts of the form.
const PARTS_MAX: usize = 8;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/products/{product}/trace", get(show).post(look))
        .layer(DefaultBodyLimit::max(LEAK_BYTES_MAX))
}

async fn show(visit: Visit, Path(product): Path<String>) -> Response {
    let result = draw(&visit, &product, None).await;
    visit.answer(result).await
}

async fn look(visit: Visit, Path(product): Path<String>, request: Request) -> Response {
    let result = match read(&visit, request).await {
        Ok(leak) => traced(&visit, &product, leak).await,
        Err(error) => Err(error),
    };
    visit.answer(result).await
}

async fn traced(visit: &Visit, product: &str, leak: Bytes) -> Result<Response, Error> {
    let id = Visit::id::<kind::Product>(product, "product.unknown")?;
    let found = watermarks::trace(&visit.app, &visit.ctx, id, leak).await;
    draw(visit, product, Some(found)).await
}

/// The file behind the form token.
async fn read(visit: &Visit, request: Request) -> Result<Bytes, Error> {
    visit.signed_in()?;
    let bad = |status: StatusCode| match status {
        StatusCode::PAYLOAD_TOO_LARGE => Error::Limited("http.body_too_large"),
        _ => Error::invalid("http.bad_request", ""),
    };
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| bad(rejection.into_response().status()))?;
    let mut token = String::new();
    for _ in 0..PARTS_MAX {
        let Some(part) = parts.next_field().await.map_err(|error| bad(error.status()))? else { break };
        if part.file_name().is_some() {
            visit.check_csrf(&token)?;
            return part.bytes().await.map_err(|error| bad(error.status()));
        }
        if part.name() == Some("csrf") {
            token = part.text().await.map_err(|error| bad(error.status()))?;
        }
    }
    visit.check_csrf(&token)?;
    Err(Error::invalid("upload.empty", ""))
}

async fn draw(visit: &Visit, product: &str, found: Option<Result<Trace, Error>>) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Product>(product, "product.unknown")?;
    let record = products::product(&visit.app, &visit.ctx, id).await?;
    watermarks::may_trace(&visit.app, &visit.ctx, &record)?;
    let marking = record.marking.as_ref();
    let mut page = TracePage {
        name: record.product.name.clone(),
        back_href: format!("/products/{id}"),
        action_href: marking.filter(|marking| marking.suffices()).map(|_| format!("/products/{id}/trace")),
        capacity: marking.map(|marking| capacity(visit, marking)).unwrap_or_default(),
        ..TracePage::default()
    };
    let mut status = StatusCode::OK;
    match found {
        None => {}
        Some(Ok(trace)) => tell(visit, &mut page, &trace),
        Some(Err(error)) if errors::can_be_mended(&error) => {
            status = problem::status(&error);
            page.refusal = Some(errors::refusal(visit, &error));
        }
        Some(Err(error)) => return Err(error),
    }
    visit.page_with(status, "products", &page).await
}

fn capacity(visit: &Visit, marking: &Marking) -> Vec<crate::html::pages::parts::Fact> {
    vec![
        fact(visit, "trace-positions", words::count(marking.positions)),
        fact(visit, "trace-needed", words::count(marking.needed)),
    ]
}

fn tell(visit: &Visit, page: &mut TracePage, trace: &Trace) {
    let names: Vec<&str> = trace.named.iter().map(|buyer| buyer.unit_name.as_str()).collect();
    page.verdict = match names.is_empty() {
        true => visit.text("trace-nobody"),
        false => visit.text_with("trace-named", &[("names", &names.join("、"))]),
    };
    page.found = vec![
        fact(visit, "rows", words::count(trace.rows)),
        fact(visit, "trace-read", words::count(trace.positions)),
        fact(visit, "trace-buyers", words::count(trace.buyers)),
        fact(visit, "trace-leak", trace.leak.to_string()),
    ];
    let heads = ["data-user", "usage-agreement-id", "trace-bits"].map(|name| visit.text(name));
    let [unit, usage, bits] = heads.each_ref().map(String::as_str);
    page.ranked = Table::new(&visit.text("trace-ranked"), &[unit, usage, bits], &[bits], &[]);
    page.ranked.rows = trace
        .ranked
        .iter()
        .map(|buyer| vec![buyer.unit_name.clone(), buyer.usage.to_string(), format!("{:.1}", buyer.bits)])
        .collect();
    let needed = format!("{:.0}", trace.needed_bits);
    page.found.push(fact(
        visit,
        "trace-threshold",
        visit.text_with("trace-threshold-text", &[("bits", &needed)]),
    ));
    page.looked =
        Some(Link::new(&trace.journal_seq.to_string(), &format!("/ledger?record={}", trace.journal_seq)));
}
