//! The search for what a destruction must have left nowhere: every file of the data folder, byte by byte, for the keys of
//! the destroyed authorisation in the forms software writes them down in, for the wrapped keys that a root key would
//! open, and for a text that was planted among its data and may lie nowhere in the clear.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use base::{Id, Timestamp, kind};
use serde::{Deserialize, Serialize};
use storage::{Tx, objects as rows};
use vault::residue::{Form, Searcher, Secret, Trace, WINDOW_BYTES, traces as traces_of};
use vault::{TenantKey, WRAPPED_KEY_BYTES, WrappedKey};

use crate::{App, Error, Result};

/// Bytes read at once.
const PIECE_BYTES: usize = 1 << 20;
/// Findings that a certificate names; how many there are is counted.
const FINDINGS_MAX: usize = 100;
/// Limit: files of a data folder.
const FILES_MAX: u64 = 10_000_000;
/// Objects read at once.
const PAGE: u32 = 500;
/// Purpose of the key that the planted text is made of.
const CANARY: &str = "canary";

/// What was searched, for what, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidueScan {
    /// Entries of the data folder, each with all below it.
    pub places: Vec<ScannedPlace>,
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Keys that were searched for.
    pub keys: u64,
    /// Wrapped keys that were searched for.
    pub wrapped_keys: u64,
    /// Planted texts that were searched for.
    pub canaries: u64,
    /// Whether the database is one of those files. A database elsewhere is searched by who keeps it.
    pub database_inside: bool,
    /// What was found; the first hundred.
    pub findings: Vec<Residue>,
    /// How much was found (must be 0).
    pub found: u64,
}

/// A file or folder of the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedPlace {
    /// Its name.
    pub place: String,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Something that should not be there any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residue {
    /// The file, below the data folder.
    pub file: String,
    /// Where it begins.
    pub byte: u64,
    /// What it is.
    pub secret: Secret,
    /// How it is written.
    pub form: Form,
}

/// The text that is planted for an authorisation: 32 hexadecimal digits that only its key knows.
pub(crate) fn canary(key: &TenantKey) -> Result<[u8; WINDOW_BYTES]> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let derived = key.derive(CANARY)?.to_bytes();
    let digits = derived.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = [b'0'; WINDOW_BYTES];
    for (slot, digit) in text.iter_mut().zip(digits) {
        *slot = DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0');
    }
    Ok(text)
}

/// What has to be searched for once this tenant's key is destroyed; to be taken before, in the same transaction. Empty
/// when the key is gone already.
pub(crate) async fn traces(app: &App, tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<Vec<Trace>> {
    let Some(stored) = rows::tenant_key(tx, tenant).await? else { return Ok(Vec::new()) };
    let key = app.keys().tenant(tx, tenant).await?;
    let mut found = traces_of(&key.to_bytes(), Secret::TenantKey);
    for purpose in ["mask", "journal"] {
        found.extend(traces_of(&key.derive(purpose)?.to_bytes(), Secret::TenantKey));
    }
    found.extend(traces_of(&canary(&key)?, Secret::Canary));
    found.extend(wrapped(&stored.wrapped));
    let mut after = None;
    loop {
        let page = rows::of_tenant(tx, tenant, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id);
        for object in page.iter().filter(|object| object.destroyed_at.is_none()) {
            found.extend(wrapped(&object.wrapped));
            let data = WrappedKey::from_bytes(&object.wrapped)?;
            let data = key.unwrap_data(&data, tenant, object.id)?;
            found.extend(traces_of(&data.to_bytes(), Secret::DataKey));
        }
    }
}

/// The sealed part of a wrapped key, behind suite and nonce.
fn wrapped(stored: &[u8]) -> Vec<Trace> {
    const SEALED_FROM: usize = WRAPPED_KEY_BYTES - 48;
    let sealed = stored.get(SEALED_FROM..).and_then(<[u8]>::first_chunk::<WINDOW_BYTES>);
    sealed.map(|sealed| traces_of(sealed, Secret::WrappedKey)).unwrap_or_default()
}

/// Searches every file below a folder. Blocks.
///
/// # Errors
/// A folder or file that is there and cannot be read: what was not read is not certified.
pub(crate) fn search(root: &Path, traces: &[Trace], database_inside: bool) -> Result<ResidueScan> {
    let count = |secret| {
        traces.iter().filter(|trace| trace.secret == secret && trace.form == Form::Plain).count() as u64
    };
    let mut scan = ResidueScan {
        keys: count(Secret::TenantKey) + count(Secret::DataKey),
        wrapped_keys: count(Secret::WrappedKey),
        canaries: count(Secret::Canary),
        database_inside,
        ..ResidueScan::default()
    };
    let mut searcher = Searcher::new(traces);
    let mut places: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    let mut piece = vec![0; PIECE_BYTES];
    while let Some(folder) = left.pop() {
        for (path, is_folder) in entries(&folder)? {
            if is_folder {
                left.push(path);
                continue;
            }
            let Some(bytes) = one(&path, &mut searcher, &mut piece, |byte, trace| {
                scan.found += 1;
                if scan.findings.len() < FINDINGS_MAX {
                    let file = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                    scan.findings.push(Residue { file, byte, secret: trace.secret, form: trace.form });
                }
            })?
            else {
                continue;
            };
            scan.files += 1;
            scan.bytes += bytes;
            if scan.files > FILES_MAX {
                return Err(Error::internal("certificate.scan", "too many files"));
            }
            let below = path.strip_prefix(root).unwrap_or(&path).components().next();
            let place = below.map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
            let counted = places.entry(place).or_default();
            *counted = (counted.0 + 1, counted.1 + bytes);
        }
    }
    scan.places =
        places.into_iter().map(|(place, (files, bytes))| ScannedPlace { place, files, bytes }).collect();
    scan.findings.sort_by(|a, b| (&a.file, a.byte).cmp(&(&b.file, b.byte)));
    Ok(scan)
}

/// Files and folders of a folder; sockets and links hold nothing of their own.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let fault = |error: std::io::Error| Error::internal("certificate.scan", error);
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(fault)?,
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(fault)?;
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.push((entry.path(), true)),
            Ok(kind) if kind.is_file() => found.push((entry.path(), false)),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(fault(error)),
            _ => {}
        }
    }
    Ok(found)
}

