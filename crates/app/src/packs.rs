//! The packs of the installation: the one in force, its parents, and every version that a case was opened under.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::{Digest, Id, Timestamp, canonical_json, kind};
use regulation::calendar::Calendar;
use regulation::case::PackRef;
use regulation::pack::{Diagnostic, Pack, SourceFile, load, parent_id};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Store, Tx};

use crate::{Error, Result};

/// The texts of one pack folder, or of the national calendar.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PackSource {
    /// Folder name.
    pub id: String,
    /// Files: path below the folder, text.
    pub files: Vec<(String, String)>,
}

/// Folder of national texts: the calendars lie in it, beside a pack that the others stand on.
const NATIONAL: &str = "national";

/// Files that prove a pack and say nothing to a case.
const SCENARIOS: &str = "scenarios/";
/// Versions besides the newest held in memory, those used last.
const HELD_MAX: usize = 256;
/// Packs above one another at most; a longer chain is a fault of what is stored.
const ABOVE_MAX: usize = 16;

/// The newest packs, and the older versions in use.
#[derive(Debug)]
pub struct Packs {
    calendar: Calendar,
    calendar_digest: Digest,
    current: Arc<Pack>,
    newest: Vec<Arc<Pack>>,
    held: Mutex<Held>,
}

/// Older versions by digest, each with when it was used last.
#[derive(Debug, Default)]
struct Held {
    versions: HashMap<Digest, (Arc<Pack>, u64)>,
    uses: u64,
}

impl Held {
    fn find(&mut self, digest: Digest) -> Option<Arc<Pack>> {
        self.uses += 1;
        let (pack, used) = self.versions.get_mut(&digest)?;
        *used = self.uses;
        Some(Arc::clone(pack))
    }

    fn hold(&mut self, pack: &Arc<Pack>) {
        self.uses += 1;
        self.versions.insert(pack.digest, (Arc::clone(pack), self.uses));
        if self.versions.len() > HELD_MAX {
            let oldest = self.versions.iter().min_by_key(|(_, (_, used))| *used).map(|(digest, _)| *digest);
            if let Some(digest) = oldest {
                self.versions.remove(&digest);
            }
        }
    }
}

/// A pack version kept because cases were opened under it.
#[derive(Debug, Serialize, Deserialize)]
struct StoredPack {
    digest: Digest,
    parent: Option<Digest>,
    source: PackSource,
}

impl Record for StoredPack {
    const KIND: &'static str = "pack";
    fn id(&self) -> uuid::Uuid {
        pack_key(self.digest)
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("all", "", 0)]
    }
}

