//! The airlock's queue and the review of one export. Votes are cast in its case.

use app::Error;
use app::cases::{self, CaseView};
use app::exports::{self, Export, ExportState, ExportView, PlantedFault};
use app::regulation::pack::{Effect, Procedure};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::{Id, kind};
use serde::Deserialize;
use serde_json::Value as Json;

use super::airlock_panels as panels;
use super::common::{cell, choices, fact, more, result, short, word};
use super::compare::{Difference, compare};
use super::{disclosures, runs};
use crate::html::desk::fields::{Values, Wrong};
use crate::html::desk::visit::Visit;
use crate::html::desk::{act, case, errors, words};
use crate::html::pages::airlock::{Airlock, AirlockReview, AirlockRow, Risk, Vote};
use crate::html::pages::parts::{Light, Link, Table};
use crate::html::pages::runs::Candidate;
use crate::state::Edge;

/// Rows of the queue.
const ROWS: u32 = 50;
/// Rows of a candidate on one page.
const SAMPLE_ROWS: usize = 25;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/airlock", get(list)).route("/airlock/{export}", get(show)).merge(panels::routes())
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
    let pack = visit.app.packs().current();
    let procedure = pack.procedure_with(Effect::ReleaseExport);
    let page = Airlock {
        rows: found.iter().map(|view| row(visit, procedure, view)).collect(),
        more_href: more("/airlock", &[], next),
        scores: panels::scores(visit).await,
    };
    visit.page("airlock", &page).await
}

fn row(visit: &Visit, procedure: Option<&Procedure>, view: &ExportView) -> AirlockRow {
    let export = &view.export;
    AirlockRow {
        number: view.case.as_ref().map_or_else(|| number(visit, export), |case| case.number.clone()),
        href: format!("/airlock/{}", export.id),
        model: export.model_name.clone(),
        purpose: export.purpose.clone(),
        operator: export.unit_name.clone(),
        requested: visit.day(export.requested),
        votes: match view.case.as_ref().and_then(|case| case.outcome.as_ref()) {
            Some((outcome, _)) => words::outcome(visit, procedure, outcome),
            None => visit.text("votes-open"),
        },
        state: word(visit, "export-state", &export.state),
        light: light(export.state),
    }
}

fn number(visit: &Visit, export: &Export) -> String {
    runs::number(visit, export.requested, &export.id.to_string())
}

/// The lamp of an export.
pub(super) const fn light(state: ExportState) -> Light {
    match state {
        ExportState::Requested => Light::DueSoon,
        ExportState::Approved => Light::Normal,
        ExportState::Released => Light::Done,
        ExportState::Refused => Light::Overdue,
    }
}

/// Which rows of the candidate are wanted.
#[derive(Debug, Default, Deserialize)]
struct Rows {
    #[serde(default)]
    from: usize,
    /// Only rows that differ from the last release.
    changed: Option<String>,
}

async fn show(visit: Visit, Path(export): Path<String>, Query(rows): Query<Rows>) -> Response {
    let result = page(&visit, &export, &rows).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, export: &str, rows: &Rows) -> Result<Response, Error> {
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
        risk: view.risk.as_ref().map(|risk| Risk {
            tier: word(visit, "risk-tier", &risk.tier),
            reasons: risk.reasons.iter().map(|reason| word(visit, "risk-reason", reason)).collect(),
        }),
        manifest: panels::manifest(visit, &view.export),
        again: panels::again(visit, &view.export),
        plant: panels::plant(visit, &view.export),
        plant_href: (panels::may_plant(visit)
            && view.export.state == ExportState::Requested
            && view.export.plant.is_none())
        .then(|| format!("/airlock/{id}/plant")),
        faults: choices(
            visit,
            "plant-fault",
            &[PlantedFault::SmallCell, PlantedFault::Identifier],
            "small_cell",
        ),
        request_key: Visit::request_key(),
        ..AirlockReview::default()
    };
    if let (Some(report), Some(found)) = (page.candidate.report.as_mut(), &view.export.frozen.report) {
        report.overlaps = disclosures::overlaps(visit, found).await;
    }
    if view.export.overtaken {
        page.candidate.facts.push(fact(visit, "overtaken", visit.text("export-overtaken")));
    }
    if let Some(release) = &view.export.release {
        page.candidate.facts.push(fact(visit, "released-at", visit.minute(release.at)));
        page.candidate.facts.push(fact(visit, "released-csv", release.csv.digest.to_string()));
    }
    if let Some(case) = &view.case {
        ballot(visit, case.id, &mut page).await?;
    }
    // Rows are for reviewers of other units only; everybody else sees the report, which is no fault of theirs.
    match exports::comparison(&visit.app, &visit.ctx, id).await {
        Ok(seen) => {
            if view.export.state == ExportState::Requested {
                page.again.href = Some(format!("/airlock/{id}/again"));
            }
            show_rows(visit, &mut page, &seen, rows, &clauses);
        }
        Err(Error::Forbidden("access.denied")) => {}
        // Nobody tried anything: what there was to see is sealed or destroyed.
        Err(Error::Forbidden("tenant.closed")) => {
            page.candidate.facts.push(fact(visit, "result", visit.text("candidate-closed")));
        }
        Err(error @ (Error::Forbidden(_) | Error::Unavailable(_))) => {
            page.refusal = Some(errors::refusal(visit, &error));
        }
        Err(error) => return Err(error),
    }
    visit.page("airlock", &page).await
}

