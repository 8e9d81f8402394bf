//! The packs of the installation: the one in force, its parents, and every version that a case was opened under.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use base::{Digest, Id, Timestamp, kind};
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

/// Loaded packs.
#[derive(Debug)]
pub struct Packs {
    calendar: Calendar,
    current: Arc<Pack>,
    newest: Vec<Arc<Pack>>,
    versions: RwLock<HashMap<Digest, Arc<Pack>>>,
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
        let calendar = calendar
            .filter(|(path, _)| path.starts_with("calendar/"))
            .map(|(path, text)| (path.as_str(), text.as_str()));
        let calendar = Calendar::load(calendar).map_err(|error| Error::internal("pack.calendar", error))?;
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
        let versions = newest.iter().map(|pack| (pack.digest, Arc::clone(pack))).collect();
        Ok(Self { calendar, current, newest, versions: RwLock::new(versions) })
    }

    /// Keeps the loaded versions and loads those kept earlier, so that old cases go on under their own law.
    ///
    /// # Errors
    /// Storage faults; a kept version that no longer loads.
    pub(crate) async fn keep(&self, store: &Store, sources: &[PackSource], now: Timestamp) -> Result<()> {
        let newest = &self.newest;
        let kept = store
            .system("pack.keep", |tx| Box::pin(async move { keep(tx, newest, sources, now).await }))
            .await?;
        let mut left = kept;
        loop {
            let before = left.len();
            let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
            let mut waiting = Vec::new();
            for stored in left {
                if versions.contains_key(&stored.digest) {
                    continue;
                }
                let parent = match stored.parent {
                    None => None,
                    Some(digest) => match versions.get(&digest) {
                        Some(pack) => Some(Arc::clone(pack)),
                        None => {
                            waiting.push(stored);
                            continue;
                        }
                    },
                };
                let pack = load_one(&stored.source, &files(&stored.source), parent.as_deref())?;
                versions.insert(stored.digest, Arc::new(pack));
            }
            if waiting.is_empty() || waiting.len() == before {
                return Ok(());
            }
            left = waiting;
        }
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

    /// The version a case was opened under.
    ///
    /// # Errors
    /// `pack.version` when it is not there.
    pub(crate) fn version(&self, wanted: &PackRef) -> Result<Arc<Pack>> {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        let found = versions.get(&wanted.digest).map(Arc::clone);
        found.ok_or_else(|| Error::internal("pack.version", format!("{} {}", wanted.id, wanted.digest)))
    }

    /// The working-day calendar.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }
}

async fn keep(
    tx: &mut Tx<'_>,
    newest: &[Arc<Pack>],
    sources: &[PackSource],
    now: Timestamp,
) -> Result<Vec<StoredPack>> {
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
    let all = records::all::<StoredPack>(tx, "all", "", 1_000).await?;
    Ok(all.into_iter().map(|stored| stored.value).collect())
}

fn files(source: &PackSource) -> Vec<SourceFile> {
    source.files.iter().map(|(path, text)| SourceFile { path: path.clone(), text: text.clone() }).collect()
}

fn load_one(source: &PackSource, files: &[SourceFile], parent: Option<&Pack>) -> Result<Pack> {
    load(files, parent).map_err(|diagnostics| {
        Error::internal("pack.invalid", PackFault { pack: source.id.clone(), diagnostics })
    })
}
