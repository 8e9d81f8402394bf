//! Executes an ordered run in the tenant's prod zone.
//!
//! The start is durable in the journal before the worker is asked. An attempt that broke off leaves at most two files
//! that no row names; the next attempt removes them and writes others.

use access::{Action, Permit};
use base::{Id, Timestamp, kind};
use secure_domain::objects::object_path;
use secure_domain::protocol::{ConcludeOrder, LedgerAnswer, ObjectRef, RunDone, RunOrder, Secret, ZoneKind};
use storage::objects as rows;
use storage::records::{self, Expected};
use tokio::time::Instant;

use crate::clock::new_id;
use crate::journal::Note;
use crate::models::{self, ModelRecord};
use crate::releases::{self, Cells, Question};
use crate::runs::{self, Attempt, Run, RunError, RunResult, RunState};
use crate::tenants::Tenant;
use crate::zones::Fresh;
use crate::{App, Ctx, Error, Result, consents, objects, time_class, zones};

/// The service that executes runs.
pub(super) const SERVICE: &str = "run.execute";

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
        Err(error) => fail(app, &run, &tenant, &replaced(app, &run, error).await).await,
    }
}

/// Why a run failed, where the reason is that its inputs were replaced after it had begun.
pub(super) async fn replaced(app: &App, run: &Run, error: Error) -> Error {
    if !["domain.order_mismatch", "domain.unknown"].contains(&error.code()) {
        return error;
    }
    let there =
        app.store().read("run.inputs", |tx| Box::pin(async move { runs::check_inputs(tx, run).await })).await;
    there.err().unwrap_or(error)
}

async fn attempt(app: &App, mut run: Run, tenant: &Tenant) -> Result<()> {
    let now = app.now();
    let permit = permit(app, &run, tenant, now)?;
    if let Some(earlier) = run.attempt {
        for object in earlier.objects() {
            objects::discard(app, object).await;
        }
    }
    let draft = new_id(now);
    let objects = Attempt { result: new_id(now), cells: new_id(now), draft: Some(draft) };
    let (model, epoch) = begin(app, &permit, &mut run, objects, now).await?;
    let result = Fresh::named(app, run.tenant, objects.result).await?;
    let cells = Fresh::named(app, run.tenant, objects.cells).await?;
    let draft = Fresh::named(app, run.tenant, draft).await?;
    let entity_key = releases::entity_key(app).await?;
    let zone = zones::zone(app, run.tenant, ZoneKind::Prod).await?;
    let begun = Instant::now();
    let mut order = order(&run, &model, objects, draft.key.name.as_str(), entity_key);
    order.purpose = consents::purpose(app, run.scenario.as_deref());
    let keys = vec![result.key.clone(), cells.key.clone(), draft.key.clone()];
    let names = keys.iter().map(|key| key.name.clone()).collect();
    zone.add_keys(keys).await?;
    let done = execute(app, &permit, &run, &zone, order, draft).await;
    time_class::wait(begun).await;
    if done.is_err() {
        // What was counted waits for no word any more.
        let _gone = zone.forget_run(run.id).await;
    }
    // The worker needs no result it has delivered; reviewers bring the key again.
    if let Err(error) = zone.forget_keys(names).await {
        tracing::warn!(run.id = %run.id, error.code = error.code(), "the prod worker kept keys");
    }
    let brought = Brought { objects, done: done?, keys: [result.wrapped, cells.wrapped], epoch };
    finish(app, &permit, &run, &brought).await
}

/// Counted in the prod zone, judged in the ledger zone, concluded in the prod zone.
pub(super) async fn execute(
    app: &App,
    permit: &Permit,
    run: &Run,
    zone: &zones::Zone,
    order: RunOrder,
    draft: Fresh,
) -> Result<RunDone> {
    let object = order.draft.object;
    let counted = zone.run(permit, order).await?;
    let mut word = LedgerAnswer::default();
    if counted.draft.is_some() {
        let question = Question {
            release: format!("run/{}", run.id),
            cells: Cells { object, key: draft.key },
            thresholds: run.thresholds,
            permit,
        };
        let judged = releases::assess(app, question).await;
        objects::discard(app, object).await;
        word = judged?;
        // Whoever has what: it is known before anything of it was answered.
        if word.held_back {
            return Err(Error::Conflict("run.exhausted"));
        }
    }
    let conclude = ConcludeOrder { run: run.id, verdicts: word.verdicts };
    let mut done = zone.conclude(permit, conclude).await?;
    done.report.overlaps = word.overlaps;
    Ok(done)
}

