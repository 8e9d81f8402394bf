//! How far workers are isolated: asked once at the start, and told by every worker.

use std::sync::PoisonError;

use access::Role;
use base::Timestamp;
use secure_domain::isolation::{Attempt, Holds, Isolation, Layer};
use secure_domain::protocol::ZoneKind;
use serde::Serialize;

use super::worker::{self, Worker};
use crate::{App, Ctx, Error, Result, tenants};

/// What is known of the isolation of workers.
#[derive(Debug, Clone, Serialize)]
pub struct IsolationState {
    /// What the canary said at the start; absent until it has, or where it could not be asked.
    pub probed: Option<(Timestamp, Isolation)>,
    /// Workers that run now.
    pub workers: Vec<WorkerState>,
}

/// A worker that runs.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerState {
    /// The zone it serves.
    pub zone: ZoneKind,
    /// Whose it is: unit and title; the platform's own has none.
    pub tenant: Option<(String, String)>,
    /// What its own canary said.
    pub isolation: Isolation,
}

/// The isolation of workers, for those who supervise the installation.
///
/// # Errors
/// Not signed in, or not one of them.
pub async fn isolation(app: &App, ctx: &Ctx) -> Result<IsolationState> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let mut roles = ctx.principal.roles.iter();
    if !roles.any(|role| matches!(role, Role::Supervisor | Role::Admin | Role::Authority)) {
        return Err(Error::Forbidden("access.denied"));
    }
    let mut workers = Vec::new();
    for ((tenant, zone), slot) in app.zones().known() {
        let live = slot.live.lock().await;
        if let Some(live) = live.as_ref().filter(|live| !live.client.is_closed()) {
            let mut isolation = live.client.isolation().clone();
            let limited =
                live.worker.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Worker::limited);
            // A worker sees nothing of its group; the server knows.
            isolation.layers.insert(Layer::Groups, limited.unwrap_or(Holds::Not));
            let known = app
                .store()
                .read("isolation.tenant", |tx| Box::pin(async move { tenants::get(tx, tenant).await }))
                .await
                .ok();
            let tenant = known.map(|tenant| (tenant.unit_name, tenant.title));
            workers.push(WorkerState { zone, tenant, isolation });
        }
    }
    workers.sort_by(|a, b| (&a.tenant, a.zone as u8).cmp(&(&b.tenant, b.zone as u8)));
    Ok(IsolationState { probed: app.zones().probed(), workers })
}

/// Asks the canary once and says in the log what is missing.
pub(crate) async fn probe(app: App) {
    match worker::probe(&app).await {
        Ok(isolation) => {
            let missing: Vec<Layer> = isolation
                .layers
                .iter()
                .filter(|(_, holds)| **holds != Holds::Fully)
                .map(|(layer, _)| *layer)
                .collect();
            let open: Vec<Attempt> = isolation
                .attempts
                .iter()
                .filter(|(_, stopped)| !**stopped)
                .map(|(attempt, _)| *attempt)
                .collect();
            if isolation.is_complete() {
                tracing::info!("workers are isolated: every layer holds");
            } else {
                tracing::warn!(?missing, ?open, "workers are not fully isolated on this machine");
            }
            app.zones().set_probed(app.now(), isolation);
        }
        Err(error) => {
            tracing::error!(error.code = error.code(), error = ?error, "the isolation of workers could not be probed");
        }
    }
}
