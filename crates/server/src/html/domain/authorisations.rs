//! Authorisations: who may operate what until when, whether access is open, and what is left at the end.

use app::Error;
use app::regulation::pack::Effect;
use app::tenants::{self, Tenant, TenantState};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base::{Id, kind};

use super::common::{self, fact, open_case, tenant_light, word};
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::authorisations::{AuthorisationPage, AuthorisationRow, Authorisations, Certificate};
use crate::html::pages::case::Action;
use crate::html::pages::parts::{Fact, Link, Table};
use crate::state::Edge;

/// What a case may bring about in an authorisation's life, in the order of its life.
const LIFE: [Effect; 9] = [
    Effect::ActivateAgreement,
    Effect::OpenAccess,
    Effect::GrantData,
    Effect::ApproveModel,
    Effect::FileProduct,
    Effect::CloseAccess,
    Effect::RestoreAccess,
    Effect::SealTenant,
    Effect::DestroyTenant,
];
/// Products looked through for those of one authorisation.
const PRODUCTS: u32 = 100;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/authorisations", get(list))
        .route("/authorisations/{tenant}", get(show))
        .route("/authorisations/{tenant}/certificate.json", get(download))
}

async fn list(visit: Visit) -> Response {
    let result = list_page(&visit).await;
    visit.answer(result).await
}

async fn list_page(visit: &Visit) -> Result<Response, Error> {
    let row = |tenant: &Tenant| AuthorisationRow {
        title: tenant.title.clone(),
        number: agreement(visit, tenant),
        href: format!("/authorisations/{}", tenant.id),
        operator: tenant.unit_name.clone(),
        domain: tenant.domain.clone().unwrap_or_else(|| visit.text("not-recorded")),
        stage: visit.text(&format!("tenant-stage-{}", common::key(&tenant.state))),
        until: tenant.term.map_or_else(|| "—".to_owned(), |(_, last)| last.to_string()),
        state: word(visit, "tenant-state", &tenant.state),
        light: tenant_light(tenant.state),
    };
    let found = common::tenants(visit).await?;
    let page = Authorisations { rows: found.iter().map(row).collect(), more_href: None };
    visit.page("authorisations", &page).await
}

/// The number of the agreement in force.
fn agreement(visit: &Visit, tenant: &Tenant) -> String {
    tenant.agreement.as_ref().map_or_else(|| visit.text("not-recorded"), |known| known.number.clone())
}

async fn show(visit: Visit, Path(tenant): Path<String>) -> Response {
    let result = page(&visit, &tenant).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, tenant: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Tenant>(tenant, "tenant.unknown")?;
    let view = tenants::tenant_view(&visit.app, &visit.ctx, id).await?;
    let tenant = &view.tenant;
    let certificate = match tenants::certificate(&visit.app, &visit.ctx, id).await {
        Ok((_, certificate)) => Some(certificate_of(visit, id, &certificate)),
        Err(_) => None,
    };
    let page = AuthorisationPage {
        number: tenant.title.clone(),
        operator: tenant.unit_name.clone(),
        state: word(visit, "tenant-state", &tenant.state),
        light: tenant_light(tenant.state),
        facts: facts(visit, tenant, view.grants.len()),
        stages: stages(visit, tenant),
        clocks: Vec::new(),
        cases: cases(visit, tenant),
        products: products(visit, id).await?,
        tenant_href: Some(format!("/tenants/{id}")),
        suspension: common::closed(visit, tenant).filter(|_| tenant.state != TenantState::Destroyed),
        certificate,
        actions: actions(visit, id),
        action_href: String::new(),
        request_key: String::new(),
        version: 0,
    };
    visit.page("authorisations", &page).await
}

