//! Sealed objects on disk: where they lie, how they come into being, how the engine reads them.
//!
//! An object is written once, under a temporary name, synced, renamed and never changed. Its plain bytes are a Parquet
//! file; they exist in memory only.

mod content;
mod keys;
mod read;
mod rewrite;
mod rows;
mod store;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use base::{Id, kind};

pub(crate) use content::Content;
pub use keys::KeyRing;
pub use read::{ObjectFile, read_sealed};
pub(crate) use rewrite::Rewrite;
pub(crate) use rows::{BATCH_ROWS, ObjectRows, SealedChunks};
pub(crate) use store::SealedStore;
pub(crate) use write::parquet_properties;
pub use write::{ParquetObject, Written, write_sealed};

/// Where an object lies below the objects folder. Two hexadecimal digits of the id's random end spread the files.
#[must_use]
pub fn object_path(objects_dir: &Path, object: Id<kind::Object>) -> PathBuf {
    let [.., last] = object.as_bytes();
    objects_dir.join(format!("{last:02x}")).join(object.to_string())
}

/// Removes what writers left unfinished when their process was ended. To be called while nobody writes; returns how many
/// files went.
///
/// # Errors
/// If the folder cannot be read or a file not removed.
pub fn remove_unfinished(objects_dir: &Path) -> std::io::Result<usize> {
    let mut removed = 0;
    for folder in std::fs::read_dir(objects_dir)? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder.path())? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "tmp") {
                std::fs::remove_file(path)?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}
