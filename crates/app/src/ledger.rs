//! The ledger of this installation: its files, its key, and what anyone may ask of it.
//!
//! The journal is written with every change; `jobs::ledger` puts its rows into tiles and signs what they add up to. Here
//! are the questions: the checkpoint, the tiles, the proof of one record, and the journal for who may read it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use access::{Action, Life, ResourceRef};
use base::{Digest, Id, Timestamp, kind};
use ledger::{
    CHECKPOINT_PATH, Checkpoint, FIRST_SEQ, NoteSigner, RecordProof, TileId, TileSource, VerifierKey,
    leaf_hash, node_hash,
};
use serde::Serialize;
use storage::journal::{self, Row};
use storage::records;
use tokio::sync::{Notify, watch};

use crate::journal::Note;
use crate::keys::secret_file;
use crate::notices::Notice;
use crate::objections::Objection;
use crate::products::ProductRecord;
use crate::{App, Config, Ctx, Error, Result};

/// How long a question about a fresh record waits for it to be sequenced.
const SEQUENCE_WAIT: Duration = Duration::from_secs(5);
/// Notices of one case looked at.
const NOTICES_MAX: usize = 10;
/// Rows of the journal in one answer.
const JOURNAL_PAGE_MAX: u32 = 200;

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

/// The proof of a record as it is handed out: to everybody what proves that it stands in the log, its entry only to who
/// may read it.
#[derive(Debug, Clone, Serialize)]
pub struct HandedProof {
    /// Number of the record.
    pub seq: u64,
    /// Leaf hash of its entry.
    pub leaf: Digest,
    /// Its index in the log.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling upwards.
    pub path: Vec<Digest>,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The key that signed it.
    pub key: String,
    /// The bytes of the entry, which are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

impl HandedProof {
    fn new(app: &App, seq: u64, proof: RecordProof, may_read: bool) -> Self {
        Self {
            seq,
            leaf: leaf_hash(proof.entry.as_bytes()),
            index: proof.index,
            path: proof.path,
            checkpoint: proof.checkpoint,
            key: key(app),
            entry: Some(proof.entry).filter(|_| may_read),
        }
    }

