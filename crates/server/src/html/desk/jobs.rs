//! Background jobs that gave up, for administrators.

use app::Error;
use app::desk::{self, DeadLetter};
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};

use super::sent::Sent;
use super::visit::{Visit, encode};
use crate::html::pages::admin::{AdminJobs, JobRow};
use crate::html::pages::parts::{Figure, Light};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/admin/jobs", get(show)).route("/admin/jobs/retry", post(retry))
}

async fn show(visit: Visit) -> Response {
    let result = page(&visit).await;
    visit.answer(result).await
}

async fn page(visit: &Visit) -> Result<Response, Error> {
    visit.signed_in()?;
    let (dead, next) = desk::dead_letters(&visit.app, &visit.ctx).await?;
    let mut figures = vec![Figure::new("jobs-dead", &dead.len().to_string())];
    if let Some(figure) = figures.first_mut() {
        figure.light = (!dead.is_empty()).then_some(Light::Overdue);
    }
    if let Some(next) = next {
        figures.push(Figure::new("next-job", &visit.minute(next)));
    }
    let page =
        AdminJobs { figures, dead: dead.iter().map(|job| row(visit, job)).collect(), waiting: Vec::new() };
    visit.page("jobs", &page).await
}

fn row(visit: &Visit, job: &DeadLetter) -> JobRow {
    JobRow {
        id: job.key.clone(),
        kind: job.kind.clone(),
        subject: job.key.clone(),
        attempts: u32::try_from(job.attempts).unwrap_or(u32::MAX),
        next: visit.minute(job.failed_at),
        error: job.error.clone(),
        light: Light::Overdue,
        retry_href: Some(format!("/admin/jobs/retry?kind={}&key={}", encode(&job.kind), encode(&job.key))),
    }
}

#[derive(Debug, serde::Deserialize)]
struct Wanted {
    kind: String,
    key: String,
}

async fn retry(
    visit: Visit,
    axum::extract::Query(wanted): axum::extract::Query<Wanted>,
    request: Request,
) -> Response {
    let result = try_retry(&visit, &wanted, request).await;
    visit.answer(result).await
}

async fn try_retry(visit: &Visit, wanted: &Wanted, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    Sent::read(visit, request).await?;
    desk::retry_dead_letter(&visit.app, &visit.ctx, &wanted.kind, &wanted.key).await?;
    Ok(visit.send_on("/admin/jobs", Some("job-retried")))
}
