//! The packs of the installation: the version in force with its parents, what is proposed to follow it, and every version
//! that a case runs under.
//!
//! What the binary or the folder of packs holds comes into force by itself once only: at the first start of an empty
//! store. Later it is a proposal like any other. A version is proposed by one person and put into force by another
//! ([`activate()`]); its record says who, when and with which findings (ADR 9).

mod activate;
mod check;
mod holidays;
mod impact;
mod propose;
mod settle;
mod version;
mod waiting;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use base::{Digest, Id, Timestamp, kind};
use regulation::calendar::Calendar;
use regulation::case::PackRef;
use regulation::pack::{Diagnostic, Pack, SourceFile, load, parent_id};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Store, Tx, settings};
use tokio::sync::Semaphore;

use holidays::Calendars;

pub(crate) use activate::move_cases;
pub use activate::{Activated, activate, not_before};
#[cfg(test)]
pub(crate) use activate::{activate_with, move_page};
pub use check::{Count, Covered, Line, Report, check, covered, failures, may_check, report, templates};
pub use holidays::{
    HOLIDAYS_BYTES_MAX, HolidayNotice, activate_holidays, changed_days, holidays, holidays_example,
    propose_holidays, withdraw_holidays,
};
pub use impact::{ImpactCounts, ImpactList, ImpactSummary, impact, impact_page};
pub use propose::{PACK_BYTES_MAX, PackFile, Proposed, confirm, propose, withdraw};
pub(crate) use settle::settle;
pub use version::{Act, ActKind, Progress, Version, VersionState, history, version};
pub use waiting::{Waiting, waiting};

use crate::{Error, Result};

/// The texts of one pack folder, or of the national calendar.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PackSource {
    /// Folder name.
    pub id: String,
    /// Files: path below the folder, text.
    pub files: Vec<(String, String)>,
}

impl PackSource {
    /// The texts as the reader of packs takes them.
    #[must_use]
    pub fn source_files(&self) -> Vec<SourceFile> {
        self.files.iter().map(|(path, text)| SourceFile { path: path.clone(), text: text.clone() }).collect()
    }
}

/// Folder of national texts: the calendars lie in it, beside a pack that the others stand on.
const NATIONAL: &str = "national";
/// The setting that names the version in force.
const IN_FORCE: &str = "packs/in_force";
/// Files that prove a pack and say nothing to a case; they are the larger part of most.
const SCENARIOS: &str = "scenarios/";
/// Versions kept.
const KEPT_MAX: usize = records::ALL_MAX;

/// Loaded packs.
#[derive(Debug)]
pub struct Packs {
    calendars: Calendars,
    /// What the binary or the folder holds, parents first.
    supplied: Vec<Arc<Pack>>,
    force: RwLock<Force>,
    versions: RwLock<HashMap<Digest, Known>>,
    /// One pack is checked at a time: it may take a processor for seconds.
    checking: Arc<Semaphore>,
}

/// The version in force.
#[derive(Debug)]
struct Force {
    current: Arc<Pack>,
    all: Vec<Arc<Pack>>,
}

/// A version and the one it stands on.
#[derive(Debug, Clone)]
struct Known {
    pack: Arc<Pack>,
    parent: Option<Digest>,
}

/// The texts of a version, kept because it is proposed, in force, or cases run under it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredPack {
    digest: Digest,
    parent: Option<Digest>,
    source: PackSource,
}

impl Record for StoredPack {
    const KIND: &'static str = "pack";
    fn id(&self) -> uuid::Uuid {
        key_of(self.digest)
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("all", "", 0)]
    }
}

fn key_of(digest: Digest) -> uuid::Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.0).for_each(|(slot, byte)| *slot = byte);
    Id::<kind::Object>::from_uuid(uuid::Uuid::from_bytes(bytes)).uuid()
}

/// A pack that does not load, with every mistake found.
#[derive(Debug, thiserror::Error)]
#[error("pack `{pack}` does not load: {} mistakes", .diagnostics.len())]
pub struct PackFault {
    /// Which.
    pub pack: String,
    /// What is wrong, with file, line and column.
    pub diagnostics: Vec<Diagnostic>,
}

