//! Makes a grant usable: the granted columns copied under the tenant's own key, and a twin of them for its dev zone. Both
//! are made by the tenant's prod worker, which attacks the twin first; one that does not hold refuses the grant. A grant
//! that is in use is made anew from a newer snapshot in the same way, and keeps what it has until the new is there. One whose
//! provider decided otherwise gets another twin of the rows it has.

mod outcome;

use access::{Action, Permit};
use base::{Id, Timestamp, kind, limit};
use catalog::{Classification, Zone as ZoneName};
use privacy::attack::Limits;
use privacy::disclosure::dp::{Cost, Unit};
use secure_domain::objects::Written;
use secure_domain::protocol::{
    Edition, Examined, GrantOrder, Lent, ObjectRef, SameOrder, TableSpec, TwinColumn, TwinOrder, ZoneKind,
};

use self::outcome::{Copies, fail, granted, ready, refuse, same};
use crate::resources::{self, CatalogEntry};
use crate::tenants::{self, Grant, GrantedObject, Tenant, TenantState};
use crate::zones::{self, Fresh, Zone};
use crate::{App, Ctx, Error, Result, objects, parameters, releases, uploads};

/// The service that ingests snapshots.
const SERVICE: &str = "snapshot.ingest";
/// What a synthetic twin of one table may tell of one entity, once: ρ = 1.
const TWIN_COST: Cost = Cost { unit: Unit::MicroRho, micro: 1_000_000 };

/// Prepares a grant, a newer snapshot for one in use, or the twin of one whose provider decided otherwise. Safe to run again: what is ready or failed stays so, and files of
/// an attempt that broke off are nobody's.
pub(super) async fn run(app: &App, id: Id<kind::Grant>) -> Result<()> {
    let (grant, entry, tenant) = read(app, id).await?;
    let renewal = grant.renewal.as_ref().filter(|_| grant.is_renewing());
    if !grant.is_due() && renewal.is_none() {
        return zones::refresh(app, grant.tenant).await;
    }
    match (tenant.state, renewal) {
        (TenantState::Active, None) => {}
        (TenantState::Active, Some(renewal)) if renewal.epoch == tenant.epoch => {}
        // What was ordered before access was closed is not taken up by itself.
        (_, Some(_)) => return fail(app, &grant, &entry, "tenant.closed").await,
        // Whatever opens access pushes this job anew.
        (TenantState::Established | TenantState::Agreed | TenantState::Suspended, None) => return Ok(()),
        (TenantState::Holding | TenantState::Sealed | TenantState::Destroyed, None) => {
            return fail(app, &grant, &entry, "tenant.closed").await;
        }
    }
    match prepare(app, &grant, &entry).await {
        Ok(Prepared::Made { copies, examined }) => {
            ready(app, &grant, &entry, *copies, *examined).await?;
            // Verifications ask the new rows from now on.
            app.committed();
            return zones::refresh(app, grant.tenant).await;
        }
        Ok(Prepared::Same(snapshot)) => same(app, &grant, &entry, snapshot).await?,
        Ok(Prepared::Refused(examined)) => refuse(app, &grant, &entry, *examined).await?,
        // Wrong for good: the resource is not what was granted any more.
        Err(error @ Error::Invalid { .. }) => fail(app, &grant, &entry, error.code()).await?,
        Err(error) => return Err(error),
    }
    if grant.is_renewing() && grant.twin.is_none() {
        // The provider has decided otherwise meanwhile: the rows that stay still need their twin.
        return Box::pin(run(app, id)).await;
    }
    Ok(())
}

async fn read(app: &App, id: Id<kind::Grant>) -> Result<(Grant, CatalogEntry, Tenant)> {
    app.store()
        .read("grant.prepare", |tx| {
            Box::pin(async move {
                let grant = tenants::versioned_grant(tx, id).await?.value;
                let entry = resources::versioned(tx, grant.resource).await?.value;
                let tenant = tenants::get(tx, grant.tenant).await?;
                Ok::<_, Error>((grant, entry, tenant))
            })
        })
        .await
}

