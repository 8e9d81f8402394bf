//! Consent (同意): what persons have agreed to, as the provider delivers it. The rows go straight to the provider's intake
//! worker and are sealed there; here are counts only. A prod zone gets them with the tables that need them.

use std::collections::{BTreeMap, BTreeSet};

use access::{Action, Permit};
use base::{Digest, Id, Timestamp, kind};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use secure_domain::protocol::{ConsentOrder, ConsentSpec, ConsentsDone, ObjectRef, Purpose};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected};
use storage::{Tx, objects as rows};

use crate::journal::Note;
use crate::resources::{self, CatalogEntry};
use crate::tenants::{Basis, Grant, GrantState};
use crate::uploads::{self, Intake};
use crate::{App, Ctx, Error, Result, jobs, objects, zones};

/// Deliveries of one resource that are read together; then all are delivered anew.
const DELIVERIES_MAX: usize = 200;
/// Grants of one resource looked at.
const GRANTS_MAX: usize = 1_000;

/// What a resource's rows may be used for: what each entity has consented to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRule {
    /// Deliveries, oldest first; of what one entity said about one scenario the latest day counts.
    pub deliveries: Vec<ConsentDelivery>,
    /// Whether others were there before these, whose place they took.
    #[serde(default)]
    pub replaced: bool,
}

/// One delivery of consents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentDelivery {
    /// Where it lies, sealed.
    pub object: Id<kind::Object>,
    /// Digest of the sealed bytes.
    pub digest: Digest,
    /// When it came.
    pub at: Timestamp,
    /// Rows that grant.
    pub granted: u64,
    /// Rows that withdraw.
    pub withdrawn: u64,
    /// Rows of each scenario.
    pub scenarios: BTreeMap<String, u64>,
}

/// What a delivery does to those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentMode {
    /// Comes on top: new consents and withdrawals.
    #[default]
    Update,
    /// Takes their place.
    Replace,
}

/// What was taken in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConsentsTaken {
    /// The resource.
    pub resource: Id<kind::Resource>,
    /// The delivery.
    pub delivery: ConsentDelivery,
    /// Deliveries that are read together now.
    pub deliveries: usize,
}

/// Takes in a file of consents: delimited text with the columns of the entity's key, `scenario`, `state` (`granted` or
/// `withdrawn`, also 同意, 撤回) and `since` (a day). When this returns, the next answer of every zone rests on it.
///
/// # Errors
/// Not the provider; `consent.not_needed` for a resource that was registered without; `consent.deliveries` for too many
/// updates; `domain.intake` with the faults by row; as [`uploads::upload`].
pub async fn load<E>(
    app: &App,
    ctx: &Ctx,
    resource: Id<kind::Resource>,
    mode: ConsentMode,
    body: impl Stream<Item = std::result::Result<Bytes, E>> + Send + Unpin,
) -> Result<ConsentsTaken>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let entry = resources::find(app, resource).await?;
    let permit = app.permit(ctx, Action::ResourceUpload, entry.reference())?;
    let rule = entry.consent.as_ref().ok_or_else(|| Error::invalid("consent.not_needed", &entry.code))?;
    if mode == ConsentMode::Update && rule.deliveries.len() >= DELIVERIES_MAX {
        return Err(Error::Limited("consent.deliveries"));
    }
    let mut intake = Intake::begin(app, ctx, &permit, &entry).await?;
    let sent = intake.send(body.map(|piece| piece.map_err(|error| uploads::broken(&error)))).await;
    let taken = finish(intake, sent, &permit, &entry, mode).await?;
    spread(app, resource).await?;
    Ok(taken)
}

async fn finish(
    intake: Intake<'_>,
    sent: Result<()>,
    permit: &Permit,
    entry: &CatalogEntry,
    mode: ConsentMode,
) -> Result<ConsentsTaken> {
    let taken = match sent {
        Ok(()) => take_in(&intake, permit, entry).await,
        Err(error) => Err(error),
    };
    let registered = match taken {
        Ok(done) => register(&intake, permit, entry, mode, done).await,
        Err(error) => {
            let _gone = intake.zone.drop_upload(intake.upload).await;
            Err(error)
        }
    };
    if let Err(error) = intake.zone.forget_keys(vec![intake.fresh.key.name.clone()]).await {
        tracing::warn!(error.code = error.code(), "an intake worker kept a key");
    }
    if !registered.as_ref().is_ok_and(|taken| taken.delivery.object == intake.fresh.object) {
        objects::discard(intake.app, intake.fresh.object).await;
    }
    registered
}

async fn take_in(intake: &Intake<'_>, permit: &Permit, entry: &CatalogEntry) -> Result<ConsentsDone> {
    intake.zone.add_keys(vec![intake.fresh.key.clone()]).await?;
    let order = ConsentOrder {
        upload: intake.upload,
        key: entry.entity.iter().flat_map(|entity| entity.columns.clone()).collect(),
        into: intake.fresh.reference(),
    };
    Ok(intake.zone.take_consents(permit, order).await?)
}

