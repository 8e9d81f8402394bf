//! Makes a grant usable: the granted columns copied under the tenant's own key, and a twin of them for its dev zone. Both
//! are made by the tenant's prod worker, which attacks the twin first; one that does not hold refuses the grant.

use access::{Action, Permit};
use base::{Id, Timestamp, kind};
use catalog::{Classification, Zone as ZoneName};
use privacy::attack::Limits;
use privacy::disclosure::dp::{Cost, Unit};
use secure_domain::objects::Written;
use secure_domain::protocol::{
    Examined, GrantOrder, ObjectRef, Secret, TwinColumn, TwinOrder, ZoneKey, ZoneKind,
};
use storage::objects as rows;
use storage::records::{self, Expected};

use crate::journal::Note;
use crate::resources::{self, CatalogEntry};
use crate::tenants::{self, Grant, GrantState, GrantedObject, TenantState};
use crate::twins::TwinReport;
use crate::zones::{self, Zone};
use crate::{App, Ctx, Error, Result, objects, parameters, uploads};

/// The service that ingests snapshots.
const SERVICE: &str = "snapshot.ingest";
/// What a synthetic twin of one table may tell of one entity, once: ρ = 1.
const TWIN_COST: Cost = Cost { unit: Unit::MicroRho, micro: 1_000_000 };

/// Prepares a grant. Safe to run again: a grant that is ready or failed stays so, and files of an attempt that broke off
/// are nobody's.
pub(super) async fn run(app: &App, id: Id<kind::Grant>) -> Result<()> {
    let (grant, entry, state) = read(app, id).await?;
    if grant.state != GrantState::Preparing {
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
            ready(app, id, &grant, &entry, made, examined).await?;
            zones::refresh(app, grant.tenant).await
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

/// A fresh object with its key.
struct Fresh {
    object: Id<kind::Object>,
    key: ZoneKey,
    wrapped: Vec<u8>,
}

impl Fresh {
    async fn new(app: &App, tenant: Id<kind::Tenant>, now: Timestamp) -> Result<Self> {
        let object = crate::clock::new_id::<kind::Object>(now);
        let (key, wrapped) = app
            .store()
            .read("object.key", |tx| {
                Box::pin(async move { app.keys().new_data_key(tx, tenant, object).await })
            })
            .await?;
        let key = ZoneKey { name: object.to_string(), tenant, key: Secret::new(key.to_bytes()) };
        Ok(Self { object, key, wrapped })
    }

    fn reference(&self) -> ObjectRef {
        ObjectRef { object: self.object, key: self.key.name.clone() }
    }
}

/// What came of a preparation.
struct Prepared {
    /// The raw copy and the twin; none if an attack got through to the twin.
    made: Option<(Made, Made)>,
    examined: Examined,
}

async fn prepare(app: &App, grant: &Grant, entry: &CatalogEntry) -> Result<Prepared> {
    entry.resource.grantable(&grant.columns, ZoneName::Prod)?;
    let now = app.now();
    let permit = permit(app, entry, grant.tenant, now)?;
    let (snapshot, from) =
        entry.newest().ok_or_else(|| Error::invalid("resource.no_snapshot", &grant.code))?;
    let zone = zones::zone(app, grant.tenant, ZoneKind::Prod).await?;
    let from_key = app
        .store()
        .read("grant.key", |tx| Box::pin(async move { zones::key_of(app, tx, entry.holding, from).await }))
        .await?;
    let raw = Fresh::new(app, grant.tenant, now).await?;
    zone.add_keys(vec![raw.key.clone()]).await?;
    let order = GrantOrder {
        from: ObjectRef { object: from, key: from_key.name.clone() },
        from_key,
        digest: snapshot.digest,
        columns: entry.with_entity(&grant.columns),
        into: raw.reference(),
    };
    let copied = zone.grant(&permit, order).await?;
    let raw = Made { written: copied.written, wrapped: raw.wrapped, snapshot: snapshot.id };
    let twin = twin(app, &zone, &permit, grant, entry, &raw).await;
    if !matches!(twin, Ok((Some(_), _))) {
        objects::discard(app, raw.written.object).await;
    }
    let (twin, examined) = twin?;
    Ok(Prepared { made: twin.map(|twin| (raw, twin)), examined })
}

async fn twin(
    app: &App,
    zone: &Zone,
    permit: &Permit,
    grant: &Grant,
    entry: &CatalogEntry,
    raw: &Made,
) -> Result<(Option<Made>, Examined)> {
    let entity =
        entry.resource.entity.clone().ok_or_else(|| Error::invalid("catalog.entity", &grant.code))?;
    let columns = entry.resource.classified(&grant.columns)?;
    let column =
        |(name, known): (String, Classification)| TwinColumn { name, kind: known.kind, mask: known.mask };
    let pack = app.packs().current();
    let lies = granted(raw);
    let twin = Fresh::new(app, grant.tenant, app.now()).await?;
    // What nobody needs protection from being counted (stations, not persons) need not be sampled either.
    let sample_per_mille = if entity.protected { parameters::sample_per_mille(&pack)? } else { 1_000 };
    let k_min = f64::from(parameters::thresholds(&pack)?.min_entities);
    let order = TwinOrder {
        table: zones::raw_spec(grant, entry, &lies, &lies.object.to_string()),
        digest: raw.written.digest,
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
    let made = |written| Made { written, wrapped: twin.wrapped, snapshot: raw.snapshot };
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

fn row(app: &App, tenant: Id<kind::Tenant>, kind: &str, made: &Made, now: Timestamp) -> rows::Object {
    let path = secure_domain::objects::object_path(&app.config().objects_dir(), made.written.object);
    let bytes = i64::try_from(made.written.sealed_bytes).unwrap_or(i64::MAX);
    rows::Object {
        id: made.written.object,
        tenant,
        kind: kind.to_owned(),
        path: objects::relative(app, &path),
        sealed_bytes: bytes,
        plain_bytes: bytes,
        digest: made.written.digest,
        wrapped: made.wrapped.clone(),
        created: now,
        destroyed_at: None,
    }
}

async fn ready(
    app: &App,
    id: Id<kind::Grant>,
    grant: &Grant,
    entry: &CatalogEntry,
    (raw, twin): (Made, Made),
    examined: Examined,
) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    let report = &report(grant, true, examined, now);
    let objects = &[row(app, grant.tenant, "raw", &raw, now), row(app, grant.tenant, "twin", &twin, now)];
    let (raw, twin) = (&granted(&raw), &granted(&twin));
    app.store()
        .transact(permit, "grant.ready", |tx| {
            Box::pin(async move {
                // Access may have closed while the worker was busy.
                tenants::check_open(tx, grant.tenant).await?;
                let mut stored =
                    records::get::<Grant>(tx, id.uuid()).await?.ok_or(Error::NotFound("grant.unknown"))?;
                for object in objects {
                    rows::put(tx, object).await?;
                }
                stored.value.state = GrantState::Ready;
                stored.value.raw = Some(raw.clone());
                stored.value.twin = Some(twin.clone());
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

/// An attack got through: the report is kept, and the grant waits for its provider to classify the resource again.
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
                let mut stored =
                    records::get::<Grant>(tx, id.uuid()).await?.ok_or(Error::NotFound("grant.unknown"))?;
                stored.value.state = GrantState::Refused;
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
                stored.value.state = GrantState::Failed;
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