impl Packs {
    /// Loads all sources as they are; parents before children whatever their order. For the command line, which looks
    /// at folders; an installation runs under the version that was put into force.
    ///
    /// # Errors
    /// `pack.invalid` with [`PackFault`] as its source; `pack.calendar`; `pack.unknown` when the jurisdiction's pack is
    /// not among them.
    pub fn load(sources: &[PackSource], jurisdiction: &str) -> Result<Self> {
        Self::with(Calendars::of(sources)?, load_all(sources)?, jurisdiction)
    }

    fn with(calendars: Calendars, supplied: Vec<Arc<Pack>>, jurisdiction: &str) -> Result<Self> {
        let current = supplied.iter().find(|pack| pack.id == jurisdiction).map(Arc::clone);
        let current = current.ok_or_else(|| unknown(jurisdiction))?;
        Ok(Self {
            calendars,
            force: RwLock::new(Force { current, all: supplied.clone() }),
            versions: RwLock::new(known(&supplied)),
            supplied,
            checking: Arc::new(Semaphore::new(1)),
        })
    }

    /// Loads what the installation runs under: the version in force out of the store, or what is supplied where
    /// nothing is in force yet.
    ///
    /// # Errors
    /// As [`Self::load`]; `pack.jurisdiction` when the settings name another jurisdiction than the cases were opened
    /// under; a version in force that no longer loads.
    pub(crate) async fn open(store: &Store, sources: &[PackSource], jurisdiction: &str) -> Result<Self> {
        let calendars = Calendars::of(sources)?;
        let supplied = load_all(sources);
        let (in_force, kept, cases, notices) = store
            .read("pack.kept", |tx| {
                Box::pin(async move {
                    let kept = records::all::<StoredPack>(tx, "all", "", KEPT_MAX).await?;
                    let in_force = settings::get::<Digest>(tx, IN_FORCE).await?;
                    // Before versions were put into force by people, the last one kept was the one in force.
                    let mine = kept.iter().filter(|stored| stored.value.source.id == jurisdiction);
                    let newest =
                        mine.max_by_key(|stored| stored.updated_at).map(|stored| stored.value.digest);
                    let cases = records::count::<crate::cases::CaseRecord>(tx, "all", "").await?;
                    let kept: Vec<StoredPack> = kept.into_iter().map(|stored| stored.value).collect();
                    let notices = holidays::in_force(tx).await?;
                    let in_force = in_force.or(newest);
                    let waiting = version::all(tx).await?.into_iter();
                    let waiting = waiting.filter(|one| one.state == VersionState::Proposed);
                    let looked_at = waiting.map(|one| one.digest).chain(in_force).collect();
                    Ok::<_, Error>((in_force, without_proofs(kept, looked_at), cases, notices))
                })
            })
            .await?;
        // The years supplied may have changed so that a notice no longer joins on to them; dates are then provisional.
        if let Err(error) = calendars.adopt(&notices) {
            tracing::error!(error = ?error, "a notice of holidays no longer fits the calendar supplied; it is left out");
        }
        let versions = load_kept(kept, known(supplied.as_deref().unwrap_or_default()));
        let current = match in_force {
            None => None,
            Some(digest) => match versions.get(&digest) {
                Some(known) if known.pack.id == jurisdiction => Some(Arc::clone(&known.pack)),
                // Nothing was ever decided under the other text.
                Some(_) if cases == 0 => None,
                Some(known) => return Err(Error::invalid("pack.jurisdiction", &known.pack.id)),
                None => return Err(Error::internal("pack.version", digest.to_string())),
            },
        };
        let Some(current) = current else {
            let packs = Self::with(calendars, supplied?, jurisdiction)?;
            packs.versions.write().unwrap_or_else(PoisonError::into_inner).extend(versions);
            return Ok(packs);
        };
        // What is supplied must not keep the version in force from being served.
        let supplied = supplied.unwrap_or_else(|error| {
            tracing::error!(error.code = error.code(), error = ?error, "the packs supplied do not load; the version in force goes on");
            Vec::new()
        });
        let force = force(&supplied, &versions, &current);
        Ok(Self {
            calendars,
            supplied,
            force: RwLock::new(force),
            versions: RwLock::new(versions),
            checking: Arc::new(Semaphore::new(1)),
        })
    }

