//! Executes an ordered run in the tenant's prod zone.
//!
//! The start is durable in the journal before the worker is asked. An attempt that broke off leaves at most two files
//! that no row names; the next attempt removes them and writes others.

use access::{Action, Permit};
use base::{Id, Timestamp, kind};
use privacy::disclosure::Suppression;
use secure_domain::objects::object_path;
use secure_domain::protocol::{ObjectRef, RunDone, RunOrder, Secret, ZoneKey, ZoneKind};
use storage::objects as rows;
use storage::records::{self, Expected};

use crate::clock::new_id;
use crate::journal::Note;
use crate::models::{self, ModelRecord};
use crate::runs::{self, Attempt, Run, RunError, RunResult, RunState};
use crate::tenants::Tenant;
use crate::{App, Ctx, Error, Result, exports, objects, zones};

/// The service that executes runs.
const SERVICE: &str = "run.execute";

/// Executes a run. Safe to run again: a run that ended stays as it is.
pub(super) async fn run(app: &App, id: Id<kind::Run>, last: bool) -> Result<()> {
    let (run, tenant) = runs::with_tenant(app, id).await?;
    if matches!(run.state, RunState::Done | RunState::Failed) {
        return Ok(());
    }
    if !tenant.is_open() {
        return fail(app, &run, &tenant, &Error::Forbidden("tenant.closed")).await;
    }
    match attempt(app, run.clone(), &tenant).await {
        Ok(()) => Ok(()),
        // The zone or the store was away: try again, but not for ever.
        Err(error @ (Error::Unavailable(_) | Error::Internal { .. })) if !last => Err(error),
        Err(error) => fail(app, &run, &tenant, &error).await,
    }
}

/// A sealed object that is to be written, with its key.
struct Target {
    key: ZoneKey,
    wrapped: Vec<u8>,
}

impl Target {
    async fn new(app: &App, tenant: Id<kind::Tenant>, object: Id<kind::Object>) -> Result<Self> {
        let (key, wrapped) = app
            .store()
            .read("object.key", |tx| {
                Box::pin(async move { app.keys().new_data_key(tx, tenant, object).await })
            })
            .await?;
        let key = ZoneKey { name: object.to_string(), tenant, key: Secret::new(key.to_bytes()) };
        Ok(Self { key, wrapped })
    }
}

async fn attempt(app: &App, mut run: Run, tenant: &Tenant) -> Result<()> {
    let now = app.now();
    let permit = permit(app, &run, tenant, now)?;
    if let Some(earlier) = run.attempt {
        objects::discard(app, earlier.result).await;
        objects::discard(app, earlier.cells).await;
    }
    let objects = Attempt { result: new_id(now), cells: new_id(now) };
    let (model, earlier) = begin(app, &permit, &mut run, objects, now).await?;
    let result = Target::new(app, run.tenant, objects.result).await?;
    let cells = Target::new(app, run.tenant, objects.cells).await?;
    let zone = zones::zone(app, run.tenant, ZoneKind::Prod).await?;
    let order = order(&run, &model, objects, &earlier);
    let mut keys = vec![result.key.clone(), cells.key.clone()];
    // Named for this run: another run that ends must not take them away.
    keys.extend(earlier.into_iter().map(|key| ZoneKey { name: lent(&key.name, run.id), ..key }));
    let names = keys.iter().map(|key| key.name.clone()).collect();
    zone.add_keys(keys).await?;
    let done = zone.run(&permit, order).await;
    // The worker needs no result it has delivered; reviewers bring the key again.
    if let Err(error) = zone.forget_keys(names).await {
        tracing::warn!(run.id = %run.id, error.code = error.code(), "the prod worker kept keys");
    }
    finish(app, &permit, &run, objects, &done?, [result.wrapped, cells.wrapped]).await
}

fn lent(name: &str, run: Id<kind::Run>) -> String {
    format!("{name}@{run}")
}

fn order(run: &Run, model: &ModelRecord, objects: Attempt, earlier: &[ZoneKey]) -> RunOrder {
    let object = |object: Id<kind::Object>| ObjectRef { object, key: object.to_string() };
    let known =
        |key: &ZoneKey| Some(ObjectRef { object: key.name.parse().ok()?, key: lent(&key.name, run.id) });
    let earlier = earlier.iter().filter_map(known).collect();
    RunOrder {
        run: run.id,
        basis: vec![
            format!("tenant/{}", run.tenant),
            format!("model/{}", run.model),
            format!("case/{}", run.approval),
        ],
        sql: model.text.clone(),
        sql_digest: model.model.sql,
        parameters: model.model.parameters.clone(),
        values: run.values.clone(),
        inputs: run.inputs.clone(),
        output: model.model.output.clone(),
        thresholds: run.thresholds,
        suppression: Suppression::DropRows,
        earlier,
        result: object(objects.result),
        cells: Some(object(objects.cells)),
    }
}

fn permit(app: &App, run: &Run, tenant: &Tenant, now: Timestamp) -> Result<Permit> {
    app.permit(&Ctx::service(SERVICE, now), Action::RunExecute, run.reference(tenant))
}

