//! Models: saved from the workbench, submitted for review, pinned by digest.

use app::Error;
use app::access::Role;
use app::catalog::{Domain, Parameter, Value};
use app::models::{self, ModelKind, ModelRecord, ModelState, NewKind, NewModel};
use app::regulation::pack::Effect;
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use base::{Date, kind};

use super::common::{self, domain, fact, open_case, short, word};
use super::subject;
use super::tenants::facts_tenant;
use super::workbench::{self, Asked};
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::{errors, words};
use crate::html::pages::case::Action;
use crate::html::pages::form::{CaseOpen, Field, FieldKind, FormSection};
use crate::html::pages::models::{ModelPage, ModelRow, Models};
use crate::html::pages::parts::{Choice, Light, Link};
use crate::html::pages::workbench::QueryParameter;
use crate::http::problem;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/models", get(list))
        .route("/models/new", post(save))
        .route("/models/{model}", get(show))
        .route("/models/{model}/commands", post(command))
}

async fn list(visit: Visit) -> Response {
    let result = list_page(&visit).await;
    visit.answer(result).await
}

async fn list_page(visit: &Visit) -> Result<Response, Error> {
    let mut rows = Vec::new();
    for tenant in common::tenants(visit).await? {
        let found = models::models(&visit.app, &visit.ctx, tenant.id).await.unwrap_or_default();
        rows.extend(found.iter().map(|model| row(visit, model)));
    }
    let may_write = visit.ctx.principal.has(Role::OperatorEngineer);
    visit.page("models", &Models { rows, may_write }).await
}

fn row(visit: &Visit, record: &ModelRecord) -> ModelRow {
    ModelRow {
        name: record.model.name.clone(),
        href: format!("/models/{}", record.model.id),
        version: word(visit, "model-kind", &key_of(record)),
        state: word(visit, "model-state", &record.state),
        light: light(record.state),
        digest: short(&record.digest),
        author: record.author.clone(),
        updated: visit.day(record.approval.as_ref().map_or(record.created, |approval| approval.at)),
    }
}

const fn key_of(record: &ModelRecord) -> NewKind {
    match record.does {
        ModelKind::Query => NewKind::Query,
        ModelKind::Verification { .. } => NewKind::Verification,
    }
}

const fn light(state: ModelState) -> Light {
    match state {
        ModelState::Draft => Light::DueSoon,
        ModelState::Submitted => Light::Normal,
        ModelState::Approved => Light::Done,
        ModelState::Withdrawn => Light::Suspended,
    }
}

async fn show(visit: Visit, Path(model): Path<String>) -> Response {
    let result = page(&visit, &model).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, model: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Model>(model, "model.unknown")?;
    let record = models::model(&visit.app, &visit.ctx, id).await?;
    let engineer = visit.ctx.principal.has(Role::OperatorEngineer)
        && visit.ctx.principal.tenants.contains(&record.model.tenant);
    let is_query = matches!(record.does, ModelKind::Query);
    let page = ModelPage {
        name: record.model.name.clone(),
        version: word(visit, "model-kind", &key_of(&record)),
        state: word(visit, "model-state", &record.state),
        light: light(record.state),
        facts: facts(visit, &record),
        sql: record.text.clone(),
        parameters: record.model.parameters.iter().map(|each| parameter(visit, each)).collect(),
        inputs: inputs(visit, &record).await,
        output: subject::output(visit, &record),
        opinions: Vec::new(),
        actions: actions(visit, &record, engineer),
        action_href: format!("/models/{id}/commands"),
        request_key: Visit::request_key(),
        record_version: 0,
        run_href: (engineer && is_query && record.state == ModelState::Approved)
            .then(|| format!("/runs/new?model={id}")),
        edit_href: (engineer && is_query)
            .then(|| format!("/workbench?tenant={}&model={id}", record.model.tenant)),
        case_href: record.approval.as_ref().map(|approval| format!("/cases/{}", approval.case)),
    };
    visit.page("models", &page).await
}

