//! Runs: ordering one, its page with the disclosure report, asking that its result leave.

use std::collections::BTreeMap;

use app::Error;
use app::access::Role;
use app::catalog::{Domain, Parameter, Value};
use app::exports::{self, ExportState, ExportView, NewExport, ReleaseFormat};
use app::models::{self, ModelKind, ModelRecord, ModelState};
use app::runs::{self, Run, RunState};
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base::kind;
use serde::Deserialize;

use super::common::{self, domain, fact, plain, short, word};
use super::disclosures;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::{errors, words};
use crate::html::pages::form::{Field, FieldKind};
use crate::html::pages::parts::{Choice, Fact, Light, Link};
use crate::html::pages::runs::{RunOrder, RunPage, RunRow, Runs};
use crate::http::problem;
use crate::state::Edge;

/// Name of the scenario among the fields of an order; no parameter has a hyphen.
const SCENARIO: &str = "run-scenario";
/// Characters of an id that tell two runs apart at a glance; the last ones are random.
const NUMBER_CHARS: usize = 8;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/runs", get(list))
        .route("/runs/new", get(show_order).post(order))
        .route("/runs/{run}", get(show))
        .route("/runs/{run}/release", post(ask_release))
        .route("/exports/{export}/files/{format}", get(download_file))
}

/// How people call something that has an id only: its day and the end of the id.
pub(super) fn number(visit: &Visit, at: base::Timestamp, id: &str) -> String {
    let end: String = id.chars().rev().take(NUMBER_CHARS).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{}-{end}", visit.day(at).replace('-', ""))
}

async fn list(visit: Visit) -> Response {
    let result = list_page(&visit).await;
    visit.answer(result).await
}

async fn list_page(visit: &Visit) -> Result<Response, Error> {
    let mut found = Vec::new();
    for tenant in common::tenants(visit).await? {
        found.extend(runs::runs(&visit.app, &visit.ctx, tenant.id).await.unwrap_or_default());
    }
    found.sort_by_key(|run| std::cmp::Reverse(run.ordered));
    let page = Runs {
        rows: found.iter().map(|run| row(visit, run)).collect(),
        order_href: visit.ctx.principal.has(Role::OperatorEngineer).then(|| "/runs/new".to_owned()),
        more_href: None,
    };
    visit.page("runs", &page).await
}

fn row(visit: &Visit, run: &Run) -> RunRow {
    RunRow {
        number: number(visit, run.ordered, &run.id.to_string()),
        href: format!("/runs/{}", run.id),
        model: format!("{} ({})", run.model_name, short(&run.model_digest)),
        state: word(visit, "run-state", &run.state),
        light: light(run.state),
        parameters: parameters(run),
        ordered_by: run.ordered_by.clone(),
        ordered: visit.minute(run.ordered),
    }
}

/// `name = value` of each parameter.
pub(super) fn parameters(run: &Run) -> String {
    let said = run.values.iter().map(|(name, value)| format!("{name} = {value}"));
    said.collect::<Vec<_>>().join(", ")
}

const fn light(state: RunState) -> Light {
    match state {
        RunState::Ordered | RunState::Running => Light::DueSoon,
        RunState::Done => Light::Normal,
        RunState::Failed => Light::Overdue,
    }
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    model: String,
}

async fn show_order(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = order_page(&visit, &asked.model, &Sent::default(), None).await;
    visit.answer(result).await
}

/// The approved queries this engineer may order.
async fn approved(visit: &Visit) -> Result<Vec<ModelRecord>, Error> {
    let mut found = Vec::new();
    for tenant in common::own_tenants(visit).await? {
        found.extend(models::models(&visit.app, &visit.ctx, tenant.id).await?);
    }
    found.retain(|model| model.state == ModelState::Approved && model.does == ModelKind::Query);
    Ok(found)
}

