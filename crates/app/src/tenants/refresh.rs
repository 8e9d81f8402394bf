//! A grant in use gets the newest snapshot of its resource: an explicit command of the provider or of the operator. The
//! old tables stay in use until the new ones are made and examined; a job does that (`jobs::prepare_grant`).

use access::{Action, ResourceRef, Thing};
use base::{Id, Timestamp, kind};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Versioned};

use super::grants::{Grant, GrantState};
use super::{Tenant, get};
use crate::journal::Note;
use crate::resources::{self, CatalogEntry};
use crate::{App, Ctx, Error, Result, jobs};

/// Limit: grants of one resource.
const GRANTS_MAX: usize = 1_000;

/// A newer snapshot for a grant that is in use; the last one that was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The newest snapshot when it was ordered, or when it was made.
    pub snapshot: Id<kind::Snapshot>,
    /// When.
    pub ordered: Timestamp,
    /// The unit that ordered it.
    pub by: String,
    /// The epoch of the authorisation it was ordered under; it ends with it.
    pub epoch: u64,
    /// Where it is.
    pub state: RenewalState,
    /// Why the old tables stay, as a code.
    pub error: Option<String>,
}

/// Where a renewal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenewalState {
    /// Being made; the old tables are in use.
    Preparing,
    /// Done: the grant holds the snapshot.
    Ready,
    /// The snapshot holds the same rows as the one before: nothing had to be made.
    Same,
    /// An attack got through to what the dev zone would have seen: the old tables stay.
    Refused,
    /// Could not be made: the old tables stay.
    Failed,
}

impl Grant {
    /// The newest snapshot whose rows it holds.
    #[must_use]
    pub fn holds(&self) -> Option<Id<kind::Snapshot>> {
        let same = self.renewal.as_ref().filter(|renewal| renewal.state == RenewalState::Same);
        self.raw.as_ref().map(|raw| same.map_or(raw.snapshot, |renewal| renewal.snapshot))
    }

    /// A renewal is under way.
    #[must_use]
    pub fn is_renewing(&self) -> bool {
        let state = self.renewal.as_ref().map(|renewal| renewal.state);
        self.state == GrantState::Ready && state == Some(RenewalState::Preparing)
    }
}

/// What those concerned see of a grant of a resource.
#[derive(Debug, Clone, Serialize)]
pub struct GrantStatus {
    /// The grant.
    pub grant: Id<kind::Grant>,
    /// To whom.
    pub tenant: Id<kind::Tenant>,
    /// What the authorisation is called.
    pub title: String,
    /// The operator.
    pub unit_name: String,
    /// Where it is.
    pub state: GrantState,
    /// The newest snapshot whose rows it holds.
    pub snapshot: Option<Id<kind::Snapshot>>,
    /// When that was taken.
    pub taken_at: Option<Timestamp>,
    /// Whether the resource has no newer one.
    pub is_newest: bool,
    /// The newer snapshot that was ordered last.
    pub renewal: Option<Renewal>,
    /// Whether this person may order it now.
    pub may_refresh: bool,
}

/// What the policies need to know of a grant.
fn reference(grant: &Grant, entry: &CatalogEntry, tenant: &Tenant) -> ResourceRef {
    ResourceRef::new(Thing::Grant, grant.id)
        .with_owner(entry.unit)
        .with_tenant(grant.tenant)
        .with_life(tenant.resource().life)
}

/// Has a grant made anew from the newest snapshot of its resource. While that is under way the same is answered; a grant
/// that could not be made is tried again.
///
/// # Errors
/// `grant.unknown` when there is none or this person may not see it; neither the provider nor the operator's manager;
/// `tenant.closed`; `grant.revoked`; `grant.newest` when it holds the newest rows.
pub async fn refresh_grant(app: &App, ctx: &Ctx, id: Id<kind::Grant>) -> Result<Grant> {
    let (reference, is_open) = app
        .store()
        .read("grant.find", |tx| {
            Box::pin(async move {
                let grant = versioned(tx, id).await?.value;
                let entry = resources::versioned(tx, grant.resource).await?.value;
                let tenant = get(tx, grant.tenant).await?;
                Ok::<_, Error>((reference(&grant, &entry, &tenant), tenant.is_open()))
            })
        })
        .await?;
    app.permit(ctx, Action::GrantView, reference.clone()).map_err(|_| Error::NotFound("grant.unknown"))?;
    if !is_open {
        return Err(Error::Forbidden("tenant.closed"));
    }
    let permit = &app.permit(ctx, Action::GrantRefresh, reference)?;
    app.command(ctx, permit, "grant.refresh", &id, move |tx| {
        Box::pin(async move {
            let grant = order(tx, ctx, id).await?;
            let payload = (&grant.state, &grant.renewal);
            let note =
                Note { subject: format!("grant/{id}"), tenant: Some(grant.tenant), clauses: &[], payload };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(grant)
        })
    })
    .await
}

