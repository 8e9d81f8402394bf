//! Runs the order of a candidate once more for its reviewers, and compares: the bytes of both stay in the prod zone, which
//! tells their digests. What the second run wrote is removed again.

use access::{Action, Permit};
use base::{Id, kind};
use privacy::disclosure::DisclosureReport;
use secure_domain::protocol::{CompareOrder, Compared, Frozen, ObjectRef, RunDone, ZoneKind};
use storage::records::{self, Expected};

use super::run_order::{self, SERVICE};
use crate::clock::new_id;
use crate::exports::{self, AgainOutcome, Export, ExportState};
use crate::journal::Note;
use crate::models::{self, ModelRecord};
use crate::runs::{self, Attempt, Run};
use crate::tenants::{self, Tenant};
use crate::zones::Fresh;
use crate::{App, Ctx, Error, Result, objects, releases, zones};

/// Runs it. Safe to run again: one that ended stays as it is.
pub(super) async fn run(app: &App, (id, again): (Id<kind::Export>, Id<kind::Run>), last: bool) -> Result<()> {
    let (export, tenant) = exports::with_tenant(app, id).await?;
    let Some(order) = exports::waiting(&export, again) else { return Ok(()) };
    if let Some(left) = order.attempt {
        discard(app, left).await;
    }
    let (original, _) = runs::with_tenant(app, export.run).await?;
    let outcome = match attempt(app, &export, &original, &tenant, again).await {
        Ok(outcome) => outcome,
        // The zone or the store was away: try again, but not for ever.
        Err(error @ (Error::Unavailable(_) | Error::Internal { .. })) if !last => return Err(error),
        Err(error) => {
            let error = run_order::replaced(app, &original, error).await;
            AgainOutcome::Failed { code: error.code().to_owned() }
        }
    };
    finish(app, &export, &tenant, &original, outcome).await
}

fn permit(app: &App, original: &Run, tenant: &Tenant) -> Result<Permit> {
    app.permit(&Ctx::service(SERVICE, app.now()), Action::RunExecute, original.reference(tenant))
}

async fn attempt(
    app: &App,
    export: &Export,
    original: &Run,
    tenant: &Tenant,
    again: Id<kind::Run>,
) -> Result<AgainOutcome> {
    if !tenant.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    let permit = permit(app, original, tenant)?;
    let now = app.now();
    let written = Attempt { result: new_id(now), cells: new_id(now), draft: Some(new_id(now)) };
    let model = begin(app, &permit, export.id, original, written).await?;
    let same_order = Run { id: again, ..original.clone() };
    let compared = compare(app, &permit, export, &same_order, &model, written).await;
    discard(app, written).await;
    let (compared, report) = compared?;
    if compared.first == compared.second {
        return Ok(AgainOutcome::Same { digest: compared.first });
    }
    let judged = |report: &DisclosureReport| (report.overlaps.clone(), report.perturbed, report.failures);
    let overtaken = export.frozen.report.as_ref().map(judged) != Some(judged(&report));
    Ok(AgainOutcome::Other { candidate: compared.first, again: compared.second, overtaken })
}

