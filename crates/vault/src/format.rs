//! The bytes of a sealed object and the arithmetic of its chunks.

use std::ops::Range;

use base::{Id, kind};

use crate::Error;
use crate::keys::DataKey;
use crate::suite::{Cipher, NONCE_BYTES, Suite, TAG_BYTES, derive};

/// Bytes of the header of a sealed object.
pub const HEADER_BYTES: usize = 44;
/// Bytes of the random seed that each sealing needs.
pub const SEED_BYTES: usize = 16;
/// Limit: chunks of one object (1 TiB at the default chunk size), far below what one AES-GCM key may encrypt.
pub const OBJECT_CHUNKS_MAX: u64 = 1 << 24;

const MAGIC: &[u8; 7] = b"SHUYUSO";
const VERSION: u8 = 1;
const CHUNK_LOG2_DEFAULT: u8 = 16;
const CHUNK_LOG2_MIN: u8 = 10;
const CHUNK_LOG2_MAX: u8 = 20;
const ASSOCIATED_LABEL: &[u8; 15] = b"shuyu.chunk.v1\0";
const ASSOCIATED_BYTES: usize = 15 + 16 + 16 + 8 + 1;

/// Where a sealed object belongs. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealContext {
    /// The tenant that holds the object.
    pub tenant: Id<kind::Tenant>,
    /// The object.
    pub object: Id<kind::Object>,
}

/// Plain bytes of a chunk, a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkSize(u8);

impl ChunkSize {
    pub(crate) const DEFAULT: Self = Self(CHUNK_LOG2_DEFAULT);

    pub(crate) const fn from_log2(log2: u8) -> Result<Self, Error> {
        match log2 {
            CHUNK_LOG2_MIN..=CHUNK_LOG2_MAX => Ok(Self(log2)),
            _ => Err(Error::Format { what: "chunk size" }),
        }
    }

    pub(crate) const fn bytes(self) -> usize {
        1 << self.0
    }
}

/// The header of a sealed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) suite: Suite,
    pub(crate) chunk: ChunkSize,
    pub(crate) object: Id<kind::Object>,
    pub(crate) seed: [u8; SEED_BYTES],
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let fixed = [VERSION, self.suite.byte(), self.chunk.0, 0, 0];
        let fields = MAGIC.iter().chain(&fixed).chain(self.object.as_bytes()).chain(&self.seed);
        bytes.iter_mut().zip(fields).for_each(|(slot, byte)| *slot = *byte);
        bytes
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let format = |what| Error::Format { what };
        let bytes = bytes.first_chunk::<HEADER_BYTES>().ok_or_else(|| format("header length"))?;
        let (magic, rest) = bytes.split_first_chunk::<7>().ok_or_else(|| format("magic"))?;
        let (fixed, rest) = rest.split_first_chunk::<5>().ok_or_else(|| format("header length"))?;
        let (object, rest) = rest.split_first_chunk::<16>().ok_or_else(|| format("header length"))?;
        let seed = rest.first_chunk::<SEED_BYTES>().ok_or_else(|| format("header length"))?;
        let [version, suite, chunk, 0, 0] = *fixed else {
            return Err(format("reserved bytes"));
        };
        if magic != MAGIC {
            return Err(format("magic"));
        }
        if version != VERSION {
            return Err(format("version"));
        }
        Ok(Self {
            suite: Suite::from_byte(suite)?,
            chunk: ChunkSize::from_log2(chunk)?,
            object: Id::from_uuid(uuid::Uuid::from_bytes(*object)),
            seed: *seed,
        })
    }
}

/// The id of the object that a header says it begins. Nothing is proven by it until the object opens.
///
/// # Errors
/// [`Error::Format`] if this is no header of a sealed object.
pub fn object_of(header: &[u8]) -> Result<Id<kind::Object>, Error> {
    Ok(Header::parse(header)?.object)
}

/// Seals and opens the chunks of one object, in any order.
#[derive(Clone)]
pub(crate) struct ChunkCipher {
    cipher: Cipher,
    context: SealContext,
}

impl ChunkCipher {
    /// Derives the key that serves this one object. The whole header goes into it, so a changed header opens nothing.
    pub(crate) fn new(header: &Header, key: &DataKey, context: &SealContext) -> Result<Self, Error> {
        let bytes = header.to_bytes();
        let info: [&[u8]; 3] = [b"shuyu.object.v1", context.tenant.as_bytes(), &bytes];
        let derived = derive(header.suite, &key.to_bytes(), &header.seed, &info)?;
        Ok(Self { cipher: Cipher::new(header.suite, &derived)?, context: *context })
    }

