//! Putting a version into force.
//!
//! One transaction marks both versions, notes since when new duties are owed, moves the cases the version takes along and
//! writes the journal. The list of those cases is made anew inside it and must be the one that was looked at. Only where
//! there are more than [`AT_ONCE`] of them does the transaction leave the moving to a job, since other writers would wait
//! too long: the job moves them page by page, each page in a transaction of its own, and goes through the open cases until
//! a pass finds none to move, so that it may be broken off and begun again anywhere (ADR 9).

use std::sync::Arc;

use access::{Action, Permit, ResourceRef, Thing};
use base::{Date, Digest};
use regulation::pack::{Pack, Status};
use serde::{Deserialize, Serialize};
use storage::records::Cursor;
use storage::{Tx, settings};

use super::impact::{Mover, PAGE, has_transition, open_cases, scan};
use super::propose::write;
use super::version::{self, act};
use super::{ActKind, IN_FORCE, ImpactCounts, Progress, Version, VersionState, report};
use crate::cases::{self, carry, would_move};
use crate::jobs;
use crate::{App, Ctx, Error, Result};

/// Cases that are moved in the transaction of the decision itself.
const AT_ONCE: usize = 200;

/// What activating did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activated {
    /// The version in force now.
    pub digest: Digest,
    /// Cases that stay where they are, move, or are blocked.
    pub cases: ImpactCounts,
    /// The moving goes on in the background.
    pub in_background: bool,
}

/// Why a text cannot follow the one in force on a day; `None` when it can. A draft put out for comments may be operated,
/// and another draft may follow it; no draft follows a text in force.
#[must_use]
pub fn not_before(pack: &Pack, current: &Pack, today: Date) -> Option<(&'static str, String)> {
    let day = |day: Date| day.to_string();
    match (pack.status, pack.in_force) {
        (Status::Draft, _) if current.status != Status::Draft => Some(("pack.draft", pack.version.clone())),
        (Status::Replaced | Status::Expired, _) => Some(("pack.over", pack.version.clone())),
        (_, (Some(first), _)) if today < first => Some(("pack.not_yet", day(first))),
        (_, (_, Some(last))) if last < today => Some(("pack.ended", day(last))),
        _ => None,
    }
}

/// Puts a version into force, by another person than the one who proposed it.
///
/// # Errors
/// `pack.own_proposal`; `pack.unconfirmed` while nobody has taken a supplied version as a proposal; `pack.not_proposed`; `pack.not_yet` and its
/// kin with the day; [`Error::Unfit`] when a check no longer holds; `pack.impact_changed` when other cases would move than
/// those looked at (`seen`); `pack.moving` while the cases of the last one still move; not allowed.
pub async fn activate(app: &App, ctx: &Ctx, digest: Digest, seen: Digest) -> Result<Activated> {
    activate_with(app, ctx, digest, seen, AT_ONCE).await
}

pub(crate) async fn activate_with(
    app: &App,
    ctx: &Ctx,
    digest: Digest,
    seen: Digest,
    at_once: usize,
) -> Result<Activated> {
    let asked = &version::version(app, digest).await?;
    let permit = &permit(app, ctx, asked)?;
    let new = app.packs().known(digest).ok_or(Error::NotFound("pack.version_unknown"))?;
    may(asked, &new, &app.packs().current(), ctx)?;
    // What was found on the day of the proposal may have changed with the calendar.
    let found = report(app, Arc::clone(&new)).await?;
    if !found.is_clean() {
        return Err(Error::Unfit(Box::new(found)));
    }
    let new = &new;
    let listed = app
        .store()
        .read("pack.impact", |tx| Box::pin(async move { scan(app, tx, ctx, new, |_| {}).await }))
        .await?;
    if listed.digest != seen {
        return Err(Error::Conflict("pack.impact_changed"));
    }
    let many = listed.total.moves > at_once as u64;
    let cases = listed.total;
    let activated = app
        .command(ctx, permit, "pack.activate", &(digest, seen), move |tx| {
            Box::pin(async move {
                let record = version::load(tx, digest).await?;
                // Withdrawn and proposed again meanwhile, perhaps by the one who activates: the permit was for another.
                if record.acts != asked.acts {
                    return Err(Error::Conflict("storage.conflict"));
                }
                may(&record, new, &*app.packs().governing(tx).await?, ctx)?;
                let mut movers: Vec<Mover> = Vec::new();
                if !many {
                    let now = scan(app, tx, ctx, new, |mover| movers.push(mover)).await?;
                    if now.digest != seen {
                        return Err(Error::Conflict("pack.impact_changed"));
                    }
                }
                replace(app, tx, permit, ctx, new).await?;
                let progress = Progress { moved: movers.len() as u64, of: cases.moves, done: !many };
                take_over(app, tx, permit, ctx, record, progress).await?;
                for Mover { loaded, event } in movers {
                    carry(app, tx, permit, ctx, new, (loaded, event)).await?;
                }
                if many {
                    jobs::push(tx, jobs::MOVE_CASES, digest, ctx.now, &digest).await?;
                }
                Ok(Activated { digest, cases, in_background: many })
            })
        })
        .await?;
    app.packs().switch(digest);
    Ok(activated)
}

