//! What the platform does when a case says so. Everything here runs in the command's own transaction: state changes
//! at once, slow work as a job pushed in the same transaction.

use access::Permit;
use regulation::case::{CaseState, Event, EventBody};
use regulation::pack::Effect;
use storage::Tx;

use crate::{App, Ctx, Error, Result, exports, models, notices, products, tenants, usages};

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
        if let EventBody::EffectDue { effect, .. } = &event.body {
            tracing::info!(case.id = %state.id, ?effect, "effect");
            one(app, tx, permit, ctx, state, *effect).await?;
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
) -> Result<()> {
    match effect {
        Effect::PublishNotice => {
            notices::publish(app, tx, ctx, state, notices::NoticeKind::Announcement).await
        }
        Effect::PublishResult => notices::publish(app, tx, ctx, state, notices::NoticeKind::Result).await,
        Effect::EstablishAuthorisation => tenants::establish(app, tx, ctx, state).await,
        Effect::ActivateAgreement => tenants::activate_agreement(app, tx, ctx, state).await,
        Effect::OpenAccess => tenants::open_access(app, tx, ctx, state).await,
        Effect::CloseAccess => tenants::close_access(app, tx, ctx, state).await,
        Effect::RestoreAccess => tenants::restore_access(app, tx, ctx, state).await,
        Effect::GrantData => tenants::grant_data(app, tx, ctx, state).await,
        Effect::SealTenant => tenants::seal(app, tx, ctx, state).await,
        Effect::DestroyTenant => tenants::destroy(app, tx, ctx, state).await,
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
        // Words of the grammar the platform has no deed for yet: the action is refused as a whole.
        Effect::RevokeGrant
        | Effect::PublishInformation
        | Effect::RegisterNumber
        | Effect::ListResource
        | Effect::UnlistResource => Err(Error::Conflict("effect.not_available")),
    }
}