/// Writes down that the run begins, in the transaction that sees that access is open, the candidate undecided and the
/// model still approved.
async fn begin(
    app: &App,
    permit: &Permit,
    id: Id<kind::Export>,
    original: &Run,
    written: Attempt,
) -> Result<ModelRecord> {
    let now = app.now();
    app.store()
        .transact(permit, "export.again.begin", |tx| {
            Box::pin(async move {
                let mut stored = exports::versioned(tx, id).await?;
                let tenant = stored.value.tenant;
                if !tenants::get(tx, tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                if stored.value.state != ExportState::Requested {
                    return Err(Error::Conflict("export.decided"));
                }
                let model = models::versioned(tx, original.model).await?.value;
                if model.check_approved()?.digest != original.model_digest {
                    return Err(Error::Conflict("model.not_approved"));
                }
                runs::check_inputs(tx, original).await?;
                if let Some(again) = stored.value.again.as_mut() {
                    again.attempt = Some(written);
                }
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                let payload = (&original.inputs, written, original.model_digest);
                let subject = format!("export/{id}");
                let note = Note { subject, tenant: Some(tenant), clauses: &original.clauses, payload };
                app.record(tx, permit, now, note).await?;
                Ok(model)
            })
        })
        .await
}

async fn compare(
    app: &App,
    permit: &Permit,
    export: &Export,
    run: &Run,
    model: &ModelRecord,
    written: Attempt,
) -> Result<(Compared, DisclosureReport)> {
    let draft_id = written.draft.unwrap_or(written.cells);
    let result = Fresh::named(app, run.tenant, written.result).await?;
    let cells = Fresh::named(app, run.tenant, written.cells).await?;
    let draft = Fresh::named(app, run.tenant, draft_id).await?;
    let (owner, candidate) = (run.tenant, export.frozen.object);
    let mut key = app
        .store()
        .read("export.key", |tx| Box::pin(async move { zones::key_of(app, tx, owner, candidate).await }))
        .await?;
    // Named for this run: whoever looks at the candidate meanwhile keeps his key.
    key.name = format!("{candidate}@{}", run.id);
    let lent = key.name.clone();
    let entity_key = releases::entity_key(app).await?;
    let order = run_order::order(run, model, written, &draft.key.name, entity_key);
    let keys = vec![result.key.clone(), cells.key.clone(), draft.key.clone(), key];
    let names = keys.iter().map(|key| key.name.clone()).collect();
    let zone = zones::zone(app, run.tenant, ZoneKind::Prod).await?;
    zone.add_keys(keys).await?;
    let done = run_order::execute(app, permit, run, &zone, order, draft).await;
    let compared = match &done {
        Ok(done) => Some(digests(permit, export, &zone, (lent, result.key.name), done).await),
        Err(_) => {
            let _gone = zone.forget_run(run.id).await;
            None
        }
    };
    if let Err(error) = zone.forget_keys(names).await {
        tracing::warn!(run.id = %run.id, error.code = error.code(), "the prod worker kept keys");
    }
    let done = done?;
    Ok((compared.ok_or_else(|| Error::internal("export.compare", "nothing to compare"))??, done.report))
}

async fn digests(
    permit: &Permit,
    export: &Export,
    zone: &zones::Zone,
    (candidate_key, again_key): (String, String),
    done: &RunDone,
) -> Result<Compared> {
    let frozen = |object, key, digest| Frozen { object: ObjectRef { object, key }, digest };
    let order = CompareOrder {
        first: frozen(export.frozen.object, candidate_key, export.frozen.digest),
        second: frozen(done.written.object, again_key, done.written.digest),
    };
    Ok(zone.compare(permit, order).await?)
}

async fn finish(
    app: &App,
    export: &Export,
    tenant: &Tenant,
    original: &Run,
    outcome: AgainOutcome,
) -> Result<()> {
    let now = app.now();
    // A closed tenant's run ends too; ending it opens nothing.
    let reference = original.reference(tenant).with_life(access::Life::Live);
    let permit = &app.permit(&Ctx::service(SERVICE, now), Action::RunExecute, reference)?;
    let (id, outcome) = (export.id, &outcome);
    app.store()
        .transact(permit, "export.again.done", |tx| {
            Box::pin(async move {
                let mut stored = exports::versioned(tx, id).await?;
                if let Some(again) = stored.value.again.as_mut() {
                    again.attempt = None;
                    again.outcome = Some(outcome.clone());
                }
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                // The tenant's key may be gone; an outcome is made of digests and codes.
                let note =
                    Note { subject: format!("export/{id}"), tenant: None, clauses: &[], payload: outcome };
                app.record(tx, permit, now, note).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
    app.committed();
    Ok(())
}

async fn discard(app: &App, written: Attempt) {
    for object in written.objects() {
        objects::discard(app, object).await;
    }
}
