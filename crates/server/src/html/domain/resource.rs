//! One resource: its columns with the proposed or confirmed classification, its snapshots, who uses it.

use std::collections::BTreeMap;

use app::Error;
use app::catalog::{Column, Decision};
use app::privacy::SensitiveKind;
use app::privacy::detect::Proposal;
use app::privacy::ir::Label;
use app::privacy::masking::{CalendarUnit, MaskSpec, RegionLevel};
use app::resources::{self, CatalogEntry, Classify};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use base::kind;

use super::catalog::{grade, state};
use super::common::{data_type, fact, kind_name, short, word};
use super::masks;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::{errors, words};
use crate::html::pages::catalog::{ResourceColumn, ResourcePage, Snapshot};
use crate::html::pages::parts::{Choice, Link, Refusal};
use crate::http::problem;
use crate::state::Edge;

/// Characters of a column's name for people.
const TITLE_CHARS: usize = 64;
/// Days that dates move at most, where the provider chooses that mask.
const SHIFT_DAYS: u16 = 30;
/// Multiple that numbers are rounded to.
const ROUND_STEP: u32 = 1_000;
/// Thousandths that numbers change by at most.
const NOISE_PER_MILLE: u16 = 100;
/// The lattice, lowest first.
pub(super) const LABELS: [Label; 4] = [Label::Public, Label::Quasi, Label::Sensitive, Label::Identifier];
/// The masks on offer.
const MASKS: [&str; 10] =
    ["keep", "format", "token", "partial", "region", "calendar", "shift_date", "round", "noise", "null"];
/// Characters that a text shown in part begins with.
const PARTIAL_HEAD: u8 = 1;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/catalog/{resource}", get(show))
        .route("/catalog/{resource}/classification", post(confirm))
        .route("/catalog/{resource}/admission", post(admit))
}

async fn show(visit: Visit, Path(resource): Path<String>) -> Response {
    let result = page(&visit, &resource).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, resource: &str) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    draw(visit, StatusCode::OK, &entry, &BTreeMap::new(), None).await
}

/// The resource that a path names, for who is signed in and may see it.
pub(super) async fn find(visit: &Visit, resource: &str) -> Result<CatalogEntry, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Resource>(resource, "resource.unknown")?;
    resources::resource(&visit.app, &visit.ctx, id).await
}

async fn draw(
    visit: &Visit,
    status: StatusCode,
    entry: &CatalogEntry,
    sent: &BTreeMap<String, Decision>,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let role = match entry.social {
        Some(_) => app::access::Role::OperatorManager,
        None => app::access::Role::Provider,
    };
    let admitted = entry.social.is_some_and(|social| social.admitted);
    let mine = visit.ctx.principal.unit == entry.unit && visit.ctx.principal.has(role) && !admitted;
    let open = entry.columns.iter().any(|column| column.classification.is_none());
    let (state, light) = state(visit, entry);
    let id = entry.id();
    let page = ResourcePage {
        name: visit.pick(&entry.name_zh, &entry.name_en),
        code: entry.code.clone(),
        state,
        light,
        facts: facts(visit, entry).into_iter().chain(received(visit, entry).await).collect(),
        columns: entry.columns.iter().map(|each| column(visit, entry, each, sent.get(&each.name))).collect(),
        snapshots: snapshots(visit, entry),
        used_by: used_by(visit, entry).await?,
        grants: super::grants::uses(visit, entry).await?,
        back: format!("/catalog/{id}"),
        forms: if mine && !open { super::twins::forms(visit, entry) } else { Vec::new() },
        declaration_href: (mine && !open && entry.entity.as_ref().is_some_and(|entity| entity.protected))
            .then(|| format!("/catalog/{id}/declaration")),
        form_href: format!("/catalog/{id}/twin"),
        reports: super::twins::reports(visit, entry).await?,
        change_href: (mine && !open && !entry.columns.is_empty()).then(|| format!("/catalog/{id}/change")),
        decisions: super::change::decisions(visit, entry, mine).await?,
        confirm_href: (mine && open).then(|| format!("/catalog/{id}/classification")),
        upload_href: mine.then(|| format!("/catalog/{id}/upload")),
        admit_href: (mine && !open && entry.social.is_some() && !entry.snapshots.is_empty())
            .then(|| format!("/catalog/{id}/admission")),
        edit_href: (mine && entry.social.is_none() && entry.snapshots.is_empty())
            .then(|| format!("/catalog/{id}/edit")),
        withdraw_href: (mine && entry.social.is_none() && entry.snapshots.is_empty())
            .then(|| format!("/catalog/{id}/withdraw")),
        consents: super::consents::section(visit, entry, mine),
        request_key: Visit::request_key(),
        version: i64::try_from(entry.snapshots.len()).unwrap_or(i64::MAX),
        refusal,
    };
    visit.page_with(status, "catalog", &page).await
}

