//! What stands beside a candidate: what is frozen, the reviewers' run, planted faults.

use app::Error;
use app::access::Role;
use app::exports::{self, AgainOutcome, Export, Frozen};
use axum::Router;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use base::kind;
use serde_json::Value as Json;

use super::common::{fact, word};
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::airlock::Again;
use crate::html::pages::parts::{Fact, Light, Table};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/airlock/{export}/again", post(ask_again))
        .route("/airlock/{export}/plant", post(ask_plant))
}

/// What is frozen, the list's own digest first.
pub(super) fn manifest(visit: &Visit, export: &Export) -> Vec<Fact> {
    let Some(manifest) = &export.manifest else { return Vec::new() };
    let label = |frozen: &Frozen| match frozen.name.split_once('/') {
        Some((kind, name)) => format!("{} {name}", visit.text(&format!("frozen-{kind}"))),
        None => visit.text(&format!("frozen-{}", frozen.name)),
    };
    let files = manifest.files.iter().map(|frozen| Fact::new(&label(frozen), &frozen.digest.to_string()));
    std::iter::once(fact(visit, "frozen-list", manifest.digest.to_string())).chain(files).collect()
}

pub(super) fn may_plant(visit: &Visit) -> bool {
    visit.ctx.principal.has(Role::Supervisor)
}

/// What was planted and who found it.
pub(super) fn plant(visit: &Visit, export: &Export) -> Vec<Fact> {
    let Some(plant) = &export.plant else { return Vec::new() };
    let mut facts = vec![
        fact(visit, "plant-fault", word(visit, "plant-fault", &plant.fault)),
        fact(visit, "plant-by", &plant.by_name),
    ];
    facts.extend(plant.answers.iter().map(|answer| {
        Fact::new(
            &format!("{} {}", answer.unit, answer.name),
            &visit.text(if answer.caught { "plant-caught" } else { "plant-missed" }),
        )
    }));
    facts
}

async fn ask_plant(visit: Visit, Path(export): Path<String>, request: Request) -> Response {
    let result = plant_fault(&visit, &export, request).await;
    visit.answer(result).await
}

async fn plant_fault(visit: &Visit, export: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Export>(export, "export.unknown")?;
    let sent = Sent::read(visit, request).await?;
    let fault = serde_json::from_value(Json::from(sent.get("fault")))
        .map_err(|_| Error::invalid("http.bad_request", ""))?;
    exports::plant(&visit.app, &visit.ctx, id, fault).await?;
    Ok(visit.send_on(&format!("/airlock/{id}"), Some("planted")))
}

/// What came of the last run that a reviewer ordered.
pub(super) fn again(visit: &Visit, export: &Export) -> Again {
    let Some(again) = &export.again else { return Again::default() };
    let mut facts =
        vec![fact(visit, "again-by", &again.by), fact(visit, "requested-at", visit.minute(again.ordered))];
    let (state, light) = match &again.outcome {
        None => ("again-running", Light::DueSoon),
        Some(AgainOutcome::Same { digest }) => {
            facts.push(fact(visit, "again-digest", digest.to_string()));
            ("again-same", Light::Done)
        }
        Some(AgainOutcome::Other { candidate, again, overtaken }) => {
            facts.push(fact(visit, "again-candidate", candidate.to_string()));
            facts.push(fact(visit, "again-digest", again.to_string()));
            (if *overtaken { "again-overtaken" } else { "again-other" }, Light::Overdue)
        }
        Some(AgainOutcome::Failed { code }) => {
            facts.push(fact(visit, "error-code", code));
            ("again-failed", Light::Overdue)
        }
    };
    Again { href: None, state: visit.text(state), light, facts }
}

async fn ask_again(visit: Visit, Path(export): Path<String>, request: Request) -> Response {
    let result = order_again(&visit, &export, request).await;
    visit.answer(result).await
}

async fn order_again(visit: &Visit, export: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Export>(export, "export.unknown")?;
    let _sent = Sent::read(visit, request).await?;
    exports::order_again(&visit.app, &visit.ctx, id).await?;
    Ok(visit.send_on(&format!("/airlock/{id}"), Some("again-ordered")))
}

/// How reviewers did with planted faults, for supervision.
pub(super) async fn scores(visit: &Visit) -> Option<Table> {
    let report = exports::plant_report(&visit.app, &visit.ctx).await.ok()?;
    let heads = ["plant-reviewer", "unit", "plant-caught", "plant-missed"].map(|name| visit.text(name));
    let [name, unit, caught, missed] = heads.each_ref().map(String::as_str);
    let mut table =
        Table::new(&visit.text("plant-scores"), &[name, unit, caught, missed], &[caught, missed], &[]);
    table.rows = report
        .reviewers
        .iter()
        .map(|score| {
            vec![
                score.name.clone(),
                score.unit.clone(),
                words::count(score.caught),
                words::count(score.missed),
            ]
        })
        .collect();
    Some(table)
}