pub(super) fn order(
    run: &Run,
    model: &ModelRecord,
    objects: Attempt,
    draft: &str,
    entity_key: Secret,
) -> RunOrder {
    let object = |object: Id<kind::Object>| ObjectRef { object, key: object.to_string() };
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
        purpose: None,
        output: model.model.output.clone(),
        thresholds: run.thresholds,
        entity_key: Some(entity_key),
        draft: ObjectRef { object: objects.draft.unwrap_or(objects.cells), key: draft.to_owned() },
        result: object(objects.result),
        cells: object(objects.cells),
    }
}

fn permit(app: &App, run: &Run, tenant: &Tenant, now: Timestamp) -> Result<Permit> {
    app.permit(&Ctx::service(SERVICE, now), Action::RunExecute, run.reference(tenant))
}

/// Writes down that the run begins, in the transaction that sees that access is open and the model still approved.
/// Answers the model and the epoch of the authorisation.
async fn begin(
    app: &App,
    permit: &Permit,
    run: &mut Run,
    objects: Attempt,
    now: Timestamp,
) -> Result<(ModelRecord, u64)> {
    let id = run.id;
    let (stored, model, epoch) = app
        .store()
        .transact(permit, "run.begin", |tx| {
            Box::pin(async move {
                let mut stored = runs::versioned(tx, id).await?;
                let tenant = stored.value.tenant;
                let owner = crate::tenants::get(tx, tenant).await?;
                if !owner.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let model = models::versioned(tx, stored.value.model).await?.value;
                if model.check_approved()?.digest != stored.value.model_digest {
                    return Err(Error::Conflict("model.not_approved"));
                }
                runs::check_inputs(tx, &stored.value).await?;
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
                Ok((stored.value, model, owner.epoch))
            })
        })
        .await?;
    *run = stored;
    Ok((model, epoch))
}

/// What the worker brought back, and under which epoch it was sent.
struct Brought {
    objects: Attempt,
    done: RunDone,
    keys: [Vec<u8>; 2],
    epoch: u64,
}

/// Registers what was brought, unless access was closed in the meantime: then it is nobody's.
async fn finish(app: &App, permit: &Permit, run: &Run, brought: &Brought) -> Result<()> {
    let Brought { objects, done, keys: [result_key, cells_key], epoch } = brought;
    let now = app.now();
    let mut registered = vec![objects::written(app, run.tenant, "result", &done.written, result_key, now)];
    let cells = cells_row(app, run, objects.cells, cells_key, now).await?;
    let result = &RunResult {
        object: objects.result,
        digest: done.written.digest,
        rows: Some(done.written.rows),
        cells: cells.as_ref().map(|cells| cells.id),
        output: done.output.clone(),
        report: Some(done.report.clone()),
        ir_digest: done.ir_digest,
    };
    registered.extend(cells);
    let (id, registered, epoch) = (run.id, &registered, *epoch);
    app.store()
        .transact(permit, "run.done", |tx| {
            Box::pin(async move {
                crate::tenants::check_epoch(tx, run.tenant, epoch).await?;
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

/// Who stands behind the cells, if the worker wrote it: it does where entities are protected.
async fn cells_row(
    app: &App,
    run: &Run,
    object: Id<kind::Object>,
    wrapped: &[u8],
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
    Ok(Some(objects::written(app, run.tenant, "cells", &written, wrapped, now)))
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
        for object in left.objects() {
            objects::discard(app, object).await;
        }
    }
    app.committed();
    Ok(())
}