async fn register(
    intake: &Intake<'_>,
    permit: &Permit,
    entry: &CatalogEntry,
    mode: ConsentMode,
    done: ConsentsDone,
) -> Result<ConsentsTaken> {
    let (app, ctx, id) = (intake.app, intake.ctx, entry.id());
    let delivery = &ConsentDelivery {
        object: intake.fresh.object,
        digest: done.written.digest,
        at: ctx.now,
        granted: done.granted,
        withdrawn: done.withdrawn,
        scenarios: done.scenarios,
    };
    let row = &rows::Object {
        kind: "consents".to_owned(),
        ..intake.row(entry, done.written.digest, done.written.sealed_bytes)
    };
    let request = (id, mode, intake.total, intake.digest);
    app.command(ctx, permit, "resource.consents", &request, move |tx| {
        Box::pin(async move {
            let mut stored = resources::versioned(tx, id).await?;
            let rule = stored.value.consent.as_mut();
            let rule = rule.ok_or_else(|| Error::invalid("consent.not_needed", ""))?;
            if mode == ConsentMode::Replace {
                rule.replaced |= !rule.deliveries.is_empty();
                let old: Vec<_> = rule.deliveries.drain(..).map(|old| old.object).collect();
                for object in &old {
                    rows::destroy(tx, *object, ctx.now).await?;
                }
                let key = format!("consents/{}", delivery.object);
                jobs::push(tx, jobs::DISCARD_OBJECTS, key, ctx.now, &old).await?;
            }
            rule.deliveries.push(delivery.clone());
            let deliveries = rule.deliveries.len();
            rows::put(tx, row).await?;
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            let payload = (mode, delivery);
            let note = Note { subject: format!("resource/{id}"), tenant: None, clauses: &[], payload };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(ConsentsTaken { resource: id, delivery: delivery.clone(), deliveries })
        })
    })
    .await
}

/// Gives the zones that hold the resource what is known now, and makes the data interface ask them again.
async fn spread(app: &App, resource: Id<kind::Resource>) -> Result<()> {
    let grants = app
        .store()
        .read("consent.grants", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(
                    records::all::<Grant>(tx, "resource", &resource.to_string(), GRANTS_MAX).await?,
                )
            })
        })
        .await?;
    let tenants: BTreeSet<_> = grants
        .into_iter()
        .filter(|grant| grant.value.state == GrantState::Ready)
        .map(|grant| grant.value.tenant)
        .collect();
    for tenant in tenants {
        zones::refresh(app, tenant).await?;
    }
    app.committed();
    Ok(())
}

/// What a prod zone has to know of a granted table: nothing where its rows rest on another ground than consent.
pub(crate) fn spec(grant: &Grant, entry: &CatalogEntry) -> Option<ConsentSpec> {
    let rule = entry.consent.as_ref().filter(|_| rests_on_consent(grant, entry))?;
    Some(ConsentSpec {
        columns: entry.entity.iter().flat_map(|entity| entity.columns.clone()).collect(),
        given: rule
            .deliveries
            .iter()
            .map(|delivery| ObjectRef { object: delivery.object, key: delivery.object.to_string() })
            .collect(),
        replaced: rule.replaced,
    })
}

/// Whether the rows of a granted resource may be used of those only who consented. A grant of before the rule rests on it
/// as well.
pub(crate) const fn rests_on_consent(grant: &Grant, entry: &CatalogEntry) -> bool {
    entry.consent.is_some() && !matches!(grant.basis, Some(Basis::Statutory { .. }))
}

/// The scenario of an order over granted resources; none where no rows are there by consent.
///
/// # Errors
/// `consent.scenario_missing` where one is needed, `consent.scenario_unknown` for one that was not agreed.
pub(crate) async fn scenario(
    tx: &mut Tx<'_>,
    tenant: &crate::tenants::Tenant,
    grants: &[&Grant],
    wanted: Option<&str>,
) -> Result<Option<String>> {
    let wanted = wanted.map(str::trim).filter(|wanted| !wanted.is_empty());
    let mut needed = None;
    for grant in grants {
        let entry = resources::versioned(tx, grant.resource).await?.value;
        if rests_on_consent(grant, &entry) {
            needed = Some(entry.resource.code);
        }
    }
    match (needed, wanted) {
        (Some(code), None) => Err(Error::invalid("consent.scenario_missing", code)),
        (_, None) => Ok(None),
        (_, Some(wanted)) => {
            let agreed = tenant.agreement.as_ref().and_then(|agreement| agreement.scenarios.as_deref());
            if agreed.is_some_and(|agreed| !agreed.contains(wanted)) {
                return Err(Error::invalid("consent.scenario_unknown", wanted));
            }
            Ok(Some(wanted.to_owned()))
        }
    }
}

/// What an order of today is for.
pub(crate) fn purpose(app: &App, scenario: Option<&str>) -> Option<Purpose> {
    let on = app.now().date_at(app.packs().current().counting.utc_offset_seconds);
    scenario.map(|scenario| Purpose { scenario: scenario.to_owned(), on })
}