fn facts(visit: &Visit, entry: &CatalogEntry) -> Vec<crate::html::pages::parts::Fact> {
    let mut facts = vec![
        fact(visit, "provider", &entry.unit_name),
        fact(visit, "update-frequency", word(visit, "frequency", &entry.update_frequency)),
        fact(visit, "openness", word(visit, "openness", &entry.openness)),
    ];
    if let Some(entity) = &entry.entity {
        let kind = words::entity(visit, &entity.kind);
        let key = format!("{kind} ({})", entity.columns.join(", "));
        facts.push(fact(visit, "entity", key));
        let protected = visit.text(if entity.protected { "yes" } else { "no" });
        facts.push(fact(visit, "entity-protected", protected));
    }
    if entry.consent.is_some() {
        facts.push(fact(visit, "consent-needed", visit.text("yes")));
    }
    if let Some((snapshot, _)) = entry.newest() {
        facts.push(fact(visit, "rows", words::count(snapshot.rows)));
    }
    if !entry.description.is_empty() {
        facts.push(fact(visit, "description", &entry.description));
    }
    facts
}

/// The receipt of social data, as facts.
async fn received(visit: &Visit, entry: &CatalogEntry) -> Vec<crate::html::pages::parts::Fact> {
    let Some(social) = entry.social else { return Vec::new() };
    let Ok(import) = app::imports::import(&visit.app, &visit.ctx, social.case).await else {
        return Vec::new();
    };
    let mut facts = vec![fact(visit, "social-case", &import.number)];
    if let Some(receipt) = import.receipt {
        let checks: Vec<String> =
            receipt.checks.iter().map(|check| visit.text(&format!("import-check-{check}"))).collect();
        facts.push(fact(visit, "import-received", visit.minute(receipt.at)));
        facts.push(fact(visit, "import-by", &receipt.by));
        facts.push(fact(visit, "digest", receipt.digest.to_string()));
        facts.push(fact(visit, "import-checks", checks.join("；")));
        let scanned = receipt.scanned.unwrap_or_else(|| visit.text("import-not-scanned"));
        facts.push(fact(visit, "import-scanned", scanned));
        facts.push(fact(visit, "record", receipt.journal_seq.to_string()));
    }
    facts
}

fn snapshots(visit: &Visit, entry: &CatalogEntry) -> Vec<Snapshot> {
    let line = |(number, snapshot): (usize, &app::catalog::Snapshot)| Snapshot {
        version: (number + 1).to_string(),
        at: visit.minute(snapshot.taken_at),
        rows: words::count(snapshot.rows),
        digest: short(&snapshot.digest),
        by: entry.unit_name.clone(),
    };
    let mut lines: Vec<Snapshot> = entry.snapshots.iter().enumerate().map(line).collect();
    lines.reverse();
    lines
}

/// The authorisations that were granted it, as far as this person may see them.
async fn used_by(visit: &Visit, entry: &CatalogEntry) -> Result<Vec<Link>, Error> {
    let mut links = Vec::new();
    for tenant in app::tenants::tenants(&visit.app, &visit.ctx).await? {
        let view = app::tenants::tenant_view(&visit.app, &visit.ctx, tenant.id).await?;
        if view.grants.iter().any(|grant| grant.resource == entry.id()) {
            links.push(Link::new(&tenant.title, &format!("/tenants/{}", tenant.id)));
        }
    }
    if links.is_empty() {
        // Its provider sees no authorisation from within, but what was granted and what is seen of it.
        let lines = app::twins::twins(&visit.app, &visit.ctx).await?;
        let here = lines.iter().filter(|line| line.resource == entry.id() && line.made.is_some());
        links.extend(here.map(|line| Link::new(&line.title, &format!("/grants/{}/twin", line.grant))));
    }
    Ok(links)
}

