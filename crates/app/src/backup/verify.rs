//! Verifying a whole data folder offline: the log against its key, the journal against the log, what was sealed against
//! what was recorded. Trusts nothing but the ledger's public key. Needs no root key; where it is at hand, a changed object's
//! chunks are opened one by one to name the place.

use std::path::Path;

use base::Digest;
use ledger::{FIRST_SEQ, JournalEntry, Report, VerifierKey};
use serde::Serialize;
use storage::journal::{self, Row};
use storage::objects::{self, Object};
use storage::{Store, StoreConfig};
use tokio::sync::mpsc;

use super::folder;
use crate::keys::Keys;
use crate::ledger::LedgerFolder;
use crate::{Config, Error, Result};

/// Rows read at once.
const PAGE: u32 = 2_000;

/// The first thing that is wrong in a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadPlace {
    /// File below the data folder, or `journal/<seq>` for a row of the database.
    pub file: String,
    /// First bad byte in it; in a sealed object the first byte of the first chunk that does not open, or 0 when its key is
    /// not at hand.
    pub byte: u64,
    /// What is wrong, as a stable code.
    pub code: String,
}

/// What was found in a data folder.
#[derive(Debug, Clone, Serialize)]
pub struct FolderReport {
    /// The log and the journal beside it.
    pub ledger: Report,
    /// Sealed payloads of journal rows that were compared with their digests.
    pub payloads: u64,
    /// Sealed objects that were compared with their digests.
    pub objects: u64,
    /// Their bytes.
    pub object_bytes: u64,
    /// Objects whose key was destroyed.
    pub destroyed: u64,
    /// Files that no record names: left over from a crash, unreadable.
    pub strays: u64,
    /// The first thing that is wrong; `None` if all is well.
    pub finding: Option<BadPlace>,
}

/// Verifies a data folder. Nothing is written.
///
/// # Errors
/// When the folder has no database or it cannot be read. What is wrong with the records is in the report.
pub async fn verify_folder(config: &Config, key: &VerifierKey) -> Result<FolderReport> {
    if config.database.is_empty() && !config.data.join("shuyu.db").is_file() {
        return Err(Error::invalid("data.missing", config.data.display().to_string()));
    }
    let store = Store::open(&StoreConfig { url: config.database_url(), readers: 2 }).await?;
    store.check_schema().await?;
    let outcome = check(config, key, &store).await;
    store.close().await;
    outcome
}

async fn check(config: &Config, key: &VerifierKey, store: &Store) -> Result<FolderReport> {
    let (ledger, payloads, bad_row) = check_log(config, key, store).await?;
    let in_log = ledger.finding.as_ref().map(|finding| BadPlace {
        file: if finding.path.starts_with("journal/") {
            finding.path.clone()
        } else {
            format!("ledger/{}", finding.path)
        },
        byte: finding.offset,
        code: serde_json::to_value(finding.problem)
            .ok()
            .and_then(|code| code.as_str().map(|code| format!("ledger.{code}")))
            .unwrap_or_default(),
    });
    let mut report = FolderReport {
        ledger,
        payloads,
        objects: 0,
        object_bytes: 0,
        destroyed: 0,
        strays: 0,
        finding: in_log.or(bad_row),
    };
    if report.finding.is_none() {
        check_objects(config, store, &mut report).await?;
    }
    Ok(report)
}

/// The log, the journal's entries and, beside them, what an entry cannot see: the columns and the payload of its row.
async fn check_log(
    config: &Config,
    key: &VerifierKey,
    store: &Store,
) -> Result<(Report, u64, Option<BadPlace>)> {
    let (send, mut rows) = mpsc::channel::<Result<Vec<Row>>>(2);
    let reader = async move {
        let mut next = FIRST_SEQ;
        loop {
            let page = store
                .read("verify.rows", |tx| {
                    Box::pin(async move { Ok::<_, Error>(journal::from(tx, next, PAGE).await?) })
                })
                .await;
            let last = page.as_ref().ok().and_then(|rows| rows.last()).map(|row| row.seq);
            if !page.as_ref().is_ok_and(Vec::is_empty) && send.send(page).await.is_err() {
                return;
            }
            let Some(last) = last else { return };
            next = last + 1;
        }
    };
    let (folder, key) = (LedgerFolder::new(config.ledger_dir()), key.clone());
    let judge = tokio::task::spawn_blocking(move || {
        let mut payloads = 0;
        let mut bad = None;
        let mut page = Vec::new().into_iter();
        let journal = std::iter::from_fn(|| {
            loop {
                if let Some(row) = page.next() {
                    let row: Row = row;
                    payloads += 1;
                    if bad.is_none() {
                        bad = wrong_row(&row);
                    }
                    return Some(Ok::<_, Error>((row.seq, row.entry)));
                }
                match rows.blocking_recv()? {
                    Ok(rows) => page = rows.into_iter(),
                    Err(error) => return Some(Err(error)),
                }
            }
        });
        let report = ledger::verify(&folder, &key, journal)?;
        Ok::<_, Error>((report, payloads, bad))
    });
    let ((), judged) = tokio::join!(reader, judge);
    judged.map_err(|error| Error::internal("ledger.verify", error))?
}

