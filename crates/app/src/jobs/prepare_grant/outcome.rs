//! How a preparation ended, written down: each end in one transaction, which sees that the order still stands.

use base::{Id, Timestamp, kind};
use secure_domain::protocol::Examined;
use storage::Tx;
use storage::objects as rows;
use storage::records::{self, Expected, Versioned};

use super::{Made, permit};
use crate::journal::Note;
use crate::resources::CatalogEntry;
use crate::tenants::{self, Grant, GrantState, GrantedObject, Renewal, RenewalState};
use crate::twins::TwinReport;
use crate::{App, Error, Result, jobs, objects};

/// Why a twin is not handed out.
const REFUSED: &str = "grant.twin_refused";

pub(super) const fn granted(made: &Made) -> GrantedObject {
    GrantedObject {
        object: made.written.object,
        snapshot: made.snapshot,
        digest: made.written.digest,
        rows: made.written.rows,
        edition: Some(made.edition),
    }
}

fn row(app: &App, tenant: Id<kind::Tenant>, kind: &str, made: &Made, now: Timestamp) -> rows::Object {
    let path = secure_domain::objects::object_path(&app.config().objects_dir(), made.written.object);
    let bytes = i64::try_from(made.written.sealed_bytes).unwrap_or(i64::MAX);
    rows::Object {
        id: made.written.object,
        tenant,
        kind: kind.to_owned(),
        path: objects::relative(app, &path),
        sealed_bytes: bytes,
        plain_bytes: bytes,
        digest: made.written.digest,
        wrapped: made.wrapped.clone(),
        created: now,
        destroyed_at: None,
    }
}

/// The grant, if what was prepared is still wanted: it may have been taken back, or access closed, meanwhile.
async fn wanted(tx: &mut Tx<'_>, grant: &Grant) -> Result<Versioned<Grant>> {
    let stored = tenants::versioned_grant(tx, grant.id).await?;
    let ordered = |grant: &Grant| grant.renewal.as_ref().map(|renewal| (renewal.ordered, renewal.epoch));
    let now = &stored.value;
    let stands = now.state == grant.state
        && now.is_renewing() == grant.is_renewing()
        && (!grant.is_renewing() || ordered(now) == ordered(grant));
    if stands { Ok(stored) } else { Err(Error::Conflict("grant.superseded")) }
}

/// Ends a renewal in some state; of another grant says that it is none.
fn end(
    grant: &mut Grant,
    snapshot: Option<Id<kind::Snapshot>>,
    state: RenewalState,
    error: Option<&str>,
) -> bool {
    let renewing = grant.is_renewing();
    if let Some(renewal) = grant.renewal.as_mut().filter(|_| renewing) {
        let snapshot = snapshot.unwrap_or(renewal.snapshot);
        *renewal = Renewal { state, snapshot, error: error.map(str::to_owned), ..renewal.clone() };
    }
    renewing
}

/// The new tables take the place of what was there, whose keys go in the same transaction.
pub(super) async fn ready(
    app: &App,
    grant: &Grant,
    entry: &CatalogEntry,
    (raw, twin): (Made, Made),
    examined: Examined,
) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    let report = &report(grant, true, examined, now);
    let made = &[row(app, grant.tenant, "raw", &raw, now), row(app, grant.tenant, "twin", &twin, now)];
    let (raw, twin) = (&granted(&raw), &granted(&twin));
    let stored = app
        .store()
        .transact(permit, "grant.ready", |tx| {
            Box::pin(async move {
                let mut stored = wanted(tx, grant).await?;
                // Access may have closed while the worker was busy.
                match grant.renewal.as_ref().filter(|_| grant.is_renewing()) {
                    Some(renewal) => tenants::check_epoch(tx, grant.tenant, renewal.epoch).await?,
                    None => tenants::check_open(tx, grant.tenant).await?,
                }
                for object in made {
                    rows::put(tx, object).await?;
                }
                let former = [stored.value.raw.replace(raw.clone()), stored.value.twin.replace(twin.clone())];
                replace(tx, former, raw, now).await?;
                end(&mut stored.value, Some(raw.snapshot), RenewalState::Ready, None);
                stored.value.state = GrantState::Ready;
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                records::put(tx, report, Expected::Any, now).await?;
                let tenant = Some(stored.value.tenant);
                let subject = format!("grant/{}", grant.id);
                let note = Note { subject, tenant, clauses: &[], payload: (raw, twin) };
                app.record(tx, permit, now, note).await
            })
        })
        .await;
    // Only what is surely not registered: of a commit whose answer was lost nothing is known.
    if matches!(stored, Err(Error::Conflict("grant.superseded") | Error::Forbidden("tenant.closed"))) {
        objects::discard(app, raw.object).await;
        objects::discard(app, twin.object).await;
    }
    stored?;
    Ok(())
}

