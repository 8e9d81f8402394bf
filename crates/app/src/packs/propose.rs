//! Proposing a version, taking over what the installation supplied, and withdrawing it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::{Action, ResourceRef, Thing};
use base::Digest;
use regulation::pack::{Pack, parent_id};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected};

use super::version::{self, act};
use super::{ActKind, PackSource, Report, StoredPack, Version, VersionState, check, keep, key_of};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Bytes of all files of one proposal.
pub const PACK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Proposals that may wait at the same time, and that one person may make in a day.
const PROPOSALS_MAX: usize = 20;
const DAY_SECONDS: i64 = 86_400;

/// One file of a pack's folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackFile {
    /// Path. With the folder's own name before it or without; a name alone stands for the file of that name in the
    /// version in force.
    pub path: String,
    /// Text.
    pub text: String,
}

/// A version that was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// Its digest.
    pub digest: Digest,
    /// What was found.
    pub report: Report,
}

/// Proposes a changed folder of the jurisdiction's pack.
///
/// # Errors
/// [`Error::Unfit`] with everything that stands in the way; `pack.files_*` for too many, too large or misplaced files;
/// `pack.other` for another text; `pack.same`, `pack.proposed`, `pack.label_taken`; not allowed.
pub async fn propose(app: &App, ctx: &Ctx, sent: &[PackFile]) -> Result<Proposed> {
    let permit = &app.permit(ctx, Action::PackPropose, ResourceRef::any(Thing::Pack))?;
    let current = app.packs().current();
    let source = PackSource { id: current.id.clone(), files: assembled(app, &current, sent).await? };
    let sources = source.source_files();
    let parent = match parent_id(&sources) {
        None => None,
        // Read on top of the parents in force, whatever newer ones are supplied.
        Some(id) => app.packs().find(&id).ok(),
    };
    let parent_digest = parent.as_ref().map(|parent| parent.digest);
    let (report, pack) = check(app, sources, parent).await?;
    let Some(pack) = pack.filter(|_| report.is_clean()) else { return Err(Error::Unfit(Box::new(report))) };
    if pack.id != current.id {
        return Err(Error::invalid("pack.other", &pack.id));
    }
    let stored = &[StoredPack { digest: pack.digest, parent: parent_digest, source }];
    let (version, digest) = (&pack, pack.digest);
    let request = &stored.first().map(|stored| &stored.source.files);
    let proposed = app
        .command(ctx, permit, "pack.propose", request, |tx| {
            let report = report.clone();
            Box::pin(async move {
                let record = proposal(tx, ctx, version, report.clone()).await?;
                keep(tx, stored, ctx.now).await?;
                write(app, tx, permit, ctx, &record).await?;
                Ok(Proposed { digest, report })
            })
        })
        .await?;
    app.packs().learn(pack, parent_digest);
    Ok(proposed)
}

/// The record of a proposal, new or made again from one that was withdrawn or replaced.
async fn proposal(tx: &mut Tx<'_>, ctx: &Ctx, pack: &Pack, report: Report) -> Result<Version> {
    let known = version::all(tx).await?;
    let act = act(ctx, ActKind::Proposed);
    if known.iter().filter(|one| one.state == VersionState::Proposed).count() >= PROPOSALS_MAX {
        return Err(Error::Limited("pack.proposals"));
    }
    // Withdrawn proposals are kept like all others, so one person does not make any number of them.
    let yesterday = ctx.now.plus_seconds(-DAY_SECONDS);
    let mine = known.iter().flat_map(|one| &one.acts).filter(|one| {
        one.kind == ActKind::Proposed && one.person == Some(ctx.principal.person) && one.at > yesterday
    });
    if mine.count() >= PROPOSALS_MAX {
        return Err(Error::Limited("pack.proposals"));
    }
    if known.iter().any(|one| one.digest == pack.digest && one.state == VersionState::InForce) {
        return Err(Error::Conflict("pack.same"));
    }
    // Two texts under one label could not be told apart in any record.
    let labelled = |one: &&Version| one.digest != pack.digest && one.state != VersionState::Withdrawn;
    if known.iter().filter(labelled).any(|one| one.pack == pack.id && one.label == pack.version) {
        return Err(Error::invalid("pack.label_taken", &pack.version));
    }
    match known.into_iter().find(|one| one.digest == pack.digest) {
        None => Ok(Version::new(pack, VersionState::Proposed, act, Some(report))),
        Some(one) if one.state == VersionState::Proposed => Err(Error::Conflict("pack.proposed")),
        Some(mut one) => {
            one.state = VersionState::Proposed;
            one.report = Some(report);
            one.acts.push(act);
            Ok(one)
        }
    }
}

