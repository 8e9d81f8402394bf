//! Makes a grant usable: the granted columns copied under the tenant's own key, and a twin of them for its dev zone. Both
//! are made by the tenant's prod worker, which attacks the twin first; one that does not hold refuses the grant.

use access::{Action, Permit};
use base::{Id, Timestamp, kind};
use catalog::{Classification, Zone as ZoneName};
use privacy::attack::Limits;
use privacy::disclosure::dp::{Cost, Unit};
use secure_domain::objects::Written;
use secure_domain::protocol::{Examined, GrantOrder, ObjectRef, TwinColumn, TwinOrder, ZoneKind};
use storage::records::{self, Expected, Versioned};
use storage::{Tx, objects as rows};

use crate::journal::Note;
use crate::resources::{self, CatalogEntry};
use crate::tenants::{self, Grant, GrantState, GrantedObject, TenantState};
use crate::twins::TwinReport;
use crate::zones::{self, Fresh, Zone};
use crate::{App, Ctx, Error, Result, objects, parameters, uploads};

/// The service that ingests snapshots.
const SERVICE: &str = "snapshot.ingest";
/// What a synthetic twin of one table may tell of one entity, once: ρ = 1.
const TWIN_COST: Cost = Cost { unit: Unit::MicroRho, micro: 1_000_000 };

/// Prepares a grant, or the twin of one whose provider decided otherwise. Safe to run again: a grant that is ready or failed
/// stays so, and files of an attempt that broke off are nobody's.
pub(super) async fn run(app: &App, id: Id<kind::Grant>) -> Result<()> {
    let (grant, entry, state) = read(app, id).await?;
    if !grant.is_due() {
        return zones::refresh(app, grant.tenant).await;
    }
    match state {
        TenantState::Active => {}
        // Whatever opens access pushes this job anew.
        TenantState::Established | TenantState::Agreed | TenantState::Suspended => return Ok(()),
        TenantState::Holding | TenantState::Sealed | TenantState::Destroyed => {
            return fail(app, id, &grant, &entry, "tenant.closed").await;
        }
    }
    match prepare(app, &grant, &entry).await {
        Ok(Prepared { made: Some(made), examined }) => {
            let files: Vec<Id<kind::Object>> = made.files().collect();
            match ready(app, id, &entry, made, report(&grant, true, examined, app.now())).await {
                Ok(()) => zones::refresh(app, grant.tenant).await,
                Err(error @ Error::Conflict("grant.changed")) => {
                    tenants::discard(app, &files).await;
                    Err(error)
                }
                Err(error) => Err(error),
            }
        }
        Ok(Prepared { made: None, examined }) => refuse(app, id, &grant, &entry, examined).await,
        // Wrong for good: the resource is not what was granted any more.
        Err(error @ Error::Invalid { .. }) => fail(app, id, &grant, &entry, error.code()).await,
        Err(error) => Err(error),
    }
}

async fn read(app: &App, id: Id<kind::Grant>) -> Result<(Grant, CatalogEntry, TenantState)> {
    app.store()
        .read("grant.prepare", |tx| {
            Box::pin(async move {
                let grant =
                    records::get::<Grant>(tx, id.uuid()).await?.ok_or(Error::NotFound("grant.unknown"))?;
                let entry = resources::versioned(tx, grant.value.resource).await?.value;
                let state = tenants::get(tx, grant.value.tenant).await?.state;
                Ok::<_, Error>((grant.value, entry, state))
            })
        })
        .await
}

/// An object that the worker wrote, with its wrapped key.
struct Made {
    written: Written,
    wrapped: Vec<u8>,
    snapshot: Id<kind::Snapshot>,
}

impl Made {
    fn row(&self, app: &App, tenant: Id<kind::Tenant>, kind: &str, now: Timestamp) -> rows::Object {
        objects::written(app, tenant, kind, &self.written, &self.wrapped, now)
    }
}

/// What came of a preparation.
struct Prepared {
    /// None if an attack got through to the twin.
    made: Option<Copies>,
    examined: Examined,
}

/// What a ready grant has.
struct Copies {
    raw: GrantedObject,
    /// Set if the raw copy is new.
    copied: Option<Made>,
    twin: Made,
}

impl Copies {
    fn files(&self) -> impl Iterator<Item = Id<kind::Object>> + '_ {
        self.copied.iter().chain([&self.twin]).map(|made| made.written.object)
    }
}

async fn prepare(app: &App, grant: &Grant, entry: &CatalogEntry) -> Result<Prepared> {
    entry.resource.grantable(&grant.columns, ZoneName::Prod)?;
    let permit = permit(app, entry, grant.tenant, app.now())?;
    let zone = zones::zone(app, grant.tenant, ZoneKind::Prod).await?;
    let (raw, copied) = match &grant.raw {
        // The rows stay those that were granted: only the twin is made anew.
        Some(raw) => (raw.clone(), None),
        None => {
            let made = copy(app, &zone, &permit, grant, entry).await?;
            (granted(&made), Some(made))
        }
    };
    let twin = twin(app, &zone, &permit, grant, entry, &raw).await;
    if let (Some(copied), false) = (&copied, matches!(twin, Ok((Some(_), _)))) {
        objects::discard(app, copied.written.object).await;
    }
    let (twin, examined) = twin?;
    Ok(Prepared { made: twin.map(|twin| Copies { raw, copied, twin }), examined })
}