async fn order(tx: &mut Tx<'_>, ctx: &Ctx, id: Id<kind::Grant>) -> Result<Grant> {
    let mut stored = versioned(tx, id).await?;
    let tenant = get(tx, stored.value.tenant).await?;
    if !tenant.is_open() {
        return Err(Error::Forbidden("tenant.closed"));
    }
    let entry = resources::versioned(tx, stored.value.resource).await?.value;
    let (newest, _) = entry.newest().ok_or_else(|| Error::invalid("resource.no_snapshot", &entry.code))?;
    let grant = &mut stored.value;
    match grant.state {
        GrantState::Revoked => return Err(Error::Conflict("grant.revoked")),
        GrantState::Preparing => return Ok(stored.value),
        GrantState::Ready if grant.is_renewing() => return Ok(stored.value),
        GrantState::Ready if grant.holds() == Some(newest.id) => return Err(Error::Conflict("grant.newest")),
        GrantState::Ready => {
            grant.renewal = Some(Renewal {
                snapshot: newest.id,
                ordered: ctx.now,
                by: ctx.unit_name.clone(),
                epoch: tenant.epoch,
                state: RenewalState::Preparing,
                error: None,
            });
        }
        GrantState::Failed | GrantState::Refused => {
            grant.state = GrantState::Preparing;
            grant.error = None;
        }
    }
    put(tx, &stored, ctx.now).await?;
    Ok(stored.value)
}

/// Stores a grant that is to be made, with the job that makes it.
pub(super) async fn put(tx: &mut Tx<'_>, stored: &Versioned<Grant>, now: Timestamp) -> Result<()> {
    let grant = &stored.value;
    // The version tells this order from others of the same moment.
    let key = format!("{}/{}/{}", grant.id, now.micros(), stored.version);
    jobs::push(tx, jobs::PREPARE_GRANT, key, now, &grant.id).await?;
    records::put(tx, grant, Expected::Version(stored.version), now).await?;
    Ok(())
}

/// The grants of a resource that this person may see, the newest first.
///
/// # Errors
/// `resource.unknown`.
pub async fn grants_of_resource(
    app: &App,
    ctx: &Ctx,
    resource: Id<kind::Resource>,
) -> Result<Vec<GrantStatus>> {
    let entry = resources::resource(app, ctx, resource).await?;
    let found = app
        .store()
        .read("grant.of_resource", |tx| {
            Box::pin(async move {
                let grants = records::all::<Grant>(tx, "resource", &resource.to_string(), GRANTS_MAX).await?;
                let mut found = Vec::with_capacity(grants.len());
                for grant in grants {
                    let tenant = get(tx, grant.value.tenant).await?;
                    found.push((grant.value, tenant));
                }
                Ok::<_, Error>(found)
            })
        })
        .await?;
    let seen = |(grant, tenant): &(Grant, Tenant)| {
        let reference = reference(grant, &entry, tenant);
        app.permit(ctx, Action::GrantView, reference).ok()?;
        Some(grant_status(app, ctx, grant, &entry, tenant))
    };
    Ok(found.iter().rev().filter_map(seen).collect())
}

/// What is told of a grant to who may see it.
#[must_use]
pub fn grant_status(
    app: &App,
    ctx: &Ctx,
    grant: &Grant,
    entry: &CatalogEntry,
    tenant: &Tenant,
) -> GrantStatus {
    let newest = entry.newest().map(|(newest, _)| newest.id);
    let holds = grant.holds();
    let is_newest = holds.is_some() && holds == newest;
    let due = match grant.state {
        GrantState::Ready => !is_newest && !grant.is_renewing() && newest.is_some(),
        GrantState::Failed | GrantState::Refused => newest.is_some(),
        GrantState::Preparing | GrantState::Revoked => false,
    };
    let may = || app.permit(ctx, Action::GrantRefresh, reference(grant, entry, tenant)).is_ok();
    GrantStatus {
        grant: grant.id,
        tenant: tenant.id,
        title: tenant.title.clone(),
        unit_name: tenant.unit_name.clone(),
        state: grant.state,
        snapshot: holds,
        taken_at: entry.snapshots.iter().find(|snapshot| Some(snapshot.id) == holds).map(|one| one.taken_at),
        is_newest,
        renewal: grant.renewal.clone(),
        may_refresh: due && tenant.is_open() && may(),
    }
}

/// A grant by id, in the caller's transaction.
///
/// # Errors
/// `grant.unknown`.
pub(crate) async fn versioned(tx: &mut Tx<'_>, id: Id<kind::Grant>) -> Result<Versioned<Grant>> {
    records::get::<Grant>(tx, id.uuid()).await?.ok_or(Error::NotFound("grant.unknown"))
}
