//! The end of an authorisation: after its key was destroyed, its zones stop, its files go, what is left is tried with
//! every key there still is, the whole data folder is searched for what must be gone, and a certificate says what was
//! found. Where something was found, the certificate says that the destruction is not done, and the job goes on failing.
//!
//! Safe to run again after a crash at any point: every number on the certificate is counted from the rows of the objects,
//! which stay, and not from what this attempt happened to do.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use access::{Action, ResourceRef, Thing};
use base::{Id, Timestamp, kind};
use storage::records::{self, Expected};
use storage::{Tx, journal, objects as rows};
use vault::{DataKey, OpenReader, SealContext, WrappedKey};

use super::DestroyOrder;
use crate::clock::new_id;
use crate::destructions::{self, Destruction};
use crate::journal::Note;
use crate::keys::PLATFORM;
use crate::residue::ResidueScan;
use crate::runs::Attempt;
use crate::tenants::{Certificate, Tenant, subject_of};
use crate::{App, Ctx, Error, Result, parameters, residue, runs};

/// The service that issues the certificate.
const SERVICE: &str = "tenant.destroy";
/// Objects read at once.
const PAGE: u32 = 500;
/// How often the data folder is searched before what was found counts, and how long apart.
const SEARCHES_MAX: u32 = 3;
const SEARCH_AGAIN: Duration = Duration::from_millis(300);

/// Removes a destroyed tenant's files, scans for residue and issues the certificate.
pub(super) async fn run(app: &App, order: DestroyOrder) -> Result<()> {
    let tenant = order.tenant;
    app.keys().forget(tenant);
    app.zones().stop(tenant).await;
    let (record, objects, attempts) = read(app, tenant).await?;
    if record.certificate.as_ref().is_some_and(|certificate| certificate.passed) {
        return Ok(());
    }
    let known = Destruction { tenant, case: Some(order.case), at: order.destroyed_at };
    destructions::remember(&app.config().keys_dir(), [&known])?;
    let keys = Arc::new(reachable(app).await?);
    let dir = app.config().objects_dir();
    let files: Vec<Remains> = objects.iter().map(|row| Remains::new(&dir, row)).collect();
    let scan = tokio::task::spawn_blocking(move || sweep(&files, &keys))
        .await
        .map_err(|error| Error::internal("certificate.scan", error))??;
    for object in attempts {
        crate::objects::discard(app, object).await;
    }
    let found =
        Found { scan, workers: app.zones().workers(tenant).await, residue: search(app, &order).await? };
    issue(app, &order, &objects, found, record.certificate).await
}

/// Searches the data folder. A reader of the database may hold old pages for a moment: what lies in pages is looked at
/// again.
async fn search(app: &App, order: &DestroyOrder) -> Result<ResidueScan> {
    let traces = Arc::new(order.traces.clone());
    let mut tries = 0;
    loop {
        tries += 1;
        app.store().scrub().await;
        let (root, traces, inside) =
            (app.config().data.clone(), Arc::clone(&traces), app.config().database.is_empty());
        let found = tokio::task::spawn_blocking(move || residue::search(&root, &traces, inside))
            .await
            .map_err(|error| Error::internal("certificate.scan", error))??;
        if found.found == 0 || tries == SEARCHES_MAX {
            return Ok(found);
        }
        tokio::time::sleep(SEARCH_AGAIN).await;
    }
}

/// What was found altogether.
struct Found {
    scan: Scan,
    workers: u64,
    residue: ResidueScan,
}

async fn read(
    app: &App,
    tenant: Id<kind::Tenant>,
) -> Result<(Tenant, Vec<rows::Object>, Vec<Id<kind::Object>>)> {
    app.store()
        .read("tenant.remains", |tx| {
            Box::pin(async move {
                let record = crate::tenants::get(tx, tenant).await?;
                let mut objects = Vec::new();
                loop {
                    let after = objects.last().map(|row: &rows::Object| row.id);
                    let page = rows::of_tenant(tx, tenant, after, PAGE).await?;
                    let end = page.len() < PAGE as usize;
                    objects.extend(page);
                    if end {
                        break;
                    }
                }
                let attempts = runs::of_tenant(tx, tenant).await?.into_iter().filter_map(|run| run.attempt);
                let attempts = attempts.flat_map(Attempt::objects).collect();
                Ok((record, objects, attempts))
            })
        })
        .await
}