    /// The proof in the text format of C2SP tlog-proof; without its entry it has no extra data, and whoever holds the
    /// entry or its leaf hash can still check it.
    #[must_use]
    pub fn to_text(&self) -> String {
        ledger::proof_text(self.entry.as_deref(), self.index, &self.path, &self.checkpoint)
    }
}

/// The proof that a journal row stands in the log, as far as this caller may see it.
///
/// # Errors
/// As [`verify_record`].
pub async fn handed_proof(app: &App, ctx: &Ctx, seq: u64) -> Result<HandedProof> {
    Ok(verify_record(app, ctx, seq).await?.proof)
}

/// Whether a caller may read an entry: who watches over the journal, who did it, and who may see the case or acts for the
/// authorisation or agreement it is about.
async fn may_read(app: &App, ctx: &Ctx, entry: &ledger::JournalEntry) -> bool {
    if app.permit(ctx, Action::JournalView, ResourceRef::platform()).is_ok() {
        return true;
    }
    if !ctx.is_person() {
        return false;
    }
    let (kind, id) = entry.subject.split_once('/').unwrap_or_default();
    match (kind, id.parse::<Id<kind::Case>>()) {
        _ if entry.actor == format!("person:{}", ctx.principal.person) => true,
        ("case", Ok(case)) => crate::cases::case_view(app, ctx, case).await.is_ok(),
        ("tenant", _) => ctx.principal.tenants.iter().any(|tenant| tenant.to_string() == id),
        ("usage", _) => ctx.principal.usages.iter().any(|usage| usage.to_string() == id),
        _ => false,
    }
}

/// What everybody may know of the thing an entry is about: a product on the market, a notice or an objection.
async fn public_subject(app: &App, entry: &ledger::JournalEntry) -> Result<Option<String>> {
    let (kind, id) = entry.subject.split_once('/').unwrap_or_default();
    let (kind, id) = (kind.to_owned(), id.to_owned());
    app.store()
        .read("ledger.subject", |tx| {
            let (kind, id) = (kind.clone(), id.clone());
            Box::pin(async move {
                let Ok(uuid) = id.parse::<uuid::Uuid>() else { return Ok(None) };
                if kind == "product" {
                    let found = records::get::<ProductRecord>(tx, uuid).await?.map(|found| found.value);
                    let public = found.filter(|record| record.reference().life != Life::Draft);
                    return Ok(public.map(|record| record.product.name));
                }
                if kind != "case" {
                    return Ok(None);
                }
                let notices = records::all::<Notice>(tx, "case", &id, NOTICES_MAX).await?;
                if let Some(notice) = notices.into_iter().next() {
                    return Ok(Some(notice.value.title));
                }
                let objection = records::get::<Objection>(tx, uuid).await?;
                Ok::<_, Error>(objection.map(|objection| objection.value.number))
            })
        })
        .await
}

/// The number of the record with a leaf hash.
///
/// # Errors
/// `ledger.record` when there is none.
pub async fn record_by_digest(app: &App, ctx: &Ctx, digest: Digest) -> Result<u64> {
    app.permit(ctx, Action::LedgerVerify, ResourceRef::platform())?;
    let found = app
        .store()
        .read("ledger.by_digest", |tx| {
            Box::pin(async move { Ok::<_, Error>(journal::seq_of(tx, &digest).await?) })
        })
        .await?;
    found.ok_or(Error::NotFound("ledger.record"))
}

/// The proof that a journal row stands in the log. Waits a moment for a row that is not sequenced yet.
pub(crate) async fn record_proof(app: &App, ctx: &Ctx, seq: u64) -> Result<RecordProof> {
    app.permit(ctx, Action::LedgerVerify, ResourceRef::platform())?;
    let size = app
        .store()
        .read("ledger.size", |tx| Box::pin(async move { Ok::<_, Error>(journal::size(tx).await?) }))
        .await?;
    if seq < FIRST_SEQ || seq > size {
        return Err(Error::NotFound("ledger.record"));
    }
    app.log().reaches(seq).await?;
    let note = checkpoint(app).await?;
    let (folder, key) = (app.log().folder().clone(), app.log().signer().verifier());
    tokio::task::spawn_blocking(move || RecordProof::build(&folder, &note, &key, seq - FIRST_SEQ))
        .await
        .map_err(|error| Error::internal("ledger.proof", error))?
        .map_err(|error| Error::internal(error.code(), error))
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

/// One step from a record to the root.
#[derive(Debug, Clone, Serialize)]
pub struct ProofStep {
    /// Height of the node that the step makes.
    pub level: u32,
    /// The neighbour's hash stands on the left.
    pub sibling_left: bool,
    /// The neighbour's hash.
    pub sibling: Digest,
    /// What comes of it.
    pub result: Digest,
}

/// A record and the way from it to the signed root, worked out step by step.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The proof, as it is handed out.
    pub proof: HandedProof,
    /// When it was recorded.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// The public thing it is about, if it is about one.
    pub about: Option<String>,
    /// The entry, for who may read it.
    pub entry: Option<ledger::JournalEntry>,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The steps.
    pub steps: Vec<ProofStep>,
    /// The signed root.
    pub root: Digest,
    /// Entries the signed root covers.
    pub size: u64,
    /// Signature and steps lead to the signed root.
    pub verified: bool,
}

/// Verifies a record and shows how.
///
/// # Errors
/// `ledger.record` when there is no such row; `ledger.pending` when it is not sequenced in time; `ledger.entry` when the log holds something that is no entry.
pub async fn verify_record(app: &App, ctx: &Ctx, seq: u64) -> Result<Verification> {
    let proof = record_proof(app, ctx, seq).await?;
    let key = app.log().signer().verifier();
    let fault = |error: ledger::Error| Error::internal(error.code(), error);
    let verified = proof.verify(&key).is_ok();
    let signed = Checkpoint::open(&proof.checkpoint, &key).map_err(fault)?;
    let entry = ledger::JournalEntry::parse(proof.entry.as_bytes()).map_err(fault)?;
    let leaf = leaf_hash(proof.entry.as_bytes());
    let steps = steps(&proof, leaf, signed.size);
    let reached = steps.last().map_or(leaf, |step| step.result) == signed.root;
    let readable = may_read(app, ctx, &entry).await;
    Ok(Verification {
        at: entry.at,
        action: entry.action.clone(),
        about: public_subject(app, &entry).await?,
        entry: Some(entry).filter(|_| readable),
        leaf,
        steps,
        root: signed.root,
        size: signed.size,
        verified: verified && reached,
        proof: HandedProof::new(app, seq, proof, readable),
    })
}

/// Folds the proof as RFC 9162 2.1.3.2 does, keeping every intermediate hash.
fn steps(proof: &RecordProof, leaf: Digest, size: u64) -> Vec<ProofStep> {
    let (mut index, mut last) = (proof.index, size.saturating_sub(1));
    let mut hash = leaf;
    let mut level = 0;
    let mut steps = Vec::with_capacity(proof.path.len());
    for sibling in &proof.path {
        let sibling_left = index % 2 == 1 || index == last;
        if sibling_left {
            hash = node_hash(sibling, &hash);
            // The rightmost node of an odd level is carried up as it is.
            while index % 2 == 0 && index != 0 {
                index /= 2;
                last /= 2;
                level += 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        index /= 2;
        last /= 2;
        level += 1;
        steps.push(ProofStep { level, sibling_left, sibling: *sibling, result: hash });
    }
    steps
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

/// A row of the journal, without its sealed particulars.
#[derive(Debug, Clone, Serialize)]
pub struct JournalLine {
    /// Number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// Under which right.
    pub permit: String,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
    /// Leaf hash of its entry.
    pub digest: Digest,
}

fn line(row: &Row) -> JournalLine {
    let clauses = ledger::JournalEntry::parse(&row.entry).map(|entry| entry.clauses).unwrap_or_default();
    JournalLine {
        seq: row.seq,
        at: row.at,
        action: row.action.clone(),
        actor: row.actor.clone(),
        subject: row.subject.clone(),
        permit: row.permit.clone(),
        clauses,
        digest: row.digest,
    }
}

/// The journal, newest first, before a row if given; of one subject if given.
///
/// # Errors
/// Not allowed: only authority and supervisors read the whole journal.
pub async fn journal(
    app: &App,
    ctx: &Ctx,
    subject: Option<&str>,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<JournalLine>> {
    app.permit(ctx, Action::JournalView, ResourceRef::platform())?;
    let limit = limit.min(JOURNAL_PAGE_MAX);
    let rows = app
        .store()
        .read("journal.list", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(match subject {
                    Some(subject) => journal::by_subject(tx, subject, before, limit).await?,
                    None => journal::newest(tx, before, limit).await?,
                })
            })
        })
        .await?;
    Ok(rows.iter().map(line).collect())
}

/// A row with its particulars.
#[derive(Debug, Clone, Serialize)]
pub struct JournalRecord {
    /// The row.
    #[serde(flatten)]
    pub line: JournalLine,
    /// What happened in full; absent once the tenant's key is destroyed. Of a ballot that is sealed to this reader only
    /// that it is: `{"sealed": true}`.
    pub payload: Option<serde_json::Value>,
}

/// Opens one row of the journal; the opening is recorded.
///
/// # Errors
/// Not allowed; `ledger.record`; a damaged payload.
pub async fn journal_record(app: &App, ctx: &Ctx, seq: u64) -> Result<JournalRecord> {
    let permit = &app.permit(ctx, Action::JournalView, ResourceRef::platform())?;
    app.store()
        .transact(permit, "journal.open", |tx| {
            Box::pin(async move {
                let row = journal::get(tx, seq).await?.ok_or(Error::NotFound("ledger.record"))?;
                let payload = match unseal(app, tx, &row).await {
                    Err(Error::NotFound(_)) => None,
                    // Reviewers may read the journal too, and must not read there how another one voted.
                    other => Some(crate::cases::without_ballots(tx, ctx, &row.subject, other?).await?),
                };
                let note = Note {
                    subject: format!("journal/{seq}"),
                    tenant: None,
                    clauses: &[],
                    payload: serde_json::json!({}),
                };
                app.record(tx, permit, ctx.now, note).await?;
                Ok(JournalRecord { line: line(&row), payload })
            })
        })
        .await
}

/// A payload is the id of the tenant whose key seals it, then the sealed bytes.
pub(crate) async fn unseal(app: &App, tx: &mut storage::Tx<'_>, row: &Row) -> Result<serde_json::Value> {
    let damaged = |what: &str| Error::internal("journal.payload", what.to_owned());
    let (tenant, sealed) = row.payload.split_first_chunk::<16>().ok_or_else(|| damaged("too short"))?;
    let tenant = Id::<kind::Tenant>::from_uuid(uuid::Uuid::from_bytes(*tenant));
    let key = app.keys().derived(tx, tenant, "journal").await?;
    let object = vault::object_of(sealed)?;
    let bytes = vault::open_bytes(&key, &vault::SealContext { tenant, object }, sealed)?;
    serde_json::from_slice(&bytes).map_err(|error| Error::internal("journal.payload", error))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ledger::{JournalEntry, Sequencer};

    use super::*;

    #[test]
    fn shown_steps_lead_to_the_signed_root() {
        let signer = NoteSigner::log("test.example/log", &[9; 32]).unwrap();
        let entries: Vec<_> = (0..37_u64)
            .map(|index| {
                let entry = JournalEntry {
                    seq: index + FIRST_SEQ,
                    at: Timestamp::from_micros(1),
                    action: "case.act".to_owned(),
                    actor: "person".to_owned(),
                    subject: format!("case/{index}"),
                    clauses: Vec::new(),
                    payload_digest: Digest::of(b"x"),
                };
                entry.bytes().unwrap()
            })
            .collect();
        for size in [1_usize, 2, 3, 8, 21, 37] {
            let mut sequencer = Sequencer::new();
            let batch = sequencer.append(&entries[..size]).unwrap();
            let files: BTreeMap<String, Vec<u8>> =
                batch.writes.into_iter().map(|write| (write.path, write.bytes)).collect();
            let size = batch.size;
            let note = Checkpoint { origin: "test.example/log".into(), size, root: batch.root }.sign(&signer);
            for index in 0..size {
                let proof = RecordProof::build(&files, &note, &signer.verifier(), index).unwrap();
                let leaf = leaf_hash(proof.entry.as_bytes());
                let steps = steps(&proof, leaf, size);
                assert_eq!(steps.last().map_or(leaf, |step| step.result), batch.root, "{index} of {size}");
            }
        }
    }
}
