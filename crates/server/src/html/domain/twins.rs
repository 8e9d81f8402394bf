//! Reports on twins, and the provider's choice of what dev zones get to see.

use app::Error;
use app::catalog::TwinForm;
use app::privacy::attack::{Bound, Finding, Outcome, Reason};
use app::resources::{self, CatalogEntry, Classify};
use app::twins::{self, Examined, ExaminedColumn, MadeOf, TwinReport};
use axum::Router;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::{get, post};
use base::kind;

use super::common::{fact, rounded, word};
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::pages::catalog::ReportRow;
use crate::html::pages::parts::{Choice, Fact, Light};
use crate::html::pages::twin::{TwinAttack, TwinColumn, TwinPage};
use crate::state::Edge;

const FORMS: [TwinForm; 2] = [TwinForm::Synthetic, TwinForm::Sample];

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/grants/{grant}/twin", get(show)).route("/catalog/{resource}/twin", post(choose))
}

async fn show(visit: Visit, Path(grant): Path<String>) -> Response {
    let result = page(&visit, &grant).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, grant: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Grant>(grant, "grant.unknown")?;
    let view = twins::twin_report(&visit.app, &visit.ctx, id).await?;
    let report = &view.report;
    let entry = resources::resource(&visit.app, &visit.ctx, report.resource).await?;
    let (state, light) = state(visit, report);
    let mut page = TwinPage {
        name: visit.pick(&entry.name_zh, &entry.name_en),
        href: format!("/catalog/{}", report.resource),
        state,
        light,
        facts: facts(visit, report),
        columns: report.examined.columns.iter().map(|each| column(visit, each)).collect(),
        ..TwinPage::default()
    };
    for finding in report.examined.report.iter().flat_map(|report| &report.attacks) {
        let list = match finding.outcome {
            Outcome::Succeeded => &mut page.worked,
            Outcome::Held => &mut page.held,
            Outcome::NotApplicable(_) => &mut page.other,
        };
        list.push(attack(visit, report.examined.form, finding));
    }
    visit.page("catalog", &page).await
}

/// Whether the dev zone may see the twin.
fn state(visit: &Visit, report: &TwinReport) -> (String, Light) {
    match report.publishable {
        true => (visit.text("twin-publishable"), Light::Normal),
        false => (visit.text("twin-refused"), Light::Overdue),
    }
}

fn facts(visit: &Visit, report: &TwinReport) -> Vec<Fact> {
    let Examined { form, report: attacks, memorisation, cost, attempts, .. } = &report.examined;
    let mut facts = vec![
        fact(visit, "twin-form", word(visit, "twin-form", form)),
        fact(visit, "twin-made", visit.minute(report.made)),
    ];
    if let Some(verdict) = memorisation {
        facts.push(fact(visit, "twin-memory", word(visit, "twin-memory", verdict)));
    }
    if let Some(cost) = cost {
        let rho = rounded(cost.micro as f64 / 1e6);
        facts.push(fact(visit, "twin-cost", format!("ρ = {rho}")));
        facts.push(fact(visit, "twin-attempts", attempts.to_string()));
    }
    if let Some(attacks) = attacks {
        let looked = attacks.rows;
        let (raw, masked) = (looked.raw.to_string(), looked.masked.to_string());
        let text = visit.text_with("twin-looked-rows", &[("raw", &raw), ("masked", &masked)]);
        facts.push(fact(visit, "twin-looked", text));
    }
    facts
}

fn column(visit: &Visit, column: &ExaminedColumn) -> TwinColumn {
    TwinColumn {
        name: column.name.clone(),
        label: word(visit, "label", &column.label),
        mask: visit.text(&format!("mask-{}", column.mask.replace('_', "-"))),
        treatment: column.treatment.map_or_else(String::new, |found| word(visit, "treatment", &found)),
    }
}

fn attack(visit: &Visit, form: MadeOf, finding: &Finding) -> TwinAttack {
    let attack = finding.attack;
    let (state, light) = match finding.outcome {
        Outcome::Succeeded => ("twin-got-through", Light::Overdue),
        Outcome::Held => ("twin-did-not", Light::Normal),
        Outcome::NotApplicable(_) => ("twin-not-tried", Light::Suspended),
    };
    TwinAttack {
        name: visit.pick(attack.name_zh(), attack.name_en()),
        columns: finding.columns.clone(),
        state: visit.text(state),
        light,
        figure: figure(visit, form, finding),
        told: visit.pick(attack.worked_zh(), attack.worked_en()),
        remedy: visit.pick(attack.remedy_zh(), attack.remedy_en()),
    }
}

fn figure(visit: &Visit, form: MadeOf, finding: &Finding) -> String {
    if let Outcome::NotApplicable(reason) = finding.outcome {
        // Rows of nobody come from no row: that is what this attack lacks.
        let made_up = form == MadeOf::Synthetic && reason == Reason::NoPairs;
        let reason = if made_up { Reason::Synthetic } else { reason };
        return visit.pick(reason.zh(), reason.en());
    }
    let Some(measure) = finding.measure else { return String::new() };
    let bound = match measure.bound {
        Bound::AtMost(bound) => format!("≤ {}", rounded(bound)),
        Bound::AtLeast(bound) => format!("≥ {}", rounded(bound)),
    };
    format!("{} {} ({bound})", word(visit, "measure", &measure.unit), rounded(measure.value))
}

/// The reports on a resource's twins that this person may see.
pub(super) async fn reports(visit: &Visit, entry: &CatalogEntry) -> Result<Vec<ReportRow>, Error> {
    let reports = twins::of_resource(&visit.app, &visit.ctx, entry.id()).await?;
    let row = |report: &TwinReport| {
        let (state, light) = state(visit, report);
        ReportRow {
            href: format!("/grants/{}/twin", report.grant),
            made: visit.minute(report.made),
            form: word(visit, "twin-form", &report.examined.form),
            state,
            light,
        }
    };
    Ok(reports.iter().map(row).collect())
}

/// What dev zones may get to see, to choose from.
pub(super) fn forms(visit: &Visit, entry: &CatalogEntry) -> Vec<Choice> {
    let form = |form: &TwinForm| {
        let name = super::common::key(form);
        Choice::new(&name, &word(visit, "twin-form", form), *form == entry.resource.twin)
    };
    FORMS.iter().map(form).collect()
}

async fn choose(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_choose(&visit, &resource, request).await;
    visit.answer(result).await
}

async fn try_choose(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let entry = super::resource::find(visit, resource).await?;
    let chosen = sent.get("twin");
    let twin = FORMS.into_iter().find(|form| super::common::key(form) == chosen);
    let twin = twin.ok_or_else(|| Error::invalid("form.unknown", "twin"))?;
    let ctx = visit.keyed(sent.get("request_key"));
    let decided = Classify { columns: Vec::new(), twin: Some(twin) };
    resources::classify_resource(&visit.app, &ctx, entry.id(), &decided).await?;
    Ok(visit.send_on(&format!("/catalog/{}", entry.id()), Some("twin-chosen")))
}