/// Takes what the installation supplied as one's own proposal; somebody else then activates it.
///
/// # Errors
/// `pack.version_unknown`; `pack.not_supplied` when it is no such proposal; not allowed.
pub async fn confirm(app: &App, ctx: &Ctx, digest: Digest) -> Result<()> {
    let permit = &app.permit(ctx, Action::PackPropose, ResourceRef::new(Thing::Pack, digest))?;
    app.command(ctx, permit, "pack.confirm", &digest, |tx| {
        Box::pin(async move {
            let mut record = version::load(tx, digest).await?;
            if !record.waits_for_confirmation() {
                return Err(Error::Conflict("pack.not_supplied"));
            }
            record.acts.push(act(ctx, ActKind::Confirmed));
            write(app, tx, permit, ctx, &record).await
        })
    })
    .await
}

/// Withdraws a proposal.
///
/// # Errors
/// `pack.version_unknown`; `pack.not_proposed`; not allowed.
pub async fn withdraw(app: &App, ctx: &Ctx, digest: Digest) -> Result<()> {
    let permit = &app.permit(ctx, Action::PackPropose, ResourceRef::new(Thing::Pack, digest))?;
    app.command(ctx, permit, "pack.withdraw", &digest, |tx| {
        Box::pin(async move {
            let mut record = version::load(tx, digest).await?;
            if record.state != VersionState::Proposed {
                return Err(Error::Conflict("pack.not_proposed"));
            }
            record.state = VersionState::Withdrawn;
            record.acts.push(act(ctx, ActKind::Withdrawn));
            write(app, tx, permit, ctx, &record).await
        })
    })
    .await
}

/// Writes a version's record and the journal row that goes with it.
pub(super) async fn write(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &access::Permit,
    ctx: &Ctx,
    record: &Version,
) -> Result<()> {
    records::put(tx, record, Expected::Any, ctx.now).await?;
    let subject = format!("pack/{}", record.digest);
    // The findings stand in the record; a journal row says who did what to which texts, whose digest covers them.
    let payload = (&record.label, record.state, record.acts.last(), record.progress);
    app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload }).await?;
    Ok(())
}

/// The files as the folder of a pack: a whole folder as it is, single files in the place of their namesakes in the
/// version in force.
async fn assembled(app: &App, current: &Arc<Pack>, sent: &[PackFile]) -> Result<Vec<(String, String)>> {
    if sent.is_empty() {
        return Err(Error::invalid("pack.files_missing", ""));
    }
    if sent.len() > regulation::pack::FILES_MAX {
        return Err(Error::Limited("pack.files_too_large"));
    }
    if sent.iter().map(|file| file.text.len()).sum::<usize>() > PACK_BYTES_MAX {
        return Err(Error::Limited("pack.files_too_large"));
    }
    let paths = || sent.iter().map(|file| (file.path.replace('\\', "/"), file.text.clone()));
    if paths().all(|(path, _)| !path.contains('/')) {
        let digest = current.digest;
        let stored = app
            .store()
            .read("pack.texts", |tx| {
                Box::pin(async move { Ok::<_, Error>(records::get::<StoredPack>(tx, key_of(digest)).await?) })
            })
            .await?;
        let base = stored.map(|stored| stored.value.source.files).unwrap_or_default();
        // A whole folder without subfolders is whole all the same.
        return replaced(base, paths().collect());
    }
    // The folder's own name, as a browser sends it.
    let root = paths().filter_map(|(path, _)| path.strip_suffix("pack.yaml").map(str::to_owned));
    let root = root.min_by_key(String::len).unwrap_or_default();
    let inside =
        |(path, text): (String, String)| (path.strip_prefix(&root).unwrap_or(&path).to_owned(), text);
    let is_text = |(path, _): &(String, String)| path.ends_with(".yaml") || path.ends_with(".typ");
    let mut files: Vec<_> = paths().filter(is_text).map(inside).collect();
    files.sort();
    Ok(files)
}

/// Single files over the folder they belong to. Where several folders have a file of the name, the one that begins with
/// the same keys is meant.
fn replaced(base: Vec<(String, String)>, sent: Vec<(String, String)>) -> Result<Vec<(String, String)>> {
    let mut files: BTreeMap<String, String> = base.into_iter().collect();
    for (name, text) in sent {
        let keys = keys_of(&text);
        let mut homes: Vec<(usize, String)> = files
            .iter()
            .filter(|(path, _)| path.rsplit('/').next() == Some(name.as_str()))
            .map(|(path, known)| (keys.intersection(&keys_of(known)).count(), path.clone()))
            .collect();
        homes.sort();
        let home = match homes.as_slice() {
            [] => name,
            [.., (next, _), (most, _)] if next == most => {
                return Err(Error::invalid("pack.files_unclear", name));
            }
            [.., (_, path)] => path.clone(),
        };
        files.insert(home, text);
    }
    Ok(files.into_iter().collect())
}

/// The keys at the left margin of a text.
fn keys_of(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| !line.starts_with([' ', '#', '-', '\t']));
    lines.filter_map(|line| line.split_once(':')).map(|(key, _)| key).collect()
}