/// An object that the worker wrote, with its wrapped key.
struct Made {
    written: Written,
    wrapped: Vec<u8>,
    snapshot: Id<kind::Snapshot>,
    /// Unknown of rows that were granted before editions were told apart.
    edition: Option<Edition>,
}

/// What came of a preparation.
enum Prepared {
    /// What the grant has from now on; the twin held.
    Made { copies: Box<Copies>, examined: Box<Examined> },
    /// An attack got through to the twin.
    Refused(Box<Examined>),
    /// The grant has the rows of this newer snapshot already.
    Same(Id<kind::Snapshot>),
}

async fn prepare(app: &App, grant: &Grant, entry: &CatalogEntry) -> Result<Prepared> {
    entry.resource.grantable(&grant.columns, ZoneName::Prod)?;
    let permit = permit(app, entry, grant.tenant, app.now())?;
    let zone = zones::zone(app, grant.tenant, ZoneKind::Prod).await?;
    let (raw, copied) = match grant.raw.as_ref().filter(|_| !grant.is_renewing()) {
        // The rows stay those that were granted: only the twin is made anew.
        Some(raw) => (raw.clone(), None),
        None => {
            let edition = edition(app, &zone, &permit, grant, entry).await?;
            if holds(grant, entry, edition) {
                let newest = entry.newest().map(|(newest, _)| newest.id);
                return Ok(Prepared::Same(newest.unwrap_or(edition.since)));
            }
            let made = copy(app, &zone, &permit, grant, entry, edition).await?;
            (granted(&made), Some(made))
        }
    };
    let twin = twin(app, &zone, &permit, grant, entry, &raw).await;
    if let (Some(copied), false) = (&copied, matches!(twin, Ok((Some(_), _)))) {
        objects::discard(app, copied.written.object).await;
    }
    let (twin, examined) = twin?;
    let examined = Box::new(examined);
    Ok(match twin {
        Some(twin) => Prepared::Made { copies: Box::new(Copies { raw, copied, twin }), examined },
        None => Prepared::Refused(examined),
    })
}

/// The newest rows of the granted columns, under the tenant's own key.
async fn copy(
    app: &App,
    zone: &Zone,
    permit: &Permit,
    grant: &Grant,
    entry: &CatalogEntry,
    edition: Edition,
) -> Result<Made> {
    let (snapshot, from) =
        entry.newest().ok_or_else(|| Error::invalid("resource.no_snapshot", &grant.code))?;
    let from_key = app
        .store()
        .read("grant.key", |tx| Box::pin(async move { zones::key_of(app, tx, entry.holding, from).await }))
        .await?;
    let raw = Fresh::new(app, grant.tenant, app.now()).await?;
    zone.add_keys(vec![raw.key.clone()]).await?;
    let order = GrantOrder {
        from: ObjectRef { object: from, key: from_key.name.clone() },
        from_key,
        digest: snapshot.digest,
        columns: entry.with_entity(&grant.columns),
        into: raw.reference(),
    };
    let copied = zone.grant(permit, order).await?;
    Ok(Made { written: copied.written, wrapped: raw.wrapped, snapshot: snapshot.id, edition: Some(edition) })
}