fn column(visit: &Visit, entry: &CatalogEntry, column: &Column, sent: Option<&Decision>) -> ResourceColumn {
    let known = column.classification.as_ref();
    let chosen = Chosen::of(column, sent);
    let profile = entry.profile.as_ref();
    let counted = profile.and_then(|all| all.columns.iter().find(|found| found.name == column.name));
    let rows = profile.map_or(0, |all| all.rows);
    let missing = counted.map(|found| found.nulls.saturating_mul(1_000).checked_div(rows).unwrap_or(0));
    let kinds =
        SensitiveKind::ALL.map(|kind| Choice::new(kind.name(), &kind_name(visit, kind), kind == chosen.kind));
    let labels = LABELS.map(|label| {
        let name = super::common::key(&label);
        Choice::new(&name, &word(visit, "label", &label), label == chosen.label)
    });
    let masks = MASKS.map(|mask| {
        let spec = mask_of(mask, chosen.kind, &column.name);
        let words = spec.map(|spec| masks::title(visit, &spec)).unwrap_or_default();
        Choice::new(mask, &words, mask == chosen.mask)
    });
    ResourceColumn {
        name: column.name.clone(),
        label: sent
            .map(|sent| sent.title.clone())
            .filter(|title| !title.is_empty())
            .or_else(|| Some(column.label_zh.clone()).filter(|label| !label.is_empty()))
            .unwrap_or_else(|| column.name.clone()),
        data_type: data_type(visit, column.data_type),
        proposal: column.proposal.as_ref().map_or_else(String::new, |proposal| {
            format!("{} {}%", kind_name(visit, proposal.kind), proposal.confidence)
        }),
        reason: column.proposal.as_ref().map_or_else(String::new, |proposal| evidence(visit, proposal)),
        kinds: kinds.to_vec(),
        grades: (1..=4)
            .map(|level| Choice::new(&level.to_string(), &grade(visit, level), level == chosen.level))
            .collect(),
        labels: labels.to_vec(),
        masks: masks.to_vec(),
        confirmed_by: known.map_or_else(String::new, |known| visit.day(known.confirmed_at)),
        mask: known.map_or_else(String::new, |known| masks::title(visit, &known.mask)),
        missing: missing
            .map_or_else(|| "—".to_owned(), |per_mille| format!("{}.{}%", per_mille / 10, per_mille % 10)),
        distinct: counted.map_or_else(|| "—".to_owned(), |found| words::count(found.distinct)),
    }
}

/// What is chosen for a column before anybody touches it: what was sent, what is confirmed, what is proposed.
struct Chosen {
    kind: SensitiveKind,
    level: u8,
    label: Label,
    mask: &'static str,
}

impl Chosen {
    fn of(column: &Column, sent: Option<&Decision>) -> Self {
        let (sent, known, proposed) = (sent, column.classification.as_ref(), column.proposal.as_ref());
        let kind = sent.map(|s| s.kind).or(known.map(|k| k.kind)).or(proposed.map(|p| p.kind));
        let kind = kind.unwrap_or(SensitiveKind::General);
        let level = sent.map(|s| s.level).or(known.map(|k| k.level)).or(proposed.map(|p| p.level));
        let label = sent.map(|s| s.label).or(known.map(|k| k.label)).or(proposed.map(|p| p.label));
        let mask = sent.map(|s| &s.mask).or(known.map(|k| &k.mask)).or(proposed.map(|p| &p.mask));
        Self {
            kind,
            level: level.unwrap_or_else(|| kind.level()),
            label: label.unwrap_or_else(|| kind.label()),
            mask: mask.map_or("keep", MaskSpec::name),
        }
    }
}

/// Why a kind is proposed: counts, never values.
pub(super) fn evidence(visit: &Visit, proposal: &Proposal) -> String {
    let found = &proposal.evidence;
    if proposal.kind == SensitiveKind::General && !found.name_hint {
        return visit.text_with("evidence-none", &[("sampled", &found.sampled.to_string())]);
    }
    let (sampled, matched, valid) =
        (found.sampled.to_string(), found.matched.to_string(), found.checksum_valid.to_string());
    let mut text = visit.text_with("evidence-shape", &[("sampled", &sampled), ("matched", &matched)]);
    if found.checksum_valid > 0 {
        text.push_str(&visit.text_with("evidence-checksum", &[("valid", &valid)]));
    }
    if found.name_hint {
        text.push_str(&visit.text("evidence-name"));
    }
    text
}

