//! Keeps the root key and lends tenant and data keys to those who may have them.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use base::{Id, Timestamp, kind};
use storage::{Tx, objects};
use vault::{DataKey, RootKey, TenantKey, WrappedKey};

use crate::clock::{new_id, random_bytes};
use crate::{Error, Result};

/// The tenant under whose key records are sealed that belong to no authorisation.
pub(crate) const PLATFORM: Id<kind::Tenant> =
    Id::from_uuid(uuid::Uuid::from_u128(0x7000_8000_0000_0000_0001));

/// The root key and the tenant keys in use.
pub(crate) struct Keys {
    root: RootKey,
    open: RwLock<HashMap<Id<kind::Tenant>, Arc<TenantKey>>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Reads the root key, or makes one in an empty folder. The file is readable by its owner only.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let root = RootKey::from_bytes(secret_file(&dir.join("root.key"))?);
        Ok(Self { root, open: RwLock::default() })
    }

    /// The key of a tenant.
    ///
    /// # Errors
    /// `key.destroyed` once the tenant was destroyed, or if it never was.
    pub(crate) async fn tenant(&self, tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Arc<TenantKey>> {
        let known = self.open.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).map(Arc::clone);
        if let Some(key) = known {
            return Ok(key);
        }
        let stored = objects::tenant_key(tx, tenant).await?.ok_or(Error::NotFound("key.destroyed"))?;
        let wrapped = WrappedKey::from_bytes(&stored.wrapped)?;
        let key = Arc::new(self.root.unwrap_tenant(&wrapped, tenant)?);
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, Arc::clone(&key));
        Ok(key)
    }

    /// Makes and stores a key for a new tenant; does nothing if there is one.
    pub(crate) async fn create_tenant(
        &self,
        tx: &mut Tx<'_>,
        tenant: Id<kind::Tenant>,
        now: Timestamp,
    ) -> Result<()> {
        if objects::tenant_key(tx, tenant).await?.is_some() {
            return Ok(());
        }
        let key = TenantKey::from_bytes(random_bytes());
        let wrapped = self.root.wrap_tenant(&key, tenant, random_bytes())?;
        let row = objects::TenantKey {
            tenant,
            suite: "international".to_owned(),
            wrapped: wrapped.to_bytes().to_vec(),
            created: now,
        };
        Ok(objects::put_tenant_key(tx, &row).await?)
    }

    /// Destroys a tenant's key in the store and forgets it here. Answers how many objects became unreadable.
    pub(crate) async fn destroy_tenant(
        &self,
        tx: &mut Tx<'_>,
        tenant: Id<kind::Tenant>,
        now: Timestamp,
    ) -> Result<u64> {
        let objects = objects::destroy_tenant(tx, tenant, now).await?;
        self.forget(tenant);
        Ok(objects)
    }

    /// Forgets a tenant's key in memory.
    pub(crate) fn forget(&self, tenant: Id<kind::Tenant>) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }

    /// A fresh data key for one object and the same wrapped for storage.
    pub(crate) async fn new_data_key(
        &self,
        tx: &mut Tx<'_>,
        tenant: Id<kind::Tenant>,
        object: Id<kind::Object>,
    ) -> Result<(DataKey, Vec<u8>)> {
        let key = DataKey::from_bytes(random_bytes());
        let wrapped = self.rewrap(tx, tenant, object, &key).await?;
        Ok((key, wrapped))
    }

    /// Wraps a data key for a tenant: a grant lends an object's key without copying the object.
    pub(crate) async fn rewrap(
        &self,
        tx: &mut Tx<'_>,
        tenant: Id<kind::Tenant>,
        object: Id<kind::Object>,
        key: &DataKey,
    ) -> Result<Vec<u8>> {
        let tenant_key = self.tenant(tx, tenant).await?;
        Ok(tenant_key.wrap_data(key, tenant, object, random_bytes())?.to_bytes().to_vec())
    }

    /// Unwraps an object's data key as held by a tenant.
    pub(crate) async fn data_key(
        &self,
        tx: &mut Tx<'_>,
        tenant: Id<kind::Tenant>,
        object: Id<kind::Object>,
        wrapped: &[u8],
    ) -> Result<DataKey> {
        let tenant_key = self.tenant(tx, tenant).await?;
        Ok(tenant_key.unwrap_data(&WrappedKey::from_bytes(wrapped)?, tenant, object)?)
    }

    /// As [`Keys::derived`], for a tenant whose key is in memory; `None` if it has to be read first.
    pub(crate) fn derived_now(&self, tenant: Id<kind::Tenant>, purpose: &str) -> Result<Option<DataKey>> {
        let known = self.open.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).map(Arc::clone);
        Ok(known.map(|key| key.derive(purpose)).transpose()?)
    }

    /// A key derived from a tenant's key for one purpose, such as masking or sealing journal payloads.
    pub(crate) async fn derived(
        &self,
        tx: &mut Tx<'_>,
        tenant: Id<kind::Tenant>,
        purpose: &str,
    ) -> Result<DataKey> {
        Ok(self.tenant(tx, tenant).await?.derive(purpose)?)
    }
}

/// Reads 32 secret bytes, or makes the file if it is not there.
pub(crate) fn secret_file(path: &Path) -> Result<[u8; 32]> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let fault = |error: std::io::Error| Error::internal("key.file", error);
    let mut bytes = [0; 32];
    match std::fs::File::open(path) {
        Ok(mut file) => file.read_exact(&mut bytes).map_err(fault)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(dir) = path.parent() {
                std::fs::create_dir_all(dir).map_err(fault)?;
            }
            bytes = random_bytes();
            // Written whole under another name first: a crash must not leave half a key.
            let draft =
                path.with_extension(format!("{}.new", new_id::<kind::Object>(Timestamp::from_micros(0))));
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&draft)
                .map_err(fault)?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(fault)?;
            std::fs::rename(&draft, path).map_err(fault)?;
        }
        Err(error) => return Err(fault(error)),
    }
    Ok(bytes)
}