    /// The version in force: new cases are opened under it.
    #[must_use]
    pub fn current(&self) -> Arc<Pack> {
        Arc::clone(&self.force.read().unwrap_or_else(PoisonError::into_inner).current)
    }

    /// Every pack, parents first: the version in force with its parents, and the others as they are supplied.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Pack>> {
        self.force.read().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    /// A pack among [`Self::all`].
    ///
    /// # Errors
    /// `pack.unknown`.
    pub fn find(&self, id: &str) -> Result<Arc<Pack>> {
        self.all().into_iter().find(|pack| pack.id == id).ok_or(Error::NotFound("pack.unknown"))
    }

    /// The pack that another one stands on, among [`Self::all`].
    #[must_use]
    pub fn parent_of(&self, pack: &Pack) -> Option<Arc<Pack>> {
        pack.parent.as_ref().and_then(|id| self.find(id).ok())
    }

    /// The version a case runs under.
    ///
    /// # Errors
    /// `pack.version` when it is not there.
    pub(crate) fn version(&self, wanted: &PackRef) -> Result<Arc<Pack>> {
        let found = self.known(wanted.digest);
        found.ok_or_else(|| Error::internal("pack.version", format!("{} {}", wanted.id, wanted.digest)))
    }

    /// A version by its digest, if it is known.
    #[must_use]
    pub fn known(&self, digest: Digest) -> Option<Arc<Pack>> {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        versions.get(&digest).map(|known| Arc::clone(&known.pack))
    }

    /// The working-day calendar.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        self.calendars.calendar()
    }

    /// What tells this calendar from any other.
    pub(crate) fn calendar_digest(&self) -> Digest {
        self.calendars.digest()
    }

    /// The version in force, as the transaction sees it: between a commit that put another one into force and the
    /// moment this process knows of it, the store is right.
    ///
    /// # Errors
    /// Storage faults; `pack.version` when this process has not loaded it yet.
    pub(crate) async fn governing(&self, tx: &mut Tx<'_>) -> Result<Arc<Pack>> {
        let current = self.current();
        match settings::get::<Digest>(tx, IN_FORCE).await? {
            Some(digest) if digest != current.digest => {
                self.known(digest).ok_or_else(|| Error::internal("pack.version", digest.to_string()))
            }
            _ => Ok(current),
        }
    }

    /// Takes a version that was put into force.
    fn switch(&self, digest: Digest) {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = versions.get(&digest) {
            let next = force(&self.supplied, &versions, &known.pack);
            *self.force.write().unwrap_or_else(PoisonError::into_inner) = next;
        }
    }

    fn learn(&self, pack: Arc<Pack>, parent: Option<Digest>) {
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        versions.insert(pack.digest, Known { pack, parent });
    }
}

fn unknown(jurisdiction: &str) -> Error {
    Error::internal("pack.unknown", format!("no pack named `{jurisdiction}`"))
}

/// Loads packs, parents first.
fn load_all(sources: &[PackSource]) -> Result<Vec<Arc<Pack>>> {
    let mut newest: Vec<Arc<Pack>> = Vec::new();
    // A folder of packs may have the calendars alone.
    let is_pack = |source: &&PackSource| {
        source.id != NATIONAL || source.files.iter().any(|(path, _)| path == "pack.yaml")
    };
    let mut left: Vec<&PackSource> = sources.iter().filter(is_pack).collect();
    while !left.is_empty() {
        let before = left.len();
        let mut waiting = Vec::new();
        for source in left {
            let files = source.source_files();
            let parent = match parent_id(&files) {
                None => None,
                Some(id) => match newest.iter().find(|pack| pack.id == id) {
                    Some(pack) => Some(Arc::clone(pack)),
                    None => {
                        waiting.push(source);
                        continue;
                    }
                },
            };
            newest.push(Arc::new(load_one(source, &files, parent.as_deref())?));
        }
        if waiting.len() == before {
            // A parent that is missing or a circle: load the first to get the diagnostics that say so.
            if let Some(source) = waiting.first() {
                load_one(source, &source.source_files(), None)?;
            }
            return Err(Error::internal("pack.parent", "a parent pack is missing"));
        }
        left = waiting;
    }
    Ok(newest)
}