    pub(crate) fn seal(&self, chunk: u64, last: bool, buffer: &mut [u8]) -> Result<[u8; TAG_BYTES], Error> {
        if chunk >= OBJECT_CHUNKS_MAX {
            return Err(Error::Limit);
        }
        self.cipher.seal(nonce(chunk, last), &self.associated(chunk, last), buffer)
    }

    /// Opens a chunk into `plain`, which must have its length.
    pub(crate) fn open(&self, chunk: u64, last: bool, sealed: &[u8], plain: &mut [u8]) -> Result<(), Error> {
        let bad = || Error::Open { chunk };
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or_else(bad)?;
        if ciphertext.len() != plain.len() {
            return Err(bad());
        }
        plain.copy_from_slice(ciphertext);
        self.cipher.open(nonce(chunk, last), &self.associated(chunk, last), plain, *tag).ok_or_else(bad)
    }

    /// Opens a chunk where it lies, and takes its tag off.
    pub(crate) fn open_in_place(&self, chunk: u64, last: bool, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let bad = || Error::Open { chunk };
        let (ciphertext, tag) = buffer.split_last_chunk_mut::<TAG_BYTES>().ok_or_else(bad)?;
        let (tag, plain_len) = (*tag, ciphertext.len());
        self.cipher
            .open(nonce(chunk, last), &self.associated(chunk, last), ciphertext, tag)
            .ok_or_else(bad)?;
        buffer.truncate(plain_len);
        Ok(())
    }

    fn associated(&self, chunk: u64, last: bool) -> [u8; ASSOCIATED_BYTES] {
        let mut bytes = [0; ASSOCIATED_BYTES];
        let (index, flag) = (chunk.to_be_bytes(), [u8::from(last)]);
        let fields = ASSOCIATED_LABEL
            .iter()
            .chain(self.context.tenant.as_bytes())
            .chain(self.context.object.as_bytes())
            .chain(&index)
            .chain(&flag);
        bytes.iter_mut().zip(fields).for_each(|(slot, byte)| *slot = *byte);
        bytes
    }
}

fn nonce(chunk: u64, last: bool) -> [u8; NONCE_BYTES] {
    let [a, b, c, d, e, f, g, h] = chunk.to_be_bytes();
    [0, 0, 0, a, b, c, d, e, f, g, h, u8::from(last)]
}

/// Where the chunks of an object lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    chunk: u64,
    /// At least 1: an empty object has one empty chunk.
    pub(crate) chunks: u64,
    pub(crate) plain_len: u64,
}

impl Layout {
    /// From the length of the sealed object. A length that no object has is an object cut short.
    pub(crate) fn new(chunk: ChunkSize, sealed_len: u64) -> Result<Self, Error> {
        let (chunk, tag) = (chunk.bytes() as u64, TAG_BYTES as u64);
        let body = sealed_len.checked_sub(HEADER_BYTES as u64).ok_or(Error::Open { chunk: 0 })?;
        let chunks = body.div_ceil(chunk + tag).max(1);
        let last = body - (chunks - 1) * (chunk + tag);
        if last < tag || (last == tag && chunks > 1) {
            return Err(Error::Open { chunk: chunks - 1 });
        }
        if chunks > OBJECT_CHUNKS_MAX {
            return Err(Error::Limit);
        }
        Ok(Self { chunk, chunks, plain_len: body - chunks * tag })
    }

    pub(crate) const fn is_last(&self, chunk: u64) -> bool {
        chunk + 1 == self.chunks
    }

    /// The chunk in which a plain byte lies.
    pub(crate) const fn chunk_of(&self, plain: u64) -> u64 {
        plain / self.chunk
    }

    /// The plain bytes of a chunk.
    pub(crate) const fn plain_range(&self, chunk: u64) -> Range<u64> {
        let start = chunk * self.chunk;
        let end = start + self.chunk;
        start..(if end < self.plain_len { end } else { self.plain_len })
    }

    /// The sealed bytes of a chunk, tag included.
    pub(crate) const fn sealed_range(&self, chunk: u64) -> Range<u64> {
        let tag = TAG_BYTES as u64;
        let start = HEADER_BYTES as u64 + chunk * (self.chunk + tag);
        let plain = self.plain_range(chunk);
        start..start + (plain.end - plain.start) + tag
    }

    /// Checks that a plain range lies inside the object.
    pub(crate) const fn check(&self, plain: &Range<u64>) -> Result<(), Error> {
        if plain.start <= plain.end && plain.end <= self.plain_len {
            Ok(())
        } else {
            Err(Error::Range { start: plain.start, end: plain.end, plain_len: self.plain_len })
        }
    }
}
