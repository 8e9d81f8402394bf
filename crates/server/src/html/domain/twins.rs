//! Reports on twins, and the provider's choice of what dev zones get to see.

use app::Error;
use app::access::Role;
use app::catalog::TwinForm;
use app::privacy::attack::{Bound, Finding, Outcome, Reason, Unit};
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
use crate::html::pages::twin::{TwinAttack, TwinColumn, TwinName, TwinOther, TwinPage};
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
    let findings: Vec<&Finding> = report.examined.report.iter().flat_map(|report| &report.attacks).collect();
    let worked = grouped(visit, &entry, &findings, Finding::succeeded);
    let held = grouped(visit, &entry, &findings, |finding| finding.outcome == Outcome::Held);
    let mine = visit.ctx.principal.unit == entry.unit && visit.ctx.principal.has(Role::Provider);
    let page = TwinPage {
        name: visit.pick(&entry.name_zh, &entry.name_en),
        href: format!("/catalog/{}", report.resource),
        state,
        light,
        verdict: verdict(visit, report, worked.len(), held.len()),
        change_href: (mine && !report.publishable).then(|| format!("/catalog/{}/change", report.resource)),
        facts: facts(visit, report),
        other: others(visit, report.examined.form, &findings),
        worked,
        held,
        columns: report.examined.columns.iter().map(|each| column(visit, &entry, each)).collect(),
    };
    visit.page("catalog", &page).await
}

fn verdict(visit: &Visit, report: &TwinReport, worked: usize, held: usize) -> String {
    if report.examined.report.is_none() {
        return visit.text("twin-no-attacks");
    }
    let key = if worked == 0 { "twin-verdict-held" } else { "twin-verdict-worked" };
    let (tried, worked) = ((worked + held).to_string(), worked.to_string());
    visit.text_with(key, &[("tried", &tried), ("worked", &worked)])
}

/// Findings of one outcome, each attack once: where it came nearest to getting through.
fn grouped(
    visit: &Visit,
    entry: &CatalogEntry,
    findings: &[&Finding],
    wanted: impl Fn(&Finding) -> bool,
) -> Vec<TwinAttack> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings.iter().copied().filter(|finding| wanted(finding)) {
        match groups.iter_mut().find(|group| group.iter().any(|other| other.attack == finding.attack)) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.iter().filter_map(|group| attack(visit, entry, group)).collect()
}

/// How near a finding came to its bound; the greatest came nearest.
fn nearness(finding: &Finding) -> f64 {
    finding.measure.map_or(0.0, |measure| match measure.bound {
        Bound::AtMost(bound) => measure.value / bound.max(f64::MIN_POSITIVE),
        Bound::AtLeast(bound) => bound / measure.value.max(f64::MIN_POSITIVE),
    })
}

fn attack(visit: &Visit, entry: &CatalogEntry, group: &[&Finding]) -> Option<TwinAttack> {
    let nearest = group.iter().max_by(|left, right| nearness(left).total_cmp(&nearness(right)))?;
    let attack = nearest.attack;
    let mut columns: Vec<TwinName> = Vec::new();
    for name in group.iter().flat_map(|finding| &finding.columns) {
        let name = named(entry, name);
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    Some(TwinAttack {
        name: visit.pick(attack.name_zh(), attack.name_en()),
        columns,
        figure: figure(visit, nearest),
        told: visit.pick(attack.worked_zh(), attack.worked_en()),
        remedy: visit.pick(attack.remedy_zh(), attack.remedy_en()),
    })
}

fn named(entry: &CatalogEntry, name: &str) -> TwinName {
    let label = entry.column(name).map(|column| column.label_zh.clone()).unwrap_or_default();
    TwinName { label, name: name.to_owned() }
}

/// Attacks that could not be tried, by the reason.
fn others(visit: &Visit, form: MadeOf, findings: &[&Finding]) -> Vec<TwinOther> {
    let mut found: Vec<TwinOther> = Vec::new();
    for finding in findings {
        let Outcome::NotApplicable(reason) = finding.outcome else { continue };
        // Rows of nobody come from no row: that is what this attack lacks.
        let made_up = form == MadeOf::Synthetic && reason == Reason::NoPairs;
        let reason = if made_up { Reason::Synthetic } else { reason };
        let reason = visit.pick(reason.zh(), reason.en());
        let name = visit.pick(finding.attack.name_zh(), finding.attack.name_en());
        match found.iter_mut().find(|other| other.reason == reason) {
            Some(other) if other.names.contains(&name) => {}
            Some(other) => other.names.push(name),
            None => found.push(TwinOther { reason, names: vec![name] }),
        }
    }
    found
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
        facts.push(fact(visit, "twin-cost", visit.text_with("twin-cost-is", &[("rho", &rho)])));
        facts.push(fact(visit, "twin-attempts", attempts.to_string()));
    }
    if let Some(attacks) = attacks {
        let looked = attacks.rows;
        let (raw, masked) = (looked.raw.to_string(), looked.masked.to_string());
        let text = visit.text_with("twin-looked-rows", &[("raw", &raw), ("masked", &masked)]);
        facts.push(fact(visit, "twin-looked", text));
    }
    if *form == MadeOf::Synthetic {
        facts.push(fact(visit, "twin-note", visit.text("twin-note-synthetic")));
    }
    facts
}

fn column(visit: &Visit, entry: &CatalogEntry, column: &ExaminedColumn) -> TwinColumn {
    TwinColumn {
        name: named(entry, &column.name),
        label: word(visit, "label", &column.label),
        mask: visit.text(&format!("mask-{}", column.mask.replace('_', "-"))),
        treatment: column.treatment.map_or_else(String::new, |found| word(visit, "treatment", &found)),
    }
}

/// A figure with its bound; parts of a whole in per cent.
fn figure(visit: &Visit, finding: &Finding) -> String {
    let Some(measure) = finding.measure else { return String::new() };
    let number = |value: f64| match measure.unit {
        Unit::Share | Unit::Gain => format!("{}%", rounded((value * 1e4).round() / 100.0)),
        _ => rounded((value * 100.0).round() / 100.0),
    };
    let (key, bound) = match measure.bound {
        Bound::AtMost(bound) => ("twin-figure-most", bound),
        Bound::AtLeast(bound) => ("twin-figure-least", bound),
    };
    let (unit, value, bound) = (word(visit, "measure", &measure.unit), number(measure.value), number(bound));
    let figure = visit.text_with(key, &[("unit", &unit), ("value", &value), ("bound", &bound)]);
    // An attack counts when what it gained cannot be chance: among few rows more than the bound can be.
    if finding.outcome == Outcome::Held && nearness(finding) > 1.0 {
        return visit.text_with("twin-figure-chance", &[("figure", &figure)]);
    }
    figure
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