fn facts(visit: &Visit, tenant: &Tenant, grants: usize) -> Vec<Fact> {
    let none = || visit.text("not-recorded");
    let term = tenant.term.map_or_else(
        || "—".to_owned(),
        |(first, last)| {
            visit.text_with("term-words", &[("first", &first.to_string()), ("last", &last.to_string())])
        },
    );
    vec![
        fact(visit, "operator", &tenant.unit_name),
        fact(visit, "agreement-number", agreement(visit, tenant)),
        fact(visit, "domain", tenant.domain.clone().unwrap_or_else(none)),
        fact(
            visit,
            "scenarios",
            tenant.agreement.as_ref().and_then(|known| known.scenarios.clone()).unwrap_or_else(none),
        ),
        fact(visit, "pack", words::pack_name(visit, &tenant.pack)),
        fact(visit, "established", visit.day(tenant.created)),
        fact(visit, "term", term),
        fact(visit, "resources-granted", grants.to_string()),
    ]
}

/// The states of an authorisation's life; those it has reached carry a day or a tick.
fn stages(visit: &Visit, tenant: &Tenant) -> Vec<Fact> {
    const WAY: [TenantState; 4] =
        [TenantState::Established, TenantState::Agreed, TenantState::Active, TenantState::Destroyed];
    let reached = match tenant.state {
        TenantState::Holding => 0,
        TenantState::Established => 1,
        TenantState::Agreed => 2,
        TenantState::Active | TenantState::Suspended | TenantState::Sealed => 3,
        TenantState::Destroyed => 4,
    };
    let day = |index: usize| match index {
        0 => visit.day(tenant.created),
        2 => tenant.opened.map_or_else(|| "✓".to_owned(), |at| visit.day(at)),
        1 => tenant.term.map(|(first, _)| first.to_string()).unwrap_or_else(|| "✓".to_owned()),
        3 => {
            tenant.certificate.as_ref().map_or_else(|| "✓".to_owned(), |known| visit.day(known.destroyed_at))
        }
        _ => "✓".to_owned(),
    };
    let stage = |(index, state): (usize, &TenantState)| {
        let value = if index < reached { day(index) } else { String::new() };
        Fact::new(&word(visit, "tenant-stage", state), &value)
    };
    WAY.iter().enumerate().map(stage).collect()
}

fn cases(visit: &Visit, tenant: &Tenant) -> Vec<Link> {
    let mut links = Vec::new();
    if let Some(case) = tenant.case {
        links.push(Link::new(&visit.text("case-determined"), &format!("/cases/{case}")));
    }
    if let Some(agreement) = &tenant.agreement {
        let label = visit.text_with("case-agreed", &[("number", &agreement.number)]);
        links.push(Link::new(&label, &format!("/cases/{}", agreement.case)));
    }
    if let Some(case) = tenant.closed_by {
        links.push(Link::new(&visit.text("case-closed-by"), &format!("/cases/{case}")));
    }
    links
}

async fn products(visit: &Visit, id: Id<kind::Tenant>) -> Result<Vec<Link>, Error> {
    let (found, _) = app::products::products_page(&visit.app, &visit.ctx, None, PRODUCTS).await?;
    let of_this = found.iter().filter(|record| record.product.tenant == id);
    Ok(of_this
        .map(|record| Link::new(&record.product.name, &format!("/products/{}", record.product.id)))
        .collect())
}

/// The cases this person may open about the authorisation, each procedure once.
fn actions(visit: &Visit, id: Id<kind::Tenant>) -> Vec<Action> {
    let pack = visit.app.packs().current();
    let mut seen = Vec::new();
    let mut actions = Vec::new();
    for effect in LIFE {
        let Some(procedure) = pack.procedure_with(effect) else { continue };
        let Some(href) = open_case(visit, effect, &[(super::tenants::facts_tenant(), id.to_string())]) else {
            continue;
        };
        if seen.contains(&procedure.id) {
            continue;
        }
        seen.push(procedure.id.clone());
        actions.push(Action {
            command: format!("open-{}", actions.len()),
            label: words::procedure(visit, procedure),
            clauses: words::clauses(visit, &procedure.clauses),
            form_href: Some(href),
            ..Action::default()
        });
    }
    actions
}