/// Brings approved social data into their authorisation.
async fn admit(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_admit(&visit, &resource, request).await;
    visit.answer(result).await
}

async fn try_admit(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let entry = find(visit, resource).await?;
    let social = entry.social.ok_or(Error::NotFound("import.unknown"))?;
    let ctx = visit.keyed(sent.get("request_key"));
    app::imports::bring_in(&visit.app, &ctx, social.case).await?;
    Ok(visit.send_on(&format!("/catalog/{}", entry.id()), Some("import-admitted")))
}

async fn confirm(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_confirm(&visit, &resource, request).await;
    visit.answer(result).await
}

async fn try_confirm(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let entry = find(visit, resource).await?;
    let ctx = visit.keyed(sent.get("request_key"));
    let decisions = match decisions(&entry, &sent) {
        Ok(decisions) => decisions,
        Err(error) => {
            let refusal = errors::refusal(visit, &error);
            return draw(visit, problem::status(&error), &entry, &BTreeMap::new(), Some(refusal)).await;
        }
    };
    let decided = Classify { columns: decisions, twin: None };
    match resources::classify_resource(&visit.app, &ctx, entry.id(), &decided).await {
        Ok(_) => Ok(visit.send_on(&format!("/catalog/{}", entry.id()), Some("classified"))),
        Err(error) if errors::can_be_mended(&error) => {
            let decisions = decided.columns.into_iter();
            let written = decisions.map(|decision| (decision.column.clone(), decision)).collect();
            let refusal = errors::refusal(visit, &error);
            draw(visit, problem::status(&error), &entry, &written, Some(refusal)).await
        }
        Err(error) => Err(error),
    }
}

fn decisions(entry: &CatalogEntry, sent: &Sent) -> Result<Vec<Decision>, Error> {
    let mut decisions = Vec::new();
    for column in entry.columns.iter().filter(|column| column.classification.is_none()) {
        let name = &column.name;
        let bad = || Error::invalid("form.unknown", name.clone());
        let kind = sent.get(&format!("kind.{name}"));
        let kind = SensitiveKind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(bad)?;
        let level = sent.get(&format!("grade.{name}")).parse().map_err(|_| bad())?;
        let label = sent.get(&format!("label.{name}"));
        let label = LABELS.into_iter().find(|known| super::common::key(known) == label).ok_or_else(bad)?;
        let mask = sent.get(&format!("mask.{name}"));
        let proposed =
            column.proposal.as_ref().filter(|proposal| proposal.mask.name() == mask && proposal.kind == kind);
        let mask = match proposed {
            Some(proposal) => proposal.mask.clone(),
            None => mask_of(mask, kind, name).ok_or_else(bad)?,
        };
        let note = sent.get("note").trim().to_owned();
        let title: String = sent.get(&format!("title.{name}")).trim().chars().take(TITLE_CHARS).collect();
        decisions.push(Decision { column: name.clone(), kind, level, label, mask, note, title });
    }
    Ok(decisions)
}

/// A mask by name, with the usual strength. Columns of one kind, or of one name, get equal tokens for equal values.
fn mask_of(name: &str, kind: SensitiveKind, column: &str) -> Option<MaskSpec> {
    Some(match name {
        "keep" => MaskSpec::Keep,
        "null" => MaskSpec::Null,
        "format" => MaskSpec::Format { kind },
        "token" if kind == SensitiveKind::General => MaskSpec::Token { domain: column.to_lowercase() },
        "token" => MaskSpec::Token { domain: kind.name().to_owned() },
        "partial" => MaskSpec::Partial { head: PARTIAL_HEAD, tail: 0, length: None, fill: '*' },
        "region" => MaskSpec::Region { level: RegionLevel::County },
        "calendar" => MaskSpec::Calendar { unit: CalendarUnit::Month },
        "shift_date" => MaskSpec::ShiftDate { days_max: SHIFT_DAYS },
        "round" => MaskSpec::Round { step: ROUND_STEP },
        "noise" => MaskSpec::Noise { per_mille: NOISE_PER_MILLE },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mask_on_offer_is_one() {
        for name in MASKS {
            let mask = mask_of(name, SensitiveKind::Mobile, "phone").unwrap();
            assert_eq!(mask.name(), name);
        }
        assert_eq!(mask_of("none", SensitiveKind::Mobile, "phone"), None);
    }
}
