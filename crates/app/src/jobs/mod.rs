//! Background jobs: pushed in the transaction that made them necessary, run at least once, safe to run again.

mod destroy_tenant;
pub(crate) mod ledger;
mod prepare_grant;
mod release_export;
mod run_again;
mod run_order;
mod stop_zones;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::jobs::{Job, NewJob};
use storage::{Tx, jobs};
use tokio::sync::Semaphore;

use crate::{App, Error, Result};

/// Jobs run at the same time. Two cores; heavy work happens in zone workers.
const CONCURRENT: usize = 4;
/// How long a job may run before another runner may take it.
const LEASE_SECONDS: i64 = 600;
/// After so many failed attempts a job is a dead letter, shown to administrators.
const ATTEMPTS_MAX: i64 = 8;
/// How often a job that met a busy store is tried again at once, before it waits for its next attempt.
const BUSY_TRIES: u32 = 6;
/// The first wait between such tries; each is twice the one before.
const BUSY_WAIT: Duration = Duration::from_millis(50);
/// How often the runner looks without being woken.
const IDLE: Duration = Duration::from_millis(500);

/// Takes a tenant's zones down after its access was closed.
pub(crate) const STOP_ZONES: &str = "stop_zones";
/// Removes the files of objects whose keys were destroyed with a grant.
pub(crate) const DISCARD_OBJECTS: &str = "discard_objects";
/// Copies the granted columns into the tenant's prod zone and makes the twin for its dev zone.
pub(crate) const PREPARE_GRANT: &str = "prepare_grant";
/// Removes a destroyed tenant's files, scans for residue, makes the certificate.
pub(crate) const DESTROY_TENANT: &str = "destroy_tenant";

/// Plants the text that the residue scan searches for among a tenant's data.
pub(crate) const PLANT_CANARY: &str = "plant_canary";
/// Writes the papers that the pack wants on an occasion of a case.
pub(crate) const WRITE_PAPERS: &str = "write_papers";
/// Moves the running cases that a version of the pack takes along.
pub(crate) const MOVE_CASES: &str = "move_cases";

/// Executes an ordered run.
pub(crate) const RUN_ORDER: &str = "run_order";
/// Runs the order of a candidate again for its reviewers.
pub(crate) const RUN_AGAIN: &str = "run_again";
/// Rebuilds an approved export in canonical form and releases it.
pub(crate) const RELEASE_EXPORT: &str = "release_export";

/// What a destruction job is about.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub(crate) struct DestroyOrder {
    /// The tenant.
    pub(crate) tenant: base::Id<base::kind::Tenant>,
    /// The case that ordered it.
    pub(crate) case: base::Id<base::kind::Case>,
    /// When its key was destroyed.
    pub(crate) destroyed_at: Timestamp,
    /// What to search for; orders of earlier releases have none.
    #[serde(default)]
    pub(crate) traces: Vec<vault::residue::Trace>,
}

/// Pushes a job in the caller's transaction. A job with the same kind and key exists once.
pub(crate) async fn push(
    tx: &mut Tx<'_>,
    kind: &'static str,
    key: impl ToString,
    run_at: Timestamp,
    body: &(impl Serialize + Sync),
) -> Result<()> {
    let body = serde_json::to_vec(body).map_err(|error| Error::internal("job.body", error))?;
    jobs::push(tx, &NewJob { kind: kind.to_owned(), key: key.to_string(), run_at, body }).await?;
    Ok(())
}

/// Reads a job's body.
pub(crate) fn body<T: DeserializeOwned>(job: &Job) -> Result<T> {
    serde_json::from_slice(&job.body).map_err(|error| Error::internal("job.body", error))
}

/// Jobs of this process that are running, each with the attempt it was leased for last: with a clock that can jump, a
/// lease alone does not keep a job from being taken twice.
type Running = Arc<Mutex<HashMap<(String, String), i64>>>;

/// Runs jobs until the application stops.
pub(crate) async fn run(app: App) {
    release(&app).await;
    let running = Running::default();
    let slots = Arc::new(Semaphore::new(CONCURRENT));
    while !app.stopping().is_cancelled() {
        match lease(&app, slots.available_permits()).await {
            Ok(found) => {
                for job in found {
                    let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                    let key = (job.kind.clone(), job.key.clone());
                    // The one that runs already ends for the newest lease as well.
                    let known = running
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(key.clone(), job.attempt);
                    if known.is_some() {
                        continue;
                    }
                    let (app, running) = (app.clone(), Arc::clone(&running));
                    app.tasks().clone().spawn(async move {
                        let result = attempt(&app, &job).await;
                        let newest =
                            running.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
                        let job = Job { attempt: newest.unwrap_or(job.attempt), ..job };
                        report(&app, &job, result).await;
                        running.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                        drop(slot);
                        app.committed();
                    });
                }
            }
            Err(error) => tracing::error!(error.code = error.code(), "jobs cannot be leased"),
        }
        tokio::select! {
            () = app.job_pushed() => {}
            () = tokio::time::sleep(IDLE) => {}
            () = app.stopping().cancelled() => {}
        }
    }
}

