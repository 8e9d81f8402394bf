//! The supervisor of zone workers: one process per tenant and kind of zone, started when somebody needs it, stopped
//! when access closes or nobody asks for a while.
//!
//! Invariants: no worker runs for a tenant whose access is closed (what starts and what stops a zone wait for each
//! other); a worker holds its own tenant's keys only, with those of the consents to what was granted, and gets them over its socket, never on the command line, in the
//! environment or in a file.

mod isolation;
mod tables;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Id, Timestamp, kind};
use secure_domain::client::ZoneClient;
use secure_domain::isolation::Isolation;
use secure_domain::protocol::ZoneKind;
use tokio::time::Instant;

pub(crate) use isolation::probe;
pub use isolation::{IsolationState, WorkerState, isolation};
pub(crate) use tables::{held, key_of, raw_spec};
use worker::Worker;

use crate::{App, Error, Result};

/// A worker that nobody asked for so long is stopped.
const IDLE_MAX: Duration = Duration::from_secs(600);
/// How often idle workers are looked for.
const WATCH: Duration = Duration::from_secs(30);
/// How long a worker may take to say goodbye before it is killed.
const GOODBYE: Duration = Duration::from_secs(2);

type Place = (Id<kind::Tenant>, ZoneKind);

/// All zones of this process.
#[derive(Default)]
pub(crate) struct Zones {
    slots: Mutex<HashMap<Place, Arc<Slot>>>,
    /// What the canary said at the start.
    probed: Mutex<Option<(Timestamp, Isolation)>>,
    /// Whether workers can be given namespaces; unknown until the first is started.
    namespaces: tokio::sync::OnceCell<bool>,
}

impl std::fmt::Debug for Zones {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Zones(…)")
    }
}

/// Where a zone runs, if it runs. Whoever starts or stops it holds the lock.
#[derive(Default)]
struct Slot {
    live: tokio::sync::Mutex<Option<Arc<Live>>>,
}

struct Live {
    client: ZoneClient,
    worker: Mutex<Option<Worker>>,
    used: Mutex<Instant>,
    /// What the tables that it was given are made of.
    given: Mutex<Vec<tables::MadeOf>>,
}

/// A running zone. While it is held the zone is not idle.
#[derive(Clone)]
pub(crate) struct Zone(Arc<Live>);

impl std::ops::Deref for Zone {
    type Target = ZoneClient;
    fn deref(&self) -> &ZoneClient {
        &self.0.client
    }
}

impl Zones {
    fn slot(&self, place: Place) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(place).or_default())
    }

    fn probed(&self) -> Option<(Timestamp, Isolation)> {
        self.probed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_probed(&self, at: Timestamp, isolation: Isolation) {
        *self.probed.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, isolation));
    }

    fn known(&self) -> Vec<(Place, Arc<Slot>)> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.iter().map(|(place, slot)| (*place, Arc::clone(slot))).collect()
    }

    fn of(&self, tenant: Id<kind::Tenant>) -> Vec<(Place, Arc<Slot>)> {
        self.known().into_iter().filter(|((owner, _), _)| *owner == tenant).collect()
    }

    /// The zone, if it runs. No look at the tenant's state: a caller on the fast path checks that in the transaction
    /// that records the call; when access closes, the zone is stopped anyway.
    pub(crate) async fn running(&self, tenant: Id<kind::Tenant>, kind: ZoneKind) -> Option<Zone> {
        let slot = self.slot((tenant, kind));
        let live = slot.live.lock().await;
        live.as_ref().filter(|live| !live.client.is_closed()).map(use_it)
    }

    /// Keeps a zone from being started while something else happens.
    #[cfg(test)]
    pub(crate) async fn hold<T>(
        &self,
        tenant: Id<kind::Tenant>,
        kind: ZoneKind,
        meanwhile: impl Future<Output = T>,
    ) -> T {
        let slot = self.slot((tenant, kind));
        let _held = slot.live.lock().await;
        meanwhile.await
    }

    /// Stops every worker of a tenant and waits until they are gone.
    pub(crate) async fn stop(&self, tenant: Id<kind::Tenant>) {
        for (_, slot) in self.of(tenant) {
            // A zone that is being started is waited for, then stopped.
            let live = slot.live.lock().await.take();
            if let Some(live) = live {
                end(&live).await;
            }
        }
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|(owner, _), slot| *owner != tenant || Arc::strong_count(slot) > 1);
    }

    /// Workers of a tenant that run.
    pub(crate) async fn workers(&self, tenant: Id<kind::Tenant>) -> u64 {
        let mut running = 0;
        for (_, slot) in self.of(tenant) {
            running +=
                u64::from(slot.live.lock().await.as_ref().is_some_and(|live| !live.client.is_closed()));
        }
        running
    }

    /// Stops all workers.
    pub(crate) async fn stop_all(&self) {
        for (_, slot) in self.known() {
            let live = slot.live.lock().await.take();
            if let Some(live) = live {
                end(&live).await;
            }
        }
    }

    async fn stop_idle(&self) {
        for ((tenant, kind), slot) in self.known() {
            let Ok(mut live) = slot.live.try_lock() else { continue };
            let idle = live.as_ref().is_some_and(|live| {
                let used = *live.used.lock().unwrap_or_else(PoisonError::into_inner);
                live.client.is_closed() || (Arc::strong_count(live) == 1 && used.elapsed() > IDLE_MAX)
            });
            if let Some(ended) = live.take_if(|_| idle) {
                tracing::info!(%tenant, ?kind, "idle zone stopped");
                end(&ended).await;
            }
        }
    }
}