fn permit(app: &App, ctx: &Ctx, found: &Version) -> Result<Permit> {
    let mut resource = ResourceRef::new(Thing::Pack, found.digest);
    if let Some((person, unit)) = found.proposer().and_then(|act| act.person.zip(act.unit)) {
        resource = resource.with_requester(person, unit).with_handlers([person]);
    }
    let mine = found.proposer().and_then(|act| act.person) == Some(ctx.principal.person);
    app.permit(ctx, Action::PackActivate, resource).map_err(|denied| match denied {
        // Who may activate in general hears why not this one.
        Error::Forbidden(_) if mine => Error::Forbidden("pack.own_proposal"),
        other => other,
    })
}

/// Whether the version may come into force now, apart from who asks.
fn may(found: &Version, new: &Pack, current: &Pack, ctx: &Ctx) -> Result<()> {
    if found.state != VersionState::Proposed {
        return Err(Error::Conflict("pack.not_proposed"));
    }
    if found.waits_for_confirmation() {
        return Err(Error::Conflict("pack.unconfirmed"));
    }
    match not_before(new, current, ctx.now.date_at(new.counting.utc_offset_seconds)) {
        Some((code, subject)) => Err(Error::invalid(code, subject)),
        None => Ok(()),
    }
}

/// The version in force until now is replaced, and new duties are owed from today.
async fn replace(app: &App, tx: &mut Tx<'_>, permit: &Permit, ctx: &Ctx, new: &Pack) -> Result<()> {
    let old = app.packs().governing(tx).await?;
    for mut known in version::all(tx).await? {
        if known.progress.is_some_and(|progress| !progress.done) {
            return Err(Error::Conflict("pack.moving"));
        }
        if known.state == VersionState::InForce {
            known.state = VersionState::Replaced;
            known.acts.push(act(ctx, ActKind::Replaced));
            write(app, tx, permit, ctx, &known).await?;
        }
    }
    cases::duties_follow(app, tx, ctx, &old, new).await
}

async fn take_over(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    ctx: &Ctx,
    mut record: Version,
    progress: Progress,
) -> Result<()> {
    record.state = VersionState::InForce;
    record.acts.push(act(ctx, ActKind::Activated));
    record.progress = Some(progress);
    settings::put(tx, IN_FORCE, &record.digest, ctx.now).await?;
    write(app, tx, permit, ctx, &record).await
}

/// Moves what a version takes along, page by page, until a pass finds nothing more.
pub(crate) async fn move_cases(app: &App, digest: Digest) -> Result<()> {
    let ctx = &Ctx::service("pack.activate", app.now());
    let permit = &app.permit(ctx, Action::PackActivate, ResourceRef::new(Thing::Pack, digest))?;
    let new = app.packs().known(digest);
    let new = new.ok_or_else(|| Error::internal("pack.version", digest.to_string()))?;
    loop {
        let (mut after, mut moved) = (None, 0);
        loop {
            let (count, next) = move_page(app, ctx, permit, &new, (after, PAGE)).await?;
            moved += count;
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        // A case that somebody worked on may have slipped past its place in the list.
        if moved == 0 {
            return finish(app, ctx, permit, digest).await;
        }
    }
}

/// Moves the cases of one page of the list. Answers how many, and where the next page begins.
pub(crate) async fn move_page(
    app: &App,
    ctx: &Ctx,
    permit: &Permit,
    new: &Arc<Pack>,
    (after, limit): (Option<Cursor>, u32),
) -> Result<(u64, Option<Cursor>)> {
    let (named, next) = app
        .store()
        .read("pack.move_page", |tx| {
            Box::pin(async move {
                let (cases, next) = open_cases(tx, after, limit).await?;
                let mut named = Vec::new();
                for case in cases.iter().filter(|case| has_transition(new, case)) {
                    let found = would_move(app, tx, ctx, case.id, new).await?;
                    if found.is_some_and(|(_, _, event)| event.is_some()) {
                        named.push(case.id);
                    }
                }
                Ok::<_, Error>((named, next))
            })
        })
        .await?;
    if named.is_empty() {
        return Ok((0, next));
    }
    let named = &named;
    let moved = app
        .store()
        .transact(permit, "pack.move", |tx| {
            Box::pin(async move {
                let mut moved = 0;
                for id in named {
                    if let Some((_, loaded, Some(event))) = would_move(app, tx, ctx, *id, new).await? {
                        carry(app, tx, permit, ctx, new, (loaded, event)).await?;
                        moved += 1;
                    }
                }
                let mut record = version::load(tx, new.digest).await?;
                if let Some(progress) = &mut record.progress {
                    progress.moved += moved;
                }
                write(app, tx, permit, ctx, &record).await?;
                Ok::<_, Error>(moved)
            })
        })
        .await?;
    app.committed();
    Ok((moved, next))
}

async fn finish(app: &App, ctx: &Ctx, permit: &Permit, digest: Digest) -> Result<()> {
    app.store()
        .transact(permit, "pack.moved", |tx| {
            Box::pin(async move {
                let mut record = version::load(tx, digest).await?;
                if let Some(progress) = &mut record.progress {
                    progress.done = true;
                }
                write(app, tx, permit, ctx, &record).await
            })
        })
        .await?;
    app.committed();
    Ok(())
}