async fn order_page(
    visit: &Visit,
    wanted: &str,
    sent: &Sent,
    error: Option<&Error>,
) -> Result<Response, Error> {
    let found = approved(visit).await?;
    let chosen = found.iter().find(|model| model.model.id.to_string() == wanted).or(found.first());
    let label = |model: &ModelRecord| format!("{} ({})", model.model.name, short(&model.digest));
    let is_chosen = |model: &ModelRecord| chosen.is_some_and(|chosen| chosen.model.id == model.model.id);
    let mut parameters = chosen.map_or_else(Vec::new, |model| {
        model.model.parameters.iter().map(|each| field(visit, each, sent)).collect::<Vec<_>>()
    });
    if let Some(model) = chosen
        && by_consent(visit, model).await
    {
        parameters.insert(0, scenario_field(visit, sent));
    }
    let page = RunOrder {
        action_href: "/runs/new".to_owned(),
        request_key: Visit::request_key(),
        models: found
            .iter()
            .map(|model| Choice::new(&model.model.id.to_string(), &label(model), is_chosen(model)))
            .collect(),
        model: chosen.map(|model| model.model.id.to_string()).unwrap_or_default(),
        model_name: chosen.map(|model| model.model.name.clone()).unwrap_or_default(),
        scenarios: Vec::new(),
        parameters,
        binds: chosen.map_or_else(Vec::new, |model| binds(visit, model)),
        errors: Vec::new(),
        refusal: error.map(|error| errors::refusal(visit, error)),
    };
    visit.page_with(error.map_or(StatusCode::OK, problem::status), "runs", &page).await
}

/// Whether the model reads what is there by consent; then the order says for which scenario.
async fn by_consent(visit: &Visit, model: &ModelRecord) -> bool {
    for input in &model.model.inputs {
        let entry = app::resources::resource(&visit.app, &visit.ctx, input.resource).await;
        if entry.is_ok_and(|entry| entry.consent.is_some()) {
            return true;
        }
    }
    false
}

fn scenario_field(visit: &Visit, sent: &Sent) -> Field {
    Field {
        id: SCENARIO.to_owned(),
        label: visit.text("scenario"),
        required: true,
        hint: visit.text("run-scenario-hint"),
        value: sent.get(&format!("field.{SCENARIO}")).to_owned(),
        ..Field::default()
    }
}

fn binds(visit: &Visit, model: &ModelRecord) -> Vec<Fact> {
    let columns: Vec<&str> = model.model.output.iter().map(|column| column.name.as_str()).collect();
    vec![
        fact(visit, "model", &model.model.name),
        fact(visit, "model-digest", model.digest.to_string()),
        fact(visit, "output", columns.join(", ")),
        fact(visit, "entity", words::entity(visit, &model.model.entity)),
    ]
}

fn field(visit: &Visit, parameter: &Parameter, sent: &Sent) -> Field {
    let value = sent.get(&format!("field.{}", parameter.name)).to_owned();
    let mut field = Field {
        id: parameter.name.clone(),
        label: parameter.name.clone(),
        required: true,
        hint: domain(visit, parameter),
        value,
        ..Field::default()
    };
    match &parameter.domain {
        Domain::Values(values) => {
            field.kind = FieldKind::Choice;
            let choice = |value: &Value| {
                let text = plain(value);
                Choice::new(&text, &text, text == field.value)
            };
            field.choices = values.iter().map(choice).collect();
        }
        Domain::Range(Value::Date(_), _) => field.kind = FieldKind::Date,
        Domain::Range(..) => field.kind = FieldKind::Number,
    }
    field
}

async fn order(visit: Visit, request: Request) -> Response {
    let result = try_order(&visit, request).await;
    visit.answer(result).await
}

