//! What a start does with the packs it was given: an empty store takes them, any other finds them proposed.

use std::sync::{Arc, PoisonError};

use access::{Action, ResourceRef, Thing};
use base::Digest;
use regulation::pack::Pack;
use storage::settings;

use super::propose::write as write_record;
use super::version::{self, act};
use super::{ActKind, IN_FORCE, PackSource, Report, StoredPack, Version, VersionState, keep, report};
use crate::{App, Ctx, Error, Result};

/// Puts the supplied version into force where none is, or proposes it where it is another one. Asked again it changes
/// nothing.
pub(crate) async fn settle(app: &App, sources: &[PackSource]) -> Result<()> {
    let current = app.packs().current();
    let (in_force, known) = app
        .store()
        .read("pack.in_force", |tx| {
            Box::pin(async move {
                let known: Vec<Digest> = version::all(tx).await?.iter().map(|one| one.digest).collect();
                Ok::<_, Error>((settings::get::<Digest>(tx, IN_FORCE).await?, known))
            })
        })
        .await?;
    let ctx = &Ctx::service("install", app.now());
    if in_force != Some(current.digest) {
        write(app, ctx, sources, &current, VersionState::InForce, None).await?;
    }
    let supplied = app.packs().supplied.iter().find(|pack| pack.id == current.id);
    match supplied.filter(|pack| pack.digest != current.digest && !known.contains(&pack.digest)) {
        None => Ok(()),
        Some(pack) => {
            let found = report(app, Arc::clone(pack)).await?;
            tracing::warn!(
                pack = pack.id,
                version = pack.version,
                "another version is supplied; it waits for activation"
            );
            write(app, ctx, sources, pack, VersionState::Proposed, Some(found)).await
        }
    }
}

async fn write(
    app: &App,
    ctx: &Ctx,
    sources: &[PackSource],
    pack: &Pack,
    state: VersionState,
    found: Option<Report>,
) -> Result<()> {
    let (action, kind) = match state {
        VersionState::InForce => (Action::PackActivate, ActKind::Activated),
        _ => (Action::PackPropose, ActKind::Proposed),
    };
    let permit = &app.permit(ctx, action, ResourceRef::new(Thing::Pack, pack.digest))?;
    let record = &Version::new(pack, state, act(ctx, kind), found);
    let texts = &texts(app, sources, pack.digest);
    app.store()
        .transact(permit, "pack.settle", |tx| {
            Box::pin(async move {
                keep(tx, texts, ctx.now).await?;
                if state == VersionState::InForce {
                    // Of another text, under which no case was ever opened.
                    for mut other in version::all(tx).await? {
                        if other.digest != record.digest && other.state == VersionState::InForce {
                            other.state = VersionState::Replaced;
                            other.acts.push(act(ctx, ActKind::Replaced));
                            write_record(app, tx, permit, ctx, &other).await?;
                        }
                    }
                    settings::put(tx, IN_FORCE, &record.digest, ctx.now).await?;
                }
                write_record(app, tx, permit, ctx, record).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
    app.committed();
    Ok(())
}

/// The texts of a supplied version and of its parents. Texts that are kept already need not be among the sources.
fn texts(app: &App, sources: &[PackSource], digest: Digest) -> Vec<StoredPack> {
    let versions = app.packs().versions.read().unwrap_or_else(PoisonError::into_inner);
    let mut found = Vec::new();
    let mut at = Some(digest);
    while let Some((digest, known)) = at.and_then(|digest| Some((digest, versions.get(&digest)?))) {
        let supplied = app.packs().supplied.iter().any(|pack| pack.digest == digest);
        let source = sources.iter().find(|source| supplied && source.id == known.pack.id);
        found.extend(source.map(|source| StoredPack {
            digest,
            parent: known.parent,
            source: source.clone(),
        }));
        at = known.parent;
    }
    found
}
