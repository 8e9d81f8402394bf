//! Sealed objects' metadata and wrapped keys. The bytes themselves lie in the object folder.
//!
//! Destroying a tenant overwrites and deletes every wrapped key of it in one transaction; the engine then drops the old
//! copies of the pages (SQLite: `secure_delete` and a truncated log; PostgreSQL: vacuum).

use base::{Digest, Id, Timestamp, kind};

use crate::Error;
use crate::engine::{Tx, execute, fetch};
use crate::records::uuid_of;

/// What stands in place of a destroyed key.
const NO_KEY: &[u8] = &[];

/// Metadata of one sealed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Id; part of the associated data of its seal.
    pub id: Id<kind::Object>,
    /// Whose keys seal it.
    pub tenant: Id<kind::Tenant>,
    /// What it is, for example `snapshot`.
    pub kind: String,
    /// Where it lies, relative to the object folder.
    pub path: String,
    /// Length of the sealed file.
    pub sealed_bytes: i64,
    /// Length of the content.
    pub plain_bytes: i64,
    /// Digest of the sealed bytes.
    pub digest: Digest,
    /// Its data key, wrapped by the tenant's; empty once destroyed.
    pub wrapped: Vec<u8>,
    /// When it was sealed.
    pub created: Timestamp,
    /// When it was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

/// A tenant's key, wrapped by the root key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantKey {
    /// The tenant.
    pub tenant: Id<kind::Tenant>,
    /// Cipher suite.
    pub suite: String,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
}

/// Stores the metadata of a new object.
///
/// # Errors
/// `storage.duplicate` if the id is known.
pub async fn put(tx: &mut Tx<'_>, object: &Object) -> Result<(), Error> {
    let inserted = execute!(
        tx,
        "INSERT INTO objects (id, tenant, kind, path, sealed_bytes, plain_bytes, digest, wrapped, created, destroyed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING",
        object.id.as_bytes().as_slice(),
        object.tenant.as_bytes().as_slice(),
        &object.kind,
        &object.path,
        object.sealed_bytes,
        object.plain_bytes,
        object.digest.0.as_slice(),
        &object.wrapped,
        object.created.micros(),
        object.destroyed_at.map(Timestamp::micros),
    )?;
    if inserted == 0 { Err(Error::Duplicate { kind: "object", name: "id".to_owned() }) } else { Ok(()) }
}

type Row = (Vec<u8>, Vec<u8>, String, String, i64, i64, Vec<u8>, Vec<u8>, i64, Option<i64>);

fn object(row: Row) -> Result<Object, Error> {
    let (id, tenant, kind, path, sealed_bytes, plain_bytes, digest, wrapped, created, destroyed) = row;
    Ok(Object {
        id: Id::from_uuid(uuid_of("objects", &id)?),
        tenant: Id::from_uuid(uuid_of("objects", &tenant)?),
        kind,
        path,
        sealed_bytes,
        plain_bytes,
        digest: digest_of("objects", &id, &digest)?,
        wrapped,
        created: Timestamp::from_micros(created),
        destroyed_at: destroyed.map(Timestamp::from_micros),
    })
}

/// A digest column.
pub(crate) fn digest_of(table: &'static str, row: &[u8], bytes: &[u8]) -> Result<Digest, Error> {
    let damaged = |error: std::array::TryFromSliceError| Error::Damaged {
        table,
        row: hex::encode(row),
        cause: Some(error.into()),
    };
    bytes.try_into().map(Digest).map_err(damaged)
}

/// An object by its id.
///
/// # Errors
/// `storage.damaged`.
pub async fn get(tx: &mut Tx<'_>, id: Id<kind::Object>) -> Result<Option<Object>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        Row,
        "SELECT id, tenant, kind, path, sealed_bytes, plain_bytes, digest, wrapped, created, destroyed_at \
         FROM objects WHERE id = $1",
        id.as_bytes().as_slice(),
    )?;
    row.map(object).transpose()
}

/// At most `limit` objects of a tenant, by id, behind `after`; destroyed ones included.
///
/// # Errors
/// `storage.damaged`.
pub async fn of_tenant(
    tx: &mut Tx<'_>,
    tenant: Id<kind::Tenant>,
    after: Option<Id<kind::Object>>,
    limit: u32,
) -> Result<Vec<Object>, Error> {
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let rows = fetch!(
        fetch_all,
        tx,
        Row,
        "SELECT id, tenant, kind, path, sealed_bytes, plain_bytes, digest, wrapped, created, destroyed_at \
         FROM objects WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        tenant.as_bytes().as_slice(),
        &after,
        i64::from(limit),
    )?;
    rows.into_iter().map(object).collect()
}

