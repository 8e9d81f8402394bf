//! The keys a zone holds.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use base::{Id, kind};
use vault::{DataKey, SealContext};

use crate::Error;
use crate::protocol::{ObjectRef, ZoneKey};

/// Data keys by name, each with the tenant it belongs to. Names are chosen by the server.
#[derive(Default)]
pub struct KeyRing {
    keys: RwLock<HashMap<String, HeldKey>>,
}

type HeldKey = (Id<kind::Tenant>, Arc<DataKey>);

impl KeyRing {
    /// Adds keys; a key of the same name is replaced.
    pub fn add(&self, keys: Vec<ZoneKey>) {
        if let Ok(mut held) = self.keys.write() {
            for ZoneKey { name, tenant, key } in keys {
                held.insert(name, (tenant, Arc::new(DataKey::from_bytes(*key.bytes()))));
            }
        }
    }

    /// Forgets a key; its bytes are wiped when the last reader is gone.
    pub fn forget(&self, name: &str) {
        if let Ok(mut held) = self.keys.write() {
            held.remove(name);
        }
    }

    /// The key that opens an object, and where the object belongs.
    ///
    /// # Errors
    /// `domain.unknown` if the zone does not hold the key.
    pub fn open(&self, object: &ObjectRef) -> Result<(Arc<DataKey>, SealContext), Error> {
        let held = self.keys.read().map_err(|_| Error::unknown("key", &object.key))?;
        let (tenant, key) = held.get(&object.key).ok_or_else(|| Error::unknown("key", &object.key))?;
        Ok((Arc::clone(key), SealContext { tenant: *tenant, object: object.object }))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing(…)")
    }
}
