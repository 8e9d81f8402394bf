//! Rebuilds an approved export in canonical form and releases it. This is the one door: nothing else in the platform asks
//! a worker for a canonical rebuild.

use access::Action;
use base::{Digest, Id, kind};
use bytes::Bytes;
use secure_domain::protocol::{CanonicalFormat, CanonicalOrder, ObjectRef, ZoneKind};
use storage::objects as rows;
use storage::records::{self, Expected};

use crate::exports::{self, Export, ExportState, Release, ReleasedFile};
use crate::journal::Note;
use crate::objects::{Staged, discard, stage};
use crate::releases::{self, Cells, Question};
use crate::tenants::{self, Tenant};
use crate::{App, Ctx, Error, Result, runs, zones};

/// The service that releases exports.
const SERVICE: &str = "export.release";

/// Releases an approved export. Safe to run again: one that is released stays so.
pub(super) async fn run(app: &App, id: Id<kind::Export>) -> Result<()> {
    let (export, tenant) = exports::with_tenant(app, id).await?;
    if export.state != ExportState::Approved {
        return Ok(());
    }
    if !tenant.is_open() {
        // Access closed between approval and release: nothing leaves. The restoration pushes this job anew.
        return Ok(());
    }
    if !write_down(app, &export, &tenant).await? {
        return hold_back(app, &export, &tenant).await;
    }
    let rebuilt = rebuild(app, &export, &tenant).await?;
    let now = app.now();
    let mut staged = Vec::with_capacity(rebuilt.len());
    for (kind, bytes) in rebuilt {
        match stage(app, export.tenant, kind, bytes.to_vec(), now).await {
            Ok(file) => staged.push(file),
            Err(error) => {
                forget(app, &staged).await;
                return Err(error);
            }
        }
    }
    let done = match staged.as_slice() {
        [csv, json, parquet] => {
            let release = Release {
                csv: file(csv),
                parquet: file(parquet),
                json: Some(file(json)),
                rows: export.frozen.rows.unwrap_or_default(),
                accuracy: export
                    .frozen
                    .report
                    .as_ref()
                    .map(|report| report.accuracy.clone())
                    .unwrap_or_default(),
                at: now,
            };
            register(app, &export, &tenant, &release, &staged).await
        }
        _ => Err(Error::internal("export.rebuild", "forms are missing")),
    };
    if done.is_err() {
        forget(app, &staged).await;
    }
    done
}

fn file(staged: &Staged) -> ReleasedFile {
    let bytes = u64::try_from(staged.row.plain_bytes).unwrap_or_default();
    ReleasedFile { object: staged.row.id, digest: staged.plain_digest, bytes }
}

async fn forget(app: &App, staged: &[Staged]) {
    for file in staged {
        discard(app, file.row.id).await;
    }
}

/// Writes into the release ledger what is about to leave; false if something that left since the run is in its way. Comes
/// before anything is rebuilt: what the ledger does not know does not leave, and what it knows too much of does no harm.
async fn write_down(app: &App, export: &Export, tenant: &Tenant) -> Result<bool> {
    let Some(cells) = export.frozen.cells else { return Ok(true) };
    let permit =
        &app.permit(&Ctx::service(SERVICE, app.now()), Action::ExportRelease, export.reference(tenant))?;
    let (owner, run) = (export.tenant, export.run);
    let (mut key, thresholds) = app
        .store()
        .read("export.cells", |tx| {
            Box::pin(async move {
                let key = zones::key_of(app, tx, owner, cells).await?;
                Ok::<_, Error>((key, runs::versioned(tx, run).await?.value.thresholds))
            })
        })
        .await?;
    key.name = format!("{cells}@{}", export.id);
    let question =
        Question { release: export.id.to_string(), cells: Cells { object: cells, key }, thresholds, permit };
    Ok(!releases::append(app, question, &tenant.unit_code, "export").await?.held_back)
}

/// The approved result stays inside.
async fn hold_back(app: &App, export: &Export, tenant: &Tenant) -> Result<()> {
    let now = app.now();
    let permit = &app.permit(&Ctx::service(SERVICE, now), Action::ExportRelease, export.reference(tenant))?;
    let id = export.id;
    app.store()
        .transact(permit, "export.overtaken", |tx| {
            Box::pin(async move {
                let mut stored = exports::versioned(tx, id).await?;
                if stored.value.state != ExportState::Approved {
                    return Err(Error::Conflict("export.decided"));
                }
                stored.value.state = ExportState::Refused;
                stored.value.overtaken = true;
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                let tenant = Some(stored.value.tenant);
                let note =
                    Note { subject: format!("export/{id}"), tenant, clauses: &[], payload: "overtaken" };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    app.committed();
    Ok(())
}

/// The canonical forms of the frozen result, bound to its digest: CSV, JSON, Parquet, each with what its object is called.
async fn rebuild(app: &App, export: &Export, tenant: &Tenant) -> Result<Vec<(&'static str, Bytes)>> {
    let permit =
        app.permit(&Ctx::service(SERVICE, app.now()), Action::ExportRelease, export.reference(tenant))?;
    let (owner, object) = (export.tenant, export.frozen.object);
    let mut key = app
        .store()
        .read("export.key", |tx| Box::pin(async move { zones::key_of(app, tx, owner, object).await }))
        .await?;
    key.name = format!("{object}@{}", export.id);
    let name = key.name.clone();
    let zone = zones::zone(app, owner, ZoneKind::Prod).await?;
    zone.add_keys(vec![key]).await?;
    let order = |format| CanonicalOrder {
        object: ObjectRef { object, key: name.clone() },
        digest: export.frozen.digest,
        format,
    };
    let mut rebuilt = Vec::new();
    for (kind, format) in [
        ("release.csv", CanonicalFormat::Csv),
        ("release.json", CanonicalFormat::Json),
        ("release.parquet", CanonicalFormat::Parquet),
    ] {
        rebuilt.push((kind, zone.canonical(&permit, order(format)).await));
    }
    zone.forget_keys(vec![name.clone()]).await?;
    rebuilt.into_iter().map(|(kind, bytes)| Ok((kind, bytes?))).collect()
}

async fn register(
    app: &App,
    export: &Export,
    tenant: &Tenant,
    release: &Release,
    staged: &[Staged],
) -> Result<()> {
    let ctx = Ctx::service(SERVICE, app.now());
    let permit = &app.permit(&ctx, Action::ExportRelease, export.reference(tenant))?;
    let id = export.id;
    app.store()
        .transact(permit, "export.released", |tx| {
            Box::pin(async move {
                let mut stored = exports::versioned(tx, id).await?;
                // Access may have closed while the worker was busy.
                if !tenants::get(tx, stored.value.tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                if stored.value.state != ExportState::Approved {
                    return Err(Error::Conflict("export.decided"));
                }
                for file in staged {
                    rows::put(tx, &file.row).await?;
                }
                stored.value.state = ExportState::Released;
                stored.value.release = Some(release.clone());
                records::put(tx, &stored.value, Expected::Version(stored.version), release.at).await?;
                let payload: (Digest, &Release) = (stored.value.frozen.digest, release);
                let tenant = Some(stored.value.tenant);
                let note = Note { subject: format!("export/{id}"), tenant, clauses: &[], payload };
                app.record(tx, permit, release.at, note).await
            })
        })
        .await?;
    app.committed();
    Ok(())
}