fn certificate_of(visit: &Visit, id: Id<kind::Tenant>, known: &tenants::Certificate) -> Certificate {
    let (objects, scanned) = (words::count(known.objects), words::count(known.scanned));
    let (files, readable) = (words::count(known.files_removed), words::count(known.readable));
    let workers = words::count(known.workers);
    let caption = visit.text("residue-scan");
    let heads = ["object", "count", "readable"].map(|name| visit.text(&format!("residue-{name}")));
    let [object, count, open] = heads.each_ref().map(String::as_str);
    let residue = known.residue.clone().unwrap_or_default();
    Certificate {
        number: known.id.to_string(),
        issued: visit.minute(known.destroyed_at),
        passed: known.passed,
        facts: vec![
            fact(visit, "residue-objects-destroyed", objects),
            fact(visit, "residue-files", files),
            fact(visit, "size", words::bytes(known.bytes)),
            fact(visit, "logs-until", known.logs_until.to_string()),
            fact(visit, "basis", visit.joined(&known.clauses)),
        ],
        scan: Table::new(
            &caption,
            &[object, count, open],
            &[count, open],
            &[
                &[&visit.text("sealed-objects"), &scanned, &readable],
                &[&visit.text("zone-workers"), &workers, &workers],
            ],
        ),
        search: known.residue.as_ref().map(|residue| search(visit, residue)),
        searched_for: known.residue.as_ref().map_or_else(String::new, |residue| {
            let inside = if residue.database_inside { "inside" } else { "outside" };
            visit.text_with(
                &format!("residue-searched-for-{inside}"),
                &[
                    ("keys", &words::count(residue.keys)),
                    ("wrapped", &words::count(residue.wrapped_keys)),
                    ("canaries", &words::count(residue.canaries)),
                ],
            )
        }),
        findings: residue.findings.iter().map(|found| finding(visit, found)).collect(),
        record: Link::new(&known.journal_seq.to_string(), &format!("/ledger?record={}", known.journal_seq)),
        download_href: format!("/authorisations/{id}/certificate.json"),
    }
}

/// What of the data folder was searched, and what was found in each part.
fn search(visit: &Visit, residue: &app::ResidueScan) -> Table {
    let heads =
        ["place", "place-files", "place-bytes", "found"].map(|name| visit.text(&format!("residue-{name}")));
    let [place, files, bytes, found] = heads.each_ref().map(String::as_str);
    let rows: Vec<[String; 4]> = residue
        .places
        .iter()
        .map(|part| {
            let inside = |file: &str| {
                file == part.place || file.strip_prefix(&part.place).is_some_and(|rest| rest.starts_with('/'))
            };
            let found = residue.findings.iter().filter(|found| inside(&found.file)).count() as u64;
            [part.place.clone(), words::count(part.files), words::bytes(part.bytes), words::count(found)]
        })
        .collect();
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    Table::new(&visit.text("residue-search"), &[place, files, bytes, found], &[files, bytes, found], &rows)
}

fn finding(visit: &Visit, found: &app::Residue) -> Fact {
    let place =
        visit.text_with("residue-finding", &[("file", &found.file), ("byte", &words::count(found.byte))]);
    Fact::new(&place, &word(visit, "residue-secret", &found.secret))
}

async fn download(visit: Visit, Path(tenant): Path<String>) -> Response {
    let result = certificate_file(&visit, &tenant).await;
    visit.answer(result).await
}

async fn certificate_file(visit: &Visit, tenant: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Tenant>(tenant, "tenant.unknown")?;
    // One of an earlier release has no proofs; it is handed out as it is.
    let mut response = match tenants::certificate_document(&visit.app, &visit.ctx, id).await {
        Ok((_, document)) => axum::Json(document).into_response(),
        Err(error) if error.code() == "certificate.unproven" => {
            axum::Json(tenants::certificate(&visit.app, &visit.ctx, id).await?.1).into_response()
        }
        Err(error) => return Err(error),
    };
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"certificate-{id}.json\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
