//! The clock sweep: what periodic duties demand is opened, open cases have their reminders, escalations and expiries.
//! Runs often; each period is opened once, each rung fires once. It reads no case but those that the kernel said would
//! have something to do by now.

use access::{Action, ResourceRef, Thing};
use regulation::case::tick;
use storage::records::{self, Order, Query};

use super::{CaseRecord, WAKES, context, effects, happened, load, owe, recount, written};
use crate::{App, Ctx, Error, Result};

/// Cases looked at in one transaction.
const BATCH: u32 = 50;

/// Opens what is owed and ticks every case whose day has come. Answers how many changed.
pub(crate) async fn sweep(app: &App) -> Result<u64> {
    let ctx = &Ctx::service("case.tick", app.now());
    let permit = &app.permit(ctx, Action::CaseTick, ResourceRef::any(Thing::Case))?;
    recount::recount(app, ctx.now).await?;
    let mut after = None;
    let mut changed = owe::open_due(app, ctx, permit).await?;
    loop {
        let query = &Query { name: WAKES, value: "", after, limit: BATCH, order: Order::Ascending };
        let page = app
            .store()
            .read("case.sweep", |tx| {
                Box::pin(async move { Ok::<_, Error>(records::list::<CaseRecord>(tx, query).await?) })
            })
            .await?;
        for case in page.items {
            // Those that wake first come first.
            if case.value.wakes.is_none_or(|wakes| wakes > ctx.now) {
                return Ok(changed);
            }
            match one(app, ctx, &case.value).await {
                Ok(ticked) => changed += u64::from(ticked),
                // One case that cannot go on must not stop the clocks of the others; the next sweep tries it again.
                Err(error) => {
                    tracing::error!(error.code = error.code(), error = ?error, case.id = %case.value.id, "a case cannot be ticked");
                }
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(changed),
        }
    }
}

async fn one(app: &App, ctx: &Ctx, case: &CaseRecord) -> Result<bool> {
    let id = case.id;
    let due = app
        .store()
        .read("case.tick", |tx| {
            Box::pin(async move {
                let loaded = load(tx, id).await?;
                let pack = app.packs().version(&loaded.state.pack)?;
                Ok::<_, Error>(!tick(&loaded.state, &context(app, &pack, ctx.now)).is_empty())
            })
        })
        .await?;
    if !due {
        return Ok(false);
    }
    let permit = &app.permit(ctx, Action::CaseTick, ResourceRef::new(Thing::Case, id))?;
    let ticked = app
        .store()
        .transact(permit, "case.tick", |tx| {
            Box::pin(async move {
                let loaded = load(tx, id).await?;
                let pack = app.packs().version(&loaded.state.pack)?;
                let context = context(app, &pack, ctx.now);
                let new = tick(&loaded.state, &context);
                let state = happened(tx, Some(loaded), &new).await?;
                effects::apply(app, tx, permit, ctx, &state, &new).await?;
                written(app, tx, permit, ctx.now, &context, &state, &new).await?;
                Ok(true)
            })
        })
        .await;
    app.committed();
    ticked
}
