//! What a zone of a tenant holds: the tables of its grants, and the keys that open them.

use base::{Id, kind};
use secure_domain::protocol::{
    ColumnSpec, Init, Limits, ObjectRef, Secret, TableSpec, VERSION, ZoneKey, ZoneKind,
};
use storage::Tx;

use crate::keys::PLATFORM;
use crate::resources::CatalogEntry;
use crate::tenants::{self, Grant, GrantState, GrantedObject, TenantState};
use crate::{App, Error, Result, consents, objects, releases, resources};

/// Memory of a dev zone's engine.
const DEV_MEMORY_BYTES: usize = 512 << 20;
/// Longest query in a dev zone.
const DEV_MILLIS_MAX: u64 = 30_000;

/// Tables with their keys.
pub(crate) struct Held {
    pub(super) tables: Vec<TableSpec>,
    pub(super) keys: Vec<ZoneKey>,
    /// What the tables were made of, in order.
    pub(super) made_of: Vec<MadeOf>,
    mask: Option<Secret>,
    /// Pages of the release ledger.
    pages: Vec<ObjectRef>,
}

/// What a table is made of: the object with its rows, and the version of the catalogue entry that says what they are. A
/// zone that was given other ones judges by a classification that is no more.
pub(super) type MadeOf = (Id<kind::Object>, i64);

impl Held {
    /// The first message to the zone's worker.
    pub(super) fn into_init(self, app: &App, tenant: Id<kind::Tenant>, zone: ZoneKind) -> Init {
        let limits = match zone {
            ZoneKind::Dev => Limits {
                memory_bytes: DEV_MEMORY_BYTES,
                millis_max: DEV_MILLIS_MAX,
                rows_max: base::limit::QUERY_ROWS_MAX,
                ..Limits::default()
            },
            ZoneKind::Intake | ZoneKind::Prod | ZoneKind::Ledger => Limits::default(),
        };
        let objects_dir = app.config().objects_dir();
        Init {
            version: VERSION,
            zone,
            tenant,
            objects_dir: std::path::absolute(&objects_dir).unwrap_or(objects_dir),
            keys: self.keys,
            mask_key: self.mask,
            tables: self.tables,
            pages: self.pages,
            limits,
        }
    }
}

/// What a zone holds now.
///
/// # Errors
/// `tenant.closed` unless the tenant's state lets this zone run.
pub(crate) async fn held(app: &App, tenant: Id<kind::Tenant>, zone: ZoneKind) -> Result<Held> {
    app.store()
        .read("zone.held", |tx| {
            Box::pin(async move {
                may_run(tx, tenant, zone).await?;
                let mut held = Held {
                    tables: Vec::new(),
                    keys: Vec::new(),
                    made_of: Vec::new(),
                    mask: None,
                    pages: Vec::new(),
                };
                if zone == ZoneKind::Ledger {
                    (held.pages, held.keys) = releases::pages(app, tx).await?;
                    return Ok(held);
                }
                if zone == ZoneKind::Prod {
                    let mask = app.keys().derived(tx, tenant, "mask").await?;
                    held.mask = Some(Secret::new(mask.to_bytes()));
                }
                if zone != ZoneKind::Intake {
                    fill(app, tx, tenant, zone, &mut held).await?;
                }
                Ok(held)
            })
        })
        .await
}

/// What the tables that a zone should hold are made of, in the order of [`held`].
///
/// # Errors
/// `tenant.closed` unless the tenant's state lets the zone run.
pub(super) async fn due(app: &App, tenant: Id<kind::Tenant>, zone: ZoneKind) -> Result<Vec<MadeOf>> {
    app.store()
        .read("zone.due", |tx| {
            Box::pin(async move {
                may_run(tx, tenant, zone).await?;
                if matches!(zone, ZoneKind::Intake | ZoneKind::Ledger) {
                    return Ok(Vec::new());
                }
                let mut due = Vec::new();
                for grant in tenants::grants(tx, tenant).await? {
                    let Some(lies) = lies(&grant, zone) else { continue };
                    due.push((lies.object, resources::versioned(tx, grant.resource).await?.version));
                }
                Ok(due)
            })
        })
        .await
}

