//! Objects that a worker is about to write.

use base::{Id, Timestamp, kind};
use secure_domain::protocol::{ObjectRef, Secret, ZoneKey};

use crate::{App, Result};

/// A fresh object of a tenant with its key.
pub(crate) struct Fresh {
    pub(crate) object: Id<kind::Object>,
    pub(crate) key: ZoneKey,
    /// The key under the tenant's own, to be stored.
    pub(crate) wrapped: Vec<u8>,
}

impl Fresh {
    /// With an id of its own.
    pub(crate) async fn new(app: &App, tenant: Id<kind::Tenant>, now: Timestamp) -> Result<Self> {
        Self::named(app, tenant, crate::clock::new_id(now)).await
    }

    /// With an id that was written down before.
    pub(crate) async fn named(app: &App, tenant: Id<kind::Tenant>, object: Id<kind::Object>) -> Result<Self> {
        let (key, wrapped) = app
            .store()
            .read("object.key", |tx| {
                Box::pin(async move { app.keys().new_data_key(tx, tenant, object).await })
            })
            .await?;
        let key = ZoneKey { name: object.to_string(), tenant, key: Secret::new(key.to_bytes()) };
        Ok(Self { object, key, wrapped })
    }

    pub(crate) fn reference(&self) -> ObjectRef {
        ObjectRef { object: self.object, key: self.key.name.clone() }
    }
}
