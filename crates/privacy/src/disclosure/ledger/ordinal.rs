//! Entities as numbers: keyed digest → ordinal.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use roaring::RoaringBitmap;

use crate::Error;
use crate::masking::{KeyedHash, MaskKey};

/// Limit: entities that one ledger can tell apart.
pub const ENTITIES_MAX: u32 = 1 << 26;

/// Keyed digest of an entity's id: 128 bits of HMAC-SHA-256. Two of 2^26 entities share one with a chance below 2^-76.
pub type EntityDigest = [u8; 16];

/// Numbers of entities by their digests.
pub type DigestNumbers = HashMap<EntityDigest, u32, BuildHasherDefault<DigestBits>>;

/// Takes a digest for its own hash: it is keyed, so nobody chooses where it falls, and another hash would add nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct DigestBits(u64);

impl Hasher for DigestBits {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().take(8).fold(self.0, |bits, byte| bits << 8 | u64::from(*byte));
    }

    /// The length comes before the bytes and is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Makes the digests of entities of one kind, with its key ready.
#[derive(Clone)]
pub struct EntityHash(KeyedHash);

impl EntityHash {
    /// For a kind.
    #[must_use]
    pub fn new(key: &MaskKey, kind: &str) -> Self {
        Self(key.hash("entity", kind))
    }

    /// The digest of an entity.
    #[must_use]
    pub fn digest(&self, id: &[u8]) -> EntityDigest {
        let mut digest = [0; 16];
        let bytes = self.0.bytes(id);
        digest.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        digest
    }
}

/// The dictionary. Its digests, in order, are the state to seal; without the key they name nobody.
#[derive(Debug, Clone, Default)]
pub struct Ordinals {
    numbers: DigestNumbers,
    digests: Vec<EntityDigest>,
}

impl Ordinals {
    /// Rebuilds the dictionary from digests in the order in which they were sealed.
    ///
    /// # Errors
    /// [`Error::Ledger`] for a digest that comes twice, [`Error::LedgerLimit`] for too many.
    pub fn from_digests(digests: impl IntoIterator<Item = EntityDigest>) -> Result<Self, Error> {
        let mut ordinals = Self::default();
        for digest in digests {
            let known = ordinals.digests.len();
            ordinals.ordinal(digest)?;
            if ordinals.digests.len() == known {
                return Err(Error::Ledger { what: "entity digest" });
            }
        }
        Ok(ordinals)
    }

    /// The ordinal of an entity; a new one gets the next.
    ///
    /// # Errors
    /// [`Error::LedgerLimit`] past [`ENTITIES_MAX`] entities.
    pub fn ordinal(&mut self, digest: EntityDigest) -> Result<u32, Error> {
        if let Some(number) = self.numbers.get(&digest) {
            return Ok(*number);
        }
        let next = u32::try_from(self.digests.len()).unwrap_or(u32::MAX);
        if next >= ENTITIES_MAX {
            return Err(Error::LedgerLimit { what: "entities" });
        }
        self.numbers.insert(digest, next);
        self.digests.push(digest);
        Ok(next)
    }

    /// The ordinals of some entities as a set.
    ///
    /// # Errors
    /// As [`Ordinals::ordinal`].
    pub fn set(&mut self, digests: impl IntoIterator<Item = EntityDigest>) -> Result<RoaringBitmap, Error> {
        digests.into_iter().map(|digest| self.ordinal(digest)).collect()
    }

    /// Digests from the given ordinal on: what to append to the sealed state.
    #[must_use]
    pub fn since(&self, ordinal: usize) -> &[EntityDigest] {
        self.digests.get(ordinal..).unwrap_or_default()
    }

    /// Entities known.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.digests.len()
    }

    /// No entity known?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }
}
