//! The ledger of this installation: its files, its key, and what anyone may ask of it.
//!
//! The journal is written with every change; `jobs::ledger` puts its rows into tiles and signs what they add up to. Here
//! are the questions: the checkpoint, the tiles, the proof of one record, and the journal for who may read it.

mod proof;
mod reading;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use access::{Action, ResourceRef};
use base::{Digest, Timestamp};
use ledger::{CHECKPOINT_PATH, Checkpoint, NoteSigner, TileId, TileSource, VerifierKey};
use serde::Serialize;
use storage::journal;
use tokio::sync::{Notify, watch};

pub(crate) use self::proof::record_proof;
pub use self::proof::{HandedProof, ProofStep, Verification, handed_proof, record_by_digest, verify_record};
pub(crate) use self::reading::unseal;
pub use self::reading::{JournalLine, JournalRecord, journal, journal_record};
use crate::keys::secret_file;
use crate::{App, Config, Ctx, Error, Result};

/// How long a question about a fresh record waits for it to be sequenced.
const SEQUENCE_WAIT: Duration = Duration::from_secs(5);

/// The files of a log in a folder.
#[derive(Debug, Clone)]
pub struct LedgerFolder(PathBuf);

impl LedgerFolder {
    /// The log below this folder.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl TileSource for LedgerFolder {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.0.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The log and its key, while the application is open.
pub(crate) struct Log {
    folder: LedgerFolder,
    signer: NoteSigner,
    /// Size of the published log.
    size: watch::Sender<u64>,
    grown: Notify,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Log {
    /// Reads the log's key, or makes one in an empty folder.
    pub(crate) fn open(config: &Config) -> Result<Self> {
        let folder = LedgerFolder::new(config.ledger_dir());
        std::fs::create_dir_all(folder.path()).map_err(|error| Error::internal("ledger.folder", error))?;
        let published =
            folder.read(CHECKPOINT_PATH).map_err(|error| Error::internal("ledger.read", error))?.is_some();
        let path = config.keys_dir().join("ledger.key");
        if published && !path.is_file() {
            // Another key would begin another log.
            return Err(Error::invalid("key.missing", path.display().to_string()));
        }
        Ok(Self { signer: signer(config)?, folder, size: watch::Sender::new(0), grown: Notify::new() })
    }

    pub(crate) const fn folder(&self) -> &LedgerFolder {
        &self.folder
    }

    pub(crate) const fn signer(&self) -> &NoteSigner {
        &self.signer
    }

    /// Says that rows may wait to be sequenced.
    pub(crate) fn wake(&self) {
        self.grown.notify_one();
    }

    /// Resolves when rows may wait.
    pub(crate) async fn woken(&self) {
        self.grown.notified().await;
    }

    /// Says how large the published log is.
    pub(crate) fn published(&self, size: u64) {
        self.size.send_replace(size);
    }

    /// Waits, not for ever, until the published log holds so many entries.
    async fn reaches(&self, size: u64) -> Result<()> {
        self.wake();
        let mut seen = self.size.subscribe();
        let reached =
            tokio::time::timeout(SEQUENCE_WAIT, seen.wait_for(|published| *published >= size)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Error::Unavailable("ledger.pending")),
        }
    }
}

/// The key that signs checkpoints.
fn signer(config: &Config) -> Result<NoteSigner> {
    let secret = secret_file(&config.keys_dir().join("ledger.key"))?;
    NoteSigner::log(&config.origin, &secret).map_err(|error| Error::internal(error.code(), error))
}

/// The public key of an installation's ledger, without opening the installation.
///
/// # Errors
/// `key.missing` when the folder has none; `key.file` when it cannot be read.
pub fn public_key(config: &Config) -> Result<VerifierKey> {
    let path = config.keys_dir().join("ledger.key");
    if !path.is_file() {
        return Err(Error::invalid("key.missing", path.display().to_string()));
    }
    Ok(signer(config)?.verifier())
}

/// The public key to trust, in the verifier key format.
#[must_use]
pub fn key(app: &App) -> String {
    app.log().signer().verifier().to_string()
}

/// The signed checkpoint as published.
///
/// # Errors
/// `ledger.unpublished` before the first one.
pub async fn checkpoint(app: &App) -> Result<String> {
    let bytes = file(app, CHECKPOINT_PATH).await?.ok_or(Error::Unavailable("ledger.unpublished"))?;
    String::from_utf8(bytes).map_err(|error| Error::internal("ledger.checkpoint", error))
}

/// A tile by its path, for example `tile/0/x001/234`. Any other spelling of a path is not found. Hashes are open to
/// everybody; entries say who did what, so their bundles are for who may read the journal (`docs/threat-model.md`).
///
/// # Errors
/// `ledger.tile`; not allowed.
pub async fn tile(app: &App, ctx: &Ctx, path: &str) -> Result<Vec<u8>> {
    let id: TileId = path.parse().map_err(|_| Error::NotFound("ledger.tile"))?;
    if id.is_entries() {
        app.permit(ctx, Action::JournalView, ResourceRef::platform())?;
    }
    file(app, &id.to_string()).await?.ok_or(Error::NotFound("ledger.tile"))
}

async fn file(app: &App, path: &str) -> Result<Option<Vec<u8>>> {
    let (folder, path) = (app.log().folder().clone(), path.to_owned());
    tokio::task::spawn_blocking(move || folder.read(&path))
        .await
        .map_err(|error| Error::internal("ledger.read", error))?
        .map_err(|error| Error::internal("ledger.read", error))
}

/// Waits until everything recorded so far is signed.
///
/// # Errors
/// `ledger.pending` when it is not in time.
pub async fn settled(app: &App) -> Result<()> {
    let size = app
        .store()
        .read("ledger.size", |tx| Box::pin(async move { Ok::<_, Error>(journal::size(tx).await?) }))
        .await?;
    app.log().reaches(size).await
}

/// The log as its page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerView {
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root.
    pub root: Digest,
    /// When the last of these entries was recorded. A checkpoint itself carries no time.
    pub last_at: Option<Timestamp>,
    /// The signed note.
    pub checkpoint: String,
    /// The public key.
    pub key: String,
}

/// The log's present state. Open to everybody.
///
/// # Errors
/// `ledger.unpublished` before the first checkpoint.
pub async fn ledger_view(app: &App, ctx: &Ctx) -> Result<LedgerView> {
    app.permit(ctx, Action::LedgerView, ResourceRef::platform())?;
    let note = checkpoint(app).await?;
    let key = app.log().signer().verifier();
    let signed = Checkpoint::open(&note, &key).map_err(|error| Error::internal(error.code(), error))?;
    let size = signed.size;
    let last = app
        .store()
        .read("ledger.last", |tx| Box::pin(async move { Ok::<_, Error>(journal::get(tx, size).await?) }))
        .await?;
    Ok(LedgerView {
        last_at: last.map(|row| row.at),
        origin: signed.origin,
        size: signed.size,
        root: signed.root,
        checkpoint: note,
        key: key.to_string(),
    })
}