fn facts(visit: &Visit, record: &ModelRecord) -> Vec<crate::html::pages::parts::Fact> {
    let mut facts = vec![
        fact(visit, "author", &record.author),
        fact(visit, "created", visit.minute(record.created)),
        fact(visit, "entity", words::entity(visit, &record.model.entity)),
        fact(visit, "model-digest", record.digest.to_string()),
        fact(visit, "reversibility", &record.model.reversibility),
    ];
    if let ModelKind::Verification { table, key_column } = &record.does {
        facts.push(fact(visit, "verification-key", format!("{table}.{key_column}")));
    }
    if let Some(approval) = &record.approval {
        facts.push(fact(visit, "approved-at", visit.minute(approval.at)));
    }
    facts
}

fn parameter(visit: &Visit, parameter: &Parameter) -> QueryParameter {
    QueryParameter { name: parameter.name.clone(), data_type: domain(visit, parameter), value: String::new() }
}

pub(super) async fn inputs(visit: &Visit, record: &ModelRecord) -> Vec<Link> {
    let mut links = Vec::new();
    for input in &record.model.inputs {
        let entry = app::resources::resource(&visit.app, &visit.ctx, input.resource).await;
        let name = entry
            .map_or_else(|_| input.resource.to_string(), |entry| visit.pick(&entry.name_zh, &entry.name_en));
        links.push(Link::new(&name, &format!("/catalog/{}", input.resource)));
    }
    links
}

fn actions(visit: &Visit, record: &ModelRecord, engineer: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let facts = [
        (facts_tenant(), record.model.tenant.to_string()),
        (app::cases::facts::MODEL, record.model.id.to_string()),
    ];
    let waiting = matches!(record.state, ModelState::Draft | ModelState::Submitted);
    if let Some(href) = open_case(visit, Effect::ApproveModel, &facts).filter(|_| waiting) {
        let pack = visit.app.packs().current();
        let clauses = pack.procedure_with(Effect::ApproveModel).map(|found| found.clauses.clone());
        actions.push(Action {
            command: "submit".to_owned(),
            label: visit.text("model-submit"),
            clauses: words::clauses(visit, &clauses.unwrap_or_default()),
            primary: true,
            form_href: Some(href),
            ..Action::default()
        });
    }
    if engineer && record.state != ModelState::Withdrawn {
        actions.push(Action {
            command: "withdraw".to_owned(),
            label: visit.text("model-withdraw"),
            grave: true,
            ..Action::default()
        });
    }
    actions
}

async fn command(visit: Visit, Path(model): Path<String>, request: Request) -> Response {
    let result = try_command(&visit, &model, request).await;
    visit.answer(result).await
}

async fn try_command(visit: &Visit, model: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Model>(model, "model.unknown")?;
    let sent = Sent::read(visit, request).await?;
    if sent.get("command") != "withdraw" || sent.get("sure") != "yes" {
        return Err(Error::invalid("http.bad_request", ""));
    }
    let ctx = visit.keyed(sent.get("request_key"));
    models::withdraw_model(&visit.app, &ctx, id).await?;
    Ok(visit.send_on(&format!("/models/{id}"), Some("model-withdrawn")))
}

/// First the workbench's text comes here and is asked what reviewers must know of it; then the answers come, and the
/// model is made.
async fn save(visit: Visit, Query(asked): Query<Asked>, request: Request) -> Response {
    let result = try_save(&visit, &asked, request).await;
    visit.answer(result).await
}