/// What there is of an object.
struct Remains {
    path: PathBuf,
    context: SealContext,
    wrapped: Vec<u8>,
}

impl Remains {
    fn new(dir: &std::path::Path, row: &rows::Object) -> Self {
        let context = SealContext { tenant: row.tenant, object: row.id };
        Self { path: dir.join(&row.path), context, wrapped: row.wrapped.clone() }
    }
}

/// A key that there still is: a tenant's, and what it opens or derives.
struct Reachable {
    tenant: Id<kind::Tenant>,
    key: Arc<vault::TenantKey>,
    derived: Vec<DataKey>,
}

/// Every tenant's key that can still be had, the platform's among them.
async fn reachable(app: &App) -> Result<Vec<Reachable>> {
    app.store()
        .read("certificate.keys", |tx| {
            Box::pin(async move {
                let mut tenants = vec![PLATFORM];
                for class in ["authorisation", "holding"] {
                    let all = records::all::<Tenant>(tx, "class", class, records::ALL_MAX).await?;
                    tenants.extend(all.into_iter().map(|tenant| tenant.value.id));
                }
                let mut keys = Vec::new();
                for tenant in tenants {
                    keys.extend(key(app, tx, tenant).await?);
                }
                Ok(keys)
            })
        })
        .await
}

async fn key(app: &App, tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Option<Reachable>> {
    let key = match app.keys().tenant(tx, tenant).await {
        Ok(key) => key,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let derived = ["mask", "journal"].into_iter().map(|purpose| key.derive(purpose));
    let derived = derived.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(Some(Reachable { tenant, key, derived }))
}

/// What the scan found.
#[derive(Debug, Clone, Copy, Default)]
struct Scan {
    scanned: u64,
    readable: u64,
}

/// Tries every object with every key, then removes its file. Blocks.
fn sweep(files: &[Remains], keys: &[Reachable]) -> Result<Scan> {
    let mut scan = Scan::default();
    for remains in files {
        scan.scanned += 1;
        scan.readable += u64::from(opens(remains, keys)?);
        match std::fs::remove_file(&remains.path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::internal("certificate.remove", error)),
        }
    }
    let folders: HashSet<_> = files.iter().filter_map(|remains| remains.path.parent()).collect();
    for folder in folders {
        match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::internal("certificate.remove", error)),
        }
    }
    Ok(scan)
}

