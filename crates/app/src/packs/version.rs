//! The record of a version: where it stands, who brought it there, and what was found in it.

use base::{Date, Digest, Id, Timestamp, kind};
use regulation::pack::Pack;
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Key, Record};

use super::{Report, key_of};
use crate::{App, Ctx, Error, Result};

/// Versions of one installation; what people may propose in a day keeps it far from this.
const VERSIONS_MAX: usize = records::ALL_MAX;

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// 待启用
    Proposed,
    /// 启用
    InForce,
    /// 已被替代
    Replaced,
    /// 撤回
    Withdrawn,
}

/// What somebody did with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// Proposed, by a person or by the installation that found it supplied.
    Proposed,
    /// A person took what the installation supplied as a proposal of his own.
    Confirmed,
    /// Withdrawn.
    Withdrawn,
    /// Put into force. By the installation only at the first start of an empty store.
    Activated,
    /// Another version was put into force in its place.
    Replaced,
}

/// One act; the newest stands last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// What.
    pub kind: ActKind,
    /// Who; `None` for the installation.
    pub person: Option<Id<kind::Person>>,
    /// For which unit.
    pub unit: Option<Id<kind::Unit>>,
    /// The person's name that day.
    pub person_name: String,
    /// The unit's name that day.
    pub unit_name: String,
    /// When.
    pub at: Timestamp,
}

/// How far the cases have been moved that a version takes along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Cases moved.
    pub moved: u64,
    /// Of so many that were to move when it was put into force.
    pub of: u64,
    /// All that could move have moved.
    pub done: bool,
}

/// A version of the installation's pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Digest over its texts and its parents'; its name for programs.
    pub digest: Digest,
    /// Pack id.
    pub pack: String,
    /// Full name of the text.
    pub name: String,
    /// Version label.
    pub label: String,
    /// First and last day in force, as the text says.
    pub validity: (Option<Date>, Option<Date>),
    /// Where it stands.
    pub state: VersionState,
    /// Everything done with it, oldest first.
    pub acts: Vec<Act>,
    /// What was found when it was proposed; `None` for the first, which was supplied with an empty store.
    pub report: Option<Report>,
    /// The cases it takes along.
    pub progress: Option<Progress>,
}

impl Record for Version {
    const KIND: &'static str = "pack_version";
    fn id(&self) -> uuid::Uuid {
        key_of(self.digest)
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.acts.first().map_or(0, |act| act.at.micros());
        vec![Key::new("all", "", sort)]
    }
}

impl Version {
    pub(super) fn new(pack: &Pack, state: VersionState, act: Act, report: Option<Report>) -> Self {
        Self {
            digest: pack.digest,
            pack: pack.id.clone(),
            name: pack.name.clone(),
            label: pack.version.clone(),
            validity: pack.in_force,
            state,
            acts: vec![act],
            report,
            progress: None,
        }
    }

    /// The acts since it was proposed last.
    fn round(&self) -> &[Act] {
        let from = self.acts.iter().rposition(|act| act.kind == ActKind::Proposed).unwrap_or(0);
        self.acts.get(from..).unwrap_or_default()
    }

    /// The person whose proposal it is; `None` for what the installation supplied and nobody has confirmed.
    #[must_use]
    pub fn proposer(&self) -> Option<&Act> {
        let mine = |act: &&Act| matches!(act.kind, ActKind::Proposed | ActKind::Confirmed);
        self.round().iter().filter(mine).find(|act| act.person.is_some())
    }

    /// It waits for a person to take it as a proposal.
    #[must_use]
    pub fn waits_for_confirmation(&self) -> bool {
        self.state == VersionState::Proposed && self.proposer().is_none()
    }

    /// The last act of a kind.
    #[must_use]
    pub fn last(&self, kind: ActKind) -> Option<&Act> {
        self.acts.iter().rfind(|act| act.kind == kind)
    }
}

/// What the person of a request, or the installation, does now.
pub(super) fn act(ctx: &Ctx, kind: ActKind) -> Act {
    let person = ctx.is_person();
    Act {
        kind,
        person: person.then_some(ctx.principal.person),
        unit: person.then_some(ctx.principal.unit),
        person_name: ctx.person_name.clone(),
        unit_name: ctx.unit_name.clone(),
        at: ctx.now,
    }
}

pub(super) async fn load(tx: &mut Tx<'_>, digest: Digest) -> Result<Version> {
    let found = records::get::<Version>(tx, key_of(digest)).await?;
    found.map(|found| found.value).ok_or(Error::NotFound("pack.version_unknown"))
}

pub(super) async fn all(tx: &mut Tx<'_>) -> Result<Vec<Version>> {
    let found = records::all::<Version>(tx, "all", "", VERSIONS_MAX).await?;
    Ok(found.into_iter().map(|found| found.value).collect())
}

/// All versions of the installation, the newest first. The edges show them to who is signed in.
///
/// # Errors
/// Storage faults.
pub async fn history(app: &App) -> Result<Vec<Version>> {
    let mut found = app.store().read("pack.history", |tx| Box::pin(async move { all(tx).await })).await?;
    found.reverse();
    Ok(found)
}

/// One version.
///
/// # Errors
/// `pack.version_unknown`.
pub async fn version(app: &App, digest: Digest) -> Result<Version> {
    app.store().read("pack.version", |tx| Box::pin(async move { load(tx, digest).await })).await
}