/// The case of the export with the votes in it, and what this person may do there now.
async fn ballot(visit: &Visit, case: Id<kind::Case>, page: &mut AirlockReview) -> Result<(), Error> {
    let Ok(view) = cases::case_view(&visit.app, &visit.ctx, case).await else { return Ok(()) };
    page.case_href = format!("/cases/{case}");
    page.action_href = format!("/cases/{case}/commands");
    page.version = i64::try_from(view.state.version).unwrap_or(i64::MAX);
    page.votes = votes(visit, &view);
    // Who asked may take it back, but on the case's page: here reviewers judge.
    let grave: Vec<String> = view
        .actions
        .iter()
        .filter(|action| action.refused.is_some() || case::is_grave(action.command))
        .map(|action| act::key(action.command))
        .collect();
    page.actions = case::actions(visit, &view, &Values::default(), &Wrong::new()).await?;
    page.actions.retain(|action| !grave.contains(&action.command));
    Ok(())
}

/// A seat for each vote that the step asks for. Votes of others are sealed until the result stands.
fn votes(visit: &Visit, view: &CaseView) -> Vec<Vote> {
    let ballots = view.procedure.steps.iter().filter_map(|step| Some((step, step.vote.as_ref()?)));
    let mut votes = Vec::new();
    for (step, rule) in ballots {
        let mut cast = view.state.acts.iter().filter(|act| act.step == step.id);
        for seat in 1..=rule.quorum {
            let title = visit.text_with("vote-seat", &[("number", &seat.to_string())]);
            let Some(act) = cast.next() else {
                votes.push(Vote { seat: title, ..Vote::default() });
                continue;
            };
            let mine = act.by.person == visit.ctx.principal.person;
            let known = act.vote.filter(|_| !act.sealed || mine);
            let said = view.state.opinions.iter().find(|opinion| {
                opinion.step == act.step && opinion.visit == act.visit && opinion.by.person == act.by.person
            });
            votes.push(Vote {
                seat: title,
                cast: true,
                name: known
                    .map(|_| format!("{} {}", act.by.unit_name, act.by.person_name))
                    .unwrap_or_default(),
                verdict: known.map(|_| words::command(visit, act.command)).unwrap_or_default(),
                opinion: said.filter(|_| known.is_some()).map(|said| said.text.clone()).unwrap_or_default(),
                at: act.on.to_string(),
            });
        }
    }
    votes
}