/// Since when the resource has held what it holds, in the granted columns. *Limits*: looks back
/// [`limit::SNAPSHOTS_COMPARED_MAX`] snapshots; beyond that the same rows are taken for others.
async fn edition(
    app: &App,
    zone: &Zone,
    permit: &Permit,
    grant: &Grant,
    entry: &CatalogEntry,
) -> Result<Edition> {
    let snapshots = &entry.resource.snapshots;
    let lent = app
        .store()
        .read("grant.snapshots", |tx| {
            Box::pin(async move {
                let mut lent = Vec::new();
                for snapshot in snapshots.iter().rev().take(limit::SNAPSHOTS_COMPARED_MAX) {
                    let lies = entry.objects.iter().find(|object| object.snapshot == snapshot.id);
                    let Some(lies) = lies else { break };
                    let key = match zones::key_of(app, tx, entry.holding, lies.object).await {
                        Err(Error::NotFound(_)) => break,
                        key => key?,
                    };
                    let object = ObjectRef { object: lies.object, key: key.name.clone() };
                    lent.push(Lent { object, key, digest: snapshot.digest });
                }
                Ok::<_, Error>(lent)
            })
        })
        .await?;
    let same = match lent.len() {
        0 | 1 => 1,
        _ => {
            zone.same(permit, SameOrder { snapshots: lent, columns: entry.with_entity(&grant.columns) })
                .await?
        }
    };
    let before = snapshots.len().saturating_sub(usize::try_from(same).unwrap_or(1));
    let first = snapshots.get(before).or(snapshots.last());
    let first = first.ok_or_else(|| Error::invalid("resource.no_snapshot", &grant.code))?;
    Ok(Edition { since: first.id, number: u32::try_from(before).unwrap_or(u32::MAX) })
}

/// Whether a grant in use was made from a snapshot of this edition, which goes on to the newest.
fn holds(grant: &Grant, entry: &CatalogEntry, edition: Edition) -> bool {
    let Some(raw) = grant.raw.as_ref().filter(|_| grant.is_renewing()) else { return false };
    let snapshots = entry.resource.snapshots.iter();
    let mut of_edition = snapshots.skip_while(|snapshot| snapshot.id != edition.since);
    of_edition.any(|snapshot| snapshot.id == raw.snapshot)
}

async fn twin(
    app: &App,
    zone: &Zone,
    permit: &Permit,
    grant: &Grant,
    entry: &CatalogEntry,
    lies: &GrantedObject,
) -> Result<(Option<Made>, Examined)> {
    let entity =
        entry.resource.entity.clone().ok_or_else(|| Error::invalid("catalog.entity", &grant.code))?;
    let columns = entry.resource.classified(&grant.columns)?;
    let column =
        |(name, known): (String, Classification)| TwinColumn { name, kind: known.kind, mask: known.mask };
    let pack = app.packs().current();
    let twin = Fresh::new(app, grant.tenant, app.now()).await?;
    // What nobody needs protection from being counted (stations, not persons) need not be sampled either.
    let sample_per_mille = if entity.protected { parameters::sample_per_mille(&pack)? } else { 1_000 };
    let k_min = f64::from(parameters::thresholds(&pack)?.min_entities);
    let table = zones::raw_spec(grant, entry, lies, &lies.object.to_string());
    // The same rows, delivered again or granted to another, are learnt with the same noise.
    let snapshot = lies.edition.map_or(lies.snapshot, |edition| edition.since);
    let order = TwinOrder {
        table: TableSpec { snapshot, ..table },
        digest: lies.digest,
        columns: columns.into_iter().map(column).collect(),
        entity,
        form: entry.resource.twin,
        sample_per_mille,
        cost: TWIN_COST,
        limits: Limits::default().tightened(&Limits { k_min, ..Limits::default() }),
        into: twin.reference(),
        into_key: twin.key.clone(),
        mask_key: None,
        shared_key: releases::platform_key(app, "twins").await?,
    };
    let done = zone.twin(permit, order).await?;
    let made =
        |written| Made { written, wrapped: twin.wrapped, snapshot: lies.snapshot, edition: lies.edition };
    Ok((done.written.map(made), done.examined))
}

fn permit(app: &App, entry: &CatalogEntry, tenant: Id<kind::Tenant>, now: Timestamp) -> Result<Permit> {
    let reference = uploads::ingest_reference(entry, tenant);
    app.permit(&Ctx::service(SERVICE, now), Action::SnapshotIngest, reference)
}