/// What of a grant lies in a zone.
fn lies(grant: &Grant, zone: ZoneKind) -> Option<&GrantedObject> {
    let there = if zone == ZoneKind::Prod { &grant.raw } else { &grant.twin };
    there.as_ref().filter(|_| grant.state == GrantState::Ready)
}

async fn may_run(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>, zone: ZoneKind) -> Result<()> {
    let open = match zone {
        // The platform's own; there is one.
        ZoneKind::Ledger => tenant == PLATFORM,
        // Social data come in under the key of the authorisation itself.
        ZoneKind::Intake => {
            matches!(tenants::get(tx, tenant).await?.state, TenantState::Holding | TenantState::Active)
        }
        ZoneKind::Dev | ZoneKind::Prod => tenants::get(tx, tenant).await?.state == TenantState::Active,
    };
    if open { Ok(()) } else { Err(Error::Forbidden("tenant.closed")) }
}

async fn fill(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: Id<kind::Tenant>,
    zone: ZoneKind,
    held: &mut Held,
) -> Result<()> {
    for grant in tenants::grants(tx, tenant).await? {
        let Some(lies) = lies(&grant, zone) else { continue };
        let found = resources::versioned(tx, grant.resource).await?;
        held.made_of.push((lies.object, found.version));
        let entry = found.value;
        let key = key_of(app, tx, tenant, lies.object).await?;
        let spec = match zone {
            ZoneKind::Prod => {
                let spec = raw_spec(&grant, &entry, lies, &key.name);
                // The consents to what was granted are the provider's; the zone opens them, and nothing else of it.
                for given in spec.consent.iter().flat_map(|consent| &consent.given) {
                    held.keys.push(key_of(app, tx, entry.holding, given.object).await?);
                }
                spec
            }
            _ => twin_spec(&grant, &entry, lies, &key.name),
        };
        held.tables.push(spec);
        held.keys.push(key);
    }
    Ok(())
}

/// The data key of an object, under the name that zones know it by.
pub(crate) async fn key_of(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: Id<kind::Tenant>,
    object: Id<kind::Object>,
) -> Result<ZoneKey> {
    let row = objects::live(tx, object).await?;
    let key = app.keys().data_key(tx, tenant, object, &row.wrapped).await?;
    Ok(ZoneKey { name: object.to_string(), tenant, key: Secret::new(key.to_bytes()) })
}

/// The raw table of a grant: granted columns as classified; columns of the entity key that were not granted are there to
/// be counted, and unclassified, so that no query may name them.
pub(crate) fn raw_spec(grant: &Grant, entry: &CatalogEntry, lies: &GrantedObject, key: &str) -> TableSpec {
    let consent = consents::spec(grant, entry);
    TableSpec { consent, ..spec(grant, entry, lies, key, &entry.with_entity(&grant.columns)) }
}

fn twin_spec(grant: &Grant, entry: &CatalogEntry, lies: &GrantedObject, key: &str) -> TableSpec {
    spec(grant, entry, lies, key, &grant.columns)
}

fn spec(
    grant: &Grant,
    entry: &CatalogEntry,
    lies: &GrantedObject,
    key: &str,
    columns: &[String],
) -> TableSpec {
    let columns = columns.iter().filter_map(|name| entry.resource.column(name)).map(|column| {
        let granted = grant.columns.contains(&column.name);
        let label = column.classification.as_ref().filter(|_| granted).map(|confirmed| confirmed.label);
        ColumnSpec {
            name: column.name.clone(),
            data_type: column.data_type,
            label,
            declared: column.declared.clone(),
        }
    });
    TableSpec {
        name: grant.code.clone(),
        resource: grant.resource,
        snapshot: lies.snapshot,
        object: ObjectRef { object: lies.object, key: key.to_owned() },
        rows: lies.rows,
        columns: columns.collect(),
        entity: entry.resource.entity.clone(),
        declared: entry.resource.rows.clone(),
        consent: None,
    }
}
