//! Sealed files: written first, registered in the command's transaction. A file that no row names is rubbish of a
//! crash and unreadable without a row's key.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use base::{Id, Timestamp, kind};
use secure_domain::objects::{Written, object_path};
use storage::{Tx, objects};
use vault::{SealContext, Sealer};

use crate::clock::{new_id, random_bytes};
use crate::{App, Error, Result};

/// A sealed file that is on disk and not yet registered.
#[derive(Debug)]
pub(crate) struct Staged {
    /// The row to register.
    pub(crate) row: objects::Object,
    /// Digest of the clear bytes.
    pub(crate) plain_digest: base::Digest,
}

/// Seals bytes under a tenant into the objects folder.
///
/// # Errors
/// `object.write` when the disk refuses.
pub(crate) async fn stage(
    app: &App,
    tenant: Id<kind::Tenant>,
    what: &'static str,
    bytes: Vec<u8>,
    now: Timestamp,
) -> Result<Staged> {
    let object = new_id::<kind::Object>(now);
    let (key, wrapped) = app
        .store()
        .read("object.key", |tx| Box::pin(async move { app.keys().new_data_key(tx, tenant, object).await }))
        .await?;
    let path = object_path(&app.config().objects_dir(), object);
    let plain_digest = base::Digest::of(&bytes);
    let context = SealContext { tenant, object };
    let at = path.clone();
    let sealed = tokio::task::spawn_blocking(move || write(&at, &key, &context, &bytes))
        .await
        .map_err(|error| Error::internal("object.write", error))?
        .map_err(|error| Error::write("object.write", error))?;
    let row = objects::Object {
        id: object,
        tenant,
        kind: what.to_owned(),
        path: relative(app, &path),
        sealed_bytes: i64::try_from(sealed.sealed_len).unwrap_or(i64::MAX),
        plain_bytes: i64::try_from(sealed.plain_len).unwrap_or(i64::MAX),
        digest: sealed.digest,
        wrapped,
        created: now,
        destroyed_at: None,
    };
    Ok(Staged { row, plain_digest })
}

/// The row of an object that a worker wrote.
pub(crate) fn written(
    app: &App,
    tenant: Id<kind::Tenant>,
    what: &str,
    written: &Written,
    wrapped: &[u8],
    now: Timestamp,
) -> objects::Object {
    let path = object_path(&app.config().objects_dir(), written.object);
    let bytes = i64::try_from(written.sealed_bytes).unwrap_or(i64::MAX);
    objects::Object {
        id: written.object,
        tenant,
        kind: what.to_owned(),
        path: relative(app, &path),
        sealed_bytes: bytes,
        plain_bytes: bytes,
        digest: written.digest,
        wrapped: wrapped.to_vec(),
        created: now,
        destroyed_at: None,
    }
}

/// The path below the objects folder, as stored.
pub(crate) fn relative(app: &App, path: &std::path::Path) -> String {
    path.strip_prefix(app.config().objects_dir()).unwrap_or(path).display().to_string()
}

fn write(
    path: &PathBuf,
    key: &vault::DataKey,
    context: &SealContext,
    bytes: &[u8],
) -> std::io::Result<vault::Sealed> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let draft = path.with_extension("tmp");
    let file = std::fs::File::create(&draft)?;
    // A full disk must stay one.
    let fault = |error: vault::Error| match error {
        vault::Error::Io(inner) => inner,
        other => std::io::Error::other(other),
    };
    let mut sealer = Sealer::new(file, key, context, random_bytes()).map_err(fault)?;
    sealer.write_all(bytes)?;
    let (sealed, file) = sealer.finish().map_err(fault)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(sealed)
}

/// Opens a whole sealed object.
///
/// # Errors
/// `object.unknown`, `object.destroyed`, `key.destroyed`, or a damaged file.
pub(crate) async fn open(app: &App, object: Id<kind::Object>) -> Result<Vec<u8>> {
    let (row, key) = app
        .store()
        .read("object.open", |tx| {
            Box::pin(async move {
                let row = live(tx, object).await?;
                let key = app.keys().data_key(tx, row.tenant, object, &row.wrapped).await?;
                Ok::<_, Error>((row, Arc::new(key)))
            })
        })
        .await?;
    let path = app.config().objects_dir().join(&row.path);
    let context = SealContext { tenant: row.tenant, object };
    tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let file = std::fs::File::open(path).map_err(|error| Error::internal("object.read", error))?;
        let mut reader = vault::OpenReader::new(file, &key, &context)?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| Error::internal("object.read", error))?;
        Ok(bytes)
    })
    .await
    .map_err(|error| Error::internal("object.read", error))?
}

/// The row of an object that has not been destroyed.
pub(crate) async fn live(tx: &mut Tx<'_>, object: Id<kind::Object>) -> Result<objects::Object> {
    let row = objects::get(tx, object).await?.ok_or(Error::NotFound("object.unknown"))?;
    if row.destroyed_at.is_some() { Err(Error::NotFound("object.destroyed")) } else { Ok(row) }
}

/// Removes the file of an object that was not registered. What cannot be removed is rubbish that no key opens.
pub(crate) async fn discard(app: &App, object: Id<kind::Object>) {
    let path = object_path(&app.config().objects_dir(), object);
    match tokio::fs::remove_file(&path).await {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(object.id = %object, error = ?error, "a file without a row stays"),
    }
}