/// The rows asked for, each cell beside what it was in the last release.
fn show_rows(
    visit: &Visit,
    page: &mut AirlockReview,
    seen: &exports::Candidate,
    asked: &Rows,
    clauses: &[String],
) {
    let all = &seen.page.rows;
    let compared = seen.earlier.first().and_then(|last| compare(all, &last.page.rows));
    let differs = |at: usize| {
        let found = compared.as_ref().and_then(|compared| compared.rows.get(at));
        !matches!(found, Some(Difference::Cells(cells)) if cells.is_empty())
    };
    let only = asked.changed.is_some() && compared.is_some();
    let wanted: Vec<usize> = (0..all.len()).filter(|at| !only || differs(*at)).collect();
    let from = asked.from.min(wanted.len());
    let shown: Vec<usize> = wanted.iter().copied().skip(from).take(SAMPLE_ROWS).collect();
    let rows: Vec<Vec<Json>> = shown.iter().filter_map(|at| all.get(*at).cloned()).collect();
    let mut table = result(visit, &seen.page.columns, &rows, SAMPLE_ROWS, false);
    table.marks = shown
        .iter()
        .map(|at| {
            let found = compared.as_ref().and_then(|compared| compared.rows.get(*at));
            found.map(|found| marks(visit, found, seen.page.columns.len())).unwrap_or_default()
        })
        .collect();
    let (first, last) = (from + usize::from(!shown.is_empty()), from + shown.len());
    table.rows_more = Some(visit.text_with(
        "result-rows-shown",
        &[("first", &first.to_string()), ("last", &last.to_string()), ("all", &wanted.len().to_string())],
    ));
    page.candidate.sample = table;
    if let Some(found) = &compared {
        page.compared = visit.text_with(
            "compared-with-last",
            &[
                ("changed", &found.changed.to_string()),
                ("added", &found.added.to_string()),
                ("gone", &found.gone.to_string()),
            ],
        );
    }
    if seen.page.more {
        let note = visit.text_with("compared-first-rows", &[("count", &all.len().to_string())]);
        page.compared = format!("{} {note}", page.compared);
    }
    let at = format!("/airlock/{}", seen.view.export.id);
    let keep = if only { "changed=1&" } else { "" };
    page.previous_href = (from > 0).then(|| format!("{at}?{keep}from={}", from.saturating_sub(SAMPLE_ROWS)));
    page.next_href = (last < wanted.len()).then(|| format!("{at}?{keep}from={last}"));
    page.filter = compared.as_ref().map(|_| match only {
        true => Link::new(&visit.text("rows-all"), &at),
        false => Link::new(&visit.text("rows-changed"), &format!("{at}?changed=1")),
    });
    if seen.left_since > 0 && seen.view.export.state == ExportState::Requested {
        let said = visit.text_with("left-since-text", &[("count", &seen.left_since.to_string())]);
        page.candidate.facts.push(fact(visit, "left-since", said));
    }
    page.looked =
        Some(Link::new(&seen.journal_seq.to_string(), &format!("/ledger?record={}", seen.journal_seq)));
    for earlier in &seen.earlier {
        let mut shown = candidate(visit, &earlier.export, None, clauses);
        let rows = &earlier.page;
        shown.sample = result(visit, &rows.columns, &rows.rows, SAMPLE_ROWS, rows.more);
        page.earlier.push(shown);
    }
}

/// What is said beside the cells of one row.
fn marks(visit: &Visit, found: &Difference, width: usize) -> Vec<String> {
    match found {
        Difference::New => vec![visit.text("row-is-new")],
        Difference::Cells(cells) => (0..width)
            .map(|at| {
                let old = cells.get(&at);
                old.map(|old| visit.text_with("cell-was", &[("value", &cell(old))])).unwrap_or_default()
            })
            .collect(),
    }
}

fn candidate(visit: &Visit, export: &Export, run: Option<&app::runs::Run>, clauses: &[String]) -> Candidate {
    let mut facts = vec![
        fact(visit, "model", &export.model_name),
        fact(visit, "purpose", &export.purpose),
        fact(visit, "release-format", visit.text(&format!("format-{}", export.format.name()))),
        fact(visit, "operator", &export.unit_name),
        fact(visit, "by", &export.requested_by),
        fact(visit, "requested-at", visit.minute(export.requested)),
        fact(visit, "result-digest", short(&export.frozen.digest)),
    ];
    facts.extend(export.frozen.rows.map(|rows| fact(visit, "rows", words::count(rows))));
    if let Some(run) = run.filter(|run| !run.values.is_empty()) {
        facts.push(fact(visit, "parameters", runs::parameters(run)));
    }
    Candidate {
        title: format!("{} {}", export.model_name, visit.day(export.requested)),
        facts,
        sample: Table { caption: visit.text("result"), ..Table::default() },
        report: export.frozen.report.as_ref().map(|found| disclosures::report(visit, found, clauses)),
    }
}