async fn try_order(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let model = Visit::id::<kind::Model>(sent.get("model"), "model.unknown")?;
    // Answers for another model's parameters are not this one's.
    let known = models::model(&visit.app, &visit.ctx, model).await?;
    let names: Vec<&str> = known.model.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let values: BTreeMap<String, String> = sent
        .below("field.")
        .filter(|(name, _)| names.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let ctx = visit.keyed(sent.get("request_key"));
    let scenario = Some(sent.get(&format!("field.{SCENARIO}"))).filter(|text| !text.trim().is_empty());
    match runs::order_run_for(&visit.app, &ctx, model, &values, scenario).await {
        Ok(run) => Ok(visit.send_on(&format!("/runs/{}", run.id), Some("run-ordered"))),
        Err(error) if errors::can_be_mended(&error) => {
            order_page(visit, sent.get("model"), &sent, Some(&error)).await
        }
        Err(error) => Err(error),
    }
}

async fn show(visit: Visit, Path(run): Path<String>) -> Response {
    let result = page(&visit, &run, None).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, run: &str, error: Option<&Error>) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Run>(run, "run.unknown")?;
    let run = runs::run(&visit.app, &visit.ctx, id).await?;
    let export =
        exports::exports(&visit.app, &visit.ctx, run.tenant, exports::Listed::OfRun(id), None, 1).await;
    let export = export.ok().and_then(|(found, _)| found.into_iter().next());
    let engineer = visit.ctx.principal.has(Role::OperatorEngineer);
    let may_ask = engineer || visit.ctx.principal.has(Role::OperatorManager);
    let mine = visit.ctx.principal.tenants.contains(&run.tenant);
    let overtaken = export.as_ref().is_some_and(|view| view.export.overtaken);
    let can_ask = run.result.is_some()
        && export.as_ref().is_none_or(|view| {
            (view.export.state == ExportState::Refused && !overtaken)
                || (view.export.state == ExportState::Requested && view.case.is_none())
        });
    let mut page = RunPage {
        number: number(visit, run.ordered, &id.to_string()),
        model: Link::new(&run.model_name, &format!("/models/{}", run.model)),
        state: state_word(visit, &run, export.as_ref()),
        light: export.as_ref().map_or(light(run.state), |view| super::airlock::light(view.export.state)),
        facts: facts(visit, &run).into_iter().chain(quality(visit, export.as_ref())).collect(),
        held_back: overtaken.then(|| visit.text("export-overtaken")),
        order_href: (overtaken && engineer && mine).then(|| format!("/runs/new?model={}", run.model)),
        stages: stages(visit, &run, export.as_ref()),
        error: run.error.as_ref().map(|error| error.code.clone()),
        report: run
            .result
            .as_ref()
            .and_then(|result| Some(disclosures::report(visit, result.report.as_ref()?, &run.clauses))),
        kept: run
            .result
            .as_ref()
            .filter(|result| result.report.is_none())
            .map(|_| disclosures::kept(visit, &run)),
        release_href: (can_ask && may_ask && mine).then(|| format!("/runs/{id}/release")),
        formats: ReleaseFormat::ALL
            .into_iter()
            .map(|format| {
                let name = format.name();
                Choice::new(name, &visit.text(&format!("format-{name}")), format == ReleaseFormat::default())
            })
            .collect(),
        case_href: export.as_ref().and_then(|view| Some(format!("/cases/{}", view.case.as_ref()?.id))),
        downloads: downloads(visit, export.as_ref().filter(|_| mine && may_ask)),
        request_key: Visit::request_key(),
        refusal: error.map(|error| errors::refusal(visit, error)),
    };
    let found = run.result.as_ref().and_then(|result| result.report.as_ref());
    if let (Some(report), Some(found)) = (page.report.as_mut(), found) {
        report.overlaps = disclosures::overlaps(visit, found).await;
    }
    visit.page_with(error.map_or(StatusCode::OK, problem::status), "runs", &page).await
}

/// How exact the numbers are that left, and that others may not have: a report that takes what is missing for nothing is
/// wrong. Whether anything is missing is told to nobody.
fn quality(visit: &Visit, export: Option<&ExportView>) -> Vec<Fact> {
    let release = export.and_then(|view| view.export.release.as_ref());
    let Some(release) = release.filter(|release| release.rows > 0) else { return Vec::new() };
    let told = release.accuracy.iter().map(|of| match of.within {
        Some(within) => format!("{} ± {}", of.column, words::count(within)),
        None => visit.text_with("accuracy-unknown", &[("column", &of.column)]),
    });
    let told: Vec<String> = told.collect();
    let told = if told.is_empty() { visit.text("accuracy-exact") } else { visit.joined(&told) };
    vec![fact(visit, "accuracy", told), fact(visit, "missing-groups", visit.text("missing-groups-text"))]
}