/// Writes down that the run begins, in the transaction that sees that access is open and the model still approved.
/// Answers the model and the keys of the cells of everything released before.
async fn begin(
    app: &App,
    permit: &Permit,
    run: &mut Run,
    objects: Attempt,
    now: Timestamp,
) -> Result<(ModelRecord, Vec<ZoneKey>)> {
    let id = run.id;
    let (stored, model, earlier) = app
        .store()
        .transact(permit, "run.begin", |tx| {
            Box::pin(async move {
                let mut stored = runs::versioned(tx, id).await?;
                let tenant = stored.value.tenant;
                if !crate::tenants::get(tx, tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let model = models::versioned(tx, stored.value.model).await?.value;
                if model.check_approved()?.digest != stored.value.model_digest {
                    return Err(Error::Conflict("model.not_approved"));
                }
                let mut earlier = Vec::new();
                for cells in exports::released_cells(tx, tenant).await? {
                    earlier.push(zones::key_of(app, tx, tenant, cells).await?);
                }
                stored.value.state = RunState::Running;
                stored.value.started = Some(now);
                stored.value.attempt = Some(objects);
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                let note = Note {
                    subject: format!("run/{id}"),
                    tenant: Some(tenant),
                    clauses: &stored.value.clauses,
                    payload: (&stored.value.inputs, objects, stored.value.model_digest),
                };
                app.record(tx, permit, now, note).await?;
                Ok((stored.value, model, earlier))
            })
        })
        .await?;
    *run = stored;
    Ok((model, earlier))
}

async fn finish(
    app: &App,
    permit: &Permit,
    run: &Run,
    objects: Attempt,
    done: &RunDone,
    [result_key, cells_key]: [Vec<u8>; 2],
) -> Result<()> {
    let now = app.now();
    let mut registered = vec![row(app, run, "result", objects.result, &done.written, result_key, now)];
    let cells = cells_row(app, run, objects.cells, cells_key, now).await?;
    let result = &RunResult {
        object: objects.result,
        digest: done.written.digest,
        rows: done.written.rows,
        cells: cells.as_ref().map(|cells| cells.id),
        output: done.output.clone(),
        report: Some(done.report.clone()),
        ir_digest: done.ir_digest,
    };
    registered.extend(cells);
    let (id, registered) = (run.id, &registered);
    app.store()
        .transact(permit, "run.done", |tx| {
            Box::pin(async move {
                for object in registered {
                    rows::put(tx, object).await?;
                }
                let mut stored = runs::versioned(tx, id).await?;
                stored.value.state = RunState::Done;
                stored.value.finished = Some(now);
                stored.value.attempt = None;
                stored.value.result = Some(result.clone());
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                let tenant = Some(stored.value.tenant);
                let note = Note { subject: format!("run/{id}"), tenant, clauses: &[], payload: result };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    app.committed();
    Ok(())
}

fn row(
    app: &App,
    run: &Run,
    kind: &str,
    object: Id<kind::Object>,
    written: &secure_domain::objects::Written,
    wrapped: Vec<u8>,
    now: Timestamp,
) -> rows::Object {
    let path = object_path(&app.config().objects_dir(), object);
    let bytes = i64::try_from(written.sealed_bytes).unwrap_or(i64::MAX);
    rows::Object {
        id: object,
        tenant: run.tenant,
        kind: kind.to_owned(),
        path: objects::relative(app, &path),
        sealed_bytes: bytes,
        plain_bytes: bytes,
        digest: written.digest,
        wrapped,
        created: now,
        destroyed_at: None,
    }
}

/// The record of the cells, if the worker wrote one: it does for results of a comparable shape.
async fn cells_row(
    app: &App,
    run: &Run,
    object: Id<kind::Object>,
    wrapped: Vec<u8>,
    now: Timestamp,
) -> Result<Option<rows::Object>> {
    let path = object_path(&app.config().objects_dir(), object);
    let sealed = match tokio::fs::read(&path).await {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::internal("object.read", error)),
    };
    let written = secure_domain::objects::Written {
        object,
        digest: base::Digest::of(&sealed),
        sealed_bytes: sealed.len() as u64,
        rows: 0,
    };
    Ok(Some(row(app, run, "cells", object, &written, wrapped, now)))
}

async fn fail(app: &App, run: &Run, tenant: &Tenant, error: &Error) -> Result<()> {
    let now = app.now();
    // A closed tenant's run ends too; ending it opens nothing.
    let reference = run.reference(tenant).with_life(access::Life::Live);
    let permit = &app.permit(&Ctx::service(SERVICE, now), Action::RunExecute, reference)?;
    let told = &RunError { code: error.code().to_owned(), refusal: error.refusal().cloned() };
    tracing::info!(run.id = %run.id, error.code = error.code(), "run failed");
    let id = run.id;
    let left = app
        .store()
        .transact(permit, "run.failed", |tx| {
            Box::pin(async move {
                let mut stored = runs::versioned(tx, id).await?;
                stored.value.state = RunState::Failed;
                stored.value.finished = Some(now);
                stored.value.error = Some(told.clone());
                let left = stored.value.attempt.take();
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                // The tenant's key may be gone; a code holds nothing of the tenant's.
                let note = Note { subject: format!("run/{id}"), tenant: None, clauses: &[], payload: told };
                app.record(tx, permit, now, note).await?;
                Ok::<_, Error>(left)
            })
        })
        .await?;
    if let Some(left) = left {
        objects::discard(app, left.result).await;
        objects::discard(app, left.cells).await;
    }
    app.committed();
    Ok(())
}
