//! Makes a grant usable: the granted columns copied under the tenant's own key, and a masked sample of them for its dev
//! zone. Both are made by the tenant's prod worker.

use access::{Action, Permit};
use base::{Id, Timestamp, kind};
use catalog::Zone as ZoneName;
use secure_domain::objects::Written;
use secure_domain::protocol::{GrantOrder, ObjectRef, Secret, TwinColumn, TwinOrder, ZoneKey, ZoneKind};
use storage::objects as rows;
use storage::records::{self, Expected};

use crate::journal::Note;
use crate::resources::{self, CatalogEntry};
use crate::tenants::{self, Grant, GrantState, GrantedObject, TenantState};
use crate::zones::{self, Zone};
use crate::{App, Ctx, Error, Result, objects, parameters, uploads};

/// The service that ingests snapshots.
const SERVICE: &str = "snapshot.ingest";

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
        Ok(made) => {
            ready(app, id, &grant, &entry, made).await?;
            zones::refresh(app, grant.tenant).await
        }
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

async fn prepare(app: &App, grant: &Grant, entry: &CatalogEntry) -> Result<(Made, Made)> {
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
    if twin.is_err() {
        objects::discard(app, raw.written.object).await;
    }
    Ok((raw, twin?))
}

async fn twin(
    app: &App,
    zone: &Zone,
    permit: &Permit,
    grant: &Grant,
    entry: &CatalogEntry,
    raw: &Made,
) -> Result<Made> {
    let entity =
        entry.resource.entity.clone().ok_or_else(|| Error::invalid("catalog.entity", &grant.code))?;
    let masks = entry.resource.twin(&grant.columns)?;
    let lies = granted(raw);
    let twin = Fresh::new(app, grant.tenant, app.now()).await?;
    // What nobody needs protection from being counted (stations, not persons) need not be sampled either.
    let sample_per_mille =
        if entity.protected { parameters::sample_per_mille(&app.packs().current())? } else { 1_000 };
    let order = TwinOrder {
        table: zones::raw_spec(grant, entry, &lies, &lies.object.to_string()),
        digest: raw.written.digest,
        columns: masks.into_iter().map(|(name, mask)| TwinColumn { name, mask }).collect(),
        entity,
        sample_per_mille,
        into: twin.reference(),
        into_key: twin.key.clone(),
        mask_key: None,
    };
    let made = zone.twin(permit, order).await?;
    Ok(Made { written: made.written, wrapped: twin.wrapped, snapshot: raw.snapshot })
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
) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
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
                let tenant = Some(stored.value.tenant);
                let note =
                    Note { subject: format!("grant/{id}"), tenant, clauses: &[], payload: (raw, twin) };
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
