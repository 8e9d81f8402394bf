//! What the data API keeps in memory: who a key belongs to, how much of a quota is used, and indexes of releases.
//!
//! Every command of the application empties the caches after its commit, so that what a command closed is closed for
//! the next call. Counters survive: they are loaded from the meter once and then counted here.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base::{Date, Id, kind};
use products::Counters;
use secure_domain::serving::Index;

use crate::identity::Unit;
use crate::models::Asked;
use crate::products::ProductRecord;
use crate::tenants::Tenant;
use crate::usages::{KeyEntry, UsageRecord};

/// Everything a call needs to know, read together.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) key: KeyEntry,
    pub(crate) usage: UsageRecord,
    pub(crate) product: ProductRecord,
    pub(crate) tenant: Tenant,
    pub(crate) buyer: Unit,
    pub(crate) operator: Unit,
}

/// Calls counted for one agreement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// The day counted.
    pub(crate) day: Date,
    /// Counters of that day and its month.
    pub(crate) counters: Counters,
}

/// The caches.
#[derive(Default)]
pub(crate) struct Market {
    bundles: RwLock<HashMap<Id<kind::ApiKey>, Arc<Bundle>>>,
    indexes: RwLock<HashMap<Id<kind::Product>, Arc<Index>>>,
    counted: Mutex<HashMap<Id<kind::Usage>, Counted>>,
    /// How often the caches were emptied, and which verifications were handed to a zone since.
    loaded: RwLock<(u64, HashSet<Asked>)>,
}

impl std::fmt::Debug for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Market(…)")
    }
}

impl Market {
    /// Forgets who may call what. Called after every commit that is not a call itself.
    pub(crate) fn forget(&self) {
        self.bundles.write().unwrap_or_else(PoisonError::into_inner).clear();
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.0 += 1;
        loaded.1.clear();
        drop(loaded);
        let mut indexes = self.indexes.write().unwrap_or_else(PoisonError::into_inner);
        indexes.clear();
    }

    pub(crate) fn bundle(&self, key: Id<kind::ApiKey>) -> Option<Arc<Bundle>> {
        self.bundles.read().unwrap_or_else(PoisonError::into_inner).get(&key).map(Arc::clone)
    }

    pub(crate) fn keep_bundle(&self, bundle: Arc<Bundle>) {
        let key = bundle.key.key.id;
        self.bundles.write().unwrap_or_else(PoisonError::into_inner).insert(key, bundle);
    }

    pub(crate) fn index(&self, product: Id<kind::Product>) -> Option<Arc<Index>> {
        self.indexes.read().unwrap_or_else(PoisonError::into_inner).get(&product).map(Arc::clone)
    }

    pub(crate) fn keep_index(&self, product: Id<kind::Product>, index: Arc<Index>) {
        self.indexes.write().unwrap_or_else(PoisonError::into_inner).insert(product, index);
    }

    /// Whether a verification was handed to the zone since the caches were emptied.
    pub(crate) fn is_loaded(&self, asked: &Asked) -> bool {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).1.contains(asked)
    }

    /// How often the caches were emptied: what was read under another number is not kept.
    pub(crate) fn generation(&self) -> u64 {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Remembers what was handed to the zone, unless the caches were emptied since.
    pub(crate) fn keep_loaded(&self, asked: &Asked, generation: u64) {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if loaded.0 == generation {
            loaded.1.insert(asked.clone());
        }
    }

    /// Changes an agreement's counters under one lock. `None` when they are not loaded for the day.
    pub(crate) fn count<T>(
        &self,
        usage: Id<kind::Usage>,
        day: Date,
        change: impl FnOnce(&mut Counters) -> T,
    ) -> Option<T> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted
            .get_mut(&usage)
            .filter(|counted| counted.day == day)
            .map(|counted| change(&mut counted.counters))
    }

    pub(crate) fn keep_counters(&self, usage: Id<kind::Usage>, loaded: Counted) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        // Another call may have loaded and counted meanwhile.
        let known = counted.get(&usage).is_some_and(|known| known.day == loaded.day);
        if !known {
            counted.insert(usage, loaded);
        }
    }
}