fn wrong_row(row: &Row) -> Option<BadPlace> {
    let bad = |code: &str| BadPlace { file: format!("journal/{}", row.seq), byte: 0, code: code.to_owned() };
    // Form and place of an entry are judged with the log.
    let entry = JournalEntry::parse(&row.entry).ok()?;
    if Digest::of(&row.payload) != entry.payload_digest {
        return Some(bad("journal.payload_changed"));
    }
    let told = (row.at, &row.action, &row.actor, &row.subject);
    let same = told == (entry.at, &entry.action, &entry.actor, &entry.subject);
    (!same || row.digest != ledger::leaf_hash(&row.entry)).then(|| bad("journal.columns_changed"))
}

async fn check_objects(config: &Config, store: &Store, report: &mut FolderReport) -> Result<()> {
    let root = config.objects_dir();
    let mut named = std::collections::BTreeSet::new();
    let mut after = None;
    loop {
        let page = store
            .read("verify.objects", |tx| {
                Box::pin(async move { Ok::<_, Error>(objects::all(tx, after, PAGE).await?) })
            })
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for object in page {
            named.insert(std::path::PathBuf::from(&object.path));
            if object.destroyed_at.is_some() {
                report.destroyed += 1;
                continue;
            }
            let (folder, path, changed) = (root.clone(), object.path.clone(), object.clone());
            let wrong = tokio::task::spawn_blocking(move || wrong_object(&folder, &object))
                .await
                .map_err(|error| Error::internal("object.read", error))?;
            match wrong {
                Ok(bytes) => {
                    report.objects += 1;
                    report.object_bytes += bytes;
                }
                Err((byte, code)) => {
                    let byte = if code == "object.changed" {
                        bad_chunk(config, store, changed).await?
                    } else {
                        byte
                    };
                    let file = format!("objects/{path}");
                    report.finding = Some(BadPlace { file, byte, code: code.to_owned() });
                    return Ok(());
                }
            }
        }
    }
    let files = folder::files(&root).map_err(|error| Error::internal("object.read", error))?;
    report.strays = files.iter().filter(|file| !named.contains(*file)).count() as u64;
    Ok(())
}

/// Where a changed object stops opening.
async fn bad_chunk(config: &Config, store: &Store, object: Object) -> Result<u64> {
    // Opening the keys of a folder without any would make some.
    if !config.keys_dir().join("root.key").is_file() {
        return Ok(0);
    }
    let keys = Keys::open(&config.keys_dir())?;
    let key = store
        .read("verify.key", |tx| {
            let (keys, object) = (&keys, &object);
            Box::pin(async move { keys.data_key(tx, object.tenant, object.id, &object.wrapped).await })
        })
        .await;
    // A key that does not open is another's: then nothing is known about the place.
    let Ok(key) = key else { return Ok(0) };
    let path = config.objects_dir().join(&object.path);
    let context = vault::SealContext { tenant: object.tenant, object: object.id };
    tokio::task::spawn_blocking(move || {
        let sealed = std::fs::read(path).unwrap_or_default();
        let (header, body) = sealed.split_at_checked(vault::HEADER_BYTES).unwrap_or_default();
        let Ok(opener) = vault::Opener::new(header, sealed.len() as u64, &key, &context) else { return 0 };
        match opener.open(0..opener.plain_len(), body) {
            // Header and first chunk prove each other.
            Err(vault::Error::Open { chunk: 0 }) | Ok(_) => 0,
            Err(vault::Error::Open { chunk }) => opener.chunk_start(chunk),
            Err(_) => 0,
        }
    })
    .await
    .map_err(|error| Error::internal("object.read", error))
}

/// Compares a sealed file with its row; answers its length, or the first bad byte and what is wrong.
fn wrong_object(root: &Path, object: &Object) -> Result<u64, (u64, &'static str)> {
    let bytes = std::fs::read(root.join(&object.path)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => (0, "object.missing"),
        _ => (0, "object.unreadable"),
    })?;
    let (found, expected) = (bytes.len() as u64, object.sealed_bytes.unsigned_abs());
    if found != expected {
        return Err((found.min(expected), "object.length"));
    }
    if Digest::of(&bytes) == object.digest { Ok(found) } else { Err((0, "object.changed")) }
}
