//! Reading sealed objects.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;

use base::Digest;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use vault::{HEADER_BYTES, Opener};

use super::{KeyRing, object_path};
use crate::Error;
use crate::protocol::ObjectRef;

/// Bytes hashed at once when a digest is checked.
const HASH_BYTES: usize = 1 << 20;

/// An open sealed object: any plain range can be read, by any number of readers at once.
pub struct ObjectFile {
    file: File,
    opener: Opener,
    sealed_len: u64,
    digest: Mutex<Option<Digest>>,
}

impl ObjectFile {
    /// Opens an object and checks its end.
    ///
    /// # Errors
    /// `domain.unknown` without key or file, `vault.open` if the object is not what it should be.
    pub fn open(objects_dir: &Path, keys: &KeyRing, object: &ObjectRef) -> Result<Self, Error> {
        let (key, context) = keys.open(object)?;
        let file = File::open(object_path(objects_dir, object.object)).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                Error::unknown("object", object.object)
            } else {
                error.into()
            }
        })?;
        let sealed_len = file.metadata()?.len();
        let mut header = [0; HEADER_BYTES];
        if sealed_len < HEADER_BYTES as u64 {
            return Err(vault::Error::Format { what: "header length" }.into());
        }
        file.read_exact_at(&mut header, 0)?;
        let opener = Opener::new(&header, sealed_len, &key, &context)?;
        let end = opener.end_range();
        let mut sealed = vec![0; bytes_of(&end)?];
        file.read_exact_at(&mut sealed, end.start)?;
        opener.check_end(&sealed)?;
        Ok(Self { file, opener, sealed_len, digest: Mutex::new(None) })
    }

    /// Length of the plain bytes.
    #[must_use]
    pub const fn plain_len(&self) -> u64 {
        self.opener.plain_len()
    }

    /// Reads a range of plain bytes.
    ///
    /// # Errors
    /// `vault.range` outside the object, `vault.open` if a chunk of it was changed.
    pub fn read(&self, range: Range<u64>) -> Result<Bytes, Error> {
        let sealed_range = self.opener.sealed_range(range.clone())?;
        let mut sealed = vec![0; bytes_of(&sealed_range)?];
        self.file.read_exact_at(&mut sealed, sealed_range.start)?;
        Ok(Bytes::from(self.opener.open(range, &sealed)?))
    }

    /// Digest of the sealed bytes; computed once, since objects never change.
    ///
    /// # Errors
    /// `domain.io` if the file cannot be read.
    pub fn digest(&self) -> Result<Digest, Error> {
        let mut known = self.digest.lock().map_err(|_| Error::RunFailed)?;
        if let Some(digest) = *known {
            return Ok(digest);
        }
        let mut hash = Sha256::new();
        let mut buffer = vec![0; HASH_BYTES];
        let mut offset = 0;
        while offset < self.sealed_len {
            let read = self.file.read_at(&mut buffer, offset)?;
            let part = buffer.get(..read).filter(|part| !part.is_empty()).ok_or(Error::RunFailed)?;
            hash.update(part);
            offset += read as u64;
        }
        let digest = Digest(hash.finalize().into());
        *known = Some(digest);
        Ok(digest)
    }
}

impl std::fmt::Debug for ObjectFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectFile").field("sealed_len", &self.sealed_len).finish_non_exhaustive()
    }
}

/// All plain bytes of an object.
///
/// # Errors
/// As [`ObjectFile::open`] and [`ObjectFile::read`].
pub fn read_sealed(objects_dir: &Path, keys: &KeyRing, object: &ObjectRef) -> Result<Bytes, Error> {
    let file = ObjectFile::open(objects_dir, keys, object)?;
    let len = file.plain_len();
    file.read(0..len)
}

fn bytes_of(range: &Range<u64>) -> Result<usize, Error> {
    usize::try_from(range.end - range.start).map_err(|_| Error::Limit { what: "object_bytes" })
}