/// Runs what is due until nothing is, one after the other.
#[cfg(test)]
pub(crate) async fn drain(app: &App) {
    loop {
        let due = lease(app, CONCURRENT).await.unwrap();
        if due.is_empty() {
            return;
        }
        for job in &due {
            report(app, job, attempt(app, job).await).await;
        }
    }
}

/// What a process that was killed had leased is taken up at once. Only on the embedded database, which one process has to
/// itself; where several share one, a lease has to run out.
async fn release(app: &App) {
    if !app.config().database.is_empty() {
        return;
    }
    let released = app
        .store()
        .system("jobs.release", |tx| Box::pin(async move { Ok::<_, Error>(jobs::release(tx).await?) }))
        .await;
    match released {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "jobs of an earlier process are taken up again"),
        Err(error) => tracing::error!(error.code = error.code(), "leases of an earlier process stay"),
    }
}

async fn lease(app: &App, free: usize) -> Result<Vec<Job>> {
    let Ok(limit @ 1..) = u32::try_from(free) else { return Ok(Vec::new()) };
    let now = app.now();
    let until = now.plus_seconds(LEASE_SECONDS);
    app.store()
        .system("jobs.lease", |tx| Box::pin(async move { Ok(jobs::lease(tx, now, until, limit).await?) }))
        .await
}

/// Runs a job; when the store was busy, again at once.
async fn attempt(app: &App, job: &Job) -> Result<()> {
    patiently(|| dispatch(app, job)).await
}

/// Tries again what met a busy store, a few times and by the machine's own time. The next attempt of a job waits by the
/// installation's clock, which may stand still.
async fn patiently<T, F: Future<Output = Result<T>>>(work: impl Fn() -> F) -> Result<T> {
    let mut wait = BUSY_WAIT;
    for _ in 0..BUSY_TRIES {
        match work().await {
            Err(Error::Unavailable("storage.busy")) => {}
            other => return other,
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    work().await
}

/// Says in the store how an attempt ended.
async fn report(app: &App, job: &Job, result: Result<()>) {
    if let Err(error) = patiently(|| told(app, job, &result)).await {
        tracing::error!(
            job.kind,
            job.key,
            error.code = error.code(),
            "job outcome not stored; it will run again"
        );
    }
}

async fn told(app: &App, job: &Job, result: &Result<()>) -> Result<()> {
    let now = app.now();
    match result {
        Ok(()) => app
            .store()
            .system("jobs.done", |tx| Box::pin(async move { Ok::<_, Error>(jobs::done(tx, job).await?) }))
            .await
            .map(|_| ()),
        Err(error) => {
            tracing::warn!(
                job.kind, job.key, job.attempt, error.code = error.code(), error = ?error, "job failed"
            );
            let (code, later) = (error.code(), now.plus_seconds(1 << job.attempt.clamp(0, 10)));
            app.store()
                .system("jobs.retry", |tx| {
                    Box::pin(
                        async move { Ok::<_, Error>(jobs::retry(tx, job, later, code, ATTEMPTS_MAX).await?) },
                    )
                })
                .await
                .map(|_| ())
        }
    }
}

async fn dispatch(app: &App, job: &Job) -> Result<()> {
    match job.kind.as_str() {
        STOP_ZONES => stop_zones::run(app, body(job)?).await,
        DISCARD_OBJECTS => {
            crate::tenants::discard(app, &body::<Vec<_>>(job)?).await;
            Ok(())
        }
        PREPARE_GRANT => prepare_grant::run(app, body(job)?).await,
        DESTROY_TENANT => destroy_tenant::run(app, body(job)?).await,
        PLANT_CANARY => crate::residue::plant(app, body(job)?).await,
        MOVE_CASES => crate::packs::move_cases(app, body(job)?).await,
        RUN_ORDER => run_order::run(app, body(job)?, job.attempt >= ATTEMPTS_MAX).await,
        RUN_AGAIN => run_again::run(app, body(job)?, job.attempt >= ATTEMPTS_MAX).await,
        WRITE_PAPERS => crate::papers::write(app, body(job)?).await,
        RELEASE_EXPORT => release_export::run(app, body(job)?).await,
        other => Err(Error::internal("job.unknown", format!("no such job: {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Runs work that meets a busy store so many times; answers how it ended and how often it was tried.
    async fn busy(times: u32, then: fn() -> Result<()>) -> (Result<()>, u32) {
        let tries = AtomicU32::new(0);
        let ended = patiently(|| async {
            match tries.fetch_add(1, Ordering::Relaxed) {
                tried if tried < times => Err(Error::Unavailable("storage.busy")),
                _ => then(),
            }
        })
        .await;
        (ended, tries.into_inner())
    }

    #[tokio::test]
    async fn what_met_a_busy_store_is_tried_again_at_once_and_not_for_ever() {
        assert!(matches!(busy(0, || Ok(())).await, (Ok(()), 1)));
        assert!(matches!(busy(3, || Ok(())).await, (Ok(()), 4)));
        let (ended, tries) = busy(100, || Ok(())).await;
        assert_eq!((ended.unwrap_err().code(), tries), ("storage.busy", BUSY_TRIES + 1));
        let (ended, tries) = busy(1, || Err(Error::Conflict("export.decided"))).await;
        assert_eq!((ended.unwrap_err().code(), tries), ("export.decided", 2), "another fault is told");
    }
}