/// The keys of former copies go; their files follow.
async fn replace(
    tx: &mut Tx<'_>,
    former: [Option<GrantedObject>; 2],
    by: &GrantedObject,
    now: Timestamp,
) -> Result<()> {
    let former: Vec<Id<kind::Object>> = former.into_iter().flatten().map(|copy| copy.object).collect();
    for object in &former {
        rows::destroy(tx, *object, now).await?;
    }
    if former.is_empty() {
        return Ok(());
    }
    jobs::push(tx, jobs::DISCARD_OBJECTS, format!("replaced/{}", by.object), now, &former).await
}

/// The newest snapshot holds the rows that the grant has: nothing is made, and nothing that rests on it changes.
pub(super) async fn same(
    app: &App,
    grant: &Grant,
    entry: &CatalogEntry,
    snapshot: Id<kind::Snapshot>,
) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    app.store()
        .transact(permit, "grant.same", |tx| {
            Box::pin(async move {
                let mut stored = wanted(tx, grant).await?;
                end(&mut stored.value, Some(snapshot), RenewalState::Same, None);
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                let tenant = Some(stored.value.tenant);
                let subject = format!("grant/{}", grant.id);
                let payload = serde_json::json!({ "same_rows": snapshot });
                app.record(tx, permit, now, Note { subject, tenant, clauses: &[], payload }).await
            })
        })
        .await?;
    Ok(())
}

fn report(grant: &Grant, publishable: bool, examined: Examined, made: Timestamp) -> TwinReport {
    let Grant { id, tenant, resource, code, .. } = grant;
    TwinReport {
        grant: *id,
        tenant: *tenant,
        resource: *resource,
        code: code.clone(),
        made,
        publishable,
        examined,
    }
}

/// An attack got through: the report is kept, and the grant waits for its provider to classify the resource again. A grant
/// in use keeps what it has.
pub(super) async fn refuse(app: &App, grant: &Grant, entry: &CatalogEntry, examined: Examined) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    let report = &report(grant, false, examined, now);
    app.store()
        .transact(permit, "grant.refused", |tx| {
            Box::pin(async move {
                let mut stored = wanted(tx, grant).await?;
                if !end(&mut stored.value, None, RenewalState::Refused, Some(REFUSED)) {
                    stored.value.state = GrantState::Refused;
                    stored.value.error = Some(REFUSED.to_owned());
                }
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                records::put(tx, report, Expected::Any, now).await?;
                let by: Vec<&str> = report
                    .examined
                    .report
                    .iter()
                    .flat_map(|report| report.succeeded())
                    .map(|finding| finding.attack.code())
                    .collect();
                let tenant = Some(stored.value.tenant);
                let note = Note { subject: format!("grant/{}", grant.id), tenant, clauses: &[], payload: by };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    Ok(())
}

/// It could not be prepared. A grant in use keeps what it has.
pub(super) async fn fail(app: &App, grant: &Grant, entry: &CatalogEntry, code: &'static str) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    app.store()
        .transact(permit, "grant.failed", |tx| {
            Box::pin(async move {
                let mut stored = wanted(tx, grant).await?;
                if !end(&mut stored.value, None, RenewalState::Failed, Some(code)) {
                    stored.value.state = GrantState::Failed;
                    stored.value.error = Some(code.to_owned());
                }
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                // The tenant's key may be gone; that a grant failed is the platform's to remember.
                let note = Note {
                    subject: format!("grant/{}", grant.id),
                    tenant: None,
                    clauses: &[],
                    payload: code,
                };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    Ok(())
}