fn use_it(live: &Arc<Live>) -> Zone {
    *live.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    Zone(Arc::clone(live))
}

async fn end(live: &Live) {
    // A worker that is gone already cannot answer; what counts is that its process ends.
    let _goodbye = tokio::time::timeout(GOODBYE, live.client.shutdown()).await;
    let worker = live.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(worker) = worker {
        worker.end().await;
    }
}

/// A zone of a tenant, started if it does not run.
///
/// # Errors
/// `tenant.closed` unless access is open (for intake: unless it is a provider's holding area); `zone.start`.
pub(crate) async fn zone(app: &App, tenant: Id<kind::Tenant>, kind: ZoneKind) -> Result<Zone> {
    let slot = app.zones().slot((tenant, kind));
    let mut live = slot.live.lock().await;
    if let Some(running) = live.as_ref().filter(|live| !live.client.is_closed()) {
        // Who reads that a grant is ready may be here before the job that said so has told the zone.
        let due = tables::due(app, tenant, kind).await?;
        if *running.given.lock().unwrap_or_else(PoisonError::into_inner) != due {
            give(app, running, tenant, kind).await?;
        }
        return Ok(use_it(running));
    }
    // Read while the slot is held: access that closes after this finds the slot and stops what is started here.
    let held = held(app, tenant, kind).await?;
    if let Some(dead) = live.take() {
        tracing::warn!(%tenant, ?kind, "zone worker was gone; starting another");
        end(&dead).await;
    }
    let given = Mutex::new(held.made_of.clone());
    let (client, worker) = worker::start(app, &held.into_init(app, tenant, kind)).await?;
    let (worker, used) = (Mutex::new(Some(worker)), Mutex::new(Instant::now()));
    let started = Arc::new(Live { client, worker, used, given });
    tracing::info!(%tenant, ?kind, "zone started");
    Ok(use_it(live.insert(started)))
}

/// Gives running zones of a tenant the tables that it holds now.
pub(crate) async fn refresh(app: &App, tenant: Id<kind::Tenant>) -> Result<()> {
    for ((_, kind), slot) in app.zones().of(tenant) {
        let mut live = slot.live.lock().await;
        let Some(running) = live.as_ref().filter(|live| !live.client.is_closed()) else { continue };
        if matches!(kind, ZoneKind::Intake | ZoneKind::Ledger) {
            continue;
        }
        let given = give(app, running, tenant, kind).await;
        if let Err(error) = given {
            // Started again on next use, with the right tables.
            tracing::warn!(%tenant, ?kind, error.code = error.code(), "zone did not take its tables");
            if let Some(stale) = live.take() {
                end(&stale).await;
            }
        }
    }
    Ok(())
}

async fn give(app: &App, live: &Live, tenant: Id<kind::Tenant>, kind: ZoneKind) -> Result<()> {
    let held = held(app, tenant, kind).await?;
    let made_of = held.made_of;
    live.client.add_keys(held.keys).await?;
    live.client.set_tables(held.tables).await?;
    *live.given.lock().unwrap_or_else(PoisonError::into_inner) = made_of;
    Ok(())
}

/// Starts a zone anew: its worker is full of definitions that nobody uses any more.
pub(crate) async fn restart(app: &App, tenant: Id<kind::Tenant>, kind: ZoneKind) -> Result<Zone> {
    let slot = app.zones().slot((tenant, kind));
    let old = slot.live.lock().await.take();
    if let Some(old) = old {
        end(&old).await;
    }
    zone(app, tenant, kind).await
}

/// Stops idle workers until the application stops, then all of them.
pub(crate) async fn watch(app: App) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(WATCH) => app.zones().stop_idle().await,
            () = app.stopping().cancelled() => break,
        }
    }
    app.zones().stop_all().await;
}

/// The fault of a worker that does not start.
fn not_started(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("zone.start", error)
}
