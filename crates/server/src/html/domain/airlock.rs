//! The airlock's queue and the review of one export. Votes are cast in its case.

use app::Error;
use app::exports::{self, Export, ExportState, ExportView};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::kind;
use serde::Deserialize;

use super::common::{fact, more, result, short, word};
use super::runs;
use crate::html::desk::visit::Visit;
use crate::html::desk::{errors, words};
use crate::html::pages::airlock::{Airlock, AirlockReview, AirlockRow};
use crate::html::pages::parts::{Light, Link, Table};
use crate::html::pages::runs::Candidate;
use crate::state::Edge;

/// Rows of the queue.
const ROWS: u32 = 50;
/// Rows of a candidate on the page.
const SAMPLE_ROWS: usize = 100;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/airlock", get(list)).route("/airlock/{export}", get(show))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    after: Option<String>,
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = list_page(&visit, &asked).await;
    visit.answer(result).await
}

async fn list_page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let (found, next) = exports::review_queue(&visit.app, &visit.ctx, asked.after.as_deref(), ROWS).await?;
    let page = Airlock {
        rows: found.iter().map(|view| row(visit, view)).collect(),
        more_href: more("/airlock", &[], next),
    };
    visit.page("airlock", &page).await
}

fn row(visit: &Visit, view: &ExportView) -> AirlockRow {
    let export = &view.export;
    AirlockRow {
        number: view.case.as_ref().map_or_else(|| number(visit, export), |case| case.number.clone()),
        href: format!("/airlock/{}", export.id),
        model: export.model_name.clone(),
        operator: export.unit_name.clone(),
        requested: visit.day(export.requested),
        votes: match view.case.as_ref().and_then(|case| case.outcome.as_ref()) {
            Some((outcome, _)) => outcome.clone(),
            None => visit.text("votes-open"),
        },
        state: word(visit, "export-state", &export.state),
        light: light(export.state),
    }
}

fn number(visit: &Visit, export: &Export) -> String {
    runs::number(visit, export.requested, &export.id.to_string())
}

const fn light(state: ExportState) -> Light {
    match state {
        ExportState::Requested => Light::DueSoon,
        ExportState::Approved => Light::Normal,
        ExportState::Released => Light::Done,
        ExportState::Refused => Light::Overdue,
    }
}

async fn show(visit: Visit, Path(export): Path<String>) -> Response {
    let result = page(&visit, &export).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, export: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Export>(export, "export.unknown")?;
    let view = exports::export(&visit.app, &visit.ctx, id).await?;
    let run = app::runs::run(&visit.app, &visit.ctx, view.export.run).await;
    let clauses = run.as_ref().map(|run| run.clauses.clone()).unwrap_or_default();
    let mut page = AirlockReview {
        number: view.case.as_ref().map_or_else(|| number(visit, &view.export), |case| case.number.clone()),
        state: word(visit, "export-state", &view.export.state),
        light: light(view.export.state),
        basis: words::clauses(visit, &clauses),
        candidate: candidate(visit, &view.export, run.as_ref().ok(), &clauses),
        case_href: view.case.as_ref().map(|case| format!("/cases/{}", case.id)).unwrap_or_default(),
        ..AirlockReview::default()
    };
    if let Some(release) = &view.export.release {
        page.candidate.facts.push(fact(visit, "released-at", visit.minute(release.at)));
        page.candidate.facts.push(fact(visit, "released-csv", release.csv.digest.to_string()));
    }
    // Rows are for reviewers of other units only; everybody else sees the report.
    match exports::candidate(&visit.app, &visit.ctx, id, 0).await {
        Ok(seen) => {
            page.candidate.sample =
                result(visit, &seen.page.columns, &seen.page.rows, SAMPLE_ROWS, seen.page.more);
            page.looked = Some(Link::new(
                &seen.journal_seq.to_string(),
                &format!("/ledger?record={}", seen.journal_seq),
            ));
            for earlier in &seen.earlier {
                let mut shown = candidate(visit, &earlier.export, None, &clauses);
                let rows = &earlier.page;
                shown.sample = result(visit, &rows.columns, &rows.rows, SAMPLE_ROWS, rows.more);
                page.earlier.push(shown);
            }
        }
        Err(error @ Error::Forbidden(_)) => page.refusal = Some(errors::refusal(visit, &error)),
        Err(error @ Error::Unavailable(_)) => page.refusal = Some(errors::refusal(visit, &error)),
        Err(error) => return Err(error),
    }
    visit.page("airlock", &page).await
}

fn candidate(visit: &Visit, export: &Export, run: Option<&app::runs::Run>, clauses: &[String]) -> Candidate {
    let values: Option<Vec<String>> =
        run.map(|run| run.values.iter().map(|(name, value)| format!("{name} = {value}")).collect());
    let mut facts = vec![
        fact(visit, "model", &export.model_name),
        fact(visit, "purpose", &export.purpose),
        fact(visit, "operator", &export.unit_name),
        fact(visit, "by", &export.requested_by),
        fact(visit, "requested-at", visit.minute(export.requested)),
        fact(visit, "rows", words::count(export.frozen.rows)),
        fact(visit, "result-digest", short(&export.frozen.digest)),
    ];
    if let Some(values) = values.filter(|values| !values.is_empty()) {
        facts.push(fact(visit, "parameters", values.join(", ")));
    }
    Candidate {
        title: format!("{} {}", export.model_name, visit.day(export.requested)),
        facts,
        sample: Table { caption: visit.text("result"), ..Table::default() },
        report: export.frozen.report.as_ref().map(|found| runs::report(visit, found, clauses)),
    }
}