fn state_word(visit: &Visit, run: &Run, export: Option<&ExportView>) -> String {
    match export {
        Some(view) => word(visit, "export-state", &view.export.state),
        None => word(visit, "run-state", &run.state),
    }
}

fn facts(visit: &Visit, run: &Run) -> Vec<Fact> {
    let values = parameters(run);
    let inputs: Vec<String> =
        run.inputs.iter().map(|pin| format!("{} ({})", pin.table, short(&pin.digest))).collect();
    let mut facts = vec![
        fact(visit, "ordered-by", &run.ordered_by),
        fact(visit, "parameters", if values.is_empty() { visit.text("none") } else { values }),
        fact(visit, "model-digest", run.model_digest.to_string()),
        fact(visit, "inputs", inputs.join(", ")),
    ];
    facts.extend(run.scenario.as_ref().map(|scenario| fact(visit, "scenario", scenario)));
    if let Some(result) = &run.result {
        facts.extend(result.rows.map(|rows| fact(visit, "rows", words::count(rows))));
        facts.push(fact(visit, "result-digest", result.digest.to_string()));
    }
    if let Some(refusal) = run.error.as_ref().and_then(|error| error.refusal.as_ref()) {
        facts.push(fact(visit, "nearest-form", visit.pick(&refusal.legal_form_zh, &refusal.legal_form_en)));
    }
    facts
}

fn stages(visit: &Visit, run: &Run, export: Option<&ExportView>) -> Vec<Fact> {
    let at = |at: Option<base::Timestamp>| at.map(|at| visit.minute(at)).unwrap_or_default();
    vec![
        fact(visit, "run-state-ordered", visit.minute(run.ordered)),
        fact(visit, "run-state-running", at(run.started)),
        fact(visit, "run-state-done", at(run.finished.filter(|_| run.result.is_some()))),
        fact(visit, "export-state-requested", at(export.map(|view| view.export.requested))),
        fact(
            visit,
            "export-state-released",
            at(export.and_then(|view| Some(view.export.release.as_ref()?.at))),
        ),
    ]
}

fn downloads(visit: &Visit, export: Option<&ExportView>) -> Vec<Link> {
    let Some(view) = export.filter(|view| view.export.release.is_some()) else { return Vec::new() };
    let id = view.export.id;
    let link = |format: ReleaseFormat| {
        Link::new(
            &visit.text(&format!("format-{}", format.name())),
            &format!("/exports/{id}/files/{}", format.name()),
        )
    };
    ReleaseFormat::ALL.into_iter().map(link).collect()
}

async fn ask_release(visit: Visit, Path(run): Path<String>, request: Request) -> Response {
    let result = try_ask_release(&visit, &run, request).await;
    visit.answer(result).await
}

async fn try_ask_release(visit: &Visit, run: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Run>(run, "run.unknown")?;
    let sent = Sent::read(visit, request).await?;
    let new = NewExport {
        purpose: sent.get("purpose").trim().to_owned(),
        format: Some(sent.get("format").to_owned()).filter(|format| !format.is_empty()),
        ..NewExport::default()
    };
    match exports::open_export_case(&visit.app, &visit.keyed(sent.get("request_key")), id, &new).await {
        Ok((_, opened)) => {
            Ok(visit.send_on(&format!("/cases/{}", opened.id), Some(&format!("opened~{}", opened.number))))
        }
        Err(error) if errors::can_be_mended(&error) => page(visit, run, Some(&error)).await,
        Err(error) => Err(error),
    }
}

async fn download_file(visit: Visit, Path((export, format)): Path<(String, String)>) -> Response {
    let result = download(&visit, &export, &format).await;
    visit.answer(result).await
}

async fn download(visit: &Visit, export: &str, format: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Export>(export, "export.unknown")?;
    let format = ReleaseFormat::parse(format)?;
    let file = exports::download(&visit.app, &visit.ctx, id, format).await?;
    let mut response = file.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    let name = format!("attachment; filename=\"release-{id}.{}\"", format.name());
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