/// Searches one file; answers its bytes, or nothing when it went away meanwhile.
fn one(
    path: &Path,
    searcher: &mut Searcher<'_>,
    piece: &mut [u8],
    mut found: impl FnMut(u64, &Trace),
) -> Result<Option<u64>> {
    let fault = |error: std::io::Error| Error::internal("certificate.scan", error);
    let mut file = match std::fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(fault)?,
    };
    searcher.begin();
    let mut bytes = 0;
    loop {
        let read = file.read(piece).map_err(fault)?;
        let Some(part) = piece.get(..read).filter(|part| !part.is_empty()) else { return Ok(Some(bytes)) };
        bytes += read as u64;
        searcher.feed(part, &mut found);
    }
}

/// Plants the text where the data of a tenant go by: in a sealed object beside them and in a sealed journal row, and so in
/// the temporary files and the write-ahead log on the way there. Safe to run again.
pub(crate) async fn plant(app: &App, tenant: Id<kind::Tenant>) -> Result<()> {
    let now = app.now();
    let text = app
        .store()
        .read("canary.text", |tx| {
            Box::pin(async move {
                let record = crate::tenants::get(tx, tenant).await?;
                if !record.is_open() || has_one(tx, tenant).await? {
                    return Ok(None);
                }
                let key = app.keys().tenant(tx, tenant).await?;
                canary(&key).map(Some)
            })
        })
        .await?;
    let Some(text) = text else { return Ok(()) };
    let staged = crate::objects::stage(app, tenant, CANARY, text.repeat(64), now).await?;
    let planted = note(app, tenant, &text, &staged.row, now).await;
    if planted.is_err() {
        crate::objects::discard(app, staged.row.id).await;
    }
    planted
}

async fn has_one(tx: &mut Tx<'_>, tenant: Id<kind::Tenant>) -> Result<bool> {
    let mut after = None;
    loop {
        let page = rows::of_tenant(tx, tenant, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(false) };
        if page.iter().any(|object| object.kind == CANARY) {
            return Ok(true);
        }
        after = Some(last.id);
    }
}

async fn note(
    app: &App,
    tenant: Id<kind::Tenant>,
    text: &[u8; WINDOW_BYTES],
    object: &rows::Object,
    now: Timestamp,
) -> Result<()> {
    let ctx = crate::Ctx::service("tenant.provision", now);
    let record = app
        .store()
        .read("canary.tenant", |tx| Box::pin(async move { crate::tenants::get(tx, tenant).await }));
    let reference = record.await?.resource();
    let permit = &app.permit(&ctx, access::Action::TenantProvision, reference)?;
    let payload = &String::from_utf8_lossy(text).into_owned();
    app.store()
        .transact(permit, "canary.plant", |tx| {
            Box::pin(async move {
                crate::tenants::check_open(tx, tenant).await?;
                rows::put(tx, object).await?;
                let subject = format!("tenant/{tenant}");
                let note = crate::journal::Note { subject, tenant: Some(tenant), clauses: &[], payload };
                app.record(tx, permit, now, note).await
            })
        })
        .await?;
    Ok(())
}