/// At most `limit` objects of all tenants, by id, behind `after`; destroyed ones included.
///
/// # Errors
/// `storage.damaged`.
pub async fn all(tx: &mut Tx<'_>, after: Option<Id<kind::Object>>, limit: u32) -> Result<Vec<Object>, Error> {
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let rows = fetch!(
        fetch_all,
        tx,
        Row,
        "SELECT id, tenant, kind, path, sealed_bytes, plain_bytes, digest, wrapped, created, destroyed_at \
         FROM objects WHERE id > $1 ORDER BY id LIMIT $2",
        &after,
        i64::from(limit),
    )?;
    rows.into_iter().map(object).collect()
}

/// Destroys one object's data key; `false` if it is unknown or already destroyed.
///
/// # Errors
/// The engine's error.
pub async fn destroy(tx: &mut Tx<'_>, id: Id<kind::Object>, now: Timestamp) -> Result<bool, Error> {
    let id = id.as_bytes().as_slice();
    overwrite_object(tx, id).await?;
    let changed = execute!(
        tx,
        "UPDATE objects SET wrapped = $2, destroyed_at = $3 WHERE id = $1 AND destroyed_at IS NULL",
        id,
        NO_KEY,
        now.micros(),
    )?;
    tx.erased = true;
    Ok(changed > 0)
}

async fn overwrite_object(tx: &mut Tx<'_>, id: &[u8]) -> Result<(), Error> {
    let row = fetch!(fetch_optional, tx, (Vec<u8>,), "SELECT wrapped FROM objects WHERE id = $1", id)?;
    if let Some((wrapped,)) = row {
        let zeros = vec![0_u8; wrapped.len()];
        execute!(tx, "UPDATE objects SET wrapped = $2 WHERE id = $1", id, &zeros)?;
    }
    Ok(())
}

/// Stores a tenant's wrapped key.
///
/// # Errors
/// `storage.duplicate` if the tenant has one.
pub async fn put_tenant_key(tx: &mut Tx<'_>, key: &TenantKey) -> Result<(), Error> {
    let inserted = execute!(
        tx,
        "INSERT INTO tenant_keys (tenant, suite, wrapped, created) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant) DO NOTHING",
        key.tenant.as_bytes().as_slice(),
        &key.suite,
        &key.wrapped,
        key.created.micros(),
    )?;
    if inserted == 0 {
        Err(Error::Duplicate { kind: "tenant key", name: "tenant".to_owned() })
    } else {
        Ok(())
    }
}

/// Replaces a tenant's wrapped key after the root key was changed; `false` if the tenant has none.
///
/// # Errors
/// The engine's error.
pub async fn rewrap_tenant_key(tx: &mut Tx<'_>, key: &TenantKey) -> Result<bool, Error> {
    let changed = execute!(
        tx,
        "UPDATE tenant_keys SET suite = $2, wrapped = $3 WHERE tenant = $1",
        key.tenant.as_bytes().as_slice(),
        &key.suite,
        &key.wrapped,
    )?;
    tx.erased = true;
    Ok(changed > 0)
}

/// A tenant's wrapped key; `None` if it never had one or it was destroyed.
///
/// # Errors
/// `storage.damaged`.
pub async fn tenant_key(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Option<TenantKey>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        (String, Vec<u8>, i64),
        "SELECT suite, wrapped, created FROM tenant_keys WHERE tenant = $1",
        tenant.as_bytes().as_slice(),
    )?;
    let key = |(suite, wrapped, created)| TenantKey {
        tenant,
        suite,
        wrapped,
        created: Timestamp::from_micros(created),
    };
    Ok(row.map(key))
}

/// Destroys a tenant: its key and its objects' wrapped data keys are overwritten, then deleted. Answers how many
/// objects became unreadable. Old page copies are dropped after the commit.
///
/// # Errors
/// The engine's error.
pub async fn destroy_tenant(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>, now: Timestamp) -> Result<u64, Error> {
    let id = tenant.as_bytes().as_slice();
    if let Some(key) = tenant_key(tx, tenant).await? {
        let zeros = vec![0_u8; key.wrapped.len()];
        execute!(tx, "UPDATE tenant_keys SET wrapped = $2 WHERE tenant = $1", id, &zeros)?;
        execute!(tx, "DELETE FROM tenant_keys WHERE tenant = $1", id)?;
    }
    let live = fetch!(
        fetch_all,
        tx,
        (Vec<u8>,),
        "SELECT id FROM objects WHERE tenant = $1 AND destroyed_at IS NULL ORDER BY id",
        id,
    )?;
    for (object,) in &live {
        overwrite_object(tx, object).await?;
    }
    let destroyed = execute!(
        tx,
        "UPDATE objects SET wrapped = $2, destroyed_at = $3 WHERE tenant = $1 AND destroyed_at IS NULL",
        id,
        NO_KEY,
        now.micros(),
    )?;
    tx.erased = true;
    Ok(destroyed)
}
