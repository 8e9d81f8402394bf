//! Sealing.

use std::io::{self, Write};

use base::Digest;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::Error;
use crate::format::{ChunkCipher, ChunkSize, HEADER_BYTES, Header, SEED_BYTES, SealContext};
use crate::keys::DataKey;
use crate::suite::{Suite, TAG_BYTES};

/// What was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Bytes that went in.
    pub plain_len: u64,
    /// Bytes that came out, header and tags included.
    pub sealed_len: u64,
    /// Digest of the sealed bytes: what journal and ledger may see.
    pub digest: Digest,
}

/// A writer that seals what is written to it and passes it on.
///
/// Nothing is complete before [`Sealer::finish`]: an object whose writer stopped earlier does not open.
pub struct Sealer<W> {
    inner: W,
    state: State,
}

/// All that does not depend on the writer, so that it is compiled once, in this crate.
struct State {
    cipher: ChunkCipher,
    chunk_bytes: usize,
    /// The chunk being filled, in the clear; wiped on drop.
    buffer: Zeroizing<Vec<u8>>,
    chunk: u64,
    plain_len: u64,
    sealed_len: u64,
    digest: Sha256,
    failed: bool,
}

impl<W: Write> Sealer<W> {
    /// Starts a sealed object. `seed` must be fresh random bytes.
    ///
    /// # Errors
    /// [`Error::Io`] if the header cannot be written.
    pub fn new(
        inner: W,
        key: &DataKey,
        context: &SealContext,
        seed: [u8; SEED_BYTES],
    ) -> Result<Self, Error> {
        Self::with_chunk(inner, key, context, seed, ChunkSize::DEFAULT)
    }

    pub(crate) fn with_chunk(
        mut inner: W,
        key: &DataKey,
        context: &SealContext,
        seed: [u8; SEED_BYTES],
        chunk: ChunkSize,
    ) -> Result<Self, Error> {
        let header = Header { suite: Suite::default(), chunk, object: context.object, seed };
        let bytes = header.to_bytes();
        inner.write_all(&bytes)?;
        let state = State {
            cipher: ChunkCipher::new(&header, key, context)?,
            chunk_bytes: chunk.bytes(),
            buffer: Zeroizing::new(Vec::with_capacity(chunk.bytes() + TAG_BYTES)),
            chunk: 0,
            plain_len: 0,
            sealed_len: HEADER_BYTES as u64,
            digest: Sha256::new_with_prefix(bytes),
            failed: false,
        };
        Ok(Self { inner, state })
    }

    /// Seals the final chunk and gives the writer back, for its own flush and sync.
    ///
    /// # Errors
    /// [`Error::Io`] if the writer fails or has failed, [`Error::Limit`] for too large an object.
    pub fn finish(mut self) -> Result<(Sealed, W), Error> {
        self.put(true)?;
        self.inner.flush()?;
        let State { plain_len, sealed_len, digest, .. } = self.state;
        Ok((Sealed { plain_len, sealed_len, digest: Digest(digest.finalize().into()) }, self.inner))
    }

    fn put(&mut self, last: bool) -> io::Result<()> {
        // A half-written chunk cannot be taken back, so a failed sealer stays failed.
        if std::mem::replace(&mut self.state.failed, true) {
            return Err(io::Error::other("an earlier write of this sealed object failed"));
        }
        self.state.seal(last)?;
        self.inner.write_all(&self.state.buffer)?;
        self.state.buffer.clear();
        self.state.failed = false;
        Ok(())
    }
}

impl State {
    fn seal(&mut self, last: bool) -> Result<(), Error> {
        let tag = self.cipher.seal(self.chunk, last, &mut self.buffer)?;
        self.plain_len += self.buffer.len() as u64;
        self.buffer.extend_from_slice(&tag);
        self.sealed_len += self.buffer.len() as u64;
        self.digest.update(self.buffer.as_slice());
        self.chunk += 1;
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        // A full chunk waits for the next byte: only then is it known not to be the final one.
        if self.state.buffer.len() >= self.state.chunk_bytes {
            self.put(false)?;
        }
        let room = self.state.chunk_bytes - self.state.buffer.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.state.buffer.extend_from_slice(taken);
        Ok(taken.len())
    }

    /// Flushes the writer beneath. Bytes of an unfinished chunk stay here until the chunk is full or finished.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Seals a small value at once. `seed` must be fresh random bytes.
///
/// # Errors
/// [`Error::Limit`] for too large a value.
pub fn seal_bytes(
    key: &DataKey,
    context: &SealContext,
    seed: [u8; SEED_BYTES],
    plain: &[u8],
) -> Result<Vec<u8>, Error> {
    let header = Header { suite: Suite::default(), chunk: ChunkSize::DEFAULT, object: context.object, seed };
    let cipher = ChunkCipher::new(&header, key, context)?;
    let chunk_bytes = header.chunk.bytes();
    let chunks = plain.len().div_ceil(chunk_bytes).max(1);
    let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + chunks * TAG_BYTES);
    sealed.extend_from_slice(&header.to_bytes());
    for chunk in 0..chunks {
        let start = sealed.len();
        let rest = plain.get(chunk * chunk_bytes..).unwrap_or_default();
        sealed.extend_from_slice(rest.get(..chunk_bytes).unwrap_or(rest));
        let body = sealed.get_mut(start..).unwrap_or_default();
        let tag = cipher.seal(chunk as u64, chunk + 1 == chunks, body)?;
        sealed.extend_from_slice(&tag);
    }
    Ok(sealed)
}

#[cfg(test)]
impl<W> Sealer<W> {
    pub(crate) const fn inner_mut_for_test(&mut self) -> &mut W {
        &mut self.inner
    }
}
