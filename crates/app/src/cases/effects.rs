//! What the platform does when a case says so. Everything here runs in the command's own transaction: state changes
//! at once, slow work as a job pushed in the same transaction.

use access::Permit;
use regulation::case::{CaseState, Event, EventBody};
use regulation::pack::Effect;
use storage::Tx;

use super::{facts, owe};
use crate::{App, Ctx, Result, exports, imports, models, notices, products, resources, tenants, usages};

/// Applies the effects among the new events, in order.
pub(super) async fn apply(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    state: &CaseState,
    new: &[Event],
) -> Result<()> {
    for event in new {
        match &event.body {
            EventBody::EffectDue { effect, .. } => {
                tracing::info!(case.id = %state.id, ?effect, "effect");
                one(app, tx, permit, ctx, state, *effect, &event.clauses).await?;
            }
            EventBody::OpensCase { procedure, units, facts } => {
                let next = (procedure, units.as_slice(), facts);
                owe::opened_by_case(app, tx, permit, ctx, state, next, &event.clauses).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn one(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    state: &CaseState,
    effect: Effect,
    clauses: &[String],
) -> Result<()> {
    match effect {
        Effect::PublishNotice => {
            notices::publish(app, tx, ctx, state, notices::NoticeKind::Announcement, clauses).await
        }
        Effect::PublishResult => {
            notices::publish(app, tx, ctx, state, notices::NoticeKind::Result, clauses).await
        }
        Effect::EstablishAuthorisation => tenants::establish(app, tx, ctx, state).await,
        Effect::ActivateAgreement => tenants::activate_agreement(app, tx, ctx, state).await,
        Effect::OpenAccess => tenants::open_access(tx, ctx, state).await,
        Effect::CloseAccess => tenants::close_access(tx, ctx, state, clauses).await,
        Effect::RestoreAccess => tenants::restore_access(tx, ctx, state).await,
        Effect::GrantData => tenants::grant_data(app, tx, ctx, state).await,
        Effect::AdmitSocialData => imports::admit(tx, ctx, state, clauses).await,
        Effect::SealTenant => tenants::seal(tx, ctx, state, clauses).await,
        Effect::DestroyTenant => {
            for tenant in tenants::destroy(app, tx, ctx, state, clauses).await? {
                owe::lapsed(app, tx, permit, ctx, tenant, clauses).await?;
            }
            Ok(())
        }
        Effect::ApproveModel => models::approve(tx, ctx, state).await,
        Effect::ReleaseExport => exports::release(app, tx, permit, ctx, state).await,
        Effect::FileProduct => products::file(tx, ctx, state).await,
        Effect::ApprovePrice => products::approve_price(tx, ctx, state).await,
        Effect::ActivateUsage => usages::activate(tx, ctx, state).await,
        // The case itself is the record; its journal row and its place in the lists are all there is to do. What the
        // public sees of an objection is projected with its case, so that no stage of it can be missed.
        Effect::RecordObjection | Effect::RecordQuality | Effect::RecordReport | Effect::RecordCredit => {
            Ok(())
        }
        Effect::PublishInformation => {
            notices::publish(app, tx, ctx, state, notices::NoticeKind::Information, clauses).await
        }
        Effect::RevokeGrant => tenants::revoke_data(app, tx, ctx, state).await,
        Effect::RegisterNumber if state.facts.contains_key(facts::PRODUCT) => {
            products::number(tx, ctx, state).await
        }
        Effect::RegisterNumber => {
            resources::number(tx, ctx, state, &tenants::named_resources(app, state)?).await
        }
        Effect::ListResource | Effect::UnlistResource => {
            let on = effect == Effect::ListResource;
            resources::list(tx, ctx, state, &tenants::named_resources(app, state)?, on).await
        }
    }
}