fn pack_key(digest: Digest) -> uuid::Uuid {
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
    /// Loads all sources; parents before children whatever their order.
    ///
    /// # Errors
    /// `pack.invalid` with [`PackFault`] as its source; `pack.calendar`; `pack.unknown` when the jurisdiction's pack is
    /// not among them.
    pub fn load(sources: &[PackSource], jurisdiction: &str) -> Result<Self> {
        let calendar = sources.iter().filter(|source| source.id == NATIONAL).flat_map(|source| &source.files);
        let mut years: Vec<(&str, &str)> = calendar
            .filter(|(path, _)| path.starts_with("calendar/"))
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        years.sort_unstable();
        let calendar_digest = canonical_json(&years).map(|bytes| Digest::of(&bytes));
        let calendar_digest = calendar_digest.map_err(|error| Error::internal("pack.calendar", error))?;
        let calendar = Calendar::load(years).map_err(|error| Error::internal("pack.calendar", error))?;
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
                let files = files(source);
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
                    load_one(source, &files(source), None)?;
                }
                return Err(Error::internal("pack.parent", "a parent pack is missing"));
            }
            left = waiting;
        }
        let current = newest.iter().find(|pack| pack.id == jurisdiction).map(Arc::clone);
        let current = current
            .ok_or_else(|| Error::internal("pack.unknown", format!("no pack named `{jurisdiction}`")))?;
        Ok(Self { calendar, calendar_digest, current, newest, held: Mutex::default() })
    }

    /// Keeps the newest versions beside those kept earlier, so that cases go on under the law they were opened under.
    ///
    /// # Errors
    /// Storage faults.
    pub(crate) async fn keep(&self, store: &Store, sources: &[PackSource], now: Timestamp) -> Result<()> {
        let newest = &self.newest;
        store.system("pack.keep", |tx| Box::pin(async move { keep(tx, newest, sources, now).await })).await
    }

    /// The pack new cases are opened under.
    #[must_use]
    pub fn current(&self) -> Arc<Pack> {
        Arc::clone(&self.current)
    }

    /// Every pack in its newest version, parents first.
    #[must_use]
    pub fn all(&self) -> &[Arc<Pack>] {
        &self.newest
    }

    /// The version a case was opened under. Old versions are read when a case needs them: an installation keeps them for
    /// as long as it keeps its cases, and a start must not take longer for each.
    ///
    /// # Errors
    /// `pack.version` when it is not there; `pack.invalid` when it no longer loads.
    pub(crate) async fn version(&self, tx: &mut Tx<'_>, wanted: &PackRef) -> Result<Arc<Pack>> {
        // From the wanted one upwards, until one is in memory.
        let (mut missing, mut next, mut above) = (Vec::new(), Some(wanted.digest), None);
        while let Some(digest) = next {
            above = self.in_memory(digest);
            if above.is_some() {
                break;
            }
            let stored = records::get::<StoredPack>(tx, pack_key(digest)).await?.map(|found| found.value);
            let stored = stored.filter(|stored| stored.digest == digest && missing.len() < ABOVE_MAX);
            let stored = stored.ok_or_else(|| unknown(wanted))?;
            next = stored.parent;
            missing.push(stored);
        }
        for mut stored in missing.into_iter().rev() {
            // What proves a pack is looked at before it comes into force; it is the larger part of its text.
            stored.source.files.retain(|(path, _)| !path.starts_with(SCENARIOS));
            let mut pack = load_one(&stored.source, &files(&stored.source), above.as_deref())?;
            pack.digest = stored.digest;
            let pack = Arc::new(pack);
            self.held.lock().unwrap_or_else(PoisonError::into_inner).hold(&pack);
            above = Some(pack);
        }
        above.ok_or_else(|| unknown(wanted))
    }

    fn in_memory(&self, digest: Digest) -> Option<Arc<Pack>> {
        let newest = self.newest.iter().find(|pack| pack.digest == digest);
        newest
            .map(Arc::clone)
            .or_else(|| self.held.lock().unwrap_or_else(PoisonError::into_inner).find(digest))
    }

    /// The working-day calendar.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// What tells this calendar from any other.
    pub(crate) const fn calendar_digest(&self) -> Digest {
        self.calendar_digest
    }
}

fn unknown(wanted: &PackRef) -> Error {
    Error::internal("pack.version", format!("{} {}", wanted.id, wanted.digest))
}

async fn keep(tx: &mut Tx<'_>, newest: &[Arc<Pack>], sources: &[PackSource], now: Timestamp) -> Result<()> {
    for pack in newest {
        if records::get::<StoredPack>(tx, pack_key(pack.digest)).await?.is_some() {
            continue;
        }
        let Some(source) = sources.iter().find(|source| source.id == pack.id) else { continue };
        let parent = pack.parent.as_ref().and_then(|id| newest.iter().find(|pack| pack.id == *id));
        let stored = StoredPack {
            digest: pack.digest,
            parent: parent.map(|pack| pack.digest),
            source: source.clone(),
        };
        records::put(tx, &stored, Expected::New, now).await?;
    }
    Ok(())
}

fn files(source: &PackSource) -> Vec<SourceFile> {
    source.files.iter().map(|(path, text)| SourceFile { path: path.clone(), text: text.clone() }).collect()
}

fn load_one(source: &PackSource, files: &[SourceFile], parent: Option<&Pack>) -> Result<Pack> {
    load(files, parent).map_err(|diagnostics| {
        Error::internal("pack.invalid", PackFault { pack: source.id.clone(), diagnostics })
    })
}
