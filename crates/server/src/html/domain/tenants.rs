//! Secure domains: one for each authorisation, with its two zones and what was granted to it.

use app::Error;
use app::access::Role;
use app::regulation::pack::Effect;
use app::tenants::{self, Basis, Grant, GrantState, TenantState, TenantView};
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::kind;

use super::common::{self, fact, open_case, tenant_light, word};
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::parts::{Light, Link};
use crate::html::pages::tenant::{GrantRow, ImportRow, StaffRow, TenantPage, TenantRow, Tenants, ZoneCard};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/tenants", get(list)).route("/tenants/{tenant}", get(show))
}

async fn list(visit: Visit) -> Response {
    let result = list_page(&visit).await;
    visit.answer(result).await
}

async fn list_page(visit: &Visit) -> Result<Response, Error> {
    let mut rows = Vec::new();
    for tenant in common::tenants(visit).await? {
        let view = tenants::tenant_view(&visit.app, &visit.ctx, tenant.id).await?;
        let runs = app::runs::runs(&visit.app, &visit.ctx, tenant.id).await.map_or(0, |runs| runs.len());
        rows.push(TenantRow {
            name: tenant.title.clone(),
            href: format!("/tenants/{}", tenant.id),
            operator: tenant.unit_name.clone(),
            state: word(visit, "tenant-state", &tenant.state),
            light: tenant_light(tenant.state),
            resources: u32::try_from(view.grants.len()).unwrap_or(u32::MAX),
            runs: u32::try_from(runs).unwrap_or(u32::MAX),
            until: tenant.term.map_or_else(|| "—".to_owned(), |(_, last)| last.to_string()),
        });
    }
    visit.page("tenants", &Tenants { rows }).await
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
    let mut links = vec![Link::new(&visit.text("authorisation"), &format!("/authorisations/{id}"))];
    if tenant.is_open() && visit.ctx.principal.has(Role::OperatorEngineer) {
        links.push(Link::new(&visit.text("menu-workbench"), &format!("/workbench?tenant={id}")));
    }
    let until = tenant.term.map_or_else(|| "—".to_owned(), |(_, last)| last.to_string());
    let mut grants = Vec::new();
    for grant in &view.grants {
        grants.push(grant_row(visit, &view, grant, &until).await);
    }
    let page = TenantPage {
        name: tenant.title.clone(),
        operator: tenant.unit_name.clone(),
        state: word(visit, "tenant-state", &tenant.state),
        light: tenant_light(tenant.state),
        facts: vec![
            fact(visit, "pack", words::pack_name(visit, &tenant.pack)),
            fact(visit, "created", visit.day(tenant.created)),
            fact(visit, "until", &until),
            fact(visit, "sealed-objects", words::count(view.objects)),
        ],
        zones: zones(visit, &view),
        grants,
        staff: Vec::<StaffRow>::new(),
        request_href: open_case(visit, Effect::GrantData, &[(facts_tenant(), id.to_string())]),
        imports: import_rows(visit, id).await?,
        links,
        back: format!("/tenants/{id}"),
    };
    visit.page("tenants", &page).await
}

async fn import_rows(visit: &Visit, tenant: base::Id<kind::Tenant>) -> Result<Vec<ImportRow>, Error> {
    let found = app::imports::imports(&visit.app, &visit.ctx, tenant).await?;
    let manages = visit.ctx.principal.has(Role::OperatorManager);
    let row = |import: &app::imports::SocialImport| {
        let (state, light) = match (&import.resource, &import.receipt) {
            (_, Some(_)) => ("import-state-received", Light::Done),
            (Some(_), None) => ("import-state-described", Light::DueSoon),
            (None, None) => ("import-state-approved", Light::DueSoon),
        };
        let href = match import.resource {
            Some(resource) => Some(format!("/catalog/{resource}")),
            None => manages.then(|| format!("/catalog/register?import={}", import.case)),
        };
        ImportRow {
            title: import.title.clone(),
            number: import.number.clone(),
            approved: visit.day(import.approved),
            state: visit.text(state),
            light,
            href,
        }
    };
    Ok(found.iter().map(row).collect())
}

/// The fact under which a case names its authorisation.
pub(super) const fn facts_tenant() -> &'static str {
    app::cases::facts::TENANT
}

fn zones(visit: &Visit, view: &TenantView) -> Vec<ZoneCard> {
    let open = view.tenant.is_open();
    let (state, light) = if open { ("zone-open", Light::Normal) } else { ("zone-closed", Light::Suspended) };
    let ready = |grant: &&Grant| grant.state == GrantState::Ready;
    let twins = view.grants.iter().filter(ready).filter_map(|grant| grant.twin.as_ref());
    let raws = view.grants.iter().filter(ready).filter_map(|grant| grant.raw.as_ref());
    let card = |code: &str, tables: usize, rows: u64| ZoneCard {
        code: code.to_owned(),
        state: visit.text(state),
        light,
        facts: vec![fact(visit, "tables", tables.to_string()), fact(visit, "rows", words::count(rows))],
    };
    let sum = |objects: Vec<u64>| (objects.len(), objects.iter().sum());
    let (dev, dev_rows) = sum(twins.map(|object| object.rows).collect());
    let (prod, prod_rows) = sum(raws.map(|object| object.rows).collect());
    vec![card("dev", dev, dev_rows), card("prod", prod, prod_rows)]
}

async fn grant_row(visit: &Visit, view: &TenantView, grant: &Grant, until: &str) -> GrantRow {
    let entry = app::resources::resource(&visit.app, &visit.ctx, grant.resource).await.ok();
    let all = entry.as_ref().map(|entry| entry.columns.len());
    let fields = grant.columns.len();
    // What a destroyed domain held is on record, and nowhere else.
    let ended = view.tenant.state == TenantState::Destroyed;
    let data = entry.as_ref().map(|entry| {
        let status = tenants::grant_status(&visit.app, &visit.ctx, grant, entry, &view.tenant);
        super::grants::data(visit, entry, &status)
    });
    GrantRow {
        data: data.filter(|_| !ended).unwrap_or_default(),
        resource: entry
            .map_or_else(|| grant.code.clone(), |entry| visit.pick(&entry.name_zh, &entry.name_en)),
        href: format!("/catalog/{}", grant.resource),
        fields: all.map_or_else(|| fields.to_string(), |all| format!("{fields} / {all}")),
        granted: visit.day(grant.created),
        until: until.to_owned(),
        twin: match (&grant.twin, &grant.error) {
            _ if ended => word(visit, "tenant-state", &view.tenant.state),
            (Some(twin), _) => {
                let rows = visit.text_with("twin-rows", &[("count", &words::count(twin.rows))]);
                match &grant.basis {
                    None => rows,
                    Some(Basis::Consent) => format!("{rows} · {}", visit.text("basis-consent")),
                    Some(Basis::Statutory { text, .. }) => {
                        format!("{rows} · {}", visit.text_with("basis-statutory", &[("ground", text)]))
                    }
                }
            }
            (None, Some(code)) => visit.error_words(code).0,
            (None, None) => word(visit, "grant-state", &grant.state),
        },
        report_href: app::twins::twin_report(&visit.app, &visit.ctx, grant.id)
            .await
            .is_ok()
            .then(|| format!("/grants/{}/twin", grant.id)),
        light: if ended { Light::Done } else { super::grants::light(grant.state) },
    }
}
