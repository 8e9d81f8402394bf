//! Backup, restore, and the verification of a whole data folder.
//!
//! A backup is a folder: `database.jsonl` (every row, engine-neutral), `ledger/`, `objects/`, and `BACKUP.json`, the list
//! of all files with their digests, written last: a folder without it is not a backup. Tenant keys are in the database,
//! wrapped by the root key; the root key itself is only there when it was asked for. Without it a backup is unreadable,
//! which is the point; with it, whoever holds the backup holds everything, and destroying a key in the installation does
//! not destroy it in the backup.

mod folder;
mod verify;

use std::path::{Path, PathBuf};

use access::{Action, ResourceRef};
use base::Digest;
use ledger::CHECKPOINT_PATH;
use serde::{Deserialize, Serialize};
use storage::{Store, StoreConfig, position};

use crate::destructions::{self, NewerLog};
use crate::journal::Note;
use crate::{App, Config, Ctx, Error, Result};

pub use verify::{BadPlace, FolderReport, verify_folder};

const MANIFEST: &str = "BACKUP.json";
const DATABASE: &str = "database.jsonl";
const FORMAT: &str = "shuyu-backup-folder-1";

/// Whether the secret keys go into the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The root key and the ledger's key stay here; they are kept elsewhere.
    LeftOut,
    /// They are in the backup, which then opens by itself.
    Included,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    /// Rows of the database.
    pub rows: u64,
    /// Digest over the database's lines.
    pub digest: Digest,
    /// Whether the secret keys are in it.
    pub keys: bool,
    /// Every file, sorted by path.
    pub files: Vec<FileEntry>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path below the backup's folder.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// Digest.
    pub digest: Digest,
}

/// Writes a backup into a new folder while the installation goes on.
///
/// # Errors
/// `backup.exists` when the folder is not empty; `backup.write`; storage faults.
pub async fn backup(app: &App, to: &Path, keys: Keys) -> Result<Manifest> {
    let ctx = &Ctx::service("admin.operate", app.now());
    let permit = &app.permit(ctx, Action::AdminOperate, ResourceRef::platform())?;
    let with_keys = keys == Keys::Included;
    app.store()
        .transact(permit, "backup.record", |tx| {
            Box::pin(async move {
                let payload = serde_json::json!({ "with_keys": with_keys });
                let note = Note { subject: "backup".to_owned(), tenant: None, clauses: &[], payload };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    prepare(to)?;
    let config = app.config();
    let mut files = Vec::new();
    // The log before the database and the objects after it: what the log proves is in the database, and what the
    // database names is among the objects.
    files.extend(copy_all(config.ledger_dir(), to, "ledger").await?);
    let database = to.join(DATABASE);
    let summary = app.store().backup(&database).await?;
    files.push(blocking(move || folder::entry(&database, DATABASE.to_owned())).await?);
    files.extend(copy_all(config.objects_dir(), to, "objects").await?);
    if with_keys {
        files.extend(copy_all(config.keys_dir(), to, "keys").await?);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        rows: summary.rows,
        digest: summary.digest,
        keys: with_keys,
        files,
    };
    let bytes =
        serde_json::to_vec_pretty(&manifest).map_err(|error| Error::internal("backup.write", error))?;
    let path = to.join(MANIFEST);
    blocking(move || folder::write_durable(&path, &bytes)).await?;
    Ok(manifest)
}

/// The size that a copied log's checkpoint states; what it is worth is judged when the log is opened with its key.
fn checkpoint_size(ledger: &Path) -> u64 {
    let note = std::fs::read_to_string(ledger.join(CHECKPOINT_PATH)).unwrap_or_default();
    note.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0)
}

fn prepare(to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).map_err(|error| Error::internal("backup.write", error))?;
    let mut entries = std::fs::read_dir(to).map_err(|error| Error::internal("backup.write", error))?;
    if entries.next().is_some() {
        return Err(Error::Conflict("backup.exists"));
    }
    Ok(())
}

async fn copy_all(from: PathBuf, to: &Path, name: &'static str) -> Result<Vec<FileEntry>> {
    let to = to.to_owned();
    blocking(move || folder::copy(&from, &to, name)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("backup.write", error))?
        .map_err(|error| Error::write("backup.write", error))
}

/// Fills an empty data folder from a backup: every file is compared with its digest before anything is taken over. What was
/// destroyed since, as far as the target's folder of keys or a newer copy of the log know of it, does not come back.
///
/// # Errors
/// `backup.ledger_older`, `backup.ledger_wrong` for a log that does not go on where the backup's ends; `backup.not_whole` when the folder is not a whole, unaltered backup; `backup.not_empty` when the data folder is not
/// empty; storage faults.
pub async fn restore(config: &Config, from: &Path, newer: Option<&NewerLog>) -> Result<Manifest> {
    let not_whole = |detail: String| Error::invalid("backup.not_whole", detail);
    let bytes =
        std::fs::read(from.join(MANIFEST)).map_err(|error| not_whole(format!("{MANIFEST}: {error}")))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| not_whole(error.to_string()))?;
    if manifest.format != FORMAT {
        return Err(not_whole(format!("{MANIFEST}: unknown format")));
    }
    let (checked, root) = (manifest.clone(), from.to_owned());
    let wrong = blocking(move || folder::first_wrong(&root, &checked.files)).await?;
    if let Some(path) = wrong {
        return Err(not_whole(path));
    }
    for dir in [config.ledger_dir(), config.objects_dir()] {
        let used = std::fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
        if used {
            return Err(Error::invalid("backup.not_empty", dir.display().to_string()));
        }
    }
    let memory = destructions::beyond(config, from, newer)?;
    std::fs::create_dir_all(&config.data).map_err(|error| Error::internal("data.folder", error))?;
    let store = Store::open(&StoreConfig { url: config.database_url(), readers: 1 }).await?;
    store.migrate().await?;
    store.restore(&from.join(DATABASE)).await?;
    let gone = destructions::erase(&store, &memory).await?;
    let size = checkpoint_size(&from.join("ledger"));
    store
        .system("restore.position", |tx| {
            Box::pin(async move { Ok::<_, Error>(position::put_back(tx, size).await?) })
        })
        .await?;
    store.close().await;
    let targets =
        [("ledger", config.ledger_dir()), ("objects", config.objects_dir()), ("keys", config.keys_dir())];
    for (name, target) in targets {
        let source = from.join(name);
        if source.is_dir() {
            let parent = target.parent().unwrap_or(&target).to_owned();
            let left_out = if name == "objects" { gone.clone() } else { Vec::new() };
            blocking(move || folder::copy_without(&source, &parent, name, &left_out).map(|_| ())).await?;
        }
    }
    if newer.is_some() || !memory.is_empty() {
        destructions::remember(&config.keys_dir(), memory.values())?;
    }
    Ok(manifest)
}
