//! The outbox: jobs pushed in the transaction that made them necessary, leased by workers, done once.

use base::Timestamp;

use crate::engine::{Tx, dialect, execute, fetch};
use crate::{Error, bound};

/// Jobs leased at once.
pub const LEASE_MAX: u32 = 1_000;

/// Work to be done outside a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Kind, names the handler.
    pub kind: String,
    /// Idempotency key: of one kind and key there is one job, ever.
    pub key: String,
    /// Not before.
    pub run_at: Timestamp,
    /// What the handler needs.
    pub body: Vec<u8>,
}

/// A leased job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Kind.
    pub kind: String,
    /// Idempotency key.
    pub key: String,
    /// Which attempt this is, counted from 1; also the proof of the lease.
    pub attempt: i64,
    /// When it was due.
    pub run_at: Timestamp,
    /// What the handler needs.
    pub body: Vec<u8>,
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    /// Kind.
    pub kind: String,
    /// Idempotency key.
    pub key: String,
    /// Attempts made.
    pub attempt: i64,
    /// When it last failed.
    pub failed_at: Timestamp,
    /// Code of the last error.
    pub error: String,
}

/// Whether a worker still held its lease when it reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It did.
    Accepted,
    /// The lease had expired and another worker took the job.
    Late,
}

/// Adds a job; `false` if one of this kind and key was pushed before.
///
/// # Errors
/// The engine's error.
pub async fn push(tx: &mut Tx<'_>, job: &NewJob) -> Result<bool, Error> {
    let inserted = execute!(
        tx,
        "INSERT INTO jobs (kind, key, state, run_at, lease_until, attempt, body) \
         VALUES ($1, $2, 'waiting', $3, 0, 0, $4) ON CONFLICT (kind, key) DO NOTHING",
        &job.kind,
        &job.key,
        job.run_at.micros(),
        &job.body,
    )?;
    Ok(inserted > 0)
}

/// Takes the due jobs that nobody holds, oldest first, until `until`. Counts the attempt.
///
/// # Errors
/// `storage.limit`; the engine's error.
pub async fn lease(tx: &mut Tx<'_>, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Job>, Error> {
    bound("jobs in one lease", limit as usize, LEASE_MAX as usize)?;
    let mut jobs = Vec::new();
    for (kind, key, run_at, attempt, body) in dialect::due_jobs(tx, now.micros(), i64::from(limit)).await? {
        execute!(
            tx,
            "UPDATE jobs SET lease_until = $3, attempt = attempt + 1 WHERE kind = $1 AND key = $2",
            &kind,
            &key,
            until.micros(),
        )?;
        jobs.push(Job { kind, key, attempt: attempt + 1, run_at: Timestamp::from_micros(run_at), body });
    }
    Ok(jobs)
}

/// Gives back every lease, and the attempt with it: the only process that leases has just started, so whoever held them
/// is gone.
///
/// # Errors
/// The engine's error.
pub async fn release(tx: &mut Tx<'_>) -> Result<u64, Error> {
    execute!(
        tx,
        "UPDATE jobs SET lease_until = 0, attempt = attempt - 1 WHERE state = 'waiting' AND lease_until > $1",
        0_i64,
    )
}

/// Reports that a job is done. The row stays, so that the same key is never worked on again.
///
/// # Errors
/// The engine's error.
pub async fn done(tx: &mut Tx<'_>, job: &Job) -> Result<Report, Error> {
    let changed = execute!(
        tx,
        "UPDATE jobs SET state = 'done', error = NULL WHERE kind = $1 AND key = $2 AND attempt = $3 AND state = 'waiting'",
        &job.kind,
        &job.key,
        job.attempt,
    )?;
    Ok(report(changed))
}

/// Reports a failure: the job runs again at `at`, or is dead after `attempts_max` attempts.
///
/// # Errors
/// The engine's error.
pub async fn retry(
    tx: &mut Tx<'_>,
    job: &Job,
    at: Timestamp,
    error: &str,
    attempts_max: i64,
) -> Result<Report, Error> {
    let state = if job.attempt >= attempts_max { "dead" } else { "waiting" };
    let changed = execute!(
        tx,
        "UPDATE jobs SET state = $4, run_at = $5, lease_until = 0, error = $6 \
         WHERE kind = $1 AND key = $2 AND attempt = $3 AND state = 'waiting'",
        &job.kind,
        &job.key,
        job.attempt,
        state,
        at.micros(),
        error,
    )?;
    Ok(report(changed))
}

const fn report(changed: u64) -> Report {
    if changed == 0 { Report::Late } else { Report::Accepted }
}

/// The dead letters, oldest first.
///
/// # Errors
/// The engine's error.
pub async fn dead(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<DeadJob>, Error> {
    let rows = fetch!(
        fetch_all,
        tx,
        (String, String, i64, i64, Option<String>),
        "SELECT kind, key, attempt, run_at, error FROM jobs WHERE state = 'dead' ORDER BY run_at, kind, key LIMIT $1",
        i64::from(limit),
    )?;
    let job = |(kind, key, attempt, failed_at, error): (_, _, _, _, Option<String>)| DeadJob {
        kind,
        key,
        attempt,
        failed_at: Timestamp::from_micros(failed_at),
        error: error.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(job).collect())
}

/// Puts a dead job back in the queue; `false` if there is no such dead job.
///
/// # Errors
/// The engine's error.
pub async fn revive(tx: &mut Tx<'_>, kind: &str, key: &str, at: Timestamp) -> Result<bool, Error> {
    let changed = execute!(
        tx,
        "UPDATE jobs SET state = 'waiting', run_at = $3, lease_until = 0, attempt = 0 \
         WHERE kind = $1 AND key = $2 AND state = 'dead'",
        kind,
        key,
        at.micros(),
    )?;
    Ok(changed > 0)
}

/// When the next waiting job is due, leased ones included.
///
/// # Errors
/// The engine's error.
pub async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let (at,) = fetch!(
        fetch_one,
        tx,
        (Option<i64>,),
        "SELECT MIN(CASE WHEN lease_until > run_at THEN lease_until ELSE run_at END) FROM jobs WHERE state = 'waiting'"
    )?;
    Ok(at.map(Timestamp::from_micros))
}

/// Forgets jobs that were done and were due before `before`; answers how many.
///
/// # Errors
/// The engine's error.
pub async fn prune(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM jobs WHERE state = 'done' AND run_at < $1", before.micros())
}