async fn try_save(visit: &Visit, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let (_, chosen) = workbench::tenant(visit, &asked.tenant).await?;
    let tenant = chosen.ok_or(Error::NotFound("tenant.unknown"))?;
    if !sent.get("sql").is_empty() {
        return form(visit, tenant, &sent, None).await;
    }
    let made = match new_model(visit, &sent) {
        Ok(new) => {
            models::create_model(&visit.app, &visit.keyed(sent.get("request_key")), tenant, &new).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(record) => Ok(visit.send_on(&format!("/models/{}", record.model.id), Some("model-saved"))),
        Err(error) if errors::can_be_mended(&error) => form(visit, tenant, &sent, Some(&error)).await,
        Err(error) => Err(error),
    }
}

async fn form(
    visit: &Visit,
    tenant: base::Id<kind::Tenant>,
    sent: &Sent,
    error: Option<&Error>,
) -> Result<Response, Error> {
    let mut entities: Vec<String> = Vec::new();
    let tables = app::workbench::tables(&visit.app, &visit.ctx, tenant).await?;
    for table in &tables {
        let entry = app::resources::resource(&visit.app, &visit.ctx, table.resource).await?;
        entities.extend(entry.resource.entity.map(|entity| entity.kind));
    }
    entities.sort();
    entities.dedup();
    let status = error.map_or(StatusCode::OK, problem::status);
    let page = CaseOpen {
        procedure: visit.text("menu-workbench"),
        form_title: visit.text("save-model"),
        action_href: format!("/models/new?tenant={tenant}"),
        back_href: format!("/workbench?tenant={tenant}"),
        after: vec![visit.text("model-after-save"), visit.text("model-after-submit")],
        sections: sections(visit, sent, &entities, &tables),
        refusal: error.map(|error| refusal(visit, error)),
        request_key: Visit::request_key(),
        ..CaseOpen::default()
    };
    visit.page_with(status, "workbench", &page).await
}

/// The guard's own words where the guard refused.
fn refusal(visit: &Visit, error: &Error) -> crate::html::pages::parts::Refusal {
    let mut refusal = errors::refusal(visit, error);
    if let Some(guard) = error.refusal() {
        refusal.code.clone_from(&guard.code);
        refusal.message = visit.error_words(&guard.code).0;
        if let Some(subject) = &guard.subject {
            refusal.message = format!("{} ({subject})", refusal.message);
        }
        refusal.remedy = visit.pick(&guard.legal_form_zh, &guard.legal_form_en);
    }
    refusal
}

fn sections(
    visit: &Visit,
    sent: &Sent,
    entities: &[String],
    tables: &[app::workbench::DevTable],
) -> Vec<FormSection> {
    let sql = if sent.get("sql").is_empty() { sent.get("field.text") } else { sent.get("sql") };
    let field = |id: &str, kind: FieldKind, required: bool| Field {
        id: id.to_owned(),
        label: visit.text(&format!("model-{id}")),
        kind,
        required,
        value: sent.get(&format!("field.{id}")).to_owned(),
        ..Field::default()
    };
    let kind_now = if sent.get("field.kind") == "verification" { "verification" } else { "query" };
    let kinds = Field {
        choices: common::choices(visit, "model-kind", &[NewKind::Query, NewKind::Verification], kind_now),
        hint: visit.text("model-kind-hint"),
        ..field("kind", FieldKind::Choice, true)
    };
    let chosen = sent.get("field.entity");
    let entity = Field {
        choices: entities
            .iter()
            .map(|kind| Choice::new(kind, &words::entity(visit, kind), kind == chosen))
            .collect(),
        hint: visit.text("model-entity-hint"),
        ..field("entity", FieldKind::Choice, true)
    };
    let names = tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut sections = vec![FormSection {
        heading: visit.text("save-model"),
        hint: String::new(),
        fields: vec![
            field("name", FieldKind::Text, true),
            kinds,
            Field { value: sql.replace("\r\n", "\n"), ..field("text", FieldKind::LongText, true) },
            entity,
            Field {
                hint: visit.text("model-reversibility-hint"),
                ..field("reversibility", FieldKind::LongText, true)
            },
        ],
    }];
    let parameters: Vec<Field> = workbench::parameter_names(sql)
        .into_iter()
        .map(|name| Field {
            id: format!("parameter.{name}"),
            label: format!("${name}"),
            required: true,
            hint: visit.text("parameter-hint"),
            value: sent.get(&format!("field.parameter.{name}")).to_owned(),
            ..Field::default()
        })
        .collect();
    if !parameters.is_empty() {
        sections.push(FormSection {
            heading: visit.text("parameters"),
            hint: String::new(),
            fields: parameters,
        });
    }
    sections.push(FormSection {
        heading: visit.text("model-kind-verification"),
        hint: visit.text("model-verification-hint"),
        fields: vec![
            Field { hint: names, ..field("table", FieldKind::Text, false) },
            field("key-column", FieldKind::Text, false),
        ],
    });
    sections
}

fn new_model(visit: &Visit, sent: &Sent) -> Result<NewModel, Error> {
    let answer = |id: &str| sent.get(&format!("field.{id}")).trim().to_owned();
    let required = |id: &str| match answer(id) {
        text if text.is_empty() => Err(Error::invalid("form.required", visit.text(&format!("model-{id}")))),
        text => Ok(text),
    };
    let is_verification = answer("kind") == "verification";
    let optional = |id: &str| Some(answer(id)).filter(|text| is_verification && !text.is_empty());
    let sql = required("text")?.replace("\r\n", "\n");
    let mut parameters = Vec::new();
    for name in workbench::parameter_names(&sql) {
        let written = answer(&format!("parameter.{name}"));
        if written.is_empty() {
            return Err(Error::invalid("form.required", format!("${name}")));
        }
        parameters.push(
            read_domain(&name, &written).ok_or_else(|| Error::invalid("form.format", format!("${name}")))?,
        );
    }
    Ok(NewModel {
        name: required("name")?,
        kind: if is_verification { NewKind::Verification } else { NewKind::Query },
        sql,
        parameters,
        entity: required("entity")?,
        reversibility: required("reversibility")?,
        table: optional("table"),
        key_column: optional("key-column"),
    })
}

/// What a parameter may be: `1..12`, `2026-01-01..2026-12-31`, or a list such as `EWR, JFK`.
fn read_domain(name: &str, text: &str) -> Option<Parameter> {
    let value = |text: &str| {
        let text = text.trim();
        let number = text.parse().map(Value::Integer);
        number
            .or_else(|_| text.parse::<Date>().map(Value::Date))
            .unwrap_or_else(|_| Value::Text(text.to_owned()))
    };
    let domain = match text.split_once("..") {
        Some((low, high)) => Domain::Range(value(low), value(high)),
        None => {
            let values = text.split([',', '，', '、']).map(str::trim).filter(|text| !text.is_empty());
            Domain::Values(values.map(value).collect())
        }
    };
    let data_type = match &domain {
        Domain::Values(values) => values.first()?.data_type(),
        Domain::Range(low, _) => low.data_type(),
    };
    let parameter = Parameter { name: name.to_owned(), data_type, domain };
    parameter.validate().is_ok().then_some(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_read_as_people_write_them() {
        assert_eq!(
            read_domain("m", "1..12").unwrap().domain,
            Domain::Range(Value::Integer(1), Value::Integer(12))
        );
        assert_eq!(
            read_domain("o", "EWR， JFK、LGA").unwrap().domain,
            Domain::Values(["EWR", "JFK", "LGA"].map(|text| Value::Text(text.into())).to_vec())
        );
        let day = |text: &str| Value::Date(text.parse().unwrap());
        assert_eq!(
            read_domain("d", "2026-01-01..2026-12-31").unwrap().domain,
            Domain::Range(day("2026-01-01"), day("2026-12-31"))
        );
        for bad in ["", " , ", "12..1", "a..b", "1, x"] {
            assert!(read_domain("m", bad).is_none(), "{bad}");
        }
    }
}