/// Whether any key that there is opens an object: its stored data key, or its file directly.
fn opens(remains: &Remains, keys: &[Reachable]) -> Result<bool> {
    let (tenant, object) = (remains.context.tenant, remains.context.object);
    if let Ok(wrapped) = WrappedKey::from_bytes(&remains.wrapped) {
        let unwraps = |reachable: &Reachable| {
            [tenant, reachable.tenant]
                .iter()
                .any(|as_of| reachable.key.unwrap_data(&wrapped, *as_of, object).is_ok())
        };
        if keys.iter().any(unwraps) {
            return Ok(true);
        }
    }
    for key in keys.iter().flat_map(|reachable| &reachable.derived) {
        let file = match std::fs::File::open(&remains.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::internal("certificate.scan", error)),
        };
        // Opening checks the last chunk under the key, so a key that does not fit is found out here.
        if let Ok(mut reader) = OpenReader::new(file, key, &remains.context)
            && std::io::Read::read(&mut reader, &mut [0; 1]).is_ok()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn issue(
    app: &App,
    order: &DestroyOrder,
    objects: &[rows::Object],
    found: Found,
    earlier: Option<Certificate>,
) -> Result<()> {
    let Found { scan, workers, residue } = found;
    let passed = scan.readable == 0 && workers == 0 && residue.found == 0;
    if !passed {
        tracing::error!(
            tenant = %order.tenant, readable = scan.readable, workers, residue = residue.found,
            "a destruction is not done: something is left"
        );
    }
    let residue_error = || {
        Error::internal(
            "certificate.residue",
            format!("{} found, {} readable, {workers} workers", residue.found, scan.readable),
        )
    };
    let told = |known: &Certificate| {
        let same = known.residue.as_ref().is_some_and(|known| known.findings == residue.findings);
        same && (known.readable, known.workers) == (scan.readable, workers)
    };
    if !passed && earlier.as_ref().is_some_and(told) {
        // Said already; the job goes on failing until somebody has removed what is left.
        return Err(residue_error());
    }
    let failed = residue_error();
    let pack = app.packs().current();
    let now = app.now();
    let ended = order.destroyed_at.date_at(pack.counting.utc_offset_seconds);
    let (logs_until, clauses) = parameters::logs_until(&pack, ended)?;
    let tenant = order.tenant;
    let mut certificate = Certificate {
        id: new_id(now),
        tenant: Some(tenant),
        case: order.case,
        destroyed_at: order.destroyed_at,
        objects: objects.len() as u64,
        files_removed: objects.len() as u64,
        bytes: objects.iter().map(|row| row.sealed_bytes.unsigned_abs()).sum(),
        scanned: scan.scanned,
        readable: scan.readable,
        workers,
        passed,
        residue: Some(residue),
        journal_seq: 0,
        logs_until,
        clauses,
    };
    certificate.journal_seq = destruction(app, order).await?;
    let reference = ResourceRef::new(Thing::Certificate, certificate.id).with_tenant(tenant);
    let permit = &app.permit(&Ctx::service(SERVICE, now), Action::CertificateIssue, reference)?;
    let certificate = &certificate;
    app.store()
        .transact(permit, "certificate.issue", |tx| {
            Box::pin(async move { write(app, tx, permit, tenant, certificate, now).await })
        })
        .await?;
    app.committed();
    if certificate.passed { Ok(()) } else { Err(failed) }
}

async fn write(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &access::Permit,
    tenant: Id<kind::Tenant>,
    certificate: &Certificate,
    now: Timestamp,
) -> Result<()> {
    let stored = records::get::<Tenant>(tx, tenant.uuid()).await?;
    let mut stored = stored.ok_or(Error::NotFound("tenant.unknown"))?;
    // Its own journal key is gone with the rest, so the platform's seals what is remembered of it.
    let note = Note {
        subject: format!("tenant/{tenant}"),
        tenant: None,
        clauses: &certificate.clauses,
        payload: certificate,
    };
    let seq = app.record(tx, permit, now, note).await?;
    let mut certificate = certificate.clone();
    if certificate.journal_seq == 0 {
        certificate.journal_seq = seq;
    }
    // The second row names the certificate itself, so that the ledger vouches for every figure in it.
    let note = Note {
        subject: subject_of(&certificate)?,
        tenant: None,
        clauses: &certificate.clauses,
        payload: certificate.id,
    };
    app.record(tx, permit, now, note).await?;
    let (case, passed) = (certificate.case, certificate.passed);
    stored.value.certificate = Some(certificate);
    records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
    if passed { crate::papers::certified(app, tx, case, now).await } else { Ok(()) }
}

/// The journal row of the command that destroyed the key; 0 if it is not found.
async fn destruction(app: &App, order: &DestroyOrder) -> Result<u64> {
    // What came back with an older database was destroyed again without a case.
    for subject in [format!("case/{}", order.case), format!("tenant/{}", order.tenant)] {
        let (subject, at) = (&subject, order.destroyed_at);
        let found = app
            .store()
            .read("certificate.order", |tx| {
                Box::pin(async move { Ok::<_, Error>(journal::by_subject(tx, subject, None, 1_000).await?) })
            })
            .await?;
        if let Some(row) = found.iter().find(|row| row.at == at) {
            return Ok(row.seq);
        }
    }
    Ok(0)
}