/// Leaves the scenarios to the versions that somebody still checks and to those they stand on.
fn without_proofs(mut kept: Vec<StoredPack>, mut looked_at: HashSet<Digest>) -> Vec<StoredPack> {
    loop {
        let parents = kept.iter().filter(|one| looked_at.contains(&one.digest)).filter_map(|one| one.parent);
        let more: Vec<Digest> = parents.filter(|parent| !looked_at.contains(parent)).collect();
        if more.is_empty() {
            break;
        }
        looked_at.extend(more);
    }
    for one in kept.iter_mut().filter(|one| !looked_at.contains(&one.digest)) {
        one.source.files.retain(|(path, _)| !path.starts_with(SCENARIOS));
    }
    kept
}

/// Loads the versions kept, parents first. One that no longer loads is left out and said: its cases cannot be shown, the
/// others can.
fn load_kept(kept: Vec<StoredPack>, mut versions: HashMap<Digest, Known>) -> HashMap<Digest, Known> {
    let mut left = kept;
    loop {
        let before = left.len();
        let mut waiting = Vec::new();
        for stored in left {
            if versions.contains_key(&stored.digest) {
                continue;
            }
            let parent = match stored.parent {
                None => None,
                Some(digest) => match versions.get(&digest) {
                    Some(known) => Some(Arc::clone(&known.pack)),
                    None => {
                        waiting.push(stored);
                        continue;
                    }
                },
            };
            match load_one(&stored.source, &stored.source.source_files(), parent.as_deref()) {
                Ok(mut pack) => {
                    // Whatever was left out, it is that version.
                    pack.digest = stored.digest;
                    versions.insert(stored.digest, Known { pack: Arc::new(pack), parent: stored.parent });
                }
                Err(error) => {
                    tracing::error!(error = ?error, pack = stored.source.id, digest = %stored.digest, "a version kept does not load");
                }
            }
        }
        if waiting.is_empty() || waiting.len() == before {
            return versions;
        }
        left = waiting;
    }
}

/// The digests of loaded packs with what each stands on.
fn known(packs: &[Arc<Pack>]) -> HashMap<Digest, Known> {
    let parent = |pack: &Pack| {
        let id = pack.parent.as_ref()?;
        packs.iter().find(|found| found.id == *id).map(|found| found.digest)
    };
    packs.iter().map(|pack| (pack.digest, Known { pack: Arc::clone(pack), parent: parent(pack) })).collect()
}

/// A version in force with its own parents; the others as they are supplied.
fn force(supplied: &[Arc<Pack>], versions: &HashMap<Digest, Known>, current: &Arc<Pack>) -> Force {
    let mut chain = vec![Arc::clone(current)];
    let mut at = versions.get(&current.digest).and_then(|known| known.parent);
    while let Some(known) = at.and_then(|digest| versions.get(&digest)) {
        chain.push(Arc::clone(&known.pack));
        at = known.parent;
    }
    chain.reverse();
    let others = supplied.iter().filter(|pack| chain.iter().all(|mine| mine.id != pack.id)).map(Arc::clone);
    let mut all: Vec<Arc<Pack>> = chain.iter().map(Arc::clone).collect();
    all.extend(others);
    Force { current: Arc::clone(current), all }
}

/// Keeps a version's texts with those of its parents.
async fn keep(tx: &mut Tx<'_>, texts: &[StoredPack], now: Timestamp) -> Result<()> {
    for stored in texts {
        if records::get::<StoredPack>(tx, key_of(stored.digest)).await?.is_none() {
            records::put(tx, stored, Expected::New, now).await?;
        }
    }
    Ok(())
}

fn load_one(source: &PackSource, files: &[SourceFile], parent: Option<&Pack>) -> Result<Pack> {
    load(files, parent).map_err(|diagnostics| {
        Error::internal("pack.invalid", PackFault { pack: source.id.clone(), diagnostics })
    })
}
