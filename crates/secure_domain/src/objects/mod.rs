//! Sealed objects on disk: where they lie, how they come into being, how the engine reads them.
//!
//! An object is written once, under a temporary name, synced, renamed and never changed. Its plain bytes are a Parquet
//! file; they exist in memory only.

mod content;
mod keys;
mod read;
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
pub(crate) use rows::{BATCH_ROWS, ObjectRows};
pub(crate) use store::SealedStore;
pub(crate) use write::parquet_properties;
pub use write::{ParquetObject, Written, write_sealed};

/// Where an object lies below the objects folder. Two hexadecimal digits of the id's random end spread the files.
#[must_use]
pub fn object_path(objects_dir: &Path, object: Id<kind::Object>) -> PathBuf {
    let [.., last] = object.as_bytes();
    objects_dir.join(format!("{last:02x}")).join(object.to_string())
}