/// The newest rows of the granted columns, under the tenant's own key.
async fn copy(app: &App, zone: &Zone, permit: &Permit, grant: &Grant, entry: &CatalogEntry) -> Result<Made> {
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
    Ok(Made { written: copied.written, wrapped: raw.wrapped, snapshot: snapshot.id })
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
    let order = TwinOrder {
        table: zones::raw_spec(grant, entry, lies, &lies.object.to_string()),
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
    };
    let done = zone.twin(permit, order).await?;
    let made = |written| Made { written, wrapped: twin.wrapped, snapshot: lies.snapshot };
    Ok((done.written.map(made), done.examined))
}

const fn granted(made: &Made) -> GrantedObject {
    GrantedObject {
        object: made.written.object,
        snapshot: made.snapshot,
        digest: made.written.digest,
        rows: made.written.rows,
    }
}

fn permit(app: &App, entry: &CatalogEntry, tenant: Id<kind::Tenant>, now: Timestamp) -> Result<Permit> {
    let reference = uploads::ingest_reference(entry, tenant);
    app.permit(&Ctx::service(SERVICE, now), Action::SnapshotIngest, reference)
}

async fn ready(
    app: &App,
    id: Id<kind::Grant>,
    entry: &CatalogEntry,
    made: Copies,
    report: TwinReport,
) -> Result<()> {
    let (now, tenant, report) = (report.made, report.tenant, &report);
    let permit = &permit(app, entry, tenant, now)?;
    let Copies { raw, copied, twin } = &made;
    let copied = copied.iter().map(|copied| copied.row(app, tenant, "raw", now));
    let objects = &copied.chain([twin.row(app, tenant, "twin", now)]).collect::<Vec<_>>();
    let twin = &granted(twin);
    app.store()
        .transact(permit, "grant.ready", |tx| {
            Box::pin(async move {
                // Access may have closed while the worker was busy.
                tenants::check_open(tx, tenant).await?;
                let mut stored = unchanged(tx, id, entry).await?;
                for object in objects {
                    rows::put(tx, object).await?;
                }
                stored.value.state = GrantState::Ready;
                stored.value.raw = Some(raw.clone());
                stored.value.twin = Some(twin.clone());
                stored.value.error = None;
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                records::put(tx, report, Expected::Any, now).await?;
                let tenant = Some(stored.value.tenant);
                let note =
                    Note { subject: format!("grant/{id}"), tenant, clauses: &[], payload: (raw, twin) };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    Ok(())
}

/// The grant, if it is still due and its provider has not decided otherwise meanwhile.
///
/// # Errors
/// `grant.changed`: the job begins again and sees what is to be done now.
async fn unchanged(tx: &mut Tx<'_>, id: Id<kind::Grant>, made_of: &CatalogEntry) -> Result<Versioned<Grant>> {
    let stored = records::get::<Grant>(tx, id.uuid()).await?.ok_or(Error::NotFound("grant.unknown"))?;
    let now = resources::versioned(tx, stored.value.resource).await?.value.resource;
    let same = now.columns == made_of.resource.columns && now.twin == made_of.resource.twin;
    if stored.value.is_due() && same { Ok(stored) } else { Err(Error::Conflict("grant.changed")) }
}

fn report(grant: &Grant, publishable: bool, examined: Examined, made: Timestamp) -> TwinReport {
    let Grant { id, tenant, resource, code, .. } = grant;
    TwinReport {
        grant: *id,
        tenant: *tenant,
        resource: *resource,
        code: code.clone(),
        made,
        publishable,
        examined,
    }
}

/// An attack got through: the report is kept, and the grant waits for its provider to classify the resource again. One that
/// was usable before stays so for orders, without a twin.
async fn refuse(
    app: &App,
    id: Id<kind::Grant>,
    grant: &Grant,
    entry: &CatalogEntry,
    examined: Examined,
) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    let report = &report(grant, false, examined, now);
    app.store()
        .transact(permit, "grant.refused", |tx| {
            Box::pin(async move {
                let mut stored = unchanged(tx, id, entry).await?;
                if stored.value.raw.is_none() {
                    stored.value.state = GrantState::Refused;
                }
                stored.value.error = Some("grant.twin_refused".to_owned());
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                records::put(tx, report, Expected::Any, now).await?;
                let by: Vec<&str> = report
                    .examined
                    .report
                    .iter()
                    .flat_map(|report| report.succeeded())
                    .map(|finding| finding.attack.code())
                    .collect();
                let tenant = Some(stored.value.tenant);
                let note = Note { subject: format!("grant/{id}"), tenant, clauses: &[], payload: by };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    Ok(())
}

async fn fail(
    app: &App,
    id: Id<kind::Grant>,
    grant: &Grant,
    entry: &CatalogEntry,
    code: &'static str,
) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    app.store()
        .transact(permit, "grant.failed", |tx| {
            Box::pin(async move {
                let mut stored =
                    records::get::<Grant>(tx, id.uuid()).await?.ok_or(Error::NotFound("grant.unknown"))?;
                // What was usable stays so for orders; it is without a twin.
                if stored.value.raw.is_none() {
                    stored.value.state = GrantState::Failed;
                }
                stored.value.error = Some(code.to_owned());
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                // The tenant's key may be gone; that a grant failed is the platform's to remember.
                let note = Note { subject: format!("grant/{id}"), tenant: None, clauses: &[], payload: code };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    Ok(())
}
