//! How a preparation ended, written down: each end in one transaction, which sees that the order still stands.

use base::{Id, Timestamp, kind};
use secure_domain::protocol::Examined;
use storage::Tx;
use storage::objects as rows;
use storage::records::{self, Expected, Versioned};

use super::{Made, permit};
use crate::journal::Note;
use crate::resources::{self, CatalogEntry};
use crate::tenants::{self, Grant, GrantState, GrantedObject, Renewal, RenewalState};
use crate::twins::TwinReport;
use crate::{App, Error, Result, jobs, objects, topups};

/// Why a twin is not handed out.
const REFUSED: &str = "grant.twin_refused";

pub(super) const fn granted(made: &Made) -> GrantedObject {
    GrantedObject {
        object: made.written.object,
        snapshot: made.snapshot,
        digest: made.written.digest,
        rows: made.written.rows,
        edition: made.edition,
    }
}

/// What a grant has from now on.
pub(super) struct Copies {
    /// Its rows.
    pub(super) raw: GrantedObject,
    /// Set if they were copied anew.
    pub(super) copied: Option<Made>,
    /// The twin of its dev zone.
    pub(super) twin: Made,
}

fn row(app: &App, tenant: Id<kind::Tenant>, kind: &str, made: &Made, now: Timestamp) -> rows::Object {
    objects::written(app, tenant, kind, &made.written, &made.wrapped, now)
}

/// The grant, if what was prepared is still wanted: it may have been taken back, or access closed, meanwhile.
///
/// # Errors
/// `grant.superseded`, `grant.changed` where its provider has decided otherwise: the job begins again and sees what is to be
/// done now.
async fn wanted(tx: &mut Tx<'_>, grant: &Grant, made_of: &CatalogEntry) -> Result<Versioned<Grant>> {
    let stored = tenants::versioned_grant(tx, grant.id).await?;
    let ordered = |grant: &Grant| grant.renewal.as_ref().map(|renewal| (renewal.ordered, renewal.epoch));
    let now = &stored.value;
    let stands = now.state == grant.state
        && now.is_renewing() == grant.is_renewing()
        && (!grant.is_renewing() || ordered(now) == ordered(grant));
    if !stands {
        return Err(Error::Conflict("grant.superseded"));
    }
    let entry = resources::versioned(tx, now.resource).await?.value.resource;
    let same = entry.columns == made_of.resource.columns && entry.twin == made_of.resource.twin;
    if same { Ok(stored) } else { Err(Error::Conflict("grant.changed")) }
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
    copies: Copies,
    examined: Examined,
) -> Result<()> {
    let now = app.now();
    let permit = &permit(app, entry, grant.tenant, now)?;
    let report = &report(grant, true, examined, now);
    let Copies { raw, copied, twin } = &copies;
    let copied = copied.iter().map(|copied| row(app, grant.tenant, "raw", copied, now));
    let made = &copied.chain([row(app, grant.tenant, "twin", twin, now)]).collect::<Vec<_>>();
    let twin = &granted(twin);
    let stored = app
        .store()
        .transact(permit, "grant.ready", |tx| {
            Box::pin(async move {
                let mut stored = wanted(tx, grant, entry).await?;
                // Access may have closed while the worker was busy.
                match grant.renewal.as_ref().filter(|_| grant.is_renewing()) {
                    Some(renewal) => tenants::check_epoch(tx, grant.tenant, renewal.epoch).await?,
                    None => tenants::check_open(tx, grant.tenant).await?,
                }
                for object in made {
                    rows::put(tx, object).await?;
                }
                // Rows that were invented beside the former twin speak of it alone.
                topups::forget(tx, &stored.value, now).await?;
                let former = [stored.value.raw.replace(raw.clone()), stored.value.twin.replace(twin.clone())];
                let gone = former.into_iter().flatten().filter(|copy| copy.object != raw.object);
                replace(tx, gone, twin, now).await?;
                end(&mut stored.value, Some(raw.snapshot), RenewalState::Ready, None);
                stored.value.state = GrantState::Ready;
                stored.value.error = None;
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
    let known = ["grant.superseded", "grant.changed", "tenant.closed"];
    let known = stored.as_ref().err().is_some_and(|error| known.contains(&error.code()));
    if known {
        for object in made {
            objects::discard(app, object.id).await;
        }
    }
    stored?;
    Ok(())
}

/// The keys of former copies go; their files follow.
async fn replace(
    tx: &mut Tx<'_>,
    former: impl Iterator<Item = GrantedObject>,
    by: &GrantedObject,
    now: Timestamp,
) -> Result<()> {
    let former: Vec<Id<kind::Object>> = former.map(|copy| copy.object).collect();
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
                let mut stored = wanted(tx, grant, entry).await?;
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
                let mut stored = wanted(tx, grant, entry).await?;
                if !end(&mut stored.value, None, RenewalState::Refused, Some(REFUSED)) {
                    // What was usable before stays so for orders, without a twin.
                    if stored.value.raw.is_none() {
                        stored.value.state = GrantState::Refused;
                    }
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
                let mut stored = wanted(tx, grant, entry).await?;
                if !end(&mut stored.value, None, RenewalState::Failed, Some(code)) {
                    if stored.value.raw.is_none() {
                        stored.value.state = GrantState::Failed;
                    }
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
