//! Running cases under another version of the pack: what it would mean, and doing it.

use access::Permit;
use base::{Id, kind};
use regulation::case::{Event, EventBody, Moving, moving};
use regulation::pack::Pack;
use regulation::pack::tools::{self, Impact};
use storage::Tx;

use super::{Loaded, context, happened, load, written};
use crate::{App, Ctx, Result};

/// What becomes of a case when `new` comes into force, and the event where it moves; `None` for a case that has ended or
/// runs under it already.
pub(crate) async fn would_move(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: Id<kind::Case>,
    new: &Pack,
) -> Result<Option<(Impact, Loaded, Option<Event>)>> {
    let loaded = load(tx, id).await?;
    if loaded.state.pack.digest == new.digest {
        return Ok(None);
    }
    let old = app.packs().version(&loaded.state.pack)?;
    let cases = std::slice::from_ref(&loaded.state);
    let listed = tools::impact(&old, new, cases, app.packs().calendar(), ctx.now).pop();
    let event = match moving(&loaded.state, &old, &context(app, new, ctx.now)) {
        Moving::Moves(event) => Some(*event),
        Moving::Stays | Moving::Blocked(_) => None,
    };
    Ok(listed.map(|impact| (impact, loaded, event)))
}

/// Moves a case: event, projection, journal row.
pub(crate) async fn carry(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    new: &Pack,
    (loaded, event): (Loaded, Event),
) -> Result<()> {
    debug_assert!(matches!(event.body, EventBody::Moved { .. }));
    let events = [event];
    let state = happened(tx, Some(loaded), &events).await?;
    written(app, tx, permit, ctx.now, &context(app, new, ctx.now), &state, &events).await
}
